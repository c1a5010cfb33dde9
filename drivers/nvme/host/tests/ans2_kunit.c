// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Apple ANS2's NVMMU and linear queues
 *
 * ans2.c includes this file, so that the tests reach its static functions. This
 * one has the recorder and the set-up, and includes the others: starting
 * commands, and taking completions.
 *
 * Registers are a recorder: it keeps every access in order, and a test can let
 * it act like the device at one of them. What is not seen here: the order of a
 * memory write against a register write (only that the ordered accessor was
 * used), and what the real firmware does.
 *
 * Offsets, bits and limits are written out again, so that a wrong one in
 * ans2-regs.h or ans2.h is found.
 */

#include <kunit/device.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/unaligned.h>
#include <linux/workqueue.h>

#define T_ASQ_DB	0x2490c
#define T_IOSQ_DB	0x24910
#define T_ACQ_DB	0x1004
#define T_IOCQ_DB	0x100c
#define T_INVAL		0x28118
#define T_STAT		0x28120
#define T_BOOT		0x1300
#define T_BOOT_OK	0xde71ce55
#define T_POISON	0xa5

enum ans2_op_kind {
	T_WRITE32,
	T_WRITE32_NEXT,
	T_WRITE64,
	T_READ32,
	T_TAKEN,	/* no access: the caller is told of an entry */
};

struct ans2_op {
	enum ans2_op_kind kind;
	u32 reg;
	u64 value;
};

struct ans2_ring;

/* A completion queue as the device sees it. */
struct ans2_device {
	const struct ans2_ring *ring;
	u16 head;		/* as it was told by the doorbell */
	unsigned int rings;
	u16 tail;
	u8 phase;
	unsigned int fullest;
};

/*
 * One guard slot before and one after each array. @on_op is called at each
 * access, after it was recorded. @looks counts the runs of the watch.
 */
struct ans2_ctx {
	struct nvme_ans2 ans2;
	struct nvme_ans2_tcb tcbs[2][1 + 64 + 1];
	struct nvme_command sq[1 + 64 + 1];
	struct nvme_completion cqes[2][64];
	struct nvme_completion done[64];
	unsigned int taken;
	struct ans2_op op[512];
	unsigned int nr;
	u32 stat;
	u32 boot;
	unsigned int boot_after;
	unsigned int looks;
	void (*on_op)(struct ans2_ctx *ctx, const struct ans2_op *op);
	struct ans2_device device;
	call_single_data_t race;
	struct completion raced;
	unsigned int race_seen;
};

static struct ans2_ctx *ans2_ctx_now(void)
{
	return kunit_get_current_test()->priv;
}

static void ans2_record(enum ans2_op_kind kind, u32 reg, u64 value)
{
	struct ans2_ctx *ctx = ans2_ctx_now();
	struct ans2_op op = { .kind = kind, .reg = reg, .value = value };

	if (ctx->nr < ARRAY_SIZE(ctx->op))
		ctx->op[ctx->nr] = op;
	ctx->nr++;
	if (ctx->on_op)
		ctx->on_op(ctx, &op);
}

static void ans2_rec_write32(struct nvme_ans2 *ans2, u32 reg, u32 value)
{
	ans2_record(T_WRITE32, reg, value);
}

static void ans2_rec_write32_next(struct nvme_ans2 *ans2, u32 reg, u32 value)
{
	ans2_record(T_WRITE32_NEXT, reg, value);
}

static void ans2_rec_write64(struct nvme_ans2 *ans2, u32 reg, u64 value)
{
	ans2_record(T_WRITE64, reg, value);
}

/* The firmware is ready after a number of looks at it. */
static u32 ans2_rec_read32(struct nvme_ans2 *ans2, u32 reg)
{
	struct ans2_ctx *ctx = ans2_ctx_now();
	u32 value = ctx->stat;

	if (reg == T_BOOT)
		value = ctx->boot_after ? 0 : ctx->boot;
	if (reg == T_BOOT && ctx->boot_after)
		ctx->boot_after--;
	ans2_record(T_READ32, reg, value);
	return value;
}

static void ans2_count_look(struct work_struct *work)
{
	struct ans2_ctx *ctx = container_of(to_delayed_work(work),
					    struct ans2_ctx, ans2.watch);

	ctx->looks++;
}

