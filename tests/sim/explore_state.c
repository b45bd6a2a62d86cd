/* The state as a number: what decides about what follows, and nothing that only counts up. */
#include "explore.h"

#define FAR_US (7 * S) /* two leases and a delay: later is later */

static uint64_t mix(uint64_t h, uint64_t x)
{
    h ^= x + UINT64_C(0x9E3779B97F4A7C15) + (h << 6) + (h >> 2);
    h ^= h >> 32;
    h *= UINT64_C(0xD6E8FEB86659FD93);
    return h ^ (h >> 29);
}

/* A time relative to now, in steps; 0 = never, far ones are one. */
static uint64_t when(int64_t at, int64_t now, int64_t step)
{
    if (!at)
        return 0;
    int64_t d = at - now;
    d = d > FAR_US ? FAR_US : d < -FAR_US ? -FAR_US : d;
    return (uint64_t)((d + FAR_US) / step + 1);
}

/* An epoch relative to the latest that was enabled. */
static uint64_t term(const struct world *w, uint64_t epoch)
{
    return epoch ? epoch + 8 - w->highest_enabled : 0;
}

static uint64_t hash_quorum(uint64_t h, const struct quorum *q, int64_t now, int64_t step)
{
    for (int i = 0; i < OBS_VOTERS; i++) {
        const struct vote *v = &q->votes[i];
        h = mix(h, (uint64_t)(v->held | v->counted << 1 | v->released_note << 2 | v->seen_expired << 3) |
                       (uint64_t)v->basis << 4 | (uint64_t)(v->connection != 0) << 8);
        h = mix(h, when(v->proven_us, now, step));
        h = mix(h, v->counted ? 0 : when(v->taken_us, now, step));
        h = mix(h, when(v->last_valid_us, now, step));
    }
    return mix(h, (uint64_t)q->tie_mine);
}

static uint64_t hash_mind(const struct world *w, uint64_t h, const struct supervisor *p, int64_t now,
                          int64_t step)
{
    const struct mind *m = &p->m;
    h = mix(h, (uint64_t)m->state | (uint64_t)m->why << 8 | (uint64_t)m->basis.kind << 16 |
                   (uint64_t)m->history << 24);
    h = mix(h, (uint64_t)m->wished | (uint64_t)m->undo << 1 | (uint64_t)m->third_mine << 2 |
                   (uint64_t)m->basis_consumed << 3 | (uint64_t)(m->third_given_epoch != 0) << 4 |
                   (uint64_t)m->own_life_ended << 5 | (uint64_t)(p->o.fencer.dead_us != 0) << 6);
    h = mix(h, when(m->since_us, now, step));
    h = mix(h, term(w, m->epoch));
    h = mix(h, when(m->backoff_until_us > now ? m->backoff_until_us : 0, now, step));
    h = mix(h, when(m->quiet_since_us, now, step));
    return mix(h, when(m->majority_since_us, now, step));
}

static uint64_t hash_view(uint64_t h, const struct server_view *v, int64_t now, int64_t step)
{
    h = mix(h, when(v->seen_us, now, step * 2));
    return mix(h, (uint64_t)v->read_only | (uint64_t)v->replication.io << 2 |
                      (uint64_t)v->replication.sql << 4 | (uint64_t)(v->probed_up_us != 0) << 6);
}

static uint64_t hash_supervisor(const struct world *w, uint64_t h, int n, int64_t step)
{
    const struct supervisor *p = &w->nodes[n].sup;
    int64_t now = clock_of(w, n);
    h = mix(h, p->state);
    if (p->state == GONE)
        return h;
    h = hash_mind(w, h, p, now, step);
    h = hash_quorum(h, &p->q, now, step);
    h = hash_view(hash_view(h, &p->o.own, now, step), &p->o.peer, now, step);
    h = mix(h,
            (uint64_t)(p->enabling_uncertain | p->closing_own << 1 | p->reclaiming << 2 | p->was_writer << 3 |
                       p->fault_given << 4 | p->exiting << 5 | p->o.released << 6 | p->o.final_known << 7) |
                (uint64_t)p->wish << 8 | (uint64_t)p->ladder.active << 12 | (uint64_t)p->ladder.rung << 13);
    for (int i = 0; i < OBS_VOTERS; i++)
        h = mix(h, (uint64_t)(p->voters[i].wanted | p->voters[i].taking << 1 | p->voters[i].enabling << 2 |
                              p->voters[i].releasing << 3 | p->voters[i].release_done << 4) |
                       (uint64_t)p->voters[i].urgency << 8);
    return h;
}

