/* What only stories tell: moves that are no choice of the explorer. */
#include <string.h>

#include "story.h"

#define TIME_OF_DAY 5000 /* ms; above all epochs that a story comes to by itself */

static void stop_both(struct world *w, int n)
{
    process_stop(w, n, false);
    process_stop(w, n, true);
}

static void resume_both(struct world *w, int n)
{
    process_resume(w, n, false);
    process_resume(w, n, true);
}

static void stop_enabling(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_ENABLE;
}

static void stop_enabled(struct world *w, int n)
{
    w->nodes[n].sup.stop_after = DO_ENABLE;
}

static void enable_late(struct world *w, int n)
{
    w->servers[n].late = LATE_COMES;
}

static void enable_between(struct world *w, int n)
{
    w->servers[n].late = LATE_BETWEEN;
}

static void stop_promising(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_PROMISE;
}

static void stop_releasing(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_RELEASE;
}

static void stop_witness(struct world *w, int n)
{
    (void)n;
    server_stop(w, 2);
}

static void resume_witness(struct world *w, int n)
{
    (void)n;
    server_resume(w, 2);
}

static void kill_write_session(struct world *w, int n)
{
    struct server *v = &w->servers[n];
    if (v->locks[LOCK_WRITE])
        server_kill_id(w, n, v->conns[v->locks[LOCK_WRITE] - 1].id);
}

static void kill_here(struct world *w, int n)
{
    struct server *v = &w->servers[n];
    if (v->locks[LOCK_VOTE])
        server_kill_id(w, n, v->conns[v->locks[LOCK_VOTE] - 1].id);
}

static void make_writable(struct world *w, int n)
{
    if (w->servers[n].state == RUNS)
        server_set_read_only(w, n, false, 0);
}

static void kill_at_witness(struct world *w, int n)
{
    (void)n;
    kill_here(w, 2);
}

static void block(struct world *w, int n)
{
    w->servers[n].blockers |= BLOCK_DML;
}

static void unblock(struct world *w, int n)
{
    server_unblock(w, n, BLOCK_DML);
}

static void lock_tables(struct world *w, int n)
{
    w->servers[n].blockers |= BLOCK_TABLES;
}

static void unlock_tables(struct world *w, int n)
{
    server_unblock(w, n, BLOCK_TABLES);
    flow_soon(w, n, MS);
}

static void no_switch(struct world *w, int n)
{
    w->servers[n].switch_enabled = 0;
}

static void stop_applier(struct world *w, int n)
{
    w->servers[n].sql = 0;
}

static void start_applier(struct world *w, int n)
{
    if (w->servers[n].state == RUNS && w->servers[n].io != IO_NO && !w->servers[n].forked)
        w->servers[n].sql = 1;
    flow_soon(w, n, MS);
}

static void stop_receiver(struct world *w, int n)
{
    w->servers[n].io = IO_NO;
}

static void start_receiver(struct world *w, int n)
{
    if (w->servers[n].state == RUNS)
        flow_start(w, n, true, w->servers[n].sql);
}

/* An operator who has read the refusal, and accepts the loss. */
static void order_promotion(struct world *w, int n)
{
    w->nodes[n].sup.o.operator_.accept_loss = true;
    operator_wants(w, n, WANT_HERE, 45 * S);
    event_add(w, w->now + 20 * MS, EV_OPERATOR, n, 0, 0);
}

static void restart_server(struct world *w, int n)
{
    server_kill(w, n);
    event_drop(w, EV_START, n, 0);
    event_add(w, w->now + 20 * MS, EV_START, n, 0, 0);
}

static void restart_witness(struct world *w, int n)
{
    (void)n;
    restart_server(w, 2);
}

static void slow(struct world *w, int n)
{
    (void)n;
    w->c.delay_spread += 300 * MS;
}

static void quick(struct world *w, int n)
{
    (void)n;
    w->c.delay_spread -= 300 * MS;
}

/* ---- a supervisor that stands still amid something ---- */

static void stop_reclaiming(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_RECLAIM;
}

static void stop_marking(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_MARK;
}

static void stop_clearing(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_CLEAR_MARK;
}

static void stop_renewing(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_RENEW;
}

static void stop_looking(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_LOOK;
}

static void stop_term(struct world *w, int n)
{
    w->nodes[n].sup.stop_before = DO_TERM;
}

static void stop_promised(struct world *w, int n)
{
    w->nodes[n].sup.stop_after = DO_PROMISE;
}

static void stop_released(struct world *w, int n)
{
    w->nodes[n].sup.stop_after = DO_RELEASE;
}

static void stop_soon(struct world *w, int n)
{
    w->nodes[n].sup.stop_in = (uint8_t)(1 + random_below(w, 12));
}

/* ---- sessions, services, keepalived ---- */

