/*
 * Apple RTKit: the firmware of the ANS co-processor, as seen by the AP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hardware: a co-processor that runs Apple's RTKit from memory that the
 * boot loader filled.  The AP sees it through the ASC mailbox: messages of 64
 * bits on numbered endpoints, plus shared buffers that the AP provides.
 *
 * The model: one firmware thread that takes or sends one message at a time,
 * with a delay before each, so that the AP's waits are exercised.
 *
 * rtkit-internal.h says which file does what.
 *
 * Stopping the firmware: RUN may be cleared while it sleeps, and when it is
 * dead (crashed, or hung by a knob or by a broken rule).  Clearing RUN while
 * it can still answer is a violation and wedges the model, as m1n1 found on
 * some co-processors.  A reset of the block always gives a stopped firmware;
 * one that hits a running firmware is a violation, one in the middle of a
 * start is not, because nothing else can end a start that failed.
 *
 * The firmware reaches the NAND over an internal PCIe link, which has a power
 * domain of its own (Linux's devicetree: ps_apcie_st).  The domain must be on
 * before the firmware is started or woken, and stay on until it sleeps, is
 * dead, or is reset.
 *
 * Model choices, not known from hardware: all delays, that a reset of the
 * block brings a crashed firmware back, and that the firmware goes on without
 * its link.
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "system/reset.h"
#include "rtkit-internal.h"
#include "trace.h"

/* A message taken may cause as many to be sent, with room to spare. */
#define TX_RESERVE      8

static void rtkit_stop(AppleRtkitState *s)
{
    rtkit_stop_timers(s);
    rtkit_drop_queue(s);
    rtkit_buffer_forget(s);
    rtkit_syslog_forget(s);
    s->hung = false;
    s->no_restart = false;
    rtkit_set_ready(s, false);
    rtkit_set_phase(s, RTKIT_STOPPED);
}

/* Messages */

static void rtkit_remember(AppleRtkitState *s, RtkitDirection direction,
                           const AppleAscMessage *msg)
{
    RtkitHistory *h = &s->history[direction];
    uint32_t i = h->next % RTKIT_HISTORY;

    h->msg0[i] = msg->msg0;
    h->endpoint[i] = msg->endpoint;
    h->time_us[i] = qemu_clock_get_us(QEMU_CLOCK_VIRTUAL);
    h->next++;
}

/* Returns whether something happened. */
static bool rtkit_pump_tx(AppleRtkitState *s)
{
    const AppleAscMessage *msg = &s->tx[s->tx_head];

    if (!s->tx_count) {
        return false;
    }
    if (apple_rtkit_awake(s) && s->faulty && s->fault.crash_at_message &&
        s->fault.crash_at_message == s->sent + 1) {
        s->sent++;
        apple_rtkit_crash(s, "knob crash-at-message");
        return true;
    }
    if (!apple_asc_iop_send(s->asc, msg)) {
        return false;
    }
    rtkit_remember(s, RTKIT_TO_AP, msg);
    s->sent++;
    s->tx_head = (s->tx_head + 1) % RTKIT_TX_SLOTS;
    s->tx_count--;
    return true;
}

/* A buffer came: who waited for it goes on. */
static void rtkit_buffer_reply(AppleRtkitState *s, const AppleAscMessage *msg)
{
    switch (rtkit_buffer_message(s, msg->endpoint, msg->msg0)) {
    case RTKIT_BUF_IOREPORT:
        rtkit_ioreport_start(s);
        break;
    case RTKIT_BUF_SYSLOG:
        rtkit_syslog_start(s);
        break;
    default:
        break;
    }
}

