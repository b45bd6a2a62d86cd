#include "io/weight.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_weight(long value)
{
    return value >= WEIGHT_MIN && value <= WEIGHT_MAX;
}

bool weight_read(const char *dir, int *value, struct err *e)
{
    char path[PATH_MAX], text[16];
    snprintf(path, sizeof(path), "%s/" WEIGHT_FILE, dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); /* a FIFO would be waited for */
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (got < 0)
        return err_set(e, "cannot read %s: %s", path, strerror(why));
    text[got] = '\0';
    char *end;
    long found = strtol(text, &end, 10);
    if (end == text || strcmp(end, "\n") != 0 || !is_weight(found))
        return err_set(e, "%s holds no weight from %d to %d", path, WEIGHT_MIN, WEIGHT_MAX);
    *value = (int)found;
    return true;
}

static bool write_file(const char *path, int value, struct err *e)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%d\n", value);
    unlink(path); /* left by a process of this pid that died here */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0664);
    if (fd < 0)
        return err_set(e, "cannot create %s: %s", path, strerror(errno));
    bool ok = write(fd, text, (size_t)length) == length && fchmod(fd, 0664) == 0;
    int why = errno;
    close(fd);
    return ok || err_set(e, "cannot write %s: %s", path, strerror(why));
}

/* Where there is no room for another file: into the one that is there, which has it. Whoever reads in between
 * sees the new value, or an old one's rest on a line of its own. */
static bool write_in_place(const char *path, int value)
{
    char text[16];
    int length = snprintf(text, sizeof(text), "%d\n", value);
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool ok = fd >= 0 && pwrite(fd, text, (size_t)length, 0) == length && ftruncate(fd, length) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

bool weight_write(const char *dir, int value, bool force, struct err *e)
{
    char path[PATH_MAX], made[PATH_MAX];
    struct err ignored;
    int before;
    if (!is_weight(value))
        return err_set(e, "the weight %d is not from %d to %d", value, WEIGHT_MIN, WEIGHT_MAX);
    if (!force && weight_read(dir, &before, &ignored) && before == value)
        return true;
    snprintf(path, sizeof(path), "%s/" WEIGHT_FILE, dir);
    snprintf(made, sizeof(made), "%s/." WEIGHT_FILE ".%ld", dir, (long)getpid());
    bool ok = write_file(made, value, e);
    if (ok && rename(made, path) < 0)
        ok = err_set(e, "cannot rename %s to %s: %s", made, path, strerror(errno));
    if (!ok)
        unlink(made);
    return ok || write_in_place(path, value);
}
