#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows that weaving leaves nvme-pci's request path as it is: each function that
# a request of another drive passes through has the same instructions in the
# woven pci.c and in the one before, and so have those of the file that it calls.
#
#   hot-path.sh [OBJ [KDIR]]
#
# OBJ is the O= folder in which drivers/nvme/host/pci.o of a woven tree was
# built with CONFIG_NVME_ANS2; KDIR is that tree, if OBJ does not tell. Without
# OBJ the guest kernels that $kernels names are looked at, by default all that are
# built. The pci.c of before is compiled by the same command.
#
# Only addresses may differ, the padding after a function and, in one that is
# called, that before a loop, which follows from the address.

set -euo pipefail

# Whichever of them the compiler kept; nvme_queue_rqs and so on.
functions='nvme_queue_rq nvme_queue_rqs nvme_irq nvme_irq_check nvme_poll
nvme_pci_complete_rq nvme_pci_complete_batch'
# Without these the check has missed something.
required='nvme_queue_rq nvme_queue_rqs nvme_irq nvme_poll nvme_pci_complete_rq'

die() { printf 'hot-path: %s\n' "$*" >&2; exit 1; }

obj=${1:-} kdir=${2:-}
dir=drivers/nvme/host
if [[ -z $obj ]]; then
	rc=4
	me=$(realpath "$0")
	cd "${build:-$(dirname "$me")/../../../build}/kernel"
	for obj in ${kernels:-*-ans2-16k *-ans2-4k}; do
		# a glob that fits nothing
		[[ $obj != \** ]] || continue
		[[ $rc -ne 4 ]] || rc=0
		echo "# $obj"
		"$me" "$PWD/$obj" || rc=1
	done
	[[ $rc -ne 4 ]] || echo "no kernel with DRIVER=ans2 is built yet"
	exit $rc
fi
[[ -f $obj/$dir/.pci.o.cmd ]] ||
	die "$obj has no $dir/pci.o: build it first"
obj=$(cd "$obj" && pwd)
[[ -n $kdir ]] || kdir=$(readlink -f "$obj/source" 2>/dev/null) || :
[[ -d $kdir/.ans2-weave/orig/$dir ]] ||
	die "${kdir:-the tree of $obj} is not woven, give the woven tree"
grep -q '^CONFIG_NVME_ANS2=y' "$obj/.config" ||
	die "$obj is built without CONFIG_NVME_ANS2"
