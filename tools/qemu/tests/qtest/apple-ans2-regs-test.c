/*
 * QTest testcase for the Apple ANS2: registers, enable, shutdown, reset
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "apple-ans2.h"

#define MBOX_SEND0      0x277408800ULL
#define MBOX_SEND1      0x277408808ULL
#define AP_QUIESCED     0x00b0000000000010ULL
#define IOP_SLEEP       0x0060000000000001ULL
#define IOP_WAKE        0x0060000000000220ULL

#define PS_ON           0x0000000f
#define PS_RESET        0x80000000
#define PS_DEV_DISABLE  0x00000400

#define FUZZ_ROUNDS     20000

/* Verifies the reset values, and what CAP must allow for Linux and U-Boot. */
static void test_reset(void)
{
    Ans2 a;
    uint64_t cap;

    ans2_boot(&a, "2026", "");
    cap = qtest_readq(a.qts, CAP);
    g_assert_cmpuint(cap & 0xffff, >=, 63);         /* MQES */
    g_assert_cmpuint(cap >> 24 & 0xff, >=, 10);     /* TO */
    g_assert_cmphex(cap >> 32 & 0xf, ==, 0);        /* DSTRD */
    g_assert_cmphex(cap >> 37 & 0xff, ==, 1);       /* CSS: NVM only */
    g_assert_cmphex(cap >> 48 & 0xf, ==, 0);        /* MPSMIN */
    g_assert_cmphex(cap >> 59 & 3, ==, 0);          /* CRMS */
    g_assert_cmphex(qtest_readl(a.qts, VS), ==, 0x10100);
    g_assert_cmphex(qtest_readl(a.qts, CC), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, AQA), ==, 0);
    g_assert_cmphex(qtest_readq(a.qts, ASQ), ==, 0);
    g_assert_cmphex(qtest_readq(a.qts, ACQ), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0xde71ce55);
    g_assert_cmphex(qtest_readl(a.qts, TCB_STAT), ==, 0);
    g_assert_false(ans2_irq(&a));
    ans2_quit(&a);
}

/* Verifies that 64-bit registers take one access or two halves. */
static void test_halves(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    qtest_writel(a.qts, ASQ, 0x55667000);
    qtest_writel(a.qts, ASQ + 4, 0x8);
    g_assert_cmphex(qtest_readq(a.qts, ASQ), ==, 0x855667000);
    qtest_writeq(a.qts, ACQ, 0x812345000);
    g_assert_cmphex(qtest_readl(a.qts, ACQ), ==, 0x12345000);
    g_assert_cmphex(qtest_readl(a.qts, ACQ + 4), ==, 0x8);
    g_assert_cmphex(qtest_readl(a.qts, CAP) |
                    (uint64_t)qtest_readl(a.qts, CAP + 4) << 32, ==,
                    qtest_readq(a.qts, CAP));
    ans2_quit(&a);
}

/* Verifies that other sizes and alignments are violations without effect. */
static void test_sizes(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    qtest_writeb(a.qts, AQA, 1);
    qtest_writew(a.qts, AQA, 1);
    qtest_writeq(a.qts, LINEAR_CTRL, 1);
    qtest_writel(a.qts, ASQ + 2, ~0);
    qtest_readb(a.qts, CSTS);
    qtest_readq(a.qts, CSTS - 4 + 4);
    judge_expect(a.qts, "reg-size", 6);
    g_assert_cmphex(qtest_readl(a.qts, AQA), ==, 0);
    g_assert_cmphex(qtest_readq(a.qts, ASQ), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, LINEAR_CTRL), ==, 0);
    ans2_quit(&a);
}

/* Verifies that read-only and write-only registers are just that. */
static void test_access(void)
{
    static const uint64_t ro[] = { CAP, VS, CSTS, BOOT_STATUS, TCB_STAT };
    static const uint64_t wo[] = {
        SQ_TAIL(ADMIN), CQ_HEAD(ADMIN), SQ_TAIL(IO), CQ_HEAD(IO), MODESEL,
        LINEAR_DB(ADMIN), LINEAR_DB(IO), NUM_TCBS, TCB_BASE(ADMIN),
        TCB_BASE(IO), TCB_INVAL,
    };
    Ans2 a;

    ans2_boot(&a, "2026", "");
    for (size_t i = 0; i < ARRAY_SIZE(ro); i++) {
        qtest_writel(a.qts, ro[i], 1);
    }
    judge_expect(a.qts, "reg-access", ARRAY_SIZE(ro));
    for (size_t i = 0; i < ARRAY_SIZE(wo); i++) {
        g_assert_cmphex(qtest_readl(a.qts, wo[i]), ==, 0);
    }
    judge_expect(a.qts, "reg-access", ARRAY_SIZE(wo));
    ans2_quit(&a);
}

