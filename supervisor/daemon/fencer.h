/* The fencer: the parent of the supervisor, and the process that bounds a writer whose supervisor is gone.
 *
 * What it decides is model/fencer_logic.h, how it fences io/ladder.h, what it says wire/fencer_proto.h. It
 * holds no secret and reads no more of the configuration than timing, names and paths. */
#ifndef REPLCHECK_DAEMON_FENCER_H
#define REPLCHECK_DAEMON_FENCER_H

#include <stdbool.h>

#include "base/err.h"

struct settings;

struct fencer_start {
    const struct settings *settings;
    const char *config_dir;
    bool foreground;
    int lock_fd;     /* the node's lock, held as long as it is open */
    int spawner_fd;  /* socket to the spawner */
    int resetter_fd; /* socket to the resetter; -1: there is none */
    int settings_fd; /* memory file for the supervisors */
    bool left;       /* a predecessor that ended left all of this, and its term */
    bool orphaned;   /* executed by a fencer whose state cannot be read: it fences and ends */
    int ready_fd;    /* a byte is written there once a supervisor has said HELLO; -1: nobody waits */
};

/* Runs until it was told to stop and nothing is armed any more. Already the fencer's user. Returns the
 * process's exit status: 0, 1 when no supervisor can be started, 2 when the first one refused its
 * configuration. */
int fencer_run(const struct fencer_start *start);

/* Was this process executed by a fencer that upgrades itself, or started by a service manager with what the
 * last one `left`? Then the descriptors of `start` are filled in, or it is `orphaned`. */
bool fencer_was_upgraded(struct fencer_start *start);

#endif
