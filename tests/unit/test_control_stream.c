/* Lines over the control socket: clients that are slow, long, many, or gone. On real unix sockets, in one
 * loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/control_stream.h"
#include "wire/control_proto.h"

#define READERS  61020 /* a group */
#define STRANGER 61010 /* users */
#define READER   61011

static struct event_base *base;
static struct control_stream *server;
static struct control_client *waiting;
static char dir[] = "/tmp/replcheck-stream-XXXXXX", path[64];
static int lines, gone, left;
static enum access_level level;

/* Echoes; "wait" is answered later; "big" by more than a socket holds. */
static void on_line(void *arg, struct control_client *c, const char *line, size_t length)
{
    (void)arg;
    lines++;
    level = control_client_peer(c)->level;
    left += control_client_left(c);
    if (strcmp(line, "wait") == 0) {
        waiting = c;
        control_client_wait(c);
        return;
    }
    size_t size = strcmp(line, "big") == 0 ? 1 << 20 : length;
    char *answer = mem_zalloc(size + 2);
    memset(answer, 'x', size);
    if (size == length)
        memcpy(answer, line, length);
    answer[size] = '\n';
    control_client_send(c, answer);
}

static void on_gone(void *arg, struct control_client *c)
{
    (void)arg;
    gone++;
    if (waiting == c)
        waiting = NULL;
}

static char *denied(void *arg, const struct access_peer *peer)
{
    (void)arg;
    return mem_printf("denied %u\n", (unsigned)peer->uid);
}

static int set_up(void **state)
{
    struct control_stream_events events = {.line = on_line, .gone = on_gone, .denied = denied};
    struct access_groups groups = {.read = READERS, .read_known = true};
    struct err e;
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/control.sock", dir);
    base = event_base_new();
    server = control_stream_new(base, path, &groups, &events, &e);
    assert_non_null(server);
    lines = gone = left = 0;
    waiting = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    control_stream_free(&server);
    event_base_free(base);
    assert_int_equal(access(path, F_OK), -1);
    rmdir(dir);
    return 0;
}

static int connect_one(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    strcpy(a.sun_path, path);
    assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void turn(int times)
{
    while (times--) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        usleep(200);
    }
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    turn(5);
}

/* What has come, terminated. -1: nothing yet; 0: ended. */
static ssize_t heard(int fd, char *out, size_t size)
{
    ssize_t n = recv(fd, out, size - 1, 0);
    out[n > 0 ? n : 0] = '\0';
    return n;
}

static void assert_hears(int fd, const char *text)
{
    char got[512];
    heard(fd, got, sizeof(got));
    assert_string_equal(got, text);
}

static void answers_in_turn(void **state)
{
    int fd = connect_one();
    (void)state;
    say(fd, "one\n");
    assert_hears(fd, "one\n");
    say(fd, "two\nthree\nfo");
    turn(20);
    say(fd, "ur\n");
    turn(20);
    assert_hears(fd, "two\nthree\nfour\n");
    assert_int_equal(lines, 4);
    assert_int_equal(level, ACCESS_ACT); /* this process's own user */
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0666);
    close(fd);
    turn(5);
    assert_int_equal(gone, 1);
}

static void refuses_a_long_line(void **state)
{
    char text[CONTROL_REQUEST_MAX + 64], got[512];
    int fd = connect_one();
    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    say(fd, text);
    turn(10);
    heard(fd, got, sizeof(got));
    assert_non_null(strstr(got, "too long"));
    ssize_t n = heard(fd, got, sizeof(got));
    assert_true(n == 0 || (n < 0 && errno == ECONNRESET)); /* part of the line was never read */
    assert_int_equal(lines, 0);
    assert_int_equal(gone, 1);
    close(fd);
}

static void half_closed_gets_its_answer(void **state)
{
    char got[64];
    int fd = connect_one();
    (void)state;
    assert_int_equal(send(fd, "hello\n", 6, 0), 6);
    shutdown(fd, SHUT_WR);
    turn(10);
    assert_hears(fd, "hello\n");
    assert_int_equal(heard(fd, got, sizeof(got)), 0);
    assert_int_equal(left, 0);
    close(fd);
}

