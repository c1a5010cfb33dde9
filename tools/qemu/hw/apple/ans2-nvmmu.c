/*
 * Apple ANS2: the NVMMU, which lets each command reach its own pages only
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each queue has an array of TCBs (128 bytes), indexed by tag.  The TCB is
 * fetched when the tag's doorbell is rung and stands until the tag is written
 * to TCB_INVAL.  Layout and the order of use are as in Linux nvme-apple, m1n1,
 * U-Boot, OpenBSD and NetBSD, which agree.
 *
 * Two generations of firmware differ in what they tolerate:
 *
 *  field      old                            2026
 *  opcode     0 or the command's             0
 *  flags      must include the direction     must be the direction, 0 without
 *                                            data
 *  tag        must be the slot               must be the slot
 *  length     low 16 bits of cdw12; the      low 16 bits of cdw12; the high
 *             high 16 may follow             16 are reserved
 *  PRPs       as in the command              as in the command
 *  PRP1 of an any                            page aligned
 *  admin command
 *
 * The 2026 column is what m1n1 and Linux changed for firmware of macOS 15 and
 * later (opcode 0, honest flags, NLB that matches the PRPs, aligned admin
 * buffers), with status 2 where they report one: flags or opcode in a command
 * without data, and pages that the PRPs do not name.  Model's choice: status 2
 * also for a wrong tag (both), and for wrong length, PRPs and alignment
 * (2026).  Everything else is counted and the command runs as far as its
 * window reaches.
 *
 * Two counts are stricter than what is known of hardware.  Flags 2 of Create CQ
 * and Create SQ are a convention: Linux nvme-apple writes them because of the
 * opcode's bit 0, but nothing moves through the TCB, so 0 passes too, and other
 * values probably would.  And an opcode in the TCB of a plain read or write is
 * what nvme-apple stopped to send to firmware 2026, while other clients of such
 * firmware still read that way; it is counted and the command runs.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "ans2-internal.h"
#include "trace.h"

#define TCB_OPCODE      0x00
#define TCB_FLAGS       0x01
#define TCB_TAG         0x02
#define TCB_LENGTH      0x04
#define TCB_LENGTH_HIGH 0x06
#define TCB_PRP1        0x18
#define TCB_PRP2        0x20

/* Bytes that no known use fills */
static const struct {
    uint8_t first;
    uint8_t last;
} reserved[] = {
    { 0x03, 0x03 },
    { 0x08, 0x17 },
    { 0x28, 0x37 },
    { 0x38, 0x7f },     /* inline encryption, which is not modelled */
};

enum {
    OP_CREATE_SQ = 0x01,
    OP_CREATE_CQ = 0x05,
};

static uint16_t violation(Ans2Cmd *cmd, AppleRule rule, uint16_t status,
                          const char *what, uint64_t seen, uint64_t expected)
{
    apple_judge_violation(cmd->s->judge, rule,
                          "ans2: queue %u tag %u opcode 0x%02x: TCB %s is 0x%"
                          PRIx64 ", expected 0x%" PRIx64, cmd->qid, cmd->tag,
                          cmd->sqe.opcode, what, seen, expected);
    return status;
}

void ans2_nvmmu_decode_tcb(Ans2Cmd *cmd)
{
    const uint8_t *raw = cmd->raw_tcb;

    cmd->tcb = (Ans2Tcb) {
        .opcode = raw[TCB_OPCODE],
        .flags = raw[TCB_FLAGS],
        .tag = raw[TCB_TAG],
        .length = lduw_le_p(raw + TCB_LENGTH),
        .length_high = lduw_le_p(raw + TCB_LENGTH_HIGH),
        .prp1 = ldq_le_p(raw + TCB_PRP1),
        .prp2 = ldq_le_p(raw + TCB_PRP2),
    };
}

static hwaddr tcb_address(Ans2Cmd *cmd)
{
    return cmd->s->tcb_base[cmd->qid] + cmd->tag * ANS2_TCB_SIZE;
}

/*
 * The direction of a command follows from its opcode: bit 0 says that the
 * host sends data.  Creating a queue passes the queue's address in PRP1 and
 * transfers nothing; Linux flags it "from host" all the same.
 */
static uint8_t expected_flags(const Ans2Cmd *cmd)
{
    if (!cmd->sqe.prp1) {
        return 0;
    }
    return cmd->sqe.opcode & 1 ? ANS2_DMA_FROM_HOST : ANS2_DMA_TO_HOST;
}

