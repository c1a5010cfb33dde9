/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: registers and memory structures beyond NVMe
 *
 * The window starts with the registers of an NVMe controller and the usual
 * completion queue doorbells (0x1004 admin, 0x100c I/O). What follows here is
 * Apple's. Unless said otherwise the facts are what Linux' nvme-apple, U-Boot,
 * OpenBSD and m1n1 agree on; nobody has documentation.
 *
 * 0x24008 ("unknown control", its bit 11 a check for PRPs of zero) is missing
 * on purpose: Linux up to 6.12, U-Boot and OpenBSD clear the bit, but firmware
 * of 2026 answers any access with an abort, and with correct TCBs
 * nothing needs it (nvme-apple of Linux 7.2 left it out as well).
 */

#ifndef _NVME_ANS2_REGS_H
#define _NVME_ANS2_REGS_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

/* Completion queue head doorbells, where CAP.DSTRD = 0 puts them. */
#define ANS2_ACQ_DB			0x1004
#define ANS2_IOCQ_DB			0x100c

/* The most commands the controller works on, for each of the two queues. */
#define ANS2_MAX_PEND_CMDS		0x1210
#define   ANS2_MAX_PEND_CMDS_LO		GENMASK(15, 0)
#define   ANS2_MAX_PEND_CMDS_HI		GENMASK(31, 16)

/* Says whether the co-processor serves the window; other values: not yet. */
#define ANS2_BOOT_STATUS		0x1300
#define   ANS2_BOOT_STATUS_OK		0xde71ce55

/*
 * Linear submission: a queue is an array of commands indexed by tag, and the
 * doorbell takes the tag instead of a tail. Tags may be rung in any order.
 */
#define ANS2_LINEAR_SQ_CTRL		0x24908
#define   ANS2_LINEAR_SQ_CTRL_EN	BIT(0)
#define ANS2_LINEAR_ASQ_DB		0x2490c
#define ANS2_LINEAR_IOSQ_DB		0x24910

/*
 * NVMMU: an array of TCBs per queue, indexed by tag. A TCB is the permission
 * for the transfers of one command; TCB_INVAL takes a tag and ends it.
 * NUM_TCBS holds the count less one and is good for both arrays.
 * TCB_STAT is 0 if the last invalidation succeeded; its bits are unknown.
 * m1n1 reads it at 0x29120, all others (m1n1's tracer included) at 0x28120.
 */
#define ANS2_NVMMU_NUM_TCBS		0x28100
#define ANS2_NVMMU_ASQ_BASE		0x28108	/* 64 bits */
#define ANS2_NVMMU_IOSQ_BASE		0x28110	/* 64 bits */
#define ANS2_NVMMU_TCB_INVAL		0x28118
#define ANS2_NVMMU_TCB_STAT		0x28120

/* End of the last register that this driver uses. */
#define ANS2_WINDOW_MIN			(ANS2_NVMMU_TCB_STAT + 4)

/* Directions as seen from memory: the device may write it, or read it. */
#define ANS2_TCB_DMA_FROM_DEVICE	BIT(0)
#define ANS2_TCB_DMA_TO_DEVICE		BIT(1)

/*
 * The first eight bytes of a TCB: it is in uncached memory, and what can be one
 * store is one. Byte 0 is an opcode. It is left 0: older drivers copy the
 * command's, but firmware since macOS 15 rejects some commands for it, and
 * macOS leaves it 0. The length is the low half of the command's dword 12,
 * whatever the command; for Read and Write that is the number of blocks less
 * one.
 */
#define ANS2_TCB_DMA_FLAGS		GENMASK_ULL(15, 8)
#define ANS2_TCB_COMMAND_ID		GENMASK_ULL(23, 16)
#define ANS2_TCB_LENGTH			GENMASK_ULL(47, 32)

/**
 * struct nvme_ans2_tcb - permission of the NVMMU for one command
 * @head: opcode, direction (ANS2_TCB_DMA_*, 0 for a command without data), the
 *	tag, which is also the index of this entry, and the length
 * @rsvd8: 0
 * @prp1: as in the command
 * @prp2: as in the command
 * @rsvd40: 0; the rest is the key and the vector of inline encryption
 */
struct nvme_ans2_tcb {
	__le64	head;
	u8	rsvd8[16];
	__le64	prp1;
	__le64	prp2;
	u8	rsvd40[88];
};

static_assert(sizeof(struct nvme_ans2_tcb) == 128);
static_assert(offsetof(struct nvme_ans2_tcb, prp1) == 0x18);

#endif /* _NVME_ANS2_REGS_H */
