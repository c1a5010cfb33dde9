/*
 * QTest testcase for the SoC t8103 and the board apple-j274
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "libqtest.h"
#include "qobject/qdict.h"

#define DRAM            0x800000000ULL
#define GIB             0x40000000ULL
#define PATTERN         0x5aa51234c0ffee00ULL
#define POWEROFF        0x2ffff0000ULL
#define POWEROFF_VALUE  0x6f6666

#define MBOX_A2I_CONTROL 0x110
#define MBOX_I2A_CONTROL 0x114
#define MBOX_EMPTY      0x20000

static const uint64_t idle_mailboxes[] = { 0x206408000, 0x23e408000 };

/* What is not modelled: see the kernel's devicetree */
static const struct {
    const char *name;
    uint64_t addr, size;
} unimplemented[] = {
    { "gpu-asc", 0x206400000, 0x8000 },
    { "cpufreq-e", 0x210e20000, 0x1000 },
    { "cpufreq-p", 0x211e20000, 0x1000 },
    { "display-dfr-fe", 0x228200000, 0xc000 },
    { "sio-dart", 0x235004000, 0x4000 },
    { "i2c0", 0x235010000, 0x4000 },
    { "i2c2", 0x235018000, 0x4000 },
    { "i2c4", 0x235020000, 0x4000 },
    { "fpwm1", 0x235044000, 0x4000 },
    { "spi1", 0x235104000, 0x4000 },
    { "admac", 0x238200000, 0x34000 },
    { "mca-switch", 0x238300000, 0x30000 },
    { "mca", 0x238400000, 0x18000 },
    { "nco", 0x23b044000, 0x14000 },
    { "pinctrl-ap", 0x23c100000, 0x100000 },
    { "nub-spmi", 0x23d0d9300, 0x100 },
    { "pinctrl-nub", 0x23d1f0000, 0x4000 },
    { "smc", 0x23e400000, 0x4000 },
    { "pinctrl-smc", 0x23e820000, 0x4000 },
    { "smc-sram", 0x23fe00000, 0x100000 },
    { "pinctrl-aop", 0x24a820000, 0x4000 },
    { "dwc3-0", 0x382280000, 0x10000 },
    { "dwc3-0-dart0", 0x382f00000, 0x4000 },
    { "atcphy0-core", 0x383000000, 0x4c000 },
    { "dwc3-1", 0x502280000, 0x10000 },
    { "atcphy1-core", 0x503000000, 0x4c000 },
    { "pcie-rc", 0x680000000, 0x100000 },
    { "pcie-dart0", 0x681008000, 0x4000 },
    { "pcie-dart2", 0x683008000, 0x4000 },
    { "pcie-config", 0x690000000, 0x1000000 },
};

/*
 * Verifies that ranges which are not modelled are there, and forget writes.
 * Without them a guest would get an abort; but reads of a test get 0 in either
 * case, so the map itself is looked at.
 */
static void test_unimplemented(void)
{
    QTestState *qts = qtest_init("-M apple-j274");
    g_autofree char *map = qtest_hmp(qts, "info mtree");

    for (int i = 0; i < ARRAY_SIZE(unimplemented); i++) {
        uint64_t addr = unimplemented[i].addr;
        uint64_t last = addr + unimplemented[i].size - 1;
        g_autofree char *line = g_strdup_printf("%016" PRIx64 "-%016" PRIx64
                                                " (prio -1000, i/o): %s\r\n",
                                                addr, last,
                                                unimplemented[i].name);

        if (!strstr(map, line)) {
            g_test_message("not in the map: %s", line);
        }
        g_assert_nonnull(strstr(map, line));
        qtest_writel(qts, addr, 0xffffffff);
        qtest_writel(qts, last - 3, 0xffffffff);
        g_assert_cmphex(qtest_readl(qts, addr), ==, 0);
        g_assert_cmphex(qtest_readl(qts, last - 3), ==, 0);
    }
    qtest_quit(qts);
}

