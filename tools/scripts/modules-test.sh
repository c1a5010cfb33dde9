#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: modules-test.sh    builds our modules for a kernel without a file of
#                           ours, installs them as for a user, and tries them on
#                           the emulated Mac; T=name for one case
. "$(dirname "$0")/lib.sh"

kernel=$build/kernel/$KERNEL-$PAGES-stock
export O=$build

# afresh NAME: the kernel as installed, once more
afresh() {
	rm -rf --one-file-system "${kernel:?}/$1"
	cp -a "$kernel/root" "$kernel/$1"
}

install_ours() {
	export KDIR=$kernel
	afresh ours
	INSTALL_MOD_PATH=$kernel/ours "$top/tools/scripts/modules.sh" install
	# and the way back leaves all as it was
	afresh back
	INSTALL_MOD_PATH=$kernel/back "$top/tools/scripts/modules.sh" install
	INSTALL_MOD_PATH=$kernel/back "$top/tools/scripts/modules.sh" uninstall
	diff -r --no-dereference "$kernel/root" "$kernel/back"
}

{
	"$top/tools/scripts/stock.sh"
	KDIR=$kernel KSRC=$build/src/linux-$KERNEL "$top/tools/scripts/modules.sh"
	step modules-install "installing the modules, and taking them away" install_ours
	"$top/tools/scripts/qemu.sh"
	"$top/tools/scripts/image.sh"
} >&2
exec /usr/bin/python3 -B "$top/tools/testing/e2e/outside.py" "${T-}"
