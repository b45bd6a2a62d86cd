/* A fencer around the real fencer_logic. Mirrors daemon/fencer.c, fencer_do.c, fencer_sessions.c and
 * io/death.h: who is told what, in which order, and that messages are drained before anything is judged. */
#include <string.h>

#include "parts.h"

#define ANSWER_MS  10000
#define RELEASE_MS 300

static struct fencer *fencer_of(struct world *w, int n)
{
    return &w->nodes[n].fencer;
}

/* ---- the write lock: session w ---- */

static void ask_lock(struct world *w, int n, enum verb verb)
{
    struct statement st = {.verb = (uint8_t)verb};
    fencer_of(w, n)->lock_busy = 1;
    session_query(w, n, SLOT_F_LOCK, &st, ANSWER_MS);
}

static void take_lock(struct world *w, int n, int64_t limit)
{
    struct fencer *f = fencer_of(w, n);
    f->lock_wanted = 1;
    f->lock_limit = limit;
    if (!session_is_up(w, n, SLOT_F_LOCK))
        session_retry_now(w, n, SLOT_F_LOCK);
    else if (f->lock_busy)
        f->lock_again = 1;
    else
        ask_lock(w, n, f->lock_held ? DO_LOCK_PROOF : DO_LOCK_TAKE);
}

static void release_lock(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    struct statement st = {.verb = DO_LOCK_RELEASE};
    f->lock_wanted = f->lock_again = f->lock_held = 0;
    if (!session_is_up(w, n, SLOT_F_LOCK))
        return;
    if (f->lock_busy)
        session_close(w, n, SLOT_F_LOCK);
    else
        session_query(w, n, SLOT_F_LOCK, &st, RELEASE_MS);
}

static void conclude(struct world *w, int n, const struct answer *a, bool held)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    f->lock_busy = 0;
    f->lock_held = held;
    fencer_logic_lock(&f->logic, &w->fencer_rules, clock_of(w, n), a->sent, held, &todo);
    fencer_say_prepared(w, n, !held);
    fencer_act(w, n, &todo);
    fencer_wake(w, n);
    bool again = f->lock_again && clock_of(w, n) < f->lock_limit;
    f->lock_again = 0;
    if (again)
        take_lock(w, n, f->lock_limit);
}

static void lock_lost(struct world *w, int n)
{
    struct fencer_todo todo = {0};
    fencer_logic_lock_lost(&fencer_of(w, n)->logic, &w->fencer_rules, clock_of(w, n), &todo);
    fencer_act(w, n, &todo);
    fencer_wake(w, n);
}

static void replace_holder(struct world *w, int n, uint32_t holder)
{
    struct statement st = {.verb = DO_LOCK_KILL, .id = holder};
    ask_lock(w, n, DO_LOCK_WAIT);
    session_query(w, n, SLOT_F_KILL, &st, ANSWER_MS);
}

static void lock_replied(struct world *w, int n, const struct statement *st, const struct answer *a)
{
    if (a->status == GOT_LOST || st->verb == DO_LOCK_RELEASE)
        return;
    if (st->verb == DO_LOCK_TAKE && !a->got)
        ask_lock(w, n, DO_LOCK_HOLDER);
    else if (st->verb == DO_LOCK_HOLDER && a->holder && a->holder_fencer)
        replace_holder(w, n, a->holder);
    else
        conclude(w, n, a, st->verb == DO_LOCK_PROOF ? a->mine : a->got);
}

/* ---- the server ---- */

static void observed(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    fencer_logic_observe(&f->logic, &f->view, &todo);
    fencer_act(w, n, &todo);
    fencer_wake(w, n);
}

static void ping(struct world *w, int n)
{
    struct statement st = {.verb = DO_PING};
    struct fencer *f = fencer_of(w, n);
    if (!session_is_up(w, n, SLOT_F_KILL) || session_of(w, n, SLOT_F_KILL)->queued)
        return;
    fencer_logic_asked(&f->logic, clock_of(w, n));
    session_query(w, n, SLOT_F_KILL, &st, ANSWER_MS);
}

static void watched(struct world *w, int n, const struct statement *st, const struct answer *a)
{
    struct fencer *f = fencer_of(w, n);
    if (a->status == GOT_LOST)
        return;
    fencer_logic_answered(&f->logic);
    if (st->verb == DO_IDENTIFY) {
        f->attached = w->servers[n].life;
        f->view.pid = f->attached;
        f->view.alive = TRI_YES;
        f->view.certifiable = TRI_YES;
    } else if (a->status == GOT_OK) {
        f->view.read_only = tri_from(a->read_only);
        f->view.read_us = a->sent;
    }
    observed(w, n);
    if (st->verb == DO_IDENTIFY)
        ping(w, n);
}

