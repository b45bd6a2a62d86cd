/* What the tests of the session layer share: a loop that is watched for delays, a session whose callbacks
 * are recorded, and the servers that test_session.py started (their whereabouts are in the environment). */
#ifndef REPLCHECK_TESTS_SESSION_FIXTURE_H
#define REPLCHECK_TESTS_SESSION_FIXTURE_H

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/session.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* What a busy machine or AddressSanitizer may take longer; a blocked loop takes longer still. It grows with
 * what the machine has held up a thread that does nothing but sleep, since the test began. */
#define SLACK_US (fixture_slack_us + 4 * fixture_overslept_us())

struct server {
    const char *socket;
    unsigned port;
    pid_t pid;
};

struct answer {
    int calls;
    enum reply_status status;
    int64_t sent_us, answered_us, called_us;
    unsigned error_no;
    char error[256];
    size_t set_count;
    size_t row_count; /* of all sets */
    char first[64];   /* first cell of the first row; "NULL" */
    char last[64];    /* last cell of the last set */
};

struct client {
    struct session *session;
    int ups, downs;
    int64_t up_us, down_us;
    char reason[256];
};

extern int64_t fixture_slack_us; /* its part that does not grow, unless a test has set it */
extern struct event_base *base;
extern struct server server; /* for everything that leaves it running */
extern struct server victim; /* may be killed, once */
extern const char *password; /* of tester@'%', over TCP */

/* Reads the environment; false when there are no servers. */
bool fixture_find_servers(void);
struct server fixture_server(const char *prefix);
/* Per test: a new loop; and at its end no descriptor is left open, no server stopped, and the loop was
 * never held up. */
int fixture_begin(void **state);
int fixture_end(void **state);

int64_t fixture_overslept_us(void);

/* SIGSTOP, and no thread runs when it returns. */
void fixture_stop(const struct server *at);

/* root over the unix socket of `server`, connect timeout 1 s. */
struct session_options by_socket(const struct server *at);
struct session_options by_tcp(const struct server *at);

/* A new session whose callbacks are recorded in `c`. */
void client_start(struct client *c, const struct session_options *options);
/* And up. */
void client_open(struct client *c, const struct session_options *options);
/* Records the reply in `a`. */
void ask(struct client *c, const char *sql, int deadline_ms, struct answer *a);
void record(void *answer, const struct reply *reply);
/* Asks, awaits the answer and expects it to be OK. */
const char *value_of(struct client *c, const char *sql);

/* One turn of the loop, of 1 ms at most. */
void turn(void);
void run_for(int64_t us);
/* Fails when it is long over the limit: what has to be within it is asserted with SLACK_US. */
#define PATIENCE_US CLOCK_MS(15000)
#define AWAIT(condition, limit_us)                                                                           \
    do {                                                                                                     \
        int64_t end_us_ = clock_now_us() + (limit_us) + PATIENCE_US;                                         \
        while (!(condition)) {                                                                               \
            if (clock_now_us() > end_us_)                                                                    \
                fail_msg("not within %lld us: %s", (long long)(limit_us), #condition);                       \
            turn();                                                                                          \
        }                                                                                                    \
    } while (0)

/* A non-blocking listening socket on 127.0.0.1 that plays a server; its port is stored. */
int listen_somewhere(unsigned *port);

#endif
