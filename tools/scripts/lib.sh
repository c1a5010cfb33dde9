# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# Sourced by every host script: the variables of the Makefile, checked once, and
# the one way to run a long step.  After it:
#
#   top, build         the repository and the build folder, absolute
#   newest             the kernel that KERNEL=newest is; $NEWEST gives another
#   kernels, kernel_is what tools/cocci/kernels says, see kernels.sh there
#   kernel_name        <KERNEL>-<PAGES>[-modules|-distro][-debug|-locks]
#   debug_name         what $DEBUG adds to a name
#   KERNEL DRIVER PAGES MACHINE MODULES DISTRO DEBUG O    as given, or their
#                      defaults
#   machines           the emulated Macs, a line each
#   devicetree NAME    the name of the devicetree of one of them
#
#   say TEXT           a line for the user, on stderr (stdout belongs to results)
#   die TEXT           the same, and exit 1
#   step NAME TEXT CMD runs CMD with its output in $build/log/NAME.log
#   lock NAME [-s]     waits until no other run works on NAME in this folder; -s
#                      shares it with others that do the same
#   need_space MB TEXT refuses to start what would fill the disk
#   fingerprint FILE.. one word that changes when a file's name or content does
#   unknown TEXT       says that T names nothing of that kind, with those that there
#                      are from stdin, and exits 1
#   result             the closing line of a layer of tests, from $passed, $failed
#                      and $skipped; false unless all is well
#
# The compiler's cache of all builds lies in the build folder.

set -euo pipefail

me=$(basename "$0" .sh)
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$*"; exit 1; }

. "$top/tools/cocci/kernels.sh"
newest=${NEWEST:-$(kernels newest)}
: "${KERNEL:=$(kernels default)}" "${DRIVER:=ans2}" "${PAGES:=16k}" "${DEBUG:=}" "${O:=build}"
: "${MODULES:=}" "${DISTRO:=}" "${MACHINE:=j274}"
[[ $DEBUG != 0 ]] || DEBUG=
[[ $MODULES != 0 ]] || MODULES=
[[ $DISTRO != 0 ]] || DISTRO=

# one_of NAME VALUE ACCEPTED...
one_of() {
	local name=$1 value=$2 ok
	shift 2
	for ok; do
		[[ $value != "$ok" ]] || return 0
	done
	die "$name='$value' is not accepted; $name is one of: $*"
}

machine_rows() { awk -F ' *[|] *' "$@" "$top/tools/testing/config/machines"; }
machines() { machine_rows '!/^#/ { print $1 }'; }
devicetree() { machine_rows -v name="$1" '!/^#/ && $1 == name { print $2 }'; }

unknown() {
	say "T='$T' names no $1; T is one of"
	sed 's/^[^ ]*[^:]$/  &/' >&2
	exit 1
}

[[ $KERNEL != newest ]] || KERNEL=$newest
# shellcheck disable=SC2046
one_of KERNEL "$KERNEL" $(kernel_choice) newest $(kernels tree)
one_of DRIVER "$DRIVER" ans2 upstream
one_of PAGES "$PAGES" 16k 4k
# shellcheck disable=SC2046
one_of MACHINE "$MACHINE" $(machines)
[[ -z $DISTRO || $MACHINE == j274 ]] ||
	die "MACHINE=$MACHINE and DISTRO=$DISTRO do not go together: Debian is laid out for MACHINE=j274"
[[ -z $DEBUG ]] || one_of DEBUG "$DEBUG" 1 0 locks
[[ -z $MODULES ]] || one_of MODULES "$MODULES" 1 0
[[ -z $DISTRO ]] || one_of DISTRO "$DISTRO" 1 kernel 0
# The build systems of Linux and QEMU refuse blanks and colons, and a QEMU
# -drive option ends at a comma.
[[ $O =~ ^[A-Za-z0-9_./+@~-]+$ && $O != '~'* ]] ||
	die "O='$O' is not accepted; O is a folder name of letters, digits, . _ / + @ ~ -, with no ~ in front"
build=$(realpath -m -- "$O")
# Folders in it are removed and made anew. Whatever builds takes a lock first, so
# one that has none is not ours, unless somebody has kept a part of ours.
if [[ -e $build && ! -d $build/stamp ]]; then
	foreign=$(find "$build" -mindepth 1 -maxdepth 1 ! -name apt ! -name ccache \
		! -name log ! -name src ! -name 'u-boot*' -printf '%f\n' -quit)
	[[ -d $build && -z $foreign ]] ||
		die "O='$O' is not accepted: it holds other things (${foreign:-it is a file}); O is a folder for builds alone"
