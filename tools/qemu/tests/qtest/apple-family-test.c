/*
 * QTest testcase for the Macs and what differs between their SoCs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The numbers are those of the kernel's devicetrees.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/units.h"
#include "apple-judge.h"

#define PS_OFF          0x0
#define PS_ON           0xf
#define PS_RESET        BIT(31)

#define RUN             0x10
#define ASC_CONTROL     0x44
#define MBOX_A2I        0x110
#define MBOX_EMPTY      0x20000
#define NVME_BOOT_STATUS 0x1300
#define NVME_CC         0x14
#define BOOT_OK         0xde71ce55
#define DIE             0x2000000000ULL

/* Where the interrupt controllers show their lines */
#define AIC1_LINES      0x23b104200ULL
#define AIC2_STRIDE     (4096 * 4 + 5 * 512)
#define AIC2_LINES(aic, die) \
    ((aic) + 0x2000ULL + (die) * AIC2_STRIDE + 4096 * 4 + 4 * 512)

#define PATTERN         0x5aa51234c0ffee00ULL

typedef struct Domain {
    uint64_t addr;
    const char *rule;           /* that is broken by switching it off */
} Domain;

typedef struct Mac {
    const char *name;
    int cpus;
    int max_ram;                /* in GiB */
    uint64_t dram;
    uint64_t asc, nvme;
    uint64_t lines;             /* of the AIC, on the die of the mailbox */
    int mbox_irq;
    uint64_t uart;
    Domain domain[6];
} Mac;

#define ANS_OF_T600X(die)                               \
    .dram = 0x10000000000,                              \
    .asc = 0x38f400000 + (die) * DIE,                   \
    .nvme = 0x393cc0000 + (die) * DIE,                  \
    .lines = AIC2_LINES(0x28e100000, die),              \
    .mbox_irq = 1069,                                   \
    .uart = 0x39b200000,                                \
    .domain = {                                         \
        { 0x28e5803b8 + (die) * DIE, "pmgr-reset" },    \
        { 0x28e580158 + (die) * DIE, "pmgr-reset" },    \
        { 0x28e0802e8 + (die) * DIE, "pmgr-link" },     \
        { 0x28e0802f0 + (die) * DIE, "pmgr-link" },     \
        { 0x28e080148 + (die) * DIE, "pmgr-link" },     \
    }

static const Mac macs[] = {
    {
        .name = "j274", .cpus = 8, .max_ram = 16,
        .dram = 0x800000000,
        .asc = 0x277400000, .nvme = 0x27bcc0000,
        .lines = AIC1_LINES, .mbox_irq = 583, .uart = 0x235200000,
        .domain = {
            { 0x23b7003f0, "pmgr-reset" },
            { 0x23b700418, "pmgr-link" },
        },
    },
    {
        .name = "j293", .cpus = 8, .max_ram = 16,
        .dram = 0x800000000,
        .asc = 0x277400000, .nvme = 0x27bcc0000,
        .lines = AIC1_LINES, .mbox_irq = 583, .uart = 0x235200000,
        .domain = {
            { 0x23b7003f0, "pmgr-reset" },
            { 0x23b700418, "pmgr-link" },
        },
    },
    { .name = "j314s", .cpus = 10, .max_ram = 32, ANS_OF_T600X(0) },
    { .name = "j316c", .cpus = 10, .max_ram = 64, ANS_OF_T600X(0) },
    { .name = "j375d", .cpus = 20, .max_ram = 128, ANS_OF_T600X(1) },
    {
        .name = "j473", .cpus = 8, .max_ram = 24,
        .dram = 0x800000000,
        .asc = 0x277400000, .nvme = 0x27bcc0000,
        .lines = AIC2_LINES(0x23b0c0000, 0), .mbox_irq = 717,
        .uart = 0x235200000,
        .domain = {
            { 0x23b700428, "pmgr-reset" },
            { 0x23b7001a8, "pmgr-reset" },
            { 0x23b700450, "pmgr-link" },
            { 0x23b700348, "pmgr-link" },
        },
    },
    {
        .name = "j474s", .cpus = 12, .max_ram = 32,
        .dram = 0x10000000000,
        .asc = 0x347400000, .nvme = 0x34bcc0000,
        .lines = AIC2_LINES(0x28e100000, 0), .mbox_irq = 1169,
        .uart = 0x39b200000,
        .domain = {
            { 0x2902801a8, "pmgr-reset" },
            { 0x290280158, "pmgr-reset" },
            { 0x290280408, "pmgr-link" },
            { 0x290280410, "pmgr-link" },
            { 0x2902801a0, "pmgr-link" },
        },
    },
};

static QTestState *start(const Mac *mac, const char *options)
{
    g_autofree char *args = g_strdup_printf("-M apple-%s%s", mac->name,
                                            options);

    return qtest_init(args);
}

/*
 * Verifies that the ANS group is where the devicetree says, that it boots
 * there, and that the first serial port is the console.
 */
