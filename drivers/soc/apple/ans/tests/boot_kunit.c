// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: order of the ANS2 driver, and memory for its firmware
 *
 * The driver's tables of functions are replaced by a recorder, which writes
 * down each step in a line of words and keeps count of what is held:
 *
 *   name+ / name-   a part was set up / taken down
 *   assert deassert run stop      reset line and CPU_CONTROL
 *   reinit boot wake sleep        RTKit library
 *   alloc allow revoke free       memory of the firmware
 *   crash                         what the recovery starts at
 *
 * The recorder does with memory what the RTKit library does: it asks during the
 * handshake and gives back in reinit and sleep. The library takes messages
 * again before it returns from these two, so firmware may ask there, too.
 *
 * What the suite cannot see: the RTKit library itself, timing of the hardware,
 * and whether a register write reaches anything.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/platform_device.h>
#include <linux/pm.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/string.h>
#include <linux/thread_info.h>
#include <linux/workqueue.h>

#include "../ans.h"

#define RUN	0x10
#define READY	0xde71ce55
#define PAGES	8

struct recorder {
	struct kunit *test;
	struct ans ans;
	struct device *dev;
	char log[512];
	const char *fail;	/* this step fails */
	int error;		/* with this errno, -EIO if 0 */
	int spared;		/* but not the first so many times */
	bool once;		/* and only once */

	int parts;
	bool reset;
	u32 cpu_control;
	u32 status;
	int status_reads;	/* until the status is shown */
	bool running;
	bool crashed;

	size_t asks[4];		/* sizes asked for in the handshake */
	bool asks_late;		/* and another page when it is stopped */
	int late;		/* what that request gave */
	struct work_struct work;
	struct apple_rtkit_shmem shmem[4];
	u8 *page[PAGES];	/* what alloc() has given out */
	bool used[PAGES];
	size_t size[PAGES];
	int allocs;
	int allowed;
	dma_addr_t allowed_dma;
	size_t allowed_size;
};

static struct recorder *to_recorder(struct ans *ans)
{
	return container_of(ans, struct recorder, ans);
}

static int record(struct recorder *r, const char *step)
{
	if (r->log[0])
		strlcat(r->log, " ", sizeof(r->log));
	strlcat(r->log, step, sizeof(r->log));

	if (!r->fail || strcmp(r->fail, step))
		return 0;
	if (r->spared) {
		r->spared--;
		return 0;
	}
	if (r->once)
		r->fail = NULL;
	return r->error ?: -EIO;
}

/* Parts: each has an undo that devres calls. */

#define PART(name)						\
static void name##_undo(void *data)				\
{								\
	struct recorder *r = data;				\
								\
	record(r, #name "-");					\
	r->parts--;						\
}								\
								\
static int name##_fake(struct ans *ans)				\
{								\
	struct recorder *r = to_recorder(ans);			\
	int ret = record(r, #name "+");				\
								\
	if (ret)						\
		return ret;					\
	r->parts++;						\
	return devm_add_action_or_reset(r->dev, name##_undo, r);	\
}

PART(power)
PART(resources)
PART(sart)
PART(rtkit)
PART(bridge)

static const struct ans_parts fake_parts = {
	.power = power_fake,
	.resources = resources_fake,
	.sart = sart_fake,
	.rtkit = rtkit_fake,
	.bridge = bridge_fake,
};

static u32 cpu_control_fake(struct ans *ans)
{
	return to_recorder(ans)->cpu_control;
}

static void set_cpu_control_fake(struct ans *ans, u32 value)
{
	struct recorder *r = to_recorder(ans);

	record(r, value & RUN ? "run" : "stop");
	r->cpu_control = value;
}

static u32 boot_status_fake(struct ans *ans)
{
	struct recorder *r = to_recorder(ans);

	/* With "once", until the firmware has gone to sleep. */
	if (r->fail && !strcmp(r->fail, "status"))
		return 0;
	if (r->status_reads-- > 0)
		return 0;
	return r->running ? r->status : 0;
}

static int reset_assert_fake(struct ans *ans)
{
	struct recorder *r = to_recorder(ans);
	int ret = record(r, "assert");

	if (ret)
		return ret;
	r->reset = true;
	r->running = false;
	r->cpu_control = 0;
	return 0;
}

static int reset_deassert_fake(struct ans *ans)
{
	struct recorder *r = to_recorder(ans);
	int ret = record(r, "deassert");

	r->reset = false;
	return ret;
}

static bool is_running_fake(struct ans *ans)
{
	struct recorder *r = to_recorder(ans);

	return r->running && !r->crashed;
}

static bool is_crashed_fake(struct ans *ans)
{
	return to_recorder(ans)->crashed;
}

static void give_back(struct recorder *r)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(r->shmem); i++) {
		if (r->shmem[i].buffer)
			ans_shmem_destroy(&r->ans, &r->shmem[i]);
		r->shmem[i] = (struct apple_rtkit_shmem) {};
	}
	if (!r->asks_late)
		return;
	r->shmem[0].size = 0x1000;
	r->late = ans_shmem_setup(&r->ans, &r->shmem[0]);
}

static int reinit_fake(struct ans *ans)
{
	struct recorder *r = to_recorder(ans);
	int ret = record(r, "reinit");

	give_back(r);
	r->crashed = false;
	return ret;
}

static int handshake(struct recorder *r, const char *step)
{
	int ret = record(r, step);
	int i;

	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(r->asks); i++) {
		if (!r->asks[i])
			continue;
		r->shmem[i].size = r->asks[i];
		if (ans_shmem_setup(&r->ans, &r->shmem[i])) {
			r->shmem[i] = (struct apple_rtkit_shmem) {};
			return -ETIME;
		}
	}
	r->running = true;
	return 0;
}

