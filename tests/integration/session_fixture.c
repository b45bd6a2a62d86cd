#include "session_fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/loop.h"

int64_t fixture_slack_us = CLOCK_MS(250);
struct event_base *base;
struct server server, victim;
const char *password;

static struct event *ticker;
static int64_t ticked_us, longest_gap_us;
static int descriptors_before;

struct server fixture_server(const char *prefix)
{
    char name[64];
    struct server s = {0};
    snprintf(name, sizeof(name), "%s_SOCKET", prefix);
    s.socket = getenv(name);
    snprintf(name, sizeof(name), "%s_PORT", prefix);
    s.port = getenv(name) ? (unsigned)atoi(getenv(name)) : 0;
    snprintf(name, sizeof(name), "%s_PID", prefix);
    s.pid = getenv(name) ? (pid_t)atoi(getenv(name)) : 0;
    return s;
}

bool fixture_find_servers(void)
{
    server = fixture_server("SERVER");
    victim = fixture_server("VICTIM");
    password = getenv("SERVER_PASSWORD");
    return server.socket && server.pid > 1 && victim.pid > 1 && password;
}

static bool is_stopped(pid_t pid, const char *task)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", (int)pid, task);
    FILE *f = fopen(path, "r");
    size_t got = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
    if (f)
        fclose(f);
    const char *name_end = got ? strrchr(line, ')') : NULL;
    return !name_end || name_end[2] == 'T';
}

/* A signal takes a moment to reach every thread, and one of them may answer meanwhile. */
void fixture_stop(const struct server *at)
{
    char path[64];
    bool all;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)at->pid);
    assert_int_equal(kill(at->pid, SIGSTOP), 0);
    int64_t end_us = clock_now_us() + CLOCK_MS(1000);
    do {
        DIR *d = opendir(path);
        assert_non_null(d);
        all = true;
        for (struct dirent *entry; (entry = readdir(d));)
            all &= entry->d_name[0] == '.' || is_stopped(at->pid, entry->d_name);
        closedir(d);
    } while (!all && clock_now_us() < end_us);
    assert_true(all);
}

static int open_descriptors(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    int64_t now_us = clock_now_us();
    (void)fd;
    (void)what;
    (void)arg;
    if (ticked_us && now_us - ticked_us > longest_gap_us)
        longest_gap_us = now_us - ticked_us;
    ticked_us = now_us;
}

static _Atomic int64_t overslept_us;

static void *sleeper(void *arg)
{
    for (;;) {
        int64_t before_us = clock_now_us();
        usleep(2000);
        int64_t over_us = clock_now_us() - before_us - 2000;
        if (over_us > atomic_load(&overslept_us))
            atomic_store(&overslept_us, over_us);
    }
    return arg;
}

int64_t fixture_overslept_us(void)
{
    return atomic_load(&overslept_us);
}

static void watch_the_machine(void)
{
    static bool begun;
    pthread_t thread;
    if (!begun)
        assert_int_equal(pthread_create(&thread, NULL, sleeper, NULL), 0);
    begun = true;
    atomic_store(&overslept_us, 0);
}

int fixture_begin(void **state)
{
    static const struct timeval often = {.tv_usec = 1000};
    static bool warm;
    (void)state;
    if (!warm) { /* what libmariadb and the session layer open once for the process */
        struct client c;
        struct session_options o = by_socket(&server);
        base = loop_new();
        client_open(&c, &o);
        ask(&c, "DO SLEEP(9)", 1, NULL);
        AWAIT(c.downs, CLOCK_MS(1000));
        session_free(&c.session);
        event_base_free(base);
        warm = true;
    }
    descriptors_before = open_descriptors();
    base = loop_new();
    ticker = event_new(base, -1, EV_PERSIST, on_tick, NULL);
    event_add(ticker, &often);
    ticked_us = longest_gap_us = 0;
    watch_the_machine();
    return 0;
}

