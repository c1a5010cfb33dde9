#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Usage: install.sh [--undo] [ROOT]    the parts for initramfs-tools, dracut and
#                                      mkinitcpio, for each of them that is there
set -eu
here=$(cd "$(dirname "$0")" && pwd)
undo=
if [ "${1-}" = --undo ]; then
	undo=1
	shift
fi
root=${1-}
found=

# put FOLDER FILE TARGET MODE
put() {
	if [ -n "$undo" ]; then
		rm -f "$root$3/$2"
	else
		install -D -m "$4" "$here/$1/$2" "$root$3/$2"
		echo "$root$3/$2"
	fi
}

if [ -d "$root/usr/share/initramfs-tools" ]; then
	found=1
	put initramfs-tools hooks/apple-ans2 /etc/initramfs-tools 755
	if [ -n "$undo" ] || [ -e "$root/usr/share/initramfs-tools/scripts/init-top/asahi" ]; then
		put initramfs-tools scripts/init-top/asahi /etc/initramfs-tools 755
	fi
fi
if [ -d "$root/usr/lib/dracut/modules.d" ]; then
	found=1
	put dracut 98apple-ans2/module-setup.sh /usr/lib/dracut/modules.d 755
	put dracut 98apple-ans2/load.sh /usr/lib/dracut/modules.d 755
	[ -z "$undo" ] || rmdir "$root/usr/lib/dracut/modules.d/98apple-ans2"
fi
if [ -d "$root/usr/lib/initcpio" ]; then
	found=1
	put mkinitcpio install/apple-ans2 /etc/initcpio 644
	put mkinitcpio hooks/apple-ans2 /etc/initcpio 644
	[ -n "$undo" ] || echo "put apple-ans2 before asahi in HOOKS of $root/etc/mkinitcpio.conf"
fi
if [ -z "$found" ]; then
	echo "install: none of initramfs-tools, dracut and mkinitcpio is in ${root:-/}" >&2
	exit 1
fi
put . vendorfw.sh /usr/share/apple-ans2 644
