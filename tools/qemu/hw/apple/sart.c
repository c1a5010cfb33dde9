/*
 * Apple SART v2 and v3: the co-processor's DMA allow-list
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hardware: sixteen entries, each with a flags byte and a size in CONFIG
 * and an address in PADDR, both counted in 4 KiB.  Zero flags mean a free
 * entry, 0xff is what every driver writes to allow; the single bits are not
 * known.  Addresses are 36 bits wide (Linux apple,sart.yaml).  Boot firmware
 * leaves entries that must not be touched.  NVMe data does not pass here.
 * Version 3 has the size in a bank of registers of its own, CONFIG holds the
 * flags alone, and addresses are 42 bits wide.
 *
 * The model: refuse by default.  A transfer of the co-processor reaches memory
 * only if entries allow every byte of it; otherwise nothing is transferred, and
 * one refused access is recorded.  Nothing is cached, so writing a register is
 * effective at once.
 *
 * Model choices, not known from hardware:
 *  - only flags 0xff allow
 *  - the entries keep their content across reset and power loss of the ANS
 *    block, because Linux keeps its list of boot loader entries across both
 *  - entries must not overlap, and an entry at address 0 is a mistake
 *  - bits of a v3 register beyond its field read 0 and are a mistake to set
 *  - a register access without power ends in a bus error
 *
 * What is reported to the judge:
 *  - sart-order: PADDR or the size changed while the flags allow and the
 *    co-processor runs (CPU_CONTROL.RUN, also when its firmware sleeps or has
 *    crashed).  For an instant the entry then permits what nobody asked for.
 *    Linux apple-sart, U-Boot and m1n1 do this on revoke: they write PADDR 0
 *    before CONFIG 0.
 *  - sart-entry: size 0, address 0, range beyond 36 or 42 bits, overlap,
 *    other flags, or a changed entry of the boot loader
 *  - sart-denied: a refused access, or no memory where one was allowed
 *
 * Knob: QOM property "dma-probe" (string).  Writing "r ADDRESS LENGTH" or
 * "w ADDRESS LENGTH" (any base, LENGTH up to 4096) does that access as the
 * co-processor; a write stores bytes 0xa5.  Reading gives "allowed" or
 * "refused" and, for a read, the data as hex.  A refused probe counts in
 * fault-count but is no violation and raises no fault line.
 *
 * Knob: QOM property "refuse-dma" (uint64).  The n-th transfer from now is
 * refused, whatever the entries say; that is no violation.
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/registerfields.h"
#include "hw/apple/judge.h"
#include "hw/apple/sart.h"
#include "migration/vmstate.h"
#include "trace.h"

#define SART_WINDOW_SIZE    0x10000
#define SART_PAGE_BITS      12
#define SART_PAGE_SIZE      (1u << SART_PAGE_BITS)
#define SART_ALLOW          0xff
#define SART_PROBE_MAX      4096
#define SART_PROBE_FILL     0xa5

REG32(CONFIG0, 0x00)
    FIELD(CONFIG2, SIZE, 0, 24)
    FIELD(CONFIG2, FLAGS, 24, 8)
    FIELD(CONFIG3, FLAGS, 0, 8)
REG32(PADDR0, 0x40)
REG32(SIZE0, 0x80)          /* version 3 only */

#define SART_BANK_SIZE      (4 * APPLE_SART_ENTRIES)

struct AppleSartState {
    SysBusDevice parent_obj;

    MemoryRegion regs;
    MemoryRegion *downstream;
    AddressSpace downstream_as;
    AppleJudgeState *judge;
    qemu_irq fault;

    uint32_t version;
    uint64_t preset_addr[APPLE_SART_ENTRIES];
    uint64_t preset_size[APPLE_SART_ENTRIES];   /* 0: a free entry */

