/* One voter, whatever keeps the vote there: a MariaDB server's lock (server_voter.h) or a key in etcd
 * (etcd_voter.h). It takes the vote when wanted, renews it, writes promises and releases, and tells the
 * quorum of every answer with its send time. The caller does not care which kind it is.
 *
 * A vote whose own validity has ended is given up and counts anew. Nothing here waits: what was asked for is
 * seen in the quorum, in the rows that were read, and in the events. */
#ifndef REPLCHECK_IO_VOTER_H
#define REPLCHECK_IO_VOTER_H

#include <stdbool.h>
#include <stdint.h>

#include "model/quorum.h"
#include "model/taking.h"
#include "wire/observe.h"

struct reply;
struct voter;

struct voter_options {
    int index;        /* in the quorum */
    const char *node; /* our name, as author */
    struct observe_names names;
    int lease_ms, renew_ms, silent_ms;
    struct quorum *quorum;
    struct voter_rows *rows; /* where the rows read there go */
    int64_t *answered_us;    /* send time of the last answered statement */
    int64_t *round_trip_us;  /* of the last renewals, smoothed */
    const bool *evict;       /* may the session of another account be ended that holds the vote? */
};

struct voter_events {
    void (*changed)(void *arg);
    /* enable() was answered: ok, or refused with the server's sentence; or lost: uncertain. */
    void (*enabled)(void *arg, const struct reply *reply);
    /* promise() was answered; `consumed` is the epoch of the other's row that it used, 0 = none. */
    void (*promised)(void *arg, int index, uint64_t epoch, uint64_t consumed, const char *refusal);
    /* The voter is not what it was, one sentence: it has forgotten what was promised there. */
    void (*trouble)(void *arg, int index, const char *sentence);
    void *arg;
};

void voter_free(struct voter **v);

/* Repeatable each tick. Wanting takes and keeps the vote; not wanting gives it up if held (nothing in
 * writing). */
void voter_want(struct voter *v, enum voter_urgency urgency);
void voter_drop(struct voter *v);

/* The renewal of this period, or whatever is due; called every period and after each tick. */
void voter_step(struct voter *v, int64_t now_us);

/* Promises `epoch` where the vote is held; ignored while one is under way or it is promised. */
void voter_promise(struct voter *v, uint64_t epoch);

/* Durability `lossless`: records a node (its index) as out of sync in `epoch`, or takes that back. Only while
 * the vote is held, which the voter checks in the same transaction, as it checks that no higher epoch was
 * promised; so nobody who took the vote since can have missed a mark, and a late call changes nothing.
 * Repeatable; what was answered stands in the rows. A mark that stands in them already is not written again,
 * if they were read after `since_us` (CLOCK_BOOTTIME): when it was last told to go. */
void voter_mark(struct voter *v, int node, uint64_t epoch, int64_t since_us);
void voter_clear_mark(struct voter *v, int node);

/* What a node says of its term that has ended. */
struct voter_farewell {
    enum note_kind kind; /* NOTE_RELEASE, or NOTE_CERTIFICATE of a server that is proven dead */
    uint64_t epoch;
    const char *file; /* where the dead server's binary log ends; "" = not known */
    uint64_t size;
    const char *gtid; /* its last position; "" = not known */
};

/* Writes the row, then gives the vote up, so that it is free exactly after the row is there. Where the vote
 * is not held, or (unless `uncounted_too`) does not count, it is only given up. voter_release_done() when
 * that is over (also when it failed: then without the row). Texts are copied. */
void voter_release(struct voter *v, const struct voter_farewell *row, bool uncounted_too);
bool voter_release_done(const struct voter *v);
void voter_release_reset(struct voter *v);

/* A MariaDB server only. CALL enable at the own server: false if one is unanswered or the vote is not held.
 */
bool voter_enable(struct voter *v, uint64_t epoch);
bool voter_enable_unanswered(const struct voter *v);

/* A MariaDB server only: runs a statement of the caller's on the session when it is up (reclaim). False if
 * not. */
bool voter_ask(struct voter *v, const char *sql, int deadline_ms,
               void (*done)(void *arg, const struct reply *r), void *arg);

/* etcd only: until when the certificate that it showed last is valid, in seconds since 1970; 0 = unknown. */
int64_t voter_certificate_until_s(const struct voter *v);

bool voter_is_up(const struct voter *v);
/* Since when an answer is owed; 0 = none is. */
int64_t voter_outstanding_since_us(const struct voter *v);
/* When voter_step() should be called besides the period; 0 = not before. */
int64_t voter_next_us(const struct voter *v);

#endif
