/* How a vote is taken that is the lock of a server's session: what to do about its holder, and what the rows
 * found there are worth.
 *
 * Pure; the caller has looked who holds the lock, and sends what is chosen here. A holder's session is ended
 * only when it is our own of before, or foreign where that is allowed, or the other's which is proven closed
 * or was seen idle for a whole lease by one statement: never by what was seen at two times. */
#ifndef REPLCHECK_MODEL_TAKING_H
#define REPLCHECK_MODEL_TAKING_H

#include "model/quorum.h"

enum voter_urgency {
    VOTER_TAKE_IF_FREE, /* a free vote, or one whose holder was seen idle for a lease (it is killed) */
    VOTER_TAKE_WAIT,    /* the holder is giving it up: wait for it up to a second */
    VOTER_TAKE_CLOSED,  /* the other is proven closed: what it still holds is taken from it */
};

struct taking {
    enum voter_urgency urgency;
    unsigned long predecessor; /* connection that held our vote when its session was lost; 0 = none */
    bool evict;                /* the session of another account may be ended */
};

enum taking_step {
    TAKING_FREE,    /* take it: nobody had it */
    TAKING_END,     /* end the holder's session and take it: it counts as the quorum says */
    TAKING_EXPIRED, /* the same, and tell the quorum that its holder was seen to expire */
    TAKING_WAIT,    /* wait for it in the server's line */
    TAKING_LATER,   /* look again at `again_us` */
};

struct taking_choice {
    enum taking_step step;
    int64_t again_us;
};

/* Vote `i` is wanted and not held; `seen` is its holder by an answer of `answered_us`, while the vote's
 * `holder` is still that of the look before. */
struct taking_choice taking_choose(const struct quorum *q, int i, const struct taking *t,
                                   const struct holder_view *seen, int64_t answered_us);

/* Do the rows that were read with the taking show that the former holder gave the vote up in writing, and
 * nobody promised anything since? */
bool taking_was_released(const struct voter_rows *rows, int self);

/* Is a release of vote `i` written, or is it only given up? One that does not count was not ours to give; the
 * votes of a term that was (`uncounted_too`) are given though their validity has ended. */
bool taking_may_release(const struct quorum *q, int i, bool uncounted_too);

#endif
