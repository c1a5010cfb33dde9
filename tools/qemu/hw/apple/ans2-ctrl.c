/*
 * Apple ANS2: enable, disable, shutdown, sleep and crash
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * CC and CSTS work as in the NVMe specification, served by the co-processor's
 * firmware: without it the registers keep what is written and nothing happens.
 *
 * Two rules come from m1n1 and Linux nvme-apple: the I/O queues are deleted
 * before CC.EN is cleared (firmware 12.1 and later ask for it), and CC.EN is
 * cleared before the firmware is put to sleep, because the controller does not
 * answer afterwards.
 *
 * A third is a good manner: an admin command that will end is waited for before
 * CC.EN is cleared, or its buffer may be written when it belongs to somebody
 * else.  Nothing is said if the command never ends (see ans2_cmd_open()).
 *
 * Model's choice: a bad queue set-up shows as CSTS.CFS, the controller keeps CC
 * and CSTS while the firmware sleeps, and CC.IOSQES and CC.IOCQES may be
 * anything, also 0, although the specification wants the sizes of the entries
 * before an I/O queue is created.
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "ans2-internal.h"
#include "trace.h"

/* shutdown-ns of this value: the shutdown never ends */
#define SHUTDOWN_NEVER  UINT64_MAX

static void set_shst(AppleAns2State *s, uint32_t shst)
{
    s->csts = (s->csts & ~ANS2_CSTS_SHST) | shst;
}

void ans2_ctrl_fatal(AppleAns2State *s)
{
    trace_apple_ans2_fatal();
    s->csts |= ANS2_CSTS_CFS;
    ans2_cmd_forget_all(s);
}

static void unready(AppleAns2State *s)
{
    s->unready = true;
    s->csts &= ~ANS2_CSTS_RDY;
    timer_del(s->ready_timer);
    timer_del(s->shutdown_timer);
    ans2_cmd_forget_all(s);
}

/* What a trap does to the controller; whether it did something. */
static bool trapped(AppleAns2State *s, const Ans2Sprung *sprung)
{
    if (ans2_sprang(sprung, ANS2_TRAP_CRASH)) {
        apple_rtkit_crash(s->rtkit, "trap");
    } else if (ans2_sprang(sprung, ANS2_TRAP_CFS)) {
        ans2_ctrl_fatal(s);
    } else if (ans2_sprang(sprung, ANS2_TRAP_UNREADY)) {
        unready(s);
    } else {
        return false;
    }
    return true;
}

static bool check_base(AppleAns2State *s, AppleRule rule, const char *name,
                       uint64_t base)
{
    if (base && !(base & (ANS2_PAGE_SIZE - 1))) {
        return true;
    }
    apple_judge_violation(s->judge, rule, "ans2: CC.EN set with %s = 0x%"
                          PRIx64 ", not a page", name, base);
    return false;
}

/* Whether the registers make sense for a controller that is to start. */
static bool check_setup(AppleAns2State *s, uint32_t cc)
{
    uint32_t asqs = extract32(s->aqa, 0, 12);
    uint32_t acqs = extract32(s->aqa, 16, 12);
    bool good = true;

    if (cc & (ANS2_CC_CSS | ANS2_CC_MPS)) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_VALUE,
                              "ans2: CC = 0x%x, but pages are 4 KiB and the"
                              " command set is NVM", cc);
        good = false;
    }
    if (!asqs || !acqs) {
        apple_judge_violation(s->judge, APPLE_RULE_QUEUE_SETUP,
                              "ans2: CC.EN set with AQA = 0x%x", s->aqa);
        good = false;
    }
    good &= check_base(s, APPLE_RULE_QUEUE_SETUP, "ASQ", s->asq);
    good &= check_base(s, APPLE_RULE_QUEUE_SETUP, "ACQ", s->acq);
    if (!(s->linear_ctrl & 1)) {
        return good;
    }
    good &= check_base(s, APPLE_RULE_TCB_SETUP, "the admin TCB base",
                       s->tcb_base[ANS2_ADMIN]);
    /* U-Boot tells it only when it creates the I/O queues. */
    if (s->tcb_base[ANS2_IO]) {
        good &= check_base(s, APPLE_RULE_TCB_SETUP, "the I/O TCB base",
                           s->tcb_base[ANS2_IO]);
    }
    if (!s->num_tcbs) {
        apple_judge_violation(s->judge, APPLE_RULE_TCB_SETUP,
                              "ans2: CC.EN set with NUM_TCBS = 0");
    }
    if (!s->max_pend) {
        apple_judge_violation(s->judge, APPLE_RULE_QUEUE_SETUP,
                              "ans2: CC.EN set with MAX_PEND_CMDS_CTRL = 0");
    }
    return good;
}