static void who_closed_has_left(void **state)
{
    int fd = connect_one();
    (void)state;
    turn(10);
    assert_int_equal(send(fd, "hello\n", 6, 0), 6);
    close(fd);
    turn(10);
    assert_int_equal(lines, 1);
    assert_int_equal(left, 1);
}

static void waits(void **state)
{
    char got[64];
    int fd = connect_one();
    (void)state;
    say(fd, "wait\nafter\n");
    turn(10);
    assert_non_null(waiting);
    assert_int_equal(heard(fd, got, sizeof(got)), -1);
    assert_int_equal(lines, 1); /* the second waits for the first */
    control_client_send(waiting, mem_strdup("done\n"));
    turn(20);
    assert_hears(fd, "done\nafter\n");
    close(fd);

    fd = connect_one();
    say(fd, "wait\n");
    close(fd);
    turn(10);
    if (waiting) { /* it may only have ended its side: the answer tells */
        control_client_send(waiting, mem_strdup("done\n"));
        turn(10);
    }
    assert_null(waiting);
    assert_int_equal(gone, 2);
}

static void does_not_wait_for_a_reader(void **state)
{
    int slow = connect_one(), quick = connect_one();
    (void)state;
    say(slow, "big\nbig\nbig\n");
    turn(20);
    assert_int_equal(lines, 1);
    say(quick, "hello\n");
    assert_hears(quick, "hello\n");
    close(slow);
    close(quick);
    turn(5);
    assert_int_equal(gone, 2);
}

static void turns_away_too_many(void **state)
{
    int fds[17];
    char got[256];
    (void)state;
    for (int i = 0; i < 17; i++) {
        fds[i] = connect_one();
        turn(3);
    }
    heard(fds[16], got, sizeof(got));
    assert_non_null(strstr(got, "\"busy\""));
    say(fds[3], "still\n");
    assert_hears(fds[3], "still\n");
    close(fds[0]);
    turn(5);
    close(fds[16]);
    fds[16] = connect_one();
    turn(3);
    say(fds[16], "now\n");
    assert_hears(fds[16], "now\n");
    for (int i = 1; i < 17; i++)
        close(fds[i]);
    turn(10);
    assert_int_equal(gone, 17);
}

/* The kernel notes who one is when one connects. */
static int connect_as(uid_t uid, gid_t gid)
{
    assert_int_equal(setegid(gid), 0);
    assert_int_equal(seteuid(uid), 0);
    int fd = connect_one();
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(setegid(0), 0);
    turn(3);
    return fd;
}

static void needs_other_users(void)
{
    if (geteuid() != 0) {
        print_message("skipped: needs root, to be another user\n");
        skip();
    }
    assert_int_equal(chmod(dir, 0755), 0);
}

static void who_may_nothing_gets_no_place(void **state)
{
    int strangers[32];
    (void)state;
    needs_other_users();
    for (int i = 0; i < 32; i++)
        strangers[i] = connect_as(STRANGER, STRANGER);
    int reader = connect_as(READER, READERS), own = connect_one();
    say(reader, "hello\n");
    assert_hears(reader, "hello\n");
    assert_int_equal(level, ACCESS_READ);
    say(own, "promote\n");
    assert_hears(own, "promote\n");
    assert_int_equal(level, ACCESS_ACT);
    for (int i = 0; i < 32; i++) {
        char got[8];
        assert_hears(strangers[i], "denied 61010\n");
        assert_int_equal(heard(strangers[i], got, sizeof(got)), 0);
        close(strangers[i]);
    }
    assert_int_equal(lines, 2);
    close(reader);
    close(own);
    turn(5);
    assert_int_equal(gone, 2);
}

/* What is said to it has no part in that: nothing of it is read. */
static void who_may_nothing_and_asks_all_the_same(void **state)
{
    (void)state;
    needs_other_users();
    assert_int_equal(setegid(STRANGER) || seteuid(STRANGER), 0);
    int fd = connect_one();
    assert_int_equal(send(fd, "hello\n", 6, MSG_NOSIGNAL), 6); /* before it is accepted */
    assert_int_equal(seteuid(0) || setegid(0), 0);
    turn(3);
    assert_hears(fd, "denied 61010\n");
    assert_int_equal(lines, 0);
    close(fd);
}

