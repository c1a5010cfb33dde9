# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
# Sourced by every host script: the variables of the Makefile, checked once, and
# the one way to run a long step.  After it:
#
#   top, build         the repository and the build folder, absolute
#   kernel_name        <KERNEL>-<DRIVER>-<PAGES>[-debug]
#   KERNEL DRIVER PAGES DEBUG O    as given, or their defaults
#
#   say TEXT           a line for the user, on stderr (stdout belongs to results)
#   die TEXT           the same, and exit 1
#   step NAME TEXT CMD runs CMD with its output in $build/log/NAME.log
#   lock NAME          waits until no other run works on NAME in this folder

set -euo pipefail

me=$(basename "$0" .sh)
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say() { printf '%s: %s\n' "$me" "$*" >&2; }
die() { say "$*"; exit 1; }

: "${KERNEL:=6.12}" "${DRIVER:=ans2}" "${PAGES:=16k}" "${DEBUG:=}" "${O:=build}"
[[ $DEBUG != 0 ]] || DEBUG=

# one_of NAME VALUE ACCEPTED...
one_of() {
	local name=$1 value=$2 ok
	shift 2
	for ok; do
		[[ $value != "$ok" ]] || return 0
	done
	die "$name='$value' is not accepted; $name is one of: $*"
}

one_of KERNEL "$KERNEL" 6.12 7.2
one_of DRIVER "$DRIVER" ans2 upstream
one_of PAGES "$PAGES" 16k 4k
[[ -z $DEBUG ]] || one_of DEBUG "$DEBUG" 1 0
# The build systems of Linux and QEMU refuse blanks and colons, and a QEMU
# -drive option ends at a comma.
[[ $O =~ ^[A-Za-z0-9_./+@~-]+$ ]] ||
	die "O='$O' is not accepted; O is a folder name of letters, digits, . _ / + @ ~ -"
build=$(realpath -m -- "$O")
[[ $build =~ ^[A-Za-z0-9_./+@~-]+$ ]] ||
	die "'$build' is not accepted as build folder: blanks and signs other than . _ / + @ ~ - break the builds; give another with O="
kernel_name=$KERNEL-$DRIVER-$PAGES${DEBUG:+-debug}
export KERNEL DRIVER PAGES DEBUG O
