# SPDX-License-Identifier: GPL-2.0-only
"""What the cases know about the drive, and how they ask it.

What they expect of it is written out here again and not read from the model.
"""

import contextlib
import json
import re

from mac import MacError

BLOCKS = 61279344
BLOCK = 4096
MIB = 1 << 20
# Partition 2, where macOS would be: nobody reads it.
SCRATCH = "/dev/nvme0n1p2"
SCRATCH_START = 128256 * BLOCK
# Partition 3, small enough for a file system of its own
SPARE = "/dev/nvme0n1p3"


def expect(what, got, wanted):
    """MacError unless @got is @wanted."""
    if got != wanted:
        raise MacError(f"{what}: got {got!r}, expected {wanted!r}")


def nvme_json(mac, command):
    return json.loads(mac.sh(f"nvme {command} -o json"))


TRACING = "/sys/kernel/tracing"


class Events:
    """Trace events, which kernels with DEBUG have.

    @system: those of the drivers, or of a folder of events
    @only: a filter of the kernel's
    """

    def __init__(self, mac, system, only=""):
        self.mac = mac
        folder = f"{TRACING}/events/{system}"
        if mac.build.debug:
            mac.sh(f"mountpoint -q {TRACING} || mount -t tracefs t {TRACING}; "
                   f"echo '{only or 0}' > {folder}/filter; "
                   f"echo 1 > {folder}/enable")

    def take(self, name):
        """What the events @name have said since the last call; or None."""
        if not self.mac.build.debug:
            return None
        text = self.mac.sh(f"cat {TRACING}/trace; : > {TRACING}/trace")
        return re.findall(rf" (.*) {name}: (.*)", text)

    def expect(self, name, wanted):
        """The events of a driver; the first word of each is its device."""
        found = self.take(name)
        if found is not None:
            expect(f"events {name}",
                   [text.split(": ", 1)[1] for _, text in found], wanted)


def fio(mac, name, options, timeout=240):
    """Run fio on the scratch partition and return its JSON job."""
    out = mac.sh(f"fio --name={name} --filename={SCRATCH} --direct=1 "
                 f"--output-format=json {options}", timeout)
    job = json.loads(out[out.index("{"):])["jobs"][0]
    expect(f"fio {name}: errors", job["error"], 0)
    return job


def wait_for(mac, condition, what, seconds=20):
    """Wait until the shell's @condition is true in the guest."""
    turns = int(seconds * mac.patience * 20)
    result = mac.run(f"i=0; until {condition} 2>/dev/null; do i=$((i+1)); "
                     f"[ $i -lt {turns} ] || exit 1; sleep 0.05; done",
                     seconds + 20)
    if result.status:
        raise MacError(f"waited {seconds} s in vain until {what}")


def wait_live(mac):
    wait_for(mac, '[ "$(cat /sys/class/nvme/nvme0/state)" = live ]',
             "the controller is live")


def wait_drive(mac):
    """Wait for the drive's partitions."""
    wait_for(mac, "[ -e /dev/nvme0n1p5 ]", "the drive is there")


class Background:
    """A command that runs in the guest while others do."""

    def __init__(self, mac, name, command):
        self.mac = mac
        self.name = name
        self.file = f"/tmp/{name}"
        mac.sh(f"rm -f {self.file}.*; ( ( {command} ) >{self.file}.log 2>&1; "
               f"echo $? >{self.file}.new; mv {self.file}.new {self.file}.end "
               f") </dev/null >/dev/null 2>&1 &")

    def has_ended(self):
        return not self.mac.run(f"[ -e {self.file}.end ]").status

    def wait(self, seconds):
        """Its status and output, when it has ended."""
        wait_for(self.mac, f"[ -e {self.file}.end ]", f"{self.name} ends",
                 seconds)
        log = self.mac.sh(f"cat {self.file}.log")
        return int(self.mac.sh(f"cat {self.file}.end")), log

    def check(self, seconds):
        """MacError unless it ended well."""
        status, log = self.wait(seconds)
        if status:
            raise MacError(f"{self.name} ended with status {status}:\n"
                           f"{log[-3000:]}")


@contextlib.contextmanager
def running(mac, name, command, seconds):
    """While the block runs, so does @command; both must end well.

    Behind the block it may go on for @seconds.
    """
    job = Background(mac, name, command)
    yield job
    job.check(seconds)
