/* Sessions as their owner has them, and the network under them. Mirrors io/session.c: one statement
 * outstanding, the rest queued; a deadline closes the connection; back-off with jitter; a lost statement is
 * told before the loss.
 *
 * The network delays and loses (TCP sends again after 200 ms, 400 ms ...), keeps each stream's order, and
 * delivers late what a cut held back as long as its connection lives. What the kernel of a server's host has
 * taken is executed even if the process was stopped and the client has gone. A hang-up that meets a cut is
 * lost. */
#include <string.h>

#include "parts.h"

#define CONNECT_MS  1000
#define BACKOFF_MIN 20
#define LASTING     S
#define RTO         (200 * MS)
#define RTO_MAX     (1600 * MS)

static int owner_host(int n)
{
    return n;
}

bool link_open(const struct world *w, int from, int to)
{
    return from == to ? w->hosts[from].on : w->hosts[from].on && w->hosts[to].on && !w->cut[from][to];
}

int64_t link_arrival(struct world *w, int from, int to, int64_t *next)
{
    int64_t at = w->now + 20 + random_below(w, 60);
    if (from != to) {
        at = w->now + w->c.delay + random_below(w, (uint32_t)w->c.delay_spread + 1);
        for (int64_t again = RTO; random_chance(w, w->c.loss) && again <= RTO_MAX; again *= 2)
            at += again;
    }
    if (next) {
        at = at > *next ? at : *next + 1;
        *next = at;
    }
    return at;
}

static void set_alarm(struct world *w, int n, int slot, int64_t local)
{
    struct session *s = session_of(w, n, slot);
    int64_t at = clock_to_world(w, n, local);
    if (s->alarm_at && s->alarm_at <= at)
        return; /* it is set anew when that one has rung */
    s->alarm_at = at;
    event_add(w, at, EV_ALARM, n, slot, s->gen);
}

/* Those of the connection before would only fill the heap. */
static void drop_alarms(struct world *w, int n, int slot)
{
    session_of(w, n, slot)->alarm_at = 0;
    event_drop(w, EV_ALARM, n, slot);
}

static void came(struct world *w, int n, int slot)
{
    if (slot >= SLOT_F_LOCK)
        fencer_came(w, n, slot);
    else
        supervisor_came(w, n, slot);
}

static void went(struct world *w, int n, int slot)
{
    if (slot >= SLOT_F_LOCK)
        fencer_went(w, n, slot);
    else
        supervisor_went(w, n, slot);
}

static void replied(struct world *w, int n, int slot, const struct statement *st, const struct answer *a)
{
    if (slot >= SLOT_F_LOCK)
        fencer_replied(w, n, slot, st, a);
    else
        supervisor_replied(w, n, slot, st, a);
}

bool session_is_up(const struct world *w, int n, int slot)
{
    return w->nodes[n].sessions[slot].state == LINK_UP;
}

/* ---- life ---- */

static void begin(struct world *w, int n, int slot)
{
    struct session *s = session_of(w, n, slot);
    s->state = LINK_CONNECTING;
    s->gen++;
    drop_alarms(w, n, slot);
    s->opened = clock_of(w, n);
    s->connect_by = s->opened + CONNECT_MS * MS;
    s->next_to = s->next_from = 0;
    s->conn = NOBODY;
    set_alarm(w, n, slot, s->connect_by);
    /* three round trips: the connection, who it is, init_sql */
    int64_t at = link_arrival(w, owner_host(n), session_host(s), &s->next_to);
    event_add(w, at + 2 * (at - w->now), EV_CONNECT, n, slot, s->gen);
}

static void back_off(struct world *w, int n, int slot)
{
    struct session *s = session_of(w, n, slot);
    unsigned next = s->backoff_ms ? s->backoff_ms * 2U : BACKOFF_MIN;
    s->backoff_ms = (uint16_t)(next < s->backoff_max_ms ? next : s->backoff_max_ms);
    int64_t wait = s->backoff_ms * MS;
    set_alarm(w, n, slot, clock_of(w, n) + wait - wait / 5 + random_below(w, (uint32_t)(2 * wait / 5) + 1));
}

