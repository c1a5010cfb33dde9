#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The cost of an I/O: ours, upstream's nvme-apple, and the floor.

All three are measured with one kernel, that of KERNEL and PAGES. The floor is
the kernel's nvme-pci on QEMU's own NVMe drive in QEMU's generic machine.

Usage: bench.py [JOBS]        measure all jobs, or those that JOBS names: "quick",
                              a name or a glob; our cost must not have grown
                              against reference.json, or a job has failed
       bench.py --check JOBS  only see whether JOBS names anything

The job "memory" is what a controller takes of it. REFERENCE=write makes the
result the reference.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

from mac import Build, MacError  # noqa: E402

import reference  # noqa: E402
from attribution import AT, Kernel  # noqa: E402
from jobs import JOBS, MEMORY, QUICK, chosen, is_chosen  # noqa: E402
from machines import WHO, make_initramfs  # noqa: E402
from measure import measure  # noqa: E402
from memory import DRIVERS, memory  # noqa: E402
from page import page  # noqa: E402
from plugin import compiled  # noqa: E402
from report import table, write_json  # noqa: E402

# Made before the processes that need it, which inherit it.
KERNEL = None


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def runs(jobs):
    """(who, place, jobs), the longest first."""
    places = dict.fromkeys(job.place for job in jobs)
    found = [(who, place, [job for job in jobs if job.place is place])
             for place in places for who in WHO]
    return sorted(found, key=lambda run: -len(run[2]))


def _one(build, who, place, jobs):
    return who, measure(build, KERNEL, who, place, jobs, say)


def results_of(build, jobs):
    """({job: {who: result}}, the texts of what failed).

    As many machines at once as there are processors: their time is not ours.
    """
    found = {job.full_name: {} for job in jobs}
    errors = []
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        started = [pool.submit(_one, build, who, place, some)
                   for who, place, some in runs(jobs)]
        for future in started:
            who, (results, error) = future.result()
            for name, result in results.items():
                found[name][who] = result
            if error:
                errors.append(error)
    return {name: {who: by_who[who] for who in WHO if who in by_who}
            for name, by_who in found.items() if by_who}, errors


def memory_of(build):
    """{who: {part: bytes}}"""
    with ProcessPoolExecutor(os.cpu_count() or 1) as pool:
        return dict(zip(DRIVERS, pool.map(memory, [build] * len(DRIVERS),
                                          DRIVERS)))


def _judge(data, errors=()):
    """The exit status, after the line that ends a layer of tests."""
    for error in errors:
        say(error)
    if os.environ.get("REFERENCE") == "write" and not errors:
        reference.write(data)
        say(f"{reference.FILE.name} is written")
        return 0
    judged = reference.growths(data)
    for job, texts in judged.items():
        for text in texts:
            say(f"{job}: {text}")
    grown = sum(map(bool, judged.values()))
    skipped = len(data["jobs"]) - len(judged)
    failed = grown + len(errors)
    print(f"{len(judged) - grown} passed, {failed} failed" +
          (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def bench(jobs, with_memory):
    global KERNEL  # pylint: disable=global-statement
    build = Build.from_environment(driver="ans2", modules=False)
    build.use_qemu_python()
    compiled(build)
    make_initramfs(build)
    KERNEL = Kernel(build.kernel_folder)
    KERNEL.at = KERNEL.address(AT)
    results, errors = results_of(build, jobs)
    data = {"kernel": build.kernel_name, "who": WHO, "jobs": results}
    if with_memory:
        data["memory"] = memory_of(build)
    folder = build.folder / "bench"
    write_json(folder / "report.json", data)
    (folder / "report.html").write_text(page(data), encoding="utf-8")
    print(table(data))
    say(f"the same with plots: {folder / 'report.html'}")
    return _judge(data, errors)


def main(argv):
    only_check = argv[1:2] == ["--check"]
    pattern = "".join(argv[2:] if only_check else argv[1:])
    jobs, with_memory = chosen(pattern), is_chosen(pattern, MEMORY)
    if not jobs and not with_memory:
        names = "\n".join(f"  {name}" for name in dict.fromkeys(
            [*(job.full_name for job in JOBS), MEMORY]))
        sys.exit(f"bench: JOBS={pattern} names no job; JOBS is {QUICK}, a "
                 f"glob, or\n{names}")
    if only_check:
        return 0
    try:
        return bench(jobs, with_memory)
    except MacError as e:
        say(e)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv))