static int count_of(const int *fds, int count, const char *text)
{
    char got[256];
    int n = 0;
    for (int i = 0; i < count; i++)
        if (heard(fds[i], got, sizeof(got)) > 0)
            n += strstr(got, text) != NULL;
    return n;
}

static void readers_leave_room(void **state)
{
    int first[8], second[8], third[8], own[5];
    char got[256];
    (void)state;
    needs_other_users();
    for (int i = 0; i < 8; i++) {
        first[i] = connect_as(READER, READERS);
        second[i] = connect_as(READER + 1, READERS);
    }
    for (int i = 0; i < 8; i++)
        third[i] = connect_as(READER + 2, READERS);
    assert_int_equal(count_of(first, 8, "busy"), 2);
    assert_int_equal(count_of(second, 8, "busy"), 2);
    assert_int_equal(count_of(third, 8, "busy"), 8);
    for (int i = 0; i < 5; i++) {
        own[i] = connect_one();
        turn(3);
    }
    for (int i = 0; i < 4; i++) {
        say(own[i], "still\n");
        assert_hears(own[i], "still\n");
    }
    heard(own[4], got, sizeof(got));
    assert_non_null(strstr(got, "busy"));
    close(first[0]);
    turn(3);
    int again = connect_as(READER, READERS);
    say(again, "now\n");
    assert_hears(again, "now\n");
    close(again);
    for (int i = 0; i < 8; i++)
        close(first[i]), close(second[i]), close(third[i]);
    for (int i = 0; i < 5; i++)
        close(own[i]);
}

/* Those who call take turns with all else. */
static void on_turn(evutil_socket_t fd, short what, void *arg)
{
    (void)fd, (void)what;
    *(int *)arg = gone + 1;
    event_base_loopbreak(base);
}

static void many_callers_do_not_hold_the_loop(void **state)
{
    int fds[48], seen = 0;
    (void)state;
    for (int i = 0; i < 48; i++) {
        fds[i] = connect_one();
        assert_int_equal(send(fds[i], "x\n", 2, MSG_NOSIGNAL), 2);
    }
    int pair[2], waits_still = 0;
    assert_int_equal(pipe(pair), 0);
    struct event *other = event_new(base, pair[0], EV_READ, on_turn, &seen);
    event_add(other, NULL);
    assert_int_equal(write(pair[1], "x", 1), 1);
    event_base_loop(base, EVLOOP_ONCE);
    assert_int_equal(seen, 1);
    for (int i = 0; i < 48; i++) {
        char got[8];
        waits_still += heard(fds[i], got, sizeof(got)) < 0;
    }
    assert_true(waits_still > 16);
    event_free(other);
    for (int i = 0; i < 48; i++)
        close(fds[i]);
    close(pair[0]);
    close(pair[1]);
}

static void replaces_what_was_left_behind(void **state)
{
    struct control_stream_events events = {.line = on_line, .gone = on_gone, .denied = denied};
    struct access_groups groups = {0};
    struct err e;
    (void)state;
    struct control_stream *second = control_stream_new(base, path, &groups, &events, &e);
    assert_non_null(second);
    int fd = connect_one();
    say(fd, "again\n");
    assert_hears(fd, "again\n");
    close(fd);
    turn(5);
    control_stream_free(&second);
    assert_null(control_stream_new(base, "/nowhere/control.sock", &groups, &events, &e));
    assert_non_null(strstr(e.text, "/nowhere/control.sock: No such file"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(answers_in_turn),
        TEST(refuses_a_long_line),
        TEST(half_closed_gets_its_answer),
        TEST(who_closed_has_left),
        TEST(waits),
        TEST(does_not_wait_for_a_reader),
        TEST(turns_away_too_many),
        TEST(who_may_nothing_gets_no_place),
        TEST(who_may_nothing_and_asks_all_the_same),
        TEST(readers_leave_room),
        TEST(many_callers_do_not_hold_the_loop),
        TEST(replaces_what_was_left_behind),
    };
    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
