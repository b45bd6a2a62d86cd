/* The own server's binary logs, as mariadb-binlog prints them.
 *
 * It asks the server for the events, like a replica (REPLICATION SLAVE suffices), rather than reading files:
 * so it sees what is encrypted, begins at a GTID by itself whichever file that lies in, goes on over all
 * files that follow, and needs no access to the data directory. It starts no replication and changes nothing
 * in the server.
 *
 * Blocks until the server's last log has ended: for commands that a person or a process of its own runs, not
 * for a loop. */
#ifndef REPLCHECK_IO_BINLOG_READ_H
#define REPLCHECK_IO_BINLOG_READ_H

#include <stddef.h>

#include "base/err.h"
#include "model/gtid.h"

struct binlog_source {
    const char *socket;
    const char *user; /* by unix_socket */
};

enum binlog_form {
    BINLOG_DECODED, /* for wire/binlog_text.h */
    BINLOG_REPLAY   /* statements that a mariadb client can run, rows as BINLOG '...', with their GTIDs */
};

/* Hands out all that is printed of the transactions after `after`, which the server's logs must contain; with
 * an empty set, of all that are there. `take` is given pieces of any size; false, with `e` filled, ends it.
 */
MUST_CHECK bool binlog_read(const struct binlog_source *source, const struct gtid_set *after,
                            enum binlog_form form,
                            bool (*take)(const char *data, size_t size, void *arg, struct err *e), void *arg,
                            struct err *e);

#endif
