/* A MariaDB server: its life, its connections, read_only, the dead-man's event (sql/dead_man.sql), the writes
 * of clients. What SET read_only waits for and what a stop does to queued statements is as FIELD-NOTES
 * measured it. */
#include <string.h>

#include "parts.h"

#define LONG_MS 0 /* no wait_timeout that matters here */

int64_t server_pace(struct world *w)
{
    return 30 + random_below(w, 150);
}

/* ---- connections ---- */

static uint32_t limit_of(const struct world *w, int slot)
{
    return slot < SLOT_HELPER ? (uint32_t)(w->policy[0].lease_us / MS) + 1000 : LONG_MS;
}

void server_watch_idle(struct world *w, int s, int c)
{
    struct conn *k = &w->servers[s].conns[c];
    event_drop(w, EV_IDLE, s, c);
    if (k->limit_ms)
        event_add(w, clock_to_world(w, s, k->idle_since + k->limit_ms * MS), EV_IDLE, s, c, k->gen);
}

int server_connect(struct world *w, int s, int n, int slot)
{
    struct server *v = &w->servers[s];
    for (int c = 0; c < CONNS_MAX; c++) {
        struct conn *k = &v->conns[c];
        if (k->used)
            continue;
        uint32_t gen = k->gen + 1;
        *k = (struct conn){.used = 1,
                           .gen = gen,
                           .id = ++v->next_id,
                           .node = (uint8_t)n,
                           .slot = (uint8_t)slot,
                           .local = n == s,
                           .link_gen = session_of(w, n, slot)->gen,
                           .limit_ms = limit_of(w, slot),
                           .idle_since = clock_of(w, s)};
        server_watch_idle(w, s, c);
        return c;
    }
    return -1;
}

void server_end_conn(struct world *w, int s, int c)
{
    struct server *v = &w->servers[s];
    if (!v->conns[c].used)
        return;
    session_broken(w, s, c);
    v->conns[c].used = 0;
    v->conns[c].waits_lock = v->conns[c].waits_set = 0;
    if (v->row_lock == c + 1)
        v->row_lock = 0; /* rolled back */
    locks_free(w, s, c);
}

/* A session inside a statement ends where it next looks. */
static void kill_conn(struct world *w, int s, int c)
{
    struct conn *k = &w->servers[s].conns[c];
    if (k->busy && !k->waits_lock && !k->waits_set) {
        k->killed = 1;
        return;
    }
    server_end_conn(w, s, c);
}

void server_kill_id(struct world *w, int s, uint32_t id)
{
    for (int c = 0; c < CONNS_MAX; c++)
        if (w->servers[s].conns[c].used && w->servers[s].conns[c].id == id)
            kill_conn(w, s, c);
}

/* ---- read_only ---- */

bool server_is_blocked(const struct server *v)
{
    return (v->blockers & (BLOCK_TABLES | BLOCK_DML)) != 0 || v->waiting;
}

void server_set_read_only(struct world *w, int s, bool on, unsigned epoch)
{
    struct server *v = &w->servers[s];
    if (on) /* also where it was: who closes it relies on that from now on */
        v->was_epoch = 0;
    if (v->read_only == on && (on || !epoch))
        return;
    v->read_only = on;
    TRACE(w, trace_server(s), "read_only=%d%s", on, on ? "" : epoch ? " (enabled)" : " (by somebody else)");
    v->switch_set_since = 0;
    if (on) {
        v->enabled_epoch = 0;
        v->mischief = v->unwatched = 0;
        event_drop(w, EV_WRITE, s, 0);
        return;
    }
    /* Who closed the writer and opens it again in the same term changes nothing that others rely on. */
    v->opened_by_others = !epoch;
    bool again = !epoch && v->was_epoch && v->was_epoch == w->highest_enabled;
    v->enabled_epoch = again ? v->was_epoch : epoch;
    v->enabled_at = w->now;
    v->writable_since = w->now;
    v->mischief = !v->enabled_epoch;
    if (epoch)
        invariant_enabled(w, s, epoch);
    invariant_writable(w, s);
    if (!event_pending(w, EV_WRITE, s, 0))
        event_add(w, w->now + random_below(w, 2 * MS), EV_WRITE, s, 0, 0);
}

