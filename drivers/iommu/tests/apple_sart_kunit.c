// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the Apple SART driver
 *
 * Included at the end of apple-sart.c. The registers are plain memory. Every
 * access of the driver passes a recorder, which keeps the order of accesses and
 * compares, after each single write, what all entries permit with what the test
 * has asked for. Layouts are spelled out here once more and not taken from the
 * driver.
 *
 * What these tests cannot see: whether the mapping is non-posted, what the
 * filter does between two accesses, and what the bits of the flags mean.
 */

#include <kunit/device.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/workqueue.h>

#define T_ENTRIES	16
#define T_PAGE		4096ULL
#define T_BASE		0x800000000ULL
#define T_LOG		128

/* What the tests know about a version of the filter */
struct t_version {
	const char *name;
	const struct apple_sart_hw *hw;
	u32 allow;		/* CONFIG that permits, without a size */
	u32 flags_mask;
	u32 size_base;		/* offset of the word that holds the size */
	u32 max_pages;
	u64 addr_end;
};

static const struct t_version t_versions[] = {
	{
		.name = "v0",
		.hw = &apple_sart_v0,
		.allow = 0x0f000000,
		.flags_mask = 0x1f000000,
		.size_base = 0x00,
		.max_pages = 0x7ffff,
		.addr_end = 0x1000000000,
	}, {
		.name = "v2",
		.hw = &apple_sart_v2,
		.allow = 0xff000000,
		.flags_mask = 0xff000000,
		.size_base = 0x00,
		.max_pages = 0xffffff,
		.addr_end = 0x1000000000,
	}, {
		.name = "v3",
		.hw = &apple_sart_v3,
		.allow = 0xff,
		.flags_mask = 0xff,
		.size_base = 0x80,
		.max_pages = 0x3fffffff,
		.addr_end = 0x40000000000,
	},
};

KUNIT_ARRAY_PARAM_DESC(t_version, t_versions, name);

struct t_access {
	bool write;
	u32 offset;
	u32 value;
};

struct t_region {
	u64 phys;
	u64 size;
};

/**
 * struct t_sart - fixture
 * @test: the running test
 * @v: version of the filter
 * @dev: the filter's device
 * @sart: the driver's state
 * @other: another device
 * @nobody: a node that no device has
 * @file: its file in debugfs
 * @log: accesses since t_log_reset()
 * @log_len: how many
 * @wanted: regions that entries may permit
 * @num_wanted: how many
 * @boot: entries that must never be written
 * @stuck: bits of CONFIG that cannot be cleared once set
 * @no_config: CONFIG ignores writes
 * @no_size: the size ignores writes
 * @loses_size: a write of flags clears the size
 * @addr_mask: bits of PADDR that exist
 * @regs: registers; at the end, so that KASAN sees an access beyond
 */
struct t_sart {
	struct kunit *test;
	const struct t_version *v;
	struct device *dev;
	struct apple_sart *sart;
	struct device *other;
	struct device_node nobody;
	char file[128];
	struct t_access log[T_LOG];
	unsigned int log_len;
	struct t_region wanted[T_ENTRIES + 1];
	unsigned int num_wanted;
	u16 boot;
	u32 stuck;
	bool no_config;
	bool no_size;
	bool loses_size;
	u32 addr_mask;
	__le32 regs[48];
};

static u32 t_reg(struct t_sart *t, u32 offset)
{
	return le32_to_cpu(t->regs[offset / 4]);
}

static u32 t_config(struct t_sart *t, unsigned int i)
{
	return t_reg(t, 4 * i);
}

static u32 t_paddr(struct t_sart *t, unsigned int i)
{
	return t_reg(t, 0x40 + 4 * i);
}

static u32 t_pages(struct t_sart *t, unsigned int i)
{
	return t_reg(t, t->v->size_base + 4 * i) & t->v->max_pages;
}

static void t_want(struct t_sart *t, u64 phys, u64 size)
{
	KUNIT_ASSERT_LT(t->test, t->num_wanted, ARRAY_SIZE(t->wanted));
	t->wanted[t->num_wanted].phys = phys;
	t->wanted[t->num_wanted].size = size;
	t->num_wanted++;
}

static void t_unwant(struct t_sart *t, u64 phys)
{
	unsigned int i;

	for (i = 0; i < t->num_wanted; i++) {
		if (t->wanted[i].phys == phys) {
			t->wanted[i] = t->wanted[--t->num_wanted];
			return;
		}
	}
}

static bool t_is_wanted(struct t_sart *t, u64 phys, u64 size)
{
	unsigned int i;

	for (i = 0; i < t->num_wanted; i++)
		if (t->wanted[i].phys == phys && t->wanted[i].size == size)
			return true;
	return false;
}

/* The invariant: whatever an entry permits is exactly what was asked for. */
static void t_check_permissions(struct t_sart *t)
{
	unsigned int i;

	for (i = 0; i < T_ENTRIES; i++) {
		u64 phys = t_paddr(t, i) * T_PAGE;
		u64 size = t_pages(t, i) * T_PAGE;

		if (!(t_config(t, i) & t->v->flags_mask))
			continue;
		KUNIT_EXPECT_TRUE_MSG(t->test, t_is_wanted(t, phys, size),
				      "access %u: entry %u permits %#llx+%#llx",
				      t->log_len, i, phys, size);
	}
}

static void t_log(struct t_sart *t, bool write, u32 offset, u32 value)
{
	KUNIT_EXPECT_LT(t->test, t->log_len, T_LOG);
	if (t->log_len >= T_LOG)
		return;
	t->log[t->log_len].write = write;
	t->log[t->log_len].offset = offset;
	t->log[t->log_len].value = value;
	t->log_len++;
}

static void t_log_reset(struct t_sart *t)
{
	t->log_len = 0;
}

/*
 * The stubs below run inside the driver's lock, so they expect and never
 * assert: an assertion would end the thread with the lock held.
 */
static bool t_is_register(struct t_sart *t, u32 offset)
{
	bool is_register = offset % 4 == 0 && offset < sizeof(t->regs);

	KUNIT_EXPECT_TRUE_MSG(t->test, is_register, "offset %#x", offset);
	return is_register;
}

/* Stands in for readl(): one register, as the filter would answer. */
static u32 t_read(struct apple_sart *sart, u32 offset)
{
	struct kunit *test = kunit_get_current_test();
	struct t_sart *t = test->priv;
	u32 value;

	if (!t_is_register(t, offset))
		return 0;
	value = readl(sart->regs + offset);
	t_log(t, false, offset, value);
	return value;
}

