// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: NVMMU and linear queues
 *
 * The ANS2 is the storage controller of Apple's M1 and later SoCs. It speaks
 * NVMe with two differences:
 *
 * - Linear queues. A submission queue is an array, not a ring. A command goes
 *   into the slot of its tag, and writing the tag to a doorbell starts it.
 *   Completion queues are the usual rings.
 * - An NVMMU. Before a command starts, an entry (TCB) in a second array says
 *   which memory it may transfer, at the same index. When the command is done
 *   the entry is invalidated through a register, before the tag is used again.
 *
 * This file knows those two and no block layer: it fills entries and rings
 * doorbells, and with ans2-cq.h takes completions off a ring. ans2-pci.c
 * connects it to nvme-pci.
 *
 * What the device writes to memory is read once and checked before it is used:
 * a completion whose tag is not in flight in its queue goes no further than a
 * message.
 */

#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iopoll.h>
#include <linux/string.h>

#include "ans2-cq.h"

#define CREATE_TRACE_POINTS
#include "ans2_trace.h"

/* nvme-apple and m1n1 wait as long for the firmware. */
#define ANS2_BOOT_TIMEOUT_US	1000000
#define ANS2_BOOT_POLL_US	1000

#if IS_ENABLED(CONFIG_NVME_ANS2_KUNIT_TEST)
const struct nvme_ans2_window *nvme_ans2_window;
#endif

/* Orders nothing but registers among themselves. */
static void ans2_write32_next(struct nvme_ans2 *ans2, u32 reg, u32 value)
{
	KUNIT_STATIC_STUB_REDIRECT(ans2_write32_next, ans2, reg, value);
	writel_relaxed(value, ans2->regs + reg);
	nvme_ans2_wrote(ans2->regs + reg, value);
}

static void ans2_write64(struct nvme_ans2 *ans2, u32 reg, u64 value)
{
	KUNIT_STATIC_STUB_REDIRECT(ans2_write64, ans2, reg, value);
	writeq(value, ans2->regs + reg);
	nvme_ans2_wrote(ans2->regs + reg, value);
}

static void ans2_init_queues(struct nvme_ans2 *ans2)
{
	ans2->q[0].sq_db = ANS2_LINEAR_ASQ_DB;
	ans2->q[0].cq_db = ANS2_ACQ_DB;
	ans2->q[0].tags = NVME_ANS2_ADMIN_MASK;
	ans2->q[0].depth = NVME_ANS2_AQ_DEPTH;
	ans2->q[1].sq_db = ANS2_LINEAR_IOSQ_DB;
	ans2->q[1].cq_db = ANS2_IOCQ_DB;
	ans2->q[1].tags = NVME_ANS2_IO_MASK;
	ans2->q[1].depth = NVME_ANS2_IOQ_DEPTH;
}

static void ans2_end_watch(void *data)
{
	struct nvme_ans2 *ans2 = data;

	cancel_delayed_work_sync(&ans2->watch);
	destroy_workqueue(ans2->watch_wq);
}

/**
 * nvme_ans2_init() - initialise one ANS2 and allocate its TCB arrays
 * @ans2: the controller, zeroed but for the function of @watch
 * @dev: the device that transfers, which also owns the memory
 *
 * The caller sets @regs and the rings before it calls anything else.
 *
 * Context: may sleep
 * Return: 0 or -ENOMEM; devres gives back what was allocated
 */
int nvme_ans2_init(struct nvme_ans2 *ans2, struct device *dev)
{
	unsigned int i;

	ans2->dev = dev;
	spin_lock_init(&ans2->lock);
	ans2_init_queues(ans2);

	for (i = 0; i < ARRAY_SIZE(ans2->q); i++) {
		struct nvme_ans2_queue *q = &ans2->q[i];

		/*
		 * Whole pages, all tags, for the admin queue as well: the
		 * controller has one count for both arrays.
		 */
		q->tcbs = dmam_alloc_coherent(dev, NVME_ANS2_TAGS *
					      sizeof(*q->tcbs),
					      &q->tcbs_dma, GFP_KERNEL);
		if (!q->tcbs)
			return -ENOMEM;
	}

	ans2->watch_wq = alloc_workqueue("ans2-watch",
					 WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!ans2->watch_wq)
		return -ENOMEM;
	return devm_add_action_or_reset(dev, ans2_end_watch, ans2);
}

/**
 * nvme_ans2_wait_boot() - wait until the co-processor serves the window
 * @ans2: the controller
 *
 * Context: may sleep
 * Return: 0, -ENODEV if the window is gone, or -ETIMEDOUT after a second
 */
int nvme_ans2_wait_boot(struct nvme_ans2 *ans2)
{
	u32 status;
	int ret;

	ret = read_poll_timeout(ans2_read32, status,
				status == ANS2_BOOT_STATUS_OK || status == ~0u,
				ANS2_BOOT_POLL_US, ANS2_BOOT_TIMEOUT_US, false,
				ans2, ANS2_BOOT_STATUS);
	if (!ret && status == ~0u)
		ret = -ENODEV;
	return ret;
}

