#include "daemon/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

bool run_dir_make(const char *dir, uid_t uid, gid_t gid, mode_t mode, struct err *e)
{
    struct stat st;
    if (mkdir(dir, mode) != 0 && errno != EEXIST)
        return err_set(e, "%s cannot be made: %s; systemd-tmpfiles --create makes it", dir, strerror(errno));
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode))
        return err_set(e, "%s is no directory", dir);
    if (st.st_uid == uid && st.st_gid == gid && (st.st_mode & 07777) == mode)
        return true;
    if (chown(dir, uid, gid) != 0 || chmod(dir, mode) != 0)
        return err_set(e, "%s cannot be given to uid %u: %s", dir, (unsigned)uid, strerror(errno));
    return true;
}

bool run_dir_in_memory(const char *dir)
{
    struct statfs fs;
    return statfs(dir, &fs) != 0 || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC;
}

static bool write_pid(int fd)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)length, 0) == length;
}

int run_dir_lock(const char *dir, uid_t owner, struct err *e)
{
    char path[PATH_MAX];
    char holder[16] = "";
    snprintf(path, sizeof(path), "%s/lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        err_set(e, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (geteuid() == 0 && fchown(fd, owner, (gid_t)-1) != 0)
        owner = 0; /* whoever starts the next daemon as another user will be told */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && write_pid(fd))
        return fd;
    if (errno == EWOULDBLOCK && pread(fd, holder, sizeof(holder) - 1, 0) >= 0)
        err_set(e, "a supervisor already runs on this node: process %d holds %s", atoi(holder), path);
    else
        err_set(e, "%s cannot be locked: %s", path, strerror(errno));
    close(fd);
    return -1;
}

bool run_dir_adopt(int fd, struct err *e)
{
    return write_pid(fd) || err_set(e, "the lock of the run directory: %s", strerror(errno));
}

pid_t run_dir_holder(const char *dir)
{
    char path[PATH_MAX];
    char text[16] = "";
    snprintf(path, sizeof(path), "%s/lock", dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK &&
                pread(fd, text, sizeof(text) - 1, 0) > 0;
    if (fd >= 0)
        close(fd);
    return held && atoi(text) > 1 ? (pid_t)atoi(text) : 0;
}

bool run_dir_write_pid(const char *dir, struct err *e)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/pid", dir);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_set(e, "%s: %s", path, strerror(errno));
    bool ok = write_pid(fd);
    close(fd);
    return ok || err_set(e, "%s cannot be written: %s", path, strerror(errno));
}

void run_dir_remove_pid(const char *dir)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/pid", dir);
    unlink(path);
}
