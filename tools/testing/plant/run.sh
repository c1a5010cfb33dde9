#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: run.sh      puts the faults of faults into the drivers, one at a time,
#                    and looks whether a test notices; for $KERNEL, with $PAGES
#                    and $DEBUG
#
# There is one kernel, which has all faults, KUnit's suites and what the emulated
# Mac needs. A parameter of it says which fault is there.
#
#   E2E=0          KUnit only: what it does not see has survived
#   JOBS           boots side by side, default the number of processors
#   T=NAME         only this fault, or those of a file, or a glob
#   QEMU           the qemu-system-aarch64 to use, default that of $O/qemu
#   KERNEL_SOURCE  the kernel source to copy, default $O/src/linux-$KERNEL
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../scripts/lib.sh"
. "$here/../../scripts/woven.sh"
[[ -z $MODULES ]] || die "MODULES=1 is for make kernel alone: planted faults are built in"
[[ -z $DISTRO ]] || die "DISTRO=$DISTRO is for make run alone"
[[ $DRIVER == ans2 ]] || die "DRIVER=$DRIVER has no planted faults; DRIVER is ans2 here"
. "$here/../../scripts/config.sh"
. "$here/../kunit/lib.sh"

me=plant
name=$KERNEL-$PAGES$debug_name
# beside the guest kernels, for the compiler's cache: see kernel.sh
out=$build/woven/kernel/plant-$name

plant() { /usr/bin/python3 -B "$here/plant.py" "$@"; }

names=$(plant --names ${T:+"$T"})
[[ -n $names ]] ||
	die "T='$T' names no fault; T is a fault of tools/testing/plant/faults, a glob of them, or a file of the drivers, such as $(plant --names | sed 's, .*,,; s,.*/,,' | sort -u | paste -sd ' ')"
[[ -n ${KERNEL_SOURCE:-} ]] || "$top/tools/scripts/setup.sh"
[[ -n ${QEMU:-} ]] || "$top/tools/scripts/qemu.sh"
"$top/tools/scripts/image.sh"
make_woven
need_space 2000 "a kernel with planted faults"
lock "plant-$name"
copy_guest
KUNIT_QEMU=${QEMU:-} link_qemu
step "plant-$name" "planting faults" plant "$woven_tree" "$out"
step "plant-build-$name" "kernel with planted faults" build_kernel
O=$build exec /usr/bin/python3 -B "$here/campaign.py" "$out" "${T-}" \
	"${exec_args[@]}"
