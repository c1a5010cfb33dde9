# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154
# Sourced after woven.sh: builds what this repository adds to a kernel, and only
# that, in a configuration made of a few options.
#
#   ours_built_in ours_modules ours_kunit
#                         the options that make up such a configuration
#   our_files             our C files and headers of the kernel, one a line
#   configure NAME ARCH OPTION...
#                         $objects becomes a build folder; each OPTION (X=y, X=m,
#                         X=n) must be in the result as it was given
#   compile NAME ARG...   builds our folders in it, all of their objects anew,
#                         with make's output in $build/log/check-NAME.log
#   modpost               says which symbols the modules that were compiled in
#                         it need and nothing exports
#   complaints NAME       what that output says about our files

ours_built_in=(
	MODULES=n PM=y PCI=y OF=y DEBUG_FS=y BLOCK=y ARCH_APPLE=y APPLE_MAILBOX=y
	APPLE_RTKIT=y BLK_DEV_NVME=y NVME_ANS2=y APPLE_SART_FILTER=y APPLE_ANS2=y
)
ours_modules=(
	MODULES=y PM=y PCI=y OF=y DEBUG_FS=y BLOCK=y ARCH_APPLE=y APPLE_MAILBOX=m
	APPLE_RTKIT=m BLK_DEV_NVME=m NVME_ANS2=y APPLE_SART_FILTER=m APPLE_ANS2=m
)
ours_kunit=(
	KUNIT=y APPLE_SART_FILTER_KUNIT_TEST=y NVME_ANS2_KUNIT_TEST=y
	APPLE_ANS2_KUNIT_TEST=y
)
our_folders=(drivers/iommu drivers/nvme/host drivers/pci/controller/ans
	drivers/soc/apple)

our_files() {
	git -C "$top" ls-files -- 'drivers/*.c' 'drivers/*.h' 'include/*.h'
}

arch_make() {
	local arch=$1 prefix=
	shift
	[[ $arch != arm64 ]] || prefix=$cross
	if command -v ccache >/dev/null; then
		prefix="ccache $prefix"
	fi
	make -C "$woven_tree" O="$objects" ARCH="$arch" \
		CROSS_COMPILE="$prefix" -j"$(nproc)" "$@"
}

configure() {
	local name=$1 arch=$2 option
	shift 2
	objects=$build/check/$KERNEL-$name
	objects_arch=$arch
	mkdir -p "$objects" "$build/log"
	for option; do
		echo "CONFIG_$option"
	done >"$objects/.options"
	arch_make "$arch" KCONFIG_ALLCONFIG="$objects/.options" allnoconfig \
		>"$build/log/check-$name.log" 2>&1 || {
		echo "$name: no configuration, see $build/log/check-$name.log"
		return 1
	}
	for option; do
		if [[ $option == *=n ]]; then
			! grep -q "^CONFIG_${option%=n}=" "$objects/.config" && continue
		else
			! grep -qxF "CONFIG_$option" "$objects/.config" || continue
		fi
		echo "$name: CONFIG_$option is not in the configuration"
		return 1
	done
}

compile() {
	local name=$1 folder folders=()
	shift
	for folder in "${our_folders[@]}"; do
		folders+=("$folder/")
		# What is there is not compiled again, and a compiler that does
		# not run warns of nothing. Its cache repeats the warnings.
		[[ ! -d $objects/$folder ]] ||
			find "$objects/$folder" -name '*.o' -delete
	done
	arch_make "$objects_arch" "$@" "${folders[@]}" \
		>"$build/log/check-$name.log" 2>&1
}

# The rest of the kernel is not built: what it exports is taken from its source,
# and what macros export there by their names.
modpost() {
	local order=$objects/our.order
	(
		cd "$objects" || exit
		cat "${our_folders[@]/%//modules.order}" >"$order"
		mapfile -t modules <"$order"
		[[ ${#modules[@]} -gt 0 ]] || { echo "no module was built"; exit 1; }
		{
			cat "${modules[@]/%.o/.mod}" | sed -n 's/\.o$/.c/p'
			(
				cd "$woven_tree" || exit
				grep -rE '^[[:space:]]*EXPORT_(PER_CPU_)?SYMBOL(_NS)?(_GPL)?\(' \
					--exclude-dir={.ans2-weave,tools,samples,Documentation} \
					--include='*.[cS]' -- *
			) | sed -nE 's|^([^:]*):[[:space:]]*[A-Z_]*\((\w+).*|\1 \2|p'
			"${cross}nm" -u "${modules[@]}" |
				sed -nE 's/.* U ((_dev|param_(ops|get|set))_[a-z]+)$/macro \1/p'
		} | awk '
			NF == 1 { ours[$1]; next }
			!($1 in ours) && !seen[$2]++ {
				print "0x00000000\t" $2 "\tvmlinux\tEXPORT_SYMBOL_GPL\t"
			}' >kernel.symvers
		scripts/mod/modpost -M -i kernel.symvers -o our.symvers -T "$order" 2>&1
	)
}

# pci.c counts as ours: it includes our files and has our hooks. So does the
# RTKit library, which has our fixes.
complaints() {
	local pattern
	pattern=$(our_files | sed 's/\./\\./g' | paste -sd '|')
	pattern+='|drivers/nvme/host/pci\.c|drivers/soc/apple/rtkit[a-z-]*\.[ch]'
	grep -E "(^|/)($pattern):[0-9]+" \
		"$build/log/check-$1.log" | sort -u || :
}
