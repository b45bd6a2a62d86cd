#include "io/binlog_end.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/binlog_tail.h"

#define TAIL_BYTES ((size_t)256 * 1024)

/* Only the end of the index is read: it may be long. */
static bool read_tail(const char *path, char *out, size_t size, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, "%s: %s", path, strerror(errno));
    ssize_t got = -1;
    if (fstat(fd, &st) == 0) {
        off_t from = st.st_size > (off_t)size - 1 ? st.st_size - (off_t)size + 1 : 0;
        got = pread(fd, out, size - 1, from);
    }
    int error = errno;
    close(fd);
    if (got < 0)
        return err_set(e, "%s: %s", path, strerror(error));
    out[got] = 0;
    return true;
}

/* The last whole line: one that lacks its newline was being written. */
static const char *last_line(char *text)
{
    char *end = strrchr(text, '\n');
    if (!end)
        return "";
    *end = 0;
    char *before = strrchr(text, '\n');
    return before ? before + 1 : text;
}

/* What cannot be read may have been received, and is counted as missing. */
static uint64_t whole_size(const char *path, uint64_t size)
{
    size_t count = size < TAIL_BYTES ? (size_t)size : TAIL_BYTES;
    uint64_t offset = size - count, end = size;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return size;
    uint8_t *tail = mem_zalloc(count + 1);
    if (pread(fd, tail, count, (off_t)offset) == (ssize_t)count)
        end = binlog_tail_end(tail, count, offset);
    free(tail);
    close(fd);
    return end;
}

bool binlog_end_read(const char *index, const char *datadir, char *file, size_t file_size, uint64_t *size,
                     struct err *e)
{
    char tail[PATH_MAX + 2];
    char path[2 * PATH_MAX];
    struct stat st;
    if (!read_tail(index, tail, sizeof(tail), e))
        return false;
    const char *name = last_line(tail);
    if (!*name)
        return err_set(e, "%s names no binary log", index);
    snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : datadir, name[0] == '/' ? "" : "/", name);
    if (stat(path, &st) != 0)
        return err_set(e, "%s: %s", path, strerror(errno));
    const char *slash = strrchr(name, '/');
    const char *base = slash ? slash + 1 : name;
    if (strlen(base) >= file_size)
        return err_set(e, "%s: the name of binary log \"%s\" is too long", index, base);
    snprintf(file, file_size, "%s", base);
    *size = whole_size(path, (uint64_t)st.st_size);
    return true;
}
