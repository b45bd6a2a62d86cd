#define _GNU_SOURCE /* SOCK_CLOEXEC, struct ucred */
#include "daemon/upgrade_request.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "daemon/run_dir.h"
#include "wire/control_proto.h"

#define PATIENCE_US CLOCK_MS(15000) /* the new program is tried first, for up to 5 s */

/* Whoever listens at the control socket; 0: nobody. */
static pid_t supervisor_of(const char *run_dir)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct ucred who = {0};
    socklen_t size = sizeof(who);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool fits = snprintf(to.sun_path, sizeof(to.sun_path), "%s/%s", run_dir, CONTROL_SOCKET) <
                (int)sizeof(to.sun_path);
    bool ok = fd >= 0 && fits && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
              getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;
    if (fd >= 0)
        close(fd);
    return ok ? who.pid : 0;
}

bool upgrade_request(const char *run_dir, struct err *e)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    pid_t fencer = run_dir_holder(run_dir);
    pid_t before = supervisor_of(run_dir);
    int64_t until_us = clock_now_us() + PATIENCE_US;
    if (!fencer)
        return err_set(e, "no supervisor runs on this node: nobody holds %s/lock", run_dir);
    if (kill(fencer, SIGUSR2) != 0)
        return err_set(e, "the supervisor, process %d, cannot be told: %s", (int)fencer, strerror(errno));
    while (clock_now_us() < until_us) {
        pid_t now = supervisor_of(run_dir);
        if (now && now != before)
            return true;
        nanosleep(&pause, NULL);
    }
    return err_set(e, "it goes on with the version that it had; the reason is in the system's log");
}
