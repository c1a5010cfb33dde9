/*
 * What a guest executes between two of its I/Os: a plugin for QEMU's TCG
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 *   -plugin count.so,socket=PATH,at=ADDRESS
 *           [,locks=START-END]...[,take=ADDRESS]...[,release=ADDRESS]...
 *
 * Each translation block of the guest's kernel counts how often it is run.
 * The machine runs with -icount, so one thread executes the code of all vCPUs.
 * What a program does is one block for each length.  A client of the socket at
 * PATH (stream, QEMU connects) asks for
 *
 *   window N
 *
 * and gets what was executed from one execution of the function at ADDRESS to
 * the N-th after it: the guest is not stopped for it, and N is exact.  Numbers
 * are decimal, addresses hexadecimal:
 *
 *   block ADDRESS INSTRUCTIONS TIMES CUT
 *   register ADDRESS r|w TIMES
 *   locked INSTRUCTIONS   while code from START to END held a spinlock
 *   end BLOCKS            how many blocks there are, of at most BLOCKS_MAX
 *
 * A register can only be accessed by the last instruction of a block.  Where
 * QEMU finds one in the middle, it leaves the block, runs that instruction
 * alone, and goes on behind it with a new block.  CUT is the number of
 * instructions that were counted with the old block and not executed in it.
 *
 * A spinlock is taken and given back by calls of functions at "take" and
 * "release".  A kernel that is not preemptible has them in line: a load that
 * acquires and is exclusive, and a released byte of zero.
 */

#include <glib.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qemu-plugin.h"

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

#define BLOCKS_MAX      (1u << 18)
#define KERNEL          (1ull << 63)
#define INSN_SIZE       4
#define LOCKS_MAX       16
#define CALLS_MAX       8

#define BRANCH          0x14000000u     /* b or bl, by a number of words */
#define BRANCH_MASK     0x7c000000u

#define LDAXR           0x885ffc00u     /* of a word, ldaxr Wt, [Xn] */
#define LDAXR_MASK      0xfffffc00u
#define STLRB_ZERO      0x089ffc1fu     /* stlrb wzr, [Xn] */
#define STLRB_ZERO_MASK 0xfffffc1fu

typedef struct Block {
    uint64_t pc;            /* 0: a program's */
    uint64_t insns;
} Block;

typedef struct Register {
    uint64_t address;
    uint64_t is_write;
    uint64_t times;
    uint64_t begin, end;    /* the same at the ends of the window */
} Register;

typedef struct Counts {
    uint64_t times[BLOCKS_MAX];
    uint64_t cut[BLOCKS_MAX];
    uint64_t held;          /* instructions while a lock was held */
} Counts;

/* Functions */
typedef struct Calls {
    uint64_t at[CALLS_MAX];
    size_t num;
} Calls;

static Block blocks[BLOCKS_MAX];
static size_t num_blocks;
static GHashTable *block_index; /* Block -> its number */
static GHashTable *registers;   /* Register -> itself */
static Counts now;              /* of the thread that executes */
static Counts begin, end;       /* at the ends of the window */
static int64_t wanted, seen;    /* executions of the function in the window */
static GMutex lock;             /* for the above */
static GCond closed;            /* when wanted becomes 0 */

static size_t last;             /* the block that was begun last */
static uint64_t executed;       /* instructions, with all of that block */
static uint64_t held_since;     /* what it was when a lock was taken, or 0 */
static uint64_t at;
static struct { uint64_t start, end; } locks[LOCKS_MAX];
static size_t num_locks;
static Calls takes, releases;
static int line;

static guint hash_pair(gconstpointer key)
{
    const uint64_t *pair = key;

    return (pair[0] >> 2) * 2654435761u + pair[1];
}

static gboolean equal_pair(gconstpointer a, gconstpointer b)
{
    return !memcmp(a, b, 2 * sizeof(uint64_t));
}

/* The number of a block, which a retranslation does not change */
static size_t find_block(uint64_t pc, size_t insns)
{
    Block key = { pc & KERNEL ? pc : 0, insns };
    gpointer found;
    size_t i;

    g_mutex_lock(&lock);
    if (g_hash_table_lookup_extended(block_index, &key, NULL, &found)) {
        i = GPOINTER_TO_SIZE(found);
    } else if (num_blocks < BLOCKS_MAX) {
        i = num_blocks;
        blocks[i] = key;
        g_hash_table_insert(block_index, &blocks[i], GSIZE_TO_POINTER(i));
        num_blocks++;
    } else {
        /* the client is told, see "end" */
        i = BLOCKS_MAX - 1;
    }
    g_mutex_unlock(&lock);
    return i;
}

