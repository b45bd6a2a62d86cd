/* Tie-breaker `writer`: the third vote is the last writer's, and stands in the tables of the two servers
 * alone.
 *
 * Pure. What was learned in this process's life is kept in the mind (`third_mine`, `third_given_epoch`). */
#ifndef REPLCHECK_MODEL_THIRD_VOTE_H
#define REPLCHECK_MODEL_THIRD_VOTE_H

#include "model/mind.h"
#include "model/policy.h"

/* Is it this node's now? */
enum tri third_vote_mine(const struct policy *p, const struct observation *o, struct mind *m);

#endif
