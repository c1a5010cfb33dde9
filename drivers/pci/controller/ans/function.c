// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: configuration space of the one function
 *
 * The ANS2 has no configuration space, so this file emulates one: a table of
 * the registers that are not constant zero, each with its value after reset and
 * the bits that software can change. Everything the PCI core and lspci ask for
 * is answered from it; no configuration cycle reaches hardware.
 *
 * - The function is a root complex integrated endpoint: it has no link.
 * - BAR0 is the NVMe window at its CPU address, and the bridge's only window is
 *   just as large, so no other address can be assigned. BAR0 can be written for
 *   sizing, but the hardware decodes at one place, whatever COMMAND says.
 * - INTA is the interrupt line of the block. It cannot be gated, so the
 *   interrupt disable bit of COMMAND is hard-wired to 0. There is no MSI.
 * - Power management has D0 and D3hot. D3hot keeps all state; the firmware
 *   sleeps with the system, see core.c.
 * - A function level reset restarts the co-processor. The function reads as all
 *   ones until that is done, which is how the PCI core waits for it.
 * - After a crash of the firmware Device Status has Fatal Error Detected, until
 *   the firmware is started again. The function goes on to answer, as a card
 *   does whose firmware has crashed.
 * - There are no virtual functions, no expansion ROM and no hotplug slot.
 */

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/pci.h>
#include <linux/pci_regs.h>
#include <linux/string.h>

#include <linux/apple-ans2.h>

#include "function.h"

#define ANS_EXP_FLAGS	(2 | PCI_EXP_TYPE_RC_END << 4)

/* Values after reset that PCI Express asks for. */
#define ANS_EXP_DEVCTL	(PCI_EXP_DEVCTL_RELAX_EN |	\
			 PCI_EXP_DEVCTL_NOSNOOP_EN |	\
			 PCI_EXP_DEVCTL_READRQ_512B)
#define ANS_EXP_DEVCTL_RW					\
			(PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |	\
			 PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE |	\
			 PCI_EXP_DEVCTL_RELAX_EN |		\
			 PCI_EXP_DEVCTL_NOSNOOP_EN |		\
			 PCI_EXP_DEVCTL_READRQ)

/*
 * A write of a power state that the function does not have is accepted and
 * discarded (PCI Power Management 1.2, 5.4.1).
 */
static bool ans_pm_state_exists(u32 pmcsr)
{
	u32 state = pmcsr & PCI_PM_CTRL_STATE_MASK;

	return state == (__force u32)PCI_D0 || state == (__force u32)PCI_D3hot;
}

/**
 * struct ans_cfg_reg - one register of the configuration space
 * @where: offset of the 32-bit register
 * @reset: value after reset
 * @writable: bits that software can change
 * @flr: bits that start a function reset when 1 is written; they read as 0
 * @accepts: if set, a new value that it refuses is discarded
 */
struct ans_cfg_reg {
	u16 where;
	u32 reset;
	u32 writable;
	u32 flr;
	bool (*accepts)(u32 value);
};

