#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: kernel.sh [NAME]    builds a guest kernel in $O/kernel/NAME
#
# NAME is <KERNEL>-<PAGES>[-modules|-distro][-debug|-locks]; without it, it comes
# from the variables of the same names. Each kernel has our drivers and upstream's:
# DRIVER is a word on its command line. One of -distro is also there as a Debian
# package, linux-image.deb, and as one of a later kernel, linux-image-update.deb.
if [[ $# -gt 0 ]]; then
	IFS=- read -r KERNEL PAGES more <<<"$1"
	DEBUG='' MODULES='' DISTRO=''
	[[ -$more- != *-debug-* ]] || DEBUG=1
	[[ -$more- != *-locks-* ]] || DEBUG=locks
	[[ -$more- != *-modules-* ]] || MODULES=1
	[[ -$more- != *-distro-* ]] || DISTRO=kernel
fi
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/config.sh"
. "$(dirname "$0")/woven.sh"

out=$build/kernel/$kernel_name
# Beside the kernel of KUnit: the source has the same relative path from both, so
# that the compiler's cache serves both.
place=$build/woven/kernel/$kernel_name

"$top/tools/scripts/setup.sh"
if [[ $DISTRO ]]; then
	. "$top/tools/scripts/apt.sh"
	install_missing debhelper rsync
fi
make_woven
src=$woven_tree

# One kernel for all machines, with the devicetrees of those that it knows
dtbs=()
for machine in $(machines); do
	dtb=apple/$(devicetree "$machine").dtb
	[[ ! -f $src/arch/arm64/boot/dts/${dtb/%.dtb/.dts} ]] || dtbs+=("$dtb")
done
targets=(Image "${dtbs[@]}" ${MODULES:+modules})

# the same sources make the same Image
export KBUILD_BUILD_USER=mac KBUILD_BUILD_HOST=mini
KBUILD_BUILD_TIMESTAMP=$(stat -c %y "$src/Makefile")
export KBUILD_BUILD_TIMESTAMP

# A text of the NVMe core that this version's lockdep gets on with: see there.
lockdep=$config/debug-$KERNEL.cocci
[[ $DEBUG && -f $lockdep ]] || lockdep=

# Where the build folder has a source file, make takes that one.
write_core() {
	local file=drivers/nvme/host/core.c
	mkdir -p "$out/${file%/*}"
	spatch --no-includes --very-quiet --sp-file "$lockdep" \
		-o "$out/$file.new" "$src/$file"
	[[ $(diff "$src/$file" "$out/$file.new" | grep -c '^>') -eq 2 ]] || {
		echo "$lockdep does not fit $src/$file"
		return 1
	}
	mv "$out/$file.new" "$out/$file"
}

# make_package FILE SUFFIX: the kernel's own packaging; the package of its headers
# is not needed here.
make_package() {
	local profile=pkg.linux-upstream.nokernelheaders
	export KDEB_PKGVERSION=1 KDEB_CHANGELOG_DIST=trixie KDEB_COMPRESS=zstd
	export DEB_BUILD_PROFILES=$profile DEB_BUILD_OPTIONS=terse
	rm -f "$place"/../linux-image-*.deb
	kmake "$src" "$out" -j "$(nproc)" LOCALVERSION="-apple-$PAGES$2" \
		DPKG_FLAGS="-d -P$profile" bindeb-pkg
	mv "$place"/../linux-image-*.deb "$out/$1"
	rm -f "$place"/../linux-{libc-dev_*.deb,upstream_*}
}

# The update differs in its name alone. The folder keeps the first one's Image.
make_packages() {
	# whose packages lie in the folder that all kernels share
	lock kernel-package
	make_package linux-image-update.deb -2
	make_package linux-image.deb ''
}

image=$out/arch/arm64/boot/Image
lock "kernel-$kernel_name"
inputs=$(fingerprint "${fragments[@]}" "$config"/{gone,machines} ${lockdep:+"$lockdep"} \
		"$top"/tools/scripts/{kernel,config}.sh "$src.version"
	cat "$src.inputs")
if [[ -f $image && $(cat "$out/inputs" 2>/dev/null) == "$inputs" ]]; then
	exit 0
fi
need_space 700 "building a kernel"
rm -f "$out/inputs"
mkdir -p "$place" "${out%/*}"
ln -sfn "$place" "$out"
# With modules a few options differ: make builds in a copy of the kernel without
# them what those options touch.
similar=${kernel_name/-modules/}
if [[ $MODULES && ! -f $place/.config && -f $build/kernel/$similar/inputs ]]; then
	lock "kernel-$similar"
	rm -rf --one-file-system "$place" "$place.new"
	cp -a --reflink=auto "$build/kernel/$similar/." "$place.new"
	rm "$place.new/inputs"
	mv "$place.new" "$place"
fi
step "config-$kernel_name" "configuring $(<"$src.version") as $kernel_name" \
	configure_guest "$src" "$out"
[[ -z $lockdep ]] ||
	step "core-$kernel_name" "changing what the NVMe core tells lockdep" write_core
if [[ $DISTRO ]]; then
	step "kernel-$kernel_name" "building kernel $kernel_name as a package" \
		make_packages
else
	step "kernel-$kernel_name" "building kernel $kernel_name" \
		kmake "$src" "$out" -j "$(nproc)" "${targets[@]}"
fi
echo "$inputs" >"$out/inputs"
