/*
 * Power-off register of the apple-j274 machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware: a Mac is switched off by its SMC, which is not modelled.
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the register (0x1000 bytes, one word at 0)
 */

#ifndef HW_APPLE_POWEROFF_H
#define HW_APPLE_POWEROFF_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_POWEROFF "apple-poweroff"
OBJECT_DECLARE_SIMPLE_TYPE(ApplePoweroffState, APPLE_POWEROFF)

#define APPLE_POWEROFF_SIZE 0x1000

/* Writing this to offset 0 ends the machine; "off" in ASCII */
#define APPLE_POWEROFF_VALUE 0x6f6666

struct ApplePoweroffState {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
};

#endif
