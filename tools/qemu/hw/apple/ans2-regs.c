/*
 * Apple ANS2: the register window
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The window holds the standard NVMe registers, Apple's additions behind the
 * doorbells, the linear submission block at 0x24000 and the NVMMU at 0x28000.
 * Offsets and access rights are those that Linux nvme-apple, U-Boot, OpenBSD,
 * NetBSD and m1n1 agree on.  The memory map of the Asahi documentation lists
 * the 16 KiB pages that answer; the rest gives a bus error here.
 *
 * Model's choice, where no source says more: the values of CAP and VS (Linux
 * asks only for what CAP's fields must allow, and VS 1.1 is what makes it send
 * no Identify beyond CNS 1), reset values of zero, and that a 32-bit register
 * takes no 64-bit access.
 */

#include "qemu/osdep.h"
#include "hw/registerfields.h"
#include "ans2-internal.h"
#include "trace.h"

FIELD(CAP, MQES, 0, 16)
FIELD(CAP, CQR, 16, 1)
FIELD(CAP, TO, 24, 8)
FIELD(CAP, CSS_NVM, 37, 1)
FIELD(CAP, MPSMAX, 52, 4)

#define CAP_VALUE                                                          \
    ((63ull << R_CAP_MQES_SHIFT) | R_CAP_CQR_MASK |                        \
     (20ull << R_CAP_TO_SHIFT) | R_CAP_CSS_NVM_MASK |                      \
     (2ull << R_CAP_MPSMAX_SHIFT))

#define VS_1_1              0x00010100
#define BOOT_STATUS_READY   0xde71ce55
#define IOS_BASE_CMD_ID     0x6000

enum {
    A_CAP           = 0x0,
    A_VS            = 0x8,
    A_INTMS         = 0xc,
    A_INTMC         = 0x10,
    A_CC            = 0x14,
    A_CSTS          = 0x1c,
    A_NSSR          = 0x20,
    A_AQA           = 0x24,
    A_ASQ           = 0x28,
    A_ACQ           = 0x30,
    A_ASQ_TAIL      = 0x1000,
    A_ACQ_HEAD      = 0x1004,
    A_IOSQ_TAIL     = 0x1008,
    A_IOCQ_HEAD     = 0x100c,
    A_MAX_PEND      = 0x1210,
    A_BOOT_STATUS   = 0x1300,
    A_MODESEL       = 0x1304,
    A_BASE_CMD_ID   = 0x1308,
    A_UNKNOWN_CTRL  = 0x24008,
    A_LINEAR_CTRL   = 0x24908,
    A_LINEAR_ASQ    = 0x2490c,
    A_LINEAR_IOSQ   = 0x24910,
    A_NUM_TCBS      = 0x28100,
    A_ASQ_TCB_BASE  = 0x28108,
    A_IOSQ_TCB_BASE = 0x28110,
    A_TCB_INVAL     = 0x28118,
    A_TCB_STAT      = 0x28120,
};

enum { RO = 1, WO = 2, RW = RO | WO };

enum { GROUP_CTRL, GROUP_DB, GROUP_LINEAR, GROUP_NVMMU };

/* What must be true for a write not to be a violation */
enum {
    WHEN_ANY,
    WHEN_BOOTED,        /* BOOT_STATUS is good */
    WHEN_DISABLED,      /* and CC.EN is clear */
    WHEN_NO_IOSQ,       /* and there is no I/O SQ; U-Boot writes it so late */
};

typedef struct Ans2Reg {
    uint32_t offset;
    uint8_t size;
    uint8_t access;
    uint8_t group;
    uint8_t when;
} Ans2Reg;

