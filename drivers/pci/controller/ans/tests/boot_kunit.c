// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: starting and stopping the ANS2's co-processor
 *
 * fake.c stands in for hardware and RTKit library, and writes down each step.
 *
 * What the suite cannot see: the RTKit library itself, timing of the hardware,
 * and whether a register write reaches anything.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/string.h>
#include <linux/thread_info.h>
#include <linux/workqueue.h>

#include "fake.h"

static int boot_test_init(struct kunit *test)
{
	struct ans_fake *fake = ans_fake_new(test);

	KUNIT_ASSERT_EQ(test, ans_fake_init_firmware(fake), 0);
	test->priv = fake;
	return 0;
}

/* Starting */

/* It asks for one buffer. What is begun and fails is tried once more. */
struct start {
	const char *name;
	u32 cpu_control;
	const char *fail;
	int times;
	int crashes;
	int ret;
	const char *log;
};

#define COLD	"assert reinit deassert run boot"
#define HALT	"assert reinit deassert stop"
#define REVOKE	"revoke"

static const struct start starts[] = {
	{
		.name = "stopped",
		.log = COLD " alloc allow",
	}, {
		.name = "other bits of CPU_CONTROL",
		.cpu_control = ~FAKE_RUN,
		.log = COLD " alloc allow",
	}, {
		.name = "running is adopted",
		.cpu_control = FAKE_RUN,
		.log = "wake alloc allow",
	}, {
		.name = "running but silent",
		.cpu_control = FAKE_RUN,
		.fail = "wake",
		.log = "wake " HALT " " COLD " alloc allow",
	}, {
		.name = "running, crashes when woken",
		.cpu_control = FAKE_RUN,
		.crashes = 1,
		.log = "wake " HALT " " COLD " alloc allow",
	}, {
		.name = "line fails once",
		.fail = "assert",
		.times = 1,
		.log = "assert " COLD " alloc allow",
	}, {
		.name = "line fails",
		.fail = "assert",
		.ret = -EIO,
		.log = "assert assert",
	}, {
		.name = "mailbox fails once",
		.fail = "reinit",
		.times = 1,
		.log = "assert reinit deassert " COLD " alloc allow",
	}, {
		.name = "mailbox fails",
		.fail = "reinit",
		.ret = -EIO,
		.log = "assert reinit deassert assert reinit deassert",
	}, {
		.name = "line is stuck once",
		.fail = "deassert",
		.times = 1,
		.log = "assert reinit deassert " COLD " alloc allow",
	}, {
		.name = "line is stuck",
		.fail = "deassert",
		.ret = -EIO,
		.log = "assert reinit deassert assert reinit deassert",
	}, {
		.name = "no handshake once",
		.fail = "boot",
		.times = 1,
		.log = COLD " " HALT " " COLD " alloc allow",
	}, {
		.name = "no handshake",
		.fail = "boot",
		.ret = -EIO,
		.log = COLD " " HALT " " COLD " " HALT,
	}, {
		.name = "crashes once",
		.crashes = 1,
		.log = COLD " " HALT " " COLD " alloc allow",
	}, {
		.name = "crashes twice",
		.crashes = 2,
		.ret = -ETIME,
		.log = COLD " " HALT " " COLD " " HALT,
	},
};

KUNIT_ARRAY_PARAM_DESC(start, starts, name);

static void start_of(struct kunit *test)
{
	const struct start *start = test->param_value;
	struct ans_fake *fake = test->priv;

	fake->asks[0] = 0x4000;
	fake->cpu_control = start->cpu_control;
	fake->fail = start->fail;
	fake->times = start->times;
	fake->crash_early = start->crashes;
	KUNIT_EXPECT_EQ(test, ans_fake_start(fake), start->ret);
	KUNIT_EXPECT_STREQ(test, fake->log, start->log);
	KUNIT_EXPECT_EQ(test, fake->crashes, start->crashes);
	KUNIT_EXPECT_EQ(test, fake->ans.fw.ready, !start->ret);
	if (start->ret)
		ans_fake_expect_stopped(fake);

	/* It can be tried again, and stopped. */
	fake->fail = NULL;
	if (start->ret)
		KUNIT_EXPECT_EQ(test, ans_fake_start(fake), 0);
	KUNIT_EXPECT_EQ(test, fake->cpu_control & FAKE_RUN, FAKE_RUN);
	KUNIT_EXPECT_EQ(test, fake->allowed, 1);
	ans_fake_stop(fake);
	ans_fake_expect_stopped(fake);
}

static void ready_may_come_late(struct kunit *test)
{
	struct ans_fake *fake = test->priv;

	fake->status_reads = 20;
	KUNIT_EXPECT_EQ(test, ans_fake_start(fake), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, COLD);
	KUNIT_EXPECT_LT(test, fake->status_reads, 0);
}

