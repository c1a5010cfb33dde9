/*
 * Apple machines: what the boot loader does before the kernel
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * On a Mac, m1n1 fills in the devicetree, parks the secondary CPUs in a
 * spin table and enters the kernel (or U-Boot).  Here QEMU's Arm boot code
 * does what is common to all boards: it loads the files and fills in /memory,
 * the command line and the initrd.  The rest is below: cpu-release-addr, CPUs
 * that are not there, marks for U-Boot, seeds, the power-off register and the
 * power key.
 *
 * The devicetree itself is the kernel's own, given with -dtb.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/guest-random.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "hw/apple/boot.h"
#include "hw/apple/powerkey.h"
#include "hw/apple/poweroff.h"
#include "hw/apple/uart.h"
#include "hw/arm/boot.h"
#include "hw/loader.h"
#include "standard-headers/linux/input.h"
#include "system/device_tree.h"
#include <libfdt.h>

/*
 * The start of DRAM, which the kernel is told to leave alone: QEMU's jump to
 * the kernel in the first page, then these.
 */
#define RESERVED_SIZE (16 * KiB)
#define SPIN_CODE_OFFSET 0x1000
#define SPIN_TABLE_OFFSET 0x2000

/*
 * The table has room for eight CPUs in each of sixteen clusters.  The code of
 * the secondary CPUs knows the eight.
 */
#define CPUS_PER_CLUSTER 8
#define SPIN_TABLE_ENTRIES (16 * CPUS_PER_CLUSTER)

#define MAX_CPU_NODES 32

/* Cells of the devicetree's interrupts */
#define AIC_IRQ 0
#define IRQ_LEVEL_HIGH 4

typedef struct AppleBoot {
    struct arm_boot_info arm;
    AppleBootInfo board;
} AppleBoot;

static hwaddr spin_table(const AppleBoot *boot)
{
    return boot->board.soc->dram + SPIN_TABLE_OFFSET;
}

static uint64_t cpu_affinity(unsigned index)
{
    return arm_cpu_mp_affinity(ARM_CPU(qemu_get_cpu(index)));
}

static hwaddr spin_table_entry(const AppleBoot *boot, unsigned index)
{
    uint64_t affinity = cpu_affinity(index);
    unsigned entry = extract64(affinity, ARM_AFF1_SHIFT, 8) *
                     CPUS_PER_CLUSTER + extract64(affinity, 0, 8);

    return spin_table(boot) + entry * sizeof(uint64_t);
}

/*
 * Secondary CPUs look at their entry of the spin table once a millisecond and
 * sleep in between.  A loop around WFE would do as well, but keeps a host CPU
 * busy for each of them until the kernel comes, which it may never do.
 */
static void write_secondary_boot(ARMCPU *cpu, const struct arm_boot_info *info)
{
    const AppleBoot *boot = container_of(info, AppleBoot, arm);
    hwaddr table = spin_table(boot);
    uint64_t entries[SPIN_TABLE_ENTRIES] = { 0 };
    ARMInsnFixup code[] = {
        { 0x58000285 },     /*        ldr   x5, table */
        { 0xd53800a6 },     /*        mrs   x6, mpidr_el1 */
        { 0xd3483cc7 },     /*        ubfx  x7, x6, #8, #8    (cluster) */
        { 0x92401cc6 },     /*        and   x6, x6, #0xff     (CPU in it) */
        { 0x8b070cc6 },     /*        add   x6, x6, x7, lsl #3 */
        { 0x8b060ca5 },     /*        add   x5, x5, x6, lsl #3 */
        { 0xf94000a4 },     /* wait:  ldr   x4, [x5] */
        { 0xb50000e4 },     /*        cbnz  x4, go */
        { 0xd28bb807 },     /*        mov   x7, #24000        (1 ms) */
        { 0xd51be307 },     /*        msr   cntv_tval_el0, x7 */
        { 0xd2800027 },     /*        mov   x7, #1 */
        { 0xd51be327 },     /*        msr   cntv_ctl_el0, x7 */
        { 0xd503207f },     /*        wfi */
        { 0x17fffff9 },     /*        b     wait */
        { 0xd51be33f },     /* go:    msr   cntv_ctl_el0, xzr */
        { 0xaa1f03e0 },     /*        mov   x0, xzr */
        { 0xaa1f03e1 },     /*        mov   x1, xzr */
        { 0xaa1f03e2 },     /*        mov   x2, xzr */
        { 0xaa1f03e3 },     /*        mov   x3, xzr */
        { 0xd61f0080 },     /*        br    x4 */
        { table },          /* table: .quad */
        { table >> 32 },
        { 0, FIXUP_TERMINATOR }
    };
    static const uint32_t fixups[FIXUP_MAX];

    arm_write_bootloader("apple-spin-code", &address_space_memory,
                         info->smp_loader_start, code, fixups);
    rom_add_blob_fixed_as("apple-spin-table", entries, sizeof(entries), table,
                          &address_space_memory);
}

