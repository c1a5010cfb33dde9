/*
 * Apple RTKit: the management endpoint
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware's start: HELLO offers protocol versions, the AP chooses; the
 * endpoint map goes out in pieces, each answered; the AP starts endpoints,
 * these ask for buffers; the power ack says that the firmware runs.  It comes
 * without a request on a cold start and carries 0x20 also when the AP woke
 * the firmware with 0x220.  Going down: AP power QUIESCED, then IOP power
 * SLEEP.  A wake message starts the sequence again (Linux rtkit.c, U-Boot and
 * m1n1 drive it like this; m1n1 and U-Boot stop at any message they do not
 * expect, so exactly these are sent and one HELLO for each start).
 *
 * Known differences between drivers that must all work: U-Boot and m1n1 send
 * the wake message on a cold start too, before HELLO; U-Boot never powers the
 * AP side on or off; m1n1 does not answer the oslog request.
 *
 * Model choices, not known from hardware: all times; that the power ack waits
 * for the buffers and the ioreport echoes; that BOOT_STATUS follows the power
 * ack (U-Boot waits for it without a further message); that firmware 2026
 * crashes at the end of its patience when the crashlog or the ioreport buffer
 * is missing, while the old firmware starts without; that a firmware which
 * went to sleep with the AP side still on, or was switched off, only comes
 * back after a reset.
 */

#include "qemu/osdep.h"
#include "rtkit-internal.h"
#include "trace.h"

#define HELLO_NS        (2 * SCALE_MS)      /* RUN or wake to HELLO */
#define SETTLE_NS       (1 * SCALE_MS)      /* quiet time before the ack */
#define READY_NS        (1 * SCALE_MS)      /* ack to BOOT_STATUS */
#define PATIENCE_OLD_NS (300 * SCALE_MS)    /* map reply to giving up */
#define PATIENCE_2026_NS (900 * SCALE_MS)

#define SLOW_START_MS   512                 /* of the dice */

#define PROTOCOL_MIN    11
#define PROTOCOL_MAX    12

typedef struct RtkitMapEntry {
    uint32_t base;
    uint32_t bitmap;
} RtkitMapEntry;

static const RtkitMapEntry rtkit_map[RTKIT_MAP_PIECES] = {
    { 0, BIT(RTKIT_EP_MGMT) | BIT(RTKIT_EP_CRASHLOG) | BIT(RTKIT_EP_SYSLOG) |
         BIT(RTKIT_EP_DEBUG) | BIT(RTKIT_EP_IOREPORT) | BIT(RTKIT_EP_OSLOG) },
    { RTKIT_EP_APP / 32, BIT(RTKIT_EP_APP % 32) },
};

static void G_GNUC_PRINTF(3, 4)
rtkit_wrong(AppleRtkitState *s, AppleRule rule, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    apple_judge_violation(s->judge, rule, "%s (firmware is %s)", text,
                          rtkit_phase_name(s));
}

static void rtkit_mgmt_send(AppleRtkitState *s, unsigned type, uint64_t msg0)
{
    rtkit_send(s, RTKIT_EP_MGMT, FIELD_DP64(msg0, MSG, TYPE, type));
}

static void rtkit_check_bits(AppleRtkitState *s, uint64_t msg0, uint64_t known)
{
    if (msg0 & ~(known | R_MSG_TYPE_MASK)) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE,
                    "management message 0x%016" PRIx64 " has bits 0x%016"
                    PRIx64 " set that mean nothing", msg0,
                    msg0 & ~(known | R_MSG_TYPE_MASK));
    }
}

/* Before the answer can be right, the question must have been sent. */
static bool rtkit_answers(AppleRtkitState *s, RtkitPhase phase,
                          const char *what)
{
    if (s->phase == phase && s->hello_sent && !s->tx_count) {
        return true;
    }
    rtkit_wrong(s, APPLE_RULE_RTKIT_STATE, "%s while none is due", what);
    return false;
}

/* HELLO */

