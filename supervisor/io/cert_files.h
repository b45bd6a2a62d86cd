/* Looks now and then at the CA files with which sessions verify servers: each session reads its own anew, so
 * what the file says at present is what counts. A thread of its own reads them, for a disk may hang: then
 * what was known stays.
 *
 * The first look begins with cert_files_new(), another each `period_us`. */
#ifndef REPLCHECK_IO_CERT_FILES_H
#define REPLCHECK_IO_CERT_FILES_H

#include "base/clock.h"
#include "base/err.h"
#include "io/cert_look.h"

#define CERT_FILES_MAX       2
#define CERT_FILES_PERIOD_US CLOCK_MS(600000)

struct cert_files;

/* The paths are copied; at most CERT_FILES_MAX. NULL where the thread cannot be started. */
struct cert_files *cert_files_new(const char *const *paths, int count, int64_t period_us, struct err *e);
/* A thread that hangs is left behind, with what it uses. */
void cert_files_free(struct cert_files **f);

/* What the last look found of the file with that number; until_s 0 and no trouble before the first. */
void cert_files_read(struct cert_files *f, int i, struct cert_seen *out);

#endif
