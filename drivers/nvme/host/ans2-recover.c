// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: taking a controller down, and getting it back
 *
 * nvme-pci takes a controller down in nvme_dev_disable() and starts it again in
 * nvme_reset_work(). Here is what both do otherwise for an ANS2, who sets them
 * off, and why neither waits for what does not come:
 *
 *   the watch      looks at the completion queues while commands are in flight:
 *                  takes entries whose interrupt was lost, and notices a
 *                  controller that has failed, long before a time-out
 *   nvme_ans2_fail()
 *                  handles a controller that does not respond. A live one is
 *                  reset. While another thread starts it, or takes it away, the
 *                  commands that this thread waits for are ended
 *   nvme_ans2_start_over()
 *                  lets a start that failed begin anew, a few times
 *
 * A reset of the function restarts the co-processor. It brings back a
 * controller that is stuck, has failed, or whose firmware has crashed, and
 * costs little, so it comes before a drive is given up.
 *
 * pci.c includes this file behind ans2-pci.c.
 */

#include <linux/cleanup.h>
#include <linux/delay.h>

#include "ans2_trace.h"

/*
 * A shutdown takes longer than the core's 5 s after heavy I/O, seen as CSTS
 * 0x5 (RDY, shutdown going on). This is the longest time that the core accepts
 * from a drive which states one.
 */
#define NVME_ANS2_SHUTDOWN_SECS		60

/* Starts in a row that may fail before the drive is given up. */
#define NVME_ANS2_MAX_STARTS		4

/*
 * Has it failed?
 */

/*
 * After a crash of the firmware the function reports a fatal error. While it is
 * reset it answers all ones, and nobody may look at the window.
 */
static bool nvme_ans2_is_gone(struct nvme_dev *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev->dev);
	u16 devsta;

	if (pci_dev_is_disconnected(pdev))
		return true;
	pcie_capability_read_word(pdev, PCI_EXP_DEVSTA, &devsta);
	return devsta & PCI_EXP_DEVSTA_FED;
}

/* To be asked of a controller that is enabled. */
static bool nvme_ans2_has_failed(struct nvme_dev *dev)
{
	u32 csts;

	if (nvme_ans2_is_gone(dev))
		return true;
	csts = readl(dev->bar + NVME_REG_CSTS);
	return (csts & NVME_CSTS_CFS) || !(csts & NVME_CSTS_RDY);
}

/*
 * Taking it down
 */

/*
 * Signals do not end this wait, a failure does: what is broken off half way
 * costs the firmware a reset. A controller is ready until its shutdown is over.
 * One that is not has failed, but gets a second for the case that its bits do
 * not change at the same time.
 */
static int nvme_ans2_wait_csts(struct nvme_dev *dev, u32 mask, u32 value,
			       unsigned int seconds)
{
	unsigned long end = jiffies + seconds * HZ, ready = jiffies;
	u32 csts;

	for (;;) {
		if (nvme_ans2_is_gone(dev))
			return -EIO;
		csts = readl(dev->bar + NVME_REG_CSTS);
		if ((csts & mask) == value)
			return 0;
		if ((mask | csts) & NVME_CSTS_RDY)
			ready = jiffies;
		if (csts & NVME_CSTS_CFS || time_after(jiffies, ready + HZ))
			return -EIO;
		if (time_after(jiffies, end))
			break;
		usleep_range(1000, 2000);
	}
	dev_err(dev->ctrl.device, "ANS2 does not stop, CSTS=%#x\n", csts);
	return -ETIMEDOUT;
}

static void nvme_ans2_write_cc(struct nvme_dev *dev, u32 clear, u32 set)
{
	dev->ctrl.ctrl_config = (dev->ctrl.ctrl_config & ~clear) | set;
	writel(dev->ctrl.ctrl_config, dev->bar + NVME_REG_CC);
}

