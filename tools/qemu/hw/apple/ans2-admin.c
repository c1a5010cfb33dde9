/*
 * Apple ANS2: admin commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The commands that Linux, U-Boot and m1n1 use, with the numbers that users of
 * Linux have reported for the drive: one pair of I/O queues, no Abort and no
 * asynchronous events (Linux nvme-apple never sends them), error log page
 * refused with status 0x109.
 *
 * Model's choice: which features exist, and that Delete SQ waits for the
 * commands of the queue, as the NVMe specification allows.
 */

#include "qemu/osdep.h"
#include "ans2-internal.h"
#include "trace.h"

enum {
    OP_DELETE_SQ = 0x00,
    OP_CREATE_SQ = 0x01,
    OP_GET_LOG = 0x02,
    OP_DELETE_CQ = 0x04,
    OP_CREATE_CQ = 0x05,
    OP_IDENTIFY = 0x06,
    OP_ABORT = 0x08,
    OP_SET_FEATURES = 0x09,
    OP_GET_FEATURES = 0x0a,
    OP_AER = 0x0c,
    OP_APPLE = 0xd8,
};

enum {
    FEAT_ARBITRATION = 0x01,
    FEAT_POWER = 0x02,
    FEAT_TEMPERATURE = 0x04,
    FEAT_RECOVERY = 0x05,
    FEAT_WRITE_CACHE = 0x06,
    FEAT_NUM_QUEUES = 0x07,
    FEAT_ATOMICITY = 0x0a,
};

#define FEAT_SAVE           (1u << 31)  /* cdw10 of Set Features */
#define QUEUE_CONTIGUOUS    (1u << 0)   /* cdw11 of Create CQ and SQ */
#define CQ_IRQ_ENABLED      (1u << 1)

static uint16_t bad_queue(Ans2Cmd *cmd, AppleRule rule, uint16_t status,
                          const char *why)
{
    apple_judge_violation(cmd->s->judge, rule,
                          "ans2: opcode 0x%02x (cdw10 0x%x, cdw11 0x%x, PRP1"
                          " 0x%" PRIx64 "): %s", cmd->sqe.opcode,
                          cmd->sqe.cdw10, cmd->sqe.cdw11, cmd->sqe.prp1, why);
    return status;
}

/* What Create CQ and Create SQ have in common */
static uint16_t check_create(Ans2Cmd *cmd, bool exists)
{
    uint32_t qid = extract32(cmd->sqe.cdw10, 0, 16);
    uint32_t size = extract32(cmd->sqe.cdw10, 16, 16) + 1;
    AppleRule rule = APPLE_RULE_QUEUE_SETUP;

    if (qid != 1 || exists) {
        return bad_queue(cmd, rule, ANS2_SC_QID_INVALID,
                         exists ? "the queue exists" : "there is only queue 1");
    }
    if (size < 2 || size > ANS2_NUM_TAGS) {
        return bad_queue(cmd, rule, ANS2_SC_QSIZE_INVALID,
                         "the size is not 2 to 64");
    }
    if (!(cmd->sqe.cdw11 & QUEUE_CONTIGUOUS)) {
        return bad_queue(cmd, rule, ANS2_SC_INVALID_FIELD,
                         "the queue is not contiguous");
    }
    if (!cmd->sqe.prp1 || cmd->sqe.prp1 & (ANS2_PAGE_SIZE - 1)) {
        return bad_queue(cmd, rule, ANS2_SC_PRP_OFFSET,
                         "PRP1 is not the address of a page");
    }
    return ANS2_SC_SUCCESS;
}

static uint16_t create_cq(Ans2Cmd *cmd)
{
    Ans2Queue *q = &cmd->s->queue[ANS2_IO];
    uint16_t status = check_create(cmd, q->cq_exists);

    if (status) {
        return status;
    }
    if (cmd->sqe.cdw11 >> 16) {
        return bad_queue(cmd, APPLE_RULE_QUEUE_SETUP, ANS2_SC_INVALID_VECTOR,
                         "there is only vector 0");
    }
    q->cq_exists = true;
    q->cq_base = cmd->sqe.prp1;
    q->cq_size = extract32(cmd->sqe.cdw10, 16, 16) + 1;
    q->irq_enabled = cmd->sqe.cdw11 & CQ_IRQ_ENABLED;
    q->cq_head = 0;
    q->cq_tail = 0;
    q->phase = true;
    return ANS2_SC_SUCCESS;
}

