/*
 * QTest testcase for the Apple ANS2: queues, tags, completions, interrupt
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "apple-ans2.h"

/* Something that completes at once, and something that takes 17 ms */
static const Sqe quick = { .opcode = OP_READ, .nsid = 2, .prp1 = DATA };
static const Sqe slow = { .opcode = OP_FLUSH, .nsid = 2 };
static const Sqe feature = { .opcode = OP_GET_FEATURES, .cdw10 = 7 };

#define FLUSH_TIME  (17 * MS)

/* Verifies that both completion queues wrap with the right phase. */
static void test_wrap(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    for (int i = 0; i < 200; i++) {
        g_assert_cmphex(ans2_run(&a, IO, 2 + i % 61, &quick), ==, 0);
    }
    for (int i = 0; i < 7; i++) {
        g_assert_cmphex(ans2_admin(&a, feature), ==, 0);
    }
    ans2_stop(&a);
}

/* Verifies that 61 I/O commands and an admin command are in flight at once. */
static void test_depth(void)
{
    bool seen[64] = { };
    Ans2 a;

    ans2_start(&a, "2026", "");
    for (int tag = 62; tag >= 2; tag--) {
        ans2_submit(&a, IO, tag, &slow);
    }
    ans2_submit(&a, ADMIN, 0, &feature);
    g_assert_cmpuint(ans2_counter(&a, "max-in-flight"), ==, 62);
    g_assert_cmphex(ans2_reap(&a, ADMIN).status, ==, 0);
    g_assert_false(ans2_settle(&a, IO));
    qtest_clock_step(a.qts, FLUSH_TIME);
    for (int i = 0; i < 61; i++) {
        Cqe cqe = ans2_reap(&a, IO);

        g_assert_cmphex(cqe.status, ==, 0);
        g_assert_cmpuint(cqe.tag, <, 64);
        g_assert_false(seen[cqe.tag]);
        seen[cqe.tag] = true;
    }
    ans2_stop(&a);
}

/* Verifies that a completion overtakes one that was started before it. */
static void test_order(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 2, &slow);
    ans2_submit(&a, IO, 3, &quick);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 3);
    qtest_clock_step(a.qts, FLUSH_TIME);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    ans2_stop(&a);
}

/* Verifies that tags beyond the queue, the TCBs or 63 are ignored. */
static void test_tag_range(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_fill(&a, IO, 64, &quick);
    ans2_ring(&a, IO, 64);
    qtest_writel(a.qts, LINEAR_DB(IO), 0x100);
    ans2_fill(&a, ADMIN, 2, &feature);
    ans2_ring(&a, ADMIN, 2);
    judge_expect(a.qts, "tag-range", 3);
    g_assert_false(ans2_settle(&a, IO));
    g_assert_false(ans2_pending(&a, ADMIN));
    ans2_stop(&a);

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 64);
    qtest_writel(a.qts, NUM_TCBS, 7);
    ans2_enable(&a);
    g_assert_cmphex(ans2_run(&a, ADMIN, 7, &feature), ==, 0);
    ans2_fill(&a, ADMIN, 8, &feature);
    ans2_ring(&a, ADMIN, 8);
    judge_expect(a.qts, "tag-range", 1);
    ans2_quit(&a);
}

/* Verifies that MAX_PEND_CMDS_CTRL limits the commands in flight. */
static void test_max_pend(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    qtest_writel(a.qts, MAX_PEND, 0x00020002);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    ans2_submit(&a, IO, 2, &slow);
    ans2_submit(&a, IO, 3, &slow);
    judge_expect_none(a.qts);
    ans2_submit(&a, IO, 4, &slow);
    judge_expect(a.qts, "tag-range", 1);
    qtest_clock_step(a.qts, FLUSH_TIME);
    ans2_reap(&a, IO);
    ans2_reap(&a, IO);
    ans2_stop(&a);
}

/* Verifies that a running tag is not started again, in neither queue. */
static void test_tag_busy(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 1, &slow);
    ans2_ring(&a, IO, 1);
    judge_expect(a.qts, "tag-busy", 1);
    ans2_submit(&a, ADMIN, 1, &feature);
    judge_expect(a.qts, "tag-shared", 1);
    g_assert_false(ans2_settle(&a, ADMIN));
    qtest_clock_step(a.qts, FLUSH_TIME);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 1);
    g_assert_false(ans2_settle(&a, IO));
    ans2_stop(&a);
}

