/*
 * QTest testcase for the Apple SART v2 DMA filter
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The co-processor's DMA is tried with the model's "dma-probe" property: it
 * takes the same way as the firmware's own accesses.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "apple-judge.h"

#define SART            0x27bc50000ULL
#define CONFIG(i)       (SART + 0x00 + 4 * (i))
#define PADDR(i)        (SART + 0x40 + 4 * (i))
#define ALLOW           0xff000000u
#define NUM_ENTRIES     16

#define CPU_CONTROL     0x277400044ULL
#define RUN             0x10
#define PMGR_ANS2       0x23b7003f0ULL
#define PS_ON           0xf
#define PS_RESET        BIT(31)

#define UART0           0x235200000ULL
#define RAM             0x810000000ULL
#define PAGE            0x1000ULL

#define SART_PATH       "/machine/soc/sart"

/* An entry that the boot loader leaves free */
#define FREE            15

static QTestState *start(void)
{
    QTestState *qts = qtest_init("-M apple-j274 -m 1G");

    judge_expect_none(qts);
    return qts;
}

/* With a co-processor that can transfer */
static QTestState *start_running(void)
{
    QTestState *qts = start();

    qtest_writel(qts, CPU_CONTROL, RUN);
    return qts;
}

static void stop(QTestState *qts)
{
    judge_expect_none(qts);
    qtest_quit(qts);
}

static void allow(QTestState *qts, int i, uint64_t addr, uint64_t size)
{
    qtest_writel(qts, PADDR(i), addr >> 12);
    qtest_writel(qts, CONFIG(i), ALLOW | size >> 12);
}

static void free_entry(QTestState *qts, int i)
{
    qtest_writel(qts, CONFIG(i), 0);
    qtest_writel(qts, PADDR(i), 0);
}

static bool probe(QTestState *qts, bool write, uint64_t addr, uint64_t len)
{
    g_autofree char *cmd = g_strdup_printf("%c 0x%" PRIx64 " %" PRIu64,
                                           write ? 'w' : 'r', addr, len);
    g_autofree char *result = NULL;

    qom_set_str(qts, SART_PATH, "dma-probe", cmd);
    result = qom_get_str(qts, SART_PATH, "dma-probe");
    if (g_str_has_prefix(result, "allowed")) {
        return true;
    }
    g_assert_cmpstr(result, ==, "refused");
    return false;
}

static void expect_allowed(QTestState *qts, uint64_t addr, uint64_t len)
{
    g_assert_true(probe(qts, false, addr, len));
    g_assert_true(probe(qts, true, addr, len));
}

static void expect_refused(QTestState *qts, uint64_t addr, uint64_t len)
{
    g_assert_false(probe(qts, false, addr, len));
    g_assert_false(probe(qts, true, addr, len));
}

/* Verifies that only the boot loader's entries are set after reset. */
static void test_reset(void)
{
    QTestState *qts = start();
    int used = 0;

    for (int i = 0; i < NUM_ENTRIES; i++) {
        uint32_t config = qtest_readl(qts, CONFIG(i));

        if (config) {
            g_assert_cmphex(config & ALLOW, ==, ALLOW);
            used++;
        } else {
            g_assert_cmphex(qtest_readl(qts, PADDR(i)), ==, 0);
        }
    }
    g_assert_cmpint(used, >=, 1);
    g_assert_cmpint(used, <=, 8);
    g_assert_cmphex(qtest_readl(qts, CONFIG(FREE)), ==, 0);
    stop(qts);
}

/* Verifies that nothing is allowed that nobody allowed. */
static void test_default_deny(void)
{
    QTestState *qts = start();

    expect_refused(qts, RAM, 1);
    expect_refused(qts, 0x800000000, 4096);
    expect_refused(qts, 0, 16);
    expect_refused(qts, 0xfffffffffffff000, 16);
    g_assert_cmpuint(qom_get_uint(qts, SART_PATH, "fault-count"), ==, 8);
    g_assert_cmphex(qom_get_uint(qts, SART_PATH, "fault-address"), ==, RAM);
    g_assert_false(qtest_qom_get_bool(qts, SART_PATH, "fault-write"));
    stop(qts);
}

/* Verifies that an entry allows its range, and not one byte around it. */
static void test_allow(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, 4 * PAGE);
    expect_allowed(qts, RAM, 1);
    expect_allowed(qts, RAM, 4096);
    expect_allowed(qts, RAM + 4 * PAGE - 1, 1);
    expect_refused(qts, RAM - 1, 1);
    expect_refused(qts, RAM - 1, 2);
    expect_refused(qts, RAM + 4 * PAGE, 1);
    expect_refused(qts, RAM + 4 * PAGE - 1, 2);
    stop(qts);
}

