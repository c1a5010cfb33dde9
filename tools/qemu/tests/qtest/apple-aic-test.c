/*
 * QTest testcase for the Apple AIC, version 1
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "libqtest.h"

#define AIC             0x23b100000ULL
#define INFO            (AIC + 0x0004)
#define CONFIG          (AIC + 0x0010)
#define WHOAMI          (AIC + 0x2000)
#define EVENT           (AIC + 0x2004)
#define IPI_SEND        (AIC + 0x2008)
#define IPI_ACK         (AIC + 0x200c)
#define IPI_MASK_SET    (AIC + 0x2024)
#define IPI_MASK_CLR    (AIC + 0x2028)
#define TARGET(n)       (AIC + 0x3000 + 4 * (n))
#define SW_SET(n)       (AIC + 0x4000 + 4 * ((n) / 32))
#define SW_CLR(n)       (AIC + 0x4080 + 4 * ((n) / 32))
#define MASK_SET(n)     (AIC + 0x4100 + 4 * ((n) / 32))
#define MASK_CLR(n)     (AIC + 0x4180 + 4 * ((n) / 32))
#define HW_STATE(n)     (AIC + 0x4200 + 4 * ((n) / 32))
#define CPU_EVENT(c)    (AIC + 0x5004 + 0x80 * (c))
#define CPU_IPI_SET(c)  (AIC + 0x5008 + 0x80 * (c))
#define CPU_IPI_CLR(c)  (AIC + 0x500c + 0x80 * (c))
#define CPU_IPI_MSET(c) (AIC + 0x5024 + 0x80 * (c))
#define CPU_IPI_MCLR(c) (AIC + 0x5028 + 0x80 * (c))

#define NUM_IRQS        896
#define BITOF(n)        (1u << ((n) % 32))
#define IRQ_EVENT(n)    (1u << 16 | (n))
#define IPI_EVENT_OTHER (4u << 16 | 1)
#define IPI_EVENT_SELF  (4u << 16 | 2)
#define OTHER           1u
#define SELF            0x80000000u

#define AIC_PATH        "/machine/soc/aic"

/* Lines that no device drives */
#define LINE_A          10
#define LINE_B          45
#define LINE_LAST       895

static QTestState *start(void)
{
    QTestState *qts = qtest_init("-M apple-j274 -smp 8");

    qtest_irq_intercept_out_named(qts, AIC_PATH, "sysbus-irq");
    return qts;
}

static void set_line(QTestState *qts, int irq, int level)
{
    qtest_set_irq_in(qts, AIC_PATH, NULL, irq, level);
}

static void enable(QTestState *qts, int irq, uint32_t cpus)
{
    qtest_writel(qts, TARGET(irq), cpus);
    qtest_writel(qts, MASK_CLR(irq), BITOF(irq));
}

static bool cpu_irq(QTestState *qts, int cpu)
{
    return qtest_get_irq(qts, cpu);
}

/* Verifies the values after reset: all masked, no target, nothing pending. */
static void test_reset(void)
{
    QTestState *qts = start();

    g_assert_cmphex(qtest_readl(qts, INFO), ==, 7 << 16 | NUM_IRQS);
    g_assert_cmphex(qtest_readl(qts, CONFIG), ==, 0);
    g_assert_cmphex(qtest_readl(qts, WHOAMI), ==, 0);
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);
    g_assert_cmphex(qtest_readl(qts, IPI_MASK_SET), ==, SELF | OTHER);
    for (int i = 0; i < NUM_IRQS; i++) {
        g_assert_cmphex(qtest_readl(qts, TARGET(i)), ==, 0);
    }
    for (int i = 0; i < NUM_IRQS; i += 32) {
        g_assert_cmphex(qtest_readl(qts, MASK_SET(i)), ==, 0xffffffff);
        g_assert_cmphex(qtest_readl(qts, SW_SET(i)), ==, 0);
    }
    for (int i = 0; i < 8; i++) {
        g_assert_false(cpu_irq(qts, i));
    }
    qtest_quit(qts);
}

/* Verifies that the number of CPUs is told. */
static void test_one_cpu(void)
{
    QTestState *qts = qtest_init("-M apple-j274 -smp 1");

    g_assert_cmphex(qtest_readl(qts, INFO), ==, NUM_IRQS);
    g_assert_cmphex(qtest_readl(qts, CPU_EVENT(1)), ==, 0);
    qtest_writel(qts, TARGET(LINE_A), 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, TARGET(LINE_A)), ==, 1);
    qtest_quit(qts);
}

/*
 * Verifies that a level interrupt is reported once, masked by the report, and
 * comes again after unmasking as long as the line is high.
 */
