# SPDX-License-Identifier: GPL-2.0-only
"""One emulated Mac mini: start, talk to, judge, stop."""

import contextlib
import fcntl
import fnmatch
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from .agent import Agent
from .errors import MacError, Timeout

JUDGE = "/machine/soc/judge"
ANS2 = "/machine/soc/ans2"
RTKIT = "/machine/soc/rtkit"

PANIC = re.compile(r"Kernel panic - not syncing.*")
TAIL = 25


class Console:
    """Keeps what the first serial port says, in memory and in @log.

    @echo: file descriptor that gets it too; @deaf says that it is closed
    """

    def __init__(self, sock, log, echo=None):
        self.sock = sock
        self.log = log
        self.echo = echo
        self.deaf = False
        self.text = ""
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with open(self.log, "wb", buffering=0) as log:
            while True:
                try:
                    data = self.sock.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    return
                log.write(data)
                if self.echo is not None:
                    try:
                        os.write(self.echo, data)
                    except OSError:
                        # nobody reads it any more
                        self.echo = None
                        self.deaf = True
                with self.changed:
                    self.text += data.decode(errors="replace")
                    self.changed.notify_all()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.reader.join()
        self.sock.close()

    def send(self, data):
        """Type @data, text or bytes."""
        self.sock.sendall(data.encode() if isinstance(data, str) else data)

    def wait(self, pattern, timeout, alive, start=0):
        """Wait for the regular expression @pattern behind offset @start.

        Returns the match.  @alive raises when waiting makes no more sense.
        """
        regex = re.compile(pattern)
        deadline = time.monotonic() + timeout
        with self.changed:
            while True:
                match = regex.search(self.text, start)
                if match:
                    return match
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Timeout(f"waited {timeout} s in vain for "
                                  f"'{pattern}' on the console")
                self.changed.wait(min(left, 0.25))
                alive(f"'{pattern}' on the console")

    def tail(self):
        return "\n".join(self.text.splitlines()[-TAIL:])


def stolen():
    """How many ms this machine's processors were another machine's.

    They are the eighth of /proc/stat's numbers, in ticks.
    """
    stat = Path("/proc/stat").read_text(encoding="ascii").split()
    return int(stat[8]) * 1000 // os.sysconf("SC_CLK_TCK")


