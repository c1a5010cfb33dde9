// SPDX-License-Identifier: GPL-2.0-only
/// Slow-path hooks of the ANS2 queue path in nvme-pci: one call each, to a
/// function that drivers/nvme/host/ans2-hooks.h declares.
///
/// No function that a request of another drive passes through is touched; the
/// ANS2 has request operations and an interrupt handler of its own.
// Confidence: High (6.12.118, 7.2.13; spatch 1.1.1)
// Options: --no-includes --very-quiet

@initialize:python@
@@
hits = {}


def hit(hook, places):
    hits[hook] = hits.get(hook, 0) + len(places)

// The declarations. A tree whose nvme.h is not included by this line has no
// pci.c that the other rules know.
@include@
position p;
@@
 #include "nvme.h"@p
+#include "ans2-hooks.h"

@script:python@
p << include.p;
@@
hit("include", p)

// The state of one ANS2, NULL on any other drive. It stands after the members
// of the fast path, whose offsets stay.
@member@
@@
 struct nvme_dev {
 	...
 	unsigned int nr_poll_queues;
+	struct nvme_ans2_dev *ans2;
 	...
 };

@script:python depends on member@
@@
hit("member", [0])

// BAR0 is mapped whole and non-posted.
@remap@
identifier dev, size, pdev;
position p;
@@
 nvme_remap_bar@p(struct nvme_dev *dev, unsigned long size)
 {
 	...
-	dev->bar = ioremap(pci_resource_start(pdev, 0), size);
+	dev->bar = nvme_ans2_ioremap(dev, &size);
 	...
 }

@script:python@
p << remap.p;
@@
hit("remap", p)

// Queue depths; the CMB registers are not read.
@prepare@
identifier dev;
position p;
@@
 nvme_pci_enable@p(struct nvme_dev *dev)
 {
 	...
-	nvme_map_cmb(dev);
+	if (!nvme_ans2_set_depths(dev))
+		nvme_map_cmb(dev);
 	...
 }

@script:python@
p << prepare.p;
@@
hit("prepare", p)

// The controller as the stage before left it is stopped, or reset.
@takeover@
identifier dev, result;
symbol false;
position p;
@@
 nvme_pci_configure_admin_queue@p(struct nvme_dev *dev)
 {
 	...
-	result = nvme_disable_ctrl(&dev->ctrl, false);
+	result = nvme_ans2_takeover(dev);
 	if (result < 0) {
 		...
 		result = pcie_reset_flr(...);
 		...
 	}
 	...
 }

@script:python@
p << takeover.p;
@@
hit("takeover", p)

@aqdepth@
identifier dev;
position p;
@@
 nvme_pci_configure_admin_queue@p(struct nvme_dev *dev)
 {
 	...
 	nvme_alloc_queue(dev, 0,
-	NVME_AQ_DEPTH
+	nvme_ans2_aq_depth(dev)
 	)
 	...
 }

@script:python@
p << aqdepth.p;
@@
hit("aqdepth", p)

// NVMMU and linear queues are set up between the queue addresses and CC.EN.
@enable@
identifier dev;
position p;
@@
 nvme_pci_configure_admin_queue@p(struct nvme_dev *dev)
 {
 	...
 	lo_hi_writeq(..., dev->bar + NVME_REG_ACQ);
 	...
-	nvme_enable_ctrl(&dev->ctrl)
+	nvme_ans2_enable_ctrl(dev)
 	...
 }

@script:python@
p << enable.p;
@@
hit("enable", p)

@stop@
identifier dev, shutdown;
position p;
@@
 nvme_dev_disable(struct nvme_dev *dev, bool shutdown)
 {
 	<+...
-	nvme_disable_ctrl@p(&dev->ctrl, shutdown);
+	nvme_ans2_disable_ctrl(dev, shutdown);
 	...+>
 }

@script:python@
p << stop.p;
@@
hit("stop", p)