/* Verifies that a tag that one queue has not invalidated is not shared. */
static void test_tag_shared(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, ADMIN, 0, &feature);
    ans2_wait(&a, ADMIN);
    ans2_submit(&a, IO, 0, &quick);
    judge_expect(a.qts, "tag-shared", 1);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    ans2_write_head(&a, ADMIN);
    ans2_stop(&a);
}

/* Verifies that the command id is the tag, and nothing else is set. */
static void test_sqe_fields(void)
{
    static const struct {
        unsigned offset;
        uint8_t value;
    } bad[] = {
        { 1, 0x40 },    /* SGL */
        { 1, 0x01 },    /* fused */
        { 2, 3 },       /* another tag */
        { 3, 0x10 },    /* a generation counter */
        { 16, 8 },      /* metadata pointer */
    };
    Ans2 a;

    ans2_start(&a, "2026", "");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        ans2_fill(&a, IO, 2, &quick);
        qtest_memwrite(a.qts, SQ_MEM(IO) + 2 * 64 + bad[i].offset,
                       &bad[i].value, 1);
        ans2_ring(&a, IO, 2);
        g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0x002);
        judge_expect(a.qts, "sqe-field", 1);
    }
    ans2_stop(&a);
}

/* Verifies U-Boot's way: with the old firmware the id may be anything. */
static void test_any_id(void)
{
    static const uint8_t id[] = { 0x34, 0x12 };
    Ans2 a;

    ans2_start(&a, "old", "");
    ans2_fill(&a, IO, 2, &quick);
    qtest_memwrite(a.qts, SQ_MEM(IO) + 2 * 64 + 2, id, sizeof(id));
    ans2_ring(&a, IO, 2);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    ans2_stop(&a);
}

/* Verifies which CQ heads are refused. */
static void test_cq_doorbell(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    qtest_writel(a.qts, CQ_HEAD(IO), 64);
    qtest_writel(a.qts, CQ_HEAD(IO), 1);
    qtest_writel(a.qts, CQ_HEAD(IO), 0xffffffff);
    judge_expect(a.qts, "cq-doorbell", 3);
    ans2_submit(&a, IO, 2, &quick);
    ans2_submit(&a, IO, 3, &quick);
    ans2_wait(&a, IO);
    ans2_wait(&a, IO);
    qtest_writel(a.qts, CQ_HEAD(IO), 3);
    qtest_writel(a.qts, CQ_HEAD(IO), 63);
    judge_expect(a.qts, "cq-doorbell", 2);
    ans2_invalidate(&a, 2);
    ans2_invalidate(&a, 3);
    ans2_write_head(&a, IO);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);
    qtest_writel(a.qts, CQ_HEAD(IO), 0);
    judge_expect(a.qts, "cq-doorbell", 1);
    /* a head that comes after CC.EN was cleared is late, but harmless */
    qtest_writel(a.qts, CC, CC_OFF);
    qtest_writel(a.qts, CQ_HEAD(ADMIN), 1);
    ans2_quit(&a);
}

/* Verifies that a full CQ is reported, and that nothing is lost by it. */
static void test_cq_overrun(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_cq(&a, 4, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    for (int tag = 2; tag < 8; tag++) {
        ans2_submit(&a, IO, tag, &slow);
    }
    qtest_clock_step(a.qts, FLUSH_TIME);
    g_usleep(10000);
    g_assert_false(ans2_read_cqe(&a, IO, 3).status & 1);
    judge_expect(a.qts, "cq-overrun", 3);
    for (int tag = 2; tag < 8; tag++) {
        g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, tag);
    }
    ans2_stop(&a);
}

/* Verifies the order of creations and deletions. */
static void test_queue_order(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0x100);
    judge_expect(a.qts, "queue-setup", 1);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0x101);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0x101);
    judge_expect(a.qts, "queue-order", 2);
    ans2_ring(&a, IO, 2);
    judge_expect(a.qts, "queue-order", 1);

    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0x101);
    judge_expect(a.qts, "queue-setup", 1);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0x101);
    judge_expect(a.qts, "queue-setup", 1);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0x10c);
    judge_expect(a.qts, "queue-order", 1);
    ans2_stop(&a);
}

