# SPDX-License-Identifier: GPL-2.0-only
"""Takes files into the guest: programs, modules, whatever is big.

    initrd = write_initramfs(build, folder / "initrd",
                             {"payload/prog": (path.read_bytes(), 0o755)})
    with Mac(build, initrd=initrd) as mac:
        mac.boot()
        mac.sh("/run/payload/prog")

The result is the initramfs of the image with the files behind it; the kernel
unpacks one archive after the other. See tools/testing/guest/init.c for what
becomes of the folder payload and of the file modules.load.
"""

import itertools

DIRECTORY = 0o040755
REGULAR = 0o100000


def _entry(ino, name, mode, data):
    """One member of a cpio archive in the format newc."""
    path = name.encode() + b"\0"
    fields = (ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(path), 0)
    head = b"070701" + b"".join(b"%08X" % f for f in fields) + path
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def archive(files):
    """A cpio archive of {path: (content, permissions)}, and its folders."""
    number = itertools.count(1)
    folders = sorted({"/".join(parts[:i]) for parts in
                      (name.split("/") for name in files)
                      for i in range(1, len(parts))})
    parts = [_entry(next(number), name, DIRECTORY, b"") for name in folders]
    parts += [_entry(next(number), name, REGULAR | mode, data)
              for name, (data, mode) in files.items()]
    return b"".join(parts) + _entry(0, "TRAILER!!!", 0, b"")


def write_initramfs(build, path, files):
    """Write the initramfs with @files to @path.  Returns @path."""
    base = build.ram.read_bytes()
    path.write_bytes(base + bytes(-len(base) % 4) + archive(files))
    return path
