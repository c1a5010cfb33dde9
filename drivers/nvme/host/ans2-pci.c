// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: the queue path in nvme-pci
 *
 * The ANS2 of an Apple SoC appears as a PCI function (drivers/soc/apple/ans)
 * that nvme-pci drives. It is an NVMe controller but for the way a command is
 * started and finished, which ans2.c knows. This file gives its queues request
 * operations and an interrupt handler of their own, so that the path of other
 * drives stays what it is, and follows the controller's other habits:
 *
 * - one space of 64 tags for both queues: one admin tag, for which requests
 *   wait in the block layer's queue, and 61 I/O tags
 * - no asynchronous events and no Abort: a command that times out is looked
 *   for once in the completion queue, then the controller is reset
 * - I/O queues must be deleted, SQ before CQ, before CC.EN is cleared;
 *   firmware 12.1 complains otherwise (m1n1)
 * - after a shutdown (CC.SHN) CC.EN must be cleared while the firmware still
 *   runs
 * - the SoC's bus takes no posted writes
 *
 * pci.c includes this file at its end, for the request mapping and the queue
 * set-up that are static there. It is no file to compile on its own.
 */

#include <linux/delay.h>

#include "ans2.h"

/*
 * A shutdown takes longer than the core's 5 s after heavy I/O, seen as CSTS
 * 0x5 (RDY, shutdown going on). This is the longest time that the core accepts
 * from a drive which states one.
 */
#define NVME_ANS2_SHUTDOWN_SECS		60

/*
 * Calls of the interrupt handler in a row without work after which something
 * is wrong. The kernel would disable the interrupt after 100000.
 */
#define NVME_ANS2_IDLE_IRQS		1000

static bool ans2_stat_per_batch;
module_param(ans2_stat_per_batch, bool, 0444);
MODULE_PARM_DESC(ans2_stat_per_batch,
		 "Apple ANS2: check invalidations once per batch of completions instead of once per command. Not known to work on hardware. Default: N");

static bool nvme_ans2_queue(struct nvme_queue *nvmeq)
{
	return nvmeq->dev->ans2;
}

static bool nvme_is_ans2(struct pci_dev *pdev)
{
	return pdev->vendor == APPLE_ANS2_PCI_VENDOR_ID &&
	       pdev->device == APPLE_ANS2_PCI_DEVICE_ID;
}

/*
 * Maps BAR0. For the ANS2 that is the whole of it, because Apple's registers
 * are far behind the doorbells, and non-posted. @size becomes what is mapped,
 * so nvme_remap_bar() never maps it again and addresses taken from it stay.
 */
static void __iomem *nvme_ans2_ioremap(struct nvme_dev *dev,
				       unsigned long *size)
{
	struct pci_dev *pdev = to_pci_dev(dev->dev);
	resource_size_t start = pci_resource_start(pdev, 0);
	struct nvme_ans2 *ans2 = dev->ans2;

	if (!nvme_is_ans2(pdev))
		return ioremap(start, *size);

	if (pci_resource_len(pdev, 0) < ANS2_WINDOW_MIN) {
		dev_err(dev->dev, "BAR0 is too small for an ANS2: %pR\n",
			&pdev->resource[0]);
		return NULL;
	}
	if (!ans2)
		ans2 = nvme_ans2_alloc(dev->dev);
	if (!ans2)
		return NULL;

	*size = pci_resource_len(pdev, 0);
	ans2->stat_per_batch = ans2_stat_per_batch;
	ans2->regs = ioremap_np(start, *size);
	if (!ans2->regs)
		return NULL;
	dev->ans2 = ans2;
	return ans2->regs;
}

/*
 * Queue depths that no parameter and no register changes. Says true for an
 * ANS2: it has no controller memory buffer, and whether its registers may be
 * read is unknown.
 */
static bool nvme_ans2_prepare(struct nvme_dev *dev)
{
	if (!dev->ans2)
		return false;
	dev->q_depth = NVME_ANS2_IOQ_DEPTH;
	dev->ctrl.sqsize = dev->q_depth - 1;
	return true;
}

