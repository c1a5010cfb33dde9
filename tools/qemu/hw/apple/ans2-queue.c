/*
 * Apple ANS2: submission doorbells, and the life of a tag up to its completion
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * In linear mode the submission "queue" is an array indexed by tag, and the
 * doorbell takes the tag.  In classic mode it is a ring whose I/O entries are
 * 128 bytes apart.  The two queues share one space of 64 tags.
 *
 * A tag is free, running, completed (its entry waits for room, or is posted)
 * and, in linear mode, not to be used again before its TCB is invalidated.
 *
 * Known misbehaviour of the real firmware, from the comment in Linux
 * nvme-apple: a command started between the invalidation of a TCB and the
 * write of the CQ head may complete without an interrupt.  The model always
 * loses it then (property "lost-irq"), so that a driver without the lock
 * stalls soon, and counts a violation.
 *
 * Model's choice, as no source says what hardware does: a doorbell that breaks
 * a rule of tags is ignored, except that a tag whose TCB was not invalidated
 * is started.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/main-loop.h"
#include "ans2-internal.h"
#include "trace.h"

/* Classic mode on this SoC: see the comment on 128-byte entries in Linux */
#define CLASSIC_IO_STRIDE 128

void ans2_cmd_decode_sqe(Ans2Cmd *cmd)
{
    const uint8_t *raw = cmd->raw_sqe;

    cmd->sqe = (Ans2Sqe) {
        .opcode = raw[0],
        .flags = raw[1],
        .cid = lduw_le_p(raw + 2),
        .nsid = ldl_le_p(raw + 4),
        .mptr = ldq_le_p(raw + 16),
        .prp1 = ldq_le_p(raw + 24),
        .prp2 = ldq_le_p(raw + 32),
        .cdw10 = ldl_le_p(raw + 40),
        .cdw11 = ldl_le_p(raw + 44),
        .cdw12 = ldl_le_p(raw + 48),
        .cdw13 = ldl_le_p(raw + 52),
        .cdw14 = ldl_le_p(raw + 56),
        .cdw15 = ldl_le_p(raw + 60),
    };
}

/*
 * Only byte 2 is the id; PRPs are the only way to name memory.  U-Boot counts
 * its ids up whatever the tag is, and works with the old firmware.
 */
static uint16_t check_sqe(Ans2Cmd *cmd)
{
    const char *what = NULL;
    uint64_t seen = 0;

    if (cmd->s->strict && cmd->sqe.cid != cmd->tag) {
        what = "command id";
        seen = cmd->sqe.cid;
    } else if (cmd->sqe.flags) {
        what = "flags (fused operation or SGL)";
        seen = cmd->sqe.flags;
    } else if (cmd->sqe.mptr) {
        what = "metadata pointer";
        seen = cmd->sqe.mptr;
    }
    if (!what) {
        return ANS2_SC_SUCCESS;
    }
    apple_judge_violation(cmd->s->judge, APPLE_RULE_SQE_FIELD,
                          "ans2: queue %u tag %u opcode 0x%02x: %s is 0x%"
                          PRIx64, cmd->qid, cmd->tag, cmd->sqe.opcode, what,
                          seen);
    return ANS2_SC_INVALID_FIELD;
}

/* Execute it; what ends at once or has failed is completed later, too. */
static void begin(Ans2Cmd *cmd)
{
    uint16_t status = cmd->status;

    cmd->held = false;
    cmd->deadline = 0;
    if (!cmd->executed && cmd->qid == ANS2_IO) {
        status = ans2_io_run(cmd);
        if (status == ANS2_PENDING) {
            return;
        }
        cmd->executed = true;
    }
    /* admin commands and failures: not inside the doorbell's write */
    cmd->status = status;
    qemu_bh_schedule(cmd->bh);
}

static void set_running(Ans2Cmd *cmd)
{
    AppleAns2State *s = cmd->s;
    Ans2Queue *q = &s->queue[cmd->qid];

    cmd->state = ANS2_CMD_RUNNING;
    cmd->cut = false;
    cmd->tcb_held = false;
    cmd->result = 0;
    cmd->deadline = 0;
    cmd->endless = false;
    cmd->misled = false;
    q->in_flight++;
    s->counter[ANS2_COUNT_IN_FLIGHT_MAX] =
        MAX(s->counter[ANS2_COUNT_IN_FLIGHT_MAX],
            s->queue[ANS2_ADMIN].in_flight + s->queue[ANS2_IO].in_flight);
}