static const Ans2Reg regs[] = {
    { A_TCB_INVAL, 4, WO, GROUP_NVMMU, WHEN_BOOTED },
    { A_TCB_STAT, 4, RO, GROUP_NVMMU },
    { A_LINEAR_IOSQ, 4, WO, GROUP_LINEAR, WHEN_BOOTED },
    { A_LINEAR_ASQ, 4, WO, GROUP_LINEAR, WHEN_BOOTED },
    { A_IOCQ_HEAD, 4, WO, GROUP_DB, WHEN_BOOTED },
    { A_ACQ_HEAD, 4, WO, GROUP_DB, WHEN_BOOTED },
    { A_IOSQ_TAIL, 4, WO, GROUP_DB, WHEN_BOOTED },
    { A_ASQ_TAIL, 4, WO, GROUP_DB, WHEN_BOOTED },
    { A_CAP, 8, RO, GROUP_CTRL },
    { A_VS, 4, RO, GROUP_CTRL },
    { A_INTMS, 4, RW, GROUP_CTRL },
    { A_INTMC, 4, RW, GROUP_CTRL },
    { A_CC, 4, RW, GROUP_CTRL, WHEN_BOOTED },
    { A_CSTS, 4, RO, GROUP_CTRL },
    { A_NSSR, 4, RO, GROUP_CTRL },      /* CAP says that it does nothing */
    { A_AQA, 4, RW, GROUP_CTRL, WHEN_DISABLED },
    { A_ASQ, 8, RW, GROUP_CTRL, WHEN_DISABLED },
    { A_ACQ, 8, RW, GROUP_CTRL, WHEN_DISABLED },
    { A_MAX_PEND, 4, RW, GROUP_CTRL, WHEN_DISABLED },
    { A_BOOT_STATUS, 4, RO, GROUP_CTRL },
    { A_MODESEL, 4, WO, GROUP_CTRL, WHEN_DISABLED },
    { A_BASE_CMD_ID, 4, RO, GROUP_CTRL },
    { A_UNKNOWN_CTRL, 4, RW, GROUP_CTRL, WHEN_DISABLED },
    { A_LINEAR_CTRL, 4, RW, GROUP_CTRL, WHEN_DISABLED },
    { A_NUM_TCBS, 4, WO, GROUP_NVMMU, WHEN_DISABLED },
    { A_ASQ_TCB_BASE, 8, WO, GROUP_NVMMU, WHEN_DISABLED },
    { A_IOSQ_TCB_BASE, 8, WO, GROUP_NVMMU, WHEN_NO_IOSQ },
};

/*
 * Unimplemented offsets that known software reads, and which read as zero:
 * the standard registers for controller memory buffer, boot partition, ready
 * times and persistent memory (nvme-pci reads CMBSZ of every drive, "nvme
 * show-regs" all of them), and the place where m1n1 looks for TCB_STAT.
 */
static const struct {
    uint32_t first;
    uint32_t last;
} read_zero[] = {
    { 0x38, 0x6b },
    { 0xe00, 0xe1b },
    { 0x29120, 0x29123 },
};

static const Ans2Reg *find_reg(hwaddr addr)
{
    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        if (addr - regs[i].offset < regs[i].size) {
            return &regs[i];
        }
    }
    return NULL;
}

static bool reads_zero(hwaddr addr)
{
    for (size_t i = 0; i < ARRAY_SIZE(read_zero); i++) {
        if (addr >= read_zero[i].first && addr <= read_zero[i].last) {
            return true;
        }
    }
    return false;
}

static bool page_answers(hwaddr addr)
{
    switch (addr >> 14) {
    case 0x0000 >> 14:
    case 0x4000 >> 14:
    case 0xc000 >> 14:
    case 0x24000 >> 14:
    case 0x28000 >> 14:
        return true;
    default:
        return false;
    }
}

static void count_access(AppleAns2State *s, hwaddr addr, bool write)
{
    const Ans2Reg *reg = find_reg(addr);

    /* each group has a counter of reads and one of writes behind it */
    ans2_count(s, ANS2_COUNT_MMIO_READ_CTRL +
               2 * (reg ? reg->group : GROUP_CTRL) + write, 1);
}

/* Faults of the bus itself, whatever the register would say. */
static MemTxResult check_bus(AppleAns2State *s, hwaddr addr, bool write)
{
    const char *what = write ? "write" : "read";

    if (!s->powered) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_POWERED_OFF,
                              "ans2: %s of 0x%" HWADDR_PRIx
                              " with the power domain off", what, addr);
        return MEMTX_ERROR;
    }
    if (!page_answers(addr)) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_UNKNOWN,
                              "ans2: %s of 0x%" HWADDR_PRIx
                              ", where nothing answers", what, addr);
        return MEMTX_DECODE_ERROR;
    }
    if (s->strict && (addr & ~3ull) == A_UNKNOWN_CTRL) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_FORBIDDEN,
                              "ans2: %s of 0x%x, which this firmware does not"
                              " allow", what, A_UNKNOWN_CTRL);
        return MEMTX_ERROR;
    }
    return MEMTX_OK;
}

