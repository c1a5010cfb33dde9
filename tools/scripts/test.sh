#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: test.sh LAYER...    runs `make LAYER` for each and adds up the results
#
# LAYER may have variables behind it, as in 'e2e KERNEL=newest T=core'.
# A layer ends with a line "N passed, N failed[, N skipped]" and an honest exit
# status.  One that says nothing of the kind counts as one failure.
. "$(dirname "$0")/lib.sh"

[[ -z ${T-} ]] ||
	die "T='$T' goes with one layer, as in make check T='$T', and not with make test"
[[ -z ${KSRC-} ]] ||
	die "KSRC=$KSRC goes with one target: after make setup KERNEL=$KERNEL KSRC=... make test takes the copy"
# Debian drops the kernel that was its newest when the next one is there.
for NEWEST in $(kernels newest next); do
	rc=0
	KERNEL=$NEWEST "$top/tools/scripts/setup.sh" || rc=$?
	[[ $rc -eq 3 ]] || break
done
[[ $rc -eq 0 ]] || exit 1
export NEWEST
line='^([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?$'
passed=0 failed=0 skipped=0
for layer; do
	start=$SECONDS last=
	out=$(mktemp)
	rc=0
	read -ra words <<<"$layer"
	say "make $layer"
	"${MAKE:-make}" --no-print-directory -C "$top" "${words[@]}" | tee "$out" || rc=$?
	last=$(grep -E "$line" "$out" | tail -n 1) || :
	rm -f "$out"
	if [[ $last =~ $line ]]; then
		passed=$((passed + BASH_REMATCH[1]))
		failed=$((failed + BASH_REMATCH[2]))
		skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
		[[ $rc -eq 0 || ${BASH_REMATCH[2]} -gt 0 ]] || failed=$((failed + 1))
	else
		say "make $layer ended with status $rc and without a result"
		failed=$((failed + 1))
	fi
	say "make $layer took $((SECONDS - start)) s"
done
result
