/* Tie-breaker `vip`: the third vote is the VIP held here and answered for. While the VIP is on this host, the
 * references are asked from its address each period; a round that most of them answered is a renewal. It
 * counts as any vote does: a lease after it was taken, or at once when the other is proven closed. */
#ifndef REPLCHECK_DAEMON_VIP_VOTE_H
#define REPLCHECK_DAEMON_VIP_VOTE_H

#include "daemon/node.h"

/* Each period: asks, or gives the vote up when the VIP has left or nobody answered for a lease. */
void vip_vote_tick(struct node *n);

/* A round was answered. */
void vip_vote_answered(struct node *n, int64_t began_us);

#endif
