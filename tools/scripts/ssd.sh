# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Sourced after lib.sh: the SSD of the emulated Mac as a sparse raw image.
#
#   stamped FILE TEXT     whether FILE is there and was made from TEXT
#   publish FILE TEXT     FILE.new takes FILE's place and is stamped
#   trixie_sources        what apt reads about Debian 13
#   lay_out TAR PACKAGES [OPTION...]
#                         puts Debian 13 packages for arm64 into TAR, none of
#                         whose scripts are run; the sources come from stdin,
#                         the options are mmdebstrap's
#   layout                its partitions, one a line
#   write_table IMAGE     makes the partition table
#   write_esp IMAGE       makes the EFI system partition
#   make_ext4 IMAGE TREE  makes the root file system, with what is in TREE
#
# $root_uuid is that of the root file system. Listings are left in $folder.

# 61279344 blocks: what a 256 GB M1 drive reports
readonly bytes=251000193024 block=4096
readonly mib=$((1024 * 1024 / block))
readonly root_uuid=3f1d6a52-7c0e-4b8e-9a55-c1f0a7d20e11

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

stamped() { [[ -e $1 && $(cat "$1.stamp" 2>/dev/null) == "$2" ]]; }

publish() {
	rm -f "$1.stamp"
	mv -f "$1.new" "$1"
	echo "$2" >"$1.stamp.new"
	mv -f "$1.stamp.new" "$1.stamp"
}

trixie_sources() {
	local sources=$build/apt/sources.list
	[[ -e $sources ]] || { echo "$sources is missing: run make setup"; return 1; }
	grep -E '^deb .* (trixie|trixie-security) main' "$sources"
}

# With the host's way of getting packages (proxies and the like), which
# mmdebstrap does not look at by itself.
lay_out() {
	local tar=$1 packages
	read -ra packages <<<"$2"
	shift 2
	apt-config dump | grep '^Acquire::' >"$folder/apt.conf"
	fakeroot mmdebstrap --variant=extract --mode=chrootless \
		--architectures=arm64 "${packages[@]/#/--include=}" --format=tar \
		--aptopt="$folder/apt.conf" \
		--aptopt='APT::Default-Release "trixie"' \
		--aptopt='Acquire::Retries "2"' \
		--aptopt='Acquire::http::Timeout "20"' \
		"$@" trixie "$tar" -
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

# Inside fakeroot. Features that depend on the host's version of mke2fs are set,
# so that the image does not.
make_ext4() {
	local start size
	read -r start size < <(partition ext4)
	mke2fs -q -F -t ext4 -b $block -N 65536 -J size=64 -L linux \
		-U $root_uuid \
		-O ^metadata_csum_seed,^orphan_file \
		-E "offset=$((start * block)),lazy_itable_init=0,lazy_journal_init=0,hash_seed=3f1d6a52-7c0e-4b8e-9a55-c1f0a7d20e12" \
		-d "$2" "$1" $((size * block / 1024))k
}
