/* The statement that ends the clients of a server that is read-only: not ours, not replication's, not those
 * of its administrators. Pure. */
#ifndef REPLCHECK_WIRE_CLIENTS_SQL_H
#define REPLCHECK_WIRE_CLIENTS_SQL_H

#include <stddef.h>

struct clients_spared {
    const char *users[3];        /* our accounts; NULL = none */
    const char *const *accounts; /* "user@host" as the server's grants have it, or "user" */
    int account_count;
};

/* Does nothing unless the server is read-only at that moment; answers one row: killed. malloc'ed. */
char *clients_end_sql(const struct clients_spared *spared);

/* Ends one client of a full server, idle and without a transaction, the one idle longest, unless there is a
 * place already that only accounts with CONNECTION ADMIN are let into. One at a time: where several left at
 * once, others could take their places. Answers as above. malloc'ed. */
char *clients_room_sql(const struct clients_spared *spared);

#endif
