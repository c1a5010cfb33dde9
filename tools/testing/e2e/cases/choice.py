# SPDX-License-Identifier: GPL-2.0-only
"""Two pairs of drivers in one kernel, of which the command line chooses one."""

from dataclasses import replace

from mac import MacError
from mac.kernelmodules import kernel_modules

from . import modules
from .common import expect, wait_drive
from .detach import gone, read_back

# Of each pair the driver of the controller and that of its filter
PAIRS = {"ans2": ("apple-ans2", "apple-sart-filter"),
         "upstream": ("nvme-apple", "apple-sart")}
OPTIONS = ("APPLE_ANS2", "APPLE_SART_FILTER", "NVME_APPLE", "APPLE_SART")
FUNCTION = "10000:00:00.0"


def bound(mac):
    """Who drives the controller and its filter, sorted."""
    paths = mac.sh("""cd /sys/bus/platform/devices
for f in $(grep -l -e -nvme-ans2 -e -sart */of_node/compatible); do
    readlink ${f%/of_node/compatible}/driver || echo nobody
done""").split()
    return sorted(path.rsplit("/", 1)[-1] for path in paths)


def chosen(mac):
    """The pair that the command line names has the drive, all of it."""
    controller, sart = PAIRS[mac.build.driver]
    expect("parameter", mac.sh(
        "cat /sys/module/*/parameters/apple_ssd").strip(), controller)
    expect("drivers", bound(mac), sorted((controller, sart)))
    there = mac.sh("ls /sys/bus/platform/drivers").split()
    for driver, pair in PAIRS.items():
        if driver != mac.build.driver and set(pair) & set(there):
            raise MacError(f"a driver of {pair} is registered: {there}")
    functions = [FUNCTION] if mac.build.driver == "ans2" else []
    expect("functions", mac.sh("ls /sys/bus/pci/devices").split(), functions)


def built_in(mac):
    """Both pairs are built into this kernel."""
    config = (mac.build.kernel_folder / ".config").read_text().split("\n")
    expect("options", [o for o in OPTIONS if f"CONFIG_{o}=y" not in config],
           [])
    chosen(mac)


def under_upstream(setup):
    """@setup with upstream's drivers, on the same kernel.

    Nothing of its options is for them.
    """
    return replace(setup, build=replace(setup.build, driver="upstream"),
                   options={})


def root_on(mac):
    expect("root", mac.sh("findmnt -no SOURCE /").strip(), "/dev/nvme0n1p5")
    mac.sh("sha256sum /usr/bin/fio")


def upstream(setup, judge):
    """The same kernel and one word more: upstream's drivers have the root."""
    with under_upstream(setup).mac("choice-upstream") as mac:
        mac.boot()
        built_in(mac)
        root_on(mac)
        mac.console.wait("apple_ssd: nvme-apple drives the SSD", 1,
                         mac.check_alive)
        judge(mac)


def wrong_word(word):
    """A case: @word is not accepted, and is as if it was not there.

    What stands behind it gets to the kernel all the same.
    """
    def run(setup, judge):
        words = setup.options.get("append", "")
        with setup.mac("choice-wrong", append=f"{words} apple_ssd{word}",
                       init_args="behind") as mac:
            mac.boot()
            built_in(mac)
            root_on(mac)
            log = mac.sh("dmesg | grep apple_ssd: || :")
            for wanted in ("not accepted", "apple-ans2", "nvme-apple"):
                if wanted not in log:
                    raise MacError(f"not said: '{wanted}', but: {log}")
            if "behind" not in mac.sh("tr '\\0' ' ' </proc/1/cmdline"):
                raise MacError("init has lost its words")
            judge(mac)
    return run


# ----- modules -----

def _load(mac, names, wanted):
    """Load the modules @names, of which only those that are @wanted can be."""
    for name in names:
        result = mac.run(f"insmod /payload/{name}.ko")
        expect(f"{name} is loaded", not result.status, name in wanted)
        if name.startswith("apple_sart") and result.status and \
           "No such device" not in result.stderr:
            raise MacError(f"insmod {name}: {result.stderr}")


def any_order(setup, judge):
    """Whatever order the modules of both pairs come in, one pair has the drive.

    As udev loads them, for whom all have the same alias.
    """
    found = kernel_modules(setup.build)
    pairs = {driver: [name.replace("-", "_") for name in pair[::-1]]
             for driver, pair in PAIRS.items()}
    ours, theirs = pairs["ans2"], pairs["upstream"]
    mine = pairs[setup.build.driver]
    early = [name for name in found if name not in ours + theirs]
    expect("modules of the pairs", len(found) - len(early), 4)
    with setup.mac("choice", root="ram", initrd=modules.initramfs(
            setup.build, found, False)) as mac:
        mac.boot()
        for order in (ours + theirs, theirs + ours,
                      [theirs[0], ours[0], theirs[1], ours[1]]):
            _load(mac, early + order, early + mine)
            wait_drive(mac)
            chosen(mac)
            read_back(mac)
            mac.sh(f"rmmod {mine[1]}" if setup.build.driver == "upstream"
                   else f"rmmod nvme {mine[1]}")
            gone(mac)
            mac.sh(f"rmmod {mine[0]}")
            left = mac.sh("lsmod | awk 'NR > 1 {print $1}'").split()
            expect("left", sorted(left), sorted(
                n for n in early if n != "nvme" or
                setup.build.driver == "upstream"))
            mac.sh(f"rmmod {' '.join(n for n in early[::-1] if n in left)}")
        judge(mac)


def any_order_upstream(setup, judge):
    """The same with the word."""
    any_order(under_upstream(setup), judge)


OWN = {
    "choice-upstream": upstream,
    "choice-wrong": wrong_word("=nvme"),
    "choice-empty": wrong_word(""),
}
MODULE_CASES = {
    "modules-choice": any_order,
    "modules-choice-upstream": any_order_upstream,
}
