/* The bell: the writer's vote session on this server also holds `replcheck.bell`. Whoever waits for that lock
 * here learns at once that the session has ended, gives the lock back in the same round trip, and has read
 * the voter table in it. Never waits on a free lock (that would spin): then it looks again after a period. */
#ifndef REPLCHECK_IO_BELL_H
#define REPLCHECK_IO_BELL_H

#include "io/session.h"
#include "wire/observe.h"

struct event_base;
struct bell;

struct bell_options {
    struct observe_names names;
    struct session_options session;
    int period_ms;
    struct voter_rows *rows; /* filled when it rang */
};

/* `rang` is called after the rows were filled. */
struct bell *bell_new(struct event_base *base, const struct bell_options *options, void (*rang)(void *arg),
                      void *arg);
void bell_free(struct bell **b);

/* Listens from now on, or not: the writer has nobody to hear. */
struct session *bell_session(struct bell *b);

void bell_listen(struct bell *b, bool listen);

#endif
