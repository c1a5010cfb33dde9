// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: order of the ANS2's set-up, removal, suspend and shutdown
 *
 * fake.c stands in for all parts and writes down each step. There is no host
 * bridge; what happens to the function is in recover_kunit.c. The recovery of a
 * crash is a word, "look".
 *
 * What the suite cannot see: what the parts are, and whether the driver core
 * calls the function's driver in the order that is relied on.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/device.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "fake.h"

#define START	"assert reinit deassert run boot alloc allow"
#define AGAIN	"assert reinit deassert run boot allow"
#define REVOKE	"revoke"
#define STOP	"sleep " REVOKE " stop"
#define UNDO	"power- rtkit- sart- resources-"

static struct ans_fake *of_work(struct work_struct *work)
{
	return container_of(work, struct ans_fake, ans.recover.crash_work);
}

static void record_look(struct work_struct *work)
{
	ans_fake_log(of_work(work), "look");
}

/* It asks for one buffer. */
static int core_test_init(struct kunit *test)
{
	struct ans_fake *fake = ans_fake_new(test);

	KUNIT_ASSERT_EQ(test, ans_fake_init_all(fake, 0x8103), 0);
	INIT_WORK(&fake->ans.recover.crash_work, record_look);
	ans_function_init(&fake->ans.bridge.function, 0x27bcc0000, 0x8103);
	fake->asks[3] = 0x1000;
	test->priv = fake;
	return 0;
}

/* Set-up and removal */

static void setup_goes_in_order(struct kunit *test)
{
	struct ans_fake *fake = test->priv;

	KUNIT_EXPECT_EQ(test, ans_setup(&fake->ans, &ans_fake_parts), 0);
	flush_work(&fake->ans.recover.crash_work);
	KUNIT_EXPECT_STREQ(test, fake->log,
			   "resources+ sart+ rtkit+ power+ " START
			   " bridge+ look");
}

static void removal_goes_backwards(struct kunit *test)
{
	struct ans_fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, ans_setup(&fake->ans, &ans_fake_parts), 0);
	flush_work(&fake->ans.recover.crash_work);
	ans_fake_forget(fake);
	kunit_device_unregister(test, fake->dev);
	KUNIT_EXPECT_STREQ(test, fake->log,
			   "bridge- " STOP
			   " power- rtkit- sart- resources- free");
	ans_fake_expect_nothing_left(fake);
}

struct setup_step {
	const char *name;
	const char *step;
	int spared;
	int ret;
	const char *undo;
};

/* Two buffers are asked for. */
static const struct setup_step setup_steps[] = {
	{ "resources", "resources+", 0, -EIO, "" },
	{ "sart", "sart+", 0, -EIO, "resources-" },
	{ "rtkit", "rtkit+", 0, -EIO, "sart- resources-" },
	{ "power", "power+", 0, -EIO, "rtkit- sart- resources-" },
	{ "assert", "assert", 0, -EIO, UNDO },
	{ "reinit", "reinit", 0, -EIO, UNDO },
	{ "deassert", "deassert", 0, -EIO, UNDO },
	{ "boot", "boot", 0, -EIO, UNDO },
	{ "alloc", "alloc", 0, -ETIME, UNDO },
	{ "second alloc", "alloc", 1, -ETIME, UNDO " free" },
	{ "allow", "allow", 0, -ETIME, UNDO " free" },
	{ "second allow", "allow", 1, -ETIME, UNDO " free free" },
	{ "status", "status", 0, -ETIMEDOUT, UNDO " free free" },
	{ "bridge", "bridge+", 0, -EIO,
	  "sleep " REVOKE " " REVOKE " stop " UNDO " free free" },
};

KUNIT_ARRAY_PARAM_DESC(setup_step, setup_steps, name);

