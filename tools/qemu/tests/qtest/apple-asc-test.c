/*
 * QTest testcase for the Apple ASC wrapper and its mailbox
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "apple-judge.h"

#define ASC             0x277400000ULL
#define CPU_CONTROL     (ASC + 0x44)
#define CPU_STATUS      (ASC + 0x48)
#define RUN             0x10

#define MBOX            0x277408000ULL
#define A2I_CONTROL     (MBOX + 0x110)
#define I2A_CONTROL     (MBOX + 0x114)
#define A2I_SEND0       (MBOX + 0x800)
#define A2I_SEND1       (MBOX + 0x808)
#define A2I_RECV0       (MBOX + 0x810)
#define I2A_SEND1       (MBOX + 0x828)
#define I2A_RECV0       (MBOX + 0x830)
#define I2A_RECV1       (MBOX + 0x838)

#define ENABLE          0x00001
#define FULL            0x10000
#define EMPTY           0x20000
#define OVERFLOW        0x40000
#define UNDERFLOW       0x80000
#define WPTR(v)         extract32(v, 8, 4)
#define RPTR(v)         extract32(v, 12, 4)
#define COUNT(v)        extract32(v, 20, 4)

#define DEPTH           15

#define SEND_EMPTY      0
#define SEND_NOT_EMPTY  1
#define RECV_EMPTY      2
#define RECV_NOT_EMPTY  3

#define PMGR_ANS2       0x23b7003f0ULL
#define PS_ON           0xf
#define PS_DEV_DISABLE  BIT(10)
#define PS_RESET        BIT(31)

#define ASC_PATH        "/machine/soc/asc"
#define HELLO           0x00100000000c000bULL

static QTestState *start(void)
{
    QTestState *qts = qtest_init("-M apple-j274");

    judge_expect_none(qts);
    return qts;
}

static void stop(QTestState *qts)
{
    judge_expect_none(qts);
    qtest_quit(qts);
}

static void ap_send(QTestState *qts, uint8_t endpoint, uint64_t msg0)
{
    qtest_writeq(qts, A2I_SEND0, msg0);
    qtest_writeq(qts, A2I_SEND1, endpoint);
}

/* Starts the firmware and waits for its first message. */
static void boot_to_hello(QTestState *qts)
{
    qtest_writel(qts, CPU_CONTROL, RUN);
    qtest_clock_step(qts, 5 * 1000 * 1000);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, 0);
}

/* Verifies that the registers read their reset values. */
static void test_reset(void)
{
    QTestState *qts = start();

    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, 0);
    g_assert_cmphex(qtest_readl(qts, CPU_STATUS), ==, 2);
    g_assert_cmphex(qtest_readl(qts, A2I_CONTROL), ==, EMPTY | ENABLE);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL), ==, EMPTY | ENABLE);
    stop(qts);
}

/* Verifies that RUN reads back, and that CPU_STATUS follows it. */
static void test_run(void)
{
    QTestState *qts = start();

    qtest_writel(qts, CPU_CONTROL, RUN);
    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, RUN);
    g_assert_cmphex(qtest_readl(qts, CPU_STATUS), ==, 1);
    stop(qts);
}

/* Verifies that unknown bits of CPU_CONTROL are reported and not kept. */
static void test_run_unknown_bits(void)
{
    QTestState *qts = start();

    qtest_writel(qts, CPU_CONTROL, 0xffffffef);
    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, 0);
    judge_expect(qts, "reg-value", 1);
    stop(qts);
}

/* Verifies that the wrapper takes aligned 32-bit accesses only. */
static void test_wrapper_sizes(void)
{
    QTestState *qts = start();

    qtest_writeb(qts, CPU_CONTROL, RUN);
    qtest_writew(qts, CPU_CONTROL, RUN);
    qtest_writeq(qts, ASC + 0x40, (uint64_t)RUN << 32);
    qtest_writel(qts, CPU_CONTROL - 2, RUN << 16);
    g_assert_cmphex(qtest_readb(qts, CPU_CONTROL), ==, 0);
    judge_expect(qts, "reg-size", 5);
    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, 0);
    stop(qts);
}

