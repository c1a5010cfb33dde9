/*
 * Apple ANS2: Identify and SMART data
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The contents are those of the 256 GB drive of an M1 Mac as far as users have
 * published them (nvme-cli and smartctl output, ioreg dumps): vendor, model,
 * MDTS, OACS, ONCS, FRMW, three namespaces, one power state, version field 0.
 *
 * Model's choice, where nothing is published: the firmware revision, the
 * queue entry sizes (0x76 is what the T2 says, and fits both modes), VWC (set,
 * since Linux does send flushes), everything that is left zero (OAES and LPA
 * among it), and the numbers in the SMART log that nothing here can wear out.
 *
 * The properties identify-* (see ans2-props.c) change what is promised, not
 * what is done.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/host-utils.h"
#include "ans2-internal.h"

#define IDENTIFY_SIZE   4096
#define SMART_SIZE      512
#define LOG_SMART       0x02

enum {
    CNS_NAMESPACE = 0,
    CNS_CONTROLLER = 1,
};

/* Identify Controller: offsets of the NVMe specification */
#define IDC_VID         0
#define IDC_SN          4
#define IDC_MN          24
#define IDC_FR          64
#define IDC_MDTS        77
#define IDC_OAES        92
#define IDC_OACS        256
#define IDC_FRMW        260
#define IDC_HMPRE       272
#define IDC_SQES        512
#define IDC_CQES        513
#define IDC_NN          516
#define IDC_ONCS        520
#define IDC_VWC         525
#define IDC_SGLS        536

#define ONCS_DSM        (1u << 2)
#define VWC_PRESENT     1

/* Identify Namespace */
#define IDN_NSZE        0
#define IDN_NCAP        8
#define IDN_NUSE        16
#define IDN_LBAF0_MS    128
#define IDN_LBAF0_LBADS 130

#define APPLE_VID       0x106b
#define MODEL           "APPLE SSD AP0256Q"
#define FIRMWARE        "387.100."
#define TEMPERATURE     (273 + 35)

/* ASCII fields are padded with blanks and have no terminator. */
static void put_ascii(uint8_t *field, size_t len, const char *text)
{
    size_t n = MIN(len, strlen(text));

    memset(field, ' ', len);
    memcpy(field, text, n);
}

static void fill_controller(AppleAns2State *s, uint8_t *id)
{
    stw_le_p(id + IDC_VID, APPLE_VID);
    put_ascii(id + IDC_SN, 20, s->serial ?: "");
    put_ascii(id + IDC_MN, 40, MODEL);
    put_ascii(id + IDC_FR, 8, FIRMWARE);
    id[IDC_MDTS] = ANS2_MDTS;
    stl_le_p(id + IDC_OAES, s->promise.oaes);
    stw_le_p(id + IDC_OACS, s->promise.oacs);
    id[IDC_FRMW] = 0x02;
    stl_le_p(id + IDC_HMPRE, s->promise.hmpre);
    id[IDC_SQES] = 0x76;
    id[IDC_CQES] = 0x44;
    stl_le_p(id + IDC_NN, s->promise.nn);
    stw_le_p(id + IDC_ONCS, ONCS_DSM);
    id[IDC_VWC] = VWC_PRESENT;
    stl_le_p(id + IDC_SGLS, s->promise.sgls);
}

static void fill_namespace(AppleAns2State *s, uint32_t nsid, uint8_t *id)
{
    const Ans2Ns *ns = &s->ns[nsid - 1];

    if (!ns->blocks) {
        /* inactive: all zero */
        return;
    }
    stq_le_p(id + IDN_NSZE, ns->blocks);
    stq_le_p(id + IDN_NCAP, ns->blocks);
    stq_le_p(id + IDN_NUSE, ns->blocks);
    stw_le_p(id + IDN_LBAF0_MS, nsid == 1 ? s->promise.ms : 0);
    id[IDN_LBAF0_LBADS] = ANS2_BLOCK_SHIFT;
}

static uint16_t send_data(Ans2Cmd *cmd, const void *buf, uint32_t len)
{
    uint16_t status = ans2_prp_map(cmd, len);

    return status ?: ans2_dma_to_host(cmd, buf, len);
}

uint16_t ans2_identify(Ans2Cmd *cmd)
{
    g_autofree uint8_t *id = g_malloc0(IDENTIFY_SIZE);
    uint32_t nsid = cmd->sqe.nsid;

    switch (extract32(cmd->sqe.cdw10, 0, 8)) {
    case CNS_CONTROLLER:
        fill_controller(cmd->s, id);
        break;
    case CNS_NAMESPACE:
        if (!nsid || nsid > MAX(cmd->s->promise.nn, ANS2_NUM_NS)) {
            return ANS2_SC_INVALID_NS;
        }
        if (nsid <= ANS2_NUM_NS) {
            fill_namespace(cmd->s, nsid, id);
        }
        break;
    default:
        return ANS2_SC_INVALID_FIELD;
    }
    return send_data(cmd, id, IDENTIFY_SIZE);
}

/* SMART counts data in thousands of 512-byte units, rounded up. */
static uint64_t data_units(uint64_t bytes)
{
    return DIV_ROUND_UP(bytes, 512 * 1000);
}

static void fill_smart(AppleAns2State *s, uint8_t *log)
{
    const Ans2Smart *smart = &s->smart;
    uint64_t hours = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) /
                     NANOSECONDS_PER_SECOND / 3600;

    stw_le_p(log + 1, TEMPERATURE);
    log[3] = 100;                               /* available spare, percent */
    log[4] = 99;                                /* its threshold */
    stq_le_p(log + 32, data_units(smart->bytes_read));
    stq_le_p(log + 48, data_units(smart->bytes_written));
    stq_le_p(log + 64, smart->host_reads);
    stq_le_p(log + 80, smart->host_writes);
    stq_le_p(log + 112, smart->power_cycles);
    stq_le_p(log + 128, hours);
    stq_le_p(log + 144, smart->unsafe_shutdowns);
    stq_le_p(log + 160, smart->media_errors);
}

uint16_t ans2_get_log(Ans2Cmd *cmd)
{
    uint8_t log[SMART_SIZE] = { };
    uint64_t dwords = extract32(cmd->sqe.cdw10, 16, 16);
    uint64_t len;

    dwords |= (uint64_t)extract32(cmd->sqe.cdw11, 0, 16) << 16;
    len = (dwords + 1) * 4;
    if (extract32(cmd->sqe.cdw10, 0, 8) != LOG_SMART) {
        return ANS2_SC_INVALID_LOG;
    }
    if (cmd->sqe.cdw12 || cmd->sqe.cdw13) {
        /* an offset needs LPA bit 2 */
        return ANS2_SC_INVALID_FIELD;
    }
    fill_smart(cmd->s, log);
    return send_data(cmd, log, MIN(len, SMART_SIZE));
}
