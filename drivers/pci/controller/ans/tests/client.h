/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KUnit: a driver for the ANS2's PCI function
 */

#ifndef _APPLE_ANS_TESTS_CLIENT_H_
#define _APPLE_ANS_TESTS_CLIENT_H_

#include <linux/notifier.h>
#include <linux/pci.h>

struct ans_fake;

/* For the PCI core: no RAM and no device, on a Mac and on QEMU's virt. */
#define CLIENT_WINDOW		0x47bcc0000ULL
#define CLIENT_LINE		42
#define CLIENT_SUBSYSTEM	0x7e57

/**
 * struct ans_client - the driver
 * @fake: the ANS2, into whose log it writes
 * @driver: for the PCI core
 * @keep: keeps the function away from other drivers
 * @refuses: so many probes fail
 * @crashes: so many probes meet a crash of the firmware, and fail
 * @resets_first: it resets the function when it is told of a reset
 * @resets_after: so often it resets the function when a reset is over
 * @gives_up: it does not go on after a reset
 * @at: called at each event, after it was written down
 * @bound: how many functions it has
 */
struct ans_client {
	struct ans_fake *fake;
	struct pci_driver driver;
	struct notifier_block keep;
	int refuses;
	int crashes;
	bool resets_first;
	int resets_after;
	bool gives_up;
	void (*at)(struct ans_client *client, struct pci_dev *pdev,
		   const char *event);
	int bound;
};

struct ans_client *ans_client_new(struct ans_fake *fake);

#endif /* _APPLE_ANS_TESTS_CLIENT_H_ */
