#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: run.sh      runs every KUnit suite of this repository for $KERNEL, with
#                    $PAGES and $DEBUG
#
# The kernel's own kunit.py builds an arm64 kernel from a woven copy of the
# source and boots it on QEMU's virt machine.
#
#   T=GLOB         only these tests, as kunit.py takes them (suite.case)
#   KUNIT_QEMU     the qemu-system-aarch64 to use, default that of $O/qemu
#   KERNEL_SOURCE  the kernel source to copy, default $O/src/linux-$KERNEL
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../scripts/lib.sh"
. "$here/../../scripts/woven.sh"
[[ -z $MODULES ]] || die "MODULES=1 is for make kernel alone: KUnit's suites are built in"
[[ -z $DISTRO ]] || die "DISTRO=$DISTRO is for make run alone"
[[ $DRIVER == ans2 ]] || die "DRIVER=$DRIVER has no KUnit suites; DRIVER is ans2 here"
. "$here/../../scripts/config.sh"
. "$here/lib.sh"

me=kunit
name=$KERNEL-$PAGES$debug_name
# beside the guest kernels, for the compiler's cache: see kernel.sh
out=$build/woven/kernel/kunit-$name
log=$build/log/kunit-$name.log
glob=${T:-}

# named: does T name one of them, alone or before a dot?
named() {
	local suite
	for suite in $(suites); do
		# shellcheck disable=SC2053
		[[ $suite != ${glob%%.*} ]] || return 0
	done
	return 1
}

# grouped: all suites, by folder
grouped() {
	local folder
	for folder in "$top"/drivers/{*,*/*,*/*/*}/tests; do
		[[ -d $folder ]] || continue
		folder=${folder%/tests}
		echo "${folder#"$top/"}:"
		suites "$folder" | sort
	done
}

# Their cases. A case with parameters has a result of its own beside theirs.
cases() {
	find "$top/drivers" -path '*/tests/*_kunit.c' -exec \
		sed -nE '/^static struct kunit_case/,/^};/s/^\t[A-Z_]*CASE[A-Z_]*\((\w+).*/\1/p' {} +
}

# lost_cases: those that have fewer results than they stand in the sources
lost_cases() {
	comm -23 <(cases | sort) \
		<(sed -nE 's/.*\bok [0-9]+ (\w+)( # .*)?\r?$/\1/p' "$out/test.log" | sort)
}

# count WORD: the number that kunit.py's last line gives for it, or 0
count() {
	local n
	n=$(sed -n "s/.*Testing complete\..* $1: \([0-9]*\).*/\1/p" "$log" | tail -n 1)
	echo "${n:-0}"
}

[[ -z $glob ]] || named ||
	unknown "suite, alone or as suite.case, nor as a glob" < <(grouped)
[[ -n ${KERNEL_SOURCE:-} ]] || "$top/tools/scripts/setup.sh"
[[ -n ${KUNIT_QEMU:-} ]] || "$top/tools/scripts/qemu.sh"
make_woven
need_space 2000 "a kernel for KUnit"
copy_guest
link_qemu
# too slow for a guest that does I/O
step "kunit-build-$name" "kernel for KUnit" build_kernel \
	${DEBUG:+--kconfig_add CONFIG_SLUB_DEBUG_ON=y}

start=$SECONDS
rc=0
kunit exec --timeout 600 "${exec_args[@]}" \
	${glob:+"$glob"} >"$log" 2>&1 || rc=$?
{
	echo "--- console"
	cat "$out/test.log" 2>/dev/null
} >>"$log"

passed=$(count passed)
failed=$(($(count failed) + $(count crashed) + $(count errors)))
skipped=$(count skipped)
if [[ -z $glob ]]; then
	for suite in $(suites); do
		! grep -qE "(ok|not ok) [0-9]+ ${suite}[[:space:]]*\$" "$out/test.log" || continue
		say "suite $suite did not run to its end"
		failed=$((failed + 1))
	done
	for case in $(lost_cases); do
		say "case $case has no result"
		failed=$((failed + 1))
	done
fi
if [[ $rc -ne 0 || $failed -ne 0 || $passed -eq 0 ]]; then
	sed '/^--- console/,$d' "$log" | grep -vE 'PASSED|=====|^\[[0-9:]*\] *$' | tail -n 60 >&2
	[[ $failed -ne 0 ]] || failed=1
	say "the console and all results are in $log"
fi
say "Linux $KERNEL: tests done in $((SECONDS - start)) s"
result
