# SPDX-License-Identifier: GPL-2.0-only
"""A whole Debian on the SSD, as an owner of a Mac meets the drivers.

The first machine comes up through U-Boot, GRUB, an initramfs of initramfs-tools
and systemd; udev loads the drivers.
"""

import re
import time
from dataclasses import replace

from mac import Debian, MacError
from mac.machine import RTKIT
from mac.suite import Case, Known, Setup

from . import machines
from .choice import PAIRS, bound
from .common import SPARE, Background, expect
from .controller import firmware_starts

ROOT = "/dev/nvme0n1p5"
# for what takes seconds on an idle host
LONG = 600
NIGHTS = 3

# What U-Boot does when it hands over, before the kernel's first word
UBOOT = (
    Known("queue-order", r"CC\.EN cleared before I/O SQ 1 was deleted",
          "U-Boot disables the drive with its queues in place", False),
    Known("sart-order", "changed from .* to 0x0 while the flags allow",
          "U-Boot clears the address of an entry before its flags", False),
)


def root_and_driver(mac, driver):
    """The root is on the SSD, which @driver's pair of modules drives."""
    expect("root", mac.sh("findmnt -no SOURCE /").strip(), ROOT)
    loaded = set(mac.sh("lsmod | awk 'NR > 1 {print $1}'").split())
    expect("drivers", bound(mac), sorted(PAIRS[driver]))
    missing = {name.replace("-", "_") for name in PAIRS[driver]} - loaded
    if missing:
        raise MacError(f"not loaded as modules: {sorted(missing)}")


def has_firmware(mac):
    """Whether the kernel finds what the EFI system partition has for it."""
    mac.sh("mkdir -p /run/esp && cd /run/esp && "
           "cpio --quiet -idu </boot/efi/vendorfw/firmware.cpio")
    return not mac.run("diff -r /run/esp/vendorfw "
                       "/lib/firmware/vendor").status


def up(mac):
    """systemd has no complaint, and nobody had to be asked."""
    failed = mac.sh("systemctl --failed --no-legend --plain")
    expect("failed units", failed, "")
    expect("state", mac.run("systemctl is-system-running").stdout.strip(),
           "running")
    root_and_driver(mac, "ans2")
    return mac.sh("systemd-analyze | sed -n '1s/.*= //p'").strip()


def links(mac):
    """udev's names for the drive and for its partitions."""
    # behind the name of the bridge's platform device
    function = "pci-10000:00:00.0-nvme-1"
    lines = mac.sh("cd /dev/disk/by-path; for l in *; do "
                   "echo $l $(readlink $l); done").splitlines()
    for end in ("", "-part5"):
        good = [line.split()[1] for line in lines
                if line.split()[0].endswith(function + end)]
        target = f"../../nvme0n1{end.replace('-part', 'p')}"
        if not good or set(good) != {target}:
            raise MacError(f"by-path links to {target}: {lines}")
    serial = mac.sh("cat /sys/class/nvme/nvme0/serial").strip()
    lines = mac.sh("cd /dev/disk/by-id; for l in nvme-*; do "
                   "echo $l $(readlink $l); done").splitlines()
    if not any(serial in line and line.endswith(" ../../nvme0n1")
               for line in lines):
        raise MacError(f"no by-id link with the serial {serial}: {lines}")


def tools(mac):
    """smartctl, nvme, sensors and lspci know the drive."""
    # The drive has no log of errors, as on Macs, which ends it with 4.
    text = mac.sh("smartctl -a /dev/nvme0 || [ $? -eq 4 ]", LONG)
    for wanted in (r"Model Number: +APPLE SSD",
                   r"SMART overall-health .* PASSED",
                   r"Temperature: +\d+ Celsius"):
        if not re.search(wanted, text):
            raise MacError(f"'smartctl -a' does not say '{wanted}':\n{text}")
    for command, wanted in (
            ("nvme list", r"(?m)^/dev/nvme0n1 .*APPLE SSD"),
            ("sensors", r"(?s)nvme-pci-.*Composite: +\+\d"),
            ("lspci", r"10000:00:00\.0 Non-Volatile memory controller")):
        text = mac.sh(command, LONG)
        if not re.search(wanted, text):
            raise MacError(f"'{command}' does not say '{wanted}':\n{text}")


