/*
 * Apple ANS2: fault knobs and counters, readable and settable over QMP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Knobs can be set with qom-set at any time and survive every reset.  What
 * each does stands with its property below; the property "list" of
 * /machine/faults tells it.
 *
 * Promises (identify-*) are set like the knobs.  They change what the drive
 * says and not what it does: with SGLs or metadata a command is still refused.
 *
 * Counters are listed with their meaning in ans2-internal.h.  They are
 * uint64, read-only, and count from the start of QEMU or the last
 * clear-counters.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "ans2-internal.h"

typedef struct Ans2Prop {
    const char *name;
    size_t offset;
    const char *desc;
} Ans2Prop;

static const Ans2Prop knobs[] = {
    { "flush-ns", offsetof(AppleAns2State, knob.flush_ns),
      "least duration of a flush, in guest ns" },
    { "ready-ns", offsetof(AppleAns2State, knob.ready_ns),
      "from CC.EN to CSTS.RDY, in guest ns; 2^64 - 1 for never" },
    { "shutdown-ns", offsetof(AppleAns2State, knob.shutdown_ns),
      "from CC.SHN and written caches to CSTS.SHST = 2, in guest ns;"
      " 2^64 - 1 for never, so that CSTS stays 0x5" },
    { "csts", offsetof(AppleAns2State, knob.csts),
      "what CSTS reads, if not 0: 0xffffffff as if the block were gone" },
    { "tcb-stat", offsetof(AppleAns2State, knob.tcb_stat),
      "what TCB_STAT reads, if not 0" },
    { "crash-at-command", offsetof(AppleAns2State, knob.crash_at_command),
      "crash the firmware at the n-th doorbell from now" },
    { "cqe-drop-irq", offsetof(AppleAns2State, knob.drop_irq),
      "the next n completions do not interrupt" },
    { "cqe-duplicate", offsetof(AppleAns2State, knob.duplicate_cqe),
      "the next n completions are posted twice" },
};

typedef struct Ans2PromiseProp {
    const char *name;
    size_t offset;
    uint32_t min;
    uint32_t max;
    uint32_t value;     /* of a real drive */
    const char *desc;
} Ans2PromiseProp;

#define PROMISE(field) offsetof(AppleAns2State, promise.field)

static const Ans2PromiseProp promises[] = {
    { "identify-sgls", PROMISE(sgls), 0, UINT32_MAX, 0,
      "SGLS: scatter gather lists" },
    { "identify-ms", PROMISE(ms), 0, UINT16_MAX, 0,
      "metadata bytes of each block of namespace 1" },
    { "identify-oacs", PROMISE(oacs), 0, UINT16_MAX, 4,
      "OACS: optional admin commands; 4: firmware" },
    { "identify-hmpre", PROMISE(hmpre), 0, UINT32_MAX, 0,
      "HMPRE: memory wanted of the host, in 4 KiB" },
    { "identify-oaes", PROMISE(oaes), 0, UINT32_MAX, 0,
      "OAES: optional asynchronous events" },
    { "identify-nn", PROMISE(nn), 1, UINT32_MAX, ANS2_NUM_NS,
      "NN: namespaces; those beyond 3 are inactive" },
    { "identify-queues", PROMISE(queues), 1, UINT16_MAX, 1,
      "I/O queues of each kind that Get and Set Features tell; from 1 on" },
};

static const Ans2Prop bools[] = {
    { "lost-irq", offsetof(AppleAns2State, knob.lost_irq),
      "a doorbell between a TCB invalidation and the CQ head loses the"
      " command's interrupt" },
    { "cfs-on-crash", offsetof(AppleAns2State, knob.cfs_on_crash),
      "a crash of the firmware sets CSTS.CFS" },
    { "aer-outstanding", offsetof(AppleAns2State, knob.aer_outstanding),
      "an Asynchronous Event Request is accepted and never ends, instead of"
      " being refused" },
};

