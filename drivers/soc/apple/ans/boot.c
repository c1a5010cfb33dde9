// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: starting and stopping the co-processor
 *
 * The ANS2 is an NVMe controller made by firmware on a co-processor ("ASC").
 * The boot loader has loaded the firmware, an operating system only starts it:
 *
 * - CPU_CONTROL.RUN starts the CPU. Clearing it while the firmware runs wedges
 *   some co-processors (m1n1), so the firmware is sent to sleep before.
 * - The firmware (RTKit) shakes hands through a mailbox, then asks for memory:
 *   crashlog, syslog, ioreport and oslog. Firmware of macOS 13 and later
 *   crashes without the first and the third (OpenBSD, U-Boot).
 * - The co-processor reaches memory through a filter (SART) that permits
 *   nothing by itself.
 * - BOOT_STATUS in the NVMe window reads 0xde71ce55 when the controller can be
 *   used.
 * - The reset line of the power manager clears the co-processor, its mailbox
 *   and the NVMe registers; the filter keeps its entries (the Linux drivers
 *   rely on that).
 *
 * Boot stages hand over a sleeping co-processor with RUN clear, but not all do:
 *
 *   RUN clear  reset the block, start the CPU, shake hands
 *   RUN set    the firmware runs or sleeps: send a wake message, shake hands
 *
 * Firmware that does not answer the wake message, or that crashed, is stopped
 * by the reset line alone. Whether that brings a real ANS2 back is not known;
 * nobody has reported a trial.
 *
 * Protocol and mailbox are the in-tree RTKit library.
 */

#include <linux/align.h>
#include <linux/delay.h>
#include <linux/dev_printk.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/lockdep.h>
#include <linux/reset.h>
#include <linux/sched/mm.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include <linux/apple-sart.h>

#include "ans.h"
#include "trace.h"

/* Both as Linux nvme-apple has them; U-Boot found 500 ms to be enough. */
#define ANS_READY_STEP_US	USEC_PER_MSEC
#define ANS_READY_TIMEOUT_US	USEC_PER_SEC

/*
 * Memory for the firmware. The firmware says how much it wants and when, so
 * nothing in a request is trusted: the number of buffers is bounded, a buffer
 * that the RTKit library loses track of is still found here, and from the
 * moment at which memory is taken back none is lent until the next start.
 *
 * What comes back is kept as a spare for the next start. That may be what the
 * drive waits for, and whatever an allocation waits for may wait for the drive.
 */

static void ans_set_lending(struct ans *ans, bool lending)
{
	spin_lock(&ans->buffer_lock);
	ans->lending = lending;
	spin_unlock(&ans->buffer_lock);
}

/* A spare of this size, else a free slot, else a spare that has to go. */
static struct ans_buffer *ans_buffer_find(struct ans *ans, size_t room)
{
	struct ans_buffer *unused = NULL, *other = NULL;
	int i;

	lockdep_assert_held(&ans->buffer_lock);

	for (i = 0; i < ANS_MAX_BUFFERS; i++) {
		struct ans_buffer *buffer = &ans->buffers[i];

		if (!buffer->va)
			unused = buffer;
		else if (!buffer->lent && buffer->room == room)
			return buffer;
		else if (!buffer->lent)
			other = buffer;
	}
	return unused ?: other;
}

/* Takes what ans_buffer_find() has found out of the table. */
static int ans_buffer_take(struct ans *ans, size_t room,
			   struct ans_buffer *spare)
{
	struct ans_buffer *found;
	int ret = 0;

	spin_lock(&ans->buffer_lock);
	found = ans_buffer_find(ans, room);
	if (!ans->lending) {
		ret = -ESHUTDOWN;
	} else if (!found) {
		ret = -ENOSPC;
	} else {
		*spare = *found;
		found->va = NULL;
	}
	spin_unlock(&ans->buffer_lock);
	return ret;
}

