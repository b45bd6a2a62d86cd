/* Begins what a plan asks for. Every action is idempotent: while it is under way or done, asking again does
 * nothing; its result comes back only as an observation. */
#ifndef REPLCHECK_DAEMON_ACTIONS_H
#define REPLCHECK_DAEMON_ACTIONS_H

#include "daemon/node.h"

void actions_run(struct node *n);

/* When an action waits for a moment and not for an event; 0 = none does. */
int64_t actions_next_us(const struct node *n);

/* At a change of state: what belonged to the old one is forgotten. */
void actions_state_changed(struct node *n, enum node_state from, enum node_state to);

/* The weight file follows the state; called after each tick. */
void actions_weight(struct node *n);

/* Bulletins on both servers, when what they say has changed. */
void actions_bulletin(struct node *n);

#endif
