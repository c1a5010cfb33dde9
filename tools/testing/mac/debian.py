# SPDX-License-Identifier: GPL-2.0-only
"""The emulated Mac with a whole Debian: see tools/scripts/distro.sh."""

from .errors import MacError
from .machine import Mac

BOOT_TIME = 600


class Debian(Mac):
    """A Mac that U-Boot, GRUB, an initramfs and systemd bring up.

    With build.distro == "kernel" the emulator loads kernel and initramfs.
    """

    def __init__(self, build, name="debian", **options):
        self.by_grub = build.distro == "1"
        if self.by_grub:
            options.setdefault("image", build.uboot)
        else:
            options.setdefault("initrd", build.distro_initrd)
        super().__init__(build, name, **options)

    def _choose(self, start):
        """At GRUB's menu, the entry for the driver."""
        if self.by_grub and self.build.driver == "upstream":
            self.console.wait("GNU GRUB", 180 * self.patience,
                              self.check_alive, start)
            self.console.send("u")

    def _settled(self):
        """Wait until systemd has nothing left to do."""
        self.run("systemctl is-system-running --wait", BOOT_TIME)

    def boot(self, timeout=BOOT_TIME):
        self._choose(0)
        boot = super().boot(timeout)
        self._settled()
        return boot

    def reboot(self, timeout=BOOT_TIME):
        before, start = self.agent.boot, len(self.console.text)
        self._leave("systemctl reboot")
        self._choose(start)
        after = self.agent.wait_ready(timeout, "Debian after a reboot")
        if after == before:
            raise MacError("the agent started anew, but Debian did not")
        self._settled()
        return after

    def poweroff(self, timeout=180):
        self._leave("systemctl poweroff")
        self.wait_off(timeout)
