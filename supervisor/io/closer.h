/* Closing the other node's server, in the order of a fence: the supervisor's sessions there are killed and
 * seen gone, then read_only=1 is set and read back. Runs beside a promotion with a deadline of its own;
 * unanswered, it leaves the decision to the delay. The epoch must have been promised there before, on the
 * session that holds the vote (io/voter.h): the caller sees to it. */
#ifndef REPLCHECK_IO_CLOSER_H
#define REPLCHECK_IO_CLOSER_H

#include "io/session.h"
#include "model/observation.h"

struct event_base;
struct closer;

struct closer_options {
    struct session_options session;
    const char *account; /* of the supervisor there: its sessions from `localhost` are killed */
    int deadline_ms;
    struct closing_view *view; /* `closed` is set when it is proven */
    struct server_view *peer;  /* read_only and positions as read back */
};

struct closer *closer_new(struct event_base *base, const struct closer_options *options,
                          void (*changed)(void *arg), void *arg);
void closer_free(struct closer **c);

/* Begins, unless it is under way or done for this epoch. */
void closer_begin(struct closer *c, uint64_t epoch);
void closer_reset(struct closer *c);

#endif
