/* The end of a certificate, as OpenSSL prints it for servers and libraries: "Nov 24 07:20:48 2026 GMT". */
#ifndef REPLCHECK_WIRE_CERT_DATE_H
#define REPLCHECK_WIRE_CERT_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Seconds since 1970; false, with *seconds as it was, for anything else. */
MUST_CHECK bool cert_date_parse(const char *text, int64_t *seconds);

#endif
