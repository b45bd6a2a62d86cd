#include "plugin/extra_opts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define OPTION "--extra-opts"

struct file {
    const char *path, *section;
    FILE *stream;
    bool found; /* the section */
};

/* ---- where ---- */

static const char *const names[] = {"monitoring-plugins.ini", "plugins.ini", "nagios-plugins.ini"};
static const char *const places[] = {
    "/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
    "/usr/local/etc/monitoring-plugins.ini",
    "/etc/monitoring-plugins/monitoring-plugins.ini",
    "/etc/monitoring-plugins.ini",
    "/etc/nagios/plugins.ini",
    "/usr/local/nagios/etc/plugins.ini",
    "/usr/local/etc/nagios/plugins.ini",
    "/etc/opt/nagios/plugins.ini",
    "/etc/nagios-plugins.ini",
    "/usr/local/etc/nagios-plugins.ini",
    "/etc/opt/nagios-plugins.ini",
};

/* `folders` as PATH has them. */
static char *find_below(const char *folders)
{
    for (const char *at = folders; at && *at; at += strspn(at, ":")) {
        size_t length = strcspn(at, ":");
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            char *path = mem_printf("%.*s/%s", (int)length, at, names[i]);
            if (access(path, F_OK) == 0)
                return path;
            free(path);
        }
        at += length;
    }
    return NULL;
}

/* The caller frees it. */
static char *default_file(void)
{
    char *found = find_below(getenv("MP_CONFIG_PATH"));
    if (!found)
        found = find_below(getenv("NAGIOS_CONFIG_PATH"));
    for (size_t i = 0; !found && i < sizeof(places) / sizeof(places[0]); i++)
        if (access(places[i], F_OK) == 0)
            found = mem_strdup(places[i]);
    return found;
}

/* ---- what ---- */

static char *trim(char *text)
{
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text + strspn(text, " \t\r\n\v\f");
}

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

/* Whoever can read a password can use it. */
static bool is_closed(const struct file *f, struct err *e)
{
    struct stat s;
    if (fstat(fileno(f->stream), &s) != 0)
        return err_set(e, "%s: %s", f->path, strerror(errno));
    if (S_ISREG(s.st_mode) && (s.st_mode & 007))
        return err_set(e, "%s holds a password and others may read it: chmod o= %s", f->path, f->path);
    return true;
}

static void append(struct extra_opts *out, char *argument)
{
    out->argv = mem_resize(out->argv, (size_t)(out->argc + 2) * sizeof(*out->argv));
    out->argv[out->argc++] = argument;
    out->argv[out->argc] = NULL;
}

static bool take_option(struct extra_opts *out, const struct file *f, int number, char *line, struct err *e)
{
    char *equals = strchr(line, '='), *value = equals ? trim(equals + 1) : NULL;
    if (equals)
        *equals = '\0';
    const char *name = trim(line);
    if (!*name || *name == '-')
        return err_set(e, "%s:%d: \"name=value\" is expected, without dashes", f->path, number);
    if (strcmp(name, "extra-opts") == 0)
        return err_set(e, "%s:%d: extra-opts belongs on the command line alone", f->path, number);
    if (strcmp(name, "password") == 0) {
        free(out->password);
        out->password = mem_strdup(value ? value : "");
        return is_closed(f, e);
    }
    /* Not printed: it may be a password without its "=". */
    if (name[strspn(name, NAME_CHARACTERS)] || strncmp(name, "password", 8) == 0 ||
        strncmp(name, "extra-opts", 10) == 0)
        return err_set(e, "%s:%d: not an option's name; \"name=value\" is expected", f->path, number);
    if (strlen(name) > 1) {
        append(out, value && *value ? mem_printf("--%s=%s", name, value) : mem_printf("--%s", name));
        return true;
    }
    /* In one word: a value is never taken for an option, also of an option that has none. */
    append(out, mem_printf("-%s%s", name, value ? value : ""));
    return true;
}

