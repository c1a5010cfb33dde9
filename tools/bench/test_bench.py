#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the bench makes of counts, without a machine.

Usage: test_bench.py
"""

import contextlib
import copy
import io
import json
import socket
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

from mac import MacError  # noqa: E402

import attribution  # noqa: E402
import bench  # noqa: E402
import jobs  # noqa: E402
import memory  # noqa: E402
import page  # noqa: E402
import plots  # noqa: E402
import plugin  # noqa: E402
import reference  # noqa: E402
import report  # noqa: E402
from measure import same  # noqa: E402

VMLINUX = """\
0000000000001000 T nvme_queue_rq
0000000000001000 t $x
0000000000001100 t helper
0000000000001200 T blk_mq_submit_bio
0000000000001300 t helper
0000000000001400 T __handle_irq_event_percpu
0000000000001400 T __softirqentry_text_start
0000000000001500 D jiffies
"""
ARCHIVE = """\
vmlinux.a:drivers/nvme/host/pci.o:0000000000000000 T nvme_queue_rq
vmlinux.a:drivers/nvme/host/pci.o:0000000000000100 t helper
vmlinux.a:block/blk-mq.o:0000000000000000 T blk_mq_submit_bio
vmlinux.a:block/blk-mq.o:0000000000000100 t helper
vmlinux.a:kernel/irq/handle.o:0000000000000000 T __handle_irq_event_percpu
"""


def kernel():
    def nm(*args):
        return (VMLINUX if args[0] == "-n" else ARCHIVE).splitlines()

    with tempfile.TemporaryDirectory() as folder, \
            mock.patch.object(attribution, "_nm", nm):
        (Path(folder) / "vmlinux.a").touch()
        return attribution.Kernel(Path(folder))


class AttributionTest(unittest.TestCase):
    def test_a_name_that_two_files_have_is_of_the_file_around_it(self):
        self.assertEqual(kernel().groups, ["driver", "driver", "blk-mq",
                                           "blk-mq", "irq"])

    def test_groups(self):
        for path, group in (("drivers/nvme/host/ans2-pci.o", "driver"),
                            ("drivers/nvme/host/core.o", "core"),
                            ("drivers/pci/controller/ans/bridge.o", "driver"),
                            ("block/blk-mq-dma.o", "dma"),
                            ("block/blk-mq-sched.o", "elevator"),
                            ("block/blk-mq-tag.o", "blk-mq"),
                            ("block/bio.o", "block"),
                            ("drivers/irqchip/irq-apple-aic.o", "irq"),
                            ("fs/read_write.o", "kernel")):
            self.assertEqual(attribution.group_of(path), group, path)

    def test_counts(self):
        window = plugin.Window(10, [
            plugin.Block(0x1000, 8, 10, 0),
            # left in the middle each time, and gone on with
            plugin.Block(0x1110, 6, 10, 40), plugin.Block(0x111c, 4, 10, 0),
            plugin.Block(0x1308, 5, 20, 0), plugin.Block(0x1400, 3, 5, 0),
            plugin.Block(0, 7, 30, 0)], {}, 250)
        groups, functions, events = attribution.attribute(kernel(), window)
        self.assertEqual(groups, {"driver": 14, "blk-mq": 10, "irq": 1.5,
                                  "user": 21})
        self.assertEqual(functions["nvme_queue_rq"], 8)
        self.assertEqual(events["interrupts"], 0.5)
        self.assertEqual(events["locked"], 25)

    def test_ranges_of_a_group_are_joined(self):
        self.assertEqual(kernel().ranges("driver"), [(0x1000, 0x1200)])

    def test_missing_function(self):
        with self.assertRaisesRegex(MacError, "no function nvme_setup_cmd"):
            kernel().address("nvme_setup_cmd")
        self.assertEqual(kernel().addresses("nvme_queue_rq", "no-such"),
                         [0x1000])


class PluginTest(unittest.TestCase):
    def window(self, answer, timeout=5):
        """What the client makes of an answer that comes in pieces."""
        line, far = socket.socketpair()
        client = plugin.Plugin.__new__(plugin.Plugin)
        client.line, client.text = line, b""

        def serve():
            self.assertEqual(far.recv(100), b"window 10\n")
            for at in range(0, len(answer), 7):
                far.sendall(answer[at:at + 7])
            if not answer.endswith(b"wait"):
                far.close()

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            return client.window(10, timeout)
        finally:
            thread.join()
            line.close()
            far.close()

    def test_window(self):
        window = self.window(b"block 1000 8 10 0\nregister fe8 w 3\n"
                             b"locked 70\nend 2\n")
        self.assertEqual(window.blocks, [plugin.Block(0x1000, 8, 10, 0)])
        self.assertEqual(window.registers, {(0xfe8, "w"): 3})
        self.assertEqual(window.locked, 70)

    def test_end_of_the_emulator(self):
        with self.assertRaisesRegex(MacError, "the emulator ended"):
            self.window(b"block 1000 8 10 0\n")

    def test_no_end(self):
        with self.assertRaisesRegex(MacError, "no 10 I/Os in 0.2 s"):
            self.window(b"wait", 0.2)

    def test_too_many_blocks(self):
        with self.assertRaisesRegex(MacError, "more than"):
            self.window(b"end %d\n" % plugin.BLOCKS_MAX)


def result(**figures):
    every = {**dict.fromkeys(report.COLUMNS, 1.0), "driver": 100.0,
             "stack": 1000.0, "block softirqs": 0.0, **figures}
    return {"figures": every, "varies": ["total", "p99"],
            "times": {"p50": 80000, "p99": 90000, "p999": 95000,
                      "requests/s": 12500, "beside/s": 0, "samples": 999},
            "registers": {"doorbell w": 1.0}, "functions": {"f<": 2.0},
            "scheduler": "none"}


def data(**figures):
    return {"kernel": "k", "who": ("ours",), "jobs": {
        "1cpu/none/r4k-1": {"ours": result(**figures)}}}


class ReferenceTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        file = Path(folder.name) / "reference.json"
        patch = mock.patch.object(reference, "FILE", file)
        patch.start()
        self.addCleanup(patch.stop)
        reference.write(data())

    def growths(self, now):
        """Of the one job there is"""
        return reference.growths(now)["1cpu/none/r4k-1"]

    def test_what_it_was_is_no_growth(self):
        self.assertEqual(self.growths(data()), [])
        self.assertEqual(self.growths(data(driver=101.9)), [])

    def test_growth(self):
        for name, value in (("driver", 103), ("stack", 1021), ("reads", 1.1),
                            ("writes", 1.03), ("locked", 1.1)):
            grown = self.growths(data(**{name: value}))
            self.assertEqual(len(grown), 1, name)
            self.assertIn(f"{name} has grown", grown[0])

    def test_some_softirqs_are_no_growth(self):
        self.assertEqual(self.growths(data(**{"block softirqs": 0.04})), [])
        grown = self.growths(data(**{"block softirqs": 1.0}))
        self.assertEqual(grown, ["block softirqs is 1, was 0"])

    def test_what_does_not_repeat_cannot_be_judged(self):
        now = data()
        now["jobs"]["1cpu/none/r4k-1"]["ours"]["varies"] = ["stack"]
        self.assertIn("stack does not repeat", "".join(self.growths(now)))

    def test_other_kernels_are_not_judged(self):
        other = {**data(driver=500), "kernel": "other"}
        self.assertEqual(reference.growths(other), {})

    def ended(self, now, errors=()):
        """The exit status and the line that a layer of tests ends with"""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), \
                contextlib.redirect_stderr(io.StringIO()):
            # pylint: disable-next=protected-access
            status = bench._judge(now, errors)
        return status, said.getvalue()

    def test_end(self):
        other = {**data(), "kernel": "other"}
        self.assertEqual(self.ended(data()), (0, "1 passed, 0 failed\n"))
        self.assertEqual(self.ended(data(stack=1100)),
                         (1, "0 passed, 1 failed\n"))
        self.assertEqual(self.ended(other),
                         (0, "0 passed, 0 failed, 1 skipped\n"))
        self.assertEqual(self.ended(data(), ["ours: it hangs"]),
                         (1, "1 passed, 1 failed\n"))

    def test_writing_keeps_other_jobs(self):
        more = copy.deepcopy(data())
        more["jobs"] = {"1cpu/none/w": more["jobs"].popitem()[1]}
        reference.write(more)
        self.assertEqual(
            len(json.loads(reference.FILE.read_text("utf-8"))["k"]), 2)


class ReportTest(unittest.TestCase):
    def test_table(self):
        text = report.table(data())
        for part in ("1cpu, scheduler none", "r4k-1", "ours", " 1000 ", "~1",
                     " 80.0", "~90.0", "12500"):
            self.assertIn(part, text)

    def test_schedulers_are_compared_in_one_table(self):
        some = {f"1cpu/{scheduler}/a+b": {} for scheduler in ("none", "bfq")}
        self.assertEqual(list(report.sections(some).values()),
                         [{"a+b none": {}, "a+b bfq": {}}])

    def test_memory(self):
        now = {**data(), "memory": {"ours": dict.fromkeys(memory.PARTS,
                                                          4096)}}
        self.assertIn("ours         4        4      4   12",
                      report.table(now))
        self.assertIn("<td>12</td>", page.page(now))

    def test_page(self):
        text = page.page(data())
        self.assertIn("data:image/svg+xml", text)
        self.assertIn("f&lt;", text)

    def test_plots(self):
        both = {"j": {"ours": result(), "upstream": result(stack=500.0)}}
        for svg in (plots.comparison(both), plots.times(both),
                    *plots.stacks(both)):
            self.assertIn("</svg>", svg)

    def test_large_requests_have_a_plot_of_their_own(self):
        both = {"small": {"ours": result()},
                "large": {"ours": result(stack=20000.0)}}
        self.assertEqual(len(list(plots.stacks(both))), 2)

    def test_same(self):
        self.assertTrue(same(1000, 1019))
        self.assertFalse(same(1000, 1030))
        self.assertTrue(same(0, 0.004))
        self.assertFalse(same(0, 1))


ZONEINFO = """\
Node 0, zone      DMA
      nr_free_pages 100
    pagesets
    cpu: 0
              count:    7
              high_min: 14