int fixture_end(void **state)
{
    (void)state;
    kill(server.pid, SIGCONT);
    event_free(ticker);
    event_base_free(base);
    if (longest_gap_us > SLACK_US) {
        print_error("the loop was held up for %lld us\n", (long long)longest_gap_us);
        return -1;
    }
    /* A handshake that was given up has a thread of its own, which closes its descriptors when it is
     * scheduled. */
    for (int i = 0; i < 1000 && open_descriptors() != descriptors_before; i++)
        usleep(10000);
    if (open_descriptors() != descriptors_before) {
        print_error("%d descriptors before, %d after\n", descriptors_before, open_descriptors());
        return -1;
    }
    return 0;
}

struct session_options by_socket(const struct server *at)
{
    return (struct session_options){
        .name = "test", .socket = at->socket, .user = "root", .connect_timeout_ms = 1000};
}

struct session_options by_tcp(const struct server *at)
{
    return (struct session_options){.name = "test",
                                    .address = "127.0.0.1",
                                    .port = at->port,
                                    .user = "tester",
                                    .password = password,
                                    .connect_timeout_ms = 1000};
}

static void on_up(void *arg, struct session *s)
{
    struct client *c = arg;
    assert_true(session_is_up(s));
    c->ups++;
    c->up_us = clock_now_us();
}

static void on_down(void *arg, struct session *s, const char *reason)
{
    struct client *c = arg;
    assert_false(session_is_up(s));
    assert_string_equal(reason, session_last_error(s));
    c->downs++;
    c->down_us = clock_now_us();
    snprintf(c->reason, sizeof(c->reason), "%s", reason);
}

void client_start(struct client *c, const struct session_options *options)
{
    struct session_events events = {.up = on_up, .down = on_down, .arg = c};
    memset(c, 0, sizeof(*c));
    c->session = session_new(base, options, &events);
}

void client_open(struct client *c, const struct session_options *options)
{
    client_start(c, options);
    AWAIT(session_is_up(c->session), CLOCK_MS(3000));
}

static const char *shown(const char *cell)
{
    return cell ? cell : "NULL";
}

void record(void *answer, const struct reply *reply)
{
    struct answer *a = answer;
    if (!a)
        return;
    a->calls++;
    a->status = reply->status;
    a->sent_us = reply->sent_us;
    a->answered_us = reply->answered_us;
    a->called_us = clock_now_us();
    a->error_no = reply->error_no;
    snprintf(a->error, sizeof(a->error), "%s", reply->error);
    a->set_count = reply->set_count;
    for (size_t i = 0; i < reply->set_count; i++) {
        const struct rows *set = &reply->sets[i];
        size_t cells = set->row_count * set->column_count;
        if (i == 0 && cells)
            snprintf(a->first, sizeof(a->first), "%s", shown(set->cells[0]));
        if (cells)
            snprintf(a->last, sizeof(a->last), "%s", shown(set->cells[cells - 1]));
        a->row_count += set->row_count;
    }
}

void ask(struct client *c, const char *sql, int deadline_ms, struct answer *a)
{
    if (a)
        memset(a, 0, sizeof(*a));
    session_query(c->session, sql, deadline_ms, record, a);
}

const char *value_of(struct client *c, const char *sql)
{
    static struct answer a;
    ask(c, sql, 0, &a);
    AWAIT(a.calls, CLOCK_MS(5000));
    if (a.status != REPLY_OK)
        fail_msg("%s: %s", sql, a.error);
    return a.first;
}

void turn(void)
{
    static const struct timeval tick = {.tv_usec = 1000};
    event_base_loopexit(base, &tick);
    event_base_loop(base, EVLOOP_ONCE);
}

void run_for(int64_t us)
{
    for (int64_t end_us = clock_now_us() + us; clock_now_us() < end_us;)
        turn();
}

int listen_somewhere(unsigned *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &length), 0);
    *port = ntohs(at.sin_port);
    return fd;
}
