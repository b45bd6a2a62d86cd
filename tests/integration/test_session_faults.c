/* Sessions against servers that stop, die, refuse or do not answer: the answer is always REPLY_LOST in
 * time, and the loop is never held up (fixture_end() looks). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session_fixture.h"

static void assert_between(const char *what, int64_t us, int64_t least_us, int64_t most_us)
{
    if (us < least_us || us > most_us)
        fail_msg("%s: %lld us, expected %lld to %lld", what, (long long)us, (long long)least_us,
                 (long long)most_us);
}

static int number_after(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    assert_non_null(at);
    return atoi(at + strlen(words));
}

static void deadline_at_a_stopped_server(void **state)
{
    struct session_options kinds[] = {by_socket(&server), by_tcp(&server)};
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct client c;
        struct answer first, second;
        client_open(&c, &kinds[i]);
        fixture_stop(&server);
        int64_t start_us = clock_now_us();
        ask(&c, "SELECT 1", 200, &first);
        ask(&c, "SELECT 2", 0, &second);
        AWAIT(first.calls && second.calls && c.downs, CLOCK_MS(1000));
        assert_between("deadline", first.called_us - start_us, CLOCK_MS(200), CLOCK_MS(210) + SLACK_US);
        assert_int_equal(first.status, REPLY_LOST);
        assert_true(first.sent_us >= start_us && first.answered_us == 0);
        assert_int_equal(first.error_no, 2013);
        assert_between("what it says", CLOCK_MS(number_after(first.error, "no answer within ")),
                       CLOCK_MS(200), CLOCK_MS(210) + SLACK_US);
        assert_int_equal(second.status, REPLY_LOST); /* with the connection */
        assert_int_equal(second.sent_us, 0);
        assert_true(second.called_us <= c.down_us);
        assert_int_equal(session_fd(c.session), -1);
        kill(server.pid, SIGCONT);
        AWAIT(c.ups == 2, CLOCK_MS(3000));
        assert_string_equal(value_of(&c, "SELECT 'again'"), "again");
        session_free(&c.session);
    }
}

static void deadline_of_what_was_not_sent(void **state)
{
    struct client c;
    struct answer slow, queued, later;
    struct session_options o = by_socket(&server);
    (void)state;
    client_open(&c, &o);
    int64_t start_us = clock_now_us();
    ask(&c, "SELECT SLEEP(0.4)", 0, &slow);
    ask(&c, "SELECT 'queued'", 100, &queued);
    ask(&c, "SELECT 'later'", 2000, &later);
    AWAIT(queued.calls, CLOCK_MS(1000));
    assert_between("deadline", queued.called_us - start_us, CLOCK_MS(100), CLOCK_MS(110) + SLACK_US);
    assert_int_equal(queued.status, REPLY_LOST);
    assert_int_equal(queued.sent_us, 0);
    AWAIT(later.calls, CLOCK_MS(2000));
    assert_int_equal(slow.status, REPLY_OK);
    assert_string_equal(later.first, "later");
    assert_int_equal(c.downs, 0);
    session_free(&c.session);
}

static void kill_from_elsewhere(void **state)
{
    struct client c, killer;
    struct answer a;
    struct session_options kinds[] = {by_socket(&server), by_tcp(&server)};
    char sql[64];
    (void)state;
    client_open(&killer, &kinds[0]);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (int busy = 0; busy < 2; busy++) {
            client_open(&c, &kinds[i]);
            if (busy)
                ask(&c, "SELECT SLEEP(5)", 0, &a);
            run_for(CLOCK_MS(20));
            snprintf(sql, sizeof(sql), "KILL CONNECTION %lu", session_connection_id(c.session));
            int64_t killed_us = clock_now_us();
            ask(&killer, sql, 0, NULL);
            AWAIT(c.downs, CLOCK_MS(500));
            print_message("%s: down after %lld us: %s\n", busy ? "inside a statement" : "idle",
                          (long long)(c.down_us - killed_us), c.reason);
            if (busy) {
                assert_int_equal(a.status, REPLY_LOST);
                assert_true(a.sent_us > 0);
            }
            AWAIT(c.ups == 2, CLOCK_MS(1000));
            session_free(&c.session);
        }
    }
    session_free(&killer.session);
}

