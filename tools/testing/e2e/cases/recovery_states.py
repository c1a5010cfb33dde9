# SPDX-License-Identifier: GPL-2.0-only
"""The rows of the table of recovery.py: at which moment a fault strikes."""

from dataclasses import dataclass

CONTROLLER = "/sys/class/nvme/nvme0"
RESET = f"echo 1 > {CONTROLLER}/reset_controller"
RESCAN = f"echo 1 > {CONTROLLER}/rescan_controller"
SLEEP = "echo mem > /sys/power/state"
WAIT = "until [ -e /dev/nvme0n1p5 ]; do usleep 5000; done"

# A user's admin command, with the time-out of I/O. There is one such command at
# a time: it ends behind those that the kernel has sent before.
ADMIN = "/payload/faulting 0 30000"

# The controller is stopped by these, so the first command of its new start is
# the third: Delete SQ, Delete CQ.
DELETES = 2
FIRST_COMMANDS = range(1, 7)
# Of these the last is the first of the scan for namespaces.
SCAN = 6


@dataclass(frozen=True)
class State:
    """Where a fault strikes, and how the guest comes there.

    @name: of the row
    @kind: what becomes of the drive: it "stays" there, it "leaves" the system,
        it "comes" into it, the system goes "off", or it "boots"
    @strike: the event of the machine's trap; without one the fault is there
        before the guest does anything
    @command: what the guest does, see recovery.py for the words in braces
    @before: the command after which the trap is set
    @after: the command that brings the drive back
    @workers: how many processes use the drive meanwhile; 0: it is idle until
        the command has ended
    @delay: seconds after which the fault comes from outside
    @slow: a further trap, so that this meets what it shall meet
    @starts: how often the firmware is started without any fault
    @own_start: the fault is one of the firmware's own start in that state
    @behind_start: the firmware is started before the fault strikes
    @core: where T names no cell, more than a crash is tried in it
    """

    name: str
    kind: str
    strike: str = ""
    command: str = "true"
    before: str = ""
    after: str = ""
    workers: int = 4
    delay: float = 0
    slow: str = ""
    starts: int = 0
    own_start: bool = False
    behind_start: bool = False
    core: bool = False

    @property
    def is_command(self):
        """Whether it strikes a command, which alone can be held or fail."""
        return self.strike.startswith(("admin", "io"))


UNBIND = "echo {function} > {pci}/unbind"
BIND = "echo {function} > {pci}/bind"
UNBIND_NODE = "echo {node} > {platform}/unbind"
BIND_NODE = "echo {node} > {platform}/bind"
REMOVE = "echo 1 > {folder}/remove"
RESCAN_BUS = "echo 1 > /sys/bus/pci/rescan"


def nth(number):
    """The event of the n-th admin command of a controller that starts anew."""
    return f"admin:{DELETES + number}"


STATES = (
    State("live-idle", "stays", workers=0, core=True),
    State("live-single", "stays", "io", workers=0, core=True),
    State("live-load", "stays", "io:100", "usleep 300000", core=True),
    State("live-admin", "stays", "admin", ADMIN),
    State("scanning", "stays", "admin", f"{RESCAN}; usleep 300000; {ADMIN}"),
    State("resetting-before-delete", "stays", "admin-00", RESET, core=True),
    State("resetting-after-delete", "stays", "admin-04", RESET),
    State("resetting-disabled", "stays", "disable", RESET),
    State("resetting-enabled", "stays", "enable", RESET),
    *(State(f"connecting-{n}", "stays", nth(n), f"{RESET}; {ADMIN}",
            core=n == 1)
      for n in FIRST_COMMANDS),
    State("suspending-load", "stays", "io:50", SLEEP, starts=1),
    State("suspending-delete", "stays", "admin-00", SLEEP, starts=1,
          core=True),
    State("suspending-shutdown", "stays", "shutdown", SLEEP, starts=1),
    State("suspending-100ms", "stays", "", SLEEP, delay=0.1,
          slow="slow=500000000:shutdown", starts=1),
    State("resuming-start", "stays", "", SLEEP, starts=1, own_start=True,
          core=True),
    *(State(f"resuming-{n}", "stays", nth(n), SLEEP, starts=1,
            behind_start=True, core=n == 1) for n in (1, 2, 4)),
    State("unbinding", "leaves", "admin-00", UNBIND, after=BIND, core=True),
    State("unbinding-platform", "leaves", "admin-00", UNBIND_NODE,
          after=BIND_NODE, starts=1),
    State("removing", "leaves", "admin-00", REMOVE, after=RESCAN_BUS),
    State("removed", "comes", "", RESCAN_BUS, before=REMOVE),
    State("rescanning", "comes", "admin:3", RESCAN_BUS, before=REMOVE),
    *(State(f"binding-{n}", "comes", f"admin:{n}", BIND, before=UNBIND,
            core=n == 1)
      for n in FIRST_COMMANDS),
    State("binding-platform", "comes", "admin:1", BIND_NODE,
          before=UNBIND_NODE, starts=1, behind_start=True),
    State("binding-start", "comes", "", BIND_NODE, before=UNBIND_NODE,
          starts=1, own_start=True),
    State("poweroff", "off", "admin-00", "poweroff -f", starts=1, core=True),
    State("reboot", "off", "admin-00", "reboot -f", starts=1),
    *(State(f"probing-{n}", "boots", f"admin:{n}", starts=1,
            behind_start=True) for n in (1, 4)),
    State("probing-start", "boots", "", starts=1, own_start=True, core=True),
)
