/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KUnit: an ANS2 whose function is used, with the real PCI core
 */

#ifndef _APPLE_ANS_TESTS_RIG_H_
#define _APPLE_ANS_TESTS_RIG_H_

#include <linux/completion.h>
#include <linux/pm.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "client.h"
#include "fake.h"

struct kunit;

/* So many crashes in a minute are recovered from. */
#define RIG_CRASHES		10

/* A driver that could not be bound is bound anew so often. */
#define RIG_PROBES		3

/**
 * struct ans_rig - all that there is
 * @fake: the firmware, and the log of all three
 * @client: the driver of the function
 * @recover: the recovery
 * @bridge: the host bridge
 * @pdev: the function, with a reference
 * @holder: a test's own
 * @held: likewise
 */
struct ans_rig {
	struct ans_fake *fake;
	struct ans_client *client;
	struct ans_recover *recover;
	struct ans_bridge *bridge;
	struct pci_dev *pdev;
	struct work_struct holder;
	struct completion held;
};

extern const struct ans_parts ans_rig_parts;

int ans_rig_init(struct kunit *test);
void ans_rig_exit(struct kunit *test);
struct ans_rig *ans_rig_of(struct ans_fake *fake);
void ans_rig_set_up(struct kunit *test);
struct ans_rig *ans_rig_use(struct kunit *test);
void ans_rig_take_away(struct ans_rig *t);
void ans_rig_settle(struct ans_rig *t);
void ans_rig_crash(struct ans_rig *t);
void ans_rig_rescan(struct ans_rig *t);
bool ans_rig_has_function(struct ans_rig *t);
const struct dev_pm_ops *ans_rig_pm_ops(struct kunit *test);
void ans_rig_expect_up(struct ans_rig *t);
void ans_rig_expect_given_up(struct ans_rig *t);

#endif /* _APPLE_ANS_TESTS_RIG_H_ */