static int boot_fake(struct ans *ans)
{
	return handshake(to_recorder(ans), "boot");
}

static int wake_fake(struct ans *ans)
{
	return handshake(to_recorder(ans), "wake");
}

static int shutdown_fake(struct ans *ans)
{
	struct recorder *r = to_recorder(ans);
	int ret = record(r, "sleep");

	if (ret)
		return ret;
	if (r->once)
		r->fail = NULL;
	r->running = false;
	give_back(r);
	return 0;
}

/* Stands in for dma_alloc_coherent(): an address of its own each time. */
static void *alloc_fake(struct ans *ans, size_t size, dma_addr_t *dma)
{
	struct recorder *r = to_recorder(ans);
	int i;

	if (record(r, "alloc"))
		return NULL;
	for (i = 0; i < PAGES; i++) {
		if (r->used[i])
			continue;
		r->page[i] = kunit_kzalloc(r->test, size, GFP_KERNEL);
		r->used[i] = r->page[i];
		r->size[i] = size;
		r->allocs++;
		*dma = 0x800000000 + i * 0x100000;
		return r->page[i];
	}
	return NULL;
}

static int page_of(struct recorder *r, const void *va)
{
	int i;

	for (i = 0; i < PAGES; i++)
		if (r->used[i] && r->page[i] == va)
			return i;
	return -1;
}

static void free_fake(struct ans *ans, size_t size, void *va, dma_addr_t dma)
{
	struct recorder *r = to_recorder(ans);
	int i = page_of(r, va);

	record(r, "free");
	KUNIT_EXPECT_GE(r->test, i, 0);
	if (i < 0)
		return;
	KUNIT_EXPECT_EQ(r->test, r->size[i], size);
	KUNIT_EXPECT_EQ(r->test, dma, 0x800000000 + i * 0x100000);
	r->used[i] = false;
}

static bool is_clear(struct recorder *r, dma_addr_t dma)
{
	int i = (dma - 0x800000000) / 0x100000;

	return !memchr_inv(r->page[i], 0, r->size[i]);
}

static int allow_fake(struct ans *ans, dma_addr_t dma, size_t size)
{
	struct recorder *r = to_recorder(ans);
	int ret = record(r, "allow");

	if (ret)
		return ret;
	KUNIT_EXPECT_TRUE(r->test, is_clear(r, dma));
	r->allowed++;
	r->allowed_dma = dma;
	r->allowed_size = size;
	return 0;
}

static int revoke_fake(struct ans *ans, dma_addr_t dma, size_t size)
{
	struct recorder *r = to_recorder(ans);
	int ret = record(r, "revoke");

	if (!ret)
		r->allowed--;
	return ret;
}

static const struct ans_ops fake_ops = {
	.cpu_control = cpu_control_fake,
	.set_cpu_control = set_cpu_control_fake,
	.boot_status = boot_status_fake,
	.reset_assert = reset_assert_fake,
	.reset_deassert = reset_deassert_fake,
	.is_running = is_running_fake,
	.is_crashed = is_crashed_fake,
	.reinit = reinit_fake,
	.boot = boot_fake,
	.wake = wake_fake,
	.shutdown = shutdown_fake,
	.alloc = alloc_fake,
	.free = free_fake,
	.allow = allow_fake,
	.revoke = revoke_fake,
};

static int pages_used(struct recorder *r)
{
	int i, n = 0;

	for (i = 0; i < PAGES; i++)
		n += r->used[i];
	return n;
}

static int buffers(struct recorder *r, bool lent)
{
	int i, n = 0;

	for (i = 0; i < ANS_MAX_BUFFERS; i++)
		n += r->ans.buffers[i].va && r->ans.buffers[i].lent == lent;
	return n;
}

/* Spares are left until the device goes. */
static void expect_stopped(struct kunit *test, struct recorder *r)
{
	KUNIT_EXPECT_EQ(test, pages_used(r), buffers(r, false));
	KUNIT_EXPECT_EQ(test, buffers(r, true), 0);
	KUNIT_EXPECT_EQ(test, r->allowed, 0);
	KUNIT_EXPECT_FALSE(test, r->reset);
	KUNIT_EXPECT_FALSE(test, r->running);
	KUNIT_EXPECT_EQ(test, r->cpu_control, 0);
	KUNIT_EXPECT_FALSE(test, r->ans.ready);
}

static void expect_nothing_left(struct kunit *test, struct recorder *r)
{
	expect_stopped(test, r);
	KUNIT_EXPECT_EQ(test, r->parts, 0);
	KUNIT_EXPECT_EQ(test, pages_used(r), 0);
}

static int start(struct recorder *r)
{
	int ret;

	mutex_lock(&r->ans.lock);
	ret = ans_boot_start(&r->ans);
	mutex_unlock(&r->ans.lock);
	return ret;
}

static void put_to_sleep(struct recorder *r)
{
	mutex_lock(&r->ans.lock);
	ans_boot_sleep(&r->ans);
	mutex_unlock(&r->ans.lock);
}

static void forget(struct recorder *r)
{
	r->log[0] = '\0';
}

static int boot_test_init(struct kunit *test)
{
	static const struct ans_hw hw = { .subsystem = 0x8103 };
	struct recorder *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	r->test = test;
	r->status = READY;
	r->dev = kunit_device_register(test, "ans2");
	KUNIT_ASSERT_FALSE(test, IS_ERR(r->dev));
	KUNIT_ASSERT_EQ(test, ans_init(&r->ans, r->dev, &fake_ops, &hw), 0);
	test->priv = r;
	return 0;
}

