// SPDX-License-Identifier: GPL-2.0-only
/*
 * NVMe commands from user space: by ioctl on the block device, the generic
 * device and the controller, and by io_uring
 *
 * What is right works, what is wrong is answered at once by an errno or by an
 * NVMe status. Commands that lie about the length of their memory are not
 * here: nothing between user space and the controller knows better, so whoever
 * may send them may also break the rules of the hardware.
 */

#include <linux/nvme_ioctl.h>

#include <kselftest_harness.h>

#include "drive.h"
#include "uring.h"

#define OP_FLUSH	0x00
#define OP_WRITE	0x01
#define OP_READ		0x02
#define OP_COMPARE	0x05
#define OP_DSM		0x09
#define OP_UNKNOWN_IO	0x7e

#define OP_GET_LOG	0x02
#define OP_GET_FEATURES	0x0a
#define OP_UNKNOWN_ADMIN 0x7e

#define SC_MASK		0x7ff	/* without "more" and "do not retry" */
#define SC_OPCODE	0x001
#define SC_FIELD	0x002
#define SC_INVALID_NS	0x00b
#define SC_LBA_RANGE	0x080
#define SC_LOG_PAGE	0x109

#define LIMIT		MIB
#define APPLE		0x106b

static uint64_t first_block(void)
{
	static const char path[] = "/sys/class/block/nvme0n1p2/start";

	/* sysfs counts in 512 bytes whatever the drive's blocks are */
	return read_number(path) / (BLOCK / 512) +
	       area_start(AREA_PASSTHRU) / BLOCK;
}

static int status_of(int ret)
{
	return ret < 0 ? -errno : ret & SC_MASK;
}

/* Too long for the drive, or longer than the memory: whatever shows first. */
static bool is_refusal(int ret)
{
	return ret == -EINVAL || ret == -EFAULT;
}

static struct nvme_passthru_cmd rw(unsigned int opcode, void *data,
				   unsigned int blocks)
{
	uint64_t where = first_block();

	return (struct nvme_passthru_cmd) {
		.opcode = opcode,
		.nsid = 1,
		.addr = (uintptr_t)data,
		.data_len = blocks * BLOCK,
		.cdw10 = where,
		.cdw11 = where >> 32,
		.cdw12 = blocks - 1,
	};
}

static int io_cmd(int fd, struct nvme_passthru_cmd cmd)
{
	return status_of(ioctl(fd, NVME_IOCTL_IO_CMD, &cmd));
}

static struct nvme_passthru_cmd64 wide(const struct nvme_passthru_cmd *cmd)
{
	return (struct nvme_passthru_cmd64) {
		.opcode = cmd->opcode,
		.nsid = cmd->nsid,
		.addr = cmd->addr,
		.data_len = cmd->data_len,
		.cdw10 = cmd->cdw10,
		.cdw11 = cmd->cdw11,
		.cdw12 = cmd->cdw12,
	};
}

static int io64_cmd(int fd, struct nvme_passthru_cmd cmd)
{
	struct nvme_passthru_cmd64 cmd64 = wide(&cmd);

	return status_of(ioctl(fd, NVME_IOCTL_IO64_CMD, &cmd64));
}

static void fill(unsigned char *data, unsigned int blocks,
		 uint64_t generation)
{
	for (unsigned int i = 0; i < blocks; i++)
		fill_block(data + i * BLOCK, i, generation);
}

/*
 * I/O commands
 */

FIXTURE(node) {
	int fd;
	int scratch;
	unsigned char *out;
	unsigned char *in;
};

FIXTURE_VARIANT(node) {
	const char *path;
};

FIXTURE_VARIANT_ADD(node, block) {
	.path = NAMESPACE,
};

FIXTURE_VARIANT_ADD(node, generic) {
	.path = GENERIC,
};

FIXTURE_SETUP(node)
{
	self->fd = open(variant->path, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd)
		TH_LOG("%s: %m", variant->path);
	self->scratch = open_scratch(O_DIRECT);
	ASSERT_LE(0, self->scratch);
	self->out = map_memory(LIMIT + 2 * BLOCK);
	self->in = map_memory(LIMIT + 2 * BLOCK);
	ASSERT_NE(NULL, self->out);
	ASSERT_NE(NULL, self->in);
}

