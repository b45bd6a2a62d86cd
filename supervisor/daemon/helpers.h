/* The two processes beside the fencer: the spawner and the resetter.
 *
 * A fencer that was started as root forks them, before it is nobody any more. One that was started as
 * fencer.user, as a unit does it, has no power to make them: whoever started it listens at two sockets in
 * run_dir, and starts one with the connection as its standard input for each that comes; so each has the user
 * and the bounds of a unit of its own. */
#ifndef REPLCHECK_DAEMON_HELPERS_H
#define REPLCHECK_DAEMON_HELPERS_H

#include <stdbool.h>

#include "base/err.h"

struct fencer_start;
struct privileges;
struct settings;

#define HELPERS_OPTION       "helper" /* internal: --helper=spawner, --helper=resetter */
#define HELPERS_SPAWNER      "spawner"
#define HELPERS_RESETTER     "resetter"
#define HELPERS_SOCKET(name) name ".sock"

/* As root. Fills in the sockets of `start`; returns in the fencer alone. */
MUST_CHECK bool helpers_fork(struct fencer_start *start, const struct privileges *p, struct err *e);

/* As fencer.user. */
MUST_CHECK bool helpers_connect(struct fencer_start *start, struct err *e);

/* The process itself, of that name, with the connection as standard input; already what it is to be. Returns
 * only an error. */
bool helpers_serve(const char *name, const struct settings *settings, const char *config_dir, bool foreground,
                   struct err *e);

#endif
