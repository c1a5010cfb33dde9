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


def known_rules(build, case):
    """The rules of the hardware that the driver breaks in @case."""
    if build.driver != "upstream":
        return ()
    return UPSTREAM.get(case, ()) + UPSTREAM.get(f"{build.kernel}/{case}", ())


# The task that writes to a function's file "reset" freezes the queues, and the
# work item that restarts the controller thaws them, with any NVMe drive. Later
# kernels tell lockdep of it (blk_freeze_queue_start_non_owner()).
FREEZE = KnownReport(
    r"WARNING: lock held when returning to user space!\n.*\n-+\n"
    r".* is leaving the kernel with locks still held!\n"
    r"\d+ locks held by .*:\n"
    r"(?: #\d+: \S+ \(&q->q_usage_counter\((?:io|queue)\)(?:#\d+)?\)"
    r"\{.{4}\}-\{\d:\d\}, at: nvme_start_freeze\+\S+\n)+(?! #)",
    "6.12's nvme core freezes in one task and thaws in another")


def known_reports(build):
    """KnownReports of the kernel."""
    return (FREEZE,) if build.debug and build.kernel == "6.12" else ()


def driver_steps(build):
    """Programs that need to be told what the driver cannot do.

    6.12's nvme-apple takes memory at any word, but where the kernel copies it
    because a cache line is shared, the copy is at another offset in its page,
    which the driver reports as an invalid list. Whole lines are not copied.
    """
    if build.driver == "upstream" and build.kernel == "6.12":
        return {"io": "STEP=128"}
    return {}
