/*
 * Apple M1 Pro, M1 Max and M1 Ultra (t6000, t6001, t6002)
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Addresses, interrupt numbers, PMGR words and affinities are those of Linux's
 * devicetree, the parts of the CPUs those of its cputype.h.  The first two
 * have one die, the third is two of the second: what t600x-dieX.dtsi names is
 * on both.  The ANS group of the Ultra is on its second die, and its NVMe
 * interrupt on the first all the same.
 *
 * Model choices, because no source tells: how many interrupts the AIC has
 * (there is room for 4096, as that puts its event register where it is), the
 * revisions of the CPUs, and where the second serial port is, which the
 * devicetree does not name.
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "hw/apple/soc.h"

static const AppleSocRange t600x_unimplemented[] = {
    {  0x210e20000,    0x1000, "cpufreq-e", true },
    {  0x211e20000,    0x1000, "cpufreq-p0", true },
    {  0x212e20000,    0x1000, "cpufreq-p1", true },
    {  0x28e03c000,   0x14000, "nco" },
    {  0x290400000,    0x4000, "smc-smc" },
    {  0x290820000,    0x4000, "pinctrl-smc" },
    {  0x291e00000,  0x100000, "smc-sram" },
    {  0x2920a1300,     0x100, "nub-spmi0" },
    {  0x2921f0000,    0x4000, "pinctrl-nub", true },
    {  0x293820000,    0x4000, "pinctrl-aop", true },
    {  0x39b004000,    0x4000, "sio-dart0" },
    {  0x39b008000,    0x8000, "sio-dart1" },
    {  0x39b028000,    0x4000, "pinctrl-ap", true },
    {  0x39b030000,    0x4000, "fpwm0" },
    {  0x39b040000,    0x4000, "i2c0" },
    {  0x39b044000,    0x4000, "i2c1" },
    {  0x39b048000,    0x4000, "i2c2" },
    {  0x39b04c000,    0x4000, "i2c3" },
    {  0x39b050000,    0x4000, "i2c4" },
    {  0x39b054000,    0x4000, "i2c5" },
    {  0x39b104000,    0x4000, "spi1" },
    {  0x39b10c000,    0x4000, "spi3" },
    {  0x39b400000,   0x34000, "admac" },
    {  0x39b500000,   0x20000, "mca" },
    {  0x39b600000,   0x10000, "mca" },
    {  0x404000000, 0x1000000, "gpu-sgx" },
    {  0x406400000,   0x40000, "gpu-asc" },
    {  0x580000000,  0x100000, "pcie0-rc" },
    {  0x581000000,    0x4000, "pcie0-port0" },
    {  0x581008000,    0x4000, "pcie0-dart0" },
    {  0x582000000,    0x4000, "pcie0-port1" },
    {  0x582008000,    0x4000, "pcie0-dart1" },
    {  0x583000000,    0x4000, "pcie0-port2" },
    {  0x583008000,    0x4000, "pcie0-dart2" },
    {  0x584000000,    0x4000, "pcie0-port3" },
    {  0x584008000,    0x4000, "pcie0-dart3" },
    {  0x590000000, 0x1000000, "pcie0-config" },
    {  0x700000000,    0x4000, "atcphy0-axi2af", true },
    {  0x702280000,   0x10000, "dwc3-0", true },
    {  0x702a84000,    0x4000, "atcphy0-pipe", true },
    {  0x702a90000,    0x4000, "atcphy0-usb2", true },
    {  0x702f00000,    0x4000, "dwc3-0-dart0", true },
    {  0x702f80000,    0x4000, "dwc3-0-dart1", true },
    {  0x703000000,   0x4c000, "atcphy0-core", true },
    {  0x703050000,    0x8000, "atcphy0-lpdptx", true },
    {  0xb00000000,    0x4000, "atcphy1-axi2af", true },
    {  0xb02280000,   0x10000, "dwc3-1", true },
    {  0xb02a84000,    0x4000, "atcphy1-pipe", true },
    {  0xb02a90000,    0x4000, "atcphy1-usb2", true },
    {  0xb02f00000,    0x4000, "dwc3-1-dart0", true },
    {  0xb02f80000,    0x4000, "dwc3-1-dart1", true },
    {  0xb03000000,   0x4c000, "atcphy1-core", true },
    {  0xb03050000,    0x8000, "atcphy1-lpdptx", true },
    {  0xf00000000,    0x4000, "atcphy2-axi2af", true },
    {  0xf02280000,   0x10000, "dwc3-2", true },
    {  0xf02a84000,    0x4000, "atcphy2-pipe", true },
    {  0xf02a90000,    0x4000, "atcphy2-usb2", true },
    {  0xf02f00000,    0x4000, "dwc3-2-dart0", true },
    {  0xf02f80000,    0x4000, "dwc3-2-dart1", true },
    {  0xf03000000,   0x4c000, "atcphy2-core", true },
    {  0xf03050000,    0x8000, "atcphy2-lpdptx", true },
    { 0x1300000000,    0x4000, "atcphy3-axi2af", true },
    { 0x1302280000,   0x10000, "dwc3-3", true },
    { 0x1302a84000,    0x4000, "atcphy3-pipe", true },
    { 0x1302a90000,    0x4000, "atcphy3-usb2", true },
    { 0x1302f00000,    0x4000, "dwc3-3-dart0", true },
    { 0x1302f80000,    0x4000, "dwc3-3-dart1", true },
    { 0x1303000000,   0x4c000, "atcphy3-core", true },
    { 0x1303050000,    0x8000, "atcphy3-lpdptx", true },
};

#define DIE_STRIDE 0x2000000000
#define DRAM 0x10000000000
#define PA_BITS 42
#define NUM_IRQS 2048

#define MIDR_ICESTORM_PRO 0x611f0241
#define MIDR_FIRESTORM_PRO 0x611f0251
#define MIDR_ICESTORM_MAX 0x611f0281
#define MIDR_FIRESTORM_MAX 0x611f0291

#define T600X_AIC {             \
    .version = 2,               \
    .addr = 0x28e100000,        \
    .event = 0x28e10c000,       \
    .num_irqs = NUM_IRQS,       \
    .max_irqs = 4096,           \
    .max_dies = 2,              \
}

#define T600X_UARTS {                               \
    { "uart0", 0x39b200000, 1097 },                 \
    { "uart2", 0x39b208000, 1099, "serial2" },      \
}

/* The last one is not in the M1 Pro */
#define T600X_PMGRS {                               \
    { 0x28e080000, 0x4000, "pmgr" },                \
    { 0x28e580000, 0xc000, "pmgr-east" },           \
    { 0x292280000, 0x4000, "pmgr-mini" },           \
    { 0x28e680000, 0xc000, "pmgr-south" },          \
}

