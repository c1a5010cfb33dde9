// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: a controller in memory for KUnit tests, its PCI function
 *
 * ans2_pci_kunit.c includes this file. A host bridge with one function, whose
 * configuration space is a table, and an interrupt line that is a level. The
 * interrupt really comes as one: an irq_work raises it.
 */

#include <linux/dma-map-ops.h>
#include <linux/gfp.h>
#include <linux/irq.h>
#include <linux/vmalloc.h>

/* For the PCI core: no RAM and no device, on a Mac and on QEMU's virt. */
#define FAKE_WINDOW_START	0x47bd00000ULL

struct fake_cfg {
	u32 reset;
	u32 writable;
};

/* As drivers/pci/controller/ans makes it; index is the offset / 4. */
static const struct fake_cfg fake_cfg[FAKE_CFG_REGS] = {
	[0x00 / 4] = { 0xa2a2106b, 0 },
	[0x04 / 4] = { 0x00100000, 0x00000146 },
	[0x08 / 4] = { 0x01080200, 0 },
	[0x0c / 4] = { 0x00000000, 0x000000ff },
	[0x10 / 4] = { lower_32_bits(FAKE_WINDOW_START) | 4, 0 },
	[0x14 / 4] = { upper_32_bits(FAKE_WINDOW_START), ~0 },
	[0x2c / 4] = { 0x8103106b, 0 },
	[0x34 / 4] = { 0x00000040, 0 },
	[0x3c / 4] = { 0x00000100, 0x000000ff },
	[0x40 / 4] = { 0x00035001, 0 },
	[0x44 / 4] = { 0x00000008, 0x00000003 },
	[0x50 / 4] = { 0x00920010, 0 },
	[0x54 / 4] = { 0x10008000, 0 },
	[0x58 / 4] = { 0x00002810, 0x0000781f },
};

static void fake_reset_cfg(struct ans2_fake *fake)
{
	unsigned int i;

	for (i = 0; i < FAKE_CFG_REGS; i++)
		fake->cfg[i] = fake_cfg[i].reset;
}

static int fake_cfg_read(struct pci_bus *bus, unsigned int devfn, int where,
			 int size, u32 *val)
{
	struct ans2_fake *fake = bus->sysdata;
	unsigned long flags;
	u32 all = 0;

	PCI_SET_ERROR_RESPONSE(val);
	if (devfn || fake->hidden)
		return devfn ? PCIBIOS_DEVICE_NOT_FOUND : PCIBIOS_SUCCESSFUL;
	raw_spin_lock_irqsave(&fake->lock, flags);
	if (where / 4 < FAKE_CFG_REGS)
		all = fake->cfg[where / 4];
	raw_spin_unlock_irqrestore(&fake->lock, flags);
	*val = all >> (where & 3) * 8 & GENMASK(size * 8 - 1, 0);
	return PCIBIOS_SUCCESSFUL;
}

static void fake_cfg_set(struct ans2_fake *fake, int where, u32 lanes, u32 val)
{
	u32 mask = fake_cfg[where / 4].writable & lanes;

	if (where / 4 == FAKE_CFG_DEVCTL / 4 && val & FAKE_CFG_FLR) {
		fake_flr(fake);
		fake_reset_cfg(fake);
		fake->cfg[FAKE_CFG_BAR / 4] = 4;
		fake->cfg[FAKE_CFG_BAR / 4 + 1] = 0;
		return;
	}
	if (where == FAKE_CFG_BAR)
		mask = ~(fake->traits.bar_size - 1) & lanes;
	fake->cfg[where / 4] &= ~mask;
	fake->cfg[where / 4] |= val & mask;
}