/* Starting */

static void stopped_is_reset_and_started(struct kunit *test)
{
	struct recorder *r = test->priv;

	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "assert reinit deassert run boot");
	KUNIT_EXPECT_TRUE(test, r->ans.ready);
	KUNIT_EXPECT_EQ(test, r->cpu_control, RUN);
}

static void running_is_adopted_without_reset(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->cpu_control = RUN;
	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "wake");
	KUNIT_EXPECT_TRUE(test, r->ans.ready);
}

static void other_bits_of_cpu_control_are_not_run(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->cpu_control = ~RUN;
	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "assert reinit deassert run boot");
}

static void silent_firmware_is_reset(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->cpu_control = RUN;
	r->fail = "wake";
	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "wake assert reinit deassert stop assert reinit deassert run boot");
	KUNIT_EXPECT_TRUE(test, r->ans.ready);
}

static void boot_asks_for_memory(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->asks[0] = 0x4000;
	r->asks[2] = 0x8000;
	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "assert reinit deassert run boot alloc allow alloc allow");
	KUNIT_EXPECT_EQ(test, r->allowed, 2);
}

struct refusal {
	const char *name;
	const char *step;
	int spared;
	const char *log;
};

/* Two buffers are asked for: the first may be lent when the second is not. */
static const struct refusal refusals[] = {
	{
		.name = "no memory",
		.step = "alloc",
		.log = "boot alloc assert reinit deassert stop",
	}, {
		.name = "no memory for the second",
		.step = "alloc",
		.spared = 1,
		.log =
		"boot alloc allow alloc assert reinit revoke deassert stop",
	}, {
		.name = "not allowed",
		.step = "allow",
		.log = "boot alloc allow assert reinit deassert stop",
	}, {
		.name = "second not allowed",
		.step = "allow",
		.spared = 1,
		.log =
		"boot alloc allow alloc allow assert reinit revoke deassert stop",
	},
};

KUNIT_ARRAY_PARAM_DESC(refusal, refusals, name);

static void refused_memory_stops_the_firmware(struct kunit *test)
{
	const struct refusal *refusal = test->param_value;
	struct recorder *r = test->priv;
	const char *log;

	r->asks[0] = 0x4000;
	r->asks[1] = 0x4000;
	r->fail = refusal->step;
	r->spared = refusal->spared;
	KUNIT_EXPECT_EQ(test, start(r), -ETIME);
	log = strstr(r->log, "boot");
	KUNIT_ASSERT_NOT_NULL(test, log);
	KUNIT_EXPECT_STREQ(test, log, refusal->log);
	expect_stopped(test, r);
}

static void ready_may_come_late(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->status_reads = 20;
	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_LT(test, r->status_reads, 0);
}

static void wrong_status_stops_the_firmware(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->status = READY ^ 1;
	r->asks[0] = 0x1000;
	KUNIT_EXPECT_EQ(test, start(r), -ETIMEDOUT);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "assert reinit deassert run boot alloc allow sleep revoke stop");
	expect_stopped(test, r);
}

static void unready_firmware_is_restarted(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->cpu_control = RUN;
	r->fail = "status";
	r->once = true;
	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "wake sleep stop assert reinit deassert run boot");
}

static void start_can_be_tried_again(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->fail = "boot";
	r->once = true;
	KUNIT_EXPECT_EQ(test, start(r), -EIO);
	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_TRUE(test, r->ans.ready);
}

/* As the library waits; nothing comes. */
static int wait_in_vain(struct apple_rtkit *rtk)
{
	DECLARE_COMPLETION_ONSTACK(never);
	long t = wait_for_completion_interruptible_timeout(&never, 1);

	return t < 0 ? t : -ETIME;
}

static int wait_under_lock(struct recorder *r)
{
	int ret;

	mutex_lock(&r->ans.lock);
	ret = ans_run_handshake(&r->ans, wait_in_vain);
	mutex_unlock(&r->ans.lock);
	return ret;
}

/* As the end of a process and task work do; no mask holds them off. */
static void handshake_is_not_interrupted(struct kunit *test)
{
	struct recorder *r = test->priv;
	int ret;

	set_thread_flag(TIF_NOTIFY_SIGNAL);
	ret = wait_under_lock(r);
	clear_thread_flag(TIF_NOTIFY_SIGNAL);
	KUNIT_EXPECT_EQ(test, ret, -ETIME);
}

static void handshake_from_work(struct work_struct *work)
{
	struct recorder *r = container_of(work, struct recorder, work);

	r->late = wait_under_lock(r);
}

/* The recovery and a function reset are works with a rescuer themselves. */
static void handshake_runs_from_either_queue(struct kunit *test)
{
	struct recorder *r = test->priv;

	INIT_WORK(&r->work, handshake_from_work);
	queue_work(r->ans.crash_wq, &r->work);
	flush_work(&r->work);
	KUNIT_EXPECT_EQ(test, r->late, -ETIME);
	r->late = 0;
	queue_work(r->ans.flr_wq, &r->work);
	flush_work(&r->work);
	KUNIT_EXPECT_EQ(test, r->late, -ETIME);
}

/* Stopping */

static void sleep_comes_before_stop(struct kunit *test)
{
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	put_to_sleep(r);
	KUNIT_EXPECT_STREQ(test, r->log, "sleep stop");
	expect_stopped(test, r);
}

static void sleep_gives_memory_back(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->asks[0] = 0x4000;
	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	put_to_sleep(r);
	KUNIT_EXPECT_STREQ(test, r->log, "sleep revoke stop");
	expect_stopped(test, r);
}

