# SPDX-License-Identifier: GPL-2.0-only
"""A drive that does not answer is let go of, and keeps its hands off."""

import time

from mac.machine import ANS2

from .common import Background, expect
from .controller import firmware_starts
from .detach import bind, gone, machine, pci_driver, read_back


def slow_down(mac, rate):
    """Let the drive read so many bytes a second; 0: as many as it can."""
    limits = dict.fromkeys(("bps", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
    mac.qmp("block_set_io_throttle", device="ssd", bps_rd=rate, **limits)


def unbind(setup, judge):
    """nvme-pci is unbound while no read gets anywhere."""
    let_go(setup, judge, "stuck-unbind")


def unbind_failed(setup, judge):
    """The same with a controller that has failed."""
    let_go(setup, judge, "stuck-unbind-failed", cfs=True)


def let_go(setup, judge, name, cfs=False):
    """Unbind, which resets the function.

    The memory of the reads and of the queues is given back, so nothing may be
    transferred afterwards, also not when the drive comes to life again.
    """
    words = setup.options.get("append", "")
    with machine(setup, name,
                 append=f"{words} nvme_core.admin_timeout=3 "
                 "nvme_core.io_timeout=3") as mac:
        mac.boot()
        folder, device = pci_driver(mac)
        starts = firmware_starts(mac)
        slow_down(mac, 10)
        Background(mac, "reader", "dd if=/dev/nvme0n1 of=/dev/null bs=64k "
                   "count=64 iflag=direct")
        mac.sh("sleep 1")
        if cfs:
            mac.set(ANS2, "cfs", True)
        mac.sh(f"echo {device} > {folder}/unbind", 60)
        gone(mac)
        before = mac.counters()
        slow_down(mac, 0)
        time.sleep(1)
        after = mac.counters()
        for name in ("bytes-read", "count-cqe"):
            expect(f"{name} after the drive came to life", after[name],
                   before[name])
        expect("starts of the firmware", firmware_starts(mac) - starts, 1)
        bind(mac, folder, device)
        read_back(mac)
        judge(mac)