#define T600X_DOMAINS {                                             \
    { 1, 0x3b8, APPLE_SOC_DOMAIN_ANS },         /* ans2 */          \
    { 1, 0x158, APPLE_SOC_DOMAIN_ANS_PARENT },  /* afnc2_lw0 */     \
    { 0, 0x2e8, APPLE_SOC_DOMAIN_LINK },        /* apcie_st_sys */  \
    { 0, 0x2f0, APPLE_SOC_DOMAIN_LINK },        /* apcie_st1_sys */ \
    { 0, 0x148, APPLE_SOC_DOMAIN_LINK },        /* apcie_st */      \
}

#define T600X_ANS(_die) {                       \
    .die = (_die),                              \
    .asc = 0x38f400000,                         \
    .mbox = 0x38f408000,                        \
    .sart = 0x393c50000,                        \
    .nvme = 0x393cc0000,                        \
    .mbox_irq = APPLE_SOC_IRQ(_die, 1069),      \
    .nvme_irq = APPLE_SOC_IRQ(0, 1613),         \
    .sart_version = 3,                          \
}

#define T600X_IDLE_MBOXES {                     \
    { 0x406408000, 0x4000, "agx-mbox" },        \
    { 0x290408000, 0x4000, "smc-mbox" },        \
}

const AppleSocInfo apple_t6000 = {
    .type = "apple-t6000",
    .desc = "Apple M1 Pro system on chip",
    .num_dies = 1,
    .die_stride = DIE_STRIDE,
    .dram = DRAM,
    .max_ram = 32 * GiB,
    .pa_bits = PA_BITS,

    .cluster = {
        { "ecluster", 2, 0x00000, MIDR_ICESTORM_PRO },
        { "pcluster0", 4, 0x10100, MIDR_FIRESTORM_PRO },
        { "pcluster1", 4, 0x10200, MIDR_FIRESTORM_PRO },
    },
    .num_clusters = 3,

    .aic = T600X_AIC,
    .uart = T600X_UARTS,
    .num_uarts = 2,
    .pmgr = T600X_PMGRS,
    .num_pmgrs = 3,
    .domain = T600X_DOMAINS,
    .num_domains = 5,
    .wdt = 0x2922b0000,
    .wdt_irq = 631,
    .ans = T600X_ANS(0),
    .idle_mbox = T600X_IDLE_MBOXES,
    .num_idle_mboxes = 2,
    .powerkey = 0x2fffe0000,
    .powerkey_irq = NUM_IRQS - 1,
    .poweroff = 0x2ffff0000,
    .unimplemented = t600x_unimplemented,
    .num_unimplemented = ARRAY_SIZE(t600x_unimplemented),
};

