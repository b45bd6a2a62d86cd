#define _GNU_SOURCE /* execveat, close_range */
#include "daemon/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/handover.h"

enum { FD_EXECUTABLE = 0, FD_SOCKET, FD_SETTINGS, FDS };

struct spawner {
    struct spawner_options o;
    pid_t child; /* 0: none */
    int child_fd;
    int64_t kill_us; /* the fencer is gone: the child's last moment */
};

/* ---- the fencer's side ---- */

static bool send_order(int fd, const struct spawner_order *order, const int *fds, struct err *e)
{
    union {
        char bytes[CMSG_SPACE(FDS * sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct iovec part = {(void *)(uintptr_t)order, sizeof(*order)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    if (fds) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(FDS * sizeof(int));
        memcpy(CMSG_DATA(c), fds, FDS * sizeof(int));
    }
    if (sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)sizeof(*order))
        return err_set(e, "the process that starts supervisors cannot be reached: %s", strerror(errno));
    return true;
}

bool spawner_start(int fd, int executable, int socket, int settings, bool reloaded, struct err *e)
{
    const int fds[FDS] = {[FD_EXECUTABLE] = executable, [FD_SOCKET] = socket, [FD_SETTINGS] = settings};
    const struct spawner_order order = {SPAWNER_VERSION, SPAWNER_START, 0, reloaded};
    return send_order(fd, &order, fds, e);
}

bool spawner_signal(int fd, int signal, struct err *e)
{
    const struct spawner_order order = {SPAWNER_VERSION, SPAWNER_SIGNAL, signal, 0};
    return send_order(fd, &order, NULL, e);
}

/* ---- the process ---- */

static void report_end(struct spawner *s, int status)
{
    const struct spawner_news news = {SPAWNER_VERSION, (int32_t)s->child, status};
    if (send(s->o.fd, &news, sizeof(news), MSG_NOSIGNAL) < 0)
        return; /* the fencer is gone: the end of file tells */
}

/* In the new process: nothing but the three descriptors and the standard ones survive. */
static void become_supervisor(const struct spawner *s, const int *fds, bool reloaded)
{
    const char *argv[] = {"mysql-replcheckd",
                          "--" HANDOVER_OPTION,
                          "--config",
                          s->o.config_dir,
                          s->o.foreground ? "--foreground" : NULL,
                          NULL};
    int socket = fcntl(fds[FD_SOCKET], F_DUPFD, 100);
    int settings = fcntl(fds[FD_SETTINGS], F_DUPFD, 100);
    int executable = fcntl(fds[FD_EXECUTABLE], F_DUPFD_CLOEXEC, 100);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGUSR2, SIG_DFL);
    setpgid(0, 0);
    if (dup2(socket, HANDOVER_SOCKET_FD) < 0 || dup2(settings, HANDOVER_SETTINGS_FD) < 0)
        _exit(1);
    close_range(HANDOVER_SETTINGS_FD + 1, 99, 0);
    close(socket);
    close(settings);
    if (reloaded)
        setenv(HANDOVER_RELOADED, "1", 1);
    execveat(executable, "", (char *const *)(uintptr_t)argv, environ, AT_EMPTY_PATH);
    fprintf(stderr, "mysql-replcheckd: the supervisor cannot be executed: %s\n", strerror(errno));
    _exit(1);
}

static void start(struct spawner *s, const int *fds, bool reloaded)
{
    pid_t pid = fork();
    if (pid == 0)
        become_supervisor(s, fds, reloaded);
    if (pid < 0) {
        report_end(s, W_EXITCODE(1, 0));
        return;
    }
    s->child = pid;
    s->child_fd = pidfd_open(pid, 0);
}

static void obey(struct spawner *s, const struct spawner_order *order, const int *fds)
{
    if (order->kind == SPAWNER_SIGNAL && s->child)
        kill(s->child, order->signal);
    if (order->kind == SPAWNER_START && fds && !s->child)
        start(s, fds, order->reloaded != 0);
}

/* False at the fencer's end. */
static bool read_order(struct spawner *s)
{
    union {
        char bytes[CMSG_SPACE(FDS * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct spawner_order order;
    struct iovec part = {&order, sizeof(order)};
    struct msghdr m = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, sizeof(control.bytes)};
    ssize_t got = recvmsg(s->o.fd, &m, MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got <= 0)
        return false;
    int fds[FDS];
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    bool have = c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(fds));
    if (have)
        memcpy(fds, CMSG_DATA(c), sizeof(fds));
    if (got == (ssize_t)sizeof(order) && order.version == SPAWNER_VERSION)
        obey(s, &order, have ? fds : NULL);
    for (int i = 0; have && i < FDS; i++)
        close(fds[i]);
    return true;
}

static void reap(struct spawner *s)
{
    int status = 0;
    if (waitpid(s->child, &status, WNOHANG) != s->child)
        return;
    close(s->child_fd);
    report_end(s, status);
    s->child = 0;
}

/* One round; false when there is nothing left to do. */
static bool serve(struct spawner *s)
{
    struct pollfd fds[2] = {{s->kill_us ? -1 : s->o.fd, POLLIN, 0}, {s->child ? s->child_fd : -1, POLLIN, 0}};
    int64_t left_us = s->kill_us - clock_now_us();
    int wait_ms = !s->kill_us ? -1 : left_us <= 0 ? 0 : (int)(left_us / 1000) + 1;
    if (poll(fds, 2, wait_ms) < 0 && errno != EINTR)
        return false;
    if (fds[1].revents)
        reap(s);
    if (fds[0].revents && !read_order(s))
        s->kill_us = clock_now_us() + CLOCK_MS(s->o.grace_ms);
    if (s->kill_us && s->child && clock_now_us() >= s->kill_us)
        kill(s->child, SIGKILL);
    return !(s->kill_us && !s->child);
}

void spawner_main(const struct spawner_options *options)
{
    struct spawner s = {.o = *options};
    prctl(PR_SET_NAME, "replcheck-spawn");
    setpgid(0, 0);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR2, SIG_IGN);
    int fd = fcntl(options->fd, F_DUPFD_CLOEXEC, 100);
    close_range(3, 99, 0);
    close_range((unsigned)fd + 1, ~0U, 0);
    s.o.fd = fd;
    while (serve(&s))
        continue;
    _exit(0);
}
