/*
 * Apple SoCs: what their CPUs have beside the architecture
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * No register tells which source raised an FIQ: the driver looks at each of
 * them.  So every source here is a level that its own register takes back.
 * Facts are from the Linux drivers (irq-apple-aic, apple_m1_cpu_pmu).
 *
 * Model choices: performance counters do not count and never interrupt; an IPI
 * of the deferred or no-wake kind arrives like an immediate one.  A CPU without
 * EL2 has its guest timers enabled, as a hypervisor would leave them.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "hw/apple/cpuif.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "target/arm/cpregs.h"
#include "target/arm/cpu-features.h"
#include "target/arm/cpu.h"
#include "target/arm/internals.h"
#include "trace.h"

FIELD(IPI_RR, CPU, 0, 8)
FIELD(IPI_RR, CLUSTER, 16, 8)
FIELD(IPI_RR, TYPE, 28, 2)
FIELD(IPI_SR, PENDING, 0, 1)
FIELD(VM_TMR_FIQ_ENA, V, 0, 1)
FIELD(VM_TMR_FIQ_ENA, P, 1, 1)

#define IPI_TYPE_RETRACT 1

/* Affinity: aff0 is the number in the cluster, aff1 the cluster */
static uint64_t affinity(unsigned cluster, unsigned number)
{
    return cluster << ARM_AFF1_SHIFT | number;
}

static unsigned cluster_of(AppleCpuIfCpu *c)
{
    return (c->cpu->mp_affinity & ARM_AFF1_MASK) >> ARM_AFF1_SHIFT;
}

/* The CPU that an IPI names, or NULL */
static AppleCpuIfCpu *find_cpu(AppleCpuIfState *s, uint64_t wanted)
{
    for (unsigned i = 0; i < s->num_cpus; i++) {
        uint64_t own = s->cpu[i].cpu->mp_affinity;

        if ((own & (ARM_AFF0_MASK | ARM_AFF1_MASK)) == wanted) {
            return &s->cpu[i];
        }
    }
    return NULL;
}

static bool timers_fire(AppleCpuIfCpu *c)
{
    uint32_t guest = 0;

    if (FIELD_EX64(c->timer_fiq_enable, VM_TMR_FIQ_ENA, V)) {
        guest |= BIT(GTIMER_VIRT);
    }
    if (FIELD_EX64(c->timer_fiq_enable, VM_TMR_FIQ_ENA, P)) {
        guest |= BIT(GTIMER_PHYS);
    }
    return c->timers & (guest | BIT(GTIMER_HYP) | BIT(GTIMER_HYPVIRT));
}

static void update_fiq(AppleCpuIfCpu *c)
{
    qemu_set_irq(c->cpuif->fiq[c->index], c->ipi_pending || timers_fire(c));
}

static void set_timer(void *opaque, int n, int level)
{
    AppleCpuIfState *s = opaque;
    AppleCpuIfCpu *c = &s->cpu[n / APPLE_CPU_NUM_TIMERS];

    c->timers = deposit32(c->timers, n % APPLE_CPU_NUM_TIMERS, 1, !!level);
    update_fiq(c);
}

/* The helper of a register with ARM_CP_IO holds the BQL, so may raise lines */
static void send_ipi(AppleCpuIfCpu *from, unsigned cluster, uint64_t value)
{
    unsigned number = FIELD_EX64(value, IPI_RR, CPU);
    AppleCpuIfCpu *target = find_cpu(from->cpuif, affinity(cluster, number));

    if (!target) {
        qemu_log_mask(LOG_GUEST_ERROR, "apple-cpuif: IPI to CPU %u of "
                      "cluster %u, which is not there\n", number, cluster);
        return;
    }
    trace_apple_cpuif_ipi(from->index, target->index, value);
    target->ipi_pending = FIELD_EX64(value, IPI_RR, TYPE) != IPI_TYPE_RETRACT;
    update_fiq(target);
}

