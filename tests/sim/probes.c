/* What a supervisor reads of the two servers: each period, when it is told to, and when the bell is rung.
 * Mirrors io/probe.c and io/bell.c. */
#include "parts.h"

static struct supervisor *sup_of(struct world *w, int n)
{
    return &w->nodes[n].sup;
}

/* ---- the probes ---- */

void probe_ask(struct world *w, int n, int which)
{
    struct supervisor *p = sup_of(w, n);
    int64_t now = clock_of(w, n);
    bool events = now - p->probe_events[which] >= S;
    struct statement st = {.verb = events ? DO_PROBE_EVENTS : DO_PROBE};
    p->probe_asking[which] = 1;
    p->probe_again[which] = 0;
    if (events)
        p->probe_events[which] = now;
    session_query(w, n, SLOT_PROBE + which, &st, (int)(w->policy[n].silent_us / MS));
}

void probe_now(struct world *w, int n, int which)
{
    struct supervisor *p = sup_of(w, n);
    p->probe_again[which] = p->probe_asking[which];
    if (!p->probe_asking[which] && session_is_up(w, n, SLOT_PROBE + which))
        probe_ask(w, n, which);
}

void probe_tick(struct world *w, int n, int which)
{
    if (!sup_of(w, n)->probe_asking[which] && session_is_up(w, n, SLOT_PROBE + which))
        probe_ask(w, n, which);
}

void probe_replied(struct world *w, int n, int which, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    struct server_view *view = which ? &p->o.peer : &p->o.own;
    p->probe_asking[which] = 0;
    if (a->status != GOT_LOST)
        observe_server(view, a, a->sent, a->answered);
    if (p->probe_again[which] && session_is_up(w, n, SLOT_PROBE + which))
        probe_ask(w, n, which);
    node_wake(w, n);
}

/* ---- the bell ---- */

void bell_wait(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    struct statement st = {.verb = DO_BELL};
    if (!p->bell_listening || p->bell_waiting || !session_is_up(w, n, SLOT_BELL))
        return;
    p->bell_waiting = 1;
    session_query(w, n, SLOT_BELL, &st, 2000);
}

static void bell_later(struct world *w, int n)
{
    struct supervisor *p = sup_of(w, n);
    p->bell_pending = 1;
    event_add(w, w->now + PERIOD_US, EV_BELL, n, 0, p->gen);
}

void bell_replied(struct world *w, int n, const struct answer *a)
{
    struct supervisor *p = sup_of(w, n);
    p->bell_waiting = 0;
    if (a->status == GOT_LOST)
        return;
    if (a->got == 1 && a->has_rows)
        observe_rows(&p->o.own.voter, &a->seen.rows, a->answered - 1);
    if (a->got == 0 && a->status == GOT_OK)
        bell_wait(w, n);
    else if (!p->bell_pending)
        bell_later(w, n);
    if (a->got == 1)
        node_wake(w, n);
}

void bell_listen(struct world *w, int n, bool listen)
{
    sup_of(w, n)->bell_listening = listen;
    if (listen && !sup_of(w, n)->bell_pending)
        bell_wait(w, n);
}
