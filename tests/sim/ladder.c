/* The fence ladder, of the fencer or of a supervisor. Mirrors io/ladder.c: cut, set, sweep, kill, each to its
 * part of F; stepped each millisecond and at each answer. */
#include <string.h>

#include "parts.h"

#define TICK       MS
#define PATIENCE   (10 * MS)
#define LOOK_AGAIN (20 * MS)
#define SET_AGAIN  (10 * MS)
#define REACH      (10 * MS)

static struct climb *ladder_of(struct world *w, int n, bool fencer)
{
    return fencer ? &w->nodes[n].fencer.ladder : &w->nodes[n].sup.ladder;
}

static int set_slot(bool fencer)
{
    return fencer ? SLOT_F_SET : SLOT_CONTROL;
}

static int kill_slot(bool fencer)
{
    return fencer ? SLOT_F_KILL : SLOT_PROBE;
}

static int64_t rung_end(const struct world *w, const struct climb *l, unsigned rung)
{
    static const int percent[] = {[RUNG_CUT] = 10, [RUNG_SET] = 40, [RUNG_SWEEP] = 70, [RUNG_KILL] = 100};
    return l->started + w->fencer_rules.fence_ms * MS * percent[rung] / 100;
}

static void tick_later(struct world *w, int n, bool fencer)
{
    uint32_t gen = fencer ? w->nodes[n].fencer.gen : w->nodes[n].sup.gen;
    event_add(w, w->now + TICK, fencer ? EV_FRUNG : EV_RUNG, n, 0, gen);
}

void ladder_free(struct climb *l)
{
    l->active = 0;
}

static void finish(struct world *w, int n, bool fencer, bool proven)
{
    ladder_free(ladder_of(w, n, fencer));
    event_drop(w, fencer ? EV_FRUNG : EV_RUNG, n, 0);
    TRACE(w, trace_node(n), "%s ladder ends: %s", fencer ? "the fencer's" : "the supervisor's",
          proven ? "proven" : "not proven");
    if (fencer)
        fencer_ladder_ended(w, n, proven);
    else
        own_close_ended(w, n, proven);
}

static bool reach(struct world *w, int n, int slot, int64_t *next)
{
    if (session_is_up(w, n, slot))
        return true;
    if (clock_of(w, n) >= *next) {
        *next = clock_of(w, n) + REACH;
        session_retry_now(w, n, slot);
    }
    return false;
}

static void send_set(struct world *w, int n, bool fencer)
{
    struct climb *l = ladder_of(w, n, fencer);
    struct statement st = {.verb = DO_SET_RO};
    int64_t left = rung_end(w, l, RUNG_SWEEP) - clock_of(w, n);
    if (l->setting || left <= 0 || (l->provisional && l->cut_pending) || clock_of(w, n) < l->next_set)
        return;
    if (!reach(w, n, set_slot(fencer), &l->reach[0]))
        return;
    l->setting = 1;
    session_query(w, n, set_slot(fencer), &st, (int)(left / 1000) + 1);
}

static void send_look(struct world *w, int n, bool fencer)
{
    struct climb *l = ladder_of(w, n, fencer);
    if (l->looking || clock_of(w, n) < l->next_look || !reach(w, n, kill_slot(fencer), &l->reach[1]))
        return;
    l->look = l->cut_pending ? DO_LIST : l->rung == RUNG_SWEEP ? DO_ALL : DO_HOLDERS;
    l->next_look = clock_of(w, n) + (l->cut_pending ? TICK : LOOK_AGAIN);
    l->looking = 1;
    struct statement st = {.verb = l->look};
    session_query(w, n, kill_slot(fencer), &st, w->fencer_rules.fence_ms);
}

static bool send_signal(struct world *w, int n)
{
    struct fencer *f = &w->nodes[n].fencer;
    if (f->attached != w->servers[n].life || w->servers[n].state == GONE)
        return false;
    ladder_of(w, n, true)->kill_sent = 1;
    TRACE(w, trace_node(n), "the fencer kills the server");
    server_kill(w, n);
    if (w->c.liveness && w->now >= w->c.calm_from) /* as its unit says: Restart=on-abnormal */
        event_add(w, w->now + 5 * S, EV_START, n, 0, 0);
    return true;
}

