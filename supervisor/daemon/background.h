/* Going to the background, so that whoever started the daemon waits until it is at work. */
#ifndef REPLCHECK_DAEMON_BACKGROUND_H
#define REPLCHECK_DAEMON_BACKGROUND_H

#include "base/err.h"

/* Returns in the daemon alone: no child of whoever called, no leader of its session, so that it can never
 * have a terminal. The process that was started ends with 0 once a byte was written to *ready_fd, and
 * otherwise with the status that the daemon ended with; 1 if that was 0. False: nothing was forked, or it is
 * the daemon that could not be. */
MUST_CHECK bool background_go(const char *program, int *ready_fd, struct err *e);

/* Standard input, output and error become /dev/null. */
void background_detach_stdio(void);

#endif