/* Each wait for it takes a second. */
static void unready_firmware_is_restarted(struct kunit *test)
{
	struct ans_fake *fake = test->priv;

	fake->cpu_control = FAKE_RUN;
	fake->fail = "status";
	fake->times = 1;
	KUNIT_EXPECT_EQ(test, ans_fake_start(fake), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "wake sleep stop " COLD);
}

static void wrong_status_stops_the_firmware(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	unsigned long begin = jiffies;

	fake->status = FAKE_READY ^ 1;
	fake->asks[0] = 0x1000;
	KUNIT_EXPECT_EQ(test, ans_fake_start(fake), -ETIMEDOUT);
	/* twice for a second, with a look each millisecond or four times */
	KUNIT_EXPECT_GE(test, jiffies - begin, 2 * HZ - 2);
	KUNIT_EXPECT_LE(test, fake->looks, 2 * 4100);
	KUNIT_EXPECT_STREQ(test, fake->log,
			   COLD " alloc allow sleep revoke stop "
			   COLD " allow sleep revoke stop");
	ans_fake_expect_stopped(fake);
}

/* Two buffers are asked for: the first may be lent when the second is not. */
struct refusal {
	const char *name;
	const char *step;
	int spared;
	const char *log;
};

#define TAKE	"assert reinit revoke deassert stop"

static const struct refusal refusals[] = {
	{
		.name = "no memory",
		.step = "alloc",
		.log = COLD " alloc " HALT " " COLD " alloc " HALT,
	}, {
		.name = "no memory for the second",
		.step = "alloc",
		.spared = 1,
		.log = COLD " alloc allow alloc " TAKE " "
		       COLD " allow alloc " TAKE,
	}, {
		.name = "not allowed",
		.step = "allow",
		.log = COLD " alloc allow " HALT " " COLD " allow " HALT,
	}, {
		.name = "second not allowed",
		.step = "allow",
		.spared = 1,
		.log = COLD " alloc allow alloc allow " TAKE " "
		       COLD " allow " HALT,
	},
};

KUNIT_ARRAY_PARAM_DESC(refusal, refusals, name);

static void refused_memory_stops_the_firmware(struct kunit *test)
{
	const struct refusal *refusal = test->param_value;
	struct ans_fake *fake = test->priv;

	fake->asks[0] = 0x4000;
	fake->asks[1] = 0x4000;
	fake->fail = refusal->step;
	fake->spared = refusal->spared;
	KUNIT_EXPECT_EQ(test, ans_fake_start(fake), -ETIME);
	KUNIT_EXPECT_STREQ(test, fake->log, refusal->log);
	ans_fake_expect_stopped(fake);
}

/* As the library waits; nothing comes. */
static int wait_in_vain(struct apple_rtkit *rtk)
{
	DECLARE_COMPLETION_ONSTACK(never);
	long t = wait_for_completion_interruptible_timeout(&never, 1);

	return t < 0 ? t : -ETIME;
}

/* As the end of a process and task work do; no mask holds them off. */
static void handshake_is_not_interrupted(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	int ret;

	mutex_lock(&fake->ans.fw.lock);
	set_thread_flag(TIF_NOTIFY_SIGNAL);
	ret = ans_firmware_handshake(&fake->ans.fw, wait_in_vain);
	clear_thread_flag(TIF_NOTIFY_SIGNAL);
	mutex_unlock(&fake->ans.fw.lock);
	KUNIT_EXPECT_EQ(test, ret, -ETIME);
}

/* Stopping */

struct stop {
	const char *name;
	const char *fail;
	bool crashed;
	const char *log;
};

static const struct stop stops[] = {
	{
		.name = "sleeps",
		.log = "sleep revoke stop",
	}, {
		.name = "does not sleep",
		.fail = "sleep",
		.log = "sleep " TAKE,
	}, {
		.name = "has crashed",
		.crashed = true,
		.log = TAKE,
	}, {
		.name = "has crashed, mailbox fails",
		.fail = "reinit",
		.crashed = true,
		.log = TAKE,
	}, {
		.name = "has crashed, line fails",
		.fail = "assert",
		.crashed = true,
		.log = TAKE,
	}, {
		.name = "has crashed, line is stuck",
		.fail = "deassert",
		.crashed = true,
		.log = TAKE,
	},
};

KUNIT_ARRAY_PARAM_DESC(stop, stops, name);

