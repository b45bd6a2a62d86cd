/* policy.kill_clients: once this node has ceased to be the writer and the other is it, the clients that are
 * still connected here are ended, so that they come back there. Not while nobody is the writer: that would
 * only send them round in circles. */
#ifndef REPLCHECK_DAEMON_CLIENTS_H
#define REPLCHECK_DAEMON_CLIENTS_H

#include "daemon/node.h"

void clients_state_changed(struct node *n, enum node_state from, enum node_state to);
void clients_step(struct node *n);

#endif
