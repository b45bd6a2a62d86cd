/* A voter that is a MariaDB server: the session that holds (or may hold) the lock there, and nothing else on
 * it that can block.
 *
 * A lost session whose vote is still valid is replaced: the new one queues for the lock, then its predecessor
 * is killed, so that the lock is never seen free. Renewals are sent every period; their statement stays
 * outstanding until the lease ends. A holder whose own validity has ended closes and counts anew. */
#ifndef REPLCHECK_IO_SERVER_VOTER_H
#define REPLCHECK_IO_SERVER_VOTER_H

#include "io/session.h"
#include "io/voter.h"

struct event_base;

struct server_voter_options {
    struct voter_options common;
    bool own;                       /* the local server: its standby also asks who holds the vote */
    bool bell;                      /* the other node's server: the holder there also holds the bell */
    struct session_options session; /* init_sql is the voter's own affair */
    struct holder_view *holder;     /* where the holder goes, or NULL */
};

struct voter *server_voter_new(struct event_base *base, const struct server_voter_options *options,
                               const struct voter_events *events);

/* The session that holds, or would hold, the vote of a voter that server_voter_new() made. */
struct session *server_voter_session(struct voter *v);

#endif
