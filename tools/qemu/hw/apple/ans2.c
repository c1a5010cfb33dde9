/*
 * Apple ANS2: the QEMU object
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The ANS2 is the NVMe controller of the internal SSD.  Its queues are served
 * by the firmware of a co-processor (see rtkit.h); this device has the
 * register window and the behaviour of that firmware as far as it concerns
 * NVMe.  ans2-internal.h says which file does what, ans2-props.c lists the
 * fault knobs and counters.
 *
 * Migration: everything is sent.  The block layer is drained by then; commands
 * that wait for something else are started again on the other side.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/resettable.h"
#include "migration/vmstate.h"
#include "system/reset.h"
#include "ans2-internal.h"

#define FLUSH_NS    17000000

/* In the form of real ones, but of no real drive */
#define SERIAL      "0ba0000000000001"

/* CC and CSTS of a controller that the boot loader left enabled */
#define HANDOVER_CC 0x00460001

/* As a DMA master this device stops before anything else is reset. */
static void ans2_reset_enter(Object *obj, ResetType type)
{
    AppleAns2State *s = APPLE_ANS2(obj);

    ans2_ctrl_reset(s);
}

static void ans2_reset_hold(Object *obj, ResetType type)
{
    AppleAns2State *s = APPLE_ANS2(obj);

    ans2_update_irq(s);
}

/*
 * A reset of the whole machine, which counts as a power cycle; the reset of
 * the block by the power manager does not come here.  Runs after the "enter"
 * phase of all devices.
 */
static void ans2_machine_reset(void *opaque)
{
    AppleAns2State *s = opaque;

    s->smart.power_cycles++;
    if (s->unclean) {
        s->smart.unsafe_shutdowns++;
        s->unclean = false;
    }
    if (s->handover_enabled) {
        s->cc = HANDOVER_CC;
        s->csts = ANS2_CSTS_RDY;
        s->inherited = true;
    }
}

static void ans2_init_commands(AppleAns2State *s)
{
    MemReentrancyGuard *guard = &DEVICE(s)->mem_reentrancy_guard;

    for (unsigned i = 0; i < ANS2_NUM_TAGS; i++) {
        Ans2Cmd *cmd = &s->cmd[i];

        cmd->s = s;
        cmd->tag = i;
        cmd->bh = qemu_bh_new_guarded(ans2_cmd_run, cmd, guard);
        cmd->timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, ans2_cmd_timer, cmd);
    }
    s->ready_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, ans2_ctrl_ready, s);
    s->shutdown_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL,
                                     ans2_ctrl_shutdown_done, s);
    s->sleep_bh = qemu_bh_new_guarded(ans2_ctrl_slept, s, guard);
}

static void ans2_realize(DeviceState *dev, Error **errp)
{
    AppleAns2State *s = APPLE_ANS2(dev);

    if (!s->judge || !s->dice || !s->rtkit || !s->sart) {
        error_setg(errp, "links 'judge', 'dice', 'rtkit' and 'sart' must be"
                   " set");
        return;
    }
    if (!g_strcmp0(s->firmware, "2026")) {
        s->strict = true;
    } else if (g_strcmp0(s->firmware, "old")) {
        error_setg(errp, "property 'firmware' must be \"old\" or \"2026\"");
        return;
    }
    if (!ans2_io_realize(s, errp)) {
        return;
    }
    ans2_init_commands(s);
    qemu_register_reset(ans2_machine_reset, s);
}

static void ans2_init(Object *obj)
{
    AppleAns2State *s = APPLE_ANS2(obj);
    SysBusDevice *sbd = SYS_BUS_DEVICE(obj);

    memory_region_init_io(&s->window, obj, &ans2_window_ops, s,
                          TYPE_APPLE_ANS2, ANS2_WINDOW_SIZE);
    sysbus_init_mmio(sbd, &s->window);
    sysbus_init_irq(sbd, &s->irq);
    qdev_init_gpio_in_named(DEVICE(obj), ans2_ctrl_set_power, "power", 1);
    qdev_init_gpio_in_named(DEVICE(obj), ans2_ctrl_set_booted, "boot-status",
                            1);
    qdev_init_gpio_in_named(DEVICE(obj), ans2_ctrl_set_crashed, "crashed", 1);
    s->serial = g_strdup(SERIAL);
    s->knob.lost_irq = true;
    s->knob.cfs_on_crash = true;
    s->knob.flush_ns = FLUSH_NS;
    s->deleting_sq = -1;
    s->up = &ans2_ctrl_upcalls;
    ans2_promise_init(s);
}

static int ans2_pre_save(void *opaque)
{
    ans2_io_drain(opaque);
    return 0;
}

