/*
 * QTest testcase for the Apple RTKit firmware model
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "apple-rtkit.h"

/* The start */

/* Verifies that a stopped firmware says nothing. */
static void test_stopped(void)
{
    QTestState *qts = start("");

    expect_state(qts, "stopped");
    expect_silence(qts);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    stop(qts);
}

/* Verifies the start message by message, and when BOOT_STATUS turns good. */
static void test_handshake(void)
{
    QTestState *qts = start("");

    run(qts);
    expect_state(qts, "hello");
    to_power_ack(qts);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    settle(qts);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, BOOT_OK);
    power_ap_on(qts);
    expect_silence(qts);
    stop(qts);
}

/* Verifies that the old firmware starts alike, but wants no oslog buffer. */
static void test_handshake_old(void)
{
    QTestState *qts = start(",firmware=old");

    run(qts);
    hello_to_map(qts);
    ap_send(qts, MGMT, STARTEP(OSLOG));
    start_endpoint(qts, CRASHLOG);
    start_endpoint(qts, SYSLOG);
    start_endpoint(qts, DEBUG);
    start_endpoint(qts, IOREPORT);
    reply(qts, CRASHLOG);
    reply(qts, SYSLOG);
    reply(qts, IOREPORT);
    answer_ioreport(qts);
    expect(qts, MGMT, IOP_ACK_ON);
    settle(qts);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, BOOT_OK);
    power_ap_on(qts);
    judge_expect_none(qts);
    stop(qts);
}

/* Verifies that each step waits for the answer to the one before. */
static void test_waits(void)
{
    QTestState *qts = start("");

    run(qts);
    expect(qts, MGMT, HELLO);
    expect_silence(qts);
    ap_send(qts, MGMT, HELLO_ACK);
    expect(qts, MGMT, MAP0);
    expect_silence(qts);
    expect_state(qts, "map");
    ap_send(qts, MGMT, MAP0_REPLY);
    expect(qts, MGMT, MAP1);
    expect_silence(qts);
    stop(qts);
}

/* Verifies that a wake message before HELLO gives no second HELLO. */
static void test_early_wake(void)
{
    QTestState *qts = start("");

    run(qts);
    ap_send(qts, MGMT, IOP_ON);
    boot(qts);
    stop(qts);
}

/* Verifies U-Boot's way: few endpoints, AP power never touched. */
static void test_u_boot(void)
{
    static const uint8_t endpoint[] = { CRASHLOG, IOREPORT, OSLOG };
    QTestState *qts = start("");

    run(qts);
    ap_send(qts, MGMT, IOP_ON);
    hello_to_map(qts);
    for (int i = 0; i < ARRAY_SIZE(endpoint); i++) {
        start_endpoint(qts, endpoint[i]);
    }
    ap_send(qts, MGMT, STARTEP(APP));
    for (int i = 0; i < ARRAY_SIZE(endpoint); i++) {
        reply(qts, endpoint[i]);
    }
    answer_ioreport(qts);
    expect(qts, MGMT, IOP_ACK_ON);
    settle(qts);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, BOOT_OK);
    expect_silence(qts);

    ap_send(qts, MGMT, IOP_SLEEP);
    expect(qts, MGMT, IOP_ACK_SLEEP);
    qtest_writel(qts, CPU_CONTROL, 0);
    pmgr_reset(qts);
    stop(qts);
}

/* Verifies m1n1's way: the oslog request is never answered. */
static void test_no_oslog(void)
{
    QTestState *qts = start("");

    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    reply(qts, CRASHLOG);
    reply(qts, SYSLOG);
    reply(qts, IOREPORT);
    answer_ioreport(qts);
    expect(qts, MGMT, IOP_ACK_ON);
    power_ap_on(qts);
    stop(qts);
}

/* Verifies that firmware 2026 dies without crashlog or ioreport buffers. */
static void test_missing_buffers_2026(void)
{
    static const uint8_t endpoint[] = { CRASHLOG, IOREPORT };

    for (int i = 0; i < ARRAY_SIZE(endpoint); i++) {
        QTestState *qts = start(",firmware=2026");

        run(qts);
        hello_to_map(qts);
        start_endpoint(qts, endpoint[i]);
        reply(qts, endpoint[i]);
        if (endpoint[i] == IOREPORT) {
            answer_ioreport(qts);
            expect_silence(qts);
        } else {
            expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
        }
        expect_state(qts, "crashed");
        judge_expect(qts, "rtkit-buffer", 1);
        g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
        stop(qts);
    }
}

/* Verifies that the old firmware starts without any buffer. */
static void test_missing_buffers_old(void)
{
    QTestState *qts = start(",firmware=old");

    run(qts);
    hello_to_map(qts);
    start_endpoint(qts, SYSLOG);
    start_endpoint(qts, CRASHLOG);
    expect(qts, MGMT, IOP_ACK_ON);
    settle(qts);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, BOOT_OK);
    stop(qts);
}

