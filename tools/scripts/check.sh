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
mapfile -t checks < <(find tools/testing/check -maxdepth 1 -type f -executable -printf '%f\n' | sort)
[[ -z ${T-} ]] || { one_of T "$T" "${checks[@]}"; checks=("$T"); }
"$top/tools/scripts/setup.sh" >&2
if [[ " ${checks[*]} " == *" weave "* ]]; then
	# the sources of every kernel that it weaves into
	for kernel in tools/cocci/expected/*; do
		KERNEL=${kernel##*/} "$top/tools/scripts/setup.sh" >&2
	done
fi
if [[ " ${checks[*]} " == *" hot-path.sh "* ]]; then
	# the kernels whose request path it compares
	"$top/tools/scripts/kernel.sh" 6.12-ans2-16k >&2
	"$top/tools/scripts/kernel.sh" 7.2-ans2-16k >&2
fi
for name in "${checks[@]}"; do
	rc=0 start=$SECONDS
	out=$("tools/testing/check/$name" 2>&1 </dev/null) || rc=$?
	case $rc in
	0) echo "ok $name # $((SECONDS - start)) s"; passed=$((passed + 1)) ;;
	4) echo "ok $name # SKIP $out"; skipped=$((skipped + 1)) ;;
	*) echo "not ok $name # $((SECONDS - start)) s"; failed=$((failed + 1)); echo "# ${out//$'\n'/$'\n'# }" ;;
	esac
done
result
