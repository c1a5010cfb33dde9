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
 *
 * With odd numbers from the knobs the firmware does what it announced as far
 * as that can be done: text is cut to the size, an entry outside of the buffer
 * is announced and not written, and with no entries it uses the first.
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "rtkit-internal.h"
#include "trace.h"

#define SYSLOG_ENTRIES      32
#define SYSLOG_HEADER       0x20
#define SYSLOG_CONTEXT      24
#define SYSLOG_TEXT         128
#define SYSLOG_TEXT_MAX     255     /* the size has eight bits */

typedef struct RtkitSyslogEntry {
    uint32_t header;
    uint32_t unknown;
    char context[SYSLOG_CONTEXT];
    char text[SYSLOG_TEXT_MAX];
} QEMU_PACKED RtkitSyslogEntry;

QEMU_BUILD_BUG_ON(sizeof(RtkitSyslogEntry) != SYSLOG_HEADER + SYSLOG_TEXT_MAX);

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
    memset(s->syslog_busy, 0, sizeof(s->syslog_busy));
    s->syslog_next = 0;
    s->syslog_dropped = 0;
}

unsigned rtkit_syslog_open(const AppleRtkitState *s)
{
    unsigned num = 0;

    for (size_t i = 0; i < ARRAY_SIZE(s->syslog_busy); i++) {
        num += ctpop8(s->syslog_busy[i]);
    }
    return num;
}

static bool rtkit_syslog_is_busy(const AppleRtkitState *s, uint32_t index)
{
    return s->syslog_busy[index / 8] & BIT(index % 8);
}

static void rtkit_syslog_init(AppleRtkitState *s)
{
    uint32_t inits = s->faulty ? s->fault.syslog_inits : 1;
    uint64_t msg0 = 0;

    s->syslog_size = s->faulty ? s->fault.syslog_size : SYSLOG_TEXT;
    s->syslog_entries = s->faulty ? s->fault.syslog_entries : SYSLOG_ENTRIES;
    msg0 = FIELD_DP64(msg0, MSG, TYPE, SYSLOG_INIT);
    msg0 = FIELD_DP64(msg0, SYSLOG, ENTRIES, s->syslog_entries);
    msg0 = FIELD_DP64(msg0, SYSLOG, MSG_SIZE, s->syslog_size);
    if (s->faulty && s->fault.garbage_syslog) {
        rtkit_send_garbage(s, RTKIT_EP_SYSLOG);
    }
    while (inits--) {
        rtkit_send(s, RTKIT_EP_SYSLOG, msg0);
    }
    s->syslog_init_sent = true;
}

/* Called whenever one of the conditions above may have come true. */
void rtkit_syslog_start(AppleRtkitState *s)
{
    if (s->syslog_init_sent || !rtkit_syslog_usable(s)) {
        return;
    }
    rtkit_syslog_init(s);

    for (size_t i = 0; i < ARRAY_SIZE(rtkit_boot_lines); i++) {
        apple_rtkit_syslog(s, rtkit_boot_lines[i].context, "%s",
                           rtkit_boot_lines[i].text);
    }
}

/* Write an entry, as far as it lies in the buffer; false after a crash. */
static bool rtkit_syslog_write(AppleRtkitState *s, uint32_t index,
                               RtkitSyslogEntry *entry)
{
    uint32_t len = SYSLOG_HEADER + s->syslog_size;
    uint32_t room = rtkit_buffer_size(s, RTKIT_BUF_SYSLOG);
    uint32_t offset = index * len;

    if (s->syslog_size) {
        entry->text[s->syslog_size - 1] = '\0';
    }
    return offset >= room ||
           rtkit_dma(s, s->buffer[RTKIT_BUF_SYSLOG].addr + offset, entry,
                     MIN(len, room - offset), true);
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
    if (rtkit_syslog_is_busy(s, index)) {
        s->syslog_dropped++;
        trace_apple_rtkit_syslog_drop(s->syslog_dropped);
        return;
    }

    pstrcpy(entry.context, sizeof(entry.context), context);
    va_start(ap, fmt);
    vsnprintf(entry.text, sizeof(entry.text), fmt, ap);
    va_end(ap);
    trace_apple_rtkit_syslog(index, entry.context, entry.text);

    if (!rtkit_syslog_write(s, index, &entry)) {
        return;
    }
    s->syslog_busy[index / 8] |= BIT(index % 8);
    s->syslog_next = (index + 1) % MAX(s->syslog_entries, 1);
    msg0 = FIELD_DP64(msg0, MSG, TYPE, SYSLOG_LOG);
    msg0 = FIELD_DP64(msg0, SYSLOG, INDEX, index);
    rtkit_send(s, RTKIT_EP_SYSLOG, msg0);
}

/* Anything but a buffer reply that the AP sends to the endpoint */
void rtkit_syslog_message(AppleRtkitState *s, uint64_t msg0)
{
    uint32_t index = FIELD_EX64(msg0, SYSLOG, INDEX);
    uint64_t expected = 0;

    if (s->faulty && s->fault.garbage_syslog && rtkit_is_garbage(msg0)) {
        return;
    }
    expected = FIELD_DP64(expected, MSG, TYPE, SYSLOG_LOG);
    expected = FIELD_DP64(expected, SYSLOG, INDEX, index);
    if (msg0 != expected || !rtkit_syslog_is_busy(s, index)) {
        apple_judge_violation(s->judge, APPLE_RULE_RTKIT_MESSAGE,
                              "syslog message 0x%016" PRIx64 " is the echo of "
                              "no line that was sent", msg0);
        return;
    }
    s->syslog_busy[index / 8] &= ~BIT(index % 8);
}