static void kill_slot(struct world *w, int n, int slot)
{
    struct server *v = &w->servers[n];
    for (int c = 0; c < CONNS_MAX; c++)
        if (v->state == RUNS && v->conns[c].used && v->conns[c].local && v->conns[c].slot == slot)
            server_kill_id(w, n, v->conns[c].id);
}

static void kill_control(struct world *w, int n)
{
    kill_slot(w, n, SLOT_CONTROL);
}

static void kill_fencers(struct world *w, int n)
{
    for (int slot = SLOT_F_LOCK; slot < SLOTS; slot++)
        kill_slot(w, n, slot);
}

static void stop_service(struct world *w, int n)
{
    struct fencer *f = &w->nodes[n].fencer;
    fencer_logic_stop(&f->logic, &w->fencer_rules, clock_of(w, n));
    w->nodes[n].sup.o.operator_.stopping = true;
    node_wake(w, n);
    fencer_wake(w, n);
}

static bool service_runs(const struct world *w, int n)
{
    return host_runs(w, n) && w->nodes[n].fencer.state == RUNS && !w->nodes[n].fencer.logic.stopping;
}

static void cut_vrrp(struct world *w, int n)
{
    (void)n;
    w->cut_vrrp = 1;
}

static void heal_vrrp(struct world *w, int n)
{
    (void)n;
    w->cut_vrrp = 0;
}

/* ---- operators, who may only what the control socket lets them (daemon/control_wish.c) ---- */

static bool may_wish(const struct world *w, int n)
{
    const struct supervisor *p = &w->nodes[n].sup;
    return host_runs(w, n) && p->state == RUNS && !p->wish && p->facts.value[FACT_MAINTENANCE] != TRI_YES;
}

static bool may_promote(const struct world *w, int n)
{
    const struct supervisor *p = &w->nodes[n].sup;
    bool third = !p->q.durable_tie || p->q.tie_mine == TRI_YES || p->m.basis.kind != NOTE_NONE;
    return may_wish(w, n) && (p->m.state == NODE_STANDBY || node_state_is_promoting(p->m.state)) &&
           (third || p->facts.value[FACT_PEER_UP] == TRI_YES);
}

static bool may_ask(const struct world *w, int n)
{
    const struct supervisor *p = &w->nodes[n].sup;
    return may_wish(w, n) && p->m.state == NODE_STANDBY && p->facts.value[FACT_PEER_WRITER] == TRI_YES;
}

static bool may_declare(const struct world *w, int n)
{
    const struct supervisor *p = &w->nodes[n].sup;
    return may_wish(w, n) && (p->m.state == NODE_STANDBY || node_state_is_promoting(p->m.state)) &&
           !w->hosts[1 - n].on && p->facts.value[FACT_PEER_UP] != TRI_YES;
}

static void ask_for(struct world *w, int n)
{
    order_promotion(w, n);
    w->nodes[n].sup.o.operator_.accept_loss = false;
    w->nodes[n].sup.wish_until = 8 * S;
}

static void declare_off(struct world *w, int n)
{
    struct supervisor *p = &w->nodes[n].sup;
    order_promotion(w, n);
    p->o.operator_.peer_is_off = true;
    p->o.operator_.off_at = (uint64_t)(TIME_OF_DAY + w->now / MS);
    p->wants_peer_off = true;
}

static bool supervisor_runs(const struct world *w, int n)
{
    return host_runs(w, n) && w->nodes[n].sup.state == RUNS;
}

static void maintain(struct world *w, int n)
{
    w->nodes[n].sup.o.operator_.maintenance = true;
    node_wake(w, n);
}

static void end_maintenance(struct world *w, int n)
{
    w->nodes[n].sup.o.operator_.maintenance = false;
    node_wake(w, n);
}

/* ---- servers ---- */

static bool server_runs(const struct world *w, int n)
{
    return host_runs(w, n) && w->servers[n].state == RUNS;
}

static bool may_be_opened(const struct world *w, int n)
{
    return server_runs(w, n) && !server_is_blocked(&w->servers[n]) && w->servers[n].read_only;
}

static bool is_written(const struct world *w, int n)
{
    return server_runs(w, n) && !w->servers[n].read_only;
}

static void close_server(struct world *w, int n)
{
    uint32_t epoch = w->servers[n].enabled_epoch;
    server_set_read_only(w, n, true, 0);
    w->servers[n].was_epoch = epoch;
}

static bool may_be_closed(const struct world *w, int n)
{
    return is_written(w, n) && !server_is_blocked(&w->servers[n]);
}

static bool has_write_lock(const struct world *w, int n)
{
    return server_runs(w, n) && w->servers[n].locks[LOCK_WRITE];
}

static bool receives(const struct world *w, int n)
{
    return server_runs(w, n) && w->servers[n].io != IO_NO;
}

static bool applies(const struct world *w, int n)
{
    return server_runs(w, n) && w->servers[n].sql;
}

