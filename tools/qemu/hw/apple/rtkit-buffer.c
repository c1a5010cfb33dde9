/*
 * Apple RTKit: shared buffers that the firmware asks the AP for
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware: an endpoint that needs memory sends a request with a size and
 * address 0; the AP allocates, allows the range in SART and sends the request
 * back with the address.  Crashlog, syslog and ioreport count the size in
 * 4 KiB, oslog in bytes with the address shifted.
 *
 * Model choices, not known from hardware: the sizes, and that the firmware
 * writes zeros to both ends of a buffer when it gets it.  The latter shows at
 * once whether SART allows the whole range.  The oslog size is a multiple of
 * 256, because U-Boot mistakes other sizes for an address.  The old firmware
 * asks for no oslog buffer: U-Boot 2025.01 starts that endpoint, gives up at
 * any message from it, and is known to work on Macs.
 */

#include "qemu/osdep.h"
#include "rtkit-internal.h"
#include "trace.h"

static const struct {
    uint8_t endpoint;
    const char *name;
} rtkit_buffers[RTKIT_BUF__MAX] = {
    [RTKIT_BUF_CRASHLOG] = { RTKIT_EP_CRASHLOG, "crashlog" },
    [RTKIT_BUF_SYSLOG] = { RTKIT_EP_SYSLOG, "syslog" },
    [RTKIT_BUF_IOREPORT] = { RTKIT_EP_IOREPORT, "ioreport" },
    [RTKIT_BUF_OSLOG] = { RTKIT_EP_OSLOG, "oslog" },
};

static RtkitBufferId rtkit_buffer_id(uint8_t endpoint)
{
    RtkitBufferId id;

    for (id = 0; id < RTKIT_BUF__MAX; id++) {
        if (rtkit_buffers[id].endpoint == endpoint) {
            break;
        }
    }
    return id;
}

bool rtkit_buffer_endpoint(uint8_t endpoint)
{
    return rtkit_buffer_id(endpoint) != RTKIT_BUF__MAX;
}

uint32_t rtkit_buffer_size(const AppleRtkitState *s, RtkitBufferId id)
{
    return s->buffer[id].size;
}

bool rtkit_buffer_is_odd(const AppleRtkitState *s)
{
    return s->faulty && (s->fault.buffer_pages != RTKIT_BUFFER_PAGES ||
                         s->fault.buffer_requests != 1 ||
                         s->fault.preset_buffer);
}

bool rtkit_buffer_present(const AppleRtkitState *s, RtkitBufferId id)
{
    return s->buffer[id].answered;
}

/* m1n1 never answers the oslog request, so nothing waits for it. */
bool rtkit_buffer_waiting(const AppleRtkitState *s)
{
    for (RtkitBufferId id = 0; id < RTKIT_BUF__MAX; id++) {
        if (id != RTKIT_BUF_OSLOG && s->buffer[id].requested &&
            !s->buffer[id].answered) {
            return true;
        }
    }
    return false;
}

void rtkit_buffer_forget(AppleRtkitState *s)
{
    memset(s->buffer, 0, sizeof(s->buffer));
}

static uint64_t rtkit_buffer_encode(const AppleRtkitState *s, RtkitBufferId id,
                                    uint64_t addr)
{
    uint32_t size = s->buffer[id].size;
    uint64_t msg0 = 0;

    if (id == RTKIT_BUF_OSLOG) {
        msg0 = FIELD_DP64(msg0, OSLOG, TYPE, BUFFER_REQUEST);
        msg0 = FIELD_DP64(msg0, OSLOG, SIZE, size);
        msg0 = FIELD_DP64(msg0, OSLOG, PAGE, addr / RTKIT_PAGE_SIZE);
    } else {
        msg0 = FIELD_DP64(msg0, MSG, TYPE, BUFFER_REQUEST);
        msg0 = FIELD_DP64(msg0, BUFFER, PAGES, size / RTKIT_PAGE_SIZE);
        msg0 = FIELD_DP64(msg0, BUFFER, ADDR, addr);
    }
    return msg0;
}