    bool powered;
    bool running;           /* the co-processor: it may transfer */
    uint32_t config[APPLE_SART_ENTRIES];
    uint32_t paddr[APPLE_SART_ENTRIES];
    uint32_t size[APPLE_SART_ENTRIES];          /* version 3 */

    uint64_t fault_count;
    uint64_t fault_address;
    bool fault_write;
    uint64_t refuse_dma;    /* knob: the n-th transfer from now */

    bool probing;
    char *probe_result;
};

static unsigned sart_addr_bits(const AppleSartState *s)
{
    return s->version == 3 ? 42 : 36;
}

/* The bits that there are in PADDR and in SIZE */
static uint32_t sart_page_mask(const AppleSartState *s)
{
    return MAKE_64BIT_MASK(0, sart_addr_bits(s) - SART_PAGE_BITS);
}

static uint64_t sart_entry_start(const AppleSartState *s, unsigned i)
{
    return (uint64_t)s->paddr[i] << SART_PAGE_BITS;
}

static uint32_t sart_config_flags(const AppleSartState *s, uint32_t config)
{
    return s->version == 3 ? FIELD_EX32(config, CONFIG3, FLAGS) :
                             FIELD_EX32(config, CONFIG2, FLAGS);
}

/* The size of entry @i if CONFIG were @config */
static uint64_t sart_size(const AppleSartState *s, unsigned i, uint32_t config)
{
    uint64_t pages = s->version == 3 ? s->size[i] :
                                       FIELD_EX32(config, CONFIG2, SIZE);

    return pages << SART_PAGE_BITS;
}

static uint64_t sart_entry_size(const AppleSartState *s, unsigned i)
{
    return sart_size(s, i, s->config[i]);
}

static uint32_t sart_entry_flags(const AppleSartState *s, unsigned i)
{
    return sart_config_flags(s, s->config[i]);
}

static bool sart_entry_allows(const AppleSartState *s, unsigned i)
{
    return sart_entry_flags(s, i) == SART_ALLOW;
}

/* How many bytes from @addr on are allowed by one entry; 0 if none. */
static uint64_t sart_allowed_bytes(const AppleSartState *s, uint64_t addr)
{
    for (unsigned i = 0; i < APPLE_SART_ENTRIES; i++) {
        uint64_t start = sart_entry_start(s, i);
        uint64_t size = sart_entry_size(s, i);

        if (sart_entry_allows(s, i) && addr >= start && addr - start < size) {
            return size - (addr - start);
        }
    }
    return 0;
}

/* The co-processor's accesses */

/* @why: what the guest did wrong; NULL for the knob */
static void sart_refuse(AppleSartState *s, hwaddr addr, uint64_t len,
                        bool write, const char *why)
{
    trace_apple_sart_refuse(addr, len, write);
    if (!s->fault_count) {
        s->fault_address = addr;
        s->fault_write = write;
    }
    s->fault_count++;
    if (s->probing) {
        return;
    }
    if (why) {
        apple_judge_violation(s->judge, APPLE_RULE_SART_DENIED,
                              "co-processor %s of %" PRIu64 " bytes at 0x%"
                              HWADDR_PRIx " refused: %s",
                              write ? "write" : "read", len, addr, why);
    }
    qemu_irq_pulse(s->fault);
}

MemTxResult apple_sart_dma_rw(AppleSartState *s, hwaddr addr, void *buf,
                              uint64_t len, bool write)
{
    /* the co-processor's DMA must not reach back into device registers */
    const MemTxAttrs attrs = { .memory = 1 };
    uint64_t checked = 0;
    MemTxResult result;

    if (!s->probing && s->refuse_dma && !--s->refuse_dma) {
        sart_refuse(s, addr, len, write, NULL);
        return MEMTX_ACCESS_ERROR;
    }
    while (checked < len) {
        uint64_t n = sart_allowed_bytes(s, addr + checked);

        if (!n) {
            sart_refuse(s, addr + checked, len - checked, write,
                        "no entry allows it");
            return MEMTX_ACCESS_ERROR;
        }
        checked += MIN(n, len - checked);
    }

    result = address_space_rw(&s->downstream_as, addr, attrs, buf, len, write);
    if (result != MEMTX_OK) {
        sart_refuse(s, addr, len, write, "an entry allows it, but there is "
                    "no memory");
    }
    return result;
}

