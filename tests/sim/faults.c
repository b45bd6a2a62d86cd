/* What befalls the world. Each seed has a random part of the faults at a pace of its own; most heal after a
 * random time. Operators command what they would be allowed to (daemon/control_wish.c), and say only what is
 * true. */
#include <string.h>

#include "parts.h"

#define TIME_OF_DAY 5000 /* ms; above all epochs that a seed comes to by itself */

/* ---- processes and hosts ---- */

void process_stop(struct world *w, int n, bool fencer)
{
    uint8_t *state = fencer ? &w->nodes[n].fencer.state : &w->nodes[n].sup.state;
    if (*state != RUNS)
        return;
    TRACE(w, trace_node(n), "the %s is stopped", fencer ? "fencer" : "supervisor");
    *state = STOPPED;
    if (fencer)
        w->servers[n].unwatched |= w->servers[n].state == STOPPED;
}

void process_resume(struct world *w, int n, bool fencer)
{
    uint8_t *state = fencer ? &w->nodes[n].fencer.state : &w->nodes[n].sup.state;
    if (*state != STOPPED)
        return;
    TRACE(w, trace_node(n), "the %s goes on", fencer ? "fencer" : "supervisor");
    if (invariant_unattended(w, n))
        w->servers[n].unattended_at = w->now;
    *state = RUNS;
    events_unpark(w);
}

static const char *host_name(int h)
{
    return h < NODES ? trace_node(h) : "witness";
}

void host_freeze(struct world *w, int h)
{
    if (!host_runs(w, h))
        return;
    TRACE(w, host_name(h), "the whole host stands still");
    w->hosts[h].frozen = 1;
    w->hosts[h].frozen_at = w->now;
}

void host_thaw(struct world *w, int h)
{
    if (!w->hosts[h].frozen)
        return;
    TRACE(w, host_name(h), "the whole host goes on");
    w->hosts[h].frozen = 0;
    w->hosts[h].thawed_at = w->now;
    invariant_writable(w, h);
    events_unpark(w);
}

void host_off(struct world *w, int h)
{
    struct host *host = &w->hosts[h];
    if (!host->on)
        return;
    TRACE(w, host_name(h), "power off");
    host->on = 0;
    host->frozen = 0;
    if (h < NODES) {
        supervisor_end(w, h, true);
        fencer_end(w, h, true);
        vip_lose(w, h);
        event_drop(w, EV_FSTART, h, 0);
        event_drop(w, EV_ADVERT, h, 0);
        w->nodes[h].keepalived = GONE;
    }
    server_kill(w, h);
    event_drop(w, EV_START, h, 0);
}

void host_on(struct world *w, int h)
{
    struct host *host = &w->hosts[h];
    if (host->on)
        return;
    TRACE(w, host_name(h), "power on");
    host->on = 1;
    host->boot++;
    event_add(w, w->now + random_below(w, 500 * MS), EV_START, h, 0, 0);
    if (h >= NODES)
        return;
    host->offset = (1 + (int64_t)random_below(w, 60)) * S;
    host->origin = w->now;
    w->nodes[h].keepalived = RUNS;
    w->nodes[h].weight_file = -100;
    event_add(w, w->now + random_below(w, S), EV_ADVERT, h, 0, 0);
    event_add(w, w->now + random_below(w, S), EV_FSTART, h, 0, 0);
}

/* ---- choosing ---- */

/* Mostly short, at times longer than a lease and a delay together. */
static int64_t some_time(struct world *w)
{
    switch (random_below(w, 6)) {
    case 0:
        return 1 + random_below(w, 20 * MS);
    case 1:
        return random_below(w, 300 * MS);
    case 2:
        return random_below(w, 1500 * MS);
    case 3:
        return 2 * S + random_below(w, 2 * S);
    case 4:
        return 3 * S + random_below(w, 3 * S);
    default:
        return random_below(w, 12 * S);
    }
}

static void heal_later(struct world *w, enum fault fault, int b, int c, int64_t us)
{
    event_add(w, w->now + us, EV_HEAL, fault, b, (uint32_t)c);
}