/* Stands in for writel(): one register, with the faults of the fixture. */
static void t_write(struct apple_sart *sart, u32 offset, u32 value)
{
	struct kunit *test = kunit_get_current_test();
	struct t_sart *t = test->priv;

	if (!t_is_register(t, offset))
		return;
	KUNIT_EXPECT_FALSE_MSG(test, t->boot & BIT(offset / 4 % T_ENTRIES),
			       "write of %#x to %#x of the boot loader",
			       value, offset);
	t_log(t, true, offset, value);

	if (offset < 0x40 && t->no_config)
		return;
	if (offset >= 0x80 && t->no_size)
		return;
	if (offset < 0x40 && t->no_size)
		value &= ~t->v->max_pages;
	if (offset < 0x40 && t->loses_size && value) {
		value &= t->v->flags_mask;
		t->regs[(0x80 + offset) / 4] = 0;
	}
	if (offset < 0x40)
		value |= t_reg(t, offset) & t->stuck;
	if (offset >= 0x40 && offset < 0x80)
		value &= t->addr_mask;

	writel(value, sart->regs + offset);
	t_check_permissions(t);
}

/* An entry as somebody else leaves it, past the driver */
static void t_poke(struct t_sart *t, unsigned int i, u64 phys, u64 size)
{
	t->regs[0x40 / 4 + i] = cpu_to_le32(phys / T_PAGE);
	t->regs[t->v->size_base / 4 + i] = cpu_to_le32(size / T_PAGE);
	t->regs[i] = cpu_to_le32(le32_to_cpu(t->regs[i]) | t->v->allow);
	t->boot |= BIT(i);
	t_want(t, phys, size);
}

static void t_register(struct t_sart *t)
{
	t->sart = sart_register(t->dev, t->v->hw,
				(void __force __iomem *)t->regs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(t->test, t->sart);
	snprintf(t->file, sizeof(t->file), "apple-sart-%s", dev_name(t->dev));
	t_log_reset(t);
}

static int t_allow(struct t_sart *t, u64 phys, u64 size)
{
	int ret;

	t_want(t, phys, size);
	ret = apple_sart_allow(t->sart, phys, size);
	if (ret)
		t->num_wanted--;
	return ret;
}

static int t_revoke(struct t_sart *t, u64 phys, u64 size)
{
	int ret = apple_sart_revoke(t->sart, phys, size);

	if (!ret)
		t_unwant(t, phys);
	return ret;
}

/* One page, with a page between two of them */
static u64 t_slot(unsigned int i)
{
	return T_BASE + 2 * i * T_PAGE;
}

/* Refused with @ret, and not a single register was written. */
static void t_expect_refused(struct t_sart *t, u64 phys, u64 size, int ret)
{
	unsigned int i;

	t_log_reset(t);
	KUNIT_EXPECT_EQ(t->test, t_allow(t, phys, size), ret);
	for (i = 0; i < t->log_len; i++)
		KUNIT_EXPECT_FALSE(t->test, t->log[i].write);
}

static void t_expect_revoke_refused(struct t_sart *t, u64 phys, u64 size,
				    int ret)
{
	t_log_reset(t);
	KUNIT_EXPECT_EQ(t->test, t_revoke(t, phys, size), ret);
	KUNIT_EXPECT_EQ(t->test, t->log_len, 0);
}

static void t_expect_entry(struct t_sart *t, unsigned int i, u64 phys, u64 size)
{
	KUNIT_EXPECT_EQ(t->test, t_config(t, i) & t->v->flags_mask,
			t->v->allow);
	KUNIT_EXPECT_EQ(t->test, t_paddr(t, i) * T_PAGE, phys);
	KUNIT_EXPECT_EQ(t->test, t_pages(t, i) * T_PAGE, size);
}

static void t_expect_cleared(struct t_sart *t, unsigned int i)
{
	KUNIT_EXPECT_EQ(t->test, t_config(t, i), 0);
	KUNIT_EXPECT_EQ(t->test, t_paddr(t, i), 0);
	KUNIT_EXPECT_EQ(t->test, t_reg(t, 0x80 + 4 * i), 0);
}

/* Index in the log of the first write to @offset, or -1 */
static int t_find_write(struct t_sart *t, u32 offset)
{
	unsigned int i;

	for (i = 0; i < t->log_len; i++)
		if (t->log[i].write && t->log[i].offset == offset)
			return i;
	return -1;
}

static int t_last_write(struct t_sart *t)
{
	int i;

	for (i = t->log_len - 1; i >= 0; i--)
		if (t->log[i].write)
			return i;
	return -1;
}

static void probe_writes_nothing(struct kunit *test)
{
	struct t_sart *t = test->priv;
	unsigned int i;

	t_poke(t, 0, T_BASE, T_PAGE);
	t->sart = sart_register(t->dev, t->v->hw,
				(void __force __iomem *)t->regs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->sart);

	KUNIT_EXPECT_GT(test, t->log_len, 0);
	for (i = 0; i < t->log_len; i++)
		KUNIT_EXPECT_FALSE(test, t->log[i].write);
}

static void allow_fills_the_first_entry(struct kunit *test)
{
	struct t_sart *t = test->priv;
	unsigned int i;

	t_register(t);
	KUNIT_EXPECT_EQ(test, t_allow(t, 0x812345000, 0x7000), 0);

	KUNIT_EXPECT_EQ(test, t_reg(t, 0x40), 0x812345);
	if (t->v->size_base) {
		KUNIT_EXPECT_EQ(test, t_reg(t, 0x00), t->v->allow);
		KUNIT_EXPECT_EQ(test, t_reg(t, 0x80), 7);
	} else {
		KUNIT_EXPECT_EQ(test, t_reg(t, 0x00), t->v->allow | 7);
	}
	for (i = 1; i < T_ENTRIES; i++)
		t_expect_cleared(t, i);
}

static void allow_writes_flags_last(struct kunit *test)
{
	struct t_sart *t = test->priv;
	int config, paddr;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, 3 * T_PAGE), 0);

	config = t_find_write(t, 0x00);
	paddr = t_find_write(t, 0x40);
	KUNIT_ASSERT_GE(test, paddr, 0);
	KUNIT_EXPECT_GT(test, config, paddr);
	KUNIT_EXPECT_EQ(test, t_last_write(t), config);
	if (t->v->size_base)
		KUNIT_EXPECT_GT(test, config, t_find_write(t, 0x80));
}

