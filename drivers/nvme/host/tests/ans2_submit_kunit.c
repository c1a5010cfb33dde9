// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Apple ANS2: starting commands, and the watch over them
 *
 * ans2_kunit.c includes this file.
 */

static struct nvme_command ans2_cmd(u8 opcode, u16 tag, u64 prp1, u64 prp2)
{
	struct nvme_command cmd = { };

	cmd.common.opcode = opcode;
	cmd.common.command_id = tag;
	cmd.common.dptr.prp1 = cpu_to_le64(prp1);
	cmd.common.dptr.prp2 = cpu_to_le64(prp2);
	return cmd;
}

static bool ans2_fill_io(struct ans2_ctx *ctx, const struct nvme_command *cmd)
{
	return nvme_ans2_fill(&ctx->ans2, 1, &ctx->sq[1], cmd);
}

static bool ans2_fill_admin(struct ans2_ctx *ctx,
			    const struct nvme_command *cmd)
{
	return nvme_ans2_fill(&ctx->ans2, 0, &ctx->sq[1], cmd);
}

/*
 * Filling slots
 */

/*
 * Bits 1:0 of an opcode are a class: no data, to the device, from it, both. The
 * direction is bit 0 alone, as in nvme-apple, because the kernel maps the data
 * by that bit: of the class "both" it reads nothing back, so the device must
 * not write there, and a vendor may use the class "no data" with data.
 */
struct ans2_class {
	const char *name;
	unsigned int qid;
	u8 opcode;
	bool data;
	u8 dma_flags;
};

static const struct ans2_class ans2_classes[] = {
	{ "read", 1, 0x02, true, 1 },
	{ "write", 1, 0x01, true, 2 },
	{ "flush", 1, 0x00, false, 0 },
	{ "dataset_management", 1, 0x09, true, 2 },
	{ "write_zeroes", 1, 0x08, false, 0 },
	{ "compare", 1, 0x05, true, 2 },
	{ "write_uncorrectable", 1, 0x04, false, 0 },
	{ "identify", 0, 0x06, true, 1 },
	{ "get_log_page", 0, 0x02, true, 1 },
	{ "get_features_without_data", 0, 0x0a, false, 0 },
	{ "get_features_with_data", 0, 0x0a, true, 1 },
	{ "set_features_without_data", 0, 0x09, false, 0 },
	{ "set_features_with_data", 0, 0x09, true, 2 },
	{ "create_sq", 0, 0x01, true, 2 },
	{ "create_cq", 0, 0x05, true, 2 },
	{ "delete_sq", 0, 0x00, false, 0 },
	{ "delete_cq", 0, 0x04, false, 0 },
	{ "firmware_download", 0, 0x11, true, 2 },
	{ "vendor_to_device", 0, 0xc1, true, 2 },
	{ "vendor_from_device", 0, 0xc2, true, 1 },
	{ "vendor_both", 0, 0xc3, true, 2 },
	{ "vendor_both_without_data", 0, 0xc3, false, 0 },
	{ "vendor_without_class", 0, 0xc0, true, 1 },
	{ "vendor_io_to_device", 1, 0x81, true, 2 },
	{ "vendor_io_from_device", 1, 0x82, true, 1 },
	{ "vendor_io_both", 1, 0x83, true, 2 },
	{ "vendor_io_without_class", 1, 0x80, true, 1 },
};

KUNIT_ARRAY_PARAM_DESC(ans2_class, ans2_classes, name);

/* PRP1 decides whether there is data. The length does not depend on that. */
static void fill_permits_direction_of(struct kunit *test)
{
	const struct ans2_class *class = test->param_value;
	struct ans2_ctx *ctx = test->priv;
	u16 tag = class->qid ? 17 : 0;
	struct nvme_ans2_tcb *tcb = &ctx->tcbs[class->qid][1 + tag];
	u64 prp1 = class->data ? 0x812345000ull : 0;
	u64 prp2 = class->data ? 0x834567000ull : 0;
	struct nvme_command cmd = ans2_cmd(class->opcode, tag, prp1, prp2);

	cmd.common.cdw12 = cpu_to_le32(0xabcd8007);
	KUNIT_ASSERT_TRUE(test, nvme_ans2_fill(&ctx->ans2, class->qid,
					       &ctx->sq[1], &cmd));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(tcb->head),
			0x800700000000ull | tag << 16 | class->dma_flags << 8);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(tcb->prp1), prp1);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(tcb->prp2), prp2);
}

