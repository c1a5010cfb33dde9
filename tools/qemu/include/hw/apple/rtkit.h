/*
 * Apple RTKit: the firmware of the ANS co-processor, as seen by the AP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Speaks the management protocol and the system endpoints over the ASC
 * mailbox, asks for its buffers, writes syslog lines and crash logs into them
 * through SART, and says when the NVMe controller may be used.
 *
 * QEMU interface:
 *  + Property "asc" (link, apple-asc)
 *  + Property "sart" (link, apple-sart)
 *  + Property "judge" (link, apple-judge)
 *  + Property "dice" (link, apple-dice)
 *  + Property "firmware" (string "old" or "2026"): with "2026" missing
 *    crashlog or ioreport buffers crash the firmware
 *  + Property "handover" (string "off", "asleep" or "running"): the state in
 *    which the boot loader left the firmware
 *  + Named GPIO input "sart-fault": SART refused an access; the firmware dies
 *  + Named GPIO input "link": 1 while the domain of the NAND's PCIe link is on
 *  + Named GPIO output "boot-status": 1 while BOOT_STATUS reads "ready"
 *  + Named GPIO output "crashed": 1 after a crash, until reset
 *  + QOM property "state" (string, read-only)
 *  + QOM property "crash" (string, write-only): crash now, with this reason
 *  + further fault knobs as QOM properties, listed in rtkit-fault.c
 */

#ifndef HW_APPLE_RTKIT_H
#define HW_APPLE_RTKIT_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_RTKIT "apple-rtkit"
OBJECT_DECLARE_SIMPLE_TYPE(AppleRtkitState, APPLE_RTKIT)

/**
 * apple_rtkit_syslog: let the firmware write a syslog line
 * @s: the firmware
 * @context: the source of the line as the firmware prints it, e.g. "cmd.c"
 * @fmt: the line, without a newline
 *
 * Dropped silently unless the syslog endpoint is started and has its buffer.
 */
void apple_rtkit_syslog(AppleRtkitState *s, const char *context,
                        const char *fmt, ...) G_GNUC_PRINTF(3, 4);

/**
 * apple_rtkit_awake: whether the firmware is started, and not asleep or dead
 * @s: the firmware
 */
bool apple_rtkit_awake(const AppleRtkitState *s);

/**
 * apple_rtkit_crash: the firmware dies
 * @s: the firmware
 * @reason: goes into the crash log
 *
 * Writes the crash log, sends the crash message, then stays silent until the
 * block is reset.  No effect if it is not running or crashed already.
 */
void apple_rtkit_crash(AppleRtkitState *s, const char *reason);

#endif
