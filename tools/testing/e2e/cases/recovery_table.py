# SPDX-License-Identifier: GPL-2.0-only
"""Writes the table of recovery.py to a file, and why its bad cells are bad."""

from .recovery import name_of
from .recovery_faults import FAULTS, missing
from .recovery_states import STATES

LEGEND = """\
How long the drive stood still, in ms, by the state in which a fault struck it
(rows) and by the fault (columns).

  -      there is no such cell
  .      it was not run
  (1)    it failed, for the reason given below
"""


def _lines(rows):
    """@rows of texts below each other, the first column to the left."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        yield "  ".join([row[0].ljust(widths[0]),
                         *(text.rjust(width) for text, width in
                           zip(row[1:], widths[1:]))])


def _short(error):
    return str(error).split("\nconsole log: ", maxsplit=1)[0]


def table(ended):
    """The text, of a list of mac.suite.Ended."""
    by_name = {one.case.name: one for one in ended}
    reasons = []

    def text(state, fault):
        name = name_of(state, fault)
        one = by_name.get(name)
        if missing(state, fault):
            return "-"
        if not one:
            return "."
        if one.error is None:
            return one.note.removesuffix(" ms")
        reasons.append(f"{name}: {_short(one.error)}")
        return f"({len(reasons)})"

    rows = [["", *(fault.name for fault in FAULTS)]]
    rows += [[state.name, *(text(state, fault) for fault in FAULTS)]
             for state in STATES]
    notes = [f"({number}) {reason}"
             for number, reason in enumerate(reasons, 1)]
    return "\n".join([LEGEND, *_lines(rows), "", *notes]).rstrip() + "\n"


def write(build, ended):
    """Write what is known of the table, if any of its cells were run."""
    if not any(one.case.name.startswith("recover-") for one in ended):
        return
    path = build.folder / "log" / f"recovery-table-{build.kernel}.txt"
    path.write_text(table(ended), encoding="utf-8")
    print(f"# the table of recovery: {path}", flush=True)