const AppleSocInfo apple_t6001 = {
    .type = "apple-t6001",
    .desc = "Apple M1 Max system on chip",
    .num_dies = 1,
    .die_stride = DIE_STRIDE,
    .dram = DRAM,
    .max_ram = 64 * GiB,
    .pa_bits = PA_BITS,

    .cluster = {
        { "ecluster", 2, 0x00000, MIDR_ICESTORM_MAX },
        { "pcluster0", 4, 0x10100, MIDR_FIRESTORM_MAX },
        { "pcluster1", 4, 0x10200, MIDR_FIRESTORM_MAX },
    },
    .num_clusters = 3,

    .aic = T600X_AIC,
    .uart = T600X_UARTS,
    .num_uarts = 2,
    .pmgr = T600X_PMGRS,
    .num_pmgrs = 4,
    .domain = T600X_DOMAINS,
    .num_domains = 5,
    .wdt = 0x2922b0000,
    .wdt_irq = 631,
    .ans = T600X_ANS(0),
    .idle_mbox = T600X_IDLE_MBOXES,
    .num_idle_mboxes = 2,
    .powerkey = 0x2fffe0000,
    .powerkey_irq = NUM_IRQS - 1,
    .poweroff = 0x2ffff0000,
    .unimplemented = t600x_unimplemented,
    .num_unimplemented = ARRAY_SIZE(t600x_unimplemented),
};

const AppleSocInfo apple_t6002 = {
    .type = "apple-t6002",
    .desc = "Apple M1 Ultra system on chip",
    .num_dies = 2,
    .die_stride = DIE_STRIDE,
    .dram = DRAM,
    .max_ram = 128 * GiB,
    .pa_bits = PA_BITS,

    .cluster = {
        { "ecluster", 2, 0x00000, MIDR_ICESTORM_MAX },
        { "pcluster0", 4, 0x10100, MIDR_FIRESTORM_MAX },
        { "pcluster1", 4, 0x10200, MIDR_FIRESTORM_MAX },
        { "ecluster-die1", 2, 0x00800, MIDR_ICESTORM_MAX },
        { "pcluster0-die1", 4, 0x10900, MIDR_FIRESTORM_MAX },
        { "pcluster1-die1", 4, 0x10a00, MIDR_FIRESTORM_MAX },
    },
    .num_clusters = 6,

    .aic = T600X_AIC,
    .uart = T600X_UARTS,
    .num_uarts = 2,
    .pmgr = T600X_PMGRS,
    .num_pmgrs = 4,
    .domain = T600X_DOMAINS,
    .num_domains = 5,
    .wdt = 0x2922b0000,
    .wdt_irq = 631,
    .ans = T600X_ANS(1),
    .idle_mbox = T600X_IDLE_MBOXES,
    .num_idle_mboxes = 2,
    .powerkey = 0x2fffe0000,
    .powerkey_irq = NUM_IRQS - 1,
    .poweroff = 0x2ffff0000,
    .unimplemented = t600x_unimplemented,
    .num_unimplemented = ARRAY_SIZE(t600x_unimplemented),
};
