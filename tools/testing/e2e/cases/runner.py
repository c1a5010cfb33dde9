# SPDX-License-Identifier: GPL-2.0-only
"""`make run`: one command in the Mac, and the image that it may write to.

The machines of these cases belong to tools/scripts/run.sh, which says itself
what the judge has counted.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from mac import MacError
from mac.build import TOP

from .common import expect

ROOT = "/dev/nvme0n1p5\n"
FUNCTION = "10000:00:00.0 Non-Volatile memory controller"


def run(build, command, **variables):
    """Run @command as `make run` does.  Returns the ended process."""
    env = dict(os.environ, O=str(build.folder), KERNEL=build.kernel,
               DRIVER=build.driver, PAGES=build.pages,
               DEBUG=build.debug, MODULES="", DISTRO="", SSD="")
    env.update(variables)
    done = subprocess.run([TOP / "tools/scripts/run.sh", command], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=600, check=False)
    if "broke rules" in done.stderr or "run: " not in done.stderr:
        raise MacError(f"run.sh: {done.stderr}")
    return done


def command(setup, _judge):
    """Root, function and drive; output, errors and status stay apart."""
    done = run(setup.build, "findmnt -no SOURCE /; lspci | cut -d: -f1-3; "
               "nvme list | grep -c ^/dev/nvme0n1; echo aside >&2; exit 7")
    expect("status", done.returncode, 7)
    wanted = f"{ROOT}1\n"
    if setup.build.driver == "ans2":
        wanted = f"{ROOT}{FUNCTION}\n1\n"
    expect("output", done.stdout, wanted)
    if "\naside\n" not in "\n" + done.stderr:
        raise MacError(f"error output: {done.stderr!r}")


def written(setup, _judge):
    """What is written to the image that SSD names is there the next time."""
    with tempfile.TemporaryDirectory(dir=setup.build.folder) as folder:
        ssd = Path(folder) / "ssd.img"
        subprocess.run(["cp", "--sparse=always", "--reflink=auto",
                        setup.build.ssd, ssd], check=True)
        for text, wanted in (("cat /kept || echo first > /kept", ""),
                             ("cat /kept", "first\n")):
            done = run(setup.build, text, SSD=str(ssd))
            expect(text, (done.stdout, done.returncode), (wanted, 0))
