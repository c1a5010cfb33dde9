/*
 * QTest testcase for the Apple ANS2: admin and I/O commands, PRPs, SMART
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "apple-ans2.h"

#define PAGE        4096
#define BLOCKS      4096            /* of the image: 16 MiB */
#define LIST_LEN    (PAGE / 8)

#define SART_FLAGS(i)   (0x27bc50000ULL + 4 * (i))
#define SART_ADDR(i)    (0x27bc50040ULL + 4 * (i))

static char *image;

static void start_drive(Ans2 *a, const char *firmware)
{
    g_autofree char *args = g_strdup_printf(
        ",ssd=ssd -drive if=none,id=ssd,file=%s,format=raw,discard=unmap",
        image);

    ans2_start(a, firmware, args);
}

static uint8_t get_id(Ans2 *a, unsigned offset)
{
    return qtest_readb(a->qts, DATA + offset);
}

static uint16_t identify(Ans2 *a, uint32_t cns, uint32_t nsid)
{
    qtest_memset(a->qts, DATA, 0xa5, PAGE);
    return ans2_admin(a, (Sqe) {
        .opcode = OP_IDENTIFY, .nsid = nsid, .cdw10 = cns, .prp1 = DATA,
    });
}

/* Verifies what users know of the 256 GB drive of an M1 Mac. */
static void test_identify_controller(void)
{
    char model[40];
    Ans2 a;

    ans2_start(&a, "2026", "");
    g_assert_cmphex(identify(&a, 1, 0), ==, 0);
    qtest_memread(a.qts, DATA + 24, model, sizeof(model));
    g_assert_cmpint(memcmp(model, "APPLE SSD AP0256Q                       ",
                           sizeof(model)), ==, 0);
    g_assert_cmphex(qtest_readw(a.qts, DATA), ==, 0x106b);
    g_assert_cmpuint(get_id(&a, 77), ==, 8);                    /* MDTS */
    g_assert_cmphex(qtest_readl(a.qts, DATA + 80), ==, 0);      /* VER */
    g_assert_cmphex(qtest_readl(a.qts, DATA + 92), ==, 0);      /* OAES */
    g_assert_cmphex(qtest_readw(a.qts, DATA + 256), ==, 4);     /* OACS */
    g_assert_cmphex(get_id(&a, 260), ==, 2);                    /* FRMW */
    g_assert_cmpuint(get_id(&a, 263), ==, 0);                   /* NPSS */
    g_assert_cmpuint(qtest_readl(a.qts, DATA + 516), ==, 3);    /* NN */
    g_assert_cmphex(qtest_readw(a.qts, DATA + 520), ==, 4);     /* ONCS */
    g_assert_cmphex(get_id(&a, 525) & 1, ==, 1);                /* VWC */
    g_assert_cmphex(qtest_readl(a.qts, DATA + 536), ==, 0);     /* SGLS */
    g_assert_cmphex(get_id(&a, 4095), ==, 0);
    ans2_stop(&a);
}

/* Verifies size and block size of the namespaces, and who does not exist. */
static void test_identify_namespace(void)
{
    Ans2 a;

    start_drive(&a, "2026");
    g_assert_cmphex(identify(&a, 0, 1), ==, 0);
    g_assert_cmpuint(qtest_readq(a.qts, DATA), ==, BLOCKS);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 8), ==, BLOCKS);
    g_assert_cmpuint(get_id(&a, 26), ==, 0);        /* FLBAS */
    g_assert_cmpuint(get_id(&a, 130), ==, 12);      /* 4096 bytes */
    g_assert_cmphex(qtest_readw(a.qts, DATA + 128), ==, 0);
    for (int nsid = 2; nsid <= 3; nsid++) {
        g_assert_cmphex(identify(&a, 0, nsid), ==, 0);
        g_assert_cmpuint(qtest_readq(a.qts, DATA), >, 0);
    }
    g_assert_cmphex(identify(&a, 0, 0), ==, 0x00b);
    g_assert_cmphex(identify(&a, 0, 4), ==, 0x00b);
    g_assert_cmphex(identify(&a, 0, ~0), ==, 0x00b);
    for (int cns = 2; cns < 32; cns++) {
        g_assert_cmphex(identify(&a, cns, 1), ==, 0x002);
    }
    ans2_stop(&a);

    /* without a drive, namespace 1 is not there */
    ans2_start(&a, "2026", "");
    g_assert_cmphex(identify(&a, 0, 1), ==, 0);
    g_assert_cmpuint(qtest_readq(a.qts, DATA), ==, 0);
    g_assert_cmphex(ans2_io(&a, (Sqe) {
        .opcode = OP_READ, .nsid = 1, .prp1 = DATA,
    }), ==, 0x00b);
    ans2_stop(&a);
}

/* What a drive says of itself where it may say something else */
typedef struct Promise {
    const char *name;
    uint32_t value;
    uint32_t max;
    unsigned cns;
    unsigned offset;
    unsigned size;
} Promise;

