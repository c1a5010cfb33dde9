# SPDX-License-Identifier: GPL-2.0-only
"""The columns of the table of recovery.py: what goes wrong.

Time-outs of the kernel are what they are by default: 30 s for I/O, 60 s for
admin commands.
"""

from dataclasses import dataclass, field, replace

from .recovery_states import SCAN

SECOND = 10**9
IO_TIMEOUT = 30
# What a driver may need beside a time-out that it has to wait for
MARGIN = 2
# CAP.TO, the time for which the NVMe core waits until CSTS.RDY follows CC.EN
READY_TIMEOUT = 10
LATE = 0.7


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what is asked of the drivers then.

    @name: of the column
    @limit: seconds for which the drive may stand still
    @action: of the machine's trap
    @knobs: of the firmware, that go with it
    @start_knobs: of the firmware, for a fault of its start
    @starts: how often the firmware may be started for it
    @dead: nothing brings the drive back
    @core: it is tried where T names no cell, in the states that say so, too
    @slow: it takes a time-out of the kernel
    """

    name: str
    limit: float
    action: str = "crash"
    knobs: dict = field(default_factory=dict, hash=False)
    start_knobs: dict = field(default=None, hash=False)
    starts: int = 2
    dead: bool = False
    core: bool = False
    slow: bool = False

    @property
    def crashes(self):
        return self.action == "crash"

    @property
    def needs_command(self):
        """Whether it is one of commands alone."""
        return self.action in ("noirq", "hold", "fail=6")

    def at(self, state):
        """The same with the time that it may take in that state."""
        if self.action in ("cfs", "unready") and \
           state.strike in ("enable", "disable"):
            return replace(self, limit=READY_TIMEOUT + self.limit)
        return self


ONCE = {"boots": 1}
FAULTS = (
    Fault("crash", 1.5, core=True,
          start_knobs={"crash-at-message": 3, **ONCE}),
    Fault("failed-restart", 3, knobs={"drop-hello": True, **ONCE}, core=True,
          start_knobs={"drop-hello": True, **ONCE}),
    Fault("late-hello", 1.5 + LATE, knobs={"hello-ns": int(LATE * SECOND)},
          start_knobs={"hello-ns": int(LATE * SECOND)}),
    Fault("dead", 10, knobs={"drop-hello": True},
          start_knobs={"drop-hello": True}, starts=4, dead=True),
    Fault("lost-interrupt", 1, "noirq", starts=0, core=True),
    Fault("failing-command", 3, "fail=6", starts=3),
    Fault("lost", IO_TIMEOUT + MARGIN, "hold", slow=True),
    Fault("lost-twice", 2 * (IO_TIMEOUT + MARGIN), "hold", starts=4,
          slow=True),
    Fault("fatal-status", 3, "cfs"),
    Fault("not-ready", 3, "unready"),
)


def missing(state, fault):
    """Why there is no such cell of the table, or None."""
    reasons = {
        "no root": state.kind == "boots" and fault.dead,
        "no command": fault.needs_command and not state.is_command,
        "no event": not state.strike and not fault.crashes,
        "the start fails before": state.behind_start and fault.knobs,
        "nobody scans again": (state.kind == "comes" and
                               state.strike == f"admin:{SCAN}" and
                               fault.action == "fail=6"),
        "not frozen in 20 s, so no sleep": (
            state.name == "suspending-load" and fault.action == "hold"),
        "no single request": fault.name == "lost-twice" and state.workers,
    }
    return next((reason for reason, is_so in reasons.items() if is_so), None)
