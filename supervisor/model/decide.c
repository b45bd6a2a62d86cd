#include "model/decide.h"

#include <string.h>

#include "model/dual.h"
#include "model/durability.h"
#include "model/third_vote.h"

/* Four adverts of the slowest usual second, and the settling of keepalived after them. */
#define VIP_TRAVEL_US 6000000

static void update_quorum(const struct policy *p, const struct observation *o, struct quorum *q,
                          struct mind *m)
{
    struct note basis;
    bool closed = o->operator_.peer_is_off || m->basis_consumed || facts_basis(p, o, m, &basis) ||
                  (o->closing.closed && o->closing.epoch && o->closing.epoch == m->epoch);
    if (p->tie == POLICY_TIE_WRITER)
        q->tie_mine = third_vote_mine(p, o, m);
    int64_t renewed_us = quorum_other_seen_us(q, OBS_TIE);
    if (renewed_us > m->renewed_us)
        m->renewed_us = renewed_us;
    if (facts_superseded(p, o, m))
        quorum_forget_validity(q);
    /* A proof is of its moment: a writer's later votes wait as any other. */
    quorum_judge(q, o->now_us, closed && node_state_is_promoting(m->state));
    bool counted = quorum_majority_counted(q, o->now_us);
    if (!counted)
        m->majority_since_us = 0;
    else if (!m->majority_since_us)
        m->majority_since_us = o->now_us;
}

static void update_epoch(const struct policy *p, const struct observation *o, const struct quorum *q,
                         struct mind *m)
{
    if (m->state != NODE_PROMOTE_VOTES)
        return;
    if (m->epoch > m->term_floor && m->epoch > facts_promised_by(o, 1 - p->self))
        return;
    for (int i = 0; i < OBS_VOTERS; i++) {
        const struct voter_rows *rows = i == p->self   ? &o->own.voter
                                        : i == OBS_TIE ? &o->witness.voter
                                                       : &o->peer.voter;
        bool has_table = i != OBS_TIE || p->tie == POLICY_TIE_WITNESS;
        if (has_table && q->votes[i].held && rows->read_us < q->votes[i].taken_us)
            return;
    }
    if (quorum_majority_held(q) && o->own.term_known)
        m->epoch = facts_next_epoch(p, o, m);
}

static void update_ages(const struct policy *p, const struct observation *o, const struct facts *f,
                        struct mind *m)
{
    const struct holder_view *h = &o->own.holder;
    bool held_fresh =
        h->asked_us && h->connection && !h->mine && (!h->idle || h->idle_ms * 1000 < p->lease_us);
    bool spoken = f->value[FACT_PEER_WRITER] == TRI_YES || held_fresh;
    m->undo = m->undo && f->value[FACT_PEER_WRITER] != TRI_YES;
    if (spoken)
        m->quiet_since_us = 0;
    else if (!m->quiet_since_us)
        m->quiet_since_us = o->now_us;
    const struct bulletin *b = &o->own.bulletin[1 - p->self];
    if (o->vip.here == TRI_YES)
        m->vip_here_us = o->now_us;
    /* A new writer's VIP may still be on its way. */
    bool expected = m->vip_here_us < m->since_us && o->now_us - m->since_us < VIP_TRAVEL_US;
    bool away =
        p->has_vip && !expected && o->vip.here == TRI_NO && b->known && b->present && b->vip == TRI_YES;
    if (!away)
        m->peer_vip_since_us = 0;
    else if (!m->peer_vip_since_us)
        m->peer_vip_since_us = o->now_us;
    if (m->state != NODE_FENCED || spoken)
        m->unfenced_since_us = 0;
    else if (!m->unfenced_since_us)
        m->unfenced_since_us = o->now_us;
}

static void begin_promotion(const struct observation *o, const struct facts *f, struct mind *m)
{
    m->why = f->value[FACT_REASON];
    m->accept_loss = o->operator_.accept_loss;
    m->term_floor = m->epoch;
    m->basis_consumed = false;
    m->tried_epoch = m->basis.kind == NOTE_NONE ? 0 : m->basis.epoch;
}

/* Each failed attempt waits longer; node 2 waits half a lease more than node 1, so that they do not meet. A
 * reason that came while an older one was tried has not failed, and waits for nothing. */
