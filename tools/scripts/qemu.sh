#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: qemu.sh    builds the emulated Mac in $O/qemu from QEMU's sources
. "$(dirname "$0")/lib.sh"

src=$build/src/qemu
out=$build/qemu
wanted=(qemu-system-aarch64 qemu-img)

[[ -d $src && -f $src.version ]] || die "QEMU's sources are not in $src: make setup"

# Only what the machine needs: no other board, device, display or network.
configure() {
	mkdir -p "$out"
	cd "$out"
	"$src/configure" --python=/usr/bin/python3 --cc="ccache gcc" \
		--target-list=aarch64-softmmu --with-devices-aarch64=j274 \
		--without-default-features --without-default-devices \
		--enable-tcg --enable-fdt=system --enable-tools \
		--disable-docs --disable-install-blobs
	cp "$src.version" configured
}

export CCACHE_DIR=$build/ccache CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$build CCACHE_MAXSIZE=4G

lock qemu
need_space 1000 "building QEMU"
step qemu-install "putting the machine into QEMU's sources" \
	"$top/tools/qemu/install.sh" "$src"
if ! cmp -s "$src.version" "$out/configured" || [[ ! -f $out/build.ninja ]]; then
	rm -rf --one-file-system "$out"
	step qemu-configure "configuring QEMU" configure
fi
mapfile -t tests < <(grep -v '^#' "$top/tools/qemu/tests/qtest/apple-tests.list")
step qemu-build "building QEMU" \
	ninja -C "$out" -j "$(nproc)" "${wanted[@]}" "${tests[@]/#/tests/qtest/}"
# ninja leaves a program alone that would not change; make goes by its date
cd "$out" && touch "${wanted[@]}"
