#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Writes what weave.sh does to a tree as a series of commits that `git am` takes
# on it. The commits are those of the table parts; the messages are in series/.
#
#   series.sh KDIR OUT
#
# OUT gets one patch per commit, numbered, and a cover letter, number 0000, whose
# text is series/cover.msg. A commit that is empty on this base is left out. KDIR
# may be woven or not and is not changed.

set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
die() { printf 'series: %s\n' "$*" >&2; exit 1; }

[[ $# -eq 2 ]] || die "usage: series.sh KDIR OUT"
kdir=$1 out=$2
command -v git >/dev/null || die "git is not here"
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out"/[0-9][0-9][0-9][0-9]-*.patch

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
# All commits are made of the same state of this repository.
mkdir -p "$tmp/repo/tools"
for f in drivers include Documentation tools/cocci; do
	cp -r "$top/$f" "$tmp/repo/$f"
done
here=$tmp/repo/tools/cocci
# The author of a patch is whoever has this repository's commits.
author() { git -C "$top" log -1 --format="$1" 2>/dev/null || :; }
name=$(author %an) email=$(author %ae)
git init -q "$tree"
tgit() {
	git -C "$tree" -c user.name="${name:-ANS2}" \
		-c user.email="${email:-ans2@localhost}" -c core.autocrlf=false "$@"
}

# results PARTS: $tmp/now is the woven files with these commits
results() {
	rm -rf "$tmp/now"
	"$here/weave.sh" --results "$tmp/now" --parts "$1" "$kdir"
}

before() {
	if [[ -f $kdir/.ans2-weave/orig/$1 ]]; then
		echo "$kdir/.ans2-weave/orig/$1"
	else
		echo "$kdir/$1"
	fi
}

parts=$(sed -n 's/^\([a-z][a-z0-9-]*\) |.*/\1/p' "$here/parts")

# The base holds only the files that the series touches.
"$here/weave.sh" --results "$tmp/all" "$kdir"
while IFS= read -r f; do
	[[ ! -f $tmp/repo/$f && -f $(before "$f") ]] || continue
	mkdir -p "$tree/$(dirname "$f")"
	cp "$(before "$f")" "$tree/$f"
done < <(cd "$tmp/all" && find . -type f | sed 's,^\./,,')
tgit add -A
tgit commit -q -m base
tgit tag base

so_far=''
for part in $parts; do
	[[ -f $here/series/$part.msg ]] || die "series/$part.msg is missing"
	so_far+="${so_far:+ }$part"
	results "$so_far"
	cp -r "$tmp/now/." "$tree/"
	tgit add -A
	tgit diff --cached --quiet && continue
	tgit commit -q -F "$here/series/$part.msg"
done

# Each file of the whole result must have come with some commit.
diff -r -x .git "$tmp/all" "$tree" >"$tmp/diff" || {
	cat "$tmp/diff" >&2
	die "the commits together are not what weave.sh makes"
}
# The first line of the description is the letter's subject.
version=$("$here/weave.sh" --look "$kdir")
made_by=$(git -C "$top" describe --always --dirty 2>/dev/null || :)
tgit config branch.series.description "$(sed "
	s/@VERSION@/$version/
	s/@MADE_BY@/${made_by:-unknown}/" "$here/series/cover.msg")"
tgit checkout -q -b series
tgit format-patch -q --no-signature --cover-letter \
	--cover-from-description=subject -o "$out" base
ls "$out"/[0-9][0-9][0-9][0-9]-*.patch
