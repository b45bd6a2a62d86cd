/* A fencer around the real fencer_logic. Mirrors daemon/fencer.c, fencer_talk.c, fencer_sessions.c and
 * io/death.h: who is told what, in which order, and that messages are drained before anything is judged. */
#include <string.h>

#include "parts.h"
#include "wire/fencer_proto.h"

#define ANSWER_MS  10000
#define RELEASE_MS 300

static struct fencer *fencer_of(struct world *w, int n)
{
    return &w->nodes[n].fencer;
}

static void act(struct world *w, int n, const struct fencer_todo *todo);

/* ---- the conversation ---- */

bool fencer_hears(struct world *w, int n, const struct told *m)
{
    struct talk *t = &w->nodes[n].to_fencer;
    struct fencer *f = fencer_of(w, n);
    if (f->state == GONE || t->count == TALK_MAX)
        return false;
    t->at[(t->first + t->count++) % TALK_MAX] = *m;
    event_add(w, w->now + 10 + random_below(w, 20), EV_ORDER, n, 0, f->gen);
    return true;
}

static void say(struct world *w, int n, const struct told *m)
{
    struct talk *t = &w->nodes[n].to_child;
    struct supervisor *p = &w->nodes[n].sup;
    if (p->state == GONE || t->count == TALK_MAX)
        return;
    t->at[(t->first + t->count++) % TALK_MAX] = *m;
    event_add(w, w->now + 10 + random_below(w, 20), EV_HEAR, n, 0, p->gen);
}

static struct told state_now(struct world *w, int n, int kind, uint64_t seq)
{
    const struct fencer_logic *l = &fencer_of(w, n)->logic;
    return (struct told){.kind = (uint8_t)kind,
                         .seq = seq,
                         .epoch = l->term.epoch,
                         .deadline = l->term.deadline_us,
                         .votes = l->term.votes,
                         .can_take = l->term.peer_can_take_vip,
                         .pid = (uint16_t)l->server.pid,
                         .read_only = (uint8_t)l->server.read_only,
                         .write_lock = (uint8_t)fencer_logic_write_lock(l, &w->fencer_rules, clock_of(w, n)),
                         .alive = (uint8_t)l->server.alive,
                         .certifiable = (uint8_t)l->server.certifiable,
                         .fencing = l->fencing};
}

static void say_state(struct world *w, int n, uint64_t seq)
{
    struct told m = state_now(w, n, FENCER_STATE, seq);
    say(w, n, &m);
}

static void acknowledge(struct world *w, int n, uint64_t seq, bool refused)
{
    struct told m = state_now(w, n, FENCER_ACK, seq);
    if (refused)
        m.deadline = 0;
    say(w, n, &m);
}

static void say_prepared(struct world *w, int n, bool refused)
{
    struct fencer *f = fencer_of(w, n);
    if (!f->prepare_seq)
        return;
    struct told m = state_now(w, n, FENCER_ACK, f->prepare_seq);
    if (refused)
        m.write_lock = TRI_NO;
    f->prepare_seq = 0;
    say(w, n, &m);
}

static void say_dead(struct world *w, int n)
{
    struct told m = state_now(w, n, FENCER_DEAD, 0);
    m.pid = fencer_of(w, n)->dead.pid;
    m.size = fencer_of(w, n)->dead.size;
    m.file = fencer_of(w, n)->dead.file;
    say(w, n, &m);
}

static void greet(struct world *w, int n, uint64_t seq)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    fencer_logic_hello(&f->logic, &todo);
    todo.what &= ~(unsigned)FENCER_DO_REPORT;
    say_state(w, n, seq);
    if (f->logic.server.alive == TRI_NO && f->dead.pid == f->logic.server.pid)
        say_dead(w, n);
    act(w, n, &todo);
}

static void hear_prepare(struct world *w, int n, const struct told *m)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    say_prepared(w, n, true);
    fencer_logic_prepare(&f->logic, &w->fencer_rules, clock_of(w, n), m->epoch, &todo);
    f->prepare_seq = m->seq;
    if (todo.what & FENCER_DO_REFUSE)
        say_prepared(w, n, true);
    act(w, n, &todo);
}

static void hear_arm(struct world *w, int n, const struct told *m)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_arm_order order = {m->epoch, m->deadline, m->votes, m->can_take, m->renewed};
    struct fencer_todo todo = {0};
    fencer_logic_arm(&f->logic, &w->fencer_rules, clock_of(w, n), &order, &todo);
    fencer_wake(w, n);
    acknowledge(w, n, m->seq, (todo.what & FENCER_DO_REFUSE) != 0);
    act(w, n, &todo);
}

static void hear(struct world *w, int n, const struct told *m)
{
    struct fencer *f = fencer_of(w, n);
    struct fencer_todo todo = {0};
    switch (m->kind) {
    case FENCER_HELLO:
        greet(w, n, m->seq);
        break;
    case FENCER_PREPARE:
        hear_prepare(w, n, m);
        break;
    case FENCER_ARM:
        hear_arm(w, n, m);
        break;
    case FENCER_DISARM:
        fencer_logic_disarm(&f->logic, clock_of(w, n), &todo);
        acknowledge(w, n, m->seq, false);
        act(w, n, &todo);
        break;
    case FENCER_FENCE:
        f->fence_seq = m->seq;
        fencer_logic_fence(&f->logic, "asked for", &todo);
        acknowledge(w, n, m->seq, false);
        act(w, n, &todo);
        break;
    default:
        break;
    }
    fencer_wake(w, n);
}

static bool hear_one(struct world *w, int n)
{
    struct talk *t = &w->nodes[n].to_fencer;
    if (!t->count)
        return false;
    struct told m = t->at[t->first];
    t->first = (uint8_t)((t->first + 1) % TALK_MAX);
    t->count--;
    hear(w, n, &m);
    return true;
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
    say_prepared(w, n, !held);
    act(w, n, &todo);
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
    act(w, n, &todo);
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
    act(w, n, &todo);
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
    say_dead(w, n);
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
    act(w, n, &todo);
    struct told m = state_now(w, n, FENCER_FENCED, f->fence_seq);
    m.ok = proven;
    if (proven)
        f->fence_seq = 0;
    say(w, n, &m);
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

static void act(struct world *w, int n, const struct fencer_todo *todo)
{
    unsigned what = todo->what;
    if (what & FENCER_DO_RELEASE_LOCK) {
        say_prepared(w, n, true);
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
        say_state(w, n, 0);
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
    while (hear_one(w, n))
        ;
    fencer_logic_tick(&f->logic, &w->fencer_rules, clock_of(w, n), &todo);
    act(w, n, &todo);
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
        say_state(w, n, 0);
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
    while (hear_one(w, n))
        ;
    fencer_logic_child_ended(&f->logic, clock_of(w, n), &todo);
    act(w, n, &todo);
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
        hear_one(w, n);
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