/* Verifies that an allowed write lands, and a refused one does not. */
static void test_data(void)
{
    static const uint8_t ff[16] = { [0 ... 15] = 0xff };
    QTestState *qts = start();
    uint8_t buf[16];

    qtest_memwrite(qts, RAM, ff, sizeof(ff));
    g_assert_false(probe(qts, true, RAM, 8));
    qtest_memread(qts, RAM, buf, sizeof(buf));
    g_assert_cmpmem(buf, sizeof(buf), ff, sizeof(ff));

    allow(qts, FREE, RAM, PAGE);
    g_assert_true(probe(qts, true, RAM, 8));
    qtest_memread(qts, RAM, buf, sizeof(buf));
    for (int i = 0; i < 16; i++) {
        g_assert_cmphex(buf[i], ==, i < 8 ? 0xa5 : 0xff);
    }

    qom_set_str(qts, SART_PATH, "dma-probe", "r 0x810000006 4");
    qom_expect_str(qts, SART_PATH, "dma-probe", "allowed a5a5ffff");

    /* refused as a whole: the allowed part is not written either */
    g_assert_false(probe(qts, true, RAM + PAGE - 8, 16));
    g_assert_cmphex(qtest_readq(qts, RAM + PAGE - 8), ==, 0);
    stop(qts);
}

/* Verifies that a transfer may cross from one entry into the next. */
static void test_neighbours(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, PAGE);
    allow(qts, FREE - 1, RAM + PAGE, PAGE);
    expect_allowed(qts, RAM + PAGE - 8, 16);
    expect_allowed(qts, RAM + 1, 4096);
    stop(qts);
}

/* Verifies that every entry works, up to the last. */
static void test_all_entries(void)
{
    QTestState *qts = start();

    for (int i = 0; i < NUM_ENTRIES; i++) {
        if (qtest_readl(qts, CONFIG(i))) {
            continue;
        }
        allow(qts, i, RAM + i * PAGE, PAGE);
        expect_allowed(qts, RAM + i * PAGE, 4096);
        g_assert_cmphex(qtest_readl(qts, CONFIG(i)), ==, ALLOW | 1);
        g_assert_cmphex(qtest_readl(qts, PADDR(i)), ==,
                        (RAM + i * PAGE) >> 12);
    }
    stop(qts);
}

/* Verifies that flags first on revoke is right and effective at once. */
static void test_revoke(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, PAGE);
    expect_allowed(qts, RAM, 16);
    qtest_writel(qts, CONFIG(FREE), 0);
    expect_refused(qts, RAM, 16);
    qtest_writel(qts, PADDR(FREE), 0);
    expect_refused(qts, RAM, 16);
    expect_refused(qts, 0, 16);

    allow(qts, FREE, RAM + PAGE, PAGE);
    expect_refused(qts, RAM, 16);
    expect_allowed(qts, RAM + PAGE, 16);
    stop(qts);
}

/* Verifies that the address first on revoke is one sart-order violation. */
static void test_revoke_address_first(void)
{
    QTestState *qts = start_running();

    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, PADDR(FREE), 0);
    judge_expect(qts, "sart-order", 1);
    qtest_writel(qts, CONFIG(FREE), 0);
    stop(qts);
}

/* Verifies that the order is free while nobody can transfer. */
static void test_order_stopped(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, CONFIG(FREE), ALLOW | 2);
    qtest_writel(qts, PADDR(FREE), 0);
    qtest_writel(qts, CONFIG(FREE), 0);
    judge_expect_none(qts);

    /* in reset */
    qtest_writel(qts, CPU_CONTROL, RUN);
    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, PMGR_ANS2, PS_ON | PS_RESET);
    qtest_writel(qts, PADDR(FREE), 0);
    qtest_writel(qts, CONFIG(FREE), 0);
    qtest_writel(qts, PMGR_ANS2, PS_ON);
    stop(qts);

    /* left running by the boot loader */
    qts = qtest_init("-M apple-j274,handover=asleep -m 1G");
    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, PADDR(FREE), 0);
    judge_expect(qts, "sart-order", 1);
    qtest_system_reset(qts);
    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, PADDR(FREE), 0);
    judge_expect(qts, "sart-order", 1);
    stop(qts);
}

/* Verifies that a free entry may be cleared again in any order. */
static void test_clear_free(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PADDR(FREE), 0);
    qtest_writel(qts, CONFIG(FREE), 0);
    qtest_writel(qts, CONFIG(FREE), 0);
    allow(qts, FREE, RAM, PAGE);
    /* the same value again changes nothing */
    allow(qts, FREE, RAM, PAGE);
    free_entry(qts, FREE);
    stop(qts);
}

