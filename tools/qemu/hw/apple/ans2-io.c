/*
 * Apple ANS2: I/O commands on QEMU's block layer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Namespace 1 is the drive.  Macs show two more, small ones that firmware
 * uses; here they are drives if some are given, else RAM that is zero when the
 * machine is made and is lost with it.  Blocks have 4096 bytes.
 *
 * All block I/O is asynchronous, so as many commands are in flight as there
 * are tags.  A read that is cut off, because its TCB was invalidated or the
 * controller was reset, writes nothing to memory.
 *
 * A flush takes 17 to 18 ms on this drive, however little there is to write
 * (measured on M1 by several users of Linux and macOS).  The model lets each
 * flush take at least as long as the property "flush-ns" says.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/iov.h"
#include "qemu/memalign.h"
#include "qemu/units.h"
#include "system/block-backend.h"
#include "ans2-internal.h"
#include "trace.h"

enum {
    OP_FLUSH = 0x00,
    OP_WRITE = 0x01,
    OP_READ = 0x02,
    OP_DSM = 0x09,
};

#define RW_FUA          (1u << 30)  /* cdw12 */
#define DSM_DEALLOCATE  (1u << 2)   /* cdw11 */
#define DSM_RANGE_SIZE  16
#define DSM_RANGES_MAX  256

/* Size of a namespace without a drive; the real sizes are not known. */
#define RAM_NS_SIZE     (4 * MiB)

/* Block I/O of one command; outlives a command that is forgotten. */
struct Ans2Io {
    Ans2Cmd *cmd;           /* NULL when forgotten */
    Ans2Ns *ns;
    BlockAIOCB *aiocb;
    uint8_t *buf;
    uint32_t len;
    QEMUIOVector qiov;
    BlockAcctCookie acct;
    unsigned range;         /* DSM: the next one */
    unsigned num_ranges;
};

static uint8_t *ns_ram(Ans2Ns *ns, uint64_t block)
{
    return (uint8_t *)memory_region_get_ram_ptr(&ns->ram) +
           (block << ANS2_BLOCK_SHIFT);
}

static Ans2Ns *find_ns(Ans2Cmd *cmd)
{
    uint32_t nsid = cmd->sqe.nsid;
    Ans2Ns *ns;

    if (!nsid || nsid > ANS2_NUM_NS) {
        return NULL;
    }
    ns = &cmd->s->ns[nsid - 1];
    return ns->blocks ? ns : NULL;
}

static bool in_range(const Ans2Ns *ns, uint64_t lba, uint64_t blocks)
{
    return blocks <= ns->blocks && lba <= ns->blocks - blocks;
}

static Ans2Io *io_new(Ans2Cmd *cmd, Ans2Ns *ns, uint32_t len)
{
    uint8_t *buf = NULL;
    Ans2Io *io;

    if (len) {
        buf = ns->blk ? blk_try_blockalign(ns->blk, len)
                      : qemu_try_memalign(ANS2_PAGE_SIZE, len);
        if (!buf) {
            return NULL;
        }
    }
    io = g_new0(Ans2Io, 1);
    io->cmd = cmd;
    io->ns = ns;
    io->buf = buf;
    io->len = len;
    qemu_iovec_init_buf(&io->qiov, io->buf, len);
    cmd->io = io;
    return io;
}

static void io_free(Ans2Io *io)
{
    if (io->cmd) {
        io->cmd->io = NULL;
    }
    qemu_vfree(io->buf);
    g_free(io);
}

void ans2_io_forget(Ans2Cmd *cmd)
{
    Ans2Io *io = cmd->io;

    if (!io) {
        return;
    }
    cmd->io = NULL;
    io->cmd = NULL;
    if (io->aiocb) {
        /* its callback frees it */
        blk_aio_cancel_async(io->aiocb);
    } else {
        io_free(io);
    }
}

void ans2_io_drain(AppleAns2State *s)
{
    for (unsigned i = 0; i < ANS2_NUM_NS; i++) {
        if (s->ns[i].blk) {
            blk_drain(s->ns[i].blk);
        }
    }
}

