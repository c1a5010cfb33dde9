// SPDX-License-Identifier: GPL-2.0-only
/*
 * The drive's three namespaces: what each says about itself, and that none
 * reaches into another
 */

#include <linux/nvme_ioctl.h>

#include <kselftest_harness.h>

#include "drive.h"

#define COUNT		3
#define PART		MIB
#define CNS_NAMESPACE	0
#define OP_READ		0x02
#define OP_WRITE	0x01
#define SC_INVALID_NS	0x0b
#define SC_LBA_RANGE	0x80
#define SC_MASK		0x7ff

FIXTURE(namespaces) {
	int fd[COUNT];
	uint64_t blocks[COUNT];
	unsigned char *data;
};

FIXTURE_SETUP(namespaces)
{
	self->data = map_memory(PART);
	ASSERT_NE(NULL, self->data);
	for (unsigned int i = 0; i < COUNT; i++) {
		uint64_t bytes;
		char path[32];

		snprintf(path, sizeof(path), "/dev/nvme0n%u", i + 1);
		self->fd[i] = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
		ASSERT_LE(0, self->fd[i])
			TH_LOG("%s: %m", path);
		ASSERT_EQ(0, ioctl(self->fd[i], BLKGETSIZE64, &bytes));
		self->blocks[i] = bytes / BLOCK;
	}
}

FIXTURE_TEARDOWN(namespaces)
{
	for (unsigned int i = 0; i < COUNT; i++)
		close(self->fd[i]);
}

static int identify(int fd, unsigned int nsid, void *data)
{
	struct nvme_admin_cmd cmd = {
		.opcode = OP_IDENTIFY,
		.nsid = nsid,
		.addr = (uintptr_t)data,
		.data_len = BLOCK,
		.cdw10 = CNS_NAMESPACE,
	};

	return ioctl(fd, NVME_IOCTL_ADMIN_CMD, &cmd);
}

/* One block at @where through the namespace itself, no block layer's limits. */
static int transfer(int fd, unsigned int opcode, unsigned int nsid,
		    uint64_t where, void *data)
{
	struct nvme_passthru_cmd cmd = {
		.opcode = opcode,
		.nsid = nsid,
		.addr = (uintptr_t)data,
		.data_len = BLOCK,
		.cdw10 = where,
		.cdw11 = where >> 32,
	};

	return ioctl(fd, NVME_IOCTL_IO_CMD, &cmd);
}

TEST_F(namespaces, sizes_are_those_of_identify)
{
	int ctrl = open(CONTROLLER, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, ctrl);
	for (unsigned int i = 0; i < COUNT; i++) {
		uint64_t nsze;

		ASSERT_EQ(0, identify(ctrl, i + 1, self->data));
		memcpy(&nsze, self->data, sizeof(nsze));
		EXPECT_EQ(nsze, self->blocks[i]);
		EXPECT_LT(0, nsze);
		EXPECT_EQ((int)i + 1, ioctl(self->fd[i], NVME_IOCTL_ID));
	}
	close(ctrl);
}

TEST_F(namespaces, there_is_no_fourth)
{
	int ctrl = open(CONTROLLER, O_RDWR | O_CLOEXEC);

	ASSERT_LE(0, ctrl);
	EXPECT_EQ(SC_INVALID_NS,
		  identify(ctrl, COUNT + 1, self->data) & SC_MASK);
	EXPECT_EQ(-1, access("/dev/nvme0n4", F_OK));
	close(ctrl);
}

TEST_F(namespaces, first_and_last_block_can_be_read)
{
	for (unsigned int i = 0; i < COUNT; i++) {
		off_t last = (self->blocks[i] - 1) * BLOCK;

		EXPECT_EQ((ssize_t)BLOCK,
			  pread(self->fd[i], self->data, BLOCK, 0));
		EXPECT_EQ((ssize_t)BLOCK,
			  pread(self->fd[i], self->data, BLOCK, last));
		EXPECT_EQ(0, pread(self->fd[i], self->data, BLOCK,
				   last + BLOCK));
	}
}

TEST_F(namespaces, the_drive_refuses_what_is_beyond)
{
	for (unsigned int i = 0; i < COUNT; i++) {
		EXPECT_EQ(SC_LBA_RANGE,
			  transfer(self->fd[i], OP_READ, i + 1,
				   self->blocks[i], self->data) & SC_MASK);
		EXPECT_EQ(SC_LBA_RANGE,
			  transfer(self->fd[i], OP_READ, i + 1, ~0ULL,
				   self->data) & SC_MASK);
	}
}

/* A device node is for one namespace. */
TEST_F(namespaces, another_namespace_is_not_reached)
{
	EXPECT_EQ(-1, transfer(self->fd[1], OP_READ, 3, 0, self->data));
	EXPECT_EQ(EINVAL, errno);
}

/*
 * The same places in each namespace: the small ones begin at 0, in the first
 * one that is the partition table, so there it is the scratch partition.
 */
TEST_F(namespaces, writes_stay_in_their_namespace)
{
	int fd[COUNT] = {
		open_scratch(O_DIRECT), self->fd[1], self->fd[2]
	};
	off_t where[COUNT] = { area_start(AREA_NAMESPACES) };

	ASSERT_LE(0, fd[0]);
	for (unsigned int turn = 0; turn < 2; turn++) {
		for (unsigned int i = 0; i < COUNT; i++) {
			for (size_t at = 0; at < PART; at += BLOCK)
				fill_block(self->data + at, at / BLOCK,
					   turn * COUNT + i);
			ASSERT_EQ((ssize_t)PART,
				  pwrite(fd[i], self->data, PART, where[i]));
		}
		for (unsigned int i = 0; i < COUNT; i++) {
			ASSERT_EQ((ssize_t)PART,
				  pread(fd[i], self->data, PART, where[i]));
			for (size_t at = 0; at < PART; at += BLOCK) {
				ASSERT_TRUE(is_block(self->data + at,
						     at / BLOCK,
						     turn * COUNT + i))
					TH_LOG("namespace %u, byte %zu",
					       i + 1, at);
			}
		}
	}
	close(fd[0]);
}

TEST_HARNESS_MAIN
