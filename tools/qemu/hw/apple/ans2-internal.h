/*
 * Apple ANS2: what the files of the model share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Lowest first; a file calls those before it and none that follow.  What has to
 * go the other way goes through Ans2Upcalls.  The prototypes below stand in the
 * same order, and tools/testing/check/machine-layers looks after it.
 *
 * ans2-trap.c     traps, which make it fail at a chosen moment
 * ans2-prp.c      from PRPs to pages, and the DMA itself
 * ans2-nvmmu.c    TCBs: fetch, checks, permission, invalidation
 * ans2-cq.c       completion queues and their interrupt
 * ans2-identify.c Identify and SMART data
 * ans2-vendor.c   Apple's admin command 0xD8, whose buffers go through SART
 * ans2-admin.c    admin commands
 * ans2-media.c    blocks that cannot be read or written
 * ans2-io.c       I/O commands on QEMU's block layer
 * ans2-queue.c    submission doorbells, the life of a tag
 * ans2-ctrl.c     enable, disable, shutdown, sleep and crash
 * ans2-regs.c     the register window: sizes, access rights, order
 * ans2-props.c    fault knobs and counters, readable and settable over QMP
 * ans2.c          the QEMU object: properties, reset, migration
 */

#ifndef HW_APPLE_ANS2_INTERNAL_H
#define HW_APPLE_ANS2_INTERNAL_H

#include "block/aio.h"
#include "exec/memory.h"
#include "hw/apple/ans2.h"
#include "hw/apple/dice.h"
#include "hw/apple/judge.h"
#include "hw/apple/rtkit.h"
#include "hw/apple/sart.h"
#include "qemu/timer.h"

#define ANS2_WINDOW_SIZE    0x40000
#define ANS2_NUM_TAGS       64      /* one space for both queues */
#define ANS2_SQE_SIZE       64
#define ANS2_TCB_SIZE       128
#define ANS2_CQE_SIZE       16
#define ANS2_CQ_MAX         4096    /* AQA.ACQS has 12 bits */
#define ANS2_NUM_NS         3
#define ANS2_BLOCK_SHIFT    12
#define ANS2_PAGE_SHIFT     12
#define ANS2_PAGE_SIZE      (1 << ANS2_PAGE_SHIFT)
#define ANS2_MDTS           8
#define ANS2_XFER_MAX       (ANS2_PAGE_SIZE << ANS2_MDTS)
/* pages of the largest transfer, when the first is not aligned */
#define ANS2_PAGES_MAX      ((1 << ANS2_MDTS) + 1)

/* CC and CSTS, as in the NVMe specification */
#define ANS2_CC_EN          (1u << 0)
#define ANS2_CC_CSS         (7u << 4)
#define ANS2_CC_MPS         (0xfu << 7)
#define ANS2_CC_SHN         (3u << 14)
#define ANS2_CSTS_RDY       (1u << 0)
#define ANS2_CSTS_CFS       (1u << 1)
#define ANS2_CSTS_SHST      (3u << 2)
#define ANS2_CSTS_SHST_BUSY (1u << 2)
#define ANS2_CSTS_SHST_DONE (2u << 2)

/* old firmware: refuse null PRPs of commands that claim to have data */
#define ANS2_PRP_NULL_CHECK (1u << 11)

/* TCB dma_flags */
#define ANS2_DMA_TO_HOST    (1u << 0)   /* the device may write memory */
#define ANS2_DMA_FROM_HOST  (1u << 1)   /* the device may read memory */

