#include "io/server_voter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/voter_ops.h"

#define LOOK_AGAIN_US 20000

struct server_voter {
    struct voter base;
    struct event_base *loop;
    bool own, bell;
    struct session_options session_options;
    struct holder_view *holder;
    struct session *session;
    struct session *helper; /* ends a predecessor or an expired holder; lives only while needed */
    char *name, *init_sql, *idle_sql, *renew_sql, *look_sql, *take_sql, *take_wait_sql;
    bool wanted;
    enum voter_urgency urgency;
    bool taking, asking, enabling;
    bool warm;    /* the procedures were called once on this session */
    bool expired; /* the holder that the helper ends was seen idle for a lease */
    uint64_t promising;
    bool marking[OBS_NODES]; /* a mark, or its end, is under way */
    int64_t last_asked_us;
    int64_t look_again_us;     /* when the holder will have been idle for a lease */
    unsigned long predecessor; /* connection that held our vote when the session was lost */
    unsigned long condemned;   /* connection to end with the helper */
};

static struct server_voter *of(struct voter *v)
{
    return (struct server_voter *)v;
}

static const struct server_voter *const_of(const struct voter *v)
{
    return (const struct server_voter *)v;
}

static struct vote *vote_of(const struct server_voter *v)
{
    return voter_vote(&v->base);
}

static double elapsed_ms(const struct reply *r)
{
    return r->answered_us && r->sent_us ? (double)(r->answered_us - r->sent_us) / 1000.0 : -1.0;
}

static void note_answer(struct server_voter *v, const struct reply *r)
{
    if (r->status != REPLY_LOST)
        voter_answered(&v->base, r->sent_us);
}

static const struct rows *set_with(const struct reply *r, const char *column)
{
    for (size_t i = 0; i < r->set_count; i++)
        if (rows_column(&r->sets[i], column) >= 0)
            return &r->sets[i];
    return NULL;
}

/* ---- ending a predecessor or an expired holder, on a session of its own ---- */

static void helper_done(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    (void)r;
    session_free(&v->helper);
}

static void helper_up(void *arg, struct session *s)
{
    struct server_voter *v = arg;
    char sql[64];
    snprintf(sql, sizeof(sql), "KILL CONNECTION %lu", v->condemned);
    session_query(s, sql, v->base.o.silent_ms, helper_done, v);
}

static void end_connection(struct server_voter *v, unsigned long connection)
{
    struct session_options so = v->session_options;
    struct session_events se = {.up = helper_up, .arg = v};
    if (v->helper || !connection)
        return;
    v->condemned = connection;
    so.init_sql = NULL;
    v->helper = session_new(v->loop, &so, &se);
}

/* ---- taking ---- */

static void read_rows(struct server_voter *v, const struct reply *r, struct voter_rows *out)
{
    const struct rows *set = set_with(r, "kind");
    memset(out, 0, sizeof(*out));
    if (!set)
        return;
    observe_voter(out, &v->base.o.names, set, r->answered_us);
    voter_rows_read(&v->base, out);
}

static void taken(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    struct voter_rows rows;
    const struct rows *got = set_with(r, "got");
    int64_t one = 0;
    bool expired = v->expired;
    v->taking = false;
    v->expired = false;
    note_answer(v, r);
    log_debug("%s: asked for the vote, answered after %.2f ms", session_name(v->session), elapsed_ms(r));
    if (r->status != REPLY_LOST && got && rows_i64(got, 0, "got", &one) && one == 1) {
        read_rows(v, r, &rows);
        v->predecessor = 0;
        quorum_taken(v->base.o.quorum, v->base.o.index, r->sent_us, r->answered_us,
                     rows.read_us && voter_former_released(&v->base, &rows), expired);
        v->last_asked_us = 0; /* the bell is taken with the first renewal */
    } else {
        v->look_again_us = clock_now_us() + LOOK_AGAIN_US;
    }
    v->base.e.changed(v->base.e.arg);
}

static void take(struct server_voter *v, bool wait)
{
    v->taking = true;
    session_query(v->session, wait ? v->take_wait_sql : v->take_sql, v->base.o.silent_ms + 1000, taken, v);
}

