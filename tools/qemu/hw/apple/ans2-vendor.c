/*
 * Apple ANS2: Apple's admin command 0xD8, whose buffers go through SART
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * m1n1's tracer of macOS knows the frame of this command: cdw11 and cdw12 name
 * a request of 16 KiB, cdw13 and cdw14 a response of the same size or none,
 * and byte 12 of the request says what to do.  The co-processor itself reaches
 * both buffers, so SART must allow them; the NVMMU has no part in it but the
 * TCB that every command needs.
 *
 * Model's choice: everything about the contents beyond the sub-opcode and the
 * place of the time.  A response holds the sub-opcode at byte 12 and its data
 * from byte 0x18 on, like the request.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "ans2-internal.h"
#include "trace.h"

#define BUFFER_SIZE     0x4000
#define MSG_SUBOPCODE   0x0c
#define MSG_DATA        0x18
#define TIME_UNIX       (MSG_DATA + 4)

enum {
    SUB_SET_TIME = 0x06,
    SUB_NAND_ID = 0x38,
    SUB_NAND_GEOMETRY = 0xba,
};

/* Eight id bytes of a flash chip, in the manner of a 3D NAND of 2020 */
static const uint8_t nand_id[] = {
    0x98, 0x3e, 0x99, 0xb3, 0x7e, 0xe3, 0x08, 0x16
};

/* 256 GB: channels, dies, planes, blocks, pages, bytes per page */
static const uint32_t nand_geometry[] = { 4, 2, 4, 1600, 1280, 16384 };

static uint16_t answer(const uint8_t *request, uint8_t *response)
{
    uint8_t *data = response + MSG_DATA;

    response[MSG_SUBOPCODE] = request[MSG_SUBOPCODE];
    switch (request[MSG_SUBOPCODE]) {
    case SUB_SET_TIME:
        trace_apple_ans2_set_time(ldl_le_p(request + TIME_UNIX));
        return ANS2_SC_SUCCESS;
    case SUB_NAND_ID:
        memcpy(data, nand_id, sizeof(nand_id));
        return ANS2_SC_SUCCESS;
    case SUB_NAND_GEOMETRY:
        for (size_t i = 0; i < ARRAY_SIZE(nand_geometry); i++) {
            stl_le_p(data + 4 * i, nand_geometry[i]);
        }
        return ANS2_SC_SUCCESS;
    default:
        return ANS2_SC_INVALID_FIELD;
    }
}

/*
 * A refused buffer makes the firmware crash, which forgets this command; the
 * caller looks at its state before it completes it.
 */
uint16_t ans2_vendor(Ans2Cmd *cmd)
{
    AppleSartState *sart = cmd->s->sart;
    uint64_t req = cmd->sqe.cdw11 | (uint64_t)cmd->sqe.cdw12 << 32;
    uint64_t rsp = cmd->sqe.cdw13 | (uint64_t)cmd->sqe.cdw14 << 32;
    g_autofree uint8_t *request = g_malloc0(BUFFER_SIZE);
    g_autofree uint8_t *response = g_malloc0(BUFFER_SIZE);
    uint16_t status;

    if (apple_sart_dma_rw(sart, req, request, BUFFER_SIZE, false)) {
        return ANS2_SC_DATA_XFER_ERROR;
    }
    status = answer(request, response);
    if (!status && rsp &&
        apple_sart_dma_rw(sart, rsp, response, BUFFER_SIZE, true)) {
        return ANS2_SC_DATA_XFER_ERROR;
    }
    return status;
}
