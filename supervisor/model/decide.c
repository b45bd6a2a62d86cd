#include "model/decide.h"

#include <string.h>

#include "model/dual.h"
#include "model/durability.h"

/* Four adverts of the slowest usual second, and the settling of keepalived after them. */
#define VIP_TRAVEL_US 6000000

void mind_init(struct mind *m, int64_t now_us)
{
    memset(m, 0, sizeof(*m));
    m->state = NODE_UNKNOWN;
    m->since_us = now_us;
}

static bool holds_power(enum node_state s)
{
    return node_state_may_write(s) || s == NODE_DEMOTE_HANDOVER;
}

/* What the own server said in a life that has ended is not its history: a position counts what waits for the
 * disk, too, and recovery takes that back. Until the next life begins it still says what the other must have
 * to take over: the VIP leaves at once only for one that has it (facts_peer_ready). */
static bool forget_ended_life(const struct observation *o, struct mind *m)
{
    bool begins = m->own_life_ended && !o->fencer.dead_us;
    m->own_life_ended = o->fencer.dead_us != 0;
    if (!begins && !m->own_life_ended)
        return false;
    if (begins) {
        m->own_before = (struct kept_state){.at_us = 0};
        m->own_now = (struct kept_state){.at_us = o->own.answered_us}; /* not to be sampled again */
    }
    m->history = GTID_REL_UNKNOWN;
    m->history_us = 0;
    return true;
}

/* Each history is compared with one of the other that is surely older or surely newer: the writer's with an
 * older one of the standby, the standby's older one with a newer one of the writer. Then "ahead" means what
 * it says, and not that replication ran on between two samples. */
static void update_history(const struct observation *o, struct mind *m)
{
    const struct server_view *own = &o->own, *peer = &o->peer;
    bool writer = holds_power(m->state);
    if (own->answered_us != m->own_now.at_us) {
        m->own_before = m->own_now;
        m->own_now = (struct kept_state){.set = own->binlog_state,
                                         .pos = own->binlog_pos,
                                         .closed = own->read_only == TRI_YES,
                                         .sent_us = own->seen_us,
                                         .at_us = own->answered_us};
    }
    if (peer->answered_us != m->peer_now.at_us) {
        m->peer_before = m->peer_now;
        m->peer_now = (struct kept_state){.set = peer->binlog_state,
                                          .pos = peer->binlog_pos,
                                          .closed = peer->read_only == TRI_YES,
                                          .sent_us = peer->seen_us,
                                          .at_us = peer->answered_us};
    }
    if (forget_ended_life(o, m))
        return;
    const struct kept_state *mine[] = {&m->own_now, &m->own_before},
                            *theirs[] = {&m->peer_now, &m->peer_before};
    for (int i = 0; i < 2; i++) {
        const struct kept_state *a = writer ? mine[0] : mine[i], *b = writer ? theirs[i] : theirs[0];
        bool ordered = writer ? a->sent_us >= b->at_us : b->sent_us >= a->at_us;
        if (!a->at_us || !b->at_us || !ordered)
            continue;
        enum gtid_relation r = gtid_state_compare(&a->set, &b->set, &m->history_first);
        if (r == GTID_REL_UNKNOWN)
            continue;
        m->history = r;
        m->history_us = a->sent_us < b->sent_us ? a->sent_us : b->sent_us;
        m->history_closed = b->closed;
        return;
    }
}

static void update_ledger(const struct policy *p, const struct observation *o, struct mind *m)
{
    int other = 1 - p->self;
    uint64_t theirs = facts_promised_by(o, other);
    if (o->own.replication.known && o->own.seen_us != m->own_sampled_us)
        ledger_saw_received(&m->ledger, &o->own.replication.io_pos);
    if (m->state == NODE_WRITER && o->own.seen_us != m->own_sampled_us)
        ledger_saw_writer(&m->ledger, p->self, m->epoch, &o->own.binlog_pos, o->own.seen_us);
    if (o->peer.seen_us != m->peer_sampled_us && o->peer.read_only == TRI_NO && m->state != NODE_WRITER)
        ledger_saw_writer(&m->ledger, other, theirs, &o->peer.binlog_pos, o->peer.seen_us);
    if (m->basis.kind == NOTE_RELEASE && m->basis.gtid.known)
        ledger_saw_final(&m->ledger, other, m->basis.epoch, &m->basis.gtid, o->now_us);
    else if (node_state_is_promoting(m->state) && o->closing.closed && o->closing.epoch == m->epoch &&
             o->peer.seen_us != m->peer_sampled_us && o->peer.read_only == TRI_YES)
        ledger_saw_final(&m->ledger, other, theirs, &o->peer.binlog_pos, o->peer.seen_us);
    m->own_sampled_us = o->own.seen_us;
    m->peer_sampled_us = o->peer.seen_us;
}

static void update_left_over(const struct policy *p, const struct observation *o, struct mind *m)
{
    const struct voter_rows *own = &o->own.voter;
    int other = 1 - p->self;
    if (o->peer.voter.read_us) {
        m->rows_read = m->other_read = true;
        m->left_over_epoch = 0;
    } else if (own->read_us && !m->rows_read) {
        uint64_t released = own->release[other].epoch, certified = own->certificate[other].epoch;
        m->rows_read = true;
        m->left_over_epoch = released > certified ? released : certified;
    }
}

