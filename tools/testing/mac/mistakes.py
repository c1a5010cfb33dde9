# SPDX-License-Identifier: GPL-2.0-only
"""Copies of a driver that break one rule each must be caught.

A mistake is a few edits, each a regular expression that has to fit its file
exactly once, and a function that says how the machine finds out. The objects
that are made of the edited files are compiled with the commands that the
kernel's build has recorded, in a scratch folder. A driver that is a module is
linked there with recorded commands too; one that is built in costs a link of
the kernel in a copy of its output folder.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from .errors import MacError
from .suite import Case

DEADLINE = 60
RECORD = re.compile(r"(?:saved)?cmd_\S+ := (.*)")


@dataclass(frozen=True)
class Edit:
    """One change: @pattern in @file, a path in the kernel, becomes @to."""

    file: str
    pattern: str
    to: str

    def apply(self, text):
        """@text with the edit, which must fit exactly once."""
        found = len(re.findall(self.pattern, text))
        if found != 1:
            raise MacError(f"{self.file}: '{self.pattern}' fits {found} "
                           "times, not once; the edit needs a look")
        return re.sub(self.pattern, self.to, text)


@dataclass(frozen=True)
class Mistake:
    """One rule broken.

    @caught: called with the Mac that runs the result, returns in a few words
        how the mistake was noticed; MacError if it was not
    @edits: what is wrong
    @options: options of the Mac
    """

    caught: object
    edits: tuple
    options: dict = field(default_factory=dict, hash=False)


# ----- how a mistake is noticed -----

def by_judge(rule, load=None, first=None, seconds=DEADLINE):
    """The judge sees it.

    @rule: what the judge calls it; more than one name, with "|" between them,
        where it depends on how far the command got
    @load: called with the Mac, starts what makes the driver do it; without it
        the start of the driver does
    @first: regular expression for the first reason, if that is not @rule: what
        else breaks once a command failed is not of interest
    """
    def caught(mac):
        if load:
            load(mac)
        deadline = time.monotonic() + seconds
        while not set(rule.split("|")) & set(mac.by_rule()):
            if time.monotonic() > deadline:
                raise MacError(f"{rule} was not noticed within {seconds} s, "
                               f"but: {mac.by_rule()}")
            time.sleep(0.1)
        reasons = mac.reasons()
        if not re.match(f"({first or rule})(:|$)", reasons[0]):
            raise MacError(f"the first reason is '{reasons[0]}'")
        # the judge keeps the first reasons only
        return next((r for r in reasons
                     if r.split(":")[0] in rule.split("|")), reasons[0])
    return caught


def by_case(case, reason):
    """The function @case fails, and says @reason, a regular expression."""
    def caught(mac):
        try:
            case(mac)
        except MacError as error:
            found = re.search(reason, str(error))
            if not found:
                raise
            return found[0]
        raise MacError(f"{case.__name__} did not notice it")
    return caught


# ----- the driver with a mistake -----

def _run(script, folder, log):
    """Run the shell's @script in @folder with its output added to @log."""
    environment = {"CCACHE_DIR": str(log.parents[1] / "ccache"), **os.environ,
                   "ARCH": "arm64", "CROSS_COMPILE": "aarch64-linux-gnu-"}
    with open(log, "a", encoding="utf-8") as out:
        done = subprocess.run(
            ["bash", "-ec", script], cwd=folder, env=environment, stdout=out,
            stderr=out, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        end = "\n".join(log.read_text().splitlines()[-8:])
        raise MacError(f"building the mistake failed, see {log}:\n{end}")


def _record(folder, target):
    """Where the kernel's build keeps how it made @target."""
    path = folder / target
    return path.with_name(f".{path.name}.cmd")


def _command(folder, target):
    """The command by which the kernel's build made @target."""
    lines = _record(folder, target).read_text().splitlines()
    found = RECORD.fullmatch(lines[0])
    if not found:
        raise MacError(f"{_record(folder, target)}: no command in '{lines[0]}'"
                       )
    return found[1].strip()


def _objects(build, edits):
    """The objects that are made of the edited files: a set of names."""
    found = set()
    for file in {e.file for e in edits}:
        folder = Path(file).parent
        for record in (build.kernel_folder / folder).rglob(".*.o.cmd"):
            if not re.search(rf"(?m)[/ ]{re.escape(file)}(?:\s|$)",
                             record.read_text()):
                continue
            name = record.name.removeprefix(".").removesuffix(".cmd")
            found.add(str(record.relative_to(
                build.kernel_folder).with_name(name)))
    if not found:
        raise MacError(f"no object of {build.kernel_name} is made of "
                       f"{', '.join(sorted({e.file for e in edits}))}")
    return sorted(found)


def _edited_source(tree, edits, sources):
    """Copy the folders of the edited files to @sources, and edit there.

    Whole folders, so that whoever includes an edited file finds it.
    """
    shutil.rmtree(sources, ignore_errors=True)
    for folder in {Path(e.file).parent for e in edits}:
        (sources / folder).mkdir(parents=True)
        for file in (tree / folder).rglob("*.[ch]"):
            copy = sources / file.relative_to(tree)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)
    for edit in edits:
        file = sources / edit.file
        file.write_text(edit.apply(file.read_text()))