static uint32_t rtkit_protocol_min(const AppleRtkitState *s)
{
    return s->faulty ? s->fault.protocol_min : PROTOCOL_MIN;
}

static uint32_t rtkit_protocol_max(const AppleRtkitState *s)
{
    return s->faulty ? s->fault.protocol_max : PROTOCOL_MAX;
}

static void rtkit_send_hello(AppleRtkitState *s)
{
    uint32_t hellos = s->faulty ? s->fault.hellos : 1;
    uint64_t msg0 = 0;

    if (s->faulty && s->fault.drop_hello) {
        rtkit_hang(s, "knob drop-hello");
        return;
    }
    msg0 = FIELD_DP64(msg0, HELLO, MIN, rtkit_protocol_min(s));
    msg0 = FIELD_DP64(msg0, HELLO, MAX, rtkit_protocol_max(s));
    s->extra_acks = MAX(hellos, 1) - 1;
    while (hellos--) {
        rtkit_mgmt_send(s, MGMT_HELLO, msg0);
    }
    s->hello_sent = true;
}

/* The endpoints in a piece of the map */
static uint32_t rtkit_map_bits(const AppleRtkitState *s, unsigned piece)
{
    const RtkitMapEntry *e = &rtkit_map[piece];
    uint32_t bits = e->bitmap;

    if (s->faulty) {
        bits &= ~(s->fault.map_clear >> (32 * e->base));
        bits |= s->fault.map_set >> (32 * e->base);
    }
    if (e->base == 0 && s->faulty && s->fault.extra_endpoint) {
        bits |= BIT(RTKIT_EP_TRACEKIT);
    }
    return bits;
}

static void rtkit_send_map(AppleRtkitState *s)
{
    uint64_t msg0 = 0;

    msg0 = FIELD_DP64(msg0, EPMAP, BITMAP, rtkit_map_bits(s, s->epmap_index));
    msg0 = FIELD_DP64(msg0, EPMAP, BASE, rtkit_map[s->epmap_index].base);
    msg0 = FIELD_DP64(msg0, EPMAP, LAST,
                      s->epmap_index == RTKIT_MAP_PIECES - 1);
    rtkit_mgmt_send(s, MGMT_EPMAP, msg0);
}

static void rtkit_hello_ack(AppleRtkitState *s, uint64_t msg0)
{
    uint32_t min = FIELD_EX64(msg0, HELLO, MIN);
    uint32_t max = FIELD_EX64(msg0, HELLO, MAX);

    if (s->extra_acks && s->phase != RTKIT_HELLO) {
        s->extra_acks--;
        return;
    }
    if (!rtkit_answers(s, RTKIT_HELLO, "HELLO ack")) {
        return;
    }
    rtkit_check_bits(s, msg0, R_HELLO_MIN_MASK | R_HELLO_MAX_MASK);
    if (min != max || min < rtkit_protocol_min(s) ||
        max > rtkit_protocol_max(s)) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE,
                    "HELLO ack chooses version %u..%u of %u..%u, expected one "
                    "version in that range", min, max, rtkit_protocol_min(s),
                    rtkit_protocol_max(s));
        rtkit_hang(s, "no common protocol version");
        return;
    }
    rtkit_set_phase(s, RTKIT_MAP);
    s->epmap_index = 0;
    rtkit_send_map(s);
}

/* Endpoint map */

static bool rtkit_map_has(const AppleRtkitState *s, uint8_t endpoint)
{
    for (unsigned i = 0; i < RTKIT_MAP_PIECES; i++) {
        if (endpoint / 32 == rtkit_map[i].base) {
            return rtkit_map_bits(s, i) & BIT(endpoint % 32);
        }
    }
    return false;
}

