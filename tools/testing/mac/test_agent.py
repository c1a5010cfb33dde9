#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The guest's agent and the host's side of it, over a pseudo terminal.

Usage: test_agent.py AGENT    (the agent of tools/testing/guest, built for here)
"""

import os
import pty
import select
import socket
import subprocess
import sys
import tempfile
import threading
import tty
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mac.agent import Agent, EXEC, Receiver, pack  # noqa: E402
from mac.errors import MacError, Timeout  # noqa: E402

AGENT = None


class Line:
    """A pseudo terminal on one side, a socket on the other."""

    def __init__(self):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.host, self.far = socket.socketpair()
        self.process = subprocess.Popen([AGENT, os.ttyname(slave)],
                                        start_new_session=True)
        self.slave = slave
        self.thread = threading.Thread(target=self._copy, daemon=True)
        self.thread.start()

    def _copy(self):
        while True:
            try:
                ready, _, _ = select.select([self.master, self.far], [], [])
                if self.master in ready:
                    self.far.sendall(os.read(self.master, 4096))
                if self.far in ready:
                    data = self.far.recv(4096)
                    if not data:
                        return
                    os.write(self.master, data)
            except (OSError, ValueError):
                return

    def raw(self, data):
        """Put bytes on the line, past the host's side of the protocol."""
        self.host.sendall(data)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.host.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.host.close()
        self.far.close()
        os.close(self.slave)
        os.close(self.master)


class AgentTest(unittest.TestCase):
    def setUp(self):
        self.line = Line()
        self.addCleanup(self.line.close)
        self.agent = Agent(self.line.host, lambda what: None)
        self.agent.wait_ready(5)

    def run_it(self, command, timeout=10):
        return self.agent.run(command, timeout)

    def test_output_is_kept_apart(self):
        result = self.run_it("echo out; echo err >&2")
        self.assertEqual((result.status, result.stdout, result.stderr),
                         (0, "out\n", "err\n"))

    def test_status(self):
        self.assertEqual(self.run_it("exit 77").status, 77)

    def test_signal(self):
        result = self.run_it("kill -9 $$")
        self.assertEqual((result.status, result.signal), (137, 9))

    def test_timeout_kills_children_too(self):
        result = self.run_it("echo a; sleep 60 & sleep 61", 0.5)
        self.assertTrue(result.timed_out)
        self.assertEqual((result.status, result.stdout), (124, "a\n"))
        self.assertEqual(self.run_it("pgrep -x sleep -s 0").stdout, "")

    def test_background_process_is_not_waited_for(self):
        result = self.run_it("sleep 30 & echo done")
        self.assertEqual(result.stdout, "done\n")

    def test_much_output_arrives_whole(self):
        result = self.run_it("seq 1 200000", 60)
        self.assertEqual(result.stdout,
                         "".join(f"{i}\n" for i in range(1, 200001)))

    def test_output_before_a_fast_end_is_whole(self):
        result = self.run_it("head -c 60000 /dev/zero | tr '\\0' x")
        self.assertEqual(len(result.stdout), 60000)

    def test_long_command_goes_through_a_file(self):
        sent = {}
        self.agent.push = lambda path, data, mode: sent.update({path: data})
        self.run_it("true " + "x" * 9000)
        self.assertEqual(len(sent["/run/command.sh"]), 9005)

    def test_push_and_pull(self):
        data = bytes(range(256)) * 300 + b"\xf5\x9a" * 3000
        with tempfile.TemporaryDirectory() as folder:
            self.agent.push(f"{folder}/f", data, 0o751)
            self.assertEqual(os.stat(f"{folder}/f").st_mode & 0o777, 0o751)
            self.assertEqual(self.agent.pull(f"{folder}/f"), data)

    def test_push_of_nothing(self):
        with tempfile.TemporaryDirectory() as folder:
            self.agent.push(f"{folder}/f", b"")
            self.assertEqual(self.agent.pull(f"{folder}/f"), b"")

    def test_file_errors_have_their_errno(self):
        for job in (lambda: self.agent.push("/nowhere/f", b"x"),
                    lambda: self.agent.pull("/nowhere/f")):
            with self.assertRaisesRegex(MacError, "No such file"):
                job()

    def test_garbage_is_skipped(self):
        for junk in (b"\x00\xff" * 500, b"\xf5", b"\xf5\x9a",
                     b"\xf5\x9ax\x00\xff\xff\x00\x00", b"\xf5" * 9999):
            self.line.raw(junk)
            self.assertEqual(self.run_it("echo ok").stdout, "ok\n")

    def test_a_broken_frame_is_reported_as_lost(self):
        frame = bytearray(pack(EXEC, self.agent.seq, b"\0" * 8 + b"true"))
        self.agent.seq += 1
        frame[-1] ^= 1
        self.line.raw(frame)
        with self.assertRaisesRegex(MacError, "1 frames lost"):
            self.run_it("echo ok")

    def test_unknown_frame_is_refused(self):
        self.line.raw(pack(ord("?"), self.agent.seq, b""))
        self.agent.seq += 1
        with self.assertRaisesRegex(MacError, "unknown frame type 0x3f"):
            self.run_it("true")

    def test_frames_that_are_too_short_are_refused(self):
        for kind in b"xwcrd":
            self.line.raw(pack(kind, self.agent.seq, b"abc"))
            self.agent.seq += 1
            with self.assertRaises(MacError):
                self.run_it("true")
            self.agent.frames.queue.clear()

    def test_host_gives_up(self):
        self.line.process.send_signal(19)
        with self.assertRaisesRegex(Timeout, "answer"):
            self.agent.wait_ready(0.5, "an answer")


class ReceiverTest(unittest.TestCase):
    def test_any_cut_of_the_stream_gives_the_same_frames(self):
        stream = b"\xf5" + pack(1, 0, b"abc") + b"\x9a" + pack(2, 1, b"")
        for step in range(1, len(stream) + 1):
            rx = Receiver()
            got = []
            for at in range(0, len(stream), step):
                got += rx.feed(stream[at:at + step])
            self.assertEqual((got, rx.lost), ([(1, b"abc"), (2, b"")], 0))

    def test_every_flipped_bit_costs_one_frame(self):
        good, after = pack(1, 0, b"abc"), pack(2, 1, b"def")
        for bit in range(8 * len(good)):
            bad = bytearray(good)
            bad[bit // 8] ^= 1 << bit % 8
            rx = Receiver()
            self.assertEqual(list(rx.feed(bytes(bad) + after)),
                             [(2, b"def")], f"bit {bit}")
            self.assertEqual(rx.lost, 1)


if __name__ == "__main__":
    AGENT = os.path.abspath(sys.argv.pop(1))
    unittest.main()
