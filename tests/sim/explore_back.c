/* The pair at rest, and whether there is a way back to one writer. */
#include "explore.h"

#define SETTLED  (12 * S)
#define PATIENCE (40 * S)
#define STEADY   (2 * S)

void explore_run(struct world *w, int64_t us)
{
    int64_t until = w->now + us;
    w->random = 12345;
    while (w->event_count && w->events[0].at < until && world_step(w))
        ;
    w->now = until > w->now ? until : w->now;
}

void explore_settle(struct world *w, enum policy_tie tie, uint64_t seed, bool lossless)
{
    struct options o = {.seed = seed, .tie = tie, .tie_given = true, .length = INT64_MAX / 4};
    o.durability = lossless ? DURABLE_LOSSLESS : DURABLE_ASYNC;
    world_init(w, &o);
    event_drop(w, EV_FAULT, 0, 0);
    w->c.delay = 150;
    w->c.delay_spread = 0;
    w->c.loss = w->c.slow_steps = 0;
    w->c.references = 1;
    w->c.arp_favours = 0;
    for (int n = 0; n < NODES; n++) {
        w->policy[n].has_references = true;
        w->policy[n].breaker_failovers = 0;
    }
    explore_run(w, SETTLED);
}

static void mend_node(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    process_resume(w, n, false);
    process_resume(w, n, true);
    if (node->keepalived != RUNS) {
        node->keepalived = RUNS;
        if (!event_pending(w, EV_ADVERT, n, 0))
            event_add(w, w->now + 200 * MS, EV_ADVERT, n, 0, 0);
    }
    if (node->fencer.state == GONE && !event_pending(w, EV_FSTART, n, 0))
        event_add(w, w->now + 200 * MS, EV_FSTART, n, 0, 0);
}

static void mend(struct world *w)
{
    for (int a = 0; a < HOSTS; a++)
        for (int b = 0; b < HOSTS; b++)
            w->cut[a][b] = 0;
    w->cut_vrrp = 0;
    for (int h = 0; h < SERVERS; h++) {
        host_thaw(w, h);
        host_on(w, h);
        server_resume(w, h);
    }
    for (int n = 0; n < NODES; n++)
        mend_node(w, n);
    events_unpark(w);
}

static bool has_one_writer(const struct world *w)
{
    int writers = 0;
    for (int n = 0; n < NODES; n++)
        writers += w->servers[n].state == RUNS && !w->servers[n].read_only && w->nodes[n].sup.state == RUNS &&
                   w->nodes[n].sup.m.state == NODE_WRITER;
    return writers == 1;
}

/* What a unit file does: whatever killed it, the fencer too. */
static void restart_servers(struct world *w)
{
    for (int s = 0; s < SERVERS; s++)
        if (w->servers[s].state == GONE && !event_pending(w, EV_START, s, 0))
            event_add(w, w->now + 100 * MS, EV_START, s, 0, 0);
}

/* One writer for a while without a break. */
static bool await_writer(struct world *w, int64_t patience)
{
    int64_t until = w->now + patience, since = 0;
    w->c.until = INT64_MAX;
    while (w->now < until && world_step(w)) {
        restart_servers(w);
        if (!has_one_writer(w))
            since = 0;
        else if (!since)
            since = w->now;
        else if (w->now - since >= STEADY)
            return true;
    }
    return false;
}

bool explore_writes(struct world *w)
{
    return await_writer(w, PATIENCE);
}

/* What an operator does who has read the refusal: the node that lacks less is promoted, and the loss
 * accepted. */
static void order_promote(struct world *w)
{
    int n = w->servers[1].applied > w->servers[0].applied;
    w->nodes[n].sup.o.operator_.accept_loss = true;
    operator_wants(w, n, WANT_HERE, 45 * S);
}

enum way_back explore_way_back(struct world *w)
{
    mend(w);
    if (await_writer(w, PATIENCE))
        return BACK_BY_ITSELF;
    order_promote(w);
    return await_writer(w, PATIENCE) ? BACK_BY_OPERATOR : BACK_NEVER;
}