static void rtkit_map_reply(AppleRtkitState *s, uint64_t msg0)
{
    bool last = s->epmap_index == RTKIT_MAP_PIECES - 1;
    uint64_t expected = 0;

    if (!rtkit_answers(s, RTKIT_MAP, "endpoint map reply")) {
        return;
    }
    expected = FIELD_DP64(expected, MSG, TYPE, MGMT_EPMAP);
    expected = FIELD_DP64(expected, EPMAP, BASE,
                          rtkit_map[s->epmap_index].base);
    expected = FIELD_DP64(expected, EPMAP, LAST, last);
    expected = FIELD_DP64(expected, EPMAP, MORE, !last);
    if (msg0 != expected) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE,
                    "endpoint map reply 0x%016" PRIx64 ", expected 0x%016"
                    PRIx64, msg0, expected);
        return;
    }

    if (!last) {
        s->epmap_index++;
        rtkit_send_map(s);
        return;
    }
    rtkit_set_phase(s, RTKIT_STARTED);
    s->deadline = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                  (s->is_2026 ? PATIENCE_2026_NS : PATIENCE_OLD_NS);
    rtkit_step_after(s, SETTLE_NS);
}

static void rtkit_startep(AppleRtkitState *s, uint64_t msg0)
{
    uint8_t endpoint = FIELD_EX64(msg0, STARTEP, ENDPOINT);
    unsigned flag = FIELD_EX64(msg0, STARTEP, FLAG);

    rtkit_check_bits(s, msg0, R_STARTEP_ENDPOINT_MASK | R_STARTEP_FLAG_MASK);
    if (s->phase != RTKIT_STARTED && s->phase != RTKIT_RUNNING) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_STATE,
                    "start of endpoint 0x%02x outside of the start sequence",
                    endpoint);
        return;
    }
    if (endpoint == RTKIT_EP_MGMT || !rtkit_map_has(s, endpoint)) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE,
                    "start of endpoint 0x%02x, which %s", endpoint,
                    endpoint ? "is not in the map" : "runs by itself");
        return;
    }
    if (flag == STARTEP_STOP) {
        s->started[endpoint / 8] &= ~BIT(endpoint % 8);
        return;
    }
    if (flag != STARTEP_START) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE,
                    "start of endpoint 0x%02x with flags %u, expected %u",
                    endpoint, flag, STARTEP_START);
        return;
    }
    if (rtkit_ep_started(s, endpoint)) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_STATE,
                    "endpoint 0x%02x started twice", endpoint);
        return;
    }

    trace_apple_rtkit_start_endpoint(endpoint);
    s->started[endpoint / 8] |= BIT(endpoint % 8);
    if (rtkit_buffer_endpoint(endpoint)) {
        rtkit_buffer_request(s, endpoint);
    }
}

/* Power */

static void rtkit_power_on(AppleRtkitState *s)
{
    if (s->faulty && s->fault.no_power_ack) {
        rtkit_hang(s, "knob no-power-ack");
        return;
    }
    s->iop_power = PWR_ON;
    rtkit_mgmt_send(s, MGMT_IOP_PWR_ACK, PWR_ON);
    rtkit_set_phase(s, RTKIT_RUNNING);
    rtkit_step_after(s, READY_NS);
}

static void rtkit_sleep(AppleRtkitState *s, uint32_t power)
{
    if (s->phase != RTKIT_RUNNING && s->phase != RTKIT_QUIESCED) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_STATE,
                    "IOP power 0x%x before the start is complete", power);
        return;
    }
    if (s->ap_power == PWR_ON) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_STATE,
                    "IOP power 0x%x while AP power is still 0x20: set it to "
                    "0x10 (quiesced) first, or the firmware cannot be "
                    "started again", power);
        s->no_restart = true;
    }
    if (rtkit_syslog_open(s) && !s->tx_count) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE,
                    "%u syslog messages were not echoed",
                    rtkit_syslog_open(s));
    }

    rtkit_set_ready(s, false);
    rtkit_stop_timers(s);
    rtkit_drop_queue(s);
    rtkit_buffer_forget(s);
    rtkit_syslog_forget(s);
    s->iop_power = power;
    rtkit_set_phase(s, power == PWR_OFF ? RTKIT_OFF : RTKIT_ASLEEP);
    if (s->faulty && s->fault.no_sleep_ack) {
        rtkit_hang(s, "knob no-sleep-ack");
        return;
    }
    rtkit_mgmt_send(s, MGMT_IOP_PWR_ACK, power);
}