/* Verifies that known wrapper registers keep a value until reset. */
static void test_wrapper_storage(void)
{
    static const uint32_t offset[] = {
        0x08, 0x38, 0x40, 0x400, 0x80c, 0x818, 0x820, 0xa00, 0xa80, 0xb00,
        0xb80,
    };
    QTestState *qts = start();

    for (int i = 0; i < ARRAY_SIZE(offset); i++) {
        qtest_writel(qts, ASC + offset[i], 0xa5000000 + offset[i]);
    }
    for (int i = 0; i < ARRAY_SIZE(offset); i++) {
        g_assert_cmphex(qtest_readl(qts, ASC + offset[i]), ==,
                        0xa5000000 + offset[i]);
    }
    qtest_system_reset(qts);
    for (int i = 0; i < ARRAY_SIZE(offset); i++) {
        g_assert_cmphex(qtest_readl(qts, ASC + offset[i]), ==, 0);
    }
    stop(qts);
}

/* Verifies that accesses that mean nothing are reported and change nothing. */
static void test_unknown(void)
{
    QTestState *qts = start();

    g_assert_cmphex(qtest_readl(qts, ASC + 0x4), ==, 0);
    qtest_writel(qts, ASC + 0x7ffc, ~0);
    g_assert_cmphex(qtest_readl(qts, MBOX + 0x108), ==, 0);
    qtest_writel(qts, MBOX + 0x104, ~0);
    qtest_writeq(qts, MBOX + 0x3ff8, ~0ULL);
    judge_expect(qts, "reg-unknown", 5);

    qtest_writel(qts, CPU_STATUS, 0);
    qtest_writel(qts, A2I_CONTROL, 0);
    qtest_writeq(qts, I2A_RECV0, 0);
    g_assert_cmphex(qtest_readq(qts, A2I_SEND0), ==, 0);
    g_assert_cmphex(qtest_readq(qts, A2I_RECV0), ==, 0);
    qtest_writeq(qts, I2A_SEND1, 1);
    judge_expect(qts, "reg-access", 6);

    g_assert_cmphex(qtest_readq(qts, A2I_CONTROL), ==, 0);
    qtest_writew(qts, A2I_SEND0, 1);
    g_assert_cmphex(qtest_readb(qts, I2A_RECV0), ==, 0);
    judge_expect(qts, "reg-size", 3);
    g_assert_cmphex(qtest_readl(qts, A2I_CONTROL), ==, EMPTY | ENABLE);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL), ==, EMPTY | ENABLE);
    stop(qts);
}

/* Verifies count, pointers, FULL and OVERFLOW while the A2I FIFO fills. */
static void test_send_until_full(void)
{
    QTestState *qts = start();
    uint32_t v;

    for (int i = 0; i < DEPTH; i++) {
        v = qtest_readl(qts, A2I_CONTROL);
        g_assert_cmpuint(COUNT(v), ==, i);
        g_assert_cmpuint(WPTR(v), ==, i);
        g_assert_cmpuint(RPTR(v), ==, 0);
        g_assert_cmphex(v & FULL, ==, 0);
        g_assert_cmpint(!!(v & EMPTY), ==, i == 0);
        ap_send(qts, 0, i);
    }
    v = qtest_readl(qts, A2I_CONTROL);
    g_assert_cmpuint(COUNT(v), ==, DEPTH);
    g_assert_cmphex(v & (FULL | EMPTY | OVERFLOW), ==, FULL);
    judge_expect_none(qts);

    ap_send(qts, 0, 0xdead);
    judge_expect(qts, "mbox-full", 1);
    v = qtest_readl(qts, A2I_CONTROL);
    g_assert_cmpuint(COUNT(v), ==, DEPTH);
    g_assert_cmphex(v & OVERFLOW, ==, OVERFLOW);
    stop(qts);
}

