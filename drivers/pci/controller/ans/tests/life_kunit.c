// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: what comes between the ANS2 and its driver
 *
 * Sleep of the system, a user who removes the function or unbinds its driver, a
 * driver that cannot be bound, and the beginning and the end of all. rig.c sets
 * it up and looks for what is left.
 *
 * What the suite cannot see: nvme-pci, and the order in which the driver core
 * suspends.
 */

#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/pci.h>
#include <linux/pm.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "rig.h"

#define BIND	"probe bind"
#define REFUSE	"probe refuse"
#define RESTART	" stop run "

/*
 * Sleep
 */

/* The reset ends, or whoever waits for it would find the function lost. */
static void nothing_starts_while_closed(struct kunit *test)
{
	const struct dev_pm_ops *pm = ans_rig_pm_ops(test);
	struct ans_rig *t = ans_rig_use(test);

	KUNIT_EXPECT_EQ(test, pm->suspend(t->fake->dev), 0);
	ans_fake_forget(t->fake);
	KUNIT_EXPECT_EQ(test, pcie_reset_flr(t->pdev, PCI_RESET_DO_RESET), 0);
	KUNIT_EXPECT_TRUE(test, pci_device_is_present(t->pdev));
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");

	KUNIT_EXPECT_EQ(test, pm->resume(t->fake->dev), 0);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "run");
	ans_rig_expect_up(t);
}

static void crash_before_sleep_is_left_to_resume(struct kunit *test)
{
	const struct dev_pm_ops *pm = ans_rig_pm_ops(test);
	struct ans_rig *t = ans_rig_use(test);

	KUNIT_EXPECT_EQ(test, pm->prepare(t->fake->dev), 0);
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");
	KUNIT_EXPECT_EQ(test, ans_fake_cfg(t->fake, 0x58), 0x00042810);
	KUNIT_EXPECT_EQ(test, pm->suspend(t->fake->dev), 0);
	KUNIT_EXPECT_EQ(test, pm->resume(t->fake->dev), 0);
	pm->complete(t->fake->dev);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "stop run");
	ans_rig_expect_up(t);
}

static void crash_is_recovered_when_sleep_is_over(struct kunit *test)
{
	const struct dev_pm_ops *pm = ans_rig_pm_ops(test);
	struct ans_rig *t = ans_rig_use(test);

	KUNIT_EXPECT_EQ(test, pm->prepare(t->fake->dev), 0);
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");
	pm->complete(t->fake->dev);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "prepare stop run done");
	ans_rig_expect_up(t);
}

static void failed_resume_is_recovered(struct kunit *test)
{
	const struct dev_pm_ops *pm = ans_rig_pm_ops(test);
	struct ans_rig *t = ans_rig_use(test);

	KUNIT_EXPECT_EQ(test, pm->prepare(t->fake->dev), 0);
	KUNIT_EXPECT_EQ(test, pm->suspend(t->fake->dev), 0);
	ans_fake_forget(t->fake);
	t->fake->fail = "boot";
	t->fake->times = 2;
	KUNIT_EXPECT_EQ(test, pm->resume(t->fake->dev), -EIO);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "run stop run stop");
	ans_fake_forget(t->fake);
	pm->complete(t->fake->dev);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "prepare run done");
	ans_rig_expect_up(t);
}

/* The system begins to go to sleep meanwhile, and waits for it. */
static void begin_to_sleep(struct ans_client *client, struct pci_dev *pdev,
			   const char *event)
{
	if (!strcmp(event, "prepare"))
		client->fake->ans.recover.sleeping = true;
}

static void recovery_that_was_begun_goes_on(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	t->client->at = begin_to_sleep;
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "prepare stop run done");
	ans_rig_expect_up(t);
}

/*
 * Function that was removed
 */

static void removed_function_is_found_by_a_rescan(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	pci_stop_and_remove_bus_device_locked(t->pdev);
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove stop run");
	ans_rig_rescan(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove stop run " BIND);
	KUNIT_EXPECT_TRUE(test, ans_rig_has_function(t));
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   "remove stop run " BIND " prepare stop run done");
	ans_rig_expect_up(t);
}

/* Who has that lock may be about to look for the function. */
static void restart_waits_for_the_lock_of_the_core(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	pci_stop_and_remove_bus_device_locked(t->pdev);
	ans_fake_forget(t->fake);
	pci_lock_rescan_remove();
	ans_fake_crash(t->fake);
	msleep(50);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "");
	pci_unlock_rescan_remove();
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "stop run");
	ans_rig_expect_up(t);
}

/* The rescan came first, and what it found is recovered as any function. */
static void function_that_a_rescan_finds_is_recovered(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	pci_stop_and_remove_bus_device_locked(t->pdev);
	ans_fake_forget(t->fake);
	pci_lock_rescan_remove();
	ans_fake_crash(t->fake);
	msleep(50);
	pci_rescan_bus(t->bridge->host->bus);
	pci_unlock_rescan_remove();
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   BIND " prepare stop run done");
	ans_rig_expect_up(t);

	/* From here on it is the one whose references are counted. */
	KUNIT_EXPECT_EQ(test, kref_read(&t->pdev->dev.kobj.kref), 1);
	pci_dev_put(t->pdev);
	t->pdev = ans_bridge_get_function(t->bridge);
}