static void ipi_local_write(CPUARMState *env, const ARMCPRegInfo *ri,
                            uint64_t value)
{
    AppleCpuIfCpu *c = ri->opaque;

    send_ipi(c, cluster_of(c), value);
}

static void ipi_global_write(CPUARMState *env, const ARMCPRegInfo *ri,
                             uint64_t value)
{
    send_ipi(ri->opaque, FIELD_EX64(value, IPI_RR, CLUSTER), value);
}

static uint64_t ipi_sr_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    AppleCpuIfCpu *c = ri->opaque;

    return FIELD_DP64(0, IPI_SR, PENDING, c->ipi_pending);
}

static void ipi_sr_write(CPUARMState *env, const ARMCPRegInfo *ri,
                         uint64_t value)
{
    AppleCpuIfCpu *c = ri->opaque;

    if (FIELD_EX64(value, IPI_SR, PENDING)) {
        c->ipi_pending = false;
        update_fiq(c);
    }
}

static uint64_t timer_fiq_enable_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    AppleCpuIfCpu *c = ri->opaque;

    return c->timer_fiq_enable;
}

static void timer_fiq_enable_write(CPUARMState *env, const ARMCPRegInfo *ri,
                                   uint64_t value)
{
    AppleCpuIfCpu *c = ri->opaque;

    c->timer_fiq_enable = value;
    update_fiq(c);
}

static uint64_t storage_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return *(uint64_t *)ri->opaque;
}

static void storage_write(CPUARMState *env, const ARMCPRegInfo *ri,
                          uint64_t value)
{
    *(uint64_t *)ri->opaque = value;
}

static uint64_t zero_read(CPUARMState *env, const ARMCPRegInfo *ri)
{
    return 0;
}

/*
 * The state of these registers is in the device, so the CPU must not migrate
 * it (ARM_CP_NO_RAW).
 */
#define SYSREG(_name, _op1, _crm, _op2) \
    .name = _name, .state = ARM_CP_STATE_AA64, .type = ARM_CP_NO_RAW, \
    .opc0 = 3, .opc1 = _op1, .crn = 15, .crm = _crm, .opc2 = _op2

/* Others can see or change these: they are accessed with the BQL held */
static const ARMCPRegInfo shared_regs[] = {
    { SYSREG("IPI_RR_LOCAL_EL1", 5, 0, 0),
      .readfn = zero_read, .writefn = ipi_local_write },
    { SYSREG("IPI_RR_GLOBAL_EL1", 5, 0, 1),
      .readfn = zero_read, .writefn = ipi_global_write },
    { SYSREG("IPI_SR_EL1", 5, 1, 1),
      .readfn = ipi_sr_read, .writefn = ipi_sr_write },
};

static const ARMCPRegInfo timer_fiq_enable_reg = {
    SYSREG("VM_TMR_FIQ_ENA_EL2", 5, 1, 3), .access = PL2_RW,
    .readfn = timer_fiq_enable_read, .writefn = timer_fiq_enable_write
};