static void sleep_is_idempotent(struct kunit *test)
{
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	put_to_sleep(r);
	forget(r);
	put_to_sleep(r);
	KUNIT_EXPECT_STREQ(test, r->log, "");
}

static void sleep_of_stopped_touches_nothing(struct kunit *test)
{
	struct recorder *r = test->priv;

	put_to_sleep(r);
	KUNIT_EXPECT_STREQ(test, r->log, "");
}

static void sleepless_firmware_is_reset(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->asks[0] = 0x4000;
	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	r->fail = "sleep";
	put_to_sleep(r);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "sleep assert reinit revoke deassert stop");
	expect_stopped(test, r);
}

static void crashed_firmware_is_not_spoken_to(struct kunit *test)
{
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	r->crashed = true;
	put_to_sleep(r);
	KUNIT_EXPECT_STREQ(test, r->log, "assert reinit deassert stop");
	expect_stopped(test, r);
}

static void restart_sleeps_then_starts(struct kunit *test)
{
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "sleep stop assert reinit deassert run boot");
	KUNIT_EXPECT_TRUE(test, r->ans.ready);
}

struct restart_step {
	const char *step;
	int ret;
	const char *log;
};

static const struct restart_step restart_steps[] = {
	{
		/* The reset line does what the firmware will not. */
		.step = "sleep",
		.log =
		"sleep assert reinit revoke deassert stop assert reinit deassert run boot allow",
	}, {
		.step = "assert",
		.ret = -EIO,
		.log = "sleep revoke stop assert",
	}, {
		.step = "reinit",
		.ret = -EIO,
		.log = "sleep revoke stop assert reinit deassert",
	}, {
		.step = "deassert",
		.ret = -EIO,
		.log = "sleep revoke stop assert reinit deassert",
	}, {
		.step = "boot",
		.ret = -EIO,
		.log =
		"sleep revoke stop assert reinit deassert run boot assert reinit deassert stop",
	}, {
		.step = "status",
		.ret = -ETIMEDOUT,
		.log =
		"sleep revoke stop assert reinit deassert run boot allow sleep revoke stop",
	},
};

KUNIT_ARRAY_PARAM_DESC(restart_step, restart_steps, step);

static void failed_restart_leaves_nothing(struct kunit *test)
{
	const struct restart_step *failing = test->param_value;
	struct recorder *r = test->priv;

	r->asks[0] = 0x4000;
	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	r->fail = failing->step;
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), failing->ret);
	KUNIT_EXPECT_STREQ(test, r->log, failing->log);
	if (failing->ret)
		expect_stopped(test, r);

	r->fail = NULL;
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), 0);
	KUNIT_EXPECT_TRUE(test, r->ans.ready);
	KUNIT_EXPECT_TRUE(test, r->running);
	KUNIT_EXPECT_EQ(test, r->allowed, 1);

	put_to_sleep(r);
	expect_stopped(test, r);
}

static void firmware_that_was_given_up_is_only_stopped(struct kunit *test)
{
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	r->ans.given_up = true;
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), -EIO);
	KUNIT_EXPECT_STREQ(test, r->log, "sleep stop");
	expect_stopped(test, r);
}

static void restart_is_refused_while_closed(struct kunit *test)
{
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	r->ans.closed = true;
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), -ESHUTDOWN);
	KUNIT_EXPECT_STREQ(test, r->log, "");
}

static void crash_hides_the_function(struct kunit *test)
{
	struct recorder *r = test->priv;
	u32 val = 0;

	ans_function_init(&r->ans.function, 0x27bcc0000, 0x8103);
	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	ans_crashed(&r->ans);
	flush_work(&r->ans.crash_work);

	ans_function_read(&r->ans.function, 0, 4, &val);
	KUNIT_EXPECT_EQ(test, val, 0xffffffff);
	/* Without a bridge there is nobody to recover for. */
	KUNIT_EXPECT_STREQ(test, r->log, "");
}

/*
 * System sleep, through the tables that the driver core has of the driver
 */

static void record_crash(struct work_struct *work)
{
	record(container_of(work, struct recorder, ans.crash_work), "crash");
}

/* The firmware runs, and the function answers. */
static const struct device_driver *prepare_sleep(struct kunit *test)
{
	struct device_driver *drv = driver_find("apple-ans2",
						&platform_bus_type);
	struct recorder *r = test->priv;

	KUNIT_ASSERT_NOT_NULL(test, drv);
	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "needs CONFIG_PM_SLEEP");
	KUNIT_ASSERT_NOT_NULL(test, drv->pm);

	INIT_WORK(&r->ans.crash_work, record_crash);
	dev_set_drvdata(r->dev, &r->ans);
	ans_function_init(&r->ans.function, 0x27bcc0000, 0x8103);
	r->asks[0] = 0x4000;
	KUNIT_ASSERT_EQ(test, start(r), 0);
	forget(r);
	return drv;
}

static u32 function_id(struct recorder *r)
{
	u32 val = 0;

	ans_function_read(&r->ans.function, 0, 4, &val);
	return val;
}

static void suspend_puts_the_firmware_to_sleep(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct recorder *r = test->priv;

	KUNIT_EXPECT_EQ(test, drv->pm->suspend(r->dev), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "sleep revoke stop");
	expect_stopped(test, r);
}

