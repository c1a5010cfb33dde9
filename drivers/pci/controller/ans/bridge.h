/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: PCI host bridge with one function
 */

#ifndef _APPLE_ANS_BRIDGE_H_
#define _APPLE_ANS_BRIDGE_H_

#include <linux/ioport.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/types.h>

#include "function.h"

struct ans_bridge;
struct device;
struct pci_dev;
struct pci_host_bridge;

/**
 * struct ans_bridge - the host bridge
 * @dev: platform device
 * @subsystem: subsystem id of the function
 * @coherent: the function's transfers see the caches of the processors,
 *	whatever the devicetree says
 * @irq: interrupt of the NVMe window
 * @window: BAR0 and the window of the bridge
 * @bus_range: bus numbers of the bridge
 * @probed: called when a driver has been bound to the function, or could not
 *	    be; with the device lock of the function held
 * @notifier: hears of drivers of the function
 * @pinned: a driver is bound, so this module stays
 * @lock: protects @host. Taken inside the PCI core's lock for adding and
 *	  removing devices and inside that of notifiers, never outside
 * @host: the host bridge, NULL while there is none
 * @function: its one function
 */
struct ans_bridge {
	struct device *dev;
	u16 subsystem;
	bool coherent;
	int irq;
	struct resource window;
	struct resource bus_range;
	void (*probed)(struct ans_bridge *bridge, bool bound);
	struct notifier_block notifier;
	bool pinned;
	struct mutex lock;	/* host */
	struct pci_host_bridge *host;
	struct ans_function function;
};

void ans_bridge_init(struct ans_bridge *bridge, struct device *dev,
		     u16 subsystem);
int ans_bridge_add(struct ans_bridge *bridge);
struct pci_dev *ans_bridge_get_function(struct ans_bridge *bridge);
bool ans_bridge_is_empty(struct ans_bridge *bridge);
void ans_bridge_lose(struct ans_bridge *bridge);

#endif /* _APPLE_ANS_BRIDGE_H_ */
