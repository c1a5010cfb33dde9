# SPDX-License-Identifier: GPL-2.0-only
"""What the drive says about itself, and the commands that are not I/O."""

import json
import re
import subprocess

from mac import MacError
from mac.machine import RTKIT

from . import programs
from .common import BLOCK, BLOCKS, MIB, SCRATCH, SCRATCH_START
from .common import expect, nvme_json, wait_for


def boot(mac):
    expect("root", mac.sh("findmnt -no SOURCE /").strip(), "/dev/nvme0n1p5")
    # AT_PAGESZ of the auxiliary vector
    page = mac.sh("od -An -v -td8 -w16 /proc/self/auxv | "
                  "awk '$1 == 6 {print $2 / 1024}'")
    expect("page size in KiB", page.strip(), mac.build.pages.rstrip("k"))
    log = mac.sh("dmesg")
    if "I/O error" in log:
        raise MacError(f"'I/O error' in the kernel's log:\n{log}")


def identify_controller(mac):
    got = nvme_json(mac, "id-ctrl /dev/nvme0")
    # As real drives of this kind report them, so do smartctl's users
    for name, value in {"vid": 0x106b, "mdts": 8, "oacs": 4, "oncs": 4,
                        "nn": 3, "npss": 0, "oaes": 0, "cntlid": 0,
                        "frmw": 2, "vwc": 1, "sgls": 0}.items():
        expect(name, got[name], value)
    expect("model", got["mn"].strip()[:15], "APPLE SSD AP025")


def identify_namespace(mac):
    got = nvme_json(mac, "id-ns /dev/nvme0n1")
    for name, value in {"nsze": BLOCKS, "ncap": BLOCKS, "nlbaf": 0,
                        "flbas": 0, "mc": 0, "dps": 0}.items():
        expect(name, got[name], value)
    expect("LBA data size", got["lbafs"][0]["ds"], 12)
    expect("metadata size", got["lbafs"][0]["ms"], 0)
    expect("bytes", mac.sh("blockdev --getsize64 /dev/nvme0n1").strip(),
           str(BLOCKS * BLOCK))
    expect("logical block", mac.sh("blockdev --getss /dev/nvme0n1").strip(),
           str(BLOCK))


def admin_crowd(mac):
    """Many admin commands at once, of which the drive takes one at a time."""
    expect("processes for which all went well",
           mac.sh(f"{programs.place(mac)}/crowd 40 50"), "40\n")


def smart_log(mac):
    before = nvme_json(mac, "smart-log /dev/nvme0")
    mac.sh(f"dd if=/dev/zero of={SCRATCH} bs=1M count=8 oflag=direct")
    after = nvme_json(mac, "smart-log /dev/nvme0")
    if not 273 < after["temperature"] < 373:
        raise MacError(f"temperature {after['temperature']} K")
    expect("critical warning", after["critical_warning"], 0)
    if after["host_write_commands"] < before["host_write_commands"] + 8:
        raise MacError("8 MiB were written and host_write_commands went from "
                       f"{before['host_write_commands']} to "
                       f"{after['host_write_commands']}")


def unknown_commands(mac):
    """What the drive does not have is refused, and at once."""
    for command, word in {
            "admin-passthru /dev/nvme0 --opcode=0x7f": "Invalid Command Op",
            "io-passthru /dev/nvme0n1 --opcode=0x7e -n 1":
                "Invalid Command Op",
            "get-log /dev/nvme0 --log-id=1 --log-len=64": "Invalid Log Page",
            "get-feature /dev/nvme0 -f 0x7f": "Invalid Field"}.items():
        result = mac.run(f"nvme {command}", 20)
        text = result.stdout + result.stderr
        if not result.status or word.lower() not in text.lower():
            raise MacError(f"nvme {command}: expected '{word}', got status "
                           f"{result.status}: {text}")


def firmware_syslog(mac):
    """What the firmware has to say is in the kernel's log."""
    mac.set(RTKIT, "syslog", "said by the firmware")
    wait_for(mac, "dmesg | grep -q 'RTKit: syslog.*said by the firmware'",
             "the kernel's log has the firmware's line")


def flush(mac):
    before = mac.counters()["count-flush"]
    mac.sh("nvme flush /dev/nvme0n1 -n 1")
    expect("flushes", mac.counters()["count-flush"] - before, 1)


def passthrough(mac):
    """Read commands built in user space, from one block to many pages."""
    mac.sh("head -c 1048576 /usr/bin/busybox > /tmp/a && "
           f"dd if=/tmp/a of={SCRATCH} bs=1M oflag=direct")
    first = SCRATCH_START // BLOCK
    for blocks in (1, 2, 3, 100):
        size = blocks * BLOCK
        mac.sh(f"nvme read /dev/nvme0n1 -s {first} -c {blocks - 1} -z {size} "
               f"-d /tmp/b && cmp -n {size} /tmp/a /tmp/b")


def discard(mac):
    """What was discarded is freed in the image and reads as zeros."""
    mac.sh(f"tr '\\0' x </dev/zero | dd of={SCRATCH} bs=1M count=16 "
           "iflag=fullblock oflag=direct")
    expect("MiB before", allocated(mac, SCRATCH_START, 16 * MIB) // MIB, 16)
    before = mac.counters()["count-dsm"]
    mac.sh(f"blkdiscard -o {4 * MIB} -l {8 * MIB} {SCRATCH}")
    if mac.counters()["count-dsm"] == before:
        raise MacError("blkdiscard led to no Dataset Management command")
    expect("MiB after", allocated(mac, SCRATCH_START, 16 * MIB) // MIB, 8)
    mac.sh(f"dd if={SCRATCH} bs=1M skip=4 count=8 iflag=direct | "
           f"cmp -n {8 * MIB} - /dev/zero")
    mac.sh(f"dd if={SCRATCH} bs=1M count=4 iflag=direct | tr -d x | "
           "cmp - /dev/null")


def allocated(mac, start, length):
    """Bytes of a range that have data in the throw-away overlay.

    The emulator writes its image's tables when it is told to flush.
    """
    mac.sh("nvme flush /dev/nvme0n1 -n 1")
    out = subprocess.run(
        [mac.build.qemu_img, "map", "-U", "--output=json",
         f"--start-offset={start}", f"--max-length={length}",
         str(mac.disk[0])],
        check=True, capture_output=True, text=True).stdout
    return sum(e["length"] for e in json.loads(out)
               if e["depth"] == 0 and e["data"])


def trim(mac):
    before = mac.counters()["bytes-discarded"]
    out = mac.sh("fstrim -v /", 120)
    said = re.search(r"\((\d+) bytes\) trimmed|(\d+) bytes trimmed", out)
    if not said:
        raise MacError(f"fstrim said: {out}")
    trimmed = int(said[1] or said[2])
    discarded = mac.counters()["bytes-discarded"] - before
    if not trimmed or discarded < trimmed:
        raise MacError(f"fstrim said: {out}and the drive discarded "
                       f"{discarded} bytes")
