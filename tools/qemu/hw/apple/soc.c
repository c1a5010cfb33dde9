/*
 * Apple systems on chip, M1 and later
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is where, and which interrupt it has, is in the AppleSocInfo of each
 * SoC; here it is put together.  What is not modelled reads 0 and ignores
 * writes; addresses that the devicetree does not name end in an external
 * abort, as on hardware.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "exec/address-spaces.h"
#include "hw/apple/aic.h"
#include "hw/apple/aic2.h"
#include "hw/apple/ans2.h"
#include "hw/apple/asc.h"
#include "hw/apple/cpuif.h"
#include "hw/apple/dice.h"
#include "hw/apple/judge.h"
#include "hw/apple/pmgr.h"
#include "hw/apple/rtkit.h"
#include "hw/apple/sart.h"
#include "hw/apple/soc.h"
#include "hw/apple/uart.h"
#include "hw/apple/wdt.h"
#include "hw/boards.h"
#include "hw/cpu/cluster.h"
#include "hw/irq.h"
#include "hw/misc/unimp.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "qobject/qlist.h"
#include "system/system.h"
#include "trace.h"

#define SOC_CNTFRQ 24000000

static const AppleSocInfo *soc_info(AppleSocState *s)
{
    return APPLE_SOC_GET_CLASS(s)->info;
}

unsigned apple_soc_num_cpus(const AppleSocInfo *info)
{
    unsigned num = 0;

    for (unsigned i = 0; i < info->num_clusters; i++) {
        num += info->cluster[i].num_cpus;
    }
    return num;
}

/* The cluster of a CPU, and in @number which one it is there */
static unsigned cluster_of(const AppleSocInfo *info, unsigned cpu,
                           unsigned *number)
{
    unsigned i = 0;

    while (cpu >= info->cluster[i].num_cpus) {
        cpu -= info->cluster[i].num_cpus;
        i++;
    }
    *number = cpu;
    return i;
}

/* Where it is on another die what is at @addr on die 0 */
static hwaddr on_die(const AppleSocInfo *info, unsigned die, hwaddr addr)
{
    return addr + die * info->die_stride;
}

/*
 * Mailbox of a co-processor that never says anything.  Both FIFOs must be
 * empty: a driver that sees messages would read them for ever.
 */
#define MBOX_A2I_CONTROL 0x110
#define MBOX_I2A_CONTROL 0x114
#define MBOX_CONTROL_EMPTY BIT(17)

static uint64_t idle_mbox_read(void *opaque, hwaddr offset, unsigned size)
{
    qemu_log_mask(LOG_UNIMP, "apple-soc: idle mailbox read at 0x%"
                  HWADDR_PRIx "\n", offset);
    if (offset == MBOX_A2I_CONTROL || offset == MBOX_I2A_CONTROL) {
        return MBOX_CONTROL_EMPTY;
    }
    return 0;
}

static void idle_mbox_write(void *opaque, hwaddr offset, uint64_t value,
                            unsigned size)
{
    qemu_log_mask(LOG_UNIMP, "apple-soc: idle mailbox write at 0x%"
                  HWADDR_PRIx ", value 0x%" PRIx64 "\n", offset, value);
}

