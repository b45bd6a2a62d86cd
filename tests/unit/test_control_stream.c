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

static struct event_base *base;
static struct control_stream *server;
static struct control_client *waiting;
static char dir[] = "/tmp/replcheck-stream-XXXXXX", path[64];
static int lines, gone;
static enum access_level level;

/* Echoes; "wait" is answered later; "big" by more than a socket holds. */
static void on_line(void *arg, struct control_client *c, const char *line, size_t length)
{
    (void)arg;
    lines++;
    level = control_client_peer(c)->level;
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

static int set_up(void **state)
{
    struct control_stream_events events = {.line = on_line, .gone = on_gone};
    struct access_groups groups = {0};
    struct err e;
    (void)state;
    strcpy(dir + strlen(dir) - 6, "XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/control.sock", dir);
    base = event_base_new();
    server = control_stream_new(base, path, &groups, &events, &e);
    assert_non_null(server);
    lines = gone = 0;
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
    close(fd);
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

static void replaces_what_was_left_behind(void **state)
{
    struct control_stream_events events = {.line = on_line, .gone = on_gone};
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
        TEST(waits),
        TEST(does_not_wait_for_a_reader),
        TEST(turns_away_too_many),
        TEST(replaces_what_was_left_behind),
    };
    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
