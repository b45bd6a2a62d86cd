#include "io/cert_look.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/cert_date.h"

#define PERIOD_S   600
#define RETRY_S    5
#define ANSWER_MS  2000
#define BACKOFF_MS 3600000 /* it is ended before it would try again by itself */

struct cert_look {
    struct event_base *base;
    struct session_options o;
    char *texts[8];
    void (*looked)(void *arg, const struct cert_seen *seen);
    void *arg;
    struct session *session; /* NULL between two looks */
    bool ended;              /* the session is to be freed: not from within its own callback */
    struct event next;
    struct cert_seen seen;
};

static void again_in(struct cert_look *l, int seconds)
{
    struct timeval tv = {.tv_sec = seconds};
    event_add(&l->next, &tv);
}

static void end(struct cert_look *l, const char *trouble)
{
    if (l->ended)
        return;
    l->ended = true;
    snprintf(l->seen.trouble, sizeof(l->seen.trouble), "%.*s", (int)sizeof(l->seen.trouble) - 1, trouble);
    session_free(&l->session);
    again_in(l, *trouble ? RETRY_S : PERIOD_S);
    l->looked(l->arg, &l->seen);
}

static void answered(void *arg, const struct reply *r)
{
    struct cert_look *l = arg;
    const char *value = r->status == REPLY_OK && r->set_count ? rows_text(&r->sets[0], 0, "Value") : NULL;
    if (l->ended)
        return;
    if (r->status != REPLY_OK)
        end(l, r->error);
    else if (!value || !cert_date_parse(value, &l->seen.until_s))
        end(l, "the server does not say how long its certificate is valid");
    else
        end(l, "");
}

static void came(void *arg, struct session *s)
{
    session_query(s, "SHOW SESSION STATUS LIKE 'Ssl_server_not_after'", ANSWER_MS, answered, arg);
}

static void went(void *arg, struct session *s, const char *reason)
{
    (void)s;
    end(arg, reason);
}

static void on_next(evutil_socket_t fd, short what, void *arg)
{
    struct cert_look *l = arg;
    struct session_events e = {.up = came, .down = went, .arg = l};
    (void)fd, (void)what;
    l->ended = false;
    l->session = session_new(l->base, &l->o, &e);
}

/* The options' texts are the caller's for the call only. */
static const char *keep(struct cert_look *l, size_t i, const char *text)
{
    l->texts[i] = text ? mem_strdup(text) : NULL;
    return l->texts[i];
}

struct cert_look *cert_look_new(struct event_base *base, const struct session_options *session,
                                void (*looked)(void *arg, const struct cert_seen *seen), void *arg)
{
    struct cert_look *l = mem_zalloc(sizeof(*l));
    l->base = base;
    l->looked = looked;
    l->arg = arg;
    l->o = *session;
    l->o.name = keep(l, 0, session->name);
    l->o.socket = keep(l, 1, session->socket);
    l->o.address = keep(l, 2, session->address);
    l->o.bind_address = keep(l, 3, session->bind_address);
    l->o.user = keep(l, 4, session->user);
    l->o.password = keep(l, 5, session->password);
    l->o.tls_ca = keep(l, 6, session->tls_ca);
    l->o.tls_fingerprint = keep(l, 7, session->tls_fingerprint);
    l->o.backoff_min_ms = l->o.backoff_max_ms = BACKOFF_MS;
    evtimer_assign(&l->next, base, on_next, l);
    event_active(&l->next, EV_TIMEOUT, 0);
    return l;
}

void cert_look_free(struct cert_look **look)
{
    struct cert_look *l = *look;
    if (!l)
        return;
    *look = NULL;
    l->ended = true;
    session_free(&l->session);
    event_del(&l->next);
    if (l->texts[5])
        explicit_bzero(l->texts[5], strlen(l->texts[5]));
    for (size_t i = 0; i < sizeof(l->texts) / sizeof(l->texts[0]); i++)
        free(l->texts[i]);
    free(l);
}
