/*
 * Apple ANS2: what its qtests share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A small driver for the controller: queues in guest memory, honest TCBs, one
 * command at a time or many.  The tests break its rules one by one.
 */

#ifndef TESTS_QTEST_APPLE_ANS2_H
#define TESTS_QTEST_APPLE_ANS2_H

#include "qemu/bswap.h"
#include "apple-judge.h"

#define ANS2            0x27bcc0000ULL
#define CAP             (ANS2 + 0x0)
#define VS              (ANS2 + 0x8)
#define INTMS           (ANS2 + 0xc)
#define INTMC           (ANS2 + 0x10)
#define CC              (ANS2 + 0x14)
#define CSTS            (ANS2 + 0x1c)
#define AQA             (ANS2 + 0x24)
#define ASQ             (ANS2 + 0x28)
#define ACQ             (ANS2 + 0x30)
#define SQ_TAIL(q)      (ANS2 + 0x1000 + 8 * (q))
#define CQ_HEAD(q)      (ANS2 + 0x1004 + 8 * (q))
#define MAX_PEND        (ANS2 + 0x1210)
#define BOOT_STATUS     (ANS2 + 0x1300)
#define MODESEL         (ANS2 + 0x1304)
#define PRP_CTRL        (ANS2 + 0x24008)
#define LINEAR_CTRL     (ANS2 + 0x24908)
#define LINEAR_DB(q)    (ANS2 + 0x2490c + 4 * (q))
#define NUM_TCBS        (ANS2 + 0x28100)
#define TCB_BASE(q)     (ANS2 + 0x28108 + 8 * (q))
#define TCB_INVAL       (ANS2 + 0x28118)
#define TCB_STAT        (ANS2 + 0x28120)

#define CC_OFF          0x00460000
#define CC_ON           0x00460001
#define CC_SHUTDOWN     0x00464001

#define ANS2_PATH       "/machine/soc/ans2"
#define PMGR_ANS2       0x23b7003f0ULL

/* guest memory of the tests */
#define MEM             0x801000000ULL
#define SQ_MEM(q)       (MEM + 0x4000 * (q))
#define CQ_MEM(q)       (MEM + 0x8000 + 0x1000 * (q))
#define TCB_MEM(q)      (MEM + 0xa000 + 0x2000 * (q))
#define LIST            (MEM + 0x10000)
#define DATA            (MEM + 0x100000)

#define ADMIN           0
#define IO              1

#define OP_FLUSH        0x00
#define OP_WRITE        0x01
#define OP_READ         0x02
#define OP_DSM          0x09

#define OP_DELETE_SQ    0x00
#define OP_CREATE_SQ    0x01
#define OP_GET_LOG      0x02
#define OP_DELETE_CQ    0x04
#define OP_CREATE_CQ    0x05
#define OP_IDENTIFY     0x06
#define OP_ABORT        0x08
#define OP_SET_FEATURES 0x09
#define OP_GET_FEATURES 0x0a
#define OP_AER          0x0c
#define OP_APPLE        0xd8

#define MS              (1000 * 1000LL)

typedef struct Ans2 {
    QTestState *qts;
    bool linear;
    unsigned size[2];
    unsigned head[2];
    unsigned phase[2];
    unsigned tail[2];
} Ans2;

typedef struct Sqe {
    uint8_t opcode;
    uint32_t nsid;
    uint64_t prp1;
    uint64_t prp2;
    uint32_t cdw10;
    uint32_t cdw11;
    uint32_t cdw12;
    uint32_t cdw13;
    uint32_t cdw14;
} Sqe;

typedef struct Cqe {
    uint64_t result;
    uint32_t queue;
    uint16_t tag;
    uint16_t status;
} Cqe;

/* The machine with a firmware that the boot loader left running */
static inline void ans2_boot(Ans2 *a, const char *firmware, const char *args)
{
    memset(a, 0, sizeof(*a));
    a->qts = qtest_initf("-M apple-j274,handover=running,firmware=%s%s",
                         firmware, args);
    qtest_irq_intercept_out_named(a->qts, ANS2_PATH, "sysbus-irq");
    judge_expect_none(a->qts);
}

static inline void ans2_quit(Ans2 *a)
{
    judge_expect_none(a->qts);
    qtest_quit(a->qts);
}

static inline bool ans2_irq(Ans2 *a)
{
    return qtest_get_irq(a->qts, 0);
}

static inline void ans2_setup(Ans2 *a, bool linear, unsigned admin_size)
{
    QTestState *qts = a->qts;

    a->linear = linear;
    qtest_memset(qts, MEM, 0, 0x10000);
    qtest_writel(qts, LINEAR_CTRL, linear);
    qtest_writel(qts, MAX_PEND, 0x00400040);
    qtest_writel(qts, NUM_TCBS, 63);
    qtest_writel(qts, AQA, (admin_size - 1) * 0x10001);
    qtest_writeq(qts, ASQ, SQ_MEM(ADMIN));
    qtest_writeq(qts, ACQ, CQ_MEM(ADMIN));
    qtest_writeq(qts, TCB_BASE(ADMIN), TCB_MEM(ADMIN));
    qtest_writeq(qts, TCB_BASE(IO), TCB_MEM(IO));
    for (int q = ADMIN; q <= IO; q++) {
        a->size[q] = q == ADMIN ? admin_size : 64;
        a->head[q] = 0;
        a->tail[q] = 0;
        a->phase[q] = 1;
    }
}