static const MemoryRegionOps idle_mbox_ops = {
    .read = idle_mbox_read,
    .write = idle_mbox_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 8 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

/*
 * The reset line of the ANS power domain.  What it holds in reset forgets
 * everything when the line rises, and again when it falls, since nothing that
 * was written in between reached it.  SART is not part of it: Linux relies on
 * the boot loader's entries being there after a reset of the block.
 */
static void hold_ans(AppleSocState *s, bool held)
{
    if (s->ans_held == held) {
        return;
    }
    s->ans_held = held;
    trace_apple_soc_ans_reset(held);
    qemu_set_irq(qdev_get_gpio_in_named(s->asc, "reset", 0), held);
    device_cold_reset(s->ans2);
    device_cold_reset(s->rtkit);
    device_cold_reset(s->asc);
}

/* Whether all domains of a role are on */
static bool role_is_on(AppleSocState *s, AppleSocDomainRole role)
{
    const AppleSocInfo *info = soc_info(s);

    for (unsigned i = 0; i < info->num_domains; i++) {
        if (info->domain[i].role == role && (s->domains_off & BIT(i))) {
            return false;
        }
    }
    return true;
}

static bool ans_has_power(AppleSocState *s)
{
    return role_is_on(s, APPLE_SOC_DOMAIN_ANS) &&
           role_is_on(s, APPLE_SOC_DOMAIN_ANS_PARENT);
}

static void update_ans_reset(AppleSocState *s)
{
    hold_ans(s, s->ans_reset || !ans_has_power(s));
}

static void update_ans_power(AppleSocState *s)
{
    DeviceState *powered[] = { s->asc, s->sart, s->ans2 };

    for (unsigned i = 0; i < ARRAY_SIZE(powered); i++) {
        qemu_set_irq(qdev_get_gpio_in_named(powered[i], "power", 0),
                     ans_has_power(s));
    }
    update_ans_reset(s);
}

/* A domain has been switched: @n is its index in the SoC's info */
static void set_domain_power(void *opaque, int n, int level)
{
    AppleSocState *s = opaque;

    s->domains_off = deposit32(s->domains_off, n, 1, !level);
    if (soc_info(s)->domain[n].role == APPLE_SOC_DOMAIN_LINK) {
        qemu_set_irq(qdev_get_gpio_in_named(s->rtkit, "link", 0),
                     role_is_on(s, APPLE_SOC_DOMAIN_LINK));
    } else {
        update_ans_power(s);
    }
}

static void set_domain_reset(void *opaque, int n, int level)
{
    AppleSocState *s = opaque;

    if (soc_info(s)->domain[n].role == APPLE_SOC_DOMAIN_ANS) {
        s->ans_reset = level;
        update_ans_reset(s);
    }
}

static DeviceState *new_child(Object *parent, const char *name,
                              const char *type)
{
    Object *obj = object_new(type);

    object_property_add_child(parent, name, obj);
    object_unref(obj);
    return DEVICE(obj);
}

static void init_cpus(AppleSocState *s)
{
    const AppleSocInfo *info = soc_info(s);
    unsigned number;

    /* A cluster without CPUs could not be realized */
    for (unsigned i = 0; i <= cluster_of(info, s->num_cpus - 1, &number);
         i++) {
        s->cluster[i] = new_child(OBJECT(s), info->cluster[i].name,
                                  TYPE_CPU_CLUSTER);
        qdev_prop_set_uint32(s->cluster[i], "cluster-id", i);
    }
    for (unsigned i = 0; i < s->num_cpus; i++) {
        DeviceState *cluster = s->cluster[cluster_of(info, i, &number)];

        s->cpu[i] = ARM_CPU(new_child(OBJECT(cluster), "cpu[*]",
                                      APPLE_SOC_CPU_TYPE));
    }
    s->cpuif = new_child(OBJECT(s), "cpuif", TYPE_APPLE_CPUIF);
}

/* "pmgr" is on die 0, "pmgr-die1" the same on the next */
static void init_pmgrs(AppleSocState *s)
{
    const AppleSocInfo *info = soc_info(s);

    for (unsigned die = 0; die < info->num_dies; die++) {
        for (unsigned i = 0; i < info->num_pmgrs; i++) {
            const char *name = info->pmgr[i].name;
            g_autofree char *full = die ?
                g_strdup_printf("%s-die%u", name, die) : g_strdup(name);

            s->pmgr[die][i] = new_child(OBJECT(s), full, TYPE_APPLE_PMGR);
        }
    }
}

static void soc_init(Object *obj)
{
    AppleSocState *s = APPLE_SOC(obj);
    const AppleSocInfo *info = soc_info(s);

    s->num_cpus = MIN(MACHINE(qdev_get_machine())->smp.cpus,
                      apple_soc_num_cpus(info));
    init_cpus(s);
    s->aic = new_child(obj, "aic", info->aic.version == 1 ? TYPE_APPLE_AIC :
                                                            TYPE_APPLE_AIC2);
    for (unsigned i = 0; i < info->num_uarts; i++) {
        s->uart[i] = new_child(obj, info->uart[i].name, TYPE_APPLE_UART);
    }
    init_pmgrs(s);
    s->wdt = new_child(obj, "wdt", TYPE_APPLE_WDT);

    s->judge = new_child(obj, "judge", TYPE_APPLE_JUDGE);
    s->dice = new_child(obj, "dice", TYPE_APPLE_DICE);
    s->asc = new_child(obj, "asc", TYPE_APPLE_ASC);
    s->sart = new_child(obj, "sart", TYPE_APPLE_SART);
    s->rtkit = new_child(obj, "rtkit", TYPE_APPLE_RTKIT);
    s->ans2 = new_child(obj, "ans2", TYPE_APPLE_ANS2);

    qdev_init_gpio_in_named(DEVICE(s), set_domain_power, "domain-power",
                            info->num_domains);
    qdev_init_gpio_in_named(DEVICE(s), set_domain_reset, "domain-reset",
                            info->num_domains);
}

static void map(DeviceState *dev, unsigned region, hwaddr addr)
{
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), region, addr);
}

