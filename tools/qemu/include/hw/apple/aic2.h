/*
 * Apple AIC, version 2: the interrupt controller of the M1 Pro and later
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As on version 1, each interrupt has a mask bit and a software bit, and
 * reading the event register names one pending interrupt and masks it.  Beyond
 * it there may be several dies, each with interrupts of its own, and the info
 * registers say how many and how far apart their registers are.  There are no
 * IPIs and no targets: the controller chooses the CPU.
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the register window
 *  + sysbus MMIO region 1: the event register, which is a page of its own
 *  + sysbus IRQ n: the IRQ input of CPU n
 *  + unnamed GPIO inputs: the interrupt lines, level; input n of die d is
 *    d * "num-irqs" + n
 *  + Property "num-cpus" (uint32, 1 to 20)
 *  + Property "num-irqs" (uint32, a multiple of 32): interrupts of each die
 *  + Property "max-irqs" (uint32, likewise): for how many there is room
 *  + Property "num-dies" (uint32, from 1) and "max-dies" (uint32, up to 8)
 */

#ifndef HW_APPLE_AIC2_H
#define HW_APPLE_AIC2_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_AIC2 "apple-aic2"
OBJECT_DECLARE_SIMPLE_TYPE(AppleAic2State, APPLE_AIC2)

#define APPLE_AIC2_MAX_CPUS 20
#define APPLE_AIC2_MAX_DIES 8
#define APPLE_AIC2_MAX_IRQS 4096

struct AppleAic2State {
    SysBusDevice parent_obj;

    MemoryRegion core;
    MemoryRegion event;
    qemu_irq cpu_irq[APPLE_AIC2_MAX_CPUS];
    uint32_t num_cpus;
    uint32_t num_irqs;
    uint32_t max_irqs;
    uint32_t num_dies;
    uint32_t max_dies;

    uint32_t total_irqs;        /* of all dies */
    uint32_t total_words;       /* in each of the bitmaps below */
    uint32_t config;
    uint32_t *irq_config;       /* one for each interrupt */
    uint32_t *line;             /* input levels */
    uint32_t *soft;             /* raised by software */
    uint32_t *mask;             /* 1: masked */
};

#endif
