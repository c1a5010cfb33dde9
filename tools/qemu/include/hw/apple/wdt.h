/*
 * Apple watchdog: three counters that reset the machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Also the way in which drivers reboot: a watchdog whose time is over already.
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the register window (0x4000 bytes)
 *  + sysbus IRQ 0: the interrupt of watchdog 0, level
 */

#ifndef HW_APPLE_WDT_H
#define HW_APPLE_WDT_H

#include "hw/sysbus.h"
#include "qemu/timer.h"
#include "qom/object.h"

#define TYPE_APPLE_WDT "apple-wdt"
OBJECT_DECLARE_SIMPLE_TYPE(AppleWdtState, APPLE_WDT)

#define APPLE_WDT_NUM 3

typedef struct AppleWdtCounter {
    AppleWdtState *wdt;
    unsigned index;

    QEMUTimer timer;        /* the next moment at which something happens */
    int64_t start;          /* virtual time at which the counter was 0 */
    uint32_t bite;
    uint32_t bark;          /* watchdog 0 only */
    uint32_t ctrl;
} AppleWdtCounter;

struct AppleWdtState {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
    qemu_irq irq;
    AppleWdtCounter counter[APPLE_WDT_NUM];
};

#endif