static void rtkit_wake(AppleRtkitState *s, uint32_t power)
{
    switch (s->phase) {
    case RTKIT_HELLO:
    case RTKIT_MAP:
    case RTKIT_STARTED:
        /* the ack that ends the start answers this too */
        return;
    default:
        trace_apple_rtkit_wake(power, s->no_restart);
        if (s->no_restart) {
            rtkit_hang(s, "went down in a way that cannot be woken");
            return;
        }
        rtkit_start(s);
        return;
    }
}

static void rtkit_set_iop_power(AppleRtkitState *s, uint64_t msg0)
{
    uint32_t power = FIELD_EX64(msg0, PWR, STATE);

    rtkit_check_bits(s, msg0, R_PWR_STATE_MASK);
    switch (power) {
    case PWR_ON:
    case PWR_INIT:
        rtkit_wake(s, power);
        break;
    case PWR_SLEEP:
    case PWR_QUIESCED:
    case PWR_IDLE:
        rtkit_sleep(s, power);
        break;
    case PWR_OFF:
        rtkit_wrong(s, APPLE_RULE_RTKIT_STATE,
                    "IOP power 0 (off): the firmware cannot be started again, "
                    "use 0x01 (sleep)");
        rtkit_sleep(s, power);
        break;
    default:
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE, "IOP power 0x%x is not known",
                    power);
        break;
    }
}

static void rtkit_set_ap_power(AppleRtkitState *s, uint64_t msg0)
{
    uint32_t power = FIELD_EX64(msg0, PWR, STATE);

    rtkit_check_bits(s, msg0, R_PWR_STATE_MASK);
    if (s->phase != RTKIT_RUNNING && s->phase != RTKIT_QUIESCED) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_STATE,
                    "AP power 0x%x before the IOP power ack", power);
        return;
    }

    switch (power) {
    case PWR_ON:
        rtkit_set_phase(s, RTKIT_RUNNING);
        break;
    case PWR_QUIESCED:
    case PWR_IDLE:
        rtkit_set_phase(s, RTKIT_QUIESCED);
        break;
    case PWR_OFF:
        rtkit_wrong(s, APPLE_RULE_RTKIT_STATE,
                    "AP power 0 (off): the firmware cannot be started again, "
                    "use 0x10 (quiesced)");
        s->no_restart = true;
        rtkit_set_phase(s, RTKIT_QUIESCED);
        break;
    default:
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE, "AP power 0x%x is not known",
                    power);
        return;
    }
    s->ap_power = power;
    rtkit_mgmt_send(s, MGMT_SET_AP_PWR, power);
    rtkit_syslog_start(s);
}

/* Messages and the firmware's own steps */

void rtkit_mgmt_message(AppleRtkitState *s, uint64_t msg0)
{
    unsigned type = FIELD_EX64(msg0, MSG, TYPE);

    switch (type) {
    case MGMT_HELLO_ACK:
        rtkit_hello_ack(s, msg0);
        break;
    case MGMT_PING:
        rtkit_mgmt_send(s, MGMT_PONG, msg0);
        break;
    case MGMT_STARTEP:
        rtkit_startep(s, msg0);
        break;
    case MGMT_SET_IOP_PWR:
        rtkit_set_iop_power(s, msg0);
        break;
    case MGMT_EPMAP:
        rtkit_map_reply(s, msg0);
        break;
    case MGMT_SET_AP_PWR:
        rtkit_set_ap_power(s, msg0);
        break;
    default:
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE,
                    "management message 0x%016" PRIx64 " of unknown type "
                    "0x%02x", msg0, type);
        break;
    }
}

/* The AP said something: give it time to say more before the power ack. */
void rtkit_mgmt_activity(AppleRtkitState *s)
{
    if (s->phase == RTKIT_STARTED && !s->hung) {
        rtkit_step_after(s, SETTLE_NS);
    }
}

