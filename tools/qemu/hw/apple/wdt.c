/*
 * Apple watchdog: three counters that reset the machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each counter runs up at 24 MHz all the time and can be written.  While
 * CTRL.RESET_EN is set, reaching BITE resets the machine.  Watchdog 0 can also
 * raise an interrupt when it reaches BARK.  Facts are from the Linux driver
 * (apple_wdt) and the Asahi documentation.
 *
 * Linux reboots by setting RESET_EN and then BITE and CUR to 0.  On hardware
 * the reset comes some 120 ms later; here it comes at once.  A BITE of 0 is
 * such a request, every other bite is what "-action watchdog=" says.
 *
 * Model choice: the registers are 0 after reset and the counters start there.
 */

#include "qemu/osdep.h"
#include "qemu/host-utils.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "hw/apple/wdt.h"
#include "hw/irq.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "system/watchdog.h"
#include "trace.h"

#define WDT_SIZE 0x4000
#define WDT_HZ 24000000
#define WDT_STRIDE 0x10

/* Offsets inside the block of one watchdog */
REG32(CUR, 0x0)
REG32(BITE, 0x4)
REG32(BARK, 0x8)
REG32(CTRL, 0xc)
    FIELD(CTRL, IRQ_EN, 0, 1)
    FIELD(CTRL, IRQ_STATUS, 1, 1)
    FIELD(CTRL, RESET_EN, 2, 1)

/* Only watchdog 0 has an interrupt */
static bool has_bark(AppleWdtCounter *c)
{
    return c->index == 0;
}

static int64_t now_ns(void)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static int64_t ticks_to_ns(uint32_t ticks)
{
    return muldiv64_round_up(ticks, NANOSECONDS_PER_SECOND, WDT_HZ);
}

/* The counter is 32 bits wide and wraps after almost three minutes */
static uint32_t wdt_current(AppleWdtCounter *c)
{
    return muldiv64(now_ns() - c->start, WDT_HZ, NANOSECONDS_PER_SECOND);
}

static void wdt_update_irq(AppleWdtState *s)
{
    uint32_t ctrl = s->counter[0].ctrl;

    qemu_set_irq(s->irq, FIELD_EX32(ctrl, CTRL, IRQ_EN) &&
                         FIELD_EX32(ctrl, CTRL, IRQ_STATUS));
}

static void wdt_bite(AppleWdtCounter *c)
{
    trace_apple_wdt_bite(c->index, c->bite);
    if (c->bite == 0) {
        qemu_system_reset_request(SHUTDOWN_CAUSE_GUEST_RESET);
    } else {
        watchdog_perform_action();
    }
}

/*
 * Do what is due now, then set the timer for what is due next.  After a bite
 * there is no next: either the machine is reset, or the host wants to go on.
 */
static void wdt_run(AppleWdtCounter *c)
{
    uint32_t current = wdt_current(c);
    bool want_bite = FIELD_EX32(c->ctrl, CTRL, RESET_EN);
    bool want_bark = FIELD_EX32(c->ctrl, CTRL, IRQ_EN) &&
                     !FIELD_EX32(c->ctrl, CTRL, IRQ_STATUS);
    uint32_t next = UINT32_MAX;

    timer_del(&c->timer);
    if (want_bark) {
        if (current >= c->bark) {
            c->ctrl = FIELD_DP32(c->ctrl, CTRL, IRQ_STATUS, 1);
        } else {
            next = MIN(next, c->bark - current);
        }
    }
    wdt_update_irq(c->wdt);
    if (want_bite) {
        if (current >= c->bite) {
            wdt_bite(c);
            return;
        }
        next = MIN(next, c->bite - current);
    }
    if (next != UINT32_MAX) {
        timer_mod(&c->timer, now_ns() + ticks_to_ns(next));
    }
}

static void wdt_timer(void *opaque)
{
    wdt_run(opaque);
}

static AppleWdtCounter *find_counter(AppleWdtState *s, hwaddr offset,
                                     hwaddr *reg)
{
    *reg = offset % WDT_STRIDE;
    if (offset / WDT_STRIDE >= APPLE_WDT_NUM) {
        return NULL;
    }
    if (*reg == A_BARK && !has_bark(&s->counter[offset / WDT_STRIDE])) {
        return NULL;
    }
    return &s->counter[offset / WDT_STRIDE];
}

static uint64_t wdt_read(void *opaque, hwaddr offset, unsigned size)
{
    AppleWdtState *s = opaque;
    hwaddr reg;
    AppleWdtCounter *c = find_counter(s, offset, &reg);
    uint32_t value = 0;

    if (!c) {
        qemu_log_mask(LOG_GUEST_ERROR, "apple-wdt: bad read at 0x%"
                      HWADDR_PRIx "\n", offset);
        return 0;
    }
    switch (reg) {
    case A_CUR:
        value = wdt_current(c);
        break;
    case A_BITE:
        value = c->bite;
        break;
    case A_BARK:
        value = c->bark;
        break;
    case A_CTRL:
        value = c->ctrl;
        break;
    }
    trace_apple_wdt_read(offset, value);
    return value;
}

