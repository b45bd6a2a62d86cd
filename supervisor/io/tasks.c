#include "io/tasks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire/procstat.h"

static DIR *open_tasks(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    return opendir(path);
}

/* 1 and *out filled; 0 when the task is gone; -1 when it cannot be judged. */
static int read_line(int fd, struct procstat *out)
{
    char line[1024];
    ssize_t got = pread(fd, line, sizeof(line) - 1, 0);
    if (got < 0)
        return errno == ESRCH ? 0 : -1;
    line[got] = 0;
    return procstat_parse(line, out) ? 1 : -1;
}

static int read_task(int dir, const char *tid, struct procstat *out)
{
    char path[64];
    snprintf(path, sizeof(path), "%.20s/stat", tid);
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : -1;
    int result = read_line(fd, out);
    close(fd);
    return result;
}

static bool may_run(int dir, const char *tid)
{
    struct procstat task;
    int got = read_task(dir, tid, &task);
    return got < 0 || (got > 0 && !procstat_is_over(&task));
}

static enum tasks_state read_once(pid_t pid)
{
    enum tasks_state state = TASKS_UNREADABLE;
    DIR *dir = open_tasks(pid);
    if (!dir)
        return state;
    struct dirent *entry;
    while (state != TASKS_RUNNING && (entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            state = may_run(dirfd(dir), entry->d_name) ? TASKS_RUNNING : TASKS_OVER;
    closedir(dir);
    return state;
}

enum tasks_state tasks_read(pid_t pid)
{
    enum tasks_state first = read_once(pid);
    return first == TASKS_OVER ? read_once(pid) : first;
}

int tasks_open_leader(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", (int)pid, (int)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool tasks_leader_is_over(int leader)
{
    struct procstat task;
    int got = read_line(leader, &task);
    return got == 0 || (got > 0 && procstat_is_over(&task));
}

struct oldest {
    pid_t *tids;
    uint64_t starts[TASKS_OLDEST_MAX];
    size_t count;
    size_t max;
};

/* Keeps the list sorted by start; what falls off its end is younger than all that stay. */
static void insert(struct oldest *o, pid_t tid, uint64_t start)
{
    if (o->count == o->max && start >= o->starts[o->max - 1])
        return;
    size_t at = o->count < o->max ? o->count++ : o->max - 1;
    for (; at > 0 && o->starts[at - 1] > start; at--) {
        o->starts[at] = o->starts[at - 1];
        o->tids[at] = o->tids[at - 1];
    }
    o->starts[at] = start;
    o->tids[at] = tid;
}

size_t tasks_oldest(pid_t pid, pid_t *tids, size_t max)
{
    struct oldest o = {.tids = tids, .max = max < TASKS_OLDEST_MAX ? max : TASKS_OLDEST_MAX};
    DIR *dir = open_tasks(pid);
    if (!dir)
        return 0;
    struct dirent *entry;
    while ((entry = readdir(dir))) {
        struct procstat task;
        pid_t tid = (pid_t)atoi(entry->d_name);
        if (tid > 0 && tid != pid && read_task(dirfd(dir), entry->d_name, &task) > 0 &&
            !procstat_is_over(&task))
            insert(&o, tid, task.start_ticks);
    }
    closedir(dir);
    return o.count;
}
