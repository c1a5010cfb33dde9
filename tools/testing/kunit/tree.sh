# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after lib.sh: a woven kernel tree for what is built apart from the
# guest kernels (KUnit, checks).
#
#   source_tree   the unpacked source of Linux $KERNEL; KERNEL_SOURCE gives
#                 another one
#   woven_tree    a copy of it with everything of this repository in it
#   make_woven    brings woven_tree up to date. Files that did not change keep
#                 their times, so builds in it are incremental.
#   cross         prefix of the arm64 compiler, empty on an arm64 machine

source_tree=${KERNEL_SOURCE:-$build/src/linux-$KERNEL}
woven_tree=$build/kunit/linux-$KERNEL

# as in kernel.sh, unless the caller has a cache of his own
if [[ -z ${CCACHE_DIR-} ]]; then
	export CCACHE_DIR=$build/ccache CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$build CCACHE_MAXSIZE=4G
fi

cross=
if [[ $(uname -m) != aarch64 ]]; then
	cross=aarch64-linux-gnu-
fi

source_version() { cat "$source_tree.version" 2>/dev/null || echo "$source_tree"; }

copy_source() {
	rm -rf --one-file-system "${woven_tree:?}" "$woven_tree.new" "$woven_tree.version"
	mkdir -p "${woven_tree%/*}"
	cp -a --reflink=auto "$source_tree" "$woven_tree.new"
	mv "$woven_tree.new" "$woven_tree"
	source_version >"$woven_tree.version"
}

make_woven() {
	[[ -d $source_tree ]] ||
		die "no kernel source in $source_tree: run make setup KERNEL=$KERNEL"
	command -v "${cross}gcc" >/dev/null ||
		die "no ${cross}gcc is here: run make setup"
	lock "kunit-tree-$KERNEL"
	if [[ "$(cat "$woven_tree.version" 2>/dev/null)" != "$(source_version)" ]]; then
		need_space 3000 "a copy of the kernel source"
		step "kunit-copy-$KERNEL" "copy of the source of Linux $KERNEL" copy_source
	fi
	step "kunit-weave-$KERNEL" "weaving" "$top/tools/cocci/weave.sh" "$woven_tree"
}
