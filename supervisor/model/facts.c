#include "model/facts.h"

#include <string.h>

#include "model/dual.h"
#include "model/durability.h"

#define RECEIVE_PATIENCE_US 30000
#define TERMS_UNHEARD       1000 /* even: a node's epochs keep their parity */
#define DEAD_MAN_AGE_US     5000000 /* it is asked for each second */

struct sight {
    const struct policy *p;
    const struct observation *o;
    const struct quorum *q;
    const struct mind *m;
    int self, other;
    struct note basis;
    bool has_basis;
};

static bool is_fresh(const struct sight *s, int64_t seen_us)
{
    return seen_us && s->o->now_us - seen_us <= s->p->silent_us;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum tri answered(const struct sight *s, int64_t seen_us)
{
    return seen_us ? tri_from(is_fresh(s, seen_us)) : TRI_UNKNOWN;
}

static const struct bulletin *peer_bulletin(const struct sight *s)
{
    const struct bulletin *here = &s->o->own.bulletin[s->other], *there = &s->o->peer.bulletin[s->other];
    if (is_fresh(s, s->o->peer.seen_us) && there->known && (!here->known || there->seq >= here->seq))
        return there;
    return here;
}

static bool peer_present(const struct sight *s)
{
    return (is_fresh(s, s->o->own.seen_us) && s->o->own.bulletin[s->other].present) ||
           (is_fresh(s, s->o->peer.seen_us) && s->o->peer.bulletin[s->other].present);
}

static enum tri while_fresh(const struct sight *s, const struct server_view *v, enum tri value)
{
    return is_fresh(s, v->seen_us) ? value : TRI_UNKNOWN;
}

/* Without any connection to the other there is nothing that receives, and no relay log. */
static enum io_state own_receiver(const struct sight *s)
{
    const struct replication_view *r = &s->o->own.replication;
    return r->known ? r->io : r->configured == TRI_NO ? IO_NO : IO_UNKNOWN;
}

static uint64_t promised_in(const struct voter_rows *r, int n)
{
    return r->promise[n].kind == NOTE_PROMISE ? r->promise[n].epoch : 0;
}

uint64_t facts_promised_by(const struct observation *o, int n)
{
    uint64_t a = promised_in(&o->own.voter, n), b = promised_in(&o->peer.voter, n),
             c = promised_in(&o->witness.voter, n), most = a > b ? a : b;
    return most > c ? most : c;
}

uint64_t facts_next_epoch(const struct policy *p, const struct observation *o, const struct mind *m)
{
    uint64_t most = m->epoch > m->last_aborted_epoch ? m->epoch : m->last_aborted_epoch;
    for (int n = 0; n < OBS_NODES; n++) {
        uint64_t e = facts_promised_by(o, n);
        most = e > most ? e : most;
    }
    most = o->own.term_epoch > most ? o->own.term_epoch : most;
    most = o->peer.term_epoch > most ? o->peer.term_epoch : most;
    /* A node that is off may have had terms that nobody else heard of: what it remembers must not be above ours
     * when it comes back. */
    if (o->operator_.peer_is_off)
        most += TERMS_UNHEARD;
    most++;
    return most % 2 == (p->self == 0 ? 1 : 0) ? most : most + 1;
}

bool facts_basis(const struct policy *p, const struct observation *o, const struct mind *m, struct note *out)
{
    int other = 1 - p->self;
    uint64_t newest = facts_promised_by(o, other), own = facts_promised_by(o, p->self);
    const struct note *all[] = {&o->own.voter.certificate[other], &o->own.voter.release[other],
                                &o->own.voter.off[other]};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i]->kind == NOTE_NONE || all[i]->epoch < newest || all[i]->epoch < own)
            continue;
        if (p->tie == POLICY_TIE_WRITER && all[i]->epoch <= m->left_over_epoch)
            continue;
        *out = *all[i];
        return true;
    }
    return false;
}

void facts_own_position(const struct observation *o, struct gtid_set *out)
{
    *out = o->own.slave_pos;
    gtid_pos_merge(out, &o->own.binlog_pos);
}

static void received_position(const struct sight *s, struct gtid_set *out)
{
    facts_own_position(s->o, out);
    gtid_pos_merge(out, &s->o->own.replication.io_pos);
}

