/*
 * Apple S5L UART
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A descendant of Samsung's S3C UART: 16-byte FIFOs, and interrupt flags in
 * UTRSTAT with their enable bits in UCON.
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the register window (0x1000 bytes)
 *  + sysbus IRQ 0: the interrupt, level
 *  + Property "chardev" (Chardev)
 */

#ifndef HW_APPLE_UART_H
#define HW_APPLE_UART_H

#include "chardev/char-fe.h"
#include "hw/sysbus.h"
#include "qemu/fifo8.h"
#include "qom/object.h"

#define TYPE_APPLE_UART "apple-uart"
OBJECT_DECLARE_SIMPLE_TYPE(AppleUartState, APPLE_UART)

#define APPLE_UART_SIZE 0x1000ULL

struct AppleUartState {
    SysBusDevice parent_obj;

    MemoryRegion iomem;
    qemu_irq irq;
    CharBackend chr;
    QEMUBH *tx_bh;
    guint tx_watch;
    VMChangeStateEntry *vmstate_change;

    Fifo8 rx;
    Fifo8 tx;

    uint32_t ulcon;
    uint32_t ucon;
    uint32_t ufcon;
    uint32_t umcon;
    uint32_t flags;         /* the interrupt flags of UTRSTAT */
    uint32_t uerstat;
    uint32_t ubrdiv;
    uint32_t ufracval;
};

#endif
