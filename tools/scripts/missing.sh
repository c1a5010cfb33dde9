#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: missing.sh TARGET    the answer of a make target whose work is not here
. "$(dirname "$0")/lib.sh"
me="make $1"
die "this part is not in the repository yet"
