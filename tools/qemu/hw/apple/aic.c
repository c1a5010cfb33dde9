/*
 * Apple AIC, version 1: the interrupt controller of the M1
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An interrupt n is delivered to CPU c while its line or its software bit is
 * set, its mask bit is clear and bit c of its target word is set.  The event
 * register acknowledges: it returns the interrupt and sets the mask bit, so
 * that a level interrupt comes again only after the driver has unmasked it.
 *
 * Facts are from the Linux driver (irq-apple-aic) and the Asahi documentation.
 * Model choices, because no source tells: everything is masked and without
 * target after reset, IPIs come before interrupts, and the lowest number wins
 * among several interrupts.  Not modelled: the deferred IPIs and the timer
 * that live beside the registers which drivers use.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bitops.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "hw/apple/aic.h"
#include "hw/core/cpu.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "trace.h"

#define AIC_SIZE 0x8000

REG32(INFO, 0x0004)
    FIELD(INFO, NUM_IRQS, 0, 16)
    FIELD(INFO, LAST_CPU, 16, 8)
REG32(CONFIG, 0x0010)

/* What the CPU that makes the access sees of itself */
REG32(WHOAMI, 0x2000)
REG32(EVENT, 0x2004)
    FIELD(EVENT, NUM, 0, 16)
    FIELD(EVENT, TYPE, 16, 8)
REG32(IPI_SEND, 0x2008)
REG32(IPI_ACK, 0x200c)
REG32(IPI_MASK_SET, 0x2024)
REG32(IPI_MASK_CLR, 0x2028)

#define EVENT_TYPE_IRQ 1
#define EVENT_TYPE_IPI 4
#define EVENT_IPI_OTHER 1
#define EVENT_IPI_SELF 2

#define IPI_OTHER BIT(0)
#define IPI_SELF BIT(31)
#define IPI_BITS (IPI_OTHER | IPI_SELF)

REG32(TARGET_CPU, 0x3000)       /* one word per interrupt, room for 0x400 */

/* Banks of one bit per interrupt, room for 0x400 in each */
REG32(SW_SET, 0x4000)
REG32(SW_CLR, 0x4080)
REG32(MASK_SET, 0x4100)
REG32(MASK_CLR, 0x4180)
REG32(HW_STATE, 0x4200)
#define BANK_SIZE 0x80

/* The same as at 0x2000, but for the CPU that the address names */
#define CPU_VIEW_BASE 0x5000
#define CPU_VIEW_SIZE 0x80
REG32(CPU_EVENT, 0x04)
REG32(CPU_IPI_SET, 0x08)
REG32(CPU_IPI_CLR, 0x0c)
REG32(CPU_IPI_MASK_SET, 0x24)
REG32(CPU_IPI_MASK_CLR, 0x28)

static unsigned accessing_cpu(AppleAicState *s)
{
    unsigned index = current_cpu ? current_cpu->cpu_index : 0;

    return index < s->num_cpus ? index : 0;
}

/* The lowest interrupt that is pending for a CPU, or -1 */
static int next_irq(AppleAicState *s, unsigned cpu)
{
    for (unsigned word = 0; word < APPLE_AIC_NUM_WORDS; word++) {
        uint32_t pending = (s->line[word] | s->soft[word]) & ~s->mask[word];

        while (pending) {
            unsigned irq = word * 32 + ctz32(pending);

            if (s->target[irq] & BIT(cpu)) {
                return irq;
            }
            pending &= pending - 1;
        }
    }
    return -1;
}

static void aic_update(AppleAicState *s)
{
    for (unsigned cpu = 0; cpu < s->num_cpus; cpu++) {
        bool level = (s->ipi_pending[cpu] & ~s->ipi_mask[cpu]) ||
                     next_irq(s, cpu) >= 0;

        qemu_set_irq(s->cpu_irq[cpu], level);
    }
}

static void aic_set_irq(void *opaque, int irq, int level)
{
    AppleAicState *s = opaque;
    uint32_t bit = BIT(irq % 32);
    uint32_t old = s->line[irq / 32];

    s->line[irq / 32] = level ? old | bit : old & ~bit;
    if (s->line[irq / 32] != old) {
        trace_apple_aic_set_irq(irq, level);
        aic_update(s);
    }
}

/* Acknowledge: name one pending event of a CPU, and mask it */
static uint32_t take_event(AppleAicState *s, unsigned cpu)
{
    uint32_t ipi = s->ipi_pending[cpu] & ~s->ipi_mask[cpu];
    uint32_t event = 0;
    int irq;

    if (ipi) {
        bool other = ipi & IPI_OTHER;

        s->ipi_mask[cpu] |= other ? IPI_OTHER : IPI_SELF;
        event = FIELD_DP32(event, EVENT, TYPE, EVENT_TYPE_IPI);
        event = FIELD_DP32(event, EVENT, NUM,
                           other ? EVENT_IPI_OTHER : EVENT_IPI_SELF);
    } else {
        irq = next_irq(s, cpu);
        if (irq < 0) {
            return 0;
        }
        s->mask[irq / 32] |= BIT(irq % 32);
        event = FIELD_DP32(event, EVENT, TYPE, EVENT_TYPE_IRQ);
        event = FIELD_DP32(event, EVENT, NUM, irq);
    }
    trace_apple_aic_event(cpu, event);
    aic_update(s);
    return event;
}

