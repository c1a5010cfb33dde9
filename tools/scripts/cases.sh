# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh.
#
#   run_cases RUNNER    builds the kernels that RUNNER names for T, and the rest
#                       of the machine, and becomes the runner

run_cases() {
	local kernels kernel
	[[ -z $MODULES ]] ||
		die "MODULES=1 is for make kernel alone: the cases modules-* have kernels of their own"
	[[ -z $DISTRO ]] ||
		die "DISTRO=$DISTRO is for make run: the cases distro-* have a Debian of their own"
	# The runner needs Python, and knows the names that T may have: where it
	# can tell at once, nothing is fetched for a name that does not exist.
	[[ -x /usr/bin/python3 ]] || "$top/tools/scripts/setup.sh" >&2
	kernels=$(O=$build /usr/bin/python3 -B "$1" --kernels "${T-}")
	{
		"$top/tools/scripts/setup.sh"
		# of the kernels below, others may be Debian's
		export KSRC=
		while read -r kernel; do
			if [[ $kernel == *-distro ]]; then
				"$top/tools/scripts/distro.sh" "$kernel"
			else
				"$top/tools/scripts/kernel.sh" "$kernel"
			fi
		done <<<"$kernels"
		"$top/tools/scripts/qemu.sh"
		"$top/tools/scripts/image.sh"
	} >&2
	O=$build exec /usr/bin/python3 -B "$1" "${T-}"
}
