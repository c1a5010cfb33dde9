// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit suite: memory lent to the ANS2's firmware
 *
 * fake.c stands in for memory and filter. It looks whether what is permitted is
 * clear, and whether what is freed was given out.
 *
 * What the suite cannot see: what the filter does with a range, and whether
 * memory is coherent.
 */

#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/sched.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "fake.h"
#include "rival.h"

/* Open, as while the firmware is started */
static int loan_test_init(struct kunit *test)
{
	struct ans_fake *fake = ans_fake_new(test);

	ans_loan_init(&fake->ans.loan, fake->dev, &ans_fake_loan_ops);
	ans_loan_open(&fake->ans.loan, true);
	test->priv = fake;
	return 0;
}

static int ask(struct ans_fake *fake, struct apple_rtkit_shmem *bfr,
	       size_t size)
{
	*bfr = (struct apple_rtkit_shmem) { .size = size };
	return ans_loan_lend(&fake->ans.loan, bfr);
}

static void give(struct ans_fake *fake, struct apple_rtkit_shmem *bfr)
{
	ans_loan_return(&fake->ans.loan, bfr);
}

/* What is asked for, what the firmware may reach, what is allocated */
struct request {
	const char *name;
	size_t size;
	size_t allowed;
	size_t room;
};

/* The library may read 128 KiB, whatever was asked for. */
static const struct request requests[] = {
	{ "one byte", 1, 0x1000, 0x20000 },
	{ "a page", 0x1000, 0x1000, 0x20000 },
	{ "a page and a byte", 0x1001, 0x2000, 0x20000 },
	{ "16 KiB", 0x4000, 0x4000, 0x20000 },
	{ "the minimum", 0x20000, 0x20000, 0x20000 },
	{ "a byte more", 0x20001, 0x21000, 0x21000 },
	{ "256 KiB", 0x40000, 0x40000, 0x40000 },
};

KUNIT_ARRAY_PARAM_DESC(request, requests, name);

static void memory_is_allowed_and_named(struct kunit *test)
{
	const struct request *request = test->param_value;
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, request->size), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "alloc allow");
	KUNIT_EXPECT_PTR_EQ(test, bfr.buffer, (void *)fake->page[0]);
	KUNIT_EXPECT_EQ(test, bfr.iova, FAKE_DMA(0));
	KUNIT_EXPECT_EQ(test, bfr.size, request->size);
	KUNIT_EXPECT_FALSE(test, bfr.is_mapped);
	KUNIT_EXPECT_EQ(test, fake->allowed_dma, FAKE_DMA(0));
	KUNIT_EXPECT_EQ(test, fake->allowed_size, request->allowed);
	KUNIT_EXPECT_EQ(test, fake->size[0], request->room);
}

/* What is refused before anything is allocated */
struct bad_request {
	const char *name;
	size_t size;
	dma_addr_t iova;
	bool closed;
	int lent;
	int ret;
};

static const struct bad_request bad_requests[] = {
	{
		.name = "with an address",
		.size = 0x4000,
		.iova = 0x1000,
		.ret = -EINVAL,
	}, {
		.name = "without a size",
		.ret = -EINVAL,
	}, {
		.name = "before the start",
		.size = 0x1000,
		.closed = true,
		.ret = -ESHUTDOWN,
	}, {
		.name = "the fifth",
		.size = 0x1000,
		.lent = 4,
		.ret = -ENOSPC,
	},
};

KUNIT_ARRAY_PARAM_DESC(bad_request, bad_requests, name);

static void bad_request_is_refused(struct kunit *test)
{
	const struct bad_request *bad = test->param_value;
	struct apple_rtkit_shmem bfr = { .size = bad->size, .iova = bad->iova };
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem other;
	int i;

	for (i = 0; i < bad->lent; i++)
		KUNIT_ASSERT_EQ(test, ask(fake, &other, 0x1000), 0);
	ans_loan_open(&fake->ans.loan, !bad->closed);
	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, ans_loan_lend(&fake->ans.loan, &bfr), bad->ret);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
	KUNIT_EXPECT_NULL(test, bfr.buffer);
	KUNIT_EXPECT_EQ(test, bfr.iova, bad->iova);
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), bad->lent);
}

