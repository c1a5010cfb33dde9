/*
 * QTest testcase for the Apple M1 machine: the index of faults, and the dice
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "apple-ans2.h"

#define FAULTS  "/machine/faults"
#define DICE    "/machine/soc/dice"
#define RTKIT   "/machine/soc/rtkit"
#define PMGR    "/machine/soc/pmgr"

#define CPU_CONTROL 0x277400044ULL
#define RUN         0x10
#define I2A_CONTROL 0x277408114ULL
#define EMPTY       0x20000
#define PS_ON       0xf
#define PS_RESET    (1u << 31)

static const Sqe quick = { .opcode = OP_READ, .nsid = 2, .prp1 = DATA };
static const Sqe feature = { .opcode = OP_GET_FEATURES, .cdw10 = 7 };

static void set_faults(Ans2 *a, const char *text)
{
    qom_set_str(a->qts, FAULTS, "set", text);
}

static void expect_set(Ans2 *a, const char *text)
{
    qom_expect_str(a->qts, FAULTS, "set", text);
}

static void roll(Ans2 *a, const char *text)
{
    qom_set_str(a->qts, DICE, "random", text);
}

static void expect_csts(Ans2 *a, uint32_t value)
{
    g_assert_cmphex(qtest_readl(a->qts, CSTS), ==, value);
}

/* Writing @text to this property is refused, with a message that has @hint. */
static void expect_refused(Ans2 *a, const char *path, const char *property,
                           const char *text, const char *hint)
{
    QDict *rsp = qtest_qmp(a->qts, "{ 'execute': 'qom-set', 'arguments': "
                           "{ 'path': %s, 'property': %s, 'value': %s } }",
                           path, property, text);
    const char *desc;

    g_assert_true(qdict_haskey(rsp, "error"));
    desc = qdict_get_str(qdict_get_qdict(rsp, "error"), "desc");
    if (!strstr(desc, hint)) {
        g_test_message("'%s' gives: %s", text, desc);
    }
    g_assert_nonnull(strstr(desc, hint));
    qobject_unref(rsp);
}

/* The index */

/* Verifies that each fault is listed, once, with value, type and text. */
static void test_list(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal,
                                                       g_free, NULL);
    const QListEntry *e;
    QDict *rsp;
    Ans2 a;

    ans2_boot(&a, "2026", "");
    rsp = qom_get(a.qts, FAULTS, "list");
    QLIST_FOREACH_ENTRY(qdict_get_qlist(rsp, "return"), e) {
        const char *line = qstring_get_str(qobject_to(QString,
                                                      qlist_entry_obj(e)));

        g_test_message("%s", line);
        g_assert_true(g_regex_match_simple("^[a-z0-9]+\\.[a-z0-9-]+=[0-9a-z]*"
                                           " \\((bool|string|uint(16|32|64))"
                                           "(, happens now)?\\) [A-Za-z{]",
                                           line, 0, 0));
        g_assert_null(strstr(line, "(null)"));
        g_assert_true(g_hash_table_add(seen,
                                       g_strndup(line, strcspn(line, "="))));
    }
    g_assert_cmpuint(g_hash_table_size(seen), ==, 54);
    g_assert_true(g_hash_table_contains(seen, "pmgr.stuck-power"));
    g_assert_true(g_hash_table_contains(seen, "rtkit.crash"));
    qobject_unref(rsp);
    ans2_quit(&a);
}

