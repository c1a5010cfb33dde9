/*
 * Apple AIC, version 2: the interrupt controller of the M1 Pro and later
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An interrupt is delivered while the controller is enabled, the interrupt's
 * line or software bit is set and its mask bit is clear.  The event register
 * acknowledges as on version 1.
 *
 * Registers of the dies follow one another from 0x2000 on: for each die, a
 * word of configuration for each of "max-irqs" interrupts, then banks of one
 * bit for each, which set and clear software bits and masks and show the
 * lines.  So the place of all of them depends on what the info registers say.
 *
 * Facts are from the Linux driver (irq-apple-aic) and its binding.  Model
 * choices, because no source tells:
 *  - all is masked and the controller disabled after reset; the reset bit of
 *    the controller does the same, and reads 0
 *  - die 0 comes before the others, then the lowest number wins
 *  - the lines of all interrupts raise the IRQ of CPU 0, and whichever CPU
 *    reads the event register takes the interrupt
 *  - the configuration of an interrupt only keeps what is written
 *  - the version register says 2, and the second info register 0
 *
 * Not modelled: the timeout, the priority of clusters and the delay groups,
 * which no driver touches.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bitops.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "hw/apple/aic2.h"
#include "hw/core/cpu.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "trace.h"

REG32(VERSION, 0x0000)
REG32(INFO1, 0x0004)
    FIELD(INFO1, NUM_IRQS, 0, 16)
    FIELD(INFO1, LAST_DIE, 24, 4)
REG32(INFO2, 0x0008)
REG32(INFO3, 0x000c)
    FIELD(INFO3, MAX_IRQS, 0, 16)
    FIELD(INFO3, MAX_DIES, 24, 4)
REG32(RESET, 0x0010)
    FIELD(RESET, RESET, 0, 1)
REG32(CONFIG, 0x0014)
    FIELD(CONFIG, ENABLE, 0, 1)
    FIELD(CONFIG, PREFER_PCPU, 28, 1)

#define AIC2_VERSION 2
#define CONFIG_MASK (R_CONFIG_ENABLE_MASK | R_CONFIG_PREFER_PCPU_MASK)

/* From here on, the registers of one die after the other */
#define DIES_BASE 0x2000

REG32(IRQ_CFG, 0)
    FIELD(IRQ_CFG, TARGET, 0, 4)
    FIELD(IRQ_CFG, DELAY_IDX, 5, 3)

#define IRQ_CFG_MASK (R_IRQ_CFG_TARGET_MASK | R_IRQ_CFG_DELAY_IDX_MASK)

/* The banks behind IRQ_CFG */
enum {
    BANK_SW_SET,
    BANK_SW_CLR,
    BANK_MASK_SET,
    BANK_MASK_CLR,
    BANK_HW_STATE,
    NUM_BANKS
};

/* The event registers begin with a page of their own */
#define EVENT_ALIGN 0x4000
#define EVENT_SIZE 4

FIELD(EVENT, NUM, 0, 16)
FIELD(EVENT, TYPE, 16, 8)
FIELD(EVENT, DIE, 24, 8)
#define EVENT_TYPE_IRQ 1

/* Bytes of one bank, and of all registers of one die */
static uint32_t bank_size(AppleAic2State *s)
{
    return s->max_irqs / 8;
}

static uint32_t die_stride(AppleAic2State *s)
{
    return s->max_irqs * 4 + NUM_BANKS * bank_size(s);
}

static unsigned words_per_die(AppleAic2State *s)
{
    return s->num_irqs / 32;
}

/* The first interrupt that is pending, counted through all dies, or -1 */
static int next_irq(AppleAic2State *s)
{
    if (!FIELD_EX32(s->config, CONFIG, ENABLE)) {
        return -1;
    }
    for (unsigned word = 0; word < s->total_words; word++) {
        uint32_t pending = (s->line[word] | s->soft[word]) & ~s->mask[word];

        if (pending) {
            return word * 32 + ctz32(pending);
        }
    }
    return -1;
}

static void aic2_update(AppleAic2State *s)
{
    qemu_set_irq(s->cpu_irq[0], next_irq(s) >= 0);
}

static void aic2_set_irq(void *opaque, int irq, int level)
{
    AppleAic2State *s = opaque;
    uint32_t bit = BIT(irq % 32);
    uint32_t old = s->line[irq / 32];

    s->line[irq / 32] = level ? old | bit : old & ~bit;
    if (s->line[irq / 32] != old) {
        trace_apple_aic2_set_irq(irq / s->num_irqs, irq % s->num_irqs, level);
        aic2_update(s);
    }
}

static unsigned accessing_cpu(void)
{
    return current_cpu ? current_cpu->cpu_index : 0;
}

/* Acknowledge: name one pending interrupt, and mask it */
static uint64_t aic2_event_read(void *opaque, hwaddr offset, unsigned size)
{
    AppleAic2State *s = opaque;
    int irq = next_irq(s);
    uint32_t event;

    if (irq < 0) {
        return 0;
    }
    s->mask[irq / 32] |= BIT(irq % 32);
    event = FIELD_DP32(0, EVENT, TYPE, EVENT_TYPE_IRQ);
    event = FIELD_DP32(event, EVENT, DIE, irq / s->num_irqs);
    event = FIELD_DP32(event, EVENT, NUM, irq % s->num_irqs);
    trace_apple_aic2_event(accessing_cpu(), event);
    aic2_update(s);
    return event;
}

