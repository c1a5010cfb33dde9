#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Boots a kernel with each fault that is planted in it, one at a time.

First the KUnit suites of the fault's folder, then, if none of them sees it,
the e2e cases that the table names for it. A fault is caught when a test fails,
or the kernel panics or hangs. One that nothing catches, and that is not marked
as equivalent, is a failure; so is one that is marked and was caught, and a
test that fails without a fault.

Usage: campaign.py OUT T ARG...

       OUT is the build folder of the kernel; T is a fault, a file, a glob of
       faults, or empty; ARG... is for kunit.py exec
"""

import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

TESTING = Path(__file__).resolve().parents[1]
sys.path[1:1] = [str(TESTING), str(TESTING / "e2e")]

from mac import Build, MacError  # noqa: E402
from mac.suite import Suite  # noqa: E402

import e2e  # noqa: E402
from plant import PlantError, TOP, chosen, table  # noqa: E402

# A line of the kernel's KTAP, with or without the time that printk may add
RESULT = re.compile(r"(?:\[ *[\d.]+\] )?( *)(not )?ok \d+ ([^#]*?)( # .*)?")
SUBTEST = re.compile(r"(?:\[ *[\d.]+\] )? {4}# Subtest: (.*)")
PLAN = re.compile(r"(?:\[ *[\d.]+\] )?1\.\.(\d+)")
ALARM = re.compile(r"Kernel panic - not syncing: (.*)")
# What a boot may take at least, and in boots without a fault
PATIENCE = 60, 4


# ----- KUnit -----

def suites_of(file):
    """A glob for the KUnit suites beside @file, or None if there are none."""
    folder = (TOP / file).parent / "tests"
    if not (folder / ".kunitconfig").exists():
        return None
    names = [name for source in folder.glob("*_kunit.c") for name in
             re.findall(r"(?ms)^static struct kunit_suite.*?"
                        r"\.name = \"(.*?)\"", source.read_text())]
    return os.path.commonprefix(names) + "*"


def complaint(log):
    """What a console log of KUnit has to say against the kernel, or None."""
    suite, planned, done = "no suite", None, 0
    for line in log.splitlines():
        if found := SUBTEST.fullmatch(line):
            suite = found[1]
        elif found := PLAN.fullmatch(line):
            planned = int(found[1])
        elif found := RESULT.fullmatch(line):
            indent, bad, name, _ = found.groups()
            done += not indent
            if bad and len(indent) == 4:
                return f"{suite}.{name}"
        elif found := ALARM.search(line):
            return f"{suite}: {found[1]}"
    return None if planned and done == planned else f"{suite}: does not end"


class KUnit:
    """Boots of the kernel in @out on QEMU's machine virt.

    @args: more for kunit.py exec
    """

    def __init__(self, out, args):
        self.out = out
        self.args = args
        self.limits = {}

    def boot(self, suites, number, limit):
        """Run @suites with fault @number.  Returns the complaint, or None."""
        log = self.out / "test.log"
        log.unlink(missing_ok=True)
        subprocess.run(
            ["/usr/bin/python3", "tools/testing/kunit/kunit.py", "exec",
             "--build_dir", str(self.out), "--arch", "arm64",
             "--timeout", str(int(limit)),
             f"--kernel_args=ans2_planted={number}", *self.args, suites],
            cwd=self.out / "source", check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{self.out}/bin:{os.environ['PATH']}"})
        if not log.exists():
            return "no console: the kernel did not start"
        return complaint(log.read_text(errors="replace"))

    def sees(self, fault):
        """What sees @fault, or None."""
        suites = suites_of(fault.file)
        if not suites:
            return None
        if suites not in self.limits:
            begin = time.monotonic()
            bad = self.boot(suites, 0, 600)
            if bad:
                raise MacError(f"{bad} fails without a fault, "
                               f"see {self.out}/test.log")
            least, times = PATIENCE
            self.limits[suites] = max(least,
                                      times * (time.monotonic() - begin))
        return self.boot(suites, fault.number, self.limits[suites])


# ----- e2e -----

class FirstFailure(Suite):
    """Runs cases until one fails, which is @bad then.

    @go_on: run them all, @bad are those that failed
    """

    def __init__(self, cases, out, go_on=False):
        super().__init__(cases, "*", out)
        self.go_on = go_on
        self.bad = []

    def _result(self, number, case, error, seconds):
        good = super()._result(number, case, error, seconds)
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
    """Says what becomes of each fault, and keeps it in @file."""

    def __init__(self, file, faults):
        self.file = file
        self.faults = faults
        self.seen = {}
        self.passed = self.failed = 0

    def add(self, fault, seen, survived=False):
        """@fault was @seen, or @survived, or has nothing to say yet."""
        self.seen[fault.name] = seen or "survived"
        self._write()
        if not seen and not survived:
            return
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

    def _write(self):
        rows = [(f.name, f.file, self.seen.get(f.name, "not run"),
                 f.equivalent) for f in self.faults]
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        with open(self.file, "w", encoding="utf-8") as out:
            for row in rows:
                line = "  ".join(f"{text:{width}}" for text, width in
                                 zip(row, widths))
                print(f"{line}  {row[3]}".rstrip(), file=out)


def campaign(kunit, build, faults):
    """Run them all.  Returns the exit status."""
    results = Table(build.folder / "log/planted.txt", faults)
    left = []
    for fault in faults:
        seen = kunit.sees(fault)
        results.add(fault, seen, survived=fault.equivalent)
        if not seen and not fault.equivalent:
            left.append(fault)
    if left:
        print(f"# {len(left)} of {len(faults)} are left for e2e", flush=True)
        machine = EndToEnd(build)
        for name in machine.prepare(left):
            results.complain(f"e2e {name} fails without a fault")
        for fault in left:
            results.add(fault, machine.sees(fault), survived=True)
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
        return campaign(KUnit(out, args[2:]),
                        Build.from_environment(modules=False),
                        chosen(table()[0], args[1]))
    except (MacError, PlantError) as error:
        sys.exit(f"plant: {error}")
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
