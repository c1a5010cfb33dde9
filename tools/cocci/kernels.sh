# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced: what the table kernels says.
#
#   kernels ROLE...        the versions that have one of these roles, a line each
#   kernel_is VERSION      its role, suites, from, known: the columns by name
#                          (kernel_is 6.12 role); nothing where it has no row
#   kernel_choice          what KERNEL may be without KSRC: the versions that
#                          Debian has, on one line

kernel_table=$(dirname "${BASH_SOURCE[0]}")/kernels

kernel_rows() { awk -F ' *[|] *' "$@" "$kernel_table"; }

kernels() {
	kernel_rows -v roles=" $* " '!/^#/ && index(roles, " " $2 " ") { print $1 }'
}

kernel_is() {
	kernel_rows -v version="$1" -v column="$2" '
		BEGIN {
			split("version role suites from known", name, " ")
			for (i in name) number[name[i]] = i
		}
		!/^#/ && $1 == version { print $number[column] }'
}

kernel_choice() { kernels default newest next | paste -sd ' '; }
