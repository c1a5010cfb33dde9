#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: series.sh    writes the patches for Linux $KERNEL to $O/series/$KERNEL
. "$(dirname "$0")/lib.sh"

"$top/tools/scripts/setup.sh"
lock "series-$KERNEL"
out=$build/series/$KERNEL
step "series-$KERNEL" "writing the series for $(<"$build/src/linux-$KERNEL.version")" \
	"$top/tools/cocci/series.sh" "$build/src/linux-$KERNEL" "$out"
printf '%s\n' "$out"/*.patch