static void no_memory_is_refused(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	fake->fail = "alloc";
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x4000), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, fake->log, "alloc");
	KUNIT_EXPECT_NULL(test, bfr.buffer);
}

static void memory_not_allowed_is_a_spare(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	fake->fail = "allow";
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x4000), -EIO);
	KUNIT_EXPECT_STREQ(test, fake->log, "alloc allow");
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 1);
	KUNIT_EXPECT_NULL(test, bfr.buffer);
	KUNIT_EXPECT_EQ(test, bfr.iova, 0);
}

/* The firmware is stopped while a request is served. */
static void close_in_between(struct ans_fake *fake, const char *step)
{
	if (!strcmp(step, "allow"))
		ans_loan_open(&fake->ans.loan, false);
}

static void memory_allowed_too_late_is_revoked(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	fake->at = close_in_between;
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x4000), -ESHUTDOWN);
	KUNIT_EXPECT_STREQ(test, fake->log, "alloc allow revoke");
	KUNIT_EXPECT_EQ(test, fake->allowed, 0);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 1);
	KUNIT_EXPECT_NULL(test, bfr.buffer);
}

/* Others take all places while one request is served. */
static void fill_the_table(struct ans_fake *fake, const char *step)
{
	struct apple_rtkit_shmem bfr[ANS_MAX_BUFFERS];
	int i;

	if (strcmp(step, "allow"))
		return;
	fake->at = NULL;
	for (i = 0; i < ANS_MAX_BUFFERS; i++)
		KUNIT_EXPECT_EQ(fake->test, ask(fake, &bfr[i], 0x1000), 0);
	for (i = 0; i < ANS_MAX_BUFFERS; i++)
		give(fake, &bfr[i]);
}

static void memory_without_a_place_is_freed(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	fake->at = fill_the_table;
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x4000), -ENOSPC);
	KUNIT_EXPECT_EQ(test, fake->allowed, 0);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), ANS_MAX_BUFFERS);
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), ANS_MAX_BUFFERS);
}

/* Spares */

static void spare_is_lent_again(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;
	int i;

	for (i = 0; i < 9; i++) {
		KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x1000), 0);
		give(fake, &bfr);
	}
	KUNIT_EXPECT_EQ(test, fake->allocs, 1);
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 1);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 1);
}

/* In another order, and small ones of any size */
static void restart_allocates_nothing(struct kunit *test)
{
	static const size_t first[] = { 0x4000, 0x30000, 0x1000, 0x40000 };
	static const size_t second[] = { 0x40000, 0x8000, 0x30000, 0x4000 };
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr[4];
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, ask(fake, &bfr[i], first[i]), 0);
	for (i = 0; i < 4; i++)
		give(fake, &bfr[i]);
	KUNIT_EXPECT_EQ(test, fake->allocs, 4);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, ask(fake, &bfr[i], second[i]), 0);
	KUNIT_EXPECT_EQ(test, fake->allocs, 4);
	KUNIT_EXPECT_EQ(test, fake->allowed, 4);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, true), 4);
}

static void spare_is_cleared_before_it_is_allowed(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(fake, &bfr, 0x4000), 0);
	memset(bfr.buffer, 0x5a, fake->size[0]);
	give(fake, &bfr);
	/* The fake looks. */
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x4000), 0);
	KUNIT_EXPECT_EQ(test, fake->allocs, 1);
}

static void another_size_is_allocated(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(fake, &bfr, 0x40000), 0);
	give(fake, &bfr);
	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x30000), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "alloc allow");
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 2);
}

/* Never more than four, lent or not: one that does not fit makes way. */
static void another_size_takes_the_place_of_a_spare(struct kunit *test)
{
	struct apple_rtkit_shmem bfr[4];
	struct ans_fake *fake = test->priv;
	int i;

	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_EQ(test, ask(fake, &bfr[i], 0x30000), 0);
	give(fake, &bfr[1]);
	give(fake, &bfr[2]);
	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr[1], 0x40000), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "free alloc allow");
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 4);

	ans_fake_forget(fake);
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr[2], 0x30000), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "allow");
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 4);
}