def trim(mac):
    """fstrim of the root reaches the drive."""
    before = mac.counters()["bytes-discarded"]
    text = mac.sh("fstrim -v /", LONG)
    if not re.search(r"\([1-9]\d* bytes\) trimmed", text):
        raise MacError(f"fstrim: {text}")
    if mac.counters()["bytes-discarded"] == before:
        raise MacError("fstrim: the drive discarded nothing")


def initramfs(mac):
    """It has both pairs of drivers, and has fetched the firmware."""
    image = "/boot/initrd.img-$(uname -r)"
    files = mac.sh(f"lsinitramfs {image}", LONG).splitlines()
    modules = {file.rsplit("/", 1)[-1].split(".")[0].replace("_", "-")
               for file in files if ".ko" in file}
    wanted = {*PAIRS["ans2"], *PAIRS["upstream"], "nvme", "vfat"}
    expect("missing modules", sorted(wanted - modules), [])
    if "usr/share/apple-ans2/vendorfw.sh" not in files:
        raise MacError(f"nothing in {image} fetches the firmware")
    expect("firmware", has_firmware(mac), True)
    size = int(mac.sh(f"stat -c %s {image}"))
    return f"{size / 10**6:.1f} MB, {len(modules)} modules"


def same_after(mac, folder):
    """Data in @folder are the same when they are read from the drive."""
    mac.sh(f"cp /usr/bin/[a-d]* {folder}; cd {folder}; "
           "sha256sum * >/run/sums; sync; echo 3 >/proc/sys/vm/drop_caches; "
           "sha256sum --quiet -c /run/sums", LONG)


def crypt(mac):
    """LUKS2, with discards that pass through."""
    mac.sh(f"echo secret | cryptsetup luksFormat -q --type luks2 "
           f"--pbkdf pbkdf2 --pbkdf-force-iterations 1000 {SPARE} -; "
           f"echo secret | cryptsetup open --allow-discards --key-file - "
           f"{SPARE} vault; "
           "mkfs.ext4 -q /dev/mapper/vault; mount /dev/mapper/vault /mnt",
           LONG)
    same_after(mac, "/mnt")
    before = mac.counters()["bytes-discarded"]
    mac.sh("rm /mnt/*; fstrim /mnt", LONG)
    if mac.counters()["bytes-discarded"] == before:
        raise MacError("fstrim: the drive discarded nothing")
    mac.sh("umount /mnt; cryptsetup close vault")


def btrfs(mac):
    mac.sh(f"mkfs.btrfs -q -f {SPARE}; mount {SPARE} /mnt", LONG)
    same_after(mac, "/mnt")
    text = mac.sh("btrfs scrub start -B /mnt", LONG)
    if "no errors found" not in text:
        raise MacError(f"btrfs scrub: {text}")
    mac.sh("umount /mnt")


def swap(mac):
    """A program that needs more memory than it may have."""
    job = "seq 1 20000000 | tail -c 96M | sha256sum"
    mac.sh(f"wipefs -qa {SPARE}; mkswap -q {SPARE}; swapon --discard {SPARE}",
           LONG)
    wanted = mac.sh(job, LONG)
    count = "awk '/^pswp(in|out) /{print $2}' /proc/vmstat"
    before = mac.sh(count).split()
    got = mac.sh("systemd-run -q --pipe --wait -p MemoryMax=32M "
                 f"sh -c '{job}'", LONG)
    expect("sum of what was swapped", got, wanted)
    for old, new in zip(before, mac.sh(count).split()):
        if int(new) <= int(old):
            raise MacError(f"nothing was swapped: {old} and {new} pages")
    mac.sh(f"swapoff {SPARE}", LONG)


SHARED = {"up": up, "initramfs": initramfs, "links": links, "tools": tools,
          "trim": trim, "crypt": crypt, "btrfs": btrfs, "swap": swap}


def reboot(setup, judge):
    """To upstream's drivers for one boot, by GRUB's menu, and back."""
    with setup.mac("reboot") as mac:
        mac.boot()
        for entry, driver in (("grub-reboot nvme-apple", "upstream"),
                              ("true", "ans2")):
            mac.sh(f"echo {driver} >/root/turn; {entry}")
            mac.reboot()
            expect("file", mac.sh("cat /root/turn").strip(), driver)
            root_and_driver(mac, driver)
        judge(mac)


