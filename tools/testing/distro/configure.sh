#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# In the emulated Mac, with the new root file system as /: lets the packages do
# what the host could not, because their programs are for arm64. See unpacked.py.
set -e
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true
export HOME=/root LC_ALL=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin
info=/var/lib/dpkg/info

say() { echo "$(cut -d. -f1 /proc/uptime) s: $*"; }

# preinst PACKAGE: as dpkg calls it before it unpacks
preinst() {
	[ -e "$info/$1.preinst" ] || return 0
	name=${1%%:*}
	say "preinst of $1"
	DPKG_MAINTSCRIPT_PACKAGE=$name DPKG_MAINTSCRIPT_NAME=preinst \
	DPKG_MAINTSCRIPT_ARCH=arm64 DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 \
	DPKG_RUNNING_VERSION=$(dpkg-query -Wf '${Version}' dpkg) \
		"$info/$1.preinst" install
}

mount_all() {
	mount -t proc proc /proc
	mount -t sysfs sysfs /sys
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /tmp
	mkdir -p /boot/efi
	mount -t vfat "$1" /boot/efi
}

configure() {
	preinst base-passwd
	for file in "$info"/*.preinst; do
		name=${file##*/}
		[ "$name" = base-passwd.preinst ] || preinst "${name%.preinst}"
	done
	say "dpkg --configure"
	dpkg --force-unsafe-io --configure -a
	ldconfig
}

install_kernel() {
	say "the parts for its initramfs"
	/root/ans2/tools/initramfs/install.sh
	say "the kernel"
	dpkg --force-unsafe-io -i /var/cache/kernel/*.deb
	rm -r /var/cache/kernel
	say "GRUB"
	grub-install --target=arm64-efi --efi-directory=/boot/efi \
		--removable --no-nvram
	update-grub
}

# policy-rc.d: no service is started here
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
mount_all "$1"
configure
install_kernel
systemctl enable mac-agent.service
rm /usr/sbin/policy-rc.d
dpkg --audit
say "the initramfs"
ls -l /boot /boot/efi/EFI/BOOT
umount /boot/efi
sync