static void wdt_write_ctrl(AppleWdtCounter *c, uint32_t value)
{
    uint32_t writable = R_CTRL_RESET_EN_MASK;
    uint32_t status = c->ctrl & ~value & R_CTRL_IRQ_STATUS_MASK;

    if (has_bark(c)) {
        writable |= R_CTRL_IRQ_EN_MASK;
    }
    c->ctrl = (value & writable) | status;
}

static void wdt_write(void *opaque, hwaddr offset, uint64_t value,
                      unsigned size)
{
    AppleWdtState *s = opaque;
    hwaddr reg;
    AppleWdtCounter *c = find_counter(s, offset, &reg);

    trace_apple_wdt_write(offset, value);
    if (!c) {
        qemu_log_mask(LOG_GUEST_ERROR, "apple-wdt: bad write at 0x%"
                      HWADDR_PRIx ", value 0x%" PRIx64 "\n", offset, value);
        return;
    }
    switch (reg) {
    case A_CUR:
        c->start = now_ns() - ticks_to_ns(value);
        break;
    case A_BITE:
        c->bite = value;
        break;
    case A_BARK:
        c->bark = value;
        break;
    case A_CTRL:
        wdt_write_ctrl(c, value);
        break;
    }
    wdt_run(c);
}

static const MemoryRegionOps wdt_ops = {
    .read = wdt_read,
    .write = wdt_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void wdt_reset_enter(Object *obj, ResetType type)
{
    AppleWdtState *s = APPLE_WDT(obj);

    for (unsigned i = 0; i < APPLE_WDT_NUM; i++) {
        AppleWdtCounter *c = &s->counter[i];

        timer_del(&c->timer);
        c->start = now_ns();
        c->bite = 0;
        c->bark = 0;
        c->ctrl = 0;
    }
}

static void wdt_reset_hold(Object *obj, ResetType type)
{
    wdt_update_irq(APPLE_WDT(obj));
}

static void wdt_init(Object *obj)
{
    AppleWdtState *s = APPLE_WDT(obj);

    memory_region_init_io(&s->iomem, obj, &wdt_ops, s, TYPE_APPLE_WDT,
                          WDT_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    for (unsigned i = 0; i < APPLE_WDT_NUM; i++) {
        AppleWdtCounter *c = &s->counter[i];

        c->wdt = s;
        c->index = i;
        timer_init_ns(&c->timer, QEMU_CLOCK_VIRTUAL, wdt_timer, c);
    }
}

static void wdt_finalize(Object *obj)
{
    AppleWdtState *s = APPLE_WDT(obj);

    for (unsigned i = 0; i < APPLE_WDT_NUM; i++) {
        timer_del(&s->counter[i].timer);
    }
}

static int wdt_counter_post_load(void *opaque, int version_id)
{
    AppleWdtCounter *c = opaque;

    return c->ctrl & ~(R_CTRL_IRQ_EN_MASK | R_CTRL_IRQ_STATUS_MASK |
                       R_CTRL_RESET_EN_MASK) ? -EINVAL : 0;
}

static const VMStateDescription vmstate_wdt_counter = {
    .name = "apple-wdt-counter",
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = wdt_counter_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_TIMER(timer, AppleWdtCounter),
        VMSTATE_INT64(start, AppleWdtCounter),
        VMSTATE_UINT32(bite, AppleWdtCounter),
        VMSTATE_UINT32(bark, AppleWdtCounter),
        VMSTATE_UINT32(ctrl, AppleWdtCounter),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_wdt = {
    .name = TYPE_APPLE_WDT,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_STRUCT_ARRAY(counter, AppleWdtState, APPLE_WDT_NUM, 1,
                             vmstate_wdt_counter, AppleWdtCounter),
        VMSTATE_END_OF_LIST()
    },
};

static void wdt_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple watchdog";
    dc->vmsd = &vmstate_wdt;
    set_bit(DEVICE_CATEGORY_WATCHDOG, dc->categories);
    rc->phases.enter = wdt_reset_enter;
    rc->phases.hold = wdt_reset_hold;
}

static const TypeInfo wdt_types[] = {
    {
        .name = TYPE_APPLE_WDT,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleWdtState),
        .instance_init = wdt_init,
        .instance_finalize = wdt_finalize,
        .class_init = wdt_class_init,
    },
};

DEFINE_TYPES(wdt_types)
