#define _GNU_SOURCE
#include "io/death.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/binlog_end.h"
#include "io/server_identity.h"
#include "io/tasks.h"
#include "wire/rows.h"

/* Two suffice, for one of them may be the last to let go of the memory; more outlive a thread's normal end.
 */
#define WATCHED_THREADS 4
#define LOOK_FIRST_US   250
#define LOOK_FIRST_FOR  CLOCK_MS(5)
#define LOOK_FAST_US    CLOCK_MS(1)
#define LOOK_FAST_FOR   CLOCK_MS(2000)
#define LOOK_SLOW_US    CLOCK_MS(100)
#define LEADER_US       CLOCK_MS(50) /* without thread pidfds */
#define LEADER_SOON_US  CLOCK_MS(5)  /* and where a death is urgent */

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

struct death {
    struct event_base *base;
    char socket_path[PATH_MAX];
    void (*dead)(void *arg, const struct death_report *report);
    void *arg;

    pid_t pid;
    int pidfd;  /* -1: nothing is watched */
    int leader; /* its stat, kept open */
    enum tri alive;
    char log_index[PATH_MAX];
    char datadir[PATH_MAX];

    struct event *process;
    struct event *threads[WATCHED_THREADS]; /* each owns its descriptor */
    struct event *timer;
    bool urgent;
    bool looking;
    int64_t first_us; /* of the present look */
};

static void look(struct death *d);

static void set_timer(struct death *d, int64_t us)
{
    struct timeval after = {us / 1000000, us % 1000000};
    event_add(d->timer, &after);
}

static void set_leader_timer(struct death *d)
{
    set_timer(d, d->urgent ? LEADER_SOON_US : LEADER_US);
}

static void drop_thread(struct death *d, int i)
{
    if (!d->threads[i])
        return;
    int fd = event_get_fd(d->threads[i]);
    event_free(d->threads[i]);
    close(fd);
    d->threads[i] = NULL;
}

static void on_sign(evutil_socket_t fd, short what, void *arg)
{
    struct death *d = arg;
    (void)what;
    for (int i = 0; i < WATCHED_THREADS; i++)
        if (d->threads[i] && event_get_fd(d->threads[i]) == fd)
            drop_thread(d, i);
    if (d->looking)
        look(d);
    else
        death_look(d);
}

static void watch_thread(struct death *d, pid_t tid)
{
    int fd = pidfd_open(tid, PIDFD_THREAD);
    if (fd < 0)
        return;
    for (int i = 0; i < WATCHED_THREADS; i++)
        if (!d->threads[i]) {
            d->threads[i] = event_new(d->base, fd, EV_READ | EV_PERSIST, on_sign, d);
            event_add(d->threads[i], NULL);
            return;
        }
    close(fd);
}

static int watched_threads(const struct death *d)
{
    int count = 0;
    for (int i = 0; i < WATCHED_THREADS; i++)
        count += d->threads[i] != NULL;
    return count;
}

/* Watches the oldest threads afresh; without any, the leader is read in a timer's period. */
static void arm(struct death *d)
{
    pid_t tids[WATCHED_THREADS];
    size_t count = tasks_oldest(d->pid, tids, WATCHED_THREADS);
    for (int i = 0; i < WATCHED_THREADS; i++)
        drop_thread(d, i);
    for (size_t i = 0; i < count; i++)
        watch_thread(d, tids[i]);
    if (watched_threads(d) == 0)
        set_leader_timer(d);
}

static void forget(struct death *d)
{
    for (int i = 0; i < WATCHED_THREADS; i++)
        drop_thread(d, i);
    event_del(d->timer);
    if (d->process)
        event_free(d->process);
    d->process = NULL;
    if (d->pidfd >= 0)
        close(d->pidfd);
    if (d->leader >= 0)
        close(d->leader);
    d->pidfd = -1;
    d->leader = -1;
    d->looking = false;
}

static void certify(struct death *d)
{
    struct death_report report = {.pid = d->pid, .first_us = d->first_us};
    struct err e;
    forget(d);
    d->alive = TRI_NO;
    if (!d->log_index[0] ||
        !binlog_end_read(d->log_index, d->datadir, report.file, sizeof(report.file), &report.size, &e)) {
        report.file[0] = 0;
        report.size = 0;
    }
    d->dead(d->arg, &report);
}

