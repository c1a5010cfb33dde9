/*
 * Apple ANS2: blocks that cannot be read or written
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Not hardware.  Writing "WHAT:NSID:FIRST:COUNT" to the property "media-errors"
 * makes COUNT blocks from FIRST on bad, or several such ranges when they are
 * separated by blanks; WHAT is read, write or both.  Writing "" makes all good
 * again, reading gives the ranges in a form that can be written again.  There
 * are at most 16.  They survive every reset and are migrated.
 *
 * A read or write that touches a bad block moves no data, ends with
 * Unrecovered Read Error or Write Fault, without "do not retry", and counts
 * among SMART's media errors.
 *
 * Model's choice: a write does not make a block readable again, and Flush and
 * Dataset Management never meet a bad block.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "ans2-internal.h"

static const char *const what_names[] = {
    [ANS2_BAD_READ] = "read",
    [ANS2_BAD_WRITE] = "write",
    [ANS2_BAD_READ | ANS2_BAD_WRITE] = "both",
};

static bool parse_number(const char *text, uint64_t *value)
{
    /* the first character: no sign and no blank, which strtoull() takes */
    return g_ascii_isdigit(*text) && !qemu_strtou64(text, NULL, 0, value);
}

static bool parse_range(Ans2BadRange *range, const char *text, Error **errp)
{
    g_auto(GStrv) words = g_strsplit(text, ":", 0);
    uint64_t nsid;

    *range = (Ans2BadRange) { };
    if (g_strv_length(words) == 4 && parse_number(words[1], &nsid) &&
        nsid && nsid <= ANS2_NUM_NS && parse_number(words[2], &range->first) &&
        parse_number(words[3], &range->count) && range->count) {
        range->nsid = nsid;
        for (unsigned i = 1; i < ARRAY_SIZE(what_names); i++) {
            if (!strcmp(words[0], what_names[i])) {
                range->what = i;
                return true;
            }
        }
    }
    error_setg(errp, "bad blocks '%s': not WHAT:NSID:FIRST:COUNT with WHAT of"
               " read, write or both, NSID of 1 to %d and COUNT of 1 or more",
               text, ANS2_NUM_NS);
    return false;
}

bool ans2_media_set(AppleAns2State *s, const char *text, Error **errp)
{
    g_auto(GStrv) words = g_strsplit(text, " ", 0);
    Ans2BadRange bad[ANS2_BAD_RANGES] = { };
    unsigned num = 0;

    if (*text) {
        memcpy(bad, s->bad, sizeof(bad));
    }
    while (num < ANS2_BAD_RANGES && bad[num].what) {
        num++;
    }
    for (char **word = words; *word; word++) {
        if (!**word) {
            /* more than one blank */
            continue;
        }
        if (num == ANS2_BAD_RANGES) {
            error_setg(errp, "there are %d ranges of bad blocks already",
                       ANS2_BAD_RANGES);
            return false;
        }
        if (!parse_range(&bad[num++], *word, errp)) {
            return false;
        }
    }
    /* all or none */
    memcpy(s->bad, bad, sizeof(bad));
    return true;
}

char *ans2_media_format(AppleAns2State *s)
{
    GString *text = g_string_new("");

    for (unsigned i = 0; i < ANS2_BAD_RANGES && s->bad[i].what; i++) {
        const Ans2BadRange *range = &s->bad[i];

        g_string_append_printf(text, "%s%s:%u:%" PRIu64 ":%" PRIu64,
                               i ? " " : "", what_names[range->what],
                               range->nsid, range->first, range->count);
    }
    return g_string_free(text, false);
}

bool ans2_media_is_bad(AppleAns2State *s, Ans2BadWhat what, uint32_t nsid,
                       uint64_t lba, uint32_t blocks)
{
    for (unsigned i = 0; i < ANS2_BAD_RANGES && s->bad[i].what; i++) {
        const Ans2BadRange *range = &s->bad[i];

        if (range->what & what && range->nsid == nsid &&
            (lba < range->first ? range->first - lba < blocks :
                                  lba - range->first < range->count)) {
            return true;
        }
    }
    return false;
}

bool ans2_media_is_sane(const AppleAns2State *s)
{
    for (unsigned i = 0; i < ANS2_BAD_RANGES; i++) {
        if (s->bad[i].what >= ARRAY_SIZE(what_names)) {
            return false;
        }
    }
    return true;
}
