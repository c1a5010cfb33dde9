/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: configuration space of the one function
 */

#ifndef _APPLE_ANS_FUNCTION_H_
#define _APPLE_ANS_FUNCTION_H_

#include <linux/spinlock.h>
#include <linux/types.h>

/* See the table in function.c. PCI Express functions have 4 KiB. */
#define ANS_CFG_SIZE			4096
#define ANS_CFG_REGS			14
#define ANS_CFG_PM			0x40
#define ANS_CFG_EXP			0x50

/**
 * struct ans_function - configuration space of the PCI function
 * @lock: protects the members below. Taken inside the PCI core's pci_lock,
 *	  which is raw, from process context and from interrupts
 * @reset: value of each register after reset, in the order of the table
 * @value: value of each register now
 * @resetting: a function reset is under way; all reads return all ones
 * @lost: the function was lost; likewise, and for good
 * @crashed: the firmware has crashed since its last start
 * @start_flr: called, with @lock held, when software starts a function reset;
 *	       ans_function_end_flr() ends it
 */
struct ans_function {
	raw_spinlock_t lock;	/* all that follows */
	u32 reset[ANS_CFG_REGS];
	u32 value[ANS_CFG_REGS];
	bool resetting;
	bool lost;
	bool crashed;
	void (*start_flr)(struct ans_function *fn);
};

void ans_function_init(struct ans_function *fn, u64 bar, u16 subsystem);
int ans_function_read(struct ans_function *fn, int where, int size, u32 *val);
int ans_function_write(struct ans_function *fn, int where, int size, u32 val);
void ans_function_end_flr(struct ans_function *fn);
void ans_function_set_crashed(struct ans_function *fn, bool crashed);
void ans_function_set_lost(struct ans_function *fn);
bool ans_function_is_enabled(struct ans_function *fn);

#endif /* _APPLE_ANS_FUNCTION_H_ */
