// SPDX-License-Identifier: GPL-2.0-only
/*
 * More commands at once than there are tags, with admin commands between them
 *
 * The I/O queue has 61 tags and the admin queue one, out of one space. Each
 * block that is read or written has a content of its own, so that a completion
 * that went to the wrong command shows. Whoever runs this program sees in the
 * drive's counters how many commands were in flight.
 */

#include <linux/nvme_ioctl.h>
#include <pthread.h>

#include <kselftest_harness.h>

#include "drive.h"

#define DEPTH		128	/* twice the tags, so that none is ever idle */
#define BLOCKS		1024
#define ADMIN_THREADS	3

#define OP_GET_LOG	0x02
#define LOG_SMART	2
#define APPLE		0x106b

FIXTURE(tags) {
	int fd;
	aio_context_t context;
	unsigned char *data;		/* DEPTH blocks */
	uint32_t generation[BLOCKS];	/* of each block on the drive */
	bool busy[BLOCKS];
	uint64_t seed;
};

static uint64_t block_number(unsigned int block)
{
	return area_start(AREA_TAGS) / BLOCK + block;
}

FIXTURE_SETUP(tags)
{
	self->fd = open_scratch(O_DIRECT);
	ASSERT_LE(0, self->fd)
		TH_LOG("%s: %m", scratch_path());
	ASSERT_EQ(0, aio_setup(DEPTH, &self->context));
	self->data = map_memory(DEPTH * BLOCK);
	ASSERT_NE(NULL, self->data);
	for (unsigned int i = 0; i < BLOCKS; i += DEPTH) {
		for (unsigned int j = 0; j < DEPTH; j++)
			fill_block(self->data + j * BLOCK, block_number(i + j),
				   0);
		ASSERT_EQ((ssize_t)DEPTH * BLOCK,
			  pwrite(self->fd, self->data, DEPTH * BLOCK,
				 area_start(AREA_TAGS) + i * BLOCK));
	}
}

FIXTURE_TEARDOWN(tags)
{
	close(self->fd);
}

/**
 * struct admin - what the threads with admin commands share
 * @fd: the controller
 * @stop: they are to end
 * @done: commands that were answered
 * @error: the first errno or status that was not expected
 */
struct admin {
	int fd;
	bool stop;
	unsigned int done;
	int error;
};

static int identify(int fd, unsigned char *data)
{
	int ret = identify_controller(fd, data, 0);

	if (!ret && (data[0] | data[1] << 8) != APPLE)
		return -EILSEQ;
	return ret < 0 ? -errno : ret;
}

static int smart_log(int fd, unsigned char *data)
{
	struct nvme_admin_cmd cmd = {
		.opcode = OP_GET_LOG,
		.nsid = 0xffffffff,
		.addr = (uintptr_t)data,
		.data_len = 512,
		.cdw10 = LOG_SMART | (512 / 4 - 1) << 16,
	};
	int ret = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);

	return ret < 0 ? -errno : ret;
}

