// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Apple ANS2's queue path in nvme-pci: taking a controller
 * down, and getting it back
 *
 * ans2-recover.c includes this file. See ans2_pci_fixture.c.
 */

#include <linux/sched/signal.h>

#define T_DOWN		"delete-sq delete-cq off"
#define T_AGAIN		"on identify set create-cq create-sq" T_SCAN

/*
 * In order
 */

static void unbind_in_order(struct kunit *test)
{
	pci_test_start(test);
	pci_test_unbind(test);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
}

static void reset_in_order(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, T_DOWN " " T_AGAIN);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static void reset_allocates_without_io(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_GT(test, t->by_reset, 0);
	KUNIT_EXPECT_EQ(test, t->with_io, 0);
}

static void many_resets_leave_nothing(struct kunit *test)
{
	struct pci_test *t = test->priv;
	unsigned int i, refs;

	pci_test_start(test);
	refs = kref_read(&t->dev->ctrl.device->kobj.kref);
	for (i = 0; i < 20; i++) {
		pci_test_reset_now(test);
		KUNIT_ASSERT_TRUE(test, pci_test_recovers(t));
		flush_work(&t->dev->ctrl.scan_work);
	}
	KUNIT_EXPECT_EQ(test, kref_read(&t->dev->ctrl.device->kobj.kref), refs);
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 0);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static void function_reset_in_order(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	/* The PCI core has locks of its own. */
	t->fake.allowed = "reset without the lock";
	KUNIT_EXPECT_EQ(test, pci_reset_function(t->fake.pdev), 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, T_DOWN " flr " T_AGAIN);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static void shutdown_in_order(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	nvme_shutdown(t->fake.pdev);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
	KUNIT_EXPECT_EQ(test, t->dev->ctrl.shutdown_timeout, 60);
}

static void drive_may_ask_for_a_longer_shutdown(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	t->dev->ctrl.shutdown_timeout = 100;
	nvme_shutdown(t->fake.pdev);
	KUNIT_EXPECT_EQ(test, t->dev->ctrl.shutdown_timeout, 100);
}

static void pci_test_sleep(struct kunit *test, bool sleep)
{
	struct pci_test *t = test->priv;
	struct device *dev = &t->fake.pdev->dev;
	const struct dev_pm_ops *pm = dev->driver->pm;

	if (!pm || !pm->suspend || !pm->resume)
		kunit_skip(test, "no power management");
	KUNIT_EXPECT_EQ(test, sleep ? pm->suspend(dev) : pm->resume(dev), 0);
}

static void suspend_in_order(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_sleep(test, true);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
	pci_test_sleep(test, false);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off " T_AGAIN);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/*
 * Taking it down
 */

struct going {
	const char *name;
	struct fake_traits traits;
	bool unbind;
	const char *log;
};

/*
 * CAP.TO is a second here if nothing else is said; a shutdown may take longer
 * than the core's 5 s.
 */
static const struct going goings[] = {
	{
		.name = "slow to stop",
		.traits = { .off_ms = 600 },
		.log = T_DOWN " " T_AGAIN,
	}, {
		.name = "slow to stop, half a second rounded up",
		.traits = { .off_ms = 400, .cap_to = 1 },
		.log = T_DOWN " " T_AGAIN,
	}, {
		.name = "a bit too slow to stop",
		.traits = { .off_ms = 1600 },
		.log = T_DOWN " flr " T_AGAIN,
	}, {
		.name = "too slow to stop",
		.traits = { .off_ms = 3000 },
		.log = T_DOWN " flr " T_AGAIN,
	}, {
		.name = "never stops",
		.traits = { .off_ms = -1 },
		.log = T_DOWN " flr " T_AGAIN,
	}, {
		.name = "shutdown, never stops",
		.traits = { .off_ms = -1 },
		.unbind = true,
		.log = "delete-sq delete-cq shutdown off flr",
	}, {
		.name = "slow to shut down",
		.traits = { .shutdown_ms = 6000 },
		.unbind = true,
		.log = "delete-sq delete-cq shutdown off",
	},
};

static void going_name(const struct going *g, char *desc)
{
	strscpy(desc, g->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(going, goings, going_name);

static void goes_down(struct kunit *test)
{
	const struct going *g = test->param_value;
	struct pci_test *t = test->priv;

	if (g->traits.cap_to)
		t->fake.traits.cap_to = g->traits.cap_to;
	pci_test_start(test);
	t->fake.traits.off_ms = g->traits.off_ms;
	t->fake.traits.shutdown_ms = g->traits.shutdown_ms;
	if (g->unbind) {
		pci_test_unbind(test);
	} else {
		pci_test_reset_now(test);
		KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
		pci_test_expect_bio(test, pci_test_bio(test), 0);
	}
	pci_test_expect_log(test, g->log);
	t->fake.traits.off_ms = 0;
}

/* Whoever unbinds may be killed meanwhile. */
static void signal_does_not_end_a_shutdown(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	t->fake.traits.shutdown_ms = 300;
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	KUNIT_EXPECT_TRUE(test, fatal_signal_pending(current));
	device_release_driver(&t->fake.pdev->dev);
	t->dev = NULL;
	flush_signals(current);
	disallow_signal(SIGKILL);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
}

/* hwmon may send one at any time. */
static void admin_command_is_not_sent_during_a_shutdown(struct kunit *test)
{
	struct ans2_job *shutdown, *job;
	struct pci_test *t = test->priv;

	pci_test_start(test);
	t->fake.traits.shutdown_ms = 500;
	shutdown = pci_test_shutdown_job(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(strstr(t->fake.log, "shutdown")));
	job = pci_test_log_job(test);
	pci_test_expect_end(test, shutdown, 0);
	pci_test_expect_end(test, job, -EIO);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
}

static unsigned int pci_test_irq_depth(struct pci_test *t)
{
	return irq_data_to_desc(irq_get_irq_data(t->fake.irq))->depth;
}

/* It is masked so many times, and not any more afterwards. */
static void pci_test_expect_masked(struct kunit *test, unsigned int times)
{
	struct pci_test *t = test->priv;

	nvme_ans2_mask_irq(t->dev);
	KUNIT_EXPECT_EQ(test, pci_test_irq_depth(t), times);
	while (pci_test_irq_depth(t))
		enable_irq(t->fake.irq);
}

/* One that was stopped in order has no entries; no handler, no line. */
static void line_of_a_live_controller_is_masked(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	flush_work(&t->dev->ctrl.scan_work);
	pci_test_expect_masked(test, 1);
	t->dev->ans2->hw.live = false;
	pci_test_expect_masked(test, 0);
	t->dev->ans2->hw.live = true;
	clear_bit(NVMEQ_ENABLED, &t->dev->queues[0].flags);
	pci_test_expect_masked(test, 0);
	set_bit(NVMEQ_ENABLED, &t->dev->queues[0].flags);
}

static void pci_test_slow_watch(struct work_struct *work)
{
	struct pci_test *t = to_pci_test(fake_now);

	WRITE_ONCE(t->looks, 1);
	msleep(300);
	WRITE_ONCE(t->looks, 2);
}

/* It uses queues and requests, which are not there for ever. */
static void watch_has_ended_when_the_controller_is_down(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct delayed_work *watch;

	pci_test_start(test);
	flush_work(&t->dev->ctrl.scan_work);
	watch = &t->dev->ans2->hw.watch;
	cancel_delayed_work_sync(watch);
	watch->work.func = pci_test_slow_watch;
	queue_delayed_work(t->dev->ans2->hw.watch_wq, watch, 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(READ_ONCE(t->looks)));
	nvme_shutdown(t->fake.pdev);
	KUNIT_EXPECT_EQ(test, READ_ONCE(t->looks), 2);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(watch));
	flush_delayed_work(watch);
	watch->work.func = nvme_ans2_watch;
}

/*
 * Failures
 */

static const enum fake_act failures[] = {
	FAKE_FATAL, FAKE_UNREADY, FAKE_CRASH, FAKE_GONE,
};

static const char * const act_names[] = {
	[FAKE_OBEY] = "obeys",
	[FAKE_HOLD] = "does not end",
	[FAKE_FAIL] = "fails",
	[FAKE_SILENT] = "ends without an interrupt",
	[FAKE_FATAL] = "is fatal",
	[FAKE_UNREADY] = "makes it unready",
	[FAKE_CRASH] = "crashes the firmware",
	[FAKE_GONE] = "makes it go away",
};

static void failure_name(const enum fake_act *act, char *desc)
{
	strscpy(desc, act_names[*act], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(failure, failures, failure_name);

static void pci_test_rule(struct pci_test *t, unsigned int qid,
			  unsigned int opcode, enum fake_act act,
			  unsigned int times)
{
	fake_add_rule(&t->fake, &(struct fake_rule){
		.qid = qid, .opcode = opcode, .act = act, .times = times,
		.status = NVME_SC_INTERNAL });
}

/* An admin command that ends when a test wants it to, or is cancelled. */
static struct ans2_job *pci_test_held_admin_job(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_rule(t, 0, nvme_admin_identify, FAKE_HOLD, 1);
	job = pci_test_admin_job(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	return job;
}

/* The watch sees it, long before a time-out, and the I/O is done again. */
static void io_survives(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;
	unsigned long begin;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, *act, 1);
	begin = jiffies;
	pci_test_expect_bio(test, pci_test_bio(test), 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	pci_test_expect_log(test, "flr " T_AGAIN);
}

/* It is done when the system is awake again. */
static void io_survives_a_suspend(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, *act, 1);
	bio = pci_test_bio(test);
	pci_test_sleep(test, true);
	KUNIT_EXPECT_FALSE(test, ans2_bios_ended(bio, 1));
	pci_test_sleep(test, false);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
}

/* As after a start that was cut off while the queues were set up */
static void start_counts_queues_anew(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_rule(t, 0, nvme_admin_create_sq, FAKE_FAIL, 1);
	t->dev->online_queues++;
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, t->dev->online_queues, 2);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/* nvme_ans2_cut() may have come and gone between two lines of pci.c. */
static void queue_made_beside_a_cut_is_made_again(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_rule(t, 0, nvme_admin_create_sq, FAKE_HOLD, 1);
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	t->dev->online_queues = 0;
	KUNIT_EXPECT_TRUE(test, nvme_ans2_has_io_queues(t->dev));
	fake_release(&t->fake);
	flush_work(&t->dev->ctrl.reset_work);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, t->dev->online_queues, 2);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/* An admin command is not repeated, but it ends. */
static void admin_ends(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_rule(t, 0, nvme_admin_identify, *act, 1);
	pci_test_expect_end(test, pci_test_admin_job(test), -EINTR);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "identify flr " T_AGAIN);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static void idle_controller_is_found_dead_by_io(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;

	pci_test_start(test);
	fake_fail(&t->fake, *act, 0);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "flr " T_AGAIN);
}

static void reset_of_a_dead_controller(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;

	pci_test_start(test);
	fake_fail(&t->fake, *act, 0);
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 1);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static void unbind_of_a_dead_controller(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;
	unsigned long begin;

	pci_test_start(test);
	fake_fail(&t->fake, *act, 0);
	begin = jiffies;
	pci_test_unbind(test);
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 1);

	pci_test_bind(test);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static u32 pci_test_cfg(struct pci_test *t, int where)
{
	u32 val;

	pci_read_config_dword(t->fake.pdev, where, &val);
	return val;
}

/* What the PCI core has set up, and users may have. */
static void reset_of_the_function_keeps_its_set_up(struct kunit *test)
{
	static const int kept[] = {
		PCI_COMMAND, PCI_CACHE_LINE_SIZE, PCI_BASE_ADDRESS_0,
		PCI_BASE_ADDRESS_1, PCI_INTERRUPT_LINE, FAKE_CFG_DEVCTL,
	};
	struct pci_test *t = test->priv;
	u32 cfg[ARRAY_SIZE(kept)];
	unsigned int i;

	pci_test_start(test);
	pci_write_config_byte(t->fake.pdev, PCI_INTERRUPT_LINE, 0x2a);
	pci_write_config_byte(t->fake.pdev, PCI_CACHE_LINE_SIZE, 0x10);
	pcie_capability_set_word(t->fake.pdev, PCI_EXP_DEVCTL,
				 PCI_EXP_DEVCTL_NFERE);
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		cfg[i] = pci_test_cfg(t, kept[i]);
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 0);

	fake_fail(&t->fake, FAKE_CRASH, 0);
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 1);
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		KUNIT_EXPECT_EQ_MSG(test, pci_test_cfg(t, kept[i]), cfg[i],
				    "at %#x", kept[i]);
}

/* A request that is cancelled gives its memory back. */
static void nothing_is_cancelled_before_the_reset(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	struct ans2_job *job;

	pci_test_start(test);
	bio = pci_test_held_bio(test, REQ_FAILFAST_MASK);
	fake_fail(&t->fake, FAKE_CRASH, 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(ans2_bios_ended(bio, 1)));
	KUNIT_EXPECT_EQ(test, bio->flrs, 1);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));

	bio = pci_test_held_bio(test, REQ_FAILFAST_MASK);
	job = pci_test_unbind_job(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(nvme_state_terminal(&t->dev->ctrl)));
	pci_test_expire(&t->dev->tagset);
	pci_test_expect_end(test, job, 0);
	t->dev = NULL;
	KUNIT_EXPECT_TRUE(test, ans2_bios_ended(bio, 1));
	KUNIT_EXPECT_EQ(test, bio->flrs, 2);
}

