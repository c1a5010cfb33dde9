# SPDX-License-Identifier: GPL-2.0-only
"""What only a kernel built with DEBUG=1 can tell."""

import re

from mac import MacError

# The array of pages of a passthrough command whose buffer the kernel cannot
# pin, with any drive: bio_map_user_iov() forgets it on that way out.
KNOWN = {
    "6.12": re.compile(r"want_pages_array\+.*\n"
                       r"\s+iov_iter_extract_pages\+.*\n"
                       r"\s+bio_map_user_iov\+"),
}


def kmemleak(mac):
    """Nothing that the cases before allocated was forgotten.

    What is young may look lost, so the second scan counts.
    """
    leaks = "/sys/kernel/debug/kmemleak"
    mac.sh(f"echo scan > {leaks}; sleep 6; echo scan > {leaks}", 120)
    known = KNOWN.get(mac.build.kernel)
    lost = [text for text in
            re.split(r"^(?=unreferenced object)", mac.sh(f"cat {leaks}"),
                     flags=re.MULTILINE)
            if text.strip() and not (known and known.search(text))]
    if lost:
        raise MacError("memory was lost:\n" + "".join(lost)[:4000])


def without_leaks(run):
    """The case @run, which must also not forget memory."""
    def case(setup, judge):
        def judge_all(mac):
            judge(mac)
            kmemleak(mac)
        return run(setup, judge_all)
    case.__doc__ = run.__doc__
    return case
