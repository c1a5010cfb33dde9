// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: PCI host bridge with one function
 *
 * The ANS2 has no configuration space, so this file is one: a table of the
 * registers that are not constant zero, each with its value after reset and the
 * bits that software can change. Everything the PCI core and lspci ask for is
 * answered from it; no configuration cycle reaches hardware.
 *
 * - The function is a root complex integrated endpoint: it has no link.
 * - BAR0 is the NVMe window at its CPU address, and the bridge's only window is
 *   just as large, so no other address can be assigned. BAR0 can be written for
 *   sizing, but the hardware decodes at one place, whatever COMMAND says.
 * - INTA is the interrupt line of the block. It cannot be gated, so the
 *   interrupt disable bit of COMMAND is hard-wired to 0. There is no MSI.
 * - Power management has D0 and D3hot. D3hot keeps all state; the firmware
 *   sleeps with the system, see core.c.
 * - A function level reset restarts the co-processor. The function reads as all
 *   ones until that is done, which is how the PCI core waits for it. It works
 *   after a crash of the firmware, too, when nothing else does.
 * - The function has a PCI domain of its own, from the range for emulated ones,
 *   so the names of other PCI devices do not depend on who is probed first.
 * - There are no virtual functions, no expansion ROM and no hotplug slot.
 *
 * DMA of the function needs no translation and is that of the devicetree node,
 * from which the PCI core takes its properties.
 */

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/pci.h>
#include <linux/pci_regs.h>
#include <linux/string.h>

#include <linux/apple-ans2.h>

#include "ans.h"

/* Emulated domains begin here, as VMD's do; devicetrees have small numbers. */
#define ANS_FIRST_DOMAIN	0x10000

#define ANS_EXP_FLAGS	(2 | PCI_EXP_TYPE_RC_END << 4)

/* Values after reset that PCI Express asks for. */
#define ANS_EXP_DEVCTL	(PCI_EXP_DEVCTL_RELAX_EN |	\
			 PCI_EXP_DEVCTL_NOSNOOP_EN |	\
			 PCI_EXP_DEVCTL_READRQ_512B)
#define ANS_EXP_DEVCTL_RW					\
			(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |	\
			 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE |	\
			 PCI_EXP_DEVCTL_RELAX_EN |		\
			 PCI_EXP_DEVCTL_NOSNOOP_EN |		\
			 PCI_EXP_DEVCTL_READRQ)

/*
 * A write of a power state that the function does not have is accepted and
 * discarded (PCI Power Management 1.2, 5.4.1).
 */
static bool ans_pm_state_exists(u32 pmcsr)
{
	u32 state = pmcsr & PCI_PM_CTRL_STATE_MASK;

	return state == (__force u32)PCI_D0 || state == (__force u32)PCI_D3hot;
}

/**
 * struct ans_cfg_reg - one register of the configuration space
 * @where: offset of the 32-bit register
 * @reset: value after reset
 * @writable: bits that software can change
 * @flr: bits that start a function reset when 1 is written; they read as 0
 * @accepts: if set, a new value that it refuses is discarded
 */
struct ans_cfg_reg {
	u16 where;
	u32 reset;
	u32 writable;
	u32 flr;
	bool (*accepts)(u32 value);
};