/* What is lent is not: the mailbox is closed, but the range is still open. */
static void spares_are_freed_with_the_driver(struct kunit *test)
{
	struct apple_rtkit_shmem bfr[3];
	struct ans_fake *fake = test->priv;
	int i;

	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, ask(fake, &bfr[i], 0x4000), 0);
	for (i = 0; i < 2; i++)
		give(fake, &bfr[i]);
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 3);
	ans_fake_forget(fake);
	ans_loan_free(&fake->ans.loan);
	KUNIT_EXPECT_STREQ(test, fake->log, "free free");
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 1);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 0);
}

/* Giving back */

static void memory_that_is_given_back_is_revoked(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(fake, &bfr, 0x4000), 0);
	ans_fake_forget(fake);
	give(fake, &bfr);
	KUNIT_EXPECT_STREQ(test, fake->log, "revoke");
	KUNIT_EXPECT_EQ(test, fake->allowed, 0);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 1);
}

static void memory_not_revoked_is_never_used_again(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(fake, &bfr, 0x4000), 0);
	ans_fake_forget(fake);
	fake->fail = "revoke";
	give(fake, &bfr);
	KUNIT_EXPECT_STREQ(test, fake->log, "revoke");
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 1);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 0);

	ans_fake_forget(fake);
	fake->fail = NULL;
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x4000), 0);
	KUNIT_EXPECT_STREQ(test, fake->log, "alloc allow");
	ans_loan_free(&fake->ans.loan);
	KUNIT_EXPECT_TRUE(test, fake->used[0]);
}

/* The filter's driver is unbound, and has revoked everything. */
static void memory_that_the_filter_has_revoked_is_a_spare(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(fake, &bfr, 0x4000), 0);
	fake->fail = "revoke";
	fake->error = -ENODEV;
	give(fake, &bfr);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 1);
}

static void memory_is_given_back_once(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_ASSERT_EQ(test, ask(fake, &bfr, 0x4000), 0);
	give(fake, &bfr);
	ans_fake_forget(fake);
	give(fake, &bfr);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
}

static void unknown_memory_is_not_freed(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr = { .buffer = fake, .size = 0x1000 };

	give(fake, &bfr);
	bfr.buffer = NULL;
	give(fake, &bfr);
	KUNIT_EXPECT_STREQ(test, fake->log, "");
}

/* The library keeps the last of two requests on one endpoint. */
static void sweep_finds_what_the_library_has_forgotten(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, ans_fake_pages(fake), 2);
	give(fake, &bfr);
	ans_fake_forget(fake);
	ans_loan_open(&fake->ans.loan, false);
	ans_loan_sweep(&fake->ans.loan);
	KUNIT_EXPECT_STREQ(test, fake->log, "revoke");
	KUNIT_EXPECT_EQ(test, fake->allowed, 0);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 2);
}

/* The lock */

struct call {
	const char *name;
	void (*run)(void *data);
};

static void call_open(void *data)
{
	struct ans_fake *fake = data;

	ans_loan_open(&fake->ans.loan, true);
}

static void call_lend(void *data)
{
	struct ans_fake *fake = data;

	ask(fake, &fake->shmem[1], 0x40000);
}

static void call_return(void *data)
{
	struct ans_fake *fake = data;

	give(fake, &fake->shmem[0]);
}

static void call_sweep(void *data)
{
	struct ans_fake *fake = data;

	ans_loan_sweep(&fake->ans.loan);
}

static const struct call calls[] = {
	{ "open", call_open },
	{ "lend", call_lend },
	{ "return", call_return },
	{ "sweep", call_sweep },
};

KUNIT_ARRAY_PARAM_DESC(call, calls, name);

/* Nobody reads or changes the table while somebody else does. */
static void lock_is_waited_for(struct kunit *test)
{
	const struct call *call = test->param_value;
	struct ans_fake *fake = test->priv;
	struct ans_rival rival;

	KUNIT_ASSERT_EQ(test, ask(fake, &fake->shmem[0], 0x4000), 0);
	ans_fake_forget(fake);
	spin_lock(&fake->ans.loan.lock);
	ans_rival_start(&rival, call->run, fake);
	KUNIT_EXPECT_TRUE(test, ans_rival_waits(&rival));
	KUNIT_EXPECT_STREQ(test, fake->log, "");
	spin_unlock(&fake->ans.loan.lock);
	ans_rival_end(&rival);
}