/* Puts a buffer that is lent, or a spare, into the table. */
static int ans_buffer_put(struct ans *ans, const struct ans_buffer *buffer)
{
	struct ans_buffer *found;
	int ret = 0;

	spin_lock(&ans->buffer_lock);
	found = ans_buffer_find(ans, 0);
	if (buffer->lent && !ans->lending)
		ret = -ESHUTDOWN;
	else if (!found || found->va)
		ret = -ENOSPC;
	else
		*found = *buffer;
	spin_unlock(&ans->buffer_lock);
	return ret;
}

static bool ans_buffer_release(struct ans *ans, void *va,
			       struct ans_buffer *old)
{
	bool found = false;
	int i;

	spin_lock(&ans->buffer_lock);
	for (i = 0; i < ANS_MAX_BUFFERS && !found; i++) {
		if (ans->buffers[i].va != va || !ans->buffers[i].lent)
			continue;
		*old = ans->buffers[i];
		ans->buffers[i].va = NULL;
		found = true;
	}
	spin_unlock(&ans->buffer_lock);
	return found;
}

static void ans_buffer_free(struct ans *ans, const struct ans_buffer *buffer)
{
	ans->ops->free(ans, buffer->room, buffer->va, buffer->dma);
}

static void ans_buffer_keep(struct ans *ans, struct ans_buffer *buffer)
{
	buffer->lent = false;
	if (ans_buffer_put(ans, buffer))
		ans_buffer_free(ans, buffer);
}

/*
 * A range that the co-processor may still reach is never used again. A filter
 * whose driver is unbound has revoked it already.
 */
static void ans_buffer_drop(struct ans *ans, struct ans_buffer *buffer)
{
	int ret = ans->ops->revoke(ans, buffer->dma, buffer->size);

	if (ret && ret != -ENODEV) {
		dev_err(ans->dev, "lost %zu bytes to the firmware: %d\n",
			buffer->room, ret);
		return;
	}
	ans_buffer_keep(ans, buffer);
}

static int ans_buffer_alloc(struct ans *ans, struct ans_buffer *buffer)
{
	struct ans_buffer spare;
	int ret;

	ret = ans_buffer_take(ans, buffer->room, &spare);
	if (ret)
		return ret;

	if (spare.va && spare.room == buffer->room) {
		buffer->va = spare.va;
		buffer->dma = spare.dma;
		memset(buffer->va, 0, buffer->room);
		return 0;
	}

	if (spare.va)
		ans_buffer_free(ans, &spare);
	buffer->va = ans->ops->alloc(ans, buffer->room, &buffer->dma);
	return buffer->va ? 0 : -ENOMEM;
}

static int ans_buffer_new(struct ans *ans, struct ans_buffer *buffer)
{
	int ret;

	ret = ans_buffer_alloc(ans, buffer);
	if (ret)
		return ret;

	ret = ans->ops->allow(ans, buffer->dma, buffer->size);
	if (ret) {
		ans_buffer_keep(ans, buffer);
		return ret;
	}

	buffer->lent = true;
	ret = ans_buffer_put(ans, buffer);
	if (ret)
		ans_buffer_drop(ans, buffer);
	return ret;
}

/**
 * ans_shmem_setup() - lend memory to the firmware
 * @ans: the ANS2
 * @bfr: the request; address and buffer are filled in
 *
 * A request that names an address is for memory of the co-processor's own,
 * which the ANS2 does not have. A buffer that the firmware has given back
 * earlier is cleared and lent again; memory is allocated for a size that is not
 * among those.
 *
 * Context: Process context, from RTKit's worker.
 * Return: 0 or
 * * -EINVAL - no size, or an address
 * * -ENOMEM - no memory
 * * -ENOSPC - the firmware has asked too often
 * * -ESHUTDOWN - the firmware is being stopped, or is stopped
 * * what apple_sart_allow() returns
 */
int ans_shmem_setup(struct ans *ans, struct apple_rtkit_shmem *bfr)
{
	size_t size = ALIGN(bfr->size, APPLE_SART_GRANULE);
	struct ans_buffer buffer = {
		.size = size,
		.room = max_t(size_t, size, ANS_MIN_ROOM),
	};
	int ret;

	if (bfr->iova || !bfr->size)
		ret = -EINVAL;
	else
		ret = ans_buffer_new(ans, &buffer);

	trace_ans_buffer(ans->dev, bfr->size, ret ? bfr->iova : buffer.dma,
			 ret);
	if (ret) {
		/* No answer is sent, so the handshake is about to time out. */
		dev_err(ans->dev,
			"refused the firmware %zu bytes at %pad: %d\n",
			bfr->size, &bfr->iova, ret);
		return ret;
	}

	bfr->buffer = buffer.va;
	bfr->iova = buffer.dma;
	return 0;
}