// What was begun may end before a shutdown, but not on a drive that has failed.
@drain@
identifier dev, dead, shutdown;
position p;
@@
 nvme_dev_disable(struct nvme_dev *dev, bool shutdown)
 {
 	<+...
-	if (!dead && shutdown)
+	if (!dead && shutdown && !nvme_ans2_drain(dev))
 		nvme_wait_freeze_timeout@p(...);
 	...+>
 }

@script:python@
p << drain.p;
@@
hit("drain", p)

// The line is masked before the first handler goes.
@mask@
identifier dev;
position p;
@@
 nvme_dev_disable@p(struct nvme_dev *dev, bool shutdown)
 {
 	...
+	nvme_ans2_mask_irq(dev);
 	nvme_suspend_io_queues(dev);
 	...
 }

@script:python@
p << mask.p;
@@
hit("mask", p)

// Nothing is transferred to memory that is about to be given back.
@halt@
identifier dev;
position p;
@@
 nvme_dev_disable@p(struct nvme_dev *dev, bool shutdown)
 {
 	...
+	nvme_ans2_halt(dev);
 	nvme_reap_pending_cqes(dev);
 	...
 }

@script:python@
p << halt.p;
@@
hit("halt", p)

// One admin tag: a delete command may have to wait for it.
@delete@
identifier dev;
symbol nvme_admin_delete_sq, nvme_admin_delete_cq;
position p;
@@
 nvme_delete_io_queues@p(struct nvme_dev *dev)
 {
+	if (nvme_ans2_delete_io_queues(dev))
+		return;
 	if (__nvme_delete_io_queues(dev, nvme_admin_delete_sq))
 		__nvme_delete_io_queues(dev, nvme_admin_delete_cq);
 }

@script:python@
p << delete.p;
@@
hit("delete", p)

@interrupt@
identifier nvmeq;
symbol use_threaded_interrupts;
statement S1, S2;
position p;
@@
 queue_request_irq@p(struct nvme_queue *nvmeq)
 {
 	...
+	if (nvme_is_ans2_queue(nvmeq))
+		return nvme_ans2_request_irq(nvmeq);
 	if (use_threaded_interrupts)
 		S1
 	else
 		S2
 }

@script:python@
p << interrupt.p;
@@
hit("interrupt", p)

@poll@
identifier nvmeq;
position p;
@@
 nvme_poll_irqdisable@p(struct nvme_queue *nvmeq)
 {
 	...
-	nvme_poll_cq(nvmeq, NULL);
+	if (!nvme_ans2_poll_cq(nvmeq))
+		nvme_poll_cq(nvmeq, NULL);
 	...
 }

@script:python@
p << poll.p;
@@
hit("poll", p)

@reap@
identifier dev, i;
position p;
@@
 nvme_reap_pending_cqes(struct nvme_dev *dev)
 {
 	<+...
-	nvme_poll_cq@p(&dev->queues[i], NULL);
+	if (!nvme_ans2_poll_cq(&dev->queues[i]))
+		nvme_poll_cq(&dev->queues[i], NULL);
 	...+>
 }

@script:python@
p << reap.p;
@@
hit("reap", p)

// Own request operations and tag ranges, chosen once.
@admintags@
identifier fn, dev;
position p;
@@
 fn(...)
 {
 	...
-	nvme_alloc_admin_tag_set@p(&dev->ctrl, &dev->admin_tagset,
-				   &nvme_mq_admin_ops, sizeof(struct nvme_iod))
+	nvme_ans2_admin_tag_set(dev)
 	...
 }

@script:python@
p << admintags.p;
@@
hit("admintags", p)

@iotags@
identifier fn, dev;
position p;
@@
 fn(...)
 {
 	<+...
-	nvme_alloc_io_tag_set@p(&dev->ctrl, &dev->tagset, &nvme_mq_ops,
-				nvme_pci_nr_maps(dev), sizeof(struct nvme_iod))
+	nvme_ans2_io_tag_set(dev)
 	...+>
 }

@script:python@
p << iotags.p;
@@
hit("iotags", p)

