# SPDX-License-Identifier: GPL-2.0-only
"""QEMU's generic machine with QEMU's own NVMe drive, beside the Mac."""

from .machine import Mac


class Virt(Mac):
    """A machine in which nothing is Apple's, with the SSD of the Mac.

    Nobody judges, so no rule is ever broken and nothing is counted.
    """

    console_line = "ttyAMA0"

    def _machine_args(self):
        return ["-M", "virt,gic-version=3", "-cpu", "max",
                "-device", "nvme,serial=other,drive=ssd,mdts=8,"
                           "logical_block_size=4096,physical_block_size=4096"]

    def violations(self):
        return 0

    def by_rule(self):
        return {}

    def reasons(self):
        return []

    def forgive(self):
        pass

    def counters(self):
        return {}

    def clear_counters(self):
        pass
