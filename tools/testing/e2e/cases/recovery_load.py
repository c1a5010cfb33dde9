# SPDX-License-Identifier: GPL-2.0-only
"""For recovery.py: how a fault is set, and how it is seen what came of it."""

import shlex
import time
from dataclasses import dataclass, fields

from mac import MacError
from mac.machine import ANS2, RTKIT

from . import programs
from .common import Background, expect
from .controller import firmware_starts

# What the load may take beside the time for which the drive stands still
PATIENCE = 10
FOREVER = 2**32 - 1


@dataclass(frozen=True)
class Report:
    """What gap.c says, with its names."""

    start: int
    command: int
    status: int
    gap: int
    since: int
    first: int
    refused: int
    good: int
    errors: int
    wrong: int
    pending: int
    error: int

    @classmethod
    def parse(cls, text):
        words = dict(word.split("=") for word in text.split() if "=" in word)
        if sorted(words) != sorted(f.name for f in fields(cls)):
            raise MacError(f"this is no report of the load: {text!r}")
        return cls(**{name: int(value) for name, value in words.items()})

    def ended(self):
        """MacError unless all came to an end, with the right data."""
        expect("blocks with wrong content", self.wrong, 0)
        if self.command < 0:
            raise MacError(f"the guest's command does not end: {self}")
        if self.pending:
            raise MacError(f"{self.pending} users of the drive still wait: "
                           f"{self}")

    def without_errors(self):
        self.ended()
        if self.errors:
            raise MacError(f"{self.errors} requests failed, errno "
                           f"{self.error}: {self}")


# ----- the fault -----

def set_knobs(mac, knobs):
    for name, value in knobs.items():
        mac.set(RTKIT, name, value)


def crash(mac):
    mac.set(RTKIT, "crash", "asked to")


def arm(mac, state, fault):
    """Let the fault strike in that state, or at once if it needs no event."""
    if state.own_start:
        set_knobs(mac, fault.start_knobs)
        return
    set_knobs(mac, fault.knobs)
    traps = [state.slow]
    if state.strike:
        traps.append(f"{fault.action}:{state.strike}")
    elif not state.delay:
        crash(mac)
    if fault.name == "lost-twice":
        traps.append(f"{fault.action}:{state.strike}:2")
    mac.set(ANS2, "trap", " ".join(filter(None, traps)))


def disarm(mac):
    mac.set(ANS2, "trap", "")
    mac.set(ANS2, "release", True)
    set_knobs(mac, {"drop-hello": False, "hello-ns": 0, "crash-at-message": 0,
                    "boots": FOREVER})


def has_struck(mac, state):
    """MacError if nothing went wrong at all."""
    if state.strike and mac.get(ANS2, "trap"):
        raise MacError(f"the trap was not sprung: {mac.get(ANS2, 'trap')}")
    if mac.get(RTKIT, "boots") == 1:
        raise MacError("the firmware was not started, so no start failed")


# ----- what came of it -----

def gap_command(mac, workers, seconds, command, fails=False):
    """The command for a load; see gap.c."""
    return (f"{programs.place(mac)}/gap {workers} {seconds} "
            f"{shlex.quote(command)}" + (" fails" if fails else ""))


def patience(mac, fault):
    """How long the load waits, in seconds."""
    return fault.limit * mac.patience + PATIENCE


def load(mac, workers, fault, command, fails=False):
    """The Report of a load while the guest runs @command."""
    seconds = patience(mac, fault)
    return Report.parse(mac.sh(
        gap_command(mac, workers, seconds, command, fails), seconds + 10))


def load_and_crash(mac, workers, fault, command, delay):
    """The same; after @delay seconds the firmware crashes."""
    seconds = patience(mac, fault)
    job = Background(mac, "gap", gap_command(mac, workers, seconds, command))
    time.sleep(delay)
    crash(mac)
    return Report.parse(job.wait(seconds + 10)[1])


def in_time(mac, what, took, limit):
    """MacError unless @what took no more than @limit seconds, @took in ms.

    The guest's clock goes on while the host has no processor for the emulator.
    """
    waited = mac.starved() - mac.starved_before
    if took - waited > limit * 1000 * mac.patience:
        raise MacError(f"{what} took {took} ms, the limit is "
                       f"{limit * 1000:.0f} ms")


def few_starts(mac, state, fault, before):
    """The firmware was not started for nothing, and not again and again."""
    starts = firmware_starts(mac) - before
    if not state.starts <= starts <= state.starts + fault.starts:
        raise MacError(f"the firmware was started {starts} times, expected "
                       f"{state.starts} to {state.starts + fault.starts}")
