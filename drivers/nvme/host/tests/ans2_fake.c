// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: a controller in memory for KUnit, its registers and commands
 *
 * ans2_pci_kunit.c includes this file. It knows the NVMe specification and what
 * is known of the ANS2, and nothing of the drivers: queues and TCBs are where
 * the registers and Create Queue say. Offsets are written out again, so that a
 * wrong one in ans2-regs.h is found.
 *
 * The thread looks at CC every FAKE_LOOK_US and executes commands. Doorbells
 * are seen at once, as fake_wrote() is called by who writes them.
 *
 * What it cannot show: timing of the firmware, caches, the order of a memory
 * write against a register write. Addresses for DMA must be physical ones.
 */

#include <linux/dma-direct.h>
#include <linux/kthread.h>
#include <linux/string.h>

#include "ans2_fake.h"

#define FAKE_LOOK_US		500

#define FAKE_CAP		0x0
#define FAKE_VS			0x8
#define FAKE_CC			0x14
#define   FAKE_CC_EN		BIT(0)
#define   FAKE_CC_SHN		GENMASK(15, 14)
#define FAKE_CSTS		0x1c
#define   FAKE_CSTS_RDY		BIT(0)
#define   FAKE_CSTS_CFS		BIT(1)
#define   FAKE_CSTS_SHUTTING	BIT(2)
#define   FAKE_CSTS_SHUT	(2 << 2)
#define FAKE_AQA		0x24
#define FAKE_ASQ		0x28
#define FAKE_ACQ		0x30
#define FAKE_ACQ_DB		0x1004
#define FAKE_IOCQ_DB		0x100c
#define FAKE_MAX_PEND		0x1210
#define FAKE_BOOT_STATUS	0x1300
#define FAKE_LINEAR		0x24908
#define FAKE_ASQ_DB		0x2490c
#define FAKE_IOSQ_DB		0x24910
#define FAKE_NUM_TCBS		0x28100
#define FAKE_ASQ_TCBS		0x28108
#define FAKE_IOSQ_TCBS		0x28110
#define FAKE_INVAL		0x28118
#define FAKE_STAT		0x28120

#define FAKE_CFG_COMMAND	0x4
#define FAKE_CFG_BAR		0x10
/* Device Control and Device Status */
#define FAKE_CFG_DEVCTL		0x58
#define   FAKE_CFG_FLR		BIT(15)
#define   FAKE_CFG_FED		BIT(18)

static struct ans2_fake *fake_now;

static u32 fake_get(struct ans2_fake *fake, u32 reg)
{
	return le32_to_cpu(READ_ONCE(*(__le32 *)(fake->regs + reg)));
}

static u64 fake_get64(struct ans2_fake *fake, u32 reg)
{
	return fake_get(fake, reg) | (u64)fake_get(fake, reg + 4) << 32;
}

static void fake_set(struct ans2_fake *fake, u32 reg, u32 value)
{
	WRITE_ONCE(*(__le32 *)(fake->regs + reg), cpu_to_le32(value));
}

static void fake_note(struct ans2_fake *fake, const char *what)
{
	lockdep_assert_held(&fake->lock);

	if (fake->log[0])
		strlcat(fake->log, " ", sizeof(fake->log));
	strlcat(fake->log, what, sizeof(fake->log));
}

static void fake_fault(struct ans2_fake *fake, const char *what)
{
	lockdep_assert_held(&fake->lock);

	if (fake->allowed && !strcmp(what, fake->allowed))
		return;
	if (fake->nr_faults < ARRAY_SIZE(fake->faults))
		fake->faults[fake->nr_faults] = what;
	fake->nr_faults++;
}

static void fake_check(struct ans2_fake *fake, bool good, const char *what)
{
	if (!good)
		fake_fault(fake, what);
}

/*
 * The line, a level: up while a completion queue has entries that were not
 * given back.
 */

static bool fake_line(struct ans2_fake *fake)
{
	if (fake->silent || fake->irqs >= fake->irq_limit)
		return false;
	return fake->q[0].head != fake->q[0].tail ||
	       fake->q[1].head != fake->q[1].tail;
}

