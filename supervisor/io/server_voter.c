#include "io/server_voter_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define LOOK_AGAIN_US 20000

struct server_voter *server_voter_of(struct voter *v)
{
    return (struct server_voter *)v;
}

static const struct server_voter *const_of(const struct voter *v)
{
    return (const struct server_voter *)v;
}

struct vote *server_voter_vote(const struct server_voter *v)
{
    return voter_vote(&v->base);
}

void server_voter_heard(struct server_voter *v, const struct reply *r)
{
    if (r->status != REPLY_LOST)
        voter_answered(&v->base, r->sent_us);
}

const struct rows *server_voter_set(const struct reply *r, const char *column)
{
    for (size_t i = 0; i < r->set_count; i++)
        if (rows_column(&r->sets[i], column) >= 0)
            return &r->sets[i];
    return NULL;
}

double server_voter_elapsed_ms(const struct reply *r)
{
    return r->answered_us && r->sent_us ? (double)(r->answered_us - r->sent_us) / 1000.0 : -1.0;
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
    const struct rows *set = server_voter_set(r, "kind");
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
    const struct rows *got = server_voter_set(r, "got");
    int64_t one = 0;
    bool expired = v->expired;
    v->taking = false;
    v->expired = false;
    server_voter_heard(v, r);
    log_debug("%s: asked for the vote, answered after %.2f ms", session_name(v->session),
              server_voter_elapsed_ms(r));
    if (r->status != REPLY_LOST && got && rows_i64(got, 0, "got", &one) && one == 1) {
        read_rows(v, r, &rows);
        v->predecessor = 0;
        quorum_taken(v->base.o.quorum, v->base.o.index, r->sent_us, r->answered_us,
                     rows.read_us && taking_was_released(&rows, v->base.o.quorum->self), expired);
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

static void do_chosen(struct server_voter *v, const struct taking_choice *c, unsigned long holder)
{
    switch (c->step) {
    case TAKING_FREE:
    case TAKING_WAIT:
        take(v, c->step == TAKING_WAIT);
        break;
    case TAKING_END:
    case TAKING_EXPIRED:
        take_from(v, holder, c->step == TAKING_EXPIRED);
        break;
    case TAKING_LATER:
        v->look_again_us = c->again_us;
        break;
    }
}

/* Who has it? One statement shows the holder idle for a lease: only then may it be ended. */
static void looked(void *arg, const struct reply *r)
{
    struct server_voter *v = arg;
    const struct rows *set = server_voter_set(r, "time_ms");
    struct holder_view seen;
    v->asking = false;
    server_voter_heard(v, r);
    if (r->status != REPLY_OK || !set)
        return;
    observe_holder(&seen, &v->base.o.names, set, r->sent_us, session_connection_id(v->session));
    struct taking t = {.urgency = v->urgency, .predecessor = v->predecessor, .evict = *v->base.o.evict};
    struct taking_choice c = taking_choose(v->base.o.quorum, v->base.o.index, &t, &seen, r->answered_us);
    server_voter_vote(v)->holder = seen;
    if (v->holder)
        *v->holder = seen;
    v->look_again_us = 0;
    if (v->wanted && !server_voter_vote(v)->held && !v->taking)
        do_chosen(v, &c, seen.connection);
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
    const struct rows *set = server_voter_set(r, "mine");
    int64_t mine = 0;
    v->asking = false;
    server_voter_heard(v, r);
    if (r->status != REPLY_OK || !set || !rows_i64(set, 0, "mine", &mine))
        return;
    voter_timed(&v->base, r->sent_us);
    if (mine)
        quorum_proven(v->base.o.quorum, v->base.o.index, r->sent_us);
    else if (server_voter_vote(v)->held)
        session_close(v->session, "the vote's lock is not ours any more");
    const struct rows *holder = server_voter_set(r, "time_ms");
    if (holder) {
        observe_holder(&server_voter_vote(v)->holder, &v->base.o.names, holder, r->sent_us,
                       session_connection_id(v->session));
        if (v->holder)
            *v->holder = server_voter_vote(v)->holder;
    }
    if (server_voter_set(r, "kind") && !server_voter_vote(v)->held)
        observe_voter(v->base.o.rows, &v->base.o.names, server_voter_set(r, "kind"), r->sent_us);
    if (!v->warm && !v->wanted)
        warm_up(v);
    v->base.e.changed(v->base.e.arg);
}

static void renew(struct server_voter *v, int64_t now_us)
{
    bool held = server_voter_vote(v)->held;
    v->asking = true;
    v->last_asked_us = now_us;
    session_query(v->session, held ? v->renew_sql : v->idle_sql, (int)voter_limit_ms(&v->base, now_us),
                  renewed, v);
}

static void step(struct voter *base, int64_t now_us)
{
    struct server_voter *v = server_voter_of(base);
    if (!session_is_up(v->session))
        return;
    if (quorum_must_close(v->base.o.quorum, v->base.o.index, now_us)) {
        session_close(v->session, "the vote's validity ended before it was renewed");
        return;
    }
    if (v->wanted && !server_voter_vote(v)->held && (!v->look_again_us || now_us >= v->look_again_us))
        begin_taking(v);
    bool due = now_us - v->last_asked_us >= (int64_t)v->base.o.renew_ms * 1000 - 5000;
    if (due && !v->asking && !v->taking && !session_pending(v->session))
        renew(v, now_us);
}

static void want(struct voter *base, enum voter_urgency urgency)
{
    struct server_voter *v = server_voter_of(base);
    bool begins = !v->wanted || urgency > v->urgency;
    v->wanted = true;
    v->urgency = urgency;
    if (begins && !server_voter_vote(v)->held)
        begin_taking(v);
}

void server_voter_drop(struct voter *base)
{
    struct server_voter *v = server_voter_of(base);
    v->wanted = false;
    v->look_again_us = 0;
    if (!server_voter_vote(v)->held && !v->taking)
        return;
    quorum_released(v->base.o.quorum, v->base.o.index);
    session_close(v->session, "the vote is given back");
}

static bool enable_unanswered(const struct voter *base)
{
    return const_of(base)->enabling;
}

static bool ask(struct voter *base, const char *sql, int deadline_ms,
                void (*done)(void *arg, const struct reply *r), void *arg)
{
    struct server_voter *v = server_voter_of(base);
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
    struct vote *vote = server_voter_vote(v);
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
    v->init_sql = mem_printf(SESSION_SQL ", wait_timeout=%d, lock_wait_timeout=1, innodb_lock_wait_timeout=1",
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
    struct server_voter *v = server_voter_of(base);
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
    return v->wanted && !waits && !server_voter_vote(v)->held ? v->look_again_us : 0;
}

static const struct voter_ops ops = {
    .destroy = destroy,
    .want = want,
    .drop = server_voter_drop,
    .step = step,
    .promise = server_voter_promise,
    .release = server_voter_release,
    .mark = server_voter_mark,
    .clear_mark = server_voter_clear_mark,
    .is_up = is_up,
    .outstanding_since_us = outstanding_since_us,
    .next_us = next_us,
    .enable = server_voter_enable,
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
    return server_voter_of(v)->session;
}
