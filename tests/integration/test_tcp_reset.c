/* Ending a dead server's conversations, in a network namespace of its own with the virtual addresses on the
 * loopback device. The "dead server" is sockets of this process that nobody serves any more: to the kernel
 * there is no difference. Needs the right to make a namespace, ip(8) and a kernel with
 * CONFIG_INET_DIAG_DESTROY; else it is skipped. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/tcp_reset.h"

#define SKIPPED      77
#define PORT         3306
#define PATIENCE     5000 /* ms; what is to happen happens at once */
#define VIP          "192.0.2.100"
#define VIP6         "2001:db8::100"
#define OWN          "192.0.2.11" /* the node's own address */
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static socklen_t fill(union address *a, const char *text, int port)
{
    memset(a, 0, sizeof(*a));
    if (strchr(text, ':')) {
        a->v6.sin6_family = AF_INET6;
        a->v6.sin6_port = htons((uint16_t)port);
        assert_int_equal(inet_pton(AF_INET6, text, &a->v6.sin6_addr), 1);
        return sizeof(a->v6);
    }
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons((uint16_t)port);
    assert_int_equal(inet_pton(AF_INET, text, &a->v4.sin_addr), 1);
    return sizeof(a->v4);
}

static int hear(const char *address, int port)
{
    union address a;
    int one = 1;
    socklen_t length = fill(&a, address, port);
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, &a.any, length) != 0 || listen(fd, 4096) != 0)
        fail_msg("%s:%d: %s", address, port, strerror(errno));
    return fd;
}

/* -1 and errno when it is refused. */
static int try_call(const char *address, int port)
{
    union address a;
    socklen_t length = fill(&a, address, port);
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, &a.any, length) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int call(const char *address, int port)
{
    int fd = try_call(address, port);
    if (fd < 0)
        fail_msg("connect to %s:%d: %s", address, port, strerror(errno));
    return fd;
}

/* A client whose conversation was accepted by the server. */
struct pair {
    int client, server;
};

static struct pair talk(int listener, const char *address, int port)
{
    struct pair p = {.client = call(address, port)};
    p.server = accept(listener, NULL, NULL);
    assert_true(p.server >= 0);
    return p;
}

static void end(struct pair *p)
{
    close(p->client);
    close(p->server);
}

static void assert_reset(int client)
{
    struct pollfd p = {client, POLLIN, 0};
    char byte;
    if (poll(&p, 1, PATIENCE) != 1)
        fail_msg("the client still waits");
    assert_int_equal(recv(client, &byte, 1, 0), -1);
    assert_int_equal(errno, ECONNRESET);
}

static void assert_talks(const struct pair *p)
{
    struct pollfd poll_client = {p->client, POLLIN, 0};
    char byte = 'x';
    assert_int_equal(send(p->server, &byte, 1, MSG_NOSIGNAL), 1);
    assert_int_equal(poll(&poll_client, 1, PATIENCE), 1);
    assert_int_equal(recv(p->client, &byte, 1, 0), 1);
}

static struct tcp_reset *make(void)
{
    static const char addresses[2][SETTINGS_ADDRESS_MAX] = {VIP, VIP6};
    struct err e;
    struct tcp_reset *t = tcp_reset_new(addresses, 2, PORT, &e);
    if (!t)
        fail_msg("%s", e.text);
    return t;
}

static void note(struct tcp_reset *t, int error, int listeners)
{
    struct tcp_reset_result r = tcp_reset_note(t, getuid());
    assert_int_equal(r.error, error);
    assert_int_equal(r.listeners, listeners);
}

static void every_client_hears(void **state)
{
    static const struct {
        const char *listen, *call;
    } cases[] = {{"0.0.0.0", VIP}, {"::", VIP}, {"::", VIP6}, {VIP, VIP}, {VIP6, VIP6}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tcp_reset *t = make();
        int listener = hear(cases[i].listen, PORT);
        note(t, 0, 1);
        struct pair busy = talk(listener, cases[i].call, PORT);
        struct pair asking = talk(listener, cases[i].call, PORT);
        assert_int_equal(send(asking.client, "SELECT 1", 8, 0), 8);
        int waiting = call(cases[i].call, PORT); /* in the backlog */
        struct tcp_reset_result r = tcp_reset_run(t);
        assert_int_equal(r.error, 0);
        assert_int_equal(r.listeners, 1);
        assert_in_range(r.connections, 2, 3); /* the backlog may go with its listener */
        assert_reset(busy.client);
        assert_reset(asking.client);
        assert_reset(waiting);
        assert_int_equal(try_call(cases[i].call, PORT), -1);
        assert_int_equal(errno, ECONNREFUSED);
        close(waiting);
        end(&busy);
        end(&asking);
        close(listener);
        tcp_reset_free(&t);
        assert_null(t);
    }
}

