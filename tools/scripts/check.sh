#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: check.sh    runs every check of tools/testing/check; T=name runs one
#
# A check is an executable file.  It prints only what is wrong and exits 0 when
# nothing is, 4 when it cannot run here (it then says why), else 1.
. "$(dirname "$0")/lib.sh"

cd "$top"
export top build
passed=0 failed=0 skipped=0
for check in tools/testing/check/${T:-*}; do
	[[ -x $check ]] || die "T='${T-}' is not a check; there are: $(cd tools/testing/check && echo *)"
	rc=0
	out=$("$check" 2>&1) || rc=$?
	name=${check##*/}
	case $rc in
	0) echo "ok $name"; passed=$((passed + 1)) ;;
	4) echo "ok $name # SKIP $out"; skipped=$((skipped + 1)) ;;
	*) echo "not ok $name"; failed=$((failed + 1)); echo "# ${out//$'\n'/$'\n'# }" ;;
	esac
done
echo "$passed passed, $failed failed$([[ $skipped -eq 0 ]] || echo ", $skipped skipped")"
[[ $failed -eq 0 && $passed -gt 0 ]]
