/*
 * Apple ASC: wrapper of a co-processor, with its v4 mailbox
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hardware: each co-processor of an Apple SoC sits in a wrapper with a
 * run bit and a mailbox of two FIFOs.  A message is 64 bits of payload and a
 * second word whose low byte names the endpoint.  The sender writes SEND0,
 * then SEND1; the receiver reads RECV0, then RECV1 (Linux mailbox.c, m1n1
 * and U-Boot agree on that order).  Four level interrupts follow the FIFOs.
 *
 * The model: registers, FIFOs and interrupts are here, what the co-processor
 * does is in a firmware object (AppleAscFirmware).
 *
 * Model choices, not known from hardware:
 *  - RUN is a plain bit, CPU_STATUS says only running and stopped; sources
 *    disagree about its bits and no driver reads it
 *  - a FIFO holds 15 messages: pointers and count have four bits each, and
 *    full and empty must differ
 *  - RECV0 takes the message out, RECV1 shows the rest of the same message
 *  - a 32-bit sender commits with the upper half of SEND1
 *  - OVERFLOW and UNDERFLOW stay set until the block is reset
 *  - other wrapper registers that are known by name only keep what is written
 *  - an access without power ends in a bus error
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/registerfields.h"
#include "hw/apple/asc.h"
#include "hw/apple/judge.h"
#include "migration/vmstate.h"
#include "trace.h"

#define ASC_WRAPPER_SIZE    0x8000
#define ASC_MBOX_SIZE       0x4000
#define ASC_STORAGE_END     0xb84
#define ASC_FIFO_SLOTS      16
#define ASC_FIFO_DEPTH      (ASC_FIFO_SLOTS - 1)

/* wrapper */
REG32(CPU_CONTROL, 0x44)
    FIELD(CPU_CONTROL, RUN, 4, 1)
REG32(CPU_STATUS, 0x48)
    FIELD(CPU_STATUS, RUNNING, 0, 1)
    FIELD(CPU_STATUS, STOPPED, 1, 1)

/* mailbox */
REG32(A2I_CONTROL, 0x110)
REG32(I2A_CONTROL, 0x114)
    FIELD(CONTROL, ENABLE, 0, 1)
    FIELD(CONTROL, WPTR, 8, 4)
    FIELD(CONTROL, RPTR, 12, 4)
    FIELD(CONTROL, FULL, 16, 1)
    FIELD(CONTROL, EMPTY, 17, 1)
    FIELD(CONTROL, OVERFLOW, 18, 1)
    FIELD(CONTROL, UNDERFLOW, 19, 1)
    FIELD(CONTROL, COUNT, 20, 4)
REG64(A2I_SEND0, 0x800)
REG64(A2I_SEND1, 0x808)
    FIELD(MSG1, ENDPOINT, 0, 8)
    FIELD(MSG1, INPTR, 40, 4)
    FIELD(MSG1, OUTPTR, 44, 4)
    FIELD(MSG1, INCNT, 48, 4)
    FIELD(MSG1, OUTCNT, 52, 5)
REG64(A2I_RECV0, 0x810)     /* the co-processor's side */
REG64(A2I_RECV1, 0x818)
REG64(I2A_SEND0, 0x820)
REG64(I2A_SEND1, 0x828)
REG64(I2A_RECV0, 0x830)
REG64(I2A_RECV1, 0x838)

enum {
    ASC_IRQ_SEND_EMPTY,
    ASC_IRQ_SEND_NOT_EMPTY,
    ASC_IRQ_RECV_EMPTY,
    ASC_IRQ_RECV_NOT_EMPTY,
    ASC_NUM_IRQS,
};

typedef struct AppleAscFifo {
    AppleAscMessage slot[ASC_FIFO_SLOTS];
    uint32_t wptr;
    uint32_t rptr;
    bool overflow;
    bool underflow;
} AppleAscFifo;

struct AppleAscState {
    SysBusDevice parent_obj;

    MemoryRegion wrapper;
    MemoryRegion mbox;
    qemu_irq irq[ASC_NUM_IRQS];
    qemu_irq run_line;
    AppleJudgeState *judge;

    const AppleAscFirmware *fw;
    void *fw_opaque;

    bool powered;
    bool held;              /* in reset */
    bool run;
    uint32_t storage[ASC_STORAGE_END / 4];

    AppleAscFifo a2i;
    AppleAscFifo i2a;

    uint64_t send0;
    uint64_t send1;
    bool send0_written;
    uint64_t recv0;
    uint64_t recv1;
    bool recv_latched;
    bool recv1_unread;
};

