#include "io/session_internal.h"

#include <errmsg.h>
#include <fcntl.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/printable.h"

#define CONNECT_TIMEOUT_MS 1000
#define BACKOFF_MIN_MS     20
#define BACKOFF_MAX_MS     1000
/* A connection that was up for less did not end the trouble: the back-off goes on from where it was. */
#define LASTING_US CLOCK_MS(1000)

/* ---- timers ---- */

static void set_alarm(struct session *s, int64_t at_us)
{
    int64_t in_us = at_us - clock_now_us();
    if (in_us < 0)
        in_us = 0; /* in the loop's next turn */
    struct timeval tv = {.tv_sec = in_us / 1000000, .tv_usec = in_us % 1000000};
    event_add(&s->alarm, &tv);
    s->alarm_us = at_us;
}

static void clear_alarm(struct session *s)
{
    event_del(&s->alarm);
    s->alarm_us = 0;
}

/* An alarm that is set too early finds nothing and is set anew: that costs less than a timer moved with
 * every statement. */
static void heed_deadline(struct session *s, int64_t deadline_us)
{
    if (deadline_us && (!s->alarm_us || deadline_us < s->alarm_us))
        set_alarm(s, deadline_us);
}

static void call_later(struct session *s)
{
    static const struct timeval at_once;
    if (!event_pending(&s->later, EV_TIMEOUT, NULL))
        event_add(&s->later, &at_once);
}

static int64_t jittered_us(int ms)
{
    unsigned r = 0;
    (void)!getrandom(&r, sizeof(r), GRND_NONBLOCK);
    int64_t fifth = CLOCK_MS(ms) / 5;
    return CLOCK_MS(ms) - fifth + (fifth ? r % (2 * fifth) : 0);
}

static void back_off(struct session *s)
{
    int next = s->backoff_ms ? s->backoff_ms * 2 : s->backoff_min_ms;
    s->backoff_ms = next < s->backoff_max_ms ? next : s->backoff_max_ms;
    set_alarm(s, clock_now_us() + (s->hurry ? 0 : jittered_us(s->backoff_ms)));
    s->hurry = false;
}

/* ---- answers ---- */

static void go_up(struct session *s)
{
    s->state = SESSION_UP;
    s->up_us = clock_now_us();
    clear_alarm(s);
    if (s->events.up)
        s->events.up(s->events.arg, s);
}

void session_answered(struct session *s, enum reply_status status, unsigned error_no, const char *error)
{
    struct statement *st = s->current;
    char text[MYSQL_ERRMSG_SIZE];
    snprintf(text, sizeof(text), "%s", error);
    printable_make(text);
    capture_finish(&s->capture);
    struct reply reply = {.status = status,
                          .answered_us = clock_now_us(),
                          .error_no = error_no,
                          .error = text,
                          .sets = s->capture.sets,
                          .set_count = s->capture.set_count};
    s->current = NULL;
    s->step = STEP_IDLE;
    if (s->state == SESSION_STARTING) {
        free(st);
        if (status == REPLY_OK)
            go_up(s);
        else
            session_lose(s, error_no, "init_sql: %s", error);
        return;
    }
    session_deliver(s, st, &reply);
}

/* ---- life ---- */

/* A full server has room at its extra port, at once; after anything else the usual port comes first. */
static void choose_port(struct session *s, unsigned error_no)
{
    bool full = s->state == SESSION_CONNECTING && error_no == ER_CON_COUNT_ERROR;
    s->at_extra = full && s->extra_port && !s->at_extra;
    s->hurry = s->hurry || s->at_extra;
}

