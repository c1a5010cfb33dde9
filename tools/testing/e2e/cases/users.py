# SPDX-License-Identifier: GPL-2.0-only
"""Commands of users that are not for this controller, or the driver's own."""

from mac import MacError

from .common import expect, wait_live

INVALID_OPCODE = "INVALID_COMMAND_OPCODE"
INVALID_FIELD = "INVALID_FIELD"
FORBIDDEN = "PERMISSION_DENIED"

# nvme-cli's words for a command, and how it must end
REFUSED = {
    "delete SQ": ("--opcode=0x00 --cdw10=1", INVALID_OPCODE),
    "create SQ": ("--opcode=0x01 --cdw10=0x003f0001 --cdw11=0x10001",
                  INVALID_OPCODE),
    "delete CQ": ("--opcode=0x04 --cdw10=1", INVALID_OPCODE),
    "create CQ": ("--opcode=0x05 --cdw10=0x003f0001 --cdw11=3",
                  INVALID_OPCODE),
    "abort": ("--opcode=0x08 --cdw10=0x50001", INVALID_OPCODE),
    "asynchronous event": ("--opcode=0x0c", INVALID_OPCODE),
    "virtualization": ("--opcode=0x1c", INVALID_OPCODE),
    "doorbell buffer": ("--opcode=0x7c", INVALID_OPCODE),
    "number of queues": ("--opcode=0x09 --cdw10=0x07 --cdw11=0x10001",
                         INVALID_FIELD),
    "event configuration": ("--opcode=0x09 --cdw10=0x0b --cdw11=1",
                            INVALID_FIELD),
    "host memory": ("--opcode=0x09 --cdw10=0x0d --cdw11=1", INVALID_FIELD),
}


def refused(mac):
    """Each ends at once, with that status, and nothing reaches the drive."""
    before = mac.counters()
    for name, (words, status) in REFUSED.items():
        done = mac.run(f"nvme admin-passthru /dev/nvme0 {words}", 10)
        said = (done.stdout + done.stderr).upper().replace(" ", "_")
        # a core that refuses it itself says so
        if not done.status or not (status in said or FORBIDDEN in said):
            raise MacError(f"{name}: status {done.status}, {said!r}, "
                           f"expected {status}")
    after = mac.counters()
    for counter in ("count-admin-queue", "count-admin-other",
                    "count-admin-feature"):
        expect(f"{counter} behind refused commands", after[counter],
               before[counter])
    # what users may do is done
    mac.sh("nvme admin-passthru /dev/nvme0 --opcode=0x0a --cdw10=0x02")
    mac.sh("nvme id-ctrl /dev/nvme0")


def subsystem_reset(mac):
    """Nobody knows what the register does: it is not written."""
    done = mac.run("nvme subsystem-reset /dev/nvme0", 10)
    if not done.status:
        raise MacError("a subsystem reset was done")
    wait_live(mac)


def show_regs(mac):
    """Registers are shown, or refused, and no rule is broken by it.

    A user's mapping of BAR0 is not what the bus wants. Kernels that can refuse
    it do.
    """
    path = mac.sh("readlink -f /sys/class/nvme/nvme0/device").strip()
    there = not mac.run(f"test -e {path}/resource0").status
    expect("a mapping for users", there, mac.build.kernel == "6.12")
    mac.run("nvme show-regs /dev/nvme0", 10)
