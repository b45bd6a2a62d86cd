#include "model/durability.h"

enum acks_fact durability_acks(const struct server_view *v)
{
    const struct semi_sync_view *s = &v->semi_sync;
    if (s->enabled == TRI_NO)
        return ACKS_OFF;
    if (s->enabled == TRI_UNKNOWN || s->strict == TRI_UNKNOWN || s->status == TRI_UNKNOWN)
        return ACKS_UNKNOWN;
    return s->strict == TRI_YES && s->status == TRI_YES ? ACKS_REQUIRED : ACKS_WEAK;
}

enum mark_fact durability_mark(const struct policy *p, const struct observation *o, const struct mind *m)
{
    int self = p->self, other = 1 - self;
    const struct voter_rows *own = &o->own.voter, *witness = &o->witness.voter;
    const struct note *here = &own->out_of_sync[other], *there = &witness->out_of_sync[other];
    if (!own->read_us || !witness->read_us)
        return MARK_UNKNOWN;
    /* Whether a mark stands that was told to go, only what was read or written since can tell. */
    bool since = own->read_us > m->cleared_us && witness->read_us > m->cleared_us;
    if (since && here->kind && there->kind && here->epoch >= m->epoch && there->epoch >= m->epoch)
        return MARK_BOTH;
    bool void_one = own->out_of_sync[self].kind || witness->out_of_sync[self].kind;
    return here->kind || there->kind || void_one ? MARK_SOME : MARK_NONE;
}

static bool marked_in(const struct policy *p, const struct observation *o, const struct voter_rows *rows)
{
    const struct note *mark = &rows->out_of_sync[p->self];
    bool later = o->own.term_known && o->own.term_node == p->self && o->own.term_epoch > mark->epoch;
    return mark->kind != NOTE_NONE && !later;
}

static const struct voter_rows *read_last(const struct observation *o)
{
    return o->witness.voter.read_us >= o->peer.voter.read_us ? &o->witness.voter : &o->peer.voter;
}

bool durability_marked(const struct policy *p, const struct observation *o, const struct quorum *q)
{
    int other = 1 - p->self;
    const struct voter_rows *peer = &o->peer.voter, *witness = &o->witness.voter;
    if (!p->lossless)
        return false;
    if (q->votes[other].held || q->votes[OBS_TIE].held)
        return (q->votes[other].held && marked_in(p, o, peer)) ||
               (q->votes[OBS_TIE].held && marked_in(p, o, witness));
    /* Whoever tells of a mark now tells of it when the votes are taken, too. What a server told that is gone
     * is of before: the mark may have been taken back at the witness since. */
    bool peer_tells = o->peer.probed_up_us && policy_is_fresh(p, o->now_us, peer->read_us);
    bool witness_tells = policy_is_fresh(p, o->now_us, witness->read_us);
    return (peer_tells && marked_in(p, o, peer)) || (witness_tells && marked_in(p, o, witness)) ||
           marked_in(p, o, read_last(o));
}

bool durability_covered(const struct policy *p, const struct observation *o, const struct mind *m)
{
    uint64_t theirs = facts_promised_by(o, 1 - p->self);
    uint64_t newest = theirs > o->own.term_epoch ? theirs : o->own.term_epoch;
    return p->lossless && m->step.epoch && m->step.epoch == newest && !marked_in(p, o, read_last(o));
}

bool durability_proven(const struct loss_bound *b)
{
    return b->known == TRI_YES && b->known_lost == 0 && b->exact && b->missing_bytes <= 0;
}

/* ---- facts ---- */

static bool keeps_up(const struct observation *o, const struct mind *m)
{
    struct gtid_set received = o->peer.replication.io_pos;
    const struct kept_state *mine =
        &m->own_before; /* compared only where it is older than the other's sample */
    gtid_pos_merge(&received, &o->peer.binlog_pos);
    return mine->at_us > o->peer.seen_us || gtid_pos_contains(&received, &mine->pos) == TRI_YES;
}

/* What a standby cannot apply is lost with its relay log: one that is quarantined does not count, though it
 * acknowledges. A dead receiver stays a client of ours until its primary writes to it: the other's own word
 * is asked for too, a proof of its death goes before both,
 * and a new writer asks for a word that came since. */