static const Ans2Prop counters[] = {
#define COUNTER_PROP(c, name, desc)                                        \
    { name, offsetof(AppleAns2State, counter[ANS2_COUNT_##c]), desc },
    ANS2_COUNTERS(COUNTER_PROP)
#undef COUNTER_PROP
};

static uint64_t *value_of(Object *obj, const Ans2Prop *prop)
{
    return (uint64_t *)((char *)APPLE_ANS2(obj) + prop->offset);
}

static void get_value(Object *obj, Visitor *v, const char *name, void *opaque,
                      Error **errp)
{
    visit_type_uint64(v, name, value_of(obj, opaque), errp);
}

static void set_value(Object *obj, Visitor *v, const char *name, void *opaque,
                      Error **errp)
{
    uint64_t value;

    if (visit_type_uint64(v, name, &value, errp)) {
        *value_of(obj, opaque) = value;
    }
}

static void visit_promise(Object *obj, Visitor *v, const char *name,
                          void *opaque, Error **errp)
{
    const Ans2PromiseProp *prop = opaque;
    uint32_t *slot = (uint32_t *)((char *)APPLE_ANS2(obj) + prop->offset);
    uint32_t value = *slot;

    if (!visit_type_uint32(v, name, &value, errp)) {
        return;
    }
    if (value < prop->min || value > prop->max) {
        error_setg(errp, "%s must be %u to %u", name, prop->min, prop->max);
        return;
    }
    *slot = value;
}

bool ans2_promise_is_sane(const AppleAns2State *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
        const uint32_t *slot = (const uint32_t *)((const char *)s +
                                                  promises[i].offset);

        if (*slot < promises[i].min || *slot > promises[i].max) {
            return false;
        }
    }
    return true;
}

void ans2_promise_init(AppleAns2State *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
        *(uint32_t *)((char *)s + promises[i].offset) = promises[i].value;
    }
}

static void visit_bool(Object *obj, Visitor *v, const char *name,
                       void *opaque, Error **errp)
{
    const Ans2Prop *prop = opaque;

    visit_type_bool(v, name, (bool *)((char *)APPLE_ANS2(obj) + prop->offset),
                    errp);
}

static bool get_cfs(Object *obj, Error **errp)
{
    return APPLE_ANS2(obj)->csts & ANS2_CSTS_CFS;
}

static void set_cfs(Object *obj, bool value, Error **errp)
{
    if (value && qdev_is_realized(DEVICE(obj))) {
        ans2_ctrl_fatal(APPLE_ANS2(obj));
    }
}

static void set_bogus_tag(Object *obj, Visitor *v, const char *name,
                          void *opaque, Error **errp)
{
    AppleAns2State *s = APPLE_ANS2(obj);
    unsigned qid = s->queue[ANS2_IO].cq_exists ? ANS2_IO : ANS2_ADMIN;
    uint16_t cid;

    if (visit_type_uint16(v, name, &cid, errp) &&
        !ans2_cq_post_bogus(s, qid, cid)) {
        error_setg(errp, "no completion queue with room");
    }
}

static char *get_trap(Object *obj, Error **errp)
{
    return ans2_trap_format(APPLE_ANS2(obj));
}

static void set_trap(Object *obj, const char *text, Error **errp)
{
    ans2_trap_arm(APPLE_ANS2(obj), text, errp);
}

static char *get_media(Object *obj, Error **errp)
{
    return ans2_media_format(APPLE_ANS2(obj));
}

static void set_media(Object *obj, const char *text, Error **errp)
{
    ans2_media_set(APPLE_ANS2(obj), text, errp);
}

static void set_release(Object *obj, bool value, Error **errp)
{
    if (value) {
        ans2_cmd_release_all(APPLE_ANS2(obj));
    }
}

static void get_held(Object *obj, Visitor *v, const char *name, void *opaque,
                     Error **errp)
{
    uint32_t num = ans2_cmd_num_held(APPLE_ANS2(obj));

    visit_type_uint32(v, name, &num, errp);
}

static void set_clear_counters(Object *obj, bool value, Error **errp)
{
    AppleAns2State *s = APPLE_ANS2(obj);

    if (value) {
        memset(s->counter, 0, sizeof(s->counter));
    }
}

static void add_class(ObjectClass *klass, const char *name, const char *type,
                      ObjectPropertyAccessor *get, ObjectPropertyAccessor *set,
                      const void *prop, const char *desc)
{
    object_class_property_add(klass, name, type, get, set, NULL,
                              (void *)prop);
    object_class_property_set_description(klass, name, desc);
}

static void add_tables(ObjectClass *klass)
{
    for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
        add_class(klass, knobs[i].name, "uint64", get_value, set_value,
                  &knobs[i], knobs[i].desc);
    }
    for (size_t i = 0; i < ARRAY_SIZE(bools); i++) {
        add_class(klass, bools[i].name, "bool", visit_bool, visit_bool,
                  &bools[i], bools[i].desc);
    }
    for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
        add_class(klass, counters[i].name, "uint64", get_value, NULL,
                  &counters[i], counters[i].desc);
    }
    for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
        add_class(klass, promises[i].name,
                  promises[i].max == UINT16_MAX ? "uint16" : "uint32",
                  visit_promise, visit_promise, &promises[i],
                  promises[i].desc);
    }
}

static void add_str(ObjectClass *klass, const char *name,
                    char *(*get)(Object *, Error **),
                    void (*set)(Object *, const char *, Error **),
                    const char *desc)
{
    object_class_property_add_str(klass, name, get, set);
    object_class_property_set_description(klass, name, desc);
}

static void add_bool(ObjectClass *klass, const char *name,
                     bool (*get)(Object *, Error **),
                     void (*set)(Object *, bool, Error **), const char *desc)
{
    object_class_property_add_bool(klass, name, get, set);
    object_class_property_set_description(klass, name, desc);
}

void ans2_class_add_properties(ObjectClass *klass)
{
    add_tables(klass);
    add_bool(klass, "cfs", get_cfs, set_cfs,
             "true sets CSTS.CFS now, false does nothing");
    add_class(klass, "cqe-bogus-tag", "uint16", NULL, set_bogus_tag, NULL,
              "posts an entry with this command id now, in the I/O CQ or, if"
              " there is none, in the admin CQ");
    add_str(klass, "trap", get_trap, set_trap,
            "ACTION:EVENT[:COUNT] makes the controller fail at a chosen"
            " moment, see ans2-trap.c; more are added, empty removes all");
    add_str(klass, "media-errors", get_media, set_media,
            "{read|write|both}:NSID:FIRST:COUNT makes blocks bad; more are"
            " added, empty makes all good");
    add_bool(klass, "release", NULL, set_release,
             "true: the commands that traps hold go on");
    add_class(klass, "held", "uint32", get_held, NULL, NULL,
              "commands that traps hold");
    add_bool(klass, "clear-counters", NULL, set_clear_counters,
             "true: all counters are 0");
}
