/*
 * QTest testcase for the Apple AIC, version 2
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * On the M1 Ultra, which has two dies; layout and capabilities also on SoCs
 * with one.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "libqtest.h"

#define AIC             0x28e100000ULL
#define VERSION         (AIC + 0x0000)
#define INFO1           (AIC + 0x0004)
#define INFO3           (AIC + 0x000c)
#define RESET           (AIC + 0x0010)
#define CONFIG          (AIC + 0x0014)
#define ENABLE          BIT(0)
#define PREFER_PCPU     BIT(28)
#define EVENT           (AIC + 0xc000)

/* The registers of one die take this much */
#define STRIDE          (4096 * 4 + 5 * 512)
#define DIE(d)          (AIC + 0x2000 + (d) * STRIDE)
#define BANK(d, b, n)   (DIE(d) + 4096 * 4 + 512 * (b) + 4 * ((n) / 32))
#define IRQ_CFG(d, n)   (DIE(d) + 4 * (n))
#define SW_SET(d, n)    BANK(d, 0, n)
#define SW_CLR(d, n)    BANK(d, 1, n)
#define MASK_SET(d, n)  BANK(d, 2, n)
#define MASK_CLR(d, n)  BANK(d, 3, n)
#define HW_STATE(d, n)  BANK(d, 4, n)

#define NUM_IRQS        2048
#define MAX_IRQS        4096
#define BITOF(n)        (1u << ((n) % 32))
#define IRQ_EVENT(d, n) ((uint32_t)(d) << 24 | 1u << 16 | (n))

#define AIC_PATH        "/machine/soc/aic"

/* Lines that no device drives */
#define LINE_A          10
#define LINE_B          45
#define LINE_LAST       2046

static QTestState *start_disabled(void)
{
    QTestState *qts = qtest_init("-M apple-j375d -smp 20");

    qtest_irq_intercept_out_named(qts, AIC_PATH, "sysbus-irq");
    return qts;
}

static QTestState *start(void)
{
    QTestState *qts = start_disabled();

    qtest_writel(qts, CONFIG, ENABLE);
    return qts;
}

static void set_line(QTestState *qts, int die, int irq, int level)
{
    qtest_set_irq_in(qts, AIC_PATH, NULL, die * NUM_IRQS + irq, level);
}

static void unmask(QTestState *qts, int die, int irq)
{
    qtest_writel(qts, MASK_CLR(die, irq), BITOF(irq));
}

/* Only CPU 0 is ever asked */
static bool pending(QTestState *qts)
{
    for (int cpu = 1; cpu < 20; cpu++) {
        g_assert_false(qtest_get_irq(qts, cpu));
    }
    return qtest_get_irq(qts, 0);
}

static void expect_event(QTestState *qts, uint32_t event)
{
    g_assert_cmpint(pending(qts), ==, event != 0);
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, event);
}

/* Verifies the values after reset: disabled, all masked, nothing pending. */
static void test_reset(void)
{
    QTestState *qts = start_disabled();

    g_assert_cmphex(qtest_readl(qts, VERSION), ==, 2);
    g_assert_cmphex(qtest_readl(qts, CONFIG), ==, 0);
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);
    for (int die = 0; die < 2; die++) {
        for (int i = 0; i < NUM_IRQS; i++) {
            g_assert_cmphex(qtest_readl(qts, IRQ_CFG(die, i)), ==, 0);
        }
        for (int i = 0; i < NUM_IRQS; i += 32) {
            g_assert_cmphex(qtest_readl(qts, MASK_SET(die, i)), ==,
                            0xffffffff);
            g_assert_cmphex(qtest_readl(qts, MASK_CLR(die, i)), ==,
                            0xffffffff);
            g_assert_cmphex(qtest_readl(qts, SW_SET(die, i)), ==, 0);
        }
    }
    g_assert_false(pending(qts));
    qtest_quit(qts);
}

