# SPDX-License-Identifier: GPL-2.0-only
"""What any driver must be able to do on the emulated Mac.

Each function is one case; it gets a booted Mac with its root on the SSD, or a
Setup where it must start its own. What the cases expect of the drive is written
out here again and not read from the model.
"""

import json
import re
import subprocess

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


# ----- what is there -----

def boot(mac):
    expect("root", mac.sh("findmnt -no SOURCE /").strip(), "/dev/nvme0n1p5")
    # AT_PAGESZ of the auxiliary vector
    page = mac.sh("od -An -v -td8 -w16 /proc/self/auxv | "
                  "awk '$1 == 6 {print $2 / 1024}'")
    expect("page size in KiB", page.strip(), mac.build.pages.rstrip("k"))
    log = mac.sh("dmesg")
    for word in ("BUG:", "WARNING:", "Oops", "I/O error"):
        if word in log:
            raise MacError(f"'{word}' in the kernel's log:\n{log}")


def identify_controller(mac):
    got = nvme_json(mac, "id-ctrl /dev/nvme0")
    # As real drives of this kind report them, so do smartctl's users
    for name, value in {"vid": 0x106b, "mdts": 8, "oacs": 4, "oncs": 4,
                        "nn": 3, "npss": 0, "oaes": 0, "cntlid": 0,
                        "frmw": 2, "vwc": 1, "sgls": 0}.items():
        expect(name, got[name], value)
    expect("model", got["mn"].strip()[:15], "APPLE SSD AP025")


def identify_namespace(mac):
    got = nvme_json(mac, "id-ns /dev/nvme0n1")
    for name, value in {"nsze": BLOCKS, "ncap": BLOCKS, "nlbaf": 0,
                        "flbas": 0, "mc": 0, "dps": 0}.items():
        expect(name, got[name], value)
    expect("LBA data size", got["lbafs"][0]["ds"], 12)
    expect("metadata size", got["lbafs"][0]["ms"], 0)
    expect("bytes", mac.sh("blockdev --getsize64 /dev/nvme0n1").strip(),
           str(BLOCKS * BLOCK))
    expect("logical block", mac.sh("blockdev --getss /dev/nvme0n1").strip(),
           str(BLOCK))


def namespaces(mac):
    for nsid in (1, 2, 3):
        mac.sh(f"dd if=/dev/nvme0n{nsid} of=/dev/null bs=4k count=1 "
               "iflag=direct")
        listed = nvme_json(mac, f"id-ns /dev/nvme0 -n {nsid}")
        expect(f"size of {nsid}", str(listed["nsze"] * BLOCK),
               mac.sh(f"blockdev --getsize64 /dev/nvme0n{nsid}").strip())
    expect("a fourth one", mac.run("test -e /dev/nvme0n4").status, 1)


def smart_log(mac):
    before = nvme_json(mac, "smart-log /dev/nvme0")
    mac.sh(f"dd if=/dev/zero of={SCRATCH} bs=1M count=8 oflag=direct")
    after = nvme_json(mac, "smart-log /dev/nvme0")
    if not 273 < after["temperature"] < 373:
        raise MacError(f"temperature {after['temperature']} K")
    expect("critical warning", after["critical_warning"], 0)
    if after["host_write_commands"] < before["host_write_commands"] + 8:
        raise MacError("8 MiB were written and host_write_commands went from "
                       f"{before['host_write_commands']} to "
                       f"{after['host_write_commands']}")


def unknown_commands(mac):
    """What the drive does not have is refused, and at once."""
    for command, word in {
            "admin-passthru /dev/nvme0 --opcode=0x7f": "Invalid Command Op",
            "io-passthru /dev/nvme0n1 --opcode=0x7e -n 1":
                "Invalid Command Op",
            "get-log /dev/nvme0 --log-id=1 --log-len=64": "Invalid Log Page",
            "get-feature /dev/nvme0 -f 0x7f": "Invalid Field"}.items():
        result = mac.run(f"nvme {command}", 20)
        text = result.stdout + result.stderr
        if not result.status or word.lower() not in text.lower():
            raise MacError(f"nvme {command}: expected '{word}', got status "
                           f"{result.status}: {text}")


# ----- input and output -----

def fio(mac, name, options, timeout=240):
    """Run fio on the scratch partition and return its JSON job."""
    out = mac.sh(f"fio --name={name} --filename={SCRATCH} --output-format=json "
                 f"--direct=1 {options}", timeout)
    job = json.loads(out[out.index("{"):])["jobs"][0]
    expect(f"fio {name}: errors", job["error"], 0)
    return job


def fio_verify(size, block, depth, engine="libaio"):
    """A case: random writes, each read back and checked."""
    def run(mac):
        job = fio(mac, "verify",
                  f"--rw=randwrite --bs={block} --size={size} "
                  f"--ioengine={engine} --iodepth={depth} --verify=crc32c "
                  "--do_verify=1 --verify_fatal=1 --randseed=4711")
        if not job["read"]["io_bytes"]:
            raise MacError("fio read nothing back")
    return run


