# SPDX-License-Identifier: GPL-2.0-only
"""A table: in which state of the drive what goes wrong, and what then.

Each cell is a case, "recover-STATE/FAULT". Its result is the time for which
nobody got anything from the drive, or which the system took to let go of it or
to find it, in time of the guest. Nobody must get an error or wrong data, unless
nothing brings the drive back: then there are errors soon, and the system can do
without the drive.

The cells share a machine with its root file system in memory, and the drive is
bound anew before each: a firmware that crashes all the time is given up, and
the crashes of other cells must not count. What is seen at the start of the
system has machines of its own.
"""

import re
import threading
import time
from dataclasses import dataclass

from mac import MacError
from mac.machine import RTKIT
from mac.suite import Case

from . import programs
from .common import Background, wait_drive, wait_live
from .controller import firmware_starts
from .detach import UPTIME
from .recovery_faults import FAULTS, missing
from .recovery_load import (PATIENCE, Report, arm, crash, disarm, few_starts,
                            gap_command, has_struck, in_time, load,
                            load_and_crash, patience)
from .recovery_states import SLEEP, STATES, WAIT

# What the system does without a drive that is dead, and the seconds it may take
AFTER_DEATH = 5
# Starts of the firmware, more than there will be
MANY = 1000
PREPARE = f"""
set -e
d=$(echo /sys/bus/platform/drivers/*/*.nvme)
echo ${{d##*/}} > ${{d%/*}}/unbind
echo ${{d##*/}} > ${{d%/*}}/bind
{WAIT}
echo platform > /sys/power/pm_test
echo 0 > /sys/module/suspend/parameters/pm_test_delay
echo ${{d%/*}} ${{d##*/}} $(readlink -f /sys/class/nvme/nvme0/device)
"""
OFF = "the system goes off"
STAMP = r"\[ *(\d+\.\d+)\](?:\[ *[TC]\d+\])? "
# The kernel's line before it looks for the firmware, and for the controller
BEFORE_START = "235208000.serial: ttySAC2"
BEFORE_PROBE = "nvme nvme0: pci function"


@dataclass(frozen=True)
class Drive:
    """Where the guest finds it."""

    platform: str
    node: str
    folder: str
    pci: str = "/sys/bus/pci/drivers/nvme"

    @property
    def function(self):
        return self.folder.rsplit("/", 1)[1]

    def fill(self, command):
        """@command with the names in braces replaced."""
        return command.format(platform=self.platform, node=self.node,
                              folder=self.folder, pci=self.pci,
                              function=self.function)


# ----- what becomes of the drive -----

def stays(mac, state, fault, drive):
    """The drive is there all the time; no user notices more than a wait."""
    command = drive.fill(state.command)
    before = firmware_starts(mac)
    arm(mac, state, fault)
    if state.delay:
        report = load_and_crash(mac, state.workers, fault, command,
                                state.delay)
    else:
        report = load(mac, state.workers, fault, command)
    report.without_errors()
    has_struck(mac, state)
    wait_live(mac)
    few_starts(mac, state, fault, before)
    took = report.gap
    if not state.workers:
        took = report.command + report.first
    in_time(mac, "the standstill", took, fault.limit)
    return took


def find(mac, fault, command):
    """@command brings the drive. Returns what it took until it was used."""
    report = load(mac, 0, fault, f"{command}; {WAIT}")
    report.without_errors()
    wait_live(mac)
    took = report.command + report.first
    in_time(mac, "finding the drive", took, fault.limit)
    return took


def leaves(mac, state, fault, drive):
    """The drive is let go of, and can be had again."""
    before = firmware_starts(mac)
    arm(mac, state, fault)
    report = load(mac, state.workers, fault, drive.fill(state.command),
                  fails=True)
    report.ended()
    has_struck(mac, state)
    took = max(report.command, report.refused)
    in_time(mac, "letting go of the drive", took, fault.limit)
    took = max(took, find(mac, fault, drive.fill(state.after)))
    few_starts(mac, state, fault, before)
    return took


def comes(mac, state, fault, drive):
    """The drive is found."""
    mac.sh(drive.fill(state.before))
    before = firmware_starts(mac)
    arm(mac, state, fault)
    took = find(mac, fault, drive.fill(state.command))
    has_struck(mac, state)
    few_starts(mac, state, fault, before)
    return took


def goes_off(mac, state, fault, _drive):
    """The system goes off, however its drive does, and starts again.

    Timed are the kernel's lines from the command to its last.
    """
    limit = AFTER_DEATH if fault.dead else fault.limit
    arm(mac, state, fault)
    start = len(mac.console.text)
    Background(mac, "gap", gap_command(
        mac, state.workers, patience(mac, fault),
        f"echo {OFF} > /dev/kmsg; {state.command}", fails=True))
    end = mac.console.wait(STAMP + "reboot: (Power down|Restarting system)",
                           patience(mac, fault), mac.check_alive, start)
    has_struck(mac, state)
    disarm(mac)
    if end[2] == "Power down":
        mac.wait_off()
        mac.off = False
        mac.qmp("system_reset")
        mac.qmp("cont")
    mac.agent.wait_ready(90 * mac.patience, "the guest after it went off")
    wait_drive(mac)
    begin = re.compile(STAMP + OFF).search(mac.console.text, start)
    took = round((float(end[1]) - float(begin[1])) * 1000)
    in_time(mac, state.name, took, limit)
    return took


# ----- dead -----

