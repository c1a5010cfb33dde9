# SPDX-License-Identifier: GPL-2.0-only
"""What our drivers cost when somebody last agreed to it.

reference.json is {kernel: {job: {figure: value}}}. A job that is not there is
not judged, nor is a kernel.
"""

import json
from pathlib import Path

FILE = Path(__file__).with_name("reference.json")
JUDGED = ("driver", "stack", "locked", "reads", "writes", "block softirqs")
GROWTH = 0.02
# Some come whoever completes the requests
SLACK = {"block softirqs": 0.05}


def _all():
    return json.loads(FILE.read_text("utf-8")) if FILE.exists() else {}


def _ours(data):
    """{job: {figure: value}}, as far as the figures repeat."""
    return {job: {name: round(results["ours"]["figures"][name], 3)
                  for name in JUDGED
                  if name in SLACK or
                  name not in results["ours"]["varies"]}
            for job, results in data["jobs"].items() if "ours" in results}


def _growths(now, figures):
    for name, before in figures.items():
        value = now.get(name)
        if value is None:
            yield f"{name} does not repeat, it was {before:g}"
        elif value > before * (1 + GROWTH) + SLACK.get(name, 0):
            yield (f"{name} has grown from {before:g} to {value:g}, "
                   f"{100 * (value / before - 1):+.1f} %"
                   if before else f"{name} is {value:g}, was 0")


def growths(data):
    """{job: a line for each figure that has grown by more than GROWTH}

    One that no longer repeats is such a line, too: it cannot be judged. A job
    without a reference is not there.
    """
    known = _all().get(data["kernel"], {})
    return {job: list(_growths(now, known[job]))
            for job, now in _ours(data).items() if job in known}


def write(data):
    """Make @data the reference of its jobs and its kernel."""
    everything = _all()
    everything.setdefault(data["kernel"], {}).update(_ours(data))
    FILE.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n",
                    encoding="utf-8")
