#define _GNU_SOURCE /* setresuid, setgroups */
#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOCKED_BYTES_MIN (1UL << 30)

static bool find_user(const char *name, uid_t *uid, gid_t *gid, struct err *e)
{
    const struct passwd *user = getpwnam(name);
    if (!user)
        return err_set(e,
                       "the system user %s does not exist: useradd --system --user-group --no-create-home "
                       "--shell /usr/sbin/nologin %s",
                       name, name);
    if (user->pw_uid == 0)
        return err_set(e, "the system user %s is root; it must be an unprivileged user of its own", name);
    *uid = user->pw_uid;
    *gid = user->pw_gid;
    return true;
}

bool privileges_find(struct privileges *p, const char *run_as, const char *fencer, struct err *e)
{
    if (!find_user(run_as, &p->run_uid, &p->run_gid, e) ||
        !find_user(fencer, &p->fence_uid, &p->fence_gid, e))
        return false;
    if (p->run_uid == p->fence_uid)
        return err_set(
            e, "run_as and fencer.user are the same user %s: the supervisor could then signal the fencer",
            run_as);
    const struct group *group = getgrnam(PRIVILEGES_SERVER_GROUP);
    if (!group)
        return err_set(e, "the group %s does not exist: is the MariaDB server installed?",
                       PRIVILEGES_SERVER_GROUP);
    p->server_gid = group->gr_gid;
    snprintf(p->run_as, sizeof(p->run_as), "%s", run_as);
    return true;
}

/* `keep` is a capability number, or -1 for none; `inherit` lets an exec have it too. */
static bool set_capabilities(int keep, bool inherit)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2], now[2];
    memset(data, 0, sizeof(data));
    if (keep >= 0)
        data[0].effective = data[0].permitted = 1U << keep;
    if (keep >= 0 && inherit)
        data[0].inheritable = 1U << keep;
    if (syscall(SYS_capget, &head, now) == 0 && memcmp(now, data, sizeof(now)) == 0)
        return true; /* a unit may forbid the call */
    return syscall(SYS_capset, &head, data) == 0;
}

static void drop_bounds(int keep)
{
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (capability != keep)
            prctl(PR_CAPBSET_DROP, capability);
}

/* The fencer's scheduling is inherited where it was not this program that set it. */
static void do_not_hurry(void)
{
    const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_OTHER, &none);
}

/* Never again more than now: no exec, no file's bits. */
static bool renounce(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool privileges_become_supervisor(const struct privileges *p, struct err *e)
{
    drop_bounds(-1);
    do_not_hurry();
    if (initgroups(p->run_as, p->run_gid) != 0 || setresgid(p->run_gid, p->run_gid, p->run_gid) != 0 ||
        setresuid(p->run_uid, p->run_uid, p->run_uid) != 0 || !set_capabilities(-1, false) || !renounce())
        return err_set(e, "cannot become %s: %s", p->run_as, strerror(errno));
    return true;
}

static bool keep_kill(void)
{
    return set_capabilities(CAP_KILL, true) &&
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) == 0 && renounce();
}

/* The run_as group besides, for the run directory is shared through it. */
bool privileges_become_fencer(const struct privileges *p, struct err *e)
{
    const gid_t groups[] = {p->server_gid, p->run_gid};
    drop_bounds(CAP_KILL);
    if (setgroups(2, groups) != 0 || setresgid(p->fence_gid, p->fence_gid, p->fence_gid) != 0 ||
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setresuid(p->fence_uid, p->fence_uid, p->fence_uid) != 0 ||
        !keep_kill())
        return err_set(e, "cannot become the fencer's user: %s", strerror(errno));
    return true;
}

static bool is_in_group(gid_t group)
{
    gid_t groups[NGROUPS_MAX];
    int count = getgroups(NGROUPS_MAX, groups);
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return true;
    return getegid() == group;
}

bool privileges_stay_fencer(const struct privileges *p, struct err *e)
{
    if (geteuid() != p->fence_uid)
        return err_set(
            e,
            "must be started as root, or by a unit as fencer.user of node.conf with CAP_KILL; this is uid "
            "%u. --check-config needs no privilege",
            (unsigned)geteuid());
    if (!is_in_group(p->server_gid) || !is_in_group(p->run_gid))
        return err_set(e,
                       "the fencer's user must be in the groups " PRIVILEGES_SERVER_GROUP " and that of %s",
                       p->run_as);
    if (!keep_kill())
        return err_set(e, "the fencer needs CAP_KILL, to end a server that does not answer: %s",
                       strerror(errno));
    return true;
}

/* Not even its own user may trace it, and so borrow the capability: core_forbid() saw to that. */
bool privileges_become_resetter(const struct privileges *p, struct err *e)
{
    drop_bounds(-1);
    if (setgroups(0, NULL) != 0 || setresgid(p->fence_gid, p->fence_gid, p->fence_gid) != 0 ||
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setresuid(p->fence_uid, p->fence_uid, p->fence_uid) != 0 ||
        !set_capabilities(CAP_NET_ADMIN, false) || !renounce())
        return err_set(
            e, "cannot keep CAP_NET_ADMIN as the fencer's user, to reset a dead server's connections: %s",
            strerror(errno));
    return true;
}

/* Where the unit forbids capset(), an inheritable one stays; without an ambient one no exec makes it a
 * permitted one. */
static bool keep_only(int keep)
{
    return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
           (set_capabilities(keep, false) || set_capabilities(keep, true)) && renounce();
}

bool privileges_stay_helper(bool resetter, struct err *e)
{
    if (geteuid() == 0)
        return err_set(e, "a unit starts this process as a user of its own, never as root");
    if (!keep_only(resetter ? CAP_NET_ADMIN : -1))
        return err_set(e, "%s: %s",
                       resetter ? "the resetter needs CAP_NET_ADMIN, to reset a dead server's connections"
                                : "privileges cannot be given up",
                       strerror(errno));
    return true;
}

/* What is touched later stays too, so the limit must have room for all that this process may ever map. */
static bool may_lock_memory(void)
{
    const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    struct rlimit limit;
    if (setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0)
        return true;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_max < LOCKED_BYTES_MIN)
        return false;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

void privileges_hurry(void)
{
    const struct sched_param least = {.sched_priority = 1};
    int now = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;
    if (now != SCHED_RR && now != SCHED_FIFO &&
        sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &least) != 0)
        setpriority(PRIO_PROCESS, 0, -10);
    if (may_lock_memory())
        mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
}
