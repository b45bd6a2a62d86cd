/* Takes away from this process, for good, all system calls but a few. */
#ifndef REPLCHECK_DAEMON_SYSCALLS_H
#define REPLCHECK_DAEMON_SYSCALLS_H

#include <stdbool.h>

#include "base/err.h"

/* What the resetter does once it serves: packets over the sockets that it has, and nothing else. Any other
 * call ends it; the fencer then goes on without (daemon/resetter.h). True too where the program was built
 * without libseccomp, or with sanitizers, which call for themselves: `*filtered` tells. no_new_privs is set
 * before. */
MUST_CHECK bool syscalls_packets_only(bool *filtered, struct err *e);

#endif
