/*
 * QTest testcase for the Apple PMGR
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "apple-judge.h"

#define PMGR            0x23b700000ULL
#define PMGR_SIZE       0x14000
#define PMGR_MINI       0x23d280000ULL
#define PMGR_MINI_SIZE  0x4000
#define PS_UART0        (PMGR + 0x270)
#define PS_ANS2         (PMGR + 0x3f0)
#define PS_APCIE_ST     (PMGR + 0x418)

#define RESET_VALUE     0x0f0000ff
#define RESET           BIT(31)
#define AUTO_ENABLE     BIT(28)
#define DEV_DISABLE     BIT(10)
#define ACTUAL(v)       extract32(v, 4, 4)
#define TARGET(v)       extract32(v, 0, 4)

/* One register of each block that hangs on the ANS2 domain */
#define ASC_CONTROL     0x277400044ULL
#define ASC_RUN         BIT(4)
#define ANS_AQA         (0x27bcc0000ULL + 0x24)
#define SART_ADDR15     (0x27bc50000ULL + 0x7c)

static QTestState *start(void)
{
    return qtest_init("-M apple-j274");
}

/* Verifies that every word of both windows says "on" after reset. */
static void test_reset(void)
{
    QTestState *qts = start();

    for (uint64_t i = 0; i < PMGR_SIZE; i += 4) {
        g_assert_cmphex(qtest_readl(qts, PMGR + i), ==, RESET_VALUE);
    }
    for (uint64_t i = 0; i < PMGR_MINI_SIZE; i += 4) {
        g_assert_cmphex(qtest_readl(qts, PMGR_MINI + i), ==, RESET_VALUE);
    }
    qtest_quit(qts);
}

/* Verifies that the actual state follows the target, for each state. */
static void test_states(void)
{
    QTestState *qts = start();
    uint32_t word;

    for (unsigned state = 0; state < 16; state++) {
        qtest_writel(qts, PS_UART0, state);
        word = qtest_readl(qts, PS_UART0);
        g_assert_cmphex(TARGET(word), ==, state);
        g_assert_cmphex(ACTUAL(word), ==, state);
    }
    qtest_quit(qts);
}

/* Verifies which bits keep what is written and which only report. */
static void test_bits(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PS_UART0, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, PS_UART0), ==, 0xfffff4ff);
    qtest_writel(qts, PS_UART0, 0x00000bf0);
    g_assert_cmphex(qtest_readl(qts, PS_UART0), ==, 0);
    qtest_writel(qts, PS_UART0, RESET | AUTO_ENABLE | DEV_DISABLE | 0xf);
    g_assert_cmphex(qtest_readl(qts, PS_UART0), ==,
                    RESET | AUTO_ENABLE | DEV_DISABLE | 0xff);
    qtest_quit(qts);
}

/* Verifies that a word changes no other word. */
static void test_apart(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PMGR_MINI + 0x270, 0);
    g_assert_cmphex(qtest_readl(qts, PS_UART0), ==, RESET_VALUE);
    qtest_writel(qts, PS_UART0, 0);
    g_assert_cmphex(qtest_readl(qts, PS_UART0 - 4), ==, RESET_VALUE);
    g_assert_cmphex(qtest_readl(qts, PS_UART0 + 4), ==, RESET_VALUE);
    qtest_quit(qts);
}

/* Verifies that accesses of 8 and 16 bits do nothing. */
static void test_sizes(void)
{
    QTestState *qts = start();

    qtest_writeb(qts, PS_UART0, 0);
    qtest_writew(qts, PS_UART0, 0);
    g_assert_cmphex(qtest_readl(qts, PS_UART0), ==, RESET_VALUE);
    qtest_quit(qts);
}

static void mark_ans(QTestState *qts)
{
    qtest_writel(qts, ANS_AQA, 0x00010001);
    qtest_writel(qts, SART_ADDR15, 0x812345);
    g_assert_cmphex(qtest_readl(qts, ANS_AQA), ==, 0x00010001);
    g_assert_cmphex(qtest_readl(qts, SART_ADDR15), ==, 0x812345);
}