/* Verifies that a wrong version choice stops the start. */
static void test_wrong_version(void)
{
    static const uint64_t ack[] = {
        0x00200000000d000dULL,  /* above the range */
        0x00200000000a000aULL,  /* below the range */
        0x00200000000c000bULL,  /* two versions */
    };

    for (int i = 0; i < ARRAY_SIZE(ack); i++) {
        QTestState *qts = start("");

        run(qts);
        expect(qts, MGMT, HELLO);
        ap_send(qts, MGMT, ack[i]);
        expect_silence(qts);
        judge_expect(qts, "rtkit-message", 1);
        expect_state(qts, "hung");
        qtest_writel(qts, CPU_CONTROL, 0);
        pmgr_reset(qts);
        run(qts);
        boot(qts);
        stop(qts);
    }
}

/* Verifies that version 11 may be chosen. */
static void test_version_11(void)
{
    QTestState *qts = start("");

    run(qts);
    expect(qts, MGMT, HELLO);
    ap_send(qts, MGMT, 0x00200000000b000bULL);
    expect(qts, MGMT, MAP0);
    stop(qts);
}

/* Verifies that a map reply that does not fit is ignored and reported. */
static void test_wrong_map_reply(void)
{
    static const uint64_t wrong[] = {
        0x0080000000000000ULL,  /* neither LAST nor MORE */
        0x0088000000000000ULL,  /* LAST too early */
        0x0080000100000001ULL,  /* wrong base */
    };
    QTestState *qts = start("");

    run(qts);
    expect(qts, MGMT, HELLO);
    ap_send(qts, MGMT, HELLO_ACK);
    expect(qts, MGMT, MAP0);
    for (int i = 0; i < ARRAY_SIZE(wrong); i++) {
        ap_send(qts, MGMT, wrong[i]);
        settle(qts);
        judge_expect(qts, "rtkit-message", 1);
    }
    expect_silence(qts);
    ap_send(qts, MGMT, MAP0_REPLY);
    expect(qts, MGMT, MAP1);
    stop(qts);
}

/* One message that is wrong where it is sent */
typedef struct WrongMessage {
    uint8_t endpoint;
    uint64_t msg0;
    const char *rule;
} WrongMessage;

static void try_wrong(QTestState *qts, const WrongMessage *wrong, int n)
{
    for (int i = 0; i < n; i++) {
        g_test_message("endpoint 0x%02x 0x%016" PRIx64, wrong[i].endpoint,
                       wrong[i].msg0);
        ap_send(qts, wrong[i].endpoint, wrong[i].msg0);
        settle(qts);
        judge_expect(qts, wrong[i].rule, 1);
        g_assert_cmphex(qtest_readl(qts, I2A_CONTROL) & EMPTY, ==, EMPTY);
    }
}

/* Verifies what is reported, and not answered, before HELLO is acked. */
static void test_wrong_in_hello(void)
{
    static const WrongMessage wrong[] = {
        { MGMT, MAP0_REPLY, "rtkit-state" },
        { MGMT, STARTEP(1), "rtkit-state" },
        { MGMT, AP_ON, "rtkit-state" },
        { MGMT, IOP_SLEEP, "rtkit-state" },
        { CRASHLOG, REQUEST | BUFFERS, "rtkit-state" },
        { APP, 0, "rtkit-state" },
        { MGMT, 0x0010000000000000ULL, "rtkit-message" },
        { MGMT, 0x0ff0000000000000ULL, "rtkit-message" },
        { MGMT, 0x0060000000000123ULL, "rtkit-message" },
    };
    QTestState *qts = start("");

    run(qts);
    expect(qts, MGMT, HELLO);
    try_wrong(qts, wrong, ARRAY_SIZE(wrong));
    ap_send(qts, MGMT, HELLO_ACK);
    expect(qts, MGMT, MAP0);
    stop(qts);
}

/* Verifies what is reported, and not answered, while endpoints start. */
static void test_wrong_in_started(void)
{
    static const WrongMessage wrong[] = {
        { MGMT, HELLO_ACK, "rtkit-state" },
        { MGMT, MAP1_REPLY, "rtkit-state" },
        { MGMT, STARTEP(0x05), "rtkit-message" },
        { MGMT, STARTEP(0x0a), "rtkit-message" },
        { MGMT, STARTEP(0x21), "rtkit-message" },
        { MGMT, STARTEP(0xff), "rtkit-message" },
        { MGMT, STARTEP(0), "rtkit-message" },
        { MGMT, 0x0050000300000003ULL, "rtkit-message" },
        { MGMT, STARTEP(1), "rtkit-state" },
        { MGMT, AP_ON, "rtkit-state" },
        { DEBUG, 0, "rtkit-message" },
        { IOREPORT, IOREPORT_8, "rtkit-message" },
        { SYSLOG, SYSLOG_LOG(0), "rtkit-message" },
        { OSLOG, 0x0500000000000000ULL, "rtkit-message" },
    };
    QTestState *qts = start("");

    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    try_wrong(qts, wrong, ARRAY_SIZE(wrong));
    stop(qts);
}

