/*
 * QTest testcase for the Apple ANS2: TCB checks, DMA permission, invalidation
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "apple-ans2.h"

#define PAGE    4096
#define POISON  0xa5

/* Two blocks in two pages of the second namespace, which is RAM */
static const Sqe read_two = {
    .opcode = OP_READ, .nsid = 2, .prp1 = DATA, .prp2 = DATA + 2 * PAGE,
    .cdw12 = 1,
};

static const Sqe write_two = {
    .opcode = OP_WRITE, .nsid = 2, .prp1 = DATA, .prp2 = DATA + 2 * PAGE,
    .cdw12 = 1,
};

static const Sqe no_data = { .opcode = OP_GET_FEATURES, .cdw10 = 7 };

static const Sqe identify = {
    .opcode = OP_IDENTIFY, .cdw10 = 1, .prp1 = DATA,
};

static bool poisoned(Ans2 *a, uint64_t addr)
{
    uint8_t page[PAGE];

    qtest_memread(a->qts, addr, page, sizeof(page));
    for (int i = 0; i < PAGE; i++) {
        if (page[i] != POISON) {
            return false;
        }
    }
    return true;
}

static void poison(Ans2 *a)
{
    qtest_memset(a->qts, DATA, POISON, 8 * PAGE);
}

/* Change bytes of the TCB of @tag. */
static void patch(Ans2 *a, unsigned q, uint8_t tag, unsigned offset,
                  unsigned size, uint64_t value)
{
    value = cpu_to_le64(value);
    qtest_memwrite(a->qts, TCB_MEM(q) + tag * 128 + offset, &value, size);
}

/* Run a command with a TCB that was patched at one place. */
static uint16_t run_patched(Ans2 *a, unsigned q, const Sqe *sqe,
                            unsigned offset, unsigned size, uint64_t value)
{
    uint8_t tag = q == IO ? 2 : 0;

    ans2_fill(a, q, tag, sqe);
    patch(a, q, tag, offset, size, value);
    ans2_ring(a, q, tag);
    return ans2_reap(a, q).status;
}

/* Verifies that an honest TCB passes on both firmware generations. */
static void test_honest(void)
{
    static const char *const firmware[] = { "2026", "old" };
    Ans2 a;

    for (int i = 0; i < 2; i++) {
        ans2_start(&a, firmware[i], "");
        g_assert_cmphex(ans2_admin(&a, no_data), ==, 0);
        g_assert_cmphex(ans2_admin(&a, identify), ==, 0);
        g_assert_cmphex(ans2_io(&a, write_two), ==, 0);
        g_assert_cmphex(ans2_io(&a, read_two), ==, 0);
        ans2_stop(&a);
    }
}

typedef struct WrongTcb {
    const char *firmware;
    const Sqe *sqe;
    unsigned q;
    unsigned offset;
    unsigned size;
    uint64_t value;
    uint16_t status;
    const char *rule;       /* NULL: tolerated */
} WrongTcb;

