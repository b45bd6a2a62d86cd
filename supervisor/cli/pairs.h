/* Many pairs checked directly from one host, so many at a time, each by a cluster.yaml of its own. */
#ifndef REPLCHECK_CLI_PAIRS_H
#define REPLCHECK_CLI_PAIRS_H

#include "cli/direct.h"
#include "cli/servers.h"
#include "model/check.h"

struct pairs_request {
    const char *const *paths; /* cluster.yaml files, or folders of *.yaml */
    int path_count;
    struct servers_login login;
    struct direct_options options;
    struct check_request check;
    int verbose;
};

/* Prints one line over all, then a line for each pair that is not in order (from verbosity 1 for every one),
 * and returns the exit code of the gravest. False: a path could not be read; a file that is wrong is a pair
 * that is UNKNOWN. */
MUST_CHECK bool pairs_check(const struct pairs_request *q, int *code, struct err *e);

#endif