static bool rtkit_lacks_buffers(const AppleRtkitState *s)
{
    return s->is_2026 && (!rtkit_buffer_present(s, RTKIT_BUF_CRASHLOG) ||
                          !rtkit_buffer_present(s, RTKIT_BUF_IOREPORT));
}

/* The AP did not do in time what the start needs. */
static void rtkit_give_up(AppleRtkitState *s)
{
    bool crashlog = !rtkit_buffer_present(s, RTKIT_BUF_CRASHLOG);
    uint8_t endpoint = crashlog ? RTKIT_EP_CRASHLOG : RTKIT_EP_IOREPORT;

    if (s->ioreport_waits) {
        rtkit_wrong(s, APPLE_RULE_RTKIT_MESSAGE,
                    "ioreport message not echoed: the firmware waits for it");
        rtkit_hang(s, "ioreport echo");
    } else if (rtkit_lacks_buffers(s)) {
        /* not the driver's fault: an endpoint not in the map, a bad request */
        if (rtkit_map_has(s, endpoint) && !rtkit_buffer_is_odd(s)) {
            rtkit_wrong(s, APPLE_RULE_RTKIT_BUFFER,
                        "no %s buffer: firmware 2026 does not start without",
                        crashlog ? "crashlog" : "ioreport");
        }
        apple_rtkit_crash(s, "missing crashlog or ioreport buffer");
    } else {
        rtkit_power_on(s);
    }
}

static void rtkit_step_started(AppleRtkitState *s)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);

    if (!s->tx_count && !s->ioreport_waits && !rtkit_buffer_waiting(s) &&
        !rtkit_lacks_buffers(s)) {
        rtkit_power_on(s);
    } else if (now >= s->deadline) {
        rtkit_give_up(s);
    } else {
        rtkit_step_after(s, SETTLE_NS);
    }
}

void rtkit_mgmt_step(AppleRtkitState *s)
{
    switch (s->phase) {
    case RTKIT_HELLO:
        if (!s->hello_sent) {
            rtkit_send_hello(s);
        }
        break;
    case RTKIT_STARTED:
        rtkit_step_started(s);
        break;
    case RTKIT_RUNNING:
    case RTKIT_QUIESCED:
        if (!s->ready && !(s->faulty && s->fault.boot_status_low)) {
            rtkit_set_ready(s, true);
        }
        break;
    default:
        break;
    }
}

static void rtkit_check_link(AppleRtkitState *s)
{
    if (s->link) {
        return;
    }
    apple_judge_violation(s->judge, APPLE_RULE_PMGR_LINK,
                          "firmware %s while the domain of the NAND's PCIe "
                          "link is off: switch it on first",
                          s->phase == RTKIT_STOPPED ? "started" : "woken");
}

/* A cold start, or a wake: from the beginning. */
void rtkit_start(AppleRtkitState *s)
{
    rtkit_check_link(s);
    rtkit_set_ready(s, false);
    rtkit_stop_timers(s);
    rtkit_drop_queue(s);
    rtkit_buffer_forget(s);
    rtkit_syslog_forget(s);
    memset(s->started, 0, sizeof(s->started));
    s->hello_sent = false;
    s->extra_acks = 0;
    s->ioreport_waits = false;
    s->ioreport_step = 0;
    s->ap_power = PWR_QUIESCED;
    s->iop_power = PWR_SLEEP;
    s->sent = 0;
    s->dma_fault = 0;
    rtkit_fault_boot(s);
    rtkit_set_phase(s, RTKIT_HELLO);
    rtkit_step_after(s, HELLO_NS);
    if (s->faulty && s->fault.hello_ns) {
        rtkit_delay_step(s, s->fault.hello_ns);
    }
    switch (apple_dice_throw(s->dice, APPLE_DICE_START)) {
    case APPLE_DICE_SLOW_START:
        rtkit_delay_step(s, apple_dice_pick_ns(s->dice, SLOW_START_MS));
        break;
    case APPLE_DICE_FAILED_START:
        rtkit_hang(s, "dice");
        break;
    default:
        break;
    }
}