static int writer_of(const struct world *w)
{
    for (int n = 0; n < NODES; n++)
        if (w->nodes[n].sup.state != GONE && w->nodes[n].sup.m.state == NODE_WRITER)
            return n;
    return -1;
}

/* Faults of the writer are the interesting ones. */
static int some_node(struct world *w)
{
    int writer = writer_of(w);
    return writer >= 0 && random_below(w, 3) ? writer : (int)random_below(w, NODES);
}

static int hosts_that_matter(const struct world *w)
{
    return w->c.tie == POLICY_TIE_WITNESS ? 3 : 2;
}

/* ---- the network ---- */

static void change_cut(struct world *w, int from, int to, int by)
{
    if (from != to)
        w->cut[from][to] = (uint8_t)(w->cut[from][to] + by);
}

/* What `b` says: a link (from, to), both ways or one; or all that a host hears, or says. */
enum { CUT_BOTH = 0, CUT_ONE, CUT_IN, CUT_OUT, CUT_ALL, CUT_SHAPES };

static void cut_network(struct world *w, int shape, int pair, int by)
{
    int from = pair / HOSTS, to = pair % HOSTS;
    if (shape == CUT_BOTH || shape == CUT_ONE)
        change_cut(w, from, to, by);
    if (shape == CUT_BOTH)
        change_cut(w, to, from, by);
    for (int h = 0; shape >= CUT_IN && h < HOSTS; h++) {
        if (shape != CUT_OUT)
            change_cut(w, h, from, by);
        if (shape != CUT_IN)
            change_cut(w, from, h, by);
    }
}

static void begin_cut(struct world *w)
{
    int from = some_node(w), to = (int)random_below(w, HOSTS), shape = (int)random_below(w, CUT_SHAPES);
    if (to == from)
        to = 1 - from;
    if (shape <= CUT_ONE && random_below(w, 2)) {
        int other = from;
        from = to;
        to = other;
    }
    if (shape > CUT_ONE && from >= NODES)
        from = (int)random_below(w, NODES);
    TRACE(w, "network", "cut: shape %d, host %d, to %d", shape, from, to);
    cut_network(w, shape, from * HOSTS + to, 1);
    heal_later(w, FAULT_CUT, shape, from * HOSTS + to, some_time(w));
}

/* ---- people ---- */

static void kill_some_session(struct world *w)
{
    int s = (int)random_below(w, (uint32_t)hosts_that_matter(w));
    struct server *v = &w->servers[s];
    for (int tries = 0; v->state == RUNS && tries < 8; tries++) {
        int c = (int)random_below(w, CONNS_MAX);
        if (!v->conns[c].used)
            continue;
        TRACE(w, trace_server(s), "somebody kills connection %u (slot %d of %s)", v->conns[c].id,
              v->conns[c].slot, trace_node(v->conns[c].node));
        server_kill_id(w, s, v->conns[c].id);
        return;
    }
}

static void begin_wish(struct world *w, int n, enum operator_want want, int64_t limit)
{
    operator_wants(w, n, want, limit);
    event_add(w, w->now + 20 * MS, EV_OPERATOR, n, 0, 0);
}

static void order_switchover(struct world *w)
{
    int n = (int)random_below(w, NODES);
    struct supervisor *p = &w->nodes[n].sup;
    bool here = p->m.state == NODE_STANDBY && p->facts.value[FACT_PEER_WRITER] == TRI_YES;
    bool away = p->m.state == NODE_WRITER && p->facts.value[FACT_PEER_READY] == TRI_YES;
    if (p->state != RUNS || p->wish || p->facts.value[FACT_MAINTENANCE] == TRI_YES || !(here || away))
        return;
    TRACE(w, trace_node(n), "operator: switchover %s", here ? "to here" : "away");
    begin_wish(w, n, here ? WANT_HERE : WANT_AWAY, 8 * S);
}

