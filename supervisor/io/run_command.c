#include "io/run_command.h"

#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/mem.h"
#include "io/spawn.h"

#define END_MS 20 /* from SIGKILL on, for what does not wait for a disk: the loop waits so long */

struct run_command {
    pid_t pid;
    int pidfd;
    int deadline_ms;
    bool killed;
    struct event *ended;
    struct event *deadline;
    void (*done)(void *arg, int exit_status, const char *how); /* NULL: freed, and only to be reaped */
    void *arg;
    struct run_command *next; /* of those that are only to be reaped */
};

/* Killed, and not ended yet: the loop waits for them. */
static struct run_command *left_over;

static void describe(const struct run_command *c, int status, char *out, size_t size)
{
    char deadline[DURATION_MAX];
    if (c->killed)
        snprintf(out, size, "killed at its deadline of %s", duration_format_ms(c->deadline_ms, deadline));
    else if (WIFSIGNALED(status))
        snprintf(out, size, "ended by signal %d", WTERMSIG(status));
    else
        snprintf(out, size, "exit status %d", WEXITSTATUS(status));
}

static void release(struct run_command *c)
{
    event_free(c->ended);
    event_free(c->deadline);
    close(c->pidfd);
    free(c);
}

static void release_left_over(struct run_command *c)
{
    struct run_command **at = &left_over;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    release(c);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
    struct run_command *c = arg;
    char how[64];
    int status = 0;
    (void)fd, (void)what;
    if (waitpid(c->pid, &status, WNOHANG) != c->pid)
        return;
    event_del(c->ended);
    event_del(c->deadline);
    c->pid = 0;
    if (!c->done) {
        release_left_over(c);
        return;
    }
    describe(c, status, how, sizeof(how));
    c->done(c->arg, !c->killed && WIFEXITED(status) ? WEXITSTATUS(status) : -1, how);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct run_command *c = arg;
    (void)fd, (void)what;
    c->killed = true;
    kill(-c->pid, SIGKILL);
}

struct run_command *run_command_start(struct event_base *base, const struct run_command_options *o,
                                      void (*done)(void *arg, int exit_status, const char *how), void *arg,
                                      struct err *e)
{
    struct timeval after = {o->deadline_ms / 1000, o->deadline_ms % 1000 * 1000};
    pid_t pid;
    int error = spawn_program(&pid, o->argv, o->environment, o->output);
    if (error) {
        err_set(e, "%s: %s", o->argv[0], strerror(error));
        return NULL;
    }
    struct run_command *c = mem_zalloc(sizeof(*c));
    c->pid = pid;
    c->pidfd = pidfd_open(pid, 0);
    c->deadline_ms = o->deadline_ms;
    c->done = done;
    c->arg = arg;
    c->ended = event_new(base, c->pidfd, EV_READ | EV_PERSIST, on_end, c);
    c->deadline = event_new(base, -1, 0, on_deadline, c);
    event_add(c->ended, NULL);
    event_add(c->deadline, &after);
    return c;
}

/* It ends within a moment, but for one that waits in the kernel for a disk or the like. */
static bool is_reaped(const struct run_command *c)
{
    struct pollfd end = {c->pidfd, POLLIN, 0};
    return poll(&end, 1, END_MS) == 1 && waitpid(c->pid, NULL, WNOHANG) == c->pid;
}

void run_command_free(struct run_command **command)
{
    struct run_command *c = *command;
    if (!c)
        return;
    *command = NULL;
    if (c->pid > 0) {
        kill(-c->pid, SIGKILL);
        if (!is_reaped(c)) {
            c->done = NULL;
            event_del(c->deadline);
            c->next = left_over;
            left_over = c;
            return;
        }
    }
    release(c);
}
