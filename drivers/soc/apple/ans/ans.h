/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: interface between the three parts of its platform driver
 *
 * core.c    owns the order of things: set-up, suspend, shutdown, recovery
 * boot.c    is the RTKit client: starts and stops the firmware, lends it memory
 * bridge.c  is the PCI host bridge with the one function
 */

#ifndef _APPLE_ANS_H_
#define _APPLE_ANS_H_

#include <linux/bits.h>
#include <linux/ioport.h>
#include <linux/mutex.h>
#include <linux/ratelimit_types.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct ans;
struct apple_rtkit;
struct apple_rtkit_shmem;
struct apple_sart;
struct device;
struct dev_pm_domain_list;
struct pci_dev;
struct pci_host_bridge;
struct reset_control;

/*
 * Registers outside the NVMe standard that this driver uses.
 * Linux nvme-apple, U-Boot, m1n1 and OpenBSD agree on all of them.
 */

/* ASC wrapper of the co-processor: "ans" in the devicetree */
#define ANS_CPU_CONTROL			0x44
#define   ANS_CPU_CONTROL_RUN		BIT(4)

/* NVMe register window: "nvme" in the devicetree */
#define ANS_BOOT_STATUS			0x1300
#define   ANS_BOOT_STATUS_READY		0xde71ce55

/*
 * The firmware asks for memory on the crashlog, syslog, ioreport and oslog
 * endpoints, once on each.
 */
#define ANS_MAX_BUFFERS			4

/**
 * struct ans_hw - what differs between the SoCs
 * @subsystem: subsystem id of the PCI function
 */
struct ans_hw {
	u16 subsystem;
};

/**
 * struct ans_parts - what is set up around the co-processor
 * @power: switch the power domains on
 * @resources: map the registers, find interrupt and reset line
 * @sart: find the DMA filter of the co-processor
 * @rtkit: open the mailbox
 * @bridge: register the host bridge; from here on nvme-pci may bind
 *
 * Each registers with devres what undoes it. The driver has one such table;
 * the KUnit suite puts its recorder in its place.
 */
struct ans_parts {
	int (*power)(struct ans *ans);
	int (*resources)(struct ans *ans);
	int (*sart)(struct ans *ans);
	int (*rtkit)(struct ans *ans);
	int (*bridge)(struct ans *ans);
};

/**
 * struct ans_ops - everything that starting and stopping the co-processor acts
 *		    on
 * @cpu_control: read CPU_CONTROL
 * @set_cpu_control: write CPU_CONTROL
 * @boot_status: read BOOT_STATUS
 * @reset_assert: assert the reset line of the block
 * @reset_deassert: release it
 * @is_running: whether RTKit is up on both sides
 * @is_crashed: whether the firmware has crashed
 * @reinit: forget the RTKit session and take the firmware's buffers back
 * @boot: RTKit handshake after a start
 * @wake: the same with firmware that runs or sleeps
 * @shutdown: send the firmware to sleep, then do as @reinit
 * @alloc: memory for the firmware, page aligned and zeroed
 * @free: free it
 * @allow: permit the co-processor to reach a range, both ends of which are
 *	   multiples of the filter's granule
 * @revoke: undo @allow, for the same range; -ENODEV says that it is undone
 *
 * All are called in process context. Those that return int return 0 or an
 * errno; @alloc returns NULL without memory. Sizes are in bytes.
 */
struct ans_ops {
	u32 (*cpu_control)(struct ans *ans);
	void (*set_cpu_control)(struct ans *ans, u32 value);
	u32 (*boot_status)(struct ans *ans);
	int (*reset_assert)(struct ans *ans);
	int (*reset_deassert)(struct ans *ans);

	bool (*is_running)(struct ans *ans);
	bool (*is_crashed)(struct ans *ans);
	int (*reinit)(struct ans *ans);
	int (*boot)(struct ans *ans);
	int (*wake)(struct ans *ans);
	int (*shutdown)(struct ans *ans);

	void *(*alloc)(struct ans *ans, size_t size, dma_addr_t *dma);
	void (*free)(struct ans *ans, size_t size, void *va, dma_addr_t dma);
	int (*allow)(struct ans *ans, dma_addr_t dma, size_t size);
	int (*revoke)(struct ans *ans, dma_addr_t dma, size_t size);
};

/*
 * The RTKit library reads entries of the syslog buffer by an index and a size
 * that the firmware names, and does not compare them with the size of the
 * buffer: up to 255 * (32 + 255) + 32 + 255 bytes. So much memory is behind
 * every buffer.
 */
#define ANS_MIN_ROOM			SZ_128K

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

/*
 * Configuration space, see the table in bridge.c. PCI Express functions have
 * 4 KiB of it.
 */
#define ANS_CFG_SIZE			4096
#define ANS_CFG_REGS			14
#define ANS_CFG_PM			0x40
#define ANS_CFG_EXP			0x50

/**
 * struct ans_function - configuration space of the PCI function
 * @lock: protects the members below, and the state of the function's channel.
 *	  Taken inside the PCI core's pci_lock, which is raw, and from process
 *	  context.
 * @reset: value of each register after reset, in the order of the table
 * @value: value of each register now
 * @present: false while the block is reset, after the firmware has crashed and
 *	     after the function was lost; all reads then return all ones, and
 *	     writes do nothing but start a function reset after a crash
 * @resetting: a function reset is under way, which software cannot start anew
 * @crashed: the firmware has crashed since its last start
 * @start_flr: called, with @lock held, when software starts a function reset
 */