/* Verifies that the info registers tell the layout. */
static void test_info(void)
{
    static const struct {
        const char *args;
        uint64_t aic;
        uint32_t last_die, max_dies;
    } socs[] = {
        { "-M apple-j314s", 0x28e100000, 0, 2 },
        { "-M apple-j316c", 0x28e100000, 0, 2 },
        { "-M apple-j375d", 0x28e100000, 1, 2 },
        { "-M apple-j473", 0x23b0c0000, 0, 1 },
        { "-M apple-j474s", 0x28e100000, 0, 2 },
    };

    for (int i = 0; i < ARRAY_SIZE(socs); i++) {
        QTestState *qts = qtest_init(socs[i].args);

        g_assert_cmphex(qtest_readl(qts, socs[i].aic + 4), ==,
                        socs[i].last_die << 24 | NUM_IRQS);
        g_assert_cmphex(qtest_readl(qts, socs[i].aic + 12), ==,
                        socs[i].max_dies << 24 | MAX_IRQS);
        /* what is masked says where the masks of the last die end */
        for (int die = 0; die < 2; die++) {
            uint64_t mask = socs[i].aic + 0x2000 + die * STRIDE +
                            4096 * 4 + 512 * 2;

            g_assert_cmphex(qtest_readl(qts, mask), ==,
                            die <= socs[i].last_die ? 0xffffffff : 0);
        }
        qtest_quit(qts);
    }
}

/* Verifies that a disabled controller delivers nothing, and nothing is lost. */
static void test_enable(void)
{
    QTestState *qts = start_disabled();

    unmask(qts, 0, LINE_A);
    set_line(qts, 0, LINE_A, 1);
    expect_event(qts, 0);
    qtest_writel(qts, CONFIG, PREFER_PCPU);
    expect_event(qts, 0);
    qtest_writel(qts, CONFIG, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, CONFIG), ==, ENABLE | PREFER_PCPU);
    g_assert_true(pending(qts));
    qtest_writel(qts, CONFIG, 0);
    g_assert_false(pending(qts));
    qtest_writel(qts, CONFIG, ENABLE);
    expect_event(qts, IRQ_EVENT(0, LINE_A));
    qtest_quit(qts);
}

/*
 * Verifies that a level interrupt is reported once, masked by the report, and
 * comes again after unmasking as long as the line is high.
 */
static void test_level(void)
{
    QTestState *qts = start();

    for (int die = 0; die < 2; die++) {
        unmask(qts, die, LINE_A);
        set_line(qts, die, LINE_A, 1);
        g_assert_cmphex(qtest_readl(qts, HW_STATE(die, LINE_A)) &
                        BITOF(LINE_A), !=, 0);
        expect_event(qts, IRQ_EVENT(die, LINE_A));
        g_assert_cmphex(qtest_readl(qts, MASK_SET(die, LINE_A)) &
                        BITOF(LINE_A), !=, 0);
        expect_event(qts, 0);

        unmask(qts, die, LINE_A);
        expect_event(qts, IRQ_EVENT(die, LINE_A));
        set_line(qts, die, LINE_A, 0);
        unmask(qts, die, LINE_A);
        expect_event(qts, 0);
        g_assert_cmphex(qtest_readl(qts, HW_STATE(die, LINE_A)) &
                        BITOF(LINE_A), ==, 0);
    }
    qtest_quit(qts);
}

/* Verifies that a line which falls again before the report is forgotten. */
static void test_line_falls(void)
{
    QTestState *qts = start();

    unmask(qts, 1, LINE_B);
    set_line(qts, 1, LINE_B, 1);
    set_line(qts, 1, LINE_B, 0);
    expect_event(qts, 0);
    qtest_quit(qts);
}

/* Verifies that masked interrupts wait. */
static void test_masked(void)
{
    QTestState *qts = start();

    set_line(qts, 0, LINE_A, 1);
    expect_event(qts, 0);
    unmask(qts, 0, LINE_A);
    g_assert_true(pending(qts));
    qtest_writel(qts, MASK_SET(0, LINE_A), BITOF(LINE_A));
    expect_event(qts, 0);
    qtest_quit(qts);
}

