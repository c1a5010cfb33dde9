/*
 * Power key of the apple-j274 machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware: a Mac's power button hangs on its SMC, which is not modelled.
 * QMP "system_powerdown" presses it, for a tenth of a second.
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the registers (0x1000 bytes)
 *  + sysbus IRQ 0: the interrupt
 */

#ifndef HW_APPLE_POWERKEY_H
#define HW_APPLE_POWERKEY_H

#include "hw/sysbus.h"
#include "qemu/notify.h"
#include "qemu/timer.h"
#include "qom/object.h"

#define TYPE_APPLE_POWERKEY "apple-powerkey"
OBJECT_DECLARE_SIMPLE_TYPE(ApplePowerkeyState, APPLE_POWERKEY)

#define APPLE_POWERKEY_SIZE 0x1000

struct ApplePowerkeyState {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
    qemu_irq irq;
    Notifier powerdown;
    QEMUTimer release;

    /* One line, so each of these is bit 0 of a register */
    bool down;
    bool enabled;
    bool masked;
    bool edge;                  /* else a level interrupts */
    bool high;                  /* which level, or the edge to it */
    bool latched;               /* an edge that was not acknowledged */
};

#endif