static void fill_places_fields_at_known_offsets(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x01, 5, 0x8aabbccd0ull,
					   0x811223000ull);
	const u8 *tcb = (const u8 *)&ctx->tcbs[1][1 + 5];

	nvme_ans2_start(&ctx->ans2);
	cmd.common.cdw12 = cpu_to_le32(0x1234);
	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_EQ(test, tcb[0], 0);
	KUNIT_EXPECT_EQ(test, tcb[1], 2);
	KUNIT_EXPECT_EQ(test, tcb[2], 5);
	KUNIT_EXPECT_EQ(test, tcb[3], 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_le16(tcb + 4), 0x1234);
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(tcb + 6, 0, 18));
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(tcb + 0x18), 0x8aabbccd0ull);
	KUNIT_EXPECT_EQ(test, get_unaligned_le64(tcb + 0x20), 0x811223000ull);
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(tcb + 0x28, 0, 88));
}

static void fill_copies_command_to_slot_of_tag(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, 40, 0x800001000ull, 0);

	cmd.rw.slba = cpu_to_le64(0x123456789abull);
	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_MEMEQ(test, (u8 *)ctx->sq + 64 + 40 * 64, &cmd, 64);
}

static void fill_touches_no_other_slot(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, 30, 0x800001000ull, 0);
	const u8 *tcb = (const u8 *)ctx->tcbs[1];
	const u8 *sq = (const u8 *)ctx->sq;

	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(tcb, T_POISON, 31 * 128));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(tcb + 32 * 128, T_POISON,
					       34 * 128));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(sq, T_POISON, 31 * 64));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(sq + 32 * 64, T_POISON,
					       34 * 64));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(ctx->tcbs[0], T_POISON,
					       sizeof(ctx->tcbs[0])));
}

static void fill_last_slot_stays_inside(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, 62, 0x800001000ull, 0);

	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_EQ(test, ((u8 *)&ctx->tcbs[1][1 + 62])[2], 62);
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->tcbs[1][1 + 63], T_POISON,
					       2 * 128));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->sq[1 + 63], T_POISON,
					       2 * 64));
}

static void fill_first_slot_stays_inside(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x06, 0, 0x800001000ull, 0);

	KUNIT_ASSERT_TRUE(test, ans2_fill_admin(ctx, &cmd));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->tcbs[0][0], T_POISON,
					       128));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->sq[0], T_POISON, 64));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(&ctx->tcbs[0][2], T_POISON,
					       128));
}

static void fill_takes_low_half_of_dword12(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x01, 2, 0x800001000ull, 0);
	const u8 *tcb = (const u8 *)&ctx->tcbs[1][1 + 2];

	nvme_ans2_start(&ctx->ans2);
	cmd.common.cdw12 = cpu_to_le32(0xc00000ff);
	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_EQ(test, get_unaligned_le32(tcb + 4), 0xff);
}

static void fill_takes_largest_length(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x01, 2, 0x800001000ull, 0);

	cmd.common.cdw12 = cpu_to_le32(0xffff);
	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_EQ(test, get_unaligned_le16((u8 *)&ctx->tcbs[1][1 + 2] +
						 4), 0xffff);
}

static void fill_copies_both_prps(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, 9, 0x8ffffe200ull,
					   0x8ffff0f00ull);

	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ctx->tcbs[1][1 + 9].prp1),
			0x8ffffe200ull);
	KUNIT_EXPECT_EQ(test, le64_to_cpu(ctx->tcbs[1][1 + 9].prp2),
			0x8ffff0f00ull);
}

/* Nothing of the command before stays permitted. */
static void fill_again_forgets_command_before(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x01, 8, 0x800001000ull,
					   0x800002000ull);
	const u8 *tcb = (const u8 *)&ctx->tcbs[1][1 + 8];

	nvme_ans2_start(&ctx->ans2);
	cmd.common.cdw12 = cpu_to_le32(7);
	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	cmd = ans2_cmd(0x00, 8, 0, 0);
	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_EQ(test, tcb[2], 8);
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(tcb, 0, 2));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(tcb + 3, 0, 125));
}

struct ans2_tag_case {
	const char *name;
	unsigned int qid;
	u16 tag;
	bool accepted;
};