static const Promise promises[] = {
    { "identify-sgls", 0x00100001, UINT32_MAX, 1, 536, 4 },
    { "identify-ms", 8, UINT16_MAX, 0, 128, 2 },
    { "identify-oacs", 0x104, UINT16_MAX, 1, 256, 2 },
    { "identify-hmpre", 0x4000, UINT32_MAX, 1, 272, 4 },
    { "identify-oaes", 0x300, UINT32_MAX, 1, 92, 4 },
    { "identify-nn", 5, UINT32_MAX, 1, 516, 4 },
};

static uint32_t get_promise(Ans2 *a, const Promise *p)
{
    g_assert_cmphex(identify(a, p->cns, p->cns ? 0 : 1), ==, 0);
    return p->size == 4 ? qtest_readl(a->qts, DATA + p->offset) :
                          qtest_readw(a->qts, DATA + p->offset);
}

static void expect_out_of_range(Ans2 *a, const char *name, uint64_t value)
{
    QDict *rsp = qtest_qmp(a->qts, "{ 'execute': 'qom-set', 'arguments': "
                           "{ 'path': %s, 'property': %s, 'value': %"
                           PRIu64 " } }", ANS2_PATH, name, value);

    g_assert_true(qdict_haskey(rsp, "error"));
    qobject_unref(rsp);
}

/* Verifies that each promise shows where it belongs, and that it migrates. */
static void test_promises(void)
{
    uint64_t result;
    Ans2 a;

    start_drive(&a, "2026");
    for (size_t i = 0; i < ARRAY_SIZE(promises); i++) {
        const Promise *p = &promises[i];
        uint32_t before = get_promise(&a, p);

        g_assert_cmpuint(ans2_counter(&a, p->name), ==, before);
        ans2_knob(&a, p->name, p->value);
        g_assert_cmphex(get_promise(&a, p), ==, p->value);
        ans2_knob(&a, p->name, p->max);
        g_assert_cmphex(get_promise(&a, p), ==, p->max);
        expect_out_of_range(&a, p->name, p->max + 1ull);
        ans2_knob(&a, p->name, before);
    }
    /* metadata of namespace 1 alone, and namespaces that are not active */
    ans2_knob(&a, "identify-ms", 8);
    g_assert_cmphex(identify(&a, 0, 2), ==, 0);
    g_assert_cmphex(qtest_readw(a.qts, DATA + 128), ==, 0);
    ans2_knob(&a, "identify-nn", 5);
    g_assert_cmphex(identify(&a, 0, 5), ==, 0);
    g_assert_cmpuint(qtest_readq(a.qts, DATA), ==, 0);
    g_assert_cmphex(identify(&a, 0, 6), ==, 0x00b);
    expect_out_of_range(&a, "identify-nn", 0);

    ans2_knob(&a, "identify-queues", 8);
    ans2_admin(&a, (Sqe) { .opcode = OP_IDENTIFY, .cdw10 = 1, .prp1 = DATA });
    ans2_submit(&a, ADMIN, 0, &(Sqe) {
        .opcode = OP_SET_FEATURES, .cdw10 = 7, .cdw11 = 0x00030003,
    });
    result = ans2_reap(&a, ADMIN).result;
    g_assert_cmphex(result, ==, 0x00070007);
    expect_out_of_range(&a, "identify-queues", 0);
    expect_out_of_range(&a, "identify-queues", 0x10000);
    ans2_stop(&a);
}

/* Verifies that promises can be made on the command line, and migrate. */
static void test_promise_migration(void)
{
    Ans2 a;

    ans2_start(&a, "2026", " -global apple-ans2.identify-sgls=7"
               " -global apple-ans2.identify-queues=3");
    ans2_knob(&a, "identify-hmpre", 9);
    ans2_migrate(&a);
    g_assert_cmpuint(ans2_counter(&a, "identify-sgls"), ==, 7);
    g_assert_cmpuint(ans2_counter(&a, "identify-queues"), ==, 3);
    g_assert_cmpuint(ans2_counter(&a, "identify-hmpre"), ==, 9);
    ans2_stop(&a);
}

/* Verifies commands that this controller does not have. */
static void test_unsupported(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    g_assert_cmphex(ans2_admin(&a, (Sqe) { .opcode = 0x10 }), ==, 0x001);
    g_assert_cmphex(ans2_admin(&a, (Sqe) { .opcode = 0x7f }), ==, 0x001);
    for (uint8_t opcode = 3; opcode < 9; opcode++) {
        g_assert_cmphex(ans2_io(&a, (Sqe) { .opcode = opcode, .nsid = 2 }),
                        ==, 0x001);
    }
    judge_expect_none(a.qts);
    g_assert_cmphex(ans2_admin(&a, (Sqe) { .opcode = OP_ABORT }), ==, 0x001);
    g_assert_cmphex(ans2_admin(&a, (Sqe) { .opcode = OP_AER }), ==, 0x001);
    judge_expect(a.qts, "command-unsupported", 2);
    ans2_stop(&a);
}

