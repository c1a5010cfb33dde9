// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Apple ANS2: taking completions
 *
 * ans2_kunit.c includes this file.
 */

/* What the device does: an entry of queue @qid at @slot for @tag. */
static void ans2_post_on(struct ans2_ctx *ctx, unsigned int qid, u16 slot,
			 u16 tag, u16 status, u8 phase)
{
	struct nvme_completion *cqe = &ctx->cqes[qid][slot];

	cqe->result.u64 = cpu_to_le64(0x1000 + tag);
	cqe->command_id = tag;
	cqe->status = cpu_to_le16(status << 1 | phase);
}

static void ans2_post(struct ans2_ctx *ctx, u16 slot, u16 tag, u16 status,
		      u8 phase)
{
	ans2_post_on(ctx, 1, slot, tag, status, phase);
}

/* Tags first..first+nr-1 are started and completed in slots 0..nr-1. */
static void ans2_post_batch(struct ans2_ctx *ctx, u8 first, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		ans2_submit_one(ctx, 1, first + i);
		ans2_post(ctx, i, first + i, 0, 1);
	}
	ctx->nr = 0;
}

static void reap_empty_queue_touches_nothing(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 0);
	KUNIT_EXPECT_EQ(test, ctx->taken, 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].head, 0);
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
}

static void reap_one_invalidates_checks_and_rings(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_post_batch(ctx, 21, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->nr, 3);
	expect_op(test, 0, T_WRITE32, T_INVAL, 21);
	expect_op(test, 1, T_READ32, T_STAT, 0);
	expect_op(test, 2, T_WRITE32, T_IOCQ_DB, 1);
}

static void reap_copies_entry(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	const struct nvme_completion *done = ctx->done;

	ans2_submit_one(ctx, 1, 21);
	ans2_post(ctx, 0, 21, 0x281, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->taken, 1);
	KUNIT_EXPECT_EQ(test, done[0].command_id, 21);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(done[0].status) >> 1, 0x281);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(done[0].result.u64), 0x1000 + 21);
}

static void reap_batch_rings_once_and_last(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ans2_post_batch(ctx, 2, 5);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 5);
	KUNIT_EXPECT_EQ(test, ctx->nr, 11);
	for (i = 0; i < 5; i++) {
		expect_op(test, 2 * i, T_WRITE32, T_INVAL, 2 + i);
		expect_op(test, 2 * i + 1, T_READ32, T_STAT, 0);
	}
	expect_op(test, 10, T_WRITE32, T_IOCQ_DB, 5);
}

static void reap_checks_once_with_option(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ctx->ans2.stat_per_batch = true;
	ans2_post_batch(ctx, 2, 4);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 4);
	KUNIT_EXPECT_EQ(test, ctx->nr, 6);
	for (i = 0; i < 4; i++)
		expect_op(test, i, T_WRITE32, T_INVAL, 2 + i);
	expect_op(test, 4, T_READ32, T_STAT, 0);
	expect_op(test, 5, T_WRITE32, T_IOCQ_DB, 4);
}

static void reap_works_under_lock(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	if (!IS_ENABLED(CONFIG_SMP))
		kunit_skip(test, "a spinlock is nothing without SMP");
	ans2_post_batch(ctx, 2, 3);
	ctx->on_op = ans2_expect_locked;
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 3);
	KUNIT_EXPECT_EQ(test, ctx->nr, 7);
	KUNIT_EXPECT_TRUE(test, ans2_lock_is_free(ctx));
}

static void reap_ends_flight(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 60);
	ans2_post_batch(ctx, 2, 2);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 2);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 1ull << 60);
}

static void reap_admin_uses_admin_doorbell(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 0, 0);
	ans2_post_on(ctx, 0, 0, 0, 0, 1);
	ctx->nr = 0;
	KUNIT_EXPECT_EQ(test, ans2_reap(ctx, 0), 1);
	expect_op(test, 0, T_WRITE32, T_INVAL, 0);
	expect_op(test, 2, T_WRITE32, T_ACQ_DB, 1);
}