/* Tells the server that its client is gone, if the network lets it. */
static void hang_up(struct world *w, int n, int slot)
{
    struct session *s = session_of(w, n, slot);
    struct server *v = &w->servers[s->server];
    if (s->conn == NOBODY || !v->conns[s->conn].used || v->conns[s->conn].link_gen != s->gen ||
        v->conns[s->conn].node != n || v->conns[s->conn].slot != slot)
        return;
    event_add(w, link_arrival(w, owner_host(n), s->server, NULL), EV_HANGUP, s->server, s->conn,
              v->conns[s->conn].gen);
}

static void lose(struct world *w, int n, int slot, bool told)
{
    struct session *s = session_of(w, n, slot);
    struct statement queue[QUEUE_MAX];
    struct answer lost = {.status = GOT_LOST};
    int queued = s->queued;
    bool outstanding = s->outstanding;
    if (!told)
        hang_up(w, n, slot);
    memcpy(queue, s->queue, sizeof(queue[0]) * (size_t)queued);
    if (s->up_at && clock_of(w, n) - s->up_at >= LASTING)
        s->backoff_ms = 0;
    s->up_at = 0;
    s->state = LINK_DOWN;
    s->gen++;
    drop_alarms(w, n, slot);
    s->id = 0;
    s->opened = 0;
    s->queued = s->outstanding = 0;
    for (int i = 0; i < queued; i++) {
        lost.sent = i == 0 && outstanding ? s->sent : 0;
        replied(w, n, slot, &queue[i], &lost);
    }
    if (s->state != LINK_DOWN)
        return; /* freed by what was told */
    back_off(w, n, slot);
    went(w, n, slot);
}

void session_open(struct world *w, int n, int slot, int server, int backoff_max_ms)
{
    struct session *s = session_of(w, n, slot);
    uint32_t gen = s->gen + 1;
    memset(s, 0, offsetof(struct session, queue));
    s->gen = gen;
    s->state = LINK_DOWN;
    s->server = (uint8_t)server;
    s->conn = NOBODY;
    s->backoff_max_ms = (uint16_t)backoff_max_ms;
    set_alarm(w, n, slot, clock_of(w, n));
}

void session_free(struct world *w, int n, int slot)
{
    struct session *s = session_of(w, n, slot);
    struct statement queue[QUEUE_MAX];
    struct answer lost = {.status = GOT_LOST};
    int queued = s->queued;
    if (s->state == LINK_NONE)
        return;
    hang_up(w, n, slot);
    memcpy(queue, s->queue, sizeof(queue[0]) * (size_t)queued);
    s->state = LINK_NONE;
    s->queued = s->outstanding = 0;
    s->gen++;
    for (int i = 0; i < queued; i++)
        replied(w, n, slot, &queue[i], &lost);
}

void session_close(struct world *w, int n, int slot)
{
    if (session_of(w, n, slot)->state >= LINK_CONNECTING)
        lose(w, n, slot, false);
}

void session_retry_now(struct world *w, int n, int slot)
{
    if (session_of(w, n, slot)->state == LINK_DOWN)
        set_alarm(w, n, slot, clock_of(w, n));
}

void sessions_abandon(struct world *w, int n, int from, int to, bool off)
{
    for (int slot = from; slot < to; slot++) {
        struct session *s = session_of(w, n, slot);
        if (!off && s->state >= LINK_CONNECTING)
            hang_up(w, n, slot);
        s->state = LINK_NONE;
        s->queued = s->outstanding = 0;
        s->gen++;
    }
}

/* ---- statements ---- */

