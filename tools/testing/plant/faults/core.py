# SPDX-License-Identifier: GPL-2.0-only
"""Faults of drivers/pci/controller/ans/core.c"""

from edits import (Fault, before, behind, instead, other_lock, skip, swap,
                   unlocked)

FAULTS = [
    Fault("domains-not-switched-on",
          swap("ans_hw_power", "&data", "NULL")),
    Fault("power-result-ignored",
          swap("ans_hw_power", "ret < 0 ? ret : 0", "0")),
    Fault("window-alignment-not-checked",
          swap("ans_map_window",
               "!IS_ALIGNED(res->start, APPLE_ANS2_WINDOW_SIZE)", "false")),
    Fault("boot-status-elsewhere",
          swap("ans_map_window", "res->start + ANS_BOOT_STATUS",
               "res->start + ANS_BOOT_STATUS + 4")),
    Fault("boot-status-posted",
          swap("ans_map_window", "res->flags & IORESOURCE_MEM_NONPOSTED",
               "false")),
    Fault("boot-status-stays-mapped",
          skip("ans_unmap", "iounmap(ans->fw.nvme_boot_status);")),
    Fault("stop-without-lock", other_lock("ans_stop", "&ans->fw.lock")),
    Fault("start-without-lock", *unlocked(
          "ans_start", "mutex_lock(&ans->fw.lock);",
          "mutex_unlock(&ans->fw.lock);")),
    Fault("start-not-undone",
          instead("ans_start",
                  "ret = devm_add_action_or_reset(ans->fw.dev, ans_stop, "
                  "ans);",
                  "ret = 0;")),
    Fault("recovery-not-cancelled",
          instead("ans_start", "return devm_add_action_or_reset(ans->fw.dev, "
                  "ans_recover_cancel, &ans->recover);", "return 0;")),
    Fault("setup-goes-on",
          swap("ans_setup", "steps[i].up(ans)", "(steps[i].up(ans), 0)")),
    Fault("no-look-behind-setup",
          skip("ans_setup", "ans_recover_look(&ans->recover);")),
    Fault("buffers-not-freed",
          instead("ans_init", "return devm_add_action_or_reset(dev, "
                  "ans_loan_free, &ans->loan);", "return 0;")),
    Fault("sleeping-not-said",
          skip("ans_prepare", "WRITE_ONCE(ans->recover.sleeping, true);")),
    Fault("sleep-beside-recovery",
          skip("ans_prepare", "flush_work(&ans->recover.crash_work);")),
    Fault("sleeping-kept",
          skip("ans_complete", "WRITE_ONCE(ans->recover.sleeping, false);")),
    Fault("no-look-behind-sleep",
          skip("ans_complete", "ans_recover_look(&ans->recover);")),
    Fault("not-closed",
          skip("ans_close", "ans->recover.closed = true;")),
    Fault("resume-state-saved-late",
          skip("ans_close", "ans->start_on_resume = ans->fw.ready;"),
          behind("ans_close", "ans_firmware_stop(&ans->fw);",
                 "ans->start_on_resume = ans->fw.ready;")),
    Fault("close-does-not-stop",
          skip("ans_close", "ans_firmware_stop(&ans->fw);")),
    Fault("resume-stays-closed",
          skip("ans_resume", "ans->recover.closed = false;")),
    Fault("resume-result-lost",
          instead("ans_resume", "return ans->start_on_resume ? "
                  "ans_recover_start(&ans->recover) : 0;",
                  "if (ans->start_on_resume) "
                  "ans_recover_start(&ans->recover); return 0;")),
    Fault("close-without-lock", other_lock("ans_close", "&ans->fw.lock")),
    Fault("resume-without-lock", other_lock("ans_resume", "&ans->fw.lock")),
    Fault("window-size-not-checked-here",
          swap("ans_map_window",
               "resource_size(res) < APPLE_ANS2_WINDOW_SIZE", "false")),
    Fault("dma-mask-not-set",
          instead("ans_hw_resources", "ret = dma_set_mask_and_coherent("
                  "ans->fw.dev, DMA_BIT_MASK(64));", "ret = 0;")),
    Fault("boot-status-not-tied-to-device",
          instead("ans_map_window", "return devm_add_action_or_reset("
                  "ans->fw.dev, ans_unmap, ans);", "return 0;")),
    Fault("resume-starts-always",
          swap("ans_resume", "ans->start_on_resume", "true")),
    Fault("failed-start-goes-on",
          instead("ans_start", "ret = ans_recover_start(&ans->recover);",
                  "ans_recover_start(&ans->recover); ret = 0;")),
    Fault("cancelled-before-bridge-goes",
          before("ans_prepare", "flush_work(&ans->recover.crash_work);",
                 "ans->recover.sleeping = false;")),
    Fault("look-before-sleep-ends",
          skip("ans_complete", "WRITE_ONCE(ans->recover.sleeping, false);"),
          behind("ans_complete", "ans_recover_look(&ans->recover);",
                 "schedule_timeout_uninterruptible(5); "
                 "WRITE_ONCE(ans->recover.sleeping, false);")),
]

SUITES = ("apple_ans2_core", "apple_ans2_hw", "apple_ans2_life")
CASES = ("boot", "rebind", "unbind-under-load", "suspend", "handover-running",
         "reboot")
