/*
 * QTest testcase for the Apple ANS2: traps
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "apple-ans2.h"

static const Sqe quick = { .opcode = OP_READ, .nsid = 2, .prp1 = DATA };
static const Sqe feature = { .opcode = OP_GET_FEATURES, .cdw10 = 7 };
static const Sqe delete_sq = { .opcode = OP_DELETE_SQ, .cdw10 = 1 };

#define PS_ON           0xf
#define PS_DEV_DISABLE  (1u << 10)
#define PS_RESET        (1u << 31)

static void arm(Ans2 *a, const char *text)
{
    qom_set_str(a->qts, ANS2_PATH, "trap", text);
}

static void expect_armed(Ans2 *a, const char *text)
{
    qom_expect_str(a->qts, ANS2_PATH, "trap", text);
}

static void release(Ans2 *a)
{
    qtest_qom_set_bool(a->qts, ANS2_PATH, "release", true);
}

static void expect_csts(Ans2 *a, uint32_t value)
{
    g_assert_cmphex(qtest_readl(a->qts, CSTS), ==, value);
}

/* Enabled, without I/O queues */
static void start_admin(Ans2 *a)
{
    ans2_boot(a, "2026", "");
    ans2_setup(a, true, 2);
    ans2_enable(a);
}

/* With I/O queues, and room for more than one admin command */
static void restart(Ans2 *a)
{
    ans2_setup(a, true, 16);
    ans2_enable(a);
    g_assert_cmphex(ans2_create_cq(a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(a, 64), ==, 0);
}

/* Verifies that what is armed can be read, and written again. */
static void test_words(void)
{
    static const char all[] =
        "crash:admin cfs:io:3 unready:admin-06:7+ slow=5:io-02 hold:admin-d8"
        " fail=4281:io-01:18446744073709551615 noirq:io:1+ crash:enable"
        " slow=18446744073709551615:disable unready:shutdown:2"
        " late=7:io-00 twice:admin:2 stale:io:4+ phase:io";
    static const char tags[] =
        "tag=ff:io tag=0:admin:2 tag=other:io tag=free:io";
    Ans2 a;

    ans2_boot(&a, "2026", "");
    expect_armed(&a, "");
    arm(&a, "hold:admin");
    arm(&a, "noirq:io-2:1");
    expect_armed(&a, "hold:admin noirq:io-02");
    arm(&a, "");
    expect_armed(&a, "");
    arm(&a, all);
    expect_armed(&a, all);
    arm(&a, "");
    arm(&a, tags);
    expect_armed(&a, tags);
    ans2_quit(&a);
}

/* The message of a refused trap must hold @hint. */
static void expect_refused(Ans2 *a, const char *text, const char *hint)
{
    QDict *rsp = qtest_qmp(a->qts, "{ 'execute': 'qom-set', 'arguments': "
                           "{ 'path': %s, 'property': 'trap',"
                           " 'value': %s } }", ANS2_PATH, text);
    const char *desc;

    g_assert_true(qdict_haskey(rsp, "error"));
    desc = qdict_get_str(qdict_get_qdict(rsp, "error"), "desc");
    if (!strstr(desc, hint)) {
        g_test_message("'%s' gives: %s", text, desc);
    }
    g_assert_nonnull(strstr(desc, hint));
    qobject_unref(rsp);
}

/* Verifies that what is malformed is refused as a whole, with the reason. */
static void test_refused(void)
{
    static const char *const bad[][2] = {
        { "crash", "ACTION:EVENT[:COUNT]" },
        { "crash:admin:1:1", "ACTION:EVENT[:COUNT]" },
        { "crush:admin", "crash, cfs, unready, slow=NS, hold, fail=HEX" },
        { ":admin", "crash, cfs, unready" },
        { "crash=1:admin", "crash, cfs, unready" },
        { "slow:io", "slow=NS" },
        { "slow=:io", "slow=NS" },
        { "slow=0:io", "slow=NS" },
        { "slow=-1:io", "slow=NS" },
        { "slow=1s:io", "slow=NS" },
        { "slow=18446744073709551616:io", "slow=NS" },
        { "late:io", "late=NS" },
        { "late=0:io", "late=NS" },
        { "tag:io", "tag=HEX, tag=other" },
        { "tag=10000:io", "tag=HEX, tag=other" },
        { "tag=none:io", "tag=HEX, tag=other" },
        { "twice=2:io", "twice" },
        { "phase:enable", "crash, cfs, unready or slow=NS" },
        { "fail:io", "fail=HEX" },
        { "fail=0:io", "status of 1 to 7fff" },
        { "fail=8000:io", "status of 1 to 7fff" },
        { "crash:", "admin, admin-XX, io, io-XX, enable, disable" },
        { "crash:boot", "admin, admin-XX, io, io-XX, enable, disable" },
        { "crash:io-", "hex opcode" },
        { "crash:io-100", "hex opcode" },
        { "crash:io-g", "hex opcode" },
        { "crash:enable-06", "hex opcode" },
        { "crash:io:", "N or N+" },
        { "crash:io:0", "N or N+" },
        { "crash:io:+", "N or N+" },
        { "crash:io:1-", "N or N+" },
        { "hold:enable", "crash, cfs, unready or slow=NS" },
        { "fail=2:disable", "crash, cfs, unready or slow=NS" },
        { "noirq:shutdown", "crash, cfs, unready or slow=NS" },
        { "hold:io crush:io", "crash, cfs, unready" },
    };
    Ans2 a;

    ans2_boot(&a, "2026", "");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        expect_refused(&a, bad[i][0], bad[i][1]);
        expect_armed(&a, "");
    }
    for (int i = 0; i < 16; i++) {
        arm(&a, "hold:io");
    }
    expect_refused(&a, "hold:io", "16 traps");
    arm(&a, "");
    arm(&a, "hold:io");
    expect_armed(&a, "hold:io");
    ans2_quit(&a);
}

