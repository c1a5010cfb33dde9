// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: memory lent to the firmware
 *
 * The firmware says how much memory it wants and when, so nothing in a request
 * is trusted: the number of buffers is bounded, a buffer that the RTKit library
 * loses track of is still found here, and from the moment at which memory is
 * taken back none is lent until the next start.
 *
 * What comes back is kept as a spare for the next start. That may be what the
 * drive waits for, and whatever an allocation waits for may wait for the drive.
 */

#include <linux/align.h>
#include <linux/dev_printk.h>
#include <linux/dma-mapping.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/sched/mm.h>
#include <linux/soc/apple/rtkit.h>
#include <linux/string.h>

#include <linux/apple-sart.h>

#include "loan.h"
#include "trace.h"

/**
 * ans_loan_init() - initialise, with nothing lent
 * @loan: the loans, zeroed
 * @dev: platform device
 * @ops: memory and filter
 *
 * Context: Any.
 */
void ans_loan_init(struct ans_loan *loan, struct device *dev,
		   const struct ans_loan_ops *ops)
{
	loan->dev = dev;
	loan->ops = ops;
	spin_lock_init(&loan->lock);
}

/**
 * ans_loan_open() - begin to lend, or lend no more
 * @loan: the loans
 * @open: whether memory is lent from now on
 *
 * Context: Process context.
 */
void ans_loan_open(struct ans_loan *loan, bool open)
{
	spin_lock(&loan->lock);
	loan->open = open;
	spin_unlock(&loan->lock);
}

/* Finds a spare of this size, else a free slot, else a spare to be replaced. */
static struct ans_buffer *ans_buffer_find(struct ans_loan *loan, size_t room)
{
	struct ans_buffer *unused = NULL, *other = NULL;
	int i;

	lockdep_assert_held(&loan->lock);

	for (i = 0; i < ANS_MAX_BUFFERS; i++) {
		struct ans_buffer *buffer = &loan->buffers[i];

		if (!buffer->va)
			unused = buffer;
		else if (!buffer->lent && buffer->room == room)
			return buffer;
		else if (!buffer->lent)
			other = buffer;
	}
	return unused ?: other;
}

/* Takes what ans_buffer_find() has found out of the table. */
static int ans_buffer_take(struct ans_loan *loan, size_t room,
			   struct ans_buffer *spare)
{
	struct ans_buffer *found;
	int ret = 0;

	spin_lock(&loan->lock);
	found = ans_buffer_find(loan, room);
	if (!loan->open) {
		ret = -ESHUTDOWN;
	} else if (!found) {
		ret = -ENOSPC;
	} else {
		*spare = *found;
		found->va = NULL;
	}
	spin_unlock(&loan->lock);
	return ret;
}

/* Puts a buffer that is lent, or a spare, into the table. */
static int ans_buffer_put(struct ans_loan *loan,
			  const struct ans_buffer *buffer)
{
	struct ans_buffer *found;
	int ret = 0;

	spin_lock(&loan->lock);
	found = ans_buffer_find(loan, 0);
	if (buffer->lent && !loan->open)
		ret = -ESHUTDOWN;
	else if (!found || found->va)
		ret = -ENOSPC;
	else
		*found = *buffer;
	spin_unlock(&loan->lock);
	return ret;
}

static bool ans_buffer_release(struct ans_loan *loan, void *va,
			       struct ans_buffer *old)
{
	bool found = false;
	int i;

	spin_lock(&loan->lock);
	for (i = 0; i < ANS_MAX_BUFFERS && !found; i++) {
		if (loan->buffers[i].va != va || !loan->buffers[i].lent)
			continue;
		*old = loan->buffers[i];
		loan->buffers[i].va = NULL;
		found = true;
	}
	spin_unlock(&loan->lock);
	return found;
}

static void ans_buffer_free(struct ans_loan *loan,
			    const struct ans_buffer *buffer)
{
	loan->ops->free(loan, buffer->room, buffer->va, buffer->dma);
}

static void ans_buffer_keep(struct ans_loan *loan, struct ans_buffer *buffer)
{
	buffer->lent = false;
	if (ans_buffer_put(loan, buffer))
		ans_buffer_free(loan, buffer);
}

/*
 * A range that the co-processor may still reach is never used again. A filter
 * whose driver is unbound has revoked it already.
 */
static void ans_buffer_drop(struct ans_loan *loan, struct ans_buffer *buffer)
{
	int ret = loan->ops->revoke(loan, buffer->dma, buffer->size);

	if (ret && ret != -ENODEV) {
		dev_err(loan->dev, "lost %zu bytes to the firmware: %d\n",
			buffer->room, ret);
		return;
	}
	ans_buffer_keep(loan, buffer);
}

static int ans_buffer_alloc(struct ans_loan *loan, struct ans_buffer *buffer)
{
	struct ans_buffer spare;
	int ret;

	ret = ans_buffer_take(loan, buffer->room, &spare);
	if (ret)
		return ret;

	if (spare.va && spare.room == buffer->room) {
		buffer->va = spare.va;
		buffer->dma = spare.dma;
		memset(buffer->va, 0, buffer->room);
		return 0;
	}

	if (spare.va)
		ans_buffer_free(loan, &spare);
	buffer->va = loan->ops->alloc(loan, buffer->room, &buffer->dma);
	return buffer->va ? 0 : -ENOMEM;
}