qemu_irq apple_soc_irq(AppleSocState *s, unsigned irq)
{
    unsigned die = irq >> 16;

    return qdev_get_gpio_in(s->aic, die * soc_info(s)->aic.num_irqs +
                                    extract32(irq, 0, 16));
}

/* Their number, as ID_AA64MMFR0_EL1 has it */
static void set_pa_bits(ARMCPU *cpu, unsigned bits)
{
    static const unsigned ranges[] = { 32, 36, 40, 42, 44, 48, 52 };
    uint64_t mmfr0 = cpu->isar.id_aa64mmfr0;

    for (unsigned i = 0; i < ARRAY_SIZE(ranges); i++) {
        if (ranges[i] == bits) {
            cpu->isar.id_aa64mmfr0 = FIELD_DP64(mmfr0, ID_AA64MMFR0, PARANGE,
                                                i);
        }
    }
}

static bool realize_cpu(AppleSocState *s, unsigned i, Error **errp)
{
    const AppleSocInfo *info = soc_info(s);
    unsigned number;
    const AppleSocCluster *cluster = &info->cluster[cluster_of(info, i,
                                                               &number)];
    Object *cpu = OBJECT(s->cpu[i]);
    g_autofree char *link = g_strdup_printf("cpu[%u]", i);

    qdev_prop_set_uint64(DEVICE(cpu), "mp-affinity", cluster->mpidr + number);
    qdev_prop_set_uint64(DEVICE(cpu), "midr", cluster->midr);
    qdev_prop_set_uint64(DEVICE(cpu), "cntfrq", SOC_CNTFRQ);
    object_property_set_bool(cpu, "has_el3", false, &error_abort);
    object_property_set_bool(cpu, "has_el2", false, &error_abort);
    object_property_set_bool(cpu, "pmu", false, &error_abort);
    /* Where a Cortex has CBAR_EL1, the M1 has a performance counter's */
    unset_feature(&s->cpu[i]->env, ARM_FEATURE_CBAR);
    unset_feature(&s->cpu[i]->env, ARM_FEATURE_CBAR_RO);
    set_pa_bits(s->cpu[i], info->pa_bits);
    object_property_set_link(OBJECT(s->cpuif), link, cpu, &error_abort);
    return qdev_realize(DEVICE(cpu), NULL, errp);
}

static void connect_fiq(AppleSocState *s, unsigned i)
{
    DeviceState *cpu = DEVICE(s->cpu[i]);

    for (unsigned t = 0; t < APPLE_CPU_NUM_TIMERS; t++) {
        unsigned input = i * APPLE_CPU_NUM_TIMERS + t;

        qdev_connect_gpio_out(cpu, t, qdev_get_gpio_in_named(s->cpuif,
                                                             "timer",
                                                             input));
    }
    qdev_connect_gpio_out_named(s->cpuif, "fiq", i,
                                qdev_get_gpio_in(cpu, ARM_CPU_FIQ));
}