/* Verifies what is reported, and not answered, while the firmware runs. */
static void test_wrong_in_running(void)
{
    static const WrongMessage wrong[] = {
        { MGMT, HELLO_ACK, "rtkit-state" },
        { MGMT, 0x00b0000000000123ULL, "rtkit-message" },
        { MGMT, 0x0060000000000123ULL, "rtkit-message" },
        { CRASHLOG, REQUEST | 0x820000000ULL, "rtkit-buffer" },
        { SYSLOG, SYSLOG_LOG(0), "rtkit-message" },
        { SYSLOG, SYSLOG_INIT, "rtkit-message" },
        { SYSLOG, SYSLOG_LOG(200), "rtkit-message" },
        { IOREPORT, IOREPORT_C, "rtkit-message" },
    };
    QTestState *qts = start_booted("");

    try_wrong(qts, wrong, ARRAY_SIZE(wrong));
    expect_state(qts, "running");
    stop(qts);
}

/* Verifies that a ping is answered. */
static void test_ping(void)
{
    QTestState *qts = start_booted("");

    ap_send(qts, MGMT, 0x0030123456789abcULL);
    expect(qts, MGMT, 0x0040123456789abcULL);
    stop(qts);
}

/* Buffers */

/* Verifies each wrong buffer reply, and that a good one still counts. */
static void test_wrong_buffers(void)
{
    static const WrongMessage wrong[] = {
        { CRASHLOG, REQUEST, "rtkit-buffer" },
        { CRASHLOG, REQUEST | (BUFFERS + 0x800), "rtkit-buffer" },
        { CRASHLOG, 0x0010300000000000ULL | BUFFERS, "rtkit-buffer" },
        { CRASHLOG, 0x0010000000000000ULL | BUFFERS, "rtkit-buffer" },
        { CRASHLOG, REQUEST | BUFFERS | BIT_ULL(63), "rtkit-buffer" },
        { OSLOG, OSLOG_REQUEST, "rtkit-buffer" },
        { OSLOG, 0x0103000000000000ULL | BUFFERS >> 12, "rtkit-buffer" },
        { CRASHLOG, 0x0020400000000000ULL | BUFFERS, "rtkit-message" },
    };
    QTestState *qts = start("");

    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    try_wrong(qts, wrong, ARRAY_SIZE(wrong));
    answer_buffers(qts);
    expect(qts, MGMT, IOP_ACK_ON);
    stop(qts);
}

/* Verifies that two buffers at one place are reported. */
static void test_buffer_overlap(void)
{
    QTestState *qts = start("");

    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    reply(qts, CRASHLOG);
    ap_send(qts, SYSLOG, REQUEST | (BUFFER(CRASHLOG) + 0x3000));
    settle(qts);
    judge_expect(qts, "rtkit-buffer", 1);
    stop(qts);
}

/* Verifies that a buffer not allowed in SART kills the firmware. */
static void test_buffer_denied(void)
{
    QTestState *qts = start("");

    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    reply(qts, CRASHLOG);
    ap_send(qts, SYSLOG, REQUEST | BUFFER(SYSLOG));
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    judge_expect(qts, "sart-denied", 1);
    expect_state(qts, "crashed");
    g_assert_cmphex(qom_get_uint(qts, SART, "fault-address"), ==,
                    BUFFER(SYSLOG));
    g_assert_true(qtest_qom_get_bool(qts, SART, "fault-write"));
    stop(qts);
}

/* Verifies that a range allowed one page short is found too. */
static void test_buffer_short(void)
{
    QTestState *qts = start("");

    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    reply(qts, CRASHLOG);
    qtest_writel(qts, SART_PADDR(15), BUFFER(SYSLOG) >> 12);
    qtest_writel(qts, SART_CONFIG(15), 0xff000003);
    ap_send(qts, SYSLOG, REQUEST | BUFFER(SYSLOG));
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    judge_expect(qts, "sart-denied", 1);
    stop(qts);
}

/* ioreport and syslog */

/* Verifies that the firmware waits for the ioreport echo, and for its text. */
static void test_ioreport_echo(void)
{
    QTestState *qts = start("");

    run(qts);
    hello_to_map(qts);
    start_endpoints(qts);
    reply(qts, CRASHLOG);
    reply(qts, SYSLOG);
    reply(qts, IOREPORT);
    expect(qts, IOREPORT, IOREPORT_8);
    ap_send(qts, IOREPORT, IOREPORT_8 + 1);
    settle(qts);
    judge_expect(qts, "rtkit-message", 1);

    expect_silence(qts);
    judge_expect(qts, "rtkit-message", 1);
    expect_state(qts, "hung");
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    stop(qts);
}

static void expect_line(QTestState *qts, int entry, const char *context,
                        const char *text)
{
    uint64_t addr = BUFFER(SYSLOG) + entry * SYSLOG_STRIDE;
    char buf[SYSLOG_STRIDE];

    qtest_memread(qts, addr, buf, sizeof(buf));
    g_assert_cmpmem(buf, 8, "\0\0\0\0\0\0\0\0", 8);
    g_assert_cmpstr(buf + 8, ==, context);
    g_assert_cmpstr(buf + 0x20, ==, text);
    g_assert_cmpint(buf[SYSLOG_STRIDE - 1], ==, 0);
}