/**
 * nvme_ans2_start() - set NVMMU and linear queues up
 * @ans2: the controller
 *
 * To be called with the controller disabled, before CC.EN is set. What was in
 * flight before is forgotten, and both completion rings are closed. The order
 * among these registers is free, as nvme-apple, m1n1 and U-Boot each have
 * another; they must be written while the firmware runs and before CC.EN.
 *
 * Context: any
 */
void nvme_ans2_start(struct nvme_ans2 *ans2)
{
	unsigned long flags;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ans2->q); i++)
		memset(ans2->q[i].tcbs, 0,
		       NVME_ANS2_TAGS * sizeof(*ans2->q[i].tcbs));

	spin_lock_irqsave(&ans2->lock, flags);
	ans2->q[0].cqes = NULL;
	ans2->q[1].cqes = NULL;
	ans2->q[1].waiting = 0;
	ans2_write32(ans2, ANS2_LINEAR_SQ_CTRL, ANS2_LINEAR_SQ_CTRL_EN);
	ans2_write32(ans2, ANS2_MAX_PEND_CMDS,
		     FIELD_PREP(ANS2_MAX_PEND_CMDS_LO, NVME_ANS2_TAGS) |
		     FIELD_PREP(ANS2_MAX_PEND_CMDS_HI, NVME_ANS2_TAGS));
	ans2_write32(ans2, ANS2_NVMMU_NUM_TCBS, NVME_ANS2_TAGS - 1);
	ans2_write64(ans2, ANS2_NVMMU_ASQ_BASE, ans2->q[0].tcbs_dma);
	ans2_write64(ans2, ANS2_NVMMU_IOSQ_BASE, ans2->q[1].tcbs_dma);
	WRITE_ONCE(ans2->inflight, 0);
	ans2->watched = false;
	WRITE_ONCE(ans2->live, true);
	spin_unlock_irqrestore(&ans2->lock, flags);
}

/**
 * nvme_ans2_stop() - write no doorbell and no NVMMU register any more
 * @ans2: the controller
 *
 * To be called when CC.EN is clear, or the window is gone. Completions that
 * are in memory can still be taken.
 *
 * Context: any
 */
void nvme_ans2_stop(struct nvme_ans2 *ans2)
{
	unsigned long flags;

	spin_lock_irqsave(&ans2->lock, flags);
	WRITE_ONCE(ans2->live, false);
	spin_unlock_irqrestore(&ans2->lock, flags);
}

/*
 * Permits what the command transfers and nothing else. The direction is bit 0
 * of the opcode, by which the kernel mapped the buffer too. The test for data
 * is PRP1, so Create Queue counts as a write of the queue's memory: nvme-apple
 * does so, and firmware 2026 requires zero flags only where PRP1 is 0.
 */
static u8 ans2_dma_flags(const struct nvme_command *cmd)
{
	if (!cmd->common.dptr.prp1)
		return 0;
	if (cmd->common.opcode & 1)
		return ANS2_TCB_DMA_TO_DEVICE;
	return ANS2_TCB_DMA_FROM_DEVICE;
}

/**
 * nvme_ans2_fill() - write a command and its permission into their slots
 * @ans2: the controller
 * @qid: 0 for the admin queue, 1 for the I/O queue
 * @sq_cmds: memory of the submission queue
 * @cmd: the command; its id is its tag
 *
 * The tag must not be in flight: whoever owns the tag owns both slots, and no
 * lock is needed. nvme_ans2_submit() then starts the command.
 *
 * Context: any
 * Return: false if the command has a tag that is not one of the queue, or
 * describes its data by an SGL or has metadata, for which a TCB has no fields.
 * Nothing is written then.
 */
bool nvme_ans2_fill(struct nvme_ans2 *ans2, unsigned int qid, void *sq_cmds,
		    const struct nvme_command *cmd)
{
	struct nvme_ans2_queue *q = &ans2->q[qid];
	u16 tag = cmd->common.command_id;
	struct nvme_ans2_tcb *tcb;

	if (tag >= NVME_ANS2_TAGS || !(q->tags & BIT_ULL(tag)))
		return false;
	if (cmd->common.flags & NVME_CMD_SGL_ALL || cmd->common.metadata)
		return false;

	tcb = &q->tcbs[tag];
	tcb->head = cpu_to_le64(FIELD_PREP(ANS2_TCB_DMA_FLAGS,
					   ans2_dma_flags(cmd)) |
				FIELD_PREP(ANS2_TCB_COMMAND_ID, tag) |
				FIELD_PREP(ANS2_TCB_LENGTH,
					   le32_to_cpu(cmd->common.cdw12) &
					   U16_MAX));
	tcb->prp1 = cmd->common.dptr.prp1;
	tcb->prp2 = cmd->common.dptr.prp2;
	memcpy(sq_cmds + tag * sizeof(*cmd), cmd, sizeof(*cmd));
	return true;
}