/* RDY says nothing while a shutdown goes on. */
static void failure_ends_a_shutdown(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;
	unsigned long begin;

	pci_test_start(test);
	t->fake.traits.shutdown_ms = -1;
	t->fake.traits.down = *act;
	begin = jiffies;
	pci_test_unbind(test);
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown flr");
}

static void failure_ends_a_stop(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;

	if (*act == FAKE_UNREADY)
		kunit_skip(test, "what it is stopped for");
	pci_test_start(test);
	t->fake.traits.off_ms = -1;
	t->fake.traits.cap_to = 0xff;
	t->dev->ctrl.cap |= 0xff000000;
	t->fake.traits.down = *act;
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, T_DOWN " flr " T_AGAIN);
	t->fake.traits.off_ms = 0;
	t->fake.traits.down = FAKE_OBEY;
}

/*
 * Commands that delete the queues
 */

struct deletion {
	u8 opcode;
	enum fake_act act;
	const char *log;
	const char *allowed;
};

/* One that answers is disabled even if its queues remain. */
static const struct deletion deletions[] = {
	{ nvme_admin_delete_sq, FAKE_HOLD, "delete-sq flr " T_AGAIN },
	{ nvme_admin_delete_cq, FAKE_HOLD, "delete-sq delete-cq flr " T_AGAIN },
	{ nvme_admin_delete_sq, FAKE_SILENT, T_DOWN " " T_AGAIN },
	{ nvme_admin_delete_cq, FAKE_SILENT, T_DOWN " " T_AGAIN },
	{ nvme_admin_delete_sq, FAKE_FAIL, T_DOWN " " T_AGAIN,
	  "disabled with I/O queues" },
	{ nvme_admin_delete_cq, FAKE_FAIL, T_DOWN " " T_AGAIN,
	  "disabled with I/O queues" },
	{ nvme_admin_delete_sq, FAKE_FATAL, "delete-sq flr " T_AGAIN },
	{ nvme_admin_delete_cq, FAKE_FATAL,
	  "delete-sq delete-cq flr " T_AGAIN },
	{ nvme_admin_delete_sq, FAKE_UNREADY, "delete-sq flr " T_AGAIN },
	{ nvme_admin_delete_sq, FAKE_CRASH, "delete-sq flr " T_AGAIN },
	{ nvme_admin_delete_sq, FAKE_GONE, "delete-sq flr " T_AGAIN },
};

