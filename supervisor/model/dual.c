#include "model/dual.h"

#include <string.h>

/* The first position that is read of the other once the node is
 * held: later ones would run away while it writes. */
void dual_remember(const struct policy *p, const struct observation *o, struct mind *m)
{
    if (!p->dual || m->state != NODE_DUAL_HELD) {
        memset(&m->dual, 0, sizeof(m->dual));
        return;
    }
    if (m->dual.wanted_us || o->peer.seen_us <= m->since_us || !o->peer.binlog_pos.known)
        return;
    m->dual.wanted = o->peer.binlog_pos;
    m->dual.wanted_us = o->peer.seen_us;
}

/* A server that was never seen has nothing to be waited for: this mode prefers writing. */
static enum tri caught_up(const struct policy *p, const struct observation *o, const struct mind *m)
{
    struct gtid_set have;
    if (m->state != NODE_DUAL_HELD || o->own.seen_us <= m->since_us)
        return TRI_UNKNOWN;
    if (!m->dual.wanted_us)
        return o->now_us - m->since_us >= p->lease_us && !policy_is_fresh(p, o->now_us, o->peer.seen_us)
                   ? TRI_YES
                   : TRI_UNKNOWN;
    facts_own_position(o, &have);
    return gtid_pos_contains(&have, &m->dual.wanted);
}

static enum tri peer_is_single(const struct policy *p, const struct observation *o)
{
    int other = 1 - p->self;
    const struct bulletin *here = &o->own.bulletin[other], *there = &o->peer.bulletin[other];
    const struct bulletin *b =
        there->known && there->seq >= here->seq && policy_is_fresh(p, o->now_us, o->peer.seen_us) ? there
                                                                                                  : here;
    bool present = (policy_is_fresh(p, o->now_us, o->own.seen_us) && here->present) ||
                   (policy_is_fresh(p, o->now_us, o->peer.seen_us) && there->present);
    if (!present || !b->known || b->state == NODE_UNKNOWN)
        return TRI_UNKNOWN;
    return tri_from(b->state != NODE_DUAL && b->state != NODE_DUAL_HELD);
}

static enum tri domains_differ(const struct observation *o)
{
    if (o->own.domain_known != TRI_YES || o->peer.domain_known != TRI_YES)
        return TRI_UNKNOWN;
    return tri_from(o->own.domain_id != o->peer.domain_id);
}

/* With the scheduler off it does not act; but one that is enabled and stands still may go on at any time. */
static enum tri switch_is_off(const struct observation *o)
{
    const struct server_view *own = &o->own;
    if (!own->dead_man_us || o->now_us - own->dead_man_us > FACTS_DEAD_MAN_AGE_US)
        return TRI_UNKNOWN;
    return tri_from(own->dead_man == TRI_NO && own->dead_man_trouble != DEAD_MAN_STALE);
}

void dual_facts(struct facts *out, const struct policy *p, const struct observation *o, const struct mind *m)
{
    out->value[FACT_DUAL] = tri_from(p->dual);
    if (!p->dual)
        return;
    out->value[FACT_CAUGHT_UP] = caught_up(p, o, m);
    out->value[FACT_PEER_SINGLE] = peer_is_single(p, o);
    out->value[FACT_DOMAINS] = domains_differ(o);
    out->value[FACT_SWITCH_OFF] = switch_is_off(o);
    out->value[FACT_WANT_OPEN] = tri_from(o->operator_.want == WANT_HERE);
}

int dual_weight(const struct facts *f)
{
    bool behind = f->value[FACT_THREADS] == TRI_NO || f->value[FACT_DISK_FULL] == TRI_YES;
    if (f->value[FACT_PEER_UP] != TRI_YES || f->value[FACT_PEER_READ_ONLY] != TRI_NO)
        return 0; /* nobody else is written: it outranks whatever the other left in its file */
    return behind ? -20 : -1;
}
