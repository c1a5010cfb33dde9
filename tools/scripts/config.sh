# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh: the configuration of a kernel for the emulated machines,
# out of the fragments of tools/testing/config.
#
#   fragments                what $PAGES, $MODULES, $DISTRO and $DEBUG stand for,
#                            as an array of files; later ones win
#   kmake SRC OUT ARG...     make for arm64, with the compiler's cache
#   configure_guest SRC OUT  OUT/.config out of the fragments; fails where an
#                            option did not come out as asked for. What this
#                            kernel has no more is named in the file gone.

config=$top/tools/testing/config
more=${MODULES:-$DISTRO}
fragments=("$config"/{base,drivers${more:+-modules},$PAGES}.config)
[[ -z $DISTRO ]] || fragments+=("$config/distro.config")
[[ -z $DEBUG ]] || fragments+=("$config/locks.config")
[[ $DEBUG != 1 ]] || fragments+=("$config/debug.config")

export ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-
kmake() {
	local src=$1 out=$2
	shift 2
	make -C "$src" O="$out" CC="ccache ${CROSS_COMPILE}gcc" \
		HOSTCC="ccache gcc" "$@"
}

# gone_options: those that Linux $KERNEL has no more
gone_options() {
	local option first rest
	while IFS=' |' read -r option first rest; do
		[[ $option == CONFIG_* ]] || continue
		! printf '%s\n' "$first" "$KERNEL" | sort -VC || echo "$option"
	done <"$config/gone"
}

# still_there SRC: which of them the source knows all the same
still_there() {
	local src=$1 option
	for option in $(gone_options); do
		! grep -rqsE "^[[:blank:]]*(menu)?config ${option#CONFIG_}$" \
			--include='Kconfig*' "$src" || echo "$option"
	done
}

# asked_options FRAGMENT...: the lines of the fragments but those of options that
# are gone
asked_options() {
	grep -h '^CONFIG_' "$@" |
		grep -vE "^($(gone_options | paste -sd '|'))=" || [[ $? -eq 1 ]]
}

# missing_options CONFIG FRAGMENT...: what was asked for and did not come out
missing_options() {
	local result=$1 line name
	shift
	while read -r line; do
		name=${line%%=*}
		case $line in
		*=n) ! grep -q "^$name=" "$result" || echo "$line" ;;
		*) grep -qxF "$line" "$result" || echo "$line" ;;
		esac
	done < <(asked_options "$@")
}

configure_guest() {
	local src=$1 out=$2 missing there
	mkdir -p "$out"
	cd "$out" || return
	# -m: only put the files together, later ones win
	"$src/scripts/kconfig/merge_config.sh" -m -Q -O "$out" "${fragments[@]}"
	asked_options .config >asked
	there=$(still_there "$src")
	[[ -z $there ]] || {
		echo "Linux $KERNEL still has what $config/gone says is gone: ${there//$'\n'/ }"
		return 1
	}
	# in the source tree, because the script calls make there
	cd "$src" || return
	KCONFIG_ALLCONFIG=$out/asked kmake "$src" "$out" -s allnoconfig
	missing=$(missing_options "$out/.config" "$out/asked")
	[[ -z $missing ]] || {
		echo "Linux $KERNEL did not take these options: ${missing//$'\n'/ }"
		return 1
	}
}
