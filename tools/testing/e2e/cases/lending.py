# SPDX-License-Identifier: GPL-2.0-only
"""Memory that the firmware was lent is out of its reach afterwards.

The driver's own table says what was lent; whether the filter lets the
co-processor through is asked of the machine.
"""

import re

from mac import MacError

from .common import expect, wait_drive
from .detach import bind, machine, platform_driver, read_back, unbind

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


def lent_memory(setup, judge):
    with machine(setup, "lent-memory") as mac:
        mac.boot()
        wait_drive(mac)
        for _ in range(2):
            bind(mac, *taken_back(mac))
            read_back(mac)
        judge(mac)
