// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Apple ANS2's NVMMU and linear queues
 *
 * ans2.c includes this file, so that the tests reach its static functions.
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
#include <linux/unaligned.h>

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
 * access, after it was recorded.
 */
struct ans2_ctx {
	struct nvme_ans2 ans2;
	struct nvme_ans2_tcb tcbs[2][1 + 64 + 1];
	struct nvme_command sq[1 + 64 + 1];
	struct nvme_completion cqes[64];
	struct nvme_ans2_cq cq;
	struct ans2_op op[512];
	unsigned int nr;
	u32 stat;
	u32 boot;
	unsigned int boot_after;
	void (*on_op)(struct ans2_ctx *ctx, const struct ans2_op *op);
	struct ans2_device device;
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

static int ans2_test_init(struct kunit *test)
{
	struct ans2_ctx *ctx;

	ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;

	ctx->ans2.dev = kunit_device_register(test, "ans2");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->ans2.dev);
	spin_lock_init(&ctx->ans2.lock);
	ans2_init_queues(&ctx->ans2);
	memset(ctx->tcbs, T_POISON, sizeof(ctx->tcbs));
	memset(ctx->sq, T_POISON, sizeof(ctx->sq));
	ctx->ans2.q[0].tcbs = &ctx->tcbs[0][1];
	ctx->ans2.q[0].tcbs_dma = 0x801230000ull;
	ctx->ans2.q[1].tcbs = &ctx->tcbs[1][1];
	ctx->ans2.q[1].tcbs_dma = 0x9fedc8000ull;
	ctx->ans2.live = true;
	ctx->boot = T_BOOT_OK;
	ctx->cq.cqes = ctx->cqes;
	ctx->cq.depth = 64;
	ctx->cq.phase = 1;

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
	KUNIT_EXPECT_EQ(test, tcb->dma_flags, class->dma_flags);
	KUNIT_EXPECT_EQ(test, tcb->opcode, 0);
	KUNIT_EXPECT_EQ(test, tcb->command_id, tag);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(tcb->length), 0x8007);
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
	KUNIT_EXPECT_EQ(test, ctx->tcbs[1][1 + 62].command_id, 62);
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
	KUNIT_EXPECT_EQ(test, le16_to_cpu(ctx->tcbs[1][1 + 2].length), 0xffff);
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

static void ans2_submit_one(struct ans2_ctx *ctx, unsigned int qid, u8 tag)
{
	nvme_ans2_submit(&ctx->ans2, qid, &tag, 1);
}

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

static void submit_batch_keeps_order(struct kunit *test)
{
	static const u8 tags[] = { 9, 3, 62, 2 };
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	nvme_ans2_submit(&ctx->ans2, 1, tags, ARRAY_SIZE(tags));
	KUNIT_EXPECT_EQ(test, ctx->nr, ARRAY_SIZE(tags));
	for (i = 0; i < ARRAY_SIZE(tags); i++) {
		KUNIT_EXPECT_EQ(test, ctx->op[i].reg, T_IOSQ_DB);
		KUNIT_EXPECT_EQ(test, ctx->op[i].value, tags[i]);
	}
}

/* The one barrier stands before the first doorbell. */
static void submit_batch_orders_memory_once(struct kunit *test)
{
	static const u8 tags[] = { 2, 3, 4 };
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_submit(&ctx->ans2, 1, tags, ARRAY_SIZE(tags));
	expect_op(test, 0, T_WRITE32, T_IOSQ_DB, 2);
	expect_op(test, 1, T_WRITE32_NEXT, T_IOSQ_DB, 3);
	expect_op(test, 2, T_WRITE32_NEXT, T_IOSQ_DB, 4);
}

static void submit_batch_of_all_tags(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	u8 tags[61];
	unsigned int i;

	for (i = 0; i < 61; i++)
		tags[i] = 2 + i;
	nvme_ans2_submit(&ctx->ans2, 1, tags, 61);
	KUNIT_EXPECT_EQ(test, ctx->nr, 61);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0x7ffffffffffffffcull);
}

static void submit_empty_batch_does_nothing(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_submit(&ctx->ans2, 1, NULL, 0);
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0);
}

static void submit_after_stop_does_nothing(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	nvme_ans2_stop(&ctx->ans2);
	ans2_submit_one(ctx, 1, 5);
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0);
}

static bool ans2_lock_is_free(struct ans2_ctx *ctx)
{
	return !raw_spin_is_locked(spinlock_check(&ctx->ans2.lock));
}

static void ans2_expect_locked(struct ans2_ctx *ctx, const struct ans2_op *op)
{
	KUNIT_EXPECT_FALSE(kunit_get_current_test(), ans2_lock_is_free(ctx));
}

