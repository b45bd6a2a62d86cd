/* Liveness: the faults end, or one stays for ever on a minority, and then there must be one writer again
 * within a bound, unless a refusal is shown that only an operator may overrule. He does, and then the same
 * must hold. */
#include <string.h>

#include "parts.h"

/* What follows one another at worst, in leases of 3 s: a vote is left to expire (1, and 1 s), a promotion
 * gives up after 3, backs off for up to 2.5, tries again for 3, and what was fenced keeps a lease; the
 * dead-man's switch is verified within 5 s. */
#define BOUND      (12 * 3 * S)
#define OPERATOR   (12 * 3 * S)
#define LOOK_AGAIN (2 * S)

enum { CALM_FAULT = 0, CALM_BEGINS, CALM_JUDGED, CALM_OPERATED, CALM_OVER };

void calm_init(struct world *w)
{
    if (!w->c.liveness)
        return;
    w->c.until = w->c.calm_from + BOUND + OPERATOR + S;
    event_add(w, w->c.calm_from, EV_FAULT, 0, CALM_BEGINS, 0);
    event_add(w, w->c.calm_from + BOUND, EV_FAULT, 0, CALM_JUDGED, 0);
    event_add(w, w->c.calm_from + BOUND + OPERATOR, EV_FAULT, 0, CALM_OVER, 0);
}

/* The minority that stays away: a node, the witness, or one link. */
static void stay_broken(struct world *w)
{
    int kind = (int)random_below(w, 4), n = (int)random_below(w, NODES);
    w->c.stays = (uint8_t)(kind + 1);
    if (kind == 0) {
        host_off(w, n);
    } else if (kind == 1 && w->c.tie == POLICY_TIE_WITNESS) {
        host_off(w, 2);
    } else if (kind == 2 && w->c.tie == POLICY_TIE_WITNESS) {
        for (int h = 0; h < HOSTS; h++)
            if (h != n)
                w->cut[h][n] = w->cut[n][h] = 1;
    } else if (kind == 3 && w->c.tie == POLICY_TIE_WITNESS) {
        w->cut[0][1] = w->cut[1][0] = 1;
    } else {
        w->c.stays = 0;
    }
}

static void begin_calm(struct world *w)
{
    struct event heals[EVENTS_MAX];
    int count = 0;
    event_drop(w, EV_FAULT, 0, CALM_FAULT);
    for (int i = 0; i < w->event_count; i++)
        if (w->events[i].kind == EV_HEAL)
            heals[count++] = w->events[i];
    for (int i = 0; i < count; i++) {
        event_drop(w, EV_HEAL, heals[i].a, heals[i].b);
        faults_take(w, &heals[i]);
    }
    for (int n = 0; n < NODES; n++) /* who was stopped when it was to end did not hear of it */
        w->nodes[n].sup.o.operator_.maintenance = false;
    for (int s = 0; s < SERVERS; s++)
        if (w->servers[s].state == GONE) {
            event_drop(w, EV_START, s, 0);
            event_add(w, w->now, EV_START, s, 0, 0);
        }
    for (int n = 0; n < NODES; n++) /* nothing changes role under maintenance: it is no fault that ends */
        w->nodes[n].sup.o.operator_.maintenance = false;
    w->c.loss = w->c.slow_steps = 0;
    w->c.delay = w->c.delay < 2 * MS ? w->c.delay : 2 * MS;
    w->c.delay_spread = w->c.delay_spread < 2 * MS ? w->c.delay_spread : 2 * MS;
    TRACE(w, "CALM", "no fault from here on");
    if (random_below(w, 3) == 0)
        stay_broken(w);
}

static bool has_writer(const struct world *w)
{
    return w->writer_seen && w->now - w->writer_seen < S;
}

