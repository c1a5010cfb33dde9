# SPDX-License-Identifier: GPL-2.0-only
"""What drivers and kernels are known to do, as narrowly as can be said."""

from mac.kernellog import KnownReport
from mac.suite import Known

# What upstream's drivers do on real Macs, where it does no harm
SART_ORDER = Known(
    "sart-order", "changed from .* to 0x0 while the flags allow",
    "apple-sart clears the address of an entry before its flags")
RUN_CLEARED = Known(
    "asc-run", "RUN cleared while the firmware is running",
    "6.12's driver stops a co-processor that a boot loader left running")

STOPS = (SART_ORDER,)
UPSTREAM = {
    "reset": STOPS,
    "reset-under-load": STOPS,
    "rebind": STOPS,
    "reboot": STOPS,
    "poweroff": STOPS,
    "6.12/handover-running": (RUN_CLEARED,),
    "6.12/handover-enabled": (RUN_CLEARED,),
}


# Queues that are stuck cannot be deleted before the firmware is put to sleep.
STUCK = (Known("queue-order", "firmware put to sleep while CC.EN is set",
               "a function whose queues are stuck is reset"),)
OURS = {
    "stuck-unbind": STUCK,
    "stuck-unbind-failed": STUCK,
    "timeout-stuck": STUCK,
    "timeout-fatal": STUCK,
}


def known_rules(build, case):
    """The rules of the hardware that the driver breaks in @case."""
    if build.driver != "upstream":
        return OURS.get(case, ())
    return UPSTREAM.get(case, ()) + UPSTREAM.get(f"{build.kernel}/{case}", ())


# A reset of the function freezes the queues where it begins, and the work item
# that restarts the controller thaws them, with any NVMe drive. Later kernels
# tell lockdep so (blk_freeze_queue_start_non_owner()); 6.12's believes that the
# first one forgot locks. These and no others may be in its list.
FROZEN = (r"\d+ locks held by .*:\n"
          r"(?: #\d+: \S+ \(&q->q_usage_counter\((?:io|queue)\)(?:#\d+)?\)"
          r"\{.{4}\}-\{\d:\d\}, at: nvme_start_freeze\+\S+\n)+(?! #)")
TRACE = r"CPU: .*\nHardware .*\nWorkqueue: .*\nCall trace:\n(?: .*\n)+"
FREEZES = (
    KnownReport(
        r"WARNING: lock held when returning to user space!\n.*\n-+\n"
        r".* is leaving the kernel with locks still held!\n" + FROZEN,
        "a function is reset by who writes to its file in sysfs"),
    KnownReport(
        r"BUG: workqueue leaked atomic, lock or RCU: .*\n"
        r" *preempt=0x0+ lock=\d+->\d+ RCU=0->0 "
        r"workfn=(?:ans_crash_work|async_run_entry_fn|"
        r"blk_mq_timeout_work)\n" +
        FROZEN + TRACE,
        "a controller is reset after a crash of the firmware or a time-out, or "
        "suspended"),
    # What follows for a worker that it believes to go on with these locks: the
    # next work item, of whatever workqueue, and the removal of a function that
    # did not come back.
    KnownReport(
        r"WARNING: possible circular locking dependency detected\n.*\n-+\n"
        r".* is trying to acquire lock:\n"
        r".*\((?:\(wq_completion\)[\w.-]+|pci_rescan_remove_lock)\)\{.*\n\n"
        r"but task is already holding lock:\n"
        r".*\(&q->q_usage_counter\(.*, at: nvme_start_freeze\+.*\n"
        r"(?:(?!.*(?:WARNING|BUG): ).*\n)*?Call trace:\n(?: .*\n)+",
        "the same, believed to be held by the next work item"),
    KnownReport(
        r"WARNING: possible circular locking dependency detected\n"
        r"(?:(?!.*(?:WARNING|BUG): ).*\n)*?"
        r"-> #\d+ \(\(wq_completion\)[\w.-]+\)\{.*\n(?: .*\n)+\n"
        r"-> #\d+ \(&q->q_usage_counter\(.*\n"
        r"(?:(?!.*(?:WARNING|BUG): ).*\n)*?Call trace:\n(?: .*\n)+",
        "others' locks, in a circle that is closed by that belief"),
    KnownReport(
        r"BUG: workqueue leaked atomic, lock or RCU: .*\n"
        r" *preempt=0x0+ lock=\d+->0 RCU=0->0 workfn=.*\n"
        r"INFO: lockdep is turned off\.\n" + TRACE,
        "the same; the locks went because lockdep ended with its report"),
)

# The cases in which a function is reset or suspended
RESETTING = ("function-reset", "crash", "timeout", "stuck", "suspend",
             "kmemleak")

# That there are some; the case "kmemleak" looks at what they are.
LEAKS = KnownReport(r"kmemleak: \d+ new suspected memory leaks .*",
                    "6.12's block layer has a leak, see cases/debug.py")


def known_reports(build, case):
    """KnownReports of the kernel in that case."""
    if not build.debug or build.kernel != "6.12":
        return ()
    known = (LEAKS,) if case == "kmemleak" else ()
    if case.startswith(RESETTING):
        known += FREEZES
    return known


def driver_steps(build):
    """Programs that need to be told what the driver cannot do.

    nvme-apple takes memory at any word, but does not ask for copies at the same
    offset in their pages (dma_set_min_align_mask()) where the kernel copies
    because a cache line is shared. 6.12's reports such a list as invalid, with
    7.2's the data are wrong now and then. Whole lines are not copied.
    """
    if build.driver == "upstream":
        return {"io": "STEP=128"}
    return {}
