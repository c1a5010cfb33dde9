// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple ANS2: function resets, and what happens after a crash
 *
 * A function level reset restarts the firmware. Everything else here ends in
 * one:
 *
 *   crash         the function reports a fatal error. The PCI core resets it,
 *                 as a user can: its driver lets go, the firmware is restarted,
 *                 the driver goes on. If the driver is in the middle of a reset
 *                 of its own, that comes first, and may be all it takes
 *   no driver     the driver was being bound when the firmware crashed, or did
 *                 not answer: it is bound again
 *   no function   a user has removed it from the bus. The firmware is restarted
 *                 for the rescan that will look for it
 *   no firmware   it crashes again and again, or does not start: the function
 *                 is removed, as if a card had been pulled
 */

#include <linux/cleanup.h>
#include <linux/dev_printk.h>
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/pci.h>
#include <linux/ratelimit.h>

#include "recover.h"
#include "trace.h"

/* A firmware that crashes more often than this is given up. */
#define ANS_CRASH_INTERVAL	(60 * HZ)
#define ANS_CRASH_BURST		10

/* How often in a row a driver that could not be bound is bound anew. */
#define ANS_MAX_PROBES		3

/*
 * Restart
 */

/**
 * ans_recover_start() - start the firmware
 * @recover: the recovery
 *
 * Context: Process context, with the lock of the firmware held.
 * Return: 0, -EIO if it was given up, or the errno of the start.
 */
int ans_recover_start(struct ans_recover *recover)
{
	struct ans_function *fn = &recover->bridge->function;
	int ret = -EIO;

	lockdep_assert_held(&recover->fw->lock);
	if (!READ_ONCE(recover->given_up))
		ret = ans_firmware_start(recover->fw);

	/*
	 * A crash reported so far may be one of the first try: forget it. A
	 * later one is seen here or will be reported. A failed start counts as
	 * a crash, so that nobody waits for this controller.
	 */
	ans_function_set_crashed(fn, false);
	if (ret || !ans_firmware_is_up(recover->fw))
		ans_function_set_crashed(fn, true);
	return ret;
}

/*
 * Whether the reset by the PCI core can be skipped. The driver has reset the
 * function when it prepared for that, and the core has disabled it, so nobody
 * has used the controller since.
 */
static bool ans_is_fresh(struct ans_recover *recover)
{
	return READ_ONCE(recover->resetting) &&
	       ans_firmware_is_up(recover->fw) &&
	       !ans_function_is_enabled(&recover->bridge->function);
}

/*
 * Stops the firmware and starts it again, unless that was done already. When
 * the system goes down it stays stopped.
 */
static int ans_restart(struct ans_recover *recover)
{
	struct ans_firmware *fw = recover->fw;
	bool crashed;
	int ret;

	guard(mutex)(&fw->lock);
	if (recover->closed || ans_is_fresh(recover))
		return 0;
	crashed = !ans_firmware_is_up(fw);
	ans_firmware_stop(fw);
	ret = ans_recover_start(recover);
	if (!ret && crashed)
		dev_warn(fw->dev, "firmware restarted after a crash\n");
	return ret;
}

/* The function goes first: a doorbell while the firmware is reset is fatal. */
static void ans_give_up(struct ans_recover *recover, int ret)
{
	dev_err(recover->fw->dev, "firmware does not come back: %d\n", ret);
	trace_ans_crash(recover->fw->dev, "lost");
	WRITE_ONCE(recover->given_up, true);
	ans_bridge_lose(recover->bridge);
	guard(mutex)(&recover->fw->lock);
	ans_firmware_stop(recover->fw);
}

static void ans_flr_work(struct work_struct *work)
{
	struct ans_recover *recover = container_of(work, struct ans_recover,
						   flr_work);
	int ret = ans_restart(recover);

	if (ret)
		ans_give_up(recover, ret);
	else
		ans_function_end_flr(&recover->bridge->function);
}

/**
 * ans_recover_flr() - begin a function reset
 * @recover: the recovery
 *
 * Context: Any.
 */
void ans_recover_flr(struct ans_recover *recover)
{
	queue_work(recover->flr_wq, &recover->flr_work);
}

/*
 * Crash
 */

/*
 * Whether the firmware should run and does not. A lost function is being
 * removed already.
 */
static bool ans_is_due(struct ans_recover *recover)
{
	guard(mutex)(&recover->fw->lock);
	return !recover->closed && !READ_ONCE(recover->sleeping) &&
	       !READ_ONCE(recover->bridge->function.lost) &&
	       !ans_firmware_is_up(recover->fw);
}

/*
 * With the lock of the device nobody else resets the function for it or takes
 * it away, but its driver may be resetting it. The PCI core lets the driver
 * prepare, which waits for that.
 */
static void ans_recover_function(struct ans_recover *recover,
				 struct pci_dev *pdev)
{
	int ret;

	guard(device)(&pdev->dev);
	if (!ans_is_due(recover))
		return;
	WRITE_ONCE(recover->resetting, true);
	ret = pci_reset_function_locked(pdev);
	WRITE_ONCE(recover->resetting, false);
	/* A driver that goes on has enabled it. */
	if (!ret && pdev->dev.driver && !pci_is_enabled(pdev))
		ret = -ENODEV;
	trace_ans_crash(recover->fw->dev, ret ? "driver lost" : "done");
	if (ret)
		dev_err(recover->fw->dev,
			"driver of the function has given up: %d\n", ret);
}