static void aic2_event_write(void *opaque, hwaddr offset, uint64_t value,
                             unsigned size)
{
    qemu_log_mask(LOG_GUEST_ERROR, "apple-aic2: write to the event register, "
                  "value 0x%" PRIx64 "\n", value);
}

/*
 * What an offset behind DIES_BASE means: a bank and a word of the bitmaps, or
 * the configuration of an interrupt (bank -1).  False if there is nothing: the
 * layout has room for more interrupts and dies than there are.
 */
static bool find_array(AppleAic2State *s, hwaddr offset, int *bank,
                       unsigned *index)
{
    unsigned die, word;

    if (offset < DIES_BASE) {
        return false;
    }
    die = (offset - DIES_BASE) / die_stride(s);
    offset = (offset - DIES_BASE) % die_stride(s);
    if (die >= s->num_dies) {
        return false;
    }
    if (offset < s->max_irqs * 4) {
        *bank = -1;
        *index = die * s->num_irqs + offset / 4;
        return offset / 4 < s->num_irqs;
    }
    offset -= s->max_irqs * 4;
    word = offset % bank_size(s) / 4;
    *bank = offset / bank_size(s);
    *index = die * words_per_die(s) + word;
    return word < words_per_die(s);
}

static uint32_t read_array(AppleAic2State *s, hwaddr offset)
{
    unsigned index;
    int bank;

    if (!find_array(s, offset, &bank, &index)) {
        qemu_log_mask(LOG_GUEST_ERROR, "apple-aic2: bad read at 0x%"
                      HWADDR_PRIx "\n", offset);
        return 0;
    }
    switch (bank) {
    case BANK_SW_SET:
    case BANK_SW_CLR:
        return s->soft[index];
    case BANK_MASK_SET:
    case BANK_MASK_CLR:
        return s->mask[index];
    case BANK_HW_STATE:
        return s->line[index];
    default:
        return s->irq_config[index];
    }
}

static uint64_t aic2_read(void *opaque, hwaddr offset, unsigned size)
{
    AppleAic2State *s = opaque;
    uint32_t value;

    switch (offset) {
    case A_VERSION:
        value = AIC2_VERSION;
        break;
    case A_INFO1:
        value = FIELD_DP32(0, INFO1, NUM_IRQS, s->num_irqs);
        value = FIELD_DP32(value, INFO1, LAST_DIE, s->num_dies - 1);
        break;
    case A_INFO3:
        value = FIELD_DP32(0, INFO3, MAX_IRQS, s->max_irqs);
        value = FIELD_DP32(value, INFO3, MAX_DIES, s->max_dies);
        break;
    case A_INFO2:
    case A_RESET:
        value = 0;
        break;
    case A_CONFIG:
        value = s->config;
        break;
    default:
        value = read_array(s, offset);
        break;
    }
    trace_apple_aic2_read(accessing_cpu(), offset, value);
    return value;
}

/* False if no register is there */
static bool write_array(AppleAic2State *s, hwaddr offset, uint32_t value)
{
    unsigned index;
    int bank;

    if (!find_array(s, offset, &bank, &index)) {
        return false;
    }
    switch (bank) {
    case BANK_SW_SET:
        s->soft[index] |= value;
        return true;
    case BANK_SW_CLR:
        s->soft[index] &= ~value;
        return true;
    case BANK_MASK_SET:
        s->mask[index] |= value;
        return true;
    case BANK_MASK_CLR:
        s->mask[index] &= ~value;
        return true;
    case BANK_HW_STATE:
        return false;
    default:
        s->irq_config[index] = value & IRQ_CFG_MASK;
        return true;
    }
}

static void forget(AppleAic2State *s)
{
    s->config = 0;
    memset(s->irq_config, 0, s->total_irqs * sizeof(*s->irq_config));
    memset(s->soft, 0, s->total_words * sizeof(*s->soft));
    memset(s->mask, 0xff, s->total_words * sizeof(*s->mask));
    /* s->line belongs to the devices that drive the lines */
}

static void aic2_write(void *opaque, hwaddr offset, uint64_t value,
                       unsigned size)
{
    AppleAic2State *s = opaque;

    trace_apple_aic2_write(accessing_cpu(), offset, value);
    switch (offset) {
    case A_RESET:
        if (FIELD_EX32(value, RESET, RESET)) {
            forget(s);
        }
        break;
    case A_CONFIG:
        s->config = value & CONFIG_MASK;
        break;
    default:
        if (!write_array(s, offset, value)) {
            qemu_log_mask(LOG_GUEST_ERROR, "apple-aic2: bad write at 0x%"
                          HWADDR_PRIx ", value 0x%" PRIx64 "\n",
                          offset, value);
        }
        break;
    }
    aic2_update(s);
}

