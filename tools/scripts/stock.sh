#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: stock.sh    builds $O/kernel/<KERNEL>-<PAGES>-stock, a kernel without a
#                    file of this repository, whose modules are in its folder
#                    root as a package of a distribution would put them
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/config.sh"

src=$build/src/linux-$KERNEL
name=$KERNEL-$PAGES-stock
out=$build/kernel/$name
stock=$config/drivers-stock.config
fragments=("$out/base.config" "$stock" "$config/$PAGES.config")

"$top/tools/scripts/setup.sh"
# the key that modules are signed with
host_suite
install_missing openssl

# what the base has built in may be a module here
write_base() {
	mkdir -p "$out"
	grep -vf <(sed -n 's/^\(CONFIG_[A-Z0-9_]*=\).*/^\1/p' "$stock") \
		"$config/base.config" >"$out/base.config"
}

install_stock() {
	rm -rf --one-file-system "${out:?}/root"
	kmake "$src" "$out" INSTALL_MOD_PATH="$out/root" modules_install
}

lock "kernel-$name"
write_base
inputs=$(fingerprint "${fragments[@]}" "$top"/tools/scripts/{stock,config}.sh \
	"$src.version")
if [[ -d $out/root && $(cat "$out/inputs" 2>/dev/null) == "$inputs" ]]; then
	exit 0
fi
need_space 700 "building a kernel"
rm -f "$out/inputs"
export KBUILD_BUILD_USER=mac KBUILD_BUILD_HOST=mini
KBUILD_BUILD_TIMESTAMP=$(stat -c %y "$src/Makefile")
export KBUILD_BUILD_TIMESTAMP
step "config-$name" "configuring $(<"$src.version") as $name" \
	configure_guest "$src" "$out"
step "kernel-$name" "building kernel $name" \
	kmake "$src" "$out" -j "$(nproc)" Image apple/t8103-j274.dtb modules
step "install-$name" "installing its modules" install_stock
echo "$inputs" >"$out/inputs"
