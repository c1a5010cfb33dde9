# SPDX-License-Identifier: GPL-2.0-only
"""Copies of upstream's drivers that break one rule each must be caught.

An edit is a regular expression that has to match its file exactly once. The
one object is compiled with the command that the kernel's build recorded, in a
copy of its output folder, and the kernel linked anew there.
"""

import fcntl
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass

from mac import Build, MacError
from mac.suite import Case, Known, Setup

NVME = "drivers/nvme/host/apple.c"
SART = "drivers/soc/apple/sart.c"

DEADLINE = 60


@dataclass(frozen=True)
class Mistake:
    """One rule broken.

    @rule: what the judge calls it; more than one name where it depends on how
        far the command got
    @file, @pattern, @to: the edit
    @firmware: whose rules
    """

    rule: str
    file: str
    pattern: str
    to: str
    firmware: str = "2026"


MISTAKES = {
    "flags-of-no-data": Mistake(
        "tcb-flags", NVME, r"(dma_flags = )0;", r"\g<1>3;"),
    "flags-both-ways": Mistake(
        "tcb-flags", NVME, r"(dma_flags = )\w+_FROM_DEVICE;", r"\g<1>3;"),
    "flags-swapped": Mistake(
        "tcb-flags", NVME, r"(else if \()(nvme_is_write\()", r"\1!\2"),
    "opcode-in-tcb": Mistake(
        "tcb-opcode", NVME, r"(->opcode = )0;", r"\1cmd->common.opcode;"),
    "tcb-not-invalidated": Mistake(
        "tcb-not-invalidated", NVME, r"writel\([^;]*TCB_INVAL\);", ";"),
    "wrong-prp-in-tcb": Mistake(
        "tcb-prp", NVME, r"(tcb->prp1 = )([\w.>-]+);",
        r"\1\2 ^ cpu_to_le64(0x1000);"),
    "prp2-missing-in-tcb": Mistake(
        "tcb-prp", NVME, r"(tcb->prp2 = )[\w.>-]+;", r"\1 0;"),
    "tag-used-twice": Mistake(
        "tag-busy|tcb-not-invalidated", NVME, r"(writel\(tag, q->sq_db\);)",
        r"\1 \1"),
    "other-tag-in-tcb": Mistake(
        "tcb-tag", NVME, r"(tcb->command_id = )tag;", r"\1 tag ^ 1;"),
    "buffer-not-in-sart": Mistake(
        "sart-denied", NVME, r"(ret = )apple_sart_add_allowed_region\([^)]*\);",
        r"\1 0;"),
    "sart-one-page-off": Mistake(
        "sart-denied", SART, r"(writel\(paddr_shifted)(, \S+ \+ \w+2_PADDR)",
        r"\1 + 1\2"),
    "forbidden-register": Mistake(
        "reg-forbidden", NVME,
        r"(writel\(\w+LINEAR_SQ_EN,\s*anv->mmio_nvme \+ )(\w+\);)",
        r"readl(anv->mmio_nvme + 0x24008); \1\2"),
}


def edited(text, mistake):
    """@text with the edit, which must fit exactly once."""
    found = len(re.findall(mistake.pattern, text))
    if found != 1:
        raise MacError(f"{mistake.file}: '{mistake.pattern}' fits {found} "
                       "times, not once; the edit needs a look")
    return re.sub(mistake.pattern, mistake.to, text)


def kernel_command(folder, source):
    """How the kernel's build compiled @source."""
    name = source.rsplit("/", 1)[1].removesuffix(".c")
    record = folder / source.rsplit("/", 1)[0] / f".{name}.o.cmd"
    first = record.read_text().splitlines()[0]
    return first.split(":=", 1)[1].strip()