static void failed_setup_leaves_nothing(struct kunit *test)
{
	const struct setup_step *failing = test->param_value;
	struct ans_fake *fake = test->priv;

	fake->asks[0] = 0x4000;
	fake->fail = failing->step;
	fake->spared = failing->spared;
	KUNIT_EXPECT_EQ(test, ans_setup(&fake->ans, &ans_fake_parts),
			failing->ret);
	KUNIT_EXPECT_EQ(test, fake->spared, 0);
	KUNIT_EXPECT_NULL(test, strstr(fake->log, "look"));
	if (strcmp(failing->step, "bridge+"))
		KUNIT_EXPECT_NULL(test, strstr(fake->log, "bridge+"));

	fake->fail = NULL;
	ans_fake_forget(fake);
	kunit_device_unregister(test, fake->dev);
	KUNIT_EXPECT_STREQ(test, fake->log, failing->undo);
	ans_fake_expect_nothing_left(fake);
}

/*
 * The recovery's own queues run without memory, too, and may wait for the
 * handshake.
 */

static int silent(struct apple_rtkit *rtk)
{
	return -ETIME;
}

struct handshake {
	struct work_struct work;
	struct ans_firmware *fw;
	int ret;
};

static void handshake_from_work(struct work_struct *work)
{
	struct handshake *handshake = container_of(work, struct handshake,
						   work);

	mutex_lock(&handshake->fw->lock);
	handshake->ret = ans_firmware_handshake(handshake->fw, silent);
	mutex_unlock(&handshake->fw->lock);
}

static int handshake_on(struct ans_fake *fake, struct workqueue_struct *wq)
{
	struct handshake handshake = { .fw = &fake->ans.fw };

	INIT_WORK_ONSTACK(&handshake.work, handshake_from_work);
	queue_work(wq, &handshake.work);
	flush_work(&handshake.work);
	destroy_work_on_stack(&handshake.work);
	return handshake.ret;
}

static void handshake_runs_from_either_queue(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct ans_recover *recover = &fake->ans.recover;

	KUNIT_EXPECT_PTR_NE(test, recover->crash_wq, recover->flr_wq);
	KUNIT_EXPECT_PTR_NE(test, recover->crash_wq, fake->ans.fw.handshake_wq);
	KUNIT_EXPECT_PTR_NE(test, recover->flr_wq, fake->ans.fw.handshake_wq);
	KUNIT_EXPECT_EQ(test, handshake_on(fake, recover->crash_wq), -ETIME);
	KUNIT_EXPECT_EQ(test, handshake_on(fake, recover->flr_wq), -ETIME);
}

/* System sleep, through the tables that the driver core has of the driver */

/* The firmware runs. */
static const struct device_driver *prepare_sleep(struct kunit *test)
{
	struct device_driver *drv = driver_find("apple-ans2",
						&platform_bus_type);
	struct ans_fake *fake = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, drv);
	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "needs CONFIG_PM_SLEEP");
	KUNIT_ASSERT_NOT_NULL(test, drv->pm);

	dev_set_drvdata(fake->dev, &fake->ans);
	KUNIT_ASSERT_EQ(test, ans_fake_start(fake), 0);
	ans_fake_forget(fake);
	return drv;
}

/* As the reset of the function does it */
static void restart(struct ans_fake *fake)
{
	ans_recover_flr(&fake->ans.recover);
	flush_work(&fake->ans.recover.flr_work);
}

static void suspend_puts_the_firmware_to_sleep(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	KUNIT_EXPECT_EQ(test, drv->pm->suspend(fake->dev), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, STOP);
	ans_fake_expect_stopped(fake);
}

static void resume_starts_the_firmware(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->suspend(fake->dev), 0);
	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, drv->pm->resume(fake->dev), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, AGAIN);
	KUNIT_EXPECT_TRUE(test, fake->ans.fw.ready);
}

static void resume_starts_firmware_that_had_crashed(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	ans_fake_crash(fake);
	flush_work(&fake->ans.recover.crash_work);
	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(fake, 0x58), 0x00042810);
	KUNIT_EXPECT_EQ(test, drv->pm->suspend(fake->dev), 0);
	KUNIT_EXPECT_STREQ(test, fake->log,
			   "assert reinit revoke deassert stop");
	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, drv->pm->resume(fake->dev), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, AGAIN);
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(fake, 0x58), 0x00002810);
}

static void resume_leaves_firmware_that_was_down(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	ans_fake_stop(fake);
	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, drv->pm->suspend(fake->dev), 0);
	KUNIT_EXPECT_EQ(test, drv->pm->resume(fake->dev), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
	ans_fake_expect_stopped(fake);
}

