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
 *   set-up    registers, filter, mailbox, power domains, firmware, host bridge
 *   removal   the same backwards, all of it through devres
 *   suspend   nvme-pci (a child) deletes its queues and clears CC.EN while the
 *             firmware runs, then the firmware is sent to sleep here
 *   shutdown  likewise
 *
 * This file alone knows the others:
 *
 *   loan.c      memory lent to the firmware
 *   boot.c      starts and stops the firmware; an RTKit client
 *   function.c  configuration space of the PCI function
 *   bridge.c    the host bridge
 *   recover.c   function resets, and what happens after a crash
 *
 * Each has a struct of its own and tells of events by callbacks. recover.c
 * knows boot.c and bridge.c, boot.c knows loan.c, bridge.c knows function.c.
 */

#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/io.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/pm_domain.h>
#include <linux/reset.h>

#include <linux/apple-ans2.h>
#include <linux/apple-sart.h>
#include <linux/apple-ssd.h>

#include "core.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

static bool ans_coherent;
module_param_named(coherent, ans_coherent, bool, 0444);
MODULE_PARM_DESC(coherent,
		 "The SSD's transfers see the caches, whatever the devicetree says. Not known of any hardware; data is corrupted where it is not so. Default: N");

/*
 * Events
 */

static void ans_crashed(struct ans_firmware *fw)
{
	struct ans *ans = container_of(fw, struct ans, fw);

	ans_recover_crashed(&ans->recover);
}

/* Called with the lock of the function held, under the PCI core's pci_lock. */
static void ans_start_flr(struct ans_function *fn)
{
	struct ans *ans = container_of(fn, struct ans, bridge.function);

	ans_recover_flr(&ans->recover);
}

static void ans_probed(struct ans_bridge *bridge, bool bound)
{
	struct ans *ans = container_of(bridge, struct ans, bridge);

	ans_recover_probed(&ans->recover, bound);
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

	ret = devm_pm_domain_attach_list(ans->fw.dev, &data, &ans->domains);
	return ret < 0 ? ret : 0;
}

static void ans_unmap(void *data)
{
	struct ans *ans = data;

	iounmap(ans->fw.nvme_boot_status);
}

/*
 * The NVMe window belongs to nvme-pci, which requests and maps it as BAR0.
 * Here it is only checked, and one register of it mapped without a request.
 */
static int ans_map_window(struct ans *ans, const struct resource *res)
{
	resource_size_t where = res->start + ANS_BOOT_STATUS;

	/*
	 * A BAR is aligned to its size. M3 SoCs have a window of 0x60000, which
	 * is no size of a BAR; nothing is known to be in its last third.
	 */
	if (resource_size(res) < APPLE_ANS2_WINDOW_SIZE ||
	    !IS_ALIGNED(res->start, APPLE_ANS2_WINDOW_SIZE))
		return -EINVAL;

	ans->bridge.window = DEFINE_RES_MEM_NAMED(res->start,
						  APPLE_ANS2_WINDOW_SIZE,
						  "ANS2 PCI window");

	if (res->flags & IORESOURCE_MEM_NONPOSTED)
		ans->fw.nvme_boot_status = ioremap_np(where, sizeof(u32));
	else
		ans->fw.nvme_boot_status = ioremap(where, sizeof(u32));
	if (!ans->fw.nvme_boot_status)
		return -ENOMEM;

	return devm_add_action_or_reset(ans->fw.dev, ans_unmap, ans);
}