static void deletion_name(const struct deletion *d, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "opcode %u %s", d->opcode,
		 act_names[d->act]);
}

KUNIT_ARRAY_PARAM(deletion, deletions, deletion_name);

static void deletion_that_does_not_work(struct kunit *test)
{
	const struct deletion *d = test->param_value;
	struct pci_test *t = test->priv;
	unsigned long begin;

	pci_test_start(test);
	t->fake.allowed = d->allowed;
	blk_queue_rq_timeout(t->dev->ctrl.admin_q, 2 * HZ);
	pci_test_rule(t, 0, d->opcode, d->act, 1);
	begin = jiffies;
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	pci_test_expect_log(test, d->log);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/* Whoever lost one command does not wait long for the next. */
static void deletion_after_a_time_out_is_not_waited_for(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned long begin;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, 1);
	pci_test_rule(t, 0, nvme_admin_delete_sq, FAKE_HOLD, 1);
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	begin = jiffies;
	pci_test_expire(&t->dev->tagset);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	pci_test_expect_log(test, "delete-sq flr " T_AGAIN);
}

static void deletion_waits_for_another_admin_command(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	job = pci_test_held_admin_job(test);
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	msleep(100);
	KUNIT_EXPECT_STREQ(test, t->fake.log, "identify");
	fake_release(&t->fake);
	pci_test_expect_end(test, job, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "identify " T_DOWN " " T_AGAIN);
}

static void deletion_does_not_wait_for_ever(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	blk_queue_rq_timeout(t->dev->ctrl.admin_q, HZ / 5);
	job = pci_test_held_admin_job(test);
	pci_test_reset_now(test);
	pci_test_expect_end(test, job, -EINTR);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "identify flr " T_AGAIN);
}

/* An error of an earlier deletion is none of this one. */
static void deletion_forgets_an_old_error(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	set_bit(NVMEQ_DELETE_ERROR, &t->dev->queues[1].flags);
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, T_DOWN " " T_AGAIN);
}

static void deletion_says_how_it_ended(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct nvme_queue *ioq;
	unsigned long *flags;

	pci_test_start(test);
	ioq = &t->dev->queues[1];
	flags = &t->dev->ans2->flags;
	set_bit(NVME_ANS2_DELETING, flags);
	KUNIT_EXPECT_EQ(test, nvme_ans2_delete_queue(ioq, nvme_admin_delete_sq),
			0);
	pci_test_rule(t, 0, nvme_admin_delete_cq, FAKE_FAIL, 1);
	KUNIT_EXPECT_EQ(test, nvme_ans2_delete_queue(ioq, nvme_admin_delete_cq),
			-EIO);
	KUNIT_EXPECT_TRUE(test, test_bit(NVME_ANS2_HAS_IO_QUEUE, flags));
	KUNIT_EXPECT_EQ(test, nvme_ans2_delete_queue(ioq, nvme_admin_delete_cq),
			0);
	KUNIT_EXPECT_FALSE(test, test_bit(NVME_ANS2_HAS_IO_QUEUE, flags));
	clear_bit(NVME_ANS2_DELETING, flags);
}

static void time_out_ends_a_deletion(struct kunit *test)
{
	struct pci_test *t = test->priv;
	unsigned long begin;

	pci_test_start(test);
	pci_test_rule(t, 0, nvme_admin_delete_sq, FAKE_HOLD, 1);
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	begin = jiffies;
	pci_test_expire(&t->dev->admin_tagset);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	pci_test_expect_log(test, "delete-sq flr " T_AGAIN);
}

/* Users may have all requests that there are. Returns how many. */
static unsigned int pci_test_take_all(struct kunit *test, struct request **reqs)
{
	struct pci_test *t = test->priv;
	unsigned int nr = 0;

	while (nr < NVME_AQ_DEPTH) {
		reqs[nr] = blk_mq_alloc_request(t->dev->ctrl.admin_q,
						REQ_OP_DRV_IN,
						BLK_MQ_REQ_NOWAIT);
		if (IS_ERR(reqs[nr]))
			break;
		nr++;
	}
	KUNIT_EXPECT_EQ(test, nr, t->dev->admin_tagset.queue_depth);
	return nr;
}

static void deletion_does_not_wait_for_ever_for_a_request(struct kunit *test)
{
	struct request *reqs[NVME_AQ_DEPTH];
	struct pci_test *t = test->priv;
	unsigned int nr;

	pci_test_start(test);
	blk_queue_rq_timeout(t->dev->ctrl.admin_q, HZ / 5);
	nr = pci_test_take_all(test, reqs);
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(READ_ONCE(t->fake.flrs)));
	while (nr--)
		blk_mq_free_request(reqs[nr]);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "flr " T_AGAIN);
}

static void deletion_waits_for_a_request(struct kunit *test)
{
	struct request *reqs[NVME_AQ_DEPTH];
	struct pci_test *t = test->priv;
	unsigned int nr;

	pci_test_start(test);
	nr = pci_test_take_all(test, reqs);
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	msleep(100);
	KUNIT_EXPECT_STREQ(test, t->fake.log, "");
	while (nr--)
		blk_mq_free_request(reqs[nr]);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, T_DOWN " " T_AGAIN);
}

/* As hwmon may send it behind the deletions. */
static void stop_waits_for_another_admin_command(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	t->fake.allowed = "disabled with I/O queues";
	clear_bit(NVME_ANS2_HAS_IO_QUEUE, &t->dev->ans2->flags);
	job = pci_test_held_admin_job(test);
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	msleep(100);
	KUNIT_EXPECT_STREQ(test, t->fake.log, "identify");
	fake_release(&t->fake);
	pci_test_expect_end(test, job, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "identify off " T_AGAIN);
}

static void stop_does_not_wait_for_ever(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	blk_queue_rq_timeout(t->dev->ctrl.admin_q, HZ / 5);
	clear_bit(NVME_ANS2_HAS_IO_QUEUE, &t->dev->ans2->flags);
	job = pci_test_held_admin_job(test);
	pci_test_reset_now(test);
	pci_test_expect_end(test, job, -EINTR);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "identify flr " T_AGAIN);
}

/*
 * Entries that nobody has taken yet
 */

/*
 * They come between the two deletions, and no interrupt does: the watch takes
 * the entries of the deletions, one look after it has seen them.
 */
static void last_entries_are_taken_before_their_queue_goes(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int ios;

	pci_test_start(test);
	ios = t->fake.ios;
	bio = pci_test_held_bio(test, 0);
	pci_test_rule(t, 0, nvme_admin_delete_sq, FAKE_LATE, 1);
	flush_work(&t->dev->ctrl.scan_work);
	/* until the handlers are new */
	disable_irq(t->fake.irq);
	pci_test_reset_now(test);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios + 1);
	pci_test_expect_log(test, T_DOWN " " T_AGAIN);
}

