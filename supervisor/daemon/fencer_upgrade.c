/* The fencer becomes its successor by exec: same process, same user, and by descriptor the node's lock, the
 * spawner, the supervisor's socket, the session that holds the write lock, and the state of its judgement. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/child.h"
#include "daemon/estate.h"
#include "daemon/fencer_parts.h"
#include "daemon/fencer_sessions.h"
#include "daemon/handover.h"
#include "io/run_command.h"

#define CHECK_MS     5000
#define MAKE_ROOM_MS 1000

static struct estate inherited;
static bool have_inherited;
static struct err refused; /* why nothing was inherited */

static void keep_over_exec(const struct estate *e, int state_fd, bool keep)
{
    const int fds[] = {e->lock_fd, e->spawner_fd, e->settings_fd, e->child_fd, e->write_lock_fd, state_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
        if (fds[i] >= 0)
            fcntl(fds[i], F_SETFD, keep ? 0 : FD_CLOEXEC);
}

/* Apart from the estate: a program of before the resetter passes none on, and takes none. */
static void hand_over_resetter(int fd, bool keep)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", fd);
    unsetenv(HANDOVER_RESETTER);
    if (fd >= 0 && keep)
        setenv(HANDOVER_RESETTER, number, 1);
    if (fd >= 0)
        fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

static int inherit_resetter(void)
{
    const char *number = getenv(HANDOVER_RESETTER);
    int fd = number ? atoi(number) : -1;
    unsetenv(HANDOVER_RESETTER);
    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

struct estate fencer_upgrade_estate(struct fencer *f)
{
    struct estate e;
    memset(&e, 0, sizeof(e));
    e.logic = f->logic;
    e.lock_fd = f->start.lock_fd;
    e.spawner_fd = f->start.spawner_fd;
    e.settings_fd = f->start.settings_fd;
    e.child_fd = child_socket(f->child);
    e.write_lock_fd = fencer_sessions_lock_fd(f->sessions);
    e.reloaded = f->reloaded;
    e.greeted = f->greeted;
    return e;
}

static void execute(struct fencer *f)
{
    const char *argv[] = {"mysql-replcheckd", "--config", f->start.config_dir,
                          f->start.foreground ? "--foreground" : NULL, NULL};
    char number[16];
    sigset_t all;
    sigset_t before;
    struct err e;
    struct estate estate = fencer_upgrade_estate(f);
    int fd = estate_write(&estate, &e);
    if (fd < 0) {
        log_error("no upgrade: %s", e.text);
        return;
    }
    snprintf(number, sizeof(number), "%d", fd);
    setenv(HANDOVER_FENCER, number, 1);
    keep_over_exec(&estate, fd, true);
    hand_over_resetter(f->start.resetter_fd, true);
    sigfillset(&all); /* a signal between two programs would end the process */
    sigprocmask(SIG_SETMASK, &all, &before);
    execv(f->program, (char *const *)(uintptr_t)argv);
    log_error("no upgrade: %s: %s", f->program, strerror(errno));
    sigprocmask(SIG_SETMASK, &before, NULL);
    keep_over_exec(&estate, fd, false);
    hand_over_resetter(f->start.resetter_fd, false);
    unsetenv(HANDOVER_FENCER);
    close(fd);
}

/* The installed program can be executed and takes the configuration: only now is there no way back. */
static void on_checked(void *arg, int exit_status, const char *how)
{
    struct fencer *f = arg;
    run_command_free(&f->checking);
    if (exit_status != 0) {
        log_error("no upgrade: %s --check-config --" HANDOVER_TAKES
                  " %d: %s; this version goes on, and a restart of the "
                  "service changes it",
                  f->program, ESTATE_FORMAT, how);
        return;
    }
    if (f->logic.fencing || f->logic.stopping) {
        log_notice("no upgrade: a fence or the end is under way");
        return;
    }
    log_notice("upgrading to %s", f->program);
    execute(f);
}

void fencer_upgrade_begin(struct fencer *f)
{
    char format[16];
    const char *argv[] = {
        f->program, "--check-config", "--" HANDOVER_TAKES, format, "--config", f->start.config_dir, NULL};
    struct run_command_options o = {.argv = argv, .deadline_ms = CHECK_MS};
    struct err e;
    if (f->checking)
        return;
    snprintf(format, sizeof(format), "%d", ESTATE_FORMAT);
    f->checking = run_command_start(f->base, &o, on_checked, f, &e);
    if (!f->checking)
        log_error("no upgrade: %s", e.text);
}

/* Nothing is known of what was promised, so nothing may be written here. The term's supervisor hears no more
 * of its fencer and gives the role up; who starts this process starts the service anew. */
static void be_orphan(struct fencer_start *start)
{
    start->orphaned = true;
    start->lock_fd = start->spawner_fd = start->settings_fd = start->resetter_fd = start->ready_fd = -1;
}

static void take_descriptors(struct fencer_start *start)
{
    start->lock_fd = inherited.lock_fd;
    start->spawner_fd = inherited.spawner_fd;
    start->settings_fd = inherited.settings_fd;
    start->ready_fd = -1;
}

/* The predecessor has ended, and the files may have been changed since. */
static bool was_left(struct fencer_start *start)
{
    struct err ignored;
    have_inherited = fencer_leave_find(&inherited, start, &ignored);
    if (!have_inherited)
        return false;
    take_descriptors(start);
    start->left = inherited.reloaded = true;
    return true;
}

bool fencer_was_upgraded(struct fencer_start *start)
{
    const char *number = getenv(HANDOVER_FENCER);
    if (!number)
        return was_left(start);
    int fd = atoi(number);
    unsetenv(HANDOVER_FENCER);
    have_inherited = estate_read(fd, &inherited, &refused);
    close(fd);
    if (!have_inherited) {
        be_orphan(start);
        return true;
    }
    keep_over_exec(&inherited, -1, false);
    take_descriptors(start);
    start->resetter_fd = inherit_resetter();
    return true;
}

void fencer_upgrade_orphan(struct fencer *f)
{
    f->logic.child_start_us = 0;
    f->orphan_us = clock_now_us() + CLOCK_MS(f->rules.lease_ms) + CLOCK_MS(f->rules.fence_ms);
    f->exit_status = 1;
    log_error("upgraded, and nothing was inherited: %s; fencing, and then this process ends", refused.text);
}

void fencer_upgrade_orphan_step(struct fencer *f)
{
    const struct fencer_server *s = &f->logic.server;
    bool closed = !f->logic.fencing && (s->read_only == TRI_YES || s->alive == TRI_NO);
    if (!f->orphan_us || f->logic.stopping || !(closed || clock_now_us() >= f->orphan_us))
        return;
    fencer_logic_stop(&f->logic, &f->rules, clock_now_us());
}

/* What was seen of the server is seen anew; what was promised to the supervisor stays. */
bool fencer_upgrade_inherit(struct fencer *f)
{
    struct fencer_message m = fencer_message_make(FENCER_RESTART);
    if (!have_inherited)
        return false;
    f->logic = inherited.logic;
    memset(&f->logic.server, 0, sizeof(f->logic.server));
    f->logic.unanswered_us = 0;
    f->logic.ticked_us = clock_now_us();
    f->reloaded = inherited.reloaded;
    f->greeted = inherited.greeted;
    f->old_lock_fd = inherited.write_lock_fd;
    f->unannounced = f->start.left;
    log_notice("%s; %s", f->start.left ? "started again" : "upgraded",
               fencer_logic_is_armed(&f->logic) ? "the term goes on" : "nothing is armed");
    if (inherited.child_fd >= 0) {
        child_adopt(f->child, inherited.child_fd);
        f->heard_us = clock_now_us();
        child_send(f->child, &m);
        f->replace_us = clock_now_us() + CLOCK_MS(MAKE_ROOM_MS);
    }
    return true;
}
