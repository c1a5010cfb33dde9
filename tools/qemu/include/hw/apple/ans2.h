/*
 * Apple ANS2: NVMe controller with linear submission queues and NVMMU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the NVMe window (0x40000 bytes)
 *  + sysbus IRQ 0: the completion interrupt of both queues, level
 *  + Property "drive" (BlockBackend): namespace 1, 4096-byte blocks
 *  + Properties "drive2", "drive3" (BlockBackend): namespaces 2 and 3; if one
 *    is not given, the namespace is 4 MiB of RAM and lost with the machine
 *  + Property "serial" (string)
 *  + Property "rtkit" (link, apple-rtkit)
 *  + Property "sart" (link, apple-sart): for vendor command 0xD8
 *  + Property "judge" (link, apple-judge)
 *  + Property "dice" (link, apple-dice)
 *  + Property "firmware" (string "old" or "2026")
 *  + Property "handover-enabled" (bool): the boot loader left CC.EN=1
 *  + Named GPIO input "power": 1 while the power domain is on
 *  + Named GPIO input "boot-status": 1 while the firmware serves the window
 *  + Named GPIO input "crashed": 1 after a firmware crash
 *  + counters and fault knobs as QOM properties, listed in ans2-props.c
 *
 * Discards reach a raw image only if its -drive says discard=unmap.
 */

#ifndef HW_APPLE_ANS2_H
#define HW_APPLE_ANS2_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_ANS2 "apple-ans2"
OBJECT_DECLARE_SIMPLE_TYPE(AppleAns2State, APPLE_ANS2)

#endif
