// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: platform driver, the order of things
 *
 * The ANS2 is the NVMe controller of Apple's SoCs: firmware on a co-processor,
 * an NVMe register window, a DMA filter (SART), two or three power domains and
 * a reset line. It sits on the SoC's bus and has no PCI configuration space.
 *
 * This driver makes it a PCI function, so that nvme-pci drives it:
 *
 *   set-up    power domains, registers, filter, mailbox, firmware, host bridge
 *   removal   the same backwards, all of it through devres
 *   suspend   nvme-pci (a child) deletes its queues and clears CC.EN while the
 *             firmware runs, then the firmware is sent to sleep here
 *   shutdown  likewise
 *   function level reset
 *             firmware to sleep, reset line, firmware started again
 *   crash     the function is reported as a frozen PCI channel, reset, and
 *             reported as recovered; what does not come back is removed
 */

#include <linux/dev_printk.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/pm_domain.h>
#include <linux/ratelimit.h>
#include <linux/reset.h>

#include <linux/apple-ans2.h>
#include <linux/apple-sart.h>

#include "ans.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/* A firmware that crashes more often than this is given up. */
#define ANS_CRASH_INTERVAL	(60 * HZ)
#define ANS_CRASH_BURST		3

/*
 * Restart, for a function reset and after a crash
 */

/* A crash that is reported from here on is one of this start. */
static int ans_start_locked(struct ans *ans)
{
	ans_function_set_crashed(&ans->function, false);
	return ans_boot_start(ans);
}

/**
 * ans_restart() - stop the co-processor and start it again
 * @ans: the ANS2
 *
 * Context: Process context. Takes the lock of @ans.
 * Return: 0, -ESHUTDOWN while the system sleeps or goes down, -EIO if the
 *	   firmware was given up and is only stopped, or the errno of the start.
 */
int ans_restart(struct ans *ans)
{
	int ret = -ESHUTDOWN;

	mutex_lock(&ans->lock);
	if (!ans->closed) {
		ans_boot_sleep(ans);
		ret = ans->given_up ? -EIO : ans_start_locked(ans);
	}
	mutex_unlock(&ans->lock);
	return ret;
}

/* The same, and the function answers if the firmware still runs. */
static int ans_restart_and_show(struct ans *ans)
{
	int ret = ans_restart(ans);

	if (!ret && !ans_function_show(&ans->function))
		ret = -EIO;
	return ret;
}

static void ans_flr_work(struct work_struct *work)
{
	struct ans *ans = container_of(work, struct ans, flr_work);
	int ret = ans_restart_and_show(ans);

	if (ret && ret != -ESHUTDOWN) {
		dev_err(ans->dev, "function reset failed: %d\n", ret);
		ans_bridge_lost(ans);
	}
}

/* Called with the lock of the function held, under the PCI core's pci_lock. */
static void ans_start_flr(struct ans_function *fn)
{
	struct ans *ans = container_of(fn, struct ans, function);

	queue_work(ans->flr_wq, &ans->flr_work);
}

/**
 * ans_crashed() - note that the firmware has crashed
 * @ans: the ANS2
 *
 * The function answers nothing from here on, but can be reset. The rest is left
 * to a work item, because RTKit's worker, which calls this, is flushed by a
 * restart.
 *
 * Context: Any.
 */
void ans_crashed(struct ans *ans)
{
	trace_ans_crash(ans->dev, "reported");
	ans_function_set_crashed(&ans->function, true);
	queue_work(ans->crash_wq, &ans->crash_work);
}

/* After a crash a restart may have recovered the firmware already. */
static bool ans_has_failed(struct ans *ans)
{
	bool failed;

	mutex_lock(&ans->lock);
	failed = !ans->closed &&
		 (!ans->ready || ans->ops->is_crashed(ans));
	mutex_unlock(&ans->lock);
	return failed;
}

/**
 * ans_is_down() - whether the firmware ought to run and does not
 * @ans: the ANS2
 *
 * While the system goes to sleep and wakes up it need not run.
 *
 * Context: Process context. Takes the lock of @ans.
 * Return: true if it crashed or could not be started.
 */
bool ans_is_down(struct ans *ans)
{
	bool sleeping;

	mutex_lock(&ans->lock);
	sleeping = ans->sleeping;
	mutex_unlock(&ans->lock);
	return !sleeping && ans_has_failed(ans);
}

static void ans_stop(void *data)
{
	struct ans *ans = data;

	mutex_lock(&ans->lock);
	ans_boot_sleep(ans);
	mutex_unlock(&ans->lock);
}

