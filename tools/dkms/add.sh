#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: add.sh [FOLDER]    puts what DKMS needs of this repository in a folder of
#                           FOLDER (/usr/src) and prints the command for DKMS
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-/usr/src}
files=(drivers include Documentation/nvme Documentation/driver-api tools/cocci
	tools/modules tools/scripts/{lib,modules}.sh)

die() { echo "add: $*" >&2; exit 1; }

version=$(git -C "$top" log -1 --format=%cd.%h --date=format:%Y%m%d 2>/dev/null) ||
	version=$(date +%Y%m%d)
[[ -d $folder ]] || die "$folder is not a folder"
[[ -w $folder ]] || die "$folder cannot be written: this is for root"
target=$(realpath "$folder")/apple-ans2-$version

# DKMS never sees half of it.
new=$target.new
trap 'rm -rf --one-file-system "$new"' EXIT
copy() {
	rm -rf --one-file-system "$new"
	mkdir "$new"
	(cd "$top" && cp -r --parents "${files[@]}" "$new") &&
		sed "s/@VERSION@/$version/" "$top/tools/dkms/dkms.conf" >"$new/dkms.conf"
}
says=$(copy 2>&1) ||
	die "nothing was put in $folder: ${says%%$'\n'*}"
rm -rf --one-file-system "$target"
mv "$new" "$target"
echo "dkms install apple-ans2/$version"
