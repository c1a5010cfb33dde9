# SPDX-License-Identifier: GPL-2.0-only
"""Programs that test inside the guest.

They are written with the kernel's kselftest harness, compiled against the
source of the kernel that runs them, and carried in by the initramfs.
"""

import fcntl
import hashlib
import os
import platform
import re
import subprocess
from pathlib import Path

from mac import MacError
from mac.initramfs import write_initramfs
from mac.lanes import lane
from mac.suite import Subtest

SOURCES = Path(__file__).resolve().parents[1] / "programs"
FLAGS = ("-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror",
         "-static", "-pthread")
HARNESS = "kselftest_harness.h"

PLAN = re.compile(r"1\.\.(\d+)$")
RESULT = re.compile(r"(not ok|ok) (\d+) (\S+)(?: # SKIP ?(.*))?")
# what the harness says about each test that goes well, or twice
NOISE = re.compile(
    r"TAP version|# (?: RUN| +OK| +FAIL|Starting|PASSED|FAILED|Totals)")


def _compiler():
    return "gcc" if platform.machine() == "aarch64" else \
        "aarch64-linux-gnu-gcc"


def _harness(build):
    """The folder with the harness in the source of @build's kernel."""
    folder = build.folder / f"src/linux-{build.kernel}/tools/testing/selftests"
    if not (folder / HARNESS).exists():
        raise MacError(f"{folder / HARNESS} is missing: "
                       f"`make setup KERNEL={build.kernel}` unpacks it")
    return folder


def _fingerprint(files, command):
    text = hashlib.sha256(" ".join(command).encode())
    for file in files:
        text.update(file.read_bytes())
    return text.hexdigest()


def _compile(source, target, headers, include):
    """Compile @source to @target, unless it is up to date."""
    command = [_compiler(), *FLAGS, "-isystem", str(include), "-o",
               f"{target}.new", source.name]
    stamp = target.with_suffix(".stamp")
    inputs = _fingerprint([source, *headers], command)
    if target.exists() and stamp.exists() and stamp.read_text() == inputs:
        return
    # from its folder, because failures name the file as it is given here
    done = subprocess.run(command, capture_output=True, text=True,
                          cwd=source.parent, check=False)
    if done.returncode:
        raise MacError(f"{source} does not compile:\n{done.stderr[-3000:]}")
    os.replace(f"{target}.new", target)
    stamp.write_text(inputs)


def compiled(build):
    """The programs for @build's kernel, {name: path}."""
    include = _harness(build)
    folder = build.folder / "e2e" / build.kernel
    folder.mkdir(parents=True, exist_ok=True)
    headers = sorted(SOURCES.glob("*.h")) + [include / HARNESS,
                                             include / "kselftest.h"]
    programs = {}
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for source in sorted(SOURCES.glob("*.c")):
            programs[source.stem] = folder / source.stem
            _compile(source, folder / source.stem, headers, include)
    return programs


def initramfs(build, name="programs", more=None):
    """An initramfs with the programs, and with @more {path: (data, mode)}.

    @name: the next of the same name and lane takes its place
    """
    files = {f"payload/{program}": (path.read_bytes(), 0o755)
             for program, path in compiled(build).items()}
    path = build.folder / "e2e" / build.kernel / f"{name}.{lane()}.cpio"
    new = path.with_suffix(f".{os.getpid()}")
    write_initramfs(build, new, {**files, **(more or {})})
    # whoever starts a machine at this moment has the old one open
    os.replace(new, path)
    return path


def with_programs(build):
    """Options of a machine whose root is on the SSD."""
    return {"initrd": initramfs(build)}


def place(mac):
    """The folder of the programs in the guest."""
    return "/payload" if "root=ram" in mac.command_line else "/run/payload"


def hammer(seconds, processes, depth, fails=False, folder="/run/payload"):
    """The command for a load; see hammer.c."""
    return f"{folder}/hammer {seconds} {processes} {depth}" + \
        (" fails" if fails else "")


def parse(text, status):
    """The Subtests that a program printed; what is missing is one more."""
    planned = None
    tests, notes = [], []
    for line in text.splitlines():
        line = line.rstrip()
        plan = PLAN.match(line)
        result = RESULT.match(line)
        if plan:
            planned = int(plan[1])
        elif result:
            error = None
            if result[1] != "ok":
                error = "\n".join(notes) or "failed"
            tests.append(Subtest(result[3], error, result[4]))
            notes = []
        elif line and not NOISE.match(line):
            notes.append(line.removeprefix("# "))
    why = None
    if planned is None:
        why = "it has not told how many tests it has"
    elif len(tests) != planned:
        why = f"it ended after {len(tests)} of {planned} tests"
    elif bool(status) != any(t.error for t in tests):
        why = "its status is not that of its tests"
    if why:
        tests.append(Subtest("program", "\n".join(
            [f"{why}; it ended with status {status}", *notes[-20:]])))
    return tests


def program(name, env="", timeout=240):
    """A case: the tests of the program @name, each with its own result."""
    def run(mac):
        result = mac.run(f"{env} {place(mac)}/{name} 2>&1", timeout)
        return parse(result.stdout + result.stderr, result.status)
    return run