static enum tri fact_own_up(const struct sight *s)
{
    if (s->o->fencer.dead_us)
        return TRI_NO;
    return answered(s, later(s->o->own.seen_us, s->o->voter_answer_us[s->self]));
}

/* Was the session that holds the vote here idle for a whole lease? Then its owner's lease is over, whatever it
 * said before. */
static bool holder_expired(const struct sight *s)
{
    const struct holder_view *h = &s->o->own.holder;
    return is_fresh(s, h->asked_us) && h->connection && !h->mine && h->idle &&
           h->idle_ms * 1000 >= s->p->lease_us;
}

static enum tri fact_peer_writer(const struct sight *s)
{
    const struct bulletin *b = peer_bulletin(s);
    const struct server_view *peer = &s->o->peer;
    if (s->has_basis)
        return TRI_NO;
    /* A writable server whose supervisor has left it, and renews nothing here either, is nobody's: it is closed by
     * whoever gets the majority. */
    bool attended = peer->bulletin[s->other].present || (s->o->own.holder.connection && !holder_expired(s));
    if (is_fresh(s, peer->seen_us) && peer->read_only == TRI_NO)
        return attended ? TRI_YES : TRI_UNKNOWN;
    bool busy = b->known && (node_state_is_promoting(b->state) || b->state == NODE_WRITER ||
                             b->state == NODE_DEMOTE_CLOSE || b->state == NODE_DEMOTE_HANDOVER);
    if (busy && peer_present(s) && !holder_expired(s))
        return TRI_YES;
    if (is_fresh(s, peer->seen_us) && peer->read_only == TRI_YES)
        return TRI_NO;
    return TRI_UNKNOWN;
}

static enum tri fact_peer_ready(const struct sight *s)
{
    const struct server_view *peer = &s->o->peer;
    const struct bulletin *b = peer_bulletin(s);
    if (!is_fresh(s, peer->seen_us) || !peer->replication.known)
        return TRI_UNKNOWN;
    /* A receiver that says Yes may sit on a dead connection for slave_net_timeout: it must have what we had a
     * probe ago. */
    struct gtid_set received = peer->replication.io_pos;
    gtid_pos_merge(&received, &peer->binlog_pos);
    /* What a handover says is read at the other's own server: it must be possible to write it there. */
    bool writable = s->m->state != NODE_WRITER || s->q->votes[s->other].held;
    const struct kept_state *mine = &s->m->own_before; /* compared only where it is older than the other's sample */
    bool follows = mine->at_us > peer->seen_us || gtid_pos_contains(&received, &mine->pos) == TRI_YES;
    bool marked = s->p->lossless && durability_mark(s->p, s->o, s->m) != MARK_NONE;
    bool willing = peer_present(s) && b->known && !b->hold && !b->waits && b->state == NODE_STANDBY;
    return tri_from(willing && peer->read_only == TRI_YES && peer->replication.io == IO_YES &&
                    peer->replication.sql == TRI_YES && follows && writable &&
                    !(marked && s->m->state == NODE_WRITER));
}

static enum tri fact_peer_closed(const struct sight *s)
{
    const struct closing_view *c = &s->o->closing;
    if (!node_state_is_promoting(s->m->state))
        return tri_from(s->has_basis); /* a proof is of its moment: it serves the promotion that it was got for */
    if (c->closed && c->epoch && c->epoch == s->m->epoch)
        return TRI_YES;
    if (s->o->operator_.peer_is_off || s->has_basis || s->m->basis_consumed)
        return TRI_YES;
    return TRI_NO;
}

static enum tri fact_received(const struct sight *s)
{
    const struct server_view *own = &s->o->own;
    struct gtid_set have;
    received_position(s, &have);
    if (own->seen_us < s->m->since_us)
        return TRI_NO;
    bool released = s->m->basis.kind == NOTE_RELEASE;
    enum tri final = released ? gtid_pos_contains(&have, &s->m->basis.gtid) : TRI_UNKNOWN;
    if (final == TRI_YES)
        return TRI_YES;
    /* Nothing can arrive from a server that is not heard; what a handover lacks then, the gate after the drain names. */
    if (s->m->basis.kind != NOTE_CERTIFICATE && !is_fresh(s, s->o->peer.seen_us))
        return TRI_YES;
    if (released)
        return final;
    if (own->replication.io != IO_YES || s->o->now_us - s->m->since_us >= RECEIVE_PATIENCE_US)
        return TRI_YES;
    if (s->m->basis.kind == NOTE_CERTIFICATE && s->m->basis.file[0])
        return tri_from(strcmp(own->replication.master_file, s->m->basis.file) == 0 &&
                        own->replication.master_pos >= s->m->basis.size);
    if (is_fresh(s, s->o->peer.seen_us) && s->o->closing.closed)
        return gtid_pos_contains(&have, &s->o->peer.binlog_pos);
    return TRI_NO;
}

