/*
 * Apple M1 (t8103): the system on chip
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
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

#ifndef HW_APPLE_T8103_H
#define HW_APPLE_T8103_H

#include "hw/apple/aic.h"
#include "hw/apple/pmgr.h"
#include "hw/apple/t8103-cpu.h"
#include "hw/apple/uart.h"
#include "hw/apple/wdt.h"
#include "hw/cpu/cluster.h"
#include "hw/sysbus.h"
#include "qom/object.h"
#include "target/arm/cpu.h"

#define TYPE_APPLE_T8103 "apple-t8103"
OBJECT_DECLARE_SIMPLE_TYPE(AppleT8103State, APPLE_T8103)

#define APPLE_T8103_NUM_CLUSTERS 2
#define APPLE_T8103_NUM_UARTS 2
#define APPLE_T8103_NUM_PMGRS 2

/* Co-processors that are not modelled, but whose mailbox must read "empty" */
#define APPLE_T8103_NUM_IDLE_MBOXES 2

struct AppleT8103State {
    SysBusDevice parent_obj;

    unsigned num_cpus;
    CPUClusterState cluster[APPLE_T8103_NUM_CLUSTERS];
    ARMCPU cpu[APPLE_T8103_MAX_CPUS];
    AppleT8103CpuIfState cpuif;
    AppleAicState aic;
    AppleUartState uart[APPLE_T8103_NUM_UARTS];
    ApplePmgrState pmgr[APPLE_T8103_NUM_PMGRS];
    AppleWdtState wdt;
    MemoryRegion idle_mbox[APPLE_T8103_NUM_IDLE_MBOXES];

    /* The ANS group */
    DeviceState *judge;
    DeviceState *dice;
    DeviceState *asc;
    DeviceState *rtkit;
    DeviceState *sart;
    DeviceState *ans2;
    bool ans_held;              /* in reset or without power */

    char *firmware;
    char *handover;
    uint64_t ans_memory;
    uint64_t ans_memory_size;
};

/* What is where; the index into apple_t8103_memmap */
enum {
    T8103_SGX,
    T8103_GPU,
    T8103_AGX_MBOX,
    T8103_CPUFREQ_E,
    T8103_CPUFREQ_P,
    T8103_DISPLAY_DFR,
    T8103_DISPLAY_DFR_DART,
    T8103_DISPLAY_DFR_BE,
    T8103_DISPLAY_DFR_DSI,
    T8103_SIO_DART,
    T8103_I2C0,
    T8103_I2C1,
    T8103_I2C2,
    T8103_I2C3,
    T8103_I2C4,
    T8103_FPWM1,
    T8103_SPI0,
    T8103_SPI1,
    T8103_SPI3,
    T8103_UART0,
    T8103_UART2,
    T8103_ADMAC,
    T8103_MCA_SWITCH,
    T8103_MCA,
    T8103_NCO,
    T8103_AIC,
    T8103_PMGR,
    T8103_PINCTRL_AP,
    T8103_NUB_SPMI,
    T8103_PINCTRL_NUB,
    T8103_PMGR_MINI,
    T8103_WDT,
    T8103_SMC,
    T8103_SMC_MBOX,
    T8103_PINCTRL_SMC,
    T8103_SMC_SRAM,
    T8103_PINCTRL_AOP,
    T8103_ASC,
    T8103_ASC_MBOX,
    T8103_SART,
    T8103_ANS2,
    T8103_POWERKEY,
    T8103_POWEROFF,
    T8103_ATCPHY0_AXI,
    T8103_DWC3_0,
    T8103_ATCPHY0_PIPE,
    T8103_ATCPHY0_USB2,
    T8103_DWC3_0_DART0,
    T8103_DWC3_0_DART1,
    T8103_ATCPHY0_CORE,
    T8103_ATCPHY0_LPDPTX,
    T8103_ATCPHY1_AXI,
    T8103_DWC3_1,
    T8103_ATCPHY1_PIPE,
    T8103_ATCPHY1_USB2,
    T8103_DWC3_1_DART0,
    T8103_DWC3_1_DART1,
    T8103_ATCPHY1_CORE,
    T8103_ATCPHY1_LPDPTX,
    T8103_PCIE_RC,
    T8103_PCIE_PORT0,
    T8103_PCIE_DART0,
    T8103_PCIE_PORT1,
    T8103_PCIE_DART1,
    T8103_PCIE_PORT2,
    T8103_PCIE_DART2,
    T8103_PCIE_CONFIG,
    T8103_DRAM,
    T8103_NUM_RANGES
};

typedef struct AppleT8103Range {
    hwaddr addr;
    uint64_t size;
    const char *name;
} AppleT8103Range;

extern const AppleT8103Range apple_t8103_memmap[T8103_NUM_RANGES];

#endif
