#define _GNU_SOURCE /* O_PATH */
#include "daemon/fencer.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/child.h"
#include "daemon/fencer_parts.h"
#include "daemon/fencer_sessions.h"
#include "daemon/run_dir.h"
#include "daemon/service_notify.h"
#include "io/ladder.h"
#include "io/loop.h"
#include "settings/settings.h"

#define PRIORITIES     3 /* what others make is in the middle */
#define PRIORITY_JUDGE 2
#define OVERDUE_US     CLOCK_MS(10)
#define WEIGHT_LEAVING (-100)
#define SILENCE_US     CLOCK_MS(10000) /* of a supervisor that tells its STATUS every 4 s */

/* ---- judging ---- */

static void set_alarm(struct fencer *f)
{
    int64_t next_us = fencer_logic_next_us(&f->logic, &f->rules);
    struct itimerspec at = {.it_value = {next_us / 1000000, next_us % 1000000 * 1000}};
    if (next_us != f->alarm_us && timerfd_settime(f->alarm_fd, TFD_TIMER_ABSTIME, &at, NULL) == 0)
        f->alarm_us = next_us;
}

static void judge(struct fencer *f)
{
    struct fencer_todo todo = {0};
    child_drain(f->child);
    fencer_logic_tick(&f->logic, &f->rules, clock_now_us(), &todo);
    fencer_do(f, &todo);
    fencer_sessions_set_urgent(f->sessions, fencer_logic_is_armed(&f->logic));
    set_alarm(f);
}

static void on_judge(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    judge(arg);
}

/* The judge runs when nothing else is left to be handled; a flood of messages does not put it off for long.
 */
void fencer_wake(struct fencer *f)
{
    set_alarm(f);
    event_active(f->judge, EV_TIMEOUT, 0);
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
    struct fencer *f = arg;
    uint64_t expirations;
    (void)what;
    int64_t next_us = fencer_logic_next_us(&f->logic, &f->rules);
    ssize_t got = read(fd, &expirations, sizeof(expirations));
    (void)got;        /* what is due is told by the clock */
    f->alarm_us = -1; /* it does not ring again by itself */
    if (next_us && clock_now_us() > next_us + OVERDUE_US)
        judge(f);
    else
        event_active(f->judge, EV_TIMEOUT, 0);
}

static void on_period(evutil_socket_t fd, short what, void *arg)
{
    struct fencer *f = arg;
    (void)fd, (void)what;
    if (!f->ladder)
        fencer_sessions_ping(f->sessions);
    if (fencer_logic_is_armed(&f->logic))
        fencer_talk_state(f, 0);
    fencer_inherit_orphan_step(f);
    if (f->replace_us && clock_now_us() >= f->replace_us) {
        f->replace_us = 0;
        fencer_signal_child(f, SIGKILL);
    }
    fencer_wake(f);
}

/* ---- the server ---- */

static void on_observed(void *arg)
{
    struct fencer *f = arg;
    struct fencer_todo todo = {0};
    const struct fencer_server *view = fencer_sessions_view(f->sessions);
    if (view->certifiable == TRI_NO && f->logic.server.certifiable != TRI_NO)
        log_warning("the death of this server cannot be certified, nor can it be killed: %s",
                    fencer_sessions_uncertified(f->sessions));
    fencer_reset_note(f);
    fencer_logic_observe(&f->logic, view, &todo);
    fencer_do(f, &todo);
    fencer_inherit_orphan_step(f);
    fencer_wake(f);
}

static void on_asked(void *arg)
{
    struct fencer *f = arg;
    fencer_logic_asked(&f->logic, clock_now_us());
}

static void on_answered(void *arg)
{
    struct fencer *f = arg;
    fencer_logic_answered(&f->logic);
}

