/* Facts about the data: what has arrived and is applied, what a
 * promotion would lose, whose history contains whose. */
#include <string.h>

#include "model/durability.h"
#include "model/facts_parts.h"

#define RECEIVE_PATIENCE_US 30000

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

/* Once it was drained, only what is applied counts. */
static void position_of_step(const struct sight *s, struct gtid_set *out)
{
    if (s->m->state == NODE_PROMOTE_DRAIN || s->m->state == NODE_PROMOTE_PROMISE)
        facts_own_position(s->o, out);
    else
        received_position(s, out);
}

/* Without any connection to the other there is nothing that receives, and no relay log. */
enum io_state facts_data_receiver(const struct sight *s)
{
    const struct replication_view *r = &s->o->own.replication;
    return r->known ? r->io : r->configured == TRI_NO ? IO_NO : IO_UNKNOWN;
}

enum tri facts_data_received(const struct sight *s)
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
    /* Nothing can arrive from a server that is not heard; what a
     * handover lacks then, the gate after the drain names. */
    if (s->m->basis.kind != NOTE_CERTIFICATE && !facts_is_fresh(s, s->o->peer.seen_us))
        return TRI_YES;
    bool over = own->replication.io != IO_YES || s->o->now_us - s->m->since_us >= s->p->silent_us;
    if (released) /* who accepts a loss need not wait for it */
        return s->m->accept_loss && over ? TRI_YES : final;
    if (own->replication.io != IO_YES || s->o->now_us - s->m->since_us >= RECEIVE_PATIENCE_US)
        return TRI_YES;
    if (s->m->basis.kind == NOTE_CERTIFICATE && s->m->basis.file[0])
        return tri_from(strcmp(own->replication.master_file, s->m->basis.file) == 0 &&
                        own->replication.master_pos >= s->m->basis.size);
    if (facts_is_fresh(s, s->o->peer.seen_us) && s->o->closing.closed)
        return gtid_pos_contains(&have, &s->o->peer.binlog_pos);
    return TRI_NO;
}

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

/* The last term was our own: what was received of the other is in it, or is of no term. */
static bool is_last_writer(const struct sight *s)
{
    const struct server_view *own = &s->o->own;
    return own->term_known && own->term_node == s->self &&
           own->term_epoch >= facts_promised_by(s->o, s->other);
}

/* Was this received, and is it not applied? Of a fork of the
 * other's nothing is wanted where the last term was ours. */
static bool is_left(const struct sight *s, const struct gtid_set *applied, const struct gtid_set *received)
{
    return received->known && is_here(s, applied, received) != TRI_YES &&
           !(is_last_writer(s) && is_forked_off(s, received));
}

/* The other is closed and answers. What it said before a death that was certified since is of an earlier
 * life: a term may have begun and ended after it. */
static bool peer_is_quiet(const struct sight *s)
{
    const struct server_view *peer = &s->o->peer;
    bool outlived = s->m->basis.kind == NOTE_CERTIFICATE && peer->seen_us < s->m->basis_since_us;
    return facts_is_fresh(s, peer->seen_us) && peer->read_only == TRI_YES && !outlived;
}

/* All that it has is here. What was seen of it in an earlier life and is not there any more, nobody can lose:
 * a position counts what waits for the disk. */
static bool has_all_of_quiet_peer(const struct sight *s)
{
    struct gtid_set have;
    position_of_step(s, &have);
    return peer_is_quiet(s) && is_here(s, &have, &s->o->peer.binlog_pos) == TRI_YES;
}

/* What was received once is in neither server's log any more: the other was asked after the last that could
 * arrive had arrived. Nothing is left to be waited for. */
static bool is_lost_at_both(const struct sight *s)
{
    return s->o->peer.seen_us >= s->m->since_us && has_all_of_quiet_peer(s);
}

enum tri facts_data_drained(const struct sight *s)
{
    const struct server_view *own = &s->o->own;
    struct gtid_set applied;
    if (own->seen_us < s->m->since_us || facts_data_receiver(s) != IO_NO)
        return TRI_NO;
    facts_own_position(s->o, &applied);
    /* What came of the other's fork is not for us to apply: our data have the later term. */
    if (s->m->history == GTID_REL_DIVERGED && facts_data_later_term(s) == TRI_YES)
        return TRI_YES;
    if (is_left(s, &applied, &own->replication.io_pos))
        return facts_loss_is_accepted(s) && own->replication.sql == TRI_NO ? TRI_YES : TRI_NO;
    if (is_left(s, &applied, &s->m->ledger.received))
        return tri_from(facts_loss_is_accepted(s) || is_lost_at_both(s));
    return TRI_YES;
}

/* When was the writer last heard of: by a probe, by its session that holds the vote here, or by the one that
 * held the third vote? A writer that only this node does not hear goes on with that one. */
static int64_t last_heard_us(const struct policy *p, const struct observation *o, const struct mind *m)
{
    const struct holder_view *h = &o->own.holder;
    int64_t heard = facts_later(m->renewed_us, facts_later(o->peer.seen_us, o->voter_answer_us[1 - p->self]));
    if (h->asked_us && h->connection && !h->mine)
        heard = facts_later(heard, h->asked_us - (h->idle ? h->idle_ms * 1000 : 0));
    return heard;
}

