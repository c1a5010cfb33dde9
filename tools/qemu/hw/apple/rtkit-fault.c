/*
 * Apple RTKit: fault knobs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  QOM properties that make the firmware misbehave, so that a
 * driver's error paths can be tested.  They survive a reset and take effect
 * at the next start or wake of the firmware; "boots" says for how many.  What
 * each does stands with its property below; the property "list" of
 * /machine/faults tells it.
 *
 *  crashlog-fault (string)    what is wrong with the log of every crash:
 *    ""                       nothing
 *    "zero-length"            a section of length 0
 *    "short-section"          a section shorter than its header
 *    "long-section"           a text that goes on far beyond the buffer
 *    "short-mailbox"          a mailbox section without room for its header
 *    "big-count"              a mailbox section with messages far beyond the
 *                             buffer
 *    "unterminated"           a version text up to the end of the buffer
 *    "no-end"                 no end marker, but half the header of a section
 *                             in the last eight bytes of the buffer
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "qapi/qapi-builtin-visit.h"
#include "rtkit-internal.h"
#include "trace.h"

#define KNOB(field) offsetof(AppleRtkitState, fault.field)

typedef struct RtkitKnob {
    const char *name;
    size_t offset;
    const char *desc;
    uint32_t max;       /* 0: any value */
} RtkitKnob;

/* What the messages can carry, and what the queue takes at once */
#define SYSLOG_FIELD_MAX    255
#define SYSLOG_INITS_MAX    32
#define REPEATS_MAX         8
#define BUFFER_PAGES_MAX    255

static const RtkitKnob rtkit_bool_knobs[] = {
    { "drop-hello", KNOB(drop_hello), "never sends HELLO" },
    { "boot-status-low", KNOB(boot_status_low),
      "boots, but BOOT_STATUS stays 0" },
    { "no-power-ack", KNOB(no_power_ack),
      "never sends the power ack of the start" },
    { "no-sleep-ack", KNOB(no_sleep_ack), "goes to sleep without an ack" },
    { "extra-endpoint", KNOB(extra_endpoint), "endpoint 0x0a is in the map" },
    { "garbage-syslog", KNOB(garbage_syslog),
      "the syslog endpoint sends messages that mean nothing before INIT" },
    { "garbage-ioreport", KNOB(garbage_ioreport),
      "the ioreport endpoint sends messages that mean nothing before its own" },
};

static const RtkitKnob rtkit_uint32_knobs[] = {
    { "protocol-min", KNOB(protocol_min), "lowest version in HELLO" },
    { "protocol-max", KNOB(protocol_max), "highest version in HELLO" },
    { "hellos", KNOB(hellos), "how often HELLO is sent, 0 to 8", REPEATS_MAX },
    { "slow", KNOB(slow), "all delays times this" },
    { "crash-at-message", KNOB(crash_at_message),
      "dies instead of sending its Nth message after the start, from 1; 0:"
      " never" },
    { "boots", KNOB(boots),
      "starts for which these knobs apply, counted down; 4294967295: all" },
    { "buffer-endpoint", KNOB(buffer_endpoint),
      "whose buffer request is wrong: 1 crashlog, 2 syslog, 4 ioreport,"
      " 8 oslog" },
    { "buffer-pages", KNOB(buffer_pages),
      "size in that request, in 4 KiB, 0 to 255", BUFFER_PAGES_MAX },
    { "buffer-requests", KNOB(buffer_requests),
      "how often it is sent, 0 to 8", REPEATS_MAX },
    { "syslog-size", KNOB(syslog_size),
      "text bytes of an entry in the syslog's INIT, 0 to 255",
      SYSLOG_FIELD_MAX },
    { "syslog-entries", KNOB(syslog_entries),
      "number of entries in the syslog's INIT, 0 to 255", SYSLOG_FIELD_MAX },
    { "syslog-inits", KNOB(syslog_inits),
      "how often the syslog's INIT is sent, 0 to 32", SYSLOG_INITS_MAX },
};

