/*
 * Apple RTKit: what the files of the firmware model share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Layouts of the messages are those that Linux rtkit.c, U-Boot and m1n1 agree
 * on, unless a comment says otherwise.
 *
 * Lowest first; a file calls those before it and none that follow.  Only the
 * crash after a refused DMA goes the other way, by the pointer dma_refused.
 * The prototypes below stand in the same order, and
 * tools/testing/check/machine-layers looks after it.
 *
 *   rtkit-core.c      phases, timers, messages to the AP, DMA
 *   rtkit-buffer.c    buffer requests of endpoints 1, 2, 4, 8
 *   rtkit-ioreport.c  endpoint 4
 *   rtkit-syslog.c    endpoint 2
 *   rtkit-crashlog.c  endpoint 1: the crash, and its log
 *   rtkit-fault.c     fault knobs, with what each does
 *   rtkit-mgmt.c      endpoint 0: start, endpoint map, power, sleep, wake
 *   rtkit.c           life cycle, message pump, the QEMU object
 */

#ifndef HW_APPLE_RTKIT_INTERNAL_H
#define HW_APPLE_RTKIT_INTERNAL_H

#include "hw/apple/asc.h"
#include "hw/apple/dice.h"
#include "hw/apple/judge.h"
#include "hw/apple/rtkit.h"
#include "hw/apple/sart.h"
#include "hw/registerfields.h"
#include "qemu/timer.h"

/* Endpoints */
#define RTKIT_EP_MGMT       0x00
#define RTKIT_EP_CRASHLOG   0x01
#define RTKIT_EP_SYSLOG     0x02
#define RTKIT_EP_DEBUG      0x03
#define RTKIT_EP_IOREPORT   0x04
#define RTKIT_EP_OSLOG      0x08
#define RTKIT_EP_TRACEKIT   0x0a
#define RTKIT_EP_APP        0x20
#define RTKIT_NUM_EPS       256

/* Every message but oslog's */
FIELD(MSG, TYPE, 52, 8)

/* Management */
#define MGMT_HELLO          0x1
#define MGMT_HELLO_ACK      0x2
#define MGMT_PING           0x3
#define MGMT_PONG           0x4
#define MGMT_STARTEP        0x5
#define MGMT_SET_IOP_PWR    0x6
#define MGMT_IOP_PWR_ACK    0x7
#define MGMT_EPMAP          0x8
#define MGMT_SET_AP_PWR     0xb

FIELD(HELLO, MIN, 0, 16)
FIELD(HELLO, MAX, 16, 16)
FIELD(EPMAP, BITMAP, 0, 32)
FIELD(EPMAP, MORE, 0, 1)        /* in the reply */
FIELD(EPMAP, BASE, 32, 3)
FIELD(EPMAP, LAST, 51, 1)
FIELD(STARTEP, FLAG, 0, 2)
FIELD(STARTEP, ENDPOINT, 32, 8)
FIELD(PWR, STATE, 0, 16)

#define STARTEP_START       2
#define STARTEP_STOP        1   /* m1n1's proxy client only */

/* Power states */
#define PWR_OFF             0x000
#define PWR_SLEEP           0x001
#define PWR_QUIESCED        0x010
#define PWR_ON              0x020
#define PWR_IDLE            0x201
#define PWR_INIT            0x220

/* Buffers, syslog */
#define BUFFER_REQUEST      0x1
#define SYSLOG_LOG          0x5
#define SYSLOG_INIT         0x8
#define OSLOG_DECLINE       0x3 /* what m1n1 once answered to the request */

FIELD(BUFFER, ADDR, 0, 44)
FIELD(BUFFER, PAGES, 44, 8)     /* of 4 KiB */
FIELD(OSLOG, PAGE, 0, 36)
FIELD(OSLOG, SIZE, 36, 20)      /* in bytes */
FIELD(OSLOG, TYPE, 56, 8)
FIELD(SYSLOG, INDEX, 0, 8)
FIELD(SYSLOG, ENTRIES, 0, 8)
FIELD(SYSLOG, MSG_SIZE, 24, 8)

#define RTKIT_PAGE_SIZE     0x1000
#define RTKIT_BUFFER_PAGES  4           /* that each endpoint asks for */

/* Lengths of tables that state indexes into */
#define RTKIT_MAP_PIECES        2
#define RTKIT_SYSLOG_ENTRIES    256     /* the index has eight bits */
#define RTKIT_IOREPORT_MESSAGES 2

