/* Every option of both files is one row of a table; whatever reads, prints, compares or documents options
 * walks the rows.
 *
 * A name is the dotted path in the file. A list is a row of its own ("nodes"), its elements' options follow
 * with "[]" ("nodes[].name"; "vip.addresses[]" where the element is a scalar); an element row's offset counts
 * from the element. Durations are stored in ms, percentages in ppm. Nothing here fails or allocates. */
#ifndef REPLCHECK_SETTINGS_OPTIONS_H
#define REPLCHECK_SETTINGS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings/settings.h"

#define OPTION_PATH_MAX    96
#define OPTION_TEXT_MAX    (SETTINGS_PATH_MAX + 16)
#define OPTION_FIXED_COUNT ((size_t)-1)

enum option_type {
    OPTION_NAME,     /* letters, digits, - _ . ; min and max count characters */
    OPTION_ADDRESS,  /* numeric IPv4 or IPv6, stored in its canonical spelling */
    OPTION_LISTEN,   /* ADDRESS:PORT or [ADDRESS]:PORT into a struct endpoint; "" = off */
    OPTION_PORT,     /* unsigned */
    OPTION_UINT,     /* a whole number; min and max bound it */
    OPTION_DURATION, /* whole number and unit; min and max in ms */
    OPTION_PERCENT,  /* min and max in ppm */
    OPTION_BOOL,     /* true or false */
    OPTION_ENUM,     /* one of `words`, stored as its value */
    OPTION_WORD,     /* one of `words`, stored as text */
    OPTION_ACCOUNT,  /* of a server: USER@HOST or USER */
    OPTION_PATH,     /* absolute; max counts characters, min 0 allows "" */
    OPTION_ARGUMENT, /* of a program: any text without control characters; min 0 allows "" */
    OPTION_DIGEST,   /* SHA-1 or SHA-256: 40 or 64 hexadecimal digits, stored
                        without the colons between them; "" = none */
    OPTION_LIST      /* size is the element's; min and max count elements */
};

struct option_word {
    const char *word; /* NULL ends the list */
    int value;
};

struct option {
    const char *name;
    enum option_type type;
    const char *unit; /* of the stored number, "" for texts */
    int64_t min, max;
    const char *preset; /* the default as written in a file; NULL = required, "" = none */
    bool reloadable;
    const char *help;
    size_t offset, size;
    const struct option_word *words;
    size_t count_offset; /* lists: where the int count is, or OPTION_FIXED_COUNT: always max elements */
    bool secret;         /* a mistake may put a secret here: never show what was found */
    bool unbuilt;        /* read and checked; but nothing comes of another value than the default yet */
};

struct option_table {
    const char *file; /* "cluster.yaml" */
    const struct option *rows;
    size_t count;
};

extern const struct option_table options_cluster; /* fills struct cluster_settings */
extern const struct option_table options_node;    /* fills struct local_settings */

/* NULL when no row has exactly this name. */
const struct option *option_find(const struct option_table *table, const char *name);

const char *option_type_name(enum option_type type);

/* How many values the row has in `base` (a struct of the
 * table): 1, or its list's count for an element row. */
int option_values(const struct option_table *table, const struct option *o, const void *base);
/* The path of the row's value i: "nodes[0].name". */
void option_path(const struct option *o, int i, char out[OPTION_PATH_MAX]);
/* Value i in canonical spelling: equal texts exactly when the values are equal. A list's is its count. */
void option_text(const struct option_table *table, const struct option *o, const void *base, int i,
                 char out[OPTION_TEXT_MAX]);

/* Is it an unbuilt row whose value is not the default? */
bool option_has_no_effect(const struct option_table *table, const struct option *o, const void *base);

/* Calls visit for every value, in the table's order; lists themselves included. */
void option_each(const struct option_table *table, const void *base,
                 void (*visit)(void *context, const struct option *o, const char *path, const char *text),
                 void *context);

#endif
