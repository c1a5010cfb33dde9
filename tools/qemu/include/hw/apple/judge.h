/*
 * Apple M1 machine: the judge, which counts broken rules
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Every device of the machine that notices the guest breaking a rule reports
 * it here, together with a reason that a driver author can act on.  The host
 * reads the result over QMP; a test is good only if the total is zero.
 *
 * QEMU interface:
 *  + QOM property "violations" (uint64, read-only): how many since the last
 *    clear
 *  + QOM property "by-rule" (dict, read-only): rule name -> count, only rules
 *    that were broken
 *  + QOM property "log" (string list, read-only): the first
 *    APPLE_JUDGE_LOG_MAX reasons, "rule-name: reason"
 *  + QOM property "clear" (bool, write-only): writing true forgets everything
 *
 * A reset of the machine keeps the counts: a driver must not be able to hide
 * a violation behind a reboot.
 */

#ifndef HW_APPLE_JUDGE_H
#define HW_APPLE_JUDGE_H

#include "hw/qdev-core.h"
#include "qom/object.h"

#define TYPE_APPLE_JUDGE "apple-judge"
OBJECT_DECLARE_SIMPLE_TYPE(AppleJudgeState, APPLE_JUDGE)

#define APPLE_JUDGE_LOG_MAX 64

/*
 * One name per rule.  The C name is APPLE_RULE_<first>, the name on QMP is
 * the second.  A new rule changes the array that is migrated: raise version_id
 * and minimum_version_id of vmstate_judge in judge.c.
 */
#define APPLE_RULES(rule)                                                  \
    /* register use, every device */                                      \
    rule(REG_UNKNOWN,        "reg-unknown")                                \
    rule(REG_ACCESS,         "reg-access")     /* read-only, write-only */ \
    rule(REG_SIZE,           "reg-size")                                   \
    rule(REG_POWERED_OFF,    "reg-powered-off")                            \
    rule(REG_FORBIDDEN,      "reg-forbidden")  /* 0x24008, firmware 2026 */ \
    rule(REG_VALUE,          "reg-value")                                  \
    rule(REG_ORDER,          "reg-order")      /* e.g. before BOOT_STATUS */ \
    /* queues and tags */                                                  \
    rule(QUEUE_SETUP,        "queue-setup")                                \
    rule(QUEUE_ORDER,        "queue-order")    /* EN=0 with queues left */ \
    rule(CMD_IN_FLIGHT,      "cmd-in-flight")  /* EN=0, admin command runs */ \
    rule(TAG_RANGE,          "tag-range")                                  \
    rule(TAG_BUSY,           "tag-busy")                                   \
    rule(TAG_SHARED,         "tag-shared")     /* same tag in both queues */ \
    rule(CQ_DOORBELL,        "cq-doorbell")                                \
    rule(CQ_OVERRUN,         "cq-overrun")                                 \
    rule(DOORBELL_RACE,      "doorbell-race")  /* INVAL .. CQ head */     \
    /* NVMMU */                                                            \
    rule(TCB_OPCODE,         "tcb-opcode")                                 \
    rule(TCB_FLAGS,          "tcb-flags")                                  \
    rule(TCB_TAG,            "tcb-tag")                                    \
    rule(TCB_LENGTH,         "tcb-length")                                 \
    rule(TCB_PRP,            "tcb-prp")                                    \
    rule(TCB_RESERVED,       "tcb-reserved")                               \
    rule(TCB_NOT_INVALIDATED, "tcb-not-invalidated")                       \
    rule(TCB_INVALIDATE,     "tcb-invalidate") /* while the command runs */ \
    rule(TCB_SETUP,          "tcb-setup")                                  \
    rule(DMA_DENIED,         "dma-denied")     /* page or direction */     \
    rule(DMA_FAULT,          "dma-fault")      /* no memory there */       \
    /* commands */                                                         \
    rule(SQE_FIELD,          "sqe-field")                                  \
    rule(PRP_FORMAT,         "prp-format")                                 \
    rule(PRP_ALIGN,          "prp-align")      /* admin buffers, 2026 */   \
    rule(COMMAND_UNSUPPORTED, "command-unsupported") /* AER, Abort */      \
    /* co-processor */                                                     \
    rule(ASC_RUN,            "asc-run")        /* RUN cleared while awake */ \
    rule(MBOX_FULL,          "mbox-full")                                  \
    rule(MBOX_EMPTY,         "mbox-empty")                                 \
    rule(RTKIT_MESSAGE,      "rtkit-message")                              \
    rule(RTKIT_STATE,        "rtkit-state")                                \
    rule(RTKIT_BUFFER,       "rtkit-buffer")                               \
    rule(SART_DENIED,        "sart-denied")                                \
    rule(SART_ENTRY,         "sart-entry")     /* overlap, range, flags */ \
    rule(SART_ORDER,         "sart-order")     /* changed while allowing */ \
    rule(PMGR_RESET,         "pmgr-reset")     /* reset while running */  \
    rule(PMGR_LINK,          "pmgr-link")      /* no power for the NAND */

typedef enum AppleRule {
#define APPLE_RULE_ENUM(name, str) APPLE_RULE_##name,
    APPLE_RULES(APPLE_RULE_ENUM)
#undef APPLE_RULE_ENUM
    APPLE_RULE__MAX
} AppleRule;

/**
 * apple_judge_violation: report one broken rule
 * @judge: the machine's judge
 * @rule: which rule
 * @fmt: the reason in one line without a newline: what was expected, what was
 *       seen, and where (tag, queue, offset)
 *
 * Logs to LOG_GUEST_ERROR as well.  Must be called with the BQL held.
 */
void apple_judge_violation(AppleJudgeState *judge, AppleRule rule,
                           const char *fmt, ...) G_GNUC_PRINTF(3, 4);

#endif
