/* What a fencer leaves to the program that it becomes by an upgrade: its promises to the supervisor, and the
 * numbers of the descriptors that stay open.
 *
 * It is written as lines "name value", so that versions can read each other's: a reader passes over names
 * that it does not know, and takes 0 for an optional one that is missing. ESTATE_FORMAT is raised only by a
 * change after which that would be wrong; ESTATE_OLDEST is the oldest format that this program reads. A
 * running fencer asks the installed program beforehand whether it takes its format (HANDOVER_TAKES), and does
 * not become one that says no. */
#ifndef REPLCHECK_DAEMON_ESTATE_H
#define REPLCHECK_DAEMON_ESTATE_H

#include "base/err.h"
#include "model/fencer_logic.h"

#define ESTATE_FORMAT 2 /* 1 was a copy of the struct */
#define ESTATE_OLDEST 2
#define ESTATE_MAX    4096

struct estate {
    struct fencer_logic logic; /* but for what it has seen of the server, which is seen anew */
    int32_t lock_fd;
    int32_t spawner_fd;
    int32_t settings_fd;
    int32_t child_fd;      /* -1 = none */
    int32_t write_lock_fd; /* -1 = none */
    bool reloaded;
    bool greeted;
};

/* Does this program take an estate of that format? */
bool estate_takes(unsigned long format);

/* A sealed memory file; -1 and `e`. */
int estate_write(const struct estate *estate, struct err *e);

/* False, and nothing is to be used, when it is of a format that is not taken, cut short or malformed. */
MUST_CHECK bool estate_read(int fd, struct estate *out, struct err *e);

/* Its descriptors, and that of its file where there is one (-1: none), stay open over an exec, or close. */
void estate_keep_open(const struct estate *e, int state_fd, bool over_exec);

#endif
