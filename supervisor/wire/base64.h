/* Base64 (RFC 4648, with padding), as JSON carries bytes. Pure. */
#ifndef REPLCHECK_WIRE_BASE64_H
#define REPLCHECK_WIRE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* malloc'ed text. */
char *base64_encode(const void *bytes, size_t size);

/* malloc'ed bytes with a NUL behind them, *size without it; NULL if `text` is not base64. */
char *base64_decode(const char *text, size_t *size);

#endif