static int nvme_ans2_shut_down(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;

	ctrl->shutdown_timeout = max_t(unsigned int, ctrl->shutdown_timeout,
				       NVME_ANS2_SHUTDOWN_SECS);
	nvme_ans2_write_cc(dev, NVME_CC_SHN_MASK, NVME_CC_SHN_NORMAL);
	return nvme_ans2_wait_csts(dev, NVME_CSTS_SHST_MASK,
				   NVME_CSTS_SHST_CMPLT,
				   ctrl->shutdown_timeout);
}

/* Whether it makes no sense to wait any longer for what began at @begin. */
static bool nvme_ans2_is_hopeless(struct nvme_dev *dev, unsigned long begin)
{
	unsigned long limit = dev->ctrl.admin_q->rq_timeout;

	/* After one lost command the next is not waited for long. */
	if (test_bit(NVME_ANS2_EXPIRED, &dev->ans2->flags))
		limit = HZ;
	return test_bit(NVME_ANS2_NEEDS_RESET, &dev->ans2->flags) ||
	       time_after(jiffies, begin + limit) || nvme_ans2_has_failed(dev);
}

/*
 * The queues are deleted. CC.EN is cleared after a shutdown too, while the
 * firmware runs: the controller does not answer afterwards, and a controller
 * left enabled cannot be disabled reliably after the next boot. (That this
 * forgets CC.SHN matters to Opal drives alone.)
 *
 * If the queues could not be deleted because nobody answers, CC.EN stays.
 * nvme_ans2_halt() follows. So it does if the controller has failed meanwhile,
 * whatever CSTS.RDY says.
 */
static void nvme_ans2_disable_ctrl(struct nvme_dev *dev, bool shutdown)
{
	struct nvme_ans2_dev *ans2 = dev->ans2;
	unsigned long begin = jiffies;
	int ret = 0;

	if (!ans2) {
		nvme_disable_ctrl(&dev->ctrl, shutdown);
		return;
	}
	/*
	 * hwmon sends commands at any time; none may be with the controller
	 * when CC.EN is cleared. What disables the controller unquiesces the
	 * queue when it has cancelled what is in it, or when it starts anew.
	 */
	if (dev->ctrl.admin_q) {
		nvme_quiesce_admin_queue(&dev->ctrl);
		while (READ_ONCE(ans2->admin) &&
		       !nvme_ans2_is_hopeless(dev, begin))
			usleep_range(100, 200);
	}
	if (READ_ONCE(ans2->admin) ||
	    test_bit(NVME_ANS2_NEEDS_RESET, &ans2->flags))
		return;

	if (shutdown)
		ret = nvme_ans2_shut_down(dev);
	nvme_ans2_write_cc(dev, NVME_CC_SHN_MASK | NVME_CC_ENABLE, 0);
	if (ret != -EIO &&
	    !nvme_ans2_wait_csts(dev, NVME_CSTS_RDY, 0,
				 (NVME_CAP_TIMEOUT(dev->ctrl.cap) + 1) / 2))
		nvme_ans2_stop(&ans2->hw);
}

/*
 * The handlers of a controller that was not disabled are freed one by one, and
 * entries that nobody takes any more keep the line up. What enables the
 * controller again requests the interrupt anew, which enables it.
 */
static void nvme_ans2_mask_irq(struct nvme_dev *dev)
{
	if (dev->ans2 && READ_ONCE(dev->ans2->hw.live) &&
	    test_bit(NVMEQ_ENABLED, &dev->queues[0].flags))
		disable_irq(pci_irq_vector(to_pci_dev(dev->dev), 0));
}

/*
 * The last step before the memory of requests and queues is given back: from
 * here on no doorbell and no register of the NVMMU is written, nobody looks for
 * entries, and nothing is transferred.
 *
 * A controller that was not disabled in order may still transfer. Only a reset
 * of the function ends that. If the reset fails, the next enabling begins with
 * one.
 */