static void reap_admin_wraps_every_second(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	for (i = 0; i < 6; i++) {
		ans2_submit_one(ctx, 0, 0);
		ans2_post_on(ctx, 0, i % 2, 0, 0, !((i / 2) % 2));
		KUNIT_EXPECT_EQ(test, ans2_reap(ctx, 0), 1);
		KUNIT_EXPECT_EQ(test, ctx->ans2.q[0].head, (i + 1) % 2);
		KUNIT_EXPECT_EQ(test, ctx->ans2.q[0].phase,
				!(((i + 1) / 2) % 2));
		expect_op(test, 4 * i + 3, T_WRITE32, T_ACQ_DB, (i + 1) % 2);
	}
}

static void reap_wraps_inside_batch(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ctx->ans2.q[1].head = 62;
	for (i = 0; i < 4; i++) {
		ans2_submit_one(ctx, 1, 10 + i);
		ans2_post(ctx, (62 + i) % 64, 10 + i, 0, i < 2);
	}
	ctx->nr = 0;
	/* Entries of the round before, which the device has not reached. */
	for (i = 2; i < 62; i++)
		ans2_post(ctx, i, 50, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 4);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].head, 2);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].phase, 0);
	expect_op(test, 8, T_WRITE32, T_IOCQ_DB, 2);
}

static void reap_ends_at_last_entry(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->ans2.q[1].head = 63;
	ans2_submit_one(ctx, 1, 10);
	ans2_post(ctx, 63, 10, 0, 1);
	/* Of the round before; a slot of zeros would be new after the wrap. */
	ans2_post(ctx, 0, 50, 0, 1);
	ctx->nr = 0;
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].head, 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].phase, 0);
	expect_op(test, 2, T_WRITE32, T_IOCQ_DB, 0);
}

static void reap_takes_no_entry_of_round_before(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->ans2.q[1].phase = 0;
	ans2_submit_one(ctx, 1, 10);
	ans2_post(ctx, 0, 10, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 1ull << 10);
}

static void reap_continues_where_it_was(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_post_batch(ctx, 2, 3);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 3);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 0);
	ans2_submit_one(ctx, 1, 7);
	ans2_post(ctx, 3, 7, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].head, 4);
	KUNIT_EXPECT_EQ(test, ctx->done[0].command_id, 7);
}

struct ans2_bad_tag {
	const char *name;
	unsigned int qid;
	u16 tag;
};

/* In flight are tag 0 of the admin queue and tag 20 of the I/O queue. */
static const struct ans2_bad_tag ans2_bad_tags[] = {
	{ "io_not_in_flight", 1, 21 },
	{ "io_tag_of_admin", 1, 0 },
	{ "io_tag_nobody_has", 1, 1 },
	{ "io_63", 1, 63 },
	{ "io_64", 1, 64 },
	{ "io_65535", 1, 0xffff },
	{ "io_in_flight_plus_64", 1, 20 + 64 },
	{ "io_in_flight_plus_256", 1, 20 + 256 },
	{ "admin_tag_of_io", 0, 20 },
	{ "admin_1", 0, 1 },
	{ "admin_64", 0, 64 },
};

KUNIT_ARRAY_PARAM_DESC(ans2_bad_tag, ans2_bad_tags, name);

static void reap_refuses_tag(struct kunit *test)
{
	const struct ans2_bad_tag *bad = test->param_value;
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 0, 0);
	ans2_submit_one(ctx, 1, 20);
	ans2_post_on(ctx, bad->qid, 0, bad->tag, 0, 1);
	ctx->nr = 0;
	KUNIT_EXPECT_EQ(test, ans2_reap(ctx, bad->qid), 1);
	KUNIT_EXPECT_EQ(test, ctx->taken, 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 1ull << 20 | 1);
	/* The entry is given back, and that is all. */
	KUNIT_EXPECT_EQ(test, ctx->nr, 1);
	expect_op(test, 0, T_WRITE32, bad->qid ? T_IOCQ_DB : T_ACQ_DB, 1);
}

static void reap_refuses_second_completion(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_post_batch(ctx, 5, 1);
	ans2_post(ctx, 1, 5, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 2);
	KUNIT_EXPECT_EQ(test, ctx->taken, 1);
	KUNIT_EXPECT_EQ(test, ctx->nr, 3);
}

