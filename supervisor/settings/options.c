#include "settings/options.h"

#include <stdio.h>
#include <string.h>

#include "settings/value.h"

const struct option *option_find(const struct option_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->rows[i].name, name) == 0)
            return &table->rows[i];
    return NULL;
}

const char *option_type_name(enum option_type type)
{
    static const char *const names[] = {
        [OPTION_NAME] = "name",       [OPTION_ADDRESS] = "address",    [OPTION_LISTEN] = "address:port",
        [OPTION_PORT] = "port",       [OPTION_UINT] = "number",        [OPTION_DURATION] = "duration",
        [OPTION_PERCENT] = "percent", [OPTION_BOOL] = "true or false", [OPTION_ENUM] = "word",
        [OPTION_WORD] = "word",       [OPTION_PATH] = "path",          [OPTION_LIST] = "list",
        [OPTION_ACCOUNT] = "account", [OPTION_ARGUMENT] = "text",      [OPTION_DIGEST] = "fingerprint",
    };
    return names[type];
}

/* The list that an element row belongs to, NULL for any other row. */
static const struct option *list_of(const struct option_table *table, const struct option *o)
{
    char name[OPTION_PATH_MAX];
    const char *bracket = strstr(o->name, "[]");
    if (!bracket)
        return NULL;
    snprintf(name, sizeof(name), "%.*s", (int)(bracket - o->name), o->name);
    return option_find(table, name);
}

static int list_count(const struct option *list, const void *base)
{
    int count;
    if (list->count_offset == OPTION_FIXED_COUNT)
        return (int)list->max;
    memcpy(&count, (const char *)base + list->count_offset, sizeof(count));
    return count;
}

int option_values(const struct option_table *table, const struct option *o, const void *base)
{
    const struct option *list = list_of(table, o);
    return list ? list_count(list, base) : 1;
}

void option_path(const struct option *o, int i, char out[OPTION_PATH_MAX])
{
    const char *bracket = strstr(o->name, "[]");
    if (!bracket)
        snprintf(out, OPTION_PATH_MAX, "%s", o->name);
    else
        snprintf(out, OPTION_PATH_MAX, "%.*s[%d]%s", (int)(bracket - o->name), o->name, i, bracket + 2);
}

void option_text(const struct option_table *table, const struct option *o, const void *base, int i,
                 char out[OPTION_TEXT_MAX])
{
    const struct option *list = list_of(table, o);
    const char *from = base;
    if (o->type == OPTION_LIST) {
        snprintf(out, OPTION_TEXT_MAX, "%d", list_count(o, base));
        return;
    }
    if (list)
        from += list->offset + (size_t)i * list->size;
    value_format(o, from + o->offset, out);
}

bool option_has_no_effect(const struct option_table *table, const struct option *o, const void *base)
{
    char text[OPTION_TEXT_MAX];
    if (!o->unbuilt)
        return false;
    option_text(table, o, base, 0, text);
    return strcmp(text, o->preset) != 0;
}

void option_each(const struct option_table *table, const void *base,
                 void (*visit)(void *context, const struct option *o, const char *path, const char *text),
                 void *context)
{
    char path[OPTION_PATH_MAX], text[OPTION_TEXT_MAX];
    for (size_t row = 0; row < table->count; row++) {
        const struct option *o = &table->rows[row];
        int values = option_values(table, o, base);
        for (int i = 0; i < values; i++) {
            option_path(o, i, path);
            option_text(table, o, base, i, text);
            visit(context, o, path, text);
        }
    }
}
