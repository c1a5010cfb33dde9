/*
 * Macs: the boards
 *
 * What differs from one to the other is a line of boards[] below.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU interface, options of -M apple-j274 and the others:
 *  + firmware=2026|old: which generation of ANS firmware judges the guest
 *  + handover=off|asleep|running|enabled: what the boot loader did with the
 *    ANS block before the kernel
 *  + poweroff=on|off: whether the devicetree has a way to switch off; a Mac
 *    has its SMC for that, which is not modelled
 *  + powerkey=on|off: whether there is a power key, in the devicetree too, that
 *    QMP system_powerdown presses; likewise
 *  + faults="NAME=VALUE ...": what goes wrong, see faults.h; "help" lists the
 *    names
 *  + ssd=ID: the drive (-drive if=none,id=ID) behind the ANS2
 *
 * -kernel takes an arm64 Image or U-Boot, -dtb the kernel's devicetree of the
 * board.
 * The first -serial is the console, the second one is serial2.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "hw/apple/boot.h"
#include "hw/apple/faults.h"
#include "hw/apple/powerkey.h"
#include "hw/apple/poweroff.h"
#include "hw/apple/soc.h"
#include "hw/boards.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "system/block-backend.h"
#include "system/qtest.h"

#define TYPE_APPLE_MAC_MACHINE MACHINE_TYPE_NAME("apple-mac")
OBJECT_DECLARE_TYPE(AppleMacState, AppleMacClass, APPLE_MAC_MACHINE)

/**
 * struct AppleBoard - one Mac
 * @name: the machine's name
 * @desc: in words, as Apple calls it
 * @soc: what is in it
 * @dtb: file name of its devicetree
 */
typedef struct AppleBoard {
    const char *name;
    const char *desc;
    const AppleSocInfo *soc;
    const char *dtb;
} AppleBoard;

static const AppleBoard boards[] = {
    { "apple-j274", "Apple Mac mini (M1, 2020)",
      &apple_t8103, "t8103-j274.dtb" },
    { "apple-j293", "Apple MacBook Pro (13-inch, M1, 2020)",
      &apple_t8103, "t8103-j293.dtb" },
    { "apple-j314s", "Apple MacBook Pro (14-inch, M1 Pro, 2021)",
      &apple_t6000, "t6000-j314s.dtb" },
    { "apple-j316c", "Apple MacBook Pro (16-inch, M1 Max, 2021)",
      &apple_t6001, "t6001-j316c.dtb" },
    { "apple-j375d", "Apple Mac Studio (M1 Ultra, 2022)",
      &apple_t6002, "t6002-j375d.dtb" },
    { "apple-j473", "Apple Mac mini (M2, 2023)",
      &apple_t8112, "t8112-j473.dtb" },
    { "apple-j474s", "Apple Mac mini (M2 Pro, 2023)",
      &apple_t6020, "t6020-j474s.dtb" },
};

struct AppleMacClass {
    MachineClass parent_class;

    const AppleBoard *board;
};

struct AppleMacState {
    MachineState parent_obj;

    AppleSocState *soc;
    ApplePoweroffState poweroff;
    ApplePowerkeyState powerkey;

    char *handover;
    char *ssd;
    char *faults;
    bool poweroff_enabled;
    bool powerkey_enabled;
};

#define MIN_RAM (1 * GiB)

/*
 * The end of DRAM belongs to the ANS firmware and is not told to the kernel.
 * Place and size are a model choice; that there is such a part is not.
 */
#define ANS_MEMORY_SIZE (16 * MiB)

static const char *const firmware_values[] = { "2026", "old", NULL };
static const char *const handover_values[] = {
    "off", "asleep", "running", "enabled", NULL
};

static const AppleBoard *board_of(AppleMacState *s)
{
    return APPLE_MAC_MACHINE_GET_CLASS(s)->board;
}

static void check_ram_size(AppleMacState *s)
{
    MachineState *machine = MACHINE(s);
    uint64_t max = board_of(s)->soc->max_ram;

    if (machine->ram_size < MIN_RAM || machine->ram_size > max ||
        machine->ram_size % MiB) {
        error_report("%s: RAM size must be 1G to %" PRIu64 "G, in whole MiB",
                     board_of(s)->name, max / GiB);
        exit(1);
    }
}

/*
 * QEMU has a machine property "firmware" for all machines.  It names a file
 * elsewhere (-bios sets it, too); a Mac takes no other firmware, so here it is
 * free to name a generation.
 */
static const char *firmware_generation(AppleMacState *s)
{
    const char *value = MACHINE(s)->firmware ?: firmware_values[0];

    if (!g_strv_contains(firmware_values, value)) {
        error_report("%s: firmware must be 2026 or old, not '%s'",
                     board_of(s)->name, value);
        exit(1);
    }
    return value;
}