/*
 * Probes
 */

struct probes {
	const char *name;
	int refuses;
	int crashes;
	const char *log;
	bool bound;
};

/* The first one is that of the set-up. */
static const struct probes probes[] = {
	{
		.name = "fails once",
		.refuses = 1,
		.log = "run bridge probe refuse probe bind",
		.bound = true,
	}, {
		.name = "fails three times",
		.refuses = RIG_PROBES,
		.log = "run bridge " REFUSE " " REFUSE " " REFUSE " " BIND,
		.bound = true,
	}, {
		.name = "fails for good",
		.refuses = 100,
		.log = "run bridge " REFUSE " " REFUSE " " REFUSE " " REFUSE,
	}, {
		.name = "crash",
		.crashes = 1,
		.log = "run bridge " REFUSE RESTART BIND,
		.bound = true,
	}, {
		.name = "crash each time",
		.crashes = 100,
		.log = "run bridge " REFUSE RESTART REFUSE RESTART
		       REFUSE RESTART REFUSE " stop run",
	},
};

KUNIT_ARRAY_PARAM_DESC(probes, probes, name);

static void probe_that(struct kunit *test)
{
	const struct probes *probe = test->param_value;
	struct ans_rig *t = test->priv;

	t->client->refuses = probe->refuses;
	t->client->crashes = probe->crashes;
	ans_rig_set_up(test);
	KUNIT_EXPECT_STREQ(test, t->fake->log, probe->log);
	KUNIT_EXPECT_EQ(test, t->client->bound, probe->bound);
	ans_rig_expect_up(t);
}

static void unbound_driver_is_not_bound_again(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	device_release_driver(&t->pdev->dev);
	ans_rig_settle(t);
	ans_rig_crash(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove stop run");
	KUNIT_EXPECT_EQ(test, t->client->bound, 0);
}

static void lost_function_is_not_bound_again(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	device_release_driver(&t->pdev->dev);
	ans_function_set_lost(&t->bridge->function);
	ans_recover_probed(t->recover, false);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove");
}

static void probes_are_granted_anew_by_a_bind(struct kunit *test)
{
	struct ans_rig *t = test->priv;

	t->client->refuses = 1 + RIG_PROBES;
	ans_rig_set_up(test);
	KUNIT_EXPECT_EQ(test, t->client->bound, 0);

	/* a user's, which fails, too: it gets no other */
	ans_fake_forget(t->fake);
	t->client->refuses = 1;
	KUNIT_EXPECT_EQ(test, device_attach(&t->pdev->dev), 0);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, REFUSE);
	KUNIT_EXPECT_EQ(test, device_attach(&t->pdev->dev), 1);
	device_release_driver(&t->pdev->dev);

	ans_fake_forget(t->fake);
	t->client->refuses = RIG_PROBES;
	KUNIT_EXPECT_EQ(test, device_attach(&t->pdev->dev), 0);
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   REFUSE " " REFUSE " " REFUSE " " BIND);
}

/* One that fits is missing: it is looked for once. */
static void missing_driver_is_looked_for_once(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);
	int i;

	device_release_driver(&t->pdev->dev);
	KUNIT_ASSERT_EQ(test, device_set_driver_override(&t->pdev->dev,
							 "nobody"), 0);
	ans_recover_probed(t->recover, false);
	for (i = 0; i < 2; i++) {
		ans_rig_settle(t);
		KUNIT_EXPECT_EQ(test, t->recover->probes, RIG_PROBES - 1);
		ans_recover_look(t->recover);
	}
	ans_rig_settle(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove");
}

/*
 * Beginning and end
 */

static void crash_without_a_bridge_is_recovered_with_it(struct kunit *test)
{
	struct ans_rig *t = test->priv;

	t->fake->crash_late = 1;
	ans_rig_set_up(test);
	KUNIT_EXPECT_STREQ(test, t->fake->log,
			   "run bridge " BIND " prepare stop run done");
	ans_rig_expect_up(t);
}

/* What crashed while it was started has been started again. */
static void crash_in_the_first_start_is_done_with(struct kunit *test)
{
	struct ans_rig *t = test->priv;

	t->fake->crash_early = 1;
	ans_rig_set_up(test);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "run stop run bridge " BIND);
	ans_rig_expect_up(t);
}

static void hold_the_lock_of_the_core(struct work_struct *work)
{
	struct ans_rig *t = container_of(work, struct ans_rig,
					      holder);

	pci_lock_rescan_remove();
	complete(&t->held);
	msleep(100);
	pci_unlock_rescan_remove();
}

/* A crash when the bridge has gone: the recovery hangs a while at a lock. */
static void crash_late(void *data)
{
	struct ans_rig *t = data;

	schedule_work(&t->holder);
	wait_for_completion(&t->held);
	ans_fake_crash(t->fake);
}