/* Verifies an event request that is accepted, and ends with the queue. */
static void test_aer_outstanding(void)
{
    static const Sqe aer = { .opcode = OP_AER };
    Ans2 a;

    ans2_start(&a, "2026", "");
    qtest_qom_set_bool(a.qts, ANS2_PATH, "aer-outstanding", true);
    ans2_submit(&a, ADMIN, 1, &aer);
    qtest_clock_step(a.qts, 3600 * 1000 * MS);
    g_assert_false(ans2_settle(&a, ADMIN));
    qtest_qom_set_bool(a.qts, ANS2_PATH, "release", true);
    g_assert_false(ans2_settle(&a, ADMIN));
    g_assert_cmphex(identify(&a, 1, 0), ==, 0);
    ans2_ring(&a, ADMIN, 1);
    judge_expect(a.qts, "tag-busy", 1);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_SQ), ==, 0);
    g_assert_cmphex(ans2_delete(&a, OP_DELETE_CQ), ==, 0);
    qtest_writel(a.qts, CC, CC_OFF);

    ans2_setup(&a, true, 2);
    ans2_enable(&a);
    qtest_qom_set_bool(a.qts, ANS2_PATH, "aer-outstanding", false);
    g_assert_cmphex(ans2_run(&a, ADMIN, 1, &aer), ==, 0x001);
    judge_expect(a.qts, "command-unsupported", 1);
    ans2_quit(&a);
}

static uint16_t feature(Ans2 *a, uint8_t opcode, uint32_t cdw10,
                        uint32_t value, uint64_t *result)
{
    Cqe cqe;

    ans2_submit(a, ADMIN, 0, &(Sqe) {
        .opcode = opcode, .cdw10 = cdw10, .cdw11 = value,
    });
    cqe = ans2_reap(a, ADMIN);
    *result = cqe.result;
    return cqe.status;
}

/* Verifies the features, and that nothing can be saved. */
static void test_features(void)
{
    uint64_t result;
    Ans2 a;

    ans2_start(&a, "2026", "");
    /* number of queues: one pair, whatever is asked for */
    g_assert_cmphex(feature(&a, OP_SET_FEATURES, 7, 0x30003, &result), ==, 0);
    g_assert_cmphex(result, ==, 0);
    /* write cache: on, can be turned off */
    g_assert_cmphex(feature(&a, OP_GET_FEATURES, 6, 0, &result), ==, 0);
    g_assert_cmphex(result, ==, 1);
    g_assert_cmphex(feature(&a, OP_SET_FEATURES, 6, 0, &result), ==, 0);
    g_assert_cmphex(feature(&a, OP_GET_FEATURES, 6, 0, &result), ==, 0);
    g_assert_cmphex(result, ==, 0);
    /* temperature: over and under threshold of the one sensor */
    g_assert_cmphex(feature(&a, OP_SET_FEATURES, 4, 350, &result), ==, 0);
    g_assert_cmphex(feature(&a, OP_SET_FEATURES, 4, 1 << 20 | 270, &result),
                    ==, 0);
    g_assert_cmphex(feature(&a, OP_GET_FEATURES, 4, 0, &result), ==, 0);
    g_assert_cmpuint(result, ==, 350);
    g_assert_cmphex(feature(&a, OP_GET_FEATURES, 4, 1 << 20, &result), ==, 0);
    g_assert_cmpuint(result, ==, 270);
    g_assert_cmphex(feature(&a, OP_GET_FEATURES, 4, 1 << 16, &result), ==,
                    0x002);
    /* timestamp, and a saved value */
    g_assert_cmphex(feature(&a, OP_GET_FEATURES, 0x0e, 0, &result), ==, 0x002);
    g_assert_cmphex(feature(&a, OP_SET_FEATURES, 0x0e, 0, &result), ==, 0x002);
    g_assert_cmphex(feature(&a, OP_SET_FEATURES, 6 | 1u << 31, 1, &result),
                    ==, 0x10d);
    g_assert_cmphex(feature(&a, OP_GET_FEATURES, 6 | 1 << 8, 0, &result), ==,
                    0x002);
    ans2_stop(&a);
}

static uint16_t get_log(Ans2 *a, uint8_t page)
{
    return ans2_admin(a, (Sqe) {
        .opcode = OP_GET_LOG, .nsid = ~0, .cdw10 = page | 127 << 16,
        .prp1 = DATA,
    });
}

static uint16_t rw(Ans2 *a, bool write, uint64_t lba, uint32_t blocks,
                   uint64_t prp1, uint64_t prp2)
{
    return ans2_io(a, (Sqe) {
        .opcode = write ? OP_WRITE : OP_READ, .nsid = 1, .prp1 = prp1,
        .prp2 = prp2, .cdw10 = lba, .cdw11 = lba >> 32, .cdw12 = blocks - 1,
    });
}