/* Verifies that wrong sizes, ids, addresses and vectors are refused. */
static void test_bad_create(void)
{
    static const struct {
        uint32_t cdw10;
        uint32_t cdw11;
        uint64_t prp1;
        uint16_t status;
        const char *rule;
    } bad[] = {
        { 2 | 63 << 16, 3, CQ_MEM(IO), 0x101, "queue-setup" },
        { 1, 3, CQ_MEM(IO), 0x102, "queue-setup" },
        { 1 | 64 << 16, 3, CQ_MEM(IO), 0x102, "queue-setup" },
        { 1 | 63 << 16, 2, CQ_MEM(IO), 0x002, "queue-setup" },
        { 1 | 63 << 16, 3 | 1 << 16, CQ_MEM(IO), 0x108, "queue-setup" },
        { 1 | 63 << 16, 3, 0, 0x013, "queue-setup" },
        { 1 | 63 << 16, 3, CQ_MEM(IO) + 64, 0x002, "prp-align" },
    };
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        g_assert_cmphex(ans2_admin(&a, (Sqe) {
            .opcode = OP_CREATE_CQ, .prp1 = bad[i].prp1,
            .cdw10 = bad[i].cdw10, .cdw11 = bad[i].cdw11,
        }), ==, bad[i].status);
        judge_expect(a.qts, bad[i].rule, 1);
    }
    ans2_quit(&a);
}

/* Verifies that the I/O queues must be deleted before CC.EN is cleared. */
static void test_disable_with_queues(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    qtest_writel(a.qts, CC, CC_OFF);
    judge_expect(a.qts, "queue-order", 1);
    /* they are gone */
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0x101);
    judge_clear(a.qts);
    ans2_quit(&a);
}

/* Verifies that commands in flight are dropped when CC.EN is cleared. */
static void test_disable_in_flight(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 2, &slow);
    qtest_writel(a.qts, CC, CC_OFF);
    judge_expect(a.qts, "queue-order", 1);
    qtest_clock_step(a.qts, 10 * FLUSH_TIME);
    g_assert_false(ans2_settle(&a, IO));
    g_assert_false(ans2_irq(&a));
    /* and the tag is free */
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    g_assert_cmphex(ans2_run(&a, IO, 2, &quick), ==, 0);
    ans2_stop(&a);
}

/* Verifies that an admin command that will end is waited for. */
static void test_cmd_in_flight(void)
{
    static const Sqe aer = { .opcode = OP_AER };
    static const struct {
        const char *trap;
        const Sqe *sqe;
        unsigned violations;
    } cases[] = {
        { "slow=1000000000:admin", &feature, 1 },
        { "hold:admin", &feature, 0 },
        { "noirq:admin", &feature, 0 },
        { "", &aer, 0 },
    };
    Ans2 a;

    ans2_boot(&a, "2026", "");
    qtest_qom_set_bool(a.qts, ANS2_PATH, "aer-outstanding", true);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        ans2_setup(&a, true, 2);
        ans2_enable(&a);
        qom_set_str(a.qts, ANS2_PATH, "trap", cases[i].trap);
        ans2_submit(&a, ADMIN, 0, cases[i].sqe);
        ans2_settle(&a, ADMIN);
        qtest_writel(a.qts, CC, CC_OFF);
        judge_expect(a.qts, "cmd-in-flight", cases[i].violations);
    }
    ans2_quit(&a);

    /* Delete SQ waits for I/O: the rule of the queue order says enough */
    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 2, &slow);
    ans2_submit(&a, ADMIN, 0, &(Sqe) { .opcode = OP_DELETE_SQ, .cdw10 = 1 });
    g_assert_false(ans2_settle(&a, ADMIN));
    qtest_writel(a.qts, CC, CC_OFF);
    judge_expect(a.qts, "queue-order", 1);
    ans2_quit(&a);

    /* a controller that has failed is not waited for */
    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    qom_set_str(a.qts, ANS2_PATH, "trap", "slow=1000000000:admin");
    ans2_submit(&a, ADMIN, 0, &feature);
    qom_set_str(a.qts, "/machine/soc/rtkit", "crash", "now");
    qtest_writel(a.qts, CC, CC_OFF);
    ans2_quit(&a);
}

/* Verifies that Delete SQ waits for the commands of the queue. */
static void test_delete_waits(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 2, &slow);
    ans2_submit(&a, ADMIN, 0, &(Sqe) { .opcode = OP_DELETE_SQ, .cdw10 = 1 });
    g_assert_false(ans2_settle(&a, ADMIN));
    ans2_submit(&a, IO, 3, &slow);
    judge_expect(a.qts, "queue-order", 1);
    qtest_clock_step(a.qts, FLUSH_TIME);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    g_assert_cmphex(ans2_reap(&a, ADMIN).status, ==, 0);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);
    ans2_quit(&a);
}