/* The drive is named by its id, so that -drive if=none,id=... suffices */
static void connect_ssd(AppleMacState *s)
{
    BlockBackend *blk;

    if (!s->ssd) {
        return;
    }
    blk = blk_by_name(s->ssd);
    if (!blk) {
        error_report("%s: ssd=%s: no such drive", board_of(s)->name, s->ssd);
        exit(1);
    }
    qdev_prop_set_drive_err(s->soc->ans2, "drive", blk, &error_fatal);
}

static void realize_soc(AppleMacState *s, hwaddr ans_memory)
{
    DeviceState *soc = qdev_new(board_of(s)->soc->type);

    object_property_add_child(OBJECT(s), "soc", OBJECT(soc));
    s->soc = APPLE_SOC(soc);
    qdev_prop_set_string(soc, "firmware", firmware_generation(s));
    qdev_prop_set_string(soc, "handover", s->handover);
    qdev_prop_set_uint64(soc, "ans-memory", ans_memory);
    qdev_prop_set_uint64(soc, "ans-memory-size", ANS_MEMORY_SIZE);
    connect_ssd(s);
    sysbus_realize_and_unref(SYS_BUS_DEVICE(soc), &error_fatal);
}

static void realize_poweroff(AppleMacState *s)
{
    SysBusDevice *poweroff;

    object_initialize_child(OBJECT(s), "poweroff-register", &s->poweroff,
                            TYPE_APPLE_POWEROFF);
    poweroff = SYS_BUS_DEVICE(&s->poweroff);
    sysbus_realize(poweroff, &error_fatal);
    sysbus_mmio_map(poweroff, 0, board_of(s)->soc->poweroff);
}

static void realize_powerkey(AppleMacState *s)
{
    SysBusDevice *powerkey;

    object_initialize_child(OBJECT(s), "power-key", &s->powerkey,
                            TYPE_APPLE_POWERKEY);
    powerkey = SYS_BUS_DEVICE(&s->powerkey);
    sysbus_realize(powerkey, &error_fatal);
    sysbus_mmio_map(powerkey, 0, board_of(s)->soc->powerkey);
    sysbus_connect_irq(powerkey, 0,
                       apple_soc_irq(s->soc, board_of(s)->soc->powerkey_irq));
}

/*
 * The option and the object have one name.  So the option is a property of this
 * instance, and ends where the object begins.
 */
static void create_faults(AppleMacState *s)
{
    AppleFaultsState *faults;

    object_property_del(OBJECT(s), "faults");
    faults = apple_faults_new(OBJECT(s), OBJECT(s->soc));
    if (!g_strcmp0(s->faults, "help")) {
        g_auto(GStrv) lines = apple_faults_list(faults);

        for (char **line = lines; *line; line++) {
            puts(*line);
        }
        exit(0);
    }
    apple_faults_set(faults, s->faults ?: "", &error_fatal);
}

static void mac_init(MachineState *machine)
{
    AppleMacState *s = APPLE_MAC_MACHINE(machine);
    const AppleSocInfo *soc = board_of(s)->soc;
    uint64_t usable = machine->ram_size - ANS_MEMORY_SIZE;
    AppleBootInfo boot = {
        .num_cpus = machine->smp.cpus,
        .dtb = board_of(s)->dtb,
        .soc = soc,
        .ram_size = usable,
    };

    check_ram_size(s);
    if (!machine->kernel_filename && !qtest_enabled() &&
        g_strcmp0(s->faults, "help")) {
        error_report("%s: there is no firmware, so -kernel and -dtb are needed",
                     board_of(s)->name);
        exit(1);
    }

    memory_region_add_subregion(get_system_memory(), soc->dram, machine->ram);
    realize_soc(s, soc->dram + usable);
    create_faults(s);
    if (s->poweroff_enabled) {
        realize_poweroff(s);
        boot.poweroff_addr = soc->poweroff;
    }
    if (s->powerkey_enabled) {
        realize_powerkey(s);
        boot.powerkey_addr = soc->powerkey;
    }
    if (!qtest_enabled()) {
        apple_boot_load(machine, s->soc->cpu[0], &boot);
    }
}

static void set_choice(char **field, const char *const *values,
                       const char *name, const char *value, Error **errp)
{
    g_autofree char *list = NULL;

    if (!g_strv_contains(values, value)) {
        list = g_strjoinv(", ", (char **)values);
        error_setg(errp, "%s must be one of %s", name, list);
        return;
    }
    g_free(*field);
    *field = g_strdup(value);
}

static char *get_handover(Object *obj, Error **errp)
{
    return g_strdup(APPLE_MAC_MACHINE(obj)->handover);
}

