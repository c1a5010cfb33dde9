/*
 * Apple M1 machine: all that can be made to go wrong, under one name each
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * See the interface comment in faults.h.  Nothing but the names is here: types,
 * limits and texts are those of the devices' properties.
 */

#include "qemu/osdep.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "qapi/qapi-builtin-visit.h"
#include "qapi/visitor.h"
#include "hw/apple/faults.h"

/* Grouped as they are listed */
static const struct {
    const char *device;
    const char *property;
} names[] = {
    { "dice", "random" },

    { "ans2", "trap" },
    { "ans2", "release" },
    { "ans2", "crash-at-command" },
    { "ans2", "lost-irq" },
    { "ans2", "cqe-drop-irq" },
    { "ans2", "cqe-duplicate" },
    { "ans2", "cqe-bogus-tag" },
    { "ans2", "tcb-stat" },
    { "ans2", "csts" },
    { "ans2", "cfs" },
    { "ans2", "cfs-on-crash" },
    { "ans2", "ready-ns" },
    { "ans2", "shutdown-ns" },
    { "ans2", "flush-ns" },
    { "ans2", "media-errors" },
    { "ans2", "aer-outstanding" },
    { "ans2", "identify-sgls" },
    { "ans2", "identify-ms" },
    { "ans2", "identify-oacs" },
    { "ans2", "identify-hmpre" },
    { "ans2", "identify-oaes" },
    { "ans2", "identify-nn" },
    { "ans2", "identify-queues" },

    { "rtkit", "boots" },
    { "rtkit", "drop-hello" },
    { "rtkit", "hello-ns" },
    { "rtkit", "hellos" },
    { "rtkit", "protocol-min" },
    { "rtkit", "protocol-max" },
    { "rtkit", "map-clear" },
    { "rtkit", "map-set" },
    { "rtkit", "extra-endpoint" },
    { "rtkit", "buffer-endpoint" },
    { "rtkit", "buffer-pages" },
    { "rtkit", "buffer-requests" },
    { "rtkit", "preset-buffer" },
    { "rtkit", "no-power-ack" },
    { "rtkit", "boot-status-low" },
    { "rtkit", "no-sleep-ack" },
    { "rtkit", "slow" },
    { "rtkit", "garbage-syslog" },
    { "rtkit", "syslog-size" },
    { "rtkit", "syslog-entries" },
    { "rtkit", "syslog-inits" },
    { "rtkit", "syslog" },
    { "rtkit", "garbage-ioreport" },
    { "rtkit", "crash" },
    { "rtkit", "crash-at-message" },
    { "rtkit", "crashlog-fault" },
    { "rtkit", "stray-dma" },

    { "sart", "refuse-dma" },

    { "pmgr", "stuck-power" },
    { "pmgr", "stuck-reset" },
};

#define NUM_FAULTS ARRAY_SIZE(names)

typedef struct AppleFault {
    char *name;
    Object *device;
    ObjectProperty *property;
    char *start;            /* value; NULL if it happens now */
} AppleFault;

struct AppleFaultsState {
    Object parent_obj;

    AppleFault fault[NUM_FAULTS];
};

/* One fault */

static bool happens_now(const AppleFault *f)
{
    return !f->property->get;
}

static char *get_value(const AppleFault *f)
{
    return object_property_print(f->device, f->property->name, false,
                                 &error_abort);
}

static bool set_value(const AppleFault *f, const char *value, Error **errp)
{
    return object_property_parse(f->device, f->property->name, value, errp);
}

/* To a value that it has had: where strings add up, from nothing. */
static void restore(const AppleFault *f, const char *value)
{
    if (!strcmp(f->property->type, "string")) {
        set_value(f, "", &error_abort);
    }
    if (*value) {
        set_value(f, value, &error_abort);
    }
}

static const AppleFault *find_fault(const AppleFaultsState *s,
                                    const char *name, Error **errp)
{
    for (size_t i = 0; i < NUM_FAULTS; i++) {
        if (!strcmp(s->fault[i].name, name)) {
            return &s->fault[i];
        }
    }
    error_setg(errp, "there is no fault '%s'; /machine/faults has the list,"
               " and -M apple-j274,faults=help prints it", name);
    return NULL;
}

/* Several */

/* Set @words from the @i-th on; if one is refused, all is as it was. */
static bool set_words(const AppleFaultsState *s, char **words, int i, int num,
                      Error **errp)
{
    g_autofree char *old = NULL;
    g_autofree char *name = NULL;
    const AppleFault *f;
    const char *value;

    if (i == num) {
        return true;
    }
    value = strchr(words[i], '=');
    if (!value) {
        error_setg(errp, "fault '%s' is not NAME=VALUE", words[i]);
        return false;
    }
    name = g_strndup(words[i], value - words[i]);
    f = find_fault(s, name, errp);
    if (!f) {
        return false;
    }
    if (happens_now(f) && i + 1 < num) {
        error_setg(errp, "fault '%s' happens now, so it must be the last",
                   name);
        return false;
    }
    old = happens_now(f) ? NULL : get_value(f);
    if (!set_value(f, value + 1, errp)) {
        error_prepend(errp, "fault '%s': ", name);
        return false;
    }
    if (!set_words(s, words, i + 1, num, errp)) {
        restore(f, old);
        return false;
    }
    return true;
}