static void stopped_server_is_left_in_time(void **state)
{
    struct session_options kinds[] = {by_socket(&server), by_tcp(&server)};
    (void)state;
    fixture_stop(&server);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct client c;
        kinds[i].connect_timeout_ms = 300;
        int64_t start_us = clock_now_us();
        client_start(&c, &kinds[i]);
        AWAIT(c.downs, CLOCK_MS(1000));
        assert_between("connect", c.down_us - start_us, CLOCK_MS(300), CLOCK_MS(310) + SLACK_US);
        assert_non_null(strstr(c.reason, "300 ms"));
        AWAIT(c.downs == 2, CLOCK_MS(1000));
        session_free(&c.session);
    }
    kill(server.pid, SIGCONT);
}

/* A full backlog drops what comes, as a host does that is gone: connecting is given up before it began. */
static void nobody_answers(void **state)
{
    struct client c;
    struct server deaf = {0};
    int fillers[4], listener = listen_somewhere(&deaf.port);
    struct session_options o = by_tcp(&deaf);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)state;
    at.sin_port = htons((uint16_t)deaf.port);
    assert_int_equal(listen(listener, 0), 0);
    for (size_t i = 0; i < COUNT(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&at, sizeof(at));
    }
    o.connect_timeout_ms = 100;
    o.bind_address = "127.0.0.2";
    client_start(&c, &o);
    AWAIT(c.downs == 4, CLOCK_MS(2000));
    assert_non_null(strstr(c.reason, "100 ms"));
    session_free(&c.session);
    for (size_t i = 0; i < COUNT(fillers); i++)
        close(fillers[i]);
    close(listener);
}

static void refused_at_once(void **state)
{
    static const struct server nowhere = {.socket = "/nonexistent/mysqld.sock", .port = 1};
    struct session_options cases[] = {by_socket(&nowhere), by_tcp(&nowhere), by_tcp(&server), by_tcp(&server),
                                      by_tcp(&server)};
    static const char *const reasons[] = {"/nonexistent/mysqld.sock", "(111)", "Access denied",
                                          "localhost is not a numeric address",
                                          "mx1 is not a numeric address"};
    (void)state;
    cases[2].password = "wrong";
    cases[3].address = "localhost";
    cases[4].bind_address = "mx1";
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct client c;
        int64_t start_us = clock_now_us();
        client_start(&c, &cases[i]);
        assert_int_equal(c.downs, 0);
        AWAIT(c.downs, CLOCK_MS(500));
        assert_between(reasons[i], c.down_us - start_us, 0, CLOCK_MS(10) + SLACK_US);
        if (!strstr(c.reason, reasons[i]))
            fail_msg("'%s' lacks '%s'", c.reason, reasons[i]);
        session_free(&c.session);
    }
}

static void not_up_answers_from_the_loop(void **state)
{
    static const struct server nowhere = {.socket = "/nonexistent/mysqld.sock"};
    struct client c;
    struct answer early, late;
    struct session_options o = by_socket(&nowhere), real = by_socket(&server);
    (void)state;
    client_start(&c, &o);
    ask(&c, "SELECT 1", 0, &early);
    assert_int_equal(early.calls, 0);
    assert_int_equal(session_pending(c.session), 0);
    turn();
    AWAIT(early.calls, CLOCK_MS(20));
    assert_int_equal(early.status, REPLY_LOST);
    assert_int_equal(early.sent_us, 0);
    AWAIT(c.downs, CLOCK_MS(500));
    ask(&c, "SELECT 1", 0, &late);
    assert_int_equal(late.calls, 0);
    AWAIT(late.calls, CLOCK_MS(20));
    assert_non_null(strstr(late.error, "/nonexistent"));
    session_free(&c.session);
    /* Asked while connecting: not kept for the connection that comes. */
    client_start(&c, &real);
    ask(&c, "SELECT 1", 0, &early);
    AWAIT(c.ups && early.calls, CLOCK_MS(1000));
    assert_int_equal(early.status, REPLY_LOST);
    assert_string_equal(early.error, "not connected yet");
    session_free(&c.session);
}

