/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: NVMMU and linear queues, the interface of ans2.c
 */

#ifndef _NVME_ANS2_H
#define _NVME_ANS2_H

#include <linux/bits.h>
#include <linux/nvme.h>
#include <linux/spinlock.h>

#include "ans2-regs.h"

struct device;
struct request;

/*
 * Tag = command id = slot in the queue = index of the TCB. The controller has
 * one space of 64 for both queues. The admin queue uses tag 0 of its two
 * slots, I/O uses 2..62: what Linux' nvme-apple uses, and what is known to
 * work. A completion queue thus never holds as many entries as it has.
 */
#define NVME_ANS2_TAGS			64
#define NVME_ANS2_AQ_DEPTH		2
#define NVME_ANS2_ADMIN_TAG		0
#define NVME_ANS2_IOQ_DEPTH		NVME_ANS2_TAGS
#define NVME_ANS2_IO_TAGS_END		(NVME_ANS2_IOQ_DEPTH - 1)

/* Tags each queue may use, as a mask. */
#define NVME_ANS2_ADMIN_MASK		BIT_ULL(NVME_ANS2_ADMIN_TAG)
#define NVME_ANS2_IO_MASK		\
	GENMASK_ULL(NVME_ANS2_IO_TAGS_END - 1, NVME_ANS2_AQ_DEPTH)

static_assert((NVME_ANS2_ADMIN_MASK & NVME_ANS2_IO_MASK) == 0);

/**
 * struct nvme_ans2_queue - what the ANS2 adds to a queue pair
 * @tcbs: TCB array, NVME_ANS2_TAGS entries whatever the depth of the queue
 * @tcbs_dma: its address for the device
 * @sq_db: offset of the submission doorbell, which takes a tag
 * @cq_db: offset of the completion doorbell, which takes a head
 * @tags: mask of the tags that may be in flight here
 * @done: copies of the entries that the last nvme_ans2_reap() took
 */
struct nvme_ans2_queue {
	struct nvme_ans2_tcb *tcbs;
	dma_addr_t tcbs_dma;
	u32 sq_db;
	u32 cq_db;
	u64 tags;
	struct nvme_completion done[NVME_ANS2_TAGS];
};

/**
 * struct nvme_ans2 - one ANS2
 * @regs: the register window
 * @dev: for messages
 * @lock: orders a submission doorbell against everything between the first
 *	TCB invalidation of a batch and its CQ doorbell, for both queues. The
 *	reason is observed, not known: without it a completion now and then
 *	raises no interrupt, although its entry is in memory (the comment in
 *	nvme-apple guesses at a firmware bug when a command starts between the
 *	two). It also guards @inflight and @live. Taken in hard interrupt
 *	context; nothing is submitted or completed under it.
 * @inflight: mask of the tags whose doorbell was rung and whose completion
 *	was not taken
 * @live: the controller is enabled, registers of the NVMMU may be written.
 *	Changed under the shutdown lock of nvme-pci as well
 * @stat_per_batch: read TCB_STAT once per batch instead of once per tag
 * @needs_reset: the admin queue does not answer, so the queues cannot be
 *	deleted in order and only a reset of the co-processor helps. Set by
 *	time-outs at any time, also while the queues are being deleted, and
 *	under the shutdown lock of nvme-pci; cleared under that lock
 * @admin: the request that has the admin tag, or NULL. Taken and given back by
 *	cmpxchg()
 * @has_io_queue: the controller has made the I/O completion queue, so its
 *	queues must be deleted before CC.EN is cleared. Set when the command has
 *	ended, cleared under the shutdown lock of nvme-pci
 * @deleting: commands that delete the I/O queues are waited for. Written under
 *	the shutdown lock of nvme-pci
 * @idle_irqs: calls of the interrupt handler in a row that found no work.
 *	Written by that handler only; with threadirqs, which makes two threads
 *	of it, a count may be lost
 * @q: admin queue and I/O queue
 */
struct nvme_ans2 {
	void __iomem *regs;
	struct device *dev;
	spinlock_t lock; /* doorbells against invalidations, see above */
	u64 inflight;
	bool live;
	bool stat_per_batch;
	bool needs_reset;
	bool has_io_queue;
	bool deleting;
	struct request *admin;
	unsigned int idle_irqs;
	struct nvme_ans2_queue q[2];
};

/**
 * struct nvme_ans2_cq - where a completion queue is read from
 * @cqes: the ring, written by the device
 * @depth: its entries, at most NVME_ANS2_TAGS
 * @head: next entry to read
 * @phase: phase bit of an entry that was not read yet
 * @taken: how many entries of @done of the queue the last reap filled
 */
struct nvme_ans2_cq {
	const struct nvme_completion *cqes;
	u16 depth;
	u16 head;
	u8 phase;
	unsigned int taken;
};

struct nvme_ans2 *nvme_ans2_alloc(struct device *dev);
int nvme_ans2_wait_boot(struct nvme_ans2 *ans2);
void nvme_ans2_start(struct nvme_ans2 *ans2);
void nvme_ans2_stop(struct nvme_ans2 *ans2);
bool nvme_ans2_fill(struct nvme_ans2 *ans2, unsigned int qid, void *sq_cmds,
		    const struct nvme_command *cmd);
void nvme_ans2_submit(struct nvme_ans2 *ans2, unsigned int qid, const u8 *tags,
		      unsigned int nr);
unsigned int nvme_ans2_reap(struct nvme_ans2 *ans2, unsigned int qid,
			    struct nvme_ans2_cq *cq);

#endif /* _NVME_ANS2_H */