/* Only the CPU itself reaches these */
static const ARMCPRegInfo storage_regs[APPLE_SYSREG_NUM] = {
    [APPLE_SYSREG_IPI_CR] = { SYSREG("IPI_CR_EL1", 5, 3, 1) },
    [APPLE_SYSREG_PMCR0] = { SYSREG("PMCR0_EL1", 1, 0, 0) },
    [APPLE_SYSREG_PMCR1] = { SYSREG("PMCR1_EL1", 1, 1, 0) },
    [APPLE_SYSREG_PMCR2] = { SYSREG("PMCR2_EL1", 1, 2, 0) },
    [APPLE_SYSREG_PMCR3] = { SYSREG("PMCR3_EL1", 1, 3, 0) },
    [APPLE_SYSREG_PMCR4] = { SYSREG("PMCR4_EL1", 1, 4, 0) },
    [APPLE_SYSREG_PMESR0] = { SYSREG("PMESR0_EL1", 1, 5, 0) },
    [APPLE_SYSREG_PMESR1] = { SYSREG("PMESR1_EL1", 1, 6, 0) },
    [APPLE_SYSREG_PMSR] = { SYSREG("PMSR_EL1", 1, 13, 0) },
    [APPLE_SYSREG_PMC0] = { SYSREG("PMC0_EL1", 2, 0, 0) },
    [APPLE_SYSREG_PMC1] = { SYSREG("PMC1_EL1", 2, 1, 0) },
    [APPLE_SYSREG_PMC2] = { SYSREG("PMC2_EL1", 2, 2, 0) },
    [APPLE_SYSREG_PMC3] = { SYSREG("PMC3_EL1", 2, 3, 0) },
    [APPLE_SYSREG_PMC4] = { SYSREG("PMC4_EL1", 2, 4, 0) },
    [APPLE_SYSREG_PMC5] = { SYSREG("PMC5_EL1", 2, 5, 0) },
    [APPLE_SYSREG_PMC6] = { SYSREG("PMC6_EL1", 2, 6, 0) },
    [APPLE_SYSREG_PMC7] = { SYSREG("PMC7_EL1", 2, 7, 0) },
    [APPLE_SYSREG_PMC8] = { SYSREG("PMC8_EL1", 2, 9, 0) },
    [APPLE_SYSREG_PMC9] = { SYSREG("PMC9_EL1", 2, 10, 0) },
    [APPLE_SYSREG_UPMCR0] = { SYSREG("UPMCR0_EL1", 7, 0, 4) },
};

static const ARMCPRegInfo upmsr_reg = {
    SYSREG("UPMSR_EL1", 7, 6, 4), .access = PL1_R, .readfn = zero_read
};

/*
 * Apple has EL1 registers at op1 = 5, which the architecture gives to EL2.
 * QEMU insists on that when a register is defined, so they are opened to EL1
 * afterwards.
 */
static void define_sysreg(ARMCPU *cpu, const ARMCPRegInfo *reg, void *opaque)
{
    ARMCPRegInfo local = *reg;
    ARMCPRegInfo *defined;
    uint32_t key = ENCODE_AA64_CP_REG(CP_REG_ARM64_SYSREG_CP, reg->crn,
                                      reg->crm, reg->opc0, reg->opc1,
                                      reg->opc2);

    local.access = reg->opc1 == 5 ? PL2_RW : PL1_RW;
    define_one_arm_cp_reg_with_opaque(cpu, &local, opaque);
    defined = g_hash_table_lookup(cpu->cp_regs, (gpointer)(uintptr_t)key);
    defined->access = PL1_RW;
}

static void define_sysregs(AppleCpuIfCpu *c)
{
    for (unsigned i = 0; i < ARRAY_SIZE(shared_regs); i++) {
        ARMCPRegInfo reg = shared_regs[i];

        reg.type |= ARM_CP_IO;
        define_sysreg(c->cpu, &reg, c);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(storage_regs); i++) {
        ARMCPRegInfo reg = storage_regs[i];

        reg.readfn = storage_read;
        reg.writefn = storage_write;
        define_sysreg(c->cpu, &reg, &c->sysreg[i]);
    }
    define_one_arm_cp_reg(c->cpu, &upmsr_reg);
    if (arm_feature(&c->cpu->env, ARM_FEATURE_EL2)) {
        ARMCPRegInfo reg = timer_fiq_enable_reg;

        reg.type |= ARM_CP_IO;
        define_one_arm_cp_reg_with_opaque(c->cpu, &reg, c);
    }
}

static void cpuif_reset_enter(Object *obj, ResetType type)
{
    AppleCpuIfState *s = APPLE_CPUIF(obj);

    for (unsigned i = 0; i < s->num_cpus; i++) {
        AppleCpuIfCpu *c = &s->cpu[i];
        bool has_el2 = arm_feature(&c->cpu->env, ARM_FEATURE_EL2);

        c->ipi_pending = false;
        c->timer_fiq_enable = has_el2 ? 0 : R_VM_TMR_FIQ_ENA_V_MASK |
                                            R_VM_TMR_FIQ_ENA_P_MASK;
        memset(c->sysreg, 0, sizeof(c->sysreg));
    }
}

