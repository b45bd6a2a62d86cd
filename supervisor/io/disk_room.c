#include "io/disk_room.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/lane.h"

#define PERIOD_US CLOCK_MS(1000)
#define OLD_US    CLOCK_MS(5000)
#define STOP_US   CLOCK_MS(100)
#define PATHS     2

/* All but the lane under its lock. */
struct disk_room {
    struct lane lane;
    char path[PATHS][PATH_MAX];
    int full_looks;
    enum tri has_room; /* at the last look */
    int64_t looked_us;
};

enum tri disk_room_judge(const struct statvfs *fs)
{
    if (!fs->f_blocks || !fs->f_frsize)
        return TRI_UNKNOWN;
    return tri_from(fs->f_bavail < DISK_ROOM_LEAST_BYTES / fs->f_frsize);
}

static enum tri look(const char *path)
{
    struct statvfs fs;
    return path[0] && statvfs(path, &fs) == 0 ? disk_room_judge(&fs) : TRI_UNKNOWN;
}

static void look_at_all(struct disk_room *d)
{
    char path[PATHS][PATH_MAX];
    enum tri full = TRI_UNKNOWN;
    int64_t began_us = clock_now_us();
    memcpy(path, d->path, sizeof(path));
    lane_block_begin(&d->lane);
    for (int i = 0; i < PATHS && full != TRI_YES; i++) {
        enum tri one = look(path[i]);
        full = one == TRI_UNKNOWN ? full : one;
    }
    lane_block_end(&d->lane);
    d->full_looks = full != TRI_YES                        ? 0
                    : d->full_looks < DISK_ROOM_FULL_LOOKS ? d->full_looks + 1
                                                           : d->full_looks;
    d->has_room = full == TRI_UNKNOWN ? TRI_UNKNOWN : tri_from(full == TRI_NO);
    d->looked_us = began_us;
}

static void run(void *arg)
{
    struct disk_room *d = arg;
    while (!d->lane.stopping) {
        int64_t next_us = clock_now_us() + PERIOD_US;
        look_at_all(d);
        while (!d->lane.stopping && clock_now_us() < next_us)
            lane_wait(&d->lane, next_us);
    }
}

struct disk_room *disk_room_new(struct err *e)
{
    struct disk_room *d = mem_zalloc(sizeof(*d));
    if (!lane_start(&d->lane, "disk-room", run, d, e)) {
        free(d);
        return NULL;
    }
    return d;
}

void disk_room_free(struct disk_room **d)
{
    if (*d && lane_stop(&(*d)->lane, clock_now_us() + STOP_US))
        free(*d);
    *d = NULL;
}

void disk_room_watch(struct disk_room *d, const char *datadir, const char *binlog)
{
    lane_lock(&d->lane);
    snprintf(d->path[0], sizeof(d->path[0]), "%s", datadir);
    snprintf(d->path[1], sizeof(d->path[1]), "%s", binlog);
    d->full_looks = 0;
    d->looked_us = 0;
    lane_unlock(&d->lane);
}

enum tri disk_room_is_full(struct disk_room *d, int64_t now_us)
{
    enum tri full = TRI_UNKNOWN;
    lane_lock(&d->lane);
    if (d->looked_us && now_us - d->looked_us <= OLD_US && d->has_room != TRI_UNKNOWN)
        full = tri_from(d->full_looks >= DISK_ROOM_FULL_LOOKS);
    lane_unlock(&d->lane);
    return full;
}
