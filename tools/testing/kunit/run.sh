#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: run.sh      runs every KUnit suite of this repository for $KERNEL, with
#                    $PAGES and $DEBUG
#
# The kernel's own kunit.py builds an arm64 kernel from a woven copy of the
# source and boots it on QEMU's virt machine. A suite takes part when its folder
# has a .kunitconfig. The rest of the configuration is that of the guest kernel,
# of whose objects the compiler's cache then has most.
#
#   T=GLOB         only these tests, as kunit.py takes them (suite.case)
#   KUNIT_QEMU     the qemu-system-aarch64 to use, default that of $O/qemu
#   KERNEL_SOURCE  the kernel source to copy, default $O/src/linux-$KERNEL
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../scripts/lib.sh"
. "$here/../../scripts/woven.sh"
[[ -z $MODULES ]] || die "MODULES=1 is for make kernel alone: KUnit's suites are built in"
[[ $DRIVER == ans2 ]] || die "DRIVER=$DRIVER has no KUnit suites; DRIVER is ans2 here"
. "$here/../../scripts/config.sh"

me=kunit
name=$KERNEL-$PAGES${DEBUG:+-debug}
# beside the guest kernels, for the compiler's cache: see kernel.sh
out=$build/woven/kernel/kunit-$name
log=$build/log/kunit-$name.log
glob=${T:-}
toolchain=()

# Suites that the result must name, so that one that was not built is noticed.
suites() {
	find "$top/drivers" -path '*/tests/*_kunit.c' -exec \
		sed -n '/^static struct kunit_suite/,/^};/s/.*\.name = "\(.*\)".*/\1/p' {} +
}

# named: does T name one of them, alone or before a dot?
named() {
	local suite
	for suite in $(suites); do
		# shellcheck disable=SC2053
		[[ $suite != ${glob%%.*} ]] || return 0
	done
	return 1
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

find_qemu() {
	local qemu=${KUNIT_QEMU:-$build/qemu/qemu-system-aarch64}
	[[ -x $qemu ]] && "$qemu" -M help | grep -q '^virt ' ||
		die "$qemu is no qemu-system-aarch64 that has the machine virt"
	echo "$qemu"
}

kunit() {
	local verb=$1
	shift
	(cd "$woven_tree" && PATH=$out/bin:$PATH \
		/usr/bin/python3 tools/testing/kunit/kunit.py "$verb" \
		--build_dir "$out" --arch arm64 "${toolchain[@]}" "$@")
}

# The guest's options but those that a suite or kunit.py itself has something to
# say about, because kunit.py takes no two values for one, and those that say what
# the compiler is.
guest_options() {
	local inputs
	inputs=$(fingerprint "${fragments[@]}" "$top/tools/scripts/config.sh" \
		"$woven_tree".{version,inputs})
	if [[ $(cat "$out/guest.inputs" 2>/dev/null) != "$inputs" ]]; then
		(configure_guest "$woven_tree" "$out/guest")
		echo "$inputs" >"$out/guest.inputs"
	fi
	awk '
		match($0, /CONFIG_[A-Za-z0-9_]+/) {
			name = substr($0, RSTART, RLENGTH)
			if (FILENAME != ARGV[ARGC - 1])
				theirs[name]
			else if (!(name in theirs) && name !~ /KUNIT|SERIAL_AMBA_PL010/ &&
				 name !~ /^CONFIG_(AS|CC|CLANG|GCC|LD|LLD|PAHOLE|RUSTC?)_/)
				print
		}' "$@" "$out/guest/.config" >"$out/guest.config"
}

build_kernel() {
	local file files=() config=()
	for file in "$top"/drivers/{*,*/*,*/*/*}/tests/.kunitconfig; do
		[[ ! -f $file ]] || files+=("$file")
	done
	[[ ${#files[@]} -gt 0 ]] || { echo "no .kunitconfig is here"; return 1; }
	guest_options "${files[@]}"
	for file in "$out/guest.config" "${files[@]}"; do
		config+=(--kunitconfig "$file")
	done
	# too slow for a guest that does I/O
	[[ -z $DEBUG ]] || config+=(--kconfig_add CONFIG_SLUB_DEBUG_ON=y)
	kunit build --jobs "$(nproc)" "${config[@]}"
}

# kunit.py takes QEMU from PATH.
link_qemu() {
	local qemu
	qemu=$(find_qemu)
	mkdir -p "$out/bin"
	ln -sfn "$(realpath "$qemu")" "$out/bin/qemu-system-aarch64"
}

# count WORD: the number that kunit.py's last line gives for it, or 0
count() {
	local n
	n=$(sed -n "s/.*Testing complete\..* $1: \([0-9]*\).*/\1/p" "$log" | tail -n 1)
	echo "${n:-0}"
}

[[ -z $glob ]] || named ||
	die "T='$glob' names no suite; T is one of: $(suites | paste -sd ' '), or suite.case, also as a glob"
[[ -n ${KERNEL_SOURCE:-} ]] || "$top/tools/scripts/setup.sh"
[[ -n ${KUNIT_QEMU:-} ]] || "$top/tools/scripts/qemu.sh"
make_woven
[[ -z $cross ]] || toolchain+=(--cross_compile "$cross")
! command -v ccache >/dev/null || toolchain+=(--make_options "CC=ccache ${cross}gcc")
need_space 2000 "a kernel for KUnit"
link_qemu
step "kunit-build-$name" "kernel for KUnit" build_kernel

start=$SECONDS
rc=0
# two processors: some cases are about a race
kunit exec --timeout 600 --qemu_args='-smp 2' --kernel_args panic_on_warn=1 --kernel_args panic=-1 \
	--kernel_args oops=panic \
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