static void ans2_init_watch(struct kunit *test, struct nvme_ans2 *ans2)
{
	INIT_DELAYED_WORK(&ans2->watch, ans2_count_look);
	ans2->watch_wq = alloc_workqueue("ans2-kunit",
					 WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	KUNIT_ASSERT_NOT_NULL(test, ans2->watch_wq);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ans2_end_watch,
							ans2), 0);
}

static void ans2_init_arrays(struct ans2_ctx *ctx)
{
	unsigned int i;

	memset(ctx->tcbs, T_POISON, sizeof(ctx->tcbs));
	memset(ctx->sq, T_POISON, sizeof(ctx->sq));
	ctx->ans2.q[0].tcbs_dma = 0x801230000ull;
	ctx->ans2.q[1].tcbs_dma = 0x9fedc8000ull;
	for (i = 0; i < 2; i++) {
		ctx->ans2.q[i].tcbs = &ctx->tcbs[i][1];
		nvme_ans2_open_cq(&ctx->ans2, i, ctx->cqes[i]);
	}
}

static int ans2_test_init(struct kunit *test)
{
	struct ans2_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;

	ctx->ans2.dev = kunit_device_register(test, "ans2");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->ans2.dev);
	spin_lock_init(&ctx->ans2.lock);
	init_completion(&ctx->raced);
	ans2_init_queues(&ctx->ans2);
	ans2_init_watch(test, &ctx->ans2);
	ans2_init_arrays(ctx);
	ctx->ans2.live = true;
	ctx->boot = T_BOOT_OK;

	kunit_activate_static_stub(test, ans2_read32, ans2_rec_read32);
	kunit_activate_static_stub(test, ans2_write32, ans2_rec_write32);
	kunit_activate_static_stub(test, ans2_write32_next,
				   ans2_rec_write32_next);
	kunit_activate_static_stub(test, ans2_write64, ans2_rec_write64);
	return 0;
}

static void expect_op(struct kunit *test, unsigned int i,
		      enum ans2_op_kind kind, u32 reg, u64 value)
{
	struct ans2_ctx *ctx = test->priv;
	const struct ans2_op *op = &ctx->op[i];

	KUNIT_ASSERT_LT(test, i, ctx->nr);
	KUNIT_EXPECT_EQ_MSG(test, op->kind, kind, "access %u", i);
	KUNIT_EXPECT_EQ_MSG(test, op->reg, reg, "access %u", i);
	KUNIT_EXPECT_EQ_MSG(test, op->value, value, "access %u", i);
}

static bool ans2_all_bytes(const void *mem, u8 byte, size_t size)
{
	return !memchr_inv(mem, byte, size);
}

static void ans2_submit_one(struct ans2_ctx *ctx, unsigned int qid, u8 tag)
{
	nvme_ans2_submit(&ctx->ans2, qid, BIT_ULL(tag), true);
}

/* The callback keeps what it is told, as if it were another entry. */
static void ans2_keep(void *arg, u16 tag, u16 status,
		      union nvme_result result)
{
	const struct ans2_op op = { .kind = T_TAKEN, .value = tag };
	struct ans2_ctx *ctx = arg;

	if (ctx->on_op)
		ctx->on_op(ctx, &op);
	if (ctx->taken < ARRAY_SIZE(ctx->done))
		ctx->done[ctx->taken] = (struct nvme_completion){
			.command_id = tag,
			.status = cpu_to_le16(status << 1),
			.result = result,
		};
	ctx->taken++;
}

static unsigned int ans2_reap(struct ans2_ctx *ctx, unsigned int qid)
{
	ctx->taken = 0;
	return nvme_ans2_reap(&ctx->ans2, qid, ans2_keep, ctx);
}

static unsigned int ans2_reap_io(struct ans2_ctx *ctx)
{
	return ans2_reap(ctx, 1);
}

static bool ans2_lock_is_free(struct ans2_ctx *ctx)
{
	return !raw_spin_is_locked(spinlock_check(&ctx->ans2.lock));
}

static void ans2_expect_locked(struct ans2_ctx *ctx, const struct ans2_op *op)
{
	KUNIT_EXPECT_FALSE(kunit_get_current_test(), ans2_lock_is_free(ctx));
}

/*
 * Set-up
 */

