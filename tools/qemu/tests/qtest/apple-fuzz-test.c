/*
 * QTest testcase: random accesses to every device of the machine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU must survive all of them and still answer afterwards.  Half of the
 * accesses go to registers that start something, with values which mean
 * something there: addresses in DRAM, small tags, power states.  DRAM is
 * filled with random queue entries first, so that DMA has something to read.
 *
 * A second kind of case brings the controller up as a driver does, and then
 * throws commands at it that are almost right.
 *
 * The seed is printed; APPLE_FUZZ_SEED repeats a run, APPLE_FUZZ_ROUNDS makes
 * it longer.
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/cutils.h"
#include "apple-ans2.h"

#define DEFAULT_ROUNDS  20000
#define DRAM            0x800000000ULL
#define DRAM_USED       0x100000

#define ASC             0x277400000ULL
#define MBOX            0x277408000ULL
#define SART            0x27bc50000ULL
#define PMGR            0x23b700000ULL

static const struct {
    const char *name;
    uint64_t addr, size;
} regions[] = {
    { "aic", 0x23b100000, 0x8000 },
    { "uart0", 0x235200000, 0x1000 },
    { "uart2", 0x235208000, 0x1000 },
    { "pmgr", PMGR, 0x14000 },
    { "pmgr-mini", 0x23d280000, 0x4000 },
    { "wdt", 0x23d2b0000, 0x4000 },
    { "agx-mbox", 0x206408000, 0x4000 },
    { "smc-mbox", 0x23e408000, 0x4000 },
    { "powerkey", 0x2fffe0000, 0x1000 },
    { "poweroff", 0x2ffff0000, 0x1000 },
    { "asc", ASC, 0x8000 },
    { "asc-mbox", MBOX, 0x4000 },
    { "sart", SART, 0x10000 },
    { "ans2", ANS2, 0x40000 },
};

/* Registers with effects, and the size in bytes that drivers use */
static const struct {
    uint64_t addr;
    unsigned size;
} active[] = {
    { ANS2 + 0x14, 4 },          /* CC */
    { ANS2 + 0x24, 4 },          /* AQA */
    { ANS2 + 0x28, 8 },          /* ASQ */
    { ANS2 + 0x30, 8 },          /* ACQ */
    { ANS2 + 0x1000, 4 },        /* doorbells of the classic mode */
    { ANS2 + 0x1004, 4 },
    { ANS2 + 0x1008, 4 },
    { ANS2 + 0x100c, 4 },
    { ANS2 + 0x1210, 4 },        /* MAX_PEND_CMDS */
    { ANS2 + 0x24908, 4 },       /* LINEAR_SQ_CTRL */
    { ANS2 + 0x2490c, 4 },       /* linear doorbells */
    { ANS2 + 0x2490c, 4 },
    { ANS2 + 0x24910, 4 },
    { ANS2 + 0x24910, 4 },
    { ANS2 + 0x28100, 4 },       /* NVMMU: count, bases, invalidation */
    { ANS2 + 0x28108, 8 },
    { ANS2 + 0x28110, 8 },
    { ANS2 + 0x28118, 4 },
    { ASC + 0x44, 4 },          /* CPU_CONTROL */
    { MBOX + 0x110, 4 },        /* mailbox: control and messages */
    { MBOX + 0x114, 4 },
    { MBOX + 0x800, 8 },
    { MBOX + 0x808, 8 },
    { MBOX + 0x830, 8 },
    { MBOX + 0x838, 8 },
    { SART + 0x00, 4 },         /* flags and size, address */
    { SART + 0x3c, 4 },
    { SART + 0x40, 4 },
    { SART + 0x7c, 4 },
    { PMGR + 0x3f0, 4 },        /* ANS2 domain */
    { 0x23d2b0010, 4 },         /* watchdog 1 */
    { 0x23d2b001c, 4 },
    { 0x235200020, 4 },         /* UTXH */
};

