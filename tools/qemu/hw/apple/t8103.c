/*
 * Apple M1 (t8103): the system on chip
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses and interrupt numbers are those of Linux's devicetree.  What is
 * not modelled reads 0 and ignores writes; addresses that the devicetree does
 * not name end in an external abort, as on hardware.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "hw/apple/ans2.h"
#include "hw/apple/asc.h"
#include "hw/apple/dice.h"
#include "hw/apple/judge.h"
#include "hw/apple/poweroff.h"
#include "hw/apple/rtkit.h"
#include "hw/apple/sart.h"
#include "hw/apple/t8103.h"
#include "hw/boards.h"
#include "hw/irq.h"
#include "hw/misc/unimp.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "migration/vmstate.h"
#include "qobject/qlist.h"
#include "system/system.h"
#include "trace.h"

#define T8103_CNTFRQ 24000000

const AppleT8103Range apple_t8103_memmap[T8103_NUM_RANGES] = {
    [T8103_SGX]              = { 0x204000000, 0x1000000, "gpu-sgx" },
    [T8103_GPU]              = { 0x206400000,    0x8000, "gpu-asc" },
    [T8103_AGX_MBOX]         = { 0x206408000,    0x4000, "agx-mbox" },
    [T8103_CPUFREQ_E]        = { 0x210e20000,    0x1000, "cpufreq-e" },
    [T8103_CPUFREQ_P]        = { 0x211e20000,    0x1000, "cpufreq-p" },
    [T8103_DISPLAY_DFR]      = { 0x228200000,    0xc000, "display-dfr-fe" },
    [T8103_DISPLAY_DFR_DART] = { 0x228304000,    0x4000, "display-dfr-dart" },
    [T8103_DISPLAY_DFR_BE]   = { 0x228400000,    0x4000, "display-dfr-be" },
    [T8103_DISPLAY_DFR_DSI]  = { 0x228600000,  0x100000, "display-dfr-dsi" },
    [T8103_SIO_DART]         = { 0x235004000,    0x4000, "sio-dart" },
    [T8103_I2C0]             = { 0x235010000,    0x4000, "i2c0" },
    [T8103_I2C1]             = { 0x235014000,    0x4000, "i2c1" },
    [T8103_I2C2]             = { 0x235018000,    0x4000, "i2c2" },
    [T8103_I2C3]             = { 0x23501c000,    0x4000, "i2c3" },
    [T8103_I2C4]             = { 0x235020000,    0x4000, "i2c4" },
    [T8103_FPWM1]            = { 0x235044000,    0x4000, "fpwm1" },
    [T8103_SPI0]             = { 0x235100000,    0x4000, "spi0" },
    [T8103_SPI1]             = { 0x235104000,    0x4000, "spi1" },
    [T8103_SPI3]             = { 0x23510c000,    0x4000, "spi3" },
    [T8103_UART0]            = { 0x235200000,    0x1000, "uart0" },
    [T8103_UART2]            = { 0x235208000,    0x1000, "uart2" },
    [T8103_ADMAC]            = { 0x238200000,   0x34000, "admac" },
    [T8103_MCA_SWITCH]       = { 0x238300000,   0x30000, "mca-switch" },
    [T8103_MCA]              = { 0x238400000,   0x18000, "mca" },
    [T8103_NCO]              = { 0x23b044000,   0x14000, "nco" },
    [T8103_AIC]              = { 0x23b100000,    0x8000, "aic" },
    [T8103_PMGR]             = { 0x23b700000,   0x14000, "pmgr" },
    [T8103_PINCTRL_AP]       = { 0x23c100000,  0x100000, "pinctrl-ap" },
    [T8103_NUB_SPMI]         = { 0x23d0d9300,     0x100, "nub-spmi" },
    [T8103_PINCTRL_NUB]      = { 0x23d1f0000,    0x4000, "pinctrl-nub" },
    [T8103_PMGR_MINI]        = { 0x23d280000,    0x4000, "pmgr-mini" },
    [T8103_WDT]              = { 0x23d2b0000,    0x4000, "wdt" },
    [T8103_SMC]              = { 0x23e400000,    0x4000, "smc" },
    [T8103_SMC_MBOX]         = { 0x23e408000,    0x4000, "smc-mbox" },
    [T8103_PINCTRL_SMC]      = { 0x23e820000,    0x4000, "pinctrl-smc" },
    [T8103_SMC_SRAM]         = { 0x23fe00000,  0x100000, "smc-sram" },
    [T8103_PINCTRL_AOP]      = { 0x24a820000,    0x4000, "pinctrl-aop" },
    [T8103_ASC]              = { 0x277400000,    0x8000, "ans-asc" },
    [T8103_ASC_MBOX]         = { 0x277408000,    0x4000, "ans-mbox" },
    [T8103_SART]             = { 0x27bc50000,   0x10000, "ans-sart" },
    [T8103_ANS2]             = { 0x27bcc0000,   0x40000, "ans-nvme" },
    /*
     * Not hardware: see powerkey.h and poweroff.h.  The places are such that
     * nothing names.
     */
    [T8103_POWERKEY]         = { 0x2fffe0000,    0x1000, "powerkey" },
    [T8103_POWEROFF]         = { 0x2ffff0000,    0x1000, "poweroff" },
    [T8103_ATCPHY0_AXI]      = { 0x380000000,    0x4000, "atcphy0-axi2af" },
    [T8103_DWC3_0]           = { 0x382280000,   0x10000, "dwc3-0" },
    [T8103_ATCPHY0_PIPE]     = { 0x382a84000,    0x4000, "atcphy0-pipe" },
    [T8103_ATCPHY0_USB2]     = { 0x382a90000,    0x4000, "atcphy0-usb2" },
    [T8103_DWC3_0_DART0]     = { 0x382f00000,    0x4000, "dwc3-0-dart0" },
    [T8103_DWC3_0_DART1]     = { 0x382f80000,    0x4000, "dwc3-0-dart1" },
    [T8103_ATCPHY0_CORE]     = { 0x383000000,   0x4c000, "atcphy0-core" },
    [T8103_ATCPHY0_LPDPTX]   = { 0x383050000,    0x8000, "atcphy0-lpdptx" },
    [T8103_ATCPHY1_AXI]      = { 0x500000000,    0x4000, "atcphy1-axi2af" },
    [T8103_DWC3_1]           = { 0x502280000,   0x10000, "dwc3-1" },
    [T8103_ATCPHY1_PIPE]     = { 0x502a84000,    0x4000, "atcphy1-pipe" },
    [T8103_ATCPHY1_USB2]     = { 0x502a90000,    0x4000, "atcphy1-usb2" },
    [T8103_DWC3_1_DART0]     = { 0x502f00000,    0x4000, "dwc3-1-dart0" },
    [T8103_DWC3_1_DART1]     = { 0x502f80000,    0x4000, "dwc3-1-dart1" },
    [T8103_ATCPHY1_CORE]     = { 0x503000000,   0x4c000, "atcphy1-core" },
    [T8103_ATCPHY1_LPDPTX]   = { 0x503050000,    0x8000, "atcphy1-lpdptx" },
    [T8103_PCIE_RC]          = { 0x680000000,  0x100000, "pcie-rc" },
    [T8103_PCIE_PORT0]       = { 0x681000000,    0x4000, "pcie-port0" },
    [T8103_PCIE_DART0]       = { 0x681008000,    0x4000, "pcie-dart0" },
    [T8103_PCIE_PORT1]       = { 0x682000000,    0x4000, "pcie-port1" },
    [T8103_PCIE_DART1]       = { 0x682008000,    0x4000, "pcie-dart1" },
    [T8103_PCIE_PORT2]       = { 0x683000000,    0x4000, "pcie-port2" },
    [T8103_PCIE_DART2]       = { 0x683008000,    0x4000, "pcie-dart2" },
    [T8103_PCIE_CONFIG]      = { 0x690000000, 0x1000000, "pcie-config" },
    [T8103_DRAM]             = { 0x800000000,   16 * GiB, "dram" },
};

