/*
 * Apple ANS2: from PRPs to pages, and the DMA itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * PRP pages are 4 KiB whatever page size the guest's kernel uses (CC.MPS is
 * 0).  The first page may start anywhere, in steps of four bytes; every other
 * one is whole.  Two pages are named by PRP1 and PRP2, more by a list that
 * PRP2 points to, whose last entry in a page names the next page of the list
 * when there is more.
 *
 * In linear mode each page must be one that the TCB allows, at the time of the
 * transfer and in the direction of the transfer.  Data goes through a bounce
 * buffer: it is read from memory at the doorbell and written to memory before
 * the completion entry.
 */

#include "qemu/osdep.h"
#include "exec/address-spaces.h"
#include "ans2-internal.h"
#include "trace.h"

/* The controller is a bus master that reaches memory only. */
static const MemTxAttrs ram_only = { .memory = 1 };

bool ans2_mem_read(AppleAns2State *s, hwaddr addr, void *buf, uint32_t len)
{
    if (address_space_read(&address_space_memory, addr, ram_only, buf, len)) {
        memset(buf, 0, len);
        return false;
    }
    return true;
}

bool ans2_mem_write(AppleAns2State *s, hwaddr addr, const void *buf,
                    uint32_t len)
{
    return !address_space_write(&address_space_memory, addr, ram_only, buf,
                                len);
}

static uint16_t bad_format(Ans2Cmd *cmd, uint16_t status, const char *what,
                           uint64_t value)
{
    apple_judge_violation(cmd->s->judge, APPLE_RULE_PRP_FORMAT,
                          "ans2: queue %u tag %u opcode 0x%02x: %s (0x%"
                          PRIx64 ")", cmd->qid, cmd->tag, cmd->sqe.opcode,
                          what, value);
    return status;
}

static unsigned page_offset(uint64_t addr)
{
    return addr & (ANS2_PAGE_SIZE - 1);
}

/*
 * Read the part of a list that lies in one page.  An entry of 0 is refused
 * here, because in a list of pages 0 is the mark of apply_tcb().
 */
static uint16_t read_list(Ans2Cmd *cmd, uint64_t addr, uint64_t *entries,
                          unsigned num)
{
    if (!ans2_mem_read(cmd->s, addr, entries, num * sizeof(*entries))) {
        apple_judge_violation(cmd->s->judge, APPLE_RULE_DMA_FAULT,
                              "ans2: queue %u tag %u: PRP list at 0x%" PRIx64
                              " is not in memory", cmd->qid, cmd->tag, addr);
        return ANS2_SC_DATA_XFER_ERROR;
    }
    for (unsigned i = 0; i < num; i++) {
        entries[i] = le64_to_cpu(entries[i]);
        if (!entries[i]) {
            return bad_format(cmd, ANS2_SC_INVALID_FIELD,
                              "PRP list entry is 0, at", addr + i * 8);
        }
    }
    return ANS2_SC_SUCCESS;
}

/*
 * Follow a PRP list for @num pages.  Only the first part of a list may start
 * inside a page, so every further part holds at least 511 entries and the loop
 * ends.
 */
static uint16_t walk_list(Ans2Cmd *cmd, uint64_t list, uint64_t *pages,
                          unsigned num)
{
    uint64_t entries[ANS2_PAGE_SIZE / 8];
    uint16_t status;
    bool first = true;

    while (num) {
        unsigned room = (ANS2_PAGE_SIZE - page_offset(list)) / 8;
        unsigned here = MIN(num, room);

        if (first ? list & 7 : page_offset(list)) {
            return bad_format(cmd, ANS2_SC_PRP_OFFSET,
                              "address of a PRP list", list);
        }
        first = false;
        status = read_list(cmd, list, entries, here);
        if (status) {
            return status;
        }
        if (num > room) {
            list = entries[--here];
        }
        for (unsigned i = 0; i < here; i++) {
            if (page_offset(entries[i])) {
                return bad_format(cmd, ANS2_SC_PRP_OFFSET,
                                  "PRP list entry with an offset", entries[i]);
            }
            *pages++ = entries[i];
        }
        num -= here;
    }
    return ANS2_SC_SUCCESS;
}

