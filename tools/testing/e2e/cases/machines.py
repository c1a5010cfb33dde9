# SPDX-License-Identifier: GPL-2.0-only
"""How the machine starts and stops, and what other machines there are."""

from mac import MacError

from . import drive
from .common import expect, fio, nvme_json


def reboot(setup, judge):
    """What was written before a reboot is there after it."""
    with setup.mac("reboot") as mac:
        mac.boot()
        for turn in range(2):
            mac.sh(f"echo {turn} > /root/turn")
            mac.reboot()
            expect("file", mac.sh("cat /root/turn").strip(), str(turn))
            judge(mac)


def poweroff(setup, judge):
    """The drive is shut down in order, and its file system is clean."""
    with setup.mac("poweroff") as mac:
        mac.boot()
        before = nvme_json(mac, "smart-log /dev/nvme0")["unsafe_shutdowns"]
        mac.poweroff()
        judge(mac)
        # the machine goes on from its reset with what the drive remembers
        mac.off = False
        mac.qmp("system_reset")
        mac.qmp("cont")
        mac.boot()
        after = nvme_json(mac, "smart-log /dev/nvme0")["unsafe_shutdowns"]
        expect("unsafe shutdowns", after, before)
        log = mac.sh("dmesg")
        if "recovery complete" in log:
            raise MacError("the root file system's journal was replayed")
        judge(mac)


def big(setup, judge):
    """Eight processors and 8 GiB, so that buffers lie high."""
    with setup.mac("big", cpus=8, memory="8G") as mac:
        mac.boot()
        expect("processors", mac.sh("grep -c ^processor /proc/cpuinfo"),
               "8\n")
        fio(mac, "big", "--rw=randwrite --bs=64k --size=16m "
            "--offset_increment=16m --ioengine=libaio --iodepth=32 "
            "--numjobs=4 --group_reporting --verify=crc32c --randseed=5")
        judge(mac)


def handover(state):
    """A case: the boot loader left the drive in @state."""
    def run(setup, judge):
        with setup.mac(f"handover-{state}", handover=state) as mac:
            mac.boot()
            drive.boot(mac)
            fio(mac, "handover", "--rw=randwrite --bs=16k --size=8m "
                "--ioengine=libaio --iodepth=8 --verify=crc32c --randseed=6")
            judge(mac)
    return run
