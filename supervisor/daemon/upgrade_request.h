/* `mysql-replcheckd --upgrade`: asks the running daemon to become the installed program, and waits until it
 * is. */
#ifndef REPLCHECK_DAEMON_UPGRADE_REQUEST_H
#define REPLCHECK_DAEMON_UPGRADE_REQUEST_H

#include "base/err.h"

/* True once another supervisor answers at the control socket. Blocks for some seconds at most. */
MUST_CHECK bool upgrade_request(const char *run_dir, struct err *e);

#endif