/**
 * enum RtkitPhase - where the firmware is
 * @RTKIT_STOPPED: RUN is 0; messages queue in the mailbox
 * @RTKIT_HELLO: started or woken; HELLO goes out and waits for its ack
 * @RTKIT_MAP: the endpoint map goes out, piece by piece
 * @RTKIT_STARTED: endpoints are started, buffers asked for
 * @RTKIT_RUNNING: the power ack is sent
 * @RTKIT_QUIESCED: the AP side is quiesced
 * @RTKIT_ASLEEP: waits for a wake message
 * @RTKIT_OFF: switched off by message; only a reset helps
 * @RTKIT_CRASHED: dead until reset
 */
typedef enum RtkitPhase {
    RTKIT_STOPPED,
    RTKIT_HELLO,
    RTKIT_MAP,
    RTKIT_STARTED,
    RTKIT_RUNNING,
    RTKIT_QUIESCED,
    RTKIT_ASLEEP,
    RTKIT_OFF,
    RTKIT_CRASHED,
    RTKIT_PHASE__MAX
} RtkitPhase;

typedef enum RtkitBufferId {
    RTKIT_BUF_CRASHLOG,
    RTKIT_BUF_SYSLOG,
    RTKIT_BUF_IOREPORT,
    RTKIT_BUF_OSLOG,
    RTKIT_BUF__MAX
} RtkitBufferId;

typedef struct RtkitBuffer {
    uint64_t addr;
    uint32_t size;
    uint32_t repeated;      /* requests that may be answered once more */
    bool requested;
    bool answered;
} RtkitBuffer;

/* The last messages of one direction, for the crash log */
#define RTKIT_HISTORY 16

typedef struct RtkitHistory {
    uint64_t msg0[RTKIT_HISTORY];
    uint8_t endpoint[RTKIT_HISTORY];
    uint32_t time_us[RTKIT_HISTORY];
    uint32_t next;
} RtkitHistory;

typedef enum RtkitDirection {
    RTKIT_FROM_AP,
    RTKIT_TO_AP,
    RTKIT_DIRECTION__MAX
} RtkitDirection;

/* What the next crash log has wrong, see rtkit-fault.c */
typedef enum RtkitCrashlogFault {
    RTKIT_CRASHLOG_GOOD,
    RTKIT_CRASHLOG_ZERO_LENGTH,
    RTKIT_CRASHLOG_SHORT_SECTION,
    RTKIT_CRASHLOG_LONG_SECTION,
    RTKIT_CRASHLOG_SHORT_MAILBOX,
    RTKIT_CRASHLOG_BIG_COUNT,
    RTKIT_CRASHLOG_UNTERMINATED,
    RTKIT_CRASHLOG_NO_END,
    RTKIT_CRASHLOG__MAX
} RtkitCrashlogFault;

/* Fault knobs, see rtkit-fault.c */
typedef struct RtkitFaults {
    bool drop_hello;
    bool boot_status_low;
    bool no_power_ack;
    bool no_sleep_ack;
    bool extra_endpoint;
    bool garbage_syslog;
    bool garbage_ioreport;
    uint64_t map_clear;
    uint64_t map_set;
    uint32_t hellos;
    uint32_t buffer_endpoint;
    uint32_t buffer_pages;
    uint32_t buffer_requests;
    uint32_t protocol_min;
    uint32_t protocol_max;
    uint32_t slow;
    uint32_t crash_at_message;
    uint32_t boots;
    uint64_t preset_buffer;
    uint64_t hello_ns;
    uint32_t crashlog;          /* RtkitCrashlogFault */
    uint32_t syslog_size;
    uint32_t syslog_entries;
    uint32_t syslog_inits;
} RtkitFaults;

#define RTKIT_TX_SLOTS 64

struct AppleRtkitState {
    SysBusDevice parent_obj;

    AppleAscState *asc;
    AppleSartState *sart;
    AppleJudgeState *judge;
    AppleDiceState *dice;
    char *firmware;
    char *handover;
    bool is_2026;
    RtkitPhase handover_phase;

    qemu_irq boot_status;
    qemu_irq crashed;

    QEMUTimer *pump_timer;      /* sends or takes one message */
    QEMUTimer *step_timer;      /* the firmware's own next step */

    uint32_t phase;             /* RtkitPhase */
    bool hung;                  /* neither sends nor takes messages */
    bool no_restart;            /* went to sleep in a way it cannot leave */
    bool hello_sent;
    uint32_t extra_acks;        /* of HELLOs beyond the first */
    bool ready;                 /* BOOT_STATUS */
    bool faulty;                /* the knobs apply to this boot */
    uint32_t epmap_index;
    uint32_t ap_power;
    uint32_t iop_power;
    uint32_t sent;              /* messages since the start */
    int64_t deadline;           /* for the AP to answer, in STARTED */
    uint8_t started[RTKIT_NUM_EPS / 8];

