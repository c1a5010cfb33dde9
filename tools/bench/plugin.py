# SPDX-License-Identifier: GPL-2.0-only
"""The plugin count.c: compiled for the emulator, and asked."""

import os
import shlex
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mac import MacError

SOURCE = Path(__file__).with_name("count.c")
BLOCKS_MAX = 1 << 18


def compiled(build):
    """The plugin as a shared object, newer than its source."""
    target = build.folder / "bench/count.so"
    target.parent.mkdir(parents=True, exist_ok=True)
    include = build.folder / "src/qemu/include/qemu"
    newest = max(path.stat().st_mtime
                 for path in (SOURCE, include / "qemu-plugin.h"))
    if target.exists() and target.stat().st_mtime > newest:
        return target
    glib = subprocess.run(["pkg-config", "--cflags", "glib-2.0"], text=True,
                          capture_output=True, check=True).stdout
    new = target.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra",
         "-Wno-unused-parameter", "-Werror", *shlex.split(glib),
         "-I", str(include), "-o", str(new), str(SOURCE)],
        capture_output=True, text=True, check=False)
    if done.returncode:
        raise MacError(f"{SOURCE} does not compile:\n{done.stderr[-3000:]}")
    os.replace(new, target)
    return target


@dataclass
class Block:
    """@insns instructions at @pc, or of a program (0), run @times times.

    @cut: those of them that were not executed, in all
    """

    pc: int
    insns: int
    times: int
    cut: int


@dataclass
class Window:
    """What was executed for @ios I/Os.

    @registers: {(address, "r" or "w"): accesses}
    @locked: instructions while a lock was held
    """

    ios: int
    blocks: list
    registers: dict
    locked: int


class Plugin:
    """The plugin of an emulator that is about to start.

    @at: the address of the function whose executions are the I/Os
    @locks: [(start, end)] of the code whose locks are looked at
    @takes, @releases: the functions that do so with a lock
    """

    def __init__(self, build, at, locks, takes, releases):
        self.folder = tempfile.TemporaryDirectory(prefix="bench-")
        path = Path(self.folder.name) / "count"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen(1)
        words = [str(compiled(build)), f"socket={path}", f"at={at:x}",
                 *(f"locks={start:x}-{end:x}" for start, end in locks),
                 *(f"take={address:x}" for address in takes),
                 *(f"release={address:x}" for address in releases)]
        self.args = ["-plugin", ",".join(words)]
        self.line = None
        self.text = b""

    def close(self):
        if self.line:
            self.line.close()
        self.listener.close()
        self.folder.cleanup()

    def window(self, ios, timeout):
        """The Window of the next @ios I/Os, which take @timeout s at most."""
        try:
            return self._window(ios, timeout)
        except TimeoutError as e:
            raise MacError(f"there were no {ios} I/Os in {timeout} s") from e

    def _window(self, ios, timeout):
        if not self.line:
            self.listener.settimeout(5)
            self.line = self.listener.accept()[0]
        self.line.settimeout(timeout)
        self.line.sendall(f"window {ios}\n".encode())
        blocks, registers, locked = [], {}, 0
        for words in iter(self._words, None):
            if words[0] == "block":
                blocks.append(Block(int(words[1], 16), *map(int, words[2:])))
            elif words[0] == "register":
                registers[int(words[1], 16), words[2]] = int(words[3])
            elif words[0] == "locked":
                locked = int(words[1])
            elif words[0] == "end":
                if int(words[1]) >= BLOCKS_MAX:
                    raise MacError(f"more than {BLOCKS_MAX} blocks of code")
                return Window(ios, blocks, registers, locked)
        raise MacError(f"the emulator ended in a window of {ios} I/Os")

    def _words(self):
        """The next line's words, or None at the end."""
        while b"\n" not in self.text:
            data = self.line.recv(1 << 16)
            if not data:
                return None
            self.text += data
        line, _, self.text = self.text.partition(b"\n")
        return line.decode().split()
