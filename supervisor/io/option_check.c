#include "io/option_check.h"

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "wire/server_options.h"

#define OUTPUT_MAX 65536
#define PATIENCE_S 10

extern char **environ;

struct option_check {
    struct event_base *base;
    void (*done)(void *arg, enum tri read_only);
    void *arg;
    pid_t server;
    pid_t reader; /* 0 = none runs */
    int fd;
    struct event *readable;
    char *text;
    size_t size;
};

static size_t read_arguments(pid_t server, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)server);
    int fd = server > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, out, size);
    close(fd);
    return n > 0 ? (size_t)n : 0;
}

static void stop(struct option_check *c)
{
    if (!c->reader)
        return;
    event_free(c->readable);
    close(c->fd);
    kill(c->reader, SIGKILL);
    while (waitpid(c->reader, NULL, 0) < 0)
        ;
    c->reader = 0;
}

static void conclude(struct option_check *c, bool whole)
{
    char arguments[8192];
    size_t n = read_arguments(c->server, arguments, sizeof(arguments));
    enum tri result = TRI_UNKNOWN;
    if (whole) {
        result = server_options_read_only(c->text, c->size, '\n', TRI_NO);
        result = server_options_read_only(arguments, n, '\0', result);
    } else {
        log_warning("the server's option files could not be read with my_print_defaults");
    }
    stop(c);
    c->done(c->arg, result);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct option_check *c = arg;
    ssize_t n = what & EV_TIMEOUT ? -1 : read(fd, c->text + c->size, OUTPUT_MAX - c->size);
    if (n > 0 && c->size + (size_t)n < OUTPUT_MAX) {
        c->size += (size_t)n;
        return;
    }
    conclude(c, n == 0);
}

/* The server's own choice of files is handed on. */
static size_t file_options(pid_t server, char *arguments, size_t size, char *out[], size_t most)
{
    size_t n = read_arguments(server, arguments, size - 1), found = 0;
    arguments[n] = '\0';
    for (size_t at = 0; at < n && found < most; at += strlen(arguments + at) + 1)
        if (strncmp(arguments + at, "--defaults", 10) == 0 || strcmp(arguments + at, "--no-defaults") == 0)
            out[found++] = arguments + at;
    return found;
}

void option_check_run(struct option_check *c, pid_t server)
{
    char arguments[8192], program[] = "my_print_defaults", groups[] = "--mysqld";
    char *argv[8] = {program};
    int ends[2];
    struct timeval patience = {PATIENCE_S, 0};
    posix_spawn_file_actions_t actions;
    stop(c);
    c->server = server;
    c->size = 0;
    size_t count = 1 + file_options(server, arguments, sizeof(arguments), argv + 1, 5);
    argv[count] = groups;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (posix_spawnp(&c->reader, program, &actions, NULL, argv, environ) != 0)
        c->reader = 0;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (!c->reader) {
        close(ends[0]);
        log_warning("my_print_defaults could not be started; on Debian: apt-get install mariadb-server-core");
        c->done(c->arg, TRI_UNKNOWN);
        return;
    }
    c->fd = ends[0];
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    c->readable = event_new(c->base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
    event_add(c->readable, &patience);
}

struct option_check *option_check_new(struct event_base *base, void (*done)(void *arg, enum tri read_only),
                                      void *arg)
{
    struct option_check *c = mem_zalloc(sizeof(*c));
    c->base = base;
    c->done = done;
    c->arg = arg;
    c->text = mem_zalloc(OUTPUT_MAX);
    return c;
}

void option_check_free(struct option_check **p)
{
    struct option_check *c = *p;
    if (!c)
        return;
    *p = NULL;
    stop(c);
    free(c->text);
    free(c);
}
