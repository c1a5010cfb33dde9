# SPDX-License-Identifier: GPL-2.0-only
"""The emulated Mac mini, for the programs that test with it.

    from mac import Build, Mac

    with Mac(Build.from_environment()) as mac:
        mac.boot()
        print(mac.run("findmnt -no SOURCE /").stdout)
        assert mac.violations() == 0

What a run needs is found through the build folder: the emulator, the kernel,
the SSD image, and QEMU's own Python packages, which drive the emulator.
"""

from .build import Build
from .errors import MacError, Timeout
from .machine import Mac
from .agent import Result
from .debian import Debian
from .virt import Virt

__all__ = ["Build", "Debian", "Mac", "MacError", "Result", "Timeout", "Virt"]
