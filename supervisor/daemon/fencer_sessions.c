#include "daemon/fencer_sessions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/ladder.h"
#include "io/session.h"
#include "settings/settings.h"

#define CONNECT_TIMEOUT_MS 1000
#define ANSWER_MS          10000 /* a session that owes an answer for longer is replaced */
#define RELEASE_MS         300
#define BACKOFF_MAX_MS     250
#define KEEPS              "wait_timeout=31536000"
#define PING               "SELECT @@global.read_only AS read_only"

struct fencer_sessions {
    const struct settings *settings;
    struct fencer_sessions_events events;
    struct session *w;
    struct session *f;
    struct session *k;
    struct death *death;
    struct fencer_server view;
    char uncertified[256];
    char lock[64];

    bool lock_held;
    bool lock_wanted;
    bool lock_busy; /* a statement about it is outstanding */
    int64_t lock_limit_us;
    bool lock_again; /* and another was asked for meanwhile */
};

static void tell(struct fencer_sessions *s, void (*event)(void *))
{
    event(s->events.arg);
}

static void view_process(struct fencer_sessions *s)
{
    s->view.alive = death_alive(s->death);
    s->view.pid = death_pid(s->death);
}

/* ---- k: reading ---- */

static void on_ping(void *arg, const struct reply *reply)
{
    struct fencer_sessions *s = arg;
    if (reply->status == REPLY_LOST)
        return; /* k is down, or about to be */
    tell(s, s->events.answered);
    if (reply->status == REPLY_OK && reply->set_count == 1) {
        s->view.read_only = rows_tri(&reply->sets[0], 0, "read_only");
        s->view.read_us = reply->sent_us;
    }
    view_process(s);
    tell(s, s->events.observed);
}

void fencer_sessions_ping(struct fencer_sessions *s)
{
    if (!session_is_up(s->k) || session_pending(s->k) > 0)
        return;
    tell(s, s->events.asked);
    session_query(s->k, PING, ANSWER_MS, on_ping, s);
}

static void on_identity(void *arg, const struct reply *reply)
{
    struct fencer_sessions *s = arg;
    struct err e = {"the server did not say where its pid file is"};
    if (reply->status == REPLY_LOST)
        return;
    tell(s, s->events.answered);
    bool found = reply->status == REPLY_OK && reply->set_count == 1 &&
                 death_attach(s->death, session_fd(s->k), &reply->sets[0], &e);
    snprintf(s->uncertified, sizeof(s->uncertified), "%.255s", found ? "" : e.text);
    if (found && !death_can_read_binlog(s->death, &e))
        log_warning(
            "the last binary log cannot be read, so a certificate of death will not bound the loss: %s",
            e.text);
    s->view.certifiable = tri_from(found);
    view_process(s);
    tell(s, s->events.observed);
    fencer_sessions_ping(s);
}

static void on_k_up(void *arg, struct session *k)
{
    struct fencer_sessions *s = arg;
    tell(s, s->events.asked);
    session_query(k, DEATH_QUERY, ANSWER_MS, on_identity, s);
}

static void on_k_down(void *arg, struct session *k, const char *reason)
{
    struct fencer_sessions *s = arg;
    (void)k, (void)reason;
    tell(s, s->events.asked);
    s->view.read_only = TRI_UNKNOWN;
    death_look(s->death);
    view_process(s);
    tell(s, s->events.observed);
}

static void on_f_down(void *arg, struct session *f, const char *reason)
{
    struct fencer_sessions *s = arg;
    (void)f, (void)reason;
    death_look(s->death);
}

static void on_dead(void *arg, const struct death_report *report)
{
    struct fencer_sessions *s = arg;
    view_process(s);
    s->view.read_only = TRI_UNKNOWN;
    s->events.dead(s->events.arg, report);
    tell(s, s->events.observed);
}

/* ---- w: the write lock ---- */

