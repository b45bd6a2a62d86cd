/* What a configuration file says, whatever its language: maps, lists and scalars, each with its line.
 *
 * Both readers (tree_yaml.c, tree_conf.c) build it, apply.c fills the settings from it. A key is unique in
 * its map. Texts are free of control characters. The root is a map, owns everything below it and is released
 * with tree_free(). */
#ifndef REPLCHECK_SETTINGS_TREE_H
#define REPLCHECK_SETTINGS_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define TREE_DEPTH_MAX 8
#define TREE_PATH_MAX  160

enum tree_kind {
    TREE_MAP = 0,
    TREE_LIST,
    TREE_PLAIN,  /* a YAML scalar without quotes: text, number or truth value */
    TREE_QUOTED, /* text for certain */
    TREE_NUMBER, /* libconfig's typed values */
    TREE_BOOL
};

struct tree {
    enum tree_kind kind;
    int line;   /* of the key, or of the list element */
    int index;  /* position in the parent */
    char *key;  /* NULL in the root and in lists */
    char *text; /* NULL in maps and lists */
    char *file; /* of the root only */
    const struct tree *parent;
    struct tree *first, *last, *next;
};

struct tree *tree_create(const char *file);
/* Takes copies; `key` and `text` may be NULL. */
struct tree *tree_add(struct tree *parent, enum tree_kind kind, const char *key, const char *text, int line);
void tree_free(struct tree **root);

/* What stands below `top` at the dotted path ("timing.lease"), or NULL. Lists are not entered. */
const struct tree *tree_find(const struct tree *top, const char *path);

/* Is the text free of control characters and as long as it says? */
bool tree_text_is_clean(const char *text, size_t size);

/* Sets e to "FILE:LINE: KEY: " and the sentence; returns false. The key is that of `at`, followed by `below`
 * (NULL: none; need not exist); the line is that of the nearest part of it which the file holds. */
bool tree_fail(struct err *e, const struct tree *at, const char *below, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
