#include "plugin/direct.h"

#include <errno.h>
#include <stdio.h>
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

/* A password crosses exec in memory alone, as an option file that nobody else can open. NULL: `e`. */
static const char *password_file(const char *password, struct err *e)
{
    int fd = memfd_create("password", 0);
    char *text = mem_printf("[client]\npassword=%s\n", password);
    if (fd < 0 || fchmod(fd, 0600) != 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
        err_set(e, "memfd_create: %s", strerror(errno));
        return NULL;
    }
    explicit_bzero(text, strlen(text));
    return mem_printf("/proc/self/fd/%d", fd);
}

static bool add_servers(struct words *w, const struct options *o, struct err *e)
{
    for (int i = 0; i < o->host_count; i++)
        add_pair(w, "--hostname", o->hosts[i]);
    add_pair(w, "--port", o->port);
    add_pair(w, "--user", o->user);
    add_pair(w, "--defaults-file", o->defaults_file);
    add_pair(w, "--tls-ca", o->tls_ca);
    if (!o->password)
        return true;
    const char *file = password_file(o->password, e);
    add_pair(w, "--defaults-file", file);
    return file != NULL;
}

void direct_exec(const struct options *o, const char *why, double left_s, struct err *e)
{
    struct words w = {.count = 0};
    add(&w, "mysql-replcheck");
    add_pair(&w, "--config", o->config_dir);
    add(&w, "check");
    add(&w, "--direct");
    add_pair(&w, "--mode", check_mode_name(o->check.mode));
    add_pair(&w, "--warning", o->warning);
    add_pair(&w, "--critical", o->critical);
    add_pair(&w, "--timeout", mem_printf("%.3f", left_s));
    add_pair(&w, "--why", why[0] ? why : NULL);
    for (int i = 0; i < o->verbose; i++)
        add(&w, "--verbose");
    if (!add_servers(&w, o, e))
        return;
    execv(o->program, w.word);
    err_set(e, "%s: %s (is mysql-replcheck installed? see --program)", o->program, strerror(errno));
}