static void send_ipis(AppleAicState *s, unsigned from, uint32_t value)
{
    for (unsigned cpu = 0; cpu < s->num_cpus; cpu++) {
        if (value & BIT(cpu)) {
            s->ipi_pending[cpu] |= IPI_OTHER;
        }
    }
    if (value & IPI_SELF) {
        s->ipi_pending[from] |= IPI_SELF;
    }
}

/*
 * Find the bank and the word in it that an offset means.  False if there is
 * none: the banks have room for more interrupts than there are.
 */
static bool find_bank(hwaddr offset, hwaddr *bank, unsigned *word)
{
    if (offset < A_SW_SET || offset >= A_HW_STATE + BANK_SIZE) {
        return false;
    }
    *bank = ROUND_DOWN(offset, BANK_SIZE);
    *word = (offset - *bank) / 4;
    return *word < APPLE_AIC_NUM_WORDS;
}

static bool find_target(hwaddr offset, unsigned *irq)
{
    if (offset < A_TARGET_CPU) {
        return false;
    }
    *irq = (offset - A_TARGET_CPU) / 4;
    return *irq < APPLE_AIC_NUM_IRQS;
}

static bool find_cpu_view(AppleAicState *s, hwaddr offset, unsigned *cpu,
                          hwaddr *reg)
{
    if (offset < CPU_VIEW_BASE) {
        return false;
    }
    *cpu = (offset - CPU_VIEW_BASE) / CPU_VIEW_SIZE;
    *reg = (offset - CPU_VIEW_BASE) % CPU_VIEW_SIZE;
    return *cpu < s->num_cpus;
}

static uint32_t bad_read(hwaddr offset)
{
    qemu_log_mask(LOG_GUEST_ERROR, "apple-aic: bad read at 0x%" HWADDR_PRIx
                  "\n", offset);
    return 0;
}

static uint32_t read_array(AppleAicState *s, hwaddr offset)
{
    unsigned index;
    hwaddr reg;

    if (find_target(offset, &index)) {
        return s->target[index];
    }
    if (find_bank(offset, &reg, &index)) {
        switch (reg) {
        case A_SW_SET:
        case A_SW_CLR:
            return s->soft[index];
        case A_MASK_SET:
        case A_MASK_CLR:
            return s->mask[index];
        case A_HW_STATE:
            return s->line[index];
        }
    }
    if (find_cpu_view(s, offset, &index, &reg)) {
        switch (reg) {
        case A_CPU_EVENT:
            return take_event(s, index);
        case A_CPU_IPI_SET:
        case A_CPU_IPI_CLR:
            return s->ipi_pending[index];
        case A_CPU_IPI_MASK_SET:
        case A_CPU_IPI_MASK_CLR:
            return s->ipi_mask[index];
        }
    }
    return bad_read(offset);
}

static uint64_t aic_read(void *opaque, hwaddr offset, unsigned size)
{
    AppleAicState *s = opaque;
    unsigned cpu = accessing_cpu(s);
    uint32_t value;

    switch (offset) {
    case A_INFO:
        value = FIELD_DP32(0, INFO, NUM_IRQS, APPLE_AIC_NUM_IRQS);
        value = FIELD_DP32(value, INFO, LAST_CPU, s->num_cpus - 1);
        break;
    case A_CONFIG:
        value = s->config;
        break;
    case A_WHOAMI:
        value = cpu;
        break;
    case A_EVENT:
        value = take_event(s, cpu);
        break;
    case A_IPI_SEND:
    case A_IPI_ACK:
        value = s->ipi_pending[cpu];
        break;
    case A_IPI_MASK_SET:
    case A_IPI_MASK_CLR:
        value = s->ipi_mask[cpu];
        break;
    default:
        value = read_array(s, offset);
        break;
    }
    trace_apple_aic_read(cpu, offset, value);
    return value;
}

/* False if no register is there */
static bool write_bank(AppleAicState *s, hwaddr bank, unsigned word,
                       uint32_t value)
{
    switch (bank) {
    case A_SW_SET:
        s->soft[word] |= value;
        return true;
    case A_SW_CLR:
        s->soft[word] &= ~value;
        return true;
    case A_MASK_SET:
        s->mask[word] |= value;
        return true;
    case A_MASK_CLR:
        s->mask[word] &= ~value;
        return true;
    default:
        return false;
    }
}

static bool write_cpu_view(AppleAicState *s, unsigned cpu, hwaddr reg,
                           uint32_t value)
{
    value &= IPI_BITS;
    switch (reg) {
    case A_CPU_IPI_SET:
        s->ipi_pending[cpu] |= value;
        return true;
    case A_CPU_IPI_CLR:
        s->ipi_pending[cpu] &= ~value;
        return true;
    case A_CPU_IPI_MASK_SET:
        s->ipi_mask[cpu] |= value;
        return true;
    case A_CPU_IPI_MASK_CLR:
        s->ipi_mask[cpu] &= ~value;
        return true;
    default:
        return false;
    }
}