static const struct ans2_tag_case ans2_tag_cases[] = {
	{ "admin_0", 0, 0, true },
	{ "admin_1", 0, 1, false },
	{ "admin_2", 0, 2, false },
	{ "admin_63", 0, 63, false },
	{ "admin_64", 0, 64, false },
	{ "io_0", 1, 0, false },
	{ "io_1", 1, 1, false },
	{ "io_2", 1, 2, true },
	{ "io_62", 1, 62, true },
	{ "io_63", 1, 63, false },
	{ "io_64", 1, 64, false },
	{ "io_2_with_generation", 1, 0x1002, false },
	{ "io_65535", 1, 0xffff, false },
};

KUNIT_ARRAY_PARAM_DESC(ans2_tag, ans2_tag_cases, name);

static void fill_checks_tag(struct kunit *test)
{
	const struct ans2_tag_case *tag = test->param_value;
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, tag->tag, 0x800001000ull, 0);
	bool ok = nvme_ans2_fill(&ctx->ans2, tag->qid, &ctx->sq[1], &cmd);

	KUNIT_EXPECT_EQ(test, ok, tag->accepted);
	if (tag->accepted)
		return;
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(ctx->tcbs, T_POISON,
					       sizeof(ctx->tcbs)));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(ctx->sq, T_POISON,
					       sizeof(ctx->sq)));
}

static void fill_refuses_sgl(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, 4, 0x800001000ull, 0);

	cmd.common.flags = 1 << 6;
	KUNIT_EXPECT_FALSE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(ctx->tcbs, T_POISON,
					       sizeof(ctx->tcbs)));
}

static void fill_refuses_sgl_with_metadata_segment(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, 4, 0x800001000ull, 0);

	cmd.common.flags = 2 << 6;
	KUNIT_EXPECT_FALSE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(ctx->sq, T_POISON,
					       sizeof(ctx->sq)));
}

static void fill_refuses_metadata(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, 4, 0x800001000ull, 0);

	cmd.common.metadata = cpu_to_le64(0x800002000ull);
	KUNIT_EXPECT_FALSE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(ctx->tcbs, T_POISON,
					       sizeof(ctx->tcbs)));
	KUNIT_EXPECT_TRUE(test, ans2_all_bytes(ctx->sq, T_POISON,
					       sizeof(ctx->sq)));
}

static void fill_writes_no_register(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_command cmd = ans2_cmd(0x02, 4, 0x800001000ull, 0);

	KUNIT_ASSERT_TRUE(test, ans2_fill_io(ctx, &cmd));
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
}

/*
 * Starting commands
 */

static void submit_rings_admin_doorbell_with_tag(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 0, 0);
	KUNIT_EXPECT_EQ(test, ctx->nr, 1);
	expect_op(test, 0, T_WRITE32, T_ASQ_DB, 0);
}

static void submit_rings_io_doorbell_with_tag(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 62);
	KUNIT_EXPECT_EQ(test, ctx->nr, 1);
	expect_op(test, 0, T_WRITE32, T_IOSQ_DB, 62);
}

static void submit_marks_tag_in_flight(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 33);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 1ull << 33);
}

static void submit_batch_starts_each_once(struct kunit *test)
{
	static const u8 tags[] = { 2, 3, 9, 62 };
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	nvme_ans2_submit(&ctx->ans2, 1, BIT_ULL(2) | BIT_ULL(3) | BIT_ULL(9) |
			 BIT_ULL(62), true);
	KUNIT_EXPECT_EQ(test, ctx->nr, ARRAY_SIZE(tags));
	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		KUNIT_EXPECT_EQ(test, ctx->op[i].reg, T_IOSQ_DB);
		KUNIT_EXPECT_EQ(test, ctx->op[i].value, tags[i]);
	}
}

/* The one barrier stands before the first doorbell. */
static void submit_batch_orders_memory_once(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_submit(&ctx->ans2, 1, GENMASK_ULL(4, 2), true);
	expect_op(test, 0, T_WRITE32, T_IOSQ_DB, 2);
	expect_op(test, 1, T_WRITE32_NEXT, T_IOSQ_DB, 3);
	expect_op(test, 2, T_WRITE32_NEXT, T_IOSQ_DB, 4);
}

static void submit_batch_of_all_tags(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_submit(&ctx->ans2, 1, 0x7ffffffffffffffcull, true);
	KUNIT_EXPECT_EQ(test, ctx->nr, 61);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0x7ffffffffffffffcull);
}

