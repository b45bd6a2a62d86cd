/* Reads one YAML document into a tree. Refuses what makes a configuration hard to compare or to read:
 * anchors, aliases, merge keys, tags, several documents, duplicate keys, control characters. */
#ifndef REPLCHECK_SETTINGS_TREE_YAML_H
#define REPLCHECK_SETTINGS_TREE_YAML_H

#include "settings/tree.h"

/* `file` is only for the messages. On failure *out is NULL. The caller frees *out. */
MUST_CHECK bool tree_yaml_read(struct tree **out, const char *file, const char *text, size_t size,
                               struct err *e);

#endif