/* Rows that wait for a person, with a reason that says so. */
static bool is_refused(const struct world *w, int n)
{
    static const int rows[] = {320, 326, 328, 329, 330, 331, 332, 334, 335, 799};
    const struct supervisor *p = &w->nodes[n].sup;
    for (size_t i = 0; p->state == RUNS && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (p->row == rows[i])
            return true;
    return false;
}

/* Lossless: without the other a writer goes on only behind a mark, which nobody takes while the witness is
 * away. */
static bool waits_for_witness(const struct world *w)
{
    for (int n = 0; w->c.lossless && n < NODES; n++) {
        const struct server *other = &w->servers[1 - n];
        const struct supervisor *p = &w->nodes[n].sup;
        bool away = !host_runs(w, 2) || w->cut[n][2] || w->cut[2][n];
        bool marks = p->row == 453 || p->row == 458 || p->row == 501 || p->row == 506;
        if (p->state == RUNS && away && (marks || other->forked || other->io != IO_YES))
            return true;
    }
    return false;
}

/* With tie-breaker `writer`, an isolated node and one that lost the other's host wait for the operator, too.
 */
static void judge(struct world *w)
{
    if (has_writer(w))
        return;
    if (waits_for_witness(w))
        return;
    if (!is_refused(w, 0) && !is_refused(w, 1))
        world_break(w, "C: no writer %.0f s after the last fault, and nobody refuses (rows %d and %d)",
                    (double)(w->now - w->c.calm_from) / S, w->nodes[0].sup.row, w->nodes[1].sup.row);
    w->tally.refused++;
    event_add(w, w->now, EV_FAULT, 0, CALM_OPERATED, 0);
}

/* Which server is to be cloned anew from the other by its administrator: a diverged one; of two, the one that
 * did not acknowledge last. -1 = none. */
static int to_be_cloned(const struct world *w)
{
    bool diverged[NODES];
    for (int n = 0; n < NODES; n++) {
        const struct supervisor *p = &w->nodes[n].sup;
        if (w->servers[n].state != RUNS)
            return -1;
        diverged[n] = p->state == RUNS && p->m.state == NODE_QUARANTINED;
    }
    if (diverged[0] && diverged[1])
        return 1 - w->acked_by;
    return diverged[0] ? 0 : diverged[1] ? 1 : -1;
}

static void clone(struct world *w)
{
    int n = to_be_cloned(w);
    if (n < 0)
        return;
    struct server *v = &w->servers[n], *from = &w->servers[1 - n];
    TRACE(w, trace_server(n), "is cloned anew");
    v->own = from->own;
    history_cut(&v->own, from->applied);
    v->applied = from->applied;
    v->io = IO_NO;
    v->sql = v->forked = 0;
    v->io_pos = (struct gid){0};
}

static void operate(struct world *w)
{
    if (has_writer(w))
        return;
    clone(w);
    faults_order_promotion(w);
    event_add(w, w->now + LOOK_AGAIN + random_below(w, LOOK_AGAIN), EV_FAULT, 0, CALM_OPERATED, 0);
}

static void end(struct world *w)
{
    int holders = w->nodes[0].vip + w->nodes[1].vip;
    bool alone = !w->hosts[0].on || !w->hosts[1].on || w->cut[0][1];
    for (int n = 0; n < NODES; n++)
        if (alone && w->nodes[n].sup.m.state == NODE_QUARANTINED)
            return; /* its data wait for an administrator and for the other host */
    loss_at_end(w);
    if (waits_for_witness(w))
        return;
    if (!has_writer(w))
        world_break(w, "C: no writer though the operator asked for one (rows %d and %d)", w->nodes[0].sup.row,
                    w->nodes[1].sup.row);
    else if (holders != 1 && !w->cut[0][1] && !w->cut[1][0])
        world_break(w, "V: %d nodes hold the VIP", holders);
}

bool calm_take(struct world *w, int what)
{
    switch (what) {
    case CALM_BEGINS:
        begin_calm(w);
        return true;
    case CALM_JUDGED:
        judge(w);
        return true;
    case CALM_OPERATED:
        operate(w);
        return true;
    case CALM_OVER:
        end(w);
        return true;
    default:
        return false;
    }
}
