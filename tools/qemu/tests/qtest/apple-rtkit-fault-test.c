/*
 * QTest testcase for the Apple RTKit firmware model: its fault knobs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "apple-rtkit.h"

/* Odd starts */

/* Verifies that without HELLO nothing comes, until the knob is off. */
static void test_drop_hello(void)
{
    QTestState *qts = start("");

    qtest_qom_set_bool(qts, RTKIT, "drop-hello", true);
    run(qts);
    expect_silence(qts);
    expect_state(qts, "hung");
    qtest_writel(qts, CPU_CONTROL, 0);
    pmgr_reset(qts);
    qtest_qom_set_bool(qts, RTKIT, "drop-hello", false);
    run(qts);
    boot(qts);
    stop(qts);
}

/* Verifies that knobs can apply to one start only. */
static void test_boots(void)
{
    QTestState *qts = start("");

    qtest_qom_set_bool(qts, RTKIT, "drop-hello", true);
    qom_set_uint(qts, RTKIT, "boots", 1);
    run(qts);
    expect_silence(qts);
    pmgr_reset(qts);
    run(qts);
    boot(qts);
    stop(qts);
}

/* Verifies that the start completes while BOOT_STATUS stays low. */
static void test_boot_status_low(void)
{
    QTestState *qts = start("");

    qtest_qom_set_bool(qts, RTKIT, "boot-status-low", true);
    run(qts);
    to_power_ack(qts);
    power_ap_on(qts);
    expect_silence(qts);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    stop(qts);
}

/* Verifies that the power acks can be withheld. */
static void test_no_acks(void)
{
    QTestState *qts = start("");

    qtest_qom_set_bool(qts, RTKIT, "no-power-ack", true);
    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    answer_buffers(qts);
    expect_silence(qts);
    expect_state(qts, "hung");
    pmgr_reset(qts);
    disallow_all(qts);

    qtest_qom_set_bool(qts, RTKIT, "no-power-ack", false);
    qtest_qom_set_bool(qts, RTKIT, "no-sleep-ack", true);
    run(qts);
    boot(qts);
    ap_send(qts, MGMT, AP_QUIESCED);
    expect(qts, MGMT, AP_QUIESCED);
    ap_send(qts, MGMT, IOP_SLEEP);
    expect_silence(qts);
    stop(qts);
}

/* Verifies that endpoint 0x0a can be in the map, and then be started. */
static void test_extra_endpoint(void)
{
    QTestState *qts = start("");

    qtest_qom_set_bool(qts, RTKIT, "extra-endpoint", true);
    run(qts);
    expect(qts, MGMT, HELLO);
    ap_send(qts, MGMT, HELLO_ACK);
    expect(qts, MGMT, 0x008000000000051fULL);
    ap_send(qts, MGMT, MAP0_REPLY);
    expect(qts, MGMT, MAP1);
    ap_send(qts, MGMT, MAP1_REPLY);
    ap_send(qts, MGMT, STARTEP(0x0a));
    settle(qts);
    stop(qts);
}

/* Verifies that HELLO offers the versions of the knobs. */
static void test_protocol(void)
{
    QTestState *qts = start("");

    qom_set_uint(qts, RTKIT, "protocol-min", 9);
    qom_set_uint(qts, RTKIT, "protocol-max", 10);
    run(qts);
    expect(qts, MGMT, 0x00100000000a0009ULL);
    pmgr_reset(qts);
    qom_set_uint(qts, RTKIT, "protocol-min", 13);
    qom_set_uint(qts, RTKIT, "protocol-max", 14);
    run(qts);
    expect(qts, MGMT, 0x00100000000e000dULL);
    stop(qts);
}

/* Verifies that the crashlog request can carry an address. */
static void test_preset_buffer(void)
{
    QTestState *qts = start("");

    qom_set_uint(qts, RTKIT, "preset-buffer", 0x812344000ULL);
    run(qts);
    hello_to_map(qts);
    ap_send(qts, MGMT, STARTEP(CRASHLOG));
    expect(qts, CRASHLOG, 0x0010400812344000ULL);
    stop(qts);
}