/* Verifies that a trap can be given on the command line. */
static void test_before_start(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", " -global apple-ans2.trap=fail=2:admin-0a");
    expect_armed(&a, "fail=2:admin-0a");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(ans2_admin(&a, feature), ==, 0x002);
    g_assert_cmphex(ans2_admin(&a, feature), ==, 0);
    ans2_quit(&a);
}

/* Verifies what each event and each form of the count counts. */
static void test_count(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "fail=6:io-02:2 fail=5:admin:3 fail=7:io-01");
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    g_assert_cmphex(ans2_admin(&a, feature), ==, 0);
    g_assert_cmphex(ans2_io(&a, (Sqe) { .opcode = OP_FLUSH, .nsid = 9 }), ==,
                    0x00b);
    expect_armed(&a, "fail=6:io-02 fail=5:admin:2 fail=7:io-01");
    g_assert_cmphex(ans2_io(&a, quick), ==, 6);
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    g_assert_cmphex(ans2_admin(&a, feature), ==, 0);
    g_assert_cmphex(ans2_admin(&a, feature), ==, 5);
    g_assert_cmphex(ans2_admin(&a, feature), ==, 0);
    expect_armed(&a, "fail=7:io-01");
    g_assert_cmpuint(ans2_counter(&a, "count-trapped"), ==, 2);

    arm(&a, "");
    arm(&a, "fail=4002:io:3+");
    for (int i = 0; i < 6; i++) {
        g_assert_cmphex(ans2_io(&a, quick), ==, i < 2 ? 0 : 0x4002);
    }
    expect_armed(&a, "fail=4002:io:1+");
    g_assert_cmpuint(ans2_counter(&a, "count-trapped"), ==, 6);
    arm(&a, "");
    ans2_stop(&a);
}

