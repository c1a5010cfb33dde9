/*
 * Power key of the apple-j274 machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  The board describes it to the guest as a key behind a GPIO
 * controller, so that something can wake the guest from s2idle.
 *
 * What wakes a Mac is the SMC, for which 6.12 has no driver, and 7.2 none of
 * its button.  The M1's own GPIO cannot do it: the kernel lets only interrupts
 * wake whose controller says that it can, and neither its driver
 * (pinctrl-apple-gpio) nor that of the AIC (irq-apple-aic) does.  That of
 * Synopsys' DesignWare APB GPIO (gpio-dwapb) does, whatever it is connected to,
 * so the registers are those: one line of port A, an input.  Facts are from
 * that driver.
 *
 * Model choices: the key stays down for 100 ms, an edge is kept also while it
 * is masked but not while the interrupt is disabled, and the registers of
 * outputs and debouncing read 0.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "hw/apple/powerkey.h"
#include "hw/irq.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "trace.h"

#define PRESSED_NS (100 * SCALE_MS)

REG32(SWPORTA_DR, 0x00)
REG32(SWPORTA_DDR, 0x04)
REG32(INTEN, 0x30)
REG32(INTMASK, 0x34)
REG32(INTTYPE_LEVEL, 0x38)
REG32(INT_POLARITY, 0x3c)
REG32(INTSTATUS, 0x40)
REG32(PORTA_DEBOUNCE, 0x48)
REG32(PORTA_EOI, 0x4c)
REG32(EXT_PORTA, 0x50)

static bool is_pending(ApplePowerkeyState *s)
{
    bool raised = s->edge ? s->latched : s->down == s->high;

    return raised && s->enabled && !s->masked;
}

static void update_irq(ApplePowerkeyState *s)
{
    qemu_set_irq(s->irq, is_pending(s));
}

static void set_down(ApplePowerkeyState *s, bool down)
{
    if (s->down == down) {
        return;
    }
    trace_apple_powerkey_down(down);
    s->down = down;
    if (s->edge && s->enabled && down == s->high) {
        s->latched = true;
    }
    update_irq(s);
}

static void powerkey_release(void *opaque)
{
    set_down(opaque, false);
}

static void powerkey_press(Notifier *notifier, void *data)
{
    ApplePowerkeyState *s = container_of(notifier, ApplePowerkeyState,
                                         powerdown);

    set_down(s, true);
    timer_mod(&s->release,
              qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + PRESSED_NS);
}

static uint64_t powerkey_read(void *opaque, hwaddr offset, unsigned size)
{
    ApplePowerkeyState *s = opaque;
    bool value = false;

    switch (offset) {
    case A_SWPORTA_DR:
    case A_SWPORTA_DDR:
    case A_PORTA_DEBOUNCE:
        break;
    case A_INTEN:
        value = s->enabled;
        break;
    case A_INTMASK:
        value = s->masked;
        break;
    case A_INTTYPE_LEVEL:
        value = s->edge;
        break;
    case A_INT_POLARITY:
        value = s->high;
        break;
    case A_INTSTATUS:
        value = is_pending(s);
        break;
    case A_EXT_PORTA:
        value = s->down;
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "apple-powerkey: bad read at 0x%"
                      HWADDR_PRIx "\n", offset);
    }
    trace_apple_powerkey_read(offset, value);
    return value;
}

static void powerkey_write(void *opaque, hwaddr offset, uint64_t value,
                           unsigned size)
{
    ApplePowerkeyState *s = opaque;
    bool bit = value & 1;

    trace_apple_powerkey_write(offset, value);
    switch (offset) {
    case A_SWPORTA_DR:
    case A_SWPORTA_DDR:
    case A_PORTA_DEBOUNCE:
        break;
    case A_INTEN:
        s->enabled = bit;
        break;
    case A_INTMASK:
        s->masked = bit;
        break;
    case A_INTTYPE_LEVEL:
        s->edge = bit;
        break;
    case A_INT_POLARITY:
        s->high = bit;
        break;
    case A_PORTA_EOI:
        s->latched &= !bit;
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "apple-powerkey: bad write at 0x%"
                      HWADDR_PRIx ", value 0x%" PRIx64 "\n", offset, value);
    }
    update_irq(s);
}

static const MemoryRegionOps powerkey_ops = {
    .read = powerkey_read,
    .write = powerkey_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void powerkey_reset_enter(Object *obj, ResetType type)
{
    ApplePowerkeyState *s = APPLE_POWERKEY(obj);

    timer_del(&s->release);
    s->down = false;
    s->enabled = false;
    s->masked = false;
    s->edge = false;
    s->high = false;
    s->latched = false;
}

static void powerkey_reset_hold(Object *obj, ResetType type)
{
    update_irq(APPLE_POWERKEY(obj));
}

static void powerkey_realize(DeviceState *dev, Error **errp)
{
    ApplePowerkeyState *s = APPLE_POWERKEY(dev);

    s->powerdown.notify = powerkey_press;
    qemu_register_powerdown_notifier(&s->powerdown);
}

static void powerkey_init(Object *obj)
{
    ApplePowerkeyState *s = APPLE_POWERKEY(obj);

    memory_region_init_io(&s->iomem, obj, &powerkey_ops, s,
                          TYPE_APPLE_POWERKEY, APPLE_POWERKEY_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    timer_init_ns(&s->release, QEMU_CLOCK_VIRTUAL, powerkey_release, s);
}

static const VMStateDescription vmstate_powerkey = {
    .name = TYPE_APPLE_POWERKEY,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_TIMER(release, ApplePowerkeyState),
        VMSTATE_BOOL(down, ApplePowerkeyState),
        VMSTATE_BOOL(enabled, ApplePowerkeyState),
        VMSTATE_BOOL(masked, ApplePowerkeyState),
        VMSTATE_BOOL(edge, ApplePowerkeyState),
        VMSTATE_BOOL(high, ApplePowerkeyState),
        VMSTATE_BOOL(latched, ApplePowerkeyState),
        VMSTATE_END_OF_LIST()
    },
};

static void powerkey_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Power key of the apple-j274 machine";
    dc->realize = powerkey_realize;
    dc->vmsd = &vmstate_powerkey;
    /* a notifier is never taken away */
    dc->user_creatable = false;
    dc->hotpluggable = false;
    rc->phases.enter = powerkey_reset_enter;
    rc->phases.hold = powerkey_reset_hold;
}

static const TypeInfo powerkey_types[] = {
    {
        .name = TYPE_APPLE_POWERKEY,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(ApplePowerkeyState),
        .instance_init = powerkey_init,
        .class_init = powerkey_class_init,
    },
};

DEFINE_TYPES(powerkey_types)