/* Verifies that delays grow with the knob. */
static void test_slow(void)
{
    QTestState *qts = start("");

    qom_set_uint(qts, RTKIT, "slow", 100);
    run(qts);
    qtest_clock_step(qts, 200 * MS);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, EMPTY);
    qtest_clock_step(qts, 3 * MS);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, 0);
    stop(qts);
}

/* Verifies that the firmware dies instead of sending its Nth message. */
static void test_crash_at_message(void)
{
    QTestState *qts = start("");

    /* before it has a buffer it dies silently */
    qom_set_uint(qts, RTKIT, "crash-at-message", 2);
    run(qts);
    expect(qts, MGMT, HELLO);
    ap_send(qts, MGMT, HELLO_ACK);
    expect_silence(qts);
    expect_state(qts, "crashed");
    pmgr_reset(qts);

    /* HELLO, two maps, crashlog request; then syslog's would be due */
    qom_set_uint(qts, RTKIT, "crash-at-message", 5);
    run(qts);
    hello_to_map(qts);
    start_endpoint(qts, CRASHLOG);
    reply(qts, CRASHLOG);
    ap_send(qts, MGMT, STARTEP(SYSLOG));
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    expect_state(qts, "crashed");
    stop(qts);
}

/* Verifies that HELLO comes later by as much as the knob says. */
static void test_hello_ns(void)
{
    QTestState *qts = start("");

    qom_set_uint(qts, RTKIT, "hello-ns", 5000 * MS);
    qom_set_uint(qts, RTKIT, "boots", 1);
    run(qts);
    qtest_clock_step(qts, 5001 * MS);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, EMPTY);
    qtest_clock_step(qts, 2 * MS);
    boot(qts);
    sleep_firmware(qts);
    /* the knob's one start is over */
    ap_send(qts, MGMT, IOP_INIT);
    qtest_clock_step(qts, 3 * MS);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, 0);
    stop(qts);

    qts = start("");
    qom_set_uint(qts, RTKIT, "hello-ns", UINT64_MAX);
    run(qts);
    qtest_clock_step(qts, 3600 * 1000 * MS);
    g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, EMPTY);
    stop(qts);
}

/* Verifies that HELLO can come more than once, and be answered so often. */
static void test_hellos(void)
{
    QTestState *qts = start("");

    qom_set_uint(qts, RTKIT, "hellos", 3);
    run(qts);
    for (int i = 0; i < 3; i++) {
        expect(qts, MGMT, HELLO);
    }
    ap_send(qts, MGMT, HELLO_ACK);
    expect(qts, MGMT, MAP0);
    ap_send(qts, MGMT, HELLO_ACK);
    ap_send(qts, MGMT, HELLO_ACK);
    settle(qts);
    judge_expect_none(qts);
    ap_send(qts, MGMT, HELLO_ACK);
    settle(qts);
    judge_expect(qts, "rtkit-state", 1);
    ap_send(qts, MGMT, MAP0_REPLY);
    expect(qts, MGMT, MAP1);
    stop(qts);
}

/* Verifies that endpoints can be missing in the map, and be too many. */
static void test_map(void)
{
    QTestState *qts = start("");

    qom_set_uint(qts, RTKIT, "map-clear", 0x100000010ULL);
    qom_set_uint(qts, RTKIT, "map-set", 0x8000000000000040ULL);
    run(qts);
    expect(qts, MGMT, HELLO);
    ap_send(qts, MGMT, HELLO_ACK);
    expect(qts, MGMT, 0x008000000000014fULL);
    ap_send(qts, MGMT, MAP0_REPLY);
    expect(qts, MGMT, 0x0088000180000000ULL);
    ap_send(qts, MGMT, MAP1_REPLY);
    ap_send(qts, MGMT, STARTEP(0x3f));
    ap_send(qts, MGMT, STARTEP(0x06));
    start_endpoint(qts, CRASHLOG);
    reply(qts, CRASHLOG);
    settle(qts);
    judge_expect_none(qts);
    ap_send(qts, MGMT, STARTEP(IOREPORT));
    settle(qts);
    judge_expect(qts, "rtkit-message", 1);
    /* the firmware cannot do without, which is not the driver's fault */
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    expect_state(qts, "crashed");
    stop(qts);
}

