#include "daemon/disks.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/node.h"
#include "io/disk_room.h"
#include "io/session.h"

#define STATEMENT_MS 2000

void disks_start(struct node *n)
{
    struct err e;
    n->disk_room = disk_room_new(&e);
    if (!n->disk_room)
        log_warning("a full disk will not be noticed: %s", e.text);
}

void disks_stop(struct node *n)
{
    disk_room_free(&n->disk_room);
}

/* @@log_bin_basename is a path without the number; its folder is what exists. */
static void take_paths(void *arg, const struct reply *r)
{
    struct node *n = arg;
    char folder[PATH_MAX] = "";
    if (r->status != REPLY_OK || !r->set_count) {
        n->disks_asked_pid = 0;
        return;
    }
    const char *datadir = rows_text(&r->sets[0], 0, "datadir"), *binlog = rows_text(&r->sets[0], 0, "binlog");
    snprintf(folder, sizeof(folder), "%s", binlog ? binlog : "");
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    disk_room_watch(n->disk_room, datadir ? datadir : "", slash ? folder : "");
}

void disks_observe(struct node *n)
{
    struct session *desk = n->desk[n->policy.self];
    if (!n->disk_room)
        return;
    if (n->checked_pid && n->checked_pid != n->disks_asked_pid && session_is_up(desk)) {
        n->disks_asked_pid = n->checked_pid;
        session_query(desk, "SELECT @@datadir AS datadir, @@log_bin_basename AS binlog", STATEMENT_MS,
                      take_paths, n);
    }
    n->o.disk_full = n->o.fencer.dead_us ? TRI_UNKNOWN : disk_room_is_full(n->disk_room, n->o.now_us);
}

bool disks_may_have_torn_log(const struct node *n)
{
    return n->o.disk_full == TRI_YES &&
           gtid_pos_contains(&n->o.peer.replication.io_pos, &n->o.own.binlog_pos) != TRI_YES;
}
