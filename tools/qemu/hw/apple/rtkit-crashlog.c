/*
 * Apple RTKit: the crash, and its log
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware: before it dies it fills the crashlog buffer and sends a
 * second message of the request's type.  The log is a header, sections with
 * four-character codes, and an end marker with the header's code (decoded by
 * Linux rtkit-crashlog.c and m1n1's proxy client).
 *
 * Linux takes a section's length, which includes its header, for the length
 * of what follows the header and so looks 16 bytes too far: every string is
 * terminated and 16 zero bytes follow the end marker.
 *
 * Model choices, not known from hardware: the texts, the times in units of
 * the 24 MHz system counter, register values other than FAR and ESR of a
 * refused DMA, and mailbox type 0 for messages from the AP, 1 to the AP.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "hw/irq.h"
#include "rtkit-internal.h"
#include "trace.h"

#define CRASHLOG_VERSION    1
#define CRASHLOG_TAIL       16
#define CRASHLOG_TICK_NS    125     /* three ticks of 24 MHz */
#define CRASHLOG_TEXT_MAX   512
#define CRASHLOG_STR_ID     1
#define CRASHLOG_TOO_LONG   (1 * MiB)

#define PSR_EL1H            0x5
#define ESR_DATA_ABORT      0x96000010  /* same EL, external abort, read */
#define ESR_WRITE           0x40

typedef struct CrashlogHeader {
    uint32_t code;
    uint32_t version;
    uint32_t size;
    uint32_t flags;
    uint8_t pad[16];
} QEMU_PACKED CrashlogHeader;

typedef struct CrashlogSection {
    uint32_t code;
    uint32_t pad;
    uint32_t flags;
    uint32_t length;    /* with this header */
} QEMU_PACKED CrashlogSection;

typedef struct CrashlogMailbox {
    uint8_t header[16];
    uint32_t type;
    uint32_t unknown;
    uint32_t index;
} QEMU_PACKED CrashlogMailbox;

typedef struct CrashlogMessage {
    uint64_t msg0;
    uint64_t msg1;
    uint32_t timestamp;
    uint32_t pad;
} QEMU_PACKED CrashlogMessage;

typedef struct CrashlogRegs {
    uint32_t unknown0[2];
    uint64_t x[31];
    uint64_t sp;
    uint64_t pc;
    uint64_t psr;
    uint64_t cpacr;
    uint64_t fpsr;
    uint64_t fpcr;
    uint64_t unknown1[64];
    uint64_t far;
    uint64_t unknown2;
    uint64_t esr;
    uint64_t unknown3;
} QEMU_PACKED CrashlogRegs;

QEMU_BUILD_BUG_ON(sizeof(CrashlogHeader) != 0x20);
QEMU_BUILD_BUG_ON(sizeof(CrashlogSection) != 0x10);
QEMU_BUILD_BUG_ON(sizeof(CrashlogMailbox) != 0x1c);
QEMU_BUILD_BUG_ON(sizeof(CrashlogMessage) != 0x18);
QEMU_BUILD_BUG_ON(sizeof(CrashlogRegs) != 0x350);

static uint32_t crashlog_code(const char *c)
{
    return (uint32_t)c[0] << 24 | c[1] << 16 | c[2] << 8 | c[3];
}

static uint64_t crashlog_ticks(int64_t ns)
{
    return ns * 3 / CRASHLOG_TICK_NS;
}

static void crashlog_section(GByteArray *log, const char *code,
                             const void *payload, size_t len)
{
    size_t padded = ROUND_UP(len, 8);
    CrashlogSection head = {
        .code = cpu_to_le32(crashlog_code(code)),
        .length = cpu_to_le32(sizeof(head) + padded),
    };
    static const uint8_t zero[8];

    g_byte_array_append(log, (void *)&head, sizeof(head));
    g_byte_array_append(log, payload, len);
    g_byte_array_append(log, zero, padded - len);
}