/* Both servers have a term that the other lacks, or one has the later: the data of the later term stand, the
 * other's extra transactions were counted as its loss when it began. */
enum tri facts_data_later_term(const struct sight *s)
{
    const struct server_view *own = &s->o->own, *peer = &s->o->peer;
    if (!facts_is_fresh(s, peer->seen_us) || !own->term_known || !peer->term_known)
        return TRI_UNKNOWN;
    return tri_from(own->term_epoch > peer->term_epoch);
}

struct loss_bound facts_loss(const struct policy *p, const struct observation *o, const struct mind *m)
{
    const struct replication_view *r = &o->own.replication;
    struct loss_question q = {.self = p->self, .now_us = o->now_us, .received = r->io_pos};
    uint64_t theirs = facts_promised_by(o, 1 - p->self);
    struct sight s = {.p = p, .o = o, .m = m, .self = p->self, .other = 1 - p->self};
    if (durability_covered(p, o, m) || has_all_of_quiet_peer(&s))
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
    /* Nobody but the operator speaks for the promotion, and nothing was heard of the other since we began: a
     * term of it may be unknown, whatever the own ledger says. */
    q.other_unheard = o->operator_.peer_is_off && !m->other_read;
    return ledger_bound(&m->ledger, &q);
}

/* What is missing may still be on its way, or what we read of our own is older than the news (`told_us`).
 * Where neither the other is heard nor its log is read, nothing comes any more. */
static bool may_arrive(const struct sight *s, int64_t told_us)
{
    const struct server_view *own = &s->o->own;
    bool heard = facts_is_fresh(s, s->o->peer.seen_us) || own->replication.io == IO_YES;
    return s->m->state == NODE_STANDBY && (heard || own->seen_us <= told_us);
}

/* Was anything seen or received of the writer that is on the other side of a fork? */
static bool is_forked_off_any(const struct sight *s)
{
    if (is_forked_off(s, &s->m->ledger.writer_pos))
        return true;
    return !is_last_writer(s) &&
           (is_forked_off(s, &s->m->ledger.received) || is_forked_off(s, &s->o->own.replication.io_pos));
}

unsigned facts_data_loss(const struct sight *s)
{
    struct gtid_set have;
    if (facts_loss_is_accepted(s))
        return LOSS_OK;
    position_of_step(s, &have);
    if (s->has_basis && s->basis.kind == NOTE_RELEASE && s->basis.gtid.known) {
        bool arriving = may_arrive(s, s->m->basis_since_us) && !is_forked_off(s, &s->basis.gtid);
        return arriving || is_here(s, &have, &s->basis.gtid) == TRI_YES ? LOSS_OK : LOSS_KNOWN;
    }
    if (durability_marked(s->p, s->o, s->q))
        return LOSS_MARKED;
    if (peer_is_quiet(s)) {
        if (s->m->history == GTID_REL_DIVERGED && facts_data_later_term(s) == TRI_YES)
            return LOSS_OK;
        return has_all_of_quiet_peer(s) ? LOSS_OK : LOSS_KNOWN;
    }
    if (is_forked_off_any(s))
        return LOSS_KNOWN;
    char sentence[LEDGER_SENTENCE_MAX];
    struct loss_bound bound = facts_loss(s->p, s->o, s->m);
    enum loss_verdict v =
        ledger_gate(&bound, s->p->max_known_lost, s->p->max_unseen_us, false, sentence, sizeof(sentence));
    /* What is missing may still be on its way, or our sample is older than the writer's: the gate after the
     * drain decides. Once it has refused, with this very row, it is not asked again and again. */
    bool refused = s->has_basis && s->m->refused_epoch == s->basis.epoch;
    bool arriving = s->o->own.replication.io != IO_NO && may_arrive(s, s->m->peer_now.at_us) && !refused;
    if (s->p->lossless && !durability_proven(&bound))
        v = s->has_basis && arriving ? LOSS_OK : LOSS_UNPROVEN;
    return v == LOSS_KNOWN && arriving ? LOSS_OK : v;
}

/* What was compared before the other was lost says nothing about what either wrote since. */
bool facts_data_is_compared(const struct sight *s)
{
    return s->m->history_us && s->o->now_us - s->m->history_us <= s->p->lease_us;
}

/* Does a voter remember an epoch of the other whose data are not here? A release's position stands for its
 * term's row, which a term that was never enabled does not have. */
enum tri facts_data_stale(const struct sight *s)
{
    const struct observation *o = s->o;
    uint64_t newest = facts_promised_by(o, s->other);
    struct gtid_set have;
    if (!o->own.voter.read_us || !o->own.term_known)
        return TRI_UNKNOWN;
    if (newest <= o->own.term_epoch)
        return TRI_NO;
    /* A handover names the position at which the term ended:
     * nothing is enabled before that is applied here. */
    if (s->has_basis && s->basis.kind == NOTE_RELEASE && s->basis.gtid.known)
        return TRI_NO;
    /* A promise is not yet a term: with the other's history at hand that tells what was written. */
    if (facts_data_is_compared(s) && peer_is_quiet(s) &&
        (s->m->history == GTID_REL_EQUAL || s->m->history == GTID_REL_AHEAD))
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