/* Registers */

static void sart_check_preset(AppleSartState *s, unsigned i, const char *reg,
                              uint32_t old, uint32_t new)
{
    if (old == new || !s->preset_size[i]) {
        return;
    }
    apple_judge_violation(s->judge, APPLE_RULE_SART_ENTRY,
                          "entry %u belongs to the boot loader, %s changed "
                          "from 0x%08x to 0x%08x", i, reg, old, new);
}

static void sart_check_overlap(AppleSartState *s, unsigned i, uint64_t start,
                               uint64_t size)
{
    for (unsigned k = 0; k < APPLE_SART_ENTRIES; k++) {
        uint64_t other = sart_entry_start(s, k);
        uint64_t other_size = sart_entry_size(s, k);

        if (k == i || !sart_entry_allows(s, k)) {
            continue;
        }
        if (start < other + other_size && other < start + size) {
            apple_judge_violation(s->judge, APPLE_RULE_SART_ENTRY,
                                  "entry %u [0x%" PRIx64 ", 0x%" PRIx64 ") "
                                  "overlaps entry %u [0x%" PRIx64 ", 0x%"
                                  PRIx64 ")", i, start, start + size, k,
                                  other, other + other_size);
        }
    }
}

/* An entry is about to allow [start, start + size). */
static void sart_check_allow(AppleSartState *s, unsigned i, uint64_t start,
                             uint64_t size)
{
    if (!size || !start) {
        apple_judge_violation(s->judge, APPLE_RULE_SART_ENTRY,
                              "entry %u allowed with %s 0: write address and "
                              "size before the flags", i,
                              size ? "address" : "size");
    }
    if (start + size > BIT_ULL(sart_addr_bits(s))) {
        apple_judge_violation(s->judge, APPLE_RULE_SART_ENTRY,
                              "entry %u [0x%" PRIx64 ", 0x%" PRIx64 ") ends "
                              "beyond %u address bits", i, start,
                              start + size, sart_addr_bits(s));
    }
    sart_check_overlap(s, i, start, size);
}

static void sart_write_config(AppleSartState *s, unsigned i, uint32_t value)
{
    uint32_t old = s->config[i], flags;

    if (s->version == 3 && value & ~R_CONFIG3_FLAGS_MASK) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_VALUE,
                              "CONFIG%u = 0x%08x: only the flags are here, in "
                              "the lowest byte", i, value);
        value &= R_CONFIG3_FLAGS_MASK;
    }
    flags = sart_config_flags(s, value);
    sart_check_preset(s, i, "CONFIG", old, value);
    if (flags && flags != SART_ALLOW) {
        apple_judge_violation(s->judge, APPLE_RULE_SART_ENTRY,
                              "entry %u: flags 0x%02x, only 0 and 0x%02x are "
                              "known", i, flags, SART_ALLOW);
    }
    if (flags == SART_ALLOW && value != old) {
        if (s->running && sart_entry_allows(s, i)) {
            apple_judge_violation(s->judge, APPLE_RULE_SART_ORDER,
                                  "entry %u: size changed from 0x%" PRIx64
                                  " to 0x%" PRIx64 " while the flags allow", i,
                                  sart_size(s, i, old),
                                  sart_size(s, i, value));
        }
        sart_check_allow(s, i, sart_entry_start(s, i), sart_size(s, i, value));
    }
    s->config[i] = value;
}