static void allow_checks_the_address_before_the_flags(struct kunit *test)
{
	struct t_sart *t = test->priv;
	int i, config;
	bool seen = false;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);

	config = t_find_write(t, 0x00);
	for (i = t_find_write(t, 0x40); i < config; i++)
		if (!t->log[i].write && t->log[i].offset == 0x40)
			seen = true;
	KUNIT_EXPECT_TRUE(test, seen);
}

static void allow_returns_after_the_flags_are_read_back(struct kunit *test)
{
	struct t_sart *t = test->priv;
	int i;
	bool seen = false;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);

	for (i = t_last_write(t) + 1; i < t->log_len; i++)
		if (t->log[i].offset == 0x00)
			seen = true;
	KUNIT_EXPECT_TRUE(test, seen);
}

static void allow_refuses_unaligned_address(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t_expect_refused(t, T_BASE + 1, T_PAGE, -EINVAL);
	t_expect_refused(t, T_BASE + 0x800, T_PAGE, -EINVAL);
	t_expect_refused(t, T_BASE - 1, T_PAGE, -EINVAL);
}

static void allow_refuses_unaligned_size(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t_expect_refused(t, T_BASE, 1, -EINVAL);
	t_expect_refused(t, T_BASE, T_PAGE + 0x800, -EINVAL);
	t_expect_refused(t, T_BASE, T_PAGE - 1, -EINVAL);
}

static void allow_refuses_zero_size(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t_expect_refused(t, T_BASE, 0, -ENODATA);
	t_expect_refused(t, 0, 0, -ENODATA);
}

static void allow_takes_the_largest_size(struct kunit *test)
{
	struct t_sart *t = test->priv;
	u64 size = t->v->max_pages * T_PAGE;

	t_register(t);
	KUNIT_EXPECT_EQ(test, t_allow(t, 0, size), 0);
	t_expect_entry(t, 0, 0, size);
}

static void allow_refuses_a_size_beyond_the_field(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t_expect_refused(t, 0, (t->v->max_pages + 1) * T_PAGE, -E2BIG);
	t_expect_refused(t, T_BASE, 0xfffffffffffff000, -E2BIG);
}

static void allow_takes_the_last_page(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_EXPECT_EQ(test, t_allow(t, t->v->addr_end - T_PAGE, T_PAGE), 0);
	t_expect_entry(t, 0, t->v->addr_end - T_PAGE, T_PAGE);
}

static void allow_refuses_an_address_beyond_the_filter(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t_expect_refused(t, t->v->addr_end, T_PAGE, -ERANGE);
	t_expect_refused(t, 0xfffffffffffff000, T_PAGE, -ERANGE);
}

static void allow_refuses_an_end_beyond_the_filter(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t_expect_refused(t, t->v->addr_end - T_PAGE, 2 * T_PAGE, -EOVERFLOW);
	t_expect_refused(t, t->v->addr_end - T_PAGE, t->v->max_pages * T_PAGE,
			 -EOVERFLOW);
}

static void allow_refuses_the_same_region_twice(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, 2 * T_PAGE), 0);
	t_expect_refused(t, T_BASE, 2 * T_PAGE, -EEXIST);
	t_expect_entry(t, 0, T_BASE, 2 * T_PAGE);
}

static void allow_refuses_an_overlap(struct kunit *test)
{
	struct t_sart *t = test->priv;
	u64 base = T_BASE;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, base, 4 * T_PAGE), 0);
	t_expect_refused(t, base - T_PAGE, 2 * T_PAGE, -EEXIST);
	t_expect_refused(t, base + 3 * T_PAGE, 2 * T_PAGE, -EEXIST);
	t_expect_refused(t, base + T_PAGE, T_PAGE, -EEXIST);
	t_expect_refused(t, base - T_PAGE, 6 * T_PAGE, -EEXIST);
}

static void allow_takes_neighbours(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE + T_PAGE, T_PAGE), 0);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE - T_PAGE, T_PAGE), 0);
}

static void allow_fills_the_table_then_refuses(struct kunit *test)
{
	struct t_sart *t = test->priv;
	unsigned int i;

	t_register(t);
	for (i = 0; i < T_ENTRIES; i++) {
		t_log_reset(t);
		KUNIT_EXPECT_EQ(test, t_allow(t, t_slot(i), T_PAGE), 0);
	}

	t_expect_refused(t, t_slot(T_ENTRIES), T_PAGE, -ENOSPC);
	for (i = 0; i < T_ENTRIES; i++)
		t_expect_entry(t, i, t_slot(i), T_PAGE);
}

static void allow_reuses_a_revoked_entry(struct kunit *test)
{
	struct t_sart *t = test->priv;
	unsigned int i;

	t_register(t);
	for (i = 0; i < T_ENTRIES; i++) {
		t_log_reset(t);
		KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(i), T_PAGE), 0);
	}
	t_log_reset(t);
	KUNIT_ASSERT_EQ(test, t_revoke(t, t_slot(5), T_PAGE), 0);
	KUNIT_EXPECT_EQ(test, t_allow(t, t_slot(20), 2 * T_PAGE), 0);
	t_expect_entry(t, 5, t_slot(20), 2 * T_PAGE);
}

static void allow_takes_what_was_revoked(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, 2 * T_PAGE), 0);
	KUNIT_ASSERT_EQ(test, t_revoke(t, T_BASE, 2 * T_PAGE), 0);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE + T_PAGE, T_PAGE), 0);
	t_expect_entry(t, 0, T_BASE + T_PAGE, T_PAGE);
}

static void allow_skips_an_entry_that_somebody_else_set(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t_poke(t, 0, t_slot(9), T_PAGE);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
	t_expect_entry(t, 0, t_slot(9), T_PAGE);
	t_expect_entry(t, 1, T_BASE, T_PAGE);
}

static void allow_fails_if_address_bits_are_missing(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t->addr_mask = 0x7fffff;
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), -EIO);
	t_expect_cleared(t, 0);

	t->addr_mask = U32_MAX;
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
}

static void allow_fails_if_the_size_is_not_taken(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t->no_size = true;
	/*
	 * Where the size comes with the flags, the recorder sees an entry of
	 * size zero, which permits nothing.
	 */
	if (!t->v->size_base)
		t_want(t, T_BASE, 0);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), -EIO);
	t_expect_cleared(t, 0);
}

static void allow_fails_if_the_flags_are_not_taken(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t->no_config = true;
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), -EIO);
	t_expect_cleared(t, 0);

	t->no_config = false;
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
}

/* The flags are set by then, so they have to go again. */
static void allow_fails_if_the_flags_cost_the_size(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t->loses_size = true;
	t_want(t, T_BASE, 0);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), -EIO);
	t_expect_cleared(t, 0);

	t->loses_size = false;
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
}

