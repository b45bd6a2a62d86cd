/* The observation of one data node's server: a session of its own on which the whole question is one round
 * trip per period. Its hang makes facts unknown and nothing else. */
#ifndef REPLCHECK_IO_PROBE_H
#define REPLCHECK_IO_PROBE_H

#include "io/session.h"
#include "wire/observe.h"

struct event_base;
struct probe;

struct probe_options {
    struct observe_names names;
    struct session_options session;
    int deadline_ms;
    struct server_view *view; /* what is filled; must outlive the probe */
};

struct probe *probe_new(struct event_base *base, const struct probe_options *options,
                        void (*changed)(void *arg), void *arg);
void probe_free(struct probe **p);

/* Asks now, or again as soon as the question under way is answered. */
void probe_now(struct probe *p);
/* The same, and the dead-man's switch with it, which is otherwise asked for once a second. */
void probe_events(struct probe *p);
/* Asks if nothing is under way: for the period. */
void probe_tick(struct probe *p, int64_t now_us);

/* The promotions that nobody asked for are counted over that time, and since that wall-clock second: asked
 * again at once where it is another than before. */
void probe_count_since(struct probe *p, int64_t window_s, int64_t reset_s);

struct session *probe_session(struct probe *p);

#endif
