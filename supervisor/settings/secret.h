/* Reads a secret (a password, a token) from a file of its own. */
#ifndef REPLCHECK_SETTINGS_SECRET_H
#define REPLCHECK_SETTINGS_SECRET_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* The file belongs to root, to the effective user or to the system user `owner` (NULL or unknown: none), and
 * nobody else may open it. One line end at the end is dropped; an empty secret, one that does not fit and
 * one with control characters are refused. The error names the file, never the secret; after a failure
 * `out` is all zero. */
MUST_CHECK bool secret_read(const char *path, const char *owner, char *out, size_t size, struct err *e);

#endif