/* Verifies that flags first on allow is seen twice: at each wrong write. */
static void test_allow_flags_first(void)
{
    QTestState *qts = start_running();

    qtest_writel(qts, CONFIG(FREE), ALLOW | 1);
    judge_expect(qts, "sart-entry", 1);
    qtest_writel(qts, PADDR(FREE), RAM >> 12);
    judge_expect(qts, "sart-order", 1);
    stop(qts);
}

/* Verifies that growing an entry while it allows is seen. */
static void test_resize(void)
{
    QTestState *qts = start_running();

    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, CONFIG(FREE), ALLOW | 2);
    judge_expect(qts, "sart-order", 1);
    stop(qts);
}

/* Verifies that an entry of size 0 is seen and allows nothing. */
static void test_size_zero(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, 0);
    judge_expect(qts, "sart-entry", 1);
    expect_refused(qts, RAM, 1);
    stop(qts);
}

/* Verifies that other flags than 0xff are seen and allow nothing. */
static void test_flags(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PADDR(FREE), RAM >> 12);
    for (uint32_t flags = 1; flags < 0xff; flags += 0x11) {
        qtest_writel(qts, CONFIG(FREE), flags << 24 | 1);
        judge_expect(qts, "sart-entry", 1);
        expect_refused(qts, RAM, 1);
        qtest_writel(qts, CONFIG(FREE), 0);
    }
    stop(qts);
}

/* Verifies that overlapping entries are seen, at both ends. */
static void test_overlap(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM + 4 * PAGE, 4 * PAGE);
    allow(qts, FREE - 1, RAM, 4 * PAGE);
    allow(qts, FREE - 2, RAM + 8 * PAGE, PAGE);
    judge_expect_none(qts);

    allow(qts, FREE - 3, RAM + 5 * PAGE, PAGE);
    judge_expect(qts, "sart-entry", 1);
    free_entry(qts, FREE - 3);
    allow(qts, FREE - 3, RAM + 3 * PAGE, 6 * PAGE);
    judge_expect(qts, "sart-entry", 3);
    stop(qts);
}

/* Verifies the end of the 36-bit address range. */
static void test_address_range(void)
{
    QTestState *qts = start();

    allow(qts, FREE, 0xffffff000, PAGE);
    judge_expect_none(qts);
    free_entry(qts, FREE);
    allow(qts, FREE, 0xffffff000, 2 * PAGE);
    judge_expect(qts, "sart-entry", 1);
    free_entry(qts, FREE);

    qtest_writel(qts, PADDR(FREE), 0x1000000);
    judge_expect(qts, "reg-value", 1);
    g_assert_cmphex(qtest_readl(qts, PADDR(FREE)), ==, 0);
    stop(qts);
}

/* Verifies that the boot loader's entries may be read but not changed. */
static void test_preset(void)
{
    QTestState *qts = start();
    uint32_t config, paddr;
    int i = 0;

    while (!qtest_readl(qts, CONFIG(i))) {
        i++;
    }
    config = qtest_readl(qts, CONFIG(i));
    paddr = qtest_readl(qts, PADDR(i));
    expect_allowed(qts, (uint64_t)paddr << 12, 16);

    qtest_writel(qts, PADDR(i), paddr);
    qtest_writel(qts, CONFIG(i), config);
    judge_expect_none(qts);
    qtest_writel(qts, CONFIG(i), 0);
    judge_expect(qts, "sart-entry", 1);

    qtest_system_reset(qts);
    g_assert_cmphex(qtest_readl(qts, CONFIG(i)), ==, config);
    g_assert_cmphex(qtest_readl(qts, PADDR(i)), ==, paddr);
    stop(qts);
}

/* Verifies that device registers are out of reach, allowed or not. */
static void test_no_mmio(void)
{
    QTestState *qts = start();
    uint64_t count;

    allow(qts, FREE, UART0, PAGE);
    count = qom_get_uint(qts, SART_PATH, "fault-count");
    expect_refused(qts, UART0, 4);
    g_assert_cmpuint(qom_get_uint(qts, SART_PATH, "fault-count"), ==,
                     count + 2);
    stop(qts);
}

/* Verifies that the ANS reset keeps the entries, a machine reset does not. */
static void test_pmgr_reset(void)
{
    QTestState *qts = start();

    allow(qts, FREE, RAM, PAGE);
    qtest_writel(qts, PMGR_ANS2, PS_ON | PS_RESET);
    qtest_writel(qts, PMGR_ANS2, PS_ON);
    g_assert_cmphex(qtest_readl(qts, CONFIG(FREE)), ==, ALLOW | 1);
    expect_allowed(qts, RAM, 16);
    qtest_system_reset(qts);
    g_assert_cmphex(qtest_readl(qts, CONFIG(FREE)), ==, 0);
    g_assert_cmphex(qtest_readl(qts, PADDR(FREE)), ==, 0);
    expect_refused(qts, RAM, 16);
    stop(qts);
}