static void init_sql_comes_first(void **state)
{
    struct client c;
    struct session_options o = by_socket(&server);
    (void)state;
    o.init_sql = "SET @a = 1; SELECT nonsense";
    client_start(&c, &o);
    AWAIT(c.downs, CLOCK_MS(500));
    assert_non_null(strstr(c.reason, "init_sql: Unknown column"));
    assert_int_equal(c.ups, 0);
    session_free(&c.session);
    o.init_sql = "SELECT SLEEP(2)";
    o.connect_timeout_ms = 200;
    int64_t start_us = clock_now_us();
    client_start(&c, &o);
    AWAIT(c.downs, CLOCK_MS(500));
    assert_between("init_sql", c.down_us - start_us, CLOCK_MS(200), CLOCK_MS(210) + SLACK_US);
    session_free(&c.session);
}

/* A server that hangs up on everyone, and when each one came. */
static void back_off_doubles(void **state)
{
    struct client c;
    struct server rude = {0};
    int64_t came_us[9];
    int listener = listen_somewhere(&rude.port);
    struct session_options o = by_tcp(&rude);
    (void)state;
    o.backoff_max_ms = 400;
    client_start(&c, &o);
    for (size_t i = 0; i < COUNT(came_us); i++) {
        int64_t end_us = clock_now_us() + CLOCK_MS(1000);
        int fd;
        while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) < 0 && clock_now_us() < end_us)
            turn();
        assert_true(fd >= 0);
        came_us[i] = clock_now_us();
        close(fd);
        if (i == 0)
            continue;
        int64_t ms = i < 6 ? 20 << (i - 1) : 400;
        if (i > 1 && i + 1 == COUNT(came_us)) /* session_retry_now() below */
            assert_between("hurried", came_us[i] - came_us[i - 1], 0, CLOCK_MS(20) + SLACK_US);
        else
            assert_between("back-off", came_us[i] - came_us[i - 1], CLOCK_MS(ms) * 8 / 10 - 1000,
                           CLOCK_MS(ms) * 12 / 10 + CLOCK_MS(10) + SLACK_US);
        if (i + 2 == COUNT(came_us)) {
            AWAIT(c.downs == (int)i + 1, CLOCK_MS(100));
            session_retry_now(c.session);
        }
    }
    session_free(&c.session);
    close(listener);
}

static void back_off_after_a_connection(void **state)
{
    struct client c;
    struct session_options o = by_socket(&server);
    (void)state;
    client_open(&c, &o);
    for (int i = 0; i < 5; i++) { /* up for an instant each time: the pause grows */
        session_close(c.session, "flapping");
        assert_int_equal(c.downs, i);
        assert_false(session_is_up(c.session));
        AWAIT(c.ups == i + 2, CLOCK_MS(1500));
        assert_between("flapping", c.up_us - c.down_us, CLOCK_MS(20 << i) * 8 / 10,
                       CLOCK_MS(20 << i) * 12 / 10 + CLOCK_MS(10) + SLACK_US);
    }
    assert_string_equal(c.reason, "closed: flapping");
    run_for(CLOCK_MS(1050)); /* lasting: it begins anew */
    session_close(c.session, "once");
    AWAIT(c.ups == 7, CLOCK_MS(1000));
    assert_between("lasting", c.up_us - c.down_us, CLOCK_MS(16), CLOCK_MS(34) + SLACK_US);
    session_close(c.session, "hurry");
    session_retry_now(c.session);
    AWAIT(c.ups == 8, CLOCK_MS(1000));
    assert_between("hurried", c.up_us - c.down_us, 0, CLOCK_MS(10) + SLACK_US);
    session_free(&c.session);
}

struct freer {
    struct session *session;
    int answers, ups, downs;
    enum { FREE_ON_ANSWER, FREE_ON_UP, FREE_ON_DOWN, FREE_ON_LOSS } when;
};

static void freer_done(void *arg, const struct reply *reply)
{
    struct freer *f = arg;
    f->answers++;
    if (!f->session)
        return;
    session_query(f->session, "SELECT 'dropped with the session'", 0, NULL, NULL);
    if (f->when == FREE_ON_ANSWER || (f->when == FREE_ON_LOSS && reply->status == REPLY_LOST)) {
        session_free(&f->session);
        assert_int_equal(f->answers, 3); /* the others were answered meanwhile */
    }
}

