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

#include <linux/delay.h>
#include <linux/dev_printk.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/iopoll.h>
#include <linux/lockdep.h>
#include <linux/reset.h>
#include <linux/soc/apple/rtkit.h>

#include "boot.h"
#include "trace.h"

/*
 * Registers outside the NVMe standard that this driver uses.
 * Linux nvme-apple, U-Boot, m1n1 and OpenBSD agree on all of them.
 */

/* ASC wrapper of the co-processor: "ans" in the devicetree */
#define ANS_CPU_CONTROL			0x44
#define   ANS_CPU_CONTROL_RUN		BIT(4)

#define ANS_BOOT_STATUS_READY		0xde71ce55

/* Both as Linux nvme-apple has them; U-Boot found 500 ms to be enough. */
#define ANS_READY_STEP_US	USEC_PER_MSEC
#define ANS_READY_TIMEOUT_US	USEC_PER_SEC

/*
 * Starting and stopping
 */

/* Stop the co-processor without the firmware's help. */
static void ans_reset(struct ans_firmware *fw)
{
	int ret = fw->ops->reset_assert(fw);

	if (ret)
		dev_err(fw->dev, "cannot assert the reset line: %d\n", ret);

	/* Takes the buffers back. */
	ret = fw->ops->reinit(fw);
	if (ret)
		dev_err(fw->dev, "cannot reopen the mailbox: %d\n", ret);
	ans_loan_sweep(fw->loan);

	ret = fw->ops->reset_deassert(fw);
	if (ret)
		dev_err(fw->dev, "cannot release the reset line: %d\n", ret);

	fw->ops->set_cpu_control(fw, 0);
}

/*
 * Firmware that has shaken hands goes to sleep first: a reset while it runs is
 * not clean (m1n1).
 *
 * From here on its requests for memory are refused. The library takes messages
 * again as soon as it has given its buffers back, and would keep what it gets
 * then.
 */
static int ans_put_to_sleep(struct ans_firmware *fw)
{
	int ret = -EIO;

	ans_loan_open(fw->loan, false);
	if (fw->ops->is_running(fw))
		ret = fw->ops->handshake(fw, apple_rtkit_shutdown);
	if (ret) {
		dev_warn(fw->dev, "firmware not put to sleep (%d), resetting it\n",
			 ret);
		ans_reset(fw);
		return ret;
	}

	ans_loan_sweep(fw->loan);
	fw->ops->set_cpu_control(fw, 0);
	return 0;
}

static int ans_wait_ready(struct ans_firmware *fw)
{
	u32 status;
	int ret;

	ret = read_poll_timeout(fw->ops->boot_status, status,
				status == ANS_BOOT_STATUS_READY,
				ANS_READY_STEP_US, ANS_READY_TIMEOUT_US, false,
				fw);
	if (ret)
		dev_err(fw->dev, "firmware is not ready, status 0x%08x\n",
			status);
	return ret;
}

/*
 * The library must have forgotten the last session before a message of the new
 * one can arrive, hence while the reset line is asserted. RUN comes last: the
 * firmware speaks first, and the mailbox is open by then.
 */
static int ans_cold_start(struct ans_firmware *fw)
{
	int ret = fw->ops->reset_assert(fw);
	int err;

	if (ret)
		return ret;

	ret = fw->ops->reinit(fw);
	err = fw->ops->reset_deassert(fw);
	if (ret || err)
		return ret ?: err;

	ans_loan_open(fw->loan, true);
	fw->ops->set_cpu_control(fw, ANS_CPU_CONTROL_RUN);

	ret = fw->ops->handshake(fw, apple_rtkit_boot);
	if (!ret)
		ret = ans_wait_ready(fw);
	if (ret)
		ans_put_to_sleep(fw);
	return ret;
}

static int ans_adopt(struct ans_firmware *fw)
{
	int ret;

	ans_loan_open(fw->loan, true);
	ret = fw->ops->handshake(fw, apple_rtkit_wake);
	if (!ret)
		ret = ans_wait_ready(fw);
	if (ret)
		ans_put_to_sleep(fw);
	return ret;
}

