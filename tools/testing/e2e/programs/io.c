// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct reads and writes whose memory begins, ends and is cut everywhere
 *
 * An NVMe command names its memory by pages of 4096 bytes: the first may begin
 * anywhere, the last may end anywhere, one or two are named in the command and
 * more in a list. These tests go over every boundary of that, in steps of what
 * the block layer lets pass. Each transfer is checked three ways: what was
 * written is read back through other memory, what was read is compared, and
 * what is beside it, on the drive and in memory, is what it was.
 *
 * The environment's STEP asks for longer steps, for drivers that cannot do
 * what they say.
 */

#include <sys/uio.h>

#include <kselftest_harness.h>

#include "drive.h"

#define LIMIT		MIB		/* the drive's MDTS */
#define LIMIT_BLOCKS	(LIMIT / BLOCK)
#define POOL		(2 * MIB)
#define GUARD		BLOCK
#define GUARD_BYTE	0xa5
#define SEGMENTS	48

/* Every boundary in this program is one of these pages, not of the kernel's. */
#define NVME_PAGE	4096U

FIXTURE(io) {
	int fd;
	off_t where;		/* with a block before it that stays */
	size_t page;
	size_t step;		/* the memory's alignment */
	unsigned char *pool;	/* content */
	unsigned char *out;	/* memory for writes */
	unsigned char *in;	/* memory for reads */
	unsigned char *check;
	uint64_t seed;
};

FIXTURE_SETUP(io)
{
	long align;

	self->fd = open_scratch(O_DIRECT);
	ASSERT_LE(0, self->fd)
		TH_LOG("%s: %m", scratch_path());
	align = queue_limit(self->fd, "dma_alignment");
	ASSERT_LE(0, align);
	self->step = align + 1;
	if (getenv("STEP"))
		self->step = atoi(getenv("STEP"));
	self->page = sysconf(_SC_PAGESIZE);
	self->where = area_start(AREA_IO) + BLOCK;
	self->pool = map_memory(POOL);
	self->out = map_memory(LIMIT + 2 * self->page + 2 * GUARD);
	self->in = map_memory(LIMIT + 2 * self->page + 2 * GUARD);
	self->check = map_memory(LIMIT + 2 * BLOCK);
	ASSERT_NE(NULL, self->pool);
	ASSERT_NE(NULL, self->out);
	ASSERT_NE(NULL, self->in);
	ASSERT_NE(NULL, self->check);
	for (size_t i = 0; i < POOL; i += BLOCK)
		fill_block(self->pool + i, i / BLOCK, 1);
}

FIXTURE_TEARDOWN(io)
{
	close(self->fd);
}

typedef FIXTURE_DATA(io) io_t;

/* Other content for each transfer, without making it each time. */
static const unsigned char *content(io_t *self, size_t len)
{
	size_t choice = (POOL - len) / 64;

	return self->pool + 64 * random_below(&self->seed, choice);
}

/* What is to stay: a block on each side of the transfer. */
static bool set_neighbours(io_t *self, size_t len)
{
	return pwrite(self->fd, self->pool, BLOCK, self->where - BLOCK) ==
	       BLOCK &&
	       pwrite(self->fd, self->pool + BLOCK, BLOCK, self->where + len) ==
	       BLOCK;
}

/* Reads it all through memory that begins a page. */
static const char *check_drive(io_t *self, const void *data, size_t len)
{
	ssize_t all = len + 2 * BLOCK;

	if (pread(self->fd, self->check, all, self->where - BLOCK) != all)
		return "the drive's content cannot be read";
	if (memcmp(self->check, self->pool, BLOCK))
		return "the block before was changed";
	if (memcmp(self->check + BLOCK, data, len))
		return "what was written is not there";
	if (memcmp(self->check + BLOCK + len, self->pool + BLOCK, BLOCK))
		return "the block behind was changed";
	return NULL;
}

static bool guard_stands(const unsigned char *guard, size_t len)
{
	return guard[0] == GUARD_BYTE && !memcmp(guard, guard + 1, len - 1);
}