/* Verifies the lines of the start, as they lie in the buffer. */
static void test_syslog_boot(void)
{
    QTestState *qts = start_booted("");

    expect_line(qts, 0, "apcie.c:962", "power up done[1]");
    expect_line(qts, 1, "cmd.c:6074", "boot mode normal");
    stop(qts);
}

/* Verifies that entries go round, and that a busy one drops the line. */
static void test_syslog_wrap(void)
{
    QTestState *qts = start_booted("");

    for (int i = 2; i < 34; i++) {
        g_autofree char *text = g_strdup_printf("line %d", i);

        qom_set_str(qts, RTKIT, "syslog", text);
        expect(qts, SYSLOG, SYSLOG_LOG(i % 32));
        expect_line(qts, i % 32, "knob", text);
    }
    qom_set_str(qts, RTKIT, "syslog", "too much");
    expect_silence(qts);
    g_assert_cmpuint(qom_get_uint(qts, RTKIT, "syslog-dropped"), ==, 1);

    ap_send(qts, SYSLOG, SYSLOG_LOG(2));
    settle(qts);
    qom_set_str(qts, RTKIT, "syslog", "again");
    expect(qts, SYSLOG, SYSLOG_LOG(2));
    expect_line(qts, 2, "knob", "again");
    stop(qts);
}

/* Verifies that a line longer than its entry is cut and terminated. */
static void test_syslog_long(void)
{
    g_autofree char *text = g_strnfill(500, 'x');
    g_autofree char *cut = g_strnfill(127, 'x');
    QTestState *qts = start_booted("");

    qom_set_str(qts, RTKIT, "syslog", text);
    expect(qts, SYSLOG, SYSLOG_LOG(2));
    expect_line(qts, 2, "knob", cut);
    stop(qts);
}

/* Verifies that lines never echoed are reported when the firmware sleeps. */
static void test_syslog_no_echo(void)
{
    QTestState *qts = start_booted("");

    qom_set_str(qts, RTKIT, "syslog", "lost");
    expect(qts, SYSLOG, SYSLOG_LOG(2));
    sleep_firmware(qts);
    judge_expect(qts, "rtkit-message", 1);
    stop(qts);
}

/* Verifies that there is no line while the AP side is off or quiesced. */
static void test_syslog_quiet(void)
{
    QTestState *qts = start("");

    run(qts);
    to_power_ack(qts);
    qom_set_str(qts, RTKIT, "syslog", "too early");
    expect_silence(qts);
    power_ap_on(qts);
    ap_send(qts, MGMT, AP_QUIESCED);
    expect(qts, MGMT, AP_QUIESCED);
    qom_set_str(qts, RTKIT, "syslog", "too late");
    expect_silence(qts);
    stop(qts);
}

/* Sleep, wake, stop */

/* Verifies the way down, and that no BOOT_STATUS is left. */
static void test_sleep(void)
{
    QTestState *qts = start_booted("");

    ap_send(qts, MGMT, AP_QUIESCED);
    expect(qts, MGMT, AP_QUIESCED);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, BOOT_OK);
    expect_state(qts, "quiesced");
    ap_send(qts, MGMT, IOP_SLEEP);
    expect(qts, MGMT, IOP_ACK_SLEEP);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    expect_silence(qts);
    qtest_writel(qts, CPU_CONTROL, 0);
    expect_state(qts, "stopped");
    stop(qts);
}

/* Verifies that both wake messages start the sequence from HELLO. */
static void test_wake(void)
{
    static const uint64_t wake[] = { IOP_INIT, IOP_ON };
    QTestState *qts = start_booted("");

    for (int i = 0; i < ARRAY_SIZE(wake); i++) {
        sleep_firmware(qts);
        ap_send(qts, MGMT, wake[i]);
        boot(qts);
    }
    stop(qts);
}

/* Verifies that a sleeping firmware hears nothing but the wake message. */
static void test_deaf_asleep(void)
{
    static const WrongMessage wrong[] = {
        { MGMT, AP_ON, "rtkit-state" },
        { MGMT, STARTEP(1), "rtkit-state" },
        { SYSLOG, SYSLOG_LOG(0), "rtkit-state" },
        { MGMT, IOP_SLEEP, "rtkit-state" },
    };
    QTestState *qts = start_booted("");

    sleep_firmware(qts);
    try_wrong(qts, wrong, ARRAY_SIZE(wrong));
    stop(qts);
}

/* Verifies stop, reset and start as the driver of Linux 7.2 does them. */
static void test_restart(void)
{
    QTestState *qts = start_booted("");

    sleep_firmware(qts);
    qtest_writel(qts, CPU_CONTROL, 0);
    pmgr_reset(qts);
    run(qts);
    boot(qts);
    stop(qts);
}

/* Verifies that a running firmware can be started again with a wake. */
static void test_wake_running(void)
{
    QTestState *qts = start_booted("");

    ap_send(qts, MGMT, IOP_INIT);
    expect(qts, MGMT, HELLO);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    stop(qts);
}