/* Verifies that SMART counts, and that the error log does not exist. */
static void test_smart(void)
{
    Ans2 a;

    start_drive(&a, "2026");
    for (int i = 0; i < 126; i++) {     /* 516096 bytes: two units */
        g_assert_cmphex(rw(&a, false, i, 1, DATA, 0), ==, 0);
    }
    g_assert_cmphex(rw(&a, true, 0, 1, DATA, 0), ==, 0);
    g_assert_cmphex(get_log(&a, 2), ==, 0);
    g_assert_cmpuint(qtest_readw(a.qts, DATA + 1), ==, 308);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 32), ==, 2);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 48), ==, 1);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 64), ==, 126);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 80), ==, 1);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 112), ==, 1);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 144), ==, 0);
    g_assert_cmphex(get_log(&a, 1), ==, 0x109);
    g_assert_cmphex(get_log(&a, 3), ==, 0x109);
    g_assert_cmphex(get_log(&a, 5), ==, 0x109);
    ans2_stop(&a);
}

static void setup_again(Ans2 *a)
{
    ans2_setup(a, true, 2);
    ans2_enable(a);
}

/* Verifies that only a shutdown before the power goes is a clean one. */
static void test_unsafe_shutdowns(void)
{
    Ans2 a;

    start_drive(&a, "2026");
    qtest_system_reset(a.qts);
    setup_again(&a);
    g_assert_cmphex(get_log(&a, 2), ==, 0);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 112), ==, 2);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 144), ==, 1);
    qtest_writel(a.qts, CC, CC_SHUTDOWN);
    for (int i = 0; i < 1000 && qtest_readl(a.qts, CSTS) != 9; i++) {
        g_usleep(1000);
    }
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 9);
    qtest_system_reset(a.qts);
    setup_again(&a);
    g_assert_cmphex(get_log(&a, 2), ==, 0);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 112), ==, 3);
    g_assert_cmpuint(qtest_readq(a.qts, DATA + 144), ==, 1);
    judge_clear(a.qts);
    ans2_quit(&a);
}

/* The byte at offset @i of a transfer */
static uint8_t pattern(size_t i)
{
    return i * 7 + i / 251 + i / PAGE;
}

/*
 * Lay out a transfer of @blocks that starts @offset bytes into a page, pages
 * in descending order so that nothing is contiguous; returns PRP2.
 */
static uint64_t lay_out(Ans2 *a, unsigned offset, unsigned blocks,
                        uint64_t *pages, unsigned *num, unsigned list_offset)
{
    uint64_t list = LIST + list_offset;

    *num = DIV_ROUND_UP(offset + blocks * PAGE, PAGE);
    for (unsigned i = 0; i < *num; i++) {
        pages[i] = DATA + (*num - i) * PAGE + (i ? 0 : offset);
    }
    if (*num == 1) {
        return 0;
    }
    if (*num == 2) {
        return pages[1];
    }
    for (unsigned i = 1; i < *num; i++) {
        if (list % PAGE == PAGE - 8 && i + 1 < *num) {
            uint64_t next = (list & -PAGE) + 2 * PAGE;

            qtest_writeq(a->qts, list, next);
            list = next;
        }
        qtest_writeq(a->qts, list, pages[i]);
        list += 8;
    }
    return LIST + list_offset;
}

/* Write or check the pattern in the pages of a transfer. */
static void touch(Ans2 *a, const uint64_t *pages, unsigned num, size_t len,
                  bool check)
{
    size_t done = 0;

    for (unsigned i = 0; i < num; i++) {
        size_t here = MIN(PAGE - pages[i] % PAGE, len - done);
        uint8_t buf[PAGE], want[PAGE];

        for (size_t b = 0; b < here; b++) {
            want[b] = pattern(done + b);
        }
        if (check) {
            qtest_memread(a->qts, pages[i], buf, here);
            g_assert_cmpint(memcmp(buf, want, here), ==, 0);
        } else {
            qtest_memwrite(a->qts, pages[i], want, here);
        }
        done += here;
    }
}

/* Verifies every shape of PRPs, with data written, cleared and read back. */
static void test_prps(void)
{
    static const struct {
        unsigned offset;
        unsigned blocks;
        unsigned list_offset;
    } shape[] = {
        { 0, 1, 0 }, { 4, 1, 0 }, { 4092, 1, 0 }, { 0, 2, 0 }, { 512, 2, 0 },
        { 0, 3, 0 }, { 2048, 7, 8 }, { 0, 33, 256 }, { 0, 255, 0 },
        { 0, 256, 0 }, { 4, 256, 0 },
        /* the list goes on in another page */
        { 0, 256, PAGE - 8 }, { 4, 256, PAGE - 16 }, { 0, 4, PAGE - 16 },
        /* and ends with the page */
        { 0, 4, PAGE - 24 },
    };
    uint64_t pages[257];
    Ans2 a;

    start_drive(&a, "2026");
    for (size_t i = 0; i < ARRAY_SIZE(shape); i++) {
        size_t len = shape[i].blocks * PAGE;
        unsigned num;
        uint64_t prp2 = lay_out(&a, shape[i].offset, shape[i].blocks, pages,
                                &num, shape[i].list_offset);

        g_test_message("shape %zu", i);
        touch(&a, pages, num, len, false);
        g_assert_cmphex(rw(&a, true, 100 + i, shape[i].blocks, pages[0], prp2),
                        ==, 0);
        qtest_memset(a.qts, DATA, 0, 258 * PAGE);
        g_assert_cmphex(rw(&a, false, 100 + i, shape[i].blocks, pages[0],
                           prp2), ==, 0);
        touch(&a, pages, num, len, true);
        /* not a byte before or behind the data */
        if (shape[i].offset) {
            g_assert_cmphex(qtest_readb(a.qts, pages[0] - 1), ==, 0);
            g_assert_cmphex(qtest_readb(a.qts, pages[num - 1] +
                                        shape[i].offset), ==, 0);
        }
        g_assert_cmphex(qtest_readl(a.qts, DATA + PAGE - 4), ==, 0);
    }
    ans2_stop(&a);
}