FIXTURE_TEARDOWN(node)
{
	close(self->scratch);
	close(self->fd);
}

TEST_F(node, writes_and_reads_of_all_lengths)
{
	static const unsigned int lengths[] = {
		1, 2, 3, 4, 5, 32, 33, 100, 128
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		unsigned int blocks = lengths[i];
		ssize_t len = blocks * BLOCK;

		fill(self->out, blocks, i);
		ASSERT_EQ(0, io_cmd(self->fd, rw(OP_WRITE, self->out, blocks)))
			TH_LOG("%u blocks", blocks);
		memset(self->in, 0, len);
		ASSERT_EQ(0, io64_cmd(self->fd, rw(OP_READ, self->in, blocks)));
		EXPECT_EQ(0, memcmp(self->out, self->in, len));
		ASSERT_EQ(len, pread(self->scratch, self->in, len,
				     area_start(AREA_PASSTHRU)));
		EXPECT_EQ(0, memcmp(self->out, self->in, len))
			TH_LOG("%u blocks by the block layer", blocks);
	}
}

/* The kernel copies what the controller could not reach as it is. */
TEST_F(node, memory_at_any_byte)
{
	for (unsigned int offset = 1; offset < BLOCK; offset += 97) {
		unsigned char *in = self->in + BLOCK + offset;

		fill(self->out + offset, 3, offset);
		memset(self->in, 0xa5, 6 * BLOCK);
		ASSERT_EQ(0, io_cmd(self->fd, rw(OP_WRITE, self->out + offset,
						 3)));
		ASSERT_EQ(0, io_cmd(self->fd, rw(OP_READ, in, 3)));
		ASSERT_EQ(0, memcmp(self->out + offset, in, 3 * BLOCK))
			TH_LOG("offset %u", offset);
		EXPECT_EQ(0xa5, in[-1]);
		EXPECT_EQ(0xa5, in[3 * BLOCK]);
	}
}

TEST_F(node, flush)
{
	struct nvme_passthru_cmd cmd = { .opcode = OP_FLUSH, .nsid = 1 };

	EXPECT_EQ(0, io_cmd(self->fd, cmd));
}

TEST_F(node, deallocate)
{
	struct nvme_passthru_cmd cmd = {
		.opcode = OP_DSM,
		.nsid = 1,
		.addr = (uintptr_t)self->out,
		.data_len = 16,
		.cdw11 = 1 << 2,
	};
	uint32_t blocks = 16;
	uint64_t where = first_block();

	memset(self->out, 0, 16);
	memcpy(self->out + 4, &blocks, sizeof(blocks));
	memcpy(self->out + 8, &where, sizeof(where));
	EXPECT_EQ(0, io_cmd(self->fd, cmd));
}

TEST_F(node, unknown_opcodes)
{
	struct nvme_passthru_cmd cmd = { .opcode = OP_UNKNOWN_IO, .nsid = 1 };

	EXPECT_EQ(SC_OPCODE, io_cmd(self->fd, cmd));
	cmd = rw(OP_COMPARE, self->out, 1);
	EXPECT_EQ(SC_OPCODE, io_cmd(self->fd, cmd));
	/* with memory, in either direction */
	cmd = rw(OP_UNKNOWN_IO, self->in, 1);
	EXPECT_EQ(SC_OPCODE, io_cmd(self->fd, cmd));
	cmd = rw(OP_UNKNOWN_IO - 1, self->out, 1);
	EXPECT_EQ(SC_OPCODE, io_cmd(self->fd, cmd));
	EXPECT_EQ(0, io_cmd(self->fd, rw(OP_READ, self->in, 1)));
}

TEST_F(node, wrong_places)
{
	struct nvme_passthru_cmd cmd = rw(OP_READ, self->in, 1);

	cmd.cdw10 = ~0U;
	cmd.cdw11 = ~0U;
	EXPECT_EQ(SC_LBA_RANGE, io_cmd(self->fd, cmd));
	/* longer than what the drive takes at once */
	cmd = rw(OP_READ, self->in, 128);
	cmd.cdw12 = 0xffff;
	EXPECT_EQ(SC_FIELD, io_cmd(self->fd, cmd));
	EXPECT_EQ(0, io_cmd(self->fd, rw(OP_READ, self->in, 1)));
}

