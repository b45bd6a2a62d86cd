#define _GNU_SOURCE /* pipe2 */
#include "daemon/service_store.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "daemon/service_notify.h"

#define FIRST_FD 3

int service_store_room(void)
{
    const char *most = getenv("FDSTORE");
    return most && getenv("NOTIFY_SOCKET") ? atoi(most) : 0;
}

bool service_store_put(const char *name, int fd)
{
    char told[96];
    snprintf(told, sizeof(told), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
    return service_notify_with(told, fd);
}

/* The manager closes the pipe's end when it comes to this message, which is after all others. */
bool service_store_settled(int ms)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    bool sent = service_notify_with("BARRIER=1", ends[1]);
    close(ends[1]);
    struct pollfd closed = {ends[0], 0, 0};
    bool settled = sent && poll(&closed, 1, ms) == 1;
    close(ends[0]);
    return settled;
}

void service_store_remove(const char *name)
{
    char told[96];
    snprintf(told, sizeof(told), "FDSTOREREMOVE=1\nFDNAME=%s", name);
    service_notify(told);
}

int service_store_find(const char *name)
{
    const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    size_t length = strlen(name);
    if (!pid || !count || !names || atol(pid) != (long)getpid())
        return -1;
    for (int fd = FIRST_FD; fd < FIRST_FD + atoi(count); fd++) {
        size_t size = strcspn(names, ":");
        if (size == length && strncmp(names, name, size) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
            return fd;
        if (!names[size])
            break;
        names += size + 1;
    }
    return -1;
}

void service_store_forget(void)
{
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}
