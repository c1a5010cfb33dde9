// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: PCI host bridge with one function
 *
 * The function has a PCI domain of its own, from the range for emulated ones,
 * so the names of other PCI devices do not depend on who is probed first. Its
 * DMA needs no translation and is that of the devicetree node, from which the
 * PCI core takes its properties.
 *
 * Two things depend on the driver of the function: one that could not bind may
 * have met a crash of the firmware, and while one is bound this module must not
 * go, or it would take a mounted drive away.
 */

#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/device/bus.h>
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "../../pci.h"
#include "bridge.h"

/* Emulated domains begin here, as VMD's do; devicetrees have small numbers. */
#define ANS_FIRST_DOMAIN	0x10000

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
	struct ans_bridge *bridge = container_of(fn, struct ans_bridge,
						 function);

	return pin == PCI_INTERRUPT_INTA ? bridge->irq : -1;
}

static void ans_bridge_set_host(struct ans_bridge *bridge,
				struct pci_host_bridge *host)
{
	guard(mutex)(&bridge->lock);
	bridge->host = host;
}

static void ans_pin(struct ans_bridge *bridge, bool pin)
{
	if (bridge->pinned)
		module_put(THIS_MODULE);
	bridge->pinned = pin && try_module_get(THIS_MODULE);
}

/* A user's mapping would be posted, see apple-ans2.h. */
static void ans_hide_bar(struct pci_dev *pdev)
{
	static const struct bin_attribute file = { .attr.name = "resource0" };

	pdev->non_mappable_bars = true;
	/* The newest kernels look at that before anybody can set it. */
	sysfs_remove_bin_file(&pdev->dev.kobj, &file);
}

static int ans_bridge_notify(struct notifier_block *nb, unsigned long event,
			     void *data)
{
	struct ans_bridge *bridge = container_of(nb, struct ans_bridge,
						 notifier);
	struct pci_dev *pdev = to_pci_dev(data);

	if (pdev->sysdata != &bridge->function)
		return NOTIFY_DONE;

	switch (event) {
	case BUS_NOTIFY_ADD_DEVICE:
		ans_hide_bar(pdev);
		/* A driver is bound next, and may lose the function. */
		ans_bridge_set_host(bridge, pci_find_host_bridge(pdev->bus));
		break;
	case BUS_NOTIFY_BIND_DRIVER:
		/* The core has just looked into the devicetree. */
		if (bridge->coherent)
			dev_set_dma_coherent(&pdev->dev);
		break;
	case BUS_NOTIFY_BOUND_DRIVER:
		ans_pin(bridge, true);
		bridge->probed(bridge, true);
		break;
	case BUS_NOTIFY_DRIVER_NOT_BOUND:
		bridge->probed(bridge, false);
		break;
	case BUS_NOTIFY_UNBOUND_DRIVER:
		ans_pin(bridge, false);
		break;
	}
	return NOTIFY_DONE;
}

static void ans_end_notify(void *data)
{
	struct ans_bridge *bridge = data;

	bus_unregister_notifier(&pci_bus_type, &bridge->notifier);
}

static void ans_free_host(void *data)
{
	pci_free_host_bridge(data);
}

static void ans_bridge_remove(void *data)
{
	struct ans_bridge *bridge = data;
	struct pci_bus *bus = bridge->host->bus;

	pci_lock_rescan_remove();
	pci_stop_root_bus(bus);
	/* Notifiers are called below, and take the lock inside theirs. */
	ans_bridge_set_host(bridge, NULL);
	pci_remove_root_bus(bus);
	pci_unlock_rescan_remove();
}

static int ans_bridge_fill(struct ans_bridge *bridge,
			   struct pci_host_bridge *host)
{
	int ret;

	ret = devm_request_resource(bridge->dev, &iomem_resource,
				    &bridge->window);
	if (ret)
		return ret;

	bridge->bus_range = (struct resource) {
		.name = "ANS2 PCI bus",
		.flags = IORESOURCE_BUS,
	};
	pci_add_resource(&host->windows, &bridge->bus_range);
	pci_add_resource(&host->windows, &bridge->window);

	/* The release of the bridge gives the number back. */
	ret = pci_bus_find_emul_domain_nr(0, ANS_FIRST_DOMAIN, INT_MAX);
	if (ret < 0)
		return ret;
	host->domain_nr = ret;