static void on_dead(void *arg, const struct death_report *r)
{
    struct fencer *f = arg;
    f->dead.pid = (int32_t)r->pid;
    f->dead.size = r->size;
    snprintf(f->dead.file, sizeof(f->dead.file), "%s", r->file);
    fencer_reset_dead(f);
    fencer_talk_dead(f);
    if (f->ladder)
        ladder_server_died(f->ladder);
    log_notice("mariadbd, process %d, is dead; its binary log ends in %s at %llu", (int)r->pid,
               r->file[0] ? r->file : "an unknown file", (unsigned long long)r->size);
}

static void on_lock(void *arg, int64_t sent_us, bool held, const char *why)
{
    struct fencer *f = arg;
    struct fencer_todo todo = {0};
    if (!held && !f->logic.lock_lost)
        log_warning("the write lock is not held: %s", why);
    fencer_logic_lock(&f->logic, &f->rules, clock_now_us(), sent_us, held, &todo);
    fencer_talk_prepared(f, held ? NULL : why);
    if (held)
        fencer_close_old_lock(f);
    fencer_do(f, &todo);
    fencer_wake(f);
}

static void on_lock_lost(void *arg)
{
    struct fencer *f = arg;
    struct fencer_todo todo = {0};
    fencer_logic_lock_lost(&f->logic, &f->rules, clock_now_us(), &todo);
    fencer_do(f, &todo);
    fencer_wake(f);
}

/* ---- the child's life ---- */

static void bury_child(struct fencer *f)
{
    struct fencer_todo todo = {0};
    f->replace_us = 0;
    fencer_logic_child_ended(&f->logic, clock_now_us(), &todo);
    fencer_do(f, &todo);
    fencer_wake(f);
}

static void on_cut(void *arg, const char *reason)
{
    struct fencer *f = arg;
    f->prepare_seq = 0;
    log_notice("the supervisor's connection ended: %s", reason);
    if (f->spawner_gone)
        bury_child(f); /* nobody is left to tell its end */
}

static void on_ended(void *arg, pid_t pid, int status)
{
    struct fencer *f = arg;
    if (WIFSIGNALED(status))
        log_warning("the supervisor, process %d, was ended by signal %d", (int)pid, WTERMSIG(status));
    else
        log_notice("the supervisor, process %d, ended with status %d", (int)pid, WEXITSTATUS(status));
    bury_child(f);
    if (!f->greeted && WIFEXITED(status) && WEXITSTATUS(status) == 2) {
        f->exit_status = 2;
        event_base_loopbreak(f->base);
    }
}

static void on_spawner_gone(void *arg)
{
    struct fencer *f = arg;
    f->spawner_gone = true;
    log_error(
        "the process that starts supervisors is gone: after this supervisor the service must be restarted");
    if (!child_is_connected(f->child))
        bury_child(f);
}

/* ---- signals ---- */

static void stop(struct fencer *f)
{
    struct fencer_todo todo = {0};
    if (f->logic.stopping) {
        log_notice("told to stop a second time");
        fencer_logic_fence(&f->logic, "told to stop a second time", &todo);
        fencer_do(f, &todo);
        return;
    }
    service_notify("STOPPING=1");
    f->left = fencer_leave(f);
    if (f->left) {
        event_base_loopbreak(f->base);
        return;
    }
    log_notice("stopping");
    fencer_logic_stop(&f->logic, &f->rules, clock_now_us());
    fencer_signal_child(f, SIGTERM);
}