/* Verifies that a failed command was not executed. */
static void test_fail(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    arm(&a, "fail=102:admin-05");
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0x102);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    g_assert_cmpuint(ans2_counter(&a, "count-admin-queue"), ==, 1);
    g_assert_cmpuint(ans2_counter(&a, "count-failed"), ==, 1);
    ans2_quit(&a);
}

/* Verifies that held commands wait, in flight, and then go on. */
static void test_hold(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    restart(&a);
    arm(&a, "hold:io-02:1+ hold:admin-0a");
    ans2_submit(&a, IO, 2, &quick);
    ans2_submit(&a, IO, 3, &quick);
    ans2_submit(&a, ADMIN, 0, &feature);
    qtest_clock_step(a.qts, 3600 * 1000 * MS);
    g_assert_false(ans2_settle(&a, IO));
    g_assert_false(ans2_settle(&a, ADMIN));
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 3);
    g_assert_cmpuint(ans2_counter(&a, "count-read"), ==, 0);
    ans2_ring(&a, IO, 2);
    judge_expect(a.qts, "tag-busy", 1);
    ans2_submit(&a, ADMIN, 1, &delete_sq);
    g_assert_false(ans2_settle(&a, ADMIN));

    arm(&a, "");
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 3);
    release(&a);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 0);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    g_assert_cmphex(ans2_reap(&a, ADMIN).status, ==, 0);
    g_assert_cmphex(ans2_reap(&a, ADMIN).status, ==, 0);
    release(&a);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);
    ans2_quit(&a);
}

/* Verifies that a disable forgets what is held, before it had an effect. */
static void test_hold_forgotten(void)
{
    Ans2 a;

    start_admin(&a);
    arm(&a, "hold:admin-05");
    ans2_submit(&a, ADMIN, 0, &(Sqe) {
        .opcode = OP_CREATE_CQ, .prp1 = CQ_MEM(IO),
        .cdw10 = 1 | 63 << 16, .cdw11 = 3,
    });
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 1);
    qtest_writel(a.qts, CC, CC_OFF);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 0);
    release(&a);
    restart(&a);
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_stop(&a);
}

/* Verifies that a slow command begins when its time has come. */
static void test_slow(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "slow=5000000000:io slow=7000000000:admin");
    ans2_submit(&a, IO, 2, &quick);
    ans2_submit(&a, ADMIN, 0, &feature);
    ans2_submit(&a, IO, 3, &quick);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 3);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 0);
    release(&a);
    qtest_clock_step(a.qts, 4999 * MS);
    g_assert_false(ans2_settle(&a, IO));
    qtest_clock_step(a.qts, 1 * MS);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    g_assert_false(ans2_settle(&a, ADMIN));
    qtest_clock_step(a.qts, 2000 * MS);
    g_assert_cmphex(ans2_reap(&a, ADMIN).status, ==, 0);

    arm(&a, "slow=18446744073709551615:io");
    ans2_submit(&a, IO, 2, &quick);
    qtest_clock_step(a.qts, 3600 * 1000 * MS);
    g_assert_false(ans2_settle(&a, IO));
    qtest_writel(a.qts, CC, CC_OFF);
    judge_expect(a.qts, "queue-order", 1);
    ans2_quit(&a);
}

/* Verifies a completion without interrupt, and that actions add up. */
static void test_noirq(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "noirq:io noirq:io-02:2 fail=6:io:2");
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_false(ans2_irq(&a));
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_false(ans2_irq(&a));
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 6);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_true(ans2_irq(&a));
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    ans2_stop(&a);
}

/* Verifies that a late command has its effect at once, and ends later. */
static void test_late(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    qtest_memset(a.qts, DATA, 0xee, 16);
    arm(&a, "late=5000000000:io");
    ans2_submit(&a, IO, 2, &quick);
    for (int i = 0; i < 1000 && qtest_readb(a.qts, DATA) == 0xee; i++) {
        qtest_clock_step(a.qts, 1);
        g_usleep(1000);
    }
    g_assert_cmphex(qtest_readb(a.qts, DATA), ==, 0);
    g_assert_false(ans2_settle(&a, IO));
    g_assert_false(ans2_irq(&a));
    /* in flight: neither held nor free */
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 0);
    ans2_ring(&a, IO, 2);
    judge_expect(a.qts, "tag-busy", 1);
    qtest_clock_step(a.qts, 4998 * MS);
    g_assert_false(ans2_settle(&a, IO));
    qtest_clock_step(a.qts, 2 * MS);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_true(ans2_irq(&a));
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    ans2_stop(&a);
}

