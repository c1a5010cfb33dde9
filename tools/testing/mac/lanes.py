# SPDX-License-Identifier: GPL-2.0-only
"""Cases side by side, each lane of them in a process of its own.

A lane has one machine at a time, and there are as many lanes as processors.
Cases that share a machine, or that say so, go after each other in one lane.
"""

import contextlib
import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.connection import wait

FORK = multiprocessing.get_context("fork")
# Which lane this process is
_number = 0  # pylint: disable=invalid-name


@dataclass
class Outcome:
    """How a case ended.

    @error: text, or None
    @returned: what the case has returned
    """

    error: str
    returned: object
    seconds: float


def lane():
    """A number that no other case has that runs at the same time."""
    return _number


def in_turn(cases, make_runner):
    """Yield (case, Outcome), one after the other."""
    with contextlib.closing(make_runner()) as runner:
        for case in cases:
            yield case, runner.run(case)


def _groups(cases):
    """Lists of indices: what goes after each other, the longest list first."""
    found = {}
    for index, case in enumerate(cases):
        key = case.chain or (index if case.own else id(case.setup))
        found.setdefault(key, []).append(index)
    return sorted(found.values(), key=len, reverse=True)


def _run_lane(number, cases, groups, turn, make_runner, line):
    """A lane takes the next group when it has done one."""
    global _number  # pylint: disable=global-statement
    _number = number
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError), \
            contextlib.closing(make_runner()) as runner:
        while True:
            with turn.get_lock():
                mine, turn.value = turn.value, turn.value + 1
            if mine >= len(groups):
                return
            for index in groups[mine]:
                line.send((index, runner.run(cases[index])))


class _Lanes:
    """The processes, and what they say."""

    def __init__(self, cases, groups, count, make_runner):
        turn = FORK.Value("i", 0)
        self.lines = []
        self.processes = []
        for number in range(count):
            ours, theirs = FORK.Pipe(duplex=False)
            process = FORK.Process(target=_run_lane, daemon=True, args=(
                number, cases, groups, turn, make_runner, theirs))
            process.start()
            # so that its end is the end of the line
            theirs.close()
            self.lines.append(ours)
            self.processes.append(process)

    def outcomes(self):
        """Yield (index, Outcome) until the last of them has ended."""
        while self.lines:
            for line in wait(self.lines):
                try:
                    yield line.recv()
                except EOFError:
                    self.lines.remove(line)

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.join()


def side_by_side(cases, make_runner):
    """Yield (case, Outcome) as they end.

    @make_runner makes an object with run(case), which returns an Outcome, and
    close().
    """
    groups = _groups(cases)
    count = min(os.cpu_count() or 1, len(groups))
    if count < 2:
        yield from in_turn(cases, make_runner)
        return
    left = set(range(len(cases)))
    with contextlib.closing(_Lanes(cases, groups, count,
                                   make_runner)) as lanes:
        for index, outcome in lanes.outcomes():
            left.remove(index)
            yield cases[index], outcome
    for index in sorted(left):
        yield cases[index], Outcome("the process that had it to run has ended",
                                     None, 0)