/* The entry is in raw_sqe.  Returns false if a trap ended everything. */
static bool start(Ans2Cmd *cmd)
{
    AppleAns2State *s = cmd->s;
    Ans2Sprung sprung;
    uint16_t status, ret;

    ans2_cmd_decode_sqe(cmd);
    trace_apple_ans2_command(cmd->qid, cmd->tag, cmd->sqe.opcode,
                             cmd->sqe.nsid);
    sprung = ans2_trap_event(s, cmd->qid, cmd->sqe.opcode);
    if (s->up->trapped(s, &sprung)) {
        return false;
    }
    set_running(cmd);
    if (cmd->stale) {
        cmd->stale = false;
        ans2_cq_post_bogus(s, cmd->qid, cmd->tag);
    }
    status = check_sqe(cmd);
    if (s->linear) {
        ret = ans2_nvmmu_open(cmd);
        status = status ?: ret;
    }
    cmd->status = status ?: sprung.status;
    cmd->executed = cmd->status;
    cmd->lost_irq |= ans2_sprang(&sprung, ANS2_TRAP_NOIRQ);
    cmd->odd = sprung.actions;
    cmd->odd_tag = sprung.tag;
    cmd->late_ns = sprung.late_ns;
    cmd->held = ans2_sprang(&sprung, ANS2_TRAP_HOLD) || sprung.slow_ns;
    if (!cmd->held) {
        begin(cmd);
    } else if (!ans2_sprang(&sprung, ANS2_TRAP_HOLD)) {
        cmd->deadline = ans2_later(sprung.slow_ns);
        timer_mod(cmd->timer, cmd->deadline);
    }
    return true;
}

void ans2_cmd_timer(void *opaque)
{
    Ans2Cmd *cmd = opaque;

    if (cmd->state != ANS2_CMD_RUNNING) {
        return;
    }
    if (cmd->held) {
        begin(cmd);
    } else {
        ans2_io_timer(cmd);
    }
}

/* Held until "release", and not for a time */
static bool waits_for_release(const Ans2Cmd *cmd)
{
    return cmd->held && !cmd->deadline;
}

/*
 * What never ends is not meant: held commands and event requests, and Delete SQ
 * while it waits for I/O, of which the rule of the queue order takes care.
 */
const Ans2Cmd *ans2_cmd_open(AppleAns2State *s)
{
    for (unsigned i = 0; i < ANS2_NUM_TAGS; i++) {
        const Ans2Cmd *cmd = &s->cmd[i];

        if (cmd->qid == ANS2_ADMIN && i != s->deleting_sq && !cmd->endless &&
            !waits_for_release(cmd) && (cmd->state == ANS2_CMD_RUNNING ||
                                        cmd->state == ANS2_CMD_WAITING)) {
            return cmd;
        }
    }
    return NULL;
}

unsigned ans2_cmd_num_held(AppleAns2State *s)
{
    unsigned num = 0;

    for (unsigned i = 0; i < ANS2_NUM_TAGS; i++) {
        num += waits_for_release(&s->cmd[i]);
    }
    return num;
}

void ans2_cmd_release_all(AppleAns2State *s)
{
    for (unsigned i = 0; i < ANS2_NUM_TAGS; i++) {
        if (waits_for_release(&s->cmd[i])) {
            begin(&s->cmd[i]);
        }
    }
}

void ans2_cmd_run(void *opaque)
{
    Ans2Cmd *cmd = opaque;
    uint16_t status = cmd->status;

    if (cmd->state != ANS2_CMD_RUNNING) {
        return;
    }
    if (!cmd->executed) {
        cmd->executed = true;
        status = cmd->qid == ANS2_ADMIN ? ans2_admin_run(cmd)
                                        : ans2_io_run(cmd);
    }
    if (status != ANS2_PENDING && cmd->state == ANS2_CMD_RUNNING) {
        ans2_cmd_complete(cmd, status);
    }
}