static void submit_rings_under_lock(struct kunit *test)
{
	static const u8 tags[] = { 2, 3 };
	struct ans2_ctx *ctx = test->priv;

	if (!IS_ENABLED(CONFIG_SMP))
		kunit_skip(test, "a spinlock is nothing without SMP");
	ctx->on_op = ans2_expect_locked;
	nvme_ans2_submit(&ctx->ans2, 1, tags, 2);
	KUNIT_EXPECT_EQ(test, ctx->nr, 2);
	KUNIT_EXPECT_TRUE(test, ans2_lock_is_free(ctx));
}

/*
 * Taking completions
 */

/* What the device does: an entry at @slot for @tag. */
static void ans2_post(struct ans2_ctx *ctx, u16 slot, u16 tag, u16 status,
		      u8 phase)
{
	struct nvme_completion *cqe = &ctx->cqes[slot];

	cqe->result.u64 = cpu_to_le64(0x1000 + tag);
	cqe->command_id = tag;
	cqe->status = cpu_to_le16(status << 1 | phase);
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

static unsigned int ans2_reap_io(struct ans2_ctx *ctx)
{
	return nvme_ans2_reap(&ctx->ans2, 1, &ctx->cq);
}

static void reap_empty_queue_touches_nothing(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 0);
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 0);
	KUNIT_EXPECT_EQ(test, ctx->cq.head, 0);
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
	const struct nvme_completion *done = ctx->ans2.q[1].done;

	ans2_submit_one(ctx, 1, 21);
	ans2_post(ctx, 0, 21, 0x281, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 1);
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

	ctx->cq.depth = 2;
	ans2_submit_one(ctx, 0, 0);
	ans2_post(ctx, 0, 0, 0, 1);
	ctx->nr = 0;
	KUNIT_EXPECT_EQ(test, nvme_ans2_reap(&ctx->ans2, 0, &ctx->cq), 1);
	expect_op(test, 0, T_WRITE32, T_INVAL, 0);
	expect_op(test, 2, T_WRITE32, T_ACQ_DB, 1);
}

static void reap_admin_wraps_every_second(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ctx->cq.depth = 2;
	for (i = 0; i < 6; i++) {
		ans2_submit_one(ctx, 0, 0);
		ans2_post(ctx, i % 2, 0, 0, !((i / 2) % 2));
		KUNIT_EXPECT_EQ(test,
				nvme_ans2_reap(&ctx->ans2, 0, &ctx->cq), 1);
		KUNIT_EXPECT_EQ(test, ctx->cq.head, (i + 1) % 2);
		KUNIT_EXPECT_EQ(test, ctx->cq.phase, !(((i + 1) / 2) % 2));
		expect_op(test, 4 * i + 3, T_WRITE32, T_ACQ_DB, (i + 1) % 2);
	}
}

static void reap_wraps_inside_batch(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ctx->cq.head = 62;
	for (i = 0; i < 4; i++) {
		ans2_submit_one(ctx, 1, 10 + i);
		ans2_post(ctx, (62 + i) % 64, 10 + i, 0, i < 2);
	}
	ctx->nr = 0;
	/* Entries of the round before, which the device has not reached. */
	for (i = 2; i < 62; i++)
		ans2_post(ctx, i, 50, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 4);
	KUNIT_EXPECT_EQ(test, ctx->cq.head, 2);
	KUNIT_EXPECT_EQ(test, ctx->cq.phase, 0);
	expect_op(test, 8, T_WRITE32, T_IOCQ_DB, 2);
}

static void reap_ends_at_last_entry(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->cq.head = 63;
	ans2_submit_one(ctx, 1, 10);
	ans2_post(ctx, 63, 10, 0, 1);
	/* Of the round before; a slot of zeros would be new after the wrap. */
	ans2_post(ctx, 0, 50, 0, 1);
	ctx->nr = 0;
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->cq.head, 0);
	KUNIT_EXPECT_EQ(test, ctx->cq.phase, 0);
	expect_op(test, 2, T_WRITE32, T_IOCQ_DB, 0);
}

static void reap_takes_no_entry_of_round_before(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->cq.phase = 0;
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
	KUNIT_EXPECT_EQ(test, ctx->cq.head, 4);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].done[0].command_id, 7);
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
	ans2_post(ctx, 0, bad->tag, 0, 1);
	ctx->nr = 0;
	ctx->cq.depth = bad->qid ? 64 : 2;
	KUNIT_EXPECT_EQ(test, nvme_ans2_reap(&ctx->ans2, bad->qid, &ctx->cq),
			1);
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 0);
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
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 1);
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
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 2);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].done[0].command_id, 31);
	KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].done[1].command_id, 30);
	KUNIT_EXPECT_EQ(test, ctx->cq.head, 4);
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
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 61);
	KUNIT_EXPECT_EQ(test, ctx->cq.head, 0);
}

/* The device may use an entry again as soon as the doorbell is rung. */
static void ans2_scribble(struct ans2_ctx *ctx, const struct ans2_op *op)
{
	if (op->reg == T_IOCQ_DB)
		memset(ctx->cqes, 0xff, sizeof(ctx->cqes));
}

