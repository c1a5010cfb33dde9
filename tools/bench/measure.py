# SPDX-License-Identifier: GPL-2.0-only
"""Jobs on a machine, and the figures that come of them."""

from collections import Counter

from mac import MacError

from attribution import STACK, attribute
from machines import machine
from reference import JUDGED

SCHEDULER = "/sys/block/nvme0n1/queue/scheduler"
LOAD = "/payload/load"
OUTPUT = "/tmp/load.out"
# What may be taken from a window of the same job a moment later
REPEATS = 0.02
WINDOW_TIMEOUT = 600
MORE_WINDOWS = 3


class Session:
    """One machine and the jobs that are done on it."""

    def __init__(self, mac, plugin, kernel):
        self.mac = mac
        self.plugin = plugin
        self.kernel = kernel
        self.scheduler = self._scheduler()

    def _scheduler(self):
        text = self.mac.sh(f"cat {SCHEDULER}")
        return text.split("[")[1].split("]")[0] if "[" in text else \
            text.strip()

    def _start(self, job):
        wanted = job.scheduler
        if wanted == "default":
            wanted = self.scheduler
        self.mac.sh(f"echo {wanted} >{SCHEDULER}")
        # without redirection the agent would wait for the load's output
        self.mac.sh(f"{LOAD} samples={job.looked_at} {job.words} >{OUTPUT} "
                    "2>&1 & echo $! >/tmp/load.pid")
        # what it cannot do it says at once
        if self.mac.run("sleep 0.1; kill -0 $(cat /tmp/load.pid)").status:
            said = self.mac.sh(f"cat {OUTPUT}")
            raise MacError(f"{job.full_name}: {said.rstrip()}")
        return wanted

    def _stop(self):
        """What the load says of its requests.

        Returns ({name: number}, the names of those that vary).
        """
        text = self.mac.sh("kill $(cat /tmp/load.pid); "
                           f"until grep -q . {OUTPUT}; do sleep 0.01; done; "
                           f"cat {OUTPUT}")
        if not text.startswith("requests="):
            raise MacError(f"the load ended early: {text}")
        told = {name: [int(value) for value in values.split(",")]
                for name, _, values in (word.partition("=")
                                        for word in text.split())}
        seconds = told.pop("ns")[0] / 1e9
        samples = told["requests"][0]
        if not seconds:
            raise MacError(f"the load had too few requests: {text}")
        rates = {f"{name}/s": told.pop(name)[0] / seconds
                 for name in ("requests", "beside")}
        varies = [name for name, values in told.items()
                  if not same(*values[1:])]
        return {**{name: values[0] for name, values in told.items()},
                **rates, "samples": samples}, varies

    def _registers(self, window):
        """{(name, "r" or "w"): accesses for each I/O} of the controller."""
        start, size = self.mac.window
        counts = Counter()
        for (address, way), times in window.registers.items():
            if start <= address < start + size:
                counts[self.mac.register(address - start), way] += times
        return {key: times / window.ios for key, times in counts.items()}

    def _figures(self, window):
        groups, functions, events = attribute(self.kernel, window)
        registers = self._registers(window)
        everything = sum(window.registers.values()) / window.ios
        figures = {**dict.fromkeys(STACK, 0.0), **groups, **events}
        figures["stack"] = sum(figures[g] for g in STACK)
        figures["total"] = sum(groups.values())
        for name, way in (("reads", "r"), ("writes", "w")):
            figures[name] = sum(n for (_, w), n in registers.items()
                                if w == way)
        figures["other accesses"] = everything - figures["reads"] - \
            figures["writes"]
        return figures, registers, functions

    def _agree(self, before, last):
        """Whether two windows say the same of what is judged."""
        one, other = (self._figures(window)[0] for window in (before, last))
        return all(same(one[name], other[name]) for name in JUDGED)

    def _windows(self, job):
        """Two windows of @job, which goes on; the first I/Os do not count.

        A load that has not yet come to its rhythm gets some more.
        """
        def window(ios):
            return self.plugin.window(ios, WINDOW_TIMEOUT)

        try:
            window(job.window // 4)
            before, last = window(job.window), window(job.window)
            for _ in range(MORE_WINDOWS):
                if self._agree(before, last):
                    break
                before, last = last, window(job.window)
            return before, last
        except MacError as e:
            said = self.mac.run(f"cat {OUTPUT}").stdout
            raise MacError(f"{job.full_name}: {e}\n{said}".rstrip()) from e

    def run(self, job):
        """The figures of @job: those of its second window.

        What differs from the first is listed under "varies".
        """
        scheduler = self._start(job)
        before, last = self._windows(job)
        first, _, _ = self._figures(before)
        figures, registers, functions = self._figures(last)
        times, times_vary = self._stop()
        return {
            "scheduler": scheduler,
            "figures": figures,
            "varies": sorted(name for name, value in figures.items()
                             if not same(first.get(name, 0), value)) +
            times_vary,
            "registers": {f"{name} {way}": value
                          for (name, way), value in registers.items()},
            "functions": functions,
            "times": times,
        }


def same(a, b, slack=0.005):
    """Whether two figures are the same but for REPEATS.

    @slack: what is less than that for an I/O does not count
    """
    return abs(a - b) <= max(REPEATS * max(a, b), slack)


def measure(build, kernel, who, place, jobs, say):
    """The results of @jobs, all of @place: ({full name: result}, error).

    Behind a job that fails there are no others; the error is a text or None.
    """
    results = {}
    try:
        with machine(build, who, place, kernel) as (mac, plugin):
            session = Session(mac, plugin, kernel)
            for job in jobs:
                results[job.full_name] = session.run(job)
                say(f"{who}: {job.full_name}")
    except MacError as e:
        return results, f"{who}: {place.name}: {e}"
    return results, None
