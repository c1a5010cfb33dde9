// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: function resets of the ANS2, and its recovery from a crash
 *
 * rig.c sets all of it up and looks for what is left. The log says in which
 * order firmware and driver are told of what.
 *
 * What the suite cannot see: nvme-pci, and commands that are in flight.
 */

#include <kunit/test.h>

#include <linux/console.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/string.h>

#include "rig.h"

/*
 * Crash
 */

enum driver {
	BOUND,
	UNBOUND,
	REMOVED,
};

/**
 * struct crash - a crash, and what comes of it
 * @name: name of the case
 * @driver: whether the function has a driver
 * @resets_first: the driver resets the function when it lets go
 * @resets_after: so often it does when the reset is over
 * @gives_up: it does not go on
 * @fails: so many handshakes time out
 * @early: so many handshakes are ended by a crash
 * @late: after so many there is a crash
 * @log: what happens
 * @lost: and the function is lost
 */
struct crash {
	const char *name;
	enum driver driver;
	bool resets_first;
	int resets_after;
	bool gives_up;
	int fails;
	int early;
	int late;
	const char *log;
	bool lost;
};

static const struct crash crashes[] = {
	{
		.name = "driver",
		.log = "prepare stop run done",
	}, {
		.name = "driver resets first",
		.resets_first = true,
		.log = "prepare stop run flr done",
	}, {
		/* The controller was used in between, so it must be stopped. */
		.name = "driver resets afterwards",
		.resets_after = 1,
		.log = "prepare stop run done stop run flr",
	}, {
		.name = "driver resets before and after",
		.resets_first = true,
		.resets_after = 1,
		.log = "prepare stop run flr done stop run flr",
	}, {
		.name = "driver gives up",
		.gives_up = true,
		.log = "prepare stop run done",
	}, {
		.name = "no driver",
		.driver = UNBOUND,
		.log = "stop run",
	}, {
		.name = "no function",
		.driver = REMOVED,
		.log = "stop run",
	}, {
		.name = "start fails once",
		.fails = 1,
		.log = "prepare stop run stop run done",
	}, {
		.name = "start fails once, driver resets first",
		.resets_first = true,
		.fails = 1,
		.log = "prepare stop run stop run flr done",
	}, {
		.name = "start fails once, no driver",
		.driver = UNBOUND,
		.fails = 1,
		.log = "stop run stop run",
	}, {
		.name = "start fails once, no function",
		.driver = REMOVED,
		.fails = 1,
		.log = "stop run stop run",
	}, {
		.name = "start fails",
		.fails = 2,
		.log = "prepare stop run stop run stop done pulled",
		.lost = true,
	}, {
		.name = "start fails, driver resets first",
		.resets_first = true,
		.fails = 2,
		.log = "prepare stop run stop run stop done pulled",
		.lost = true,
	}, {
		.name = "start fails, no driver",
		.driver = UNBOUND,
		.fails = 2,
		.log = "stop run stop run stop",
		.lost = true,
	}, {
		.name = "start fails, no function",
		.driver = REMOVED,
		.fails = 2,
		.log = "stop run stop run stop",
		.lost = true,
	}, {
		/* The second start is one without a crash. */
		.name = "crash during the start",
		.early = 1,
		.log = "prepare stop run stop run done",
	}, {
		.name = "crash during the start, no driver",
		.driver = UNBOUND,
		.early = 1,
		.log = "stop run stop run",
	}, {
		.name = "crash during both starts",
		.early = 2,
		.log = "prepare stop run stop run stop done pulled",
		.lost = true,
	}, {
		.name = "crash after the start",
		.late = 1,
		.log = "prepare stop run done prepare stop run done",
	}, {
		.name = "crash after the start, driver resets first",
		.resets_first = true,
		.late = 1,
		.log = "prepare stop run flr stop run done",
	}, {
		.name = "crash after the start, no driver",
		.driver = UNBOUND,
		.late = 1,
		.log = "stop run stop run",
	}, {
		.name = "crash after the start, no function",
		.driver = REMOVED,
		.late = 1,
		.log = "stop run stop run",
	},
};

