/*
 * Apple ANS2: traps, which make the controller fail at a chosen moment
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  Writing "ACTION:EVENT[:COUNT]" to the property "trap" arms a
 * trap, or several when they are separated by blanks; writing "" removes all.
 * Reading gives those that are armed, with what is left of COUNT, in a form
 * that can be written again.  At most 16 are armed at once.  They survive
 * every reset, are migrated, and may be given before the start
 * (-global apple-ans2.trap=crash:admin).
 *
 * EVENT
 *  admin, io         a command of this queue is taken: its doorbell passed the
 *                    rules of tags and its entry was fetched
 *  admin-XX, io-XX   the same, but only commands with the hex opcode XX
 *  enable            CC.EN is set
 *  disable           CC.EN is cleared
 *  shutdown          CC.SHN is set while CC.EN is, and no shutdown has begun
 *
 * Events count only while the firmware serves the controller.
 *
 * COUNT
 *  N                 the N-th such event from now, counted from 1, which is
 *                    the default; then the trap is gone
 *  N+                the N-th and every later one; the trap stays armed
 *
 * ACTION
 *  crash             the firmware crashes instead
 *  cfs               CSTS.CFS is set instead
 *  unready           CSTS.RDY falls instead, without CSTS.CFS, and nothing is
 *                    served any more until CC.EN is cleared or the block is
 *                    reset.  With "enable" RDY does not rise; with "disable"
 *                    it falls, and the next CC.EN remains without an answer
 *  slow=NS           the command begins NS nanoseconds of guest time later.
 *                    With "enable" RDY rises so much later, with "shutdown"
 *                    SHST ends so much later, with "disable" RDY falls so much
 *                    later, and until then commands that run go on
 *  hold              the command is taken and does not begin until "true" is
 *                    written to the property "release"; the property "held"
 *                    tells how many wait
 *  fail=HEX          the command is not executed and ends with this status:
 *                    code in bits 7:0, type in 10:8, "do not retry" in 14
 *  noirq             the command is executed, and its completion does not
 *                    interrupt
 *  late=NS           the command is executed, and its completion comes NS
 *                    nanoseconds of guest time later
 *  twice             its completion entry is there twice
 *  stale             its entry comes once more, when its tag has been taken
 *                    for the next command
 *  tag=HEX           its entry has this command id; "tag=other": that of
 *                    another command of the queue that runs; "tag=free": a tag
 *                    that no command uses.  Its own if there is no such tag
 *  phase             its entry has the wrong phase bit.  Model's choice: up to
 *                    the end of the queue neither this entry interrupts nor
 *                    those behind it, which no host can see
 *
 * With enable, disable and shutdown only the first four are accepted.  All
 * traps of an event count it.  Of crash, cfs and unready at once the first
 * decides; the others add up, and "hold" makes "slow" needless.
 *
 * A command that is held or slow is in flight: its tag is busy, its TCB stands,
 * Delete SQ waits for it.  It has had no effect, and a reset forgets it.  So is
 * one whose completion is late, but it has had its effect.
 *
 * An entry with the tag of a command that runs (stale, tag=) misleads the
 * driver: what it then does with that tag is no broken rule.  A doorbell for a
 * tag that still runs is ignored.
 *
 * At each event the dice are thrown (dice.h), and act as traps do.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "ans2-internal.h"
#include "trace.h"

#define STATUS_MAX  0x7fff
#define DICE_MAX_MS 1024

#define ACTIONS     "crash, cfs, unready, slow=NS, hold, fail=HEX, noirq," \
                    " late=NS, twice, stale, tag=HEX, tag=other, tag=free or" \
                    " phase"
#define EVENTS      "admin, admin-XX, io, io-XX, enable, disable or shutdown"

static const char *const action_names[ANS2_TRAP__MAX] = {
    [ANS2_TRAP_CRASH] = "crash",
    [ANS2_TRAP_CFS] = "cfs",
    [ANS2_TRAP_UNREADY] = "unready",
    [ANS2_TRAP_SLOW] = "slow",
    [ANS2_TRAP_HOLD] = "hold",
    [ANS2_TRAP_FAIL] = "fail",
    [ANS2_TRAP_NOIRQ] = "noirq",
    [ANS2_TRAP_LATE] = "late",
    [ANS2_TRAP_TWICE] = "twice",
    [ANS2_TRAP_STALE] = "stale",
    [ANS2_TRAP_TAG] = "tag",
    [ANS2_TRAP_PHASE] = "phase",
};

static const char *const event_names[ANS2_EVENT__MAX] = {
    [ANS2_EVENT_ADMIN] = "admin",
    [ANS2_EVENT_IO] = "io",
    [ANS2_EVENT_ENABLE] = "enable",
    [ANS2_EVENT_DISABLE] = "disable",
    [ANS2_EVENT_SHUTDOWN] = "shutdown",
};

/* --- what is written ----------------------------------------------------- */