/* For the knob: let the first section of this kind claim another length. */
static void crashlog_set_length(GByteArray *log, const char *code,
                                uint32_t length)
{
    size_t offset = sizeof(CrashlogHeader);
    CrashlogSection *head;

    while (offset + sizeof(*head) <= log->len) {
        head = (CrashlogSection *)(log->data + offset);
        if (le32_to_cpu(head->code) == crashlog_code(code)) {
            head->length = cpu_to_le32(length);
            return;
        }
        offset += le32_to_cpu(head->length);
    }
}

static void crashlog_add_text(GByteArray *log, const char *reason)
{
    struct {
        uint32_t id;
        char text[CRASHLOG_TEXT_MAX];
    } QEMU_PACKED str = { .id = cpu_to_le32(CRASHLOG_STR_ID) };

    snprintf(str.text, sizeof(str.text), "ANS2 panic: %s", reason);
    crashlog_section(log, "Cstr", &str,
                     sizeof(str.id) + strlen(str.text) + 1);
}

static void crashlog_add_version(GByteArray *log, const AppleRtkitState *s)
{
    struct {
        uint8_t uuid[16];
        char text[64];
    } QEMU_PACKED ver = { .uuid = "emulated ANS2" };

    snprintf(ver.text, sizeof(ver.text), "QEMU model of RTKit, firmware %s",
             s->firmware);
    crashlog_section(log, "Cver", &ver,
                     sizeof(ver.uuid) + strlen(ver.text) + 1);
}

static void crashlog_add_time(GByteArray *log)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    uint64_t time = cpu_to_le64(crashlog_ticks(now));

    crashlog_section(log, "Ctim", &time, sizeof(time));
}

/* Oldest message first; slots never used are left out. */
static void crashlog_add_mailbox(GByteArray *log, const AppleRtkitState *s,
                                 RtkitDirection direction)
{
    const RtkitHistory *h = &s->history[direction];
    uint32_t total = h->next;
    uint32_t first = total > RTKIT_HISTORY ? total - RTKIT_HISTORY : 0;
    g_autoptr(GByteArray) payload = g_byte_array_new();
    CrashlogMailbox head = {
        .type = cpu_to_le32(direction),
        .index = cpu_to_le32(total % RTKIT_HISTORY),
    };

    g_byte_array_append(payload, (void *)&head, sizeof(head));
    for (uint32_t n = first; n != total; n++) {
        uint32_t i = n % RTKIT_HISTORY;
        CrashlogMessage m = {
            .msg0 = cpu_to_le64(h->msg0[i]),
            .msg1 = cpu_to_le64(h->endpoint[i]),
            .timestamp = cpu_to_le32(crashlog_ticks(h->time_us[i] *
                                                    1000LL)),
        };

        g_byte_array_append(payload, (void *)&m, sizeof(m));
    }
    crashlog_section(log, "Cmbx", payload->data, payload->len);
}

static void crashlog_add_regs(GByteArray *log, const AppleRtkitState *s)
{
    CrashlogRegs regs = { .psr = cpu_to_le64(PSR_EL1H) };

    if (s->dma_fault) {
        regs.far = cpu_to_le64(s->dma_fault);
        regs.esr = cpu_to_le64(ESR_DATA_ABORT | ESR_WRITE);
    }
    crashlog_section(log, "Crg8", &regs, sizeof(regs));
}

/* A last section up to @len bytes, full of letters, with no end after it */
static void crashlog_fill(GByteArray *log, const char *code, size_t len)
{
    size_t rest = len - log->len - sizeof(CrashlogSection);
    g_autofree uint8_t *letters = g_malloc(rest);

    memset(letters, 'A', rest);
    crashlog_section(log, code, letters, rest);
}

