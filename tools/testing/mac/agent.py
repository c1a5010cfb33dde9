# SPDX-License-Identifier: GPL-2.0-only
"""The host's side of the guest's agent: see tools/testing/guest/frame.h."""

import contextlib
import math
import os
import queue
import socket
import struct
import threading
import time
import zlib
from dataclasses import dataclass

from .errors import MacError, Timeout

SYNC = b"\xf5\x9a"
HEADER = struct.Struct("<2sBBH")
FRAME_MAX = 8192
VERSION = 1
# What the guest's line keeps for a reader that is busy is 64 KiB.
WINDOW = 2
CHUNK = 4096

EXEC, WRITE, CLOSE, READ, DATA = b"xwcrd"
READY, STDOUT, STDERR, STARTED, EXIT, ACK, BAD = b"ROESXAB"

END_EXIT, END_SIGNAL, END_TIMEOUT, END_FAILED = range(4)

# After the guest's own time-out, how long it may take to say so.
GRACE = 15.0


@dataclass
class Result:
    """How a command in the guest ended.

    @status is what a shell would call its status: 128 plus the signal if one
    killed it, 124 after a time-out, 127 if it could not be started.
    """

    command: str
    status: int
    stdout: str
    stderr: str
    signal: int = 0
    timed_out: bool = False
    started: float = 0.0

    def check(self):
        """This result if the command was successful, else MacError."""
        if self.status:
            raise MacError(
                f"'{self.command}' ended with status {self.status}\n"
                f"{self.stdout[-2000:]}{self.stderr[-2000:]}".rstrip())
        return self


def pack(kind, seq, payload):
    """One frame, ready for the line."""
    head = HEADER.pack(SYNC, kind, seq & 0xff, len(payload))
    check = ~sum(head) & 0xffff
    return (head + struct.pack("<H", check) + payload +
            struct.pack("<I", zlib.crc32(payload)))


class Receiver:
    """Takes frames out of a stream of bytes."""

    def __init__(self):
        self.buf = bytearray()
        self.expect = 0
        self.lost = 0

    def feed(self, data):
        """Yield (kind, payload) for each whole frame."""
        self.buf += data
        while True:
            start = self.buf.find(SYNC)
            if start < 0:
                keep = 1 if self.buf.endswith(SYNC[:1]) else 0
                del self.buf[:len(self.buf) - keep]
                return
            del self.buf[:start]
            if len(self.buf) < 8:
                return
            _, kind, seq, length = HEADER.unpack_from(self.buf)
            check, = struct.unpack_from("<H", self.buf, 6)
            if length > FRAME_MAX or check != ~sum(self.buf[:6]) & 0xffff:
                del self.buf[:1]
                continue
            if len(self.buf) < 8 + length + 4:
                return
            payload = bytes(self.buf[8:8 + length])
            crc, = struct.unpack_from("<I", self.buf, 8 + length)
            if crc != zlib.crc32(payload):
                del self.buf[:1]
                continue
            del self.buf[:8 + length + 4]
            # A new agent starts counting at zero, wherever the old one was.
            if kind != READY:
                self.lost += (seq - self.expect) & 0xff
            self.expect = (seq + 1) & 0xff
            yield kind, payload


