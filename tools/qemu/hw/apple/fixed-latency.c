/*
 * A drive without content whose operations take a fixed time of the guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For measurements that must not depend on the host.  It is a block driver, so
 * that the same drive can be behind this machine's controller and behind any
 * other:
 *
 *   -drive if=none,id=ssd,driver=fixed-latency,size=8G
 *
 *  size (1G)             bytes; all of them are 0, whatever is written
 *  latency-ns (80000)    from the begin of an operation to that of its
 *                        transfer, in guest time; any number at a time
 *  ns-per-kib (400)      how long a transfer takes; one at a time
 *
 * Under -icount the guest's time stands still until what is due has been done,
 * so that the host's speed does not show.  That goes for the end of an
 * operation as well: a controller that leaves it to a bottom half gets to it
 * before the guest's time goes on.  While the machine is stopped nothing waits:
 * QEMU wants all operations to end then.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/coroutine.h"
#include "qemu/iov.h"
#include "qemu/module.h"
#include "qemu/option.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "block/block-io.h"
#include "block/block_int.h"

#define OPT_LATENCY     "latency-ns"
#define OPT_PER_KIB     "ns-per-kib"

typedef struct Waiter {
    QemuCoSleep sleep;
    QLIST_ENTRY(Waiter) next;
} Waiter;

typedef struct FixedLatencyState {
    int64_t length;
    uint64_t latency_ns;
    uint64_t ns_per_kib;
    int64_t last_end;       /* of the transfers so far, in guest time */
    bool draining;
    QEMUTimer *hold;        /* nothing happens when it fires */
    QLIST_HEAD(, Waiter) waiters;
} FixedLatencyState;

static QemuOptsList fixed_latency_opts = {
    .name = "fixed-latency",
    .head = QTAILQ_HEAD_INITIALIZER(fixed_latency_opts.head),
    .desc = {
        {
            .name = BLOCK_OPT_SIZE,
            .type = QEMU_OPT_SIZE,
            .help = "bytes of the drive",
        }, {
            .name = OPT_LATENCY,
            .type = QEMU_OPT_NUMBER,
            .help = "guest ns from an operation's begin to its transfer",
        }, {
            .name = OPT_PER_KIB,
            .type = QEMU_OPT_NUMBER,
            .help = "guest ns for the transfer of 1024 bytes",
        },
        { /* end of list */ }
    },
};

static void hold_fired(void *opaque)
{
}

static int fixed_latency_open(BlockDriverState *bs, QDict *options, int flags,
                              Error **errp)
{
    FixedLatencyState *s = bs->opaque;
    QemuOpts *opts = qemu_opts_create(&fixed_latency_opts, NULL, 0,
                                      &error_abort);
    bool good = qemu_opts_absorb_qdict(opts, options, errp);

    if (good) {
        s->length = qemu_opt_get_size(opts, BLOCK_OPT_SIZE, 1 * GiB);
        s->latency_ns = qemu_opt_get_number(opts, OPT_LATENCY, 80000);
        s->ns_per_kib = qemu_opt_get_number(opts, OPT_PER_KIB, 400);
        bs->supported_write_flags = BDRV_REQ_FUA;
        QLIST_INIT(&s->waiters);
        s->hold = aio_timer_new(bdrv_get_aio_context(bs), QEMU_CLOCK_VIRTUAL,
                                SCALE_NS, hold_fired, NULL);
    }
    qemu_opts_del(opts);
    return good ? 0 : -EINVAL;
}

static void fixed_latency_close(BlockDriverState *bs)
{
    FixedLatencyState *s = bs->opaque;

    timer_free(s->hold);
}

static int64_t coroutine_fn fixed_latency_getlength(BlockDriverState *bs)
{
    FixedLatencyState *s = bs->opaque;

    return s->length;
}

static void coroutine_fn take_time(FixedLatencyState *s, int64_t bytes)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    Waiter waiter = { };

    if (s->draining) {
        return;
    }
    s->last_end = MAX(s->last_end, now + (int64_t)s->latency_ns) +
                  bytes * s->ns_per_kib / KiB;
    QLIST_INSERT_HEAD(&s->waiters, &waiter, next);
    qemu_co_sleep_ns_wakeable(&waiter.sleep, QEMU_CLOCK_VIRTUAL,
                              s->last_end - now);
    QLIST_REMOVE(&waiter, next);
    /* Time goes no further than this before bottom halves have been run. */
    timer_mod(s->hold, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) + 1);
}

static int coroutine_fn fixed_latency_preadv(BlockDriverState *bs,
                                             int64_t offset, int64_t bytes,
                                             QEMUIOVector *qiov,
                                             BdrvRequestFlags flags)
{
    take_time(bs->opaque, bytes);
    qemu_iovec_memset(qiov, 0, 0, bytes);
    return 0;
}

static int coroutine_fn fixed_latency_pwritev(BlockDriverState *bs,
                                              int64_t offset, int64_t bytes,
                                              QEMUIOVector *qiov,
                                              BdrvRequestFlags flags)
{
    take_time(bs->opaque, bytes);
    return 0;
}

static int coroutine_fn fixed_latency_flush(BlockDriverState *bs)
{
    take_time(bs->opaque, 0);
    return 0;
}

static int coroutine_fn fixed_latency_pdiscard(BlockDriverState *bs,
                                               int64_t offset, int64_t bytes)
{
    take_time(bs->opaque, 0);
    return 0;
}

/* QEMU waits for what is in flight, and the guest's clock may not go on. */
static void fixed_latency_drain_begin(BlockDriverState *bs)
{
    FixedLatencyState *s = bs->opaque;
    Waiter *waiter, *next;

    s->draining = true;
    s->last_end = 0;
    /* who is woken may have left the list, and its stack, before we go on */
    QLIST_FOREACH_SAFE(waiter, &s->waiters, next, next) {
        qemu_co_sleep_wake(&waiter->sleep);
    }
}

static void fixed_latency_drain_end(BlockDriverState *bs)
{
    FixedLatencyState *s = bs->opaque;

    s->draining = false;
}

static BlockDriver bdrv_fixed_latency = {
    .format_name            = "fixed-latency",
    .instance_size          = sizeof(FixedLatencyState),

    .bdrv_open              = fixed_latency_open,
    .bdrv_close             = fixed_latency_close,
    .bdrv_co_getlength      = fixed_latency_getlength,
    .bdrv_co_preadv         = fixed_latency_preadv,
    .bdrv_co_pwritev        = fixed_latency_pwritev,
    .bdrv_co_pdiscard       = fixed_latency_pdiscard,
    .bdrv_co_flush_to_disk  = fixed_latency_flush,
    .bdrv_drain_begin       = fixed_latency_drain_begin,
    .bdrv_drain_end         = fixed_latency_drain_end,
};

static void fixed_latency_init(void)
{
    bdrv_register(&bdrv_fixed_latency);
}

block_init(fixed_latency_init);