/* Wrapper registers that only keep their value: first, last + 4. */
static const struct {
    uint32_t start;
    uint32_t end;
} asc_storage[] = {
    { 0x008, 0x03c },   /* AXI base, start, end */
    { 0x040, 0x044 },   /* flags */
    { 0x400, 0x404 },
    { 0x80c, 0x810 },   /* interrupt configuration */
    { 0x818, 0x81c },
    { 0x820, 0x824 },
    { 0xa00, 0xa04 },   /* interrupt mask set, clear */
    { 0xa80, 0xa84 },
    { 0xb00, 0xb04 },   /* software interrupt set, clear */
    { 0xb80, 0xb84 },
};

static unsigned asc_fifo_count(const AppleAscFifo *f)
{
    return (f->wptr - f->rptr) % ASC_FIFO_SLOTS;
}

static bool asc_fifo_empty(const AppleAscFifo *f)
{
    return asc_fifo_count(f) == 0;
}

static bool asc_fifo_full(const AppleAscFifo *f)
{
    return asc_fifo_count(f) == ASC_FIFO_DEPTH;
}

static bool asc_fifo_push(AppleAscFifo *f, const AppleAscMessage *msg)
{
    if (asc_fifo_full(f)) {
        f->overflow = true;
        return false;
    }
    f->slot[f->wptr] = *msg;
    f->wptr = (f->wptr + 1) % ASC_FIFO_SLOTS;
    return true;
}

static bool asc_fifo_pop(AppleAscFifo *f, AppleAscMessage *msg)
{
    if (asc_fifo_empty(f)) {
        return false;
    }
    *msg = f->slot[f->rptr];
    f->rptr = (f->rptr + 1) % ASC_FIFO_SLOTS;
    return true;
}

static uint32_t asc_fifo_control(const AppleAscFifo *f)
{
    uint32_t v = 0;

    v = FIELD_DP32(v, CONTROL, ENABLE, 1);
    v = FIELD_DP32(v, CONTROL, WPTR, f->wptr);
    v = FIELD_DP32(v, CONTROL, RPTR, f->rptr);
    v = FIELD_DP32(v, CONTROL, FULL, asc_fifo_full(f));
    v = FIELD_DP32(v, CONTROL, EMPTY, asc_fifo_empty(f));
    v = FIELD_DP32(v, CONTROL, OVERFLOW, f->overflow);
    v = FIELD_DP32(v, CONTROL, UNDERFLOW, f->underflow);
    v = FIELD_DP32(v, CONTROL, COUNT, asc_fifo_count(f));
    return v;
}

static void asc_update_irq(AppleAscState *s)
{
    bool a2i_empty = asc_fifo_empty(&s->a2i);
    bool i2a_empty = asc_fifo_empty(&s->i2a);

    qemu_set_irq(s->irq[ASC_IRQ_SEND_EMPTY], a2i_empty);
    qemu_set_irq(s->irq[ASC_IRQ_SEND_NOT_EMPTY], !a2i_empty);
    qemu_set_irq(s->irq[ASC_IRQ_RECV_EMPTY], i2a_empty);
    qemu_set_irq(s->irq[ASC_IRQ_RECV_NOT_EMPTY], !i2a_empty);
}

/* The co-processor's side */

void apple_asc_set_firmware(AppleAscState *s, const AppleAscFirmware *fw,
                            void *opaque)
{
    s->fw = fw;
    s->fw_opaque = opaque;
}

bool apple_asc_iop_recv(AppleAscState *s, AppleAscMessage *msg)
{
    if (!asc_fifo_pop(&s->a2i, msg)) {
        return false;
    }
    trace_apple_asc_iop_recv(msg->endpoint, msg->msg0);
    asc_update_irq(s);
    return true;
}

bool apple_asc_iop_send(AppleAscState *s, const AppleAscMessage *msg)
{
    if (asc_fifo_full(&s->i2a)) {
        return false;
    }
    asc_fifo_push(&s->i2a, msg);
    trace_apple_asc_iop_send(msg->endpoint, msg->msg0,
                             asc_fifo_count(&s->i2a));
    asc_update_irq(s);
    return true;
}

void apple_asc_preset_run(AppleAscState *s, bool run)
{
    s->run = run;
    qemu_set_irq(s->run_line, run);
}

/* Checks common to all registers */

