/* The supervisor's sessions at both servers and the witness: votes, probes, bell, closing, audits,
 * certificates and desks. What they tell is written into the observation and wakes the tick. */
#ifndef REPLCHECK_DAEMON_SESSIONS_H
#define REPLCHECK_DAEMON_SESSIONS_H

struct node;

/* Made once; each connects by itself, again and again. */
void sessions_make(struct node *n);

void sessions_free(struct node *n);

#endif