static unsigned int nvme_ans2_aq_depth(struct nvme_dev *dev)
{
	return dev->ans2 ? NVME_ANS2_AQ_DEPTH : NVME_AQ_DEPTH;
}

/*
 * Stops a controller that was handed over enabled. An error makes the caller
 * reset the function, which boots the co-processor anew, and stop it again.
 */
static int nvme_ans2_takeover(struct nvme_dev *dev)
{
	struct nvme_ans2 *ans2 = dev->ans2;
	int ret;

	if (!ans2)
		return nvme_disable_ctrl(&dev->ctrl, false);

	if (ans2->needs_reset)
		return -EIO;
	ret = nvme_ans2_wait_boot(ans2);
	if (ret) {
		dev_warn(dev->ctrl.device, "ANS2 firmware not ready: %d\n",
			 ret);
		return ret;
	}
	return nvme_disable_ctrl(&dev->ctrl, false);
}

static int nvme_ans2_enable_ctrl(struct nvme_dev *dev)
{
	struct nvme_ans2 *ans2 = dev->ans2;
	int ret;

	if (!ans2)
		return nvme_enable_ctrl(&dev->ctrl);

	ret = nvme_ans2_wait_boot(ans2);
	if (ret) {
		dev_err(dev->ctrl.device, "ANS2 firmware not ready: %d\n", ret);
		return ret;
	}
	nvme_ans2_start(ans2);
	ret = nvme_enable_ctrl(&dev->ctrl);
	if (ret)
		nvme_ans2_halt(dev);
	else
		ans2->needs_reset = false;
	return ret;
}

/*
 * The last step before the memory of requests and queues is given back: from
 * here on no doorbell and no register of the NVMMU is written, and nothing is
 * transferred.
 *
 * A controller that was not disabled in order may still transfer, because its
 * queues are stuck, it has failed, or its firmware has crashed. Only a reset
 * of the function ends that. Nobody looks at the window meanwhile: the
 * interrupts are freed, and a time-out leaves a stopped controller alone. If
 * the reset fails, the next enabling begins with one.
 */
static void nvme_ans2_halt(struct nvme_dev *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev->dev);
	struct nvme_ans2 *ans2 = dev->ans2;

	if (!ans2 || !ans2->live)
		return;
	nvme_ans2_stop(ans2);
	if (pci_dev_is_disconnected(pdev))
		return;
	ans2->needs_reset = pcie_reset_flr(pdev, false);
	if (!ans2->needs_reset)
		pci_restore_state(pdev);
}

/*
 * The queues are deleted. CC.EN is cleared after a shutdown too, while the
 * firmware runs: the controller does not answer afterwards, and a controller
 * left enabled cannot be disabled reliably after the next boot. (That pci.c
 * forgets CC.SHN by this matters to Opal drives alone.)
 *
 * If the queues could not be deleted, CC.EN stays. nvme_ans2_halt() follows.
 */
static void nvme_ans2_disable_ctrl(struct nvme_dev *dev, bool shutdown)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;

	if (!dev->ans2) {
		nvme_disable_ctrl(ctrl, shutdown);
		return;
	}
	/*
	 * hwmon sends commands at any time; none of their doorbells may come
	 * behind CC.EN. What disables the controller unquiesces the queue when
	 * it has cancelled what is in it, or when it starts anew.
	 */
	if (ctrl->admin_q)
		nvme_quiesce_admin_queue(ctrl);

	if (!dev->ans2->needs_reset) {
		if (shutdown) {
			ctrl->shutdown_timeout = max_t(unsigned int,
						       ctrl->shutdown_timeout,
						       NVME_ANS2_SHUTDOWN_SECS);
			nvme_disable_ctrl(ctrl, true);
		}
		if (!nvme_disable_ctrl(ctrl, false)) {
			nvme_ans2_stop(dev->ans2);
			return;
		}
	}
	/*
	 * The handlers go one by one, and entries that nobody takes any more
	 * keep the line up. What enables the controller again requests the
	 * interrupt anew, which enables it.
	 */
	if (test_bit(NVMEQ_ENABLED, &dev->queues[0].flags))
		disable_irq(pci_irq_vector(to_pci_dev(dev->dev), 0));
}