static void reap_keeps_good_ones_among_bad(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 30);
	ans2_submit_one(ctx, 1, 31);
	ans2_post(ctx, 0, 400, 0, 1);
	ans2_post(ctx, 1, 31, 0, 1);
	ans2_post(ctx, 2, 32, 0, 1);
	ans2_post(ctx, 3, 30, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 4);
	KUNIT_EXPECT_EQ(test, ctx->taken, 2);
	KUNIT_EXPECT_EQ(test, ctx->done[0].command_id, 31);
	KUNIT_EXPECT_EQ(test, ctx->done[1].command_id, 30);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].head, 4);
}

/* Turns an entry that was just taken into a new one for the next round. */
static void ans2_never_stop(struct ans2_ctx *ctx, const struct ans2_op *op)
{
	if (op->reg == T_INVAL)
		ans2_post(ctx, op->value - 2, 200, 0, 0);
}

static void reap_ends_after_one_round(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ans2_post_batch(ctx, 2, 61);
	for (i = 61; i < 64; i++)
		ans2_post(ctx, i, 200, 0, 1);
	ctx->on_op = ans2_never_stop;
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 64);
	KUNIT_EXPECT_EQ(test, ctx->taken, 61);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].head, 0);
}

/* The device may use an entry again as soon as the doorbell is rung. */
static void ans2_scribble(struct ans2_ctx *ctx, const struct ans2_op *op)
{
	if (op->reg == T_IOCQ_DB)
		memset(ctx->cqes[1], 0xff, sizeof(ctx->cqes[1]));
}

static void reap_result_survives_reuse_of_entries(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ans2_post_batch(ctx, 11, 8);
	ctx->on_op = ans2_scribble;
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 8);
	KUNIT_ASSERT_EQ(test, ctx->taken, 8);
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_EQ(test, ctx->done[i].command_id, 11 + i);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(ctx->done[i].status) >> 1,
				0);
	}
}

static void reap_after_stop_takes_without_registers(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_post_batch(ctx, 2, 2);
	nvme_ans2_stop(&ctx->ans2);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 2);
	KUNIT_EXPECT_EQ(test, ctx->taken, 2);
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
}

static void reap_goes_on_if_invalidation_fails(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->stat = 1;
	ans2_post_batch(ctx, 2, 2);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 2);
	KUNIT_EXPECT_EQ(test, ctx->taken, 2);
	expect_op(test, 4, T_WRITE32, T_IOCQ_DB, 2);
}

/* The watch tells by it whether entries are taken. */
static void reap_counts_what_it_has_seen(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_post_batch(ctx, 2, 3);
	ans2_post(ctx, 3, 400, 0, 1);
	ctx->ans2.q[1].reaped = U32_MAX;
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 4);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].reaped, 3);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[0].reaped, 0);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].reaped, 3);
}

static void reap_of_the_refused_alone_checks_nothing(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->ans2.stat_per_batch = true;
	ans2_post(ctx, 0, 400, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->nr, 1);
	expect_op(test, 0, T_WRITE32, T_IOCQ_DB, 1);
}

/* Runs as the interrupt handler does, on another processor. */
static void ans2_race(void *data)
{
	struct ans2_ctx *ctx = data;

	ctx->race_seen = ans2_reap_io(ctx);
	complete(&ctx->raced);
}

/*
 * Two callers see the same entry. The one that comes second finds that it was
 * taken. Its registers are plain memory: what is recorded belongs to a test's
 * own task.
 */
static void reap_takes_no_entry_twice(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	u8 *regs = kunit_kzalloc(test, T_STAT + 4, GFP_KERNEL);
	unsigned long flags;
	unsigned int cpu;
	int ret;

	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two processors");
	KUNIT_ASSERT_NOT_NULL(test, regs);
	ctx->ans2.regs = (void __force __iomem *)regs;
	INIT_CSD(&ctx->race, ans2_race, ctx);
	ans2_post_batch(ctx, 2, 1);

	spin_lock_irqsave(&ctx->ans2.lock, flags);
	cpu = cpumask_any_but(cpu_online_mask, smp_processor_id());
	ret = smp_call_function_single_async(cpu, &ctx->race);
	/* It waits for the lock by then. */
	mdelay(20);
	KUNIT_EXPECT_EQ(test, ans2_reap_locked(&ctx->ans2, &ctx->ans2.q[1],
					       ans2_keep, ctx), 1);
	spin_unlock_irqrestore(&ctx->ans2.lock, flags);

	KUNIT_ASSERT_EQ(test, ret, 0);
	wait_for_completion(&ctx->raced);
	KUNIT_EXPECT_EQ(test, ctx->race_seen, 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].head, 1);
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(regs, 0, T_STAT + 4));
}

