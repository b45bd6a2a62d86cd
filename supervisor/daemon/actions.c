#include "daemon/actions.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/clients.h"
#include "daemon/disks.h"
#include "daemon/fencer_link.h"
#include "daemon/lossless.h"
#include "daemon/offsets.h"
#include "daemon/own_server.h"
#include "io/closer.h"
#include "io/probe.h"
#include "io/voter.h"
#include "io/weight.h"

#define FAULT_US        2000000
#define SOCKETS_US      25000
#define BIG_SERVER      (256L * 1024 * 1024)
#define ARRIVAL_US      1000000
#define PREPARE_US      250000
#define RECEIVE_LOOK_US 2000
#define REPEAT_US       1000000
#define REFUSED_US      100000 /* a refusal wakes the tick that would ask again */

static const char *own_name(const struct node *n)
{
    return n->settings.cluster.nodes[n->policy.self].name;
}

/* ---- votes ---- */

static enum voter_urgency urgency(const struct node *n)
{
    if (n->outcome.facts.value[FACT_PEER_CLOSED] != TRI_YES)
        return VOTER_TAKE_IF_FREE;
    return n->mind.basis.kind == NOTE_RELEASE || n->mind.basis.kind == NOTE_CERTIFICATE ? VOTER_TAKE_WAIT
                                                                                        : VOTER_TAKE_CLOSED;
}

/* After a handover or a certified death the own vote and the tie-breaker's are a majority. The other server's
 * vote would only add a promise to wait for, so the writer asks for it later. */
static bool can_do_without_peer(const struct node *n)
{
    const struct voter *tie = n->voters[OBS_TIE];
    bool has_tie = tie ? voter_is_up(tie) : quorum_holds(&n->quorum, OBS_TIE);
    return node_state_is_promoting(n->mind.state) && n->mind.basis.kind != NOTE_NONE && has_tie;
}

static void take_votes(struct node *n)
{
    static const int order[OBS_VOTERS] = {OBS_TIE, 0, 1};
    bool spare = can_do_without_peer(n);
    for (int i = 0; i < OBS_VOTERS; i++)
        if (n->voters[order[i]] && !(spare && order[i] == 1 - n->policy.self))
            voter_want(n->voters[order[i]], urgency(n));
}

static void drop_votes(struct node *n)
{
    for (int i = 0; i < OBS_VOTERS; i++)
        if (n->voters[i])
            voter_drop(n->voters[i]);
}

static void release(struct node *n, struct voter_farewell row)
{
    char gtid[GTID_TEXT_MAX] = "";
    bool done = true;
    row.gtid = gtid;
    /* A writer may release a vote that does not count yet, for what it writes about its own term is true. A
     * candidate that gave up releases only votes that counted. */
    if (n->o.own.binlog_pos.known && !n->o.fencer.dead_us)
        gtid_set_format(&n->o.own.binlog_pos, gtid, sizeof(gtid));
    for (int i = 0; i < OBS_VOTERS; i++) {
        if (!n->voters[i])
            continue;
        voter_release(n->voters[i], &row, n->was_writer);
        done = done && voter_release_done(n->voters[i]);
    }
    n->o.released = done;
}

static struct voter_farewell certificate(const struct node *n)
{
    return (struct voter_farewell){.kind = NOTE_CERTIFICATE,
                                   .epoch = n->mind.epoch,
                                   .file = n->o.fencer.dead_file,
                                   .size = n->o.fencer.dead_size,
                                   .gtid = ""};
}

static void certify(struct node *n)
{
    release(n, certificate(n));
}

/* The vote at the other server first: whoever takes that vote later asks whether it was given up in writing.
 */
static void certify_late(struct node *n)
{
    int other = 1 - n->policy.self;
    struct voter *v = n->voters[other];
    if (!quorum_holds(&n->quorum, other)) {
        voter_want(v, VOTER_TAKE_IF_FREE);
        return;
    }
    voter_release_reset(v);
    const struct voter_farewell row = certificate(n);
    voter_release(v, &row, true);
}

