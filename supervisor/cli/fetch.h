/* The report for a command: the daemon's, or, where none answers or it is not to be asked, from both servers.
 * `servers` may be NULL. */
#ifndef REPLCHECK_CLI_FETCH_H
#define REPLCHECK_CLI_FETCH_H

#include "base/err.h"
#include "cli/command.h"
#include "cli/direct.h"
#include "model/report.h"

MUST_CHECK bool fetch_report(const struct cli *cli, bool direct, const struct direct_options *servers,
                             struct report *out, struct err *e);

#endif
