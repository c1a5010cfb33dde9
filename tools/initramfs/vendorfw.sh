#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Part of an initramfs: puts the firmware of Wi-Fi, Bluetooth and other devices,
# which an installer has left on the EFI system partition, into the initramfs,
# whichever driver the SSD has. The hooks of asahi-scripts do the same for
# nvme-apple; they find that it is done.
#
# Every shell of an initramfs has to understand it: dash, busybox, bash.

esp_of_loader=/proc/device-tree/chosen/asahi,efi-system-partition
place=/run/.system-efi
tries=100

[ ! -e /vendorfw ] || exit 0
# the boot loader is none of Asahi's
[ -e "$esp_of_loader" ] || exit 0
# behind the text is a NUL, so there is no end of a line
read -r esp <"$esp_of_loader" || :

# All drivers of the node are tried; the kernel knows which one has it.
for alias in /sys/bus/platform/devices/*.nvme/modalias; do
	read -r name <"$alias" && modprobe -a "$name"
done

# The mount of util-linux finds a partition by its id, without udev; those of
# busybox and klibc, which initramfs-tools has, know only udev's name of it, and
# klibc's lets the kernel complain of the other.
mount_esp() {
	for device in "/dev/disk/by-partuuid/$esp" "PARTUUID=$esp"; do
		mount -t vfat -o ro "$device" "$place" 2>/dev/null && return 0
	done
	return 1
}

mkdir -p "$place"
until mount_esp; do
	tries=$((tries - 1))
	if [ $tries -eq 0 ]; then
		echo "apple-ans2: no EFI system partition $esp, so no firmware for Wi-Fi" >&2
		exit 1
	fi
	sleep 0.1
done
rc=0
cd / && cpio --quiet -i <"$place/vendorfw/firmware.cpio" || rc=1
umount "$place"
[ $rc -eq 0 ] || echo "apple-ans2: vendorfw/firmware.cpio of the EFI system partition cannot be unpacked" >&2
exit $rc