/* Verifies that the dies are apart: what is unmasked is so on one die. */
static void test_dies(void)
{
    QTestState *qts = start();

    set_line(qts, 0, LINE_A, 1);
    unmask(qts, 1, LINE_A);
    expect_event(qts, 0);
    set_line(qts, 1, LINE_A, 1);
    expect_event(qts, IRQ_EVENT(1, LINE_A));
    qtest_writel(qts, SW_SET(1, LINE_B), BITOF(LINE_B));
    g_assert_cmphex(qtest_readl(qts, SW_SET(0, LINE_B)), ==, 0);
    unmask(qts, 0, LINE_B);
    expect_event(qts, 0);
    qtest_quit(qts);
}

/* Verifies that die 0 comes first and then the lowest number, up to the last */
static void test_order(void)
{
    static const int irqs[] = { LINE_A, LINE_B, LINE_LAST };
    QTestState *qts = start();

    for (int die = 1; die >= 0; die--) {
        for (int i = ARRAY_SIZE(irqs) - 1; i >= 0; i--) {
            unmask(qts, die, irqs[i]);
            set_line(qts, die, irqs[i], 1);
        }
    }
    for (int die = 0; die < 2; die++) {
        for (int i = 0; i < ARRAY_SIZE(irqs); i++) {
            expect_event(qts, IRQ_EVENT(die, irqs[i]));
        }
    }
    expect_event(qts, 0);
    qtest_quit(qts);
}

/* Verifies that software can raise an interrupt and take it back. */
static void test_software(void)
{
    QTestState *qts = start();

    for (int die = 0; die < 2; die++) {
        unmask(qts, die, LINE_B);
        qtest_writel(qts, SW_SET(die, LINE_B), BITOF(LINE_B));
        g_assert_cmphex(qtest_readl(qts, HW_STATE(die, LINE_B)), ==, 0);
        g_assert_cmphex(qtest_readl(qts, SW_CLR(die, LINE_B)), ==,
                        BITOF(LINE_B));
        g_assert_true(pending(qts));
        qtest_writel(qts, SW_CLR(die, LINE_B), BITOF(LINE_B));
        expect_event(qts, 0);
        qtest_writel(qts, SW_SET(die, LINE_B), BITOF(LINE_B));
        expect_event(qts, IRQ_EVENT(die, LINE_B));
        qtest_writel(qts, SW_CLR(die, LINE_B), BITOF(LINE_B));
    }
    qtest_quit(qts);
}

/* Verifies which bits of an interrupt's configuration there are. */
static void test_irq_config(void)
{
    QTestState *qts = start();

    qtest_writel(qts, IRQ_CFG(1, NUM_IRQS - 1), 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, IRQ_CFG(1, NUM_IRQS - 1)), ==, 0xef);
    g_assert_cmphex(qtest_readl(qts, IRQ_CFG(0, NUM_IRQS - 1)), ==, 0);
    g_assert_cmphex(qtest_readl(qts, IRQ_CFG(1, 0)), ==, 0);
    qtest_quit(qts);
}

/* Verifies that there is nothing behind the last interrupt and die. */
static void test_out_of_range(void)
{
    QTestState *qts = start();

    for (int die = 0; die < 3; die++) {
        int first = die < 2 ? NUM_IRQS : 0;

        qtest_writel(qts, IRQ_CFG(die, first), 0xf);
        g_assert_cmphex(qtest_readl(qts, IRQ_CFG(die, first)), ==, 0);
        qtest_writel(qts, SW_SET(die, first), 0xffffffff);
        qtest_writel(qts, MASK_CLR(die, first), 0xffffffff);
        g_assert_cmphex(qtest_readl(qts, SW_SET(die, first)), ==, 0);
        g_assert_cmphex(qtest_readl(qts, MASK_SET(die, first)), ==, 0);
        qtest_writel(qts, SW_SET(die, MAX_IRQS - 1), 0xffffffff);
        g_assert_cmphex(qtest_readl(qts, SW_SET(die, MAX_IRQS - 1)), ==, 0);
    }
    qtest_writel(qts, AIC + 0xbffc, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, AIC + 0xbffc), ==, 0);
    g_assert_cmphex(qtest_readl(qts, AIC + 0x1ffc), ==, 0);
    expect_event(qts, 0);
    qtest_quit(qts);
}