static void test_level(void)
{
    QTestState *qts = start();

    enable(qts, LINE_A, 1);
    set_line(qts, LINE_A, 1);
    g_assert_cmphex(qtest_readl(qts, HW_STATE(LINE_A)) & BITOF(LINE_A), !=, 0);
    g_assert_true(cpu_irq(qts, 0));

    g_assert_cmphex(qtest_readl(qts, EVENT), ==, IRQ_EVENT(LINE_A));
    g_assert_false(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, MASK_SET(LINE_A)) & BITOF(LINE_A), !=, 0);
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);

    qtest_writel(qts, MASK_CLR(LINE_A), BITOF(LINE_A));
    g_assert_true(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, IRQ_EVENT(LINE_A));

    set_line(qts, LINE_A, 0);
    qtest_writel(qts, MASK_CLR(LINE_A), BITOF(LINE_A));
    g_assert_false(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);
    g_assert_cmphex(qtest_readl(qts, HW_STATE(LINE_A)) & BITOF(LINE_A), ==, 0);
    qtest_quit(qts);
}

/* Verifies that a line which falls again before the report is forgotten. */
static void test_line_falls(void)
{
    QTestState *qts = start();

    enable(qts, LINE_A, 1);
    set_line(qts, LINE_A, 1);
    set_line(qts, LINE_A, 0);
    g_assert_false(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);
    qtest_quit(qts);
}

/* Verifies that masked interrupts and those without target wait. */
static void test_masked(void)
{
    QTestState *qts = start();

    qtest_writel(qts, TARGET(LINE_A), 1);
    set_line(qts, LINE_A, 1);
    g_assert_false(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);

    qtest_writel(qts, TARGET(LINE_A), 0);
    qtest_writel(qts, MASK_CLR(LINE_A), BITOF(LINE_A));
    g_assert_false(cpu_irq(qts, 0));
    qtest_writel(qts, TARGET(LINE_A), 1);
    g_assert_true(cpu_irq(qts, 0));
    qtest_writel(qts, MASK_SET(LINE_A), BITOF(LINE_A));
    g_assert_false(cpu_irq(qts, 0));
    qtest_quit(qts);
}

/* Verifies that the lowest number comes first, up to the last interrupt. */
static void test_order(void)
{
    QTestState *qts = start();
    static const int irqs[] = { LINE_LAST, LINE_B, LINE_A };

    for (int i = 0; i < ARRAY_SIZE(irqs); i++) {
        enable(qts, irqs[i], 1);
        set_line(qts, irqs[i], 1);
    }
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, IRQ_EVENT(LINE_A));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, IRQ_EVENT(LINE_B));
    g_assert_true(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, IRQ_EVENT(LINE_LAST));
    g_assert_false(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);
    qtest_quit(qts);
}

/* Verifies that software can raise an interrupt and take it back. */
static void test_software(void)
{
    QTestState *qts = start();

    enable(qts, LINE_B, 1);
    qtest_writel(qts, SW_SET(LINE_B), BITOF(LINE_B));
    g_assert_cmphex(qtest_readl(qts, HW_STATE(LINE_B)), ==, 0);
    g_assert_true(cpu_irq(qts, 0));
    qtest_writel(qts, SW_CLR(LINE_B), BITOF(LINE_B));
    g_assert_false(cpu_irq(qts, 0));
    qtest_writel(qts, SW_SET(LINE_B), BITOF(LINE_B));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, IRQ_EVENT(LINE_B));
    qtest_quit(qts);
}

/* Verifies that an interrupt goes to its target CPUs and to no other. */
static void test_targets(void)
{
    QTestState *qts = start();

    enable(qts, LINE_A, BIT(3) | BIT(7));
    set_line(qts, LINE_A, 1);
    for (int cpu = 0; cpu < 8; cpu++) {
        g_assert_cmpint(cpu_irq(qts, cpu), ==, cpu == 3 || cpu == 7);
    }
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);
    g_assert_cmphex(qtest_readl(qts, CPU_EVENT(7)), ==, IRQ_EVENT(LINE_A));
    g_assert_false(cpu_irq(qts, 3));
    g_assert_cmphex(qtest_readl(qts, CPU_EVENT(3)), ==, 0);
    qtest_quit(qts);
}

/* Verifies an IPI to another CPU: pending, reported, masked, acknowledged. */
static void test_ipi_other(void)
{
    QTestState *qts = start();

    qtest_writel(qts, IPI_SEND, BIT(2));
    g_assert_false(cpu_irq(qts, 2));
    qtest_writel(qts, CPU_IPI_MCLR(2), OTHER);
    g_assert_true(cpu_irq(qts, 2));
    g_assert_false(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, CPU_EVENT(2)), ==, IPI_EVENT_OTHER);
    g_assert_false(cpu_irq(qts, 2));
    g_assert_cmphex(qtest_readl(qts, CPU_EVENT(2)), ==, 0);

    /* Unmasked without having been acknowledged: still pending */
    qtest_writel(qts, CPU_IPI_MCLR(2), OTHER);
    g_assert_true(cpu_irq(qts, 2));
    qtest_writel(qts, CPU_IPI_CLR(2), OTHER);
    g_assert_false(cpu_irq(qts, 2));
    g_assert_cmphex(qtest_readl(qts, CPU_IPI_SET(2)), ==, 0);
    qtest_quit(qts);
}

