#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: e2e.sh    the emulated Mac with the kernel that KERNEL, PAGES and DEBUG
#                  name and the driver that DRIVER does; T=name for one case,
#                  T='glob' for some, T=core for the cheap ones of all kinds,
#                  T=recover-core and T=recover-slow for parts of the table of
#                  recovery
#
# Builds what is missing.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cases.sh"

run_cases "$top/tools/testing/e2e/e2e.py"
