#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: modules.sh [build]      our drivers as modules for an installed kernel,
#                                in $O/modules/RELEASE
#        modules.sh install      those that were built, to where they go before
#                                the kernel's own
#        modules.sh uninstall    gives the kernel's own back
#
# KDIR is the folder of the kernel's headers, that of the running kernel without
# it. KSRC is the source of the same version: an unpacked tree, or an archive of
# one. SIGN_KEY and SIGN_CERT sign (SIGN_KEY=none: somebody else does), and
# INSTALL_MOD_PATH is as for the kernel.
. "$(dirname "$0")/lib.sh"
. "$top/tools/modules/list.sh"

docs=Documentation/nvme/apple-ans2-modules.rst
running=$(uname -r)
kdir=${KDIR:-/lib/modules/$running/build}
own_kernel="weave our drivers into its source and build the kernel anew: see 'Which driver runs' in Documentation/nvme/apple-ans2-function.rst"

cross=
[[ $(uname -m) == aarch64 ]] || cross=aarch64-linux-gnu-

# ----- the kernel -----

find_kernel() {
	[[ -d $kdir ]] ||
		die "KDIR=$kdir is not a folder: install the headers of the kernel (Debian: linux-headers-$running), or name their folder"
	kdir=$(realpath "$kdir")
	local f
	for f in Makefile include/config/auto.conf include/config/kernel.release \
		include/generated/uapi/linux/version.h; do
		[[ -f $kdir/$f ]] ||
			die "KDIR=$kdir has no $f, so these are no headers of a built kernel; /lib/modules/RELEASE/build leads to some, and a build folder of a kernel will do"
	done
	release=$(<"$kdir/include/config/kernel.release")
	[[ $release =~ ^[A-Za-z0-9._+~-]+$ ]] ||
		die "KDIR=$kdir: '$release' is not the name of a kernel"
	work=$build/modules/$release
}

# For what has been built, the name is enough.
find_release() {
	if [[ -n ${KDIR-} ]]; then
		find_kernel
	else
		release=$running
		work=$build/modules/$release
	fi
}

# number NAME: of the kernel's version
number() { sed -n "s/^#define LINUX_VERSION_$1 //p" "$kdir/include/generated/uapi/linux/version.h"; }

check_kernel() {
	local name
	for name in ARM64 MODULES ARCH_APPLE; do
		is_on $name ||
			die "$release was built without CONFIG_$name, so it does not run on a Mac, with modules of ours or without; take a kernel that does"
	done
	for name in PCI APPLE_MAILBOX APPLE_RTKIT; do
		is_on $name ||
			die "$release was built without CONFIG_$name, which no module can add; $own_kernel"
	done
	! is_on APPLE_ANS2 ||
		die "$release has our drivers: there is nothing to add. Weave and build it anew to change them"
	for name in NVME_CORE BLK_DEV_NVME; do
		case $(option $name) in
		y) die "$release has nvme built in (CONFIG_$name=y), and no module takes its place; $own_kernel" ;;
		n) die "$release was built without nvme (CONFIG_$name); $own_kernel" ;;
		esac
	done
	for name in NVME_APPLE APPLE_SART; do
		[[ $(option $name) != y ]] ||
			die "$release has upstream's drivers built in (CONFIG_$name=y), which take the SSD before any module; $own_kernel"
	done
	[[ -f $kdir/Module.symvers ]] ||
		die "KDIR=$kdir has no Module.symvers: the kernel was not built to its end"
}

# ----- its source -----

source_places() {
	local version
	version=$(number MAJOR).$(number PATCHLEVEL)
	echo "$kdir"
	echo "$kdir/source"
	echo "/lib/modules/$release/source"
	echo "/usr/src/linux-source-$version"
	find /usr/src -maxdepth 1 -name "linux-source-$version.tar*" 2>/dev/null || :
}

is_source() { [[ -f $1/drivers/nvme/host/pci.c && -f $1/Makefile ]]; }

find_source() {
	local place
	if [[ -n ${KSRC-} ]]; then
		[[ -e $KSRC ]] || die "KSRC=$KSRC is not there"
		source=$(realpath "$KSRC")
		[[ -f $source ]] || is_source "$source" ||
			die "KSRC=$KSRC is not a Linux tree, it has no drivers/nvme/host/pci.c"
		return
	fi
	while read -r place; do
		[[ -f $place ]] || is_source "$place" || continue
		source=$(realpath "$place")
		say "KSRC=$source"
		return
	done < <(source_places)
	die "KSRC is not set, and the source of $release was not found: KSRC=FOLDER, or an archive (Debian: linux-source-$(number MAJOR).$(number PATCHLEVEL) has one in /usr/src). See $docs"
}

