/* What must never be. Two servers that could acknowledge at one instant; an acknowledgement of an older term
 * after one of a newer; an epoch used twice or not rising; authority, enabling and release out of their
 * order.
 *
 * The documented exceptions (DESIGN.md, "Three ways of proving it") are exactly these, counted and bounded:
 *   pause      a whole host stood still under its writer and acknowledges on resuming, until its fencer acts;
 *   unwatched  the server was stopped while its fencer was gone or stopped too, and goes on;
 *   switch     supervisor and fencer both stand still or are gone, and the dead-man's switch, the last of the
 * three, is disabled or blocked by somebody's locks (it is no part of the timing proof); mischief   somebody
 * else set read_only=0; vip        tie-breaker `vip`. */
#include <stdio.h>

#include "parts.h"

#define EXCUSED_MAX  (2500 * MS) /* a fence, or the dead-man's switch twice */
#define MISCHIEF_MAX (4 * S)     /* seen within a period, and a fence; or the dead-man's switch */

static bool acknowledges(const struct world *w, int s)
{
    return !w->servers[s].read_only && w->servers[s].state == RUNS && host_runs(w, s);
}

/* Does neither process run here, while the switch cannot act either, or could not until a moment ago? */
bool invariant_unattended(const struct world *w, int s)
{
    const struct server *v = &w->servers[s];
    bool blocked = v->blockers || v->waiting || (v->blocked_at && w->now - v->blocked_at <= EXCUSED_MAX);
    return w->nodes[s].sup.state != RUNS && w->nodes[s].fencer.state != RUNS &&
           (!v->switch_enabled || blocked);
}

/* Which exception covers this server's being writable, or -1. */
static int excuse_of(const struct world *w, int s)
{
    const struct server *v = &w->servers[s];
    const struct host *h = &w->hosts[s];
    if (w->c.tie == POLICY_TIE_VIP)
        return EXCUSE_VIP;
    if (v->mischief && w->now - v->writable_since <= MISCHIEF_MAX)
        return EXCUSE_MISCHIEF;
    if (v->unwatched && v->resumed_at && w->now - v->resumed_at <= EXCUSED_MAX)
        return EXCUSE_UNWATCHED;
    if (invariant_unattended(w, s) ||
        (v->unattended_at && w->now - v->unattended_at <= w->policy[s].fence_us + 100 * MS))
        return EXCUSE_SWITCH;
    if (h->thawed_at && h->thawed_at > v->enabled_at && w->now - h->thawed_at <= EXCUSED_MAX)
        return EXCUSE_PAUSE;
    return -1;
}

static int excuse_of_pair(const struct world *w)
{
    int first = excuse_of(w, 0);
    return first >= 0 ? first : excuse_of(w, 1);
}

void invariant_writable(struct world *w, int s)
{
    (void)s;
    if (!acknowledges(w, 0) || !acknowledges(w, 1))
        return;
    if (excuse_of_pair(w) < 0)
        world_break(w, "W: both servers are writable and run (epochs %u and %u)", w->servers[0].enabled_epoch,
                    w->servers[1].enabled_epoch);
}

void invariant_ack(struct world *w, int s, uint32_t to)
{
    struct server *v = &w->servers[s];
    w->tally.writes++;
    v->acked = to;
    w->writer_seen = w->now;
    if (v->enabled_epoch && v->enabled_epoch >= w->highest_ack) {
        w->highest_ack = v->enabled_epoch;
        loss_acked(w, s, to);
    } else if (w->highest_ack && excuse_of(w, s) < 0)
        world_break(w, "W: %s acknowledges in epoch %u after one in epoch %u", trace_server(s),
                    v->enabled_epoch, w->highest_ack);
}

/* Two of the three voters remember a promise. Where one has lost its tables, and the other is away, nobody
 * does. */
static bool may_be_forgotten(const struct world *w, int s)
{
    const struct row *known = &w->servers[s].rows.at[NOTE_PROMISE - 1][1 - s];
    bool told = known->present && known->epoch >= w->highest_enabled;
    return w->c.tie == POLICY_TIE_VIP || (w->wiped && !told && w->enabled_by != s);
}