static void set_handover(Object *obj, const char *value, Error **errp)
{
    set_choice(&APPLE_MAC_MACHINE(obj)->handover, handover_values,
               "handover", value, errp);
}

static char *get_ssd(Object *obj, Error **errp)
{
    return g_strdup(APPLE_MAC_MACHINE(obj)->ssd);
}

static void set_ssd(Object *obj, const char *value, Error **errp)
{
    AppleMacState *s = APPLE_MAC_MACHINE(obj);

    g_free(s->ssd);
    s->ssd = g_strdup(value);
}

static char *get_faults(Object *obj, Error **errp)
{
    return g_strdup(APPLE_MAC_MACHINE(obj)->faults);
}

static void set_faults(Object *obj, const char *value, Error **errp)
{
    AppleMacState *s = APPLE_MAC_MACHINE(obj);

    g_free(s->faults);
    s->faults = g_strdup(value);
}

static bool get_poweroff(Object *obj, Error **errp)
{
    return APPLE_MAC_MACHINE(obj)->poweroff_enabled;
}

static void set_poweroff(Object *obj, bool value, Error **errp)
{
    APPLE_MAC_MACHINE(obj)->poweroff_enabled = value;
}

static bool get_powerkey(Object *obj, Error **errp)
{
    return APPLE_MAC_MACHINE(obj)->powerkey_enabled;
}

static void set_powerkey(Object *obj, bool value, Error **errp)
{
    APPLE_MAC_MACHINE(obj)->powerkey_enabled = value;
}

static void mac_instance_init(Object *obj)
{
    AppleMacState *s = APPLE_MAC_MACHINE(obj);

    s->handover = g_strdup(handover_values[0]);
    s->poweroff_enabled = true;
    object_property_add_str(obj, "faults", get_faults, set_faults);
}

static void mac_instance_finalize(Object *obj)
{
    AppleMacState *s = APPLE_MAC_MACHINE(obj);

    g_free(s->handover);
    g_free(s->ssd);
    g_free(s->faults);
}

static void mac_add_properties(ObjectClass *oc)
{
    object_class_property_add_str(oc, "handover", get_handover, set_handover);
    object_class_property_set_description(oc, "handover",
        "What the boot loader left: off, asleep, running or enabled");
    object_class_property_add_str(oc, "ssd", get_ssd, set_ssd);
    object_class_property_set_description(oc, "ssd",
        "Id of the drive behind the ANS2");
    object_class_property_add_bool(oc, "poweroff", get_poweroff, set_poweroff);
    object_class_property_set_description(oc, "poweroff",
        "Whether the devicetree has a way to switch off");
    object_class_property_add_bool(oc, "powerkey", get_powerkey, set_powerkey);
    object_class_property_set_description(oc, "powerkey",
        "Whether there is a power key, which system_powerdown presses");
}

static void mac_class_init(ObjectClass *oc, void *data)
{
    static const char *const valid_cpu_types[] = {
        APPLE_SOC_CPU_TYPE, NULL
    };
    MachineClass *mc = MACHINE_CLASS(oc);

    mc->init = mac_init;
    mc->min_cpus = 1;
    mc->default_cpus = 2;
    mc->default_cpu_type = APPLE_SOC_CPU_TYPE;
    mc->valid_cpu_types = valid_cpu_types;
    mc->default_ram_size = 2 * GiB;
    mc->no_cdrom = true;
    mc->no_floppy = true;
    mc->no_parallel = true;
    mac_add_properties(oc);
}

static void board_class_init(ObjectClass *oc, void *data)
{
    const AppleBoard *board = data;
    MachineClass *mc = MACHINE_CLASS(oc);

    APPLE_MAC_MACHINE_CLASS(oc)->board = board;
    mc->desc = board->desc;
    mc->max_cpus = apple_soc_num_cpus(board->soc);
    mc->default_ram_id = g_strdup_printf("%s.ram", board->name);
}

static const TypeInfo mac_type = {
    .name = TYPE_APPLE_MAC_MACHINE,
    .parent = TYPE_MACHINE,
    .abstract = true,
    .instance_size = sizeof(AppleMacState),
    .instance_init = mac_instance_init,
    .instance_finalize = mac_instance_finalize,
    .class_size = sizeof(AppleMacClass),
    .class_init = mac_class_init,
};

static void register_boards(void)
{
    type_register_static(&mac_type);
    for (unsigned i = 0; i < ARRAY_SIZE(boards); i++) {
        g_autofree char *name = g_strdup_printf("%s" TYPE_MACHINE_SUFFIX,
                                                boards[i].name);
        const TypeInfo type = {
            .name = name,
            .parent = TYPE_APPLE_MAC_MACHINE,
            .class_init = board_class_init,
            .class_data = (void *)&boards[i],
        };

        type_register_static(&type);
    }
}

type_init(register_boards)
