#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "daemon/helpers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/background.h"
#include "daemon/fencer.h"
#include "daemon/privileges.h"
#include "daemon/resetter.h"
#include "daemon/spawner.h"
#include "settings/settings.h"

/* ---- as root ---- */

/* A process of our own with a socket to it: its pid here, 0 there, -1 and `e`. */
static pid_t fork_one(int *fd, struct err *e)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
        err_set(e, "socketpair: %s", strerror(errno));
        return -1;
    }
    pid_t pid = fork();
    if (pid < 0)
        err_set(e, "fork: %s", strerror(errno));
    *fd = pair[pid == 0];
    close(pair[pid != 0]);
    return pid;
}

static void __attribute__((noreturn))
serve_spawner(int fd, const struct settings *s, const char *config_dir, bool foreground)
{
    const struct timing_settings *t = &s->cluster.timing;
    const struct spawner_options o = {fd, config_dir, foreground, t->lease_ms + t->fence_ms};
    spawner_main(&o);
}

/* In the new process, which ends here. */
static void __attribute__((noreturn)) be_helper(const struct fencer_start *start, const char *name, int fd)
{
    if (!start->foreground)
        background_detach_stdio();
    if (strcmp(name, HELPERS_SPAWNER) == 0)
        serve_spawner(fd, start->settings, start->config_dir, start->foreground);
    resetter_main(fd, start->settings);
}

bool helpers_fork(struct fencer_start *start, const struct privileges *p, struct err *e)
{
    pid_t pid = fork_one(&start->spawner_fd, e);
    if (pid == 0 && privileges_become_supervisor(p, e))
        be_helper(start, HELPERS_SPAWNER, start->spawner_fd);
    if (pid <= 0)
        return false;
    if (!start->settings->cluster.vip.address_count)
        return true;
    pid = fork_one(&start->resetter_fd, e);
    if (pid == 0) {
        privileges_hurry(); /* as the fencer, for the VIP waits for it */
        if (privileges_become_resetter(p, e))
            be_helper(start, HELPERS_RESETTER, start->resetter_fd);
    }
    return pid > 0;
}

/* ---- beside us ---- */

static int reach(const char *run_dir, const char *name, struct err *e)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int length = snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s.sock", run_dir, name);
    int fd = length < (int)sizeof(to.sun_path) ? socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) : -1;
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
        fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
        return fd;
    err_set(
        e,
        "%s: %s; a daemon that is not started as root needs its %s from there: see mysql-replcheck-%s.socket "
        "among the samples",
        to.sun_path, strerror(errno), name, name);
    if (fd >= 0)
        close(fd);
    return -1;
}

bool helpers_connect(struct fencer_start *start, struct err *e)
{
    const struct settings *s = start->settings;
    if ((start->spawner_fd = reach(s->node.run_dir, HELPERS_SPAWNER, e)) < 0)
        return false;
    return !s->cluster.vip.address_count ||
           (start->resetter_fd = reach(s->node.run_dir, HELPERS_RESETTER, e)) >= 0;
}

bool helpers_serve(const char *name, const struct settings *settings, const char *config_dir, bool foreground,
                   struct err *e)
{
    bool spawner = strcmp(name, HELPERS_SPAWNER) == 0;
    int kind = 0;
    socklen_t size = sizeof(kind);
    if (!spawner && strcmp(name, HELPERS_RESETTER) != 0)
        return err_set(e, "there is no helper \"%s\"", name);
    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != SOCK_SEQPACKET)
        return err_set(e, "the %s is started by its unit, with the fencer's connection as standard input",
                       name);
    int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0)
        return err_set(e, "the connection: %s", strerror(errno));
    if (!privileges_stay_helper(!spawner, e))
        return false;
    if (spawner)
        serve_spawner(fd, settings, config_dir, foreground);
    resetter_main(fd, settings);
}