static unsigned count_pages(uint64_t prp1, uint32_t len)
{
    return DIV_ROUND_UP(page_offset(prp1) + (uint64_t)len, ANS2_PAGE_SIZE);
}

/*
 * No second PRP although the data does not end in the first page.  Old
 * firmware, with its check turned off, lets reads pass and drops what has no
 * place (m1n1 relied on it); everything else is refused.
 */
static uint16_t missing_prp2(Ans2Cmd *cmd, unsigned num)
{
    AppleAns2State *s = cmd->s;
    uint16_t status = bad_format(cmd, ANS2_SC_INVALID_FIELD,
                                 "no PRP2, but pages needed", num);
    bool reads = cmd->qid == ANS2_IO && !(cmd->sqe.opcode & 1);

    if (s->strict || s->unknown_ctrl & ANS2_PRP_NULL_CHECK || !reads) {
        return status;
    }
    return ANS2_SC_SUCCESS;
}

static uint16_t walk(Ans2Cmd *cmd, uint64_t prp1, uint64_t prp2, uint32_t len,
                     uint64_t *pages, unsigned *num)
{
    uint16_t status;

    if (!prp1) {
        return bad_format(cmd, ANS2_SC_INVALID_FIELD,
                          "no PRP1, but bytes to transfer", len);
    }
    if (prp1 & 3) {
        return bad_format(cmd, ANS2_SC_PRP_OFFSET, "PRP1 not aligned to 4",
                          prp1);
    }
    *num = count_pages(prp1, len);
    pages[0] = prp1;
    if (*num == 1) {
        return ANS2_SC_SUCCESS;
    }
    if (!prp2) {
        status = missing_prp2(cmd, *num);
        *num = 1;
        return status;
    }
    if (*num > 2) {
        return walk_list(cmd, prp2, pages + 1, *num - 1);
    }
    if (page_offset(prp2)) {
        return bad_format(cmd, ANS2_SC_PRP_OFFSET, "PRP2 with an offset",
                          prp2);
    }
    pages[1] = prp2;
    return ANS2_SC_SUCCESS;
}

/* How many bytes the TCB covers, if the command transfers @len. */
static uint64_t covered_length(const Ans2Cmd *cmd, uint64_t len)
{
    uint64_t blocks = cmd->tcb.length + 1;

    /* cdw12 is a number of blocks in Read and Write only */
    if (cmd->qid != ANS2_IO ||
        (cmd->sqe.opcode != 0x01 && cmd->sqe.opcode != 0x02)) {
        return len;
    }
    return MIN(len, blocks << ANS2_BLOCK_SHIFT);
}

/*
 * Clear the pages that the TCB does not name at the same place.  The TCB's own
 * PRPs are followed only if they differ from the command's.
 */
static void apply_tcb(Ans2Cmd *cmd, uint32_t len)
{
    uint64_t covered = covered_length(cmd, len);
    unsigned num = count_pages(cmd->sqe.prp1, covered);
    g_autofree uint64_t *allowed = NULL;

    if (cmd->tcb.prp1 != cmd->sqe.prp1 || cmd->tcb.prp2 != cmd->sqe.prp2) {
        allowed = g_new0(uint64_t, ANS2_PAGES_MAX);
        if (walk(cmd, cmd->tcb.prp1, cmd->tcb.prp2, covered, allowed, &num)) {
            num = 0;
        }
    }
    for (unsigned i = 0; i < cmd->num_pages; i++) {
        if (i >= num || (allowed && allowed[i] != cmd->pages[i])) {
            apple_judge_violation(cmd->s->judge, APPLE_RULE_DMA_DENIED,
                                  "ans2: queue %u tag %u: page %u (0x%" PRIx64
                                  ") is not in the TCB", cmd->qid, cmd->tag,
                                  i, cmd->pages[i]);
            cmd->pages[i] = 0;
        }
    }
}