static void crashlog_add_end(GByteArray *log, RtkitCrashlogFault fault,
                             size_t size)
{
    const uint32_t half[2] = { cpu_to_le32(crashlog_code("Ctim")), 0 };
    const uint8_t few[8] = { };

    switch (fault) {
    case RTKIT_CRASHLOG_ZERO_LENGTH:
        crashlog_set_length(log, "Ctim", 0);
        break;
    case RTKIT_CRASHLOG_SHORT_SECTION:
        crashlog_set_length(log, "Ctim", sizeof(CrashlogSection) / 2);
        break;
    case RTKIT_CRASHLOG_LONG_SECTION:
        crashlog_set_length(log, "Cstr", CRASHLOG_TOO_LONG);
        break;
    case RTKIT_CRASHLOG_BIG_COUNT:
        crashlog_set_length(log, "Cmbx", CRASHLOG_TOO_LONG);
        break;
    case RTKIT_CRASHLOG_SHORT_MAILBOX:
        crashlog_section(log, "Cmbx", few, sizeof(few));
        break;
    case RTKIT_CRASHLOG_UNTERMINATED:
        crashlog_fill(log, "Cver", size);
        return;
    case RTKIT_CRASHLOG_NO_END:
        crashlog_fill(log, "Cxxx", size - sizeof(half));
        g_byte_array_append(log, (void *)half, sizeof(half));
        return;
    default:
        break;
    }
    crashlog_section(log, "CLHE", NULL, 0);
}

/* Write the log to the AP's buffer; false if there is none or it failed. */
static bool crashlog_write(AppleRtkitState *s, const char *reason)
{
    const size_t size = rtkit_buffer_size(s, RTKIT_BUF_CRASHLOG);
    g_autoptr(GByteArray) log = g_byte_array_new();
    CrashlogHeader head = {
        .code = cpu_to_le32(crashlog_code("CLHE")),
        .version = cpu_to_le32(CRASHLOG_VERSION),
    };
    static const uint8_t tail[CRASHLOG_TAIL];

    if (!rtkit_buffer_present(s, RTKIT_BUF_CRASHLOG)) {
        return false;
    }

    g_byte_array_append(log, (void *)&head, sizeof(head));
    crashlog_add_text(log, reason);
    crashlog_add_version(log, s);
    crashlog_add_time(log);
    crashlog_add_mailbox(log, s, RTKIT_FROM_AP);
    crashlog_add_mailbox(log, s, RTKIT_TO_AP);
    crashlog_add_regs(log, s);
    /*
     * At most 32 messages and 512 bytes of text, far below 16 KiB.  A buffer
     * that a knob made smaller gets no log.
     */
    if (log->len > size / 2) {
        return false;
    }
    crashlog_add_end(log, s->fault.crashlog, size);
    head.size = cpu_to_le32(log->len);
    memcpy(log->data, &head, sizeof(head));
    g_byte_array_append(log, tail, MIN(sizeof(tail), size - log->len));
    return rtkit_dma(s, s->buffer[RTKIT_BUF_CRASHLOG].addr, log->data,
                     log->len, true);
}

void apple_rtkit_crash(AppleRtkitState *s, const char *reason)
{
    uint64_t msg0 = 0;
    bool logged;

    if (!apple_rtkit_awake(s)) {
        return;
    }
    trace_apple_rtkit_crash(reason);

    /* first: what the log does below may end up here again */
    rtkit_set_phase(s, RTKIT_CRASHED);
    s->hung = false;
    rtkit_stop_timers(s);
    rtkit_drop_queue(s);
    logged = crashlog_write(s, reason);

    rtkit_set_ready(s, false);
    qemu_set_irq(s->crashed, 1);
    if (logged) {
        msg0 = FIELD_DP64(msg0, MSG, TYPE, BUFFER_REQUEST);
        msg0 = FIELD_DP64(msg0, BUFFER, PAGES,
                          rtkit_buffer_size(s, RTKIT_BUF_CRASHLOG) /
                          RTKIT_PAGE_SIZE);
        msg0 = FIELD_DP64(msg0, BUFFER, ADDR,
                          s->buffer[RTKIT_BUF_CRASHLOG].addr);
        rtkit_send(s, RTKIT_EP_CRASHLOG, msg0);
    }
}
