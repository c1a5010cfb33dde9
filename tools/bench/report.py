# SPDX-License-Identifier: GPL-2.0-only
"""What a measurement found, as a table and as JSON.

The JSON is {"kernel": name, "who": [names], "jobs": {job: {who: result}}},
where a result is what Session.run() returns, and perhaps "memory": {who: {part:
bytes}}.
"""

import json

from attribution import STACK

COLUMNS = (*STACK, "stack", "total", "locked", "reads", "writes",
           "interrupts", "softirqs", "switches")
SHORT = {"elevator": "elev.", "interrupts": "irqs", "softirqs": "softirq",
         "switches": "switch"}
TIMES = {"p50": "p50 us", "p99": "p99 us", "p999": "p99.9 us"}
RATES = {"requests/s": "I/O /s", "beside/s": "beside/s"}
# The percentile of fewer times is their maximum.
ENOUGH = {"p99": 100, "p999": 1000}
EVENTS = ("reads", "writes", "interrupts", "softirqs", "switches")


def _cell(result, name):
    """A figure; with a tilde if it was not the same both times."""
    value = {**result["figures"], **result["times"]}.get(name, 0)
    if result["times"]["samples"] < ENOUGH.get(name, 0):
        return "-"
    if name in TIMES:
        text = f"{value / 1000:.1f}"
    else:
        text = f"{value:.2f}" if name in EVENTS else f"{value:.0f}"
    return ("~" if name in result["varies"] else "") + text


def _row(job, who, result):
    return [job, who, *(_cell(result, name)
                        for name in (*COLUMNS, *TIMES, *RATES))]


def _aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) if i < 2 else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))
                        ).rstrip()


def sections(jobs):
    """The results by place and scheduler, {title: {job: {who: result}}}.

    Where several do different things at once all schedulers are together.
    """
    titled = {}
    for full_name, results in jobs.items():
        place, scheduler, name = full_name.split("/")
        title = f"{place}, scheduler {scheduler}"
        if "+" in name:
            title = f"{place}, a reader beside others"
            name = f"{name} {scheduler}"
        titled.setdefault(title, {})[name] = results
    return titled


HEAD = ["job", "who", *(SHORT.get(name, name) for name in COLUMNS),
        *TIMES.values(), *RATES.values()]


def rows(results):
    """The lines of one section's table, without its head."""
    for name, by_who in results.items():
        for i, (who, result) in enumerate(by_who.items()):
            yield _row("" if i else name, who, result)


MEMORY_HEAD = ["memory, KiB", "who", "coherent", "objects", "pages", "sum"]


def memory_rows(by_who):
    """What a controller takes, without a head."""
    for i, (who, parts) in enumerate(by_who.items()):
        values = [*parts.values(), sum(parts.values())]
        yield ["" if i else "a controller", who,
               *(f"{value / 1024:.0f}" for value in values)]


def table(data):
    """All of it as text."""
    lines = [f"{data['kernel']}: for each I/O, executed instructions, register"
             " accesses and events; ~ varies by more than 2 %"]
    for title, results in sections(data["jobs"]).items():
        lines += ["", title, *_aligned([HEAD, *rows(results)])]
    if "memory" in data:
        lines += ["", *_aligned([MEMORY_HEAD, *memory_rows(data["memory"])])]
    return "\n".join(lines)


def write_json(path, data):
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n",
                    encoding="utf-8")
