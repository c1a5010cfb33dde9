# SPDX-License-Identifier: GPL-2.0-only
"""The system sleeps and wakes up.

The emulated machine has nothing that could wake it, so the kernel's own test
of suspend is used. Its level "platform" ends when all devices sleep and their
power domains are off.
"""

from mac import MacError

from . import programs
from .common import expect, nvme_json, running, wait_live
from .controller import firmware_starts

TURNS = 3


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