static void reclaim_answered(void *arg, const struct reply *r)
{
    struct node *n = arg;
    int64_t ok = 0;
    n->reclaiming = false;
    n->o.reclaimed = r->status == REPLY_OK && r->set_count && rows_i64(&r->sets[0], 0, "ok", &ok) && ok;
    n->o.reclaim_failed = r->status == REPLY_ERROR || (r->status == REPLY_OK && !n->o.reclaimed);
    node_wake(n);
}

static void reclaim(struct node *n)
{
    char sql[128];
    if (n->reclaiming || n->o.reclaimed || n->o.reclaim_failed)
        return;
    snprintf(sql, sizeof(sql), "CALL replcheck.reclaim('%s', %llu)", own_name(n),
             (unsigned long long)n->mind.epoch);
    n->reclaiming = voter_ask(n->voters[1 - n->policy.self], sql, n->settings.cluster.timing.silent_ms,
                              reclaim_answered, n);
}

/* Each voter whose vote counts is to know of the term, also one whose vote a writer gains later, and one that
 * has lost its data. A writer does not wait for their answers. */
static void promise(struct node *n)
{
    int64_t pause = n->mind.state == NODE_WRITER ? REPEAT_US : n->promise_refused ? REFUSED_US : 0;
    if (n->o.now_us - n->promised_us < pause)
        return;
    n->promised_us = n->o.now_us;
    n->promise_refused = false;
    for (int i = 0; i < OBS_VOTERS; i++)
        if (n->voters[i] && quorum_counts(&n->quorum, i, n->o.now_us))
            voter_promise(n->voters[i], n->mind.epoch);
}

static void close_peer(struct node *n)
{
    int other = 1 - n->policy.self;
    if (!n->mind.epoch || n->outcome.facts.value[FACT_PEER_UP] != TRI_YES || n->mind.basis.kind != NOTE_NONE)
        return;
    if (n->mind.state == NODE_WRITER) {
        closer_begin(n->closer, n->mind.epoch);
        return;
    }
    /* Closing the other server proves something only when it has promised our epoch before, on the session
     * that holds its vote. */
    if (!quorum_majority_held(&n->quorum) || !quorum_holds(&n->quorum, other))
        return;
    if (n->quorum.votes[other].promised_epoch != n->mind.epoch)
        voter_promise(n->voters[other], n->mind.epoch);
    else
        closer_begin(n->closer, n->mind.epoch);
}

/* ---- the fencer ---- */

/* While the votes are asked for, mind.epoch may still be the last attempt's. */
static bool epoch_is_chosen(const struct node *n)
{
    return n->mind.epoch && !(node_state_is_promoting(n->mind.state) && n->mind.epoch <= n->mind.term_floor);
}

static void prepare(struct node *n)
{
    int64_t now = n->o.now_us;
    if (n->o.fencer.write_lock == TRI_YES || now - n->prepared_us < PREPARE_US || !epoch_is_chosen(n))
        return;
    n->prepared_us = now;
    fencer_link_prepare(n->fencer, n->mind.epoch);
}

static void arm(struct node *n)
{
    const struct policy *p = &n->policy;
    int64_t until = quorum_authority_until(&n->quorum, n->o.now_us);
    int64_t deadline = until - p->fence_us - p->epsilon_us;
    struct fencer_arm a = {.epoch = n->mind.epoch,
                           .deadline_us = deadline,
                           .votes = (uint8_t)quorum_mask(&n->quorum, n->o.now_us),
                           .peer_can_take_vip = decide_peer_can_take_vip(&n->o, &n->outcome.facts),
                           .renewed_us = until - n->quorum.lease_valid_us,
                           .stays = n->outcome.facts.value[FACT_MAINTENANCE] == TRI_YES};
    bool news =
        deadline > n->armed_deadline_us || (deadline == n->armed_deadline_us && a.stays != n->armed_stays);
    if (!until || !news || !epoch_is_chosen(n))
        return;
    n->armed_deadline_us = deadline;
    n->armed_stays = a.stays;
    n->o.fencer.sent_seq = fencer_link_arm(n->fencer, &a);
}