class Tries:
    """Looks at the firmware in its block, and notes when it was started last.

    The machine counts down how often it is to be started with a fault. A thread
    looks, because the guest does not answer while it sleeps; nobody else may
    ask the machine meanwhile.
    """

    def __init__(self, mac):
        self.mac = mac
        self.last = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_error):
        self.over.set()
        self.thread.join()

    def await_one(self, seconds):
        """Give the firmware time to be started, @seconds at most."""
        end = time.monotonic() + seconds
        while self.last is None and time.monotonic() < end:
            time.sleep(0.02)

    def _look(self):
        left = MANY
        while not self.over.wait(0.02):
            before, left = left, self.mac.get(RTKIT, "boots")
            if left != before:
                self.last = time.monotonic()


def clock(mac):
    """What to add to the guest's clock for the host's."""
    before = time.monotonic()
    guest = float(mac.sh(UPTIME))
    return (before + time.monotonic()) / 2 - guest


def timed(mac, command):
    """How long @command takes in the guest, ms; it may fail."""
    begin, end = mac.sh(f"{UPTIME}; {command}; {UPTIME}").split()
    return round((float(end) - float(begin)) * 1000)


def dead(mac, state, fault, drive):
    """The firmware never comes back: errors, and a system without a drive.

    Behind it the system sleeps, lets go of what is left of the drive and, with
    a firmware that starts, finds it again.
    """
    offset = clock(mac)
    if state.before:
        mac.sh(drive.fill(state.before))
    mac.set(RTKIT, "boots", MANY)
    arm(mac, state, fault)
    job = Background(mac, "gap", gap_command(
        mac, 0 if state.kind == "comes" else state.workers,
        PATIENCE * 3 * mac.patience, drive.fill(state.command), fails=True))
    if state.delay:
        time.sleep(state.delay)
        crash(mac)
    with Tries(mac) as tries:
        report = Report.parse(job.wait(PATIENCE * 4)[1])
        # A user may have the error before the firmware has its next try.
        tries.await_one(PATIENCE)
    report.ended()
    has_struck(mac, state)
    if tries.last is None:
        raise MacError("nobody has tried to start the firmware again")
    errors = report.start + max(report.command, report.refused)
    took = errors - round((tries.last - offset) * 1000)
    in_time(mac, "the wait for errors after the last try", took, fault.limit)
    return max(took, revive(mac, drive))


def revive(mac, drive):
    """What can be done to a dead drive; the longest that it took, ms."""
    slept = timed(mac, SLEEP)
    in_time(mac, "sleep and wake-up without the drive", slept, AFTER_DEATH)
    unbound = timed(mac, drive.fill("echo {node} > {platform}/unbind"))
    in_time(mac, "unbinding", unbound, AFTER_DEATH)
    disarm(mac)
    mac.sh(drive.fill("echo {node} > {platform}/bind"))
    Report.parse(mac.sh(gap_command(mac, 0, PATIENCE, WAIT))).without_errors()
    return max(slept, unbound)


# ----- booting -----

def root_mounted(mac, begin):
    """The ms from the kernel's line @begin to its root file system."""
    first = re.search(STAMP + begin, mac.console.text)
    last = re.search(STAMP + r"EXT4-fs \(nvme0n1p5\): mounted",
                     mac.console.text)
    if not first or not last:
        raise MacError(f"the kernel did not say '{begin}' and then that the "
                       "root file system is mounted")
    return round((float(last[1]) - float(first[1])) * 1000)


def boots(state, fault):
    """A case: the system starts from the drive."""
    def case(setup, judge):
        name = f"recover-{state.name}-{fault.name}"
        with setup.mac(name, qemu_args=["-S"]) as mac:
            arm(mac, state, fault)
            mac.qmp("cont")
            mac.boot(60 + fault.limit)
            has_struck(mac, state)
            took = root_mounted(mac, BEFORE_START if state.own_start else
                                BEFORE_PROBE)
            in_time(mac, "the way to the root", took, fault.limit)
            few_starts(mac, state, fault, 0)
            mac.sh("sha256sum /usr/bin/fio")
            judge(mac)
        return f"{took} ms"
    return case


# ----- the table -----

KINDS = {"stays": stays, "leaves": leaves, "comes": comes, "off": goes_off}


def name_of(state, fault):
    """The name of the cell's case."""
    return f"recover-{state.name}/{fault.name}"


def is_core(state, fault):
    """Whether the cell is run where T names none."""
    return fault.name == "crash" or (state.core and fault.core)


CELLS = [(state, fault.at(state)) for state in STATES for fault in FAULTS
         if not missing(state, fault)]
CORE = {name_of(*cell) for cell in CELLS if is_core(*cell)}
SLOW = {name_of(*cell) for cell in CELLS if cell[1].slow}


def on_shared(state, fault):
    """A case, on a machine that it shares with others."""
    run = dead if fault.dead and state.kind != "off" else KINDS[state.kind]

    def case(mac):
        disarm(mac)
        drive = Drive(*mac.sh(PREPARE).split())
        before = mac.starved_before = mac.starved()
        try:
            took = run(mac, state, fault, drive)
        except MacError as error:
            raise MacError(f"{error}\nmeanwhile the emulator's threads waited "
                           f"{mac.starved() - before} ms for a processor"
                           ) from error
        disarm(mac)
        return f"{took} ms"
    return case


def in_memory(build):
    """Options of the machine that the cells share."""
    return {"root": "ram", "initrd": programs.initramfs(build)}


def cells(setup, shared, known):
    """The table's Cases; known(state, fault) are the rules that one breaks.

    The machines of @setup have their root file system on the drive, that of
    @shared has it in memory.
    """
    for state, fault in CELLS:
        name = name_of(state, fault)
        own = state.kind == "boots"
        yield Case(setup if own else shared, name,
                   (boots if own else on_shared)(state, fault), own=own,
                   known=known(state, fault), on_demand=name not in CORE)
