/* The heap of pending events, clocks, chance, and who may run. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "parts.h"

#define PARKED      INT64_MAX
#define EVENTS_SANE 2000000 /* of one run */

/* ---- chance: xorshift ---- */

uint64_t world_random(struct world *w)
{
    uint64_t x = w->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    w->random = x;
    return x * UINT64_C(0x2545F4914F6CDD1D);
}

uint32_t random_below(struct world *w, uint32_t below)
{
    return below ? (uint32_t)((world_random(w) >> 32) * below >> 32) : 0;
}

bool random_chance(struct world *w, uint32_t per_thousand)
{
    return per_thousand && random_below(w, 1000) < per_thousand;
}

/* ---- clocks ---- */

int64_t clock_of(const struct world *w, int host)
{
    const struct host *h = &w->hosts[host];
    int64_t passed = w->now - h->origin;
    return h->offset + passed + passed * h->ppm / 1000000;
}

/* The first moment at which the host's clock shows `local` or more. */
int64_t clock_to_world(const struct world *w, int host, int64_t local)
{
    const struct host *h = &w->hosts[host];
    int64_t passed = local - h->offset;
    int64_t at = h->origin + passed - passed * h->ppm / 1000000;
    while (h->offset + (at - h->origin) + (at - h->origin) * h->ppm / 1000000 < local)
        at++;
    return at;
}

bool host_runs(const struct world *w, int host)
{
    return w->hosts[host].on && !w->hosts[host].frozen;
}

/* ---- the heap ---- */

static bool before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct world *w, int i, int k)
{
    struct event e = w->events[i];
    w->events[i] = w->events[k];
    w->events[k] = e;
}

static void sift_up(struct world *w, int i)
{
    for (; i > 0 && before(&w->events[i], &w->events[(i - 1) / 2]); i = (i - 1) / 2)
        swap(w, i, (i - 1) / 2);
}

static void sift_down(struct world *w, int i)
{
    for (;;) {
        int least = i, left = 2 * i + 1;
        for (int k = left; k < left + 2 && k < w->event_count; k++)
            if (before(&w->events[k], &w->events[least]))
                least = k;
        if (least == i)
            return;
        swap(w, i, least);
        i = least;
    }
}

static void heap_remove(struct world *w, int i)
{
    w->event_count--;
    if (i == w->event_count)
        return;
    w->events[i] = w->events[w->event_count];
    sift_up(w, i);
    sift_down(w, i);
}

static struct event *put(struct world *w, struct event e)
{
    static struct event nowhere;
    if (w->event_count == EVENTS_MAX) {
        world_break(w, "the simulator has no room for more events");
        return &nowhere;
    }
    int i = w->event_count++;
    w->events[i] = e;
    for (; i > 0 && before(&w->events[i], &w->events[(i - 1) / 2]); i = (i - 1) / 2)
        swap(w, i, (i - 1) / 2);
    return &w->events[i];
}

struct event *event_add(struct world *w, int64_t at, enum event_kind kind, int a, int b, uint32_t gen)
{
    struct event e = {.at = at > w->now ? at : w->now,
                      .order = ++w->order,
                      .kind = (uint8_t)kind,
                      .a = (uint8_t)a,
                      .b = (uint8_t)b,
                      .gen = gen};
    return put(w, e);
}

void event_drop(struct world *w, enum event_kind kind, int a, int b)
{
    for (int i = 0; i < w->event_count; i++)
        if (w->events[i].kind == kind && w->events[i].a == a && w->events[i].b == b) {
            w->parked -= w->events[i].at == PARKED;
            heap_remove(w, i);
            i = -1; /* what took its place may have gone up, before where this is */
        }
}

bool event_pending(const struct world *w, enum event_kind kind, int a, int b)
{
    for (int i = 0; i < w->event_count; i++)
        if (w->events[i].kind == kind && w->events[i].a == a && w->events[i].b == b)
            return true;
    return false;
}

/* ---- who may run ---- */

static bool is_of_fencer(const struct event *e)
{
    return e->kind <= EV_SEND ? e->b >= SLOT_F_LOCK : e->kind >= EV_ORDER && e->kind <= EV_BURIED;
}

static bool server_waits(const struct world *w, int s)
{
    return !host_runs(w, s) || w->servers[s].state == STOPPED;
}

