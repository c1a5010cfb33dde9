/*
 * QTest testcase for the Apple S5L UART
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "libqtest.h"

#define UART0           0x235200000ULL
#define UART2           0x235208000ULL
#define ULCON           0x00
#define UCON            0x04
#define UFCON           0x08
#define UTRSTAT         0x10
#define UERSTAT         0x14
#define UFSTAT          0x18
#define UTXH            0x20
#define URXH            0x24
#define UBRDIV          0x28

#define RXTO_ENA        BIT(9)
#define RXTO_LEGACY_ENA BIT(11)
#define RXTHRESH_ENA    BIT(12)
#define TXTHRESH_ENA    BIT(13)

#define RX_READY        BIT(0)
#define TX_EMPTY        (BIT(1) | BIT(2))
#define RXTO_LEGACY     BIT(3)
#define RXTHRESH        BIT(4)
#define TXTHRESH        BIT(5)
#define RXTO            BIT(9)
#define RX_FLAGS        (RXTO_LEGACY | RXTHRESH | RXTO)

#define RESET_RX        BIT(1)
#define RX_FULL         BIT(8)
#define TX_FULL         BIT(9)

#define IRQ_UART0       605
#define IRQ_UART2       607

/* The interrupt controller shows the level of each line, also when masked */
#define AIC_HW_STATE    0x23b104200ULL

static bool line_level(QTestState *qts, unsigned irq)
{
    return qtest_readl(qts, AIC_HW_STATE + irq / 32 * 4) >> irq % 32 & 1;
}

static QTestState *start(int *sock)
{
    return qtest_init_with_serial("-M apple-j274", sock);
}

static void stop(QTestState *qts, int sock)
{
    qtest_quit(qts);
    close(sock);
}

static void host_send(int sock, const char *data, size_t len)
{
    g_assert_cmpint(write(sock, data, len), ==, len);
}

/* Read exactly len bytes, but do not wait for ever. */
static void host_receive(int sock, char *buf, size_t len)
{
    struct timeval limit = { .tv_sec = 10 };
    ssize_t done;

    g_assert_cmpint(setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit,
                               sizeof(limit)), ==, 0);
    while (len) {
        done = read(sock, buf, len);
        g_assert_cmpint(done, >, 0);
        buf += done;
        len -= done;
    }
}

/* Wait until the UART holds count bytes; the host side takes its time. */
static void wait_received(QTestState *qts, unsigned count)
{
    uint32_t expected = count == 16 ? RX_FULL : count;

    for (int i = 0; i < 1000; i++) {
        if ((qtest_readl(qts, UART0 + UFSTAT) & 0x10f) == expected) {
            return;
        }
        g_usleep(10 * 1000);
    }
    g_assert_not_reached();
}

/* Verifies the values after reset: empty, no interrupt. */
static void test_reset(void)
{
    int sock;
    QTestState *qts = start(&sock);

    g_assert_cmphex(qtest_readl(qts, UART0 + UTRSTAT), ==, TX_EMPTY);
    g_assert_cmphex(qtest_readl(qts, UART0 + UFSTAT), ==, 0);
    g_assert_cmphex(qtest_readl(qts, UART0 + UCON), ==, 0);
    g_assert_cmphex(qtest_readl(qts, UART0 + UFCON), ==, 0);
    g_assert_cmphex(qtest_readl(qts, UART0 + UERSTAT), ==, 0);
    g_assert_cmphex(qtest_readl(qts, UART0 + URXH), ==, 0);
    g_assert_false(line_level(qts, IRQ_UART0));
    stop(qts, sock);
}

/* Verifies that what is written to UTXH reaches the host, in order. */
static void test_output(void)
{
    static const char text[] = "Hello, Mac mini\n";
    char seen[sizeof(text)] = "";
    int sock;
    QTestState *qts = start(&sock);

    for (int i = 0; text[i]; i++) {
        qtest_writel(qts, UART0 + UTXH, text[i]);
        g_assert_cmphex(qtest_readl(qts, UART0 + UFSTAT) & TX_FULL, ==, 0);
    }
    host_receive(sock, seen, strlen(text));
    g_assert_cmpstr(seen, ==, text);
    g_assert_cmphex(qtest_readl(qts, UART0 + UTRSTAT) & TX_EMPTY, ==,
                    TX_EMPTY);
    stop(qts, sock);
}