static void nvme_ans2_halt(struct nvme_dev *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev->dev);
	struct nvme_ans2_dev *ans2 = dev->ans2;
	bool live;

	if (!ans2)
		return;
	live = READ_ONCE(ans2->hw.live);
	nvme_ans2_stop(&ans2->hw);
	/*
	 * A time-out that has taken entries completes them first. For the I/O
	 * queue nvme_reap_pending_cqes() follows and takes its lock.
	 */
	spin_lock(&dev->queues[0].cq_poll_lock);
	spin_unlock(&dev->queues[0].cq_poll_lock);
	/* The watch itself may be here. */
	if (current_work() != &ans2->hw.watch.work)
		cancel_delayed_work_sync(&ans2->hw.watch);
	if (!live || pci_dev_is_disconnected(pdev))
		return;
	set_bit(NVME_ANS2_NEEDS_RESET, &ans2->flags);
	if (!pcie_reset_flr(pdev, false)) {
		clear_bit(NVME_ANS2_NEEDS_RESET, &ans2->flags);
		pci_restore_state(pdev);
	}
}

/*
 * The admin tag may be taken, or users may hold all admin requests: then it is
 * tried again.
 */
static int nvme_ans2_delete_queue(struct nvme_queue *nvmeq, u8 opcode)
{
	struct nvme_dev *dev = nvmeq->dev;
	struct nvme_ans2 *hw = &dev->ans2->hw;
	unsigned long begin = jiffies;
	int ret;

	clear_bit(NVMEQ_DELETE_ERROR, &nvmeq->flags);
	while ((ret = nvme_delete_queue(nvmeq, opcode))) {
		if (ret != -EWOULDBLOCK || nvme_ans2_is_hopeless(dev, begin))
			return -ETIMEDOUT;
		usleep_range(1000, 2000);
	}
	while (!wait_for_completion_io_timeout(&nvmeq->delete_done, HZ / 50)) {
		if (nvme_ans2_is_hopeless(dev, begin))
			return -ETIMEDOUT;
		/* An interrupt that is lost is found in two of its looks. */
		mod_delayed_work(hw->watch_wq, &hw->watch, 0);
	}
	return test_bit(NVMEQ_DELETE_ERROR, &nvmeq->flags) ? -EIO : 0;
}

static bool nvme_ans2_delete_io_queues(struct nvme_dev *dev)
{
	struct nvme_ans2_dev *ans2 = dev->ans2;
	int ret;

	if (!ans2)
		return false;
	if (!READ_ONCE(ans2->hw.live) ||
	    test_bit(NVME_ANS2_NEEDS_RESET, &ans2->flags) ||
	    !test_bit(NVME_ANS2_HAS_IO_QUEUE, &ans2->flags))
		return true;
	set_bit(NVME_ANS2_DELETING, &ans2->flags);
	ret = nvme_ans2_delete_queue(&dev->queues[1], nvme_admin_delete_sq);
	if (!ret) {
		/* The last entries are taken before their queue goes. */
		nvme_ans2_poll(&dev->queues[1]);
		ret = nvme_ans2_delete_queue(&dev->queues[1],
					     nvme_admin_delete_cq);
	}
	clear_bit(NVME_ANS2_DELETING, &ans2->flags);
	if (ret)
		dev_warn(dev->ctrl.device, "I/O queues not deleted (%d)\n",
			 ret);
	/* A controller that answers with an error can still be disabled. */
	if (ret == -ETIMEDOUT)
		set_bit(NVME_ANS2_NEEDS_RESET, &ans2->flags);
	return true;
}

/*
 * Failure
 */

/*
 * Ends all commands for those who wait for them while the controller starts, or
 * while its namespaces are removed: nvme_dev_disable() without waiting for
 * anything. The freeze that a reset begins with goes on. A start then fails;
 * during a removal, later requests fail. So do admin commands that wait for the
 * tag, or for the queue: whoever starts the controller may wait for one of
 * these.
 */
