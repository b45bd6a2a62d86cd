/* Sessions with TLS: verified or not connected at all, and a handshake that stalls holds nobody up. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <mysql.h>

#include "io/cert_files.h"
#include "io/cert_look.h"
#include "session_fixture.h"

static struct server secure; /* its certificate bears 127.0.0.1; it also listens on 127.0.0.2 */
static char ca[256], other_ca[256];
static char changing[256]; /* a file that becomes one or the other */
static const char *fingerprint, *sha256;

static struct session_options by_tls(const struct server *at)
{
    struct session_options o = by_tcp(at);
    o.tls_ca = ca;
    o.tls_verify = true;
    o.backoff_min_ms = 300;
    return o;
}

static void verified_and_encrypted(void **state)
{
    struct client c;
    struct answer a;
    struct session_options o = by_tls(&secure);
    (void)state;
    o.init_sql = "SET @ready = 'yes'";
    client_open(&c, &o);
    ask(&c, "SHOW SESSION STATUS LIKE 'Ssl_version'; SELECT @ready", 500, &a);
    AWAIT(a.calls, CLOCK_MS(500));
    assert_string_equal(a.first, "Ssl_version");
    assert_string_equal(a.last, "yes");
    for (int i = 0; i < 50; i++)
        assert_string_equal(value_of(&c, "SELECT 1; SELECT 2"), "1");
    session_free(&c.session);
}

/* Also with a library that would begin it unasked, and block the loop with it. */
static void plain_where_none_is_asked_for(void **state)
{
    struct client c;
    struct session_options o = by_tcp(&secure);
    (void)state;
    client_open(&c, &o);
    assert_string_equal(value_of(&c, "SELECT COUNT(*) FROM information_schema.SESSION_STATUS "
                                     "WHERE VARIABLE_NAME = 'Ssl_version' AND VARIABLE_VALUE = ''"),
                        "1");
    session_free(&c.session);
}

/* More than one record, more than the library's buffer: nothing waits for bytes that were read already. */
static void large_replies(void **state)
{
    static const size_t sizes[] = {1, 16000, 16300, 16384, 16400, 40000, 200000, 1000000};
    struct client c;
    struct session_options o = by_tls(&secure);
    (void)state;
    client_open(&c, &o);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct answer a;
        char sql[128];
        snprintf(sql, sizeof(sql), "SELECT LENGTH(@x := REPEAT('x', %zu)); SELECT @x; SELECT 'end'",
                 sizes[i]);
        ask(&c, sql, 1000, &a);
        AWAIT(a.calls, CLOCK_MS(1500));
        if (a.status != REPLY_OK)
            fail_msg("%zu bytes: %s", sizes[i], a.error);
        assert_string_equal(a.last, "end");
    }
    session_free(&c.session);
}