/* Verifies that sleep with the AP side on is reported and cannot be woken. */
static void test_sleep_unquiesced(void)
{
    QTestState *qts = start_booted("");

    ap_send(qts, MGMT, IOP_SLEEP);
    expect(qts, MGMT, IOP_ACK_SLEEP);
    judge_expect(qts, "rtkit-state", 1);
    ap_send(qts, MGMT, IOP_INIT);
    expect_silence(qts);
    expect_state(qts, "hung");
    stop(qts);
}

/* Verifies that power state OFF is reported, answered, and final. */
static void test_power_state_off(void)
{
    QTestState *qts = start_booted("");

    ap_send(qts, MGMT, 0x00b0000000000000ULL);
    expect(qts, MGMT, 0x00b0000000000000ULL);
    judge_expect(qts, "rtkit-state", 1);
    ap_send(qts, MGMT, 0x0060000000000000ULL);
    expect(qts, MGMT, 0x0070000000000000ULL);
    judge_expect(qts, "rtkit-state", 1);
    expect_state(qts, "off");
    ap_send(qts, MGMT, IOP_INIT);
    expect_silence(qts);
    qtest_writel(qts, CPU_CONTROL, 0);
    disallow_all(qts);
    pmgr_reset(qts);
    run(qts);
    boot(qts);
    stop(qts);
}

/* Verifies that clearing RUN is reported in every state that can answer. */
static void test_run_cleared(void)
{
    QTestState *qts = start("");

    run(qts);
    qtest_writel(qts, CPU_CONTROL, 0);
    judge_expect(qts, "asc-run", 1);
    run(qts);
    expect_silence(qts);
    pmgr_reset(qts);

    run(qts);
    hello_to_map(qts);
    qtest_writel(qts, CPU_CONTROL, 0);
    judge_expect(qts, "asc-run", 1);
    pmgr_reset(qts);

    run(qts);
    boot(qts);
    qtest_writel(qts, CPU_CONTROL, 0);
    judge_expect(qts, "asc-run", 1);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    expect_silence(qts);
    pmgr_reset(qts);
    disallow_all(qts);
    run(qts);
    boot(qts);
    stop(qts);
}

/* Verifies that a reset is reported while running, not while starting. */
static void test_reset_running(void)
{
    QTestState *qts = start("");

    run(qts);
    hello_to_map(qts);
    pmgr_reset(qts);
    judge_expect_none(qts);
    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, 0);

    run(qts);
    boot(qts);
    pmgr_reset(qts);
    judge_expect(qts, "pmgr-reset", 1);
    expect_silence(qts);

    disallow_all(qts);
    run(qts);
    boot(qts);
    qtest_writel(qts, PMGR_ANS2, 0);
    judge_expect(qts, "pmgr-reset", 1);
    stop(qts);
}

/* Verifies that a reset of the machine is never a violation. */
static void test_machine_reset(void)
{
    QTestState *qts = start_booted("");

    qtest_system_reset(qts);
    expect_state(qts, "stopped");
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    run(qts);
    boot(qts);
    stop(qts);
}

/* The link of the NAND */

/* Verifies that a start without the link is reported, and goes on. */
static void test_link_start(void)
{
    static const uint32_t off[] = { 0, PS_CLOCK_OFF };
    QTestState *qts = start("");

    for (int i = 0; i < ARRAY_SIZE(off); i++) {
        qtest_writel(qts, PMGR_APCIE_ST, off[i]);
        judge_expect_none(qts);
        run(qts);
        judge_expect(qts, "pmgr-link", 1);
        boot(qts);
        sleep_firmware(qts);
        qtest_writel(qts, CPU_CONTROL, 0);
    }
    stop(qts);
}

/* Verifies the same for a wake. */
static void test_link_wake(void)
{
    QTestState *qts = start_booted("");

    sleep_firmware(qts);
    qtest_writel(qts, PMGR_APCIE_ST, 0);
    judge_expect_none(qts);
    ap_send(qts, MGMT, IOP_INIT);
    boot(qts);
    judge_expect(qts, "pmgr-link", 1);
    stop(qts);
}

static void drop_link(QTestState *qts, uint32_t state)
{
    qtest_writel(qts, PMGR_APCIE_ST, state);
    judge_expect(qts, "pmgr-link", 1);
    /* it was off already */
    qtest_writel(qts, PMGR_APCIE_ST, 0);
    qtest_writel(qts, PMGR_APCIE_ST, PS_ON);
    judge_expect_none(qts);
}

/* Verifies that the link may not go off under a firmware that is awake. */
static void test_link_off(void)
{
    QTestState *qts = start("");

    run(qts);
    drop_link(qts, 0);
    boot(qts);
    drop_link(qts, PS_CLOCK_OFF);
    ap_send(qts, MGMT, AP_QUIESCED);
    expect(qts, MGMT, AP_QUIESCED);
    drop_link(qts, 0);
    stop(qts);
}

