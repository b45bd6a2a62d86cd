/* The report for a command: the daemon's, or, where none answers or it is not to be asked, from both servers.
 */
#ifndef REPLCHECK_CLI_FETCH_H
#define REPLCHECK_CLI_FETCH_H

#include "base/err.h"
#include "cli/command.h"
#include "model/report.h"

MUST_CHECK bool fetch_report(const struct cli *cli, bool direct, struct report *out, struct err *e);

#endif
