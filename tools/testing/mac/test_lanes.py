#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each case is run once and heard of, whatever becomes of its lane."""

import os
import sys
import time
import unittest
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mac.lanes import Outcome, in_turn, lane, side_by_side  # noqa: E402


@dataclass
class Case:
    """What the lanes want to know of one."""

    name: str
    own: bool = True
    setup: object = None
    chain: str = ""


class Runner:
    """Says who has run a case and when; one named "die" ends the process."""

    def run(self, case):
        begin = time.monotonic()
        if case.name == "die":
            os._exit(1)
        time.sleep(0.05)
        return Outcome(None, (os.getpid(), lane(), begin, time.monotonic()),
                       0.05)

    def close(self):
        """As the lanes expect it."""


def run(cases, how=side_by_side, processors=2):
    """{name: Outcome}; each case is heard of once."""
    with mock.patch("os.cpu_count", return_value=processors):
        heard = [(case.name, outcome) for case, outcome in how(cases, Runner)]
    assert len(heard) == len(dict(heard)) == len(cases), heard
    return dict(heard)


def ran_in(outcome):
    return outcome.returned[0]


class TestLanes(unittest.TestCase):
    """The functions of lanes.py, with a runner that only sleeps."""

    def test_lanes_are_processes(self):
        ended = run([Case(str(n)) for n in range(6)])
        lanes = {(o.returned[0], o.returned[1]) for o in ended.values()}
        self.assertEqual({number for _, number in lanes}, {0, 1})
        self.assertEqual(len({pid for pid, _ in lanes} | {os.getpid()}), 3)

    def test_one_machine_one_lane(self):
        setups = [object(), object()]
        ended = run([Case(f"{n}{i}", False, setup) for n in range(3)
                     for i, setup in enumerate(setups)])
        for i in "01":
            self.assertEqual(len({ran_in(ended[f"{n}{i}"])
                                  for n in range(3)}), 1)
        self.assertNotEqual(ran_in(ended["00"]), ran_in(ended["01"]))

    def test_chain(self):
        cases = [Case(str(n), chain="c" if n % 2 else "") for n in range(8)]
        ended = run(cases, processors=4)
        times = [ended[str(n)].returned[2:] for n in (1, 3, 5, 7)]
        for (_, end), (begin, _) in zip(times, times[1:]):
            self.assertLessEqual(end, begin)

    def test_one_processor(self):
        cases = [Case(str(n)) for n in range(3)]
        for ended in (run(cases, processors=1), run(cases, in_turn)):
            self.assertEqual({ran_in(o) for o in ended.values()},
                             {os.getpid()})

    def test_lane_dies(self):
        names = ["die", "a", "b", "c"]
        ended = run([Case(name) for name in names])
        self.assertIn("had it to run", ended["die"].error)
        self.assertEqual([ended[n].error for n in "abc"], [None] * 3)

    def test_all_lanes_die(self):
        setup = object()
        ended = run([Case("die", False, setup), Case("a", False, setup),
                     Case("b", chain="x"), Case("c", chain="x")])
        self.assertIn("had it to run", ended["a"].error)
        self.assertIsNone(ended["b"].error)


if __name__ == "__main__":
    unittest.main()
