# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after woven.sh and config.sh: a kernel with every KUnit suite of this
# repository, by the kernel's own kunit.py. A suite takes part when its folder
# has a .kunitconfig. The rest of the configuration is that of the guest kernel,
# of whose objects the compiler's cache then has most.
#
#   out                   set by the caller: the build folder
#   suites                names all suites
#   copy_guest            lets out begin as a copy of the guest kernel, if that is
#                         there
#   build_kernel ARG...   builds the kernel; ARG... are more for kunit.py
#   link_qemu             finds the emulator for kunit exec
#   kunit VERB ARG...     kunit.py in the woven tree
#   exec_args             what kunit exec is to be called with

toolchain=()
[[ -z $cross ]] || toolchain+=(--cross_compile "$cross")
! command -v ccache >/dev/null || toolchain+=(--make_options "CC=ccache ${cross}gcc")

# two processors: some cases are about a race
# The guest's clock counts its instructions, and jumps where it would sleep: a
# host that has no processor for it makes no wait too long.
exec_args=(--qemu_args='-smp 2 -icount shift=2,sleep=off'
	--kernel_args=panic_on_warn=1 --kernel_args=panic=-1
	--kernel_args=oops=panic)

# Suites that the result must name, so that one that was not built is noticed.
# suites [FOLDER]
suites() {
	find "${1:-$top/drivers}" -path '*/tests/*_kunit.c' -exec \
		sed -n '/^static struct kunit_suite/,/^};/s/.*\.name = "\(.*\)".*/\1/p' {} +
}

find_qemu() {
	local qemu=${KUNIT_QEMU:-$build/qemu/qemu-system-aarch64}
	[[ -x $qemu ]] && "$qemu" -M help | grep -q '^virt ' ||
		die "$qemu is no qemu-system-aarch64 that has the machine virt"
	echo "$qemu"
}

kunit() {
	local verb=$1
	shift
	(cd "$woven_tree" && PATH=$out/bin:$PATH \
		/usr/bin/python3 tools/testing/kunit/kunit.py "$verb" \
		--build_dir "$out" --arch arm64 "${toolchain[@]}" "$@")
}

# The guest's options but those that a suite or kunit.py itself has something to
# say about, because kunit.py takes no two values for one, and those that say what
# the compiler is.
guest_options() {
	local inputs
	inputs=$(fingerprint "${fragments[@]}" "$config/gone" "$top/tools/scripts/config.sh" \
		"$woven_tree".{version,inputs})
	if [[ $(cat "$out/guest.inputs" 2>/dev/null) != "$inputs" ]]; then
		(configure_guest "$woven_tree" "$out/guest")
		echo "$inputs" >"$out/guest.inputs"
	fi
	awk '
		match($0, /CONFIG_[A-Za-z0-9_]+/) {
			name = substr($0, RSTART, RLENGTH)
			if (FILENAME != ARGV[ARGC - 1])
				theirs[name]
			else if (!(name in theirs) && name !~ /KUNIT|SERIAL_AMBA_PL010/ &&
				 name !~ /^CONFIG_(AS|CC|CLANG|GCC|LD|LLD|PAHOLE|RUSTC?)_/)
				print
		}' "$@" "$out/guest/.config" >"$out/guest.config"
}

# make builds in a copy of the guest kernel what the suites and their options
# touch.
copy_guest() {
	local guest=$build/kernel/$kernel_name
	[[ ! -f $out/.config && -f $guest/inputs ]] || return 0
	lock "kernel-$kernel_name"
	rm -rf --one-file-system "$out.new"
	cp -a --reflink=auto "$guest/." "$out.new"
	rm "$out.new"/{inputs,arch/arm64/boot/Image}
	rm -rf --one-file-system "$out"
	mv "$out.new" "$out"
}

build_kernel() {
	local file files=() asked=()
	for file in "$top"/drivers/{*,*/*,*/*/*}/tests/.kunitconfig; do
		[[ ! -f $file ]] || files+=("$file")
	done
	[[ ${#files[@]} -gt 0 ]] || { echo "no .kunitconfig is here"; return 1; }
	guest_options "${files[@]}"
	for file in "$out/guest.config" "${files[@]}"; do
		asked+=(--kunitconfig "$file")
	done
	kunit build --jobs "$(nproc)" "${asked[@]}" "$@"
}

# kunit.py takes QEMU from PATH.
link_qemu() {
	local qemu
	qemu=$(find_qemu)
	mkdir -p "$out/bin"
	ln -sfn "$(realpath "$qemu")" "$out/bin/qemu-system-aarch64"
}
