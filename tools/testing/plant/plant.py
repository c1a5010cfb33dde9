#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Puts the faults of faults/ into copies of the drivers, all at once.

A fault is a few edits. An edit names a function and a piece of its text, which
must be there exactly once, and puts something before and behind it; the text
itself stays. White space does not count, and neither does the file that the
function is in. Which fault is there is decided at boot, see planted.h.

Usage: plant.py --check        say which edits find no place in this repository
       plant.py --names [T]    list the faults, all or those that T names
       plant.py TREE OUT       plant them in copies of the drivers of TREE, a
                               woven kernel source, in OUT, its build folder

Where a build folder has a source file, the kernel's make takes that one.
"""

import fnmatch
import re
import sys
from pathlib import Path

from faults import FAULTS

TOP = Path(__file__).resolve().parents[3]
HEADER = "ans2-planted.h"
# Includes some of our files by name, from the folder that it is in.
COMPANIONS = ("drivers/nvme/host/pci.c", "drivers/nvme/host/ans2-pci.h")
# Has functions of its own, inline.
HEADERS = ("drivers/nvme/host/ans2-cq.h",)


class PlantError(Exception):
    """An edit finds no place."""


# ----- where it goes -----

def pattern(text):
    """A regular expression for the C text @text, whatever the white space."""
    out = last = ""
    for token in re.findall(r"\w+|[^\w\s]", text):
        words = last.isidentifier() and token.isidentifier()
        out += (r"\s+" if words else r"\s*" if out else "") + re.escape(token)
        last = token
    # a name is a whole name
    if re.match(r"\w", text):
        out = r"(?<!\w)" + out
    if re.search(r"\w$", text):
        out += r"(?!\w)"
    return out


def body(source, function):
    """Where the body of @function begins and ends, or None."""
    head = re.search(rf"(?m)^[a-z](?:[^\n;={{}}()]*[\s*])?{function}"
                     r"\([^;{}]*\)\n\{", source)
    if not head:
        return None
    return head.end(), source.index("\n}", head.end())


class Source:
    """One file of the drivers, and what is to be put into it."""

    def __init__(self, name, text):
        self.name = name
        self.text = text
        self.spans = []

    def span(self, edit):
        """Where the text of @edit is."""
        begin, end = body(self.text, edit.function)
        found = [m.span() for m in re.finditer(
            pattern(edit.text), self.text[begin:end])]
        if len(found) != 1:
            raise PlantError(f"{self.name}: {edit.function}() has "
                             f"'{edit.text}' {len(found)} times, not once")
        return begin + found[0][0], begin + found[0][1]

    def add(self, edit, number):
        """Note that @edit is part of fault @number."""
        first, last = self.span(edit)
        for begin, end, *_ in self.spans:
            if begin < first < end < last or first < begin < last < end:
                raise PlantError(f"{self.name}: '{edit.text}' in "
                                 f"{edit.function}() overlaps another edit")
        self.spans.append((first, last, edit, number))

    def planted(self):
        """The text with all edits, whole ones around their parts."""
        pieces = []
        for order, (first, last, edit, number) in enumerate(self.spans):
            size = last - first
            # Where edits meet, the ends come first, the inner one of them.
            for place, rank, text in ((first, (1, -size, order), edit.before),
                                   (last, (0, size, -order), edit.behind)):
                text = re.sub(r"\bPLANTED\b", f"PLANTED({number})", text)
                pieces.append((place, rank, text))
        out, done = "", 0
        for place, _, text in sorted(pieces):
            out += self.text[done:place] + text
            done = place
        return out + self.text[done:]


def sources(tree):
    """The code of the drivers as it is in @tree, {name: Source}."""
    names = sorted(str(p.relative_to(TOP)) for p in
                   (TOP / "drivers").rglob("*.c") if p.parent.name != "tests")
    names += HEADERS
    return {name: Source(name, (Path(tree) / name).read_text(encoding="utf-8"))
            for name in names}


def home(files, function):
    """The Source that defines @function."""
    found = [s for s in files.values() if body(s.text, function)]
    if len(found) != 1:
        raise PlantError(f"the drivers define {function}() {len(found)} "
                         "times, not once")
    return found[0]


# ----- the table -----

def table(tree=TOP):
    """All faults with their files and numbers, and the files of @tree.

    PlantError with all that find no place.
    """
    files = sources(tree)
    wrong = []
    for number, fault in enumerate(FAULTS, 1):
        fault.number = number
        for edit in fault.edits:
            try:
                source = home(files, edit.function)
                source.add(edit, number)
                fault.file = fault.file or source.name
            except PlantError as error:
                wrong.append(f"{fault.name}: {error}")
    names = [f.name for f in FAULTS]
    wrong += [f"{name}: there are two of this name"
              for name in sorted({n for n in names if names.count(n) > 1})]
    if wrong:
        raise PlantError("\n".join(wrong))
    return FAULTS, files


def chosen(faults, name):
    """Those of @faults that @name names: a fault, a file or a glob of faults.

    A file may be given without its folder.
    """
    return [f for f in faults if not name or
            name in (f.file, Path(f.file).name) or
            fnmatch.fnmatchcase(f.name, name)]


# ----- planting -----

def _write(path, text):
    """Write a file, unless it has this text: make goes by the time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def plant(tree, out):
    """Write copies of the drivers of @tree to @out, with all faults."""
    files = table(tree)[1]
    header = Path(__file__).with_name("planted.h").read_text(encoding="utf-8")
    here = "#define ANS2_PLANTED_HERE\n"
    for name, source in files.items():
        # The lines keep their numbers.
        _write(out / name, f'{here}#include "{HEADER}"\n'
               f'#line 1 "{name}"\n{source.planted()}')
        _write(out / Path(name).with_name(HEADER), header)
        here = ""
    for name in COMPANIONS:
        _write(out / name, (tree / name).read_text(encoding="utf-8"))


def main(args):
    """Do what the command line says."""
    try:
        if args == ["--check"]:
            table()
        elif args[:1] == ["--names"] and len(args) <= 2:
            for fault in chosen(table()[0], "".join(args[1:])):
                print(fault.file, fault.name)
        elif len(args) == 2 and not args[0].startswith("-"):
            plant(Path(args[0]), Path(args[1]))
        else:
            sys.exit(__doc__)
    except PlantError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
