# SPDX-License-Identifier: GPL-2.0-only
"""Resets and rescans that the system survives."""

import contextlib

from mac import MacError
from mac.machine import ANS2

from . import programs
from .common import SCRATCH, expect, fio, nvme_json, running, wait_live

# Passes of 16 MiB, each verified, until somebody says that it is enough; two at
# a time, because fio needs a while to start
PASSES = ("(while [ ! -e /tmp/enough ]; do "
          f"fio --name=load --filename={SCRATCH} --direct=1 --rw=randwrite "
          "--ioengine=libaio --iodepth=16 --verify=crc32c --bs=16k "
          "--size=16m --offset={offset}m --verify_fatal=1 || exit 1; done)")
LOAD = (f"{PASSES.format(offset=0)} & first=$!; sleep 0.5; "
        f"{PASSES.format(offset=64)} && wait $first")


def rescan(mac):
    mac.sh("nvme ns-rescan /dev/nvme0")
    for nsid in (1, 2, 3):
        mac.sh(f"dd if=/dev/nvme0n{nsid} of=/dev/null bs=4k count=1 "
               "iflag=direct")
    expect("a fourth one", mac.run("test -e /dev/nvme0n4").status, 1)


@contextlib.contextmanager
def restarts(mac, times):
    """In the block the controller must be disabled and enabled so often.

    Each time both queues of the I/O pair are deleted and made.
    """
    before = mac.counters()["count-admin-queue"]
    yield
    done = mac.counters()["count-admin-queue"] - before
    if done < 4 * times:
        raise MacError(f"{done} queues were deleted or made, expected "
                       f"4 for each of {times} restarts")


def reset(mac):
    with restarts(mac, 3):
        for _ in range(3):
            mac.sh("nvme reset /dev/nvme0")
            wait_live(mac)
            mac.sh("dd if=/dev/nvme0n1 of=/dev/null bs=64k count=16 "
                   "iflag=direct")


# SGLs, doorbell buffers, memory of the host, more namespaces, more queues
PROMISES = {"identify-sgls": 0x100001, "identify-oacs": 0x104,
            "identify-hmpre": 0x4000, "identify-nn": 5, "identify-queues": 8}


def promises(mac):
    """What the drive promises and its queues cannot do is not used."""
    kept = {name: mac.get(ANS2, name) for name in PROMISES}
    before = mac.counters()["count-admin-other"]
    try:
        for name, value in PROMISES.items():
            mac.set(ANS2, name, value)
        reset(mac)
        rescan(mac)
        expect("gaps in the memory of a request", mac.sh(
            "cat /sys/block/nvme0n1/queue/virt_boundary_mask"), "4095\n")
        fio(mac, "promises", "--rw=randwrite --bs=4k-64k --size=4m "
            "--ioengine=libaio --iodepth=16 --verify=crc32c --randseed=7")
        expect("other admin commands", mac.counters()["count-admin-other"],
               before)
    finally:
        for name, value in kept.items():
            mac.set(ANS2, name, value)
        reset(mac)


def reset_under_load(times):
    """A case: resets while fio writes and verifies, and none is noticed.

    Requests run at nearly all of them; the pauses differ, so that the resets
    hit other moments.
    """
    def run(mac):
        met = 0
        mac.sh("rm -f /tmp/enough")
        with restarts(mac, times), running(mac, "load", LOAD, 120) as load:
            for turn in range(times):
                before = mac.counters()["count-cqe"]
                mac.sh(f"sleep 0.{1 + turn * 7 % 10}; nvme reset /dev/nvme0")
                wait_live(mac)
                met += mac.counters()["count-cqe"] - before > 20
            if load.has_ended():
                raise MacError("the load ended before the resets did")
            mac.sh("touch /tmp/enough")
        if met < times * 3 // 4:
            raise MacError(f"{met} of {times} resets met a load")
    return run


