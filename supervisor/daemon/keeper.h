/* Keeps a copy of this node's extra transactions when it is quarantined: `mysql-replcheck divergence --keep`,
 * in a process of its own, so that neither binary logs of any size nor a slow disk delay a decision. */
#ifndef REPLCHECK_DAEMON_KEEPER_H
#define REPLCHECK_DAEMON_KEEPER_H

struct keeper;
struct node;

struct keeper *keeper_new(struct node *n);

/* After each tick: begins where there is something to keep, tells log and journal how it ended, and tries
 * again later after a failure. */
void keeper_tick(struct keeper *k);

/* The folder, "" as long as there is none. */
const char *keeper_path(const struct keeper *k);

/* What is under way is ended; it is begun anew by the next process. */
void keeper_free(struct keeper **k);

#endif
