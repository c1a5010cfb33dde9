/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: the storage controller as a PCI function
 *
 * The ANS2 of an Apple SoC is a block on the SoC's bus. Its platform driver
 * (drivers/pci/controller/ans) shows it to nvme-pci as the only function
 * behind a host bridge of its own. This header is all that the two share.
 *
 * What a driver of the function may rely on:
 *
 * - BAR0 is the NVMe register window at its CPU address. It must be mapped
 *   with ioremap_np(): the SoC's bus takes no posted writes.
 * - INTx is the one interrupt line of the block. There is no MSI.
 * - The function answers configuration cycles, but for the time that a function
 *   level reset takes: then they read as all ones, and BAR0 must be left alone.
 * - A function level reset puts the firmware to sleep, resets the block and
 *   boots the firmware again. Queues must be deleted and CC.EN cleared before,
 *   while the firmware runs, unless the controller does not do that any more.
 *   It can be reset after a crash of the firmware as well.
 * - After a crash of the firmware Device Status has Fatal Error Detected, and
 *   nothing that is in flight completes. The function is then reset, as by a
 *   user through sysfs; its driver may do so itself before.
 *
 * Documentation/nvme/apple-ans2-function.rst has the whole list.
 */

#ifndef _LINUX_APPLE_ANS2_H_
#define _LINUX_APPLE_ANS2_H_

#include <linux/pci_ids.h>

/*
 * The device id is not Apple's: the SoC variant has none. 0x2005 is the T2's
 * controller, whose quirks differ, so it must not be used here.
 */
#define APPLE_ANS2_PCI_VENDOR_ID	PCI_VENDOR_ID_APPLE
#define APPLE_ANS2_PCI_DEVICE_ID	0xa2a2

/* Size of BAR0: the last register in use is at 0x28120. */
#define APPLE_ANS2_WINDOW_SIZE		0x40000

#endif /* _LINUX_APPLE_ANS2_H_ */
