/* The checks behind model/verdict.h, one function each: a check looks at one thing and adds what is wrong
 * with it. Internal to the verdict. */
#ifndef REPLCHECK_MODEL_VERDICT_CHECKS_H
#define REPLCHECK_MODEL_VERDICT_CHECKS_H

#include "model/report.h"

/* A check that finds more than fits is cut silently: the worst come first in the table. */
void verdict_add(struct report *r, enum severity severity, const char *id, const char *remedy,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Worst first; the severity is then the first one's. */
void verdict_sort(struct report *r);

/* How bad is what endangers only the next failover? */
enum severity verdict_redundancy(const struct report *r);

bool verdict_is_young(const struct report *r); /* the supervisor has just begun to look */

/* The node that tells, and whether it is the writer as it says itself. */
const char *verdict_own_name(const struct report *r);
bool verdict_own_writes(const struct report *r);

#define SLOW_WAY "shorten the way to one other voter, or raise timing.takeover_delay (and with it the lease)"

/* verdict_servers.c */
void verdict_servers(struct report *r);
void verdict_supervisors(struct report *r);
void verdict_states(struct report *r);
void verdict_replication(struct report *r);
void verdict_lag(struct report *r);
void verdict_offsets(struct report *r);
void verdict_dead_man(struct report *r);
void verdict_disk(struct report *r);
void verdict_boot(struct report *r);
void verdict_readiness(struct report *r); /* the last: it looks at what the others said */

/* verdict_dual.c */
void verdict_dual(struct report *r);
/* Is the other's transaction that node i cannot apply one that both wrote? Then that is told. */
bool verdict_conflict(struct report *r, int i);

/* verdict_certificates.c */
void verdict_certificates(struct report *r);

/* verdict_audit.c */
void verdict_accounts(struct report *r);
void verdict_locks(struct report *r);
void verdict_drifts(struct report *r);
void verdict_schema(struct report *r);

/* verdict_version.c */
void verdict_versions(struct report *r);

/* verdict_authority.c */
void verdict_votes(struct report *r);
void verdict_round_trips(struct report *r);
void verdict_fencer(struct report *r);
void verdict_vip(struct report *r);

/* verdict_pair.c */
void verdict_daemon(struct report *r);
void verdict_writer(struct report *r);
void verdict_history(struct report *r);
void verdict_durability(struct report *r);
void verdict_breaker(struct report *r);
void verdict_maintenance(struct report *r);
void verdict_config(struct report *r);
void verdict_worker(struct report *r);
void verdict_split_brain(struct report *r);

#endif