def restart(mac, entry, driver, release):
    """Boot @entry of GRUB's menu, "" for its first, and see who came up."""
    if entry:
        mac.sh(f"grub-reboot {entry}")
    mac.reboot()
    expect("kernel", mac.sh("uname -r").strip(), release)
    root_and_driver(mac, driver)


def update(setup, judge):
    """The next kernel's package, installed while nvme-apple has the SSD.

    Its initramfs and its place in GRUB's menu are made by what the package
    calls. The kernel before it goes at the end.
    """
    with setup.mac("update") as mac:
        mac.boot()
        old = mac.sh("uname -r").strip()
        restart(mac, "nvme-apple", "upstream", old)
        mac.sh("dpkg -i /var/cache/update/*.deb", LONG)
        restart(mac, "", "ans2", f"{old}-2")
        size = initramfs(mac)
        restart(mac, "nvme-apple", "upstream", f"{old}-2")
        mac.sh(f"dpkg -r linux-image-{old}", LONG)
        restart(mac, "", "ans2", f"{old}-2")
        up(mac)
        left = mac.sh("ls /boot /lib/modules").split()
        expect("left of the old kernel",
               [name for name in left if name.endswith(old)], [])
        judge(mac)
        return f"initramfs {size}"


def night(mac):
    """`systemctl suspend`, until somebody presses the power key."""
    begin = len(mac.console.text)
    # the agent's answer is out before its line sleeps
    job = Background(mac, "sleep", "sleep 1; systemctl suspend")
    deadline = time.monotonic() + LONG
    while mac.get(RTKIT, "state") != "stopped":
        if time.monotonic() > deadline:
            raise MacError("it did not go to sleep")
        time.sleep(0.1)
    # and all that sleeps behind it
    time.sleep(3)
    mac.qmp("system_powerdown")
    mac.console.wait("PM: suspend exit", LONG, mac.check_alive, begin)
    job.check(LONG)


def suspend(setup, judge):
    """systemd sends the system to sleep; the root is there again afterwards."""
    with setup.mac("suspend", machine={"powerkey": "on"}) as mac:
        mac.boot()
        # else the key that wakes it is also the one that switches it off
        mac.sh("cd /run/systemd; mkdir -p logind.conf.d; "
               "printf '[Login]\\nHandlePowerKey=ignore\\n' "
               ">logind.conf.d/key.conf; systemctl restart systemd-logind")
        starts = firmware_starts(mac)
        mac.sh("mkdir /root/kept")
        same_after(mac, "/root/kept")
        for _ in range(NIGHTS):
            night(mac)
            mac.sh("echo 3 >/proc/sys/vm/drop_caches; cd /root/kept; "
                   "sha256sum --quiet -c /run/sums", LONG)
        expect("starts of the firmware", firmware_starts(mac) - starts, NIGHTS)
        expect("suspends, and those that failed",
               mac.sh("cd /sys/power/suspend_stats; cat success fail").split(),
               [str(NIGHTS), "0"])
        up(mac)
        judge(mac)


def upstream(setup, judge):
    """Upstream's drivers, chosen with a key at GRUB's menu."""
    setup = replace(setup, build=replace(setup.build, driver="upstream"))
    with setup.mac("upstream") as mac:
        mac.boot()
        root_and_driver(mac, "upstream")
        judge(mac)


def kernel_alone(setup, judge):
    """Without U-Boot and GRUB, on the firmware that U-Boot does not know."""
    setup = replace(setup, build=replace(setup.build, distro="kernel"))
    with setup.mac("kernel") as mac:
        mac.boot()
        up(mac)
        judge(mac)


OWN = {"reboot": reboot, "update": update, "upstream": upstream,
       "suspend": suspend,
       "poweroff": machines.poweroff, "kernel": kernel_alone}


def all_cases(build, known_stops):
    """The cases; they take an image that is a quarter of an hour's work.

    @known_stops: what upstream's drivers are known for when they stop
    """
    if build.driver != "ans2" or build.debug:
        return
    debian = replace(build, distro="1")
    setup = Setup(debian.kernel_name, debian, machine=Debian)
    for table, own in ((SHARED, False), (OWN, True)):
        for name, run in table.items():
            known = () if name == "kernel" else UBOOT
            if name in ("reboot", "update"):
                known += known_stops
            yield Case(setup, f"distro-{name}", run, own=own, known=known,
                       on_demand=True)
