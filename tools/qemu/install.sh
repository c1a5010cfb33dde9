#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Put the apple-j274 machine into a QEMU source tree.
#
#   install.sh QEMU_TREE
#
# Copies the files beside this script to the same paths in the tree, and adds
# one line each to hw/meson.build, hw/Kconfig, meson.build and
# tests/qtest/meson.build.  Running it again updates what has changed and
# touches nothing else, so that ninja rebuilds only what is needed.
#
# Everything is checked before the first write: a tree of another version, or
# one where an anchor line is missing or doubled, is refused by name and stays
# as it was.

set -euo pipefail

self=$(basename "$0")
here=$(cd "$(dirname "$0")" && pwd)

readonly want_version=10.0
readonly copied_dirs="hw/apple include/hw/apple"
readonly devices_mak=configs/devices/aarch64-softmmu/j274.mak
readonly tests_list=$here/tests/qtest/apple-tests.list

# file | anchor line, exactly as it stands in QEMU | line added after it
readonly edits="\
hw/meson.build|subdir('adc')|subdir('apple')
hw/Kconfig|source adc/Kconfig|source apple/Kconfig
meson.build|    'hw/alpha',|    'hw/apple',"

# The qtest line depends on the list of tests, so it is found by its key.
readonly qtest_file=tests/qtest/meson.build
# shellcheck disable=SC1003
readonly qtest_anchor='qtests_aarch64 = \'
readonly qtest_key="config_all_devices.has_key('CONFIG_APPLE_J274')"

die() {
	echo "$self: $*" >&2
	exit 1
}

# Write stdin to file $1, unless it holds that already.
update_file() {
	local new=$1.new.$$

	mkdir -p "$(dirname "$1")"
	cat > "$new"
	if cmp -s "$new" "$1"; then
		rm -f "$new"
	else
		mv -f "$new" "$1"
		echo "$self: updated $1"
	fi
}

count_line() {		# FILE LINE: how often LINE stands in FILE
	grep -Fxc -e "$2" "$1" || true
}

test_names() {
	sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$tests_list"
}

qtest_line() {
	local names

	names=$(test_names | sed "s/.*/'&'/" | paste -sd, | sed 's/,/, /g')
	echo "  ($qtest_key ? [$names] : []) + \\"
}

check_tree() {
	local version

	[[ -f $tree/VERSION && -f $tree/meson.build ]] ||
		die "$tree: not a QEMU source tree"
	version=$(cat "$tree/VERSION")
	case $version in
	"$want_version" | "$want_version".*) ;;
	*) die "$tree: QEMU $version, but the machine is written for $want_version" ;;
	esac
	[ -w "$tree" ] || die "$tree: not writable"
}

check_anchor() {	# FILE ANCHOR
	local n

	[ -f "$tree/$1" ] || die "$1: no such file in $tree"
	n=$(count_line "$tree/$1" "$2")
	[ "$n" = 1 ] || die "$1: line '$2' found $n times, expected once"
}

check_added() {		# FILE LINE
	local n

	n=$(count_line "$tree/$1" "$2")
	[ "$n" -le 1 ] || die "$1: line '$2' found $n times, expected at most once"
}

check_edits() {
	local file anchor line n

	while IFS='|' read -r file anchor line; do
		check_anchor "$file" "$anchor"
		check_added "$file" "$line"
	done <<< "$edits"

	check_anchor "$qtest_file" "$qtest_anchor"
	n=$(grep -Fc -e "$qtest_key" "$tree/$qtest_file" || true)
	[ "$n" -le 1 ] || die "$qtest_file: $qtest_key found $n times"
}

check_tests() {
	local name

	for name in $(test_names); do
		[ -f "$here/tests/qtest/$name.c" ] ||
			die "${tests_list#"$here"/}: $name.c does not exist"
	done
}

copy_dir() {		# DIR: mirror it, also what was removed here
	local dir=$1 file

	for file in "$here/$dir"/*; do
		update_file "$tree/$dir/${file##*/}" < "$file"
	done
	for file in "$tree/$dir"/*; do
		[ -e "$here/$dir/${file##*/}" ] || rm -f "$file"
	done
}

copy_tests() {
	local file name

	for file in "$here"/tests/qtest/apple-*.[ch]; do
		[ -e "$file" ] || continue
		name=${file##*/}
		update_file "$tree/tests/qtest/$name" < "$file"
	done
}

add_after() {		# FILE ANCHOR LINE
	[ "$(count_line "$tree/$1" "$3")" = 1 ] && return
	ANCHOR=$2 LINE=$3 awk '
		{ print }
		$0 == ENVIRON["ANCHOR"] { print ENVIRON["LINE"] }' \
		"$tree/$1" | update_file "$tree/$1"
}

add_tests() {
	grep -Fv -e "$qtest_key" "$tree/$qtest_file" |
	ANCHOR=$qtest_anchor LINE=$(qtest_line) awk '
		{ print }
		$0 == ENVIRON["ANCHOR"] { print ENVIRON["LINE"] }' |
	update_file "$tree/$qtest_file"
}

[ $# = 1 ] || die "usage: $self QEMU_TREE"
tree=$(cd "$1" 2>/dev/null && pwd) || die "$1: no such directory"

check_tree
check_edits
check_tests

for dir in $copied_dirs; do
	copy_dir "$dir"
done
update_file "$tree/$devices_mak" < "$here/$devices_mak"
copy_tests
while IFS='|' read -r file anchor line; do
	add_after "$file" "$anchor" "$line"
done <<< "$edits"
add_tests
