// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads, writes, flushes and discards at once, each block compared with what
 * it must be
 *
 * A shadow holds the generation of every block. Requests never overlap, so
 * what a block must hold is always known, but for a discard: behind it a block
 * holds zeros or what it held before.
 */

#include <kselftest_harness.h>

#include "drive.h"

#define DEPTH		32
#define BLOCKS		2048
#define LONGEST		32	/* blocks of one request */
#define REQUESTS	3000
#define ALL		(DEPTH * LONGEST)	/* blocks that fit in memory */

/* Generations: zeros are no generation. */
#define ZEROS		0

FIXTURE(mixed) {
	int fd;
	aio_context_t context;
	unsigned char *data;
	uint32_t shadow[BLOCKS];
	bool busy[BLOCKS];
	uint32_t generation;
	uint64_t seed;
	unsigned int done[4];	/* of each enum kind */
};

enum kind { READ, WRITE, FLUSH, DISCARD };

/**
 * struct request - one that is under way
 * @iocb: for the kernel
 * @kind: what it does
 * @first: its first block
 * @count: how many
 */
struct request {
	struct iocb iocb;
	enum kind kind;
	unsigned int first;
	unsigned int count;
};

typedef FIXTURE_DATA(mixed) mixed_t;

static off_t place(unsigned int block)
{
	return area_start(AREA_MIXED) + (off_t)block * BLOCK;
}

static uint64_t block_number(unsigned int block)
{
	return place(block) / BLOCK;
}

FIXTURE_SETUP(mixed)
{
	self->fd = open_scratch(O_DIRECT);
	ASSERT_LE(0, self->fd)
		TH_LOG("%s: %m", scratch_path());
	ASSERT_EQ(0, aio_setup(DEPTH, &self->context));
	self->data = map_memory(ALL * BLOCK);
	ASSERT_NE(NULL, self->data);
	self->seed = 7;
	for (unsigned int i = 0; i < BLOCKS; i++) {
		unsigned int at = i % ALL;

		self->shadow[i] = ++self->generation;
		fill_block(self->data + at * BLOCK, block_number(i),
			   self->shadow[i]);
		if (at == ALL - 1) {
			ASSERT_EQ((ssize_t)ALL * BLOCK,
				  pwrite(self->fd, self->data, ALL * BLOCK,
					 place(i - at)));
		}
	}
}

FIXTURE_TEARDOWN(mixed)
{
	close(self->fd);
}

/* A range that no request uses. False if there seems to be none. */
static bool find_free(mixed_t *self, struct request *r)
{
	for (unsigned int attempt = 0; attempt < 100; attempt++) {
		unsigned int i;

		r->count = 1 + random_below(&self->seed, LONGEST);
		r->first = random_below(&self->seed, BLOCKS - r->count);
		for (i = 0; i < r->count && !self->busy[r->first + i]; i++)
			;
		if (i == r->count)
			return true;
	}
	return false;
}

static bool holds(mixed_t *self, const void *data, unsigned int block)
{
	if (self->shadow[block] == ZEROS)
		return is_zero(data, BLOCK);
	return is_block(data, block_number(block), self->shadow[block]);
}

/* Behind a discard, what the drive made of each block becomes the shadow. */
static bool settle_discard(mixed_t *self, const struct request *r, void *data)
{
	uint64_t range[2] = { place(r->first), (uint64_t)r->count * BLOCK };
	ssize_t len = r->count * BLOCK;
	unsigned char *at = data;

	if (ioctl(self->fd, BLKDISCARD, range) ||
	    pread(self->fd, data, len, range[0]) != len)
		return false;
	for (unsigned int i = 0; i < r->count; i++, at += BLOCK) {
		if (is_zero(at, BLOCK))
			self->shadow[r->first + i] = ZEROS;
		else if (!holds(self, at, r->first + i))
			return false;
	}
	return true;
}