/**
 * ans_shmem_destroy() - take memory back from the firmware
 * @ans: the ANS2
 * @bfr: what ans_shmem_setup() has filled in
 *
 * The range is revoked, then the memory is kept for the next request.
 *
 * Context: Process context.
 */
void ans_shmem_destroy(struct ans *ans, struct apple_rtkit_shmem *bfr)
{
	struct ans_buffer buffer;

	if (bfr->buffer && ans_buffer_release(ans, bfr->buffer, &buffer))
		ans_buffer_drop(ans, &buffer);
}

/* What the library did not give back: it keeps one buffer per endpoint. */
static void ans_sweep_buffers(struct ans *ans)
{
	struct ans_buffer buffer;
	int i;

	for (i = 0; i < ANS_MAX_BUFFERS; i++) {
		void *va = ans->buffers[i].va;

		if (va && ans_buffer_release(ans, va, &buffer))
			ans_buffer_drop(ans, &buffer);
	}
}

/**
 * ans_free_spares() - free the memory that the firmware has given back
 * @data: the ANS2, its mailbox closed
 *
 * Context: Process context.
 */
void ans_free_spares(void *data)
{
	struct ans *ans = data;
	int i;

	for (i = 0; i < ANS_MAX_BUFFERS; i++) {
		struct ans_buffer *buffer = &ans->buffers[i];

		if (!buffer->va || buffer->lent)
			continue;
		ans_buffer_free(ans, buffer);
		buffer->va = NULL;
	}
}

/*
 * Starting and stopping
 */

/* Stop the co-processor without the firmware's help. */
static void ans_halt(struct ans *ans)
{
	int ret = ans->ops->reset_assert(ans);

	if (ret)
		dev_err(ans->dev, "cannot assert the reset line: %d\n", ret);

	/* Takes the buffers back. */
	ret = ans->ops->reinit(ans);
	if (ret)
		dev_err(ans->dev, "cannot reopen the mailbox: %d\n", ret);
	ans_sweep_buffers(ans);

	ret = ans->ops->reset_deassert(ans);
	if (ret)
		dev_err(ans->dev, "cannot release the reset line: %d\n", ret);

	ans->ops->set_cpu_control(ans, 0);
}

/*
 * Firmware that has shaken hands goes to sleep first: a reset while it runs is
 * not clean (m1n1).
 *
 * From here on it is lent nothing. The library takes messages again as soon as
 * it has given its buffers back, and would keep what it gets then.
 */
static int ans_stop_firmware(struct ans *ans)
{
	int ret = -EIO;

	ans_set_lending(ans, false);
	if (ans->ops->is_running(ans))
		ret = ans->ops->shutdown(ans);
	if (ret) {
		dev_warn(ans->dev, "firmware not put to sleep (%d), resetting it\n",
			 ret);
		ans_halt(ans);
		return ret;
	}

	ans_sweep_buffers(ans);
	ans->ops->set_cpu_control(ans, 0);
	return 0;
}

static int ans_wait_ready(struct ans *ans)
{
	u32 status;
	int ret;

	ret = read_poll_timeout(ans->ops->boot_status, status,
				status == ANS_BOOT_STATUS_READY,
				ANS_READY_STEP_US, ANS_READY_TIMEOUT_US, false,
				ans);
	if (ret)
		dev_err(ans->dev, "firmware is not ready, status 0x%08x\n",
			status);
	return ret;
}

/*
 * The library must have forgotten the last session before a message of the new
 * one can arrive, hence while the reset line is asserted. RUN comes last: the
 * firmware speaks first, and the mailbox is open by then.
 */