enum {
    T8103_IRQ_WDT = 338,
    T8103_IRQ_ASC_SEND_EMPTY = 583,     /* and three more, in order */
    T8103_IRQ_ANS2 = 590,
    T8103_IRQ_UART0 = 605,
    T8103_IRQ_UART2 = 607,
};

/* Handled by a device of this model, or by the board (DRAM, power) */
static bool range_is_modelled(unsigned range)
{
    switch (range) {
    case T8103_AGX_MBOX:
    case T8103_SMC_MBOX:
    case T8103_UART0:
    case T8103_UART2:
    case T8103_AIC:
    case T8103_PMGR:
    case T8103_PMGR_MINI:
    case T8103_WDT:
    case T8103_ASC:
    case T8103_ASC_MBOX:
    case T8103_SART:
    case T8103_ANS2:
    case T8103_POWERKEY:
    case T8103_POWEROFF:
    case T8103_DRAM:
        return true;
    default:
        return false;
    }
}

/* Domains that the ANS group hangs on: numbers of the first PMGR's outputs */
enum {
    T8103_PS_ANS2,
    T8103_PS_APCIE_ST,          /* the NAND's PCIe link */
    T8103_NUM_WATCHED,
};

/* PMGR windows, and the offsets of the words to watch there; 0: none */
static const struct {
    const char *name;
    unsigned range;
    uint32_t watch[T8103_NUM_WATCHED];
} pmgr_desc[APPLE_T8103_NUM_PMGRS] = {
    { "pmgr", T8103_PMGR,
      { [T8103_PS_ANS2] = 0x3f0, [T8103_PS_APCIE_ST] = 0x418 } },
    { "pmgr-mini", T8103_PMGR_MINI },
};