def limit_drive(mac, iops):
    """Let the drive do so many operations a second; 0: as many as it can."""
    limits = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops_rd", "iops_wr"), 0)
    mac.qmp("block_set_io_throttle", device="ssd", iops=iops, **limits)


def fio_61_deep(mac):
    """As many commands in flight as the driver has tags, and not one more.

    On a drive that is slower than the guest, whatever the host can do, and far
    apart, so that the block layer has nothing to merge.
    """
    mac.clear_counters()
    limit_drive(mac, 400)
    try:
        fio(mac, "deep", "--rw=randrw --bs=4k --size=8g --io_size=4m "
            "--ioengine=libaio --iodepth=128 --iodepth_batch_submit=64 "
            "--norandommap --randseed=1")
    finally:
        limit_drive(mac, 0)
    most = mac.counters()["max-in-flight"]
    if not 55 <= most <= 62:
        raise MacError(f"at most {most} commands were in flight")


def fio_odd_sizes(mac):
    """Every length from a block to the drive's limit, at any offset."""
    fio(mac, "odd", "--rw=randwrite --bsrange=4k-1m --blockalign=4k "
        "--size=96m --ioengine=libaio --iodepth=16 --verify=crc32c "
        "--iomem_align=4k --randseed=2")


def fio_buffered(mac):
    """Through the page cache, with the flushes that fsync asks for."""
    before = mac.counters()["count-flush"]
    mac.sh("fio --name=b --filename=/root/fio.tmp --size=8m --bs=4k "
           "--rw=randwrite --ioengine=psync --fsync=64 --verify=crc32c && "
           "rm /root/fio.tmp", 240)
    flushes = mac.counters()["count-flush"] - before
    if flushes < 8:
        raise MacError(f"32 fsync calls led to {flushes} flushes")


def flush(mac):
    before = mac.counters()["count-flush"]
    mac.sh("nvme flush /dev/nvme0n1 -n 1")
    expect("flushes", mac.counters()["count-flush"] - before, 1)


def passthrough(mac):
    """Read commands built in user space, from one block to many pages."""
    mac.sh("head -c 1048576 /usr/bin/busybox > /tmp/a && "
           f"dd if=/tmp/a of={SCRATCH} bs=1M oflag=direct")
    first = SCRATCH_START // BLOCK
    for blocks in (1, 2, 3, 100):
        size = blocks * BLOCK
        mac.sh(f"nvme read /dev/nvme0n1 -s {first} -c {blocks - 1} -z {size} "
               f"-d /tmp/b && cmp -n {size} /tmp/a /tmp/b")


