/*
 * Apple RTKit: fault knobs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  QOM properties that make the firmware misbehave, so that a
 * driver's error paths can be tested.  They survive a reset and take effect
 * at the next start or wake of the firmware; "boots" says for how many.
 *
 *  drop-hello (bool)          never sends HELLO
 *  boot-status-low (bool)     boots, but BOOT_STATUS stays 0
 *  no-power-ack (bool)        never sends the power ack of the start
 *  no-sleep-ack (bool)        goes to sleep without an ack
 *  extra-endpoint (bool)      endpoint 0x0a is in the map
 *  protocol-min, protocol-max (uint32)   versions in HELLO; 11 and 12
 *  slow (uint32)              all delays times this; 1
 *  crash-at-message (uint32)  dies instead of sending its Nth message after
 *                             the start, counted from 1; 0 never
 *  preset-buffer (uint64)     address in the crashlog buffer request; 0
 *  hello-ns (uint64)          HELLO comes so much later, in guest time; 0
 *  syslog-size (uint32)       text bytes of an entry in INIT, 0 to 255; 128
 *  syslog-entries (uint32)    number of entries in INIT, 0 to 255; 32
 *  syslog-inits (uint32)      how many INIT messages are sent, 0 to 32; 1
 *  boots (uint32)             starts for which the knobs above apply, counted
 *                             down; 4294967295 (default) means every start
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
 *
 *  crash (string, write only)      dies now, with this reason
 *  stray-dma (uint64, write only)  writes 16 bytes at this address now
 *  syslog (string, write only)     writes this syslog line now
 *  state (string, read only)       name of the state
 *  syslog-dropped (uint32, read only)  lines that found no free entry
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
    uint32_t max;       /* 0: any value */
} RtkitKnob;

/* What the messages can carry, and what the queue takes at once */
#define SYSLOG_FIELD_MAX    255
#define SYSLOG_INITS_MAX    32

static const RtkitKnob rtkit_bool_knobs[] = {
    { "drop-hello", KNOB(drop_hello) },
    { "boot-status-low", KNOB(boot_status_low) },
    { "no-power-ack", KNOB(no_power_ack) },
    { "no-sleep-ack", KNOB(no_sleep_ack) },
    { "extra-endpoint", KNOB(extra_endpoint) },
};

static const RtkitKnob rtkit_uint32_knobs[] = {
    { "protocol-min", KNOB(protocol_min) },
    { "protocol-max", KNOB(protocol_max) },
    { "slow", KNOB(slow) },
    { "crash-at-message", KNOB(crash_at_message) },
    { "boots", KNOB(boots) },
    { "syslog-size", KNOB(syslog_size), SYSLOG_FIELD_MAX },
    { "syslog-entries", KNOB(syslog_entries), SYSLOG_FIELD_MAX },
    { "syslog-inits", KNOB(syslog_inits), SYSLOG_INITS_MAX },
};

static const RtkitKnob rtkit_uint64_knobs[] = {
    { "preset-buffer", KNOB(preset_buffer) },
    { "hello-ns", KNOB(hello_ns) },
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
    return s->fault.crashlog < RTKIT_CRASHLOG__MAX &&
           s->fault.syslog_size <= SYSLOG_FIELD_MAX &&
           s->fault.syslog_entries <= SYSLOG_FIELD_MAX &&
           s->fault.syslog_inits <= SYSLOG_INITS_MAX &&
           s->syslog_size <= SYSLOG_FIELD_MAX &&
           s->syslog_entries <= SYSLOG_FIELD_MAX;
}

void rtkit_fault_init(AppleRtkitState *s)
{
    s->fault.protocol_min = 11;
    s->fault.protocol_max = 12;
    s->fault.slow = 1;
    s->fault.boots = UINT32_MAX;
    s->fault.syslog_size = 128;
    s->fault.syslog_entries = 32;
    s->fault.syslog_inits = 1;
    object_property_add_uint32_ptr(OBJECT(s), "syslog-dropped",
                                   &s->syslog_dropped, OBJ_PROP_FLAG_READ);
}

void rtkit_fault_class_init(ObjectClass *oc)
{
    for (size_t i = 0; i < ARRAY_SIZE(rtkit_bool_knobs); i++) {
        object_class_property_add(oc, rtkit_bool_knobs[i].name, "bool",
                                  rtkit_visit_bool, rtkit_visit_bool, NULL,
                                  (void *)&rtkit_bool_knobs[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(rtkit_uint32_knobs); i++) {
        object_class_property_add(oc, rtkit_uint32_knobs[i].name, "uint32",
                                  rtkit_visit_uint32, rtkit_visit_uint32,
                                  NULL, (void *)&rtkit_uint32_knobs[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(rtkit_uint64_knobs); i++) {
        object_class_property_add(oc, rtkit_uint64_knobs[i].name, "uint64",
                                  rtkit_visit_uint64, rtkit_visit_uint64,
                                  NULL, (void *)&rtkit_uint64_knobs[i]);
    }
    object_class_property_add_str(oc, "crashlog-fault",
                                  rtkit_get_crashlog_fault,
                                  rtkit_set_crashlog_fault);
    object_class_property_add(oc, "stray-dma", "uint64", NULL,
                              rtkit_set_stray_dma, NULL, NULL);
    object_class_property_add_str(oc, "crash", NULL, rtkit_set_crash);
    object_class_property_add_str(oc, "syslog", NULL, rtkit_set_syslog);
    object_class_property_add_str(oc, "state", rtkit_get_state, NULL);
}
