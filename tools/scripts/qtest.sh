#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: qtest.sh    runs the tests of the device models; T=name runs one
. "$(dirname "$0")/lib.sh"

out=$build/qemu
export QTEST_QEMU_BINARY=$out/qemu-system-aarch64 QTEST_QEMU_IMG=$out/qemu-img
export G_TEST_SRCDIR=$build/src/qemu/tests/qtest G_TEST_BUILDDIR=$out/tests/qtest
mapfile -t tests < <(grep -v '^#' "$top/tools/qemu/tests/qtest/apple-tests.list")
[[ -z ${T-} || " ${tests[*]} " == *" $T "* ]] ||
	unknown program < <(printf '%s\n' "${tests[@]}")

"$top/tools/scripts/qemu.sh"
mkdir -p "$build/log"
passed=0 failed=0 skipped=0
for test in ${T:-"${tests[@]}"}; do
	log=$build/log/$test.log rc=0 start=$SECONDS
	timeout -k 5 300 "$out/tests/qtest/$test" --tap -k >"$log" 2>&1 </dev/null || rc=$?
	ok=$(grep -cE '^ok ' "$log") || :
	skip=$(grep -cE '^ok .*# SKIP' "$log") || :
	bad=$(grep -cE '^not ok ' "$log") || :
	plan=$(sed -n 's/^1\.\.\([0-9][0-9]*\)$/\1/p' "$log" | head -n 1)
	# a program that died has printed its plan but not every result
	lost=$((${plan:-1} - ok - bad))
	[[ $lost -ge 0 ]] || lost=0
	[[ $rc -eq 0 || $((bad + lost)) -gt 0 ]] || lost=1
	echo "$test: $((ok - skip)) passed, $((bad + lost)) failed, $skip skipped, $((SECONDS - start)) s"
	if [[ $((bad + lost)) -gt 0 ]]; then
		grep -E '^not ok ' "$log" | sed 's/^/# /' || :
		grep -vE '^ok |^# (start|end) of ' "$log" | tail -n 20 | sed 's/^/# | /'
		echo "# status $rc; all of it is in $log"
	fi
	passed=$((passed + ok - skip)) failed=$((failed + bad + lost)) skipped=$((skipped + skip))
done
result
