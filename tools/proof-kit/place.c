// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where the proof kit may write
 *
 * All that is not known to be harmless is refused: the lists below say what is
 * accepted, and an error on the way counts as a no. A file may be new, empty,
 * or one that the kit made. A partition must have a Linux type, must be in
 * nobody's use, and must hold zeros where a file system, RAID or LVM keeps its
 * name, or what the kit wrote.
 */

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "place.h"

/* File systems on which a file is only a file; not the EFI partition's. */
static const struct {
	unsigned int magic;
	const char *name;
} file_systems[] = {
	{ 0xef53, "ext4" },
	{ 0x9123683e, "btrfs" },
	{ 0x58465342, "xfs" },
	{ 0xf2f52010, "f2fs" },
};

/* 0FC63DAF-8483-4772-8E79-3D69D8477DE4, as it is on the drive */
static const unsigned char linux_type[16] = {
	0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47,
	0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4,
};

struct gpt_header {
	char signature[8];
	unsigned char other[64];
	uint64_t entries_lba;
	uint32_t entries;
	uint32_t entry_size;
};

struct gpt_entry {
	unsigned char type[16];
	unsigned char guid[16];
	uint64_t first;
	uint64_t last;
};

void refuse(const char *fmt, ...)
{
	va_list ap;

	printf("refused: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(STATUS_REFUSED);
}

/*
 * Whether block device @dev is @disk, a part of it, or made of nothing but such
 * parts, as an encrypted volume is.
 */
static bool is_on_disk(dev_t dev, const char *disk)
{
	char path[64], real[PATH_MAX], below[PATH_MAX + 512];
	unsigned int major, minor, count = 0;
	struct dirent *d;
	bool all = true;
	char *part;
	DIR *dir;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", major(dev),
		 minor(dev));
	if (!realpath(path, real))
		return false;
	snprintf(below, sizeof(below), "%s/slaves", real);
	for (part = strtok(real, "/"); part; part = strtok(NULL, "/"))
		if (!strcmp(part, disk))
			return true;
	dir = opendir(below);
	while (dir && all && (d = readdir(dir))) {
		char name[PATH_MAX + 1024];
		FILE *file;

		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s/dev", below, d->d_name);
		file = fopen(name, "re");
		all = file && fscanf(file, "%u:%u", &major, &minor) == 2 &&
		      is_on_disk(makedev(major, minor), disk);
		count++;
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
	return count && all;
}

/*
 * The block device below the file system of @fd. That of a btrfs has no number
 * of its own in st_dev: the table of mounts names it.
 */
static dev_t device_of(int fd, const struct stat *st)
{
	unsigned long long wanted, id;
	struct statx stx;
	char line[4096];
	struct stat dev;
	FILE *file;
	dev_t found = 0;

	if (major(st->st_dev))
		return st->st_dev;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) ||
	    !(stx.stx_mask & STATX_MNT_ID))
		return 0;
	wanted = stx.stx_mnt_id;
	file = fopen("/proc/self/mountinfo", "re");
	while (file && fgets(line, sizeof(line), file)) {
		char source[1024], *rest = strstr(line, " - ");

		if (sscanf(line, "%llu", &id) == 1 && id == wanted && rest &&
		    sscanf(rest, " - %*s %1023s", source) == 1 &&
		    !stat(source, &dev) && S_ISBLK(dev.st_mode))
			found = dev.st_rdev;
	}
	if (file)
		fclose(file);
	return found;
}

static void check_file_system(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		refuse("its file system: %m");
	for (unsigned int i = 0; i < ARRAY_SIZE(file_systems); i++)
		if ((unsigned int)fs.f_type == file_systems[i].magic)
			return;
	refuse("it is not on ext4, btrfs, xfs or f2fs");
}

static bool is_zero(const void *data, size_t len)
{
	const unsigned char *byte = data;

	return !byte[0] && !memcmp(byte, byte + 1, len - 1);
}

/* Whether the kit wrote it; the mark goes to @place. */
static bool read_mark(struct place *place)
{
	static unsigned char block[BLOCK];

	if (pread(place->fd, block, BLOCK, 0) != BLOCK)
		return false;
	memcpy(&place->mark, block, sizeof(place->mark));
	place->is_marked =
		!memcmp(place->mark.magic, MARK_MAGIC, sizeof(MARK_MAGIC)) &&
		is_zero(block + sizeof(place->mark),
			BLOCK - sizeof(place->mark)) &&
		place->mark.size > BLOCK;
	return place->is_marked;
}

static void open_file(struct place *place, const char *path, const char *disk,
		      enum place_use use)
{
	char *folder = strdup(path), *name = strdup(path);
	struct stat dir, st;
	struct statvfs free;
	int dir_fd, flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