/* Verifies what is no violation: both domains off, as in system sleep. */
static void test_link_sleep(void)
{
    QTestState *qts = start("");

    qtest_writel(qts, PMGR_APCIE_ST, 0);
    qtest_writel(qts, PMGR_APCIE_ST, PS_ON);
    run(qts);
    boot(qts);
    sleep_firmware(qts);
    qtest_writel(qts, PMGR_APCIE_ST, 0);
    qtest_writel(qts, PMGR_APCIE_ST, PS_ON);
    ap_send(qts, MGMT, IOP_INIT);
    boot(qts);
    sleep_firmware(qts);
    qtest_writel(qts, CPU_CONTROL, 0);
    qtest_writel(qts, PMGR_APCIE_ST, 0);
    qtest_writel(qts, PMGR_ANS2, 0);
    qtest_writel(qts, PMGR_ANS2, PS_ON);
    qtest_writel(qts, PMGR_APCIE_ST, PS_ON);
    run(qts);
    boot(qts);
    stop(qts);
}

/* Verifies that a dead firmware needs no link. */
static void test_link_dead(void)
{
    QTestState *qts = start_booted("");

    qom_set_str(qts, RTKIT, "crash", "now");
    qtest_writel(qts, PMGR_APCIE_ST, 0);
    qtest_writel(qts, PMGR_APCIE_ST, PS_ON);
    pmgr_reset(qts);
    disallow_all(qts);

    qtest_qom_set_bool(qts, RTKIT, "drop-hello", true);
    run(qts);
    expect_silence(qts);
    expect_state(qts, "hung");
    qtest_writel(qts, PMGR_APCIE_ST, 0);
    stop(qts);
}

/* Verifies that a reset of the machine just switches the link on. */
static void test_link_machine_reset(void)
{
    static const char *const options[] = {
        "", ",handover=asleep", ",handover=running",
    };

    for (int i = 0; i < ARRAY_SIZE(options); i++) {
        QTestState *qts = start(options[i]);
        bool awake = strstr(options[i], "running");

        for (int round = 0; round < 2; round++) {
            qtest_writel(qts, PMGR_APCIE_ST, 0);
            judge_expect(qts, "pmgr-link", awake);
            qtest_system_reset(qts);
            judge_expect_none(qts);
            if (options[i][0]) {
                ap_send(qts, MGMT, IOP_INIT);
            } else {
                run(qts);
            }
            boot(qts);
            awake = true;
        }
        stop(qts);
    }
}

/* Verifies the hand-over of a sleeping firmware, also after a reboot. */
static void test_handover_asleep(void)
{
    QTestState *qts = start(",handover=asleep");

    for (int i = 0; i < 2; i++) {
        g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, RUN);
        expect_state(qts, "asleep");
        g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
        expect_silence(qts);
        ap_send(qts, MGMT, IOP_INIT);
        boot(qts);
        qtest_system_reset(qts);
    }
    stop(qts);
}

/* Verifies that Linux 6.12's way with a sleeping firmware is clean. */
static void test_handover_asleep_stop(void)
{
    QTestState *qts = start(",handover=asleep");

    qtest_writel(qts, CPU_CONTROL, 0);
    pmgr_reset(qts);
    run(qts);
    boot(qts);
    stop(qts);
}

/* Verifies the hand-over of a running firmware, and both ways from there. */
static void test_handover_running(void)
{
    QTestState *qts = start(",handover=running");

    g_assert_cmphex(qtest_readl(qts, CPU_CONTROL), ==, RUN);
    expect_state(qts, "running");
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, BOOT_OK);
    expect_silence(qts);
    ap_send(qts, MGMT, IOP_INIT);
    boot(qts);

    qtest_system_reset(qts);
    sleep_firmware(qts);
    stop(qts);
}

/* Crash */

/* Verifies the crash message, the log in the buffer, and the silence. */
static void test_crash(void)
{
    QTestState *qts = start_booted("");
    const uint8_t *p;
    CrashLog log;
    uint32_t len;

    qtest_memset(qts, BUFFER(CRASHLOG), 0xee, BUFFER_SIZE);
    qom_set_str(qts, RTKIT, "crash", "flux capacitor empty");
    expect_state(qts, "crashed");
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, 0);
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));

    read_crash_log(qts, &log);
    p = crash_section(&log, "rtsC", 0, &len);
    g_assert_nonnull(p);
    g_assert_nonnull(memchr(p + 4, 0, len - 4));
    g_assert_cmpstr((char *)p + 4, ==, "ANS2 panic: flux capacitor empty");
    p = crash_section(&log, "revC", 0, &len);
    g_assert_nonnull(p);
    g_assert_nonnull(memchr(p + 16, 0, len - 16));
    g_assert_nonnull(crash_section(&log, "mitC", 0, &len));
    g_assert_cmpuint(len, ==, 8);
    g_assert_nonnull(crash_section(&log, "8grC", 0, &len));
    g_assert_cmpuint(len, ==, 0x350);
    g_assert_null(crash_section(&log, "CsaC", 0, &len));

    /* 16 zero bytes after the end: Linux looks that far */
    for (int i = 0; i < 16; i++) {
        g_assert_cmphex(log.data[log.size + i], ==, 0);
    }

    ap_send(qts, MGMT, AP_QUIESCED);
    expect_silence(qts);
    stop(qts);
}