/* A failed region whose flags stay: no other one goes there until they fall. */
static void allow_skips_an_entry_that_it_cannot_clear(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t->loses_size = true;
	t->stuck = t->v->flags_mask;
	t_want(t, T_BASE, 0);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), -EIO);
	t_expect_entry(t, 0, T_BASE, 0);

	t->loses_size = false;
	t->stuck = 0;
	t->boot = BIT(0);
	KUNIT_EXPECT_EQ(test, t_allow(t, t_slot(1), T_PAGE), 0);
	t_expect_entry(t, 0, T_BASE, 0);
	t_expect_entry(t, 1, t_slot(1), T_PAGE);
	t_log_reset(t);
	t_expect_revoke_refused(t, T_BASE, T_PAGE, -ENOENT);

	t->regs[0] = 0;
	t->boot = 0;
	KUNIT_EXPECT_EQ(test, t_allow(t, t_slot(2), T_PAGE), 0);
	t_expect_entry(t, 0, t_slot(2), T_PAGE);
}

static void revoke_clears_the_entry(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(0), T_PAGE), 0);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(1), T_PAGE), 0);
	KUNIT_EXPECT_EQ(test, t_revoke(t, t_slot(0), T_PAGE), 0);
	t_expect_cleared(t, 0);
	t_expect_entry(t, 1, t_slot(1), T_PAGE);
}

static void revoke_clears_the_flags_first(struct kunit *test)
{
	struct t_sart *t = test->priv;
	int i;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, 3 * T_PAGE), 0);
	t_log_reset(t);
	KUNIT_ASSERT_EQ(test, t_revoke(t, T_BASE, 3 * T_PAGE), 0);

	i = t_find_write(t, 0x00);
	KUNIT_ASSERT_GE(test, i, 0);
	KUNIT_EXPECT_EQ(test, t->log[i].value, 0);
	KUNIT_EXPECT_LT(test, i, t_find_write(t, 0x40));
	if (t->v->size_base)
		KUNIT_EXPECT_LT(test, i, t_find_write(t, 0x80));
}

static void revoke_reads_back_before_the_address_moves(struct kunit *test)
{
	struct t_sart *t = test->priv;
	int i;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
	t_log_reset(t);
	KUNIT_ASSERT_EQ(test, t_revoke(t, T_BASE, T_PAGE), 0);

	i = t_find_write(t, 0x00);
	KUNIT_ASSERT_LT(test, i + 1, t->log_len);
	KUNIT_EXPECT_FALSE(test, t->log[i + 1].write);
	KUNIT_EXPECT_EQ(test, t->log[i + 1].offset, 0x00);
}

static void revoke_fails_if_the_flags_stay(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
	t->stuck = t->v->flags_mask | (t->v->size_base ? 0 : t->v->max_pages);
	KUNIT_EXPECT_EQ(test, t_revoke(t, T_BASE, T_PAGE), -EIO);
	t_expect_entry(t, 0, T_BASE, T_PAGE);

	/* Still allowed, so it can be tried again. */
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), -EEXIST);
	t->stuck = 0;
	KUNIT_EXPECT_EQ(test, t_revoke(t, T_BASE, T_PAGE), 0);
	t_expect_cleared(t, 0);
}

static void revoke_refuses_what_was_never_allowed(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	t_expect_revoke_refused(t, T_BASE, T_PAGE, -ENOENT);
	t_expect_revoke_refused(t, 0, 0, -ENOENT);
	t_expect_revoke_refused(t, T_BASE + 1, 3, -ENOENT);
}

static void revoke_refuses_a_part_of_a_region(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, 2 * T_PAGE), 0);
	t_expect_revoke_refused(t, T_BASE, T_PAGE, -ENOENT);
	t_expect_revoke_refused(t, T_BASE + T_PAGE, T_PAGE, -ENOENT);
	t_expect_revoke_refused(t, T_BASE, 3 * T_PAGE, -ENOENT);
	t_expect_entry(t, 0, T_BASE, 2 * T_PAGE);
}

static void revoke_refuses_the_second_time(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
	KUNIT_ASSERT_EQ(test, t_revoke(t, T_BASE, T_PAGE), 0);
	t_expect_revoke_refused(t, T_BASE, T_PAGE, -ENOENT);
}

static void boot_entries_are_kept(struct kunit *test)
{
	struct t_sart *t = test->priv;
	unsigned int i;

	t_poke(t, 0, t_slot(100), 3 * T_PAGE);
	t_poke(t, 2, t_slot(110), T_PAGE);
	t_poke(t, 15, t_slot(120), T_PAGE);
	t_register(t);

	for (i = 0; i < T_ENTRIES - 3; i++) {
		t_log_reset(t);
		KUNIT_EXPECT_EQ(test, t_allow(t, t_slot(i), T_PAGE), 0);
	}
	t_expect_refused(t, t_slot(50), T_PAGE, -ENOSPC);

	t_log_reset(t);
	t_expect_entry(t, 0, t_slot(100), 3 * T_PAGE);
	t_expect_entry(t, 1, t_slot(0), T_PAGE);
	t_expect_entry(t, 2, t_slot(110), T_PAGE);
	t_expect_entry(t, 15, t_slot(120), T_PAGE);
}

static void boot_entries_cannot_be_revoked(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_poke(t, 3, T_BASE, T_PAGE);
	t_register(t);
	t_expect_revoke_refused(t, T_BASE, T_PAGE, -ENOENT);
	t_expect_entry(t, 3, T_BASE, T_PAGE);
}

static void boot_entries_may_overlap_a_region(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_poke(t, 0, T_BASE, 16 * T_PAGE);
	t_register(t);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE + T_PAGE, T_PAGE), 0);
	t_expect_entry(t, 1, T_BASE + T_PAGE, T_PAGE);
}

static void boot_entries_with_any_flag_are_kept(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t->regs[0] = cpu_to_le32(t->v->flags_mask & -t->v->flags_mask);
	t->boot = BIT(0);
	t_want(t, 0, 0);
	t_register(t);
	KUNIT_EXPECT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
	t_expect_entry(t, 1, T_BASE, T_PAGE);
}

static void boot_entries_may_fill_the_table(struct kunit *test)
{
	struct t_sart *t = test->priv;
	unsigned int i;

	for (i = 0; i < T_ENTRIES; i++)
		t_poke(t, i, t_slot(i), T_PAGE);
	t_register(t);
	t_expect_refused(t, t_slot(30), T_PAGE, -ENOSPC);
}

