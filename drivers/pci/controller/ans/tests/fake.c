// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: an ANS2 that writes down what is done to it
 *
 * The driver's tables of functions are replaced by those of this file. They
 * write down each step in a line of words and keep count of what is held:
 *
 *   name+ / name-   a part was set up / taken down
 *   assert deassert run stop      reset line and CPU_CONTROL
 *   reinit boot wake sleep        RTKit library
 *   alloc allow revoke free       memory of the firmware
 *
 * With memory they do what the RTKit library does: ask during the handshake and
 * give back in reinit and sleep. The library takes messages again before it
 * returns from these two, so firmware may ask there, too.
 *
 * At each step they look whether the right locks are held. In a worker no
 * assertion may end the test, so there are expectations only.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/device.h>
#include <linux/err.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "fake.h"

static struct ans_fake *of_firmware(struct ans_firmware *fw)
{
	return container_of(fw, struct ans_fake, ans.fw);
}

static struct ans_fake *of_loan(struct ans_loan *loan)
{
	return container_of(loan, struct ans_fake, ans.loan);
}

/* Steps */

void ans_fake_log(struct ans_fake *fake, const char *word)
{
	if (fake->log[0])
		strlcat(fake->log, " ", sizeof(fake->log));
	strlcat(fake->log, word, sizeof(fake->log));
}

void ans_fake_forget(struct ans_fake *fake)
{
	fake->log[0] = '\0';
}

static bool is_failing(struct ans_fake *fake, const char *step)
{
	return fake->fail && !strcmp(fake->fail, step);
}

/* Whether it fails this time. */
static bool fails(struct ans_fake *fake, const char *step)
{
	if (!is_failing(fake, step))
		return false;
	if (fake->spared) {
		fake->spared--;
		return false;
	}
	if (fake->times && !--fake->times)
		fake->fail = NULL;
	return true;
}

static int record(struct ans_fake *fake, const char *step)
{
	if (!fake->brief || !strcmp(step, "run") || !strcmp(step, "stop"))
		ans_fake_log(fake, step);
	if (fake->at)
		fake->at(fake, step);
	return fails(fake, step) ? fake->error ?: -EIO : 0;
}

/* A step of what happens to the firmware */
static int record_locked(struct ans_fake *fake, const char *step)
{
	KUNIT_EXPECT_TRUE_MSG(fake->test, mutex_is_locked(&fake->ans.fw.lock),
			      "%s without the lock", step);
	return record(fake, step);
}

/* A step that may sleep, so not under the lock of the loans */
static int record_unlocked(struct ans_fake *fake, const char *step)
{
	raw_spinlock_t *lock = spinlock_check(&fake->ans.loan.lock);

	KUNIT_EXPECT_FALSE_MSG(fake->test, raw_spin_is_locked(lock),
			       "%s under the lock", step);
	return record(fake, step);
}

/* Parts: each has an undo that devres calls. */