static void test_ans(const void *opaque)
{
    const Mac *mac = opaque;
    QTestState *qts = start(mac, "");
    g_autofree char *map = qtest_hmp(qts, "info mtree");
    g_autofree char *uart = g_strdup_printf("%016" PRIx64 "-%016" PRIx64
                                            " (prio 0, i/o): apple-uart",
                                            mac->uart, mac->uart + 0xfff);

    g_assert_nonnull(strstr(map, uart));
    g_assert_cmphex(qtest_readl(qts, mac->asc + ASC_CONTROL), ==, 0);
    g_assert_cmphex(qtest_readl(qts, mac->asc + 0x8000 + MBOX_A2I) &
                    MBOX_EMPTY, ==, MBOX_EMPTY);
    qtest_writel(qts, mac->nvme + NVME_CC, 0x00460000);
    judge_clear(qts);
    g_assert_cmphex(qtest_readl(qts, mac->nvme + NVME_BOOT_STATUS), ==, 0);
    qtest_quit(qts);

    qts = start(mac, ",handover=running");
    g_assert_cmphex(qtest_readl(qts, mac->asc + ASC_CONTROL), ==, RUN);
    g_assert_cmphex(qtest_readl(qts, mac->nvme + NVME_BOOT_STATUS), ==,
                    BOOT_OK);
    judge_expect_none(qts);
    qtest_quit(qts);
}

static bool line_is_up(QTestState *qts, const Mac *mac, int irq)
{
    return qtest_readl(qts, mac->lines + irq / 32 * 4) & BIT(irq % 32);
}

/*
 * Verifies that the mailbox raises the four inputs of the AIC that it should,
 * on the right die.
 */
static void test_mailbox_irqs(const void *opaque)
{
    const Mac *mac = opaque;
    QTestState *qts = start(mac, "");

    for (int full = 0; full < 2; full++) {
        /* send-empty, send-not-empty, recv-empty, recv-not-empty */
        const bool expected[] = { !full, full, true, false };

        for (int i = 0; i < 4; i++) {
            g_assert_cmpint(line_is_up(qts, mac, mac->mbox_irq + i), ==,
                            expected[i]);
        }
        g_assert_false(line_is_up(qts, mac, mac->mbox_irq - 1));
        /* a message that nobody takes */
        qtest_writeq(qts, mac->asc + 0x8800, PATTERN);
        qtest_writeq(qts, mac->asc + 0x8808, 0);
    }
    qtest_quit(qts);
}

/* Verifies that each domain under a running firmware breaks one rule. */
static void test_domains(const void *opaque)
{
    const Mac *mac = opaque;

    for (int i = 0; i < ARRAY_SIZE(mac->domain); i++) {
        const Domain *domain = &mac->domain[i];
        QTestState *qts;

        if (!domain->rule) {
            break;
        }
        qts = start(mac, ",handover=running");
        judge_expect_none(qts);
        qtest_writel(qts, domain->addr, PS_OFF);
        judge_expect(qts, domain->rule, 1);
        qtest_writel(qts, domain->addr, PS_ON);
        qtest_writel(qts, domain->addr - 4, PS_OFF);
        judge_expect_none(qts);
        qtest_quit(qts);
    }
}

/* Verifies that they may all go off and on again when nothing runs. */
static void test_domains_asleep(const void *opaque)
{
    const Mac *mac = opaque;
    QTestState *qts = start(mac, "");

    for (int i = ARRAY_SIZE(mac->domain) - 1; i >= 0; i--) {
        if (mac->domain[i].rule) {
            qtest_writel(qts, mac->domain[i].addr, PS_OFF);
        }
    }
    for (int i = 0; i < ARRAY_SIZE(mac->domain); i++) {
        if (mac->domain[i].rule) {
            g_assert_cmphex(qtest_readl(qts, mac->domain[i].addr), ==, PS_OFF);
            qtest_writel(qts, mac->domain[i].addr, PS_ON);
        }
    }
    qtest_writel(qts, mac->asc + ASC_CONTROL, RUN);
    qtest_clock_step(qts, 1000 * 1000 * 1000);
    judge_expect_none(qts);
    qtest_quit(qts);
}

/* Verifies that a start without one of the link's domains is reported. */
static void test_no_link(const void *opaque)
{
    const Mac *mac = opaque;

    for (int i = 0; i < ARRAY_SIZE(mac->domain); i++) {
        QTestState *qts;

        if (g_strcmp0(mac->domain[i].rule, "pmgr-link")) {
            continue;
        }
        qts = start(mac, "");
        qtest_writel(qts, mac->domain[i].addr, PS_OFF);
        qtest_writel(qts, mac->asc + ASC_CONTROL, RUN);
        judge_expect(qts, "pmgr-link", 1);
        qtest_quit(qts);
    }
}