/*
 * Another command may be with the controller; if it does not come back either,
 * its time-out says so by needs_reset.
 */
static int nvme_ans2_delete_queue(struct nvme_queue *nvmeq, u8 opcode)
{
	unsigned int timeout = nvmeq->dev->ctrl.admin_q->rq_timeout;
	struct nvme_ans2 *ans2 = nvmeq->dev->ans2;
	unsigned long end = jiffies + timeout;
	int ret;

	clear_bit(NVMEQ_DELETE_ERROR, &nvmeq->flags);
	/* Users may have all requests that there are. */
	while ((ret = nvme_delete_queue(nvmeq, opcode))) {
		if (ret != -EWOULDBLOCK || READ_ONCE(ans2->needs_reset) ||
		    time_after(jiffies, end))
			return ret;
		usleep_range(1000, 2000);
	}
	while (!wait_for_completion_io_timeout(&nvmeq->delete_done, HZ / 10)) {
		if (READ_ONCE(ans2->needs_reset) || time_after(jiffies, end))
			return -ETIMEDOUT;
	}
	return test_bit(NVMEQ_DELETE_ERROR, &nvmeq->flags) ? -EIO : 0;
}

/* A command of nvme_ans2_delete_queue(), not one that a user made up. */
static bool nvme_ans2_deletes(struct request *req)
{
	u8 opcode = nvme_req(req)->cmd->common.opcode;

	return (opcode == nvme_admin_delete_sq ||
		opcode == nvme_admin_delete_cq) &&
	       !(nvme_req(req)->flags & NVME_REQ_USERCMD);
}

static bool nvme_ans2_delete_io_queues(struct nvme_dev *dev)
{
	struct nvme_ans2 *ans2 = dev->ans2;
	struct nvme_queue *ioq = &dev->queues[1];
	int ret;

	if (!ans2)
		return false;
	if (!ans2->live || !ans2->has_io_queue || ans2->needs_reset)
		return true;
	WRITE_ONCE(ans2->deleting, true);
	ret = nvme_ans2_delete_queue(ioq, nvme_admin_delete_sq);
	if (!ret) {
		/*
		 * The handler of the admin queue comes first on the line: the
		 * last entries must be given back before their queue goes.
		 */
		nvme_poll_irqdisable(ioq);
		ret = nvme_ans2_delete_queue(ioq, nvme_admin_delete_cq);
	}
	WRITE_ONCE(ans2->deleting, false);
	ans2->has_io_queue = ret;
	if (ret) {
		dev_warn(dev->ctrl.device,
			 "I/O queues not deleted (%d), function needs a reset\n",
			 ret);
		ans2->needs_reset = true;
	}
	return true;
}

/*
 * What Identify may promise and a TCB cannot describe: memory that commands
 * name elsewhere than in PRPs. The core sets it anew each time the controller
 * starts; what pci.c has made of it by now is undone.
 */
static void nvme_ans2_limits(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;

	if (!dev->ans2)
		return;
	ctrl->sgls = 0;
	ctrl->max_integrity_segments = 1;
	ctrl->oacs &= ~NVME_CTRL_OACS_DBBUF_SUPP;
	ctrl->hmpre = 0;
}

/* None is asked for while OAES is 0, and it would keep the only tag. */
static bool nvme_ans2_refuse_aen(struct nvme_ctrl *ctrl)
{
	return to_nvme_dev(ctrl)->ans2;
}

/*
 * Submission
 */

/* A command that cannot be sent is completed as the controller would do it. */
static void nvme_ans2_refuse(struct nvme_queue *nvmeq, struct request *req)
{
	dev_warn_ratelimited(nvmeq->dev->ctrl.device,
			     "tag %d: opcode %#x with flags %#x cannot be sent to an ANS2\n",
			     req->tag, nvme_req(req)->cmd->common.opcode,
			     nvme_req(req)->cmd->common.flags);
	nvme_req(req)->status = NVME_SC_INVALID_FIELD | NVME_STATUS_DNR;
	blk_mq_set_request_complete(req);
	req->q->mq_ops->complete(req);
}

