# SPDX-License-Identifier: GPL-2.0-only
"""What was seen to cost the drive, one case each.

The table of recovery.py has them too, but here they come as they were seen: to
a system that runs from the drive.
"""

from .common import wait_live
from .controller import firmware_starts
from .recovery import boots
from .recovery_faults import IO_TIMEOUT, MARGIN, Fault
from .recovery_load import (arm, crash, disarm, few_starts, has_struck,
                            in_time, load)
from .recovery_states import RESET, State

CRASH = Fault("crash", 1.5)
CRASH_TWICE = Fault("crash", 3, starts=3)
LOST_TWICE = Fault("lost-twice", 2 * (IO_TIMEOUT + MARGIN), "hold", starts=4)

# Reads alone: the file system of the system writes whenever it likes to.
READ = State("read", "stays", "io-02")
RESETTING = State("reset", "stays", "admin", RESET)
STARTING = State("start", "stays", "admin")
PROBING = State("probe", "boots", "admin", starts=1)


def seen(mac, state, fault, more=None):
    """The drive has nothing to do, then the fault comes, then a user.

    @more is called with the Mac when the fault is set. What the guest needs
    until the end must not have to be read from the drive.
    """
    mac.sh("sync")
    before = firmware_starts(mac)
    arm(mac, state, fault)
    if more:
        more(mac)
    report = load(mac, 0, fault, state.command)
    report.without_errors()
    has_struck(mac, state)
    wait_live(mac)
    took = report.command + report.first
    in_time(mac, "the standstill", took, fault.limit)
    few_starts(mac, state, fault, before)
    mac.sh("echo 3 > /proc/sys/vm/drop_caches; sha256sum /usr/bin/fio")
    disarm(mac)
    return f"{took} ms"


def reset(mac):
    """The first command of a reset meets a crash."""
    return seen(mac, RESETTING, CRASH)


def twice(mac):
    """Behind a crash the first command of the new start meets another."""
    return seen(mac, STARTING, CRASH_TWICE, crash)


def lost_twice(mac):
    """A read is lost, and lost again when it is tried again."""
    return seen(mac, READ, LOST_TWICE)


probe = boots(PROBING, CRASH)