/*
 * Rings that are opened and closed
 */

static void ring_begins_at_its_first_entry(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_ans2_queue *q = &ctx->ans2.q[1];
	const struct nvme_completion *ring = ctx->cqes[1];

	q->cqes = NULL;
	q->head = 17;
	q->phase = 0;
	nvme_ans2_open_cq(&ctx->ans2, 1, ring);
	KUNIT_EXPECT_PTR_EQ(test, q->cqes, ring);
	KUNIT_EXPECT_EQ(test, q->head, 0);
	KUNIT_EXPECT_EQ(test, q->phase, 1);
	ans2_post_batch(ctx, 2, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
}

/* The admin queue's interrupt is requested once more after the I/O queue's. */
static void ring_that_is_open_stays_as_it_is(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_ans2_queue *q = &ctx->ans2.q[1];
	const struct nvme_completion *ring = ctx->cqes[1];

	ans2_post_batch(ctx, 2, 3);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 3);
	nvme_ans2_open_cq(&ctx->ans2, 1, ctx->done);
	KUNIT_EXPECT_PTR_EQ(test, q->cqes, ring);
	KUNIT_EXPECT_EQ(test, q->head, 3);
	KUNIT_EXPECT_EQ(test, q->phase, 1);
}

static void ring_begins_anew_after_a_start(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int qid;

	ans2_post_batch(ctx, 2, 3);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 3);
	ans2_submit_one(ctx, 0, 0);
	ans2_post_on(ctx, 0, 0, 0, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap(ctx, 0), 1);
	nvme_ans2_stop(&ctx->ans2);
	nvme_ans2_start(&ctx->ans2);

	memset(ctx->cqes, 0, sizeof(ctx->cqes));
	for (qid = 0; qid < 2; qid++) {
		nvme_ans2_open_cq(&ctx->ans2, qid, ctx->cqes[qid]);
		nvme_ans2_open_cq(&ctx->ans2, qid, ctx->cqes[qid]);
		KUNIT_EXPECT_EQ(test, ctx->ans2.q[qid].head, 0);
		KUNIT_EXPECT_EQ(test, ctx->ans2.q[qid].phase, 1);
	}
	ans2_post_batch(ctx, 5, 2);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 2);
	expect_op(test, ctx->nr - 1, T_WRITE32, T_IOCQ_DB, 2);
}

/* The ring is of the controller that was there before. */
static void ring_is_not_read_between_start_and_open(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_start(&ctx->ans2);
	ans2_post_batch(ctx, 2, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 0);
	KUNIT_EXPECT_FALSE(test, nvme_ans2_has_entry(&ctx->ans2, 1));
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);

	nvme_ans2_open_cq(&ctx->ans2, 1, ctx->cqes[1]);
	KUNIT_EXPECT_TRUE(test, nvme_ans2_has_entry(&ctx->ans2, 1));
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->taken, 1);
}

/* What was in flight before a start completes nothing after it. */
static void entry_of_before_a_start_is_refused(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_post_batch(ctx, 40, 1);
	nvme_ans2_stop(&ctx->ans2);
	nvme_ans2_start(&ctx->ans2);
	nvme_ans2_open_cq(&ctx->ans2, 1, ctx->cqes[1]);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->taken, 0);
}

/*
 * Looking for an entry
 */

struct ans2_look {
	const char *name;
	unsigned int qid;
	u16 head;
	u8 phase;
	bool stopped;
	bool closed;
	bool has_entry;
};

/* There is one for queue 1, at 5, in the round of phase 1. */
static const struct ans2_look ans2_looks[] = {
	{ "there", 1, 5, 1, .has_entry = true },
	{ "not_yet_there", 1, 6, 1 },
	{ "of_the_round_before", 1, 5, 0 },
	{ "on_the_other_queue", 0, 0, 1 },
	{ "stopped", 1, 5, 1, .stopped = true },
	{ "closed", 1, 5, 1, .closed = true },
};