[[ $obj/$dir/pci.o -nt $kdir/$dir/pci.c ]] || die "$obj/$dir/pci.o is older than its source"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# The same command on the file before, with the headers of before beside it: a
# rule may have changed one of them, and with it both objects alike.
cp "$kdir/$dir"/*.h "$tmp/"
cp "$kdir/.ans2-weave/orig/$dir"/*.[ch] "$tmp/"
command=$(sed -n '1s/^savedcmd_[^:]* := //p' "$obj/$dir/.pci.o.cmd")
command=$(sed -E 's/ ; .*//; s/[[:space:]]+$//' <<<"$command")
[[ -n $command ]] || die "$obj/$dir/.pci.o.cmd holds no command"
# shellcheck disable=SC2001
command=$(sed -E "s, -o [^ ]+ [^ ]*$dir/pci\.c\$, -o $tmp/pci.o $tmp/pci.c," <<<"$command")
command=$(sed -E "s,-Wp\,-MMD\,[^ ]+,-Wp\,-MMD\,$tmp/pci.d," <<<"$command")
[[ $command == *"$tmp/pci.c" ]] || die "cannot find pci.c in the command of $obj"
before=${command//"-I$kdir/$dir"/"-I$tmp"}
(cd "$obj" && bash -c "$before -I$tmp") || die "the pci.c before does not compile"
# For the functions that those above call: data by its name, because distances
# from a place in the file's data are addresses, too.
for side in before after; do
	mkdir "$tmp/$side.named"
done
(
	cd "$obj"
	named="-fno-section-anchors -Wp,-MMD,$tmp/pci.d -o"
	bash -c "$before -I$tmp $named $tmp/before.named/pci.o"
	bash -c "${command% *} $kdir/$dir/pci.c $named $tmp/after.named/pci.o"
) || die "pci.c does not compile without section anchors"

objdump=
for o in "$(grep -oE '[^ ]*-(gcc|clang)[-0-9]*' <<<"$command" | head -n 1 | sed -E 's/-(gcc|clang)[-0-9]*$/-objdump/')" objdump; do
	[[ -n $o ]] && command -v "$o" >/dev/null && objdump=$o && break
done
[[ -n $objdump ]] || die "objdump is not here: install binutils for the target"

# body OBJECT FUNCTION: its instructions and relocations. Branch targets become
# distances from the function's start; targets of relocations stay names, and
# those that are sections plus an offset become the section, because what moved
# in the file moved there as well. Trailing padding goes.
body() {
	"$objdump" -dr --no-show-raw-insn "$1" | awk -v f="$2" '
		$2 == "<" f ">:" { on = 1; next }
		/^$/ { on = 0 }
		on' |
	sed -E -e 's/^ *[0-9a-f]+:\t?//' \
		-e 's/[0-9a-f]+ <([^>]*)>/<\1>/g' \
		-e 's/^[[:space:]]*[0-9a-f]+: (R_[A-Z0-9_]+)/\1/' \
		-e 's/(R_[A-Z0-9_]+[[:space:]]+\.[A-Za-z0-9_.]+)\+0x[0-9a-f]+/\1/' \
		-e 's/[[:space:]]*\/\/.*$//' -e 's/[[:space:]]+$//' |
	awk '{ l[NR] = $0; if ($0 !~ /^(nop|udf.*|\.\.\.)$/) last = NR }
		END { for (i = 1; i <= last; i++) print l[i] }'
}

# calls FILE: what a body goes on to
calls() {
	sed -nE -e 's/^R_[A-Z0-9_]*(CALL|JUMP)26[[:space:]]+([^+]+)$/\2/p' \
		-e 's/^bl?[[:space:]]+<([^+>]+)>$/\1/p' "$1" | sort -u
}

# without_padding FUNCTION: its body on stdin, without nop and with branch targets
# counted in instructions
without_padding() {
	awk -v f="$1" '
		function hex(s,  n, i) {
			for (i = 1; i <= length(s); i++)
				n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
			return n
		}
		{ l[NR] = $0 }
		!/^R_/ { at[size] = n + 0; size += 4; if ($0 != "nop") n++ }
		END {
			for (i = 1; i <= NR; i++) {
				if (l[i] == "nop")
					continue
				if (match(l[i], "<" f "[+]0x[0-9a-f]+>")) {
					head = substr(l[i], 1, RSTART + length(f))
					off = substr(l[i], RSTART + length(f) + 4,
						     RLENGTH - length(f) - 5)
					l[i] = head "+" at[hex(off)] " instructions>"
				}
				print l[i]
			}
		}'
}

failed=0 checked=''
# shellcheck disable=SC2086
set -- $functions
while [[ $# -gt 0 ]]; do
	f=$1
	shift
	[[ " $checked " != *" $f "* ]] || continue
	if [[ " ${functions//$'\n'/ } " == *" $f "* ]]; then
		body "$tmp/pci.o" "$f" >"$tmp/before"
		body "$obj/$dir/pci.o" "$f" >"$tmp/after"
	else
		for side in before after; do
			body "$tmp/$side.named/pci.o" "$f" |
				without_padding "$f" >"$tmp/$side"
		done
	fi
	if [[ ! -s $tmp/before && ! -s $tmp/after ]]; then
		[[ " ${required//$'\n'/ } " != *" $f "* ]] || {
			echo "not ok $f: not found in either object"
			failed=1
		}
		continue
	fi
	checked+=" $f"
	# those of this file that it calls; others have no body here
	mapfile -t next < <(calls "$tmp/after")
	set -- "$@" "${next[@]}"
	if diff -u0 "$tmp/before" "$tmp/after" >"$tmp/diff"; then
		echo "ok $f: $(grep -c -v '^R_' "$tmp/after") instructions"
	else
		echo "not ok $f: differs"
		sed -n '3,20s/^/  /p' "$tmp/diff"
		failed=1
	fi
done
[[ -n $checked ]] || die "none of the functions is in $obj"
exit $failed
