/*
 * Apple PMGR: power domains of the M1, one word for each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Software writes the wanted state to the TARGET field and waits for ACTUAL
 * to follow; RESET holds the block of the domain in reset.  Facts are from
 * the Linux driver (pmgr-pwrstate).
 *
 * Model choices: every word of the window is a domain, all are on after reset
 * as a boot loader could leave them, and a state is reached at once.  Parent
 * domains are not looked at, and the sticky "was gated" flags read 0.
 *
 * Knobs, to be set with qom-set at any time.  They survive every reset:
 *  - "stuck-power": the domain of the word at this offset does not come up.
 *    ACTUAL follows TARGET no more but to a lower state, and is off after a
 *    reset of the machine.
 *  - "stuck-reset": the word at this offset, once RESET is set, keeps it, and
 *    the block stays in reset.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "hw/apple/pmgr.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "trace.h"

#define PMGR_MAX_SIZE (1 * MiB)

REG32(PS, 0)
    FIELD(PS, TARGET, 0, 4)
    FIELD(PS, ACTUAL, 4, 4)
    FIELD(PS, WAS_PWRGATED, 8, 1)
    FIELD(PS, WAS_CLKGATED, 9, 1)
    FIELD(PS, DEV_DISABLE, 10, 1)
    FIELD(PS, PARENT_OFF, 11, 1)
    FIELD(PS, MIN, 16, 4)
    FIELD(PS, AUTO, 24, 4)
    FIELD(PS, AUTO_ENABLE, 28, 1)
    FIELD(PS, RESET, 31, 1)

#define PS_ACTIVE 0xf

/* AUTO, ACTUAL and TARGET active, no automatic power management */
#define PS_RESET_VALUE 0x0f0000ff

/* No word is stuck */
#define STUCK_NONE UINT32_MAX

/* What the hardware reports, and software cannot write */
#define PS_READ_ONLY (R_PS_ACTUAL_MASK | R_PS_WAS_PWRGATED_MASK | \
                      R_PS_WAS_CLKGATED_MASK | R_PS_PARENT_OFF_MASK)

static void update_watched(ApplePmgrState *s, unsigned index)
{
    uint32_t word = s->words[s->watched[index] / 4];
    bool on = FIELD_EX32(word, PS, ACTUAL) == PS_ACTIVE;
    bool reset = FIELD_EX32(word, PS, RESET) || !on;

    trace_apple_pmgr_watched(s->watched[index], on, reset);
    qemu_set_irq(s->power[index], on);
    qemu_set_irq(s->reset[index], reset);
}

static uint64_t pmgr_read(void *opaque, hwaddr offset, unsigned size)
{
    ApplePmgrState *s = opaque;
    uint32_t value = s->words[offset / 4];

    trace_apple_pmgr_read(offset, value);
    return value;
}

static void pmgr_write(void *opaque, hwaddr offset, uint64_t value,
                       unsigned size)
{
    ApplePmgrState *s = opaque;
    uint32_t old = s->words[offset / 4];
    uint32_t word = value & ~PS_READ_ONLY;
    uint32_t actual = FIELD_EX32(word, PS, TARGET);

    trace_apple_pmgr_write(offset, value);
    if (offset == s->stuck_power) {
        actual = MIN(actual, FIELD_EX32(old, PS, ACTUAL));
    }
    if (offset == s->stuck_reset) {
        word |= old & R_PS_RESET_MASK;
    }
    word = FIELD_DP32(word, PS, ACTUAL, actual);
    s->words[offset / 4] = word;

    for (unsigned i = 0; i < s->num_watched; i++) {
        if (s->watched[i] == offset) {
            update_watched(s, i);
        }
    }
}

