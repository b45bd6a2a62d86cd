/* What an unknown key may have been meant to be. */
#ifndef REPLCHECK_SETTINGS_NEAREST_H
#define REPLCHECK_SETTINGS_NEAREST_H

#include "settings/options.h"

/* `name` is the table's spelling of the unknown path. Writes "did you mean ...?" or the keys known there. */
void nearest_hint(const struct option_table *table, const char *name, char *out, size_t size);

/* Levenshtein's distance; words that are too long are as far as can be. */
size_t nearest_distance(const char *a, const char *b);

#endif