/* Verifies that SEND1 commits, with 32-bit writes its upper half. */
static void test_commit(void)
{
    QTestState *qts = start();

    qtest_writeq(qts, A2I_SEND0, 1);
    g_assert_cmpuint(COUNT(qtest_readl(qts, A2I_CONTROL)), ==, 0);
    qtest_writeq(qts, A2I_SEND1, 0);
    g_assert_cmpuint(COUNT(qtest_readl(qts, A2I_CONTROL)), ==, 1);

    qtest_writel(qts, A2I_SEND0, 2);
    qtest_writel(qts, A2I_SEND0 + 4, 0);
    qtest_writel(qts, A2I_SEND1, 0);
    g_assert_cmpuint(COUNT(qtest_readl(qts, A2I_CONTROL)), ==, 1);
    qtest_writel(qts, A2I_SEND1 + 4, 0);
    g_assert_cmpuint(COUNT(qtest_readl(qts, A2I_CONTROL)), ==, 2);
    stop(qts);
}

/* Verifies that SEND1 alone, and SEND1 with more than an endpoint, is seen. */
static void test_send_order(void)
{
    QTestState *qts = start();

    ap_send(qts, 0, 1);
    qtest_writeq(qts, A2I_SEND1, 0);
    judge_expect(qts, "reg-order", 1);

    qtest_writeq(qts, A2I_SEND0, 1);
    qtest_writeq(qts, A2I_SEND1, 0x100);
    judge_expect(qts, "reg-value", 1);
    stop(qts);
}

/* Verifies that reading an empty FIFO is reported and sets UNDERFLOW. */
static void test_recv_empty(void)
{
    QTestState *qts = start();

    g_assert_cmphex(qtest_readq(qts, I2A_RECV0), ==, 0);
    judge_expect(qts, "mbox-empty", 1);
    g_assert_cmphex(qtest_readq(qts, I2A_RECV1), ==, 0);
    judge_expect(qts, "mbox-empty", 1);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL), ==,
                    UNDERFLOW | EMPTY | ENABLE);
    stop(qts);
}

/* Verifies that RECV0 takes the message and RECV1 names its endpoint. */
static void test_recv(void)
{
    QTestState *qts = start();
    uint32_t v;

    boot_to_hello(qts);
    v = qtest_readl(qts, I2A_CONTROL);
    g_assert_cmpuint(COUNT(v), ==, 1);
    g_assert_cmpuint(WPTR(v), ==, 1);
    g_assert_cmpuint(RPTR(v), ==, 0);

    g_assert_cmphex(qtest_readq(qts, I2A_RECV0), ==, HELLO);
    v = qtest_readl(qts, I2A_CONTROL);
    g_assert_cmphex(v & EMPTY, ==, EMPTY);
    g_assert_cmpuint(RPTR(v), ==, 1);
    g_assert_cmphex(qtest_readq(qts, I2A_RECV1) & UINT32_MAX, ==, 0);
    stop(qts);
}

/* Verifies that four 32-bit reads give the same message. */
static void test_recv_narrow(void)
{
    QTestState *qts = start();

    boot_to_hello(qts);
    g_assert_cmphex(qtest_readl(qts, I2A_RECV0), ==, (uint32_t)HELLO);
    g_assert_cmphex(qtest_readl(qts, I2A_RECV0 + 4), ==, HELLO >> 32);
    g_assert_cmphex(qtest_readl(qts, I2A_RECV1), ==, 0);
    /* pointers: in 1, out 1, nothing left */
    g_assert_cmphex(qtest_readl(qts, I2A_RECV1 + 4), ==, 0x1100);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, EMPTY);
    stop(qts);
}