/* Verifies which offsets are unknown, and which read zero all the same. */
static void test_unknown(void)
{
    static const uint32_t unknown[] = {
        0x1010, 0x1200, 0x1208, 0x2000, 0x7ffc, 0xc000, 0x24000, 0x28124,
        0x2bffc,
        /* pages that do not answer */
        0x8000, 0x10000, 0x23ffc, 0x2c000, 0x3fffc,
    };
    Ans2 a;

    ans2_boot(&a, "2026", "");
    for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
        qtest_readl(a.qts, ANS2 + unknown[i]);
        qtest_writel(a.qts, ANS2 + unknown[i], 1);
    }
    judge_expect(a.qts, "reg-unknown", 2 * ARRAY_SIZE(unknown));
    /* m1n1's place of TCB_STAT; CMBLOC and CMBSZ, which nvme-pci reads */
    g_assert_cmphex(qtest_readl(a.qts, ANS2 + 0x29120), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, ANS2 + 0x38), ==, 0);
    /* the last of what "nvme show-regs" reads */
    g_assert_cmphex(qtest_readl(a.qts, ANS2 + 0x68), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, ANS2 + 0xe18), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, ANS2 + 0x3c), ==, 0);
    ans2_quit(&a);
}

/* Verifies that the PRP check register is storage on old firmware only. */
static void test_prp_ctrl(void)
{
    Ans2 a;

    ans2_boot(&a, "old", "");
    g_assert_cmphex(qtest_readl(a.qts, PRP_CTRL) & 0x800, ==, 0x800);
    qtest_writel(a.qts, PRP_CTRL, 0);
    g_assert_cmphex(qtest_readl(a.qts, PRP_CTRL), ==, 0);
    ans2_quit(&a);

    ans2_boot(&a, "2026", "");
    qtest_readl(a.qts, PRP_CTRL);
    qtest_writel(a.qts, PRP_CTRL, 0);
    judge_expect(a.qts, "reg-forbidden", 2);
    ans2_quit(&a);
}

/* Verifies that nothing answers while the power domain is off. */
static void test_power(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    qtest_writel(a.qts, AQA, 0x10001);
    qtest_writel(a.qts, PMGR_ANS2, 0);
    judge_clear(a.qts);     /* the firmware ran */
    qtest_readl(a.qts, CSTS);
    qtest_writel(a.qts, CC, CC_ON);
    judge_expect(a.qts, "reg-powered-off", 2);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON);
    g_assert_cmphex(qtest_readl(a.qts, AQA), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    ans2_quit(&a);
}

/* Verifies that without firmware registers can be read, but nothing starts. */
static void test_not_booted(void)
{
    Ans2 a = { .qts = qtest_init("-M apple-j274") };

    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0);
    judge_expect_none(a.qts);
    qtest_writel(a.qts, AQA, 0x10001);
    qtest_writel(a.qts, CC, CC_ON);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0);
    judge_expect(a.qts, "reg-order", 2);
    qtest_writel(a.qts, LINEAR_DB(ADMIN), 0);
    judge_expect(a.qts, "reg-order", 2);    /* as a write, and as a doorbell */
    ans2_quit(&a);
}

/* Verifies CSTS.RDY, and that set-up registers are fixed while CC.EN is set. */
static void test_enable(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(qtest_readl(a.qts, CC), ==, CC_ON);
    qtest_writel(a.qts, AQA, 0x20002);
    qtest_writel(a.qts, NUM_TCBS, 31);
    qtest_writeq(a.qts, TCB_BASE(ADMIN), 0);
    qtest_writel(a.qts, LINEAR_CTRL, 0);
    judge_expect(a.qts, "reg-order", 4);
    qtest_writel(a.qts, CC, CC_OFF);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0);
    ans2_quit(&a);
}

/* Verifies U-Boot's way: the I/O TCB base comes with the I/O queues. */
static void test_late_tcb_base(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    qtest_writeq(a.qts, TCB_BASE(IO), 0);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 2);
    judge_expect(a.qts, "tcb-setup", 1);
    qtest_writeq(a.qts, TCB_BASE(IO), TCB_MEM(IO));
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    qtest_writeq(a.qts, TCB_BASE(IO), TCB_MEM(IO));
    judge_expect(a.qts, "reg-order", 1);
    ans2_quit(&a);
}

