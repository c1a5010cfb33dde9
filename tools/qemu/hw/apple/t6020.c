/*
 * Apple M2 Pro (t6020)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses, interrupt numbers, PMGR words and affinities are those of Linux's
 * devicetree, the parts of the CPUs those of its cputype.h.
 *
 * Model choices, because no source tells: how many interrupts the AIC has
 * (there is room for 4096, as that puts its event register where it is), the
 * revisions of the CPUs, and where the second serial port is, which the
 * devicetree does not name.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "hw/apple/soc.h"

static const AppleSocRange t6020_unimplemented[] = {
    {  0x210e20000,    0x1000, "cpufreq-e" },
    {  0x211e20000,    0x1000, "cpufreq-p0" },
    {  0x212e20000,    0x1000, "cpufreq-p1" },
    {  0x28e03c000,   0x14000, "nco" },
    {  0x29e114000,     0x100, "nub-spmi0" },
    {  0x29e1f0000,    0x4000, "pinctrl-nub" },
    {  0x2a2400000,    0x4000, "smc-smc" },
    {  0x2a2820000,    0x4000, "pinctrl-smc" },
    {  0x2a3e00000,  0x100000, "smc-sram" },
    {  0x2a6820000,    0x4000, "pinctrl-aop" },
    {  0x39b008000,    0x8000, "sio-dart" },
    {  0x39b028000,    0x4000, "pinctrl-ap" },
    {  0x39b030000,    0x4000, "fpwm0" },
    {  0x39b040000,    0x4000, "i2c0" },
    {  0x39b044000,    0x4000, "i2c1" },
    {  0x39b048000,    0x4000, "i2c2" },
    {  0x39b04c000,    0x4000, "i2c3" },
    {  0x39b050000,    0x4000, "i2c4" },
    {  0x39b054000,    0x4000, "i2c8" },
    {  0x39b104000,    0x4000, "spi1" },
    {  0x39b108000,    0x4000, "spi2" },
    {  0x39b110000,    0x4000, "spi4" },
    {  0x39b400000,   0x34000, "admac" },
    {  0x39b500000,   0x20000, "mca" },
    {  0x39b600000,   0x10000, "mca" },
    {  0x404000000, 0x1000000, "gpu-sgx" },
    {  0x406400000,   0x40000, "gpu-asc" },
    {  0x580000000, 0x1000000, "pcie0-config" },
    {  0x591000000,    0x4000, "pcie0-rc" },
    {  0x594000000,    0x4000, "pcie0-dart0" },
    {  0x594008000,    0x4000, "pcie0-port0" },
    {  0x595000000,    0x4000, "pcie0-dart1" },
    {  0x595008000,    0x4000, "pcie0-port1" },
    {  0x596000000,    0x4000, "pcie0-dart2" },
    {  0x596008000,    0x4000, "pcie0-port2" },
    {  0x597000000,    0x4000, "pcie0-dart3" },
    {  0x597008000,    0x4000, "pcie0-port3" },
    {  0x59e00c000,    0x4000, "pcie0-phy0" },
    {  0x59e010000,    0x4000, "pcie0-phy1" },
    {  0x59e014000,    0x4000, "pcie0-phy2" },
    {  0x59e018000,    0x4000, "pcie0-phy3" },
    {  0x700000000,    0x4000, "atcphy0-axi2af" },
    {  0x702280000,   0x10000, "dwc3-0" },
    {  0x702a84000,    0x4000, "atcphy0-pipe" },
    {  0x702a90000,    0x4000, "atcphy0-usb2" },
    {  0x702f00000,    0x4000, "dwc3-0-dart0" },
    {  0x702f80000,    0x4000, "dwc3-0-dart1" },
    {  0x703000000,   0x4c000, "atcphy0-core" },
    {  0x703050000,    0x8000, "atcphy0-lpdptx" },
    {  0xb00000000,    0x4000, "atcphy1-axi2af" },
    {  0xb02280000,   0x10000, "dwc3-1" },
    {  0xb02a84000,    0x4000, "atcphy1-pipe" },
    {  0xb02a90000,    0x4000, "atcphy1-usb2" },
    {  0xb02f00000,    0x4000, "dwc3-1-dart0" },
    {  0xb02f80000,    0x4000, "dwc3-1-dart1" },
    {  0xb03000000,   0x4c000, "atcphy1-core" },
    {  0xb03050000,    0x8000, "atcphy1-lpdptx" },
    {  0xf00000000,    0x4000, "atcphy2-axi2af" },
    {  0xf02280000,   0x10000, "dwc3-2" },
    {  0xf02a84000,    0x4000, "atcphy2-pipe" },
    {  0xf02a90000,    0x4000, "atcphy2-usb2" },
    {  0xf02f00000,    0x4000, "dwc3-2-dart0" },
    {  0xf02f80000,    0x4000, "dwc3-2-dart1" },
    {  0xf03000000,   0x4c000, "atcphy2-core" },
    {  0xf03050000,    0x8000, "atcphy2-lpdptx" },
    { 0x1300000000,    0x4000, "atcphy3-axi2af" },
    { 0x1302280000,   0x10000, "dwc3-3" },
    { 0x1302a84000,    0x4000, "atcphy3-pipe" },
    { 0x1302a90000,    0x4000, "atcphy3-usb2" },
    { 0x1302f00000,    0x4000, "dwc3-3-dart0" },
    { 0x1302f80000,    0x4000, "dwc3-3-dart1" },
    { 0x1303000000,   0x4c000, "atcphy3-core" },
    { 0x1303050000,    0x8000, "atcphy3-lpdptx" },
};

#define NUM_IRQS 2048

#define MIDR_BLIZZARD_PRO 0x611f0341
#define MIDR_AVALANCHE_PRO 0x611f0351

const AppleSocInfo apple_t6020 = {
    .type = "apple-t6020",
    .desc = "Apple M2 Pro system on chip",
    .num_dies = 1,
    .dram = 0x10000000000,
    .max_ram = 32 * GiB,
    .pa_bits = 42,

    .cluster = {
        { "ecluster", 4, 0x00000, MIDR_BLIZZARD_PRO },
        { "pcluster0", 4, 0x10100, MIDR_AVALANCHE_PRO },
        { "pcluster1", 4, 0x10200, MIDR_AVALANCHE_PRO },
    },
    .num_clusters = 3,

    .aic = {
        .version = 2,
        .addr = 0x28e100000,
        .event = 0x28e10c000,
        .num_irqs = NUM_IRQS,
        .max_irqs = 4096,
        .max_dies = 2,
    },

    .uart = {
        { "uart0", 0x39b200000, 1198 },
        { "uart2", 0x39b208000, 1200, "serial2" },
    },
    .num_uarts = 2,

    .pmgr = {
        { 0x28e080000, 0x8000, "pmgr" },
        { 0x290280000, 0xc000, "pmgr-east" },
        { 0x29e280000, 0x4000, "pmgr-mini" },
        { 0x404e80000, 0x4000, "pmgr-gfx" },
    },
    .num_pmgrs = 4,
    .domain = {
        { 1, 0x1a8, APPLE_SOC_DOMAIN_ANS },         /* ans2 */
        { 1, 0x158, APPLE_SOC_DOMAIN_ANS_PARENT },  /* afnc6_lw0 */
        { 1, 0x408, APPLE_SOC_DOMAIN_LINK },        /* apcie_st_sys */
        { 1, 0x410, APPLE_SOC_DOMAIN_LINK },        /* apcie_st1_sys */
        { 1, 0x1a0, APPLE_SOC_DOMAIN_LINK },        /* apcie_st */
    },
    .num_domains = 5,

    .wdt = 0x29e2c4000,
    .wdt_irq = 719,

    .ans = {
        .asc = 0x347400000,
        .mbox = 0x347408000,
        .sart = 0x34bc50000,
        .nvme = 0x34bcc0000,
        .mbox_irq = 1169,
        .nvme_irq = 1832,
        .sart_version = 3,
    },

    .idle_mbox = {
        { 0x406408000, 0x4000, "agx-mbox" },
        { 0x2a2408000, 0x4000, "smc-mbox" },
    },
    .num_idle_mboxes = 2,

    .powerkey = 0x2fffe0000,
    .powerkey_irq = NUM_IRQS - 1,
    .poweroff = 0x2ffff0000,

    .unimplemented = t6020_unimplemented,
    .num_unimplemented = ARRAY_SIZE(t6020_unimplemented),
};
