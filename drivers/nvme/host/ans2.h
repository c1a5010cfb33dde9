/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: NVMMU and linear queues, the interface of ans2.c. Completions are
 * taken by ans2-cq.h.
 */

#ifndef _NVME_ANS2_H
#define _NVME_ANS2_H

#include <linux/bits.h>
#include <linux/io.h>
#include <linux/nvme.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "ans2-regs.h"

struct device;

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
 * struct nvme_ans2_queue - a queue pair, and what the ANS2 adds to it
 * @tcbs: TCB array, NVME_ANS2_TAGS entries whatever the depth of the queue
 * @tcbs_dma: its address for the device
 * @sq_db: offset of the submission doorbell, which takes a tag
 * @cq_db: offset of the completion doorbell, which takes a head
 * @tags: mask of the tags that may be in flight here
 * @waiting: mask of the tags whose doorbell is rung with the next one
 * @cqes: the completion ring, written by the device; NULL until it is opened
 * @depth: its entries, at most NVME_ANS2_TAGS
 * @head: next entry to read
 * @phase: phase bit of an entry that was not read yet
 * @reaped: how many entries were read since the start, may wrap
 */
struct nvme_ans2_queue {
	struct nvme_ans2_tcb *tcbs;
	dma_addr_t tcbs_dma;
	u32 sq_db;
	u32 cq_db;
	u64 tags;
	u64 waiting;
	const struct nvme_completion *cqes;
	u16 depth;
	u16 head;
	u8 phase;
	u32 reaped;
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
 *	two). It also guards @inflight, @live, @watched, and @waiting, @cqes,
 *	@head, @phase and @reaped of each queue. Taken in hard interrupt
 *	context; nothing is submitted under it, and a request is marked as
 *	complete under it and completed behind it.
 * @inflight: mask of the tags whose doorbell was rung and whose completion
 *	was not taken
 * @live: the controller is enabled, registers of the NVMMU may be written
 * @watched: @watch is pending
 * @stat_per_batch: read TCB_STAT once per batch instead of once per tag
 * @watch_wq: runs @watch. A queue of its own, so that it runs without memory
 *	while all that waits for a command holds other workers
 * @watch: looks after commands in flight, see nvme_ans2_is_busy()
 * @q: admin queue and I/O queue
 */
struct nvme_ans2 {
	void __iomem *regs;
	struct device *dev;
	spinlock_t lock; /* doorbells against invalidations, see above */
	u64 inflight;
	bool live;
	bool watched;
	bool stat_per_batch;
	struct workqueue_struct *watch_wq;
	struct delayed_work watch;
	struct nvme_ans2_queue q[2];
};

/* How often the watch looks while commands are in flight. */
#define NVME_ANS2_WATCH_PERIOD		(HZ / 4)

int nvme_ans2_init(struct nvme_ans2 *ans2, struct device *dev);
int nvme_ans2_wait_boot(struct nvme_ans2 *ans2);
void nvme_ans2_start(struct nvme_ans2 *ans2);
void nvme_ans2_stop(struct nvme_ans2 *ans2);
bool nvme_ans2_fill(struct nvme_ans2 *ans2, unsigned int qid, void *sq_cmds,
		    const struct nvme_command *cmd);
void nvme_ans2_submit(struct nvme_ans2 *ans2, unsigned int qid, u64 tags,
		      bool last);
void nvme_ans2_open_cq(struct nvme_ans2 *ans2, unsigned int qid,
		       const struct nvme_completion *cqes);
bool nvme_ans2_is_busy(struct nvme_ans2 *ans2);
bool nvme_ans2_has_entry(struct nvme_ans2 *ans2, unsigned int qid);
void nvme_ans2_warn_stat(struct nvme_ans2 *ans2, u16 tag, u32 stat);
void nvme_ans2_warn_tag(struct nvme_ans2 *ans2, struct nvme_ans2_queue *q,
			u16 tag);

#if IS_ENABLED(CONFIG_NVME_ANS2_KUNIT_TEST)
#include "tests/ans2_window.h"
#else
#define nvme_ans2_map(start, size)	ioremap_np(start, size)
#define nvme_ans2_unmap(regs)		iounmap(regs)

static inline void nvme_ans2_wrote(void __iomem *reg, u64 value)
{
}
#endif

#endif /* _NVME_ANS2_H */
