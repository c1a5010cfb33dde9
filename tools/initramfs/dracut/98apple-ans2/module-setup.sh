#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2154
# dracut: the drivers by name, and the firmware before asahi-firmware looks

check() { return 0; }

installkernel() {
	# nvme and the filter come with it
	hostonly='' instmods apple-ans2 vfat
	# vfat asks for a character set by name, and each kernel for another one
	hostonly='' instmods nls_cp437 nls_ascii nls_iso8859-1 nls_utf8
}

install() {
	[[ -e /usr/lib/dracut/modules.d/99asahi-firmware ]] || return 0
	inst_simple /usr/share/apple-ans2/vendorfw.sh
	inst_multiple cpio mkdir modprobe mount sleep umount
	inst_hook pre-udev 09 "$moddir/load.sh"
}
