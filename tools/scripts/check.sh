#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: check.sh    runs every check of tools/testing/check; T=name runs one
#
# A check is an executable file.  It prints only what is wrong and exits 0 when
# nothing is, 4 when it cannot run here (it then says why), else 1.
. "$(dirname "$0")/lib.sh"

cd "$top"
export top build

# one NAME: runs it, and prints its result at once
one() {
	local rc=0 start=$SECONDS out
	out=$("tools/testing/check/$1" 2>&1 </dev/null) || rc=$?
	exec {print_fd}>"$build/stamp/print.lock"
	flock "$print_fd"
	case $rc in
	0) echo "ok $1 # $((SECONDS - start)) s" ;;
	4) echo "ok $1 # SKIP ${out//$'\n'/ }" ;;
	*) echo "not ok $1 # $((SECONDS - start)) s"; echo "# ${out//$'\n'/$'\n'# }" ;;
	esac
}
if [[ ${1-} == --one ]]; then
	one "$2"
	exit
fi

mapfile -t checks < <(find tools/testing/check -maxdepth 1 -type f -executable -printf '%f\n' | sort)
[[ -z ${T-} ]] || { one_of T "$T" "${checks[@]}"; checks=("$T"); }
"$top/tools/scripts/setup.sh" >&2
if [[ " ${checks[*]} " == *" weave "* ]]; then
	# the sources of every kernel that it weaves into
	for kernel in tools/cocci/expected/*; do
		KERNEL=${kernel##*/} "$top/tools/scripts/setup.sh" >&2
	done
fi
if [[ " ${checks[*]} " == *" hot-path "* ]]; then
	# the kernels whose request path it compares, which are those of make test
	export kernels="6.12-16k 7.2-4k-locks"
	for kernel in $kernels; do
		"$top/tools/scripts/kernel.sh" "$kernel" >&2
	done
fi
# Most of them keep one core busy.
out=$(mktemp)
on_exit() { rm -f "$out"; }
printf '%s\0' "${checks[@]}" |
	xargs -0 -n 1 -P "$(nproc)" "$top/tools/scripts/check.sh" --one | tee "$out" || :
# count PATTERN: lines that fit
count() { grep -cE "$1" "$out" || :; }
skipped=$(count '^ok [^ ]+ # SKIP')
passed=$(($(count '^ok [^ ]+ #') - skipped))
# also one that ended without a word
failed=$((${#checks[@]} - passed - skipped))
result