static const struct ans_cfg_reg ans_cfg[] = {
	{
		.where = PCI_VENDOR_ID,
		.reset = APPLE_ANS2_PCI_VENDOR_ID |
			 APPLE_ANS2_PCI_DEVICE_ID << 16,
	}, {
		.where = PCI_COMMAND,
		.reset = PCI_STATUS_CAP_LIST << 16,
		.writable = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			    PCI_COMMAND_PARITY | PCI_COMMAND_SERR,
	}, {
		.where = PCI_CLASS_REVISION,
		.reset = PCI_CLASS_STORAGE_EXPRESS << 8,
	}, {
		.where = PCI_CACHE_LINE_SIZE,
		.reset = PCI_HEADER_TYPE_NORMAL << 16,
		.writable = 0xff,
	}, {
		/* plus the low half of the address */
		.where = PCI_BASE_ADDRESS_0,
		.reset = PCI_BASE_ADDRESS_SPACE_MEMORY |
			 PCI_BASE_ADDRESS_MEM_TYPE_64,
		.writable = ~(APPLE_ANS2_WINDOW_SIZE - 1),
	}, {
		/* plus the high half of the address */
		.where = PCI_BASE_ADDRESS_1,
		.writable = ~0,
	}, {
		/* plus the subsystem id, which names the SoC */
		.where = PCI_SUBSYSTEM_VENDOR_ID,
		.reset = APPLE_ANS2_PCI_VENDOR_ID,
	}, {
		.where = PCI_CAPABILITY_LIST,
		.reset = ANS_CFG_PM,
	}, {
		.where = PCI_INTERRUPT_LINE,
		.reset = PCI_INTERRUPT_INTA << 8,
		.writable = 0xff,
	}, {
		.where = ANS_CFG_PM,
		.reset = PCI_CAP_ID_PM | ANS_CFG_EXP << 8 | 3 << 16,
	}, {
		.where = ANS_CFG_PM + PCI_PM_CTRL,
		.reset = PCI_PM_CTRL_NO_SOFT_RESET,
		.writable = PCI_PM_CTRL_STATE_MASK,
		.accepts = ans_pm_state_exists,
	}, {
		.where = ANS_CFG_EXP,
		.reset = PCI_CAP_ID_EXP | ANS_EXP_FLAGS << 16,
	}, {
		.where = ANS_CFG_EXP + PCI_EXP_DEVCAP,
		.reset = PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR,
	}, {
		.where = ANS_CFG_EXP + PCI_EXP_DEVCTL,
		.reset = ANS_EXP_DEVCTL,
		.writable = ANS_EXP_DEVCTL_RW,
		.flr = PCI_EXP_DEVCTL_BCR_FLR,
	},
};

static_assert(ARRAY_SIZE(ans_cfg) == ANS_CFG_REGS);

static int ans_cfg_find(int where)
{
	int i;

	for (i = 0; i < ANS_CFG_REGS; i++)
		if (ans_cfg[i].where == (where & ~3))
			return i;
	return -1;
}

static void ans_cfg_patch(struct ans_function *fn, int where, u32 bits)
{
	fn->reset[ans_cfg_find(where)] |= bits;
}

static bool ans_cfg_size_ok(int where, int size)
{
	return (size == 1 || size == 2 || size == 4) && where >= 0 &&
	       where < ANS_CFG_SIZE && IS_ALIGNED(where, size);
}

/**
 * ans_function_init() - give the function its identity
 * @fn: the function; its lock and start_flr are set
 * @bar: address of the NVMe window, a multiple of its size
 * @subsystem: subsystem id
 *
 * The function answers from here on.
 *
 * Context: Any.
 */
void ans_function_init(struct ans_function *fn, u64 bar, u16 subsystem)
{
	int i;

	for (i = 0; i < ANS_CFG_REGS; i++)
		fn->reset[i] = ans_cfg[i].reset;

	ans_cfg_patch(fn, PCI_BASE_ADDRESS_0, lower_32_bits(bar));
	ans_cfg_patch(fn, PCI_BASE_ADDRESS_1, upper_32_bits(bar));
	ans_cfg_patch(fn, PCI_SUBSYSTEM_VENDOR_ID, (u32)subsystem << 16);
	ans_function_show(fn);
}

/**
 * ans_function_show() - let the function answer, with its values after reset
 * @fn: the function
 *
 * Ends a function reset. Does nothing else to a function that answers already,
 * or whose firmware has crashed since it was started.
 *
 * Context: Any.
 * Return: whether the function answers.
 */
bool ans_function_show(struct ans_function *fn)
{
	unsigned long flags;
	bool present;

	raw_spin_lock_irqsave(&fn->lock, flags);
	fn->resetting = false;
	if (!fn->present && !fn->crashed) {
		memcpy(fn->value, fn->reset, sizeof(fn->value));
		fn->present = true;
	}
	present = fn->present;
	raw_spin_unlock_irqrestore(&fn->lock, flags);
	return present;
}

/**
 * ans_function_hide() - let the function answer nothing
 * @fn: the function
 *
 * Context: Any.
 */
