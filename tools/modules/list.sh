#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: list.sh KDIR    the modules that a kernel with these headers needs from
#                        here, "name folder" on each line
#
# Sourced it only has the functions; kdir is then the folder of the headers.

# option NAME: y, m or n
option() {
	local value
	value=$(sed -n "s/^CONFIG_$1=//p" "$kdir/include/config/auto.conf" 2>/dev/null)
	echo "${value:-n}"
}

is_on() { [[ $(option "$1") != n ]]; }

# The library gets fixes that other modules do not see. Symbol versions made from
# debug information would tell of them, and the others could not be loaded.
replaces_rtkit() {
	[[ $(option APPLE_RTKIT) == m ]] && ! { is_on MODVERSIONS && is_on GENDWARFKSYMS; }
}

list_modules() {
	echo "nvme-core drivers/nvme/host"
	echo "nvme drivers/nvme/host"
	echo "apple-sart-filter drivers/iommu"
	echo "apple-ans2 drivers/pci/controller/ans"
	! replaces_rtkit || echo "apple-rtkit drivers/soc/apple"
	# Upstream's pair, which has to ask who was chosen
	if [[ $(option APPLE_SART) == m ]]; then
		echo "apple-ssd drivers/soc/apple"
		echo "apple-sart drivers/soc/apple"
		[[ $(option NVME_APPLE) != m ]] || echo "nvme-apple drivers/nvme/host"
	fi
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	kdir=$1
	list_modules
fi
