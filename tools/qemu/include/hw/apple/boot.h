/*
 * Apple machines: what the boot loader does before the kernel
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_APPLE_BOOT_H
#define HW_APPLE_BOOT_H

#include "hw/apple/soc.h"
#include "hw/boards.h"
#include "target/arm/cpu.h"

/**
 * struct AppleBootInfo - what the boot loader knows of the board
 * @num_cpus: CPUs that are there; the devicetree may name more
 * @dtb: file name of its devicetree
 * @soc: what is in it; DRAM begins at its @dram
 * @ram_size: how much of it the kernel may use
 * @poweroff_addr: address of the power-off register, 0 if there is none
 * @powerkey_addr: address of the power key's registers, 0 if there is none
 */
typedef struct AppleBootInfo {
    unsigned num_cpus;
    const char *dtb;
    const AppleSocInfo *soc;
    uint64_t ram_size;
    hwaddr poweroff_addr;
    hwaddr powerkey_addr;
} AppleBootInfo;

/**
 * apple_boot_load: load kernel, initrd and devicetree
 * @machine: names the files and the command line
 * @cpu: the CPU that runs the kernel first
 * @info: the board; copied
 *
 * Ends QEMU with a message if a file is missing or not what it should be.
 */
void apple_boot_load(MachineState *machine, ARMCPU *cpu,
                     const AppleBootInfo *info);

#endif
