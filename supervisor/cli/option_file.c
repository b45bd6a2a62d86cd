#include "cli/option_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *trim(char *text)
{
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text + strspn(text, " \t\r\n\v\f");
}

/* Quotes around the whole value do not belong to it. */
static char *unquote(char *value)
{
    size_t length = strlen(value);
    if (length < 2 || (*value != '"' && *value != '\'') || value[length - 1] != *value)
        return value;
    value[length - 1] = '\0';
    return value + 1;
}

static bool put(char *out, size_t size, const char *value, const char *path, int number, struct err *e)
{
    if (strlen(value) >= size)
        return err_set(e, "%s:%d: the value has at most %zu characters", path, number, size - 1);
    memcpy(out, value, strlen(value) + 1);
    return true;
}

static bool is_closed(FILE *stream, const char *path, struct err *e)
{
    struct stat s;
    if (fstat(fileno(stream), &s) != 0)
        return err_set(e, "%s: %s", path, strerror(errno));
    return !(s.st_mode & 007) ||
           err_set(e, "%s holds a password and others may open it (mode %04o): chmod o= %s", path,
                   (unsigned)s.st_mode & 07777, path);
}

static bool take(struct account_settings *out, FILE *stream, const char *path, int number, char *line,
                 struct err *e)
{
    char *equals = strchr(line, '=');
    if (!equals)
        return true; /* a switch */
    *equals = '\0';
    const char *key = trim(line), *value = unquote(trim(equals + 1));
    if (strcmp(key, "user") == 0)
        return put(out->user, sizeof(out->user), value, path, number, e);
    if (strcmp(key, "password") == 0)
        return is_closed(stream, path, e) &&
               put(out->password, sizeof(out->password), value, path, number, e);
    if (strcmp(key, "ssl-ca") == 0 || strcmp(key, "ssl_ca") == 0)
        return put(out->tls.ca, sizeof(out->tls.ca), value, path, number, e);
    return true;
}

static bool take_lines(struct account_settings *out, FILE *stream, const char *path, struct err *e)
{
    char *line = NULL;
    size_t size = 0;
    bool inside = false, ok = true;
    for (int number = 1; ok && getline(&line, &size, stream) >= 0; number++) {
        char *at = trim(line);
        if (*at == '[')
            inside = strncmp(at, "[client]", 8) == 0;
        else if (inside && *at && *at != '#' && *at != ';' && *at != '!')
            ok = take(out, stream, path, number, at, e);
    }
    if (line)
        explicit_bzero(line, size);
    free(line);
    return ok;
}

bool option_file_read(struct account_settings *out, const char *path, struct err *e)
{
    FILE *stream = fopen(path, "re");
    if (!stream)
        return err_set(e, "%s: %s", path, strerror(errno));
    bool ok = take_lines(out, stream, path, e);
    fclose(stream);
    return ok;
}
