/*
 * QTest testcase for the Apple watchdog
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "libqtest.h"
#include "qobject/qdict.h"

#define WDT             0x23d2b0000ULL
#define CUR(n)          (WDT + 0x10 * (n) + 0x0)
#define BITE(n)         (WDT + 0x10 * (n) + 0x4)
#define BARK(n)         (WDT + 0x10 * (n) + 0x8)
#define CTRL(n)         (WDT + 0x10 * (n) + 0xc)
#define IRQ_EN          BIT(0)
#define IRQ_STATUS      BIT(1)
#define RESET_EN        BIT(2)

#define HZ              24000000u
#define IRQ_WDT         338
#define SECOND          1000000000LL

/* The interrupt controller shows the level of each line, also when masked */
#define AIC_HW_STATE    0x23b104200ULL

static bool line_level(QTestState *qts, unsigned irq)
{
    return qtest_readl(qts, AIC_HW_STATE + irq / 32 * 4) >> irq % 32 & 1;
}

static QTestState *start(void)
{
    return qtest_init("-M apple-j274 -action watchdog=reset");
}

/* A register that is 0 after reset tells whether there was one. */
static void mark(QTestState *qts)
{
    qtest_writel(qts, BARK(0), 0x12345678);
}

static bool is_marked(QTestState *qts)
{
    return qtest_readl(qts, BARK(0)) == 0x12345678;
}

static void expect_reset(QTestState *qts)
{
    qtest_qmp_eventwait(qts, "RESET");
    g_assert_false(is_marked(qts));
}

/* Verifies that all is 0 after reset and nothing happens by itself. */
static void test_reset(void)
{
    QTestState *qts = start();

    for (int i = 0; i < 3; i++) {
        g_assert_cmphex(qtest_readl(qts, BITE(i)), ==, 0);
        g_assert_cmphex(qtest_readl(qts, CTRL(i)), ==, 0);
    }
    g_assert_cmphex(qtest_readl(qts, BARK(0)), ==, 0);
    mark(qts);
    qtest_clock_step(qts, 100 * SECOND);
    g_assert_true(is_marked(qts));
    g_assert_false(line_level(qts, IRQ_WDT));
    qtest_quit(qts);
}

/* Verifies that the counters run at 24 MHz, can be written, and wrap. */
static void test_count(void)
{
    QTestState *qts = start();

    for (int i = 0; i < 3; i++) {
        qtest_writel(qts, CUR(i), 0);
        g_assert_cmphex(qtest_readl(qts, CUR(i)), ==, 0);
        qtest_clock_step(qts, SECOND);
        g_assert_cmpuint(qtest_readl(qts, CUR(i)), ==, HZ);
        qtest_writel(qts, CUR(i), 0xffffffff);
        g_assert_cmphex(qtest_readl(qts, CUR(i)), ==, 0xffffffff);
        qtest_clock_step(qts, SECOND);
        g_assert_cmpuint(qtest_readl(qts, CUR(i)), ==, HZ - 1);
    }
    qtest_quit(qts);
}

/* Verifies that each watchdog resets the machine at its time, not before. */
static void test_bite(void)
{
    QTestState *qts = start();

    for (int i = 0; i < 3; i++) {
        mark(qts);
        qtest_writel(qts, CUR(i), 0);
        qtest_writel(qts, BITE(i), 2 * HZ);
        qtest_writel(qts, CTRL(i), RESET_EN);
        qtest_clock_step(qts, 2 * SECOND - 1000);
        g_assert_true(is_marked(qts));
        qtest_clock_step(qts, 1000);
        qtest_qmp_eventwait(qts, "WATCHDOG");
        expect_reset(qts);
        g_assert_cmphex(qtest_readl(qts, CTRL(i)), ==, 0);
    }
    qtest_quit(qts);
}

/* Verifies that a watchdog which is written in time does not bite. */
static void test_ping(void)
{
    QTestState *qts = start();

    mark(qts);
    qtest_writel(qts, CUR(1), 0);
    qtest_writel(qts, BITE(1), 2 * HZ);
    qtest_writel(qts, CTRL(1), RESET_EN);
    for (int i = 0; i < 5; i++) {
        qtest_clock_step(qts, SECOND);
        qtest_writel(qts, CUR(1), 0);
    }
    g_assert_true(is_marked(qts));

    /* Neither does one that is stopped */
    qtest_writel(qts, CTRL(1), 0);
    qtest_clock_step(qts, 10 * SECOND);
    g_assert_true(is_marked(qts));
    qtest_quit(qts);
}