/* PADDR, and the SIZE of version 3: no change while the entry allows */
static void sart_write_pages(AppleSartState *s, unsigned i, uint32_t *field,
                             const char *reg, const char *what, uint32_t value)
{
    uint32_t old = *field;

    if (value & ~sart_page_mask(s)) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_VALUE,
                              "%s%u = 0x%08x: beyond %u address bits", reg, i,
                              value, sart_addr_bits(s));
        value &= sart_page_mask(s);
    }
    sart_check_preset(s, i, reg, old, value);
    if (s->running && value != old && sart_entry_flags(s, i)) {
        apple_judge_violation(s->judge, APPLE_RULE_SART_ORDER,
                              "entry %u: %s changed from 0x%" PRIx64
                              " to 0x%" PRIx64 " while the flags allow: clear "
                              "the flags first", i, what,
                              (uint64_t)old << SART_PAGE_BITS,
                              (uint64_t)value << SART_PAGE_BITS);
    }
    *field = value;
}

/* Common to reads and writes; on success @bank and @index are what is meant */
static bool sart_decode(AppleSartState *s, hwaddr offset, unsigned size,
                        hwaddr *bank, unsigned *index)
{
    hwaddr end = (s->version == 3 ? A_SIZE0 : A_PADDR0) + SART_BANK_SIZE;

    if (size != 4 || !QEMU_IS_ALIGNED(offset, 4)) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_SIZE,
                              "sart+0x%" HWADDR_PRIx ": access of %u bytes, "
                              "only aligned 4 is known to work", offset, size);
        return false;
    }
    if (offset >= end) {
        apple_judge_violation(s->judge, APPLE_RULE_REG_UNKNOWN,
                              "sart+0x%" HWADDR_PRIx ": no such register",
                              offset);
        return false;
    }
    *bank = ROUND_DOWN(offset, SART_BANK_SIZE);
    *index = (offset - *bank) / 4;
    return true;
}

static bool sart_powered(AppleSartState *s, hwaddr offset)
{
    if (s->powered) {
        return true;
    }
    apple_judge_violation(s->judge, APPLE_RULE_REG_POWERED_OFF,
                          "sart+0x%" HWADDR_PRIx ": access while the ANS2 "
                          "power domain is off", offset);
    return false;
}

static MemTxResult sart_read(void *opaque, hwaddr offset, uint64_t *data,
                             unsigned size, MemTxAttrs attrs)
{
    AppleSartState *s = opaque;
    hwaddr bank;
    unsigned i;

    *data = UINT64_MAX;
    if (!sart_powered(s, offset)) {
        return MEMTX_ERROR;
    }
    *data = 0;
    if (sart_decode(s, offset, size, &bank, &i)) {
        *data = bank == A_CONFIG0 ? s->config[i] :
                bank == A_PADDR0 ? s->paddr[i] : s->size[i];
    }
    trace_apple_sart_read(offset, *data, size);
    return MEMTX_OK;
}

static MemTxResult sart_write(void *opaque, hwaddr offset, uint64_t value,
                              unsigned size, MemTxAttrs attrs)
{
    AppleSartState *s = opaque;
    hwaddr bank;
    unsigned i;

    trace_apple_sart_write(offset, value, size);
    if (!sart_powered(s, offset)) {
        return MEMTX_ERROR;
    }
    if (!sart_decode(s, offset, size, &bank, &i)) {
        return MEMTX_OK;
    }
    switch (bank) {
    case A_CONFIG0:
        sart_write_config(s, i, value);
        break;
    case A_PADDR0:
        sart_write_pages(s, i, &s->paddr[i], "PADDR", "address", value);
        break;
    case A_SIZE0:
        sart_write_pages(s, i, &s->size[i], "SIZE", "size", value);
        break;
    }
    return MEMTX_OK;
}