static int ans_hw_resources(struct ans *ans)
{
	struct platform_device *pdev = to_platform_device(ans->fw.dev);
	struct resource *res;
	int ret;

	ret = dma_set_mask_and_coherent(ans->fw.dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;

	ans->bridge.irq = platform_get_irq(pdev, 0);
	if (ans->bridge.irq < 0)
		return ans->bridge.irq;

	ans->fw.asc = devm_platform_ioremap_resource_byname(pdev, "ans");
	if (IS_ERR(ans->fw.asc))
		return PTR_ERR(ans->fw.asc);

	res = platform_get_resource_byname(pdev, IORESOURCE_MEM, "nvme");
	if (!res)
		return -EINVAL;
	ret = ans_map_window(ans, res);
	if (ret)
		return ret;

	ans->fw.reset = devm_reset_control_array_get_exclusive(ans->fw.dev);
	return PTR_ERR_OR_ZERO(ans->fw.reset);
}

static int ans_hw_sart(struct ans *ans)
{
	ans->loan.sart = devm_apple_sart_lookup(ans->fw.dev);
	return PTR_ERR_OR_ZERO(ans->loan.sart);
}

static int ans_hw_rtkit(struct ans *ans)
{
	return ans_firmware_open(&ans->fw);
}

static int ans_hw_bridge(struct ans *ans)
{
	return ans_bridge_add(&ans->bridge);
}

const struct ans_parts ans_hw_parts = {
	.resources = ans_hw_resources,
	.sart = ans_hw_sart,
	.rtkit = ans_hw_rtkit,
	.power = ans_hw_power,
	.bridge = ans_hw_bridge,
};

static void ans_stop(void *data)
{
	struct ans *ans = data;

	guard(mutex)(&ans->fw.lock);
	ans_firmware_stop(&ans->fw);
}

static int ans_start(struct ans *ans)
{
	int ret;

	mutex_lock(&ans->fw.lock);
	ret = ans_recover_start(&ans->recover);
	mutex_unlock(&ans->fw.lock);
	if (ret)
		return ret;

	ret = devm_add_action_or_reset(ans->fw.dev, ans_stop, ans);
	if (ret)
		return ret;
	return devm_add_action_or_reset(ans->fw.dev, ans_recover_cancel,
					&ans->recover);
}

/**
 * ans_setup() - set the ANS2 up, in order
 * @ans: the ANS2, initialised
 * @parts: what is set up around the co-processor
 *
 * What may have to wait for other drivers comes first: a power domain that is
 * switched on and off again would take its power from firmware that a boot
 * loader has left running. No register answers before the domains are on, but
 * for the mailbox, whose driver switches on what it needs. The firmware speaks
 * as soon as it is started, and asks for memory that the filter has to permit.
 * nvme-pci may touch the NVMe window as soon as the bridge is there, so that
 * comes last. A crash before that could not be reported; ans_recover_look()
 * checks for one.
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
		{ parts->resources,	"get the resources" },
		{ parts->sart,		"get the DMA filter" },
		{ parts->rtkit,		"open the mailbox" },
		{ parts->power,		"switch the power domains on" },
		{ ans_start,		"start the co-processor" },
		{ parts->bridge,	"register the host bridge" },
	};
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		ret = steps[i].up(ans);
		if (ret)
			return dev_err_probe(ans->fw.dev, ret,
					     "failed to %s\n", steps[i].what);
	}
	ans_recover_look(&ans->recover);
	return 0;
}

/**
 * ans_init() - initialise everything that needs no hardware
 * @ans: the ANS2, zeroed
 * @dev: its device
 * @fw_ops: access to the co-processor
 * @loan_ops: memory and filter
 * @hw: what differs between the SoCs
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int ans_init(struct ans *ans, struct device *dev,
	     const struct ans_firmware_ops *fw_ops,
	     const struct ans_loan_ops *loan_ops, const struct ans_hw *hw)
{
	int ret;

	ans_loan_init(&ans->loan, dev, loan_ops);
	ans_bridge_init(&ans->bridge, dev, hw->subsystem);
	ans->bridge.coherent = ans_coherent;
	ans->bridge.probed = ans_probed;
	ans->bridge.function.start_flr = ans_start_flr;
	ret = ans_firmware_init(&ans->fw, dev, fw_ops, &ans->loan,
				ans_crashed);
	if (ret)
		return ret;
	ret = ans_recover_init(&ans->recover, &ans->fw, &ans->bridge);
	if (ret)
		return ret;

	/* After the library has closed the mailbox. */
	return devm_add_action_or_reset(dev, ans_loan_free, &ans->loan);
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

	ret = ans_init(ans, dev, &ans_firmware_hw_ops, &ans_loan_hw_ops, hw);
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

	WRITE_ONCE(ans->recover.sleeping, true);
	flush_work(&ans->recover.crash_work);
	return 0;
}

/* What crashed meanwhile and was not restarted is recovered now. */
static void ans_complete(struct device *dev)
{
	struct ans *ans = dev_get_drvdata(dev);

	WRITE_ONCE(ans->recover.sleeping, false);
	ans_recover_look(&ans->recover);
}

static void ans_close(struct ans *ans)
{
	guard(mutex)(&ans->fw.lock);
	ans->recover.closed = true;
	ans->start_on_resume = ans->fw.ready;
	ans_firmware_stop(&ans->fw);
}

static int ans_suspend(struct device *dev)
{
	ans_close(dev_get_drvdata(dev));
	return 0;
}

/* If it does not start, nvme-pci asks for a reset, or ans_complete() does. */
static int ans_resume(struct device *dev)
{
	struct ans *ans = dev_get_drvdata(dev);

	guard(mutex)(&ans->fw.lock);
	ans->recover.closed = false;
	return ans->start_on_resume ? ans_recover_start(&ans->recover) : 0;
}

static const struct dev_pm_ops ans_pm_ops = {
	.prepare = pm_sleep_ptr(ans_prepare),
	.complete = pm_sleep_ptr(ans_complete),
	SYSTEM_SLEEP_PM_OPS(ans_suspend, ans_resume)
};

static void ans_shutdown(struct platform_device *pdev)
{
	ans_close(platform_get_drvdata(pdev));
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
module_apple_ssd_driver(ans_driver, APPLE_SSD_ANS2);

/* The function is not there yet where an initramfs is made under nvme-apple. */
MODULE_SOFTDEP("post: nvme");
MODULE_DESCRIPTION("Apple ANS2 storage controller as a PCI function");
MODULE_LICENSE("GPL");
