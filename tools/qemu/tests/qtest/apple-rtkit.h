/*
 * Apple RTKit: what the qtests of the firmware model share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The test plays the driver: it talks through the mailbox registers, provides
 * buffers in memory and allows them in SART.
 */

#ifndef TESTS_QTEST_APPLE_RTKIT_H
#define TESTS_QTEST_APPLE_RTKIT_H

#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "apple-judge.h"

#define CPU_CONTROL     0x277400044ULL
#define RUN             0x10
#define I2A_CONTROL     0x277408114ULL
#define EMPTY           0x20000
#define A2I_SEND0       0x277408800ULL
#define A2I_SEND1       0x277408808ULL
#define I2A_RECV0       0x277408830ULL
#define I2A_RECV1       0x277408838ULL
#define SART_CONFIG(i)  (0x27bc50000ULL + 4 * (i))
#define SART_PADDR(i)   (0x27bc50040ULL + 4 * (i))
#define BOOT_STATUS     0x27bcc1300ULL
#define BOOT_OK         0xde71ce55
#define PMGR_ANS2       0x23b7003f0ULL
#define PMGR_APCIE_ST   0x23b700418ULL      /* the NAND's PCIe link */
#define PS_ON           0xf
#define PS_CLOCK_OFF    0x4
#define PS_RESET        BIT(31)

#define RTKIT           "/machine/soc/rtkit"
#define SART            "/machine/soc/sart"

#define MGMT            0x00
#define CRASHLOG        0x01
#define SYSLOG          0x02
#define DEBUG           0x03
#define IOREPORT        0x04
#define OSLOG           0x08
#define APP             0x20

#define HELLO           0x00100000000c000bULL
#define HELLO_ACK       0x00200000000c000cULL
#define MAP0            0x008000000000011fULL
#define MAP0_REPLY      0x0080000000000001ULL
#define MAP1            0x0088000100000001ULL
#define MAP1_REPLY      0x0088000100000000ULL
#define STARTEP(ep)     (0x0050000000000002ULL | (uint64_t)(ep) << 32)
#define REQUEST         0x0010400000000000ULL
#define OSLOG_REQUEST   0x0104000000000000ULL
#define IOREPORT_8      0x0080000000000001ULL
#define IOREPORT_C      0x00c0000000000001ULL
#define IOP_ACK_ON      0x0070000000000020ULL
#define IOP_SLEEP       0x0060000000000001ULL
#define IOP_ACK_SLEEP   0x0070000000000001ULL
#define IOP_ON          0x0060000000000020ULL
#define IOP_INIT        0x0060000000000220ULL
#define AP_ON           0x00b0000000000020ULL
#define AP_QUIESCED     0x00b0000000000010ULL
#define SYSLOG_INIT     0x0080000080000020ULL
#define SYSLOG_LOG(i)   (0x0050000000000000ULL | (i))

#define BUFFERS         0x810000000ULL
#define BUFFER(ep)      (BUFFERS + 0x10000ULL * (ep))
#define BUFFER_SIZE     0x4000
#define SYSLOG_STRIDE   0xa0

#define MS              (1000 * 1000LL)

/* Talking */

static inline void ap_send(QTestState *qts, uint8_t endpoint, uint64_t msg0)
{
    qtest_writeq(qts, A2I_SEND0, msg0);
    qtest_writeq(qts, A2I_SEND1, endpoint);
}

/* Waits up to three seconds of guest time for a message. */
static inline bool ap_recv(QTestState *qts, uint8_t *endpoint, uint64_t *msg0)
{
    for (int i = 0; i < 3000; i++) {
        if (!(qtest_readl(qts, I2A_CONTROL) & EMPTY)) {
            *msg0 = qtest_readq(qts, I2A_RECV0);
            *endpoint = qtest_readq(qts, I2A_RECV1) & 0xff;
            return true;
        }
        qtest_clock_step(qts, MS);
    }
    return false;
}

static inline void expect(QTestState *qts, uint8_t endpoint, uint64_t msg0)
{
    uint8_t seen_endpoint = 0;
    uint64_t seen = 0;

    g_assert_true(ap_recv(qts, &seen_endpoint, &seen));
    g_assert_cmphex(seen, ==, msg0);
    g_assert_cmphex(seen_endpoint, ==, endpoint);
}

static inline void expect_silence(QTestState *qts)
{
    qtest_clock_step(qts, 3000 * MS);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, EMPTY);
}

static inline void expect_state(QTestState *qts, const char *state)
{
    qom_expect_str(qts, RTKIT, "state", state);
}

static inline void settle(QTestState *qts)
{
    qtest_clock_step(qts, 5 * MS);
}

static inline void allow(QTestState *qts, uint8_t endpoint)
{
    int i = 15 - endpoint % 5;

    qtest_writel(qts, SART_PADDR(i), BUFFER(endpoint) >> 12);
    qtest_writel(qts, SART_CONFIG(i), 0xff000000 | BUFFER_SIZE >> 12);
}

static inline void disallow_all(QTestState *qts)
{
    for (int i = 11; i < 16; i++) {
        qtest_writel(qts, SART_CONFIG(i), 0);
        qtest_writel(qts, SART_PADDR(i), 0);
    }
}