static enum tri fact_later_term(const struct sight *s);

/* Do transactions of our own have numbers beyond it, without it? A fork shows in no position. */
static bool is_forked_off(const struct sight *s, const struct gtid_set *want)
{
    struct gtid_set applied;
    facts_own_position(s->o, &applied);
    return gtid_pos_contains(&applied, want) == TRI_YES &&
           gtid_state_lacks(&s->o->own.binlog_state, &s->o->own.slave_pos, want);
}

static enum tri is_here(const struct sight *s, const struct gtid_set *have, const struct gtid_set *want)
{
    enum tri has = gtid_pos_contains(have, want);
    return has == TRI_YES && is_forked_off(s, want) ? TRI_NO : has;
}

static enum tri fact_drained(const struct sight *s)
{
    const struct server_view *own = &s->o->own;
    struct gtid_set applied;
    if (own->seen_us < s->m->since_us || own_receiver(s) != IO_NO)
        return TRI_NO;
    facts_own_position(s->o, &applied);
    /* What came of the other's fork is not for us to apply: our data have the later term. */
    if (s->m->history == GTID_REL_DIVERGED && fact_later_term(s) == TRI_YES)
        return TRI_YES;
    if (own->replication.io_pos.known && is_here(s, &applied, &own->replication.io_pos) != TRI_YES)
        return s->m->accept_loss && own->replication.sql == TRI_NO ? TRI_YES : TRI_NO;
    if (s->m->ledger.received.known && is_here(s, &applied, &s->m->ledger.received) != TRI_YES)
        return s->m->accept_loss ? TRI_YES : TRI_NO;
    return TRI_YES;
}

/* When was the writer last heard of: by a probe, by its session that holds the vote here, or by the one that held the
 * third vote? A writer that only this node does not hear goes on with that one. */
static int64_t last_heard_us(const struct policy *p, const struct observation *o, const struct mind *m)
{
    const struct holder_view *h = &o->own.holder;
    int64_t heard = later(m->renewed_us, later(o->peer.seen_us, o->voter_answer_us[1 - p->self]));
    if (h->asked_us && h->connection && !h->mine)
        heard = later(heard, h->asked_us - (h->idle ? h->idle_ms * 1000 : 0));
    return heard;
}

struct loss_bound facts_loss(const struct policy *p, const struct observation *o, const struct mind *m)
{
    const struct replication_view *r = &o->own.replication;
    struct loss_question q = {.self = p->self, .now_us = o->now_us, .received = r->io_pos};
    uint64_t theirs = facts_promised_by(o, 1 - p->self);
    if (durability_covered(p, o, m))
        return (struct loss_bound){.known = TRI_YES, .exact = true, .missing_bytes = -1};
    facts_own_position(o, &q.applied);
    q.term_epoch = theirs > o->own.term_epoch ? theirs : o->own.term_epoch;
    q.drained = m->state == NODE_PROMOTE_DRAIN || m->state == NODE_PROMOTE_PROMISE;
    q.until_proven = m->basis.kind == NOTE_CERTIFICATE || m->basis.kind == NOTE_RELEASE;
    q.until_us = q.until_proven && m->basis_since_us ? m->basis_since_us : last_heard_us(p, o, m);
    if (m->basis.kind == NOTE_CERTIFICATE) {
        q.certificate = (struct loss_certificate){
            .known = true, .node = m->basis.node, .epoch = m->basis.epoch, .size = m->basis.size};
        memcpy(q.certificate.file, m->basis.file, sizeof(q.certificate.file));
    }
    memcpy(q.read_file, r->master_file, sizeof(q.read_file));
    q.read_pos = r->master_pos;
    return ledger_bound(&m->ledger, &q);
}

/* Both servers have a term that the other lacks, or one has the later: the data of the later term stand, the
 * other's extra transactions were counted as its loss when it began. */