/* The block layer hands over one after the other and says which is the last. */
static void what_waits_starts_with_the_next(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_submit(&ctx->ans2, 1, BIT_ULL(7), false);
	nvme_ans2_submit(&ctx->ans2, 1, BIT_ULL(5), false);
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0);
	nvme_ans2_submit(&ctx->ans2, 1, BIT_ULL(9), true);
	KUNIT_EXPECT_EQ(test, ctx->nr, 3);
	expect_op(test, 0, T_WRITE32, T_IOSQ_DB, 5);
	expect_op(test, 1, T_WRITE32_NEXT, T_IOSQ_DB, 7);
	expect_op(test, 2, T_WRITE32_NEXT, T_IOSQ_DB, 9);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0x2a0ull);
	nvme_ans2_submit(&ctx->ans2, 1, 0, true);
	KUNIT_EXPECT_EQ(test, ctx->nr, 3);
}

static void what_waits_starts_without_another(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_submit(&ctx->ans2, 1, BIT_ULL(7), false);
	nvme_ans2_submit(&ctx->ans2, 1, 0, true);
	KUNIT_EXPECT_EQ(test, ctx->nr, 1);
	expect_op(test, 0, T_WRITE32, T_IOSQ_DB, 7);
}

/* It was cancelled meanwhile, and its tag may be another's. */
static void what_waits_is_forgotten_by_a_start(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_submit(&ctx->ans2, 1, BIT_ULL(7), false);
	nvme_ans2_stop(&ctx->ans2);
	nvme_ans2_start(&ctx->ans2);
	ctx->nr = 0;
	ans2_submit_one(ctx, 1, 9);
	KUNIT_EXPECT_EQ(test, ctx->nr, 1);
	expect_op(test, 0, T_WRITE32, T_IOSQ_DB, 9);
}

static void submit_after_stop_does_nothing(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_stop(&ctx->ans2);
	ans2_submit_one(ctx, 1, 5);
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0);
}

static void submit_rings_under_lock(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	if (!IS_ENABLED(CONFIG_SMP))
		kunit_skip(test, "a spinlock is nothing without SMP");
	ctx->on_op = ans2_expect_locked;
	nvme_ans2_submit(&ctx->ans2, 1, GENMASK_ULL(3, 2), true);
	KUNIT_EXPECT_EQ(test, ctx->nr, 2);
	KUNIT_EXPECT_TRUE(test, ans2_lock_is_free(ctx));
}

/*
 * The watch
 */

/* Takes it away, so that a test sees whether it comes again. */
static bool ans2_take_watch(struct ans2_ctx *ctx)
{
	return cancel_delayed_work_sync(&ctx->ans2.watch);
}

static void first_command_starts_the_watch(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned long begin = jiffies;

	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ctx->ans2.watch));
	ans2_submit_one(ctx, 0, 0);
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&ctx->ans2.watch));
	KUNIT_EXPECT_TRUE(test, ctx->ans2.watched);
	KUNIT_EXPECT_TRUE(test,
			  time_in_range(ctx->ans2.watch.timer.expires,
					begin + 1, jiffies + HZ));
}

/* What is queued once for all commands costs each of them nothing. */
static void next_commands_leave_the_watch_alone(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 2);
	KUNIT_EXPECT_TRUE(test, ans2_take_watch(ctx));
	ans2_submit_one(ctx, 1, 3);
	ans2_submit_one(ctx, 0, 0);
	nvme_ans2_submit(&ctx->ans2, 1, GENMASK_ULL(6, 4), true);
	KUNIT_EXPECT_FALSE(test, ans2_take_watch(ctx));
}

static void what_does_not_start_needs_no_watch(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_stop(&ctx->ans2);
	ans2_submit_one(ctx, 1, 2);
	KUNIT_EXPECT_FALSE(test, ans2_take_watch(ctx));
	KUNIT_EXPECT_FALSE(test, ctx->ans2.watched);
}

static void watch_goes_on_while_it_is_busy(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ans2_submit_one(ctx, 1, 2);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_TRUE(test, ans2_take_watch(ctx));
		KUNIT_EXPECT_TRUE(test, nvme_ans2_is_busy(&ctx->ans2));
		KUNIT_EXPECT_TRUE(test, ctx->ans2.watched);
	}
	KUNIT_EXPECT_EQ(test, ctx->nr, 1);
}

