// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: the queue path in nvme-pci
 *
 * The ANS2 of an Apple SoC appears as a PCI function that nvme-pci drives, see
 * drivers/pci/controller/ans. It is an NVMe controller but for the way a
 * command is started and finished, which ans2.c knows. This file gives its
 * queues request operations and an interrupt handler of their own, so that the
 * path of other drives stays what it is, and follows the controller's other
 * habits:
 *
 * - one space of 64 tags for both queues: one admin tag, for which requests
 *   wait in the block layer's queue, and 61 I/O tags
 * - no asynchronous events and no Abort
 * - I/O queues must be deleted, SQ before CQ, before CC.EN is cleared;
 *   firmware 12.1 complains otherwise (m1n1)
 * - the SoC's bus takes no posted writes
 *
 * How a controller is taken down and comes back is in ans2-recover.c.
 *
 * pci.c includes this file at its end, for the request mapping and the queue
 * set-up that are static there. It is no file to compile on its own.
 */

#include <linux/sched/mm.h>

#include "ans2-pci.h"

/*
 * Calls of the interrupt handler in a row without work after which something
 * is wrong. The kernel would disable the interrupt after 100000.
 */
#define NVME_ANS2_IDLE_IRQS		1000

static bool ans2_stat_per_batch;
module_param(ans2_stat_per_batch, bool, 0444);
MODULE_PARM_DESC(ans2_stat_per_batch,
		 "Apple ANS2: check invalidations once per batch of completions instead of once per command. Not known to work on hardware. Default: N");

static bool nvme_is_ans2(struct pci_dev *pdev)
{
	return pdev->vendor == APPLE_ANS2_PCI_VENDOR_ID &&
	       pdev->device == APPLE_ANS2_PCI_DEVICE_ID;
}

static ssize_t ans2_lost_interrupts_show(struct device *dev,
					 struct device_attribute *attr,
					 char *buf)
{
	struct nvme_dev *ndev = to_nvme_dev(dev_get_drvdata(dev));

	return sysfs_emit(buf, "%u\n", READ_ONCE(ndev->ans2->lost_irqs));
}
static DEVICE_ATTR_RO(ans2_lost_interrupts);

/* None is asked for while OAES is 0, and it would keep the only tag. */
static void nvme_ans2_submit_async_event(struct nvme_ctrl *ctrl)
{
}

/* SGLs are never used, whatever Identify promises. */
static unsigned long nvme_ans2_virt_boundary(struct nvme_ctrl *ctrl,
					     bool is_admin)
{
	return NVME_CTRL_PAGE_SIZE - 1;
}

/*
 * After a crash the bit that the core polls for never comes: all ones end its
 * wait.
 */
static int nvme_ans2_reg_read32(struct nvme_ctrl *ctrl, u32 off, u32 *val)
{
	if (!nvme_ans2_is_gone(to_nvme_dev(ctrl)))
		return nvme_pci_reg_read32(ctrl, off, val);
	*val = ~0;
	return 0;
}

/* No metadata, for which a TCB has no field, and no subsystem reset. */
static const struct nvme_ctrl_ops nvme_ans2_ctrl_ops = {
	.name			= "pcie",
	.module			= THIS_MODULE,
	.dev_attr_groups	= nvme_pci_dev_attr_groups,
	.reg_read32		= nvme_ans2_reg_read32,
	.reg_write32		= nvme_pci_reg_write32,
	.reg_read64		= nvme_pci_reg_read64,
	.free_ctrl		= nvme_pci_free_ctrl,
	.submit_async_event	= nvme_ans2_submit_async_event,
	.get_address		= nvme_pci_get_address,
	.print_device_info	= nvme_pci_print_device_info,
	.get_virt_boundary	= nvme_ans2_virt_boundary,
};

/*
 * An allocation may write to a drive to find memory, and a reset freezes this
 * one.
 */
