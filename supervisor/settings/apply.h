/* Fills a struct from a tree by an option table: every key known, every value of its type and within its
 * bounds, every required key there, defaults elsewhere. What
 * several options promise together is check.c's. */
#ifndef REPLCHECK_SETTINGS_APPLY_H
#define REPLCHECK_SETTINGS_APPLY_H

#include "settings/options.h"
#include "settings/tree.h"

/* `base` is the table's struct, zeroed. */
MUST_CHECK bool apply_tree(const struct option_table *table, const struct tree *root, void *base,
                           struct err *e);

#endif