/* They are taken before their queue is deleted: nothing is sent twice. */
static void entry_is_taken_before_a_reset(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int posted;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_SILENT, 1);
	posted = t->fake.posted;
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(t->fake.posted > posted));
	pci_test_reset_now(test);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, T_DOWN " " T_AGAIN);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->lost_irqs, 0);
}

static void entry_of_a_dead_controller_is_taken(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;
	unsigned int posted, ios;
	struct ans2_bio *bio;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_SILENT, 1);
	posted = t->fake.posted;
	ios = t->fake.ios;
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(t->fake.posted > posted));
	fake_fail(&t->fake, *act, 0);
	pci_test_reset_now(test);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, t->fake.ios, ios + 1);
}

/*
 * The watch
 */

static const unsigned int crowds[] = { 1, 9, 61 };

static void crowd_name(const unsigned int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *nr);
}

KUNIT_ARRAY_PARAM(crowd, crowds, crowd_name);

static void watch_finds_lost_interrupt_of_io(struct kunit *test)
{
	unsigned int nr = *(const unsigned int *)test->param_value;
	u8 *buf = kunit_kzalloc(test, nr * FAKE_BLOCK, GFP_KERNEL);
	struct pci_test *t = test->priv;
	struct ans2_bio *bios;
	unsigned long begin;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_SILENT, 0);
	begin = jiffies;
	bios = pci_test_bios(test, REQ_OP_READ, buf, nr);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(ans2_bios_ended(bios, nr)));
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->lost_irqs, 1);
	KUNIT_EXPECT_FALSE(test, !!bios[nr - 1].bio.bi_status);
	pci_test_expect_log(test, "");
}

static void watch_finds_lost_interrupt_of_admin(struct kunit *test)
{
	struct pci_test *t = test->priv;
	unsigned long begin;

	pci_test_start(test);
	pci_test_rule(t, 0, nvme_admin_identify, FAKE_SILENT, 3);
	begin = jiffies;
	pci_test_expect_end(test, pci_test_admin_job(test), 0);
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->lost_irqs, 1);
	pci_test_expect_end(test, pci_test_admin_job(test), 0);
	pci_test_expect_end(test, pci_test_admin_job(test), 0);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->lost_irqs, 3);
	pci_test_expect_end(test, pci_test_admin_job(test), 0);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->lost_irqs, 3);
	pci_test_expect_log(test, "identify" T_ID T_ID T_ID);
}

/* Whoever deletes the queues has others who wait for him. */
static void watch_looks_more_often_at_deletions(struct kunit *test)
{
	struct pci_test *t = test->priv;
	unsigned long begin;

	pci_test_start(test);
	pci_test_rule(t, 0, nvme_admin_delete_sq, FAKE_SILENT, 1);
	pci_test_rule(t, 0, nvme_admin_delete_cq, FAKE_SILENT, 1);
	begin = jiffies;
	pci_test_sleep(test, true);
	KUNIT_EXPECT_LT(test, jiffies - begin, 2 * NVME_ANS2_WATCH_PERIOD);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->lost_irqs, 2);
	pci_test_sleep(test, false);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
}

/* Its interrupt may be on its way. */
static void fresh_entry_is_not_lost(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct nvme_ans2_dev *ans2;
	struct ans2_bio *bio;
	unsigned int posted;

	pci_test_start(test);
	flush_work(&t->dev->ctrl.scan_work);
	ans2 = t->dev->ans2;
	disable_irq(t->fake.irq);
	posted = t->fake.posted;
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(t->fake.posted > posted));
	cancel_delayed_work_sync(&ans2->hw.watch);
	ans2->look[1] = (struct nvme_ans2_look){ ans2->hw.q[1].reaped, false };
	KUNIT_EXPECT_FALSE(test, nvme_ans2_look_at(ans2, 1));
	/* nor is the next one of a queue that moves */
	ans2->look[1] = (struct nvme_ans2_look){ ans2->hw.q[1].reaped - 1,
						 true };
	KUNIT_EXPECT_TRUE(test, nvme_ans2_look_at(ans2, 1));
	KUNIT_EXPECT_EQ(test, ans2->lost_irqs, 0);
	KUNIT_EXPECT_FALSE(test, ans2_bios_ended(bio, 1));
	KUNIT_EXPECT_TRUE(test, nvme_ans2_look_at(ans2, 1));
	KUNIT_EXPECT_EQ(test, ans2->lost_irqs, 1);
	pci_test_expect_bio(test, bio, 0);
	ans2->hw.watched = false;
	enable_irq(t->fake.irq);
}

/* It looks while something is in flight, and does not mind if that is slow. */
static void watch_ends_with_the_last_command(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct delayed_work *watch;
	struct ans2_bio *bio;

	pci_test_start(test);
	watch = &t->dev->ans2->hw.watch;
	KUNIT_EXPECT_TRUE(test, T_UNTIL(!delayed_work_pending(watch)));
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, 1);
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(delayed_work_pending(watch)));
	msleep(1100);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(delayed_work_pending(watch)));
	KUNIT_EXPECT_FALSE(test, ans2_bios_ended(bio, 1));
	fake_release(&t->fake);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(!delayed_work_pending(watch)));
	pci_test_expect_log(test, "");
}

/*
 * Time-outs
 */

/* The queues are deleted, since the admin queue answers. */
static void io_time_out_resets(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	pci_test_expire(&t->dev->tagset);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, T_DOWN " " T_AGAIN);
}

/* It does not leave that to the watch. */
static void io_time_out_resets_by_itself(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	cancel_delayed_work_sync(&t->dev->ans2->hw.watch);
	pci_test_expire(&t->dev->tagset);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, T_DOWN " " T_AGAIN);
}

/* What is known of the controller ends with its start. */
static void start_forgets_what_was_known(struct kunit *test)
{
	unsigned long has_queue = BIT(NVME_ANS2_HAS_IO_QUEUE);
	struct pci_test *t = test->priv;
	unsigned long *flags;

	pci_test_start(test);
	flags = &t->dev->ans2->flags;
	KUNIT_EXPECT_EQ(test, READ_ONCE(*flags), has_queue);
	pci_test_rule(t, 0, nvme_admin_create_cq, FAKE_HOLD, 1);
	pci_test_rule(t, 0, nvme_admin_create_sq, FAKE_HOLD, 1);
	set_bit(NVME_ANS2_EXPIRED, flags);
	fake_fail(&t->fake, FAKE_CRASH, 0);
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	KUNIT_EXPECT_EQ(test, READ_ONCE(*flags), 0);
	fake_release(&t->fake);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	KUNIT_EXPECT_EQ(test, READ_ONCE(*flags), has_queue);
	fake_release(&t->fake);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));

	flush_work(&t->dev->ctrl.scan_work);
	fake_forget_log(&t->fake);
	set_bit(NVME_ANS2_NEEDS_RESET, flags);
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "flr " T_AGAIN);
	KUNIT_EXPECT_EQ(test, READ_ONCE(*flags), has_queue);
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 2);
}

static void admin_time_out_resets_the_function(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	job = pci_test_held_admin_job(test);
	pci_test_expire(&t->dev->admin_tagset);
	pci_test_expect_end(test, job, -EINTR);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_log(test, "identify flr " T_AGAIN);
}

static void time_out_looks_into_the_queue(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int posted;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_SILENT, 1);
	posted = t->fake.posted;
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(t->fake.posted > posted));
	pci_test_expire(&t->dev->tagset);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_EQ(test, t->dev->ans2->lost_irqs, 0);
	pci_test_expect_log(test, "");
}

static bool pci_test_any(struct request *req, void *data)
{
	struct request **found = data;

	*found = req;
	return false;
}

static struct request *pci_test_first(struct kunit *test,
				      struct blk_mq_tag_set *set)
{
	struct request *req = NULL;