/* Verifies that each bad set-up is refused with CSTS.CFS. */
static void test_bad_setup(void)
{
    static const struct {
        uint64_t reg;
        uint64_t value;
        const char *rule;
    } bad[] = {
        { AQA, 0x00010000, "queue-setup" },
        { AQA, 0x00000001, "queue-setup" },
        { ASQ, 0, "queue-setup" },
        { ASQ, MEM + 0x800, "queue-setup" },
        { ACQ, 0, "queue-setup" },
        { TCB_BASE(ADMIN), 0, "tcb-setup" },
        { TCB_BASE(IO), MEM + 0x80, "tcb-setup" },
    };
    Ans2 a;

    ans2_boot(&a, "2026", "");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ans2_setup(&a, true, 2);
        qtest_writel(a.qts, bad[i].reg, bad[i].value);
        if (bad[i].reg != AQA) {
            qtest_writel(a.qts, bad[i].reg + 4, bad[i].value >> 32);
        }
        qtest_writel(a.qts, CC, CC_ON);
        g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 2);
        judge_expect(a.qts, bad[i].rule, 1);
        qtest_writel(a.qts, CC, CC_OFF);
    }
    ans2_setup(&a, true, 2);
    qtest_writel(a.qts, CC, CC_ON | 1 << 7);    /* 8 KiB pages */
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 2);
    judge_expect(a.qts, "reg-value", 1);
    ans2_quit(&a);
}

/* Verifies values that are reported wherever they are written. */
static void test_values(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    qtest_writel(a.qts, MODESEL, 0);
    qtest_writel(a.qts, MAX_PEND, 0x003f003f);
    qtest_writel(a.qts, NUM_TCBS, 127);
    judge_expect_none(a.qts);
    qtest_writel(a.qts, MODESEL, 1);
    qtest_writel(a.qts, MAX_PEND, 0x00000040);
    qtest_writel(a.qts, NUM_TCBS, 128);
    qtest_writel(a.qts, LINEAR_CTRL, 2);
    judge_expect(a.qts, "reg-value", 4);
    ans2_quit(&a);
}

/* Verifies CSTS.SHST through a shutdown, and that CC.EN 0 to 1 clears it. */
static void test_shutdown(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    qtest_writel(a.qts, CC, CC_SHUTDOWN);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0x9);
    qtest_writel(a.qts, CC, CC_OFF);
    qtest_writel(a.qts, CC, CC_ON);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0x1);
    ans2_quit(&a);
}

/* Verifies a shutdown that takes 6 s, and one that never ends. */
static void test_slow_shutdown(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_knob(&a, "shutdown-ns", 6000 * MS);
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    qtest_writel(a.qts, CC, CC_SHUTDOWN);
    qtest_clock_step(a.qts, 5999 * MS);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0x5);
    qtest_clock_step(a.qts, 1 * MS);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0x9);

    ans2_knob(&a, "shutdown-ns", UINT64_MAX);
    qtest_writel(a.qts, CC, CC_OFF);
    ans2_enable(&a);
    qtest_writel(a.qts, CC, CC_SHUTDOWN);
    qtest_clock_step(a.qts, 3600 * 1000 * MS);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0x5);
    ans2_quit(&a);
}

/* Verifies a controller that takes 5 s to get ready. */
static void test_slow_ready(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_knob(&a, "ready-ns", 5000 * MS);
    ans2_setup(&a, true, 2);
    qtest_writel(a.qts, CC, CC_ON);
    qtest_clock_step(a.qts, 4999 * MS);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0);
    qtest_writel(a.qts, LINEAR_DB(ADMIN), 0);
    judge_expect(a.qts, "reg-order", 1);
    qtest_clock_step(a.qts, 1 * MS);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 1);
    ans2_quit(&a);
}

/* Verifies that a reset of the power domain clears the registers. */
static void test_pmgr_reset(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE | PS_RESET);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON);
    judge_expect(a.qts, "pmgr-reset", 1);   /* the firmware ran */
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, CC), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, AQA), ==, 0);
    g_assert_cmphex(qtest_readq(a.qts, ASQ), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, LINEAR_CTRL), ==, 0);
    ans2_quit(&a);
}

