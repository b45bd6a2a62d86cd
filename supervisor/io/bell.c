#include "io/bell.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WAIT_S 1

struct bell {
    struct bell_options o;
    void (*rang)(void *arg);
    void *arg;
    struct session *session;
    struct event *again;
    char *sql;
    bool listening, waiting;
    bool held; /* another had it when we looked last */
};

static void wait_for_it(struct bell *b);

static void look_later(struct bell *b)
{
    struct timeval tv = {b->o.period_ms / 1000, (b->o.period_ms % 1000) * 1000};
    evtimer_add(b->again, &tv);
}

static void answered(void *arg, const struct reply *r)
{
    struct bell *b = arg;
    int64_t rung = -1;
    bool let_go;
    b->waiting = false;
    if (r->status == REPLY_LOST)
        return; /* the session's return begins anew */
    if (r->set_count < 1 || !rows_i64(&r->sets[0], 0, "rung", &rung))
        rung = -1;
    /* Let go between two waits, it is found free: that is heard as well. */
    let_go = rung == 1 || (rung == -1 && b->held && r->status == REPLY_OK);
    b->held = rung == 0;
    if (let_go && r->set_count > 1)
        observe_voter(b->o.rows, &b->o.names, &r->sets[1], r->answered_us - 1);
    if (rung == 0)
        wait_for_it(b);
    else
        look_later(b);
    if (let_go)
        b->rang(b->arg);
}

static void wait_for_it(struct bell *b)
{
    if (!b->listening || b->waiting || !session_is_up(b->session))
        return;
    b->waiting = true;
    session_query(b->session, b->sql, WAIT_S * 1000 + 1000, answered, b);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    wait_for_it(arg);
}

static void came(void *arg, struct session *s)
{
    (void)s;
    wait_for_it(arg);
}

struct bell *bell_new(struct event_base *base, const struct bell_options *options, void (*rang)(void *arg),
                      void *arg)
{
    struct bell *b = mem_zalloc(sizeof(*b));
    struct session_events se = {.up = came, .arg = b};
    b->o = *options;
    b->rang = rang;
    b->arg = arg;
    b->again = evtimer_new(base, on_again, b);
    b->sql = mem_printf("SELECT IF(IS_FREE_LOCK('replcheck.bell.%s'),-1,GET_LOCK('replcheck.bell.%s',%d)) AS "
                        "rung;" OBSERVE_VOTER_SQL ";DO RELEASE_LOCK('replcheck.bell.%s')",
                        b->o.names.cluster, b->o.names.cluster, WAIT_S, b->o.names.cluster);
    b->session = session_new(base, &b->o.session, &se);
    return b;
}

void bell_free(struct bell **p)
{
    struct bell *b = *p;
    if (!b)
        return;
    *p = NULL;
    event_free(b->again);
    session_free(&b->session);
    free(b->sql);
    free(b);
}

void bell_listen(struct bell *b, bool listen)
{
    b->listening = listen;
    if (listen && !evtimer_pending(b->again, NULL))
        wait_for_it(b);
}

struct session *bell_session(struct bell *b)
{
    return b->session;
}
