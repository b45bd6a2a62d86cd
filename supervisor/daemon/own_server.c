#include "daemon/own_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/lossless.h"
#include "daemon/names.h"
#include "io/ladder.h"
#include "io/probe.h"
#include "io/session.h"
#include "model/relay_log.h"
#include "wire/observe.h"

#define STATEMENT_MS  2000
#define TERM_AGAIN_US 100000

enum { ER_SP_DOES_NOT_EXIST = 1305, ER_PROCACCESS_DENIED_ERROR = 1370 };
#define DRAIN_SLICE_S 1
#define REPEAT_US     1000000
#define RESUMED       "resumed" /* the supervisor that was promoted ended before it wrote its term's row */

static void control_answered(void *arg, const struct reply *r)
{
    struct node *n = arg;
    struct observe_names names = names_of(n, n->policy.self);
    n->control_busy = false;
    log_debug("%s: answered after %.2f ms", session_name(n->control),
              (double)(r->answered_us - n->control_began_us) / 1000.0);
    if (r->status == REPLY_ERROR)
        log_warning("%s: %s", session_name(n->control), r->error);
    if (r->status == REPLY_OK)
        observe_server(&n->o.own, &names, r->sets, r->set_count, n->control_began_us, r->answered_us);
    node_wake(n);
}

/* Runs `statement` and reads the server in one round trip. What is read counts from now on, not from the
 * send: it was read after the statement had ended. */
static void control_run(struct node *n, const char *statement, int deadline_ms)
{
    struct observe_names names = names_of(n, n->policy.self);
    char *read, *sql;
    if (n->control_busy || !session_is_up(n->control))
        return;
    read = observe_server_sql(&names, false);
    sql = mem_printf("%s;%s", statement, read);
    n->control_busy = true;
    n->control_began_us = clock_now_us();
    session_query(n->control, sql, deadline_ms, control_answered, n);
    free(sql);
    free(read);
}

/* VERB SLAVE for the pair's connection, with `before` in front of it. */
static void slave_statement(struct node *n, const char *before, const char *verb, const char *threads)
{
    char *slave = observe_slave_sql(verb, n->o.own.replication.connection, threads);
    char *sql = mem_printf("%s%s", before, slave);
    control_run(n, sql, STATEMENT_MS);
    free(sql);
    free(slave);
}

/* Does the other server have transactions of ours that this one lost in a crash? A receiver without semi-sync
 * would skip events of its own server id and leave a hole. */
static bool lacks_own_transactions(const struct node *n)
{
    const struct gtid_set *mine = &n->o.own.binlog_state, *theirs = &n->o.peer.binlog_state;
    uint32_t self = n->policy.server_id[n->policy.self];
    for (int i = 0; i < theirs->count; i++) {
        uint64_t have = 0;
        if (theirs->at[i].server != self)
            continue;
        for (int k = 0; k < mine->count; k++)
            if (mine->at[k].domain == theirs->at[i].domain && mine->at[k].server == self)
                have = mine->at[k].seq;
        if (theirs->at[i].seq > have)
            return true;
    }
    return false;
}

/* A receiver that was started with semi-sync opens a connection to its primary when it is stopped, to end its
 * dump there: against a host that is gone that waits for rpl_semi_sync_slave_kill_conn_timeout (1 s at
 * least). So it is started with semi-sync only where that is needed. */
static const char *semi_sync_choice(const struct node *n)
{
    return n->policy.lossless || lacks_own_transactions(n) ? "SET GLOBAL rpl_semi_sync_slave_enabled=1;"
                                                           : "SET GLOBAL rpl_semi_sync_slave_enabled=0;";
}

/* Transactions of our own that crash recovery took back are received again only from before them. With a
 * thread that runs the position is not to be set, and was set when both were stopped. */