	dir_fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || fstat(dir_fd, &dir) || fstatvfs(dir_fd, &free))
		refuse("its folder: %m");
	if (!is_on_disk(device_of(dir_fd, &dir), disk))
		refuse("it is not on the Mac's own drive");
	check_file_system(dir_fd);
	/* half of what is free stays free */
	place->room = (uint64_t)free.f_bavail * free.f_frsize / 2;
	name = basename(name);
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			refuse("%m");
		if (use == PLACE_READ)
			refuse("it is not there");
		if (faccessat(dir_fd, ".", W_OK, 0))
			refuse("its folder cannot be written to: %m");
		if (use == PLACE_CHECK)
			return;
		flags |= O_CREAT | O_EXCL;
	} else if (!S_ISREG(st.st_mode)) {
		refuse("it is not a regular file");
	} else if (st.st_nlink != 1) {
		refuse("it has other names as well");
	}
	place->fd = openat(dir_fd, name, flags, 0600);
	if (place->fd < 0)
		refuse("it cannot be opened: %m");
	if (fstat(place->fd, &st) || !S_ISREG(st.st_mode) ||
	    st.st_dev != dir.st_dev)
		refuse("it was exchanged");
	close(dir_fd);
	if (st.st_size && !read_mark(place))
		refuse("it holds something that is not of this kit");
}

/* A number of a partition in sysfs, or the program ends. */
static unsigned long long sysfs_number(const char *part, const char *name)
{
	unsigned long long value;
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/block/%s/%s", part, name);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%llu", &value) != 1)
		refuse("no %s in sysfs", name);
	fclose(file);
	return value;
}

/* Its entry in the partition table, found by where it begins and ends. */
static void check_type(const char *disk, const char *part)
{
	unsigned long long first = sysfs_number(part, "start") * 512;
	unsigned long long size = sysfs_number(part, "size") * 512;
	struct gpt_header header;
	struct gpt_entry entry;
	char path[64];
	int fd, lba;

	snprintf(path, sizeof(path), "/dev/%s", disk);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, BLKSSZGET, &lba) ||
	    pread(fd, &header, sizeof(header), lba) != sizeof(header) ||
	    memcmp(header.signature, "EFI PART", 8))
		refuse("the drive's partition table cannot be read");
	for (unsigned int i = 0; i < le32toh(header.entries); i++) {
		off_t at = le64toh(header.entries_lba) * lba +
			   (off_t)i * le32toh(header.entry_size);

		if (pread(fd, &entry, sizeof(entry), at) != sizeof(entry))
			break;
		if (le64toh(entry.first) * lba != first ||
		    (le64toh(entry.last) + 1) * lba != first + size)
			continue;
		if (memcmp(entry.type, linux_type, sizeof(linux_type)))
			refuse("its type is not Linux, it may be macOS's");
		close(fd);
		return;
	}
	refuse("it is not in the partition table");
}

/* Where somebody's name would be there are only zeros. */
static void check_blank(const struct place *place)
{
	const uint64_t ends[] = { 0, place->room - MIB };
	unsigned char *data = malloc(MIB);

	if (!data)
		refuse("no memory");
	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++) {
		/* what the kit has written has been looked at already */
		if (place->is_marked && ends[i] < place->mark.size)
			continue;
		if (pread(place->fd, data, MIB, ends[i]) != MIB)
			refuse("it cannot be read: %m");
		if (!is_zero(data, MIB))
			refuse("it is not empty: its %s MiB holds something",
			       i ? "last" : "first");
	}
	free(data);
}

static void open_partition(struct place *place, const char *path,
			   const char *disk)
{
	const char *part = path + strlen("/dev/");
	size_t len = strlen(disk);
	char *end;

	if (strncmp(part, disk, len) || part[len] != 'p' ||
	    !strtoul(part + len + 1, &end, 10) || *end)
		refuse("it is not a partition of %s", disk);
	check_type(disk, part);
	/* fails while it is mounted, swap, or part of something else */
	place->fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (place->fd < 0)
		refuse(errno == EBUSY ? "it is in use" : "%m");
	place->is_partition = true;
	place->room = sysfs_number(part, "size") * 512;
	if (place->room < 16 * MIB)
		refuse("it is smaller than 16 MiB");
	if (read_mark(place) && place->mark.size > place->room - MIB)
		refuse("what it begins with is damaged");
	check_blank(place);
	place->room -= MIB;
}

struct place place_open(const char *path, const char *disk, enum place_use use)
{
	struct place place = { .fd = -1 };
	struct stat st;

	if (path[0] != '/')
		refuse("its name does not begin with a slash");
	if (!strncmp(path, "/dev/", 5)) {
		if (lstat(path, &st))
			refuse("%m");
		if (!S_ISBLK(st.st_mode) || strchr(path + 5, '/'))
			refuse("it is no name of a partition, as /dev/%sp7",
			       disk);
		open_partition(&place, path, disk);
	} else {
		open_file(&place, path, disk, use);
	}
	return place;
}