/* The process's own pidfd: told only after the memory is torn down, but beyond doubt. */
static bool is_reaped_or_zombie(const struct death *d)
{
    struct pollfd p = {d->pidfd, POLLIN, 0};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

static void look(struct death *d)
{
    if (tasks_read(d->pid) == TASKS_OVER || is_reaped_or_zombie(d)) {
        certify(d);
        return;
    }
    int64_t looked_us = clock_now_us() - d->first_us;
    if (looked_us < LOOK_FAST_FOR) {
        set_timer(d, looked_us < LOOK_FIRST_FOR ? LOOK_FIRST_US : LOOK_FAST_US);
        return;
    }
    arm(d);
    if (tasks_leader_is_over(d->leader) ||
        (watched_threads(d) == 0 && tasks_read(d->pid) == TASKS_UNREADABLE))
        set_timer(d, LOOK_SLOW_US); /* half dead: a task hangs in the kernel */
    else
        d->looking = false;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct death *d = arg;
    (void)fd, (void)what;
    if (d->looking)
        look(d);
    else if (tasks_leader_is_over(d->leader))
        death_look(d);
    else
        set_leader_timer(d);
}

struct death *death_new(struct event_base *base, const char *socket_path,
                        void (*dead)(void *arg, const struct death_report *report), void *arg)
{
    struct death *d = mem_zalloc(sizeof(*d));
    d->base = base;
    snprintf(d->socket_path, sizeof(d->socket_path), "%s", socket_path);
    d->dead = dead;
    d->arg = arg;
    d->pidfd = -1;
    d->leader = -1;
    d->timer = event_new(base, -1, 0, on_timer, d);
    return d;
}

void death_free(struct death **death)
{
    struct death *d = *death;
    if (!d)
        return;
    forget(d);
    event_free(d->timer);
    free(d);
    *death = NULL;
}

static bool read_paths(struct death *d, const struct rows *answer, char *pid_file, size_t size, struct err *e)
{
    const char *file = rows_text(answer, 0, "pid_file");
    const char *datadir = rows_text(answer, 0, "datadir");
    const char *index = rows_text(answer, 0, "log_bin_index");
    if (!file || !*file || !datadir)
        return err_set(e, "the server names no pid file");
    bool relative = file[0] != '/';
    snprintf(pid_file, size, "%s%s%s", relative ? datadir : "", relative ? "/" : "", file);
    snprintf(d->datadir, sizeof(d->datadir), "%s", datadir);
    relative = index && index[0] && index[0] != '/';
    snprintf(d->log_index, sizeof(d->log_index), "%s%s%s", relative ? datadir : "", relative ? "/" : "",
             index ? index : "");
    return true;
}

bool death_attach(struct death *d, int connected, const struct rows *answer, struct err *e)
{
    char pid_file[2 * PATH_MAX];
    pid_t pid;
    int pidfd;
    if (d->alive == TRI_YES && is_reaped_or_zombie(d)) {
        d->first_us = clock_now_us();
        certify(d);
    }
    bool found = read_paths(d, answer, pid_file, sizeof(pid_file), e) &&
                 server_identity_find(connected, d->socket_path, pid_file, &pid, &pidfd, e);
    if (!found) {
        forget(d);
        d->pid = 0;
        d->alive = TRI_UNKNOWN;
        return false;
    }
    if (d->alive == TRI_YES && pid == d->pid) {
        close(pidfd);
        return true;
    }
    forget(d);
    d->pid = pid;
    d->pidfd = pidfd;
    d->leader = tasks_open_leader(pid);
    d->alive = TRI_YES;
    d->process = event_new(d->base, pidfd, EV_READ | EV_PERSIST, on_sign, d);
    event_add(d->process, NULL);
    arm(d);
    return true;
}

bool death_can_read_binlog(const struct death *d, struct err *e)
{
    char file[sizeof(((struct death_report *)0)->file)];
    uint64_t size;
    return !d->log_index[0] || binlog_end_read(d->log_index, d->datadir, file, sizeof(file), &size, e);
}

void death_look(struct death *d)
{
    if (d->alive != TRI_YES || d->looking)
        return;
    d->looking = true;
    d->first_us = clock_now_us();
    look(d);
}

void death_set_urgent(struct death *d, bool urgent)
{
    d->urgent = urgent;
}

pid_t death_pid(const struct death *d)
{
    return d->pid;
}

enum tri death_alive(const struct death *d)
{
    return d->alive;
}

bool death_is_over(const struct death *d)
{
    return d->pidfd < 0 || is_reaped_or_zombie(d);
}

bool death_kill(struct death *d, struct err *e)
{
    if (d->alive == TRI_NO)
        return true;
    if (d->alive != TRI_YES)
        return err_set(e, "no certified process to kill");
    if (pidfd_send_signal(d->pidfd, SIGKILL, NULL, 0) != 0 && errno != ESRCH)
        return err_set(e, "SIGKILL to process %d: %s", (int)d->pid, strerror(errno));
    death_look(d);
    return true;
}