static void reset_secondary(ARMCPU *cpu, const struct arm_boot_info *info)
{
    cpu_set_pc(CPU(cpu), info->smp_loader_start);
}

static G_NORETURN void G_GNUC_PRINTF(1, 2) dtb_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    error_vreport(fmt, ap);
    va_end(ap);
    exit(1);
}

static void dtb_check(int ret, const char *what)
{
    if (ret < 0) {
        dtb_error("devicetree: %s: %s", what, fdt_strerror(ret));
    }
}

/* Number of the CPU that a node of the devicetree means, or -1 */
static int cpu_index(const void *fdt, int node, unsigned num_cpus)
{
    const fdt64_t *reg;
    int len;

    reg = fdt_getprop(fdt, node, "reg", &len);
    if (!reg || len != sizeof(*reg)) {
        return -1;
    }
    for (unsigned i = 0; i < num_cpus; i++) {
        if (fdt64_ld(reg) == cpu_affinity(i)) {
            return i;
        }
    }
    return -1;
}

/*
 * Remove a node and return the one after it.  NOPs take its place, so that
 * nothing moves and the caller can go on.
 */
static int remove_node(void *fdt, int node, const char *what)
{
    int next = fdt_next_subnode(fdt, node);

    dtb_check(fdt_nop_node(fdt, node), what);
    return next;
}

/*
 * Give each CPU its spin table entry and remove those that are not there.
 * Their phandles are returned, because other nodes refer to them.
 */
static unsigned fill_in_cpus(const AppleBoot *boot, void *fdt,
                             uint32_t *removed)
{
    int cpus = fdt_path_offset(fdt, "/cpus");
    unsigned num_removed = 0, num_found = 0;
    int node;

    dtb_check(cpus, "/cpus");
    for (node = fdt_first_subnode(fdt, cpus); node >= 0;) {
        const char *type = fdt_getprop(fdt, node, "device_type", NULL);
        int index;

        if (!type || strcmp(type, "cpu")) {
            node = fdt_next_subnode(fdt, node);
            continue;
        }
        index = cpu_index(fdt, node, boot->board.num_cpus);
        if (index >= 0) {
            dtb_check(fdt_setprop_inplace_u64(fdt, node, "cpu-release-addr",
                                              spin_table_entry(boot, index)),
                      "cpu-release-addr");
            num_found++;
            node = fdt_next_subnode(fdt, node);
            continue;
        }
        if (num_removed == MAX_CPU_NODES) {
            dtb_error("devicetree: more than %d CPUs", MAX_CPU_NODES);
        }
        removed[num_removed++] = fdt_get_phandle(fdt, node);
        node = remove_node(fdt, node, "/cpus");
    }
    if (num_found != boot->board.num_cpus) {
        dtb_error("devicetree: names %u of the machine's %u CPUs; "
                  "is it %s?",
                  num_found, boot->board.num_cpus, boot->board.dtb);
    }
    return num_removed;
}

static bool is_removed(uint32_t phandle, const uint32_t *removed, unsigned num)
{
    for (unsigned i = 0; i < num; i++) {
        if (removed[i] == phandle) {
            return true;
        }
    }
    return false;
}

/* True if a core of the cluster is left */
static bool prune_cluster(void *fdt, int cluster, const uint32_t *removed,
                          unsigned num)
{
    bool left = false;
    int core;

    for (core = fdt_first_subnode(fdt, cluster); core >= 0;) {
        int len;
        const fdt32_t *cpu = fdt_getprop(fdt, core, "cpu", &len);

        if (cpu && len == sizeof(*cpu) &&
            is_removed(fdt32_ld(cpu), removed, num)) {
            core = remove_node(fdt, core, "/cpus/cpu-map");
        } else {
            core = fdt_next_subnode(fdt, core);
            left = true;
        }
    }
    return left;
}

