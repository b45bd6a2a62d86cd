/* Semi-sync AFTER_SYNC of MariaDB 10.11, for durability lossless. As FIELD-NOTES "Semi-sync" and
 * ARCHITECTURE.md "Facts found" have it:
 *   - a commit is in the binary log and sent before it waits; one group waits, a second one behind it holds
 * LOCK_log, so that a third cannot be written;
 *   - a receiver acknowledges what it receives, once, after its relay log is flushed; an acknowledgement is
 * lost with its connection; what was received is not sent again unless the relay log was discarded;
 *   - KILL lets a waiting commit go, and nobody is told; turning the master side off tells its client OK;
 *   - what waits when the server dies was never a commit on disk (innodb_flush_log_at_trx_commit=3), and
 * recovery with init_rpl_role=SLAVE cuts it from the log: its GTIDs will be given again. */
#include "parts.h"

#define NET_TIMEOUT (10 * S)
#define POLL        (50 * MS)
#define AGAIN       (200 * MS)

/* ---- the master side ---- */

bool semi_waits(const struct server *v)
{
    return v->semi_sync && v->strict && v->status;
}

bool semi_is_full(const struct server *v)
{
    return v->waiting == 2;
}

void semi_group(struct server *v, uint32_t from, bool of_client)
{
    if (!v->waiting)
        v->waits_from = from;
    v->of_clients[v->waiting] = of_client;
    v->waits_to[v->waiting++] = v->applied;
}

static void finish_first(struct world *w, int s, bool told)
{
    struct server *v = &w->servers[s];
    bool of_client = v->of_clients[0];
    uint32_t to = v->waits_to[0];
    v->waits_from = to;
    v->waits_to[0] = v->waits_to[1];
    v->of_clients[0] = v->of_clients[1];
    v->waiting--;
    if (v->switch_set_since) /* it waited for this commit */
        v->blocked_at = w->now;
    if (told && of_client)
        invariant_ack(w, s, to);
}

static void finish(struct world *w, int s, uint32_t to, bool told)
{
    struct server *v = &w->servers[s];
    bool some = v->waiting && v->waits_to[0] <= to;
    while (v->waiting && v->waits_to[0] <= to)
        finish_first(w, s, told);
    if (!some || v->waiting)
        return;
    server_unblock(w, s, 0); /* a SET read_only may have waited */
    if (v->sql)
        flow_soon(w, s, MS);
}

void semi_let_go(struct world *w, int s, bool told)
{
    finish(w, s, UINT32_MAX, told);
}

void semi_turn(struct world *w, int s, bool on, bool by_others)
{
    struct server *v = &w->servers[s];
    if (v->semi_sync != on)
        TRACE(w, trace_server(s), "semi-sync %s%s", on ? "on" : "off",
              by_others ? " (by somebody else)" : "");
    v->alone_by_others = !on && (by_others || (v->alone_by_others && !v->semi_sync));
    v->semi_sync = v->status = on;
    v->strict |= on;
    if (!on)
        semi_let_go(w, s, true);
}

void semi_recover(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    if (!v->waiting)
        return;
    TRACE(w, trace_server(s), "rolls back what nobody acknowledged, from %u on", v->waits_from + 1);
    w->tally.rolled_back += v->waiting;
    v->applied = v->waits_from;
    history_cut(&v->own, v->applied);
    v->waiting = 0;
    v->branch = ++w->branches;
}

/* ---- acknowledgements ---- */

static void acknowledge(struct world *w, int s, uint32_t to)
{
    int64_t flushed = 100 + random_below(w, 400);
    struct event *e =
        event_add(w, link_arrival(w, s, 1 - s, NULL) + flushed, EV_ACK, 1 - s, 0, w->servers[s].link);
    e->x = to;
}

void semi_acked(struct world *w, struct event *e)
{
    int s = e->a;
    const struct server *from = &w->servers[1 - s];
    if (from->link != e->gen || from->io != IO_YES || from->link_life != w->servers[s].life)
        return; /* lost with its connection */
    if (!link_open(w, 1 - s, s)) {
        struct event *again = event_add(w, w->now + AGAIN, EV_ACK, s, 0, e->gen);
        again->x = e->x;
        return;
    }
    finish(w, s, e->x, true);
}

/* ---- the receiver ---- */

static void hang_up(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    v->io = IO_CONNECTING;
    v->link++;
}

