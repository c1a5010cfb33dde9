#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Usage: install.sh [--undo] [ROOT]    the parts for initramfs-tools, dracut and
#                                      mkinitcpio, for each of them that is there
#
# A file of somebody else in the place of one of ours stays as it is.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
undo=
if [ "${1-}" = --undo ]; then
	undo=1
	shift
fi
root=${1-}
found=
rc=0

# put FOLDER FILE TARGET MODE
put() {
	# all of ours have the name in them
	if [ -e "$root$3/$2" ] && ! grep -q apple-ans2 "$root$3/$2"; then
		[ -n "$undo" ] || {
			echo "install: $root$3/$2 is somebody else's and stays" >&2
			rc=1
		}
	elif [ -n "$undo" ]; then
		rm -f "$root$3/$2"
	else
		install -D -m "$4" "$here/$1/$2" "$root$3/$2"
		echo "$root$3/$2"
	fi
}

# wanted FOLDER: it is there, or what was put for it may be
wanted() { [ -n "$undo" ] || [ -d "$root$1" ]; }

if wanted /usr/share/initramfs-tools; then
	found=1
	put initramfs-tools hooks/apple-ans2 /etc/initramfs-tools 755
	if [ -n "$undo" ] || [ -e "$root/usr/share/initramfs-tools/scripts/init-top/asahi" ]; then
		put initramfs-tools scripts/init-top/asahi /etc/initramfs-tools 755
	fi
fi
if wanted /usr/lib/dracut/modules.d; then
	found=1
	put dracut 98apple-ans2/module-setup.sh /usr/lib/dracut/modules.d 755
	put dracut 98apple-ans2/load.sh /usr/lib/dracut/modules.d 755
	[ -z "$undo" ] || rmdir "$root/usr/lib/dracut/modules.d/98apple-ans2" 2>/dev/null || :
fi
if wanted /usr/lib/initcpio; then
	found=1
	put mkinitcpio install/apple-ans2 /etc/initcpio 644
	put mkinitcpio hooks/apple-ans2 /etc/initcpio 644
	conf=$root/etc/mkinitcpio.conf
	if [ -z "$undo" ]; then
		echo "put apple-ans2 before asahi in HOOKS of $conf"
	elif grep -qs '^HOOKS=.*apple-ans2' "$conf"; then
		echo "take apple-ans2 out of HOOKS of $conf"
	fi
fi
if [ -z "$found" ]; then
	echo "install: none of initramfs-tools, dracut and mkinitcpio is in ${root:-/}" >&2
	exit 1
fi
put . vendorfw.sh /usr/share/apple-ans2 644
[ -z "$undo" ] || rmdir "$root/usr/share/apple-ans2" 2>/dev/null || :
exit $rc