static const MemoryRegionOps sart_ops = {
    .read_with_attrs = sart_read,
    .write_with_attrs = sart_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* every size arrives here, so that a wrong one is reported */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

/* Knobs and counters */

static bool sart_parse_probe(const char *str, bool *write, uint64_t *addr,
                             uint64_t *len)
{
    g_auto(GStrv) word = g_strsplit(str, " ", 4);

    if (g_strv_length(word) != 3 ||
        qemu_strtou64(word[1], NULL, 0, addr) ||
        qemu_strtou64(word[2], NULL, 0, len) ||
        *len < 1 || *len > SART_PROBE_MAX || *addr > UINT64_MAX - *len) {
        return false;
    }
    *write = g_str_equal(word[0], "w");
    return *write || g_str_equal(word[0], "r");
}

static void sart_set_probe(Object *obj, const char *str, Error **errp)
{
    AppleSartState *s = APPLE_SART(obj);
    uint8_t buf[SART_PROBE_MAX];
    GString *result = g_string_new(NULL);
    uint64_t addr, len;
    bool write, ok;

    if (!sart_parse_probe(str, &write, &addr, &len)) {
        error_setg(errp, "dma-probe: expected 'r ADDRESS LENGTH' or 'w "
                   "ADDRESS LENGTH' with LENGTH 1 to %d, got '%s'",
                   SART_PROBE_MAX, str);
        g_string_free(result, true);
        return;
    }

    memset(buf, SART_PROBE_FILL, sizeof(buf));
    s->probing = true;
    ok = apple_sart_dma_rw(s, addr, buf, len, write) == MEMTX_OK;
    s->probing = false;

    g_string_append(result, ok ? "allowed" : "refused");
    if (ok && !write) {
        g_string_append_c(result, ' ');
        for (uint64_t i = 0; i < len; i++) {
            g_string_append_printf(result, "%02x", buf[i]);
        }
    }
    g_free(s->probe_result);
    s->probe_result = g_string_free(result, false);
}

static char *sart_get_probe(Object *obj, Error **errp)
{
    return g_strdup(APPLE_SART(obj)->probe_result ?: "");
}

static bool sart_get_fault_write(Object *obj, Error **errp)
{
    return APPLE_SART(obj)->fault_write;
}

/* Device */

void apple_sart_preset(AppleSartState *s, unsigned index, hwaddr addr,
                       uint64_t size)
{
    /* the board's own table, not the guest's doing */
    assert(index < APPLE_SART_ENTRIES);
    assert(QEMU_IS_ALIGNED(addr | size, SART_PAGE_SIZE));

    s->preset_addr[index] = addr;
    s->preset_size[index] = size;
}

static void sart_load_preset(AppleSartState *s, unsigned i)
{
    uint32_t pages = s->preset_size[i] >> SART_PAGE_BITS;
    uint32_t flags = pages ? SART_ALLOW : 0;

    s->paddr[i] = s->preset_addr[i] >> SART_PAGE_BITS;
    if (s->version == 3) {
        s->config[i] = flags;
        s->size[i] = pages;
    } else {
        s->config[i] = FIELD_DP32(pages, CONFIG2, FLAGS, flags);
    }
}

static void sart_set_power(void *opaque, int n, int level)
{
    AppleSartState *s = opaque;

    s->powered = level;
}

static void sart_set_running(void *opaque, int n, int level)
{
    AppleSartState *s = opaque;

    s->running = level;
}

/* After the DMA of all others has stopped (docs/devel/reset.rst). */
static void sart_reset_exit(Object *obj, ResetType type)
{
    AppleSartState *s = APPLE_SART(obj);

    for (unsigned i = 0; i < APPLE_SART_ENTRIES; i++) {
        sart_load_preset(s, i);
    }
    s->fault_count = 0;
    s->fault_address = 0;
    s->fault_write = false;
}

static void sart_init(Object *obj)
{
    AppleSartState *s = APPLE_SART(obj);

    memory_region_init_io(&s->regs, obj, &sart_ops, s, "apple-sart",
                          SART_WINDOW_SIZE);
    sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->regs);
    qdev_init_gpio_in_named(DEVICE(obj), sart_set_power, "power", 1);
    qdev_init_gpio_in_named(DEVICE(obj), sart_set_running, "running", 1);
    qdev_init_gpio_out_named(DEVICE(obj), &s->fault, "fault", 1);
    s->powered = true;

    object_property_add_uint64_ptr(obj, "fault-count", &s->fault_count,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "fault-address", &s->fault_address,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "refuse-dma", &s->refuse_dma,
                                   OBJ_PROP_FLAG_READWRITE);
    object_property_set_description(obj, "refuse-dma",
        "refuse the n-th transfer of the co-processor from now; 0: none");
}

