#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Compares what weaving does to the upstream files of a tree with what is kept
# in expected/VERSION, without context lines: a hook that lands elsewhere than
# a reviewer saw it shows up here.
#
#   golden.sh [--update] VERSION KDIR
#
# VERSION is a folder of expected/. Line numbers may differ, because a stable
# update of the same kernel moves lines. --update writes the folder anew.
#
# Status 1: it differs, 2: the tree does not take it.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
die() { printf 'golden: %s\n' "$*" >&2; exit 1; }

update=''
[[ ${1-} != --update ]] || { update=1; shift; }
[[ $# -eq 2 ]] || die "usage: golden.sh [--update] VERSION KDIR"
version=$1 kdir=$2
expected=$here/expected/$version
[[ -n $update || -d $expected ]] ||
	die "nothing is expected of '$version'; there is: $(cd "$here/expected" && echo *)"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$here/weave.sh" --results "$tmp/woven" "$kdir" || exit 2

before() {
	if [[ -f $kdir/.ans2-weave/orig/$1 ]]; then
		echo "$kdir/.ans2-weave/orig/$1"
	else
		echo "$kdir/$1"
	fi
}

# What rules and lines may change, our own files included.
targets() {
	sed -n '/^#/!p' "$here/rules" | awk -F ' [|]( |$)' 'NF > 2 { print $3 }'
	sed -n '/^#/!p' "$here/build-lines" |
		awk -F ' [|]( |$)' 'NF > 2 { sub(/^[?]/, "", $2); print $2 }'
}

# One file per changed file; / becomes , in its name.
mkdir "$tmp/now"
while IFS= read -r f; do
	[[ -f $tmp/woven/$f ]] || continue
	if [[ -f $top/$f ]]; then
		old=$top/$f
	else
		old=$(before "$f")
	fi
	diff -U0 --label "a/$f" --label "b/$f" "$old" "$tmp/woven/$f" \
		>"$tmp/now/${f//\//,}.diff" || [[ $? -eq 1 ]]
	[[ -s $tmp/now/${f//\//,}.diff ]] || rm "$tmp/now/${f//\//,}.diff"
done < <(targets | sort -u)

if [[ -n $update ]]; then
	rm -rf "$expected"
	mkdir -p "$expected"
	cp "$tmp"/now/*.diff "$expected/"
	exit
fi

plain() { sed -E 's/^@@ .* @@$/@@/' "$1"; }
rc=0
for f in $( (cd "$expected" && ls; cd "$tmp/now" && ls) | sort -u); do
	for side in "$expected" "$tmp/now"; do
		[[ ! -f $side/$f ]] || plain "$side/$f" >"$tmp/${side##*/}.$f"
		[[ -f $side/$f ]] || : >"$tmp/${side##*/}.$f"
	done
	if ! diff -U0 --label "expected/$version/$f" --label "woven" \
			"$tmp/$version.$f" "$tmp/now.$f"; then
		rc=1
	fi
done
exit $rc
