#include "cli/become.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/core.h"

bool become_user(const char *user, struct err *e)
{
    const struct passwd *p = geteuid() == 0 ? getpwnam(user) : NULL;
    if (geteuid() != 0)
        return true;
    if (!p)
        return err_set(e, "there is no user %s (node.conf: run_as)", user);
    if (initgroups(user, p->pw_gid) != 0 || setgid(p->pw_gid) != 0 || setuid(p->pw_uid) != 0)
        return err_set(e, "becoming %s: %s", user, strerror(errno));
    core_forbid(); /* another user: the kernel has begun anew */
    return true;
}
