/* Sessions against a real server that behaves: replies, order, callbacks, locks, numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session_fixture.h"

static void several_results_in_one_reply(void **state)
{
    struct client c;
    struct answer a;
    struct session_options o = by_socket(&server);
    (void)state;
    client_open(&c, &o);
    int64_t before_us = clock_now_us();
    ask(&c,
        "SELECT 1 AS a, NULL AS b; SET @x = 'y'; SELECT 2 UNION ALL SELECT 3; SELECT @x WHERE 0; SELECT @x",
        500, &a);
    assert_int_equal(a.calls, 0);
    assert_int_equal(session_pending(c.session), 1);
    assert_true(session_outstanding_since_us(c.session) >= before_us);
    AWAIT(a.calls, CLOCK_MS(500));
    assert_int_equal(a.status, REPLY_OK);
    assert_int_equal(a.set_count, 4);
    assert_int_equal(a.row_count, 4);
    assert_string_equal(a.first, "1");
    assert_string_equal(a.last, "y");
    assert_string_equal(a.error, "");
    assert_true(before_us <= a.sent_us && a.sent_us < a.answered_us && a.answered_us <= a.called_us);
    assert_int_equal(session_pending(c.session), 0);
    assert_int_equal(session_outstanding_since_us(c.session), 0);
    session_free(&c.session);
    assert_null(c.session);
}

static void cells_by_name(void *arg, const struct reply *r)
{
    const struct rows *set = r->sets;
    int64_t number = 0;
    int *calls = arg;
    assert_int_equal(r->status, REPLY_OK);
    assert_int_equal(r->set_count, 1);
    assert_int_equal(set->column_count, 4);
    assert_int_equal(set->row_count, 2);
    assert_true(rows_i64(set, 0, "n", &number));
    assert_int_equal(number, -5);
    assert_null(rows_text(set, 0, "nothing"));
    assert_string_equal(rows_text(set, 0, "empty"), "");
    assert_string_equal(rows_text(set, 1, "word"), "gr\303\274n");
    ++*calls;
}

static void cells_names_and_null(void **state)
{
    struct client c;
    int calls = 0;
    struct session_options o = by_socket(&server);
    (void)state;
    client_open(&c, &o);
    session_query(
        c.session,
        "SELECT -5 AS n, NULL AS nothing, '' AS empty, 'x' AS word UNION ALL SELECT 1, 2, 3, 'gr\303\274n'",
        0, cells_by_name, &calls);
    AWAIT(calls, CLOCK_MS(500));
    session_free(&c.session);
}

static void errors_keep_what_came_before(void **state)
{
    static const struct {
        const char *name, *sql;
        unsigned error_no;
        size_t sets;
        const char *error;
    } cases[] = {
        {"first statement", "SELECT nonsense; SELECT 1", 1054, 0, "nonsense"},
        {"second statement", "SELECT 1; SELECT nonsense; SELECT 2", 1054, 1, "nonsense"},
        {"after the SET", "SET @a = 1; SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'", 1644, 0, "no"},
        {"syntax", "SELECT 1; SELEC", 1064, 1, "syntax"},
        {"amid the rows",
         "SELECT 7; SELECT IF(seq = 900, (SELECT 1 UNION SELECT 2), seq) FROM mysql.seq_1_to_1000", 1242, 2,
         "more than 1 row"},
        {"empty", "", 1065, 0, "empty"},
    };
    struct client c;
    struct session_options o = by_socket(&server);
    (void)state;
    client_open(&c, &o);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct answer a;
        ask(&c, cases[i].sql, 1000, &a);
        AWAIT(a.calls, CLOCK_MS(1500));
        if (a.status != REPLY_ERROR || a.error_no != cases[i].error_no || a.set_count != cases[i].sets ||
            !strstr(a.error, cases[i].error) || !a.answered_us)
            fail_msg("%s: status %d, %u %s, %zu sets", cases[i].name, a.status, a.error_no, a.error,
                     a.set_count);
        assert_string_equal(value_of(&c, "SELECT 'still here'"), "still here");
    }
    assert_int_equal(c.downs, 0);
    session_free(&c.session);
}

static bool was_called(int fd)
{
    int connection = accept(fd, NULL, NULL);
    return connection >= 0 && close(connection) == 0;
}

static void begins_in_the_loops_next_turn(void **state)
{
    struct client c;
    struct session_options o = by_tcp(&server);
    int fd = listen_somewhere(&o.port);
    (void)state;
    client_start(&c, &o);
    for (int downs = 0; downs < 5; downs++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        assert_true(was_called(fd));
        AWAIT(c.downs > downs, CLOCK_MS(100));
        session_retry_now(c.session);
    }
    session_free(&c.session);
    close(fd);
}

struct chain {
    struct client *client;
    char order[64];
};

static void note(void *arg, const struct reply *reply)
{
    struct chain *chain = arg;
    size_t used = strlen(chain->order);
    assert_int_equal(reply->status, REPLY_OK);
    snprintf(chain->order + used, sizeof(chain->order) - used, "%s", reply->sets[0].cells[0]);
}

static void note_and_ask(void *arg, const struct reply *reply)
{
    struct chain *chain = arg;
    note(arg, reply);
    session_query(chain->client->session, "SELECT 'd'", 0, note, chain);
    /* The one queued before comes first, and none goes out while this callback runs. */
    assert_int_equal(session_pending(chain->client->session), 3);
    assert_int_equal(session_outstanding_since_us(chain->client->session), 0);
}

