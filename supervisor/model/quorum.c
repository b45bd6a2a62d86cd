#include "model/quorum.h"

#include <string.h>

#define FOREVER_US INT64_MAX

void quorum_init(struct quorum *q, int self, bool durable_tie, int lease_ms, int drift_ppm)
{
    memset(q, 0, sizeof(*q));
    q->self = self;
    q->durable_tie = durable_tie;
    q->lease_us = (int64_t)lease_ms * 1000;
    q->lease_valid_us = q->lease_us - q->lease_us * drift_ppm / 1000000;
}

static int64_t valid_until(const struct quorum *q, const struct vote *v)
{
    return v->proven_us ? v->proven_us + q->lease_valid_us : 0;
}

static void forget_hold(struct vote *v)
{
    v->held = false;
    v->counted = false;
    v->basis = BASIS_NONE;
    v->taken_us = 0;
    v->proven_us = 0;
    v->released_note = false;
    v->seen_expired = false;
    v->promised_epoch = 0;
}

int64_t quorum_other_seen_us(const struct quorum *q, int i)
{
    const struct vote *v = &q->votes[i];
    const struct holder_view *h = &v->holder;
    if (!h->asked_us || !h->connection || h->mine || h->foreign)
        return v->other_seen_us;
    int64_t seen_us = h->asked_us - (h->idle ? h->idle_ms * 1000 : 0);
    return seen_us > v->other_seen_us ? seen_us : v->other_seen_us;
}

static void forget_holder(struct quorum *q, int i)
{
    struct vote *v = &q->votes[i];
    v->other_seen_us = quorum_other_seen_us(q, i);
    memset(&v->holder, 0, sizeof(v->holder));
}

void quorum_lost(struct quorum *q, int i)
{
    struct vote *v = &q->votes[i];
    if (v->held && v->counted)
        v->last_valid_us = valid_until(q, v);
    forget_hold(v);
    forget_holder(q, i);
    v->connection = 0;
    v->opened_us = 0;
}

void quorum_opened(struct quorum *q, int i, unsigned long connection, int64_t opened_us)
{
    quorum_lost(q, i);
    q->votes[i].connection = connection;
    q->votes[i].opened_us = opened_us;
}

void quorum_taken(struct quorum *q, int i, int64_t sent_us, int64_t answered_us, bool released, bool expired)
{
    struct vote *v = &q->votes[i];
    bool again = answered_us < v->last_valid_us;
    v->held = true;
    v->taken_us = answered_us;
    v->proven_us = sent_us;
    v->released_note = released;
    v->seen_expired = expired;
    v->counted = again;
    v->basis = again ? BASIS_RETAKEN : BASIS_NONE;
    forget_holder(q, i);
}

void quorum_forget_validity(struct quorum *q)
{
    for (int i = 0; i < OBS_VOTERS; i++) {
        struct vote *v = &q->votes[i];
        v->last_valid_us = 0;
        if (v->held && v->basis == BASIS_RETAKEN) {
            v->counted = false;
            v->basis = BASIS_NONE;
        }
    }
}

void quorum_proven(struct quorum *q, int i, int64_t sent_us)
{
    struct vote *v = &q->votes[i];
    if (!v->held || sent_us <= v->proven_us)
        return;
    if (v->counted && sent_us >= valid_until(q, v))
        return;
    v->proven_us = sent_us;
}

void quorum_released(struct quorum *q, int i)
{
    forget_hold(&q->votes[i]);
    q->votes[i].last_valid_us = 0;
}

void quorum_inherit(struct quorum *q, unsigned votes, int64_t valid_until_us)
{
    for (int i = 0; i < OBS_VOTERS; i++)
        if (votes & (1U << i))
            q->votes[i].last_valid_us = valid_until_us;
}

/* The reason for which a held, uncounted vote counts now, or BASIS_NONE. */
static enum vote_basis basis_now(const struct quorum *q, const struct vote *v, int64_t now_us,
                                 bool peer_closed)
{
    bool session_old = now_us - v->opened_us >= q->lease_us;
    if (peer_closed)
        return BASIS_CLOSED;
    if (v->released_note && session_old)
        return BASIS_RELEASED;
    if (v->seen_expired && session_old)
        return BASIS_EXPIRED;
    if (now_us - v->taken_us >= q->lease_us && session_old)
        return BASIS_WAITED;
    return BASIS_NONE;
}