static void hold_the_lock(void *data)
{
	struct ans_fake *fake = data;

	spin_lock(&fake->ans.loan.lock);
	WRITE_ONCE(fake->held, true);
	mdelay(50);
	KUNIT_EXPECT_EQ(fake->test, ans_fake_buffers(fake, true), 0);
	KUNIT_EXPECT_EQ(fake->test, ans_fake_buffers(fake, false), 0);
	spin_unlock(&fake->ans.loan.lock);
}

static struct ans_rival holder;

static void begin_to_hold(struct ans_fake *fake, const char *step)
{
	int i;

	if (strcmp(step, "allow") && strcmp(step, "revoke"))
		return;
	fake->at = NULL;
	ans_rival_start(&holder, hold_the_lock, fake);
	for (i = 0; i < 10000 && !READ_ONCE(fake->held); i++)
		usleep_range(100, 200);
}

/* The last step, too, by which a buffer gets into the table */
static void lock_is_waited_for_at_the_end(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct apple_rtkit_shmem bfr;

	fake->at = begin_to_hold;
	KUNIT_EXPECT_EQ(test, ask(fake, &bfr, 0x4000), 0);
	ans_rival_end(&holder);

	fake->held = false;
	fake->at = begin_to_hold;
	give(fake, &bfr);
	ans_rival_end(&holder);
	KUNIT_EXPECT_EQ(test, ans_fake_buffers(fake, false), 1);
}

/* The table of functions that goes to the hardware */
static void allocation_leaves_the_task_as_it_was(struct kunit *test)
{
	struct ans_fake *fake = test->priv;
	struct ans_loan *loan = &fake->ans.loan;
	unsigned int flags = current->flags;
	dma_addr_t dma;
	void *va;

	fake->dev->coherent_dma_mask = DMA_BIT_MASK(64);
	va = ans_loan_hw_ops.alloc(loan, PAGE_SIZE, &dma);
	KUNIT_EXPECT_EQ(test, (flags ^ current->flags) & PF_MEMALLOC_NOIO, 0);
	KUNIT_ASSERT_NOT_NULL(test, va);
	ans_loan_hw_ops.free(loan, PAGE_SIZE, va, dma);
}

static struct kunit_case loan_cases[] = {
	KUNIT_CASE_PARAM(memory_is_allowed_and_named, request_gen_params),
	KUNIT_CASE_PARAM(bad_request_is_refused, bad_request_gen_params),
	KUNIT_CASE(no_memory_is_refused),
	KUNIT_CASE(memory_not_allowed_is_a_spare),
	KUNIT_CASE(memory_allowed_too_late_is_revoked),
	KUNIT_CASE(memory_without_a_place_is_freed),
	KUNIT_CASE(spare_is_lent_again),
	KUNIT_CASE(restart_allocates_nothing),
	KUNIT_CASE(spare_is_cleared_before_it_is_allowed),
	KUNIT_CASE(another_size_is_allocated),
	KUNIT_CASE(another_size_takes_the_place_of_a_spare),
	KUNIT_CASE(spares_are_freed_with_the_driver),
	KUNIT_CASE(memory_that_is_given_back_is_revoked),
	KUNIT_CASE(memory_not_revoked_is_never_used_again),
	KUNIT_CASE(memory_that_the_filter_has_revoked_is_a_spare),
	KUNIT_CASE(memory_is_given_back_once),
	KUNIT_CASE(unknown_memory_is_not_freed),
	KUNIT_CASE(sweep_finds_what_the_library_has_forgotten),
	KUNIT_CASE_PARAM(lock_is_waited_for, call_gen_params),
	KUNIT_CASE(lock_is_waited_for_at_the_end),
	KUNIT_CASE(allocation_leaves_the_task_as_it_was),
	{}
};

static struct kunit_suite loan_suite = {
	.name = "apple_ans2_loan",
	.init = loan_test_init,
	.test_cases = loan_cases,
};

kunit_test_suite(loan_suite);