/* Start the endpoints up to @endpoint, whose request is @message. */
static QTestState *start_odd_buffer(uint8_t endpoint, uint32_t pages,
                                    uint32_t requests, uint64_t message)
{
    QTestState *qts = start("");

    qom_set_uint(qts, RTKIT, "buffer-endpoint", endpoint);
    qom_set_uint(qts, RTKIT, "buffer-pages", pages);
    qom_set_uint(qts, RTKIT, "buffer-requests", requests);
    run(qts);
    hello_to_map(qts);
    ap_send(qts, MGMT, STARTEP(endpoint));
    for (uint32_t i = 0; i < requests; i++) {
        expect(qts, endpoint, message);
    }
    return qts;
}

/* Verifies buffers of no size, of which nothing is used. */
static void test_buffer_none(void)
{
    QTestState *qts = start_odd_buffer(CRASHLOG, 0, 1, 0x0010000000000000ULL);

    ap_send(qts, CRASHLOG, 0x0010000000000000ULL);
    start_endpoint(qts, SYSLOG);
    start_endpoint(qts, IOREPORT);
    reply(qts, SYSLOG);
    reply(qts, IOREPORT);
    answer_ioreport(qts);
    expect(qts, MGMT, IOP_ACK_ON);
    power_ap_on(qts);
    /* it dies without a log, and without an access to memory */
    qom_set_str(qts, RTKIT, "crash", "now");
    expect_silence(qts);
    expect_state(qts, "crashed");
    stop(qts);

    /* who refuses it is not blamed for what the firmware then does */
    qts = start_odd_buffer(CRASHLOG, 0, 1, 0x0010000000000000ULL);
    start_endpoint(qts, IOREPORT);
    reply(qts, IOREPORT);
    answer_ioreport(qts);
    expect_silence(qts);
    expect_state(qts, "crashed");
    stop(qts);

    qts = start_odd_buffer(SYSLOG, 0, 1, 0x0010000000000000ULL);
    ap_send(qts, SYSLOG, 0x0010000000000000ULL);
    settle(qts);
    stop(qts);
}

/* Verifies a large buffer, whose both ends are touched. */
static void test_buffer_large(void)
{
    QTestState *qts = start_odd_buffer(SYSLOG, 255, 1, 0x001ff00000000000ULL);
    uint64_t last = BUFFERS + 0xff000 - 8;

    qtest_writeq(qts, BUFFERS, 1);
    qtest_writeq(qts, last, 1);
    qtest_writel(qts, SART_PADDR(15), BUFFERS >> 12);
    qtest_writel(qts, SART_CONFIG(15), 0xff0000ff);
    ap_send(qts, SYSLOG, 0x001ff00000000000ULL | BUFFERS);
    settle(qts);
    g_assert_cmphex(qtest_readq(qts, BUFFERS), ==, 0);
    g_assert_cmphex(qtest_readq(qts, last), ==, 0);
    stop(qts);

    qts = start_odd_buffer(OSLOG, 255, 1, 0x01ff000000000000ULL);
    stop(qts);
}