static void start_programs_registers_in_order(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_start(&ctx->ans2);
	KUNIT_EXPECT_EQ(test, ctx->nr, 5);
	expect_op(test, 0, T_WRITE32, 0x24908, 1);
	expect_op(test, 1, T_WRITE32, 0x1210, 0x00400040);
	expect_op(test, 2, T_WRITE32, 0x28100, 63);
	expect_op(test, 3, T_WRITE64, 0x28108, 0x801230000ull);
	expect_op(test, 4, T_WRITE64, 0x28110, 0x9fedc8000ull);
}

static void ans2_expect_clear(struct ans2_ctx *ctx, const struct ans2_op *op)
{
	struct kunit *test = kunit_get_current_test();

	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->tcbs[0][1], 0, 64 * 128));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->tcbs[1][1], 0, 64 * 128));
}

static void start_clears_tcbs_before_registers(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->on_op = ans2_expect_clear;
	nvme_ans2_start(&ctx->ans2);
	KUNIT_EXPECT_EQ(test, ctx->nr, 5);
}

static void start_stays_inside_arrays(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	nvme_ans2_start(&ctx->ans2);
	for (i = 0; i < 2; i++) {
		KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->tcbs[i][0],
						       T_POISON, 128));
		KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->tcbs[i][65],
						       T_POISON, 128));
	}
}

static void start_forgets_what_was_in_flight(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 40);
	nvme_ans2_stop(&ctx->ans2);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 1ull << 40);
	nvme_ans2_start(&ctx->ans2);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0);
	KUNIT_EXPECT_TRUE(test, ctx->ans2.live);
}

static void start_closes_both_rings(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_stop(&ctx->ans2);
	KUNIT_EXPECT_NOT_NULL(test, ctx->ans2.q[0].cqes);
	KUNIT_EXPECT_NOT_NULL(test, ctx->ans2.q[1].cqes);
	nvme_ans2_start(&ctx->ans2);
	KUNIT_EXPECT_NULL(test, ctx->ans2.q[0].cqes);
	KUNIT_EXPECT_NULL(test, ctx->ans2.q[1].cqes);
}

static void start_lets_submit_work_again(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_stop(&ctx->ans2);
	nvme_ans2_start(&ctx->ans2);
	ctx->nr = 0;
	ans2_submit_one(ctx, 1, 3);
	expect_op(test, 0, T_WRITE32, T_IOSQ_DB, 3);
}

static void boot_ready_at_once(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, nvme_ans2_wait_boot(&ctx->ans2), 0);
	KUNIT_EXPECT_EQ(test, ctx->nr, 1);
	expect_op(test, 0, T_READ32, 0x1300, 0xde71ce55);
}

static void boot_ready_later(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->boot_after = 3;
	KUNIT_EXPECT_EQ(test, nvme_ans2_wait_boot(&ctx->ans2), 0);
	KUNIT_EXPECT_EQ(test, ctx->nr, 4);
}

static void boot_never_ready(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned long begin = jiffies;

	ctx->boot = 0xde71ce54;
	KUNIT_EXPECT_EQ(test, nvme_ans2_wait_boot(&ctx->ans2), -ETIMEDOUT);
	/* For a second, with a look each millisecond or four times as often */
	KUNIT_EXPECT_GE(test, jiffies - begin, HZ - 1);
	KUNIT_EXPECT_LE(test, ctx->nr, 4100);
}

static void boot_window_gone(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->boot = ~0u;
	KUNIT_EXPECT_EQ(test, nvme_ans2_wait_boot(&ctx->ans2), -ENODEV);
}

static struct nvme_ans2 *ans2_init_another(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_ans2 *ans2;

	ans2 = kunit_kzalloc(test, sizeof(*ans2), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ans2);
	INIT_DELAYED_WORK(&ans2->watch, ans2_count_look);
	ctx->ans2.dev->coherent_dma_mask = DMA_BIT_MASK(64);
	KUNIT_ASSERT_EQ(test, nvme_ans2_init(ans2, ctx->ans2.dev), 0);
	return ans2;
}