static inline void ans2_enable(Ans2 *a)
{
    qtest_writel(a->qts, CC, CC_OFF);
    qtest_writel(a->qts, CC, CC_ON);
    g_assert_cmphex(qtest_readl(a->qts, CSTS), ==, 1);
}

static inline bool sqe_is_write(const Sqe *sqe)
{
    return sqe->opcode & 1;
}

static inline uint64_t sqe_address(Ans2 *a, unsigned q, unsigned slot)
{
    return SQ_MEM(q) + slot * (!a->linear && q == IO ? 128 : 64);
}

static inline void ans2_put_sqe(Ans2 *a, unsigned q, unsigned slot, uint8_t tag,
                                const Sqe *sqe)
{
    uint8_t raw[64] = { sqe->opcode, 0, tag };

    stl_le_p(raw + 4, sqe->nsid);
    stq_le_p(raw + 24, sqe->prp1);
    stq_le_p(raw + 32, sqe->prp2);
    stl_le_p(raw + 40, sqe->cdw10);
    stl_le_p(raw + 44, sqe->cdw11);
    stl_le_p(raw + 48, sqe->cdw12);
    stl_le_p(raw + 52, sqe->cdw13);
    stl_le_p(raw + 56, sqe->cdw14);
    qtest_memwrite(a->qts, sqe_address(a, q, slot), raw, sizeof(raw));
}

/* Entry @tag of the array, with a TCB as the strictest firmware wants it */
static inline void ans2_fill(Ans2 *a, unsigned q, uint8_t tag, const Sqe *sqe)
{
    uint8_t tcb[128] = { };

    tcb[1] = !sqe->prp1 ? 0 : sqe_is_write(sqe) ? 2 : 1;
    tcb[2] = tag;
    stw_le_p(tcb + 4, sqe->cdw12);
    stq_le_p(tcb + 0x18, sqe->prp1);
    stq_le_p(tcb + 0x20, sqe->prp2);
    qtest_memwrite(a->qts, TCB_MEM(q) + tag * 128, tcb, sizeof(tcb));
    ans2_put_sqe(a, q, tag, tag, sqe);
}

static inline void ans2_ring(Ans2 *a, unsigned q, uint8_t tag)
{
    qtest_writel(a->qts, LINEAR_DB(q), tag);
}

static inline void ans2_submit(Ans2 *a, unsigned q, uint8_t tag,
                               const Sqe *sqe)
{
    if (a->linear) {
        ans2_fill(a, q, tag, sqe);
        ans2_ring(a, q, tag);
    } else {
        ans2_put_sqe(a, q, a->tail[q], tag, sqe);
        a->tail[q] = (a->tail[q] + 1) % a->size[q];
        qtest_writel(a->qts, SQ_TAIL(q), a->tail[q]);
    }
}

static inline Cqe ans2_read_cqe(Ans2 *a, unsigned q, unsigned slot)
{
    uint8_t raw[16];

    qtest_memread(a->qts, CQ_MEM(q) + 16 * slot, raw, sizeof(raw));
    return (Cqe) {
        .result = ldq_le_p(raw),
        .queue = ldl_le_p(raw + 8),
        .tag = lduw_le_p(raw + 12),
        .status = lduw_le_p(raw + 14),
    };
}

static inline bool ans2_pending(Ans2 *a, unsigned q)
{
    return (ans2_read_cqe(a, q, a->head[q]).status & 1) == a->phase[q];
}

/* Let QEMU's main loop run; whether a completion is there after all. */
static inline bool ans2_settle(Ans2 *a, unsigned q)
{
    for (int i = 0; i < 20; i++) {
        if (ans2_pending(a, q)) {
            return true;
        }
        g_usleep(2000);
    }
    return false;
}

/* Wait for the next completion and take it; the status without the phase. */
static inline Cqe ans2_wait(Ans2 *a, unsigned q)
{
    Cqe cqe;

    for (int i = 0; i < 5000 && !ans2_pending(a, q); i++) {
        g_usleep(1000);
    }
    cqe = ans2_read_cqe(a, q, a->head[q]);
    g_assert_cmpuint(cqe.status & 1, ==, a->phase[q]);
    g_assert_cmpuint(cqe.queue, ==, 0);
    cqe.status >>= 1;
    if (++a->head[q] == a->size[q]) {
        a->head[q] = 0;
        a->phase[q] ^= 1;
    }
    return cqe;
}

static inline void ans2_invalidate(Ans2 *a, uint8_t tag)
{
    qtest_writel(a->qts, TCB_INVAL, tag);
    g_assert_cmphex(qtest_readl(a->qts, TCB_STAT), ==, 0);
}

