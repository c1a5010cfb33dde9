#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Compares what the table anchors says of a version with a tree of it.
#
#   anchors.sh VERSION KDIR
#
# Says each difference, and each condition of the table rules that has no row in
# anchors. KDIR may be woven or not.

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[[ $# -eq 2 ]] || { echo "usage: anchors.sh VERSION KDIR" >&2; exit 1; }
version=$1 kdir=$2
rc=0

rows() { grep -v -e '^#' -e '^[[:space:]]*$' "$here/$1"; }

# has FILE REGEX: does the tree?
has() {
	local file=$kdir/.ans2-weave/orig/$1
	[[ -f $file ]] || file=$kdir/$1
	grep -qE -e "$2" "$file"
}

while IFS= read -r row; do
	IFS=$'\t' read -r file regex versions _ < <(sed 's/ | /\t/g' <<<"$row")
	want=no now=no
	[[ $versions != all && " $versions " != *" $version "* ]] || want=yes
	! has "$file" "$regex" || now=yes
	[[ $want == "$now" ]] || {
		echo "Linux $version: '$regex' in $file: $now, and anchors says $want"
		rc=1
	}
done < <(rows anchors)

known=$(rows anchors)
while IFS= read -r condition; do
	read -r _ file regex <<<"$condition"
	grep -qF "$file | $regex | " <<<"$known" || {
		echo "'$regex' in $file decides over a rule and is not in anchors"
		rc=1
	}
done < <(rows rules | awk -F ' [|]( |$)' '$4 { print $4 }' | sed 's/ && /\n/g')
exit $rc