/* Verifies that faults reach their devices, and are told again. */
static void test_set(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    expect_set(&a, "");
    set_faults(&a, "");
    set_faults(&a, "  ");
    expect_set(&a, "");
    set_faults(&a, "rtkit.drop-hello=on ans2.ready-ns=0x10"
               " ans2.trap=crash:io:3 pmgr.stuck-power=1016"
               " dice.random=7:9");
    qom_expect_str(a.qts, ANS2_PATH, "trap", "crash:io:3");
    qom_expect_str(a.qts, DICE, "random", "7:9");
    g_assert_cmpuint(ans2_counter(&a, "ready-ns"), ==, 16);
    g_assert_cmpuint(qom_get_uint(a.qts, PMGR, "stuck-power"), ==, 0x3f8);
    expect_set(&a, "dice.random=7:9 ans2.trap=crash:io:3 ans2.ready-ns=16"
               " rtkit.drop-hello=true pmgr.stuck-power=1016");
    /* whatever way it was set */
    qom_set_str(a.qts, DICE, "random", "");
    set_faults(&a, "rtkit.drop-hello=off ans2.ready-ns=0 ans2.trap="
               " pmgr.stuck-power=4294967295");
    expect_set(&a, "");
    ans2_quit(&a);
}

/* Verifies that values can have blanks, and that traps add up. */
static void test_quotes(void)
{
    static const char two[] = "ans2.trap='hold:io:3 crash:admin'"
                              " ans2.media-errors='read:1:5:1 both:2:0:1'";
    Ans2 a;

    ans2_boot(&a, "2026", "");
    set_faults(&a, "ans2.trap=hold:io:3 ans2.trap=crash:admin"
               " ans2.media-errors='read:1:5:1  both:2:0:1'");
    expect_set(&a, two);
    set_faults(&a, "ans2.trap= ans2.media-errors=");
    expect_set(&a, "");
    set_faults(&a, two);
    expect_set(&a, two);
    expect_refused(&a, FAULTS, "set", "ans2.trap='hold:io", "faults: ");
    ans2_quit(&a);
}

/* Verifies that of faults of which one is refused none is set. */
static void test_all_or_none(void)
{
    static const char *const bad[][2] = {
        { "rtkit.drop-hello", "NAME=VALUE" },
        { "rtkit.drop=on", "/machine/faults" },
        { "drop-hello=on", "no fault 'drop-hello'" },
        { "rtkit.state=running", "no fault 'rtkit.state'" },
        { "rtkit.drop-hello=maybe", "fault 'rtkit.drop-hello': " },
        { "rtkit.hellos=9", "0 to 8" },
        { "ans2.ready-ns=soon", "fault 'ans2.ready-ns': " },
        { "ans2.trap=crush:io", "the action is crash" },
        { "dice.random=1", "SEED:N" },
        { "ans2.release=on ans2.tcb-stat=1", "must be the last" },
    };
    static const char before[] = "ans2.trap=hold:io:7 ans2.cqe-duplicate=3";
    Ans2 a;

    ans2_boot(&a, "2026", "");
    set_faults(&a, before);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        g_autofree char *text = g_strdup_printf(
            "ans2.cqe-duplicate=5 ans2.trap=crash:admin ans2.csts=5"
            " rtkit.crashlog-fault=no-end %s", bad[i][0]);

        expect_refused(&a, FAULTS, "set", text, bad[i][1]);
        expect_set(&a, before);
    }
    ans2_quit(&a);
}

/* Verifies that what happens now does, or nothing else does either. */
static void test_now(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    expect_refused(&a, FAULTS, "set", "ans2.csts=5 ans2.cqe-bogus-tag=1",
                   "no completion queue");
    expect_set(&a, "");
    set_faults(&a, "ans2.cfs-on-crash=off rtkit.crash='in two words'");
    qom_expect_str(a.qts, RTKIT, "state", "crashed");
    expect_csts(&a, 0);
    expect_refused(&a, FAULTS, "set", "ans2.csts=5 rtkit.crash=again",
                   "cannot crash");
    expect_set(&a, "ans2.cfs-on-crash=false");
    ans2_quit(&a);
}

