#include "io/references.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

struct attempt {
    struct references *owner;
    struct event *event; /* NULL = not under way */
    int fd;
};

struct references {
    struct event_base *base;
    struct endpoint endpoints[SETTINGS_REFERENCES_MAX];
    int count;
    char source[SETTINGS_ADDRESS_MAX];
    int timeout_ms;
    void (*answered)(void *arg, int64_t began_us);
    void *arg;
    struct attempt attempts[SETTINGS_REFERENCES_MAX];
    int64_t began_us;
    int answers;
};

static socklen_t make_address(struct sockaddr_storage *out, const char *text, unsigned port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return sizeof(*v4);
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1)
        return 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)port);
    return sizeof(*v6);
}

static void end_attempt(struct attempt *a)
{
    if (!a->event)
        return;
    event_free(a->event);
    a->event = NULL;
    close(a->fd);
}

static void count_answer(struct references *r)
{
    r->answers++;
    if (r->answers == r->count / 2 + 1)
        r->answered(r->arg, r->began_us);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct attempt *a = arg;
    struct references *r = a->owner;
    int error = ETIMEDOUT;
    socklen_t size = sizeof(error);
    if (what & EV_WRITE)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    end_attempt(a);
    if (error == 0 || error == ECONNREFUSED)
        count_answer(r);
}

static void begin_attempt(struct references *r, int i)
{
    struct sockaddr_storage to, from;
    struct linger reset = {1, 0};
    struct timeval timeout = {r->timeout_ms / 1000, (r->timeout_ms % 1000) * 1000};
    socklen_t size = make_address(&to, r->endpoints[i].address, r->endpoints[i].port);
    struct attempt *a = &r->attempts[i];
    int fd = size ? socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    if (r->source[0]) {
        socklen_t from_size = make_address(&from, r->source, 0);
        if (!from_size || bind(fd, (struct sockaddr *)&from, from_size) < 0) {
            close(fd); /* the VIP is not here */
            return;
        }
    }
    if (connect(fd, (struct sockaddr *)&to, size) < 0 && errno != EINPROGRESS) {
        bool refused = errno == ECONNREFUSED;
        close(fd);
        if (refused)
            count_answer(r);
        return;
    }
    a->owner = r;
    a->fd = fd;
    a->event = event_new(r->base, fd, EV_WRITE, on_writable, a);
    event_add(a->event, &timeout);
}

void references_ask(struct references *r)
{
    r->began_us = clock_now_us();
    r->answers = 0;
    for (int i = 0; i < r->count; i++) {
        end_attempt(&r->attempts[i]);
        begin_attempt(r, i);
    }
}

struct references *references_new(struct event_base *base, const struct endpoint *endpoints, int count,
                                  const char *source, int timeout_ms,
                                  void (*answered)(void *arg, int64_t began_us), void *arg)
{
    struct references *r = mem_zalloc(sizeof(*r));
    r->base = base;
    r->count = count < SETTINGS_REFERENCES_MAX ? count : SETTINGS_REFERENCES_MAX;
    memcpy(r->endpoints, endpoints, (size_t)r->count * sizeof(*endpoints));
    strncpy(r->source, source ? source : "", sizeof(r->source) - 1);
    r->timeout_ms = timeout_ms;
    r->answered = answered;
    r->arg = arg;
    return r;
}

void references_free(struct references **p)
{
    struct references *r = *p;
    if (!r)
        return;
    *p = NULL;
    for (int i = 0; i < r->count; i++)
        end_attempt(&r->attempts[i]);
    free(r);
}