static const RtkitKnob rtkit_uint64_knobs[] = {
    { "preset-buffer", KNOB(preset_buffer),
      "address in the buffer request that buffer-endpoint names" },
    { "hello-ns", KNOB(hello_ns), "HELLO comes so much later, in guest time" },
    { "map-clear", KNOB(map_clear),
      "bits of the endpoints 0 to 63 that are missing in the map" },
    { "map-set", KNOB(map_set),
      "bits of the endpoints 0 to 63 that are in the map though not there" },
};

static const char *const rtkit_crashlog_faults[RTKIT_CRASHLOG__MAX] = {
    [RTKIT_CRASHLOG_GOOD] = "",
    [RTKIT_CRASHLOG_ZERO_LENGTH] = "zero-length",
    [RTKIT_CRASHLOG_SHORT_SECTION] = "short-section",
    [RTKIT_CRASHLOG_LONG_SECTION] = "long-section",
    [RTKIT_CRASHLOG_SHORT_MAILBOX] = "short-mailbox",
    [RTKIT_CRASHLOG_BIG_COUNT] = "big-count",
    [RTKIT_CRASHLOG_UNTERMINATED] = "unterminated",
    [RTKIT_CRASHLOG_NO_END] = "no-end",
};

static void rtkit_visit_bool(Object *obj, Visitor *v, const char *name,
                             void *opaque, Error **errp)
{
    const RtkitKnob *knob = opaque;

    visit_type_bool(v, name, (bool *)((char *)obj + knob->offset), errp);
}

static void rtkit_visit_uint32(Object *obj, Visitor *v, const char *name,
                               void *opaque, Error **errp)
{
    const RtkitKnob *knob = opaque;
    uint32_t *slot = (uint32_t *)((char *)obj + knob->offset);
    uint32_t value = *slot;

    if (!visit_type_uint32(v, name, &value, errp)) {
        return;
    }
    if (knob->max && value > knob->max) {
        error_setg(errp, "%s must be 0 to %u", name, knob->max);
        return;
    }
    *slot = value;
}

static void rtkit_visit_uint64(Object *obj, Visitor *v, const char *name,
                               void *opaque, Error **errp)
{
    const RtkitKnob *knob = opaque;

    visit_type_uint64(v, name, (uint64_t *)((char *)obj + knob->offset),
                      errp);
}

static char *rtkit_get_crashlog_fault(Object *obj, Error **errp)
{
    return g_strdup(rtkit_crashlog_faults[APPLE_RTKIT(obj)->fault.crashlog]);
}

static void rtkit_set_crashlog_fault(Object *obj, const char *text,
                                     Error **errp)
{
    for (unsigned i = 0; i < RTKIT_CRASHLOG__MAX; i++) {
        if (!strcmp(text, rtkit_crashlog_faults[i])) {
            APPLE_RTKIT(obj)->fault.crashlog = i;
            return;
        }
    }
    error_setg(errp, "crashlog-fault must be empty, zero-length,"
               " short-section, long-section, short-mailbox, big-count,"
               " unterminated or no-end");
}

static void rtkit_set_crash(Object *obj, const char *reason, Error **errp)
{
    AppleRtkitState *s = APPLE_RTKIT(obj);

    if (!apple_rtkit_awake(s)) {
        error_setg(errp, "the firmware cannot crash, it is %s",
                   rtkit_phase_name(s));
        return;
    }
    apple_rtkit_crash(s, reason);
}

static void rtkit_set_stray_dma(Object *obj, Visitor *v, const char *name,
                                void *opaque, Error **errp)
{
    AppleRtkitState *s = APPLE_RTKIT(obj);
    uint8_t data[16];
    uint64_t addr;

    if (!visit_type_uint64(v, name, &addr, errp)) {
        return;
    }
    if (!apple_rtkit_awake(s)) {
        error_setg(errp, "the firmware does no DMA, it is %s",
                   rtkit_phase_name(s));
        return;
    }
    memset(data, 0x5a, sizeof(data));
    rtkit_dma(s, addr, data, sizeof(data), true);
}

static void rtkit_set_syslog(Object *obj, const char *text, Error **errp)
{
    apple_rtkit_syslog(APPLE_RTKIT(obj), "knob", "%s", text);
}