/* What blocked is gone: every SET that waited takes effect, the event's too. */
void server_unblock(struct world *w, int s, unsigned blockers)
{
    struct server *v = &w->servers[s];
    v->blocked_at = v->blockers ? w->now : v->blocked_at;
    v->blockers &= (uint8_t)~blockers;
    if (server_is_blocked(v))
        return;
    if (v->switch_set_since && v->state == RUNS)
        server_set_read_only(w, s, true, 0);
    v->switch_set_since = 0;
    for (int c = 0; c < CONNS_MAX; c++)
        if (v->conns[c].used && v->conns[c].waits_set)
            server_step_later(w, s, c, server_pace(w));
}

/* ---- the dead-man's event ---- */

static void run_switch(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    int holder = v->locks[LOCK_WRITE] - 1;
    event_add(w, clock_to_world(w, s, clock_of(w, s) + S) + random_below(w, 2 * MS), EV_SWITCH, s, 0,
              v->life);
    if (v->switch_set_since && clock_of(w, s) - v->switch_set_since >= S)
        v->switch_set_since = 0; /* given up after lock_wait_timeout */
    if (!v->switch_enabled || v->switch_set_since || (v->blockers & BLOCK_FTWRL))
        return;
    v->switched++;
    bool ours = holder >= 0 && v->conns[holder].slot == SLOT_F_LOCK && v->conns[holder].local;
    if (v->read_only || ours)
        return;
    TRACE(w, trace_server(s), "the dead-man's switch acts");
    if (server_is_blocked(v))
        v->switch_set_since = clock_of(w, s);
    else
        server_set_read_only(w, s, true, 0);
}

/* ---- clients ---- */

static void client_writes(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    bool waits = v->switch_set_since != 0;
    if (v->read_only)
        return;
    for (int c = 0; c < CONNS_MAX; c++)
        waits = waits || (v->conns[c].used && v->conns[c].waits_set);
    event_add(w, w->now + 2 * MS + random_below(w, 30 * MS), EV_WRITE, s, 0, 0);
    /* Behind a SET that waits, new statements queue; what was open still commits. */
    bool stands = (v->blockers & (BLOCK_TABLES | BLOCK_FTWRL)) || (waits && !random_chance(w, 300));
    if (stands || semi_is_full(v))
        return;
    flow_write(w, s);
    if (!v->waiting)
        invariant_ack(w, s, v->applied);
}

/* ---- life ---- */

static void forget_life(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    for (int c = 0; c < CONNS_MAX; c++) {
        if (v->conns[c].used)
            session_broken(w, s, c);
        v->conns[c].used = v->conns[c].busy = v->conns[c].waits_lock = v->conns[c].waits_set = 0;
        v->conns[c].gen++;
    }
    memset(v->locks, 0, sizeof(v->locks));
    v->row_lock = 0;
    v->blockers = 0;
    v->switch_set_since = 0;
    v->io = IO_NO;
    v->link++;
    v->clients = 0;
    v->sql = v->forked = 0;
    v->io_pos = (struct gid){0};
    v->unwatched = v->mischief = 0;
    event_drop(w, EV_SWITCH, s, 0);
    event_drop(w, EV_WRITE, s, 0);
    event_drop(w, EV_FLOW, s, 0);
    event_drop(w, EV_ACK, s, 0);
}

