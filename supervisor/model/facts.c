#include "model/facts.h"

#include <string.h>

#include "model/dual.h"
#include "model/durability.h"
#include "model/facts_parts.h"
#include "model/schema_version.h"

#define TERMS_UNHEARD 1000 /* even: a node's epochs keep their parity */

static enum tri answered(const struct sight *s, int64_t seen_us)
{
    return seen_us ? tri_from(facts_is_fresh(s, seen_us)) : TRI_UNKNOWN;
}

static enum tri while_fresh(const struct sight *s, const struct server_view *v, enum tri value)
{
    return facts_is_fresh(s, v->seen_us) ? value : TRI_UNKNOWN;
}

static uint64_t promised_in(const struct voter_rows *r, int n)
{
    return r->promise[n].kind == NOTE_PROMISE ? r->promise[n].epoch : 0;
}

bool facts_superseded(const struct policy *p, const struct observation *o, const struct mind *m)
{
    return m->epoch > m->term_floor && facts_promised_by(o, 1 - p->self) > m->epoch;
}

uint64_t facts_promised_by(const struct observation *o, int n)
{
    uint64_t a = promised_in(&o->own.voter, n), b = promised_in(&o->peer.voter, n),
             c = promised_in(&o->witness.voter, n), most = a > b ? a : b;
    return most > c ? most : c;
}

/* A node that is off may have had terms that nobody else heard of, also by such a word of an operator: what
 * it remembers must not be above ours when it comes back. Of two words the later counts, and nothing but the
 * time of day tells which that is. Where it is a little behind, it was used for the last attempt. */
