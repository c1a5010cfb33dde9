/*
 * Apple M1 machine: the judge, which counts broken rules
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  The device models report every rule that the guest breaks;
 * the judge counts them by rule, keeps the first reasons and shows both as QOM
 * properties.  It has no reset: see the interface comment in judge.h.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "qapi/qapi-builtin-visit.h"
#include "qapi/visitor.h"
#include "migration/vmstate.h"
#include "hw/apple/judge.h"
#include "trace.h"

/* Length of one kept reason, with the rule's name and the final NUL. */
#define REASON_LEN 256

struct AppleJudgeState {
    DeviceState parent_obj;

    uint64_t violations;
    uint64_t by_rule[APPLE_RULE__MAX];
    uint32_t log_len;
    char log[APPLE_JUDGE_LOG_MAX][REASON_LEN];
};

static const char *const rule_names[APPLE_RULE__MAX] = {
#define RULE_NAME(name, str) [APPLE_RULE_##name] = str,
    APPLE_RULES(RULE_NAME)
#undef RULE_NAME
};

void apple_judge_violation(AppleJudgeState *s, AppleRule rule,
                           const char *fmt, ...)
{
    g_autofree char *reason = NULL;
    va_list ap;

    va_start(ap, fmt);
    reason = g_strdup_vprintf(fmt, ap);
    va_end(ap);

    trace_apple_judge_violation(rule_names[rule], reason);
    qemu_log_mask(LOG_GUEST_ERROR, "violation: %s: %s\n", rule_names[rule],
                  reason);

    s->violations++;
    s->by_rule[rule]++;
    if (s->log_len < APPLE_JUDGE_LOG_MAX) {
        snprintf(s->log[s->log_len], REASON_LEN, "%s: %s", rule_names[rule],
                 reason);
        s->log_len++;
    }
}

static void judge_get_violations(Object *obj, Visitor *v, const char *name,
                                 void *opaque, Error **errp)
{
    AppleJudgeState *s = APPLE_JUDGE(obj);

    visit_type_uint64(v, name, &s->violations, errp);
}

static void judge_get_by_rule(Object *obj, Visitor *v, const char *name,
                              void *opaque, Error **errp)
{
    AppleJudgeState *s = APPLE_JUDGE(obj);

    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    for (int i = 0; i < APPLE_RULE__MAX; i++) {
        if (s->by_rule[i] &&
            !visit_type_uint64(v, rule_names[i], &s->by_rule[i], errp)) {
            break;
        }
    }
    visit_end_struct(v, NULL);
}

static void judge_get_log(Object *obj, Visitor *v, const char *name,
                          void *opaque, Error **errp)
{
    AppleJudgeState *s = APPLE_JUDGE(obj);
    strList *list = NULL, **tail = &list;

    for (uint32_t i = 0; i < s->log_len; i++) {
        QAPI_LIST_APPEND(tail, g_strdup(s->log[i]));
    }
    visit_type_strList(v, name, &list, errp);
    qapi_free_strList(list);
}

static void judge_set_clear(Object *obj, bool value, Error **errp)
{
    AppleJudgeState *s = APPLE_JUDGE(obj);

    if (!value) {
        return;
    }
    s->violations = 0;
    memset(s->by_rule, 0, sizeof(s->by_rule));
    s->log_len = 0;
}

static int judge_post_load(void *opaque, int version_id)
{
    AppleJudgeState *s = opaque;

    if (s->log_len > APPLE_JUDGE_LOG_MAX) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < APPLE_JUDGE_LOG_MAX; i++) {
        s->log[i][REASON_LEN - 1] = '\0';
    }
    return 0;
}

static const VMStateDescription vmstate_judge = {
    .name = TYPE_APPLE_JUDGE,
    .version_id = 2,
    .minimum_version_id = 2,
    .post_load = judge_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(violations, AppleJudgeState),
        VMSTATE_UINT64_ARRAY(by_rule, AppleJudgeState, APPLE_RULE__MAX),
        VMSTATE_UINT32(log_len, AppleJudgeState),
        VMSTATE_BUFFER_UNSAFE(log, AppleJudgeState, 0,
                              APPLE_JUDGE_LOG_MAX * REASON_LEN),
        VMSTATE_END_OF_LIST()
    }
};

static void judge_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "counts the rules that the guest breaks";
    dc->vmsd = &vmstate_judge;
    dc->user_creatable = false;
    object_class_property_add(klass, "violations", "uint64",
                              judge_get_violations, NULL, NULL, NULL);
    object_class_property_add(klass, "by-rule", "dict", judge_get_by_rule,
                              NULL, NULL, NULL);
    object_class_property_add(klass, "log", "strList", judge_get_log,
                              NULL, NULL, NULL);
    object_class_property_add_bool(klass, "clear", NULL, judge_set_clear);
}

static const TypeInfo judge_types[] = {
    {
        .name = TYPE_APPLE_JUDGE,
        .parent = TYPE_DEVICE,
        .instance_size = sizeof(AppleJudgeState),
        .class_init = judge_class_init,
    },
};

DEFINE_TYPES(judge_types)