static void answers_in_order(void **state)
{
    struct client c;
    struct chain chain = {.client = &c};
    struct session_options o = by_socket(&server);
    (void)state;
    client_open(&c, &o);
    session_query(c.session, "SELECT 'a'", 0, note_and_ask, &chain);
    session_query(c.session, "SELECT 'b'", 0, note, &chain);
    session_query(c.session, "SELECT 'c'", 0, note, &chain);
    assert_int_equal(session_pending(c.session), 3);
    AWAIT(strlen(chain.order) == 4, CLOCK_MS(500));
    assert_string_equal(chain.order, "abcd");
    session_free(&c.session);
}

static void by_tcp_from_an_address(void **state)
{
    struct client c;
    struct session_options o = by_tcp(&server);
    int on = 0;
    socklen_t length = sizeof(on);
    char id[32];
    (void)state;
    o.bind_address = "127.0.0.2";
    o.init_sql = "SET @ready = 'yes'; SELECT 1";
    int64_t before_us = clock_now_us();
    client_open(&c, &o);
    assert_string_equal(value_of(&c, "SELECT @ready"), "yes");
    assert_string_equal(value_of(&c, "SELECT SUBSTRING_INDEX(USER(), '@', -1)"), "127.0.0.2");
    assert_string_equal(value_of(&c, "SELECT @@character_set_client"), "utf8mb4");
    assert_int_equal(getsockopt(session_fd(c.session), 6 /* TCP */, 1 /* NODELAY */, &on, &length), 0);
    assert_int_equal(on, 1);
    snprintf(id, sizeof(id), "%lu", session_connection_id(c.session));
    assert_string_equal(value_of(&c, "SELECT CONNECTION_ID()"), id);
    assert_true(session_opened_us(c.session) >= before_us && session_opened_us(c.session) < c.up_us);
    assert_string_equal(session_name(c.session), "test");
    session_free(&c.session);
}

static void names_the_peer(void **state)
{
    struct client c;
    struct session_options o = by_socket(&server);
    struct {
        pid_t pid;
        uid_t uid;
        gid_t gid;
    } peer;
    socklen_t length = sizeof(peer);
    (void)state;
    client_open(&c, &o);
    assert_int_equal(getsockopt(session_fd(c.session), SOL_SOCKET, SO_PEERCRED, &peer, &length), 0);
    assert_int_equal(peer.pid, server.pid);
    session_free(&c.session);
}

static void refuses_infile(void **state)
{
    struct client c;
    struct answer a;
    struct session_options o = by_socket(&server);
    (void)state;
    client_open(&c, &o);
    ask(&c,
        "CREATE TEMPORARY TABLE mysql.loaded (x TEXT); LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE "
        "mysql.loaded",
        1000, &a);
    AWAIT(a.calls, CLOCK_MS(1500));
    assert_int_not_equal(a.status, REPLY_OK);
    session_free(&c.session);
}

/* Another session gets the lock the moment the first is closed, freed, or its reply is late. */
static void closing_lets_go_of_locks(void **state)
{
    static const struct {
        const char *name, *meanwhile;
        bool tcp, free_it;
        int64_t limit_us;
    } cases[] = {
        {"closed, unix", NULL, false, false, CLOCK_MS(100)},
        {"closed, TCP", NULL, true, false, CLOCK_MS(100)},
        {"freed", NULL, true, true, CLOCK_MS(100)},
        {"closed inside a statement that sleeps", "SELECT SLEEP(2)", true, false, CLOCK_MS(2500)},
        {"closed inside a wait for a lock", "SELECT GET_LOCK('other', 2)", true, false, CLOCK_MS(2500)},
        {"closed inside one that computes", "SELECT BENCHMARK(1500000, MD5(1))", true, false, CLOCK_MS(8000)},
    };
    struct client waiter, other;
    struct session_options o = by_socket(&server);
    (void)state;
    client_open(&waiter, &o);
    client_open(&other, &o);
    assert_string_equal(value_of(&other, "SELECT GET_LOCK('other', 0)"), "1");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct client holder;
        struct answer got;
        struct session_options h = cases[i].tcp ? by_tcp(&server) : by_socket(&server);
        client_open(&holder, &h);
        assert_string_equal(value_of(&holder, "SELECT GET_LOCK('test', 0)"), "1");
        ask(&waiter, "SELECT GET_LOCK('test', 10)", 0, &got);
        if (cases[i].meanwhile)
            ask(&holder, cases[i].meanwhile, 0, NULL);
        run_for(CLOCK_MS(20));
        assert_int_equal(got.calls, 0);
        int64_t closed_us = clock_now_us();
        if (cases[i].free_it)
            session_free(&holder.session);
        else
            session_close(holder.session, "test");
        AWAIT(got.calls, cases[i].limit_us);
        assert_string_equal(got.first, "1");
        print_message("%s: let go after %lld us\n", cases[i].name, (long long)(got.answered_us - closed_us));
        assert_string_equal(value_of(&waiter, "SELECT RELEASE_LOCK('test')"), "1");
        session_free(&holder.session);
    }
    session_free(&waiter.session);
    session_free(&other.session);
}