def reset_while_measured(setup, judge):
    """Resets while others read the drive's temperature.

    The kernel's own readers are not held back by a reset as users' are.
    """
    # each processor of a kernel that checks everything costs the host more
    times, cpus = (10, 4) if setup.build.debug else (50, 8)
    reader = ("while [ ! -e /tmp/measured ]; do "
              "cat /sys/class/hwmon/hwmon*/temp1_input; done; true")
    with setup.mac("reset-while-measured", cpus=cpus) as mac:
        mac.boot()
        mac.sh("cat /sys/class/hwmon/hwmon*/temp1_input")
        with restarts(mac, times), \
             running(mac, "readers", f"for i in 1 2 3 4 5 6; do ({reader}) & "
                     "done; wait", 20):
            mac.sh(f"for i in $(seq {times}); do nvme reset /dev/nvme0; done",
                   120)
            wait_live(mac)
            mac.sh("touch /tmp/measured")
        judge(mac)


def function_of(mac):
    """The folder of the drive's PCI function in sysfs."""
    out = mac.sh("readlink -f /sys/class/nvme/nvme0/device").strip()
    if "/pci" not in out:
        raise MacError(f"the controller is at {out}, no PCI function")
    return out


def firmware_starts(mac):
    return int(mac.sh("dmesg | grep -c 'RTKit: Initializing'"))


def reset_function(mac, times, between):
    """Resets of the PCI function; each starts the firmware anew."""
    folder = function_of(mac)
    before = firmware_starts(mac)
    with restarts(mac, times):
        for turn in range(times):
            mac.sh(f"echo 1 > {folder}/reset")
            wait_live(mac)
            mac.sh(between(turn))
    expect("starts of the firmware", firmware_starts(mac) - before, times)


def function_reset(mac):
    """The PCI function is reset through sysfs; nobody notices."""
    reset_function(mac, 3, lambda turn: "dd if=/dev/nvme0n1 of=/dev/null "
                   "bs=64k count=16 iflag=direct")


def function_reset_under_load(mac):
    with running(mac, "hammer", programs.hammer(6, 2, 16), 60):
        reset_function(mac, 5, lambda turn: f"sleep 0.{3 + turn}")


def pci_function(mac):
    """lspci shows one sane NVMe function, with what nvme-pci uses of it."""
    text = mac.sh("lspci -vvnn")
    functions = [line for line in text.splitlines()
                 if line and not line[0].isspace()]
    expect("functions", len(functions), 1)
    for wanted in ("Non-Volatile memory controller", "[0108]",
                   "106b:a2a2", "Mem+ BusMaster+", "64-bit, "
                   "non-prefetchable", "[size=256K]", "Interrupt: pin A",
                   "Power Management version 3", "FLReset+",
                   "Kernel driver in use: nvme"):
        if wanted not in text:
            raise MacError(f"lspci does not say '{wanted}':\n{text}")
    for bad in ("Unknown header", "!!!", "access denied", "<MAbort+",
                "[disabled]", "virtual", "<chain"):
        if bad in text:
            raise MacError(f"lspci says '{bad}':\n{text}")
    listed = nvme_json(mac, "list")["Devices"]
    if not listed:
        raise MacError("nvme list shows no drive")


def config_space(mac):
    """All of it can be read by bytes, words and long words, and agrees."""
    folder = function_of(mac)
    sizes = {}
    for size in (1, 2, 4):
        sizes[size] = mac.sh(
            f"dd if={folder}/config bs={size} 2>/dev/null | sha256sum")
    if len(set(sizes.values())) != 1:
        raise MacError(f"config space differs by access size: {sizes}")
    expect("bytes", mac.sh(f"dd if={folder}/config bs=4 2>/dev/null | wc -c"
                           ).strip(), "4096")
    head = mac.sh(f"od -An -tx1 -N4 {folder}/config").split()
    expect("ids", head, ["6b", "10", "a2", "a2"])
