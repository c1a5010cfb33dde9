#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: qemu.sh    builds the emulated Mac in $O/qemu from QEMU's sources
. "$(dirname "$0")/lib.sh"

src=$build/src/qemu
out=$build/qemu
wanted=(qemu-system-aarch64 qemu-img)

# What is in $out was made by; the text of configure() changes with its options.
configuration() { cat "$src.version"; declare -f configure; }

# Only what the machine needs: no other board, device, display or network, and no
# symbols for a debugger, which would take a quarter of the time.
configure() {
	mkdir -p "$out"
	cd "$out"
	"$src/configure" --python=/usr/bin/python3 --cc="ccache gcc" \
		--target-list=aarch64-softmmu --with-devices-aarch64=j274 \
		--without-default-features --without-default-devices \
		--enable-tcg --enable-plugins --enable-fdt=system --enable-tools \
		--disable-debug-info --disable-docs --disable-install-blobs
	configuration >configured
}

# Meson writes this header anew each time, and nearly everything includes it.
reconfigure() {
	local header=$out/config-poison.h
	# the first build makes it
	[[ -f $header ]] || return 0
	cp -p "$header" "$header.before"
	ninja -C "$out" build.ninja
	! cmp -s "$header" "$header.before" || touch -r "$header.before" "$header"
}

"$top/tools/scripts/setup.sh"
lock qemu
cd "$top"
mapfile -t files < <(find tools/qemu -type f | LC_ALL=C sort)
inputs=$(fingerprint "${files[@]}" "$0" "$src.version")
if [[ -x $out/${wanted[0]} && $(cat "$out/inputs" 2>/dev/null) == "$inputs" ]]; then
	exit 0
fi
need_space 1000 "building QEMU"
rm -f "$out/inputs"
step qemu-install "putting the machine into QEMU's sources" \
	"$top/tools/qemu/install.sh" "$src"
if [[ $(cat "$out/configured" 2>/dev/null) != "$(configuration)" || ! -f $out/build.ninja ]]; then
	rm -rf --one-file-system "$out"
	step qemu-configure "configuring QEMU" configure
fi
step qemu-reconfigure "checking QEMU's configuration" reconfigure
mapfile -t tests < <(grep -v '^#' "$top/tools/qemu/tests/qtest/apple-tests.list")
step qemu-build "building QEMU" \
	ninja -C "$out" -j "$(nproc)" "${wanted[@]}" "${tests[@]/#/tests/qtest/}"
echo "$inputs" >"$out/inputs"