static void t_shutdown(struct t_sart *t)
{
	struct platform_device *pdev;

	pdev = kunit_kzalloc(t->test, sizeof(*pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(t->test, pdev);
	platform_set_drvdata(pdev, t->sart);
	apple_sart_shutdown(pdev);
}

static void shutdown_clears_our_entries_only(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_poke(t, 1, t_slot(9), T_PAGE);
	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(0), T_PAGE), 0);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(1), T_PAGE), 0);

	t_shutdown(t);
	t_expect_cleared(t, 0);
	t_expect_entry(t, 1, t_slot(9), T_PAGE);
	t_expect_cleared(t, 2);
}

static void shutdown_clears_all_entries(struct kunit *test)
{
	struct t_sart *t = test->priv;
	unsigned int i;

	t_register(t);
	for (i = 0; i < T_ENTRIES; i++) {
		t_log_reset(t);
		KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(i), T_PAGE), 0);
	}
	t_log_reset(t);
	t_shutdown(t);
	for (i = 0; i < T_ENTRIES; i++)
		t_expect_cleared(t, i);
}

static void shutdown_continues_after_an_entry_that_stays(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(0), T_PAGE), 0);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(1), T_PAGE), 0);

	t->no_config = true;
	t_log_reset(t);
	t_shutdown(t);
	KUNIT_EXPECT_GE(test, t_find_write(t, 0x00), 0);
	KUNIT_EXPECT_GE(test, t_find_write(t, 0x04), 0);
	t_expect_entry(t, 0, t_slot(0), T_PAGE);
}

static void unbind_clears_our_entries_only(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_poke(t, 1, t_slot(9), T_PAGE);
	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(0), T_PAGE), 0);

	kunit_device_unregister(test, t->dev);
	t_expect_cleared(t, 0);
	t_expect_entry(t, 1, t_slot(9), T_PAGE);
}

static bool t_has_debugfs_file(struct t_sart *t)
{
	struct dentry *dentry;

	if (!IS_ENABLED(CONFIG_DEBUG_FS))
		return false;
	dentry = debugfs_lookup(t->file, NULL);
	dput(dentry);
	return dentry;
}

/* After this callback the platform bus may take the power away. */
static void remove_makes_the_last_access(struct kunit *test)
{
	struct t_sart *t = test->priv;
	struct platform_device *pdev;

	t_poke(t, 1, t_slot(9), T_PAGE);
	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(0), T_PAGE), 0);
	KUNIT_EXPECT_EQ(test, t_has_debugfs_file(t),
			IS_ENABLED(CONFIG_DEBUG_FS));

	pdev = kunit_kzalloc(test, sizeof(*pdev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pdev);
	platform_set_drvdata(pdev, t->sart);
	KUNIT_ASSERT_NOT_NULL(test, apple_sart_driver.remove);
	kref_get(&t->sart->ref);
	apple_sart_driver.remove(pdev);
	t_expect_cleared(t, 0);
	t_expect_entry(t, 1, t_slot(9), T_PAGE);
	KUNIT_EXPECT_FALSE(test, t_has_debugfs_file(t));

	t_log_reset(t);
	kunit_device_unregister(test, t->dev);
	KUNIT_EXPECT_EQ(test, t->log_len, 0);
	sart_put(t->sart);
}

static void t_expect_line(struct t_sart *t, const char *text, const char *line)
{
	const char *at = strstr(text, line);

	KUNIT_EXPECT_NOT_NULL_MSG(t->test, at, "no line '%s'", line);
	if (at)
		KUNIT_EXPECT_EQ(t->test, at[strlen(line)], '\n');
}

static void debugfs_shows_every_entry(struct kunit *test)
{
	struct t_sart *t = test->priv;
	struct seq_file m = { .size = 4096 };

	t_poke(t, 0, 0x9fffff000, 0x2000);
	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, 0x812345000, 0x7000), 0);

	m.buf = kunit_kzalloc(test, m.size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, m.buf);
	m.private = t->sart;
	KUNIT_EXPECT_EQ(test, apple_sart_entries_show(&m, NULL), 0);

	KUNIT_EXPECT_NOT_NULL(test, strnstr(m.buf, t->v->name, 12));
	t_expect_line(t, m.buf, t->v->flags_mask == 0x1f000000 ?
		      "    0 boot-loader 0x0f  0x009fffff000  0x00000002000" :
		      "    0 boot-loader 0xff  0x009fffff000  0x00000002000");
	t_expect_line(t, m.buf, t->v->flags_mask == 0x1f000000 ?
		      "    1 driver      0x0f  0x00812345000  0x00000007000" :
		      "    1 driver      0xff  0x00812345000  0x00000007000");
	t_expect_line(t, m.buf,
		      "   15 free        0x00  0x00000000000  0x00000000000");
}

static void debugfs_file_lives_as_long_as_the_binding(struct kunit *test)
{
	struct t_sart *t = test->priv;

	if (!IS_ENABLED(CONFIG_DEBUG_FS))
		kunit_skip(test, "needs CONFIG_DEBUG_FS");

	t_register(t);
	KUNIT_EXPECT_TRUE(test, t_has_debugfs_file(t));
	kunit_device_unregister(test, t->dev);
	KUNIT_EXPECT_FALSE(test, t_has_debugfs_file(t));
}

/* The strings of "compatible" in the devicetrees of Linux */
struct t_compatible {
	const char *name;
	size_t length;
	const struct apple_sart_hw *hw;
};

#define T_COMPATIBLE(_name, _hw) { \
	.name = _name, .length = sizeof(_name), .hw = _hw }

static const struct t_compatible t_compatibles[] = {
	T_COMPATIBLE("apple,t8015-sart", &apple_sart_v0),
	T_COMPATIBLE("apple,t8103-sart", &apple_sart_v2),
	T_COMPATIBLE("apple,t6000-sart", &apple_sart_v3),
	T_COMPATIBLE("apple,t8112-sart\0apple,t6000-sart", &apple_sart_v3),
	T_COMPATIBLE("apple,t6020-sart\0apple,t6000-sart", &apple_sart_v3),
	T_COMPATIBLE("apple,t8103-dart", NULL),
};

KUNIT_ARRAY_PARAM_DESC(t_compatible, t_compatibles, name);