static void reap_result_survives_reuse_of_entries(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	unsigned int i;

	ans2_post_batch(ctx, 11, 8);
	ctx->on_op = ans2_scribble;
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 8);
	KUNIT_ASSERT_EQ(test, ctx->cq.taken, 8);
	for (i = 0; i < 8; i++) {
		KUNIT_EXPECT_EQ(test, ctx->ans2.q[1].done[i].command_id,
				11 + i);
		KUNIT_EXPECT_EQ(test, le16_to_cpu(ctx->ans2.q[1].done[i].status)
				>> 1, 0);
	}
}

static void reap_after_stop_takes_without_registers(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ans2_post_batch(ctx, 2, 2);
	nvme_ans2_stop(&ctx->ans2);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 2);
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 2);
	KUNIT_EXPECT_EQ(test, ctx->nr, 0);
}

static void reap_goes_on_if_invalidation_fails(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->stat = 1;
	ans2_post_batch(ctx, 2, 2);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 2);
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 2);
	expect_op(test, 4, T_WRITE32, T_IOCQ_DB, 2);
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
	ans2_post(ctx, device->tail, tag, 0, device->phase);
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
	unsigned int i, qid = ctx->device.ring->qid;
	u64 tags = 0;

	for (i = 0; i < ctx->cq.taken; i++)
		tags |= BIT_ULL(ctx->ans2.q[qid].done[i].command_id);
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

	ctx->cq.depth = ring->depth;
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
		KUNIT_ASSERT_EQ(test, nvme_ans2_reap(&ctx->ans2, ring->qid,
						     &ctx->cq), nr);
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
	nvme_ans2_start(&ctx->ans2);
	KUNIT_EXPECT_EQ(test, ctx->ans2.inflight, 0);
	KUNIT_EXPECT_TRUE(test, ctx->ans2.live);
	ans2_post(ctx, 0, 40, 0, 1);
	KUNIT_EXPECT_EQ(test, ans2_reap_io(ctx), 1);
	KUNIT_EXPECT_EQ(test, ctx->cq.taken, 0);
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

	ctx->boot = 0xde71ce54;
	KUNIT_EXPECT_EQ(test, nvme_ans2_wait_boot(&ctx->ans2), -ETIMEDOUT);
}

static void boot_window_gone(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

	ctx->boot = ~0u;
	KUNIT_EXPECT_EQ(test, nvme_ans2_wait_boot(&ctx->ans2), -ENODEV);
}

static void alloc_makes_both_arrays(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;
	struct nvme_ans2 *ans2;
	unsigned int i;

	ctx->ans2.dev->coherent_dma_mask = DMA_BIT_MASK(64);
	ans2 = nvme_ans2_alloc(ctx->ans2.dev);
	KUNIT_ASSERT_NOT_NULL(test, ans2);
	for (i = 0; i < 2; i++) {
		KUNIT_ASSERT_NOT_NULL(test, ans2->q[i].tcbs);
		KUNIT_EXPECT_EQ(test, ans2->q[i].tcbs_dma % 4096, 0);
		/* With KASAN this finds an array that is too small. */
		memset(ans2->q[i].tcbs, T_POISON, 64 * 128);
	}
	KUNIT_EXPECT_NE(test, ans2->q[0].tcbs_dma, ans2->q[1].tcbs_dma);
	KUNIT_EXPECT_FALSE(test, ans2->live);
}

static void tags_are_split_as_in_nvme_apple(struct kunit *test)
{
	struct ans2_ctx *ctx = test->priv;

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

static struct kunit_case ans2_cases[] = {
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
	KUNIT_CASE(submit_batch_keeps_order),
	KUNIT_CASE(submit_batch_orders_memory_once),
	KUNIT_CASE(submit_batch_of_all_tags),
	KUNIT_CASE(submit_empty_batch_does_nothing),
	KUNIT_CASE(submit_after_stop_does_nothing),
	KUNIT_CASE(submit_rings_under_lock),
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
	KUNIT_CASE_PARAM(early_doorbell_never_overruns, ans2_ring_gen_params),
	KUNIT_CASE(start_programs_registers_in_order),
	KUNIT_CASE(start_clears_tcbs_before_registers),
	KUNIT_CASE(start_stays_inside_arrays),
	KUNIT_CASE(start_forgets_what_was_in_flight),
	KUNIT_CASE(start_lets_submit_work_again),
	KUNIT_CASE(boot_ready_at_once),
	KUNIT_CASE(boot_ready_later),
	KUNIT_CASE_SLOW(boot_never_ready),
	KUNIT_CASE(boot_window_gone),
	KUNIT_CASE(alloc_makes_both_arrays),
	KUNIT_CASE(tags_are_split_as_in_nvme_apple),
	KUNIT_CASE(accessors_write_little_endian),
	{ }
};

static struct kunit_suite ans2_suite = {
	.name = "nvme_ans2",
	.init = ans2_test_init,
	.test_cases = ans2_cases,
};

kunit_test_suite(ans2_suite);