static const struct ans_cfg_reg ans_cfg[] = {
	{
		.where = PCI_VENDOR_ID,
		.reset = APPLE_ANS2_PCI_VENDOR_ID |
			 APPLE_ANS2_PCI_DEVICE_ID << 16,
	}, {
		.where = PCI_COMMAND,
		.reset = PCI_STATUS_CAP_LIST << 16,
		.writable = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
			    PCI_COMMAND_PARITY | PCI_COMMAND_SERR,
	}, {
		.where = PCI_CLASS_REVISION,
		.reset = PCI_CLASS_STORAGE_EXPRESS << 8,
	}, {
		.where = PCI_CACHE_LINE_SIZE,
		.reset = PCI_HEADER_TYPE_NORMAL << 16,
		.writable = 0xff,
	}, {
		/* plus the low half of the address */
		.where = PCI_BASE_ADDRESS_0,
		.reset = PCI_BASE_ADDRESS_SPACE_MEMORY |
			 PCI_BASE_ADDRESS_MEM_TYPE_64,
		.writable = ~(APPLE_ANS2_WINDOW_SIZE - 1),
	}, {
		/* plus the high half of the address */
		.where = PCI_BASE_ADDRESS_1,
		.writable = ~0,
	}, {
		/* plus the subsystem id, which names the SoC */
		.where = PCI_SUBSYSTEM_VENDOR_ID,
		.reset = APPLE_ANS2_PCI_VENDOR_ID,
	}, {
		.where = PCI_CAPABILITY_LIST,
		.reset = ANS_CFG_PM,
	}, {
		.where = PCI_INTERRUPT_LINE,
		.reset = PCI_INTERRUPT_INTA << 8,
		.writable = 0xff,
	}, {
		.where = ANS_CFG_PM,
		.reset = PCI_CAP_ID_PM | ANS_CFG_EXP << 8 | 3 << 16,
	}, {
		.where = ANS_CFG_PM + PCI_PM_CTRL,
		.reset = PCI_PM_CTRL_NO_SOFT_RESET,
		.writable = PCI_PM_CTRL_STATE_MASK,
		.accepts = ans_pm_state_exists,
	}, {
		.where = ANS_CFG_EXP,
		.reset = PCI_CAP_ID_EXP | ANS_EXP_FLAGS << 16,
	}, {
		.where = ANS_CFG_EXP + PCI_EXP_DEVCAP,
		.reset = PCI_EXP_DEVCAP_RBER | PCI_EXP_DEVCAP_FLR,
	}, {
		.where = ANS_CFG_EXP + PCI_EXP_DEVCTL,
		.reset = ANS_EXP_DEVCTL,
		.writable = ANS_EXP_DEVCTL_RW,
		.flr = PCI_EXP_DEVCTL_BCR_FLR,
	},
};

static_assert(ARRAY_SIZE(ans_cfg) == ANS_CFG_REGS);

static int ans_cfg_find(int where)
{
	int i;

	for (i = 0; i < ANS_CFG_REGS; i++)
		if (ans_cfg[i].where == (where & ~3))
			return i;
	return -1;
}

static void ans_cfg_patch(struct ans_function *fn, int where, u32 bits)
{
	fn->reset[ans_cfg_find(where)] |= bits;
}

static bool ans_cfg_size_ok(int where, int size)
{
	return (size == 1 || size == 2 || size == 4) && where >= 0 &&
	       where < ANS_CFG_SIZE && IS_ALIGNED(where, size);
}

/**
 * ans_function_init() - give the function its identity
 * @fn: the function; its lock and start_flr are set
 * @bar: address of the NVMe window, a multiple of its size
 * @subsystem: subsystem id
 *
 * The function answers from here on.
 *
 * Context: Any.
 */
void ans_function_init(struct ans_function *fn, u64 bar, u16 subsystem)
{
	int i;

	for (i = 0; i < ANS_CFG_REGS; i++)
		fn->reset[i] = ans_cfg[i].reset;

	ans_cfg_patch(fn, PCI_BASE_ADDRESS_0, lower_32_bits(bar));
	ans_cfg_patch(fn, PCI_BASE_ADDRESS_1, upper_32_bits(bar));
	ans_cfg_patch(fn, PCI_SUBSYSTEM_VENDOR_ID, (u32)subsystem << 16);
	fn->resetting = true;
	ans_function_end_flr(fn);
}

/**
 * ans_function_end_flr() - let the function answer, with its values after reset
 * @fn: the function
 *
 * Does nothing to a function that is not being reset.
 *
 * Context: Any.
 */
void ans_function_end_flr(struct ans_function *fn)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fn->lock, flags);
	if (fn->resetting)
		memcpy(fn->value, fn->reset, sizeof(fn->value));
	fn->resetting = false;
	raw_spin_unlock_irqrestore(&fn->lock, flags);
}

/**
 * ans_function_set_lost() - let the function answer nothing any more
 * @fn: the function
 *
 * Context: Any.
 */
void ans_function_set_lost(struct ans_function *fn)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fn->lock, flags);
	WRITE_ONCE(fn->lost, true);
	raw_spin_unlock_irqrestore(&fn->lock, flags);
}