/* Values that mean something to one register or the other */
static const uint64_t meaningful[] = {
    0, 1, 2, 3, 63, 64, 0x10, 0xf, 0x460000, 0x460001, 0x464001, 0x10001,
    0x3f003f, 0x400040, 0xffffffff, 0x0f0000ff, 0x8f0000ff,
    DRAM, DRAM + 0x4000, DRAM + 0x10000, DRAM + 0x20000, DRAM + 0xff000,
    DRAM - 0x1000, UINT64_MAX, 0xfffffffffffff000ULL,
    /* RTKit: HELLO reply, endpoint map replies, start, power states */
    0x0020000c000c000cULL, 0x0080000000000000ULL, 0x0080000100000001ULL,
    0x0050000100000002ULL, 0x0050000200000002ULL, 0x0050000400000002ULL,
    0x0050000800000002ULL, 0x00b0000000000020ULL, 0x0060000000000220ULL,
    0x0060000000000001ULL, 0x00b0000000000010ULL, 0x0010040800010000ULL,
};

static QTestState *start(const char *options)
{
    return qtest_initf("-M apple-j274,ssd=ssd,powerkey=on,%s -m 1G "
                       "-action watchdog=none "
                       "-drive if=none,id=ssd,driver=null-co,size=64M,"
                       "read-zeroes=on", options);
}

/*
 * Random entries, but with opcodes and pointers that are often good: tags in
 * the command id, pages of the area in the PRPs.
 */
static void fill_memory(QTestState *qts, GRand *rand)
{
    g_autofree uint8_t *buf = g_malloc(DRAM_USED);

    for (size_t i = 0; i < DRAM_USED; i += 64) {
        uint64_t page = DRAM + g_rand_int_range(rand, 0, 256) * 0x1000;

        for (size_t j = 0; j < 64; j += 4) {
            stl_le_p(buf + i + j, g_rand_boolean(rand) ? 0 :
                                  g_rand_int(rand));
        }
        buf[i] = g_rand_int_range(rand, 0, 12);
        stw_le_p(buf + i + 2, (i / 64) % 64);
        stl_le_p(buf + i + 4, g_rand_int_range(rand, 0, 3));
        stq_le_p(buf + i + 24, page);
        stq_le_p(buf + i + 32, g_rand_boolean(rand) ? 0 : page + 0x1000);
    }
    qtest_memwrite(qts, DRAM, buf, DRAM_USED);
}

static uint64_t random_value(GRand *rand)
{
    uint64_t high = g_rand_int(rand);

    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        return high << 32 | g_rand_int(rand);
    case 1:
        return g_rand_int_range(rand, 0, 80);
    default:
        return meaningful[g_rand_int_range(rand, 0, ARRAY_SIZE(meaningful))];
    }
}

static void access_register(QTestState *qts, GRand *rand, uint64_t addr,
                            unsigned size)
{
    uint64_t value = random_value(rand);
    bool write = g_rand_int_range(rand, 0, 3);

    switch (size) {
    case 1:
        write ? qtest_writeb(qts, addr, value) : (void)qtest_readb(qts, addr);
        break;
    case 2:
        write ? qtest_writew(qts, addr, value) : (void)qtest_readw(qts, addr);
        break;
    case 4:
        write ? qtest_writel(qts, addr, value) : (void)qtest_readl(qts, addr);
        break;
    default:
        write ? qtest_writeq(qts, addr, value) : (void)qtest_readq(qts, addr);
        break;
    }
}

/* Any offset, also unaligned ones, any size, inside of one region */
static void access_anywhere(QTestState *qts, GRand *rand)
{
    unsigned region = g_rand_int_range(rand, 0, ARRAY_SIZE(regions));
    unsigned size = 1 << g_rand_int_range(rand, 0, 4);
    uint64_t offset = g_rand_int_range(rand, 0, regions[region].size - 7);

    if (g_rand_int_range(rand, 0, 4)) {
        offset &= ~3ULL;
        size = MAX(size, 4);
    }
    access_register(qts, rand, regions[region].addr + offset, size);
}

