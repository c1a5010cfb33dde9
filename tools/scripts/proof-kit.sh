#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: proof-kit.sh    makes $O/proof-kit/ans2-proof-kit.tar.xz, which the owner
#                        of a Mac unpacks and runs there; see
#                        Documentation/nvme/apple-ans2-proof-kit.rst
#
# Needs a compiler and no kernel. The same sources make the same archive.
. "$(dirname "$0")/lib.sh"

source=$top/tools/proof-kit
page=$top/Documentation/nvme/apple-ans2-proof-kit.rst
folder=$build/proof-kit
kit=$folder/ans2-proof-kit
archive=$kit.tar.xz
cc=aarch64-linux-gnu-gcc
[[ $(uname -m) != aarch64 ]] || cc=gcc
flags=(-std=gnu11 -D_GNU_SOURCE -Os -Wall -Wextra -Werror -static -s)

make_kit() {
	local name more
	rm -rf --one-file-system "${kit:?}" "$archive"
	mkdir -p "$kit"
	for name in kernel-log mappings nvme-info read-drive scratch; do
		more=()
		[[ $name != scratch ]] || more=("$source/place.c")
		"$cc" "${flags[@]}" -o "$kit/$name" "$source/$name.c" "${more[@]}"
	done
	install -m 755 "$source/ans2-proof.sh" "$kit/"
	install -m 644 "$page" "$kit/README"
	install -m 644 "$top/COPYING" "$kit/"
	echo "$inputs" >"$kit/VERSION"
	tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner \
		--mtime='2020-01-01 UTC' -cJf "$archive.new" "${kit##*/}"
	mv "$archive.new" "$archive"
}

lock proof-kit
mapfile -t files < <(find "$source" -type f ! -name '.*.swp' | sort)
inputs=$(cd "$top" && fingerprint "${files[@]#"$top/"}" "${page#"$top/"}" \
	tools/scripts/proof-kit.sh)
if [[ ! -f $archive || $(cat "$kit/VERSION" 2>/dev/null) != "$inputs" ]]; then
	command -v "$cc" >/dev/null || "$top/tools/scripts/setup.sh"
	step proof-kit "building the proof kit" make_kit
fi
say "$archive, $(du -k "$archive" | cut -f 1) KB"