static void climb(struct world *w, int n, bool fencer)
{
    struct climb *l = ladder_of(w, n, fencer);
    for (;;) {
        unsigned next = l->rung ? l->rung * 2U : 1;
        while (next <= RUNG_KILL && !(l->rungs & next))
            next *= 2;
        if (next > RUNG_KILL) {
            finish(w, n, fencer, false);
            return;
        }
        l->rung = (uint8_t)next;
        l->next_look = next == RUNG_SET ? clock_of(w, n) + PATIENCE : 0;
        l->empty = 0;
        if (next == RUNG_KILL && !send_signal(w, n))
            continue;
        return;
    }
}

static bool rung_is_over(const struct world *w, int n, const struct climb *l)
{
    if (clock_of(w, n) >= rung_end(w, l, l->rung))
        return true;
    return l->rung == RUNG_CUT && !l->cut_pending;
}

static void step(struct world *w, int n, bool fencer)
{
    struct climb *l = ladder_of(w, n, fencer);
    if (fencer && w->nodes[n].fencer.view.alive == TRI_NO) {
        finish(w, n, fencer, true);
        return;
    }
    while (l->active && (!l->rung || rung_is_over(w, n, l)))
        climb(w, n, fencer);
    if (!l->active)
        return;
    if (l->rung == RUNG_SET || l->rung == RUNG_SWEEP)
        send_set(w, n, fencer);
    if (l->active && l->rung <= RUNG_SWEEP)
        send_look(w, n, fencer);
}

void ladder_step(struct world *w, int n, bool fencer)
{
    if (!ladder_of(w, n, fencer)->active)
        return;
    tick_later(w, n, fencer);
    step(w, n, fencer);
}

static void judge_look(struct world *w, int n, bool fencer, const struct answer *a)
{
    struct climb *l = ladder_of(w, n, fencer);
    if (l->look == DO_LIST && a->count == 0) {
        l->cut_pending = 0;
        l->next_look = clock_of(w, n) + PATIENCE;
        if (l->rung != RUNG_CUT)
            return;
    }
    if (a->count == 0)
        return;
    struct statement st = {.verb = l->look == DO_LIST      ? DO_KILL_LOCAL
                                   : l->look == DO_HOLDERS ? DO_KILL_HOLDERS
                                                           : DO_KILL_ALL};
    l->looking = 1;
    session_query(w, n, kill_slot(fencer), &st, w->fencer_rules.fence_ms);
}

void ladder_replied(struct world *w, int n, bool fencer, const struct statement *st, const struct answer *a)
{
    struct climb *l = ladder_of(w, n, fencer);
    if (!l->active)
        return;
    if (st->verb == DO_SET_RO) {
        bool back = a->status == GOT_OK && a->read_only;
        l->setting = 0;
        if (back && !l->cut_pending) {
            finish(w, n, fencer, true);
            return;
        }
        l->provisional = back;
        if (!back)
            l->next_set = clock_of(w, n) + SET_AGAIN;
        return;
    }
    l->looking = 0;
    if (st->verb > DO_ALL)
        return;
    if (a->status == GOT_OK)
        judge_look(w, n, fencer, a);
    if (l->active)
        step(w, n, fencer);
}

void ladder_start(struct world *w, int n, bool fencer, unsigned rungs)
{
    struct climb *l = ladder_of(w, n, fencer);
    memset(l, 0, sizeof(*l));
    l->active = 1;
    l->rungs = (uint8_t)rungs;
    l->cut_pending = (rungs & RUNG_CUT) != 0;
    l->started = clock_of(w, n);
    TRACE(w, trace_node(n), "%s ladder begins", fencer ? "the fencer's" : "the supervisor's");
    event_drop(w, fencer ? EV_FRUNG : EV_RUNG, n, 0);
    event_add(w, w->now, fencer ? EV_FRUNG : EV_RUNG, n, 0,
              fencer ? w->nodes[n].fencer.gen : w->nodes[n].sup.gen);
}