static void nvme_ans2_reset_work(struct work_struct *work)
{
	unsigned int flags = memalloc_noio_save();

	nvme_reset_work(work);
	memalloc_noio_restore(flags);
}

static int nvme_ans2_alloc(struct nvme_dev *dev, void __iomem *regs)
{
	struct nvme_ans2_dev *ans2;
	int ret;

	ans2 = devm_kzalloc(dev->dev, sizeof(*ans2), GFP_KERNEL);
	if (!ans2)
		return -ENOMEM;
	ans2->dev = dev;
	ans2->hw.regs = regs;
	ans2->hw.stat_per_batch = ans2_stat_per_batch;
	INIT_DELAYED_WORK(&ans2->hw.watch, nvme_ans2_watch);
	ret = nvme_ans2_init(&ans2->hw, dev->dev);
	if (ret)
		return ret;
	/* A user may have queued it already. */
	dev->ctrl.reset_work.func = nvme_ans2_reset_work;
	dev->ctrl.ops = &nvme_ans2_ctrl_ops;
	dev->ans2 = ans2;
	/* Removed with the controller's device, before @ans2 is freed. */
	return device_create_file(dev->ctrl.device,
				  &dev_attr_ans2_lost_interrupts);
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
	void __iomem *regs;

	if (!nvme_is_ans2(pdev))
		return ioremap(start, *size);

	if (pci_resource_len(pdev, 0) < ANS2_WINDOW_MIN) {
		dev_err(dev->dev, "BAR0 is too small for an ANS2: %pR\n",
			&pdev->resource[0]);
		return NULL;
	}
	*size = pci_resource_len(pdev, 0);
	regs = nvme_ans2_map(start, *size);
	if (regs && nvme_ans2_alloc(dev, regs)) {
		nvme_ans2_unmap(regs);
		regs = NULL;
	}
	return regs;
}

static bool nvme_is_ans2_queue(struct nvme_queue *nvmeq)
{
	return nvmeq->dev->ans2;
}

/*
 * Queue depths that no parameter and no register changes. Says true for an
 * ANS2: it has no controller memory buffer, and whether its registers may be
 * read is unknown.
 */
static bool nvme_ans2_set_depths(struct nvme_dev *dev)
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

static int nvme_ans2_wait_firmware(struct nvme_dev *dev)
{
	int ret = nvme_ans2_wait_boot(&dev->ans2->hw);

	if (ret)
		dev_warn(dev->ctrl.device, "ANS2 firmware not ready: %d\n",
			 ret);
	return ret;
}

/*
 * Stops a controller that was handed over enabled. An error makes the caller
 * reset the function, which boots the co-processor anew, and stop it again.
 */
static int nvme_ans2_takeover(struct nvme_dev *dev)
{
	struct nvme_ans2_dev *ans2 = dev->ans2;
	int ret;

	if (!ans2)
		return nvme_disable_ctrl(&dev->ctrl, false);

	if (test_bit(NVME_ANS2_NEEDS_RESET, &ans2->flags))
		return -EIO;
	ret = nvme_ans2_wait_firmware(dev);
	return ret ?: nvme_disable_ctrl(&dev->ctrl, false);
}

static int nvme_ans2_enable_ctrl(struct nvme_dev *dev)
{
	struct nvme_ans2_dev *ans2 = dev->ans2;
	int ret;

	if (!ans2)
		return nvme_enable_ctrl(&dev->ctrl);

	ret = nvme_ans2_wait_firmware(dev);
	if (ret)
		return ret;
	clear_bit(NVME_ANS2_EXPIRED, &ans2->flags);
	clear_bit(NVME_ANS2_HAS_IO_QUEUE, &ans2->flags);
	nvme_ans2_start(&ans2->hw);
	ret = nvme_enable_ctrl(&dev->ctrl);
	if (ret)
		nvme_ans2_halt(dev);
	else
		clear_bit(NVME_ANS2_NEEDS_RESET, &ans2->flags);
	return ret;
}

