/* Where the worker's lines and batches go in a test, which may hold them up or refuse them. */
#ifndef REPLCHECK_TESTS_SINK_H
#define REPLCHECK_TESTS_SINK_H

#include <stdatomic.h>

#include "base/clock.h"
#include "io/worker.h"

struct sink {
    atomic_int emitted, stored_events, stored_texts, store_calls;
    atomic_bool emit_blocked, store_blocked, store_fails;
    char stored_text[JOURNAL_TEXT_MAX]; /* the last */
};

extern struct sink sink;

/* Of a worker whose lines and batches go to the sink, which is emptied. With `store` NULL they go to the
 * journal. */
struct worker_options sink_options(void);
void sink_start(const struct worker_options *o);
struct worker_stats sink_stats(void);
void sink_push_event(int i);
/* Was such a line emitted? */
bool sink_line_seen(const char *part);

/* Within 20 s, or the test fails. */
#define AWAIT(condition)                                                                                     \
    do {                                                                                                     \
        int64_t until = clock_now_us() + CLOCK_MS(20000);                                                    \
        while (!(condition)) {                                                                               \
            if (clock_now_us() > until)                                                                      \
                fail_msg("waited in vain for: %s", #condition);                                              \
            usleep(1000);                                                                                    \
        }                                                                                                    \
    } while (0)

#endif