static void flush(struct world *w, int n)
{
    w->servers[n].blockers |= BLOCK_FTWRL;
}

static void end_flush(struct world *w, int n)
{
    server_unblock(w, n, BLOCK_FTWRL);
}

static bool has_witness(const struct world *w, int n)
{
    (void)n;
    return w->c.tie == POLICY_TIE_WITNESS && w->hosts[2].on && w->servers[2].state != GONE;
}

static bool witness_is_held(const struct world *w, int n)
{
    return has_witness(w, n) && w->servers[2].locks[LOCK_VOTE];
}

static void pass(struct world *w, int n)
{
    (void)w;
    (void)n;
}

#define BOTH(name, possible, make)                                                                           \
    {name " mx1", 0, 0, possible, make},                                                                     \
    {                                                                                                        \
        name " mx2", 0, 1, possible, make                                                                    \
    }

static const struct move own_moves[] = {
    BOTH("stop both of", host_runs, stop_both),
    BOTH("resume both of", host_runs, resume_both),
    BOTH("at its next enabling stop", supervisor_runs, stop_enabling),
    BOTH("once its next enabling is sent stop both of", supervisor_runs, stop_enabled),
    BOTH("its next enabling comes late at", server_runs, enable_late),
    BOTH("its next enabling stands still after its check at", server_runs, enable_between),
    BOTH("at its next promise stop", supervisor_runs, stop_promising),
    BOTH("once its next promise is sent stop both of", supervisor_runs, stop_promised),
    BOTH("at its next release stop", supervisor_runs, stop_releasing),
    BOTH("once its next release is sent stop both of", supervisor_runs, stop_released),
    BOTH("at its next taking back stop", supervisor_runs, stop_reclaiming),
    BOTH("at its next mark stop", supervisor_runs, stop_marking),
    BOTH("at its next clearing of marks stop", supervisor_runs, stop_clearing),
    BOTH("at its next renewal stop", supervisor_runs, stop_renewing),
    BOTH("at its next look at a holder stop", supervisor_runs, stop_looking),
    BOTH("at its next term stop", supervisor_runs, stop_term),
    BOTH("some statements later stop", supervisor_runs, stop_soon),
    {"stop the witness", 0, 0, has_witness, stop_witness},
    {"resume the witness", 0, 0, has_witness, resume_witness},
    {"bounce the witness", 0, 0, has_witness, restart_witness},
    {"take the vote's session at the witness", 0, 0, witness_is_held, kill_at_witness},
    BOTH("take the vote's session at", server_runs, kill_here),
    BOTH("kill the session of the write lock at", has_write_lock, kill_write_session),
    BOTH("kill the fencer's sessions at", server_runs, kill_fencers),
    BOTH("kill the control session at", server_runs, kill_control),
    BOTH("a long statement at", is_written, block),
    BOTH("end the statement at", server_runs, unblock),
    BOTH("lock the tables at", server_runs, lock_tables),
    BOTH("unlock the tables at", server_runs, unlock_tables),
    BOTH("flush the tables at", server_runs, flush),
    BOTH("end the flush at", server_runs, end_flush),
    BOTH("disable the switch of", server_runs, no_switch),
    BOTH("make writable", may_be_opened, make_writable),
    BOTH("make read-only", may_be_closed, close_server),
    BOTH("stop the applier of", applies, stop_applier),
    BOTH("start the applier of", server_runs, start_applier),
    BOTH("stop the receiver of", receives, stop_receiver),
    BOTH("start the receiver of", server_runs, start_receiver),
    BOTH("order a promotion at", may_promote, order_promotion),
    BOTH("ask for a switchover at", may_ask, ask_for),
    BOTH("declare the other off at", may_declare, declare_off),
    BOTH("maintain", supervisor_runs, maintain),
    BOTH("end the maintenance of", supervisor_runs, end_maintenance),
    BOTH("restart the service of", service_runs, stop_service),
    BOTH("bounce the server of", server_runs, restart_server),
    {"cut vrrp", 0, 0, NULL, cut_vrrp},
    {"heal vrrp", 0, 0, NULL, heal_vrrp},
    {"slow the network", 0, 0, NULL, slow},
    {"quicken the network", 0, 0, NULL, quick},
    {"wait", 0, 0, NULL, pass},
};

#define OWN_MOVES (int)(sizeof(own_moves) / sizeof(own_moves[0]))

const struct move *story_move_at(int i)
{
    if (i < OWN_MOVES)
        return &own_moves[i];
    return i - OWN_MOVES < explore_move_count ? &explore_moves[i - OWN_MOVES] : NULL;
}

const struct move *story_move_named(const char *name)
{
    for (int i = 0; story_move_at(i); i++)
        if (!strcmp(story_move_at(i)->name, name))
            return story_move_at(i);
    return NULL;
}
