/*
 * Apple M1 machine: what its qtests share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reading the judge and setting knobs over QMP.  Register offsets are not
 * here on purpose: each test writes down its own.
 */

#ifndef TESTS_QTEST_APPLE_JUDGE_H
#define TESTS_QTEST_APPLE_JUDGE_H

#include "libqtest.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "qobject/qnum.h"
#include "qobject/qstring.h"

#define JUDGE_PATH "/machine/soc/judge"

static inline QDict *qom_get(QTestState *qts, const char *path,
                             const char *property)
{
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments': "
                           "{ 'path': %s, 'property': %s } }", path, property);

    g_assert_true(qdict_haskey(rsp, "return"));
    return rsp;
}

static inline uint64_t dict_get_uint(QDict *dict, const char *key)
{
    return qnum_get_uint(qobject_to(QNum, qdict_get(dict, key)));
}

static inline uint64_t qom_get_uint(QTestState *qts, const char *path,
                                    const char *property)
{
    QDict *rsp = qom_get(qts, path, property);
    uint64_t value = dict_get_uint(rsp, "return");

    qobject_unref(rsp);
    return value;
}

static inline char *qom_get_str(QTestState *qts, const char *path,
                                const char *property)
{
    QDict *rsp = qom_get(qts, path, property);
    char *value = g_strdup(qdict_get_str(rsp, "return"));

    qobject_unref(rsp);
    return value;
}

static inline void qom_expect_str(QTestState *qts, const char *path,
                                  const char *property, const char *expected)
{
    g_autofree char *value = qom_get_str(qts, path, property);

    g_assert_cmpstr(value, ==, expected);
}

static inline bool qom_try_set_str(QTestState *qts, const char *path,
                                   const char *property, const char *value)
{
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'qom-set', 'arguments': "
                           "{ 'path': %s, 'property': %s, 'value': %s } }",
                           path, property, value);
    bool ok = qdict_haskey(rsp, "return");

    qobject_unref(rsp);
    return ok;
}

static inline void qom_set_str(QTestState *qts, const char *path,
                               const char *property, const char *value)
{
    g_assert_true(qom_try_set_str(qts, path, property, value));
}

static inline void qom_set_uint(QTestState *qts, const char *path,
                                const char *property, uint64_t value)
{
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'qom-set', 'arguments': "
                           "{ 'path': %s, 'property': %s, 'value': %"
                           PRIu64 " } }", path, property, value);

    g_assert_true(qdict_haskey(rsp, "return"));
    qobject_unref(rsp);
}

static inline void judge_clear(QTestState *qts)
{
    qtest_qom_set_bool(qts, JUDGE_PATH, "clear", true);
}

static inline void judge_print(QTestState *qts)
{
    QDict *rsp = qom_get(qts, JUDGE_PATH, "log");
    const QListEntry *e;

    QLIST_FOREACH_ENTRY(qdict_get_qlist(rsp, "return"), e) {
        g_test_message("%s", qstring_get_str(qobject_to(QString,
                                                        qlist_entry_obj(e))));
    }
    qobject_unref(rsp);
}

/* Exactly @count violations, all of @rule; then forget them. */
static inline void judge_expect(QTestState *qts, const char *rule,
                                uint64_t count)
{
    QDict *rsp = qom_get(qts, JUDGE_PATH, "by-rule");
    QDict *by_rule = qdict_get_qdict(rsp, "return");
    uint64_t total = qom_get_uint(qts, JUDGE_PATH, "violations");
    uint64_t seen = qdict_haskey(by_rule, rule) ?
                    dict_get_uint(by_rule, rule) : 0;

    if (total != count || seen != count) {
        judge_print(qts);
    }
    g_assert_cmpuint(seen, ==, count);
    g_assert_cmpuint(total, ==, count);
    qobject_unref(rsp);
    judge_clear(qts);
}

static inline void judge_expect_none(QTestState *qts)
{
    uint64_t total = qom_get_uint(qts, JUDGE_PATH, "violations");

    if (total) {
        judge_print(qts);
    }
    g_assert_cmpuint(total, ==, 0);
}

#endif
