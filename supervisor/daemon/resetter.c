#define _GNU_SOURCE /* close_range */
#include "daemon/resetter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/syscalls.h"
#include "io/tcp_reset.h"
#include "settings/settings.h"

/* ---- the fencer's side ---- */

bool resetter_order(int fd, enum resetter_order_kind kind, pid_t pid, uid_t uid)
{
    const struct resetter_order order = {RESETTER_VERSION, kind, (int32_t)pid, uid};
    return send(fd, &order, sizeof(order), MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(order);
}

bool resetter_read(int fd, struct resetter_answer *answer, bool *again)
{
    ssize_t got = recv(fd, answer, sizeof(*answer), MSG_DONTWAIT | MSG_TRUNC);
    *again = got < 0 && (errno == EAGAIN || errno == EINTR);
    return got == (ssize_t)sizeof(*answer) && answer->version == RESETTER_VERSION;
}

/* ---- the process ---- */

struct resetter {
    struct tcp_reset *reset; /* NULL: the system refused */
    unsigned peer_port;
    int32_t noted_pid;
};

static struct tcp_reset_result obey(struct resetter *r, const struct resetter_order *order)
{
    const struct tcp_reset_result unable = {.error = ENOSYS}, unknown = {.error = EINVAL},
                                  other = {.error = ESRCH};
    bool known = order->pid == r->noted_pid;
    if (!r->reset)
        return unable;
    switch (order->kind) {
    case RESETTER_NOTE:
        r->noted_pid = order->pid;
        return tcp_reset_note(r->reset, order->uid);
    case RESETTER_RESET:
        r->noted_pid = 0;
        return known ? tcp_reset_run(r->reset) : other;
    case RESETTER_DIALS:
        return tcp_reset_dials(r->reset, order->uid, r->peer_port);
    default:
        return unknown;
    }
}

/* False at the parent's end. */
static bool serve(struct resetter *r, int fd)
{
    struct resetter_order order;
    ssize_t got = recv(fd, &order, sizeof(order), MSG_TRUNC);
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0)
        return false;
    if (got != (ssize_t)sizeof(order) || order.version != RESETTER_VERSION)
        return true;
    int64_t began_us = clock_now_us();
    struct tcp_reset_result done = obey(r, &order);
    const struct resetter_answer answer = {.version = RESETTER_VERSION,
                                           .kind = order.kind,
                                           .pid = order.pid,
                                           .error = done.error,
                                           .listeners = done.listeners,
                                           .connections = done.connections,
                                           .took_us = (int32_t)(clock_now_us() - began_us)};
    return send(fd, &answer, sizeof(answer), MSG_NOSIGNAL) == (ssize_t)sizeof(answer);
}

/* After the change of user, which would undo it; a parent that was gone before is seen by its closed socket.
 */
static void end_with_parent(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void resetter_main(int fd, const struct settings *settings)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR2};
    const struct cluster_settings *c = &settings->cluster;
    struct resetter r = {0};
    struct err e;
    bool filtered;
    prctl(PR_SET_NAME, "replcheck-reset");
    end_with_parent();
    setpgid(0, 0);
    for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
        signal(ignored[i], SIG_IGN);
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    fcntl(fd, F_SETFL, 0); /* it has nothing else to do than to wait */
    close_range(3, 99, 0);
    close_range((unsigned)fd + 1, ~0U, 0);
    r.peer_port = c->nodes[1 - settings->node.self].port;
    r.reset = tcp_reset_new(c->vip.addresses, c->vip.address_count, c->nodes[settings->node.self].port, &e);
    if (!r.reset)
        fprintf(stderr, "mysql-replcheckd: %s\n", e.text);
    if (!syscalls_packets_only(&filtered, &e)) /* in a container that forbids it, say */
        fprintf(stderr, "mysql-replcheckd: %s\n", e.text);
    while (serve(&r, fd))
        continue;
    _exit(0);
}