struct ans_function {
	raw_spinlock_t lock;	/* all that follows */
	u32 reset[ANS_CFG_REGS];
	u32 value[ANS_CFG_REGS];
	bool present;
	bool resetting;
	bool crashed;
	void (*start_flr)(struct ans_function *fn);
};

/**
 * struct ans - one ANS2
 * @dev: platform device
 * @hw: what differs between the SoCs
 * @ops: access to everything outside
 * @asc: registers of the ASC wrapper
 * @nvme_boot_status: BOOT_STATUS in the NVMe window, the only register of the
 *		      window that this driver touches
 * @irq: interrupt of the NVMe window
 * @reset: reset line of the block
 * @sart: DMA filter of the co-processor
 * @rtk: RTKit session
 * @domains: power domains
 * @lock: serialises start, sleep and restart of the co-processor. Never taken
 *	  by an RTKit callback: RTKit's worker is flushed with the lock held.
 * @ready: the firmware runs and BOOT_STATUS has said so; under @lock
 * @closed: the system sleeps or goes down, nothing starts the firmware; under
 *	    @lock
 * @sleeping: the system goes to sleep or wakes up, so nvme-pci may hold the
 *	      function for suspended: no recovery from a crash; under @lock
 * @given_up: it has crashed too often, nothing starts it again; under @lock
 * @start_on_resume: whether the firmware ran when the system went to sleep
 * @buffer_lock: protects @lending and @buffers against RTKit's worker
 * @lending: the firmware may ask for memory: it is being started, or runs
 * @buffers: memory lent to the firmware, and what it has given back: kept for
 *	     its next start, freed with the driver
 * @handshake_wq: runs what waits for the firmware
 * @crash_wq: runs @crash_work. Each of the three has a queue, so that all can
 *	      run without memory: the recovery waits for nvme-pci, which waits
 *	      for a function reset, and that for the firmware
 * @crash_work: recovery from a firmware crash
 * @flr_wq: runs @flr_work
 * @flr_work: function level reset
 * @crash_limit: how often recovery is tried
 * @window: BAR0 and the window of the bridge
 * @bus_range: bus numbers of the bridge
 * @bridge_lock: protects @bridge and @lost. Taken outside the device lock of
 *		 the function, inside the PCI core's for adding and removing
 *		 devices
 * @bridge: the host bridge, NULL while there is none
 * @lost: the function was declared lost
 * @function: its one function
 */
struct ans {
	struct device *dev;
	const struct ans_hw *hw;
	const struct ans_ops *ops;

	void __iomem *asc;
	void __iomem *nvme_boot_status;
	int irq;
	struct reset_control *reset;
	struct apple_sart *sart;
	struct apple_rtkit *rtk;
	struct dev_pm_domain_list *domains;

	struct mutex lock;	/* start, sleep and restart */
	bool ready;
	bool closed;
	bool sleeping;
	bool given_up;
	bool start_on_resume;

	spinlock_t buffer_lock;	/* lending and buffers */
	bool lending;
	struct ans_buffer buffers[ANS_MAX_BUFFERS];

	struct workqueue_struct *handshake_wq;
	struct workqueue_struct *crash_wq;
	struct work_struct crash_work;
	struct workqueue_struct *flr_wq;
	struct work_struct flr_work;
	struct ratelimit_state crash_limit;

	struct resource window;
	struct resource bus_range;
	struct mutex bridge_lock;	/* bridge and lost */
	struct pci_host_bridge *bridge;
	bool lost;
	struct ans_function function;
};

/* core.c */
int ans_init(struct ans *ans, struct device *dev, const struct ans_ops *ops,
	     const struct ans_hw *hw);
int ans_setup(struct ans *ans, const struct ans_parts *parts);
int ans_restart(struct ans *ans);
void ans_crashed(struct ans *ans);
bool ans_is_down(struct ans *ans);

/* boot.c */
extern const struct ans_ops ans_hw_ops;

int ans_boot_start(struct ans *ans);
void ans_boot_sleep(struct ans *ans);
int ans_shmem_setup(struct ans *ans, struct apple_rtkit_shmem *bfr);
void ans_shmem_destroy(struct ans *ans, struct apple_rtkit_shmem *bfr);
void ans_free_spares(void *data);
int ans_run_handshake(struct ans *ans, int (*run)(struct apple_rtkit *rtk));
int ans_rtkit_init(struct ans *ans);

/* bridge.c */
void ans_function_init(struct ans_function *fn, u64 bar, u16 subsystem);
int ans_function_read(struct ans_function *fn, int where, int size, u32 *val);
int ans_function_write(struct ans_function *fn, int where, int size, u32 val);
void ans_function_hide(struct ans_function *fn);
void ans_function_set_crashed(struct ans_function *fn, bool crashed);
bool ans_function_show(struct ans_function *fn);
int ans_bridge_add(struct ans *ans);
struct pci_dev *ans_bridge_get_function(struct ans *ans);
bool ans_bridge_freeze(struct pci_dev *pdev);
bool ans_bridge_thaw(struct pci_dev *pdev);
bool ans_bridge_is_empty(struct ans *ans);
void ans_bridge_lost(struct ans *ans);

#endif /* _APPLE_ANS_H_ */
