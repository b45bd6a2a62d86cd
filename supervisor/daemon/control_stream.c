#include "daemon/control_stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "wire/control_proto.h"

/* Nobody who may less keeps out who may more: of the places, who only reads gets READERS_MAX, and one user of
 * them READER_MAX. Who may do neither gets none. */
#define CLIENTS_MAX     16
#define READERS_MAX     12
#define READER_MAX      6
#define BACKLOG         64
#define CALLERS_A_TURN  16 /* so that who calls without end does not keep the loop from all else */
#define CLIENT_PATIENCE 5  /* seconds for a request to come, or an answer to be read */

struct control_client {
    struct control_stream *server;
    struct bufferevent *stream;
    struct access_peer peer;
    bool waiting;
    bool closing; /* once its answer has been sent */
};

struct control_stream {
    struct event_base *base;
    int fd;
    struct event *called;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
    struct access_groups groups;
    struct control_stream_events events;
    struct control_client *clients[CLIENTS_MAX];
};

/* ---- clients ---- */

static void drop(struct control_client *c)
{
    struct control_stream *s = c->server;
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (s->clients[i] == c)
            s->clients[i] = NULL;
    s->events.gone(s->events.arg, c);
    bufferevent_free(c->stream);
    free(c);
}

static void set_patience(struct control_client *c)
{
    struct timeval patience = {CLIENT_PATIENCE, 0};
    bufferevent_set_timeouts(c->stream, c->waiting ? NULL : &patience, &patience);
}

void control_client_send(struct control_client *c, char *text)
{
    c->waiting = false;
    set_patience(c);
    bufferevent_write(c->stream, text, strlen(text));
    free(text);
}

void control_client_wait(struct control_client *c)
{
    c->waiting = true;
    set_patience(c);
}

const struct access_peer *control_client_peer(const struct control_client *c)
{
    return &c->peer;
}

bool control_client_left(const struct control_client *c)
{
    struct pollfd p = {.fd = bufferevent_getfd(c->stream)};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR));
}

static bool is_answered(const struct control_client *c)
{
    return !c->waiting && evbuffer_get_length(bufferevent_get_output(c->stream)) == 0;
}

static void on_request(struct bufferevent *stream, void *arg)
{
    struct control_client *c = arg;
    struct control_stream *s = c->server;
    struct evbuffer *in = bufferevent_get_input(stream);
    while (!c->closing && is_answered(c)) {
        size_t length;
        char *line = evbuffer_readln(in, &length, EVBUFFER_EOL_LF);
        if (!line && evbuffer_get_length(in) <= CONTROL_REQUEST_MAX)
            return;
        if (line) {
            s->events.line(s->events.arg, c, line, length);
        } else {
            c->closing = true;
            control_client_send(c, control_answer_error(CONTROL_MALFORMED, "the request is too long"));
        }
        free(line);
    }
}

static void on_sent(struct bufferevent *stream, void *arg)
{
    struct control_client *c = arg;
    if (c->closing && is_answered(c))
        drop(c);
    else
        on_request(stream, c);
}

/* Who only ended his own side still gets what he asked for. */
static void on_end(struct bufferevent *stream, short what, void *arg)
{
    struct control_client *c = arg;
    if (!(what & BEV_EVENT_EOF) || is_answered(c)) {
        drop(c);
        return;
    }
    c->closing = true;
    bufferevent_disable(stream, EV_READ);
}

/* ---- the socket ---- */

/* Takes the text. It is short and the socket empty: it fits. Whoever is still about to ask reads it all the
 * same. */
static void turn_away(int fd, char *text)
{
    if (send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_debug("control: a client that was turned away had gone");
    free(text);
    close(fd);
}

/* Where there is room for him; NULL: nowhere. */
static struct control_client **place_for(struct control_stream *s, const struct access_peer *peer)
{
    struct control_client **place = NULL;
    int readers = 0, his = 0;
    for (int i = 0; i < CLIENTS_MAX; i++) {
        const struct control_client *c = s->clients[i];
        if (!c)
            place = &s->clients[i];
        else if (c->peer.level < ACCESS_ACT) {
            readers++;
            his += c->peer.uid == peer->uid;
        }
    }
    bool may = peer->level >= ACCESS_ACT || (readers < READERS_MAX && his < READER_MAX);
    return may ? place : NULL;
}

static void let_in(struct control_stream *s, struct control_client **place, int fd,
                   const struct access_peer *peer)
{
    struct control_client *c = mem_zalloc(sizeof(*c));
    c->server = s;
    c->peer = *peer;
    c->stream = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
    *place = c;
    bufferevent_setcb(c->stream, on_request, on_sent, on_end, c);
    bufferevent_setwatermark(c->stream, EV_READ, 0, CONTROL_REQUEST_MAX + 1);
    set_patience(c);
    bufferevent_enable(c->stream, EV_READ | EV_WRITE);
}

static void receive(struct control_stream *s, int fd)
{
    struct access_peer peer;
    struct control_client **place;
    if (!access_peer_of(fd, &s->groups, &peer))
        turn_away(fd, control_answer_error(CONTROL_BUSY, "the kernel does not tell who asks"));
    else if (peer.level == ACCESS_NONE)
        turn_away(fd, s->events.denied(s->events.arg, &peer));
    else if (!(place = place_for(s, &peer)))
        turn_away(fd, control_answer_error(CONTROL_BUSY, "too many ask at this moment: try again"));
    else
        let_in(s, place, fd, &peer);
}

static void on_call(evutil_socket_t fd, short what, void *arg)
{
    (void)what;
    for (int i = 0; i < CALLERS_A_TURN; i++) {
        int caller = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (caller < 0)
            return;
        receive(arg, caller);
    }
}

/* Anybody may connect: who may ask is decided by what the kernel says of him, and he is told. */
static int open_socket(const char *path, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return err_set(e, "%s: a socket's path has at most %zu characters", path,
                       sizeof(address.sun_path) - 1),
               -1;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(e, "socket: %s", strerror(errno)), -1;
    if (unlink(path) != 0 && errno != ENOENT)
        err_set(e, "%s: %s", path, strerror(errno));
    else if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 || chmod(path, 0666) != 0 ||
             listen(fd, BACKLOG) != 0)
        err_set(e, "%s: %s (run_dir must belong to the user of run_as)", path, strerror(errno));
    else
        return fd;
    close(fd);
    return -1;
}

struct control_stream *control_stream_new(struct event_base *base, const char *path,
                                          const struct access_groups *groups,
                                          const struct control_stream_events *events, struct err *e)
{
    int fd = open_socket(path, e);
    if (fd < 0)
        return NULL;
    struct control_stream *s = mem_zalloc(sizeof(*s));
    s->base = base;
    s->groups = *groups;
    s->events = *events;
    snprintf(s->path, sizeof(s->path), "%s", path);
    s->fd = fd;
    s->called = event_new(base, fd, EV_READ | EV_PERSIST, on_call, s);
    event_add(s->called, NULL);
    return s;
}

void control_stream_free(struct control_stream **server)
{
    struct control_stream *s = *server;
    if (!s)
        return;
    *server = NULL;
    for (int i = 0; i < CLIENTS_MAX; i++)
        if (s->clients[i])
            drop(s->clients[i]);
    event_free(s->called);
    close(s->fd);
    unlink(s->path);
    free(s);
}