/* Verifies that mailboxes of other co-processors always say "empty". */
static void test_idle_mailboxes(void)
{
    QTestState *qts = qtest_init("-M apple-j274");

    for (int i = 0; i < ARRAY_SIZE(idle_mailboxes); i++) {
        uint64_t mbox = idle_mailboxes[i];

        for (int round = 0; round < 2; round++) {
            g_assert_cmphex(qtest_readl(qts, mbox + MBOX_A2I_CONTROL), ==,
                            MBOX_EMPTY);
            g_assert_cmphex(qtest_readl(qts, mbox + MBOX_I2A_CONTROL), ==,
                            MBOX_EMPTY);
            g_assert_cmphex(qtest_readl(qts, mbox + 0x118), ==, 0);
            qtest_writeq(qts, mbox + 0x800, PATTERN);
            qtest_writeq(qts, mbox + 0x808, 0x20);
            qtest_writel(qts, mbox + MBOX_A2I_CONTROL, 0);
        }
    }
    qtest_quit(qts);
}

/* Verifies that DRAM starts and ends where it should, for the limits of -m. */
static void test_dram(void)
{
    static const struct {
        const char *args;
        uint64_t size;
    } sizes[] = {
        { "-M apple-j274 -m 1G", 1 * GIB },
        { "-M apple-j274 -m 16G", 16 * GIB },
    };

    for (int i = 0; i < ARRAY_SIZE(sizes); i++) {
        QTestState *qts = qtest_init(sizes[i].args);
        uint64_t end = DRAM + sizes[i].size;

        qtest_writeq(qts, DRAM, PATTERN);
        qtest_writeq(qts, end - 8, ~PATTERN);
        qtest_writeq(qts, end, PATTERN);
        g_assert_cmphex(qtest_readq(qts, DRAM), ==, PATTERN);
        g_assert_cmphex(qtest_readq(qts, end - 8), ==, ~PATTERN);
        g_assert_cmphex(qtest_readq(qts, end), !=, PATTERN);
        g_assert_cmphex(qtest_readq(qts, DRAM - 8), !=, PATTERN);
        qtest_quit(qts);
    }
}

/* Verifies that exactly the right value at the right place ends the machine. */
static void test_poweroff(void)
{
    QTestState *qts = qtest_init("-M apple-j274 -no-shutdown");
    QDict *event, *rsp;

    g_assert_cmphex(qtest_readl(qts, POWEROFF), ==, 0);
    qtest_writel(qts, POWEROFF, 1);
    qtest_writel(qts, POWEROFF + 4, POWEROFF_VALUE);
    qtest_writew(qts, POWEROFF, 0x6666);
    rsp = qtest_qmp(qts, "{ 'execute': 'query-status' }");
    g_assert_cmpstr(qdict_get_str(qdict_get_qdict(rsp, "return"), "status"),
                    !=, "shutdown");
    qobject_unref(rsp);

    qtest_writel(qts, POWEROFF, POWEROFF_VALUE);
    event = qtest_qmp_eventwait_ref(qts, "SHUTDOWN");
    g_assert_cmpstr(qdict_get_str(qdict_get_qdict(event, "data"), "reason"),
                    ==, "guest-shutdown");
    qobject_unref(event);
    qtest_quit(qts);
}

/* Verifies that poweroff=off leaves the register out. */
static void test_no_poweroff(void)
{
    QTestState *qts = qtest_init("-M apple-j274,poweroff=off -no-shutdown");
    QDict *rsp;

    qtest_writel(qts, POWEROFF, POWEROFF_VALUE);
    rsp = qtest_qmp(qts, "{ 'execute': 'query-status' }");
    g_assert_cmpstr(qdict_get_str(qdict_get_qdict(rsp, "return"), "status"),
                    !=, "shutdown");
    qobject_unref(rsp);
    qtest_quit(qts);
}

