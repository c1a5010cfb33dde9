/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: taking completions
 *
 * Inline, so that what is done with an entry is a part of the loop that reads
 * it: each completion passes here, and a copy of the entry, or a call through a
 * pointer, would cost as much as the rest. The caller says what is done, so
 * there is no block layer here either.
 */

#ifndef _NVME_ANS2_CQ_H
#define _NVME_ANS2_CQ_H

#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/lockdep.h>

#include "ans2.h"

/* Elsewhere each would make a call of the register access around it. */
#if IS_ENABLED(CONFIG_NVME_ANS2_KUNIT_TEST)
#include <kunit/static_stub.h>
#else
#define KUNIT_STATIC_STUB_REDIRECT(...)
#endif

static inline u32 ans2_read32(struct nvme_ans2 *ans2, u32 reg)
{
	KUNIT_STATIC_STUB_REDIRECT(ans2_read32, ans2, reg);
	return readl(ans2->regs + reg);
}

/* Orders all memory writes before it, as writel() does. */
static inline void ans2_write32(struct nvme_ans2 *ans2, u32 reg, u32 value)
{
	KUNIT_STATIC_STUB_REDIRECT(ans2_write32, ans2, reg, value);
	writel(value, ans2->regs + reg);
	nvme_ans2_wrote(ans2->regs + reg, value);
}

/**
 * typedef nvme_ans2_taken_fn - what a caller of nvme_ans2_reap() does
 * @arg: as it was given to nvme_ans2_reap()
 * @tag: was in flight in this queue, and is not any more
 * @status: the status field, without the phase
 * @result: of the command, as the device wrote it
 *
 * Context: the lock of struct nvme_ans2 is held, interrupts are off. It must
 * not complete the request: another may start under its tag.
 */
typedef void nvme_ans2_taken_fn(void *arg, u16 tag, u16 status,
				union nvme_result result);

/*
 * Command id and status of an entry, in its upper half. The two are aligned to
 * eight bytes together and read at once, so they belong to each other and to
 * the phase, whatever the device does meanwhile.
 */
#define ANS2_CQE_TAG		GENMASK_ULL(47, 32)
#define ANS2_CQE_PHASE		BIT_ULL(48)
#define ANS2_CQE_STATUS		GENMASK_ULL(63, 49)

static_assert(offsetof(struct nvme_completion, sq_head) == 8);
static_assert(offsetof(struct nvme_completion, command_id) == 12);

static inline u64 ans2_cqe_upper(const struct nvme_completion *cqe)
{
	return le64_to_cpu(READ_ONCE(*(const __le64 *)&cqe->sq_head));
}

/* The phase says whether the rest of the entry is there. */
static inline bool ans2_cqe_is_new(u64 upper, u8 phase)
{
	return !!(upper & ANS2_CQE_PHASE) == phase;
}

/* Without the lock the answer may be out of date. */
static inline bool ans2_cqe_ready(const struct nvme_ans2_queue *q)
{
	const struct nvme_completion *cqes = READ_ONCE(q->cqes);
	u16 head = READ_ONCE(q->head);

	return cqes && ans2_cqe_is_new(ans2_cqe_upper(&cqes[head]),
				       READ_ONCE(q->phase));
}

/*
 * The bits of the status are unknown, so there is nothing to do about it but
 * to say so, as nvme-apple does.
 */
static inline void ans2_check_stat(struct nvme_ans2 *ans2, u16 tag)
{
	u32 stat = ans2_read32(ans2, ANS2_NVMMU_TCB_STAT);

	if (unlikely(stat))
		nvme_ans2_warn_stat(ans2, tag, stat);
}

/* Ends flight and permission of a tag, unless it is a wrong one. */
static inline bool ans2_take(struct nvme_ans2 *ans2, struct nvme_ans2_queue *q,
			     u16 tag)
{
	lockdep_assert_held(&ans2->lock);

	if (unlikely(tag >= NVME_ANS2_TAGS ||
		     !(ans2->inflight & q->tags & BIT_ULL(tag)))) {
		nvme_ans2_warn_tag(ans2, q, tag);
		return false;
	}
	/* nvme_ans2_irq() looks at it without the lock */
	WRITE_ONCE(ans2->inflight, ans2->inflight & ~BIT_ULL(tag));

	if (ans2->live) {
		ans2_write32(ans2, ANS2_NVMMU_TCB_INVAL, tag);
		if (!ans2->stat_per_batch)
			ans2_check_stat(ans2, tag);
	}
	return true;
}

