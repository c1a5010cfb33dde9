/*
 * QTest testcase for the Apple SART v3 DMA filter
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What version 3 has other than version 2, see apple-sart-test.c: sizes in a
 * bank of their own, and 42 bits of address.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "apple-judge.h"

/* On an M1 Pro */
#define SART            0x393c50000ULL
#define CONFIG(i)       (SART + 0x00 + 4 * (i))
#define PADDR(i)        (SART + 0x40 + 4 * (i))
#define SIZE(i)         (SART + 0x80 + 4 * (i))
#define ALLOW           0xffu
#define NUM_ENTRIES     16

#define CPU_CONTROL     0x38f400044ULL
#define RUN             0x10
#define PMGR_ANS2       0x28e5803b8ULL
#define PS_ON           0xf

#define RAM             0x10010000000ULL
#define PAGE            0x1000ULL
#define END             BIT_ULL(42)

#define SART_PATH       "/machine/soc/sart"

/* An entry that the boot loader leaves free */
#define FREE            15

static QTestState *start(void)
{
    QTestState *qts = qtest_init("-M apple-j314s -m 1G");

    judge_expect_none(qts);
    return qts;
}

/* With a co-processor that can transfer */
static QTestState *start_running(void)
{
    QTestState *qts = start();

    qtest_writel(qts, CPU_CONTROL, RUN);
    return qts;
}

static void stop(QTestState *qts)
{
    judge_expect_none(qts);
    qtest_quit(qts);
}

static void allow(QTestState *qts, int i, uint64_t addr, uint64_t size)
{
    qtest_writel(qts, PADDR(i), addr >> 12);
    qtest_writel(qts, SIZE(i), size >> 12);
    qtest_writel(qts, CONFIG(i), ALLOW);
}

static bool probe(QTestState *qts, bool write, uint64_t addr, uint64_t len)
{
    g_autofree char *cmd = g_strdup_printf("%c 0x%" PRIx64 " %" PRIu64,
                                           write ? 'w' : 'r', addr, len);
    g_autofree char *result = NULL;

    qom_set_str(qts, SART_PATH, "dma-probe", cmd);
    result = qom_get_str(qts, SART_PATH, "dma-probe");
    if (g_str_has_prefix(result, "allowed")) {
        return true;
    }
    g_assert_cmpstr(result, ==, "refused");
    return false;
}

static void expect_allowed(QTestState *qts, uint64_t addr, uint64_t len)
{
    g_assert_true(probe(qts, false, addr, len));
    g_assert_true(probe(qts, true, addr, len));
}

static void expect_refused(QTestState *qts, uint64_t addr, uint64_t len)
{
    g_assert_false(probe(qts, false, addr, len));
    g_assert_false(probe(qts, true, addr, len));
}

/*
 * Verifies that only the boot loader's entry is set after reset, and that it
 * is the end of memory.
 */
static void test_reset(void)
{
    QTestState *qts = start();

    g_assert_cmphex(qtest_readl(qts, CONFIG(0)), ==, ALLOW);
    g_assert_cmphex(qtest_readl(qts, PADDR(0)), ==, 0x1003f000);
    g_assert_cmphex(qtest_readl(qts, SIZE(0)), ==, 0x1000);
    for (int i = 1; i < NUM_ENTRIES; i++) {
        g_assert_cmphex(qtest_readl(qts, CONFIG(i)), ==, 0);
        g_assert_cmphex(qtest_readl(qts, PADDR(i)), ==, 0);
        g_assert_cmphex(qtest_readl(qts, SIZE(i)), ==, 0);
    }
    expect_refused(qts, RAM, 1);
    stop(qts);
}

/* Verifies that each entry allows its range, and not one byte around it. */
static void test_allow(void)
{
    QTestState *qts = start();

    for (int i = 1; i < NUM_ENTRIES; i++) {
        uint64_t addr = RAM + i * 8 * PAGE;

        allow(qts, i, addr, 4 * PAGE);
        expect_allowed(qts, addr, 4096);
        expect_allowed(qts, addr + 4 * PAGE - 1, 1);
        expect_refused(qts, addr - 1, 2);
        expect_refused(qts, addr + 4 * PAGE - 1, 2);
        g_assert_cmphex(qtest_readl(qts, CONFIG(i)), ==, ALLOW);
        g_assert_cmphex(qtest_readl(qts, PADDR(i)), ==, addr >> 12);
        g_assert_cmphex(qtest_readl(qts, SIZE(i)), ==, 4);
    }
    stop(qts);
}

/* Verifies that flags first on revoke is right and effective at once. */
static void test_revoke(void)
{
    QTestState *qts = start_running();

    allow(qts, FREE, RAM, PAGE);
    expect_allowed(qts, RAM, 16);
    qtest_writel(qts, CONFIG(FREE), 0);
    expect_refused(qts, RAM, 16);
    qtest_writel(qts, PADDR(FREE), 0);
    qtest_writel(qts, SIZE(FREE), 0);
    expect_refused(qts, RAM, 16);
    stop(qts);
}

/* Verifies that a change under the flags is one violation for each. */
static void test_order(void)
{
    QTestState *qts = start_running();

    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, PADDR(FREE), 0);
    judge_expect(qts, "sart-order", 1);
    qtest_writel(qts, SIZE(FREE), 0);
    judge_expect(qts, "sart-order", 1);
    qtest_writel(qts, SIZE(FREE), 0);
    qtest_writel(qts, CONFIG(FREE), 0);
    stop(qts);
}

