/*
 * Apple S5L UART
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Facts are from the Linux driver (samsung_tty, serial_s3c.h).  The interrupt
 * flags are latched in UTRSTAT when something happens (data arrives, the
 * transmitter has room again) and stay until software writes 1 to them; the
 * line is high while a flag and its enable bit are set.  Linux clears the
 * receive flags before it empties the FIFO, so a latch loses nothing.
 *
 * Model choices: characters take no time, so the receive time-out flags are
 * set as soon as data arrives, and the transmit flag as soon as data has been
 * written or is enabled.  Baud rate, parity and modem lines are storage.
 *
 * Characters are collected and given to the chardev in one go, from a bottom
 * half or when a good part of the buffer is full: one host call for each
 * character would slow a guest down that logs a lot.
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "hw/apple/uart.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/registerfields.h"
#include "migration/vmstate.h"
#include "system/runstate.h"
#include "trace.h"

#define FIFO_SIZE 16

/*
 * The transmit buffer is the FIFO of the hardware and, before it, what waits
 * for the host.  The guest sees only the FIFO, which fills when the host does
 * not take the data.
 */
#define TX_BUFFER_SIZE 1024
#define TX_FLUSH_LEVEL 256

REG32(ULCON, 0x00)
REG32(UCON, 0x04)
    FIELD(UCON, RXTO_ENA, 9, 1)
    FIELD(UCON, RXTO_LEGACY_ENA, 11, 1)
    FIELD(UCON, RXTHRESH_ENA, 12, 1)
    FIELD(UCON, TXTHRESH_ENA, 13, 1)
REG32(UFCON, 0x08)
    FIELD(UFCON, FIFO_ENA, 0, 1)
    FIELD(UFCON, RESET_RX, 1, 1)
    FIELD(UFCON, RESET_TX, 2, 1)
REG32(UMCON, 0x0c)
REG32(UTRSTAT, 0x10)
    FIELD(UTRSTAT, RX_READY, 0, 1)
    FIELD(UTRSTAT, TX_BUFFER_EMPTY, 1, 1)
    FIELD(UTRSTAT, TX_EMPTY, 2, 1)
    FIELD(UTRSTAT, RXTO_LEGACY, 3, 1)
    FIELD(UTRSTAT, RXTHRESH, 4, 1)
    FIELD(UTRSTAT, TXTHRESH, 5, 1)
    FIELD(UTRSTAT, RXTO, 9, 1)
REG32(UERSTAT, 0x14)
REG32(UFSTAT, 0x18)
    FIELD(UFSTAT, RX_COUNT, 0, 4)
    FIELD(UFSTAT, TX_COUNT, 4, 4)
    FIELD(UFSTAT, RX_FULL, 8, 1)
    FIELD(UFSTAT, TX_FULL, 9, 1)
REG32(UMSTAT, 0x1c)
REG32(UTXH, 0x20)
REG32(URXH, 0x24)
REG32(UBRDIV, 0x28)
REG32(UFRACVAL, 0x2c)

#define UTRSTAT_RX_FLAGS (R_UTRSTAT_RXTO_LEGACY_MASK | \
                          R_UTRSTAT_RXTHRESH_MASK | R_UTRSTAT_RXTO_MASK)
#define UTRSTAT_FLAGS (UTRSTAT_RX_FLAGS | R_UTRSTAT_TXTHRESH_MASK)

/* Which bit of UCON enables which flag of UTRSTAT */
static const struct {
    uint32_t enable;
    uint32_t flag;
} uart_sources[] = {
    { R_UCON_RXTO_ENA_MASK, R_UTRSTAT_RXTO_MASK },
    { R_UCON_RXTO_LEGACY_ENA_MASK, R_UTRSTAT_RXTO_LEGACY_MASK },
    { R_UCON_RXTHRESH_ENA_MASK, R_UTRSTAT_RXTHRESH_MASK },
    { R_UCON_TXTHRESH_ENA_MASK, R_UTRSTAT_TXTHRESH_MASK },
};