/* Verifies that wrong PRPs are refused, loops in lists among them. */
static void test_bad_prps(void)
{
    static const struct {
        uint64_t prp1;
        uint64_t prp2;
        unsigned blocks;
        uint16_t status;
    } bad[] = {
        { 0, 0, 1, 0x002 },
        { DATA + 2, 0, 1, 0x013 },
        { DATA, 0, 2, 0x002 },
        { DATA, DATA + 0x800, 2, 0x013 },
        { DATA, LIST + 4, 3, 0x013 },
        /* entry with an offset */
        { DATA, LIST + 0x100, 3, 0x013 },
        /* the chain points to the last entry of its own page */
        { DATA, LIST + PAGE - 8, 256, 0x013 },
        /* entry 0, of a page and of the next page of the list */
        { DATA, LIST + 0x200, 3, 0x002 },
        { DATA, LIST + 2 * PAGE - 8, 256, 0x002 },
    };
    Ans2 a;

    start_drive(&a, "2026");
    qtest_writeq(a.qts, LIST + 0x100, DATA + PAGE);
    qtest_writeq(a.qts, LIST + 0x108, DATA + PAGE + 8);
    qtest_writeq(a.qts, LIST + PAGE - 8, LIST + PAGE - 8);
    qtest_writeq(a.qts, LIST + 0x200, DATA + PAGE);
    qtest_writeq(a.qts, LIST + 0x208, 0);
    qtest_writeq(a.qts, LIST + 2 * PAGE - 8, 0);
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        g_test_message("case %zu", i);
        g_assert_cmphex(rw(&a, false, 0, bad[i].blocks, bad[i].prp1,
                           bad[i].prp2), ==, bad[i].status);
        judge_expect(a.qts, "prp-format", 1);
    }
    ans2_stop(&a);
}

/* Verifies DMA to where no memory is, of data, lists and registers. */
static void test_dma_fault(void)
{
    Ans2 a;

    start_drive(&a, "2026");
    g_assert_cmphex(rw(&a, false, 0, 1, 0x1000, 0), ==, 0x004);
    judge_expect(a.qts, "dma-fault", 1);
    g_assert_cmphex(rw(&a, true, 0, 1, 0x7fff000000000000, 0), ==, 0x004);
    judge_expect(a.qts, "dma-fault", 1);
    g_assert_cmphex(rw(&a, false, 0, 3, DATA, 0x1000), ==, 0x004);
    judge_expect(a.qts, "dma-fault", 1);
    /* the device itself */
    g_assert_cmphex(rw(&a, false, 0, 1, ANS2 + 0x1000, 0), ==, 0x004);
    judge_expect(a.qts, "dma-fault", 1);
    ans2_stop(&a);
}

/* Verifies the limits of LBA and of the transfer size. */
static void test_limits(void)
{
    Ans2 a;

    start_drive(&a, "2026");
    g_assert_cmphex(rw(&a, false, BLOCKS - 1, 1, DATA, 0), ==, 0);
    g_assert_cmphex(rw(&a, false, BLOCKS, 1, DATA, 0), ==, 0x080);
    g_assert_cmphex(rw(&a, true, BLOCKS - 1, 2, DATA, DATA + PAGE), ==, 0x080);
    g_assert_cmphex(rw(&a, true, ~0ull, 1, DATA, 0), ==, 0x080);
    g_assert_cmphex(rw(&a, false, 0, 257, DATA, LIST), ==, 0x002);
    g_assert_cmphex(rw(&a, false, 0, 65536, DATA, LIST), ==, 0x002);
    ans2_stop(&a);
}

/* Verifies that a flush takes 17 ms of guest time, or what the knob says. */
static void test_flush(void)
{
    const Sqe flush = { .opcode = OP_FLUSH, .nsid = 1 };
    Ans2 a;

    start_drive(&a, "2026");
    ans2_submit(&a, IO, 2, &flush);
    g_assert_false(ans2_settle(&a, IO));
    qtest_clock_step(a.qts, 17 * MS - 1);
    g_assert_false(ans2_settle(&a, IO));
    qtest_clock_step(a.qts, 1);
    g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    ans2_knob(&a, "flush-ns", 0);
    g_assert_cmphex(ans2_run(&a, IO, 2, &flush), ==, 0);
    g_assert_cmpuint(ans2_counter(&a, "count-flush"), ==, 2);
    ans2_stop(&a);
}

