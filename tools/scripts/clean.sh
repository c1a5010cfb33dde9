#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: clean.sh    removes what was built; keeps what was unpacked (src, u-boot),
#                    apt's lists and ccache
. "$(dirname "$0")/lib.sh"

built=(qemu kernel woven check image distro modules proof-kit e2e mistakes run
	series log)
# Whatever builds takes a lock first: a folder that has none is not ours.
[[ -d $build/stamp ]] || { say "nothing was built in $build"; exit 0; }
rm -rf --one-file-system "${built[@]/#/${build:?}/}"
say "removed ${built[*]} from $build; src, u-boot, apt and ccache stay"
