/* What the files of the session share; nobody else includes it.
 *
 * session.c          the life of a session: up, down, deadlines, back-off, and what session.h offers
 * session_queue.c    statements that wait, and their answers
 * session_connect.c  a connection made and severed: options, TLS, the file descriptor
 * session_step.c     one call of libmariadb's non-blocking API after the other
 * session_reply.c    result sets copied out of libmariadb, within limits
 * session_bounds.c   what one call of libmariadb may read of a server
 * session_tls.c      the connect of a session with TLS
 *
 * libmariadb runs a non-blocking call on a stack of its own and switches back when it would wait. Our code
 * never runs on that stack (no hooks are set), and a connection is only given up by severing it and letting
 * the call unwind, so nothing of it leaks. AddressSanitizer and UndefinedBehaviorSanitizer need nothing for
 * this as long as detect_stack_use_after_return is off. */
#ifndef REPLCHECK_IO_SESSION_INTERNAL_H
#define REPLCHECK_IO_SESSION_INTERNAL_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <mysql.h>

#include "base/err.h"
#include "io/session.h"

/* Above the reply's limit, so that one packet of a hostile server cannot take all memory. */
#define SESSION_PACKET_MAX (1280 * 1024)

enum session_state {
    SESSION_DOWN,       /* waits for its back-off */
    SESSION_CONNECTING, /* TCP or unix, TLS, authentication */
    SESSION_STARTING,   /* init_sql */
    SESSION_UP,
    SESSION_LOST, /* severed; the callbacks have not been told yet */
};

/* The library call under way. */
enum session_step { STEP_IDLE, STEP_CONNECT, STEP_SEND, STEP_ANSWER, STEP_ROW, STEP_NEXT };

struct statement {
    struct statement *next;
    void (*done)(void *arg, const struct reply *reply);
    void *arg;
    int64_t deadline_us; /* 0 = none */
    int64_t sent_us;
    unsigned error_no; /* of a statement that is answered REPLY_LOST */
    const char *why;   /* static text, or NULL for the session's last error */
    size_t length;
    char sql[];
};

struct statement_list {
    struct statement *head, *tail;
    size_t count;
};

/* One reply while it is read. Text moves when it grows, so cells are offsets until the end. */
struct capture {
    char *text;
    size_t text_used, text_size;
    size_t *offsets;      /* names, then cells, set by set; CAPTURE_NULL for SQL NULL */
    const char **strings; /* the same, once the reply is whole */
    size_t count, count_size, strings_size;
    struct rows *sets;
    size_t *starts; /* per set, its first name */
    size_t set_count;
    size_t weight; /* what the limit is held against */
};

struct tls_connect;

/* Of a session `busy` counts the callbacks from the loop under way, each ended by session_leave(): there
 * losses are told, and there the memory of a session freed meanwhile goes. Functions of session.h never
 * call back, but for session_free(). */
struct session {
    struct event_base *base;
    struct session_events events;
    char *name, *socket, *address, *bind_address, *user, *password, *tls_ca, *tls_fingerprint, *init_sql;
    unsigned port, extra_port;
    bool at_extra; /* the next attempt, or this connection, is to the extra port */
    bool tls_verify;
    bool has_tls; /* it is spoken, or nothing */
    int connect_timeout_ms, backoff_min_ms, backoff_max_ms;

    enum session_state state;
    enum session_step step;
    MYSQL *handle;
    MYSQL_RES *result;
    struct tls_connect *tls;
    int fd;         /* -1: no event is set on it */
    short watched;  /* EV_READ or EV_WRITE, on fd */
    bool suspended; /* the library waits inside the call of this step */
    size_t heard;   /* bytes that were read in it */
    struct {        /* what the call returned */
        MYSQL *connected;
        int failed;
        my_bool unread;
        MYSQL_ROW row;
    } out;
    bool delivering; /* a callback of ours runs: it queues, the loop sends */
    bool hurry;      /* the next back-off is skipped */
    bool freed;      /* memory goes with the outermost callback */
    int busy;

    struct event io, alarm, later;
    int64_t alarm_us; /* when `alarm` fires; 0 = not set */

    struct statement *current;
    struct statement_list queue;   /* to be sent */
    struct statement_list orphans; /* to be answered REPLY_LOST from the loop */

    int64_t connect_deadline_us, opened_us;
    int64_t up_us; /* since when it is up */
    unsigned long connection_id;
    int backoff_ms; /* the last one; 0 after a connection that lasted */
    unsigned lost_error_no, last_error_no;
    char last_error[256];
    struct capture capture;
};

/* session.c */
/* Severs the connection, keeps the reason, and leaves the callbacks to the loop. */
void session_lose(struct session *s, unsigned error_no, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void session_connected(struct session *s);
/* Delivers the reply of the current statement, which is then gone. */
void session_answered(struct session *s, enum reply_status status, unsigned error_no, const char *error);
/* The next queued statement becomes the current one; false if there is none. */
bool session_take_next(struct session *s);
/* Runs at the end of each callback from the loop. */
void session_leave(struct session *s);

/* session_queue.c */
struct statement *statement_new(const char *sql, int64_t deadline_us,
                                void (*done)(void *, const struct reply *), void *arg);
void statement_append(struct statement_list *list, struct statement *st);
struct statement *statement_take(struct statement_list *list); /* NULL if it is empty */
/* Calls back, and frees the statement. */
void session_deliver(struct session *s, struct statement *st, struct reply *reply);
/* Leaves it to be answered REPLY_LOST; `why` is static, or NULL for the session's last error. */
void session_orphan(struct session *s, struct statement *st, unsigned error_no, const char *why);
/* As many as there are now: a callback that asks again is answered in a later turn of the loop. */
void session_answer_orphans(struct session *s);
/* A queued statement was never sent: its answer is certain and the connection not to blame. */
void session_expire_queued(struct session *s, int64_t now_us);

/* session_connect.c */
unsigned session_port(const struct session *s);
void session_connect(struct session *s);
void session_connect_failed(struct session *s);
/* Closes the socket first, so that nothing which follows can block; then unwinds and frees the handle. */
void session_sever(struct session *s);
/* Waits for the library's MYSQL_WAIT_* on the connection's socket. */
void session_await(struct session *s, int wait);

/* Ends a connection under whoever uses it: reads end at once, writes fail at once. */
void session_cut(int fd);

/* session_bounds.c */
/* A library call goes on as long as there is something to read: columns, reports of progress, which a server
 * could send without end. Once per process, before the first connection. */
void session_bounds_set_up(void);
/* Where this thread's calls are counted from now on, NULL for nowhere. A count that is exceeded ends the
 * connection. */
void session_bounds_count(size_t *count);
bool session_bounds_exceeded(size_t count);

/* session_step.c */
/* Goes on with `ready` (MYSQL_WAIT_*, 0 to begin) until the library would wait, the connection is lost, or
 * nothing is left to do. */
void session_drive(struct session *s, int ready);
/* Goes on with the suspended call; returns what it waits for, 0 when it ended. */
int session_resume(struct session *s, int ready);
/* Something can be read and nothing was asked: the connection ended. */
void session_unasked(struct session *s);

/* session_reply.c */
void capture_clear(struct capture *c);
void capture_free(struct capture *c);
MUST_CHECK bool capture_open_set(struct capture *c, MYSQL_RES *result, struct err *e);
/* A statement was answered, with a set or without. */
MUST_CHECK bool capture_answer(struct capture *c, struct err *e);
MUST_CHECK bool capture_row(struct capture *c, MYSQL_RES *result, MYSQL_ROW row, struct err *e);
void capture_finish(struct capture *c);

#endif
