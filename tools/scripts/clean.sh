#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: clean.sh    removes what was built; keeps sources, packages and ccache
. "$(dirname "$0")/lib.sh"

[[ -d $build ]] || exit 0
rm -rf --one-file-system "${build:?}"/{qemu,kernel,kunit,image,log}
say "removed qemu, kernel, kunit, image and log from $build; src and ccache stay"