/* It may have been hidden by a function reset that came too late. */
static void resume_starts_firmware_and_shows_the_function(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->suspend(r->dev), 0);
	ans_function_hide(&r->ans.function);
	forget(r);
	KUNIT_EXPECT_EQ(test, drv->pm->resume(r->dev), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "assert reinit deassert run boot allow");
	KUNIT_EXPECT_TRUE(test, r->ans.ready);
	KUNIT_EXPECT_EQ(test, function_id(r), 0xa2a2106b);
}

static void resume_starts_firmware_that_had_crashed(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct recorder *r = test->priv;

	r->crashed = true;
	KUNIT_EXPECT_EQ(test, drv->pm->suspend(r->dev), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "assert reinit revoke deassert stop");
	forget(r);
	KUNIT_EXPECT_EQ(test, drv->pm->resume(r->dev), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "assert reinit deassert run boot allow");
}

static void resume_leaves_firmware_that_was_down(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct recorder *r = test->priv;

	put_to_sleep(r);
	ans_function_hide(&r->ans.function);
	forget(r);
	KUNIT_EXPECT_EQ(test, drv->pm->suspend(r->dev), 0);
	KUNIT_EXPECT_EQ(test, drv->pm->resume(r->dev), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "");
	KUNIT_EXPECT_EQ(test, function_id(r), 0xffffffff);
	expect_stopped(test, r);
}

static void restart_is_refused_from_suspend_to_resume(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->suspend(r->dev), 0);
	forget(r);
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), -ESHUTDOWN);
	KUNIT_EXPECT_STREQ(test, r->log, "");
	KUNIT_EXPECT_FALSE(test, ans_is_down(&r->ans));

	KUNIT_ASSERT_EQ(test, drv->pm->resume(r->dev), 0);
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), 0);
}

static void failed_resume_is_a_crash(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->suspend(r->dev), 0);
	forget(r);
	r->fail = "boot";
	KUNIT_EXPECT_EQ(test, drv->pm->resume(r->dev), -EIO);
	flush_work(&r->ans.crash_work);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "assert reinit deassert run boot assert reinit deassert stop crash");
	KUNIT_EXPECT_EQ(test, function_id(r), 0xffffffff);
	expect_stopped(test, r);

	/* as the recovery does */
	KUNIT_EXPECT_TRUE(test, ans_is_down(&r->ans));
	r->fail = NULL;
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), 0);
}

/* nvme-pci would refuse the recovery, and the drive would be lost. */
static void crash_around_sleep_is_left_to_resume(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->prepare(r->dev), 0);
	ans_crashed(&r->ans);
	r->crashed = true;
	KUNIT_EXPECT_FALSE(test, ans_is_down(&r->ans));
	KUNIT_EXPECT_EQ(test, function_id(r), 0xffffffff);

	KUNIT_EXPECT_EQ(test, drv->pm->suspend(r->dev), 0);
	KUNIT_EXPECT_EQ(test, drv->pm->resume(r->dev), 0);
	KUNIT_EXPECT_EQ(test, function_id(r), 0xa2a2106b);
	drv->pm->complete(r->dev);
	KUNIT_EXPECT_FALSE(test, ans_is_down(&r->ans));
	flush_work(&r->ans.crash_work);
}

/* The system did not go to sleep after all. */
static void crash_is_looked_for_when_sleep_is_over(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, drv->pm->prepare(r->dev), 0);
	r->crashed = true;
	drv->pm->complete(r->dev);
	flush_work(&r->ans.crash_work);
	KUNIT_EXPECT_STREQ(test, r->log, "crash");
	KUNIT_EXPECT_TRUE(test, ans_is_down(&r->ans));
}

static void shutdown_stops_the_firmware_for_good(struct kunit *test)
{
	const struct device_driver *drv = prepare_sleep(test);
	struct platform_device *pdev;
	struct recorder *r = test->priv;

	pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	platform_set_drvdata(pdev, &r->ans);
	to_platform_driver(drv)->shutdown(pdev);
	KUNIT_EXPECT_STREQ(test, r->log, "sleep revoke stop");
	expect_stopped(test, r);

	forget(r);
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), -ESHUTDOWN);
	KUNIT_EXPECT_FALSE(test, ans_is_down(&r->ans));
	KUNIT_EXPECT_STREQ(test, r->log, "");
}

/* The whole set-up, and backwards */

static void setup_goes_in_order(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->asks[3] = 0x1000;
	KUNIT_EXPECT_EQ(test, ans_setup(&r->ans, &fake_parts), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "power+ resources+ sart+ rtkit+ assert reinit deassert run boot alloc allow bridge+");
}

static void removal_goes_backwards(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->asks[3] = 0x1000;
	KUNIT_ASSERT_EQ(test, ans_setup(&r->ans, &fake_parts), 0);
	forget(r);
	kunit_device_unregister(test, r->dev);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "bridge- sleep revoke stop rtkit- sart- resources- power- free");
	expect_nothing_left(test, r);
}

struct setup_step {
	const char *name;
	const char *step;
	int spared;
};

/* Two buffers are asked for. */
static const struct setup_step setup_steps[] = {
	{ "power", "power+" },
	{ "resources", "resources+" },
	{ "sart", "sart+" },
	{ "rtkit", "rtkit+" },
	{ "assert", "assert" },
	{ "reinit", "reinit" },
	{ "deassert", "deassert" },
	{ "boot", "boot" },
	{ "alloc", "alloc" },
	{ "second alloc", "alloc", 1 },
	{ "allow", "allow" },
	{ "second allow", "allow", 1 },
	{ "status", "status" },
	{ "bridge", "bridge+" },
};

KUNIT_ARRAY_PARAM_DESC(setup_step, setup_steps, name);

