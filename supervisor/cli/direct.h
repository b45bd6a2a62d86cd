/* The pair without its daemon: both servers are asked in parallel, at least twice, within a limit.
 * What only a supervisor knows (votes, fencer, VIP, state) stays unknown. Blocks. */
#ifndef REPLCHECK_CLI_DIRECT_H
#define REPLCHECK_CLI_DIRECT_H

#include "base/err.h"
#include "model/report.h"

#define DIRECT_LIMIT_MS 4000

struct direct_options {
    const char *why; /* why no daemon's answer counts; "" = it was not asked */
    int limit_ms;
};

/* Reads the configuration anew, with its secrets, and as root becomes the user of run_as for good: the
 * account at the own server is that user's. The verdict is judged. False: nothing could be asked. */
MUST_CHECK bool direct_report(const char *config_dir, const struct direct_options *options, struct report *out,
                              struct err *e);

#endif