	blk_mq_tagset_busy_iter(set, pci_test_any, &req);
	KUNIT_ASSERT_NOT_NULL(test, req);
	return req;
}

static int ans2_job_time_out(struct ans2_job *job)
{
	return nvme_ans2_timeout(job->buf);
}

/* Whoever takes a controller down sees to it that nobody polls any more. */
static void time_out_polls_under_the_lock(struct kunit *test)
{
	struct pci_test *t = test->priv;
	unsigned int posted;
	struct ans2_bio *bio;
	struct ans2_job *job;
	bool ended;

	pci_test_start(test);
	job = pci_test_new_job(test, ans2_job_time_out);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_SILENT, 1);
	posted = t->fake.posted;
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(t->fake.posted > posted));
	job->buf = pci_test_first(test, &t->dev->tagset);
	/* One that is slow counts as one that waits. */
	spin_lock(&t->dev->queues[1].cq_poll_lock);
	wake_up_process(job->task);
	mdelay(50);
	ended = ans2_job_ended(job);
	spin_unlock(&t->dev->queues[1].cq_poll_lock);
	KUNIT_EXPECT_FALSE(test, ended);
	pci_test_expect_end(test, job, BLK_EH_DONE);
	pci_test_expect_bio(test, bio, 0);
}

static int ans2_job_halt(struct ans2_job *job)
{
	struct nvme_dev *dev = job->t->dev;

	mutex_lock(&dev->shutdown_lock);
	nvme_ans2_halt(dev);
	mutex_unlock(&dev->shutdown_lock);
	return 0;
}

/* A time-out that has taken entries has yet to end their requests. */
static void nothing_is_reset_while_somebody_polls(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;
	unsigned int flrs;

	pci_test_start(test);
	flush_work(&t->dev->ctrl.scan_work);
	job = pci_test_new_job(test, ans2_job_halt);
	spin_lock(&t->dev->queues[0].cq_poll_lock);
	wake_up_process(job->task);
	mdelay(50);
	flrs = READ_ONCE(t->fake.flrs);
	spin_unlock(&t->dev->queues[0].cq_poll_lock);
	KUNIT_EXPECT_EQ(test, flrs, 0);
	pci_test_expect_end(test, job, 0);
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 1);
}

/* Unless it is being removed: then nobody else does. */
static void time_out_of_a_removed_controller_ends_io(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	nvme_ans2_stop(&t->dev->ans2->hw);
	KUNIT_EXPECT_TRUE(test, nvme_change_ctrl_state(&t->dev->ctrl,
						       NVME_CTRL_DELETING));
	pci_test_expire(&t->dev->tagset);
	pci_test_expect_bio(test, bio, -EIO);
}

/* Whoever has stopped the controller ends what was in flight. */
static void time_out_of_a_stopped_controller_waits(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	struct request *req;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	req = pci_test_first(test, &t->dev->tagset);
	t->dev->ans2->hw.live = false;
	KUNIT_EXPECT_EQ(test, nvme_ans2_timeout(req), BLK_EH_RESET_TIMER);
	KUNIT_EXPECT_FALSE(test, ans2_bios_ended(bio, 1));
	KUNIT_EXPECT_TRUE(test, pci_test_is(t, NVME_CTRL_LIVE));
	t->dev->ans2->hw.live = true;
	fake_release(&t->fake);
	pci_test_expect_bio(test, bio, 0);
}

/* A read that is lost @times times: at first, and while resets wait for it. */
static struct ans2_bio *pci_test_lose(struct kunit *test, unsigned int times)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int i;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, times);
	bio = pci_test_bio(test);
	for (i = 0; i < times; i++) {
		KUNIT_ASSERT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
		pci_test_expire(&t->dev->tagset);
		KUNIT_ASSERT_TRUE(test, T_UNTIL(!fake_held(&t->fake, 1)));
	}
	return bio;
}

static void io_that_times_out_twice_is_done(struct kunit *test)
{
	struct ans2_bio *bio = pci_test_lose(test, 3);
	struct pci_test *t = test->priv;

	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, t->dev->ans2->starts, 0);
}

/* The block layer gives the request up, and nobody the drive. */
static void io_that_is_always_lost_ends_alone(struct kunit *test)
{
	struct ans2_bio *bio = pci_test_lose(test, 6);
	struct pci_test *t = test->priv;

	KUNIT_EXPECT_TRUE(test, T_UNTIL(ans2_bios_ended(bio, 1)));
	KUNIT_EXPECT_TRUE(test, !!bio->bio.bi_status);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/*
 * Commands of others during a start
 */

/* Waits in the queue from before the start, so it gets the tag first. */
static struct ans2_job *pci_test_alien_in_start(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	t->fake.allowed = "disabled with I/O queues";
	clear_bit(NVME_ANS2_HAS_IO_QUEUE, &t->dev->ans2->flags);
	pci_test_rule(t, 0, nvme_admin_get_log_page, FAKE_HOLD, 1);
	nvme_quiesce_admin_queue(&t->dev->ctrl);
	job = pci_test_log_job(test);
	msleep(100);
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	KUNIT_ASSERT_TRUE(test, T_UNTIL(fake_held(&t->fake, 0)));
	KUNIT_EXPECT_TRUE(test, pci_test_is(t, NVME_CTRL_CONNECTING));
	return job;
}

static void failure_under_command_of_another(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct ans2_job *job = pci_test_alien_in_start(test);
	struct pci_test *t = test->priv;

	fake_fail(&t->fake, *act, 0);
	pci_test_expect_end(test, job, -EINTR);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static void time_out_of_command_of_another(struct kunit *test)
{
	struct ans2_job *job = pci_test_alien_in_start(test);
	struct pci_test *t = test->priv;

	pci_test_expire(&t->dev->admin_tagset);
	pci_test_expect_end(test, job, -EINTR);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/* It comes while another thread has the lock, and has no effect by itself. */
static void pci_test_time_out_locked(struct kunit *test,
				     struct blk_mq_tag_set *set)
{
	struct pci_test *t = test->priv;

	mutex_lock(&t->dev->shutdown_lock);
	KUNIT_EXPECT_EQ(test, nvme_ans2_timeout(pci_test_first(test, set)),
			BLK_EH_RESET_TIMER);
	mutex_unlock(&t->dev->shutdown_lock);
}

static void time_out_under_the_lock_is_not_lost(struct kunit *test)
{
	struct ans2_job *job = pci_test_alien_in_start(test);
	struct pci_test *t = test->priv;
	unsigned long begin = jiffies;

	pci_test_time_out_locked(test, &t->dev->admin_tagset);
	pci_test_expect_end(test, job, -EINTR);
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
}

/* Here what is lost is what the end of a reset waits for. */
static void io_time_out_under_the_lock_is_not_lost(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned long begin;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, 2);
	bio = pci_test_bio(test);
	KUNIT_ASSERT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	pci_test_expire(&t->dev->tagset);
	KUNIT_ASSERT_TRUE(test, T_UNTIL(!fake_held(&t->fake, 1)));
	KUNIT_ASSERT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	begin = jiffies;
	pci_test_time_out_locked(test, &t->dev->tagset);
	pci_test_expect_bio(test, bio, 0);
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
}

static void pci_test_connect(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct nvme_ctrl *ctrl = &t->dev->ctrl;

	flush_work(&ctrl->scan_work);
	KUNIT_ASSERT_TRUE(test, nvme_change_ctrl_state(ctrl,
						       NVME_CTRL_RESETTING));
	KUNIT_ASSERT_TRUE(test, nvme_change_ctrl_state(ctrl,
						       NVME_CTRL_CONNECTING));
}

static irqreturn_t pci_test_no_irq(int irq, void *data)
{
	return IRQ_NONE;
}

/* What is in memory is taken; no handler goes under a line that is up. */
static void cut_leaves_no_entry_and_masks_the_line(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned int posted;

	pci_test_start(test);
	pci_test_connect(test);
	/* Without it the line would be shut down with its last handler. */
	KUNIT_ASSERT_EQ(test, request_irq(t->fake.irq, pci_test_no_irq,
					  IRQF_SHARED, "ans2-kunit", t), 0);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_SILENT, 1);
	posted = t->fake.posted;
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(t->fake.posted > posted));
	mutex_lock(&t->dev->shutdown_lock);
	nvme_ans2_cut(t->dev);
	mutex_unlock(&t->dev->shutdown_lock);
	KUNIT_EXPECT_EQ(test, pci_test_irq_depth(t), 1);
	free_irq(t->fake.irq, t);
	KUNIT_EXPECT_TRUE(test, ans2_bios_ended(bio, 1));
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 1);
}

