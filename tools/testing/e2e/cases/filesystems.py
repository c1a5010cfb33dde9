# SPDX-License-Identifier: GPL-2.0-only
"""File systems on the drive."""

from .common import SPARE


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
    mac.sh("mount -t vfat /dev/nvme0n1p4 /mnt && "
           "cp /usr/bin/fio /mnt/m1n1/ && umount /mnt && "
           "mount -o ro /dev/nvme0n1p4 /mnt && "
           "cmp /usr/bin/fio /mnt/m1n1/fio; s=$?; umount /mnt; exit $s")
    mac.sh("fsck.vfat -n /dev/nvme0n1p4")
