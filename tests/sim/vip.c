/* keepalived by weight: base 254, pre-emption, an advert each 200 ms; a FAULT gives the VIP up at once.
 * Killed, it leaves the address where it is (FIELD-NOTES "keepalived"). The reference's ARP table names who
 * announced last. */
#include "parts.h"

#define ADVERT (200 * MS)

static bool runs(const struct world *w, int n)
{
    return w->hosts[n].on && w->nodes[n].keepalived == RUNS;
}

static int priority_of(const struct world *w, int n)
{
    int p = 254 + w->nodes[n].weight_file;
    return !runs(w, n) || w->nodes[n].weight_file <= -254 ? 0 : p < 1 ? 1 : p;
}

static void look_soon(struct world *w, int n, int64_t us)
{
    event_drop(w, EV_ADVERT, n, 0);
    event_add(w, w->now + us, EV_ADVERT, n, 0, 0);
}

static void announce(struct world *w, int n)
{
    if (link_open(w, n, HOST_REF))
        w->arp_owner = (uint8_t)n;
}

static void set_vip(struct world *w, int n, bool here)
{
    struct node *node = &w->nodes[n];
    if (node->vip == here)
        return;
    node->vip = here;
    node->vip_since = w->now;
    TRACE(w, trace_node(n), "the VIP %s", here ? "arrives" : "leaves");
    if (here)
        announce(w, n);
    if (node->sup.state != GONE)
        event_add(w, w->now + 120, EV_VIP, n, 0, node->sup.gen);
}

static void say(struct world *w, int n, int priority)
{
    struct node *peer = &w->nodes[1 - n];
    if (!link_open(w, n, 1 - n) || w->cut_vrrp)
        return;
    peer->heard_at = w->now;
    peer->heard_priority = priority;
    if (!priority || priority > priority_of(w, 1 - n))
        look_soon(w, 1 - n, 3 * MS + random_below(w, 3 * MS));
}

void vip_weight(struct world *w, int n, int weight)
{
    w->nodes[n].weight_file = weight;
    if (runs(w, n) && !w->hosts[n].frozen)
        look_soon(w, n, 500);
}

void vip_lose(struct world *w, int n)
{
    set_vip(w, n, false);
}

void vip_take(struct world *w, int n)
{
    struct node *node = &w->nodes[n];
    int mine = priority_of(w, n);
    int64_t down = 3 * ADVERT + (256 - mine) * ADVERT / 256;
    bool hears = node->heard_priority && w->now - node->heard_at < down;
    if (!w->hosts[n].on)
        return;
    event_add(w, w->now + ADVERT, EV_ADVERT, n, 0, 0);
    if (!runs(w, n))
        return;
    bool beaten = hears && (node->heard_priority > mine || (node->heard_priority == mine && n == 0));
    if (!mine || (node->vip && beaten)) {
        if (node->vip)
            say(w, n, 0);
        set_vip(w, n, false);
        return;
    }
    if (!node->vip && hears && node->heard_priority >= mine)
        return;
    if (!node->vip && hears && w->now - node->heard_at < ADVERT / 2)
        return;
    set_vip(w, n, true);
    announce(w, n);
    say(w, n, mine);
}

void vip_init(struct world *w)
{
    for (int n = 0; n < NODES; n++) {
        w->nodes[n].keepalived = RUNS;
        w->nodes[n].weight_file = -100;
        event_add(w, w->now + random_below(w, S), EV_ADVERT, n, 0, 0);
    }
}

bool vip_reference_answers(struct world *w, int n, bool from_vip)
{
    if (!link_open(w, n, HOST_REF) || !link_open(w, HOST_REF, n))
        return false;
    return !from_vip || (w->nodes[n].vip && (!w->c.arp_favours || w->arp_owner == n));
}
