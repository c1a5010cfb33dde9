# SPDX-License-Identifier: GPL-2.0-only
"""A drive that does not answer is let go of, and keeps its hands off."""

import time

from mac import MacError

from .common import Background, expect
from .detach import gone, machine, pci_driver


def slow_down(mac, rate):
    """Let the drive read so many bytes a second; 0: as many as it can."""
    limits = dict.fromkeys(("bps", "bps_wr", "iops", "iops_rd", "iops_wr"), 0)
    mac.qmp("block_set_io_throttle", device="ssd", bps_rd=rate, **limits)


def unbind(setup, judge):
    """nvme-pci is unbound while no read gets anywhere.

    The memory of the reads and of the queues is given back, so nothing may be
    transferred afterwards, also not when the drive comes to life again.
    """
    words = setup.options.get("append", "")
    with machine(setup, "stuck-unbind",
                 append=f"{words} nvme_core.admin_timeout=3 "
                 "nvme_core.io_timeout=3") as mac:
        mac.boot()
        folder, device = pci_driver(mac)
        slow_down(mac, 10)
        Background(mac, "reader", "dd if=/dev/nvme0n1 of=/dev/null bs=64k "
                   "count=64 iflag=direct")
        mac.sh("sleep 1")
        mac.sh(f"echo {device} > {folder}/unbind", 60)
        gone(mac)
        before = mac.counters()
        slow_down(mac, 0)
        time.sleep(1)
        after = mac.counters()
        for name in ("bytes-read", "count-cqe"):
            expect(f"{name} after the drive came to life", after[name],
                   before[name])
        log = mac.sh("dmesg")
        if "I/O queues not deleted" not in log:
            raise MacError("the queues were deleted; the drive was not stuck")
        mac.sh(f"echo {device} > {folder}/bind")
        judge(mac)
