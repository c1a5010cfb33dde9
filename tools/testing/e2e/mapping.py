# SPDX-License-Identifier: GPL-2.0-only
"""How the kernel has mapped the registers of the storage controller.

The SoC's bus takes no posted writes there, so each mapping has to be
Device-nGnRnE. QEMU does not tell one kind of device memory from the other; the
kernel's page tables do. A mapping is found by its physical address in
/proc/vmallocinfo, and its attributes by its virtual address in the dump.
"""

import re
from dataclasses import dataclass

from mac import MacError, machines

# SoC: physical addresses of the co-processor and of NVMe, from its devicetree
PLACES = {
    "t8103": (0x277400000, 0x27bcc0000),
    "t8112": (0x277400000, 0x27bcc0000),
    "t6000": (0x38f400000, 0x393cc0000),
    "t6001": (0x38f400000, 0x393cc0000),
    "t6002": (0x238f400000, 0x2393cc0000),
    "t6020": (0x347400000, 0x34bcc0000),
}
WANTED = "DEVICE/nGnRnE"

DUMP = "/sys/kernel/debug/kernel_page_tables"
# Without this the kernel shows hashes in place of addresses.
INFO = ("old=$(cat /proc/sys/kernel/kptr_restrict) && "
        "echo 1 >/proc/sys/kernel/kptr_restrict && "
        "grep phys=0x /proc/vmallocinfo; "
        "echo $old >/proc/sys/kernel/kptr_restrict")
AREA = re.compile(r"0x([0-9a-f]+)-0x([0-9a-f]+) .* phys=0x([0-9a-f]+)")
RANGE = re.compile(r"0x([0-9a-f]+)-0x([0-9a-f]+) .* (DEVICE/\w+)")


@dataclass(frozen=True)
class Range:
    """[@start, @end), virtual, and what is behind it.

    @what: a physical address, or how the range is mapped
    """

    start: int
    end: int
    what: object


def windows(machine):
    """{name: (physical address, size)} on that machine."""
    asc, nvme = PLACES[machines.soc(machine)]
    return {
        "co-processor": (asc, 0x4000),
        "mailbox": (asc + 0x8000, 0x4000),
        "SART": (nvme - 0x70000, 0x10000),
        "NVMe": (nvme, 0x40000),
    }


def areas(mac):
    """The Ranges that drivers have mapped; each has a guard page behind."""
    page = int(mac.build.pages.rstrip("k")) * 1024
    return [Range(int(m[1], 16), int(m[2], 16) - page, int(m[3], 16))
            for m in AREA.finditer(mac.sh(INFO))]


def device_ranges(mac):
    """The Ranges of the page tables that are device memory."""
    if mac.run(f"[ -e {DUMP} ]").status:
        raise MacError(f"{DUMP} is missing: the kernel needs PTDUMP_DEBUGFS")
    return [Range(int(m[1], 16), int(m[2], 16), m[3])
            for m in RANGE.finditer(mac.sh(f"grep DEVICE/ {DUMP}"))]


def check_area(name, area, ranges):
    """MacError unless all of @area is mapped as it has to be."""
    at = area.start
    for found in sorted(ranges, key=lambda r: r.start):
        if not found.start <= at < found.end:
            continue
        if found.what != WANTED:
            raise MacError(f"{name}: {area.what + at - area.start:#x} is "
                           f"mapped {found.what}, expected {WANTED}")
        at = found.end
        if at >= area.end:
            return
    raise MacError(f"{name}: {area.what + at - area.start:#x} is not mapped "
                   "as device memory")


def device_mappings(mac):
    """Every mapping of each window is non-posted, and NVMe's is whole."""
    mapped, ranges = areas(mac), device_ranges(mac)
    for name, (start, size) in windows(mac.build.machine).items():
        here = [a for a in mapped if start <= a.what < start + size]
        if not here:
            raise MacError(f"{name}: nobody has mapped {start:#x}")
        for area in here:
            check_area(name, area, ranges)
        if name == "NVMe" and \
           max(a.end - a.start for a in here if a.what == start) < size:
            raise MacError(f"NVMe: no mapping of all {size:#x} bytes")
