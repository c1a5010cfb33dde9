# SPDX-License-Identifier: GPL-2.0-only
"""Memory that the firmware was lent is out of its reach afterwards.

The driver's own table says what was lent; whether the filter lets the
co-processor through is asked of the machine.
"""

import re

from mac import MacError

from .common import Events, expect, wait_drive
from .detach import bind, machine, platform_driver, read_back, unbind

# Of each buffer the library may read 128 KiB.
BUFFER_ORDER = {"4k": 5, "16k": 3}
SART = "/machine/soc/sart"
ENTRY = re.compile(r"(?m)^ *\d+ driver +0x\w+ +(0x\w+) +(0x\w+)$")


def lent(mac):
    """The ranges that the driver has let the co-processor into."""
    return [(int(m[1], 16), int(m[2], 16)) for m in
            ENTRY.finditer(mac.sh("cat /sys/kernel/debug/apple-sart-*"))]


def check_reach(mac, ranges, wanted):
    """MacError unless both ends of each of @ranges are as @wanted."""
    for start, size in ranges:
        for address in (start, start + size - 4):
            mac.set(SART, "dma-probe", f"r {address:#x} 4")
            answer = mac.get(SART, "dma-probe").split()[0]
            if answer != wanted:
                raise MacError(f"{address:#x}, lent as {start:#x} + {size:#x}:"
                               f" access is {answer}, expected {wanted}")


def taken_back(mac):
    """Unbind, and what was lent is refused."""
    driver = platform_driver(mac)
    ranges = lent(mac)
    if len(ranges) < 2:
        raise MacError(f"the firmware was lent {len(ranges)} ranges")
    check_reach(mac, ranges, "allowed")
    unbind(mac, *driver)
    check_reach(mac, ranges, "refused")
    expect("ranges still lent", lent(mac), [])
    return driver


def check_allocations(events):
    """MacError unless the firmware's memory was found without I/O.

    A firmware that is restarted may be the one that the I/O waits for.
    """
    found = events.take("mm_page_alloc")
    if found is None:
        return
    found = [text for who, text in found if "kworker" in who]
    if len(found) < 2:
        raise MacError(f"{len(found)} buffers were allocated, not 2 or more")
    for text in found:
        if not re.search(r"gfp_flags=GFP_NO(IO|WAIT)\b", text):
            raise MacError(f"memory may be waited for: {text}")


def lent_memory(setup, judge):
    words = setup.options.get("append", "")
    # A page of CMA is no page of the allocator's.
    with machine(setup, "lent-memory", append=f"{words} cma=0") as mac:
        mac.boot()
        wait_drive(mac)
        events = Events(mac, "kmem/mm_page_alloc",
                        f"order >= {BUFFER_ORDER[mac.build.pages]}")
        for _ in range(2):
            bind(mac, *taken_back(mac))
            check_allocations(events)
            read_back(mac)
        judge(mac)
