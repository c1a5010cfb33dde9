#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: distro.sh [NAME]    makes an SSD with a whole Debian 13 on it,
#                            $O/distro/NAME/ssd.img, and beside it initrd.img,
#                            the initramfs that this Debian has made for itself,
#                            and t8103-j274.dtb, which names its EFI system
#                            partition as m1n1 does
#
# NAME is <KERNEL>-<PAGES>-distro; without it, it comes from the variables.
#
# The packages are laid out on the host and configure themselves in the emulated
# Mac: the kernel as the package that its own bindeb-pkg makes, then GRUB, which
# U-Boot finds on the EFI system partition.  The parts of tools/initramfs are put
# there as its owner would.  That takes a quarter of an hour or more; it is done
# again when a package list, the kernel or a file of tools/testing/distro or
# tools/initramfs changes.
if [[ $# -gt 0 && $1 != --* ]]; then
	IFS=- read -r KERNEL PAGES _ <<<"$1"
	shift
fi
[[ ${DISTRO:-0} != 0 ]] || DISTRO=kernel
MODULES='' DEBUG='' DRIVER=ans2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ssd.sh"

packages=(
	'?essential' apt asahi-scripts btrfs-progs cryptsetup-bin dbus dosfstools
	e2fsprogs grub-efi-arm64 initramfs-tools kexec-tools kmod lm-sensors
	login nvme-cli pciutils procps smartmontools systemd-sysv udev zstd
)

folder=$build/distro
place=$folder/$kernel_name
userland=$folder/userland.tar
ssd=$place/ssd.img
files=$top/tools/testing/distro
parts=$top/tools/initramfs
kernel=$build/kernel/$kernel_name

make_userland() {
	trixie_sources | lay_out "$userland.new" "${packages[*]}" \
		--extract-hook="'$files/unpacked.py' \"\$1\""
}

make_tree() {
	local root=$1
	mkdir "$root"
	tar -C "$root" -xf "$userland"
	# what mmdebstrap has written down about this host
	rm -f "$root"/etc/{apt/apt.conf.d/99mmdebstrap,resolv.conf}
	install -m 755 "$build/image/guest/agent" "$root/usr/sbin/"
	install -D -m 755 "$files/configure.sh" -t "$root/usr/lib/mac"
	cp "$files/root/mac-agent.service" "$root/etc/systemd/system/"
	install -D -m 644 "$files/root/busy.conf" \
		-t "$root/etc/systemd/system.conf.d"
	install -D -m 644 "$files/root/autologin.conf" \
		-t "$root/etc/systemd/system/serial-getty@ttySAC0.service.d"
	install -D -m 644 "$files/root/grub.cfg" "$root/etc/default/grub.d/mac.cfg"
	install -m 755 "$files/root/11_nvme_apple" "$root/etc/grub.d/"
	install -D -m 644 "$kernel/linux-image.deb" -t "$root/var/cache/kernel"
	install -D -m 644 "$kernel/linux-image-update.deb" -t "$root/var/cache/update"
	mkdir -p "$root/root/ans2/tools"
	cp -r "$parts" "$root/root/ans2/tools/"
	echo mini >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n127.0.1.1 mini\n' >"$root/etc/hosts"
	cat >"$root/etc/fstab" <<-EOF
		UUID=$root_uuid / ext4 errors=remount-ro 0 1
		PARTLABEL=efi /boot/efi vfat umask=0077 0 2
	EOF
}

# Inside fakeroot
write_root() {
	local root=$place/tree
	rm -rf --one-file-system "${root:?}"
	make_tree "$root"
	make_ext4 "$1" "$root"
	rm -rf --one-file-system "${root:?}"
}

# What Asahi's installer leaves there for an initramfs. The names are those of a
# Mac mini, the content is not.
write_firmware() {
	local tree=$place/firmware offset start
	mkdir -p "$tree/vendorfw/brcm"
	echo 'firmware of Wi-Fi' >"$tree/vendorfw/brcm/brcmfmac4378b1-pcie.apple,atlantisb.bin"
	echo 'firmware of Bluetooth' >"$tree/vendorfw/brcm/brcmbt4378b1-apple,atlantisb.bin"
	(cd "$tree/vendorfw" && find brcm -type f | sort >.vendorfw.manifest)
	(cd "$tree" && find vendorfw | sort | cpio -o -H newc) >"$tree/firmware.cpio"
	read -r start _ < <(partition vfat)
	offset=$((start * block))
	MTOOLS_SKIP_CHECK=1 mmd -i "$1@@$offset" ::/vendorfw
	MTOOLS_SKIP_CHECK=1 mcopy -i "$1@@$offset" "$tree/firmware.cpio" ::/vendorfw/
}

esp_uuid() { fdisk -b $block -o Name,UUID -l "$1" | awk '$1 == "efi" {print tolower($2)}'; }

write_dtb() {
	local dtb=$place/t8103-j274.dtb uuid
	uuid=$(esp_uuid "$1")
	cp "$kernel/arch/arm64/boot/dts/apple/t8103-j274.dtb" "$dtb.new"
	fdtput -t s "$dtb.new" /chosen asahi,efi-system-partition "${uuid:?}"
	mv "$dtb.new" "$dtb"
}

lay_out_ssd() {
	rm -f "$ssd.new"
	truncate -s $bytes "$ssd.new"
	write_table "$ssd.new"
	write_esp "$ssd.new"
	write_firmware "$ssd.new"
	write_dtb "$ssd.new"
	fakeroot "$0" "$kernel_name" --write-root "$ssd.new"
}

configure() {
	/usr/bin/python3 -B "$files/configure.py" "$ssd.new"
}

# from_root FILE: its content, out of the root file system
from_root() {
	local start
	read -r start _ < <(partition ext4)
	debugfs -R "cat $1" "$ssd.new?offset=$((start * block))"
}

take_initramfs() {
	local name
	name=$(from_root /boot/grub/grub.cfg | sed -nE 's,.*(/boot/initrd\S+).*,\1,p' | head -n 1)
	echo "initramfs: ${name:?none in grub.cfg}"
	from_root "$name" >"$place/initrd.img.new"
	[[ -s $place/initrd.img.new ]]
	mv "$place/initrd.img.new" "$place/initrd.img"
}

if [[ ${1-} == --write-root ]]; then
	write_root "$2"
	exit
fi

scripts=$top/tools/scripts
"$scripts/setup.sh"
"$scripts/qemu.sh"
"$scripts/image.sh"
"$scripts/kernel.sh" "$kernel_name"
export O=$build KERNEL PAGES
lock distro
mkdir -p "$place"
on_exit() { rm -rf --one-file-system "${place:?}"/{*.new,configure.cpio,firmware,tree}; }
PATH=$PATH:/sbin:/usr/sbin

from=$(cat "$files/unpacked.py" <(echo "${packages[*]}") | sha256sum)
if ! stamped "$userland" "$from"; then
	need_space 1000 "Debian for the emulated Mac"
	step distro-userland "fetching Debian 13 for arm64" make_userland
	publish "$userland" "$from"
fi

from=$(find "$files" "$parts" -type f | sort | xargs cat "$userland.stamp" "$kernel/inputs" \
	"$build/image/ssd.img.stamp" "$0" | sha256sum)
if [[ ! -e $place/initrd.img || ! -e $place/t8103-j274.dtb ]] || ! stamped "$ssd" "$from"; then
	need_space 3000 "Debian for the emulated Mac"
	step distro-image "laying Debian out on an SSD" lay_out_ssd
	step distro-configure "configuring Debian in the emulated Mac, a quarter of an hour or more" configure
	step distro-initramfs "taking its initramfs" take_initramfs
	publish "$ssd" "$from"
fi
say "$ssd, $(du -m "$ssd" | cut -f 1) MB in use"
