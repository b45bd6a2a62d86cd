/* auto_increment on the own server: both globals are kept at the configured values; where the server's own
 * option files carry them is read before the first change (a SET erases that trace) and reported. A SET
 * changes new sessions only: those that are older than a correction are counted, and closed on promotion. */
#ifndef REPLCHECK_DAEMON_OFFSETS_H
#define REPLCHECK_DAEMON_OFFSETS_H

#include "daemon/node.h"

/* ACTION_OFFSETS: puts them right if they are wrong. */
void offsets_correct(struct node *n);

/* The server came back: its globals and sessions are new. */
void offsets_server_restarted(struct node *n);

/* On promotion: closes what still has the old values. */
void offsets_close_old_sessions(struct node *n);

#endif
