/* Votes: leases on user locks at three voters, and when they add up to authority.
 *
 * Pure: told of each session's life and of each answer with its send time; never reads a clock. The rules
 * are DESIGN.md's "Authority": a lock that is held is not yet a vote; it counts
 *   - at once when it was ours within its last validity (a rival would have needed a whole lease),
 *   - at once when the other supervisor, its only possible former holder, is proven closed,
 *   - when its former holder released it in writing or was seen idle for a whole lease, once our own
 *     session at that voter is a lease old (a restarted voter forgets),
 *   - else a lease after the lock was taken.
 * A counted vote is valid until (send time of the last answered proof) + (1 - drift) * lease. */
#ifndef REPLCHECK_MODEL_QUORUM_H
#define REPLCHECK_MODEL_QUORUM_H

#include <stdbool.h>
#include <stdint.h>

#include "model/observation.h"

enum vote_basis {
    BASIS_NONE = 0,
    BASIS_RETAKEN,
    BASIS_CLOSED,
    BASIS_RELEASED,
    BASIS_EXPIRED,
    BASIS_WAITED,
    BASIS_DURABLE
};

struct vote {
    unsigned long connection; /* of the session that holds or may hold it; 0 = no session */
    int64_t opened_us;        /* when that session was opened */
    bool held;                /* the last proof said that our session has the lock */
    int64_t taken_us;         /* when the answer of the taking came */
    int64_t proven_us;        /* send time of the last answered proof of ownership */
    bool released_note;       /* the former holder's release was in the table when we took it */
    bool seen_expired;        /* the former holder was seen idle for a lease, killed, then we took it */
    bool counted;
    enum vote_basis basis;
    int64_t last_valid_us;     /* how long our last counted hold was valid; 0 = none */
    uint64_t promised_epoch;   /* answered by promise() on this session */
    struct holder_view holder; /* who has it, when we do not */
    int64_t other_seen_us;     /* see quorum_other_seen_us(), of holders before this one */
};

struct quorum {
    struct vote votes[OBS_VOTERS];
    int self;          /* index of the own server's vote */
    bool durable_tie;  /* tie-breaker `writer`: no session, `tie_mine` decides */
    enum tri tie_mine; /* durable tie-breaker: do we have it */
    int64_t lease_us;
    int64_t lease_valid_us; /* (1 - drift) * lease */
};

void quorum_init(struct quorum *q, int self, bool durable_tie, int lease_ms, int drift_ppm);

/* A session was opened at voter `i`; it holds nothing yet. */
void quorum_opened(struct quorum *q, int i, unsigned long connection, int64_t opened_us);

/* The session at voter `i` is gone; a counted vote stays ours to take again until its validity ends. */
void quorum_lost(struct quorum *q, int i);

/* GET_LOCK answered 1. `released`: the table there held the former holder's release and no later promise;
 * `expired`: the former holder had been seen idle for a lease by the statement that made us kill it. */
void quorum_taken(struct quorum *q, int i, int64_t sent_us, int64_t answered_us, bool released, bool expired);

/* Until when the other supervisor was seen to renew its hold of this vote, at the least; 0 = never seen. */
int64_t quorum_other_seen_us(const struct quorum *q, int i);

/* The other began a later term: votes that were held before it are not taken again without a wait, and those
 * that were taken so wait after all. */
void quorum_forget_validity(struct quorum *q);

/* Any answered statement that proved ownership. Ignored once the validity has ended (the holder closes). */
void quorum_proven(struct quorum *q, int i, int64_t sent_us);

/* Our own release: nothing is left to take again. */
void quorum_released(struct quorum *q, int i);

/* After a restart of this process: what the fencer kept for us. `votes` has a bit per voter. */
void quorum_inherit(struct quorum *q, unsigned votes, int64_t valid_until_us);

/* Re-judges at `now_us` which held votes count; `peer_closed` waives every wait. */
void quorum_judge(struct quorum *q, int64_t now_us, bool peer_closed);

/* Is vote `i` held by us / counted and valid at `now_us`? */
bool quorum_holds(const struct quorum *q, int i);
bool quorum_counts(const struct quorum *q, int i, int64_t now_us);
int64_t quorum_valid_until(const struct quorum *q, int i);

/* Own server's vote and at least one other: held (not yet counting) / counted and valid. */
bool quorum_majority_held(const struct quorum *q);
bool quorum_majority_counted(const struct quorum *q, int64_t now_us);

/* Until when authority lasts: the own vote's validity, or the best other's if that is earlier; 0 = none. A
 * vote whose session was lost lasts as long as it would have, so
 * that it can be taken again with no change of role. */
int64_t quorum_authority_until(const struct quorum *q, int64_t now_us);

/* Bit per counted vote, for the fencer. */
unsigned quorum_mask(const struct quorum *q, int64_t now_us);

/* Was any counted vote of the majority gained by waiting or by expiry, so that the takeover delay applies? */
bool quorum_needs_delay(const struct quorum *q);

/* A counted vote whose validity has ended must be closed, not renewed. */
bool quorum_must_close(const struct quorum *q, int i, int64_t now_us);

/* When the next held vote would count by waiting alone; 0 = none waits. */
int64_t quorum_next_us(const struct quorum *q);

const char *vote_basis_name(enum vote_basis b);

#endif
