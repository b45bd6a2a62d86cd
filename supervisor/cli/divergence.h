/* `mysql-replcheck divergence`: the transactions of the own server that the other lacks, as one JSON value:
 * what
 * `--json` prints, what is kept in state_dir, and what the text is made from.
 *
 *   {"version":1, "node":"mx1", "other":"mx2", "own_state":GTIDS, "other_state":GTIDS, "after":GTIDS,
 * "at":TIME, "transactions":N, "rows":N, "first":GTID, "last":GTID, "gone":SENTENCE or "",
 *    "tables":[{"table":NAME,"inserted":N,"updated":N,"deleted":N}, ...],
 *    "list":[{"gtid":GTID,"time":TIME,"ddl":BOOL,"statement":TEXT,"statements":N,"rows":N,"tables":[...],
 *             "values":[TEXT, ...]}, ...],
 *    "left_out":{"transactions":N,"rows":N}, "kept":{"path":PATH,"events":"whole" or SENTENCE} or null}
 *
 * All of it is bounded: `list` by the limit, the rest by wire/binlog_text.h. Times are UTC. */
#ifndef REPLCHECK_CLI_DIVERGENCE_H
#define REPLCHECK_CLI_DIVERGENCE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"
#include "cli/terminal.h"
#include "io/binlog_read.h"
#include "model/gtid.h"

struct divergence {
    const char *node, *other; /* names */
    struct gtid_set own_state, other_state;
    struct binlog_source source;
    const char *state_dir;
};

/* Reads the binary logs. `limit` transactions are listed (0 = all), with their rows' values if `values`; all
 * are counted. The caller owns the value; NULL with `e` filled on failure. */
json_t *divergence_read(const struct divergence *d, unsigned limit, bool values, struct err *e);

/* Reads, and copies the list and the events (as statements that a client can run, whole) to the folder
 * state_dir/divergence/FIRST_LAST. There already: that is all. The copy of the events takes no more than half
 * of the free space; if they do not fit, "kept" says so. */
json_t *divergence_keep(const struct divergence *d, struct err *e);

/* What was kept: of these states, or, where one is unknown, last. NULL: nothing; then `e` says so. */
json_t *divergence_kept(const struct divergence *d, struct err *e);

void divergence_print(json_t *list, bool values, const struct terminal *t);

#endif