/* Verifies the order of writes with which Linux reboots. */
static void test_reboot(void)
{
    QTestState *qts = start();
    QDict *event;

    mark(qts);
    qtest_writel(qts, CUR(1), 0);
    qtest_writel(qts, BITE(1), 30 * HZ);
    qtest_writel(qts, CTRL(1), RESET_EN);
    g_assert_true(is_marked(qts));
    qtest_writel(qts, BITE(1), 0);
    qtest_writel(qts, CUR(1), 0);
    event = qtest_qmp_eventwait_ref(qts, "RESET");
    g_assert_cmpstr(qdict_get_str(qdict_get_qdict(event, "data"), "reason"),
                    ==, "guest-reset");
    g_assert_false(is_marked(qts));
    qobject_unref(event);
    qtest_quit(qts);
}

/* Verifies the interrupt of watchdog 0: time, status, acknowledgement. */
static void test_bark(void)
{
    QTestState *qts = start();

    qtest_writel(qts, CUR(0), 0);
    qtest_writel(qts, BARK(0), HZ);
    qtest_writel(qts, CTRL(0), IRQ_EN);
    qtest_clock_step(qts, SECOND - 1000);
    g_assert_false(line_level(qts, IRQ_WDT));
    qtest_clock_step(qts, 1000);
    g_assert_true(line_level(qts, IRQ_WDT));
    g_assert_cmphex(qtest_readl(qts, CTRL(0)), ==, IRQ_EN | IRQ_STATUS);

    qtest_writel(qts, CUR(0), 0);
    g_assert_true(line_level(qts, IRQ_WDT));
    qtest_writel(qts, CTRL(0), IRQ_EN | IRQ_STATUS);
    g_assert_false(line_level(qts, IRQ_WDT));
    g_assert_cmphex(qtest_readl(qts, CTRL(0)), ==, IRQ_EN);
    qtest_quit(qts);
}

/* Verifies that the others have neither bark time nor interrupt. */
static void test_no_bark(void)
{
    QTestState *qts = start();

    for (int i = 1; i < 3; i++) {
        qtest_writel(qts, BARK(i), 0x1234);
        g_assert_cmphex(qtest_readl(qts, BARK(i)), ==, 0);
        qtest_writel(qts, CTRL(i), IRQ_EN);
        g_assert_cmphex(qtest_readl(qts, CTRL(i)), ==, 0);
        qtest_clock_step(qts, SECOND);
        g_assert_false(line_level(qts, IRQ_WDT));
    }
    qtest_quit(qts);
}

/* Verifies that unknown offsets, bits and other sizes do nothing. */
static void test_bad_access(void)
{
    QTestState *qts = start();

    mark(qts);
    qtest_writel(qts, WDT + 0x30, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, WDT + 0x30), ==, 0);
    qtest_writel(qts, WDT + 0x3ffc, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, WDT + 0x3ffc), ==, 0);
    qtest_writel(qts, CTRL(2), 0xfffffffb);
    g_assert_cmphex(qtest_readl(qts, CTRL(2)), ==, 0);
    qtest_writeb(qts, CTRL(1), RESET_EN);
    qtest_writew(qts, CTRL(1), RESET_EN);
    g_assert_cmphex(qtest_readl(qts, CTRL(1)), ==, 0);
    g_assert_true(is_marked(qts));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-wdt/reset", test_reset);
    qtest_add_func("/apple-wdt/count", test_count);
    qtest_add_func("/apple-wdt/bite", test_bite);
    qtest_add_func("/apple-wdt/ping", test_ping);
    qtest_add_func("/apple-wdt/reboot", test_reboot);
    qtest_add_func("/apple-wdt/bark", test_bark);
    qtest_add_func("/apple-wdt/no-bark", test_no_bark);
    qtest_add_func("/apple-wdt/bad-access", test_bad_access);

    return g_test_run();
}