static void take_from(struct server_voter *v, unsigned long holder, bool expired)
{
    v->expired = expired;
    end_connection(v, holder);
    take(v, true);
}

/* Our own session of before, which the server has not missed yet. Only while its vote is valid: a restarted
 * server gives its numbers again. */
static bool is_predecessor(struct server_voter *v, const struct holder_view *h, int64_t now_us)
{
    return h->connection == v->predecessor && now_us < vote_of(v)->last_valid_us;
}

/* Who has it? One statement shows the holder idle for a lease: only then may it be ended. */
static void looked(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    const struct rows *set = set_with(r, "time_ms");
    struct holder_view *h = &vote_of(v)->holder;
    v->asking = false;
    note_answer(v, r);
    if (r->status != REPLY_OK || !set)
        return;
    observe_holder(h, &v->base.o.names, set, r->sent_us, session_connection_id(v->session));
    if (v->holder)
        *v->holder = *h;
    v->look_again_us = 0;
    if (v->wanted && !vote_of(v)->held && !v->taking) {
        if (h->connection == 0)
            take(v, false);
        else if (is_predecessor(v, h, r->answered_us) || v->urgency == VOTER_TAKE_CLOSED)
            take_from(v, h->connection, false);
        else if (h->foreign && *v->base.o.evict)
            take_from(v, h->connection, false); /* no vote was there: ours counts after a lease */
        else if (h->idle && h->idle_ms >= v->base.o.lease_ms && !h->foreign)
            take_from(v, h->connection, true);
        else if (v->urgency == VOTER_TAKE_WAIT)
            take(v, true);
        else if (h->idle && h->idle_ms < v->base.o.lease_ms)
            v->look_again_us = r->answered_us + (v->base.o.lease_ms - h->idle_ms) * 1000 + 1000;
        else
            v->look_again_us = r->answered_us + LOOK_AGAIN_US;
    }
    v->base.e.changed(v->base.e.arg);
}

static void look(struct server_voter *v)
{
    v->asking = true;
    session_query(v->session, v->look_sql, v->base.o.silent_ms, looked, v);
}

static void begin_taking(struct server_voter *v)
{
    if (v->taking || v->asking || v->base.releasing || !session_is_up(v->session))
        return;
    if (v->urgency == VOTER_TAKE_WAIT && !v->predecessor)
        take(v, true);
    else
        look(v);
}

/* ---- renewing ---- */

/* The first call of a procedure on a session costs 0.3 to 0.7 ms more than the next. On a standby's session
 * each is called once with arguments that it refuses. */
static void warm_up(struct server_voter *v)
{
    static const char *const calls[] = {"CALL replcheck.promise(NULL,NULL)",
                                        "CALL replcheck.release_vote(NULL,NULL,NULL,NULL,NULL,NULL)",
                                        "CALL replcheck.enable(NULL,NULL)"};
    v->warm = true;
    for (size_t i = 0; i < (v->own ? 3U : 2U); i++)
        session_query(v->session, calls[i], v->base.o.silent_ms, NULL, NULL);
}

static void renewed(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    const struct rows *set = set_with(r, "mine");
    int64_t mine = 0;
    v->asking = false;
    note_answer(v, r);
    if (r->status != REPLY_OK || !set || !rows_i64(set, 0, "mine", &mine))
        return;
    voter_timed(&v->base, r->sent_us);
    if (mine)
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
    else if (vote_of(v)->held)
        session_close(v->session, "the vote's lock is not ours any more");
    const struct rows *holder = set_with(r, "time_ms");
    if (holder) {
        observe_holder(&vote_of(v)->holder, &v->base.o.names, holder, r->sent_us,
                       session_connection_id(v->session));
        if (v->holder)
            *v->holder = vote_of(v)->holder;
    }
    if (set_with(r, "kind") && !vote_of(v)->held)
        observe_voter(v->base.o.rows, &v->base.o.names, set_with(r, "kind"), r->sent_us);
    if (!v->warm && !v->wanted)
        warm_up(v);
    v->base.e.changed(v->base.e.arg);
}

