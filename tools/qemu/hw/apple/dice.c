/*
 * Apple M1 machine: the dice, by which things go wrong at random
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See the interface comment in dice.h.  The generator is SplitMix64, whose
 * state is one number: with others, seeds that are near to each other begin
 * with similar numbers.
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/host-utils.h"
#include "qemu/module.h"
#include "qemu/timer.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "migration/vmstate.h"
#include "hw/apple/dice.h"
#include "trace.h"

struct AppleDiceState {
    DeviceState parent_obj;

    uint64_t seed;
    uint32_t one_of;        /* opportunities; 0: no faults */
    uint32_t classes;       /* bits of AppleDiceClass */
    uint64_t state;
    bool start_failed;      /* the last one, by the dice */
    uint64_t count[APPLE_DICE__MAX];
};

static const struct {
    const char *name;
    uint32_t when;          /* bits of AppleDiceWhen */
    bool survivable;
} desc[APPLE_DICE__MAX] = {
#define CLASS_DESC(c, name, when, survivable)                              \
    [APPLE_DICE_##c] = { name, when, survivable },
    APPLE_DICE_CLASSES(CLASS_DESC)
#undef CLASS_DESC
};

QEMU_BUILD_BUG_ON(APPLE_DICE__MAX > 32);

/* What is thrown */

static uint32_t next_number(AppleDiceState *s)
{
    uint64_t mixed;

    s->state += 0x9e3779b97f4a7c15ULL;
    mixed = s->state;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebULL;
    return (mixed ^ mixed >> 31) >> 32;
}

uint32_t apple_dice_pick(AppleDiceState *s, uint32_t num)
{
    return (uint64_t)next_number(s) * num >> 32;
}

uint64_t apple_dice_pick_ns(AppleDiceState *s, uint32_t max_ms)
{
    unsigned halvings = apple_dice_pick(s, 32 - clz32(max_ms));

    return (uint64_t)(max_ms >> halvings) * SCALE_MS;
}

/* The chosen classes that fit */
static uint32_t candidates(const AppleDiceState *s, AppleDiceWhen when)
{
    uint32_t found = 0;

    for (unsigned i = 1; i < APPLE_DICE__MAX; i++) {
        if (s->classes & BIT(i) && desc[i].when & when) {
            found |= BIT(i);
        }
    }
    if (s->start_failed) {
        found &= ~BIT(APPLE_DICE_FAILED_START);
    }
    return found;
}

AppleDiceClass apple_dice_throw(AppleDiceState *s, AppleDiceWhen when)
{
    uint32_t found = s->one_of ? candidates(s, when) : 0;
    AppleDiceClass chosen = APPLE_DICE_NOTHING;

    if (found && !apple_dice_pick(s, s->one_of)) {
        for (unsigned i = apple_dice_pick(s, ctpop32(found)); i; i--) {
            found &= found - 1;
        }
        chosen = ctz32(found);
        s->count[chosen]++;
        trace_apple_dice(desc[chosen].name);
    }
    if (when == APPLE_DICE_START) {
        s->start_failed = chosen == APPLE_DICE_FAILED_START;
    }
    return chosen;
}

/* What is chosen */

static uint32_t survivable(void)
{
    uint32_t classes = 0;

    for (unsigned i = 1; i < APPLE_DICE__MAX; i++) {
        classes |= desc[i].survivable ? BIT(i) : 0;
    }
    return classes;
}

static void bad_class(const char *name, Error **errp)
{
    GString *names = g_string_new("");

    for (unsigned i = 1; i < APPLE_DICE__MAX; i++) {
        g_string_append_printf(names, "%s%s", i > 1 ? ", " : "",
                               desc[i].name);
    }
    error_setg(errp, "random: no class '%s'; there are %s", name, names->str);
    g_string_free(names, true);
}

static bool parse_classes(const char *text, uint32_t *classes, Error **errp)
{
    g_auto(GStrv) words = g_strsplit(text, "+", 0);
    unsigned first = 0;

    *classes = 0;
    if (!*text) {
        bad_class("", errp);
        return false;
    }
    if (*text == '+') {
        *classes = survivable();
        first = 1;
    }
    for (char **word = words + first; *word; word++) {
        unsigned i = 1;

        while (i < APPLE_DICE__MAX && strcmp(*word, desc[i].name)) {
            i++;
        }
        if (i == APPLE_DICE__MAX) {
            bad_class(*word, errp);
            return false;
        }
        *classes |= BIT(i);
    }
    return true;
}

static bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
    /* the first character: no sign and no blank, which strtoull() takes */
    return g_ascii_isdigit(*text) && !qemu_strtou64(text, NULL, 0, value) &&
           *value <= max;
}