/* Indices that the guest cannot break, but a bad stream can */
static bool queue_is_sane(const Ans2Queue *q)
{
    if (q->cq_exists && (q->cq_size < 2 || q->cq_size > ANS2_CQ_MAX ||
                         q->cq_head >= q->cq_size ||
                         q->cq_tail >= q->cq_size)) {
        return false;
    }
    return !q->sq_exists || (q->cq_exists && q->sq_size >= 2 &&
                             q->sq_size <= 4096 && q->sq_head < q->sq_size &&
                             q->sq_tail < q->sq_size);
}

static bool trap_is_sane(const Ans2Trap *trap)
{
    return !trap->armed || (trap->action < ANS2_TRAP__MAX &&
                            trap->event < ANS2_EVENT__MAX && trap->count);
}

static bool command_is_sane(AppleAns2State *s, const Ans2Cmd *cmd)
{
    return cmd->state < ANS2_CMD__MAX && cmd->qid < ANS2_NUM_QUEUES &&
           cmd->slot < ANS2_CQ_MAX &&
           (cmd->state == ANS2_CMD_FREE || s->queue[cmd->qid].cq_exists ||
            cmd->state == ANS2_CMD_POSTED);
}

/* Start again what was waiting for a timer or a bottom half. */
static void resume_command(AppleAns2State *s, Ans2Cmd *cmd)
{
    ans2_cmd_decode_sqe(cmd);
    ans2_nvmmu_decode_tcb(cmd);
    if (cmd->state != ANS2_CMD_RUNNING || s->deleting_sq == cmd->tag ||
        cmd->endless || (cmd->held && !cmd->deadline)) {
        return;
    }
    if (cmd->deadline) {
        timer_mod(cmd->timer, cmd->deadline);
    } else {
        qemu_bh_schedule(cmd->bh);
    }
}

static int ans2_post_load(void *opaque, int version_id)
{
    AppleAns2State *s = opaque;

    if (!queue_is_sane(&s->queue[ANS2_ADMIN]) ||
        !queue_is_sane(&s->queue[ANS2_IO]) ||
        s->deleting_sq < -1 || s->deleting_sq >= ANS2_NUM_TAGS ||
        !ans2_promise_is_sane(s) || !ans2_media_is_sane(s)) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < ANS2_NUM_TAGS; i++) {
        if (!command_is_sane(s, &s->cmd[i])) {
            return -EINVAL;
        }
    }
    for (unsigned i = 0; i < ANS2_TRAPS; i++) {
        if (!trap_is_sane(&s->trap[i])) {
            return -EINVAL;
        }
    }
    for (unsigned i = 0; i < ANS2_NUM_TAGS; i++) {
        resume_command(s, &s->cmd[i]);
    }
    return 0;
}