static void cpuif_reset_hold(Object *obj, ResetType type)
{
    AppleCpuIfState *s = APPLE_CPUIF(obj);

    for (unsigned i = 0; i < s->num_cpus; i++) {
        update_fiq(&s->cpu[i]);
    }
}

static void cpuif_init(Object *obj)
{
    AppleCpuIfState *s = APPLE_CPUIF(obj);

    for (unsigned i = 0; i < APPLE_CPUIF_MAX_CPUS; i++) {
        g_autofree char *name = g_strdup_printf("cpu[%u]", i);

        s->cpu[i].cpuif = s;
        s->cpu[i].index = i;
        object_property_add_link(obj, name, TYPE_ARM_CPU,
                                 (Object **)&s->cpu[i].cpu,
                                 qdev_prop_allow_set_link_before_realize,
                                 OBJ_PROP_LINK_STRONG);
    }
}

static void cpuif_realize(DeviceState *dev, Error **errp)
{
    AppleCpuIfState *s = APPLE_CPUIF(dev);

    if (s->num_cpus < 1 || s->num_cpus > APPLE_CPUIF_MAX_CPUS) {
        error_setg(errp, "num-cpus must be 1 to %d", APPLE_CPUIF_MAX_CPUS);
        return;
    }
    for (unsigned i = 0; i < s->num_cpus; i++) {
        if (!s->cpu[i].cpu || !qdev_is_realized(DEVICE(s->cpu[i].cpu))) {
            error_setg(errp, "cpu[%u] must be linked to a realized CPU", i);
            return;
        }
    }

    qdev_init_gpio_in_named(dev, set_timer, "timer",
                            s->num_cpus * APPLE_CPU_NUM_TIMERS);
    qdev_init_gpio_out_named(dev, s->fiq, "fiq", s->num_cpus);
    for (unsigned i = 0; i < s->num_cpus; i++) {
        define_sysregs(&s->cpu[i]);
    }
}

/* No index is stored, so every content of these fields is a possible one */
static const VMStateDescription vmstate_cpu = {
    .name = "apple-cpuif-cpu",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(ipi_pending, AppleCpuIfCpu),
        VMSTATE_UINT32(timers, AppleCpuIfCpu),
        VMSTATE_UINT64(timer_fiq_enable, AppleCpuIfCpu),
        VMSTATE_UINT64_ARRAY(sysreg, AppleCpuIfCpu, APPLE_SYSREG_NUM),
        VMSTATE_END_OF_LIST()
    },
};

static const VMStateDescription vmstate_cpuif = {
    .name = TYPE_APPLE_CPUIF,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(num_cpus, AppleCpuIfState,
                             "the number of CPUs must be the same"),
        VMSTATE_STRUCT_VARRAY_UINT32(cpu, AppleCpuIfState, num_cpus, 1,
                                     vmstate_cpu, AppleCpuIfCpu),
        VMSTATE_END_OF_LIST()
    },
};

static const Property cpuif_properties[] = {
    DEFINE_PROP_UINT32("num-cpus", AppleCpuIfState, num_cpus, 1),
};

static void cpuif_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple FIQ sources and system registers";
    dc->realize = cpuif_realize;
    dc->vmsd = &vmstate_cpuif;
    /* It changes CPUs that the machine has made, so users cannot add it */
    dc->user_creatable = false;
    device_class_set_props(dc, cpuif_properties);
    rc->phases.enter = cpuif_reset_enter;
    rc->phases.hold = cpuif_reset_hold;
}

/*
 * A sysbus device although it has no registers on the bus: only such devices
 * are reset and migrated with the machine.
 */
static const TypeInfo cpuif_types[] = {
    {
        .name = TYPE_APPLE_CPUIF,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleCpuIfState),
        .instance_init = cpuif_init,
        .class_init = cpuif_class_init,
    },
};

DEFINE_TYPES(cpuif_types)