void fencer_server_died(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    if (f->state == GONE)
        return;
    struct event *e = event_add(w, w->now + 300 + random_below(w, 4 * MS), EV_DEATH, n, 0, f->gen);
    e->x = w->servers[n].life;
}

static void saw_death(struct world *w, int n, unsigned life)
{
    struct fencer *f = fencer_of(w, n);
    bool readable = w->servers[n].life == life;
    if (f->attached != life || f->view.alive != TRI_YES)
        return;
    f->dead = (struct told){.pid = (uint16_t)life,
                            .file = (uint16_t)(readable ? life : 0),
                            .size = readable ? w->servers[n].applied : 0};
    f->view.alive = TRI_NO;
    f->view.read_only = TRI_UNKNOWN;
    fencer_say_dead(w, n);
    if (f->ladder.active)
        ladder_step(w, n, true);
    observed(w, n);
}

void fencer_came(struct world *w, int n, int slot)
{
    struct fencer *f = fencer_of(w, n);
    struct statement st = {.verb = DO_IDENTIFY};
    if (slot == SLOT_F_KILL) {
        fencer_logic_asked(&f->logic, clock_of(w, n));
        session_query(w, n, SLOT_F_KILL, &st, ANSWER_MS);
    } else if (slot == SLOT_F_LOCK && f->lock_wanted) {
        lock_lost(w, n);
    }
}

void fencer_went(struct world *w, int n, int slot)
{
    struct fencer *f = fencer_of(w, n);
    if (slot == SLOT_F_KILL) {
        fencer_logic_asked(&f->logic, clock_of(w, n));
        f->view.read_only = TRI_UNKNOWN;
        observed(w, n);
    } else if (slot == SLOT_F_LOCK) {
        bool mattered = f->lock_held || f->lock_busy;
        f->lock_held = f->lock_busy = f->lock_again = 0;
        if (mattered)
            lock_lost(w, n);
    }
}

void fencer_replied(struct world *w, int n, int slot, const struct statement *st, const struct answer *a)
{
    bool climbs = st->verb >= DO_SET_RO && st->verb <= DO_KILL_ALL;
    if (climbs)
        ladder_replied(w, n, true, st, a);
    else if (slot == SLOT_F_LOCK)
        lock_replied(w, n, st, a);
    else if (st->verb == DO_PING || st->verb == DO_IDENTIFY)
        watched(w, n, st, a);
}

/* ---- doing what the logic says ---- */

void fencer_ladder_ended(struct world *w, int n, bool proven)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    fencer_logic_fenced(&f->logic, clock_of(w, n), proven, &todo);
    fencer_act(w, n, &todo);
    fencer_say_fenced(w, n, proven);
    ping(w, n);
    fencer_wake(w, n);
}

static void start_ladder(struct world *w, int n, bool kill_first, const char *reason)
{
    struct fencer *f = fencer_of(w, n);
    unsigned rungs = RUNG_KILL;
    if (f->ladder.active)
        return;
    if (!kill_first || f->logic.server.certifiable != TRI_YES)
        rungs |= RUNG_CUT | RUNG_SET | RUNG_SWEEP;
    TRACE(w, trace_node(n), "the fencer fences: %s", reason ? reason : "");
    ladder_start(w, n, true, rungs);
}

static void start_child(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    fencer_logic_child_started(&f->logic, clock_of(w, n));
    event_add(w, w->now + 3 * MS + random_below(w, 15 * MS), EV_BORN, n, 0, f->gen);
}

void fencer_act(struct world *w, int n, const struct fencer_todo *todo)
{
    unsigned what = todo->what;
    if (what & FENCER_DO_RELEASE_LOCK) {
        fencer_say_prepared(w, n, true);
        release_lock(w, n);
    }
    if (what & FENCER_DO_TAKE_LOCK)
        take_lock(w, n, fencer_logic_lock_limit_us(&fencer_of(w, n)->logic, &w->fencer_rules));
    if (what & FENCER_DO_FENCE)
        start_ladder(w, n, (what & FENCER_DO_KILL_SERVER) != 0, todo->reason);
    if (what & FENCER_DO_WEIGHT)
        vip_weight(w, n, todo->weight);
    if (what & FENCER_DO_KILL_CHILD)
        supervisor_end(w, n, false);
    if (what & FENCER_DO_START_CHILD)
        start_child(w, n);
    if (what & FENCER_DO_REPORT)
        fencer_say_state(w, n, 0);
    if (what & FENCER_DO_EXIT)
        fencer_end(w, n, false);
}

/* ---- judging ---- */