static enum tri fact_later_term(const struct sight *s)
{
    const struct server_view *own = &s->o->own, *peer = &s->o->peer;
    if (!is_fresh(s, peer->seen_us) || !own->term_known || !peer->term_known)
        return TRI_UNKNOWN;
    return tri_from(own->term_epoch > peer->term_epoch);
}

/* The other is closed and answers. What it said before a death that was certified since is of an earlier life: a term may
 * have begun and ended after it. */
static bool peer_is_quiet(const struct sight *s)
{
    const struct server_view *peer = &s->o->peer;
    bool outlived = s->m->basis.kind == NOTE_CERTIFICATE && peer->seen_us < s->m->basis_since_us;
    return is_fresh(s, peer->seen_us) && peer->read_only == TRI_YES && !outlived;
}

static unsigned fact_loss(const struct sight *s)
{
    struct gtid_set have;
    const struct server_view *peer = &s->o->peer;
    bool drained = s->m->state == NODE_PROMOTE_DRAIN || s->m->state == NODE_PROMOTE_PROMISE;
    if (drained)
        facts_own_position(s->o, &have);
    else
        received_position(s, &have);
    if (s->m->accept_loss || s->o->operator_.accept_loss)
        return LOSS_OK;
    if (s->has_basis && s->basis.kind == NOTE_RELEASE && s->basis.gtid.known) {
        bool arriving = s->m->state == NODE_STANDBY && !is_forked_off(s, &s->basis.gtid);
        return arriving || is_here(s, &have, &s->basis.gtid) == TRI_YES ? LOSS_OK : LOSS_KNOWN;
    }
    if (durability_marked(s->p, s->o, s->q))
        return LOSS_MARKED;
    if (peer_is_quiet(s)) {
        if (s->m->history == GTID_REL_DIVERGED && fact_later_term(s) == TRI_YES)
            return LOSS_OK;
        return is_here(s, &have, &peer->binlog_pos) == TRI_YES ? LOSS_OK : LOSS_KNOWN;
    }
    if (is_forked_off(s, &s->m->ledger.writer_pos))
        return LOSS_KNOWN;
    char sentence[LEDGER_SENTENCE_MAX];
    struct loss_bound bound = facts_loss(s->p, s->o, s->m);
    enum loss_verdict v =
        ledger_gate(&bound, s->p->max_known_lost, s->p->max_unseen_us, false, sentence, sizeof(sentence));
    /* What is missing may still be on its way, or our sample is older than the writer's: the gate after the
     * drain decides. Once it has refused, with this very row, it is not asked again and again. */
    bool refused = s->has_basis && s->m->refused_epoch == s->basis.epoch;
    bool arriving = s->m->state == NODE_STANDBY && s->o->own.replication.io != IO_NO && !refused;
    if (s->p->lossless && !durability_proven(&bound))
        v = s->has_basis && arriving ? LOSS_OK : LOSS_UNPROVEN;
    return v == LOSS_KNOWN && arriving ? LOSS_OK : v;
}

/* What was compared before the other was lost says nothing about what either wrote since. */
static bool history_is_told(const struct sight *s)
{
    return s->m->history_us && s->o->now_us - s->m->history_us <= s->p->lease_us;
}

/* Does a voter remember an epoch of the other whose data are not here? A release's position stands for its
 * term's row, which a term that was never enabled does not have. */
static enum tri fact_stale(const struct sight *s)
{
    const struct observation *o = s->o;
    uint64_t newest = facts_promised_by(o, s->other);
    struct gtid_set have;
    if (!o->own.voter.read_us || !o->own.term_known)
        return TRI_UNKNOWN;
    if (newest <= o->own.term_epoch)
        return TRI_NO;
    /* A handover names the position at which the term ended: nothing is enabled before that is applied here. */
    if (s->has_basis && s->basis.kind == NOTE_RELEASE && s->basis.gtid.known)
        return TRI_NO;
    /* A promise is not yet a term: with the other's history at hand that tells what was written. */
    if (history_is_told(s) && peer_is_quiet(s) && (s->m->history == GTID_REL_EQUAL || s->m->history == GTID_REL_AHEAD))
        return TRI_NO;
    received_position(s, &have);
    const struct voter_rows *all[] = {&o->own.voter, &o->peer.voter, &o->witness.voter};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const struct note *r = &all[i]->release[s->other];
        if (r->kind == NOTE_RELEASE && r->epoch >= newest && is_here(s, &have, &r->gtid) == TRI_YES)
            return TRI_NO;
    }
    return TRI_YES;
}