static void account(Ans2Io *io, int ret)
{
    BlockAcctStats *stats = blk_get_stats(io->ns->blk);

    if (ret < 0) {
        block_acct_failed(stats, &io->acct);
    } else {
        block_acct_done(stats, &io->acct);
    }
}

/* End the command, if it was not forgotten, and free its I/O. */
static void finish(Ans2Io *io, uint16_t status)
{
    Ans2Cmd *cmd = io->cmd;

    io_free(io);
    if (cmd) {
        ans2_cmd_complete(cmd, status);
    }
}

/* The data of a read is in the buffer. */
static uint16_t deliver(Ans2Io *io)
{
    AppleAns2State *s = io->cmd->s;
    uint16_t status = ans2_dma_to_host(io->cmd, io->buf, io->len);

    ans2_count(s, ANS2_COUNT_BYTES_READ, io->len);
    s->smart.bytes_read += io->len;
    return status;
}

static uint16_t media_error(Ans2Cmd *cmd)
{
    cmd->s->smart.media_errors++;
    return cmd->sqe.opcode == OP_READ ? ANS2_SC_READ_ERROR
                                      : ANS2_SC_WRITE_FAULT;
}

static void rw_done(void *opaque, int ret)
{
    Ans2Io *io = opaque;
    Ans2Cmd *cmd = io->cmd;
    uint16_t status = ANS2_SC_SUCCESS;

    io->aiocb = NULL;
    account(io, ret);
    if (cmd && ret < 0) {
        status = media_error(cmd);
        trace_apple_ans2_io_error(cmd->tag, cmd->sqe.opcode, ret);
    } else if (cmd && cmd->sqe.opcode == OP_READ) {
        status = deliver(io);
    }
    finish(io, status);
}

/* Fetch the data of a write, while the TCB certainly stands. */
static uint16_t collect(Ans2Io *io)
{
    AppleAns2State *s = io->cmd->s;
    uint16_t status = ans2_dma_from_host(io->cmd, io->buf, io->len);

    if (!status) {
        ans2_count(s, ANS2_COUNT_BYTES_WRITTEN, io->len);
        s->smart.bytes_written += io->len;
    }
    return status;
}

static void start_rw_drive(Ans2Io *io, uint64_t lba)
{
    Ans2Cmd *cmd = io->cmd;
    BlockBackend *blk = io->ns->blk;
    int64_t offset = lba << ANS2_BLOCK_SHIFT;
    BdrvRequestFlags flags = 0;

    if (cmd->sqe.opcode == OP_READ) {
        block_acct_start(blk_get_stats(blk), &io->acct, io->len,
                         BLOCK_ACCT_READ);
        io->aiocb = blk_aio_preadv(blk, offset, &io->qiov, 0, rw_done, io);
        return;
    }
    if (cmd->sqe.cdw12 & RW_FUA || !cmd->s->feat_vwc) {
        flags |= BDRV_REQ_FUA;
    }
    block_acct_start(blk_get_stats(blk), &io->acct, io->len,
                     BLOCK_ACCT_WRITE);
    io->aiocb = blk_aio_pwritev(blk, offset, &io->qiov, flags, rw_done, io);
}

/* A read ends in the bottom half, where memory is written. */
static void move_ram(Ans2Cmd *cmd, void *buf, void *ram, uint64_t len)
{
    if (cmd->sqe.opcode == OP_READ) {
        memcpy(buf, ram, len);
    } else {
        memcpy(ram, buf, len);
    }
    timer_mod(cmd->timer, 0);
}

