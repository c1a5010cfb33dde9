# SPDX-License-Identifier: GPL-2.0-only
"""Which part of the kernel an instruction belongs to.

An address belongs to the symbol of vmlinux before it, a symbol to the object
file that it was linked from, and an object file to a group by its path.
"""

import bisect
import re
import subprocess
from collections import Counter, defaultdict

from mac import MacError

# The first that fits decides.
GROUPS = (
    ("driver", r"drivers/nvme/host/(pci|apple|ans2[a-z-]*)\.o|"
               r"drivers/pci/controller/ans/"),
    ("core", r"drivers/nvme/"),
    ("dma", r"kernel/dma/|arch/arm64/mm/(cache|dma-mapping)\.o|"
            r"mm/dmapool\.o|block/blk-mq-dma\.o|"
            # what nvme-apple maps with, and nvme-pci before 7.0
            r"lib/(scatterlist|sg_pool)\.o"),
    ("elevator", r"block/(mq-deadline|kyber-iosched|bfq[a-z-]*|elevator|"
                 r"blk-mq-sched)\.o"),
    ("blk-mq", r"block/blk-mq[a-z-]*\.o|lib/sbitmap\.o"),
    ("block", r"block/|mm/mempool\.o"),
    ("irq", r"drivers/irqchip/|kernel/irq/|kernel/softirq\.o"),
    ("locks", r"kernel/locking/"),
    ("tasks", r"kernel/sched/|kernel/workqueue\.o"),
    ("io_uring", r"io_uring/"),
    ("memory", r"mm/"),
    ("entry", r"arch/arm64/kernel/"),
    ("strings", r"lib/|arch/arm64/lib/"),
    ("kernel", r""),
)
# How often one of these is called for an I/O
EVENTS = {
    "interrupts": ("__handle_irq_event_percpu",),
    "softirqs": ("handle_softirqs", "__do_softirq"),
    "block softirqs": ("blk_done_softirq",),
    "switches": ("__switch_to",),
}
STACK = ("driver", "core", "dma", "elevator", "blk-mq", "block", "irq")
REST = ("locks", "tasks", "io_uring", "memory", "entry", "strings", "kernel",
        "user")
AT = "nvme_setup_cmd"
# What takes and gives back a lock, where the kernel has it as a function
TAKES = ("_raw_spin_lock", "_raw_spin_lock_irq", "_raw_spin_lock_irqsave")
RELEASES = ("_raw_spin_unlock", "_raw_spin_unlock_irq",
            "_raw_spin_unlock_irqrestore")


def _nm(*args):
    done = subprocess.run(["nm", *map(str, args)], capture_output=True,
                          text=True, check=False)
    if not done.stdout:
        raise MacError(f"nm {args[-1]}: {done.stderr[-500:]}")
    return done.stdout.splitlines()


def _objects(folder):
    """{symbol: the object files that define one of that name}"""
    places = defaultdict(list)
    pattern = re.compile(
        r"(?:[^:]*\.a:)?(.*\.o):[0-9a-f]+ [tTwW] ([^$\s]\S*)")
    archives = ["vmlinux.a", "lib/lib.a", "arch/arm64/lib/lib.a"]
    for archive in archives:
        if not (folder / archive).exists():
            continue
        under = archive.rpartition("/")[0]
        for line in _nm("-A", folder / archive):
            found = pattern.search(line)
            if found:
                path = found[1].removeprefix(f"{folder}/")
                if "/" not in path and under:
                    path = f"{under}/{path}"
                places[found[2]].append(path.rpartition(".a:")[2])
    return places


def group_of(path):
    return next(name for name, pattern in GROUPS if re.match(pattern, path))


class Kernel:
    """The functions of a kernel in the build folder @folder."""

    def __init__(self, folder):
        places = _objects(folder)
        symbols = []
        for line in _nm("-n", folder / "vmlinux"):
            address, _, kind_name = line.partition(" ")
            kind, _, name = kind_name.partition(" ")
            # the linker's own mark where a function begins, too
            if kind in "tTwW" and name in places:
                symbols.append((int(address, 16), name))
        self.names = [name for _, name in symbols]
        self.starts = [address for address, _ in symbols]
        self.paths = self._paths(places)
        self.groups = [group_of(path) for path in self.paths]

    def _paths(self, places):
        """The object file of each symbol.

        Of several with a function of that name it is the one that the symbol
        before it came from, or else the one behind it: the linker keeps files
        together.
        """
        paths, before = [], ""
        for name in self.names:
            here = places[name]
            if len(here) == 1 or before not in here:
                before = here[0] if len(here) == 1 else ""
            paths.append(before)
        behind = ""
        for i in reversed(range(len(paths))):
            here = places[self.names[i]]
            if not paths[i]:
                paths[i] = behind if behind in here else here[0]
            behind = paths[i]
        return paths

    def addresses(self, *names):
        """Where those of the functions @names are that the kernel has."""
        return [self.starts[self.names.index(name)] for name in names
                if name in self.names]

    def address(self, name):
        """Where the function @name is."""
        found = self.addresses(name)
        if not found:
            raise MacError(f"the kernel has no function {name}")
        return found[0]

    def ranges(self, group):
        """[(start, end)] of the code of @group, each with one file or more."""
        found = []
        for i, start in enumerate(self.starts[:-1]):
            if self.groups[i] != group:
                continue
            if found and found[-1][1] == start:
                start = found.pop()[0]
            found.append((start, self.starts[i + 1]))
        return found

    def find(self, address):
        """The index of the function with @address in it, or -1."""
        return bisect.bisect_right(self.starts, address) - 1


def attribute(kernel, window):
    """What @window, of plugin.py, executed for each I/O.

    Returns ({group: instructions}, {function: instructions}, {event: times}).
    """
    groups, functions = Counter(), Counter()
    entered = Counter()
    for block in window.blocks:
        instructions = block.insns * block.times - block.cut
        if not block.pc:
            groups["user"] += instructions
            continue
        i = kernel.find(block.pc)
        groups[kernel.groups[i]] += instructions
        functions[kernel.names[i]] += instructions
        if kernel.starts[i] == block.pc:
            entered[kernel.names[i]] += block.times
    ios = window.ios
    events = {event: max(entered[name] for name in names) / ios
              for event, names in EVENTS.items()}
    events["locked"] = window.locked / ios
    return ({g: n / ios for g, n in groups.items()},
            {f: n / ios for f, n in functions.most_common(40)}, events)