static bool lease_is_quiet(const struct sight *s)
{
    const struct holder_view *h = &s->o->own.holder;
    if (!h->asked_us || s->o->now_us - h->asked_us > s->p->silent_us)
        return false;
    if (h->connection == 0 || h->mine)
        return s->m->quiet_since_us && s->o->now_us - s->m->quiet_since_us >= s->p->lease_us;
    return holder_expired(s);
}

/* With two servers up, both read-only and no writer: who should be it? The longer history, else the VIP's
 * holder, else the node of the last term, else the lower server id. */
static bool is_preferred(const struct sight *s)
{
    const struct observation *o = s->o;
    if (s->m->history == GTID_REL_AHEAD)
        return true;
    if (s->m->history == GTID_REL_DIVERGED)
        return fact_later_term(s) == TRI_YES;
    if (s->m->history != GTID_REL_EQUAL)
        return false;
    if (!peer_present(s))
        return true;
    enum tri there = peer_bulletin(s)->vip;
    if (s->p->has_vip && o->vip.here != there && o->vip.here != TRI_UNKNOWN && there != TRI_UNKNOWN)
        return o->vip.here == TRI_YES;
    if (o->own.term_known && o->own.term_epoch)
        return o->own.term_node == s->self;
    return s->p->server_id[s->self] < s->p->server_id[s->other];
}

static bool is_vacant(const struct sight *s)
{
    const struct observation *o = s->o;
    if (!is_fresh(s, o->peer.seen_us) || o->peer.read_only != TRI_YES || !s->m->quiet_since_us)
        return false;
    if (!history_is_told(s) || o->own.holder.connection != 0 || !is_fresh(s, o->own.holder.asked_us))
        return false;
    int64_t wait = is_preferred(s) ? 2 * s->p->renew_us : 3 * s->p->lease_us;
    return o->now_us - s->m->quiet_since_us >= wait;
}

static unsigned fact_reason(const struct sight *s)
{
    const struct operator_view *op = &s->o->operator_;
    if (op->stopping)
        return REASON_NONE;
    if (s->m->undo)
        return REASON_UNDO;
    if (s->has_basis || s->m->basis_consumed) {
        enum note_kind kind = s->has_basis ? s->basis.kind : s->m->basis.kind;
        bool asked = op->want == WANT_HERE || op->peer_is_off; /* he may overrule what a death alone may not */
        return kind == NOTE_RELEASE ? REASON_HANDOVER : kind == NOTE_OFF || asked ? REASON_OPERATOR : REASON_CERTIFIED;
    }
    if (op->peer_is_off)
        return REASON_OPERATOR;
    if (fact_peer_writer(s) == TRI_YES)
        return REASON_NONE;
    if (op->want == WANT_HERE)
        return REASON_OPERATOR;
    if (node_state_is_promoting(s->m->state))
        return s->m->why; /* nothing spoke against it */
    if (is_vacant(s))
        return REASON_VACANT;
    if (!is_fresh(s, s->o->peer.seen_us) || s->o->peer.read_only != TRI_YES)
        return lease_is_quiet(s) ? REASON_SILENCE : REASON_NONE;
    return REASON_NONE;
}

static enum tri fact_promised(const struct sight *s)
{
    for (int i = 0; i < OBS_VOTERS; i++) {
        const struct vote *v = &s->q->votes[i];
        bool session = !(i == OBS_TIE && s->p->tie != POLICY_TIE_WITNESS);
        if (session && quorum_counts(s->q, i, s->o->now_us) && v->promised_epoch != s->m->epoch)
            return TRI_NO;
    }
    return tri_from(s->m->epoch != 0 && s->q->votes[s->self].promised_epoch == s->m->epoch);
}

static enum tri fact_basis_used(const struct sight *s)
{
    if (s->m->basis.kind == NOTE_NONE || s->q->votes[s->self].promised_epoch != s->m->epoch)
        return TRI_UNKNOWN;
    return tri_from(s->m->basis_consumed);
}