void rtkit_buffer_request(AppleRtkitState *s, uint8_t endpoint)
{
    RtkitBufferId id = rtkit_buffer_id(endpoint);
    uint32_t requests = 1;
    uint64_t addr = 0;
    RtkitBuffer *b;

    if (id == RTKIT_BUF__MAX || s->buffer[id].requested ||
        (id == RTKIT_BUF_OSLOG && !s->is_2026)) {
        return;
    }
    b = &s->buffer[id];
    b->size = RTKIT_BUFFER_PAGES * RTKIT_PAGE_SIZE;
    if (s->faulty && endpoint == s->fault.buffer_endpoint) {
        addr = s->fault.preset_buffer;
        b->size = s->fault.buffer_pages * RTKIT_PAGE_SIZE;
        requests = s->fault.buffer_requests;
    }
    b->requested = true;
    b->repeated = MAX(requests, 1) - 1;
    while (requests--) {
        rtkit_send(s, endpoint, rtkit_buffer_encode(s, id, addr));
    }
}

static bool rtkit_buffer_overlaps(AppleRtkitState *s, RtkitBufferId id,
                                  uint64_t addr)
{
    for (RtkitBufferId k = 0; k < RTKIT_BUF__MAX; k++) {
        const RtkitBuffer *b = &s->buffer[k];

        if (k != id && b->answered && addr < b->addr + b->size &&
            b->addr < addr + s->buffer[id].size) {
            return true;
        }
    }
    return false;
}

/* NULL if the reply is good, else what is wrong with it. */
static const char *rtkit_buffer_check(AppleRtkitState *s, RtkitBufferId id,
                                      uint64_t msg0, uint64_t *addr)
{
    const RtkitBuffer *b = &s->buffer[id];
    uint64_t size;

    if (id == RTKIT_BUF_OSLOG) {
        size = FIELD_EX64(msg0, OSLOG, SIZE);
        *addr = FIELD_EX64(msg0, OSLOG, PAGE) * RTKIT_PAGE_SIZE;
    } else {
        size = FIELD_EX64(msg0, BUFFER, PAGES) * RTKIT_PAGE_SIZE;
        *addr = FIELD_EX64(msg0, BUFFER, ADDR);
    }

    if (!b->requested || (b->answered && !b->repeated)) {
        return "no request is open";
    }
    if (size != b->size) {
        return "the size differs from the request";
    }
    if (!size) {
        /* no memory is as good as any */
        return NULL;
    }
    if (*addr == 0) {
        return "the address is 0";
    }
    if (!QEMU_IS_ALIGNED(*addr, RTKIT_PAGE_SIZE)) {
        return "the address is not aligned to 4 KiB";
    }
    if (msg0 != rtkit_buffer_encode(s, id, *addr)) {
        return "bits outside of type, size and address are set";
    }
    if (rtkit_buffer_overlaps(s, id, *addr)) {
        return "the range overlaps another buffer";
    }
    return NULL;
}

static bool rtkit_buffer_touch(AppleRtkitState *s, RtkitBufferId id)
{
    uint64_t zero[2] = { 0, 0 };
    uint32_t size = s->buffer[id].size;
    uint64_t addr = s->buffer[id].addr;
    uint64_t last = addr + size - sizeof(zero);

    if (!size) {
        return true;
    }
    return rtkit_dma(s, addr, zero, sizeof(zero), true) &&
           rtkit_dma(s, last, zero, sizeof(zero), true);
}

RtkitBufferId rtkit_buffer_message(AppleRtkitState *s, uint8_t endpoint,
                                   uint64_t msg0)
{
    RtkitBufferId id = rtkit_buffer_id(endpoint);
    const char *wrong;
    RtkitBuffer *b;
    uint64_t addr;
    bool again;

    if (id == RTKIT_BUF__MAX) {
        return RTKIT_BUF__MAX;
    }
    wrong = rtkit_buffer_check(s, id, msg0, &addr);
    if (wrong) {
        apple_judge_violation(s->judge, APPLE_RULE_RTKIT_BUFFER,
                              "%s buffer reply 0x%016" PRIx64 ": %s",
                              rtkit_buffers[id].name, msg0, wrong);
        return RTKIT_BUF__MAX;
    }

    b = &s->buffer[id];
    trace_apple_rtkit_buffer(rtkit_buffers[id].name, addr, b->size);
    again = b->answered;
    b->repeated -= again;
    b->addr = addr;
    b->answered = true;
    return rtkit_buffer_touch(s, id) && !again ? id : RTKIT_BUF__MAX;
}
