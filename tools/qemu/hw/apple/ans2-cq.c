/*
 * Apple ANS2: completion queues and their interrupt
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Completion queues are rings with phase bits in both modes, and share one
 * interrupt line.
 *
 * Model's choice, as no source says what hardware does: a completion that finds
 * the CQ full waits for room.  The fields "SQ head" and "SQ id" of the entries
 * are zero (m1n1 calls them reserved).
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "hw/irq.h"
#include "ans2-internal.h"
#include "trace.h"

#define CQE_PHASE   1

typedef struct Ans2Cqe {
    uint16_t cid;
    uint16_t status;
    uint64_t result;
    bool wrong_phase;
} Ans2Cqe;

void ans2_update_irq(AppleAns2State *s)
{
    bool level = !(s->intms & 1) && (s->queue[ANS2_ADMIN].irq_slots ||
                                     s->queue[ANS2_IO].irq_slots);

    if (level != s->irq_level) {
        trace_apple_ans2_irq(level);
        ans2_count(s, ANS2_COUNT_IRQ, level);
        s->irq_level = level;
    }
    qemu_set_irq(s->irq, level);
}

void ans2_queue_reset(AppleAns2State *s, unsigned qid)
{
    memset(&s->queue[qid], 0, sizeof(s->queue[qid]));
    s->queue[qid].phase = true;
}

static uint32_t cq_next(const Ans2Queue *q, uint32_t slot)
{
    return slot + 1 == q->cq_size ? 0 : slot + 1;
}

static bool cq_full(const Ans2Queue *q)
{
    return cq_next(q, q->cq_tail) == q->cq_head;
}

static bool cq_has_two(const Ans2Queue *q)
{
    return !cq_full(q) && cq_next(q, cq_next(q, q->cq_tail)) != q->cq_head;
}

/* Write the entry @index, at the tail or the next. */
static bool write_entry(AppleAns2State *s, unsigned qid, uint32_t index,
                        const Ans2Cqe *cqe)
{
    Ans2Queue *q = &s->queue[qid];
    hwaddr addr = q->cq_base + index * ANS2_CQE_SIZE;
    bool phase = q->phase ^ (index < q->cq_tail) ^ cqe->wrong_phase;
    uint8_t entry[ANS2_CQE_SIZE] = { };

    stq_le_p(entry, cqe->result);
    stw_le_p(entry + 12, cqe->cid);
    stw_le_p(entry + 14, (cqe->status << 1) | (phase ? CQE_PHASE : 0));

    if (!ans2_mem_write(s, addr, entry, 12)) {
        apple_judge_violation(s->judge, APPLE_RULE_DMA_FAULT,
                              "ans2: no memory at 0x%" HWADDR_PRIx
                              " for the %s CQ", addr, ans2_queue_name(qid));
        s->up->fatal(s);
        return false;
    }
    /* pairs with the driver's read barrier between phase and content */
    smp_wmb();
    ans2_mem_write(s, addr + 12, entry + 12, 4);
    return true;
}

/* The entry at the tail is written. */
static void take_slot(AppleAns2State *s, unsigned qid, const Ans2Cqe *cqe,
                      Ans2Slot slot)
{
    Ans2Queue *q = &s->queue[qid];

    q->unseen |= cqe->wrong_phase;
    slot.irq &= !q->unseen;
    trace_apple_ans2_cqe(qid, cqe->cid, cqe->status, q->cq_tail, slot.irq);
    q->slots[q->cq_tail] = slot;
    q->irq_slots += slot.irq;
    q->cq_tail = cq_next(q, q->cq_tail);
    q->phase ^= q->cq_tail == 0;
    ans2_count(s, ANS2_COUNT_CQE, 1);
    ans2_update_irq(s);
}

static void post_entry(AppleAns2State *s, unsigned qid, const Ans2Cqe *cqe,
                       Ans2Slot slot)
{
    if (write_entry(s, qid, s->queue[qid].cq_tail, cqe)) {
        take_slot(s, qid, cqe, slot);
    }
}

/*
 * The second is written first: who sees one sees both, before the tag can be
 * used again.
 */