static void match_finds_the_version(struct kunit *test)
{
	const struct t_compatible *c = test->param_value;
	struct property prop = {
		.name = "compatible",
		.value = (void *)c->name,
		.length = c->length,
	};
	struct device_node *np;
	const struct of_device_id *id;

	np = kunit_kzalloc(test, sizeof(*np), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, np);
	np->properties = &prop;

	id = of_match_node(apple_sart_of_match, np);
	KUNIT_EXPECT_PTR_EQ(test, id ? id->data : NULL, (const void *)c->hw);
}

/*
 * A consumer's node that points at @np. It is not part of the tree, which
 * following a phandle does not need.
 */
struct t_consumer {
	struct device *dev;
	struct device_node node;
	struct property prop;
	__be32 phandle;
};

static struct t_consumer *t_add_consumer(struct kunit *test)
{
	struct t_consumer *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, c);
	c->node.full_name = "sart-test-consumer";
	c->dev = kunit_device_register(test, "sart-test-consumer");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c->dev);
	return c;
}

static void t_forget_node(void *dev)
{
	((struct device *)dev)->of_node = NULL;
}

/* The core never saw the device with this node, so it must not see it go. */
static void t_set_node(struct kunit *test, struct device *dev,
		       struct device_node *np)
{
	dev->of_node = np;
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, t_forget_node, dev), 0);
}

static void t_point_at(struct kunit *test, struct t_consumer *c,
		       struct device_node *np)
{
	c->phandle = cpu_to_be32(np->phandle);
	c->prop.name = "apple,sart";
	c->prop.value = &c->phandle;
	c->prop.length = sizeof(c->phandle);
	c->node.properties = &c->prop;
	t_set_node(test, c->dev, &c->node);
}

/* Any enabled node that has a phandle can stand in for the filter's. */
static struct device_node *t_any_node(struct kunit *test)
{
	struct device_node *np;

	for_each_node_with_property(np, "phandle") {
		if (of_device_is_available(np)) {
			of_node_put(np);
			return np;
		}
	}

	kunit_skip(test, "needs a devicetree");
	return NULL;
}

static void lookup_without_property_finds_nothing(struct kunit *test)
{
	struct t_consumer *c = t_add_consumer(test);

	KUNIT_EXPECT_EQ(test, PTR_ERR(devm_apple_sart_lookup(c->dev)), -ENODEV);
	t_set_node(test, c->dev, &c->node);
	KUNIT_EXPECT_EQ(test, PTR_ERR(devm_apple_sart_lookup(c->dev)), -ENODEV);
}

static void lookup_of_a_phandle_without_node_finds_nothing(struct kunit *test)
{
	struct t_consumer *c = t_add_consumer(test);
	struct device_node nobody = { .phandle = 0x7fffffff };

	t_point_at(test, c, &nobody);
	KUNIT_EXPECT_EQ(test, PTR_ERR(devm_apple_sart_lookup(c->dev)), -ENODEV);
}

/* Disabled after its driver was bound, so that only the node says so. */
static void lookup_of_a_disabled_filter_finds_nothing(struct kunit *test)
{
	struct t_consumer *c = t_add_consumer(test);
	struct device_node *np = t_any_node(test);
	struct t_sart *t = test->priv;
	struct property status = {
		.name = "status",
		.value = "disabled",
		.length = sizeof("disabled"),
		.next = np->properties,
	};

	t_set_node(test, t->dev, np);
	t_register(t);
	t_point_at(test, c, np);
	np->properties = &status;
	KUNIT_EXPECT_EQ(test, PTR_ERR(devm_apple_sart_lookup(c->dev)), -ENODEV);
	np->properties = status.next;
	KUNIT_EXPECT_EQ(test, kref_read(&t->sart->ref), 1);
}

static void lookup_before_the_filter_is_deferred(struct kunit *test)
{
	struct t_consumer *c = t_add_consumer(test);

	t_point_at(test, c, t_any_node(test));
	KUNIT_EXPECT_EQ(test, PTR_ERR(devm_apple_sart_lookup(c->dev)),
			-EPROBE_DEFER);
}

static void lookup_follows_the_phandle(struct kunit *test)
{
	struct t_consumer *c = t_add_consumer(test);
	struct device_node *np = t_any_node(test);
	struct t_sart *t = test->priv;

	t_set_node(test, t->dev, np);
	t_register(t);
	t_point_at(test, c, np);
	KUNIT_EXPECT_PTR_EQ(test, devm_apple_sart_lookup(c->dev), t->sart);
}

static void lookup_of_a_filter_that_needs_the_consumer_fails(struct kunit *test)
{
	struct t_consumer *c = t_add_consumer(test);
	struct device_node *np = t_any_node(test);
	struct t_sart *t = test->priv;
	struct device_link *link;

	t_set_node(test, t->dev, np);
	t_register(t);
	t_point_at(test, c, np);
	link = device_link_add(t->dev, c->dev, DL_FLAG_STATELESS);
	KUNIT_ASSERT_NOT_NULL(test, link);
	KUNIT_EXPECT_EQ(test, PTR_ERR(devm_apple_sart_lookup(c->dev)), -EINVAL);
	device_link_del(link);

	/* The reference goes with the consumer, whose probe has failed. */
	kunit_release_action(test, t_forget_node, c->dev);
	kunit_device_unregister(test, c->dev);
	KUNIT_EXPECT_EQ(test, kref_read(&t->sart->ref), 1);
}

struct t_goodbye {
	struct t_sart *t;
	int revoked;
	int calls;
};

static void t_goodbye(void *data)
{
	struct t_goodbye *bye = data;

	bye->calls++;
	bye->revoked = t_revoke(bye->t, T_BASE, T_PAGE);
}

static void unbind_of_the_filter_unbinds_the_consumer_first(struct kunit *test)
{
	struct t_consumer *c = t_add_consumer(test);
	struct t_sart *t = test->priv;
	struct t_goodbye bye = { .t = t };
	struct apple_sart *sart;

	t_register(t);
	sart = sart_lookup_node(c->dev, t->dev->of_node);
	KUNIT_ASSERT_PTR_EQ(test, sart, t->sart);
	KUNIT_ASSERT_EQ(test, devm_add_action(c->dev, t_goodbye, &bye), 0);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);

	kunit_device_unregister(test, t->dev);
	KUNIT_EXPECT_EQ(test, bye.calls, 1);
	KUNIT_EXPECT_EQ(test, bye.revoked, 0);
	t_expect_cleared(t, 0);
}