static uint16_t start_rw(Ans2Cmd *cmd)
{
    AppleAns2State *s = cmd->s;
    bool read = cmd->sqe.opcode == OP_READ;
    uint64_t lba = cmd->sqe.cdw10 | (uint64_t)cmd->sqe.cdw11 << 32;
    uint32_t blocks = extract32(cmd->sqe.cdw12, 0, 16) + 1;
    uint64_t len = (uint64_t)blocks << ANS2_BLOCK_SHIFT;
    Ans2Ns *ns = find_ns(cmd);
    uint16_t status;
    Ans2Io *io;

    ans2_count(s, read ? ANS2_COUNT_CMD_READ : ANS2_COUNT_CMD_WRITE, 1);
    if (!ns) {
        return ANS2_SC_INVALID_NS;
    }
    if (len > ANS2_XFER_MAX) {
        return ANS2_SC_INVALID_FIELD;
    }
    if (!in_range(ns, lba, blocks)) {
        return ANS2_SC_LBA_RANGE;
    }
    status = ans2_prp_map(cmd, len);
    if (status) {
        return status;
    }
    if (ans2_media_is_bad(s, read ? ANS2_BAD_READ : ANS2_BAD_WRITE,
                          cmd->sqe.nsid, lba, blocks)) {
        return media_error(cmd);
    }
    io = io_new(cmd, ns, len);
    if (!io) {
        return ANS2_SC_INTERNAL;
    }
    if (read) {
        s->smart.host_reads++;
    } else {
        s->smart.host_writes++;
        status = collect(io);
    }
    if (status) {
        io_free(io);
        return status;
    }
    if (ns->blk) {
        start_rw_drive(io, lba);
        return ANS2_PENDING;
    }
    move_ram(cmd, io->buf, ns_ram(ns, lba), len);
    return ANS2_PENDING;
}

static int64_t virtual_now(void)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
}

static void flush_done(void *opaque, int ret)
{
    Ans2Io *io = opaque;
    Ans2Cmd *cmd = io->cmd;

    io->aiocb = NULL;
    account(io, ret);
    if (cmd && ret >= 0 && virtual_now() < cmd->deadline) {
        io_free(io);
        timer_mod(cmd->timer, cmd->deadline);
        return;
    }
    finish(io, ret < 0 ? ANS2_SC_WRITE_FAULT : ANS2_SC_SUCCESS);
}

static uint16_t start_flush(Ans2Cmd *cmd)
{
    Ans2Ns *ns = find_ns(cmd);
    Ans2Io *io;

    ans2_count(cmd->s, ANS2_COUNT_CMD_FLUSH, 1);
    if (!ns) {
        return ANS2_SC_INVALID_NS;
    }
    cmd->deadline = ans2_later(cmd->s->knob.flush_ns);
    if (!ns->blk) {
        timer_mod(cmd->timer, cmd->deadline);
        return ANS2_PENDING;
    }
    io = io_new(cmd, ns, 0);
    block_acct_start(blk_get_stats(ns->blk), &io->acct, 0, BLOCK_ACCT_FLUSH);
    io->aiocb = blk_aio_flush(ns->blk, flush_done, io);
    return ANS2_PENDING;
}

void ans2_io_timer(Ans2Cmd *cmd)
{
    if (!cmd->io) {
        ans2_cmd_complete(cmd, ANS2_SC_SUCCESS);
    } else if (cmd->sqe.opcode == OP_READ) {
        finish(cmd->io, deliver(cmd->io));
    } else {
        finish(cmd->io, ANS2_SC_SUCCESS);
    }
}

static void get_range(const Ans2Io *io, unsigned i, uint64_t *lba,
                      uint32_t *blocks)
{
    const uint8_t *range = io->buf + i * DSM_RANGE_SIZE;

    *blocks = ldl_le_p(range + 4);
    *lba = ldq_le_p(range + 8);
}

static bool discard_next(Ans2Io *io);

static void discard_done(void *opaque, int ret)
{
    Ans2Io *io = opaque;

    io->aiocb = NULL;
    account(io, ret);
    if (!io->cmd || !discard_next(io)) {
        /* a discard is a hint: an image that cannot do it is no error */
        finish(io, ANS2_SC_SUCCESS);
    }
}

/* Start the next range that has blocks; false if there is none. */
static bool discard_next(Ans2Io *io)
{
    while (io->range < io->num_ranges) {
        uint64_t lba, len;
        uint32_t blocks;

        get_range(io, io->range++, &lba, &blocks);
        if (!blocks) {
            continue;
        }
        len = (uint64_t)blocks << ANS2_BLOCK_SHIFT;
        ans2_count(io->cmd->s, ANS2_COUNT_BYTES_DISCARDED, len);
        if (!io->ns->blk) {
            memset(ns_ram(io->ns, lba), 0, len);
            continue;
        }
        block_acct_start(blk_get_stats(io->ns->blk), &io->acct, len,
                         BLOCK_ACCT_UNMAP);
        io->aiocb = blk_aio_pdiscard(io->ns->blk, lba << ANS2_BLOCK_SHIFT,
                                     len, discard_done, io);
        return true;
    }
    return false;
}