static bool realize_cpus(AppleSocState *s, Error **errp)
{
    for (unsigned i = 0; i < s->num_cpus; i++) {
        if (!realize_cpu(s, i, errp)) {
            return false;
        }
    }
    for (unsigned i = 0; i < APPLE_SOC_MAX_CLUSTERS && s->cluster[i]; i++) {
        if (!qdev_realize(s->cluster[i], NULL, errp)) {
            return false;
        }
    }

    qdev_prop_set_uint32(s->cpuif, "num-cpus", s->num_cpus);
    if (!sysbus_realize(SYS_BUS_DEVICE(s->cpuif), errp)) {
        return false;
    }
    for (unsigned i = 0; i < s->num_cpus; i++) {
        connect_fiq(s, i);
    }
    return true;
}

static void configure_aic2(AppleSocState *s)
{
    const AppleSocAic *aic = &soc_info(s)->aic;

    qdev_prop_set_uint32(s->aic, "num-irqs", aic->num_irqs);
    qdev_prop_set_uint32(s->aic, "max-irqs", aic->max_irqs);
    qdev_prop_set_uint32(s->aic, "num-dies", soc_info(s)->num_dies);
    qdev_prop_set_uint32(s->aic, "max-dies", aic->max_dies);
}

static bool realize_aic(AppleSocState *s, Error **errp)
{
    const AppleSocAic *aic = &soc_info(s)->aic;

    qdev_prop_set_uint32(s->aic, "num-cpus", s->num_cpus);
    if (aic->version > 1) {
        configure_aic2(s);
    }
    if (!sysbus_realize(SYS_BUS_DEVICE(s->aic), errp)) {
        return false;
    }
    map(s->aic, 0, aic->addr);
    if (aic->version > 1) {
        map(s->aic, 1, aic->event);
    }
    for (unsigned i = 0; i < s->num_cpus; i++) {
        sysbus_connect_irq(SYS_BUS_DEVICE(s->aic), i,
                           qdev_get_gpio_in(DEVICE(s->cpu[i]), ARM_CPU_IRQ));
    }
    return true;
}

static bool realize_uarts(AppleSocState *s, Error **errp)
{
    const AppleSocInfo *info = soc_info(s);

    for (unsigned i = 0; i < info->num_uarts; i++) {
        SysBusDevice *uart = SYS_BUS_DEVICE(s->uart[i]);

        qdev_prop_set_chr(s->uart[i], "chardev", serial_hd(i));
        if (!sysbus_realize(uart, errp)) {
            return false;
        }
        map(s->uart[i], 0, info->uart[i].addr);
        sysbus_connect_irq(uart, 0, apple_soc_irq(s, info->uart[i].irq));
    }
    return true;
}

/*
 * The words that matter, and the lines to what they matter to.  Only the die
 * with the ANS group has any.
 */
static bool realize_pmgr(AppleSocState *s, unsigned die, unsigned i,
                         Error **errp)
{
    const AppleSocInfo *info = soc_info(s);
    DeviceState *pmgr = s->pmgr[die][i];
    QList *watch = qlist_new();
    unsigned output = 0;

    qdev_prop_set_uint32(pmgr, "size", info->pmgr[i].size);
    for (unsigned d = 0; d < info->num_domains; d++) {
        if (die == info->ans.die && info->domain[d].pmgr == i) {
            qlist_append_int(watch, info->domain[d].offset);
        }
    }
    qdev_prop_set_array(pmgr, "watch", watch);
    if (!sysbus_realize(SYS_BUS_DEVICE(pmgr), errp)) {
        return false;
    }
    map(pmgr, 0, on_die(info, die, info->pmgr[i].addr));

    for (unsigned d = 0; d < info->num_domains; d++) {
        if (die == info->ans.die && info->domain[d].pmgr == i) {
            qdev_connect_gpio_out_named(pmgr, "power", output,
                                        qdev_get_gpio_in_named(DEVICE(s),
                                            "domain-power", d));
            qdev_connect_gpio_out_named(pmgr, "reset", output,
                                        qdev_get_gpio_in_named(DEVICE(s),
                                            "domain-reset", d));
            output++;
        }
    }
    return true;
}