TEST_F(node, wrong_namespace)
{
	struct nvme_passthru_cmd cmd = rw(OP_READ, self->in, 1);

	cmd.nsid = 2;
	EXPECT_EQ(-EINVAL, io_cmd(self->fd, cmd));
	cmd.nsid = 0;
	EXPECT_EQ(-EINVAL, io_cmd(self->fd, cmd));
}

TEST_F(node, wrong_memory)
{
	struct nvme_passthru_cmd cmd = rw(OP_READ, (void *)0x1000, 1);

	EXPECT_EQ(-EFAULT, io_cmd(self->fd, cmd));
	cmd = rw(OP_WRITE, (void *)-BLOCK, 1);
	EXPECT_EQ(-EFAULT, io_cmd(self->fd, cmd));
	/* more than one command can carry */
	cmd = rw(OP_READ, self->in, 1);
	cmd.data_len = 64 * MIB;
	EXPECT_TRUE(is_refusal(io_cmd(self->fd, cmd)));
	EXPECT_EQ(0, io_cmd(self->fd, rw(OP_READ, self->in, 1)));
}

/* There is no metadata, and flags are the kernel's to choose. */
TEST_F(node, wrong_fields)
{
	struct nvme_passthru_cmd cmd = rw(OP_READ, self->in, 1);

	cmd.flags = 1 << 6;
	EXPECT_EQ(-EINVAL, io_cmd(self->fd, cmd));
	cmd = rw(OP_READ, self->in, 1);
	cmd.metadata = (uintptr_t)self->out;
	cmd.metadata_len = 8;
	EXPECT_EQ(-EINVAL, io_cmd(self->fd, cmd));
}

/* The oldest ioctl, which only block devices have. */
TEST(submit_io)
{
	unsigned char *out = map_memory(2 * BLOCK);
	unsigned char *in = map_memory(2 * BLOCK);
	int fd = open(NAMESPACE, O_RDWR | O_CLOEXEC);
	struct nvme_user_io io = {
		.opcode = OP_WRITE,
		.nblocks = 1,
		.addr = (uintptr_t)out,
		.slba = first_block(),
	};

	ASSERT_LE(0, fd);
	ASSERT_NE(NULL, out);
	ASSERT_NE(NULL, in);
	fill(out, 2, 77);
	EXPECT_EQ(0, status_of(ioctl(fd, NVME_IOCTL_SUBMIT_IO, &io)));
	io.opcode = OP_READ;
	io.addr = (uintptr_t)in;
	EXPECT_EQ(0, status_of(ioctl(fd, NVME_IOCTL_SUBMIT_IO, &io)));
	EXPECT_EQ(0, memcmp(out, in, 2 * BLOCK));
	io.opcode = OP_UNKNOWN_IO;
	EXPECT_EQ(-EINVAL, status_of(ioctl(fd, NVME_IOCTL_SUBMIT_IO, &io)));
	close(fd);
}

/*
 * Admin commands
 */

FIXTURE(controller) {
	int fd;
	unsigned char *data;
};

FIXTURE_SETUP(controller)
{
	self->fd = open(CONTROLLER, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->data = map_memory(4 * BLOCK);
	ASSERT_NE(NULL, self->data);
}

FIXTURE_TEARDOWN(controller)
{
	close(self->fd);
}

static int admin_cmd(int fd, struct nvme_passthru_cmd cmd)
{
	return status_of(ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd));
}

static int admin64_cmd(int fd, struct nvme_passthru_cmd cmd)
{
	struct nvme_passthru_cmd64 cmd64 = wide(&cmd);

	return status_of(ioctl(fd, NVME_IOCTL_ADMIN64_CMD, &cmd64));
}

static struct nvme_passthru_cmd identify(unsigned int nsid, unsigned int cns,
					 void *data)
{
	return (struct nvme_passthru_cmd) {
		.opcode = OP_IDENTIFY,
		.nsid = nsid,
		.addr = (uintptr_t)data,
		.data_len = BLOCK,
		.cdw10 = cns,
	};
}

static struct nvme_passthru_cmd get_log(unsigned int page, void *data,
					unsigned int len)
{
	return (struct nvme_passthru_cmd) {
		.opcode = OP_GET_LOG,
		.nsid = ~0U,
		.addr = (uintptr_t)data,
		.data_len = len,
		.cdw10 = page | (len / 4 - 1) << 16,
	};
}

