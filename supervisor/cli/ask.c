#include "cli/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "wire/report_json.h"

#define CONNECT_TRIES    50
#define CONNECT_PAUSE_MS 20

struct ask {
    int fd;
    char *path;
    char buffer[CONTROL_ANSWER_MAX + 1];
    size_t used;
};

static const char *advice(int number)
{
    if (number == ENOENT || number == ECONNREFUSED)
        return " (does mysql-replcheckd run?)";
    return number == EACCES ? " (run_dir cannot be entered by this user)" : "";
}

/* A full queue of the socket is a matter of moments. */
static bool connect_patiently(int fd, const struct sockaddr_un *address)
{
    for (int tries = 0;; tries++) {
        if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
            return true;
        if (errno != EAGAIN || tries == CONNECT_TRIES)
            return false;
        poll(NULL, 0, CONNECT_PAUSE_MS);
    }
}

struct ask *ask_open(const char *run_dir, struct err *e)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char *path = mem_printf("%s/%s", run_dir, CONTROL_SOCKET);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        err_set(e, "socket: %s", strerror(errno));
    } else if (strlen(path) >= sizeof(address.sun_path)) {
        err_set(e, "%s: the path is too long for a socket", path);
    } else {
        strcpy(address.sun_path, path);
        if (connect_patiently(fd, &address)) {
            struct ask *a = mem_zalloc(sizeof(*a));
            a->fd = fd;
            a->path = path;
            return a;
        }
        err_set(e, "%s: %s%s", path, errno == EAGAIN ? "too many ask at this moment" : strerror(errno),
                advice(errno));
    }
    if (fd >= 0)
        close(fd);
    free(path);
    return NULL;
}

void ask_close(struct ask **a)
{
    if (!*a)
        return;
    close((*a)->fd);
    free((*a)->path);
    free(*a);
    *a = NULL;
}

static bool wait_for(const struct ask *a, short what, int64_t deadline_us, struct err *e)
{
    for (;;) {
        struct pollfd p = {.fd = a->fd, .events = what};
        int64_t left = deadline_us - clock_now_us();
        int n = left > 0 ? poll(&p, 1, (int)(left / 1000) + 1) : 0;
        if (n > 0)
            return true;
        if (n == 0)
            return err_set(e, "%s: no answer in time", a->path);
        if (errno != EINTR)
            return err_set(e, "poll: %s", strerror(errno));
    }
}

/* Whoever is turned away has his answer before he asks, and nobody to ask. */
static bool send_all(const struct ask *a, const char *text, int64_t deadline_us, struct err *e)
{
    for (size_t sent = 0, length = strlen(text); sent < length;) {
        ssize_t n = send(a->fd, text + sent, length - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EPIPE)
            return true;
        else if (errno == EAGAIN ? !wait_for(a, POLLOUT, deadline_us, e) : errno != EINTR)
            return errno == EAGAIN ? false : err_set(e, "%s: %s", a->path, strerror(errno));
    }
    return true;
}

/* Reads up to and with a newline; the line remains in the buffer. */
static bool receive_line(struct ask *a, size_t *length, int64_t deadline_us, struct err *e)
{
    a->used = 0;
    for (;;) {
        if (!wait_for(a, POLLIN, deadline_us, e))
            return false;
        ssize_t n = recv(a->fd, a->buffer + a->used, sizeof(a->buffer) - a->used, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return err_set(e, "%s: %s", a->path, strerror(errno));
        if (n == 0)
            return err_set(e, "%s: the daemon ended before it answered", a->path);
        const char *end = memchr(a->buffer + a->used, '\n', (size_t)n);
        a->used += (size_t)n;
        if (end) {
            *length = (size_t)(end - a->buffer);
            return true;
        }
        if (a->used == sizeof(a->buffer))
            return err_set(e, "%s: the answer is too long", a->path);
    }
}

static enum ask_result judge(struct control_answer *out, struct err *e)
{
    if (out->ok)
        return ASK_DONE;
    err_set(e, "%s: %s", out->error, out->message);
    control_answer_clear(out);
    return ASK_REFUSED;
}

enum ask_result ask_request(struct ask *a, const struct control_request *request, int patience_ms,
                            struct control_answer *out, struct err *e)
{
    int64_t deadline_us = clock_now_us() + CLOCK_MS(patience_ms);
    char *text = control_request_format(request);
    size_t length = 0;
    bool answered = send_all(a, text, deadline_us, e) && receive_line(a, &length, deadline_us, e);
    free(text);
    if (!answered)
        return ASK_SILENT;
    return control_answer_parse(out, a->buffer, length, e) ? judge(out, e) : ASK_REFUSED;
}

enum ask_result ask_once(const char *run_dir, const struct control_request *request, int patience_ms,
                         struct control_answer *out, struct err *e)
{
    struct ask *a = ask_open(run_dir, e);
    enum ask_result result = a ? ask_request(a, request, patience_ms, out, e) : ASK_SILENT;
    ask_close(&a);
    return result;
}

enum ask_result ask_report(struct ask **a, const char *run_dir, struct report *out, struct err *e)
{
    struct control_request request = {.command = CONTROL_STATUS};
    struct control_answer answer;
    if (!*a && !(*a = ask_open(run_dir, e)))
        return ASK_SILENT;
    enum ask_result result = ask_request(*a, &request, ASK_PATIENCE_MS, &answer, e);
    if (result == ASK_SILENT)
        ask_close(a);
    if (result != ASK_DONE)
        return result;
    if (!report_from_json(out, json_object_get(answer.json, "report"), e))
        result = ASK_REFUSED;
    control_answer_clear(&answer);
    return result;
}
