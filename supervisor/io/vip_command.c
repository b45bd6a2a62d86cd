#define _GNU_SOURCE /* pipe2 */
#include "io/vip_command.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/run_command.h"
#include "wire/printable.h"

#define PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* A program that prints without an end is read as fast as this, and waits in between. */
#define TURNS_MAX 16

struct vip_command {
    struct event_base *base;
    struct vip_command_options o;
    void (*changed)(void *arg, const struct vip_state *state);
    void *arg;
    const char **environment;
    struct run_command *running; /* NULL between two runs */
    int output;                  /* the reading end of its output; -1 while none */
    struct event readable, next, stale;
    char said[VIP_SAID_MAX]; /* the present run's first line */
    size_t said_size;
    bool said_all;
    char trouble[VIP_SAID_MAX + 96];
    struct vip_state state;
};

static struct timeval timeval_ms(int64_t ms)
{
    return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

/* ---- what it prints ---- */

static void keep(struct vip_command *w, const char *text, size_t size)
{
    for (size_t i = 0; i < size && !w->said_all; i++) {
        w->said_all = text[i] == '\n' || w->said_size == sizeof(w->said) - 1;
        if (!w->said_all)
            w->said[w->said_size++] = text[i];
    }
    w->said[w->said_size] = '\0';
}

static void close_output(struct vip_command *w)
{
    if (w->output < 0)
        return;
    event_del(&w->readable);
    close(w->output);
    w->output = -1;
}

static void read_output(struct vip_command *w)
{
    char text[4096];
    for (int turn = 0; turn < TURNS_MAX && w->output >= 0; turn++) {
        ssize_t got = read(w->output, text, sizeof(text));
        if (got > 0)
            keep(w, text, (size_t)got);
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            close_output(w);
        else
            return;
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    read_output(arg);
}

/* ---- what follows from a run ---- */

static void conclude(struct vip_command *w, enum tri here)
{
    int64_t now_us = clock_now_us();
    bool changed = here != w->state.here || !w->state.read_us;
    if (here != w->state.here || !w->state.since_us)
        w->state.since_us = now_us;
    w->state.here = here;
    w->state.read_us = now_us;
    if (changed && w->changed)
        w->changed(w->arg, &w->state);
}

static void begin_pause(struct vip_command *w)
{
    struct timeval pause = timeval_ms(w->o.period_ms);
    event_add(&w->next, &pause);
}

static void on_done(void *arg, int exit_status, const char *how)
{
    struct vip_command *w = arg;
    struct timeval longest = timeval_ms((int64_t)w->o.period_ms + w->o.deadline_ms + w->o.deadline_ms / 2);
    run_command_free(&w->running);
    read_output(w); /* what it said last */
    close_output(w);
    printable_make(w->said);
    w->trouble[0] = '\0';
    if (exit_status != 0 && exit_status != 1)
        snprintf(w->trouble, sizeof(w->trouble), "%s%s%s", how, w->said[0] ? ": " : "", w->said);
    event_add(&w->stale, &longest);
    begin_pause(w);
    conclude(w, exit_status == 0 ? TRI_YES : exit_status == 1 ? TRI_NO : TRI_UNKNOWN);
}

/* Only where the kernel lets a killed program stay: the deadline is sooner. */
static void on_stale(evutil_socket_t fd, short what, void *arg)
{
    struct vip_command *w = arg;
    (void)fd, (void)what;
    snprintf(w->trouble, sizeof(w->trouble), "the run under way was killed and does not end");
    conclude(w, TRI_UNKNOWN);
}

static bool open_output(struct vip_command *w, int *writing)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    w->output = ends[0];
    *writing = ends[1];
    event_assign(&w->readable, w->base, ends[0], EV_READ | EV_PERSIST, on_readable, w);
    event_add(&w->readable, NULL);
    return true;
}

static void on_next(evutil_socket_t fd, short what, void *arg)
{
    struct vip_command *w = arg;
    struct err e = {"no descriptor is left"};
    int writing = -1;
    (void)fd, (void)what;
    w->said_size = 0;
    w->said_all = false;
    w->said[0] = '\0';
    if (open_output(w, &writing)) {
        struct run_command_options o = {.argv = w->o.argv,
                                        .environment = w->environment,
                                        .output = writing,
                                        .deadline_ms = w->o.deadline_ms};
        w->running = run_command_start(w->base, &o, on_done, w, &e);
        close(writing);
    }
    if (w->running)
        return;
    close_output(w);
    snprintf(w->trouble, sizeof(w->trouble), "%.*s", (int)sizeof(w->trouble) - 1, e.text);
    begin_pause(w);
    conclude(w, TRI_UNKNOWN);
}

/* ---- life ---- */

static const char **with_path(const char *const *given)
{
    size_t count = 0;
    while (given && given[count])
        count++;
    const char **all = mem_zalloc((count + 2) * sizeof(*all));
    all[0] = PATH;
    for (size_t i = 0; i < count; i++)
        all[1 + i] = given[i];
    return all;
}

struct vip_command *vip_command_new(struct event_base *base, const struct vip_command_options *options,
                                    void (*changed)(void *arg, const struct vip_state *state), void *arg)
{
    struct vip_command *w = mem_zalloc(sizeof(*w));
    w->base = base;
    w->o = *options;
    w->environment = with_path(options->environment);
    w->changed = changed;
    w->arg = arg;
    w->output = -1;
    w->state.here = TRI_UNKNOWN;
    snprintf(w->trouble, sizeof(w->trouble), "it has not ended yet");
    evtimer_assign(&w->next, base, on_next, w);
    evtimer_assign(&w->stale, base, on_stale, w);
    event_active(&w->next, EV_TIMEOUT, 0);
    return w;
}

void vip_command_free(struct vip_command **watch)
{
    struct vip_command *w = *watch;
    *watch = NULL;
    if (!w)
        return;
    run_command_free(&w->running);
    close_output(w);
    event_del(&w->next);
    event_del(&w->stale);
    free(w->environment);
    free(w);
}

const struct vip_state *vip_command_state(const struct vip_command *watch)
{
    return &watch->state;
}

const char *vip_command_trouble(const struct vip_command *watch)
{
    return watch->trouble;
}