"""
VMALLOCINFO = """\
0xffff80-0xffff81   32768 dma_common_contiguous_remap+0x40/0x80 vmap
0xffff80-0xffff81   32768 ioremap_prot+0x40/0x80 ioremap
"""
SLABINFO = """\
slabinfo - version: 2.1
# name <active_objs> <num_objs> <objsize> ...
kmalloc-64 10 256 64 256 1 : tunables 0 0 0 : slabdata 1 1 0
"""


class MemoryTest(unittest.TestCase):
    # pylint: disable=protected-access
    def test_what_the_kernel_tells(self):
        self.assertEqual(memory._free(ZONEINFO), 107)
        self.assertEqual(memory._coherent(VMALLOCINFO, 16384), 16384)
        self.assertEqual(memory._objects(SLABINFO), 640)


class JobsTest(unittest.TestCase):
    def test_names_are_unique(self):
        names = [job.full_name for job in jobs.JOBS]
        self.assertEqual(len(names), len(set(names)))

    def test_choice(self):
        self.assertEqual(jobs.chosen("no-such"), ())
        self.assertEqual(jobs.chosen(""), jobs.JOBS)
        self.assertTrue(all(job.quick for job in jobs.chosen("quick")))
        self.assertEqual(
            [j.full_name for j in jobs.chosen("coherent/*/r4k-1")],
            ["coherent/none/r4k-1"])

    def test_each_job_runs_on_each_machine_once(self):
        runs = bench.runs(jobs.JOBS)
        self.assertEqual(len(runs), 9)
        for who in bench.WHO:
            self.assertEqual(sum(len(some) for name, _, some in runs
                                 if name == who), len(jobs.JOBS))


if __name__ == "__main__":
    unittest.main()
