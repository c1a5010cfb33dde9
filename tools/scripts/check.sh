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
grouped() {
	echo "what goes into a kernel:"
	printf '%s\n' "${checks[@]}" | grep '^kernel-'
	echo "all of it, and the machine:"
	printf '%s\n' "${checks[@]}" | grep -v '^kernel-'
}
if [[ ${T-} ]]; then
	[[ " ${checks[*]} " == *" $T "* ]] || unknown check < <(grouped)
	checks=("$T")
fi
"$top/tools/scripts/setup.sh" >&2
# of the kernels below, others are Debian's
export KSRC=
if [[ " ${checks[*]} " == *" weave "* ]]; then
	# the sources of every kernel that it weaves into
	export absent=
	for kernel in $(kernels default newest next); do
		# minutes for one that seldom differs from the one before
		if [[ ! ${T-} && $(kernel_is "$kernel" role) == next && ! -d $build/src/linux-$kernel ]]; then
			say "weave: $kernel is left out, make check T=weave has it"
			absent+=" $kernel"
			continue
		fi
		rc=0
		KERNEL=$kernel "$top/tools/scripts/setup.sh" >&2 || rc=$?
		# what Debian has no more, or where the mirror has no such suite
		[[ $rc -eq 0 || $rc -eq 3 || $(kernel_is "$kernel" role) == next ]] || exit 1
		[[ $rc -eq 0 ]] || {
			say "weave: nothing is said of $kernel, which is not to be had"
			absent+=" $kernel"
		}
	done
fi
if [[ " ${checks[*]} " == *" hot-path "* ]]; then
	# the kernels whose request path it compares, which are those of make test
	kernels="$(kernels default)-16k $newest-4k-locks"
	export kernels
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
