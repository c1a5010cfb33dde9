# SPDX-License-Identifier: GPL-2.0-only
"""The drive is taken away and comes back.

The root file system is elsewhere; what the cases run is in the initramfs.
"""

from mac import MacError
from mac.machine import ANS2, RTKIT

from . import programs
from .common import Background, expect, running, wait_drive, wait_for
from .controller import function_of

UPTIME = "cut -d' ' -f1 /proc/uptime"
SHUTDOWN = 2        # seconds

HAMMER = programs.hammer(20, 2, 16, fails=True, folder="/payload")


def machine(setup, name, **options):
    """A Mac with its root file system in memory."""
    return setup.mac(name, root="ram", initrd=programs.initramfs(setup.build),
                     **options)


def platform_driver(mac):
    """The folder of the driver of the devicetree's node, and the node."""
    path = mac.sh("for d in /sys/bus/platform/drivers/*/*.nvme; do "
                  "echo $d; done").strip()
    return path.rsplit("/", 1)


def pci_driver(mac):
    """The folder of nvme-pci, and the function it drives."""
    return "/sys/bus/pci/drivers/nvme", function_of(mac).rsplit("/", 1)[1]


def read_back(mac):
    """A file is read from the SSD's root file system."""
    mac.sh("mount -o ro /dev/nvme0n1p5 /mnt && "
           "sha256sum /mnt/usr/bin/fio && umount /mnt")


def gone(mac):
    wait_for(mac, "[ ! -e /dev/nvme0n1 ]", "the drive is gone")
    wait_for(mac, "[ ! -e /dev/nvme0 ]", "the controller is gone")


def bind(mac, folder, device):
    mac.sh(f"echo {device} > {folder}/bind")
    wait_drive(mac)


def unbind(mac, folder, device):
    mac.sh(f"echo {device} > {folder}/unbind")
    gone(mac)


def rebind(find):
    """A case: the driver is unbound and bound again, three times."""
    def run(setup, judge):
        with machine(setup, "rebind") as mac:
            mac.boot()
            driver = find(mac)
            for _ in range(3):
                read_back(mac)
                unbind(mac, *driver)
                bind(mac, *driver)
            read_back(mac)
            judge(mac)
    return run


def unbind_under_load(find):
    """A case: the driver is unbound while requests run.

    They end with an error, and nothing hangs; behind a bind all is well.
    """
    def run(setup, judge):
        with machine(setup, "unbind-under-load") as mac:
            mac.boot()
            driver = find(mac)
            for _ in range(2):
                with running(mac, "hammer", HAMMER, 40):
                    mac.sh("sleep 1")
                    unbind(mac, *driver)
                bind(mac, *driver)
                read_back(mac)
            judge(mac)
    return run


def ask(mac, number):
    """The holder's answer of that number, see holder.c."""
    mac.sh("echo read >/tmp/ask")
    wait_for(mac, f"[ $(wc -l </tmp/holder.log) -ge {number} ]",
             "the nodes that are held open answer")
    return [int(n) for n in
            mac.sh(f"sed -n {number}p /tmp/holder.log").split()]


def unbind_held_open(find):
    """A case: unbound while the drive's and the controller's nodes are open.

    They stay open and give errors; the next drive is another one. When they
    are closed, what is left of the first one goes, and its name is free again.
    """
    def run(setup, judge):
        with machine(setup, "unbind-held-open") as mac:
            mac.boot()
            folder, device = find(mac)
            mac.sh("mkfifo /tmp/ask")
            holder = Background(mac, "holder", "/payload/holder /tmp/ask")
            expect("answers of the nodes", ask(mac, 1), [4096, 0, 0, 0])
            unbind(mac, folder, device)
            answers = ask(mac, 2)
            # a drive that is gone may also be one without a block
            if answers[0] > 0 or not all(n < 0 for n in answers[1:]):
                raise MacError(f"nodes of an unbound drive answer {answers}, "
                               "expected errors")
            mac.sh(f"echo {device} > {folder}/bind")
            wait_for(mac, "ls /dev/nvme?n?p5", "a drive is there")
            expect("answers of the old nodes", ask(mac, 3), answers)
            mac.sh("mount -o ro $(ls /dev/nvme?n?p5) /mnt && "
                   "sha256sum /mnt/usr/bin/fio && umount /mnt")
            mac.sh("echo end >/tmp/ask")
            holder.check(10)
            mac.sh(f"echo {device} > {folder}/unbind")
            gone(mac)
            bind(mac, folder, device)
            read_back(mac)
            judge(mac)
    return run


def killed(mac, command):
    """Run @command in a shell that gets signals from 30 ms on.

    Returns for how many seconds it went on.
    """
    begin, end = mac.run(
        f"{UPTIME}; sh -c '{command}' & sleep 0.03; while kill -TERM $!; do "
        f"sleep 0.01; done 2>/dev/null; wait; {UPTIME}", 30).stdout.split()
    return float(end) - float(begin)


def interrupted(setup, judge):
    """Who unbinds is killed: it goes on, and in order.

    The firmware takes its time, so that the signals meet its handshake, or the
    drive does, so that they meet its shutdown.
    """
    with machine(setup, "unbind-interrupted") as mac:
        mac.boot()
        driver = platform_driver(mac)
        for _ in range(3):
            mac.set(RTKIT, "slow", 2500)
            killed(mac, "echo {1} > {0}/unbind".format(*driver))
            gone(mac)
            mac.set(RTKIT, "slow", 1)
            bind(mac, *driver)
            read_back(mac)
        mac.set(ANS2, "shutdown-ns", SHUTDOWN * 10**9)
        took = killed(mac, "echo {1} > {0}/unbind".format(*driver))
        if took < SHUTDOWN:
            raise MacError(f"a shutdown of {SHUTDOWN} s was waited for for "
                           f"{took} s")
        mac.set(ANS2, "shutdown-ns", 0)
        gone(mac)
        bind(mac, *driver)
        read_back(mac)
        log = mac.sh("dmesg")
        if "firmware not put to sleep" in log:
            raise MacError(f"the firmware was reset:\n{log[-3000:]}")
        judge(mac)


def unbind_during_reset(setup, judge):
    """Unbinding meets a reset, each time at another point of its end.

    What the reset has made by then is taken down in order.
    """
    reset = "echo 1 2>/dev/null > /sys/class/nvme/nvme0/reset_controller"
    with machine(setup, "unbind-during-reset") as mac:
        mac.boot()
        folder, device = pci_driver(mac)
        begin, end = mac.sh(f"{UPTIME}; for i in 1 2 3 4 5; do {reset}; done; "
                            f"{UPTIME}").split()
        length = (float(end) - float(begin)) / 5
        for turn in range(20):
            # the reset fails when it is overtaken
            mac.sh(f"{reset} & sleep {length * (0.85 + turn / 80):.4f}; "
                   f"echo {device} > {folder}/unbind; wait", 60)
            gone(mac)
            bind(mac, folder, device)
        read_back(mac)
        judge(mac)


def function_removed(setup, judge):
    """The PCI function is removed under load, and found again by a scan."""
    with machine(setup, "function-removed") as mac:
        mac.boot()
        for _ in range(2):
            folder = function_of(mac)
            with running(mac, "hammer", HAMMER, 40):
                mac.sh(f"sleep 1; echo 1 > {folder}/remove")
                gone(mac)
            mac.sh("echo 1 > /sys/bus/pci/rescan")
            wait_drive(mac)
            read_back(mac)
        judge(mac)
