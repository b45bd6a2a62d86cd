#include "io/vip.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/netlink.h"

#define REREAD_S 5
#define REOPEN_S 1
#define TURN_MAX 64
/* An address may be on several interfaces; it is gone with the last of them. */
#define INTERFACES_MAX 8

struct holders {
    unsigned interfaces[INTERFACES_MAX];
    int count;
};

struct vip_watch {
    struct event_base *base;
    void (*changed)(void *arg, const struct vip_state *state);
    void *arg;
    struct mnl_socket *socket; /* NULL while nothing can be read */
    struct event readable, again;
    uint32_t sequence; /* of the dump under way or the last */
    bool reading;      /* a dump is under way */
    bool read_again;   /* and is not enough */
    bool known;        /* a reading was whole, and nothing has failed since */
    struct netlink_address wanted[SETTINGS_VIPS_MAX];
    struct holders now[SETTINGS_VIPS_MAX];
    struct holders next[SETTINGS_VIPS_MAX]; /* what the dump under way has found */
    struct vip_state state;
};

static void hold(struct holders *h, unsigned interface)
{
    for (int i = 0; i < h->count; i++)
        if (h->interfaces[i] == interface)
            return;
    if (h->count < INTERFACES_MAX)
        h->interfaces[h->count++] = interface;
}

static void let_go(struct holders *h, unsigned interface)
{
    for (int i = 0; i < h->count; i++)
        if (h->interfaces[i] == interface)
            h->interfaces[i--] = h->interfaces[--h->count];
}

static int find(const struct vip_watch *w, const struct netlink_address *a)
{
    for (int i = 0; i < w->state.address_count; i++)
        if (w->wanted[i].family == a->family && memcmp(w->wanted[i].bytes, a->bytes, sizeof(a->bytes)) == 0)
            return i;
    return -1;
}

/* Says what changed since the last time; `known` is false while nothing can be read. */
static void publish(struct vip_watch *w, bool known)
{
    struct vip_state *s = &w->state;
    int64_t now_us = clock_now_us();
    bool changed = false;
    int here = 0;
    for (int i = 0; i < s->address_count; i++) {
        enum tri is = known ? tri_from(w->now[i].count > 0) : TRI_UNKNOWN;
        here += is == TRI_YES;
        if (is == s->addresses[i].here)
            continue;
        s->addresses[i].here = is;
        s->addresses[i].since_us = now_us;
        changed = true;
    }
    w->known = known;
    s->partial = here > 0 && here < s->address_count;
    enum tri all = known && !s->partial ? tri_from(here > 0) : TRI_UNKNOWN;
    if (all != s->here)
        s->since_us = now_us;
    s->here = all;
    if (changed && w->changed)
        w->changed(w->arg, s);
}

static void close_socket(struct vip_watch *w)
{
    if (!w->socket)
        return;
    event_del(&w->readable);
    mnl_socket_close(w->socket);
    w->socket = NULL;
    w->reading = w->read_again = false;
}

static void set_timer(struct vip_watch *w, int seconds)
{
    struct timeval tv = {.tv_sec = seconds};
    event_add(&w->again, &tv);
}

static void give_up(struct vip_watch *w)
{
    close_socket(w);
    set_timer(w, REOPEN_S);
    publish(w, false);
}

static bool ask_for_all(struct vip_watch *w)
{
    char buffer[MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct ifaddrmsg))] = {0};
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = RTM_GETADDR;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = ++w->sequence;
    struct ifaddrmsg *request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
    request->ifa_family = AF_UNSPEC;
    w->reading = true;
    w->read_again = false;
    memset(w->next, 0, sizeof(w->next));
    set_timer(w, REREAD_S);
    return mnl_socket_sendto(w->socket, header, header->nlmsg_len) >= 0;
}

static bool dump_ended(struct vip_watch *w)
{
    w->reading = false;
    if (w->read_again)
        return ask_for_all(w);
    memcpy(w->now, w->next, sizeof(w->now));
    w->state.read_us = clock_now_us();
    publish(w, true);
    return true;
}

/* News is newer than what the dump under way found before, so it counts for both. */
static void heed(struct vip_watch *w, const struct netlink_message *m)
{
    int i = find(w, &m->address);
    bool from_dump = w->reading && m->sequence == w->sequence;
    if (i < 0)
        return;
    if (m->kind == NETLINK_ADDED && m->usable) {
        hold(&w->next[i], m->interface);
        if (!from_dump)
            hold(&w->now[i], m->interface);
    } else {
        let_go(&w->next[i], m->interface);
        if (!from_dump)
            let_go(&w->now[i], m->interface);
    }
}

