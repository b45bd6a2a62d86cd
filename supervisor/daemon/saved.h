/* What an earlier process of this node saved in the journal: the highest positions seen, the breaker's reset,
 * whether maintenance is on. What cannot be read back counts as never saved, and is said. */
#ifndef REPLCHECK_DAEMON_SAVED_H
#define REPLCHECK_DAEMON_SAVED_H

#include "base/err.h"

#define SAVED_LEDGER      "ledger"
#define SAVED_BREAKER     "breaker"
#define SAVED_MAINTENANCE "maintenance"
#define SAVED_KEYS        3

struct node;

struct saved_trouble {
    struct err of[SAVED_KEYS]; /* "" = none */
};

/* Before the worker opens the journal: that sets a torn one aside. Waits for the disk, but for half a second
 * at most: a disk that hangs must not keep a child from resuming its predecessor's authority. */
void saved_load(struct node *n, const char *journal, struct saved_trouble *trouble);

/* To log and journal, once there is a worker. */
void saved_tell(const struct node *n, const struct saved_trouble *trouble);

#endif