static bool prepare(mixed_t *self, struct request *r, unsigned int slot)
{
	unsigned char *data = self->data + slot * LONGEST * BLOCK;
	static const unsigned int opcode[] = {
		[READ] = IOCB_CMD_PREAD,
		[WRITE] = IOCB_CMD_PWRITE,
		[FLUSH] = IOCB_CMD_FDSYNC,
	};
	unsigned int choice = random_below(&self->seed, 64);

	r->kind = choice < 2 ? FLUSH : choice < 8 ? DISCARD :
		  choice < 36 ? WRITE : READ;
	r->count = 0;
	if (r->kind != FLUSH && !find_free(self, r))
		return false;
	if (r->kind == DISCARD) {
		self->done[DISCARD]++;
		if (!settle_discard(self, r, data))
			return false;
		r->kind = READ;
	}
	for (unsigned int i = 0; i < r->count; i++) {
		unsigned int block = r->first + i;

		self->busy[block] = true;
		if (r->kind != WRITE)
			continue;
		self->shadow[block] = ++self->generation;
		fill_block(data + i * BLOCK, block_number(block),
			   self->shadow[block]);
	}
	r->iocb = aio_request(self->fd, opcode[r->kind], data,
			      r->count * BLOCK, place(r->first), slot);
	if (r->kind == FLUSH)
		r->iocb = aio_request(self->fd, IOCB_CMD_FDSYNC, NULL, 0, 0,
				      slot);
	return true;
}

static bool finish(mixed_t *self, const struct request *r,
		   const struct io_event *event)
{
	unsigned char *data = self->data + event->data * LONGEST * BLOCK;

	self->done[r->kind]++;
	if (event->res != (r->kind == FLUSH ? 0 : r->count * BLOCK))
		return false;
	for (unsigned int i = 0; i < r->count; i++) {
		self->busy[r->first + i] = false;
		if (r->kind == READ &&
		    !holds(self, data + i * BLOCK, r->first + i))
			return false;
	}
	return true;
}

TEST_F_TIMEOUT(mixed, all_kinds_at_once, 240)
{
	struct timespec patience = { .tv_sec = 20 };
	struct request requests[DEPTH];
	struct iocb *list[1];
	unsigned int started = 0, running = 0;

	for (unsigned int slot = 0; slot < DEPTH; slot++, started++) {
		ASSERT_TRUE(prepare(self, &requests[slot], slot));
		list[0] = &requests[slot].iocb;
		ASSERT_EQ(1, aio_submit(self->context, 1, list));
		running++;
	}
	while (running) {
		struct io_event event;
		struct request *r;

		ASSERT_EQ(1, aio_wait(self->context, 1, 1, &event, &patience));
		r = &requests[event.data];
		running--;
		ASSERT_TRUE(finish(self, r, &event))
			TH_LOG("kind %d, blocks %u and %u more: result %lld",
			       r->kind, r->first, r->count - 1,
			       (long long)event.res);
		if (started++ >= REQUESTS)
			continue;
		ASSERT_TRUE(prepare(self, r, event.data))
			TH_LOG("kind %d, block %u: %m", r->kind, r->first);
		list[0] = &r->iocb;
		ASSERT_EQ(1, aio_submit(self->context, 1, list));
		running++;
	}
	/* The numbers repeat, so each kind had its turn. */
	EXPECT_LT(100, self->done[DISCARD]);
	EXPECT_LT(20, self->done[FLUSH]);
	EXPECT_LT(1000, self->done[WRITE]);

	/* And once more, when all is still. */
	for (unsigned int i = 0; i < BLOCKS; i++) {
		unsigned int at = i % ALL;

		if (!at) {
			ASSERT_EQ((ssize_t)ALL * BLOCK,
				  pread(self->fd, self->data, ALL * BLOCK,
					place(i)));
		}
		ASSERT_TRUE(holds(self, self->data + at * BLOCK, i))
			TH_LOG("block %u", i);
	}
}

TEST_HARNESS_MAIN
