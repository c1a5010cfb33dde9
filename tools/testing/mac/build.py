# SPDX-License-Identifier: GPL-2.0-only
"""Where the build folder keeps what a run needs."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from . import kernels, machines
from .errors import MacError

TOP = Path(__file__).resolve().parents[3]


@dataclass
class Build:
    """The build folder, the choice of kernel in it, and of its drivers.

    @distro: a whole Debian is on the SSD; "1" if it is booted by U-Boot and
        GRUB, "kernel" if the emulator loads its kernel

    Each path may be replaced by the environment: QEMU (the emulator),
    QEMU_PYTHON (the folder python/ of QEMU's source), KERNEL_IMAGE, DTB,
    SSD_IMAGE and RAM_IMAGE.
    """

    folder: Path
    kernel: str = kernels.DEFAULT
    driver: str = "ans2"
    pages: str = "16k"
    debug: str = ""
    modules: bool = False
    distro: str = ""
    machine: str = machines.DEFAULT

    @classmethod
    def from_environment(cls, **choice):
        """The variables of the Makefile, with @choice before them."""
        env = os.environ
        values = {
            "folder": Path(env.get("O") or TOP / "build").absolute(),
            "kernel": env.get("KERNEL") or kernels.DEFAULT,
            "driver": env.get("DRIVER", "ans2"),
            "pages": env.get("PAGES", "16k"),
            "debug": env.get("DEBUG", "").replace("0", ""),
            "modules": env.get("MODULES", "") not in ("", "0"),
            "distro": env.get("DISTRO", "").replace("0", ""),
            "machine": env.get("MACHINE") or machines.DEFAULT,
        }
        values.update(choice)
        return cls(**values)

    @property
    def kernel_name(self):
        modules = "-modules" if self.modules else ""
        modules += "-distro" if self.distro else ""
        debug = {"": "", "1": "-debug"}.get(self.debug, f"-{self.debug}")
        return f"{self.kernel}-{self.pages}{modules}{debug}"

    @property
    def name(self):
        """The kernel's name, and the driver's unless it is the default."""
        driver = "" if self.driver == "ans2" else f"-{self.driver}"
        return self.kernel_name + driver

    @property
    def driver_word(self):
        """What the kernel's command line needs for the driver."""
        return "" if self.driver == "ans2" else "apple_ssd=nvme-apple"

    @property
    def firmware(self):
        """The generation of firmware that the driver is written for.

        Upstream's driver in some kernels and U-Boot use a register that newer
        firmware forbids.
        """
        old = (self.driver == "upstream" and
               self.kernel in kernels.FOR_OLD_FIRMWARE)
        old |= self.distro == "1"
        return "old" if old else "2026"

    @staticmethod
    def _found(variable, path, maker):
        path = Path(os.environ.get(variable) or path)
        if not path.exists():
            raise MacError(f"{path} is missing: {maker} makes it")
        return path

    @property
    def qemu(self):
        return self._found("QEMU", self.folder / "qemu/qemu-system-aarch64",
                           "`make qemu`")

    @property
    def qemu_img(self):
        return self._found("QEMU_IMG", self.qemu.parent / "qemu-img",
                           "`make qemu`")

    @property
    def image(self):
        return self._found(
            "KERNEL_IMAGE",
            self.kernel_folder / "arch/arm64/boot/Image", self._kernel_maker)

    @property
    def dtb(self):
        if self.distro:
            return self._found("DTB", self.distro_folder / "t8103-j274.dtb",
                               "`make distro`")
        return self._found(
            "DTB", self.kernel_folder / "arch/arm64/boot/dts/apple" /
            machines.devicetree(self.machine), self._kernel_maker)

    @property
    def kernel_folder(self):
        return self.folder / "kernel" / self.kernel_name

    @property
    def _kernel_maker(self):
        return f"`make kernel KERNEL={self.kernel} PAGES={self.pages}`"

    @property
    def ssd(self):
        if self.distro:
            return self._found("SSD_IMAGE", self.distro_folder / "ssd.img",
                               "`make distro`")
        return self._found("SSD_IMAGE", self.folder / "image/ssd.img",
                           "`make image`")

    @property
    def distro_folder(self):
        return self.folder / "distro" / self.kernel_name

    @property
    def distro_initrd(self):
        """The initramfs that Debian has made for itself."""
        return self._found("DISTRO_INITRD", self.distro_folder / "initrd.img",
                           "`make distro`")

    @property
    def uboot(self):
        return self._found(
            "UBOOT", self.folder /
            "u-boot/usr/lib/u-boot/apple_m1/u-boot-nodtb.bin", "`make setup`")

    @property
    def ram(self):
        return self._found("RAM_IMAGE", self.folder / "image/ram.cpio",
                           "`make image`")

    def use_qemu_python(self):
        """Make QEMU's own packages qemu.machine and qemu.qmp importable."""
        path = self._found("QEMU_PYTHON", self.folder / "src/qemu/python",
                           "`make setup`")
        if str(path) not in sys.path:
            sys.path.insert(0, str(path))
