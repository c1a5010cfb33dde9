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
. "$(dirname "$0")/lib.sh"

scripts=$top/tools/scripts
[[ -z ${SSD-} || -f $SSD ]] ||
	die "SSD='$SSD' is no file; copy one from $build/image/ssd.img"
[[ -z ${SSD-} || ! $SSD -ef $build/image/ssd.img ]] ||
	die "SSD='$SSD' is what every other machine starts from; give a copy of it"
[[ -z $MODULES ]] ||
	die "MODULES=1 is for make kernel alone: the machine of make run loads no modules"
[[ $# -gt 0 || -z ${CMD-} ]] || set -- "$CMD"

{
	"$scripts/setup.sh"
	"$scripts/qemu.sh"
	"$scripts/kernel.sh"
	"$scripts/image.sh"
} >&2
export O=$build
[[ -z ${SSD-} ]] || SSD=$(realpath "$SSD")
exec /usr/bin/python3 -B "$top/tools/testing/mac/run.py" "$@"
