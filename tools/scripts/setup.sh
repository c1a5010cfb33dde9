#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: setup.sh [--report]
#
# Installs packages and unpacks the sources for $KERNEL; with nothing to do it
# says so only for --report. The source of a kernel that Debian does not have
# comes from KSRC.
#
# Each thing is unpacked beside its place and renamed into it, and only then its
# version is written down, so that a run that was killed leaves nothing that the
# next one would trust.  To get newer packages, remove $O/src and run it again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/apt.sh"
. "$(dirname "$0")/given.sh"

src=$build/src
linux=$src/linux-$KERNEL

packages=(
	# builds
	bc bison ccache cpio device-tree-compiler flex gcc kmod libc6-dev
	libelf-dev libssl-dev make perl python3 xz-utils
	# QEMU
	libfdt-dev libglib2.0-dev ninja-build pkg-config python3-distlib
	python3-venv zlib1g-dev
	# sources of other suites
	ca-certificates debian-archive-keyring dpkg-dev
	# the SSD's contents
	dosfstools e2fsprogs fakeroot fdisk mmdebstrap mtools
	# checks; spatch loads libpython, which its package only suggests
	coccinelle git graphviz libpython3-dev python3-sphinx python3-yaml
	shellcheck sparse
	# plots of make bench
	gnuplot-nox
)
[[ $(dpkg --print-architecture) == arm64 ]] ||
	packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
# Debian 12's meson is too old for QEMU 10; see below
. /etc/os-release
[[ ${VERSION_CODENAME-} == bookworm ]] || packages+=(meson)
# mmdebstrap without root rights
[[ $(id -u) -eq 0 ]] || packages+=(uidmap)

# offers PACKAGE: "version suite" of each that the suites have, the newest last
offers() {
	papt_cache madison "$1" | awk -F ' *[|] *' '$3 !~ /Sources/ {
		split($3, place, "[ /]+main | ")
		print $2, place[2]
	}' | sort -V
}

# version_of PACKAGE [SUITE]: the newest there is
version_of() {
	offers "$1" | awk -v suite="${2-}" '!suite || $2 == suite {print $1}' |
		tail -n 1
}

# fetched FOLDER: what of it is there, as "package version", or nothing
fetched() { [[ ! -d $1 ]] || cat "$1.version" 2>/dev/null || :; }

# put FOLDER TEXT: FOLDER.new takes FOLDER's place, which is version TEXT
put() {
	rm -rf --one-file-system "${1:?}.version" "$1"
	mv "$1.new" "$1"
	echo "$2" >"$1.version.new"
	mv "$1.version.new" "$1.version"
}

# download PACKAGE VERSION: leaves the package in the current folder
download() {
	papt download "$1=$2"
}

# fresh FOLDER: an empty FOLDER.new, with the current folder in it
fresh() {
	rm -rf --one-file-system "${1:?}.new"
	mkdir -p "$1.new"
	cd "$1.new"
}

fetch_kernel() {
	local folder=$1 package=$2 version=$3
	fresh "$folder"
	download "$package" "$version"
	dpkg-deb --fsys-tarfile ./"$package"_*.deb |
		tar -xO "./usr/src/$package.tar.xz" | tar -xJ --strip-components=1
	rm ./"$package"_*.deb
	put "$folder" "$package $version"
}

fetch_qemu() {
	local folder=$1 version=$2
	fresh "$folder"
	papt source --download-only "qemu=$version"
	dpkg-source --no-check -x ./*.dsc tree
	find . -maxdepth 1 -type f -delete
	# the tree becomes the folder itself
	mv tree "$folder.tree"
	rmdir "$folder.new"
	mv "$folder.tree" "$folder.new"
	put "$folder" "qemu $version"
}

fetch_uboot() {
	local folder=$1 version=$2
	fresh "$folder"
	download u-boot-asahi "$version"
	dpkg-deb -x ./u-boot-asahi_*.deb .
	rm ./u-boot-asahi_*.deb
	put "$folder" "u-boot-asahi $version"
}

install_meson() {
	fresh "$build/apt/meson"
	download meson "$1"
	# apt reads it as a user of its own
	chmod -R a+rX .
	host_apt install --no-install-recommends "$PWD/$(echo meson_*.deb)"
	cd ..
	rm -rf meson.new
}

# What Debian has no more. Status 3 tells make test, which can do without it.
gone() {
	local there
	there=$(papt_cache pkgnames linux-source- |
		sed -nE 's/^linux-source-([0-9]+\.[0-9]+)$/\1/p' | sort -V | paste -sd ' ')
	say "KERNEL=$KERNEL: Debian has no linux-source-$KERNEL any more in $(kernel_is "$KERNEL" suites); there is ${there:-none}"
	say "KERNEL is one of: $(kernel_choice); Documentation/nvme/apple-ans2-new-kernel.rst tells how to change that"
	exit 3
}

check_given "$linux"
lock setup
on_exit() { rm -rf --one-file-system "$src"/*.new "$src"/*.tree "$build"/u-boot.new "$build"/apt/meson.new; }
host_suite
install_missing "${packages[@]}"

suites="trixie trixie-security"
for name in $(kernel_is "$KERNEL" suites); do
	[[ " $suites " == *" $name "* ]] || suites+=" $name"
done
meson=$(dpkg-query -Wf '${Version}' meson 2>/dev/null) || :
need_meson=
if dpkg --compare-versions "${meson:-0}" lt 1.5; then
	need_meson=1
	suites+=" bookworm-backports"
fi

take_given "$linux"
have_linux=$(fetched "$linux")
have_qemu=$(fetched "$src/qemu")
have_uboot=$(fetched "$build/u-boot")

if [[ -z $need_meson && $have_linux && $have_qemu && $have_uboot ]]; then
	[[ ${1-} != --report ]] ||
		say "everything is there: $have_linux, $have_qemu, $have_uboot"
	exit 0
else
	space=500
	[[ $have_linux ]] || space=$((space + 2200))
	[[ $have_qemu ]] || space=$((space + 700))
	need_space $space "unpacking the sources"
	step apt "reading the package lists of $suites" private_update $suites
fi

if [[ -n $need_meson ]]; then
	version=$(version_of meson bookworm-backports)
	[[ $version ]] || die "no package meson >= 1.5 in bookworm-backports"
	ask_password
	step meson "installing meson $version" install_meson "$version"
fi

if [[ -z $have_linux ]]; then
	package=linux-source-$KERNEL
	read -r version from < <(offers "$package" | tail -n 1) || gone
	step "source-linux-$KERNEL" "unpacking $package $version from $from" \
		fetch_kernel "$linux" "$package" "$version"
fi

if [[ -z $have_qemu ]]; then
	version=$(papt_cache showsrc --only-source qemu | awk '$1 == "Version:" {print $2}' | sort -V | tail -n 1)
	[[ $version ]] || die "no source package qemu in trixie"
	step source-qemu "unpacking qemu $version" fetch_qemu "$src/qemu" "$version"
fi

if [[ -z $have_uboot ]]; then
	version=$(version_of u-boot-asahi trixie)
	[[ $version ]] || die "no package u-boot-asahi in trixie"
	step u-boot "unpacking u-boot-asahi $version" fetch_uboot "$build/u-boot" "$version"
fi
