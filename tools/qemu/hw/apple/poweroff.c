/*
 * Power-off register of the apple-j274 machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  The board describes it to the guest with a "syscon-poweroff"
 * node, so that a kernel with that driver can end QEMU.  It has no state.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "hw/apple/poweroff.h"
#include "system/runstate.h"
#include "trace.h"

static uint64_t poweroff_read(void *opaque, hwaddr offset, unsigned size)
{
    return 0;
}

static void poweroff_write(void *opaque, hwaddr offset, uint64_t value,
                           unsigned size)
{
    trace_apple_poweroff_write(offset, value);
    if (offset || value != APPLE_POWEROFF_VALUE) {
        qemu_log_mask(LOG_GUEST_ERROR, "apple-poweroff: bad write at 0x%"
                      HWADDR_PRIx ", value 0x%" PRIx64 "\n", offset, value);
        return;
    }
    qemu_system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
}

static const MemoryRegionOps poweroff_ops = {
    .read = poweroff_read,
    .write = poweroff_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void poweroff_init(Object *obj)
{
    ApplePoweroffState *s = APPLE_POWEROFF(obj);

    memory_region_init_io(&s->iomem, obj, &poweroff_ops, s,
                          TYPE_APPLE_POWEROFF, APPLE_POWEROFF_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
}

static void poweroff_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "Power-off register of the apple-j274 machine";
}

static const TypeInfo poweroff_types[] = {
    {
        .name = TYPE_APPLE_POWEROFF,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(ApplePoweroffState),
        .instance_init = poweroff_init,
        .class_init = poweroff_class_init,
    },
};

DEFINE_TYPES(poweroff_types)