static inline void ans2_write_head(Ans2 *a, unsigned q)
{
    qtest_writel(a->qts, CQ_HEAD(q), a->head[q]);
}

/* Take the next completion as a driver does, and give the tag back. */
static inline Cqe ans2_reap(Ans2 *a, unsigned q)
{
    Cqe cqe = ans2_wait(a, q);

    if (a->linear) {
        ans2_invalidate(a, cqe.tag);
    }
    ans2_write_head(a, q);
    return cqe;
}

static inline uint16_t ans2_run(Ans2 *a, unsigned q, uint8_t tag,
                                const Sqe *sqe)
{
    Cqe cqe;

    ans2_submit(a, q, tag, sqe);
    cqe = ans2_reap(a, q);
    g_assert_cmpuint(cqe.tag, ==, tag);
    return cqe.status;
}

static inline uint16_t ans2_admin(Ans2 *a, Sqe sqe)
{
    return ans2_run(a, ADMIN, 0, &sqe);
}

static inline uint16_t ans2_io(Ans2 *a, Sqe sqe)
{
    return ans2_run(a, IO, 2, &sqe);
}

static inline uint16_t ans2_create_cq(Ans2 *a, unsigned size, bool irq)
{
    a->size[IO] = size;
    a->head[IO] = 0;
    a->phase[IO] = 1;
    qtest_memset(a->qts, CQ_MEM(IO), 0, 0x1000);
    return ans2_admin(a, (Sqe) {
        .opcode = OP_CREATE_CQ, .prp1 = CQ_MEM(IO),
        .cdw10 = 1 | (size - 1) << 16, .cdw11 = irq ? 3 : 1,
    });
}

static inline uint16_t ans2_create_sq(Ans2 *a, unsigned size)
{
    a->tail[IO] = 0;
    return ans2_admin(a, (Sqe) {
        .opcode = OP_CREATE_SQ, .prp1 = SQ_MEM(IO),
        .cdw10 = 1 | (size - 1) << 16, .cdw11 = 1 | 1 << 16,
    });
}

static inline uint16_t ans2_delete(Ans2 *a, uint8_t opcode)
{
    return ans2_admin(a, (Sqe) { .opcode = opcode, .cdw10 = 1 });
}

/* A controller in use, as Linux sets it up */
static inline void ans2_start_mode(Ans2 *a, const char *firmware,
                                   const char *args, bool linear)
{
    ans2_boot(a, firmware, args);
    if (!strcmp(firmware, "old")) {
        /* as all drivers do there; see the test of the null check */
        qtest_writel(a->qts, PRP_CTRL, 0);
    }
    ans2_setup(a, linear, linear ? 2 : 16);
    ans2_enable(a);
    g_assert_cmphex(ans2_create_cq(a, 64, true), ==, 0);
    g_assert_cmphex(ans2_create_sq(a, 64), ==, 0);
}

static inline void ans2_start(Ans2 *a, const char *firmware, const char *args)
{
    ans2_start_mode(a, firmware, args, true);
}

static inline void ans2_stop(Ans2 *a)
{
    g_assert_cmphex(ans2_delete(a, OP_DELETE_SQ), ==, 0);
    g_assert_cmphex(ans2_delete(a, OP_DELETE_CQ), ==, 0);
    qtest_writel(a->qts, CC, CC_OFF);
    g_assert_cmphex(qtest_readl(a->qts, CSTS), ==, 0);
    ans2_quit(a);
}

static inline void ans2_wait_status(QTestState *qts, const char *command,
                                    const char *status)
{
    for (int i = 0; i < 10000; i++) {
        QDict *rsp = qtest_qmp(qts, "{ 'execute': %s }", command);
        QDict *ret = qdict_get_qdict(rsp, "return");
        bool done = qdict_haskey(ret, "status") &&
                    !strcmp(qdict_get_str(ret, "status"), status);

        qobject_unref(rsp);
        if (done) {
            return;
        }
        g_usleep(1000);
    }
    g_assert_not_reached();
}

/* Go on in another QEMU. */
static inline void ans2_migrate(Ans2 *a)
{
    g_autofree char *file = g_strdup_printf("%s/apple-ans2-%d.mig",
                                            g_get_tmp_dir(), getpid());
    g_autofree char *uri = g_strdup_printf("file:%s", file);
    g_autofree char *incoming = g_strdup_printf(" -incoming %s", uri);
    Ans2 b;

    qtest_qmp_assert_success(a->qts, "{ 'execute': 'migrate',"
                             " 'arguments': { 'uri': %s } }", uri);
    ans2_wait_status(a->qts, "query-migrate", "completed");
    ans2_boot(&b, "2026", incoming);
    ans2_wait_status(b.qts, "query-status", "running");
    qtest_quit(a->qts);
    a->qts = b.qts;
    unlink(file);
}

static inline uint64_t ans2_counter(Ans2 *a, const char *name)
{
    return qom_get_uint(a->qts, ANS2_PATH, name);
}

static inline void ans2_knob(Ans2 *a, const char *name, uint64_t value)
{
    qom_set_uint(a->qts, ANS2_PATH, name, value);
}

#endif