KUNIT_ARRAY_PARAM_DESC(ans2_look, ans2_looks, name);

static void has_entry_of(struct kunit *test)
{
	const struct ans2_look *look = test->param_value;
	struct ans2_ctx *ctx = test->priv;
	struct nvme_ans2_queue *q = &ctx->ans2.q[look->qid];

	ans2_post(ctx, 5, 2, 0, 1);
	q->head = look->head;
	q->phase = look->phase;
	ctx->ans2.live = !look->stopped;
	if (look->closed)
		q->cqes = NULL;
	KUNIT_EXPECT_EQ(test, nvme_ans2_has_entry(&ctx->ans2, look->qid),
			look->has_entry);
	/* It only looks. */
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
	KUNIT_EXPECT_EQ(test, q->head, look->head);
}

static void taken_entry_is_there_no_more(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	KUNIT_EXPECT_FALSE(test, nvme_ans2_has_entry(&ctx->ans2, 1));
	ans2_post_batch(ctx, 2, 2);
	KUNIT_EXPECT_TRUE(test, nvme_ans2_has_entry(&ctx->ans2, 1));
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 2);
	KUNIT_EXPECT_FALSE(test, nvme_ans2_has_entry(&ctx->ans2, 1));
}

/*
 * What the device knows: the head that it was told is all it has to judge by
 * whether an entry is free.
 */

struct ans2_ring {
	const char *name;
	unsigned int qid;
	u32 doorbell;
	u16 depth;
	u64 tags;
};

static const struct ans2_ring ans2_rings[] = {
	{ "admin", 0, T_ACQ_DB, 2, 0x1ull },
	{ "io", 1, T_IOCQ_DB, 64, 0x7ffffffffffffffcull },
};

KUNIT_ARRAY_PARAM_DESC(ans2_ring, ans2_rings, name);

static void ans2_hear_doorbell(struct ans2_ctx *ctx, const struct ans2_op *op)
{
	if (op->reg != ctx->device.ring->doorbell)
		return;
	ctx->device.head = op->value;
	ctx->device.rings++;
}

static unsigned int ans2_fill_level(const struct ans2_device *device)
{
	u16 depth = device->ring->depth;

	return (device->tail + depth - device->head) % depth;
}

/* By the rule of NVMe one entry stays free, or full would look like empty. */
static void ans2_complete(struct kunit *test, u16 tag)
{
	struct ans2_ctx *ctx = test->priv;
	struct ans2_device *device = &ctx->device;

	KUNIT_ASSERT_LT(test, ans2_fill_level(device), device->ring->depth - 1);
	ans2_post_on(ctx, device->ring->qid, device->tail, tag, 0,
		     device->phase);
	device->tail = (device->tail + 1) % device->ring->depth;
	device->phase ^= !device->tail;
	device->fullest = max(device->fullest, ans2_fill_level(device));
}

/* Completes about half of the commands, in an order of its own. */
static u64 ans2_complete_some(struct kunit *test, u64 busy, u32 rnd)
{
	unsigned int i, tag;
	u64 posted = 0;

	for (i = 0; i < 64; i++) {
		tag = (i + (rnd >> 8)) % 64;
		if (!(busy & BIT_ULL(tag)) || (rnd >> (i % 24)) & 1)
			continue;
		ans2_complete(test, tag);
		posted |= BIT_ULL(tag);
	}
	return posted;
}

static u64 ans2_done_tags(const struct ans2_ctx *ctx)
{
	unsigned int i;
	u64 tags = 0;

	for (i = 0; i < ctx->taken; i++)
		tags |= BIT_ULL(ctx->done[i].command_id);
	return tags;
}

static void ans2_submit_all(struct ans2_ctx *ctx, unsigned int qid, u64 tags)
{
	u8 tag;

	for (tag = 0; tag < 64; tag++)
		if (tags & BIT_ULL(tag))
			ans2_submit_one(ctx, qid, tag);
}

