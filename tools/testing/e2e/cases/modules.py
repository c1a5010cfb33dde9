# SPDX-License-Identifier: GPL-2.0-only
"""The drivers as modules: loaded by the initramfs, unloaded, in any order."""

from dataclasses import replace

from mac import MacError
from mac.kernelmodules import kernel_modules

from . import programs
from .common import expect, wait_drive, wait_for
from .detach import bind, gone, read_back


def of_driver(build):
    """The same without those of the drivers that @build does not use."""
    others = {"ans2": ("apple_sart", "nvme_apple"),
              "upstream": ("apple_sart_filter", "apple_ans2")}
    return {name: path for name, path in kernel_modules(build).items()
            if name not in others[build.driver]}


def initramfs(build, modules, load):
    """An initramfs with @modules, which loads them or leaves that to a case."""
    files = {f"payload/{name}.ko": (path.read_bytes(), 0o644)
             for name, path in modules.items()}
    if load:
        text = "".join(f"/payload/{name}.ko\n" for name in modules)
        files["modules.load"] = (text.encode(), 0o644)
    name = "modules-loaded" if load else "modules"
    return programs.initramfs(build, f"{name}-{build.kernel_name}", files)


def root_on_modules(setup, judge):
    """The initramfs loads the drivers; the root file system is on the SSD."""
    modules = of_driver(setup.build)
    with setup.mac("root", initrd=initramfs(setup.build, modules,
                                            True)) as mac:
        mac.boot()
        expect("root", mac.sh("findmnt -no SOURCE /").strip(),
               "/dev/nvme0n1p5")
        loaded = mac.sh("lsmod | awk 'NR > 1 {print $1}'").split()
        expect("modules", sorted(loaded), sorted(modules))
        # the file system's drive holds them
        for name in ("nvme_core", "nvme", "apple_ans2"):
            if not mac.run(f"rmmod {name}").status:
                raise MacError(f"{name} was unloaded under the root")
        mac.sh("sync; echo 3 >/proc/sys/vm/drop_caches; "
               "sha256sum /usr/bin/fio")
        judge(mac)


def load_and_unload(setup, judge):
    """Loaded and unloaded three times, each time in another order."""
    modules = of_driver(setup.build)
    with setup.mac("load", root="ram",
                   initrd=initramfs(setup.build, modules, False)) as mac:
        mac.boot()
        names = list(modules)
        # the ones that nothing depends on may come and go in any order
        late = [n for n in names if n in ("nvme", "apple_ans2")]
        expect("drivers", sorted(late), ["apple_ans2", "nvme"])
        early = [n for n in names if n not in late]
        for turn in range(3):
            for name in early + (late if turn % 2 else late[::-1]):
                mac.sh(f"insmod /payload/{name}.ko")
            wait_drive(mac)
            read_back(mac)
            # open files hold the module
            busy = mac.run("exec 3</dev/nvme0; rmmod nvme_core nvme")
            if not busy.status:
                raise MacError("nvme was unloaded with /dev/nvme0 open")
            # while nvme has the function its bridge stays
            if not mac.run("rmmod apple_ans2").status:
                raise MacError("apple_ans2 was unloaded with a drive on it")
            for name in ("nvme", "apple_ans2"):
                mac.sh(f"rmmod {name}")
                gone(mac)
            for name in early[::-1]:
                mac.sh(f"rmmod {name}")
            expect("modules", mac.sh("lsmod | tail -n +2"), "")
        judge(mac)


def driver_alone_comes_back(setup, judge):
    """nvme alone is unloaded and loaded; the function waits for it."""
    modules = of_driver(setup.build)
    with setup.mac("nvme-alone", root="ram",
                   initrd=initramfs(setup.build, modules, True)) as mac:
        mac.boot()
        wait_drive(mac)
        for _ in range(3):
            read_back(mac)
            mac.sh("rmmod nvme")
            gone(mac)
            wait_for(mac, "[ -e /sys/bus/pci/devices/*:00:00.0 ]",
                     "the function is there")
            mac.sh("insmod /payload/nvme.ko")
            wait_drive(mac)
        judge(mac)


def filter_comes_late(setup, judge):
    """The filter is there only after the drive, which a boot loader has started.

    Who waits for the filter must not switch the power of running firmware on
    and off. The kernel would do that before the first module is loaded, unless
    it is told to leave alone what no driver has taken yet.
    """
    modules = of_driver(setup.build)
    words = setup.options.get("append", "")
    bus = "/sys/bus/platform"
    with setup.mac("late-filter", root="ram", handover="running",
                   append=f"{words} pd_ignore_unused",
                   initrd=initramfs(setup.build, modules, False)) as mac:
        mac.boot()
        # the drivers wait for a word of the user
        mac.sh(f"echo 0 > {bus}/drivers_autoprobe")
        for name in modules:
            mac.sh(f"insmod /payload/{name}.ko")
        node, sart = mac.sh(
            f"cd {bus}/devices; echo *.nvme; "
            "grep -l -e -sart */of_node/compatible | cut -d/ -f1").split()
        for _ in range(3):
            if not mac.run(f"echo {node} > {bus}/drivers/apple-ans2/bind"
                           ).status:
                raise MacError("the drive was bound without its filter")
        mac.sh(f"echo {sart} > {bus}/drivers/apple-sart-filter/bind")
        bind(mac, f"{bus}/drivers/apple-ans2", node)
        read_back(mac)
        judge(mac)


def firmware_runs(setup, judge):
    """The firmware runs when the kernel starts, long before the modules come.

    So it is for a crash kernel. Linux 6.12 switches off whatever domain has no
    driver at the end of its own start; later ones wait for the driver.
    """
    modules = of_driver(setup.build)
    with setup.mac("running", root="ram", handover="running",
                   initrd=initramfs(setup.build, modules, True)) as mac:
        mac.boot()
        wait_drive(mac)
        read_back(mac)
        judge(mac)


def running_kept_on(setup, judge):
    """The same with the word that keeps the domains on."""
    words = setup.options.get("append", "")
    options = {**setup.options, "append": f"{words} pd_ignore_unused"}
    firmware_runs(replace(setup, options=options), judge)


def available(build):
    """Whether @build's drivers may be modules."""
    return build.driver == "ans2"


MODULE_CASES = {
    "modules-root": root_on_modules,
    "modules-load": load_and_unload,
    "modules-nvme": driver_alone_comes_back,
    "modules-late-filter": filter_comes_late,
    "modules-running": firmware_runs,
    "modules-running-kept-on": running_kept_on,
}
