# SPDX-License-Identifier: GPL-2.0-only
"""The jobs of a measurement: what is done to the drive, and where."""

import fnmatch
from dataclasses import dataclass

QUICK = "quick"
# No job of a load: what a controller takes
MEMORY = "memory"


@dataclass(frozen=True)
class Place:
    """How a machine is booted for some jobs.

    @coherent: the driver takes it that the controller sees the caches
    """

    name: str
    cpus: int = 1
    coherent: bool = False


ONE = Place("1cpu")
TWO = Place("2cpu", cpus=2)
COHERENT = Place("coherent", coherent=True)


@dataclass(frozen=True)
class Job:
    """One line of the table.

    @words: what load.c is told
    @scheduler: of the block layer; "default" for what the driver gets
    @window: how many I/Os are looked at, twice
    @samples: of how many requests the time is taken meanwhile; 0: of one and
        a half windows
    @quick: it belongs to the selection of that name
    """

    name: str
    words: str
    place: Place = ONE
    scheduler: str = "none"
    window: int = 2000
    samples: int = 0
    quick: bool = False

    @property
    def looked_at(self):
        """How many times are taken."""
        return self.samples or self.window * 3 // 2

    @property
    def full_name(self):
        return f"{self.place.name}/{self.scheduler}/{self.name}"


RANDOM = {
    "r4k-1": "op=read depth=1",
    "r4k-4": "op=read depth=4",
    "r4k-32": "op=read depth=32",
    "r4k-61": "op=read depth=61",
    "r4k-32b": "op=read depth=32 batch=16",
    "r4k-61b": "op=read depth=61 batch=32",
    "w4k-1": "op=write depth=1",
    "w4k-4": "op=write depth=4",
    "w4k-32": "op=write depth=32",
    "w4k-61": "op=write depth=61",
    "w4k-32b": "op=write depth=32 batch=16",
    "w4k-61b": "op=write depth=61 batch=32",
}
OTHERS = {
    "r128k-4": "op=read order=sequential bytes=131072 depth=4",
    "w128k-4": "op=write order=sequential bytes=131072 depth=4",
    "r1m-2": "op=read order=sequential bytes=1048576 depth=2",
    "w1m-2": "op=write order=sequential bytes=1048576 depth=2",
    "fsync4k": "op=write way=fsync",
    "mixed-32": "op=mixed depth=32",
    "fixed-32b": "op=read way=fixed depth=32 batch=16",
    "passthrough-1": "op=read way=passthrough depth=1",
    "passthrough-32b": "op=read way=passthrough depth=32 batch=16",
}
# A reader beside two that write, and one that flushes. These are large enough to
# keep the drive busy and not the processor. The reader has one I/O of some
# twenty.
BESIDE = {"r4k-1+w128k": "op=read with op=write depth=61 bytes=131072 "
                         "with op=write depth=61 bytes=131072 "
                         "with op=write way=fsync"}
BESIDE_WINDOW = 24000
BESIDE_SAMPLES = 1000
SCHEDULERS = ("none", "mq-deadline", "kyber", "bfq")
# Those that others are shown with, too
SOME = ("r4k-1", "r4k-32", "r4k-32b", "w4k-32", "r128k-4")
IN_QUICK = ("r4k-1", "r4k-32", "r4k-32b", "w4k-32", "r128k-4", "fsync4k")


def _window(name):
    """Larger requests and slower ones: fewer of them."""
    if "1m" in name:
        return 200
    return 800 if "128k" in name or "fsync" in name else 2000


def _jobs():
    every = {**RANDOM, **OTHERS}
    for name, words in every.items():
        yield Job(name, words, window=_window(name), quick=name in IN_QUICK)
    for scheduler in ("mq-deadline", "default"):
        for name in SOME:
            yield Job(name, every[name], scheduler=scheduler,
                      window=_window(name))
    for name in SOME:
        yield Job(name, every[name], COHERENT, window=_window(name),
                  quick=name == "r4k-1")
    for scheduler in SCHEDULERS:
        for name, words in BESIDE.items():
            yield Job(name, words, scheduler=scheduler, window=BESIDE_WINDOW,
                      samples=BESIDE_SAMPLES)
    # the controller's interrupt goes to the first processor
    for name in ("r4k-1", "r4k-32", "r4k-32b"):
        for cpu in (0, 1):
            yield Job(f"{name}@{cpu}", f"{every[name]} cpu={cpu}", TWO,
                      quick=name == "r4k-1" and cpu == 0)


JOBS = tuple(_jobs())


def is_chosen(pattern, *names):
    """Whether JOBS= is nothing, one of @names, or a glob for one."""
    return not pattern or any(fnmatch.fnmatchcase(name, pattern)
                              for name in names)


def chosen(pattern):
    """The jobs that JOBS= names: a word, a name, or a glob; or all."""
    if pattern == QUICK:
        return tuple(j for j in JOBS if j.quick)
    return tuple(j for j in JOBS if is_chosen(pattern, j.name, j.full_name))
