/* What a server does with one statement, and what it answers. After wire/observe.c (what a probe reads),
 * io/voter.c, io/bell.c, io/ladder_sql.c, daemon/own_server.c and daemon/fencer_sessions.c (what they ask
 * for). */
#include <string.h>

#include "parts.h"

void server_step_later(struct world *w, int s, int c, int64_t us)
{
    event_add(w, us >= 100 * MS ? clock_to_world(w, s, clock_of(w, s) + us) : w->now + us, EV_STEP, s, c,
              w->servers[s].conns[c].gen);
}

/* The kernel has the statement; the process comes to it when it runs. */
void server_arrive(struct world *w, int s, int c, const struct statement *st)
{
    struct conn *k = &w->servers[s].conns[c];
    struct session *from = session_of(w, k->node, k->slot);
    if (from->gen == k->link_gen)
        memset(&from->answer, 0, offsetof(struct answer, seen));
    k->now = *st;
    k->busy = 1;
    k->pc = 0;
    k->wait_until = 0;
    server_step_later(w, s, c, server_pace(w));
}

void server_answer(struct world *w, int s, int c)
{
    struct conn *k = &w->servers[s].conns[c];
    k->busy = 0;
    k->waits_lock = k->waits_set = 0;
    k->idle_since = clock_of(w, s);
    session_reply(w, s, c);
    if (k->eof || k->killed)
        server_end_conn(w, s, c);
}

void server_snapshot(const struct world *w, int s, struct snapshot *out, bool events)
{
    const struct server *v = &w->servers[s];
    int node, unplanned;
    out->rows = v->rows;
    memcpy(out->notices, v->notices, sizeof(out->notices));
    out->read_only = v->read_only;
    out->server = (uint8_t)s;
    out->pos = history_last(&v->own, v->applied);
    history_state(&v->own, v->applied, out->state_seq);
    out->term_epoch = history_term_of(&v->own, v->applied, &node, &unplanned);
    out->term_node = (int8_t)node;
    out->unplanned = (uint8_t)unplanned;
    out->offsets = v->offsets;
    out->semi_sync = v->semi_sync;
    out->refused = v->forked && !v->sql;
    out->lossless = w->c.lossless;
    out->strict = v->strict;
    out->status = v->status;
    out->clients = v->clients;
    out->waiting = v->waiting != 0;
    out->acking = v->acking && v->io != IO_NO;
    out->io = v->io;
    out->sql = v->sql;
    out->io_pos = v->io_pos;
    out->master_file = v->master_life;
    out->master_pos = v->master_pos;
    out->here[0] = v->locks[LOCK_HERE_1] != 0;
    out->here[1] = v->locks[LOCK_HERE_2] != 0;
    out->events = events;
    out->enabled = v->switch_enabled;
    out->executed = v->switched;
}

static void show_holder(struct world *w, int s, struct answer *a)
{
    const struct server *v = &w->servers[s];
    int c = v->locks[LOCK_VOTE] - 1;
    a->has_holder = 1;
    a->holder = 0;
    if (c < 0)
        return;
    const struct conn *k = &v->conns[c];
    a->holder = k->id;
    a->holder_supervisor = k->node < NODES;
    a->holder_here[0] = v->locks[LOCK_HERE_1] == c + 1;
    a->holder_here[1] = v->locks[LOCK_HERE_2] == c + 1;
    a->holder_idle = !k->busy;
    a->holder_idle_ms = k->busy ? 0 : (uint32_t)((clock_of(w, s) - k->idle_since) / MS);
}

static void take_here(struct world *w, int s, int c, struct answer *a)
{
    (void)a;
    lock_try(w, s, LOCK_HERE_1 + w->servers[s].conns[c].node, c);
}

static void read_rows(struct world *w, int s, struct answer *a)
{
    a->has_rows = 1;
    a->seen.rows = w->servers[s].rows;
}

/* ---- locks that are waited for: true when there is an answer ---- */

static bool take_vote(struct world *w, int s, int c, struct answer *a)
{
    struct conn *k = &w->servers[s].conns[c];
    a->got = lock_try(w, s, LOCK_VOTE, c);
    if (!a->got && k->now.verb == DO_TAKE_WAIT && k->pc == 0) {
        k->pc = 1;
        lock_wait(w, s, LOCK_VOTE, c, S);
        return false;
    }
    if (!a->got && k->pc == 1 && clock_of(w, s) < k->wait_until)
        return false;
    read_rows(w, s, a);
    return true;
}

static bool wait_bell(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    if (k->pc == 0) {
        if (!v->locks[LOCK_BELL]) {
            a->got = 2; /* nobody has it: -1 */
            return true;
        }
        k->pc = 1;
        lock_wait(w, s, LOCK_BELL, c, S);
        return false;
    }
    a->got = lock_is_mine(v, LOCK_BELL, c);
    if (!a->got && clock_of(w, s) < k->wait_until)
        return false;
    if (a->got) {
        read_rows(w, s, a);
        lock_free(w, s, LOCK_BELL);
    }
    return true;
}

