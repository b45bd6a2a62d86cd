#include "io/lane.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

#define STACK_BYTES (512 * 1024) /* small, since the process may be locked in memory */

struct start {
    struct lane *lane;
    void (*run)(void *context);
    void *context;
};

static void *thread_main(void *argument)
{
    struct start start = *(struct start *)argument;
    free(argument);
    lane_lock(start.lane);
    start.run(start.context);
    start.lane->ended = true;
    pthread_cond_broadcast(&start.lane->over);
    lane_unlock(start.lane);
    return NULL;
}

/* The lock lends the loop's priority to a thread that holds it; waits count on the monotonic clock. */
static void make_lock(struct lane *l)
{
    pthread_mutexattr_t mutex;
    pthread_condattr_t cond;
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setprotocol(&mutex, PTHREAD_PRIO_INHERIT);
    pthread_mutex_init(&l->lock, &mutex);
    pthread_mutexattr_destroy(&mutex);
    pthread_condattr_init(&cond);
    pthread_condattr_setclock(&cond, CLOCK_MONOTONIC);
    pthread_cond_init(&l->bell, &cond);
    pthread_cond_init(&l->over, &cond);
    pthread_condattr_destroy(&cond);
}

static void destroy_lock(struct lane *l)
{
    pthread_cond_destroy(&l->over);
    pthread_cond_destroy(&l->bell);
    pthread_mutex_destroy(&l->lock);
}

static int create(struct lane *l, struct start *start)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&l->thread, &attributes, thread_main, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return failed;
}

bool lane_start(struct lane *l, const char *name, void (*run)(void *context), void *context, struct err *e)
{
    struct start *start = mem_zalloc(sizeof(*start));
    *start = (struct start){.lane = l, .run = run, .context = context};
    *l = (struct lane){0};
    make_lock(l);
    int failed = create(l, start);
    if (failed) {
        destroy_lock(l);
        free(start);
        return err_set(e, "starting the thread \"%s\": %s", name, strerror(failed));
    }
    pthread_setname_np(l->thread, name);
    return true;
}

static void wait_for(pthread_cond_t *c, struct lane *l, int64_t until_us)
{
    int64_t left_us = until_us - clock_now_us();
    struct timespec t;
    if (left_us <= 0)
        return;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + left_us % 1000000 * 1000;
    t.tv_sec += left_us / 1000000 + ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    pthread_cond_timedwait(c, &l->lock, &t);
}

bool lane_stop(struct lane *l, int64_t until_us)
{
    lane_lock(l);
    l->stopping = true;
    lane_ring(l);
    while (!l->ended && clock_now_us() < until_us)
        wait_for(&l->over, l, until_us);
    bool ended = l->ended;
    lane_unlock(l);
    if (ended) {
        pthread_join(l->thread, NULL);
        destroy_lock(l);
    }
    return ended;
}

void lane_lock(struct lane *l)
{
    pthread_mutex_lock(&l->lock);
}

void lane_unlock(struct lane *l)
{
    pthread_mutex_unlock(&l->lock);
}

void lane_ring(struct lane *l)
{
    pthread_cond_signal(&l->bell);
}

void lane_wait(struct lane *l, int64_t until_us)
{
    if (until_us)
        wait_for(&l->bell, l, until_us);
    else
        pthread_cond_wait(&l->bell, &l->lock);
}

void lane_block_begin(struct lane *l)
{
    l->busy_since_us = clock_now_us();
    lane_unlock(l);
}

void lane_block_end(struct lane *l)
{
    lane_lock(l);
    l->busy_since_us = 0;
}