static void fake_raise(struct ans2_fake *fake)
{
	lockdep_assert_held(&fake->lock);

	if (!fake->masked && fake_line(fake))
		irq_work_queue(&fake->irq_work);
}

/*
 * States of the controller
 */

/* The queues and all commands are forgotten. */
static void fake_forget(struct ans2_fake *fake)
{
	memset(fake->q, 0, sizeof(fake->q));
	fake->out = fake->in;
	fake->invalidating = false;
	fake->silent = false;
	fake->late = 0;
	fake->flood = 0;
}

static void fake_become(struct ans2_fake *fake, u32 csts, int ms)
{
	fake->pending = ms >= 0;
	fake->next_csts = csts;
	fake->due = ktime_add_ms(ktime_get(), max(ms, 0));
}

static void *fake_memory(struct ans2_fake *fake, u64 addr)
{
	return phys_to_virt(dma_to_phys(&fake->pdev->dev, addr));
}

static void fake_make_cq(struct ans2_fake *fake, unsigned int qid, u64 addr,
			 u16 depth)
{
	struct fake_queue *q = &fake->q[qid];

	q->cq = fake_memory(fake, addr);
	q->cq_depth = depth;
	q->head = 0;
	q->tail = 0;
	q->phase = 1;
}

static void fake_make_sq(struct ans2_fake *fake, unsigned int qid, u64 addr,
			 u16 depth)
{
	fake->q[qid].sq = fake_memory(fake, addr);
	fake->q[qid].sq_depth = depth;
}

/* It has its address, decodes it, and may transfer. */
static bool fake_is_reachable(struct ans2_fake *fake)
{
	u64 bar = (fake->cfg[FAKE_CFG_BAR / 4] & ~15) |
		  (u64)fake->cfg[FAKE_CFG_BAR / 4 + 1] << 32;

	return bar == fake->window.start &&
	       (fake->cfg[FAKE_CFG_COMMAND / 4] & 6) == 6;
}

static void fake_enable(struct ans2_fake *fake)
{
	u32 aqa = fake_get(fake, FAKE_AQA);

	fake_note(fake, "on");
	fake_check(fake, fake_is_reachable(fake),
		   "enabled without its address or as no bus master");
	fake_check(fake, fake_get(fake, FAKE_BOOT_STATUS) == 0xde71ce55,
		   "enabled before the firmware is there");
	fake_check(fake, fake_get(fake, FAKE_LINEAR) == 1,
		   "enabled without linear queues");
	fake_check(fake, fake_get(fake, FAKE_MAX_PEND) == 0x400040,
		   "enabled without a number of commands");
	fake_check(fake, fake_get(fake, FAKE_NUM_TCBS) == 63,
		   "enabled without a number of TCBs");
	fake_check(fake, aqa == 0x10001, "admin queue has not two entries");
	fake_make_sq(fake, 0, fake_get64(fake, FAKE_ASQ), (aqa & 0xfff) + 1);
	fake_make_cq(fake, 0, fake_get64(fake, FAKE_ACQ), (aqa >> 16) + 1);
	fake_become(fake, FAKE_CSTS_RDY, fake->traits.ready_ms);
}

static void fake_go_down(struct ans2_fake *fake)
{
	if (fake->traits.down == FAKE_OBEY)
		return;
	fake->fail = fake->traits.down;
	fake->fail_at = ktime_add_ms(ktime_get(), 50);
}

static void fake_disable(struct ans2_fake *fake)
{
	fake_note(fake, "off");
	fake_check(fake, !fake->q[1].sq && !fake->q[1].cq,
		   "disabled with I/O queues");
	fake_check(fake, !fake->q[0].running, "disabled with an admin command");
	fake_check(fake, !fake->pending, "disabled before it was done");
	fake_forget(fake);
	fake_become(fake, 0, fake->traits.off_ms);
	fake_go_down(fake);
}

static void fake_shut_down(struct ans2_fake *fake)
{
	fake_note(fake, "shutdown");
	fake_check(fake, (fake->cc & FAKE_CC_SHN) == 1 << 14,
		   "shut down in no order");
	fake_check(fake, !fake->q[1].sq && !fake->q[1].cq,
		   "shut down with I/O queues");
	fake_set(fake, FAKE_CSTS, FAKE_CSTS_RDY | FAKE_CSTS_SHUTTING);
	fake_become(fake, FAKE_CSTS_RDY | FAKE_CSTS_SHUT,
		    fake->traits.shutdown_ms);
	fake_go_down(fake);
}

