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

# 61279344 blocks: what a 256 GB M1 drive reports
readonly bytes=251000193024 block=4096
readonly mib=$((1024 * 1024 / block))

# name            MiB   type GUID                             content
# A size of 0 takes what is left.  The first partition begins at block 6, right
# behind the partition table, as Apple's tools lay it out.
partitions='
iBootSystemContainer  500 69646961-6700-11AA-AA11-00306543ECAC -
macOS                   0 7C3457EF-0000-11AA-AA11-00306543ECAC -
asahi                2384 7C3457EF-0000-11AA-AA11-00306543ECAC -
efi                   500 C12A7328-F81F-11D2-BA4B-00A0C93EC93B vfat
linux                8192 0FC63DAF-8483-4772-8E79-3D69D8477DE4 ext4
RecoveryOSContainer  5120 52637672-7900-11AA-AA11-00306543ECAC -
'

suites='trixie|trixie-security'
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

# stamped FILE TEXT: whether FILE is there and was made from TEXT
stamped() { [[ -e $1 && $(cat "$1.stamp" 2>/dev/null) == "$2" ]]; }

# publish FILE TEXT: FILE.new takes FILE's place and is stamped
publish() {
	rm -f "$1.stamp"
	mv -f "$1.new" "$1"
	echo "$2" >"$1.stamp.new"
	mv -f "$1.stamp.new" "$1.stamp"
}

# extract PACKAGE...: with the sources from stdin, and the host's way of getting
# packages (proxies and the like), which mmdebstrap does not look at by itself
extract() {
	local include
	include=$(IFS=,; echo "$*")
	apt-config dump | grep '^Acquire::' >"$folder/apt.conf"
	fakeroot mmdebstrap --variant=extract --mode=chrootless \
		--architectures=arm64 --include="$include" --format=tar \
		--aptopt="$folder/apt.conf" \
		--aptopt='APT::Default-Release "trixie"' \
		--aptopt='Acquire::Retries "2"' \
		--aptopt='Acquire::http::Timeout "20"' \
		trixie "$userland.new" -
}

make_userland() {
	local lines unstable sources=$build/apt/sources.list
	[[ -e $sources ]] || { echo "$sources is missing: run make setup"; return 1; }
	lines=$(grep -E "^deb .* ($suites) main" "$sources")
	unstable=$(sed -n 's/ trixie main/ sid main/p' <<<"$lines")
	printf '%s\n' "$lines" "$unstable" | extract "${packages[@]}" "${newer[@]/%//sid}" || {
		echo "unstable's ${newer[*]} do not fit; taking those of Debian 13"
		extract "${packages[@]}" <<<"$lines"
	}
}

make_guest() {
	local flags=(-std=gnu11 -O2 -Wall -Wextra -Werror -static) cc=gcc
	[[ $(dpkg --print-architecture) == arm64 ]] || cc=aarch64-linux-gnu-gcc
	mkdir -p "$folder/guest"
	"$cc" "${flags[@]}" -o "$folder/guest/init" "$guest/init.c"
	"$cc" "${flags[@]}" -o "$folder/guest/agent" "$guest"/{agent,frame}.c
}

# layout: the partitions' "name start size type content", in blocks
layout() {
	local entries=4 start=6 last rest name size type content
	last=$((bytes / block - 1 - entries - 1))
	rest=$(((last + 1) / mib * mib - mib))
	while read -r name size type content; do
		[[ -z $name ]] || rest=$((rest - size * mib))
	done <<<"$partitions"
	while read -r name size type content; do
		[[ -n $name ]] || continue
		size=$((size * mib))
		[[ $size -gt 0 ]] || size=$rest
		echo "$name $start $size $type $content"
		start=$(((start + size + mib - 1) / mib * mib))
	done <<<"$partitions"
}

# sfdisk cannot be told the block size of a file before util-linux 2.41; fdisk
# can, and reads the same description.
write_table() {
	local script=$folder/layout.new
	{
		echo "label: gpt"
		echo "label-id: 6F2A7B1E-54C3-4D0B-9C77-2E1F3A5D8B40"
		echo "first-lba: 6"
		layout | while read -r name start size type _; do
			echo "start=$start, size=$size, type=$type, name=\"$name\""
		done
	} >"$script"
	printf 'I\n%s\nw\n' "$script" | fdisk -b $block "$1"
	rm "$script"
	fdisk -b $block -l "$1" | tee "$folder/partitions"
	[[ $(grep -c "^$1" "$folder/partitions") -eq $(layout | wc -l) ]]
}

# partition CONTENT: "start size" of the one with that content
partition() { layout | awk -v c="$1" '$5 == c {print $2, $3}'; }

write_esp() {
	local start size
	read -r start size < <(partition vfat)
	mkfs.vfat -F 32 -S $block -s 1 -n EFI --invariant \
		--offset="$start" "$1" $((size * block / 1024))
	MTOOLS_SKIP_CHECK=1 mmd -i "$1@@$((start * block))" \
		::/EFI ::/EFI/BOOT ::/m1n1
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

# Inside fakeroot: the root file system at its partition's place.  Features that
# depend on the host's version of mke2fs are set, so that the image does not.
write_root() {
	local start size root=$folder/tree
	read -r start size < <(partition ext4)
	rm -rf --one-file-system "${root:?}"
	make_tree "$root"
	check_libraries "$root"
	mke2fs -q -F -t ext4 -b $block -N 65536 -J size=64 -L linux \
		-U 3f1d6a52-7c0e-4b8e-9a55-c1f0a7d20e11 \
		-O ^metadata_csum_seed,^orphan_file \
		-E "offset=$((start * block)),lazy_itable_init=0,lazy_journal_init=0,hash_seed=3f1d6a52-7c0e-4b8e-9a55-c1f0a7d20e12" \
		-d "$root" "$1" $((size * block / 1024))k
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

from="$suites ${packages[*]} ${newer[*]}"
if ! stamped "$userland" "$from"; then
	need_space 1000 "the image"
	step userland "fetching Debian 13 for arm64 (${packages[*]})" make_userland
	publish "$userland" "$from"
fi

from=$(cat "$userland.stamp" "$0" "$guest"/*.[ch] | sha256sum)
if [[ ! -e $folder/ram.cpio ]] || ! stamped "$ssd" "$from"; then
	need_space 1000 "the image"
	step guest "compiling the guest's init and agent" make_guest
	step image "making the SSD image" make_ssd
	publish "$ssd" "$from"
fi
say "$ssd, $(du -m "$ssd" | cut -f 1) MB of $((bytes / 1000000000)) GB in use"