static void disarm(struct node *n)
{
    if (!n->armed_deadline_us && n->o.fencer.deadline_us == 0 && n->o.fencer.write_lock != TRI_YES)
        return;
    if (n->disarmed_us && n->o.now_us - n->disarmed_us < REPEAT_US)
        return;
    n->disarmed_us = n->o.now_us;
    n->armed_deadline_us = 0;
    n->o.fencer.acked_seq = 0;
    n->o.fencer.acked_deadline_us = 0;
    fencer_link_disarm(n->fencer);
}

static void fence(struct node *n)
{
    if (n->fence_asked_us && n->o.now_us - n->fence_asked_us < n->policy.fence_us)
        return;
    n->fence_asked_us = n->o.now_us;
    n->armed_deadline_us = 0;
    fencer_link_fence(n->fencer, decide_row_of(&n->outcome, ACTION_FENCE)->reason,
                      disks_may_have_torn_log(n));
}

static void enable(struct node *n)
{
    if (n->o.own.read_only == TRI_NO || n->outcome.facts.value[FACT_ARMED] != TRI_YES)
        return;
    if (n->enable_refused_us && n->o.now_us - n->enable_refused_us < REFUSED_US)
        return;
    if (voter_enable(n->voters[n->policy.self], n->mind.epoch))
        n->o.enabling_unanswered = true;
}

/* A dead server's clients hear of the death by a RST or FIN, which the kernel can send only while the VIP is
 * here. So the VIP stays until the fencer's resetter has ended their connections, some milliseconds. Where it
 * cannot, the kernel closes them once the process's memory is freed: after 9 ms with a small buffer pool, so
 * that is waited for; after 0.1 s with 2 GiB and 0.6 s with 4, which is not: until then new clients would
 * connect to the dead server's backlog. */
static bool sockets_are_closing(const struct node *n)
{
    bool worth =
        n->server_reset == TRI_UNKNOWN || (n->server_reset == TRI_NO && n->server_resident < BIG_SERVER);
    return n->o.fencer.dead_us && worth && !n->server_gone && n->o.now_us - n->o.fencer.dead_us < SOCKETS_US;
}

/* The other node was ready when the demotion began. It does not count as ready now, for it is promoting
 * itself, or has yet to apply the last writes. */
static bool is_taking_over(const struct node *n)
{
    return n->mind.state == NODE_DEMOTE_HANDOVER && n->handing_over &&
           n->outcome.facts.value[FACT_PEER_UP] == TRI_YES;
}

static void give_vip(struct node *n)
{
    if (n->fault_given || n->o.vip.here != TRI_YES || sockets_are_closing(n))
        return;
    if (!is_taking_over(n) && !decide_peer_can_take_vip(&n->o, &n->outcome.facts))
        return;
    n->fault_given = true;
    n->fault_until_us = n->o.now_us + FAULT_US;
}

/* ---- all of them ---- */

static void alert(struct node *n)
{
    const struct rule *row = decide_row_of(&n->outcome, ACTION_ALERT);
    if (n->last_row_id != row->id)
        log_warning("ALERT: %s (row %d, %s)", row->reason, row->id, node_state_name(n->mind.state));
}

static void leave(struct node *n)
{
    bool releasing = (n->outcome.actions & ACTION_BIT(ACTION_RELEASE)) && !n->o.released;
    if (n->exiting || releasing || n->fault_until_us)
        return; /* a tick comes when that is done */
    const struct rule *row = decide_row_of(&n->outcome, ACTION_EXIT);
    log_notice("the supervisor ends: %s (row %d)", row->reason, row->id);
    n->exiting = true;
    event_base_loopexit(n->base, NULL);
}

/* Once in each state, and repeatedly while a promotion waits for transactions that may still arrive. */
static void probe(struct node *n)
{
    if (n->o.own.seen_us < n->mind.since_us)
        probe_now(n->probe_own);
    else if (n->mind.state == NODE_PROMOTE_RECEIVE && n->o.now_us - n->o.own.seen_us >= RECEIVE_LOOK_US)
        probe_tick(n->probe_own, 0);
}