static bool take_messages(struct vip_watch *w, const char *buffer, size_t length)
{
    for (size_t at = 0;;) {
        struct netlink_message m = netlink_next(buffer, length, &at);
        bool ours = w->reading && m.sequence == w->sequence;
        if (ours && m.interrupted)
            w->read_again = true;
        switch (m.kind) {
        case NETLINK_END:
            return true;
        case NETLINK_ADDED:
        case NETLINK_REMOVED:
            heed(w, &m);
            break;
        case NETLINK_DONE:
            if (ours && !dump_ended(w))
                return false;
            break;
        case NETLINK_FAILED:
            if (ours)
                return false;
            break;
        case NETLINK_BROKEN:
            return false;
        case NETLINK_OTHER:
            break;
        }
    }
}

/* False when the socket is of no more use. What a flood leaves behind wakes the loop again. */
static bool receive(struct vip_watch *w)
{
    char buffer[32768];
    for (int turn = 0; turn < TURN_MAX; turn++) {
        struct sockaddr_nl from = {0};
        struct iovec part = {.iov_base = buffer, .iov_len = sizeof(buffer)};
        struct msghdr message = {
            .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
        ssize_t got = recvmsg(mnl_socket_get_fd(w->socket), &message, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return true;
        bool overrun = got < 0 && errno == ENOBUFS;
        if ((got <= 0 && !overrun) || message.msg_flags & MSG_TRUNC)
            return false;
        if (overrun && w->reading)
            w->read_again = true; /* the end of the dump is kept back for us, not lost */
        else if (overrun && !ask_for_all(w))
            return false;
        /* Only the kernel is believed. */
        if (!overrun && from.nl_pid == 0 && !take_messages(w, buffer, (size_t)got))
            return false;
    }
    return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct vip_watch *w = arg;
    (void)fd;
    (void)what;
    if (!receive(w))
        give_up(w);
    else if (w->known)
        publish(w, true);
}

static bool open_socket(struct vip_watch *w, struct err *e)
{
    w->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (!w->socket)
        return err_set(e, "cannot open a netlink socket: %s", strerror(errno));
    event_assign(&w->readable, w->base, mnl_socket_get_fd(w->socket), EV_READ | EV_PERSIST, on_readable, w);
    if (mnl_socket_bind(w->socket, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, MNL_SOCKET_AUTOPID) < 0)
        err_set(e, "cannot listen for address changes: %s", strerror(errno));
    else if (!ask_for_all(w))
        err_set(e, "cannot ask for the addresses: %s", strerror(errno));
    else if (event_add(&w->readable, NULL) < 0)
        err_set(e, "cannot watch the netlink socket");
    else
        return true;
    close_socket(w);
    return false;
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    struct vip_watch *w = arg;
    struct err ignored;
    (void)fd;
    (void)what;
    if (!w->socket) {
        if (!open_socket(w, &ignored))
            set_timer(w, REOPEN_S);
        return;
    }
    /* A dump takes no 5 s; but if we were stopped meanwhile, its answer is waiting. */
    bool usable = !w->reading || receive(w);
    if (!usable || w->reading || !ask_for_all(w))
        give_up(w);
}

struct vip_watch *vip_new(struct event_base *base, const char addresses[][SETTINGS_ADDRESS_MAX], int count,
                          void (*changed)(void *arg, const struct vip_state *state), void *arg, struct err *e)
{
    struct vip_watch *w = mem_zalloc(sizeof(*w));
    w->base = base;
    w->changed = changed;
    w->arg = arg;
    w->state.address_count = count;
    evtimer_assign(&w->again, base, on_again, w);
    bool ok = count > 0 && count <= SETTINGS_VIPS_MAX;
    if (!ok)
        err_set(e, "%d virtual addresses, between 1 and %d are possible", count, SETTINGS_VIPS_MAX);
    for (int i = 0; ok && i < count; i++)
        ok = netlink_address_parse(&w->wanted[i], addresses[i]) ||
             err_set(e, "%s is not a numeric address", addresses[i]);
    if (!ok || !open_socket(w, e))
        vip_free(&w);
    return w;
}

void vip_free(struct vip_watch **watch)
{
    struct vip_watch *w = *watch;
    *watch = NULL;
    if (!w)
        return;
    close_socket(w);
    event_del(&w->again);
    free(w);
}

const struct vip_state *vip_state(const struct vip_watch *watch)
{
    return &watch->state;
}