static void fake_look_at_cc(struct ans2_fake *fake)
{
	u32 cc = fake_get(fake, FAKE_CC);
	u32 new = cc & ~fake->cc, old = fake->cc & ~cc;

	fake->cc = cc;
	if (new & FAKE_CC_SHN)
		fake_shut_down(fake);
	if (new & FAKE_CC_EN)
		fake_enable(fake);
	else if (old & FAKE_CC_EN)
		fake_disable(fake);
}

static void fake_die(struct ans2_fake *fake, enum fake_act act)
{
	u32 csts = fake_get(fake, FAKE_CSTS);

	fake->dead = true;
	/* Nobody looks at what was rung and not begun. */
	fake->out = fake->in;
	if (act == FAKE_GONE)
		memset(fake->regs, 0xff, FAKE_WINDOW_SIZE);
	else if (act == FAKE_CRASH || act == FAKE_LAST)
		fake->cfg[FAKE_CFG_DEVCTL / 4] |= FAKE_CFG_FED;
	else if (act == FAKE_FATAL)
		fake_set(fake, FAKE_CSTS, csts | FAKE_CSTS_CFS);
	else
		fake_set(fake, FAKE_CSTS, csts & ~FAKE_CSTS_RDY);
}

static void fake_look(struct ans2_fake *fake)
{
	lockdep_assert_held(&fake->lock);

	if (fake->fail && !ktime_before(ktime_get(), fake->fail_at)) {
		fake_die(fake, fake->fail);
		fake->fail = FAKE_OBEY;
	}
	if (fake->dead)
		return;
	fake_look_at_cc(fake);
	if (fake->pending && !ktime_before(ktime_get(), fake->due)) {
		fake->pending = false;
		fake_set(fake, FAKE_CSTS, fake->next_csts);
	}
}

static void fake_power_on(struct ans2_fake *fake)
{
	fake_forget(fake);
	memset(fake->regs, 0, FAKE_WINDOW_SIZE);
	/* 128 entries, contiguous queues, time-out, the NVM command set */
	fake_set(fake, FAKE_CAP, 0x7f | 1 << 16 | fake->traits.cap_to << 24);
	/* NVM commands, and a subsystem reset */
	fake_set(fake, FAKE_CAP + 4, 1 << 5 | 1 << 4);
	fake_set(fake, FAKE_VS, 0x10100);
	fake_set(fake, FAKE_BOOT_STATUS, fake->traits.boot_status);
	fake->cc = 0;
	fake->pending = false;
	fake->dead = false;
}

/* What a boot loader leaves that does not stop it. */
static void fake_hand_over(struct ans2_fake *fake)
{
	fake->cc = 0x460001;
	fake_set(fake, FAKE_CC, fake->cc);
	fake_set(fake, FAKE_CSTS, FAKE_CSTS_RDY);
}

static void fake_flr(struct ans2_fake *fake)
{
	lockdep_assert_held(&fake->lock);

	fake_look(fake);
	fake_note(fake, "flr");
	fake->flrs++;
	fake_check(fake, fake->reset(fake), "reset without the lock");
	fake_power_on(fake);
}

/*
 * Doorbells
 */

static void fake_entry(struct ans2_fake *fake, struct fake_queue *q, u16 tag,
		       u16 status, u64 result)
{
	struct nvme_completion *cqe = &q->cq[q->tail];

	cqe->result.u64 = cpu_to_le64(result);
	cqe->sq_head = 0;
	cqe->sq_id = 0;
	cqe->command_id = tag;
	smp_wmb(); /* with the driver's barrier after it saw the phase */
	WRITE_ONCE(cqe->status, cpu_to_le16(status << 1 | q->phase));
	if (++q->tail == q->cq_depth) {
		q->tail = 0;
		q->phase ^= 1;
	}
	fake_check(fake, q->tail != q->head, "completion queue is full");
	fake->posted++;
}

