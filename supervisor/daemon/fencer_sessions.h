/* The fencer's three sessions to the local server, as its own account, and the watch over its process.
 *
 *   w  holds the user lock `replcheck.write.CLUSTER`; its wait_timeout is L − 1 s while it does
 *   f  does nothing until it sets read_only=1
 *   k  is pinged, and kills
 *
 * Nothing here decides: it reports through the events, from the loop. */
#ifndef REPLCHECK_DAEMON_FENCER_SESSIONS_H
#define REPLCHECK_DAEMON_FENCER_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/death.h"
#include "model/fencer_logic.h"

struct event_base;
struct fencer_sessions;
struct ladder_options;
struct settings;

struct fencer_sessions_events {
    void (*observed)(void *arg); /* fencer_sessions_view() may have changed */
    void (*asked)(void *arg);    /* an answer is owed from now on */
    void (*answered)(void *arg);
    void (*dead)(void *arg, const struct death_report *report);
    /* Who holds the write lock, by an answer to a statement sent at `sent_us`; `why` when it is not w. */
    void (*lock)(void *arg, int64_t sent_us, bool held, const char *why);
    void (*lock_lost)(void *arg); /* w broke, or is back and the lock is wanted */
    void *arg;
};

/* `settings` outlive it. Connects at once. It lasts as long as the process. */
struct fencer_sessions *fencer_sessions_new(struct event_base *base, const struct settings *settings,
                                            const struct fencer_sessions_events *events);

const struct fencer_server *fencer_sessions_view(const struct fencer_sessions *s);
/* Why a death cannot be certified; "" while it can. */
const char *fencer_sessions_uncertified(const struct fencer_sessions *s);

/* Reads read_only on k, unless an answer is still owed. */
void fencer_sessions_ping(struct fencer_sessions *s);

/* Takes the lock or proves that it is held. A predecessor of our own account is replaced without a gap. While
 * an answer is owed it is done after that, unless `limit_us` (CLOCK_BOOTTIME) has passed then. */
void fencer_sessions_take_lock(struct fencer_sessions *s, int64_t limit_us);
/* At once, even when w waits for an answer. */
void fencer_sessions_release_lock(struct fencer_sessions *s);
/* w's socket while it holds the lock, -1 otherwise: a successor that keeps it open keeps the lock. */
int fencer_sessions_lock_fd(const struct fencer_sessions *s);

/* Is the process that was attached to last surely at its end: a zombie, or gone? Then its sockets are closed.
 */
bool fencer_sessions_is_over(const struct fencer_sessions *s);

/* Is the death of the server urgent (death.h)? */
void fencer_sessions_set_urgent(struct fencer_sessions *s, bool urgent);
/* Fills the sessions and the death into a ladder's options. */
void fencer_sessions_lend(struct fencer_sessions *s, struct ladder_options *options);

#endif