/* Verifies that without a parent the block has no power, and forgets. */
static void test_parent(const void *opaque)
{
    const Mac *mac = opaque;
    uint64_t parent = mac->domain[1].addr;
    QTestState *qts = start(mac, "");

    qtest_writel(qts, mac->asc + ASC_CONTROL + 8, 0x5);
    qtest_writel(qts, parent, PS_OFF);
    judge_clear(qts);
    qtest_readl(qts, mac->asc + ASC_CONTROL);
    judge_expect(qts, "reg-powered-off", 1);
    qtest_writel(qts, parent, PS_ON);
    g_assert_cmphex(qtest_readl(qts, mac->asc + ASC_CONTROL + 8), ==, 0);

    /* its own reset is nobody else's */
    qtest_writel(qts, mac->asc + ASC_CONTROL, RUN);
    qtest_writel(qts, parent, PS_ON | PS_RESET);
    g_assert_cmphex(qtest_readl(qts, mac->asc + ASC_CONTROL), ==, RUN);
    qtest_quit(qts);
}

/* Verifies the limits of -smp and -m, and where DRAM is. */
static void test_limits(const void *opaque)
{
    const Mac *mac = opaque;
    g_autofree char *args = g_strdup_printf("-M apple-%s -smp %d -m 1G",
                                            mac->name, mac->cpus);
    QTestState *qts = qtest_init(args);
    uint64_t end = mac->dram + GiB;

    qtest_writeq(qts, mac->dram, PATTERN);
    qtest_writeq(qts, end - 8, ~PATTERN);
    g_assert_cmphex(qtest_readq(qts, mac->dram), ==, PATTERN);
    g_assert_cmphex(qtest_readq(qts, end - 8), ==, ~PATTERN);
    g_assert_cmphex(qtest_readq(qts, mac->dram - 8), !=, PATTERN);
    qtest_quit(qts);
}

static void expect_refusal(const char *args, const char *message)
{
    g_autofree char *cmd = g_strdup_printf(
        "timeout 20 %s -display none -accel qtest %s",
        getenv("QTEST_QEMU_BINARY"), args);
    g_autofree char *err = NULL;
    int status;

    g_assert_true(g_spawn_command_line_sync(cmd, NULL, &err, &status, NULL));
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    if (!strstr(err, message)) {
        g_test_message("%s: %s", args, err);
    }
    g_assert_nonnull(strstr(err, message));
}

/* Verifies that what is too much is refused, by the machine's name. */
static void test_too_much(const void *opaque)
{
    const Mac *mac = opaque;
    g_autofree char *name = g_strdup_printf("apple-%s", mac->name);
    g_autofree char *smp = g_strdup_printf("-M %s -smp %d", name,
                                           mac->cpus + 1);
    /* the host need not have it */
    g_autofree char *ram = g_strdup_printf("-object memory-backend-ram,id=ram,"
                                           "reserve=off,size=%dG "
                                           "-M %s,memory-backend=ram",
                                           mac->max_ram + 1, name);
    g_autofree char *most = g_strdup_printf("%s: RAM size must be 1G to %dG",
                                            name, mac->max_ram);

    expect_refusal(smp, name);
    expect_refusal(ram, most);
}

/*
 * Verifies that on the Ultra the PMGR words of the first die are not those of
 * the ANS group, which is on the second.
 */
static void test_other_die(void)
{
    static const uint64_t words[] = { 0x28e5803b8, 0x28e0802e8, 0x28e080148 };
    const Mac *ultra = &macs[4];
    QTestState *qts = start(ultra, ",handover=running");

    for (int i = 0; i < ARRAY_SIZE(words); i++) {
        qtest_writel(qts, words[i], PS_OFF);
        g_assert_cmphex(qtest_readl(qts, words[i]), ==, PS_OFF);
        g_assert_cmphex(qtest_readl(qts, words[i] + DIE), !=, PS_OFF);
    }
    judge_expect_none(qts);
    g_assert_cmphex(qtest_readl(qts, ultra->asc + ASC_CONTROL), ==, RUN);
    qtest_quit(qts);
}

static void add(const char *test, const Mac *mac,
                void (*fn)(const void *opaque))
{
    g_autofree char *path = g_strdup_printf("/apple-family/%s/%s", mac->name,
                                            test);

    qtest_add_data_func(path, mac, fn);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    for (int i = 0; i < ARRAY_SIZE(macs); i++) {
        add("ans", &macs[i], test_ans);
        add("mailbox-irqs", &macs[i], test_mailbox_irqs);
        add("domains", &macs[i], test_domains);
        add("domains-asleep", &macs[i], test_domains_asleep);
        add("no-link", &macs[i], test_no_link);
        /* the M1's has none */
        if (!strcmp(macs[i].domain[1].rule, "pmgr-reset")) {
            add("parent", &macs[i], test_parent);
        }
        add("limits", &macs[i], test_limits);
        add("too-much", &macs[i], test_too_much);
    }
    qtest_add_func("/apple-family/other-die", test_other_die);

    return g_test_run();
}
