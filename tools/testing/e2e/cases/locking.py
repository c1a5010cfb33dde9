# SPDX-License-Identifier: GPL-2.0-only
"""Submission from many processors against completion on another.

A doorbell between the invalidation of a TCB and the write of the completion
queue's head costs an interrupt. Only a lock around both keeps them apart, and
only a load that submits on other processors than the one that has the
interrupt shows that it is there.
"""

from . import programs
from .common import running


def lock(setup, judge):
    with setup.mac("lock", cpus=4,
                   initrd=programs.initramfs(setup.build)) as mac:
        mac.boot()
        # more processes than processors, so that no submitter waits
        with running(mac, "hammer", programs.hammer(5, 8, 8), 60):
            pass
        judge(mac)
