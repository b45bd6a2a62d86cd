/* policy.make_room: where a full server (max_connections) refuses one of our sessions, one that is still
 * connected there ends as many idle clients. The place that a client leaves is ours: the server keeps one
 * connection beyond the limit for accounts with CONNECTION ADMIN, and refuses everybody else until the number
 * is below it again. */
#ifndef REPLCHECK_DAEMON_ROOM_H
#define REPLCHECK_DAEMON_ROOM_H

#include "daemon/node.h"

/* Each period. */
void room_step(struct node *n);

#endif