static void failed_setup_leaves_nothing(struct kunit *test)
{
	const struct setup_step *failing = test->param_value;
	struct recorder *r = test->priv;

	r->asks[0] = 0x4000;
	r->asks[1] = 0x1000;
	r->fail = failing->step;
	r->spared = failing->spared;
	KUNIT_EXPECT_NE(test, ans_setup(&r->ans, &fake_parts), 0);
	KUNIT_EXPECT_EQ(test, r->spared, 0);
	if (strcmp(failing->step, "bridge+"))
		KUNIT_EXPECT_NULL(test, strstr(r->log, "bridge+"));

	r->fail = NULL;
	kunit_device_unregister(test, r->dev);
	expect_nothing_left(test, r);
}

/* Memory */

static int ask(struct recorder *r, struct apple_rtkit_shmem *bfr, size_t size)
{
	*bfr = (struct apple_rtkit_shmem) { .size = size };
	/* as in a handshake */
	r->ans.lending = true;
	return ans_shmem_setup(&r->ans, bfr);
}

static void memory_is_allowed_and_named(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x4000), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "alloc allow");
	KUNIT_EXPECT_PTR_EQ(test, bfr.buffer, (void *)r->page[0]);
	KUNIT_EXPECT_EQ(test, bfr.iova, 0x800000000);
	KUNIT_EXPECT_EQ(test, bfr.size, 0x4000);
	KUNIT_EXPECT_FALSE(test, bfr.is_mapped);
	KUNIT_EXPECT_EQ(test, r->allowed_dma, 0x800000000);
	KUNIT_EXPECT_EQ(test, r->allowed_size, 0x4000);
}

/* The library may read beyond it. */
static void memory_is_larger_than_what_is_allowed(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x1001), 0);
	KUNIT_EXPECT_EQ(test, r->allowed_size, 0x2000);
	KUNIT_EXPECT_EQ(test, r->size[0], 0x20000);
	KUNIT_EXPECT_EQ(test, bfr.size, 0x1001);
}

static void large_size_is_rounded_up(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x20001), 0);
	KUNIT_EXPECT_EQ(test, r->size[0], 0x21000);
	KUNIT_EXPECT_EQ(test, r->allowed_size, 0x21000);
	KUNIT_EXPECT_EQ(test, bfr.size, 0x20001);
}

static void request_with_address_is_refused(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr = { .size = 0x4000, .iova = 0x1000 };

	KUNIT_EXPECT_EQ(test, ans_shmem_setup(&r->ans, &bfr), -EINVAL);
	KUNIT_EXPECT_STREQ(test, r->log, "");
	KUNIT_EXPECT_NULL(test, bfr.buffer);
}

static void request_without_size_is_refused(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0), -EINVAL);
	KUNIT_EXPECT_STREQ(test, r->log, "");
}

static void no_memory_is_refused(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	r->fail = "alloc";
	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x4000), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, r->log, "alloc");
}

static void memory_not_allowed_is_a_spare(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	r->fail = "allow";
	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x4000), -EIO);
	KUNIT_EXPECT_STREQ(test, r->log, "alloc allow");
	KUNIT_EXPECT_EQ(test, buffers(r, false), 1);
	KUNIT_EXPECT_NULL(test, bfr.buffer);
	KUNIT_EXPECT_EQ(test, bfr.iova, 0);
}

static void fifth_request_is_refused(struct kunit *test)
{
	struct apple_rtkit_shmem bfr[5];
	struct recorder *r = test->priv;
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, ask(r, &bfr[i], 0x1000), 0);
	forget(r);
	KUNIT_EXPECT_EQ(test, ask(r, &bfr[4], 0x1000), -ENOSPC);
	KUNIT_EXPECT_STREQ(test, r->log, "");
	KUNIT_EXPECT_EQ(test, pages_used(r), 4);
}

static void request_before_the_start_is_refused(struct kunit *test)
{
	struct apple_rtkit_shmem bfr = { .size = 0x1000 };
	struct recorder *r = test->priv;

	KUNIT_EXPECT_EQ(test, ans_shmem_setup(&r->ans, &bfr), -ESHUTDOWN);
	KUNIT_EXPECT_STREQ(test, r->log, "");
	KUNIT_EXPECT_NULL(test, bfr.buffer);
}

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
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	r->asks_late = true;
	r->fail = *fail;
	put_to_sleep(r);
	KUNIT_EXPECT_EQ(test, r->late, -ESHUTDOWN);
	KUNIT_EXPECT_NULL(test, r->shmem[0].buffer);
	expect_stopped(test, r);
}

static const char * const ways_to_restart[] = { "wake", "status" };

KUNIT_ARRAY_PARAM(way_to_restart, ways_to_restart, step_name);

/* In its first halt, and in the reinit of the cold start that follows. */
static void request_after_failed_adoption_is_refused(struct kunit *test)
{
	const char * const *fail = test->param_value;
	struct recorder *r = test->priv;

	r->cpu_control = RUN;
	r->asks_late = true;
	r->fail = *fail;
	r->once = true;
	KUNIT_EXPECT_EQ(test, start(r), 0);
	KUNIT_EXPECT_EQ(test, r->late, -ESHUTDOWN);
	KUNIT_EXPECT_EQ(test, r->allocs, 0);
}

/* RUN is cleared last. */
static void request_after_the_sweep_is_refused(struct kunit *test)
{
	struct apple_rtkit_shmem bfr = { .size = 0x1000 };
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	put_to_sleep(r);
	KUNIT_EXPECT_EQ(test, ans_shmem_setup(&r->ans, &bfr), -ESHUTDOWN);
	expect_stopped(test, r);
}

