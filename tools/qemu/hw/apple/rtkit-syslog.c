/*
 * Apple RTKit: the syslog endpoint
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware: its syslog buffer is an array of entries, each a header of 32
 * bytes (two words, then 24 bytes that name the source) and the text.  INIT
 * tells the AP how many and how large, LOG that an entry is filled; the AP
 * sends LOG back unchanged, which frees the entry.  Lines come only while the
 * AP side is powered on.
 *
 * Model choices, not known from hardware: 32 entries of 128 bytes, used in
 * turn; a line that finds its entry still in use is dropped.
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "rtkit-internal.h"
#include "trace.h"

#define SYSLOG_CONTEXT      24
#define SYSLOG_TEXT         128

typedef struct RtkitSyslogEntry {
    uint32_t header;
    uint32_t unknown;
    char context[SYSLOG_CONTEXT];
    char text[SYSLOG_TEXT];
} QEMU_PACKED RtkitSyslogEntry;

QEMU_BUILD_BUG_ON(sizeof(RtkitSyslogEntry) != 0x20 + SYSLOG_TEXT);

/* Lines that users of M1 machines saw at start */
static const struct {
    const char *context;
    const char *text;
} rtkit_boot_lines[] = {
    { "apcie.c:962", "power up done[1]" },
    { "cmd.c:6074", "boot mode normal" },
};

static bool rtkit_syslog_usable(const AppleRtkitState *s)
{
    return s->phase == RTKIT_RUNNING && !s->hung && s->ap_power == PWR_ON &&
           rtkit_buffer_present(s, RTKIT_BUF_SYSLOG);
}

void rtkit_syslog_forget(AppleRtkitState *s)
{
    s->syslog_init_sent = false;
    s->syslog_busy = 0;
    s->syslog_next = 0;
    s->syslog_dropped = 0;
}

/* Called whenever one of the conditions above may have come true. */
void rtkit_syslog_start(AppleRtkitState *s)
{
    uint64_t msg0 = 0;

    if (s->syslog_init_sent || !rtkit_syslog_usable(s)) {
        return;
    }
    msg0 = FIELD_DP64(msg0, MSG, TYPE, SYSLOG_INIT);
    msg0 = FIELD_DP64(msg0, SYSLOG, ENTRIES, RTKIT_SYSLOG_ENTRIES);
    msg0 = FIELD_DP64(msg0, SYSLOG, MSG_SIZE, SYSLOG_TEXT);
    rtkit_send(s, RTKIT_EP_SYSLOG, msg0);
    s->syslog_init_sent = true;

    for (size_t i = 0; i < ARRAY_SIZE(rtkit_boot_lines); i++) {
        apple_rtkit_syslog(s, rtkit_boot_lines[i].context, "%s",
                           rtkit_boot_lines[i].text);
    }
}

void apple_rtkit_syslog(AppleRtkitState *s, const char *context,
                        const char *fmt, ...)
{
    uint32_t index = s->syslog_next;
    RtkitSyslogEntry entry = { 0 };
    uint64_t msg0 = 0;
    va_list ap;

    if (!rtkit_syslog_usable(s) || !s->syslog_init_sent) {
        return;
    }
    if (s->syslog_busy & BIT(index)) {
        s->syslog_dropped++;
        trace_apple_rtkit_syslog_drop(s->syslog_dropped);
        return;
    }

    pstrcpy(entry.context, sizeof(entry.context), context);
    va_start(ap, fmt);
    vsnprintf(entry.text, sizeof(entry.text), fmt, ap);
    va_end(ap);
    trace_apple_rtkit_syslog(index, entry.context, entry.text);

    if (!rtkit_dma(s, s->buffer[RTKIT_BUF_SYSLOG].addr + index * sizeof(entry),
                   &entry, sizeof(entry), true)) {
        return;
    }
    s->syslog_busy |= BIT(index);
    s->syslog_next = (index + 1) % RTKIT_SYSLOG_ENTRIES;
    msg0 = FIELD_DP64(msg0, MSG, TYPE, SYSLOG_LOG);
    msg0 = FIELD_DP64(msg0, SYSLOG, INDEX, index);
    rtkit_send(s, RTKIT_EP_SYSLOG, msg0);
}

/* Anything but a buffer reply that the AP sends to the endpoint */
void rtkit_syslog_message(AppleRtkitState *s, uint64_t msg0)
{
    uint32_t index = FIELD_EX64(msg0, SYSLOG, INDEX);
    uint64_t expected = 0;

    expected = FIELD_DP64(expected, MSG, TYPE, SYSLOG_LOG);
    expected = FIELD_DP64(expected, SYSLOG, INDEX, index);
    if (msg0 != expected || index >= RTKIT_SYSLOG_ENTRIES ||
        !(s->syslog_busy & BIT(index))) {
        apple_judge_violation(s->judge, APPLE_RULE_RTKIT_MESSAGE,
                              "syslog message 0x%016" PRIx64 " is the echo of "
                              "no line that was sent", msg0);
        return;
    }
    s->syslog_busy &= ~BIT(index);
}
