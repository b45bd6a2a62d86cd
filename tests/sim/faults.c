/* What befalls the world. */
#include <string.h>

#include "parts.h"

void faults_init(struct world *w)
{
    (void)w;
}

void faults_take(struct world *w, struct event *e)
{
    (void)w;
    (void)e;
}

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
    *state = RUNS;
    events_unpark(w);
}

void host_freeze(struct world *w, int h)
{
    if (!host_runs(w, h))
        return;
    TRACE(w, h < NODES ? trace_node(h) : "witness", "the whole host stands still");
    w->hosts[h].frozen = 1;
    w->hosts[h].frozen_at = w->now;
}

void host_thaw(struct world *w, int h)
{
    if (!w->hosts[h].frozen)
        return;
    TRACE(w, h < NODES ? trace_node(h) : "witness", "the whole host goes on");
    w->hosts[h].frozen = 0;
    w->hosts[h].thawed_at = w->now;
    events_unpark(w);
}

void host_off(struct world *w, int h)
{
    struct host *host = &w->hosts[h];
    if (!host->on)
        return;
    TRACE(w, h < NODES ? trace_node(h) : "witness", "power off");
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
    TRACE(w, h < NODES ? trace_node(h) : "witness", "power on");
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