void server_start(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    if (v->state != GONE || !w->hosts[s].on)
        return;
    v->life++;
    v->state = RUNS;
    v->was_epoch = 0;
    v->next_id = 10 + random_below(w, 10);
    v->read_only = v->boot_safe;
    v->enabled_epoch = 0;
    v->offsets = random_below(w, 8) != 0;
    v->semi_sync = v->strict = v->status = v->alone_by_others = 0;
    v->acks_wanted = w->c.lossless;
    semi_recover(w, s);
    v->started_at = w->now;
    history_cut(&v->own, v->applied); /* the relay log is discarded */
    TRACE(w, trace_server(s), "starts, at %u", v->applied);
    event_add(w, w->now + random_below(w, S), EV_SWITCH, s, 0, v->life);
    if (!v->read_only && s < NODES) {
        v->read_only = 1;
        server_set_read_only(w, s, false, 0);
    }
}

void server_kill(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    if (v->state == GONE)
        return;
    TRACE(w, trace_server(s), "dies");
    v->state = GONE;
    v->read_only = 1;
    v->enabled_epoch = 0;
    forget_life(w, s);
    if (s < NODES && w->hosts[s].on)
        fencer_server_died(w, s);
}

void server_stop(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    if (v->state != RUNS)
        return;
    TRACE(w, trace_server(s), "is stopped");
    v->state = STOPPED;
    v->stopped_at = w->now;
    v->unwatched |= s < NODES && w->nodes[s].fencer.state != RUNS;
}

void server_resume(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    if (v->state != STOPPED)
        return;
    TRACE(w, trace_server(s), "goes on");
    v->state = RUNS;
    v->resumed_at = w->now;
    if (v->mischief) /* nobody could close it meanwhile */
        v->writable_since += w->now - v->stopped_at;
    if (host_runs(w, s))
        invariant_writable(w, s);
    events_unpark(w);
}

void server_init(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    v->boot_safe = 1;
    v->switch_enabled = s < NODES;
    v->read_only = 1;
    v->io = IO_NO;
    if (s < NODES) { /* a pair that was set up: one history of some rows */
        for (int i = 0; i < 5; i++)
            history_append(&v->own, 0, 0);
        v->applied = history_end(&v->own);
    }
    event_add(w, w->now + random_below(w, S), EV_START, s, 0, 0);
}

/* ---- events ---- */

static void idle_end(struct world *w, int s, struct event *e)
{
    struct conn *k = &w->servers[s].conns[e->b];
    if (!k->limit_ms)
        return;
    if (k->busy || clock_of(w, s) < k->idle_since + k->limit_ms * MS) {
        int64_t from = k->busy ? clock_of(w, s) : k->idle_since;
        event_add(w, clock_to_world(w, s, from + k->limit_ms * MS), EV_IDLE, s, e->b, k->gen);
        return;
    }
    TRACE(w, trace_server(s), "connection %u was idle for too long", k->id);
    server_end_conn(w, s, e->b);
}

static void hang_up(struct world *w, int s, int c)
{
    struct conn *k = &w->servers[s].conns[c];
    if (k->node < NODES && !link_open(w, k->node, s))
        return; /* it is lost; wait_timeout remains */
    if (k->busy)
        k->eof = 1; /* seen when the statement ends, or once a second while it waits for a lock */
    else
        server_end_conn(w, s, c);
}

void server_take(struct world *w, struct event *e)
{
    int s = e->a;
    struct server *v = &w->servers[s];
    if (e->kind == EV_START) {
        server_start(w, s);
        return;
    }
    if (v->state == GONE)
        return;
    bool of_conn = e->kind == EV_STEP || e->kind == EV_IDLE || e->kind == EV_HANGUP;
    if (of_conn && (!v->conns[e->b].used || v->conns[e->b].gen != e->gen))
        return;
    switch (e->kind) {
    case EV_STEP:
        server_step(w, s, e->b);
        break;
    case EV_IDLE:
        idle_end(w, s, e);
        break;
    case EV_HANGUP:
        hang_up(w, s, e->b);
        break;
    case EV_SWITCH:
        if (e->gen == v->life && s < NODES)
            run_switch(w, s);
        break;
    case EV_FLOW:
        flow_take(w, s);
        break;
    case EV_ACK:
        semi_acked(w, e);
        break;
    default:
        client_writes(w, s);
    }
}