static void prune_cpu_map(void *fdt, const uint32_t *removed, unsigned num)
{
    int map = fdt_path_offset(fdt, "/cpus/cpu-map");
    int cluster;

    if (map < 0) {
        return;
    }
    for (cluster = fdt_first_subnode(fdt, map); cluster >= 0;) {
        if (prune_cluster(fdt, cluster, removed, num)) {
            cluster = fdt_next_subnode(fdt, cluster);
        } else {
            cluster = remove_node(fdt, cluster, "/cpus/cpu-map");
        }
    }
}

/*
 * Take removed CPUs out of one set of an AIC's "affinities".  Returns how many
 * are left.  The list gets shorter in place; its end is cut off afterwards.
 */
static int prune_affinity(void *fdt, int node, const uint32_t *removed,
                          unsigned num)
{
    int len, left = 0;
    fdt32_t *cpus = fdt_getprop_w(fdt, node, "cpus", &len);

    if (!cpus) {
        return 0;
    }
    for (int i = 0; i < len / (int)sizeof(*cpus); i++) {
        uint32_t phandle = fdt32_ld(&cpus[i]);

        if (!is_removed(phandle, removed, num)) {
            fdt32_st(&cpus[left++], phandle);
        }
    }
    return left;
}

static int find_aic(const void *fdt)
{
    int aic = fdt_node_offset_by_compatible(fdt, -1, "apple,aic");

    if (aic >= 0) {
        return aic;
    }
    return fdt_node_offset_by_compatible(fdt, -1, "apple,aic2");
}

static void prune_affinities(void *fdt, const uint32_t *removed, unsigned num)
{
    int aic = find_aic(fdt);
    int affinities = aic < 0 ? aic : fdt_subnode_offset(fdt, aic, "affinities");
    int node;

    if (affinities < 0) {
        return;
    }
    for (node = fdt_first_subnode(fdt, affinities); node >= 0;) {
        int left = prune_affinity(fdt, node, removed, num);

        if (left) {
            /* Shrinks the property, so only what follows it moves */
            g_autofree void *cpus = g_memdup2(fdt_getprop(fdt, node, "cpus",
                                                          NULL),
                                              left * sizeof(fdt32_t));

            dtb_check(fdt_setprop(fdt, node, "cpus", cpus,
                                  left * sizeof(fdt32_t)), "affinities");
            node = fdt_next_subnode(fdt, node);
        } else {
            node = remove_node(fdt, node, "affinities");
        }
    }
}

/*
 * U-Boot drives its console before it has relocated itself, and by then it
 * binds only the nodes that are marked: m1n1 marks the console, the power
 * domains it needs, and the PMGR that these are part of.
 */
static void mark_for_uboot(void *fdt, int node)
{
    g_autofree fdt32_t *domains = NULL;
    const void *prop;
    int len;

    if (node < 0 || fdt_getprop(fdt, node, "bootph-all", NULL)) {
        return;
    }
    prop = fdt_getprop(fdt, node, "power-domains", &len);
    domains = prop ? g_memdup2(prop, len) : NULL;
    dtb_check(fdt_setprop_empty(fdt, node, "bootph-all"), "bootph-all");
    dtb_check(fdt_setprop_empty(fdt, node, "u-boot,dm-pre-reloc"),
              "u-boot,dm-pre-reloc");

    /* Marking moves what follows, so every offset is looked up afresh */
    for (int i = 0; domains && i < len / (int)sizeof(*domains); i++) {
        uint32_t domain = fdt32_ld(&domains[i]);

        mark_for_uboot(fdt, fdt_node_offset_by_phandle(fdt, domain));
        node = fdt_node_offset_by_phandle(fdt, domain);
        if (node >= 0) {
            mark_for_uboot(fdt, fdt_parent_offset(fdt, node));
        }
    }
}

static void mark_console(void *fdt)
{
    const char *path = fdt_get_alias(fdt, "serial0");

    if (path) {
        mark_for_uboot(fdt, fdt_path_offset(fdt, path));
    }
}