static void ask_lock(struct fencer_sessions *s, const char *sql, void (*done)(void *, const struct reply *))
{
    s->lock_busy = true;
    session_query(s->w, sql, ANSWER_MS, done, s);
}

static void conclude(struct fencer_sessions *s, const struct reply *reply, bool held, const char *why)
{
    s->lock_busy = false;
    s->lock_held = held;
    s->events.lock(s->events.arg, reply->sent_us, held, why);
    bool again = s->lock_again && clock_now_us() < s->lock_limit_us;
    s->lock_again = false;
    if (again)
        fencer_sessions_take_lock(s, s->lock_limit_us);
}

/* The number of the reply's only cell; `none` when there is no such. A lost answer is left to the session's
 * end. */
static int64_t number_of(const struct reply *reply, const char *column, int64_t none)
{
    int64_t n = none;
    if (reply->status != REPLY_OK || reply->set_count == 0 || !rows_i64(&reply->sets[0], 0, column, &n))
        return none;
    return n;
}

static void on_taken(void *arg, const struct reply *reply)
{
    struct fencer_sessions *s = arg;
    if (reply->status == REPLY_LOST)
        return;
    bool got = number_of(reply, "got", 0) == 1;
    conclude(s, reply, got,
             got                            ? ""
             : reply->status == REPLY_ERROR ? reply->error
                                            : "the write lock is held by another");
}

/* The successor waits in line before the holder is killed, so that the lock is never seen free: the KILL
 * comes on another session and leaves it 20 ms to be there. */
static void replace_holder(struct fencer_sessions *s, int64_t holder)
{
    char sql[160];
    snprintf(sql, sizeof(sql), "SELECT GET_LOCK('%s',1) AS got", s->lock);
    ask_lock(s, sql, on_taken);
    snprintf(sql, sizeof(sql), "DO SLEEP(0.02);KILL %" PRId64, holder);
    session_query(s->k, sql, ANSWER_MS, NULL, NULL);
}

static void on_holder(void *arg, const struct reply *reply)
{
    struct fencer_sessions *s = arg;
    if (reply->status == REPLY_LOST)
        return;
    const struct rows *set = reply->set_count ? &reply->sets[0] : NULL;
    const char *user = set ? rows_text(set, 0, "user") : NULL;
    const char *host = set ? rows_text(set, 0, "host") : NULL;
    char why[128];
    if (!user || !host) {
        conclude(s, reply, false, "the write lock was held by a session that has gone");
        return;
    }
    bool ours = strcmp(user, s->settings->node.fencer.user) == 0 && strcmp(host, "localhost") == 0;
    if (ours || s->settings->cluster.policy.evict_foreign_locks) {
        replace_holder(s, number_of(reply, "id", 0));
        return;
    }
    snprintf(why, sizeof(why), "the write lock is held by %.40s@%.60s", user, host);
    conclude(s, reply, false, why);
}

static void on_first_try(void *arg, const struct reply *reply)
{
    struct fencer_sessions *s = arg;
    char sql[256];
    if (reply->status != REPLY_OK || number_of(reply, "got", 0) == 1) {
        on_taken(arg, reply);
        return;
    }
    snprintf(sql, sizeof(sql),
             "SELECT P.ID AS id,P.USER AS user,P.HOST AS host FROM information_schema.PROCESSLIST P"
             " WHERE P.ID=IS_USED_LOCK('%s')",
             s->lock);
    ask_lock(s, sql, on_holder);
}

static void on_proof(void *arg, const struct reply *reply)
{
    struct fencer_sessions *s = arg;
    if (reply->status == REPLY_LOST)
        return;
    bool mine = number_of(reply, "mine", 0) == 1;
    conclude(s, reply, mine, mine ? "" : "the write lock was lost");
}