/* Verifies a request that comes more than once, and may be answered so. */
static void test_buffer_repeated(void)
{
    QTestState *qts = start_odd_buffer(CRASHLOG, 4, 2, REQUEST);

    reply(qts, CRASHLOG);
    allow(qts, DEBUG);
    ap_send(qts, CRASHLOG, REQUEST | BUFFER(DEBUG));
    settle(qts);
    judge_expect_none(qts);
    ap_send(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    settle(qts);
    judge_expect(qts, "rtkit-buffer", 1);
    /* the last one counts */
    qom_set_str(qts, RTKIT, "crash", "now");
    expect(qts, CRASHLOG, REQUEST | BUFFER(DEBUG));
    stop(qts);
}

/* Verifies messages that mean nothing, and that they may be echoed. */
static void test_garbage(void)
{
    static const uint64_t garbage[] = {
        0x03f0000000000000ULL, 0x005fffffffffffffULL, 0x008fffffffffffffULL,
        0x00cfffffffffffffULL,
    };
    QTestState *qts = start("");

    qtest_qom_set_bool(qts, RTKIT, "garbage-ioreport", true);
    qtest_qom_set_bool(qts, RTKIT, "garbage-syslog", true);
    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    reply(qts, CRASHLOG);
    reply(qts, SYSLOG);
    reply(qts, IOREPORT);
    reply(qts, OSLOG);
    for (int i = 0; i < ARRAY_SIZE(garbage); i++) {
        expect(qts, IOREPORT, garbage[i]);
        ap_send(qts, IOREPORT, garbage[i]);
    }
    answer_ioreport(qts);
    expect(qts, MGMT, IOP_ACK_ON);
    ap_send(qts, MGMT, AP_ON);
    expect(qts, MGMT, AP_ON);
    for (int i = 0; i < ARRAY_SIZE(garbage); i++) {
        expect(qts, SYSLOG, garbage[i]);
        ap_send(qts, SYSLOG, garbage[i]);
    }
    expect(qts, SYSLOG, SYSLOG_INIT);
    settle(qts);
    expect_state(qts, "running");
    stop(qts);
}

/* Verifies that SART can refuse what it allows, without blame. */
static void test_refuse_dma(void)
{
    QTestState *qts = start_booted("");

    qom_set_uint(qts, SART, "refuse-dma", 2);
    qom_set_str(qts, RTKIT, "syslog", "this one passes");
    expect(qts, SYSLOG, SYSLOG_LOG(2));
    ap_send(qts, SYSLOG, SYSLOG_LOG(2));
    settle(qts);
    qom_set_str(qts, RTKIT, "syslog", "this one does not");
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    expect_state(qts, "crashed");
    g_assert_cmpuint(qom_get_uint(qts, SART, "fault-count"), ==, 1);
    g_assert_cmpuint(qom_get_uint(qts, SART, "refuse-dma"), ==, 0);
    stop(qts);
}

/* Odd crash logs */

/* Crash with this fault, and read what is in the buffer. */
static QTestState *crash_with(const char *fault, CrashLog *log)
{
    QTestState *qts = start_booted("");

    qom_expect_str(qts, RTKIT, "crashlog-fault", "");
    qom_set_str(qts, RTKIT, "crashlog-fault", fault);
    qom_expect_str(qts, RTKIT, "crashlog-fault", fault);
    qtest_memset(qts, BUFFER(CRASHLOG) - 16, 0xee, BUFFER_SIZE + 32);
    qom_set_str(qts, RTKIT, "crash", "now");
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    for (int i = 1; i <= 16; i++) {
        g_assert_cmphex(qtest_readb(qts, BUFFER(CRASHLOG) - i), ==, 0xee);
        g_assert_cmphex(qtest_readb(qts, BUFFER(CRASHLOG) + BUFFER_SIZE - 1
                                         + i), ==, 0xee);
    }
    qtest_memread(qts, BUFFER(CRASHLOG), log->data, sizeof(log->data));
    g_assert_cmpmem(log->data, 4, "EHLC", 4);
    log->size = ldl_le_p(log->data + 8);
    return qts;
}

/* The length that the first section named @code claims, or UINT32_MAX */
static uint32_t claimed_length(const CrashLog *log, const char *code)
{
    for (uint32_t i = 0x20; i + 16 <= log->size; i += 8) {
        if (!memcmp(log->data + i, code, 4)) {
            return ldl_le_p(log->data + i + 12);
        }
    }
    return UINT32_MAX;
}

/* Verifies the lengths that are wrong, and that the rest is as ever. */
static void test_crashlog_lengths(void)
{
    static const struct {
        const char *fault;
        const char *code;
        uint32_t length;
    } cases[] = {
        { "zero-length", "mitC", 0 },
        { "short-section", "mitC", 8 },
        { "long-section", "rtsC", 0x100000 },
        { "big-count", "xbmC", 0x100000 },
    };
    CrashLog log;

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        QTestState *qts = crash_with(cases[i].fault, &log);

        g_assert_cmpuint(log.size, <, BUFFER_SIZE / 2);
        g_assert_cmpuint(claimed_length(&log, cases[i].code), ==,
                         cases[i].length);
        g_assert_cmpuint(claimed_length(&log, "revC"), >, 16);
        g_assert_cmpuint(claimed_length(&log, "EHLC"), ==, 16);
        stop(qts);
    }
}

/* Verifies a mailbox section that is too short for its own header. */
static void test_crashlog_mailbox(void)
{
    CrashLog log;
    QTestState *qts = crash_with("short-mailbox", &log);
    uint32_t len;

    g_assert_nonnull(crash_section(&log, "xbmC", 2, &len));
    g_assert_cmpuint(len, ==, 8);
    g_assert_null(crash_section(&log, "xbmC", 3, &len));
    stop(qts);
}