static void uart_update_irq(AppleUartState *s)
{
    bool level = false;

    for (unsigned i = 0; i < ARRAY_SIZE(uart_sources); i++) {
        level |= (s->ucon & uart_sources[i].enable) &&
                 (s->flags & uart_sources[i].flag);
    }
    qemu_set_irq(s->irq, level);
}

/* How full the 16 bytes are that the guest knows of */
static unsigned tx_count(AppleUartState *s)
{
    unsigned used = fifo8_num_used(&s->tx);
    unsigned hidden = TX_BUFFER_SIZE - FIFO_SIZE;

    return used > hidden ? used - hidden : 0;
}

static gboolean uart_tx_ready(void *do_not_use, GIOCondition cond,
                              void *opaque);

static void uart_transmit(AppleUartState *s)
{
    while (!fifo8_is_empty(&s->tx)) {
        const uint8_t *buf;
        uint32_t len;
        int done;

        buf = fifo8_peek_bufptr(&s->tx, fifo8_num_used(&s->tx), &len);
        done = qemu_chr_fe_backend_connected(&s->chr) ?
               qemu_chr_fe_write(&s->chr, buf, len) : len;
        if (done > 0) {
            fifo8_drop(&s->tx, done);
            continue;
        }
        if (!s->tx_watch) {
            s->tx_watch = qemu_chr_fe_add_watch(&s->chr, G_IO_OUT | G_IO_HUP,
                                                uart_tx_ready, s);
        }
        if (!s->tx_watch) {
            /* This chardev cannot say when it is ready: nobody listens */
            fifo8_reset(&s->tx);
        }
        return;
    }
}

static gboolean uart_tx_ready(void *do_not_use, GIOCondition cond,
                              void *opaque)
{
    AppleUartState *s = opaque;
    bool was_full = fifo8_is_full(&s->tx);

    s->tx_watch = 0;
    uart_transmit(s);
    if (was_full && !fifo8_is_full(&s->tx)) {
        s->flags |= R_UTRSTAT_TXTHRESH_MASK;
        uart_update_irq(s);
    }
    return G_SOURCE_REMOVE;
}

static void uart_tx_bh(void *opaque)
{
    AppleUartState *s = opaque;

    if (!s->tx_watch) {
        uart_transmit(s);
    }
}

static void uart_send(AppleUartState *s, uint8_t ch)
{
    if (fifo8_is_full(&s->tx)) {
        qemu_log_mask(LOG_GUEST_ERROR, "apple-uart: transmit FIFO full\n");
        return;
    }
    fifo8_push(&s->tx, ch);
    if (!s->tx_watch) {
        if (fifo8_num_used(&s->tx) >= TX_FLUSH_LEVEL) {
            uart_transmit(s);
        } else {
            qemu_bh_schedule(s->tx_bh);
        }
    }
    if (!fifo8_is_full(&s->tx)) {
        s->flags |= R_UTRSTAT_TXTHRESH_MASK;
    }
    uart_update_irq(s);
}

static int uart_can_receive(void *opaque)
{
    AppleUartState *s = opaque;

    return fifo8_num_free(&s->rx);
}

static void uart_receive(void *opaque, const uint8_t *buf, int size)
{
    AppleUartState *s = opaque;

    trace_apple_uart_receive(size);
    fifo8_push_all(&s->rx, buf, MIN(size, fifo8_num_free(&s->rx)));
    s->flags |= UTRSTAT_RX_FLAGS;
    uart_update_irq(s);
}

static uint8_t uart_take_received(AppleUartState *s)
{
    uint8_t ch;

    if (fifo8_is_empty(&s->rx)) {
        return 0;
    }
    ch = fifo8_pop(&s->rx);
    qemu_chr_fe_accept_input(&s->chr);
    return ch;
}

static uint32_t uart_utrstat(AppleUartState *s)
{
    uint32_t value = s->flags;

    value = FIELD_DP32(value, UTRSTAT, RX_READY, !fifo8_is_empty(&s->rx));
    value = FIELD_DP32(value, UTRSTAT, TX_BUFFER_EMPTY, !tx_count(s));
    return FIELD_DP32(value, UTRSTAT, TX_EMPTY, !tx_count(s));
}