void ans_function_hide(struct ans_function *fn)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fn->lock, flags);
	fn->present = false;
	raw_spin_unlock_irqrestore(&fn->lock, flags);
}

/**
 * ans_function_set_crashed() - note that the firmware has crashed, or starts
 * @fn: the function
 * @crashed: true hides the function, false permits to show it
 *
 * Context: Any.
 */
void ans_function_set_crashed(struct ans_function *fn, bool crashed)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fn->lock, flags);
	fn->crashed = crashed;
	if (crashed)
		fn->present = false;
	raw_spin_unlock_irqrestore(&fn->lock, flags);
}

/**
 * ans_function_read() - read configuration space
 * @fn: the function
 * @where: offset
 * @size: 1, 2 or 4
 * @val: the value, all ones if the function does not answer
 *
 * Context: Any.
 * Return: PCIBIOS_SUCCESSFUL or PCIBIOS_BAD_REGISTER_NUMBER.
 */
int ans_function_read(struct ans_function *fn, int where, int size, u32 *val)
{
	unsigned long flags;
	int i;

	PCI_SET_ERROR_RESPONSE(val);
	if (!ans_cfg_size_ok(where, size))
		return PCIBIOS_BAD_REGISTER_NUMBER;

	i = ans_cfg_find(where);
	raw_spin_lock_irqsave(&fn->lock, flags);
	if (fn->present)
		*val = i < 0 ? 0 : fn->value[i];
	raw_spin_unlock_irqrestore(&fn->lock, flags);

	*val = *val >> (where & 3) * 8 & GENMASK(size * 8 - 1, 0);
	return PCIBIOS_SUCCESSFUL;
}

/*
 * Whoever saved the state while the function was hidden saved all ones, and
 * restores them when it is back. To start a reset, the PCI core sets one bit of
 * what it has read, which is all ones only of a hidden function.
 */
static bool ans_cfg_starts_flr(struct ans_function *fn, u32 lanes, u32 val)
{
	if (fn->resetting)
		return false;
	return fn->present ? (val & lanes) != lanes : fn->crashed;
}

/* Returns whether the write starts a function reset. */
static bool ans_cfg_set(struct ans_function *fn, int i, u32 lanes, u32 val)
{
	const struct ans_cfg_reg *reg = &ans_cfg[i];
	u32 mask = reg->writable & lanes;
	u32 new = (fn->value[i] & ~mask) | (val & mask);

	if (val & lanes & reg->flr)
		return ans_cfg_starts_flr(fn, lanes, val);
	if (fn->present && (!reg->accepts || reg->accepts(new)))
		fn->value[i] = new;
	return false;
}

/**
 * ans_function_write() - write configuration space
 * @fn: the function
 * @where: offset
 * @size: 1, 2 or 4
 * @val: the value
 *
 * Context: Any; calls start_flr of @fn with its lock held.
 * Return: PCIBIOS_SUCCESSFUL or PCIBIOS_BAD_REGISTER_NUMBER.
 */
int ans_function_write(struct ans_function *fn, int where, int size, u32 val)
{
	int shift = (where & 3) * 8;
	unsigned long flags;
	int i;

	if (!ans_cfg_size_ok(where, size))
		return PCIBIOS_BAD_REGISTER_NUMBER;

	i = ans_cfg_find(where);
	raw_spin_lock_irqsave(&fn->lock, flags);
	if (i >= 0 && ans_cfg_set(fn, i, GENMASK(size * 8 - 1, 0) << shift,
				  val << shift)) {
		fn->present = false;
		fn->resetting = true;
		fn->start_flr(fn);
	}
	raw_spin_unlock_irqrestore(&fn->lock, flags);
	return PCIBIOS_SUCCESSFUL;
}

/*
 * Host bridge
 */

