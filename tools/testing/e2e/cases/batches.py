# SPDX-License-Identifier: GPL-2.0-only
"""Requests that come in a batch are started as one.

The driver asks for no scheduler, so a plugged batch reaches it as a whole. The
kernel would give a drive with one queue mq-deadline, which hands requests on
one by one, and a user can.
"""

import contextlib

from mac import MacError
from mac.gdb import calls

from . import programs
from .common import SCRATCH, expect, running

SCHEDULER = "/sys/block/nvme0n1/queue/scheduler"
STARTED = "/tmp/batches.started"
LOAD = (f"fio --name=batches --exec_prerun='touch {STARTED}' "
        f"--filename={SCRATCH} --direct=1 --rw=randread "
        "--bs=4k --size=64m --ioengine=libaio --iodepth=32 "
        "--iodepth_batch_submit=16 --iodepth_batch_complete_min=16 "
        "--time_based --runtime=600")


def chosen(mac):
    """The drive's scheduler."""
    return mac.sh(f"cat {SCHEDULER}").split("[")[1].split("]")[0]


@contextlib.contextmanager
def scheduler(mac, name):
    """In the block the drive has that one."""
    before = chosen(mac)
    mac.sh(f"echo {name} > {SCHEDULER}")
    try:
        yield
    finally:
        mac.sh(f"echo {before} > {SCHEDULER}")


def scheduled(run):
    """The case @run, on a drive with a scheduler."""
    def case(mac):
        with scheduler(mac, "mq-deadline"):
            return run(mac)
    return case


def submissions(mac, most=40):
    """How many commands are handed over with each submission of the driver."""
    # before it starts its own program is read from the drive
    mac.sh(f"rm -f {STARTED}; ({LOAD} >/tmp/batches.log 2>&1 &); "
           f"until [ -e {STARTED} ]; do sleep 0.1; done; sleep 0.5")
    try:
        return [tags.bit_count() for tags in
                calls(mac, "nvme_ans2_submit", 2, most)]
    finally:
        mac.sh("killall fio; sleep 0.5")


def batches(setup, judge):
    """One submission for up to 16 requests, or 16 of them."""
    with setup.mac("batches") as mac:
        mac.boot()
        expect("the scheduler", chosen(mac), "none")
        together = submissions(mac)
        with scheduler(mac, "mq-deadline"):
            single = submissions(mac)
        expect("commands handed over at once with mq-deadline",
               max(single), 1)
        # a kernel that checks everything is slower than the drive
        least = 2 if mac.build.debug else 8
        if not least <= max(together, default=0) <= 61:
            raise MacError("commands of each submission without a scheduler: "
                           f"{together}, expected up to 16")
        judge(mac)


def stat_per_batch(setup, judge):
    """nvme.ans2_stat_per_batch saves reads of TCB_STAT, and nothing else."""
    with setup.mac("stat-per-batch", append=" ".join((
            setup.options.get("append", ""), "nvme.ans2_stat_per_batch=1")),
            cpus=4, initrd=programs.initramfs(setup.build)) as mac:
        mac.boot()
        mac.clear_counters()
        with running(mac, "hammer", programs.hammer(5, 8, 8), 60):
            pass
        done = mac.counters()
        if not done["mmio-read-nvmmu"] < done["count-cqe"]:
            raise MacError(f"{done['count-cqe']} completions and "
                           f"{done['mmio-read-nvmmu']} reads of TCB_STAT")
        judge(mac)