/*
 * Verifies that a reset of the ANS2 domain clears the NVMe window and stops
 * the co-processor, and that SART keeps its entries.
 */
static void test_ans_reset(void)
{
    QTestState *qts = start();

    mark_ans(qts);
    qtest_writel(qts, ASC_CONTROL, ASC_RUN);
    g_assert_cmphex(qtest_readl(qts, ASC_CONTROL), ==, ASC_RUN);

    qtest_writel(qts, PS_ANS2, RESET_VALUE | DEV_DISABLE);
    g_assert_cmphex(qtest_readl(qts, ASC_CONTROL), ==, ASC_RUN);
    g_assert_cmphex(qtest_readl(qts, ANS_AQA), ==, 0x00010001);

    qtest_writel(qts, PS_ANS2, RESET_VALUE | DEV_DISABLE | RESET);
    qtest_writel(qts, PS_ANS2, RESET_VALUE | DEV_DISABLE);
    qtest_writel(qts, PS_ANS2, RESET_VALUE);
    g_assert_cmphex(qtest_readl(qts, ASC_CONTROL), ==, 0);
    g_assert_cmphex(qtest_readl(qts, ANS_AQA), ==, 0);
    g_assert_cmphex(qtest_readl(qts, SART_ADDR15), ==, 0x812345);
    qtest_quit(qts);
}

/* Verifies that what is written while reset is held is lost. */
static void test_ans_held(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PS_ANS2, RESET_VALUE | RESET);
    qtest_writel(qts, ANS_AQA, 0x00010001);
    qtest_writel(qts, ASC_CONTROL, ASC_RUN);
    qtest_writel(qts, PS_ANS2, RESET_VALUE);
    g_assert_cmphex(qtest_readl(qts, ANS_AQA), ==, 0);
    g_assert_cmphex(qtest_readl(qts, ASC_CONTROL), ==, 0);
    qtest_quit(qts);
}

/* Verifies that the block forgets everything without power but for SART. */
static void test_ans_power(void)
{
    static const uint32_t off[] = { 0x0, 0x4 };
    QTestState *qts = start();

    for (int i = 0; i < ARRAY_SIZE(off); i++) {
        mark_ans(qts);
        qtest_writel(qts, PS_ANS2, off[i]);
        qtest_writel(qts, PS_ANS2, 0xf);
        g_assert_cmphex(qtest_readl(qts, ANS_AQA), ==, 0);
        g_assert_cmphex(qtest_readl(qts, SART_ADDR15), ==, 0x812345);
    }
    qtest_quit(qts);
}

/* Verifies that no other domain resets the block. */
static void test_other_domains(void)
{
    QTestState *qts = start();

    mark_ans(qts);
    qtest_writel(qts, PS_APCIE_ST, RESET_VALUE | RESET);
    qtest_writel(qts, PS_ANS2 - 8, RESET_VALUE | RESET);
    qtest_writel(qts, PMGR_MINI + 0x3f0, RESET_VALUE | RESET);
    g_assert_cmphex(qtest_readl(qts, ANS_AQA), ==, 0x00010001);
    qtest_quit(qts);
}

/* Verifies that a machine reset switches everything on again. */
static void test_machine_reset(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PS_ANS2, 0);
    qtest_writel(qts, PS_UART0, RESET);
    qtest_system_reset(qts);
    g_assert_cmphex(qtest_readl(qts, PS_ANS2), ==, RESET_VALUE);
    g_assert_cmphex(qtest_readl(qts, PS_UART0), ==, RESET_VALUE);
    mark_ans(qts);
    qtest_quit(qts);
}

#define PMGR_PATH "/machine/soc/pmgr"