static bool parse_number(const char *text, unsigned base, uint64_t max,
                         uint64_t *value)
{
    /* the first character: no sign and no blank, which strtoull() takes */
    return g_ascii_isxdigit(*text) &&
           !qemu_strtou64(text, NULL, base, value) && *value <= max;
}

static int find_name(const char *const *names, int num, const char *text,
                     size_t len)
{
    for (int i = 0; i < num; i++) {
        if (names[i] && strlen(names[i]) == len &&
            !strncmp(names[i], text, len)) {
            return i;
        }
    }
    return -1;
}

static bool parse_tag(const char *text, uint64_t *value)
{
    if (!strcmp(text, "other")) {
        *value = ANS2_TAG_OTHER;
    } else if (!strcmp(text, "free")) {
        *value = ANS2_TAG_FREE;
    } else {
        return parse_number(text, 16, UINT16_MAX, value);
    }
    return true;
}

static bool parse_action(Ans2Trap *trap, const char *text)
{
    size_t len = strcspn(text, "=");
    const char *value = text[len] ? text + len + 1 : NULL;
    int action = find_name(action_names, ANS2_TRAP__MAX, text, len);

    trap->action = MAX(action, 0);
    switch (action) {
    case -1:
        return false;
    case ANS2_TRAP_SLOW:
    case ANS2_TRAP_LATE:
        return value && parse_number(value, 10, UINT64_MAX, &trap->value) &&
               trap->value;
    case ANS2_TRAP_TAG:
        return value && parse_tag(value, &trap->value);
    case ANS2_TRAP_FAIL:
        return value && parse_number(value, 16, STATUS_MAX, &trap->value) &&
               trap->value;
    default:
        return !value;
    }
}

static bool parse_event(Ans2Trap *trap, const char *text)
{
    size_t len = strcspn(text, "-");
    int event = find_name(event_names, ANS2_EVENT__MAX, text, len);
    uint64_t opcode;

    if (event < 0) {
        return false;
    }
    trap->event = event;
    trap->any_opcode = !text[len];
    if (trap->any_opcode) {
        return true;
    }
    if (event > ANS2_EVENT_IO ||
        !parse_number(text + len + 1, 16, UINT8_MAX, &opcode)) {
        return false;
    }
    trap->opcode = opcode;
    return true;
}

static bool parse_count(Ans2Trap *trap, const char *text)
{
    g_autofree char *number = g_strdup(text);
    size_t len = strlen(number);

    trap->stays = len && number[len - 1] == '+';
    if (trap->stays) {
        number[len - 1] = '\0';
    }
    return parse_number(number, 10, UINT64_MAX, &trap->count) && trap->count;
}