/**
 * ans_function_set_crashed() - note that the firmware has crashed, or starts
 * @fn: the function
 * @crashed: whether the function reports a fatal error
 *
 * Context: Any.
 */
void ans_function_set_crashed(struct ans_function *fn, bool crashed)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fn->lock, flags);
	WRITE_ONCE(fn->crashed, crashed);
	raw_spin_unlock_irqrestore(&fn->lock, flags);
}

/**
 * ans_function_is_enabled() - whether its driver may use the NVMe window
 * @fn: the function, which may be being reset
 *
 * Context: Any.
 * Return: the memory bit of COMMAND, before the reset if one is under way
 */
bool ans_function_is_enabled(struct ans_function *fn)
{
	unsigned long flags;
	bool enabled;

	raw_spin_lock_irqsave(&fn->lock, flags);
	enabled = fn->value[ans_cfg_find(PCI_COMMAND)] & PCI_COMMAND_MEMORY;
	raw_spin_unlock_irqrestore(&fn->lock, flags);
	return enabled;
}

/* It answers, and takes what is written to it. */
static bool ans_function_is_there(const struct ans_function *fn)
{
	return !fn->lost && !fn->resetting;
}

/* The error cannot be cleared: it would be detected again at once. */
static u32 ans_cfg_get(const struct ans_function *fn, int i)
{
	u32 value = i < 0 ? 0 : fn->value[i];

	if (fn->crashed && i == ans_cfg_find(ANS_CFG_EXP + PCI_EXP_DEVCTL))
		value |= PCI_EXP_DEVSTA_FED << 16;
	return value;
}

/**
 * ans_function_read() - read configuration space
 * @fn: the function
 * @where: offset
 * @size: 1, 2 or 4
 * @val: the value, all ones if the function does not answer
 *
 * Context: Any.
 * Return: PCIBIOS_SUCCESSFUL or PCIBIOS_BAD_REGISTER_NUMBER.
 */
int ans_function_read(struct ans_function *fn, int where, int size, u32 *val)
{
	unsigned long flags;

	PCI_SET_ERROR_RESPONSE(val);
	if (!ans_cfg_size_ok(where, size))
		return PCIBIOS_BAD_REGISTER_NUMBER;

	raw_spin_lock_irqsave(&fn->lock, flags);
	if (ans_function_is_there(fn))
		*val = ans_cfg_get(fn, ans_cfg_find(where));
	raw_spin_unlock_irqrestore(&fn->lock, flags);

	*val = *val >> (where & 3) * 8 & GENMASK(size * 8 - 1, 0);
	return PCIBIOS_SUCCESSFUL;
}

static void ans_cfg_set(struct ans_function *fn, int i, u32 lanes, u32 val)
{
	const struct ans_cfg_reg *reg = &ans_cfg[i];
	u32 mask = reg->writable & lanes;
	u32 new = (fn->value[i] & ~mask) | (val & mask);

	if (val & lanes & reg->flr) {
		fn->resetting = true;
		fn->start_flr(fn);
	} else if (!reg->accepts || reg->accepts(new)) {
		fn->value[i] = new;
	}
}

/**
 * ans_function_write() - write configuration space
 * @fn: the function
 * @where: offset
 * @size: 1, 2 or 4
 * @val: the value
 *
 * A function that does not answer takes nothing.
 *
 * Context: Any; calls start_flr of @fn with its lock held.
 * Return: PCIBIOS_SUCCESSFUL or PCIBIOS_BAD_REGISTER_NUMBER.
 */
int ans_function_write(struct ans_function *fn, int where, int size, u32 val)
{
	int shift = (where & 3) * 8;
	unsigned long flags;
	int i;

	if (!ans_cfg_size_ok(where, size))
		return PCIBIOS_BAD_REGISTER_NUMBER;

	i = ans_cfg_find(where);
	raw_spin_lock_irqsave(&fn->lock, flags);
	if (i >= 0 && ans_function_is_there(fn))
		ans_cfg_set(fn, i, GENMASK(size * 8 - 1, 0) << shift,
			    val << shift);
	raw_spin_unlock_irqrestore(&fn->lock, flags);
	return PCIBIOS_SUCCESSFUL;
}