static void order_promote(struct world *w, bool after_faults)
{
    int n = (int)random_below(w, NODES);
    struct supervisor *p = &w->nodes[n].sup;
    bool peer_up = p->facts.value[FACT_PEER_UP] == TRI_YES;
    bool off = !w->hosts[1 - n].on && !peer_up && (after_faults || random_below(w, 2));
    if (p->state != RUNS || p->wish || p->facts.value[FACT_MAINTENANCE] == TRI_YES)
        return;
    if (p->m.state != NODE_STANDBY && !node_state_is_promoting(p->m.state))
        return;
    if (!off && p->m.basis.kind == NOTE_NONE && p->q.durable_tie && p->q.tie_mine != TRI_YES && !peer_up)
        return;
    p->o.operator_.accept_loss = after_faults || random_below(w, 2);
    TRACE(w, trace_node(n), "operator: promote%s%s", off ? " --peer-is-off" : "",
          p->o.operator_.accept_loss ? " --accept-loss" : "");
    p->o.operator_.peer_is_off = off;
    p->o.operator_.off_at = off ? (uint64_t)(TIME_OF_DAY + w->now / MS) : 0;
    p->wants_peer_off = off;
    begin_wish(w, n, WANT_HERE, 45 * S);
}

void faults_order_promotion(struct world *w)
{
    for (int tries = 0; tries < 4; tries++)
        order_promote(w, true);
}

static void stop_service(struct world *w)
{
    int n = some_node(w);
    struct fencer *f = &w->nodes[n].fencer;
    if (f->state != RUNS || f->logic.stopping)
        return;
    TRACE(w, trace_node(n), "the service is told to stop");
    fencer_logic_stop(&f->logic, &w->fencer_rules, clock_of(w, n));
    w->nodes[n].sup.o.operator_.stopping = true;
    node_wake(w, n);
    fencer_wake(w, n);
}

/* ---- one fault ---- */

static void begin_block(struct world *w, enum blocker blocker)
{
    int s = some_node(w);
    if (w->servers[s].state != RUNS || (w->servers[s].read_only && blocker == BLOCK_DML))
        return;
    TRACE(w, trace_server(s), "blocked: %s",
          blocker == BLOCK_TABLES ? "LOCK TABLES"
          : blocker == BLOCK_DML  ? "a long statement"
                                  : "FLUSH TABLES WITH READ LOCK");
    w->servers[s].blockers |= (uint8_t)blocker;
    heal_later(w, FAULT_BLOCK, s, blocker, some_time(w));
}

static void begin_stop(struct world *w, bool supervisor, bool fencer)
{
    int n = some_node(w);
    if (supervisor)
        process_stop(w, n, false);
    if (fencer)
        process_stop(w, n, true);
    heal_later(w, FAULT_STOP_SUPERVISOR, n, (supervisor ? 1 : 0) | (fencer ? 2 : 0), some_time(w));
}

/* Between two statements of one tick. */
static void stop_soon(struct world *w)
{
    int n = (int)random_below(w, NODES);
    w->nodes[n].sup.stop_in = (uint8_t)(1 + random_below(w, 12));
    heal_later(w, FAULT_STOP_SUPERVISOR, n, 1, some_time(w));
}

static void kill_both(struct world *w)
{
    int n = some_node(w);
    supervisor_end(w, n, false);
    fencer_end(w, n, false);
}

static void slow_down(struct world *w)
{
    int by = (int)random_below(w, 200);
    w->c.delay_spread += by * MS;
    heal_later(w, FAULT_SLOW, by, 0, some_time(w));
}

static bool is_marked_in(const struct rows *rows)
{
    const struct row *marks = rows->at[NOTE_OUT_OF_SYNC - 1];
    return marks[0].present || marks[1].present;
}

static void restart_server(struct world *w, int s, bool wiped)
{
    server_kill(w, s);
    if (wiped && !is_marked_in(&w->servers[s].rows)) { /* a mark is as safe as the witness's disk */
        memset(&w->servers[s].rows, 0, sizeof(w->servers[s].rows));
        w->wiped = 1;
        TRACE(w, trace_server(s), "has lost its tables");
    }
    event_drop(w, EV_START, s, 0);
    event_add(w, w->now + 20 * MS + some_time(w), EV_START, s, 0, 0);
}

