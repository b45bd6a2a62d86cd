/* The statements of the fence ladder (ladder.h), as text. Pure. */
#ifndef REPLCHECK_IO_LADDER_SQL_H
#define REPLCHECK_IO_LADDER_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SET waits at most this long in the server when our own deadline did not end it before. */
#define LADDER_SQL_SET                                                                                       \
    "SET STATEMENT lock_wait_timeout=1 FOR SET GLOBAL read_only=1;SELECT @@global.read_only AS read_only"

#define LADDER_SQL_LOOK_MAX 1024
#define LADDER_SQL_IDS_MAX  1000

enum ladder_look {
    LADDER_LOOK_SUPERVISOR, /* the supervisor's own sessions from this host */
    LADDER_LOOK_HOLDERS,    /* whoever holds what SET read_only waits for, by METADATA_LOCK_INFO */
    LADDER_LOOK_RUNNING,    /* without that plugin: statements under way that may write */
    LADDER_LOOK_ALL,        /* every session but the supervisors', replication's and the scheduler's */
};

/* Those whose sessions the ladder spares, or in LADDER_LOOK_SUPERVISOR means. */
struct ladder_accounts {
    const char *supervisor; /* the own one */
    const char *peer;       /* the other node's, at this server */
    const char *fencer;
    unsigned long own[2]; /* the ladder's two connections */
};

/* The query for the sessions meant by `look`: one set with the columns id and waits (1: it hangs until there
 * is room on the disk), at most LADDER_SQL_IDS_MAX rows; LADDER_LOOK_HOLDERS gives a second set of ids, and
 * means those in both. (Two plain selects: one that joined METADATA_LOCK_INFO through a derived table once
 * crashed a 10.11.19, freeing its temporary table.) */
void ladder_sql_look(enum ladder_look look, const struct ladder_accounts *accounts,
                     char out[LADDER_SQL_LOOK_MAX]);

/* One statement that kills them all; one that has gone meanwhile is no error. The caller frees it. */
char *ladder_sql_kill(const int64_t *ids, size_t count);

#endif
