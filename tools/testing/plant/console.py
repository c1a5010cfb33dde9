# SPDX-License-Identifier: GPL-2.0-only
"""Boots of a kernel with KUnit suites, each ended at its first failure."""

import os
import re
import subprocess
import threading
import time

# A line of the kernel's KTAP, with or without the time that printk may add
RESULT = re.compile(r"(?:\[ *[\d.]+\] )?( *)(not )?ok \d+ ([^#]*?)( # .*)?")
SUBTEST = re.compile(r"(?:\[ *[\d.]+\] )?    # Subtest: (.*)")
PLAN = re.compile(r"(?:\[ *[\d.]+\] )?1\.\.(\d+)")
ALARM = re.compile(r"Kernel panic - not syncing: (.*)|"
                   r"INFO: task (.*) blocked for more than")
# How long a console may say nothing: seconds, and times of a good boot. Both
# are the emulator's: a busy host may leave it without a processor, or stop it.
# By the host's clock it may take IDLE times as long.
SILENCE = 40, 6
IDLE = 15
# The guest's clock goes by its instructions, and leaps where it would wait, so
# it does not matter how busy the host is.
CLOCK = "-icount", "shift=2,sleep=off"


class Console:
    """What a console says so far.

    @complaint: what is wrong: the suite and case, its panic, or what hangs
    @over: all suites have a result
    """

    def __init__(self):
        self.suite = "no suite"
        self.planned = None
        self.done = 0
        self.complaint = None

    @property
    def over(self):
        return self.planned == self.done

    def add(self, line):
        """It says @line."""
        line = line.rstrip()
        if found := SUBTEST.fullmatch(line):
            self.suite = found[1]
        elif found := PLAN.fullmatch(line):
            self.planned = int(found[1])
        elif found := RESULT.fullmatch(line):
            indent, bad, name, _ = found.groups()
            self.done += not indent
            if bad and len(indent) == 4:
                self.complaint = f"{self.suite}.{name}"
        elif found := ALARM.search(line):
            panic, task = found.groups()
            self.complaint = f"{self.suite}: {panic or f'{task} hangs'}"


def used(process):
    """The seconds of processor time that @process has had, or None."""
    try:
        with open(f"/proc/{process.pid}/stat", encoding="utf-8") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


class Silence:
    """Kills @process when it works @limit seconds without a call of heard().

    Or when IDLE times as many have passed.
    """

    def __init__(self, process, limit):
        self.process = process
        self.limit = limit
        self.last = 0, time.monotonic()
        self.longest = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.process.kill()

    def heard(self):
        """Something was said."""
        now = used(self.process) or self.last[0]
        self.longest = max(self.longest, now - self.last[0])
        self.last = now, time.monotonic()

    def _watch(self):
        while not self.ended.wait(0.5):
            worked, heard = self.last
            now = used(self.process) or worked
            if now - worked > self.limit or \
                    time.monotonic() - heard > IDLE * self.limit:
                self.process.kill()
                return


def options(args):
    """The options of kunit.py exec in @args: QEMU's, and the kernel's."""
    qemu, kernel = [], []
    for arg in args:
        name, _, value = arg.partition("=")
        {"--qemu_args": qemu, "--kernel_args": kernel}[name].extend(
            value.split())
    return qemu, kernel


class KUnit:
    """Boots of the kernel in @out on QEMU's machine virt, as kunit.py's are.

    @logs: folder for the consoles of boots in which something was wrong
    @args: options for kunit.py exec
    """

    def __init__(self, out, logs, args):
        self.out = out
        self.logs = logs
        self.qemu, self.kernel = options(args)
        self.limits = {}

    def _command(self, suite, number):
        words = ["console=ttyAMA0", "kunit_shutdown=reboot", *self.kernel,
                 f"kunit.filter_glob={suite}", f"ans2_planted={number}"]
        return [self.out / "bin/qemu-system-aarch64", "-nodefaults",
                "-machine", "virt", "-cpu", "max,pauth-impdef=on",
                "-m", "1024", "-no-reboot", "-nographic", "-serial", "stdio",
                *CLOCK, *self.qemu, "-kernel", self.out / "arch/arm64/boot/Image",
                "-append", " ".join(words)]

    def boot(self, suite, number, name, limit):
        """Run @suite with fault @number, @name, until something is wrong.

        Returns the complaint or None, and how long the longest silence was.
        """
        console = Console()
        log = self.logs / f"planted-{name}-{suite}.console"
        with subprocess.Popen(
                self._command(suite, number), stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                errors="replace") as qemu, \
             Silence(qemu, limit) as silence, \
             open(log, "w", encoding="utf-8") as out:
            for line in qemu.stdout:
                silence.heard()
                out.write(line)
                console.add(line)
                if console.complaint or console.over:
                    break
        if not console.complaint and not console.over:
            console.complaint = f"{console.suite}: does not end"
        if not console.complaint:
            log.unlink()
        return console.complaint, silence.longest

    def learn(self, suite):
        """Run @suite without a fault.  Returns the complaint, or None."""
        if suite in self.limits:
            return None
        bad, longest = self.boot(suite, 0, "none", 300)
        least, times = SILENCE
        self.limits[suite] = max(least, times * longest)
        return bad

    def sees(self, fault, suites):
        """What sees @fault, of @suites in this order; None if nothing does."""
        for suite in suites:
            bad, _ = self.boot(suite, fault.number, fault.name,
                               self.limits[suite])
            if bad:
                return bad
        return None
