# SPDX-License-Identifier: GPL-2.0-only
"""fio: what is written is what is read, with any length and depth."""

from mac import MacError
from mac.suite import Subtest

from . import programs
from .common import MIB, SCRATCH, fio, wait_for


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
    limits = dict.fromkeys(("bps", "bps_rd", "bps_wr", "iops_rd", "iops_wr"),
                           0)
    mac.qmp("block_set_io_throttle", device="ssd", iops=iops, **limits)


def have_all_tags(mac):
    """Wait until namespace 1 may use all tags.

    The kernel divides the tags by the namespaces that were used in the time
    after which a request would be given up, which is half a minute; after boot
    that is all three of them. Here the other two get a shorter time, and a
    request that it counts for.
    """
    for name in ("nvme0n2", "nvme0n3"):
        timeout = f"/sys/block/{name}/queue/io_timeout"
        mac.sh(f"echo 1000 >{timeout}; dd if=/dev/{name} of=/dev/null bs=4k "
               f"count=1 iflag=direct; echo 30000 >{timeout}")
    wait_for(mac, "grep -q 'active_queues=[01]$' "
             "/sys/kernel/debug/block/nvme0n1/hctx0/tags",
             "the other namespaces are idle")


def fio_61_deep(mac):
    """As many commands in flight as the driver has tags, and not one more.

    On a drive that is slower than the guest, whatever the host can do, and far
    apart, so that the block layer has nothing to merge.
    """
    have_all_tags(mac)
    mac.clear_counters()
    limit_drive(mac, 400)
    try:
        fio(mac, "deep", "--rw=randrw --bs=4k --size=8g --io_size=4m "
            "--ioengine=libaio --iodepth=128 --iodepth_batch_submit=64 "
            "--norandommap --randseed=1")
    finally:
        limit_drive(mac, 0)
    most = mac.counters()["max-in-flight"]
    # an admin command may have come between them
    if most not in (61, 61 + 1):
        raise MacError(f"at most {most} commands were in flight")


def tags(mac):
    """The program of that name, on a drive that is slower than the guest.

    It keeps every I/O tag in use and sends admin commands, so all tags must
    have been in flight at once, and no more than there are.
    """
    have_all_tags(mac)
    mac.clear_counters()
    limit_drive(mac, 1200 // (3 if mac.build.debug else 1))
    try:
        tests = programs.program("tags")(mac)
    finally:
        limit_drive(mac, 0)
    most = mac.counters()["max-in-flight"]
    error = None if most == 61 + 1 else \
        f"at most {most} commands were in flight, expected 61 + 1"
    return [*tests, Subtest("all_tags_at_once", error)]


def fio_odd_sizes(mac):
    """Every length from a block to the drive's limit, at any offset."""
    fio(mac, "odd", "--rw=randwrite --bsrange=4k-1m --blockalign=4k "
        "--size=96m --ioengine=libaio --iodepth=16 --verify=crc32c "
        "--iomem_align=4k --randseed=2")


def fio_buffered(mac):
    """Through the page cache, with the flushes that fsync asks for."""
    job = ("fio --name=b --filename=/root/fio.tmp --size=8m --bs=4k "
           "--rw=randwrite --ioengine=psync --verify=crc32c --randseed=5")
    before = mac.counters()["count-flush"]
    mac.sh(f"{job} --fsync=64 --do_verify=0", 240)
    flushes = mac.counters()["count-flush"] - before
    if flushes < 32:
        raise MacError(f"32 fsync calls led to {flushes} flushes")
    # from the drive
    mac.sh("echo 3 > /proc/sys/vm/drop_caches")
    before = mac.counters()["bytes-read"]
    mac.sh(f"{job} --verify_only && rm /root/fio.tmp", 240)
    read = mac.counters()["bytes-read"] - before
    if read < 8 * MIB:
        raise MacError(f"8 MiB were verified and {read} bytes read")
