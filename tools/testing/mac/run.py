#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Boot the emulated Mac: a console here, or one command in it.

Usage: run.py             the console; Ctrl-A x ends the emulator
       run.py COMMAND     its output, its status

The variables of the Makefile choose kernel, driver and pages. SSD names an
image that is written to.
"""

import contextlib
import os
import select
import shutil
import signal
import sys
import termios
import time
import tty
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mac import Build, Debian, Mac, MacError  # noqa: E402

ESCAPE = b"\x01"
# It hands the drive over like this.
UBOOT = "CC.EN cleared before I/O SQ 1 was deleted"


def say(text):
    print(f"run: {text}", file=sys.stderr, flush=True)


def report_rules(mac):
    with contextlib.suppress(MacError):
        if mac.violations():
            say(f"the guest broke rules of the hardware: {mac.by_rule()}")
            for reason in mac.reasons():
                known = isinstance(mac, Debian) and UBOOT in reason
                say(f"  {reason}" + (", which U-Boot is known for" if known
                                     else ""))


@contextlib.contextmanager
def raw_terminal():
    """The terminal passes every key on, if there is one."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


class Keys:
    """What the user typed, without the escape sequence that ends it all."""

    def __init__(self):
        self.escaped = False
        self.ended = False

    def feed(self, data):
        out = bytearray()
        for byte in data:
            key = bytes([byte])
            if self.escaped:
                self.escaped = False
                if key in b"xX":
                    self.ended = True
                    break
                # Ctrl-A Ctrl-A and Ctrl-A a give one Ctrl-A.
                out += ESCAPE if key in ESCAPE + b"a" else ESCAPE + key
            elif key == ESCAPE:
                self.escaped = True
            else:
                out += key
        return bytes(out)


def console(mac):
    """Until the guest is off or the user has enough."""
    keys = Keys()
    inputs = [0]
    with raw_terminal():
        while not (keys.ended or mac.console.deaf or mac.is_off()):
            ready, _, _ = select.select(inputs, [], [], 0.2)
            if not ready:
                continue
            data = os.read(0, 1024)
            if not data:
                inputs = []
            mac.console.send(keys.feed(data))


def machine(build, ssd, **options):
    kind = Debian if build.distro else Mac
    return kind(build, "run", ssd=ssd, **options)


def interactive(build, ssd):
    options = {}
    if not build.distro:
        size = shutil.get_terminal_size()
        options["init_args"] = f"shell:{size.lines}x{size.columns}"
    elif build.distro == "1" and build.driver == "upstream":
        say("press u at GRUB's menu for upstream's drivers")
    say("booting; Ctrl-A x ends the emulator, so does 'poweroff' in it")
    with machine(build, ssd, echo=1, **options) as mac:
        console(mac)
        report_rules(mac)
    return 0


def command(build, ssd, text):
    def show(fd, data):
        while data:
            data = data[os.write(fd, data):]

    begin = time.monotonic()
    with machine(build, ssd, append="quiet") as mac:
        mac.boot()
        result = mac.run(text, None, show)
        say(f"the command began {result.started - begin:.1f} s after the "
            f"emulator, ended with status {result.status} after "
            f"{time.monotonic() - result.started:.1f} s")
        if ssd:
            mac.poweroff()
        report_rules(mac)
    return result.status


def main(argv):
    # As ^C: what is running ends, and so does this with status 143.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        build = Build.from_environment()
        ssd = os.environ.get("SSD")
        if len(argv) > 1:
            return command(build, ssd, " ".join(argv[1:]))
        return interactive(build, ssd)
    except MacError as e:
        say(e)
        return 125
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv))