/* Boot loaders give the kernel fresh random numbers for each boot */
static void add_seeds(void *fdt)
{
    uint8_t rng_seed[32];
    uint64_t kaslr_seed;

    qemu_guest_getrandom_nofail(&kaslr_seed, sizeof(kaslr_seed));
    qemu_guest_getrandom_nofail(rng_seed, sizeof(rng_seed));
    qemu_fdt_setprop_u64(fdt, "/chosen", "kaslr-seed", kaslr_seed);
    qemu_fdt_setprop(fdt, "/chosen", "rng-seed", rng_seed, sizeof(rng_seed));
}

/* A "syscon" with the register, and what to write there to switch off */
static void add_poweroff(void *fdt, hwaddr addr)
{
    g_autofree char *node = g_strdup_printf("/power-off@%" PRIx64, addr);
    g_autofree char *action = g_strdup_printf("%s/poweroff", node);
    static const char compatible[] = "syscon\0simple-mfd";

    qemu_fdt_add_subnode(fdt, node);
    qemu_fdt_setprop(fdt, node, "compatible", compatible, sizeof(compatible));
    qemu_fdt_setprop_sized_cells(fdt, node, "reg", 2, addr,
                                 2, (uint64_t)APPLE_POWEROFF_SIZE);
    qemu_fdt_add_subnode(fdt, action);
    qemu_fdt_setprop_string(fdt, action, "compatible", "syscon-poweroff");
    qemu_fdt_setprop_cell(fdt, action, "offset", 0);
    qemu_fdt_setprop_cell(fdt, action, "value", APPLE_POWEROFF_VALUE);
}

/* The AIC's interrupt @irq, active high; some name a die before it */
static void set_interrupt(void *fdt, const char *node, unsigned irq)
{
    int aic = find_aic(fdt), len;
    const fdt32_t *cells;

    dtb_check(aic, "interrupt controller");
    cells = fdt_getprop(fdt, aic, "#interrupt-cells", &len);
    if (!cells || len != sizeof(*cells)) {
        dtb_error("devicetree: interrupt controller without #interrupt-cells");
    }
    len = fdt32_ld(cells);
    qemu_fdt_setprop_cell(fdt, node, "interrupt-parent",
                          fdt_get_phandle(fdt, aic));
    if (len > 3) {
        qemu_fdt_setprop_cells(fdt, node, "interrupts", AIC_IRQ, 0, irq,
                               IRQ_LEVEL_HIGH);
    } else {
        qemu_fdt_setprop_cells(fdt, node, "interrupts", AIC_IRQ, irq,
                               IRQ_LEVEL_HIGH);
    }
}

/*
 * A serial port that the devicetree does not name, beside the first one and
 * like it.  It needs no power domain: the model's are all on, and nobody knows
 * which would be its own.
 */
static void add_serial(void *fdt, const AppleSocUart *uart)
{
    static const char *const same[] = {
        "compatible", "reg-io-width", "clocks", "clock-names",
    };
    const char *first = fdt_get_alias(fdt, "serial0");
    g_autofree char *bus = NULL, *node = NULL, *from = NULL;

    if (!first) {
        dtb_error("devicetree: no alias serial0");
    }
    from = g_strdup(first);
    bus = g_path_get_dirname(from);
    node = g_strdup_printf("%s/serial@%" PRIx64, bus, uart->addr);
    qemu_fdt_add_subnode(fdt, node);
    for (unsigned i = 0; i < ARRAY_SIZE(same); i++) {
        int len;
        const void *value = qemu_fdt_getprop(fdt, from, same[i], &len,
                                             &error_fatal);
        g_autofree void *copy = g_memdup2(value, len);

        qemu_fdt_setprop(fdt, node, same[i], copy, len);
    }
    qemu_fdt_setprop_sized_cells(fdt, node, "reg", 2, uart->addr,
                                 2, (uint64_t)APPLE_UART_SIZE);
    set_interrupt(fdt, node, uart->irq);
    qemu_fdt_setprop_string(fdt, "/aliases", uart->alias, node);
}

static void add_serials(const AppleBoot *boot, void *fdt)
{
    const AppleSocInfo *soc = boot->board.soc;

    for (unsigned i = 0; i < soc->num_uarts; i++) {
        if (soc->uart[i].alias) {
            add_serial(fdt, &soc->uart[i]);
        }
    }
}

