#include "daemon/child.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/spawner.h"

struct child {
    struct event_base *base;
    struct child_options o;
    struct child_events events;
    struct event *news;
    struct event *readable; /* NULL while cut off */
    int socket;
    unsigned starts; /* so that a callback that starts another ends the draining of the former */
};

static void cut(struct child *c, const char *reason)
{
    if (!c->readable)
        return;
    event_free(c->readable);
    c->readable = NULL;
    close(c->socket);
    c->socket = -1;
    c->events.cut(c->events.arg, reason);
}

/* False when there is nothing more to read. */
static bool read_one(struct child *c)
{
    struct fencer_message m;
    ssize_t got = recv(c->socket, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno == EINTR)
        return true;
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0)
        cut(c, got == 0 ? "it closed its end" : strerror(errno));
    else if (!fencer_message_valid(&m, (size_t)got, true))
        cut(c, "it sent a malformed message");
    else
        c->events.message(c->events.arg, &m);
    return true;
}

void child_drain(struct child *c)
{
    unsigned start = c->starts;
    while (c->readable && c->starts == start && read_one(c))
        continue;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    child_drain(arg);
}

static void on_news(evutil_socket_t fd, short what, void *arg)
{
    struct child *c = arg;
    struct spawner_news news;
    (void)what;
    ssize_t got = recv(fd, &news, sizeof(news), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got != (ssize_t)sizeof(news) || news.version != SPAWNER_VERSION) {
        event_del(c->news);
        c->events.spawner_gone(c->events.arg);
        return;
    }
    child_drain(c); /* its last words come before its end */
    cut(c, "it ended");
    c->events.ended(c->events.arg, news.pid, news.status);
}

struct child *child_new(struct event_base *base, const struct child_options *options,
                        const struct child_events *events)
{
    struct child *c = mem_zalloc(sizeof(*c));
    c->base = base;
    c->o = *options;
    c->events = *events;
    c->socket = -1;
    if (options->spawner >= 0) {
        c->news = event_new(base, options->spawner, EV_READ | EV_PERSIST, on_news, c);
        event_add(c->news, NULL);
    }
    return c;
}

void child_adopt(struct child *c, int socket)
{
    c->starts++;
    c->socket = socket;
    c->readable = event_new(c->base, socket, EV_READ | EV_PERSIST, on_readable, c);
    event_add(c->readable, NULL);
}

bool child_start(struct child *c, bool reloaded, struct err *e)
{
    int pair[2];
    cut(c, "another is started");
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
        return err_set(e, "socketpair: %s", strerror(errno));
    bool ok = spawner_start(c->o.spawner, c->o.executable, pair[1], c->o.settings, reloaded, e);
    close(pair[1]);
    if (ok)
        child_adopt(c, pair[0]);
    else
        close(pair[0]);
    return ok;
}

bool child_is_connected(const struct child *c)
{
    return c->readable != NULL;
}

int child_socket(const struct child *c)
{
    return c->socket;
}

void child_send(struct child *c, const struct fencer_message *m)
{
    if (!c->readable)
        return;
    ssize_t sent;
    do
        sent = send(c->socket, m, sizeof(*m), MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent != (ssize_t)sizeof(*m))
        cut(c, errno == EAGAIN ? "it does not read" : strerror(errno));
}

bool child_signal(struct child *c, int signal, struct err *e)
{
    return spawner_signal(c->o.spawner, signal, e);
}