static void put_range(Ans2 *a, unsigned i, uint64_t lba, uint32_t blocks)
{
    qtest_writel(a->qts, DATA + 16 * i, 0);
    qtest_writel(a->qts, DATA + 16 * i + 4, blocks);
    qtest_writeq(a->qts, DATA + 16 * i + 8, lba);
}

static uint16_t dsm(Ans2 *a, unsigned ranges, uint32_t attributes)
{
    return ans2_io(a, (Sqe) {
        .opcode = OP_DSM, .nsid = 1, .prp1 = DATA, .cdw10 = ranges - 1,
        .cdw11 = attributes,
    });
}

static bool block_is(Ans2 *a, uint64_t lba, uint8_t value)
{
    uint8_t block[PAGE];

    g_assert_cmphex(rw(a, false, lba, 1, DATA + PAGE, 0), ==, 0);
    qtest_memread(a->qts, DATA + PAGE, block, sizeof(block));
    for (int i = 0; i < PAGE; i++) {
        if (block[i] != value) {
            return false;
        }
    }
    return true;
}

/* Verifies that all ranges of a discard reach the image, and only they. */
static void test_dsm(void)
{
    Ans2 a;

    start_drive(&a, "2026");
    qtest_memset(a.qts, DATA, 0x5a, PAGE);
    for (int lba = 200; lba < 220; lba++) {
        g_assert_cmphex(rw(&a, true, lba, 1, DATA, 0), ==, 0);
    }
    put_range(&a, 0, 200, 4);
    put_range(&a, 1, 0, 0);
    put_range(&a, 2, 210, 2);
    g_assert_cmphex(dsm(&a, 3, 0), ==, 0);      /* a hint without "discard" */
    g_assert_cmpuint(ans2_counter(&a, "bytes-discarded"), ==, 0);
    g_assert_cmphex(dsm(&a, 3, 4), ==, 0);
    g_assert_cmpuint(ans2_counter(&a, "bytes-discarded"), ==, 6 * PAGE);
    for (int lba = 200; lba < 220; lba++) {
        bool gone = lba < 204 || lba == 210 || lba == 211;

        g_assert_true(block_is(&a, lba, gone ? 0 : 0x5a));
    }
    put_range(&a, 1, BLOCKS - 1, 2);
    g_assert_cmphex(dsm(&a, 2, 4), ==, 0x080);
    ans2_stop(&a);
}

/* Verifies that the small namespaces keep what is written, each its own. */
static void test_small_namespaces(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    for (int nsid = 2; nsid <= 3; nsid++) {
        qtest_memset(a.qts, DATA, nsid, PAGE);
        g_assert_cmphex(ans2_io(&a, (Sqe) {
            .opcode = OP_WRITE, .nsid = nsid, .prp1 = DATA, .cdw10 = 9,
        }), ==, 0);
    }
    for (int nsid = 2; nsid <= 3; nsid++) {
        g_assert_cmphex(ans2_io(&a, (Sqe) {
            .opcode = OP_READ, .nsid = nsid, .prp1 = DATA, .cdw10 = 9,
        }), ==, 0);
        g_assert_cmphex(qtest_readb(a.qts, DATA + PAGE - 1), ==, nsid);
    }
    ans2_stop(&a);
}

/* Verifies that many reads are in flight in the block layer at once. */
static void test_reads_in_flight(void)
{
    Ans2 a;

    ans2_start(&a, "2026", ",ssd=ssd -drive if=none,id=ssd,driver=null-co,"
               "size=16M,read-zeroes=on,throttling.iops-total=20");
    for (int tag = 2; tag <= 62; tag++) {
        ans2_submit(&a, IO, tag, &(Sqe) {
            .opcode = OP_READ, .nsid = 1, .prp1 = DATA + tag * PAGE,
            .cdw10 = tag,
        });
    }
    /* the throttle lets 20 pass in a second of the host's time */
    g_assert_cmpuint(ans2_counter(&a, "max-in-flight"), >=, 41);
    for (int i = 0; i < 61; i++) {
        g_assert_cmphex(ans2_reap(&a, IO).status, ==, 0);
    }
    g_assert_cmpuint(ans2_counter(&a, "bytes-read"), ==, 61 * PAGE);
    ans2_stop(&a);
}