static void refuses_what_is_not_verified(void **state)
{
    static const struct {
        const char *name;
        bool other_ca, no_file, other_address, plain_server, no_name_check, up;
    } cases[] = {
        {"another authority", .other_ca = true},
        {"another authority, names unchecked", .other_ca = true, .no_name_check = true},
        {"no such file", .no_file = true},
        {"the certificate is for another address", .other_address = true},
        {"another address, names unchecked", .other_address = true, .no_name_check = true, .up = true},
        {"a server without TLS", .plain_server = true},
        {"a server without TLS, names unchecked", .plain_server = true, .no_name_check = true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct client c;
        struct session_options o = by_tls(cases[i].plain_server ? &server : &secure);
        o.tls_verify = !cases[i].no_name_check;
        o.tls_ca = cases[i].no_file ? "/nonexistent/ca.pem" : cases[i].other_ca ? other_ca : ca;
        if (cases[i].other_address)
            o.address = "127.0.0.2";
        client_start(&c, &o);
        AWAIT(c.ups || c.downs, CLOCK_MS(2000));
        if (c.ups != cases[i].up)
            fail_msg("%s: up %d", cases[i].name, c.ups);
        print_message("%s: %s\n", cases[i].name, cases[i].up ? "up" : c.reason);
        session_free(&c.session);
    }
}

/* libmariadb 3.4, which compares no address beside a fingerprint (io/tls_library.h). */
static bool library_34(void)
{
    return mysql_get_client_version() >= 30400;
}

/* One certificate, with and without an authority besides. */
static void pinned_to_a_fingerprint(void **state)
{
    static const char other[] = "0123456789012345678901234567890123456789";
    static const char other_sha256[] = "0123456789012345678901234567890123456789012345678901234567890123";
    static const struct {
        const char *name;
        const char *why;
        bool with_ca, other_ca, wrong, verify, other_address, plain_server, by_sha256, up, up_34;
    } cases[] = {
        {"the certificate", NULL, .up = true},
        {"the certificate, at an address that it does not bear", NULL, .other_address = true, .up = true},
        {"another certificate", "Fingerprint", .wrong = true},
        {"the certificate and its authority", NULL, .with_ca = true, .verify = true, .up = true},
        {"another certificate of that authority", "Fingerprint", .with_ca = true, .wrong = true,
         .verify = true},
        {"the certificate and another authority", "certificate", .with_ca = true, .other_ca = true},
        {"another certificate, that authority, names unchecked", "Fingerprint", .with_ca = true,
         .wrong = true},
        {"the certificate, for another address", "Validation", .with_ca = true, .verify = true,
         .other_address = true, .up_34 = true},
        {"a server without TLS", "the server does not support", .plain_server = true},
        {"the certificate, by its SHA-256", "SHA-1 fingerprints alone", .by_sha256 = true, .up_34 = true},
        {"another certificate, by its SHA-256", "ingerprint", .by_sha256 = true, .wrong = true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct client c;
        struct session_options o = by_tls(cases[i].plain_server ? &server : &secure);
        o.tls_fingerprint = cases[i].by_sha256 ? (cases[i].wrong ? other_sha256 : sha256)
                            : cases[i].wrong   ? other
                                               : fingerprint;
        o.tls_ca = cases[i].other_ca ? other_ca : cases[i].with_ca ? ca : NULL;
        o.tls_verify = cases[i].verify;
        if (cases[i].other_address)
            o.address = "127.0.0.2";
        bool up = cases[i].up || (cases[i].up_34 && library_34());
        client_start(&c, &o);
        AWAIT(c.ups || c.downs, CLOCK_MS(2000));
        if (c.ups != up || (!up && !strstr(c.reason, cases[i].why)))
            fail_msg("%s: up %d, %s", cases[i].name, c.ups, c.reason);
        session_free(&c.session);
    }
}

/* The own server over its socket, where nobody stands between; and never plaintext there either. */
static void any_certificate_over_a_socket(void **state)
{
    struct client c;
    struct answer a;
    struct session_options o = by_socket(&secure);
    (void)state;
    o.tls_unverified = true;
    client_open(&c, &o);
    ask(&c, "SHOW SESSION STATUS LIKE 'Ssl_server_not_after'", 500, &a);
    AWAIT(a.calls, CLOCK_MS(500));
    assert_non_null(strstr(a.last, " GMT"));
    session_free(&c.session);
    o = by_socket(&server);
    o.tls_unverified = true;
    client_start(&c, &o);
    AWAIT(c.downs, CLOCK_MS(2000));
    assert_int_equal(c.ups, 0);
    print_message("%s\n", c.reason);
    session_free(&c.session);
}

/* As an administrator does it: the new file is whole when it gets the name. */
static void replace_by(const char *path)
{
    char text[8192], made[sizeof(changing) + 4];
    snprintf(made, sizeof(made), "%s.new", changing);
    FILE *from = fopen(path, "r"), *to = fopen(made, "w");
    assert_true(from && to);
    size_t size = fread(text, 1, sizeof(text), from);
    assert_true(size > 0 && size < sizeof(text));
    assert_int_equal(fwrite(text, 1, size, to), size);
    fclose(from);
    assert_int_equal(fclose(to), 0);
    assert_int_equal(rename(made, changing), 0);
}

/* A session that is up stays; the next connect goes by what the file says then. */
static void the_authority_is_replaced(void **state)
{
    struct client c;
    struct session_options o = by_tls(&secure);
    (void)state;
    o.tls_ca = changing;
    o.backoff_min_ms = 20;
    replace_by(ca);
    client_open(&c, &o);
    replace_by(other_ca);
    assert_string_equal(value_of(&c, "SELECT 'still here'"), "still here");
    struct answer a;
    ask(&c, "KILL CONNECTION_ID()", 1000, &a);
    AWAIT(c.downs >= 3, CLOCK_MS(2000)); /* lost, and refused twice */
    assert_int_equal(c.ups, 1);
    assert_non_null(strstr(c.reason, "certificate"));
    replace_by(ca);
    AWAIT(c.ups == 2, CLOCK_MS(2000));
    assert_string_equal(value_of(&c, "SELECT 'again'"), "again");
    session_free(&c.session);
}

#define DAYS(n) (time(NULL) + (n)*86400)

static bool file_ends_in(struct cert_files *files, int days, struct cert_seen *out)
{
    cert_files_read(files, 0, out);
    return out->until_s > DAYS(days) - 3600 && out->until_s <= DAYS(days);
}

/* Its end is told anew; of a file that is gone, what was known, and that it is gone. */
static void the_end_of_a_replaced_authority(void **state)
{
    const char *const paths[] = {changing};
    struct cert_seen now;
    struct err e;
    (void)state;
    replace_by(ca);
    struct cert_files *files = cert_files_new(paths, 1, CLOCK_MS(10), &e);
    assert_non_null(files);
    AWAIT(file_ends_in(files, 2, &now), CLOCK_MS(500));
    replace_by(other_ca);
    AWAIT(file_ends_in(files, 4, &now), CLOCK_MS(500));
    assert_string_equal(now.trouble, "");
    unlink(changing);
    AWAIT((cert_files_read(files, 0, &now), now.trouble[0]), CLOCK_MS(500));
    assert_non_null(strstr(now.trouble, changing));
    assert_true(file_ends_in(files, 4, &now));
    replace_by(ca);
    AWAIT(file_ends_in(files, 2, &now), CLOCK_MS(500));
    assert_string_equal(now.trouble, "");
    cert_files_free(&files);
    assert_null(files);
}

static struct cert_seen seen;
static int looks;

static void on_look(void *arg, const struct cert_seen *now)
{
    (void)arg;
    seen = *now;
    looks++;
}

/* Its certificates last two days; the loop's wall clock is the servers'. */
static void the_certificate_is_looked_at(void **state)
{
    struct session_options o = by_tls(&secure);
    struct cert_look *look = cert_look_new(base, &o, on_look, NULL);
    (void)state;
    looks = 0;
    AWAIT(looks, CLOCK_MS(3000));
    assert_string_equal(seen.trouble, "");
    assert_in_range(seen.until_s - (int64_t)time(NULL), 2 * 86400 - 3600, 2 * 86400);
    cert_look_free(&look);
    assert_null(look);
    o.tls_ca = changing;
    replace_by(other_ca);
    look = cert_look_new(base, &o, on_look, NULL);
    AWAIT(looks == 2, CLOCK_MS(3000));
    assert_int_equal(seen.until_s, 0);
    assert_non_null(strstr(seen.trouble, "certificate"));
    replace_by(ca);
    AWAIT(looks == 3, CLOCK_MS(6000)); /* 5 s after one that failed */
    assert_string_equal(seen.trouble, "");
    assert_in_range(seen.until_s - (int64_t)time(NULL), 2 * 86400 - 3600, 2 * 86400);
    cert_look_free(&look);
    look = cert_look_new(base, &o, on_look, NULL);
    cert_look_free(&look); /* before it has begun */
}

static void deadlines_at_a_stopped_server(void **state)
{
    struct client c;
    struct answer a;
    struct session_options o = by_tls(&secure);
    (void)state;
    o.connect_timeout_ms = 300;
    o.backoff_min_ms = 20;
    client_open(&c, &o);
    fixture_stop(&secure);
    ask(&c, "SELECT 1", 100, &a);
    AWAIT(a.calls, CLOCK_MS(300));
    assert_int_equal(a.status, REPLY_LOST);
    AWAIT(c.downs == 3, CLOCK_MS(1500));
    assert_non_null(strstr(c.reason, "300 ms"));
    kill(secure.pid, SIGCONT);
    AWAIT(c.ups == 2, CLOCK_MS(2000));
    session_free(&c.session);
    run_for(CLOCK_MS(1200)); /* the threads that were given up end at their own timeout */
}

/* A server that greets, offers TLS and stops there. */
static void handshake_that_stalls(void **state)
{
    static const char greeting[] = "\x54\0\0\0\x0a"
                                   "10.11.99-MariaDB\0"
                                   "\x07\0\0\0"
                                   "abcdefgh\0"
                                   "\xfe\xff\x2d\x02\0\x0f\0\x15"
                                   "\0\0\0\0\0\0\0\0\0\0"
                                   "abcdefghijkl\0"
                                   "mysql_native_password";
    struct client c;
    struct server stalling = {0};
    int listener = listen_somewhere(&stalling.port), fd = -1;
    struct session_options o = by_tls(&stalling);
    (void)state;
    o.connect_timeout_ms = 300;
    int64_t start_us = clock_now_us();
    client_start(&c, &o);
    AWAIT((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0, CLOCK_MS(300));
    assert_int_equal(send(fd, greeting, sizeof(greeting), 0), (ssize_t)sizeof(greeting));
    AWAIT(c.downs, CLOCK_MS(600));
    assert_true(c.down_us - start_us < CLOCK_MS(310) + SLACK_US);
    assert_non_null(strstr(c.reason, "300 ms"));
    session_free(&c.session); /* while its thread still waits for the handshake */
    run_for(CLOCK_MS(2500));
    close(fd);
    close(listener);
}

static void freed_while_it_connects(void **state)
{
    struct session_options o = by_tls(&secure);
    (void)state;
    for (int i = 0; i < 40; i++) {
        struct client c;
        client_start(&c, &o);
        run_for(i * 200);
        session_free(&c.session);
        run_for(CLOCK_MS(2));
    }
    run_for(CLOCK_MS(500));
}

static int end(void **state)
{
    kill(secure.pid, SIGCONT);
    return fixture_end(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(verified_and_encrypted),
        TEST(plain_where_none_is_asked_for),
        TEST(large_replies),
        TEST(refuses_what_is_not_verified),
        TEST(pinned_to_a_fingerprint),
        TEST(the_authority_is_replaced),
        TEST(the_end_of_a_replaced_authority),
        TEST(any_certificate_over_a_socket),
        TEST(the_certificate_is_looked_at),
        TEST(deadlines_at_a_stopped_server),
        TEST(handshake_that_stalls),
        TEST(freed_while_it_connects),
    };
    const char *keys = getenv("TLS_KEYS");
    fingerprint = getenv("TLS_FINGERPRINT");
    sha256 = getenv("TLS_FINGERPRINT_SHA256");
    if (!fixture_find_servers() || !keys || !fingerprint || !sha256)
        return 77; /* run by test_session.py */
    secure = fixture_server("TLS");
    snprintf(ca, sizeof(ca), "%s/ca.pem", keys);
    snprintf(other_ca, sizeof(other_ca), "%s/other-ca.pem", keys);
    snprintf(changing, sizeof(changing), "%s/changing-ca.pem", keys);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