/* Notes one crash more: a restart is refused if there were too many. */
static void ans_count_crash(struct ans *ans)
{
	if (__ratelimit(&ans->crash_limit))
		return;
	mutex_lock(&ans->lock);
	ans->given_up = true;
	mutex_unlock(&ans->lock);
}

/*
 * The order is that of PCI error recovery: the driver of the function lets go
 * of it, the function is reset, the driver takes it up again. Letting go,
 * nvme-pci resets the function before it gives the memory of requests back,
 * which restarts the firmware. So may whoever had the device lock before. A
 * system that goes to sleep meanwhile waits for the end, see ans_prepare().
 */
static int ans_recover(struct ans *ans, struct pci_dev *pdev)
{
	int ret = 0;
	bool thaw;

	ans_count_crash(ans);
	device_lock(&pdev->dev);
	if (ans_has_failed(ans)) {
		if (!ans_bridge_freeze(pdev))
			ret = -EIO;
		else if (ans_has_failed(ans))
			ret = ans_restart_and_show(ans);
		/* Without a driver nobody would thaw it later. */
		thaw = !ret || (ret == -ESHUTDOWN && !pdev->driver);
		if (thaw && !ans_bridge_thaw(pdev))
			ret = -EIO;
	}
	device_unlock(&pdev->dev);
	return ret;
}

/*
 * A user has removed the function from the bus. It has to answer when a rescan
 * looks for it, and the PCI core's lock keeps a rescan away until then. Whoever
 * has that lock does not wait for a drive that is not there, nor for this work,
 * and nobody takes it inside the lock of @ans.
 */
static int ans_recover_removed(struct ans *ans)
{
	int ret = -ESHUTDOWN;

	ans_count_crash(ans);
	pci_lock_rescan_remove();
	if (ans_bridge_is_empty(ans))
		ret = ans_has_failed(ans) ? ans_restart_and_show(ans) : 0;
	pci_unlock_rescan_remove();
	return ret;
}

static void ans_crash_work(struct work_struct *work)
{
	struct ans *ans = container_of(work, struct ans, crash_work);
	struct pci_dev *pdev;
	int ret;

	if (!ans_is_down(ans))
		return;

	pdev = ans_bridge_get_function(ans);
	if (!pdev && !ans_bridge_is_empty(ans))
		return;

	ret = pdev ? ans_recover(ans, pdev) : ans_recover_removed(ans);
	pci_dev_put(pdev);

	trace_ans_crash(ans->dev, ret ? "lost" : "recovered");
	if (!ret) {
		dev_warn(ans->dev, "recovered from a firmware crash\n");
	} else if (ret != -ESHUTDOWN) {
		dev_err(ans->dev, "no recovery from a firmware crash: %d\n",
			ret);
		/* A doorbell during the reset that ans_stop() does is fatal. */
		ans_bridge_lost(ans);
		ans_stop(ans);
	}
}

/*
 * Set-up
 */

static int ans_hw_power(struct ans *ans)
{
	static const struct dev_pm_domain_attach_data data = {
		.pd_flags = PD_FLAG_DEV_LINK_ON,
	};
	int ret;

	ret = devm_pm_domain_attach_list(ans->dev, &data, &ans->domains);
	return ret < 0 ? ret : 0;
}

static void ans_unmap(void *data)
{
	struct ans *ans = data;

	iounmap(ans->nvme_boot_status);
}

/*
 * The NVMe window belongs to nvme-pci, which requests and maps it as BAR0.
 * Here it is only checked, and one register of it mapped without a request.
 */
static int ans_map_window(struct ans *ans, const struct resource *res)
{
	resource_size_t where = res->start + ANS_BOOT_STATUS;

	/* A BAR is aligned to its size. */
	if (resource_size(res) != APPLE_ANS2_WINDOW_SIZE ||
	    !IS_ALIGNED(res->start, APPLE_ANS2_WINDOW_SIZE))
		return -EINVAL;

	ans->window = DEFINE_RES_MEM_NAMED(res->start, resource_size(res),
					   "ANS2 PCI window");

	if (res->flags & IORESOURCE_MEM_NONPOSTED)
		ans->nvme_boot_status = ioremap_np(where, sizeof(u32));
	else
		ans->nvme_boot_status = ioremap(where, sizeof(u32));
	if (!ans->nvme_boot_status)
		return -ENOMEM;

	return devm_add_action_or_reset(ans->dev, ans_unmap, ans);
}