/* The controller in memory looks whether the lock is held. */
static void starting_over_resets_under_the_lock(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_connect(test);
	fake_fail(&t->fake, FAKE_CRASH, 0);
	KUNIT_EXPECT_TRUE(test, nvme_ans2_start_over(t->dev, -EIO));
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 1);
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&t->dev->shutdown_lock));
}

/* One that answers does without a reset at first. */
static void starting_over_stops_in_order(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_connect(test);
	fake_forget_log(&t->fake);
	KUNIT_EXPECT_TRUE(test, nvme_ans2_start_over(t->dev, -EIO));
	pci_test_expect_log(test, T_DOWN);
	KUNIT_EXPECT_FALSE(test, test_bit(NVME_ANS2_NEEDS_RESET,
					  &t->dev->ans2->flags));
}

static void nobody_starts_over_what_is_removed(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_connect(test);
	WRITE_ONCE(t->fake.pdev->error_state, pci_channel_io_perm_failure);
	KUNIT_EXPECT_FALSE(test, nvme_ans2_start_over(t->dev, -EIO));
	WRITE_ONCE(t->fake.pdev->error_state, pci_channel_io_normal);
	KUNIT_EXPECT_TRUE(test, nvme_change_ctrl_state(&t->dev->ctrl,
						       NVME_CTRL_DELETING));
	KUNIT_EXPECT_FALSE(test, nvme_ans2_start_over(t->dev, -EIO));
	KUNIT_EXPECT_TRUE(test, t->dev->ans2->hw.live);
}

static int ans2_job_set_live(struct ans2_job *job)
{
	return nvme_ans2_set_live(job->t->dev);
}

/* It is cut before or afterwards. */
static void end_of_a_start_waits_for_the_lock(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	pci_test_connect(test);
	job = pci_test_new_job(test, ans2_job_set_live);
	mutex_lock(&t->dev->shutdown_lock);
	wake_up_process(job->task);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, ans2_job_ended(job));
	KUNIT_EXPECT_TRUE(test, pci_test_is(t, NVME_CTRL_CONNECTING));
	mutex_unlock(&t->dev->shutdown_lock);
	pci_test_expect_end(test, job, true);
	KUNIT_EXPECT_TRUE(test, pci_test_is(t, NVME_CTRL_LIVE));
}

/*
 * As nvme_reset_work() gets there: not live, and the queues no longer frozen.
 * The next try ends with that, too.
 */
static void start_that_fails_at_its_end_freezes_again(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct nvme_ctrl *ctrl;

	pci_test_start(test);
	ctrl = &t->dev->ctrl;
	pci_test_connect(test);
	mutex_lock(&t->dev->shutdown_lock);
	nvme_ans2_cut(t->dev);
	mutex_unlock(&t->dev->shutdown_lock);
	KUNIT_EXPECT_EQ(test, t->ns->queue->mq_freeze_depth, 0);
	KUNIT_EXPECT_FALSE(test, nvme_ans2_set_live(t->dev));
	KUNIT_EXPECT_EQ(test, t->ns->queue->mq_freeze_depth, 1);
	nvme_unfreeze(ctrl);

	/* There is no next try for one that is removed. */
	KUNIT_EXPECT_TRUE(test, nvme_change_ctrl_state(ctrl,
						       NVME_CTRL_DELETING));
	KUNIT_EXPECT_FALSE(test, nvme_ans2_set_live(t->dev));
	KUNIT_EXPECT_EQ(test, t->ns->queue->mq_freeze_depth, 0);
}

/*
 * Starts that fail
 */

struct start {
	u8 opcode;
	enum fake_act act;
	unsigned int times;
};

static const struct start starts[] = {
	{ nvme_admin_identify, FAKE_FAIL, 1 },
	{ nvme_admin_identify, FAKE_FAIL, 3 },
	{ nvme_admin_identify, FAKE_HOLD, 1 },
	{ nvme_admin_identify, FAKE_HOLD, 3 },
	{ nvme_admin_identify, FAKE_SILENT, 1 },
	{ nvme_admin_identify, FAKE_FATAL, 1 },
	{ nvme_admin_identify, FAKE_UNREADY, 1 },
	{ nvme_admin_identify, FAKE_CRASH, 3 },
	{ nvme_admin_identify, FAKE_GONE, 1 },
	{ nvme_admin_set_features, FAKE_FAIL, 1 },
	{ nvme_admin_set_features, FAKE_HOLD, 1 },
	{ nvme_admin_set_features, FAKE_CRASH, 1 },
	{ nvme_admin_create_cq, FAKE_FAIL, 1 },
	{ nvme_admin_create_cq, FAKE_HOLD, 1 },
	{ nvme_admin_create_cq, FAKE_CRASH, 1 },
	{ nvme_admin_create_sq, FAKE_FAIL, 1 },
	{ nvme_admin_create_sq, FAKE_HOLD, 1 },
	{ nvme_admin_create_sq, FAKE_SILENT, 1 },
	{ nvme_admin_create_sq, FAKE_CRASH, 3 },
};

static void start_name(const struct start *s, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "opcode %u %s, %u times",
		 s->opcode, act_names[s->act], s->times);
}

KUNIT_ARRAY_PARAM(start, starts, start_name);

/* Lets what is held during a start time out. Returns whether it is over. */
static bool pci_test_settles(struct pci_test *t)
{
	if (fake_held(&t->fake, 0))
		pci_test_expire(&t->dev->admin_tagset);
	return !work_busy(&t->dev->ctrl.reset_work) &&
	       (pci_test_is(t, NVME_CTRL_LIVE) ||
		pci_test_is(t, NVME_CTRL_DEAD));
}

static void failed_start_is_tried_again(struct kunit *test)
{
	const struct start *s = test->param_value;
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, 1);
	pci_test_rule(t, 0, s->opcode, s->act, s->times);
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(pci_test_settles(t)));
	KUNIT_EXPECT_TRUE(test, pci_test_is(t, NVME_CTRL_LIVE));
	KUNIT_EXPECT_EQ(test, t->dev->ans2->starts, 0);
	pci_test_expect_bio(test, bio, 0);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

static const unsigned int nr_starts[] = { 1, 2, 3 };

static void nr_starts_name(const unsigned int *nr, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%u", *nr);
}

KUNIT_ARRAY_PARAM(nr_starts, nr_starts, nr_starts_name);

/* The first is not worth a reset of the function, if the controller answers. */
static void function_is_reset_from_the_second_failure_on(struct kunit *test)
{
	unsigned int nr = *(const unsigned int *)test->param_value;
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_rule(t, 0, nvme_admin_identify, FAKE_FAIL, nr);
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	KUNIT_EXPECT_EQ(test, t->fake.flrs, nr - 1);
}