static bool realize_pmgrs(AppleSocState *s, Error **errp)
{
    for (unsigned die = 0; die < soc_info(s)->num_dies; die++) {
        for (unsigned i = 0; i < soc_info(s)->num_pmgrs; i++) {
            if (!realize_pmgr(s, die, i, errp)) {
                return false;
            }
        }
    }
    return true;
}

static bool realize_wdt(AppleSocState *s, Error **errp)
{
    if (!sysbus_realize(SYS_BUS_DEVICE(s->wdt), errp)) {
        return false;
    }
    map(s->wdt, 0, soc_info(s)->wdt);
    sysbus_connect_irq(SYS_BUS_DEVICE(s->wdt), 0,
                       apple_soc_irq(s, soc_info(s)->wdt_irq));
    return true;
}

static void link_to(DeviceState *dev, const char *name, DeviceState *target)
{
    object_property_set_link(OBJECT(dev), name, OBJECT(target), &error_abort);
}

/* What the boot loader left allowed: the memory of the firmware itself */
static void preset_sart(AppleSocState *s)
{
    if (s->ans_memory_size) {
        apple_sart_preset(APPLE_SART(s->sart), 0, s->ans_memory,
                          s->ans_memory_size);
    }
}

/* "enabled" is a state of the controller, on firmware that is running */
static bool configure_handover(AppleSocState *s, Error **errp)
{
    bool enabled = !strcmp(s->handover, "enabled");

    if (!object_property_set_str(OBJECT(s->rtkit), "handover",
                                 enabled ? "running" : s->handover, errp)) {
        return false;
    }
    return object_property_set_bool(OBJECT(s->ans2), "handover-enabled",
                                    enabled, errp);
}

static bool configure_ans(AppleSocState *s, Error **errp)
{
    link_to(s->asc, "judge", s->judge);
    link_to(s->sart, "judge", s->judge);
    link_to(s->rtkit, "asc", s->asc);
    link_to(s->rtkit, "sart", s->sart);
    link_to(s->rtkit, "judge", s->judge);
    link_to(s->rtkit, "dice", s->dice);
    link_to(s->ans2, "rtkit", s->rtkit);
    link_to(s->ans2, "sart", s->sart);
    link_to(s->ans2, "judge", s->judge);
    link_to(s->ans2, "dice", s->dice);
    object_property_set_link(OBJECT(s->sart), "downstream",
                             OBJECT(get_system_memory()), &error_abort);
    qdev_prop_set_uint32(s->sart, "version", soc_info(s)->ans.sart_version);
    preset_sart(s);

    return object_property_set_str(OBJECT(s->rtkit), "firmware", s->firmware,
                                   errp) &&
           object_property_set_str(OBJECT(s->ans2), "firmware", s->firmware,
                                   errp) &&
           configure_handover(s, errp);
}

static void map_ans(AppleSocState *s)
{
    const AppleSocInfo *info = soc_info(s);
    unsigned die = info->ans.die;

    map(s->asc, 0, on_die(info, die, info->ans.asc));
    map(s->asc, 1, on_die(info, die, info->ans.mbox));
    map(s->sart, 0, on_die(info, die, info->ans.sart));
    map(s->ans2, 0, on_die(info, die, info->ans.nvme));
    for (unsigned i = 0; i < 4; i++) {
        sysbus_connect_irq(SYS_BUS_DEVICE(s->asc), i,
                           apple_soc_irq(s, info->ans.mbox_irq + i));
    }
    sysbus_connect_irq(SYS_BUS_DEVICE(s->ans2), 0,
                       apple_soc_irq(s, info->ans.nvme_irq));
}

/* One signal inside the ANS group */
static void wire(DeviceState *from, const char *output, DeviceState *to,
                 const char *input)
{
    qdev_connect_gpio_out_named(from, output, 0,
                                qdev_get_gpio_in_named(to, input, 0));
}

/*
 * In this order, because the later ones use the earlier ones when they are
 * realized.
 */
