// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads the drive, and is unable to write to it
 *
 * The same blocks are read in pieces of all lengths into memory that the
 * processor has just written, beginning anywhere in a page, and must be the
 * same each time. What differs because somebody has written there is no error.
 * What the blocks hold is told to nobody.
 *
 * Usage: read-drive BLOCKDEVICE STEP SIZE
 *
 * STEP is as in scratch.c; the larger SIZE is, 2 to 1024, the more is read.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "times.h"

#define BLOCK		4096U
#define MIB		(1U << 20)
#define AREA		(4 * MIB)
#define LARGEST		1024

static unsigned char *reference, *again, *memory;
static unsigned int page, step, size;

static void *map(size_t len)
{
	void *data = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return data == MAP_FAILED ? NULL : data;
}

static void must_read(int fd, void *data, size_t len, off_t where)
{
	ssize_t done = pread(fd, data, len, where);

	if (done == (ssize_t)len)
		return;
	printf("failed: read of %zu bytes at %llu: %s\n", len,
	       (unsigned long long)where, done < 0 ? strerror(errno) : "short");
	exit(1);
}

static void read_reference(int fd, unsigned char *to)
{
	for (size_t at = 0; at < AREA; at += MIB)
		must_read(fd, to + at, MIB, at);
}

/* Returns how many reads there were; @differ counts those that were wrong. */
static unsigned int compare(int fd, unsigned int *differ)
{
	unsigned int reads = 0;

	for (size_t at = 0, len; at < AREA; at += len) {
		unsigned char *data = memory + rand() % (page / step) * step;

		len = BLOCK * (1 + rand() % (MIB / BLOCK));
		if (len > AREA - at)
			len = AREA - at;
		memset(data, 0xa5 ^ reference[at], len);
		must_read(fd, data, len, at);
		*differ += !!memcmp(data, reference + at, len);
		reads++;
	}
	return reads;
}

static int same_data(int fd)
{
	unsigned int reads = 0, differ = 0;

	read_reference(fd, reference);
	for (unsigned int turn = 0; turn < (size + 3) / 4; turn++)
		reads += compare(fd, &differ);
	read_reference(fd, again);
	if (memcmp(reference, again, AREA)) {
		printf("reads-compared: not known, somebody writes there\n");
		return 0;
	}
	printf("reads-compared: %u reads, %u wrong\n", reads, differ);
	return differ ? 1 : 0;
}

static void times(int fd)
{
	static unsigned int us[8 * LARGEST];
	unsigned int reads = 8 * size, flushes = size / 2, mib = size;
	uint64_t begin = now_us(), spent;

	if (mib > 64)
		mib = 64;
	for (off_t at = 0; at < (off_t)mib * MIB; at += MIB)
		must_read(fd, memory, MIB, at);
	spent = now_us() - begin;
	printf("speed-read: %llu MB/s, one read of 1 MiB after the other\n",
	       (unsigned long long)mib * MIB / (spent ?: 1));
	for (unsigned int i = 0; i < reads; i++) {
		off_t at = (off_t)(rand() % (mib * MIB / BLOCK)) * BLOCK;

		begin = now_us();
		must_read(fd, memory, BLOCK, at);
		us[i] = now_us() - begin;
	}
	print_times("time-read", us, reads);
	/* with nothing to write back: the command alone */
	for (unsigned int i = 0; i < flushes; i++) {
		begin = now_us();
		if (fsync(fd)) {
			printf("failed: flush: %m\n");
			exit(1);
		}
		us[i] = now_us() - begin;
	}
	print_times("time-idle-flush", us, flushes);
}

int main(int argc, char **argv)
{
	int fd = argc == 4 ? open(argv[1], O_RDONLY | O_DIRECT | O_CLOEXEC) :
		-1;

	if (fd < 0) {
		printf("failed: open: %m\n");
		return 1;
	}
	page = sysconf(_SC_PAGESIZE);
	step = strtoul(argv[2], NULL, 10);
	size = strtoul(argv[3], NULL, 10);
	if (size < 2 || size > LARGEST)
		size = 64;
	if (!step || page % step)
		step = BLOCK;
	reference = map(AREA);
	again = map(AREA);
	memory = map(2 * MIB);
	if (!reference || !again || !memory) {
		printf("failed: no memory\n");
		return 1;
	}
	if (same_data(fd))
		return 1;
	times(fd);
	return 0;
}