/*
 * Undoes what Identify promises and a TCB cannot describe: memory named other
 * than by PRPs. The core sets these fields at each start.
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

/*
 * Submission
 */

/*
 * Commands of users that are the driver's own, or that this controller does not
 * do: the status with which they end, or 0. An asynchronous event would keep
 * the only admin tag.
 */
static u16 nvme_ans2_forbids(const struct nvme_command *cmd)
{
	switch (cmd->common.opcode) {
	case nvme_admin_delete_sq:
	case nvme_admin_create_sq:
	case nvme_admin_delete_cq:
	case nvme_admin_create_cq:
	case nvme_admin_abort_cmd:
	case nvme_admin_async_event:
	case nvme_admin_virtual_mgmt:
	case nvme_admin_dbbuf:
		return NVME_SC_INVALID_OPCODE;
	case nvme_admin_set_features:
		break;
	default:
		return 0;
	}
	switch (le32_to_cpu(cmd->features.fid) & 0xff) {
	case NVME_FEAT_NUM_QUEUES:
	case NVME_FEAT_IRQ_COALESCE:
	case NVME_FEAT_IRQ_CONFIG:
	case NVME_FEAT_ASYNC_EVENT:
	case NVME_FEAT_HOST_MEM_BUF:
	case NVME_FEAT_KATO:
	case NVME_FEAT_HOST_BEHAVIOR:
		return NVME_SC_INVALID_FIELD;
	}
	return 0;
}

/* The status with which a command ends that is not sent, or 0. */
static u16 nvme_ans2_refusal(struct nvme_queue *nvmeq, struct request *req)
{
	struct nvme_iod *iod = blk_mq_rq_to_pdu(req);
	u16 status = 0;

	if (!nvmeq->qid) {
		if (nvme_req(req)->flags & NVME_REQ_USERCMD)
			status = nvme_ans2_forbids(&iod->cmd);
		/* The id is the admin tag, not the tag of the block layer. */
		iod->cmd.common.command_id = NVME_ANS2_ADMIN_TAG;
	}
	if (likely(!status) && unlikely(!nvme_ans2_fill(&nvmeq->dev->ans2->hw,
							nvmeq->qid,
							nvmeq->sq_cmds,
							&iod->cmd)))
		status = NVME_SC_INVALID_FIELD;
	return status;
}

/* A command that is not sent is completed as the controller would do it. */
static void nvme_ans2_refuse(struct nvme_queue *nvmeq, struct request *req,
			     u16 status)
{
	dev_warn_ratelimited(nvmeq->dev->ctrl.device,
			     "tag %d: opcode %#x with flags %#x is not sent to an ANS2\n",
			     req->tag, nvme_req(req)->cmd->common.opcode,
			     nvme_req(req)->cmd->common.flags);
	nvme_req(req)->status = status | NVME_STATUS_DNR;
	blk_mq_set_request_complete(req);
	req->q->mq_ops->complete(req);
}

/*
 * Maps the request and writes it into its slot. Its tag is added to @tags if it
 * is to be started.
 *
 * Flattened, so that this path has a copy of nvme_prep_rq() of its own: one
 * more caller of it would make gcc split it elsewhere, and nvme_queue_rq()
 * would no longer be what it is without this file.
 */
static blk_status_t __flatten nvme_ans2_prep(struct nvme_queue *nvmeq,
					     struct request *req, u64 *tags)
{
	blk_status_t ret;
	u16 status;

	ret = nvme_prep_rq(req);
	if (unlikely(ret))
		return ret;
	status = nvme_ans2_refusal(nvmeq, req);
	if (likely(!status))
		*tags |= BIT_ULL(nvme_req(req)->cmd->common.command_id);
	else
		nvme_ans2_refuse(nvmeq, req, status);
	return BLK_STS_OK;
}