/*
 * Maps the request and writes it into its slot.
 *
 * Flattened, so that this path has a copy of nvme_prep_rq() of its own: one
 * more caller of it would make gcc split it elsewhere, and nvme_queue_rq()
 * would no longer be what it is without this file.
 */
static blk_status_t __flatten nvme_ans2_prep(struct nvme_queue *nvmeq,
					     struct request *req,
					     bool *sendable)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);
	blk_status_t ret;

	ret = nvme_prep_rq(req);
	if (unlikely(ret))
		return ret;
	/* Whatever the tag that the block layer gave it. */
	if (!nvmeq->qid)
		iod->cmd.common.command_id = NVME_ANS2_ADMIN_TAG;
	*sendable = nvme_ans2_fill(nvmeq->dev->ans2, nvmeq->qid, nvmeq->sq_cmds,
				   &iod->cmd);
	if (unlikely(!*sendable))
		nvme_ans2_refuse(nvmeq, req);
	return BLK_STS_OK;
}

static blk_status_t nvme_ans2_send(struct nvme_queue *nvmeq,
				   struct request *req, u8 tag)
{
	blk_status_t ret;
	bool sendable;

	ret = nvme_ans2_prep(nvmeq, req, &sendable);
	if (likely(!ret && sendable))
		nvme_ans2_submit(nvmeq->dev->ans2, nvmeq->qid, &tag, 1);
	return ret;
}

/*
 * There is one admin tag. It belongs to a request from here until the request
 * is completed, and not from its allocation on: a request may be allocated for
 * long before it is sent, while a user's memory for it is fetched from this
 * very drive, and a reset could not be done meanwhile.
 *
 * A command that deletes a queue may find the tag taken and come here when the
 * controller has been reset. It must not delete the new queue.
 */
static blk_status_t nvme_ans2_send_admin(struct nvme_queue *nvmeq,
					 struct request *req)
{
	struct nvme_ans2 *ans2 = nvmeq->dev->ans2;
	blk_status_t ret;

	if (nvme_ans2_deletes(req) && !READ_ONCE(ans2->deleting))
		return BLK_STS_IOERR;
	/* The block layer tries again when a request ends, and after 3 ms. */
	if (cmpxchg(&ans2->admin, NULL, req))
		return BLK_STS_RESOURCE;
	ret = nvme_ans2_send(nvmeq, req, NVME_ANS2_ADMIN_TAG);
	if (ret)
		cmpxchg(&ans2->admin, req, NULL);
	return ret;
}

static blk_status_t nvme_ans2_queue_rq(struct blk_mq_hw_ctx *hctx,
				       const struct blk_mq_queue_data *bd)
{
	struct nvme_queue *nvmeq = hctx->driver_data;
	struct request *req = bd->rq;

	if (unlikely(!test_bit(NVMEQ_ENABLED, &nvmeq->flags)))
		return BLK_STS_IOERR;
	if (unlikely(!nvme_check_ready(&nvmeq->dev->ctrl, req, true)))
		return nvme_fail_nonready_command(&nvmeq->dev->ctrl, req);

	if (!nvmeq->qid)
		return nvme_ans2_send_admin(nvmeq, req);
	return nvme_ans2_send(nvmeq, req, req->tag);
}

/*
 * A plugged batch. There is one I/O queue, so all requests are for it. What
 * cannot be prepared goes back to the block layer, which issues it on its own.
 */
static void nvme_ans2_queue_rqs(struct rq_list *rqlist)
{
	struct rq_list requeue_list = { };
	struct nvme_queue *nvmeq = NULL;
	u8 tags[NVME_ANS2_TAGS];
	unsigned int nr = 0;
	struct request *req;
	bool sendable;

	while ((req = rq_list_pop(rqlist))) {
		nvmeq = req->mq_hctx->driver_data;
		if (!test_bit(NVMEQ_ENABLED, &nvmeq->flags) ||
		    !nvme_check_ready(&nvmeq->dev->ctrl, req, true) ||
		    nvme_ans2_prep(nvmeq, req, &sendable))
			rq_list_add_tail(&requeue_list, req);
		else if (likely(sendable))
			tags[nr++] = req->tag;
	}
	if (nr)
		nvme_ans2_submit(nvmeq->dev->ans2, nvmeq->qid, tags, nr);
	*rqlist = requeue_list;
}