static inline void reply(QTestState *qts, uint8_t endpoint)
{
    uint64_t addr = BUFFER(endpoint);

    allow(qts, endpoint);
    ap_send(qts, endpoint, endpoint == OSLOG ? OSLOG_REQUEST | addr >> 12 :
                           REQUEST | addr);
}

/* Booting, in pieces */

static inline QTestState *start(const char *options)
{
    QTestState *qts = qtest_initf("-M apple-j274%s -m 1G", options);

    judge_expect_none(qts);
    return qts;
}

static inline void stop(QTestState *qts)
{
    judge_expect_none(qts);
    qtest_quit(qts);
}

static inline void run(QTestState *qts)
{
    qtest_writel(qts, CPU_CONTROL, RUN);
}

static inline void hello_to_map(QTestState *qts)
{
    expect(qts, MGMT, HELLO);
    ap_send(qts, MGMT, HELLO_ACK);
    expect(qts, MGMT, MAP0);
    ap_send(qts, MGMT, MAP0_REPLY);
    expect(qts, MGMT, MAP1);
    ap_send(qts, MGMT, MAP1_REPLY);
}

static inline void start_endpoint(QTestState *qts, uint8_t endpoint)
{
    ap_send(qts, MGMT, STARTEP(endpoint));
    if (endpoint == OSLOG) {
        expect(qts, OSLOG, OSLOG_REQUEST);
    } else if (endpoint != DEBUG && endpoint != APP) {
        expect(qts, endpoint, REQUEST);
    }
}

static inline void start_endpoints(QTestState *qts)
{
    start_endpoint(qts, CRASHLOG);
    start_endpoint(qts, SYSLOG);
    start_endpoint(qts, DEBUG);
    start_endpoint(qts, IOREPORT);
    start_endpoint(qts, OSLOG);
}

static inline void answer_ioreport(QTestState *qts)
{
    expect(qts, IOREPORT, IOREPORT_8);
    ap_send(qts, IOREPORT, IOREPORT_8);
    expect(qts, IOREPORT, IOREPORT_C);
    ap_send(qts, IOREPORT, IOREPORT_C);
}

static inline void answer_buffers(QTestState *qts)
{
    reply(qts, CRASHLOG);
    reply(qts, SYSLOG);
    reply(qts, IOREPORT);
    answer_ioreport(qts);
    reply(qts, OSLOG);
}

static inline void to_power_ack(QTestState *qts)
{
    hello_to_map(qts);
    start_endpoints(qts);
    answer_buffers(qts);
    expect(qts, MGMT, IOP_ACK_ON);
}

static inline void power_ap_on(QTestState *qts)
{
    ap_send(qts, MGMT, AP_ON);
    expect(qts, MGMT, AP_ON);
    expect(qts, SYSLOG, SYSLOG_INIT);
    for (int i = 0; i < 2; i++) {
        expect(qts, SYSLOG, SYSLOG_LOG(i));
        ap_send(qts, SYSLOG, SYSLOG_LOG(i));
    }
    settle(qts);
}

static inline void boot(QTestState *qts)
{
    to_power_ack(qts);
    power_ap_on(qts);
    expect_state(qts, "running");
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, BOOT_OK);
}

static inline QTestState *start_booted(const char *options)
{
    QTestState *qts = start(options);

    run(qts);
    boot(qts);
    judge_expect_none(qts);
    return qts;
}

static inline void sleep_firmware(QTestState *qts)
{
    ap_send(qts, MGMT, AP_QUIESCED);
    expect(qts, MGMT, AP_QUIESCED);
    ap_send(qts, MGMT, IOP_SLEEP);
    expect(qts, MGMT, IOP_ACK_SLEEP);
    disallow_all(qts);
    expect_state(qts, "asleep");
}

static inline void pmgr_reset(QTestState *qts)
{
    qtest_writel(qts, PMGR_ANS2, PS_ON | PS_RESET);
    qtest_writel(qts, PMGR_ANS2, PS_ON);
    expect_state(qts, "stopped");
}

/* Crash logs */

typedef struct CrashLog {
    uint8_t data[BUFFER_SIZE];
    uint32_t size;
} CrashLog;

static inline void read_crash_log(QTestState *qts, CrashLog *log)
{
    qtest_memread(qts, BUFFER(CRASHLOG), log->data, sizeof(log->data));
    /* in memory the characters appear reversed */
    g_assert_cmpmem(log->data, 4, "EHLC", 4);
    log->size = ldl_le_p(log->data + 8);
    g_assert_cmpuint(log->size, >, 0x20);
    g_assert_cmpuint(log->size, <=, BUFFER_SIZE - 16);
}

/* The payload of the @nth section named @code, which is spelled reversed. */
static inline const uint8_t *crash_section(const CrashLog *log,
                                           const char *code, int nth,
                                           uint32_t *len)
{
    uint32_t offset = 0x20;

    while (offset + 16 <= log->size) {
        const uint8_t *section = log->data + offset;
        uint32_t length = ldl_le_p(section + 12);

        g_assert_cmpuint(length, >=, 16);
        g_assert_cmpuint(offset + length, <=, log->size);
        if (!memcmp(section, code, 4) && nth-- == 0) {
            *len = length - 16;
            return section + 16;
        }
        if (!memcmp(section, "EHLC", 4)) {
            g_assert_cmpuint(offset + length, ==, log->size);
            return NULL;
        }
        offset += length;
    }
    g_assert_not_reached();
}

#endif