#define PART(name)							\
static void name##_undo(void *data)					\
{									\
	struct ans_fake *fake = data;					\
									\
	record(fake, #name "-");					\
	fake->parts--;							\
}									\
									\
static int name##_fake(struct ans *ans)					\
{									\
	struct ans_fake *fake = of_firmware(&ans->fw);			\
	int ret = record(fake, #name "+");				\
									\
	if (ret)							\
		return ret;						\
	fake->parts++;							\
	return devm_add_action_or_reset(fake->dev, name##_undo, fake);	\
}

PART(resources)
PART(sart)
PART(rtkit)
PART(power)
PART(bridge)

const struct ans_parts ans_fake_parts = {
	.resources = resources_fake,
	.sart = sart_fake,
	.rtkit = rtkit_fake,
	.power = power_fake,
	.bridge = bridge_fake,
};

/* Registers and reset line */

static u32 cpu_control_fake(struct ans_firmware *fw)
{
	struct ans_fake *fake = of_firmware(fw);

	KUNIT_EXPECT_TRUE(fake->test, mutex_is_locked(&fw->lock));
	return fake->cpu_control;
}

static void set_cpu_control_fake(struct ans_firmware *fw, u32 value)
{
	struct ans_fake *fake = of_firmware(fw);

	record_locked(fake, value & FAKE_RUN ? "run" : "stop");
	fake->runs += !!(value & FAKE_RUN);
	fake->cpu_control = value;
}

/* One that fails so many times does so until it has gone to sleep. */
static u32 boot_status_fake(struct ans_firmware *fw)
{
	struct ans_fake *fake = of_firmware(fw);

	fake->looks++;
	if (is_failing(fake, "status") || fake->status_reads-- > 0)
		return 0;
	return fake->running ? fake->status : 0;
}

static int reset_assert_fake(struct ans_firmware *fw)
{
	struct ans_fake *fake = of_firmware(fw);
	int ret = record_locked(fake, "assert");

	if (ret)
		return ret;
	fake->reset = true;
	fake->running = false;
	fake->cpu_control = 0;
	return 0;
}

static int reset_deassert_fake(struct ans_firmware *fw)
{
	struct ans_fake *fake = of_firmware(fw);
	int ret = record_locked(fake, "deassert");

	fake->reset = false;
	return ret;
}

/* RTKit library */

static bool is_running_fake(struct ans_firmware *fw)
{
	struct ans_fake *fake = of_firmware(fw);

	KUNIT_EXPECT_TRUE(fake->test, mutex_is_locked(&fw->lock));
	return fake->running && !fake->crashed;
}

static bool is_crashed_fake(struct ans_firmware *fw)
{
	return of_firmware(fw)->crashed;
}

static void give_back(struct ans_fake *fake)
{
	struct ans_loan *loan = &fake->ans.loan;
	int i;

	for (i = 0; i < ARRAY_SIZE(fake->shmem); i++) {
		if (fake->shmem[i].buffer)
			ans_loan_return(loan, &fake->shmem[i]);
		fake->shmem[i] = (struct apple_rtkit_shmem) {};
	}
	if (!fake->asks_late)
		return;
	fake->shmem[0].size = 0x1000;
	fake->late = ans_loan_lend(loan, &fake->shmem[0]);
}

static int reinit_fake(struct ans_firmware *fw)
{
	struct ans_fake *fake = of_firmware(fw);
	int ret = record_locked(fake, "reinit");

	give_back(fake);
	fake->crashed = false;
	return ret;
}

static int ask_for_memory(struct ans_fake *fake)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(fake->asks); i++) {
		if (!fake->asks[i])
			continue;
		fake->shmem[i].size = fake->asks[i];
		if (ans_loan_lend(&fake->ans.loan, &fake->shmem[i])) {
			fake->shmem[i] = (struct apple_rtkit_shmem) {};
			return -ETIME;
		}
	}
	return 0;
}

static int shake_hands(struct ans_fake *fake, const char *step)
{
	int ret = record_locked(fake, step);

	if (ret)
		return ret;
	if (fake->crash_early) {
		fake->crash_early--;
		ans_fake_crash(fake);
		return -ETIME;
	}
	ret = ask_for_memory(fake);
	if (ret)
		return ret;
	fake->running = true;
	if (fake->crash_late) {
		fake->crash_late--;
		ans_fake_crash(fake);
	}
	return 0;
}

static int go_to_sleep(struct ans_fake *fake)
{
	int ret = record_locked(fake, "sleep");

	if (ret)
		return ret;
	fails(fake, "status");
	fake->running = false;
	give_back(fake);
	return 0;
}

static int handshake_fake(struct ans_firmware *fw,
			  int (*run)(struct apple_rtkit *rtk))
{
	struct ans_fake *fake = of_firmware(fw);

	if (run == apple_rtkit_boot)
		return shake_hands(fake, "boot");
	if (run == apple_rtkit_wake)
		return shake_hands(fake, "wake");
	KUNIT_EXPECT_TRUE(fake->test, run == apple_rtkit_shutdown);
	return go_to_sleep(fake);
}

const struct ans_firmware_ops ans_fake_firmware_ops = {
	.cpu_control = cpu_control_fake,
	.set_cpu_control = set_cpu_control_fake,
	.boot_status = boot_status_fake,
	.reset_assert = reset_assert_fake,
	.reset_deassert = reset_deassert_fake,
	.is_running = is_running_fake,
	.is_crashed = is_crashed_fake,
	.reinit = reinit_fake,
	.handshake = handshake_fake,
};

/* Memory and filter */

/* Stands in for dma_alloc_coherent(): an address of its own each time. */
static void *alloc_fake(struct ans_loan *loan, size_t size, dma_addr_t *dma)
{
	struct ans_fake *fake = of_loan(loan);
	int i;

	if (record_unlocked(fake, "alloc"))
		return NULL;
	for (i = 0; i < FAKE_PAGES; i++) {
		if (fake->used[i])
			continue;
		fake->page[i] = kunit_kzalloc(fake->test, size, GFP_KERNEL);
		fake->used[i] = fake->page[i];
		fake->size[i] = size;
		fake->allocs++;
		*dma = FAKE_DMA(i);
		return fake->page[i];
	}
	return NULL;
}

static int page_of(struct ans_fake *fake, const void *va)
{
	int i;

	for (i = 0; i < FAKE_PAGES; i++)
		if (fake->used[i] && fake->page[i] == va)
			return i;
	return -1;
}

static void free_fake(struct ans_loan *loan, size_t size, void *va,
		      dma_addr_t dma)
{
	struct ans_fake *fake = of_loan(loan);
	int i = page_of(fake, va);

	record_unlocked(fake, "free");
	KUNIT_EXPECT_GE(fake->test, i, 0);
	if (i < 0)
		return;
	KUNIT_EXPECT_EQ(fake->test, fake->size[i], size);
	KUNIT_EXPECT_EQ(fake->test, dma, FAKE_DMA(i));
	fake->used[i] = false;
}

static int page_at(dma_addr_t dma)
{
	return (dma - FAKE_DMA(0)) / (FAKE_DMA(1) - FAKE_DMA(0));
}

static bool is_clear(struct ans_fake *fake, dma_addr_t dma)
{
	int i = page_at(dma);

	return !memchr_inv(fake->page[i], 0, fake->size[i]);
}

static int allow_fake(struct ans_loan *loan, dma_addr_t dma, size_t size)
{
	struct ans_fake *fake = of_loan(loan);
	int ret = record_unlocked(fake, "allow");

	if (ret)
		return ret;
	KUNIT_EXPECT_TRUE(fake->test, is_clear(fake, dma));
	fake->allowed++;
	fake->range[page_at(dma)] = size;
	fake->allowed_dma = dma;
	fake->allowed_size = size;
	return 0;
}

static int revoke_fake(struct ans_loan *loan, dma_addr_t dma, size_t size)
{
	struct ans_fake *fake = of_loan(loan);
	int ret = record_unlocked(fake, "revoke");

	/* The filter knows whole ranges. */
	KUNIT_EXPECT_EQ(fake->test, size, fake->range[page_at(dma)]);
	if (!ret) {
		fake->range[page_at(dma)] = 0;
		fake->allowed--;
	}
	return ret;
}

const struct ans_loan_ops ans_fake_loan_ops = {
	.alloc = alloc_fake,
	.free = free_fake,
	.allow = allow_fake,
	.revoke = revoke_fake,
};

/* What tests do with it */

struct ans_fake *ans_fake_new(struct kunit *test)
{
	struct ans_fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	fake->status = FAKE_READY;
	fake->dev = kunit_device_register(test, "ans2");
	KUNIT_ASSERT_FALSE(test, IS_ERR(fake->dev));
	return fake;
}

static void count_crash(struct ans_firmware *fw)
{
	of_firmware(fw)->crashes++;
}

/* Loans and firmware alone */
int ans_fake_init_firmware(struct ans_fake *fake)
{
	ans_loan_init(&fake->ans.loan, fake->dev, &ans_fake_loan_ops);
	return ans_firmware_init(&fake->ans.fw, fake->dev,
				 &ans_fake_firmware_ops, &fake->ans.loan,
				 count_crash);
}

int ans_fake_init_all(struct ans_fake *fake, u16 subsystem)
{
	const struct ans_hw hw = { .subsystem = subsystem };

	return ans_init(&fake->ans, fake->dev, &ans_fake_firmware_ops,
			&ans_fake_loan_ops, &hw);
}

int ans_fake_start(struct ans_fake *fake)
{
	int ret;

	mutex_lock(&fake->ans.fw.lock);
	ret = ans_firmware_start(&fake->ans.fw);
	mutex_unlock(&fake->ans.fw.lock);
	return ret;
}

void ans_fake_stop(struct ans_fake *fake)
{
	mutex_lock(&fake->ans.fw.lock);
	ans_firmware_stop(&fake->ans.fw);
	mutex_unlock(&fake->ans.fw.lock);
}

/* As RTKit's worker reports it */
void ans_fake_crash(struct ans_fake *fake)
{
	fake->crashed = true;
	fake->ans.fw.crashed(&fake->ans.fw);
}

/* A register of the configuration space */
u32 ans_fake_cfg(struct ans_fake *fake, int where)
{
	u32 val = 0;

	ans_function_read(&fake->ans.bridge.function, where, 4, &val);
	return val;
}

/* Threads that let the ANS2's workqueues run without memory */
int ans_fake_rescuers(void)
{
	struct task_struct *task;
	int n = 0;

	rcu_read_lock();
	for_each_process(task)
		n += !!strstr(task->comm, "R-apple") && !task->exit_state;
	rcu_read_unlock();
	return n;
}

int ans_fake_pages(struct ans_fake *fake)
{
	int i, n = 0;

	for (i = 0; i < FAKE_PAGES; i++)
		n += fake->used[i];
	return n;
}

int ans_fake_buffers(struct ans_fake *fake, bool lent)
{
	const struct ans_buffer *buffers = fake->ans.loan.buffers;
	int i, n = 0;

	for (i = 0; i < ANS_MAX_BUFFERS; i++)
		n += buffers[i].va && buffers[i].lent == lent;
	return n;
}

/* Spares are left until the device goes. */
void ans_fake_expect_stopped(struct ans_fake *fake)
{
	struct kunit *test = fake->test;

	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake),
			ans_fake_buffers(fake, false));
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, true), 0);
	KUNIT_EXPECT_EQ(test, fake->allowed, 0);
	KUNIT_EXPECT_FALSE(test, fake->reset);
	KUNIT_EXPECT_FALSE(test, fake->running);
	KUNIT_EXPECT_EQ(test, fake->cpu_control, 0);
	KUNIT_EXPECT_FALSE(test, fake->ans.fw.ready);
}

void ans_fake_expect_nothing_left(struct ans_fake *fake)
{
	ans_fake_expect_stopped(fake);
	KUNIT_EXPECT_EQ(fake->test, fake->parts, 0);
	KUNIT_EXPECT_EQ(fake->test, ans_fake_pages(fake), 0);
}
