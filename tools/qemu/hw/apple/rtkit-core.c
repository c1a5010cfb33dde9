/*
 * Apple RTKit: what all parts of the firmware stand on
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state of the one firmware thread, its timers, the messages on their way
 * to the AP, and DMA through SART.
 */

#include "qemu/osdep.h"
#include "hw/irq.h"
#include "rtkit-internal.h"
#include "trace.h"

#define MESSAGE_NS      (20 * SCALE_US)     /* work for one message */

static const char *const rtkit_phase_names[RTKIT_PHASE__MAX] = {
    [RTKIT_STOPPED] = "stopped",
    [RTKIT_HELLO] = "hello",
    [RTKIT_MAP] = "map",
    [RTKIT_STARTED] = "started",
    [RTKIT_RUNNING] = "running",
    [RTKIT_QUIESCED] = "quiesced",
    [RTKIT_ASLEEP] = "asleep",
    [RTKIT_OFF] = "off",
    [RTKIT_CRASHED] = "crashed",
};

const char *rtkit_phase_name(const AppleRtkitState *s)
{
    return s->hung ? "hung" : rtkit_phase_names[s->phase];
}

/* Started, and neither asleep nor dead. */
bool apple_rtkit_awake(const AppleRtkitState *s)
{
    return s->phase >= RTKIT_HELLO && s->phase <= RTKIT_QUIESCED;
}

bool rtkit_ep_started(const AppleRtkitState *s, uint8_t endpoint)
{
    return endpoint == RTKIT_EP_MGMT ||
           (s->started[endpoint / 8] & BIT(endpoint % 8));
}

void rtkit_set_phase(AppleRtkitState *s, RtkitPhase phase)
{
    if (s->phase != phase) {
        trace_apple_rtkit_phase(rtkit_phase_names[s->phase],
                                rtkit_phase_names[phase]);
        s->phase = phase;
    }
}

void rtkit_set_ready(AppleRtkitState *s, bool ready)
{
    s->ready = ready;
    qemu_set_irq(s->boot_status, ready);
}

static int64_t rtkit_delay(const AppleRtkitState *s, int64_t ns)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
           (s->faulty ? ns * MAX(s->fault.slow, 1) : ns);
}

void rtkit_step_after(AppleRtkitState *s, int64_t ns)
{
    timer_mod(s->step_timer, rtkit_delay(s, ns));
}

void rtkit_delay_step(AppleRtkitState *s, uint64_t ns)
{
    int64_t due = timer_expire_time_ns(s->step_timer);

    timer_mod(s->step_timer,
              due + (int64_t)MIN(ns, (uint64_t)(INT64_MAX - due)));
}

void rtkit_stop_timers(AppleRtkitState *s)
{
    timer_del(s->step_timer);
    timer_del(s->pump_timer);
}

void rtkit_drop_queue(AppleRtkitState *s)
{
    s->tx_head = 0;
    s->tx_count = 0;
}

/* The firmware waits for something that will not come. */
void rtkit_hang(AppleRtkitState *s, const char *why)
{
    trace_apple_rtkit_hang(why);
    s->hung = true;
    rtkit_stop_timers(s);
    rtkit_drop_queue(s);
}

/* Messages to the AP */

/* Let the pump look for something to do, after a while. */
void rtkit_kick(AppleRtkitState *s)
{
    if (!s->hung && s->phase != RTKIT_STOPPED &&
        !timer_pending(s->pump_timer)) {
        timer_mod(s->pump_timer, rtkit_delay(s, MESSAGE_NS));
    }
}

void rtkit_send(AppleRtkitState *s, uint8_t endpoint, uint64_t msg0)
{
    uint32_t slot = (s->tx_head + s->tx_count) % RTKIT_TX_SLOTS;

    if (s->tx_count == RTKIT_TX_SLOTS) {
        trace_apple_rtkit_tx_full(endpoint, msg0);
        return;
    }
    s->tx[slot].endpoint = endpoint;
    s->tx[slot].msg0 = msg0;
    s->tx_count++;
    rtkit_kick(s);
}

/* An unknown type, and known ones with every other bit set */
static const uint64_t rtkit_garbage[] = {
    0x03f0000000000000,
    0x005fffffffffffff,
    0x008fffffffffffff,
    0x00cfffffffffffff,
};

void rtkit_send_garbage(AppleRtkitState *s, uint8_t endpoint)
{
    for (size_t i = 0; i < ARRAY_SIZE(rtkit_garbage); i++) {
        rtkit_send(s, endpoint, rtkit_garbage[i]);
    }
}

bool rtkit_is_garbage(uint64_t msg0)
{
    for (size_t i = 0; i < ARRAY_SIZE(rtkit_garbage); i++) {
        if (msg0 == rtkit_garbage[i]) {
            return true;
        }
    }
    return false;
}

/* DMA */

bool rtkit_dma(AppleRtkitState *s, uint64_t addr, void *buf, size_t len,
               bool write)
{
    g_autofree char *reason = NULL;
    MemTxResult result;

    s->in_dma = true;
    result = apple_sart_dma_rw(s->sart, addr, buf, len, write);
    s->in_dma = false;
    if (result == MEMTX_OK) {
        return true;
    }
    s->dma_fault = addr;
    reason = g_strdup_printf("SART refused %s of %zu bytes at 0x%" PRIx64,
                             write ? "write" : "read", len, addr);
    s->dma_refused(s, reason);
    return false;
}