/* Status codes: type in bits 10:8.  None carries "do not retry". */
enum {
    ANS2_SC_SUCCESS         = 0x000,
    ANS2_SC_INVALID_OPCODE  = 0x001,
    ANS2_SC_INVALID_FIELD   = 0x002,
    ANS2_SC_DATA_XFER_ERROR = 0x004,
    ANS2_SC_INTERNAL        = 0x006,
    ANS2_SC_SQ_DELETED      = 0x008,
    ANS2_SC_INVALID_NS      = 0x00b,
    ANS2_SC_PRP_OFFSET      = 0x013,
    ANS2_SC_LBA_RANGE       = 0x080,
    ANS2_SC_CQ_INVALID      = 0x100,
    ANS2_SC_QID_INVALID     = 0x101,
    ANS2_SC_QSIZE_INVALID   = 0x102,
    ANS2_SC_INVALID_VECTOR  = 0x108,
    ANS2_SC_INVALID_LOG     = 0x109,
    ANS2_SC_QUEUE_DELETION  = 0x10c,
    ANS2_SC_NOT_SAVEABLE    = 0x10d,
    ANS2_SC_WRITE_FAULT     = 0x280,
    ANS2_SC_READ_ERROR      = 0x281,
    /* not a status: the command completes later */
    ANS2_PENDING            = 0xffff,
};

enum {
    ANS2_ADMIN,
    ANS2_IO,
    ANS2_NUM_QUEUES
};

/* Submission queue entry, in host order */
typedef struct Ans2Sqe {
    uint8_t opcode;
    uint8_t flags;
    uint16_t cid;
    uint32_t nsid;
    uint64_t mptr;
    uint64_t prp1;
    uint64_t prp2;
    uint32_t cdw10;
    uint32_t cdw11;
    uint32_t cdw12;
    uint32_t cdw13;
    uint32_t cdw14;
    uint32_t cdw15;
} Ans2Sqe;

/* NVMMU command descriptor, in host order */
typedef struct Ans2Tcb {
    uint8_t opcode;
    uint8_t flags;
    uint8_t tag;
    uint16_t length;
    uint16_t length_high;   /* reserved, but some drivers fill it */
    uint64_t prp1;
    uint64_t prp2;
} Ans2Tcb;

typedef enum Ans2CmdState {
    ANS2_CMD_FREE,
    ANS2_CMD_RUNNING,   /* started by a doorbell, not completed */
    ANS2_CMD_WAITING,   /* completed, waits for room in the CQ */
    ANS2_CMD_POSTED,    /* its entry is in the CQ */
    ANS2_CMD__MAX
} Ans2CmdState;

typedef struct Ans2Io Ans2Io;

/* One per tag. */
typedef struct Ans2Cmd {
    AppleAns2State *s;
    uint8_t tag;
    uint8_t state;          /* Ans2CmdState */
    uint8_t qid;            /* the queue that the tag was last used in */
    bool tcb_held;          /* since the doorbell, until invalidated */
    bool cut;               /* invalidated while it ran */
    bool lost_irq;          /* its completion will not interrupt */
    bool executed;          /* the bottom half has only to complete it */
    bool held;              /* by a trap: taken, but not begun */
    bool endless;           /* an event request: ends with the queue */
    bool stale;             /* its entry comes again at the next doorbell */
    bool misled;            /* an entry says it is over, but it runs */
    uint32_t odd;           /* bits of Ans2TrapAction, for its entry */
    uint32_t odd_tag;       /* what ANS2_TRAP_TAG wants */
    uint64_t late_ns;       /* from its end to its entry */
    uint16_t status;
    uint16_t slot;          /* of its entry in the CQ, if posted */
    uint64_t result;
    uint64_t order;         /* of completion */
    int64_t deadline;       /* virtual time before which it may not end */
    uint8_t raw_sqe[ANS2_SQE_SIZE];
    uint8_t raw_tcb[ANS2_TCB_SIZE];

    /* derived from the above, or empty when the block layer is drained */
    Ans2Sqe sqe;
    Ans2Tcb tcb;
    Ans2Io *io;
    uint64_t *pages;        /* what the PRPs name, first with its offset */
    unsigned num_pages;
    QEMUBH *bh;
    QEMUTimer *timer;
} Ans2Cmd;

/* What is known about an entry in a completion queue */
typedef struct Ans2Slot {
    uint8_t tag;
    bool irq;               /* asserts the line until it is consumed */
    bool held;              /* its TCB was not invalidated yet */
} Ans2Slot;