void fencer_sessions_take_lock(struct fencer_sessions *s, int64_t limit_us)
{
    char sql[256];
    s->lock_wanted = true;
    s->lock_limit_us = limit_us;
    if (!session_is_up(s->w)) {
        session_retry_now(s->w);
        return;
    }
    if (s->lock_busy) {
        s->lock_again = true;
        return;
    }
    if (s->lock_held) {
        snprintf(sql, sizeof(sql), "SELECT IS_USED_LOCK('%s')=CONNECTION_ID() AS mine", s->lock);
        ask_lock(s, sql, on_proof);
        return;
    }
    struct fencer_rules r = {.lease_ms = s->settings->cluster.timing.lease_ms};
    snprintf(sql, sizeof(sql), "SET SESSION wait_timeout=%d;SELECT GET_LOCK('%s',0) AS got",
             fencer_logic_lock_ms(&r) / 1000, s->lock);
    ask_lock(s, sql, on_first_try);
}

void fencer_sessions_release_lock(struct fencer_sessions *s)
{
    s->lock_wanted = false;
    s->lock_again = false;
    s->lock_held = false;
    if (!session_is_up(s->w))
        return;
    if (s->lock_busy)
        session_close(s->w, "the write lock is released");
    else
        session_query(s->w, "SELECT RELEASE_ALL_LOCKS();SET SESSION " KEEPS, RELEASE_MS, NULL, NULL);
}

int fencer_sessions_lock_fd(const struct fencer_sessions *s)
{
    return s->lock_held ? session_fd(s->w) : -1;
}

static void on_w_up(void *arg, struct session *w)
{
    struct fencer_sessions *s = arg;
    (void)w;
    if (s->lock_wanted)
        tell(s, s->events.lock_lost);
}

static void on_w_down(void *arg, struct session *w, const char *reason)
{
    struct fencer_sessions *s = arg;
    bool mattered = s->lock_held || s->lock_busy;
    (void)w, (void)reason;
    s->lock_held = false;
    s->lock_busy = false;
    s->lock_again = false;
    death_look(s->death);
    if (mattered)
        tell(s, s->events.lock_lost);
}

/* ---- life ---- */

static struct session *open_session(struct fencer_sessions *s, struct event_base *base, const char *name,
                                    void (*up)(void *, struct session *),
                                    void (*down)(void *, struct session *, const char *))
{
    struct session_options o = {.name = name,
                                .socket = s->settings->node.local.socket,
                                .user = s->settings->node.fencer.user,
                                .init_sql = SESSION_SQL ", " KEEPS,
                                .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                .backoff_max_ms = BACKOFF_MAX_MS};
    struct session_events e = {up, down, s};
    return session_new(base, &o, &e);
}

struct fencer_sessions *fencer_sessions_new(struct event_base *base, const struct settings *settings,
                                            const struct fencer_sessions_events *events)
{
    struct fencer_sessions *s = mem_zalloc(sizeof(*s));
    s->settings = settings;
    s->events = *events;
    snprintf(s->lock, sizeof(s->lock), "replcheck.write.%s", settings->cluster.cluster);
    s->death = death_new(base, settings->node.local.socket, on_dead, s);
    s->w = open_session(s, base, "fencer/w", on_w_up, on_w_down);
    s->f = open_session(s, base, "fencer/f", NULL, on_f_down);
    s->k = open_session(s, base, "fencer/k", on_k_up, on_k_down);
    return s;
}

const struct fencer_server *fencer_sessions_view(const struct fencer_sessions *s)
{
    return &s->view;
}

const char *fencer_sessions_uncertified(const struct fencer_sessions *s)
{
    return s->uncertified;
}

bool fencer_sessions_is_over(const struct fencer_sessions *s)
{
    return death_is_over(s->death);
}

void fencer_sessions_set_urgent(struct fencer_sessions *s, bool urgent)
{
    death_set_urgent(s->death, urgent);
}

void fencer_sessions_lend(struct fencer_sessions *s, struct ladder_options *o)
{
    o->set = s->f;
    o->kill = s->k;
    o->death = s->death;
}
