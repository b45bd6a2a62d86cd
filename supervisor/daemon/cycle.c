#include "daemon/cycle.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/actions.h"
#include "daemon/audits.h"
#include "daemon/certificates.h"
#include "daemon/clients.h"
#include "daemon/control.h"
#include "daemon/disks.h"
#include "daemon/fencer_link.h"
#include "daemon/keeper.h"
#include "daemon/room.h"
#include "daemon/saved.h"
#include "daemon/vip_finder.h"
#include "daemon/vip_vote.h"
#include "io/bell.h"
#include "io/probe.h"
#include "io/references.h"
#include "io/session.h"
#include "io/voter.h"
#include "io/worker.h"
#include "model/ledger_text.h"
#include "model/report_text.h"
#include "daemon/boot_id.h"

#define REPAIR_US 10000000

static struct timeval timeval_of(int64_t us)
{
    struct timeval tv = {us / 1000000, us % 1000000};
    return tv;
}

/* ---- what the observation takes from what is kept elsewhere ---- */

static void observe_fencer(struct node *n)
{
    struct fencer_view *f = &n->o.fencer;
    int64_t waiting = fencer_link_unanswered_since_us(n->fencer);
    if (fencer_link_is_gone(n->fencer))
        f->alive = TRI_NO;
    else if (waiting && n->o.now_us - waiting > n->policy.silent_us)
        f->alive = TRI_NO;
    else if (fencer_link_state(n->fencer))
        f->alive = TRI_YES;
    if (f->inherited && (f->deadline_us <= n->o.now_us || n->mind.state != NODE_UNKNOWN))
        f->inherited = false;
}

static void sample_lag(const struct node *n, struct lag *lag, const struct server_view *primary)
{
    if (primary->seen_us && n->o.now_us - primary->seen_us <= n->policy.silent_us &&
        primary->seen_us > lag->newest_us)
        lag_sample(lag, &primary->binlog_pos, primary->seen_us);
}

static void observe_lag(struct node *n)
{
    bool self = n->mind.state == NODE_WRITER;
    const struct server_view *primary = self ? &n->o.own : &n->o.peer;
    if (self != n->lag_of_self) {
        memset(&n->lag, 0, sizeof(n->lag));
        n->lag_of_self = self;
    }
    sample_lag(n, &n->lag, primary);
    if (n->policy.dual)
        sample_lag(n, &n->lag_there, &n->o.own);
}

static void observe_rest(struct node *n)
{
    const struct vip_state *vip = n->vip ? vip_finder_state(n->vip) : NULL;
    n->o.vip.here = vip ? vip->here : TRI_UNKNOWN;
    n->o.vip.split = vip && vip->partial;
    n->o.vip.since_us = vip ? vip->since_us : 0;
    n->o.witness.seen_us = n->o.voter_answer_us[OBS_TIE];
    n->o.failovers_in_window = n->o.own.unplanned;
    n->o.enabling_unanswered = n->enabling_uncertain || voter_enable_unanswered(n->voters[n->policy.self]);
    /* Before it is the writer, the epoch may still be that of the node's last term. */
    if (n->mind.state == NODE_WRITER && n->mind.epoch && n->o.own.term_known &&
        n->o.own.term_epoch >= n->mind.epoch)
        n->o.term_written = true;
    if (n->mind.state == NODE_DEMOTE_CLOSE && n->closing_own_us && n->o.own.seen_us >= n->closing_own_us)
        n->o.final_known = n->o.own.read_only == TRI_YES && n->o.own.binlog_pos.known;
    if (n->o.own.probed_up_us && n->o.fencer.dead_us && n->o.own.probed_up_us > n->o.fencer.dead_us)
        n->o.fencer.dead_us = 0; /* another server answers at the socket */
}

/* ---- what is told ---- */

