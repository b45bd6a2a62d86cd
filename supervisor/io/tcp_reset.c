#include "io/tcp_reset.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/mem.h"
#include "wire/sock_diag.h"

#define LISTENERS_MAX 8
#define ROOM_FIRST    64
/* The kernel answers before the call returns; this is for one that does not answer at all. */
#define ANSWER_US 20000

struct list {
    struct sock_diag_socket *at;
    int count, room;
};

struct tcp_reset {
    struct mnl_socket *socket;
    uint32_t sequence;
    struct netlink_address addresses[SETTINGS_VIPS_MAX];
    int address_count;
    uint16_t port;
    uid_t owner;
    struct list listeners; /* noted */
    struct list talking;   /* to be destroyed */
    uid_t dialler;
    uint16_t dialled;
};

static void add(struct list *l, const struct sock_diag_socket *s)
{
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : ROOM_FIRST;
        l->at = mem_resize(l->at, (size_t)l->room * sizeof(*l->at));
    }
    l->at[l->count++] = *s;
}

/* ---- asking the kernel ---- */

static int receive(struct tcp_reset *t, void *buffer, size_t size, size_t *length)
{
    struct sockaddr_nl from = {0};
    struct iovec part = {buffer, size};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
    ssize_t got;
    do
        got = recvmsg(mnl_socket_get_fd(t->socket), &message, 0);
    while ((got < 0 && errno == EINTR) || (got >= 0 && from.nl_pid != 0)); /* only the kernel is believed */
    *length = got > 0 ? (size_t)got : 0;
    if (got < 0)
        return errno == EAGAIN ? ETIMEDOUT : errno;
    return got == 0 || message.msg_flags & MSG_TRUNC ? EBADMSG : 0;
}

/* Sends a request and takes all that answers it; returns its error. */
static int ask(struct tcp_reset *t, const unsigned char *request,
               void (*take)(struct tcp_reset *t, const struct sock_diag_socket *s))
{
    char buffer[32768];
    size_t length;
    if (mnl_socket_sendto(t->socket, request, SOCK_DIAG_REQUEST_SIZE) < 0)
        return errno;
    for (;;) {
        int error = receive(t, buffer, sizeof(buffer), &length);
        if (error)
            return error;
        for (size_t at = 0; at < length;) {
            struct sock_diag_message m = sock_diag_next(buffer, length, &at);
            if (m.kind == SOCK_DIAG_BROKEN)
                return EBADMSG;
            if (m.sequence != t->sequence)
                continue; /* of a request that was given up */
            if (m.kind == SOCK_DIAG_SOCKET && take)
                take(t, &m.socket);
            if (m.kind == SOCK_DIAG_DONE || m.kind == SOCK_DIAG_FAILED)
                return m.error;
        }
    }
}

static int list(struct tcp_reset *t, int family, unsigned states,
                void (*take)(struct tcp_reset *, const struct sock_diag_socket *))
{
    unsigned char request[SOCK_DIAG_REQUEST_SIZE];
    sock_diag_list(request, family, states, t->port, ++t->sequence);
    return ask(t, request, take);
}

static int destroy(struct tcp_reset *t, const struct sock_diag_socket *s)
{
    unsigned char request[SOCK_DIAG_REQUEST_SIZE];
    sock_diag_destroy(request, s, ++t->sequence);
    return ask(t, request, NULL);
}

/* A socket that cannot be: a kernel that knows the request says so. */
static int try_kernel(struct tcp_reset *t)
{
    struct sock_diag_socket none = {.local.family = AF_INET, .remote.family = AF_INET};
    int error = destroy(t, &none);
    return error == ENOENT || error == ESTALE ? 0 : error ? error : EBADMSG;
}

/* ---- whose sockets ---- */

static void take_listener(struct tcp_reset *t, const struct sock_diag_socket *s)
{
    bool hears = false;
    for (int i = 0; i < t->address_count; i++)
        hears = hears || sock_diag_hears(s, &t->addresses[i]);
    if (hears && s->uid == t->owner && s->local_port == t->port && t->listeners.count < LISTENERS_MAX)
        add(&t->listeners, s);
}

/* What nobody has accepted yet has no owner. */
static void take_talking(struct tcp_reset *t, const struct sock_diag_socket *s)
{
    bool here = false;
    for (int i = 0; i < t->address_count; i++)
        here = here || sock_diag_is_at(s, &t->addresses[i]);
    if (here && (s->uid == t->owner || !s->inode) && s->local_port == t->port)
        add(&t->talking, s);
}

static int list_listeners(struct tcp_reset *t)
{
    int error = list(t, AF_INET, SOCK_DIAG_LISTENING, take_listener);
    int error6 = list(t, AF_INET6, SOCK_DIAG_LISTENING, take_listener);
    if (error6 == ENOENT) /* a kernel without IPv6 */
        error6 = 0;
    return error ? error : error6;
}

/* What was accepted has its listener's family. To list one family takes the kernel some milliseconds: it
 * looks at all of a table that grows with the machine's memory. */