static void nvme_ans2_cut(struct nvme_dev *dev)
{
	struct pci_dev *pdev = to_pci_dev(dev->dev);

	lockdep_assert_held(&dev->shutdown_lock);

	nvme_quiesce_io_queues(&dev->ctrl);
	nvme_ans2_mask_irq(dev);
	nvme_suspend_io_queues(dev);
	nvme_suspend_queue(dev, 0);
	pci_free_irq_vectors(pdev);
	if (pci_is_enabled(pdev))
		pci_disable_device(pdev);
	nvme_ans2_halt(dev);
	nvme_reap_pending_cqes(dev);
	nvme_cancel_tagset(&dev->ctrl);
	nvme_cancel_admin_tagset(&dev->ctrl);
	nvme_unquiesce_admin_queue(&dev->ctrl);
	if (nvme_state_terminal(&dev->ctrl))
		nvme_unquiesce_io_queues(&dev->ctrl);
	/* A start that was cut off may not have counted right. */
	dev->online_queues = 0;
}

/*
 * Neither polling nor waiting helps. A thread that takes the controller down
 * holds shutdown_lock and notices the failure itself; so does reset_work in the
 * state RESETTING.
 */
static void nvme_ans2_fail(struct nvme_dev *dev)
{
	struct nvme_ctrl *ctrl = &dev->ctrl;

	if (pci_dev_is_disconnected(to_pci_dev(dev->dev)))
		nvme_change_ctrl_state(ctrl, NVME_CTRL_DELETING);
	if (!nvme_reset_ctrl(ctrl) || !mutex_trylock(&dev->shutdown_lock))
		return;
	if (nvme_ctrl_state(ctrl) == NVME_CTRL_CONNECTING ||
	    nvme_state_terminal(ctrl))
		nvme_ans2_cut(dev);
	mutex_unlock(&dev->shutdown_lock);
}

/* An entry that was there at the last look, and is the next one still. */
static bool nvme_ans2_finds_lost(struct nvme_ans2_dev *ans2, unsigned int qid,
				 const struct nvme_ans2_look *now)
{
	struct nvme_queue *nvmeq = &ans2->dev->queues[qid];
	struct nvme_ans2_look *last = &ans2->look[qid];

	return last->ready && now->ready && last->reaped == now->reaped &&
	       test_bit(NVMEQ_ENABLED, &nvmeq->flags) && nvme_ans2_poll(nvmeq);
}

/* Returns whether entries were taken since the last look. */
static bool nvme_ans2_look_at(struct nvme_ans2_dev *ans2, unsigned int qid)
{
	struct nvme_ans2_look *last = &ans2->look[qid];
	struct nvme_ans2_look now = {
		.reaped = READ_ONCE(ans2->hw.q[qid].reaped),
		.ready = nvme_ans2_has_entry(&ans2->hw, qid),
	};
	bool moves = last->reaped != now.reaped;

	if (nvme_ans2_finds_lost(ans2, qid, &now)) {
		moves = true;
		WRITE_ONCE(ans2->lost_irqs, ans2->lost_irqs + 1);
		trace_nvme_ans2_lost_irq(ans2->hw.dev, qid);
		dev_warn_once(ans2->dev->ctrl.device,
			      "queue %u: completion without an interrupt, taken by the watch\n",
			      qid);
	}
	*last = now;
	return moves;
}

