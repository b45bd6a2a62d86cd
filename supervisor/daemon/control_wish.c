#include "daemon/control_wish.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "daemon/node.h"
#include "model/report_text.h"

#define YEAR_2020_S INT64_C(1577836800) /* keeps the epochs short */

static enum wish_state settle(struct wish *w, enum wish_state state, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum wish_state settle(struct wish *w, enum wish_state state, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(w->message, sizeof(w->message), format, args);
    va_end(args);
    w->state = state;
    return state;
}

static const char *name_of(const struct node *n, int i)
{
    return n->settings.cluster.nodes[i].name;
}

/* "mx1 is fenced: the reason", where the reason does not begin with the state itself. */
static enum wish_state settle_by_state(struct wish *w, enum wish_state state, const struct node *n, int node,
                                       const char *reason)
{
    const char *name = node_state_name(n->mind.state);
    size_t length = strlen(name);
    bool says = strncmp(reason, name, length) == 0 && (reason[length] == ':' || !reason[length]);
    return settle(w, state, "%s is %s%s%s", name_of(n, node), says ? "" : name, says ? "" : ": ", reason);
}

static int index_of(const struct node *n, const char *name)
{
    for (int i = 0; i < OBS_NODES; i++)
        if (strcmp(name_of(n, i), name) == 0)
            return i;
    return -1;
}

static bool is_writer(const struct node *n)
{
    return n->mind.state == NODE_WRITER || n->mind.state == NODE_DUAL;
}

static bool is_settled(const struct node *n)
{
    return is_writer(n) || n->mind.state == NODE_STANDBY;
}

/* ---- beginning ---- */

/* For the epoch: promotions are rarer than one a second, so that an epoch of this kind is above all before
 * it. */
static uint64_t seconds_of_day(void)
{
    int64_t s = clock_wall_us() / 1000000 - YEAR_2020_S;
    return s > 0 ? (uint64_t)s : 0;
}

static enum wish_state begin_pending(struct wish *w, struct node *n, enum operator_want want,
                                     int64_t limit_us)
{
    n->o.operator_.want = want;
    n->o.operator_.accept_loss = w->request.accept_loss;
    n->o.operator_.peer_is_off = w->request.peer_is_off[0] != '\0';
    n->o.operator_.off_at = n->o.operator_.peer_is_off ? seconds_of_day() : 0;
    w->limit_us = limit_us;
    w->state = WISH_PENDING;
    node_wake(n);
    return w->state;
}

/* What stands against any change of roles by command; true if it settled the wish. */
static bool refuse_change(struct wish *w, const struct node *n, const struct report *r)
{
    bool opens = w->request.command == CONTROL_PROMOTE && n->mind.state == NODE_DUAL_HELD && !r->maintenance;
    if (n->policy.dual && opens)
        return false;
    if (n->policy.dual)
        settle(w, WISH_REFUSED, "write_mode is dual: both nodes are writable, there is no writer to move");
    else if (r->maintenance)
        settle(w, WISH_REFUSED,
               "maintenance is on at %s: nothing changes role until `mysql-replcheck maintenance off` there",
               r->nodes[n->policy.self].maintenance == TRI_YES ? name_of(n, n->policy.self)
                                                               : name_of(n, 1 - n->policy.self));
    else if (!n->outcome.row)
        settle(w, WISH_REFUSED, "the supervisor has just started: ask again in a second");
    else if (!is_settled(n) &&
             !(w->request.command == CONTROL_PROMOTE && node_state_is_promoting(n->mind.state)))
        settle_by_state(w, WISH_REFUSED, n, n->policy.self, n->outcome.row->reason);
    return w->state != WISH_PENDING;
}

/* The giver would stay without what the taker writes, which starting its threads does not mend: nobody could
 * take over from there. */
static bool cannot_follow(const struct report_node *giver)
{
    return giver->replica == TRI_NO || (giver->sql == TRI_NO && giver->sql_errno) ||
           (giver->io != IO_YES && giver->io_errno);
}

static enum wish_state refuse_without_way_back(struct wish *w, const struct node *n, const struct report *r)
{
    char what[REPORT_SENTENCE_MAX];
    int giver = 1 - w->target;
    return settle(
        w, WISH_REFUSED,
        "%s could not follow %s afterwards: %.300s; mend that first, or say `mysql-replcheck promote` on "
        "%s, which goes without it",
        name_of(n, giver), name_of(n, w->target),
        report_text_replication(&r->nodes[giver], what, sizeof(what)), name_of(n, w->target));
}

static enum wish_state begin_switchover(struct wish *w, struct node *n, const struct report *r)
{
    int self = n->policy.self, other = 1 - self;
    int64_t limit = n->policy.switchover_timeout_us + n->policy.lease_us;
    bool there = n->outcome.row && n->outcome.facts.value[FACT_PEER_WRITER] == TRI_YES;
    w->target = w->request.to[0] ? index_of(n, w->request.to) : is_writer(n) ? other : self;
    if (w->target < 0)
        return settle(w, WISH_REFUSED, "there is no node %s: %s or %s", w->request.to, name_of(n, 0),
                      name_of(n, 1));
    if (refuse_change(w, n, r))
        return w->state;
    if (!is_writer(n) && !there)
        return settle(w, WISH_REFUSED,
                      "nobody is known to be the writer, so there is nothing to hand over (%s); "
                      "`mysql-replcheck promote` makes this node the writer",
                      r->headline);
    if (is_writer(n) == (w->target == self))
        return settle(w, WISH_DONE, "%s is the writer already", name_of(n, w->target));
    if (r->ready != TRI_YES)
        return settle(w, WISH_REFUSED, "%s cannot take over: %s", name_of(n, w->target), r->not_ready);
    if (cannot_follow(&r->nodes[1 - w->target]))
        return refuse_without_way_back(w, n, r);
    return begin_pending(w, n, w->target == self ? WANT_HERE : WANT_AWAY, limit);
}

static enum wish_state begin_promote(struct wish *w, struct node *n, const struct report *r)
{
    int self = n->policy.self, other = 1 - self;
    const char *off = w->request.peer_is_off;
    int64_t limit = n->policy.drain_timeout_us + n->policy.switchover_timeout_us + 3 * n->policy.lease_us;
    w->target = self;
    if (off[0] && strcmp(off, name_of(n, other)) != 0)
        return settle(w, WISH_REFUSED, "--peer-is-off %s: the other node is %s", off, name_of(n, other));
    if (is_writer(n))
        return settle(w, WISH_DONE, "%s is the writer already", name_of(n, self));
    if (refuse_change(w, n, r))
        return w->state;
    if (off[0] && n->outcome.facts.value[FACT_PEER_UP] == TRI_YES)
        return settle(w, WISH_REFUSED, "%s's server answers: that host is not off", off);
    bool closed = n->mind.basis.kind != NOTE_NONE; /* the third vote comes with that row */
    if (!off[0] && !closed && n->quorum.durable_tie && n->quorum.tie_mine != TRI_YES &&
        n->outcome.facts.value[FACT_PEER_UP] != TRI_YES)
        return settle(w, WISH_REFUSED,
                      "the third vote is %s's, which does not answer; once its host is off for certain: "
                      "`mysql-replcheck promote --peer-is-off %s`",
                      name_of(n, other), name_of(n, other));
    return begin_pending(w, n, WANT_HERE, limit);
}

static enum wish_state set_maintenance(struct wish *w, struct node *n, bool on)
{
    const char *self = name_of(n, n->policy.self), *other = name_of(n, 1 - n->policy.self);
    bool was = n->o.operator_.maintenance;
    n->o.operator_.maintenance = on;
    node_wake(n);
    if (on == was)
        return settle(w, WISH_DONE, "maintenance is %s at %s already", on ? "on" : "off", self);
    if (on)
        return settle(w, WISH_DONE,
                      "maintenance is on at %s: nothing changes role, and %s takes nothing over, until "
                      "`mysql-replcheck maintenance off` here",
                      self, other);
    return settle(w, WISH_DONE, "maintenance is off at %s", self);
}

static enum wish_state reset_breaker(struct wish *w, struct node *n)
{
    int counted = n->o.failovers_in_window;
    node_breaker_reset(n);
    return settle(w, WISH_DONE, "the breaker is closed at %s: %d unplanned promotion%s forgotten",
                  name_of(n, n->policy.self), counted, counted == 1 ? " is" : "s are");
}

enum wish_state wish_begin(struct wish *w, struct node *n, const struct control_request *request,
                           const struct report *r, int64_t now_us)
{
    *w = (struct wish){.state = WISH_PENDING, .request = *request, .target = -1, .began_us = now_us};
    switch (request->command) {
    case CONTROL_SWITCHOVER:
        return begin_switchover(w, n, r);
    case CONTROL_PROMOTE:
        return begin_promote(w, n, r);
    case CONTROL_MAINTENANCE_ON:
        return set_maintenance(w, n, true);
    case CONTROL_MAINTENANCE_OFF:
        return set_maintenance(w, n, false);
    case CONTROL_BREAKER_RESET:
        return reset_breaker(w, n);
    default:
        return settle(w, WISH_REFUSED, "%s changes nothing", control_command_name(request->command));
    }
}

/* ---- waiting ---- */

static const char *last_reason(const struct node *n)
{
    const struct outcome *o = &n->outcome;
    return o->step_count ? o->steps[o->step_count - 1].row->reason : o->row->reason;
}

/* A standby that stays one and raises an alert about the reason to promote has refused. */
static bool has_refused(const struct node *n)
{
    const struct rule *row = n->outcome.row;
    return n->mind.state == NODE_STANDBY && row->stay && (row->actions & ACTION_BIT(ACTION_ALERT));
}

static enum wish_state refuse_promotion(struct wish *w, const struct node *n)
{
    char bound[LEDGER_SENTENCE_MAX] = "";
    bool loss = n->outcome.facts.value[FACT_LOSS] != LOSS_OK;
    struct loss_bound b = facts_loss(&n->policy, &n->o, &n->mind);
    loss_bound_format(&b, bound, sizeof(bound));
    return settle(w, WISH_REFUSED, "%s (row %d)%s%.240s%s", n->outcome.row->reason, n->outcome.row->id,
                  loss ? ": " : "", loss ? bound : "",
                  loss ? "; `mysql-replcheck promote --accept-loss` accepts it" : "");
}

static enum wish_state look_here(struct wish *w, const struct node *n)
{
    bool was = w->left;
    /* A promotion that was under way before may still be given up for its own reason; the next one is this
     * wish's. */
    w->left = w->left || (n->mind.state != NODE_STANDBY && n->mind.since_us >= w->began_us);
    if (is_writer(n))
        return settle(w, WISH_DONE, "%s is the writer (epoch %llu)", name_of(n, w->target),
                      (unsigned long long)n->mind.epoch);
    if (n->mind.state == NODE_FENCED || n->mind.state == NODE_QUARANTINED ||
        (was && n->mind.state == NODE_STANDBY))
        return settle_by_state(w, WISH_FAILED, n, w->target, last_reason(n));
    return has_refused(n) ? refuse_promotion(w, n) : w->state;
}

/* What became of this node does not change that the other one writes. */
static enum wish_state handed_over(struct wish *w, const struct node *n)
{
    if (n->mind.state == NODE_STANDBY)
        return settle(w, WISH_DONE, "%s is the writer", name_of(n, w->target));
    return settle(w, WISH_DONE, "%s is the writer; %s is %s: %s", name_of(n, w->target),
                  name_of(n, n->policy.self), node_state_name(n->mind.state), n->outcome.row->reason);
}

static enum wish_state look_away(struct wish *w, const struct node *n)
{
    bool was = w->left;
    bool changing =
        is_writer(n) || n->mind.state == NODE_DEMOTE_CLOSE || n->mind.state == NODE_DEMOTE_HANDOVER;
    w->left = w->left || !is_writer(n);
    if (!changing && n->o.peer.read_only == TRI_NO && n->o.peer.seen_us > w->began_us)
        return handed_over(w, n);
    if (was && is_writer(n))
        return settle(w, WISH_FAILED, "%s did not take over and %s is the writer again: %s",
                      name_of(n, w->target), name_of(n, n->policy.self), last_reason(n));
    if (n->mind.state == NODE_FENCED || n->mind.state == NODE_QUARANTINED)
        return settle_by_state(w, WISH_FAILED, n, n->policy.self, last_reason(n));
    return w->state;
}

enum wish_state wish_look(struct wish *w, const struct node *n, int64_t now_us)
{
    char limit[DURATION_MAX], why[REPORT_SENTENCE_MAX];
    enum wish_state state = w->target == n->policy.self ? look_here(w, n) : look_away(w, n);
    if (state != WISH_PENDING || now_us - w->began_us < w->limit_us)
        return state;
    return settle(w, WISH_FAILED, "not within %s: %s is %s (row %d: %s)",
                  duration_format_us(w->limit_us, limit), name_of(n, n->policy.self),
                  node_state_name(n->mind.state), n->outcome.row->id,
                  report_text_reason(n->outcome.row, &n->mind, n->attempt_refusal, why, sizeof(why)));
}

void wish_end(struct node *n)
{
    n->o.operator_.want = WANT_NOTHING;
    n->o.operator_.accept_loss = false;
    n->o.operator_.peer_is_off = false;
    node_wake(n);
}