/* Sends pings until the other FIFO holds as many answers as it can. */
static void fill_i2a(QTestState *qts, int messages)
{
    for (int i = 0; i < messages; i++) {
        ap_send(qts, 0, 0x0030000000000000ULL + i);
        qtest_clock_step(qts, 1000 * 1000);
    }
}

/* Verifies that the firmware waits while I2A is full, and loses nothing. */
static void test_i2a_full(void)
{
    QTestState *qts = start();

    boot_to_hello(qts);
    fill_i2a(qts, 20);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & (FULL | OVERFLOW), ==,
                    FULL);

    g_assert_cmphex(qtest_readq(qts, I2A_RECV0), ==, HELLO);
    qtest_readq(qts, I2A_RECV1);
    for (int i = 0; i < 20; i++) {
        qtest_clock_step(qts, 1000 * 1000);
        g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, 0);
        g_assert_cmphex(qtest_readq(qts, I2A_RECV0), ==,
                        0x0040000000000000ULL + i);
        qtest_readq(qts, I2A_RECV1);
    }
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, EMPTY);
    stop(qts);
}

/* Verifies that taking a message before the endpoint of the last is seen. */
static void test_recv_order(void)
{
    QTestState *qts = start();

    boot_to_hello(qts);
    fill_i2a(qts, 1);
    qtest_readq(qts, I2A_RECV0);
    qtest_readq(qts, I2A_RECV0);
    judge_expect(qts, "reg-order", 1);
    stop(qts);
}

static void expect_irqs(QTestState *qts, bool a2i_empty, bool i2a_empty)
{
    g_assert_cmpint(qtest_get_irq(qts, SEND_EMPTY), ==, a2i_empty);
    g_assert_cmpint(qtest_get_irq(qts, SEND_NOT_EMPTY), ==, !a2i_empty);
    g_assert_cmpint(qtest_get_irq(qts, RECV_EMPTY), ==, i2a_empty);
    g_assert_cmpint(qtest_get_irq(qts, RECV_NOT_EMPTY), ==, !i2a_empty);
}

/* Verifies the four interrupt levels in reset and at each edge. */
static void test_irq(void)
{
    QTestState *qts = start();

    qtest_irq_intercept_out_named(qts, ASC_PATH, "sysbus-irq");
    qtest_system_reset(qts);
    expect_irqs(qts, true, true);

    ap_send(qts, 0, 0x0030000000000000ULL);
    expect_irqs(qts, false, true);

    /* the firmware takes the message and sends HELLO and the answer */
    qtest_writel(qts, CPU_CONTROL, RUN);
    qtest_clock_step(qts, 5 * 1000 * 1000);
    expect_irqs(qts, true, false);

    qtest_readq(qts, I2A_RECV0);
    qtest_readq(qts, I2A_RECV1);
    expect_irqs(qts, true, false);
    qtest_readq(qts, I2A_RECV0);
    qtest_readq(qts, I2A_RECV1);
    expect_irqs(qts, true, true);
    stop(qts);
}

/* Verifies that messages sent while RUN is 0 wait and are then taken. */
static void test_stopped(void)
{
    QTestState *qts = start();

    ap_send(qts, 0, 0x0030000000000042ULL);
    qtest_clock_step(qts, 1000 * 1000 * 1000);
    g_assert_cmpuint(COUNT(qtest_readl(qts, A2I_CONTROL)), ==, 1);
    boot_to_hello(qts);
    g_assert_cmpuint(COUNT(qtest_readl(qts, A2I_CONTROL)), ==, 0);
    stop(qts);
}

/* Verifies that the PMGR reset empties the FIFOs and clears RUN. */
static void test_pmgr_reset(void)
{
    QTestState *qts = start();

    boot_to_hello(qts);
    qtest_writel(qts, ASC + 0x40, 0x1234);
    qtest_writel(qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE);
    qtest_writel(qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE | PS_RESET);
    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, 0);
    g_assert_cmphex(qtest_readl(qts, ASC + 0x40), ==, 0);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL), ==, EMPTY | ENABLE);
    qtest_writel(qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE);
    qtest_writel(qts, PMGR_ANS2, PS_ON);

    boot_to_hello(qts);
    g_assert_cmphex(qtest_readq(qts, I2A_RECV0), ==, HELLO);
    qtest_readq(qts, I2A_RECV1);
    stop(qts);
}