void quorum_judge(struct quorum *q, int64_t now_us, bool peer_closed)
{
    for (int i = 0; i < OBS_VOTERS; i++) {
        struct vote *v = &q->votes[i];
        if (!v->held || v->counted)
            continue;
        v->basis = basis_now(q, v, now_us, peer_closed);
        v->counted = v->basis != BASIS_NONE;
    }
}

static bool is_durable(const struct quorum *q, int i)
{
    return i == OBS_TIE && q->durable_tie;
}

bool quorum_holds(const struct quorum *q, int i)
{
    return is_durable(q, i) ? q->tie_mine == TRI_YES : q->votes[i].held;
}

int64_t quorum_valid_until(const struct quorum *q, int i)
{
    if (is_durable(q, i))
        return q->tie_mine == TRI_YES ? FOREVER_US : 0;
    return q->votes[i].held && q->votes[i].counted ? valid_until(q, &q->votes[i]) : 0;
}

bool quorum_counts(const struct quorum *q, int i, int64_t now_us)
{
    return quorum_valid_until(q, i) > now_us;
}

bool quorum_majority_held(const struct quorum *q)
{
    bool other = false;
    for (int i = 0; i < OBS_VOTERS; i++)
        other = other || (i != q->self && quorum_holds(q, i));
    return other && quorum_holds(q, q->self);
}

/* A vote whose session was lost is still ours: a rival that takes the lock has to wait for a whole lease. */
static int64_t kept_until(const struct quorum *q, int i)
{
    return is_durable(q, i) || q->votes[i].held ? quorum_valid_until(q, i) : q->votes[i].last_valid_us;
}

/* The earlier end of the own vote and of the best other; 0 = it has passed. */
static int64_t majority_until(const struct quorum *q, int64_t now_us,
                              int64_t (*until_of)(const struct quorum *, int))
{
    int64_t best = 0, own = until_of(q, q->self);
    for (int i = 0; i < OBS_VOTERS; i++) {
        int64_t until = until_of(q, i);
        if (i != q->self && until > best)
            best = until;
    }
    int64_t least = own < best ? own : best;
    return least > now_us ? least : 0;
}

int64_t quorum_authority_until(const struct quorum *q, int64_t now_us)
{
    return majority_until(q, now_us, kept_until);
}

bool quorum_majority_counted(const struct quorum *q, int64_t now_us)
{
    return majority_until(q, now_us, quorum_valid_until) > 0;
}

unsigned quorum_mask(const struct quorum *q, int64_t now_us)
{
    unsigned mask = 0;
    for (int i = 0; i < OBS_VOTERS; i++)
        if (quorum_counts(q, i, now_us))
            mask |= 1U << i;
    return mask;
}

bool quorum_needs_delay(const struct quorum *q)
{
    for (int i = 0; i < OBS_VOTERS; i++) {
        const struct vote *v = &q->votes[i];
        if (v->held && v->counted && (v->basis == BASIS_WAITED || v->basis == BASIS_EXPIRED))
            return true;
    }
    return false;
}

bool quorum_must_close(const struct quorum *q, int i, int64_t now_us)
{
    const struct vote *v = &q->votes[i];
    return v->held && v->counted && now_us >= valid_until(q, v);
}

int64_t quorum_next_us(const struct quorum *q)
{
    int64_t next = 0;
    for (int i = 0; i < OBS_VOTERS; i++) {
        const struct vote *v = &q->votes[i];
        if (!v->held || v->counted)
            continue;
        int64_t taken = v->taken_us + q->lease_us, opened = v->opened_us + q->lease_us;
        int64_t at = v->released_note || v->seen_expired || opened > taken ? opened : taken;
        if (!next || at < next)
            next = at;
    }
    return next;
}

const char *vote_basis_name(enum vote_basis b)
{
    static const char *const names[] = {"none",    "taken again",    "peer closed", "released in writing",
                                        "expired", "waited a lease", "durable"};
    return names[b];
}
