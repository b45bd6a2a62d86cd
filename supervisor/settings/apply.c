#include "settings/apply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "settings/nearest.h"
#include "settings/value.h"

#define SHOWN_MAX 60

struct apply {
    const struct option_table *table;
    struct err *e;
};

/* What is below a scope: "" for the file, "nodes[]" for an element of that list; NULL if the row is not. */
static const char *within(const char *scope, const char *name)
{
    size_t length = strlen(scope);
    if (length == 0)
        return strstr(name, "[]") ? NULL : name;
    return strncmp(name, scope, length) == 0 && name[length] == '.' ? name + length + 1 : NULL;
}

static void set_preset(const struct option *o, void *field)
{
    enum value_problem problem = VALUE_OK;
    if (o->preset && o->type != OPTION_LIST)
        problem = value_parse(o, o->preset, field);
    assert(problem == VALUE_OK);
    (void)problem;
}

static void set_presets(const struct apply *a, const char *scope, char *base)
{
    for (size_t i = 0; i < a->table->count; i++)
        if (within(scope, a->table->rows[i].name))
            set_preset(&a->table->rows[i], base + a->table->rows[i].offset);
}

static void expected_list(const struct option *o, char *out, size_t size)
{
    const char *exactly = o->min == o->max ? "exactly" : "at most";
    snprintf(out, size, "a list of %s %lld %s", exactly, (long long)o->max, o->unit);
}

static void expected(const struct option *o, enum value_problem problem, char *out, size_t size)
{
    if (o->type == OPTION_LIST)
        expected_list(o, out, size);
    else
        value_expected(o, problem, out, size);
}

static bool check_required(const struct apply *a, const struct tree *map, const char *scope)
{
    char wanted[200];
    for (size_t i = 0; i < a->table->count; i++) {
        const struct option *o = &a->table->rows[i];
        const char *below = within(scope, o->name);
        if (!below || o->preset || tree_find(map, below))
            continue;
        expected(o, VALUE_MALFORMED, wanted, sizeof(wanted));
        return tree_fail(a->e, map, below, "missing, expected %s", wanted);
    }
    return true;
}

static bool kind_fits(const struct option *o, enum tree_kind kind)
{
    switch (o->type) {
    case OPTION_UINT:
    case OPTION_PORT:
        return kind == TREE_PLAIN || kind == TREE_NUMBER;
    case OPTION_BOOL:
        return kind == TREE_PLAIN || kind == TREE_BOOL;
    default:
        return kind == TREE_PLAIN || kind == TREE_QUOTED;
    }
}

static void found(const struct option *o, const struct tree *t, char *out, size_t size)
{
    if (t->kind == TREE_MAP || t->kind == TREE_LIST)
        snprintf(out, size, t->kind == TREE_MAP ? "a map" : "a list");
    else if (t->kind == TREE_PLAIN && !*t->text)
        snprintf(out, size, "nothing");
    else if (o && o->secret)
        snprintf(out, size, "a value that is not shown here");
    else
        snprintf(out, size, "\"%.*s%s\"%s", SHOWN_MAX, t->text, strlen(t->text) > SHOWN_MAX ? "..." : "",
                 t->kind == TREE_NUMBER || t->kind == TREE_BOOL ? " without quotes" : "");
}

static bool refuse(const struct apply *a, const struct option *o, const struct tree *t,
                   enum value_problem problem, const char *more)
{
    char was[SHOWN_MAX + 40], wanted[200];
    found(o, t, was, sizeof(was));
    expected(o, problem, wanted, sizeof(wanted));
    if (problem == VALUE_TOO_LONG)
        snprintf(was, sizeof(was), "%zu characters", strlen(t->text));
    return tree_fail(a->e, t, NULL, "found %s, expected %s%s", was, wanted, more);
}