/*
 * Entries are given back to the device before the requests in them are
 * completed. The device cannot overrun the queue by that: it holds at most one
 * entry for a tag, a tag is not used again before its request is completed, and
 * there are fewer tags than entries.
 */
static_assert(HWEIGHT64(NVME_ANS2_IO_MASK) < NVME_ANS2_IOQ_DEPTH);
static_assert(HWEIGHT64(NVME_ANS2_ADMIN_MASK) < NVME_ANS2_AQ_DEPTH);

/* @last: a tag that was taken, or -1 */
static inline void ans2_give_back(struct nvme_ans2 *ans2,
				  struct nvme_ans2_queue *q, int last)
{
	if (!ans2->live)
		return;
	if (ans2->stat_per_batch && last >= 0)
		ans2_check_stat(ans2, last);
	ans2_write32(ans2, q->cq_db, q->head);
}

/*
 * Takes what is there, but at most one round of the queue, so that a faulty
 * device cannot keep the caller here; its level interrupt brings it back. Each
 * field is read once, as the memory is the device's and might change.
 */
static __always_inline unsigned int
ans2_reap_locked(struct nvme_ans2 *ans2, struct nvme_ans2_queue *q,
		 nvme_ans2_taken_fn *taken, void *arg)
{
	const struct nvme_completion *cqes = q->cqes;
	unsigned int seen = 0;
	u16 head = q->head;
	u8 phase = q->phase;
	int last = -1;

	while (cqes && seen < q->depth) {
		u64 upper = ans2_cqe_upper(&cqes[head]);
		u16 tag = FIELD_GET(ANS2_CQE_TAG, upper);
		union nvme_result result;

		if (!ans2_cqe_is_new(upper, phase))
			break;
		/*
		 * Phase before the rest of the entry. Pairs with the order in
		 * which the device writes an entry.
		 */
		dma_rmb();
		result.u64 = READ_ONCE(cqes[head].result.u64);
		if (likely(ans2_take(ans2, q, tag))) {
			taken(arg, tag, FIELD_GET(ANS2_CQE_STATUS, upper),
			      result);
			last = tag;
		}
		if (++head == q->depth) {
			head = 0;
			phase ^= 1;
		}
		seen++;
	}
	if (seen) {
		/* The first test of a reap is without the lock. */
		WRITE_ONCE(q->head, head);
		WRITE_ONCE(q->phase, phase);
		q->reaped += seen;
		ans2_give_back(ans2, q, last);
	}
	return seen;
}

/**
 * nvme_ans2_reap() - take the new entries off a completion queue
 * @ans2: the controller
 * @qid: 0 for the admin queue, 1 for the I/O queue
 * @taken: is called for each entry whose tag was in flight in this queue
 * @arg: for @taken
 *
 * The first of two phases. It tells @taken of each new entry, ends the
 * permissions of the tags and gives the entries back by one doorbell, all under
 * the lock. The caller completes the requests afterwards, without the lock:
 * that is safe because nothing of the entries is needed any more, and because a
 * tag is not used again before its request is completed. Callers need not
 * exclude each other.
 *
 * Context: any, interrupts included
 * Return: how many entries there were, refused ones included
 */
static __always_inline unsigned int
nvme_ans2_reap(struct nvme_ans2 *ans2, unsigned int qid,
	       nvme_ans2_taken_fn *taken, void *arg)
{
	struct nvme_ans2_queue *q = &ans2->q[qid];
	unsigned long flags;
	unsigned int seen;

	/* If another caller moves the head meanwhile, it takes the entry. */
	if (!ans2_cqe_ready(q))
		return 0;

	spin_lock_irqsave(&ans2->lock, flags);
	seen = ans2_reap_locked(ans2, q, taken, arg);
	spin_unlock_irqrestore(&ans2->lock, flags);
	return seen;
}

#endif /* _NVME_ANS2_CQ_H */