/* Verifies that the log ends with the last messages of both directions. */
static void test_crash_mailbox(void)
{
    QTestState *qts = start_booted("");
    const uint8_t *p;
    CrashLog log;
    uint32_t len;

    ap_send(qts, MGMT, 0x0030123456789abcULL);
    expect(qts, MGMT, 0x0040123456789abcULL);
    qom_set_str(qts, RTKIT, "crash", "now");
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    read_crash_log(qts, &log);

    for (int direction = 0; direction < 2; direction++) {
        /* the last 16 of 18 from the AP, all 15 to the AP */
        uint32_t entries = direction ? 15 : 16;
        const uint8_t *last;

        p = crash_section(&log, "xbmC", direction, &len);
        g_assert_nonnull(p);
        g_assert_cmpuint(ldl_le_p(p + 0x10), ==, direction);
        g_assert_cmpuint((len - 0x1c) / 0x18, ==, entries);
        last = p + 0x1c + (entries - 1) * 0x18;
        g_assert_cmphex(ldq_le_p(last), ==, direction ?
                        0x0040123456789abcULL : 0x0030123456789abcULL);
        g_assert_cmphex(ldq_le_p(last + 8), ==, MGMT);
    }
    stop(qts);
}

/* Verifies that a PMGR reset brings a crashed firmware back. */
static void test_crash_recovery(void)
{
    QTestState *qts = start_booted("");

    qom_set_str(qts, RTKIT, "crash", "now");
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    qtest_writel(qts, CPU_CONTROL, 0);
    pmgr_reset(qts);
    disallow_all(qts);
    run(qts);
    boot(qts);
    stop(qts);
}

/* Verifies that firmware which is not awake cannot crash. */
static void test_crash_asleep(void)
{
    QTestState *qts = start("");

    g_assert_false(qom_try_set_str(qts, RTKIT, "crash", "now"));
    expect_state(qts, "stopped");
    run(qts);
    boot(qts);
    sleep_firmware(qts);
    g_assert_false(qom_try_set_str(qts, RTKIT, "crash", "now"));
    expect_state(qts, "asleep");
    stop(qts);
}

/* Verifies that a stray DMA is refused, reported and in the log. */
static void test_stray_dma(void)
{
    QTestState *qts = start_booted("");
    const uint8_t *p;
    CrashLog log;
    uint32_t len;

    qtest_memset(qts, 0x820000000ULL, 0x11, 16);
    qom_set_uint(qts, RTKIT, "stray-dma", 0x820000000ULL);
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    judge_expect(qts, "sart-denied", 1);
    g_assert_cmphex(qtest_readq(qts, 0x820000000ULL), ==,
                    0x1111111111111111ULL);
    read_crash_log(qts, &log);
    p = crash_section(&log, "8grC", 0, &len);
    g_assert_nonnull(p);
    /* FAR follows two words, 37 registers and 64 unknown ones */
    g_assert_cmphex(ldq_le_p(p + 8 + 37 * 8 + 64 * 8), ==, 0x820000000ULL);
    stop(qts);
}

/* Migration */

static void wait_for_migration(QTestState *qts)
{
    for (;;) {
        QDict *rsp = qtest_qmp(qts, "{ 'execute': 'query-migrate' }");
        QDict *info = qdict_get_qdict(rsp, "return");
        g_autofree char *status = g_strdup(qdict_haskey(info, "status") ?
                                           qdict_get_str(info, "status") : "");

        qobject_unref(rsp);
        g_assert_cmpstr(status, !=, "failed");
        if (!strcmp(status, "completed")) {
            return;
        }
        g_usleep(10 * 1000);
    }
}