/* Verifies that the devices are where host tools look for them. */
static void test_paths(void)
{
    static const char *const names[] = {
        "aic", "uart0", "uart2", "pmgr", "pmgr-mini", "wdt",
        "asc", "rtkit", "sart", "ans2", "judge",
    };
    QTestState *qts = qtest_init("-M apple-j274");

    for (int i = 0; i < ARRAY_SIZE(names); i++) {
        g_autofree char *path = g_strdup_printf("/machine/soc/%s", names[i]);
        QDict *rsp = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments': "
                               "{ 'path': %s, 'property': 'realized' } }",
                               path);

        g_assert_true(qdict_get_bool(rsp, "return"));
        qobject_unref(rsp);
    }
    qtest_quit(qts);
}

/* Verifies that each number of CPUs and each state of hand-over starts. */
static void test_variants(void)
{
    static const char *const variants[] = {
        "-M apple-j274 -smp 1", "-M apple-j274 -smp 4",
        "-M apple-j274 -smp 5", "-M apple-j274 -smp 8",
        "-M apple-j274,firmware=2026", "-M apple-j274,firmware=old",
        "-M apple-j274,handover=off", "-M apple-j274,handover=asleep",
        "-M apple-j274,handover=running", "-M apple-j274,handover=enabled",
    };

    for (int i = 0; i < ARRAY_SIZE(variants); i++) {
        QTestState *qts = qtest_init(variants[i]);

        g_assert_cmphex(qtest_readl(qts, 0x23b102000), ==, 0);
        qtest_system_reset(qts);
        g_assert_cmphex(qtest_readl(qts, 0x23b102000), ==, 0);
        qtest_quit(qts);
    }
}

/* Verifies that wrong options end QEMU with a message that names them. */
static void test_bad_options(void)
{
    static const struct {
        const char *args, *message;
    } bad[] = {
        { "-M apple-j274 -m 512M", "1G to 16G" },
        { "-M apple-j274 -m 17G", "1G to 16G" },
        { "-M apple-j274 -m 1048584k", "whole MiB" },
        { "-M apple-j274 -smp 9", "apple-j274" },
        { "-M apple-j274,firmware=2020", "firmware must be" },
        { "-M apple-j274,handover=other", "handover must be" },
        { "-M apple-j274,ssd=nothing", "no such drive" },
        { "-M apple-j274 -cpu max", "cortex-a76" },
        { "-M apple-j274 -accel tcg", "-kernel and -dtb" },
        { "-M apple-j274 -accel tcg -kernel /dev/null", "needs -dtb" },
    };

    for (int i = 0; i < ARRAY_SIZE(bad); i++) {
        const char *accel = strstr(bad[i].args, "-accel") ? "" :
                            "-accel qtest";
        /* If the option is accepted, nothing else would end QEMU */
        g_autofree char *cmd = g_strdup_printf(
            "timeout 20 %s -display none %s %s",
            getenv("QTEST_QEMU_BINARY"), accel, bad[i].args);
        g_autofree char *err = NULL;
        int status;

        g_assert_true(g_spawn_command_line_sync(cmd, NULL, &err, &status,
                                                NULL));
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, 1);
        if (!strstr(err, bad[i].message)) {
            g_test_message("%s: %s", bad[i].args, err);
        }
        g_assert_nonnull(strstr(err, bad[i].message));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-soc/unimplemented", test_unimplemented);
    qtest_add_func("/apple-soc/idle-mailboxes", test_idle_mailboxes);
    qtest_add_func("/apple-soc/dram", test_dram);
    qtest_add_func("/apple-soc/poweroff", test_poweroff);
    qtest_add_func("/apple-soc/no-poweroff", test_no_poweroff);
    qtest_add_func("/apple-soc/paths", test_paths);
    qtest_add_func("/apple-soc/variants", test_variants);
    qtest_add_func("/apple-soc/bad-options", test_bad_options);

    return g_test_run();
}
