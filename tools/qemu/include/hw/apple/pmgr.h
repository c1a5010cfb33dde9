/*
 * Apple PMGR: power domains of the M1, one word for each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the words ("size" bytes)
 *  + Property "size" (uint32): bytes of the window
 *  + Array property "watch" (uint32): offsets of the words that something in
 *    the machine depends on
 *  + Named GPIO outputs "power": for each watched word, 1 while the domain is
 *    fully on
 *  + Named GPIO outputs "reset": for each watched word, 1 while the domain is
 *    held in reset or is not fully on
 *  + QOM properties "stuck-power" and "stuck-reset" (uint32): see pmgr.c
 */

#ifndef HW_APPLE_PMGR_H
#define HW_APPLE_PMGR_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_PMGR "apple-pmgr"
OBJECT_DECLARE_SIMPLE_TYPE(ApplePmgrState, APPLE_PMGR)

struct ApplePmgrState {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
    uint32_t size;
    uint32_t num_words;
    uint32_t *words;
    uint32_t stuck_power;
    uint32_t stuck_reset;

    uint32_t num_watched;
    uint32_t *watched;
    qemu_irq *power;
    qemu_irq *reset;
};

#endif