/* Common to all submission doorbells */
static bool may_submit(AppleAns2State *s, unsigned qid, bool linear)
{
    if (s->crashed || s->unready) {
        return false;
    }
    if (!s->booted || !(s->csts & ANS2_CSTS_RDY) || !(s->cc & ANS2_CC_EN)) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ORDER,
                              "ans2: %s doorbell while CC.EN or CSTS.RDY is"
                              " clear", ans2_queue_name(qid));
        return false;
    }
    if (!ans2_serving(s)) {
        /* a failure that the driver has not seen yet */
        return false;
    }
    if (s->linear != linear) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ACCESS,
                              "ans2: %s %s doorbell, but LINEAR_SQ_CTRL.EN"
                              " was %u when CC.EN was set",
                              linear ? "linear" : "classic",
                              ans2_queue_name(qid), s->linear);
        return false;
    }
    if (!s->queue[qid].sq_exists || (qid == ANS2_IO && s->deleting_sq >= 0)) {
        apple_judge_violation(s->judge, APPLE_RULE_QUEUE_ORDER,
                              "ans2: doorbell of the %s SQ, which does not"
                              " exist", ans2_queue_name(qid));
        return false;
    }
    return true;
}

static bool check_tag_range(AppleAns2State *s, unsigned qid, uint32_t tag)
{
    Ans2Queue *q = &s->queue[qid];
    uint32_t pend = extract32(s->max_pend, qid == ANS2_IO ? 16 : 0, 16);

    if (tag >= ANS2_NUM_TAGS || tag > s->num_tcbs || tag >= q->sq_size) {
        apple_judge_violation(s->judge, APPLE_RULE_TAG_RANGE,
                              "ans2: %s doorbell for tag %u, but the queue has"
                              " %u entries and there are %u TCBs",
                              ans2_queue_name(qid), tag, q->sq_size,
                              s->num_tcbs + 1);
        return false;
    }
    if (pend && q->in_flight >= pend) {
        apple_judge_violation(s->judge, APPLE_RULE_TAG_RANGE,
                              "ans2: %s doorbell for tag %u with %u commands"
                              " pending, the limit in MAX_PEND_CMDS_CTRL",
                              ans2_queue_name(qid), tag, q->in_flight);
        return false;
    }
    return true;
}

/* Whether the tag is free; one that was only not invalidated passes. */
static bool check_tag_free(AppleAns2State *s, unsigned qid, uint32_t tag)
{
    Ans2Cmd *cmd = &s->cmd[tag];
    bool busy = cmd->state == ANS2_CMD_RUNNING ||
                cmd->state == ANS2_CMD_WAITING;

    if (cmd->misled) {
        return !busy;
    }
    if ((busy || cmd->tcb_held) && cmd->qid != qid) {
        apple_judge_violation(s->judge, APPLE_RULE_TAG_SHARED,
                              "ans2: tag %u started in the %s queue while the"
                              " %s queue uses it", tag, ans2_queue_name(qid),
                              ans2_queue_name(cmd->qid));
    } else if (busy) {
        apple_judge_violation(s->judge, APPLE_RULE_TAG_BUSY,
                              "ans2: tag %u started in the %s queue while it"
                              " runs there", tag, ans2_queue_name(qid));
    } else if (cmd->tcb_held) {
        apple_judge_violation(s->judge, APPLE_RULE_TCB_NOT_INVALIDATED,
                              "ans2: tag %u started again in the %s queue"
                              " before its TCB was invalidated", tag,
                              ans2_queue_name(qid));
    }
    return !busy;
}

/* Is a completion half handled?  Then this doorbell costs an interrupt. */
static bool check_race(AppleAns2State *s, unsigned qid, uint32_t tag)
{
    for (unsigned i = 0; i < ANS2_NUM_QUEUES; i++) {
        if (s->queue[i].race_open) {
            apple_judge_violation(s->judge, APPLE_RULE_DOORBELL_RACE,
                                  "ans2: %s doorbell for tag %u between a TCB"
                                  " invalidation and the write of the %s CQ"
                                  " head", ans2_queue_name(qid), tag,
                                  ans2_queue_name(i));
            return true;
        }
    }
    return false;
}

/* The command's entry, if still in the CQ, has no TCB any more. */
static void drop_held(AppleAns2State *s, Ans2Cmd *cmd)
{
    if (cmd->state == ANS2_CMD_POSTED && cmd->tcb_held) {
        s->queue[cmd->qid].slots[cmd->slot].held = false;
    }
}