def _run_folder(build):
    """A folder for one run, locked; those of dead runs are removed."""
    base = build.folder / "run"
    base.mkdir(parents=True, exist_ok=True)
    for old in base.iterdir():
        with contextlib.suppress(OSError), open(old / "lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(dir=base))
    lock = open(folder / "lock", "wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return folder, lock


class Mac:
    """A Mac mini that runs until the with block ends.

    @build: where everything is
    @name: names the console log, $O/log/NAME.console
    @firmware: machine option; None for what the driver knows
    @handover: machine option
    @ssd: image to write to; None for a throw-away overlay on the built one
    @image, @dtb: None for the kernel of @build
    @append: further words for the kernel's command line; @build has the one
        for the driver
    @init_args: words for the guest's init
    @root: the root file system; "ram" for the initramfs build.ram
    @initrd: another initramfs, see tools/testing/guest/init.c
    @reboot: False makes a reboot of the guest a power-off
    @echo: file descriptor for the console's output, beside its log
    @machine: further machine options, {name: value}
    @qemu_args: further arguments of the emulator
    """

    console_line = "ttySAC0"

    def __init__(self, build, name="mac", *, firmware=None, handover="off",
                 ssd=None, image=None, dtb=None, append="", init_args="",
                 root="PARTLABEL=linux", initrd=None, memory="2G", cpus=2,
                 reboot=True, echo=None, machine=None, qemu_args=()):
        build.use_qemu_python()
        self.build = build
        self.name = name
        self.firmware = firmware or build.firmware
        self.handover = handover
        self.ssd = ssd
        self.image = image or build.image
        self.dtb = dtb or build.dtb
        self.command_line = (f"console={self.console_line} rootwait rw "
                             f"root={root} {build.driver_word} {append}"
                             ).rstrip()
        if init_args:
            self.command_line += f" -- {init_args}"
        self.initrd = initrd or (build.ram if root == "ram" else None)
        self.memory = memory
        self.cpus = cpus
        self.reboots = reboot
        self.echo = echo
        self.off = False
        self.machine_options = machine or {}
        self.qemu_args = list(qemu_args)
        self.folder = self.lock = self.vm = None
        self.console = self.agent = None
        self.disk = None
        self.log_checked = 0
        # a kernel that checks everything it does needs longer for it
        self.patience = 5 if build.debug else 1
        self.waited = {}
        self.started = 0.0
        # see starved(); a case may begin to count anew
        self.starved_before = 0
        self.log = build.folder / "log" / f"{name}.console"

    # ----- life -----

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind, error, _trace):
        try:
            if isinstance(error, MacError):
                error.args = self.explained(error).args
        finally:
            self.stop()

    def _overlay(self):
        """A throw-away qcow2 image over the built one."""
        disk = self.folder / "ssd.qcow2"
        subprocess.run([self.build.qemu_img, "create", "-q", "-f", "qcow2",
                        "-F", "raw", "-b", str(self.build.ssd), str(disk)],
                       check=True)
        return disk, "qcow2"

    def _serial(self, vm, name):
        """Add a serial port.  Returns the host's end of its line."""
        ours, theirs = socket.socketpair()
        os.set_inheritable(theirs.fileno(), True)
        vm.add_args("-chardev", f"socket,id={name},fd={theirs.fileno()}",
                    "-serial", f"chardev:{name}")
        return ours, theirs

    def _machine_args(self):
        """What makes it this machine, with the drive "ssd" in it."""
        options = {"firmware": self.firmware, "handover": self.handover,
                   "ssd": "ssd", **self.machine_options}
        machine = "".join(f",{k}={v}" for k, v in options.items())
        return ["-M", f"apple-{self.build.machine}{machine}",
                "-dtb", str(self.dtb)]

    def _drive(self):
        """The drive "ssd", as the option -drive takes it."""
        path, form = self.disk
        # what ends the name in a list of options
        path = str(path).replace(",", ",,")
        return f"if=none,id=ssd,file={path},format={form},discard=unmap"

    def _args(self):
        args = [*self._machine_args(), "-m", self.memory,
                "-smp", str(self.cpus), "-display", "none", "-nodefaults",
                "-drive", self._drive(),
                "-kernel", str(self.image), "-append", self.command_line,
                # Stay, so that the judge can be asked after a power-off.
                "-action", "shutdown=pause"]
        if self.initrd:
            args += ["-initrd", str(self.initrd)]
        if not self.reboots:
            args += ["-action", "reboot=shutdown"]
        return args + self._trace_args() + self.qemu_args

    def _trace_args(self):
        """What TRACE asks for: the machine's events, beside the console's log.

        Globs of names, with blanks between them.
        """
        wanted = os.environ.get("TRACE", "").split()
        if not wanted:
            return []
        known = subprocess.run([self.build.qemu, "-trace", "help"], check=True,
                               capture_output=True, text=True).stdout.split()
        for glob in wanted:
            if not fnmatch.filter(known, glob):
                raise MacError(f"TRACE='{glob}' names no event; TRACE is one "
                               "or more globs, as in TRACE='apple_ans2_*'")
        log = self.log.with_suffix(".trace")
        return ["-msg", "timestamp=on", "-D", str(log),
                *(word for glob in wanted
                  for word in ("-trace", f"enable={glob}"))]

    def _start(self):
        from qemu.machine import QEMUMachine

        self.folder, self.lock = _run_folder(self.build)
        self.disk = (self.ssd, "raw") if self.ssd else self._overlay()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # The emulator dies with this process, however this process ends.
        self.vm = QEMUMachine(
            str(self.build.qemu), name=self.name,
            wrapper=("setpriv", "--pdeathsig", "KILL", "--"),
            base_temp_dir=str(self.folder), log_dir=str(self.folder),
            qmp_timer=60)
        console, far_console = self._serial(self.vm, "console")
        line, far_line = self._serial(self.vm, "agent")
        self.vm.add_args(*self._args())
        self.started = time.monotonic()
        try:
            self.vm.launch()
        except Exception as e:
            raise MacError(f"the emulator did not start: {e}") from e
        finally:
            far_console.close()
            far_line.close()
        self.console = Console(console, self.log, self.echo)
        self.agent = Agent(line, self.check_alive)

    def stop(self):
        """End the emulator, if it still runs, and forget its disk."""
        if self.vm:
            with contextlib.suppress(Exception):
                self.vm.shutdown(hard=True)
            self.vm = None
        for line in (self.console, self.agent):
            if line:
                line.close()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.lock.close()
            self.folder = None

    def _messages(self):
        """What the emulator itself had to say."""
        with contextlib.suppress(OSError):
            return (self.folder / f"{self.name}.log").read_text()[-2000:]
        return ""

    def explained(self, error):
        """@error, with the end of the console's log if it has none yet."""
        mark = "console log: "
        if not self.console or mark in str(error):
            return error
        return MacError(f"{error}\n{mark}{self.log}, its end:\n"
                        f"{self.console.tail()}")

    def check_alive(self, what):
        """MacError if the guest cannot get to @what any more."""
        panic = PANIC.search(self.console.text)
        if panic:
            # The lines that follow tell where.
            time.sleep(0.5)
            raise MacError(f"{panic[0]}, during: {what}")
        if not self.vm.is_running():
            raise MacError(f"the emulator ended with status "
                           f"{self.vm.exitcode()} during: {what}\n"
                           f"{self._messages()}".rstrip())

    def starved(self):
        """How many ms the emulator's threads have waited for a processor.

        A guest whose clock runs on meanwhile looks slower than it is. A thread
        that has ended counts with what was last seen of it. So does the time
        in which this machine's own host had other things to do.
        """
        tasks = Path(f"/proc/{self.vm.get_pid()}/task")
        for path in tasks.glob("*/schedstat"):
            with contextlib.suppress(OSError):
                waited = path.read_text(encoding="ascii").split()[1]
                self.waited[path] = int(waited)
        return sum(self.waited.values()) // 10**6 + stolen()

    # ----- the guest -----

    def boot(self, timeout=90):
        """Wait until the guest takes commands.  Returns the boot's id."""
        return self.agent.wait_ready(timeout * self.patience)

    def run(self, command, timeout=60, on_output=None):
        """Run a shell command in the guest.  Returns a Result.

        @timeout in seconds is kept by the guest; the host waits a bit longer,
        and both wait for longer on a kernel with DEBUG=1.
        @on_output is called with 1 or 2 and the bytes as they arrive.
        """
        if timeout:
            timeout *= self.patience
        return self.agent.run(command, timeout, on_output)

    def sh(self, command, timeout=60):
        """The standard output of a command that must succeed."""
        return self.run(command, timeout).check().stdout

    def reboot(self, timeout=90):
        """Reboot the guest in an orderly way and wait for it to come back."""
        before = self.agent.boot
        self._leave("reboot")
        after = self.agent.wait_ready(timeout, "the guest after a reboot")
        if after == before:
            raise MacError("the agent started anew, but the guest did not")
        return after

    def poweroff(self, timeout=60):
        """Power off from within the guest and wait until it is off.

        The emulator stays, stopped: the judge can still be asked.
        """
        self._leave("poweroff")
        self.wait_off(timeout)

    def _leave(self, command):
        # The end may come before the shell has ended by itself.
        result = self.run(command, 15)
        if result.status and result.signal not in (signal.SIGTERM,
                                                   signal.SIGHUP):
            raise MacError(f"{command}: {result.stderr}")

    def is_off(self):
        """Whether the guest has powered off or the emulator has ended."""
        if self.vm.is_running():
            for event in self.vm.get_qmp_events():
                self.off |= event["event"] == "SHUTDOWN"
        return self.off or not self.vm.is_running()

    def wait_off(self, timeout=60):
        """Wait until the guest has powered off."""
        deadline = time.monotonic() + timeout if timeout else None
        while not self.is_off():
            self.check_alive("the power-off")
            time.sleep(0.05)
            if deadline and time.monotonic() > deadline:
                raise Timeout(f"waited {timeout} s in vain for the guest to "
                              "power off")

    # ----- the machine, over QMP -----

    def qmp(self, command, **args):
        try:
            return self.vm.cmd(command, args or None)
        except Exception as e:
            raise MacError(f"QMP {command} {args}: {e}") from e

    def get(self, path, name):
        """A QOM property."""
        return self.qmp("qom-get", path=path, property=name)

    def set(self, path, name, value):
        """Set a QOM property."""
        self.qmp("qom-set", path=path, property=name, value=value)

    def properties(self, path):
        """The names of all QOM properties of an object."""
        return [p["name"] for p in self.qmp("qom-list", path=path)]

    def violations(self):
        """How many rules the guest broke since the last forgive()."""
        return self.get(JUDGE, "violations")

    def by_rule(self):
        """{rule: how often}, of the rules that were broken."""
        return self.get(JUDGE, "by-rule")

    def reasons(self):
        """The first reasons that the judge gave."""
        return self.get(JUDGE, "log")

    def forgive(self):
        """Forget the violations so far."""
        self.set(JUDGE, "clear", True)

    def counters(self):
        """What the drive counted, {name: number}."""
        return {name: self.get(ANS2, name)
                for name in self.properties(ANS2)
                if name.startswith(("count-", "bytes-", "mmio-", "max-"))}

    def clear_counters(self):
        """Let the counters begin anew."""
        self.set(ANS2, "clear-counters", True)