static void init_makes_both_arrays(struct kunit *test)
{
	struct nvme_ans2 *ans2 = ans2_init_another(test);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_NOT_NULL(test, ans2->q[i].tcbs);
		KUNIT_EXPECT_EQ(test, ans2->q[i].tcbs_dma % 4096, 0);
		/* With KASAN this finds an array that is too small. */
		memset(ans2->q[i].tcbs, T_POISON, 64 * 128);
	}
	KUNIT_EXPECT_NE(test, ans2->q[0].tcbs_dma, ans2->q[1].tcbs_dma);
	KUNIT_EXPECT_FALSE(test, ans2->live);
	KUNIT_EXPECT_NULL(test, ans2->q[0].cqes);
	KUNIT_EXPECT_NULL(test, ans2->q[1].cqes);
}

/* Threads that run a watch without memory, of all controllers. */
static int ans2_rescuers(void)
{
	struct task_struct *task;
	int n = 0;

	rcu_read_lock();
	for_each_process(task)
		n += !!strstr(task->comm, "R-ans2") && !task->exit_state;
	rcu_read_unlock();
	return n;
}

static bool ans2_rescuers_are(int n)
{
	int i;

	/* A thread that has ended may be seen for a moment. */
	for (i = 0; i < 1000 && ans2_rescuers() != n; i++)
		usleep_range(500, 1000);
	return ans2_rescuers() == n;
}

/* What is lost may be what memory waits for. */
static void watch_runs_without_memory_and_its_queue_goes(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	/* one is that of the fixture */
	KUNIT_EXPECT_TRUE(test, ans2_rescuers_are(1));
	ans2_init_another(test);
	KUNIT_EXPECT_TRUE(test, ans2_rescuers_are(2));
	kunit_device_unregister(test, ctx->ans2.dev);
	KUNIT_EXPECT_TRUE(test, ans2_rescuers_are(1));
}

/* Or it would look at what is not there any more. */
static void watch_ends_with_the_device(struct kunit *test)
{
	struct nvme_ans2 *ans2 = ans2_init_another(test);
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_start(ans2);
	nvme_ans2_submit(ans2, 1, BIT_ULL(2), true);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&ans2->watch));
	kunit_device_unregister(test, ctx->ans2.dev);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ans2->watch));
}

static void queues_are_those_of_nvme_apple(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, ctx->ans2.q[0].depth, 2);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].depth, 64);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[0].tags, 0x1ull);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].tags, 0x7ffffffffffffffcull);
	KUNIT_EXPECT_EQ(test, hweight64(ctx->ans2.q[1].tags), 61);
}

/* The real accessors, on plain memory. */
static void accessors_write_little_endian(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	u8 *mem = kunit_kzalloc(test, 32, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mem);
	kunit_deactivate_static_stub(test, ans2_read32);
	kunit_deactivate_static_stub(test, ans2_write32);
	kunit_deactivate_static_stub(test, ans2_write32_next);
	kunit_deactivate_static_stub(test, ans2_write64);
	ctx->ans2.regs = (void __force __iomem *)mem;

	ans2_write32(&ctx->ans2, 4, 0x11223344);
	ans2_write32_next(&ctx->ans2, 8, 0x55667788);
	ans2_write64(&ctx->ans2, 16, 0x0102030405060708ull);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(mem), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(mem + 4), 0x11223344);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(mem + 8), 0x55667788);
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(mem + 12), 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(mem + 16),
			0x0102030405060708ull);
	KUNIT_EXPECT_EQ(test, ans2_read32(&ctx->ans2, 8), 0x55667788);
}

/*
 * The lock
 */

struct ans2_call {
	const char *name;
	void (*run)(struct ans2_ctx *ctx);
};

static void ans2_call_start(struct ans2_ctx *ctx)
{
	nvme_ans2_start(&ctx->ans2);
}

static void ans2_call_stop(struct ans2_ctx *ctx)
{
	nvme_ans2_stop(&ctx->ans2);
}

static void ans2_call_submit(struct ans2_ctx *ctx)
{
	ans2_submit_one(ctx, 1, 7);
}

static void ans2_call_is_busy(struct ans2_ctx *ctx)
{
	nvme_ans2_is_busy(&ctx->ans2);
}

static void ans2_call_open_cq(struct ans2_ctx *ctx)
{
	nvme_ans2_open_cq(&ctx->ans2, 1, ctx->cqes[1]);
}