static const VMStateDescription vmstate_slot = {
    .name = TYPE_APPLE_ANS2 "/slot",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(tag, Ans2Slot),
        VMSTATE_BOOL(irq, Ans2Slot),
        VMSTATE_BOOL(held, Ans2Slot),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_queue = {
    .name = TYPE_APPLE_ANS2 "/queue",
    .version_id = 2,
    .minimum_version_id = 2,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(sq_exists, Ans2Queue),
        VMSTATE_BOOL(cq_exists, Ans2Queue),
        VMSTATE_BOOL(irq_enabled, Ans2Queue),
        VMSTATE_BOOL(race_open, Ans2Queue),
        VMSTATE_BOOL(unseen, Ans2Queue),
        VMSTATE_UINT64(sq_base, Ans2Queue),
        VMSTATE_UINT64(cq_base, Ans2Queue),
        VMSTATE_UINT32(sq_size, Ans2Queue),
        VMSTATE_UINT32(cq_size, Ans2Queue),
        VMSTATE_UINT32(sq_head, Ans2Queue),
        VMSTATE_UINT32(sq_tail, Ans2Queue),
        VMSTATE_UINT32(cq_head, Ans2Queue),
        VMSTATE_UINT32(cq_tail, Ans2Queue),
        VMSTATE_BOOL(phase, Ans2Queue),
        VMSTATE_UINT32(in_flight, Ans2Queue),
        VMSTATE_UINT32(irq_slots, Ans2Queue),
        VMSTATE_STRUCT_ARRAY(slots, Ans2Queue, ANS2_CQ_MAX, 1, vmstate_slot,
                             Ans2Slot),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_cmd = {
    .name = TYPE_APPLE_ANS2 "/command",
    .version_id = 3,
    .minimum_version_id = 3,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(state, Ans2Cmd),
        VMSTATE_UINT8(qid, Ans2Cmd),
        VMSTATE_BOOL(tcb_held, Ans2Cmd),
        VMSTATE_BOOL(cut, Ans2Cmd),
        VMSTATE_BOOL(lost_irq, Ans2Cmd),
        VMSTATE_BOOL(executed, Ans2Cmd),
        VMSTATE_BOOL(held, Ans2Cmd),
        VMSTATE_BOOL(endless, Ans2Cmd),
        VMSTATE_BOOL(stale, Ans2Cmd),
        VMSTATE_BOOL(misled, Ans2Cmd),
        VMSTATE_UINT32(odd, Ans2Cmd),
        VMSTATE_UINT32(odd_tag, Ans2Cmd),
        VMSTATE_UINT64(late_ns, Ans2Cmd),
        VMSTATE_UINT16(status, Ans2Cmd),
        VMSTATE_UINT16(slot, Ans2Cmd),
        VMSTATE_UINT64(result, Ans2Cmd),
        VMSTATE_UINT64(order, Ans2Cmd),
        VMSTATE_INT64(deadline, Ans2Cmd),
        VMSTATE_UINT8_ARRAY(raw_sqe, Ans2Cmd, ANS2_SQE_SIZE),
        VMSTATE_UINT8_ARRAY(raw_tcb, Ans2Cmd, ANS2_TCB_SIZE),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_knobs = {
    .name = TYPE_APPLE_ANS2 "/knobs",
    .version_id = 2,
    .minimum_version_id = 2,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(flush_ns, Ans2Knobs),
        VMSTATE_UINT64(ready_ns, Ans2Knobs),
        VMSTATE_UINT64(shutdown_ns, Ans2Knobs),
        VMSTATE_UINT64(tcb_stat, Ans2Knobs),
        VMSTATE_UINT64(csts, Ans2Knobs),
        VMSTATE_UINT64(crash_at_command, Ans2Knobs),
        VMSTATE_UINT64(drop_irq, Ans2Knobs),
        VMSTATE_UINT64(duplicate_cqe, Ans2Knobs),
        VMSTATE_BOOL(lost_irq, Ans2Knobs),
        VMSTATE_BOOL(cfs_on_crash, Ans2Knobs),
        VMSTATE_BOOL(aer_outstanding, Ans2Knobs),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_promise = {
    .name = TYPE_APPLE_ANS2 "/promise",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(sgls, Ans2Promise),
        VMSTATE_UINT32(ms, Ans2Promise),
        VMSTATE_UINT32(oacs, Ans2Promise),
        VMSTATE_UINT32(hmpre, Ans2Promise),
        VMSTATE_UINT32(oaes, Ans2Promise),
        VMSTATE_UINT32(nn, Ans2Promise),
        VMSTATE_UINT32(queues, Ans2Promise),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_trap = {
    .name = TYPE_APPLE_ANS2 "/trap",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(armed, Ans2Trap),
        VMSTATE_UINT8(action, Ans2Trap),
        VMSTATE_UINT8(event, Ans2Trap),
        VMSTATE_BOOL(any_opcode, Ans2Trap),
        VMSTATE_UINT8(opcode, Ans2Trap),
        VMSTATE_BOOL(stays, Ans2Trap),
        VMSTATE_UINT64(count, Ans2Trap),
        VMSTATE_UINT64(value, Ans2Trap),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_bad = {
    .name = TYPE_APPLE_ANS2 "/bad-blocks",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(what, Ans2BadRange),
        VMSTATE_UINT32(nsid, Ans2BadRange),
        VMSTATE_UINT64(first, Ans2BadRange),
        VMSTATE_UINT64(count, Ans2BadRange),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_smart = {
    .name = TYPE_APPLE_ANS2 "/smart",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(bytes_read, Ans2Smart),
        VMSTATE_UINT64(bytes_written, Ans2Smart),
        VMSTATE_UINT64(host_reads, Ans2Smart),
        VMSTATE_UINT64(host_writes, Ans2Smart),
        VMSTATE_UINT64(power_cycles, Ans2Smart),
        VMSTATE_UINT64(unsafe_shutdowns, Ans2Smart),
        VMSTATE_UINT64(media_errors, Ans2Smart),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_ans2 = {
    .name = TYPE_APPLE_ANS2,
    .version_id = 4,
    .minimum_version_id = 4,
    .pre_save = ans2_pre_save,
    .post_load = ans2_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(powered, AppleAns2State),
        VMSTATE_BOOL(booted, AppleAns2State),
        VMSTATE_BOOL(crashed, AppleAns2State),
        VMSTATE_UINT32(intms, AppleAns2State),
        VMSTATE_UINT32(cc, AppleAns2State),
        VMSTATE_UINT32(csts, AppleAns2State),
        VMSTATE_UINT32(aqa, AppleAns2State),
        VMSTATE_UINT64(asq, AppleAns2State),
        VMSTATE_UINT64(acq, AppleAns2State),
        VMSTATE_UINT32(max_pend, AppleAns2State),
        VMSTATE_UINT32(modesel, AppleAns2State),
        VMSTATE_UINT32(unknown_ctrl, AppleAns2State),
        VMSTATE_UINT32(linear_ctrl, AppleAns2State),
        VMSTATE_UINT32(num_tcbs, AppleAns2State),
        VMSTATE_UINT64_ARRAY(tcb_base, AppleAns2State, ANS2_NUM_QUEUES),
        VMSTATE_UINT32(tcb_stat, AppleAns2State),
        VMSTATE_BOOL(linear, AppleAns2State),
        VMSTATE_BOOL(inherited, AppleAns2State),
        VMSTATE_BOOL(unclean, AppleAns2State),
        VMSTATE_BOOL(irq_level, AppleAns2State),
        VMSTATE_BOOL(unready, AppleAns2State),
        VMSTATE_INT32(deleting_sq, AppleAns2State),
        VMSTATE_UINT64(completions, AppleAns2State),
        VMSTATE_UINT32(feat_power, AppleAns2State),
        VMSTATE_UINT32(feat_arbitration, AppleAns2State),
        VMSTATE_UINT32(feat_recovery, AppleAns2State),
        VMSTATE_UINT32(feat_atomic, AppleAns2State),
        VMSTATE_UINT32(feat_vwc, AppleAns2State),
        VMSTATE_UINT32_ARRAY(feat_temp, AppleAns2State, 2),
        VMSTATE_TIMER_PTR(ready_timer, AppleAns2State),
        VMSTATE_TIMER_PTR(shutdown_timer, AppleAns2State),
        VMSTATE_STRUCT_ARRAY(queue, AppleAns2State, ANS2_NUM_QUEUES, 1,
                             vmstate_queue, Ans2Queue),
        VMSTATE_STRUCT_ARRAY(cmd, AppleAns2State, ANS2_NUM_TAGS, 1,
                             vmstate_cmd, Ans2Cmd),
        VMSTATE_STRUCT(knob, AppleAns2State, 1, vmstate_knobs, Ans2Knobs),
        VMSTATE_STRUCT(promise, AppleAns2State, 1, vmstate_promise,
                       Ans2Promise),
        VMSTATE_STRUCT_ARRAY(trap, AppleAns2State, ANS2_TRAPS, 1,
                             vmstate_trap, Ans2Trap),
        VMSTATE_STRUCT_ARRAY(bad, AppleAns2State, ANS2_BAD_RANGES, 1,
                             vmstate_bad, Ans2BadRange),
        VMSTATE_STRUCT(smart, AppleAns2State, 1, vmstate_smart, Ans2Smart),
        VMSTATE_UINT64_ARRAY(counter, AppleAns2State, ANS2_COUNT__MAX),
        VMSTATE_END_OF_LIST()
    }
};

static const Property ans2_properties[] = {
    DEFINE_PROP_DRIVE("drive", AppleAns2State, ns[0].blk),
    DEFINE_PROP_DRIVE("drive2", AppleAns2State, ns[1].blk),
    DEFINE_PROP_DRIVE("drive3", AppleAns2State, ns[2].blk),
    DEFINE_PROP_STRING("serial", AppleAns2State, serial),
    DEFINE_PROP_STRING("firmware", AppleAns2State, firmware),
    DEFINE_PROP_BOOL("handover-enabled", AppleAns2State, handover_enabled,
                     false),
    DEFINE_PROP_LINK("rtkit", AppleAns2State, rtkit, TYPE_APPLE_RTKIT,
                     AppleRtkitState *),
    DEFINE_PROP_LINK("sart", AppleAns2State, sart, TYPE_APPLE_SART,
                     AppleSartState *),
    DEFINE_PROP_LINK("judge", AppleAns2State, judge, TYPE_APPLE_JUDGE,
                     AppleJudgeState *),
    DEFINE_PROP_LINK("dice", AppleAns2State, dice, TYPE_APPLE_DICE,
                     AppleDiceState *),
};

static void ans2_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple ANS2 NVMe controller";
    dc->realize = ans2_realize;
    dc->vmsd = &vmstate_ans2;
    dc->user_creatable = false;
    set_bit(DEVICE_CATEGORY_STORAGE, dc->categories);
    rc->phases.enter = ans2_reset_enter;
    rc->phases.hold = ans2_reset_hold;
    device_class_set_props(dc, ans2_properties);
    ans2_class_add_properties(klass);
}

static const TypeInfo ans2_types[] = {
    {
        .name = TYPE_APPLE_ANS2,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleAns2State),
        .instance_init = ans2_init,
        .class_init = ans2_class_init,
    },
};

DEFINE_TYPES(ans2_types)