static bool asc_access_ok(AppleAscState *s, const char *block, hwaddr offset,
                          unsigned size, bool wide)
{
    if ((size == 4 || (size == 8 && wide)) && QEMU_IS_ALIGNED(offset, size)) {
        return true;
    }
    apple_judge_violation(s->judge, APPLE_RULE_REG_SIZE,
                          "%s+0x%" HWADDR_PRIx ": access of %u bytes, %s",
                          block, offset, size,
                          wide ? "only aligned 4 or 8 are known to work" :
                          "only aligned 4 is known to work");
    return false;
}

static bool asc_powered(AppleAscState *s, const char *block, hwaddr offset)
{
    if (s->powered) {
        return true;
    }
    apple_judge_violation(s->judge, APPLE_RULE_REG_POWERED_OFF,
                          "%s+0x%" HWADDR_PRIx ": access while the ANS2 power "
                          "domain is off", block, offset);
    return false;
}

static void asc_unknown(AppleAscState *s, const char *block, hwaddr offset)
{
    apple_judge_violation(s->judge, APPLE_RULE_REG_UNKNOWN,
                          "%s+0x%" HWADDR_PRIx ": no such register",
                          block, offset);
}

/* Wrapper registers */

static bool asc_is_storage(hwaddr offset)
{
    for (size_t i = 0; i < ARRAY_SIZE(asc_storage); i++) {
        if (offset >= asc_storage[i].start && offset < asc_storage[i].end) {
            return true;
        }
    }
    return false;
}

static MemTxResult asc_wrapper_read(void *opaque, hwaddr offset,
                                    uint64_t *data, unsigned size,
                                    MemTxAttrs attrs)
{
    AppleAscState *s = opaque;
    uint32_t v = 0;

    *data = UINT64_MAX;
    if (!asc_powered(s, "asc", offset)) {
        return MEMTX_ERROR;
    }
    *data = 0;
    if (!asc_access_ok(s, "asc", offset, size, false)) {
        return MEMTX_OK;
    }

    switch (offset) {
    case A_CPU_CONTROL:
        v = FIELD_DP32(v, CPU_CONTROL, RUN, s->run);
        break;
    case A_CPU_STATUS:
        v = FIELD_DP32(v, CPU_STATUS, RUNNING, s->run);
        v = FIELD_DP32(v, CPU_STATUS, STOPPED, !s->run);
        break;
    default:
        if (asc_is_storage(offset)) {
            v = s->storage[offset / 4];
        } else {
            asc_unknown(s, "asc", offset);
        }
        break;
    }

    trace_apple_asc_read(offset, v, size);
    *data = v;
    return MEMTX_OK;
}

static void asc_write_cpu_control(AppleAscState *s, uint32_t value)
{
    bool run = FIELD_EX32(value, CPU_CONTROL, RUN);

    if (value & ~R_CPU_CONTROL_RUN_MASK) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_VALUE,
                              "CPU_CONTROL = 0x%x: only bit 4 (RUN) is known",
                              value);
    }
    if (run == s->run || s->held) {
        return;
    }
    s->run = run;
    qemu_set_irq(s->run_line, run);
    if (s->fw && s->fw->run_changed) {
        s->fw->run_changed(s->fw_opaque, run);
    }
}

static MemTxResult asc_wrapper_write(void *opaque, hwaddr offset,
                                     uint64_t value, unsigned size,
                                     MemTxAttrs attrs)
{
    AppleAscState *s = opaque;

    trace_apple_asc_write(offset, value, size);
    if (!asc_powered(s, "asc", offset)) {
        return MEMTX_ERROR;
    }
    if (!asc_access_ok(s, "asc", offset, size, false)) {
        return MEMTX_OK;
    }

    switch (offset) {
    case A_CPU_CONTROL:
        asc_write_cpu_control(s, value);
        break;
    case A_CPU_STATUS:
        apple_judge_violation(s->judge, APPLE_RULE_REG_ACCESS,
                              "CPU_STATUS is read-only, written 0x%" PRIx64,
                              value);
        break;
    default:
        if (asc_is_storage(offset)) {
            s->storage[offset / 4] = value;
        } else {
            asc_unknown(s, "asc", offset);
        }
        break;
    }
    return MEMTX_OK;
}