static char *rtkit_get_state(Object *obj, Error **errp)
{
    return g_strdup(rtkit_phase_name(APPLE_RTKIT(obj)));
}

/* A start or a wake: do the knobs apply to it? */
void rtkit_fault_boot(AppleRtkitState *s)
{
    s->faulty = s->fault.boots != 0;
    if (s->fault.boots != 0 && s->fault.boots != UINT32_MAX) {
        s->fault.boots--;
    }
}

bool rtkit_fault_is_sane(const AppleRtkitState *s)
{
    for (RtkitBufferId id = 0; id < RTKIT_BUF__MAX; id++) {
        if (s->buffer[id].size > BUFFER_PAGES_MAX * RTKIT_PAGE_SIZE ||
            s->buffer[id].size % RTKIT_PAGE_SIZE) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(rtkit_uint32_knobs); i++) {
        const RtkitKnob *knob = &rtkit_uint32_knobs[i];
        const uint32_t *slot = (const uint32_t *)((const char *)s +
                                                  knob->offset);

        if (knob->max && *slot > knob->max) {
            return false;
        }
    }
    return s->fault.crashlog < RTKIT_CRASHLOG__MAX &&
           s->syslog_size <= SYSLOG_FIELD_MAX &&
           s->syslog_entries <= SYSLOG_FIELD_MAX;
}

void rtkit_fault_init(AppleRtkitState *s)
{
    s->fault.protocol_min = 11;
    s->fault.protocol_max = 12;
    s->fault.hellos = 1;
    s->fault.slow = 1;
    s->fault.boots = UINT32_MAX;
    s->fault.buffer_endpoint = RTKIT_EP_CRASHLOG;
    s->fault.buffer_pages = RTKIT_BUFFER_PAGES;
    s->fault.buffer_requests = 1;
    s->fault.syslog_size = 128;
    s->fault.syslog_entries = 32;
    s->fault.syslog_inits = 1;
    object_property_add_uint32_ptr(OBJECT(s), "syslog-dropped",
                                   &s->syslog_dropped, OBJ_PROP_FLAG_READ);
}

static void rtkit_add_knobs(ObjectClass *oc, const char *type,
                            ObjectPropertyAccessor *visit,
                            const RtkitKnob *knobs, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        object_class_property_add(oc, knobs[i].name, type, visit, visit, NULL,
                                  (void *)&knobs[i]);
        object_class_property_set_description(oc, knobs[i].name,
                                              knobs[i].desc);
    }
}

static void rtkit_add_str(ObjectClass *oc, const char *name,
                          char *(*get)(Object *, Error **),
                          void (*set)(Object *, const char *, Error **),
                          const char *desc)
{
    object_class_property_add_str(oc, name, get, set);
    object_class_property_set_description(oc, name, desc);
}

void rtkit_fault_class_init(ObjectClass *oc)
{
    rtkit_add_knobs(oc, "bool", rtkit_visit_bool, rtkit_bool_knobs,
                    ARRAY_SIZE(rtkit_bool_knobs));
    rtkit_add_knobs(oc, "uint32", rtkit_visit_uint32, rtkit_uint32_knobs,
                    ARRAY_SIZE(rtkit_uint32_knobs));
    rtkit_add_knobs(oc, "uint64", rtkit_visit_uint64, rtkit_uint64_knobs,
                    ARRAY_SIZE(rtkit_uint64_knobs));
    rtkit_add_str(oc, "crashlog-fault", rtkit_get_crashlog_fault,
                  rtkit_set_crashlog_fault,
                  "what is wrong with the log of every crash, see"
                  " rtkit-fault.c; empty: nothing");
    object_class_property_add(oc, "stray-dma", "uint64", NULL,
                              rtkit_set_stray_dma, NULL, NULL);
    object_class_property_set_description(oc, "stray-dma",
        "writes 16 bytes at this address now");
    rtkit_add_str(oc, "crash", NULL, rtkit_set_crash,
                  "dies now, with this reason");
    rtkit_add_str(oc, "syslog", NULL, rtkit_set_syslog,
                  "writes this syslog line now");
    rtkit_add_str(oc, "state", rtkit_get_state, NULL, "name of the state");
}