def discard(mac):
    """What was discarded is freed in the image and reads as zeros."""
    mac.sh(f"tr '\\0' x </dev/zero | dd of={SCRATCH} bs=1M count=16 "
           "iflag=fullblock oflag=direct")
    expect("MiB before", allocated(mac, SCRATCH_START, 16 * MIB) // MIB, 16)
    before = mac.counters()["count-dsm"]
    mac.sh(f"blkdiscard -o {4 * MIB} -l {8 * MIB} {SCRATCH}")
    if mac.counters()["count-dsm"] == before:
        raise MacError("blkdiscard led to no Dataset Management command")
    expect("MiB after", allocated(mac, SCRATCH_START, 16 * MIB) // MIB, 8)
    mac.sh(f"dd if={SCRATCH} bs=1M skip=4 count=8 iflag=direct | "
           f"cmp -n {8 * MIB} - /dev/zero")
    mac.sh(f"dd if={SCRATCH} bs=1M count=4 iflag=direct | tr -d x | "
           "cmp - /dev/null")


def allocated(mac, start, length):
    """Bytes of a range that have data in the throw-away overlay.

    The emulator writes its image's tables when it is told to flush.
    """
    mac.sh("nvme flush /dev/nvme0n1 -n 1")
    out = subprocess.run(
        [mac.build.qemu_img, "map", "-U", "--output=json",
         f"--start-offset={start}", f"--max-length={length}", str(mac.disk[0])],
        check=True, capture_output=True, text=True).stdout
    return sum(e["length"] for e in json.loads(out)
               if e["depth"] == 0 and e["data"])


def trim(mac):
    out = mac.sh("fstrim -v /", 120)
    if not re.search(r"trimmed", out):
        raise MacError(f"fstrim said: {out}")


# ----- file systems -----

def mkfs(mac):
    """A file system is made, filled, checked and read back."""
    mac.sh(f"mkfs.ext4 -q -F {SPARE} && mount {SPARE} /mnt", 120)
    try:
        mac.sh("cp -a /usr/sbin /mnt/ && sync && cd /mnt && "
               "find sbin -type f | sort | xargs sha256sum > /tmp/sums", 120)
        mac.sh("umount /mnt && echo 3 > /proc/sys/vm/drop_caches && "
               f"fsck.ext4 -fn {SPARE} && mount -o ro {SPARE} /mnt && "
               "cd /mnt && sha256sum --quiet -c /tmp/sums", 120)
    finally:
        mac.run("cd / && umount /mnt")


def esp(mac):
    mac.sh("mount -t vfat /dev/nvme0n1p4 /mnt && cp /usr/bin/fio /mnt/m1n1/ && "
           "umount /mnt && mount -o ro /dev/nvme0n1p4 /mnt && "
           "cmp /usr/bin/fio /mnt/m1n1/fio; s=$?; umount /mnt; exit $s")
    mac.sh("fsck.vfat -n /dev/nvme0n1p4")


# ----- the controller -----

def rescan(mac):
    mac.sh("nvme ns-rescan /dev/nvme0")
    namespaces(mac)


def wait_live(mac):
    state = mac.sh("for i in $(seq 100); do "
                   "s=$(cat /sys/class/nvme/nvme0/state); "
                   "[ $s = live ] && break; sleep 0.1; done; echo $s").strip()
    expect("controller's state", state, "live")


def reset(mac):
    for _ in range(3):
        mac.sh("nvme reset /dev/nvme0")
        wait_live(mac)
        mac.sh("dd if=/dev/nvme0n1 of=/dev/null bs=64k count=16 iflag=direct")


def reset_under_load(mac):
    mac.sh(f"fio --name=load --filename={SCRATCH} --direct=1 --rw=randwrite "
           "--bs=16k --size=48m --ioengine=libaio --iodepth=32 "
           "--verify=crc32c --randseed=3 >/tmp/fio.log 2>&1 & "
           "echo $! >/tmp/fio.pid")
    for _ in range(3):
        mac.sh("sleep 0.5; nvme reset /dev/nvme0")
        wait_live(mac)
    mac.sh("i=0; while kill -0 $(cat /tmp/fio.pid) 2>/dev/null && "
           "[ $i -lt 1200 ]; do sleep 0.1; i=$((i+1)); done; "
           "cat /tmp/fio.log; grep -q 'err= 0' /tmp/fio.log", 180)


# ----- cases with machines of their own -----

def rebind(setup, judge):
    """Unbind and bind again, with the root file system elsewhere."""
    with setup.mac("rebind", root="ram") as mac:
        mac.boot()
        driver = mac.sh("for d in /sys/bus/platform/drivers/*/*.nvme; do "
                        "echo $d; done").strip()
        folder, device = driver.rsplit("/", 1)
        for _ in range(3):
            mac.sh("mount -o ro /dev/nvme0n1p5 /mnt && "
                   "sha256sum /mnt/usr/bin/fio && umount /mnt")
            mac.sh(f"echo {device} > {folder}/unbind")
            expect("drive after unbind",
                   mac.run("test -e /dev/nvme0n1").status, 1)
            mac.sh(f"echo {device} > {folder}/bind; "
                   "for i in $(seq 100); do [ -e /dev/nvme0n1p5 ] && exit; "
                   "sleep 0.1; done; exit 1", 60)
        judge(mac)


def reboot(setup, judge):
    """What was written before a reboot is there after it."""
    with setup.mac("reboot") as mac:
        mac.boot()
        for turn in range(2):
            mac.sh(f"echo {turn} > /root/turn")
            mac.reboot()
            expect("file", mac.sh("cat /root/turn").strip(), str(turn))
            judge(mac)


def poweroff(setup, judge):
    """The drive is shut down in order, and its file system is clean."""
    with setup.mac("poweroff") as mac:
        mac.boot()
        before = nvme_json(mac, "smart-log /dev/nvme0")["unsafe_shutdowns"]
        mac.poweroff()
        judge(mac)
        # the machine goes on from its reset with what the drive remembers
        mac.off = False
        mac.qmp("system_reset")
        mac.qmp("cont")
        mac.boot()
        after = nvme_json(mac, "smart-log /dev/nvme0")["unsafe_shutdowns"]
        expect("unsafe shutdowns", after, before)
        log = mac.sh("dmesg")
        if "recovery complete" in log:
            raise MacError("the root file system's journal was replayed")
        judge(mac)


def big(setup, judge):
    """Eight processors and 8 GiB, so that buffers lie high."""
    with setup.mac("big", cpus=8, memory="8G") as mac:
        mac.boot()
        expect("processors", mac.sh("grep -c ^processor /proc/cpuinfo"),
               "8\n")
        fio(mac, "big", "--rw=randrw --bs=64k --size=16m --ioengine=libaio "
            "--iodepth=32 --numjobs=4 --group_reporting --randseed=5")
        judge(mac)


def handover(state):
    """A case: the boot loader left the drive in @state."""
    def run(setup, judge):
        with setup.mac(f"handover-{state}", handover=state) as mac:
            mac.boot()
            boot(mac)
            fio(mac, "handover", "--rw=randrw --bs=16k --size=8m "
                "--ioengine=libaio --iodepth=8 --randseed=6")
            judge(mac)
    return run