def scratch_kernel(build):
    """A copy of the kernel's output folder, pristine objects in it."""
    scratch = build.kernel_folder.with_name("mistakes")
    stamp = scratch / "copied-from"
    name = (f"{build.kernel_name} "
            f"{build.image.stat().st_size} "
            f"{(build.kernel_folder / 'vmlinux').stat().st_mtime_ns}")
    if not stamp.exists() or stamp.read_text() != name:
        shutil.rmtree(scratch, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto",
                        f"{build.kernel_folder}/.", str(scratch)], check=True)
        stamp.write_text(name)
    for source in {m.file for m in MISTAKES.values()}:
        obj = source.removesuffix(".c") + ".o"
        shutil.copy2(build.kernel_folder / obj, scratch / obj)
    return scratch


def build_kernel(build, name, mistake):
    """The Image with one mistake in it."""
    scratch = scratch_kernel(build)
    tree = build.folder / f"src/linux-{build.kernel}"
    log = build.folder / "log" / f"mistake-{name}.log"
    source = scratch / "mistake" / mistake.file.rsplit("/", 1)[1]
    source.parent.mkdir(exist_ok=True)
    source.write_text(edited((tree / mistake.file).read_text(), mistake))

    command, path = kernel_command(scratch, mistake.file).rsplit(" ", 1)
    if not path.endswith(mistake.file):
        raise MacError(f"unexpected end of a compiler command: {path}")
    home = (tree / mistake.file).parent
    environment = {**os.environ, "ARCH": "arm64",
                   "CROSS_COMPILE": "aarch64-linux-gnu-",
                   "CCACHE_DIR": str(build.folder / "ccache")}
    script = (f"set -e; cd {scratch}; {command} -I{home} {source}; "
              f"make -C {tree} O={scratch} "
              "CC='ccache aarch64-linux-gnu-gcc' HOSTCC='ccache gcc' "
              f"-j{os.cpu_count()} Image")
    with open(log, "w", encoding="utf-8") as out:
        if subprocess.run(["bash", "-c", script], stdout=out, stderr=out,
                          stdin=subprocess.DEVNULL, env=environment,
                          check=False).returncode:
            end = "\n".join(log.read_text().splitlines()[-8:])
            raise MacError(f"building the mistake failed, see {log}:\n{end}")
    return scratch / "arch/arm64/boot/Image"


def wait_for_rule(mac, rule):
    """Until the judge has seen @rule; the guest need not get far."""
    deadline = time.monotonic() + DEADLINE
    while not set(rule.split("|")) & set(mac.by_rule()):
        if time.monotonic() > deadline:
            raise MacError(f"{rule} was not noticed within {DEADLINE} s, but: "
                           f"{mac.by_rule()}")
        time.sleep(0.2)


def caught(name, mistake):
    """A case: the mistake is noticed, with the right reason first.

    What else breaks once a command failed is not of interest.
    """
    def run(setup, _judge):
        lock_path = setup.build.kernel_folder.with_name("mistakes.lock")
        with open(lock_path, "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            image = build_kernel(setup.build, name, mistake)
            with setup.mac(name, image=image,
                           firmware=mistake.firmware) as mac:
                wait_for_rule(mac, mistake.rule)
                first = mac.reasons()[0]
                if not re.match(f"({mistake.rule}): ", first):
                    raise MacError(f"the first reason is '{first}'")
                print(f"# {name}: {first}")
    return run


def old_driver_on_new_firmware(setup, judge):
    """6.12's driver uses a register that is forbidden: it must say so."""
    with setup.mac("forbidden", firmware="2026") as mac:
        wait_for_rule(mac, "reg-forbidden")
        judge(mac)


def all_cases():
    setup = Setup("mistakes", Build.from_environment(
        kernel="7.2", driver="upstream", pages="16k", debug=False))
    for name, mistake in MISTAKES.items():
        yield Case(setup, name, caught(name, mistake), own=True)
    old = Setup("6.12-16k-2026", Build.from_environment(
        kernel="6.12", driver="upstream", pages="16k", debug=False))
    yield Case(old, "forbidden-register", old_driver_on_new_firmware, own=True,
               known=(Known("reg-forbidden", "0x24008",
                            "the driver clears a bit there"),))
