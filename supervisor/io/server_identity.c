#define _GNU_SOURCE /* struct ucred */
#include "io/server_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/tasks.h"

static bool read_file(const char *path, char *out, size_t size, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, "%s: %s", path, strerror(errno));
    ssize_t got = read(fd, out, size - 1);
    int error = errno;
    close(fd);
    if (got < 0)
        return err_set(e, "%s: %s", path, strerror(error));
    out[got] = 0;
    out[strcspn(out, "\n")] = 0;
    return true;
}

static bool check_pid_file(const char *path, pid_t pid, struct err *e)
{
    char text[32];
    char *end;
    if (!read_file(path, text, sizeof(text), e))
        return false;
    long named = strtol(text, &end, 10);
    if (end == text || *end)
        return err_set(e, "%s holds no pid", path);
    if (named != (long)pid)
        return err_set(e, "the socket's peer is process %d, but %s names %ld (socket activation or a proxy?)",
                       (int)pid, path, named);
    return true;
}

static bool check_name(pid_t pid, struct err *e)
{
    char path[64];
    char comm[32];
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    if (!read_file(path, comm, sizeof(comm), e))
        return false;
    if (strcmp(comm, "mariadbd") != 0 && strcmp(comm, "mysqld") != 0)
        return err_set(e, "process %d behind the socket is \"%s\", not mariadbd", (int)pid, comm);
    return true;
}

/* From `status`: the owner of /proc/PID is root for a server that changed its user itself. */
static bool effective_uid(pid_t pid, uid_t *uid, struct err *e)
{
    char path[64];
    char line[256];
    unsigned real = 0;
    unsigned effective = 0;
    bool found = false;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, "%s: %s", path, strerror(errno));
    while (!found && fgets(line, sizeof(line), f))
        found = sscanf(line, "Uid: %u %u", &real, &effective) == 2;
    fclose(f);
    *uid = (uid_t)effective;
    return found ? true : err_set(e, "%s names no Uid", path);
}

static bool check_owner(const char *socket_path, pid_t pid, struct err *e)
{
    struct stat st;
    uid_t uid = 0;
    if (stat(socket_path, &st) != 0)
        return err_set(e, "%s: %s", socket_path, strerror(errno));
    if (!effective_uid(pid, &uid, e))
        return false;
    if (uid != st.st_uid)
        return err_set(e, "process %d runs as uid %u, but %s belongs to uid %u", (int)pid, (unsigned)uid,
                       socket_path, (unsigned)st.st_uid);
    return true;
}

static bool check_process(pid_t pid, const char *socket_path, const char *pid_file, struct err *e)
{
    if (!check_pid_file(pid_file, pid, e) || !check_name(pid, e) || !check_owner(socket_path, pid, e))
        return false;
    if (tasks_read(pid) != TASKS_RUNNING)
        return err_set(e, "the tasks of process %d cannot be read (hidepid?)", (int)pid);
    return true;
}

bool server_identity_find(int connected, const char *socket_path, const char *pid_file, pid_t *pid,
                          int *pidfd, struct err *e)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    if (getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return err_set(e, "SO_PEERCRED of %s: %s", socket_path, strerror(errno));
    if (peer.pid <= 1)
        return err_set(e, "the socket's peer is process %d (socket activation or another pid namespace?)",
                       (int)peer.pid);
    /* The descriptor first: what is checked afterwards is then known of this very process. */
    int fd = pidfd_open(peer.pid, 0);
    if (fd < 0)
        return err_set(e, "pidfd of process %d: %s", (int)peer.pid, strerror(errno));
    if (!check_process(peer.pid, socket_path, pid_file, e)) {
        close(fd);
        return false;
    }
    *pid = peer.pid;
    *pidfd = fd;
    return true;
}