static void end_promotion(const struct policy *p, const struct observation *o, const struct facts *f,
                          struct mind *m)
{
    int64_t wait = p->lease_us * (m->attempts < 3 ? m->attempts + 1 : 4) / 2;
    bool newer = m->basis.kind != NOTE_NONE && m->basis.epoch != m->tried_epoch;
    m->attempts++;
    m->backoff_until_us = newer ? 0 : o->now_us + wait + p->self * p->lease_us / 2;
    if (m->state == NODE_PROMOTE_DRAIN && f->value[FACT_LOSS] == LOSS_KNOWN)
        m->refused_epoch = m->tried_epoch;
    m->failed_row = m->row_id;
    m->failed_us = o->now_us;
    m->last_aborted_epoch = m->epoch;
    m->why = REASON_NONE;
}

/* After our promise the other's terms are over, and the gate proved that nothing of them is missing here.
 * That stays so when the last steps fail: what it was proved by does not last, a certificate is used by the
 * promise and being in step ends with the receiver. */
static void keep_proof(const struct policy *p, const struct observation *o, const struct facts *f,
                       struct mind *m)
{
    struct loss_bound bound = facts_loss(p, o, m);
    struct gtid_set own;
    facts_own_position(o, &own);
    if (f->value[FACT_LOSS] == LOSS_OK && durability_proven(&bound))
        ledger_saw_writer(&m->ledger, p->self, m->epoch, &own, o->own.seen_us);
}

static void enter_state(const struct policy *p, const struct observation *o, const struct facts *f,
                        struct mind *m, enum node_state next)
{
    enum node_state from = m->state;
    if (from == NODE_STANDBY && next == NODE_PROMOTE_VOTES)
        begin_promotion(o, f, m);
    if (node_state_is_promoting(from) && !node_state_is_promoting(next) && next != NODE_WRITER)
        end_promotion(p, o, f, m);
    if (next == NODE_PROMOTE_ENABLE)
        keep_proof(p, o, f, m);
    if (next == NODE_PROMOTE_ENABLE && m->history == GTID_REL_DIVERGED) {
        struct gtid_set own; /* what was received of the other's fork is never applied here */
        facts_own_position(o, &own);
        ledger_forget_received(&m->ledger, &own);
    }
    if (next == NODE_WRITER) {
        if (m->accept_loss) {
            struct gtid_set own;
            facts_own_position(o, &own);
            ledger_forget_received(&m->ledger, &own);
        }
        m->third_mine = m->third_mine || m->basis_consumed || o->operator_.peer_is_off;
        m->accept_loss = false;
        m->basis_consumed = false;
        m->attempts = 0;
        m->failed_row = 0;
        m->refused_epoch = 0;
        m->undo = false;
        m->basis.kind = NOTE_NONE;
        m->epoch = from == NODE_UNKNOWN ? o->fencer.epoch : m->epoch;
    }
    if (next == NODE_DEMOTE_CLOSE && m->peer_vip_since_us)
        m->last_handover_us = o->now_us;
    if (next == NODE_DEMOTE_HANDOVER)
        m->third_given_epoch = m->epoch;
    if (from == NODE_DEMOTE_HANDOVER && f->value[FACT_RECLAIMED] == TRI_YES) {
        m->third_given_epoch = 0;
        m->backoff_until_us = 0;
        m->undo = true;
        m->undone_us = o->now_us;
    }
    if (!node_state_is_promoting(next))
        m->basis_consumed = false;
    if (node_state_holds_power(from) != node_state_holds_power(next)) {
        m->history = GTID_REL_UNKNOWN; /* it was told the other way round */
        m->history_us = 0;
    }
    m->state = next;
    m->since_us = o->now_us;
}

/* What is about to be written on the peer's server gives the
 * third vote away, whether it is answered or not. */
static void note_giving(const struct policy *p, const struct quorum *q, const struct outcome *out,
                        struct mind *m)
{
    const uint64_t writing =
        ACTION_BIT(ACTION_RELEASE) | ACTION_BIT(ACTION_CERTIFY) | ACTION_BIT(ACTION_CERTIFY_LATE);
    if ((out->actions & writing) && q->votes[1 - p->self].held)
        m->third_given_epoch = m->epoch;
}

