/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: the whole of one, for core.c and its tests
 */

#ifndef _APPLE_ANS_CORE_H_
#define _APPLE_ANS_CORE_H_

#include "boot.h"
#include "bridge.h"
#include "loan.h"
#include "recover.h"

struct ans;
struct dev_pm_domain_list;

/**
 * struct ans_hw - what differs between the SoCs
 * @subsystem: subsystem id of the PCI function
 */
struct ans_hw {
	u16 subsystem;
};

/**
 * struct ans_parts - what is set up around the co-processor
 * @resources: map the registers, find interrupt and reset line
 * @sart: find the DMA filter of the co-processor
 * @rtkit: open the mailbox
 * @power: switch the power domains on
 * @bridge: register the host bridge; from here on nvme-pci may bind
 *
 * Each registers with devres what undoes it. The driver has one such table;
 * the KUnit suite puts its recorder in its place.
 */
struct ans_parts {
	int (*resources)(struct ans *ans);
	int (*sart)(struct ans *ans);
	int (*rtkit)(struct ans *ans);
	int (*power)(struct ans *ans);
	int (*bridge)(struct ans *ans);
};

/**
 * struct ans - one ANS2
 * @fw: the firmware
 * @loan: memory lent to it
 * @bridge: the host bridge
 * @recover: function resets and crashes
 * @domains: power domains
 * @start_on_resume: whether the firmware ran when the system went to sleep;
 *		     under the lock of @fw
 */
struct ans {
	struct ans_firmware fw;
	struct ans_loan loan;
	struct ans_bridge bridge;
	struct ans_recover recover;
	struct dev_pm_domain_list *domains;
	bool start_on_resume;
};

extern const struct ans_parts ans_hw_parts;

int ans_init(struct ans *ans, struct device *dev,
	     const struct ans_firmware_ops *fw_ops,
	     const struct ans_loan_ops *loan_ops, const struct ans_hw *hw);
int ans_setup(struct ans *ans, const struct ans_parts *parts);

#endif /* _APPLE_ANS_CORE_H_ */
