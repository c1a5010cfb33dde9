# SPDX-License-Identifier: GPL-2.0-only
"""Commands that time out. There is no Abort: one look, then a reset."""

from mac import MacError
from mac.machine import ANS2

from .common import (MIB, Events, SCRATCH_START, Background, expect, wait_for,
                     wait_live)
from .controller import firmware_starts
from .detach import machine
from .stuck import slow_down

HOST_PATH_ERROR = 0x370
READ = "dd if=/dev/nvme0n1 bs=64k count=64 iflag=direct 2>/dev/null"


def impatient(setup, name):
    """A Mac whose kernel waits for commands for three seconds."""
    words = setup.options.get("append", "")
    return machine(setup, name, append=f"{words} nvme_core.admin_timeout=3 "
                   "nvme_core.io_timeout=3")


def said(mac, text):
    """How often the kernel's log has @text."""
    return int(mac.run(f"dmesg | grep -c '{text}'").stdout)


def polled(setup, judge):
    """A completion without an interrupt is found long before its time."""
    with impatient(setup, "timeout-polled") as mac:
        mac.boot()
        wanted = mac.sh(f"{READ} | sha256sum")
        before = mac.counters()["count-admin-queue"]
        events = Events(mac, "nvme_ans2")
        mac.set(ANS2, "cqe-drop-irq", 1)
        expect("what was read", mac.sh(f"{READ} | sha256sum"), wanted)
        expect("completions without an interrupt",
               mac.sh("cat /sys/class/nvme/nvme0/ans2_lost_interrupts"),
               "1\n")
        events.expect("nvme_ans2_lost_irq", ["queue 1"])
        expect("words about it", said(mac, "completion without an interrupt"),
               1)
        expect("time-outs", said(mac, "timed out"), 0)
        expect("queues that were deleted or made",
               mac.counters()["count-admin-queue"], before)
        judge(mac)


def stuck_read(mac):
    """A read that no time-out is long enough for; its Background."""
    slow_down(mac, 10)
    return Background(mac, "reader", f"{READ} | sha256sum")


def reset_by(setup, judge, name, text, restarts=1, disturb=None):
    """A read hangs, and behind a reset of the controller it ends well.

    The drive goes on when the kernel has said @text. The firmware is restarted
    @restarts times. @disturb is called with the Mac when the read hangs.
    """
    with impatient(setup, name) as mac:
        mac.boot()
        wanted = mac.sh(f"{READ} | sha256sum")
        starts = firmware_starts(mac)
        reader = stuck_read(mac)
        mac.sh("sleep 1")
        if disturb:
            disturb(mac)
        wait_for(mac, f"dmesg | grep -q '{text}'", f"the kernel says '{text}'")
        slow_down(mac, 0)
        expect("what was read", reader.wait(40), (0, wanted))
        wait_live(mac)
        expect("starts of the firmware", firmware_starts(mac) - starts,
               restarts)
        # Abort is among these
        expect("other admin commands", mac.counters()["count-admin-other"], 0)
        judge(mac)


def reset(setup, judge):
    """A command that is not done is not aborted: the controller is reset.

    It ends after all, so its queue can be deleted.
    """
    reset_by(setup, judge, "timeout-reset", "timed out, reset controller", 0)


def waiting_admin(setup, judge):
    """A user's admin command waits for memory that the reset has to bring.

    Its buffer is a page of the drive, whose read times out. The commands of the
    reset must not wait for it.
    """
    with impatient(setup, "timeout-waiting-admin") as mac:
        mac.boot()
        mac.sh("echo 3 > /proc/sys/vm/drop_caches")
        slow_down(mac, 10)
        # one read is let through
        mac.sh("dd if=/dev/nvme0n1 of=/dev/null bs=64k count=1 iflag=direct")
        user = Background(mac, "faulting",
                          f"/payload/faulting {SCRATCH_START + 8 * MIB}")
        wait_for(mac, "dmesg | grep -q 'timed out, reset controller'",
                 "the read of the page has timed out")
        slow_down(mac, 0)
        status, result = user.wait(40)
        # the core refuses it while the controller is not live yet
        if status or int(result) not in (0, HOST_PATH_ERROR):
            raise MacError(f"the user's command: {status}, {result}")
        wait_live(mac)
        expect("another command",
               mac.sh(f"/payload/faulting {SCRATCH_START + 8 * MIB}"), "0\n")
        judge(mac)


def stuck_queue(setup, judge):
    """The queue cannot be deleted, so the function is reset."""
    reset_by(setup, judge, "timeout-stuck", "I/O queues not deleted")


def fatal_status(setup, judge):
    """A controller that has failed is reset without another look."""
    reset_by(setup, judge, "timeout-fatal", "controller has failed, resetting it",
             disturb=lambda mac: mac.set(ANS2, "cfs", True))


def lies(mac):
    """Completions of commands that are not there, and a failing NVMMU.

    Each is worth a line in the log and nothing else.
    """
    read = "dd if=/dev/nvme0n1 bs=64k count=16 iflag=direct 2>/dev/null | " \
        "sha256sum"
    wanted = mac.sh(read)
    for tag in (5, 63, 64, 5000, 65535):
        before = said(mac, f"tag {tag} completed on queue 1 is not in flight")
        mac.set(ANS2, "cqe-bogus-tag", tag)
        wait_for(mac, f"[ $(dmesg | grep -c 'tag {tag} completed on queue 1 "
                 f"is not in flight') -gt {before} ]",
                 f"the kernel notices a completion of tag {tag}")
    mac.sh("sleep 5")       # the log takes so many lines in a while
    before = said(mac, "is not in flight there")
    mac.set(ANS2, "cqe-duplicate", 3)
    expect("what was read", mac.sh(read), wanted)
    if said(mac, "is not in flight there") == before:
        raise MacError("nobody noticed completions that came twice")
    mac.set(ANS2, "tcb-stat", 0x11)
    expect("what was read", mac.sh(read), wanted)
    mac.set(ANS2, "tcb-stat", 0)
    if not said(mac, "not invalidated (0x11)"):
        raise MacError("nobody noticed that invalidations failed")
    expect("what was read", mac.sh(read), wanted)