static void stop_applier(struct world *w)
{
    int s = (int)random_below(w, NODES);
    if (!w->servers[s].sql || w->servers[s].state != RUNS)
        return;
    TRACE(w, trace_server(s), "somebody stops the applier");
    w->servers[s].sql = 0;
    heal_later(w, FAULT_APPLIER, s, 0, some_time(w));
}

static void write_here(struct world *w, bool on)
{
    int s = (int)random_below(w, NODES);
    struct server *v = &w->servers[s];
    uint32_t epoch = v->enabled_epoch;
    if (v->state != RUNS || server_is_blocked(v) || v->read_only == on)
        return;
    server_set_read_only(w, s, on, 0);
    if (on)
        v->was_epoch = epoch;
}

static void toggle_maintenance(struct world *w, int n)
{
    struct supervisor *p = &w->nodes[n].sup;
    if (p->state != RUNS)
        return;
    p->o.operator_.maintenance = !p->o.operator_.maintenance;
    TRACE(w, trace_node(n), "operator: maintenance %s", p->o.operator_.maintenance ? "on" : "off");
    node_wake(w, n);
    if (p->o.operator_.maintenance)
        heal_later(w, FAULT_MAINTENANCE, n, 0, some_time(w));
}

static void stop_keepalived(struct world *w, bool kill)
{
    int n = (int)random_below(w, NODES);
    if (w->nodes[n].keepalived != RUNS)
        return;
    TRACE(w, trace_node(n), "keepalived %s", kill ? "is killed" : "stops");
    w->nodes[n].keepalived = kill ? GONE : STOPPED;
    heal_later(w, FAULT_KEEPALIVED, n, 0, some_time(w));
}

static void power(struct world *w)
{
    int h = random_below(w, 5) ? some_node(w) : (int)random_below(w, (uint32_t)hosts_that_matter(w));
    host_off(w, h);
    heal_later(w, FAULT_POWER, h, 0, some_time(w));
}

static void freeze(struct world *w)
{
    int h = random_below(w, 5) ? some_node(w) : (int)random_below(w, (uint32_t)hosts_that_matter(w));
    host_freeze(w, h);
    heal_later(w, FAULT_FREEZE, h, 0, some_time(w));
}

static void stop_server(struct world *w)
{
    int s = random_below(w, 4) ? some_node(w) : (int)random_below(w, (uint32_t)hosts_that_matter(w));
    server_stop(w, s);
    heal_later(w, FAULT_STOP_SERVER, s, 0, some_time(w));
}

static void begin(struct world *w, enum fault fault)
{
    w->tally.faults++;
    switch (fault) {
    case FAULT_KILL_SERVER:
        restart_server(
            w, random_below(w, 4) ? some_node(w) : (int)random_below(w, (uint32_t)hosts_that_matter(w)),
            false);
        break;
    case FAULT_STOP_SERVER:
        stop_server(w);
        break;
    case FAULT_WIPE_WITNESS:
        restart_server(w, 2, random_below(w, 2));
        break;
    case FAULT_KILL_SUPERVISOR:
        supervisor_end(w, some_node(w), false);
        break;
    case FAULT_STOP_SUPERVISOR:
        begin_stop(w, true, false);
        break;
    case FAULT_STOP_WITHIN:
        stop_soon(w);
        break;
    case FAULT_KILL_FENCER:
        fencer_end(w, some_node(w), false);
        break;
    case FAULT_STOP_FENCER:
        begin_stop(w, false, true);
        break;
    case FAULT_STOP_BOTH:
        begin_stop(w, true, true);
        break;
    case FAULT_KILL_BOTH:
        kill_both(w);
        break;
    case FAULT_SERVICE:
        stop_service(w);
        break;
    case FAULT_POWER:
        power(w);
        break;
    case FAULT_FREEZE:
        freeze(w);
        break;
    case FAULT_CUT:
        begin_cut(w);
        break;
    case FAULT_VRRP:
        w->cut_vrrp = 1;
        heal_later(w, FAULT_VRRP, 0, 0, some_time(w));
        break;
    case FAULT_SLOW:
        slow_down(w);
        break;
    case FAULT_KILL_SESSION:
        kill_some_session(w);
        break;
    case FAULT_WRITABLE:
        write_here(w, random_below(w, 2));
        break;
    case FAULT_BLOCK:
        begin_block(w, 1U << random_below(w, 3));
        break;
    case FAULT_APPLIER:
        stop_applier(w);
        break;
    case FAULT_SWITCH:
        w->servers[random_below(w, NODES)].switch_enabled = 0;
        break;
    case FAULT_KEEPALIVED:
        stop_keepalived(w, random_below(w, 2));
        break;
    case FAULT_SWITCHOVER:
        order_switchover(w);
        break;
    case FAULT_PROMOTE:
        order_promote(w, false);
        break;
    case FAULT_MAINTENANCE:
        toggle_maintenance(w, (int)random_below(w, NODES));
        break;
    default:
        break;
    }
}