void ans2_queue_linear_doorbell(AppleAns2State *s, unsigned qid, uint32_t tag)
{
    Ans2Queue *q = &s->queue[qid];
    Ans2Cmd *cmd;
    hwaddr addr;

    trace_apple_ans2_doorbell(qid, tag);
    if (!may_submit(s, qid, true) || !check_tag_range(s, qid, tag) ||
        !check_tag_free(s, qid, tag)) {
        return;
    }
    cmd = &s->cmd[tag];
    drop_held(s, cmd);
    cmd->qid = qid;
    cmd->lost_irq = check_race(s, qid, tag) && s->knob.lost_irq;
    addr = q->sq_base + tag * ANS2_SQE_SIZE;
    if (!ans2_mem_read(s, addr, cmd->raw_sqe, ANS2_SQE_SIZE)) {
        apple_judge_violation(s->judge, APPLE_RULE_DMA_FAULT,
                              "ans2: %s SQ entry at 0x%" HWADDR_PRIx
                              " is not in memory", ans2_queue_name(qid), addr);
        s->up->fatal(s);
        return;
    }
    start(cmd);
}

/* Fetch one entry of a classic ring; false ends the loop over the ring. */
static bool fetch_classic(AppleAns2State *s, unsigned qid)
{
    Ans2Queue *q = &s->queue[qid];
    unsigned stride = qid == ANS2_IO ? CLASSIC_IO_STRIDE : ANS2_SQE_SIZE;
    uint8_t raw[ANS2_SQE_SIZE];
    Ans2Cmd *cmd;
    uint8_t tag;

    if (!ans2_mem_read(s, q->sq_base + q->sq_head * stride, raw,
                       sizeof(raw))) {
        apple_judge_violation(s->judge, APPLE_RULE_DMA_FAULT,
                              "ans2: %s SQ entry %u is not in memory",
                              ans2_queue_name(qid), q->sq_head);
        s->up->fatal(s);
        return false;
    }
    q->sq_head = q->sq_head + 1 == q->sq_size ? 0 : q->sq_head + 1;
    tag = raw[2];
    if (tag >= ANS2_NUM_TAGS) {
        apple_judge_violation(s->judge, APPLE_RULE_TAG_RANGE,
                              "ans2: %s command with tag %u",
                              ans2_queue_name(qid), tag);
        return true;
    }
    if (!check_tag_free(s, qid, tag)) {
        return true;
    }
    cmd = &s->cmd[tag];
    cmd->qid = qid;
    cmd->lost_irq = false;
    memcpy(cmd->raw_sqe, raw, sizeof(raw));
    return start(cmd);
}

void ans2_queue_sq_doorbell(AppleAns2State *s, unsigned qid, uint32_t tail)
{
    Ans2Queue *q = &s->queue[qid];

    trace_apple_ans2_sq_doorbell(qid, tail);
    if (!may_submit(s, qid, false)) {
        return;
    }
    if (tail >= q->sq_size) {
        apple_judge_violation(s->judge, APPLE_RULE_TAG_RANGE,
                              "ans2: tail %u written to the %s SQ of %u"
                              " entries", tail, ans2_queue_name(qid),
                              q->sq_size);
        return;
    }
    q->sq_tail = tail;
    while (q->sq_head != tail && fetch_classic(s, qid)) {
        /* each round takes one entry */
    }
}

void ans2_cmd_forget_all(AppleAns2State *s)
{
    for (unsigned i = 0; i < ANS2_NUM_TAGS; i++) {
        Ans2Cmd *cmd = &s->cmd[i];

        drop_held(s, cmd);
        ans2_io_forget(cmd);
        ans2_prp_unmap(cmd);
        timer_del(cmd->timer);
        qemu_bh_cancel(cmd->bh);
        cmd->state = ANS2_CMD_FREE;
        cmd->tcb_held = false;
        cmd->cut = false;
        cmd->held = false;
        cmd->stale = false;
        cmd->misled = false;
    }
    for (unsigned i = 0; i < ANS2_NUM_QUEUES; i++) {
        s->queue[i].in_flight = 0;
    }
    s->deleting_sq = -1;
}