static void begin_release(struct node *n)
{
    release(n, (struct voter_farewell){.kind = NOTE_RELEASE, .epoch = n->mind.epoch, .file = ""});
}

static void (*const runners[ACTIONS])(struct node *n) = {
    [ACTION_FENCE] = fence,
    [ACTION_CLOSE_OWN] = own_close,
    [ACTION_DISARM] = disarm,
    [ACTION_WEIGHT_FAULT] = give_vip,
    [ACTION_CERTIFY] = certify,
    [ACTION_CERTIFY_LATE] = certify_late,
    [ACTION_RELEASE] = begin_release,
    [ACTION_DROP_VOTES] = drop_votes,
    [ACTION_RECLAIM] = reclaim,
    [ACTION_TAKE_VOTES] = take_votes,
    [ACTION_PREPARE] = prepare,
    [ACTION_CLOSE_PEER] = close_peer,
    [ACTION_SEMI_SYNC_OFF] = own_semi_sync_off,
    [ACTION_ACKS_ON] = lossless_acks_on,
    [ACTION_MARK] = lossless_mark,
    [ACTION_CLEAR_MARK] = lossless_clear_mark,
    [ACTION_ACKNOWLEDGE] = own_acknowledge,
    [ACTION_PROBE] = probe,
    [ACTION_STOP_RECEIVER] = own_stop_receiver,
    [ACTION_DRAIN] = own_drain,
    [ACTION_PROMISE] = promise,
    [ACTION_OFFSETS] = offsets_correct,
    [ACTION_ARM] = arm,
    [ACTION_ENABLE] = enable,
    [ACTION_TERM] = own_term,
    [ACTION_OPEN] = own_open,
    [ACTION_START_RECEIVER] = own_start_receiver,
    [ACTION_START_THREADS] = own_start_threads,
    [ACTION_ALERT] = alert,
    [ACTION_EXIT] = leave,
};

void actions_run(struct node *n)
{
    for (int a = 0; a < ACTIONS; a++)
        if (n->outcome.actions & ACTION_BIT(a))
            runners[a](n);
}

int64_t actions_next_us(const struct node *n)
{
    if (n->outcome.actions & ACTION_BIT(ACTION_WEIGHT_FAULT) && sockets_are_closing(n))
        return n->o.fencer.dead_us + SOCKETS_US;
    return n->fault_until_us;
}

void actions_state_changed(struct node *n, enum node_state from, enum node_state to)
{
    n->fence_asked_us = 0;
    n->fault_given = false;
    n->mark_asked_us = n->clear_asked_us = 0;
    clients_state_changed(n, from, to);
    if (from == NODE_STANDBY && to == NODE_PROMOTE_VOTES) {
        closer_reset(n->closer);
        n->o.consumed_epoch = 0;
        n->o.term_written = false;
        n->prepared_us = 0;
        n->disarmed_us = 0;
        n->promise_refused = false;
        n->enable_refused_us = 0;
        n->attempt_refusal[0] = '\0';
    }
    if (to == NODE_DEMOTE_CLOSE)
        n->handing_over = n->outcome.facts.value[FACT_PEER_READY] == TRI_YES;
    if (to == NODE_DEMOTE_CLOSE || (to == NODE_FENCED && from != NODE_FENCED) || to == NODE_PROMOTE_VOTES) {
        n->o.final_known = n->o.released = n->o.reclaimed = n->o.reclaim_failed = false;
        n->closing_own_us = 0;
        n->disarmed_us = 0;
        for (int i = 0; i < OBS_VOTERS; i++)
            if (n->voters[i])
                voter_release_reset(n->voters[i]);
    }
    if (to == NODE_DUAL) {
        offsets_close_old_sessions(n);
        n->o.operator_.want = WANT_NOTHING;
    }
    n->was_writer = to == NODE_WRITER || (n->was_writer && to != NODE_PROMOTE_VOTES);
    if (to == NODE_WRITER) {
        offsets_close_old_sessions(n);
        n->o.operator_.accept_loss = false;
        if (n->o.operator_.want == WANT_HERE)
            n->o.operator_.want = WANT_NOTHING;
    }
    if (to == NODE_DEMOTE_HANDOVER && n->o.operator_.want == WANT_AWAY)
        n->o.operator_.want = WANT_NOTHING;
}

