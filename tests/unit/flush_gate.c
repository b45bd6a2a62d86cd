/* A disk that hangs: see flush_gate.h. They write nothing: no power fails. */
#include "flush_gate.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t bell = PTHREAD_COND_INITIALIZER;
static int passes = -1; /* calls that pass before the gate shuts; -1: it stays open */
static int waiting;

void flush_gate_set(int count)
{
    pthread_mutex_lock(&lock);
    passes = count;
    pthread_cond_broadcast(&bell);
    pthread_mutex_unlock(&lock);
}

static int pass(void)
{
    pthread_mutex_lock(&lock);
    waiting++;
    pthread_cond_broadcast(&bell);
    while (passes == 0)
        pthread_cond_wait(&bell, &lock);
    waiting--;
    passes -= passes > 0;
    pthread_mutex_unlock(&lock);
    return 0;
}

void flush_gate_await(void)
{
    pthread_mutex_lock(&lock);
    while (passes != 0 || !waiting)
        pthread_cond_wait(&bell, &lock);
    pthread_mutex_unlock(&lock);
}

int fdatasync(int fd)
{
    (void)fd;
    return pass();
}

int fsync(int fd)
{
    (void)fd;
    return pass();
}
