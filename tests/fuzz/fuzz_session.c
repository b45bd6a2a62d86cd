/* A database server that lies, over a socket: the first byte says how far it behaves (the greeting, the
 * login), what follows is said, and then it is silent and gone. Whatever it was, the session is told of once,
 * each statement is answered once, and nothing of them is left. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "io/session.h"

#define TURNS_MAX 3000 /* of 1 ms at most */
#define CELL_MAX  (1024 * 1024)

static const char greeting[] = "\x54\0\0\0\x0a"
                               "10.11.99-MariaDB\0"
                               "\x07\0\0\0"
                               "abcdefgh\0"
                               "\xfe\xf7\x2d\x02\0\x0f\0\x15"
                               "\0\0\0\0\0\0\0\0\0\0"
                               "abcdefghijkl\0"
                               "mysql_native_password";
static const char accepted[] = "\x07\0\0\x02\0\0\0\x02\0\0\0";

struct play {
    int fd;
    int ups, downs, replies;
};

static struct event_base *base;
static int listener = -1;
static char path[96];

static void open_listener(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    base = event_base_new();
    snprintf(path, sizeof(path), "%s/mysqld.sock", fuzz_folder());
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    FUZZ_CHECK(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
               listen(listener, 4) == 0);
}

static void check_set(const struct rows *set)
{
    for (size_t i = 0; i < set->column_count; i++)
        FUZZ_CHECK(strlen(set->names[i]) <= CELL_MAX);
    for (size_t i = 0; i < set->row_count * set->column_count; i++)
        FUZZ_CHECK(!set->cells[i] || strlen(set->cells[i]) <= CELL_MAX);
}

static void answered(void *arg, const struct reply *r)
{
    struct play *p = arg;
    p->replies++;
    FUZZ_CHECK(r->error && fuzz_is_printable(r->error));
    FUZZ_CHECK(r->status != REPLY_OK || r->answered_us >= r->sent_us);
    for (size_t i = 0; i < r->set_count; i++)
        check_set(&r->sets[i]);
}

static void on_up(void *arg, struct session *s)
{
    struct play *p = arg;
    p->ups++;
    session_query(s, "SELECT 1", 0, answered, p);
    session_query(s, "SELECT 2", 0, answered, p);
}

static void on_down(void *arg, struct session *s, const char *reason)
{
    struct play *p = arg;
    (void)s;
    FUZZ_CHECK(reason[0] && fuzz_is_printable(reason));
    p->downs++;
}

static void hear(const struct play *p)
{
    char heard[4096];
    while (p->fd >= 0 && recv(p->fd, heard, sizeof(heard), MSG_DONTWAIT) > 0)
        continue;
}

static void turn(const struct play *p)
{
    static const struct timeval tick = {.tv_usec = 1000};
    event_base_loopexit(base, &tick);
    event_base_loop(base, EVLOOP_ONCE);
    hear(p);
}

static void say(const struct play *p, const void *bytes, size_t size)
{
    if (size && !p->downs)
        (void)!send(p->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    for (int i = 0; i < 3 && !p->downs; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        hear(p);
    }
}

static void lie(const struct play *p, struct fuzz_bytes *b)
{
    unsigned manners = (unsigned)fuzz_number(b, 1);
    if (manners & 1)
        say(p, greeting, sizeof(greeting));
    if ((manners & 3) == 3)
        say(p, accepted, sizeof(accepted) - 1);
    for (size_t piece = manners & 4 ? 3 : 4096; b->left; b->at += piece, b->left -= piece) {
        piece = piece < b->left ? piece : b->left;
        say(p, b->at, piece);
    }
}

void fuzz_session(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = {data, size};
    struct play p = {.fd = -1};
    if (listener < 0)
        open_listener();
    const struct session_options o = {.name = "liar",
                                      .socket = path,
                                      .user = "replcheck",
                                      .password = "secret",
                                      .connect_timeout_ms = 60000,
                                      .backoff_min_ms = 60000,
                                      .backoff_max_ms = 60000};
    const struct session_events events = {.up = on_up, .down = on_down, .arg = &p};
    struct session *s = session_new(base, &o, &events);
    for (int i = 0; i < TURNS_MAX && p.fd < 0; i++) {
        turn(&p);
        p.fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    }
    FUZZ_CHECK(p.fd >= 0);
    lie(&p, &b);
    shutdown(p.fd, SHUT_WR);
    for (int i = 0; i < TURNS_MAX && !p.downs; i++)
        turn(&p);
    FUZZ_CHECK(p.downs == 1 && p.ups <= 1);
    FUZZ_CHECK(p.replies == 2 * p.ups);
    session_free(&s);
    close(p.fd);
}