static void spare_is_lent_again(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;
	int i;

	for (i = 0; i < 9; i++) {
		KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x1000), 0);
		ans_shmem_destroy(&r->ans, &bfr);
	}
	KUNIT_EXPECT_EQ(test, r->allocs, 1);
	KUNIT_EXPECT_EQ(test, pages_used(r), 1);
	KUNIT_EXPECT_EQ(test, buffers(r, false), 1);
}

/* All of them, in another order, and small ones of any size. */
static void restart_allocates_nothing(struct kunit *test)
{
	static const size_t sizes[] = { 0x4000, 0x30000, 0x1000, 0x40000 };
	struct recorder *r = test->priv;
	int i;

	for (i = 0; i < 4; i++)
		r->asks[i] = sizes[i];
	KUNIT_ASSERT_EQ(test, start(r), 0);
	KUNIT_EXPECT_EQ(test, r->allocs, 4);
	for (i = 0; i < 4; i++)
		r->asks[i] = sizes[3 - i];
	r->asks[1] = 0x8000;
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), 0);
	KUNIT_EXPECT_EQ(test, r->allocs, 4);
	KUNIT_EXPECT_EQ(test, r->allowed, 4);
	KUNIT_EXPECT_EQ(test, buffers(r, true), 4);
}

static void crashed_firmware_gets_the_same_memory(struct kunit *test)
{
	struct recorder *r = test->priv;

	r->asks[0] = 0x4000;
	KUNIT_ASSERT_EQ(test, start(r), 0);
	r->crashed = true;
	forget(r);
	KUNIT_EXPECT_EQ(test, ans_restart(&r->ans), 0);
	KUNIT_EXPECT_STREQ(test, r->log,
			   "assert reinit revoke deassert stop assert reinit deassert run boot allow");
}

static void spare_is_cleared_before_it_is_allowed(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(r, &bfr, 0x4000), 0);
	memset(bfr.buffer, 0x5a, r->size[0]);
	ans_shmem_destroy(&r->ans, &bfr);
	/* allow_fake() looks. */
	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x4000), 0);
	KUNIT_EXPECT_EQ(test, r->allocs, 1);
}

static void another_size_is_allocated(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(r, &bfr, 0x40000), 0);
	ans_shmem_destroy(&r->ans, &bfr);
	forget(r);
	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x30000), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "alloc allow");
	KUNIT_EXPECT_EQ(test, pages_used(r), 2);
}

/* Never more than four, lent or not: one that does not fit makes way. */
static void another_size_takes_the_place_of_a_spare(struct kunit *test)
{
	struct apple_rtkit_shmem bfr[4];
	struct recorder *r = test->priv;
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, ask(r, &bfr[i], 0x30000), 0);
	ans_shmem_destroy(&r->ans, &bfr[1]);
	ans_shmem_destroy(&r->ans, &bfr[2]);
	forget(r);
	KUNIT_EXPECT_EQ(test, ask(r, &bfr[1], 0x40000), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "free alloc allow");
	KUNIT_EXPECT_EQ(test, pages_used(r), 4);

	forget(r);
	KUNIT_EXPECT_EQ(test, ask(r, &bfr[2], 0x30000), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "allow");
	KUNIT_EXPECT_EQ(test, pages_used(r), 4);
}

static void spares_are_freed_with_the_device(struct kunit *test)
{
	struct apple_rtkit_shmem bfr[2];
	struct recorder *r = test->priv;
	int i;

	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test, ask(r, &bfr[i], 0x4000), 0);
	for (i = 0; i < 2; i++)
		ans_shmem_destroy(&r->ans, &bfr[i]);
	KUNIT_EXPECT_EQ(test, pages_used(r), 2);
	forget(r);
	kunit_device_unregister(test, r->dev);
	KUNIT_EXPECT_STREQ(test, r->log, "free free");
	KUNIT_EXPECT_EQ(test, pages_used(r), 0);
}

static void memory_that_is_given_back_is_revoked(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(r, &bfr, 0x4000), 0);
	forget(r);
	ans_shmem_destroy(&r->ans, &bfr);
	KUNIT_EXPECT_STREQ(test, r->log, "revoke");
	KUNIT_EXPECT_EQ(test, r->allowed, 0);
	KUNIT_EXPECT_EQ(test, buffers(r, false), 1);
}

static void memory_not_revoked_is_never_used_again(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(r, &bfr, 0x4000), 0);
	forget(r);
	r->fail = "revoke";
	ans_shmem_destroy(&r->ans, &bfr);
	KUNIT_EXPECT_STREQ(test, r->log, "revoke");
	KUNIT_EXPECT_EQ(test, pages_used(r), 1);
	KUNIT_EXPECT_EQ(test, buffers(r, false), 0);

	forget(r);
	r->fail = NULL;
	KUNIT_EXPECT_EQ(test, ask(r, &bfr, 0x4000), 0);
	KUNIT_EXPECT_STREQ(test, r->log, "alloc allow");
	kunit_device_unregister(test, r->dev);
	KUNIT_EXPECT_TRUE(test, r->used[0]);
}

/* The filter's driver is unbound, and has revoked everything. */
static void memory_that_the_filter_has_revoked_is_a_spare(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(r, &bfr, 0x4000), 0);
	r->fail = "revoke";
	r->error = -ENODEV;
	ans_shmem_destroy(&r->ans, &bfr);
	KUNIT_EXPECT_EQ(test, buffers(r, false), 1);
}