def _compile(scratch, objects, sources, log):
    """Compile @objects in @scratch from @sources."""
    for name in objects:
        command, path = _command(scratch, name).rsplit(" ", 1)
        source = str(Path(name).with_suffix(".c"))
        if not path.endswith(source):
            raise MacError(f"unexpected end of a compiler command: {path}")
        _run(f"{command} {sources / source}", scratch, log)


def _new_log(build, name):
    log = build.folder / "log" / f"mistake-{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    return log


def edited_modules(build, tree, name, edits):
    """The modules with the edits in them, {name: path}.

    @tree: the kernel's source
    """
    log = _new_log(build, name)
    scratch = build.folder / "mistakes" / build.kernel_name
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    # Commands are run here: what they only read is the build's.
    for entry in build.kernel_folder.iterdir():
        if entry.name not in ("drivers", "source"):
            (scratch / entry.name).symlink_to(entry.resolve())
    objects = _objects(build, edits)
    for folder in {Path(name).parent for name in objects}:
        shutil.copytree(build.kernel_folder / folder, scratch / folder,
                        dirs_exist_ok=True)
    _edited_source(tree, edits, scratch / "edited")
    _compile(scratch, objects, scratch / "edited", log)

    modules = {}
    for parts in scratch.glob("drivers/**/*.mod"):
        members = parts.read_text().split()
        if not set(members) & set(objects):
            continue
        target = parts.relative_to(scratch).with_suffix("")
        # a module of one object is linked from that alone
        if members != [f"{target}.o"]:
            _run(_command(scratch, f"{target}.o"), scratch, log)
        _run(_command(scratch, f"{target}.ko"), scratch, log)
        modules[target.name.replace("-", "_")] = scratch / f"{target}.ko"
    if not modules:
        raise MacError(f"{', '.join(objects)}: in no module")
    return modules


def edited_image(build, tree, name, edits):
    """The kernel's Image with the edits in it.

    @tree: the kernel's source
    """
    log = _new_log(build, name)
    scratch = build.folder / "mistakes" / build.kernel_name
    stamp, changed = scratch / "copied-from", scratch / "changed"
    original = (f"{build.image.stat().st_size} "
                f"{(build.kernel_folder / 'vmlinux').stat().st_mtime_ns}")
    if not stamp.exists() or stamp.read_text() != original:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        subprocess.run(["cp", "-a", "--reflink=auto",
                        f"{build.kernel_folder}/.", str(scratch)], check=True)
        changed.write_text("[]")
        stamp.write_text(original)
    for obj in json.loads(changed.read_text()):
        shutil.copy2(build.kernel_folder / obj, scratch / obj)
    objects = _objects(build, edits)
    changed.write_text(json.dumps(objects))
    _edited_source(tree, edits, scratch / "edited")
    _compile(scratch, objects, scratch / "edited", log)
    _run(f"make -C {tree} O={scratch} CC='ccache aarch64-linux-gnu-gcc' "
         f"HOSTCC='ccache gcc' -j{os.cpu_count()} Image", scratch, log)
    return scratch / "arch/arm64/boot/Image"


# ----- cases -----

def _run_mistake(setup, name, mistake, driver):
    folder = setup.build.folder / "mistakes"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        options = driver(setup.build, name, mistake.edits)
        with setup.mac(f"mistake-{name}",
                       **{**options, **mistake.options}) as mac:
            print(f"# {name}: {mistake.caught(mac)}", flush=True)


def cases(setup, mistakes, driver):
    """A case for each of @mistakes, {name: Mistake}.

    @driver: called with the build, a name and the edits, returns the options
        of a Mac that has the driver with these edits
    """
    for name, mistake in mistakes.items():
        def run(setup, _judge, name=name, mistake=mistake):
            _run_mistake(setup, name, mistake, driver)
        yield Case(setup, f"mistake-{name}", run, own=True, chain="mistakes")