/* Verifies two entries for one command. */
static void test_twice(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "twice:io:2");
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_cmpuint(ans2_wait(&a, IO).tag, ==, 2);
    g_assert_true(ans2_pending(&a, IO));
    ans2_invalidate(&a, 2);
    ans2_write_head(&a, IO);
    g_assert_true(ans2_irq(&a));
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    g_assert_false(ans2_irq(&a));
    /* also where the queue begins anew between the two */
    while (a.head[IO] != a.size[IO] - 1) {
        g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    }
    arm(&a, "twice:io");
    ans2_submit(&a, IO, 2, &quick);
    g_assert_cmpuint(ans2_wait(&a, IO).tag, ==, 2);
    g_assert_cmpuint(a.head[IO], ==, 0);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_stop(&a);
}

/* Verifies an entry that comes once more when its tag is used again. */
static void test_stale(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "stale:io hold:io:2");
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    g_assert_false(ans2_settle(&a, IO));
    ans2_submit(&a, IO, 2, &quick);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 1);
    /* the driver believes it, and is not blamed for what it does then */
    g_assert_cmpuint(ans2_wait(&a, IO).tag, ==, 2);
    qtest_writel(a.qts, TCB_INVAL, 2);
    g_assert_cmphex(qtest_readl(a.qts, TCB_STAT), ==, 1);
    ans2_write_head(&a, IO);
    ans2_submit(&a, IO, 2, &quick);
    judge_expect_none(a.qts);
    release(&a);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 4);
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_stop(&a);
}

/* Verifies entries with ids that are not the command's own. */
static void test_tag(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    restart(&a);
    arm(&a, "hold:io tag=ff:io:2 tag=other:io:3 tag=free:io:4 tag=1234:admin"
        " tag=other:admin:2");
    ans2_submit(&a, IO, 7, &quick);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_cmphex(ans2_wait(&a, IO).tag, ==, 0xff);
    ans2_submit(&a, IO, 3, &quick);
    g_assert_cmphex(ans2_wait(&a, IO).tag, ==, 7);
    ans2_submit(&a, IO, 4, &quick);
    g_assert_cmphex(ans2_wait(&a, IO).tag, ==, 5);
    /* of these four commands none was invalidated, and nobody is blamed */
    ans2_write_head(&a, IO);
    qtest_writel(a.qts, TCB_INVAL, 7);
    g_assert_cmphex(qtest_readl(a.qts, TCB_STAT), ==, 1);
    judge_expect_none(a.qts);

    ans2_submit(&a, ADMIN, 0, &feature);
    g_assert_cmphex(ans2_wait(&a, ADMIN).tag, ==, 0x1234);
    ans2_write_head(&a, ADMIN);
    /* no other of this queue: its own */
    ans2_submit(&a, ADMIN, 1, &feature);
    g_assert_cmphex(ans2_reap(&a, ADMIN).tag, ==, 1);
    qtest_writel(a.qts, CC, CC_OFF);
    judge_expect(a.qts, "queue-order", 1);
    restart(&a);
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_stop(&a);
}