/* And once is enough */
static void stop_of(struct kunit *test)
{
	const struct stop *stop = test->param_value;
	struct ans_fake *fake = test->priv;

	fake->asks[0] = 0x4000;
	KUNIT_ASSERT_EQ(test, ans_fake_start(fake), 0);
	ans_fake_forget(fake);
	fake->fail = stop->fail;
	fake->crashed = stop->crashed;
	ans_fake_stop(fake);
	KUNIT_EXPECT_STREQ(test, fake->log, stop->log);
	/* It is all that is done about a line that does nothing. */
	if (stop->fail && !strcmp(stop->fail, "assert"))
		fake->running = false;
	ans_fake_expect_stopped(fake);

	ans_fake_forget(fake);
	ans_fake_stop(fake);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
}

static void stop_of_what_never_ran_touches_nothing(struct kunit *test)
{
	struct ans_fake *fake = test->priv;

	ans_fake_stop(fake);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
}

static void crashed_firmware_gets_the_same_memory(struct kunit *test)
{
	struct ans_fake *fake = test->priv;

	fake->asks[0] = 0x4000;
	KUNIT_ASSERT_EQ(test, ans_fake_start(fake), 0);
	fake->crashed = true;
	ans_fake_forget(fake);
	ans_fake_stop(fake);
	KUNIT_EXPECT_EQ(test, ans_fake_start(fake), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, TAKE " " COLD " allow");
}

static bool is_up(struct ans_fake *fake)
{
	bool up;

	mutex_lock(&fake->ans.fw.lock);
	up = ans_firmware_is_up(&fake->ans.fw);
	mutex_unlock(&fake->ans.fw.lock);
	return up;
}

static void firmware_is_up_until_it_stops_or_crashes(struct kunit *test)
{
	struct ans_fake *fake = test->priv;

	KUNIT_EXPECT_FALSE(test, is_up(fake));
	KUNIT_ASSERT_EQ(test, ans_fake_start(fake), 0);
	KUNIT_EXPECT_TRUE(test, is_up(fake));
	fake->crashed = true;
	KUNIT_EXPECT_FALSE(test, is_up(fake));
	fake->crashed = false;
	ans_fake_stop(fake);
	KUNIT_EXPECT_FALSE(test, is_up(fake));
}

/* Requests at the wrong moment */

static const char * const ways_to_stop[] = { "none", "sleep" };

static void step_name(const char * const *step, char *desc)
{
	strscpy(desc, *step, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(way_to_stop, ways_to_stop, step_name);

/*
 * It sleeps, or is halted because the sleep fails. The library would keep what
 * it gets there.
 */
static void request_while_stopping_is_refused(struct kunit *test)
{
	const char * const *fail = test->param_value;
	struct ans_fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, ans_fake_start(fake), 0);
	fake->asks_late = true;
	fake->fail = *fail;
	ans_fake_stop(fake);
	KUNIT_EXPECT_EQ(test, fake->late, -ESHUTDOWN);
	KUNIT_EXPECT_NULL(test, fake->shmem[0].buffer);
	ans_fake_expect_stopped(fake);
}

static const char * const ways_to_restart[] = { "wake", "status" };

KUNIT_ARRAY_PARAM(way_to_restart, ways_to_restart, step_name);

/* In its first halt, and in the reinit of the cold start that follows */
static void request_after_failed_adoption_is_refused(struct kunit *test)
{
	const char * const *fail = test->param_value;
	struct ans_fake *fake = test->priv;

	fake->cpu_control = FAKE_RUN;
	fake->asks_late = true;
	fake->fail = *fail;
	fake->times = 1;
	KUNIT_EXPECT_EQ(test, ans_fake_start(fake), 0);
	KUNIT_EXPECT_EQ(test, fake->late, -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, fake->allocs, 0);
}

static void request_after_the_stop_is_refused(struct kunit *test)
{
	struct apple_rtkit_shmem bfr = { .size = 0x1000 };
	struct ans_fake *fake = test->priv;

	KUNIT_ASSERT_EQ(test, ans_fake_start(fake), 0);
	ans_fake_stop(fake);
	KUNIT_EXPECT_EQ(test, ans_loan_lend(&fake->ans.loan, &bfr),
			-ESHUTDOWN);
	ans_fake_expect_stopped(fake);
}

/* The library keeps the last of two requests on one endpoint. */
static void repeated_request_does_not_leak(struct kunit *test)
{
	const char * const *fail = test->param_value;
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr = { .size = 0x1000 };

	fake->asks[1] = 0x1000;
	KUNIT_ASSERT_EQ(test, ans_fake_start(fake), 0);
	KUNIT_EXPECT_EQ(test, ans_loan_lend(&fake->ans.loan, &bfr), 0);
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 2);
	ans_fake_forget(fake);
	fake->fail = *fail;
	ans_fake_stop(fake);
	KUNIT_EXPECT_STREQ(test, fake->log, strcmp(*fail, "sleep") ?
			   "sleep " REVOKE " " REVOKE " stop" :
			   "sleep assert reinit " REVOKE " " REVOKE
			   " deassert stop");
	ans_fake_expect_stopped(fake);
}