static const MemoryRegionOps asc_wrapper_ops = {
    .read_with_attrs = asc_wrapper_read,
    .write_with_attrs = asc_wrapper_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* every size arrives here, so that a wrong one is reported */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* Mailbox registers */

static uint64_t asc_msg1(const AppleAscFifo *f, const AppleAscMessage *msg)
{
    uint64_t v = 0;

    v = FIELD_DP64(v, MSG1, ENDPOINT, msg->endpoint);
    v = FIELD_DP64(v, MSG1, INPTR, f->wptr);
    v = FIELD_DP64(v, MSG1, OUTPTR, f->rptr);
    v = FIELD_DP64(v, MSG1, INCNT, asc_fifo_count(f));
    v = FIELD_DP64(v, MSG1, OUTCNT, asc_fifo_count(f));
    return v;
}

/* RECV0 was read: move the oldest message to the pair of RECV registers. */
static void asc_latch(AppleAscState *s)
{
    bool was_full = asc_fifo_full(&s->i2a);
    AppleAscMessage msg;

    if (s->recv1_unread) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ORDER,
                              "I2A_RECV0 read again before I2A_RECV1: the "
                              "endpoint of the message before is lost");
    }
    if (!asc_fifo_pop(&s->i2a, &msg)) {
        s->i2a.underflow = true;
        s->recv0 = 0;
        s->recv1 = 0;
        s->recv_latched = false;
        s->recv1_unread = false;
        apple_judge_violation(s->judge, APPLE_RULE_MBOX_EMPTY,
                              "I2A_RECV0 read while the FIFO is empty");
        return;
    }

    s->recv0 = msg.msg0;
    s->recv1 = asc_msg1(&s->i2a, &msg);
    s->recv_latched = true;
    s->recv1_unread = true;
    trace_apple_asc_ap_recv(msg.endpoint, msg.msg0, asc_fifo_count(&s->i2a));
    asc_update_irq(s);
    if (was_full && s->fw && s->fw->room) {
        s->fw->room(s->fw_opaque);
    }
}

/* @low: the access includes the lower half of the 64-bit register */
static uint64_t asc_mbox_data_read(AppleAscState *s, hwaddr reg, bool low)
{
    switch (reg) {
    case A_I2A_RECV0:
        if (low) {
            asc_latch(s);
        }
        return s->recv0;
    case A_I2A_RECV1:
        if (!s->recv_latched) {
            apple_judge_violation(s->judge, APPLE_RULE_MBOX_EMPTY,
                                  "I2A_RECV1 read without a message taken "
                                  "with I2A_RECV0");
        }
        if (low) {
            s->recv1_unread = false;
        }
        return s->recv1;
    case A_A2I_SEND0:
    case A_A2I_SEND1:
        apple_judge_violation(s->judge, APPLE_RULE_REG_ACCESS,
                              "mbox+0x%" HWADDR_PRIx " is write-only", reg);
        return 0;
    case A_A2I_RECV0:
    case A_A2I_RECV1:
    case A_I2A_SEND0:
    case A_I2A_SEND1:
        apple_judge_violation(s->judge, APPLE_RULE_REG_ACCESS,
                              "mbox+0x%" HWADDR_PRIx " is the co-processor's",
                              reg);
        return 0;
    default:
        asc_unknown(s, "mbox", reg);
        return 0;
    }
}

static MemTxResult asc_mbox_read(void *opaque, hwaddr offset, uint64_t *data,
                                 unsigned size, MemTxAttrs attrs)
{
    AppleAscState *s = opaque;
    hwaddr reg = QEMU_ALIGN_DOWN(offset, 8);
    bool narrow = offset == A_A2I_CONTROL || offset == A_I2A_CONTROL;
    uint64_t v;

    *data = UINT64_MAX;
    if (!asc_powered(s, "mbox", offset)) {
        return MEMTX_ERROR;
    }
    *data = 0;
    if (!asc_access_ok(s, "mbox", offset, size, !narrow)) {
        return MEMTX_OK;
    }

    switch (offset) {
    case A_A2I_CONTROL:
        v = asc_fifo_control(&s->a2i);
        break;
    case A_I2A_CONTROL:
        v = asc_fifo_control(&s->i2a);
        break;
    default:
        v = asc_mbox_data_read(s, reg, offset == reg);
        if (offset != reg) {
            v >>= 32;
        } else if (size == 4) {
            v = extract64(v, 0, 32);
        }
        break;
    }

    trace_apple_asc_mbox_read(offset, v, size);
    *data = v;
    return MEMTX_OK;
}