fi
[[ $build =~ ^[A-Za-z0-9_./+@~-]+$ ]] ||
	die "'$build' is not accepted as build folder: blanks and signs other than . _ / + @ ~ - break the builds; give another with O="
case $DEBUG in
1) debug_name=-debug ;;
*) debug_name=${DEBUG:+-$DEBUG} ;;
esac
kernel_name=$KERNEL-$PAGES${MODULES:+-modules}${DISTRO:+-distro}$debug_name
export KERNEL DRIVER PAGES MACHINE MODULES DISTRO DEBUG O
export CCACHE_DIR=${CCACHE_DIR:-$build/ccache}
export CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=$build CCACHE_MAXSIZE=4G

# The last line a command wrote to its log, cut to fit a terminal.
last_line() { tail -c 400 "$1" 2>/dev/null | tr '\r' '\n' | grep . | tail -n 1 | cut -c 1-60; }

# progress LOG: shows how far a step is until its stdin ends
progress() {
	local begin=$SECONDS wait=30 rc
	[[ ! -t 2 ]] || wait=1
	while rc=0; read -rt $wait || rc=$?; [[ $rc -gt 128 ]]; do
		if [[ -t 2 ]]; then
			printf '\r\033[K  %4d s  %s' $((SECONDS - begin)) "$(last_line "$1")" >&2
		else
			printf '  %4d s  %s\n' $((SECONDS - begin)) "$(last_line "$1")" >&2
		fi
	done
}

# The ticker ends with its pipe and is never killed: a signal that meets bash
# right after a fork is handled as the parent would, with its trap on EXIT.
ticker=
start_progress() {
	exec {ticker_fd}> >(progress "$1")
	ticker=$!
}
stop_progress() {
	[[ -n $ticker ]] || return 0
	exec {ticker_fd}>&-
	wait "$ticker" 2>/dev/null || :
	ticker=
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
}
# a script that has something to clean up gives this another meaning
on_exit() { :; }
trap 'stop_progress; on_exit' EXIT

# The cause of a failed step where the log tells: a full disk, a mirror or a
# package that is not there.
cause() {
	local free pattern what
	free=$(df --output=avail -m "$build" 2>/dev/null | tail -n 1)
	if grep -q 'No space left on device' "$1" || [[ ${free:-1} -lt 1 ]]; then
		echo "the disk of $build is full"
		return
	fi
	for pattern in 'Failed to fetch .*' 'The repository .* does not have .*' \
		'The repository .* is not signed.*' 'Unable to locate package .*' \
		'Package .* has no installation candidate' 'neither root nor sudo.*' \
		'Unable to find a source package .*' 'sudo: .*'; do
		if what=$(grep -m1 -oE "$pattern" "$1"); then
			echo "${what:0:200}"
			return
		fi
	done
}

# Must not be called where bash ignores errors (if, &&, ||): CMD may be a
# function, and it relies on set -e.
step() {
	local log=$build/log/$1.log text=$2 start=$SECONDS rc why
	shift 2
	mkdir -p "${log%/*}" && : >"$log" || die "$text: cannot write $log"
	say "$text ..."
	start_progress "$log"
	set +e
	(exec {ticker_fd}>&-; set -e; "$@") >"$log" 2>&1 </dev/null
	rc=$?
	set -e
	stop_progress
	if [[ $rc -ne 0 ]]; then
		tail -n 12 "$log" | sed 's/^/  | /' >&2
		why=$(cause "$log") || :
		say "$text: failed${why:+: $why} (status $rc; all of it is in $log)"
		exit 1
	fi
	say "$text: done in $((SECONDS - start)) s"
}

lock() {
	mkdir -p "$build/stamp" || die "cannot make $build/stamp"
	exec {lock_fd}>"$build/stamp/$1.lock"
	take_lock "$@"
}

# take_lock NAME [-s]: the lock that is there already, in another way
take_lock() {
	flock -n ${2:+"$2"} "$lock_fd" || {
		say "waiting for another run that works on $1"
		flock ${2:+"$2"} "$lock_fd"
	}
}

need_space() {
	local free
	mkdir -p "$build" || die "cannot make $build"
	free=$(df --output=avail -m "$build" | tail -n 1)
	[[ $free -ge $1 ]] || die "$2 needs $1 MB in $build, and $((free)) MB are free"
}

fingerprint() { sha256sum -- "$@" | sha256sum | cut -c 1-16; }

result() {
	local more=
	[[ ${skipped:-0} -eq 0 ]] || more=", $skipped skipped"
	echo "${passed:?} passed, ${failed:?} failed$more"
	[[ $failed -eq 0 && $passed -gt 0 ]]
}