static void rtkit_dispatch(AppleRtkitState *s, const AppleAscMessage *msg)
{
    unsigned type = FIELD_EX64(msg->msg0, MSG, TYPE);
    unsigned oslog_type = FIELD_EX64(msg->msg0, OSLOG, TYPE);

    if (s->phase == RTKIT_ASLEEP &&
        (msg->endpoint != RTKIT_EP_MGMT || type != MGMT_SET_IOP_PWR)) {
        apple_judge_violation(s->judge, APPLE_RULE_RTKIT_STATE,
                              "message 0x%016" PRIx64 " to endpoint 0x%02x "
                              "while the firmware sleeps: only a wake message "
                              "is heard", msg->msg0, msg->endpoint);
        return;
    }
    if (!rtkit_ep_started(s, msg->endpoint)) {
        apple_judge_violation(s->judge, APPLE_RULE_RTKIT_STATE,
                              "message 0x%016" PRIx64 " to endpoint 0x%02x, "
                              "which was not started", msg->msg0,
                              msg->endpoint);
        return;
    }

    if (msg->endpoint == RTKIT_EP_MGMT) {
        rtkit_mgmt_message(s, msg->msg0);
    } else if (msg->endpoint == RTKIT_EP_OSLOG &&
               oslog_type == BUFFER_REQUEST) {
        rtkit_buffer_reply(s, msg);
    } else if (msg->endpoint == RTKIT_EP_OSLOG &&
               oslog_type == OSLOG_DECLINE) {
        /* no buffer: oslog is not needed */
    } else if (msg->endpoint != RTKIT_EP_OSLOG && type == BUFFER_REQUEST &&
               rtkit_buffer_endpoint(msg->endpoint)) {
        rtkit_buffer_reply(s, msg);
    } else if (msg->endpoint == RTKIT_EP_SYSLOG) {
        rtkit_syslog_message(s, msg->msg0);
    } else if (msg->endpoint == RTKIT_EP_IOREPORT) {
        rtkit_ioreport_message(s, msg->msg0);
    } else {
        apple_judge_violation(s->judge, APPLE_RULE_RTKIT_MESSAGE,
                              "message 0x%016" PRIx64 " to endpoint 0x%02x, "
                              "which expects none like it", msg->msg0,
                              msg->endpoint);
    }
}

static bool rtkit_pump_rx(AppleRtkitState *s)
{
    bool booting = s->phase == RTKIT_HELLO && !s->hello_sent;
    AppleAscMessage msg;

    if (booting || s->phase == RTKIT_OFF || s->phase == RTKIT_CRASHED ||
        s->tx_count > RTKIT_TX_SLOTS - TX_RESERVE ||
        !apple_asc_iop_recv(s->asc, &msg)) {
        return false;
    }
    rtkit_remember(s, RTKIT_FROM_AP, &msg);
    rtkit_dispatch(s, &msg);
    rtkit_mgmt_activity(s);
    return true;
}

/* One message at a time; answers go out before the next question is read. */
static void rtkit_pump(void *opaque)
{
    AppleRtkitState *s = opaque;

    if (rtkit_pump_tx(s) || rtkit_pump_rx(s)) {
        rtkit_kick(s);
    }
}

static void rtkit_step(void *opaque)
{
    rtkit_mgmt_step(opaque);
}

/* SART refused an access of somebody else who works for the firmware. */
static void rtkit_sart_fault(void *opaque, int n, int level)
{
    AppleRtkitState *s = opaque;

    if (level && !s->in_dma) {
        apple_rtkit_crash(s, "SART refused an access");
    }
}

/* The domain of the NAND's PCIe link */

static void rtkit_set_link(void *opaque, int n, int level)
{
    AppleRtkitState *s = opaque;

    if (s->link && !level && apple_rtkit_awake(s) && !s->hung) {
        apple_judge_violation(s->judge, APPLE_RULE_PMGR_LINK,
                              "domain of the NAND's PCIe link switched off "
                              "while the firmware is %s: put it to sleep first",
                              rtkit_phase_name(s));
    }
    s->link = level;
}

/* The wrapper */

static void rtkit_run_changed(void *opaque, bool run)
{
    AppleRtkitState *s = opaque;

    if (run) {
        if (s->phase == RTKIT_STOPPED) {
            rtkit_start(s);
        }
        return;
    }
    if (s->phase == RTKIT_CRASHED || s->phase == RTKIT_OFF) {
        return;
    }
    if (apple_rtkit_awake(s) && !s->hung) {
        apple_judge_violation(s->judge, APPLE_RULE_ASC_RUN,
                              "CPU_CONTROL.RUN cleared while the firmware is "
                              "%s: put it to sleep first", rtkit_phase_name(s));
        rtkit_stop(s);
        rtkit_set_phase(s, RTKIT_CRASHED);
        return;
    }
    rtkit_stop(s);
}

static void rtkit_woken(void *opaque)
{
    rtkit_kick(opaque);
}