bool apple_faults_set(AppleFaultsState *s, const char *text, Error **errp)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;
    int num;

    if (!g_shell_parse_argv(text, &num, &words, &error)) {
        if (g_error_matches(error, G_SHELL_ERROR,
                            G_SHELL_ERROR_EMPTY_STRING)) {
            return true;
        }
        error_setg(errp, "faults: %s", error->message);
        return false;
    }
    return set_words(s, words, 0, num, errp);
}

static void faults_set(Object *obj, const char *text, Error **errp)
{
    apple_faults_set(APPLE_FAULTS(obj), text, errp);
}

static char *faults_get(Object *obj, Error **errp)
{
    AppleFaultsState *s = APPLE_FAULTS(obj);
    GString *text = g_string_new("");

    for (size_t i = 0; i < NUM_FAULTS; i++) {
        const AppleFault *f = &s->fault[i];
        g_autofree char *value = happens_now(f) ? NULL : get_value(f);
        g_autofree char *quoted = NULL;

        if (!value || !strcmp(value, f->start)) {
            continue;
        }
        quoted = strchr(value, ' ') ? g_shell_quote(value) : g_strdup(value);
        g_string_append_printf(text, "%s%s=%s", text->len ? " " : "", f->name,
                               quoted);
    }
    return g_string_free(text, false);
}

static void faults_clear(Object *obj, bool value, Error **errp)
{
    AppleFaultsState *s = APPLE_FAULTS(obj);

    for (size_t i = 0; value && i < NUM_FAULTS; i++) {
        if (!happens_now(&s->fault[i])) {
            restore(&s->fault[i], s->fault[i].start);
        }
    }
}

GStrv apple_faults_list(AppleFaultsState *s)
{
    GPtrArray *lines = g_ptr_array_new();

    for (size_t i = 0; i < NUM_FAULTS; i++) {
        const AppleFault *f = &s->fault[i];
        g_autofree char *value = happens_now(f) ? NULL : get_value(f);

        g_ptr_array_add(lines, g_strdup_printf("%s=%s (%s%s) %s", f->name,
                                               value ?: "", f->property->type,
                                               value ? "" : ", happens now",
                                               f->property->description));
    }
    g_ptr_array_add(lines, NULL);
    return (GStrv)g_ptr_array_free(lines, false);
}

static void faults_get_list(Object *obj, Visitor *v, const char *name,
                            void *opaque, Error **errp)
{
    g_auto(GStrv) lines = apple_faults_list(APPLE_FAULTS(obj));
    strList *list = NULL, **tail = &list;

    for (char **line = lines; *line; line++) {
        QAPI_LIST_APPEND(tail, g_strdup(*line));
    }
    visit_type_strList(v, name, &list, errp);
    qapi_free_strList(list);
}

/* The object */

AppleFaultsState *apple_faults_new(Object *parent, Object *devices)
{
    Object *obj = object_new(TYPE_APPLE_FAULTS);
    AppleFaultsState *s = APPLE_FAULTS(obj);

    object_property_add_child(parent, "faults", obj);
    object_unref(obj);
    for (size_t i = 0; i < NUM_FAULTS; i++) {
        AppleFault *f = &s->fault[i];

        f->name = g_strdup_printf("%s.%s", names[i].device, names[i].property);
        f->device = object_resolve_path_component(devices, names[i].device);
        f->property = object_property_find_err(f->device, names[i].property,
                                               &error_abort);
        f->start = happens_now(f) ? NULL : get_value(f);
    }
    return s;
}

static void faults_finalize(Object *obj)
{
    AppleFaultsState *s = APPLE_FAULTS(obj);

    for (size_t i = 0; i < NUM_FAULTS; i++) {
        g_free(s->fault[i].name);
        g_free(s->fault[i].start);
    }
}

static void faults_class_init(ObjectClass *klass, void *data)
{
    object_class_property_add_str(klass, "set", faults_get, faults_set);
    object_class_property_add(klass, "list", "strList", faults_get_list, NULL,
                              NULL, NULL);
    object_class_property_add_bool(klass, "clear", NULL, faults_clear);
}

static const TypeInfo faults_types[] = {
    {
        .name = TYPE_APPLE_FAULTS,
        .parent = TYPE_OBJECT,
        .instance_size = sizeof(AppleFaultsState),
        .instance_finalize = faults_finalize,
        .class_init = faults_class_init,
    },
};

DEFINE_TYPES(faults_types)