static void send_next(struct world *w, int n, int slot)
{
    struct session *s = session_of(w, n, slot);
    if (s->state != LINK_UP || s->outstanding || !s->queued)
        return;
    struct supervisor *p = &w->nodes[n].sup;
    s->outstanding = 1;
    s->sent = clock_of(w, n);
    if (slot < SLOT_F_LOCK && p->stop_in && --p->stop_in == 0)
        process_stop(w, n, false);
    if (slot < SLOT_F_LOCK && p->stop_before && p->stop_before == s->queue[0].verb) {
        p->stop_before = 0;
        process_stop(w, n, false);
    }
    if (slot < SLOT_F_LOCK && p->state == STOPPED)
        event_add(w, w->now, EV_SEND, n, slot, s->gen);
    else
        event_add(w, link_arrival(w, owner_host(n), s->server, &s->next_to), EV_QUERY, n, slot, s->gen);
    if (slot < SLOT_F_LOCK && p->stop_after && p->stop_after == s->queue[0].verb) {
        p->stop_after = 0;
        process_stop(w, n, false);
        process_stop(w, n, true);
    }
}

void session_query(struct world *w, int n, int slot, const struct statement *st, int deadline_ms)
{
    struct session *s = session_of(w, n, slot);
    struct answer lost = {.status = GOT_LOST};
    if (s->state == LINK_NONE)
        return;
    if (s->state != LINK_UP) {
        replied(w, n, slot, st, &lost);
        return;
    }
    if (s->queued == QUEUE_MAX) /* bulletins behind one that waits: the newest says it all */
        s->queued--;
    struct statement *to = &s->queue[s->queued++];
    *to = *st;
    to->deadline = deadline_ms ? clock_of(w, n) + (int64_t)deadline_ms * MS : 0;
    if (to->deadline)
        set_alarm(w, n, slot, to->deadline);
    send_next(w, n, slot);
}

static void take_out(struct session *s, int i)
{
    s->queued--;
    memmove(&s->queue[i], &s->queue[i + 1], sizeof(s->queue[0]) * (size_t)(s->queued - i));
}

static void heed_alarm(struct world *w, int n, int slot)
{
    struct session *s = session_of(w, n, slot);
    int64_t now = clock_of(w, n), next = 0;
    struct answer lost = {.status = GOT_LOST};
    if (s->state == LINK_DOWN) {
        begin(w, n, slot);
        return;
    }
    if (s->state == LINK_CONNECTING) {
        if (now >= s->connect_by)
            lose(w, n, slot, false);
        return;
    }
    if (s->outstanding && s->queue[0].deadline && s->queue[0].deadline <= now) {
        lose(w, n, slot, false);
        return;
    }
    uint32_t gen = s->gen;
    for (int i = s->outstanding; i < s->queued && s->gen == gen; i++)
        if (s->queue[i].deadline && s->queue[i].deadline <= now) {
            struct statement st = s->queue[i];
            take_out(s, i--);
            replied(w, n, slot, &st, &lost);
        }
    if (s->gen != gen || s->state != LINK_UP)
        return;
    for (int i = 0; i < s->queued; i++)
        if (s->queue[i].deadline && (!next || s->queue[i].deadline < next))
            next = s->queue[i].deadline;
    if (next)
        set_alarm(w, n, slot, next);
}

/* ---- arrivals ---- */

/* A packet that meets a cut, or a host that is off, is sent again. */
static bool is_held(struct world *w, struct event *e, int from, int to)
{
    if (link_open(w, from, to))
        return false;
    int64_t again = RTO << (e->x < 3 ? e->x : 3);
    struct event *next = event_add(w, w->now + again + random_below(w, 20 * MS), e->kind, e->a, e->b, e->gen);
    next->x = e->x + 1;
    return true;
}

