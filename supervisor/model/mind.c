#include "model/mind.h"

#include <string.h>

#include "model/dual.h"
#include "model/durability.h"
#include "model/facts.h"

void mind_init(struct mind *m, int64_t now_us)
{
    memset(m, 0, sizeof(*m));
    m->state = NODE_UNKNOWN;
    m->since_us = now_us;
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
static void remember_history(const struct observation *o, struct mind *m)
{
    const struct server_view *own = &o->own, *peer = &o->peer;
    bool writer = node_state_holds_power(m->state);
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

static void remember_ledger(const struct policy *p, const struct observation *o, struct mind *m)
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

static void remember_left_over(const struct policy *p, const struct observation *o, struct mind *m)
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

static void remember_basis(const struct policy *p, const struct observation *o, struct mind *m)
{
    struct note basis;
    bool promised = m->basis_consumed || m->state == NODE_PROMOTE_PROMISE || m->state == NODE_PROMOTE_ENABLE;
    /* An answer stays in the observation after the promotion was undone: it is no reason for another. */
    if (m->basis.kind != NOTE_NONE && o->consumed_epoch && o->consumed_epoch == m->basis.epoch) {
        m->basis_consumed = node_state_is_promoting(m->state);
        m->third_mine = true;
    }
    if (promised || node_state_holds_power(m->state))
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

/* An operator's command does not wait for what failed before it. What fails under it does: otherwise the walk
 * through the table would begin promotions for ever. A loss that he accepts is accepted for what is under
 * way, too. */
static void remember_wish(const struct observation *o, struct mind *m)
{
    bool wished = o->operator_.want == WANT_HERE || o->operator_.peer_is_off;
    if (wished && !m->wished)
        m->backoff_until_us = 0;
    m->wished = wished;
    if (node_state_is_promoting(m->state) && o->operator_.accept_loss)
        m->accept_loss = true;
}

/* What was not heard while this process stood still is no silence. */
static void forget_ages(struct mind *m)
{
    m->quiet_since_us = 0;
    m->unfenced_since_us = 0;
    m->peer_vip_since_us = 0;
}

void mind_remember(const struct policy *p, const struct observation *o, struct mind *m)
{
    if (o->gap_us > p->renew_us + p->silent_us)
        forget_ages(m);
    remember_wish(o, m);
    if (!p->dual) /* each always has what the other lacks yet */
        remember_history(o, m);
    remember_left_over(p, o, m);
    remember_basis(p, o, m);
    remember_ledger(p, o, m);
    durability_remember(p, o, m);
    dual_remember(p, o, m);
}
