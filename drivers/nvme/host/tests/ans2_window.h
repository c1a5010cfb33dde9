/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: what the queue path calls in place of the hardware in a test
 */

#ifndef _NVME_ANS2_WINDOW_H
#define _NVME_ANS2_WINDOW_H

#include <linux/io.h>

/**
 * struct nvme_ans2_window - memory of a test in place of the register window
 * @map: called instead of ioremap_np()
 * @unmap: called instead of iounmap() when the set-up fails
 * @wrote: a register of ans2.c was written, with all locks of the writer held
 *
 * Unlike a KUnit stub it is found in every context: in work items, interrupts
 * and threads of the block layer.
 */
struct nvme_ans2_window {
	void __iomem *(*map)(resource_size_t start, unsigned long size);
	void (*unmap)(void __iomem *regs);
	void (*wrote)(void __iomem *reg, u64 value);
};

extern const struct nvme_ans2_window *nvme_ans2_window;

static inline void __iomem *nvme_ans2_map(resource_size_t start,
					  unsigned long size)
{
	return nvme_ans2_window ? nvme_ans2_window->map(start, size) :
				  ioremap_np(start, size);
}

static inline void nvme_ans2_unmap(void __iomem *regs)
{
	if (nvme_ans2_window)
		nvme_ans2_window->unmap(regs);
	else
		iounmap(regs);
}

static inline void nvme_ans2_wrote(void __iomem *reg, u64 value)
{
	if (nvme_ans2_window)
		nvme_ans2_window->wrote(reg, value);
}

#endif /* _NVME_ANS2_WINDOW_H */
