#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tells dpkg of a root folder about packages that were laid out in it.

Usage: unpacked.py ROOT    (mmdebstrap calls it as an --extract-hook)

mmdebstrap lays packages out with no record of them. This writes dpkg's database
as dpkg itself leaves it between unpacking and configuring, from the packages in
ROOT/var/cache/apt/archives, so that `dpkg --configure -a` in the guest does the
rest. What no script of a package has done yet, the guest does first: see
configure.sh.
"""

import hashlib
import subprocess
import sys
from pathlib import Path


def dpkg_deb(*args):
    return subprocess.run(["dpkg-deb", *map(str, args)], check=True,
                          stdout=subprocess.PIPE).stdout


def fields(control):
    """The fields of a control file that stand on one line."""
    pairs = (line.partition(":") for line in control.splitlines()
             if line[:1].strip())
    return {name: value.strip() for name, _, value in pairs}


def listing(package):
    """The paths of a package as dpkg's *.list has them."""
    tar = subprocess.run(["tar", "-t"], input=dpkg_deb("--fsys-tarfile",
                                                       package),
                         check=True, stdout=subprocess.PIPE).stdout
    for line in tar.decode().splitlines():
        yield line.removeprefix(".").rstrip("/") or "/."


def conffiles(root, info):
    """The field Conffiles, with the sum of each file as it is there."""
    if not info.exists():
        return ""
    rows = []
    for line in info.read_text().splitlines():
        path = root / line.strip().split()[-1].lstrip("/")
        if path.exists():
            digest = hashlib.md5(path.read_bytes()).hexdigest()
            rows.append(f" /{path.relative_to(root)} {digest}\n")
    return "".join(["Conffiles:\n", *rows]) if rows else ""


class Database:
    """What is below var/lib/dpkg."""

    def __init__(self, root):
        self.root = root
        self.admin = root / "var/lib/dpkg"
        self.info = self.admin / "info"
        self.status = []
        self.paths = []
        for name in ("info", "updates", "triggers", "alternatives"):
            (self.admin / name).mkdir(parents=True, exist_ok=True)

    def _triggers(self, name, file):
        """Note who wants to hear of a path or a name."""
        for line in file.read_text().splitlines():
            word, _, what = line.partition("#")[0].strip().partition(" ")
            if not word.startswith("interest"):
                continue
            line = name + ("/noawait" if word.endswith("noawait") else "")
            what = what.strip()
            if what.startswith("/"):
                self.paths.append(f"{what} {line}\n")
                continue
            with open(self.admin / "triggers" / what, "a") as names:
                names.write(f"{line}\n")

    def add(self, package):
        control = dpkg_deb("--field", package).decode()
        field = fields(control)
        name = field["Package"]
        if field.get("Multi-Arch") == "same":
            name += ":" + field["Architecture"]
        scratch = self.admin / "tmp.ci"
        dpkg_deb("--control", package, scratch)
        (scratch / "control").unlink()
        conf = conffiles(self.root, scratch / "conffiles")
        if (scratch / "triggers").exists():
            self._triggers(name, scratch / "triggers")
        for file in list(scratch.iterdir()):
            file.rename(self.info / f"{name}.{file.name}")
        scratch.rmdir()
        (self.info / f"{name}.list").write_text(
            "".join(f"{path}\n" for path in listing(package)))
        head, _, rest = control.partition("\n")
        self.status.append(f"{head}\nStatus: install ok unpacked\n"
                           f"{rest.rstrip()}\n{conf}")

    def write(self):
        (self.info / "format").write_text("1\n")
        (self.admin / "status").write_text("\n".join(self.status))
        (self.admin / "triggers/File").write_text("".join(self.paths))
        (self.admin / "triggers/Unincorp").write_text("")
        for name in ("available", "diversions", "statoverride"):
            (self.admin / name).touch()


def main(argv):
    root = Path(argv[1])
    packages = sorted((root / "var/cache/apt/archives").glob("*.deb"))
    if not packages:
        sys.exit(f"unpacked: {root} has no packages")
    database = Database(root)
    for package in packages:
        database.add(package)
    database.write()
    print(f"unpacked: {len(packages)} packages are to be configured")


if __name__ == "__main__":
    main(sys.argv)