/* Verifies that a write that is dropped by a reset cannot land later. */
static void test_reset_drains(void)
{
    Ans2 a;

    start_drive(&a, "2026");
    qtest_memset(a.qts, DATA, 0x11, PAGE);
    ans2_submit(&a, IO, 2, &(Sqe) {
        .opcode = OP_WRITE, .nsid = 1, .prp1 = DATA, .cdw10 = 7,
    });
    qtest_writel(a.qts, CC, CC_OFF);
    judge_expect(a.qts, "queue-order", 1);
    setup_again(&a);
    g_assert_cmphex(ans2_create_cq(&a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(&a, 64), ==, 0);
    qtest_memset(a.qts, DATA, 0x22, PAGE);
    g_assert_cmphex(rw(&a, true, 7, 1, DATA, 0), ==, 0);
    g_assert_true(block_is(&a, 7, 0x22));
    ans2_stop(&a);
}

static uint16_t vendor(Ans2 *a, uint8_t subopcode, uint64_t response)
{
    uint64_t request = MEM + 0x400000;

    qtest_memset(a->qts, request, 0, 0x4000);
    qtest_writeb(a->qts, request + 12, subopcode);
    return ans2_admin(a, (Sqe) {
        .opcode = OP_APPLE, .cdw11 = request, .cdw12 = request >> 32,
        .cdw13 = response, .cdw14 = response >> 32,
    });
}

/* Verifies Apple's command, whose buffers SART must allow. */
static void test_vendor(void)
{
    uint64_t response = MEM + 0x404000;
    Ans2 a;

    ans2_start(&a, "2026", "");
    qtest_writel(a.qts, SART_ADDR(8), (MEM + 0x400000) >> 12);
    qtest_writel(a.qts, SART_FLAGS(8), 0xff000000 | 8);
    g_assert_cmphex(vendor(&a, 0x06, 0), ==, 0);
    g_assert_cmphex(vendor(&a, 0x38, response), ==, 0);
    g_assert_cmphex(qtest_readb(a.qts, response + 12), ==, 0x38);
    g_assert_cmphex(qtest_readq(a.qts, response + 0x18), !=, 0);
    g_assert_cmphex(vendor(&a, 0xba, response), ==, 0);
    g_assert_cmphex(qtest_readl(a.qts, response + 0x18), !=, 0);
    g_assert_cmphex(vendor(&a, 0x77, response), ==, 0x002);
    judge_expect_none(a.qts);
    ans2_stop(&a);
}

/* Verifies that a buffer outside SART is refused and ends the firmware. */
static void test_vendor_denied(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_submit(&a, ADMIN, 0, &(Sqe) {
        .opcode = OP_APPLE, .cdw11 = DATA & 0xffffffff, .cdw12 = DATA >> 32,
    });
    g_assert_false(ans2_settle(&a, ADMIN));
    judge_expect(a.qts, "sart-denied", 1);
    g_assert_cmphex(qtest_readl(a.qts, BOOT_STATUS), ==, 0);
    ans2_quit(&a);
}

static uint64_t media_errors(Ans2 *a)
{
    uint32_t dwords = 128;

    g_assert_cmphex(ans2_admin(a, (Sqe) {
        .opcode = OP_GET_LOG, .nsid = 0xffffffff, .prp1 = DATA,
        .cdw10 = 2 | (dwords - 1) << 16,
    }), ==, 0);
    return qtest_readq(a->qts, DATA + 160);
}

/* Verifies that blocks can be bad, which and for whom. */
static void test_media_errors(void)
{
    static const char bad[] = "read:1:5:2 write:1:6:1 both:2:0:1";
    Ans2 a;

    start_drive(&a, "2026");
    qom_expect_str(a.qts, ANS2_PATH, "media-errors", "");
    qom_set_str(a.qts, ANS2_PATH, "media-errors", "read:1:5:2");
    qom_set_str(a.qts, ANS2_PATH, "media-errors", "write:1:0x6:1  both:2:0:1");
    qom_expect_str(a.qts, ANS2_PATH, "media-errors", bad);
    qtest_memset(a.qts, DATA, 0x33, 4 * PAGE);
    g_assert_cmphex(rw(&a, true, 4, 1, DATA, 0), ==, 0);
    g_assert_cmphex(rw(&a, true, 5, 1, DATA, 0), ==, 0);
    g_assert_cmphex(rw(&a, true, 6, 1, DATA, 0), ==, 0x280);
    g_assert_cmphex(rw(&a, true, 7, 1, DATA, 0), ==, 0);
    g_assert_cmphex(rw(&a, false, 4, 1, DATA, 0), ==, 0);
    g_assert_cmphex(rw(&a, false, 5, 1, DATA, 0), ==, 0x281);
    g_assert_cmphex(rw(&a, false, 6, 1, DATA, 0), ==, 0x281);
    g_assert_cmphex(rw(&a, false, 7, 1, DATA, 0), ==, 0);
    /* a range touches with either end */
    g_assert_cmphex(rw(&a, false, 3, 2, DATA, DATA + PAGE), ==, 0);
    g_assert_cmphex(rw(&a, false, 4, 2, DATA, DATA + PAGE), ==, 0x281);
    g_assert_cmphex(rw(&a, false, 7, 2, DATA, DATA + PAGE), ==, 0);
    g_assert_cmpuint(media_errors(&a), ==, 4);
    qom_set_str(a.qts, ANS2_PATH, "media-errors", "");
    g_assert_true(block_is(&a, 5, 0x33));
    g_assert_false(block_is(&a, 6, 0x33));
    ans2_stop(&a);
}

/* Verifies that malformed ranges are refused as a whole. */
static void test_media_errors_refused(void)
{
    static const char *const bad[] = {
        "read", "read:1:0", "read:1:0:1:1", "reads:1:0:1", ":1:0:1",
        "read:0:0:1", "read:4:0:1", "read:1:-1:1", "read:1:0:0", "read:1:0:x",
        "read:1:0:1 read",
    };
    Ans2 a;

    ans2_boot(&a, "2026", "");
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        g_assert_false(qom_try_set_str(a.qts, ANS2_PATH, "media-errors",
                                       bad[i]));
        qom_expect_str(a.qts, ANS2_PATH, "media-errors", "");
    }
    for (int i = 0; i < 16; i++) {
        qom_set_str(a.qts, ANS2_PATH, "media-errors", "read:3:0:1");
    }
    g_assert_false(qom_try_set_str(a.qts, ANS2_PATH, "media-errors",
                                   "read:1:0:1"));
    ans2_quit(&a);
}