typedef struct Ans2Queue {
    bool sq_exists;
    bool cq_exists;
    bool irq_enabled;
    bool race_open;         /* TCB invalidated, CQ head not yet written */
    bool unseen;            /* by a trap: behind an entry of wrong phase */
    uint64_t sq_base;
    uint64_t cq_base;
    uint32_t sq_size;
    uint32_t cq_size;
    uint32_t sq_head;       /* classic mode */
    uint32_t sq_tail;
    uint32_t cq_head;
    uint32_t cq_tail;
    bool phase;
    uint32_t in_flight;
    uint32_t irq_slots;
    Ans2Slot slots[ANS2_CQ_MAX];
} Ans2Queue;

typedef struct Ans2Ns {
    BlockBackend *blk;      /* or the RAM below */
    MemoryRegion ram;
    uint64_t blocks;        /* 0: not there */
} Ans2Ns;

/* Counters for measurements; X(C name, QOM name, description) */
#define ANS2_COUNTERS(X)                                                   \
    X(CMD_READ, "count-read", "Read commands")                             \
    X(CMD_WRITE, "count-write", "Write commands")                          \
    X(CMD_FLUSH, "count-flush", "Flush commands")                          \
    X(CMD_DSM, "count-dsm", "Dataset Management commands")                 \
    X(CMD_IO_OTHER, "count-io-other", "other I/O commands")                \
    X(CMD_IDENTIFY, "count-admin-identify", "Identify commands")           \
    X(CMD_QUEUE, "count-admin-queue", "queue creations and deletions")     \
    X(CMD_FEATURE, "count-admin-feature", "Get and Set Features commands") \
    X(CMD_LOG, "count-admin-log", "Get Log Page commands")                 \
    X(CMD_VENDOR, "count-admin-vendor", "Apple 0xD8 commands")             \
    X(CMD_ADMIN_OTHER, "count-admin-other", "other admin commands")        \
    X(CMD_FAILED, "count-failed", "commands that ended with an error")     \
    X(BYTES_READ, "bytes-read", "bytes read from namespaces")              \
    X(BYTES_WRITTEN, "bytes-written", "bytes written to namespaces")       \
    X(BYTES_DISCARDED, "bytes-discarded", "bytes discarded")               \
    X(MMIO_READ_CTRL, "mmio-read-controller", "controller register reads") \
    X(MMIO_WRITE_CTRL, "mmio-write-controller",                            \
      "controller register writes")                                        \
    X(MMIO_READ_DB, "mmio-read-doorbell", "classic doorbell reads")        \
    X(MMIO_WRITE_DB, "mmio-write-doorbell",                                \
      "CQ head and classic SQ doorbell writes")                            \
    X(MMIO_READ_LINEAR, "mmio-read-linear", "linear doorbell reads")       \
    X(MMIO_WRITE_LINEAR, "mmio-write-linear", "linear doorbell writes")    \
    X(MMIO_READ_NVMMU, "mmio-read-nvmmu", "NVMMU register reads")          \
    X(MMIO_WRITE_NVMMU, "mmio-write-nvmmu", "NVMMU register writes")       \
    X(IRQ, "count-irq", "times the interrupt line went up")                \
    X(CQE, "count-cqe", "completion entries written")                      \
    X(TRAPPED, "count-trapped", "traps that sprang")                       \
    X(IN_FLIGHT_MAX, "max-in-flight", "most commands in flight at once")

typedef enum Ans2Counter {
#define ANS2_COUNTER_ENUM(c, name, desc) ANS2_COUNT_##c,
    ANS2_COUNTERS(ANS2_COUNTER_ENUM)
#undef ANS2_COUNTER_ENUM
    ANS2_COUNT__MAX
} Ans2Counter;

/* What SMART reports; survives every reset */
typedef struct Ans2Smart {
    uint64_t bytes_read;
    uint64_t bytes_written;
    uint64_t host_reads;
    uint64_t host_writes;
    uint64_t power_cycles;
    uint64_t unsafe_shutdowns;
    uint64_t media_errors;
} Ans2Smart;

/* Fault knobs; see ans2-props.c for what each does */
typedef struct Ans2Knobs {
    uint64_t flush_ns;
    uint64_t ready_ns;
    uint64_t shutdown_ns;
    uint64_t tcb_stat;
    uint64_t csts;
    uint64_t crash_at_command;
    uint64_t drop_irq;
    uint64_t duplicate_cqe;
    bool lost_irq;
    bool cfs_on_crash;
    bool aer_outstanding;
} Ans2Knobs;