static void nobody_else_does(void **state)
{
    struct tcp_reset *t = make();
    int listener = hear("0.0.0.0", PORT), other = hear("0.0.0.0", PORT + 1);
    (void)state;
    note(t, 0, 1);
    struct pair vip = talk(listener, VIP, PORT);
    struct pair own = talk(listener, OWN, PORT); /* replication */
    struct pair port = talk(other, VIP, PORT + 1);
    struct tcp_reset_result r = tcp_reset_run(t);
    assert_int_equal(r.error, 0);
    assert_int_equal(r.connections, 1);
    assert_reset(vip.client);
    assert_talks(&own);
    assert_talks(&port);
    struct pair later = talk(other, VIP, PORT + 1);
    end(&vip);
    end(&own);
    end(&port);
    end(&later);
    close(listener);
    close(other);
    tcp_reset_free(&t);
}

/* The reset comes late: the old server's sockets are gone, and another serves. */
static void a_later_server_is_left_alone(void **state)
{
    struct tcp_reset *t = make();
    int old = hear("::", PORT);
    (void)state;
    note(t, 0, 1);
    close(old);
    int listener = hear("::", PORT);
    struct pair p = talk(listener, VIP, PORT);
    struct tcp_reset_result r = tcp_reset_run(t);
    assert_int_equal(r.error, ESTALE);
    assert_int_equal(r.connections, 0);
    assert_talks(&p);
    struct pair next = talk(listener, VIP6, PORT);
    assert_talks(&next);
    assert_int_equal(tcp_reset_run(t).error, ENOENT); /* and nothing is noted any more */
    assert_talks(&p);
    end(&p);
    end(&next);
    close(listener);
    tcp_reset_free(&t);
}

static void a_proxy_of_another_user_is_left_alone(void **state)
{
    struct tcp_reset *t = make();
    int listener = hear("0.0.0.0", PORT);
    struct pair p = talk(listener, VIP, PORT);
    (void)state;
    struct tcp_reset_result r = tcp_reset_note(t, getuid() + 1);
    assert_int_equal(r.error, ENOENT);
    assert_int_equal(tcp_reset_run(t).error, ENOENT);
    assert_talks(&p);
    end(&p);
    close(listener);
    tcp_reset_free(&t);
}

static void only_a_listener_for_the_addresses_is_noted(void **state)
{
    struct tcp_reset *t = make();
    int listener = hear(OWN, PORT), other = hear("0.0.0.0", PORT + 1);
    (void)state;
    note(t, ENOENT, 0);
    int vip = hear(VIP, PORT);
    note(t, 0, 1);
    assert_int_equal(tcp_reset_run(t).listeners, 1);
    struct pair own = talk(listener, OWN, PORT);
    assert_talks(&own);
    end(&own);
    close(vip);
    close(listener);
    close(other);
    tcp_reset_free(&t);
}

static void drop_capabilities(void)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    if (syscall(SYS_capset, &head, none) != 0)
        _exit(100);
}

static void needs_the_capability(void **state)
{
    struct tcp_reset *t = make();
    int listener = hear("0.0.0.0", PORT), status = 0;
    struct pair p = talk(listener, VIP, PORT);
    (void)state;
    note(t, 0, 1);
    pid_t pid = fork();
    if (pid == 0) {
        drop_capabilities();
        _exit(tcp_reset_run(t).error);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), EPERM);
    assert_talks(&p);
    end(&p);
    close(listener);
    tcp_reset_free(&t);
}

static void many(void **state)
{
    enum { MANY = 400 };
    static struct pair pairs[MANY];
    struct tcp_reset *t = make();
    int listener = hear("::", PORT);
    (void)state;
    note(t, 0, 1);
    for (int i = 0; i < MANY; i++)
        pairs[i] = talk(listener, i & 1 ? VIP : VIP6, PORT);
    int64_t began_us = clock_now_us();
    struct tcp_reset_result r = tcp_reset_run(t);
    int64_t took_us = clock_now_us() - began_us;
    assert_int_equal(r.error, 0);
    assert_int_equal(r.connections, MANY);
    for (int i = 0; i < MANY; i++) {
        assert_reset(pairs[i].client);
        end(&pairs[i]);
    }
    print_message("%d connections in %lld us\n", MANY, (long long)took_us);
    close(listener);
    tcp_reset_free(&t);
}