static void count_register(uint64_t address, bool is_write)
{
    Register key = { .address = address, .is_write = is_write };
    Register *reg;

    g_mutex_lock(&lock);
    reg = g_hash_table_lookup(registers, &key);
    if (!reg) {
        reg = g_new(Register, 1);
        *reg = key;
        g_hash_table_add(registers, reg);
    }
    reg->times++;
    g_mutex_unlock(&lock);
}

/* The last instruction of a block, or one that QEMU runs alone, accesses */
static void access_cb(unsigned int vcpu, qemu_plugin_meminfo_t info,
                      uint64_t vaddr, void *opaque)
{
    struct qemu_plugin_hwaddr *hw = qemu_plugin_get_hwaddr(info, vaddr);
    const Block *block = &blocks[last];
    uint64_t pc = (uintptr_t)opaque;
    uint64_t done = (pc - block->pc) / INSN_SIZE + 1;

    if (!hw || !qemu_plugin_hwaddr_is_io(hw)) {
        return;
    }
    count_register(qemu_plugin_hwaddr_phys_addr(hw),
                   qemu_plugin_mem_is_store(info));
    if (pc >= block->pc && done < block->insns) {
        now.cut[last] += block->insns - done;
        executed -= block->insns - done;
    }
}

static void block_cb(unsigned int vcpu, void *opaque)
{
    last = (uintptr_t)opaque;
    now.times[last]++;
    executed += blocks[last].insns;
}

/* @opaque: how many instructions of the block are behind this one */
static void take_cb(unsigned int vcpu, void *opaque)
{
    held_since = executed - (uintptr_t)opaque;
}

static void release_cb(unsigned int vcpu, void *opaque)
{
    if (held_since) {
        now.held += executed - (uintptr_t)opaque - held_since;
    }
    held_since = 0;
}

static bool has_locks(uint64_t pc)
{
    for (size_t i = 0; i < num_locks; i++) {
        if (pc >= locks[i].start && pc < locks[i].end) {
            return true;
        }
    }
    return false;
}

/* Whether the instruction @word at @pc goes to one of them */
static bool is_call(uint32_t word, uint64_t pc, const Calls *calls)
{
    int64_t offset = (int64_t)((uint64_t)word << 38) >> 36;

    if ((word & BRANCH_MASK) != BRANCH) {
        return false;
    }
    for (size_t i = 0; i < calls->num; i++) {
        if (calls->at[i] == pc + offset) {
            return true;
        }
    }
    return false;
}

static void watch_locks(struct qemu_plugin_tb *tb, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t pc = qemu_plugin_insn_vaddr(insn);
        qemu_plugin_vcpu_udata_cb_t cb = NULL;
        uint32_t word = 0;

        qemu_plugin_insn_data(insn, &word, sizeof(word));
        if ((word & LDAXR_MASK) == LDAXR || is_call(word, pc, &takes)) {
            cb = take_cb;
        } else if ((word & STLRB_ZERO_MASK) == STLRB_ZERO ||
                   is_call(word, pc, &releases)) {
            cb = release_cb;
        }
        if (cb) {
            qemu_plugin_register_vcpu_insn_exec_cb(
                insn, cb, QEMU_PLUGIN_CB_NO_REGS,
                (void *)(uintptr_t)(n - 1 - i));
        }
    }
}


static void read_registers(bool at_end)
{
    GHashTableIter iter;
    gpointer key;

    g_hash_table_iter_init(&iter, registers);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        Register *reg = key;

        *(at_end ? &reg->end : &reg->begin) = reg->times;
    }
}

/* Copies what the client is told later: the guest goes on at once. */
static void at_cb(unsigned int vcpu, void *opaque)
{
    g_mutex_lock(&lock);
    if (wanted && seen == 0) {
        begin = now;
        read_registers(false);
    } else if (wanted && seen == wanted) {
        end = now;
        read_registers(true);
        wanted = 0;
        g_cond_signal(&closed);
    }
    seen++;
    g_mutex_unlock(&lock);
}

