#define _GNU_SOURCE /* pipe2 */
#include "daemon/background.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_SILENT = 1 };

/* The daemon's, among those that have ended: the process between us ends with 0. */
static int status_of_daemon(void)
{
    int status, of_daemon = 0;
    for (;;) {
        pid_t pid = waitpid(-1, &status, 0);
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0)
            return of_daemon ? of_daemon : STATUS_SILENT;
        if (!WIFEXITED(status))
            of_daemon = STATUS_SILENT;
        else if (WEXITSTATUS(status))
            of_daemon = WEXITSTATUS(status);
    }
}

static int await_daemon(const char *program, int ready)
{
    char byte;
    ssize_t got;
    do
        got = read(ready, &byte, 1);
    while (got < 0 && errno == EINTR);
    if (got == 1)
        return 0;
    int status = status_of_daemon();
    fprintf(stderr, "%s: it did not come up; the reason is above or in the system's log\n", program);
    return status;
}

/* False: in the starter, with `e`; the daemon has *in_daemon. */
static bool fork_away(bool *in_daemon, struct err *e)
{
    pid_t pid = fork();
    if (pid < 0)
        return err_set(e, "fork: %s", strerror(errno));
    *in_daemon = pid == 0;
    return true;
}

bool background_go(const char *program, int *ready_fd, struct err *e)
{
    int ready[2];
    bool away = false;
    if (pipe2(ready, O_CLOEXEC) != 0)
        return err_set(e, "pipe: %s", strerror(errno));
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* the daemon is then ours to wait for, once its parent has ended */
    if (!fork_away(&away, e))
        return false;
    if (!away) {
        close(ready[1]);
        _exit(await_daemon(program, ready[0]));
    }
    close(ready[0]);
    setsid();
    if (!fork_away(&away, e))
        return false;
    if (!away)
        _exit(0);
    *ready_fd = ready[1];
    return true;
}

void background_detach_stdio(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        dup2(null, fd);
    close(null);
}