/* Verifies that the line is up while either queue has unseen entries. */
static void test_irq(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    g_assert_false(ans2_irq(&a));
    ans2_submit(&a, IO, 2, &quick);
    ans2_submit(&a, IO, 3, &quick);
    ans2_submit(&a, ADMIN, 0, &feature);
    ans2_wait(&a, IO);
    ans2_wait(&a, IO);
    ans2_wait(&a, ADMIN);
    g_assert_true(ans2_irq(&a));
    ans2_invalidate(&a, 0);
    ans2_write_head(&a, ADMIN);
    g_assert_true(ans2_irq(&a));
    ans2_invalidate(&a, 2);
    ans2_invalidate(&a, 3);
    qtest_writel(a.qts, CQ_HEAD(IO), 1);
    g_assert_true(ans2_irq(&a));
    qtest_writel(a.qts, CQ_HEAD(IO), 2);
    g_assert_false(ans2_irq(&a));
    ans2_stop(&a);
}

/* Verifies the mask, and a CQ that was created without interrupts. */
static void test_irq_mask(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_cq(&a, 64, false), ==, 0);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_false(ans2_irq(&a));
    ans2_submit(&a, ADMIN, 0, &feature);
    g_assert_true(ans2_settle(&a, ADMIN));
    g_assert_true(ans2_irq(&a));
    qtest_writel(a.qts, INTMS, 1);
    g_assert_cmphex(qtest_readl(a.qts, INTMC), ==, 1);
    g_assert_false(ans2_irq(&a));
    qtest_writel(a.qts, INTMC, 1);
    g_assert_true(ans2_irq(&a));
    ans2_reap(&a, IO);
    ans2_reap(&a, ADMIN);
    g_assert_false(ans2_irq(&a));
    ans2_stop(&a);
}

/* Verifies the interrupt that is lost when a doorbell falls into the gap. */
static void test_race(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 2, &quick);
    ans2_wait(&a, IO);
    ans2_invalidate(&a, 2);
    ans2_submit(&a, IO, 3, &quick);     /* no CQ head written yet */
    judge_expect(a.qts, "doorbell-race", 1);
    g_assert_true(ans2_settle(&a, IO));
    ans2_write_head(&a, IO);
    g_assert_true(ans2_pending(&a, IO));
    g_assert_false(ans2_irq(&a));
    ans2_reap(&a, IO);

    /* the other queue's doorbell does it, too */
    ans2_submit(&a, IO, 2, &quick);
    ans2_wait(&a, IO);
    ans2_invalidate(&a, 2);
    ans2_submit(&a, ADMIN, 0, &feature);
    judge_expect(a.qts, "doorbell-race", 1);
    ans2_write_head(&a, IO);
    g_assert_true(ans2_settle(&a, ADMIN));
    g_assert_false(ans2_irq(&a));
    ans2_reap(&a, ADMIN);
    ans2_stop(&a);
}

/* Verifies that the misbehaviour can be turned off, but is counted. */
static void test_race_off(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    qtest_qom_set_bool(a.qts, ANS2_PATH, "lost-irq", false);
    ans2_submit(&a, IO, 2, &quick);
    ans2_wait(&a, IO);
    ans2_invalidate(&a, 2);
    ans2_submit(&a, IO, 3, &quick);
    judge_expect(a.qts, "doorbell-race", 1);
    g_assert_true(ans2_settle(&a, IO));
    ans2_write_head(&a, IO);
    g_assert_true(ans2_irq(&a));
    ans2_reap(&a, IO);
    ans2_stop(&a);
}

/* Verifies the knobs that spoil completions. */
static void test_cqe_knobs(void)
{
    Ans2 a;
    Cqe cqe;

    ans2_start(&a, "2026", "");
    ans2_knob(&a, "cqe-drop-irq", 1);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_false(ans2_irq(&a));
    ans2_reap(&a, IO);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_true(ans2_irq(&a));
    ans2_reap(&a, IO);

    ans2_knob(&a, "cqe-duplicate", 1);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_cmpuint(ans2_wait(&a, IO).tag, ==, 2);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    g_assert_false(ans2_settle(&a, IO));

    ans2_knob(&a, "cqe-bogus-tag", 0x1234);
    g_assert_true(ans2_irq(&a));
    cqe = ans2_wait(&a, IO);
    g_assert_cmphex(cqe.tag, ==, 0x1234);
    g_assert_cmphex(cqe.status, ==, 0);
    ans2_write_head(&a, IO);
    g_assert_false(ans2_irq(&a));
    ans2_stop(&a);
}

