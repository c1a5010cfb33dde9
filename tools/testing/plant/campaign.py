#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Boots a kernel with each fault that is planted in it, one at a time.

First the KUnit suites of the fault's folder, the nearest one first, some
faults at a time. Then, if none of them sees it, the e2e cases that the table
names for it, unless E2E is 0. A fault is caught when a test fails, or the
kernel panics or hangs. One that nothing catches, and that is not marked as
equivalent, is a failure; so is one that is marked and was caught, and a test
that fails without a fault.

Usage: campaign.py OUT T ARG...

       OUT is the build folder of the kernel; T is a fault, a file, a glob of
       faults, or empty; ARG... is for kunit.py exec
"""

import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

TESTING = Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(TESTING), str(TESTING / "e2e")]

from mac import Build, MacError  # noqa: E402
from mac.suite import Suite  # noqa: E402

import e2e  # noqa: E402
from console import KUnit  # noqa: E402
from plant import PlantError, TOP, chosen, table  # noqa: E402


# ----- KUnit -----

def suites_beside(file):
    """The KUnit suites in the folder of @file."""
    return [name for source in
            sorted((TOP / file).parent.glob("tests/*_kunit.c")) for name in
            re.findall(r"(?ms)^static struct kunit_suite.*?"
                       r"\.name = \"(.*?)\"", source.read_text())]


def rounds_of(fault, last):
    """The KUnit suites for @fault, the nearest first: those of its file, and
    the others of its folder.

    @last: what saw it the last time
    """
    def first_again(names):
        return sorted(names, key=lambda n: not re.match(rf"{n}[.:]", last))

    others = [name for name in suites_beside(fault.file)
              if name not in fault.suites]
    return first_again(fault.suites), first_again(others)


# ----- e2e -----

class FirstFailure(Suite):
    """Runs cases until one fails, which is @bad then.

    @go_on: run them all, @bad are those that failed
    """

    def __init__(self, cases, out, go_on=False):
        super().__init__(cases, "*", out)
        self.go_on = go_on
        self.bad = []

    def _result(self, number, case, outcome):
        good = super()._result(number, case, outcome)
        if not good:
            self.bad.append(case.name)
            if not self.go_on:
                raise StopIteration
        return good

    def run(self):
        try:
            return super().run()
        except StopIteration:
            return 1


def planted(machine, number):
    """The class @machine with a kernel that has fault @number."""
    class Planted(machine):
        """Its command line chooses the fault and leaves KUnit out."""

        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            self.command_line = (f"ans2_planted={number} kunit.enable=0 "
                                 f"{self.command_line}")
    return Planted


class EndToEnd:
    """Boots of the kernel on the emulated Mac."""

    def __init__(self, build):
        self.build = build
        self.known = {case.name: case for case in e2e.all_cases(build)}
        self.bad = set()

    def run(self, names, number, log, go_on=False):
        """Run the cases @names with fault @number.  Returns which fail."""
        cases = []
        setups = {}
        for name in names:
            case = self.known[name]
            setup = case.setup
            if setup.name not in setups:
                setups[setup.name] = replace(
                    setup, name=f"planted-{setup.name}",
                    machine=planted(setup.machine, number))
            cases.append(replace(case, setup=setups[setup.name]))
        with open(self.build.folder / f"log/planted-{log}.log", "w",
                  encoding="utf-8") as out:
            suite = FirstFailure(cases, out, go_on)
            suite.run()
        return suite.bad

    def prepare(self, faults):
        """See which cases for @faults fail without one.  Returns their names.

        They are left out from here on.
        """
        names = dict.fromkeys(name for f in faults for name in f.cases)
        unknown = set(names) - set(self.known)
        if unknown:
            raise MacError("there is no e2e case " +
                           ", ".join(sorted(unknown)))
        self.bad = set(self.run(names, 0, "none", go_on=True))
        return sorted(self.bad)

    def sees(self, fault):
        """What sees @fault, or None."""
        names = [name for name in dict.fromkeys(fault.cases)
                 if name not in self.bad]
        bad = self.run(names, fault.number, fault.name)
        return f"e2e {bad[0]}" if bad else None


# ----- the result -----

class Table:
    """Says what becomes of each fault, and keeps it in @file.

    It keeps what earlier runs have seen of faults that this one leaves out.
    """

    def __init__(self, file, faults):
        self.file = file
        self.faults = faults
        self.lock = threading.Lock()
        self.seen = self._read()
        self.passed = self.failed = 0

    def add(self, fault, seen, survived=False):
        """@fault was @seen, or @survived, or has nothing to say yet."""
        with self.lock:
            self.seen[fault.name] = seen or "survived"
            self._write()
            if seen or survived:
                self._say(fault, seen)

    def _say(self, fault, seen):
        good = bool(seen) != bool(fault.equivalent)
        self.passed += good
        self.failed += not good
        text = seen or "survived"
        if fault.equivalent:
            text += f", marked as equivalent: {fault.equivalent}"
        print(f"{'ok' if good else 'not ok'} "
              f"{fault.number} {fault.name} # {text}", flush=True)

    def complain(self, text):
        """Something else is wrong."""
        self.failed += 1
        print(f"not ok # {text}", flush=True)

    def _read(self):
        if not self.file.exists():
            return {}
        rows = (re.split("  +", line.strip()) for line in
                self.file.read_text(encoding="utf-8").splitlines())
        return {row[0]: row[2] for row in rows if len(row) > 2}

    def _write(self):
        rows = [(f.name, f.file, self.seen.get(f.name, "not run"),
                 f.equivalent) for f in self.faults]
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        with open(self.file, "w", encoding="utf-8") as out:
            for row in rows:
                line = "  ".join(f"{text:{width}}" for text, width in
                                 zip(row, widths))
                print(f"{line}  {row[3]}".rstrip(), file=out)


def one_round(kunit, results, tried):
    """Run the suites @tried[fault] for each, some at a time."""
    def sees(fault):
        seen = kunit.sees(fault, tried[fault])
        results.add(fault, seen)
        return seen

    suites = list(dict.fromkeys(s for names in tried.values() for s in names))
    with ThreadPoolExecutor(
            int(os.environ.get("JOBS") or os.cpu_count())) as pool:
        for bad in pool.map(kunit.learn, suites):
            if bad:
                raise MacError(f"{bad} fails without a fault, see "
                               f"{kunit.logs}/planted-none-*.console")
        seen = list(pool.map(sees, tried))
    return [f for f, by in zip(tried, seen) if not by]


def with_kunit(kunit, results, faults):
    """Run them with KUnit.  Returns those that it leaves."""
    tried = {f: rounds_of(f, results.seen.get(f.name, "")) for f in faults}
    for i in range(2):
        faults = one_round(kunit, results, {f: tried[f][i] for f in faults})
        print(f"# {len(faults)} are left", flush=True)
    for fault in faults:
        if fault.equivalent:
            results.add(fault, None, survived=True)
    return [f for f in faults if not f.equivalent]


def with_e2e(build, results, faults):
    """Run them with e2e."""
    machine = EndToEnd(build)
    for name in machine.prepare(faults):
        results.complain(f"e2e {name} fails without a fault")
    for fault in faults:
        results.add(fault, machine.sees(fault), survived=True)


def campaign(kunit, build, faults, name):
    """Run those of @faults that @name names.  Returns the exit status."""
    results = Table(build.folder / "log/planted.txt", faults)
    left = with_kunit(kunit, results, chosen(faults, name))
    if left and os.environ.get("E2E") != "0":
        with_e2e(build, results, left)
    else:
        for fault in left:
            results.add(fault, None, survived=True)
    print(f"{results.passed} passed, {results.failed} failed")
    return 1 if results.failed or not results.passed else 0


def main(args):
    """Run the faults that the command line names."""
    if len(args) < 2:
        sys.exit(__doc__)
    out = Path(args[0])
    boot = out / "arch/arm64/boot"
    os.environ["KERNEL_IMAGE"] = str(boot / "Image")
    os.environ["DTB"] = str(boot / "dts/apple/t8103-j274.dtb")
    try:
        build = Build.from_environment(modules=False)
        return campaign(KUnit(out, build.folder / "log", args[2:]), build,
                        table()[0], args[1])
    except (MacError, PlantError) as error:
        sys.exit(f"plant: {error}")
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