static bool creates_queue(const Ans2Cmd *cmd)
{
    return cmd->qid == ANS2_ADMIN && (cmd->sqe.opcode == OP_CREATE_SQ ||
                                      cmd->sqe.opcode == OP_CREATE_CQ);
}

static uint16_t check_opcode(Ans2Cmd *cmd)
{
    uint8_t opcode = cmd->tcb.opcode;

    if (!opcode || (!cmd->s->strict && opcode == cmd->sqe.opcode)) {
        return ANS2_SC_SUCCESS;
    }
    return violation(cmd, APPLE_RULE_TCB_OPCODE,
                     cmd->s->strict && !cmd->sqe.prp1 ?
                     ANS2_SC_INVALID_FIELD : ANS2_SC_SUCCESS,
                     "opcode", opcode, 0);
}

static uint16_t check_flags(Ans2Cmd *cmd)
{
    uint8_t flags = cmd->tcb.flags;
    uint8_t expected = expected_flags(cmd);
    bool good;

    if (creates_queue(cmd) && flags == 0) {
        good = true;
    } else if (cmd->s->strict) {
        good = flags == expected;
    } else {
        good = flags <= 3 && (flags & expected) == expected;
    }
    if (good) {
        return ANS2_SC_SUCCESS;
    }
    return violation(cmd, APPLE_RULE_TCB_FLAGS,
                     cmd->s->strict && !expected ?
                     ANS2_SC_INVALID_FIELD : ANS2_SC_SUCCESS,
                     "dma_flags", flags, expected);
}

static uint16_t check_length(Ans2Cmd *cmd)
{
    bool strict = cmd->s->strict;
    uint16_t low = extract32(cmd->sqe.cdw12, 0, 16);
    uint16_t high = extract32(cmd->sqe.cdw12, 16, 16);

    if (cmd->tcb.length_high &&
        (strict || cmd->tcb.length_high != high)) {
        violation(cmd, APPLE_RULE_TCB_RESERVED, 0, "bytes 6 and 7",
                  cmd->tcb.length_high, 0);
    }
    if (cmd->tcb.length == low) {
        return ANS2_SC_SUCCESS;
    }
    return violation(cmd, APPLE_RULE_TCB_LENGTH,
                     strict ? ANS2_SC_INVALID_FIELD : ANS2_SC_SUCCESS,
                     "length", cmd->tcb.length, low);
}

static uint16_t check_prps(Ans2Cmd *cmd)
{
    uint16_t fails = cmd->s->strict ? ANS2_SC_INVALID_FIELD : ANS2_SC_SUCCESS;
    uint16_t status = ANS2_SC_SUCCESS;

    if (cmd->tcb.prp1 != cmd->sqe.prp1) {
        status = violation(cmd, APPLE_RULE_TCB_PRP, fails, "PRP1",
                           cmd->tcb.prp1, cmd->sqe.prp1);
    }
    if (cmd->tcb.prp2 != cmd->sqe.prp2) {
        status = violation(cmd, APPLE_RULE_TCB_PRP, fails, "PRP2",
                           cmd->tcb.prp2, cmd->sqe.prp2);
    }
    return status;
}

static uint16_t check_alignment(Ans2Cmd *cmd)
{
    if (!cmd->s->strict || cmd->qid != ANS2_ADMIN ||
        !(cmd->sqe.prp1 & (ANS2_PAGE_SIZE - 1))) {
        return ANS2_SC_SUCCESS;
    }
    apple_judge_violation(cmd->s->judge, APPLE_RULE_PRP_ALIGN,
                          "ans2: tag %u opcode 0x%02x: admin buffer 0x%"
                          PRIx64 " is not page aligned", cmd->tag,
                          cmd->sqe.opcode, cmd->sqe.prp1);
    return ANS2_SC_INVALID_FIELD;
}

static void check_reserved(Ans2Cmd *cmd)
{
    for (size_t i = 0; i < ARRAY_SIZE(reserved); i++) {
        for (unsigned b = reserved[i].first; b <= reserved[i].last; b++) {
            if (cmd->raw_tcb[b]) {
                apple_judge_violation(cmd->s->judge, APPLE_RULE_TCB_RESERVED,
                                      "ans2: queue %u tag %u: TCB byte 0x%x"
                                      " is 0x%x, expected 0", cmd->qid,
                                      cmd->tag, b, cmd->raw_tcb[b]);
                return;
            }
        }
    }
}