static void freer_up(void *arg, struct session *s)
{
    struct freer *f = arg;
    f->ups++;
    for (int i = 0; i < 3; i++)
        session_query(s, f->when == FREE_ON_LOSS ? "KILL CONNECTION_ID()" : "SELECT 1", 0, freer_done, f);
    if (f->when == FREE_ON_DOWN)
        session_close(s, "test");
    if (f->when == FREE_ON_UP)
        session_free(&f->session);
}

static void freer_down(void *arg, struct session *s, const char *reason)
{
    struct freer *f = arg;
    (void)s;
    (void)reason;
    f->downs++;
    session_free(&f->session);
}

static void freed_inside_its_callbacks(void **state)
{
    struct session_options o = by_socket(&server);
    (void)state;
    for (int when = FREE_ON_ANSWER; when <= FREE_ON_LOSS; when++) {
        struct freer f = {.when = when};
        struct session_events events = {.up = freer_up, .down = freer_down, .arg = &f};
        f.session = session_new(base, &o, &events);
        AWAIT(!f.session, CLOCK_MS(1000));
        assert_int_equal(f.answers, 3);
        assert_int_equal(f.ups, 1);
        assert_int_equal(f.downs, when == FREE_ON_DOWN);
        run_for(CLOCK_MS(20));
        assert_int_equal(f.answers, 3);
    }
}

static void freed_while_it_connects(void **state)
{
    struct session_options kinds[] = {by_socket(&server), by_tcp(&server)};
    (void)state;
    fixture_stop(&server);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        struct client c;
        client_start(&c, &kinds[i]);
        session_free(&c.session);
        client_start(&c, &kinds[i]);
        run_for(CLOCK_MS(10));
        session_free(&c.session);
        assert_int_equal(c.downs, 0);
    }
    kill(server.pid, SIGCONT);
}

/* Last: the server is gone afterwards. */
static void killed_server_is_seen_at_once(void **state)
{
    struct client busy, idle, tcp;
    struct answer a;
    struct session_options o = by_socket(&victim), t = by_tcp(&victim);
    (void)state;
    client_open(&busy, &o);
    client_open(&idle, &o);
    client_open(&tcp, &t);
    ask(&busy, "SELECT SLEEP(10)", 0, &a);
    run_for(CLOCK_MS(20));
    int64_t killed_us = clock_now_us();
    kill(victim.pid, SIGKILL);
    AWAIT(busy.downs && idle.downs && tcp.downs, CLOCK_MS(1000));
    print_message("down after %lld us (statement), %lld us (idle), %lld us (TCP): %s; %s; %s\n",
                  (long long)(busy.down_us - killed_us), (long long)(idle.down_us - killed_us),
                  (long long)(tcp.down_us - killed_us), busy.reason, idle.reason, tcp.reason);
    assert_int_equal(a.status, REPLY_LOST);
    assert_between("idle", idle.down_us - killed_us, 0, CLOCK_MS(100) + SLACK_US);
    int64_t refused_us = clock_now_us();
    AWAIT(idle.downs == 4 && tcp.downs == 4, CLOCK_MS(1000));
    assert_true(clock_now_us() - refused_us > CLOCK_MS(40));
    session_free(&busy.session);
    session_free(&idle.session);
    session_free(&tcp.session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(deadline_at_a_stopped_server),
        TEST(deadline_of_what_was_not_sent),
        TEST(kill_from_elsewhere),
        TEST(stopped_server_is_left_in_time),
        TEST(refused_at_once),
        TEST(not_up_answers_from_the_loop),
        TEST(init_sql_comes_first),
        TEST(back_off_doubles),
        TEST(back_off_after_a_connection),
        TEST(freed_inside_its_callbacks),
        TEST(freed_while_it_connects),
        TEST(nobody_answers),
        TEST(killed_server_is_seen_at_once),
    };
    if (!fixture_find_servers())
        return 77; /* run by test_session.py */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