static enum tri fact_epoch(const struct sight *s)
{
    uint64_t theirs = facts_promised_by(s->o, s->other);
    return tri_from(s->m->epoch > s->m->term_floor && s->m->epoch > theirs);
}

static enum tri fact_authority(const struct sight *s)
{
    int64_t until = quorum_authority_until(s->q, s->o->now_us);
    return tri_from(until && (until == INT64_MAX ||
                              until - s->p->fence_us - s->p->epsilon_us > s->o->now_us));
}

static enum tri fact_armed(const struct sight *s)
{
    const struct fencer_view *f = &s->o->fencer;
    return tri_from(f->acked_seq && f->acked_deadline_us > s->o->now_us && f->write_lock == TRI_YES &&
                    f->epoch == s->m->epoch);
}

static enum tri fact_want_away(const struct sight *s)
{
    const struct bulletin *b = peer_bulletin(s);
    const struct operator_view *op = &s->o->operator_;
    int64_t now = s->o->now_us;
    if (op->want == WANT_AWAY || op->stopping)
        return TRI_YES;
    bool undone = s->m->undone_us && now - s->m->undone_us < s->p->vip_hold_down_us;
    if (b->known && b->ask && peer_present(s) && !undone)
        return TRI_YES;
    bool held_down = undone || (s->m->last_handover_us && now - s->m->last_handover_us < s->p->vip_hold_down_us);
    return tri_from(!held_down && s->m->peer_vip_since_us &&
                    now - s->m->peer_vip_since_us >= s->p->vip_settle_us);
}

static enum tri fact_timeout(const struct sight *s)
{
    static const struct {
        enum node_state state;
        int leases;
    } in_leases[] = {{NODE_PROMOTE_VOTES, 3}, {NODE_PROMOTE_PROMISE, 1}, {NODE_PROMOTE_ENABLE, 1}};
    int64_t limit = INT64_MAX;
    for (size_t i = 0; i < sizeof(in_leases) / sizeof(in_leases[0]); i++)
        if (in_leases[i].state == s->m->state)
            limit = in_leases[i].leases * s->p->lease_us;
    if (s->m->state == NODE_PROMOTE_RECEIVE || s->m->state == NODE_DEMOTE_HANDOVER)
        limit = s->p->switchover_timeout_us;
    if (s->m->state == NODE_PROMOTE_DRAIN)
        limit = s->p->drain_timeout_us;
    if (s->m->state == NODE_DEMOTE_CLOSE)
        limit = s->p->fence_us;
    return tri_from(s->o->now_us - s->m->since_us > limit);
}

static enum tri fact_delay_over(const struct sight *s)
{
    if (!s->m->majority_since_us)
        return TRI_NO;
    if (!quorum_needs_delay(s->q))
        return TRI_YES;
    return tri_from(s->o->now_us - s->m->majority_since_us >= s->p->takeover_delay_us);
}

static enum tri fact_offsets(const struct sight *s)
{
    const struct server_view *own = &s->o->own;
    if (!own->auto_increment_increment)
        return TRI_UNKNOWN;
    return tri_from(own->auto_increment_increment == s->p->increment &&
                    own->auto_increment_offset == s->p->offset[s->self]);
}

static enum tri fact_isolated(const struct sight *s)
{
    const struct observation *o = s->o;
    if (s->p->tie != POLICY_TIE_WRITER || !s->p->has_references)
        return TRI_NO;
    int64_t heard = later(later(o->peer.seen_us, o->voter_answer_us[s->other]), o->reference_us);
    if (s->m->state == NODE_WRITER)
        heard = later(heard, s->m->since_us);
    return tri_from(o->now_us - heard > s->p->lease_us);
}

/* Of what can be given back: with tie-breaker `vip` the third vote stays as long as the address. */
static bool nothing_held(const struct sight *s)
{
    int voters = s->p->tie == POLICY_TIE_VIP ? OBS_TIE : OBS_VOTERS;
    for (int i = 0; i < voters; i++)
        if (s->q->votes[i].held)
            return false;
    return true;
}

/* The row of a death is written with the votes' release. Where the other's server was away then, it is written when that
 * answers again: a lease later at the soonest, for the votes of a promotion under way are not to be taken, and not where
 * the other has used it or promised beyond it. */