/* Firmware takes only whole pages; user space may have its memory anywhere. */
TEST_F(controller, identify_at_any_byte)
{
	for (unsigned int offset = 0; offset < BLOCK; offset += 61) {
		unsigned char *data = self->data + BLOCK + offset;

		memset(self->data, 0xa5, 4 * BLOCK);
		ASSERT_EQ(0, admin_cmd(self->fd, identify(0, 1, data)));
		ASSERT_EQ(APPLE, data[0] | data[1] << 8)
			TH_LOG("offset %u", offset);
		EXPECT_EQ(0xa5, data[-1]);
		EXPECT_EQ(0xa5, data[BLOCK]);
		ASSERT_EQ(0, admin64_cmd(self->fd, identify(1, 0, data)));
	}
}

TEST_F(controller, log_at_any_word)
{
	for (unsigned int offset = 0; offset < BLOCK; offset += 124) {
		unsigned char *data = self->data + offset;

		memset(self->data, 0xa5, 4 * BLOCK);
		ASSERT_EQ(0, admin_cmd(self->fd, get_log(2, data, 512)));
		/* kelvins */
		EXPECT_LT(200, data[1] | data[2] << 8);
		EXPECT_GT(400, data[1] | data[2] << 8);
		EXPECT_EQ(0xa5, data[512]);
	}
}

TEST_F(controller, unknown_commands)
{
	struct nvme_passthru_cmd cmd = { .opcode = OP_UNKNOWN_ADMIN };

	EXPECT_EQ(SC_OPCODE, admin_cmd(self->fd, cmd));
	cmd.addr = (uintptr_t)self->data;
	cmd.data_len = BLOCK;
	EXPECT_EQ(SC_OPCODE, admin_cmd(self->fd, cmd));
	cmd = identify(0, 0x55, self->data);
	EXPECT_EQ(SC_FIELD, admin_cmd(self->fd, cmd));
	cmd = identify(9, 0, self->data);
	EXPECT_EQ(SC_INVALID_NS, admin_cmd(self->fd, cmd));
	cmd = get_log(0x77, self->data, 512);
	EXPECT_EQ(SC_LOG_PAGE, admin_cmd(self->fd, cmd));
	cmd = (struct nvme_passthru_cmd) {
		.opcode = OP_GET_FEATURES, .cdw10 = 0x7f,
	};
	EXPECT_EQ(SC_FIELD, admin_cmd(self->fd, cmd));
	EXPECT_EQ(0, admin_cmd(self->fd, identify(0, 1, self->data)));
}

TEST_F(controller, wrong_memory)
{
	struct nvme_passthru_cmd cmd = identify(0, 1, (void *)0x1000);

	EXPECT_EQ(-EFAULT, admin_cmd(self->fd, cmd));
	cmd = identify(0, 1, self->data);
	cmd.data_len = 64 * MIB;
	EXPECT_TRUE(is_refusal(admin_cmd(self->fd, cmd)));
	EXPECT_EQ(0, admin_cmd(self->fd, identify(0, 1, self->data)));
}

/* With several namespaces the controller's node does not know which one. */
TEST_F(controller, no_io_without_a_namespace)
{
	EXPECT_EQ(-EINVAL, io_cmd(self->fd, rw(OP_READ, self->data, 1)));
}

/*
 * io_uring
 */

FIXTURE(uring) {
	struct ring ring;
	int fd;
	unsigned char *out;
	unsigned char *in;
};