KUNIT_ARRAY_PARAM_DESC(crash, crashes, name);

static void prepare_crash(struct ans_rig *t, const struct crash *crash)
{
	if (crash->driver == UNBOUND)
		device_release_driver(&t->pdev->dev);
	else if (crash->driver == REMOVED)
		pci_stop_and_remove_bus_device_locked(t->pdev);
	ans_fake_forget(t->fake);
	t->client->resets_first = crash->resets_first;
	t->client->resets_after = crash->resets_after;
	t->client->gives_up = crash->gives_up;
	t->fake->fail = crash->fails ? "boot" : NULL;
	t->fake->times = crash->fails;
	t->fake->crash_early = crash->early;
	t->fake->crash_late = crash->late;
}

/* What was recovered from once is recovered from again. */
static void crash_of(struct kunit *test)
{
	const struct crash *crash_case = test->param_value;
	struct ans_rig *t = ans_rig_use(test);

	prepare_crash(t, crash_case);
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, crash_case->log);
	if (crash_case->lost) {
		ans_rig_expect_given_up(t);
		return;
	}
	ans_rig_expect_up(t);
	KUNIT_EXPECT_EQ(test, ans_rig_has_function(t),
			crash_case->driver != REMOVED);
	KUNIT_EXPECT_EQ(test, t->client->bound, crash_case->driver == BOUND);

	t->client->resets_first = false;
	ans_fake_forget(t->fake);
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   crash_case->driver == BOUND ?
			   "prepare stop run done" : "stop run");
	ans_rig_expect_up(t);
}

/* It is restarted once for all reports, and not given up for their number. */
static void crash_may_be_reported_often(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);
	int i;

	ans_fake_forget(t->fake);
	mutex_lock(&t->fake->ans.fw.lock);
	for (i = 0; i < 20; i++)
		ans_fake_crash(t->fake);
	mutex_unlock(&t->fake->ans.fw.lock);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "prepare stop run done");
	ans_rig_expect_up(t);
}

/* The driver sees it until the start, and the function answers. */
static void look_at_error(struct ans_client *client, struct pci_dev *pdev,
			  const char *event)
{
	struct kunit *test = client->fake->test;
	u32 val = 0;

	pci_read_config_dword(pdev, 0x58, &val);
	if (!strcmp(event, "prepare"))
		KUNIT_EXPECT_EQ(test, val & 0xffff0000, 0x00040000);
	if (!strcmp(event, "done"))
		KUNIT_EXPECT_EQ(test, val & 0xffff0000, 0);
}

static void crash_is_reported_until_the_start(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	t->client->at = look_at_error;
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "prepare stop run done");
}

/* Whoever had the device lock meanwhile has reset the function. */
static void crash_that_is_repaired_is_let_be(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	device_lock(&t->pdev->dev);
	ans_fake_crash(t->fake);
	KUNIT_EXPECT_EQ(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	device_unlock(&t->pdev->dev);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "stop run");
	ans_rig_expect_up(t);
}

static void look_without_a_crash_does_nothing(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	ans_recover_look(t->recover);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");
	pci_stop_and_remove_bus_device_locked(t->pdev);
	ans_recover_look(t->recover);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove");
	KUNIT_EXPECT_EQ(test, t->fake->runs, 1);
}

/* Messages, which are all that comes of a driver that gives up */

static const char *awaited;
static bool was_said;

static void catch_message(struct console *con, const char *s, unsigned int n)
{
	if (strnstr(s, awaited, n))
		was_said = true;
}

static struct console catcher = {
	.name = "ans-kunit",
	.write = catch_message,
	.index = -1,
};

static bool crash_says(struct ans_rig *t, const char *what)
{
	awaited = what;
	was_said = false;
	/* It is taken although nobody has asked for it. */
	catcher.flags = CON_ENABLED;
	register_console(&catcher);
	ans_rig_crash(t);
	/* All that was said is written by then. */
	console_lock();
	console_unlock();
	unregister_console(&catcher);
	return was_said;
}

