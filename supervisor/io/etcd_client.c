#include "io/etcd_client.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define BACKOFF_MIN_MS 10
#define BACKOFF_MAX_MS 200
#define URL_MAX        160

struct etcd_client {
    struct event_base *base;
    struct http_client *http;
    char *name, *user, *password;
    struct endpoint endpoints[SETTINGS_ENDPOINTS_MAX];
    int count, current, try_ms;
    bool tls, failing, complained;
    char token[ETCD_TOKEN_MAX]; /* "" = none */
    struct etcd_call *login;    /* the one that asks for a token */
    struct etcd_call *first;
};

struct etcd_call {
    struct etcd_client *owner;
    struct etcd_call *next, **back;
    enum etcd_question question;
    char *body;
    void (*done)(void *arg, const struct etcd_reply *r);
    void *arg;
    int64_t began_us, until_us, sent_us;
    int endpoint, tries;
    bool waits; /* for a token */
    char with_token[ETCD_TOKEN_MAX];
    struct http_request *request;
    struct event *timer; /* of the next try, or of the deadline while a token is waited for */
    struct err why;
};

static void begin_try(struct etcd_call *call);

static unsigned random_below(unsigned n)
{
    uint32_t r = 0;
    if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != sizeof(r))
        r = (uint32_t)clock_now_us();
    return r % n;
}

static void set_timer(struct etcd_call *call, int64_t in_us)
{
    struct timeval tv = {in_us / 1000000, in_us % 1000000};
    if (in_us <= 0)
        event_active(call->timer, EV_TIMEOUT, 0);
    else
        event_add(call->timer, &tv);
}

/* ---- the end of a call ---- */

static void detach(struct etcd_call *call)
{
    http_client_cancel(&call->request);
    event_free(call->timer);
    *call->back = call->next;
    if (call->next)
        call->next->back = call->back;
}

static void discard(struct etcd_call *call)
{
    explicit_bzero(call->body, strlen(call->body)); /* a login's holds the password */
    free(call->body);
    free(call);
}

void etcd_client_cancel(struct etcd_call **call)
{
    if (!*call)
        return;
    detach(*call);
    discard(*call);
    *call = NULL;
}

static void tell(struct etcd_call *call, const struct etcd_answer *answer)
{
    struct etcd_reply reply = {.answer = answer,
                               .failure = call->why.text,
                               .sent_us = call->sent_us,
                               .answered_us = answer ? clock_now_us() : 0};
    detach(call);
    call->done(call->arg, &reply);
    discard(call);
}

/* ---- tries ---- */

/* The others are asked at once; when all were, after a while. */
static int64_t pause_us(const struct etcd_call *call)
{
    int round = call->tries / call->owner->count, ms = BACKOFF_MIN_MS;
    if (call->tries % call->owner->count)
        return 0;
    for (int i = 1; i < round && ms < BACKOFF_MAX_MS; i++)
        ms *= 2;
    ms = ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
    return (int64_t)(ms / 2 + (int)random_below((unsigned)ms)) * 1000;
}

/* The next endpoint is for those who come after, too, unless one of them has moved on already. */
static void move_on(struct etcd_call *call)
{
    struct etcd_client *c = call->owner;
    call->tries++;
    if (c->current == call->endpoint && c->count > 1) {
        c->current = (c->current + 1) % c->count;
        log_debug("%s: asking %s port %u from now on: %s", c->name, c->endpoints[c->current].address,
                  c->endpoints[c->current].port, call->why.text);
    }
    c->failing = true;
}

static void try_again(struct etcd_call *call)
{
    int64_t now = clock_now_us(), pause;
    move_on(call);
    pause = pause_us(call);
    if (now + pause >= call->until_us)
        tell(call, NULL);
    else
        set_timer(call, pause);
}

static void logged_in(void *arg, const struct etcd_reply *r)
{
    struct etcd_client *c = arg;
    bool ok = r->answer && r->answer->outcome == ETCD_OK;
    struct etcd_call *next;
    c->login = NULL;
    if (ok)
        memcpy(c->token, r->answer->token, sizeof(c->token));
    else if (!c->complained)
        log_warning("%s: etcd does not let %s log in: %s", c->name, c->user,
                    r->answer ? r->answer->why.text : r->failure);
    c->complained = !ok;
    for (struct etcd_call *call = c->first; call; call = next) {
        next = call->next;
        if (!call->waits)
            continue;
        call->waits = false;
        call->why = ok ? call->why : r->answer ? r->answer->why : call->why;
        set_timer(call, ok ? 0 : CLOCK_MS(BACKOFF_MAX_MS));
    }
}

/* The token that this call had is not accepted; another call may have got a new one meanwhile. */
static void need_token(struct etcd_call *call)
{
    struct etcd_client *c = call->owner;
    int64_t left_us = call->until_us - clock_now_us();
    if (strcmp(call->with_token, c->token) == 0)
        c->token[0] = '\0';
    if (c->token[0]) {
        set_timer(call, 0);
        return;
    }
    call->waits = true;
    set_timer(call, left_us);
    if (!c->login)
        c->login = etcd_client_ask(c, ETCD_ASK_TOKEN, etcd_authenticate_json(c->user, c->password),
                                   left_us > 1000 ? (int)(left_us / 1000) : 1, logged_in, c);
}