static const struct start last_starts[] = {
	{ nvme_admin_identify, FAKE_FAIL, 4 },
	{ nvme_admin_identify, FAKE_HOLD, 4 },
	{ nvme_admin_identify, FAKE_CRASH, 4 },
	{ nvme_admin_set_features, FAKE_FAIL, 4 },
	{ nvme_admin_create_cq, FAKE_FAIL, 4 },
	{ nvme_admin_create_sq, FAKE_FAIL, 4 },
	{ nvme_admin_create_sq, FAKE_GONE, 4 },
};

KUNIT_ARRAY_PARAM(last_start, last_starts, start_name);

/* It ends, and so does the I/O that waits. */
static void fourth_start_is_the_last(struct kunit *test)
{
	const struct start *s = test->param_value;
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, 1);
	pci_test_rule(t, 0, s->opcode, s->act, s->times);
	bio = pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(pci_test_settles(t)));
	KUNIT_EXPECT_TRUE(test, pci_test_is(t, NVME_CTRL_DEAD));
	pci_test_expect_bio(test, bio, -EIO);
	pci_test_expect_bio(test, pci_test_bio(test), -EIO);

	/* and all is well when it is bound anew */
	pci_test_unbind(test);
	pci_test_bind(test);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/* Whoever waits for the end of the reset may reset the function then. */
static void given_up_when_it_is_down(struct kunit *test)
{
	struct pci_test *t = test->priv;

	pci_test_start(test);
	pci_test_rule(t, 0, nvme_admin_identify, FAKE_FAIL, 4);
	t->fake.traits.off_ms = 300;
	KUNIT_EXPECT_EQ(test, nvme_reset_ctrl(&t->dev->ctrl), 0);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(nvme_state_terminal(&t->dev->ctrl)));
	KUNIT_EXPECT_FALSE(test, readl(t->dev->bar + NVME_REG_CSTS) &
				 NVME_CSTS_RDY);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(pci_test_is(t, NVME_CTRL_DEAD)));
}

static void start_that_is_never_ready(struct kunit *test)
{
	struct pci_test *t = test->priv;

	t->fake.traits.cap_to = 1;
	pci_test_start(test);
	t->fake.traits.ready_ms = -1;
	pci_test_reset_now(test);
	KUNIT_EXPECT_TRUE(test, pci_test_is(t, NVME_CTRL_DEAD));
	KUNIT_EXPECT_GE(test, t->fake.flrs, 3);
	t->fake.traits.ready_ms = 0;
}

static void pci_test_permit_flr(struct pci_test *t, bool permit)
{
	if (permit)
		t->fake.pdev->devcap |= PCI_EXP_DEVCAP_FLR;
	else
		t->fake.pdev->devcap &= ~PCI_EXP_DEVCAP_FLR;
}

static void without_function_reset_it_is_given_up(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	pci_test_permit_flr(t, false);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_CRASH, 1);
	bio = pci_test_bio(test);
	pci_test_expect_bio(test, bio, -EIO);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(pci_test_is(t, NVME_CTRL_DEAD)));
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 0);
	pci_test_permit_flr(t, true);
	pci_test_unbind(test);
	pci_test_bind(test);
	pci_test_expect_bio(test, pci_test_bio(test), 0);
}

/* The reset that was not possible is made up for before the next start. */
static void start_begins_with_the_reset_that_failed(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;
	unsigned long begin;

	if (*act == FAKE_GONE)
		kunit_skip(test, "nvme-pci does not start what reads as ones");
	t->fake.traits.cap_to = 60;
	pci_test_start(test);
	pci_test_permit_flr(t, false);
	fake_fail(&t->fake, *act, 0);
	nvme_shutdown(t->fake.pdev);
	pci_test_expect_log(test, "");
	KUNIT_EXPECT_FALSE(test, t->dev->ans2->hw.live);
	pci_test_permit_flr(t, true);
	begin = jiffies;
	KUNIT_EXPECT_EQ(test, nvme_try_sched_reset(&t->dev->ctrl), 0);
	KUNIT_EXPECT_TRUE(test, pci_test_recovers(t));
	/* without a wait for what does not come */
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	KUNIT_EXPECT_FALSE(test, test_bit(NVME_ANS2_NEEDS_RESET,
					  &t->dev->ans2->flags));
	pci_test_expect_log(test, "flr " T_AGAIN);
}

/* In time the probe gives up, and leaves nothing. */
static void probe_does_not_wait_for_ever(struct kunit *test)
{
	const struct start *s = test->param_value;
	struct pci_test *t = test->priv;

	nvme_io_timeout = 1;
	pci_test_plug(test);
	pci_test_rule(t, 0, s->opcode, s->act, 1);
	KUNIT_EXPECT_FALSE(test, fake_bind(&t->fake));
	pci_test_unbind(test);
	KUNIT_EXPECT_GE(test, t->fake.flrs, 1);
	pci_test_bind(test);
}

static const struct start probes[] = {
	{ nvme_admin_identify, FAKE_HOLD, 1 },
	{ nvme_admin_identify, FAKE_CRASH, 1 },
	{ nvme_admin_create_cq, FAKE_GONE, 1 },
	{ nvme_admin_create_sq, FAKE_HOLD, 1 },
};

KUNIT_ARRAY_PARAM(probe, probes, start_name);

/*
 * Going away
 */

static void unbind_waits_for_io(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	struct ans2_job *job;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	job = pci_test_unbind_job(test);
	msleep(100);
	KUNIT_EXPECT_STREQ(test, t->fake.log, "");
	fake_release(&t->fake);
	pci_test_expect_bio(test, bio, 0);
	pci_test_expect_end(test, job, 0);
	t->dev = NULL;
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
}

static void unbind_does_not_wait_for_ever(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	struct ans2_job *job;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	job = pci_test_unbind_job(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(nvme_state_terminal(&t->dev->ctrl)));
	pci_test_expire(&t->dev->tagset);
	pci_test_expect_bio(test, bio, -EIO);
	pci_test_expect_end(test, job, 0);
	t->dev = NULL;
	pci_test_expect_log(test, "flr");
}

static void shutdown_waits_for_io(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	struct ans2_job *job;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	job = pci_test_shutdown_job(test);
	msleep(300);
	KUNIT_EXPECT_STREQ(test, t->fake.log, "");
	fake_release(&t->fake);
	pci_test_expect_bio(test, bio, 0);
	pci_test_expect_end(test, job, 0);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
}

static void shutdown_does_not_wait_for_ever(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	nvme_io_timeout = 1;
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, 1);
	pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	job = pci_test_shutdown_job(test);
	pci_test_expect_end(test, job, 0);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
}

static void shutdown_sees_a_time_out(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_job *job;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, 1);
	pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	job = pci_test_shutdown_job(test);
	msleep(50);
	pci_test_expire(&t->dev->tagset);
	pci_test_expect_end(test, job, 0);
	pci_test_expect_log(test, "delete-sq delete-cq shutdown off");
}

static void shutdown_sees_a_failure(struct kunit *test)
{
	const enum fake_act *act = test->param_value;
	struct pci_test *t = test->priv;
	struct ans2_job *job;
	unsigned long begin;

	pci_test_start(test);
	pci_test_rule(t, 1, nvme_cmd_read, FAKE_HOLD, 1);
	pci_test_bio(test);
	KUNIT_EXPECT_TRUE(test, T_UNTIL(fake_held(&t->fake, 1)));
	begin = jiffies;
	job = pci_test_shutdown_job(test);
	fake_fail(&t->fake, *act, 50);
	pci_test_expect_end(test, job, 0);
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	KUNIT_EXPECT_EQ(test, t->fake.flrs, 1);
}