static void post_twice(AppleAns2State *s, unsigned qid, const Ans2Cqe *cqe,
                       Ans2Slot slot)
{
    Ans2Queue *q = &s->queue[qid];

    if (write_entry(s, qid, cq_next(q, q->cq_tail), cqe) &&
        write_entry(s, qid, q->cq_tail, cqe)) {
        take_slot(s, qid, cqe, slot);
        slot.held = false;
        take_slot(s, qid, cqe, slot);
    }
}

static bool runs(const Ans2Cmd *cmd)
{
    return cmd->state == ANS2_CMD_RUNNING || cmd->state == ANS2_CMD_WAITING;
}

/*
 * An entry says that the command of this tag is over.  If it is not, then the
 * driver cannot know, and is not blamed for what it does with the tag.
 */
static void mislead(AppleAns2State *s, uint16_t cid)
{
    if (cid < ANS2_NUM_TAGS && runs(&s->cmd[cid])) {
        s->cmd[cid].misled = true;
    }
}

/* The id that a trap wants in the entry of a command */
static uint16_t find_odd_tag(const Ans2Cmd *cmd)
{
    bool running = cmd->odd_tag == ANS2_TAG_OTHER;

    if (cmd->odd_tag <= UINT16_MAX) {
        return cmd->odd_tag;
    }
    for (unsigned i = 1; i < ANS2_NUM_TAGS; i++) {
        const Ans2Cmd *other = &cmd->s->cmd[(cmd->tag + i) % ANS2_NUM_TAGS];

        if (running ? runs(other) && other->qid == cmd->qid :
                      !runs(other) && !other->tcb_held) {
            return other->tag;
        }
    }
    return cmd->tag;
}

static void sq_drained(AppleAns2State *s);

static void post_command(Ans2Cmd *cmd)
{
    AppleAns2State *s = cmd->s;
    Ans2Queue *q = &s->queue[cmd->qid];
    Ans2Cqe cqe = {
        .cid = cmd->odd & BIT(ANS2_TRAP_TAG) ? find_odd_tag(cmd) : cmd->tag,
        .status = cmd->status,
        .result = cmd->result,
        .wrong_phase = cmd->odd & BIT(ANS2_TRAP_PHASE),
    };
    Ans2Slot slot = {
        .tag = cmd->tag,
        .irq = q->irq_enabled && !cmd->lost_irq,
        .held = cmd->tcb_held && cqe.cid == cmd->tag,
    };
    bool twice = cq_has_two(q) &&
                 (cmd->odd & BIT(ANS2_TRAP_TWICE) || s->knob.duplicate_cqe);

    if (s->knob.drop_irq) {
        s->knob.drop_irq--;
        slot.irq = false;
    }
    cmd->slot = q->cq_tail;
    cmd->state = s->linear ? ANS2_CMD_POSTED : ANS2_CMD_FREE;
    cmd->stale = cmd->odd & BIT(ANS2_TRAP_STALE);
    q->in_flight--;
    mislead(s, cqe.cid);
    if (!twice) {
        post_entry(s, cmd->qid, &cqe, slot);
    } else {
        s->knob.duplicate_cqe -= !(cmd->odd & BIT(ANS2_TRAP_TWICE));
        post_twice(s, cmd->qid, &cqe, slot);
    }
    if (cmd->qid == ANS2_IO && s->deleting_sq >= 0 && !q->in_flight) {
        sq_drained(s);
    }
}

/* The command that waits longest for room in a CQ */
static Ans2Cmd *next_waiting(AppleAns2State *s, unsigned qid)
{
    Ans2Cmd *first = NULL;

    for (unsigned i = 0; i < ANS2_NUM_TAGS; i++) {
        Ans2Cmd *cmd = &s->cmd[i];

        if (cmd->state == ANS2_CMD_WAITING && cmd->qid == qid &&
            (!first || cmd->order < first->order)) {
            first = cmd;
        }
    }
    return first;
}

static void post_waiting(AppleAns2State *s, unsigned qid)
{
    Ans2Cmd *cmd;

    while (!cq_full(&s->queue[qid])) {
        cmd = next_waiting(s, qid);
        if (!cmd) {
            return;
        }
        post_command(cmd);
    }
}

bool ans2_cq_post_bogus(AppleAns2State *s, unsigned qid, uint16_t cid)
{
    Ans2Queue *q = &s->queue[qid];
    Ans2Cqe cqe = { .cid = cid, .status = ANS2_SC_SUCCESS };
    Ans2Slot slot = { .irq = q->irq_enabled };

    if (!ans2_serving(s) || !q->cq_exists || cq_full(q)) {
        return false;
    }
    mislead(s, cid);
    post_entry(s, qid, &cqe, slot);
    return true;
}