/* Must this event wait until its process goes on? */
static bool must_wait(const struct world *w, const struct event *e)
{
    switch (e->kind) {
    case EV_QUERY:
        return false; /* the kernel takes it, whatever the server does */
    case EV_CONNECT:
        return server_waits(w, w->nodes[e->a].sessions[e->b].server) &&
               w->hosts[w->nodes[e->a].sessions[e->b].server].on;
    case EV_HANGUP:
    case EV_STEP:
    case EV_IDLE:
    case EV_SWITCH:
    case EV_FLOW:
    case EV_WRITE:
    case EV_START:
    case EV_ACK:
        return server_waits(w, e->a);
    case EV_ADVERT:
        return w->hosts[e->a].frozen || w->nodes[e->a].keepalived == STOPPED;
    case EV_FAULT:
    case EV_HEAL:
    case EV_OPERATOR:
        return false;
    default:
        break;
    }
    if (w->hosts[e->a].frozen)
        return true;
    if (e->kind == EV_FSTART)
        return false;
    return (is_of_fencer(e) ? w->nodes[e->a].fencer.state : w->nodes[e->a].sup.state) == STOPPED;
}

/* After anything was resumed: what waited for it comes, in its order. */
void events_unpark(struct world *w)
{
    struct event ready[EVENTS_MAX];
    int count = 0;
    for (int i = 0; w->parked && i < w->event_count; i++) {
        if (w->events[i].at != PARKED || must_wait(w, &w->events[i]))
            continue;
        int k = count++;
        for (; k > 0 && w->events[i].order < ready[k - 1].order; k--)
            ready[k] = ready[k - 1];
        ready[k] = w->events[i];
        heap_remove(w, i);
        w->parked--;
        i = -1; /* as above */
    }
    for (int i = 0; i < count; i++) {
        ready[i].at = w->now + random_below(w, 200);
        if (i > 0 && ready[i].at < ready[i - 1].at)
            ready[i].at = ready[i - 1].at;
        put(w, ready[i]);
    }
}

/* ---- stepping ---- */

static void dispatch(struct world *w, struct event *e)
{
    w->tally.events++;
    switch (e->kind) {
    case EV_CONNECT:
    case EV_QUERY:
    case EV_REPLY:
    case EV_BROKEN:
    case EV_ALARM:
    case EV_SEND:
        session_take(w, e);
        break;
    case EV_HANGUP:
    case EV_STEP:
    case EV_IDLE:
    case EV_SWITCH:
    case EV_FLOW:
    case EV_WRITE:
    case EV_START:
    case EV_ACK:
        server_take(w, e);
        break;
    case EV_ADVERT:
        vip_take(w, e->a);
        break;
    case EV_FAULT:
    case EV_HEAL:
        faults_take(w, e);
        break;
    case EV_OPERATOR:
        operator_look(w, e->a);
        break;
    default:
        if (is_of_fencer(e))
            fencer_take(w, e);
        else
            supervisor_take(w, e);
    }
}

void world_take(struct world *w, int index)
{
    struct event e = w->events[index];
    if (must_wait(w, &e)) {
        heap_remove(w, index);
        e.at = PARKED;
        w->parked++;
        put(w, e);
        return;
    }
    heap_remove(w, index);
    if (e.at == PARKED)
        w->parked--;
    else if (e.at > w->now)
        w->now = e.at;
    dispatch(w, &e);
    invariant_step(w);
}

bool world_step(struct world *w)
{
    if (w->broken[0] || !w->event_count || w->events[0].at >= w->c.until)
        return false;
    if (w->servers[0].own.forgot || w->servers[1].own.forgot) {
        w->tally.cut_short++;
        return false;
    }
    if (w->tally.events > EVENTS_SANE)
        world_break(w, "the world does not come on: %d is the next event's kind", w->events[0].kind);
    world_take(w, 0);
    return !w->broken[0];
}

void world_break(struct world *w, const char *format, ...)
{
    va_list args;
    if (w->broken[0])
        return;
    va_start(args, format);
    vsnprintf(w->broken, sizeof(w->broken), format, args);
    va_end(args);
    TRACE(w, "VIOLATED", "%s", w->broken);
}

/* ---- the beginning ---- */

