#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: e2e.sh    the emulated Mac with the drivers that KERNEL, DRIVER, PAGES
#                  and DEBUG name; T=name for one case, T='glob' for some,
#                  T=core for the cheap ones of all kinds
#
# Builds what is missing.
. "$(dirname "$0")/lib.sh"

scripts=$top/tools/scripts
e2e=$top/tools/testing/e2e/e2e.py
export O=$build

kernels=$(/usr/bin/python3 -B "$e2e" --kernels "${T-}")
{
	"$scripts/setup.sh"
	while read -r kernel; do
		"$scripts/kernel.sh" "$kernel"
	done <<<"$kernels"
	"$scripts/qemu.sh"
	"$scripts/image.sh"
} >&2
exec /usr/bin/python3 -B "$e2e" "${T-}"
