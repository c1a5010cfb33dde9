# SPDX-License-Identifier: GPL-2.0-only
"""Which cases there are for any driver, by name."""

import mapping

from . import choice, controller, data, drive, filesystems, locking, machines
from . import programs, runner, sleep
from .detach import platform_driver, rebind

# On one machine, with the root on the SSD
SHARED = {
    "boot": drive.boot,
    "choice": choice.built_in,
    "device-mappings": mapping.device_mappings,
    "identify-controller": drive.identify_controller,
    "identify-namespace": drive.identify_namespace,
    "namespaces": programs.program("namespaces"),
    "smart-log": drive.smart_log,
    "admin-crowd": drive.admin_crowd,
    "unknown-commands": drive.unknown_commands,
    "passthrough": drive.passthrough,
    "passthru": programs.program("passthru"),
    "io": programs.program("io"),
    "tags": data.tags,
    "mixed": programs.program("mixed"),
    "fio-4k": data.fio_verify("16m", "4k", 61),
    "fio-16k": data.fio_verify("32m", "16k", 61, "io_uring"),
    "fio-128k": data.fio_verify("64m", "128k", 61),
    "fio-1m": data.fio_verify("128m", "1m", 61),
    "fio-61-deep": data.fio_61_deep,
    "fio-odd-sizes": data.fio_odd_sizes,
    "fio-buffered": data.fio_buffered,
    "firmware-syslog": drive.firmware_syslog,
    "flush": drive.flush,
    "discard": drive.discard,
    "trim": drive.trim,
    "mkfs": filesystems.mkfs,
    "esp": filesystems.esp,
    "rescan": controller.rescan,
    "reset": controller.reset,
    "reset-under-load": controller.reset_under_load(3),
}

# With machines of their own
OWN = {
    "run": runner.command,
    "run-written": runner.written,
    "lock": locking.lock,
    "rebind": rebind(platform_driver),
    "reboot": machines.reboot,
    "poweroff": machines.poweroff,
    "big": machines.big,
    "suspend-real": sleep.sleep_for_real,
    "handover-asleep": machines.handover("asleep"),
    "handover-running": machines.handover("running"),
    "handover-enabled": machines.handover("enabled"),
}