static uint64_t hash_node(const struct world *w, uint64_t h, int n, int64_t step)
{
    const struct node *node = &w->nodes[n];
    const struct fencer *f = &node->fencer;
    int64_t now = clock_of(w, n);
    h = hash_supervisor(w, h, n, step);
    h = mix(h, (uint64_t)f->state | (uint64_t)f->lock_held << 2 | (uint64_t)f->ladder.active << 3 |
                   (uint64_t)f->ladder.rung << 4 | (uint64_t)f->logic.fencing << 8);
    h = mix(h, when(f->logic.term.deadline_us, now, step));
    h = mix(h, (uint64_t)node->to_child.count | (uint64_t)node->to_fencer.count << 8 |
                   (uint64_t)node->vip << 16 | (uint64_t)node->keepalived << 17);
    h = mix(h, (uint64_t)(node->weight_file + 255));
    for (int i = 0; i < SLOTS; i++) {
        const struct session *s = &node->sessions[i];
        h = mix(h, (uint64_t)s->state | (uint64_t)s->outstanding << 4 | (uint64_t)s->queued << 5 |
                       (uint64_t)(s->queued ? s->queue[0].verb : 0) << 8);
    }
    return h;
}

static uint64_t hash_rows(const struct world *w, uint64_t h, const struct rows *rows)
{
    for (int k = 0; k < ROW_KINDS; k++)
        for (int n = 0; n < NODES; n++)
            h = mix(h, rows->at[k][n].present ? term(w, rows->at[k][n].epoch) : 0);
    return h;
}

/* Whose session has each lock: node and slot. */
static uint64_t hash_locks(uint64_t h, const struct server *v)
{
    for (int i = 0; i < LOCKS; i++) {
        const struct conn *c = v->locks[i] ? &v->conns[v->locks[i] - 1] : NULL;
        h = mix(h, c ? (uint64_t)(1 + c->node * SLOTS + c->slot) : 0);
    }
    return h;
}

static uint64_t hash_histories(const struct world *w, uint64_t h)
{
    const struct server *a = &w->servers[0], *b = &w->servers[1];
    uint32_t common = history_common(&a->own, a->applied, &b->own, b->applied);
    h = mix(h, (uint64_t)(a->applied > common) | (uint64_t)(b->applied > common) << 1);
    return mix(h, (uint64_t)(history_end(&a->own) > a->applied) |
                      (uint64_t)(history_end(&b->own) > b->applied) << 1);
}

static uint64_t hash_server(const struct world *w, uint64_t h, int s)
{
    const struct server *v = &w->servers[s];
    const struct host *host = &w->hosts[s];
    h = mix(h, (uint64_t)v->state | (uint64_t)v->read_only << 2 | (uint64_t)v->io << 4 |
                   (uint64_t)v->sql << 6 | (uint64_t)v->blockers << 8 | (uint64_t)host->on << 12 |
                   (uint64_t)host->frozen << 13);
    h = mix(h, term(w, v->enabled_epoch));
    return hash_locks(hash_rows(w, h, &v->rows), v);
}

static uint64_t hash_network(const struct world *w, uint64_t h)
{
    uint64_t cuts = 0;
    for (int a = 0; a < HOSTS; a++)
        for (int b = 0; b < HOSTS; b++)
            cuts = cuts << 1 | (w->cut[a][b] != 0);
    return mix(h, cuts << 2 | (uint64_t)w->arp_owner);
}

uint64_t explore_state(const struct world *w, int64_t step_us)
{
    uint64_t h = hash_network(w, w->c.tie), pending = 0;
    for (int n = 0; n < NODES; n++)
        h = hash_node(w, h, n, step_us);
    for (int s = 0; s < SERVERS; s++)
        h = hash_server(w, h, s);
    h = hash_histories(w, h);
    for (int i = 0; i < w->event_count; i++) {
        const struct event *e = &w->events[i];
        uint64_t at = e->at == INT64_MAX ? 0 : when(e->at, w->now, step_us);
        pending += mix(mix(1, at), (uint64_t)e->kind << 16 | (uint64_t)e->a << 8 | e->b);
    }
    return mix(h, pending);
}

uint64_t explore_class(const struct world *w)
{
    uint64_t h = hash_network(w, w->c.tie);
    for (int n = 0; n < NODES; n++) {
        const struct node *node = &w->nodes[n];
        h = mix(h, (uint64_t)node->sup.state | (uint64_t)node->sup.m.state << 2 |
                       (uint64_t)node->fencer.state << 8 |
                       (uint64_t)(node->fencer.logic.term.deadline_us != 0) << 10 |
                       (uint64_t)node->vip << 11 | (uint64_t)node->sup.q.tie_mine << 12);
    }
    for (int s = 0; s < SERVERS; s++)
        h = hash_server(w, h, s);
    return hash_histories(w, h);
}