static void memory_is_given_back_once(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(r, &bfr, 0x4000), 0);
	ans_shmem_destroy(&r->ans, &bfr);
	forget(r);
	ans_shmem_destroy(&r->ans, &bfr);
	KUNIT_EXPECT_STREQ(test, r->log, "");
}

static void unknown_memory_is_not_freed(struct kunit *test)
{
	struct recorder *r = test->priv;
	struct apple_rtkit_shmem bfr = { .buffer = r, .size = 0x1000 };

	ans_shmem_destroy(&r->ans, &bfr);
	bfr.buffer = NULL;
	ans_shmem_destroy(&r->ans, &bfr);
	KUNIT_EXPECT_STREQ(test, r->log, "");
}

/* The library keeps the last of two requests on one endpoint. */
static void repeated_request_does_not_leak(struct kunit *test)
{
	struct recorder *r = test->priv;

	KUNIT_ASSERT_EQ(test, start(r), 0);
	KUNIT_EXPECT_EQ(test, ask(r, &r->shmem[1], 0x1000), 0);
	KUNIT_EXPECT_EQ(test, ask(r, &r->shmem[1], 0x1000), 0);
	KUNIT_EXPECT_EQ(test, pages_used(r), 2);
	put_to_sleep(r);
	expect_stopped(test, r);
}

static struct kunit_case boot_cases[] = {
	KUNIT_CASE(stopped_is_reset_and_started),
	KUNIT_CASE(running_is_adopted_without_reset),
	KUNIT_CASE(other_bits_of_cpu_control_are_not_run),
	KUNIT_CASE(silent_firmware_is_reset),
	KUNIT_CASE(boot_asks_for_memory),
	KUNIT_CASE_PARAM(refused_memory_stops_the_firmware, refusal_gen_params),
	KUNIT_CASE(ready_may_come_late),
	KUNIT_CASE(wrong_status_stops_the_firmware),
	KUNIT_CASE(unready_firmware_is_restarted),
	KUNIT_CASE(start_can_be_tried_again),
	KUNIT_CASE(handshake_is_not_interrupted),
	KUNIT_CASE(handshake_runs_from_either_queue),
	KUNIT_CASE(sleep_comes_before_stop),
	KUNIT_CASE(sleep_gives_memory_back),
	KUNIT_CASE(sleep_is_idempotent),
	KUNIT_CASE(sleep_of_stopped_touches_nothing),
	KUNIT_CASE(sleepless_firmware_is_reset),
	KUNIT_CASE(crashed_firmware_is_not_spoken_to),
	KUNIT_CASE(restart_sleeps_then_starts),
	KUNIT_CASE_PARAM(failed_restart_leaves_nothing,
			 restart_step_gen_params),
	KUNIT_CASE(firmware_that_was_given_up_is_only_stopped),
	KUNIT_CASE(restart_is_refused_while_closed),
	KUNIT_CASE(crash_hides_the_function),
	KUNIT_CASE(suspend_puts_the_firmware_to_sleep),
	KUNIT_CASE(resume_starts_firmware_and_shows_the_function),
	KUNIT_CASE(resume_starts_firmware_that_had_crashed),
	KUNIT_CASE(resume_leaves_firmware_that_was_down),
	KUNIT_CASE(restart_is_refused_from_suspend_to_resume),
	KUNIT_CASE(failed_resume_is_a_crash),
	KUNIT_CASE(crash_around_sleep_is_left_to_resume),
	KUNIT_CASE(crash_is_looked_for_when_sleep_is_over),
	KUNIT_CASE(shutdown_stops_the_firmware_for_good),
	KUNIT_CASE(setup_goes_in_order),
	KUNIT_CASE(removal_goes_backwards),
	KUNIT_CASE_PARAM(failed_setup_leaves_nothing, setup_step_gen_params),
	KUNIT_CASE(memory_is_allowed_and_named),
	KUNIT_CASE(memory_is_larger_than_what_is_allowed),
	KUNIT_CASE(large_size_is_rounded_up),
	KUNIT_CASE(request_with_address_is_refused),
	KUNIT_CASE(request_without_size_is_refused),
	KUNIT_CASE(no_memory_is_refused),
	KUNIT_CASE(memory_not_allowed_is_a_spare),
	KUNIT_CASE(fifth_request_is_refused),
	KUNIT_CASE(request_before_the_start_is_refused),
	KUNIT_CASE_PARAM(request_while_stopping_is_refused,
			 way_to_stop_gen_params),
	KUNIT_CASE_PARAM(request_after_failed_adoption_is_refused,
			 way_to_restart_gen_params),
	KUNIT_CASE(request_after_the_sweep_is_refused),
	KUNIT_CASE(spare_is_lent_again),
	KUNIT_CASE(restart_allocates_nothing),
	KUNIT_CASE(crashed_firmware_gets_the_same_memory),
	KUNIT_CASE(spare_is_cleared_before_it_is_allowed),
	KUNIT_CASE(another_size_is_allocated),
	KUNIT_CASE(another_size_takes_the_place_of_a_spare),
	KUNIT_CASE(spares_are_freed_with_the_device),
	KUNIT_CASE(memory_that_is_given_back_is_revoked),
	KUNIT_CASE(memory_not_revoked_is_never_used_again),
	KUNIT_CASE(memory_that_the_filter_has_revoked_is_a_spare),
	KUNIT_CASE(memory_is_given_back_once),
	KUNIT_CASE(unknown_memory_is_not_freed),
	KUNIT_CASE(repeated_request_does_not_leak),
	{}
};

static struct kunit_suite boot_suite = {
	.name = "apple_ans2_boot",
	.init = boot_test_init,
	.test_cases = boot_cases,
};

kunit_test_suite(boot_suite);