/* Over when the supervisor says so, or another has come. */
static void begin_reload(struct fencer *f)
{
    char told[64];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(told, sizeof(told), "RELOADING=1\nMONOTONIC_USEC=%lld",
             (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    service_notify(told);
    f->reloading = true;
    fencer_signal_child(f, SIGHUP);
    if (!child_is_connected(f->child))
        fencer_talk_reloaded(f); /* it will read the files when it starts */
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    struct fencer *f = arg;
    (void)what;
    if (number == SIGHUP) {
        f->reloaded = true;
        begin_reload(f);
    } else if (number == SIGUSR2) {
        fencer_upgrade_begin(f);
    } else {
        stop(f);
    }
    fencer_wake(f);
}

/* Of this loop and the supervisor's. What has no supervisor is being started again: that is no reason to end
 * it. */
static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
    const struct fencer *f = arg;
    (void)fd, (void)what;
    bool stands_still = child_is_connected(f->child) && clock_now_us() - f->heard_us > SILENCE_US;
    if (!stands_still)
        service_notify("WATCHDOG=1");
}

/* ---- life ---- */

static struct event *every(struct fencer *f, int ms, void (*call)(evutil_socket_t, short, void *))
{
    struct timeval period = {ms / 1000, ms % 1000 * 1000};
    struct event *e = event_new(f->base, -1, EV_PERSIST, call, f);
    event_add(e, &period);
    return e;
}

static void open_events(struct fencer *f)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR2};
    sigset_t none;
    f->base = loop_new();
    event_base_priority_init(f->base, PRIORITIES);
    f->judge = event_new(f->base, -1, 0, on_judge, f);
    event_priority_set(f->judge, PRIORITY_JUDGE);
    f->alarm_fd = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    f->alarm = event_new(f->base, f->alarm_fd, EV_READ | EV_PERSIST, on_alarm, f);
    event_add(f->alarm, NULL);
    f->period = every(f, f->rules.renew_ms, on_period);
    if (service_notify_watchdog_ms())
        f->watchdog = every(f, service_notify_watchdog_ms(), on_watchdog);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        f->signals[i] = evsignal_new(f->base, numbers[i], on_signal, f);
        event_add(f->signals[i], NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL); /* an upgrade's exec came with them blocked */
}

static void name_program(struct fencer *f)
{
    static const char deleted[] = " (deleted)";
    ssize_t length = readlink("/proc/self/exe", f->program, sizeof(f->program) - 1);
    f->program[length > 0 ? length : 0] = 0;
    char *mark = length > (ssize_t)sizeof(deleted) ? f->program + length - (sizeof(deleted) - 1) : NULL;
    if (mark && strcmp(mark, deleted) == 0)
        *mark = 0;
    f->program_fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
}

static struct fencer_rules make_rules(const struct cluster_settings *c, bool kill_server)
{
    return (struct fencer_rules){.lease_ms = c->timing.lease_ms,
                                 .renew_ms = c->timing.renew_ms,
                                 .silent_ms = c->timing.silent_ms,
                                 .fence_ms = c->timing.fence_ms,
                                 .fences = c->policy.write_mode == WRITE_MODE_SINGLE,
                                 .kill_server = kill_server,
                                 .takeover_ms = c->timing.takeover_delay_ms,
                                 .epsilon_ms = c->timing.epsilon_ms};
}

int fencer_run(const struct fencer_start *start)
{
    static struct fencer fencer;
    struct fencer *f = &fencer;
    const struct settings *s = start->settings;
    f->start = *start;
    f->rules = make_rules(&s->cluster, s->node.fencer.kill_server);
    f->old_lock_fd = -1;
    fencer_logic_init(&f->logic, clock_now_us());
    name_program(f);
    open_events(f);
    fencer_reset_open(f);
    f->child =
        child_new(f->base, &(struct child_options){start->spawner_fd, f->program_fd, start->settings_fd},
                  &(struct child_events){fencer_talk_message, on_cut, on_ended, on_spawner_gone, f});
    f->sessions = fencer_sessions_new(f->base, s,
                                      &(struct fencer_sessions_events){on_observed, on_asked, on_answered,
                                                                       on_dead, on_lock, on_lock_lost, f});
    if (start->orphaned)
        fencer_inherit_orphan(f);
    if (!fencer_inherit(f))
        fencer_write_weight(f, WEIGHT_LEAVING);
    log_notice("the fencer watches %s", s->node.local.socket);
    fencer_wake(f);
    event_base_dispatch(f->base);
    if (f->left)
        return 0; /* weight and pid file stay for the next one */
    fencer_write_weight(f, WEIGHT_LEAVING);
    run_dir_remove_pid(s->node.run_dir);
    log_notice("the fencer ends");
    return f->exit_status;
}
