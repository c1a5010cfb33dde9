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
    "suspend-real": STOPS,
    "6.12/handover-running": (RUN_CLEARED,),
    "6.12/handover-enabled": (RUN_CLEARED,),
}


# Queues that are stuck cannot be deleted before the firmware is put to sleep.
STUCK = (Known("queue-order", "firmware put to sleep while CC.EN is set",
               "a function whose queues are stuck is reset"),)
# Who refuses to delete a queue but answers is disabled, and not reset.
SQ_REFUSED = (
    Known("queue-order", "opcode 0x04 .*: its SQ still exists",
          "nvme-pci goes on to the CQ of an SQ that was not deleted"),
    Known("queue-order", r"CC\.EN cleared before I/O SQ 1 was deleted",
          "the drive has refused to"))
CQ_REFUSED = (
    Known("queue-order", r"CC\.EN cleared before I/O CQ 1 was deleted",
          "the drive has refused to"),)
UNUSED = "6.12 switches off what no driver has yet; the modules come later"
SWITCHED_OFF = (
    Known("pmgr-link", "switched off while the firmware is running", UNUSED),
    Known("pmgr-reset", "powered off while the firmware runs", UNUSED))
OURS = {
    "stuck-unbind": STUCK,
    "stuck-unbind-failed": STUCK,
    "timeout-stuck": STUCK,
    "timeout-fatal": STUCK,
    "recover-seen-lost-twice": STUCK,
    # in which upstream's drivers run
    "modules-choice-upstream": STOPS,
    "proof-kit-upstream": STOPS,
    "6.12/modules-running": SWITCHED_OFF,
}


def known_rules(build, case):
    """The rules of the hardware that the driver breaks in @case."""
    table = UPSTREAM if build.driver == "upstream" else OURS
    return table.get(case, ()) + table.get(f"{build.kernel}/{case}", ())


def known_in_cell(state, fault):
    """The same for a cell of the table of recovery."""
    if fault.action in ("hold", "cfs") and state.is_command:
        return STUCK
    if fault.action == "fail=6":
        return {"admin-00": SQ_REFUSED, "admin-04": CQ_REFUSED}.get(
            state.strike, ())
    return ()


# That there are some; the case "kmemleak" looks at what they are.
LEAKS = KnownReport(r"kmemleak: \d+ new suspected memory leaks .*",
                    "6.12's block layer has a leak, see cases/debug.py")


def known_reports(build, case):
    """KnownReports of the kernel in that case."""
    if not build.debug or build.kernel != "6.12":
        return ()
    return (LEAKS,) if case == "kmemleak" else ()


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
