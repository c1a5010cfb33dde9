# SPDX-License-Identifier: GPL-2.0-only
"""The kit for the owner of a real Mac, on the emulated one.

It comes in as the archive that the owner gets, and runs from there: once by
busybox, then by dash and with the programs of Debian, in the root file system
of the drive. What it has written is asked of the machine and of the image's
overlay.
"""

import contextlib
import json
import os
import re
import subprocess

from mac import MacError
from mac.build import TOP
from mac.initramfs import write_initramfs
from mac.lanes import lane
from mac.machine import ANS2

from .choice import under_upstream
from .common import BLOCK, SPARE, expect, wait_drive

PAGE = TOP / "Documentation/nvme/apple-ans2-testing.rst"
ARCHIVE = "proof-kit/ans2-proof-kit.tar.xz"
KIT = "/tmp/ans2-proof-kit/ans2-proof.sh"
ROOT = "/mnt"
SCRATCH_FILE = f"scratch={ROOT}/root/scratch"
CLUSTER = 65536
# an entry of the partition table is 128 bytes; from block 2 on
TYPE_AT = 2 * BLOCK + 2 * 128
LINUX = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"

COMPLETE, REFUSED, STOPPED = 0, 2, 3

# One line or more of each is in every report.
LINES = """report words root kernel page-size model soc system-firmware driver
driver-word stat-per-batch firmware controller dma-coherent lspci mapping-nvme
mapping-co-processor mapping-mailbox mapping-sart mapping-dma sart time-firmware
time-enable identify-mn identify-fr identify-mdts identify-ver identify-oncs
namespace-nsze namespace-lbaf0 smart-critical-warning smart-temperature
smart-media-errors smart-unsafe-shutdowns reads-compared speed-read time-read
time-idle-flush scratch data-written data-verified time-write time-flush reset
data-after-reset restart data-after-restart sart-after-restart sleep
data-after-sleep sart-after-sleep lost-interrupts completions-polled
unsafe-shutdowns crash-recovery firmware-starts tcb-stat trace log
result""".split()


