# SPDX-License-Identifier: GPL-2.0-only
"""Copies of upstream's drivers that break one rule each must be caught."""

from mac import Build
from mac.mistakes import Edit, Mistake, by_judge, cases, edited_image
from mac.suite import Case, Known, Setup, check_rules

NVME = "drivers/nvme/host/apple.c"
SART = "drivers/soc/apple/sart.c"


# What the firmware of 2026 does not let 6.12's driver do: one register, and a
# buffer of hwmon that is not on a page, which is refused.
PERMITTED = Edit(NVME, r"writel\(readl\(anv->mmio_nvme \+ \w+UNKNOWN\w+\)[^;]*;",
                 ";")
REFUSED = "prp-align"


def mistake(rule, file, pattern, to, first=None):
    """A Mistake of one edit that the judge sees at boot, as @rule.

    @first: what else it may have seen by then
    """
    first = first and f"{rule}|{first}"
    return Mistake(by_judge(rule, first=first),
                   (PERMITTED, Edit(file, pattern, to)), {"firmware": "2026"})


MISTAKES = {
    "flags-of-no-data": mistake(
        "tcb-flags", NVME, r"(dma_flags = )0;", r"\g<1>3;", REFUSED),
    "flags-both-ways": mistake(
        "tcb-flags", NVME, r"(dma_flags = )\w+_FROM_DEVICE;", r"\g<1>3;"),
    "flags-swapped": mistake(
        "tcb-flags", NVME, r"(else if \()(nvme_is_write\()", r"\1!\2"),
    "opcode-in-tcb": mistake(
        "tcb-opcode", NVME, r"(->opcode = )0;", r"\1cmd->common.opcode;"),
    "tcb-not-invalidated": mistake(
        "tcb-not-invalidated", NVME, r"writel\([^;]*TCB_INVAL\);", ";"),
    "wrong-prp-in-tcb": mistake(
        "tcb-prp", NVME, r"(tcb->prp1 = )([\w.>-]+);",
        r"\1\2 ^ cpu_to_le64(0x1000);"),
    "prp2-missing-in-tcb": mistake(
        "tcb-prp", NVME, r"(tcb->prp2 = )[\w.>-]+;", r"\1 0;", REFUSED),
    "tag-used-twice": mistake(
        "tag-busy|tcb-not-invalidated", NVME, r"(writel\(tag, q->sq_db\);)",
        r"\1 \1"),
    "other-tag-in-tcb": mistake(
        "tcb-tag", NVME, r"(tcb->command_id = )tag;", r"\1 tag ^ 1;"),
    "buffer-not-in-sart": mistake(
        "sart-denied", NVME,
        r"(ret = )apple_sart_add_allowed_region\([^)]*\);", r"\1 0;"),
    "sart-one-page-off": mistake(
        "sart-denied", SART, r"(writel\(paddr_shifted)(, \S+ \+ \w+2_PADDR)",
        r"\1 + 1\2"),
    "forbidden-register": mistake(
        "reg-forbidden", NVME,
        r"(writel\(\w+LINEAR_SQ_EN,\s*anv->mmio_nvme \+ )(\w+\);)",
        r"readl(anv->mmio_nvme + 0x24008); \1\2"),
}


def driver(build, name, edits):
    """Options of a Mac with upstream's drivers and @edits in them."""
    tree = build.folder / f"woven/src/linux-{build.kernel}"
    return {"image": edited_image(build, tree, name, edits)}


FORBIDDEN = Known("reg-forbidden", "0x24008", "the driver clears a bit there")


def old_driver_on_new_firmware(setup, _judge):
    """6.12's driver uses a register that is forbidden: it must say so.

    The kernel does not survive the external abort, and need not.
    """
    with setup.mac("forbidden", firmware="2026") as mac:
        by_judge("reg-forbidden")(mac)
        check_rules(mac, (FORBIDDEN,))


def all_cases():
    # the kernel of make test that is linked in seconds
    build = Build.from_environment(kernel="6.12", driver="upstream",
                                   pages="16k", debug="", modules=False)
    yield from cases(Setup("mistakes", build), MISTAKES, driver)
    yield Case(Setup("6.12-16k-2026", build), "forbidden-register",
               old_driver_on_new_firmware, own=True, known=(FORBIDDEN,))
