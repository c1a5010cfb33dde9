/*
 * QTest testcase for the power key of the board apple-j274
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "libqtest.h"

#define KEY             0x2fffe0000ULL
#define SWPORTA_DR      (KEY + 0x00)
#define INTEN           (KEY + 0x30)
#define INTMASK         (KEY + 0x34)
#define INTTYPE_LEVEL   (KEY + 0x38)
#define INT_POLARITY    (KEY + 0x3c)
#define INTSTATUS       (KEY + 0x40)
#define PORTA_EOI       (KEY + 0x4c)
#define EXT_PORTA       (KEY + 0x50)

#define IRQ_KEY         895
#define PRESSED         100000000LL     /* for so many ns */

/* The interrupt controller shows the level of each line, also when masked */
#define AIC_HW_STATE    0x23b104200ULL

static bool line_level(QTestState *qts)
{
    return qtest_readl(qts, AIC_HW_STATE + IRQ_KEY / 32 * 4) >>
           IRQ_KEY % 32 & 1;
}

static QTestState *start(void)
{
    return qtest_init("-M apple-j274,powerkey=on");
}

static void press(QTestState *qts)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'system_powerdown' }");
    qtest_qmp_eventwait(qts, "POWERDOWN");
}

static void expect(QTestState *qts, bool pending)
{
    g_assert_cmphex(qtest_readl(qts, INTSTATUS), ==, pending);
    g_assert_cmpint(line_level(qts), ==, pending);
}

/* Verifies how long the key is down, and that nobody is told of it. */
static void test_press(void)
{
    QTestState *qts = start();

    g_assert_cmphex(qtest_readl(qts, EXT_PORTA), ==, 0);
    press(qts);
    g_assert_cmphex(qtest_readl(qts, EXT_PORTA), ==, 1);
    expect(qts, false);
    qtest_clock_step(qts, PRESSED - 1);
    g_assert_cmphex(qtest_readl(qts, EXT_PORTA), ==, 1);
    qtest_clock_step(qts, 1);
    g_assert_cmphex(qtest_readl(qts, EXT_PORTA), ==, 0);

    /* Pressed again before it is up, it stays down */
    press(qts);
    qtest_clock_step(qts, PRESSED / 2);
    press(qts);
    qtest_clock_step(qts, PRESSED - 1);
    g_assert_cmphex(qtest_readl(qts, EXT_PORTA), ==, 1);
    qtest_quit(qts);
}

/* Verifies that an edge is kept until it is acknowledged. */
static void test_edge(void)
{
    QTestState *qts = start();

    qtest_writel(qts, INTTYPE_LEVEL, 1);
    for (int high = 1; high >= 0; high--) {
        qtest_writel(qts, INT_POLARITY, high);
        qtest_writel(qts, INTEN, 1);
        expect(qts, false);
        press(qts);
        expect(qts, high);
        qtest_clock_step(qts, PRESSED);
        expect(qts, true);
        qtest_writel(qts, PORTA_EOI, 0);
        expect(qts, true);
        qtest_writel(qts, PORTA_EOI, 1);
        expect(qts, false);
        qtest_writel(qts, INTEN, 0);
        press(qts);
        qtest_clock_step(qts, PRESSED);
        qtest_writel(qts, INTEN, 1);
        expect(qts, false);
    }
    qtest_quit(qts);
}

/* Verifies that the mask hides an edge and does not lose it. */
static void test_mask(void)
{
    QTestState *qts = start();

    qtest_writel(qts, INTTYPE_LEVEL, 1);
    qtest_writel(qts, INT_POLARITY, 1);
    qtest_writel(qts, INTEN, 1);
    qtest_writel(qts, INTMASK, 1);
    press(qts);
    expect(qts, false);
    qtest_writel(qts, INTMASK, 0);
    expect(qts, true);
    qtest_writel(qts, INTMASK, 1);
    expect(qts, false);
    qtest_quit(qts);
}

/* Verifies that a level interrupts as long as it lasts. */
static void test_level(void)
{
    QTestState *qts = start();

    qtest_writel(qts, INT_POLARITY, 1);
    qtest_writel(qts, INTEN, 1);
    expect(qts, false);
    press(qts);
    expect(qts, true);
    qtest_writel(qts, PORTA_EOI, 1);
    expect(qts, true);
    qtest_clock_step(qts, PRESSED);
    expect(qts, false);
    qtest_writel(qts, INT_POLARITY, 0);
    expect(qts, true);
    qtest_quit(qts);
}

/* Verifies that a reset forgets the key and what was set. */
static void test_reset(void)
{
    static const uint64_t registers[] = {
        SWPORTA_DR, INTEN, INTMASK, INTTYPE_LEVEL, INT_POLARITY, INTSTATUS,
        EXT_PORTA,
    };
    QTestState *qts = start();

    qtest_writel(qts, INTTYPE_LEVEL, 1);
    qtest_writel(qts, INT_POLARITY, 1);
    qtest_writel(qts, INTEN, 1);
    press(qts);
    expect(qts, true);
    qtest_writel(qts, INTMASK, 1);
    qtest_system_reset(qts);
    expect(qts, false);
    for (int i = 0; i < ARRAY_SIZE(registers); i++) {
        g_assert_cmphex(qtest_readl(qts, registers[i]), ==, 0);
    }
    qtest_writel(qts, INTTYPE_LEVEL, 1);
    qtest_writel(qts, INTEN, 1);
    expect(qts, false);
    qtest_quit(qts);
}

/* Verifies that unknown offsets, bits and other sizes do nothing. */
static void test_bad_access(void)
{
    QTestState *qts = start();

    qtest_writel(qts, SWPORTA_DR, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, SWPORTA_DR), ==, 0);
    qtest_writel(qts, EXT_PORTA, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, EXT_PORTA), ==, 0);
    qtest_writel(qts, KEY + 0xffc, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, KEY + 0xffc), ==, 0);
    qtest_writel(qts, INTEN, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, INTEN), ==, 1);
    qtest_writeb(qts, INTEN, 0);
    qtest_writew(qts, INTEN, 0);
    g_assert_cmphex(qtest_readl(qts, INTEN), ==, 1);
    qtest_quit(qts);
}

/* Verifies that without the option there is no key. */
static void test_off(void)
{
    QTestState *qts = qtest_init("-M apple-j274");

    qtest_writel(qts, INTMASK, 1);
    g_assert_cmphex(qtest_readl(qts, INTMASK), ==, 0);
    press(qts);
    g_assert_false(line_level(qts));
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-powerkey/press", test_press);
    qtest_add_func("/apple-powerkey/edge", test_edge);
    qtest_add_func("/apple-powerkey/mask", test_mask);
    qtest_add_func("/apple-powerkey/level", test_level);
    qtest_add_func("/apple-powerkey/reset", test_reset);
    qtest_add_func("/apple-powerkey/bad-access", test_bad_access);
    qtest_add_func("/apple-powerkey/off", test_off);

    return g_test_run();
}