static void start_statement(struct node *n, const char *threads)
{
    char pos[GTID_TEXT_MAX], before[GTID_TEXT_MAX + 128];
    const struct server_view *own = &n->o.own;
    bool stopped = own->replication.io == IO_NO && own->replication.sql == TRI_NO;
    if (n->policy.lossless && own->slave_pos_corrected && stopped) {
        gtid_set_format(&own->slave_pos, pos, sizeof(pos));
        log_notice("recovery took back transactions of this server that the other has: receiving from %s",
                   pos);
        snprintf(before, sizeof(before), "SET GLOBAL gtid_slave_pos='%s';%s", pos, semi_sync_choice(n));
    } else {
        snprintf(before, sizeof(before), "%s", semi_sync_choice(n));
    }
    slave_statement(n, before, "START", threads);
}

void own_stop_receiver(struct node *n)
{
    if (n->o.own.replication.known && n->o.own.replication.io != IO_NO)
        slave_statement(n, "", "STOP", "IO_THREAD");
}

void own_drain(struct node *n)
{
    char pos[GTID_TEXT_MAX], sql[GTID_TEXT_MAX + 64];
    const struct gtid_set *to = &n->o.own.replication.io_pos;
    if (!to->known || n->o.own.seen_us < n->mind.since_us)
        return;
    snprintf(sql, sizeof(sql), "SELECT MASTER_GTID_WAIT('%s', %d) AS waited",
             gtid_set_format(to, pos, sizeof(pos)), DRAIN_SLICE_S);
    control_run(n, sql, DRAIN_SLICE_S * 1000 + STATEMENT_MS);
}

static bool repeated(int64_t *last_us, int64_t now_us)
{
    if (*last_us && now_us - *last_us < REPEAT_US)
        return true;
    *last_us = now_us;
    return false;
}

void own_start_receiver(struct node *n)
{
    enum relay_log_start start = relay_log_start(&n->o.own.replication, n->o.own.read_only);
    if (start == RELAY_LOG_START_NOTHING || repeated(&n->started_threads_us, n->o.now_us))
        return;
    start_statement(n, start == RELAY_LOG_START_RECEIVER ? "IO_THREAD" : "");
}

void own_start_threads(struct node *n)
{
    const struct replication_view *r = &n->o.own.replication;
    if (!r->known || repeated(&n->started_threads_us, n->o.now_us))
        return;
    start_statement(n, "");
}

/* Only the receiver, and only beside a running applier: with both stopped START discards the relay log. */
void own_acknowledge(struct node *n)
{
    const struct replication_view *r = &n->o.own.replication;
    if (!r->known || r->io != IO_YES || r->sql != TRI_YES || repeated(&n->started_threads_us, n->o.now_us))
        return;
    char *stop = observe_slave_sql("STOP", r->connection, "IO_THREAD");
    char *before = mem_printf("%s;SET GLOBAL rpl_semi_sync_slave_enabled=1;", stop);
    slave_statement(n, before, "START", "IO_THREAD");
    free(before);
    free(stop);
}

/* write_mode dual alone: with one writer only a procedure of the server's opens it, which asks for the votes.
 */
void own_open(struct node *n)
{
    if (!n->policy.dual || repeated(&n->opened_us, n->o.now_us))
        return;
    control_run(n, "SET GLOBAL read_only=0", STATEMENT_MS);
}

void own_semi_sync_off(struct node *n)
{
    if (n->policy.lossless)
        lossless_acks_off(n);
    else if (n->o.own.semi_sync.enabled == TRI_YES)
        control_run(n, "SET GLOBAL rpl_semi_sync_master_enabled=0", STATEMENT_MS);
}

/* ---- closing, by the first rungs of the ladder ---- */

static void close_ended(void *arg, const struct ladder_result *result)
{
    struct node *n = arg;
    log_info("closing the own server: %s after %.1f ms", result->proven ? result->how : "not proven",
             (double)result->took_us / 1000.0);
    ladder_free(&n->ladder);
    n->closing_own = false;
    n->closing_own_us = result->proven ? clock_now_us() : 0;
    if (result->proven && n->closing_cuts)
        n->enabling_uncertain = false; /* the session of that statement was killed first */
    if (result->proven)
        probe_now(n->probe_own);
    node_wake(n);
}