static void stop(AppleAns2State *s)
{
    timer_del(s->ready_timer);
    timer_del(s->shutdown_timer);
    s->csts = 0;
    s->unready = false;
    ans2_cmd_forget_all(s);
    ans2_io_drain(s);
    ans2_queue_reset(s, ANS2_ADMIN);
    ans2_queue_reset(s, ANS2_IO);
    s->deleting_sq = -1;
    s->tcb_stat = 0;
    ans2_update_irq(s);
}

static void start_queues(AppleAns2State *s)
{
    Ans2Queue *admin = &s->queue[ANS2_ADMIN];

    s->linear = s->linear_ctrl & 1;
    admin->sq_exists = true;
    admin->cq_exists = true;
    admin->irq_enabled = true;
    admin->sq_base = s->asq;
    admin->cq_base = s->acq;
    admin->sq_size = extract32(s->aqa, 0, 12) + 1;
    admin->cq_size = extract32(s->aqa, 16, 12) + 1;
    trace_apple_ans2_enable(s->linear, admin->sq_size, admin->cq_size);
}

static void enable(AppleAns2State *s, uint32_t cc)
{
    bool still_unready = s->unready;
    uint64_t ns = s->knob.ready_ns;
    Ans2Sprung sprung;

    if (ans2_serving(s) && s->csts & ANS2_CSTS_RDY) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_ORDER,
                              "ans2: CC.EN set before CSTS.RDY has fallen");
    }
    /* also what a trap kept from stopping, or what was done in sleep */
    stop(s);
    s->inherited = false;
    s->unready = still_unready;
    if (s->unready) {
        return;
    }
    sprung = ans2_trap_event(s, ANS2_EVENT_ENABLE, 0);
    if (trapped(s, &sprung)) {
        return;
    }
    if (!check_setup(s, cc)) {
        ans2_ctrl_fatal(s);
        return;
    }
    start_queues(s);
    ns = MAX(ns, sprung.slow_ns);
    if (ns) {
        /* at the end of time: never */
        timer_mod(s->ready_timer, ans2_later(ns));
    } else {
        ans2_ctrl_ready(s);
    }
}

/* CSTS.RDY follows CC.EN. */
void ans2_ctrl_ready(void *opaque)
{
    AppleAns2State *s = opaque;

    if (!(s->cc & ANS2_CC_EN)) {
        stop(s);
        return;
    }
    s->csts |= ANS2_CSTS_RDY;
    s->unclean = true;
}

/* What must be over before a controller that answers is disabled. */
static void check_disable(AppleAns2State *s)
{
    const Ans2Cmd *cmd = ans2_cmd_open(s);
    Ans2Queue *io = &s->queue[ANS2_IO];

    if (!ans2_serving(s)) {
        return;
    }
    if (io->sq_exists || io->cq_exists) {
        apple_judge_violation(s->judge, APPLE_RULE_QUEUE_ORDER,
                              "ans2: CC.EN cleared before I/O %s 1 was"
                              " deleted", io->sq_exists ? "SQ" : "CQ");
    }
    if (cmd && !s->inherited) {
        apple_judge_violation(s->judge, APPLE_RULE_CMD_IN_FLIGHT,
                              "ans2: CC.EN cleared before admin command 0x%02x"
                              " (tag %u) was completed", cmd->sqe.opcode,
                              cmd->tag);
    }
}

static void disable(AppleAns2State *s)
{
    Ans2Queue *io = &s->queue[ANS2_IO];
    Ans2Sprung sprung = { };

    trace_apple_ans2_disable(io->sq_exists, io->cq_exists);
    check_disable(s);
    s->inherited = false;
    if (ans2_serving(s)) {
        sprung = ans2_trap_event(s, ANS2_EVENT_DISABLE, 0);
    }
    if (ans2_sprang(&sprung, ANS2_TRAP_UNREADY)) {
        stop(s);
    }
    if (trapped(s, &sprung)) {
        return;
    }
    if (sprung.slow_ns) {
        timer_mod(s->ready_timer, ans2_later(sprung.slow_ns));
    } else {
        stop(s);
    }
}

void ans2_ctrl_shutdown_done(void *opaque)
{
    AppleAns2State *s = opaque;

    set_shst(s, ANS2_CSTS_SHST_DONE);
    s->unclean = false;
    trace_apple_ans2_shutdown_done();
}

