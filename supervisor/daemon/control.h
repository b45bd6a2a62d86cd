/* The control socket, run_dir/control.sock: what the operator asks and orders (wire/control_proto.h).
 *
 * On the event loop; never blocks. Who asks is known by the kernel's word: control.read_group may read,
 * control.admin_group, root and the daemon's own user may act; everybody else is told so. Clients, sizes and
 * times are bounded. A command that acts sets the operator's wish in the observation, wakes the node and
 * answers when the wish came true, was refused or took too long; the wish then ends. One acts at a time.
 * Every order and its outcome go to the journal. */
#ifndef REPLCHECK_DAEMON_CONTROL_H
#define REPLCHECK_DAEMON_CONTROL_H

#include "base/err.h"

struct node;
struct report;
struct control_server;

/* Replaces a socket file left behind: the caller holds the node's lock. NULL on failure. */
struct control_server *control_new(struct node *n, struct err *e);

/* Answers whoever waits that the daemon ends, and removes the socket file. */
void control_free(struct control_server **c);

/* After each tick: completes the command that waits. */
void control_tick(struct control_server *c);

/* The node's present report with its verdict: for whatever else shows state (HTTP, alerts). */
void control_report(const struct node *n, struct report *out);

#endif
