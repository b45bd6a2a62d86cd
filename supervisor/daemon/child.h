/* The fencer's end of the supervisor: its socket, and through the spawner its life.
 *
 * A message that cannot be sent at once is dropped with the connection: a supervisor that does not read is
 * cut off, which it takes as the fencer's end. Its process is then still there until `ended`. */
#ifndef REPLCHECK_DAEMON_CHILD_H
#define REPLCHECK_DAEMON_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "wire/fencer_proto.h"

struct child;
struct event_base;

struct child_events {
    void (*message)(void *arg, const struct fencer_message *m); /* valid, of a kind that a child sends */
    void (*cut)(void *arg, const char *reason);                 /* its connection ended; once per start */
    void (*ended)(void *arg, pid_t pid, int status);            /* status as of waitpid() */
    void (*spawner_gone)(void *arg);
    void *arg;
};

struct child_options {
    int spawner;    /* socket to the spawner */
    int executable; /* to be executed, by descriptor */
    int settings;   /* memory file for the supervisor */
};

struct child *child_new(struct event_base *base, const struct child_options *options,
                        const struct child_events *events);

/* Starts a supervisor with a socket of its own; what was left unread on the former one is gone. */
MUST_CHECK bool child_start(struct child *c, bool reloaded, struct err *e);
/* Goes on with a running one whose socket was inherited. */
void child_adopt(struct child *c, int socket);

bool child_is_connected(const struct child *c);
int child_socket(const struct child *c); /* -1 while cut off */

void child_send(struct child *c, const struct fencer_message *m);
/* Handles every message that has arrived, now. */
void child_drain(struct child *c);
/* Through the spawner. */
MUST_CHECK bool child_signal(struct child *c, int signal, struct err *e);

#endif
