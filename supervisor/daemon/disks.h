/* Keeps the observation's disk_full: asks the own server, once in each of its lives, where it writes, and has
 * the room there watched. */
#ifndef REPLCHECK_DAEMON_DISKS_H
#define REPLCHECK_DAEMON_DISKS_H

#include <stdbool.h>

struct node;

void disks_start(struct node *n);
void disks_stop(struct node *n);

/* Each tick, before the decision. */
void disks_observe(struct node *n);

/* There is no room, and the other lacks what our server counts: it waits for the disk, or was killed while it
 * waited and left half an event in the binary log. Neither may be released as a position, nor written on. */
bool disks_may_have_torn_log(const struct node *n);

#endif