static blk_status_t nvme_ans2_send(struct nvme_queue *nvmeq,
				   struct request *req, bool last)
{
	blk_status_t ret;
	u64 tags = 0;

	ret = nvme_ans2_prep(nvmeq, req, &tags);
	if (likely(!ret))
		nvme_ans2_submit(&nvmeq->dev->ans2->hw, nvmeq->qid, tags, last);
	return ret;
}

/* A command of nvme_ans2_delete_queue(). */
static bool nvme_ans2_deletes(struct request *req)
{
	return req->end_io == nvme_del_queue_end ||
	       req->end_io == nvme_del_cq_end;
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
	struct nvme_ans2_dev *ans2 = nvmeq->dev->ans2;
	blk_status_t ret;

	/* A start that was cut off may have enabled the queue again. */
	if (!READ_ONCE(ans2->hw.live))
		return BLK_STS_IOERR;
	if (nvme_ans2_deletes(req) &&
	    !test_bit(NVME_ANS2_DELETING, &ans2->flags))
		return BLK_STS_IOERR;
	/* The block layer tries again when a request ends, and after 3 ms. */
	if (cmpxchg(&ans2->admin, NULL, req))
		return BLK_STS_RESOURCE;
	/*
	 * What the kernel asks for takes no longer than I/O does. Newer cores
	 * leave 0 there, which stands for the time-out of the queue.
	 */
	if (!(nvme_req(req)->flags & NVME_REQ_USERCMD))
		req->timeout = min_not_zero(req->timeout,
					    min_t(unsigned int,
						  req->q->rq_timeout,
						  NVME_IO_TIMEOUT));
	ret = nvme_ans2_send(nvmeq, req, true);
	if (ret)
		cmpxchg(&ans2->admin, req, NULL);
	return ret;
}

/*
 * I/O that comes to a stopped queue waits for the next start, if there may be
 * one: a suspend, which starts the queues of the block layer again, must not
 * end with an error what a failure has left undone.
 */
static blk_status_t nvme_ans2_queue_stopped(struct nvme_queue *nvmeq)
{
	if (!nvmeq->qid || nvme_state_terminal(&nvmeq->dev->ctrl))
		return BLK_STS_IOERR;
	return BLK_STS_RESOURCE;
}

static blk_status_t nvme_ans2_queue_rq(struct blk_mq_hw_ctx *hctx,
				       const struct blk_mq_queue_data *bd)
{
	struct nvme_queue *nvmeq = hctx->driver_data;
	struct request *req = bd->rq;

	if (unlikely(!test_bit(NVMEQ_ENABLED, &nvmeq->flags)))
		return nvme_ans2_queue_stopped(nvmeq);
	if (unlikely(!nvme_check_ready(&nvmeq->dev->ctrl, req, true)))
		return nvme_fail_nonready_command(&nvmeq->dev->ctrl, req);

	if (!nvmeq->qid)
		return nvme_ans2_send_admin(nvmeq, req);
	return nvme_ans2_send(nvmeq, req, bd->last);
}

/* The block layer has said that more follows, and now does not come. */
static void nvme_ans2_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct nvme_queue *nvmeq = hctx->driver_data;

	nvme_ans2_submit(&nvmeq->dev->ans2->hw, nvmeq->qid, 0, true);
}

/*
 * A plugged batch. There is one I/O queue, so all requests are for it. What
 * cannot be prepared goes back to the block layer, which issues it on its own.
 */