/* Verifies the logs that fill the buffer and have no end. */
static void test_crashlog_no_end(void)
{
    static const uint8_t letters[] = "AAAAAAAAAAAAAAA";
    CrashLog log;
    QTestState *qts = crash_with("unterminated", &log);
    const uint8_t *last = log.data + BUFFER_SIZE;

    g_assert_cmpuint(log.size, ==, BUFFER_SIZE);
    g_assert_cmpmem(last - 15, 15, letters, 15);
    g_assert_cmpuint(claimed_length(&log, "EHLC"), ==, UINT32_MAX);
    stop(qts);

    qts = crash_with("no-end", &log);
    g_assert_cmpuint(log.size, ==, BUFFER_SIZE);
    g_assert_cmpmem(last - 8, 8, "mitC\0\0\0\0", 8);
    g_assert_cmpmem(last - 23, 15, letters, 15);
    g_assert_cmpuint(claimed_length(&log, "EHLC"), ==, UINT32_MAX);
    g_assert_false(qom_try_set_str(qts, RTKIT, "crashlog-fault", "other"));
    qom_expect_str(qts, RTKIT, "crashlog-fault", "no-end");
    stop(qts);
}

/* Odd syslogs */

/* To the power ack; the knobs are set before. */
static QTestState *start_syslog(uint32_t size, uint32_t entries,
                                uint32_t inits)
{
    QTestState *qts = start("");

    qom_set_uint(qts, RTKIT, "syslog-size", size);
    qom_set_uint(qts, RTKIT, "syslog-entries", entries);
    qom_set_uint(qts, RTKIT, "syslog-inits", inits);
    run(qts);
    to_power_ack(qts);
    ap_send(qts, MGMT, AP_ON);
    expect(qts, MGMT, AP_ON);
    return qts;
}

static void expect_init(QTestState *qts, uint64_t size, uint32_t entries)
{
    expect(qts, SYSLOG, 0x0080000000000000ULL | size << 24 | entries);
}

static void expect_and_echo(QTestState *qts, uint32_t index)
{
    expect(qts, SYSLOG, SYSLOG_LOG(index));
    ap_send(qts, SYSLOG, SYSLOG_LOG(index));
    settle(qts);
}

/* Verifies entries without text. */
static void test_syslog_no_text(void)
{
    QTestState *qts = start_syslog(0, 32, 1);
    char entry[0x20];

    expect_init(qts, 0, 32);
    expect_and_echo(qts, 0);
    expect_and_echo(qts, 1);
    qom_set_str(qts, RTKIT, "syslog", "not to be seen");
    expect_and_echo(qts, 2);
    qtest_memread(qts, BUFFER(SYSLOG) + 2 * 0x20, entry, sizeof(entry));
    g_assert_cmpstr(entry + 8, ==, "knob");
    /* the next entry is free */
    g_assert_cmphex(qtest_readq(qts, BUFFER(SYSLOG) + 3 * 0x20 + 8), ==, 0);
    stop(qts);
}

/* Verifies that text is cut to the announced size. */
static void test_syslog_small(void)
{
    QTestState *qts = start_syslog(5, 2, 1);
    char entry[0x25];

    expect_init(qts, 5, 2);
    expect_and_echo(qts, 0);
    expect_and_echo(qts, 1);
    qom_set_str(qts, RTKIT, "syslog", "abcdefgh");
    expect_and_echo(qts, 0);
    qtest_memread(qts, BUFFER(SYSLOG), entry, sizeof(entry));
    g_assert_cmpstr(entry + 0x20, ==, "abcd");
    stop(qts);
}