static void connect_arrives(struct world *w, struct event *e)
{
    struct session *s = session_of(w, e->a, e->b);
    int from = owner_host(e->a), to = s->server;
    if (is_held(w, e, from, to))
        return;
    int c = w->servers[to].state == RUNS ? server_connect(w, to, e->a, e->b) : -1;
    if (c < 0) { /* refused */
        event_add(w, link_arrival(w, to, from, NULL), EV_BROKEN, e->a, e->b, e->gen);
        return;
    }
    s->conn = (uint8_t)c;
    s->answer = (struct answer){.status = GOT_OK, .holder = w->servers[to].conns[c].id};
    event_add(w, link_arrival(w, to, from, &s->next_from), EV_REPLY, e->a, e->b, e->gen);
}

static void query_arrives(struct world *w, struct event *e)
{
    struct session *s = session_of(w, e->a, e->b);
    struct server *v = &w->servers[s->server];
    if (is_held(w, e, owner_host(e->a), s->server))
        return;
    struct conn *c = &v->conns[s->conn];
    if (v->state == GONE || !c->used || c->link_gen != s->gen || c->node != e->a || c->slot != e->b) {
        event_add(w, link_arrival(w, s->server, owner_host(e->a), NULL), EV_BROKEN, e->a, e->b, e->gen);
        return;
    }
    server_arrive(w, s->server, s->conn, &s->queue[0]);
}

static void reply_arrives(struct world *w, struct event *e)
{
    struct session *s = session_of(w, e->a, e->b);
    if (is_held(w, e, s->server, owner_host(e->a)))
        return;
    if (e->b < SLOT_F_LOCK)
        w->tally.delivered++;
    if (s->state == LINK_CONNECTING) {
        s->state = LINK_UP;
        s->up_at = clock_of(w, e->a);
        s->id = s->answer.holder;
        came(w, e->a, e->b);
        return;
    }
    if (s->state != LINK_UP || !s->outstanding)
        return;
    struct statement st = s->queue[0];
    struct answer *a = &s->answer;
    take_out(s, 0);
    s->outstanding = 0;
    a->sent = s->sent;
    a->answered = clock_of(w, e->a);
    replied(w, e->a, e->b, &st, a);
    send_next(w, e->a, e->b);
}

void session_take(struct world *w, struct event *e)
{
    struct session *s = session_of(w, e->a, e->b);
    if (e->gen != s->gen || s->state == LINK_NONE)
        return;
    switch (e->kind) {
    case EV_CONNECT:
        connect_arrives(w, e);
        break;
    case EV_QUERY:
        query_arrives(w, e);
        break;
    case EV_REPLY:
        reply_arrives(w, e);
        break;
    case EV_SEND: /* the time was taken before or after the stop */
        if (random_below(w, 2))
            s->sent = clock_of(w, e->a);
        event_add(w, link_arrival(w, owner_host(e->a), s->server, &s->next_to), EV_QUERY, e->a, e->b, s->gen);
        break;
    case EV_BROKEN:
        if (!is_held(w, e, s->server, owner_host(e->a)) && s->state >= LINK_CONNECTING)
            lose(w, e->a, e->b, true);
        break;
    default:
        s->alarm_at = 0;
        heed_alarm(w, e->a, e->b);
        break;
    }
}

/* ---- what the server sends back ---- */

static bool is_read(struct world *w, int s, int c, struct session **out)
{
    const struct conn *k = &w->servers[s].conns[c];
    if (k->node >= NODES)
        return false;
    *out = session_of(w, k->node, k->slot);
    return (*out)->gen == k->link_gen && (*out)->state >= LINK_CONNECTING;
}

void session_reply(struct world *w, int s, int c)
{
    const struct conn *k = &w->servers[s].conns[c];
    struct session *to;
    if (is_read(w, s, c, &to))
        event_add(w, link_arrival(w, s, owner_host(k->node), &to->next_from), EV_REPLY, k->node, k->slot,
                  k->link_gen);
}

void session_broken(struct world *w, int s, int c)
{
    const struct conn *k = &w->servers[s].conns[c];
    struct session *to;
    if (is_read(w, s, c, &to))
        event_add(w, link_arrival(w, s, owner_host(k->node), &to->next_from), EV_BROKEN, k->node, k->slot,
                  k->link_gen);
}