static int ans_hw_resources(struct ans *ans)
{
	struct platform_device *pdev = to_platform_device(ans->dev);
	struct resource *res;
	int ret;

	ret = dma_set_mask_and_coherent(ans->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;

	ans->irq = platform_get_irq(pdev, 0);
	if (ans->irq < 0)
		return ans->irq;

	ans->asc = devm_platform_ioremap_resource_byname(pdev, "ans");
	if (IS_ERR(ans->asc))
		return PTR_ERR(ans->asc);

	res = platform_get_resource_byname(pdev, IORESOURCE_MEM, "nvme");
	if (!res)
		return -EINVAL;
	ret = ans_map_window(ans, res);
	if (ret)
		return ret;

	ans->reset = devm_reset_control_array_get_exclusive(ans->dev);
	return PTR_ERR_OR_ZERO(ans->reset);
}

static int ans_hw_sart(struct ans *ans)
{
	ans->sart = devm_apple_sart_lookup(ans->dev);
	return PTR_ERR_OR_ZERO(ans->sart);
}

static const struct ans_parts ans_hw_parts = {
	.power = ans_hw_power,
	.resources = ans_hw_resources,
	.sart = ans_hw_sart,
	.rtkit = ans_rtkit_init,
	.bridge = ans_bridge_add,
};

static int ans_start(struct ans *ans)
{
	int ret;

	mutex_lock(&ans->lock);
	ret = ans_start_locked(ans);
	mutex_unlock(&ans->lock);
	if (ret)
		return ret;

	return devm_add_action_or_reset(ans->dev, ans_stop, ans);
}

/**
 * ans_setup() - set the ANS2 up, in order
 * @ans: the ANS2, initialised
 * @parts: what is set up around the co-processor
 *
 * No register answers before the power domains are on. The firmware speaks as
 * soon as it is started, and asks for memory that the filter has to permit, so
 * both mailbox and filter come before it. nvme-pci may touch the NVMe window
 * as soon as the bridge is there, so that comes last.
 *
 * Context: Process context.
 * Return: 0 or an errno; devres undoes what was done before the failure.
 */
int ans_setup(struct ans *ans, const struct ans_parts *parts)
{
	const struct {
		int (*up)(struct ans *ans);
		const char *what;
	} steps[] = {
		{ parts->power,		"switch the power domains on" },
		{ parts->resources,	"get the resources" },
		{ parts->sart,		"get the DMA filter" },
		{ parts->rtkit,		"open the mailbox" },
		{ ans_start,		"start the co-processor" },
		{ parts->bridge,	"register the host bridge" },
	};
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ret = steps[i].up(ans);
		if (ret)
			return dev_err_probe(ans->dev, ret, "failed to %s\n",
					     steps[i].what);
	}
	return 0;
}

static void ans_destroy_wq(void *data)
{
	destroy_workqueue(data);
}

/* I/O waits for the work items, so each must run without memory. */
static struct workqueue_struct *ans_alloc_wq(struct device *dev,
					     const char *name)
{
	struct workqueue_struct *wq;

	wq = alloc_workqueue("%s", WQ_MEM_RECLAIM | WQ_UNBOUND, 0, name);
	if (wq && devm_add_action_or_reset(dev, ans_destroy_wq, wq))
		wq = NULL;
	return wq;
}

/**
 * ans_init() - initialise everything that needs no hardware
 * @ans: the ANS2, zeroed
 * @dev: its device
 * @ops: access to the hardware
 * @hw: what differs between the SoCs
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int ans_init(struct ans *ans, struct device *dev, const struct ans_ops *ops,
	     const struct ans_hw *hw)
{
	ans->dev = dev;
	ans->ops = ops;
	ans->hw = hw;
	mutex_init(&ans->lock);
	mutex_init(&ans->bridge_lock);
	spin_lock_init(&ans->buffer_lock);
	raw_spin_lock_init(&ans->function.lock);
	ans->function.start_flr = ans_start_flr;
	INIT_WORK(&ans->flr_work, ans_flr_work);
	INIT_WORK(&ans->crash_work, ans_crash_work);
	ratelimit_state_init(&ans->crash_limit, ANS_CRASH_INTERVAL,
			     ANS_CRASH_BURST);
	ratelimit_set_flags(&ans->crash_limit, RATELIMIT_MSG_ON_RELEASE);

	ans->handshake_wq = ans_alloc_wq(dev, "apple-ans-boot");
	ans->flr_wq = ans_alloc_wq(dev, "apple-ans-reset");
	ans->crash_wq = ans_alloc_wq(dev, "apple-ans-crash");
	if (!ans->handshake_wq || !ans->flr_wq || !ans->crash_wq)
		return -ENOMEM;

	/* After the library has closed the mailbox. */
	return devm_add_action_or_reset(dev, ans_free_spares, ans);
}