static int ans_buffer_new(struct ans_loan *loan, struct ans_buffer *buffer)
{
	int ret;

	ret = ans_buffer_alloc(loan, buffer);
	if (ret)
		return ret;

	ret = loan->ops->allow(loan, buffer->dma, buffer->size);
	if (ret) {
		ans_buffer_keep(loan, buffer);
		return ret;
	}

	buffer->lent = true;
	ret = ans_buffer_put(loan, buffer);
	if (ret)
		ans_buffer_drop(loan, buffer);
	return ret;
}

/**
 * ans_loan_lend() - lend memory to the firmware
 * @loan: the loans
 * @bfr: the request; address and buffer are filled in
 *
 * A request that names an address is for memory of the co-processor's own,
 * which the ANS2 does not have. A buffer that the firmware has given back
 * earlier is cleared and lent again; memory is allocated for a size that is not
 * among those.
 *
 * Context: Process context, from RTKit's worker.
 * Return: 0 or
 * * -EINVAL - no size, or an address
 * * -ENOMEM - no memory
 * * -ENOSPC - the firmware has asked too often
 * * -ESHUTDOWN - the firmware is being stopped, or is stopped
 * * what apple_sart_allow() returns
 */
int ans_loan_lend(struct ans_loan *loan, struct apple_rtkit_shmem *bfr)
{
	size_t size = ALIGN(bfr->size, APPLE_SART_GRANULE);
	struct ans_buffer buffer = {
		.size = size,
		.room = max_t(size_t, size, ANS_MIN_ROOM),
	};
	int ret;

	if (bfr->iova || !bfr->size)
		ret = -EINVAL;
	else
		ret = ans_buffer_new(loan, &buffer);

	trace_ans_buffer(loan->dev, bfr->size, ret ? bfr->iova : buffer.dma,
			 ret);
	if (ret) {
		/* No answer is sent, so the handshake is about to time out. */
		dev_err(loan->dev,
			"refused the firmware %zu bytes at %pad: %d\n",
			bfr->size, &bfr->iova, ret);
		return ret;
	}

	bfr->buffer = buffer.va;
	bfr->iova = buffer.dma;
	return 0;
}

/**
 * ans_loan_return() - take memory back from the firmware
 * @loan: the loans
 * @bfr: what ans_loan_lend() has filled in
 *
 * The range is revoked, then the memory is kept for the next request.
 *
 * Context: Process context.
 */
void ans_loan_return(struct ans_loan *loan, struct apple_rtkit_shmem *bfr)
{
	struct ans_buffer buffer;

	if (bfr->buffer && ans_buffer_release(loan, bfr->buffer, &buffer))
		ans_buffer_drop(loan, &buffer);
}

/**
 * ans_loan_sweep() - take back what the library did not give back
 * @loan: the loans, closed
 *
 * The library remembers only one buffer per endpoint.
 *
 * Context: Process context.
 */
void ans_loan_sweep(struct ans_loan *loan)
{
	struct ans_buffer buffer;
	int i;

	for (i = 0; i < ANS_MAX_BUFFERS; i++) {
		void *va = loan->buffers[i].va;

		if (va && ans_buffer_release(loan, va, &buffer))
			ans_buffer_drop(loan, &buffer);
	}
}

/**
 * ans_loan_free() - free the memory that the firmware has given back
 * @data: the loans, the mailbox closed
 *
 * Context: Process context.
 */
void ans_loan_free(void *data)
{
	struct ans_loan *loan = data;
	int i;

	for (i = 0; i < ANS_MAX_BUFFERS; i++) {
		struct ans_buffer *buffer = &loan->buffers[i];

		if (!buffer->va || buffer->lent)
			continue;
		ans_buffer_free(loan, buffer);
		buffer->va = NULL;
	}
}

/*
 * A restart gets here if the firmware asks for another size than before, and
 * the drive may be waiting for it, so nothing may be written to it to find
 * memory. GFP_NOIO alone does not reach all callees. CMA ignores both: it waits
 * for writeback of the pages that it moves.
 */
static void *ans_loan_alloc_hw(struct ans_loan *loan, size_t size,
			       dma_addr_t *dma)
{
	unsigned int flags = memalloc_noio_save();
	void *va = dma_alloc_coherent(loan->dev, size, dma, GFP_KERNEL);

	memalloc_noio_restore(flags);
	return va;
}

static void ans_loan_free_hw(struct ans_loan *loan, size_t size, void *va,
			     dma_addr_t dma)
{
	dma_free_coherent(loan->dev, size, va, dma);
}

/* There is no IOMMU: what the filter compares is the DMA address. */
static int ans_loan_allow_hw(struct ans_loan *loan, dma_addr_t dma,
			     size_t size)
{
	return apple_sart_allow(loan->sart, dma, size);
}

static int ans_loan_revoke_hw(struct ans_loan *loan, dma_addr_t dma,
			      size_t size)
{
	return apple_sart_revoke(loan->sart, dma, size);
}

const struct ans_loan_ops ans_loan_hw_ops = {
	.alloc = ans_loan_alloc_hw,
	.free = ans_loan_free_hw,
	.allow = ans_loan_allow_hw,
	.revoke = ans_loan_revoke_hw,
};