static void fake_ring_sq(struct ans2_fake *fake, unsigned int qid, u64 tag)
{
	struct fake_queue *q = &fake->q[qid];

	fake_check(fake, fake_get(fake, FAKE_CSTS) == FAKE_CSTS_RDY &&
		   fake->cc & FAKE_CC_EN && q->sq, "doorbell without a queue");
	fake_check(fake, !fake->invalidating,
		   "doorbell between invalidation and head");
	if (tag >= FAKE_TAGS || tag >= q->sq_depth || (!qid && tag)) {
		fake_fault(fake, "doorbell of a tag that does not exist");
		return;
	}
	fake_check(fake, !((fake->q[0].running | fake->q[1].running |
			    fake->q[0].permitted | fake->q[1].permitted) &
			   BIT_ULL(tag)), "doorbell of a tag in flight");
	q->running |= BIT_ULL(tag);
	fake->ios += qid;
	fake->fifo[fake->in++ % ARRAY_SIZE(fake->fifo)] = qid << 8 | tag;
	wake_up_process(fake->thread);
}

/* What comes when entries were taken. */
static void fake_follow(struct ans2_fake *fake, unsigned int qid)
{
	struct fake_queue *q = &fake->q[1];
	unsigned int tag;

	for (tag = 0; !qid && tag < FAKE_TAGS; tag++) {
		if (!(fake->late & BIT_ULL(tag)))
			continue;
		q->permitted |= BIT_ULL(tag);
		fake_entry(fake, q, tag, 0, 0);
		fake->silent = true;
	}
	if (!qid)
		fake->late = 0;
	if (qid && fake->flood) {
		fake->flood--;
		fake_entry(fake, q, fake->flood_tag, 0, 0);
		fake_raise(fake);
	}
}

static void fake_ring_cq(struct ans2_fake *fake, unsigned int qid, u64 head)
{
	struct fake_queue *q = &fake->q[qid];
	unsigned int left;

	fake->invalidating = false;
	if (head >= q->cq_depth) {
		fake_fault(fake, "head beyond the queue");
		return;
	}
	fake_check(fake, head != q->head, "head did not move");
	q->head = head;
	left = (q->tail + q->cq_depth - head) % q->cq_depth;
	fake_check(fake, hweight64(q->permitted) <= left,
		   "head before invalidation");
	fake->silent = false;
	fake_follow(fake, qid);
}

static void fake_invalidate(struct ans2_fake *fake, u64 tag)
{
	unsigned int qid;

	fake->invalidating = true;
	fake_set(fake, FAKE_STAT, fake->traits.tcb_stat);
	for (qid = 0; qid < ARRAY_SIZE(fake->q); qid++) {
		if (tag < FAKE_TAGS &&
		    fake->q[qid].permitted & BIT_ULL(tag)) {
			fake->q[qid].permitted &= ~BIT_ULL(tag);
			return;
		}
	}
	fake_fault(fake, "invalidation of a tag that is not completed");
}

static void fake_hear(struct ans2_fake *fake, u32 reg, u64 value)
{
	switch (reg) {
	case FAKE_ASQ_DB:
		fake_ring_sq(fake, 0, value);
		break;
	case FAKE_IOSQ_DB:
		fake_ring_sq(fake, 1, value);
		break;
	case FAKE_ACQ_DB:
		fake_ring_cq(fake, 0, value);
		break;
	case FAKE_IOCQ_DB:
		fake_ring_cq(fake, 1, value);
		break;
	case FAKE_INVAL:
		fake_invalidate(fake, value);
		break;
	default:
		return;
	}
	fake_check(fake, fake->doorbell(fake),
		   "register written without the lock");
}

static void fake_wrote(void __iomem *reg, u64 value)
{
	struct ans2_fake *fake = fake_now;
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	fake_look(fake);
	if (!fake->dead)
		fake_hear(fake, (__force void *)reg - fake->regs, value);
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}

static void __iomem *fake_map(resource_size_t start, unsigned long size)
{
	struct ans2_fake *fake = fake_now;
	unsigned long flags;

	if (start != fake->window.start)
		return ioremap_np(start, size);
	if (fake->traits.map_fails)
		return NULL;
	raw_spin_lock_irqsave(&fake->lock, flags);
	fake_check(fake, size == FAKE_WINDOW_SIZE,
		   "window not mapped as a whole");
	raw_spin_unlock_irqrestore(&fake->lock, flags);
	return (__force void __iomem *)fake->regs;
}