static void ans2_call_has_entry(struct ans2_ctx *ctx)
{
	nvme_ans2_has_entry(&ctx->ans2, 1);
}

static void ans2_call_reap(struct ans2_ctx *ctx)
{
	ans2_reap_io(ctx);
}

static const struct ans2_call ans2_calls[] = {
	{ "start", ans2_call_start },
	{ "stop", ans2_call_stop },
	{ "submit", ans2_call_submit },
	{ "is_busy", ans2_call_is_busy },
	{ "open_cq", ans2_call_open_cq },
	{ "has_entry", ans2_call_has_entry },
	{ "reap", ans2_call_reap },
};

KUNIT_ARRAY_PARAM_DESC(ans2_call, ans2_calls, name);

/* A call on another processor, where there is no recorder */
struct ans2_rival {
	struct work_struct work;
	const struct ans2_call *call;
	struct ans2_ctx *ctx;
	bool begun;
	bool ended;
};

static void ans2_rival_work(struct work_struct *work)
{
	struct ans2_rival *rival = container_of(work, struct ans2_rival, work);

	WRITE_ONCE(rival->begun, true);
	rival->call->run(rival->ctx);
	WRITE_ONCE(rival->ended, true);
}

/* One that is slow counts as one that waits: a busy host does no harm. */
static bool ans2_rival_waits(struct ans2_rival *rival)
{
	unsigned int cpu = cpumask_any_but(cpu_online_mask,
					   raw_smp_processor_id());
	unsigned int i;

	queue_work_on(cpu < nr_cpu_ids ? cpu : WORK_CPU_UNBOUND, system_wq,
		      &rival->work);
	for (i = 0; i < 500 && !READ_ONCE(rival->begun); i++)
		mdelay(1);
	mdelay(20);
	return !READ_ONCE(rival->ended);
}

/* An interrupt may come to its end in between. */
static void lock_is_waited_for(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct ans2_rival rival = { .call = test->param_value, .ctx = ctx };
	void *regs = kunit_kzalloc(test, 0x29000, GFP_KERNEL);
	unsigned long flags;

	KUNIT_ASSERT_NOT_NULL(test, regs);
	ctx->ans2.regs = (void __force __iomem *)regs;
	ans2_submit_one(ctx, 1, 9);
	ctx->cqes[1][0].command_id = 9;
	ctx->cqes[1][0].status = cpu_to_le16(1);

	INIT_WORK_ONSTACK(&rival.work, ans2_rival_work);
	spin_lock_irqsave(&ctx->ans2.lock, flags);
	KUNIT_EXPECT_TRUE(test, ans2_rival_waits(&rival));
	spin_unlock_irqrestore(&ctx->ans2.lock, flags);
	flush_work(&rival.work);
	destroy_work_on_stack(&rival.work);
	KUNIT_EXPECT_TRUE(test, ans2_lock_is_free(ctx));
}

static struct kunit_case ans2_setup_cases[] = {
	KUNIT_CASE(start_programs_registers_in_order),
	KUNIT_CASE(start_clears_tcbs_before_registers),
	KUNIT_CASE(start_stays_inside_arrays),
	KUNIT_CASE(start_forgets_what_was_in_flight),
	KUNIT_CASE(start_closes_both_rings),
	KUNIT_CASE(start_lets_submit_work_again),
	KUNIT_CASE(boot_ready_at_once),
	KUNIT_CASE(boot_ready_later),
	KUNIT_CASE_SLOW(boot_never_ready),
	KUNIT_CASE(boot_window_gone),
	KUNIT_CASE(init_makes_both_arrays),
	KUNIT_CASE(watch_runs_without_memory_and_its_queue_goes),
	KUNIT_CASE(watch_ends_with_the_device),
	KUNIT_CASE(queues_are_those_of_nvme_apple),
	KUNIT_CASE(accessors_write_little_endian),
	KUNIT_CASE_PARAM(lock_is_waited_for, ans2_call_gen_params),
	{ }
};

static struct kunit_suite ans2_setup_suite = {
	.name = "nvme_ans2_setup",
	.init = ans2_test_init,
	.test_cases = ans2_setup_cases,
};

#include "ans2_submit_kunit.c"
#include "ans2_reap_kunit.c"

kunit_test_suites(&ans2_setup_suite, &ans2_submit_suite, &ans2_reap_suite);