static void resume_leaves_firmware_that_was_given_up(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	KUNIT_EXPECT_EQ(test, drv->pm->suspend(fake->dev), 0);
	fake->ans.recover.given_up = true;
	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, drv->pm->resume(fake->dev), -EIO);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(fake, 0x58), 0x00042810);
	ans_fake_expect_stopped(fake);
}

/* What waits for a reset of the function sees the fatal error. */
static void failed_resume_is_a_crash(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->prepare(fake->dev), 0);
	KUNIT_ASSERT_EQ(test, drv->pm->suspend(fake->dev), 0);
	ans_fake_forget(fake);
	fake->fail = "assert";
	KUNIT_EXPECT_EQ(test, drv->pm->resume(fake->dev), -EIO);
	KUNIT_EXPECT_STREQ(test, fake->log, "assert assert");
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(fake, 0x58), 0x00042810);
	ans_fake_expect_stopped(fake);

	fake->fail = NULL;
	ans_fake_forget(fake);
	restart(fake);
	KUNIT_EXPECT_STREQ(test, fake->log, AGAIN);
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(fake, 0x58), 0x00002810);
	drv->pm->complete(fake->dev);
	flush_work(&fake->ans.recover.crash_work);
}

static void nothing_starts_from_suspend_to_resume(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->suspend(fake->dev), 0);
	ans_fake_forget(fake);
	restart(fake);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
	KUNIT_EXPECT_FALSE(test, fake->ans.recover.given_up);

	KUNIT_ASSERT_EQ(test, drv->pm->resume(fake->dev), 0);
	ans_fake_forget(fake);
	restart(fake);
	KUNIT_EXPECT_STREQ(test, fake->log, STOP " " AGAIN);
}

static void slow_look(struct work_struct *work)
{
	msleep(50);
	record_look(work);
}

static void sleep_waits_for_a_recovery(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	INIT_WORK(&fake->ans.recover.crash_work, slow_look);
	ans_recover_look(&fake->ans.recover);
	KUNIT_EXPECT_EQ(test, drv->pm->prepare(fake->dev), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "look");
	KUNIT_EXPECT_TRUE(test, fake->ans.recover.sleeping);
}

static void crash_is_looked_for_when_sleep_is_over(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct ans_fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->prepare(fake->dev), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
	drv->pm->complete(fake->dev);
	flush_work(&fake->ans.recover.crash_work);
	KUNIT_EXPECT_STREQ(test, fake->log, "look");
	KUNIT_EXPECT_FALSE(test, fake->ans.recover.sleeping);
}

static void shutdown_stops_the_firmware_for_good(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct platform_device *pdev;
	struct ans_fake *fake = test->priv;

	pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	platform_set_drvdata(pdev, &fake->ans);
	to_platform_driver(drv)->shutdown(pdev);
	KUNIT_EXPECT_STREQ(test, fake->log, STOP);
	ans_fake_expect_stopped(fake);

	ans_fake_forget(fake);
	restart(fake);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
	ans_fake_expect_stopped(fake);
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(setup_goes_in_order),
	KUNIT_CASE(removal_goes_backwards),
	KUNIT_CASE_PARAM(failed_setup_leaves_nothing, setup_step_gen_params),
	KUNIT_CASE(handshake_runs_from_either_queue),
	KUNIT_CASE(suspend_puts_the_firmware_to_sleep),
	KUNIT_CASE(resume_starts_the_firmware),
	KUNIT_CASE(resume_starts_firmware_that_had_crashed),
	KUNIT_CASE(resume_leaves_firmware_that_was_down),
	KUNIT_CASE(resume_leaves_firmware_that_was_given_up),
	KUNIT_CASE(failed_resume_is_a_crash),
	KUNIT_CASE(nothing_starts_from_suspend_to_resume),
	KUNIT_CASE(sleep_waits_for_a_recovery),
	KUNIT_CASE(crash_is_looked_for_when_sleep_is_over),
	KUNIT_CASE(shutdown_stops_the_firmware_for_good),
	{}
};

static struct kunit_suite core_suite = {
	.name = "apple_ans2_core",
	.init = core_test_init,
	.test_cases = core_cases,
};

kunit_test_suite(core_suite);