/* It speaks as soon as it may. */
static void ask_early(struct ans_fake *fake, const char *step)
{
	if (strcmp(step, "run") && strcmp(step, "wake"))
		return;
	fake->shmem[1].size = 0x1000;
	fake->late = ans_loan_lend(&fake->ans.loan, &fake->shmem[1]);
}

static const u32 ways_to_find[] = { 0, FAKE_RUN };

static void way_to_find_name(const u32 *cpu_control, char *desc)
{
	strscpy(desc, *cpu_control ? "running" : "stopped",
		KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(way_to_find, ways_to_find, way_to_find_name);

static void first_request_is_served(struct kunit *test)
{
	const u32 *cpu_control = test->param_value;
	struct ans_fake *fake = test->priv;

	fake->cpu_control = *cpu_control;
	fake->late = -EIO;
	fake->at = ask_early;
	KUNIT_EXPECT_EQ(test, ans_fake_start(fake), 0);
	KUNIT_EXPECT_EQ(test, fake->late, 0);
	KUNIT_EXPECT_EQ(test, fake->allowed, 1);
	ans_fake_stop(fake);
	ans_fake_expect_stopped(fake);
}

static bool rescuers_are(int n)
{
	int i;

	/* A thread that has ended may be seen for a moment. */
	for (i = 0; i < 1000 && ans_fake_rescuers() != n; i++)
		usleep_range(500, 1000);
	return ans_fake_rescuers() == n;
}

/* What I/O waits for does not wait for memory. */
static void queue_runs_without_memory_and_goes(struct kunit *test)
{
	struct ans_fake *fake = test->priv;

	KUNIT_EXPECT_TRUE(test, rescuers_are(1));
	KUNIT_EXPECT_NOT_NULL(test, ans_alloc_wq(fake->dev, "apple-kunit"));
	KUNIT_EXPECT_TRUE(test, rescuers_are(2));
	kunit_device_unregister(test, fake->dev);
	KUNIT_EXPECT_TRUE(test, rescuers_are(0));
}

/* The hardware's own functions, on plain memory */
static void registers_are_those_of_the_co_processor(struct kunit *test)
{
	const struct ans_firmware_ops *ops = &ans_firmware_hw_ops;
	struct ans_firmware fw = { };
	__le32 *regs = kunit_kzalloc(test, 0x80, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, regs);
	fw.asc = (__force void __iomem *)regs;
	fw.nvme_boot_status = (__force void __iomem *)(regs + 0x60 / 4);
	regs[0x44 / 4] = cpu_to_le32(0x11);
	regs[0x60 / 4] = cpu_to_le32(FAKE_READY);
	KUNIT_EXPECT_EQ(test, ops->cpu_control(&fw), 0x11);
	KUNIT_EXPECT_EQ(test, ops->boot_status(&fw), FAKE_READY);
	ops->set_cpu_control(&fw, 0x22);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(regs[0x44 / 4]), 0x22);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(regs[0x40 / 4]), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(regs[0x48 / 4]), 0);
}

static struct kunit_case boot_cases[] = {
	KUNIT_CASE_PARAM(start_of, start_gen_params),
	KUNIT_CASE(ready_may_come_late),
	KUNIT_CASE_SLOW(unready_firmware_is_restarted),
	KUNIT_CASE_SLOW(wrong_status_stops_the_firmware),
	KUNIT_CASE_PARAM(refused_memory_stops_the_firmware, refusal_gen_params),
	KUNIT_CASE(handshake_is_not_interrupted),
	KUNIT_CASE_PARAM(stop_of, stop_gen_params),
	KUNIT_CASE(stop_of_what_never_ran_touches_nothing),
	KUNIT_CASE(crashed_firmware_gets_the_same_memory),
	KUNIT_CASE(firmware_is_up_until_it_stops_or_crashes),
	KUNIT_CASE_PARAM(request_while_stopping_is_refused,
			 way_to_stop_gen_params),
	KUNIT_CASE_PARAM(request_after_failed_adoption_is_refused,
			 way_to_restart_gen_params),
	KUNIT_CASE(request_after_the_stop_is_refused),
	KUNIT_CASE_PARAM(repeated_request_does_not_leak,
			 way_to_stop_gen_params),
	KUNIT_CASE_PARAM(first_request_is_served, way_to_find_gen_params),
	KUNIT_CASE(queue_runs_without_memory_and_goes),
	KUNIT_CASE(registers_are_those_of_the_co_processor),
	{}
};

static struct kunit_suite boot_suite = {
	.name = "apple_ans2_boot",
	.init = boot_test_init,
	.test_cases = boot_cases,
};

kunit_test_suite(boot_suite);