static int ans_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	const struct ans_hw *hw = of_device_get_match_data(dev);
	struct ans *ans;
	int ret;

	if (!hw)
		return -ENODEV;

	ans = devm_kzalloc(dev, sizeof(*ans), GFP_KERNEL);
	if (!ans)
		return -ENOMEM;

	ret = ans_init(ans, dev, &ans_hw_ops, hw);
	if (ret)
		return ret;

	platform_set_drvdata(pdev, ans);
	return ans_setup(ans, &ans_hw_parts);
}

/*
 * Power management. Both directions rely on the device tree of the kernel:
 * nvme-pci's function is a descendant, so it is suspended and shut down before,
 * and resumed after.
 */

/*
 * From before nvme-pci is suspended until after it is resumed a crash is left
 * alone: nvme-pci has shut the controller down and takes no recovery, and the
 * firmware is stopped and started on the way anyhow.
 */
static int ans_prepare(struct device *dev)
{
	struct ans *ans = dev_get_drvdata(dev);

	mutex_lock(&ans->lock);
	ans->sleeping = true;
	mutex_unlock(&ans->lock);
	flush_work(&ans->crash_work);
	return 0;
}

/* What crashed meanwhile and was not restarted is recovered now. */
static void ans_complete(struct device *dev)
{
	struct ans *ans = dev_get_drvdata(dev);

	mutex_lock(&ans->lock);
	ans->sleeping = false;
	mutex_unlock(&ans->lock);
	queue_work(ans->crash_wq, &ans->crash_work);
}

static int ans_suspend(struct device *dev)
{
	struct ans *ans = dev_get_drvdata(dev);

	mutex_lock(&ans->lock);
	ans->closed = true;
	ans->start_on_resume = ans->ready;
	ans_boot_sleep(ans);
	mutex_unlock(&ans->lock);
	return 0;
}

static int ans_resume(struct device *dev)
{
	struct ans *ans = dev_get_drvdata(dev);
	int ret = 0;

	mutex_lock(&ans->lock);
	ans->closed = false;
	if (ans->start_on_resume)
		ret = ans_start_locked(ans);
	mutex_unlock(&ans->lock);

	/* A device cannot be removed from here; the recovery can. */
	if (ret)
		ans_crashed(ans);
	else if (ans->start_on_resume)
		ans_function_show(&ans->function);
	return ret;
}

static const struct dev_pm_ops ans_pm_ops = {
	.prepare = pm_sleep_ptr(ans_prepare),
	.complete = pm_sleep_ptr(ans_complete),
	SYSTEM_SLEEP_PM_OPS(ans_suspend, ans_resume)
};

static void ans_shutdown(struct platform_device *pdev)
{
	struct ans *ans = platform_get_drvdata(pdev);

	mutex_lock(&ans->lock);
	ans->closed = true;
	ans_boot_sleep(ans);
	mutex_unlock(&ans->lock);
}

static const struct ans_hw ans_t8103 = { .subsystem = 0x8103 };
static const struct ans_hw ans_t8112 = { .subsystem = 0x8112 };
static const struct ans_hw ans_t6000 = { .subsystem = 0x6000 };
static const struct ans_hw ans_t6020 = { .subsystem = 0x6020 };
static const struct ans_hw ans_generic = { .subsystem = 0x0002 };

/*
 * t8015 (A11) is not here: it has neither linear submission nor an NVMMU, and
 * needs another version of the mailbox and the filter.
 */
static const struct of_device_id ans_of_match[] = {
	{ .compatible = "apple,t6020-nvme-ans2", .data = &ans_t6020 },
	{ .compatible = "apple,t6000-nvme-ans2", .data = &ans_t6000 },
	{ .compatible = "apple,t8112-nvme-ans2", .data = &ans_t8112 },
	{ .compatible = "apple,t8103-nvme-ans2", .data = &ans_t8103 },
	{ .compatible = "apple,nvme-ans2", .data = &ans_generic },
	{}
};
MODULE_DEVICE_TABLE(of, ans_of_match);

/*
 * Not probed asynchronously: at the end of the kernel's own start domains that
 * nobody has attached are switched off, and a boot loader may have left the
 * firmware running.
 */
static struct platform_driver ans_driver = {
	.driver = {
		.name = "apple-ans2",
		.of_match_table = ans_of_match,
		.pm = pm_sleep_ptr(&ans_pm_ops),
	},
	.probe = ans_probe,
	.shutdown = ans_shutdown,
};
module_platform_driver(ans_driver);

MODULE_DESCRIPTION("Apple ANS2 storage controller as a PCI function");
MODULE_LICENSE("GPL");