/* Verifies that accesses without power are reported and change nothing. */
static void test_power_off(void)
{
    QTestState *qts = start();

    qtest_writel(qts, PMGR_ANS2, 0);
    qtest_writel(qts, PADDR(FREE), 1);
    qtest_readl(qts, PADDR(FREE));
    judge_expect(qts, "reg-powered-off", 2);
    qtest_writel(qts, PMGR_ANS2, PS_ON);
    g_assert_cmphex(qtest_readl(qts, PADDR(FREE)), ==, 0);
    stop(qts);
}

/* Verifies that accesses that mean nothing are reported and change nothing. */
static void test_unknown(void)
{
    QTestState *qts = start();

    g_assert_cmphex(qtest_readl(qts, SART + 0x80), ==, 0);
    qtest_writel(qts, SART + 0xfffc, ~0);
    judge_expect(qts, "reg-unknown", 2);
    qtest_writeb(qts, PADDR(FREE), 1);
    qtest_writew(qts, PADDR(FREE), 1);
    qtest_writeq(qts, PADDR(FREE) - 4, ~0ULL);
    qtest_writel(qts, PADDR(FREE) - 2, ~0);
    g_assert_cmphex(qtest_readq(qts, PADDR(FREE) - 4), ==, 0);
    judge_expect(qts, "reg-size", 5);
    g_assert_cmphex(qtest_readl(qts, PADDR(FREE)), ==, 0);
    stop(qts);
}

/* Verifies that a probe that cannot be read is an error, not an access. */
static void test_bad_probe(void)
{
    static const char *const bad[] = {
        "", "r", "r 0x1000", "x 0x1000 4", "r 0x1000 0", "r 0x1000 4097",
        "r 0x1000 4 5", "r nothing 4", "r 0xffffffffffffffff 4",
    };
    QTestState *qts = start();

    for (int i = 0; i < ARRAY_SIZE(bad); i++) {
        g_assert_false(qom_try_set_str(qts, SART_PATH, "dma-probe", bad[i]));
    }
    g_assert_cmpuint(qom_get_uint(qts, SART_PATH, "fault-count"), ==, 0);
    stop(qts);
}

/* Verifies that random writes leave QEMU alive and probes answered. */
static void test_random(void)
{
    QTestState *qts = qtest_init("-M apple-j274");
    GRand *rand = g_rand_new_with_seed(0x5a47);

    for (int i = 0; i < 20000; i++) {
        uint32_t r = g_rand_int(rand);
        uint64_t addr = r & 1 ? SART + (r >> 8) % 0x80 :
                        SART + (r >> 8) % 0x10000;
        uint32_t value = g_rand_int(rand);

        if (r & 2) {
            value |= ALLOW;
        }
        switch (r >> 2 & 3) {
        case 0:
            qtest_writel(qts, addr & ~3ULL, value);
            break;
        case 1:
            qtest_writeq(qts, addr, value);
            break;
        case 2:
            qtest_readl(qts, addr);
            break;
        case 3:
            if (i % 16 == 0) {
                probe(qts, r & 2, (uint64_t)value << 4, 64);
            }
            break;
        }
    }
    g_rand_free(rand);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-sart/reset", test_reset);
    qtest_add_func("/apple-sart/default-deny", test_default_deny);
    qtest_add_func("/apple-sart/allow", test_allow);
    qtest_add_func("/apple-sart/data", test_data);
    qtest_add_func("/apple-sart/neighbours", test_neighbours);
    qtest_add_func("/apple-sart/all-entries", test_all_entries);
    qtest_add_func("/apple-sart/revoke", test_revoke);
    qtest_add_func("/apple-sart/revoke-address-first",
                   test_revoke_address_first);
    qtest_add_func("/apple-sart/order-stopped", test_order_stopped);
    qtest_add_func("/apple-sart/clear-free", test_clear_free);
    qtest_add_func("/apple-sart/allow-flags-first", test_allow_flags_first);
    qtest_add_func("/apple-sart/resize", test_resize);
    qtest_add_func("/apple-sart/size-zero", test_size_zero);
    qtest_add_func("/apple-sart/flags", test_flags);
    qtest_add_func("/apple-sart/overlap", test_overlap);
    qtest_add_func("/apple-sart/address-range", test_address_range);
    qtest_add_func("/apple-sart/preset", test_preset);
    qtest_add_func("/apple-sart/no-mmio", test_no_mmio);
    qtest_add_func("/apple-sart/pmgr-reset", test_pmgr_reset);
    qtest_add_func("/apple-sart/power-off", test_power_off);
    qtest_add_func("/apple-sart/unknown", test_unknown);
    qtest_add_func("/apple-sart/bad-probe", test_bad_probe);
    qtest_add_func("/apple-sart/random", test_random);

    return g_test_run();
}
