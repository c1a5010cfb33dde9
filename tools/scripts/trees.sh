#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: trees.sh    which kernels everything fits: what was tried, and for each
#                    source that is unpacked in $O what weaving does to it now
#
# Nothing is fetched or built. Fails where a source that is here does not fit, or
# is not as tools/cocci/expected and tools/cocci/anchors say.
. "$(dirname "$0")/lib.sh"

cocci=$top/tools/cocci
command -v spatch >/dev/null || die "spatch is not here: run make setup"
tmp=$(mktemp -d)
said=$tmp/said
on_exit() { rm -rf "$tmp"; }
format='%-7s  %-8s  %-9s  %-10s  %-6s  %-6s  %-8s  %-7s  %-5s  %-8s  %s\n'
rc=0

# tried VERSION: release, known from, weaves, golden, built in, modules, boots,
# when; tabs between them
tried() {
	awk -F ' *[|] *' -v OFS='\t' -v version="$1" '
		!/^#/ && $1 == version { print $2, $3, $4, $5, $6, $7, $8, $9; found = 1 }
		END { if (!found) print "-", "-", "-", "-", "-", "-", "-", "never" }' \
		"$cocci/tried"
}

# now VERSION: what the source that is unpacked says, in a word or two; what is
# wrong goes to $said
now() {
	local src=$build/src/linux-$1 status=0 out
	local woven=$tmp/$1
	[[ -f $src/Makefile ]] || { echo "no source"; return; }
	if [[ -d $cocci/expected/$1 ]]; then
		out=$("$cocci/golden.sh" "$1" "$src" 2>&1) || status=$?
	else
		out=$("$cocci/weave.sh" --results "$woven" "$src" 2>&1) || status=2
	fi
	# of a version that is refused anchors says nothing
	[[ $(kernel_is "$1" role) == refused ]] ||
		"$cocci/anchors.sh" "$1" "$src" >>"$said" || [[ $status -ne 0 ]] || status=3
	[[ -z $out ]] || echo "$out" >>"$said"
	case $status in
	0) echo "fits" ;;
	2) echo "refused" ;;
	3) echo "anchors differ" ;;
	*) echo "not golden" ;;
	esac
}

: >"$said"
# shellcheck disable=SC2059
printf "$format" kernel role tried from weaves golden 'built in' modules boots when now
for version in $(kernels default newest next tree refused | sort -V); do
	IFS=$'\t' read -r release from weaves golden built modules boots when \
		< <(tried "$version")
	word=$(now "$version")
	# a version that is known not to fit has to be refused
	wanted=fits
	[[ $(kernel_is "$version" role) != refused ]] || wanted=refused
	[[ $word == "$wanted" || $word == 'no source' ]] || rc=1
	release_now=$(cut -d ' ' -f 2 "$build/src/linux-$version.version" 2>/dev/null) || :
	# shellcheck disable=SC2059
	printf "$format" "$version" "$(kernel_is "$version" role)" "$release" \
		"$from" "$weaves" "$golden" "$built" "$modules" "$boots" "$when" \
		"$word${release_now:+: $release_now}"
done
echo
echo "From Debian: KERNEL=$(kernel_choice | sed 's/ /, /g')."
echo "With a source in KSRC: KERNEL=$(kernels tree | paste -sd , | sed 's/,/, /g'). Known not to fit:"
for version in $(kernels refused); do
	echo "  $version: $(kernel_is "$version" known)"
done
# The package lists of the last make setup, if there was one.
if [[ -f $build/apt/apt.conf ]]; then
	. "$top/tools/scripts/apt.sh"
	for version in $(papt_cache pkgnames linux-source- 2>/dev/null |
			sed -nE 's/^linux-source-([0-9]+\.[0-9]+)$/\1/p' | sort -V); do
		[[ -n $(kernel_is "$version" role) ]] || {
			echo "Debian has Linux $version, which is in no row of tools/cocci/kernels"
			rc=1
		}
	done
fi
echo "Another tree: make weave KDIR=...; a new kernel: Documentation/nvme/apple-ans2-new-kernel.rst"
[[ ! -s $said ]] || { echo; cat "$said"; }
exit $rc
