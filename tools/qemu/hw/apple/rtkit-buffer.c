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
    uint32_t size;
    const char *name;
} rtkit_buffers[RTKIT_BUF__MAX] = {
    [RTKIT_BUF_CRASHLOG] = { RTKIT_EP_CRASHLOG, 0x4000, "crashlog" },
    [RTKIT_BUF_SYSLOG] = { RTKIT_EP_SYSLOG, 0x4000, "syslog" },
    [RTKIT_BUF_IOREPORT] = { RTKIT_EP_IOREPORT, 0x4000, "ioreport" },
    [RTKIT_BUF_OSLOG] = { RTKIT_EP_OSLOG, 0x4000, "oslog" },
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

uint32_t rtkit_buffer_size(RtkitBufferId id)
{
    return rtkit_buffers[id].size;
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

static uint64_t rtkit_buffer_encode(RtkitBufferId id, uint64_t addr)
{
    uint64_t msg0 = 0;

    if (id == RTKIT_BUF_OSLOG) {
        msg0 = FIELD_DP64(msg0, OSLOG, TYPE, BUFFER_REQUEST);
        msg0 = FIELD_DP64(msg0, OSLOG, SIZE, rtkit_buffers[id].size);
        msg0 = FIELD_DP64(msg0, OSLOG, PAGE, addr / RTKIT_PAGE_SIZE);
    } else {
        msg0 = FIELD_DP64(msg0, MSG, TYPE, BUFFER_REQUEST);
        msg0 = FIELD_DP64(msg0, BUFFER, PAGES,
                          rtkit_buffers[id].size / RTKIT_PAGE_SIZE);
        msg0 = FIELD_DP64(msg0, BUFFER, ADDR, addr);
    }
    return msg0;
}

void rtkit_buffer_request(AppleRtkitState *s, uint8_t endpoint)
{
    RtkitBufferId id = rtkit_buffer_id(endpoint);
    uint64_t addr = 0;

    if (id == RTKIT_BUF__MAX || s->buffer[id].requested ||
        (id == RTKIT_BUF_OSLOG && !s->is_2026)) {
        return;
    }
    if (s->faulty && id == RTKIT_BUF_CRASHLOG) {
        addr = s->fault.preset_buffer;
    }
    s->buffer[id].requested = true;
    rtkit_send(s, endpoint, rtkit_buffer_encode(id, addr));
}

static bool rtkit_buffer_overlaps(AppleRtkitState *s, RtkitBufferId id,
                                  uint64_t addr)
{
    for (RtkitBufferId k = 0; k < RTKIT_BUF__MAX; k++) {
        const RtkitBuffer *b = &s->buffer[k];

        if (k != id && b->answered &&
            addr < b->addr + rtkit_buffers[k].size &&
            b->addr < addr + rtkit_buffers[id].size) {
            return true;
        }
    }
    return false;
}

/* NULL if the reply is good, else what is wrong with it. */
static const char *rtkit_buffer_check(AppleRtkitState *s, RtkitBufferId id,
                                      uint64_t msg0, uint64_t *addr)
{
    uint64_t size;

    if (id == RTKIT_BUF_OSLOG) {
        size = FIELD_EX64(msg0, OSLOG, SIZE);
        *addr = FIELD_EX64(msg0, OSLOG, PAGE) * RTKIT_PAGE_SIZE;
    } else {
        size = FIELD_EX64(msg0, BUFFER, PAGES) * RTKIT_PAGE_SIZE;
        *addr = FIELD_EX64(msg0, BUFFER, ADDR);
    }

    if (!s->buffer[id].requested || s->buffer[id].answered) {
        return "no request is open";
    }
    if (size != rtkit_buffers[id].size) {
        return "the size differs from the request";
    }
    if (*addr == 0) {
        return "the address is 0";
    }
    if (!QEMU_IS_ALIGNED(*addr, RTKIT_PAGE_SIZE)) {
        return "the address is not aligned to 4 KiB";
    }
    if (msg0 != rtkit_buffer_encode(id, *addr)) {
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
    uint64_t addr = s->buffer[id].addr;
    uint64_t last = addr + rtkit_buffers[id].size - sizeof(zero);

    return rtkit_dma(s, addr, zero, sizeof(zero), true) &&
           rtkit_dma(s, last, zero, sizeof(zero), true);
}

RtkitBufferId rtkit_buffer_message(AppleRtkitState *s, uint8_t endpoint,
                                   uint64_t msg0)
{
    RtkitBufferId id = rtkit_buffer_id(endpoint);
    const char *wrong;
    uint64_t addr;

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

    trace_apple_rtkit_buffer(rtkit_buffers[id].name, addr,
                             rtkit_buffers[id].size);
    s->buffer[id].addr = addr;
    s->buffer[id].answered = true;
    return rtkit_buffer_touch(s, id) ? id : RTKIT_BUF__MAX;
}
