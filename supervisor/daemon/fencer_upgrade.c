/* The fencer becomes its successor by exec: same process, same user, and by descriptor the node's lock, the
 * spawner, the supervisor's socket, the session that holds the write lock, and the state of its judgement.
 * What the successor does with that is fencer_inherit.c. */
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

#define CHECK_MS 5000

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
    estate_keep_open(&estate, fd, true);
    hand_over_resetter(f->start.resetter_fd, true);
    sigfillset(&all); /* a signal between two programs would end the process */
    sigprocmask(SIG_SETMASK, &all, &before);
    execv(f->program, (char *const *)(uintptr_t)argv);
    log_error("no upgrade: %s: %s", f->program, strerror(errno));
    sigprocmask(SIG_SETMASK, &before, NULL);
    estate_keep_open(&estate, fd, false);
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
