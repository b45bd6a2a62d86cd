#include "io/binlog_read.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define PROGRAM       "mariadb-binlog"
#define ARGUMENTS_MAX 16

struct reader {
    pid_t pid;
    int output;   /* the end of its standard output */
    int messages; /* its standard error, a file in memory */
};

static void free_arguments(char **argv)
{
    for (int i = 0; argv[i]; i++)
        free(argv[i]);
}

static void make_arguments(char **argv, const struct binlog_source *source, const struct gtid_set *after,
                           enum binlog_form form)
{
    char position[GTID_TEXT_MAX];
    int n = 0;
    argv[n++] = mem_strdup(PROGRAM);
    argv[n++] = mem_strdup("--no-defaults");
    argv[n++] = mem_printf("--socket=%s", source->socket);
    argv[n++] = mem_printf("--user=%s", source->user);
    argv[n++] = mem_strdup("--skip-ssl"); /* 11.8 would refuse a server without TLS, over its socket, too */
    argv[n++] = mem_strdup("--read-from-remote-server");
    argv[n++] = mem_strdup("--to-last-log");
    argv[n++] =
        mem_strdup("--skip-gtid-strict-mode"); /* an event of each domain of `after` is not to be met again */
    if (after->count)
        argv[n++] = mem_printf("--start-position=%s", gtid_set_format(after, position, sizeof(position)));
    if (form == BINLOG_DECODED) {
        argv[n++] = mem_strdup("--base64-output=decode-rows");
        argv[n++] = mem_strdup("--verbose");
        argv[n++] = mem_strdup("--skip-annotate-row-events");
    }
    argv[n++] = mem_strdup(""); /* the first log there is; with a GTID the server finds the log */
    argv[n] = NULL;
}

static bool spawn(struct reader *r, char **argv, int output, struct err *e)
{
    static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", zone[] = "TZ=UTC", locale[] = "LC_ALL=C";
    static char *environment[] = {path, zone, locale, NULL};
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, r->messages, STDERR_FILENO);
    int error = posix_spawnp(&r->pid, PROGRAM, &files, NULL, argv, environment);
    posix_spawn_file_actions_destroy(&files);
    return error == 0 ||
           err_set(e, PROGRAM ": %s; on Debian: apt-get install mariadb-client", strerror(error));
}

static bool start(struct reader *r, char **argv, struct err *e)
{
    int ends[2] = {-1, -1};
    r->messages = memfd_create("messages", MFD_CLOEXEC);
    if (r->messages < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return err_set(e, PROGRAM ": %s", strerror(errno));
    r->output = ends[0];
    bool ok = spawn(r, argv, ends[1], e);
    close(ends[1]);
    return ok;
}

static bool hand_out(struct reader *r, bool (*take)(const char *data, size_t size, void *arg, struct err *e),
                     void *arg, struct err *e)
{
    char data[65536];
    for (;;) {
        ssize_t n = read(r->output, data, sizeof(data));
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return err_set(e, "reading from " PROGRAM ": %s", strerror(errno));
        if (n > 0 && !take(data, (size_t)n, arg, e))
            return false;
    }
}

/* What it said last, in one line. */
static void last_message(const struct reader *r, char *out, size_t size)
{
    off_t length = lseek(r->messages, 0, SEEK_END);
    ssize_t n = pread(r->messages, out, size - 1, length >= (off_t)size ? length - (off_t)size + 1 : 0);
    out[n > 0 ? n : 0] = '\0';
    while (n > 0 && (out[n - 1] == '\n' || out[n - 1] == ' '))
        out[--n] = '\0';
    for (char *p = out; *p; p++)
        if (*p == '\n')
            *p = ' ';
}

static const char *advice(const char *message)
{
    if (strstr(message, "REPLICATION SLAVE"))
        return "; `mysql-replcheck schema upgrade` grants it";
    if (strstr(message, "unrecognized MariaDB version"))
        return "; it is older than the server: install the mariadb-client of the server's release";
    if (strstr(message, "Access denied"))
        return "; run this as root or as the user of run_as";
    return "";
}

static bool conclude(struct reader *r, bool handed, struct err *e)
{
    char message[360];
    int status = 0;
    if (!handed)
        kill(r->pid, SIGKILL);
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!handed)
        return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    last_message(r, message, sizeof(message));
    return err_set(e, PROGRAM ": %s%s", message[0] ? message : "ended without a word", advice(message));
}

bool binlog_read(const struct binlog_source *source, const struct gtid_set *after, enum binlog_form form,
                 bool (*take)(const char *data, size_t size, void *arg, struct err *e), void *arg,
                 struct err *e)
{
    struct reader r = {.output = -1, .messages = -1};
    char *argv[ARGUMENTS_MAX];
    make_arguments(argv, source, after, form);
    bool ok = start(&r, argv, e);
    if (ok)
        ok = conclude(&r, hand_out(&r, take, arg, e), e);
    free_arguments(argv);
    if (r.output >= 0)
        close(r.output);
    if (r.messages >= 0)
        close(r.messages);
    return ok;
}