static void access_active(QTestState *qts, GRand *rand)
{
    unsigned i = g_rand_int_range(rand, 0, ARRAY_SIZE(active));

    access_register(qts, rand, active[i].addr, active[i].size);
}

static void expect_alive(QTestState *qts)
{
    QDict *rsp = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments': "
                           "{ 'path': '/machine/soc/judge', "
                           "'property': 'violations' } }");

    g_assert_true(qdict_haskey(rsp, "return"));
    g_test_message("violations: %" PRIu64, qdict_get_int(rsp, "return"));
    qobject_unref(rsp);

    /* A watchdog may have asked for a reset; one more makes sure */
    qtest_system_reset(qts);
    g_assert_cmphex(qtest_readl(qts, PMGR + 0x3f0), ==, 0x0f0000ff);
    g_assert_cmphex(qtest_readl(qts, 0x23b100004) & 0xffff, ==, 896);
}

static uint32_t number_from_env(const char *name, uint32_t otherwise)
{
    const char *value = getenv(name);
    unsigned int number;

    if (!value) {
        return otherwise;
    }
    g_assert_cmpint(qemu_strtoui(value, NULL, 0, &number), ==, 0);
    return number;
}

/*
 * A command in its slot, with an honest TCB; one time in two something in
 * either is changed afterwards.
 */
static void put_command(Ans2 *a, GRand *rand, unsigned q, uint8_t tag)
{
    bool data = g_rand_int_range(rand, 0, 4);
    Sqe sqe = {
        .opcode = g_rand_int_range(rand, 0, 14),
        .nsid = g_rand_int_range(rand, 0, 5),
        .prp1 = data ? DATA + g_rand_int_range(rand, 0, 64) * 0x1000 : 0,
        .prp2 = data ? DATA + g_rand_int_range(rand, 0, 64) * 0x1000 : 0,
        .cdw10 = g_rand_int_range(rand, 0, 256),
        .cdw11 = g_rand_int_range(rand, 0, 2),
        .cdw12 = g_rand_int_range(rand, 0, 64),
    };

    if (g_rand_int_range(rand, 0, 16) == 0) {
        sqe.opcode = OP_APPLE;
        sqe.cdw12 = random_value(rand);
    }
    if (g_rand_int_range(rand, 0, 8) == 0) {
        sqe.cdw10 = random_value(rand);
        sqe.cdw11 = random_value(rand);
        sqe.cdw12 = random_value(rand);
        sqe.cdw13 = random_value(rand);
    }
    ans2_fill(a, q, tag, &sqe);
    if (g_rand_boolean(rand)) {
        qtest_writeb(a->qts, SQ_MEM(q) + tag * 64 +
                     g_rand_int_range(rand, 0, 64), random_value(rand));
    }
    if (g_rand_boolean(rand)) {
        qtest_writeb(a->qts, TCB_MEM(q) + tag * 128 +
                     g_rand_int_range(rand, 0, 128), random_value(rand));
    }
}

/* PRP lists: mostly pages of the area, some addresses out of the blue */
static void fill_lists(Ans2 *a, GRand *rand)
{
    for (int i = 0; i < 64 * 512; i += 7) {
        uint64_t entry = g_rand_int_range(rand, 0, 4) ?
                         DATA + g_rand_int_range(rand, 0, 64) * 0x1000 :
                         random_value(rand);

        qtest_writeq(a->qts, DATA + i * 8, entry);
    }
}