static void make_policy(struct world *w, int n)
{
    struct policy *p = &w->policy[n];
    *p = (struct policy){.self = n,
                         .tie = w->c.tie,
                         .lossless = w->c.lossless,
                         .has_vip = true,
                         .has_references = w->c.references,
                         .server_id = {1, 2},
                         .increment = 2,
                         .offset = {1, 2},
                         .lease_us = 3 * S,
                         .renew_us = 250 * MS,
                         .silent_us = S,
                         .fence_us = S,
                         .epsilon_us = 50 * MS,
                         .takeover_delay_us = 500 * MS,
                         .drift_ppm = 1000,
                         .max_known_lost = 0,
                         .max_unseen_us = S,
                         .drain_timeout_us = 30 * S,
                         .switchover_timeout_us = 5 * S,
                         .vip_settle_us = 2 * S,
                         .vip_hold_down_us = 60 * S,
                         .settling_us = 60 * S,
                         .lag_critical_us = 60 * S,
                         .breaker_failovers = w->c.breaker};
}

/* Half of the seeds have the defaults; the others as little time in hand as settings/check_timing.c lets
 * them. */
static void make_timing(struct world *w)
{
    struct fencer_rules *r = &w->fencer_rules;
    int delay_ms = 500, epsilon_ms = 50;
    *r = (struct fencer_rules){.lease_ms = 3000,
                               .renew_ms = 250,
                               .silent_ms = 1000,
                               .fence_ms = 1000,
                               .fences = true,
                               .kill_server = true};
    if (random_below(w, 2)) {
        r->lease_ms = 2000 + 1000 * (int)random_below(w, 3);
        r->silent_ms = 300 + (int)random_below(w, 700);
        r->fence_ms = 50 + (int)random_below(w, random_below(w, 2) ? 100 : 600);
        epsilon_ms = 35;
        delay_ms = 250;
    }
    r->takeover_ms = delay_ms;
    r->epsilon_ms = epsilon_ms;
    for (int n = 0; n < NODES; n++) {
        struct policy *p = &w->policy[n];
        p->lease_us = r->lease_ms * MS;
        p->silent_us = r->silent_ms * MS;
        p->fence_us = r->fence_ms * MS;
        p->epsilon_us = epsilon_ms * MS;
        p->takeover_delay_us = delay_ms * MS;
    }
}

static void make_hosts(struct world *w)
{
    for (int h = 0; h < HOSTS; h++)
        w->hosts[h] = (struct host){.on = 1,
                                    .boot = 1,
                                    .offset = (1 + (int64_t)random_below(w, 3600)) * S,
                                    .ppm = (int32_t)random_below(w, 1001) - 500};
}

/* Each seed has its own weather: a random part of the faults, at its own pace. */
static void make_conditions(struct world *w, const struct options *o)
{
    struct conditions *c = &w->c;
    c->tie = (uint8_t)(o->tie_given ? o->tie : random_below(w, 8) ? random_below(w, 2) : POLICY_TIE_VIP);
    /* Not drawn: a seed of async stays what it was. */
    c->lossless = o->durability == DURABLE_LOSSLESS ||
                  (o->durability == DURABLE_ANY && c->tie == POLICY_TIE_WITNESS && o->seed % 2);
    if (c->lossless)
        c->tie = POLICY_TIE_WITNESS;
    c->liveness = o->liveness;
    c->trace = o->trace;
    c->references = random_below(w, 4) != 0 || c->tie == POLICY_TIE_VIP;
    c->breaker = random_below(w, 4) == 0 && !c->liveness;
    c->arp_favours = random_below(w, 2) != 0;
    c->delay = 50 + (int32_t)random_below(w, random_below(w, 4) ? 300 : 20000);
    c->delay_spread = 20 + (int32_t)random_below(w, random_below(w, 4) ? 500 : 100000);
    c->loss = (uint16_t)(random_below(w, 4) ? 0 : random_below(w, 300));
    c->slow_steps = (uint16_t)(random_below(w, 3) ? 0 : random_below(w, 100));
    c->until = o->length ? o->length : (int64_t)(30 + random_below(w, 60)) * S;
    c->calm_from = c->until;
}

void world_init(struct world *w, const struct options *o)
{
    memset(w, 0, sizeof(*w));
    w->random = o->seed * UINT64_C(0x9E3779B97F4A7C15) + UINT64_C(0x1234567);
    for (int i = 0; i < 8; i++)
        world_random(w);
    w->now = S;
    make_conditions(w, o);
    w->c.until += w->now;
    w->c.calm_from += w->now;
    make_hosts(w);
    for (int n = 0; n < NODES; n++)
        make_policy(w, n);
    make_timing(w);
    for (int s = 0; s < SERVERS; s++)
        server_init(w, s);
    vip_init(w);
    for (int n = 0; n < NODES; n++)
        event_add(w, w->now + random_below(w, 2 * S), EV_FSTART, n, 0, 0);
    faults_init(w);
}
