# SPDX-License-Identifier: GPL-2.0-only
"""The emulated Macs that tools/testing/config/machines names."""

from pathlib import Path

from .errors import MacError

TABLE = Path(__file__).resolve().parents[1] / "config/machines"
DEFAULT = "j274"


def _rows():
    for line in TABLE.read_text(encoding="ascii").splitlines():
        if not line.startswith("#"):
            yield [word.strip() for word in line.split("|")]


def devicetree(machine):
    """The file name of a machine's devicetree."""
    trees = dict(_rows())
    if machine not in trees:
        raise MacError(f"MACHINE='{machine}' is not accepted; MACHINE is one "
                       f"of: {' '.join(trees)}")
    return f"{trees[machine]}.dtb"


def soc(machine):
    """What its chip is called, as in "t6000"."""
    return devicetree(machine).partition("-")[0]
