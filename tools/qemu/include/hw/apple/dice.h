/*
 * Apple M1 machine: the dice, by which things go wrong at random
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  Devices that can misbehave throw the dice at each opportunity
 * and do what falls.  The numbers come from a generator of its own, so the same
 * seed and the same behaviour of the guest give the same faults.
 *
 * QEMU interface:
 *  + QOM property "random" (string): "SEED:N" or "SEED:N:CLASS+CLASS...": one
 *    of N opportunities, at random, has a fault, of these classes or of all
 *    that a correct driver survives; SEED is 0 to 2^64 - 1, N is 1 to 2^32 - 1.
 *    A "+" before the first class adds to those.  "" (default): no faults
 *  + QOM property "count" (dict, read-only): class -> faults since "random" was
 *    last set, only classes that fell
 *
 * Neither a reset nor an end of the faults changes the count; all is migrated.
 */

#ifndef HW_APPLE_DICE_H
#define HW_APPLE_DICE_H

#include "hw/qdev-core.h"
#include "qom/object.h"

#define TYPE_APPLE_DICE "apple-dice"
OBJECT_DECLARE_SIMPLE_TYPE(AppleDiceState, APPLE_DICE)

/* Opportunities */
typedef enum AppleDiceWhen {
    APPLE_DICE_IO = 1,          /* an I/O command is taken */
    APPLE_DICE_ADMIN = 2,       /* an admin command is taken */
    APPLE_DICE_CONTROL = 4,     /* enable, disable, shutdown */
    APPLE_DICE_INVALIDATE = 8,  /* a TCB is invalidated */
    APPLE_DICE_START = 16,      /* the firmware is started or woken */
} AppleDiceWhen;

#define APPLE_DICE_COMMAND  (APPLE_DICE_IO | APPLE_DICE_ADMIN)

/*
 * X(C name, name, opportunities, survivable)
 *
 * Not survivable, and only there if named, is what tells the driver that a
 * command is over which is not: the ids of entries are all that it has.  What
 * it does with the memory then is right by every rule, and the data are lost.
 * Faults of admin commands are only those that every driver can wait for, as
 * one that fails while the controller is set up may well be the end of it.
 */
#define APPLE_DICE_CLASSES(X)                                              \
    /* the completion does not interrupt */                                \
    X(LOST_INTERRUPT, "lost-interrupt", APPLE_DICE_COMMAND, true)          \
    /* the command, RDY or SHST comes up to 1 s later */                   \
    X(SLOW, "slow", APPLE_DICE_COMMAND | APPLE_DICE_CONTROL, true)         \
    /* the completion comes up to 1 s after the command was executed */    \
    X(LATE, "late", APPLE_DICE_COMMAND, true)                              \
    /* the completion entry is there twice */                              \
    X(TWICE, "twice", APPLE_DICE_COMMAND, true)                            \
    /* Internal Error, without "do not retry" */                           \
    X(FAILED, "failed", APPLE_DICE_IO, true)                               \
    /* the command is never executed */                                    \
    X(LOST, "lost", APPLE_DICE_IO, true)                                   \
    /* the completion has an id that is no tag, 0x40 to 0xff */            \
    X(NO_TAG, "no-tag", APPLE_DICE_IO, true)                               \
    /* the completion has the wrong phase bit */                           \
    X(PHASE, "phase", APPLE_DICE_IO, true)                                 \
    /* the firmware crashes, CSTS.CFS rises, or CSTS.RDY falls */          \
    X(CRASH, "crash", APPLE_DICE_IO, true)                                 \
    X(FATAL, "fatal", APPLE_DICE_IO, true)                                 \
    X(UNREADY, "unready", APPLE_DICE_IO, true)                             \
    /* TCB_STAT reads 1 for this invalidation */                           \
    X(TCB_STAT, "tcb-stat", APPLE_DICE_INVALIDATE, true)                   \
    /* HELLO comes up to 0.5 s later */                                    \
    X(SLOW_START, "slow-start", APPLE_DICE_START, true)                    \
    /* HELLO does not come; never at two starts in a row */                \
    X(FAILED_START, "failed-start", APPLE_DICE_START, true)                \
    /* the completion has the tag of another command that runs */          \
    X(WRONG_TAG, "wrong-tag", APPLE_DICE_IO, false)                        \
    /* the completion comes again when the tag is used again */            \
    X(STALE, "stale", APPLE_DICE_IO, false)

typedef enum AppleDiceClass {
    APPLE_DICE_NOTHING,
#define APPLE_DICE_ENUM(c, name, when, survivable) APPLE_DICE_##c,
    APPLE_DICE_CLASSES(APPLE_DICE_ENUM)
#undef APPLE_DICE_ENUM
    APPLE_DICE__MAX
} AppleDiceClass;

/**
 * apple_dice_throw: whether, and how, something goes wrong now
 * @s: the dice
 * @when: the opportunity
 *
 * Counts what it returns, which has to be done then.
 */
AppleDiceClass apple_dice_throw(AppleDiceState *s, AppleDiceWhen when);

/**
 * apple_dice_pick: a number at random, for a fault that has one
 * @s: the dice
 * @num: not 0
 *
 * Returns 0 to @num - 1.
 */
uint32_t apple_dice_pick(AppleDiceState *s, uint32_t num);

/**
 * apple_dice_pick_ns: a time at random
 * @s: the dice
 * @max_ms: the longest, in milliseconds
 *
 * Returns @max_ms or a half, a quarter ... of it, down to 1 ms, in nanoseconds.
 */
uint64_t apple_dice_pick_ns(AppleDiceState *s, uint32_t max_ms);

#endif
