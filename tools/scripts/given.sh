# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Sourced by setup.sh: the source of a kernel that is in no package of Debian.
# KSRC names it, a folder or an archive; it is copied, and KSRC is not needed
# again for what is built of the copy.
#
#   check_given FOLDER    refuses what KSRC must not be, before anything is made;
#                         FOLDER is where the copy is or will be
#   take_given FOLDER     brings FOLDER up to date with KSRC, if there is one

given_about="see 'A kernel that Debian does not have' in Documentation/nvme/apple-ans2-new-kernel.rst"

check_given() {
	if [[ $(kernel_is "$KERNEL" role) != tree ]]; then
		[[ -z ${KSRC-} ]] ||
			die "KSRC=$KSRC is not for KERNEL=$KERNEL, whose source is a package of Debian; KSRC is for KERNEL=$(kernels tree | paste -sd ' ')"
	elif [[ -z ${KSRC-} ]]; then
		[[ -d $1 ]] ||
			die "KERNEL=$KERNEL is in no package of Debian: KSRC=... has to name its source once, a folder or an archive; $given_about"
	else
		[[ -e $KSRC ]] || die "KSRC=$KSRC is not there"
		KSRC=$(realpath -- "$KSRC")
		[[ -f $KSRC ]] || check_given_tree "$KSRC" >/dev/null
	fi
}

# check_given_tree FOLDER: prints its release
check_given_tree() {
	local says name
	says=$("$top/tools/cocci/weave.sh" --look "$1" 2>&1) || {
		says=${says#weave: }
		die "${says//KDIR=$1/KSRC=$KSRC}"
	}
	[[ $says == "$KERNEL".* ]] ||
		die "KSRC=$KSRC is Linux $says, and KERNEL is $KERNEL"
	[[ ! -d $1/.ans2-weave ]] ||
		die "KSRC=$KSRC is woven: give a source as released, or take the drivers out with tools/cocci/weave.sh --undo"
	for name in .config include/config arch/arm64/include/generated; do
		[[ ! -e $1/$name ]] ||
			die "KSRC=$KSRC was configured or built in place, it has $name: give a source as released, or run make mrproper there"
	done
	echo "$says"
}

# Changes when a file of KSRC comes, goes or is written.
given_word() {
	find "$KSRC" -name .git -prune -o -type f -printf '%P %s %T@\n' | sort |
		sha256sum | cut -c 1-8
}

copy_given() {
	if [[ -f $KSRC ]]; then
		tar --strip-components=1 -xf "$KSRC"
	else
		tar -C "$KSRC" --exclude=./.git -cf - . | tar -xf -
	fi
}

take_given() {
	local folder=$1 word release
	[[ ${KSRC-} ]] || return 0
	word=$(given_word)
	[[ $(fetched "$folder") != *" ($word)" ]] || return 0
	need_space 2500 "a copy of the kernel source"
	fresh "$folder"
	step "source-linux-$KERNEL" "copying KSRC=$KSRC" copy_given
	release=$(check_given_tree "$PWD")
	put "$folder" "Linux $release ($word)"
}
