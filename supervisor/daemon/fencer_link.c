#include "daemon/fencer_link.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

#define UNANSWERED_MAX 32

struct unanswered {
    uint64_t seq;
    int64_t sent_us;
};

struct fencer_link {
    struct fencer_link_events events;
    struct event *readable;
    struct event *farewell; /* calls `gone` from the loop */
    int fd;
    bool gone;
    char reason[128];
    uint64_t seq;
    bool state_known;
    struct fencer_message state;
    int64_t deadline_us;
    struct unanswered waiting[UNANSWERED_MAX]; /* oldest first */
    size_t waiting_count;
};

static void lose(struct fencer_link *l, const char *reason)
{
    if (l->gone)
        return;
    l->gone = true;
    l->deadline_us = 0;
    snprintf(l->reason, sizeof(l->reason), "%s", reason);
    event_del(l->readable);
    event_active(l->farewell, EV_TIMEOUT, 0);
}

static void say_goodbye(evutil_socket_t fd, short what, void *arg)
{
    struct fencer_link *l = arg;
    (void)fd, (void)what;
    if (l->events.gone)
        l->events.gone(l->events.arg, l->reason);
}

static uint64_t send_message(struct fencer_link *l, struct fencer_message *m)
{
    if (l->gone)
        return 0;
    m->seq = ++l->seq;
    int64_t now = clock_now_us();
    ssize_t sent;
    do
        sent = send(l->fd, m, sizeof(*m), MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent != (ssize_t)sizeof(*m)) {
        lose(l, errno == EAGAIN ? "the fencer does not read" : strerror(errno));
        return 0;
    }
    if (m->kind != FENCER_PREPARE && m->kind != FENCER_STATUS && l->waiting_count < UNANSWERED_MAX)
        l->waiting[l->waiting_count++] = (struct unanswered){m->seq, now};
    return m->seq;
}

/* Answers come in the order of the questions, so an answer settles all before it. */
static void settle(struct fencer_link *l, uint64_t seq)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->waiting_count; i++)
        if (l->waiting[i].seq > seq)
            l->waiting[kept++] = l->waiting[i];
    l->waiting_count = kept;
}

static void keep_state(struct fencer_link *l, const struct fencer_message *m)
{
    if (!l->state_known || m->kind == FENCER_ACK || m->fencing || m->deadline_us == 0)
        l->deadline_us = m->fencing ? 0 : m->deadline_us;
    l->state = *m;
    l->state_known = true;
    settle(l, m->seq);
}

static void dispatch(struct fencer_link *l, const struct fencer_message *m)
{
    const struct fencer_link_events *e = &l->events;
    switch ((enum fencer_message_kind)m->kind) {
    case FENCER_STATE:
        keep_state(l, m);
        if (e->state)
            e->state(e->arg, m);
        return;
    case FENCER_ACK:
        keep_state(l, m);
        if (e->ack)
            e->ack(e->arg, m);
        return;
    case FENCER_DEAD:
        if (e->dead)
            e->dead(e->arg, m);
        return;
    case FENCER_FENCED:
        l->deadline_us = 0;
        fencer_link_hello(l);
        if (e->fenced)
            e->fenced(e->arg, m);
        return;
    case FENCER_RESTART:
        if (e->restart)
            e->restart(e->arg);
        return;
    default:
        return; /* fencer_message_valid() lets no other kind through */
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct fencer_link *l = arg;
    (void)what;
    while (!l->gone) {
        struct fencer_message m;
        ssize_t got = recv(fd, &m, sizeof(m), MSG_DONTWAIT | MSG_TRUNC);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0)
            lose(l, got == 0 ? "the fencer has ended" : strerror(errno));
        else if (!fencer_message_valid(&m, (size_t)got, false))
            lose(l, "the fencer speaks another protocol version");
        else
            dispatch(l, &m);
    }
}

struct fencer_link *fencer_link_new(struct event_base *base, int fd, const struct fencer_link_events *events)
{
    struct fencer_link *l = mem_zalloc(sizeof(*l));
    l->events = *events;
    l->fd = fd;
    l->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, l);
    l->farewell = event_new(base, -1, 0, say_goodbye, l);
    event_add(l->readable, NULL);
    fencer_link_hello(l);
    return l;
}

void fencer_link_free(struct fencer_link **link)
{
    struct fencer_link *l = *link;
    if (!l)
        return;
    event_free(l->readable);
    event_free(l->farewell);
    close(l->fd);
    free(l);
    *link = NULL;
}

uint64_t fencer_link_hello(struct fencer_link *l)
{
    struct fencer_message m = fencer_message_make(FENCER_HELLO);
    return send_message(l, &m);
}

uint64_t fencer_link_prepare(struct fencer_link *l, uint64_t epoch)
{
    struct fencer_message m = fencer_message_make(FENCER_PREPARE);
    m.epoch = epoch;
    return send_message(l, &m);
}

uint64_t fencer_link_arm(struct fencer_link *l, const struct fencer_arm *arm)
{
    struct fencer_message m = fencer_message_make(FENCER_ARM);
    m.epoch = arm->epoch;
    m.deadline_us = arm->deadline_us;
    m.votes = arm->votes;
    m.peer_can_take_vip = arm->peer_can_take_vip;
    m.renewed_us = arm->renewed_us;
    m.stays = arm->stays;
    return send_message(l, &m);
}

uint64_t fencer_link_disarm(struct fencer_link *l)
{
    struct fencer_message m = fencer_message_make(FENCER_DISARM);
    return send_message(l, &m);
}

uint64_t fencer_link_fence(struct fencer_link *l, const char *reason, bool ends)
{
    struct fencer_message m = fencer_message_make(FENCER_FENCE);
    m.ends = ends;
    snprintf(m.text, sizeof(m.text), "%s", reason);
    return send_message(l, &m);
}

uint64_t fencer_link_upgrade(struct fencer_link *l)
{
    struct fencer_message m = fencer_message_make(FENCER_UPGRADE);
    return send_message(l, &m);
}

uint64_t fencer_link_status(struct fencer_link *l, const char *sentence, bool reloaded)
{
    struct fencer_message m = fencer_message_make(FENCER_STATUS);
    m.ok = reloaded;
    snprintf(m.text, sizeof(m.text), "%s", sentence);
    return send_message(l, &m);
}

bool fencer_link_is_gone(const struct fencer_link *l)
{
    return l->gone;
}

const struct fencer_message *fencer_link_state(const struct fencer_link *l)
{
    return l->state_known ? &l->state : NULL;
}

int64_t fencer_link_deadline_us(const struct fencer_link *l)
{
    return l->deadline_us;
}

int64_t fencer_link_unanswered_since_us(const struct fencer_link *l)
{
    return l->waiting_count ? l->waiting[0].sent_us : 0;
}