static int ans_cold_start(struct ans *ans)
{
	int ret = ans->ops->reset_assert(ans);
	int err;

	if (ret)
		return ret;

	ret = ans->ops->reinit(ans);
	err = ans->ops->reset_deassert(ans);
	if (ret || err)
		return ret ?: err;

	ans_set_lending(ans, true);
	ans->ops->set_cpu_control(ans, ANS_CPU_CONTROL_RUN);

	ret = ans->ops->boot(ans);
	if (!ret)
		ret = ans_wait_ready(ans);
	if (ret)
		ans_stop_firmware(ans);
	return ret;
}

static int ans_adopt(struct ans *ans)
{
	int ret;

	ans_set_lending(ans, true);
	ret = ans->ops->wake(ans);
	if (!ret)
		ret = ans_wait_ready(ans);
	if (ret) {
		dev_warn(ans->dev,
			 "running firmware cannot be used (%d), restarting it\n",
			 ret);
		ans_stop_firmware(ans);
	}
	return ret;
}

/**
 * ans_boot_start() - start the co-processor, whatever state it is in
 * @ans: the ANS2
 *
 * Context: Process context, with the lock of @ans held.
 * Return: 0 when the NVMe registers can be used, else an errno; the
 *	   co-processor is then stopped and holds no memory.
 */
int ans_boot_start(struct ans *ans)
{
	bool running = ans->ops->cpu_control(ans) & ANS_CPU_CONTROL_RUN;
	int ret = -EAGAIN;

	lockdep_assert_held(&ans->lock);

	if (running)
		ret = ans_adopt(ans);
	if (ret)
		ret = ans_cold_start(ans);

	ans->ready = !ret;
	trace_ans_boot(ans->dev, running, ret);
	return ret;
}

/**
 * ans_boot_sleep() - stop the co-processor
 * @ans: the ANS2
 *
 * The firmware is asked to sleep, which is what the next stage, or the next
 * start, needs to find. If it has crashed or does not answer, the reset line
 * stops it.
 *
 * Queues must be deleted and CC.EN cleared before: the controller does not
 * answer afterwards (Linux nvme-apple).
 *
 * Context: Process context, with the lock of @ans held.
 */
void ans_boot_sleep(struct ans *ans)
{
	int ret;

	lockdep_assert_held(&ans->lock);

	if (!ans->ready)
		return;
	ans->ready = false;
	ret = ans_stop_firmware(ans);
	trace_ans_sleep(ans->dev, ret);
}

/*
 * The hardware and the RTKit library behind struct ans_ops
 */

static u32 ans_hw_cpu_control(struct ans *ans)
{
	return readl(ans->asc + ANS_CPU_CONTROL);
}

static void ans_hw_set_cpu_control(struct ans *ans, u32 value)
{
	writel(value, ans->asc + ANS_CPU_CONTROL);
}

static u32 ans_hw_boot_status(struct ans *ans)
{
	return readl(ans->nvme_boot_status);
}

static int ans_hw_reset_assert(struct ans *ans)
{
	return reset_control_assert(ans->reset);
}

static int ans_hw_reset_deassert(struct ans *ans)
{
	return reset_control_deassert(ans->reset);
}

static bool ans_hw_is_running(struct ans *ans)
{
	return apple_rtkit_is_running(ans->rtk);
}

static bool ans_hw_is_crashed(struct ans *ans)
{
	return apple_rtkit_is_crashed(ans->rtk);
}

static int ans_hw_reinit(struct ans *ans)
{
	return apple_rtkit_reinit(ans->rtk);
}

struct ans_handshake {
	struct work_struct work;
	struct apple_rtkit *rtk;
	int (*run)(struct apple_rtkit *rtk);
	int ret;
};

static void ans_handshake_work(struct work_struct *work)
{
	struct ans_handshake *handshake =
		container_of(work, struct ans_handshake, work);

	handshake->ret = handshake->run(handshake->rtk);
}

/**
 * ans_run_handshake() - let the RTKit library wait without being interrupted
 * @ans: the ANS2
 * @run: the function of the library
 *
 * A signal ends the library's waits, and a handshake that is cut off costs the
 * firmware a reset. Whoever unbinds the driver may press Ctrl-C meanwhile. To
 * block signals is not enough: the end of a process, the freezer and task work
 * interrupt a wait all the same, but none of them reaches a worker.
 *
 * Context: Process context, with the lock of @ans held. @run must not take it.
 * Return: what @run returns.
 */