static void fake_unmap(void __iomem *regs)
{
	struct ans2_fake *fake = fake_now;

	if ((__force void *)regs == fake->regs)
		fake->unmaps++;
	else
		iounmap(regs);
}

static const struct nvme_ans2_window fake_window = {
	.map = fake_map,
	.unmap = fake_unmap,
	.wrote = fake_wrote,
};

/*
 * Transfers
 */

static void fake_copy(struct ans2_fake *fake, u64 addr, void **buf,
		      unsigned int *len, bool to_host)
{
	unsigned int n = min(*len, 4096 - (unsigned int)(addr & 4095));
	void *mem = fake_memory(fake, addr);

	if (to_host)
		memcpy(mem, *buf, n);
	else
		memcpy(*buf, mem, n);
	*buf += n;
	*len -= n;
}

static void fake_copy_list(struct ans2_fake *fake, u64 addr, void *buf,
			   unsigned int len, bool to_host)
{
	while (len) {
		__le64 *entry = fake_memory(fake, addr);

		if (len > 4096 && (addr & 4095) == 4096 - sizeof(*entry)) {
			addr = le64_to_cpu(*entry);
			continue;
		}
		fake_copy(fake, le64_to_cpu(*entry), &buf, &len, to_host);
		addr += sizeof(*entry);
	}
}

static u16 fake_transfer(struct ans2_fake *fake, const struct nvme_command *cmd,
			 void *buf, unsigned int len, bool to_host)
{
	u64 prp1 = le64_to_cpu(cmd->common.dptr.prp1);
	u64 prp2 = le64_to_cpu(cmd->common.dptr.prp2);

	if (!prp1) {
		fake_fault(fake, "no memory for the data");
		return NVME_SC_INVALID_FIELD;
	}
	fake_copy(fake, prp1, &buf, &len, to_host);
	if (len && len <= 4096)
		fake_copy(fake, prp2, &buf, &len, to_host);
	else if (len)
		fake_copy_list(fake, prp2, buf, len, to_host);
	return 0;
}

static void fake_check_tcb(struct ans2_fake *fake, unsigned int qid,
			   unsigned int tag, const struct nvme_command *cmd)
{
	u64 base = fake_get64(fake, qid ? FAKE_IOSQ_TCBS : FAKE_ASQ_TCBS);
	const u8 *tcb = fake_memory(fake, base + tag * 128);
	u8 flags = 0;

	if (cmd->common.dptr.prp1)
		flags = cmd->common.opcode & 1 ? 2 : 1;
	fake_check(fake, tcb[0] == 0, "TCB: opcode");
	fake_check(fake, tcb[1] == flags, "TCB: direction");
	fake_check(fake, tcb[2] == tag, "TCB: tag");
	fake_check(fake, !memcmp(tcb + 4, &cmd->common.cdw12, 2),
		   "TCB: length");
	fake_check(fake, !memcmp(tcb + 0x18, &cmd->common.dptr, 16),
		   "TCB: addresses");
	fake_check(fake, cmd->common.command_id == tag,
		   "command id is not the tag");
	fake_check(fake, !(cmd->common.flags & 0xc0), "SGL");
	fake_check(fake, !cmd->common.metadata, "metadata");
}

/*
 * Commands
 */

static void fake_id_ctrl(struct ans2_fake *fake, void *buf)
{
	struct nvme_id_ctrl *id = buf;

	id->vid = cpu_to_le16(0x106b);
	memset(id->sn, ' ', sizeof(id->sn));
	memset(id->mn, ' ', sizeof(id->mn));
	memset(id->fr, ' ', sizeof(id->fr));
	memcpy(id->mn, "KUnit", 5);
	id->mdts = 8;
	id->oacs = cpu_to_le16(fake->traits.oacs);
	id->oaes = cpu_to_le32(fake->traits.oaes);
	id->hmpre = cpu_to_le32(fake->traits.hmpre);
	id->hmmin = cpu_to_le32(fake->traits.hmpre);
	id->sqes = 0x66;
	id->cqes = 0x44;
	id->nn = cpu_to_le32(1);
	id->oncs = cpu_to_le16(NVME_CTRL_ONCS_DSM);
	id->vwc = !fake->traits.no_cache;
	id->sgls = cpu_to_le32(fake->traits.sgls);
}

