/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple SSD: which of two pairs of drivers it has
 *
 * The SSD of an Apple SoC needs a driver for its controller, the ANS2, and one
 * for the filter in front of the controller's co-processor, the SART. There are
 * two pairs of them, which match the same devices, and neither can use the
 * other's filter. Each driver of a pair registers itself by the macro below.
 */

#ifndef _LINUX_APPLE_SSD_H
#define _LINUX_APPLE_SSD_H

#include <linux/device.h>
#include <linux/errno.h>
#include <linux/platform_device.h>
#include <linux/types.h>

/**
 * enum apple_ssd_pair - a driver of the controller and one of the filter
 * @APPLE_SSD_ANS2: apple-ans2 and apple-sart-filter
 * @APPLE_SSD_NVME_APPLE: nvme-apple and apple-sart
 */
enum apple_ssd_pair {
	APPLE_SSD_ANS2,
	APPLE_SSD_NVME_APPLE,
};

#ifdef CONFIG_APPLE_SSD_CHOICE
bool apple_ssd_is(enum apple_ssd_pair pair);
#else
/* No kernel with drivers of both pairs, so there is nothing to choose. */
static inline bool apple_ssd_is(enum apple_ssd_pair pair)
{
	return true;
}
#endif

static inline int apple_ssd_register(struct platform_driver *driver,
				     enum apple_ssd_pair pair)
{
	if (!apple_ssd_is(pair))
		return -ENODEV;
	return platform_driver_register(driver);
}

static inline void apple_ssd_unregister(struct platform_driver *driver,
					enum apple_ssd_pair pair)
{
	platform_driver_unregister(driver);
}

/**
 * module_apple_ssd_driver() - register a driver if its pair was chosen
 * @driver: the struct platform_driver
 * @pair: the enum apple_ssd_pair that it belongs to
 *
 * Stands in the place of module_platform_driver(). A module of the other pair
 * cannot be loaded (%-ENODEV). To refuse in probe would be too late: by then
 * the bus has switched the power domain on, and would switch it off again,
 * maybe under firmware that a boot loader has left running.
 */
#define module_apple_ssd_driver(driver, pair) \
	module_driver(driver, apple_ssd_register, apple_ssd_unregister, pair)

#endif /* _LINUX_APPLE_SSD_H */