/* What a connection finds that was there before: see flow.c, fork_off(). */
static bool position_is_refused(struct world *w, int s, uint32_t same)
{
    struct server *v = &w->servers[s], *p = &w->servers[1 - s];
    uint32_t end = history_end(&v->own);
    bool forks = same < p->applied && same < end;
    bool beyond = same == p->applied && end > same && history_last(&v->own, end).server != s + 1;
    bool own = history_last(&v->own, end).server == s + 1;
    v->forked = forks || beyond;
    if (!v->forked)
        return false;
    if (forks && own) { /* it connects from before its own, and the applier refuses what comes */
        v->sql = 0;
        return false;
    }
    TRACE(w, trace_server(s), "the receiver stops: its position %u is not in the other's log", end);
    v->io = IO_NO;
    return true;
}

static void connect(struct world *w, int s)
{
    struct server *v = &w->servers[s], *p = &w->servers[1 - s];
    uint32_t end = history_end(&v->own), same = history_common(&v->own, end, &p->own, p->applied);
    if (position_is_refused(w, s, same))
        return;
    v->io = IO_YES;
    v->link++;
    v->link_life = p->life;
    v->heard_to = same;
    p->clients = v->acking;
}

static void receive(struct world *w, int s)
{
    struct server *v = &w->servers[s], *p = &w->servers[1 - s];
    v->master_life = p->life;
    v->master_pos = p->applied;
    v->io_pos = history_last(&p->own, p->applied);
    if (p->applied <= v->heard_to)
        return;
    uint32_t end = history_end(&v->own), same = history_common(&v->own, end, &p->own, p->applied);
    v->forked |= same < end && same < p->applied; /* somebody has written here */
    if (v->forked)
        v->sql = 0; /* whoever starts the applier again, it stops at the same place */
    else if (p->applied > end)
        history_extend(&v->own, &p->own, p->applied);
    v->heard_to = p->applied;
    if (v->acking && p->semi_sync)
        acknowledge(w, s, p->applied);
}

/* A dead process is heard of, and one that was restarted; a stopped one, or one behind a cut, after
 * slave_net_timeout. */
void semi_listen(struct world *w, int s)
{
    struct server *v = &w->servers[s], *p = &w->servers[1 - s];
    bool heard = link_open(w, 1 - s, s) && host_runs(w, 1 - s) && p->state == RUNS;
    bool alive = p->state != GONE && v->link_life == p->life;
    if (v->io == IO_YES && !(alive && heard)) {
        bool told = !alive && w->hosts[1 - s].on && link_open(w, 1 - s, s);
        if (told || random_below(w, (uint32_t)(NET_TIMEOUT / POLL)) == 0)
            hang_up(w, s);
    }
    if (v->io == IO_CONNECTING && heard && link_open(w, s, 1 - s))
        connect(w, s);
    if (v->io == IO_YES && heard && v->link_life == p->life)
        receive(w, s);
}

/* One that was started with semi-sync ends its dump at the primary, by a connection of its own. */
bool semi_stop_hangs(const struct world *w, int s)
{
    const struct server *v = &w->servers[s];
    bool reached = link_open(w, s, 1 - s) && link_open(w, 1 - s, s) && host_runs(w, 1 - s) &&
                   w->servers[1 - s].state != STOPPED;
    return w->c.lossless && v->acking && v->io != IO_NO && !reached;
}

void semi_stop(struct world *w, int s)
{
    struct server *v = &w->servers[s];
    if (v->io != IO_NO && !semi_stop_hangs(w, s))
        w->servers[1 - s].clients = 0;
    v->io = IO_NO;
    v->link++;
}

/* ---- people ---- */

/* Somebody restarts a receiver without semi-sync, or turns the master side off. */
void semi_mischief(struct world *w)
{
    int s = (int)random_below(w, NODES);
    struct server *v = &w->servers[s];
    if (v->state != RUNS || !host_runs(w, s))
        return;
    if (random_below(w, 4) == 0) {
        if (v->semi_sync)
            semi_turn(w, s, false, true);
        return;
    }
    if (v->io == IO_NO || !v->sql)
        return;
    TRACE(w, trace_server(s), "somebody restarts the receiver without semi-sync");
    semi_stop(w, s);
    v->acks_wanted = 0;
    flow_start(w, s, true, true);
}