static uint16_t check_ranges(Ans2Io *io)
{
    for (unsigned i = 0; i < io->num_ranges; i++) {
        uint32_t blocks;
        uint64_t lba;

        get_range(io, i, &lba, &blocks);
        if (!in_range(io->ns, lba, blocks)) {
            return ANS2_SC_LBA_RANGE;
        }
    }
    return ANS2_SC_SUCCESS;
}

static uint16_t start_dsm(Ans2Cmd *cmd)
{
    unsigned num = extract32(cmd->sqe.cdw10, 0, 8) + 1;
    uint32_t len = num * DSM_RANGE_SIZE;
    Ans2Ns *ns = find_ns(cmd);
    uint16_t status;
    Ans2Io *io;

    ans2_count(cmd->s, ANS2_COUNT_CMD_DSM, 1);
    if (!ns) {
        return ANS2_SC_INVALID_NS;
    }
    status = ans2_prp_map(cmd, len);
    if (status) {
        return status;
    }
    io = io_new(cmd, ns, len);
    if (!io) {
        return ANS2_SC_INTERNAL;
    }
    io->num_ranges = num;
    status = ans2_dma_from_host(cmd, io->buf, len);
    status = status ?: check_ranges(io);
    if (!status && cmd->sqe.cdw11 & DSM_DEALLOCATE && discard_next(io)) {
        return ANS2_PENDING;
    }
    io_free(io);
    return status;
}

uint16_t ans2_io_run(Ans2Cmd *cmd)
{
    switch (cmd->sqe.opcode) {
    case OP_READ:
    case OP_WRITE:
        return start_rw(cmd);
    case OP_FLUSH:
        return start_flush(cmd);
    case OP_DSM:
        return start_dsm(cmd);
    default:
        ans2_count(cmd->s, ANS2_COUNT_CMD_IO_OTHER, 1);
        return ANS2_SC_INVALID_OPCODE;
    }
}

static void shutdown_flush_done(void *opaque, int ret)
{
    AppleAns2State *s = opaque;

    if (--s->flushing == 0) {
        s->up->flushed(s);
    }
}

void ans2_io_flush_all(AppleAns2State *s)
{
    s->flushing++;
    for (unsigned i = 0; i < ANS2_NUM_NS; i++) {
        if (s->ns[i].blk) {
            s->flushing++;
            blk_aio_flush(s->ns[i].blk, shutdown_flush_done, s);
        }
    }
    shutdown_flush_done(s, 0);
}

static bool realize_drive(Ans2Ns *ns, unsigned nsid, Error **errp)
{
    uint64_t perm = BLK_PERM_CONSISTENT_READ | BLK_PERM_WRITE;
    int64_t len = blk_getlength(ns->blk);

    if (len < (1 << ANS2_BLOCK_SHIFT)) {
        error_setg(errp, "drive of namespace %u: no size, or less than one"
                   " block of 4096 bytes", nsid);
        return false;
    }
    if (!blk_supports_write_perm(ns->blk)) {
        error_setg(errp, "drive of namespace %u is read-only", nsid);
        return false;
    }
    if (blk_set_perm(ns->blk, perm, BLK_PERM_ALL, errp) < 0) {
        return false;
    }
    ns->blocks = len >> ANS2_BLOCK_SHIFT;
    return true;
}

bool ans2_io_realize(AppleAns2State *s, Error **errp)
{
    for (unsigned i = 0; i < ANS2_NUM_NS; i++) {
        Ans2Ns *ns = &s->ns[i];
        g_autofree char *name = g_strdup_printf("apple-ans2.ns%u", i + 1);

        if (ns->blk) {
            if (!realize_drive(ns, i + 1, errp)) {
                return false;
            }
        } else if (i) {
            if (!memory_region_init_ram(&ns->ram, OBJECT(s), name,
                                        RAM_NS_SIZE, errp)) {
                return false;
            }
            ns->blocks = RAM_NS_SIZE >> ANS2_BLOCK_SHIFT;
        }
    }
    return true;
}