static const WrongTcb wrong[] = {
    /* opcode: refused only without data, and the command's own by old */
    { "2026", &no_data, ADMIN, 0x00, 1, 0x0a, 0x002, "tcb-opcode" },
    { "2026", &identify, ADMIN, 0x00, 1, 0x06, 0x000, "tcb-opcode" },
    { "2026", &read_two, IO, 0x00, 1, 0x02, 0x000, "tcb-opcode" },
    { "old", &no_data, ADMIN, 0x00, 1, 0x0a, 0x000, NULL },
    { "old", &read_two, IO, 0x00, 1, 0x02, 0x000, NULL },
    { "old", &read_two, IO, 0x00, 1, 0x01, 0x000, "tcb-opcode" },
    /* both directions: refused only without data */
    { "2026", &no_data, ADMIN, 0x01, 1, 3, 0x002, "tcb-flags" },
    { "2026", &identify, ADMIN, 0x01, 1, 3, 0x000, "tcb-flags" },
    { "2026", &read_two, IO, 0x01, 1, 3, 0x000, "tcb-flags" },
    { "2026", &read_two, IO, 0x01, 1, 5, 0x000, "tcb-flags" },
    { "old", &no_data, ADMIN, 0x01, 1, 3, 0x000, NULL },
    { "old", &read_two, IO, 0x01, 1, 3, 0x000, NULL },
    { "old", &read_two, IO, 0x01, 1, 5, 0x000, "tcb-flags" },
    /* the tag */
    { "2026", &read_two, IO, 0x02, 1, 3, 0x002, "tcb-tag" },
    { "old", &read_two, IO, 0x02, 1, 3, 0x002, "tcb-tag" },
    { "2026", &no_data, ADMIN, 0x02, 1, 1, 0x002, "tcb-tag" },
    /* length: 16 bits, and 32 tolerated by old if they are cdw12 */
    { "2026", &read_two, IO, 0x04, 2, 2, 0x002, "tcb-length" },
    { "old", &read_two, IO, 0x04, 2, 2, 0x000, "tcb-length" },
    { "2026", &read_two, IO, 0x06, 2, 1, 0x000, "tcb-reserved" },
    { "old", &read_two, IO, 0x06, 2, 1, 0x000, "tcb-reserved" },
    /* PRPs */
    { "2026", &read_two, IO, 0x18, 8, DATA + PAGE, 0x002, "tcb-prp" },
    { "2026", &read_two, IO, 0x20, 8, 0, 0x002, "tcb-prp" },
    { "2026", &no_data, ADMIN, 0x20, 8, DATA, 0x002, "tcb-prp" },
    { "old", &no_data, ADMIN, 0x20, 8, DATA, 0x000, "tcb-prp" },
    /* reserved bytes are counted once per command */
    { "2026", &read_two, IO, 0x03, 1, 1, 0x000, "tcb-reserved" },
    { "2026", &read_two, IO, 0x08, 8, ~0ull, 0x000, "tcb-reserved" },
    { "2026", &read_two, IO, 0x17, 1, 1, 0x000, "tcb-reserved" },
    { "2026", &read_two, IO, 0x28, 1, 1, 0x000, "tcb-reserved" },
    { "2026", &read_two, IO, 0x38, 8, 1, 0x000, "tcb-reserved" },
    { "old", &read_two, IO, 0x7f, 1, 1, 0x000, "tcb-reserved" },
};

/* Verifies status and reason of each field, for each firmware generation. */
static void test_fields(const void *opaque)
{
    const char *firmware = opaque;
    Ans2 a;

    ans2_start(&a, firmware, "");
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        const WrongTcb *w = &wrong[i];
        uint16_t status;

        if (strcmp(w->firmware, firmware)) {
            continue;
        }
        g_test_message("case %zu: offset 0x%x", i, w->offset);
        status = run_patched(&a, w->q, w->sqe, w->offset, w->size, w->value);
        g_assert_cmphex(status, ==, w->status);
        if (w->rule) {
            judge_expect(a.qts, w->rule, 1);
        } else {
            judge_expect_none(a.qts);
        }
    }
    ans2_stop(&a);
}

/* Verifies that swapped directions are named, and that no byte moves. */
static void test_swapped(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    poison(&a);
    g_assert_cmphex(run_patched(&a, IO, &read_two, 1, 1, 2), ==, 0x004);
    g_assert_true(poisoned(&a, DATA));
    g_assert_cmpuint(qom_get_uint(a.qts, JUDGE_PATH, "violations"), ==, 2);
    judge_clear(a.qts);     /* tcb-flags and dma-denied */

    g_assert_cmphex(run_patched(&a, IO, &write_two, 1, 1, 1), ==, 0x004);
    judge_clear(a.qts);
    g_assert_cmphex(ans2_io(&a, read_two), ==, 0);
    g_assert_false(poisoned(&a, DATA));
    g_assert_cmphex(qtest_readl(a.qts, DATA), ==, 0);
    ans2_stop(&a);
}

/* Verifies that a TCB covers as many blocks as its length says. */
static void test_short_length(void)
{
    Ans2 a;

    ans2_start(&a, "old", "");
    poison(&a);
    g_assert_cmphex(run_patched(&a, IO, &read_two, 4, 2, 0), ==, 0x004);
    g_assert_false(poisoned(&a, DATA));
    g_assert_true(poisoned(&a, DATA + 2 * PAGE));
    g_assert_cmpuint(qom_get_uint(a.qts, JUDGE_PATH, "violations"), ==, 2);
    judge_clear(a.qts);     /* tcb-length and dma-denied */
    ans2_stop(&a);
}