static int ans_bus_read(struct pci_bus *bus, unsigned int devfn, int where,
			int size, u32 *val)
{
	if (!pci_is_root_bus(bus) || devfn) {
		PCI_SET_ERROR_RESPONSE(val);
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	return ans_function_read(bus->sysdata, where, size, val);
}

static int ans_bus_write(struct pci_bus *bus, unsigned int devfn, int where,
			 int size, u32 val)
{
	if (!pci_is_root_bus(bus) || devfn)
		return PCIBIOS_DEVICE_NOT_FOUND;
	return ans_function_write(bus->sysdata, where, size, val);
}

static struct pci_ops ans_bus_ops = {
	.read = ans_bus_read,
	.write = ans_bus_write,
};

static int ans_map_irq(const struct pci_dev *pdev, u8 slot, u8 pin)
{
	struct ans_function *fn = pdev->sysdata;
	struct ans *ans = container_of(fn, struct ans, function);

	return pin == PCI_INTERRUPT_INTA ? ans->irq : -1;
}

static void ans_free_bridge(void *data)
{
	pci_free_host_bridge(data);
}

/*
 * While nvme-pci lets go of the function it may reset it, so until then the
 * work items have to find it. From here on they do not: nothing resets a
 * function that is not there, and a crash is of no interest.
 */
static void ans_bridge_remove(void *data)
{
	struct ans *ans = data;
	struct pci_bus *bus = ans->bridge->bus;

	pci_lock_rescan_remove();
	pci_stop_root_bus(bus);
	mutex_lock(&ans->bridge_lock);
	pci_remove_root_bus(bus);
	ans->bridge = NULL;
	mutex_unlock(&ans->bridge_lock);
	pci_unlock_rescan_remove();

	cancel_work_sync(&ans->flr_work);
	cancel_work_sync(&ans->crash_work);
}

static int ans_bridge_fill(struct ans *ans, struct pci_host_bridge *bridge)
{
	int ret;

	ret = devm_request_resource(ans->dev, &iomem_resource, &ans->window);
	if (ret)
		return ret;

	ans->bus_range = (struct resource) {
		.name = "ANS2 PCI bus",
		.flags = IORESOURCE_BUS,
	};
	pci_add_resource(&bridge->windows, &ans->bus_range);
	pci_add_resource(&bridge->windows, &ans->window);

	/* The release of the bridge gives the number back. */
	ret = pci_bus_find_emul_domain_nr(0, ANS_FIRST_DOMAIN, INT_MAX);
	if (ret < 0)
		return ret;
	bridge->domain_nr = ret;

	bridge->dev.parent = ans->dev;
	bridge->sysdata = &ans->function;
	bridge->ops = &ans_bus_ops;
	bridge->map_irq = ans_map_irq;
	bridge->swizzle_irq = pci_common_swizzle;
	return 0;
}

/**
 * ans_bridge_add() - register the host bridge
 * @ans: the ANS2, its firmware ready
 *
 * nvme-pci may be using the function before this returns.
 *
 * Context: Process context.
 * Return: 0 or an errno; -ENODEV if the function was lost meanwhile.
 */
int ans_bridge_add(struct ans *ans)
{
	struct pci_host_bridge *bridge = pci_alloc_host_bridge(0);
	struct pci_dev *pdev;
	int ret;

	if (!bridge)
		return -ENOMEM;
	ret = devm_add_action_or_reset(ans->dev, ans_free_bridge, bridge);
	if (ret)
		return ret;

	ret = ans_bridge_fill(ans, bridge);
	if (ret)
		return ret;

	ans_function_init(&ans->function, ans->window.start,
			  ans->hw->subsystem);
	ret = pci_host_probe(bridge);
	if (ret)
		return ret;

	mutex_lock(&ans->bridge_lock);
	ans->bridge = bridge;
	mutex_unlock(&ans->bridge_lock);
	ret = devm_add_action_or_reset(ans->dev, ans_bridge_remove, ans);
	if (ret)
		return ret;

	pdev = ans_bridge_get_function(ans);
	if (!pdev)
		return -ENODEV;
	pci_dev_put(pdev);

	/* A crash or a failed reset before this line found nobody to tell. */
	if (ans_is_down(ans))
		ans_crashed(ans);
	return 0;
}

/**
 * ans_bridge_get_function() - the device of the PCI core for the function
 * @ans: the ANS2
 *
 * Does not take the PCI core's lock for adding and removing devices. Whoever
 * holds it may wait for I/O to this drive, and so for a recovery that needs
 * this.
 *
 * Context: Process context. Takes @bridge_lock of @ans.
 * Return: the device, to be put, or NULL if there is none.
 */
struct pci_dev *ans_bridge_get_function(struct ans *ans)
{
	struct pci_dev *pdev = NULL;

	mutex_lock(&ans->bridge_lock);
	if (ans->bridge)
		pdev = pci_get_slot(ans->bridge->bus, PCI_DEVFN(0, 0));
	mutex_unlock(&ans->bridge_lock);
	return pdev;
}

/**
 * ans_bridge_is_empty() - whether only a rescan of the bus is missing
 * @ans: the ANS2
 *
 * Exact while the PCI core's lock for adding and removing devices is held.
 *
 * Context: Process context. Takes @bridge_lock of @ans.
 * Return: true if the bridge has no function, and the function was not lost.
 */
bool ans_bridge_is_empty(struct ans *ans)
{
	bool empty;

	mutex_lock(&ans->bridge_lock);
	empty = ans->bridge && !ans->lost &&
		list_empty(&ans->bridge->bus->devices);
	mutex_unlock(&ans->bridge_lock);
	return empty;
}

/* Returns false for a function that was lost: it stays so. */
static bool ans_set_channel(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct ans_function *fn = pdev->sysdata;
	unsigned long flags;
	bool lost;

	raw_spin_lock_irqsave(&fn->lock, flags);
	lost = pci_dev_is_disconnected(pdev);
	if (!lost)
		WRITE_ONCE(pdev->error_state, state);
	raw_spin_unlock_irqrestore(&fn->lock, flags);
	return !lost;
}

static const struct pci_error_handlers *ans_handlers(struct pci_dev *pdev)
{
	device_lock_assert(&pdev->dev);
	return pdev->driver ? pdev->driver->err_handler : NULL;
}

/**
 * ans_bridge_freeze() - tell the function's driver that the channel is frozen
 * @pdev: the function
 *
 * Context: Process context, with the device lock of @pdev held.
 * Return: whether the function may be reset and used again.
 */
bool ans_bridge_freeze(struct pci_dev *pdev)
{
	const struct pci_error_handlers *handlers = ans_handlers(pdev);

	if (!ans_set_channel(pdev, pci_channel_io_frozen))
		return false;
	if (!pdev->driver)
		return true;
	if (!handlers || !handlers->error_detected || !handlers->slot_reset)
		return false;
	return handlers->error_detected(pdev, pci_channel_io_frozen) ==
	       PCI_ERS_RESULT_NEED_RESET;
}

/**
 * ans_bridge_thaw() - tell the function's driver that it can go on
 * @pdev: the function, reset
 *
 * Context: Process context, with the device lock of @pdev held since
 *	    ans_bridge_freeze().
 * Return: false if the function was lost meanwhile; its driver is told nothing.
 */
bool ans_bridge_thaw(struct pci_dev *pdev)
{
	const struct pci_error_handlers *handlers = ans_handlers(pdev);

	if (!ans_set_channel(pdev, pci_channel_io_normal))
		return false;
	if (!handlers)
		return true;
	handlers->slot_reset(pdev);
	if (handlers->resume)
		handlers->resume(pdev);
	return true;
}

/**
 * ans_bridge_lost() - remove the function
 * @ans: the ANS2
 *
 * To its driver this is the removal of a card: the function answers nothing.
 * Binding the platform driver again is what brings it back.
 *
 * Context: Process context, without the device lock of the function.
 */
void ans_bridge_lost(struct ans *ans)
{
	struct pci_dev *pdev = ans_bridge_get_function(ans);

	mutex_lock(&ans->bridge_lock);
	ans->lost = true;
	mutex_unlock(&ans->bridge_lock);
	ans_function_hide(&ans->function);
	if (!pdev)
		return;

	/*
	 * Ends the wait of a function reset, see pci_dev_is_disconnected(), for
	 * which whoever has the locks that the removal needs may be waiting.
	 */
	ans_set_channel(pdev, pci_channel_io_perm_failure);
	pci_stop_and_remove_bus_device_locked(pdev);
	pci_dev_put(pdev);
}