static void translate_cb(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    uint64_t pc = qemu_plugin_tb_vaddr(tb);
    size_t n = qemu_plugin_tb_n_insns(tb);
    size_t i = find_block(pc, n);
    struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, n - 1);

    if (pc == at) {
        qemu_plugin_register_vcpu_tb_exec_cb(tb, at_cb, QEMU_PLUGIN_CB_NO_REGS,
                                             NULL);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(tb, block_cb, QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)(uintptr_t)i);
    if (has_locks(pc)) {
        watch_locks(tb, n);
    }
    if (pc & KERNEL) {
        qemu_plugin_register_vcpu_mem_cb(
            insn, access_cb, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_RW,
            (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn));
    }
}

static void tell_window(FILE *out)
{
    GHashTableIter iter;
    gpointer key;

    for (size_t i = 0; i < num_blocks; i++) {
        uint64_t times = end.times[i] - begin.times[i];

        if (times) {
            fprintf(out, "block %" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                    "\n", blocks[i].pc, blocks[i].insns, times,
                    end.cut[i] - begin.cut[i]);
        }
    }
    g_hash_table_iter_init(&iter, registers);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        Register *reg = key;

        if (reg->end > reg->begin) {
            fprintf(out, "register %" PRIx64 " %c %" PRIu64 "\n",
                    reg->address, reg->is_write ? 'w' : 'r',
                    reg->end - reg->begin);
        }
    }
    fprintf(out, "locked %" PRIu64 "\n", end.held - begin.held);
    fprintf(out, "end %zu\n", num_blocks);
    fflush(out);
}

/* Serves the client until it goes. */
static void *serve(void *opaque)
{
    FILE *in = fdopen(line, "r"), *out = fdopen(dup(line), "w");
    char text[80];

    while (fgets(text, sizeof(text), in)) {
        g_mutex_lock(&lock);
        if (sscanf(text, "window %" SCNd64, &wanted) == 1) {
            seen = 0;
            while (wanted) {
                g_cond_wait(&closed, &lock);
            }
            tell_window(out);
        }
        g_mutex_unlock(&lock);
    }
    return NULL;
}

static bool connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof(address.sun_path)) {
        fprintf(stderr, "count: %s is too long for a socket\n", path);
        return false;
    }
    strcpy(address.sun_path, path);
    line = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(line, (struct sockaddr *)&address, sizeof(address))) {
        perror("count: the socket");
        return false;
    }
    return true;
}

static bool add_call(Calls *calls, const char *address)
{
    if (calls->num == CALLS_MAX) {
        return false;
    }
    calls->at[calls->num++] = strtoull(address, NULL, 16);
    return true;
}

/* An option that tells where locks are */
static bool parse_lock(const char *arg)
{
    if (g_str_has_prefix(arg, "take=")) {
        return add_call(&takes, arg + strlen("take="));
    }
    if (g_str_has_prefix(arg, "release=")) {
        return add_call(&releases, arg + strlen("release="));
    }
    if (num_locks == LOCKS_MAX ||
        sscanf(arg, "locks=%" SCNx64 "-%" SCNx64, &locks[num_locks].start,
               &locks[num_locks].end) != 2) {
        return false;
    }
    num_locks++;
    return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
                                           const qemu_info_t *info,
                                           int argc, char **argv)
{
    const char *path = NULL;

    for (int i = 0; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "socket=")) {
            path = argv[i] + strlen("socket=");
        } else if (g_str_has_prefix(argv[i], "at=")) {
            at = strtoull(argv[i] + strlen("at="), NULL, 16);
        } else if (!parse_lock(argv[i])) {
            fprintf(stderr, "count: unknown argument %s\n", argv[i]);
            return -1;
        }
    }
    if (!path || !at) {
        fprintf(stderr, "count: socket= and at= are needed\n");
        return -1;
    }
    if (!connect_to(path)) {
        return -1;
    }
    block_index = g_hash_table_new(hash_pair, equal_pair);
    registers = g_hash_table_new(hash_pair, equal_pair);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate_cb);
    g_thread_unref(g_thread_new("count", serve, NULL));
    return 0;
}