/* Executed; what is left to do comes as for a command that is slow. */
static void postpone(Ans2Cmd *cmd, uint16_t status)
{
    cmd->status = status;
    cmd->executed = true;
    cmd->held = true;
    cmd->deadline = ans2_later(cmd->late_ns);
    cmd->late_ns = 0;
    timer_mod(cmd->timer, cmd->deadline);
}

void ans2_cmd_complete(Ans2Cmd *cmd, uint16_t status)
{
    AppleAns2State *s = cmd->s;
    Ans2Queue *q = &s->queue[cmd->qid];

    if (cmd->late_ns) {
        postpone(cmd, status);
        return;
    }
    ans2_prp_unmap(cmd);
    ans2_nvmmu_close(cmd);
    if (cmd->cut) {
        status = status ?: ANS2_SC_DATA_XFER_ERROR;
    }
    if (status) {
        ans2_count(s, ANS2_COUNT_CMD_FAILED, 1);
    }
    cmd->status = status;
    cmd->order = s->completions++;
    cmd->state = ANS2_CMD_WAITING;
    if (cq_full(q)) {
        apple_judge_violation(s->judge, APPLE_RULE_CQ_OVERRUN,
                              "ans2: no room in the %s CQ for tag %u (head %u,"
                              " tail %u)", ans2_queue_name(cmd->qid), cmd->tag,
                              q->cq_head, q->cq_tail);
    } else {
        post_command(cmd);
    }
}

/* The last command of a deleted SQ is over. */
static void sq_drained(AppleAns2State *s)
{
    Ans2Cmd *cmd = &s->cmd[s->deleting_sq];
    Ans2Queue *q = &s->queue[ANS2_IO];

    s->deleting_sq = -1;
    q->sq_exists = false;
    if (cmd->state == ANS2_CMD_RUNNING) {
        ans2_cmd_complete(cmd, ANS2_SC_SUCCESS);
    }
}

static void consume_slot(AppleAns2State *s, unsigned qid, uint32_t index)
{
    Ans2Queue *q = &s->queue[qid];
    Ans2Slot *slot = &q->slots[index];

    if (slot->held) {
        apple_judge_violation(s->judge, APPLE_RULE_TCB_NOT_INVALIDATED,
                              "ans2: %s CQ head moved over the entry of tag %u"
                              " before its TCB was invalidated",
                              ans2_queue_name(qid), slot->tag);
    }
    q->irq_slots -= slot->irq;
    *slot = (Ans2Slot) { };
}

void ans2_cq_doorbell(AppleAns2State *s, unsigned qid, uint32_t head)
{
    Ans2Queue *q = &s->queue[qid];
    uint32_t used, moved;

    trace_apple_ans2_cq_doorbell(qid, head, q->cq_tail);
    if (s->crashed || !s->booted || !(s->cc & ANS2_CC_EN)) {
        /*
         * Linux may be a little late: who waited for the last completion
         * clears CC.EN while the interrupt handler has yet to write the head.
         */
        return;
    }
    if (!q->cq_exists || head >= q->cq_size) {
        apple_judge_violation(s->judge, APPLE_RULE_CQ_DOORBELL,
                              "ans2: head %u written to the %s CQ of %u"
                              " entries", head, ans2_queue_name(qid),
                              q->cq_exists ? q->cq_size : 0);
        return;
    }
    used = (q->cq_tail + q->cq_size - q->cq_head) % q->cq_size;
    moved = (head + q->cq_size - q->cq_head) % q->cq_size;
    if (moved > used) {
        apple_judge_violation(s->judge, APPLE_RULE_CQ_DOORBELL,
                              "ans2: %s CQ head moved from %u to %u, past the"
                              " tail at %u", ans2_queue_name(qid), q->cq_head,
                              head, q->cq_tail);
        return;
    }
    for (; q->cq_head != head; q->cq_head = cq_next(q, q->cq_head)) {
        consume_slot(s, qid, q->cq_head);
    }
    q->race_open = false;
    post_waiting(s, qid);
    ans2_update_irq(s);
}
