/* Is there room on the disks that the local server writes to? On a full one every write hangs while all else
 * is answered. A thread of its own asks the file systems once a second, for a file system may hang: then the
 * answer becomes unknown, and nobody waits.
 *
 * A disk is full when it was so in FULL_LOOKS looks in a row, and has room again with the first look that
 * finds some. */
#ifndef REPLCHECK_IO_DISK_ROOM_H
#define REPLCHECK_IO_DISK_ROOM_H

#include <stdint.h>
#include <sys/statvfs.h>

#include "base/err.h"
#include "base/tri.h"

#define DISK_ROOM_LEAST_BYTES (256 * 1024)
#define DISK_ROOM_FULL_LOOKS  3

struct disk_room;

/* Starts the thread; NULL if that fails. */
struct disk_room *disk_room_new(struct err *e);
/* A thread that hangs in a file system is left behind, with what it uses. */
void disk_room_free(struct disk_room **d);

/* From now on the file systems of these two folders; "" is none. */
void disk_room_watch(struct disk_room *d, const char *datadir, const char *binlog);

/* Unknown before there was anything to watch, and while the thread hangs. */
enum tri disk_room_is_full(struct disk_room *d, int64_t now_us);

/* Has a file system no room for an unprivileged user? Unknown for one that counts no blocks. */
enum tri disk_room_judge(const struct statvfs *fs);

#endif
