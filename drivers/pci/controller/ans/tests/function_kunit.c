// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: configuration space of the ANS2's PCI function
 *
 * Offsets and values are written out again here, so that a slip in the driver's
 * table is seen.
 */

#include <kunit/test.h>

#include <linux/limits.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "../function.h"
#include "rival.h"

#define BAR	0x27bcc0000ULL

struct function_test {
	struct kunit *test;
	struct ans_function fn;
	int flrs;
};

/* Who is called with the lock held must not take it. */
static void count_flr(struct ans_function *fn)
{
	struct function_test *t = container_of(fn, struct function_test, fn);

	t->flrs++;
	if (IS_ENABLED(CONFIG_SMP))
		KUNIT_EXPECT_TRUE(t->test, raw_spin_is_locked(&fn->lock));
}

static u32 get(struct function_test *t, int where, int size)
{
	u32 val = 0x5a5a5a5a;

	ans_function_read(&t->fn, where, size, &val);
	return val;
}

static void set(struct function_test *t, int where, int size, u32 val)
{
	ans_function_write(&t->fn, where, size, val);
}

static int function_test_init(struct kunit *test)
{
	struct function_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->test = test;
	raw_spin_lock_init(&t->fn.lock);
	t->fn.start_flr = count_flr;
	ans_function_init(&t->fn, BAR, 0x8103);
	test->priv = t;
	return 0;
}

struct expected {
	const char *name;
	int where;
	u32 reset;
	u32 writable;
};

/* "writable" leaves out what a test of its own is about. */
static const struct expected registers[] = {
	{ "id",			0x00, 0xa2a2106b, 0 },
	{ "command",		0x04, 0x00100000, 0x00000146 },
	{ "class",		0x08, 0x01080200, 0 },
	{ "header",		0x0c, 0x00000000, 0x000000ff },
	{ "bar0",		0x10, 0x7bcc0004, 0xfffc0000 },
	{ "bar1",		0x14, 0x00000002, 0xffffffff },
	{ "bar2",		0x18, 0x00000000, 0 },
	{ "bar3",		0x1c, 0x00000000, 0 },
	{ "bar4",		0x20, 0x00000000, 0 },
	{ "bar5",		0x24, 0x00000000, 0 },
	{ "subsystem",		0x2c, 0x8103106b, 0 },
	{ "rom",		0x30, 0x00000000, 0 },
	{ "capabilities",	0x34, 0x00000040, 0 },
	{ "interrupt",		0x3c, 0x00000100, 0x000000ff },
	{ "pm",			0x40, 0x00035001, 0 },
	{ "pm control",		0x44, 0x00000008, 0x00000003 },
	{ "express",		0x50, 0x00920010, 0 },
	{ "device capabilities", 0x54, 0x10008000, 0 },
	{ "device control",	0x58, 0x00002810, 0x0000781f },
};

static void register_name(const struct expected *reg, char *desc)
{
	strscpy(desc, reg->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(registers, registers, register_name);

static void reset_value(struct kunit *test)
{
	const struct expected *reg = test->param_value;

	KUNIT_EXPECT_EQ(test, get(test->priv, reg->where, 4), reg->reset);
}

static void write_mask(struct kunit *test)
{
	const struct expected *reg = test->param_value;
	struct function_test *t = test->priv;
	/* not the bit that resets the function */
	u32 ones = reg->where == 0x58 ? ~0x8000 : ~0;

	set(t, reg->where, 4, ones);
	KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
			reg->reset | reg->writable);
	set(t, reg->where, 4, 0);
	KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
			reg->reset & ~reg->writable);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static void narrow_reads(struct kunit *test)
{
	const struct expected *reg = test->param_value;
	struct function_test *t = test->priv;
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, get(t, reg->where + i, 1),
				reg->reset >> i * 8 & 0xff);
	for (i = 0; i < 4; i += 2)
		KUNIT_EXPECT_EQ(test, get(t, reg->where + i, 2),
				reg->reset >> i * 8 & 0xffff);
}