static void sart_finalize(Object *obj)
{
    g_free(APPLE_SART(obj)->probe_result);
}

static void sart_realize(DeviceState *dev, Error **errp)
{
    AppleSartState *s = APPLE_SART(dev);

    if (!s->judge || !s->downstream) {
        error_setg(errp, "apple-sart: property '%s' is not set",
                   s->judge ? "downstream" : "judge");
        return;
    }
    if (s->version != 2 && s->version != 3) {
        error_setg(errp, "apple-sart: version must be 2 or 3");
        return;
    }

    address_space_init(&s->downstream_as, s->downstream,
                       "apple-sart-downstream");
}

static int sart_post_load(void *opaque, int version_id)
{
    AppleSartState *s = opaque;

    for (unsigned i = 0; i < APPLE_SART_ENTRIES; i++) {
        if ((s->paddr[i] | s->size[i]) & ~sart_page_mask(s)) {
            return -EINVAL;
        }
    }
    return 0;
}

static const VMStateDescription vmstate_sart = {
    .name = TYPE_APPLE_SART,
    .version_id = 3,
    .minimum_version_id = 3,
    .post_load = sart_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32_EQUAL(version, AppleSartState,
                             "the version must be the same"),
        VMSTATE_BOOL(powered, AppleSartState),
        VMSTATE_BOOL(running, AppleSartState),
        VMSTATE_UINT32_ARRAY(config, AppleSartState, APPLE_SART_ENTRIES),
        VMSTATE_UINT32_ARRAY(paddr, AppleSartState, APPLE_SART_ENTRIES),
        VMSTATE_UINT32_ARRAY(size, AppleSartState, APPLE_SART_ENTRIES),
        VMSTATE_UINT64(fault_count, AppleSartState),
        VMSTATE_UINT64(fault_address, AppleSartState),
        VMSTATE_BOOL(fault_write, AppleSartState),
        VMSTATE_UINT64(refuse_dma, AppleSartState),
        VMSTATE_END_OF_LIST()
    }
};

static const Property sart_properties[] = {
    DEFINE_PROP_LINK("downstream", AppleSartState, downstream,
                     TYPE_MEMORY_REGION, MemoryRegion *),
    DEFINE_PROP_LINK("judge", AppleSartState, judge, TYPE_APPLE_JUDGE,
                     AppleJudgeState *),
    DEFINE_PROP_UINT32("version", AppleSartState, version, 2),
};

static void sart_class_init(ObjectClass *oc, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    dc->desc = "Apple SART DMA filter";
    dc->realize = sart_realize;
    dc->vmsd = &vmstate_sart;
    device_class_set_props(dc, sart_properties);
    rc->phases.exit = sart_reset_exit;
    object_class_property_add_bool(oc, "fault-write", sart_get_fault_write,
                                   NULL);
    object_class_property_add_str(oc, "dma-probe", sart_get_probe,
                                  sart_set_probe);
}

static const TypeInfo sart_types[] = {
    {
        .name = TYPE_APPLE_SART,
        .parent = TYPE_SYS_BUS_DEVICE,
        .instance_size = sizeof(AppleSartState),
        .instance_init = sart_init,
        .instance_finalize = sart_finalize,
        .class_init = sart_class_init,
    },
};

DEFINE_TYPES(sart_types)
