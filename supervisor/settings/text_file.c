#include "settings/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static bool check_status(const char *path, const struct stat *st, struct err *e)
{
    if (!S_ISREG(st->st_mode))
        return err_set(e, "%s: is not a regular file", path);
    if (st->st_mode & S_IWOTH)
        return err_set(e, "%s: can be written by everybody (mode %04o), expected chmod o-w", path,
                       (unsigned)st->st_mode & 07777);
    if (st->st_size > TEXT_FILE_MAX)
        return err_set(e, "%s: is too large, expected at most %d bytes", path, TEXT_FILE_MAX);
    return true;
}

/* Fills up to TEXT_FILE_MAX bytes; the file may have grown since it was looked at. */
static bool read_all(int fd, const char *path, char *text, size_t *size, struct err *e)
{
    *size = 0;
    for (;;) {
        ssize_t n = read(fd, text + *size, TEXT_FILE_MAX + 1 - *size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, "%s: cannot be read: %s", path, strerror(errno));
        *size += (size_t)n;
        if (n == 0)
            return true;
        if (*size > TEXT_FILE_MAX)
            return err_set(e, "%s: is too large, expected at most %d bytes", path, TEXT_FILE_MAX);
    }
}

static bool check_characters(const char *path, const char *text, size_t size, struct err *e)
{
    int line = 1;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return err_set(e, "%s:%d: contains the control character 0x%02x, expected printable text", path,
                           line, c);
        line += c == '\n';
    }
    return true;
}

bool text_file_read(const char *path, char **text, size_t *size, struct err *e)
{
    struct stat st;
    *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_set(e, "%s: cannot be read: %s", path, strerror(errno));
    *text = mem_zalloc(TEXT_FILE_MAX + 2);
    bool ok = fstat(fd, &st) == 0 || err_set(e, "%s: cannot be read: %s", path, strerror(errno));
    ok = ok && check_status(path, &st, e) && read_all(fd, path, *text, size, e) &&
         check_characters(path, *text, *size, e);
    close(fd);
    if (!ok) {
        free(*text);
        *text = NULL;
    }
    return ok;
}
