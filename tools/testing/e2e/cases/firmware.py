# SPDX-License-Identifier: GPL-2.0-only
"""Firmware whose words to the kernel's RTKit library make no sense.

A crash log is written by firmware that has just failed, and what a syslog
entry looks like is up to the firmware. The library takes what is sound, says
what is not, and goes on: the next start of the firmware needs it.
"""

import re
import time

from mac import MacError
from mac.machine import RTKIT

from .controller import reset_function
from .crash import wait_recovered

READ = "dd if=/dev/nvme0n1 of=/dev/null bs=64k count=16 iflag=direct"
REASON = "gone astray"

MALFORMED = r"Crashlog is malformed at 0x"
ENDLESS = r"End of crashlog reached but no footer present"
# What is wrong with a crash log: what is said of that, the last that is still
# printed, and what is not printed any more.
LOGS = {
    "zero-length": (MALFORMED, "Version: QEMU", "Crash time"),
    "short-section": (MALFORMED, "Version: QEMU", "Crash time"),
    "long-section": (MALFORMED, "co-processor has crashed", REASON),
    "big-count": (MALFORMED, "Crash time", "Mailbox history"),
    "short-mailbox": (r"Mailbox section too small: 0x8$", "Exception dump",
                      "malformed"),
    "unterminated": (ENDLESS, "Version: AAAA", "malformed"),
    "no-end": (ENDLESS, "Unknown crashlog section: 43787878", "malformed"),
}
SOUND = (REASON, "Version: QEMU", "Crash time", "Mailbox history",
         "Exception dump")

# Knobs for the syslog: how many lines are sent, and what is said of them. The
# firmware queues 64 messages at most.
LINE = r"syslog message: knob: line \d+$"
SYSLOGS = {
    "no-size": ({"syslog-size": 0}, 3,
                r"received syslog message but messages have no size$"),
    "no-entries": ({"syslog-entries": 0}, 1, r"syslog index 0 out of range$"),
    "long": ({"syslog-size": 255, "syslog-entries": 255}, 60,
             r"syslog entry \d+ beyond the buffer$"),
    "again": ({"syslog-inits": 32}, 3, LINE),
}


def said(mac):
    """What the library has said, line by line."""
    return re.findall(r"RTKit: (.*)", mac.sh("dmesg"))


def check_said(lines, pattern, times=None):
    """MacError unless @pattern is among @lines, or is there @times."""
    found = sum(bool(re.search(pattern, line)) for line in lines)
    if found != times and (times is not None or not found):
        wanted = "at least once" if times is None else f"{times} times"
        raise MacError(f"'{pattern}' was said {found} times, expected "
                       f"{wanted}:\n" + "\n".join(lines))


def crash(mac):
    """Crash it.  Returns what the library says until the drive is back."""
    mac.sh("dmesg -C")
    mac.set(RTKIT, "crash", REASON)
    wait_recovered(mac, 1)
    mac.sh(READ)
    return said(mac)


def crash_log(fault):
    """A case: the firmware crashes, and its log has that @fault.

    The next log is without it and printed to its end.
    """
    complaint, last, never = LOGS[fault]

    def run(setup, judge):
        with setup.mac(f"crash-log-{fault}") as mac:
            mac.boot()
            mac.set(RTKIT, "crashlog-fault", fault)
            lines = crash(mac)
            check_said(lines, complaint, 1)
            check_said(lines, last)
            check_said(lines, never, 0)
            mac.set(RTKIT, "crashlog-fault", "")
            lines = crash(mac)
            for text in SOUND:
                check_said(lines, text)
            check_said(lines, f"{MALFORMED}|{ENDLESS}|too small", 0)
            judge(mac)
    return run


def restart(mac, knobs):
    """Start the firmware anew, with these knobs.

    Returns how many lines the library has said until then.
    """
    for name, value in knobs.items():
        mac.set(RTKIT, name, value)
    reset_function(mac, 1, lambda turn: READ)
    return len(said(mac))


def send_lines(mac, number, pattern, since):
    """Let the firmware log so many lines; the library must say @pattern.

    Returns what it has said from line @since on.
    """
    for line in range(number):
        mac.set(RTKIT, "syslog", f"line {line}")
    deadline = time.monotonic() + 20 * mac.patience
    while True:
        lines = said(mac)[since:]
        if any(re.search(pattern, line) for line in lines):
            return lines
        if time.monotonic() > deadline:
            check_said(lines, pattern)
        time.sleep(0.1)


def syslog(name):
    """A case: what the firmware says about its syslog cannot be, or is odd.

    A line of an entry that there is not is answered all the same: the machine
    looks at that when the firmware is stopped.
    """
    knobs, number, pattern = SYSLOGS[name]

    def run(setup, judge):
        with setup.mac(f"syslog-{name}") as mac:
            mac.boot()
            before = {knob: mac.get(RTKIT, knob) for knob in knobs}
            send_lines(mac, number, pattern, restart(mac, knobs))
            lines = send_lines(mac, 1, LINE, restart(mac, before))
            check_said(lines, LINE, 1)
            judge(mac)
    return run


CASES = {**{f"crash-log-{fault}": crash_log(fault) for fault in LOGS},
         **{f"syslog-{name}": syslog(name) for name in SYSLOGS}}
