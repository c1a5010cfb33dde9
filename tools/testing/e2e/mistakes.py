# SPDX-License-Identifier: GPL-2.0-only
"""Copies of our drivers that break one rule each must be caught.

They run as modules, so that a mistake costs no link of a kernel.
"""

from mac import Build
from mac.mistakes import (Edit, Mistake, by_case, by_judge, cases,
                          edited_modules)
from mac.suite import Setup

import mapping
from cases import detach, lending, modules, programs
from cases.common import Background, wait_drive

NVME = "drivers/nvme/host/"
ANS2 = NVME + "ans2.c"
ANS2_CQ = NVME + "ans2-cq.h"
ANS2_H = NVME + "ans2.h"
PCI = NVME + "ans2-pci.c"
RECOVER = NVME + "ans2-recover.c"
HOOKS = NVME + "ans2-hooks.h"
SART = "drivers/iommu/apple-sart.c"
BOOT = "drivers/pci/controller/ans/boot.c"
LOAN = "drivers/pci/controller/ans/loan.c"
CORE = "drivers/pci/controller/ans/core.c"


# ----- what the guest does, where the start of the drivers is not enough -----

def hammer(mac):
    """Submission on other processors than the one with the interrupt."""
    mac.boot()
    wait_drive(mac)
    Background(mac, "hammer", programs.hammer(60, 8, 8, folder="/payload"))


def all_tags(mac):
    """All I/O tags in use, and admin commands all the time."""
    mac.boot()
    wait_drive(mac)
    Background(mac, "tags", "/payload/tags")


def any_buffer(mac):
    """Admin commands with buffers at any offset in a page."""
    mac.boot()
    wait_drive(mac)
    Background(mac, "passthru", "/payload/passthru")


def reset(mac):
    mac.boot()
    wait_drive(mac)
    Background(mac, "reset",
               "echo 1 > /sys/class/nvme/nvme0/reset_controller")


def unbind(mac):
    mac.boot()
    wait_drive(mac)
    folder, device = detach.platform_driver(mac)
    Background(mac, "unbind", f"echo {device} > {folder}/unbind")


def take_back(mac):
    mac.boot()
    wait_drive(mac)
    lending.taken_back(mac)


def mappings(mac):
    mac.boot()
    wait_drive(mac)
    mapping.device_mappings(mac)


# ----- the mistakes -----

def without_lock(file, function):
    """Edit: @function of @file, by its head, does not take the lock."""
    lock, unlock = (rf"spin_{w}\(&ans2->lock, flags\);"
                    for w in ("lock_irqsave", "unlock_irqrestore"))
    return Edit(file, rf"(?ms)^({function}\(.*?){lock}(.*?){unlock}",
                r"\1(void)flags;\2")


LOCK_REMOVED = (without_lock(ANS2, "void nvme_ans2_submit"),
                without_lock(ANS2_CQ, "nvme_ans2_reap"))

# The lock is given back before the last doorbell, and whoever waits has it.
LOCK_TOO_SHORT = (
    Edit(ANS2_CQ, r"(\t\tans2_give_back\([^;]*;\n)",
         r"\t\tspin_unlock(&ans2->lock);\n\t\tspin_lock(&ans2->lock);\n\1"),)

# The permission lies beside its place until the doorbell is rung. What the
# controller finds there is that of another command, and it may see it change.
TCB_AFTER_DOORBELL = (
    Edit(ANS2, r"(?m)^(static u8 ans2_dma_flags)",
         r"static struct nvme_ans2_tcb late[2][NVME_ANS2_TAGS];\n\1"),
    Edit(ANS2, r"tcb = &q->tcbs\[tag\];", "tcb = &late[qid][tag];"),
    Edit(ANS2, r"(?ms)^(void nvme_ans2_submit\(.*?)(\tspin_unlock)",
         r"\1\tfor (unsigned int i = 0; i < NVME_ANS2_TAGS; i++)"
         r" if (all & BIT_ULL(i)) q->tcbs[i] = late[qid][i];\n\2"),
    Edit(ANS2, r"(WRITE_ONCE\(ans2->inflight, [^;]* tags\);)",
         r"\1 all = tags;"),
    Edit(ANS2, r"(?s)(void nvme_ans2_submit\(.*?unsigned long flags;)",
         r"\1 u64 all = 0;"))

