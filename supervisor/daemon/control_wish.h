/* An operator's command that acts: from the request to its end, as a wish in the observation that ticks
 * fulfil.
 *
 * wish_begin() answers at once, or sets what the decision reads and leaves the wish pending; wish_look() is
 * asked after each tick; wish_end() takes the wish back. The journal is the caller's. */
#ifndef REPLCHECK_DAEMON_CONTROL_WISH_H
#define REPLCHECK_DAEMON_CONTROL_WISH_H

#include <stdint.h>

#include "model/report.h"
#include "wire/control_proto.h"

struct node;

enum wish_state { WISH_NONE = 0, WISH_PENDING, WISH_DONE, WISH_REFUSED, WISH_FAILED };

struct wish {
    enum wish_state state;
    struct control_request request;
    int target; /* node that is to be the writer */
    int64_t began_us;
    int64_t limit_us;                  /* how long it may take */
    bool left;                         /* the state changed since it began */
    char message[CONTROL_MESSAGE_MAX]; /* once it is done, refused or failed */
};

/* `r` is the node's present report. Returns the wish's state. */
enum wish_state wish_begin(struct wish *w, struct node *n, const struct control_request *request,
                           const struct report *r, int64_t now_us);

enum wish_state wish_look(struct wish *w, const struct node *n, int64_t now_us);

/* Nothing is wished for any more. */
void wish_end(struct node *n);

#endif