/* Verifies that nothing is lost of more than fits into any buffer. */
static void test_output_bulk(void)
{
    enum { SIZE = 5000, CHUNK = 100 };
    char seen[CHUNK];
    int sock;
    QTestState *qts = start(&sock);

    for (int i = 0; i < SIZE; i++) {
        qtest_writel(qts, UART0 + UTXH, (i * 7) & 0xff);
        if (i % CHUNK == CHUNK - 1) {
            host_receive(sock, seen, CHUNK);
            for (int j = 0; j < CHUNK; j++) {
                g_assert_cmphex((uint8_t)seen[j], ==,
                                ((i + 1 - CHUNK + j) * 7) & 0xff);
            }
        }
    }
    stop(qts, sock);
}

/*
 * Verifies that a host which does not read fills the FIFO in the guest's view,
 * and that everything arrives once it does.
 */
static void test_output_blocked(void)
{
    enum { LIMIT = 4 * 1024 * 1024 };
    g_autofree char *seen = NULL;
    size_t sent = 0;
    int sock, small = 4096;
    QTestState *qts = start(&sock);

    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    while (!(qtest_readl(qts, UART0 + UFSTAT) & TX_FULL)) {
        for (int i = 0; i < 16; i++) {
            if (qtest_readl(qts, UART0 + UFSTAT) & TX_FULL) {
                break;
            }
            qtest_writel(qts, UART0 + UTXH, sent++ & 0xff);
        }
        g_assert_cmpuint(sent, <, LIMIT);
    }
    g_assert_cmphex(qtest_readl(qts, UART0 + UTRSTAT) & TX_EMPTY, ==, 0);

    seen = g_malloc(sent);
    host_receive(sock, seen, sent);
    for (size_t i = 0; i < sent; i++) {
        g_assert_cmphex((uint8_t)seen[i], ==, i & 0xff);
    }
    stop(qts, sock);
}

/* Verifies input: count, data, and the way back to empty. */
static void test_input(void)
{
    int sock;
    QTestState *qts = start(&sock);

    host_send(sock, "abc", 3);
    wait_received(qts, 3);
    g_assert_cmphex(qtest_readl(qts, UART0 + UTRSTAT) & RX_READY, !=, 0);
    g_assert_cmphex(qtest_readl(qts, UART0 + URXH), ==, 'a');
    g_assert_cmphex(qtest_readl(qts, UART0 + URXH), ==, 'b');
    g_assert_cmphex(qtest_readl(qts, UART0 + UFSTAT), ==, 1);
    g_assert_cmphex(qtest_readl(qts, UART0 + URXH), ==, 'c');
    g_assert_cmphex(qtest_readl(qts, UART0 + UFSTAT), ==, 0);
    g_assert_cmphex(qtest_readl(qts, UART0 + UTRSTAT) & RX_READY, ==, 0);
    g_assert_cmphex(qtest_readl(qts, UART0 + URXH), ==, 0);
    stop(qts, sock);
}

/* Verifies a full FIFO, and that the host waits with the rest. */
static void test_input_full(void)
{
    static const char text[] = "0123456789abcdefghij";
    int sock;
    QTestState *qts = start(&sock);

    host_send(sock, text, 20);
    wait_received(qts, 16);
    for (int i = 0; i < 20; i++) {
        /* Each byte taken makes room for one that waits */
        wait_received(qts, MIN(16, 20 - i));
        g_assert_cmphex(qtest_readl(qts, UART0 + URXH), ==, text[i]);
    }
    stop(qts, sock);
}

/*
 * Verifies the receive interrupt: a flag and its enable bit together, and
 * cleared by writing 1 to the flag.
 */
static void test_input_irq(void)
{
    static const struct {
        uint32_t enable, flag;
    } kinds[] = {
        { RXTO_ENA, RXTO },
        { RXTO_LEGACY_ENA, RXTO_LEGACY },
        { RXTHRESH_ENA, RXTHRESH },
    };
    int sock;
    QTestState *qts = start(&sock);

    host_send(sock, "x", 1);
    wait_received(qts, 1);
    g_assert_false(line_level(qts, IRQ_UART0));
    g_assert_cmphex(qtest_readl(qts, UART0 + UTRSTAT) & RX_FLAGS, ==,
                    RX_FLAGS);
    for (int i = 0; i < ARRAY_SIZE(kinds); i++) {
        qtest_writel(qts, UART0 + UCON, kinds[i].enable);
        g_assert_true(line_level(qts, IRQ_UART0));
        qtest_writel(qts, UART0 + UTRSTAT, kinds[i].flag);
        g_assert_false(line_level(qts, IRQ_UART0));
    }

    /* Flags are latched by arrival, so the next byte raises them again */
    host_send(sock, "y", 1);
    wait_received(qts, 2);
    g_assert_true(line_level(qts, IRQ_UART0));
    qtest_writel(qts, UART0 + UCON, 0);
    g_assert_false(line_level(qts, IRQ_UART0));
    stop(qts, sock);
}

