/* One thread that does what may block, and the lock and bell between it and those who give it work. The
 * thread gives the lock back before anything that can block and says since when it has been at it. */
#ifndef REPLCHECK_IO_LANE_H
#define REPLCHECK_IO_LANE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct lane {
    pthread_mutex_t lock;
    pthread_cond_t bell;
    pthread_cond_t over;
    pthread_t thread;
    bool stopping;
    bool ended;
    int64_t busy_since_us; /* base/clock.h; 0: it waits for work */
};

/* Starts `run(context)` with every signal blocked. It is called and must return with the lock held. The lane
 * stays where it is in memory until lane_stop() was true. */
MUST_CHECK bool lane_start(struct lane *l, const char *name, void (*run)(void *context), void *context,
                           struct err *e);

/* Sets `stopping` and waits until the thread has ended, at most until the time (base/clock.h). */
bool lane_stop(struct lane *l, int64_t until_us);

void lane_lock(struct lane *l);
void lane_unlock(struct lane *l);

/* With the lock held: there is work. */
void lane_ring(struct lane *l);

/* The thread, with the lock held: waits for the bell, until the time at the latest (0: for ever). It may
 * come back for no reason. */
void lane_wait(struct lane *l, int64_t until_us);

/* The thread, around what may block: gives the lock back, takes it again. */
void lane_block_begin(struct lane *l);
void lane_block_end(struct lane *l);

#endif
