#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Usage: image.sh    makes the SSD of the emulated Mac, $O/image/ssd.img, and
#                    $O/image/ram.cpio, an initramfs with busybox and the agent
#                    for work that cannot be done with the root on the SSD
#
# The SSD is a sparse raw image of a 256 GB drive with 4096-byte blocks.  Its
# partitions are those of a Mac on which Linux was installed beside macOS; only
# the EFI system partition and the Linux root have content.  The root file
# system holds Debian 13 packages for arm64, laid out without running any of
# their scripts, and the project's own init and agent (tools/testing/guest).
# Nothing here needs root rights or mounts anything: fakeroot makes the files
# root's.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/ssd.sh"

packages=(
	busybox-static coreutils dash dosfstools e2fsprogs fio kmod mount
	nvme-cli pciutils util-linux
)
# In Debian 13 these do not know the transport apple-nvme: "nvme list" stays
# empty where upstream's driver runs.  Those of unstable run on Debian 13.
newer=(nvme-cli libnvme1t64)
# what must find all of its libraries in the image
tools=(
	blkdiscard dd findmnt fio fsck.ext4 fsck.vfat fstrim hexdump lsblk lspci
	mkfs.ext4 mkfs.vfat modprobe mount nvme sh sha256sum umount
)
# given by busybox where no package has them
applets=(
	awk bc clear cmp cpio devmem diff find free grep gunzip gzip halt hexdump
	ip killall less pgrep ping pkill poweroff ps reboot reset sed setsid tar
	time top uptime usleep vi watch which xargs xxd zcat
)
# and in the initramfs, where there are no packages
ram_applets=(
	cat chroot cp cut dd df dmesg echo head insmod kill ln ls lsmod mkdir
	mount mv rm rmdir rmmod sh sha256sum sleep sort sync tail test touch tr
	true umount wc
)

folder=$build/image
guest=$top/tools/testing/guest
userland=$folder/userland.tar
ssd=$folder/ssd.img

make_userland() {
	local lines unstable
	lines=$(trixie_sources)
	unstable=$(sed -n 's/ trixie main/ sid main/p' <<<"$lines")
	printf '%s\n' "$lines" "$unstable" |
		lay_out "$userland.new" "${packages[*]} ${newer[*]/%//sid}" || {
		echo "unstable's ${newer[*]} do not fit; taking those of Debian 13"
		lay_out "$userland.new" "${packages[*]}" <<<"$lines"
	}
}

make_guest() {
	local flags=(-std=gnu11 -O2 -Wall -Wextra -Werror -static) cc=gcc
	[[ $(dpkg --print-architecture) == arm64 ]] || cc=aarch64-linux-gnu-gcc
	mkdir -p "$folder/guest"
	"$cc" "${flags[@]}" -o "$folder/guest/init" "$guest/init.c"
	"$cc" "${flags[@]}" -o "$folder/guest/agent" "$guest"/{agent,frame}.c
}

# libraries FILE: what an ELF file needs, then where else it looks
libraries() {
	LC_ALL=C readelf -d "$1" 2>/dev/null |
		sed -nE 's/.*\((NEEDED|RUNPATH|RPATH)\).*\[(.*)\].*/\1 \2/p'
}

