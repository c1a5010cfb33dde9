#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: add.sh [FOLDER]    puts what DKMS needs of this repository in a folder of
#                           FOLDER (/usr/src) and prints the command for DKMS
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-/usr/src}
files=(drivers include Documentation/nvme Documentation/driver-api tools/cocci
	tools/modules tools/scripts/{lib,modules}.sh)
version=$(git -C "$top" log -1 --format=%cd.%h --date=format:%Y%m%d 2>/dev/null) ||
	version=$(date +%Y%m%d)
target=$folder/apple-ans2-$version
[[ -w $folder ]] || { echo "add: $folder cannot be written: this is for root" >&2; exit 1; }
rm -rf --one-file-system "$target"
mkdir "$target"
(cd "$top" && cp -r --parents "${files[@]}" "$target")
sed "s/@VERSION@/$version/" "$top/tools/dkms/dkms.conf" >"$target/dkms.conf"
echo "dkms install apple-ans2/$version"
