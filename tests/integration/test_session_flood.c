/* Sessions against a server of ours that does not stop talking, in a process of its own: at the greeting, and
 * in answer to a statement. Each time the connection ends, soon, by the session's own bounds: neither its
 * deadline nor the memory of this process is used up, and the loop goes on meanwhile. And one that breaks
 * off, at any byte. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session_fixture.h"

#define GROWTH_KB  (96 * 1024) /* AddressSanitizer keeps what was freed for a while */
#define PATIENCE   CLOCK_MS(60000)
#define FLOOD_MAX  (UINT64_C(64) << 20) /* bytes; then the flood has not been stopped */
#define PACKET_MAX 70000

static const char greeting[] = "\x54\0\0\0\x0a"
                               "10.11.99-MariaDB\0"
                               "\x07\0\0\0"
                               "abcdefgh\0"
                               "\xfe\xf7\x2d\x02\0\x0f\0\x15"
                               "\0\0\0\0\0\0\0\0\0\0"
                               "abcdefghijkl\0"
                               "mysql_native_password";
static const char accepted[] = "\x07\0\0\x02\0\0\0\x02\0\0\0";

#define BYTES(literal) literal, sizeof(literal) - 1
#define COLUMN_BODY                                                                                          \
    "\x03"                                                                                                   \
    "def\0\0\0\x01"                                                                                          \
    "a\0\x0c\x3f\0\x01\0\0\0\x03\x81\0\0\0\0"
#define END_BODY "\xfe\0\0\x02\0"

enum phase { AT_GREETING, AT_LOGIN, AT_ANSWER };

/* Packets without their heads, which are numbered as they are sent: up to three, then the last for ever. */
struct flood {
    const char *name;
    enum phase phase;
    struct {
        const char *bytes;
        size_t length;
    } packets[4];
    size_t padded; /* the last packet's length, filled with its last byte; 0 = as it is */
};

static const struct flood floods[] = {
    {"progress before the greeting", AT_GREETING, {{BYTES("\xff\xff\xff\x01\x01\x02\0\0\0\0")}}, 0},
    {"progress after the login", AT_LOGIN, {{BYTES("\xff\xff\xff\x01\x01\x02\0\0\0\0")}}, 0},
    {"progress for an answer", AT_ANSWER, {{BYTES("\xff\xff\xff\x01\x01\x02\0\0\0\0")}}, 0},
    {"columns", AT_ANSWER, {{BYTES("\x01")}, {BYTES(COLUMN_BODY)}}, 0},
    {"2^32 - 1 columns", AT_ANSWER, {{BYTES("\xfe\xff\xff\xff\xff\0\0\0\0")}, {BYTES(COLUMN_BODY)}}, 0},
    {"columns with long names",
     AT_ANSWER,
     {{BYTES("\x01")},
      {BYTES("\x03"
             "def\0\0\0\xfd\x00\x11\x01"
             "a")}},
     PACKET_MAX},
    {"rows", AT_ANSWER, {{BYTES("\x01")}, {BYTES(COLUMN_BODY)}, {BYTES(END_BODY)}, {BYTES("\x01x")}}, 0},
    {"rows of NULL",
     AT_ANSWER,
     {{BYTES("\x01")}, {BYTES(COLUMN_BODY)}, {BYTES(END_BODY)}, {BYTES("\xfb")}},
     0},
    {"progress among rows",
     AT_ANSWER,
     {{BYTES("\x01")}, {BYTES(COLUMN_BODY)}, {BYTES(END_BODY)}, {BYTES("\xff\xff\xff\x01\x01\x02\0\0\0\0")}},
     0},
    {"answers without a set", AT_ANSWER, {{BYTES("\0\0\0\x0a\0\0\0")}}, 0},
    {"requests for a file", AT_ANSWER, {{BYTES("\xfb/etc/passwd")}}, 0},
    {"other ways to log in", AT_LOGIN, {{BYTES("\xfemysql_native_password\0abcdefghabcdefghijkl\0")}}, 0},
    {"an error message", AT_ANSWER, {{BYTES("\xff\x51\x04#HY000x")}}, PACKET_MAX},
};

/* ---- the server, in the child ---- */

static void put(int fd, const void *bytes, size_t length)
{
    for (const char *at = bytes; length;) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(0); /* the connection was ended: as it should */
        at += n;
        length -= (size_t)n;
    }
}

/* The other's packet: what is said there is of no interest. */
static void get(int fd)
{
    char bytes[4096];
    if (recv(fd, bytes, sizeof(bytes), 0) <= 0)
        _exit(0);
}

/* The packet as it goes over the wire, at `out`. */
static size_t framed(char *out, const struct flood *f, int i, bool last, unsigned char number)
{
    size_t length = f->packets[i].length, whole = last && f->padded ? f->padded : length;
    const unsigned char head[4] = {whole & 0xff, whole >> 8 & 0xff, whole >> 16, number};
    memcpy(out, head, 4);
    memcpy(out + 4, f->packets[i].bytes, length);
    memset(out + 4 + length, f->packets[i].bytes[length - 1], whole - length);
    return 4 + whole;
}