static enum tri peer_acks(const struct policy *p, const struct observation *o, const struct mind *m)
{
    const struct server_view *peer = &o->peer;
    const struct replication_view *r = &peer->replication;
    if (m->basis.kind == NOTE_CERTIFICATE || o->operator_.peer_is_off)
        return TRI_NO;
    bool since = m->state != NODE_WRITER || peer->seen_us >= m->since_us;
    if (!since || !policy_is_fresh(p, o->now_us, peer->seen_us) || !peer->probed_up_us ||
        !policy_is_fresh(p, o->now_us, o->own.seen_us))
        return TRI_NO;
    if (!r->known || r->semi_sync == TRI_UNKNOWN)
        return TRI_UNKNOWN;
    return tri_from(o->own.semi_sync.clients > 0 && r->io == IO_YES && r->sql == TRI_YES &&
                    r->semi_sync == TRI_YES && (m->state != NODE_WRITER || keeps_up(o, m)));
}

static enum tri peer_gone(const struct policy *p, const struct observation *o, const struct mind *m)
{
    int64_t heard = m->since_us, vote = o->voter_answer_us[1 - p->self];
    heard = o->peer.seen_us > heard ? o->peer.seen_us : heard;
    heard = vote > heard ? vote : heard;
    return tri_from(o->now_us - heard > p->silent_us);
}

/* A receiver acknowledges what it receives, once. What it had received without semi-sync, or with an
 * acknowledgement that its broken connection lost, is not sent again: such a commit waits until a later one
 * is acknowledged, and with two of them waiting none comes any more (seen with 10.11.19). */
static enum tri stuck(const struct policy *p, const struct observation *o, const struct mind *m)
{
    return tri_from(m->stuck_since_us && o->now_us - m->stuck_since_us > p->silent_us);
}

/* An old writer that comes back, its receiver still connected, acknowledges what it can never apply: its own
 * transactions have those numbers. What is compared may be a sample older than the last one, and of a server
 * that was still open. */
static bool is_forked(const struct policy *p, const struct observation *o, const struct mind *m)
{
    bool compared = m->history_us && o->now_us - m->history_us <= p->lease_us;
    bool contained = m->history == GTID_REL_EQUAL || m->history == GTID_REL_AHEAD;
    return !compared || !contained || !m->history_closed || o->peer.read_only != TRI_YES;
}

static enum tri in_step(const struct policy *p, const struct observation *o, const struct mind *m)
{
    struct gtid_set received = o->peer.replication.io_pos;
    bool applies = o->peer.replication.known && o->peer.replication.sql == TRI_YES && !is_forked(p, o, m);
    if (!m->acks_pos.known || !applies || !policy_is_fresh(p, o->now_us, o->peer.seen_us))
        return TRI_NO;
    gtid_pos_merge(&received, &o->peer.binlog_pos);
    return gtid_pos_contains(&received, &m->acks_pos);
}

static enum tri own_acks(const struct policy *p, const struct observation *o)
{
    const struct replication_view *r = &o->own.replication;
    if (!policy_is_fresh(p, o->now_us, o->own.seen_us) || !r->known || r->io != IO_YES)
        return TRI_UNKNOWN;
    return r->semi_sync;
}

/* A death that nobody told of, for this process stood still: crash recovery may have taken back commits that
 * the other received, so that their GTIDs would be given again in the same term. */
static enum tri restarted(const struct observation *o, const struct mind *m)
{
    return tri_from(o->own.probed_up_us && o->own.probed_up_us != m->term_life_us);
}

void durability_facts(struct facts *out, const struct policy *p, const struct observation *o,
                      const struct mind *m)
{
    out->value[FACT_BEGUN] = tri_from(!p->lossless || o->term_written);
    if (!p->lossless) {
        out->value[FACT_SAFE] = TRI_YES;
        return;
    }
    enum acks_fact acks =
        policy_is_fresh(p, o->now_us, o->own.seen_us) ? durability_acks(&o->own) : ACKS_UNKNOWN;
    enum mark_fact mark = durability_mark(p, o, m);
    bool told = acks != ACKS_UNKNOWN && mark != MARK_UNKNOWN;
    out->value[FACT_ACKS] = acks;
    out->value[FACT_MARK] = mark;
    out->value[FACT_SAFE] = acks == ACKS_REQUIRED || mark == MARK_BOTH ? TRI_YES
                            : told                                     ? TRI_NO
                                                                       : TRI_UNKNOWN;
    out->value[FACT_PEER_ACKS] = peer_acks(p, o, m);
    out->value[FACT_PEER_GONE] = peer_gone(p, o, m);
    out->value[FACT_STUCK] = stuck(p, o, m);
    out->value[FACT_IN_STEP] = in_step(p, o, m);
    out->value[FACT_OWN_ACKS] = own_acks(p, o);
    out->value[FACT_RESTARTED] = restarted(o, m);
}