/* The register of an access that it allows, or NULL after a violation. */
static const Ans2Reg *check_reg(AppleAns2State *s, hwaddr addr, unsigned size,
                                bool write)
{
    const Ans2Reg *reg = find_reg(addr);
    const char *what = write ? "write" : "read";

    if (!reg) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_UNKNOWN,
                              "ans2: %s of unknown register 0x%" HWADDR_PRIx,
                              what, addr);
        return NULL;
    }
    if (size < 4 || size > reg->size || addr & 3 ||
        addr + size > reg->offset + reg->size) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_SIZE,
                              "ans2: %u-byte %s of 0x%" HWADDR_PRIx
                              ", a %u-byte register", size, what, addr,
                              reg->size);
        return NULL;
    }
    if (!(reg->access & (write ? WO : RO))) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ACCESS,
                              "ans2: %s of 0x%" HWADDR_PRIx ", which is %s",
                              what, addr, write ? "read-only" : "write-only");
        return NULL;
    }
    return reg;
}

/*
 * Whether a write comes at the right time.  A crashed firmware cannot be
 * noticed before the crash message has arrived, so nothing is said then.
 */
static void check_order(AppleAns2State *s, const Ans2Reg *reg)
{
    if (reg->when == WHEN_ANY || s->crashed) {
        return;
    }
    if (!s->booted) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ORDER,
                              "ans2: write of 0x%x before BOOT_STATUS is good",
                              reg->offset);
    } else if (reg->when == WHEN_DISABLED && s->cc & ANS2_CC_EN &&
               !s->inherited) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ORDER,
                              "ans2: write of 0x%x while CC.EN is set",
                              reg->offset);
    } else if (reg->when == WHEN_NO_IOSQ && s->queue[ANS2_IO].sq_exists &&
               !s->inherited) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ORDER,
                              "ans2: write of 0x%x while the I/O SQ exists",
                              reg->offset);
    }
}

static uint64_t read_reg(AppleAns2State *s, const Ans2Reg *reg)
{
    switch (reg->offset) {
    case A_CAP:
        return CAP_VALUE;
    case A_VS:
        return VS_1_1;
    case A_INTMS:
    case A_INTMC:
        return s->intms;
    case A_CC:
        return s->cc;
    case A_CSTS:
        return s->knob.csts ?: s->csts;
    case A_AQA:
        return s->aqa;
    case A_ASQ:
        return s->asq;
    case A_ACQ:
        return s->acq;
    case A_MAX_PEND:
        return s->max_pend;
    case A_BOOT_STATUS:
        return s->booted ? BOOT_STATUS_READY : 0;
    case A_BASE_CMD_ID:
        return IOS_BASE_CMD_ID;
    case A_UNKNOWN_CTRL:
        return s->unknown_ctrl;
    case A_LINEAR_CTRL:
        return s->linear_ctrl;
    case A_TCB_STAT:
        return s->knob.tcb_stat ?: s->tcb_stat;
    default:
        return 0;
    }
}

static MemTxResult window_read(void *opaque, hwaddr addr, uint64_t *data,
                               unsigned size, MemTxAttrs attrs)
{
    AppleAns2State *s = opaque;
    const Ans2Reg *reg;
    MemTxResult res;
    uint64_t value;

    *data = 0;
    count_access(s, addr, false);
    res = check_bus(s, addr, false);
    if (res != MEMTX_OK || (reads_zero(addr) && size == 4)) {
        return res;
    }
    reg = check_reg(s, addr, size, false);
    if (reg) {
        value = read_reg(s, reg) >> (8 * (addr - reg->offset));
        *data = size == 8 ? value : (uint32_t)value;
    }
    trace_apple_ans2_read(addr, size, *data);
    return MEMTX_OK;
}

/* Replace what an access of 4 or 8 bytes covers. */
static uint64_t merge(uint64_t old, const Ans2Reg *reg, hwaddr addr,
                      unsigned size, uint64_t value)
{
    return deposit64(old, 8 * (addr - reg->offset), 8 * size, value);
}