static const struct rule *first_match(enum node_state state, const struct facts *f)
{
    for (size_t i = 0; i < rules_count; i++)
        if (rules_mismatch(&rules_table[i], state, f) == -1)
            return &rules_table[i];
    return NULL; /* rules_self_check() excludes it */
}

void decide_tick(const struct policy *p, const struct observation *o, struct quorum *q, struct mind *m,
                 struct outcome *out)
{
    memset(out, 0, sizeof(*out));
    mind_remember(p, o, m);
    for (int i = 0; i < DECIDE_STEPS_MAX; i++) {
        update_quorum(p, o, q, m);
        update_epoch(p, o, q, m);
        facts_compute(&out->facts, p, o, q, m);
        update_ages(p, o, &out->facts, m);
        out->row = first_match(m->state, &out->facts);
        m->row_id = out->row->id;
        if (out->row->stay || out->row->next == m->state) {
            out->actions |= out->row->actions;
            if (out->actions & ACTION_BIT(ACTION_CLEAR_MARK))
                m->cleared_us = o->now_us;
            note_giving(p, q, out, m);
            return;
        }
        out->actions = out->row->actions;
        out->steps[out->step_count++] = (struct decide_step){m->state, out->row->next, out->row};
        enter_state(p, o, &out->facts, m, out->row->next);
    }
}

bool decide_peer_can_take_vip(const struct observation *o, const struct facts *f)
{
    (void)o;
    return f->value[FACT_PEER_READY] == TRI_YES || f->value[FACT_PEER_READ_ONLY] == TRI_NO;
}

int decide_weight(const struct policy *p, const struct observation *o, const struct mind *m,
                  const struct facts *f, bool fault)
{
    bool peer_here = f->value[FACT_PEER_UP] == TRI_YES;
    if (fault)
        return -254;
    /* 0 outranks a node whose supervisor is gone or stopped and left -1 or -2 in its file. */
    if (m->state == NODE_WRITER)
        return f->value[FACT_PEER_READY] == TRI_YES ? -1 : 0;
    if (m->state == NODE_DUAL && f->value[FACT_OWN_UP] == TRI_YES)
        return dual_weight(f);
    if (f->value[FACT_OWN_UP] != TRI_YES || m->state == NODE_UNKNOWN)
        return -100;
    if (m->state == NODE_FENCED || m->state == NODE_QUARANTINED || m->state == NODE_DUAL_HELD)
        return -100;
    if (f->value[FACT_THREADS] != TRI_YES && peer_here && !node_state_is_promoting(m->state))
        return -20;
    (void)p;
    (void)o;
    return -2;
}

bool decide_keeps_weight(const struct policy *p, const struct observation *o, const struct mind *m)
{
    return m->state == NODE_UNKNOWN && (o->fencer.inherited || o->now_us - m->since_us <= p->silent_us);
}

static void sooner(int64_t *next, int64_t at, int64_t now)
{
    if (at > now && (!*next || at < *next))
        *next = at;
}

int64_t decide_next_us(const struct policy *p, const struct observation *o, const struct quorum *q,
                       const struct mind *m)
{
    int64_t next = 0, now = o->now_us;
    if (node_state_is_promoting(m->state)) {
        sooner(&next, quorum_next_us(q), now);
        if (m->majority_since_us)
            sooner(&next, m->majority_since_us + p->takeover_delay_us, now);
        if (m->state == NODE_PROMOTE_RECEIVE)
            sooner(&next, m->since_us + 2000 * ((now - m->since_us) / 2000 + 1), now);
    }
    if (m->state == NODE_STANDBY && m->quiet_since_us) {
        sooner(&next, m->quiet_since_us + p->lease_us, now);
        sooner(&next, m->backoff_until_us, now);
    }
    if (m->state == NODE_DUAL_HELD)
        sooner(&next, m->since_us + p->lease_us, now);
    if (m->state == NODE_WRITER) {
        int64_t until = quorum_authority_until(q, now);
        if (until && until != INT64_MAX)
            sooner(&next, until - p->fence_us - p->epsilon_us, now);
    }
    return next;
}

const struct rule *decide_row_of(const struct outcome *o, enum action a)
{
    for (int i = 0; i < o->step_count; i++)
        if (o->steps[i].row->actions & ACTION_BIT(a))
            return o->steps[i].row;
    return o->row;
}