static void driver_that_gives_up_is_named(struct kunit *test)
{
	static const char given_up[] = "driver of the function has given up";
	struct ans_rig *t = ans_rig_use(test);

	KUNIT_EXPECT_FALSE(test, crash_says(t, given_up));
	t->client->gives_up = true;
	KUNIT_EXPECT_TRUE(test, crash_says(t, given_up));
	KUNIT_EXPECT_TRUE(test, ans_rig_has_function(t));
	device_release_driver(&t->pdev->dev);
	KUNIT_EXPECT_FALSE(test, crash_says(t, given_up));
}

/*
 * Too many crashes
 */

static void too_many_crashes_are_the_last(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);
	int i;

	for (i = 0; i < RIG_CRASHES; i++)
		ans_rig_crash(t);
	ans_rig_expect_up(t);
	KUNIT_EXPECT_EQ(test, t->fake->runs, 1 + RIG_CRASHES);
	ans_fake_forget(t->fake);
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "prepare stop done pulled");
	ans_rig_expect_given_up(t);
}

static void crashes_while_removed_are_limited(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);
	int i;

	pci_stop_and_remove_bus_device_locked(t->pdev);
	for (i = 0; i < RIG_CRASHES + 2; i++)
		ans_rig_crash(t);
	KUNIT_EXPECT_EQ(test, t->fake->runs, 1 + RIG_CRASHES);
	ans_rig_expect_given_up(t);
}

static void crashes_are_forgotten_after_a_minute(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);
	int i;

	pci_stop_and_remove_bus_device_locked(t->pdev);
	for (i = 0; i < RIG_CRASHES; i++)
		ans_rig_crash(t);
	t->recover->limit.begin -= 60 * HZ + 1;
	for (i = 0; i < RIG_CRASHES; i++)
		ans_rig_crash(t);
	KUNIT_EXPECT_EQ(test, t->fake->runs, 1 + 2 * RIG_CRASHES);
	ans_rig_expect_up(t);
}

static void nothing_starts_what_was_given_up(struct kunit *test)
{
	const struct dev_pm_ops *pm = ans_rig_pm_ops(test);
	struct ans_rig *t = ans_rig_use(test);

	t->fake->fail = "boot";
	ans_rig_crash(t);
	ans_rig_expect_given_up(t);
	t->fake->fail = NULL;
	ans_fake_forget(t->fake);

	ans_rig_crash(t);
	ans_recover_flr(t->recover);
	ans_rig_settle(t);
	ans_rig_rescan(t);
	KUNIT_EXPECT_EQ(test, pm->prepare(t->fake->dev), 0);
	KUNIT_EXPECT_EQ(test, pm->suspend(t->fake->dev), 0);
	KUNIT_EXPECT_EQ(test, pm->resume(t->fake->dev), 0);
	pm->complete(t->fake->dev);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");
	ans_rig_expect_given_up(t);
}

/* Its crashes are in the queue, and its removal waits for somebody's lock. */
static void function_that_is_being_removed_is_let_be(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	t->fake->crash_early = 2;
	pci_lock_rescan_remove();
	ans_fake_crash(t->fake);
	/* Not flush_work(): other functions' recoveries take that lock. */
	while (work_busy(&t->recover->crash_work))
		msleep(20);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   "prepare stop run stop run stop done");
	pci_unlock_rescan_remove();
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   "prepare stop run stop run stop done pulled");
	ans_rig_expect_given_up(t);
}

/*
 * Function resets
 */

static void reset_restarts_firmware_that_is_well(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	KUNIT_EXPECT_EQ(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "stop run");
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
	ans_rig_expect_up(t);
}

static void reset_by_the_user_is_told_to_the_driver(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	KUNIT_EXPECT_EQ(test, pci_reset_function(t->pdev), 0);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "prepare stop run done");
	ans_rig_expect_up(t);
}

