#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The emulated Mac under drivers that others wrote.

Driver and machine of this repository have the same author, so they could agree
on a mistake. Upstream's nvme-apple and apple-sart, which run on real Macs, and
U-Boot's driver must work on the machine without breaking one of its rules;
where they do not, the machine is wrong. Copies of upstream's drivers with one
rule broken each must be caught.

Usage: oracle.py [T]           run the cases, all or those that T names
       oracle.py --kernels [T] only list the kernels that they need
"""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mac import Build  # noqa: E402
from mac.suite import Case, Known, Setup, Suite  # noqa: E402

import cases  # noqa: E402
import mistakes  # noqa: E402
import uboot  # noqa: E402

# 6.12's driver clears a bit in a register that the firmware of 2026 does not
# let anybody touch, which ends in an external abort: see mistakes.py.
FIRMWARE = {"6.12": "old", "7.2": "2026"}

# What upstream's drivers do on real Macs, where it does no harm
SART_ORDER = Known(
    "sart-order", "changed from .* to 0x0 while the flags allow",
    "apple-sart clears the address of an entry before its flags")
RUN_CLEARED = Known(
    "asc-run", "RUN cleared while the firmware is running",
    "6.12's driver stops a co-processor that a boot loader left running")

STOPS = (SART_ORDER,)
KNOWN = {
    "reset": STOPS,
    "reset-under-load": STOPS,
    "rebind": STOPS,
    "reboot": STOPS,
    "poweroff": STOPS,
    "6.12/handover-running": (RUN_CLEARED,),
    "6.12/handover-enabled": (RUN_CLEARED,),
}

SHARED = {
    "boot": cases.boot,
    "identify-controller": cases.identify_controller,
    "identify-namespace": cases.identify_namespace,
    "namespaces": cases.namespaces,
    "smart-log": cases.smart_log,
    "unknown-commands": cases.unknown_commands,
    "passthrough": cases.passthrough,
    "fio-4k": cases.fio_verify("16m", "4k", 61),
    "fio-16k": cases.fio_verify("32m", "16k", 61, "io_uring"),
    "fio-128k": cases.fio_verify("64m", "128k", 61),
    "fio-1m": cases.fio_verify("128m", "1m", 61),
    "fio-61-deep": cases.fio_61_deep,
    "fio-odd-sizes": cases.fio_odd_sizes,
    "fio-buffered": cases.fio_buffered,
    "flush": cases.flush,
    "discard": cases.discard,
    "trim": cases.trim,
    "mkfs": cases.mkfs,
    "esp": cases.esp,
    "rescan": cases.rescan,
    "reset": cases.reset,
    "reset-under-load": cases.reset_under_load,
}

OWN = {
    "rebind": cases.rebind,
    "reboot": cases.reboot,
    "poweroff": cases.poweroff,
    "big": cases.big,
    "handover-asleep": cases.handover("asleep"),
    "handover-running": cases.handover("running"),
    "handover-enabled": cases.handover("enabled"),
}

# On the kernels with 4K pages and on the other firmware: what depends on them
SHORT = ("boot", "identify-controller", "smart-log", "passthrough", "fio-4k",
         "fio-1m", "fio-odd-sizes", "flush", "discard", "mkfs", "reset")
SHORT_OWN = ("rebind", "reboot")


def linux_cases(kernel, pages, firmware, short):
    setup = Setup(f"{kernel}-{pages}-{firmware}",
                  Build.from_environment(kernel=kernel, driver="upstream",
                                         pages=pages, debug=False),
                  {"firmware": firmware})
    for own, table, names in ((False, SHARED, SHORT), (True, OWN, SHORT_OWN)):
        for name, run in table.items():
            if not short or name in names:
                known = KNOWN.get(name, ()) + \
                    KNOWN.get(f"{kernel}/{name}", ())
                yield Case(setup, name, run, own=own, known=known)


def all_cases():
    for kernel, firmware in FIRMWARE.items():
        yield from linux_cases(kernel, "16k", firmware, short=False)
        yield from linux_cases(kernel, "4k", firmware, short=True)
    yield from linux_cases("7.2", "16k", "old", short=True)
    yield from uboot.all_cases()
    yield from mistakes.all_cases()


def main(argv):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    only_kernels = argv[1:2] == ["--kernels"]
    pattern = (argv[2:] if only_kernels else argv[1:]) or [None]
    suite = Suite(all_cases(), pattern[0] or None)
    if not suite.cases:
        sys.exit(f"oracle: T={pattern[0]} names no case; there are: " +
                 " ".join(c.full_name for c in all_cases()))
    if only_kernels:
        builds = (c.setup.build for c in suite.cases)
        print("\n".join(sorted({f"{b.kernel} {b.pages}" for b in builds})))
        return 0
    return suite.run()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv))
    except KeyboardInterrupt:
        sys.exit(130)
