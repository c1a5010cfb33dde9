#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Lets the packages on a new SSD configure themselves, on the emulated Mac.

Usage: configure.py IMAGE

The work is done by configure.sh, from an initramfs with the modules that the
kernel needs to reach the SSD.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mac import Build, Mac, MacError  # noqa: E402
from mac.initramfs import write_initramfs  # noqa: E402
from mac.kernelmodules import kernel_modules  # noqa: E402

NEEDED = ("apple_mailbox", "nvme", "apple_ans2", "crc32c_generic", "ext4",
          "nls_cp437", "nls_iso8859_1", "nls_utf8", "vfat")
ESP, ROOT = "/dev/nvme0n1p4", "/dev/nvme0n1p5"
NEW = "/mnt"
SCRIPT = "/usr/lib/mac/configure.sh"


def initramfs(build, path):
    """The initramfs of the image with the modules behind it."""
    files = {f"modules/{name}.ko": (file.read_bytes(), 0o644)
             for name, file in kernel_modules(build, NEEDED).items()}
    text = "".join(f"/{name}\n" for name in files)
    files["modules.load"] = (text.encode(), 0o644)
    return write_initramfs(build, path, files)


def show(_fd, data):
    os.write(1, data)


def configure(build, image):
    initrd = initramfs(build, image.with_name("configure.cpio"))
    with Mac(build, "distro-configure", firmware="2026", root="ram",
             initrd=initrd, ssd=image) as mac:
        mac.boot(300)
        mac.sh(f"for i in $(seq 600); do [ -b {ROOT} ] && break; sleep 0.1; "
               f"done; mount -t ext4 {ROOT} {NEW}; "
               f"mount --bind /dev {NEW}/dev")
        mac.run(f"chroot {NEW} {SCRIPT} {ESP}", None, show).check()
        mac.sh(f"for m in tmp run sys proc dev .; do umount {NEW}/$m; done",
               300)
        mac.poweroff()
        if mac.violations():
            raise MacError(f"rules were broken: {mac.by_rule()}")


def main(argv):
    build = Build.from_environment(driver="ans2", distro="kernel")
    try:
        configure(build, Path(argv[1]))
    except MacError as e:
        sys.exit(f"configure: {e}")


if __name__ == "__main__":
    main(sys.argv)