void invariant_enabled(struct world *w, int s, unsigned epoch)
{
    w->tally.enables++;
    if (epoch % 2 != (s == 0 ? 1U : 0U))
        world_break(w, "E: epoch %u is not of %s's parity", epoch, trace_server(s));
    w->forgotten = may_be_forgotten(w, s);
    if (epoch < w->highest_enabled && !w->forgotten)
        world_break(w, "E: epoch %u is enabled after %u", epoch, w->highest_enabled);
    w->highest_enabled = epoch;
    w->highest_ack = w->forgotten && epoch < w->highest_ack ? epoch : w->highest_ack;
    loss_enabled(w, s);
    w->forgot = w->forgotten;
    w->wiped = w->forgotten = 0;
    w->enabled_by = (uint8_t)s;
}

void invariant_step(struct world *w)
{
    bool both = acknowledges(w, 0) && acknowledges(w, 1);
    if (!both) {
        w->both_since = 0;
        return;
    }
    if (!w->both_since)
        w->both_since = w->now;
    int excuse = excuse_of_pair(w);
    if (excuse < 0)
        world_break(w, "W: both servers are writable and run since %.1f ms",
                    (double)(w->now - w->both_since) / 1000);
    else
        invariant_excused(w, w->now);
}

void invariant_excused(struct world *w, int64_t until)
{
    static const int64_t none;
    (void)none;
    int excuse = excuse_of_pair(w);
    if (excuse >= 0 && w->both_since) {
        w->tally.excused_us[excuse] += (uint64_t)(until - w->both_since);
        w->both_since = until;
    }
}

static const char *impossible(const struct supervisor *p, const struct outcome *out)
{
    uint64_t a = out->actions;
    const uint8_t *f = out->facts.value;
    if ((a & ACTION_BIT(ACTION_ENABLE)) && (f[FACT_AUTHORITY] != TRI_YES || f[FACT_ARMED] != TRI_YES))
        return "enabled without acknowledged authority";
    if ((a & ACTION_BIT(ACTION_RELEASE)) && (p->o.own.read_only == TRI_NO || p->o.enabling_unanswered) &&
        p->m.state != NODE_DEMOTE_HANDOVER)
        return "released while the own server may be writable";
    if ((a & ACTION_BIT(ACTION_CERTIFY)) && (!p->o.fencer.dead_us || p->o.boot_safe != TRI_YES))
        return "certified what is not dead or boots writable";
    if ((a & ACTION_BIT(ACTION_START_THREADS)) && p->o.own.read_only != TRI_YES)
        return "threads started on a server that may be writable";
    if (p->m.state == NODE_WRITER && f[FACT_AUTHORITY] != TRI_YES)
        return "writer without authority";
    if (out->step_count >= DECIDE_STEPS_MAX)
        return "the walk through the table does not end";
    return NULL;
}

void invariant_tick(struct world *w, int n, enum node_state before, const struct outcome *out)
{
    const struct supervisor *p = &w->nodes[n].sup;
    const char *what = impossible(p, out);
    struct server *v = &w->servers[n];
    (void)before;
    /* Who was made writable by somebody is the writer all the same while it has the authority of the newest
     * term. */
    if (p->m.state == NODE_WRITER && v->mischief && p->m.epoch >= w->highest_enabled) {
        v->mischief = 0;
        v->enabled_epoch = w->highest_enabled = (uint32_t)p->m.epoch;
    }
    if (what)
        world_break(w, "P: %s, row %d: %s", trace_node(n), out->row->id, what);
    for (int i = 0; i < out->step_count; i++) {
        const struct decide_step *step = &out->steps[i];
        if (step->to == NODE_PROMOTE_PROMISE && !p->m.accept_loss &&
            out->facts.value[FACT_DRAINED] == TRI_UNKNOWN)
            world_break(w, "P: promoted on unknown data");
        if (step->to == NODE_WRITER)
            w->tally.failovers++;
        if (step->to == NODE_DEMOTE_HANDOVER)
            w->tally.handovers++;
    }
}
