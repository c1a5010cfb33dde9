# SPDX-License-Identifier: GPL-2.0-only
"""Runs cases on emulated Macs and prints KTAP.

A case is a function of one argument, the Mac, or of a Setup if it starts its
own. Cases of one set-up share a machine that is booted once; a case that fails
costs the next one a new machine. After each case the judge must have counted
what the case expects, which is nothing unless it says otherwise, and the
kernel must have reported nothing. A case that returns Subtests has their
results; a text that it returns is for the line of its result. A runner has as
many cases at once as there are processors: see lanes.py.
"""

import contextlib
import fnmatch
import re
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from .errors import MacError
from .kernellog import check_log
from .lanes import Outcome, in_turn, side_by_side
from .machine import Mac


@dataclass
class Subtest:
    """One result among those of a case: @error and @skip are texts."""

    name: str
    error: str = None
    skip: str = None


@dataclass(frozen=True)
class Setup:
    """A machine and a kernel for it, and the name of both together.

    @shared: makes the options that only the shared machine has; called with
        the build before the first boot
    @machine: what kind of machine it is
    """

    name: str
    build: object
    options: dict = field(default_factory=dict, hash=False)
    shared: object = field(default=None, hash=False)
    machine: type = Mac

    def mac(self, case, **options):
        """A Mac of this kind, not yet running."""
        log = f"{self.name}-{case}".replace("/", "-")
        return self.machine(self.build, log, **{**self.options, **options})


@dataclass(frozen=True)
class Known:
    """A rule that a driver is known to break.

    @rule: what the judge calls it
    @reason: regular expression, fits the judge's reason
    @why: why it does not count against the machine or the driver
    @always: it must happen; else it may
    """

    rule: str
    reason: str
    why: str
    always: bool = True


@dataclass
class Case:
    """One line of the result.

    @setup: where it runs
    @name: what it is called there
    @run: the function
    @own: it starts its own machines, gets the Setup and a function to be
        called with each Mac at its end
    @known: the rules that the driver is known to break in it
    @reports: KnownReports of the kernel, see kernellog.py
    @on_demand: it runs only where T names it
    @chain: cases of the same one run one after the other
    """

    setup: Setup
    name: str
    run: object
    own: bool = False
    known: tuple = ()
    reports: tuple = ()
    on_demand: bool = False
    chain: str = ""

    @property
    def full_name(self):
        return f"{self.setup.name}/{self.name}"


@dataclass(frozen=True)
class Ended:
    """How @case ended: its error or None, and the text that it returned."""

    case: Case
    error: str
    note: str


def check_rules(mac, known=()):
    """MacError if a rule was broken that is not @known, or not as known."""
    seen = mac.by_rule()
    reasons = mac.reasons()
    fits = {k: [reason for reason in reasons
                if re.fullmatch(f"{k.rule}: .*{k.reason}.*", reason)]
            for k in known}
    if set(seen) - {k.rule for k in known} or \
       set(reasons) - set().union(*fits.values()):
        raise MacError(f"rules were broken: {seen}\n" + "\n".join(reasons))
    missing = [k for k in known if k.always and not fits[k]]
    if missing:
        raise MacError("expected to be broken, but was not: " +
                       ", ".join(f"{k.rule} ({k.why})" for k in missing))


def judge(mac, case):
    """MacError for what the machine or the kernel has to say against it."""
    check_rules(mac, case.known)
    check_log(mac, case.reports)


class Runner:
    """Runs cases one after the other."""

    def __init__(self):
        self.mac = None
        self.stack = contextlib.ExitStack()
        self.setup = None

    def close(self):
        stack, self.stack = self.stack, contextlib.ExitStack()
        self.mac = self.setup = None
        stack.close()

    def _machine(self, case):
        """The machine for @case, booted."""
        if self.setup is not case.setup:
            self.close()
            setup = case.setup
            options = setup.shared(setup.build) if setup.shared else {}
            mac = self.stack.enter_context(setup.mac("shared", **options))
            mac.boot()
            self.mac, self.setup = mac, setup
        return self.mac

    def _returned(self, case):
        if case.own:
            self.close()
            return case.run(case.setup, lambda mac: judge(mac, case))
        mac = self._machine(case)
        try:
            returned = case.run(mac)
            judge(mac, case)
            mac.forgive()
        except MacError as error:
            raise mac.explained(error) from error
        return returned

    def run(self, case):
        """The Outcome of @case; a bad one costs the machine."""
        begin = time.monotonic()
        error = returned = None
        try:
            returned = self._returned(case)
        except MacError as e:
            error = str(e)
        except Exception as e:  # pylint: disable=broad-except
            error = "".join(traceback.format_exception(e))
        if error or bad_subtests(returned):
            self.close()
        return Outcome(error, returned, time.monotonic() - begin)