/**
 * ans_firmware_start() - start the co-processor, whatever state it is in
 * @fw: the firmware
 *
 * A start that fails is tried once more: what has crashed needs the reset line,
 * and may need it twice.
 *
 * Context: Process context, with the lock of @fw held.
 * Return: 0 when the NVMe registers can be used, else an errno; the
 *	   co-processor is then stopped and holds no memory.
 */
int ans_firmware_start(struct ans_firmware *fw)
{
	bool running = fw->ops->cpu_control(fw) & ANS_CPU_CONTROL_RUN;
	int ret;

	lockdep_assert_held(&fw->lock);

	ret = running ? ans_adopt(fw) : ans_cold_start(fw);
	if (ret) {
		dev_warn(fw->dev, "firmware does not start (%d), resetting it\n",
			 ret);
		ret = ans_cold_start(fw);
	}

	fw->ready = !ret;
	trace_ans_boot(fw->dev, running, ret);
	return ret;
}

/**
 * ans_firmware_stop() - stop the co-processor
 * @fw: the firmware
 *
 * The firmware is asked to sleep, which is what the next stage, or the next
 * start, needs to find. If it has crashed or does not answer, the reset line
 * stops it.
 *
 * Queues must be deleted and CC.EN cleared before: the controller does not
 * answer afterwards (Linux nvme-apple).
 *
 * Context: Process context, with the lock of @fw held.
 */
void ans_firmware_stop(struct ans_firmware *fw)
{
	int ret;

	lockdep_assert_held(&fw->lock);

	if (!fw->ready)
		return;
	fw->ready = false;
	ret = ans_put_to_sleep(fw);
	trace_ans_sleep(fw->dev, ret);
}

/**
 * ans_firmware_is_up() - whether the firmware runs
 * @fw: the firmware
 *
 * Context: Process context, with the lock of @fw held.
 * Return: true if it was started and has not crashed since
 */
bool ans_firmware_is_up(struct ans_firmware *fw)
{
	lockdep_assert_held(&fw->lock);
	return fw->ready && !fw->ops->is_crashed(fw);
}

/*
 * The hardware and the RTKit library behind struct ans_firmware_ops
 */

static u32 ans_hw_cpu_control(struct ans_firmware *fw)
{
	return readl(fw->asc + ANS_CPU_CONTROL);
}

static void ans_hw_set_cpu_control(struct ans_firmware *fw, u32 value)
{
	writel(value, fw->asc + ANS_CPU_CONTROL);
}

static u32 ans_hw_boot_status(struct ans_firmware *fw)
{
	return readl(fw->nvme_boot_status);
}

static int ans_hw_reset_assert(struct ans_firmware *fw)
{
	return reset_control_assert(fw->reset);
}

static int ans_hw_reset_deassert(struct ans_firmware *fw)
{
	return reset_control_deassert(fw->reset);
}

static bool ans_hw_is_running(struct ans_firmware *fw)
{
	return apple_rtkit_is_running(fw->rtk);
}

static bool ans_hw_is_crashed(struct ans_firmware *fw)
{
	return apple_rtkit_is_crashed(fw->rtk);
}