/* Verifies an entry that nobody can see, and those behind it. */
static void test_phase(void)
{
    Ans2 a;
    Cqe cqe;

    ans2_start(&a, "2026", "");
    arm(&a, "phase:io");
    ans2_submit(&a, IO, 2, &quick);
    ans2_submit(&a, IO, 3, &quick);
    g_assert_false(ans2_settle(&a, IO));
    g_assert_false(ans2_irq(&a));
    cqe = ans2_read_cqe(&a, IO, 0);
    g_assert_cmpuint(cqe.tag, ==, 2);
    g_assert_cmphex(cqe.status, ==, 0);
    cqe = ans2_read_cqe(&a, IO, 1);
    g_assert_cmpuint(cqe.tag, ==, 3);
    g_assert_cmphex(cqe.status, ==, 1);
    qtest_writel(a.qts, CC, CC_OFF);
    judge_expect(a.qts, "queue-order", 1);
    ans2_setup(&a, true, 2);
    restart(&a);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_true(ans2_irq(&a));
    ans2_reap(&a, IO);
    ans2_stop(&a);
}

/* Verifies a crash at a command, and that nothing later is blamed. */
static void test_crash(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "crash:io-02:2 hold:admin");
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_submit(&a, ADMIN, 0, &feature);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_false(ans2_settle(&a, IO));
    expect_csts(&a, 3);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 0);
    g_assert_cmpuint(ans2_counter(&a, "count-read"), ==, 1);
    ans2_submit(&a, IO, 3, &quick);
    qtest_writel(a.qts, CC, CC_OFF);
    ans2_quit(&a);
}

/* Verifies that CSTS.CFS at a command ends everything until an enable. */
static void test_cfs(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "cfs:admin");
    ans2_submit(&a, ADMIN, 0, &feature);
    expect_csts(&a, 3);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_false(ans2_settle(&a, IO));
    g_assert_false(ans2_settle(&a, ADMIN));
    qtest_writel(a.qts, CC, CC_OFF);
    expect_csts(&a, 0);
    restart(&a);
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_stop(&a);
}

/* Verifies that RDY falls and that only a disable helps. */
static void test_unready(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "unready:io:2 crash:io:3");
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    ans2_submit(&a, IO, 3, &quick);
    expect_csts(&a, 0);
    /* nothing of this is served, counted or blamed */
    ans2_submit(&a, IO, 4, &quick);
    ans2_submit(&a, ADMIN, 0, &feature);
    qtest_writel(a.qts, CC, CC_SHUTDOWN);
    g_assert_false(ans2_settle(&a, ADMIN));
    expect_csts(&a, 0);
    expect_armed(&a, "crash:io");
    /* the entry from before is there */
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    g_assert_false(ans2_settle(&a, IO));
    arm(&a, "");
    qtest_writel(a.qts, CC, CC_OFF);
    restart(&a);
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_stop(&a);
}

/* Verifies the traps of CC.EN = 1. */
static void test_enable(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    arm(&a, "cfs:enable unready:enable:2 slow=3000000000:enable:3"
        " crash:enable:4");
    qtest_writel(a.qts, CC, CC_ON);
    expect_csts(&a, 2);
    qtest_writel(a.qts, CC, CC_OFF);
    expect_csts(&a, 0);

    qtest_writel(a.qts, CC, CC_ON);
    qtest_clock_step(a.qts, 3600 * 1000 * MS);
    expect_csts(&a, 0);
    qtest_writel(a.qts, CC, CC_OFF);

    qtest_writel(a.qts, CC, CC_ON);
    qtest_clock_step(a.qts, 2999 * MS);
    expect_csts(&a, 0);
    qtest_clock_step(a.qts, 1 * MS);
    expect_csts(&a, 1);
    g_assert_cmphex(ans2_admin(&a, feature), ==, 0);
    qtest_writel(a.qts, CC, CC_OFF);

    qtest_writel(a.qts, CC, CC_ON);
    expect_csts(&a, 2);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    g_assert_cmpuint(ans2_counter(&a, "count-trapped"), ==, 4);
    ans2_quit(&a);
}

