#include "cli/divergence.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"

#define KEPT_LIMIT 1000 /* transactions in the kept list; the events are all there */
#define LIST       "transactions.json"
#define EVENTS     "events.sql"

struct copy {
    int fd;
    uint64_t written, most;
    const char *path;
};

/* ---- the copy of the events ---- */

static bool write_all(struct copy *c, const char *data, size_t size, struct err *e)
{
    while (size) {
        ssize_t n = write(c->fd, data, size);
        if (n < 0 && errno != EINTR)
            return err_set(e, "%s: %s", c->path, strerror(errno));
        data += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool take(const char *data, size_t size, void *arg, struct err *e)
{
    struct copy *c = arg;
    c->written += size;
    if (c->written > c->most)
        return err_set(e, "cut after %llu bytes: that is half of the free space",
                       (unsigned long long)(c->written - size));
    return write_all(c, data, size, e);
}

static int create(int folder, const char *name, struct err *e)
{
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        err_set(e, "%s: %s", name, strerror(errno));
    return fd;
}

static uint64_t half_of_free_space(int fd)
{
    struct statvfs v;
    return fstatvfs(fd, &v) == 0 ? (uint64_t)v.f_bavail * v.f_frsize / 2 : 0;
}

/* False: nothing could be written. Events that could not be copied whole are a fact for the list: `why`. */
static bool copy_events(int folder, const struct divergence *d, const struct gtid_set *after, struct err *why,
                        struct err *e)
{
    struct copy c = {.fd = create(folder, EVENTS, e), .path = EVENTS, .most = half_of_free_space(folder)};
    why->text[0] = '\0';
    if (c.fd < 0)
        return false;
    bool ok = binlog_read(&d->source, after, BINLOG_REPLAY, take, &c, why);
    if (ok && fsync(c.fd) < 0)
        err_set(why, "%s: %s", EVENTS, strerror(errno));
    close(c.fd);
    return true;
}

static bool write_list(int folder, const json_t *list, struct err *e)
{
    struct copy c = {.fd = create(folder, LIST, e), .path = LIST, .most = UINT64_MAX};
    if (c.fd < 0)
        return false;
    char *text = json_dumps(list, JSON_INDENT(1));
    bool ok = write_all(&c, text, strlen(text), e) && write_all(&c, "\n", 1, e);
    if (ok && fsync(c.fd) < 0)
        ok = err_set(e, "%s: %s", LIST, strerror(errno));
    close(c.fd);
    free(text);
    return ok;
}

/* ---- folders ---- */

/* state_dir/divergence, locked until it is closed: two do not keep the same at once. */
static int open_parent(const char *state_dir, bool make, struct err *e)
{
    char *path = mem_printf("%s/divergence", state_dir);
    if (make)
        mkdir(path, 0700);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT && !make)
        err_set(e, "%s: nothing was kept on this node", path);
    else if (fd < 0)
        err_set(e, "%s: %s", path, strerror(errno));
    else if (make && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        err_set(e, "%s: another process is keeping a copy there", path);
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

static json_t *load_list(int parent, const char *name)
{
    char *path = mem_printf("%s/" LIST, name);
    int fd = openat(parent, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    json_t *list = fd < 0 ? NULL : json_loadfd(fd, 0, NULL);
    if (fd >= 0)
        close(fd);
    free(path);
    return list;
}

/* What is there already could not be read: it stays beside, under the other's name. */
static int put_in_place(int parent, const char *partial, const char *name)
{
    int result = renameat(parent, partial, parent, name);
    bool taken = result < 0 && (errno == ENOTEMPTY || errno == EEXIST);
    return taken ? renameat2(parent, partial, parent, name, RENAME_EXCHANGE) : result;
}

static bool fill(int parent, const char *name, const struct divergence *d, json_t *list, struct err *e)
{
    struct gtid_set after = gtid_state_extra_after(&d->own_state, &d->other_state);
    const char *gone = json_string_value(json_object_get(list, "gone"));
    char *partial = mem_printf("%s.partial", name);
    struct err why;
    mkdirat(parent, partial, 0700);
    int folder = openat(parent, partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = folder >= 0 || err_set(e, "%s: %s", partial, strerror(errno));
    if (gone && gone[0])
        after = (struct gtid_set){.known = true};
    ok = ok && copy_events(folder, d, &after, &why, e);
    if (ok) {
        json_object_set_new(list, "kept",
                            json_pack("{s:o, s:s}", "path",
                                      json_sprintf("%s/divergence/%s", d->state_dir, name), "events",
                                      why.text[0] ? why.text : "whole"));
        ok = write_list(folder, list, e);
    }
    if (ok && (put_in_place(parent, partial, name) < 0 || fsync(parent) < 0))
        ok = err_set(e, "%s: %s", name, strerror(errno));
    if (folder >= 0)
        close(folder);
    free(partial);
    return ok;
}

json_t *divergence_keep(const struct divergence *d, struct err *e)
{
    char name[GTID_EXTRA_NAME_MAX];
    if (!gtid_state_extra_name(&d->own_state, &d->other_state, name, sizeof(name)))
        return divergence_read(d, 1, false, e);
    int parent = open_parent(d->state_dir, true, e);
    if (parent < 0)
        return NULL;
    json_t *list = load_list(parent, name);
    if (!list) {
        list = divergence_read(d, KEPT_LIMIT, true, e);
        if (list && !fill(parent, name, d, list, e)) {
            json_decref(list);
            list = NULL;
        }
    }
    close(parent);
    return list;
}

/* ---- reading back ---- */

static bool is_newer(int parent, const char *name, struct timespec *newest)
{
    struct stat st;
    char *path = mem_printf("%s/" LIST, name);
    bool newer = fstatat(parent, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
                 (st.st_mtim.tv_sec > newest->tv_sec ||
                  (st.st_mtim.tv_sec == newest->tv_sec && st.st_mtim.tv_nsec > newest->tv_nsec));
    if (newer)
        *newest = st.st_mtim;
    free(path);
    return newer;
}

static void find_newest(int parent, char *out, size_t size)
{
    DIR *dir = fdopendir(dup(parent));
    struct timespec newest = {0};
    struct dirent *at;
    out[0] = '\0';
    while (dir && (at = readdir(dir)))
        if (!strchr(at->d_name, '.') && is_newer(parent, at->d_name, &newest))
            snprintf(out, size, "%s", at->d_name);
    if (dir)
        closedir(dir);
}

json_t *divergence_kept(const struct divergence *d, struct err *e)
{
    char name[NAME_MAX + 1];
    int parent = open_parent(d->state_dir, false, e);
    if (parent < 0)
        return NULL;
    if (d->own_state.known && d->other_state.known)
        gtid_state_extra_name(&d->own_state, &d->other_state, name, sizeof(name));
    else
        find_newest(parent, name, sizeof(name));
    json_t *list = name[0] ? load_list(parent, name) : NULL;
    close(parent);
    if (!list)
        err_set(e, "%s/divergence: nothing was kept", d->state_dir);
    return list;
}
