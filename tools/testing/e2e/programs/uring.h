/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io_uring's passthrough of NVMe commands, without its library
 *
 * One thread uses a ring. Entries have 128 bytes, completions 32, as NVMe
 * commands need them.
 */

#ifndef E2E_URING_H
#define E2E_URING_H

#include <linux/io_uring.h>
#include <linux/nvme_ioctl.h>
#include <sys/uio.h>

#include "drive.h"

#define RING_ENTRIES	64

struct ring {
	int fd;
	unsigned int *sq_tail;
	unsigned int *sq_array;
	unsigned int sq_mask;
	unsigned int *cq_head;
	unsigned int *cq_tail;
	unsigned int cq_mask;
	unsigned char *sqes;
	unsigned char *cqes;
	unsigned int sqe_size;
	unsigned int cqe_size;
	unsigned int queued;	/* prepared and not yet submitted */
};

struct ring_result {
	uint64_t id;
	int res;		/* -errno, or an NVMe status */
	uint64_t result;	/* what the command returned */
};

/* @flags: IORING_SETUP_*. Returns 0 or -errno. */
static inline int ring_open(struct ring *ring, unsigned int flags)
{
	struct io_uring_params p = { .flags = flags };
	unsigned char *sq, *cq;
	size_t size;

	*ring = (struct ring) { };
	ring->sqe_size = flags & IORING_SETUP_SQE128 ? 128 : 64;
	ring->cqe_size = flags & IORING_SETUP_CQE32 ? 32 : 16;
	ring->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &p);
	if (ring->fd < 0)
		return -errno;
	size = p.sq_off.array + p.sq_entries * sizeof(uint32_t);
	sq = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
	size = p.cq_off.cqes + p.cq_entries * ring->cqe_size;
	cq = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_CQ_RING);
	ring->sqes = mmap(NULL, p.sq_entries * ring->sqe_size,
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			  ring->fd, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || ring->sqes == MAP_FAILED)
		return -errno;
	ring->sq_tail = (unsigned int *)(sq + p.sq_off.tail);
	ring->sq_array = (unsigned int *)(sq + p.sq_off.array);
	ring->sq_mask = p.sq_entries - 1;
	ring->cq_head = (unsigned int *)(cq + p.cq_off.head);
	ring->cq_tail = (unsigned int *)(cq + p.cq_off.tail);
	ring->cq_mask = p.cq_entries - 1;
	ring->cqes = cq + p.cq_off.cqes;
	return 0;
}

/* @op: NVME_URING_CMD_*. @flags: IORING_URING_CMD_*, with buffer 0. */
static inline void ring_command(struct ring *ring, int file, unsigned int op,
				const struct nvme_uring_cmd *cmd, uint64_t id,
				unsigned int flags)
{
	unsigned int tail = *ring->sq_tail + ring->queued;
	unsigned int slot = tail & ring->sq_mask;
	unsigned char *raw = ring->sqes + slot * ring->sqe_size;
	struct io_uring_sqe *sqe = (void *)raw;

	memset(raw, 0, ring->sqe_size);
	sqe->opcode = IORING_OP_URING_CMD;
	sqe->fd = file;
	sqe->cmd_op = op;
	sqe->user_data = id;
	/* the field that newer headers call uring_cmd_flags */
	sqe->rw_flags = flags;
	if (ring->sqe_size == 128)
		memcpy(sqe->cmd, cmd, sizeof(*cmd));
	ring->sq_array[slot] = slot;
	ring->queued++;
}

/* Submits what is queued and waits for @least completions. 0 or -errno. */
static inline int ring_submit(struct ring *ring, unsigned int least)
{
	int ret;

	__atomic_store_n(ring->sq_tail, *ring->sq_tail + ring->queued,
			 __ATOMIC_RELEASE);
	ret = syscall(SYS_io_uring_enter, ring->fd, ring->queued, least,
		      IORING_ENTER_GETEVENTS, NULL, 0);
	if (ret < 0)
		return -errno;
	if (ret != (int)ring->queued)
		return -EIO;
	ring->queued = 0;
	return 0;
}

/* Takes one completion, if there is one. */
static inline bool ring_take(struct ring *ring, struct ring_result *result)
{
	unsigned int head = *ring->cq_head;
	const struct io_uring_cqe *cqe;

	if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE))
		return false;
	cqe = (void *)(ring->cqes + (head & ring->cq_mask) * ring->cqe_size);
	result->id = cqe->user_data;
	result->res = cqe->res;
	result->result = 0;
	if (ring->cqe_size == 32)
		memcpy(&result->result, cqe + 1, sizeof(result->result));
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return true;
}

/* One command and its result: -errno, or the NVMe status. */
static inline int ring_one(struct ring *ring, int file, unsigned int op,
			   const struct nvme_uring_cmd *cmd,
			   unsigned int flags)
{
	struct ring_result result;
	int ret;

	ring_command(ring, file, op, cmd, 1, flags);
	ret = ring_submit(ring, 1);
	/* A ring that polls may come back without it. */
	while (!ret && !ring_take(ring, &result))
		ret = ring_submit(ring, 1);
	return ret ?: result.res;
}

#endif /* E2E_URING_H */