/* SEND1 is complete: hand the message to the co-processor. */
static void asc_commit(AppleAscState *s)
{
    AppleAscMessage msg = {
        .msg0 = s->send0,
        .endpoint = FIELD_EX64(s->send1, MSG1, ENDPOINT),
    };

    if (s->send1 & ~R_MSG1_ENDPOINT_MASK) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_VALUE,
                              "A2I_SEND1 = 0x%" PRIx64 ": only the endpoint in "
                              "bits 7:0 may be set", s->send1);
    }
    if (!s->send0_written) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ORDER,
                              "A2I_SEND1 written without A2I_SEND0: sends the "
                              "payload of the message before to endpoint "
                              "0x%02x", msg.endpoint);
    }
    s->send0_written = false;

    if (!asc_fifo_push(&s->a2i, &msg)) {
        apple_judge_violation(s->judge, APPLE_RULE_MBOX_FULL,
                              "message 0x%016" PRIx64 " to endpoint 0x%02x "
                              "lost: sent while A2I_CONTROL reads FULL",
                              msg.msg0, msg.endpoint);
        return;
    }
    trace_apple_asc_ap_send(msg.endpoint, msg.msg0, asc_fifo_count(&s->a2i));
    asc_update_irq(s);
    if (s->fw && s->fw->message) {
        s->fw->message(s->fw_opaque);
    }
}

/* Both halves of a 64-bit register, or one of them. */
static void asc_deposit(uint64_t *reg, hwaddr offset, uint64_t value,
                        unsigned size)
{
    *reg = deposit64(*reg, (offset & 4) * 8, size * 8, value);
}

static void asc_mbox_data_write(AppleAscState *s, hwaddr offset,
                                uint64_t value, unsigned size)
{
    switch (QEMU_ALIGN_DOWN(offset, 8)) {
    case A_A2I_SEND0:
        asc_deposit(&s->send0, offset, value, size);
        s->send0_written = true;
        break;
    case A_A2I_SEND1:
        asc_deposit(&s->send1, offset, value, size);
        if (size == 8 || (offset & 4)) {
            asc_commit(s);
        }
        break;
    case A_I2A_RECV0:
    case A_I2A_RECV1:
        apple_judge_violation(s->judge, APPLE_RULE_REG_ACCESS,
                              "mbox+0x%" HWADDR_PRIx " is read-only", offset);
        break;
    case A_A2I_RECV0:
    case A_A2I_RECV1:
    case A_I2A_SEND0:
    case A_I2A_SEND1:
        apple_judge_violation(s->judge, APPLE_RULE_REG_ACCESS,
                              "mbox+0x%" HWADDR_PRIx " is the co-processor's",
                              offset);
        break;
    default:
        asc_unknown(s, "mbox", offset);
        break;
    }
}

static MemTxResult asc_mbox_write(void *opaque, hwaddr offset, uint64_t value,
                                  unsigned size, MemTxAttrs attrs)
{
    AppleAscState *s = opaque;
    bool narrow = offset == A_A2I_CONTROL || offset == A_I2A_CONTROL;

    trace_apple_asc_mbox_write(offset, value, size);
    if (!asc_powered(s, "mbox", offset)) {
        return MEMTX_ERROR;
    }
    if (!asc_access_ok(s, "mbox", offset, size, !narrow)) {
        return MEMTX_OK;
    }
    if (narrow) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ACCESS,
                              "mbox+0x%" HWADDR_PRIx ": FIFO control written, "
                              "no writable bit is known", offset);
        return MEMTX_OK;
    }
    asc_mbox_data_write(s, offset, value, size);
    return MEMTX_OK;
}

