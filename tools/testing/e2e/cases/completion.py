# SPDX-License-Identifier: GPL-2.0-only
"""Where a request ends: where it comes from, without a softirq, if it can."""

import re

from mac import MacError

from .common import SCRATCH

READS = 2000


def _counts(mac, file, name):
    """The numbers of each processor in a line of /proc/@file."""
    line, = re.findall(rf"(?m)^.*{name}.*$", mac.sh(f"cat /proc/{file}"))
    return [int(word) for word in line.split(":")[1].split()
            if word.isdigit()]


def _reads(mac, cpu):
    """What reads on @cpu add to (block softirqs, interrupts of each)."""
    def now():
        return (_counts(mac, "softirqs", "BLOCK:"),
                _counts(mac, "interrupts", "nvme0q1")[:2])

    before = now()
    mac.sh(f"taskset -c {cpu} dd if={SCRATCH} of=/dev/null bs=4k "
           f"count={READS} iflag=direct")
    return [[new - old for old, new in zip(*pair)]
            for pair in zip(before, now())]


def completion(mac):
    """No softirq for what the interrupt's processor has sent.

    What another has sent is completed there, as the block layer does it.
    """
    for cpu in 0, 1:
        softirqs, interrupts = _reads(mac, cpu)
        here = interrupts[cpu] > READS / 2
        if here and sum(softirqs) > READS / 10:
            raise MacError(f"{READS} reads where the interrupt is: {softirqs} "
                           "block softirqs")
        if not here and softirqs[cpu] < READS * 0.9:
            raise MacError(f"{READS} reads where the interrupt is not: "
                           f"{softirqs} block softirqs")
    return f"interrupts {interrupts}"