static int list_talking(struct tcp_reset *t)
{
    static const int families[] = {AF_INET, AF_INET6};
    int error = 0;
    t->talking.count = 0;
    for (size_t k = 0; k < sizeof(families) / sizeof(*families); k++) {
        bool any = false;
        for (int i = 0; i < t->listeners.count; i++)
            any = any || t->listeners.at[i].local.family == families[k];
        if (any && !error)
            error = list(t, families[k], SOCK_DIAG_TALKING, take_talking);
    }
    return error;
}

struct tcp_reset_result tcp_reset_note(struct tcp_reset *t, uid_t owner)
{
    struct tcp_reset_result r = {0};
    t->listeners.count = 0;
    t->owner = owner;
    r.error = try_kernel(t);
    if (!r.error)
        r.error = list_listeners(t);
    if (r.error)
        t->listeners.count = 0;
    else if (!t->listeners.count)
        r.error = ENOENT;
    r.listeners = t->listeners.count;
    return r;
}

/* ---- the reset ---- */

/* The listeners first of all: who comes now is refused by the kernel, and who waits in a backlog is reset
 * with it. */
static int destroy_listeners(struct tcp_reset *t, int *count)
{
    int first = 0;
    for (int i = 0; i < t->listeners.count; i++) {
        int error = destroy(t, &t->listeners.at[i]);
        if (error == ENOENT)
            error = ESTALE;
        if (!error)
            ++*count;
        else if (!first)
            first = error;
    }
    return first;
}

/* One that ended by itself meanwhile is no failure. */
static int destroy_talking(struct tcp_reset *t, int *count)
{
    int first = 0;
    for (int i = 0; i < t->talking.count; i++) {
        int error = destroy(t, &t->talking.at[i]);
        if (!error)
            ++*count;
        else if (error != ENOENT && error != ESTALE && !first)
            first = error;
    }
    return first;
}

struct tcp_reset_result tcp_reset_run(struct tcp_reset *t)
{
    struct tcp_reset_result r = {0};
    if (!t->listeners.count)
        r.error = ENOENT;
    if (!r.error)
        r.error = list_talking(t);
    if (!r.error)
        r.error = destroy_listeners(t, &r.listeners);
    if (!r.error)
        r.error = destroy_talking(t, &r.connections);
    t->listeners.count = 0;
    return r;
}

/* ---- calls that are not answered ---- */

static void take_dialling(struct tcp_reset *t, const struct sock_diag_socket *s)
{
    if (s->uid == t->dialler && s->remote_port == t->dialled)
        add(&t->talking, s);
}

static int list_dialling(struct tcp_reset *t, int family)
{
    unsigned char request[SOCK_DIAG_REQUEST_SIZE];
    sock_diag_list_to(request, family, SOCK_DIAG_DIALLING, t->dialled, ++t->sequence);
    return ask(t, request, take_dialling);
}

struct tcp_reset_result tcp_reset_dials(struct tcp_reset *t, uid_t owner, unsigned port)
{
    struct tcp_reset_result r = {0};
    t->dialler = owner;
    t->dialled = (uint16_t)port;
    t->talking.count = 0;
    r.error = list_dialling(t, AF_INET);
    int error6 = list_dialling(t, AF_INET6);
    if (!r.error && error6 != ENOENT) /* a kernel without IPv6 */
        r.error = error6;
    int error = destroy_talking(t, &r.connections);
    r.error = r.error ? r.error : error;
    return r;
}

/* ---- life ---- */

struct tcp_reset *tcp_reset_new(const char addresses[][SETTINGS_ADDRESS_MAX], int count, unsigned port,
                                struct err *e)
{
    const struct timeval patience = {.tv_usec = ANSWER_US};
    struct tcp_reset *t = mem_zalloc(sizeof(*t));
    bool ok = count >= 0 && count <= SETTINGS_VIPS_MAX;
    if (!ok)
        err_set(e, "%d virtual addresses, at most %d are possible", count, SETTINGS_VIPS_MAX);
    for (int i = 0; ok && i < count; i++)
        ok = netlink_address_parse(&t->addresses[i], addresses[i]) ||
             err_set(e, "%s is not a numeric address", addresses[i]);
    t->address_count = count;
    t->port = (uint16_t)port;
    t->socket = ok ? mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC) : NULL;
    if (ok &&
        (!t->socket || mnl_socket_bind(t->socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
         setsockopt(mnl_socket_get_fd(t->socket), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0))
        ok = err_set(e, "cannot ask the kernel for sockets: %s", strerror(errno));
    if (!ok)
        tcp_reset_free(&t);
    return t;
}

void tcp_reset_free(struct tcp_reset **reset)
{
    struct tcp_reset *t = *reset;
    *reset = NULL;
    if (!t)
        return;
    if (t->socket)
        mnl_socket_close(t->socket);
    free(t->listeners.at);
    free(t->talking.at);
    free(t);
}
