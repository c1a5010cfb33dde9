/*
 * QTest testcase for the drive whose operations take a fixed time of the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest's clock stands still but for clock_step, so that whatever waits for
 * it waits for ever.
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "libqtest.h"

#define STEP        1000000LL   /* ns */
#define STEPS_MAX   1000

/* Several operations at a time: a backup of the drive to nowhere */
static QTestState *start_copy(void)
{
    QTestState *qts = qtest_init(
        "-M none"
        " -drive if=none,id=slow,driver=fixed-latency,size=16777216"
        " -blockdev driver=null-co,node-name=nowhere,size=16777216");

    qtest_qmp_assert_success(
        qts, "{ 'execute': 'blockdev-backup', 'arguments': {"
        " 'job-id': 'copy', 'device': 'slow', 'target': 'nowhere',"
        " 'sync': 'full', 'x-perf': { 'max-workers': 8,"
        " 'max-chunk': 65536 } } }");
    return qts;
}

static int64_t copied(QTestState *qts)
{
    QDict *answer = qtest_qmp(qts, "{ 'execute': 'query-jobs' }");
    QList *jobs = qdict_get_qlist(answer, "return");
    int64_t bytes = -1;

    if (!qlist_empty(jobs)) {
        bytes = qdict_get_int(qobject_to(QDict, qlist_peek(jobs)),
                              "current-progress");
    }
    qobject_unref(answer);
    return bytes;
}

/* Verifies that it ends when the guest's time goes on, and not before. */
static void test_clock(void)
{
    QTestState *qts = start_copy();
    unsigned steps = 0;

    g_assert_cmpint(copied(qts), ==, 0);
    while (copied(qts) >= 0) {
        g_assert_cmpuint(steps++, <, STEPS_MAX);
        qtest_clock_step(qts, STEP);
    }
    /* 16 MiB, one transfer at a time, of 400 ns for 1024 bytes */
    g_assert_cmpuint(steps, >=, 16 * 1024 * 400 / STEP);
    qtest_quit(qts);
}

/*
 * Verifies that a machine can be stopped while operations wait for its clock:
 * all of them end then, and what comes behind waits again.
 */
static void test_stop(void)
{
    QTestState *qts = start_copy();

    g_assert_cmpint(copied(qts), ==, 0);
    for (unsigned i = 0; i < 3; i++) {
        qtest_qmp_assert_success(qts, "{ 'execute': 'stop' }");
        qtest_qmp_assert_success(qts, "{ 'execute': 'cont' }");
        /* all eight, and the workers have begun anew */
        g_assert_cmpint(copied(qts), >=, (i + 1) * 8 * 65536);
        g_assert_cmpint(copied(qts), <, 16777216);
    }
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/apple-latency/clock", test_clock);
    qtest_add_func("/apple-latency/stop", test_stop);
    return g_test_run();
}