static void tell_step(struct node *n, const struct decide_step *step)
{
    struct journal_event e = {.kind = JOURNAL_STATE, .row_id = step->row->id, .epoch = n->mind.epoch};
    char bound[LEDGER_SENTENCE_MAX];
    snprintf(e.node, sizeof(e.node), "%s", n->settings.node.node);
    snprintf(e.state_from, sizeof(e.state_from), "%s", node_state_name(step->from));
    snprintf(e.state_to, sizeof(e.state_to), "%s", node_state_name(step->to));
    snprintf(e.reason, sizeof(e.reason), "%s", step->row->reason);
    snprintf(e.vip, sizeof(e.vip), "%s",
             n->o.vip.here == TRI_YES  ? "here"
             : n->o.vip.here == TRI_NO ? "away"
                                       : "");
    if (n->o.own.binlog_pos.known)
        gtid_set_format(&n->o.own.binlog_pos, e.gtid, sizeof(e.gtid));
    if (step->to == NODE_PROMOTE_VOTES)
        snprintf(e.detail, sizeof(e.detail), "reason: %s", promote_reason_name(n->mind.why));
    else if (step->to == NODE_WRITER)
        snprintf(e.detail, sizeof(e.detail), "reason: %s; %.400s", promote_reason_name(n->mind.why),
                 loss_bound_format(&n->promoted_loss, bound, sizeof(bound)));
    worker_event(&e);
    log_notice("%s -> %s: %s (row %d, epoch %llu)%s%s", e.state_from, e.state_to, e.reason, e.row_id,
               (unsigned long long)e.epoch, e.detail[0] ? "; " : "", e.detail);
}

static void tell_stay(struct node *n)
{
    const struct rule *row = n->outcome.row;
    if (row->id == n->last_row_id || n->outcome.step_count)
        return;
    if (row->actions & ACTION_BIT(ACTION_ALERT)) {
        struct journal_event e = {.kind = JOURNAL_ALERT, .row_id = row->id, .epoch = n->mind.epoch};
        snprintf(e.node, sizeof(e.node), "%s", n->settings.node.node);
        snprintf(e.reason, sizeof(e.reason), "%s", row->reason);
        worker_event(&e);
    }
    log_debug("%s: %s (row %d)", node_state_name(n->mind.state), row->reason, row->id);
}

/* ---- the dead-man's switch is kept working ---- */

static void repaired(void *arg, const struct reply *r)
{
    struct node *n = arg;
    snprintf(n->repair_trouble, sizeof(n->repair_trouble), "%.*s", (int)sizeof(n->repair_trouble) - 1,
             r->status == REPLY_OK ? "" : r->error);
    if (r->status == REPLY_OK) {
        struct journal_event e = {.kind = JOURNAL_ACTION};
        snprintf(e.node, sizeof(e.node), "%s", n->settings.node.node);
        snprintf(e.detail, sizeof(e.detail), "the dead-man's switch was made anew and enabled");
        worker_event(&e);
        log_notice("%s", e.detail);
        probe_events(n->probe_own);
    } else if (r->status == REPLY_ERROR) {
        log_error("the dead-man's switch cannot be repaired: %s; run `mysql-replcheck schema upgrade`",
                  r->error);
    }
}

static void repair_dead_man(struct node *n)
{
    struct session *desk = n->desk[n->policy.self];
    bool wrong = n->o.own.dead_man == TRI_NO && !n->policy.dual;
    if (!wrong || !session_is_up(desk) || (n->repaired_us && n->o.now_us - n->repaired_us < REPAIR_US))
        return;
    n->repaired_us = n->o.now_us;
    log_warning("the dead-man's switch does not work (%s): repairing it",
                report_text_dead_man(n->o.own.dead_man_trouble));
    session_query(desk, "CALL replcheck.repair_dead_man()", 5000, repaired, n);
}

/* ---- the tick ---- */

static const char *vip_news(const struct vip_view *v)
{
    return v->here == TRI_YES  ? "arrived"
           : v->here == TRI_NO ? "left"
           : v->split          ? "is split"
                               : "is not known";
}

static void schedule(struct node *n)
{
    int64_t now = clock_now_us(), next = decide_next_us(&n->policy, &n->o, &n->quorum, &n->mind);
    for (int i = 0; i < OBS_VOTERS; i++) {
        int64_t at = n->voters[i] ? voter_next_us(n->voters[i]) : 0;
        if (at && (!next || at < next))
            next = at;
    }
    int64_t action = actions_next_us(n);
    if (action && (!next || action < next))
        next = action;
    if (!next)
        return;
    struct timeval tv = timeval_of(next > now ? next - now : 0);
    event_add(n->wake_event, &tv);
}