// What the core learned from Identify and the queue path cannot do. This is the
// first function that makes use of it.
@limits@
identifier dev;
position p;
@@
 nvme_dbbuf_dma_alloc@p(struct nvme_dev *dev)
 {
 	...
+	nvme_ans2_limits(dev);
 	if (!(dev->ctrl.oacs & NVME_CTRL_OACS_DBBUF_SUPP))
 		return;
 	...
 }

@script:python@
p << limits.p;
@@
hit("limits", p)

// A start that failed may begin anew, until it is given up. Whoever waits for
// the end of the reset does not notice.
@again@
identifier work, dev;
position p;
@@
 nvme_reset_work(struct work_struct *work)
 {
 	<+...
+again:
 	nvme_sync_queues@p(&dev->ctrl);
 	mutex_lock(&dev->shutdown_lock);
 	...+>
 }

@script:python@
p << again.p;
@@
hit("again", p)

@connecting@
identifier work, dev;
position p;
@@
 nvme_reset_work(struct work_struct *work)
 {
 	<+...
-	nvme_change_ctrl_state@p(&dev->ctrl, NVME_CTRL_CONNECTING)
+	nvme_ans2_set_connecting(dev)
 	...+>
 }

@script:python@
p << connecting.p;
@@
hit("connecting", p)

// A drive without its I/O queue is none, and one that failed while it was
// started does not become live.
@ioqueues@
identifier dev;
expression result;
position p;
@@
-	result = nvme_setup_io_queues@p(dev);
+	result = nvme_ans2_setup_io_queues(dev);

@script:python@
p << ioqueues.p;
@@
hit("ioqueues", p)

// There is one after that, even if it has failed again meanwhile.
@ioleft@
identifier work, dev;
position p;
@@
 nvme_reset_work(struct work_struct *work)
 {
 	<+...
-	if (dev->online_queues@p > 1)
+	if (nvme_ans2_has_io_queues(dev))
 		{ ... }
 	else
 		{ ... }
 	...+>
 }

@script:python@
p << ioleft.p;
@@
hit("ioleft", p)

@refreeze@
identifier work, dev;
position p;
@@
 nvme_reset_work(struct work_struct *work)
 {
 	<+...
-	nvme_wait_freeze@p(&dev->ctrl);
+	result = nvme_ans2_wait_freeze(dev);
+	if (result)
+		goto out;
 	...+>
 }

@script:python@
p << refreeze.p;
@@
hit("refreeze", p)

@live@
identifier dev;
position p;
@@
-	nvme_change_ctrl_state@p(&dev->ctrl, NVME_CTRL_LIVE)
+	nvme_ans2_set_live(dev)

@script:python@
p << live.p;
@@
hit("live", p)

// The last rule: without its label no other would find its place in there.
@startover@
identifier work, dev, result;
position p;
@@
 nvme_reset_work(struct work_struct *work)
 {
 	<+...
+	if (nvme_ans2_start_over(dev, result))
+		goto again;
 	dev_warn@p(dev->ctrl.device,
 		   "Disabling device after reset failure: %d\n", result);
 	...+>
 }

@script:python@
p << startover.p;
@@
hit("startover", p)

@finalize:python@
@@
import sys
want = {"include": 1, "member": 1, "remap": 1, "prepare": 1, "takeover": 1,
        "aqdepth": 1, "enable": 1, "stop": 1, "halt": 1, "delete": 1,
        "interrupt": 1, "poll": 1, "reap": 1, "admintags": 1, "iotags": 2,
        "limits": 1, "drain": 1, "mask": 1, "again": 1, "startover": 1,
        "connecting": 1, "ioqueues": 2, "ioleft": 1, "refreeze": 1,
        "live": 2}
bad = [h for h in want if hits.get(h, 0) != want[h]]
for hook in bad:
    sys.stderr.write("hook %s: %d places, expected %d\n"
                     % (hook, hits.get(hook, 0), want[hook]))
if bad:
    sys.exit(1)