static enum tri fact_certificate(const struct sight *s)
{
    const struct voter_rows *there = &s->o->peer.voter;
    uint64_t epoch = s->m->epoch;
    if (!s->o->fencer.dead_us || !epoch || !is_fresh(s, s->o->peer.seen_us) ||
        there->read_us < s->m->since_us + s->p->lease_us)
        return TRI_UNKNOWN;
    if (facts_promised_by(s->o, s->other) > epoch)
        return TRI_YES;
    return tri_from(there->certificate[s->self].kind != NOTE_NONE && there->certificate[s->self].epoch >= epoch);
}

static void compute_own(struct facts *f, const struct sight *s)
{
    const struct server_view *own = &s->o->own;
    const struct replication_view *r = &own->replication;
    bool fresh = is_fresh(s, own->seen_us);
    f->value[FACT_OWN_UP] = fact_own_up(s);
    f->value[FACT_OWN_DEAD] = tri_from(s->o->fencer.dead_us != 0);
    f->value[FACT_CERTIFIABLE] = tri_from(s->o->fencer.dead_us != 0 && s->o->boot_safe == TRI_YES);
    f->value[FACT_CERTIFICATE] = fact_certificate(s);
    f->value[FACT_OWN_READ_ONLY] = while_fresh(s, own, own->read_only);
    f->value[FACT_BOOT_SAFE] = s->o->boot_safe;
    f->value[FACT_DISK_FULL] = s->o->disk_full;
    f->value[FACT_DEAD_MAN] = s->o->now_us - own->dead_man_us <= DEAD_MAN_AGE_US ? own->dead_man : TRI_UNKNOWN;
    f->value[FACT_IO] = fresh ? own_receiver(s) : IO_UNKNOWN;
    f->value[FACT_SQL] = fresh && r->known ? r->sql : TRI_UNKNOWN;
    /* What was received and cannot be applied is lost with the promotion: for the operator to accept. */
    bool accepted = s->m->accept_loss || s->o->operator_.accept_loss;
    f->value[FACT_APPLIER_BROKEN] =
        fresh && r->known ? tri_from(r->sql == TRI_NO && r->sql_errno != 0 && !accepted) : TRI_UNKNOWN;
    f->value[FACT_THREADS] = fresh && r->known ? tri_from(r->io != IO_NO && r->sql == TRI_YES) : TRI_UNKNOWN;
    f->value[FACT_RECEIVED] = fact_received(s);
    f->value[FACT_DRAINED] = fact_drained(s);
    f->value[FACT_LOSS] = fact_loss(s);
    f->value[FACT_STALE] = fact_stale(s);
    f->value[FACT_HISTORY] = history_is_told(s) ? s->m->history : GTID_REL_UNKNOWN;
    f->value[FACT_OFFSETS] = fact_offsets(s);
}

/* Of the other's own answers alone: a server that hangs can still tell that it had better be closed. */
static enum tri fact_peer_follows(const struct sight *s)
{
    const struct server_view *peer = &s->o->peer;
    const struct replication_view *r = &peer->replication;
    if (!is_fresh(s, peer->seen_us) || !r->known || peer->read_only == TRI_UNKNOWN)
        return TRI_UNKNOWN;
    return tri_from(peer->read_only == TRI_YES && r->io == IO_YES && r->sql == TRI_YES);
}

static void compute_peer(struct facts *f, const struct sight *s)
{
    const struct server_view *peer = &s->o->peer;
    f->value[FACT_PEER_UP] = answered(s, later(peer->seen_us, s->o->voter_answer_us[s->other]));
    /* For a new writer what the other was before does not matter: it was closed, or its time had passed. */
    bool older = s->m->state == NODE_WRITER && peer->seen_us < s->m->since_us;
    f->value[FACT_PEER_READ_ONLY] = older ? TRI_UNKNOWN : while_fresh(s, peer, peer->read_only);
    f->value[FACT_PEER_WRITER] = fact_peer_writer(s);
    f->value[FACT_PEER_FOLLOWS] = fact_peer_follows(s);
    f->value[FACT_PEER_READY] = fact_peer_ready(s);
    f->value[FACT_PEER_CLOSED] = fact_peer_closed(s);
}