/* As the last thing that happens to the firmware */
static void look_for_work(struct ans_fake *fake, const char *step)
{
	struct ans_rig *t = ans_rig_of(fake);

	if (strcmp(step, "stop"))
		return;
	KUNIT_EXPECT_FALSE(fake->test, work_busy(&t->recover->crash_work));
	KUNIT_EXPECT_FALSE(fake->test, work_busy(&t->recover->flr_work));
}

static int bridge_and_crash(struct ans *ans)
{
	struct ans_fake *fake = container_of(ans, struct ans_fake, ans);
	int ret;

	ret = devm_add_action_or_reset(fake->dev, crash_late,
				       ans_rig_of(fake));
	return ret ?: ans_rig_parts.bridge(ans);
}

static void removal_waits_for_what_is_queued(struct kunit *test)
{
	struct ans_rig *t = test->priv;
	struct ans_parts late_parts = ans_rig_parts;

	INIT_WORK(&t->holder, hold_the_lock_of_the_core);
	late_parts.bridge = bridge_and_crash;
	KUNIT_ASSERT_EQ(test, ans_setup(&t->fake->ans, &late_parts), 0);
	ans_rig_settle(t);
	ans_fake_forget(t->fake);
	t->fake->at = look_for_work;
	ans_rig_take_away(t);
	flush_work(&t->holder);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove stop");
	KUNIT_EXPECT_EQ(test, t->fake->runs, 1);
}

/* A reset that begins when the function has gone, behind something else */

static void hold_the_queue(struct work_struct *work)
{
	struct ans_rig *t = container_of(work, struct ans_rig, holder);

	wait_for_completion(&t->held);
}

static void reset_late(void *data)
{
	struct ans_rig *t = data;

	workqueue_set_max_active(t->recover->flr_wq, 1);
	queue_work(t->recover->flr_wq, &t->holder);
	ans_recover_flr(t->recover);
}

static void look_for_work_and_go_on(struct ans_fake *fake, const char *step)
{
	look_for_work(fake, step);
	complete_all(&ans_rig_of(fake)->held);
}

static int bridge_and_reset(struct ans *ans)
{
	struct ans_fake *fake = container_of(ans, struct ans_fake, ans);
	int ret;

	ret = devm_add_action_or_reset(fake->dev, reset_late,
				       ans_rig_of(fake));
	return ret ?: ans_rig_parts.bridge(ans);
}

static void removal_takes_back_what_is_queued(struct kunit *test)
{
	struct ans_rig *t = test->priv;
	struct ans_parts late_parts = ans_rig_parts;

	INIT_WORK(&t->holder, hold_the_queue);
	late_parts.bridge = bridge_and_reset;
	KUNIT_ASSERT_EQ(test, ans_setup(&t->fake->ans, &late_parts), 0);
	ans_rig_settle(t);
	ans_fake_forget(t->fake);
	t->fake->at = look_for_work_and_go_on;
	ans_rig_take_away(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove stop");
}

/* The driver resets the function when it lets go of it for good. */
static void crash_at_removal(struct ans_client *client, struct pci_dev *pdev,
			     const char *event)
{
	if (strcmp(event, "remove"))
		return;
	ans_fake_crash(client->fake);
	KUNIT_EXPECT_EQ(client->fake->test,
			pcie_reset_flr(pdev, PCI_RESET_DO_RESET), 0);
}

static void crash_at_removal_is_recovered_once(struct kunit *test)
{
	struct ans_rig *t = ans_rig_use(test);

	t->client->at = crash_at_removal;
	ans_rig_take_away(t);
	KUNIT_EXPECT_STREQ(test, t->fake->log, "remove stop run stop");
}

static struct kunit_case life_cases[] = {
	KUNIT_CASE(nothing_starts_while_closed),
	KUNIT_CASE(crash_before_sleep_is_left_to_resume),
	KUNIT_CASE(crash_is_recovered_when_sleep_is_over),
	KUNIT_CASE(failed_resume_is_recovered),
	KUNIT_CASE(recovery_that_was_begun_goes_on),
	KUNIT_CASE(removed_function_is_found_by_a_rescan),
	KUNIT_CASE(restart_waits_for_the_lock_of_the_core),
	KUNIT_CASE(function_that_a_rescan_finds_is_recovered),
	KUNIT_CASE_PARAM(probe_that, probes_gen_params),
	KUNIT_CASE(unbound_driver_is_not_bound_again),
	KUNIT_CASE(lost_function_is_not_bound_again),
	KUNIT_CASE(probes_are_granted_anew_by_a_bind),
	KUNIT_CASE(missing_driver_is_looked_for_once),
	KUNIT_CASE(crash_without_a_bridge_is_recovered_with_it),
	KUNIT_CASE(crash_in_the_first_start_is_done_with),
	KUNIT_CASE(removal_waits_for_what_is_queued),
	KUNIT_CASE(removal_takes_back_what_is_queued),
	KUNIT_CASE(crash_at_removal_is_recovered_once),
	{}
};

static struct kunit_suite life_suite = {
	.name = "apple_ans2_life",
	.init = ans_rig_init,
	.exit = ans_rig_exit,
	.test_cases = life_cases,
};

kunit_test_suite(life_suite);
