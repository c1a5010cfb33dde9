# SPDX-License-Identifier: GPL-2.0-only
"""The modules of a kernel, in an order in which they can be loaded."""

import re
import subprocess
from pathlib import Path

from .errors import MacError

DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")


def installed(root, names):
    """What modprobe loads for @names in the system at @root, in its order."""
    release, = (root / "lib/modules").iterdir()
    out = subprocess.run(
        ["/sbin/modprobe", "-d", root, "-S", release.name, "-a",
         "--show-depends", *names], check=True, capture_output=True, text=True)
    files = [Path(line.split()[1]) for line in out.stdout.splitlines()
             if line.startswith("insmod ")]
    return {path.stem.replace("-", "_"): path for path in files}


def kernel_modules(build, wanted=None):
    """The kernel's modules, {name: path}, each behind those it needs.

    @wanted: only these and what they need
    """
    root = getattr(build, "module_root", None)
    if root:
        return installed(root, ["nvme", "apple-ans2", "nvme-apple"])
    order = build.kernel_folder / "modules.order"
    if not order.exists():
        raise MacError(f"{order} is missing: `make kernel MODULES=1 KERNEL="
                       f"{build.kernel} PAGES={build.pages}` makes it")
    files = {}
    for line in order.read_text().split():
        path = (build.kernel_folder / line).with_suffix(".ko")
        files[path.stem.replace("-", "_")] = path
    needs = {}
    for name, path in files.items():
        match = DEPENDS.search(b"\0" + path.read_bytes())
        words = match[1].decode().split(",") if match else []
        needs[name] = [w.replace("-", "_") for w in words if w]
    done = {}

    def add(name):
        if name not in done and name in files:
            for other in needs[name]:
                add(other)
            done[name] = files[name]

    for name in wanted or files:
        add(name)
    return done