/* Verifies that accesses without power are reported and change nothing. */
static void test_power_off(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PMGR_ANS2, 0);
    qtest_readl(qts, CPU_CONTROL);
    qtest_writel(qts, CPU_CONTROL, RUN);
    qtest_readl(qts, A2I_CONTROL);
    qtest_writeq(qts, A2I_SEND0, 1);
    judge_expect(qts, "reg-powered-off", 4);
    qtest_writel(qts, PMGR_ANS2, PS_ON);
    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, 0);
    g_assert_cmphex(qtest_readl(qts, A2I_CONTROL), ==, EMPTY | ENABLE);
    stop(qts);
}

/* Verifies that random accesses of any size leave QEMU alive. */
static void test_random(void)
{
    static const uint16_t hot[] = {
        0x110, 0x114, 0x800, 0x804, 0x808, 0x80c, 0x830, 0x834, 0x838, 0x83c,
    };
    QTestState *qts = qtest_init("-M apple-j274");
    GRand *rand = g_rand_new_with_seed(0x8103);

    for (int i = 0; i < 20000; i++) {
        uint32_t r = g_rand_int(rand);
        uint64_t addr = r & 1 ? MBOX + hot[(r >> 8) % ARRAY_SIZE(hot)] :
                        ASC + (r >> 8) % 0xc000;
        uint64_t value = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);

        switch (r >> 1 & 7) {
        case 0:
            qtest_writeb(qts, addr, value);
            break;
        case 1:
            qtest_writew(qts, addr, value);
            break;
        case 2:
            qtest_writel(qts, addr, value);
            break;
        case 3:
            qtest_writel(qts, CPU_CONTROL, value & RUN);
            break;
        case 4:
            qtest_readl(qts, addr);
            break;
        case 5:
            qtest_readq(qts, addr);
            break;
        case 6:
            qtest_clock_step(qts, 100 * 1000);
            break;
        case 7:
            /* a message that looks like one */
            value = (value & 0x000f00ff00000fffULL) |
                    (uint64_t)(r >> 28) << 52;
            ap_send(qts, r >> 24 & 0xf, value);
            break;
        }
    }
    g_rand_free(rand);
    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL) & ~RUN, ==, 0);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-asc/reset", test_reset);
    qtest_add_func("/apple-asc/run", test_run);
    qtest_add_func("/apple-asc/run-unknown-bits", test_run_unknown_bits);
    qtest_add_func("/apple-asc/wrapper-sizes", test_wrapper_sizes);
    qtest_add_func("/apple-asc/wrapper-storage", test_wrapper_storage);
    qtest_add_func("/apple-asc/unknown", test_unknown);
    qtest_add_func("/apple-asc/send-until-full", test_send_until_full);
    qtest_add_func("/apple-asc/commit", test_commit);
    qtest_add_func("/apple-asc/send-order", test_send_order);
    qtest_add_func("/apple-asc/recv-empty", test_recv_empty);
    qtest_add_func("/apple-asc/recv", test_recv);
    qtest_add_func("/apple-asc/recv-narrow", test_recv_narrow);
    qtest_add_func("/apple-asc/i2a-full", test_i2a_full);
    qtest_add_func("/apple-asc/recv-order", test_recv_order);
    qtest_add_func("/apple-asc/irq", test_irq);
    qtest_add_func("/apple-asc/stopped", test_stopped);
    qtest_add_func("/apple-asc/pmgr-reset", test_pmgr_reset);
    qtest_add_func("/apple-asc/power-off", test_power_off);
    qtest_add_func("/apple-asc/random", test_random);

    return g_test_run();
}
