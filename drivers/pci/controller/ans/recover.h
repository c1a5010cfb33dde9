/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apple ANS2: function resets, and what happens after a crash
 */

#ifndef _APPLE_ANS_RECOVER_H_
#define _APPLE_ANS_RECOVER_H_

#include <linux/ratelimit_types.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "boot.h"
#include "bridge.h"

/**
 * struct ans_recover - who restarts the firmware, and when not
 * @fw: the firmware
 * @bridge: the host bridge
 * @closed: the system sleeps or goes down, nothing starts the firmware; under
 *	    the lock of @fw
 * @sleeping: the system goes to sleep or wakes up, so nvme-pci may hold the
 *	      function for suspended: no recovery from a crash
 * @resetting: the recovery has the function reset
 * @given_up: the firmware has crashed too often, or does not start: nothing
 *	      starts it again
 * @unprobed: a driver could not be bound to the function
 * @probes: how often one may still be bound anew
 * @limit: how often the firmware may crash
 * @flr_wq: runs @flr_work
 * @flr_work: function level reset
 * @crash_wq: runs @crash_work. It waits for nvme-pci, which waits for a reset
 *	      of the function, and that for the firmware, so each of the three
 *	      has a queue and runs without memory
 * @crash_work: recovery from a crash, and of a driver that could not be bound
 */
struct ans_recover {
	struct ans_firmware *fw;
	struct ans_bridge *bridge;
	bool closed;
	bool sleeping;
	bool resetting;
	bool given_up;
	bool unprobed;
	unsigned int probes;
	struct ratelimit_state limit;
	struct workqueue_struct *flr_wq;
	struct work_struct flr_work;
	struct workqueue_struct *crash_wq;
	struct work_struct crash_work;
};

int ans_recover_init(struct ans_recover *recover, struct ans_firmware *fw,
		     struct ans_bridge *bridge);
int ans_recover_start(struct ans_recover *recover);
void ans_recover_flr(struct ans_recover *recover);
void ans_recover_crashed(struct ans_recover *recover);
void ans_recover_probed(struct ans_recover *recover, bool bound);
void ans_recover_look(struct ans_recover *recover);
void ans_recover_cancel(void *data);

#endif /* _APPLE_ANS_RECOVER_H_ */