static bool write_array(AppleAicState *s, hwaddr offset, uint32_t value)
{
    unsigned index;
    hwaddr reg;

    if (find_target(offset, &index)) {
        s->target[index] = value & MAKE_64BIT_MASK(0, s->num_cpus);
        return true;
    }
    if (find_bank(offset, &reg, &index)) {
        return write_bank(s, reg, index, value);
    }
    if (find_cpu_view(s, offset, &index, &reg)) {
        return write_cpu_view(s, index, reg, value);
    }
    return false;
}

static void aic_write(void *opaque, hwaddr offset, uint64_t value,
                      unsigned size)
{
    AppleAicState *s = opaque;
    unsigned cpu = accessing_cpu(s);

    trace_apple_aic_write(cpu, offset, value);
    switch (offset) {
    case A_CONFIG:
        s->config = value;
        break;
    case A_IPI_SEND:
        send_ipis(s, cpu, value);
        break;
    case A_IPI_ACK:
        s->ipi_pending[cpu] &= ~value;
        break;
    case A_IPI_MASK_SET:
        s->ipi_mask[cpu] |= value & IPI_BITS;
        break;
    case A_IPI_MASK_CLR:
        s->ipi_mask[cpu] &= ~value;
        break;
    default:
        if (!write_array(s, offset, value)) {
            qemu_log_mask(LOG_GUEST_ERROR, "apple-aic: bad write at 0x%"
                          HWADDR_PRIx ", value 0x%" PRIx64 "\n",
                          offset, value);
        }
        break;
    }
    aic_update(s);
}

static const MemoryRegionOps aic_ops = {
    .read = aic_read,
    .write = aic_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void aic_reset_enter(Object *obj, ResetType type)
{
    AppleAicState *s = APPLE_AIC(obj);

    s->config = 0;
    memset(s->target, 0, sizeof(s->target));
    memset(s->soft, 0, sizeof(s->soft));
    memset(s->mask, 0xff, sizeof(s->mask));
    memset(s->ipi_pending, 0, sizeof(s->ipi_pending));
    for (unsigned cpu = 0; cpu < APPLE_AIC_MAX_CPUS; cpu++) {
        s->ipi_mask[cpu] = IPI_BITS;
    }
    /* s->line belongs to the devices that drive the lines */
}

static void aic_reset_hold(Object *obj, ResetType type)
{
    aic_update(APPLE_AIC(obj));
}

static void aic_init(Object *obj)
{
    AppleAicState *s = APPLE_AIC(obj);

    memory_region_init_io(&s->iomem, obj, &aic_ops, s, TYPE_APPLE_AIC,
                          AIC_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    qdev_init_gpio_in(DEVICE(obj), aic_set_irq, APPLE_AIC_NUM_IRQS);
}

static void aic_realize(DeviceState *dev, Error **errp)
{
    AppleAicState *s = APPLE_AIC(dev);

    if (s->num_cpus < 1 || s->num_cpus > APPLE_AIC_MAX_CPUS) {
        error_setg(errp, "num-cpus must be 1 to %d", APPLE_AIC_MAX_CPUS);
        return;
    }
    for (unsigned cpu = 0; cpu < s->num_cpus; cpu++) {
        sysbus_init_irq(SYS_BUS_DEVICE(dev), &s->cpu_irq[cpu]);
    }
}

/* No index is stored, so every content of these fields is a possible one */
static const VMStateDescription vmstate_aic = {
    .name = TYPE_APPLE_AIC,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(num_cpus, AppleAicState,
                             "the number of CPUs must be the same"),
        VMSTATE_UINT32(config, AppleAicState),
        VMSTATE_UINT32_ARRAY(target, AppleAicState, APPLE_AIC_NUM_IRQS),
        VMSTATE_UINT32_ARRAY(line, AppleAicState, APPLE_AIC_NUM_WORDS),
        VMSTATE_UINT32_ARRAY(soft, AppleAicState, APPLE_AIC_NUM_WORDS),
        VMSTATE_UINT32_ARRAY(mask, AppleAicState, APPLE_AIC_NUM_WORDS),
        VMSTATE_UINT32_ARRAY(ipi_pending, AppleAicState, APPLE_AIC_MAX_CPUS),
        VMSTATE_UINT32_ARRAY(ipi_mask, AppleAicState, APPLE_AIC_MAX_CPUS),
        VMSTATE_END_OF_LIST()
    },
};

static const Property aic_properties[] = {
    DEFINE_PROP_UINT32("num-cpus", AppleAicState, num_cpus, 1),
};

static void aic_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple AIC interrupt controller";
    dc->realize = aic_realize;
    dc->vmsd = &vmstate_aic;
    device_class_set_props(dc, aic_properties);
    rc->phases.enter = aic_reset_enter;
    rc->phases.hold = aic_reset_hold;
}

static const TypeInfo aic_types[] = {
    {
        .name = TYPE_APPLE_AIC,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleAicState),
        .instance_init = aic_init,
        .class_init = aic_class_init,
    },
};

DEFINE_TYPES(aic_types)
