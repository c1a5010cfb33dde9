#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: series.sh    writes the patches for Linux $KERNEL to $O/series/$KERNEL, or
#                     those for the tree KDIR to $O/series/VERSION, as its
#                     Makefile says it
. "$(dirname "$0")/lib.sh"

tree=$build/src/linux-$KERNEL name=$KERNEL
if [[ ${KDIR-} ]]; then
	name=$("$top/tools/cocci/weave.sh" --look "$KDIR")
	tree=$(realpath -- "$KDIR")
	what="Linux $name in $tree"
else
	"$top/tools/scripts/setup.sh"
	what=$(<"$tree.version")
fi
lock "series-$name"
out=$build/series/$name
step "series-$name" "writing the series for $what" \
	"$top/tools/cocci/series.sh" "$tree" "$out"
printf '%s\n' "$out"/*.patch