static bool parse_trap(Ans2Trap *trap, const char *text, Error **errp)
{
    g_auto(GStrv) words = g_strsplit(text, ":", 0);
    unsigned num = g_strv_length(words);

    *trap = (Ans2Trap) { .armed = true, .count = 1 };
    if (num < 2 || num > 3) {
        error_setg(errp, "trap '%s' is not ACTION:EVENT[:COUNT]", text);
        return false;
    }
    if (!parse_action(trap, words[0])) {
        error_setg(errp, "trap '%s': the action is " ACTIONS ", with a status"
                   " of 1 to 7fff", text);
        return false;
    }
    if (!parse_event(trap, words[1])) {
        error_setg(errp, "trap '%s': the event is " EVENTS ", with a hex"
                   " opcode XX", text);
        return false;
    }
    if (num == 3 && !parse_count(trap, words[2])) {
        error_setg(errp, "trap '%s': the count is N or N+, with N of 1 or"
                   " more", text);
        return false;
    }
    if (trap->event > ANS2_EVENT_IO && trap->action > ANS2_TRAP_SLOW) {
        error_setg(errp, "trap '%s': '%s' happens to commands only; with '%s'"
                   " the action is crash, cfs, unready or slow=NS", text,
                   action_names[trap->action], event_names[trap->event]);
        return false;
    }
    return true;
}

static Ans2Trap *free_trap(Ans2Trap *traps)
{
    for (unsigned i = 0; i < ANS2_TRAPS; i++) {
        if (!traps[i].armed) {
            return &traps[i];
        }
    }
    return NULL;
}

bool ans2_trap_arm(AppleAns2State *s, const char *text, Error **errp)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 0);
    Ans2Trap traps[ANS2_TRAPS] = { };

    if (*text) {
        memcpy(traps, s->trap, sizeof(traps));
    }
    for (char **word = words; *word; word++) {
        Ans2Trap *trap = free_trap(traps);

        if (!**word) {
            /* more than one blank */
            continue;
        }
        if (!trap) {
            error_setg(errp, "there are %d traps already", ANS2_TRAPS);
            return false;
        }
        if (!parse_trap(trap, *word, errp)) {
            return false;
        }
    }
    /* all or none */
    memcpy(s->trap, traps, sizeof(traps));
    return true;
}

/* --- what is read -------------------------------------------------------- */

static void format_trap(GString *text, const Ans2Trap *trap)
{
    g_string_append_printf(text, "%s%s", text->len ? " " : "",
                           action_names[trap->action]);
    if (trap->action == ANS2_TRAP_SLOW || trap->action == ANS2_TRAP_LATE) {
        g_string_append_printf(text, "=%" PRIu64, trap->value);
    } else if (trap->action == ANS2_TRAP_TAG && trap->value > UINT16_MAX) {
        g_string_append(text, trap->value == ANS2_TAG_OTHER ? "=other" :
                                                              "=free");
    } else if (trap->action == ANS2_TRAP_FAIL ||
               trap->action == ANS2_TRAP_TAG) {
        g_string_append_printf(text, "=%" PRIx64, trap->value);
    }
    g_string_append_printf(text, ":%s", event_names[trap->event]);
    if (!trap->any_opcode) {
        g_string_append_printf(text, "-%02x", trap->opcode);
    }
    if (trap->count > 1 || trap->stays) {
        g_string_append_printf(text, ":%" PRIu64 "%s", trap->count,
                               trap->stays ? "+" : "");
    }
}

char *ans2_trap_format(AppleAns2State *s)
{
    GString *text = g_string_new("");

    for (unsigned i = 0; i < ANS2_TRAPS; i++) {
        if (s->trap[i].armed) {
            format_trap(text, &s->trap[i]);
        }
    }
    return g_string_free(text, false);
}

/* --- what happens -------------------------------------------------------- */

/* Count an event that the trap waits for; whether it springs. */
static bool count_event(Ans2Trap *trap)
{
    if (--trap->count) {
        return false;
    }
    trap->count = 1;
    trap->armed = trap->stays;
    return true;
}

/* The knob "crash-at-command" counts the commands of both queues. */
static bool count_knob(AppleAns2State *s, Ans2Event event)
{
    return event <= ANS2_EVENT_IO && s->knob.crash_at_command &&
           !--s->knob.crash_at_command;
}

