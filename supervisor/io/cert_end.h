/* Until when the certificates in a PEM file are valid.
 *
 * Of a file with several: of one's own certificate the first counts, what follows being its chain; of
 * authorities the one that lasts longest, the others being the ones that it replaces. Reads the disk: not for
 * the loop. */
#ifndef REPLCHECK_IO_CERT_END_H
#define REPLCHECK_IO_CERT_END_H

#include <stdint.h>

#include "base/err.h"

enum cert_which { CERT_FIRST = 0, CERT_LATEST };

/* Seconds since 1970. False, with *until_s as it was: the file cannot be read, or holds no certificate. */
MUST_CHECK bool cert_end_read(const char *path, enum cert_which which, int64_t *until_s, struct err *e);

#endif