/*
 * Completion
 */

/*
 * The admin queue's .complete, also for what is cancelled. The TCB is invalid
 * by now, so the next request may have the tag.
 */
static void nvme_ans2_complete_admin(struct request *req)
{
	struct nvme_ans2 *ans2 = to_nvme_dev(nvme_req(req)->ctrl)->ans2;

	if (nvme_req(req)->cmd->common.opcode == nvme_admin_create_cq &&
	    !nvme_req(req)->status)
		ans2->has_io_queue = true;
	cmpxchg(&ans2->admin, req, NULL);
	nvme_pci_complete_rq(req);
}

static struct request *nvme_ans2_request(struct nvme_queue *nvmeq, u16 tag)
{
	if (!nvmeq->qid)
		return READ_ONCE(nvmeq->dev->ans2->admin);
	return nvme_find_rq(nvme_queue_tagset(nvmeq), tag);
}

/*
 * The second phase: the entries are copies, the lock is not held.
 *
 * One by one: with one hardware queue for all processors the block layer sends
 * each request to where it came from, and there is no batch to be made.
 */
static void nvme_ans2_complete(struct nvme_queue *nvmeq, unsigned int nr)
{
	struct nvme_ans2_queue *q = &nvmeq->dev->ans2->q[nvmeq->qid];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct nvme_completion *cqe = &q->done[i];
		struct request *req = nvme_ans2_request(nvmeq, cqe->command_id);

		if (unlikely(!req))
			continue;
		if (!nvme_try_complete_req(req, cqe->status, cqe->result))
			req->q->mq_ops->complete(req);
	}
}

/*
 * Callers exclude each other: the interrupt handler, and those who disabled
 * the interrupt or have freed it.
 */
static bool nvme_ans2_process(struct nvme_queue *nvmeq)
{
	struct nvme_ans2_cq cq = {
		.cqes = nvmeq->cqes,
		.depth = nvmeq->q_depth,
		.head = nvmeq->cq_head,
		.phase = nvmeq->cq_phase,
	};

	if (!nvme_ans2_reap(nvmeq->dev->ans2, nvmeq->qid, &cq))
		return false;
	nvmeq->cq_head = cq.head;
	nvmeq->cq_phase = cq.phase;
	nvme_ans2_complete(nvmeq, cq.taken);
	return true;
}

/*
 * A crashed firmware takes no entries back, so the line, a level, stays high
 * although there is nothing to do. Each handler also comes here whenever only
 * the other queue has work, so the controller is asked only when this goes on.
 * What brings a dead controller back frees the interrupt and requests it anew,
 * which enables it.
 */
static irqreturn_t nvme_ans2_idle_irq(struct nvme_dev *dev, int irq)
{
	struct pci_dev *pdev = to_pci_dev(dev->dev);
	struct nvme_ans2 *ans2 = dev->ans2;

	if (++ans2->idle_irqs < NVME_ANS2_IDLE_IRQS)
		return IRQ_NONE;
	ans2->idle_irqs = 0;
	/* It is hidden at once, and declared offline when its lock is free. */
	if (!(readl(ans2->regs + NVME_REG_CSTS) & NVME_CSTS_CFS) &&
	    pci_device_is_present(pdev) && !pci_channel_offline(pdev))
		return IRQ_NONE;
	disable_irq_nosync(irq);
	return IRQ_HANDLED;
}

/*
 * Both queues have this handler on the one line, each for its own queue. It is
 * no thread, whatever use_threaded_interrupts says: the line is level and goes
 * down only when the entries are taken. (With threadirqs the kernel makes it
 * two, and masks the line while they run.)
 */
