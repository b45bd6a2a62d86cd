/* Reads a small configuration file whole. */
#ifndef REPLCHECK_SETTINGS_TEXT_FILE_H
#define REPLCHECK_SETTINGS_TEXT_FILE_H

#include <stddef.h>

#include "base/err.h"

#define TEXT_FILE_MAX (256 * 1024)

/* Refuses what is not a regular file, is writable by everybody, is larger than TEXT_FILE_MAX or holds
 * control characters but tab and line ends. *text ends with a
 * NUL; the caller frees it. On failure *text is NULL. */
MUST_CHECK bool text_file_read(const char *path, char **text, size_t *size, struct err *e);

#endif