/* Verifies that pages are allowed one by one, also inside a PRP list. */
static void test_page_permission(void)
{
    const Sqe read_four = {
        .opcode = OP_READ, .nsid = 2, .prp1 = DATA, .prp2 = LIST, .cdw12 = 3,
    };
    uint64_t list[3];
    Ans2 a;

    ans2_start(&a, "old", "");
    poison(&a);
    for (int i = 0; i < 3; i++) {
        list[i] = cpu_to_le64(DATA + (i + 1) * PAGE);
    }
    qtest_memwrite(a.qts, LIST, list, sizeof(list));
    list[1] = cpu_to_le64(DATA + 6 * PAGE);     /* instead of page 2 */
    qtest_memwrite(a.qts, LIST + PAGE, list, sizeof(list));

    g_assert_cmphex(run_patched(&a, IO, &read_four, 0x20, 8, LIST + PAGE), ==,
                    0x004);
    g_assert_false(poisoned(&a, DATA));
    g_assert_false(poisoned(&a, DATA + PAGE));
    g_assert_true(poisoned(&a, DATA + 2 * PAGE));
    g_assert_false(poisoned(&a, DATA + 3 * PAGE));
    g_assert_true(poisoned(&a, DATA + 6 * PAGE));
    g_assert_cmpuint(qom_get_uint(a.qts, JUDGE_PATH, "violations"), ==, 2);
    judge_clear(a.qts);     /* tcb-prp and dma-denied */
    ans2_stop(&a);
}

/* Verifies that an invalidation cuts a running read off. */
static void test_cut(void)
{
    Sqe sqe = {
        .opcode = OP_READ, .nsid = 1, .prp1 = DATA,
    };
    Ans2 a;

    /* the throttle lets one read pass in a second of the host's time */
    ans2_start(&a, "2026", ",ssd=ssd -drive if=none,id=ssd,driver=null-co,"
               "size=16M,read-zeroes=on,throttling.iops-total=1");
    poison(&a);
    for (int tag = 2; tag < 5; tag++) {
        sqe.prp1 = DATA + (tag - 2) * PAGE;
        ans2_submit(&a, IO, tag, &sqe);
    }
    while (ans2_settle(&a, IO)) {
        ans2_reap(&a, IO);
    }
    g_assert_cmpuint(ans2_counter(&a, "count-cqe"), <, 5);
    g_assert_true(poisoned(&a, DATA + 2 * PAGE));

    qtest_writel(a.qts, TCB_INVAL, 4);
    g_assert_cmphex(qtest_readl(a.qts, TCB_STAT), ==, 1);
    judge_expect(a.qts, "tcb-invalidate", 1);
    for (bool found = false; !found;) {
        Cqe cqe = ans2_reap(&a, IO);

        found = cqe.tag == 4;
        g_assert_cmphex(cqe.status, ==, found ? 0x004 : 0);
    }
    g_assert_true(poisoned(&a, DATA + 2 * PAGE));
    g_assert_false(poisoned(&a, DATA + PAGE));
    ans2_stop(&a);
}

/* Verifies TCB_STAT for tags that are idle, done, or out of range. */
static void test_stat(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_invalidate(&a, 5);
    g_assert_cmphex(ans2_io(&a, read_two), ==, 0);
    ans2_invalidate(&a, 2);
    judge_expect_none(a.qts);
    qtest_writel(a.qts, TCB_INVAL, 64);
    g_assert_cmphex(qtest_readl(a.qts, TCB_STAT), ==, 1);
    qtest_writel(a.qts, TCB_INVAL, 0xffffffff);
    judge_expect(a.qts, "tag-range", 2);

    ans2_knob(&a, "tcb-stat", 7);
    qtest_writel(a.qts, TCB_INVAL, 2);
    g_assert_cmphex(qtest_readl(a.qts, TCB_STAT), ==, 7);
    ans2_knob(&a, "tcb-stat", 0);
    ans2_stop(&a);
}

/* Verifies that a missing invalidation is found at the CQ head and at reuse. */
static void test_not_invalidated(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 2, &read_two);
    ans2_wait(&a, IO);
    ans2_write_head(&a, IO);
    judge_expect(a.qts, "tcb-not-invalidated", 1);
    ans2_submit(&a, IO, 2, &read_two);
    judge_expect(a.qts, "tcb-not-invalidated", 1);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    ans2_stop(&a);
}

/* Verifies that the order "CQ head, then invalidation" is found. */
static void test_head_first(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, IO, 2, &read_two);
    ans2_submit(&a, IO, 3, &read_two);
    ans2_wait(&a, IO);
    ans2_wait(&a, IO);
    ans2_invalidate(&a, 2);
    ans2_write_head(&a, IO);
    judge_expect(a.qts, "tcb-not-invalidated", 1);
    ans2_invalidate(&a, 3);
    ans2_write_head(&a, IO);
    ans2_stop(&a);
}

