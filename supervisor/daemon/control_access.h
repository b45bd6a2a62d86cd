/* Who is at the other end of a control connection, by the kernel's word, and what he may. Nothing here asks a
 * directory service while the loop runs: the groups' numbers are looked up once. */
#ifndef REPLCHECK_DAEMON_CONTROL_ACCESS_H
#define REPLCHECK_DAEMON_CONTROL_ACCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "settings/settings.h"

enum access_level { ACCESS_NONE = 0, ACCESS_READ, ACCESS_ACT };

struct access_groups {
    gid_t read, admin;
    bool read_known, admin_known;
};

struct access_peer {
    uid_t uid;
    pid_t pid;
    enum access_level level;
};

/* A group that does not exist admits nobody; a warning is logged. May block: for the start. */
void access_groups_find(struct access_groups *out, const struct local_settings *s);

/* False: the kernel does not tell, and nobody is let in. */
bool access_peer_of(int fd, const struct access_groups *groups, struct access_peer *out);

#endif