/* A full FIFO shows its flag and, since the field is too small, count 0 */
static uint32_t uart_ufstat(AppleUartState *s)
{
    uint32_t value = 0;

    value = FIELD_DP32(value, UFSTAT, RX_COUNT,
                       fifo8_num_used(&s->rx) % FIFO_SIZE);
    value = FIELD_DP32(value, UFSTAT, TX_COUNT, tx_count(s) % FIFO_SIZE);
    value = FIELD_DP32(value, UFSTAT, RX_FULL, fifo8_is_full(&s->rx));
    return FIELD_DP32(value, UFSTAT, TX_FULL, fifo8_is_full(&s->tx));
}

static uint64_t uart_read(void *opaque, hwaddr offset, unsigned size)
{
    AppleUartState *s = opaque;
    uint32_t value = 0;

    switch (offset) {
    case A_ULCON:
        value = s->ulcon;
        break;
    case A_UCON:
        value = s->ucon;
        break;
    case A_UFCON:
        value = s->ufcon;
        break;
    case A_UMCON:
        value = s->umcon;
        break;
    case A_UTRSTAT:
        value = uart_utrstat(s);
        break;
    case A_UERSTAT:
        value = s->uerstat;
        s->uerstat = 0;
        break;
    case A_UFSTAT:
        value = uart_ufstat(s);
        break;
    case A_UMSTAT:
        break;
    case A_URXH:
        value = uart_take_received(s);
        break;
    case A_UBRDIV:
        value = s->ubrdiv;
        break;
    case A_UFRACVAL:
        value = s->ufracval;
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "apple-uart: bad read at 0x%"
                      HWADDR_PRIx "\n", offset);
        break;
    }
    trace_apple_uart_read(offset, value);
    return value;
}

static void uart_write_ufcon(AppleUartState *s, uint32_t value)
{
    if (value & R_UFCON_RESET_RX_MASK) {
        fifo8_reset(&s->rx);
        qemu_chr_fe_accept_input(&s->chr);
    }
    /*
     * A reset of the transmit FIFO finds it empty unless the host is slow:
     * what was written before has left the UART in the guest's view.
     */
    s->ufcon = value & ~(R_UFCON_RESET_RX_MASK | R_UFCON_RESET_TX_MASK);
}

static void uart_write(void *opaque, hwaddr offset, uint64_t value,
                       unsigned size)
{
    AppleUartState *s = opaque;

    trace_apple_uart_write(offset, value);
    switch (offset) {
    case A_ULCON:
        s->ulcon = value;
        break;
    case A_UCON:
        if (value & ~s->ucon & R_UCON_TXTHRESH_ENA_MASK &&
            !fifo8_is_full(&s->tx)) {
            s->flags |= R_UTRSTAT_TXTHRESH_MASK;
        }
        s->ucon = value;
        break;
    case A_UFCON:
        uart_write_ufcon(s, value);
        break;
    case A_UMCON:
        s->umcon = value;
        break;
    case A_UTRSTAT:
        s->flags &= ~value;
        break;
    case A_UTXH:
        uart_send(s, value);
        break;
    case A_UBRDIV:
        s->ubrdiv = value;
        break;
    case A_UFRACVAL:
        s->ufracval = value;
        break;
    default:
        qemu_log_mask(LOG_GUEST_ERROR, "apple-uart: bad write at 0x%"
                      HWADDR_PRIx ", value 0x%" PRIx64 "\n", offset, value);
        break;
    }
    uart_update_irq(s);
}

static const MemoryRegionOps uart_ops = {
    .read = uart_read,
    .write = uart_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 4, .max_access_size = 4 },
    .impl = { .min_access_size = 4, .max_access_size = 4 },
};

static void uart_reset_enter(Object *obj, ResetType type)
{
    AppleUartState *s = APPLE_UART(obj);

    /* What the guest has sent before leaves all the same */
    fifo8_reset(&s->rx);
    s->ulcon = 0;
    s->ucon = 0;
    s->ufcon = 0;
    s->umcon = 0;
    s->flags = 0;
    s->uerstat = 0;
    s->ubrdiv = 0;
    s->ufracval = 0;
}