/* Verifies the transmit interrupt: when enabled, and after each write. */
static void test_output_irq(void)
{
    int sock;
    QTestState *qts = start(&sock);

    qtest_writel(qts, UART0 + UCON, TXTHRESH_ENA);
    g_assert_true(line_level(qts, IRQ_UART0));
    qtest_writel(qts, UART0 + UTRSTAT, TXTHRESH);
    g_assert_false(line_level(qts, IRQ_UART0));
    qtest_writel(qts, UART0 + UTXH, 'x');
    g_assert_true(line_level(qts, IRQ_UART0));
    g_assert_cmphex(qtest_readl(qts, UART0 + UTRSTAT) & TXTHRESH, !=, 0);
    qtest_writel(qts, UART0 + UCON, 0);
    g_assert_false(line_level(qts, IRQ_UART0));
    stop(qts, sock);
}

/* Verifies that UFCON empties the receive FIFO and the bit falls back. */
static void test_fifo_reset(void)
{
    int sock;
    QTestState *qts = start(&sock);

    host_send(sock, "abc", 3);
    wait_received(qts, 3);
    qtest_writel(qts, UART0 + UFCON, BIT(0) | RESET_RX);
    g_assert_cmphex(qtest_readl(qts, UART0 + UFSTAT), ==, 0);
    g_assert_cmphex(qtest_readl(qts, UART0 + UFCON), ==, BIT(0));
    stop(qts, sock);
}

/* Verifies that the second UART has its own registers and interrupt. */
static void test_second(void)
{
    int sock;
    QTestState *qts = start(&sock);

    qtest_writel(qts, UART2 + UBRDIV, 0x1234);
    g_assert_cmphex(qtest_readl(qts, UART0 + UBRDIV), ==, 0);
    qtest_writel(qts, UART2 + UCON, TXTHRESH_ENA);
    g_assert_true(line_level(qts, IRQ_UART2));
    g_assert_false(line_level(qts, IRQ_UART0));
    stop(qts, sock);
}

/* Verifies that unknown offsets and other sizes do nothing. */
static void test_bad_access(void)
{
    int sock;
    QTestState *qts = start(&sock);

    qtest_writel(qts, UART0 + 0x30, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, UART0 + 0x30), ==, 0);
    qtest_writel(qts, UART0 + 0xffc, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, UART0 + 0xffc), ==, 0);
    qtest_writeb(qts, UART0 + ULCON, 0x3);
    qtest_writew(qts, UART0 + ULCON, 0x3);
    g_assert_cmphex(qtest_readl(qts, UART0 + ULCON), ==, 0);
    qtest_writel(qts, UART0 + UFSTAT, 0xffffffff);
    g_assert_cmphex(qtest_readl(qts, UART0 + UFSTAT), ==, 0);
    stop(qts, sock);
}

/* Verifies that a machine reset empties the UART and lowers its line. */
static void test_machine_reset(void)
{
    int sock;
    QTestState *qts = start(&sock);

    qtest_writel(qts, UART0 + UCON, TXTHRESH_ENA);
    host_send(sock, "abc", 3);
    wait_received(qts, 3);
    qtest_system_reset(qts);
    g_assert_false(line_level(qts, IRQ_UART0));
    g_assert_cmphex(qtest_readl(qts, UART0 + UTRSTAT), ==, TX_EMPTY);
    g_assert_cmphex(qtest_readl(qts, UART0 + UCON), ==, 0);
    stop(qts, sock);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("/apple-uart/reset", test_reset);
    qtest_add_func("/apple-uart/output", test_output);
    qtest_add_func("/apple-uart/output-bulk", test_output_bulk);
    qtest_add_func("/apple-uart/output-blocked", test_output_blocked);
    qtest_add_func("/apple-uart/input", test_input);
    qtest_add_func("/apple-uart/input-full", test_input_full);
    qtest_add_func("/apple-uart/input-irq", test_input_irq);
    qtest_add_func("/apple-uart/output-irq", test_output_irq);
    qtest_add_func("/apple-uart/fifo-reset", test_fifo_reset);
    qtest_add_func("/apple-uart/second", test_second);
    qtest_add_func("/apple-uart/bad-access", test_bad_access);
    qtest_add_func("/apple-uart/machine-reset", test_machine_reset);

    return g_test_run();
}