void session_lose(struct session *s, unsigned error_no, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->last_error, sizeof(s->last_error), format, args);
    va_end(args);
    if (!s->last_error[0])
        snprintf(s->last_error, sizeof(s->last_error), "error %u, of which the server said no more",
                 error_no);
    printable_make(s->last_error);
    s->last_error_no = error_no;
    session_sever(s);
    choose_port(s, error_no);
    if (s->state == SESSION_STARTING) {
        free(s->current); /* init_sql is nobody's */
        s->current = NULL;
    }
    if (s->up_us && clock_now_us() - s->up_us >= LASTING_US)
        s->backoff_ms = 0;
    s->up_us = 0;
    if (s->current)
        session_orphan(s, s->current, error_no, NULL);
    s->current = NULL;
    while (s->queue.head)
        session_orphan(s, statement_take(&s->queue), error_no, NULL);
    s->state = SESSION_LOST;
    clear_alarm(s);
    call_later(s);
}

static void tell_loss(struct session *s)
{
    s->state = SESSION_DOWN;
    back_off(s);
    if (s->events.down)
        s->events.down(s->events.arg, s, s->last_error);
}

static void release(struct session *s)
{
    capture_free(&s->capture);
    free(s->name);
    free(s->socket);
    free(s->address);
    free(s->bind_address);
    free(s->user);
    free(s->password);
    free(s->tls_ca);
    free(s->tls_fingerprint);
    free(s->init_sql);
    free(s);
}

void session_leave(struct session *s)
{
    if (s->state == SESSION_LOST)
        session_answer_orphans(s);
    if (s->state == SESSION_LOST)
        tell_loss(s);
    if (--s->busy == 0 && s->freed)
        release(s);
}

void session_connected(struct session *s)
{
    static const int on = 1;
    int fd = mysql_get_socket(s->handle);
    /* libmariadb made it blocking again, which with TLS its non-blocking calls would heed. */
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (!s->socket)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    s->connection_id = mysql_thread_id(s->handle);
    s->step = STEP_IDLE;
    s->state = SESSION_STARTING;
    session_await(s, MYSQL_WAIT_READ);
    if (s->init_sql)
        statement_append(&s->queue, statement_new(s->init_sql, 0, NULL, NULL));
    else
        go_up(s);
}

bool session_take_next(struct session *s)
{
    if (s->delivering || s->current)
        return false;
    s->current = statement_take(&s->queue);
    if (!s->current)
        return false;
    capture_clear(&s->capture);
    s->step = STEP_SEND;
    return true;
}

/* ---- callbacks from the loop ---- */

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;
    (void)fd;
    (void)what;
    s->busy++;
    if (s->state != SESSION_LOST)
        session_answer_orphans(s);
    session_leave(s);
}

static void check_deadlines(struct session *s)
{
    int64_t now_us = clock_now_us();
    if (s->state == SESSION_CONNECTING || s->state == SESSION_STARTING) {
        if (now_us >= s->connect_deadline_us)
            session_lose(s, CR_SERVER_LOST, "no answer to connecting within %d ms", s->connect_timeout_ms);
        else
            heed_deadline(s, s->connect_deadline_us);
        return;
    }
    if (s->current && s->current->deadline_us && s->current->deadline_us <= now_us) {
        /* Rounded: it was sent a moment after it was asked. */
        int64_t waited_ms = (now_us - s->current->sent_us + 500) / 1000;
        session_lose(s, CR_SERVER_LOST, "no answer within %lld ms of sending", (long long)waited_ms);
        return;
    }
    if (s->current)
        heed_deadline(s, s->current->deadline_us);
    session_expire_queued(s, now_us);
    if (!s->freed && s->state == SESSION_UP)
        for (struct statement *st = s->queue.head; st; st = st->next)
            heed_deadline(s, st->deadline_us);
}

static void begin(struct session *s)
{
    s->state = SESSION_CONNECTING;
    s->opened_us = clock_now_us();
    s->connect_deadline_us = s->opened_us + CLOCK_MS(s->connect_timeout_ms);
    set_alarm(s, s->connect_deadline_us);
    session_connect(s);
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;
    (void)fd;
    (void)what;
    s->busy++;
    s->alarm_us = 0;
    if (s->state == SESSION_DOWN)
        begin(s);
    else
        check_deadlines(s);
    session_leave(s);
}

/* ---- session.h ---- */

static char *copied(const char *text)
{
    return text ? mem_strdup(text) : NULL;
}

