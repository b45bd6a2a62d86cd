/* Keeps the observation's disk_full: asks the own server, once in each of its lives, where it writes, and has
 * the room there watched. */
#ifndef REPLCHECK_DAEMON_DISKS_H
#define REPLCHECK_DAEMON_DISKS_H

struct node;

void disks_start(struct node *n);
void disks_stop(struct node *n);

/* Each tick, before the decision. */
void disks_observe(struct node *n);

#endif
