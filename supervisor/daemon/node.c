#include "daemon/node.h"

#include <event2/event.h>
#include <stdio.h>

#include "base/clock.h"
#include "daemon/saved.h"
#include "io/worker.h"

void node_wake(struct node *n)
{
    if (n->tick_event) /* none before the start, nor while everything is taken down */
        event_active(n->tick_event, EV_TIMEOUT, 0);
}

void node_breaker_reset(struct node *n)
{
    char text[32];
    n->breaker_reset_s = clock_wall_us() / 1000000;
    n->o.own.unplanned = 0;
    n->o.failovers_in_window = 0;
    snprintf(text, sizeof(text), "%lld", (long long)n->breaker_reset_s);
    worker_save(SAVED_BREAKER, text);
    node_wake(n);
}