/* One write and one read of @len bytes, @offset bytes into a page. */
static const char *one_transfer(io_t *self, size_t len, size_t offset)
{
	unsigned char *out = self->out + self->page + offset;
	unsigned char *in = self->in + self->page + offset;
	const unsigned char *data = content(self, len);
	const char *wrong;

	memcpy(out, data, len);
	memset(in - GUARD, GUARD_BYTE, len + 2 * GUARD);
	if (pwrite(self->fd, out, len, self->where) != (ssize_t)len)
		return "the write failed";
	wrong = check_drive(self, data, len);
	if (wrong)
		return wrong;
	if (pread(self->fd, in, len, self->where) != (ssize_t)len)
		return "the read failed";
	if (memcmp(in, data, len))
		return "what was read is wrong";
	if (!guard_stands(in - GUARD, GUARD))
		return "the memory before was changed";
	if (!guard_stands(in + len, GUARD))
		return "the memory behind was changed";
	return NULL;
}

#define EXPECT_TRANSFER(blocks, offset) do {				\
	const char *_wrong = one_transfer(self, (blocks) * BLOCK, offset); \
									\
	ASSERT_EQ(NULL, _wrong)						\
		TH_LOG("%zu blocks, %zu bytes into a page: %s (%m)",	\
		       (size_t)(blocks), (size_t)(offset), _wrong);	\
} while (0)

/* One or two pages: no list. Every offset that there is. */
TEST_F_TIMEOUT(io, every_offset_of_one_block, 240)
{
	ASSERT_TRUE(set_neighbours(self, BLOCK));
	for (size_t offset = 0; offset < self->page; offset += self->step)
		EXPECT_TRANSFER(1, offset);
}

/* Two pages or a list of two. */
TEST_F_TIMEOUT(io, offsets_of_two_blocks, 240)
{
	ASSERT_TRUE(set_neighbours(self, 2 * BLOCK));
	for (size_t offset = 0; offset < self->page; offset += 4 * self->step)
		EXPECT_TRANSFER(2, offset);
}

/* Every length, beginning a page, ending one, and somewhere. */
TEST_F_TIMEOUT(io, every_length, 240)
{
	for (size_t blocks = 1; blocks <= LIMIT_BLOCKS; blocks++) {
		size_t somewhere = random_below(&self->seed, self->page);

		ASSERT_TRUE(set_neighbours(self, blocks * BLOCK));
		EXPECT_TRANSFER(blocks, 0);
		EXPECT_TRANSFER(blocks, somewhere / self->step * self->step);
		EXPECT_TRANSFER(blocks, self->page - self->step);
	}
}

/* The lengths around which lists grow, at all offsets that are special. */
TEST_F_TIMEOUT(io, edges_of_pages, 240)
{
	static const size_t lengths[] = {
		1, 2, 3, 4, 5, 8, 31, 32, 33, 34, 63, 64, 65, 127, 128, 129,
		255, 256
	};

	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		size_t len = lengths[i];

		ASSERT_TRUE(set_neighbours(self, len * BLOCK));
		for (size_t at = 0; at < self->page; at += NVME_PAGE) {
			EXPECT_TRANSFER(len, at);
			EXPECT_TRANSFER(len, at + self->step);
			EXPECT_TRANSFER(len, at + NVME_PAGE / 2);
			EXPECT_TRANSFER(len, at + NVME_PAGE - self->step);
		}
	}
}

/*
 * Lists of segments: each begins somewhere in a page of its own, so that the
 * memory of one transfer has a gap after each.
 */

FIXTURE(segments) {
	io_t io;
	struct iovec out[SEGMENTS];
	struct iovec in[SEGMENTS];
	unsigned int count;
	size_t len;
	size_t room;		/* of one segment */
};

FIXTURE_VARIANT(segments) {
	unsigned int most;	/* segments */
	unsigned int blocks;	/* of the longest */
	bool whole_pages;	/* begin a page, so that nothing splits it */
	int flags;		/* of pwritev2() */
};

FIXTURE_VARIANT_ADD(segments, odd) {
	.most = 7, .blocks = 5,
};

