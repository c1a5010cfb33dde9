/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: memory lent to the firmware
 */

#ifndef _APPLE_ANS_LOAN_H_
#define _APPLE_ANS_LOAN_H_

#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct ans_loan;
struct apple_rtkit_shmem;
struct apple_sart;
struct device;

/*
 * The firmware asks for memory on the crashlog, syslog, ioreport and oslog
 * endpoints, once on each.
 */
#define ANS_MAX_BUFFERS			4

/*
 * The RTKit library reads entries of the syslog buffer by an index and a size
 * that the firmware names, and may not compare them with the size of the
 * buffer: up to 255 * (32 + 255) + 32 + 255 bytes. So much memory is behind
 * every buffer.
 */
#define ANS_MIN_ROOM			SZ_128K

/**
 * struct ans_loan_ops - what lending acts on
 * @alloc: memory for the firmware, page aligned and zeroed, or NULL
 * @free: free it
 * @allow: permit the co-processor to reach a range, both ends of which are
 *	   multiples of the filter's granule
 * @revoke: undo @allow, for the same range; -ENODEV says that it is undone
 *
 * All are called in process context. Those that return int return 0 or an
 * errno. Sizes are in bytes.
 */
struct ans_loan_ops {
	void *(*alloc)(struct ans_loan *loan, size_t size, dma_addr_t *dma);
	void (*free)(struct ans_loan *loan, size_t size, void *va,
		     dma_addr_t dma);
	int (*allow)(struct ans_loan *loan, dma_addr_t dma, size_t size);
	int (*revoke)(struct ans_loan *loan, dma_addr_t dma, size_t size);
};

/**
 * struct ans_buffer - memory for the firmware
 * @va: address in the kernel, NULL when the slot is free
 * @dma: address as the co-processor uses it
 * @size: what the co-processor may reach, in bytes, a multiple of the filter's
 *	  granule
 * @room: size of the memory in bytes, at least @size
 * @lent: false for a spare, which the co-processor cannot reach
 */
struct ans_buffer {
	void *va;
	dma_addr_t dma;
	size_t size;
	size_t room;
	bool lent;
};

/**
 * struct ans_loan - what was lent, and what can be lent again
 * @dev: platform device
 * @ops: memory and filter
 * @sart: the DMA filter
 * @lock: protects all that follows against RTKit's worker
 * @open: the firmware may ask for memory: it is being started, or runs
 * @buffers: memory lent to the firmware, and what it has given back: kept for
 *	     its next start, freed with the driver
 */
struct ans_loan {
	struct device *dev;
	const struct ans_loan_ops *ops;
	struct apple_sart *sart;
	spinlock_t lock;	/* open and buffers */
	bool open;
	struct ans_buffer buffers[ANS_MAX_BUFFERS];
};

extern const struct ans_loan_ops ans_loan_hw_ops;

void ans_loan_init(struct ans_loan *loan, struct device *dev,
		   const struct ans_loan_ops *ops);
void ans_loan_open(struct ans_loan *loan, bool open);
int ans_loan_lend(struct ans_loan *loan, struct apple_rtkit_shmem *bfr);
void ans_loan_return(struct ans_loan *loan, struct apple_rtkit_shmem *bfr);
void ans_loan_sweep(struct ans_loan *loan);
void ans_loan_free(void *data);

#endif /* _APPLE_ANS_LOAN_H_ */
