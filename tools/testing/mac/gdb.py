# SPDX-License-Identifier: GPL-2.0-only
"""Looks into a running guest kernel through the emulator's debugger port.

The kernel needs nothing for it, so what is seen is the kernel as it is shipped.
While the guest is stopped its clock stands still.
"""

import contextlib
import re
import select
import socket
import tempfile
import time

from .errors import MacError, Timeout


def address_of(mac, symbol):
    """The address of a function of @mac's kernel."""
    # beside arch/arm64/boot/Image
    text = (mac.image.parents[3] / "System.map").read_text()
    found = re.findall(rf"(?m)^([0-9a-f]+) [tT] {re.escape(symbol)}$", text)
    if len(found) != 1:
        raise MacError(f"{symbol} stands {len(found)} times in the kernel's "
                       "System.map, expected once")
    return int(found[0], 16)


class Gdb:
    """The remote serial protocol, as much of it as calls() needs."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""

    def _more(self, seconds):
        """Receive something; False if nothing came in time."""
        if not select.select([self.sock], [], [], seconds)[0]:
            return False
        data = self.sock.recv(65536)
        if not data:
            raise MacError("the emulator closed the debugger's port")
        self.data += data
        return True

    def answer(self, seconds=20):
        """The next packet, or None if none came in time."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(rb"\$([^#]*)#..", self.data)
            if match:
                self.data = self.data[match.end():]
                self.sock.sendall(b"+")
                return match[1].decode()
            if not self._more(max(0, deadline - time.monotonic())):
                return None

    def send(self, text):
        data = text.encode()
        self.sock.sendall(b"$%s#%02x" % (data, sum(data) & 0xff))

    def ask(self, text):
        """The answer to a request that has one at once."""
        self.send(text)
        answer = self.answer()
        if answer is None:
            raise Timeout(f"the debugger's port does not answer '{text}'")
        if re.fullmatch(r"E..", answer):
            raise MacError(f"the debugger's port answers {answer} to '{text}'")
        return answer


@contextlib.contextmanager
def attached(mac):
    """A Gdb, the guest stopped; it runs on afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/gdb"
        mac.qmp("human-monitor-command", **{
            "command-line": f"gdbserver unix:{path},server=on,wait=off"})
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(path)
            gdb = Gdb(sock)
            gdb.ask("?")
            try:
                yield gdb
            finally:
                gdb.send("D")
        mac.qmp("human-monitor-command",
                **{"command-line": "gdbserver none"})
        if mac.qmp("query-status")["status"] == "paused":
            mac.qmp("cont")


def _thread(stop):
    """The processor that a stop reply names."""
    match = re.search(r"thread:([^;]+);", stop)
    if not match:
        raise MacError(f"the debugger's port says '{stop}' instead of where "
                       "the guest stopped")
    return match[1]


def calls(mac, symbol, argument, most, seconds=20):
    """Argument number @argument of each call of a kernel function.

    Ends after @most calls, or when there was none for @seconds. An argument is
    a register's 64 bits; the caller knows how many of them count.
    """
    place = f"1,{address_of(mac, symbol):x},4"
    values = []
    with attached(mac) as gdb:
        while len(values) < most:
            gdb.ask(f"Z{place}")
            gdb.send("c")
            stop = gdb.answer(seconds)
            if stop is None:
                gdb.sock.sendall(b"\x03")
                gdb.answer()
                gdb.ask(f"z{place}")
                break
            thread = _thread(stop)
            gdb.ask(f"Hg{thread}")
            values.append(int.from_bytes(
                bytes.fromhex(gdb.ask(f"p{argument:x}")), "little"))
            # one instruction further, without the breakpoint
            gdb.ask(f"z{place}")
            gdb.send(f"vCont;s:{thread}")
            gdb.answer()
    return values