/*
 * A device that completes in a random order, and a host that is late: it reaps
 * now and then, and frees the tags of a reap a round after the CQ doorbell. The
 * device fills the queue with an entry for each tag and never finds it full.
 */
static void early_doorbell_never_overruns(struct kunit *test)
{
	const struct ans2_ring *ring = test->param_value;
	u64 busy = 0, posted = 0, taken = 0, new;
	struct ans2_ctx *ctx = test->priv;
	unsigned int round, nr;
	u32 rnd = 1;

	ctx->device.ring = ring;
	ctx->device.phase = 1;
	ctx->on_op = ans2_hear_doorbell;
	for (round = 0; round < 3000; round++) {
		new = ring->tags & ~(busy | posted | taken);
		ans2_submit_all(ctx, ring->qid, new);
		busy |= new;
		rnd = rnd * 1664525 + 1013904223;
		new = ans2_complete_some(test, busy, rnd);
		busy &= ~new;
		posted |= new;
		taken = 0;
		ctx->nr = 0;
		if (rnd >> 30)
			continue;

		nr = hweight64(posted);
		ctx->device.rings = 0;
		KUNIT_ASSERT_EQ(test, ans2_reap(ctx, ring->qid), nr);
		/* Once, and with the head of what was taken. */
		KUNIT_ASSERT_EQ(test, ctx->device.rings, nr ? 1 : 0);
		KUNIT_ASSERT_EQ(test, ctx->device.head, ctx->device.tail);
		taken = ans2_done_tags(ctx);
		KUNIT_ASSERT_EQ(test, taken, posted);
		KUNIT_ASSERT_EQ(test, ctx->ans2.inflight, busy);
		posted = 0;
	}
	nr = hweight64(ring->tags);
	KUNIT_EXPECT_EQ(test, ctx->device.fullest, nr);
}

static struct kunit_case ans2_reap_cases[] = {
	KUNIT_CASE(reap_empty_queue_touches_nothing),
	KUNIT_CASE(reap_one_invalidates_checks_and_rings),
	KUNIT_CASE(reap_copies_entry),
	KUNIT_CASE(reap_batch_rings_once_and_last),
	KUNIT_CASE(reap_checks_once_with_option),
	KUNIT_CASE(reap_works_under_lock),
	KUNIT_CASE(reap_ends_flight),
	KUNIT_CASE(reap_admin_uses_admin_doorbell),
	KUNIT_CASE(reap_admin_wraps_every_second),
	KUNIT_CASE(reap_wraps_inside_batch),
	KUNIT_CASE(reap_ends_at_last_entry),
	KUNIT_CASE(reap_takes_no_entry_of_round_before),
	KUNIT_CASE(reap_continues_where_it_was),
	KUNIT_CASE_PARAM(reap_refuses_tag, ans2_bad_tag_gen_params),
	KUNIT_CASE(reap_refuses_second_completion),
	KUNIT_CASE(reap_keeps_good_ones_among_bad),
	KUNIT_CASE(reap_ends_after_one_round),
	KUNIT_CASE(reap_result_survives_reuse_of_entries),
	KUNIT_CASE(reap_after_stop_takes_without_registers),
	KUNIT_CASE(reap_goes_on_if_invalidation_fails),
	KUNIT_CASE(reap_counts_what_it_has_seen),
	KUNIT_CASE(reap_of_the_refused_alone_checks_nothing),
	KUNIT_CASE(reap_takes_no_entry_twice),
	KUNIT_CASE(ring_begins_at_its_first_entry),
	KUNIT_CASE(ring_that_is_open_stays_as_it_is),
	KUNIT_CASE(ring_begins_anew_after_a_start),
	KUNIT_CASE(ring_is_not_read_between_start_and_open),
	KUNIT_CASE(entry_of_before_a_start_is_refused),
	KUNIT_CASE_PARAM(has_entry_of, ans2_look_gen_params),
	KUNIT_CASE(taken_entry_is_there_no_more),
	KUNIT_CASE_PARAM(early_doorbell_never_overruns, ans2_ring_gen_params),
	{ }
};

static struct kunit_suite ans2_reap_suite = {
	.name = "nvme_ans2_reap",
	.init = ans2_test_init,
	.test_cases = ans2_reap_cases,
};
