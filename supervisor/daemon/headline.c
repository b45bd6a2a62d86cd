#include "daemon/headline.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/control.h"
#include "daemon/fencer_link.h"
#include "daemon/node.h"
#include "model/report.h"

#define AGAIN_US CLOCK_MS(4000)

struct headline {
    struct node *node;
    struct event *period;
    struct report report; /* scratch: too big for the stack of a callback */
    char said[REPORT_SENTENCE_MAX];
    int64_t said_us;
};

static void say(struct headline *h, bool reloaded)
{
    control_report(h->node, &h->report);
    bool same = strcmp(h->said, h->report.headline) == 0;
    if (same && !reloaded && clock_now_us() - h->said_us < AGAIN_US)
        return;
    memcpy(h->said, h->report.headline, sizeof(h->said));
    h->said_us = clock_now_us();
    fencer_link_status(h->node->fencer, h->said, reloaded);
}

static void on_period(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    say(arg, false);
}

struct headline *headline_new(struct node *n)
{
    const struct timeval second = {1, 0};
    struct headline *h = mem_zalloc(sizeof(*h));
    h->node = n;
    h->period = event_new(n->base, -1, EV_PERSIST, on_period, h);
    event_add(h->period, &second);
    return h;
}

void headline_free(struct headline **headline)
{
    struct headline *h = *headline;
    if (!h)
        return;
    event_free(h->period);
    free(h);
    *headline = NULL;
}

void headline_reloaded(struct headline *h)
{
    say(h, true);
}