/* Verifies that the firmware dies at the command that a knob names. */
static void test_crash_at_command(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_knob(&a, "crash-at-command", 2);
    g_assert_cmphex(ans2_run(&a, IO, 2, &quick), ==, 0);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_false(ans2_settle(&a, IO));
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 3);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    /* what a driver does before it hears of the crash is no violation */
    ans2_submit(&a, IO, 3, &quick);
    ans2_write_head(&a, IO);
    qtest_writel(a.qts, CC, CC_OFF);
    ans2_quit(&a);
}

/* Verifies classic rings: 128-byte I/O entries, no TCB, no invalidation. */
static void test_classic(void)
{
    Ans2 a;

    ans2_start_mode(&a, "2026", "", false);
    for (int i = 0; i < 150; i++) {
        g_assert_cmphex(ans2_run(&a, IO, i % 64, &quick), ==, 0);
    }
    ans2_submit(&a, IO, 2, &slow);
    ans2_submit(&a, IO, 2, &slow);
    judge_expect(a.qts, "tag-busy", 1);
    qtest_writel(a.qts, SQ_TAIL(IO), 64);
    judge_expect(a.qts, "tag-range", 1);
    qtest_clock_step(a.qts, FLUSH_TIME);
    ans2_reap(&a, IO);
    ans2_stop(&a);
}

/* Verifies that a doorbell of the other mode starts nothing. */
static void test_wrong_mode(void)
{
    Ans2 a;

    ans2_start_mode(&a, "2026", "", false);
    ans2_fill(&a, IO, 2, &quick);
    ans2_ring(&a, IO, 2);
    judge_expect(a.qts, "reg-access", 1);
    g_assert_false(ans2_settle(&a, IO));
    ans2_stop(&a);

    ans2_start(&a, "2026", "");
    qtest_writel(a.qts, SQ_TAIL(IO), 1);
    judge_expect(a.qts, "reg-access", 1);
    ans2_stop(&a);
}

/* Verifies that a machine goes on elsewhere with commands in flight. */
static void test_migration(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));     /* not taken yet */
    ans2_submit(&a, IO, 3, &slow);
    ans2_migrate(&a);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 1);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    g_assert_false(ans2_settle(&a, IO));
    qtest_clock_step(a.qts, FLUSH_TIME);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 3);
    g_assert_cmphex(ans2_run(&a, IO, 2, &quick), ==, 0);
    ans2_stop(&a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/apple-ans2/queue/wrap", test_wrap);
    qtest_add_func("/apple-ans2/queue/depth", test_depth);
    qtest_add_func("/apple-ans2/queue/order", test_order);
    qtest_add_func("/apple-ans2/queue/tag-range", test_tag_range);
    qtest_add_func("/apple-ans2/queue/max-pend", test_max_pend);
    qtest_add_func("/apple-ans2/queue/tag-busy", test_tag_busy);
    qtest_add_func("/apple-ans2/queue/tag-shared", test_tag_shared);
    qtest_add_func("/apple-ans2/queue/sqe-fields", test_sqe_fields);
    qtest_add_func("/apple-ans2/queue/any-id", test_any_id);
    qtest_add_func("/apple-ans2/queue/cq-doorbell", test_cq_doorbell);
    qtest_add_func("/apple-ans2/queue/cq-overrun", test_cq_overrun);
    qtest_add_func("/apple-ans2/queue/queue-order", test_queue_order);
    qtest_add_func("/apple-ans2/queue/bad-create", test_bad_create);
    qtest_add_func("/apple-ans2/queue/disable-with-queues",
                   test_disable_with_queues);
    qtest_add_func("/apple-ans2/queue/disable-in-flight",
                   test_disable_in_flight);
    qtest_add_func("/apple-ans2/queue/cmd-in-flight", test_cmd_in_flight);
    qtest_add_func("/apple-ans2/queue/delete-waits", test_delete_waits);
    qtest_add_func("/apple-ans2/queue/irq", test_irq);
    qtest_add_func("/apple-ans2/queue/irq-mask", test_irq_mask);
    qtest_add_func("/apple-ans2/queue/race", test_race);
    qtest_add_func("/apple-ans2/queue/race-off", test_race_off);
    qtest_add_func("/apple-ans2/queue/cqe-knobs", test_cqe_knobs);
    qtest_add_func("/apple-ans2/queue/crash-at-command",
                   test_crash_at_command);
    qtest_add_func("/apple-ans2/queue/classic", test_classic);
    qtest_add_func("/apple-ans2/queue/wrong-mode", test_wrong_mode);
    qtest_add_func("/apple-ans2/queue/migration", test_migration);
    return g_test_run();
}
