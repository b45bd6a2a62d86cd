/* One voter that is a MariaDB server: the session that holds (or may hold) the vote there, and nothing else on
 * it that can block. It takes the vote when wanted, renews it, writes promises and releases, and tells the
 * quorum of every answer with its send time.
 *
 * A lost session whose vote is still valid is replaced: the new one queues for the lock, then its predecessor is
 * killed, so that the lock is never seen free. Renewals are sent every period; their statement stays outstanding
 * until the lease ends. A holder whose own validity has ended closes and counts anew. */
#ifndef REPLCHECK_IO_VOTER_H
#define REPLCHECK_IO_VOTER_H

#include <stdbool.h>
#include <stdint.h>

#include "io/session.h"
#include "model/quorum.h"
#include "wire/observe.h"

struct event_base;
struct voter;

enum voter_urgency {
    VOTER_TAKE_IF_FREE, /* a free lock, or one whose holder was idle for a lease (it is killed) */
    VOTER_TAKE_WAIT,    /* the holder is giving it up: wait in the queue for up to a second */
    VOTER_TAKE_CLOSED,  /* the other is proven closed: what it still holds is killed */
};

struct voter_options {
    int index; /* in the quorum */
    bool own;  /* the local server: its standby also asks who holds the vote */
    bool bell; /* the other node's server: the holder there also holds the bell */
    const char *node; /* our name, as author */
    struct observe_names names;
    struct session_options session; /* init_sql is the voter's own affair */
    int lease_ms, renew_ms, silent_ms;
    struct quorum *quorum;
    struct voter_rows *rows;     /* where the table read at the taking goes, or NULL */
    struct holder_view *holder;  /* where the holder goes, or NULL */
    int64_t *answered_us;        /* send time of the last answered statement */
};

struct voter_events {
    void (*changed)(void *arg);
    /* enable() was answered: ok, or refused with the server's sentence; or lost: uncertain. */
    void (*enabled)(void *arg, const struct reply *reply);
    /* promise() was answered; `consumed` is the epoch of the other's row that it used, 0 = none. */
    void (*promised)(void *arg, int index, uint64_t epoch, uint64_t consumed, const char *refusal);
    void *arg;
};

struct voter *voter_new(struct event_base *base, const struct voter_options *options, const struct voter_events *events);
void voter_free(struct voter **v);

/* Repeatable each tick. Wanting takes and keeps the vote; not wanting closes it if held (nothing in writing). */
void voter_want(struct voter *v, enum voter_urgency urgency);
void voter_drop(struct voter *v);

/* The renewal of this period, or whatever is due; called every period and after each tick. */
void voter_step(struct voter *v, int64_t now_us);

/* Promises `epoch` on the session that holds the vote; ignored while one is under way or it is promised. */
void voter_promise(struct voter *v, uint64_t epoch);

/* Own server only: CALL enable. False if one is unanswered or the vote is not held. */
bool voter_enable(struct voter *v, uint64_t epoch);
bool voter_enable_unanswered(const struct voter *v);

/* Writes the row, then closes, so that the lock is free exactly after the row is there. Without a session that
 * holds the vote, or (unless `uncounted_too`) with one whose vote does not count, it only closes.
 * voter_release_done() when that is over (also when it failed: then without the row). */
void voter_release(struct voter *v, bool uncounted_too, const char *kind, uint64_t epoch, const char *file,
                   uint64_t size, const char *gtid);
bool voter_release_done(const struct voter *v);
void voter_release_reset(struct voter *v);

/* Runs a statement of the caller's on the session when it is up (reclaim). False if it is not. */
bool voter_ask(struct voter *v, const char *sql, int deadline_ms, void (*done)(void *arg, const struct reply *r),
               void *arg);

unsigned long voter_connection_id(const struct voter *v);
bool voter_is_up(const struct voter *v);
int64_t voter_outstanding_since_us(const struct voter *v);
struct session *voter_session(struct voter *v);
/* When voter_step() should be called besides the period; 0 = not before. */
int64_t voter_next_us(const struct voter *v);

#endif