static const struct {
    const char *name;
    unsigned range;
    unsigned irq;
} uart_desc[APPLE_T8103_NUM_UARTS] = {
    { "uart0", T8103_UART0, T8103_IRQ_UART0 },
    { "uart2", T8103_UART2, T8103_IRQ_UART2 },
};

static const unsigned idle_mbox_range[APPLE_T8103_NUM_IDLE_MBOXES] = {
    T8103_AGX_MBOX, T8103_SMC_MBOX,
};

/*
 * Mailbox of a co-processor that never says anything.  Both FIFOs must be
 * empty: a driver that sees messages would read them for ever.
 */
#define MBOX_A2I_CONTROL 0x110
#define MBOX_I2A_CONTROL 0x114
#define MBOX_CONTROL_EMPTY BIT(17)

static uint64_t idle_mbox_read(void *opaque, hwaddr offset, unsigned size)
{
    qemu_log_mask(LOG_UNIMP, "apple-t8103: idle mailbox read at 0x%"
                  HWADDR_PRIx "\n", offset);
    if (offset == MBOX_A2I_CONTROL || offset == MBOX_I2A_CONTROL) {
        return MBOX_CONTROL_EMPTY;
    }
    return 0;
}

static void idle_mbox_write(void *opaque, hwaddr offset, uint64_t value,
                            unsigned size)
{
    qemu_log_mask(LOG_UNIMP, "apple-t8103: idle mailbox write at 0x%"
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
static void set_ans_reset(void *opaque, int n, int level)
{
    AppleT8103State *s = opaque;

    if (s->ans_held == !!level) {
        return;
    }
    s->ans_held = level;
    trace_apple_t8103_ans_reset(level);
    qemu_set_irq(qdev_get_gpio_in_named(s->asc, "reset", 0), level);
    device_cold_reset(s->ans2);
    device_cold_reset(s->rtkit);
    device_cold_reset(s->asc);
}

static void set_ans_power(void *opaque, int n, int level)
{
    AppleT8103State *s = opaque;
    DeviceState *powered[] = { s->asc, s->sart, s->ans2 };

    for (unsigned i = 0; i < ARRAY_SIZE(powered); i++) {
        qemu_set_irq(qdev_get_gpio_in_named(powered[i], "power", 0), level);
    }
}

static DeviceState *new_child(AppleT8103State *s, const char *name,
                              const char *type)
{
    Object *obj = object_new(type);

    object_property_add_child(OBJECT(s), name, obj);
    object_unref(obj);
    return DEVICE(obj);
}

static void init_cpus(AppleT8103State *s)
{
    static const char *const name[] = { "ecluster", "pcluster" };

    /* A cluster without CPUs could not be realized */
    for (unsigned i = 0; i <= apple_t8103_cluster(s->num_cpus - 1); i++) {
        object_initialize_child(OBJECT(s), name[i], &s->cluster[i],
                                TYPE_CPU_CLUSTER);
        qdev_prop_set_uint32(DEVICE(&s->cluster[i]), "cluster-id", i);
    }
    for (unsigned i = 0; i < s->num_cpus; i++) {
        object_initialize_child(OBJECT(&s->cluster[apple_t8103_cluster(i)]),
                                "cpu[*]", &s->cpu[i], APPLE_T8103_CPU_TYPE);
    }
    object_initialize_child(OBJECT(s), "cpuif", &s->cpuif,
                            TYPE_APPLE_T8103_CPUIF);
}

static void t8103_init(Object *obj)
{
    AppleT8103State *s = APPLE_T8103(obj);

    s->num_cpus = MIN(MACHINE(qdev_get_machine())->smp.cpus,
                      APPLE_T8103_MAX_CPUS);
    init_cpus(s);
    object_initialize_child(obj, "aic", &s->aic, TYPE_APPLE_AIC);
    for (unsigned i = 0; i < ARRAY_SIZE(uart_desc); i++) {
        object_initialize_child(obj, uart_desc[i].name, &s->uart[i],
                                TYPE_APPLE_UART);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(pmgr_desc); i++) {
        object_initialize_child(obj, pmgr_desc[i].name, &s->pmgr[i],
                                TYPE_APPLE_PMGR);
    }
    object_initialize_child(obj, "wdt", &s->wdt, TYPE_APPLE_WDT);

    s->judge = new_child(s, "judge", TYPE_APPLE_JUDGE);
    s->dice = new_child(s, "dice", TYPE_APPLE_DICE);
    s->asc = new_child(s, "asc", TYPE_APPLE_ASC);
    s->sart = new_child(s, "sart", TYPE_APPLE_SART);
    s->rtkit = new_child(s, "rtkit", TYPE_APPLE_RTKIT);
    s->ans2 = new_child(s, "ans2", TYPE_APPLE_ANS2);

    qdev_init_gpio_in_named(DEVICE(s), set_ans_power, "ans-power", 1);
    qdev_init_gpio_in_named(DEVICE(s), set_ans_reset, "ans-reset", 1);
}

static void map(void *dev, unsigned region, unsigned range)
{
    sysbus_mmio_map(SYS_BUS_DEVICE(dev), region,
                    apple_t8103_memmap[range].addr);
}

static qemu_irq aic_input(AppleT8103State *s, unsigned irq)
{
    return qdev_get_gpio_in(DEVICE(&s->aic), irq);
}

static bool realize_cpu(AppleT8103State *s, unsigned i, Error **errp)
{
    Object *cpu = OBJECT(&s->cpu[i]);
    g_autofree char *link = g_strdup_printf("cpu[%u]", i);

    qdev_prop_set_uint64(DEVICE(cpu), "mp-affinity", apple_t8103_mpidr(i));
    qdev_prop_set_uint64(DEVICE(cpu), "midr", apple_t8103_midr(i));
    qdev_prop_set_uint64(DEVICE(cpu), "cntfrq", T8103_CNTFRQ);
    object_property_set_bool(cpu, "has_el3", false, &error_abort);
    object_property_set_bool(cpu, "has_el2", false, &error_abort);
    object_property_set_bool(cpu, "pmu", false, &error_abort);
    /* Where a Cortex has CBAR_EL1, the M1 has a performance counter's */
    unset_feature(&s->cpu[i].env, ARM_FEATURE_CBAR);
    unset_feature(&s->cpu[i].env, ARM_FEATURE_CBAR_RO);
    object_property_set_link(OBJECT(&s->cpuif), link, cpu, &error_abort);
    return qdev_realize(DEVICE(cpu), NULL, errp);
}

static bool realize_cpus(AppleT8103State *s, Error **errp)
{
    DeviceState *cpuif = DEVICE(&s->cpuif);

    for (unsigned i = 0; i < s->num_cpus; i++) {
        if (!realize_cpu(s, i, errp)) {
            return false;
        }
    }
    for (unsigned i = 0; i <= apple_t8103_cluster(s->num_cpus - 1); i++) {
        if (!qdev_realize(DEVICE(&s->cluster[i]), NULL, errp)) {
            return false;
        }
    }

    qdev_prop_set_uint32(cpuif, "num-cpus", s->num_cpus);
    if (!sysbus_realize(SYS_BUS_DEVICE(cpuif), errp)) {
        return false;
    }
    for (unsigned i = 0; i < s->num_cpus; i++) {
        DeviceState *cpu = DEVICE(&s->cpu[i]);

        for (unsigned t = 0; t < APPLE_CPU_NUM_TIMERS; t++) {
            unsigned input = i * APPLE_CPU_NUM_TIMERS + t;

            qdev_connect_gpio_out(cpu, t, qdev_get_gpio_in_named(cpuif,
                                                                 "timer",
                                                                 input));
        }
        qdev_connect_gpio_out_named(cpuif, "fiq", i,
                                    qdev_get_gpio_in(cpu, ARM_CPU_FIQ));
    }
    return true;
}

static bool realize_aic(AppleT8103State *s, Error **errp)
{
    SysBusDevice *aic = SYS_BUS_DEVICE(&s->aic);

    qdev_prop_set_uint32(DEVICE(aic), "num-cpus", s->num_cpus);
    if (!sysbus_realize(aic, errp)) {
        return false;
    }
    map(aic, 0, T8103_AIC);
    for (unsigned i = 0; i < s->num_cpus; i++) {
        sysbus_connect_irq(aic, i,
                           qdev_get_gpio_in(DEVICE(&s->cpu[i]), ARM_CPU_IRQ));
    }
    return true;
}

static bool realize_uarts(AppleT8103State *s, Error **errp)
{
    for (unsigned i = 0; i < ARRAY_SIZE(uart_desc); i++) {
        SysBusDevice *uart = SYS_BUS_DEVICE(&s->uart[i]);

        qdev_prop_set_chr(DEVICE(uart), "chardev", serial_hd(i));
        if (!sysbus_realize(uart, errp)) {
            return false;
        }
        map(uart, 0, uart_desc[i].range);
        sysbus_connect_irq(uart, 0, aic_input(s, uart_desc[i].irq));
    }
    return true;
}

static bool realize_pmgrs(AppleT8103State *s, Error **errp)
{
    for (unsigned i = 0; i < ARRAY_SIZE(pmgr_desc); i++) {
        DeviceState *pmgr = DEVICE(&s->pmgr[i]);
        QList *watch = qlist_new();

        qdev_prop_set_uint32(pmgr, "size",
                             apple_t8103_memmap[pmgr_desc[i].range].size);
        for (unsigned k = 0; k < T8103_NUM_WATCHED; k++) {
            if (pmgr_desc[i].watch[k]) {
                qlist_append_int(watch, pmgr_desc[i].watch[k]);
            }
        }
        qdev_prop_set_array(pmgr, "watch", watch);
        if (!sysbus_realize(SYS_BUS_DEVICE(pmgr), errp)) {
            return false;
        }
        map(pmgr, 0, pmgr_desc[i].range);
    }
    return true;
}

static bool realize_wdt(AppleT8103State *s, Error **errp)
{
    SysBusDevice *wdt = SYS_BUS_DEVICE(&s->wdt);

    if (!sysbus_realize(wdt, errp)) {
        return false;
    }
    map(wdt, 0, T8103_WDT);
    sysbus_connect_irq(wdt, 0, aic_input(s, T8103_IRQ_WDT));
    return true;
}

static void link_to(DeviceState *dev, const char *name, DeviceState *target)
{
    object_property_set_link(OBJECT(dev), name, OBJECT(target), &error_abort);
}

/* What the boot loader left allowed: the memory of the firmware itself */
static void preset_sart(AppleT8103State *s)
{
    if (s->ans_memory_size) {
        apple_sart_preset(APPLE_SART(s->sart), 0, s->ans_memory,
                          s->ans_memory_size);
    }
}

/* "enabled" is a state of the controller, on firmware that is running */
static bool configure_handover(AppleT8103State *s, Error **errp)
{
    bool enabled = !strcmp(s->handover, "enabled");

    if (!object_property_set_str(OBJECT(s->rtkit), "handover",
                                 enabled ? "running" : s->handover, errp)) {
        return false;
    }
    return object_property_set_bool(OBJECT(s->ans2), "handover-enabled",
                                    enabled, errp);
}

static bool configure_ans(AppleT8103State *s, Error **errp)
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
    preset_sart(s);

    return object_property_set_str(OBJECT(s->rtkit), "firmware", s->firmware,
                                   errp) &&
           object_property_set_str(OBJECT(s->ans2), "firmware", s->firmware,
                                   errp) &&
           configure_handover(s, errp);
}

/*
 * In this order, because the later ones use the earlier ones when they are
 * realized.
 */
static bool realize_ans(AppleT8103State *s, Error **errp)
{
    DeviceState *pmgr = DEVICE(&s->pmgr[0]);

    if (!configure_ans(s, errp) ||
        !qdev_realize(s->judge, NULL, errp) ||
        !qdev_realize(s->dice, NULL, errp) ||
        !sysbus_realize(SYS_BUS_DEVICE(s->asc), errp) ||
        !sysbus_realize(SYS_BUS_DEVICE(s->sart), errp) ||
        !sysbus_realize(SYS_BUS_DEVICE(s->rtkit), errp) ||
        !sysbus_realize(SYS_BUS_DEVICE(s->ans2), errp)) {
        return false;
    }

    map(s->asc, 0, T8103_ASC);
    map(s->asc, 1, T8103_ASC_MBOX);
    map(s->sart, 0, T8103_SART);
    map(s->ans2, 0, T8103_ANS2);
    for (unsigned i = 0; i < 4; i++) {
        sysbus_connect_irq(SYS_BUS_DEVICE(s->asc), i,
                           aic_input(s, T8103_IRQ_ASC_SEND_EMPTY + i));
    }
    sysbus_connect_irq(SYS_BUS_DEVICE(s->ans2), 0,
                       aic_input(s, T8103_IRQ_ANS2));
    qdev_connect_gpio_out_named(s->rtkit, "boot-status", 0,
                                qdev_get_gpio_in_named(s->ans2, "boot-status",
                                                       0));
    qdev_connect_gpio_out_named(s->rtkit, "crashed", 0,
                                qdev_get_gpio_in_named(s->ans2, "crashed", 0));
    qdev_connect_gpio_out_named(s->asc, "run", 0,
                                qdev_get_gpio_in_named(s->sart, "running",
                                                       0));
    qdev_connect_gpio_out_named(s->sart, "fault", 0,
                                qdev_get_gpio_in_named(s->rtkit, "sart-fault",
                                                       0));
    qdev_connect_gpio_out_named(pmgr, "power", T8103_PS_ANS2,
                                qdev_get_gpio_in_named(DEVICE(s), "ans-power",
                                                       0));
    qdev_connect_gpio_out_named(pmgr, "reset", T8103_PS_ANS2,
                                qdev_get_gpio_in_named(DEVICE(s), "ans-reset",
                                                       0));
    qdev_connect_gpio_out_named(pmgr, "power", T8103_PS_APCIE_ST,
                                qdev_get_gpio_in_named(s->rtkit, "link", 0));
    return true;
}

static void create_unimplemented(AppleT8103State *s)
{
    for (unsigned i = 0; i < T8103_NUM_RANGES; i++) {
        const AppleT8103Range *range = &apple_t8103_memmap[i];

        if (!range_is_modelled(i)) {
            create_unimplemented_device(range->name, range->addr, range->size);
        }
    }
    for (unsigned i = 0; i < ARRAY_SIZE(idle_mbox_range); i++) {
        const AppleT8103Range *range = &apple_t8103_memmap[idle_mbox_range[i]];

        memory_region_init_io(&s->idle_mbox[i], OBJECT(s), &idle_mbox_ops, s,
                              range->name, range->size);
        memory_region_add_subregion(get_system_memory(), range->addr,
                                    &s->idle_mbox[i]);
    }
}

static void t8103_realize(DeviceState *dev, Error **errp)
{
    AppleT8103State *s = APPLE_T8103(dev);

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

static const VMStateDescription vmstate_t8103 = {
    .name = TYPE_APPLE_T8103,
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(ans_held, AppleT8103State),
        VMSTATE_END_OF_LIST()
    },
};

static const Property t8103_properties[] = {
    DEFINE_PROP_STRING("firmware", AppleT8103State, firmware),
    DEFINE_PROP_STRING("handover", AppleT8103State, handover),
    DEFINE_PROP_UINT64("ans-memory", AppleT8103State, ans_memory, 0),
    DEFINE_PROP_UINT64("ans-memory-size", AppleT8103State, ans_memory_size, 0),
};

static void t8103_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "Apple M1 system on chip";
    dc->realize = t8103_realize;
    dc->vmsd = &vmstate_t8103;
    /* Takes the machine's CPUs and serial ports, so there can be only one */
    dc->user_creatable = false;
    device_class_set_props(dc, t8103_properties);
}

static const TypeInfo t8103_types[] = {
    {
        .name = TYPE_APPLE_T8103,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleT8103State),
        .instance_init = t8103_init,
        .class_init = t8103_class_init,
    },
};

DEFINE_TYPES(t8103_types)
