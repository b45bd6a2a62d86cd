/* The actions of durability `lossless`: the master side of semi-sync at the own server, and the other node's
 * mark. Idempotent, as all actions are. They have a session of their own: the others may wait behind a commit
 * that waits for an acknowledgement. */
#ifndef REPLCHECK_DAEMON_LOSSLESS_H
#define REPLCHECK_DAEMON_LOSSLESS_H

#include "daemon/node.h"

/* From now on commits wait until the other has them, for as long as it takes. */
void lossless_acks_on(struct node *n);
/* Only where nobody waits (a standby, before a promotion) or the other is marked: what waits is answered OK.
 */
void lossless_acks_off(struct node *n);

/* The other is out of sync: at the own server and at the witness. */
void lossless_mark(struct node *n);
/* It is in step again, and what an older term of the other said of this node is void. */
void lossless_clear_mark(struct node *n);

#endif
