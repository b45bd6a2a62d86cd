#include "plugin/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_PAUSE_MS 10

int64_t ask_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static const char *advice(int number)
{
    if (number == ENOENT || number == ECONNREFUSED)
        return " (does mysql-replcheckd run?)";
    return number == EACCES ? " (this user may not enter the daemon's run_dir)" : "";
}

/* A full queue of the socket is a matter of moments. */
static bool connect_patiently(int fd, const struct sockaddr_un *address, int64_t deadline_us)
{
    while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        if (errno != EAGAIN || ask_now_us() >= deadline_us)
            return false;
        poll(NULL, 0, CONNECT_PAUSE_MS);
    }
    return true;
}

static int open_socket(const char *path, int64_t deadline_us, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return err_set(e, "%s: the path is too long for a socket", path), -1;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(e, "socket: %s", strerror(errno)), -1;
    if (connect_patiently(fd, &address, deadline_us))
        return fd;
    err_set(e, "%s: %s%s", path, errno == EAGAIN ? "it accepts nobody" : strerror(errno), advice(errno));
    close(fd);
    return -1;
}

static bool wait_for(int fd, short what, int64_t deadline_us, const char *path, struct err *e)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = what};
        int64_t left = deadline_us - ask_now_us();
        int n = left > 0 ? poll(&p, 1, (int)(left / 1000) + 1) : 0;
        if (n > 0)
            return true;
        if (n == 0)
            return err_set(e, "%s: the supervisor did not answer in time", path);
        if (errno != EINTR)
            return err_set(e, "poll: %s", strerror(errno));
    }
}

/* Whoever is turned away has his answer before he asks, and nobody to ask. */
static bool send_all(int fd, const char *text, int64_t deadline_us, const char *path, struct err *e)
{
    for (size_t sent = 0, length = strlen(text); sent < length;) {
        ssize_t n = send(fd, text + sent, length - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EPIPE)
            return true;
        else if (errno != EINTR && errno != EAGAIN)
            return err_set(e, "%s: %s", path, strerror(errno));
        else if (errno == EAGAIN && !wait_for(fd, POLLOUT, deadline_us, path, e))
            return false;
    }
    return true;
}

static bool receive_line(int fd, int64_t deadline_us, const char *path, char *out, size_t size,
                         size_t *length, struct err *e)
{
    for (size_t used = 0;;) {
        if (!wait_for(fd, POLLIN, deadline_us, path, e))
            return false;
        ssize_t n = recv(fd, out + used, size - used, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return err_set(e, "%s: %s", path,
                           n ? strerror(errno) : "the supervisor ended before it answered");
        const char *end = memchr(out + used, '\n', (size_t)n);
        used += (size_t)n;
        if (end) {
            *length = (size_t)(end - out);
            return true;
        }
        if (used == size)
            return err_set(e, "%s: the answer is too long", path);
    }
}

bool ask(const char *path, const char *request, int64_t deadline_us, char *out, size_t size, size_t *length,
         struct err *e)
{
    int fd = open_socket(path, deadline_us, e);
    if (fd < 0)
        return false;
    bool ok = send_all(fd, request, deadline_us, path, e) &&
              receive_line(fd, deadline_us, path, out, size, length, e);
    close(fd);
    return ok;
}