void actions_weight(struct node *n)
{
    struct err e;
    int64_t now = n->o.now_us;
    if (n->weight == 1 && decide_keeps_weight(&n->policy, &n->o, &n->mind))
        return;
    if (n->fault_until_us &&
        (now >= n->fault_until_us || (n->o.vip.here == TRI_NO && n->o.vip.since_us <= now)))
        n->fault_until_us = 0;
    int weight = decide_weight(&n->policy, &n->o, &n->mind, &n->outcome.facts, n->fault_until_us != 0);
    /* A new writer keeps the standby's weight until the VIP has arrived, for a second at most: a weight that
     * changed while the other node was in FAULT delayed the VIP by 0.6 s. */
    bool arriving = n->mind.state == NODE_WRITER && n->policy.has_vip && n->o.vip.here != TRI_YES &&
                    now - n->mind.since_us < ARRIVAL_US;
    if (arriving && n->weight == -2)
        weight = -2;
    if (n->mind.state == NODE_DEMOTE_CLOSE || (node_state_is_promoting(n->mind.state) && n->weight == -2))
        return;
    if (weight == n->weight)
        return;
    if (!weight_write(n->settings.node.run_dir, weight, false, &e)) {
        log_error("%s", e.text);
        return;
    }
    n->weight = weight;
}

/* ---- bulletins ---- */

static void bulletin_answered(void *arg, const struct reply *r)
{
    struct node *n = arg;
    if (r->status == REPLY_ERROR)
        log_warning("the bulletin was not written: %s", r->error);
    else if (r->status == REPLY_LOST)
        n->bulletin_said[0] = '\0'; /* said again when a session is back */
}

void actions_bulletin(struct node *n)
{
    char said[sizeof(n->bulletin_said)], gtid[GTID_TEXT_MAX] = "";
    const char *vip = n->o.vip.here == TRI_YES ? "1" : n->o.vip.here == TRI_NO ? "0" : "NULL";
    bool ask = n->o.operator_.want == WANT_HERE && n->mind.state == NODE_STANDBY &&
               n->outcome.facts.value[FACT_PEER_WRITER] == TRI_YES;
    bool hold = !ask && n->o.operator_.maintenance, waits = n->outcome.facts.value[FACT_BACKOFF] == TRI_YES;
    char flag[16];
    snprintf(flag, sizeof(flag), "%s%s", ask ? "+ask" : hold ? "+hold" : "", waits && !hold ? "+wait" : "");
    unsigned up = 0;
    for (int i = 0; i < OBS_NODES; i++)
        up |= session_is_up(n->desk[i]) ? 1U << i : 0;
    snprintf(said, sizeof(said), "%u/%s%s/%llu/%s", up, node_state_name(n->mind.state), flag,
             (unsigned long long)n->mind.epoch, vip);
    if (strcmp(said, n->bulletin_said) == 0)
        return;
    memcpy(n->bulletin_said, said, sizeof(said));
    if (n->o.own.binlog_pos.known)
        gtid_set_format(&n->o.own.binlog_pos, gtid, sizeof(gtid));
    char *sql = mem_printf("CALL replcheck.bulletin_put('%s',%llu,'%s%s',%llu,%s,'%s','%s')", own_name(n),
                           (unsigned long long)++n->bulletin_seq, node_state_name(n->mind.state), flag,
                           (unsigned long long)n->mind.epoch, vip, gtid, n->settings.cluster_hash);
    for (int i = 0; i < OBS_NODES; i++)
        if (up & (1U << i))
            session_query(n->desk[i], sql, 5000, bulletin_answered, n);
    free(sql);
}