def bad_subtests(returned):
    """Those of what a case has returned that failed."""
    if not returned or isinstance(returned, str):
        return []
    return [test for test in returned if test.error]


class Suite:
    """Runs a list of cases and prints how they end.

    @outcomes: how they are run, a function of lanes.py
    """

    def __init__(self, cases, pattern=None, out=sys.stdout, outcomes=in_turn):
        self.cases = [c for c in cases if self._wanted(c, pattern)]
        self.out = out
        self.outcomes = outcomes
        self.ended = []
        self.passed = self.failed = self.skipped = 0

    @staticmethod
    def _wanted(case, pattern):
        """T= is a case's name, a set-up's, both with a slash, or a glob."""
        if not pattern:
            return not case.on_demand
        return any(
            fnmatch.fnmatchcase(name, pattern)
            for name in (case.name, case.setup.name, case.full_name))

    def _say(self, text):
        print(text, file=self.out, flush=True)

    def _subtests(self, subtests):
        """Print them, one level deeper."""
        self._say(f"    KTAP version 1\n    1..{len(subtests)}")
        for number, test in enumerate(subtests, 1):
            good = "not ok" if test.error else "ok"
            skip = f" # SKIP {test.skip}" if test.skip else ""
            for text in (test.error or "").splitlines():
                self._say(f"    # {text}")
            self._say(f"    {good} {number} {test.name}{skip}")
            if test.error:
                self.failed += 1
            elif test.skip:
                self.skipped += 1
            else:
                self.passed += 1

    def _result(self, number, case, outcome):
        """Print the case's result; those of subtests count in its place.

        Returns whether it is a good one.
        """
        note, subtests = outcome.returned, None
        if not isinstance(note, str):
            note, subtests = None, note
        if subtests:
            self._subtests(subtests)
        error = outcome.error
        good = error is None and not bad_subtests(subtests)
        self.ended.append(Ended(case, error, note))
        line = f"{'ok' if good else 'not ok'} {number} {case.full_name}"
        if error is None:
            self.passed += not subtests
            line += f" # {outcome.seconds:.1f} s"
            line += f"; {note}" if note else ""
            line += "".join(f"; {k.rule} expected: {k.why}"
                            for k in case.known if k.always)
        else:
            self.failed += 1
            self._say("".join(f"# {t}\n" for t in error.splitlines()).rstrip())
        self._say(line)
        return good

    def run(self):
        """Run them all.  Returns the exit status."""
        self._say("KTAP version 1")
        self._say(f"1..{len(self.cases)}")
        with contextlib.closing(self.outcomes(self.cases, Runner)) as ended:
            for number, (case, outcome) in enumerate(ended, 1):
                self._result(number, case, outcome)
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        self._say(f"{self.passed} passed, {self.failed} failed{skipped}")
        return 1 if self.failed or not self.passed else 0


def all_names(cases, groups):
    """What T may be, one a line, by set-up.

    Of cases whose names differ behind a slash there is one line.
    """
    names = {"a group of cases": dict.fromkeys(groups)}
    for case in cases:
        name, slash, _ = case.name.partition("/")
        name += "/*" if slash else ""
        names.setdefault(f"{case.setup.name}, or of it", {})[name] = None
    return "\n".join(line for title, under in names.items() if under
                     for line in (f"{title}:", *(f"  {n}" for n in under)))


def main(argv, cases, groups=None, at_end=None):
    """A runner: [--kernels] [T], of the @cases those that T names.

    @groups are further values of T, {name: whether a case belongs to it}. With
    --kernels it only lists the kernels that they need, as kernel.sh takes them.
    @at_end is called with a list of Ended, for each case that was run.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    me = Path(argv[0]).stem
    only_kernels = argv[1:2] == ["--kernels"]
    pattern = "".join(argv[2:] if only_kernels else argv[1:])
    cases = list(cases)
    groups = groups or {}
    if pattern in groups:
        suite = Suite(filter(groups[pattern], cases), "*",
                      outcomes=side_by_side)
    else:
        suite = Suite(cases, pattern, outcomes=side_by_side)
    if not suite.cases:
        sys.exit(f"{me}: T={pattern} names no case; T is a glob, or\n"
                 f"{all_names(cases, groups)}")
    if only_kernels:
        print("\n".join({c.setup.build.kernel_name: None
                         for c in suite.cases}))
        return 0
    try:
        return suite.run()
    except KeyboardInterrupt:
        return 130
    finally:
        if at_end:
            at_end(suite.ended)