FIXTURE_VARIANT_ADD(segments, odd_and_durable) {
	.most = 5, .blocks = 3, .flags = RWF_DSYNC,
};

FIXTURE_VARIANT_ADD(segments, many_short) {
	.most = SEGMENTS, .blocks = 1,
};

FIXTURE_VARIANT_ADD(segments, whole_pages) {
	.most = SEGMENTS, .blocks = 5, .whole_pages = true,
};

FIXTURE_SETUP(segments)
{
	io_setup(_metadata, &self->io, NULL);
	/* whole pages, for the longest segment and any offset */
	self->room = 8 * BLOCK + self->io.page;
	self->room -= self->room % self->io.page;
	self->io.out = map_memory(SEGMENTS * self->room);
	self->io.in = map_memory(SEGMENTS * self->room);
	ASSERT_NE(NULL, self->io.out);
	ASSERT_NE(NULL, self->io.in);
}

FIXTURE_TEARDOWN(segments)
{
	close(self->io.fd);
}

typedef FIXTURE_DATA(segments) segments_t;

/* Another list; the same shape for both directions. */
static void shuffle(segments_t *self, const FIXTURE_VARIANT(segments) *variant)
{
	uint64_t *seed = &self->io.seed;

	self->len = 0;
	self->count = 1 + random_below(seed, variant->most);
	for (unsigned int i = 0; i < self->count; i++) {
		size_t blocks = 1 + random_below(seed, variant->blocks);
		size_t offset = random_below(seed, self->io.page);
		size_t at = i * self->room;

		if (!variant->whole_pages)
			at += offset / self->io.step * self->io.step;
		self->out[i].iov_base = self->io.out + at;
		self->in[i].iov_base = self->io.in + at;
		self->out[i].iov_len = blocks * BLOCK;
		self->in[i].iov_len = blocks * BLOCK;
		self->len += blocks * BLOCK;
	}
}

static void scatter(segments_t *self, const unsigned char *data)
{
	for (unsigned int i = 0; i < self->count; i++) {
		memcpy(self->out[i].iov_base, data, self->out[i].iov_len);
		data += self->out[i].iov_len;
	}
}

/* The segments hold @data, and what lies between them is untouched. */
static bool gathered(segments_t *self, const unsigned char *data)
{
	const unsigned char *in = self->io.in;

	for (unsigned int i = 0; i < self->count; i++) {
		if (memcmp(self->in[i].iov_base, data, self->in[i].iov_len))
			return false;
		memset(self->in[i].iov_base, 0, self->in[i].iov_len);
		data += self->in[i].iov_len;
	}
	/* all of it was zero before the read */
	return !in[0] && !memcmp(in, in + 1, SEGMENTS * self->room - 1);
}

TEST_F_TIMEOUT(segments, written_and_read, 240)
{
	io_t *io = &self->io;

	for (unsigned int turn = 0; turn < 100; turn++) {
		const unsigned char *data;
		const char *wrong;
		ssize_t len;

		shuffle(self, variant);
		len = self->len;
		data = content(io, len);
		scatter(self, data);
		memset(io->in, 0, SEGMENTS * self->room);
		ASSERT_TRUE(set_neighbours(io, len));
		ASSERT_EQ(len, pwritev2(io->fd, self->out, self->count,
					io->where, variant->flags))
			TH_LOG("turn %u: %m", turn);
		wrong = check_drive(io, data, len);
		ASSERT_EQ(NULL, wrong)
			TH_LOG("turn %u: %s", turn, wrong);
		ASSERT_EQ(len, preadv(io->fd, self->in, self->count,
				      io->where))
			TH_LOG("turn %u: %m", turn);
		ASSERT_TRUE(gathered(self, data))
			TH_LOG("turn %u: what was read is wrong", turn);
	}
}

/* What the block layer must refuse, so that the driver never sees it. */
TEST_F(io, misaligned_is_refused)
{
	ASSERT_EQ(-1, pread(self->fd, self->in + 1, BLOCK, self->where));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, pread(self->fd, self->in, BLOCK / 2, self->where));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(-1, pread(self->fd, self->in, BLOCK, self->where + 512));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