static void uart_reset_hold(Object *obj, ResetType type)
{
    uart_update_irq(APPLE_UART(obj));
}

static void uart_reset_exit(Object *obj, ResetType type)
{
    qemu_chr_fe_accept_input(&APPLE_UART(obj)->chr);
}

/* The bottom half does not run in a machine that is stopped or ends */
static void uart_vm_state_change(void *opaque, bool running, RunState state)
{
    AppleUartState *s = opaque;

    if (!running) {
        uart_transmit(s);
    }
}

static void uart_init(Object *obj)
{
    AppleUartState *s = APPLE_UART(obj);

    memory_region_init_io(&s->iomem, obj, &uart_ops, s, TYPE_APPLE_UART,
                          APPLE_UART_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->iomem);
    sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
    fifo8_create(&s->rx, FIFO_SIZE);
    fifo8_create(&s->tx, TX_BUFFER_SIZE);
}

static void uart_finalize(Object *obj)
{
    AppleUartState *s = APPLE_UART(obj);

    fifo8_destroy(&s->rx);
    fifo8_destroy(&s->tx);
}

static void uart_realize(DeviceState *dev, Error **errp)
{
    AppleUartState *s = APPLE_UART(dev);

    s->tx_bh = qemu_bh_new_guarded(uart_tx_bh, s, &dev->mem_reentrancy_guard);
    s->vmstate_change = qemu_add_vm_change_state_handler(uart_vm_state_change,
                                                         s);
    qemu_chr_fe_set_handlers(&s->chr, uart_can_receive, uart_receive, NULL,
                             NULL, s, NULL, true);
}

static void uart_unrealize(DeviceState *dev)
{
    AppleUartState *s = APPLE_UART(dev);

    qemu_chr_fe_deinit(&s->chr, false);
    qemu_del_vm_change_state_handler(s->vmstate_change);
    qemu_bh_delete(s->tx_bh);
}

static bool fifo_is_valid(const Fifo8 *fifo)
{
    return fifo->head < fifo->capacity && fifo->num <= fifo->capacity;
}

static int uart_post_load(void *opaque, int version_id)
{
    AppleUartState *s = opaque;

    if (!fifo_is_valid(&s->rx) || !fifo_is_valid(&s->tx) ||
        s->flags & ~UTRSTAT_FLAGS) {
        return -EINVAL;
    }
    qemu_bh_schedule(s->tx_bh);
    return 0;
}

static const VMStateDescription vmstate_uart = {
    .name = TYPE_APPLE_UART,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = uart_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_FIFO8(rx, AppleUartState),
        VMSTATE_FIFO8(tx, AppleUartState),
        VMSTATE_UINT32(ulcon, AppleUartState),
        VMSTATE_UINT32(ucon, AppleUartState),
        VMSTATE_UINT32(ufcon, AppleUartState),
        VMSTATE_UINT32(umcon, AppleUartState),
        VMSTATE_UINT32(flags, AppleUartState),
        VMSTATE_UINT32(uerstat, AppleUartState),
        VMSTATE_UINT32(ubrdiv, AppleUartState),
        VMSTATE_UINT32(ufracval, AppleUartState),
        VMSTATE_END_OF_LIST()
    },
};

static const Property uart_properties[] = {
    DEFINE_PROP_CHR("chardev", AppleUartState, chr),
};

static void uart_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    dc->desc = "Apple S5L UART";
    dc->realize = uart_realize;
    dc->unrealize = uart_unrealize;
    dc->vmsd = &vmstate_uart;
    device_class_set_props(dc, uart_properties);
    rc->phases.enter = uart_reset_enter;
    rc->phases.hold = uart_reset_hold;
    rc->phases.exit = uart_reset_exit;
}

static const TypeInfo uart_types[] = {
    {
        .name = TYPE_APPLE_UART,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleUartState),
        .instance_init = uart_init,
        .instance_finalize = uart_finalize,
        .class_init = uart_class_init,
    },
};

DEFINE_TYPES(uart_types)