void own_close(struct node *n)
{
    struct ladder_options o = {.base = n->base,
                               .set = n->control,
                               .kill = probe_session(n->probe_own),
                               .supervisor_user = n->settings.node.local.user,
                               .peer_user = n->settings.node.peer.user,
                               .fencer_user = n->settings.node.fencer.user,
                               .command = "",
                               .node = n->settings.node.node,
                               .fence_ms = n->settings.cluster.timing.fence_ms,
                               .keep_log = n->o.fencer.alive == TRI_YES};
    /* Closed once it stays closed, unless somebody opened it again. */
    bool again = n->o.own.read_only == TRI_NO && n->o.own.seen_us > n->closing_own_us;
    if (n->closing_own || (n->closing_own_us && !again))
        return;
    /* Without a fencer an enabling that was sent and lost is ours to end: its session is killed first. */
    n->closing_cuts = n->o.enabling_unanswered;
    n->closing_own = true;
    n->ladder =
        ladder_start(&o, LADDER_SET | LADDER_SWEEP | (n->closing_cuts ? LADDER_CUT : 0), close_ended, n);
}

/* ---- the term's first row ---- */

/* Also what the operator is told when the promotion fails for it. */
static void tell_term_failure(struct node *n, const struct reply *r)
{
    bool old = n->policy.lossless &&
               (r->error_no == ER_SP_DOES_NOT_EXIST || r->error_no == ER_PROCACCESS_DENIED_ERROR);
    snprintf(n->attempt_refusal, sizeof(n->attempt_refusal), "the term's row was not written: %.*s",
             (int)sizeof(n->attempt_refusal) - 40,
             old ? "the schema replcheck here is too old for durability lossless: run `mysql-replcheck "
                   "schema upgrade`"
                 : r->error);
    log_warning("%s", n->attempt_refusal);
}

static void term_answered(void *arg, const struct reply *r)
{
    struct node *n = arg;
    bool there = r->status == REPLY_OK || (r->status == REPLY_ERROR && r->error_no == 1062);
    /* A row may have waited for its acknowledgement while the promotion was given up and another begun. */
    n->o.term_written = n->o.term_written || (there && n->term_asked_epoch == n->mind.epoch);
    n->term_asked = false;
    n->term_failed_us = there ? 0 : clock_now_us();
    if (r->status == REPLY_ERROR && !there)
        tell_term_failure(n, r);
    node_wake(n);
}

void own_term(struct node *n)
{
    char gtid[GTID_TEXT_MAX] = "", *sql;
    const struct loss_bound *loss = &n->promoted_loss;
    char bound[32] = "NULL";
    bool failed = n->term_failed_us && n->o.now_us - n->term_failed_us < TERM_AGAIN_US;
    if (n->term_asked || failed || n->o.term_written || !session_is_up(n->control))
        return;
    n->term_asked = true;
    n->term_asked_epoch = n->mind.epoch;
    if (n->o.own.binlog_pos.known)
        gtid_set_format(&n->o.own.binlog_pos, gtid, sizeof(gtid));
    if (loss->known == TRI_YES && loss->exact)
        snprintf(bound, sizeof(bound), "%lld", (long long)loss->known_lost);
    /* Crash recovery with init_rpl_role=SLAVE gives GTIDs a second time: begin_term leaves them out. */
    sql =
        mem_printf("%s (%llu, '%s', '%s', %d, '%s', %s)",
                   n->policy.lossless
                       ? "CALL replcheck.begin_term"
                       : "INSERT INTO replcheck.term (epoch, node, reason, row_id, gtid, loss_bound) VALUES",
                   (unsigned long long)n->mind.epoch, n->settings.cluster.nodes[n->policy.self].name,
                   n->mind.why == REASON_NONE ? RESUMED : promote_reason_name(n->mind.why), n->promoted_row,
                   gtid, bound);
    session_query(n->control, sql, 5 * STATEMENT_MS, term_answered, n);
    free(sql);
}
