# SPDX-License-Identifier: GPL-2.0-only
"""The commands that the page for owners of a Mac gives them."""

import re

from mac import MacError
from mac.build import TOP

PAGE = TOP / "Documentation/nvme/apple-ans2-on-a-mac.rst"
MARK = re.compile(r" +(.*\S) +# e2e mac-page")


def mac_page(mac):
    """Those that are for this case work, and say what the page expects."""
    lines = map(MARK.fullmatch, PAGE.read_text(encoding="utf-8").split("\n"))
    commands = [match[1] for match in lines if match]
    if len(commands) < 5:
        raise MacError(f"the page has too few commands: {commands}")
    said = {command: mac.sh(command).strip() for command in commands}
    silent = [command for command, text in said.items() if not text]
    if silent:
        raise MacError(f"nothing is said by {silent}")
    for command, text in said.items():
        if ("parameters" in command or "driver" in command) and \
           not text.endswith("apple-ans2"):
            raise MacError(f"{command}: {text}")
