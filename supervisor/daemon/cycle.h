/* The tick: what is known goes into the decision, what it asks for is begun, what changed is told. */
#ifndef REPLCHECK_DAEMON_CYCLE_H
#define REPLCHECK_DAEMON_CYCLE_H

#include "daemon/node.h"

/* Makes the events of the tick and the period. */
void cycle_start(struct node *n);
void cycle_stop(struct node *n);

#endif
