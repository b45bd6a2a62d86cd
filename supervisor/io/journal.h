/* The journal: journal.db in state_dir, an SQLite file of what happened on this node (events, bounded) and
 * of the few texts that must outlive a restart (saved: the highest position seen, the breaker, ...).
 *
 * A rollback journal with synchronous=FULL rather than a WAL: a transaction that was committed survives a
 * power loss, everything lies in one file whose tearing is noticed (a WAL cut short is silently an older
 * state, and an older "highest position" is unsafe), and whoever may read the file needs to write nothing.
 * Its price, a reader that keeps the writer waiting, is paid by the worker's queue. Each saved text carries
 * a checksum, since SQLite checks none.
 *
 * All of this blocks on the disk: the daemon calls it from its worker alone, and journal_saved_load() from a
 * thread of its own before its loop begins. Nothing here logs. A journal is used by one thread. */
#ifndef REPLCHECK_IO_JOURNAL_H
#define REPLCHECK_IO_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tri.h"
#include "model/gtid.h"

#define JOURNAL_FILE       "journal.db"
#define JOURNAL_KEEP       100000 /* newest events kept */
#define JOURNAL_KEY_MAX    32
#define JOURNAL_TEXT_MAX   4096
#define JOURNAL_REPORT_MAX 768

enum journal_kind {
    JOURNAL_UNKNOWN = 0, /* read from a journal that a later version wrote */
    JOURNAL_STATE,       /* from → to, by row */
    JOURNAL_ACTION,      /* what the executor did; detail: with what result */
    JOURNAL_OPERATOR,    /* detail: command and who gave it */
    JOURNAL_ALERT,
    JOURNAL_START, /* the daemon started or stopped; detail: version */
    JOURNAL_HOOK,  /* detail: which, its exit and its time */
    JOURNAL_KINDS
};

/* Texts that are empty and numbers that are 0 say nothing and are stored as NULL. */
struct journal_event {
    int64_t id;      /* given by the journal */
    int64_t at_us;   /* wall clock */
    int64_t boot_us; /* base/clock.h: orders events of one boot although the wall clock was set */
    char node[32];
    enum journal_kind kind;
    char state_from[24];
    char state_to[24];
    int row_id;
    char reason[256];
    uint64_t epoch;
    char gtid[GTID_TEXT_MAX];
    char vip[16]; /* who holds it, as status says it */
    char detail[512];
};

struct journal_saved {
    char key[JOURNAL_KEY_MAX];
    char text[JOURNAL_TEXT_MAX];
    int64_t at_us; /* wall clock of the moment the text was true */
};

/* Written together or not at all. */
struct journal_batch {
    const struct journal_event *events;
    size_t event_count;
    const struct journal_saved *saved;
    size_t saved_count;
};

const char *journal_kind_name(enum journal_kind kind);
/* JOURNAL_UNKNOWN if there is none of this name. */
enum journal_kind journal_kind_parse(const char *name);

struct journal;

/* Opens the journal, or begins one where none is. The whole file is checked. One that is torn, damaged, not
 * a database or of another version is renamed to PATH.bad-TIME, as SQLite's own recovery left it, and a new
 * one begun; `report` (JOURNAL_REPORT_MAX) then says so, otherwise it is "". It is also filled when what
 * follows fails. False: full, not writable, locked; nothing was lost and it may be tried again. */
MUST_CHECK bool journal_open(struct journal **out, const char *path, unsigned keep, char *report,
                             struct err *e);

/* Writes a batch in one transaction and keeps the events within their bound. After false, which leaves
 * nothing of it written, close and open again: that checks the file and tells a full disk from a torn one. */
MUST_CHECK bool journal_write(struct journal *j, const struct journal_batch *batch, struct err *e);

void journal_close(struct journal **j);

struct journal_filter {
    int64_t since_us;       /* wall clock; 0 = from the beginning */
    enum journal_kind kind; /* JOURNAL_UNKNOWN = all */
    unsigned limit;         /* the newest so many; 0 = all */
};

/* Calls back for each event that passes, oldest first. Reads only; safe beside a running daemon, which
 * waits while this reads: the callback collects, it does not print or wait. */
MUST_CHECK bool journal_list(const char *path, const struct journal_filter *filter,
                             void (*each)(const struct journal_event *event, void *context), void *context,
                             struct err *e);

/* Yes: *out is what was saved last. No: nothing was ever saved (there is no journal, or not this key).
 * Unknown: it cannot be read, or is damaged, and `e` says why. Waits up to 2 s for a lock. */
MUST_CHECK enum tri journal_saved_load(const char *path, const char *key, struct journal_saved *out,
                                       struct err *e);

#endif
