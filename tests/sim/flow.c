/* Replication between the two nodes: received, applied, refused where histories fork (1236), and the relay
 * log that a start with both threads stopped discards (FIELD-NOTES "Relay log and promotion"). */
#include "parts.h"

#define NET_TIMEOUT (10 * S) /* slave_net_timeout */
#define RETRY       S        /* MASTER_CONNECT_RETRY */
#define POLL        (50 * MS)
#define GAP         1000 /* the numbers that begin_term leaves out */

void flow_soon(struct world *w, int s, int64_t us)
{
    if (s >= NODES || w->servers[s].state == GONE)
        return;
    event_drop(w, EV_FLOW, s, 0);
    event_add(w, w->now + us, EV_FLOW, s, 0, 0);
}

void flow_start(struct world *w, int s, bool io, bool sql)
{
    struct server *v = &w->servers[s];
    if (v->io == IO_NO && !v->sql) {
        history_cut(&v->own, v->applied);
        v->io_pos = (struct gid){0};
    }
    bool goes_on = v->io != IO_NO; /* its connection is what it was */
    v->forked = v->forked && goes_on;
    v->sql = sql && !v->forked;
    if (io && v->io == IO_NO) {
        v->acking = v->acks_wanted;
        v->io = IO_CONNECTING;
    }
    flow_soon(w, s, MS + random_below(w, 3 * MS));
}

/* begin_term of sql/term.sql: behind every number that it ever gave. */
static void begin(struct server *v, int s, unsigned epoch, bool unplanned)
{
    uint32_t end = history_end(&v->own), last = end > v->begun ? end : v->begun, first = last + GAP + 1;
    v->begun = first;
    history_term(&v->own, s, v->branch, first - end - 1, epoch, unplanned);
}

/* A commit of the writer goes to whoever listens. */
void flow_write(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    if (history_end(&v->own) > v->applied) { /* what was received and not applied is refused from now on */
        history_cut(&v->own, v->applied);
        v->sql = 0;
    }
    uint32_t from = v->applied;
    if (w->c.lossless &&
        v->opened_by_others == 1) { /* what somebody writes who opened it: not over numbers that were cut */
        begin(v, s, 0, false);
        v->opened_by_others = 2;
    }
    for (int rows = w->c.lossless ? 1 + (int)random_below(w, 3) : 1; rows > 0; rows--)
        history_append(&v->own, s, v->branch);
    v->applied = history_end(&v->own);
    if (semi_waits(v))
        semi_group(v, from, true);
    if (w->servers[1 - s].io == IO_YES)
        flow_soon(w, 1 - s, w->c.delay + random_below(w, (uint32_t)w->c.delay_spread + 1));
}

void server_term(struct world *w, int s, unsigned epoch, bool unplanned)
{
    struct server *v = &w->servers[s];
    int node, count;
    if (history_term_of(&v->own, v->applied, &node, &count) >= epoch)
        return; /* 1062: it is there */
    history_cut(&v->own, v->applied);
    uint32_t from = v->applied;
    if (w->c.lossless)
        begin(v, s, epoch, unplanned);
    else
        history_term(&v->own, s, v->branch, 0, epoch, unplanned);
    v->applied = history_end(&v->own);
    if (semi_waits(v))
        semi_group(v, from, false);
    w->acked_at[v->applied % ACKS_KEPT] = w->now;
    flow_soon(w, 1 - s, w->c.delay);
}

static bool hears_primary(const struct world *w, int s)
{
    int p = 1 - s;
    return link_open(w, p, s) && link_open(w, s, p) && host_runs(w, p) && w->servers[p].state == RUNS;
}

/* The histories are not one: with its own transactions on top a receiver connects from before them and its
 * applier refuses what comes (1950); with the other's, its position is not found there (1236). */
static void fork_off(struct world *w, int s, uint32_t same)
{
    struct server *v = &w->servers[s], *p = &w->servers[1 - s];
    bool own = history_last(&v->own, v->applied).server == s + 1;
    TRACE(w, trace_server(s), "the %s stops: the histories fork after %u", own ? "applier" : "receiver",
          same);
    v->forked = 1;
    if (!own) {
        v->io = IO_NO;
        return;
    }
    v->io = IO_YES;
    v->sql = 0;
    v->io_pos = history_last(&p->own, p->applied);
}

static void receive(struct world *w, int s)
{
    struct server *v = &w->servers[s], *p = &w->servers[1 - s];
    uint32_t end = history_end(&v->own), same = history_common(&v->own, end, &p->own, p->applied);
    v->master_life = p->life;
    v->master_pos = p->applied;
    if (same < p->applied && same < v->applied) {
        if (!v->forked || v->io != IO_YES)
            fork_off(w, s, same);
        else
            v->io_pos = history_last(&p->own, p->applied);
        return;
    }
    v->io = IO_YES;
    v->io_pos = history_last(&p->own, p->applied);
    if (same < p->applied) /* what of an old relay log is of another fork is fetched anew */
        history_follow(&v->own, &p->own, p->applied);
}

static void apply(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    uint32_t end = history_end(&v->own);
    if (!v->sql || v->applied >= end || (v->blockers & (BLOCK_FTWRL | BLOCK_TABLES)))
        return;
    if (semi_waits(v)) { /* the applier's commits wait as others do */
        if (v->waiting)
            return;
        v->applied++;
        semi_group(v, v->applied - 1, false);
        return;
    }
    v->applied = random_chance(w, 800) ? end : v->applied + 1;
    if (v->applied < end)
        flow_soon(w, s, MS);
}

void flow_take(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    int64_t again = POLL + random_below(w, POLL);
    if (w->c.lossless) {
        semi_listen(w, s);
    } else if (v->io != IO_NO && hears_primary(w, s)) {
        receive(w, s);
    } else if (v->io == IO_YES) {
        /* A dead process is heard of; a stopped or cut one only after slave_net_timeout. */
        const struct server *p = &w->servers[1 - s];
        bool told = w->hosts[1 - s].on && p->state == GONE && link_open(w, 1 - s, s);
        if (told || random_below(w, (uint32_t)(NET_TIMEOUT / POLL)) == 0)
            v->io = IO_CONNECTING;
    }
    apply(w, s);
    if (v->io != IO_NO || (v->sql && v->applied < history_end(&v->own)))
        flow_soon(w, s, again);
}
