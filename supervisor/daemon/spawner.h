/* The process that starts supervisors.
 *
 * The fencer forks it while it is root; it becomes run_as for good, without any capability, and does nothing
 * but start a supervisor when the fencer asks, pass on its signals and report its end. So neither of the two
 * processes that matter needs to keep an identity of the other: the fencer can start a crashed supervisor
 * without being root, and no process of run_as may signal the fencer.
 *
 * Each start names the executable by descriptor, so that a supervisor is always of its fencer's version, also
 * after an upgrade that this process outlives. When the fencer is gone, the supervisor has `grace_ms` to
 * demote and leave, and is then killed. */
#ifndef REPLCHECK_DAEMON_SPAWNER_H
#define REPLCHECK_DAEMON_SPAWNER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define SPAWNER_VERSION 1

enum spawner_order_kind { SPAWNER_START = 1, SPAWNER_SIGNAL };

/* Fencer to spawner. START carries three descriptors by SCM_RIGHTS: executable, the supervisor's socket, and
 * the memory file of its settings. */
struct spawner_order {
    uint32_t version;
    uint32_t kind;
    int32_t signal;
    uint32_t reloaded; /* the configuration was read again since the fencer started */
};

/* Spawner to fencer: the supervisor ended. */
struct spawner_news {
    uint32_t version;
    int32_t pid;
    int32_t status; /* as waitpid() gives it */
};

struct spawner_options {
    int fd; /* its end of a SOCK_SEQPACKET pair; every other descriptor above 2 is closed */
    const char *config_dir;
    bool foreground;
    int grace_ms;
};

/* Runs until the fencer is gone; never returns. Already run_as. */
void spawner_main(const struct spawner_options *options) __attribute__((noreturn));

/* The fencer's side; false with errno's text when the spawner is gone. */
MUST_CHECK bool spawner_start(int fd, int executable, int socket, int settings, bool reloaded, struct err *e);
MUST_CHECK bool spawner_signal(int fd, int signal, struct err *e);

#endif