static bool wait_write_lock(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    a->got = lock_try(w, s, LOCK_WRITE, c);
    if (a->got || (k->pc && clock_of(w, s) >= k->wait_until))
        return true;
    if (k->pc == 0) {
        k->pc = 1;
        lock_wait(w, s, LOCK_WRITE, c, S);
    }
    return false;
}

/* ---- closing ---- */

static bool set_read_only(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    if (server_is_blocked(v)) {
        k->waits_set = 1;
        if (k->pc == 0) {
            k->pc = 1;
            k->wait_until = clock_of(w, s) + S; /* lock_wait_timeout=1 */
            server_step_later(w, s, c, S);
        } else if (clock_of(w, s) >= k->wait_until) {
            a->status = GOT_ERROR;
            return true;
        }
        return false;
    }
    server_set_read_only(w, s, true, 0);
    a->read_only = v->read_only;
    a->seen.pos = history_last(&v->own, v->applied);
    return true;
}

/* The supervisor's sessions from this host, but for the caller's own two. */
static bool is_listed(const struct server *v, int c, int caller)
{
    const struct conn *k = &v->conns[c];
    const struct conn *by = &v->conns[caller];
    if (!k->used || !k->local || k->node >= NODES || k->slot >= SLOT_F_LOCK || c == caller)
        return false;
    bool own_ladder = by->local && by->slot < SLOT_F_LOCK;
    return !(own_ladder && (k->slot == SLOT_CONTROL || k->slot == SLOT_PROBE));
}

static void list_local(struct world *w, int s, int c, struct answer *a)
{
    for (int i = 0; i < CONNS_MAX; i++)
        if (is_listed(&w->servers[s], i, c)) {
            a->count++;
            a->holder = w->servers[s].conns[i].id;
        }
}

static void kill_local(struct world *w, int s, int c)
{
    for (int i = 0; i < CONNS_MAX; i++)
        if (is_listed(&w->servers[s], i, c))
            server_kill_id(w, s, w->servers[s].conns[i].id);
}

/* ---- the control session ---- */

static bool change_threads(struct world *w, int s, int c)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    bool stops = k->now.verb == DO_STOP_IO || k->now.verb == DO_ACKNOWLEDGE;
    if (stops && k->pc == 0 && semi_stop_hangs(w, s)) {
        k->pc = 1;
        server_step_later(w, s, c, S);
        return false;
    }
    if (stops)
        semi_stop(w, s);
    if (k->now.verb == DO_STOP_IO)
        return true;
    v->acks_wanted = w->c.lossless;
    flow_start(w, s, true, k->now.verb == DO_START_BOTH || v->sql);
    return true;
}

static bool drain(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    bool done = !v->forked && v->applied >= history_end(&v->own);
    if (!k->wait_until)
        k->wait_until = clock_of(w, s) + S;
    if (!done && clock_of(w, s) < k->wait_until) {
        server_step_later(w, s, c, MS + random_below(w, 2 * MS));
        return false;
    }
    (void)a;
    return true;
}

static bool write_bulletin(struct world *w, int s, int c)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    if (v->blockers & (BLOCK_FTWRL | BLOCK_TABLES)) {
        server_step_later(w, s, c, 20 * MS);
        return false;
    }
    v->notices[k->node] = (struct notice){.known = 1,
                                          .seq = k->now.id,
                                          .epoch = k->now.epoch,
                                          .state = k->now.state,
                                          .ask = k->now.ask,
                                          .hold = k->now.hold,
                                          .waits = k->now.waits,
                                          .vip = k->now.vip};
    return true;
}

static bool write_term(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    if (v->blockers & (BLOCK_FTWRL | BLOCK_TABLES)) {
        server_step_later(w, s, c, 10 * MS);
        return false;
    }
    if (k->pc) { /* it waits for its acknowledgement */
        bool waits = v->waiting && v->waits_from < k->now.size;
        if (waits)
            server_step_later(w, s, c, 5 * MS);
        return !waits;
    }
    if (semi_is_full(v)) {
        server_step_later(w, s, c, 5 * MS);
        return false;
    }
    if (v->read_only && !w->c.lossless)
        a->status = GOT_ERROR; /* the supervisor's account may, but it is not the writer's: 1290 is nearer */
    else
        server_term(w, s, k->now.epoch, k->now.kind);
    if (k->now.hold)
        loss_accepted(w, s);
    if (!v->waiting)
        return true;
    k->pc = 1;
    k->now.size = v->applied;
    server_step_later(w, s, c, MS);
    return false;
}

/* ---- all of them ---- */