/* Verifies that a machine reset keeps counts of violations. */
static void test_machine_reset(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    qtest_writel(a.qts, VS, 0);
    qtest_system_reset(a.qts);
    judge_expect(a.qts, "reg-access", 1);
    ans2_quit(&a);
}

/* Verifies what a boot loader that left the controller on hands over. */
static void test_handover(void)
{
    Ans2 a = { .qts = qtest_init("-M apple-j274,handover=enabled") };

    g_assert_cmphex(qtest_readl(a.qts, CC), ==, CC_ON);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 1);
    /* the driver may write its set-up before it clears CC.EN */
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    ans2_quit(&a);
}

static void send_message(Ans2 *a, uint64_t msg0)
{
    qtest_writeq(a->qts, MBOX_SEND0, msg0);
    qtest_writeq(a->qts, MBOX_SEND1, 0);
    qtest_clock_step(a->qts, 100 * MS);
    g_usleep(10000);
}

/* Verifies that CC.EN must be clear when the firmware is put to sleep. */
static void test_sleep(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    send_message(&a, AP_QUIESCED);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0xde71ce55);
    send_message(&a, IOP_SLEEP);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 1);
    judge_expect(a.qts, "queue-order", 1);
    ans2_quit(&a);

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    qtest_writel(a.qts, CC, CC_OFF);
    send_message(&a, AP_QUIESCED);
    send_message(&a, IOP_SLEEP);
    ans2_quit(&a);
}

/* Verifies that a wake of running firmware is not taken for sleep. */
static void test_wake_running(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    send_message(&a, IOP_WAKE);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 1);
    ans2_quit(&a);
}

/* Verifies that a fatal status stops everything until the next enable. */
static void test_cfs(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    qtest_qom_set_bool(a.qts, ANS2_PATH, "cfs", true);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 3);
    ans2_fill(&a, ADMIN, 0, &(Sqe) { .opcode = OP_GET_FEATURES, .cdw10 = 7 });
    ans2_ring(&a, ADMIN, 0);
    g_assert_false(ans2_settle(&a, ADMIN));
    /* a driver may not have seen it yet */
    judge_expect_none(a.qts);
    qtest_writel(a.qts, CC, CC_OFF);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    ans2_quit(&a);
}

/* Verifies that each access is counted in its group, and that clear works. */
static void test_counters(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    qtest_qom_set_bool(a.qts, ANS2_PATH, "clear-counters", true);
    ans2_setup(&a, true, 2);    /* AQA, ASQ, ACQ, MAX_PEND, LINEAR_CTRL */
    ans2_enable(&a);            /* CC twice, CSTS */
    g_assert_cmpuint(ans2_counter(&a, "mmio-write-controller"), ==, 7);
    g_assert_cmpuint(ans2_counter(&a, "mmio-read-controller"), ==, 1);
    g_assert_cmpuint(ans2_counter(&a, "mmio-write-nvmmu"), ==, 3);
    ans2_admin(&a, (Sqe) { .opcode = OP_GET_FEATURES, .cdw10 = 7 });
    g_assert_cmpuint(ans2_counter(&a, "mmio-write-linear"), ==, 1);
    g_assert_cmpuint(ans2_counter(&a, "mmio-write-doorbell"), ==, 1);
    g_assert_cmpuint(ans2_counter(&a, "mmio-write-nvmmu"), ==, 4);
    g_assert_cmpuint(ans2_counter(&a, "mmio-read-nvmmu"), ==, 1);
    g_assert_cmpuint(ans2_counter(&a, "count-admin-feature"), ==, 1);
    g_assert_cmpuint(ans2_counter(&a, "count-cqe"), ==, 1);
    g_assert_cmpuint(ans2_counter(&a, "count-irq"), ==, 1);
    qtest_qom_set_bool(a.qts, ANS2_PATH, "clear-counters", true);
    g_assert_cmpuint(ans2_counter(&a, "count-cqe"), ==, 0);
    g_assert_cmpuint(ans2_counter(&a, "mmio-write-controller"), ==, 0);
    ans2_quit(&a);
}

