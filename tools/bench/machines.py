# SPDX-License-Identifier: GPL-2.0-only
"""The machines that are compared, and what is counted on them.

All have the same kernel, one kind of processor, and a drive without content
whose operations take a fixed time of the guest. Their time is that of their
instructions, so nothing depends on the host.
"""

import contextlib
import os
import platform
import subprocess
from dataclasses import replace
from pathlib import Path

from mac import Mac, MacError, Virt
from mac.initramfs import write_initramfs
from mac.machine import ANS2

from attribution import RELEASES, TAKES
from plugin import Plugin

HERE = Path(__file__).resolve().parent
URING = HERE.parent / "testing/e2e/programs"
FLAGS = ("-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror",
         "-static")

LATENCY_NS = 80000
DRIVE = ("if=none,id=ssd,driver=fixed-latency,size=8G,"
         f"latency-ns={LATENCY_NS},ns-per-kib=400")
# An instruction takes a ns; nobody waits for real time to pass.
TIME = ("-icount", "shift=0,sleep=off")

WHO = ("ours", "upstream", "floor")

WINDOW = (0x27bcc0000, 0x40000)
ANS2_REGISTERS = {
    0x100c: "CQ doorbell", 0x24910: "doorbell", 0x28118: "TCB_INVAL",
    0x28120: "TCB_STAT",
}
AIC = (0x23b100000, 0x8000)
NODE = "/soc/nvme@27bcc0000"


class _Counted:
    """A machine with the drive and the time of a measurement."""

    def _overlay(self):
        return None

    def _drive(self):
        return DRIVE


class _CountedMac(_Counted, Mac):
    def prepare(self):
        """A flush takes as long as a read of nothing, on either machine."""
        self.set(ANS2, "flush-ns", 0)
        self.window = WINDOW

    def register(self, offset):
        return ANS2_REGISTERS.get(offset, f"{offset:#x}")


class _CountedVirt(_Counted, Virt):
    def prepare(self):
        words = self.sh("head -n 1 /sys/class/nvme/nvme0/device/resource")
        start, end = (int(word, 16) for word in words.split()[:2])
        self.window = start, end - start + 1

    def register(self, offset):
        if offset < 0x1000:
            return f"{offset:#x}"
        return "CQ doorbell" if (offset - 0x1000) // 4 % 2 else "doorbell"


def _folder(build):
    folder = build.folder / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def make_initramfs(build):
    """An initramfs with the load in it."""
    folder = _folder(build)
    compiler = "gcc" if platform.machine() == "aarch64" else \
        "aarch64-linux-gnu-gcc"
    load = folder / "load"
    done = subprocess.run(
        [compiler, *FLAGS, "-I", str(URING), "-o", str(load),
         str(HERE / "load.c")], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MacError(f"load.c does not compile:\n{done.stderr[-3000:]}")
    return write_initramfs(build, folder / "load.cpio",
                           {"payload/load": (load.read_bytes(), 0o755)})


def _coherent_devicetree(build):
    path = _folder(build) / "coherent.dtb"
    new = path.with_suffix(f".{os.getpid()}")
    new.write_bytes(build.dtb.read_bytes())
    done = subprocess.run(["fdtput", str(new), NODE, "dma-coherent"],
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise MacError(f"fdtput: {done.stderr}")
    os.replace(new, path)
    return path


def _coherent(build, who):
    """What tells the driver that the controller sees the caches.

    Upstream's is told by the devicetree, ours by a parameter.
    """
    if who == "upstream":
        return {"dtb": _coherent_devicetree(build)}
    return {"append": "quiet apple_ans2.coherent=1"} if who == "ours" else {}


def _machine(build, who, place, args, **options):
    """A machine that is not booted yet."""
    if who == "upstream":
        build = replace(build, driver="upstream")
    if place.coherent:
        options.update(_coherent(build, who))
    cls = _CountedVirt if who == "floor" else _CountedMac
    cpu = ["-cpu", "cortex-a76"] if who == "floor" else []
    return cls(build, f"bench-{who}-{place.name}",
               **{"root": "ram", "initrd": _folder(build) / "load.cpio",
                  "cpus": place.cpus, "append": "quiet",
                  "qemu_args": [*cpu, *TIME, *args], **options})


@contextlib.contextmanager
def machine(build, who, place, kernel):
    """A machine, booted, and its Plugin."""
    plugin = Plugin(build, kernel.at, kernel.ranges("driver"),
                    kernel.addresses(*TAKES), kernel.addresses(*RELEASES))
    with contextlib.closing(plugin), \
            _machine(build, who, place, plugin.args) as mac:
        mac.boot(300)
        mac.prepare()
        yield mac, plugin


@contextlib.contextmanager
def plain_mac(build, who, place):
    """A Mac, booted, in which nothing is counted.

    Its firmware, which asks for memory, is the same with either driver.
    """
    firmware = replace(build, driver="upstream").firmware
    with _machine(build, who, place, [], firmware=firmware) as mac:
        mac.boot(300)
        mac.sh("until test -b /dev/nvme0n1; do sleep 0.1; done")
        yield mac