/*
 * The function has to answer when a rescan looks for it, and the PCI core's
 * lock keeps a rescan away until then. A holder of that lock waits neither for
 * a drive that is missing nor for this work, and nobody takes it inside the
 * lock of the firmware.
 */
static void ans_recover_removed(struct ans_recover *recover)
{
	struct pci_dev *pdev;
	int ret = 0;

	pci_lock_rescan_remove();
	if (ans_bridge_is_empty(recover->bridge) && ans_is_due(recover))
		ret = ans_restart(recover);
	/* What a rescan has found meanwhile is a function like any other. */
	pdev = ans_bridge_get_function(recover->bridge);
	if (pdev)
		ans_recover_look(recover);
	pci_dev_put(pdev);
	pci_unlock_rescan_remove();
	if (ret)
		ans_give_up(recover, ret);
}

/* A driver that a user has unbound stays unbound. */
static void ans_probe_again(struct ans_recover *recover, struct pci_dev *pdev)
{
	if (!READ_ONCE(recover->unprobed) || !READ_ONCE(recover->probes) ||
	    READ_ONCE(recover->bridge->function.lost))
		return;
	WRITE_ONCE(recover->unprobed, false);
	WRITE_ONCE(recover->probes, recover->probes - 1);
	dev_warn(recover->fw->dev, "function without a driver, trying again\n");
	if (device_attach(&pdev->dev) < 0)
		dev_err(recover->fw->dev, "function cannot be probed\n");
}

static void ans_crash_work(struct work_struct *work)
{
	struct ans_recover *recover = container_of(work, struct ans_recover,
						   crash_work);
	struct pci_dev *pdev = ans_bridge_get_function(recover->bridge);

	if (!pdev) {
		ans_recover_removed(recover);
		return;
	}
	ans_recover_function(recover, pdev);
	ans_probe_again(recover, pdev);
	pci_dev_put(pdev);
}

/**
 * ans_recover_look() - see to it that the firmware runs and the function is
 * used
 * @recover: the recovery
 *
 * Context: Any.
 */
void ans_recover_look(struct ans_recover *recover)
{
	queue_work(recover->crash_wq, &recover->crash_work);
}

/**
 * ans_recover_crashed() - note that the firmware has crashed
 * @recover: the recovery
 *
 * The rest is left to a work item, because RTKit's worker, which calls this, is
 * flushed by a restart.
 *
 * Context: Any.
 */
void ans_recover_crashed(struct ans_recover *recover)
{
	trace_ans_crash(recover->fw->dev, "reported");
	/* It may say so more than once. */
	if (!READ_ONCE(recover->bridge->function.crashed) &&
	    !__ratelimit(&recover->limit))
		WRITE_ONCE(recover->given_up, true);
	ans_function_set_crashed(&recover->bridge->function, true);
	ans_recover_look(recover);
}

/**
 * ans_recover_probed() - a driver was bound to the function, or could not be
 * @recover: the recovery
 * @bound: true if it was bound
 *
 * Context: Process context, with the device lock of the function held.
 */
void ans_recover_probed(struct ans_recover *recover, bool bound)
{
	WRITE_ONCE(recover->unprobed, !bound);
	if (bound)
		WRITE_ONCE(recover->probes, ANS_MAX_PROBES);
	else
		ans_recover_look(recover);
}

/**
 * ans_recover_cancel() - recover nothing any more
 * @data: the recovery; the function is not there any more
 *
 * The function is gone, so nothing resets it, and crashes no longer matter.
 *
 * Context: Process context.
 */
void ans_recover_cancel(void *data)
{
	struct ans_recover *recover = data;

	/* The recovery may be waiting for a reset of the function. */
	cancel_work_sync(&recover->crash_work);
	cancel_work_sync(&recover->flr_work);
}

/**
 * ans_recover_init() - initialise, without touching the hardware
 * @recover: the recovery, zeroed
 * @fw: the firmware
 * @bridge: the host bridge
 *
 * Context: Process context.
 * Return: 0 or -ENOMEM.
 */
int ans_recover_init(struct ans_recover *recover, struct ans_firmware *fw,
		     struct ans_bridge *bridge)
{
	recover->fw = fw;
	recover->bridge = bridge;
	recover->probes = ANS_MAX_PROBES;
	INIT_WORK(&recover->flr_work, ans_flr_work);
	INIT_WORK(&recover->crash_work, ans_crash_work);
	ratelimit_state_init(&recover->limit, ANS_CRASH_INTERVAL,
			     ANS_CRASH_BURST);
	ratelimit_set_flags(&recover->limit, RATELIMIT_MSG_ON_RELEASE);
	recover->flr_wq = ans_alloc_wq(fw->dev, "apple-ans-reset");
	recover->crash_wq = ans_alloc_wq(fw->dev, "apple-ans-crash");
	return recover->flr_wq && recover->crash_wq ? 0 : -ENOMEM;
}