static bool realize_ans(AppleSocState *s, Error **errp)
{
    if (!configure_ans(s, errp) ||
        !qdev_realize(s->judge, NULL, errp) ||
        !qdev_realize(s->dice, NULL, errp) ||
        !sysbus_realize(SYS_BUS_DEVICE(s->asc), errp) ||
        !sysbus_realize(SYS_BUS_DEVICE(s->sart), errp) ||
        !sysbus_realize(SYS_BUS_DEVICE(s->rtkit), errp) ||
        !sysbus_realize(SYS_BUS_DEVICE(s->ans2), errp)) {
        return false;
    }

    map_ans(s);
    wire(s->rtkit, "boot-status", s->ans2, "boot-status");
    wire(s->rtkit, "crashed", s->ans2, "crashed");
    wire(s->asc, "run", s->sart, "running");
    wire(s->sart, "fault", s->rtkit, "sart-fault");
    return true;
}

static void create_unimplemented(AppleSocState *s)
{
    const AppleSocInfo *info = soc_info(s);

    for (unsigned i = 0; i < info->num_unimplemented; i++) {
        const AppleSocRange *range = &info->unimplemented[i];
        unsigned num = range->each_die ? info->num_dies : 1;

        for (unsigned die = 0; die < num; die++) {
            create_unimplemented_device(range->name,
                                        on_die(info, die, range->addr),
                                        range->size);
        }
    }
    for (unsigned i = 0; i < info->num_idle_mboxes; i++) {
        const AppleSocRange *range = &info->idle_mbox[i];

        memory_region_init_io(&s->idle_mbox[i], OBJECT(s), &idle_mbox_ops, s,
                              range->name, range->size);
        memory_region_add_subregion(get_system_memory(), range->addr,
                                    &s->idle_mbox[i]);
    }
}

static void soc_realize(DeviceState *dev, Error **errp)
{
    AppleSocState *s = APPLE_SOC(dev);

    if (!realize_cpus(s, errp) ||
        !realize_aic(s, errp) ||
        !realize_uarts(s, errp) ||
        !realize_pmgrs(s, errp) ||
        !realize_wdt(s, errp) ||
        !realize_ans(s, errp)) {
        return;
    }
    create_unimplemented(s);
}

/* Every content of these fields is a possible one */
static const VMStateDescription vmstate_soc = {
    .name = TYPE_APPLE_SOC,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(domains_off, AppleSocState),
        VMSTATE_BOOL(ans_reset, AppleSocState),
        VMSTATE_BOOL(ans_held, AppleSocState),
        VMSTATE_END_OF_LIST()
    },
};

static const Property soc_properties[] = {
    DEFINE_PROP_STRING("firmware", AppleSocState, firmware),
    DEFINE_PROP_STRING("handover", AppleSocState, handover),
    DEFINE_PROP_UINT64("ans-memory", AppleSocState, ans_memory, 0),
    DEFINE_PROP_UINT64("ans-memory-size", AppleSocState, ans_memory_size, 0),
};

static void soc_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->realize = soc_realize;
    dc->vmsd = &vmstate_soc;
    /* Takes the machine's CPUs and serial ports, so there can be only one */
    dc->user_creatable = false;
    device_class_set_props(dc, soc_properties);
}

static void one_soc_class_init(ObjectClass *klass, void *data)
{
    const AppleSocInfo *info = data;

    APPLE_SOC_CLASS(klass)->info = info;
    DEVICE_CLASS(klass)->desc = info->desc;
}

static const TypeInfo soc_type = {
    .name = TYPE_APPLE_SOC,
    .parent = TYPE_SYS_BUS_DEVICE,
    .abstract = true,
    .instance_size = sizeof(AppleSocState),
    .instance_init = soc_init,
    .class_size = sizeof(AppleSocClass),
    .class_init = soc_class_init,
};

static const AppleSocInfo *const all_socs[] = {
#define APPLE_SOC_ADDRESS(soc) &soc,
    APPLE_SOCS(APPLE_SOC_ADDRESS)
#undef APPLE_SOC_ADDRESS
};

static void register_socs(void)
{
    type_register_static(&soc_type);
    for (unsigned i = 0; i < ARRAY_SIZE(all_socs); i++) {
        const TypeInfo type = {
            .name = all_socs[i]->type,
            .parent = TYPE_APPLE_SOC,
            .class_init = one_soc_class_init,
            .class_data = (void *)all_socs[i],
        };

        type_register_static(&type);
    }
}

type_init(register_socs)
