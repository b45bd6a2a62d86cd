/* An etcd that lies over HTTP, or does not stop talking, in a process of its own. Whatever it does, a
 * question is told of once and by its deadline, as lost or as an answer that was refused; the memory of this
 * process stays what it was, and no other host is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/etcd_client.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define DEADLINE_MS  150 /* of what is lost: that is asked again until then */
#define PATIENCE_US  CLOCK_MS(15000)
#define GROWTH_KB    (64 * 1024)
#define FLOOD_MAX    (UINT64_C(256) << 20) /* bytes, of one connection */

#define PORT     "00000" /* is written over: of the server that nobody is to ask */
#define OK_HEAD  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define GOOD     "{\"header\":{\"revision\":\"30\"},\"kvs\":[]}"
#define TEN(x)   x x x x x x x x x x
#define MANY(x)  TEN(TEN(TEN(x)))
#define SIXTY(x) MANY(x) MANY(x) MANY(x) MANY(x) MANY(x)

struct lie {
    const char *name, *head, *flood;          /* what is said once, and then for ever; NULL = hangs up */
    int pause_ms;                             /* between two of those */
    enum { LOST = 0, ANSWERED, EITHER } want; /* the last: by libcurl's version */
};

static const struct lie lies[] = {
    {"as it should be", OK_HEAD "Content-Length: 37\r\n\r\n" GOOD, NULL, 0, ANSWERED},
    {"hangs up at once", "", NULL, 0, LOST},
    {"noise", "\x13\x37\xff\xfe\r\n\r\n\r\n", NULL, 0, LOST},
    {"another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", NULL, 0, LOST},
    {"a database's greeting",
     "\x0a"
     "10.11.6-MariaDB",
     NULL, 0, LOST},
    {"a body without end", OK_HEAD "\r\n{", "                                ", 0, LOST},
    {"chunks without end", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", "10\r\n                \r\n", 0,
     LOST},
    {"a chunk of 2^63 bytes", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n{", "    ", 0,
     LOST},
    {"heads without end", OK_HEAD, "X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", 0, LOST},
    {"a line of the head without end", OK_HEAD "X-Long: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, LOST},
    {"interim answers without end", "", "HTTP/1.1 100 Continue\r\n\r\n", 0, LOST},
    {"byte by byte", OK_HEAD "\r\n{", " ", 20, LOST},
    {"nothing", OK_HEAD, "", 20, LOST},
    {"a length that is too small", OK_HEAD "Content-Length: 5\r\n\r\n" GOOD, NULL, 0, LOST},
    {"a length that is too large", OK_HEAD "Content-Length: 4000\r\n\r\n" GOOD, NULL, 0, LOST},
    {"a negative length", OK_HEAD "Content-Length: -5\r\n\r\n" GOOD, NULL, 0, EITHER},
    {"a length of 2^64", OK_HEAD "Content-Length: 18446744073709551616\r\n\r\n" GOOD, NULL, 0, EITHER},
    {"two lengths", OK_HEAD "Content-Length: 37\r\nContent-Length: 3\r\n\r\n" GOOD, NULL, 0, EITHER},
    {"nested deeply", OK_HEAD "\r\n{\"kvs\":" SIXTY("["), NULL, 0, LOST},
    {"nested deeply, and closed", OK_HEAD "\r\n{\"a\":" SIXTY("[") SIXTY("]") "}", NULL, 0, LOST},
    {"a number beyond all", OK_HEAD "\r\n{\"header\":{\"revision\":\"99999999999999999999\"}}", NULL, 0,
     LOST},
    {"a real beyond all", OK_HEAD "\r\n{\"header\":{\"revision\":1e999}}", NULL, 0, LOST},
    {"a number of 5000 digits", OK_HEAD "\r\n{\"header\":{\"revision\":" SIXTY("9") "}}", NULL, 0, LOST},
    {"other types", OK_HEAD "\r\n{\"header\":[],\"kvs\":{}}", NULL, 0, LOST},
    {"a list of nulls", OK_HEAD "\r\n{\"kvs\":[null,null]}", NULL, 0, LOST},
    {"half a text", OK_HEAD "\r\n{\"header\":{\"revision\":\"3", NULL, 0, LOST},
    {"elsewhere",
     "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" PORT "/v3/kv/range\r\nContent-Length: 0\r\n\r\n",
     NULL, 0, ANSWERED},
    {"a login is asked for",
     "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
     "Content-Length: 0\r\n\r\n",
     NULL, 0, ANSWERED},
};

/* ---- the server, in the child ---- */

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static bool put(int fd, const char *text, size_t length)
{
    return send(fd, text, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static void flood(int fd, const struct lie *l)
{
    static char out[1 << 16];
    size_t one = strlen(l->flood), used = 0;
    uint64_t said = 0;
    while (one && used + one <= sizeof(out) && (!l->pause_ms || !used)) {
        memcpy(out + used, l->flood, one);
        used += one;
    }
    while (used ? put(fd, out, used) : recv(fd, out, sizeof(out), 0) > 0) {
        said += used;
        if (said > FLOOD_MAX)
            _exit(1);
        poll(NULL, 0, l->pause_ms);
    }
}

static void serve(int listener, const struct lie *l, unsigned elsewhere)
{
    static char head[20000], heard[4096], port[8];
    snprintf(head, sizeof(head), "%s", l->head);
    snprintf(port, sizeof(port), "%05u", elsewhere);
    if (strstr(head, ":" PORT "/"))
        memcpy(strstr(head, ":" PORT "/") + 1, port, 5);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (recv(fd, heard, sizeof(heard), 0) > 0 && put(fd, head, strlen(head)) && l->flood)
            flood(fd, l);
        shutdown(fd, SHUT_WR);
        while (recv(fd, heard, sizeof(heard), 0) > 0)
            continue;
        close(fd);
    }
}

/* ---- the client ---- */

struct told {
    int times;
    bool answered;
    enum etcd_outcome outcome;
    char why[sizeof(((struct err *)0)->text)];
};

static void on_reply(void *arg, const struct etcd_reply *r)
{
    struct told *t = arg;
    t->times++;
    t->answered = r->answer != NULL;
    t->outcome = r->answer ? r->answer->outcome : ETCD_UNCERTAIN;
    snprintf(t->why, sizeof(t->why), "%s", r->answer ? r->answer->why.text : r->failure);
}

static void ask(unsigned port, int deadline_ms, struct told *t)
{
    const struct endpoint endpoint = {.address = "127.0.0.1", .port = port};
    const struct etcd_client_options o = {
        .name = "liar", .endpoints = &endpoint, .endpoint_count = 1, .try_ms = deadline_ms};
    const struct timeval tick = {.tv_usec = 1000};
    struct event_base *base = event_base_new();
    struct err e;
    struct etcd_client *c = etcd_client_new(base, &o, &e);
    int64_t began_us = clock_now_us();
    assert_non_null(c);
    memset(t, 0, sizeof(*t));
    etcd_client_ask(c, ETCD_ASK_LIST, etcd_list_json("/replcheck/mail/"), deadline_ms, on_reply, t);
    while (!t->times && clock_now_us() - began_us < PATIENCE_US) {
        event_base_loopexit(base, &tick);
        event_base_loop(base, EVLOOP_ONCE);
    }
    etcd_client_free(&c);
    event_base_free(base);
}

static long peak_kb(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
}

static void bear(const struct lie *l)
{
    unsigned port, other;
    struct told t;
    int listener = listen_somewhere(&port), elsewhere = listen_somewhere(&other), status = 0;
    struct pollfd p = {.fd = elsewhere, .events = POLLIN};
    long before = peak_kb();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        serve(listener, l, other);
    ask(port, l->want == ANSWERED ? (int)(PATIENCE_US / 1000) : DEADLINE_MS, &t);
    if (waitpid(child, &status, WNOHANG) == child)
        fail_msg("%s: the flood was not stopped", l->name);
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    if (t.times != 1 || (l->want != EITHER && t.answered != (l->want == ANSWERED)))
        fail_msg("%s: told %d times, %s: %s", l->name, t.times, t.answered ? "answered" : "lost", t.why);
    if (poll(&p, 1, 0))
        fail_msg("%s: another server was asked", l->name);
    if (peak_kb() - before > GROWTH_KB)
        fail_msg("%s: %ld KiB more", l->name, peak_kb() - before);
    print_message("%s: %s\n", l->name, t.why[0] ? t.why : "answered");
    close(listener);
    close(elsewhere);
}

static void bears_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(lies); i++)
        bear(&lies[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bears_lies)};
    signal(SIGPIPE, SIG_IGN);
    alarm(120); /* a loop that is kept from going on sees no limit */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