static void narrow_writes(struct kunit *test)
{
	const struct expected *reg = test->param_value;
	struct function_test *t = test->priv;
	u32 lane;
	int i;

	for (i = 0; i < 4; i++) {
		lane = 0xff << i * 8;
		if (reg->where == 0x58 && i == 1)
			continue;
		set(t, reg->where, 4, 0);
		set(t, reg->where + i, 1, 0xff);
		KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
				(reg->reset & ~reg->writable) |
				(reg->writable & lane));
	}
	for (i = 0; i < 4; i += 2) {
		lane = 0xffff << i * 8;
		if (reg->where == 0x58)
			lane &= ~0x8000;
		set(t, reg->where, 4, 0);
		set(t, reg->where + i, 2, lane >> i * 8);
		KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
				(reg->reset & ~reg->writable) |
				(reg->writable & lane));
	}
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

/* The bytes beside it stay, and what is above the size does not count. */
static void narrow_writes_leave_the_rest(struct kunit *test)
{
	const struct expected *reg = test->param_value;
	struct function_test *t = test->priv;
	u32 ones = reg->where == 0x58 ? ~0x8000 : ~0;
	int i;

	for (i = 0; i < 4; i++) {
		set(t, reg->where, 4, ones);
		set(t, reg->where + i, 1, 0);
		KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
				(reg->reset | reg->writable) &
				~(reg->writable & 0xff << i * 8));
	}
	for (i = 0; i < 4; i++) {
		set(t, reg->where, 4, 0);
		set(t, reg->where + i, 1, 0xffffff00);
		KUNIT_EXPECT_EQ(test, get(t, reg->where, 4),
				reg->reset & ~reg->writable);
	}
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static bool is_known(int where)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].where == where)
			return true;
	return false;
}

static void all_else_is_zero_and_stays(struct kunit *test)
{
	struct function_test *t = test->priv;
	int where;

	for (where = 0; where < 4096; where += 4) {
		if (is_known(where))
			continue;
		KUNIT_EXPECT_EQ(test, get(t, where, 4), 0);
		set(t, where, 4, ~0);
		KUNIT_EXPECT_EQ(test, get(t, where, 4), 0);
	}
}

static const int access_sizes[] = { -1, 0, 1, 2, 3, 4, 5, 8 };

static void access_size_name(const int *size, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%d bytes", *size);
}

KUNIT_ARRAY_PARAM(access_size, access_sizes, access_size_name);

static bool is_good_access(int where, int size)
{
	if (where < 0 || where >= 4096)
		return false;
	return size == 1 || (size == 2 && where % 2 == 0) ||
	       (size == 4 && where % 4 == 0);
}

/* A bad one of these many ends the case, or the log would be full of it. */
static void expect_refused(struct kunit *test, int where, int size)
{
	struct function_test *t = test->priv;
	u32 val = 0;

	if (is_good_access(where, size))
		return;
	KUNIT_ASSERT_EQ_MSG(test, ans_function_read(&t->fn, where, size, &val),
			    0x87, "offset %d", where);
	KUNIT_ASSERT_EQ_MSG(test, val, 0xffffffff, "offset %d", where);
	KUNIT_ASSERT_EQ_MSG(test, ans_function_write(&t->fn, where, size, ~0),
			    0x87, "offset %d", where);
}

static void bad_access_is_refused_and_changes_nothing(struct kunit *test)
{
	static const int far[] = {
		INT_MIN, -0x10000, -0x1000, 0x2000, 0x10000, 0x10058,
		0x7ffffffc, INT_MAX,
	};
	const int *size = test->param_value;
	struct function_test *t = test->priv;
	int i;

	for (i = -16; i < 4096 + 16; i++)
		expect_refused(test, i, *size);
	for (i = 0; i < ARRAY_SIZE(far); i++)
		expect_refused(test, far[i], *size);

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		KUNIT_EXPECT_EQ_MSG(test, get(t, registers[i].where, 4),
				    registers[i].reset, "%s",
				    registers[i].name);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static void last_bytes_can_be_read(struct kunit *test)
{
	struct function_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, get(t, 4092, 4), 0);
	KUNIT_EXPECT_EQ(test, get(t, 4094, 2), 0);
	KUNIT_EXPECT_EQ(test, get(t, 4095, 1), 0);
}

