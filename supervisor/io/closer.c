#include "io/closer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define ROUNDS_MAX 200

struct closer {
    struct closer_options o;
    char *name; /* of the sessions that are yet to be made */
    void (*changed)(void *arg);
    void *arg;
    struct event_base *base;
    struct session *session; /* lives only while something is closed */
    uint64_t epoch;          /* under way; 0 = nothing */
    int rounds;
    int64_t failed_us;
};

static void list_sessions(struct closer *c);

static void end_attempt(struct closer *c, const char *why)
{
    if (why)
        log_notice("%s: the other server is not closed: %s", c->o.session.name, why);
    c->failed_us = why ? clock_now_us() : 0;
    c->epoch = 0;
    session_free(&c->session);
    c->changed(c->arg);
}

static void closed(void *arg, const struct reply *r)
{
    struct closer *c = arg;
    struct err ignored;
    const struct rows *set = r->set_count ? &r->sets[r->set_count - 1] : NULL;
    const char *pos;
    if (r->status != REPLY_OK || !set || rows_tri(set, 0, "read_only") != TRI_YES) {
        end_attempt(c, r->status == REPLY_OK ? "read_only=1 was not read back" : r->error);
        return;
    }
    c->o.peer->read_only = TRI_YES;
    pos = rows_text(set, 0, "gtid_binlog_pos");
    if (pos && gtid_set_parse(&c->o.peer->binlog_pos, pos, &ignored)) {
        c->o.peer->seen_us = r->sent_us;
    }
    c->o.view->epoch = c->epoch;
    c->o.view->closed = true;
    end_attempt(c, NULL);
}

static void set_read_only(struct closer *c)
{
    session_query(c->session,
                  "SET STATEMENT lock_wait_timeout=1 FOR SET GLOBAL read_only=1;"
                  "SELECT @@global.read_only AS read_only, @@global.gtid_binlog_pos AS gtid_binlog_pos",
                  c->o.deadline_ms, closed, c);
}

static void killed(void *arg, const struct reply *r)
{
    struct closer *c = arg;
    if (r->status == REPLY_LOST)
        end_attempt(c, r->error);
    else
        list_sessions(
            c); /* until they are gone; a KILL of one that went by itself is an error and harmless */
}

static void listed(void *arg, const struct reply *r)
{
    struct closer *c = arg;
    char sql[64];
    int64_t id;
    if (r->status != REPLY_OK || !r->set_count) {
        end_attempt(c, r->error);
    } else if (!rows_i64(&r->sets[0], 0, "id", &id)) {
        set_read_only(c);
    } else if (++c->rounds > ROUNDS_MAX) {
        end_attempt(c, "its supervisor's sessions come again and again");
    } else {
        snprintf(sql, sizeof(sql), "KILL CONNECTION %lld", (long long)id);
        session_query(c->session, sql, c->o.deadline_ms, killed, c);
    }
}

static void list_sessions(struct closer *c)
{
    char *sql =
        mem_printf("SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER='%s' AND HOST='localhost'",
                   c->o.account);
    session_query(c->session, sql, c->o.deadline_ms, listed, c);
    free(sql);
}

static void came(void *arg, struct session *s)
{
    (void)s;
    list_sessions(arg);
}

static void went(void *arg, struct session *s, const char *reason)
{
    struct closer *c = arg;
    (void)s;
    if (c->epoch)
        end_attempt(c, reason);
}

struct closer *closer_new(struct event_base *base, const struct closer_options *options,
                          void (*changed)(void *arg), void *arg)
{
    struct closer *c = mem_zalloc(sizeof(*c));
    c->o = *options;
    c->name = mem_strdup(options->session.name);
    c->o.session.name = c->name;
    c->changed = changed;
    c->arg = arg;
    c->base = base;
    return c;
}

void closer_free(struct closer **p)
{
    struct closer *c = *p;
    if (!c)
        return;
    *p = NULL;
    session_free(&c->session);
    free(c->name);
    free(c);
}

void closer_begin(struct closer *c, uint64_t epoch)
{
    struct session_events se = {.up = came, .down = went, .arg = c};
    if (c->epoch || !epoch || (c->o.view->closed && c->o.view->epoch == epoch))
        return;
    if (c->failed_us && clock_now_us() - c->failed_us < CLOCK_MS(250))
        return;
    c->epoch = epoch;
    c->rounds = 0;
    c->session = session_new(c->base, &c->o.session, &se);
}

void closer_reset(struct closer *c)
{
    c->epoch = 0;
    c->failed_us = 0;
    memset(c->o.view, 0, sizeof(*c->o.view));
    session_free(&c->session);
}