	host->dev.parent = bridge->dev;
	host->sysdata = &bridge->function;
	host->ops = &ans_bus_ops;
	host->map_irq = ans_map_irq;
	host->swizzle_irq = pci_common_swizzle;
	return 0;
}

/**
 * ans_bridge_init() - initialise, without touching the hardware
 * @bridge: the bridge, zeroed
 * @dev: platform device
 * @subsystem: subsystem id of the function
 *
 * The caller sets what is called back, @irq and @window before
 * ans_bridge_add().
 *
 * Context: Any.
 */
void ans_bridge_init(struct ans_bridge *bridge, struct device *dev,
		     u16 subsystem)
{
	bridge->dev = dev;
	bridge->subsystem = subsystem;
	bridge->notifier.notifier_call = ans_bridge_notify;
	mutex_init(&bridge->lock);
	raw_spin_lock_init(&bridge->function.lock);
}

/**
 * ans_bridge_add() - register the host bridge
 * @bridge: the bridge; the firmware is ready
 *
 * nvme-pci may be using the function before this returns. While the bridge is
 * being removed the function is there until nvme-pci has let go of it, which
 * may take a function reset.
 *
 * Context: Process context.
 * Return: 0 or an errno; devres removes the bridge.
 */
int ans_bridge_add(struct ans_bridge *bridge)
{
	struct pci_host_bridge *host = pci_alloc_host_bridge(0);
	int ret;

	if (!host)
		return -ENOMEM;
	ret = devm_add_action_or_reset(bridge->dev, ans_free_host, host);
	if (ret)
		return ret;

	ret = ans_bridge_fill(bridge, host);
	if (ret)
		return ret;

	ret = bus_register_notifier(&pci_bus_type, &bridge->notifier);
	if (ret)
		return ret;
	ret = devm_add_action_or_reset(bridge->dev, ans_end_notify, bridge);
	if (ret)
		return ret;

	ans_function_init(&bridge->function, bridge->window.start,
			  bridge->subsystem);
	ret = pci_host_probe(host);
	if (ret)
		return ret;

	/* The function may not have been found. */
	ans_bridge_set_host(bridge, host);
	return devm_add_action_or_reset(bridge->dev, ans_bridge_remove, bridge);
}

/**
 * ans_bridge_get_function() - the device of the PCI core for the function
 * @bridge: the bridge
 *
 * Does not take the PCI core's lock for adding and removing devices. Whoever
 * holds it may wait for I/O to this drive, and so for a recovery that needs
 * this.
 *
 * Context: Process context. Takes the lock of @bridge.
 * Return: the device, to be put, or NULL if there is none.
 */
struct pci_dev *ans_bridge_get_function(struct ans_bridge *bridge)
{
	guard(mutex)(&bridge->lock);
	if (!bridge->host)
		return NULL;
	return pci_get_slot(bridge->host->bus, PCI_DEVFN(0, 0));
}

/**
 * ans_bridge_is_empty() - whether only a rescan of the bus is missing
 * @bridge: the bridge
 *
 * Exact while the PCI core's lock for adding and removing devices is held.
 *
 * Context: Process context. Takes the lock of @bridge.
 * Return: true if the bridge has no function, and the function was not lost.
 */
bool ans_bridge_is_empty(struct ans_bridge *bridge)
{
	guard(mutex)(&bridge->lock);
	return bridge->host && !READ_ONCE(bridge->function.lost) &&
	       list_empty(&bridge->host->bus->devices);
}

/**
 * ans_bridge_lose() - remove the function
 * @bridge: the bridge
 *
 * To its driver this is the removal of a card: the function answers nothing.
 * Binding the platform driver again is what brings it back.
 *
 * Context: Process context, without the device lock of the function.
 */
void ans_bridge_lose(struct ans_bridge *bridge)
{
	struct pci_dev *pdev = ans_bridge_get_function(bridge);

	ans_function_set_lost(&bridge->function);
	if (!pdev)
		return;

	/*
	 * Ends a function reset that is waiting, see pci_dev_is_disconnected().
	 * The waiting thread may hold the locks that the removal needs.
	 */
	pci_dev_set_io_state(pdev, pci_channel_io_perm_failure);
	pci_stop_and_remove_bus_device_locked(pdev);
	pci_dev_put(pdev);
}
