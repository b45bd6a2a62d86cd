#include "model/fencer_logic.h"

#include <string.h>

#include "base/clock.h"

#define WEIGHT_UNFIT        (-100)
#define WEIGHT_FAULT        (-254)
#define WEIGHT_FAULT_US     CLOCK_MS(2000)
#define BACKOFF_FIRST_MS    100
#define BACKOFF_MAX_MS      5000
#define BACKOFF_ARMED_MS    250
#define CHILD_LASTED_US     CLOCK_MS(10000)
#define CHILD_KILL_AGAIN_US CLOCK_MS(1000)
#define RETRY_FIRST_MS      250
#define RETRY_MAX_MS        2000

static void add(struct fencer_todo *todo, unsigned what)
{
    todo->what |= what;
}

static void refuse(struct fencer_todo *todo, const char *reason)
{
    todo->what |= FENCER_DO_REFUSE;
    todo->reason = reason;
}

static void set_weight(struct fencer_todo *todo, int weight)
{
    todo->what |= FENCER_DO_WEIGHT;
    todo->weight = weight;
}

static void start_fence(struct fencer_logic *l, unsigned how, const char *reason, struct fencer_todo *todo)
{
    if (l->fencing)
        return;
    l->fencing = true;
    l->retry_us = 0;
    l->prepared_us = 0;
    l->lock_until_us = 0;
    if (l->term.epoch > l->ended_epoch)
        l->ended_epoch = l->term.epoch;
    todo->what |= FENCER_DO_FENCE | FENCER_DO_RELEASE_LOCK | FENCER_DO_REPORT | how;
    todo->reason = reason;
}

static void end_term(struct fencer_logic *l, int64_t now_us)
{
    l->term.deadline_us = 0;
    l->term.votes = 0;
    l->unarmed_us = now_us;
    l->prepared_us = 0;
    l->lock_until_us = 0;
}

void fencer_logic_init(struct fencer_logic *l, int64_t now_us)
{
    memset(l, 0, sizeof(*l));
    l->child_start_us = now_us;
    l->ticked_us = now_us;
}

bool fencer_logic_is_armed(const struct fencer_logic *l)
{
    return l->term.deadline_us != 0;
}

int64_t fencer_logic_lock_limit_us(const struct fencer_logic *l, const struct fencer_rules *r)
{
    if (l->fencing)
        return 0;
    return fencer_logic_is_armed(l) ? l->renewed_us + CLOCK_MS(r->takeover_ms - r->epsilon_ms)
                                    : l->prepared_us;
}

static bool may_touch_lock(const struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us)
{
    return now_us < fencer_logic_lock_limit_us(l, r);
}

/* Its idleness may count from too late: the server hung with our statement, or the term rests on a renewal
 * from long before the PREPARE. A newer renewal mends that. */
static bool is_lock_late(const struct fencer_logic *l, const struct fencer_rules *r)
{
    return l->lock_until_us && fencer_logic_is_armed(l) && l->touched_us > fencer_logic_lock_limit_us(l, r);
}

static int64_t late_lock_ends_us(const struct fencer_logic *l, const struct fencer_rules *r)
{
    return is_lock_late(l, r) ? l->touched_us + CLOCK_MS(r->renew_ms) : 0;
}

enum tri fencer_logic_write_lock(const struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us)
{
    if (now_us < l->lock_until_us && !is_lock_late(l, r))
        return TRI_YES;
    return l->lock_lost ? TRI_NO : TRI_UNKNOWN;
}

/* ---- the child's messages ---- */

void fencer_logic_hello(struct fencer_logic *l, struct fencer_todo *todo)
{
    l->weight_us = 0; /* the weight is the child's again */
    add(todo, FENCER_DO_REPORT);
}

static bool may_begin(const struct fencer_logic *l, uint64_t epoch, struct fencer_todo *todo)
{
    if (l->fencing)
        refuse(todo, "a fence is under way");
    else if (epoch <= l->ended_epoch)
        refuse(todo, "this epoch ended by a fence");
    else if (epoch < l->term.epoch)
        refuse(todo, "a later epoch was seen here");
    return !(todo->what & FENCER_DO_REFUSE);
}

void fencer_logic_prepare(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                          uint64_t epoch, struct fencer_todo *todo)
{
    l->weight_us = 0;
    if (!may_begin(l, epoch, todo))
        return;
    if (fencer_logic_is_armed(l)) {
        /* The dead-man's switch counts from the lock: under a term it is as old as what the term rests on. */
        refuse(todo, "only a renewal renews the write lock of a term");
        return;
    }
    l->prepared_us = now_us + CLOCK_MS(r->lease_ms);
    add(todo, FENCER_DO_TAKE_LOCK);
}

