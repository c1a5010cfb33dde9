/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: a controller in memory for KUnit tests
 *
 * A PCI function below a host bridge of its own, to which nvme-pci is bound as
 * to the real one. Its registers are plain memory and its commands are executed
 * by a thread, on a disk in memory. It does what hardware is known to do unless
 * a test tells it otherwise, notes what it was told, and counts as faults what
 * the real controller takes badly.
 */

#ifndef _NVME_ANS2_FAKE_H
#define _NVME_ANS2_FAKE_H

#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/nvme.h>
#include <linux/pci.h>
#include <linux/spinlock.h>

#define FAKE_WINDOW_SIZE	0x40000
#define FAKE_BLOCK		4096
#define FAKE_BLOCKS		512
#define FAKE_TAGS		64
#define FAKE_CFG_REGS		24
#define FAKE_ANY		0x100
#define FAKE_ENDLESS		2000

/**
 * enum fake_act - what becomes of a command
 * @FAKE_OBEY: it is executed
 * @FAKE_HOLD: nothing, until fake_release() or a reset
 * @FAKE_FAIL: it fails with the status of the rule
 * @FAKE_SILENT: it is executed, and the interrupt gets lost
 * @FAKE_ALIEN: it is held back, and one with the tag that is the rule's status
 *	is completed
 * @FAKE_TWICE: it is completed two times
 * @FAKE_LATE: it is executed. When its entry was taken, what was held back by
 *	then is completed, and the interrupt of that gets lost
 * @FAKE_FLOOD: it is held back. An entry with the tag that is the rule's status
 *	comes, and one more whenever the head moves, FAKE_ENDLESS times
 * @FAKE_LAST: it is executed, and then the firmware crashes. Nobody takes the
 *	line down
 * @FAKE_FATAL: the controller fails (CSTS.CFS) and does nothing any more
 * @FAKE_UNREADY: CSTS.RDY falls, and the controller does nothing any more
 * @FAKE_CRASH: the firmware crashes: it does nothing any more, and the function
 *	reports a fatal error
 * @FAKE_GONE: the whole window reads as all ones from here on
 *
 * A reset of the function ends the last five, and makes the function lose its
 * address.
 */
enum fake_act {
	FAKE_OBEY,
	FAKE_HOLD,
	FAKE_FAIL,
	FAKE_SILENT,
	FAKE_ALIEN,
	FAKE_TWICE,
	FAKE_LATE,
	FAKE_FLOOD,
	FAKE_LAST,
	FAKE_FATAL,
	FAKE_UNREADY,
	FAKE_CRASH,
	FAKE_GONE,
};

/**
 * struct fake_rule - which commands are not just executed
 * @qid: queue
 * @opcode: opcode, or FAKE_ANY
 * @skip: so many are executed first
 * @times: so many are not, 0 for all
 * @act: what becomes of them
 * @status: for FAKE_FAIL, FAKE_ALIEN and FAKE_FLOOD
 */
struct fake_rule {
	unsigned int qid;
	unsigned int opcode;
	unsigned int skip;
	unsigned int times;
	enum fake_act act;
	u16 status;
};

/**
 * struct fake_traits - how the controller is made; may be changed at any time
 * @bar_size: what BAR0 decodes
 * @map_fails: the window cannot be mapped
 * @enabled: it is enabled when nvme-pci gets it
 * @cap_to: CAP.TO, in units of 500 ms
 * @boot_status: what BOOT_STATUS says
 * @ready_ms: time from CC.EN to CSTS.RDY, negative for never
 * @off_ms: the same when CC.EN is cleared
 * @shutdown_ms: time from CC.SHN to the end of the shutdown
 * @down: what becomes of it when CC.SHN is set or CC.EN cleared, a moment later
 * @tcb_stat: what TCB_STAT says after an invalidation
 * @queues: I/O queues that Set Features grants
 * @sgls: SGLS of Identify
 * @oacs: OACS of Identify
 * @oaes: OAES of Identify
 * @hmpre: HMPRE and HMMIN of Identify, in units of 4 KiB
 * @meta: bytes of metadata per block
 * @no_cache: there is no volatile write cache
 */