static void talk(int fd, const struct flood *f)
{
    static char out[1 << 18];
    uint64_t said = 0;
    unsigned char number = f->phase == AT_GREETING ? 0 : f->phase == AT_LOGIN ? 2 : 1;
    int i = 0;
    if (f->phase != AT_GREETING) {
        put(fd, greeting, sizeof(greeting));
        get(fd);
    }
    if (f->phase == AT_ANSWER) {
        put(fd, accepted, sizeof(accepted) - 1);
        get(fd);
    }
    while (said < FLOOD_MAX) {
        size_t used = 0;
        do {
            bool last = i == 3 || !f->packets[i + 1].bytes;
            used += framed(out + used, f, i, last, number++);
            i += !last;
        } while (used < sizeof(out) - PACKET_MAX - 16);
        put(fd, out, used);
        said += used;
    }
    _exit(1);
}

static pid_t start_server(const struct flood *f, unsigned *port)
{
    int listener = listen_somewhere(port);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct pollfd p = {.fd = listener, .events = POLLIN};
        poll(&p, 1, 10000);
        talk(accept4(listener, NULL, NULL, 0), f);
    }
    close(listener);
    return child;
}

/* ---- the session ---- */

static long peak_kb(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

static void ask_when_up(struct client *c, struct answer *a)
{
    memset(a, 0, sizeof(*a));
    AWAIT(session_is_up(c->session) || c->downs, PATIENCE);
    if (session_is_up(c->session))
        ask(c, "SELECT 1", 60000, a);
}

static void bear(const struct flood *f)
{
    struct server at = {0};
    struct answer a;
    struct client c;
    int status;
    long before = peak_kb();
    pid_t child = start_server(f, &at.port);
    struct session_options o = by_tcp(&at);
    o.connect_timeout_ms = 60000;
    o.backoff_min_ms = o.backoff_max_ms = 60000;
    client_start(&c, &o);
    ask_when_up(&c, &a);
    AWAIT(c.downs || a.calls, PATIENCE);
    if (c.downs && f->phase == AT_ANSWER && (a.calls != 1 || a.status != REPLY_LOST))
        fail_msg("%s: %d answers, %d", f->name, a.calls, a.status);
    print_message("%s: %s\n", f->name, c.downs ? c.reason : a.error);
    session_free(&c.session); /* an error is an answer: that session is well, until it hears the next */
    assert_int_equal(waitpid(child, &status, 0), child);
    if (status != 0)
        fail_msg("%s: the flood was not stopped", f->name);
    if (peak_kb() - before > GROWTH_KB)
        fail_msg("%s: %ld KiB more", f->name, peak_kb() - before);
}

static void bears_floods(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(floods); i++)
        bear(&floods[i]);
}

/* ---- one that breaks off ---- */

static const char reply[] = "\x01\0\0\x01\x01"
                            "\x17\0\0\x02" COLUMN_BODY "\x05\0\0\x03" END_BODY "\x02\0\0\x04\x01x"
                            "\x05\0\0\x05" END_BODY;

struct part {
    const char *bytes;
    size_t length;
};

/* Says the first `length` bytes of all parts, each after the client has spoken, and closes. */
static void break_off(size_t length)
{
    const struct part parts[] = {{greeting, sizeof(greeting)}, {BYTES(accepted)}, {BYTES(reply)}};
    struct server at = {0};
    struct answer a = {0};
    struct client c;
    int fd, listener = listen_somewhere(&at.port);
    struct session_options o = by_tcp(&at);
    o.connect_timeout_ms = 60000;
    o.backoff_min_ms = o.backoff_max_ms = 60000;
    client_start(&c, &o);
    AWAIT((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0, PATIENCE);
    for (size_t i = 0; i < COUNT(parts) && length; i++) {
        char heard[4096];
        size_t n = length < parts[i].length ? length : parts[i].length;
        assert_int_equal(send(fd, parts[i].bytes, n, MSG_NOSIGNAL), (ssize_t)n);
        length -= n;
        if (i == 1 && length)
            ask_when_up(&c, &a);
        if (length)
            AWAIT(recv(fd, heard, sizeof(heard), 0) > 0, PATIENCE);
    }
    shutdown(fd, SHUT_WR);
    AWAIT(c.downs, PATIENCE);
    assert_int_equal(c.downs, 1);
    assert_true(c.reason[0]);
    assert_true(c.ups == 0 || a.calls <= 1);
    session_free(&c.session);
    close(fd);
    close(listener);
}

static void bears_its_end(void **state)
{
    size_t whole = sizeof(greeting) + sizeof(accepted) - 1 + sizeof(reply) - 1;
    (void)state;
    for (size_t length = 0; length <= whole; length += length < 8 ? 1 : 3)
        break_off(length);
    break_off(whole);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(bears_floods), TEST(bears_its_end)};
    if (!fixture_find_servers())
        return 77; /* run by test_session.py */
    alarm(300);    /* a loop that is kept from going on does not see any limit above */
    fixture_slack_us = CLOCK_MS(5000);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