    AppleAscMessage tx[RTKIT_TX_SLOTS];
    uint32_t tx_head;
    uint32_t tx_count;
    RtkitHistory history[RTKIT_DIRECTION__MAX];

    RtkitBuffer buffer[RTKIT_BUF__MAX];

    bool syslog_init_sent;
    uint8_t syslog_busy[RTKIT_SYSLOG_ENTRIES / 8];  /* not echoed yet */
    uint32_t syslog_size;       /* as INIT said */
    uint32_t syslog_entries;
    uint32_t syslog_next;
    uint32_t syslog_dropped;

    uint32_t ioreport_step;
    bool ioreport_waits;

    void (*dma_refused)(AppleRtkitState *s, const char *reason);
    uint64_t dma_fault;         /* address of the last refused access */
    bool in_dma;

    bool link;                  /* the NAND's PCIe link has power */

    bool machine_reset;
    bool awake_before_reset;

    RtkitFaults fault;
};

/* rtkit-core.c */
const char *rtkit_phase_name(const AppleRtkitState *s);
bool rtkit_ep_started(const AppleRtkitState *s, uint8_t endpoint);
void rtkit_set_phase(AppleRtkitState *s, RtkitPhase phase);
void rtkit_set_ready(AppleRtkitState *s, bool ready);
void rtkit_step_after(AppleRtkitState *s, int64_t ns);

/* Let the step that is due come so much later. */
void rtkit_delay_step(AppleRtkitState *s, uint64_t ns);
void rtkit_stop_timers(AppleRtkitState *s);
void rtkit_drop_queue(AppleRtkitState *s);

/* The firmware waits for something that will not come. */
void rtkit_hang(AppleRtkitState *s, const char *why);
void rtkit_kick(AppleRtkitState *s);
void rtkit_send(AppleRtkitState *s, uint8_t endpoint, uint64_t msg0);

/* For the knobs: messages that mean nothing, and whether this is one of them */
void rtkit_send_garbage(AppleRtkitState *s, uint8_t endpoint);
bool rtkit_is_garbage(uint64_t msg0);

/* False if SART refused it, of which the firmware has died then. */
bool rtkit_dma(AppleRtkitState *s, uint64_t addr, void *buf, size_t len,
               bool write);

/* rtkit-buffer.c */
bool rtkit_buffer_endpoint(uint8_t endpoint);
void rtkit_buffer_request(AppleRtkitState *s, uint8_t endpoint);

/*
 * A message of type BUFFER_REQUEST from the AP on one of the four endpoints;
 * which buffer can be used from now on, or RTKIT_BUF__MAX.
 */
RtkitBufferId rtkit_buffer_message(AppleRtkitState *s, uint8_t endpoint,
                                   uint64_t msg0);
bool rtkit_buffer_present(const AppleRtkitState *s, RtkitBufferId id);
bool rtkit_buffer_waiting(const AppleRtkitState *s);
void rtkit_buffer_forget(AppleRtkitState *s);
uint32_t rtkit_buffer_size(const AppleRtkitState *s, RtkitBufferId id);

/* Whether the knobs make a request such that a driver may refuse to go on */
bool rtkit_buffer_is_odd(const AppleRtkitState *s);

/* rtkit-ioreport.c */
void rtkit_ioreport_start(AppleRtkitState *s);
void rtkit_ioreport_message(AppleRtkitState *s, uint64_t msg0);

/* rtkit-syslog.c */
void rtkit_syslog_start(AppleRtkitState *s);
void rtkit_syslog_message(AppleRtkitState *s, uint64_t msg0);
void rtkit_syslog_forget(AppleRtkitState *s);

/* How many lines were sent and not echoed */
unsigned rtkit_syslog_open(const AppleRtkitState *s);

/* rtkit-crashlog.c */

/* rtkit-fault.c */
void rtkit_fault_init(AppleRtkitState *s);
void rtkit_fault_class_init(ObjectClass *oc);
void rtkit_fault_boot(AppleRtkitState *s);
bool rtkit_fault_is_sane(const AppleRtkitState *s);

/* rtkit-mgmt.c */
void rtkit_start(AppleRtkitState *s);
void rtkit_mgmt_message(AppleRtkitState *s, uint64_t msg0);
void rtkit_mgmt_step(AppleRtkitState *s);
void rtkit_mgmt_activity(AppleRtkitState *s);

/* rtkit.c */

#endif
