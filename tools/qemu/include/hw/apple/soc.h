/*
 * Apple systems on chip, M1 and later
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One model for all of them.  What differs from SoC to SoC is data: each has a
 * file with one AppleSocInfo, and nothing else has to be written for it.
 *
 * QEMU interface:
 *  + Property "firmware" (string "2026" or "old"): generation of the firmware
 *    of the ANS co-processor
 *  + Property "handover" (string "off", "asleep", "running" or "enabled"):
 *    state in which the boot loader left the ANS block
 *  + Property "ans-memory" (uint64) and "ans-memory-size" (uint64): the part of
 *    DRAM that the boot loader keeps for the ANS firmware
 *  + Property "drive" of the child "ans2": the SSD
 */

#ifndef HW_APPLE_SOC_H
#define HW_APPLE_SOC_H

#include "hw/sysbus.h"
#include "qom/object.h"
#include "target/arm/cpu.h"

#define TYPE_APPLE_SOC "apple-soc"
OBJECT_DECLARE_TYPE(AppleSocState, AppleSocClass, APPLE_SOC)

/*
 * The emulated CPU.  It is QEMU's Cortex-A76: like an M1 it has pages of 4 KiB
 * and 16 KiB, LSE atomics and VHE, but unlike the M1 no pointer
 * authentication, whose emulation would cost every function of the guest's
 * kernel.  Guests see the identification of the SoC's own CPUs.
 */
#define APPLE_SOC_CPU_TYPE ARM_CPU_TYPE_NAME("cortex-a76")

#define APPLE_SOC_MAX_CLUSTERS 6
#define APPLE_SOC_MAX_CPUS 20
#define APPLE_SOC_MAX_UARTS 2
#define APPLE_SOC_MAX_IDLE_MBOXES 2
#define APPLE_SOC_MAX_PMGRS 5
#define APPLE_SOC_MAX_DOMAINS 8
#define APPLE_SOC_MAX_DIES 2

/* An interrupt: input @n of the AIC for what is on die @die */
#define APPLE_SOC_IRQ(die, n) ((die) << 16 | (n))

typedef struct AppleSocRange {
    hwaddr addr;
    uint64_t size;
    const char *name;
    bool each_die;              /* also on the other dies */
} AppleSocRange;

/**
 * struct AppleSocCluster - CPUs of one kind
 * @name: the child's name
 * @num_cpus: how many there are
 * @mpidr: affinity of the first; the others count on from it
 * @midr: what they are
 */
typedef struct AppleSocCluster {
    const char *name;
    unsigned num_cpus;
    uint32_t mpidr;
    uint32_t midr;
} AppleSocCluster;

/**
 * struct AppleSocAic - the interrupt controller
 * @version: 1 or 2; the rest but @addr is for version 2 alone
 * @addr: its registers
 * @event: the event register
 * @num_irqs: interrupts of each die
 * @max_irqs: for how many its registers have room
 * @max_dies: likewise for dies
 */
typedef struct AppleSocAic {
    unsigned version;
    hwaddr addr;
    hwaddr event;
    unsigned num_irqs;
    unsigned max_irqs;
    unsigned max_dies;
} AppleSocAic;

/**
 * struct AppleSocUart - a serial port
 * @name: the child's name
 * @addr: its registers
 * @irq: its interrupt
 * @alias: what the boot loader has to call it in a devicetree that does not
 *    name it, or NULL
 */
typedef struct AppleSocUart {
    const char *name;
    hwaddr addr;
    unsigned irq;
    const char *alias;
} AppleSocUart;

/* What a power domain means to the ANS group */
typedef enum AppleSocDomainRole {
    APPLE_SOC_DOMAIN_ANS,       /* its power and its reset */
    APPLE_SOC_DOMAIN_ANS_PARENT, /* without it the former has no power */
    APPLE_SOC_DOMAIN_LINK,      /* the NAND's PCIe link needs it */
} AppleSocDomainRole;

/**
 * struct AppleSocDomain - a power domain that the ANS group hangs on
 * @pmgr: index of the PMGR window, on the die of the ANS group
 * @offset: its word there
 * @role: what hangs on it; parents are domains of their own
 */
typedef struct AppleSocDomain {
    unsigned pmgr;
    uint32_t offset;
    AppleSocDomainRole role;
} AppleSocDomain;

