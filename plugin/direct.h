/* Where no supervisor answers, or none is to be asked: runs replcheck-direct, which is
 * `mysql-replcheck check --direct` with fewer libraries. What it prints is the plugin's output.
 *
 * It is a process of its own, not this one's successor, so that
 * there is somebody left to say so if it does not end. */
#ifndef REPLCHECK_PLUGIN_DIRECT_H
#define REPLCHECK_PLUGIN_DIRECT_H

#include "plugin/options.h"

/* `why`: why no supervisor's answer counts, which is then judged with the rest; "" = none was asked. Waits
 * for its end. True: *code is its exit code. False: it could not be started, or did not end by itself. */
MUST_CHECK bool direct_run(const struct options *o, const char *why, double left_s, int *code, struct err *e);

/* Ends it, if it runs. May be called by a signal's handler. */
void direct_kill(void);

#endif