/* Verifies the machine's option, and that "clear" goes back before it. */
static void test_option(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", ",faults='ans2.trap=fail=2:admin-0a ans2.csts=5"
              " pmgr.stuck-power=0x418' -global apple-ans2.flush-ns=1");
    expect_set(&a, "ans2.trap=fail=2:admin-0a ans2.csts=5"
               " pmgr.stuck-power=1048");
    expect_csts(&a, 5);
    g_assert_cmphex(qtest_readl(a.qts, 0x23b700418ULL), ==, 0x0f00000f);
    qtest_system_reset(a.qts);
    set_faults(&a, "ans2.flush-ns=2 rtkit.boots=1");
    expect_set(&a, "ans2.trap=fail=2:admin-0a ans2.csts=5 ans2.flush-ns=2"
               " rtkit.boots=1 pmgr.stuck-power=1048");
    qtest_qom_set_bool(a.qts, FAULTS, "clear", false);
    g_assert_cmpuint(ans2_counter(&a, "flush-ns"), ==, 2);
    qtest_qom_set_bool(a.qts, FAULTS, "clear", true);
    expect_set(&a, "");
    g_assert_cmpuint(ans2_counter(&a, "flush-ns"), ==, 1);
    expect_csts(&a, 0);
    ans2_quit(&a);
}

/* The dice */

static uint64_t count_of(Ans2 *a, const char *class)
{
    QDict *rsp = qom_get(a->qts, DICE, "count");
    QDict *count = qdict_get_qdict(rsp, "return");
    uint64_t value = qdict_haskey(count, class) ? dict_get_uint(count, class) :
                                                  0;

    qobject_unref(rsp);
    return value;
}

/* Verifies what can be written, and how it reads. */
static void test_words(void)
{
    static const char *const good[][2] = {
        { "0:1", "0:1" },
        { "0x10:0x20", "16:32" },
        { "18446744073709551615:4294967295",
          "18446744073709551615:4294967295" },
        { "1:2:late", "1:2:late" },
        { "1:2:stale+crash+crash", "1:2:crash+stale" },
        { "1:2:+slow", "1:2" },
        { "", "" },
    };
    static const char *const bad[][2] = {
        { "1", "SEED:N" },
        { ":1", "SEED:N" },
        { "1:", "SEED:N" },
        { "1:0", "SEED:N" },
        { "-1:1", "SEED:N" },
        { "1:4294967296", "SEED:N" },
        { "1:1:", "there are lost-interrupt, slow" },
        { "1:1:+", "there are lost-interrupt, slow" },
        { "1:1:late+", "there are lost-interrupt, slow" },
        { "1:1:never", "no class 'never'" },
        { "1:1:late:slow", "no class 'late:slow'" },
    };
    g_autofree char *all = NULL;
    Ans2 a;

    ans2_boot(&a, "2026", "");
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        roll(&a, good[i][0]);
        qom_expect_str(a.qts, DICE, "random", good[i][1]);
    }
    roll(&a, "1:2:+stale");
    all = qom_get_str(a.qts, DICE, "random");
    g_assert_true(g_str_has_suffix(all, "+failed-start+stale"));
    g_assert_null(strstr(all, "wrong-tag"));
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        expect_refused(&a, DICE, "random", bad[i][0], bad[i][1]);
        qom_expect_str(a.qts, DICE, "random", all);
    }
    ans2_quit(&a);
}

/* Run @num reads; bits say which of them failed. */
static uint64_t fates(Ans2 *a, unsigned num)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < num; i++) {
        uint16_t status = ans2_io(a, quick);

        g_assert_true(status == 0 || status == 6);
        bits |= (uint64_t)(status == 6) << i;
    }
    return bits;
}

/*
 * Verifies that the same seed gives the same faults, another others, about as
 * many as asked for, and that a reset or a migration does not change them.
 */