/* Registers that may only take some values; the write happens anyway. */
static void check_value(AppleAns2State *s, uint32_t offset, uint32_t value,
                        bool good)
{
    if (!good) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_VALUE,
                              "ans2: 0x%x written to 0x%x", value, offset);
    }
}

/* Doorbells and other registers that start something */
static bool write_action(AppleAns2State *s, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case A_TCB_INVAL:
        ans2_nvmmu_invalidate(s, value);
        return true;
    case A_LINEAR_IOSQ:
        ans2_queue_linear_doorbell(s, ANS2_IO, value);
        return true;
    case A_LINEAR_ASQ:
        ans2_queue_linear_doorbell(s, ANS2_ADMIN, value);
        return true;
    case A_IOCQ_HEAD:
        ans2_cq_doorbell(s, ANS2_IO, value);
        return true;
    case A_ACQ_HEAD:
        ans2_cq_doorbell(s, ANS2_ADMIN, value);
        return true;
    case A_IOSQ_TAIL:
        ans2_queue_sq_doorbell(s, ANS2_IO, value);
        return true;
    case A_ASQ_TAIL:
        ans2_queue_sq_doorbell(s, ANS2_ADMIN, value);
        return true;
    case A_CC:
        ans2_ctrl_write_cc(s, value);
        return true;
    case A_INTMS:
        s->intms |= value;
        ans2_update_irq(s);
        return true;
    case A_INTMC:
        s->intms &= ~value;
        ans2_update_irq(s);
        return true;
    default:
        return false;
    }
}

static void write_storage(AppleAns2State *s, const Ans2Reg *reg, hwaddr addr,
                          unsigned size, uint64_t value)
{
    switch (reg->offset) {
    case A_AQA:
        s->aqa = value;
        break;
    case A_ASQ:
        s->asq = merge(s->asq, reg, addr, size, value);
        break;
    case A_ACQ:
        s->acq = merge(s->acq, reg, addr, size, value);
        break;
    case A_MAX_PEND:
        check_value(s, reg->offset, value,
                    extract32(value, 0, 16) && extract32(value, 16, 16));
        s->max_pend = value;
        break;
    case A_MODESEL:
        check_value(s, reg->offset, value, value == 0);
        s->modesel = value;
        break;
    case A_UNKNOWN_CTRL:
        s->unknown_ctrl = value;
        break;
    case A_LINEAR_CTRL:
        check_value(s, reg->offset, value, value <= 1);
        s->linear_ctrl = value;
        break;
    case A_NUM_TCBS:
        /* U-Boot and OpenBSD program 127, so there are seven bits */
        check_value(s, reg->offset, value, value <= 127);
        s->num_tcbs = value;
        break;
    case A_ASQ_TCB_BASE:
        s->tcb_base[ANS2_ADMIN] = merge(s->tcb_base[ANS2_ADMIN], reg, addr,
                                        size, value);
        break;
    case A_IOSQ_TCB_BASE:
        s->tcb_base[ANS2_IO] = merge(s->tcb_base[ANS2_IO], reg, addr, size,
                                     value);
        break;
    }
}

static MemTxResult window_write(void *opaque, hwaddr addr, uint64_t value,
                                unsigned size, MemTxAttrs attrs)
{
    AppleAns2State *s = opaque;
    const Ans2Reg *reg;
    MemTxResult res;

    trace_apple_ans2_write(addr, size, value);
    count_access(s, addr, true);
    res = check_bus(s, addr, true);
    if (res != MEMTX_OK) {
        return res;
    }
    reg = check_reg(s, addr, size, true);
    if (!reg) {
        return MEMTX_OK;
    }
    check_order(s, reg);
    if (!write_action(s, reg->offset, value)) {
        write_storage(s, reg, addr, size, value);
    }
    return MEMTX_OK;
}

/* All sizes arrive here, so that a wrong one is a violation with a reason. */
const MemoryRegionOps ans2_window_ops = {
    .read_with_attrs = window_read,
    .write_with_attrs = window_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {
        .min_access_size = 1,
        .max_access_size = 8,
        .unaligned = true,
    },
    .impl = {
        .min_access_size = 1,
        .max_access_size = 8,
        .unaligned = true,
    },
};