/* Verifies an IPI of a CPU to itself, and that the two kinds are apart. */
static void test_ipi_self(void)
{
    QTestState *qts = start();

    qtest_writel(qts, IPI_MASK_CLR, SELF);
    qtest_writel(qts, IPI_SEND, BIT(0));
    g_assert_false(cpu_irq(qts, 0));
    qtest_writel(qts, IPI_SEND, SELF);
    g_assert_true(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, IPI_EVENT_SELF);
    qtest_writel(qts, IPI_ACK, SELF);
    g_assert_cmphex(qtest_readl(qts, IPI_ACK), ==, OTHER);
    qtest_writel(qts, IPI_MASK_CLR, OTHER);
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, IPI_EVENT_OTHER);
    qtest_writel(qts, IPI_ACK, OTHER);
    g_assert_cmphex(qtest_readl(qts, IPI_ACK), ==, 0);
    qtest_writel(qts, IPI_MASK_SET, OTHER);
    g_assert_cmphex(qtest_readl(qts, IPI_MASK_CLR), ==, SELF | OTHER);
    qtest_quit(qts);
}

/* Verifies that there is nothing behind the last interrupt and CPU. */
static void test_out_of_range(void)
{
    QTestState *qts = start();

    qtest_writel(qts, TARGET(NUM_IRQS), 0xff);
    g_assert_cmphex(qtest_readl(qts, TARGET(NUM_IRQS)), ==, 0);
    qtest_writel(qts, TARGET(0x3ff), 0xff);
    qtest_writel(qts, MASK_CLR(NUM_IRQS), 0xffffffff);
    qtest_writel(qts, SW_SET(NUM_IRQS), 0xffffffff);
    qtest_writel(qts, SW_SET(0x3e0), 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, SW_SET(NUM_IRQS)), ==, 0);
    qtest_writel(qts, CPU_IPI_SET(8), OTHER | SELF);
    g_assert_cmphex(qtest_readl(qts, CPU_IPI_SET(8)), ==, 0);
    g_assert_cmphex(qtest_readl(qts, CPU_EVENT(8)), ==, 0);
    qtest_writel(qts, AIC + 0x7ffc, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, AIC + 0x7ffc), ==, 0);
    for (int i = 0; i < 8; i++) {
        g_assert_false(cpu_irq(qts, i));
    }
    qtest_quit(qts);
}

/* Verifies that read-only registers stay and HW_STATE follows lines only. */
static void test_read_only(void)
{
    QTestState *qts = start();

    qtest_writel(qts, INFO, 0);
    g_assert_cmphex(qtest_readl(qts, INFO), ==, 7 << 16 | NUM_IRQS);
    qtest_writel(qts, WHOAMI, 5);
    g_assert_cmphex(qtest_readl(qts, WHOAMI), ==, 0);
    qtest_writel(qts, HW_STATE(LINE_A), 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, HW_STATE(LINE_A)), ==, 0);
    qtest_writel(qts, EVENT, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, EVENT), ==, 0);
    qtest_quit(qts);
}

/* Verifies that accesses of 8 and 16 bits do nothing. */
static void test_sizes(void)
{
    QTestState *qts = start();

    qtest_writeb(qts, MASK_CLR(LINE_A), 0xff);
    qtest_writew(qts, MASK_CLR(LINE_A), 0xffff);
    g_assert_cmphex(qtest_readl(qts, MASK_SET(LINE_A)), ==, 0xffffffff);
    qtest_writeb(qts, TARGET(LINE_A), 0xff);
    g_assert_cmphex(qtest_readl(qts, TARGET(LINE_A)), ==, 0);
    qtest_quit(qts);
}

/* Verifies that a machine reset masks everything but keeps the line levels. */
static void test_machine_reset(void)
{
    QTestState *qts = start();

    enable(qts, LINE_A, 1);
    set_line(qts, LINE_A, 1);
    qtest_writel(qts, SW_SET(LINE_B), BITOF(LINE_B));
    qtest_system_reset(qts);
    g_assert_false(cpu_irq(qts, 0));
    g_assert_cmphex(qtest_readl(qts, TARGET(LINE_A)), ==, 0);
    g_assert_cmphex(qtest_readl(qts, MASK_SET(LINE_A)), ==, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, SW_SET(LINE_B)), ==, 0);
    g_assert_cmphex(qtest_readl(qts, HW_STATE(LINE_A)) & BITOF(LINE_A), !=, 0);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-aic/reset", test_reset);
    qtest_add_func("/apple-aic/one-cpu", test_one_cpu);
    qtest_add_func("/apple-aic/level", test_level);
    qtest_add_func("/apple-aic/line-falls", test_line_falls);
    qtest_add_func("/apple-aic/masked", test_masked);
    qtest_add_func("/apple-aic/order", test_order);
    qtest_add_func("/apple-aic/software", test_software);
    qtest_add_func("/apple-aic/targets", test_targets);
    qtest_add_func("/apple-aic/ipi-other", test_ipi_other);
    qtest_add_func("/apple-aic/ipi-self", test_ipi_self);
    qtest_add_func("/apple-aic/out-of-range", test_out_of_range);
    qtest_add_func("/apple-aic/read-only", test_read_only);
    qtest_add_func("/apple-aic/sizes", test_sizes);
    qtest_add_func("/apple-aic/machine-reset", test_machine_reset);

    return g_test_run();
}
