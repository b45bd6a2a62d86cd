/* One MariaDB session on the event loop, with libmariadb's non-blocking API.
 *
 * A session connects by itself (numeric addresses or a socket path only: names would block), connects
 * again with exponential back-off and jitter when it is lost, and runs queued statements one at a time in
 * order. Nothing here ever blocks: every statement has a deadline of its own, and one that passes while
 * the statement is outstanding closes the connection (its reply is then REPLY_LOST: the write is uncertain,
 * not failed). A statement still queued at its deadline is answered REPLY_LOST with sent_us 0 (it never
 * was sent), and the connection stays.
 *
 * A hostile server is bounded: a reply of more than 64 result sets or 1 MiB ends the connection. An error
 * that says that the server ends the connection (killed, shutting down) is REPLY_LOST, for what became of
 * the statement is not said. An idle connection that breaks is lost at once, not at the next statement.
 *
 * Ownership: the session owns its connection and its queue; the texts passed in are copied. A callback
 * may queue further statements, call session_close() or session_free() on any session. No function here
 * but session_free() calls back: everything is told from the loop. A statement queued from within a
 * callback goes out when that callback has returned, without a turn of the loop.
 *
 * The loop is one thread's. Sessions with TLS connect in a short-lived thread of their own, since
 * libmariadb's handshake blocks. SIGPIPE is ignored by libmariadb's initialisation, process-wide.
 * Times are CLOCK_BOOTTIME microseconds (base/clock.h). */
#ifndef REPLCHECK_IO_SESSION_H
#define REPLCHECK_IO_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/rows.h"

struct event_base;
struct session;

/* What a server's own defaults for sessions must not change: with autocommit off we would read an old
 * snapshot for ever and never commit a term's row; a promise is refused by sql_safe_updates, by read-only
 * transactions and by a completion_type that ends the session. The first words of an init_sql, to which more
 * variables may be added. */
#define SESSION_SQL                                                                                          \
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE;"                                   \
    "SET SESSION sql_mode='STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',"            \
    " autocommit=1, completion_type=0, sql_safe_updates=0, sql_big_selects=1,"                               \
    " sql_select_limit=18446744073709551615, max_statement_time=0, time_zone='+00:00'"

enum reply_status {
    REPLY_OK,    /* the server answered every statement of the text */
    REPLY_ERROR, /* the server answered with an error: error_no, error; sets before it are kept */
    REPLY_LOST,  /* no answer: the connection broke, the deadline passed, or it was closed. Uncertain. */
};

struct reply {
    enum reply_status status;
    int64_t sent_us;         /* taken before the first byte was written; 0 if it was never sent */
    int64_t answered_us;     /* when the last answer was read; 0 if none */
    unsigned error_no;       /* the server's, or libmariadb's CR_* for REPLY_LOST */
    const char *error;       /* never NULL, one line of UTF-8; valid during the callback */
    const struct rows *sets; /* one per result set, in order, statements without columns add none; valid
                                during the callback */
    size_t set_count;
};

struct session_options {
    const char *name;    /* for log lines: "mx2/vote" */
    const char *socket;  /* path; or */
    const char *address; /* a numeric IPv4 or IPv6 address, with */
    unsigned port;
    unsigned extra_port;      /* of the same server: tried after "too many connections" (1040); 0 = none */
    const char *bind_address; /* numeric source address, or NULL */
    const char *user;
    const char *password; /* NULL with unix_socket */
    const char *tls_ca; /* NULL: none. With any of these three there is TLS or no session, never plaintext. */
    bool tls_verify;    /* with a CA: the certificate must also bear the address connected to */
    const char *tls_fingerprint; /* the certificate's SHA-1, 40 hex digits: that one alone; or NULL */
    bool tls_unverified;         /* any certificate: over a socket path only */
    const char *init_sql;        /* run after each connect, before anything queued; NULL for none */
    int connect_timeout_ms;      /* own deadline for connect and init_sql; 0 means 1000 */
    int backoff_min_ms; /* first retry, then doubled, each ±20 %; again from here after a connection that
                           was up for 1 s; 0 means 20 */
    int backoff_max_ms; /* ceiling; 0 means 1000 */
};

struct session_events {
    /* Connected, init_sql answered. */
    void (*up)(void *arg, struct session *s);
    /* Was up or failed to connect; `reason` is one clause. Called once per loss; the replies of queued and
     * outstanding statements came before it. */
    void (*down)(void *arg, struct session *s, const char *reason);
    void *arg;
};

/* Starts connecting in the loop's next turn. `events` is copied. */
struct session *session_new(struct event_base *base, const struct session_options *options,
                            const struct session_events *events);

/* Closes the connection at once (the socket is closed without a farewell that could block), answers what is
 * outstanding and queued with REPLY_LOST before it returns (where `done` is given; `down` is not called),
 * and frees. What these callbacks queue on it is dropped. Sets *s to NULL. */
void session_free(struct session **s);

/* Queues a statement, or several separated by semicolons: one packet, one round trip. `deadline_ms` counts
 * from the call; 0 means none. `done` may be NULL. If the session is not up the statement is answered
 * REPLY_LOST from the loop, at once, not kept for a later connection. */
void session_query(struct session *s, const char *sql, int deadline_ms,
                   void (*done)(void *arg, const struct reply *reply), void *arg);

/* A session that was freed, NULL, is down: callbacks may ask, while it goes. */
bool session_is_up(const struct session *s);
/* The server's connection id; 0 while not up. */
unsigned long session_connection_id(const struct session *s);
/* When this connection was established (before its handshake's first byte); 0 while not up. */
int64_t session_opened_us(const struct session *s);
/* Statements queued or outstanding. */
size_t session_pending(const struct session *s);
/* When the statement now outstanding was sent; 0 if none. */
int64_t session_outstanding_since_us(const struct session *s);
/* Why the last connection ended or failed; "" if never. */
const char *session_last_error(const struct session *s);
/* The error number of that, the server's or libmariadb's; 0 if never. */
unsigned session_last_error_no(const struct session *s);
/* Socket of the connection, for SO_PEERCRED; -1 while not up. */
int session_fd(const struct session *s);
const char *session_name(const struct session *s);

/* Closes the connection at once and connects again (subject to the back-off). An idle session's user locks
 * are free within a millisecond. A server inside a statement of ours keeps them until it looks: a wait for a
 * lock each second, SLEEP and computing at their end. Replies and `down` come from the loop. Nothing happens
 * on a session that is not connected. */
void session_close(struct session *s, const char *reason);
/* Tries to connect now instead of when the back-off ends. */
void session_retry_now(struct session *s);

/* Does a connect that was given up go on in a thread of its own? A program that ends then leaves by _exit():
 * what the thread uses is not to be taken down below it. */
bool session_connects_left(void);

#endif
