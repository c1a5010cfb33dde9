/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple SART: allow-list for the DMA of a co-processor
 *
 * A SART permits or blocks; it does not translate. See
 * Documentation/driver-api/apple-sart.rst for the rules of use.
 */

#ifndef _LINUX_APPLE_SART_H
#define _LINUX_APPLE_SART_H

#include <linux/types.h>

struct device;
struct apple_sart;

/*
 * Address and size of a region are multiples of this on every version of the
 * filter, whatever the page size of the kernel.
 */
#define APPLE_SART_GRANULE	4096

struct apple_sart *devm_apple_sart_lookup(struct device *dev);

int apple_sart_allow(struct apple_sart *sart, phys_addr_t phys, size_t size);
int apple_sart_revoke(struct apple_sart *sart, phys_addr_t phys, size_t size);

#endif /* _LINUX_APPLE_SART_H */
