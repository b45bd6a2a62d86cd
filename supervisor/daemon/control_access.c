#include "daemon/control_access.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define GROUPS_MAX 65536

static bool find_group(const char *option, const char *name, gid_t *out)
{
    const struct group *g = name[0] ? getgrnam(name) : NULL;
    if (g)
        *out = g->gr_gid;
    else if (name[0])
        log_warning("%s: there is no group \"%s\", so it lets nobody in", option, name);
    return g != NULL;
}

void access_groups_find(struct access_groups *out, const struct local_settings *s)
{
    out->read_known = find_group("control.read_group", s->control.read_group, &out->read);
    out->admin_known = find_group("control.admin_group", s->control.admin_group, &out->admin);
}

/* The supplementary groups with which the peer connected; malloc'ed, NULL if there are none. */
static gid_t *peer_groups(int fd, size_t *count)
{
    socklen_t size = 64 * sizeof(gid_t);
    gid_t *groups = mem_zalloc(size);
    while (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0) {
        if (errno != ERANGE || size > GROUPS_MAX * sizeof(gid_t)) {
            size = 0;
            break;
        }
        groups = mem_resize(groups, size);
    }
    *count = size / sizeof(gid_t);
    return groups;
}

static bool is_member(gid_t group, gid_t primary, const gid_t *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (others[i] == group)
            return true;
    return primary == group;
}

bool access_peer_of(int fd, const struct access_groups *groups, struct access_peer *out)
{
    struct ucred cred;
    socklen_t size = sizeof(cred);
    size_t count;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) != 0 || size != sizeof(cred))
        return false;
    gid_t *others = peer_groups(fd, &count);
    *out = (struct access_peer){.uid = cred.uid, .pid = cred.pid, .level = ACCESS_NONE};
    if (groups->read_known && is_member(groups->read, cred.gid, others, count))
        out->level = ACCESS_READ;
    if (cred.uid == 0 || cred.uid == geteuid() ||
        (groups->admin_known && is_member(groups->admin, cred.gid, others, count)))
        out->level = ACCESS_ACT;
    free(others);
    return true;
}
