# SPDX-License-Identifier: GPL-2.0-only
"""The firmware crashes: I/O waits for its restart, or ends in order."""

from mac import MacError
from mac.machine import ANS2, RTKIT

from . import programs
from .common import Events, expect, running, wait_for, wait_live
from .detach import bind, gone, machine, platform_driver, read_back

RESTARTED = "firmware restarted after a crash"

# How often the firmware may crash in a minute
ALLOWED = 10


def wait_recovered(mac, times):
    wait_for(mac, f'[ "$(dmesg | grep -c "{RESTARTED}")" -ge {times} ]',
             f"the kernel has recovered {times} times")
    wait_live(mac)


def idle(setup, judge):
    """A crash with nothing to do, seen at once and repaired.

    The function is what it was, also if its user resets it meanwhile, and
    nothing was waited for that crashed firmware does not do.
    """
    with setup.mac("crash-idle") as mac:
        mac.boot()
        function = mac.sh("lspci -vvvxxx")
        events = Events(mac, "apple_ans2")
        reset = "echo 1 > /sys/class/nvme/nvme0/device/reset"
        for turn, also in ((1, ":"), (2, reset)):
            mac.set(RTKIT, "crash", "asked to")
            mac.sh(also)
            wait_recovered(mac, turn)
            # A user's reset may restart the firmware before the recovery does.
            if turn == 1:
                events.expect("ans_crash", ["reported", "done"])
            expect("the function", mac.sh("lspci -vvvxxx"), function)
        log = mac.sh("dmesg")
        expect("a wait for its transactions", "pending transaction" in log,
               False)
        mac.sh("dd if=/dev/nvme0n1 of=/dev/null bs=64k count=16 iflag=direct")
        judge(mac)


def under_load(setup, judge):
    """Crashes while requests run and while they start; none is lost."""
    with setup.mac("crash-under-load",
                   initrd=programs.initramfs(setup.build)) as mac:
        mac.boot()
        with running(mac, "hammer", programs.hammer(8, 2, 16), 60):
            mac.sh("sleep 1")
            mac.set(RTKIT, "crash", "asked to")
            wait_recovered(mac, 1)
            mac.sh("sleep 1")
            mac.set(ANS2, "crash-at-command", 100)
            wait_recovered(mac, 2)
        judge(mac)


def too_often(setup, judge):
    """A firmware that keeps crashing is given up: errors, and no hang.

    Behind an unbind and a bind it is as new.
    """
    with machine(setup, "crash-too-often") as mac:
        mac.boot()
        driver = platform_driver(mac)
        with running(mac, "hammer",
                     programs.hammer(50, 2, 8, fails=True, folder="/payload"),
                     60):
            for turn in range(1, ALLOWED + 2):
                mac.sh("sleep 0.5")
                mac.set(RTKIT, "crash", f"number {turn}")
                if turn <= ALLOWED:
                    wait_recovered(mac, turn)
            gone(mac)
        mac.sh(f"echo {driver[1]} > {driver[0]}/unbind")
        bind(mac, *driver)
        read_back(mac)
        judge(mac)


def does_not_come_back(setup, judge):
    """The restarted firmware never says hello: the drive goes, no hang."""
    with machine(setup, "crash-for-good") as mac:
        mac.boot()
        driver = platform_driver(mac)
        mac.set(RTKIT, "drop-hello", True)
        with running(mac, "hammer",
                     programs.hammer(50, 2, 8, fails=True, folder="/payload"),
                     60):
            mac.sh("sleep 0.5")
            mac.set(RTKIT, "crash", "for good")
            gone(mac)
        if RESTARTED in mac.sh("dmesg"):
            raise MacError("the kernel says that the firmware runs again")
        mac.set(RTKIT, "drop-hello", False)
        mac.sh(f"echo {driver[1]} > {driver[0]}/unbind")
        bind(mac, *driver)
        read_back(mac)
        judge(mac)
