# SPDX-License-Identifier: GPL-2.0-only
"""The kernel versions that tools/cocci/kernels names for a role."""

import os
from pathlib import Path

TABLE = Path(__file__).resolve().parents[2] / "cocci/kernels"


def _with_role(role):
    for line in TABLE.read_text().splitlines():
        version, _, rest = line.partition("|")
        if not line.startswith("#") and rest.split("|")[0].strip() == role:
            return version.strip()
    raise LookupError(f"{TABLE} has no kernel with the role {role}")


DEFAULT = _with_role("default")
# make test takes another one where Debian has dropped this
NEWEST = os.environ.get("NEWEST") or _with_role("newest")
# Their nvme-apple uses a register that newer firmware forbids
FOR_OLD_FIRMWARE = ("6.12",)
