/* What the journal's writer (journal.c) and readers (journal_read.c) must agree on: schema version, columns,
 * checksum, and how an SQLite failure is told to an operator. Included by these two alone. */
#ifndef REPLCHECK_IO_JOURNAL_SQL_H
#define REPLCHECK_IO_JOURNAL_SQL_H

#include <sqlite3.h>

#include "base/err.h"
#include "io/journal.h"

#define JOURNAL_VERSION 1
#define JOURNAL_COLUMNS                                                                                      \
    "at_us, boot_us, node, kind, state_from, state_to, row_id, reason, epoch, gtid, vip, detail"

/* "PATH: WHAT: why; remedy". Returns false. */
bool journal_sql_failed(sqlite3 *db, const char *path, const char *what, struct err *e);

/* The first column of the first row as a number; false with `e` set if there is none. */
MUST_CHECK bool journal_sql_number(sqlite3 *db, const char *path, const char *sql, int64_t *out,
                                   struct err *e);

int64_t journal_sql_checksum(const struct journal_saved *s);

#define JOURNAL_SAVED_SELECT "SELECT key, text, at_us, checksum FROM saved"

/* A row of that; false with `e` set if its checksum does not fit: SQLite has none. */
MUST_CHECK bool journal_sql_saved(sqlite3_stmt *s, const char *path, struct journal_saved *out,
                                  struct err *e);

#endif