static void fake_id_ns(struct ans2_fake *fake, void *buf)
{
	struct nvme_id_ns *id = buf;

	id->nsze = cpu_to_le64(FAKE_BLOCKS);
	id->ncap = id->nsze;
	id->nuse = id->nsze;
	id->lbaf[0].ds = ilog2(FAKE_BLOCK);
	id->lbaf[0].ms = cpu_to_le16(fake->traits.meta);
}

static u16 fake_identify(struct ans2_fake *fake, const struct nvme_command *cmd)
{
	void *buf = fake->page;

	memset(buf, 0, 4096);
	switch (cmd->identify.cns) {
	case NVME_ID_CNS_CTRL:
		fake_id_ctrl(fake, buf);
		break;
	case NVME_ID_CNS_NS:
		if (le32_to_cpu(cmd->identify.nsid) != 1)
			return NVME_SC_INVALID_NS;
		fake_id_ns(fake, buf);
		break;
	default:
		return NVME_SC_INVALID_FIELD;
	}
	return fake_transfer(fake, cmd, buf, 4096, true);
}

static u16 fake_get_log(struct ans2_fake *fake, const struct nvme_command *cmd)
{
	unsigned int len = le16_to_cpu(cmd->get_log_page.numdl) * 4 + 4;
	struct nvme_smart_log *smart = fake->page;

	if (cmd->get_log_page.lid != NVME_LOG_SMART || len > 512)
		return NVME_SC_INVALID_LOG_PAGE;
	memset(smart, 0, 512);
	smart->temperature[0] = 0x34;
	smart->temperature[1] = 0x01;
	return fake_transfer(fake, cmd, smart, len, true);
}

static u16 fake_features(struct ans2_fake *fake, const struct nvme_command *cmd,
			 u64 *result)
{
	u32 n = fake->traits.queues - 1;

	if (le32_to_cpu(cmd->features.fid) == NVME_FEAT_NUM_QUEUES)
		*result = n << 16 | n;
	return 0;
}

static u16 fake_create_cq(struct ans2_fake *fake,
			  const struct nvme_command *cmd)
{
	if (le16_to_cpu(cmd->create_cq.cqid) != 1 || fake->q[1].cq)
		return NVME_SC_QID_INVALID;
	fake_make_cq(fake, 1, le64_to_cpu(cmd->create_cq.prp1),
		     le16_to_cpu(cmd->create_cq.qsize) + 1);
	return 0;
}

static u16 fake_create_sq(struct ans2_fake *fake,
			  const struct nvme_command *cmd)
{
	if (le16_to_cpu(cmd->create_sq.sqid) != 1 || fake->q[1].sq)
		return NVME_SC_QID_INVALID;
	if (!fake->q[1].cq)
		return NVME_SC_CQ_INVALID;
	fake_make_sq(fake, 1, le64_to_cpu(cmd->create_sq.prp1),
		     le16_to_cpu(cmd->create_sq.qsize) + 1);
	return 0;
}

static u16 fake_delete_sq(struct ans2_fake *fake,
			  const struct nvme_command *cmd)
{
	if (le16_to_cpu(cmd->delete_queue.qid) != 1 || !fake->q[1].sq)
		return NVME_SC_QID_INVALID;
	fake->q[1].sq = NULL;
	fake->q[1].running = 0;
	fake->q[1].held = 0;
	return 0;
}

static u16 fake_delete_cq(struct ans2_fake *fake,
			  const struct nvme_command *cmd)
{
	struct fake_queue *q = &fake->q[1];

	if (le16_to_cpu(cmd->delete_queue.qid) != 1 || !q->cq)
		return NVME_SC_QID_INVALID;
	if (q->sq)
		return NVME_SC_INVALID_QUEUE;
	fake_check(fake, q->head == q->tail, "CQ deleted with entries in it");
	q->cq = NULL;
	q->head = 0;
	q->tail = 0;
	return 0;
}