static void dice_set_random(Object *obj, const char *text, Error **errp)
{
    AppleDiceState *s = APPLE_DICE(obj);
    g_auto(GStrv) words = g_strsplit(text, ":", 3);
    uint32_t classes = survivable();
    uint64_t seed, one_of;

    if (!*text) {
        s->one_of = 0;
        return;
    }
    if (!words[1] || !parse_number(words[0], UINT64_MAX, &seed) ||
        !parse_number(words[1], UINT32_MAX, &one_of) || !one_of) {
        error_setg(errp, "random: '%s' is not SEED:N or SEED:N:CLASS+CLASS..."
                   " with N of 1 to %u", text, UINT32_MAX);
        return;
    }
    if (words[2] && !parse_classes(words[2], &classes, errp)) {
        return;
    }
    s->seed = seed;
    s->state = seed;
    s->one_of = one_of;
    s->classes = classes;
    s->start_failed = false;
    memset(s->count, 0, sizeof(s->count));
}

static char *dice_get_random(Object *obj, Error **errp)
{
    AppleDiceState *s = APPLE_DICE(obj);
    char separator = ':';
    GString *text;

    if (!s->one_of) {
        return g_strdup("");
    }
    text = g_string_new("");
    g_string_printf(text, "%" PRIu64 ":%u", s->seed, s->one_of);
    if (s->classes != survivable()) {
        for (unsigned i = 1; i < APPLE_DICE__MAX; i++) {
            if (s->classes & BIT(i)) {
                g_string_append_printf(text, "%c%s", separator, desc[i].name);
                separator = '+';
            }
        }
    }
    return g_string_free(text, false);
}

static void dice_get_count(Object *obj, Visitor *v, const char *name,
                           void *opaque, Error **errp)
{
    AppleDiceState *s = APPLE_DICE(obj);

    if (!visit_start_struct(v, name, NULL, 0, errp)) {
        return;
    }
    for (unsigned i = 1; i < APPLE_DICE__MAX; i++) {
        if (s->count[i] &&
            !visit_type_uint64(v, desc[i].name, &s->count[i], errp)) {
            break;
        }
    }
    visit_end_struct(v, NULL);
}

static int dice_post_load(void *opaque, int version_id)
{
    AppleDiceState *s = opaque;

    return s->classes & ~MAKE_64BIT_MASK(1, APPLE_DICE__MAX - 1) ? -EINVAL : 0;
}

static const VMStateDescription vmstate_dice = {
    .name = TYPE_APPLE_DICE,
    .version_id = 1,
    .minimum_version_id = 1,
    .post_load = dice_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(seed, AppleDiceState),
        VMSTATE_UINT32(one_of, AppleDiceState),
        VMSTATE_UINT32(classes, AppleDiceState),
        VMSTATE_UINT64(state, AppleDiceState),
        VMSTATE_BOOL(start_failed, AppleDiceState),
        VMSTATE_UINT64_ARRAY(count, AppleDiceState, APPLE_DICE__MAX),
        VMSTATE_END_OF_LIST()
    }
};

static void dice_class_init(ObjectClass *klass, void *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);

    dc->desc = "decides by chance what goes wrong";
    dc->vmsd = &vmstate_dice;
    dc->user_creatable = false;
    object_class_property_add_str(klass, "random", dice_get_random,
                                  dice_set_random);
    object_class_property_set_description(klass, "random",
        "SEED:N[:CLASS+CLASS...] makes one of N opportunities fail, see"
        " dice.h; empty: none");
    object_class_property_add(klass, "count", "dict", dice_get_count, NULL,
                              NULL, NULL);
    object_class_property_set_description(klass, "count",
        "faults by class since random was set");
}

static const TypeInfo dice_types[] = {
    {
        .name = TYPE_APPLE_DICE,
        .parent = TYPE_DEVICE,
        .instance_size = sizeof(AppleDiceState),
        .class_init = dice_class_init,
    },
};

DEFINE_TYPES(dice_types)
