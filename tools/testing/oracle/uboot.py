# SPDX-License-Identifier: GPL-2.0-only
"""U-Boot's NVMe driver on the emulated Mac.

U-Boot comes as Debian ships it for Macs. It touches a register that the
firmware of 2026 forbids, so it runs on the old one.
"""

import functools
import re
import subprocess
import tempfile
import zlib
from pathlib import Path

from mac import Build, kernels, MacError
from mac.suite import Case, Setup

from cases.common import BLOCK, BLOCKS, expect

BINARY = "u-boot/usr/lib/u-boot/apple_m1/u-boot-nodtb.bin"
ROOT_START = 57871360 * BLOCK
PROMPT = r"\n=> "
LOAD = 0x840000000
CHUNK = 8


class Shell:
    """U-Boot's command line on the console."""

    def __init__(self, mac):
        self.mac = mac
        self.wait(r"Hit any key to stop autoboot", 60)
        mac.console.send("\r")
        self.at = self.wait(PROMPT, 30).end()

    def wait(self, pattern, timeout):
        return self.mac.console.wait(pattern, timeout, self.mac.check_alive,
                                     getattr(self, "at", 0))

    def type(self, text):
        """Type slowly enough for the FIFO.

        U-Boot takes a full FIFO for an empty one, because the count of 16
        reads as 0, and then waits for ever.
        """
        for at in range(0, len(text), CHUNK):
            part = text[at:at + CHUNK]
            self.mac.console.send(part)
            if not part.endswith("\r"):
                seen = self.mac.console.wait(
                    re.escape(part), 30, self.mac.check_alive, self.at)
                self.at = seen.end()

    def run(self, command, timeout=60):
        """What @command prints; MacError if it fails."""
        self.type(f"{command} && echo went well")
        self.type("\r")
        end = self.wait(PROMPT, timeout)
        text = self.mac.console.text[self.at:end.start()]
        self.at = end.end()
        if "went well" not in text:
            raise MacError(f"U-Boot: '{command}' failed:\n{text}")
        return text


def host_file(build, path):
    """A file of the image's root file system, read on the host."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        subprocess.run(["debugfs", "-R", f"dump {path} {copy}",
                        f"{build.ssd}?offset={ROOT_START}"],
                       check=True, capture_output=True,
                       env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"})
        return copy.read_bytes()


def in_uboot(job):
    """A case: @job with U-Boot's shell, and no rule broken."""
    @functools.wraps(job)
    def run(setup, judge):
        image = setup.build.folder / BINARY
        if not image.exists():
            raise MacError(f"{image} is missing: `make setup` fetches it")
        with setup.mac(job.__name__, image=image) as mac:
            job(mac, Shell(mac))
            judge(mac)
    return run


@in_uboot
def nvme_scan(_mac, shell):
    shell.run("nvme scan")
    text = shell.run("nvme info")
    for wanted in (r"Device 0: Vendor: Apple ", r"Capacity: 239372\.4 MB",
                   rf"\({BLOCKS} x {BLOCK}\)"):
        if not re.search(wanted, text):
            raise MacError(f"'nvme info' does not say '{wanted}':\n{text}")


@in_uboot
def partitions(_mac, shell):
    text = shell.run("nvme scan; part list nvme 0")
    for name in ("iBootSystemContainer", "macOS", "asahi", "efi", "linux",
                 "RecoveryOSContainer"):
        if f'"{name}"' not in text:
            raise MacError(f"'part list nvme 0' has no {name}:\n{text}")


@in_uboot
def read_file(mac, shell):
    path = "/usr/bin/fio"
    data = host_file(mac.build, path)
    shell.run("nvme scan")
    text = shell.run(f"load nvme 0:5 {LOAD:x} {path}", 120)
    expect("bytes", int(re.search(r"(\d+) bytes read", text)[1]), len(data))
    text = shell.run(f"crc32 {LOAD:x} {len(data):x}", 120)
    expect("crc32", re.search(r"==> ([0-9a-f]{8})", text)[1],
           f"{zlib.crc32(data):08x}")


@in_uboot
def write_and_read(mac, shell):
    """Raw blocks, longer than what one PRP page names."""
    count = 0x300
    size = count * BLOCK
    start = 128256
    shell.run("nvme scan")
    shell.run(f"mw.q {LOAD:x} 0123456789abcdef {size // 8:x}; "
              f"nvme write {LOAD:x} {start:x} {count:x}", 120)
    shell.run(f"mw.q {LOAD + size:x} 0 {size // 8:x}; "
              f"nvme read {LOAD + size:x} {start:x} {count:x}", 120)
    shell.run(f"cmp.q {LOAD:x} {LOAD + size:x} {size // 8:x}", 120)


def all_cases():
    # its devicetree is the kernel's, of which there is nothing else here
    build = Build.from_environment(kernel=kernels.DEFAULT, driver="ans2",
                                   pages="16k", debug="", modules=False)
    setup = Setup("u-boot", build, {"firmware": "old"})
    for run in (nvme_scan, partitions, read_file, write_and_read):
        yield Case(setup, run.__name__.replace("_", "-"), run, own=True)