static void set_alarm(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    int64_t next = fencer_logic_next_us(&f->logic, &w->fencer_rules);
    if (next == f->alarm_at)
        return;
    f->alarm_at = next;
    event_drop(w, EV_JUDGE, n, 1);
    if (next)
        event_add(w, clock_to_world(w, n, next), EV_JUDGE, n, 1, f->gen);
}

void fencer_wake(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    if (f->state == GONE)
        return;
    set_alarm(w, n);
    if (f->judging)
        return;
    f->judging = 1;
    int64_t late = random_chance(w, w->c.slow_steps) ? random_below(w, 20 * MS) : 5 + random_below(w, 20);
    event_add(w, w->now + late, EV_JUDGE, n, 0, f->gen);
}

static void judge(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    while (fencer_hear_one(w, n))
        ;
    fencer_logic_tick(&f->logic, &w->fencer_rules, clock_of(w, n), &todo);
    fencer_act(w, n, &todo);
    if (f->state != GONE)
        set_alarm(w, n);
}

static void on_period(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    event_add(w, w->now + w->fencer_rules.renew_ms * MS, EV_FPERIOD, n, 0, f->gen);
    if (!f->ladder.active)
        ping(w, n);
    if (fencer_logic_is_armed(&f->logic))
        fencer_say_state(w, n, 0);
    fencer_wake(w, n);
}

/* ---- life ---- */

void fencer_child_ended(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    if (f->state != GONE)
        event_add(w, w->now + 200 + random_below(w, MS), EV_BURIED, n, 0, f->gen);
}

static void bury(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    while (fencer_hear_one(w, n))
        ;
    fencer_logic_child_ended(&f->logic, clock_of(w, n), &todo);
    fencer_act(w, n, &todo);
    fencer_wake(w, n);
}

void fencer_start(struct world *w, int n)
{
    struct fencer *f = fencer_of(w, n);
    uint32_t gen = f->gen + 1;
    if (f->state != GONE || !w->hosts[n].on)
        return;
    if (w->nodes[n].sup.state != GONE) { /* the node's lock is still its */
        event_add(w, w->now + 100 * MS, EV_FSTART, n, 0, 0);
        return;
    }
    if (invariant_unattended(w, n))
        w->servers[n].unattended_at = w->now;
    memset(f, 0, sizeof(*f));
    f->gen = gen;
    f->state = RUNS;
    TRACE(w, trace_node(n), "the fencer starts");
    w->nodes[n].to_fencer = (struct talk){0};
    fencer_logic_init(&f->logic, clock_of(w, n));
    session_open(w, n, SLOT_F_LOCK, n, 250);
    session_open(w, n, SLOT_F_SET, n, 250);
    session_open(w, n, SLOT_F_KILL, n, 250);
    vip_weight(w, n, -100);
    event_add(w, w->now + w->fencer_rules.renew_ms * MS, EV_FPERIOD, n, 0, gen);
    fencer_wake(w, n);
}

/* It dies; the service is started again after a while. */
void fencer_end(struct world *w, int n, bool off)
{
    struct fencer *f = fencer_of(w, n);
    struct supervisor *p = &w->nodes[n].sup;
    if (f->state == GONE)
        return;
    TRACE(w, trace_node(n), "the fencer ends");
    f->state = GONE;
    f->gen++;
    f->alarm_at = 0;
    ladder_free(&f->ladder);
    sessions_abandon(w, n, SLOT_F_LOCK, SLOTS, off);
    w->servers[n].unwatched |= w->servers[n].state == STOPPED;
    if (off)
        return;
    if (p->state != GONE)
        event_add(w, w->now + 50, EV_HEAR, n, 1, p->gen);
    event_add(w, w->now + 100 * MS + random_below(w, 3 * S), EV_FSTART, n, 0, 0);
}

void fencer_take(struct world *w, struct event *e)
{
    int n = e->a;
    struct fencer *f = fencer_of(w, n);
    if (e->kind == EV_FSTART) {
        fencer_start(w, n);
        return;
    }
    if (f->state == GONE || e->gen != f->gen)
        return;
    switch (e->kind) {
    case EV_ORDER:
        fencer_hear_one(w, n);
        break;
    case EV_JUDGE:
        if (e->b)
            f->alarm_at = 0;
        else
            f->judging = 0;
        judge(w, n);
        break;
    case EV_FPERIOD:
        on_period(w, n);
        break;
    case EV_FRUNG:
        ladder_step(w, n, true);
        break;
    case EV_DEATH:
        saw_death(w, n, e->x);
        break;
    case EV_BORN:
        w->nodes[n].to_fencer = (struct talk){0};
        supervisor_start(w, n);
        break;
    default:
        bury(w, n);
    }
}