static void run_tick(struct node *n)
{
    n->o.now_us = clock_now_us();
    n->o.gap_us = n->last_tick_us ? n->o.now_us - n->last_tick_us : 0;
    n->last_tick_us = n->o.now_us;
    n->tick_count++;
    observe_fencer(n);
    observe_lag(n);
    observe_rest(n);
    disks_observe(n);
    decide_tick(&n->policy, &n->o, &n->quorum, &n->mind, &n->outcome);
    if (n->mind.state == NODE_PROMOTE_DRAIN || n->mind.state == NODE_PROMOTE_PROMISE)
        n->promoted_loss = facts_loss(&n->policy, &n->o, &n->mind);
    if (n->vip_event_us) {
        n->vip_decided_us = clock_now_us() - n->vip_event_us;
        n->vip_event_us = 0;
        log_info("VIP %s: decided after %.3f ms (row %d)", vip_news(&n->o.vip),
                 (double)n->vip_decided_us / 1000.0, n->outcome.row->id);
    }
    for (int i = 0; i < n->outcome.step_count; i++)
        if (n->outcome.steps[i].to == NODE_WRITER || n->outcome.steps[i].to == NODE_PROMOTE_ENABLE)
            n->promoted_row = n->outcome.steps[i].row->id;
    for (int i = 0; i < n->outcome.step_count; i++)
        tell_step(n, &n->outcome.steps[i]);
    for (int i = 0; i < n->outcome.step_count; i++)
        actions_state_changed(n, n->outcome.steps[i].from, n->outcome.steps[i].to);
    tell_stay(n);
    actions_run(n);
    n->last_row_id = n->outcome.row->id;
    repair_dead_man(n);
    clients_step(n);
    actions_weight(n);
    actions_bulletin(n);
    keeper_tick(n->keeper);
    bell_listen(n->bell, n->mind.state != NODE_WRITER);
    for (int i = 0; i < OBS_VOTERS; i++)
        if (n->voters[i])
            voter_step(n->voters[i], n->o.now_us);
    if (n->control_server)
        control_tick(n->control_server);
    schedule(n);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    run_tick(arg);
}

static void on_period(evutil_socket_t fd, short what, void *arg)
{
    struct node *n = arg;
    (void)fd;
    (void)what;
    probe_count_since(n->probe_own, n->settings.cluster.policy.breaker_window_ms / 1000, n->breaker_reset_s);
    probe_tick(n->probe_own, 0);
    probe_tick(n->probe_peer, 0);
    if (n->policy.tie == POLICY_TIE_VIP)
        vip_vote_tick(n);
    else if (n->references)
        references_ask(n->references);
    room_step(n);
    audits_step(n);
    certificates_step(n);
    run_tick(n);
}

/* Asked while it lives: a dying process has given its memory back. */
static void look_at_server(struct node *n)
{
    char path[64];
    long pages = 0;
    snprintf(path, sizeof(path), "/proc/%d/statm", (int)n->checked_pid);
    FILE *f = n->checked_pid > 0 ? fopen(path, "re") : NULL;
    if (!f)
        return;
    if (fscanf(f, "%*s %ld", &pages) == 1 && pages > 0)
        n->server_resident = (int64_t)pages * sysconf(_SC_PAGESIZE);
    fclose(f);
}

static void on_save(evutil_socket_t fd, short what, void *arg)
{
    struct node *n = arg;
    char text[LEDGER_TEXT_MAX];
    (void)fd;
    (void)what;
    look_at_server(n);
    if (!ledger_dirty(&n->mind.ledger))
        return;
    worker_save(SAVED_LEDGER, ledger_format(&n->mind.ledger, boot_id(), text, sizeof(text)));
    ledger_flushed(&n->mind.ledger, n->mind.ledger.revision);
}

void cycle_start(struct node *n)
{
    struct timeval period = timeval_of(CLOCK_MS(n->settings.cluster.timing.probe_ms));
    struct timeval second = {1, 0};
    n->tick_event = evtimer_new(n->base, on_tick, n);
    n->wake_event = evtimer_new(n->base, on_tick, n);
    n->period_event = event_new(n->base, -1, EV_PERSIST, on_period, n);
    n->save_event = event_new(n->base, -1, EV_PERSIST, on_save, n);
    event_add(n->period_event, &period);
    event_add(n->save_event, &second);
}

void cycle_stop(struct node *n)
{
    struct event **all[] = {&n->tick_event, &n->wake_event, &n->period_event, &n->save_event};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (*all[i])
            event_free(*all[i]);
        *all[i] = NULL;
    }
}
