#include "settings/tree.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct tree *tree_create(const char *file)
{
    struct tree *root = mem_zalloc(sizeof(*root));
    root->file = mem_strdup(file);
    root->line = 1;
    return root;
}

struct tree *tree_add(struct tree *parent, enum tree_kind kind, const char *key, const char *text, int line)
{
    struct tree *t = mem_zalloc(sizeof(*t));
    t->kind = kind;
    t->line = line;
    t->key = key ? mem_strdup(key) : NULL;
    t->text = text ? mem_strdup(text) : NULL;
    t->parent = parent;
    t->index = parent->last ? parent->last->index + 1 : 0;
    if (parent->last)
        parent->last->next = t;
    else
        parent->first = t;
    parent->last = t;
    return t;
}

void tree_free(struct tree **root)
{
    struct tree *t = *root;
    if (!t)
        return;
    while (t->first) {
        struct tree *child = t->first;
        t->first = child->next;
        tree_free(&child);
    }
    free(t->key);
    free(t->text);
    free(t->file);
    free(t);
    *root = NULL;
}

static const struct tree *member(const struct tree *map, const char *key, size_t length)
{
    const struct tree *t = map->kind == TREE_MAP ? map->first : NULL;
    while (t && !(strlen(t->key) == length && memcmp(t->key, key, length) == 0))
        t = t->next;
    return t;
}

/* As far down the path as the file goes; *rest is what remains of it. */
static const struct tree *descend(const struct tree *top, const char *path, const char **rest)
{
    while (*path) {
        size_t length = strcspn(path, ".");
        const struct tree *next = member(top, path, length);
        if (!next)
            break;
        top = next;
        path += length + (path[length] == '.');
    }
    *rest = path;
    return top;
}

const struct tree *tree_find(const struct tree *top, const char *path)
{
    const char *rest;
    const struct tree *t = descend(top, path, &rest);
    return *rest ? NULL : t;
}

bool tree_text_is_clean(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

/* Appends to a text of TREE_PATH_MAX bytes, cutting it at the end: paths are shown, not used. */
static void append(char *out, const char *text)
{
    size_t used = strlen(out);
    snprintf(out + used, TREE_PATH_MAX - used, "%s", text);
}

static void append_path(char *out, const struct tree *t)
{
    char index[24];
    if (!t->parent)
        return;
    append_path(out, t->parent);
    if (t->key) {
        append(out, *out ? "." : "");
        append(out, t->key);
    } else {
        snprintf(index, sizeof(index), "[%d]", t->index);
        append(out, index);
    }
}

static const char *file_of(const struct tree *t)
{
    while (t->parent)
        t = t->parent;
    return t->file;
}

bool tree_fail(struct err *e, const struct tree *at, const char *below, const char *format, ...)
{
    char sentence[sizeof(e->text)], path[TREE_PATH_MAX] = "";
    const char *rest;
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof(sentence), format, args);
    va_end(args);
    append_path(path, at);
    if (below) {
        append(path, *path ? "." : "");
        append(path, below);
    }
    const struct tree *nearest = descend(at, below ? below : "", &rest);
    return err_set(e, "%s:%d: %s%s%s", file_of(at), nearest->line, path, *path ? ": " : "", sentence);
}