uint16_t ans2_prp_map(Ans2Cmd *cmd, uint32_t len)
{
    uint16_t status;

    assert(len && len <= ANS2_XFER_MAX);
    ans2_prp_unmap(cmd);
    cmd->pages = g_new0(uint64_t, ANS2_PAGES_MAX);
    status = walk(cmd, cmd->sqe.prp1, cmd->sqe.prp2, len, cmd->pages,
                  &cmd->num_pages);
    if (status) {
        ans2_prp_unmap(cmd);
        return status;
    }
    if (cmd->s->linear) {
        apply_tcb(cmd, len);
    }
    return ANS2_SC_SUCCESS;
}

void ans2_prp_unmap(Ans2Cmd *cmd)
{
    g_free(cmd->pages);
    cmd->pages = NULL;
    cmd->num_pages = 0;
}

/* Whether the NVMMU lets the command use its window in this direction. */
static bool window_open(Ans2Cmd *cmd, uint8_t direction)
{
    if (!cmd->s->linear) {
        return true;
    }
    if (cmd->cut || !cmd->tcb_held) {
        /* counted when it was invalidated */
        return false;
    }
    if (!(cmd->tcb.flags & direction)) {
        apple_judge_violation(cmd->s->judge, APPLE_RULE_DMA_DENIED,
                              "ans2: queue %u tag %u: TCB flags 0x%x do not"
                              " let the device %s memory", cmd->qid, cmd->tag,
                              cmd->tcb.flags, direction == ANS2_DMA_TO_HOST ?
                              "write" : "read");
        return false;
    }
    return true;
}

static uint16_t move_page(Ans2Cmd *cmd, uint64_t addr, uint8_t *buf,
                          uint32_t len, bool to_host)
{
    bool done;

    if (!addr) {
        /* refused by apply_tcb() */
        return ANS2_SC_DATA_XFER_ERROR;
    }
    trace_apple_ans2_dma(cmd->qid, cmd->tag, addr, len, to_host);
    if (to_host) {
        done = ans2_mem_write(cmd->s, addr, buf, len);
    } else {
        done = ans2_mem_read(cmd->s, addr, buf, len);
    }
    if (!done) {
        apple_judge_violation(cmd->s->judge, APPLE_RULE_DMA_FAULT,
                              "ans2: queue %u tag %u: no memory at 0x%" PRIx64,
                              cmd->qid, cmd->tag, addr);
        return ANS2_SC_DATA_XFER_ERROR;
    }
    return ANS2_SC_SUCCESS;
}

static uint16_t move(Ans2Cmd *cmd, uint8_t *buf, uint32_t len, bool to_host)
{
    uint16_t status = ANS2_SC_SUCCESS;

    if (!window_open(cmd, to_host ? ANS2_DMA_TO_HOST : ANS2_DMA_FROM_HOST)) {
        return ANS2_SC_DATA_XFER_ERROR;
    }
    for (unsigned i = 0; i < cmd->num_pages && len; i++) {
        uint64_t addr = cmd->pages[i];
        uint32_t here = MIN(len, ANS2_PAGE_SIZE - page_offset(
                                i ? 0 : cmd->sqe.prp1));
        uint16_t ret = move_page(cmd, addr, buf, here, to_host);

        status = status ?: ret;
        buf += here;
        len -= here;
    }
    return status;
}

uint16_t ans2_dma_to_host(Ans2Cmd *cmd, const void *buf, uint32_t len)
{
    return move(cmd, (uint8_t *)buf, len, true);
}

uint16_t ans2_dma_from_host(Ans2Cmd *cmd, void *buf, uint32_t len)
{
    memset(buf, 0, len);
    return move(cmd, buf, len, false);
}