/**
 * struct AppleSocInfo - all that the model knows of one SoC
 * @type: the QOM type
 * @desc: in words
 * @num_dies: how many dies
 * @die_stride: what is at address a of die 0 is at a + n * @die_stride of die n
 * @dram: where DRAM starts
 * @max_ram: most that there is with this SoC
 * @pa_bits: address bits of the CPUs, 0 for those of QEMU's Cortex-A76
 * @cluster: the CPUs, in the order in which they come
 * @num_clusters: number of these
 * @aic: the interrupt controller
 * @uart: serial ports
 * @num_uarts: number of these
 * @pmgr: PMGR windows
 * @num_pmgrs: number of these
 * @domain: the power domains that matter to the ANS group; the first is
 *    APPLE_SOC_DOMAIN_ANS
 * @num_domains: number of these
 * @wdt: address of the watchdog
 * @wdt_irq: its interrupt
 * @ans: the ANS group, as on die 0, and on which die it really is
 * @idle_mbox: mailboxes of co-processors that are not modelled
 * @num_idle_mboxes: number of these
 * @powerkey: a place that nothing names, see powerkey.h; not hardware
 * @powerkey_irq: an interrupt that nothing names
 * @poweroff: another such place, see poweroff.h
 * @unimplemented: what the devicetree names and is not modelled
 * @num_unimplemented: number of these
 */
typedef struct AppleSocInfo {
    const char *type;
    const char *desc;

    unsigned num_dies;
    uint64_t die_stride;

    hwaddr dram;
    uint64_t max_ram;
    unsigned pa_bits;

    AppleSocCluster cluster[APPLE_SOC_MAX_CLUSTERS];
    unsigned num_clusters;

    AppleSocAic aic;

    AppleSocUart uart[APPLE_SOC_MAX_UARTS];
    unsigned num_uarts;

    AppleSocRange pmgr[APPLE_SOC_MAX_PMGRS];
    unsigned num_pmgrs;
    AppleSocDomain domain[APPLE_SOC_MAX_DOMAINS];
    unsigned num_domains;

    hwaddr wdt;
    unsigned wdt_irq;

    struct {
        unsigned die;
        hwaddr asc;
        hwaddr mbox;
        hwaddr sart;
        hwaddr nvme;
        unsigned mbox_irq;      /* send-empty, and three more in order */
        unsigned nvme_irq;
        unsigned sart_version;
    } ans;

    AppleSocRange idle_mbox[APPLE_SOC_MAX_IDLE_MBOXES];
    unsigned num_idle_mboxes;

    hwaddr powerkey;
    unsigned powerkey_irq;
    hwaddr poweroff;

    const AppleSocRange *unimplemented;
    unsigned num_unimplemented;
} AppleSocInfo;

/* All of them; a new one has to be named here */
#define APPLE_SOCS(soc) \
    soc(apple_t8103) \
    soc(apple_t6000) \
    soc(apple_t6001) \
    soc(apple_t6002) \
    soc(apple_t8112) \
    soc(apple_t6020)

#define APPLE_SOC_DECLARE(soc) \
    extern const AppleSocInfo soc;
APPLE_SOCS(APPLE_SOC_DECLARE)
#undef APPLE_SOC_DECLARE

struct AppleSocClass {
    SysBusDeviceClass parent_class;

    const AppleSocInfo *info;
};

struct AppleSocState {
    SysBusDevice parent_obj;

    unsigned num_cpus;
    DeviceState *cluster[APPLE_SOC_MAX_CLUSTERS];
    ARMCPU *cpu[APPLE_SOC_MAX_CPUS];
    DeviceState *cpuif;
    DeviceState *aic;
    DeviceState *uart[APPLE_SOC_MAX_UARTS];
    DeviceState *pmgr[APPLE_SOC_MAX_DIES][APPLE_SOC_MAX_PMGRS];
    DeviceState *wdt;
    MemoryRegion idle_mbox[APPLE_SOC_MAX_IDLE_MBOXES];

    /* The ANS group */
    DeviceState *judge;
    DeviceState *dice;
    DeviceState *asc;
    DeviceState *rtkit;
    DeviceState *sart;
    DeviceState *ans2;
    uint32_t domains_off;       /* one bit for each domain of the info */
    bool ans_reset;             /* what the domain of the group says */
    bool ans_held;              /* in reset or without power */

    char *firmware;
    char *handover;
    uint64_t ans_memory;
    uint64_t ans_memory_size;
};

/**
 * apple_soc_num_cpus: how many CPUs there are, on all dies
 * @info: the SoC
 */
unsigned apple_soc_num_cpus(const AppleSocInfo *info);

/**
 * apple_soc_irq: an interrupt input
 * @s: the SoC, realized
 * @irq: as APPLE_SOC_IRQ() gives it
 */
qemu_irq apple_soc_irq(AppleSocState *s, unsigned irq);

#endif