/* One access of any kind, mostly to registers that exist */
static void fuzz_once(Ans2 *a, GRand *rand)
{
    static const uint64_t known[] = {
        INTMS, INTMC, CC, CC, AQA, ASQ, ACQ, SQ_TAIL(ADMIN), CQ_HEAD(ADMIN),
        SQ_TAIL(IO), CQ_HEAD(IO), MAX_PEND, MODESEL, PRP_CTRL, LINEAR_CTRL,
        LINEAR_DB(ADMIN), LINEAR_DB(IO), NUM_TCBS, TCB_BASE(ADMIN),
        TCB_BASE(IO), TCB_INVAL, LINEAR_DB(ADMIN), LINEAR_DB(IO),
    };
    static const uint64_t values[] = {
        0, 1, 2, 63, 64, 127, 0x10001, CC_ON, CC_OFF, CC_SHUTDOWN, MEM,
        SQ_MEM(IO), CQ_MEM(IO), TCB_MEM(IO), 0x3ff003ff, ~0ull, ANS2,
        0x00400040,
    };
    uint64_t addr = known[g_rand_int_range(rand, 0, ARRAY_SIZE(known))];
    uint64_t value = values[g_rand_int_range(rand, 0, ARRAY_SIZE(values))];

    switch (g_rand_int_range(rand, 0, 16)) {
    case 0:
        addr = ANS2 + g_rand_int_range(rand, 0, 0x40000);
        break;
    case 1:
        value = ((uint64_t)g_rand_int(rand) << 32) | g_rand_int(rand);
        break;
    }
    switch (g_rand_int_range(rand, 0, 8)) {
    case 0:
        qtest_writeq(a->qts, addr, value);
        break;
    case 1:
        qtest_readl(a->qts, addr);
        break;
    case 2:
        /* a queue entry or a TCB of noise, or a list */
        value = g_rand_int(rand);
        qtest_memwrite(a->qts, MEM + g_rand_int_range(rand, 0, 0x11000),
                       &value, 4);
        break;
    default:
        qtest_writel(a->qts, addr, value);
    }
}

/* Verifies that QEMU survives random accesses, and works afterwards. */
static void test_fuzz(void)
{
    uint32_t seed = g_test_rand_int();
    GRand *rand = g_rand_new_with_seed(seed);
    Ans2 a;

    g_test_message("seed %u", seed);
    ans2_start(&a, g_rand_boolean(rand) ? "old" : "2026", "");
    for (int i = 0; i < FUZZ_ROUNDS; i++) {
        fuzz_once(&a, rand);
    }
    qtest_clock_step(a.qts, 100 * MS);
    qtest_writel(a.qts, CC, CC_OFF);
    ans2_setup(&a, true, 2);
    qtest_writel(a.qts, INTMC, ~0);
    ans2_enable(&a);
    judge_clear(a.qts);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    g_rand_free(rand);
    ans2_quit(&a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/apple-ans2/regs/reset", test_reset);
    qtest_add_func("/apple-ans2/regs/halves", test_halves);
    qtest_add_func("/apple-ans2/regs/sizes", test_sizes);
    qtest_add_func("/apple-ans2/regs/access", test_access);
    qtest_add_func("/apple-ans2/regs/unknown", test_unknown);
    qtest_add_func("/apple-ans2/regs/prp-ctrl", test_prp_ctrl);
    qtest_add_func("/apple-ans2/regs/power", test_power);
    qtest_add_func("/apple-ans2/regs/not-booted", test_not_booted);
    qtest_add_func("/apple-ans2/regs/enable", test_enable);
    qtest_add_func("/apple-ans2/regs/late-tcb-base", test_late_tcb_base);
    qtest_add_func("/apple-ans2/regs/bad-setup", test_bad_setup);
    qtest_add_func("/apple-ans2/regs/values", test_values);
    qtest_add_func("/apple-ans2/regs/shutdown", test_shutdown);
    qtest_add_func("/apple-ans2/regs/slow-shutdown", test_slow_shutdown);
    qtest_add_func("/apple-ans2/regs/slow-ready", test_slow_ready);
    qtest_add_func("/apple-ans2/regs/pmgr-reset", test_pmgr_reset);
    qtest_add_func("/apple-ans2/regs/machine-reset", test_machine_reset);
    qtest_add_func("/apple-ans2/regs/handover", test_handover);
    qtest_add_func("/apple-ans2/regs/sleep", test_sleep);
    qtest_add_func("/apple-ans2/regs/wake-running", test_wake_running);
    qtest_add_func("/apple-ans2/regs/cfs", test_cfs);
    qtest_add_func("/apple-ans2/regs/counters", test_counters);
    qtest_add_func("/apple-ans2/regs/fuzz", test_fuzz);
    return g_test_run();
}
