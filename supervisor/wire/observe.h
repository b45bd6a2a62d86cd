/* Result rows of a probe into the model's views. Pure; every cell may be NULL, missing, oversized or not what
 * it should be: then the value is unknown. The texts of the questions stand beside their parsers, so that
 * column names are written in one place. */
#ifndef REPLCHECK_WIRE_OBSERVE_H
#define REPLCHECK_WIRE_OBSERVE_H

#include "model/observation.h"
#include "wire/rows.h"

struct observe_names {
    const char *cluster;
    const char *nodes[OBS_NODES];
    const char *account;        /* our account's name at that server */
    const char *other_account;  /* the other supervisor's there; NULL: the same */
    const char *master_address; /* of the other node: finds the replication connection by Master_Host ... */
    unsigned master_port;
    uint32_t master_server_id; /* ... or, where that is a name, by what has answered there; 0: not known */
    int64_t breaker_window_s;  /* unplanned promotions are counted over it ... */
    int64_t breaker_reset_s;   /* ... and since this wall-clock second */
    bool semi_sync;            /* lossless: the state of semi-sync is asked for too */
};

/* The whole observation of a data node's server, one packet: variables, voter, bulletin, term, replication,
 * and with `semi_sync` the state of that. `with_events` adds the dead-man's switch. malloc'ed. */
char *observe_server_sql(const struct observe_names *n, bool with_events);

/* What of it needs neither the schema nor a privilege but
 * SLAVE MONITOR: variables and replication. malloc'ed. */
char *observe_bare_sql(const struct observe_names *n);

/* Fills `view` from the sets of such an answer, recognised by their columns. A set that is missing leaves its
 * part as it was, but replication, which becomes unknown. An
 * answer older than what the view has is ignored. */
void observe_server(struct server_view *view, const struct observe_names *n, const struct rows *sets,
                    size_t count, int64_t sent_us, int64_t answered_us);

#define OBSERVE_VOTER_SQL "SELECT node, kind, epoch, file, size, gtid, seq FROM replcheck.voter"

/* One set of OBSERVE_VOTER_SQL. Rows of unknown nodes or kinds are ignored. */
void observe_voter(struct voter_rows *out, const struct observe_names *n, const struct rows *set,
                   int64_t sent_us);

/* A row's kind by its name in the table, and back; NOTE_NONE, NULL where there is none. */
enum note_kind observe_kind_parse(const char *text);
const char *observe_kind_name(enum note_kind kind);

/* Where a row of that kind is kept; NULL for NOTE_NONE. */
struct note *observe_note(struct voter_rows *rows, enum note_kind kind, int node);

/* Whom the process list names as the user of a session while
 * it runs one of our procedures. He cannot log in. */
#define OBSERVE_DEFINER "replcheck-definer"

/* Who holds the vote: one row or none. malloc'ed. */
char *observe_holder_sql(const struct observe_names *n);
void observe_holder(struct holder_view *out, const struct observe_names *n, const struct rows *set,
                    int64_t sent_us, unsigned long own_connection);

/* One set of SHOW ALL SLAVES STATUS (or SHOW REPLICA STATUS: names in either vocabulary). */
void observe_replication(struct replication_view *out, const struct observe_names *n, const struct rows *set);

/* "STOP SLAVE 'connection' IO_THREAD", for a session of SESSION_SQL: in its sql_mode a backslash escapes. The
 * caller frees it. */
char *observe_slave_sql(const char *verb, const char *connection, const char *threads);

#endif
