#define _GNU_SOURCE /* versionsort */
#include "io/hooks.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/lane.h"
#include "io/ring.h"
#include "io/spawn.h"
#include "model/rules.h"
#include "model/state.h"

#define VARIABLES 12

struct hooks {
    struct lane lane; /* its lock guards what follows */
    struct ring events;
    unsigned dropped;
    char dir[PATH_MAX];
    int timeout_ms;
    void (*tell)(const struct journal_event *event);
};

static struct hooks *hooks;
static atomic_bool running;
static atomic_bool given_up; /* the process ends: nothing more is begun */

/* ---- which ---- */

static bool is_writing(int state)
{
    return state == NODE_WRITER || state == NODE_DEMOTE_CLOSE || state == NODE_DEMOTE_HANDOVER ||
           state == NODE_DUAL;
}

static bool asks_for_operator(int row_id)
{
    for (size_t i = 0; i < rules_count; i++)
        if (rules_table[i].id == row_id)
            return (rules_table[i].actions & ACTION_BIT(ACTION_ALERT)) != 0;
    return false;
}

/* A supervisor that resumes its predecessor's term, from unknown, changes no role; nor does a handover that
 * is undone before it is the writer again. */
int hooks_names(const struct journal_event *event, const char *names[2])
{
    int count = 0;
    int from = node_state_parse(event->state_from), to = node_state_parse(event->state_to);
    bool opened = to == NODE_DUAL || (to == NODE_WRITER && from != NODE_UNKNOWN);
    bool closed = is_writing(from) && !is_writing(to) && !node_state_is_promoting((enum node_state)to);
    if (event->kind == JOURNAL_STATE && opened)
        names[count++] = "post_promote";
    if (event->kind == JOURNAL_STATE && closed)
        names[count++] = "post_demote";
    if (event->kind == JOURNAL_ALERT || (event->kind == JOURNAL_STATE && asks_for_operator(event->row_id)))
        names[count++] = "alert";
    return count;
}

/* ---- one hook ---- */