static const AppleAscFirmware rtkit_firmware = {
    .run_changed = rtkit_run_changed,
    .message = rtkit_woken,
    .room = rtkit_woken,
};

/* Device */

static void rtkit_machine_reset(void *opaque)
{
    AppleRtkitState *s = opaque;

    s->machine_reset = true;
}

static void rtkit_reset_enter(Object *obj, ResetType type)
{
    AppleRtkitState *s = APPLE_RTKIT(obj);

    s->awake_before_reset = !s->hung && (s->phase == RTKIT_RUNNING ||
                                         s->phase == RTKIT_QUIESCED);
    memset(s->history, 0, sizeof(s->history));
    s->dma_fault = 0;
}

static void rtkit_reset_hold(Object *obj, ResetType type)
{
    AppleRtkitState *s = APPLE_RTKIT(obj);

    rtkit_stop(s);
    s->hello_sent = false;
    qemu_set_irq(s->crashed, 0);
}

/* What the boot loader left, after a reset of the whole machine only. */
static void rtkit_hand_over(AppleRtkitState *s)
{
    if (s->handover_phase == RTKIT_STOPPED) {
        return;
    }
    apple_asc_preset_run(s->asc, true);
    rtkit_set_phase(s, s->handover_phase);
    s->hello_sent = true;
    s->faulty = false;
    if (s->handover_phase == RTKIT_RUNNING) {
        s->iop_power = PWR_ON;
        s->ap_power = PWR_ON;
        rtkit_set_ready(s, true);
    } else {
        s->iop_power = PWR_SLEEP;
        s->ap_power = PWR_QUIESCED;
    }
}

static void rtkit_reset_exit(Object *obj, ResetType type)
{
    AppleRtkitState *s = APPLE_RTKIT(obj);

    if (s->machine_reset) {
        s->machine_reset = false;
        rtkit_hand_over(s);
    } else if (s->awake_before_reset) {
        apple_judge_violation(s->judge, APPLE_RULE_PMGR_RESET,
                              "ANS2 reset or powered off while the firmware "
                              "runs: put it to sleep first");
    }
}

static void rtkit_init(Object *obj)
{
    AppleRtkitState *s = APPLE_RTKIT(obj);
    DeviceState *dev = DEVICE(obj);

    qdev_init_gpio_out_named(dev, &s->boot_status, "boot-status", 1);
    qdev_init_gpio_out_named(dev, &s->crashed, "crashed", 1);
    qdev_init_gpio_in_named(dev, rtkit_sart_fault, "sart-fault", 1);
    qdev_init_gpio_in_named(dev, rtkit_set_link, "link", 1);
    s->link = true;
    s->dma_refused = apple_rtkit_crash;
    rtkit_fault_init(s);
}

static bool rtkit_parse_options(AppleRtkitState *s, Error **errp)
{
    static const struct {
        const char *name;
        RtkitPhase phase;
    } handover[] = {
        { "off", RTKIT_STOPPED },
        { "asleep", RTKIT_ASLEEP },
        { "running", RTKIT_RUNNING },
    };

    s->is_2026 = !g_strcmp0(s->firmware, "2026");
    if (!s->is_2026 && g_strcmp0(s->firmware, "old")) {
        error_setg(errp, "apple-rtkit: firmware must be 'old' or '2026'");
        return false;
    }
    for (size_t i = 0; i < ARRAY_SIZE(handover); i++) {
        if (!g_strcmp0(s->handover, handover[i].name)) {
            s->handover_phase = handover[i].phase;
            return true;
        }
    }
    error_setg(errp, "apple-rtkit: handover must be 'off', 'asleep' or "
               "'running'");
    return false;
}

static void rtkit_realize(DeviceState *dev, Error **errp)
{
    AppleRtkitState *s = APPLE_RTKIT(dev);

    if (!s->asc || !s->sart || !s->judge || !s->dice) {
        error_setg(errp, "apple-rtkit: property '%s' is not set",
                   !s->asc ? "asc" : !s->sart ? "sart" :
                   !s->judge ? "judge" : "dice");
        return;
    }
    if (!rtkit_parse_options(s, errp)) {
        return;
    }
    s->pump_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, rtkit_pump, s);
    s->step_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, rtkit_step, s);
    apple_asc_set_firmware(s->asc, &rtkit_firmware, s);
    qemu_register_reset(rtkit_machine_reset, s);
}

