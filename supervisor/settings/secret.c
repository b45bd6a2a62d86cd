#include "settings/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool may_own(uid_t uid, const char *owner)
{
    if (uid == 0 || uid == geteuid())
        return true;
    const struct passwd *pw = owner ? getpwnam(owner) : NULL;
    return pw && pw->pw_uid == uid;
}

static bool check_status(const char *path, const char *owner, const struct stat *st, struct err *e)
{
    if (!S_ISREG(st->st_mode))
        return err_set(e, "%s is not a regular file", path);
    if (st->st_mode & (S_IRWXG | S_IRWXO))
        return err_set(e, "%s has mode %04o, expected no access for group and others (chmod 0600)", path,
                       (unsigned)st->st_mode & 07777);
    if (!may_own(st->st_uid, owner))
        return err_set(e, "%s belongs to uid %u, expected root%s%s", path, (unsigned)st->st_uid,
                       owner ? " or " : "", owner ? owner : "");
    return true;
}

static size_t without_line_end(const char *text, size_t length)
{
    if (length && text[length - 1] == '\n')
        length--;
    if (length && text[length - 1] == '\r')
        length--;
    return length;
}

static bool take(const char *path, const char *text, size_t length, char *out, size_t size, struct err *e)
{
    length = without_line_end(text, length);
    if (length == 0)
        return err_set(e, "%s is empty, expected the secret on one line", path);
    if (length >= size)
        return err_set(e, "%s holds more than %zu characters", path, size - 1);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return err_set(e, "%s holds a control character or a second line, expected one line", path);
    memcpy(out, text, length);
    return true;
}

static bool read_fd(int fd, const char *path, const char *owner, char *out, size_t size, struct err *e)
{
    char text[1024];
    size_t length = 0;
    struct stat st;
    ssize_t n = 0;
    if (fstat(fd, &st) != 0)
        return err_set(e, "%s cannot be read: %s", path, strerror(errno));
    if (!check_status(path, owner, &st, e))
        return false;
    do {
        n = read(fd, text + length, sizeof(text) - length);
        length += n > 0 ? (size_t)n : 0;
    } while ((n > 0 && length < sizeof(text)) || (n < 0 && errno == EINTR));
    bool ok = n < 0 ? err_set(e, "%s cannot be read: %s", path, strerror(errno))
                    : take(path, text, length, out, size, e);
    explicit_bzero(text, sizeof(text));
    return ok;
}

bool secret_read(const char *path, const char *owner, char *out, size_t size, struct err *e)
{
    memset(out, 0, size);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == EACCES)
        return err_set(e, "%s cannot be read: %s: ask as root%s%s", path, strerror(errno),
                       owner ? " or " : "", owner ? owner : "");
    if (fd < 0)
        return err_set(e, "%s cannot be read: %s", path, strerror(errno));
    bool ok = read_fd(fd, path, owner, out, size, e);
    close(fd);
    return ok;
}
