# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after lib.sh: a woven kernel tree, for the guest kernels with our
# drivers, for KUnit and for the checks.
#
#   source_tree   the unpacked source of Linux $KERNEL; KERNEL_SOURCE gives
#                 another one
#   woven_tree    a copy of it with everything of this repository in it
#   make_woven    brings woven_tree up to date. Files that did not change keep
#                 their times, so builds in it are incremental. Until the
#                 script ends nobody changes the tree, and others may read it.
#   cross         prefix of the arm64 compiler, empty on an arm64 machine

source_tree=${KERNEL_SOURCE:-$build/src/linux-$KERNEL}
woven_tree=$build/woven/src/linux-$KERNEL

cross=
if [[ $(uname -m) != aarch64 ]]; then
	cross=aarch64-linux-gnu-
fi

source_version() { cat "$source_tree.version" 2>/dev/null || echo "$source_tree"; }

copy_source() {
	rm -rf --one-file-system "${woven_tree:?}" "$woven_tree.new" \
		"$woven_tree.version" "$woven_tree.inputs"
	mkdir -p "${woven_tree%/*}"
	cp -a --reflink=auto "$source_tree" "$woven_tree.new"
	mv "$woven_tree.new" "$woven_tree"
	source_version >"$woven_tree.version"
}

# What the tree is made of, as one word.
woven_inputs() {
	local files
	mapfile -t files < <(cd "$top" && find drivers include Documentation/nvme \
		Documentation/driver-api tools/cocci -type f ! -name '.*.swp' \
		! -path 'tools/cocci/expected/*' ! -path 'tools/cocci/kernels' \
		! -path 'tools/cocci/tried' ! -path 'tools/cocci/anchors*' | sort)
	(cd "$top" && fingerprint "${files[@]}")
	source_version
}

is_woven() {
	[[ "$(cat "$woven_tree.version" 2>/dev/null)" == "$(source_version)" &&
		"$(cat "$woven_tree.inputs" 2>/dev/null)" == "$(woven_inputs)" ]]
}

weave_tree() {
	local inputs
	if [[ "$(cat "$woven_tree.version" 2>/dev/null)" != "$(source_version)" ]]; then
		need_space 3000 "a copy of the kernel source"
		step "woven-copy-$KERNEL" "copying the source of Linux $KERNEL" copy_source
	fi
	inputs=$(woven_inputs)
	rm -f "$woven_tree.inputs"
	step "weave-$KERNEL" "weaving our drivers into Linux $KERNEL" \
		"$top/tools/cocci/weave.sh" "$woven_tree"
	echo "$inputs" >"$woven_tree.inputs"
}

make_woven() {
	[[ -d $source_tree ]] ||
		die "no kernel source in $source_tree: run make setup KERNEL=$KERNEL"
	command -v "${cross}gcc" >/dev/null ||
		die "no ${cross}gcc is here: run make setup"
	lock "woven-$KERNEL" -s
	# Who shares the lock may not weave, and who does may have been overtaken.
	until is_woven; do
		take_lock "woven-$KERNEL"
		is_woven || weave_tree
		take_lock "woven-$KERNEL" -s
	done
}