static void watch_of_an_idle_controller_ends(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 2);
	ans2_take_watch(ctx);
	ctx->ans2.inflight = 0;
	KUNIT_EXPECT_FALSE(test, nvme_ans2_is_busy(&ctx->ans2));
	KUNIT_EXPECT_FALSE(test, ans2_take_watch(ctx));

	ans2_submit_one(ctx, 1, 3);
	KUNIT_EXPECT_TRUE(test, ans2_take_watch(ctx));
}

/* What is in flight is cancelled by whoever has stopped it. */
static void watch_of_a_stopped_controller_ends(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 2);
	ans2_take_watch(ctx);
	nvme_ans2_stop(&ctx->ans2);
	KUNIT_EXPECT_FALSE(test, nvme_ans2_is_busy(&ctx->ans2));
	KUNIT_EXPECT_FALSE(test, ans2_take_watch(ctx));
}

/* nvme-pci takes the watch away when it stops the controller. */
static void first_command_after_a_start_starts_the_watch(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 2);
	nvme_ans2_stop(&ctx->ans2);
	ans2_take_watch(ctx);
	nvme_ans2_start(&ctx->ans2);
	KUNIT_EXPECT_FALSE(test, ans2_take_watch(ctx));
	ans2_submit_one(ctx, 1, 2);
	KUNIT_EXPECT_TRUE(test, ans2_take_watch(ctx));
}

static void watch_looks_once(struct kunit *test)
{
	unsigned long end = jiffies + 10 * HZ;
	struct ans2_ctx *ctx = test->priv;

	ans2_submit_one(ctx, 1, 2);
	while (!READ_ONCE(ctx->looks) && time_before(jiffies, end))
		msleep(20);
	KUNIT_EXPECT_EQ(test, ctx->looks, 1);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ctx->ans2.watch));
}

static struct kunit_case ans2_submit_cases[] = {
	KUNIT_CASE_PARAM(fill_permits_direction_of, ans2_class_gen_params),
	KUNIT_CASE(fill_places_fields_at_known_offsets),
	KUNIT_CASE(fill_copies_command_to_slot_of_tag),
	KUNIT_CASE(fill_touches_no_other_slot),
	KUNIT_CASE(fill_first_slot_stays_inside),
	KUNIT_CASE(fill_last_slot_stays_inside),
	KUNIT_CASE(fill_takes_low_half_of_dword12),
	KUNIT_CASE(fill_takes_largest_length),
	KUNIT_CASE(fill_copies_both_prps),
	KUNIT_CASE(fill_again_forgets_command_before),
	KUNIT_CASE_PARAM(fill_checks_tag, ans2_tag_gen_params),
	KUNIT_CASE(fill_refuses_sgl),
	KUNIT_CASE(fill_refuses_sgl_with_metadata_segment),
	KUNIT_CASE(fill_refuses_metadata),
	KUNIT_CASE(fill_writes_no_register),
	KUNIT_CASE(submit_rings_admin_doorbell_with_tag),
	KUNIT_CASE(submit_rings_io_doorbell_with_tag),
	KUNIT_CASE(submit_marks_tag_in_flight),
	KUNIT_CASE(submit_batch_starts_each_once),
	KUNIT_CASE(submit_batch_orders_memory_once),
	KUNIT_CASE(submit_batch_of_all_tags),
	KUNIT_CASE(what_waits_starts_with_the_next),
	KUNIT_CASE(what_waits_starts_without_another),
	KUNIT_CASE(what_waits_is_forgotten_by_a_start),
	KUNIT_CASE(submit_after_stop_does_nothing),
	KUNIT_CASE(submit_rings_under_lock),
	KUNIT_CASE(first_command_starts_the_watch),
	KUNIT_CASE(next_commands_leave_the_watch_alone),
	KUNIT_CASE(what_does_not_start_needs_no_watch),
	KUNIT_CASE(watch_goes_on_while_it_is_busy),
	KUNIT_CASE(watch_of_an_idle_controller_ends),
	KUNIT_CASE(watch_of_a_stopped_controller_ends),
	KUNIT_CASE(first_command_after_a_start_starts_the_watch),
	KUNIT_CASE(watch_looks_once),
	{ }
};

static struct kunit_suite ans2_submit_suite = {
	.name = "nvme_ans2_submit",
	.init = ans2_test_init,
	.test_cases = ans2_submit_cases,
};