static void renew(struct server_voter *v, int64_t now_us)
{
    bool held = vote_of(v)->held;
    v->asking = true;
    v->last_asked_us = now_us;
    session_query(v->session, held ? v->renew_sql : v->idle_sql, (int)voter_limit_ms(&v->base, now_us),
                  renewed, v);
}

static void step(struct voter *base, int64_t now_us)
{
    struct server_voter *v = of(base);
    if (!session_is_up(v->session))
        return;
    if (quorum_must_close(v->base.o.quorum, v->base.o.index, now_us)) {
        session_close(v->session, "the vote's validity ended before it was renewed");
        return;
    }
    if (v->wanted && !vote_of(v)->held && (!v->look_again_us || now_us >= v->look_again_us))
        begin_taking(v);
    bool due = now_us - v->last_asked_us >= (int64_t)v->base.o.renew_ms * 1000 - 5000;
    if (due && !v->asking && !v->taking && !session_pending(v->session))
        renew(v, now_us);
}

static void want(struct voter *base, enum voter_urgency urgency)
{
    struct server_voter *v = of(base);
    bool begins = !v->wanted || urgency > v->urgency;
    v->wanted = true;
    v->urgency = urgency;
    if (begins && !vote_of(v)->held)
        begin_taking(v);
}

static void drop(struct voter *base)
{
    struct server_voter *v = of(base);
    v->wanted = false;
    v->look_again_us = 0;
    if (!vote_of(v)->held && !v->taking)
        return;
    quorum_released(v->base.o.quorum, v->base.o.index);
    session_close(v->session, "the vote is given back");
}

/* ---- statements on the vote's session ---- */

struct promise_call {
    struct server_voter *voter;
    uint64_t epoch;
};

static void promise_answered(void *arg, const struct reply *r)
{
    struct promise_call *call = arg;
    struct server_voter *v = call->voter;
    int64_t ok = 0, consumed = 0;
    const struct rows *set = set_with(r, "ok");
    note_answer(v, r);
    log_debug("%s: promise answered after %.2f ms", session_name(v->session), elapsed_ms(r));
    v->promising = 0;
    if (r->status == REPLY_OK && set && rows_i64(set, 0, "ok", &ok) && ok) {
        const char *author = rows_text(set, 0, "consumed_node");
        bool theirs = author && strcmp(author, v->base.o.node) != 0;
        const char *kind = rows_text(set, 0, "consumed_kind");
        rows_i64(set, 0, "consumed_epoch", &consumed);
        theirs = theirs || (kind && strcmp(kind, "off") == 0);
        vote_of(v)->promised_epoch = call->epoch;
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
        v->base.e.promised(v->base.e.arg, v->base.o.index, call->epoch, theirs ? (uint64_t)consumed : 0,
                           NULL);
    } else {
        v->base.e.promised(v->base.e.arg, v->base.o.index, call->epoch, 0, r->error);
    }
    free(call);
    v->base.e.changed(v->base.e.arg);
}