/* Verifies that a slow disable lets go of the queues when RDY falls. */
static void test_disable_slow(void)
{
    Ans2 a;

    start_admin(&a);
    arm(&a, "slow=3000000000:disable slow=2000000000:admin");
    ans2_submit(&a, ADMIN, 0, &feature);
    qtest_writel(a.qts, CC, CC_OFF);
    judge_expect(a.qts, "cmd-in-flight", 1);
    expect_csts(&a, 1);
    /* what runs goes on; new commands are refused */
    ans2_fill(&a, ADMIN, 1, &feature);
    ans2_ring(&a, ADMIN, 1);
    judge_expect(a.qts, "reg-order", 1);
    qtest_clock_step(a.qts, 2000 * MS);
    g_assert_cmpuint(ans2_wait(&a, ADMIN).tag, ==, 0);
    qtest_clock_step(a.qts, 999 * MS);
    expect_csts(&a, 1);
    qtest_clock_step(a.qts, 1 * MS);
    expect_csts(&a, 0);
    restart(&a);

    arm(&a, "slow=18446744073709551615:disable");
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);
    qtest_writel(a.qts, CC, CC_OFF);
    qtest_clock_step(a.qts, 3600 * 1000 * MS);
    expect_csts(&a, 1);
    qtest_writel(a.qts, CC, CC_ON);
    judge_expect(a.qts, "reg-order", 1);
    ans2_setup(&a, true, 2);
    judge_clear(a.qts);
    g_assert_cmphex(ans2_admin(&a, feature), ==, 0);
    ans2_quit(&a);
}

/* Verifies the other traps of CC.EN = 0. */
static void test_disable(void)
{
    Ans2 a;

    start_admin(&a);
    arm(&a, "unready:disable cfs:disable:2 crash:disable:3");
    qtest_writel(a.qts, CC, CC_OFF);
    expect_csts(&a, 0);
    qtest_writel(a.qts, CC, CC_ON);
    qtest_clock_step(a.qts, 3600 * 1000 * MS);
    expect_csts(&a, 0);
    qtest_writel(a.qts, CC, CC_OFF);
    restart(&a);
    expect_armed(&a, "cfs:disable crash:disable:2");
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);

    qtest_writel(a.qts, CC, CC_OFF);
    expect_csts(&a, 3);
    restart(&a);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);
    qtest_writel(a.qts, CC, CC_OFF);
    expect_csts(&a, 3);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    ans2_quit(&a);
}

/* Verifies the traps of CC.SHN. */
static void test_shutdown(void)
{
    static const struct {
        const char *trap;
        uint32_t csts;
    } cases[] = {
        { "cfs:shutdown", 3 },
        { "unready:shutdown", 0 },
        { "crash:shutdown", 3 },
    };
    Ans2 a;

    start_admin(&a);
    arm(&a, "slow=6000000000:shutdown");
    qtest_writel(a.qts, CC, CC_SHUTDOWN);
    qtest_writel(a.qts, CC, CC_SHUTDOWN);
    qtest_clock_step(a.qts, 5999 * MS);
    expect_csts(&a, 5);
    qtest_clock_step(a.qts, 1 * MS);
    expect_csts(&a, 9);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        qtest_writel(a.qts, CC, CC_OFF);
        ans2_enable(&a);
        arm(&a, cases[i].trap);
        qtest_writel(a.qts, CC, CC_SHUTDOWN);
        qtest_clock_step(a.qts, 10 * 1000 * MS);
        expect_csts(&a, cases[i].csts);
        expect_armed(&a, "");
    }
    ans2_quit(&a);
}

/* Verifies that a crash stops a shutdown and an enable that take time. */
static void test_crash_in_between(void)
{
    Ans2 a;

    start_admin(&a);
    arm(&a, "slow=6000000000:shutdown");
    qtest_writel(a.qts, CC, CC_SHUTDOWN);
    qom_set_str(a.qts, "/machine/soc/rtkit", "crash", "now");
    qtest_clock_step(a.qts, 10 * 1000 * MS);
    expect_csts(&a, 7);
    ans2_quit(&a);

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    arm(&a, "slow=6000000000:enable");
    qtest_writel(a.qts, CC, CC_ON);
    qom_set_str(a.qts, "/machine/soc/rtkit", "crash", "now");
    qtest_clock_step(a.qts, 10 * 1000 * MS);
    expect_csts(&a, 2);
    ans2_quit(&a);
}

