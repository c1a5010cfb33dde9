# SPDX-License-Identifier: GPL-2.0-only
"""The system sleeps and wakes up.

Once by the kernel's own test of suspend, whose level "platform" ends when all
devices sleep and their power domains are off; it needs nothing that wakes the
machine. Once for real: the kernel idles until the power key wakes it.
"""

import contextlib
import re

from mac import MacError
from mac.machine import RTKIT

from . import programs
from .common import Background, expect, nvme_json, running, wait_live
from .controller import firmware_starts

TURNS = 3
NIGHTS = 10
# of each way, there and back
LIMIT = 20          # seconds

ENTRY, IDLE = "PM: suspend entry", "PM: suspend-to-idle"
WOKEN, EXIT = "PM: resume from suspend-to-idle", "PM: suspend exit"


def suspend(setup, judge):
    """Under load; what was asked for before is done afterwards."""
    with setup.mac("suspend",
                   initrd=programs.initramfs(setup.build)) as mac:
        mac.boot()
        mac.sh("echo 1 > /sys/module/suspend/parameters/pm_test_delay")
        unsafe = nvme_json(mac, "smart-log /dev/nvme0")["unsafe_shutdowns"]
        starts = firmware_starts(mac)
        for level in ["devices"] + ["platform"] * TURNS:
            with running(mac, "hammer", programs.hammer(4, 2, 16), 60):
                mac.sh("sleep 1")
                mac.sh(f"echo {level} > /sys/power/pm_test && "
                       "echo mem > /sys/power/state")
                wait_live(mac)
        expect("starts of the firmware", firmware_starts(mac) - starts,
               TURNS + 1)
        log = mac.sh("dmesg")
        expect("tests of suspend", log.count("suspend debug: Waiting for"),
               TURNS + 1)
        for bad in ("PM: failed to", "PM: Some devices failed"):
            if bad in log:
                raise MacError(f"'{bad}' in the kernel's log:\n{log[-3000:]}")
        expect("unsafe shutdowns",
               nvme_json(mac, "smart-log /dev/nvme0")["unsafe_shutdowns"],
               unsafe)
        mac.sh("echo 3 > /proc/sys/vm/drop_caches; sha256sum /usr/bin/fio")
        judge(mac)


@contextlib.contextmanager
def asleep(mac):
    """While the block runs, the system sleeps. The power key wakes it.

    Nobody talks to the guest meanwhile: its serial ports sleep, too.
    """
    begin = len(mac.console.text)
    job = Background(mac, "sleep", "echo mem > /sys/power/state")
    mac.console.wait(IDLE, 60 * mac.patience, mac.check_alive, begin)
    yield
    mac.qmp("system_powerdown")
    mac.console.wait(EXIT, 60 * mac.patience, mac.check_alive, begin)
    job.check(60)


def night(mac):
    """One sleep, in which nobody touches the drive, and its power is off."""
    with asleep(mac):
        expect("firmware", mac.get(RTKIT, "state"), "stopped")
        before = mac.counters()
        mac.console.wait("$", 1, mac.check_alive)
        expect("what the drive has counted", mac.counters(), before)
    wait_live(mac)
    woken_by, key = mac.sh(
        "cat /sys/power/pm_wakeup_irq; "
        "sed -n 's/ *\\([0-9]*\\):.* power$/\\1/p' /proc/interrupts").split()
    expect("what has woken it", woken_by, key)


def ways(log, first, last):
    """How long it took from each of the messages @first to the next @last."""
    stamps = [[float(stamp) for stamp in
               re.findall(rf"(?m)^\[ *([0-9.]+)\].*{text}", log)]
              for text in (first, last)]
    return [b - a for a, b in zip(*stamps, strict=True)]


def sleep_for_real(setup, judge):
    """Each second time under load; a file on the drive stays as it is."""
    words = setup.options.get("append", "")
    with setup.mac("suspend-real", machine={"powerkey": "on"},
                   append=f"{words} no_console_suspend ignore_loglevel",
                   initrd=programs.initramfs(setup.build)) as mac:
        mac.boot()
        mac.sh("echo 1 > /sys/power/pm_debug_messages")
        mac.sh("cd /root && head -c 32M /dev/urandom > kept && "
               "sha256sum kept > sum && sync")
        unsafe = nvme_json(mac, "smart-log /dev/nvme0")["unsafe_shutdowns"]
        starts = firmware_starts(mac)
        for turn in range(NIGHTS):
            if turn % 2:
                with running(mac, "hammer", programs.hammer(4, 2, 16), 60):
                    mac.sh("sleep 1")
                    night(mac)
            else:
                night(mac)
            mac.sh("echo 3 > /proc/sys/vm/drop_caches; "
                   "cd /root && sha256sum -c sum")
        expect("starts of the firmware", firmware_starts(mac) - starts, NIGHTS)
        expect("suspends, and those that failed",
               mac.sh("cd /sys/power/suspend_stats; cat success fail").split(),
               [str(NIGHTS), "0"])
        expect("unsafe shutdowns",
               nvme_json(mac, "smart-log /dev/nvme0")["unsafe_shutdowns"],
               unsafe)
        there = ways(mac.console.text, ENTRY, IDLE)
        back = ways(mac.console.text, WOKEN, EXIT)
        expect("sleeps", [len(there), len(back)], [NIGHTS, NIGHTS])
        if max(there + back) > LIMIT * mac.patience:
            raise MacError(f"too slow: {there} s there, {back} s back")
        judge(mac)
        return (f"asleep within {min(there):.2f} to {max(there):.2f} s, awake "
                f"within {min(back):.2f} to {max(back):.2f} s")