static void refuses_nonsense(void **state)
{
    static const char names[1][SETTINGS_ADDRESS_MAX] = {"localhost"};
    struct err e;
    (void)state;
    assert_null(tcp_reset_new(names, 1, PORT, &e));
    assert_string_equal(e.text, "localhost is not a numeric address");
    assert_null(tcp_reset_new(names, SETTINGS_VIPS_MAX + 1, PORT, &e));
    struct tcp_reset *none = tcp_reset_new(names, 0, PORT, &e); /* a pair without a VIP */
    assert_non_null(none);
    note(none, ENOENT, 0);
    tcp_reset_free(&none);
}

/* ---- calls that are not answered ---- */

enum { CALLS = 8 };

/* Of so many calls to a listener whose backlog is full, all but some are not answered. Returns how many. */
static int dial(const char *address, int port, int fds[CALLS])
{
    union address a;
    socklen_t length = fill(&a, address, port);
    int waiting = 0;
    for (int i = 0; i < CALLS; i++) {
        fds[i] = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int failed = connect(fds[i], &a.any, length);
        struct pollfd p = {fds[i], POLLOUT, 0};
        assert_true(failed == 0 || errno == EINPROGRESS);
        waiting += failed && poll(&p, 1, 0) == 0;
    }
    return waiting;
}

static int error_of(int fd)
{
    int error = 0;
    socklen_t length = sizeof(error);
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length), 0);
    return error;
}

static int hear_one(const char *address, int port)
{
    int fd = hear(address, port);
    assert_int_equal(listen(fd, 0), 0);
    return fd;
}

static int count_failed(const int fds[CALLS])
{
    int failed = 0;
    for (int i = 0; i < CALLS; i++)
        failed += error_of(fds[i]) == ECONNABORTED;
    return failed;
}

static void close_all(const int fds[CALLS])
{
    for (int i = 0; i < CALLS; i++)
        close(fds[i]);
}

static void calls_without_an_answer_end(void **state)
{
    static const char *const peers[] = {OWN, VIP6};
    (void)state;
    for (size_t i = 0; i < COUNT(peers); i++) {
        struct tcp_reset *t = make();
        int calls[CALLS], others[CALLS];
        int peer = hear_one(peers[i], PORT), other = hear_one(peers[i], PORT + 1);
        int waiting = dial(peers[i], PORT, calls);
        assert_true(waiting > 0 && waiting < CALLS);
        assert_true(dial(peers[i], PORT + 1, others) > 0);
        assert_int_equal(tcp_reset_dials(t, getuid() + 1, PORT).connections, 0);
        struct tcp_reset_result r = tcp_reset_dials(t, getuid(), PORT);
        assert_int_equal(r.error, 0);
        assert_int_equal(r.connections, waiting);
        assert_int_equal(count_failed(calls), waiting); /* and those that were answered go on */
        assert_int_equal(count_failed(others), 0);
        assert_int_equal(tcp_reset_dials(t, getuid(), PORT).connections, 0);
        close_all(calls);
        close_all(others);
        close(peer);
        close(other);
        tcp_reset_free(&t);
    }
}

/* Whether this kernel can; told by the part under test itself, to which nothing else is compared here. */
static bool kernel_can(void)
{
    struct tcp_reset *t = make();
    int error = tcp_reset_note(t, getuid()).error;
    tcp_reset_free(&t);
    return error != EOPNOTSUPP;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_client_hears),
        cmocka_unit_test(nobody_else_does),
        cmocka_unit_test(a_later_server_is_left_alone),
        cmocka_unit_test(a_proxy_of_another_user_is_left_alone),
        cmocka_unit_test(only_a_listener_for_the_addresses_is_noted),
        cmocka_unit_test(needs_the_capability),
        cmocka_unit_test(many),
        cmocka_unit_test(refuses_nonsense),
        cmocka_unit_test(calls_without_an_answer_end),
    };
    if (unshare(CLONE_NEWNET) != 0 ||
        system("ip link set lo up && ip addr add " VIP "/32 dev lo && ip addr add " OWN "/32 dev lo && "
               "ip -6 addr add " VIP6 "/128 dev lo nodad") != 0) {
        print_message("skipped: no network namespace of our own, or no ip(8)\n");
        return SKIPPED;
    }
    if (!kernel_can()) {
        print_message("skipped: a kernel without CONFIG_INET_DIAG_DESTROY\n");
        return SKIPPED;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