static void tried(void *arg, const struct http_result *r)
{
    struct etcd_call *call = arg;
    struct etcd_client *c = call->owner;
    struct etcd_answer answer;
    call->request = NULL;
    if (r->failure) {
        err_set(&call->why, "%s port %u: %.200s", c->endpoints[call->endpoint].address,
                c->endpoints[call->endpoint].port, r->failure);
        try_again(call);
        return;
    }
    etcd_answer_read(&answer, call->question, r->status, r->body, r->size);
    call->why = answer.why;
    if (answer.outcome == ETCD_UNCERTAIN) {
        try_again(call);
    } else if (answer.outcome == ETCD_UNAUTHENTICATED && c->password && call->question != ETCD_ASK_TOKEN &&
               clock_now_us() < call->until_us) {
        need_token(call);
    } else {
        c->failing = false;
        tell(call, &answer);
    }
    etcd_answer_free(&answer);
}

static void make_url(const struct etcd_client *c, const struct etcd_call *call, char *url)
{
    const struct endpoint *at = &c->endpoints[call->endpoint];
    bool v6 = strchr(at->address, ':') != NULL;
    snprintf(url, URL_MAX, "%s://%s%s%s:%u%s", c->tls ? "https" : "http", v6 ? "[" : "", at->address,
             v6 ? "]" : "", at->port, etcd_path(call->question));
}

static void begin_try(struct etcd_call *call)
{
    struct etcd_client *c = call->owner;
    char url[URL_MAX];
    int64_t now = clock_now_us(), left_ms = (call->until_us - now) / 1000;
    bool is_login = call->question == ETCD_ASK_TOKEN;
    if (left_ms <= 0) {
        tell(call, NULL);
        return;
    }
    if (c->password && !c->token[0] && !is_login) {
        call->with_token[0] = '\0';
        need_token(call);
        return;
    }
    call->endpoint = c->current;
    make_url(c, call, url);
    memcpy(call->with_token, c->token, sizeof(c->token));
    call->sent_us = now;
    call->request = http_client_post(c->http, url, c->token[0] && !is_login ? c->token : NULL, call->body,
                                     left_ms < c->try_ms ? (int)left_ms : c->try_ms, tried, call);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    begin_try(arg);
}

struct etcd_call *etcd_client_ask(struct etcd_client *c, enum etcd_question question, char *body,
                                  int deadline_ms, void (*done)(void *arg, const struct etcd_reply *r),
                                  void *arg)
{
    struct etcd_call *call = mem_zalloc(sizeof(*call));
    call->owner = c;
    call->question = question;
    call->body = body;
    call->done = done;
    call->arg = arg;
    call->began_us = clock_now_us();
    call->until_us = call->began_us + CLOCK_MS(deadline_ms);
    call->timer = event_new(c->base, -1, 0, on_timer, call);
    err_set(&call->why, "no answer in time");
    call->next = c->first;
    call->back = &c->first;
    if (call->next)
        call->next->back = &call->next;
    c->first = call;
    if (deadline_ms <= 1 || (c->password && !c->token[0] && question != ETCD_ASK_TOKEN))
        set_timer(call, 0); /* nothing is told from within this function */
    else
        begin_try(call);
    return call;
}

/* ---- the client ---- */

bool etcd_client_failing(const struct etcd_client *c)
{
    return c->failing;
}

int64_t etcd_client_outstanding_since_us(const struct etcd_client *c)
{
    int64_t oldest = 0;
    for (const struct etcd_call *call = c->first; call; call = call->next)
        if (!oldest || call->began_us < oldest)
            oldest = call->began_us;
    return oldest;
}

struct etcd_client *etcd_client_new(struct event_base *base, const struct etcd_client_options *o,
                                    struct err *e)
{
    struct http_client *http = http_client_new(base, &o->http, e);
    if (!http)
        return NULL;
    struct etcd_client *c = mem_zalloc(sizeof(*c));
    c->base = base;
    c->http = http;
    c->name = mem_strdup(o->name);
    c->tls = o->http.tls_ca || o->http.tls_pinned_key;
    if (o->password && *o->password) {
        c->user = mem_strdup(o->user);
        c->password = mem_strdup(o->password);
    }
    c->count = o->endpoint_count;
    memcpy(c->endpoints, o->endpoints, sizeof(c->endpoints[0]) * (size_t)c->count);
    c->try_ms = o->try_ms;
    return c;
}

void etcd_client_free(struct etcd_client **p)
{
    struct etcd_client *c = *p;
    if (!c)
        return;
    *p = NULL;
    while (c->first) {
        struct etcd_call *call = c->first;
        etcd_client_cancel(&call);
    }
    http_client_free(&c->http);
    if (c->password)
        explicit_bzero(c->password, strlen(c->password));
    free(c->password);
    free(c->user);
    free(c->name);
    free(c);
}

int64_t etcd_client_certificate_until_s(const struct etcd_client *c)
{
    return http_client_certificate_until_s(c->http);
}