struct fake_traits {
	u32 bar_size;
	bool map_fails;
	bool enabled;
	u8 cap_to;
	u32 boot_status;
	int ready_ms;
	int off_ms;
	int shutdown_ms;
	enum fake_act down;
	u32 tcb_stat;
	u16 queues;
	u32 sgls;
	u16 oacs;
	u32 oaes;
	u32 hmpre;
	u16 meta;
	bool no_cache;
};

/**
 * struct fake_queue - a pair of queues
 * @sq: the submission queue, NULL if there is none
 * @cq: the completion queue, NULL if there is none
 * @sq_depth: entries of @sq
 * @cq_depth: entries of @cq
 * @head: first entry that was not given back
 * @tail: next entry to write
 * @phase: its phase
 * @running: mask of tags whose doorbell was rung and that are not completed
 * @held: those of them that are held back
 * @permitted: mask of tags that are completed but not invalidated
 */
struct fake_queue {
	void *sq;
	struct nvme_completion *cq;
	u16 sq_depth;
	u16 cq_depth;
	u16 head;
	u16 tail;
	u8 phase;
	u64 running;
	u64 held;
	u64 permitted;
};

/**
 * struct ans2_fake - one controller
 * @lock: everything below, and the memory that commands transfer. Taken with
 *	locks of the driver, of the PCI core and of interrupts held
 * @traits: see there
 * @rules: see there; the first one that fits is used
 * @nr_rules: how many there are
 * @fail: how it fails by itself when @fail_at has come, or FAKE_OBEY
 * @fail_at: when
 * @doorbell: called at each write of a doorbell or invalidation, says whether
 *	the driver's lock for them is held
 * @reset: called at each function reset, says whether the driver's lock for it
 *	is held
 * @pdev: the function
 * @hidden: the function answers nothing, as if it was pulled out
 * @allowed: a fault that a test provokes
 * @log: what the controller was told and when, in words
 * @ios: I/O commands whose doorbell was rung
 * @posted: completions
 * @flrs: function resets
 * @unmaps: how often the window was unmapped while it was set up
 * @irqs: interrupts
 * @irq_limit: interrupts after which the line is taken down for ever, as the
 *	kernel would do much later
 * @faults: what the driver did wrong, the first ones
 * @nr_faults: how many
 */
struct ans2_fake {
	raw_spinlock_t lock;	/* see above */
	struct fake_traits traits;
	struct fake_rule rules[4];
	unsigned int nr_rules;
	enum fake_act fail;
	ktime_t fail_at;
	bool (*doorbell)(struct ans2_fake *fake);
	bool (*reset)(struct ans2_fake *fake);
	struct pci_dev *pdev;
	bool hidden;
	const char *allowed;

	char log[1024];
	unsigned int ios;
	unsigned int posted;
	unsigned int flrs;
	unsigned int unmaps;
	unsigned int irqs;
	unsigned int irq_limit;
	const char *faults[4];
	unsigned int nr_faults;

	/* private: the host bridge */
	struct device *parent;
	struct pci_host_bridge *bridge;
	struct resource window;
	struct resource buses;
	struct notifier_block nb;
	int refs;
	u32 cfg[FAKE_CFG_REGS];

	/* private: the interrupt line */
	int irq;
	bool masked;
	bool silent;
	struct irq_work irq_work;

	/* private: registers */
	void *regs;
	u32 cc;
	bool pending;
	u32 next_csts;
	ktime_t due;
	bool dead;

	/* private: commands */
	struct task_struct *thread;
	struct fake_queue q[2];
	u16 fifo[2 * FAKE_TAGS];
	unsigned int in;
	unsigned int out;
	bool invalidating;
	u64 late;
	unsigned int flood;
	u16 flood_tag;
	u8 *disk;
	void *page;
};

#endif /* _NVME_ANS2_FAKE_H */
