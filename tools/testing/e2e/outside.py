#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The drivers as modules of ours beside a kernel that knows nothing of them.

The kernel is what stock.sh makes, the modules are what make modules does, in
the order in which modprobe takes them after make modules_install.

Usage: outside.py [T]    run the cases, or those that T names
"""

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mac import Build, MacError  # noqa: E402
from mac.suite import Case, Setup, main  # noqa: E402

from cases import choice, modules  # noqa: E402
from cases.common import expect  # noqa: E402
from known import STOPS, known_rules  # noqa: E402


@dataclass
class Outside(Build):
    """A kernel without our drivers."""

    @property
    def kernel_name(self):
        return f"{self.kernel}-{self.pages}-stock"

    @property
    def module_root(self):
        """Where our modules were installed for it."""
        return self.kernel_folder / "ours"


def on_word(setup, judge):
    """One word, and upstream's pair, built anew, has the root."""
    theirs = choice.under_upstream(setup)
    load = modules.of_driver(theirs.build)
    with theirs.mac("word", initrd=modules.initramfs(theirs.build, load,
                                                     True)) as mac:
        mac.boot()
        choice.chosen(mac)
        choice.root_on(mac)
        judge(mac)


def own_modules(setup, judge):
    """The kernel's own modules: upstream's have the root."""
    theirs = choice.under_upstream(setup)
    load = modules.installed(setup.build.kernel_folder / "root",
                             ["nvme-apple"])
    if {"apple_ssd", "apple_ans2"} & set(load):
        raise MacError(f"modules of ours: {load}")
    with theirs.mac("own", initrd=modules.initramfs(theirs.build, load,
                                                    True)) as mac:
        mac.boot()
        choice.root_on(mac)
        loaded = mac.sh("lsmod | awk 'NR > 1 {print $1}'").split()
        expect("modules", sorted(loaded), sorted(load))
        judge(mac)


CASES = {
    "outside-word": on_word,
    "outside-own": own_modules,
    **modules.MODULE_CASES,
    **choice.MODULE_CASES,
}


def all_cases():
    build = Outside.from_environment(modules=False, driver="ans2", debug="")
    setup = Setup(build.name, build,
                  {"append": "panic_on_warn=1 log_buf_len=4M"})
    for name, run in CASES.items():
        known = STOPS if name.startswith("outside-") else \
            known_rules(build, name)
        yield Case(setup, name, run, own=True, known=known)


if __name__ == "__main__":
    sys.exit(main(sys.argv, all_cases()))