/* What Identify and Get Features promise; see ans2-props.c */
typedef struct Ans2Promise {
    uint32_t sgls;
    uint32_t ms;
    uint32_t oacs;
    uint32_t hmpre;
    uint32_t oaes;
    uint32_t nn;
    uint32_t queues;
} Ans2Promise;

#define ANS2_BAD_RANGES 16

typedef enum Ans2BadWhat {
    ANS2_BAD_READ = 1,
    ANS2_BAD_WRITE = 2,
} Ans2BadWhat;

/* Blocks that cannot be read or written; see ans2-media.c */
typedef struct Ans2BadRange {
    uint8_t what;           /* bits of Ans2BadWhat; 0: end of the list */
    uint32_t nsid;
    uint64_t first;
    uint64_t count;
} Ans2BadRange;

#define ANS2_TRAPS 16

/* What a trap does, and on what; see ans2-trap.c.  In order of weight. */
typedef enum Ans2TrapAction {
    ANS2_TRAP_CRASH,
    ANS2_TRAP_CFS,
    ANS2_TRAP_UNREADY,
    ANS2_TRAP_SLOW,
    /* from here on: commands only */
    ANS2_TRAP_HOLD,
    ANS2_TRAP_FAIL,
    ANS2_TRAP_NOIRQ,
    ANS2_TRAP_LATE,
    ANS2_TRAP_TWICE,
    ANS2_TRAP_STALE,
    ANS2_TRAP_TAG,
    ANS2_TRAP_PHASE,
    ANS2_TRAP__MAX
} Ans2TrapAction;

/* Values of ANS2_TRAP_TAG beyond the 16 bits of an id */
enum {
    ANS2_TAG_OTHER = 0x10000,   /* of another command that runs */
    ANS2_TAG_FREE,              /* of none */
};

typedef enum Ans2Event {
    ANS2_EVENT_ADMIN,       /* these two are ANS2_ADMIN and ANS2_IO */
    ANS2_EVENT_IO,
    ANS2_EVENT_ENABLE,
    ANS2_EVENT_DISABLE,
    ANS2_EVENT_SHUTDOWN,
    ANS2_EVENT__MAX
} Ans2Event;

typedef struct Ans2Trap {
    bool armed;
    uint8_t action;         /* Ans2TrapAction */
    uint8_t event;          /* Ans2Event */
    bool any_opcode;
    uint8_t opcode;
    bool stays;             /* armed after it has sprung */
    uint64_t count;         /* events until it springs */
    uint64_t value;         /* nanoseconds, status or command id */
} Ans2Trap;

/* All traps that sprang at one event */
typedef struct Ans2Sprung {
    uint32_t actions;       /* bits of Ans2TrapAction */
    uint16_t status;
    uint32_t tag;
    uint64_t slow_ns;
    uint64_t late_ns;
} Ans2Sprung;

static inline bool ans2_sprang(const Ans2Sprung *sprung, Ans2TrapAction action)
{
    return sprung->actions & BIT(action);
}

/**
 * struct Ans2Upcalls - what lower files tell the controller
 * @fatal: memory of a queue is not there
 * @trapped: traps sprang at a command; whether there is no controller any more
 *           that could execute it
 * @flushed: ans2_io_flush_all() is done
 */
typedef struct Ans2Upcalls {
    void (*fatal)(AppleAns2State *s);
    bool (*trapped)(AppleAns2State *s, const Ans2Sprung *sprung);
    void (*flushed)(AppleAns2State *s);
} Ans2Upcalls;

struct AppleAns2State {
    SysBusDevice parent_obj;

    MemoryRegion window;
    qemu_irq irq;
    AppleRtkitState *rtkit;
    AppleSartState *sart;
    AppleJudgeState *judge;
    AppleDiceState *dice;
    const Ans2Upcalls *up;
    char *firmware;
    char *serial;
    bool strict;            /* the rules of the 2026 firmware */
    bool handover_enabled;
    Ans2Ns ns[ANS2_NUM_NS];
    QEMUTimer *ready_timer;
    QEMUTimer *shutdown_timer;
    QEMUBH *sleep_bh;

