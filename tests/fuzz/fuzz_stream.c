/* The control socket's framing: a client that sends anything in any pieces, and leaves. Each whole line of up
 * to CONTROL_REQUEST_MAX bytes is handed up once, in order, until one is too long. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/control_stream.h"
#include "fuzz.h"

#define TURNS_MAX  20000
#define PIECES_MAX 64

static struct event_base *base;
static struct control_stream *server;
static char path[96];
static const char *expected; /* what is to be handed up next */
static int gone;

static void on_line(void *arg, struct control_client *c, const char *line, size_t length)
{
    const char *end = strchr(expected, '\n');
    (void)arg;
    FUZZ_CHECK(end && (size_t)(end - expected) == length && memcmp(expected, line, length) == 0);
    FUZZ_CHECK(line[length] == '\0');
    expected = end + 1;
    if (length % 3 == 0)
        control_client_wait(c);
    control_client_send(c, mem_strdup("x\n"));
}

static void on_gone(void *arg, struct control_client *c)
{
    (void)arg, (void)c;
    gone++;
}

static void open_server(void)
{
    const struct control_stream_events events = {.line = on_line, .gone = on_gone};
    const struct access_groups groups = {0};
    struct err e;
    snprintf(path, sizeof(path), "%s/control.sock", fuzz_folder());
    base = event_base_new();
    server = control_stream_new(base, path, &groups, &events, &e);
    FUZZ_CHECK(server);
}

static int client(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    FUZZ_CHECK(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
    return fd;
}

static void turn(int fd)
{
    char answers[4096];
    event_base_loop(base, EVLOOP_NONBLOCK);
    while (recv(fd, answers, sizeof(answers), MSG_DONTWAIT) > 0)
        continue;
}

/* The first byte says how large the pieces are; a long input comes in no more than PIECES_MAX. A NUL would
 * end the text that is compared with: there is none. */
void fuzz_stream(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = {data, size};
    size_t piece = (size_t)fuzz_number(&b, 1) * 17 + 1;
    char *text = fuzz_text(b.at, b.left);
    for (size_t i = 0; i < b.left; i++)
        text[i] = text[i] ? text[i] : '0';
    if (piece < b.left / PIECES_MAX)
        piece = b.left / PIECES_MAX;
    if (!server)
        open_server();
    int fd = client();
    gone = 0;
    expected = text;
    for (size_t at = 0; at < b.left && !gone; at += piece) {
        size_t n = b.left - at < piece ? b.left - at : piece;
        if (send(fd, text + at, n, MSG_NOSIGNAL) < 0)
            break;
        turn(fd);
    }
    shutdown(fd, SHUT_WR);
    for (int turns = 0; turns < TURNS_MAX && !gone; turns++)
        turn(fd);
    FUZZ_CHECK(gone == 1);
    close(fd);
    free(text);
}