static uint16_t create_sq(Ans2Cmd *cmd)
{
    Ans2Queue *q = &cmd->s->queue[ANS2_IO];
    uint64_t tcb_base = cmd->s->tcb_base[ANS2_IO];
    uint16_t status = check_create(cmd, q->sq_exists);

    if (status) {
        return status;
    }
    if (!q->cq_exists || cmd->sqe.cdw11 >> 16 != 1) {
        return bad_queue(cmd, APPLE_RULE_QUEUE_SETUP, ANS2_SC_CQ_INVALID,
                         "its CQ does not exist");
    }
    if (cmd->s->linear && (!tcb_base || tcb_base & (ANS2_PAGE_SIZE - 1))) {
        return bad_queue(cmd, APPLE_RULE_TCB_SETUP, ANS2_SC_INVALID_FIELD,
                         "the I/O TCB base is not a page");
    }
    q->sq_exists = true;
    q->sq_base = cmd->sqe.prp1;
    q->sq_size = extract32(cmd->sqe.cdw10, 16, 16) + 1;
    q->sq_head = 0;
    q->sq_tail = 0;
    return ANS2_SC_SUCCESS;
}

static uint16_t delete_sq(Ans2Cmd *cmd)
{
    AppleAns2State *s = cmd->s;
    Ans2Queue *q = &s->queue[ANS2_IO];

    if (extract32(cmd->sqe.cdw10, 0, 16) != 1 || !q->sq_exists ||
        s->deleting_sq >= 0) {
        return bad_queue(cmd, APPLE_RULE_QUEUE_ORDER, ANS2_SC_QID_INVALID,
                         "no such SQ");
    }
    if (q->in_flight) {
        s->deleting_sq = cmd->tag;
        return ANS2_PENDING;
    }
    q->sq_exists = false;
    return ANS2_SC_SUCCESS;
}

static uint16_t delete_cq(Ans2Cmd *cmd)
{
    AppleAns2State *s = cmd->s;
    Ans2Queue *q = &s->queue[ANS2_IO];

    if (extract32(cmd->sqe.cdw10, 0, 16) != 1 || !q->cq_exists) {
        return bad_queue(cmd, APPLE_RULE_QUEUE_ORDER, ANS2_SC_QID_INVALID,
                         "no such CQ");
    }
    if (q->sq_exists) {
        return bad_queue(cmd, APPLE_RULE_QUEUE_ORDER, ANS2_SC_QUEUE_DELETION,
                         "its SQ still exists");
    }
    /* forgets entries that the host has not taken, and their interrupts */
    ans2_queue_reset(s, ANS2_IO);
    ans2_update_irq(s);
    return ANS2_SC_SUCCESS;
}

/* Where a feature is stored, or NULL if it cannot be or does not exist. */
static uint32_t *feature_slot(Ans2Cmd *cmd)
{
    AppleAns2State *s = cmd->s;
    unsigned sensor = extract32(cmd->sqe.cdw11, 16, 4);
    unsigned type = extract32(cmd->sqe.cdw11, 20, 2);

    switch (extract32(cmd->sqe.cdw10, 0, 8)) {
    case FEAT_ARBITRATION:
        return &s->feat_arbitration;
    case FEAT_POWER:
        return &s->feat_power;
    case FEAT_TEMPERATURE:
        /* one sensor, with an upper and a lower threshold */
        return sensor == 0 && type < 2 ? &s->feat_temp[type] : NULL;
    case FEAT_RECOVERY:
        return &s->feat_recovery;
    case FEAT_WRITE_CACHE:
        return &s->feat_vwc;
    case FEAT_ATOMICITY:
        return &s->feat_atomic;
    default:
        return NULL;
    }
}