static void bar_tells_its_size(struct kunit *test)
{
	struct function_test *t = test->priv;
	u64 size;

	set(t, 0x10, 4, ~0);
	set(t, 0x14, 4, ~0);
	size = (u64)get(t, 0x14, 4) << 32 | (get(t, 0x10, 4) & ~0xf);
	KUNIT_EXPECT_EQ(test, ~size + 1, 0x40000);
	/* memory, 64 bits, not prefetchable */
	KUNIT_EXPECT_EQ(test, get(t, 0x10, 4) & 0xf, 0x4);

	set(t, 0x10, 4, 0x7bcc0000);
	set(t, 0x14, 4, 0x2);
	KUNIT_EXPECT_EQ(test, get(t, 0x10, 4), 0x7bcc0004);
	KUNIT_EXPECT_EQ(test, get(t, 0x14, 4), 0x2);
}

static void interrupt_cannot_be_disabled(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x04, 2, 0x400);
	KUNIT_EXPECT_EQ(test, get(t, 0x04, 2), 0);
	set(t, 0x3d, 1, 0);
	KUNIT_EXPECT_EQ(test, get(t, 0x3d, 1), 1);
}

static void unknown_power_states_are_discarded(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x44, 2, 0x1);
	KUNIT_EXPECT_EQ(test, get(t, 0x44, 2), 0x8);
	set(t, 0x44, 2, 0x3);
	KUNIT_EXPECT_EQ(test, get(t, 0x44, 2), 0xb);
	set(t, 0x44, 2, 0x2);
	KUNIT_EXPECT_EQ(test, get(t, 0x44, 2), 0xb);
	set(t, 0x44, 2, 0x0);
	KUNIT_EXPECT_EQ(test, get(t, 0x44, 2), 0x8);
}

static void capabilities_are_two(struct kunit *test)
{
	struct function_test *t = test->priv;
	int pos = get(t, 0x34, 1);

	KUNIT_EXPECT_EQ(test, get(t, pos, 1), 0x01);
	pos = get(t, pos + 1, 1);
	KUNIT_EXPECT_EQ(test, get(t, pos, 1), 0x10);
	KUNIT_EXPECT_EQ(test, get(t, pos + 1, 1), 0);
}

static void flr_hides_the_function(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x04, 2, 0x6);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 4), 0xffffffff);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 2), 0xffff);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 1), 0xff);
	KUNIT_EXPECT_EQ(test, get(t, 0x800, 4), 0xffffffff);
}

static void flr_by_byte(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x58, 1, 0xff);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
	set(t, 0x59, 1, 0x80);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
}

static void flr_in_progress_starts_no_other(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x58, 2, 0x8000);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
}

static void flr_ends_with_reset_values(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x04, 2, 0x6);
	set(t, 0x3c, 1, 0x2a);
	set(t, 0x58, 2, 0x8000);
	set(t, 0x04, 2, 0x6);
	ans_function_end_flr(&t->fn);
	KUNIT_EXPECT_EQ(test, get(t, 0x04, 4), 0x00100000);
	KUNIT_EXPECT_EQ(test, get(t, 0x3c, 4), 0x00000100);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 4), 0x00002810);
	KUNIT_EXPECT_EQ(test, get(t, 0x10, 4), 0x7bcc0004);
}

static void end_of_no_flr_changes_nothing(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x04, 2, 0x6);
	ans_function_end_flr(&t->fn);
	KUNIT_EXPECT_EQ(test, get(t, 0x04, 2), 0x6);
}