/* Verifies that CSTS can read anything, and that the rest goes on. */
static void test_csts(void)
{
    Ans2 a;

    ans2_start(&a, "2026", "");
    ans2_knob(&a, "csts", 0xffffffff);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0xffffffff);
    g_assert_cmphex(ans2_io(&a, (Sqe) {
        .opcode = OP_READ, .nsid = 2, .prp1 = DATA,
    }), ==, 0);
    ans2_knob(&a, "csts", 5);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 5);
    ans2_knob(&a, "csts", 0);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 1);
    ans2_stop(&a);
}

/* Verifies that RDY can stay away for ever. */
static void test_never_ready(void)
{
    Ans2 a;

    ans2_boot(&a, "2026", "");
    ans2_setup(&a, true, 2);
    ans2_knob(&a, "ready-ns", UINT64_MAX);
    qtest_writel(a.qts, CC, CC_ON);
    qtest_clock_step(a.qts, 3600 * 1000 * MS);
    g_assert_cmphex(qtest_readl(a.qts, CSTS), ==, 0);
    ans2_knob(&a, "ready-ns", 0);
    qtest_writel(a.qts, CC, CC_OFF);
    ans2_enable(&a);
    ans2_quit(&a);
}

/* Verifies that each knob keeps a 64-bit value of its own. */
static void test_knobs(void)
{
    static const char *const names[] = {
        "flush-ns", "ready-ns", "shutdown-ns", "tcb-stat", "crash-at-command",
        "cqe-drop-irq", "cqe-duplicate", "csts",
    };
    Ans2 a;

    ans2_boot(&a, "2026", "");
    g_assert_cmpuint(ans2_counter(&a, "flush-ns"), ==, 17 * MS);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        ans2_knob(&a, names[i], 1ull << 40 | i);
    }
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        g_assert_cmpuint(ans2_counter(&a, names[i]), ==, 1ull << 40 | i);
    }
    ans2_quit(&a);
}

static void make_image(void)
{
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("apple-ans2.XXXXXX", &image, &error);

    g_assert_no_error(error);
    g_assert_cmpint(ftruncate(fd, BLOCKS * PAGE), ==, 0);
    close(fd);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    make_image();
    qtest_add_func("/apple-ans2/cmd/identify-controller",
                   test_identify_controller);
    qtest_add_func("/apple-ans2/cmd/identify-namespace",
                   test_identify_namespace);
    qtest_add_func("/apple-ans2/cmd/promises", test_promises);
    qtest_add_func("/apple-ans2/cmd/promise-migration",
                   test_promise_migration);
    qtest_add_func("/apple-ans2/cmd/unsupported", test_unsupported);
    qtest_add_func("/apple-ans2/cmd/aer-outstanding", test_aer_outstanding);
    qtest_add_func("/apple-ans2/cmd/features", test_features);
    qtest_add_func("/apple-ans2/cmd/smart", test_smart);
    qtest_add_func("/apple-ans2/cmd/unsafe-shutdowns", test_unsafe_shutdowns);
    qtest_add_func("/apple-ans2/cmd/prps", test_prps);
    qtest_add_func("/apple-ans2/cmd/bad-prps", test_bad_prps);
    qtest_add_func("/apple-ans2/cmd/dma-fault", test_dma_fault);
    qtest_add_func("/apple-ans2/cmd/limits", test_limits);
    qtest_add_func("/apple-ans2/cmd/flush", test_flush);
    qtest_add_func("/apple-ans2/cmd/dsm", test_dsm);
    qtest_add_func("/apple-ans2/cmd/small-namespaces", test_small_namespaces);
    qtest_add_func("/apple-ans2/cmd/reads-in-flight", test_reads_in_flight);
    qtest_add_func("/apple-ans2/cmd/reset-drains", test_reset_drains);
    qtest_add_func("/apple-ans2/cmd/vendor", test_vendor);
    qtest_add_func("/apple-ans2/cmd/vendor-denied", test_vendor_denied);
    qtest_add_func("/apple-ans2/cmd/media-errors", test_media_errors);
    qtest_add_func("/apple-ans2/cmd/media-errors-refused",
                   test_media_errors_refused);
    qtest_add_func("/apple-ans2/cmd/csts", test_csts);
    qtest_add_func("/apple-ans2/cmd/never-ready", test_never_ready);
    qtest_add_func("/apple-ans2/cmd/knobs", test_knobs);
    ret = g_test_run();
    unlink(image);
    g_free(image);
    return ret;
}
