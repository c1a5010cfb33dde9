# SPDX-License-Identifier: GPL-2.0-only
"""How much memory a controller takes: with it against without it.

Two machines are booted, one of which has no such controller by its devicetree.
What the kernel holds in the one and not in the other is the controller's: its
driver's, the block layer's and that of its files in sysfs. There is no I/O but
that of finding partitions.
"""

import re

from jobs import MEMORY, Place
from machines import mac_with

DRIVERS = ("ours", "upstream")
# Objects in a slab that a processor has for itself count as used: it gives them
# back for that. What a cache has for files is dropped.
SETTLE = ("sync; echo 3 >/proc/sys/vm/drop_caches; "
          "for f in /sys/kernel/slab/*/shrink; do echo 1 >$f; done")
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
    mac.sh(SETTLE, 120)
    texts = [mac.sh(f"cat /proc/{name}") for name in
             ("vmallocinfo", "slabinfo", "zoneinfo", "vmstat")]
    slabs = sum(int(n) for n in re.findall(
        r"^nr_slab_\w+ (\d+)", texts[3], re.MULTILINE))
    coherent = _coherent(texts[0], page)
    return {"coherent": coherent, "objects": _objects(texts[1]),
            "pages": -(_free(texts[2]) + slabs) * page - coherent}


def memory(build, who):
    """{part: bytes} that the controller takes with the driver of @who.

    coherent: what the controller reads and writes without being told, queues
    above all; objects: of caches; pages: others, of the block layer's requests
    and of maps
    """
    page = int(build.pages.removesuffix("k")) * 1024
    held = []
    for there in (False, True):
        place = Place(f"{MEMORY}-{'with' if there else 'without'}")
        with mac_with(build, who, place, there) as mac:
            held.append(_held(mac, page))
    return {part: held[1][part] - held[0][part] for part in PARTS}
