/* Sessions against a server of ours that lies: at the greeting, and after a login that it accepts; and
 * against a real one that is asked for too much. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session_fixture.h"

struct packet {
    const char *name, *bytes;
    size_t length;
};

#define BYTES(literal) literal, sizeof(literal) - 1

/* MariaDB's capabilities for protocol 4.1, plugin authentication and several results; no TLS. */
static const char greeting[] = "\x54\0\0\0\x0a"
                               "10.11.99-MariaDB\0"
                               "\x07\0\0\0"
                               "abcdefgh\0"
                               "\xfe\xf7\x2d\x02\0\x0f\0\x15"
                               "\0\0\0\0\0\0\0\0\0\0"
                               "abcdefghijkl\0"
                               "mysql_native_password";
static const char accepted[] = "\x07\0\0\x02\0\0\0\x02\0\0\0";

struct liar {
    int listener, fd;
    struct client client;
};

static void liar_begin(struct liar *l)
{
    struct server at = {0};
    l->listener = listen_somewhere(&at.port);
    struct session_options o = by_tcp(&at);
    o.connect_timeout_ms = 150;
    o.backoff_min_ms = 500;
    client_start(&l->client, &o);
    AWAIT((l->fd = accept4(l->listener, NULL, NULL, SOCK_NONBLOCK)) >= 0, CLOCK_MS(500));
}

static void liar_end(struct liar *l)
{
    session_free(&l->client.session);
    close(l->fd);
    close(l->listener);
}