static void function_can_be_reset_again(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x58, 2, 0x8000);
	ans_function_end_flr(&t->fn);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 2);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 4), 0xffffffff);
}

static void function_is_enabled_by_memory(struct kunit *test)
{
	struct function_test *t = test->priv;

	KUNIT_EXPECT_FALSE(test, ans_function_is_enabled(&t->fn));
	set(t, 0x04, 2, 0x144);
	KUNIT_EXPECT_FALSE(test, ans_function_is_enabled(&t->fn));
	set(t, 0x04, 2, 0x2);
	KUNIT_EXPECT_TRUE(test, ans_function_is_enabled(&t->fn));
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_TRUE(test, ans_function_is_enabled(&t->fn));
	ans_function_end_flr(&t->fn);
	KUNIT_EXPECT_FALSE(test, ans_function_is_enabled(&t->fn));
}

/* A crash of the firmware */

/* The error is there in each width, and nowhere else. */
static void crash_is_a_fatal_error(struct kunit *test)
{
	struct function_test *t = test->priv;
	int i;

	ans_function_set_crashed(&t->fn, true);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 4), 0x00042810);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 2), 0x2810);
	KUNIT_EXPECT_EQ(test, get(t, 0x5a, 2), 0x0004);
	KUNIT_EXPECT_EQ(test, get(t, 0x5a, 1), 0x04);
	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		if (registers[i].where == 0x58)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, get(t, registers[i].where, 4),
				    registers[i].reset, "%s",
				    registers[i].name);
	}
	KUNIT_EXPECT_EQ(test, get(t, 0x5c, 4), 0);

	ans_function_set_crashed(&t->fn, false);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 4), 0x00002810);
}

/* As the PCI core does it with what it has handled */
static void fatal_error_cannot_be_cleared(struct kunit *test)
{
	struct function_test *t = test->priv;

	ans_function_set_crashed(&t->fn, true);
	set(t, 0x5a, 2, 0x000f);
	KUNIT_EXPECT_EQ(test, get(t, 0x5a, 2), 0x0004);
	set(t, 0x58, 4, 0x000f2810);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 4), 0x00042810);
}

static void fatal_error_cannot_be_written(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x5a, 2, 0x000f);
	KUNIT_EXPECT_EQ(test, get(t, 0x5a, 2), 0);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static void crashed_function_goes_on_to_answer(struct kunit *test)
{
	struct function_test *t = test->priv;

	ans_function_set_crashed(&t->fn, true);
	set(t, 0x04, 2, 0x6);
	KUNIT_EXPECT_EQ(test, get(t, 0x04, 4), 0x00100006);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
	KUNIT_EXPECT_EQ(test, get(t, 0x5a, 2), 0xffff);
}

/* It is the start that ends it. */
static void fatal_error_outlasts_a_reset(struct kunit *test)
{
	struct function_test *t = test->priv;

	ans_function_set_crashed(&t->fn, true);
	set(t, 0x58, 2, 0x8000);
	ans_function_end_flr(&t->fn);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 4), 0x00042810);
	ans_function_set_crashed(&t->fn, false);
	KUNIT_EXPECT_EQ(test, get(t, 0x58, 4), 0x00002810);
}

/* Loss */

static void lost_function_answers_nothing(struct kunit *test)
{
	struct function_test *t = test->priv;

	ans_function_set_crashed(&t->fn, true);
	ans_function_set_lost(&t->fn);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 4), 0xffffffff);
	KUNIT_EXPECT_EQ(test, get(t, 0x5a, 2), 0xffff);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 0);
}

static void function_lost_during_a_reset_stays_lost(struct kunit *test)
{
	struct function_test *t = test->priv;

	set(t, 0x58, 2, 0x8000);
	ans_function_set_lost(&t->fn);
	ans_function_end_flr(&t->fn);
	KUNIT_EXPECT_EQ(test, get(t, 0x00, 4), 0xffffffff);
	set(t, 0x58, 2, 0x8000);
	KUNIT_EXPECT_EQ(test, t->flrs, 1);
}

