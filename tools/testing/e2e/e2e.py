#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The emulated Mac with what KERNEL, DRIVER, PAGES and DEBUG name.

After each case the machine must have counted no broken rule, and the kernel
must have reported nothing.

Usage: e2e.py [T]           run the cases, or those that T names: a case, a glob,
                            "core" for the cheap ones of all kinds,
                            "recover-core" for a few cells of the table of
                            recovery, "recover-slow" for those that take half
                            a minute each and run only where T names them
       e2e.py --kernels [T] only list the kernels that they need
"""

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mac import Build, Virt  # noqa: E402
from mac.suite import Case, Setup, main  # noqa: E402

import mistakes  # noqa: E402
from cases import batches, choice, completion, controller  # noqa: E402
from cases import crash, data  # noqa: E402
from cases import debug, detach, distro, firmware, lending  # noqa: E402
from cases import modules, otherdrive, page, programs  # noqa: E402
from cases import proof_kit, recovery, recovery_seen  # noqa: E402
from cases import recovery_table, sleep, stuck, tables  # noqa: E402
from cases import timeouts, users  # noqa: E402
from known import STOPS, driver_steps, known_in_cell  # noqa: E402
from known import known_reports, known_rules  # noqa: E402

# What only this repository's drivers have
ANS2_SHARED = {
    "pci-function": controller.pci_function,
    "config-space": controller.config_space,
    # one for each of the ten pauses
    "reset-under-load": controller.reset_under_load(10),
    "function-reset": controller.function_reset,
    "promises": controller.promises,
    "completion": completion.completion,
    "function-reset-under-load": controller.function_reset_under_load,
    "lying-device": timeouts.lies,
    "refused-commands": users.refused,
    "subsystem-reset": users.subsystem_reset,
    "show-regs": users.show_regs,
    "mac-page": page.mac_page,
    # the offset of every word is tried without a scheduler
    "scheduled-io": batches.scheduled(programs.program("io", "STEP=64")),
    "scheduled-mixed": batches.scheduled(programs.program("mixed")),
    "scheduled-tags": batches.scheduled(data.tags),
    "scheduled-fio-128k": batches.scheduled(
        data.fio_verify("64m", "128k", 61)),
    "scheduled-reset-under-load": batches.scheduled(
        controller.reset_under_load(5)),
    "recover-seen-reset": recovery_seen.reset,
    "recover-seen-twice": recovery_seen.twice,
}
# These wait for time-outs of the kernel, and run only where T names them.
ANS2_SLOW = {
    "recover-seen-lost-twice": recovery_seen.lost_twice,
}
ANS2_OWN = {
    "lent-memory": lending.lent_memory,
    "batches": batches.batches,
    "stat-per-batch": batches.stat_per_batch,
    "suspend": sleep.suspend,
    "rebind-function": detach.rebind(detach.pci_driver),
    "unbind-under-load": detach.unbind_under_load(detach.platform_driver),
    "unbind-function-under-load":
        detach.unbind_under_load(detach.pci_driver),
    "unbind-held-open": detach.unbind_held_open(detach.platform_driver),
    "unbind-function-held-open": detach.unbind_held_open(detach.pci_driver),
    "unbind-interrupted": detach.interrupted,
    "unbind-during-reset": detach.unbind_during_reset,
    "function-removed": detach.function_removed,
    "reset-while-measured": controller.reset_while_measured,
    "stuck-unbind": stuck.unbind,
    "stuck-unbind-failed": stuck.unbind_failed,
    "timeout-polled": timeouts.polled,
    "timeout-reset": timeouts.reset,
    "timeout-waiting-admin": timeouts.waiting_admin,
    "timeout-stuck": timeouts.stuck_queue,
    "timeout-fatal": timeouts.fatal_status,
    "crash-idle": crash.idle,
    "crash-under-load": crash.under_load,
    "crash-too-often": crash.too_often,
    "crash-for-good": crash.does_not_come_back,
    "recover-seen-probe": recovery_seen.probe,
    **firmware.CASES,
    **choice.OWN,
    **proof_kit.OWN,
}

# Cases after which something of the drivers was set up more than once
LEAVING = ("rebind", "unbind", "function-removed", "stuck", "crash", "timeout",
           "suspend", "syslog")

CORE = ("run", "boot", "choice", "choice-upstream", "device-mappings",
        "pci-function", "show-regs", "io", "tags", "mixed", "passthru",
        "fio-128k", "reset-under-load", "crash-idle", "rebind", "lock",
        "lent-memory",
        "other-boot", "other-fio-4k")


SLOW = {*recovery.SLOW, *ANS2_SLOW}
RECOVERY = ("recover-seen-reset", "recover-seen-twice", "recover-seen-probe",
            *recovery.CORE)


def make_setup(build):
    options = {}
    if build.driver == "ans2":
        # the log of many crashes stays whole, and is counted
        options["append"] = "panic_on_warn=1 log_buf_len=4M"
    return Setup(build.name, build, options,
                 shared=programs.with_programs)


def tables_for(build):
    """The shared cases and the others, {name: function}."""
    shared, own = dict(tables.SHARED), dict(tables.OWN)
    if build.driver == "ans2":
        shared.update(ANS2_SHARED)
        own.update(ANS2_OWN)
    for name, env in driver_steps(build).items():
        shared[name] = programs.program(name, env)
    if build.debug:
        shared["kmemleak"] = debug.kmemleak
        for name in own:
            if name.startswith(LEAVING):
                own[name] = debug.without_leaks(own[name])
    return shared, own


def recovery_cases(build):
    setup = make_setup(build)
    for name, run in ANS2_SLOW.items():
        yield Case(setup, name, run, known=known_rules(build, name),
                   on_demand=True)
    shared = replace(setup, name=f"{build.kernel_name}-ram",
                     shared=recovery.in_memory)
    yield from recovery.cells(setup, shared, known_in_cell)


def all_cases(build):
    setup = make_setup(build)
    shared, own = tables_for(build)
    for table, is_own in ((shared, False), (own, True)):
        for name, run in table.items():
            yield Case(setup, name, run, own=is_own,
                       known=known_rules(build, name),
                       reports=known_reports(build, name))
    if build.driver == "ans2":
        yield from recovery_cases(build)
        setup = replace(make_setup(build), machine=Virt,
                        name=f"{build.kernel_name}-virt")
        for name, run in otherdrive.CASES.items():
            yield Case(setup, name, run)
    if modules.available(build):
        variant = Build.from_environment(modules=True)
        setup = make_setup(variant)
        for name, run in {**modules.MODULE_CASES,
                          **choice.MODULE_CASES}.items():
            yield Case(setup, name, run, own=True,
                       known=known_rules(variant, name),
                       reports=known_reports(variant, name))
    yield from distro.all_cases(build, STOPS)
    yield from mistakes.all_cases(build)


def main_e2e(argv):
    build = Build.from_environment(modules=False, distro="")
    groups = {
        "core": lambda case: case.name in CORE,
        "recover-core": lambda case: case.name in RECOVERY,
        "recover-slow": lambda case: case.name in SLOW,
    }
    return main(argv, all_cases(build), groups,
                lambda ended: recovery_table.write(build, ended))


if __name__ == "__main__":
    sys.exit(main_e2e(sys.argv))
