/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: what nvme-pci keeps of one, for the files that pci.c includes
 *
 * ans2-pci.c      set-up, requests, completions, interrupt
 * ans2-recover.c  taking a controller down, and getting it back
 */

#ifndef _NVME_ANS2_PCI_H
#define _NVME_ANS2_PCI_H

#include "ans2-cq.h"

/**
 * enum nvme_ans2_flag - what is known of a controller, one bit each
 * @NVME_ANS2_NEEDS_RESET: it does not answer, so its queues cannot be deleted
 *	in order, and only a reset of the function helps. Set at any time
 * @NVME_ANS2_EXPIRED: an I/O command has timed out since the start
 * @NVME_ANS2_HAS_IO_QUEUE: it has made the I/O completion queue, so its queues
 *	must be deleted before CC.EN is cleared
 * @NVME_ANS2_DELETING: commands that delete the I/O queues are waited for
 */
enum nvme_ans2_flag {
	NVME_ANS2_NEEDS_RESET,
	NVME_ANS2_EXPIRED,
	NVME_ANS2_HAS_IO_QUEUE,
	NVME_ANS2_DELETING,
};

/**
 * struct nvme_ans2_look - what the watch has seen of a completion queue
 * @reaped: entries taken by then
 * @ready: a new entry was there
 */
struct nvme_ans2_look {
	u32 reaped;
	bool ready;
};

/**
 * struct nvme_ans2_dev - one ANS2 in nvme-pci
 * @hw: NVMMU and linear queues
 * @dev: the function as nvme-pci knows it
 * @flags: bits of enum nvme_ans2_flag
 * @admin: the request that has the admin tag, or NULL. Taken and given back by
 *	cmpxchg()
 * @idle_irqs: calls of the interrupt handler in a row that found no work.
 *	Written by that handler only; with threadirqs, which makes two threads
 *	of it, a count may be lost
 * @starts: starts in a row that have failed. Written by reset_work only
 * @look: what the watch has seen at its last look
 * @lost_irqs: completions that the watch has found without an interrupt
 */
struct nvme_ans2_dev {
	struct nvme_ans2 hw;
	struct nvme_dev *dev;
	unsigned long flags;
	struct request *admin;
	unsigned int idle_irqs;
	unsigned int starts;
	struct nvme_ans2_look look[2];
	unsigned int lost_irqs;
};

/* ans2-pci.c */
static unsigned int nvme_ans2_poll(struct nvme_queue *nvmeq);

/* ans2-recover.c */
static bool nvme_ans2_is_gone(struct nvme_dev *dev);
static bool nvme_ans2_has_failed(struct nvme_dev *dev);
static void nvme_ans2_watch(struct work_struct *work);
static enum blk_eh_timer_return nvme_ans2_timeout(struct request *req);

#endif /* _NVME_ANS2_PCI_H */
