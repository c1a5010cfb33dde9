// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: an ANS2 whose function is used, with the real PCI core
 *
 * The host bridge is registered, client.c binds the function, and fake.c is its
 * firmware. All three write into one log: of the firmware "run" and "stop"
 * alone, and "bridge" when it is about to be registered.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/pm.h>

#include "rig.h"

struct ans_rig *ans_rig_of(struct ans_fake *fake)
{
	return fake->test->priv;
}

static int resources(struct ans *ans)
{
	ans->bridge.irq = CLIENT_LINE;
	ans->bridge.window = DEFINE_RES_MEM_NAMED(CLIENT_WINDOW, 0x40000,
						  "test window");
	return 0;
}

static int nothing(struct ans *ans)
{
	return 0;
}

/* What was queued until now has found no bridge. */
static int bridge(struct ans *ans)
{
	flush_work(&ans->recover.crash_work);
	ans_fake_log(container_of(ans, struct ans_fake, ans), "bridge");
	return ans_bridge_add(&ans->bridge);
}

const struct ans_parts ans_rig_parts = {
	.resources = resources,
	.sart = nothing,
	.rtkit = nothing,
	.power = nothing,
	.bridge = bridge,
};

/* Nothing is queued or runs any more. */
void ans_rig_settle(struct ans_rig *t)
{
	struct work_struct *crash = &t->recover->crash_work;
	struct work_struct *flr = &t->recover->flr_work;

	do {
		flush_work(crash);
		flush_work(flr);
	} while (work_busy(crash) || work_busy(flr));
}

/* The suites' own. Nothing is set up yet. */
int ans_rig_init(struct kunit *test)
{
	struct ans_rig *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	init_completion(&t->held);
	t->fake = ans_fake_new(test);
	t->fake->brief = true;
	t->fake->asks[0] = 0x4000;
	t->client = ans_client_new(t->fake);
	t->recover = &t->fake->ans.recover;
	t->bridge = &t->fake->ans.bridge;
	KUNIT_ASSERT_EQ(test, ans_fake_init_all(t->fake, CLIENT_SUBSYSTEM), 0);
	dev_set_drvdata(t->fake->dev, &t->fake->ans);
	return 0;
}

/* Sets it up, and keeps what was written down. */
void ans_rig_set_up(struct kunit *test)
{
	struct ans_rig *t = test->priv;

	KUNIT_ASSERT_EQ(test, ans_setup(&t->fake->ans, &ans_rig_parts), 0);
	ans_rig_settle(t);
	t->pdev = ans_bridge_get_function(t->bridge);
	KUNIT_ASSERT_NOT_NULL(test, t->pdev);
}

/* Sets it up, with a driver bound and nothing written down. */
struct ans_rig *ans_rig_use(struct kunit *test)
{
	struct ans_rig *t = test->priv;

	ans_rig_set_up(test);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "run bridge probe bind");
	ans_fake_forget(t->fake);
	return t;
}

void ans_rig_take_away(struct ans_rig *t)
{
	kunit_device_unregister(t->fake->test, t->fake->dev);
	t->fake->dev = NULL;
}

/* Each test ends with taking the ANS2 away, and with a look at what is left. */
void ans_rig_exit(struct kunit *test)
{
	struct ans_rig *t = test->priv;

	if (!t || !t->fake)
		return;
	if (t->fake->dev)
		ans_rig_take_away(t);
	ans_fake_expect_nothing_left(t->fake);
	KUNIT_EXPECT_EQ(test, t->client->bound, 0);
	KUNIT_EXPECT_FALSE(test, t->bridge->pinned);
	if (!t->pdev)
		return;
	KUNIT_EXPECT_EQ(test, kref_read(&t->pdev->dev.kobj.kref), 1);
	pci_dev_put(t->pdev);
}

void ans_rig_crash(struct ans_rig *t)
{
	ans_fake_crash(t->fake);
	ans_rig_settle(t);
}

void ans_rig_rescan(struct ans_rig *t)
{
	pci_lock_rescan_remove();
	pci_rescan_bus(t->bridge->host->bus);
	pci_unlock_rescan_remove();
}

bool ans_rig_has_function(struct ans_rig *t)
{
	struct pci_dev *pdev = ans_bridge_get_function(t->bridge);

	pci_dev_put(pdev);
	return pdev;
}

const struct dev_pm_ops *ans_rig_pm_ops(struct kunit *test)
{
	struct device_driver *drv = driver_find("apple-ans2",
						&platform_bus_type);

	KUNIT_ASSERT_NOT_NULL(test, drv);
	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "needs CONFIG_PM_SLEEP");
	KUNIT_ASSERT_NOT_NULL(test, drv->pm);
	return drv->pm;
}

/* It runs, holds what it asked for, and the function reports no error. */
void ans_rig_expect_up(struct ans_rig *t)
{
	struct kunit *test = t->fake->test;

	KUNIT_EXPECT_TRUE(test, t->fake->ans.fw.ready);
	KUNIT_EXPECT_FALSE(test, t->fake->crashed);
	KUNIT_EXPECT_EQ(test, t->fake->cpu_control, FAKE_RUN);
	KUNIT_EXPECT_EQ(test, t->fake->allowed, 1);
	KUNIT_EXPECT_EQ(test, t->fake->allocs, 1);
	KUNIT_EXPECT_EQ(test, ans_fake_pages(t->fake), 1);
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(t->fake, 0x58) & 0xffff0000, 0);
	KUNIT_EXPECT_FALSE(test, t->recover->given_up);
	KUNIT_EXPECT_FALSE(test, t->recover->resetting);
}

void ans_rig_expect_given_up(struct ans_rig *t)
{
	struct kunit *test = t->fake->test;

	ans_fake_expect_stopped(t->fake);
	KUNIT_EXPECT_TRUE(test, t->recover->given_up);
	KUNIT_EXPECT_TRUE(test, t->bridge->function.lost);
	KUNIT_EXPECT_FALSE(test, ans_rig_has_function(t));
	KUNIT_EXPECT_FALSE(test, t->recover->resetting);
}
