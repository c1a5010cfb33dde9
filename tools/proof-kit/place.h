/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PROOF_KIT_PLACE_H
#define PROOF_KIT_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#define BLOCK		4096U
#define MIB		(1U << 20)
#define STATUS_REFUSED	2
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* The first block of what was written; the rest of the block is zero. */
struct mark {
	char magic[16];
	uint64_t seed;
	uint64_t size;		/* with the mark */
};

#define MARK_MAGIC	"ANS2 proof kit\n"

/**
 * struct place - where this program may write
 * @fd: open for reading and writing, not O_DIRECT; -1 for a file that is not
 *      there when it is only checked
 * @is_partition: a partition, not a file
 * @is_marked: it begins with @mark
 * @room: bytes that may be written
 * @mark: what it began with
 */
struct place {
	int fd;
	bool is_partition;
	bool is_marked;
	uint64_t room;
	struct mark mark;
};

/* PLACE_CHECK opens no file that is not there, PLACE_WRITE makes one. */
enum place_use { PLACE_CHECK, PLACE_READ, PLACE_WRITE };

/* Prints why and ends the program with STATUS_REFUSED. */
__attribute__((noreturn, format(printf, 1, 2)))
void refuse(const char *fmt, ...);

/* Opens @path, which must be on the drive @disk ("nvme0n1"), or refuses it. */
struct place place_open(const char *path, const char *disk,
			enum place_use use);

#endif
