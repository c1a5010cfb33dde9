# SPDX-License-Identifier: GPL-2.0-only
"""What only a kernel built with DEBUG=1 can tell."""

from mac import MacError


def kmemleak(mac):
    """Nothing that the cases before allocated was forgotten.

    What is young may look lost, so the second scan counts.
    """
    leaks = "/sys/kernel/debug/kmemleak"
    mac.sh(f"echo scan > {leaks}; sleep 6; echo scan > {leaks}", 120)
    text = mac.sh(f"cat {leaks}")
    if text:
        raise MacError(f"memory was lost:\n{text[:4000]}")
