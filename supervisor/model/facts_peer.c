/* Facts about the other node: what it says of itself, whether it writes, could take over or is closed, and
 * from that the reason to be promoted. */
#include "model/durability.h"
#include "model/facts_parts.h"

const struct bulletin *facts_peer_bulletin(const struct sight *s)
{
    const struct bulletin *here = &s->o->own.bulletin[s->other], *there = &s->o->peer.bulletin[s->other];
    if (facts_is_fresh(s, s->o->peer.seen_us) && there->known && (!here->known || there->seq >= here->seq))
        return there;
    return here;
}

bool facts_peer_is_present(const struct sight *s)
{
    return (facts_is_fresh(s, s->o->own.seen_us) && s->o->own.bulletin[s->other].present) ||
           (facts_is_fresh(s, s->o->peer.seen_us) && s->o->peer.bulletin[s->other].present);
}

/* Was the session that holds the vote here idle for a whole lease? Then its owner's lease is over, whatever
 * it said before. */
static bool holder_expired(const struct sight *s)
{
    const struct holder_view *h = &s->o->own.holder;
    return facts_is_fresh(s, h->asked_us) && h->connection && !h->mine && h->idle &&
           h->idle_ms * 1000 >= s->p->lease_us;
}

enum tri facts_peer_writer(const struct sight *s)
{
    const struct bulletin *b = facts_peer_bulletin(s);
    const struct server_view *peer = &s->o->peer;
    if (s->has_basis)
        return TRI_NO;
    /* A writable server whose supervisor has left it, and renews nothing here either, is nobody's: it is
     * closed by whoever gets the majority. */
    bool attended = peer->bulletin[s->other].present || (s->o->own.holder.connection && !holder_expired(s));
    if (facts_is_fresh(s, peer->seen_us) && peer->read_only == TRI_NO)
        return attended ? TRI_YES : TRI_UNKNOWN;
    bool busy = b->known && (node_state_is_promoting(b->state) || b->state == NODE_WRITER ||
                             b->state == NODE_DEMOTE_CLOSE || b->state == NODE_DEMOTE_HANDOVER);
    if (busy && facts_peer_is_present(s) && !holder_expired(s))
        return TRI_YES;
    if (facts_is_fresh(s, peer->seen_us) && peer->read_only == TRI_YES)
        return TRI_NO;
    return TRI_UNKNOWN;
}

enum tri facts_peer_ready(const struct sight *s)
{
    const struct server_view *peer = &s->o->peer;
    const struct bulletin *b = facts_peer_bulletin(s);
    if (!facts_is_fresh(s, peer->seen_us) || !peer->replication.known)
        return TRI_UNKNOWN;
    /* A receiver that says Yes may sit on a dead connection for
     * slave_net_timeout: it must have what we had a probe ago. */
    struct gtid_set received = peer->replication.io_pos;
    gtid_pos_merge(&received, &peer->binlog_pos);
    /* What a handover says is read at the other's own server: it must be possible to write it there. */
    bool writable = s->m->state != NODE_WRITER || s->q->votes[s->other].held;
    const struct kept_state *mine =
        &s->m->own_before; /* compared only where it is older than the other's sample */
    bool follows = mine->at_us > peer->seen_us || gtid_pos_contains(&received, &mine->pos) == TRI_YES;
    bool marked = s->p->lossless && durability_mark(s->p, s->o, s->m) != MARK_NONE;
    bool willing = facts_peer_is_present(s) && b->known && !b->hold && !b->waits && b->state == NODE_STANDBY;
    return tri_from(willing && peer->read_only == TRI_YES && peer->replication.io == IO_YES &&
                    peer->replication.sql == TRI_YES && follows && writable &&
                    !(marked && s->m->state == NODE_WRITER));
}

enum tri facts_peer_closed(const struct sight *s)
{
    const struct closing_view *c = &s->o->closing;
    if (!node_state_is_promoting(s->m->state))
        return tri_from(
            s->has_basis); /* a proof is of its moment: it serves the promotion that it was got for */
    if (c->closed && c->epoch && c->epoch == s->m->epoch)
        return TRI_YES;
    if (s->o->operator_.peer_is_off || s->has_basis || s->m->basis_consumed)
        return TRI_YES;
    return TRI_NO;
}

/* Of the other's own answers alone: a server that hangs can still tell that it had better be closed. */
enum tri facts_peer_follows(const struct sight *s)
{
    const struct server_view *peer = &s->o->peer;
    const struct replication_view *r = &peer->replication;
    if (!facts_is_fresh(s, peer->seen_us) || !r->known || peer->read_only == TRI_UNKNOWN)
        return TRI_UNKNOWN;
    return tri_from(peer->read_only == TRI_YES && r->io == IO_YES && r->sql == TRI_YES);
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
        return facts_data_later_term(s) == TRI_YES;
    if (s->m->history != GTID_REL_EQUAL)
        return false;
    if (!facts_peer_is_present(s))
        return true;
    enum tri there = facts_peer_bulletin(s)->vip;
    if (s->p->has_vip && o->vip.here != there && o->vip.here != TRI_UNKNOWN && there != TRI_UNKNOWN)
        return o->vip.here == TRI_YES;
    if (o->own.term_known && o->own.term_epoch)
        return o->own.term_node == s->self;
    return s->p->server_id[s->self] < s->p->server_id[s->other];
}

static bool is_vacant(const struct sight *s)
{
    const struct observation *o = s->o;
    if (!facts_is_fresh(s, o->peer.seen_us) || o->peer.read_only != TRI_YES || !s->m->quiet_since_us)
        return false;
    if (!facts_data_is_compared(s) || o->own.holder.connection != 0 ||
        !facts_is_fresh(s, o->own.holder.asked_us))
        return false;
    int64_t wait = is_preferred(s) ? 2 * s->p->renew_us : 3 * s->p->lease_us;
    return o->now_us - s->m->quiet_since_us >= wait;
}

unsigned facts_peer_reason(const struct sight *s)
{
    const struct operator_view *op = &s->o->operator_;
    if (op->stopping)
        return REASON_NONE;
    if (s->m->undo)
        return REASON_UNDO;
    if (s->has_basis || s->m->basis_consumed) {
        enum note_kind kind = s->has_basis ? s->basis.kind : s->m->basis.kind;
        bool asked =
            op->want == WANT_HERE || op->peer_is_off; /* he may overrule what a death alone may not */
        return kind == NOTE_RELEASE        ? REASON_HANDOVER
               : kind == NOTE_OFF || asked ? REASON_OPERATOR
                                           : REASON_CERTIFIED;
    }
    if (op->peer_is_off)
        return REASON_OPERATOR;
    if (facts_peer_writer(s) == TRI_YES)
        return REASON_NONE;
    if (op->want == WANT_HERE)
        return REASON_OPERATOR;
    if (node_state_is_promoting(s->m->state))
        return s->m->why; /* nothing spoke against it */
    if (is_vacant(s))
        return REASON_VACANT;
    if (!facts_is_fresh(s, s->o->peer.seen_us) || s->o->peer.read_only != TRI_YES)
        return lease_is_quiet(s) ? REASON_SILENCE : REASON_NONE;
    return REASON_NONE;
}
