/* The report for a command: the daemon's, or, where none
 * answers or it is not to be asked, from both servers. */
#ifndef REPLCHECK_CLI_FETCH_H
#define REPLCHECK_CLI_FETCH_H

#include "base/err.h"
#include "cli/command.h"
#include "cli/direct.h"
#include "model/report.h"

/* `servers` NULL: everything, within DIRECT_LIMIT_MS. With `direct`, cli->settings is not used. */
MUST_CHECK bool fetch_report(const struct cli *cli, bool direct, const struct direct_options *servers,
                             struct report *out, struct err *e);

/* From both servers of this node's configuration. As root the process becomes the user of run_as for good. */
MUST_CHECK bool fetch_directly(const char *config_dir, const struct direct_options *options,
                               struct report *out, struct err *e);

#endif
