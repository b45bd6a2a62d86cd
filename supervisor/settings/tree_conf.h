/* Reads a libconfig text into a tree. Includes are refused: what applies is in the one file. */
#ifndef REPLCHECK_SETTINGS_TREE_CONF_H
#define REPLCHECK_SETTINGS_TREE_CONF_H

#include "settings/tree.h"

/* `text` ends with a NUL; `file` is only for the messages. On failure *out is NULL. The caller frees *out. */
MUST_CHECK bool tree_conf_read(struct tree **out, const char *file, const char *text, struct err *e);

#endif