void fencer_logic_arm(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                      const struct fencer_arm_order *arm, struct fencer_todo *todo)
{
    int64_t longest = now_us + CLOCK_MS(r->lease_ms);
    l->weight_us = 0;
    if (!may_begin(l, arm->epoch, todo))
        return;
    if (!fencer_logic_is_armed(l) && arm->deadline_us <= now_us) {
        refuse(todo, "its deadline has passed");
        return;
    }
    if (!fencer_logic_is_armed(l))
        l->armed_us = now_us;
    l->term.epoch = arm->epoch;
    l->term.deadline_us = arm->deadline_us < longest ? arm->deadline_us : longest;
    l->term.votes = arm->votes;
    l->term.peer_can_take_vip = arm->peer_can_take_vip;
    if (l->term.deadline_us <= 0)
        l->term.deadline_us = 1; /* long ago, not never */
    l->renewed_us = arm->renewed_us < 0 ? 0 : arm->renewed_us < now_us ? arm->renewed_us : now_us;
    if (may_touch_lock(l, r, now_us))
        add(todo, FENCER_DO_TAKE_LOCK);
}

void fencer_logic_disarm(struct fencer_logic *l, int64_t now_us, struct fencer_todo *todo)
{
    l->weight_us = 0;
    end_term(l, now_us);
    add(todo, FENCER_DO_RELEASE_LOCK);
}

void fencer_logic_fence(struct fencer_logic *l, const char *reason, struct fencer_todo *todo)
{
    start_fence(l, 0, reason, todo);
}

/* ---- the child's life ---- */

void fencer_logic_child_started(struct fencer_logic *l, int64_t now_us)
{
    l->child_runs = true;
    l->child_started_us = now_us;
    l->child_start_us = 0;
}

/* The first restart of an armed child is immediate: its deadline is running. */
static int next_backoff(struct fencer_logic *l, int64_t now_us)
{
    bool armed = fencer_logic_is_armed(l);
    int most = armed ? BACKOFF_ARMED_MS : BACKOFF_MAX_MS;
    if (now_us - l->child_started_us >= CHILD_LASTED_US)
        l->backoff_ms = 0;
    int wait = l->backoff_ms ? l->backoff_ms : armed ? 0 : BACKOFF_FIRST_MS;
    l->backoff_ms = l->backoff_ms ? l->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (l->backoff_ms > BACKOFF_MAX_MS)
        l->backoff_ms = BACKOFF_MAX_MS;
    return wait < most ? wait : most;
}

void fencer_logic_child_ended(struct fencer_logic *l, int64_t now_us, struct fencer_todo *todo)
{
    l->child_runs = false;
    if (!fencer_logic_is_armed(l) && !l->weight_us)
        set_weight(todo, WEIGHT_UNFIT);
    if (!l->stopping)
        l->child_start_us = now_us + CLOCK_MS(next_backoff(l, now_us));
}

void fencer_logic_stop(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us)
{
    l->stopping = true;
    l->child_start_us = 0;
    l->stop_us = now_us + CLOCK_MS(r->lease_ms);
}

/* ---- the server ---- */

/* Hands the VIP over, for at most WEIGHT_FAULT_US; the child's next message ends our care for it. */
static void leave_weight(struct fencer_logic *l, int64_t now_us, struct fencer_todo *todo)
{
    bool hand_over = l->term.peer_can_take_vip;
    set_weight(todo, hand_over ? WEIGHT_FAULT : WEIGHT_UNFIT);
    l->weight_us = hand_over ? now_us + WEIGHT_FAULT_US : 0;
}

void fencer_logic_observe(struct fencer_logic *l, const struct fencer_server *server,
                          struct fencer_todo *todo)
{
    const struct fencer_server *had = &l->server;
    if (had->read_only != server->read_only || had->alive != server->alive || had->pid != server->pid ||
        had->certifiable != server->certifiable)
        add(todo, FENCER_DO_REPORT);
    if (had->alive == TRI_YES && server->alive == TRI_NO && fencer_logic_is_armed(l) && !l->child_runs)
        leave_weight(l, l->ticked_us, todo);
    if (l->retry_us && server->read_us > had->read_us)
        l->retry_us = l->ticked_us; /* it answers again: now */
    l->server = *server;
}

void fencer_logic_asked(struct fencer_logic *l, int64_t now_us)
{
    if (!l->unanswered_us)
        l->unanswered_us = now_us;
}

void fencer_logic_answered(struct fencer_logic *l)
{
    l->unanswered_us = 0;
}

int fencer_logic_lock_ms(const struct fencer_rules *r)
{
    return r->lease_ms > 2000 ? r->lease_ms - 1000 : 1000;
}

void fencer_logic_lock(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us, int64_t sent_us,
                       bool held, struct fencer_todo *todo)
{
    bool had = l->lock_until_us != 0;
    l->touched_us = now_us;
    l->lock_until_us = held ? sent_us + CLOCK_MS(fencer_logic_lock_ms(r)) : 0;
    l->lock_lost = !held;
    if (had != held)
        add(todo, FENCER_DO_REPORT);
}

void fencer_logic_lock_lost(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                            struct fencer_todo *todo)
{
    if (l->lock_until_us)
        add(todo, FENCER_DO_REPORT);
    l->lock_until_us = 0;
    l->lock_lost = true;
    if (may_touch_lock(l, r, now_us))
        add(todo, FENCER_DO_TAKE_LOCK);
}