static void ans2_watch(struct nvme_ans2 *ans2)
{
	ans2->watched = true;
	queue_delayed_work(ans2->watch_wq, &ans2->watch,
			   NVME_ANS2_WATCH_PERIOD);
}

/**
 * nvme_ans2_is_busy() - whether there is something to look after
 * @ans2: the controller
 *
 * Called by @watch of @ans2 at each look. The first command of an idle
 * controller starts the watch; this ends it when nothing is in flight, so a
 * busy controller pays one test of a flag per submission, an idle one nothing.
 *
 * Context: process
 * Return: true if commands are in flight; the next look comes by itself
 */
bool nvme_ans2_is_busy(struct nvme_ans2 *ans2)
{
	bool busy;

	spin_lock_irq(&ans2->lock);
	busy = ans2->live && ans2->inflight;
	ans2->watched = false;
	if (busy)
		ans2_watch(ans2);
	spin_unlock_irq(&ans2->lock);
	return busy;
}

/**
 * nvme_ans2_submit() - start commands that nvme_ans2_fill() wrote
 * @ans2: the controller
 * @qid: 0 for the admin queue, 1 for the I/O queue
 * @tags: mask of their tags, which start in ascending order
 * @last: false if another call follows soon, and the commands may wait for it
 *
 * A batch takes the lock once and pays one barrier. If the controller was
 * disabled meanwhile nothing starts; whoever disabled it cancels the requests.
 *
 * Context: any
 */
void nvme_ans2_submit(struct nvme_ans2 *ans2, unsigned int qid, u64 tags,
		      bool last)
{
	struct nvme_ans2_queue *q = &ans2->q[qid];
	unsigned long flags;

	spin_lock_irqsave(&ans2->lock, flags);
	tags |= q->waiting;
	q->waiting = last ? 0 : tags;
	if (likely(last && tags && ans2->live)) {
		if (unlikely(!ans2->watched))
			ans2_watch(ans2);
		WRITE_ONCE(ans2->inflight, ans2->inflight | tags);
		/*
		 * The write barrier in here pairs with the device's fetch of
		 * slot and TCB after it saw the tag. It covers the slots of
		 * the whole batch, so the doorbells after it need none.
		 */
		ans2_write32(ans2, q->sq_db, __ffs64(tags));
		while (tags &= tags - 1)
			ans2_write32_next(ans2, q->sq_db, __ffs64(tags));
	}
	spin_unlock_irqrestore(&ans2->lock, flags);
}

/**
 * nvme_ans2_open_cq() - take entries of a completion queue from now on
 * @ans2: the controller
 * @qid: 0 for the admin queue, 1 for the I/O queue
 * @cqes: its ring, cleared before the device got it
 *
 * Does nothing to a queue that is open since the last start.
 *
 * Context: any
 */
void nvme_ans2_open_cq(struct nvme_ans2 *ans2, unsigned int qid,
		       const struct nvme_completion *cqes)
{
	struct nvme_ans2_queue *q = &ans2->q[qid];
	unsigned long flags;

	spin_lock_irqsave(&ans2->lock, flags);
	if (!q->cqes) {
		q->cqes = cqes;
		q->head = 0;
		q->phase = 1;
	}
	spin_unlock_irqrestore(&ans2->lock, flags);
}

/**
 * nvme_ans2_has_entry() - whether a completion queue has a new entry
 * @ans2: the controller, live
 * @qid: 0 for the admin queue, 1 for the I/O queue
 *
 * Context: any
 * Return: true if nvme_ans2_reap() would find one
 */
bool nvme_ans2_has_entry(struct nvme_ans2 *ans2, unsigned int qid)
{
	struct nvme_ans2_queue *q = &ans2->q[qid];
	unsigned long flags;
	bool ready;

	spin_lock_irqsave(&ans2->lock, flags);
	ready = ans2->live && ans2_cqe_ready(q);
	spin_unlock_irqrestore(&ans2->lock, flags);
	return ready;
}

/**
 * nvme_ans2_warn_stat() - say that a permission has not ended
 * @ans2: the controller
 * @tag: whose TCB was invalidated
 * @stat: what the device says of it
 *
 * Context: any
 */
void nvme_ans2_warn_stat(struct nvme_ans2 *ans2, u16 tag, u32 stat)
{
	dev_warn_ratelimited(ans2->dev, "NVMMU: TCB %u not invalidated (%#x)\n",
			     tag, stat);
}

/**
 * nvme_ans2_warn_tag() - say that an entry goes no further
 * @ans2: the controller
 * @q: where the entry was
 * @tag: it names, which is not in flight there
 *
 * Context: any
 */
void nvme_ans2_warn_tag(struct nvme_ans2 *ans2, struct nvme_ans2_queue *q,
			u16 tag)
{
	dev_warn_ratelimited(ans2->dev,
			     "tag %u completed on queue %td is not in flight there\n",
			     tag, q - ans2->q);
}

#if IS_ENABLED(CONFIG_NVME_ANS2_KUNIT_TEST)
#include "tests/ans2_kunit.c"
#endif