/* Verifies that traps survive a reset of the block, and what they did not. */
static void test_reset(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    arm(&a, "unready:admin-0a hold:io:1+");
    ans2_submit(&a, IO, 2, &quick);
    ans2_submit(&a, ADMIN, 0, &feature);
    expect_csts(&a, 0);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE | PS_RESET);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON | PS_DEV_DISABLE);
    qtest_writel(a.qts, PMGR_ANS2, PS_ON);
    judge_expect(a.qts, "pmgr-reset", 1);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 0);
    expect_armed(&a, "hold:io:1+");
    qtest_system_reset(a.qts);
    expect_armed(&a, "hold:io:1+");
    restart(&a);
    ans2_submit(&a, IO, 2, &quick);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 1);
    release(&a);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    ans2_stop(&a);
}

/* Verifies traps in classic mode; a crash ends the walk over the ring. */
static void test_classic(void)
{
    Ans2 a;

    ans2_start_mode(&a, "2026", "", false);
    arm(&a, "hold:io crash:io:2");
    ans2_put_sqe(&a, IO, 0, 2, &quick);
    ans2_put_sqe(&a, IO, 1, 3, &quick);
    ans2_put_sqe(&a, IO, 2, 4, &quick);
    qtest_writel(a.qts, SQ_TAIL(IO), 3);
    expect_csts(&a, 3);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 0);
    g_assert_false(ans2_settle(&a, IO));
    ans2_quit(&a);
}

/* Verifies that traps, and what they hold or delay, go with the machine. */
static void test_migration(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    restart(&a);
    qtest_qom_set_bool(a.qts, ANS2_PATH, "aer-outstanding", true);
    arm(&a, "hold:io slow=5000000000:io:2 noirq:admin-0a:7+ fail=6:io:5"
        " tag=41:io:2");
    ans2_submit(&a, IO, 2, &quick);
    ans2_submit(&a, IO, 3, &quick);
    ans2_submit(&a, ADMIN, 1, &(Sqe) { .opcode = OP_AER });
    g_assert_false(ans2_settle(&a, ADMIN));
    ans2_migrate(&a);
    expect_armed(&a, "noirq:admin-0a:7+ fail=6:io:3");
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 1);
    qtest_clock_step(a.qts, 4000 * MS);
    g_assert_false(ans2_settle(&a, IO));
    qtest_clock_step(a.qts, 1000 * MS);
    g_assert_cmphex(ans2_wait(&a, IO).tag, ==, 0x41);
    ans2_write_head(&a, IO);
    g_assert_false(ans2_settle(&a, IO));
    release(&a);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    g_assert_false(ans2_settle(&a, ADMIN));
    ans2_stop(&a);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    { "words", test_words },
    { "refused", test_refused },
    { "before-start", test_before_start },
    { "count", test_count },
    { "fail", test_fail },
    { "hold", test_hold },
    { "hold-forgotten", test_hold_forgotten },
    { "slow", test_slow },
    { "noirq", test_noirq },
    { "late", test_late },
    { "twice", test_twice },
    { "stale", test_stale },
    { "tag", test_tag },
    { "phase", test_phase },
    { "crash", test_crash },
    { "cfs", test_cfs },
    { "unready", test_unready },
    { "enable", test_enable },
    { "disable-slow", test_disable_slow },
    { "disable", test_disable },
    { "shutdown", test_shutdown },
    { "crash-in-between", test_crash_in_between },
    { "reset", test_reset },
    { "classic", test_classic },
    { "migration", test_migration },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        g_autofree char *path = g_strdup_printf("/apple-ans2/trap/%s",
                                                tests[i].name);

        qtest_add_func(path, tests[i].run);
    }
    return g_test_run();
}