static bool apply_scalar(const struct apply *a, const struct option *o, const struct tree *t, void *field)
{
    bool is_text = t->kind == TREE_QUOTED, is_typed = t->kind == TREE_NUMBER || t->kind == TREE_BOOL;
    if (!kind_fits(o, t->kind))
        return refuse(a, o, t, VALUE_MALFORMED,
                      is_text    ? ", written without quotes"
                      : is_typed ? ", written in quotes"
                                 : "");
    if (t->kind == TREE_PLAIN && !*t->text)
        return refuse(a, o, t, VALUE_MALFORMED, "");
    enum value_problem problem = value_parse(o, t->text, field);
    return problem == VALUE_OK || refuse(a, o, t, problem, "");
}

static bool apply_map(const struct apply *a, const struct tree *map, const char *scope, const char *prefix,
                      char *base);

static bool apply_element(const struct apply *a, const struct tree *t, const char *scope, char *element)
{
    const struct option *scalar = option_find(a->table, scope);
    if (scalar)
        return apply_scalar(a, scalar, t, element);
    if (t->kind != TREE_MAP) {
        char was[SHOWN_MAX + 40];
        found(NULL, t, was, sizeof(was));
        return tree_fail(a->e, t, NULL, "found %s, expected a map of options", was);
    }
    set_presets(a, scope, element);
    return apply_map(a, t, scope, scope, element) && check_required(a, t, scope);
}

static bool apply_list(const struct apply *a, const struct option *o, const struct tree *list, char *base)
{
    char scope[OPTION_PATH_MAX], wanted[200];
    int count = list->last ? list->last->index + 1 : 0;
    if (list->kind != TREE_LIST)
        return refuse(a, o, list, VALUE_MALFORMED, "");
    expected_list(o, wanted, sizeof(wanted));
    if (count < o->min || count > o->max)
        return tree_fail(a->e, list, NULL, "found %d, expected %s", count, wanted);
    if (o->count_offset != OPTION_FIXED_COUNT)
        memcpy(base + o->count_offset, &count, sizeof(count));
    snprintf(scope, sizeof(scope), "%s[]", o->name);
    for (const struct tree *t = list->first; t; t = t->next)
        if (!apply_element(a, t, scope, base + o->offset + (size_t)t->index * o->size))
            return false;
    return true;
}

/* A key with the table's own punctuation ("nodes[]") would be taken for another row. */
static bool is_word(const char *key)
{
    return *key && !strpbrk(key, ".[]");
}

static bool is_section(const struct option_table *table, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < table->count; i++)
        if (strncmp(table->rows[i].name, name, length) == 0 && table->rows[i].name[length] == '.')
            return true;
    return false;
}

static bool apply_section(const struct apply *a, const struct tree *t, const char *scope, const char *name,
                          char *base)
{
    char was[SHOWN_MAX + 40], hint[400];
    if (!is_word(t->key) || !is_section(a->table, name)) {
        nearest_hint(a->table, name, hint, sizeof(hint));
        return tree_fail(a->e, t, NULL, "unknown key, %s", hint);
    }
    bool all_commented_out = t->kind == TREE_PLAIN && !*t->text;
    if (t->kind == TREE_MAP || all_commented_out)
        return apply_map(a, t, scope, name, base);
    found(NULL, t, was, sizeof(was));
    return tree_fail(a->e, t, NULL, "found %s, expected a map of options", was);
}

/* `prefix` is where the map is in the table's names, `scope` the part of it that `base` belongs to. */
static bool apply_map(const struct apply *a, const struct tree *map, const char *scope, const char *prefix,
                      char *base)
{
    char name[OPTION_PATH_MAX];
    bool ok = true;
    for (const struct tree *t = map->first; t && ok; t = t->next) {
        snprintf(name, sizeof(name), "%s%s%s", prefix, *prefix ? "." : "", t->key);
        const struct option *o = is_word(t->key) ? option_find(a->table, name) : NULL;
        if (!o)
            ok = apply_section(a, t, scope, name, base);
        else if (o->type == OPTION_LIST)
            ok = apply_list(a, o, t, base);
        else
            ok = apply_scalar(a, o, t, base + o->offset);
    }
    return ok;
}

bool apply_tree(const struct option_table *table, const struct tree *root, void *base, struct err *e)
{
    const struct apply a = {table, e};
    set_presets(&a, "", base);
    return apply_map(&a, root, "", "", base) && check_required(&a, root, "");
}