static void consumer_without_a_filter_gets_an_error(struct kunit *test)
{
	struct t_sart *t = test->priv;
	struct seq_file m = { };

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, T_BASE, T_PAGE), 0);
	/* As a consumer whose probe has failed: a reference, no link. */
	kref_get(&t->sart->ref);
	kunit_device_unregister(test, t->dev);

	t_expect_refused(t, T_BASE, T_PAGE, -ENODEV);
	t_expect_revoke_refused(t, T_BASE, T_PAGE, -ENODEV);
	m.private = t->sart;
	KUNIT_EXPECT_EQ(test, apple_sart_entries_show(&m, NULL), 0);
	KUNIT_EXPECT_EQ(test, t->log_len, 0);
	KUNIT_EXPECT_EQ(test, kref_read(&t->sart->ref), 1);
	sart_put(t->sart);
}

/* An entry that could not be cleared when the filter went */
static void consumer_without_a_filter_learns_what_stayed(struct kunit *test)
{
	struct t_sart *t = test->priv;

	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(0), T_PAGE), 0);
	t->no_config = true;
	KUNIT_ASSERT_EQ(test, t_revoke(t, t_slot(0), T_PAGE), -EIO);
	kref_get(&t->sart->ref);
	kunit_device_unregister(test, t->dev);

	t_expect_revoke_refused(t, t_slot(0), T_PAGE, -EIO);
	t_expect_revoke_refused(t, t_slot(1), T_PAGE, -ENODEV);
	sart_put(t->sart);
}

/*
 * What is left
 */

static void unbind_lets_go_of_the_device(struct kunit *test)
{
	struct t_sart *t = test->priv;
	struct device *dev = get_device(t->dev);

	t_register(t);
	kunit_device_unregister(test, t->dev);
	KUNIT_EXPECT_EQ(test, kref_read(&dev->kobj.kref), 1);
	put_device(dev);
}

/* What is freed is allocated again sooner or later; what leaks never is. */
static void unbind_frees_the_filter(struct kunit *test)
{
	struct apple_sart *first, *again = NULL;
	struct t_sart *t = test->priv;
	int i;

	if (IS_ENABLED(CONFIG_KASAN))
		kunit_skip(test, "KASAN keeps freed memory for long");
	t_register(t);
	first = t->sart;
	for (i = 0; i < 2000 && again != first; i++) {
		devm_release_action(t->dev, sart_unregister, t->sart);
		t->sart = sart_register(t->dev, t->v->hw,
					(void __force __iomem *)t->regs);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->sart);
		again = t->sart;
		t_log_reset(t);
	}
	KUNIT_EXPECT_PTR_EQ(test, again, first);
}

static int t_no_debugfs(struct apple_sart *sart)
{
	return -ENOMEM;
}

static void failed_probe_leaves_nothing(struct kunit *test)
{
	struct t_sart *t = test->priv;
	unsigned int refs = kref_read(&t->dev->kobj.kref);
	struct apple_sart *sart;

	kunit_activate_static_stub(test, sart_add_debugfs, t_no_debugfs);
	sart = sart_register(t->dev, t->v->hw,
			     (void __force __iomem *)t->regs);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(sart), -ENOMEM);
	KUNIT_EXPECT_EQ(test, kref_read(&t->dev->kobj.kref), refs);
	KUNIT_EXPECT_EQ(test, PTR_ERR(sart_lookup_node(t->dev, NULL)),
			-EPROBE_DEFER);
	kunit_deactivate_static_stub(test, sart_add_debugfs);

	/* nor does it hold up the next one */
	t_register(t);
}

struct t_window {
	const char *name;
	size_t size;
	const char *compatible;
	int ret;
};

/* Nothing is read of these. */
static const struct t_window t_windows[] = {
	{ "small", 0xbc, "apple,t8103-sart", -EINVAL },
	{ "none", 0, "apple,t8103-sart", -EINVAL },
	{ "unknown", 0xc0, "apple,t8103-dart", -EINVAL },
};

KUNIT_ARRAY_PARAM_DESC(t_window, t_windows, name);

static void bad_window_is_refused(struct kunit *test)
{
	const struct t_window *w = test->param_value;
	struct resource res = DEFINE_RES_MEM(0x47bcc0000, w->size);
	struct property prop = {
		.name = "compatible",
		.value = (void *)w->compatible,
		.length = strlen(w->compatible) + 1,
	};
	struct device_node *np;
	struct platform_device *pdev;

	np = kunit_kzalloc(test, sizeof(*np), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, np);
	np->properties = &prop;
	of_node_init(np);
	pdev = platform_device_register_simple("sart-kunit",
					       PLATFORM_DEVID_NONE, &res,
					       w->size ? 1 : 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(pdev));
	pdev->dev.of_node = np;
	pdev->dev.fwnode = of_fwnode_handle(np);
	pdev->dev.driver = &apple_sart_driver.driver;
	KUNIT_EXPECT_EQ(test, apple_sart_probe(pdev), w->ret);
	KUNIT_EXPECT_NULL(test, platform_get_drvdata(pdev));
	pdev->dev.driver = NULL;
	pdev->dev.of_node = NULL;
	pdev->dev.fwnode = NULL;
	platform_device_unregister(pdev);
}

/*
 * The lock
 */

struct t_call {
	const char *name;
	void (*run)(struct t_sart *t);
};

static void t_call_allow(struct t_sart *t)
{
	apple_sart_allow(t->sart, t_slot(1), T_PAGE);
}

static void t_call_revoke(struct t_sart *t)
{
	apple_sart_revoke(t->sart, t_slot(0), T_PAGE);
}

static void t_call_show(struct t_sart *t)
{
	struct seq_file m = { .private = t->sart };

	apple_sart_entries_show(&m, NULL);
}

static void t_call_lookup(struct t_sart *t)
{
	sart_lookup_node(t->other, &t->nobody);
}

static void t_call_shutdown(struct t_sart *t)
{
	struct platform_device pdev = {};

	platform_set_drvdata(&pdev, t->sart);
	apple_sart_shutdown(&pdev);
}

static void t_call_register(struct t_sart *t)
{
	sart_register(t->other, t->v->hw, (void __force __iomem *)t->regs);
}

static void t_call_unregister(struct t_sart *t)
{
	devm_release_action(t->dev, sart_unregister, t->sart);
}

static const struct t_call t_calls[] = {
	{ "allow", t_call_allow },
	{ "revoke", t_call_revoke },
	{ "show", t_call_show },
	{ "lookup", t_call_lookup },
	{ "shutdown", t_call_shutdown },
	{ "register", t_call_register },
	{ "unregister", t_call_unregister },
};

KUNIT_ARRAY_PARAM_DESC(t_call, t_calls, name);

/* A call on another processor, where there is no recorder */
struct t_rival {
	struct work_struct work;
	const struct t_call *call;
	struct t_sart *t;
	bool begun;
	bool ended;
};