static void update_basis(const struct policy *p, const struct observation *o, struct mind *m)
{
    struct note basis;
    bool promised = m->basis_consumed || m->state == NODE_PROMOTE_PROMISE || m->state == NODE_PROMOTE_ENABLE;
    /* An answer stays in the observation after the promotion was undone: it is no reason for another. */
    if (m->basis.kind != NOTE_NONE && o->consumed_epoch && o->consumed_epoch == m->basis.epoch) {
        m->basis_consumed = node_state_is_promoting(m->state);
        m->third_mine = true;
    }
    if (promised || holds_power(m->state))
        return;
    if (!facts_basis(p, o, m, &basis)) {
        m->basis.kind = NOTE_NONE;
        return;
    }
    if (m->basis.kind != basis.kind || m->basis.epoch != basis.epoch) {
        m->basis_since_us = o->now_us;
        m->backoff_until_us = 0; /* what failed before, failed for another reason */
    }
    m->basis = basis;
}

/* Tie-breaker `writer`: was the third vote ours when this process began, as the tables tell? Our own table's
 * highest promise is our own last term (one that was only promised, with both servers' votes, does not
 * count), and the peer's table, which must have been read, holds no row of ours that gave it away. A
 * predecessor whose authority is still armed had it, and has it as long as its server is writable: a row is
 * written only after that was closed, and a fencer that stood still was not told of it. */
static bool third_is_written(const struct policy *p, const struct observation *o, uint64_t mine)
{
    const struct voter_rows *there = &o->peer.voter;
    bool own_term = o->own.term_known && o->own.term_node == p->self && o->own.term_epoch == mine;
    bool given = there->release[p->self].epoch >= mine || there->certificate[p->self].epoch >= mine;
    bool armed = o->fencer.inherited && o->own.read_only == TRI_NO;
    return armed || (own_term && there->read_us && !given);
}

/* Whose it is now. It comes with a row of the other's, once our promise has consumed it, or by the operator's
 * word; it goes with a row of ours that was sent
 * (third_given_epoch), or with a higher promise of the other. */
static enum tri third_vote(const struct policy *p, const struct observation *o, struct mind *m)
{
    int self = p->self, other = 1 - self;
    bool promised = node_state_may_write(m->state); /* here too, whatever was read before */
    uint64_t mine = o->own.voter.promise[self].kind ? o->own.voter.promise[self].epoch : 0;
    uint64_t theirs = facts_promised_by(o, other);
    if (promised && m->epoch > mine)
        mine = m->epoch;
    if (m->basis_consumed || (promised && o->operator_.peer_is_off))
        m->third_mine = true;
    if (o->operator_.peer_is_off && m->state != NODE_WRITER)
        return TRI_YES;
    if (node_state_is_promoting(m->state) && (m->basis.kind != NOTE_NONE || m->basis_consumed))
        return TRI_YES;
    if (!o->own.voter.read_us || !mine || theirs > mine || m->third_given_epoch >= mine) {
        m->third_mine = false;
        return o->own.voter.read_us ? TRI_NO : TRI_UNKNOWN;
    }
    if (third_is_written(p, o, mine))
        m->third_mine = true;
    return tri_from(m->third_mine);
}

static void update_quorum(const struct policy *p, const struct observation *o, struct quorum *q,
                          struct mind *m)
{
    struct note basis;
    bool closed = o->operator_.peer_is_off || m->basis_consumed || facts_basis(p, o, m, &basis) ||
                  (o->closing.closed && o->closing.epoch && o->closing.epoch == m->epoch);
    if (p->tie == POLICY_TIE_WRITER)
        q->tie_mine = third_vote(p, o, m);
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

/* An operator's command does not wait for what failed before it. What fails under it does: otherwise the walk
 * through the table would begin promotions for ever. A loss that
 * he accepts is accepted for what is under way, too. */
static void update_wish(const struct observation *o, struct mind *m)
{
    bool wished = o->operator_.want == WANT_HERE || o->operator_.peer_is_off;
    if (wished && !m->wished)
        m->backoff_until_us = 0;
    m->wished = wished;
    if (node_state_is_promoting(m->state) && o->operator_.accept_loss)
        m->accept_loss = true;
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

static void enter_state(const struct policy *p, const struct observation *o, const struct facts *f,
                        struct mind *m, enum node_state next)
{
    enum node_state from = m->state;
    if (from == NODE_STANDBY && next == NODE_PROMOTE_VOTES)
        begin_promotion(o, f, m);
    if (node_state_is_promoting(from) && !node_state_is_promoting(next) && next != NODE_WRITER)
        end_promotion(p, o, f, m);
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
    if (holds_power(from) != holds_power(next)) {
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

/* What was not heard while this process stood still is no silence. */
static void forget_ages(struct mind *m)
{
    m->quiet_since_us = 0;
    m->unfenced_since_us = 0;
    m->peer_vip_since_us = 0;
}

void decide_tick(const struct policy *p, const struct observation *o, struct quorum *q, struct mind *m,
                 struct outcome *out)
{
    memset(out, 0, sizeof(*out));
    if (o->gap_us > p->renew_us + p->silent_us)
        forget_ages(m);
    update_wish(o, m);
    if (!p->dual) /* each always has what the other lacks yet */
        update_history(o, m);
    update_left_over(p, o, m);
    update_basis(p, o, m);
    update_ledger(p, o, m);
    durability_remember(p, o, m);
    dual_remember(p, o, m);
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
