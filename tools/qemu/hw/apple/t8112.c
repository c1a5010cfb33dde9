/*
 * Apple M2 (t8112)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses, interrupt numbers, PMGR words and affinities are those of Linux's
 * devicetree, the parts of the CPUs those of its cputype.h.
 *
 * Model choices, because no source tells: how many interrupts the AIC has
 * (there is room for 4096, as that puts its event register where it is), and
 * the revisions of the CPUs.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "hw/apple/soc.h"

static const AppleSocRange t8112_unimplemented[] = {
    { 0x204000000, 0x1000000, "gpu-sgx" },
    { 0x206400000,   0x40000, "gpu-asc" },
    { 0x210e20000,    0x1000, "cpufreq-e" },
    { 0x211e20000,    0x1000, "cpufreq-p" },
    { 0x228200000,    0xc000, "display-dfr-be" },
    { 0x228304000,    0x4000, "displaydfr-dart" },
    { 0x228400000,    0x4000, "display-dfr-fe" },
    { 0x228600000,  0x100000, "displaydfr-mipi" },
    { 0x235004000,    0x4000, "sio-dart" },
    { 0x235010000,    0x4000, "i2c0" },
    { 0x235014000,    0x4000, "i2c1" },
    { 0x235018000,    0x4000, "i2c2" },
    { 0x23501c000,    0x4000, "i2c3" },
    { 0x235020000,    0x4000, "i2c4" },
    { 0x235044000,    0x4000, "fpwm1" },
    { 0x235104000,    0x4000, "spi1" },
    { 0x23510c000,    0x4000, "spi3" },
    { 0x238200000,   0x34000, "admac" },
    { 0x238300000,   0x30000, "mca" },
    { 0x238400000,   0x18000, "mca" },
    { 0x23b044000,   0x14000, "nco" },
    { 0x23c100000,  0x100000, "pinctrl-ap" },
    { 0x23d1f0000,    0x4000, "pinctrl-nub" },
    { 0x23d714000,     0x100, "nub-spmi" },
    { 0x23e400000,    0x4000, "smc-smc" },
    { 0x23e820000,    0x4000, "pinctrl-smc" },
    { 0x23fe00000,  0x100000, "smc-sram" },
    { 0x24a820000,    0x4000, "pinctrl-aop" },
    { 0x380000000,    0x4000, "atcphy0-axi2af" },
    { 0x382280000,   0x10000, "dwc3-0" },
    { 0x382a84000,    0x4000, "atcphy0-pipe" },
    { 0x382a90000,    0x4000, "atcphy0-usb2" },
    { 0x382f00000,    0x4000, "dwc3-0-dart0" },
    { 0x382f80000,    0x4000, "dwc3-0-dart1" },
    { 0x383000000,   0x4c000, "atcphy0-core" },
    { 0x383050000,    0x8000, "atcphy0-lpdptx" },
    { 0x500000000,    0x4000, "atcphy1-axi2af" },
    { 0x502280000,   0x10000, "dwc3-1" },
    { 0x502a84000,    0x4000, "atcphy1-pipe" },
    { 0x502a90000,    0x4000, "atcphy1-usb2" },
    { 0x502f00000,    0x4000, "dwc3-1-dart0" },
    { 0x502f80000,    0x4000, "dwc3-1-dart1" },
    { 0x503000000,   0x4c000, "atcphy1-core" },
    { 0x503050000,    0x8000, "atcphy1-lpdptx" },
    { 0x680000000,  0x100000, "pcie0-rc" },
    { 0x681000000,    0x4000, "pcie0-port0" },
    { 0x681008000,    0x4000, "pcie0-dart" },
    { 0x682000000,    0x4000, "pcie0-port1" },
    { 0x682008000,    0x4000, "pcie1-dart" },
    { 0x683000000,    0x4000, "pcie0-port2" },
    { 0x683008000,    0x4000, "pcie2-dart" },
    { 0x684000000,    0x4000, "pcie0-port3" },
    { 0x684008000,    0x4000, "pcie3-dart" },
    { 0x690000000, 0x1000000, "pcie0-config" },
};

#define NUM_IRQS 2048

const AppleSocInfo apple_t8112 = {
    .type = "apple-t8112",
    .desc = "Apple M2 system on chip",
    .num_dies = 1,
    .dram = 0x800000000,
    .max_ram = 24 * GiB,

    .cluster = {
        { "ecluster", 4, 0x00000, 0x611f0321 },     /* Blizzard */
        { "pcluster", 4, 0x10100, 0x611f0331 },     /* Avalanche */
    },
    .num_clusters = 2,

    .aic = {
        .version = 2,
        .addr = 0x23b0c0000,
        .event = 0x23b0c8000,
        .num_irqs = NUM_IRQS,
        .max_irqs = 4096,
        .max_dies = 1,
    },

    .uart = {
        { "uart0", 0x235200000, 739 },
        { "uart2", 0x235208000, 741 },
    },
    .num_uarts = 2,

    .pmgr = {
        { 0x23b700000, 0x14000, "pmgr" },
        { 0x23d280000,  0x4000, "pmgr-mini" },
    },
    .num_pmgrs = 2,
    .domain = {
        { 0, 0x428, APPLE_SOC_DOMAIN_ANS },         /* ans */
        { 0, 0x1a8, APPLE_SOC_DOMAIN_ANS_PARENT },  /* imx */
        { 0, 0x450, APPLE_SOC_DOMAIN_LINK },        /* apcie_st */
        { 0, 0x348, APPLE_SOC_DOMAIN_LINK },        /* apcie */
    },
    .num_domains = 4,

    .wdt = 0x23d2b0000,
    .wdt_irq = 379,

    .ans = {
        .asc = 0x277400000,
        .mbox = 0x277408000,
        .sart = 0x27bc50000,
        .nvme = 0x27bcc0000,
        .mbox_irq = 717,
        .nvme_irq = 724,
        .sart_version = 3,
    },

    .idle_mbox = {
        { 0x206408000, 0x4000, "agx-mbox" },
        { 0x23e408000, 0x4000, "smc-mbox" },
    },
    .num_idle_mboxes = 2,

    .powerkey = 0x2fffe0000,
    .powerkey_irq = NUM_IRQS - 1,
    .poweroff = 0x2ffff0000,

    .unimplemented = t8112_unimplemented,
    .num_unimplemented = ARRAY_SIZE(t8112_unimplemented),
};