/* ---- and its end ---- */

static void heal(struct world *w, enum fault fault, int b, int c)
{
    switch (fault) {
    case FAULT_STOP_SERVER:
        server_resume(w, b);
        break;
    case FAULT_STOP_SUPERVISOR:
        w->nodes[b].sup.stop_in = 0;
        if (c & 1)
            process_resume(w, b, false);
        if (c & 2)
            process_resume(w, b, true);
        break;
    case FAULT_POWER:
        /* Who was told that a host is off may rely on it until he is done. */
        if (b < NODES && w->nodes[1 - b].sup.state != GONE && w->nodes[1 - b].sup.wants_peer_off)
            heal_later(w, FAULT_POWER, b, 0, S);
        else
            host_on(w, b);
        break;
    case FAULT_FREEZE:
        host_thaw(w, b);
        break;
    case FAULT_CUT:
        TRACE(w, "network", "heals: shape %d, host %d, to %d", b, c / HOSTS, c % HOSTS);
        cut_network(w, b, c, -1);
        break;
    case FAULT_VRRP:
        w->cut_vrrp = 0;
        break;
    case FAULT_SLOW:
        w->c.delay_spread -= b * MS;
        break;
    case FAULT_BLOCK:
        server_unblock(w, b, (unsigned)c);
        break;
    case FAULT_APPLIER:
        if (w->servers[b].state == RUNS && w->servers[b].io != IO_NO && !w->servers[b].forked)
            w->servers[b].sql = 1;
        flow_soon(w, b, MS);
        break;
    case FAULT_MAINTENANCE:
        if (w->nodes[b].sup.o.operator_.maintenance)
            toggle_maintenance(w, b);
        break;
    case FAULT_KEEPALIVED:
        if (w->hosts[b].on)
            w->nodes[b].keepalived = RUNS;
        events_unpark(w);
        break;
    default:
        break;
    }
}

static void next_fault(struct world *w)
{
    int64_t at = w->now + 1 + random_below(w, (uint32_t)(2 * w->c.mean_fault));
    /* Now and then two or three come together. */
    if (random_below(w, 5) == 0)
        at = w->now + random_below(w, 100 * MS);
    if (at < w->c.calm_from)
        event_add(w, at, EV_FAULT, 0, 0, 0);
}

void faults_take(struct world *w, struct event *e)
{
    if (e->kind == EV_HEAL) {
        heal(w, e->a, e->b, (int)e->gen);
        return;
    }
    if (calm_take(w, e->b))
        return;
    if (w->c.lossless && random_chance(w, 50))
        semi_mischief(w);
    int fault = (int)random_below(w, FAULTS);
    for (int i = 0; i < FAULTS && !(w->c.faults & (1U << fault)); i++)
        fault = (fault + 1) % FAULTS;
    if (w->c.faults & (1U << fault))
        begin(w, fault);
    next_fault(w);
}

void faults_init(struct world *w)
{
    int kinds = 1 + (int)random_below(w, 6);
    if (random_below(w, 8) == 0)
        kinds = 20;
    for (int i = 0; i < kinds; i++)
        w->c.faults |= 1U << random_below(w, FAULTS);
    w->c.mean_fault = 200 * MS + random_below(w, random_below(w, 2) ? 2 * S : 8 * S);
    calm_init(w);
    event_add(w, w->now + (random_below(w, 4) ? 8 * S : 0) + random_below(w, 2 * S), EV_FAULT, 0, 0, 0);
}