static const MemoryRegionOps core_ops = {
    .read = aic2_read,
    .write = aic2_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static const MemoryRegionOps event_ops = {
    .read = aic2_event_read,
    .write = aic2_event_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void aic2_reset_enter(Object *obj, ResetType type)
{
    forget(APPLE_AIC2(obj));
}

static void aic2_reset_hold(Object *obj, ResetType type)
{
    aic2_update(APPLE_AIC2(obj));
}

static bool check_properties(AppleAic2State *s, Error **errp)
{
    if (s->num_cpus < 1 || s->num_cpus > APPLE_AIC2_MAX_CPUS) {
        error_setg(errp, "num-cpus must be 1 to %d", APPLE_AIC2_MAX_CPUS);
        return false;
    }
    if (s->max_irqs % 32 || s->max_irqs > APPLE_AIC2_MAX_IRQS) {
        error_setg(errp, "max-irqs must be a multiple of 32, at most %d",
                   APPLE_AIC2_MAX_IRQS);
        return false;
    }
    if (!s->num_irqs || s->num_irqs % 32 || s->num_irqs > s->max_irqs) {
        error_setg(errp, "num-irqs must be a multiple of 32, from 32 to "
                   "max-irqs");
        return false;
    }
    if (s->max_dies > APPLE_AIC2_MAX_DIES || s->num_dies < 1 ||
        s->num_dies > s->max_dies) {
        error_setg(errp, "num-dies must be 1 to max-dies, and that at most %d",
                   APPLE_AIC2_MAX_DIES);
        return false;
    }
    return true;
}

static void aic2_realize(DeviceState *dev, Error **errp)
{
    AppleAic2State *s = APPLE_AIC2(dev);
    SysBusDevice *sbd = SYS_BUS_DEVICE(dev);

    if (!check_properties(s, errp)) {
        return;
    }
    s->total_irqs = s->num_dies * s->num_irqs;
    s->total_words = s->total_irqs / 32;
    s->irq_config = g_new0(uint32_t, s->total_irqs);
    s->line = g_new0(uint32_t, s->total_words);
    s->soft = g_new0(uint32_t, s->total_words);
    s->mask = g_new0(uint32_t, s->total_words);

    memory_region_init_io(&s->core, OBJECT(s), &core_ops, s, TYPE_APPLE_AIC2,
                          ROUND_UP(DIES_BASE + s->max_dies * die_stride(s),
                                   EVENT_ALIGN));
    sysbus_init_mmio(sbd, &s->core);
    memory_region_init_io(&s->event, OBJECT(s), &event_ops, s,
                          TYPE_APPLE_AIC2 "-event", EVENT_SIZE);
    sysbus_init_mmio(sbd, &s->event);
    qdev_init_gpio_in(dev, aic2_set_irq, s->total_irqs);
    for (unsigned cpu = 0; cpu < s->num_cpus; cpu++) {
        sysbus_init_irq(sbd, &s->cpu_irq[cpu]);
    }
}

static void aic2_finalize(Object *obj)
{
    AppleAic2State *s = APPLE_AIC2(obj);

    g_free(s->irq_config);
    g_free(s->line);
    g_free(s->soft);
    g_free(s->mask);
}

/* No index is stored, so every content of these fields is a possible one */
static const VMStateDescription vmstate_aic2 = {
    .name = TYPE_APPLE_AIC2,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(total_irqs, AppleAic2State,
                             "the number of interrupts must be the same"),
        VMSTATE_UINT32_EQUAL(total_words, AppleAic2State, NULL),
        VMSTATE_UINT32(config, AppleAic2State),
        VMSTATE_VARRAY_UINT32(irq_config, AppleAic2State, total_irqs, 0,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(line, AppleAic2State, total_words, 0,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(soft, AppleAic2State, total_words, 0,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_VARRAY_UINT32(mask, AppleAic2State, total_words, 0,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_END_OF_LIST()
    },
};

static const Property aic2_properties[] = {
    DEFINE_PROP_UINT32("num-cpus", AppleAic2State, num_cpus, 1),
    DEFINE_PROP_UINT32("num-irqs", AppleAic2State, num_irqs, 0),
    DEFINE_PROP_UINT32("max-irqs", AppleAic2State, max_irqs,
                       APPLE_AIC2_MAX_IRQS),
    DEFINE_PROP_UINT32("num-dies", AppleAic2State, num_dies, 1),
    DEFINE_PROP_UINT32("max-dies", AppleAic2State, max_dies, 1),
};

static void aic2_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple AIC interrupt controller, version 2";
    dc->realize = aic2_realize;
    dc->vmsd = &vmstate_aic2;
    device_class_set_props(dc, aic2_properties);
    rc->phases.enter = aic2_reset_enter;
    rc->phases.hold = aic2_reset_hold;
}

static const TypeInfo aic2_types[] = {
    {
        .name = TYPE_APPLE_AIC2,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleAic2State),
        .instance_finalize = aic2_finalize,
        .class_init = aic2_class_init,
    },
};

DEFINE_TYPES(aic2_types)