static void pci_test_pull(struct pci_test *t)
{
	fake_fail(&t->fake, FAKE_GONE, 0);
	t->fake.hidden = true;
	WRITE_ONCE(t->fake.pdev->error_state, pci_channel_io_perm_failure);
}

/* Nobody resets what is not there. */
static void function_that_was_pulled_is_let_go(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;
	unsigned long begin;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	begin = jiffies;
	pci_test_pull(t);
	pci_test_unbind(test);
	pci_test_expect_bio(test, bio, -EIO);
	KUNIT_EXPECT_LT(test, jiffies - begin, T_SOON);
	pci_test_expect_log(test, "");
}

/* Without anybody who removes it the watch sees to the I/O. */
static void io_of_a_pulled_function_ends(struct kunit *test)
{
	struct pci_test *t = test->priv;
	struct ans2_bio *bio;

	pci_test_start(test);
	bio = pci_test_held_bio(test, 0);
	pci_test_pull(t);
	pci_test_expect_bio(test, bio, -EIO);
	KUNIT_EXPECT_TRUE(test, pci_test_is(t, NVME_CTRL_DELETING));
	KUNIT_EXPECT_FALSE(test, test_bit(NVME_ANS2_NEEDS_RESET,
					  &t->dev->ans2->flags));
	pci_test_expect_log(test, "");
}

static struct kunit_case recover_cases[] = {
	KUNIT_CASE(unbind_in_order),
	KUNIT_CASE(reset_in_order),
	KUNIT_CASE(reset_allocates_without_io),
	KUNIT_CASE(many_resets_leave_nothing),
	KUNIT_CASE(function_reset_in_order),
	KUNIT_CASE(shutdown_in_order),
	KUNIT_CASE(drive_may_ask_for_a_longer_shutdown),
	KUNIT_CASE(suspend_in_order),
	KUNIT_CASE_PARAM(goes_down, going_gen_params),
	KUNIT_CASE(signal_does_not_end_a_shutdown),
	KUNIT_CASE(admin_command_is_not_sent_during_a_shutdown),
	KUNIT_CASE(line_of_a_live_controller_is_masked),
	KUNIT_CASE(watch_has_ended_when_the_controller_is_down),
	KUNIT_CASE_PARAM(io_survives, failure_gen_params),
	KUNIT_CASE_PARAM(io_survives_a_suspend, failure_gen_params),
	KUNIT_CASE(start_counts_queues_anew),
	KUNIT_CASE(queue_made_beside_a_cut_is_made_again),
	KUNIT_CASE_PARAM(admin_ends, failure_gen_params),
	KUNIT_CASE_PARAM(idle_controller_is_found_dead_by_io,
			 failure_gen_params),
	KUNIT_CASE_PARAM(reset_of_a_dead_controller, failure_gen_params),
	KUNIT_CASE_PARAM(unbind_of_a_dead_controller, failure_gen_params),
	KUNIT_CASE(reset_of_the_function_keeps_its_set_up),
	KUNIT_CASE(nothing_is_cancelled_before_the_reset),
	KUNIT_CASE_PARAM(failure_ends_a_shutdown, failure_gen_params),
	KUNIT_CASE_PARAM(failure_ends_a_stop, failure_gen_params),
	KUNIT_CASE_PARAM(deletion_that_does_not_work, deletion_gen_params),
	KUNIT_CASE(deletion_forgets_an_old_error),
	KUNIT_CASE(deletion_says_how_it_ended),
	KUNIT_CASE(time_out_ends_a_deletion),
	KUNIT_CASE(deletion_does_not_wait_for_ever_for_a_request),
	KUNIT_CASE(deletion_after_a_time_out_is_not_waited_for),
	KUNIT_CASE(deletion_waits_for_another_admin_command),
	KUNIT_CASE(deletion_does_not_wait_for_ever),
	KUNIT_CASE(deletion_waits_for_a_request),
	KUNIT_CASE(stop_waits_for_another_admin_command),
	KUNIT_CASE(stop_does_not_wait_for_ever),
	KUNIT_CASE(last_entries_are_taken_before_their_queue_goes),
	KUNIT_CASE(entry_is_taken_before_a_reset),
	KUNIT_CASE_PARAM(entry_of_a_dead_controller_is_taken,
			 failure_gen_params),
	KUNIT_CASE_PARAM(watch_finds_lost_interrupt_of_io, crowd_gen_params),
	KUNIT_CASE(watch_finds_lost_interrupt_of_admin),
	KUNIT_CASE(watch_looks_more_often_at_deletions),
	KUNIT_CASE(fresh_entry_is_not_lost),
	KUNIT_CASE(watch_ends_with_the_last_command),
	KUNIT_CASE(io_time_out_resets),
	KUNIT_CASE(io_time_out_resets_by_itself),
	KUNIT_CASE(start_forgets_what_was_known),
	KUNIT_CASE(admin_time_out_resets_the_function),
	KUNIT_CASE(time_out_looks_into_the_queue),
	KUNIT_CASE(time_out_polls_under_the_lock),
	KUNIT_CASE(nothing_is_reset_while_somebody_polls),
	KUNIT_CASE(time_out_of_a_removed_controller_ends_io),
	KUNIT_CASE(time_out_of_a_stopped_controller_waits),
	KUNIT_CASE(io_that_times_out_twice_is_done),
	KUNIT_CASE(io_that_is_always_lost_ends_alone),
	KUNIT_CASE_PARAM(failure_under_command_of_another,
			 failure_gen_params),
	KUNIT_CASE(time_out_of_command_of_another),
	KUNIT_CASE(time_out_under_the_lock_is_not_lost),
	KUNIT_CASE(io_time_out_under_the_lock_is_not_lost),
	KUNIT_CASE(cut_leaves_no_entry_and_masks_the_line),
	KUNIT_CASE(starting_over_resets_under_the_lock),
	KUNIT_CASE(starting_over_stops_in_order),
	KUNIT_CASE(nobody_starts_over_what_is_removed),
	KUNIT_CASE(end_of_a_start_waits_for_the_lock),
	KUNIT_CASE(start_that_fails_at_its_end_freezes_again),
	KUNIT_CASE_PARAM(failed_start_is_tried_again, start_gen_params),
	KUNIT_CASE_PARAM(function_is_reset_from_the_second_failure_on,
			 nr_starts_gen_params),
	KUNIT_CASE_PARAM(fourth_start_is_the_last, last_start_gen_params),
	KUNIT_CASE(given_up_when_it_is_down),
	KUNIT_CASE(start_that_is_never_ready),
	KUNIT_CASE(without_function_reset_it_is_given_up),
	KUNIT_CASE_PARAM(start_begins_with_the_reset_that_failed,
			 failure_gen_params),
	KUNIT_CASE_PARAM(probe_does_not_wait_for_ever, probe_gen_params),
	KUNIT_CASE(unbind_waits_for_io),
	KUNIT_CASE(unbind_does_not_wait_for_ever),
	KUNIT_CASE(shutdown_waits_for_io),
	KUNIT_CASE(shutdown_does_not_wait_for_ever),
	KUNIT_CASE(shutdown_sees_a_time_out),
	KUNIT_CASE_PARAM(shutdown_sees_a_failure, failure_gen_params),
	KUNIT_CASE(function_that_was_pulled_is_let_go),
	KUNIT_CASE(io_of_a_pulled_function_ends),
	{ }
};

static struct kunit_suite recover_suite = {
	.name = "nvme_ans2_recover",
	.init = pci_test_init,
	.exit = pci_test_exit,
	.test_cases = recover_cases,
};

kunit_test_suite(recover_suite);
