/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the test programs know about the drive, and what they do to it
 *
 * The environment's SCRATCH names another block device to write to; everything
 * on it is lost. It must have blocks of 4096 bytes.
 */

#ifndef E2E_DRIVE_H
#define E2E_DRIVE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <linux/nvme_ioctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCK		4096U
#define KIB		1024U
#define MIB		(1024U * KIB)
#define CONTROLLER	"/dev/nvme0"
#define NAMESPACE	"/dev/nvme0n1"
#define GENERIC		"/dev/ng0n1"
#define OP_IDENTIFY	0x06

/*
 * The scratch partition is shared by all programs, each has its own part of
 * it, in units of 256 MiB.
 */
enum area {
	AREA_IO,
	AREA_TAGS,
	AREA_MIXED,
	AREA_PASSTHRU,
	AREA_NAMESPACES,
	AREA_HAMMER,
	AREA_GAP,
};

static inline const char *scratch_path(void)
{
	return getenv("SCRATCH") ?: "/dev/nvme0n1p2";
}

static inline off_t area_start(enum area area)
{
	return (off_t)area * 256 * MIB;
}

static inline int open_scratch(int flags)
{
	return open(scratch_path(), O_RDWR | O_CLOEXEC | flags);
}

/* A line of a file in sysfs as a number, or -1. */
static inline long read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long value = -1;

	if (!file)
		return -1;
	if (fscanf(file, "%li", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

/* What the block layer says about the queue behind the open device @fd. */
static inline long queue_limit(int fd, const char *name)
{
	char path[128];
	struct stat st;
	long value;

	if (fstat(fd, &st))
		return -1;
	for (const char *up = ""; ; up = "../") {
		snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%squeue/%s",
			 (unsigned int)(st.st_rdev >> 8 & 0xfff),
			 (unsigned int)((st.st_rdev & 0xff) |
					(st.st_rdev >> 12 & 0xfff00)),
			 up, name);
		value = read_number(path);
		if (value >= 0 || *up)
			return value;
	}
}

/* Numbers that are the same in every run. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline unsigned int random_below(uint64_t *state, unsigned int end)
{
	return next_random(state) % end;
}

/*
 * The content of a block: no two (@block, @generation) have the same, and a
 * block that was moved, cut or mixed with another has none of them.
 */
static inline void fill_block(void *data, uint64_t block, uint64_t generation)
{
	uint64_t state = block << 24 ^ generation;
	uint64_t *word = data;

	for (unsigned int i = 0; i < BLOCK / sizeof(*word); i++)
		word[i] = next_random(&state);
}

static inline bool is_block(const void *data, uint64_t block,
			    uint64_t generation)
{
	unsigned char wanted[BLOCK];

	fill_block(wanted, block, generation);
	return !memcmp(data, wanted, BLOCK);
}

static inline bool is_zero(const void *data, size_t len)
{
	const unsigned char *byte = data;

	return !len || (!byte[0] && !memcmp(byte, byte + 1, len - 1));
}

/* Memory that begins a page. */
static inline void *map_memory(size_t len)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static inline double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/*
 * Linux' own asynchronous I/O, without its library
 */

static inline int aio_setup(unsigned int depth, aio_context_t *context)
{
	*context = 0;
	return syscall(SYS_io_setup, depth, context);
}

static inline int aio_submit(aio_context_t context, long count,
			     struct iocb **list)
{
	return syscall(SYS_io_submit, context, count, list);
}

static inline int aio_wait(aio_context_t context, long least, long most,
			   struct io_event *events, struct timespec *timeout)
{
	int ret;

	/* A process that is frozen while the system sleeps is interrupted. */
	do {
		ret = syscall(SYS_io_getevents, context, least, most, events,
			      timeout);
	} while (ret < 0 && errno == EINTR);
	return ret;
}

static inline struct iocb aio_request(int fd, unsigned int opcode, void *data,
				      size_t len, off_t where, uint64_t id)
{
	return (struct iocb) {
		.aio_fildes = fd,
		.aio_lio_opcode = opcode,
		.aio_buf = (uintptr_t)data,
		.aio_nbytes = len,
		.aio_offset = where,
		.aio_data = id,
	};
}

/*
 * Identify Controller to @data, which may take @timeout_ms, or 0 for what the
 * kernel thinks right: a status, or -1 with errno.
 */
static inline int identify_controller(int fd, void *data,
				      unsigned int timeout_ms)
{
	struct nvme_admin_cmd cmd = {
		.opcode = OP_IDENTIFY,
		.addr = (uintptr_t)data,
		.data_len = BLOCK,
		.cdw10 = 1,
		.timeout_ms = timeout_ms,
	};

	return ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);
}

#endif /* E2E_DRIVE_H */
