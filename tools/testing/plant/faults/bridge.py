# SPDX-License-Identifier: GPL-2.0-only
"""Faults of drivers/pci/controller/ans/bridge.c"""

from edits import Fault, before, behind, instead, skip, swap, unlocked

FAULTS = [
    Fault("every-device-answers",
          swap("ans_bus_read", "!pci_is_root_bus(bus) || devfn",
               "!pci_is_root_bus(bus)")),
    Fault("writes-to-any-device",
          swap("ans_bus_write", "!pci_is_root_bus(bus) || devfn",
               "!pci_is_root_bus(bus) && devfn")),
    Fault("irq-of-any-pin",
          swap("ans_map_irq", "pin == PCI_INTERRUPT_INTA", "true")),
    Fault("module-pinned-for-ever",
          skip("ans_pin", "module_put(THIS_MODULE);"),
          equivalent="what is built in has no count"),
    Fault("pinned-by-failed-bind",
          before("ans_bridge_notify", "bridge->probed(bridge, false);",
                 "ans_pin(bridge, true);")),
    Fault("other-functions-noticed",
          swap("ans_bridge_notify", "pdev->sysdata != &bridge->function",
               "false")),
    Fault("failed-bind-not-told",
          skip("ans_bridge_notify", "bridge->probed(bridge, false);")),
    Fault("bind-not-told",
          skip("ans_bridge_notify", "bridge->probed(bridge, true);")),
    Fault("notifier-stays",
          skip("ans_end_notify", "bus_unregister_notifier(&pci_bus_type, "
               "&bridge->notifier);")),
    Fault("host-bridge-leaks",
          skip("ans_free_host", "pci_free_host_bridge(data);")),
    Fault("removed-without-rescan-lock", *unlocked(
          "ans_bridge_remove", "pci_lock_rescan_remove();",
          "pci_unlock_rescan_remove();")),
    Fault("removed-without-lock", *unlocked(
          "ans_bridge_remove", "mutex_lock(&bridge->lock);",
          "mutex_unlock(&bridge->lock);")),
    Fault("removed-host-kept",
          skip("ans_bridge_remove", "bridge->host = NULL;")),
    Fault("removed-not-stopped",
          skip("ans_bridge_remove", "pci_stop_root_bus(bus);")),
    Fault("window-not-requested",
          instead("ans_bridge_fill",
                  "ret = devm_request_resource(bridge->dev, "
                  "&iomem_resource, &bridge->window);", "ret = 0;")),
    Fault("fill-result-lost",
          swap("ans_bridge_add", "ans_bridge_fill(bridge, host)",
               "(ans_bridge_fill(bridge, host), 0)")),
    Fault("host-not-noted",
          skip("ans_bridge_add", "bridge->host = host;")),
    Fault("bridge-not-removed",
          instead("ans_bridge_add", "return devm_add_action_or_reset("
                  "bridge->dev, ans_bridge_remove, bridge);", "return 0;")),
    Fault("lost-is-empty",
          swap("ans_bridge_is_empty", "!READ_ONCE(bridge->function.lost)",
               "true")),
    Fault("full-is-empty",
          swap("ans_bridge_is_empty",
               "list_empty(&bridge->host->bus->devices)", "true")),
    Fault("loss-not-shown",
          skip("ans_bridge_lose",
               "ans_function_set_lost(&bridge->function);")),
    Fault("loss-does-not-end-waits",
          skip("ans_bridge_lose",
               "pci_dev_set_io_state(pdev, pci_channel_io_perm_failure);")),
    Fault("lost-reference-leaks",
          skip("ans_bridge_lose", "pci_dev_put(pdev);")),
    Fault("function-found-unlocked", *unlocked(
          "ans_bridge_get_function", "mutex_lock(&bridge->lock);",
          "mutex_unlock(&bridge->lock);")),
    Fault("empty-unlocked", *unlocked(
          "ans_bridge_is_empty", "mutex_lock(&bridge->lock);",
          "mutex_unlock(&bridge->lock);")),
    Fault("host-noted-unlocked", *unlocked(
          "ans_bridge_add", "mutex_lock(&bridge->lock);",
          "mutex_unlock(&bridge->lock);")),
    Fault("removed-keeps-lock",
          skip("ans_bridge_remove", "mutex_unlock(&bridge->lock);")),
    Fault("driver-not-pinned",
          skip("ans_bridge_notify", "ans_pin(bridge, true);")),
    Fault("unbound-stays-pinned",
          skip("ans_bridge_notify", "ans_pin(bridge, false);")),
    Fault("notifier-not-tied-to-device",
          instead("ans_bridge_add", "ret = devm_add_action_or_reset("
                  "bridge->dev, ans_end_notify, bridge);", "ret = 0;")),
    Fault("function-not-initialised",
          skip("ans_bridge_add", "ans_function_init(&bridge->function, "
               "bridge->window.start, bridge->subsystem);")),
    Fault("lost-not-removed",
          skip("ans_bridge_lose",
               "pci_stop_and_remove_bus_device_locked(pdev);")),
    Fault("loss-shown-late",
          skip("ans_bridge_lose",
               "ans_function_set_lost(&bridge->function);"),
          behind("ans_bridge_lose",
                 "pci_stop_and_remove_bus_device_locked(pdev);",
                 "ans_function_set_lost(&bridge->function);")),
]

SUITES = ("apple_ans2_bridge", "apple_ans2_life")
CASES = ("boot", "pci-function", "show-regs", "rebind", "function-removed",
         "crash-for-good")