static void nvme_ans2_queue_rqs(struct rq_list *rqlist)
{
	struct rq_list requeue_list = { };
	struct nvme_queue *nvmeq = NULL;
	struct request *req;
	u64 tags = 0;

	while ((req = rq_list_pop(rqlist))) {
		nvmeq = req->mq_hctx->driver_data;
		if (!test_bit(NVMEQ_ENABLED, &nvmeq->flags) ||
		    !nvme_check_ready(&nvmeq->dev->ctrl, req, true) ||
		    nvme_ans2_prep(nvmeq, req, &tags))
			rq_list_add_tail(&requeue_list, req);
	}
	if (likely(tags))
		nvme_ans2_submit(&nvmeq->dev->ans2->hw, nvmeq->qid, tags, true);
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
	struct nvme_ans2_dev *ans2 = to_nvme_dev(nvme_req(req)->ctrl)->ans2;
	u8 opcode = nvme_req(req)->cmd->common.opcode;

	/* nvme_create_queue() deletes it again if it gets no SQ. */
	if (opcode == nvme_admin_create_cq && !nvme_req(req)->status)
		set_bit(NVME_ANS2_HAS_IO_QUEUE, &ans2->flags);
	if (opcode == nvme_admin_delete_cq && !nvme_req(req)->status)
		clear_bit(NVME_ANS2_HAS_IO_QUEUE, &ans2->flags);
	cmpxchg(&ans2->admin, req, NULL);
	nvme_pci_complete_rq(req);
}

/**
 * struct nvme_ans2_round - requests whose entries were taken
 * @nvmeq: their queue
 * @iob: those that are completed on this processor in a batch
 * @others: the others
 */
struct nvme_ans2_round {
	struct nvme_queue *nvmeq;
	struct io_comp_batch iob;
	struct rq_list others;
};

/*
 * The request of an entry. Where a function reset has failed, an entry may come
 * for a request that was cancelled, and that belongs to nobody by now.
 */
static struct request *nvme_ans2_find_rq(struct nvme_queue *nvmeq, u16 tag)
{
	struct request *req;

	if (!nvmeq->qid)
		return READ_ONCE(nvmeq->dev->ans2->admin);
	req = blk_mq_tag_to_rq(nvme_queue_tagset(nvmeq), tag);
	if (unlikely(!req || blk_mq_rq_state(req) != MQ_RQ_IN_FLIGHT))
		return NULL;
	return req;
}

/*
 * Whether the request is completed on this processor. With one hardware queue
 * for all processors the block layer would leave to a softirq what has come
 * from this very one.
 */
static bool nvme_ans2_completes_here(struct nvme_queue *nvmeq,
				     struct request *req)
{
	return nvmeq->qid && blk_mq_rq_cpu(req) == raw_smp_processor_id();
}

/*
 * The first phase, under the lock: what nvme_try_complete_req() does, but for
 * the question where the request is completed. From here on nobody cancels it.
 */
static void nvme_ans2_taken(void *arg, u16 tag, u16 status,
			    union nvme_result result)
{
	struct nvme_ans2_round *round = arg;
	struct request *req = nvme_ans2_find_rq(round->nvmeq, tag);

	if (unlikely(!req))
		return;
	nvme_req(req)->status = status;
	nvme_req(req)->result = result;
	nvme_should_fail(req);
	if (unlikely(blk_should_fake_timeout(req->q)))
		return;
	blk_mq_set_request_complete(req);
	if (!nvme_ans2_completes_here(round->nvmeq, req) ||
	    !blk_mq_add_to_batch(req, &round->iob, nvme_req(req)->status,
				 nvme_pci_complete_batch))
		rq_list_add_tail(&round->others, req);
}

/* The second phase, without the lock. */
static void nvme_ans2_complete(struct nvme_ans2_round *round)
{
	struct request *req;

	if (likely(!rq_list_empty(&round->iob.req_list)))
		nvme_pci_complete_batch(&round->iob);
	while ((req = rq_list_pop(&round->others)))
		if (nvme_ans2_completes_here(round->nvmeq, req) ||
		    !blk_mq_complete_request_remote(req))
			req->q->mq_ops->complete(req);
}

/*
 * Both phases: takes what is there and completes it. To be called beside the
 * interrupt handler and whatever else does so. When the controller is stopped,
 * what is in memory is taken.
 */