def _initramfs(build):
    """The initramfs with the archive, as `make proof-kit` makes it."""
    env = dict(os.environ, O=str(build.folder))
    done = subprocess.run([TOP / "tools/scripts/proof-kit.sh"], env=env,
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise MacError(f"proof-kit.sh: {done.stderr[-3000:]}")
    folder = build.folder / "e2e"
    folder.mkdir(exist_ok=True)
    path = folder / f"proof-kit.{lane()}.cpio"
    new = path.with_suffix(f".{os.getpid()}")
    data = (build.folder / ARCHIVE).read_bytes()
    write_initramfs(build, new, {"payload/kit.tar.xz": (data, 0o644)})
    os.replace(new, path)
    return path


@contextlib.contextmanager
def _machine(setup, name):
    """A Mac with its root in memory, the kit unpacked and nothing mounted."""
    with setup.mac(name, root="ram", initrd=_initramfs(setup.build)) as mac:
        mac.boot()
        mac.sh("busybox --install -s /bin && "
               "tar -C /tmp -xJf /payload/kit.tar.xz && "
               "echo 1 >/sys/module/suspend/parameters/pm_test_delay")
        wait_drive(mac)
        yield mac


def _mount(mac):
    """The drive's root file system, in which dash and lspci are."""
    mac.sh(f"mount -t ext4 /dev/nvme0n1p5 {ROOT} && cd {ROOT} && "
           "for name in proc sys dev tmp; do mount -o rbind /$name $name; "
           "done")


class Run:
    """The kit has run with @words: its report, {name: [text]}, and the rest."""

    def __init__(self, mac, words, inside=True):
        command = f"sh {KIT} size=2 report=/tmp/report {words}"
        if inside:
            command = f"chroot {ROOT} /bin/{command}"
        self.words = words
        self.result = mac.run(f"rm -f /tmp/report; {command} </dev/null", 240)
        self.text = self.result.stdout
        self.report = mac.run("cat /tmp/report").stdout
        self.lines = {}
        for line in self.text.splitlines():
            name, _, text = line.partition(": ")
            self.lines.setdefault(name, []).append(text)

    def fail(self, why):
        raise MacError(f"proof kit {self.words}: {why}\n{self.text[-3000:]}\n"
                       f"{self.result.stderr[-1000:]}")

    def check(self, status, result=None):
        if self.result.status != status:
            self.fail(f"status {self.result.status}, expected {status}")
        if result and not re.search(result, self.lines.get("result", [""])[0]):
            self.fail(f"no result '{result}'")
        return self

    def has(self, name, pattern):
        """Some line @name fits @pattern."""
        if not any(re.search(pattern, t) for t in self.lines.get(name, ())):
            self.fail(f"no line '{name}' with '{pattern}'")


def refused(mac, words, why, inside=True):
    """It is refused for @why, at once and without a report."""
    run = Run(mac, words, inside).check(REFUSED)
    if why not in run.result.stderr or run.text or run.report:
        run.fail(f"refused, but not for '{why}'")


def stops(mac, words, why):
    """It stops for @why, and writes a report of that.

    Its programs are in memory: whatever is read or written is the kit's.
    """
    run = Run(mac, words, False).check(STOPPED, f"stopped: .*({why})")
    if list(run.lines)[-1] != "result":
        run.fail("something comes behind the result")
    run.has("firmware-starts", "")


def named_lines():
    """The lines of a report that the page of what is not proven names."""
    text = PAGE.read_text().split("\nLayers, cheapest first\n")[0]
    found = set()
    for part in re.findall(r"Report:(.*?)\n(?:\n|$)", text + "\n", re.S):
        found.update(re.findall(r"``([a-z-]+)``", part))
    if len(found) < 20:
        raise MacError(f"{PAGE} names the lines {sorted(found)}")
    return found


def whole(run):
    """The report has each line, and nothing that is somebody's."""
    if run.report != run.text:
        run.fail(f"the report is another: {run.report}")
    missing = (set(LINES) | named_lines()) - set(run.lines)
    if missing:
        run.fail(f"lines are missing: {sorted(missing)}")
    bad = re.search(r"\bmini\b(?!.*M1, 2020)|/root|[0-9a-f]{8}-[0-9a-f]{4}-",
                    run.text)
    if bad:
        run.fail(f"it tells '{bad[0]}'")
    return run


# ----- what was written -----

def written(mac):
    """The clusters of the drive that the overlay holds."""
    mac.sh("sync")
    out = subprocess.run(
        [mac.build.qemu_img, "map", "-U", "--output=json", mac.disk[0]],
        capture_output=True, text=True, check=True).stdout
    clusters = set()
    for part in json.loads(out):
        if part["depth"] == 0 and part.get("present", True):
            first = part["start"] // CLUSTER
            clusters.update(range(first, -(-(part["start"] + part["length"]) //
                                           CLUSTER)))
    return clusters


def bounds(mac, part):
    """The clusters in which the partition @part lies."""
    start, size = (int(mac.sh(f"cat /sys/class/block/{part}/{name}")) * 512
                   for name in ("start", "size"))
    return range(start // CLUSTER, -(-(start + size) // CLUSTER))


@contextlib.contextmanager
def writes_only_to(mac, part):
    """In the block nothing of the drive is written but @part, and that is."""
    before, room = written(mac), bounds(mac, part)
    table = mac.sh(f"dd if=/dev/nvme0n1 bs={CLUSTER} count=1 | sha256sum")
    yield
    new = written(mac) - before
    if not new or not all(n in room for n in new):
        raise MacError(f"written, beside {part}: "
                       f"{sorted(n for n in new if n not in room)[:9]} of "
                       f"{len(new)} clusters")
    expect("partition table", mac.sh(
        f"dd if=/dev/nvme0n1 bs={CLUSTER} count=1 | sha256sum"), table)


def reads_only(mac):
    """Without a word it does not write at all."""
    mac.clear_counters()
    run = whole(Run(mac, "", inside=False).check(COMPLETE, "^complete"))
    count = mac.counters()
    for name in ("bytes-written", "bytes-discarded", "count-write",
                 "count-dsm", "count-admin-queue", "count-admin-other"):
        expect(name, count[name], 0)
    run.has("reads-compared", "^[1-9].* reads, 0 wrong")
    for name in ("reset", "sleep", "restart"):
        run.has(name, "not allowed|part of a reset")


def mappings(run):
    for name in ("nvme", "co-processor", "mailbox", "sart"):
        run.has(f"mapping-{name}", "DEVICE/nGnRnE")
    run.has("mapping-dma", r"^([1-9]\d*) areas.* \1 of them MEM/NORMAL-NC")


# ----- the scratch partition -----

def _set_type(mac, uuid):
    """Give partition 3 this type, in the first partition table alone."""
    a, b, c, d, e = (bytes.fromhex(part) for part in uuid.split("-"))
    data = a[::-1] + b[::-1] + c[::-1] + d + e
    text = "".join(f"\\{byte:03o}" for byte in data)
    mac.sh(f"printf '{text}' | dd of=/dev/nvme0n1 bs=1 seek={TYPE_AT} "
           "conv=notrunc && sync")


def _put(mac, text, where):
    mac.sh(f"printf '{text}' | dd of={SPARE} bs=1 seek={where} conv=notrunc "
           "&& sync")


def partition(mac):
    words = f"scratch={SPARE}"
    size = int(mac.sh("cat /sys/class/block/nvme0n1p3/size")) * 512
    for number in (1, 2, 3, 4, 6):
        refused(mac, f"scratch=/dev/nvme0n1p{number}", "type is not Linux",
                False)
    _set_type(mac, LINUX)
    refused(mac, "scratch=/dev/nvme0n1p5", "its first MiB holds", False)
    for where, end in ((1080, "first"), (size - 512, "last")):
        _put(mac, "\\001", where)
        refused(mac, words, f"its {end} MiB holds", False)
        _put(mac, "\\000", where)
    refused(mac, "scratch=/dev/nvme0n1", "not a partition", False)
    refused(mac, "scratch=/dev/nvme0n2", "not a partition", False)
    refused(mac, "scratch=/dev/null", "no name of a partition", False)
    with writes_only_to(mac, "nvme0n1p3"):
        run = Run(mac, words, inside=False).check(COMPLETE, "^complete")
    run.has("data-verified", "2 MiB right")


# ----- the scratch file -----

REFUSALS = (
    ("scratch=/tmp/scratch", "not on the Mac's own drive"),
    ("scratch=/proc/version", "not on the Mac's own drive"),
    ("scratch=root/scratch", "does not begin with a slash"),
    ("scratch=/root", "not a regular file"),
    ("scratch=/root/link", "not a regular file"),
    ("scratch=/root/pipe", "not a regular file"),
    ("scratch=/root/twice", "other names"),
    ("scratch=/etc/passwd", "holds something"),
    ("scratch=/root/none/scratch", "its folder"),
    ("scratch=/boot/scratch", "not on ext4"),
    ("scratch=/dev/nvme0n1p5", "in use"),
    ("scratch=/dev/nvme0n1p4", "type is not Linux"),
    ("size=none", "wants a number"),
    ("power-cut", "no word"),
    ("scratch=/root/scratch check=/root/scratch", "do not go together"),
)


def refusals(mac):
    mac.sh(f"cd {ROOT}/root && ln -s scratch link && mkfifo pipe && "
           f"touch twice && ln twice again && "
           f"mount -t vfat /dev/nvme0n1p4 {ROOT}/boot")
    for words, why in REFUSALS:
        refused(mac, words, why)
    mac.sh(f"umount {ROOT}/boot; cd {ROOT}/root && rm link pipe twice again")


def files_of_root(mac):
    """{name: when and how long} of all files; the guest's clock is no guide."""
    lines = mac.sh(f"find {ROOT} -xdev ! -type d -exec stat -c '%y %s %n' {{}} "
                   "+").splitlines()
    return {line.partition(ROOT)[2]: line for line in lines}


def file_kept(mac, words):
    """All that it does, with a scratch file that stays, and a second look."""
    before = files_of_root(mac)
    with writes_only_to(mac, "nvme0n1p5"):
        run = whole(Run(mac, f"scratch=/root/scratch keep {words}")
                    .check(COMPLETE, "^complete"))
    after = files_of_root(mac)
    expect("files that were written",
           [name for name in after if after[name] != before.get(name)],
           ["/root/scratch"])
    for when in ("verified", "after-reset", "after-sleep"):
        run.has(f"data-{when}", "^2 MiB right, [1-9]")
    run.has("reset", r"^3 times, ms:( \d+){3}$")
    run.has("sleep-rehearsal-platform", "all is back")
    # no clock of this machine could wake it
    run.has("sleep", "no clock")
    mappings(run)
    Run(mac, "check=/root/scratch").check(COMPLETE)
    mac.sh(f"printf '\\001\\001' | dd of={ROOT}/root/scratch bs=1 "
           "seek=1500000 conv=notrunc")
    run = Run(mac, "check=/root/scratch").check(1)
    if "wrong data at byte 150000" not in run.text:
        run.fail("it does not say what is wrong")
    mac.sh(f"rm {ROOT}/root/scratch")
    return run


def trap(mac, text):
    mac.set(ANS2, "trap", text)


def ours(setup, judge):
    """Everything under the drivers of this repository."""
    with _machine(setup, "proof-kit") as mac:
        reads_only(mac)
        partition(mac)
        _mount(mac)
        refusals(mac)
        file_kept(mac, "reset restart sleep")
        stops(mac, "hottest=20", "the drive has 35 degrees")
        trap(mac, "fail=4281:io-02:3")
        stops(mac, "", "I/O error|read of .* bytes")
        trap(mac, "noirq:io-01:2")
        stops(mac, SCRATCH_FILE, "interrupt")
        trap(mac, "crash:io-01:2")
        stops(mac, SCRATCH_FILE, "RTKit|restarted after a crash")
        judge(mac)


def upstream(setup, judge):
    """The same archive under upstream's drivers."""
    with _machine(under_upstream(setup), "proof-kit-upstream") as mac:
        _mount(mac)
        refused(mac, *REFUSALS[0])
        run = whole(Run(mac, "scratch=/root/scratch reset restart sleep")
                    .check(COMPLETE, "^complete"))
        mappings(run)
        run.has("driver", "^nvme-apple$")
        run.has("data-after-sleep", "^2 MiB right, [1-9]")
        run.has("firmware-starts", "^5, expected 5")
        expect("scratch file", mac.run(f"ls {ROOT}/root/scratch").status, 1)
        trap(mac, "fail=4281:io-02:3")
        stops(mac, "", "I/O error|read of .* bytes")
        judge(mac)


OWN = {
    "proof-kit": ours,
    "proof-kit-upstream": upstream,
}
