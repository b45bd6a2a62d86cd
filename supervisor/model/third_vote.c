#include "model/third_vote.h"

#include "model/facts.h"

/* Tie-breaker `writer`: was the third vote ours when this process began, as the tables tell? Our own table's
 * highest promise is our own last term (one that was only promised, with both servers' votes, does not
 * count), and the peer's table, which must have been read, holds no row of ours that gave it away. A
 * predecessor whose authority is still armed had it, and has it as long as its server is writable: a row is
 * written only after that was closed, and a fencer that stood still was not told of it. */
static bool is_written(const struct policy *p, const struct observation *o, uint64_t mine)
{
    const struct voter_rows *there = &o->peer.voter;
    bool own_term = o->own.term_known && o->own.term_node == p->self && o->own.term_epoch == mine;
    bool given = there->release[p->self].epoch >= mine || there->certificate[p->self].epoch >= mine;
    bool armed = o->fencer.inherited && o->own.read_only == TRI_NO;
    return armed || (own_term && there->read_us && !given);
}

/* It comes with a row of the other's, once our promise has consumed it, or by the operator's word; it goes
 * with a row of ours that was sent (third_given_epoch), or with a higher promise of the other. */
enum tri third_vote_mine(const struct policy *p, const struct observation *o, struct mind *m)
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
    if (is_written(p, o, mine))
        m->third_mine = true;
    return tri_from(m->third_mine);
}