static int fake_cfg_write(struct pci_bus *bus, unsigned int devfn, int where,
			  int size, u32 val)
{
	struct ans2_fake *fake = bus->sysdata;
	int shift = (where & 3) * 8;
	unsigned long flags;

	if (devfn)
		return PCIBIOS_DEVICE_NOT_FOUND;
	if (where / 4 >= FAKE_CFG_REGS || fake->hidden)
		return PCIBIOS_SUCCESSFUL;
	raw_spin_lock_irqsave(&fake->lock, flags);
	fake_cfg_set(fake, where, GENMASK(size * 8 - 1, 0) << shift,
		     val << shift);
	raw_spin_unlock_irqrestore(&fake->lock, flags);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops fake_pci_ops = {
	.read = fake_cfg_read,
	.write = fake_cfg_write,
};

static int fake_map_irq(const struct pci_dev *pdev, u8 slot, u8 pin)
{
	struct ans2_fake *fake = pdev->sysdata;

	return fake->irq;
}

/*
 * The interrupt line
 */

static void fake_set_mask(struct irq_data *data, bool masked)
{
	struct ans2_fake *fake = irq_data_get_irq_chip_data(data);
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	fake->masked = masked;
	fake_raise(fake);
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}

static void fake_irq_mask(struct irq_data *data)
{
	fake_set_mask(data, true);
}

static void fake_irq_unmask(struct irq_data *data)
{
	fake_set_mask(data, false);
}

static struct irq_chip fake_irq_chip = {
	.name = "ans2-kunit",
	.irq_mask = fake_irq_mask,
	.irq_unmask = fake_irq_unmask,
};

static void fake_interrupt(struct irq_work *work)
{
	struct ans2_fake *fake = container_of(work, struct ans2_fake, irq_work);
	unsigned long flags;
	bool up;

	raw_spin_lock_irqsave(&fake->lock, flags);
	up = !fake->masked && fake_line(fake);
	fake->irqs += up;
	raw_spin_unlock_irqrestore(&fake->lock, flags);
	/* Its last act is to unmask, which looks at the line again. */
	if (up)
		generic_handle_irq(fake->irq);
}

static int fake_alloc_irq(struct ans2_fake *fake)
{
	fake->irq = irq_alloc_desc(NUMA_NO_NODE);
	if (fake->irq < 0)
		return fake->irq;
	fake->masked = true;
	fake->irq_work = IRQ_WORK_INIT_HARD(fake_interrupt);
	irq_set_chip_data(fake->irq, fake);
	irq_set_chip_and_handler(fake->irq, &fake_irq_chip, handle_level_irq);
	irq_clear_status_flags(fake->irq, IRQ_NOREQUEST);
	return 0;
}

static void fake_free_irq(struct ans2_fake *fake)
{
	if (fake->irq <= 0)
		return;
	irq_work_sync(&fake->irq_work);
	irq_set_chip_and_handler(fake->irq, NULL, NULL);
	irq_free_desc(fake->irq);
}

/*
 * The host bridge
 */

/*
 * The function transfers from and to memory as this processor sees it. No
 * driver gets it before a test wants it to.
 */
static int fake_appears(struct notifier_block *nb, unsigned long action,
			void *data)
{
	struct ans2_fake *fake = container_of(nb, struct ans2_fake, nb);
	struct pci_dev *pdev = to_pci_dev(data);

	if (action != BUS_NOTIFY_ADD_DEVICE || pdev->sysdata != fake)
		return NOTIFY_DONE;
#if defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) || \
	defined(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL)
	dev_set_dma_coherent(&pdev->dev);
#endif
	if (device_set_driver_override(&pdev->dev, "none"))
		return NOTIFY_BAD;
	fake->pdev = pci_dev_get(pdev);
	return NOTIFY_OK;
}

static int fake_add_bridge(struct ans2_fake *fake)
{
	struct pci_host_bridge *bridge = pci_alloc_host_bridge(0);

	if (!bridge)
		return -ENOMEM;
	fake->bridge = bridge;
	fake->buses = (struct resource) {
		.name = "ans2-kunit bus",
		.flags = IORESOURCE_BUS,
	};
	pci_add_resource(&bridge->windows, &fake->buses);
	pci_add_resource(&bridge->windows, &fake->window);
	bridge->dev.parent = fake->parent;
	bridge->sysdata = fake;
	bridge->ops = &fake_pci_ops;
	bridge->map_irq = fake_map_irq;
	bridge->swizzle_irq = pci_common_swizzle;
	return pci_host_probe(bridge);
}

/* Makes the function, without a driver. */
static int fake_plug(struct ans2_fake *fake)
{
	int ret;

	fake_power_on(fake);
	if (fake->traits.enabled)
		fake_hand_over(fake);
	fake_reset_cfg(fake);
	ret = request_resource(&iomem_resource, &fake->window);
	if (ret)
		return ret;
	fake->nb.notifier_call = fake_appears;
	ret = bus_register_notifier(&pci_bus_type, &fake->nb);
	if (ret)
		return ret;
	ret = fake_add_bridge(fake);
	bus_unregister_notifier(&pci_bus_type, &fake->nb);
	if (ret)
		return ret;
	if (!fake->pdev)
		return -ENODEV;
	fake->refs = kref_read(&fake->pdev->dev.kobj.kref);
	return device_set_driver_override(&fake->pdev->dev, "");
}

/* Gives the function to nvme-pci. Says whether that wants it. */
static bool fake_bind(struct ans2_fake *fake)
{
	return device_attach(&fake->pdev->dev) == 1;
}

static void fake_unplug(struct ans2_fake *fake)
{
	if (fake->pdev)
		pci_dev_put(fake->pdev);
	fake->pdev = NULL;
	if (fake->bridge && fake->bridge->bus) {
		pci_lock_rescan_remove();
		pci_stop_root_bus(fake->bridge->bus);
		pci_remove_root_bus(fake->bridge->bus);
		pci_unlock_rescan_remove();
	}
	if (fake->bridge)
		pci_free_host_bridge(fake->bridge);
	if (fake->window.parent)
		release_resource(&fake->window);
}

static int fake_alloc(struct ans2_fake *fake)
{
	/* No vmalloc() for registers: iounmap() would take it for its own. */
	fake->regs = alloc_pages_exact(FAKE_WINDOW_SIZE,
				       GFP_KERNEL | __GFP_ZERO);
	fake->page = kzalloc(4096, GFP_KERNEL);
	fake->disk = vzalloc(FAKE_BLOCKS * FAKE_BLOCK);
	return fake->regs && fake->page && fake->disk ? 0 : -ENOMEM;
}

/* To be followed by fake_exit(), also after an error. */
static int fake_init(struct ans2_fake *fake, struct device *parent)
{
	int ret;

	raw_spin_lock_init(&fake->lock);
	fake->parent = parent;
	fake->window = DEFINE_RES_MEM_NAMED(FAKE_WINDOW_START, FAKE_WINDOW_SIZE,
					    "ans2-kunit window");
	fake->irq_limit = 20000;
	fake->traits = (struct fake_traits) {
		.bar_size = FAKE_WINDOW_SIZE,
		.cap_to = 2,
		.boot_status = 0xde71ce55,
		.queues = 1,
	};
	ret = fake_alloc(fake);
	if (!ret)
		ret = fake_alloc_irq(fake);
	if (ret)
		return ret;
	fake->thread = kthread_run(fake_thread, fake, "ans2-kunit");
	if (IS_ERR(fake->thread)) {
		ret = PTR_ERR(fake->thread);
		fake->thread = NULL;
		return ret;
	}
	fake_now = fake;
	nvme_ans2_window = &fake_window;
	return 0;
}

static void fake_exit(struct ans2_fake *fake)
{
	fake_unplug(fake);
	nvme_ans2_window = NULL;
	fake_now = NULL;
	if (fake->thread)
		kthread_stop(fake->thread);
	fake_free_irq(fake);
	if (fake->regs)
		free_pages_exact(fake->regs, FAKE_WINDOW_SIZE);
	kfree(fake->page);
	vfree(fake->disk);
}