    /* input lines */
    bool powered;
    bool booted;
    bool crashed;

    /* registers */
    uint32_t intms;
    uint32_t cc;
    uint32_t csts;
    uint32_t aqa;
    uint64_t asq;
    uint64_t acq;
    uint32_t max_pend;
    uint32_t modesel;
    uint32_t unknown_ctrl;
    uint32_t linear_ctrl;
    uint32_t num_tcbs;
    uint64_t tcb_base[ANS2_NUM_QUEUES];
    uint32_t tcb_stat;

    bool linear;            /* LINEAR_SQ_CTRL.EN when CC.EN was set */
    bool inherited;         /* CC.EN was set by the boot loader */
    bool unclean;           /* power would be lost without a shutdown */
    bool irq_level;
    bool unready;           /* by a trap: nothing is served */
    unsigned flushing;      /* namespaces, for a shutdown */
    uint64_t shutdown_slow; /* by a trap, while the above is not 0 */
    int32_t deleting_sq;    /* tag of the command that waits for it, or -1 */
    uint64_t completions;

    uint32_t feat_power;
    uint32_t feat_arbitration;
    uint32_t feat_recovery;
    uint32_t feat_atomic;
    uint32_t feat_vwc;
    uint32_t feat_temp[2];

    Ans2Queue queue[ANS2_NUM_QUEUES];
    Ans2Cmd cmd[ANS2_NUM_TAGS];
    Ans2Knobs knob;
    Ans2Promise promise;
    Ans2Trap trap[ANS2_TRAPS];
    Ans2BadRange bad[ANS2_BAD_RANGES];
    Ans2Smart smart;
    uint64_t counter[ANS2_COUNT__MAX];
};

static inline void ans2_count(AppleAns2State *s, Ans2Counter which, uint64_t n)
{
    s->counter[which] += n;
}

/* The firmware runs, answers and has not failed. */
static inline bool ans2_serving(AppleAns2State *s)
{
    return s->powered && s->booted && !s->crashed && !s->unready &&
           !(s->csts & ANS2_CSTS_CFS);
}

static inline const char *ans2_queue_name(unsigned qid)
{
    return qid == ANS2_ADMIN ? "admin" : "I/O";
}

/* The guest time in @ns nanoseconds, or the end of time. */
static inline int64_t ans2_later(uint64_t ns)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);

    return now + (int64_t)MIN(ns, (uint64_t)(INT64_MAX - now));
}

/* ans2-trap.c */

/* Arm the traps in @text, all or none; "" removes those there are. */
bool ans2_trap_arm(AppleAns2State *s, const char *text, Error **errp);
char *ans2_trap_format(AppleAns2State *s);

/* Something happens; @opcode is that of a command. */
Ans2Sprung ans2_trap_event(AppleAns2State *s, Ans2Event event, uint8_t opcode);

/* ans2-prp.c */

/* Queues and TCBs: the controller's own DMA, to RAM only. */
bool ans2_mem_read(AppleAns2State *s, hwaddr addr, void *buf, uint32_t len);
bool ans2_mem_write(AppleAns2State *s, hwaddr addr, const void *buf,
                    uint32_t len);

/* Find the pages of a transfer of @len bytes; a status. */
uint16_t ans2_prp_map(Ans2Cmd *cmd, uint32_t len);
void ans2_prp_unmap(Ans2Cmd *cmd);

/* Move data, page by page, as far as the TCB allows; a status. */
uint16_t ans2_dma_to_host(Ans2Cmd *cmd, const void *buf, uint32_t len);
uint16_t ans2_dma_from_host(Ans2Cmd *cmd, void *buf, uint32_t len);

/* ans2-nvmmu.c */

/* Fetch the TCB of a command and check it; a status. */
uint16_t ans2_nvmmu_open(Ans2Cmd *cmd);
void ans2_nvmmu_decode_tcb(Ans2Cmd *cmd);

/* The command is over: was its TCB left alone? */
void ans2_nvmmu_close(Ans2Cmd *cmd);
void ans2_nvmmu_invalidate(AppleAns2State *s, uint32_t tag);