static void say(struct liar *l, const char *bytes, size_t length)
{
    if (length)
        assert_int_equal(send(l->fd, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void hear(struct liar *l)
{
    char bytes[4096];
    AWAIT(recv(l->fd, bytes, sizeof(bytes), 0) > 0, CLOCK_MS(500));
}

static void log_in(struct liar *l)
{
    say(l, greeting, sizeof(greeting));
    hear(l);
    say(l, BYTES(accepted));
    AWAIT(l->client.ups, CLOCK_MS(500));
}

static void greets_wrongly(void **state)
{
    static const struct packet cases[] = {
        {"nothing", BYTES("")},
        {"HTTP", BYTES("HTTP/1.1 400 Bad Request\r\n\r\n")},
        {"a length and no more", BYTES("\x4a\0\0\0")},
        {"a packet of 16 MiB", BYTES("\xff\xff\xff\0\x0a")},
        {"an empty packet", BYTES("\0\0\0\0")},
        {"an old protocol", BYTES("\x02\0\0\0\x09\0")},
        {"a greeting cut short", greeting, 30},
        {"too many connections", BYTES("\x17\0\0\0\xff\x10\x04Too many connections")},
        {"noise", BYTES("\x13\x37\0\0\x0a\xff\xfe\xfd\xfc\xfb\xfa")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases) * 2; i++) {
        const struct packet *p = &cases[i / 2];
        bool hang_up = i % 2;
        struct liar l;
        liar_begin(&l);
        say(&l, p->bytes, p->length);
        if (hang_up)
            shutdown(l.fd, SHUT_RDWR);
        AWAIT(l.client.downs, CLOCK_MS(500));
        assert_int_equal(l.client.ups, 0);
        print_message("%s%s: %s\n", p->name, hang_up ? ", hangs up" : "", l.client.reason);
        liar_end(&l);
    }
}

/* It lets us in, and is MySQL. */
static void is_no_mariadb(void **state)
{
    static const char ours[] = "10.11.99-MariaDB", theirs[] = "8.0.36-0ubuntu0.";
    char other[sizeof(greeting)];
    struct liar l;
    (void)state;
    _Static_assert(sizeof(ours) == sizeof(theirs), "the packet's length stays");
    memcpy(other, greeting, sizeof(greeting));
    memcpy(other + 5, theirs, sizeof(theirs));
    liar_begin(&l);
    say(&l, other, sizeof(other));
    hear(&l);
    say(&l, BYTES(accepted));
    AWAIT(l.client.downs, CLOCK_MS(500));
    assert_int_equal(l.client.ups, 0);
    assert_string_equal(l.client.reason, "the server is of version 8.0.36-0ubuntu0.: this is no MariaDB");
    liar_end(&l);
}

/* A password is not handed over in the clear because a server asks. */
static void asks_for_the_password(void **state)
{
    static const char *const plugins[] = {"mysql_clear_password", "dialog", "mysql_old_password",
                                          "sha256_password", "../../evil"};
    (void)state;
    for (size_t i = 0; i < COUNT(plugins); i++) {
        struct liar l;
        char request[64] = "....\xfe", heard[256];
        size_t length = 5 + (size_t)snprintf(request + 5, sizeof(request) - 5, "%s", plugins[i]) + 1;
        request[0] = (char)(length - 4);
        request[1] = request[2] = 0;
        request[3] = 2;
        liar_begin(&l);
        say(&l, greeting, sizeof(greeting));
        hear(&l);
        say(&l, request, length);
        AWAIT(l.client.downs, CLOCK_MS(500));
        assert_true(recv(l.fd, heard, sizeof(heard), 0) <= 0);
        print_message("%s: %s\n", plugins[i], l.client.reason);
        liar_end(&l);
    }
}

static void speaks_unasked(void **state)
{
    static const struct {
        struct packet said;
        const char *reason;
    } cases[] = {
        {{"killed", BYTES("\x1e\0\0\0\xff\x87\x07#70100Connection was killed")},
         "the server ended the session: Connection was killed"},
        {{"killed, with colours", BYTES("\x1e\0\0\0\xff\x87\x07#70100\x1b[31mwas \xfe\nkilled!")},
         "the server ended the session: ?[31mwas ??killed!"},
        {{"an error without text", BYTES("\x09\0\0\0\xff\x87\x07#70100")},
         "the server closed the connection"},
        {{"an error cut short", BYTES("\x1e\0\0\0\xff\x87")}, "the server closed the connection"},
        {{"a result", BYTES("\x07\0\0\x01\0\0\0\x02\0\0\0")}, "the server closed the connection"},
        {{"a letter", BYTES("x")}, "the server closed the connection"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct liar l;
        liar_begin(&l);
        log_in(&l);
        say(&l, cases[i].said.bytes, cases[i].said.length);
        AWAIT(l.client.downs, CLOCK_MS(100));
        if (strcmp(l.client.reason, cases[i].reason) != 0)
            fail_msg("%s: %s", cases[i].said.name, l.client.reason);
        liar_end(&l);
    }
}

#define COLUMN                                                                                               \
    "\x17\0\0\x02\x03"                                                                                       \
    "def\0\0\0\x01"                                                                                          \
    "a\0\x0c\x3f\0\x01\0\0\0\x03\x81\0\0\0\0"
#define END_OF(n) "\x05\0\0" n "\xfe\0\0\x02\0"

static void replies_wrongly(void **state)
{
    static const struct packet cases[] = {
        {"silence", BYTES("")},
        {"an empty packet", BYTES("\0\0\0\x01")},
        {"killed", BYTES("\x1e\0\0\x01\xff\x87\x07#70100Connection was killed")},
        {"killed, and no more said", BYTES("\x09\0\0\x01\xff\x87\x07#70100")},
        {"shut down", BYTES("\x24\0\0\x01\xff\x1d\x04#08S01Server shutdown in progress")},
        {"asks for a file", BYTES("\x0c\0\0\x01\xfb/etc/passwd")},
        {"2^64 - 1 columns", BYTES("\x09\0\0\x01\xfe\xff\xff\xff\xff\xff\xff\xff\xff")},
        {"65535 columns and no more", BYTES("\x03\0\0\x01\xfc\xff\xff")},
        {"a column cut short", BYTES("\x01\0\0\x01\x01\x05\0\0\x02\x03"
                                     "def\0")},
        {"a column that is noise", BYTES("\x01\0\0\x01\x01\x04\0\0\x02\xff\xff\xff\xff" END_OF("\x03"))},
        {"a cell longer than its row",
         BYTES("\x01\0\0\x01\x01" COLUMN END_OF("\x03") "\x02\0\0\x04\x50x" END_OF("\x05"))},
        {"a cell of 2^63 bytes",
         BYTES("\x01\0\0\x01\x01" COLUMN END_OF(
             "\x03") "\x09\0\0\x04\xfe\xff\xff\xff\xff\xff\xff\xff\x7f" END_OF("\x05"))},
        {"rows without an end", BYTES("\x01\0\0\x01\x01" COLUMN END_OF("\x03") "\x02\0\0\x04\x01x")},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases) * 2; i++) {
        const struct packet *p = &cases[i / 2];
        bool hang_up = i % 2;
        struct answer a;
        struct liar l;
        liar_begin(&l);
        log_in(&l);
        ask(&l.client, "SELECT 1", 100, &a);
        hear(&l);
        say(&l, p->bytes, p->length);
        if (hang_up)
            shutdown(l.fd, SHUT_RDWR);
        AWAIT(a.calls, CLOCK_MS(300));
        if (a.status != REPLY_LOST || !a.sent_us || a.answered_us)
            fail_msg("%s: %d %u %s", p->name, a.status, a.error_no, a.error);
        AWAIT(l.client.downs, CLOCK_MS(100));
        assert_true(a.error[0]);
        assert_true(l.client.reason[0]);
        print_message("%s%s: %s\n", p->name, hang_up ? ", hangs up" : "", a.error);
        liar_end(&l);
    }
}

/* The replies above are close to right ones: this one is right. */
static void replies_rightly(void **state)
{
    struct answer a;
    struct liar l;
    (void)state;
    liar_begin(&l);
    log_in(&l);
    ask(&l.client, "SELECT 1", 500, &a);
    hear(&l);
    say(&l, BYTES("\x01\0\0\x01\x01" COLUMN END_OF("\x03") "\x02\0\0\x04\x01x" END_OF("\x05")));
    AWAIT(a.calls, CLOCK_MS(300));
    assert_int_equal(a.status, REPLY_OK);
    assert_string_equal(a.first, "x");
    liar_end(&l);
}

/* Rows for ever, byte by byte: the deadline ends it, and every byte is handled as it comes. */
static void drips(void **state)
{
    static const char reply[] = "\x01\0\0\x01\x01" COLUMN END_OF("\x03") "\x02\0\0\x04\x01x\x02\0\0\x05\x01x";
    struct answer a;
    struct liar l;
    (void)state;
    liar_begin(&l);
    log_in(&l);
    ask(&l.client, "SELECT 1", 300, &a);
    hear(&l);
    for (size_t i = 0; i < sizeof(reply) - 1; i++) {
        say(&l, reply + i, 1);
        turn();
    }
    assert_int_equal(a.calls, 0);
    AWAIT(a.calls, CLOCK_MS(400));
    assert_int_equal(a.status, REPLY_LOST);
    liar_end(&l);
}

static void noise_for_a_reply(void **state)
{
    (void)state;
    srandom(20240607);
    for (int i = 0; i < 300; i++) {
        char bytes[] = "\x01\0\0\x01\x01" COLUMN END_OF("\x03") "\x02\0\0\x04\x01x" END_OF("\x05");
        struct answer a;
        struct liar l;
        for (int n = (int)(random() % 4); n >= 0; n--)
            bytes[(size_t)random() % (sizeof(bytes) - 1)] = (char)random();
        liar_begin(&l);
        log_in(&l);
        ask(&l.client, "SELECT 1", 20, &a);
        hear(&l);
        say(&l, BYTES(bytes));
        AWAIT(a.calls, CLOCK_MS(300));
        liar_end(&l);
    }
}

static void says_too_much(void **state)
{
    static const struct {
        const char *name, *sql;
        size_t sets;
        bool lost;
    } cases[] = {
        {"64 sets", "SELECT 1", 64, false},
        {"65 sets", "SELECT 1", 65, true},
        {"almost 1 MiB", "SELECT REPEAT('x', 1048000)", 1, false},
        {"a cell of 1 MiB", "SELECT REPEAT('x', 1048577)", 1, true},
        {"a cell of 4 MiB", "SELECT REPEAT('x', 4194304)", 1, true},
        {"1 MiB over several sets", "SELECT REPEAT('x', 600000)", 2, true},
        {"many rows", "SELECT * FROM mysql.seq_1_to_1000000", 1, true},
        {"many NULLs", "SELECT NULL FROM mysql.seq_1_to_1000000", 1, true},
    };
    struct client c;
    struct session_options o = by_socket(&server);
    o.init_sql = "SET max_statement_time = 5";
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char sql[1024] = "";
        struct answer a;
        for (size_t k = 0; k < cases[i].sets; k++)
            snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), "%s;", cases[i].sql);
        sql[strlen(sql) - 1] = '\0';
        client_open(&c, &o);
        ask(&c, sql, 3000, &a);
        AWAIT(a.calls, CLOCK_MS(4000));
        if (a.status != (cases[i].lost ? REPLY_LOST : REPLY_OK) ||
            (!cases[i].lost && a.set_count != cases[i].sets))
            fail_msg("%s: %d %s, %zu sets", cases[i].name, a.status, a.error, a.set_count);
        if (cases[i].lost)
            print_message("%s: %s\n", cases[i].name, a.error);
        session_free(&c.session);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(greets_wrongly), TEST(asks_for_the_password), TEST(speaks_unasked),
        TEST(is_no_mariadb),  TEST(replies_wrongly),       TEST(replies_rightly),
        TEST(drips),          TEST(noise_for_a_reply),     TEST(says_too_much),
    };
    if (!fixture_find_servers())
        return 77; /* run by test_session.py */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