int ans_run_handshake(struct ans *ans, int (*run)(struct apple_rtkit *rtk))
{
	struct ans_handshake handshake = { .rtk = ans->rtk, .run = run };

	INIT_WORK_ONSTACK(&handshake.work, ans_handshake_work);
	queue_work(ans->handshake_wq, &handshake.work);
	flush_work(&handshake.work);
	destroy_work_on_stack(&handshake.work);
	return handshake.ret;
}

static int ans_hw_boot(struct ans *ans)
{
	return ans_run_handshake(ans, apple_rtkit_boot);
}

static int ans_hw_wake(struct ans *ans)
{
	return ans_run_handshake(ans, apple_rtkit_wake);
}

static int ans_hw_shutdown(struct ans *ans)
{
	return ans_run_handshake(ans, apple_rtkit_shutdown);
}

/*
 * A restart gets here if the firmware asks for another size than before, and
 * the drive may be waiting for it, so nothing may be written to it to find
 * memory. Not GFP_NOIO, which does not reach all that is called. Neither
 * reaches CMA, which waits for writeback of the pages that it moves away.
 */
static void *ans_hw_alloc(struct ans *ans, size_t size, dma_addr_t *dma)
{
	unsigned int flags = memalloc_noio_save();
	void *va = dma_alloc_coherent(ans->dev, size, dma, GFP_KERNEL);

	memalloc_noio_restore(flags);
	return va;
}

static void ans_hw_free(struct ans *ans, size_t size, void *va, dma_addr_t dma)
{
	dma_free_coherent(ans->dev, size, va, dma);
}

/* There is no IOMMU: what the filter compares is the DMA address. */
static int ans_hw_allow(struct ans *ans, dma_addr_t dma, size_t size)
{
	return apple_sart_allow(ans->sart, dma, size);
}

static int ans_hw_revoke(struct ans *ans, dma_addr_t dma, size_t size)
{
	return apple_sart_revoke(ans->sart, dma, size);
}

const struct ans_ops ans_hw_ops = {
	.cpu_control = ans_hw_cpu_control,
	.set_cpu_control = ans_hw_set_cpu_control,
	.boot_status = ans_hw_boot_status,
	.reset_assert = ans_hw_reset_assert,
	.reset_deassert = ans_hw_reset_deassert,
	.is_running = ans_hw_is_running,
	.is_crashed = ans_hw_is_crashed,
	.reinit = ans_hw_reinit,
	.boot = ans_hw_boot,
	.wake = ans_hw_wake,
	.shutdown = ans_hw_shutdown,
	.alloc = ans_hw_alloc,
	.free = ans_hw_free,
	.allow = ans_hw_allow,
	.revoke = ans_hw_revoke,
};

static void ans_rtkit_crashed(void *cookie, const void *crashlog,
			      size_t crashlog_size)
{
	ans_crashed(cookie);
}

static int ans_rtkit_shmem_setup(void *cookie, struct apple_rtkit_shmem *bfr)
{
	return ans_shmem_setup(cookie, bfr);
}

static void ans_rtkit_shmem_destroy(void *cookie,
				    struct apple_rtkit_shmem *bfr)
{
	ans_shmem_destroy(cookie, bfr);
}

static const struct apple_rtkit_ops ans_rtkit_ops = {
	.crashed = ans_rtkit_crashed,
	.shmem_setup = ans_rtkit_shmem_setup,
	.shmem_destroy = ans_rtkit_shmem_destroy,
};

/**
 * ans_rtkit_init() - open the mailbox of the co-processor
 * @ans: the ANS2
 *
 * Context: Process context.
 * Return: 0 or an errno, -EPROBE_DEFER if there is no mailbox yet.
 */
int ans_rtkit_init(struct ans *ans)
{
	ans->rtk = devm_apple_rtkit_init(ans->dev, ans, NULL, 0,
					 &ans_rtkit_ops);
	return PTR_ERR_OR_ZERO(ans->rtk);
}