static irqreturn_t nvme_ans2_irq(int irq, void *data)
{
	struct nvme_queue *nvmeq = data;

	if (!nvme_ans2_process(nvmeq))
		return nvme_ans2_idle_irq(nvmeq->dev, irq);
	nvmeq->dev->ans2->idle_irqs = 0;
	return IRQ_HANDLED;
}

static int nvme_ans2_request_irq(struct nvme_queue *nvmeq)
{
	return pci_request_irq(to_pci_dev(nvmeq->dev->dev), nvmeq->cq_vector,
			       nvme_ans2_irq, NULL, nvmeq, "nvme%dq%d",
			       nvmeq->dev->ctrl.instance, nvmeq->qid);
}

/*
 * For callers that keep the interrupt out. One of them comes when the
 * controller is stopped; what is in memory is taken then.
 */
static bool nvme_ans2_poll_cq(struct nvme_queue *nvmeq)
{
	if (!nvme_ans2_queue(nvmeq))
		return false;
	nvme_ans2_process(nvmeq);
	return true;
}

/*
 * Time-outs
 */

static enum blk_eh_timer_return nvme_ans2_reset(struct nvme_dev *dev)
{
	if (nvme_change_ctrl_state(&dev->ctrl, NVME_CTRL_RESETTING)) {
		nvme_dev_disable(dev, false);
		if (nvme_try_sched_reset(&dev->ctrl))
			nvme_unquiesce_io_queues(&dev->ctrl);
	} else if (nvme_state_terminal(&dev->ctrl)) {
		nvme_dev_disable(dev, true);
	}
	return BLK_EH_DONE;
}

/* Neither polling nor waiting brings it back. */
static enum blk_eh_timer_return nvme_ans2_expired(struct nvme_queue *nvmeq,
						  struct request *req)
{
	struct nvme_dev *dev = nvmeq->dev;

	/* This command has the tag that deleting the queues would need. */
	if (!nvmeq->qid)
		dev->ans2->needs_reset = true;

	switch (nvme_ctrl_state(&dev->ctrl)) {
	case NVME_CTRL_RESETTING:
		/* The reset cancels it. */
		return BLK_EH_RESET_TIMER;
	case NVME_CTRL_CONNECTING:
		/* reset_work waits for this command: let it fail. */
		nvme_change_ctrl_state(&dev->ctrl, NVME_CTRL_DELETING);
		break;
	default:
		break;
	}

	dev_warn(dev->ctrl.device,
		 "tag %d opcode %#x queue %u timed out, reset controller\n",
		 req->tag, nvme_req(req)->cmd->common.opcode, nvmeq->qid);
	nvme_req(req)->flags |= NVME_REQ_CANCELLED;
	return nvme_ans2_reset(dev);
}

static enum blk_eh_timer_return nvme_ans2_timeout(struct request *req)
{
	struct nvme_queue *nvmeq = req->mq_hctx->driver_data;
	struct nvme_dev *dev = nvmeq->dev;
	struct pci_dev *pdev = to_pci_dev(dev->dev);
	u32 csts;

	if (pci_dev_is_disconnected(pdev))
		nvme_change_ctrl_state(&dev->ctrl, NVME_CTRL_DELETING);
	if (nvme_state_terminal(&dev->ctrl)) {
		if (!nvmeq->qid)
			dev->ans2->needs_reset = true;
		return nvme_ans2_reset(dev);
	}
	/* Whoever has stopped the controller cancels the request. */
	if (!READ_ONCE(dev->ans2->live))
		return BLK_EH_RESET_TIMER;

	/*
	 * A crash of the firmware is being handled, and ends in a reset. The
	 * state of the channel is read after the state of the controller, as
	 * in nvme_timeout().
	 */
	mb();
	if (pci_channel_offline(pdev))
		return BLK_EH_RESET_TIMER;

	csts = readl(dev->bar + NVME_REG_CSTS);
	if (nvme_should_reset(dev, csts)) {
		nvme_warn_reset(dev, csts);
		dev->ans2->needs_reset = true;
		return nvme_ans2_reset(dev);
	}