static void promise(struct voter *base, uint64_t epoch)
{
    struct server_voter *v = of(base);
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
    note_answer(v, r);
    v->marking[call->node] = false;
    if (r->status == REPLY_OK) {
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
        voter_marked(&v->base, call->node, call->epoch, r->answered_us);
        log_notice("%s: %s %s after %.2f ms", session_name(v->session), name,
                   call->epoch ? "is marked as out of sync" : "is no longer marked", elapsed_ms(r));
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

static void mark(struct voter *base, int node, uint64_t epoch)
{
    struct server_voter *v = of(base);
    char sql[160];
    snprintf(sql, sizeof(sql), "CALL replcheck.release_vote('%s', 'out_of_sync', %llu, NULL, NULL, NULL)",
             v->base.o.names.nodes[node], (unsigned long long)epoch);
    write_mark(v, node, epoch, sql);
}

static void clear_mark(struct voter *base, int node)
{
    struct server_voter *v = of(base);
    char sql[96];
    snprintf(sql, sizeof(sql), "CALL replcheck.clear_mark('%s')", v->base.o.names.nodes[node]);
    write_mark(v, node, 0, sql);
}

static void enable_answered(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    note_answer(v, r);
    log_debug("%s: enable answered after %.2f ms", session_name(v->session), elapsed_ms(r));
    v->enabling = false;
    if (r->status == REPLY_OK)
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
    v->base.e.enabled(v->base.e.arg, r);
}

static bool enable(struct voter *base, uint64_t epoch)
{
    struct server_voter *v = of(base);
    char sql[128];
    if (v->enabling || !vote_of(v)->held || !session_is_up(v->session))
        return false;
    v->enabling = true;
    snprintf(sql, sizeof(sql), "CALL replcheck.enable('%s', %llu)", v->base.o.node,
             (unsigned long long)epoch);
    session_query(v->session, sql, (int)voter_limit_ms(&v->base, clock_now_us()), enable_answered, v);
    return true;
}

static bool enable_unanswered(const struct voter *base)
{
    return const_of(base)->enabling;
}

static void release_written(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    if (r->status == REPLY_ERROR)
        log_warning("%s: the release was not written: %s", session_name(v->session), r->error);
    log_debug("%s: release answered after %.2f ms", session_name(v->session), elapsed_ms(r));
    v->base.releasing = false;
    v->base.release_done = true;
    quorum_released(v->base.o.quorum, v->base.o.index);
    if (r->status != REPLY_LOST)
        session_close(v->session, "released in writing");
    v->base.e.changed(v->base.e.arg);
}

static void release(struct voter *base, bool uncounted_too, const char *kind, uint64_t epoch,
                    const char *file, uint64_t size, const char *gtid)
{
    struct server_voter *v = of(base);
    char *sql;
    v->wanted = false;
    if (!vote_of(v)->held || !(vote_of(v)->counted || uncounted_too) || !session_is_up(v->session)) {
        v->base.release_done = true;
        drop(base);
        return;
    }
    v->base.releasing = true;
    /* The locks go in the same round trip, after the row: an error of the CALL ends the packet before that.
     */
    sql = mem_printf("CALL replcheck.release_vote('%s', '%s', %llu, '%s', %llu, '%s');DO RELEASE_ALL_LOCKS()",
                     v->base.o.node, kind, (unsigned long long)epoch, file, (unsigned long long)size, gtid);
    session_query(v->session, sql, (int)voter_limit_ms(&v->base, clock_now_us()), release_written, v);
    free(sql);
}

static bool ask(struct voter *base, const char *sql, int deadline_ms,
                void (*done)(void *arg, const struct reply *r), void *arg)
{
    struct server_voter *v = of(base);
    if (!session_is_up(v->session))
        return false;
    session_query(v->session, sql, deadline_ms, done, arg);
    return true;
}

/* ---- the session's life ---- */

static void session_came(void *arg, struct session *s)
{
    struct server_voter *v = arg;
    quorum_opened(v->base.o.quorum, v->base.o.index, session_connection_id(s), session_opened_us(s));
    v->last_asked_us = 0;
    v->look_again_us = 0;
    v->warm = false;
    if (v->wanted)
        begin_taking(v);
    else
        renew(v, clock_now_us());
    v->base.e.changed(v->base.e.arg);
}

static void session_went(void *arg, struct session *s, const char *reason)
{
    struct server_voter *v = arg;
    struct vote *vote = vote_of(v);
    if (vote->held) {
        v->predecessor = vote->connection;
        if (vote->counted && v->wanted)
            log_notice("%s: the session that held the vote is gone: %s", session_name(s), reason);
    }
    quorum_lost(v->base.o.quorum, v->base.o.index);
    v->taking = v->asking = false;
    v->base.e.changed(v->base.e.arg);
}

static void make_texts(struct server_voter *v)
{
    const char *c = v->base.o.names.cluster;
    char *holder = observe_holder_sql(&v->base.o.names);
    char *here = mem_printf("IF(IS_USED_LOCK('replcheck.here.%s.%s')<=>CONNECTION_ID(),1,"
                            "GET_LOCK('replcheck.here.%s.%s',0)) AS here",
                            c, v->base.o.node, c, v->base.o.node);
    char *bell = v->bell ? mem_printf(", IF(IS_USED_LOCK('replcheck.bell.%s')<=>CONNECTION_ID(),1,"
                                      "GET_LOCK('replcheck.bell.%s',0)) AS bell",
                                      c, c)
                         : mem_strdup("");
    /* A vote's session has nothing that waits; a lost client's lock is gone a second after its lease. */
    v->init_sql = mem_printf("SET SESSION wait_timeout=%d, lock_wait_timeout=1, innodb_lock_wait_timeout=1,"
                             " autocommit=1",
                             v->base.o.lease_ms / 1000 + 1);
    /* Lossless: whether this node is marked as out of sync is to be known before votes are asked for. */
    bool marks = v->base.o.names.semi_sync && v->base.o.index == OBS_TIE;
    v->idle_sql = mem_printf("SELECT IS_USED_LOCK('replcheck.vote.%s')<=>CONNECTION_ID() AS mine, %s%s%s", c,
                             here, v->own || marks ? ";" : "",
                             v->own  ? holder
                             : marks ? OBSERVE_VOTER_SQL
                                     : "");
    v->renew_sql =
        mem_printf("SELECT IS_USED_LOCK('replcheck.vote.%s')<=>CONNECTION_ID() AS mine, %s%s", c, here, bell);
    v->look_sql = mem_strdup(holder);
    v->take_sql = mem_printf("SELECT GET_LOCK('replcheck.vote.%s',0) AS got;" OBSERVE_VOTER_SQL, c);
    v->take_wait_sql = mem_printf("SELECT GET_LOCK('replcheck.vote.%s',1) AS got;" OBSERVE_VOTER_SQL, c);
    free(holder);
    free(here);
    free(bell);
}

static void destroy(struct voter *base)
{
    struct server_voter *v = of(base);
    session_free(&v->helper);
    session_free(&v->session);
    char *texts[] = {v->name,     v->init_sql, v->idle_sql,     v->renew_sql,
                     v->look_sql, v->take_sql, v->take_wait_sql};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    free(v);
}

static bool is_up(const struct voter *base)
{
    return session_is_up(const_of(base)->session);
}

static int64_t outstanding_since_us(const struct voter *base)
{
    return session_outstanding_since_us(const_of(base)->session);
}

static int64_t next_us(const struct voter *base)
{
    const struct server_voter *v = const_of(base);
    /* Not while an answer or the session itself is awaited: a time that has passed would wake the loop for
     * ever. */
    bool waits = v->asking || v->taking || !session_is_up(v->session);
    return v->wanted && !waits && !vote_of(v)->held ? v->look_again_us : 0;
}

static const struct voter_ops ops = {
    .destroy = destroy,
    .want = want,
    .drop = drop,
    .step = step,
    .promise = promise,
    .release = release,
    .mark = mark,
    .clear_mark = clear_mark,
    .is_up = is_up,
    .outstanding_since_us = outstanding_since_us,
    .next_us = next_us,
    .enable = enable,
    .enable_unanswered = enable_unanswered,
    .ask = ask,
};

struct voter *server_voter_new(struct event_base *base, const struct server_voter_options *options,
                               const struct voter_events *events)
{
    struct server_voter *v = mem_zalloc(sizeof(*v));
    struct session_events se = {.up = session_came, .down = session_went, .arg = v};
    v->base = (struct voter){.ops = &ops, .o = options->common, .e = *events};
    v->loop = base;
    v->own = options->own;
    v->bell = options->bell;
    v->holder = options->holder;
    v->session_options = options->session;
    make_texts(v);
    v->name = mem_strdup(options->session.name);
    v->session_options.name =
        v->name; /* the helper's sessions are made long after the caller's text is gone */
    v->session_options.init_sql = v->init_sql;
    v->session = session_new(base, &v->session_options, &se);
    return &v->base;
}

struct session *server_voter_session(struct voter *v)
{
    return of(v)->session;
}
