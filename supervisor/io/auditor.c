#include "io/auditor.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define LOCKS_S        5
#define WHOLE_EVERY    3 /* times that */
#define DEADLINE_MS    4000
#define BACKOFF_MIN_MS 500
#define BACKOFF_MAX_MS 5000

struct auditor {
    struct auditor_options o;
    char *locks, *whole;
    void (*looked)(void *arg);
    void *arg;
    struct session *session;
    struct event *period;
    bool asking;
    int turn; /* 0: everything is asked for */
};

static void answered(void *arg, const struct reply *r)
{
    struct auditor *a = arg;
    struct audit *out = a->o.audit;
    a->asking = false;
    audit_read(out, &a->o.names, r->sets, r->set_count, r->sent_us);
    snprintf(out->trouble, sizeof(out->trouble), "%.*s", (int)sizeof(out->trouble) - 1,
             r->status == REPLY_OK ? "" : r->error);
    a->looked(a->arg);
}

static void look(struct auditor *a, bool whole)
{
    a->asking = true;
    session_query(a->session, whole ? a->whole : a->locks, DEADLINE_MS, answered, a);
}

static bool can_ask(const struct auditor *a)
{
    return !a->asking && session_is_up(a->session);
}

static void ask(struct auditor *a)
{
    bool whole = a->turn == 0 && !a->o.locks_only;
    if (!can_ask(a))
        return;
    a->turn = (a->turn + 1) % WHOLE_EVERY;
    look(a, whole);
}

void auditor_locks(struct auditor *a)
{
    if (can_ask(a))
        look(a, false);
}

static void on_period(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    ask(arg);
}

static void came(void *arg, struct session *s)
{
    struct auditor *a = arg;
    (void)s;
    a->asking = false;
    a->turn = 0;
    ask(a);
}

static void went(void *arg, struct session *s, const char *reason)
{
    struct auditor *a = arg;
    (void)s;
    (void)reason;
    a->asking = false;
}

void auditor_now(struct auditor *a)
{
    a->turn = 0;
    ask(a);
}

struct auditor *auditor_new(struct event_base *base, const struct auditor_options *options,
                            void (*looked)(void *arg), void *arg)
{
    static const struct timeval period = {LOCKS_S, 0};
    struct auditor *a = mem_zalloc(sizeof(*a));
    struct session_events se = {.up = came, .down = went, .arg = a};
    a->o = *options;
    a->looked = looked;
    a->arg = arg;
    a->locks = audit_locks_sql(&a->o.names);
    a->whole = audit_whole_sql(&a->o.names);
    a->o.session.backoff_min_ms = BACKOFF_MIN_MS;
    a->o.session.backoff_max_ms = BACKOFF_MAX_MS;
    a->session = session_new(base, &a->o.session, &se);
    a->period = event_new(base, -1, EV_PERSIST, on_period, a);
    event_add(a->period, &period);
    return a;
}

void auditor_free(struct auditor **p)
{
    struct auditor *a = *p;
    if (!a)
        return;
    *p = NULL;
    event_free(a->period);
    session_free(&a->session);
    free(a->locks);
    free(a->whole);
    free(a);
}

struct session *auditor_session(struct auditor *a)
{
    return a->session;
}