static u16 fake_admin(struct ans2_fake *fake, const struct nvme_command *cmd,
		      u64 *result)
{
	switch (cmd->common.opcode) {
	case nvme_admin_identify:
		return fake_identify(fake, cmd);
	case nvme_admin_get_log_page:
		return fake_get_log(fake, cmd);
	case nvme_admin_set_features:
	case nvme_admin_get_features:
		return fake_features(fake, cmd, result);
	case nvme_admin_create_cq:
		return fake_create_cq(fake, cmd);
	case nvme_admin_create_sq:
		return fake_create_sq(fake, cmd);
	case nvme_admin_delete_sq:
		return fake_delete_sq(fake, cmd);
	case nvme_admin_delete_cq:
		return fake_delete_cq(fake, cmd);
	default:
		fake_fault(fake, "unknown admin command");
		return NVME_SC_INVALID_OPCODE;
	}
}

static u16 fake_io(struct ans2_fake *fake, const struct nvme_command *cmd)
{
	unsigned int nr = le16_to_cpu(cmd->rw.length) + 1;
	u64 lba = le64_to_cpu(cmd->rw.slba);

	switch (cmd->common.opcode) {
	case nvme_cmd_flush:
	case nvme_cmd_dsm:
		return 0;
	case nvme_cmd_read:
	case nvme_cmd_write:
		if (lba >= FAKE_BLOCKS || nr > FAKE_BLOCKS - lba)
			return NVME_SC_LBA_RANGE;
		return fake_transfer(fake, cmd, fake->disk + lba * FAKE_BLOCK,
				     nr * FAKE_BLOCK,
				     cmd->common.opcode == nvme_cmd_read);
	default:
		return NVME_SC_INVALID_OPCODE;
	}
}

static void fake_note_command(struct ans2_fake *fake, u8 opcode)
{
	static const char * const names[] = {
		[nvme_admin_delete_sq] = "delete-sq",
		[nvme_admin_create_sq] = "create-sq",
		[nvme_admin_get_log_page] = "log",
		[nvme_admin_delete_cq] = "delete-cq",
		[nvme_admin_create_cq] = "create-cq",
		[nvme_admin_identify] = "identify",
		[nvme_admin_abort_cmd] = "abort",
		[nvme_admin_set_features] = "set",
		[nvme_admin_get_features] = "get",
		[nvme_admin_async_event] = "aer",
	};

	if (opcode < ARRAY_SIZE(names) && names[opcode])
		fake_note(fake, names[opcode]);
	else
		fake_note(fake, "?");
}

static struct fake_rule *fake_find_rule(struct ans2_fake *fake,
					unsigned int qid, u8 opcode)
{
	struct fake_rule *rule = fake->rules;
	unsigned int i;

	for (i = 0; i < fake->nr_rules; i++, rule++) {
		if (rule->qid != qid || (rule->opcode != opcode &&
					 rule->opcode != FAKE_ANY))
			continue;
		if (rule->skip) {
			rule->skip--;
			return NULL;
		}
		if (rule->times && !--rule->times)
			rule->opcode = FAKE_ANY + 1;
		return rule;
	}
	return NULL;
}

static void fake_complete(struct ans2_fake *fake, unsigned int qid,
			  unsigned int tag, const struct nvme_command *cmd,
			  const struct fake_rule *rule)
{
	enum fake_act act = rule ? rule->act : FAKE_OBEY;
	struct fake_queue *q = &fake->q[qid];
	u64 result = 0;
	u16 status;

	if (act == FAKE_LATE)
		fake->late = fake->q[1].held;
	if (act == FAKE_FAIL)
		status = rule->status;
	else if (qid)
		status = fake_io(fake, cmd);
	else
		status = fake_admin(fake, cmd, &result);

	q->running &= ~BIT_ULL(tag);
	q->permitted |= BIT_ULL(tag);
	fake->silent = act == FAKE_SILENT;
	fake_entry(fake, q, tag, status, result);
	if (act == FAKE_TWICE)
		fake_entry(fake, q, tag, status, result);
	if (act == FAKE_LAST)
		fake_die(fake, act);
	fake_raise(fake);
}