class Agent:
    """Talks to the agent of one guest over @sock.

    A thread of its own keeps reading the line: the emulator stops while a
    serial port of it has a reader that does not read.  @alive is called while
    waiting; it raises when waiting makes no more sense.
    """

    def __init__(self, sock, alive):
        self.sock = sock
        self.alive = alive
        self.frames = queue.Queue()
        self.seq = 0
        self.next_id = 0
        self.boot = None
        self.receiver = Receiver()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.reader.join()
        self.sock.close()

    def _read(self):
        while True:
            try:
                data = self.sock.recv(65536)
            except OSError:
                data = b""
            if not data:
                self.frames.put((None, b""))
                return
            for frame in self.receiver.feed(data):
                self.frames.put(frame)

    def _send(self, kind, payload=b""):
        if len(payload) > FRAME_MAX - 1:
            raise MacError(f"a frame of {len(payload)} bytes is too long")
        try:
            self.sock.sendall(pack(kind, self.seq, payload))
        except OSError as e:
            raise MacError(f"the line to the agent is closed: {e}") from e
        self.seq += 1

    def _next(self, deadline, what):
        """The next frame before @deadline; @what is being waited for."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Timeout(f"waited in vain for {what}")
            try:
                kind, payload = self.frames.get(timeout=min(left, 0.25))
            except queue.Empty:
                self.alive(what)
                continue
            if kind is None:
                self.alive(what)
                raise MacError(f"the emulator ended during: {what}")
            if kind == BAD:
                raise MacError("the agent did not understand: " +
                               payload.decode(errors="replace"))
            if self.receiver.lost:
                raise MacError(f"{self.receiver.lost} frames from the agent "
                               f"were lost during: {what}")
            return kind, payload

    def wait_ready(self, timeout, what="the agent in the guest"):
        """Wait until an agent introduces itself.  Returns the boot's id."""
        deadline = time.monotonic() + timeout
        while True:
            kind, payload = self._next(deadline, what)
            if kind == READY:
                break
        version, = struct.unpack_from("<I", payload)
        if version != VERSION:
            raise MacError(f"the agent speaks version {version}, not "
                           f"{VERSION}: is the SSD image an old one?")
        self.boot = payload[4:].decode()
        self.seq = 0
        return self.boot

    def _expect(self, deadline, what, ident, *kinds):
        """The next frame of @kinds about the job @ident."""
        while True:
            kind, payload = self._next(deadline, what)
            if kind == READY:
                boot = payload[4:].decode()
                raise MacError(
                    f"the agent started anew during: {what}" if
                    boot == self.boot else f"the guest rebooted: {what}")
            if kind not in kinds or len(payload) < 4:
                continue
            if struct.unpack_from("<I", payload)[0] == ident:
                return kind, payload[4:]

    def _job(self):
        self.next_id += 1
        return self.next_id

    def run(self, command, timeout, on_output=None):
        """Run @command with sh -c; see Mac.run()."""
        if len(command.encode()) > CHUNK:
            path = "/run/command.sh"
            self.push(path, command.encode(), 0o700)
            return self.run(f". {path}", timeout, on_output)
        ident = self._job()
        what = f"the end of '{command[:200]}'"
        deadline = time.monotonic() + timeout + GRACE if timeout else math.inf
        self._send(EXEC, struct.pack("<II", ident,
                                     math.ceil((timeout or 0) * 1000)) +
                   command.encode())
        text = {STDOUT: [], STDERR: []}
        started = 0.0
        while True:
            kind, payload = self._expect(deadline, what, ident, STDOUT,
                                         STDERR, STARTED, EXIT)
            if kind == STARTED:
                started = time.monotonic()
            elif kind == EXIT:
                break
            else:
                text[kind].append(payload)
                if on_output:
                    on_output(2 if kind == STDERR else 1, payload)
        out, err = (b"".join(text[k]).decode(errors="replace")
                    for k in (STDOUT, STDERR))
        how, value = struct.unpack("<II", payload)
        result = Result(command, value, out, err, started=started)
        if how == END_SIGNAL:
            result.signal = value
            result.status = 128 + value
        elif how == END_TIMEOUT:
            result.timed_out = True
            result.status = 124
            result.stderr += f"killed after {timeout} s\n"
        elif how == END_FAILED:
            result.status = 127
            result.stderr += f"could not be started: {os.strerror(value)}\n"
        return result

    def _acked(self, deadline, what, ident, path):
        _, payload = self._expect(deadline, what, ident, ACK)
        err, = struct.unpack("<I", payload)
        if err:
            raise MacError(f"{path}: {os.strerror(err)}, in the guest")

    def push(self, path, data, mode=0o644, timeout=None):
        """Write the file @path in the guest.

        The line carries some 10 KB a second; see initramfs.py for more.
        """
        timeout = timeout or GRACE + len(data) / 1000
        ident = self._job()
        what = f"writing {path}"
        deadline = time.monotonic() + timeout
        self._send(WRITE, struct.pack("<II", ident, mode) + path.encode())
        self._acked(deadline, what, ident, path)
        waiting = 0
        for at in range(0, len(data), CHUNK):
            self._send(DATA, struct.pack("<I", ident) + data[at:at + CHUNK])
            waiting += 1
            if waiting == WINDOW:
                self._acked(deadline, what, ident, path)
                waiting -= 1
        self._send(CLOSE, struct.pack("<I", ident))
        for _ in range(waiting + 1):
            self._acked(deadline, what, ident, path)

    def pull(self, path, timeout=120.0):
        """The content of the file @path in the guest."""
        ident = self._job()
        what = f"reading {path}"
        deadline = time.monotonic() + timeout
        self._send(READ, struct.pack("<I", ident) + path.encode())
        parts = []
        while True:
            kind, payload = self._expect(deadline, what, ident, DATA, ACK)
            if kind == ACK:
                break
            parts.append(payload)
        err, = struct.unpack("<I", payload)
        if err:
            raise MacError(f"{path}: {os.strerror(err)}, in the guest")
        return b"".join(parts)
