/* The live view: the report, drawn again twice a second on the alternate screen until q. The terminal is as
 * before when it returns, also after a signal. */
#ifndef REPLCHECK_CLI_WATCH_H
#define REPLCHECK_CLI_WATCH_H

#include "cli/command.h"

int watch_run(const struct cli *cli);

#endif