/* Verifies that read-only registers stay and HW_STATE follows lines only. */
static void test_read_only(void)
{
    QTestState *qts = start();

    qtest_writel(qts, INFO1, 0);
    g_assert_cmphex(qtest_readl(qts, INFO1), ==, 1 << 24 | NUM_IRQS);
    qtest_writel(qts, HW_STATE(1, LINE_A), 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, HW_STATE(1, LINE_A)), ==, 0);
    qtest_writel(qts, EVENT, 0xffffffff);
    expect_event(qts, 0);
    qtest_quit(qts);
}

/* Verifies that accesses of 8 and 16 bits do nothing. */
static void test_sizes(void)
{
    QTestState *qts = start();

    qtest_writeb(qts, MASK_CLR(0, LINE_A), 0xff);
    qtest_writew(qts, MASK_CLR(0, LINE_A), 0xffff);
    g_assert_cmphex(qtest_readl(qts, MASK_SET(0, LINE_A)), ==, 0xffffffff);
    unmask(qts, 0, LINE_A);
    set_line(qts, 0, LINE_A, 1);
    qtest_readb(qts, EVENT);
    qtest_readw(qts, EVENT);
    expect_event(qts, IRQ_EVENT(0, LINE_A));
    qtest_quit(qts);
}

static void expect_forgotten(QTestState *qts)
{
    g_assert_cmphex(qtest_readl(qts, CONFIG), ==, 0);
    g_assert_cmphex(qtest_readl(qts, RESET), ==, 0);
    g_assert_cmphex(qtest_readl(qts, IRQ_CFG(1, LINE_A)), ==, 0);
    g_assert_cmphex(qtest_readl(qts, MASK_SET(1, LINE_A)), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, SW_SET(0, LINE_B)), ==, 0);
    g_assert_cmphex(qtest_readl(qts, HW_STATE(1, LINE_A)) & BITOF(LINE_A), !=,
                    0);
    expect_event(qts, 0);
}

/* Verifies that both resets mask everything but keep the line levels. */
static void test_both_resets(void)
{
    QTestState *qts = start_disabled();

    for (int i = 0; i < 2; i++) {
        qtest_writel(qts, CONFIG, ENABLE);
        qtest_writel(qts, IRQ_CFG(1, LINE_A), 3);
        unmask(qts, 1, LINE_A);
        set_line(qts, 1, LINE_A, 1);
        qtest_writel(qts, SW_SET(0, LINE_B), BITOF(LINE_B));
        g_assert_true(pending(qts));
        if (i) {
            qtest_system_reset(qts);
        } else {
            qtest_writel(qts, RESET, 0);
            g_assert_true(pending(qts));
            qtest_writel(qts, RESET, 1);
        }
        expect_forgotten(qts);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-aic2/reset", test_reset);
    qtest_add_func("/apple-aic2/info", test_info);
    qtest_add_func("/apple-aic2/enable", test_enable);
    qtest_add_func("/apple-aic2/level", test_level);
    qtest_add_func("/apple-aic2/line-falls", test_line_falls);
    qtest_add_func("/apple-aic2/masked", test_masked);
    qtest_add_func("/apple-aic2/dies", test_dies);
    qtest_add_func("/apple-aic2/order", test_order);
    qtest_add_func("/apple-aic2/software", test_software);
    qtest_add_func("/apple-aic2/irq-config", test_irq_config);
    qtest_add_func("/apple-aic2/out-of-range", test_out_of_range);
    qtest_add_func("/apple-aic2/read-only", test_read_only);
    qtest_add_func("/apple-aic2/sizes", test_sizes);
    qtest_add_func("/apple-aic2/both-resets", test_both_resets);

    return g_test_run();
}
