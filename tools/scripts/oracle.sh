#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: oracle.sh    the machine under drivers that others wrote; T=name for one
#                     case, T='7.2-16k-2026/*' for those of one set-up, T=core
#                     for those of one kernel
#
# Builds what is missing.  Which kernels run is the cases' business: KERNEL,
# DRIVER and PAGES change nothing here.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/cases.sh"

run_cases "$top/tools/testing/oracle/oracle.py"
