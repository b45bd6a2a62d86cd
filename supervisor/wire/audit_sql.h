/* The slow look at a server, as questions and as what is made of the answers: accounts, locks, settings.
 * Pure. Any cell may be NULL, missing or not what it should be. */
#ifndef REPLCHECK_WIRE_AUDIT_SQL_H
#define REPLCHECK_WIRE_AUDIT_SQL_H

#include "model/audit.h"
#include "wire/rows.h"

struct audit_names {
    const char *cluster;
    const char *nodes[2];
    const char *users[3]; /* of our supervisors at this server; NULL or "" = none */
    const char *fencer;   /* the fencer's, from the server's own host */
};

/* Who holds our locks there. malloc'ed, as the next. */
char *audit_locks_sql(const struct audit_names *n);

/* All of it; the procedures come last, for an error ends the packet. */
char *audit_whole_sql(const struct audit_names *n);

/* Takes what the answer has; a part that is missing keeps its old value and its age. */
void audit_read(struct audit *out, const struct audit_names *n, const struct rows *sets, size_t count,
                int64_t sent_us);

#endif