static void rtkit_unrealize(DeviceState *dev)
{
    AppleRtkitState *s = APPLE_RTKIT(dev);

    qemu_unregister_reset(rtkit_machine_reset, s);
    apple_asc_set_firmware(s->asc, NULL, NULL);
    timer_free(s->pump_timer);
    timer_free(s->step_timer);
}

static int rtkit_post_load(void *opaque, int version_id)
{
    AppleRtkitState *s = opaque;

    if (s->phase >= RTKIT_PHASE__MAX || s->tx_head >= RTKIT_TX_SLOTS ||
        s->tx_count > RTKIT_TX_SLOTS || s->epmap_index >= RTKIT_MAP_PIECES ||
        s->syslog_next >= RTKIT_SYSLOG_ENTRIES ||
        !rtkit_fault_is_sane(s) ||
        (s->ioreport_waits && s->ioreport_step >= RTKIT_IOREPORT_MESSAGES)) {
        return -EINVAL;
    }
    return 0;
}

static const VMStateDescription vmstate_rtkit_message = {
    .name = "apple-rtkit-message",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(msg0, AppleAscMessage),
        VMSTATE_UINT8(endpoint, AppleAscMessage),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_rtkit_history = {
    .name = "apple-rtkit-history",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64_ARRAY(msg0, RtkitHistory, RTKIT_HISTORY),
        VMSTATE_UINT8_ARRAY(endpoint, RtkitHistory, RTKIT_HISTORY),
        VMSTATE_UINT32_ARRAY(time_us, RtkitHistory, RTKIT_HISTORY),
        VMSTATE_UINT32(next, RtkitHistory),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_rtkit_buffer = {
    .name = "apple-rtkit-buffer",
    .version_id = 2,
    .minimum_version_id = 2,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(addr, RtkitBuffer),
        VMSTATE_UINT32(size, RtkitBuffer),
        VMSTATE_UINT32(repeated, RtkitBuffer),
        VMSTATE_BOOL(requested, RtkitBuffer),
        VMSTATE_BOOL(answered, RtkitBuffer),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_rtkit_faults = {
    .name = "apple-rtkit-faults",
    .version_id = 3,
    .minimum_version_id = 3,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(drop_hello, RtkitFaults),
        VMSTATE_BOOL(boot_status_low, RtkitFaults),
        VMSTATE_BOOL(no_power_ack, RtkitFaults),
        VMSTATE_BOOL(no_sleep_ack, RtkitFaults),
        VMSTATE_BOOL(extra_endpoint, RtkitFaults),
        VMSTATE_BOOL(garbage_syslog, RtkitFaults),
        VMSTATE_BOOL(garbage_ioreport, RtkitFaults),
        VMSTATE_UINT64(map_clear, RtkitFaults),
        VMSTATE_UINT64(map_set, RtkitFaults),
        VMSTATE_UINT32(hellos, RtkitFaults),
        VMSTATE_UINT32(buffer_endpoint, RtkitFaults),
        VMSTATE_UINT32(buffer_pages, RtkitFaults),
        VMSTATE_UINT32(buffer_requests, RtkitFaults),
        VMSTATE_UINT32(protocol_min, RtkitFaults),
        VMSTATE_UINT32(protocol_max, RtkitFaults),
        VMSTATE_UINT32(slow, RtkitFaults),
        VMSTATE_UINT32(crash_at_message, RtkitFaults),
        VMSTATE_UINT32(boots, RtkitFaults),
        VMSTATE_UINT64(preset_buffer, RtkitFaults),
        VMSTATE_UINT64(hello_ns, RtkitFaults),
        VMSTATE_UINT32(crashlog, RtkitFaults),
        VMSTATE_UINT32(syslog_size, RtkitFaults),
        VMSTATE_UINT32(syslog_entries, RtkitFaults),
        VMSTATE_UINT32(syslog_inits, RtkitFaults),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_rtkit = {
    .name = TYPE_APPLE_RTKIT,
    .version_id = 3,
    .minimum_version_id = 3,
    .post_load = rtkit_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_TIMER_PTR(pump_timer, AppleRtkitState),
        VMSTATE_TIMER_PTR(step_timer, AppleRtkitState),
        VMSTATE_UINT32(phase, AppleRtkitState),
        VMSTATE_BOOL(hung, AppleRtkitState),
        VMSTATE_BOOL(no_restart, AppleRtkitState),
        VMSTATE_BOOL(hello_sent, AppleRtkitState),
        VMSTATE_UINT32(extra_acks, AppleRtkitState),
        VMSTATE_BOOL(ready, AppleRtkitState),
        VMSTATE_BOOL(faulty, AppleRtkitState),
        VMSTATE_UINT32(epmap_index, AppleRtkitState),
        VMSTATE_UINT32(ap_power, AppleRtkitState),
        VMSTATE_UINT32(iop_power, AppleRtkitState),
        VMSTATE_UINT32(sent, AppleRtkitState),
        VMSTATE_INT64(deadline, AppleRtkitState),
        VMSTATE_UINT8_ARRAY(started, AppleRtkitState, RTKIT_NUM_EPS / 8),
        VMSTATE_STRUCT_ARRAY(tx, AppleRtkitState, RTKIT_TX_SLOTS, 1,
                             vmstate_rtkit_message, AppleAscMessage),
        VMSTATE_UINT32(tx_head, AppleRtkitState),
        VMSTATE_UINT32(tx_count, AppleRtkitState),
        VMSTATE_STRUCT_ARRAY(history, AppleRtkitState, RTKIT_DIRECTION__MAX,
                             1, vmstate_rtkit_history, RtkitHistory),
        VMSTATE_STRUCT_ARRAY(buffer, AppleRtkitState, RTKIT_BUF__MAX, 1,
                             vmstate_rtkit_buffer, RtkitBuffer),
        VMSTATE_BOOL(syslog_init_sent, AppleRtkitState),
        VMSTATE_UINT8_ARRAY(syslog_busy, AppleRtkitState,
                            RTKIT_SYSLOG_ENTRIES / 8),
        VMSTATE_UINT32(syslog_size, AppleRtkitState),
        VMSTATE_UINT32(syslog_entries, AppleRtkitState),
        VMSTATE_UINT32(syslog_next, AppleRtkitState),
        VMSTATE_UINT32(syslog_dropped, AppleRtkitState),
        VMSTATE_UINT32(ioreport_step, AppleRtkitState),
        VMSTATE_BOOL(ioreport_waits, AppleRtkitState),
        VMSTATE_UINT64(dma_fault, AppleRtkitState),
        VMSTATE_BOOL(link, AppleRtkitState),
        VMSTATE_STRUCT(fault, AppleRtkitState, 1, vmstate_rtkit_faults,
                       RtkitFaults),
        VMSTATE_END_OF_LIST()
    }
};

static const Property rtkit_properties[] = {
    DEFINE_PROP_LINK("asc", AppleRtkitState, asc, TYPE_APPLE_ASC,
                     AppleAscState *),
    DEFINE_PROP_LINK("sart", AppleRtkitState, sart, TYPE_APPLE_SART,
                     AppleSartState *),
    DEFINE_PROP_LINK("judge", AppleRtkitState, judge, TYPE_APPLE_JUDGE,
                     AppleJudgeState *),
    DEFINE_PROP_LINK("dice", AppleRtkitState, dice, TYPE_APPLE_DICE,
                     AppleDiceState *),
    DEFINE_PROP_STRING("firmware", AppleRtkitState, firmware),
    DEFINE_PROP_STRING("handover", AppleRtkitState, handover),
};

static void rtkit_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    dc->desc = "Apple RTKit firmware of the ANS co-processor";
    dc->realize = rtkit_realize;
    dc->unrealize = rtkit_unrealize;
    dc->vmsd = &vmstate_rtkit;
    device_class_set_props(dc, rtkit_properties);
    rc->phases.enter = rtkit_reset_enter;
    rc->phases.hold = rtkit_reset_hold;
    rc->phases.exit = rtkit_reset_exit;
    rtkit_fault_class_init(oc);
}

static const TypeInfo rtkit_types[] = {
    {
        .name = TYPE_APPLE_RTKIT,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleRtkitState),
        .instance_init = rtkit_init,
        .class_init = rtkit_class_init,
    },
};

DEFINE_TYPES(rtkit_types)