/* The drives have written their caches; a knob may want it to take longer. */
static void flushed(AppleAns2State *s)
{
    uint64_t ns = MAX(s->knob.shutdown_ns, s->shutdown_slow);

    if ((s->csts & ANS2_CSTS_SHST) != ANS2_CSTS_SHST_BUSY || s->crashed ||
        s->unready || s->knob.shutdown_ns == SHUTDOWN_NEVER) {
        return;
    }
    if (ns) {
        timer_mod(s->shutdown_timer, ans2_later(ns));
    } else {
        ans2_ctrl_shutdown_done(s);
    }
}

static void start_shutdown(AppleAns2State *s)
{
    Ans2Sprung sprung;

    if (s->csts & ANS2_CSTS_SHST) {
        return;
    }
    sprung = ans2_trap_event(s, ANS2_EVENT_SHUTDOWN, 0);
    if (trapped(s, &sprung)) {
        return;
    }
    s->shutdown_slow = sprung.slow_ns;
    set_shst(s, ANS2_CSTS_SHST_BUSY);
    ans2_io_flush_all(s);
}

void ans2_ctrl_write_cc(AppleAns2State *s, uint32_t value)
{
    uint32_t changed = s->cc ^ value;

    s->cc = value;
    if (!s->powered || !s->booted || s->crashed) {
        return;
    }
    if (changed & ANS2_CC_EN) {
        if (value & ANS2_CC_EN) {
            enable(s, value);
        } else {
            disable(s);
        }
    }
    if (value & ANS2_CC_SHN && value & ANS2_CC_EN && !s->unready) {
        start_shutdown(s);
    }
}

void ans2_ctrl_reset(AppleAns2State *s)
{
    stop(s);
    s->inherited = false;
    s->intms = 0;
    s->cc = 0;
    s->aqa = 0;
    s->asq = 0;
    s->acq = 0;
    s->max_pend = 0;
    s->modesel = 0;
    s->unknown_ctrl = ANS2_PRP_NULL_CHECK;
    s->linear_ctrl = 0;
    s->linear = false;
    s->num_tcbs = 0;
    s->tcb_base[ANS2_ADMIN] = 0;
    s->tcb_base[ANS2_IO] = 0;
    s->feat_power = 0;
    s->feat_arbitration = 0;
    s->feat_recovery = 0;
    s->feat_atomic = 0;
    s->feat_vwc = 1;
    s->feat_temp[0] = 0;
    s->feat_temp[1] = 0;
    qemu_bh_cancel(s->sleep_bh);
}

void ans2_ctrl_set_power(void *opaque, int n, int level)
{
    AppleAns2State *s = opaque;

    if (s->powered && !level) {
        if (s->unclean) {
            s->smart.unsafe_shutdowns++;
            s->unclean = false;
        }
        ans2_ctrl_reset(s);
    }
    s->powered = level;
}

/*
 * Runs a moment after the firmware has stopped: if that was part of a reset of
 * the block, CC is zero by now, and a crash is known.
 */
void ans2_ctrl_slept(void *opaque)
{
    AppleAns2State *s = opaque;

    if (apple_rtkit_awake(s->rtkit)) {
        /* not put to sleep: a wake message has restarted it */
        return;
    }
    if (s->powered && !s->booted && !s->crashed && !s->inherited &&
        (s->cc & ANS2_CC_EN) && (s->csts & ANS2_CSTS_RDY)) {
        apple_judge_violation(s->judge, APPLE_RULE_QUEUE_ORDER,
                              "ans2: firmware put to sleep while CC.EN is"
                              " set");
    }
}

void ans2_ctrl_set_booted(void *opaque, int n, int level)
{
    AppleAns2State *s = opaque;

    if (s->booted && !level) {
        ans2_cmd_forget_all(s);
        qemu_bh_schedule(s->sleep_bh);
    }
    s->booted = level;
}

void ans2_ctrl_set_crashed(void *opaque, int n, int level)
{
    AppleAns2State *s = opaque;

    s->crashed = level;
    if (level) {
        timer_del(s->ready_timer);
        timer_del(s->shutdown_timer);
        ans2_cmd_forget_all(s);
        if (s->knob.cfs_on_crash) {
            s->csts |= ANS2_CSTS_CFS;
        }
    }
}

const Ans2Upcalls ans2_ctrl_upcalls = {
    .fatal = ans2_ctrl_fatal,
    .trapped = trapped,
    .flushed = flushed,
};
