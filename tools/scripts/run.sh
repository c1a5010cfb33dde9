#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: run.sh             boots the emulated Mac, with its console here
#        run.sh COMMAND     boots it and runs COMMAND in it
#
# Builds what is missing.  COMMAND may also come as $CMD.  Its output and error
# output stay apart, and this script ends with its status; 125 means that the
# machine did not get that far.  make makes 2 of every status but 0.
#
# The guest writes to a throw-away overlay, or to the image that SSD names.
# DISTRO=1 boots a whole Debian through U-Boot and GRUB, DISTRO=kernel the same
# without them.
. "$(dirname "$0")/lib.sh"

scripts=$top/tools/scripts

# at OFFSET BYTES: what stands there in the image, as hexadecimal digits
at() { od -An -v -tx1 -j "$1" -N "$2" -- "$SSD" 2>/dev/null | tr -d ' \n' || :; }

# The drive has blocks of 4096 bytes and its partition table in the second: in
# another image the guest would look in vain for its root file system.
check_image() {
	local signature=4546492050415254 copy="copy one from $build/image/ssd.img"
	[[ $(at 0 4) != 514649fb ]] ||
		die "SSD='$SSD' is qcow2, and a raw image is needed; make one with qemu-img convert -O raw, or $copy"
	if [[ $(at 4096 8) != "$signature" ]]; then
		[[ $(at 512 8) != "$signature" ]] ||
			die "SSD='$SSD' has a partition table for sectors of 512 bytes, and the SSD's have 4096; $copy"
		die "SSD='$SSD' has no GPT for sectors of 4096 bytes; $copy"
	fi
	[[ $(($(stat -Lc %s -- "$SSD") % 4096)) -eq 0 ]] ||
		die "SSD='$SSD' does not end with a whole sector of 4096 bytes; $copy"
}

[[ -z ${SSD-} || -f $SSD ]] ||
	die "SSD='$SSD' is no file; copy one from $build/image/ssd.img"
for image in "$build"/{image,distro/*}/ssd.img; do
	[[ -z ${SSD-} || ! $SSD -ef $image ]] ||
		die "SSD='$SSD' is what every other machine starts from; give a copy of it"
done
[[ -z ${SSD-} ]] || check_image
[[ -z $MODULES ]] ||
	die "MODULES=1 is for make kernel alone: the machine of make run loads no modules"
[[ -z $DISTRO || -z $DEBUG ]] ||
	die "DEBUG=$DEBUG and DISTRO=$DISTRO do not go together: Debian's kernel has no DEBUG"
[[ $# -gt 0 || -z ${CMD-} ]] || set -- "$CMD"

if [[ $DISTRO ]]; then
	"$scripts/distro.sh" >&2
else
	{
		"$scripts/setup.sh"
		"$scripts/qemu.sh"
		"$scripts/kernel.sh"
		"$scripts/image.sh"
	} >&2
fi
[[ -n $DISTRO || -f $build/kernel/$kernel_name/arch/arm64/boot/dts/apple/$(devicetree "$MACHINE").dtb ]] ||
	die "MACHINE=$MACHINE is not in KERNEL=$KERNEL, which has no devicetree of it; take a later one"
export O=$build
[[ -z ${SSD-} ]] || SSD=$(realpath "$SSD")
exec /usr/bin/python3 -B "$top/tools/testing/mac/run.py" "$@"