/* ans2-cq.c */
void ans2_update_irq(AppleAns2State *s);
void ans2_queue_reset(AppleAns2State *s, unsigned qid);
void ans2_cq_doorbell(AppleAns2State *s, unsigned qid, uint32_t head);

/* Post an entry that belongs to no command; false if there is no room. */
bool ans2_cq_post_bogus(AppleAns2State *s, unsigned qid, uint16_t cid);

/* End a command: its entry is posted now, or when there is room. */
void ans2_cmd_complete(Ans2Cmd *cmd, uint16_t status);

/* ans2-identify.c */
uint16_t ans2_identify(Ans2Cmd *cmd);
uint16_t ans2_get_log(Ans2Cmd *cmd);

/* ans2-vendor.c */
uint16_t ans2_vendor(Ans2Cmd *cmd);

/* ans2-admin.c */
uint16_t ans2_admin_run(Ans2Cmd *cmd);

/* ans2-media.c */

/* Make the blocks in @text bad, all or none; "" makes all good. */
bool ans2_media_set(AppleAns2State *s, const char *text, Error **errp);
char *ans2_media_format(AppleAns2State *s);
bool ans2_media_is_bad(AppleAns2State *s, Ans2BadWhat what, uint32_t nsid,
                       uint64_t lba, uint32_t blocks);
bool ans2_media_is_sane(const AppleAns2State *s);

/* ans2-io.c */
uint16_t ans2_io_run(Ans2Cmd *cmd);

/* A flush may end, or the I/O on a RAM namespace does. */
void ans2_io_timer(Ans2Cmd *cmd);

/* Detach a command from its block I/O, which ends without effect on it. */
void ans2_io_forget(Ans2Cmd *cmd);

/* Wait for all block I/O, also that of forgotten commands. */
void ans2_io_drain(AppleAns2State *s);

/* Flush all namespaces, then call @flushed of Ans2Upcalls. */
void ans2_io_flush_all(AppleAns2State *s);
bool ans2_io_realize(AppleAns2State *s, Error **errp);

/* ans2-queue.c */
void ans2_queue_linear_doorbell(AppleAns2State *s, unsigned qid,
                                uint32_t tag);
void ans2_queue_sq_doorbell(AppleAns2State *s, unsigned qid, uint32_t tail);
void ans2_cmd_decode_sqe(Ans2Cmd *cmd);

/* Run a command whose turn has come; the bottom half of each Ans2Cmd. */
void ans2_cmd_run(void *opaque);

/* Its time has come: it is not held any longer, or its I/O ends. */
void ans2_cmd_timer(void *opaque);

/* An admin command that will end by itself, if it is let; NULL if none. */
const Ans2Cmd *ans2_cmd_open(AppleAns2State *s);

/* The commands that wait for the property "release", and writing to it */
unsigned ans2_cmd_num_held(AppleAns2State *s);
void ans2_cmd_release_all(AppleAns2State *s);

/* Drop all commands without completion; block I/O may still be running. */
void ans2_cmd_forget_all(AppleAns2State *s);

/* ans2-ctrl.c */
extern const Ans2Upcalls ans2_ctrl_upcalls;

/* Forget everything but what survives a reset of the block. */
void ans2_ctrl_reset(AppleAns2State *s);
void ans2_ctrl_write_cc(AppleAns2State *s, uint32_t value);
void ans2_ctrl_fatal(AppleAns2State *s);
void ans2_ctrl_ready(void *opaque);
void ans2_ctrl_shutdown_done(void *opaque);
void ans2_ctrl_slept(void *opaque);
void ans2_ctrl_set_power(void *opaque, int n, int level);
void ans2_ctrl_set_booted(void *opaque, int n, int level);
void ans2_ctrl_set_crashed(void *opaque, int n, int level);

/* ans2-regs.c */
extern const MemoryRegionOps ans2_window_ops;

/* ans2-props.c */
void ans2_class_add_properties(ObjectClass *klass);
void ans2_promise_init(AppleAns2State *s);
bool ans2_promise_is_sane(const AppleAns2State *s);

/* ans2.c */

#endif