static const MemoryRegionOps asc_mbox_ops = {
    .read_with_attrs = asc_mbox_read,
    .write_with_attrs = asc_mbox_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* every size arrives here, so that a wrong one is reported */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* Device */

static void asc_set_power(void *opaque, int n, int level)
{
    AppleAscState *s = opaque;

    s->powered = level;
}

static void asc_set_reset(void *opaque, int n, int level)
{
    AppleAscState *s = opaque;

    s->held = level;
}

static void asc_reset_enter(Object *obj, ResetType type)
{
    AppleAscState *s = APPLE_ASC(obj);

    s->run = false;
    memset(s->storage, 0, sizeof(s->storage));
    memset(&s->a2i, 0, sizeof(s->a2i));
    memset(&s->i2a, 0, sizeof(s->i2a));
    s->send0 = 0;
    s->send1 = 0;
    s->send0_written = false;
    s->recv0 = 0;
    s->recv1 = 0;
    s->recv_latched = false;
    s->recv1_unread = false;
}

static void asc_reset_hold(Object *obj, ResetType type)
{
    AppleAscState *s = APPLE_ASC(obj);

    asc_update_irq(s);
    qemu_set_irq(s->run_line, s->run);
}

static void asc_init(Object *obj)
{
    AppleAscState *s = APPLE_ASC(obj);
    SysBusDevice *sbd = SYS_BUS_DEVICE(obj);

    memory_region_init_io(&s->wrapper, obj, &asc_wrapper_ops, s,
                          "apple-asc", ASC_WRAPPER_SIZE);
    sysbus_init_mmio(sbd, &s->wrapper);
    memory_region_init_io(&s->mbox, obj, &asc_mbox_ops, s,
                          "apple-asc-mbox", ASC_MBOX_SIZE);
    sysbus_init_mmio(sbd, &s->mbox);
    for (int i = 0; i < ASC_NUM_IRQS; i++) {
        sysbus_init_irq(sbd, &s->irq[i]);
    }
    qdev_init_gpio_in_named(DEVICE(obj), asc_set_power, "power", 1);
    qdev_init_gpio_in_named(DEVICE(obj), asc_set_reset, "reset", 1);
    qdev_init_gpio_out_named(DEVICE(obj), &s->run_line, "run", 1);
    s->powered = true;
}

static void asc_realize(DeviceState *dev, Error **errp)
{
    AppleAscState *s = APPLE_ASC(dev);

    if (!s->judge) {
        error_setg(errp, "apple-asc: property 'judge' is not set");
    }
}

static int asc_post_load(void *opaque, int version_id)
{
    AppleAscState *s = opaque;

    if (s->a2i.wptr >= ASC_FIFO_SLOTS || s->a2i.rptr >= ASC_FIFO_SLOTS ||
        s->i2a.wptr >= ASC_FIFO_SLOTS || s->i2a.rptr >= ASC_FIFO_SLOTS) {
        return -EINVAL;
    }
    asc_update_irq(s);
    return 0;
}

static const VMStateDescription vmstate_asc_message = {
    .name = "apple-asc-message",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(msg0, AppleAscMessage),
        VMSTATE_UINT8(endpoint, AppleAscMessage),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_asc_fifo = {
    .name = "apple-asc-fifo",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(slot, AppleAscFifo, ASC_FIFO_SLOTS, 1,
                             vmstate_asc_message, AppleAscMessage),
        VMSTATE_UINT32(wptr, AppleAscFifo),
        VMSTATE_UINT32(rptr, AppleAscFifo),
        VMSTATE_BOOL(overflow, AppleAscFifo),
        VMSTATE_BOOL(underflow, AppleAscFifo),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_asc = {
    .name = TYPE_APPLE_ASC,
    .version_id = 2,
    .minimum_version_id = 2,
    .post_load = asc_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(powered, AppleAscState),
        VMSTATE_BOOL(held, AppleAscState),
        VMSTATE_BOOL(run, AppleAscState),
        VMSTATE_UINT32_ARRAY(storage, AppleAscState, ASC_STORAGE_END / 4),
        VMSTATE_STRUCT(a2i, AppleAscState, 1, vmstate_asc_fifo, AppleAscFifo),
        VMSTATE_STRUCT(i2a, AppleAscState, 1, vmstate_asc_fifo, AppleAscFifo),
        VMSTATE_UINT64(send0, AppleAscState),
        VMSTATE_UINT64(send1, AppleAscState),
        VMSTATE_BOOL(send0_written, AppleAscState),
        VMSTATE_UINT64(recv0, AppleAscState),
        VMSTATE_UINT64(recv1, AppleAscState),
        VMSTATE_BOOL(recv_latched, AppleAscState),
        VMSTATE_BOOL(recv1_unread, AppleAscState),
        VMSTATE_END_OF_LIST()
    }
};

static const Property asc_properties[] = {
    DEFINE_PROP_LINK("judge", AppleAscState, judge, TYPE_APPLE_JUDGE,
                     AppleJudgeState *),
};

static void asc_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    dc->desc = "Apple ASC co-processor wrapper and mailbox";
    dc->realize = asc_realize;
    dc->vmsd = &vmstate_asc;
    device_class_set_props(dc, asc_properties);
    rc->phases.enter = asc_reset_enter;
    rc->phases.hold = asc_reset_hold;
}

static const TypeInfo asc_types[] = {
    {
        .name = TYPE_APPLE_ASC,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleAscState),
        .instance_init = asc_init,
        .class_init = asc_class_init,
    },
};

DEFINE_TYPES(asc_types)