/* ---- memory ---- */

/* What was acknowledged without the other is in a position that was read after acknowledgements were seen
 * required; what comes later waits for it. */
static void remember_own(const struct observation *o, struct mind *m)
{
    bool writing = m->state == NODE_WRITER || m->state == NODE_PROMOTE_ENABLE;
    if (!writing || durability_acks(&o->own) != ACKS_REQUIRED) {
        m->acks_since_us = 0;
        m->acks_pos.known = false;
    } else if (!m->acks_since_us) {
        m->acks_since_us = o->own.answered_us;
    } else if (!m->acks_pos.known && o->own.seen_us >= m->acks_since_us) {
        m->acks_pos = o->own.binlog_pos;
    }
}

static void remember_stuck(const struct policy *p, const struct observation *o, struct mind *m)
{
    struct gtid_set received = o->peer.replication.io_pos;
    bool acks = m->state == NODE_WRITER && policy_is_fresh(p, o->now_us, o->peer.seen_us) &&
                o->peer.replication.known && o->peer.replication.io == IO_YES &&
                o->peer.replication.semi_sync == TRI_YES;
    gtid_pos_merge(&received, &o->peer.binlog_pos);
    if (!acks || durability_acks(&o->own) != ACKS_REQUIRED || o->own.semi_sync.waiting <= 0 ||
        gtid_pos_contains(&received, &o->own.binlog_pos) != TRI_YES) {
        m->stuck_since_us = 0;
    } else if (!m->stuck_since_us || gtid_pos_contains(&m->stuck_pos, &o->own.binlog_pos) != TRI_YES) {
        m->stuck_since_us = o->now_us;
        m->stuck_pos = o->own.binlog_pos;
    }
}

/* Was the relay log lost, or may it have been? A server that died or is another, both threads stopped (the
 * next START discards it), or a receiver that begins again further back. */
static bool relay_log_is_in_doubt(const struct observation *o, const struct in_step *s)
{
    const struct replication_view *r = &o->own.replication;
    if (o->fencer.dead_us || (o->own.probed_up_us && o->own.probed_up_us != s->life_us))
        return true;
    if (!r->known)
        return false;
    return (r->io == IO_NO && r->sql == TRI_NO) ||
           (s->io.known && gtid_pos_contains(&r->io_pos, &s->io) != TRI_YES);
}

static void remember_step(const struct policy *p, const struct observation *o, struct in_step *s)
{
    const struct replication_view *r = &o->own.replication;
    struct gtid_set here;
    if (relay_log_is_in_doubt(o, s))
        *s = (struct in_step){.life_us = o->fencer.dead_us ? 0 : o->own.probed_up_us};
    if (!s->life_us || !r->known || r->io != IO_YES)
        return;
    s->io = r->io_pos;
    if (r->semi_sync != TRI_YES)
        return;
    if (!s->acking_us)
        s->acking_us = o->own.answered_us;
    facts_own_position(o, &here);
    gtid_pos_merge(&here, &r->io_pos);
    if (s->wanted_epoch && gtid_pos_contains(&here, &s->wanted) == TRI_YES)
        s->epoch = s->wanted_epoch;
    uint64_t term = facts_promised_by(o, 1 - p->self);
    if (s->wanted_epoch != term && o->peer.seen_us >= s->acking_us && o->peer.read_only == TRI_NO &&
        policy_is_fresh(p, o->now_us, o->peer.seen_us) && durability_acks(&o->peer) == ACKS_REQUIRED) {
        s->wanted = o->peer.binlog_pos;
        s->wanted_epoch = term;
    }
}

/* On a new connection a writable server is still the one that was enabled: all of them begin read-only. */
static void remember_life(const struct observation *o, struct mind *m)
{
    bool enabled = o->own.read_only == TRI_NO && o->own.probed_up_us && o->own.seen_us >= o->own.probed_up_us;
    if (m->state == NODE_WRITER ? enabled : m->state != NODE_PROMOTE_ENABLE)
        m->term_life_us = o->own.probed_up_us;
}

void durability_remember(const struct policy *p, const struct observation *o, struct mind *m)
{
    if (!p->lossless)
        return;
    remember_own(o, m);
    remember_stuck(p, o, m);
    remember_step(p, o, &m->step);
    remember_life(o, m);
}
