// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes to a scratch file or partition, and sees whether it is kept
 *
 * The content of each byte follows from the seed in the mark and from where it
 * is, so that any piece can be checked at any time, by another run as well.
 * Half is written through the page cache in pieces of odd lengths, half past
 * it; it is read both ways. Memory begins anywhere in a page, where the kernel
 * lets it.
 *
 * Usage: scratch check PATH DISK MIB     whether so much may be written to it
 *        scratch write PATH DISK MIB STEP
 *        scratch verify PATH DISK STEP
 *        scratch flush PATH DISK COUNT   times of write and flush
 *        scratch remove PATH DISK        a file that the kit made
 *
 * STEP is the alignment of memory that the drive asks for. Status 1 is an error
 * or wrong data, 2 a refusal.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "place.h"
#include "times.h"

#define SHORTEST	512U

static unsigned char *memory;	/* a piece, and room to begin later */
static unsigned char *wanted;
static unsigned int page, step;
static uint64_t dice;

__attribute__((noreturn, format(printf, 1, 2)))
static void fail(const char *fmt, ...)
{
	va_list ap;

	printf("failed: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	exit(1);
}

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

static unsigned int below(unsigned int limit)
{
	return mix(dice++) % limit;
}

/* What belongs at @where. */
static void fill(unsigned char *to, size_t len, uint64_t where, uint64_t seed)
{
	while (len) {
		uint64_t word = mix(seed ^ mix(where / 8));
		size_t at = where % 8;
		size_t n = len < 8 - at ? len : 8 - at;

		memcpy(to, (char *)&word + at, n);
		to += n;
		where += n;
		len -= n;
	}
}

static void check(const unsigned char *data, size_t len, uint64_t where,
		  uint64_t seed)
{
	size_t i = 0;

	fill(wanted, len, where, seed);
	if (!memcmp(data, wanted, len))
		return;
	while (data[i] == wanted[i])
		i++;
	fail("wrong data at byte %llu: 0x%02x, expected 0x%02x",
	     (unsigned long long)where + i, data[i], wanted[i]);
}

/* The same file past the page cache. */
static int direct_fd(const struct place *place)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", place->fd);
	fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		fail("direct I/O: %m");
	return fd;
}

/* One piece, in whole blocks if @direct. */
static size_t piece(uint64_t left, bool direct)
{
	size_t len;

	if (direct)
		len = BLOCK * (1 + below(MIB / BLOCK));
	else
		len = SHORTEST + below(MIB - SHORTEST + 1);
	return len < left ? len : left;
}

static unsigned char *somewhere(void)
{
	return memory + below(page / step) * step;
}

/* Encrypted volumes take memory only at a block. */
static bool give_in(ssize_t done)
{
	if (done >= 0 || errno != EINVAL || step == BLOCK)
		return false;
	step = BLOCK;
	return true;
}

static void write_range(int fd, uint64_t from, uint64_t to, uint64_t seed,
			bool direct)
{
	while (from < to) {
		size_t len = piece(to - from, direct);
		unsigned char *data = somewhere();
		ssize_t done;

		fill(data, len, from, seed);
		done = pwrite(fd, data, len, from);
		if (direct && give_in(done))
			continue;
		if (done != (ssize_t)len)
			fail("write of %zu bytes: %s", len,
			     done < 0 ? strerror(errno) : "short");
		from += len;
	}
}

static unsigned int read_range(int fd, uint64_t from, uint64_t to,
			       uint64_t seed, bool direct)
{
	unsigned int reads = 0;

	while (from < to) {
		size_t len = piece(to - from, direct);
		unsigned char *data = somewhere();
		ssize_t done;

		/* the processor has the lines when the drive writes */
		memset(data, 0xa5, len);
		done = pread(fd, data, len, from);
		if (direct && give_in(done))
			continue;
		if (done != (ssize_t)len)
			fail("read of %zu bytes: %s", len,
			     done < 0 ? strerror(errno) : "short");
		check(data, len, from, seed);
		from += len;
		reads++;
	}
	return reads;
}