/* Verifies that flags first on allow is seen at each wrong write. */
static void test_allow_flags_first(void)
{
    QTestState *qts = start_running();

    qtest_writel(qts, CONFIG(FREE), ALLOW);
    judge_expect(qts, "sart-entry", 1);
    qtest_writel(qts, PADDR(FREE), RAM >> 12);
    judge_expect(qts, "sart-order", 1);
    qtest_writel(qts, SIZE(FREE), 1);
    judge_expect(qts, "sart-order", 1);
    stop(qts);
}

/* Verifies that the order is free while nobody can transfer. */
static void test_order_stopped(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, SIZE(FREE), 2);
    expect_allowed(qts, RAM + PAGE, 16);
    qtest_writel(qts, PADDR(FREE), 0);
    qtest_writel(qts, SIZE(FREE), 0);
    qtest_writel(qts, CONFIG(FREE), 0);
    stop(qts);
}

/* Verifies that an entry of size 0 is seen and allows nothing. */
static void test_size_zero(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, 0);
    judge_expect(qts, "sart-entry", 1);
    expect_refused(qts, RAM, 1);
    stop(qts);
}

/* Verifies that other flags than 0xff are seen and allow nothing. */
static void test_flags(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PADDR(FREE), RAM >> 12);
    qtest_writel(qts, SIZE(FREE), 1);
    for (uint32_t flags = 1; flags < 0xff; flags += 0x11) {
        qtest_writel(qts, CONFIG(FREE), flags);
        judge_expect(qts, "sart-entry", 1);
        expect_refused(qts, RAM, 1);
        qtest_writel(qts, CONFIG(FREE), 0);
    }
    stop(qts);
}

/* Verifies that a CONFIG as version 2 has it is seen and allows nothing. */
static void test_config_of_v2(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PADDR(FREE), RAM >> 12);
    qtest_writel(qts, CONFIG(FREE), 0xff000000);
    judge_expect(qts, "reg-value", 1);
    g_assert_cmphex(qtest_readl(qts, CONFIG(FREE)), ==, 0);
    expect_refused(qts, RAM, 1);
    stop(qts);
}

/* Verifies that an overlap is seen. */
static void test_overlap(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, 4 * PAGE);
    allow(qts, FREE - 1, RAM + 3 * PAGE, PAGE);
    judge_expect(qts, "sart-entry", 1);
    allow(qts, FREE - 2, RAM + 4 * PAGE, PAGE);
    stop(qts);
}

/* Verifies that 42 bits are the end of addresses and sizes. */
static void test_address_range(void)
{
    QTestState *qts = start();

    allow(qts, FREE, END - PAGE, PAGE);
    judge_expect_none(qts);
    allow(qts, FREE - 1, END - 2 * PAGE, 2 * PAGE);
    judge_expect(qts, "sart-entry", 1);         /* overlaps the first */
    allow(qts, FREE - 2, END - 4 * PAGE, 8 * PAGE);
    judge_expect(qts, "sart-entry", 3);         /* both, and the end */
    qtest_writel(qts, PADDR(FREE - 3), END >> 12);
    judge_expect(qts, "reg-value", 1);
    g_assert_cmphex(qtest_readl(qts, PADDR(FREE - 3)), ==, 0);
    qtest_writel(qts, SIZE(FREE - 3), END >> 12);
    judge_expect(qts, "reg-value", 1);
    g_assert_cmphex(qtest_readl(qts, SIZE(FREE - 3)), ==, 0);
    stop(qts);
}

/* Verifies that the boot loader's entry must not be touched. */
static void test_preset(void)
{
    QTestState *qts = start();

    qtest_writel(qts, SIZE(0), 0x2000);
    judge_expect(qts, "sart-entry", 1);
    qtest_writel(qts, PADDR(0), 0);
    judge_expect(qts, "sart-entry", 1);
    qtest_writel(qts, CONFIG(0), 0);
    judge_expect(qts, "sart-entry", 1);
    qtest_system_reset(qts);
    g_assert_cmphex(qtest_readl(qts, CONFIG(0)), ==, ALLOW);
    g_assert_cmphex(qtest_readl(qts, SIZE(0)), ==, 0x1000);
    stop(qts);
}

/* Verifies what is no register, and that there are none without power. */
static void test_unknown(void)
{
    QTestState *qts = start();

    qtest_writel(qts, SIZE(NUM_ENTRIES), 1);
    judge_expect(qts, "reg-unknown", 1);
    qtest_writew(qts, SIZE(FREE), 1);
    judge_expect(qts, "reg-size", 1);
    g_assert_cmphex(qtest_readl(qts, SIZE(FREE)), ==, 0);

    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, PMGR_ANS2, 0);
    qtest_writel(qts, SIZE(FREE), 2);
    judge_expect(qts, "reg-powered-off", 1);
    qtest_writel(qts, PMGR_ANS2, PS_ON);
    g_assert_cmphex(qtest_readl(qts, SIZE(FREE)), ==, 1);
    g_assert_cmphex(qtest_readl(qts, CONFIG(FREE)), ==, ALLOW);
    stop(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-sart3/reset", test_reset);
    qtest_add_func("/apple-sart3/allow", test_allow);
    qtest_add_func("/apple-sart3/revoke", test_revoke);
    qtest_add_func("/apple-sart3/order", test_order);
    qtest_add_func("/apple-sart3/allow-flags-first", test_allow_flags_first);
    qtest_add_func("/apple-sart3/order-stopped", test_order_stopped);
    qtest_add_func("/apple-sart3/size-zero", test_size_zero);
    qtest_add_func("/apple-sart3/flags", test_flags);
    qtest_add_func("/apple-sart3/config-of-v2", test_config_of_v2);
    qtest_add_func("/apple-sart3/overlap", test_overlap);
    qtest_add_func("/apple-sart3/address-range", test_address_range);
    qtest_add_func("/apple-sart3/preset", test_preset);
    qtest_add_func("/apple-sart3/unknown", test_unknown);

    return g_test_run();
}