/* Verifies that a TCB written after the doorbell is found. */
static void test_late_tcb(void)
{
    Sqe other = write_two;
    Ans2 a;

    ans2_start(&a, "2026", "");
    /* a stale TCB that does not fit */
    g_assert_cmphex(ans2_io(&a, read_two), ==, 0);
    other.prp1 = DATA + 4 * PAGE;
    ans2_put_sqe(&a, IO, 2, 2, &other);
    ans2_ring(&a, IO, 2);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0x002);
    g_assert_cmpuint(qom_get_uint(a.qts, JUDGE_PATH, "violations"), >, 0);
    judge_clear(a.qts);

    /* a stale TCB that fits, changed while the command runs */
    ans2_fill(&a, IO, 2, &(Sqe) { .opcode = OP_FLUSH, .nsid = 2 });
    ans2_ring(&a, IO, 2);
    patch(&a, IO, 2, 0x18, 8, DATA);
    qtest_clock_step(a.qts, 17 * MS);
    ans2_reap(&a, IO);
    judge_expect(a.qts, "tcb-setup", 1);
    ans2_stop(&a);
}

/* Verifies that admin buffers are pages on new firmware, and free on old. */
static void test_admin_alignment(void)
{
    Sqe sqe = {
        .opcode = OP_GET_LOG, .nsid = ~0, .cdw10 = 2 | 127 << 16,
        .prp1 = DATA + 0x200,
    };
    Ans2 a;

    ans2_start(&a, "2026", "");
    g_assert_cmphex(ans2_admin(&a, sqe), ==, 0x002);
    judge_expect(a.qts, "prp-align", 1);
    ans2_stop(&a);

    ans2_start(&a, "old", "");
    g_assert_cmphex(ans2_admin(&a, sqe), ==, 0);
    g_assert_cmphex(qtest_readw(a.qts, DATA + 0x201), ==, 308);
    ans2_stop(&a);
}

/* Verifies the null check of old firmware, and that it can be turned off. */
static void test_null_check(void)
{
    Ans2 a;

    ans2_boot(&a, "old", "");
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(run_patched(&a, ADMIN, &no_data, 1, 1, 3), ==, 0x002);
    g_assert_cmphex(ans2_admin(&a, identify), ==, 0);
    qtest_writel(a.qts, CC, CC_OFF);
    qtest_writel(a.qts, PRP_CTRL, 0);
    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    g_assert_cmphex(run_patched(&a, ADMIN, &no_data, 1, 1, 3), ==, 0);
    ans2_quit(&a);
}

/* Verifies that creating a queue may be flagged, as Linux does, or not. */
static void test_create_flags(void)
{
    const Sqe create = {
        .opcode = OP_CREATE_CQ, .prp1 = CQ_MEM(IO), .cdw10 = 1 | 63 << 16,
        .cdw11 = 3,
    };
    Ans2 a;

    ans2_start(&a, "2026", "");
    for (int flags = 0; flags < 4; flags++) {
        g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0);
        g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);
        g_assert_cmphex(run_patched(&a, ADMIN, &create, 1, 1, flags), ==, 0);
        if (flags == 1 || flags == 3) {
            judge_expect(a.qts, "tcb-flags", 1);
        }
        g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    }
    a.head[IO] = 0;
    a.phase[IO] = 1;
    ans2_stop(&a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/apple-ans2/nvmmu/honest", test_honest);
    qtest_add_data_func("/apple-ans2/nvmmu/fields-2026", "2026", test_fields);
    qtest_add_data_func("/apple-ans2/nvmmu/fields-old", "old", test_fields);
    qtest_add_func("/apple-ans2/nvmmu/swapped", test_swapped);
    qtest_add_func("/apple-ans2/nvmmu/short-length", test_short_length);
    qtest_add_func("/apple-ans2/nvmmu/page-permission", test_page_permission);
    qtest_add_func("/apple-ans2/nvmmu/cut", test_cut);
    qtest_add_func("/apple-ans2/nvmmu/stat", test_stat);
    qtest_add_func("/apple-ans2/nvmmu/not-invalidated", test_not_invalidated);
    qtest_add_func("/apple-ans2/nvmmu/head-first", test_head_first);
    qtest_add_func("/apple-ans2/nvmmu/late-tcb", test_late_tcb);
    qtest_add_func("/apple-ans2/nvmmu/admin-alignment", test_admin_alignment);
    qtest_add_func("/apple-ans2/nvmmu/null-check", test_null_check);
    qtest_add_func("/apple-ans2/nvmmu/create-flags", test_create_flags);
    return g_test_run();
}