static void fake_obey_rule(struct ans2_fake *fake, unsigned int qid,
			   unsigned int tag, const struct nvme_command *cmd,
			   const struct fake_rule *rule)
{
	struct fake_queue *q = &fake->q[qid];

	switch (rule->act) {
	case FAKE_FLOOD:
		fake->flood = FAKE_ENDLESS;
		fake->flood_tag = rule->status;
		fallthrough;
	case FAKE_ALIEN:
		fake_entry(fake, q, rule->status, 0, 0);
		fake_raise(fake);
		fallthrough;
	case FAKE_HOLD:
		q->held |= BIT_ULL(tag);
		break;
	case FAKE_FATAL:
	case FAKE_UNREADY:
	case FAKE_CRASH:
	case FAKE_GONE:
		fake_die(fake, rule->act);
		break;
	default:
		fake_complete(fake, qid, tag, cmd, rule);
	}
}

static void fake_execute(struct ans2_fake *fake, unsigned int qid,
			 unsigned int tag)
{
	struct fake_queue *q = &fake->q[qid];
	struct fake_rule *rule = NULL;
	struct nvme_command cmd;

	if (!q->sq || !q->cq)
		return;
	memcpy(&cmd, q->sq + tag * sizeof(cmd), sizeof(cmd));
	if (!(q->held & BIT_ULL(tag))) {
		fake_check_tcb(fake, qid, tag, &cmd);
		if (!qid)
			fake_note_command(fake, cmd.common.opcode);
		rule = fake_find_rule(fake, qid, cmd.common.opcode);
	}
	q->held &= ~BIT_ULL(tag);
	if (rule)
		fake_obey_rule(fake, qid, tag, &cmd, rule);
	else
		fake_complete(fake, qid, tag, &cmd, NULL);
}

static void fake_work(struct ans2_fake *fake)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	fake_look(fake);
	while (!fake->dead && fake->out != fake->in) {
		u16 rung = fake->fifo[fake->out++ % ARRAY_SIZE(fake->fifo)];

		fake_execute(fake, rung >> 8, rung & 0xff);
	}
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}

static int fake_thread(void *data)
{
	ktime_t pause = ns_to_ktime(FAKE_LOOK_US * NSEC_PER_USEC);
	struct ans2_fake *fake = data;

	while (!kthread_should_stop()) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (READ_ONCE(fake->in) == READ_ONCE(fake->out))
			schedule_hrtimeout(&pause, HRTIMER_MODE_REL);
		__set_current_state(TASK_RUNNING);
		fake_work(fake);
	}
	return 0;
}

/*
 * For the tests
 */

static void fake_add_rule(struct ans2_fake *fake, const struct fake_rule *rule)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	if (fake->nr_rules < ARRAY_SIZE(fake->rules))
		fake->rules[fake->nr_rules++] = *rule;
	else
		fake_fault(fake, "too many rules");
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}

/* From here on every command is executed; those held back are not. */
static void fake_obey(struct ans2_fake *fake)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	fake->nr_rules = 0;
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}

/* What is held back is executed. */
static void fake_release(struct ans2_fake *fake)
{
	unsigned int qid, tag;
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	for (qid = 0; qid < ARRAY_SIZE(fake->q) && !fake->dead; qid++)
		for (tag = 0; tag < FAKE_TAGS; tag++)
			if (fake->q[qid].held & BIT_ULL(tag))
				fake_execute(fake, qid, tag);
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}

static void fake_end_flood(struct ans2_fake *fake)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	fake->flood = 0;
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}

static unsigned int fake_held(struct ans2_fake *fake, unsigned int qid)
{
	unsigned long flags;
	unsigned int nr;

	raw_spin_lock_irqsave(&fake->lock, flags);
	nr = hweight64(fake->q[qid].held);
	raw_spin_unlock_irqrestore(&fake->lock, flags);
	return nr;
}

/* The controller fails without a command, soon. */
static void fake_fail(struct ans2_fake *fake, enum fake_act act,
		      unsigned int ms)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	fake->fail = act;
	fake->fail_at = ktime_add_ms(ktime_get(), ms);
	fake_look(fake);
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}

static void fake_forget_log(struct ans2_fake *fake)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fake->lock, flags);
	fake_look(fake);
	fake->log[0] = '\0';
	raw_spin_unlock_irqrestore(&fake->lock, flags);
}
