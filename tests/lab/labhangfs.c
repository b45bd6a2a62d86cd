/* labhangfs: a file system that passes everything on to the folder it is mounted over, and whose flushes hang
 * for as long as a control file exists: a disk whose controller does not answer.
 *
 *     labhangfs FOLDER CONTROL
 *
 * Stays in the foreground. fsync, fdatasync and the flush of a folder hang; what is only written does not. */
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define POLL_US 10000

static int folder; /* what lies beneath the mount */
static const char *control;

static const char *below(const char *path)
{
    return path[1] ? path + 1 : ".";
}

static int result(int done)
{
    return done < 0 ? -errno : 0;
}

static void wait_while_hung(void)
{
    while (access(control, F_OK) == 0)
        usleep(POLL_US);
}

/* What is made belongs to who asked for it. */
static void give(const char *path)
{
    struct fuse_context *who = fuse_get_context();

    if (fchownat(folder, below(path), who->uid, who->gid, AT_SYMLINK_NOFOLLOW) != 0)
        perror(path);
}

static int hang_getattr(const char *path, struct stat *st, struct fuse_file_info *info)
{
    (void)info;
    return result(fstatat(folder, below(path), st, AT_SYMLINK_NOFOLLOW));
}

static int hang_open(const char *path, struct fuse_file_info *info)
{
    int fd = openat(folder, below(path), info->flags & ~(O_CREAT | O_EXCL));

    info->fh = (uint64_t)fd;
    return result(fd);
}

static int hang_create(const char *path, mode_t mode, struct fuse_file_info *info)
{
    int fd = openat(folder, below(path), info->flags | O_CREAT, mode);

    info->fh = (uint64_t)fd;
    if (fd >= 0)
        give(path);
    return result(fd);
}

static int hang_read(const char *path, char *data, size_t size, off_t from, struct fuse_file_info *info)
{
    ssize_t count = pread((int)info->fh, data, size, from);

    (void)path;
    return count < 0 ? -errno : (int)count;
}

static int hang_write(const char *path, const char *data, size_t size, off_t from,
                      struct fuse_file_info *info)
{
    ssize_t count = pwrite((int)info->fh, data, size, from);

    (void)path;
    return count < 0 ? -errno : (int)count;
}

static int hang_fsync(const char *path, int data_only, struct fuse_file_info *info)
{
    (void)path;
    wait_while_hung();
    return result(data_only ? fdatasync((int)info->fh) : fsync((int)info->fh));
}

static int hang_fsyncdir(const char *path, int data_only, struct fuse_file_info *info)
{
    (void)path;
    (void)data_only;
    (void)info;
    wait_while_hung();
    return 0;
}

static int hang_release(const char *path, struct fuse_file_info *info)
{
    (void)path;
    return result(close((int)info->fh));
}

static int hang_truncate(const char *path, off_t size, struct fuse_file_info *info)
{
    int fd = info ? (int)info->fh : openat(folder, below(path), O_WRONLY);
    int done = fd < 0 ? -errno : result(ftruncate(fd, size));

    if (!info && fd >= 0)
        close(fd);
    return done;
}

static int hang_unlink(const char *path)
{
    return result(unlinkat(folder, below(path), 0));
}

static int hang_rmdir(const char *path)
{
    return result(unlinkat(folder, below(path), AT_REMOVEDIR));
}

static int hang_mkdir(const char *path, mode_t mode)
{
    int done = result(mkdirat(folder, below(path), mode));

    if (done == 0)
        give(path);
    return done;
}

static int hang_rename(const char *from, const char *to, unsigned flags)
{
    return flags ? -EINVAL : result(renameat(folder, below(from), folder, below(to)));
}

static int hang_chmod(const char *path, mode_t mode, struct fuse_file_info *info)
{
    (void)info;
    return result(fchmodat(folder, below(path), mode, 0));
}

static int hang_chown(const char *path, uid_t user, gid_t group, struct fuse_file_info *info)
{
    (void)info;
    return result(fchownat(folder, below(path), user, group, AT_SYMLINK_NOFOLLOW));
}

static int hang_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *info)
{
    (void)info;
    return result(utimensat(folder, below(path), times, AT_SYMLINK_NOFOLLOW));
}

static int hang_statfs(const char *path, struct statvfs *st)
{
    (void)path;
    return result(fstatvfs(folder, st));
}

static int hang_readdir(const char *path, void *into, fuse_fill_dir_t fill, off_t from,
                        struct fuse_file_info *info, enum fuse_readdir_flags flags)
{
    int fd = openat(folder, below(path), O_RDONLY | O_DIRECTORY);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    (void)from;
    (void)info;
    (void)flags;
    if (!listing)
        return -errno;
    while ((entry = readdir(listing)))
        if (fill(into, entry->d_name, NULL, 0, 0) != 0)
            break;
    closedir(listing);
    return 0;
}

static const struct fuse_operations operations = {
    .getattr = hang_getattr,
    .open = hang_open,
    .create = hang_create,
    .read = hang_read,
    .write = hang_write,
    .fsync = hang_fsync,
    .fsyncdir = hang_fsyncdir,
    .release = hang_release,
    .truncate = hang_truncate,
    .unlink = hang_unlink,
    .rmdir = hang_rmdir,
    .mkdir = hang_mkdir,
    .rename = hang_rename,
    .chmod = hang_chmod,
    .chown = hang_chown,
    .utimens = hang_utimens,
    .statfs = hang_statfs,
    .readdir = hang_readdir,
};

int main(int argc, char **argv)
{
    const char *options[] = {"labhangfs", "-f", "-oallow_other,default_permissions",
                             argc == 3 ? argv[1] : NULL, NULL};

    if (argc != 3) {
        fputs("usage: labhangfs FOLDER CONTROL\n", stderr);
        return 2;
    }
    control = argv[2];
    folder = open(argv[1], O_RDONLY | O_DIRECTORY);
    if (folder < 0) {
        perror(argv[1]);
        return 1;
    }
    umask(0);
    return fuse_main(4, (char **)(uintptr_t)options, &operations, NULL);
}
