#include "daemon/vip_vote.h"

#include "base/clock.h"
#include "io/references.h"

/* The vote has no session: any number but 0 stands for one. */
#define NO_SESSION 1

void vip_vote_tick(struct node *n)
{
    struct quorum *q = &n->quorum;
    bool here = n->o.vip.here == TRI_YES;
    if (!here || quorum_must_close(q, OBS_TIE, clock_now_us())) {
        if (q->votes[OBS_TIE].held)
            quorum_lost(q, OBS_TIE);
        if (!here)
            q->votes[OBS_TIE].last_valid_us = 0; /* another may have it now: never at once again */
    }
    if (here)
        references_ask(n->references);
}

void vip_vote_answered(struct node *n, int64_t began_us)
{
    struct quorum *q = &n->quorum;
    if (n->o.vip.here != TRI_YES || began_us < n->o.vip.since_us)
        return;
    if (q->votes[OBS_TIE].held) {
        quorum_proven(q, OBS_TIE, began_us);
    } else {
        quorum_opened(q, OBS_TIE, NO_SESSION, n->o.vip.since_us);
        quorum_taken(q, OBS_TIE, began_us, clock_now_us(), false, false);
    }
    node_wake(n);
}