static bool execute(struct world *w, int s, int c, struct answer *a)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    switch ((enum verb)k->now.verb) {
    case DO_IDLE:
        a->mine = lock_is_mine(v, LOCK_VOTE, c);
        take_here(w, s, c, a);
        if (k->local)
            show_holder(w, s, a);
        if (w->c.lossless && s == OBS_TIE)
            read_rows(w, s, a);
        return true;
    case DO_RENEW:
        a->mine = lock_is_mine(v, LOCK_VOTE, c);
        take_here(w, s, c, a);
        if (!k->local && s < NODES)
            lock_try(w, s, LOCK_BELL, c);
        return true;
    case DO_LOOK:
        show_holder(w, s, a);
        return true;
    case DO_TAKE:
    case DO_TAKE_WAIT:
        return take_vote(w, s, c, a);
    case DO_PROMISE:
    case DO_ENABLE:
    case DO_RELEASE:
    case DO_RECLAIM:
    case DO_MARK:
    case DO_CLEAR_MARK:
        return procedure_step(w, s, c);
    case DO_KILL:
        server_kill_id(w, s, k->now.id);
        return true;
    case DO_STOP_IO:
    case DO_START_IO:
    case DO_START_BOTH:
    case DO_ACKNOWLEDGE:
        if (!change_threads(w, s, c))
            return false;
        break;
    case DO_DRAIN:
        if (!drain(w, s, c, a))
            return false;
        break;
    case DO_SEMI_SYNC_OFF:
        semi_turn(w, s, false, false);
        break;
    case DO_ACKS_ON:
        semi_turn(w, s, true, false);
        break;
    case DO_TERM:
        return write_term(w, s, c, a);
    case DO_BELL:
        return wait_bell(w, s, c, a);
    case DO_BULLETIN:
        return write_bulletin(w, s, c);
    case DO_OFFSETS:
        v->offsets = 1;
        return true;
    case DO_REPAIR:
        v->switch_enabled = 1;
        return true;
    case DO_SET_RO:
        return set_read_only(w, s, c, a);
    case DO_LIST:
        list_local(w, s, c, a);
        return true;
    case DO_HOLDERS:
    case DO_ALL:
        a->count = server_is_blocked(v) ? 1 : 0;
        return true;
    case DO_KILL_LOCAL:
        kill_local(w, s, c);
        return true;
    case DO_KILL_HOLDERS:
    case DO_KILL_ALL: /* a killed DML still rolls back; a killed commit stays, and nobody is told */
        semi_let_go(w, s, false);
        server_unblock(w, s, BLOCK_TABLES | (random_chance(w, 700) ? BLOCK_DML : 0));
        return true;
    case DO_PING:
        a->read_only = v->read_only;
        return true;
    case DO_LOCK_TAKE:
        k->limit_ms = (uint32_t)(w->fencer_rules.lease_ms - 1000);
        a->got = lock_try(w, s, LOCK_WRITE, c);
        return true;
    case DO_LOCK_HOLDER:
        a->holder = v->locks[LOCK_WRITE] ? v->conns[v->locks[LOCK_WRITE] - 1].id : 0;
        a->holder_fencer = v->locks[LOCK_WRITE] && v->conns[v->locks[LOCK_WRITE] - 1].slot >= SLOT_F_LOCK;
        return true;
    case DO_LOCK_WAIT:
        return wait_write_lock(w, s, c, a);
    case DO_LOCK_KILL:
        if (k->pc++ == 0) {
            server_step_later(w, s, c, 20 * MS);
            return false;
        }
        server_kill_id(w, s, k->now.id);
        return true;
    case DO_LOCK_PROOF:
        a->mine = lock_is_mine(v, LOCK_WRITE, c);
        return true;
    case DO_LOCK_RELEASE:
        locks_free(w, s, c);
        k->limit_ms = 0;
        return true;
    default:
        break;
    }
    /* probes, and the control session's statements with the whole observation behind them */
    a->has_server = 1;
    server_snapshot(w, s, &a->seen, k->now.verb == DO_PROBE_EVENTS);
    return true;
}

void server_step(struct world *w, int s, int c)
{
    struct server *v = &w->servers[s];
    struct conn *k = &v->conns[c];
    static struct answer unread;
    if (!k->busy)
        return;
    bool waits = k->waits_lock != 0;
    if (k->killed || (k->eof && waits)) {
        server_end_conn(w, s, c);
        return;
    }
    struct session *from = session_of(w, k->node, k->slot);
    struct answer *a = from->gen == k->link_gen && from->outstanding ? &from->answer : &unread;
    if (a == &unread)
        unread.status = GOT_OK; /* nothing of another statement's */
    uint32_t gen = k->gen;
    if (!execute(w, s, c, a))
        return;
    if (k->gen == gen && k->used) {
        server_answer(w, s, c);
        if (k->now.verb == DO_LOCK_TAKE)
            server_watch_idle(w, s, c);
    }
}