/* Take what has completed, sometimes without the invalidation; the number */
static unsigned take_completions(Ans2 *a, GRand *rand, unsigned q)
{
    unsigned count = 0;

    while (count < 64 && ans2_pending(a, q)) {
        Cqe cqe = ans2_read_cqe(a, q, a->head[q]);

        if (g_rand_int_range(rand, 0, 8)) {
            qtest_writel(a->qts, TCB_INVAL, cqe.tag);
        }
        if (++a->head[q] == a->size[q]) {
            a->head[q] = 0;
            a->phase[q] ^= 1;
        }
        count++;
    }
    if (count) {
        ans2_write_head(a, q);
    }
    return count;
}

/* Reset the machine, so that the boot loader's state is back, and start */
static void bring_up(Ans2 *a)
{
    qtest_system_reset(a->qts);
    judge_clear(a->qts);
    ans2_setup(a, true, 2);
    ans2_enable(a);
    g_assert_cmphex(ans2_create_cq(a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(a, 64), ==, 0);
}

/* Verifies that QEMU survives commands that are almost right. */
static void test_commands(const void *firmware)
{
    uint32_t seed = number_from_env("APPLE_FUZZ_SEED", g_random_int());
    uint32_t rounds = number_from_env("APPLE_FUZZ_ROUNDS", DEFAULT_ROUNDS);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    unsigned completions = 0;
    Ans2 a;

    ans2_boot(&a, firmware, ",ssd=ssd -m 1G -action watchdog=none "
              "-drive if=none,id=ssd,driver=null-co,size=64M,read-zeroes=on");
    g_test_message("APPLE_FUZZ_SEED=%" PRIu32 " APPLE_FUZZ_ROUNDS=%" PRIu32,
                   seed, rounds);
    for (uint32_t i = 0; i < rounds / 4; i++) {
        unsigned q = g_rand_int_range(rand, 0, 8) ? IO : ADMIN;
        uint8_t tag = g_rand_int_range(rand, 0, q == IO ? 64 : 3);

        if (i % 256 == 0) {
            bring_up(&a);
            fill_lists(&a, rand);
        }
        put_command(&a, rand, q, tag);
        ans2_ring(&a, q, tag);
        completions += take_completions(&a, rand, q);
        if (i % 32 == 31) {
            access_active(a.qts, rand);
            qtest_clock_step(a.qts, g_rand_int_range(rand, 1, 20000000));
        }
    }
    g_test_message("completions: %u", completions);
    g_assert_cmpuint(completions, >, rounds / 100);
    expect_alive(a.qts);
    qtest_quit(a.qts);
}

/* Verifies that QEMU survives, for the state of hand-over that is given. */
static void test_fuzz(const void *options)
{
    uint32_t seed = number_from_env("APPLE_FUZZ_SEED", g_random_int());
    uint32_t rounds = number_from_env("APPLE_FUZZ_ROUNDS", DEFAULT_ROUNDS);
    g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
    QTestState *qts = start(options);

    g_test_message("APPLE_FUZZ_SEED=%" PRIu32 " APPLE_FUZZ_ROUNDS=%" PRIu32,
                   seed, rounds);
    fill_memory(qts, rand);
    for (uint32_t i = 0; i < rounds; i++) {
        if (g_rand_boolean(rand)) {
            access_active(qts, rand);
        } else {
            access_anywhere(qts, rand);
        }
        if (i % 64 == 0) {
            qtest_clock_step(qts, g_rand_int_range(rand, 1, 20000000));
        }
    }
    expect_alive(qts);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_data_func("/apple-fuzz/off", "handover=off", test_fuzz);
    qtest_add_data_func("/apple-fuzz/running", "handover=running", test_fuzz);
    qtest_add_data_func("/apple-fuzz/enabled", "handover=enabled", test_fuzz);
    qtest_add_data_func("/apple-fuzz/commands", "2026", test_commands);
    qtest_add_data_func("/apple-fuzz/commands-old", "old", test_commands);
    qtest_add_data_func("/apple-fuzz/old", "handover=enabled,firmware=old",
                        test_fuzz);

    return g_test_run();
}
