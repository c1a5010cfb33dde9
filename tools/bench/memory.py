# SPDX-License-Identifier: GPL-2.0-only
"""How much memory a controller takes, and gives back when it is unbound.

That is its driver's, the block layer's, that of its files in sysfs and what it
lends to the firmware. There was no I/O but that of finding partitions.
"""

import re

from jobs import MEMORY, Place
from machines import plain_mac

# By their names in the kernel
DRIVERS = {"ours": "apple-ans2", "upstream": "nvme-apple"}
UNBIND = "echo 27bcc0000.nvme >/sys/bus/platform/drivers/{}/unbind"
# Objects in a slab that a processor has for itself count as used: it gives them
# back for that. What is cached of files is dropped, and what a processor has
# counted for itself is added up.
SETTLE = ("sync; echo 3 >/proc/sys/vm/drop_caches; "
          "for f in /sys/kernel/slab/*/shrink; do echo 1 >$f; done; sleep 2; "
          "echo 1 >/proc/sys/vm/stat_refresh; ")
PARTS = ("coherent", "objects", "pages")


def _coherent(text, page):
    """Bytes of memory that is mapped for a device, from vmallocinfo.

    Behind each area is a page that is counted there and does not exist.
    """
    return sum(int(line.split()[1]) - page for line in text.splitlines()
               if " dma_" in line)


def _objects(text):
    """Bytes of objects in use, from slabinfo."""
    rows = (line.split() for line in text.splitlines()[2:])
    return sum(int(row[1]) * int(row[3]) for row in rows)


def _free(text):
    """Free pages, from zoneinfo, with those that processors keep."""
    return sum(map(int, re.findall(r"^ +(?:nr_free_pages|count:) +(\d+)", text,
                                   re.MULTILINE)))


def _held(mac, page):
    """{part: bytes}, some of it below 0.

    @page: bytes of one
    """
    pages = mac.sh(f"{SETTLE} cat /proc/zoneinfo /proc/vmstat", 120)
    slabs = sum(int(n) for n in re.findall(
        r"^nr_slab_\w+ (\d+)", pages, re.MULTILINE))
    coherent = _coherent(mac.sh("cat /proc/vmallocinfo"), page)
    return {"coherent": coherent,
            "objects": _objects(mac.sh("cat /proc/slabinfo")),
            "pages": -(_free(pages) + slabs) * page - coherent}


def memory(build, who):
    """{part: bytes} that the controller takes with the driver of @who.

    coherent: what the controller reads and writes without being told, queues
    above all; objects: of caches; pages: others, of the block layer's requests
    and of maps
    """
    page = int(build.pages.removesuffix("k")) * 1024
    with plain_mac(build, who, Place(MEMORY)) as mac:
        bound = _held(mac, page)
        mac.sh(UNBIND.format(DRIVERS[who]))
        unbound = _held(mac, page)
    return {part: bound[part] - unbound[part] for part in PARTS}
