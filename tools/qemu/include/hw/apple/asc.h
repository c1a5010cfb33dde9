/*
 * Apple ASC: wrapper of a co-processor, with its v4 mailbox
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * CPU_CONTROL starts and stops the co-processor; two FIFOs of 128-bit
 * messages lead to it (A2I) and back (I2A).  The co-processor itself is not
 * emulated: a firmware object (see rtkit.h) registers the functions below and
 * plays its part.
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: wrapper registers (0x8000 bytes, CPU_CONTROL)
 *  + sysbus MMIO region 1: mailbox (0x4000 bytes; wrapper + 0x8000)
 *  + sysbus IRQ 0..3: send-empty, send-not-empty, recv-empty, recv-not-empty;
 *    levels that follow the FIFOs, also in reset
 *  + Property "judge" (link, apple-judge)
 *  + Named GPIO input "power": 1 while the power domain is on
 *  + Named GPIO input "reset": 1 while the block is held in reset, so that
 *    CPU_CONTROL.RUN cannot be set
 *  + Named GPIO output "run": CPU_CONTROL.RUN
 */

#ifndef HW_APPLE_ASC_H
#define HW_APPLE_ASC_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_ASC "apple-asc"
OBJECT_DECLARE_SIMPLE_TYPE(AppleAscState, APPLE_ASC)

typedef struct AppleAscMessage {
    uint64_t msg0;      /* payload */
    uint8_t endpoint;   /* bits 7:0 of the second word */
} AppleAscMessage;

/**
 * struct AppleAscFirmware - what the co-processor does
 * @run_changed: CPU_CONTROL.RUN went from 0 to 1 or back
 * @message: the A2I FIFO is not empty; take messages with apple_asc_iop_recv()
 * @room: the I2A FIFO, full before, has room again
 *
 * All are called with the BQL held, from the vCPU that wrote the register.
 */
typedef struct AppleAscFirmware {
    void (*run_changed)(void *opaque, bool run);
    void (*message)(void *opaque);
    void (*room)(void *opaque);
} AppleAscFirmware;

void apple_asc_set_firmware(AppleAscState *s, const AppleAscFirmware *fw,
                            void *opaque);

/* Take the oldest message sent by the AP; false if there is none. */
bool apple_asc_iop_recv(AppleAscState *s, AppleAscMessage *msg);

/* Send a message to the AP; false if the FIFO is full (see @room). */
bool apple_asc_iop_send(AppleAscState *s, const AppleAscMessage *msg);

/* Set RUN as a boot loader left it; for hand-over states, before start. */
void apple_asc_preset_run(AppleAscState *s, bool run);

#endif
