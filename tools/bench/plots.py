# SPDX-License-Identifier: GPL-2.0-only
"""Plots of what a measurement found, drawn by gnuplot as SVG.

Each has a line for each job and driver, from the top to the bottom, and what is
worse reaches further to the right.
"""

import subprocess

from mac import MacError

from attribution import STACK
from report import ENOUGH

# Told apart by people who see few colours, too
COLOURS = dict(zip(STACK, ("#d55e00", "#e69f00", "#f0e442", "#cc79a7",
                           "#0072b2", "#56b4e9", "#999999")))
MARKS = {"driver": ("#d55e00", 7), "stack": ("#0072b2", 5),
         "total": ("#999999", 9), "the floor: stack": ("#009e73", 4)}
WIDTH, LINE, AROUND = 980, 15, 110
# A job that needs more has a plot with others of its kind.
SMALL = 10000


def _drawn(commands, lines):
    """The SVG of a plot with @lines lines."""
    script = "\n".join([
        f"set terminal svg noenhanced size {WIDTH},{lines * LINE + AROUND} "
        "font 'sans,11' background '#ffffff'",
        f"set yrange [{lines - 0.4}:-0.6]",
        "set key at screen 0.5, screen 0.99 center top horizontal samplen 2",
        "set tmargin 3", "set rmargin 7",
        "set grid xtics lc '#dddddd'",
        "set border 3", "set tics nomirror", *commands])
    done = subprocess.run(["gnuplot"], input=script + "\n", text=True,
                          capture_output=True, check=False)
    if done.returncode or done.stderr:
        raise MacError(f"gnuplot: {done.stderr[-2000:]}")
    return done.stdout


def _names(names):
    marks = ", ".join(f'"{name}" {i}' for i, name in enumerate(names))
    return f"set ytics ({marks})"


def _data(name, rows):
    return [f"${name} << END", *(" ".join(map(str, row)) for row in rows),
            "END"]


def _lines(results):
    """(name, result) of each driver in each job"""
    for name, by_who in results.items():
        for who, result in by_who.items():
            yield f"{name} {who}", result


def _stacked(results):
    """The parts of the stack, one behind the other."""
    lines = list(_lines(results))
    commands, ends = [_names(name for name, _ in lines)], [0] * len(lines)
    commands += ["set xlabel 'instructions for each I/O'", "set xrange [0:*]",
                 "set style fill solid border lc '#ffffff'"]
    plots = []
    for k, group in enumerate(STACK):
        rows = []
        for i, (_, result) in enumerate(lines):
            begin = ends[i]
            ends[i] += result["figures"][group]
            rows.append((begin, ends[i], i))
        commands += _data(f"d{k}", rows)
        plots.append(f"$d{k} using 1:3:1:2:($3-0.42):($3+0.42) with "
                     f"boxxyerror lc '{COLOURS[group]}' title '{group}'")
    commands += _data("sum", ((end, i, round(end))
                              for i, end in enumerate(ends)))
    plots.append("$sum using 1:2:3 with labels left offset 0.5,0 notitle")
    return _drawn([*commands, "plot " + ", ".join(plots)], len(lines))


def _is_small(by_who):
    return all(result["figures"]["stack"] < SMALL
               for result in by_who.values())


def stacks(results):
    """Plots of the stack's parts, of small requests and of large ones."""
    for small in (True, False):
        some = {name: by_who for name, by_who in results.items()
                if _is_small(by_who) == small}
        if some:
            yield _stacked(some)


def _percents(jobs):
    """{mark: [(percent, line)]}, of what it is with upstream's driver"""
    found = {mark: [] for mark in MARKS}
    for i, by_who in enumerate(jobs.values()):
        base = by_who["upstream"]["figures"]
        for mark in ("driver", "stack", "total"):
            found[mark].append((100 * by_who["ours"]["figures"][mark] /
                                (base[mark] or 1), i))
        if "floor" in by_who:
            found["the floor: stack"].append(
                (100 * by_who["floor"]["figures"]["stack"] /
                 (base["stack"] or 1), i))
    return found


def comparison(jobs):
    """Ours as a part of upstream's, of all jobs."""
    jobs = {name: by_who for name, by_who in jobs.items()
            if "ours" in by_who and "upstream" in by_who}
    if not jobs:
        return ""
    commands = [_names(jobs), "set xlabel 'percent of upstream'",
                "set arrow from 100, graph 0 to 100, graph 1 nohead lw 2",
                "set xrange [0:*]",
                "set label 'dearer than upstream' at graph 1, graph 1 "
                "right offset 0,0.7 front textcolor '#aa0000'"]
    plots = []
    for k, (mark, points) in enumerate(_percents(jobs).items()):
        colour, sign = MARKS[mark]
        commands += _data(f"d{k}", points)
        if points:
            plots.append(f"$d{k} using 1:2 with points pt {sign} ps 0.8 "
                         f"lc '{colour}' title '{mark}'")
    return _drawn([*commands, "plot " + ", ".join(plots)], len(jobs))


def _percentiles(told):
    """In us; what there are too few requests for is no number."""
    return [told[name] / 1000 if told["samples"] >= ENOUGH.get(name, 0)
            else "NaN" for name in ("p50", "p99", "p999")]


def times(results):
    """How long requests take: the median to the slowest of thousand."""
    lines = list(_lines(results))
    rows = [(*_percentiles(result["times"]), i)
            for i, (_, result) in enumerate(lines)]
    commands = [_names(name for name, _ in lines), *_data("d", rows),
                "set logscale x", "set xlabel 'us for a request'",
                "last(a, b) = b == b ? b : a",
                "plot $d using 1:4:(last($2,$3)-$1):(0) with vectors nohead "
                "lc '#999999' notitle, "
                "$d using 1:4 with points pt 7 ps 0.8 lc '#0072b2' "
                "title 'median', $d using 2:4 with points pt 5 ps 0.7 "
                "lc '#e69f00' title '99 %', $d using 3:4 with points pt 9 "
                "ps 0.8 lc '#d55e00' title '99.9 %'"]
    return _drawn(commands, len(lines))
