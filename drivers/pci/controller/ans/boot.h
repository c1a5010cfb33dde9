/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: starting and stopping the co-processor
 */

#ifndef _APPLE_ANS_BOOT_H_
#define _APPLE_ANS_BOOT_H_

#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "loan.h"

struct ans_firmware;
struct apple_rtkit;
struct device;
struct reset_control;

/* NVMe register window: "nvme" in the devicetree */
#define ANS_BOOT_STATUS			0x1300

/**
 * struct ans_firmware_ops - what starting and stopping acts on
 * @cpu_control: read CPU_CONTROL
 * @set_cpu_control: write CPU_CONTROL
 * @boot_status: read BOOT_STATUS
 * @reset_assert: assert the reset line of the block
 * @reset_deassert: release it
 * @is_running: whether RTKit is up on both sides
 * @is_crashed: whether the firmware has crashed
 * @reinit: forget the RTKit session and take the firmware's buffers back
 * @handshake: let a function of the RTKit library wait for the firmware:
 *	       apple_rtkit_boot() after a start, apple_rtkit_wake() with
 *	       firmware that runs or sleeps, apple_rtkit_shutdown(), which also
 *	       does as @reinit
 *
 * All are called in process context. Those that return int return 0 or an
 * errno.
 */
struct ans_firmware_ops {
	u32 (*cpu_control)(struct ans_firmware *fw);
	void (*set_cpu_control)(struct ans_firmware *fw, u32 value);
	u32 (*boot_status)(struct ans_firmware *fw);
	int (*reset_assert)(struct ans_firmware *fw);
	int (*reset_deassert)(struct ans_firmware *fw);

	bool (*is_running)(struct ans_firmware *fw);
	bool (*is_crashed)(struct ans_firmware *fw);
	int (*reinit)(struct ans_firmware *fw);
	int (*handshake)(struct ans_firmware *fw,
			 int (*run)(struct apple_rtkit *rtk));
};

/**
 * struct ans_firmware - the co-processor and its firmware
 * @dev: platform device
 * @ops: access to everything outside
 * @asc: registers of the ASC wrapper
 * @nvme_boot_status: BOOT_STATUS in the NVMe window, the only register of the
 *		      window that this driver touches
 * @reset: reset line of the block
 * @rtk: RTKit session
 * @loan: where it gets memory from
 * @crashed: called when it has crashed
 * @handshake_wq: runs what waits for the firmware
 * @lock: serialises start, sleep and restart of the co-processor. Never taken
 *	  by an RTKit callback: RTKit's worker is flushed with the lock held
 * @ready: the firmware runs and BOOT_STATUS has said so; under @lock
 */
struct ans_firmware {
	struct device *dev;
	const struct ans_firmware_ops *ops;
	void __iomem *asc;
	void __iomem *nvme_boot_status;
	struct reset_control *reset;
	struct apple_rtkit *rtk;
	struct ans_loan *loan;
	void (*crashed)(struct ans_firmware *fw);
	struct workqueue_struct *handshake_wq;
	struct mutex lock;	/* start, sleep and restart */
	bool ready;
};

extern const struct ans_firmware_ops ans_firmware_hw_ops;

int ans_firmware_init(struct ans_firmware *fw, struct device *dev,
		      const struct ans_firmware_ops *ops,
		      struct ans_loan *loan,
		      void (*crashed)(struct ans_firmware *fw));
int ans_firmware_open(struct ans_firmware *fw);
int ans_firmware_start(struct ans_firmware *fw);
void ans_firmware_stop(struct ans_firmware *fw);
bool ans_firmware_is_up(struct ans_firmware *fw);
int ans_firmware_handshake(struct ans_firmware *fw,
			   int (*run)(struct apple_rtkit *rtk));
struct workqueue_struct *ans_alloc_wq(struct device *dev, const char *name);

#endif /* _APPLE_ANS_BOOT_H_ */
