/* What is done to the own server on the control session: replication threads, read_only, the term's row. The
 * session never calls a procedure (a SET SESSION sql_log_bin of one would stay). After each statement the
 * whole observation is read in the same round trip. */
#ifndef REPLCHECK_DAEMON_OWN_SERVER_H
#define REPLCHECK_DAEMON_OWN_SERVER_H

#include "daemon/node.h"

void own_close(struct node *n);
void own_stop_receiver(struct node *n);
void own_drain(struct node *n);
void own_start_receiver(struct node *n);
void own_start_threads(struct node *n);
void own_acknowledge(struct node *n);
void own_semi_sync_off(struct node *n);
void own_open(struct node *n);
void own_term(struct node *n);

#endif