static void do_write(struct place *place, uint64_t mib)
{
	static unsigned char block[BLOCK];
	struct mark mark = { .magic = MARK_MAGIC, .size = mib * MIB };
	uint64_t half = mib / 2 * MIB;
	int direct;

	if (getrandom(&mark.seed, sizeof(mark.seed), 0) != sizeof(mark.seed))
		fail("no random number: %m");
	memcpy(block, &mark, sizeof(mark));
	if (pwrite(place->fd, block, BLOCK, 0) != BLOCK || fsync(place->fd))
		fail("write of the mark: %m");
	write_range(place->fd, BLOCK, half, mark.seed, false);
	if (fsync(place->fd))
		fail("fsync: %m");
	direct = direct_fd(place);
	write_range(direct, half, mark.size, mark.seed, true);
	if (fsync(direct))
		fail("fsync: %m");
	printf("%llu MiB written, memory at multiples of %u\n",
	       (unsigned long long)mib, step);
}

static void do_verify(struct place *place)
{
	unsigned int reads, cached;
	int direct;

	if (!place->is_marked)
		refuse("nothing was written there");
	if (fsync(place->fd) ||
	    posix_fadvise(place->fd, 0, 0, POSIX_FADV_DONTNEED))
		fail("the page cache stays: %m");
	direct = direct_fd(place);
	reads = read_range(direct, BLOCK, place->mark.size, place->mark.seed,
			   true);
	posix_fadvise(place->fd, 0, 0, POSIX_FADV_DONTNEED);
	cached = read_range(place->fd, BLOCK, place->mark.size,
			    place->mark.seed, false);
	printf("%llu MiB right, %u direct reads and %u others\n",
	       (unsigned long long)place->mark.size / MIB, reads, cached);
}

/* What is there is written again, so that it can still be verified. */
static void do_flush(struct place *place, unsigned int count)
{
	unsigned int *writes = calloc(count, sizeof(*writes));
	unsigned int *flushes = calloc(count, sizeof(*flushes));
	int fd;

	if (!place->is_marked || !writes || !flushes)
		refuse("nothing was written there");
	fd = direct_fd(place);
	for (unsigned int i = 0; i < count; i++) {
		unsigned int blocks = place->mark.size / BLOCK - 1;
		uint64_t where = BLOCK * (1ULL + below(blocks)), begin;

		fill(memory, BLOCK, where, place->mark.seed);
		begin = now_us();
		if (pwrite(fd, memory, BLOCK, where) != BLOCK)
			fail("write: %m");
		writes[i] = now_us() - begin;
		begin = now_us();
		if (fdatasync(fd))
			fail("flush: %m");
		flushes[i] = now_us() - begin;
	}
	print_times("time-write", writes, count);
	print_times("time-flush", flushes, count);
}

static void do_remove(struct place *place, const char *path)
{
	if (place->is_partition) {
		printf("partition stays as it is\n");
		return;
	}
	if (unlink(path))
		fail("%m");
	printf("file removed\n");
}

int main(int argc, char **argv)
{
	const char *what = argc > 3 ? argv[1] : "";
	unsigned int more[2] = { 0, 0 };
	struct place place;
	bool is_write = !strcmp(what, "write");
	bool is_check = !strcmp(what, "check");

	for (int i = 4; i < argc && i < 6; i++)
		more[i - 4] = strtoul(argv[i], NULL, 10);
	step = more[is_write];
	page = sysconf(_SC_PAGESIZE);
	if (!step || page % step)
		step = BLOCK;
	memory = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	wanted = malloc(MIB);
	if (memory == MAP_FAILED || !wanted)
		fail("no memory");
	if (argc < 4)
		refuse("PATH and DISK are missing");
	place = place_open(argv[2], argv[3], is_write ? PLACE_WRITE :
			   is_check ? PLACE_CHECK : PLACE_READ);
	if ((is_write || is_check) &&
	    (more[0] < 2 || (uint64_t)more[0] * MIB > place.room))
		refuse("there is no room for %u MiB", more[0]);
	if (is_write)
		do_write(&place, more[0]);
	else if (!strcmp(what, "verify"))
		do_verify(&place);
	else if (!strcmp(what, "flush") && more[0])
		do_flush(&place, more[0]);
	else if (!strcmp(what, "remove"))
		do_remove(&place, argv[2]);
	else if (is_check)
		printf("%s\n", place.is_partition ? "a partition" : "a file");
	else
		refuse("'%s' is nothing that can be done", what);
	return 0;
}