static char **make_environment(const struct journal_event *e, const char *name)
{
    char **all = mem_zalloc((VARIABLES + 1) * sizeof(*all)), **next = all;
    *next++ = mem_strdup("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    *next++ = mem_printf("REPLCHECK_EVENT=%s", name);
    *next++ = mem_printf("REPLCHECK_NODE=%s", e->node);
    *next++ = mem_printf("REPLCHECK_STATE_FROM=%s", e->state_from);
    *next++ = mem_printf("REPLCHECK_STATE_TO=%s", e->state_to);
    *next++ = mem_printf("REPLCHECK_ROW=%d", e->row_id);
    *next++ = mem_printf("REPLCHECK_REASON=%s", e->reason);
    *next++ = mem_printf("REPLCHECK_EPOCH=%" PRIu64, e->epoch);
    *next++ = mem_printf("REPLCHECK_GTID=%s", e->gtid);
    *next++ = mem_printf("REPLCHECK_VIP=%s", e->vip);
    *next++ = mem_printf("REPLCHECK_DETAIL=%s", e->detail);
    *next++ = mem_printf("REPLCHECK_AT=%" PRId64, e->at_us / 1000000);
    return all;
}

static void free_environment(char **all)
{
    for (char **next = all; *next; next++)
        free(*next);
    free(all);
}

static void tell_end(const struct journal_event *event, const char *file, const char *name, const char *how,
                     bool well, int64_t took_us)
{
    struct journal_event e = {.kind = JOURNAL_HOOK, .epoch = event->epoch};
    snprintf(e.node, sizeof(e.node), "%s", event->node);
    snprintf(e.detail, sizeof(e.detail), "%.200s %s: %s, %.3f s", file, name, how, (double)took_us / 1e6);
    hooks->tell(&e);
    if (well)
        log_info("hook %s", e.detail);
    else
        log_warning("hook %s", e.detail);
}

/* Waits for its end; false: it was killed at its deadline. */
static bool wait_for(pid_t pid, int timeout_ms, int *status)
{
    int fd = pidfd_open(pid, 0);
    struct pollfd end = {fd, POLLIN, 0};
    bool ended = fd >= 0 && poll(&end, 1, timeout_ms) == 1;
    if (!ended)
        kill(-pid, SIGKILL);
    if (fd >= 0)
        close(fd);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        continue;
    return ended;
}

static void run_one(const struct journal_event *event, const char *dir, const char *file, const char *name,
                    int timeout_ms)
{
    char path[PATH_MAX + 256], how[64];
    int status = 0;
    pid_t pid;
    int64_t began_us = clock_now_us();
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    const char *argv[] = {path, name, NULL};
    char **environment = make_environment(event, name);
    int error = spawn_program(&pid, argv, (const char *const *)environment, 0);
    free_environment(environment);
    bool ended = !error && wait_for(pid, timeout_ms, &status);
    bool well = ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (error)
        snprintf(how, sizeof(how), "%s", strerror(error));
    else if (!ended)
        snprintf(how, sizeof(how), "killed at its deadline");
    else if (WIFSIGNALED(status))
        snprintf(how, sizeof(how), "ended by signal %d", WTERMSIG(status));
    else
        snprintf(how, sizeof(how), "exit status %d", WEXITSTATUS(status));
    tell_end(event, file, name, how, well, clock_now_us() - began_us);
}

/* ---- the folder ---- */

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* What everybody may write is nobody's hook. */
static bool may_run(const char *dir, const char *file)
{
    char path[PATH_MAX + 256];
    struct stat st;
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        return false;
    if (st.st_mode & S_IWOTH)
        log_warning("hook %s is not run: everybody may write it", path);
    return !(st.st_mode & S_IWOTH);
}

static void run_all(const struct journal_event *event, const char *dir, int timeout_ms)
{
    const char *names[2];
    struct dirent **files;
    int name_count = hooks_names(event, names), count = scandir(dir, &files, is_visible, versionsort);
    if (count < 0 && errno != ENOENT)
        log_warning("no hook is run: %s: %s", dir, strerror(errno));
    for (int n = 0; n < name_count; n++)
        for (int i = 0; i < count; i++)
            if (!atomic_load(&given_up) && may_run(dir, files[i]->d_name))
                run_one(event, dir, files[i]->d_name, names[n], timeout_ms);
    for (int i = 0; i < count; i++)
        free(files[i]);
    if (count >= 0)
        free(files);
}

/* ---- the thread ---- */

static void run_oldest(struct hooks *h)
{
    static struct journal_event event; /* the thread's own */
    static char dir[PATH_MAX];
    unsigned side_by_side, dropped = h->dropped;
    int timeout_ms = h->timeout_ms;
    event = *(struct journal_event *)ring_peek(&h->events, &side_by_side);
    memcpy(dir, h->dir, sizeof(dir));
    ring_pop(&h->events, 1);
    h->dropped = 0;
    lane_block_begin(&h->lane);
    if (dropped)
        log_warning("hooks were not told of %u events, for a hook took too long", dropped);
    run_all(&event, dir, timeout_ms);
    lane_block_end(&h->lane);
}

static void run(void *context)
{
    struct hooks *h = context;
    while (!h->lane.stopping || h->events.count)
        if (h->events.count)
            run_oldest(h);
        else
            lane_wait(&h->lane, 0);
}

void hooks_offer(const struct journal_event *event)
{
    const char *names[2];
    if (!atomic_load(&running) || !hooks_names(event, names))
        return;
    lane_lock(&hooks->lane);
    struct journal_event *at = ring_push(&hooks->events);
    if (at) {
        *at = *event;
        if (!at->at_us)
            at->at_us = clock_wall_us();
        lane_ring(&hooks->lane);
    } else {
        hooks->dropped++;
    }
    lane_unlock(&hooks->lane);
}

void hooks_set(const char *dir, int timeout_ms)
{
    if (!atomic_load(&running))
        return;
    lane_lock(&hooks->lane);
    snprintf(hooks->dir, sizeof(hooks->dir), "%s", dir);
    hooks->timeout_ms = timeout_ms;
    lane_unlock(&hooks->lane);
}

bool hooks_start(const char *dir, int timeout_ms, void (*tell)(const struct journal_event *event),
                 struct err *e)
{
    hooks = mem_zalloc(sizeof(*hooks));
    hooks->tell = tell;
    snprintf(hooks->dir, sizeof(hooks->dir), "%s", dir);
    hooks->timeout_ms = timeout_ms;
    ring_init(&hooks->events, HOOKS_ROOM, sizeof(struct journal_event));
    if (!lane_start(&hooks->lane, "hooks", run, hooks, e)) {
        ring_free(&hooks->events);
        free(hooks);
        hooks = NULL;
        return false;
    }
    atomic_store(&given_up, false);
    atomic_store(&running, true);
    return true;
}

bool hooks_stop(int deadline_ms)
{
    atomic_store(&running, false);
    if (hooks && !lane_stop(&hooks->lane, clock_now_us() + CLOCK_MS(deadline_ms))) {
        atomic_store(&given_up, true);
        return false; /* its memory stays, for the thread has it */
    }
    if (hooks)
        ring_free(&hooks->events);
    free(hooks);
    hooks = NULL;
    return true;
}
