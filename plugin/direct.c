#define _GNU_SOURCE /* vfork, memfd_create */
#include "plugin/direct.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

#define WORDS_MAX 48
#define ITS_SHARE 0.95 /* of the time that is left: it gives up before it is given up */

static volatile pid_t child; /* 0 = none runs */

struct words {
    char *word[WORDS_MAX]; /* NULL ends it */
    int count;
};

static void add(struct words *w, const char *word)
{
    w->word[w->count++] = mem_strdup(word);
}

static void add_pair(struct words *w, const char *option, const char *value)
{
    if (!value)
        return;
    add(w, option);
    add(w, value);
}

/* A password crosses exec in memory alone, as an option file that nobody else can open. */
static bool add_password(struct words *w, const char *password, struct err *e)
{
    char path[32];
    char *text = mem_printf("[client]\npassword=%s\n", password);
    int fd = memfd_create("password", 0);
    ssize_t length = (ssize_t)strlen(text);
    bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, text, (size_t)length) == length;
    explicit_bzero(text, (size_t)length);
    free(text);
    if (!ok)
        return err_set(e, "memfd_create: %s", strerror(errno));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    add_pair(w, "--defaults-file", path);
    return true;
}

static bool add_servers(struct words *w, const struct options *o, struct err *e)
{
    for (int i = 0; i < o->host_count; i++)
        add_pair(w, "--hostname", o->hosts[i]);
    add_pair(w, "--port", o->port);
    add_pair(w, "--user", o->user);
    add_pair(w, "--defaults-file", o->defaults_file);
    add_pair(w, "--tls-ca", o->tls_ca);
    return !o->password || add_password(w, o->password, e);
}

static bool build(struct words *w, const struct options *o, const char *why, double left_s, struct err *e)
{
    char left[32];
    snprintf(left, sizeof(left), "%.3f", left_s * ITS_SHARE);
    add(w, "mysql-replcheck");
    add_pair(w, "--config", o->config_dir);
    add(w, "check");
    add(w, "--direct");
    add_pair(w, "--mode", check_mode_name(o->check.mode));
    add_pair(w, "--warning", o->warning);
    add_pair(w, "--critical", o->critical);
    add_pair(w, "--timeout", left);
    add_pair(w, "--why", why[0] ? why : NULL);
    for (int i = 0; i < o->verbose; i++)
        add(w, "--verbose");
    return add_servers(w, o, e);
}

void direct_kill(void)
{
    if (child > 0)
        kill(child, SIGKILL);
}

static bool await_end(const char *program, int *code, struct err *e)
{
    int status;
    pid_t got;
    while ((got = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        ;
    child = 0;
    if (got < 0)
        return err_set(e, "waitpid: %s", strerror(errno));
    if (WIFSIGNALED(status))
        return err_set(e, "%s was ended by signal %d", program, WTERMSIG(status));
    *code = WEXITSTATUS(status);
    return *code <= 3 || err_set(e, "%s ended with %d", program, *code);
}

/* vfork() copies nothing of this process, and costs less than posix_spawn(), which asks for every signal's
 * handler. The child runs in this process's memory until its exec, and so can leave its error here. */
static bool start(const char *program, char **words, struct err *e)
{
    volatile int error = 0;
    signal(SIGCHLD, SIG_DFL); /* whoever ignores it has no children to wait for */
    pid_t pid = vfork();
    if (pid == 0) {
        execv(program, words);
        error = errno;
        _exit(EXIT_FAILURE);
    }
    if (pid < 0)
        return err_set(e, "vfork: %s", strerror(errno));
    child = pid;
    if (!error)
        return true;
    waitpid(pid, NULL, 0);
    child = 0;
    return err_set(e, "%s: %s (is mysql-replcheck installed? see --program)", program, strerror(error));
}

bool direct_run(const struct options *o, const char *why, double left_s, int *code, struct err *e)
{
    struct words w = {.count = 0};
    bool ok = build(&w, o, why, left_s, e) && start(o->program, w.word, e) && await_end(o->program, code, e);
    for (int i = 0; i < w.count; i++)
        free(w.word[i]);
    return ok;
}