# Every library of every tool must be there: nobody else would notice before the
# guest does.
check_libraries() {
	local root=$1 queue=() seen=' ' file path lib dirs rc=0
	for lib in "${tools[@]}"; do
		file=$root/usr/bin/$lib
		[[ -e $file ]] || file=$root/usr/sbin/$lib
		[[ -e $file ]] || { echo "no package has $lib"; rc=1; continue; }
		queue+=("$file")
	done
	while [[ ${#queue[@]} -gt 0 ]]; do
		file=${queue[0]} queue=("${queue[@]:1}")
		dirs=$(libraries "$file" | sed -nE 's/^R(UN)?PATH //p' | tr ':' ' ')
		for lib in $(libraries "$file" | sed -n 's/^NEEDED //p'); do
			[[ $seen != *" $lib "* ]] || continue
			seen+="$lib "
			for path in $dirs /usr/lib/aarch64-linux-gnu /usr/lib; do
				[[ ! -e $root$path/$lib ]] || break
			done
			[[ -e $root$path/$lib ]] || { echo "${file#"$root"} needs $lib"; rc=1; continue; }
			queue+=("$root$path/$lib")
		done
	done
	echo "$(wc -w <<<"$seen") libraries found"
	return $rc
}

make_tree() {
	local root=$1 name
	mkdir "$root"
	tar -C "$root" -xf "$userland" --exclude='./etc/apt' \
		--exclude='./usr/share/doc' \
		--exclude='./usr/share/man' --exclude='./usr/share/locale'
	for name in bin lib sbin; do
		[[ -e $root/$name ]] || ln -s "usr/$name" "$root/$name"
	done
	mkdir -p "$root"/{boot,dev,mnt,newroot,proc,root,run,sys,tmp,etc}
	chmod 1777 "$root/tmp"
	install -m 755 "$folder"/guest/{init,agent} "$root/usr/sbin/"
	for name in "${applets[@]}"; do
		[[ -e $root/usr/bin/$name || -e $root/usr/sbin/$name ]] ||
			ln -s busybox "$root/usr/bin/$name"
	done
	echo mini >"$root/etc/hostname"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	echo 'PARTLABEL=linux / ext4 defaults 0 1' >"$root/etc/fstab"
	ln -sf /proc/self/mounts "$root/etc/mtab"
}

# Inside fakeroot
write_root() {
	local root=$folder/tree
	rm -rf --one-file-system "${root:?}"
	make_tree "$root"
	check_libraries "$root"
	make_ext4 "$1" "$root"
	write_ram "$root"
	rm -rf --one-file-system "${root:?}"
}

# Inside fakeroot: the initramfs, out of what is in the root file system.
write_ram() {
	local ram=$1.ram name
	rm -rf --one-file-system "${ram:?}"
	mkdir -p "$ram"/{bin,dev,etc,mnt,newroot,proc,root,run,sbin,sys,tmp}
	cp "$1/usr/bin/busybox" "$ram/bin/"
	for name in "${applets[@]}" "${ram_applets[@]}"; do
		ln -s busybox "$ram/bin/$name"
	done
	cp "$1/usr/sbin/init" "$ram/init"
	cp "$1/usr/sbin/agent" "$ram/sbin/"
	mknod "$ram/dev/console" c 5 1
	(cd "$ram" && find . -mindepth 1 | LC_ALL=C sort |
		cpio --quiet -o -H newc) >"$folder/ram.cpio.new"
	mv -f "$folder/ram.cpio.new" "$folder/ram.cpio"
	rm -rf --one-file-system "${ram:?}"
}

make_ssd() {
	rm -f "$ssd.new"
	truncate -s $bytes "$ssd.new"
	write_table "$ssd.new"
	write_esp "$ssd.new"
	fakeroot "$0" --write-root "$ssd.new"
}

if [[ ${1-} == --write-root ]]; then
	write_root "$2"
	exit
fi

lock image
mkdir -p "$folder"
for name in cpio fakeroot fdisk mke2fs mkfs.vfat mmd mmdebstrap readelf; do
	PATH=$PATH:/sbin:/usr/sbin command -v "$name" >/dev/null ||
		die "$name is not installed: run make setup"
done
PATH=$PATH:/sbin:/usr/sbin

from="trixie|trixie-security ${packages[*]} ${newer[*]}"
if ! stamped "$userland" "$from"; then
	need_space 1000 "the image"
	step userland "fetching Debian 13 for arm64 (${packages[*]})" make_userland
	publish "$userland" "$from"
fi

from=$(cat "$userland.stamp" "$0" "${0%/*}/ssd.sh" "$guest"/*.[ch] | sha256sum)
if [[ ! -e $folder/ram.cpio ]] || ! stamped "$ssd" "$from"; then
	need_space 1000 "the image"
	step guest "compiling the guest's init and agent" make_guest
	step image "making the SSD image" make_ssd
	publish "$ssd" "$from"
fi
say "$ssd, $(du -m "$ssd" | cut -f 1) MB of $((bytes / 1000000000)) GB in use"