enum where { BEFORE, INSIDE, ELSEWHERE };

static bool take_line(struct extra_opts *out, struct file *f, enum where *where, int number, char *at,
                      struct err *e)
{
    char *close = *at == '[' ? strchr(at, ']') : NULL;
    if (!*at || *at == '#' || *at == ';')
        return true;
    if (*at == '[' && (!close || close[1]))
        return err_set(e, "%s:%d: \"[section]\" is expected", f->path, number);
    if (close) {
        *close = '\0';
        *where = strcmp(trim(at + 1), f->section) == 0 ? INSIDE : ELSEWHERE;
        f->found = f->found || *where == INSIDE;
        return true;
    }
    if (*where == BEFORE)
        return err_set(e, "%s:%d: this stands before the first [section]", f->path, number);
    return *where == ELSEWHERE || take_option(out, f, number, at, e);
}

static bool take_lines(struct extra_opts *out, struct file *f, struct err *e)
{
    enum where where = BEFORE;
    char *line = NULL;
    size_t size = 0;
    bool ok = true;
    for (int number = 1; ok && getline(&line, &size, f->stream) >= 0; number++)
        ok = take_line(out, f, &where, number, trim(line), e);
    if (line)
        explicit_bzero(line, size);
    free(line);
    return ok;
}

static bool read_file(struct extra_opts *out, struct file *f, struct err *e)
{
    if (!f->path)
        return err_set(e, "there is no ini file in the usual places; name one: " OPTION "=%s@FILE",
                       f->section);
    f->stream = strcmp(f->path, "-") == 0 ? stdin : fopen(f->path, "re");
    if (!f->stream)
        return err_set(e, "%s: %s", f->path, strerror(errno));
    bool ok =
        take_lines(out, f, e) && (f->found || err_set(e, "%s has no section [%s]", f->path, f->section));
    if (f->stream != stdin)
        fclose(f->stream);
    return ok;
}

/* `locator` is [SECTION][@FILE], or NULL. */
static bool take_file(struct extra_opts *out, const char *locator, const char *plugin, struct err *e)
{
    const char *at = locator ? strchr(locator, '@') : NULL;
    size_t length = !locator ? 0 : at ? (size_t)(at - locator) : strlen(locator);
    char *section = length ? mem_printf("%.*s", (int)length, locator) : mem_strdup(plugin);
    char *path = at ? mem_strdup(at + 1) : default_file();
    struct file f = {.path = path, .section = section};
    bool ok = read_file(out, &f, e) || err_prefix(e, OPTION);
    free(section);
    free(path);
    return ok;
}

void extra_opts_free(struct extra_opts *x)
{
    for (int i = 0; i < x->argc; i++)
        free(x->argv[i]);
    free(x->argv);
    free(x->password);
    *x = (struct extra_opts){.argc = 0};
}

bool extra_opts_expand(struct extra_opts *out, int argc, char **argv, const char *plugin, struct err *e)
{
    *out = (struct extra_opts){.argc = 0};
    append(out, mem_strdup(argc > 0 ? argv[0] : plugin));
    for (int pass = 0; pass < 2; pass++) {
        out->from_files = pass == 0 ? 1 : out->argc;
        for (int i = 1; i < argc; i++) {
            bool joined = strncmp(argv[i], OPTION "=", strlen(OPTION "=")) == 0;
            bool alone = strcmp(argv[i], OPTION) == 0;
            const char *locator = joined ? argv[i] + strlen(OPTION "=") : NULL;
            if (alone && i + 1 < argc && argv[i + 1][0] != '-')
                locator = argv[++i];
            if (pass == 0 && (joined || alone) && !take_file(out, locator, plugin, e))
                return false;
            if (pass == 1 && !joined && !alone)
                append(out, mem_strdup(argv[i]));
        }
    }
    return true;
}
