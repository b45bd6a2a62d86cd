#include "io/server_voter_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

/* ---- promises ---- */

struct promise_call {
    struct server_voter *voter;
    uint64_t epoch;
};

static void promise_answered(void *arg, const struct reply *r)
{
    struct promise_call *call = arg;
    struct server_voter *v = call->voter;
    int64_t ok = 0, consumed = 0;
    const struct rows *set = server_voter_set(r, "ok");
    server_voter_heard(v, r);
    log_debug("%s: promise answered after %.2f ms", session_name(v->session), server_voter_elapsed_ms(r));
    v->promising = 0;
    if (r->status == REPLY_OK && set && rows_i64(set, 0, "ok", &ok) && ok) {
        const char *author = rows_text(set, 0, "consumed_node");
        bool theirs = author && strcmp(author, v->base.o.node) != 0;
        const char *kind = rows_text(set, 0, "consumed_kind");
        rows_i64(set, 0, "consumed_epoch", &consumed);
        theirs = theirs || (kind && strcmp(kind, "off") == 0);
        server_voter_vote(v)->promised_epoch = call->epoch;
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
        v->base.e.promised(v->base.e.arg, v->base.o.index, call->epoch, theirs ? (uint64_t)consumed : 0,
                           NULL);
    } else {
        v->base.e.promised(v->base.e.arg, v->base.o.index, call->epoch, 0, r->error);
    }
    free(call);
    v->base.e.changed(v->base.e.arg);
}

void server_voter_promise(struct voter *base, uint64_t epoch)
{
    struct server_voter *v = server_voter_of(base);
    char sql[128];
    struct promise_call *call;
    if (v->promising || !session_is_up(v->session))
        return;
    call = mem_zalloc(sizeof(*call));
    call->voter = v;
    call->epoch = epoch;
    v->promising = epoch;
    snprintf(sql, sizeof(sql), "CALL replcheck.promise('%s', %llu)", v->base.o.node,
             (unsigned long long)epoch);
    session_query(v->session, sql, (int)voter_limit_ms(&v->base, clock_now_us()), promise_answered, call);
}

/* ---- marks ---- */

struct mark_call {
    struct server_voter *voter;
    int node;
    uint64_t epoch; /* 0 = the mark's end */
};

static void mark_answered(void *arg, const struct reply *r)
{
    struct mark_call *call = arg;
    struct server_voter *v = call->voter;
    const char *name = v->base.o.names.nodes[call->node];
    server_voter_heard(v, r);
    v->marking[call->node] = false;
    if (r->status == REPLY_OK) {
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
        voter_marked(&v->base, call->node, call->epoch, r->answered_us);
        log_notice("%s: %s %s after %.2f ms", session_name(v->session), name,
                   call->epoch ? "is marked as out of sync" : "is no longer marked",
                   server_voter_elapsed_ms(r));
    } else {
        log_warning("%s: %s of %s %s: %s", session_name(v->session),
                    call->epoch ? "the mark" : "the end of the mark", name,
                    r->status == REPLY_LOST ? "may be written or not" : "was not written", r->error);
    }
    free(call);
    v->base.e.changed(v->base.e.arg);
}

static void write_mark(struct server_voter *v, int node, uint64_t epoch, const char *sql)
{
    struct mark_call *call;
    if (v->marking[node] || !session_is_up(v->session))
        return;
    call = mem_zalloc(sizeof(*call));
    *call = (struct mark_call){.voter = v, .node = node, .epoch = epoch};
    v->marking[node] = true;
    session_query(v->session, sql, (int)voter_limit_ms(&v->base, clock_now_us()), mark_answered, call);
}

void server_voter_mark(struct voter *base, int node, uint64_t epoch)
{
    struct server_voter *v = server_voter_of(base);
    char sql[160];
    snprintf(sql, sizeof(sql), "CALL replcheck.release_vote('%s', 'out_of_sync', %llu, NULL, NULL, NULL)",
             v->base.o.names.nodes[node], (unsigned long long)epoch);
    write_mark(v, node, epoch, sql);
}

void server_voter_clear_mark(struct voter *base, int node)
{
    struct server_voter *v = server_voter_of(base);
    char sql[96];
    snprintf(sql, sizeof(sql), "CALL replcheck.clear_mark('%s')", v->base.o.names.nodes[node]);
    write_mark(v, node, 0, sql);
}

/* ---- enabling ---- */

static void enable_answered(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    server_voter_heard(v, r);
    log_debug("%s: enable answered after %.2f ms", session_name(v->session), server_voter_elapsed_ms(r));
    v->enabling = false;
    if (r->status == REPLY_OK)
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
    v->base.e.enabled(v->base.e.arg, r);
}

bool server_voter_enable(struct voter *base, uint64_t epoch)
{
    struct server_voter *v = server_voter_of(base);
    char sql[128];
    if (v->enabling || !server_voter_vote(v)->held || !session_is_up(v->session))
        return false;
    v->enabling = true;
    snprintf(sql, sizeof(sql), "CALL replcheck.enable('%s', %llu)", v->base.o.node,
             (unsigned long long)epoch);
    session_query(v->session, sql, (int)voter_limit_ms(&v->base, clock_now_us()), enable_answered, v);
    return true;
}

/* ---- releases ---- */

static void release_written(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    if (r->status == REPLY_ERROR)
        log_warning("%s: the release was not written: %s", session_name(v->session), r->error);
    log_debug("%s: release answered after %.2f ms", session_name(v->session), server_voter_elapsed_ms(r));
    v->base.releasing = false;
    v->base.release_done = true;
    quorum_released(v->base.o.quorum, v->base.o.index);
    if (r->status != REPLY_LOST)
        session_close(v->session, "released in writing");
    v->base.e.changed(v->base.e.arg);
}

void server_voter_release(struct voter *base, const struct voter_farewell *row, bool uncounted_too)
{
    struct server_voter *v = server_voter_of(base);
    char *sql;
    v->wanted = false;
    if (!taking_may_release(v->base.o.quorum, v->base.o.index, uncounted_too) || !session_is_up(v->session)) {
        v->base.release_done = true;
        server_voter_drop(base);
        return;
    }
    v->base.releasing = true;
    /* The locks go in the same round trip, after the row: an error of the CALL ends the packet before that.
     */
    sql = mem_printf("CALL replcheck.release_vote('%s', '%s', %llu, '%s', %llu, '%s');DO RELEASE_ALL_LOCKS()",
                     v->base.o.node, observe_kind_name(row->kind), (unsigned long long)row->epoch, row->file,
                     (unsigned long long)row->size, row->gtid);
    session_query(v->session, sql, (int)voter_limit_ms(&v->base, clock_now_us()), release_written, v);
    free(sql);
}
