#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: bench.sh    what an I/O costs with our drivers, with upstream's, and on
#                    a drive that is no ANS2; JOBS=quick for a few of the jobs,
#                    JOBS='glob' for some
#
# Builds what is missing. Fails if our cost has grown against the reference,
# tools/bench/reference.json; REFERENCE=write makes the result the new one.
. "$(dirname "$0")/lib.sh"

bench=$top/tools/bench/bench.py
[[ -z $MODULES ]] || die "MODULES=1 is for make kernel alone"
[[ $DRIVER == ans2 ]] ||
	die "DRIVER='$DRIVER' is not accepted; make bench measures all drivers, DRIVER is ans2"
[[ -z $DEBUG ]] || die "DEBUG='$DEBUG' is not accepted; a kernel that checks itself costs too much, DEBUG is 0"
[[ -x /usr/bin/python3 ]] || "$top/tools/scripts/setup.sh" >&2
/usr/bin/python3 -B "$bench" --check "${JOBS-}"
{
	"$top/tools/scripts/kernel.sh" "$kernel_name"
	"$top/tools/scripts/qemu.sh"
	"$top/tools/scripts/image.sh"
} >&2
O=$build exec /usr/bin/python3 -B "$bench" "${JOBS-}"