/*
 * Old firmware checks for null pointers unless told otherwise, and says so in
 * its log with these words (quoted in Linux nvme-apple's comment).
 */
static uint16_t check_null(Ans2Cmd *cmd)
{
    if (cmd->s->strict || !(cmd->s->unknown_ctrl & ANS2_PRP_NULL_CHECK) ||
        !cmd->tcb.flags || cmd->tcb.prp1) {
        return ANS2_SC_SUCCESS;
    }
    apple_rtkit_syslog(cmd->s->rtkit, "nvme", "tag %u: NULL_PRP_PTR_ERR,"
                       " completed with err BAD_CMD-", cmd->tag);
    return ANS2_SC_INVALID_FIELD;
}

uint16_t ans2_nvmmu_open(Ans2Cmd *cmd)
{
    uint16_t status = ANS2_SC_SUCCESS;
    uint16_t ret;

    if (!ans2_mem_read(cmd->s, tcb_address(cmd), cmd->raw_tcb,
                       ANS2_TCB_SIZE)) {
        apple_judge_violation(cmd->s->judge, APPLE_RULE_TCB_SETUP,
                              "ans2: queue %u tag %u: TCB at 0x%" HWADDR_PRIx
                              " is not in memory", cmd->qid, cmd->tag,
                              tcb_address(cmd));
        return ANS2_SC_INTERNAL;
    }
    ans2_nvmmu_decode_tcb(cmd);
    cmd->tcb_held = true;
    if (cmd->tcb.tag != cmd->tag) {
        status = violation(cmd, APPLE_RULE_TCB_TAG, ANS2_SC_INVALID_FIELD,
                           "command_id", cmd->tcb.tag, cmd->tag);
    }
    /* all are reported, the first failure is the answer */
    ret = check_opcode(cmd);
    status = status ?: ret;
    ret = check_flags(cmd);
    status = status ?: ret;
    ret = check_length(cmd);
    status = status ?: ret;
    ret = check_prps(cmd);
    status = status ?: ret;
    ret = check_alignment(cmd);
    status = status ?: ret;
    check_reserved(cmd);
    ret = check_null(cmd);
    return status ?: ret;
}

/*
 * The TCB belongs to the controller from the doorbell to the completion entry.
 * A driver that fills it after the doorbell may get away with a stale one;
 * comparing at the end finds that, too.
 */
void ans2_nvmmu_close(Ans2Cmd *cmd)
{
    uint8_t now[ANS2_TCB_SIZE];

    if (cmd->tcb_held && ans2_mem_read(cmd->s, tcb_address(cmd), now,
                                       sizeof(now)) &&
        memcmp(now, cmd->raw_tcb, sizeof(now))) {
        apple_judge_violation(cmd->s->judge, APPLE_RULE_TCB_SETUP,
                              "ans2: queue %u tag %u: TCB changed after the"
                              " doorbell", cmd->qid, cmd->tag);
    }
}

void ans2_nvmmu_invalidate(AppleAns2State *s, uint32_t tag)
{
    Ans2Cmd *cmd;
    Ans2Queue *q;

    s->tcb_stat = 0;
    if (tag >= ANS2_NUM_TAGS || tag > s->num_tcbs) {
        apple_judge_violation(s->judge, APPLE_RULE_TAG_RANGE,
                              "ans2: TCB_INVAL of tag %u, but there are %u"
                              " TCBs", tag, s->num_tcbs + 1);
        s->tcb_stat = 1;
        return;
    }
    cmd = &s->cmd[tag];
    q = &s->queue[cmd->qid];
    if (cmd->tcb_held && (cmd->state == ANS2_CMD_RUNNING ||
                          cmd->state == ANS2_CMD_WAITING)) {
        if (!cmd->misled) {
            apple_judge_violation(s->judge, APPLE_RULE_TCB_INVALIDATE,
                                  "ans2: queue %u tag %u: TCB invalidated"
                                  " while the command runs", cmd->qid, tag);
        }
        cmd->cut = true;
        s->tcb_stat = 1;
    } else if (cmd->tcb_held && cmd->state == ANS2_CMD_POSTED) {
        q->slots[cmd->slot].held = false;
        q->race_open = true;
    }
    cmd->tcb_held = false;
    if (apple_dice_throw(s->dice, APPLE_DICE_INVALIDATE)) {
        s->tcb_stat = 1;
    }
    trace_apple_ans2_invalidate(tag, s->tcb_stat);
}