/* Whoever waits for it may hold the locks that the removal needs. */
static void failed_reset_removes_the_function(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	t->fake->fail = "boot";
	pci_lock_rescan_remove();
	device_lock(&t->pdev->dev);
	KUNIT_EXPECT_NE(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	device_unlock(&t->pdev->dev);
	pci_unlock_rescan_remove();
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "stop run stop run stop pulled");
	ans_rig_expect_given_up(t);
}

static void failed_start_is_a_fatal_error(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	mutex_lock(&t->fake->ans.fw.lock);
	ans_firmware_stop(&t->fake->ans.fw);
	t->fake->fail = "boot";
	KUNIT_EXPECT_EQ(test, ans_recover_start(t->recover), -EIO);
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(t->fake, 0x58), 0x00042810);
	t->fake->fail = NULL;
	KUNIT_EXPECT_EQ(test, ans_recover_start(t->recover), 0);
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(t->fake, 0x58), 0x00002810);
	mutex_unlock(&t->fake->ans.fw.lock);
}

/* It may be in the middle of a start. */
static void look_waits_for_the_firmware(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	mutex_lock(&t->fake->ans.fw.lock);
	ans_recover_look(t->recover);
	msleep(100);
	KUNIT_EXPECT_NE(test, work_busy(&t->recover->crash_work), 0);
	mutex_unlock(&t->fake->ans.fw.lock);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");
}

/* One that comes before the error is cleared was reported for nothing. */
static void crash_behind_a_start_is_a_fatal_error(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	mutex_lock(&t->fake->ans.fw.lock);
	ans_firmware_stop(&t->fake->ans.fw);
	t->fake->crash_late = 1;
	KUNIT_EXPECT_EQ(test, ans_recover_start(t->recover), 0);
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(t->fake, 0x58), 0x00042810);
	mutex_unlock(&t->fake->ans.fw.lock);
	ans_rig_settle(t);
	ans_rig_expect_up(t);
}

/* As a start does that was under way when the firmware was given up */
static void start_late(struct ans_client *client, struct pci_dev *pdev,
		       const char *event)
{
	client->fake->fail = NULL;
	if (!strcmp(event, "pulled"))
		KUNIT_EXPECT_EQ(client->fake->test,
				ans_fake_start(client->fake), 0);
}

static void firmware_is_stopped_when_its_function_is_gone(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	t->recover->given_up = true;
	t->client->at = start_late;
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   "prepare stop done pulled run stop");
	ans_rig_expect_given_up(t);
}

static struct kunit_case recover_cases[] = {
	KUNIT_CASE_PARAM(crash_of, crash_gen_params),
	KUNIT_CASE(crash_may_be_reported_often),
	KUNIT_CASE(crash_is_reported_until_the_start),
	KUNIT_CASE(crash_that_is_repaired_is_let_be),
	KUNIT_CASE(look_without_a_crash_does_nothing),
	KUNIT_CASE(driver_that_gives_up_is_named),
	KUNIT_CASE_SLOW(too_many_crashes_are_the_last),
	KUNIT_CASE(crashes_while_removed_are_limited),
	KUNIT_CASE(crashes_are_forgotten_after_a_minute),
	KUNIT_CASE(nothing_starts_what_was_given_up),
	KUNIT_CASE(function_that_is_being_removed_is_let_be),
	KUNIT_CASE(reset_restarts_firmware_that_is_well),
	KUNIT_CASE(reset_by_the_user_is_told_to_the_driver),
	KUNIT_CASE(failed_reset_removes_the_function),
	KUNIT_CASE(failed_start_is_a_fatal_error),
	KUNIT_CASE(look_waits_for_the_firmware),
	KUNIT_CASE(crash_behind_a_start_is_a_fatal_error),
	KUNIT_CASE(firmware_is_stopped_when_its_function_is_gone),
	{}
};

static struct kunit_suite recover_suite = {
	.name = "apple_ans2_recover",
	.init = ans_rig_init,
	.exit = ans_rig_exit,
	.test_cases = recover_cases,
};

kunit_test_suite(recover_suite);
