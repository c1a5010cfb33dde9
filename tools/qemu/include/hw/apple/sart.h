/*
 * Apple SART v2 and v3: the co-processor's DMA allow-list
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Sixteen entries name physical ranges that the ANS co-processor may reach
 * with its own DMA (RTKit buffers, vendor command buffers).  Everything else
 * is refused.  NVMe data, queues and TCBs do not pass through here.
 *
 * QEMU interface:
 *  + sysbus MMIO region 0: the register window (0x10000 bytes)
 *  + Property "downstream" (link, MemoryRegion): what allowed accesses reach
 *  + Property "judge" (link, apple-judge)
 *  + Property "version" (uint32): 2 as in the M1, or 3
 *  + Named GPIO input "power": 1 while the power domain is on
 *  + Named GPIO input "running": 1 while the co-processor runs
 *  + Named GPIO output "fault": pulsed at each refused access
 *  + QOM properties "fault-count" (uint64), "fault-address" (uint64),
 *    "fault-write" (bool): the refused accesses so far and the first of them
 *  + QOM property "dma-probe" (string, read and write): see sart.c
 *
 * Entries left by the boot loader are data of the board: see
 * apple_sart_preset().  The content survives a reset of the ANS group and is
 * back at the preset after a machine reset.
 */

#ifndef HW_APPLE_SART_H
#define HW_APPLE_SART_H

#include "hw/sysbus.h"
#include "qom/object.h"

#define TYPE_APPLE_SART "apple-sart"
OBJECT_DECLARE_SIMPLE_TYPE(AppleSartState, APPLE_SART)

#define APPLE_SART_ENTRIES 16

/**
 * apple_sart_preset: an entry as the boot loader leaves it
 * @s: the filter, not yet realized
 * @index: entry number, 0 to APPLE_SART_ENTRIES - 1
 * @addr: 4 KiB aligned physical address
 * @size: 4 KiB aligned size in bytes, not 0
 */
void apple_sart_preset(AppleSartState *s, unsigned index, hwaddr addr,
                       uint64_t size);

/**
 * apple_sart_dma_rw: one DMA transfer of the co-processor, all or nothing
 * @s: the filter, realized
 * @addr: physical address
 * @buf: what is written, or where to put what is read
 * @len: in bytes
 * @write: whether memory is written
 *
 * Reaches memory only, no device registers.  If any byte is refused, nothing
 * is transferred and one fault is recorded and reported.
 *
 * Returns MEMTX_OK or the reason.
 */
MemTxResult apple_sart_dma_rw(AppleSartState *s, hwaddr addr, void *buf,
                              uint64_t len, bool write);

#endif
