/*
 * Apple RTKit: the ioreport endpoint
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware: after it has its buffer it sends messages of type 0x8 and 0xc
 * whose meaning nobody knows.  Each must come back unchanged, or the firmware
 * does not finish its start (Linux rtkit.c, U-Boot and m1n1 echo them).
 *
 * Model choices, not known from hardware: one message of each type, the
 * second after the echo of the first, payload as below.  Both come before the
 * power ack, because U-Boot does not look at the mailbox after it.
 */

#include "qemu/osdep.h"
#include "rtkit-internal.h"
#include "trace.h"

static const uint64_t rtkit_ioreport_messages[RTKIT_IOREPORT_MESSAGES] = {
    0x0080000000000001,
    0x00c0000000000001,
};

void rtkit_ioreport_start(AppleRtkitState *s)
{
    s->ioreport_step = 0;
    s->ioreport_waits = true;
    if (s->faulty && s->fault.garbage_ioreport) {
        rtkit_send_garbage(s, RTKIT_EP_IOREPORT);
    }
    rtkit_send(s, RTKIT_EP_IOREPORT, rtkit_ioreport_messages[0]);
}

/* Anything but a buffer reply that the AP sends to the endpoint */
void rtkit_ioreport_message(AppleRtkitState *s, uint64_t msg0)
{
    if (s->faulty && s->fault.garbage_ioreport && rtkit_is_garbage(msg0)) {
        return;
    }
    if (!s->ioreport_waits) {
        apple_judge_violation(s->judge, APPLE_RULE_RTKIT_MESSAGE,
                              "ioreport message 0x%016" PRIx64 ", but no echo "
                              "is due", msg0);
        return;
    }
    if (msg0 != rtkit_ioreport_messages[s->ioreport_step]) {
        apple_judge_violation(s->judge, APPLE_RULE_RTKIT_MESSAGE,
                              "ioreport echo 0x%016" PRIx64 " differs from "
                              "the message 0x%016" PRIx64, msg0,
                              rtkit_ioreport_messages[s->ioreport_step]);
        return;
    }

    s->ioreport_step++;
    s->ioreport_waits = s->ioreport_step < RTKIT_IOREPORT_MESSAGES;
    if (s->ioreport_waits) {
        rtkit_send(s, RTKIT_EP_IOREPORT,
                   rtkit_ioreport_messages[s->ioreport_step]);
    }
}
