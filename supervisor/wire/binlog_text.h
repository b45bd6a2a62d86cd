/* Transactions of a binary log, from the text that
 *     mariadb-binlog --base64-output=decode-rows --verbose --skip-annotate-row-events
 * prints (with TZ=UTC): which GTID, when, which tables, how many rows of which kind, the first rows' values,
 * the statement where one was logged as such.
 *
 * Any text may be fed, in pieces of any size; what is not understood is skipped. The text of a statement is
 * not looked into: a line in it that looks like an event's header is none, unless the statement itself
 * contains a line that is mariadb-binlog's delimiter. Everything is bounded, and each bound counts what it
 * leaves out. Pure; a reader is plain memory and is used by one thread. */
#ifndef REPLCHECK_WIRE_BINLOG_TEXT_H
#define REPLCHECK_WIRE_BINLOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/gtid.h"

#define BINLOG_LINE_MAX      8192 /* what is longer is cut */
#define BINLOG_NAME_MAX      160  /* "schema.table" */
#define BINLOG_TABLES_MAX    32   /* of one transaction */
#define BINLOG_STATEMENT_MAX 240
#define BINLOG_ROWS_MAX      20 /* of one transaction, whose values are kept */
#define BINLOG_ROW_MAX       480
#define BINLOG_COLUMNS_MAX   512 /* an UPDATE's columns beyond are shown as changed */

struct binlog_table {
    char name[BINLOG_NAME_MAX];
    uint64_t inserted, updated, deleted;
};

struct binlog_transaction {
    struct gtid gtid;
    int64_t at_s; /* wall clock; 0 = unknown */
    bool ddl;
    char statement[BINLOG_STATEMENT_MAX]; /* the first one that was logged as text; "" = rows alone */
    uint64_t statements;
    unsigned table_count;
    struct binlog_table tables[BINLOG_TABLES_MAX];
    uint64_t rows;           /* all of them */
    uint64_t rows_elsewhere; /* of tables beyond BINLOG_TABLES_MAX */
    unsigned value_count;
    char values[BINLOG_ROWS_MAX][BINLOG_ROW_MAX]; /* "insert mail.alias: @1=4 @2='x'" */
};

struct binlog_text {
    void (*each)(const struct binlog_transaction *t, void *arg);
    void *arg;
    struct gtid_set before; /* the state before the first log that was read; unknown until it was seen */
    /* ---- its own */
    struct binlog_transaction now;
    bool open;      /* `now` is one */
    bool rows;      /* within an event of rows */
    bool query;     /* within an event of a statement: what was set before it, */
    bool statement; /* then its text, */
    bool showing;   /* which is taken: it is the transaction's first */
    bool in_list;   /* within a Gtid list of several lines: */
    char list[GTID_TEXT_MAX];
    bool second;                       /* an UPDATE's values after the change */
    bool keeping;                      /* the values of this row */
    uint64_t seen[BINLOG_COLUMNS_MAX]; /* hashes of an UPDATE's values before the change; 0 = none */
    size_t length;
    char line[BINLOG_LINE_MAX];
};

/* `each` is called for every transaction, in order; it copies what it wants to keep. */
void binlog_text_begin(struct binlog_text *b, void (*each)(const struct binlog_transaction *t, void *arg),
                       void *arg);
void binlog_text_feed(struct binlog_text *b, const char *data, size_t size);

/* The last line and the last transaction. */
void binlog_text_end(struct binlog_text *b);

#endif