static unsigned int nvme_ans2_poll(struct nvme_queue *nvmeq)
{
	struct nvme_ans2_round round = { .nvmeq = nvmeq };
	unsigned int seen;

	seen = nvme_ans2_reap(&nvmeq->dev->ans2->hw, nvmeq->qid,
			      nvme_ans2_taken, &round);
	nvme_ans2_complete(&round);
	return seen;
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
	struct nvme_ans2_dev *ans2 = dev->ans2;

	if (++ans2->idle_irqs < NVME_ANS2_IDLE_IRQS)
		return IRQ_NONE;
	ans2->idle_irqs = 0;
	if (!nvme_ans2_has_failed(dev))
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
	struct nvme_ans2_dev *ans2 = nvmeq->dev->ans2;
	unsigned int seen;

	/*
	 * The admin queue's handler is the first, and seldom has anything to
	 * do: it does not look at uncached memory for nothing. If neither has,
	 * it looks at the next interrupt, for an entry that nobody waits for.
	 */
	if (!nvmeq->qid && !ans2->idle_irqs &&
	    !(READ_ONCE(ans2->hw.inflight) & NVME_ANS2_ADMIN_MASK))
		return nvme_ans2_idle_irq(nvmeq->dev, irq);
	seen = nvme_ans2_poll(nvmeq);
	if (!seen)
		return nvme_ans2_idle_irq(nvmeq->dev, irq);
	/* Where several came, more may have come while they were completed. */
	if (seen > 1)
		nvme_ans2_poll(nvmeq);
	ans2->idle_irqs = 0;
	return IRQ_HANDLED;
}

/* The ring is cleared by now; the admin queue's only at the first start. */
static int nvme_ans2_request_irq(struct nvme_queue *nvmeq)
{
	struct nvme_dev *dev = nvmeq->dev;

	nvme_ans2_open_cq(&dev->ans2->hw, nvmeq->qid, nvmeq->cqes);
	return pci_request_irq(to_pci_dev(dev->dev), nvmeq->cq_vector,
			       nvme_ans2_irq, NULL, nvmeq, "nvme%dq%d",
			       dev->ctrl.instance, nvmeq->qid);
}

static bool nvme_ans2_poll_cq(struct nvme_queue *nvmeq)
{
	if (!nvme_is_ans2_queue(nvmeq))
		return false;
	nvme_ans2_poll(nvmeq);
	return true;
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
	.commit_rqs	= nvme_ans2_commit_rqs,
	.complete	= nvme_pci_complete_rq,
	.init_hctx	= nvme_init_hctx,
	.init_request	= nvme_pci_init_request,
	.map_queues	= nvme_pci_map_queues,
	.timeout	= nvme_ans2_timeout,
};

/* Requests for the admin queue are as many as on other drives. */
static int nvme_ans2_admin_tag_set(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;
	struct queue_limits lim;
	int ret;

	ret = nvme_alloc_admin_tag_set(ctrl, &dev->admin_tagset,
				       dev->ans2 ? &nvme_ans2_admin_mq_ops :
						   &nvme_mq_admin_ops,
				       sizeof(struct nvme_iod));
	if (ret || !dev->ans2)
		return ret;
	/* Identify is sent before the core applies the quirk's limit. */
	lim = queue_limits_start_update(ctrl->admin_q);
	lim.dma_alignment = NVME_CTRL_PAGE_SIZE - 1;
	return queue_limits_commit_update(ctrl->admin_q, &lim);
}

/* The core would leave 31 of the 64 tags to I/O. */
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
	set->numa_node = dev->ctrl.numa_node;
	/* Users can choose as ever. Why: see apple-ans2-cost.rst. */
	set->flags = BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	set->cmd_size = sizeof(struct nvme_iod);
	set->driver_data = &dev->ctrl;
	set->nr_hw_queues = 1;
	set->nr_maps = 1;
	ret = blk_mq_alloc_tag_set(set);
	if (!ret)
		dev->ctrl.tagset = set;
	return ret;
}
