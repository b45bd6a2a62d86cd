#define _GNU_SOURCE /* SOCK_CLOEXEC */
#include "daemon/service_notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_US 100000

static int reach(const char *path, struct sockaddr_un *to, socklen_t *size)
{
    size_t length = path ? strlen(path) : 0;
    if (length < 2 || length >= sizeof(to->sun_path) || (path[0] != '/' && path[0] != '@'))
        return -1;
    memset(to, 0, sizeof(*to));
    to->sun_family = AF_UNIX;
    memcpy(to->sun_path, path, length);
    if (path[0] == '@')
        to->sun_path[0] = 0; /* the abstract name space */
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static bool tell(const char *state, int passed, int flags)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    struct sockaddr_un to;
    struct iovec part = {(void *)(uintptr_t)state, strlen(state)};
    struct msghdr m = {.msg_name = &to, .msg_iov = &part, .msg_iovlen = 1};
    const struct timeval patience = {0, PATIENCE_US};
    int fd = reach(getenv("NOTIFY_SOCKET"), &to, &m.msg_namelen);
    if (fd < 0)
        return false;
    if (passed >= 0) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &passed, sizeof(int));
    }
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    bool sent = sendmsg(fd, &m, MSG_NOSIGNAL | flags) == (ssize_t)part.iov_len;
    close(fd);
    return sent;
}

void service_notify(const char *state)
{
    bool sent = tell(state, -1, MSG_DONTWAIT);
    (void)sent; /* systemd notices by itself that it hears nothing */
}

bool service_notify_with(const char *state, int fd)
{
    return tell(state, fd, 0);
}

int service_notify_watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (!usec || (pid && atol(pid) != (long)getpid()))
        return 0;
    long long ms = atoll(usec) / 2000;
    return ms > 0 && ms < 3600000 ? (int)ms : 0;
}