/* See decide_renews_lock(). With another tie-breaker than the witness the third vote has no way to go. */
static enum tri fact_quick(const struct sight *s)
{
    int64_t quickest = 0;
    if (s->p->tie != POLICY_TIE_WITNESS)
        return TRI_YES;
    for (int i = 0; i < OBS_VOTERS; i++) {
        int64_t took = s->o->voter_round_trip_us[i];
        bool answers = s->o->now_us - s->o->voter_answer_us[i] <= s->p->lease_us; /* slowly, maybe */
        if (i != s->self && took && answers && (!quickest || took < quickest))
            quickest = took;
    }
    return quickest ? tri_from(quickest <= s->p->takeover_delay_us - s->p->epsilon_us) : TRI_UNKNOWN;
}

static void compute_votes(struct facts *f, const struct sight *s)
{
    f->value[FACT_VOTES] = quorum_majority_counted(s->q, s->o->now_us) ? VOTES_COUNTED
                           : quorum_majority_held(s->q)                ? VOTES_HELD
                                                                       : VOTES_NONE;
    f->value[FACT_VOTES_FREE] = tri_from(nothing_held(s));
    f->value[FACT_THIRD_VOTE] = !s->q->durable_tie ? TRI_UNKNOWN : tri_from(s->q->tie_mine == TRI_YES);
    f->value[FACT_DELAY_OVER] = fact_delay_over(s);
    f->value[FACT_AUTHORITY] = fact_authority(s);
    f->value[FACT_EPOCH] = fact_epoch(s);
    f->value[FACT_SUPERSEDED] =
        tri_from(s->m->epoch > s->m->term_floor && facts_promised_by(s->o, s->other) > s->m->epoch);
    f->value[FACT_PROMISED] = fact_promised(s);
    f->value[FACT_QUICK] = fact_quick(s);
    f->value[FACT_BASIS_USED] = fact_basis_used(s);
}

static void compute_rest(struct facts *f, const struct sight *s)
{
    const struct observation *o = s->o;
    f->value[FACT_FENCER] = o->fencer.alive;
    f->value[FACT_WRITE_LOCK] = o->fencer.write_lock;
    f->value[FACT_ARMED] = fact_armed(s);
    f->value[FACT_INHERITED] = o->fencer.alive == TRI_UNKNOWN ? TRI_UNKNOWN : tri_from(o->fencer.inherited);
    f->value[FACT_REASON] = fact_reason(s);
    f->value[FACT_BACKOFF] = tri_from(o->now_us < s->m->backoff_until_us);
    f->value[FACT_BREAKER] = tri_from(o->failovers_in_window >= s->p->breaker_failovers && s->p->breaker_failovers);
    bool held_there = peer_bulletin(s)->known && peer_bulletin(s)->hold && peer_present(s);
    f->value[FACT_MAINTENANCE] = tri_from(o->operator_.maintenance || held_there);
    f->value[FACT_LATER_TERM] = fact_later_term(s);
    f->value[FACT_LAST_WRITER] = o->own.term_known ? tri_from(o->own.term_node == s->self) : TRI_UNKNOWN;
    f->value[FACT_STOPPING] = tri_from(o->operator_.stopping);
    f->value[FACT_WANT_AWAY] = fact_want_away(s);
    f->value[FACT_ISOLATED] = fact_isolated(s);
    f->value[FACT_FINAL] = tri_from(o->final_known);
    f->value[FACT_UNANSWERED] = tri_from(o->enabling_unanswered);
    f->value[FACT_RELEASED] = tri_from(o->released);
    f->value[FACT_RECLAIMED] = o->reclaimed ? TRI_YES : o->reclaim_failed ? TRI_NO : TRI_UNKNOWN;
    f->value[FACT_TERM] = tri_from(o->term_written);
    f->value[FACT_TIMEOUT] = fact_timeout(s);
    f->value[FACT_KEPT_LEASE] =
        tri_from(s->m->unfenced_since_us && o->now_us - s->m->unfenced_since_us >= s->p->lease_us);
}

void facts_compute(struct facts *out, const struct policy *p, const struct observation *o, const struct quorum *q,
                   const struct mind *m)
{
    struct sight s = {.p = p, .o = o, .q = q, .m = m, .self = p->self, .other = 1 - p->self};
    s.has_basis = facts_basis(p, o, m, &s.basis);
    memset(out, 0, sizeof(*out));
    compute_own(out, &s);
    compute_peer(out, &s);
    durability_facts(out, p, o, m);
    dual_facts(out, p, o, m);
    compute_votes(out, &s);
    compute_rest(out, &s);
}