struct session *session_new(struct event_base *base, const struct session_options *o,
                            const struct session_events *events)
{
    struct session *s = mem_zalloc(sizeof(*s));
    s->base = base;
    if (events)
        s->events = *events;
    s->name = mem_strdup(o->name ? o->name : "");
    s->socket = copied(o->socket);
    s->address = mem_strdup(o->address ? o->address : "");
    s->bind_address = copied(o->bind_address);
    s->user = mem_strdup(o->user ? o->user : "");
    s->password = copied(o->password);
    s->tls_ca = copied(o->tls_ca);
    s->tls_fingerprint = copied(o->tls_fingerprint);
    s->has_tls = o->tls_ca || o->tls_fingerprint || (o->socket && o->tls_unverified);
    s->init_sql = copied(o->init_sql);
    s->port = o->port;
    s->extra_port = o->extra_port;
    s->tls_verify = o->tls_verify;
    s->connect_timeout_ms = o->connect_timeout_ms > 0 ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    s->backoff_min_ms = o->backoff_min_ms > 0 ? o->backoff_min_ms : BACKOFF_MIN_MS;
    s->backoff_max_ms = o->backoff_max_ms > 0 ? o->backoff_max_ms : BACKOFF_MAX_MS;
    s->fd = -1;
    evtimer_assign(&s->alarm, base, on_alarm, s);
    evtimer_assign(&s->later, base, on_later, s);
    set_alarm(s, clock_now_us());
    return s;
}

void session_free(struct session **session)
{
    struct session *s = *session;
    *session = NULL;
    if (!s || s->freed)
        return;
    session_lose(s, CR_SERVER_LOST, "the session was freed");
    s->freed = true;
    s->state = SESSION_DOWN;
    event_del(&s->later);
    while (s->orphans.head)
        session_answer_orphans(s);
    if (!s->busy)
        release(s);
}

void session_query(struct session *s, const char *sql, int deadline_ms,
                   void (*done)(void *arg, const struct reply *reply), void *arg)
{
    if (!s || s->freed)
        return;
    int64_t deadline_us = deadline_ms > 0 ? clock_now_us() + CLOCK_MS(deadline_ms) : 0;
    struct statement *st = statement_new(sql, deadline_us, done, arg);
    if (s->state != SESSION_UP) {
        session_orphan(s, st, CR_SERVER_GONE_ERROR, s->last_error[0] ? NULL : "not connected yet");
        call_later(s);
        return;
    }
    statement_append(&s->queue, st);
    heed_deadline(s, deadline_us);
    if (s->step == STEP_IDLE)
        session_drive(s, 0);
}

bool session_is_up(const struct session *s)
{
    return s && s->state == SESSION_UP;
}

unsigned long session_connection_id(const struct session *s)
{
    return session_is_up(s) ? s->connection_id : 0;
}

int64_t session_opened_us(const struct session *s)
{
    return session_is_up(s) ? s->opened_us : 0;
}

size_t session_pending(const struct session *s)
{
    return session_is_up(s) ? s->queue.count + (s->current != NULL) : 0;
}

int64_t session_outstanding_since_us(const struct session *s)
{
    return session_is_up(s) && s->current ? s->current->sent_us : 0;
}

unsigned session_last_error_no(const struct session *s)
{
    return s->last_error_no;
}

const char *session_last_error(const struct session *s)
{
    return s->last_error;
}

int session_fd(const struct session *s)
{
    return session_is_up(s) ? s->fd : -1;
}

const char *session_name(const struct session *s)
{
    return s ? s->name : "a session that was freed";
}

void session_close(struct session *s, const char *reason)
{
    if (s && s->state != SESSION_DOWN && s->state != SESSION_LOST)
        session_lose(s, CR_SERVER_LOST, "closed: %s", reason);
}

void session_retry_now(struct session *s)
{
    if (s->state == SESSION_DOWN && !s->freed)
        set_alarm(s, clock_now_us());
    else if (s->state == SESSION_LOST)
        s->hurry = true;
}