/* As many of each, counted from zero; in truth there is one of each. */
static uint16_t num_queues(Ans2Cmd *cmd)
{
    cmd->result = (cmd->s->promise.queues - 1) * 0x10001u;
    return ANS2_SC_SUCCESS;
}

static uint16_t get_features(Ans2Cmd *cmd)
{
    uint32_t *slot = feature_slot(cmd);

    if (extract32(cmd->sqe.cdw10, 8, 3)) {
        /* defaults and saved values: not without ONCS bit 4 */
        return ANS2_SC_INVALID_FIELD;
    }
    if (slot) {
        cmd->result = *slot;
        return ANS2_SC_SUCCESS;
    }
    return extract32(cmd->sqe.cdw10, 0, 8) == FEAT_NUM_QUEUES ?
           num_queues(cmd) : ANS2_SC_INVALID_FIELD;
}

static uint16_t set_features(Ans2Cmd *cmd)
{
    uint32_t *slot = feature_slot(cmd);
    uint32_t value = cmd->sqe.cdw11;

    if (cmd->sqe.cdw10 & FEAT_SAVE) {
        return ANS2_SC_NOT_SAVEABLE;
    }
    switch (extract32(cmd->sqe.cdw10, 0, 8)) {
    case FEAT_NUM_QUEUES:
        return num_queues(cmd);
    case FEAT_POWER:
        if (value) {
            /* one power state, no workload hints */
            return ANS2_SC_INVALID_FIELD;
        }
        break;
    case FEAT_WRITE_CACHE:
        value &= 1;
        break;
    case FEAT_TEMPERATURE:
        value &= 0xffff;
        break;
    }
    if (!slot) {
        return ANS2_SC_INVALID_FIELD;
    }
    *slot = value;
    return ANS2_SC_SUCCESS;
}

static uint16_t unsupported(Ans2Cmd *cmd)
{
    apple_judge_violation(cmd->s->judge, APPLE_RULE_COMMAND_UNSUPPORTED,
                          "ans2: tag %u: %s, which this controller does not"
                          " know", cmd->tag, cmd->sqe.opcode == OP_ABORT ?
                          "Abort" : "Asynchronous Event Request");
    return ANS2_SC_INVALID_OPCODE;
}

static uint16_t request_event(Ans2Cmd *cmd)
{
    if (!cmd->s->knob.aer_outstanding) {
        return unsupported(cmd);
    }
    /* no event ever happens */
    cmd->endless = true;
    return ANS2_PENDING;
}

static const struct {
    uint8_t opcode;
    Ans2Counter counter;
    uint16_t (*run)(Ans2Cmd *cmd);
} commands[] = {
    { OP_DELETE_SQ, ANS2_COUNT_CMD_QUEUE, delete_sq },
    { OP_CREATE_SQ, ANS2_COUNT_CMD_QUEUE, create_sq },
    { OP_GET_LOG, ANS2_COUNT_CMD_LOG, ans2_get_log },
    { OP_DELETE_CQ, ANS2_COUNT_CMD_QUEUE, delete_cq },
    { OP_CREATE_CQ, ANS2_COUNT_CMD_QUEUE, create_cq },
    { OP_IDENTIFY, ANS2_COUNT_CMD_IDENTIFY, ans2_identify },
    { OP_ABORT, ANS2_COUNT_CMD_ADMIN_OTHER, unsupported },
    { OP_SET_FEATURES, ANS2_COUNT_CMD_FEATURE, set_features },
    { OP_GET_FEATURES, ANS2_COUNT_CMD_FEATURE, get_features },
    { OP_AER, ANS2_COUNT_CMD_ADMIN_OTHER, request_event },
    { OP_APPLE, ANS2_COUNT_CMD_VENDOR, ans2_vendor },
};

uint16_t ans2_admin_run(Ans2Cmd *cmd)
{
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].opcode == cmd->sqe.opcode) {
            ans2_count(cmd->s, commands[i].counter, 1);
            return commands[i].run(cmd);
        }
    }
    ans2_count(cmd->s, ANS2_COUNT_CMD_ADMIN_OTHER, 1);
    return ANS2_SC_INVALID_OPCODE;
}