void fencer_logic_fenced(struct fencer_logic *l, int64_t now_us, bool proven, struct fencer_todo *todo)
{
    if (!proven) {
        l->retry_ms = l->retry_ms ? l->retry_ms * 2 : RETRY_FIRST_MS;
        if (l->retry_ms > RETRY_MAX_MS)
            l->retry_ms = RETRY_MAX_MS;
        l->retry_us = now_us + CLOCK_MS(l->retry_ms);
        set_weight(todo, WEIGHT_UNFIT);
        return;
    }
    l->fencing = false;
    l->retry_us = 0;
    l->retry_ms = 0;
    l->server.read_only = TRI_UNKNOWN; /* what was read before is history */
    leave_weight(l, now_us, todo);
    l->term.peer_can_take_vip = false;
    end_term(l, now_us);
    add(todo, FENCER_DO_REPORT);
}

/* ---- the judgement ---- */

/* When the server's silence under this term becomes a fence; 0 = it owes nothing. */
static int64_t silent_at_us(const struct fencer_logic *l, const struct fencer_rules *r)
{
    if (!l->unanswered_us || l->server.alive == TRI_NO || !fencer_logic_is_armed(l))
        return 0;
    return (l->unanswered_us > l->armed_us ? l->unanswered_us : l->armed_us) + CLOCK_MS(r->silent_ms);
}

static bool is_writable_unarmed(const struct fencer_logic *l)
{
    return !fencer_logic_is_armed(l) && l->server.read_only == TRI_NO && l->server.alive != TRI_NO &&
           l->server.read_us >= l->unarmed_us;
}

static void judge_server(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                         struct fencer_todo *todo)
{
    if (l->fencing)
        return;
    if (fencer_logic_is_armed(l) && now_us >= l->term.deadline_us)
        start_fence(l, 0, "the deadline passed", todo);
    else if (silent_at_us(l, r) && now_us >= silent_at_us(l, r))
        start_fence(l, r->kill_server ? FENCER_DO_KILL_SERVER : 0, "the server does not answer", todo);
    else if (r->fences && is_writable_unarmed(l))
        start_fence(l, 0, "the server is writable without authority", todo);
}

static void judge_child(struct fencer_logic *l, int64_t now_us, struct fencer_todo *todo)
{
    bool settled = !fencer_logic_is_armed(l) && !l->fencing;
    if (l->child_start_us && now_us >= l->child_start_us && !l->child_runs)
        add(todo, FENCER_DO_START_CHILD);
    if (l->stopping && settled && l->child_runs && now_us >= l->stop_us) {
        l->stop_us = now_us + CHILD_KILL_AGAIN_US;
        add(todo, FENCER_DO_KILL_CHILD);
    }
    if (l->stopping && settled && !l->child_runs && !l->weight_us)
        add(todo, FENCER_DO_EXIT);
}

void fencer_logic_tick(struct fencer_logic *l, const struct fencer_rules *r, int64_t now_us,
                       struct fencer_todo *todo)
{
    /* We slept ourselves: what the server owes is counted anew. */
    if (now_us - l->ticked_us > 2 * CLOCK_MS(r->renew_ms) && l->unanswered_us)
        l->unanswered_us = now_us;
    l->ticked_us = now_us;
    judge_server(l, r, now_us, todo);
    if (l->fencing && l->retry_us && now_us >= l->retry_us) {
        l->retry_us = 0;
        todo->what |= FENCER_DO_FENCE;
        todo->reason = "it is not proven yet";
    }
    if (l->weight_us && now_us >= l->weight_us) {
        l->weight_us = 0;
        set_weight(todo, WEIGHT_UNFIT);
    }
    if (is_lock_late(l, r) && now_us >= late_lock_ends_us(l, r)) {
        l->lock_until_us = 0;
        l->lock_lost = true;
        add(todo, FENCER_DO_RELEASE_LOCK | FENCER_DO_REPORT);
    }
    if (l->prepared_us && now_us >= l->prepared_us) {
        l->prepared_us = 0;
        if (!fencer_logic_is_armed(l))
            add(todo, FENCER_DO_RELEASE_LOCK);
    }
    judge_child(l, now_us, todo);
}

/* The sooner of two times, 0 being never. */
static int64_t earlier(int64_t a_us, int64_t b_us)
{
    return !a_us ? b_us : !b_us ? a_us : a_us < b_us ? a_us : b_us;
}

int64_t fencer_logic_next_us(const struct fencer_logic *l, const struct fencer_rules *r)
{
    int64_t next = earlier(l->retry_us, l->weight_us);
    if (!l->fencing) {
        next = earlier(next, l->term.deadline_us);
        next = earlier(next, silent_at_us(l, r));
    }
    next = earlier(next, l->prepared_us);
    next = earlier(next, late_lock_ends_us(l, r));
    next = earlier(next, l->child_start_us);
    if (l->stopping && l->child_runs && !fencer_logic_is_armed(l) && !l->fencing)
        next = earlier(next, l->stop_us);
    return next;
}