static uint64_t above_unheard(uint64_t most, uint64_t said_at)
{
    if (said_at > most)
        return said_at;
    return said_at && most - said_at < TERMS_UNHEARD ? most : most + TERMS_UNHEARD;
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
    if (o->operator_.peer_is_off)
        most = above_unheard(most, o->operator_.off_at);
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

static enum tri fact_own_up(const struct sight *s)
{
    if (s->o->fencer.dead_us)
        return TRI_NO;
    return answered(s, facts_later(s->o->own.seen_us, s->o->voter_answer_us[s->self]));
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
    return tri_from(until &&
                    (until == INT64_MAX || until - s->p->fence_us - s->p->epsilon_us > s->o->now_us));
}

static enum tri fact_armed(const struct sight *s)
{
    const struct fencer_view *f = &s->o->fencer;
    return tri_from(f->acked_seq && f->acked_deadline_us > s->o->now_us && f->write_lock == TRI_YES &&
                    f->epoch == s->m->epoch);
}

static enum tri fact_want_away(const struct sight *s)
{
    const struct bulletin *b = facts_peer_bulletin(s);
    const struct operator_view *op = &s->o->operator_;
    int64_t now = s->o->now_us;
    if (op->want == WANT_AWAY || op->stopping)
        return TRI_YES;
    bool undone = s->m->undone_us && now - s->m->undone_us < s->p->vip_hold_down_us;
    if (b->known && b->ask && facts_peer_is_present(s) && !undone)
        return TRI_YES;
    bool held_down =
        undone || (s->m->last_handover_us && now - s->m->last_handover_us < s->p->vip_hold_down_us);
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
    if (s->m->state == NODE_DEMOTE_CLOSE || s->m->state == NODE_FENCED)
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
    int64_t heard = facts_later(facts_later(o->peer.seen_us, o->voter_answer_us[s->other]), o->reference_us);
    if (s->m->state == NODE_WRITER)
        heard = facts_later(heard, s->m->since_us);
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

/* The row of a death is written with the votes' release. Where the other's server was away then, it is
 * written when that answers again: a lease later at the soonest, for the votes of a promotion under way are
 * not to be taken, and not where the other has used it or promised beyond it. */
static enum tri fact_certificate(const struct sight *s)
{
    const struct voter_rows *there = &s->o->peer.voter;
    uint64_t epoch = s->m->epoch;
    if (!s->o->fencer.dead_us || !epoch || !facts_is_fresh(s, s->o->peer.seen_us) ||
        there->read_us < s->m->since_us + s->p->lease_us)
        return TRI_UNKNOWN;
    if (facts_promised_by(s->o, s->other) > epoch)
        return TRI_YES;
    return tri_from(there->certificate[s->self].kind != NOTE_NONE &&
                    there->certificate[s->self].epoch >= epoch);
}

static enum tri fact_schema(const struct sight *s)
{
    int version = s->o->own.schema_version;
    return !s->p->lossless ? TRI_YES : version == 0 ? TRI_UNKNOWN : tri_from(version >= SCHEMA_LOSSLESS);
}

static void compute_own(struct facts *f, const struct sight *s)
{
    const struct server_view *own = &s->o->own;
    const struct replication_view *r = &own->replication;
    bool fresh = facts_is_fresh(s, own->seen_us);
    f->value[FACT_OWN_UP] = fact_own_up(s);
    f->value[FACT_OWN_DEAD] = tri_from(s->o->fencer.dead_us != 0);
    f->value[FACT_CERTIFIABLE] = tri_from(s->o->fencer.dead_us != 0 && s->o->boot_safe == TRI_YES);
    f->value[FACT_CERTIFICATE] = fact_certificate(s);
    f->value[FACT_OWN_READ_ONLY] = while_fresh(s, own, own->read_only);
    f->value[FACT_BOOT_SAFE] = s->o->boot_safe;
    f->value[FACT_SCHEMA] = fact_schema(s);
    f->value[FACT_DISK_FULL] = s->o->disk_full;
    f->value[FACT_DEAD_MAN] =
        s->o->now_us - own->dead_man_us <= FACTS_DEAD_MAN_AGE_US ? own->dead_man : TRI_UNKNOWN;
    f->value[FACT_IO] = fresh ? facts_data_receiver(s) : IO_UNKNOWN;
    f->value[FACT_SQL] = fresh && r->known ? r->sql : TRI_UNKNOWN;
    /* What was received and cannot be applied is lost with the promotion: for the operator to accept. */
    f->value[FACT_APPLIER_BROKEN] =
        fresh && r->known ? tri_from(r->sql == TRI_NO && r->sql_errno != 0 && !facts_loss_is_accepted(s))
                          : TRI_UNKNOWN;
    bool of_step = fresh && r->known && s->o->own.seen_us >= s->m->since_us;
    f->value[FACT_APPLIER_STOPPED] = of_step ? tri_from(r->sql == TRI_NO && r->sql_errno == 0) : TRI_UNKNOWN;
    f->value[FACT_THREADS] = fresh && r->known ? tri_from(r->io != IO_NO && r->sql == TRI_YES) : TRI_UNKNOWN;
    f->value[FACT_RECEIVED] = facts_data_received(s);
    f->value[FACT_DRAINED] = facts_data_drained(s);
    f->value[FACT_LOSS] = facts_data_loss(s);
    f->value[FACT_STALE] = facts_data_stale(s);
    f->value[FACT_HISTORY] = facts_data_is_compared(s) ? s->m->history : GTID_REL_UNKNOWN;
    f->value[FACT_OFFSETS] = fact_offsets(s);
}

static void compute_peer(struct facts *f, const struct sight *s)
{
    const struct server_view *peer = &s->o->peer;
    f->value[FACT_PEER_UP] = answered(s, facts_later(peer->seen_us, s->o->voter_answer_us[s->other]));
    /* For a new writer what the other was before does not matter: it was closed, or its time had passed. */
    bool older = s->m->state == NODE_WRITER && peer->seen_us < s->m->since_us;
    f->value[FACT_PEER_READ_ONLY] = older ? TRI_UNKNOWN : while_fresh(s, peer, peer->read_only);
    f->value[FACT_PEER_WRITER] = facts_peer_writer(s);
    f->value[FACT_PEER_FOLLOWS] = facts_peer_follows(s);
    f->value[FACT_PEER_READY] = facts_peer_ready(s);
    f->value[FACT_PEER_CLOSED] = facts_peer_closed(s);
}

/* See fencer_logic_lock_limit_us(). With another tie-breaker than the witness the third vote has no way to
 * go. */
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
    f->value[FACT_SUPERSEDED] = tri_from(facts_superseded(s->p, s->o, s->m));
    f->value[FACT_PROMISED] = fact_promised(s);
    f->value[FACT_QUICK] = fact_quick(s);
    f->value[FACT_BASIS_USED] = fact_basis_used(s);
}

/* A release of that epoch, by which the other may already count our votes, ends it: also where its author
 * stood still in between, and its fencer was armed all the time. */
static bool is_given_away(const struct sight *s, uint64_t epoch)
{
    const struct voter_rows *read[] = {&s->o->own.voter, &s->o->peer.voter, &s->o->witness.voter};
    for (size_t i = 0; i < sizeof(read) / sizeof(read[0]); i++) {
        const struct note *released = &read[i]->release[s->self];
        if (released->kind != NOTE_NONE && released->epoch >= epoch)
            return true;
    }
    return false;
}

static enum tri fact_inherited(const struct sight *s)
{
    const struct fencer_view *f = &s->o->fencer;
    return f->alive == TRI_UNKNOWN ? TRI_UNKNOWN : tri_from(f->inherited && !is_given_away(s, f->epoch));
}

static void compute_rest(struct facts *f, const struct sight *s)
{
    const struct observation *o = s->o;
    f->value[FACT_FENCER] = o->fencer.alive;
    f->value[FACT_WRITE_LOCK] = o->fencer.write_lock;
    f->value[FACT_ARMED] = fact_armed(s);
    f->value[FACT_INHERITED] = fact_inherited(s);
    f->value[FACT_REASON] = facts_peer_reason(s);
    f->value[FACT_BACKOFF] = tri_from(o->now_us < s->m->backoff_until_us);
    f->value[FACT_BREAKER] =
        tri_from(o->failovers_in_window >= s->p->breaker_failovers && s->p->breaker_failovers);
    bool held_there =
        facts_peer_bulletin(s)->known && facts_peer_bulletin(s)->hold && facts_peer_is_present(s);
    f->value[FACT_MAINTENANCE] = tri_from(o->operator_.maintenance || held_there);
    f->value[FACT_LATER_TERM] = facts_data_later_term(s);
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

void facts_compute(struct facts *out, const struct policy *p, const struct observation *o,
                   const struct quorum *q, const struct mind *m)
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