static void *send_admin(void *arg)
{
	struct admin *admin = arg;
	unsigned char *data = map_memory(BLOCK);

	while (data && !__atomic_load_n(&admin->stop, __ATOMIC_RELAXED)) {
		int ret = identify(admin->fd, data);

		if (!ret)
			ret = smart_log(admin->fd, data);
		if (ret) {
			__atomic_store_n(&admin->error, ret, __ATOMIC_RELAXED);
			break;
		}
		__atomic_add_fetch(&admin->done, 2, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* Prepares @request for a block that no other request uses. */
static void prepare(FIXTURE_DATA(tags) *self, struct iocb *request,
		    unsigned int slot, bool write)
{
	void *data = self->data + slot * BLOCK;
	unsigned int block;

	do {
		block = random_below(&self->seed, BLOCKS);
	} while (self->busy[block]);
	self->busy[block] = true;
	if (write)
		fill_block(data, block_number(block),
			   ++self->generation[block]);
	else
		memset(data, 0, BLOCK);
	*request = aio_request(self->fd,
			       write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD, data,
			       BLOCK, area_start(AREA_TAGS) + block * BLOCK,
			       slot << 16 | block);
}

/* Whether the request that @event ends did what it was to do. */
static bool finish(FIXTURE_DATA(tags) *self, const struct io_event *event,
		   struct iocb *requests)
{
	unsigned int slot = event->data >> 16;
	unsigned int block = event->data & 0xffff;

	self->busy[block] = false;
	if (event->res != BLOCK)
		return false;
	return requests[slot].aio_lio_opcode == IOCB_CMD_PWRITE ||
	       is_block(self->data + slot * BLOCK, block_number(block),
			self->generation[block]);
}

/* Keeps DEPTH requests going until @count are done. Returns how many are. */
static unsigned int keep_busy(FIXTURE_DATA(tags) *self, unsigned int count,
			      unsigned int writes_of_4)
{
	struct timespec patience = { .tv_sec = 20 };
	struct iocb requests[DEPTH], *list[DEPTH];
	struct io_event events[DEPTH];
	unsigned int started = 0, done = 0;
	int ready = DEPTH;

	for (unsigned int i = 0; i < DEPTH; i++)
		events[i].data = i << 16;
	while (done < count) {
		long wanted = 0;

		for (int i = 0; i < ready && started < count; i++) {
			unsigned int slot = events[i].data >> 16;

			prepare(self, &requests[slot], slot,
				random_below(&self->seed, 4) < writes_of_4);
			list[wanted++] = &requests[slot];
			started++;
		}
		if (wanted && aio_submit(self->context, wanted, list) != wanted)
			return done;
		ready = aio_wait(self->context, 1, DEPTH, events, &patience);
		if (ready <= 0)
			return done;
		for (int i = 0; i < ready; i++, done++)
			if (!finish(self, &events[i], requests))
				return done;
	}
	return done;
}

/* As keep_busy(), with admin commands all the time. Returns their number. */
static int with_admin(FIXTURE_DATA(tags) *self, unsigned int count,
		      unsigned int writes_of_4, unsigned int *done)
{
	struct admin admin = { .fd = open(CONTROLLER, O_RDWR | O_CLOEXEC) };
	pthread_t threads[ADMIN_THREADS];

	if (admin.fd < 0)
		return -errno;
	for (unsigned int i = 0; i < ADMIN_THREADS; i++)
		if (pthread_create(&threads[i], NULL, send_admin, &admin))
			exit(KSFT_FAIL);
	*done = keep_busy(self, count, writes_of_4);
	__atomic_store_n(&admin.stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < ADMIN_THREADS; i++)
		pthread_join(threads[i], NULL);
	close(admin.fd);
	return admin.error ? -abs(admin.error) : (int)admin.done;
}

TEST_F_TIMEOUT(tags, all_in_flight, 120)
{
	EXPECT_EQ(1500, keep_busy(self, 1500, 1));
}

TEST_F_TIMEOUT(tags, reads_with_admin_between, 120)
{
	unsigned int done = 0;
	int admin = with_admin(self, 1000, 0, &done);

	EXPECT_EQ(1000, done);
	EXPECT_LT(20, admin)
		TH_LOG("%d admin commands (less than 0: what failed)", admin);
}

TEST_F_TIMEOUT(tags, writes_with_admin_between, 120)
{
	unsigned int done = 0;
	int admin = with_admin(self, 1000, 2, &done);

	EXPECT_EQ(1000, done);
	EXPECT_LT(20, admin)
		TH_LOG("%d admin commands (less than 0: what failed)", admin);
}

/* What was written in whatever order is there. */
TEST_F_TIMEOUT(tags, nothing_went_astray, 120)
{
	ASSERT_EQ(2000, keep_busy(self, 2000, 3));
	for (unsigned int i = 0; i < BLOCKS; i++) {
		void *data = self->data + i % DEPTH * BLOCK;

		if (i % DEPTH == 0) {
			ASSERT_EQ((ssize_t)DEPTH * BLOCK,
				  pread(self->fd, self->data, DEPTH * BLOCK,
					area_start(AREA_TAGS) + i * BLOCK));
		}
		ASSERT_TRUE(is_block(data, block_number(i),
				     self->generation[i]))
			TH_LOG("block %u", i);
	}
}

TEST_HARNESS_MAIN