/* The lock */

struct call {
	const char *name;
	void (*run)(void *data);
};

static void call_end_flr(void *data)
{
	ans_function_end_flr(data);
}

static void call_set_lost(void *data)
{
	ans_function_set_lost(data);
}

static void call_set_crashed(void *data)
{
	ans_function_set_crashed(data, true);
}

static void call_is_enabled(void *data)
{
	ans_function_is_enabled(data);
}

static void call_read(void *data)
{
	u32 val;

	ans_function_read(data, 0x04, 4, &val);
}

static void call_write(void *data)
{
	ans_function_write(data, 0x04, 2, 0x6);
}

static const struct call calls[] = {
	{ "end_flr", call_end_flr },
	{ "set_lost", call_set_lost },
	{ "set_crashed", call_set_crashed },
	{ "is_enabled", call_is_enabled },
	{ "read", call_read },
	{ "write", call_write },
};

KUNIT_ARRAY_PARAM_DESC(call, calls, name);

/* With interrupts off, as the PCI core calls it with its own lock held */
static void lock_is_waited_for(struct kunit *test)
{
	const struct call *call = test->param_value;
	struct function_test *t = test->priv;
	struct ans_rival rival;
	unsigned long flags;

	raw_spin_lock_irqsave(&t->fn.lock, flags);
	ans_rival_start(&rival, call->run, &t->fn);
	KUNIT_EXPECT_TRUE(test, ans_rival_waits(&rival));
	raw_spin_unlock_irqrestore(&t->fn.lock, flags);
	ans_rival_end(&rival);
	KUNIT_EXPECT_FALSE(test, raw_spin_is_locked(&t->fn.lock));
}

static struct kunit_case function_cases[] = {
	KUNIT_CASE_PARAM(reset_value, registers_gen_params),
	KUNIT_CASE_PARAM(write_mask, registers_gen_params),
	KUNIT_CASE_PARAM(narrow_reads, registers_gen_params),
	KUNIT_CASE_PARAM(narrow_writes, registers_gen_params),
	KUNIT_CASE_PARAM(narrow_writes_leave_the_rest, registers_gen_params),
	KUNIT_CASE(all_else_is_zero_and_stays),
	KUNIT_CASE_PARAM(bad_access_is_refused_and_changes_nothing,
			 access_size_gen_params),
	KUNIT_CASE(last_bytes_can_be_read),
	KUNIT_CASE(bar_tells_its_size),
	KUNIT_CASE(interrupt_cannot_be_disabled),
	KUNIT_CASE(unknown_power_states_are_discarded),
	KUNIT_CASE(capabilities_are_two),
	KUNIT_CASE(flr_hides_the_function),
	KUNIT_CASE(flr_by_byte),
	KUNIT_CASE(flr_in_progress_starts_no_other),
	KUNIT_CASE(flr_ends_with_reset_values),
	KUNIT_CASE(end_of_no_flr_changes_nothing),
	KUNIT_CASE(function_can_be_reset_again),
	KUNIT_CASE(function_is_enabled_by_memory),
	KUNIT_CASE(crash_is_a_fatal_error),
	KUNIT_CASE(fatal_error_cannot_be_cleared),
	KUNIT_CASE(fatal_error_cannot_be_written),
	KUNIT_CASE(crashed_function_goes_on_to_answer),
	KUNIT_CASE(fatal_error_outlasts_a_reset),
	KUNIT_CASE(lost_function_answers_nothing),
	KUNIT_CASE(function_lost_during_a_reset_stays_lost),
	KUNIT_CASE_PARAM(lock_is_waited_for, call_gen_params),
	{}
};

static struct kunit_suite function_suite = {
	.name = "apple_ans2_function",
	.init = function_test_init,
	.test_cases = function_cases,
};

kunit_test_suite(function_suite);
