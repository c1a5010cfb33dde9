#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The emulated Mac under drivers that others wrote.

Driver and machine of this repository have the same author, so they could agree
on a mistake. Upstream's nvme-apple and apple-sart, which run on real Macs, and
U-Boot's driver must work on the machine without breaking one of its rules;
where they do not, the machine is wrong. Copies of upstream's drivers with one
rule broken each must be caught.

Usage: oracle.py [T]           run the cases, all or those that T names, "core"
                               for those of one kernel and U-Boot
       oracle.py --kernels [T] only list the kernels that they need
"""

import sys
from pathlib import Path

TESTING = Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(TESTING), str(TESTING / "e2e")]

from mac import Build, kernels  # noqa: E402
from mac.suite import Case, Setup, main  # noqa: E402

import mistakes  # noqa: E402
import uboot  # noqa: E402
from cases import programs, tables  # noqa: E402
from known import driver_steps, known_rules  # noqa: E402

# On the kernels with 4K pages and on the other firmware: what depends on them
SHORT = ("boot", "choice", "identify-controller", "smart-log", "passthrough",
         "fio-4k", "fio-1m", "fio-odd-sizes", "flush", "discard", "mkfs",
         "reset")
SHORT_OWN = ("rebind", "reboot")


def linux_cases(kernel, pages, short, firmware=None):
    build = Build.from_environment(kernel=kernel, driver="upstream",
                                   pages=pages, modules=False)
    firmware = firmware or build.firmware
    setup = Setup(f"{kernel}-{pages}-{firmware}", build,
                  {"firmware": firmware}, shared=programs.with_programs)
    shared = dict(tables.SHARED)
    for name, env in driver_steps(build).items():
        shared[name] = programs.program(name, env)
    for own, table, names in ((False, shared, SHORT),
                              (True, tables.OWN, SHORT_OWN)):
        for name, run in table.items():
            if not short or name in names:
                yield Case(setup, name, run, own=own,
                           known=known_rules(build, name))


def all_cases():
    for kernel in kernels.DEFAULT, kernels.NEWEST:
        yield from linux_cases(kernel, "16k", short=False)
        yield from linux_cases(kernel, "4k", short=True)
    yield from linux_cases(kernels.NEWEST, "4k", short=True, firmware="old")
    yield from uboot.all_cases()
    yield from mistakes.all_cases()


def is_core(case):
    """One kernel, on both kinds of firmware, U-Boot and the mistakes."""
    build = case.setup.build
    return (build.driver != "upstream" or case.setup.name == "mistakes" or
            (build.kernel, build.pages) == (kernels.NEWEST, "4k"))


if __name__ == "__main__":
    sys.exit(main(sys.argv, all_cases(), {"core": is_core}))
