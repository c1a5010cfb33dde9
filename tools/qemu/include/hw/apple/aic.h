/*
 * Apple AIC, version 1: the interrupt controller of the M1
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each interrupt has a mask bit, a software bit and a set of target CPUs.
 * Reading the event register names one pending interrupt and masks it; the
 * driver unmasks it when it is done.  Timers and fast IPIs do not pass through
 * here but are FIQ sources of the CPU, see cpuif.h.
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the register window (0x8000 bytes)
 *  + sysbus IRQ n: the IRQ input of CPU n
 *  + unnamed GPIO inputs 0..895: the interrupt lines, level
 *  + Property "num-cpus" (uint32, 1 to 8)
 */

#ifndef HW_APPLE_AIC_H
#define HW_APPLE_AIC_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_AIC "apple-aic"
OBJECT_DECLARE_SIMPLE_TYPE(AppleAicState, APPLE_AIC)

#define APPLE_AIC_NUM_IRQS 896
#define APPLE_AIC_NUM_WORDS (APPLE_AIC_NUM_IRQS / 32)
#define APPLE_AIC_MAX_CPUS 8

struct AppleAicState {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
    qemu_irq cpu_irq[APPLE_AIC_MAX_CPUS];
    uint32_t num_cpus;

    uint32_t config;
    uint32_t target[APPLE_AIC_NUM_IRQS];    /* bitmaps of CPUs */
    uint32_t line[APPLE_AIC_NUM_WORDS];     /* input levels */
    uint32_t soft[APPLE_AIC_NUM_WORDS];     /* raised by software */
    uint32_t mask[APPLE_AIC_NUM_WORDS];     /* 1: masked */
    uint32_t ipi_pending[APPLE_AIC_MAX_CPUS];
    uint32_t ipi_mask[APPLE_AIC_MAX_CPUS];
};

#endif
