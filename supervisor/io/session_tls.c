#include "io/session_tls.h"

#include <errmsg.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/tls_library.h"

/* Threads late at the same time, over all sessions; each ends within about two connect timeouts. */
#define THREADS_MAX 32
#define STACK_BYTES (256 * 1024)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int threads;

/* Belongs to the thread and the session together; who leaves last frees it. */
struct tls_connect {
    MYSQL *handle;
    char *address, *socket, *user, *password;
    unsigned port;
    int finished_fd;     /* eventfd, written when the thread is done */
    const char *trouble; /* of tls_library_connect() */
    bool ended;          /* by the thread, under the lock */
    bool abandoned;      /* by the session, under the lock */
    struct event finished;
};

const char *tls_options(MYSQL *handle, const struct session *s)
{
    unsigned seconds = (unsigned)(s->connect_timeout_ms + 999) / 1000;
    struct tls_wanted wanted = {.ca = s->tls_ca, .fingerprint = s->tls_fingerprint, .address = s->tls_verify};
    mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
    return tls_library_on(handle, &wanted);
}

static void job_free(struct tls_connect *job)
{
    if (job->handle)
        mysql_close(job->handle);
    close(job->finished_fd);
    free(job->address);
    free(job->socket);
    free(job->user);
    free(job->password);
    free(job);
}

static void *run(void *arg)
{
    struct tls_connect *job = arg;
    static const uint64_t one = 1;
    size_t count = 0;
    session_bounds_count(&count);
    job->trouble = tls_library_connect(job->handle, job->address, job->port, job->socket, job->user,
                                       job->password, CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS);
    pthread_mutex_lock(&lock);
    job->ended = true;
    bool abandoned = job->abandoned;
    if (!abandoned)
        (void)!write(job->finished_fd, &one, sizeof(one));
    pthread_mutex_unlock(&lock);
    if (abandoned)
        job_free(job);
    pthread_mutex_lock(&lock);
    threads--;
    pthread_mutex_unlock(&lock);
    return NULL;
}

bool session_connects_left(void)
{
    pthread_mutex_lock(&lock);
    bool left = threads > 0;
    pthread_mutex_unlock(&lock);
    return left;
}

static void on_finished(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;
    struct tls_connect *job = s->tls;
    (void)fd;
    (void)what;
    s->busy++;
    s->tls = NULL;
    pthread_mutex_lock(&lock);
    const char *trouble = job->trouble;
    pthread_mutex_unlock(&lock);
    job->handle = NULL; /* the session's, as from the start */
    job_free(job);
    if (!trouble)
        session_connected(s);
    else if (*trouble)
        session_lose(s, CR_SSL_CONNECTION_ERROR, "%s", trouble);
    else
        session_connect_failed(s);
    session_drive(s, 0);
    session_leave(s);
}

/* Signals are for the loop's thread. */
static bool start_thread(struct tls_connect *job)
{
    pthread_attr_t attributes;
    pthread_t id;
    sigset_t all, before;
    pthread_mutex_lock(&lock);
    bool started = threads < THREADS_MAX;
    threads += started;
    pthread_mutex_unlock(&lock);
    if (!started)
        return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    started = pthread_create(&id, &attributes, run, job) == 0;
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started) {
        pthread_mutex_lock(&lock);
        threads--;
        pthread_mutex_unlock(&lock);
    }
    return started;
}

void tls_connect_start(struct session *s)
{
    struct tls_connect *job = mem_zalloc(sizeof(*job));
    job->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    job->handle = s->handle;
    job->address = s->socket ? NULL : mem_strdup(s->address);
    job->socket = s->socket ? mem_strdup(s->socket) : NULL;
    job->user = mem_strdup(s->user);
    job->password = mem_strdup(s->password ? s->password : "");
    job->port = session_port(s);
    if (job->finished_fd < 0 || !start_thread(job)) {
        job->handle = NULL;
        job_free(job);
        session_lose(s, CR_OUT_OF_MEMORY, "no thread or descriptor is left for a TLS handshake");
        return;
    }
    s->tls = job;
    event_assign(&job->finished, s->base, job->finished_fd, EV_READ, on_finished, s);
    event_add(&job->finished, NULL);
}

void tls_connect_abandon(struct session *s)
{
    struct tls_connect *job = s->tls;
    event_del(&job->finished);
    pthread_mutex_lock(&lock);
    bool ended = job->ended;
    job->abandoned = true;
    pthread_mutex_unlock(&lock);
    if (ended)
        job_free(job);
    s->tls = NULL;
    s->handle = NULL;
}