/* Moves the machine to a new QEMU and returns that. */
static QTestState *migrate(QTestState *from)
{
    g_autofree char *path = NULL;
    g_autofree char *uri = NULL;
    QTestState *to;
    int fd;

    fd = g_file_open_tmp("apple-rtkit-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    uri = g_strdup_printf("file:%s", path);
    qtest_qmp_assert_success(from, "{ 'execute': 'migrate', 'arguments': "
                             "{ 'uri': %s } }", uri);
    wait_for_migration(from);
    qtest_quit(from);
    to = qtest_initf("-M apple-j274 -m 1G -incoming %s", uri);
    wait_for_migration(to);
    unlink(path);
    return to;
}

/* Verifies that a start goes on after migration, whatever was under way. */
static void test_migrate(void)
{
    QTestState *qts = start("");

    /* HELLO is due */
    run(qts);
    qts = migrate(qts);
    expect_state(qts, "hello");
    expect(qts, MGMT, HELLO);

    /* a message is in A2I, and the answer is due */
    ap_send(qts, MGMT, HELLO_ACK);
    qts = migrate(qts);
    /* qtest's clock starts again at 0, the timers do not */
    qtest_clock_step(qts, 1000 * MS);
    expect_state(qts, "map");

    /* a message is in I2A */
    qts = migrate(qts);
    expect(qts, MGMT, MAP0);
    ap_send(qts, MGMT, MAP0_REPLY);
    expect(qts, MGMT, MAP1);
    ap_send(qts, MGMT, MAP1_REPLY);

    /* buffers are known, the knobs too */
    start_endpoints(qts);
    answer_buffers(qts);
    expect(qts, MGMT, IOP_ACK_ON);
    power_ap_on(qts);
    qtest_qom_set_bool(qts, RTKIT, "extra-endpoint", true);
    qts = migrate(qts);
    g_assert_cmphex(qtest_readl(qts, BOOT_STATUS), ==, BOOT_OK);
    g_assert_true(qtest_qom_get_bool(qts, RTKIT, "extra-endpoint"));
    qom_set_str(qts, RTKIT, "crash", "after migration");
    expect(qts, CRASHLOG, REQUEST | BUFFER(CRASHLOG));
    stop(qts);
}

/* Verifies that a link that is off stays off across a migration. */
static void test_link_migrate(void)
{
    QTestState *qts = start("");

    qtest_writel(qts, PMGR_APCIE_ST, 0);
    qts = migrate(qts);
    judge_expect_none(qts);
    run(qts);
    judge_expect(qts, "pmgr-link", 1);
    stop(qts);
}

/* Verifies that random messages to a running firmware leave QEMU alive. */
static void test_random(void)
{
    QTestState *qts = start_booted("");
    GRand *rand = g_rand_new_with_seed(0x8d5);

    for (int i = 0; i < 4000; i++) {
        uint64_t value = (uint64_t)g_rand_int(rand) << 32 | g_rand_int(rand);
        uint32_t r = g_rand_int(rand);

        if (r & 1) {
            value &= 0x00ff00ff00000fffULL;
        }
        if (r & 2) {
            value = deposit64(value, 52, 12, r >> 8 & 0xf);
        }
        ap_send(qts, r & 4 ? 0 : r >> 16 & 0x2f, value);
        qtest_clock_step(qts, 2 * MS);
        while (!(qtest_readl(qts, I2A_CONTROL) & EMPTY)) {
            qtest_readq(qts, I2A_RECV0);
            qtest_readq(qts, I2A_RECV1);
        }
        if (i % 100 == 99) {
            pmgr_reset(qts);
            run(qts);
        }
    }
    g_rand_free(rand);
    qtest_quit(qts);
}

static const struct {
    const char *name;
    void (*fn)(void);
} tests[] = {
    { "stopped", test_stopped },
    { "handshake", test_handshake },
    { "handshake-old", test_handshake_old },
    { "waits", test_waits },
    { "early-wake", test_early_wake },
    { "u-boot", test_u_boot },
    { "no-oslog", test_no_oslog },
    { "missing-buffers-2026", test_missing_buffers_2026 },
    { "missing-buffers-old", test_missing_buffers_old },
    { "wrong-version", test_wrong_version },
    { "version-11", test_version_11 },
    { "wrong-map-reply", test_wrong_map_reply },
    { "wrong-in-hello", test_wrong_in_hello },
    { "wrong-in-started", test_wrong_in_started },
    { "wrong-in-running", test_wrong_in_running },
    { "ping", test_ping },
    { "wrong-buffers", test_wrong_buffers },
    { "buffer-overlap", test_buffer_overlap },
    { "buffer-denied", test_buffer_denied },
    { "buffer-short", test_buffer_short },
    { "ioreport-echo", test_ioreport_echo },
    { "syslog-boot", test_syslog_boot },
    { "syslog-wrap", test_syslog_wrap },
    { "syslog-long", test_syslog_long },
    { "syslog-no-echo", test_syslog_no_echo },
    { "syslog-quiet", test_syslog_quiet },
    { "sleep", test_sleep },
    { "wake", test_wake },
    { "deaf-asleep", test_deaf_asleep },
    { "restart", test_restart },
    { "wake-running", test_wake_running },
    { "sleep-unquiesced", test_sleep_unquiesced },
    { "power-state-off", test_power_state_off },
    { "run-cleared", test_run_cleared },
    { "reset-running", test_reset_running },
    { "machine-reset", test_machine_reset },
    { "link-start", test_link_start },
    { "link-wake", test_link_wake },
    { "link-off", test_link_off },
    { "link-sleep", test_link_sleep },
    { "link-dead", test_link_dead },
    { "link-machine-reset", test_link_machine_reset },
    { "handover-asleep", test_handover_asleep },
    { "handover-asleep-stop", test_handover_asleep_stop },
    { "handover-running", test_handover_running },
    { "crash", test_crash },
    { "crash-mailbox", test_crash_mailbox },
    { "crash-recovery", test_crash_recovery },
    { "crash-asleep", test_crash_asleep },
    { "stray-dma", test_stray_dma },
    { "migrate", test_migrate },
    { "link-migrate", test_link_migrate },
    { "random", test_random },
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    for (int i = 0; i < ARRAY_SIZE(tests); i++) {
        g_autofree char *path = g_strdup_printf("/apple-rtkit/%s",
                                                tests[i].name);

        qtest_add_func(path, tests[i].fn);
    }

    return g_test_run();
}