	nvme_poll_irqdisable(nvmeq);
	if (blk_mq_rq_state(req) != MQ_RQ_IN_FLIGHT) {
		dev_warn(dev->ctrl.device,
			 "tag %d queue %u timed out, completion polled\n",
			 req->tag, nvmeq->qid);
		return BLK_EH_DONE;
	}
	return nvme_ans2_expired(nvmeq, req);
}

/*
 * Tags
 */

static const struct blk_mq_ops nvme_ans2_admin_mq_ops = {
	.queue_rq	= nvme_ans2_queue_rq,
	.complete	= nvme_ans2_complete_admin,
	.init_hctx	= nvme_admin_init_hctx,
	.init_request	= nvme_pci_init_request,
	.timeout	= nvme_ans2_timeout,
};

static const struct blk_mq_ops nvme_ans2_mq_ops = {
	.queue_rq	= nvme_ans2_queue_rq,
	.queue_rqs	= nvme_ans2_queue_rqs,
	.complete	= nvme_pci_complete_rq,
	.init_hctx	= nvme_init_hctx,
	.init_request	= nvme_pci_init_request,
	.map_queues	= nvme_pci_map_queues,
	.timeout	= nvme_ans2_timeout,
};

/*
 * The core would leave 31 of the 64 tags to I/O. Requests for the admin queue
 * are as many as on other drives, see nvme_ans2_send_admin().
 */
static int nvme_ans2_alloc_tag_set(struct nvme_dev *dev,
				   struct blk_mq_tag_set *set)
{
	set->numa_node = dev->ctrl.numa_node;
	set->cmd_size = sizeof(struct nvme_iod);
	set->driver_data = &dev->ctrl;
	set->nr_hw_queues = 1;
	set->nr_maps = 1;
	return blk_mq_alloc_tag_set(set);
}

static int nvme_ans2_admin_tag_set(struct nvme_dev *dev)
{
	/* Identify is sent before the core applies the quirk's limit. */
	struct queue_limits lim = {
		.dma_alignment = NVME_CTRL_PAGE_SIZE - 1,
	};
	struct blk_mq_tag_set *set = &dev->admin_tagset;
	struct nvme_ctrl *ctrl = &dev->ctrl;
	int ret;

	if (!dev->ans2)
		return nvme_alloc_admin_tag_set(ctrl, set, &nvme_mq_admin_ops,
						sizeof(struct nvme_iod));

	memset(set, 0, sizeof(*set));
	set->ops = &nvme_ans2_admin_mq_ops;
	set->queue_depth = NVME_AQ_MQ_TAG_DEPTH;
	set->timeout = NVME_ADMIN_TIMEOUT;
	ret = nvme_ans2_alloc_tag_set(dev, set);
	if (ret)
		return ret;

	ctrl->admin_q = blk_mq_alloc_queue(set, &lim, NULL);
	if (IS_ERR(ctrl->admin_q)) {
		ret = PTR_ERR(ctrl->admin_q);
		ctrl->admin_q = NULL;
		blk_mq_free_tag_set(set);
		return ret;
	}
	ctrl->admin_tagset = set;
	return 0;
}

static int nvme_ans2_io_tag_set(struct nvme_dev *dev)
{
	struct blk_mq_tag_set *set = &dev->tagset;
	int ret;

	if (!dev->ans2)
		return nvme_alloc_io_tag_set(&dev->ctrl, set, &nvme_mq_ops,
					     nvme_pci_nr_maps(dev),
					     sizeof(struct nvme_iod));

	memset(set, 0, sizeof(*set));
	set->ops = &nvme_ans2_mq_ops;
	set->queue_depth = NVME_ANS2_IO_TAGS_END;
	/* Never handed out: they are the admin queue's. */
	set->reserved_tags = NVME_ANS2_AQ_DEPTH;
	set->timeout = NVME_IO_TIMEOUT;
	ret = nvme_ans2_alloc_tag_set(dev, set);
	if (!ret)
		dev->ctrl.tagset = set;
	return ret;
}
