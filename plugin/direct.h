/* Where no supervisor answers, or none is to be asked: replcheck-direct in this process's place, which is
 * `mysql-replcheck check --direct` with fewer libraries. */
#ifndef REPLCHECK_PLUGIN_DIRECT_H
#define REPLCHECK_PLUGIN_DIRECT_H

#include "plugin/options.h"

/* `why`: why no supervisor's answer counts, which is then judged with the rest; "" = none was asked. Returns
 * only if the program could not be started. */
void direct_exec(const struct options *o, const char *why, double left_s, struct err *e);

#endif