static void nvme_ans2_watch(struct work_struct *work)
{
	struct nvme_ans2_dev *ans2 = container_of(to_delayed_work(work),
						  struct nvme_ans2_dev,
						  hw.watch);
	bool moves, failed;

	if (!nvme_ans2_is_busy(&ans2->hw))
		return;
	moves = nvme_ans2_look_at(ans2, 0);
	moves |= nvme_ans2_look_at(ans2, 1);
	/* A time-out that came while shutdown_lock was held had no effect. */
	failed = READ_ONCE(ans2->flags) &
		 (BIT(NVME_ANS2_NEEDS_RESET) | BIT(NVME_ANS2_EXPIRED));
	if (!moves && nvme_ans2_has_failed(ans2->dev)) {
		dev_warn(ans2->dev->ctrl.device,
			 "controller has failed, resetting it\n");
		failed = true;
	}
	if (failed)
		nvme_ans2_fail(ans2->dev);
}

static enum blk_eh_timer_return nvme_ans2_timeout(struct request *req)
{
	struct nvme_queue *nvmeq = req->mq_hctx->driver_data;
	struct nvme_dev *dev = nvmeq->dev;
	struct nvme_ans2_dev *ans2 = dev->ans2;

	/* Whoever has stopped the controller cancels the request. */
	if (!READ_ONCE(ans2->hw.live) && !nvme_state_terminal(&dev->ctrl))
		return BLK_EH_RESET_TIMER;

	/* nvme_ans2_halt() waits for this before what is taken is cancelled. */
	spin_lock(&nvmeq->cq_poll_lock);
	if (READ_ONCE(ans2->hw.live))
		nvme_ans2_poll(nvmeq);
	spin_unlock(&nvmeq->cq_poll_lock);
	if (blk_mq_rq_state(req) != MQ_RQ_IN_FLIGHT) {
		dev_warn(dev->ctrl.device,
			 "tag %d queue %u timed out, completion polled\n",
			 req->tag, nvmeq->qid);
		return BLK_EH_DONE;
	}
	dev_warn_ratelimited(dev->ctrl.device,
			     "tag %d opcode %#x queue %u timed out, reset controller\n",
			     req->tag, nvme_req(req)->cmd->common.opcode,
			     nvmeq->qid);
	/* An admin command has the tag that deleting the queues would need. */
	set_bit(nvmeq->qid ? NVME_ANS2_EXPIRED : NVME_ANS2_NEEDS_RESET,
		&ans2->flags);
	nvme_ans2_fail(dev);
	/* If a reset was started above, it ends the request soon. */
	return blk_mq_rq_state(req) == MQ_RQ_IN_FLIGHT ? BLK_EH_RESET_TIMER :
							 BLK_EH_DONE;
}

/*
 * Starting again
 */

/*
 * A reset has failed with @result. Takes the controller down and says whether
 * it is worth another try. A controller that answers is stopped in order; from
 * the second failure on, its function is reset as well. The state stays what it
 * is, RESETTING or CONNECTING, so that whoever waits for the end of the reset
 * goes on waiting. It is down when this has given up as well: the state that
 * follows lets others reset the function.
 */
static bool nvme_ans2_start_over(struct nvme_dev *dev, int result)
{
	struct nvme_ans2_dev *ans2 = dev->ans2;

	if (!ans2 || nvme_state_terminal(&dev->ctrl) ||
	    pci_dev_is_disconnected(to_pci_dev(dev->dev)))
		return false;
	dev_warn(dev->ctrl.device, "start failed (%d)%s\n", result ?: -EIO,
		 ++ans2->starts < NVME_ANS2_MAX_STARTS ? ", trying once more" :
							 "");
	guard(mutex)(&dev->shutdown_lock);
	if (READ_ONCE(ans2->hw.live) && !nvme_ans2_has_failed(dev)) {
		nvme_ans2_delete_io_queues(dev);
		nvme_ans2_disable_ctrl(dev, false);
		if (ans2->starts > 1)
			set_bit(NVME_ANS2_NEEDS_RESET, &ans2->flags);
	}
	nvme_ans2_cut(dev);
	return ans2->starts < NVME_ANS2_MAX_STARTS;
}