static void spring(Ans2Sprung *sprung, Ans2TrapAction action, uint64_t value)
{
    sprung->actions |= BIT(action);
    switch (action) {
    case ANS2_TRAP_SLOW:
        sprung->slow_ns = value;
        break;
    case ANS2_TRAP_FAIL:
        sprung->status = value;
        break;
    case ANS2_TRAP_LATE:
        sprung->late_ns = value;
        break;
    case ANS2_TRAP_TAG:
        sprung->tag = value;
        break;
    default:
        break;
    }
}

/* What the dice do is done by the same actions. */
static const struct {
    AppleDiceClass class;
    Ans2TrapAction action;
} dice_actions[] = {
    { APPLE_DICE_LOST_INTERRUPT, ANS2_TRAP_NOIRQ },
    { APPLE_DICE_SLOW, ANS2_TRAP_SLOW },
    { APPLE_DICE_LATE, ANS2_TRAP_LATE },
    { APPLE_DICE_TWICE, ANS2_TRAP_TWICE },
    { APPLE_DICE_FAILED, ANS2_TRAP_FAIL },
    { APPLE_DICE_LOST, ANS2_TRAP_HOLD },
    { APPLE_DICE_NO_TAG, ANS2_TRAP_TAG },
    { APPLE_DICE_PHASE, ANS2_TRAP_PHASE },
    { APPLE_DICE_CRASH, ANS2_TRAP_CRASH },
    { APPLE_DICE_FATAL, ANS2_TRAP_CFS },
    { APPLE_DICE_UNREADY, ANS2_TRAP_UNREADY },
    { APPLE_DICE_WRONG_TAG, ANS2_TRAP_TAG },
    { APPLE_DICE_STALE, ANS2_TRAP_STALE },
};

static AppleDiceWhen dice_when(Ans2Event event)
{
    return event == ANS2_EVENT_IO ? APPLE_DICE_IO :
           event == ANS2_EVENT_ADMIN ? APPLE_DICE_ADMIN : APPLE_DICE_CONTROL;
}

static void throw_dice(AppleAns2State *s, Ans2Event event, Ans2Sprung *sprung)
{
    AppleDiceClass class = apple_dice_throw(s->dice, dice_when(event));
    uint64_t value = 0;

    switch (class) {
    case APPLE_DICE_NOTHING:
        return;
    case APPLE_DICE_SLOW:
    case APPLE_DICE_LATE:
        value = apple_dice_pick_ns(s->dice, DICE_MAX_MS);
        break;
    case APPLE_DICE_FAILED:
        value = ANS2_SC_INTERNAL;
        break;
    case APPLE_DICE_NO_TAG:
        value = ANS2_NUM_TAGS + apple_dice_pick(s->dice, 256 - ANS2_NUM_TAGS);
        break;
    case APPLE_DICE_WRONG_TAG:
        value = ANS2_TAG_OTHER;
        break;
    default:
        break;
    }
    for (size_t i = 0; i < ARRAY_SIZE(dice_actions); i++) {
        if (dice_actions[i].class == class) {
            spring(sprung, dice_actions[i].action, value);
        }
    }
}

Ans2Sprung ans2_trap_event(AppleAns2State *s, Ans2Event event, uint8_t opcode)
{
    Ans2Sprung sprung = { };

    for (unsigned i = 0; i < ANS2_TRAPS; i++) {
        Ans2Trap *trap = &s->trap[i];

        if (!trap->armed || trap->event != event ||
            (!trap->any_opcode && trap->opcode != opcode) ||
            !count_event(trap)) {
            continue;
        }
        trace_apple_ans2_trap(action_names[trap->action], event_names[event],
                              opcode);
        ans2_count(s, ANS2_COUNT_TRAPPED, 1);
        spring(&sprung, trap->action, trap->value);
    }
    if (count_knob(s, event)) {
        sprung.actions |= BIT(ANS2_TRAP_CRASH);
    }
    throw_dice(s, event, &sprung);
    return sprung;
}