static void test_seed(void)
{
    uint64_t first, second;
    Ans2 a;

    ans2_start(&a, "2026", "");
    roll(&a, "1:4:failed");
    first = fates(&a, 64);
    g_assert_cmpuint(ctpop64(first), >, 6);
    g_assert_cmpuint(ctpop64(first), <, 32);
    g_assert_cmpuint(count_of(&a, "failed"), ==, ctpop64(first));
    second = fates(&a, 64);
    g_assert_cmphex(second, !=, first);

    roll(&a, "1:4:failed");
    g_assert_cmpuint(count_of(&a, "failed"), ==, 0);
    g_assert_cmphex(fates(&a, 64), ==, first);
    ans2_migrate(&a);
    g_assert_cmpuint(count_of(&a, "failed"), ==, ctpop64(first));
    g_assert_cmphex(fates(&a, 32), ==, second & UINT32_MAX);
    qtest_system_reset(a.qts);
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    g_assert_cmphex(fates(&a, 32), ==, second >> 32);
    roll(&a, "2:4:failed");
    g_assert_cmphex(fates(&a, 64), !=, first);

    roll(&a, "");
    g_assert_cmphex(fates(&a, 64), ==, 0);
    ans2_stop(&a);
}

/* Verifies what each class does to an I/O command, at every opportunity. */
static void test_commands(void)
{
    static const struct {
        const char *class;
        uint32_t csts;
    } fatal[] = {
        { "crash", 3 },
        { "fatal", 3 },
        { "unready", 0 },
    };
    Ans2 a;

    ans2_start(&a, "2026", "");
    roll(&a, "1:1:lost-interrupt");
    ans2_submit(&a, IO, 2, &quick);
    g_assert_true(ans2_settle(&a, IO));
    g_assert_false(ans2_irq(&a));
    ans2_reap(&a, IO);
    roll(&a, "1:1:twice");
    ans2_submit(&a, IO, 2, &quick);
    g_assert_cmpuint(ans2_wait(&a, IO).tag, ==, 2);
    g_assert_cmpuint(ans2_reap(&a, IO).tag, ==, 2);
    roll(&a, "1:1:lost");
    ans2_submit(&a, IO, 3, &quick);
    g_assert_cmpuint(ans2_counter(&a, "held"), ==, 1);
    roll(&a, "1:1:wrong-tag");
    ans2_submit(&a, IO, 2, &quick);
    g_assert_cmpuint(ans2_wait(&a, IO).tag, ==, 3);
    ans2_write_head(&a, IO);
    for (int i = 0; i < 20; i++) {
        Cqe cqe;

        roll(&a, i % 2 ? "1:1:no-tag" : "2:1:no-tag");
        ans2_submit(&a, IO, 10 + i, &quick);
        cqe = ans2_wait(&a, IO);
        g_assert_cmphex(cqe.tag, >=, 0x40);
        g_assert_cmphex(cqe.tag, <=, 0xff);
        ans2_write_head(&a, IO);
    }
    roll(&a, "1:1:stale");
    g_assert_cmphex(ans2_run(&a, IO, 40, &quick), ==, 0);
    roll(&a, "1:1:lost");
    ans2_submit(&a, IO, 40, &quick);
    g_assert_cmpuint(ans2_wait(&a, IO).tag, ==, 40);
    ans2_write_head(&a, IO);
    roll(&a, "1:1:phase");
    ans2_submit(&a, IO, 41, &quick);
    g_assert_false(ans2_settle(&a, IO));
    judge_expect_none(a.qts);

    for (size_t i = 0; i < ARRAY_SIZE(fatal); i++) {
        g_autofree char *random = g_strdup_printf("1:1:%s", fatal[i].class);

        qtest_quit(a.qts);
        ans2_start(&a, "2026", "");
        roll(&a, random);
        /* admin commands are spared */
        g_assert_cmphex(ans2_admin(&a, feature), ==, 0);
        ans2_submit(&a, IO, 2, &quick);
        expect_csts(&a, fatal[i].csts);
        g_assert_cmpuint(count_of(&a, fatal[i].class), ==, 1);
    }
    ans2_quit(&a);
}

