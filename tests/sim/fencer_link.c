/* The supervisor's side of the conversation with the fencer. Mirrors daemon/fencer_link.c and
 * daemon/fencer_events.c. */
#include "parts.h"
#include "wire/fencer_proto.h"

static struct supervisor *sup_of(struct world *w, int n)
{
    return &w->nodes[n].sup;
}

static void wait_for(struct supervisor *p, uint64_t seq, int64_t now)
{
    if (p->waiting_count == WAITING_MAX)
        return;
    p->waiting[p->waiting_count].seq = seq;
    p->waiting[p->waiting_count++].at = now;
}

static void settle(struct supervisor *p, uint64_t seq)
{
    int kept = 0;
    for (int i = 0; i < p->waiting_count; i++)
        if (p->waiting[i].seq > seq)
            p->waiting[kept++] = p->waiting[i];
    p->waiting_count = (uint8_t)kept;
}

void supervisor_tell(struct world *w, int n, const struct told *m)
{
    struct supervisor *p = sup_of(w, n);
    if (p->link_gone)
        return;
    struct told sent = *m;
    sent.seq = ++p->seq;
    if (!fencer_hears(w, n, &sent)) {
        p->link_gone = 1;
        node_wake(w, n);
        return;
    }
    if (m->kind != FENCER_PREPARE)
        wait_for(p, sent.seq, clock_of(w, n));
}

static void take_state(struct world *w, int n, const struct told *m)
{
    struct supervisor *p = sup_of(w, n);
    struct fencer_view *f = &p->o.fencer;
    f->epoch = m->epoch;
    f->deadline_us = m->deadline;
    f->votes = m->votes;
    f->write_lock = m->write_lock;
    f->server_alive = m->alive;
    f->certifiable = m->certifiable;
    if (m->pid && m->pid != p->checked_pid) {
        p->checked_pid = m->pid;
        event_add(w, w->now + 10 * MS + random_below(w, 40 * MS), EV_OPTIONS, n, 0, p->gen);
    }
    if (m->pid && m->pid != p->dead_pid)
        f->dead_us = 0;
}

static void hear_state(struct world *w, int n, const struct told *m)
{
    struct supervisor *p = sup_of(w, n);
    bool first = p->o.fencer.alive == TRI_UNKNOWN && !p->o.fencer.sent_seq && p->m.state == NODE_UNKNOWN;
    take_state(w, n, m);
    if (first && !p->resumed && m->deadline > clock_of(w, n) && m->epoch) {
        p->resumed = 1;
        p->o.fencer.inherited = true;
        p->m.epoch = m->epoch;
        quorum_inherit(&p->q, m->votes, m->deadline);
        TRACE(w, trace_node(n), "inherits epoch %u", (unsigned)m->epoch);
    }
    p->o.fencer.alive = TRI_YES;
    node_wake(w, n);
}

static void hear_ack(struct world *w, int n, const struct told *m)
{
    struct fencer_view *f = &sup_of(w, n)->o.fencer;
    take_state(w, n, m);
    if (m->seq == f->sent_seq || (m->deadline && m->seq <= f->sent_seq)) {
        f->acked_seq = m->seq;
        f->acked_deadline_us = m->deadline;
    }
    node_wake(w, n);
}

static void hear_dead(struct world *w, int n, const struct told *m)
{
    struct supervisor *p = sup_of(w, n);
    p->o.fencer.dead_us = clock_of(w, n);
    p->o.fencer.dead_size = m->size;
    p->dead_life = m->file; /* the name of its last binary log */
    p->dead_pid = m->pid;
    p->server_gone = 0;
    event_add(w, w->now + 5 * MS + random_below(w, 50 * MS), EV_GONE, n, 0, p->gen);
    node_wake(w, n);
}

static void hear_fenced(struct world *w, int n, const struct told *m)
{
    struct supervisor *p = sup_of(w, n);
    struct told hello = {.kind = FENCER_HELLO};
    supervisor_tell(w, n, &hello);
    p->o.fencer.fenced_us = clock_of(w, n);
    p->weight = 1;
    if (m->ok)
        p->enabling_uncertain = 0;
    probe_now(w, n, 0);
    node_wake(w, n);
}

void supervisor_hear(struct world *w, int n, const struct told *m)
{
    struct supervisor *p = sup_of(w, n);
    w->tally.delivered++;
    if (m->kind == FENCER_STATE || m->kind == FENCER_ACK) {
        p->state_known = 1;
        settle(p, m->seq);
    }
    switch (m->kind) {
    case FENCER_STATE:
        hear_state(w, n, m);
        break;
    case FENCER_ACK:
        hear_ack(w, n, m);
        break;
    case FENCER_DEAD:
        hear_dead(w, n, m);
        break;
    case FENCER_FENCED:
        hear_fenced(w, n, m);
        break;
    default:
        break;
    }
}
