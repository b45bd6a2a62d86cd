#include "io/probe.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define EVENTS_EVERY_US 1000000

struct probe {
    struct probe_options o;
    void (*changed)(void *arg);
    void *arg;
    struct session *session;
    char *sql, *sql_events;
    bool asking, again;
    unsigned last_error;
    int64_t events_us;
};

static void ask(struct probe *p);

static void answered(void *arg, const struct reply *r)
{
    struct probe *p = arg;
    p->asking = false;
    if (r->status != REPLY_LOST)
        observe_server(p->o.view, &p->o.names, r->sets, r->set_count, r->sent_us, r->answered_us);
    if (r->status == REPLY_ERROR && r->error_no != p->last_error)
        log_warning("%s: %s%s", session_name(p->session), r->error,
                    r->error_no == 1146 || r->error_no == 1049
                        ? " (run `mysql-replcheck schema install` there)"
                        : "");
    p->last_error = r->status == REPLY_ERROR ? r->error_no : 0;
    if (p->again && session_is_up(p->session))
        ask(p);
    p->changed(p->arg);
}

static void ask(struct probe *p)
{
    int64_t now = clock_now_us();
    bool events = now - p->events_us >= EVENTS_EVERY_US;
    p->asking = true;
    p->again = false;
    if (events)
        p->events_us = now;
    session_query(p->session, events ? p->sql_events : p->sql, p->o.deadline_ms, answered, p);
}

void probe_now(struct probe *p)
{
    p->again = p->asking;
    if (!p->asking && session_is_up(p->session))
        ask(p);
}

void probe_events(struct probe *p)
{
    p->events_us = 0;
    probe_now(p);
}

void probe_tick(struct probe *p, int64_t now_us)
{
    (void)now_us;
    if (!p->asking && session_is_up(p->session))
        ask(p);
}

void probe_count_since(struct probe *p, int64_t window_s, int64_t reset_s)
{
    struct observe_names *names = &p->o.names;
    if (names->breaker_window_s == window_s && names->breaker_reset_s == reset_s)
        return;
    names->breaker_window_s = window_s;
    names->breaker_reset_s = reset_s;
    free(p->sql_events);
    p->sql_events = observe_server_sql(names, true);
    probe_events(p);
}

static void came(void *arg, struct session *s)
{
    struct probe *p = arg;
    p->o.view->probed_up_us = session_opened_us(s);
    p->events_us = 0;
    ask(p);
}

static void went(void *arg, struct session *s, const char *reason)
{
    struct probe *p = arg;
    if (p->o.view->probed_up_us)
        log_info("%s: connection lost: %s", session_name(s), reason);
    p->o.view->probed_up_us = 0;
    p->asking = false;
    p->changed(p->arg);
}

struct probe *probe_new(struct event_base *base, const struct probe_options *options,
                        void (*changed)(void *arg), void *arg)
{
    struct probe *p = mem_zalloc(sizeof(*p));
    struct session_events se = {.up = came, .down = went, .arg = p};
    p->o = *options;
    p->changed = changed;
    p->arg = arg;
    p->sql = observe_server_sql(&p->o.names, false);
    p->sql_events = observe_server_sql(&p->o.names, true);
    p->session = session_new(base, &p->o.session, &se);
    return p;
}

void probe_free(struct probe **pp)
{
    struct probe *p = *pp;
    if (!p)
        return;
    *pp = NULL;
    session_free(&p->session);
    free(p->sql);
    free(p->sql_events);
    free(p);
}

struct session *probe_session(struct probe *p)
{
    return p->session;
}
