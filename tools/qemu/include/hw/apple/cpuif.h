/*
 * Apple SoCs: what their CPUs have beside the architecture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Implementation-defined system registers, fast IPIs between the CPUs, and
 * the FIQ input of each CPU, which is the OR of its timers and of a pending
 * fast IPI.
 *
 * QEMU interface:
 *  + Property "num-cpus" (uint32, 1 to 20)
 *  + Properties "cpu[n]" (link, ARMCPU): the CPUs, realized; their affinity
 *    says which cluster they are in
 *  + Named GPIO inputs "timer": CPU n has input n * APPLE_CPU_NUM_TIMERS + t,
 *    where t is a GTIMER_* number of QEMU
 *  + Named GPIO outputs "fiq": for each CPU, its FIQ input
 */

#ifndef HW_APPLE_CPUIF_H
#define HW_APPLE_CPUIF_H

#include "hw/qdev-core.h"
#include "hw/sysbus.h"
#include "qom/object.h"
#include "target/arm/cpu.h"

#define TYPE_APPLE_CPUIF "apple-cpuif"
OBJECT_DECLARE_SIMPLE_TYPE(AppleCpuIfState, APPLE_CPUIF)

#define APPLE_CPUIF_MAX_CPUS 20

/* Physical, virtual and hypervisor timers; QEMU counts them from 0 */
#define APPLE_CPU_NUM_TIMERS 5

/* Registers that only keep what is written */
enum {
    APPLE_SYSREG_IPI_CR,
    APPLE_SYSREG_PMCR0,
    APPLE_SYSREG_PMCR1,
    APPLE_SYSREG_PMCR2,
    APPLE_SYSREG_PMCR3,
    APPLE_SYSREG_PMCR4,
    APPLE_SYSREG_PMESR0,
    APPLE_SYSREG_PMESR1,
    APPLE_SYSREG_PMSR,
    APPLE_SYSREG_PMC0,
    APPLE_SYSREG_PMC1,
    APPLE_SYSREG_PMC2,
    APPLE_SYSREG_PMC3,
    APPLE_SYSREG_PMC4,
    APPLE_SYSREG_PMC5,
    APPLE_SYSREG_PMC6,
    APPLE_SYSREG_PMC7,
    APPLE_SYSREG_PMC8,
    APPLE_SYSREG_PMC9,
    APPLE_SYSREG_UPMCR0,
    APPLE_SYSREG_NUM
};

typedef struct AppleCpuIfCpu {
    AppleCpuIfState *cpuif;
    unsigned index;
    ARMCPU *cpu;

    bool ipi_pending;
    uint32_t timers;                /* levels, one bit per timer */
    uint64_t timer_fiq_enable;      /* VM_TMR_FIQ_ENA_EL2 */
    uint64_t sysreg[APPLE_SYSREG_NUM];
} AppleCpuIfCpu;

struct AppleCpuIfState {
    SysBusDevice parent_obj;

    uint32_t num_cpus;
    AppleCpuIfCpu cpu[APPLE_CPUIF_MAX_CPUS];
    qemu_irq fiq[APPLE_CPUIF_MAX_CPUS];
};

#endif