static bool nvme_ans2_set_connecting(struct nvme_dev *dev)
{
	return nvme_change_ctrl_state(&dev->ctrl, NVME_CTRL_CONNECTING) ||
	       (dev->ans2 &&
		nvme_ctrl_state(&dev->ctrl) == NVME_CTRL_CONNECTING);
}

/* Without its I/O queue the drive is of no use; pci.c would keep it. */
static int nvme_ans2_setup_io_queues(struct nvme_dev *dev)
{
	int ret = nvme_setup_io_queues(dev);

	if (!ret && dev->ans2 &&
	    (dev->online_queues < 2 ||
	     !test_bit(NVMEQ_ENABLED, &dev->queues[1].flags)))
		ret = -EIO;
	return ret;
}

/* Asked after it, when nvme_ans2_cut() may have taken the queue away again. */
static bool nvme_ans2_has_io_queues(struct nvme_dev *dev)
{
	return dev->ans2 || dev->online_queues > 1;
}

/*
 * Waits up to 100 ms for the first namespace that is not frozen. The time of
 * the core's nvme_wait_freeze_timeout() is not the caller's on newer kernels.
 */
static bool nvme_ans2_is_frozen(struct nvme_ctrl *ctrl)
{
	struct nvme_ns *ns;
	bool frozen = true;
	int idx;

	idx = srcu_read_lock(&ctrl->srcu);
	list_for_each_entry_srcu(ns, &ctrl->namespaces, list,
				 srcu_read_lock_held(&ctrl->srcu)) {
		frozen = blk_mq_freeze_queue_wait_timeout(ns->queue,
							  HZ / 10) > 0;
		if (!frozen)
			break;
	}
	srcu_read_unlock(&ctrl->srcu, idx);
	return frozen;
}

/* Before a shutdown, all that was begun may end; but not for ever. */
static bool nvme_ans2_drain(struct nvme_dev *dev)
{
	unsigned long end = jiffies + NVME_IO_TIMEOUT;

	if (!dev->ans2)
		return false;
	while (!nvme_ans2_is_frozen(&dev->ctrl) && time_before(jiffies, end) &&
	       !test_bit(NVME_ANS2_EXPIRED, &dev->ans2->flags) &&
	       !nvme_ans2_has_failed(dev))
		;
	return true;
}

/*
 * What a reset has held back is done before the queues take more. If the
 * controller fails meanwhile, nvme_ans2_cut() stops it, and the requests wait
 * for the next try. Those tries do not count: a request that is to blame is
 * given up by the block layer after a few of them.
 */
static int nvme_ans2_wait_freeze(struct nvme_dev *dev)
{
	if (!dev->ans2) {
		nvme_wait_freeze(&dev->ctrl);
		return 0;
	}
	dev->ans2->starts = 0;
	while (READ_ONCE(dev->ans2->hw.live)) {
		if (nvme_ans2_is_frozen(&dev->ctrl))
			return 0;
	}
	return -EIO;
}

/*
 * Under shutdown_lock, so that nvme_ans2_cut() runs either before this or when
 * the state is LIVE.
 */
static bool nvme_ans2_set_live(struct nvme_dev *dev)
{
	bool changed;

	if (!dev->ans2)
		return nvme_change_ctrl_state(&dev->ctrl, NVME_CTRL_LIVE);

	mutex_lock(&dev->shutdown_lock);
	changed = READ_ONCE(dev->ans2->hw.live) &&
		  nvme_change_ctrl_state(&dev->ctrl, NVME_CTRL_LIVE);
	mutex_unlock(&dev->shutdown_lock);
	/* The next try unfreezes the queues again. */
	if (!changed && !nvme_state_terminal(&dev->ctrl))
		nvme_start_freeze(&dev->ctrl);
	return changed;
}

#if IS_ENABLED(CONFIG_NVME_ANS2_KUNIT_TEST)
#include "tests/ans2_pci_fixture.c"
#include "tests/ans2_pci_kunit.c"
#include "tests/ans2_recover_kunit.c"
#endif
