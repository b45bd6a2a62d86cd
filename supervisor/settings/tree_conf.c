#define _GNU_SOURCE /* memmem */
#include "settings/tree_conf.h"

#include <ctype.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#define KEY_MAX 64
#define BOM     "\xef\xbb\xbf" /* some editors begin a file with it; YAML's library passes over it by itself */

/* Does the line begin with libconfig's include directive? */
static bool is_include(const char *line)
{
    line += strspn(line, " \t");
    return strncmp(line, "@include", 8) == 0;
}

/* Refuses what libconfig would act on before we see it: an include is read, text after \x00 is dropped. */
static bool check_raw(const char *file, const char *text, struct err *e)
{
    int number = 1;
    for (const char *line = text; *line; number++) {
        size_t length = strcspn(line, "\n");
        if (is_include(line))
            return err_set(e, "%s:%d: @include is not supported, write the options into this file", file,
                           number);
        if (memmem(line, length, "\\x00", 4))
            return err_set(e, "%s:%d: \\x00 is a control character, expected printable text", file, number);
        line += length + (line[length] == '\n');
    }
    return true;
}

static const char *find_line(const char *text, int number)
{
    for (; number > 1 && *text; number--) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text;
}

/* The next name that is followed by '=' or ':' on this line; false at its end. */
static bool next_name(const char **line, char *name)
{
    const char *p = *line;
    while (*p && *p != '\n') {
        size_t length = 0;
        while (isalnum((unsigned char)p[length]) || (p[length] && strchr("_-*", p[length])))
            length++;
        const char *after = p + length + strspn(p + length, " \t");
        if (length && length < KEY_MAX && (*after == '=' || *after == ':')) {
            snprintf(name, KEY_MAX, "%.*s", (int)length, p);
            *line = after + 1;
            return true;
        }
        p += length ? length : 1;
    }
    return false;
}

/* libconfig tells the line of a duplicate but not its name: the
 * name given twice on the line, else the line's first. */
static void duplicate_name(const char *line, char *found)
{
    char name[KEY_MAX], other[KEY_MAX];
    *found = '\0';
    for (const char *p = line; next_name(&p, name);) {
        if (!*found)
            memcpy(found, name, KEY_MAX);
        for (const char *q = p; next_name(&q, other);)
            if (strcmp(name, other) == 0) {
                memcpy(found, name, KEY_MAX);
                return;
            }
    }
}

static bool fail_parse(const config_t *c, const char *file, const char *text, struct err *e)
{
    char name[KEY_MAX];
    const char *problem = config_error_text(c) ? config_error_text(c) : "syntax error";
    int line = config_error_line(c);
    if (!strstr(problem, "duplicate"))
        return err_set(e, "%s:%d: not valid libconfig: %s, expected name = value; on or before this line",
                       file, line, problem);
    duplicate_name(find_line(text, line), name);
    return err_set(e, "%s:%d: %s%sduplicate key", file, line, name, *name ? ": " : "");
}

static bool add_setting(struct tree *parent, const config_setting_t *s, int depth, struct err *e);

static bool add_children(struct tree *t, const config_setting_t *s, int depth, struct err *e)
{
    for (int i = 0; i < config_setting_length(s); i++)
        if (!add_setting(t, config_setting_get_elem(s, (unsigned)i), depth, e))
            return false;
    return true;
}

static bool add_setting(struct tree *parent, const config_setting_t *s, int depth, struct err *e)
{
    const char *key = parent->kind == TREE_MAP ? config_setting_name(s) : NULL;
    int line = config_setting_source_line(s);
    char number[64];
    switch (config_setting_type(s)) {
    case CONFIG_TYPE_STRING:
        tree_add(parent, TREE_QUOTED, key, config_setting_get_string(s), line);
        if (!tree_text_is_clean(parent->last->text, strlen(parent->last->text)))
            return tree_fail(e, parent->last, NULL,
                             "contains a control character, expected printable text on one line");
        return true;
    case CONFIG_TYPE_BOOL:
        tree_add(parent, TREE_BOOL, key, config_setting_get_bool(s) ? "true" : "false", line);
        return true;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        snprintf(number, sizeof(number), "%lld", config_setting_get_int64(s));
        tree_add(parent, TREE_NUMBER, key, number, line);
        return true;
    case CONFIG_TYPE_FLOAT:
        snprintf(number, sizeof(number), "%g", config_setting_get_float(s));
        tree_add(parent, TREE_NUMBER, key, number, line);
        return true;
    default:
        tree_add(parent, config_setting_is_group(s) ? TREE_MAP : TREE_LIST, key, NULL, line);
        if (depth >= TREE_DEPTH_MAX)
            return tree_fail(e, parent->last, NULL, "nested too deep");
        return add_children(parent->last, s, depth + 1, e);
    }
}

static bool build(struct tree *root, const config_t *c, struct err *e)
{
    const config_setting_t *top = config_root_setting(c);
    if (config_setting_length(top) == 0)
        return err_set(e, "%s: the file is empty, expected this node's options", root->file);
    return add_children(root, top, 1, e);
}

bool tree_conf_read(struct tree **out, const char *file, const char *text, struct err *e)
{
    config_t c;
    *out = NULL;
    if (strncmp(text, BOM, strlen(BOM)) == 0)
        text += strlen(BOM);
    if (!check_raw(file, text, e))
        return false;
    config_init(&c);
    bool ok = config_read_string(&c, text) == CONFIG_TRUE;
    if (!ok)
        fail_parse(&c, file, text, e);
    if (ok) {
        *out = tree_create(file);
        ok = build(*out, &c, e);
    }
    config_destroy(&c);
    if (!ok)
        tree_free(out);
    return ok;
}