# What of a source tree is looked at, as patterns of tar behind its top folder.
needed() {
	printf '%s\n' Makefile Kbuild include/linux/blk-mq.h 'drivers/nvme/host/*' \
		'drivers/soc/apple/*' drivers/pci/pci.h
	# what a rule changes or asks about, or gets a line
	sed '/^#/d' "$top/tools/cocci/rules" | awk -F ' [|]( |$)' '{
		print $3
		n = split($4, conditions, " && ")
		for (i = 1; i <= n; i++) {
			split(conditions[i], word, " ")
			print word[2]
		}
	}' | sort -u
	sed '/^#/d' "$top/tools/cocci/build-lines" |
		awk -F ' [|] ' '{ sub(/^\?/, "", $2); print $2 }' | sort -u
}

unpack_source() {
	local names=()
	mapfile -t names < <(needed)
	mkdir "$work/source"
	# what an older kernel does not have is no error
	if ! tar -C "$work/source" --strip-components=1 --wildcards \
		--no-wildcards-match-slash \
		-xf "$source" "${names[@]/#/*/}" 2>"$work/tar.says" &&
		grep -v -e 'Not found in archive' -e 'Exiting with failure' "$work/tar.says"; then
		return 1
	fi
	is_source "$work/source"
}

check_version() {
	local field have want
	have=$(for field in VERSION PATCHLEVEL SUBLEVEL; do
		sed -n "s/^$field = //p" "$source/Makefile"
	done | paste -sd .)
	want=$(number MAJOR).$(number PATCHLEVEL).$(number SUBLEVEL)
	[[ $have == "$want" ]] ||
		die "KSRC=${KSRC:-$source} is Linux $have, and $release in KDIR is $want: give the source that it was built from"
}

# ----- building -----