FIXTURE_SETUP(uring)
{
	ASSERT_EQ(0, ring_open(&self->ring, IORING_SETUP_SQE128 |
					    IORING_SETUP_CQE32));
	self->fd = open(GENERIC, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	self->out = map_memory(RING_ENTRIES * BLOCK);
	self->in = map_memory(RING_ENTRIES * BLOCK);
	ASSERT_NE(NULL, self->out);
	ASSERT_NE(NULL, self->in);
}

FIXTURE_TEARDOWN(uring)
{
	close(self->fd);
	close(self->ring.fd);
}

static struct nvme_uring_cmd uring_rw(unsigned int opcode, void *data,
				      unsigned int at, unsigned int blocks)
{
	uint64_t where = first_block() + at;

	return (struct nvme_uring_cmd) {
		.opcode = opcode,
		.nsid = 1,
		.addr = (uintptr_t)data,
		.data_len = blocks * BLOCK,
		.cdw10 = where,
		.cdw11 = where >> 32,
		.cdw12 = blocks - 1,
	};
}

static int status(int res)
{
	return res < 0 ? res : res & SC_MASK;
}

/* A full ring of commands, each block for itself. Returns how many failed. */
static int full_ring(struct ring *ring, int fd, unsigned int opcode,
		     unsigned char *data)
{
	struct ring_result result;
	int failed = RING_ENTRIES;

	for (unsigned int i = 0; i < RING_ENTRIES; i++) {
		struct nvme_uring_cmd cmd = uring_rw(opcode, data + i * BLOCK,
						     i, 1);

		ring_command(ring, fd, NVME_URING_CMD_IO, &cmd, i, 0);
	}
	if (ring_submit(ring, RING_ENTRIES))
		return failed;
	while (ring_take(ring, &result))
		failed -= !result.res;
	return failed;
}

TEST_F(uring, full_ring_of_writes_and_reads)
{
	for (unsigned int turn = 0; turn < 10; turn++) {
		fill(self->out, RING_ENTRIES, turn);
		memset(self->in, 0, RING_ENTRIES * BLOCK);
		ASSERT_EQ(0, full_ring(&self->ring, self->fd, OP_WRITE,
				       self->out));
		ASSERT_EQ(0, full_ring(&self->ring, self->fd, OP_READ,
				       self->in));
		ASSERT_EQ(0, memcmp(self->out, self->in,
				    RING_ENTRIES * BLOCK));
	}
}

TEST_F(uring, vectors)
{
	struct iovec segments[2] = {
		{ self->in + 3 * BLOCK, 2 * BLOCK }, { self->in, BLOCK },
	};
	struct nvme_uring_cmd cmd = uring_rw(OP_WRITE, self->out, 0, 3);

	fill(self->out, 3, 5);
	ASSERT_EQ(0, ring_one(&self->ring, self->fd, NVME_URING_CMD_IO, &cmd,
			      0));
	cmd = uring_rw(OP_READ, segments, 0, 3);
	cmd.data_len = 2;
	ASSERT_EQ(0, ring_one(&self->ring, self->fd, NVME_URING_CMD_IO_VEC,
			      &cmd, 0));
	EXPECT_TRUE(is_block(self->in + 3 * BLOCK, 0, 5));
	EXPECT_TRUE(is_block(self->in + 4 * BLOCK, 1, 5));
	EXPECT_TRUE(is_block(self->in, 2, 5));
}

TEST_F(uring, registered_memory)
{
	struct iovec memory = { self->in, RING_ENTRIES * BLOCK };
	struct nvme_uring_cmd cmd = uring_rw(OP_WRITE, self->out, 0, 4);

	fill(self->out, 4, 6);
	ASSERT_EQ(0, ring_one(&self->ring, self->fd, NVME_URING_CMD_IO, &cmd,
			      0));
	ASSERT_EQ(0, syscall(SYS_io_uring_register, self->ring.fd,
			     IORING_REGISTER_BUFFERS, &memory, 1));
	cmd = uring_rw(OP_READ, self->in + BLOCK, 0, 4);
	ASSERT_EQ(0, ring_one(&self->ring, self->fd, NVME_URING_CMD_IO, &cmd,
			      IORING_URING_CMD_FIXED));
	EXPECT_EQ(0, memcmp(self->out, self->in + BLOCK, 4 * BLOCK));
	/* beyond what was registered */
	cmd = uring_rw(OP_READ, self->out, 0, 1);
	EXPECT_EQ(-EFAULT, ring_one(&self->ring, self->fd, NVME_URING_CMD_IO,
				    &cmd, IORING_URING_CMD_FIXED));
}

TEST_F(uring, what_is_wrong)
{
	struct nvme_uring_cmd cmd = uring_rw(OP_UNKNOWN_IO, self->in, 0, 1);
	struct ring *ring = &self->ring;
	int fd = self->fd;

	EXPECT_EQ(SC_OPCODE, status(ring_one(ring, fd, NVME_URING_CMD_IO, &cmd,
					     0)));
	cmd = uring_rw(OP_READ, self->in, 0, 1);
	cmd.nsid = 2;
	EXPECT_EQ(-EINVAL, ring_one(ring, fd, NVME_URING_CMD_IO, &cmd, 0));
	cmd = uring_rw(OP_READ, self->in, 0, 1);
	cmd.cdw11 = ~0U;
	EXPECT_EQ(SC_LBA_RANGE, status(ring_one(ring, fd, NVME_URING_CMD_IO,
						&cmd, 0)));
	cmd = uring_rw(OP_READ, (void *)0x1000, 0, 1);
	EXPECT_EQ(-EFAULT, ring_one(ring, fd, NVME_URING_CMD_IO, &cmd, 0));
	cmd = uring_rw(OP_READ, self->in, 0, 1);
	cmd.data_len = 64 * MIB;
	EXPECT_TRUE(is_refusal(ring_one(ring, fd, NVME_URING_CMD_IO, &cmd,
					0)));
	cmd = uring_rw(OP_READ, self->in, 0, 1);
	EXPECT_EQ(-ENOTTY, ring_one(ring, fd, _IO('N', 0x99), &cmd, 0));
	EXPECT_EQ(0, ring_one(ring, fd, NVME_URING_CMD_IO, &cmd, 0));
}

/* The entries of an ordinary ring are too short for a command. */
TEST_F(uring, short_entries)
{
	struct nvme_uring_cmd cmd = uring_rw(OP_READ, self->in, 0, 1);
	struct ring ring;

	ASSERT_EQ(0, ring_open(&ring, 0));
	EXPECT_EQ(-EOPNOTSUPP, ring_one(&ring, self->fd, NVME_URING_CMD_IO,
					&cmd, 0));
	close(ring.fd);
}

TEST_F(uring, admin)
{
	struct nvme_uring_cmd cmd = {
		.opcode = OP_IDENTIFY,
		.addr = (uintptr_t)self->in + 12,
		.data_len = BLOCK,
		.cdw10 = 1,
	};
	int fd = open(CONTROLLER, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, ring_one(&self->ring, fd, NVME_URING_CMD_ADMIN, &cmd, 0));
	EXPECT_EQ(APPLE, self->in[12] | self->in[13] << 8);
	cmd.opcode = OP_UNKNOWN_ADMIN;
	EXPECT_EQ(SC_OPCODE, status(ring_one(&self->ring, fd,
					     NVME_URING_CMD_ADMIN, &cmd, 0)));
	close(fd);
}

/* There are no queues to poll: it may be refused, but must end. */
TEST_F(uring, polled)
{
	struct nvme_uring_cmd cmd = uring_rw(OP_READ, self->in, 0, 1);
	struct ring ring;
	int ret;

	ASSERT_EQ(0, ring_open(&ring, IORING_SETUP_SQE128 |
				      IORING_SETUP_CQE32 |
				      IORING_SETUP_IOPOLL));
	ret = ring_one(&ring, self->fd, NVME_URING_CMD_IO, &cmd, 0);
	EXPECT_TRUE(!ret || ret == -EOPNOTSUPP)
		TH_LOG("%d", ret);
	close(ring.fd);
}

/* A process that leaves while its commands run takes nothing with it. */
TEST_F(uring, left_behind)
{
	for (unsigned int turn = 0; turn < 20; turn++) {
		pid_t child = fork();
		struct ring ring;
		int end;

		ASSERT_LE(0, child);
		if (!child) {
			if (ring_open(&ring, IORING_SETUP_SQE128 |
					     IORING_SETUP_CQE32))
				_exit(1);
			for (unsigned int i = 0; i < RING_ENTRIES; i++) {
				struct nvme_uring_cmd cmd =
					uring_rw(OP_READ, self->in + i * BLOCK,
						 i, 1);

				ring_command(&ring, self->fd,
					     NVME_URING_CMD_IO, &cmd, i, 0);
			}
			_exit(ring_submit(&ring, 0) ? 1 : 0);
		}
		ASSERT_EQ(child, waitpid(child, &end, 0));
		ASSERT_TRUE(WIFEXITED(end) && !WEXITSTATUS(end))
			TH_LOG("the process could not submit: %#x", end);
	}
	ASSERT_EQ(0, full_ring(&self->ring, self->fd, OP_READ, self->in));
}

TEST_HARNESS_MAIN