/* A GPIO controller with one line */
static void add_gpio(void *fdt, hwaddr addr, unsigned irq, uint32_t phandle)
{
    g_autofree char *node = g_strdup_printf("/gpio@%" PRIx64, addr);
    g_autofree char *port = g_strdup_printf("%s/gpio-port@0", node);

    qemu_fdt_add_subnode(fdt, node);
    qemu_fdt_setprop_string(fdt, node, "compatible", "snps,dw-apb-gpio");
    qemu_fdt_setprop_sized_cells(fdt, node, "reg", 2, addr,
                                 2, (uint64_t)APPLE_POWERKEY_SIZE);
    qemu_fdt_setprop_cell(fdt, node, "#address-cells", 1);
    qemu_fdt_setprop_cell(fdt, node, "#size-cells", 0);

    qemu_fdt_add_subnode(fdt, port);
    qemu_fdt_setprop_string(fdt, port, "compatible", "snps,dw-apb-gpio-port");
    qemu_fdt_setprop_cell(fdt, port, "reg", 0);
    qemu_fdt_setprop_cell(fdt, port, "ngpios", 1);
    qemu_fdt_setprop(fdt, port, "gpio-controller", NULL, 0);
    qemu_fdt_setprop_cell(fdt, port, "#gpio-cells", 2);
    qemu_fdt_setprop(fdt, port, "interrupt-controller", NULL, 0);
    qemu_fdt_setprop_cell(fdt, port, "#interrupt-cells", 2);
    set_interrupt(fdt, port, irq);
    qemu_fdt_setprop_cell(fdt, port, "phandle", phandle);
}

static void add_key(void *fdt, uint32_t gpio)
{
    static const char keys[] = "/gpio-keys", key[] = "/gpio-keys/power";

    qemu_fdt_add_subnode(fdt, keys);
    qemu_fdt_setprop_string(fdt, keys, "compatible", "gpio-keys");
    qemu_fdt_add_subnode(fdt, key);
    qemu_fdt_setprop_string(fdt, key, "label", "power");
    qemu_fdt_setprop_cell(fdt, key, "linux,code", KEY_POWER);
    qemu_fdt_setprop_cells(fdt, key, "gpios", gpio, 0, 0);
    qemu_fdt_setprop(fdt, key, "wakeup-source", NULL, 0);
}

/*
 * A node that is added comes before the others, and 6.12 suspends what comes
 * later first.  The key has to be asleep before its GPIO is, or that has not
 * heard yet of the key that is to wake the system.
 */
static void add_powerkey(void *fdt, hwaddr addr, unsigned irq)
{
    uint32_t phandle = qemu_fdt_alloc_phandle(fdt);

    add_key(fdt, phandle);
    add_gpio(fdt, addr, irq, phandle);
}

static void modify_dtb(const struct arm_boot_info *info, void *fdt)
{
    const AppleBoot *boot = container_of(info, AppleBoot, arm);
    uint32_t removed[MAX_CPU_NODES];
    unsigned num;

    num = fill_in_cpus(boot, fdt, removed);
    prune_cpu_map(fdt, removed, num);
    prune_affinities(fdt, removed, num);
    mark_console(fdt);
    add_seeds(fdt);
    add_serials(boot, fdt);
    if (boot->board.poweroff_addr) {
        add_poweroff(fdt, boot->board.poweroff_addr);
    }
    if (boot->board.powerkey_addr) {
        add_powerkey(fdt, boot->board.powerkey_addr,
                     boot->board.soc->powerkey_irq);
    }
    dtb_check(fdt_add_mem_rsv(fdt, boot->board.soc->dram, RESERVED_SIZE),
              "/memreserve/");
}

void apple_boot_load(MachineState *machine, ARMCPU *cpu,
                     const AppleBootInfo *info)
{
    AppleBoot *boot = g_new0(AppleBoot, 1);

    if (machine->kernel_filename && !machine->dtb) {
        error_report("-kernel needs -dtb: the kernel's %s", info->dtb);
        exit(1);
    }

    boot->board = *info;
    boot->arm = (struct arm_boot_info) {
        .loader_start = info->soc->dram,
        .ram_size = info->ram_size,
        .smp_loader_start = info->soc->dram + SPIN_CODE_OFFSET,
        .write_secondary_boot = write_secondary_boot,
        .secondary_cpu_reset_hook = reset_secondary,
        .modify_dtb = modify_dtb,
        .psci_conduit = QEMU_PSCI_CONDUIT_DISABLED,
    };
    /* Keeps boot->arm: every reset looks at it */
    arm_load_kernel(cpu, machine, &boot->arm);
}
