# SPDX-License-Identifier: GPL-2.0-only
"""Runs cases on emulated Macs and prints KTAP.

A case is a function of one argument, the Mac, or of a Setup if it starts its
own. Cases of one set-up share a machine that is booted once; a case that fails
costs the next one a new machine. After each case the judge must have counted
what the case expects, which is nothing unless it says otherwise.
"""

import contextlib
import fnmatch
import sys
import time
import traceback
from dataclasses import dataclass, field

from .errors import MacError
from .machine import Mac


class Skip(Exception):
    """The case cannot run here; the text says why."""


@dataclass(frozen=True)
class Setup:
    """A machine and a kernel for it, and the name of both together."""

    name: str
    build: object
    options: dict = field(default_factory=dict, hash=False)

    def mac(self, case, **options):
        """A Mac of this kind, not yet running."""
        log = f"{self.name}-{case}".replace("/", "-")
        return Mac(self.build, log, **{**self.options, **options})


@dataclass
class Case:
    """One line of the result.

    @setup: where it runs
    @name: what it is called there
    @run: the function
    @own: it starts its own machines and gets the Setup
    @rules: the rules that the driver is known to break in it, and why
    """

    setup: Setup
    name: str
    run: object
    own: bool = False
    rules: dict = field(default_factory=dict)

    @property
    def full_name(self):
        return f"{self.setup.name}/{self.name}"


def check_rules(mac, rules):
    """MacError unless exactly the rules in @rules were broken."""
    seen = mac.by_rule()
    unexpected = {r: n for r, n in seen.items() if r not in rules}
    if unexpected:
        raise MacError(f"rules were broken: {unexpected}\n" +
                       "\n".join(mac.reasons()))
    missing = [f"{r} ({why})" for r, why in rules.items() if r not in seen]
    if missing:
        raise MacError("expected to be broken, but was not: " +
                       ", ".join(missing))


class Suite:
    """Runs a list of cases."""

    def __init__(self, cases, pattern=None, out=sys.stdout):
        self.cases = [c for c in cases if self._wanted(c, pattern)]
        self.out = out
        self.mac = None
        self.stack = contextlib.ExitStack()
        self.setup = None
        self.passed = self.failed = self.skipped = 0

    @staticmethod
    def _wanted(case, pattern):
        """T= is a case's name, a set-up's, both with a slash, or a glob."""
        return not pattern or any(
            fnmatch.fnmatchcase(name, pattern)
            for name in (case.name, case.setup.name, case.full_name))

    def _say(self, text):
        print(text, file=self.out, flush=True)

    def _close(self):
        stack, self.stack = self.stack, contextlib.ExitStack()
        self.mac = self.setup = None
        stack.close()

    def _machine(self, case):
        """The machine for @case, booted."""
        if self.setup is not case.setup:
            self._close()
            mac = self.stack.enter_context(case.setup.mac("shared"))
            mac.boot()
            self.mac, self.setup = mac, case.setup
        return self.mac

    def _run(self, case):
        if case.own:
            self._close()
            case.run(case.setup)
            return
        mac = self._machine(case)
        try:
            case.run(mac)
            check_rules(mac, case.rules)
            mac.forgive()
        except MacError as error:
            raise mac.explained(error) from error

    def _result(self, number, case, error, seconds):
        good = "ok" if error is None or isinstance(error, Skip) else "not ok"
        line = f"{good} {number} {case.full_name}"
        if isinstance(error, Skip):
            self.skipped += 1
            line += f" # SKIP {error}"
        elif error is None:
            self.passed += 1
            line += f" # {seconds:.1f} s"
            if case.rules:
                line += "; breaks " + "; ".join(
                    f"{rule}: {why}" for rule, why in case.rules.items())
        else:
            self.failed += 1
            text = str(error) if isinstance(error, MacError) else \
                "".join(traceback.format_exception(error))
            self._say("".join(f"# {t}\n" for t in text.splitlines()).rstrip())
        self._say(line)

    def run(self):
        """Run them all.  Returns the exit status."""
        self._say("KTAP version 1")
        self._say(f"1..{len(self.cases)}")
        try:
            for number, case in enumerate(self.cases, 1):
                begin = time.monotonic()
                error = None
                try:
                    self._run(case)
                except Exception as e:  # pylint: disable=broad-except
                    error = e
                    if not isinstance(e, Skip):
                        self._close()
                self._result(number, case, error, time.monotonic() - begin)
        finally:
            self._close()
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        self._say(f"{self.passed} passed, {self.failed} failed{skipped}")
        return 1 if self.failed or not self.passed else 0
