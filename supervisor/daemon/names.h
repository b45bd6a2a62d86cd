/* Names by which the nodes and accounts are known in SQL, out of the settings. */
#ifndef REPLCHECK_DAEMON_NAMES_H
#define REPLCHECK_DAEMON_NAMES_H

#include "daemon/node.h"
#include "wire/observe.h"

/* For rows of the server of node `i` (or of the witness: OBS_TIE); points into the node's settings. */
struct observe_names names_of(const struct node *n, int i);

#endif