/* The server logs each connection that ends without a farewell. */
static void leaves_politely_when_idle(void **state)
{
    static const char *const count = "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
                                     " WHERE VARIABLE_NAME = 'ABORTED_CLIENTS'";
    struct client c, idle;
    struct session_options o = by_socket(&server), t = by_tcp(&server);
    char before[32];
    (void)state;
    client_open(&c, &o);
    snprintf(before, sizeof(before), "%s", value_of(&c, count));
    client_open(&idle, &o);
    session_free(&idle.session);
    client_open(&idle, &t);
    session_close(idle.session, "test");
    session_free(&idle.session);
    run_for(CLOCK_MS(50));
    assert_string_equal(value_of(&c, count), before);
    session_free(&c.session);
}

static void hundred_sessions(void **state)
{
    enum { SESSIONS = 100, QUERIES = 10 };
    static struct client clients[SESSIONS];
    static struct answer answers[SESSIONS][QUERIES];
    struct session_options o = by_socket(&server);
    (void)state;
    for (int i = 0; i < SESSIONS; i++)
        client_start(&clients[i], &o);
    for (int i = 0; i < SESSIONS; i++)
        AWAIT(session_is_up(clients[i].session), CLOCK_MS(10000));
    int64_t before_us = clock_now_us();
    for (int i = 0; i < SESSIONS; i++)
        for (int k = 0; k < QUERIES; k++)
            ask(&clients[i], "SELECT CONNECTION_ID()", 10000, &answers[i][k]);
    for (int i = 0; i < SESSIONS; i++) {
        char id[32];
        snprintf(id, sizeof(id), "%lu", session_connection_id(clients[i].session));
        for (int k = 0; k < QUERIES; k++) {
            AWAIT(answers[i][k].calls, CLOCK_MS(10000));
            assert_string_equal(answers[i][k].first, id);
        }
    }
    print_message("%d statements over %d sessions: %lld us\n", SESSIONS * QUERIES, SESSIONS,
                  (long long)(clock_now_us() - before_us));
    for (int i = 0; i < SESSIONS; i++)
        session_free(&clients[i].session);
}

static unsigned extra_port(void)
{
    const char *port = getenv("SERVER_EXTRA_PORT");
    return port ? (unsigned)strtoul(port, NULL, 10) : 0;
}

/* A full server is reached by its extra port, at once; later by the usual one again. */
static void a_full_server(void **state)
{
    enum { FILLERS = 10 };
    static struct client fillers[FILLERS];
    struct client c, refused;
    struct session_options by_one_port = by_tcp(&server), by_two = by_tcp(&server), o = by_socket(&server);
    (void)state;
    client_open(&fillers[0], &o);
    value_of(&fillers[0], "SET GLOBAL max_connections=10; SELECT 1");
    for (int i = 1; i < FILLERS; i++)
        client_open(&fillers[i], &o);
    client_open(&c, &o); /* the one beyond the limit */
    client_start(&refused, &by_one_port);
    AWAIT(refused.downs, CLOCK_MS(1000));
    assert_int_equal(session_last_error_no(refused.session), 1040);
    by_two.extra_port = extra_port();
    session_free(&refused.session);
    client_start(&refused, &by_two);
    AWAIT(session_is_up(refused.session), CLOCK_MS(1000));
    assert_int_equal(refused.downs, 1);
    assert_string_equal(value_of(&refused, "SELECT 'here'"), "here");
    for (int i = 1; i < FILLERS; i++)
        session_free(&fillers[i].session);
    session_close(refused.session, "to come back");
    AWAIT(refused.ups == 2, CLOCK_MS(1000));
    assert_int_equal(refused.downs, 2);
    value_of(&fillers[0], "SET GLOBAL max_connections=300; SELECT 1");
    session_free(&fillers[0].session);
    session_free(&refused.session);
    session_free(&c.session);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(several_results_in_one_reply),
        TEST(cells_names_and_null),
        TEST(errors_keep_what_came_before),
        TEST(answers_in_order),
        TEST(begins_in_the_loops_next_turn),
        TEST(by_tcp_from_an_address),
        TEST(names_the_peer),
        TEST(refuses_infile),
        TEST(closing_lets_go_of_locks),
        TEST(leaves_politely_when_idle),
        TEST(hundred_sessions),
        TEST(a_full_server),
    };
    if (!fixture_find_servers())
        return 77; /* run by test_session.py */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