/* How many of eight seeds let an admin command take @ms milliseconds or less */
static unsigned ends_within(Ans2 *a, const char *class, unsigned ms)
{
    unsigned num = 0;

    for (unsigned seed = 0; seed < 8; seed++) {
        g_autofree char *text = g_strdup_printf("%u:1:%s", seed, class);

        roll(a, text);
        ans2_submit(a, ADMIN, 0, &feature);
        g_assert_false(ans2_pending(a, ADMIN));
        qtest_clock_step(a->qts, ms * MS + 1);
        num += ans2_settle(a, ADMIN);
        qtest_clock_step(a->qts, 2000 * MS);
        g_assert_cmphex(ans2_reap(a, ADMIN).status, ==, 0);
    }
    return num;
}

/* Verifies the times: from 1 ms to about a second, in different lengths. */
static void test_times(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    for (int i = 0; i < 2; i++) {
        const char *class = i ? "slow" : "late";

        g_assert_cmpuint(ends_within(&a, class, 0), ==, 0);
        g_assert_cmpuint(ends_within(&a, class, 64), >, 0);
        g_assert_cmpuint(ends_within(&a, class, 64), <, 8);
        g_assert_cmpuint(ends_within(&a, class, 1025), ==, 8);
    }
    roll(&a, "");
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);
    roll(&a, "1:1:slow");
    qtest_writel(a.qts, CC, CC_OFF);
    expect_csts(&a, 1);
    qtest_clock_step(a.qts, 1025 * MS);
    expect_csts(&a, 0);
    ans2_quit(&a);
}

/* Verifies TCB_STAT, which the next invalidation puts right. */
static void test_tcb_stat(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    roll(&a, "1:1:tcb-stat");
    ans2_submit(&a, IO, 2, &quick);
    ans2_wait(&a, IO);
    qtest_writel(a.qts, TCB_INVAL, 2);
    g_assert_cmphex(qtest_readl(a.qts, TCB_STAT), ==, 1);
    g_assert_cmphex(qtest_readl(a.qts, TCB_STAT), ==, 1);
    ans2_write_head(&a, IO);
    roll(&a, "");
    g_assert_cmphex(ans2_io(&a, quick), ==, 0);
    ans2_stop(&a);
}

/* Start the stopped firmware; whether HELLO comes in so much time. */
static bool says_hello(QTestState *qts, int64_t ns)
{
    qtest_writel(qts, PMGR_ANS2, PS_ON | PS_RESET);
    qtest_writel(qts, PMGR_ANS2, PS_ON);
    qtest_writel(qts, CPU_CONTROL, RUN);
    qtest_clock_step(qts, ns);
    return !(qtest_readl(qts, I2A_CONTROL) & EMPTY);
}

/* Verifies that starts fail, but never two in a row, or take their time. */
static void test_starts(void)
{
    QTestState *qts = qtest_init("-M apple-j274,faults="
                                 "dice.random=1:1:failed-start");

    for (int i = 0; i < 6; i++) {
        g_assert_cmpint(says_hello(qts, 3 * MS), ==, i % 2);
    }
    qom_set_str(qts, DICE, "random", "1:1:slow-start");
    g_assert_false(says_hello(qts, 3 * MS - MS / 2));
    g_assert_true(says_hello(qts, 515 * MS));
    judge_expect_none(qts);
    qtest_quit(qts);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    { "list", test_list },
    { "set", test_set },
    { "quotes", test_quotes },
    { "all-or-none", test_all_or_none },
    { "now", test_now },
    { "option", test_option },
    { "dice/words", test_words },
    { "dice/seed", test_seed },
    { "dice/commands", test_commands },
    { "dice/times", test_times },
    { "dice/tcb-stat", test_tcb_stat },
    { "dice/starts", test_starts },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        g_autofree char *path = g_strdup_printf("/apple-faults/%s",
                                                tests[i].name);

        qtest_add_func(path, tests[i].run);
    }
    return g_test_run();
}