static const MemoryRegionOps pmgr_ops = {
    .read = pmgr_read,
    .write = pmgr_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void pmgr_reset_enter(Object *obj, ResetType type)
{
    ApplePmgrState *s = APPLE_PMGR(obj);

    for (unsigned i = 0; i < s->num_words; i++) {
        s->words[i] = PS_RESET_VALUE;
        if (i * 4 == s->stuck_power) {
            s->words[i] = FIELD_DP32(s->words[i], PS, ACTUAL, 0);
        }
    }
}

static void pmgr_reset_hold(Object *obj, ResetType type)
{
    ApplePmgrState *s = APPLE_PMGR(obj);

    for (unsigned i = 0; i < s->num_watched; i++) {
        update_watched(s, i);
    }
}

static void pmgr_init(Object *obj)
{
    ApplePmgrState *s = APPLE_PMGR(obj);

    s->stuck_power = STUCK_NONE;
    s->stuck_reset = STUCK_NONE;
    object_property_add_uint32_ptr(obj, "stuck-power", &s->stuck_power,
                                   OBJ_PROP_FLAG_READWRITE);
    object_property_set_description(obj, "stuck-power",
        "offset of the word of a domain that does not come up (ANS2: 0x3f0,"
        " its PCIe link: 0x418); 4294967295: none");
    object_property_add_uint32_ptr(obj, "stuck-reset", &s->stuck_reset,
                                   OBJ_PROP_FLAG_READWRITE);
    object_property_set_description(obj, "stuck-reset",
        "offset of the word whose reset, once set, stays; 4294967295: none");
}

static void pmgr_realize(DeviceState *dev, Error **errp)
{
    ApplePmgrState *s = APPLE_PMGR(dev);

    if (!s->size || s->size % 4 || s->size > PMGR_MAX_SIZE) {
        error_setg(errp, "size must be a multiple of 4, at most 0x%" PRIx64,
                   (uint64_t)PMGR_MAX_SIZE);
        return;
    }
    for (unsigned i = 0; i < s->num_watched; i++) {
        if (s->watched[i] % 4 || s->watched[i] >= s->size) {
            error_setg(errp, "watched offset 0x%x is not a word of the window",
                       s->watched[i]);
            return;
        }
    }

    s->num_words = s->size / 4;
    s->words = g_new0(uint32_t, s->num_words);
    s->power = g_new0(qemu_irq, s->num_watched);
    s->reset = g_new0(qemu_irq, s->num_watched);
    qdev_init_gpio_out_named(dev, s->power, "power", s->num_watched);
    qdev_init_gpio_out_named(dev, s->reset, "reset", s->num_watched);

    memory_region_init_io(&s->iomem, OBJECT(s), &pmgr_ops, s, TYPE_APPLE_PMGR,
                          s->size);
    sysbus_init_mmio(SYS_BUS_DEVICE(dev), &s->iomem);
}

static void pmgr_finalize(Object *obj)
{
    ApplePmgrState *s = APPLE_PMGR(obj);

    g_free(s->words);
    g_free(s->power);
    g_free(s->reset);
}

/*
 * A word that no write could have left is refused.  The outputs are not
 * driven: those who listen migrate their input levels.
 */
static int pmgr_post_load(void *opaque, int version_id)
{
    ApplePmgrState *s = opaque;

    for (unsigned i = 0; i < s->num_words; i++) {
        if (FIELD_EX32(s->words[i], PS, ACTUAL) >
            FIELD_EX32(s->words[i], PS, TARGET)) {
            return -EINVAL;
        }
    }
    return 0;
}

static const VMStateDescription vmstate_pmgr = {
    .name = TYPE_APPLE_PMGR,
    .version_id = 2,
    .minimum_version_id = 2,
    .post_load = pmgr_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(num_words, ApplePmgrState,
                             "the size of the window must be the same"),
        VMSTATE_VARRAY_UINT32(words, ApplePmgrState, num_words, 0,
                              vmstate_info_uint32, uint32_t),
        VMSTATE_UINT32(stuck_power, ApplePmgrState),
        VMSTATE_UINT32(stuck_reset, ApplePmgrState),
        VMSTATE_END_OF_LIST()
    },
};

static const Property pmgr_properties[] = {
    DEFINE_PROP_UINT32("size", ApplePmgrState, size, 0),
    DEFINE_PROP_ARRAY("watch", ApplePmgrState, num_watched, watched,
                      qdev_prop_uint32, uint32_t),
};

static void pmgr_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple power manager";
    dc->realize = pmgr_realize;
    dc->vmsd = &vmstate_pmgr;
    device_class_set_props(dc, pmgr_properties);
    rc->phases.enter = pmgr_reset_enter;
    rc->phases.hold = pmgr_reset_hold;
}

static const TypeInfo pmgr_types[] = {
    {
        .name = TYPE_APPLE_PMGR,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(ApplePmgrState),
        .instance_init = pmgr_init,
        .instance_finalize = pmgr_finalize,
        .class_init = pmgr_class_init,
    },
};

DEFINE_TYPES(pmgr_types)