# The kernel's compiler if it is here, else any of its kind.
find_compiler() {
	local name
	read -r name _ <<<"$(option CC_VERSION_TEXT | tr -d '"')"
	name=${name#aarch64-*-gnu-}
	if is_on CC_IS_CLANG; then
		compiler=(LLVM=1)
		strip=llvm-strip
		for name in clang ld.lld llvm-strip; do
			command -v $name >/dev/null ||
				die "$name is not here, and $release was built with clang: install clang, lld and llvm"
		done
		return
	fi
	for name in "$cross$name" "${cross}gcc"; do
		strip=${cross}strip
		compiler=("CC=$name")
		! command -v "$name" >/dev/null || return 0
	done
	die "${cross}gcc is not here: install gcc${cross:+-aarch64-linux-gnu}"
}

check_tools() {
	local tool
	for tool in make spatch tar "$strip"; do
		command -v "$tool" >/dev/null ||
			die "$tool is not here: install make, coccinelle, tar and binutils"
	done
}

# Where who signs modules keeps his key: the kernel's own build, Debian's and
# Ubuntu's shim, DKMS, Fedora's akmods
key_places() {
	local own
	own=$(option MODULE_SIG_KEY | tr -d '"')
	[[ -z $own || $own == n || $own == pkcs11:* ]] ||
		(cd "$kdir" && realpath -m "$own" certs/signing_key.x509)
	printf '%s\n' /var/lib/shim-signed/mok/MOK.{priv,der} \
		/var/lib/dkms/mok.{key,pub} /etc/pki/akmods/private/private_key.priv \
		/etc/pki/akmods/certs/public_key.der
}

# Sets key and cert; empty where nobody asks for a signature, or can give one.
find_key() {
	local place
	key='' cert=''
	[[ ${SIGN_KEY-} != none ]] && is_on MODULE_SIG || return 0
	key=${SIGN_KEY-} cert=${SIGN_CERT-}
	if [[ -n $key$cert ]]; then
		[[ -r $key && -r $cert ]] ||
			die "SIGN_KEY='$key' and SIGN_CERT='$cert' have to be files: a key and its certificate"
	else
		while read -r key && read -r cert; do
			[[ ! -r $key || ! -r $cert ]] || break
			key='' cert=''
		done < <(key_places)
	fi
	sign=
	for place in "$kdir/scripts" "/usr/lib/linux-kbuild-$(number MAJOR).$(number PATCHLEVEL)/scripts"; do
		[[ ! -x $place/sign-file ]] || { sign=$place/sign-file; break; }
	done
	if [[ -n $key && -n $sign ]]; then
		return 0
	fi
	! is_on MODULE_SIG_FORCE ||
		die "$release takes only modules that are signed (CONFIG_MODULE_SIG_FORCE), and ${key:+the program sign-file}${key:-no key that can be read} ${key:+is not in KDIR}: SIGN_KEY=FILE SIGN_CERT=FILE, of a key that the kernel knows. See $docs"
	say "the modules are not signed, for want of a key: $release takes them, and says that it is tainted"
	key=
}

# The text of weave.sh is about KDIR, which is KSRC here.
weave() { "$top/tools/cocci/weave.sh" --results "$work/woven" "$source" 2>&1 | sed s/KDIR/KSRC/g; }

# From the folder of the kernel, else of ours: files of upstream stay where they
# are, changed ones come from woven, and each folder builds what the list says.
lay_out() {
	local folder
	mkdir -p "$tree"/drivers/{pci,soc/apple,nvme/host}
	cp -r "$source/drivers/nvme/host" "$tree/drivers/nvme/"
	cp -r "$source/drivers/soc/apple" "$tree/drivers/soc/"
	cp "$source/drivers/pci/pci.h" "$tree/drivers/pci/"
	keep_versions
	cp -rf "$work/woven/." "$tree/"
	cp "$tree/drivers/soc/apple/apple-ssd.c" "$tree/drivers/soc/apple/apple-ssd-choice.c"
	cp "$top/tools/modules/apple-ssd-module.c" "$tree/drivers/soc/apple/"
	rm "$tree/drivers/soc/apple/apple-ssd.c"
	for folder in $(list_modules | awk '{ print $2 }' | sort -u); do
		write_kbuild "$folder"
		echo "obj-m += $folder/"
	done >"$tree/Kbuild"
	{
		echo 'subdir-ccflags-y += -I$(src)/include -DCONFIG_NVME_ANS2=1'
		echo 'subdir-ccflags-y += -DCONFIG_APPLE_ANS2_MODULE=1'
		! list_modules | grep '^apple-ssd ' >/dev/null ||
			echo 'subdir-ccflags-y += -DCONFIG_APPLE_SSD_CHOICE=1'
	} >>"$tree/Kbuild"
}

# Other modules know the RTKit library's struct only by its name: the version of
# a symbol stays what it was.
keep_versions() {
	local name=rtkit-internal.h folder
	folder=drivers/soc/apple
	[[ -f $work/woven/$folder/$name ]] || return 0
	mv "$work/woven/$folder/$name" "$work/woven/$folder/woven-$name"
	cp "$(original "$folder/$name")" "$tree/$folder/kernel-$name"
	printf '#ifdef __GENKSYMS__\n#include "kernel-%s"\n#else\n#include "woven-%s"\n#endif\n' \
		"$name" "$name" >"$work/woven/$folder/$name"
}

original() {
	local f=$source/.ans2-weave/orig/$1
	[[ -f $f ]] || f=$source/$1
	echo "$f"
}

# Kbuild is read before the Makefile of the same folder.
write_kbuild() {
	local names
	names=$(list_modules | awk -v f="$1" '$2 == f { print $1 ".o" }' | paste -sd ' ')
	cat >"$tree/$1/Kbuild" <<-END
		CONFIG_NVME_ANS2 := y
		CONFIG_APPLE_ANS2 := m
		include \$(src)/Makefile
		apple-sart-filter-y := apple-sart.o
		apple-ssd-y := apple-ssd-module.o
		obj-y :=
		obj-m := $names
	END
}

# What make was given here, O and the like, is not for the kernel's make.
compile() {
	MAKEFLAGS='' make -C "$kdir" M="$tree" ARCH=arm64 CROSS_COMPILE="$cross" \
		"${compiler[@]}" -j "$(nproc)" modules
}

# Symbols of which the kernel's other modules expect another version.
changed_versions() {
	awk 'NR == FNR { if ($3 != "vmlinux") crc[$2] = $1; next }
		$2 in crc && crc[$2] != $1 { print $2 }' \
		"$kdir/Module.symvers" "$tree/Module.symvers"
}

collect() {
	local name folder file
	while read -r name folder; do
		file=$work/ko/$name.ko
		"$strip" --strip-debug -o "$file" "$tree/$folder/$name.ko"
		[[ -z $key ]] ||
			"$sign" "$(option MODULE_SIG_HASH | tr -d '"')" "$key" "$cert" "$file"
	done < <(list_modules)
}

build_modules() {
	local source key cert sign strip compiler tree changed
	find_kernel
	check_kernel
	find_source
	find_compiler
	check_tools
	find_key
	lock "modules-$release"
	rm -rf --one-file-system "${work:?}"
	mkdir -p "$work/ko"
	if [[ -f $source ]]; then
		step "modules-source-$release" "unpacking what is needed of ${source##*/}" unpack_source
		source=$work/source
	fi
	check_version
	replaces_rtkit || [[ $(option APPLE_RTKIT) == y ]] || say "apple-rtkit is not replaced: its users would not be loaded"
	[[ $(option APPLE_RTKIT) != y ]] || say "apple-rtkit is built in and stays without our fixes; see $docs"
	step "modules-weave-$release" "weaving our drivers into a copy of Linux $(number MAJOR).$(number PATCHLEVEL).$(number SUBLEVEL)" weave
	tree=$work/tree
	lay_out
	step "modules-$release" "building modules for $release" compile
	changed=$(changed_versions)
	[[ -z $changed ]] ||
		die "other modules of $release would not be loaded beside ours, which change the version of: ${changed//$'\n'/ }; $own_kernel"
	collect
	list_modules >"$work/list"
	say "$work/ko: $(cut -d ' ' -f 1 "$work/list" | paste -sd ' ')${key:+, signed with $key}"
	say "as root: make modules_install${KDIR:+ KDIR=$KDIR}"
}

# ----- installing -----

# Under updates/ each module has the folder that it has in the kernel, because
# programs that make an initramfs choose by it.
find_place() {
	root=${INSTALL_MOD_PATH-}
	modules=$root/lib/modules/$release
	placed=$modules/updates/apple-ans2.list
	[[ -d $modules ]] ||
		die "$modules is not there: $release is not installed${root:+ in INSTALL_MOD_PATH=$root}"
	[[ -w $modules ]] || die "$modules cannot be written: this is for root"
	PATH=$PATH:/usr/sbin:/sbin
	command -v depmod >/dev/null || die "depmod is not here: install kmod"
}

renew_text() {
	echo "now renew the initramfs (Debian: update-initramfs -u -k $release; dracut: dracut -f --kver $release; Arch: mkinitcpio -P) and start the machine anew"
}

# file NAME: what depmod makes modprobe take
file() { modinfo -b "${root:-/}" -k "$release" -n "$1"; }

others() {
	local name
	while read -r name _; do
		find "$modules" -path "$modules/kernel" -prune -o -name "$name.ko*" -printf '%P\n'
	done <"$work/list" | grep -vxFf <(cat "$placed" 2>/dev/null) || :
}

# Nothing is half installed: what fails on the way, as on a full disk, leaves the
# kernel its own modules.
half=
on_exit() {
	[[ -n $half ]] || return 0
	half=
	take_away
	depmod -b "${root:-/}" "$release"
	say "$release has its own modules: ours were taken out again"
}

install_modules() {
	local name folder found
	find_release
	[[ -s $work/list ]] ||
		die "nothing was built for $release: make modules${KDIR:+ KDIR=$KDIR} KSRC=... comes first"
	find_place
	found=$(others)
	[[ -z $found ]] ||
		die "somebody else has put modules of the same name in $modules: ${found//$'\n'/ }; remove them (DKMS: dkms remove) first"
	half=1
	take_away
	mkdir -p "$modules/updates"
	sed -E 's,^(.*) (.*)$,updates/\2/\1.ko,' "$work/list" >"$placed"
	while read -r name folder; do
		install -D -m 644 "$work/ko/$name.ko" "$modules/updates/$folder/$name.ko"
	done <"$work/list"
	depmod -b "${root:-/}" "$release"
	while read -r name folder; do
		found=$(file "$name") || :
		[[ $found == *"/updates/$folder/$name.ko" ]] ||
			die "depmod prefers ${found:-nothing} to our $name: a file of /etc/depmod.d puts another folder before updates"
	done <"$work/list"
	half=
	say "installed in $modules/updates"
	say "$(renew_text)"
}

take_away() {
	local name
	[[ -f $placed ]] || return 0
	while read -r name; do
		rm -f "$modules/$name"
		(cd "$modules" && rmdir -p --ignore-fail-on-non-empty "${name%/*}" 2>/dev/null) || :
	done <"$placed"
	rm "$placed"
	rmdir --ignore-fail-on-non-empty "$modules/updates"
}

uninstall_modules() {
	find_release
	find_place
	[[ -f $placed ]] || die "$placed is not there: nothing of ours is installed for $release"
	take_away
	depmod -b "${root:-/}" "$release"
	say "$release has its own modules back: nvme is $(file nvme)"
	say "$(renew_text)"
}

case ${1:-build} in
build) build_modules ;;
install) install_modules ;;
uninstall) uninstall_modules ;;
*) die "usage: modules.sh [build|install|uninstall]" ;;
esac