static void t_rival_work(struct work_struct *work)
{
	struct t_rival *rival = container_of(work, struct t_rival, work);

	WRITE_ONCE(rival->begun, true);
	rival->call->run(rival->t);
	WRITE_ONCE(rival->ended, true);
}

/* One that is slow counts as one that waits: a busy host does no harm. */
static bool t_rival_waits(struct t_rival *rival)
{
	unsigned int i;

	queue_work(system_unbound_wq, &rival->work);
	for (i = 0; i < 500 && !READ_ONCE(rival->begun); i++)
		usleep_range(500, 1000);
	msleep(20);
	return !READ_ONCE(rival->ended);
}

static void lock_is_waited_for(struct kunit *test)
{
	struct t_sart *t = test->priv;
	struct t_rival rival = { .call = test->param_value, .t = t };

	t->other = kunit_device_register(test, "sart-other");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, t->other);
	t_register(t);
	KUNIT_ASSERT_EQ(test, t_allow(t, t_slot(0), T_PAGE), 0);
	INIT_WORK_ONSTACK(&rival.work, t_rival_work);
	mutex_lock(&apple_sart_lock);
	KUNIT_EXPECT_TRUE(test, t_rival_waits(&rival));
	KUNIT_EXPECT_FALSE(test, list_empty(&t->sart->node));
	mutex_unlock(&apple_sart_lock);
	flush_work(&rival.work);
	destroy_work_on_stack(&rival.work);
	KUNIT_EXPECT_FALSE(test, mutex_is_locked(&apple_sart_lock));
}

/* Cases without a version of their own run on that of the M1. */
static const struct t_version *t_version_of(struct kunit *test)
{
	const struct t_version *v = test->param_value;

	if (v >= t_versions && v < t_versions + ARRAY_SIZE(t_versions))
		return v;
	return &t_versions[1];
}

static int t_init(struct kunit *test)
{
	struct t_sart *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;

	test->priv = t;
	t->test = test;
	t->v = t_version_of(test);
	t->addr_mask = U32_MAX;
	t->dev = kunit_device_register(test, "sart-test");
	if (IS_ERR(t->dev))
		return PTR_ERR(t->dev);

	kunit_activate_static_stub(test, sart_read, t_read);
	kunit_activate_static_stub(test, sart_write, t_write);
	return 0;
}

#define T_CASE(name)	KUNIT_CASE_PARAM(name, t_version_gen_params)

static struct kunit_case apple_sart_test_cases[] = {
	T_CASE(probe_writes_nothing),
	T_CASE(allow_fills_the_first_entry),
	T_CASE(allow_writes_flags_last),
	T_CASE(allow_checks_the_address_before_the_flags),
	T_CASE(allow_returns_after_the_flags_are_read_back),
	T_CASE(allow_refuses_unaligned_address),
	T_CASE(allow_refuses_unaligned_size),
	T_CASE(allow_refuses_zero_size),
	T_CASE(allow_takes_the_largest_size),
	T_CASE(allow_refuses_a_size_beyond_the_field),
	T_CASE(allow_takes_the_last_page),
	T_CASE(allow_refuses_an_address_beyond_the_filter),
	T_CASE(allow_refuses_an_end_beyond_the_filter),
	T_CASE(allow_fails_if_address_bits_are_missing),
	T_CASE(allow_fails_if_the_size_is_not_taken),
	T_CASE(allow_fails_if_the_flags_are_not_taken),
	T_CASE(allow_fails_if_the_flags_cost_the_size),
	T_CASE(allow_skips_an_entry_that_it_cannot_clear),
	T_CASE(revoke_clears_the_entry),
	T_CASE(revoke_clears_the_flags_first),
	T_CASE(revoke_reads_back_before_the_address_moves),
	T_CASE(revoke_fails_if_the_flags_stay),
	T_CASE(boot_entries_are_kept),
	T_CASE(boot_entries_with_any_flag_are_kept),
	T_CASE(shutdown_clears_our_entries_only),
	T_CASE(debugfs_shows_every_entry),
	T_CASE(allow_refuses_the_same_region_twice),
	T_CASE(allow_refuses_an_overlap),
	T_CASE(allow_takes_neighbours),
	T_CASE(allow_fills_the_table_then_refuses),
	T_CASE(allow_reuses_a_revoked_entry),
	T_CASE(allow_takes_what_was_revoked),
	T_CASE(allow_skips_an_entry_that_somebody_else_set),
	T_CASE(revoke_refuses_what_was_never_allowed),
	T_CASE(revoke_refuses_a_part_of_a_region),
	T_CASE(revoke_refuses_the_second_time),
	T_CASE(boot_entries_cannot_be_revoked),
	T_CASE(boot_entries_may_overlap_a_region),
	T_CASE(boot_entries_may_fill_the_table),
	T_CASE(shutdown_clears_all_entries),
	T_CASE(shutdown_continues_after_an_entry_that_stays),
	T_CASE(unbind_clears_our_entries_only),
	T_CASE(remove_makes_the_last_access),
	KUNIT_CASE(unbind_of_the_filter_unbinds_the_consumer_first),
	T_CASE(consumer_without_a_filter_gets_an_error),
	T_CASE(consumer_without_a_filter_learns_what_stayed),
	KUNIT_CASE(debugfs_file_lives_as_long_as_the_binding),
	KUNIT_CASE_PARAM(match_finds_the_version, t_compatible_gen_params),
	KUNIT_CASE(lookup_without_property_finds_nothing),
	KUNIT_CASE(lookup_of_a_phandle_without_node_finds_nothing),
	KUNIT_CASE(lookup_of_a_disabled_filter_finds_nothing),
	KUNIT_CASE(lookup_before_the_filter_is_deferred),
	KUNIT_CASE(lookup_follows_the_phandle),
	KUNIT_CASE(lookup_of_a_filter_that_needs_the_consumer_fails),
	KUNIT_CASE(unbind_lets_go_of_the_device),
	KUNIT_CASE(unbind_frees_the_filter),
	KUNIT_CASE(failed_probe_leaves_nothing),
	KUNIT_CASE_PARAM(bad_window_is_refused, t_window_gen_params),
	KUNIT_CASE_PARAM(lock_is_waited_for, t_call_gen_params),
	{ }
};

static struct kunit_suite apple_sart_test_suite = {
	.name = "apple_sart",
	.init = t_init,
	.test_cases = apple_sart_test_cases,
};

kunit_test_suite(apple_sart_test_suite);
