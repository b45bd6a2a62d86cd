/* The last binary log of the local server, read from the disk after its death. */
#ifndef REPLCHECK_IO_BINLOG_END_H
#define REPLCHECK_IO_BINLOG_END_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* `index` is @@log_bin_index, `datadir` @@datadir (the index may name its files relative to it). Writes the
 * base name of the file that the index names last, and its size in bytes, without a transaction that is torn
 * at its end (wire/binlog_tail.h). */
MUST_CHECK bool binlog_end_read(const char *index, const char *datadir, char *file, size_t file_size,
                                uint64_t *size, struct err *e);

#endif
