# SPDX-License-Identifier: GPL-2.0-only
"""A drive that is no ANS2 works with the same kernel as it did before.

It is QEMU's own, in QEMU's generic machine, with more than one queue.
"""

from mac import MacError

from . import data, drive, filesystems, programs
from .common import expect, nvme_json, running, wait_live


def boot(mac):
    drive.boot(mac)
    expect("model", nvme_json(mac, "id-ctrl /dev/nvme0")["mn"].strip(),
           "QEMU NVMe Ctrl")
    driver = mac.sh("basename $(readlink -f /sys/class/nvme/nvme0/device/"
                    "driver)").strip()
    expect("driver", driver, "nvme")
    queues = int(mac.sh("cat /sys/class/nvme/nvme0/queue_count"))
    if queues < 3:
        raise MacError(f"the drive has {queues} queues, expected one more "
                       "than processors")


def reset_under_load(mac):
    with running(mac, "hammer", programs.hammer(5, 2, 16), 60):
        for turn in range(5):
            mac.sh(f"sleep 0.{turn + 2}; nvme reset /dev/nvme0")
            wait_live(mac)


CASES = {
    "other-boot": boot,
    "other-io": programs.program("io"),
    "other-mixed": programs.program("mixed"),
    "other-fio-4k": data.fio_verify("16m", "4k", 61),
    "other-fio-1m": data.fio_verify("128m", "1m", 61),
    "other-fio-odd-sizes": data.fio_odd_sizes,
    "other-mkfs": filesystems.mkfs,
    "other-reset-under-load": reset_under_load,
}