/* Verifies that a stuck domain does not come up, but goes down. */
static void test_stuck_power(void)
{
    QTestState *qts = start();

    mark_ans(qts);
    qom_set_uint(qts, PMGR_PATH, "stuck-power", 0x3f0);
    g_assert_cmphex(qtest_readl(qts, PS_ANS2), ==, RESET_VALUE);
    qtest_writel(qts, PS_ANS2, 0x4);
    g_assert_cmphex(qtest_readl(qts, PS_ANS2), ==, 0x44);
    qtest_writel(qts, PS_ANS2, 0xf);
    g_assert_cmphex(qtest_readl(qts, PS_ANS2), ==, 0x4f);
    qtest_writel(qts, PS_APCIE_ST, 0);
    qtest_writel(qts, PS_APCIE_ST, 0xf);
    g_assert_cmphex(qtest_readl(qts, PS_APCIE_ST), ==, 0xff);
    qtest_system_reset(qts);
    g_assert_cmphex(ACTUAL(qtest_readl(qts, PS_ANS2)), ==, 0);
    qtest_writel(qts, PS_ANS2, 0xf);
    g_assert_cmphex(ACTUAL(qtest_readl(qts, PS_ANS2)), ==, 0);

    qom_set_uint(qts, PMGR_PATH, "stuck-power", UINT32_MAX);
    qtest_writel(qts, PS_ANS2, 0xf);
    g_assert_cmphex(qtest_readl(qts, PS_ANS2), ==, 0xff);
    mark_ans(qts);
    qtest_quit(qts);
}

/* Verifies that a reset can stay. */
static void test_stuck_reset(void)
{
    QTestState *qts = start();

    qom_set_uint(qts, PMGR_PATH, "stuck-reset", 0x3f0);
    mark_ans(qts);
    qtest_writel(qts, PS_ANS2, RESET_VALUE);
    g_assert_cmphex(qtest_readl(qts, PS_ANS2), ==, RESET_VALUE);
    qtest_writel(qts, PS_ANS2, RESET_VALUE | RESET);
    qtest_writel(qts, PS_ANS2, RESET_VALUE);
    g_assert_cmphex(qtest_readl(qts, PS_ANS2), ==, RESET_VALUE | RESET);
    /* so the co-processor cannot be started */
    qtest_writel(qts, ASC_CONTROL, ASC_RUN);
    g_assert_cmphex(qtest_readl(qts, ASC_CONTROL), ==, 0);
    qom_set_uint(qts, PMGR_PATH, "stuck-reset", UINT32_MAX);
    qtest_writel(qts, PS_ANS2, RESET_VALUE);
    g_assert_cmphex(qtest_readl(qts, PS_ANS2), ==, RESET_VALUE);
    g_assert_cmphex(qtest_readl(qts, ASC_CONTROL), ==, 0);
    qtest_writel(qts, ASC_CONTROL, ASC_RUN);
    g_assert_cmphex(qtest_readl(qts, ASC_CONTROL), ==, ASC_RUN);
    mark_ans(qts);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-pmgr/reset", test_reset);
    qtest_add_func("/apple-pmgr/states", test_states);
    qtest_add_func("/apple-pmgr/bits", test_bits);
    qtest_add_func("/apple-pmgr/apart", test_apart);
    qtest_add_func("/apple-pmgr/sizes", test_sizes);
    qtest_add_func("/apple-pmgr/ans-reset", test_ans_reset);
    qtest_add_func("/apple-pmgr/ans-held", test_ans_held);
    qtest_add_func("/apple-pmgr/ans-power", test_ans_power);
    qtest_add_func("/apple-pmgr/other-domains", test_other_domains);
    qtest_add_func("/apple-pmgr/machine-reset", test_machine_reset);
    qtest_add_func("/apple-pmgr/stuck-power", test_stuck_power);
    qtest_add_func("/apple-pmgr/stuck-reset", test_stuck_reset);

    return g_test_run();
}
