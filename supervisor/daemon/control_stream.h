/* Lines over a unix socket: who connects, how long a line may be, how long anybody may take. Knows nothing of
 * what the lines say.
 *
 * Who may not even read is answered when he connects, and his connection ended: nothing of his is read and no
 * place is his. Of the places some are left to those who may act, whatever readers do.
 *
 * On the event loop; never blocks. A client's lines are handed up one at a time: the next when the answer to
 * the last was sent and read. A client that is slow, too long or gone is dropped, and `gone` is called
 * before. */
#ifndef REPLCHECK_DAEMON_CONTROL_STREAM_H
#define REPLCHECK_DAEMON_CONTROL_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "daemon/control_access.h"

struct event_base;
struct control_stream;
struct control_client;

struct control_stream_events {
    /* Answered by control_client_send(), now or, after control_client_wait(), later. `line` without its end.
     */
    void (*line)(void *arg, struct control_client *c, const char *line, size_t length);
    void (*gone)(void *arg, struct control_client *c);
    /* What somebody is told who may do nothing here: malloc'ed, a line. */
    char *(*denied)(void *arg, const struct access_peer *peer);
    void *arg;
};

/* Replaces a socket file left behind. `groups` is copied. NULL on failure. */
struct control_stream *control_stream_new(struct event_base *base, const char *path,
                                          const struct access_groups *groups,
                                          const struct control_stream_events *events, struct err *e);

/* Drops everybody and removes the file. */
void control_stream_free(struct control_stream **s);

/* Sends a malloc'ed text, which it takes; ends a wait. */
void control_client_send(struct control_client *c, char *text);

/* The answer comes later: the client may take its time, and nothing more is read from it. */
void control_client_wait(struct control_client *c);

const struct access_peer *control_client_peer(const struct control_client *c);

/* Has he closed his end altogether, so that nobody would read an answer? */
bool control_client_left(const struct control_client *c);

#endif
