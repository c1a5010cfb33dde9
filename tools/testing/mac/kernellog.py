# SPDX-License-Identifier: GPL-2.0-only
"""What the guest's kernel reports against itself, on its console."""

import re
from dataclasses import dataclass

from .errors import MacError

STAMP = re.compile(r"(?m)^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
REPORT = re.compile(
    r"(?m)^.*(?:WARNING: |BUG: |UBSAN: |Oops|Call trace:|"
    r"INFO: task .* blocked for|detected stalls|"
    r"kmemleak: [1-9]\d* new suspected).*$")
LINES = 60


@dataclass(frozen=True)
class KnownReport:
    """A report that a kernel is known to make.

    @pattern: regular expression, fits all of its lines without their stamps
    @why: why it is not the driver's fault
    """

    pattern: str
    why: str


def reports(text, known=()):
    """The first report in @text that is not @known, or None."""
    text = STAMP.sub("", text.replace("\r", ""))
    for report in known:
        text = re.sub(report.pattern, "", text)
    found = REPORT.search(text)
    if not found:
        return None
    # What is said before, such as the lines of equal signs, is of no use.
    return "\n".join(text[found.start():].splitlines()[:LINES])


def check_log(mac, known=()):
    """MacError if the kernel has reported anything since the last check."""
    text = mac.console.text
    # A line that is not complete yet is for the next time.
    end = text.rfind("\n") + 1
    found = reports(text[mac.log_checked:end], known)
    mac.log_checked = end
    if found:
        raise MacError(f"the kernel reports:\n{found}")
