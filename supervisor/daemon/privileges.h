/* Who the processes run as. Started as root, the fencer becomes `fencer.user` with the server's group and
 * CAP_KILL alone, which survive an upgrade's exec; the supervisor's starter becomes `run_as` with nothing;
 * the resetter `fencer.user` with CAP_NET_ADMIN alone and no group besides, which no exec would survive.
 * Started by units, each process is its user from the beginning, and only gives up what it does not need.
 * None can go back, nor gain anything by an exec (no_new_privs). */
#ifndef REPLCHECK_DAEMON_PRIVILEGES_H
#define REPLCHECK_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define PRIVILEGES_SERVER_GROUP "mysql"

struct privileges {
    uid_t run_uid; /* run_as */
    gid_t run_gid;
    uid_t fence_uid;
    gid_t fence_gid;
    gid_t server_gid;
    char run_as[64];
};

/* Looks the users up; the remedy is in the error. */
MUST_CHECK bool privileges_find(struct privileges *p, const char *run_as, const char *fencer, struct err *e);

/* For good, in this process. */
MUST_CHECK bool privileges_become_supervisor(const struct privileges *p, struct err *e);
MUST_CHECK bool privileges_become_fencer(const struct privileges *p, struct err *e);
MUST_CHECK bool privileges_become_resetter(const struct privileges *p, struct err *e);

/* The same for a process that was started as its user; the remedy is in the error. */
MUST_CHECK bool privileges_stay_fencer(const struct privileges *p, struct err *e);
MUST_CHECK bool privileges_stay_helper(bool resetter, struct err *e);

/* While still root: the scheduler and the pager shall not delay a fence. What the system refuses is done
 * without. Children do not inherit the scheduling. */
void privileges_hurry(void);

#endif
