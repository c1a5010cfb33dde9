# SPDX-License-Identifier: GPL-2.0-only
"""The words of which the table of faults is made."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """@before and @behind are put around @text in @function.

    The word PLANTED in them becomes the question whether the fault is there.
    """

    function: str
    text: str
    before: str
    behind: str


def swap(function, good, bad):
    """The expression @good becomes @bad."""
    return Edit(function, good, f"(PLANTED ? ({bad}) : (", "))")


def _statement(function, text, head, tail):
    """One statement is made of @text with @head before and @tail behind."""
    if re.search(r"\b(break|continue)\b", text):
        raise ValueError(f"'{text}' would leave the edit and not the loop")
    return Edit(function, text, f"do {{ {head}", f"{tail} }} while (0);")


def skip(function, statement):
    """@statement is left out."""
    return _statement(function, statement, "if (!PLANTED) { ", " }")


def instead(function, statement, other):
    """@other is done in place of @statement."""
    return _statement(function, statement,
                      f"if (PLANTED) {{ {other} }} else {{ ", " }")


def before(function, statement, more):
    """@more is done before @statement."""
    return _statement(function, statement, f"if (PLANTED) {{ {more} }} ", "")


def behind(function, statement, more):
    """@more is done behind @statement."""
    return _statement(function, statement, "", f" if (PLANTED) {{ {more} }}")


def unlocked(function, lock="spin_lock_irqsave(&ans2->lock, flags);",
             unlock="spin_unlock_irqrestore(&ans2->lock, flags);"):
    """Both edits that leave a lock out."""
    return skip(function, lock), skip(function, unlock)


def other_lock(function, lock):
    """A guard takes a mutex that protects nothing in place of @lock."""
    return swap(function, lock, "&planted_mutex")


class Fault:
    """One fault.

    @name: what is wrong, in a few words with dashes
    @edits: one or more
    @cases: e2e cases that are tried before those of its module
    @equivalent: why nothing here can see it; empty if something must

    Beside these, suites are the KUnit suites that are tried first; file and
    number say where its first edit is, and how the kernel calls it; table()
    fills these two in.
    """

    def __init__(self, name, *edits, cases=(), equivalent=""):
        self.name = name
        self.edits = edits
        self.cases = cases
        self.equivalent = equivalent
        self.suites = ()
        self.file = ""
        self.number = 0