CQ_DOORBELL_FIRST = (
    Edit(ANS2_CQ, r"(dma_rmb\(\);)",
         r"\1 ans2_write32(ans2, q->cq_db, (head + 1) % q->depth);"),
    Edit(ANS2_CQ, r"ans2_write32\(ans2, q->cq_db, q->head\);", ";"))

# The admin queue uses tag 63 instead of 0, and the I/O queue 2..63.
TAG_63_SHARED = (
    Edit(ANS2_H, r"(IO_TAGS_END\s+)\(NVME_ANS2_IOQ_DEPTH - 1\)",
         r"\1NVME_ANS2_IOQ_DEPTH"),
    Edit(ANS2_H, r"(define NVME_ANS2_ADMIN_TAG\s+)0", r"\1 63"),
    Edit(ANS2_H, r"static_assert\(\(NVME_ANS2_ADMIN_MASK[^;]*;", ""),
    Edit(ANS2, r"(q\[0\]\.depth = )NVME_ANS2_AQ_DEPTH;", r"\1 64;"),
    Edit(PCI, r"(dev->ans2 \? )NVME_ANS2_AQ_DEPTH :", r"\1 64 :"))

MISTAKES = {
    "lock-removed": Mistake(
        by_judge("doorbell-race", hammer,
                 first="doorbell-race|tcb-not-invalidated"),
        LOCK_REMOVED, {"cpus": 4}),
    "lock-too-short": Mistake(
        by_judge("doorbell-race", hammer), LOCK_TOO_SHORT, {"cpus": 4}),
    "tcb-not-invalidated": Mistake(
        by_judge("tcb-not-invalidated"),
        (Edit(ANS2_CQ, r"ans2_write32\([^;]*TCB_INVAL, tag\);", ";"),)),
    "tcb-after-doorbell": Mistake(
        by_judge("tcb-flags|tcb-prp|tcb-setup"), TCB_AFTER_DOORBELL),
    "flags-swapped": Mistake(
        by_judge("tcb-flags"),
        (Edit(ANS2, r"if \((cmd->common\.opcode & 1)\)", r"if (!(\1))"),)),
    "flags-of-no-data": Mistake(
        by_judge("tcb-flags"),
        (Edit(ANS2, r"(if \(!cmd->common\.dptr\.prp1\)\s+return )0;",
              r"\1 3;"),)),
    "opcode-in-tcb": Mistake(
        by_judge("tcb-opcode"),
        (Edit(ANS2, r"(FIELD_PREP\(ANS2_TCB_DMA_FLAGS,)",
              r"cmd->common.opcode | \1"),)),
    "length-in-tcb": Mistake(
        by_judge("tcb-length"),
        (Edit(ANS2, r"(FIELD_PREP\(ANS2_TCB_LENGTH,)", r"0 & \1"),)),
    "other-tag-in-tcb": Mistake(
        by_judge("tcb-tag"),
        (Edit(ANS2, r"(FIELD_PREP\(ANS2_TCB_COMMAND_ID, tag)", r"\1 ^ 1"),)),
    "prp2-missing-in-tcb": Mistake(
        by_judge("tcb-prp"),
        (Edit(ANS2, r"(tcb->prp2 = )[^;]*;", r"\1 0;"),)),
    "cid-not-tag": Mistake(
        by_judge("sqe-field"),
        (Edit(ANS2, r"(memcpy\(sq_cmds [^;]*;)",
              r"\1 ((struct nvme_command *)sq_cmds)[tag].common.command_id++;"
              ),)),
    "tag-63-shared": Mistake(by_judge("tag-shared", all_tags), TAG_63_SHARED),
    "tag-used-twice": Mistake(
        by_judge("tag-busy|tcb-not-invalidated"),
        (Edit(ANS2, r"(ans2_write32\(ans2, q->sq_db, __ffs64\(tags\)\);)",
              r"\1 \1"),)),
    "cq-doorbell-first": Mistake(
        by_judge("tcb-not-invalidated"), CQ_DOORBELL_FIRST),
    "sart-flags-first": Mistake(
        by_judge("sart-order", first="sart-entry|sart-order"),
        (Edit(SART, r"(sart_write\(sart, SART_PADDR\(i\), phys\);)",
              r"sart_write(sart, SART_CONFIG(i), config); \1"),)),
    "buffer-not-in-sart": Mistake(
        by_judge("sart-denied"),
        (Edit(LOAN, r"return apple_sart_allow\([^)]*\);", "return 0;"),)),
    "buffer-not-revoked": Mistake(
        by_case(take_back, r"0x\w+, lent as .*: access is allowed"),
        (Edit(LOAN, r"return apple_sart_revoke\([^)]*\);", "return 0;"),)),
    "forbidden-register": Mistake(
        by_judge("reg-forbidden"),
        (Edit(ANS2, r"(ans2_write32\(ans2, ANS2_LINEAR_SQ_CTRL,)",
              r"ans2_read32(ans2, 0x24008); \1"),)),
    "admin-buffer-not-aligned": Mistake(
        by_judge("prp-align", any_buffer),
        (Edit(PCI, r"(\.dma_alignment = )NVME_CTRL_PAGE_SIZE - 1", r"\1 3"),
         Edit(HOOKS, r"NVME_QUIRK_ADMIN_PAGE_ALIGN", "0"))),
    "posted-mapping": Mistake(
        by_case(mappings, r"NVMe: \w+ is mapped DEVICE/nGnRE,"),
        (Edit(ANS2_H, r"(define nvme_ans2_map\(start, size\)\s+)ioremap_np",
              r"\1ioremap"),)),
    "queue-deleted-late": Mistake(
        by_judge("queue-order", reset),
        (Edit(RECOVER, r"(ret = nvme_ans2_delete_queue\([^;]*delete_sq\);)",
              r"nvme_disable_ctrl(&dev->ctrl, false); \1"),)),
    "enabled-while-asleep": Mistake(
        by_judge("queue-order", unbind),
        (Edit(RECOVER, r"nvme_ans2_write_cc\(dev, [^;]*CC_ENABLE, 0\);", ";"),
         Edit(RECOVER, r"(?s)if \(ret != -EIO &&\s+"
                       r"!nvme_ans2_wait_csts\(dev, NVME_CSTS_RDY.*?\)\)\n",
              "if (ret <= 0)\n"))),
    "link-without-power": Mistake(
        by_judge("pmgr-link"),
        (Edit(CORE, r"\.pd_flags = PD_FLAG_DEV_LINK_ON,",
              '.pd_names = first, .num_pd_names = 1,'),
         Edit(CORE, r"(?m)^(static int ans_hw_power)",
              r'static const char *const first[] = { "ans" };\n\1'))),
    "run-cleared-while-awake": Mistake(
        by_judge("asc-run", unbind),
        (Edit(BOOT, r"(ret = )\S+handshake\(fw, apple_rtkit_shutdown\);",
              r"\1 0;"),)),
}


def driver(build, name, edits):
    """Options of a Mac with our drivers and @edits in them."""
    tree = build.folder / f"woven/src/linux-{build.kernel}"
    files = {**modules.of_driver(build),
             **edited_modules(build, tree, name, edits)}
    more = {f"payload/{module}.ko": (path.read_bytes(), 0o644)
            for module, path in files.items()}
    load = "".join(f"/payload/{module}.ko\n" for module in files)
    more["modules.load"] = (load.encode(), 0o644)
    return {"root": "ram", "initrd": programs.initramfs(
        build, f"mistake-{build.kernel_name}", more)}


def all_cases(build):
    """The cases for the kernel of @build, if it has our drivers.

    What a mistake does depends on nothing else of it: one of them is enough.
    """
    if build.driver != "ans2" or build.debug or build.pages != "16k":
        return
    build = Build.from_environment(kernel=build.kernel, pages=build.pages,
                                   driver="ans2", debug="", modules=True)
    yield from cases(Setup(build.kernel_name, build), MISTAKES, driver)