/* Verifies that no entry is written beyond the buffer. */
static void test_syslog_large(void)
{
    const uint64_t stride = 0x20 + 255;
    QTestState *qts = start_syslog(255, 255, 1);
    char entry[0x20 + 255];

    qtest_memset(qts, BUFFER(SYSLOG) + BUFFER_SIZE, 0xee, 0x8000);
    expect_init(qts, 255, 255);
    expect_and_echo(qts, 0);
    expect_and_echo(qts, 1);
    for (int i = 2; i < 256; i++) {
        g_autofree char *text = g_strnfill(300, 'a' + i % 26);

        qom_set_str(qts, RTKIT, "syslog", text);
        expect_and_echo(qts, i % 255);
    }
    qtest_memread(qts, BUFFER(SYSLOG) + 56 * stride, entry, sizeof(entry));
    g_assert_cmpint(entry[0x20], ==, 'a' + 56 % 26);
    g_assert_cmpint(entry[0x20 + 253], ==, 'a' + 56 % 26);
    g_assert_cmpint(entry[0x20 + 254], ==, 0);
    for (int i = 0; i < 0x8000; i += 8) {
        g_assert_cmphex(qtest_readq(qts, BUFFER(SYSLOG) + BUFFER_SIZE + i),
                        ==, 0xeeeeeeeeeeeeeeeeULL);
    }
    expect_state(qts, "running");
    stop(qts);
}

/* Verifies that with no entries the first is used. */
static void test_syslog_no_entries(void)
{
    QTestState *qts = start_syslog(128, 0, 1);

    expect_init(qts, 128, 0);
    expect_and_echo(qts, 0);
    qom_set_str(qts, RTKIT, "syslog", "once more");
    expect_and_echo(qts, 0);
    stop(qts);
}

/* Verifies no INIT, and more than one. */
static void test_syslog_inits(void)
{
    QTestState *qts = start_syslog(128, 32, 0);

    expect_and_echo(qts, 0);
    expect_and_echo(qts, 1);
    stop(qts);

    qts = start_syslog(128, 32, 32);
    for (int i = 0; i < 32; i++) {
        expect_init(qts, 128, 32);
    }
    expect_and_echo(qts, 0);
    expect_and_echo(qts, 1);
    stop(qts);
}

/* Verifies that numbers that no message can carry are refused. */
static void test_limits(void)
{
    static const struct {
        const char *name;
        uint32_t max;
    } knobs[] = {
        { "hellos", 8 },
        { "buffer-pages", 255 },
        { "buffer-requests", 8 },
        { "syslog-size", 255 },
        { "syslog-entries", 255 },
        { "syslog-inits", 32 },
    };
    QTestState *qts = start("");

    for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
        QDict *rsp;

        qom_set_uint(qts, RTKIT, knobs[i].name, knobs[i].max);
        rsp = qtest_qmp(qts, "{ 'execute': 'qom-set', 'arguments': "
                        "{ 'path': %s, 'property': %s, 'value': %u } }",
                        RTKIT, knobs[i].name, knobs[i].max + 1);
        g_assert_true(qdict_haskey(rsp, "error"));
        qobject_unref(rsp);
        g_assert_cmpuint(qom_get_uint(qts, RTKIT, knobs[i].name), ==,
                         knobs[i].max);
    }
    stop(qts);
}

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    { "drop-hello", test_drop_hello },
    { "boots", test_boots },
    { "boot-status-low", test_boot_status_low },
    { "no-acks", test_no_acks },
    { "extra-endpoint", test_extra_endpoint },
    { "protocol", test_protocol },
    { "preset-buffer", test_preset_buffer },
    { "slow", test_slow },
    { "crash-at-message", test_crash_at_message },
    { "hello-ns", test_hello_ns },
    { "hellos", test_hellos },
    { "map", test_map },
    { "buffer-none", test_buffer_none },
    { "buffer-large", test_buffer_large },
    { "buffer-repeated", test_buffer_repeated },
    { "garbage", test_garbage },
    { "refuse-dma", test_refuse_dma },
    { "crashlog-lengths", test_crashlog_lengths },
    { "crashlog-mailbox", test_crashlog_mailbox },
    { "crashlog-no-end", test_crashlog_no_end },
    { "syslog-no-text", test_syslog_no_text },
    { "syslog-small", test_syslog_small },
    { "syslog-large", test_syslog_large },
    { "syslog-no-entries", test_syslog_no_entries },
    { "syslog-inits", test_syslog_inits },
    { "limits", test_limits },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(tests); i++) {
        g_autofree char *path = g_strdup_printf("/apple-rtkit/%s",
                                                tests[i].name);

        qtest_add_func(path, tests[i].run);
    }
    return g_test_run();
}
