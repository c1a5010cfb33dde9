/*
 * Apple ANS2: fault knobs and counters, readable and settable over QMP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Knobs, to be set with qom-set at any time.  They survive every reset.
 *
 *  lost-irq (bool, on)       a doorbell between a TCB invalidation and the CQ
 *                            head loses the command's interrupt
 *  flush-ns (17000000)       a flush takes at least this long, in guest time
 *  ready-ns (0)              from CC.EN to CSTS.RDY
 *  shutdown-ns (0)           from CC.SHN and written caches to CSTS.SHST = 2;
 *                            2^64 - 1: never, so that CSTS stays 0x5
 *  tcb-stat (0)              if not 0, what TCB_STAT reads
 *  crash-at-command (0)      the n-th doorbell from now crashes the firmware
 *  cfs-on-crash (bool, on)   a crash sets CSTS.CFS
 *  cfs (bool, off)           true: set CSTS.CFS now; false: nothing
 *  cqe-drop-irq (0)          the next n completions do not interrupt
 *  cqe-duplicate (0)         the next n completions are posted twice
 *  cqe-bogus-tag (write)     post an entry with this command id now, in the
 *                            I/O CQ or, if there is none, in the admin CQ
 *  aer-outstanding (bool, off)  an Asynchronous Event Request is accepted and
 *                            never ends, instead of being refused
 *  trap (string)             traps, see ans2-trap.c
 *  release (write)           true: the commands that traps hold go on
 *  held (uint32, read)       how many there are
 *  clear-counters (write)    true: all counters are 0
 *
 * Promises, to be set like the knobs.  They change what the drive says and not
 * what it does: with SGLs or metadata a command is still refused.
 *
 *  identify-sgls (uint32, 0)     SGLS: scatter gather lists
 *  identify-ms (uint16, 0)       metadata bytes of each block of namespace 1
 *  identify-oacs (uint16, 4)     OACS: optional admin commands; 4: firmware
 *  identify-hmpre (uint32, 0)    HMPRE: memory wanted of the host, in 4 KiB
 *  identify-oaes (uint32, 0)     OAES: optional asynchronous events
 *  identify-nn (uint32, 3)       NN: namespaces; those beyond 3 are inactive
 *  identify-queues (uint16, 1)   I/O queues of each kind that Get and Set
 *                                Features tell; from 1 on
 *
 * Counters are listed with their meaning in ans2-internal.h.  They are
 * uint64, read-only, and count from the start of QEMU or the last
 * clear-counters.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "ans2-internal.h"

typedef struct Ans2Uint64Prop {
    const char *name;
    size_t offset;
    const char *desc;
} Ans2Uint64Prop;

static const Ans2Uint64Prop knobs[] = {
    { "flush-ns", offsetof(AppleAns2State, knob.flush_ns),
      "least duration of a flush, in guest ns" },
    { "ready-ns", offsetof(AppleAns2State, knob.ready_ns),
      "from CC.EN to CSTS.RDY, in guest ns" },
    { "shutdown-ns", offsetof(AppleAns2State, knob.shutdown_ns),
      "from CC.SHN to CSTS.SHST = 2, in guest ns; 2^64 - 1 for never" },
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
} Ans2PromiseProp;

#define PROMISE(field) offsetof(AppleAns2State, promise.field)

static const Ans2PromiseProp promises[] = {
    { "identify-sgls", PROMISE(sgls), 0, UINT32_MAX, 0 },
    { "identify-ms", PROMISE(ms), 0, UINT16_MAX, 0 },
    { "identify-oacs", PROMISE(oacs), 0, UINT16_MAX, 4 },
    { "identify-hmpre", PROMISE(hmpre), 0, UINT32_MAX, 0 },
    { "identify-oaes", PROMISE(oaes), 0, UINT32_MAX, 0 },
    { "identify-nn", PROMISE(nn), 1, UINT32_MAX, ANS2_NUM_NS },
    { "identify-queues", PROMISE(queues), 1, UINT16_MAX, 1 },
};

static const Ans2Uint64Prop counters[] = {
#define COUNTER_PROP(c, name, desc)                                        \
    { name, offsetof(AppleAns2State, counter[ANS2_COUNT_##c]), desc },
    ANS2_COUNTERS(COUNTER_PROP)
#undef COUNTER_PROP
};

static uint64_t *value_of(Object *obj, const Ans2Uint64Prop *prop)
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

static bool get_aer_outstanding(Object *obj, Error **errp)
{
    return APPLE_ANS2(obj)->knob.aer_outstanding;
}

static void set_aer_outstanding(Object *obj, bool value, Error **errp)
{
    APPLE_ANS2(obj)->knob.aer_outstanding = value;
}

static bool get_lost_irq(Object *obj, Error **errp)
{
    return APPLE_ANS2(obj)->knob.lost_irq;
}

static void set_lost_irq(Object *obj, bool value, Error **errp)
{
    APPLE_ANS2(obj)->knob.lost_irq = value;
}

static bool get_cfs_on_crash(Object *obj, Error **errp)
{
    return APPLE_ANS2(obj)->knob.cfs_on_crash;
}

static void set_cfs_on_crash(Object *obj, bool value, Error **errp)
{
    APPLE_ANS2(obj)->knob.cfs_on_crash = value;
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

static void add_uint64(ObjectClass *klass, const Ans2Uint64Prop *prop,
                       ObjectPropertyAccessor *set)
{
    object_class_property_add(klass, prop->name, "uint64", get_value, set,
                              NULL, (void *)prop);
    object_class_property_set_description(klass, prop->name, prop->desc);
}

void ans2_class_add_properties(ObjectClass *klass)
{
    for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
        add_uint64(klass, &knobs[i], set_value);
    }
    for (size_t i = 0; i < ARRAY_SIZE(counters); i++) {
        add_uint64(klass, &counters[i], NULL);
    }
    for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
        object_class_property_add(klass, promises[i].name,
                                  promises[i].max == UINT16_MAX ? "uint16" :
                                                                  "uint32",
                                  visit_promise, visit_promise, NULL,
                                  (void *)&promises[i]);
    }
    object_class_property_add_bool(klass, "aer-outstanding",
                                   get_aer_outstanding, set_aer_outstanding);
    object_class_property_add_bool(klass, "lost-irq", get_lost_irq,
                                   set_lost_irq);
    object_class_property_add_bool(klass, "cfs-on-crash", get_cfs_on_crash,
                                   set_cfs_on_crash);
    object_class_property_add_bool(klass, "cfs", get_cfs, set_cfs);
    object_class_property_add(klass, "cqe-bogus-tag", "uint16", NULL,
                              set_bogus_tag, NULL, NULL);
    object_class_property_add_str(klass, "trap", get_trap, set_trap);
    object_class_property_add_bool(klass, "release", NULL, set_release);
    object_class_property_add(klass, "held", "uint32", get_held, NULL, NULL,
                              NULL);
    object_class_property_add_bool(klass, "clear-counters", NULL,
                                   set_clear_counters);
}
