#include "plugin/direct.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define WORDS_MAX 48

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
    snprintf(left, sizeof(left), "%.3f", left_s);
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

void direct_exec(const struct options *o, const char *why, double left_s, struct err *e)
{
    struct words w = {.count = 0};
    if (build(&w, o, why, left_s, e)) {
        execv(o->program, w.word);
        err_set(e, "%s: %s (is mysql-replcheck installed? see --program)", o->program, strerror(errno));
    }
    for (int i = 0; i < w.count; i++)
        free(w.word[i]);
}