static int ans_hw_reinit(struct ans_firmware *fw)
{
	return apple_rtkit_reinit(fw->rtk);
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
 * ans_firmware_handshake() - let the RTKit library wait uninterrupted
 * @fw: the firmware
 * @run: the function of the library
 *
 * A signal ends the library's waits, and a handshake that is cut off costs the
 * firmware a reset. Whoever unbinds the driver may press Ctrl-C meanwhile. To
 * block signals is not enough: the end of a process, the freezer and task work
 * interrupt a wait all the same, but none of them reaches a worker.
 *
 * Context: Process context, with the lock of @fw held. @run must not take it.
 * Return: what @run returns.
 */
int ans_firmware_handshake(struct ans_firmware *fw,
			   int (*run)(struct apple_rtkit *rtk))
{
	struct ans_handshake handshake = { .rtk = fw->rtk, .run = run };

	INIT_WORK_ONSTACK(&handshake.work, ans_handshake_work);
	queue_work(fw->handshake_wq, &handshake.work);
	flush_work(&handshake.work);
	destroy_work_on_stack(&handshake.work);
	return handshake.ret;
}

const struct ans_firmware_ops ans_firmware_hw_ops = {
	.cpu_control = ans_hw_cpu_control,
	.set_cpu_control = ans_hw_set_cpu_control,
	.boot_status = ans_hw_boot_status,
	.reset_assert = ans_hw_reset_assert,
	.reset_deassert = ans_hw_reset_deassert,
	.is_running = ans_hw_is_running,
	.is_crashed = ans_hw_is_crashed,
	.reinit = ans_hw_reinit,
	.handshake = ans_firmware_handshake,
};

static void ans_rtkit_crashed(void *cookie, const void *crashlog,
			      size_t crashlog_size)
{
	struct ans_firmware *fw = cookie;

	fw->crashed(fw);
}

static int ans_rtkit_shmem_setup(void *cookie, struct apple_rtkit_shmem *bfr)
{
	struct ans_firmware *fw = cookie;

	return ans_loan_lend(fw->loan, bfr);
}

static void ans_rtkit_shmem_destroy(void *cookie,
				    struct apple_rtkit_shmem *bfr)
{
	struct ans_firmware *fw = cookie;

	ans_loan_return(fw->loan, bfr);
}

static const struct apple_rtkit_ops ans_rtkit_ops = {
	.crashed = ans_rtkit_crashed,
	.shmem_setup = ans_rtkit_shmem_setup,
	.shmem_destroy = ans_rtkit_shmem_destroy,
};

/**
 * ans_firmware_open() - open the mailbox of the co-processor
 * @fw: the firmware
 *
 * Context: Process context.
 * Return: 0 or an errno, -EPROBE_DEFER if there is no mailbox yet.
 */
int ans_firmware_open(struct ans_firmware *fw)
{
	fw->rtk = devm_apple_rtkit_init(fw->dev, fw, NULL, 0,
					&ans_rtkit_ops);
	return PTR_ERR_OR_ZERO(fw->rtk);
}

/**
 * ans_firmware_init() - initialise, without touching the hardware
 * @fw: the firmware, zeroed
 * @dev: platform device
 * @ops: access to the hardware
 * @loan: where it gets memory from
 * @crashed: called by RTKit's worker when the firmware has crashed; must not
 *	     wait for the lock of @fw
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int ans_firmware_init(struct ans_firmware *fw, struct device *dev,
		      const struct ans_firmware_ops *ops,
		      struct ans_loan *loan,
		      void (*crashed)(struct ans_firmware *fw))
{
	fw->dev = dev;
	fw->ops = ops;
	fw->loan = loan;
	fw->crashed = crashed;
	mutex_init(&fw->lock);
	fw->handshake_wq = ans_alloc_wq(dev, "apple-ans-boot");
	return fw->handshake_wq ? 0 : -ENOMEM;
}

static void ans_destroy_wq(void *data)
{
	destroy_workqueue(data);
}

/**
 * ans_alloc_wq() - a workqueue that runs without memory
 * @dev: platform device, with which it goes
 * @name: its name
 *
 * I/O waits for the work items that run here.
 *
 * Context: Process context.
 * Return: the workqueue, or NULL without memory.
 */
struct workqueue_struct *ans_alloc_wq(struct device *dev, const char *name)
{
	struct workqueue_struct *wq;

	wq = alloc_workqueue("%s", WQ_MEM_RECLAIM | WQ_UNBOUND, 0, name);
	if (wq && devm_add_action_or_reset(dev, ans_destroy_wq, wq))
		wq = NULL;
	return wq;
}
