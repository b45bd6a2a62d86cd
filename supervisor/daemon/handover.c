#define _GNU_SOURCE /* memfd_create, seals */
#include "daemon/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct head {
    char version[32];
    uint32_t format;
    uint32_t size;
};

static struct head make_head(const char *version, unsigned format, size_t size)
{
    struct head h;
    memset(&h, 0, sizeof(h));
    snprintf(h.version, sizeof(h.version), "%s", version);
    h.format = format;
    h.size = (uint32_t)size;
    return h;
}

int handover_write(const char *version, unsigned format, const void *data, size_t size, struct err *e)
{
    struct head h = make_head(version, format, size);
    int fd = memfd_create("replcheck", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && write(fd, &h, sizeof(h)) == (ssize_t)sizeof(h) && write(fd, data, size) == (ssize_t)size &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
        return fd;
    err_set(e, "a memory file: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

bool handover_read(int fd, const char *version, unsigned format, void *data, size_t size, struct err *e)
{
    struct head want = make_head(version, format, size);
    struct head h;
    if (pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || memcmp(&h, &want, sizeof(h)) != 0)
        return err_set(e, "what was handed over is of another version");
    if (pread(fd, data, size, sizeof(h)) != (ssize_t)size)
        return err_set(e, "what was handed over is cut short");
    return true;
}

bool handover_read_text(int fd, unsigned *format, char *out, size_t size, struct err *e)
{
    struct head h, none = make_head("", 0, 0);
    if (pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) ||
        memcmp(h.version, none.version, sizeof(h.version)) != 0 || h.size >= size)
        return err_set(e, "what was handed over is nothing that this version knows");
    if (pread(fd, out, h.size, sizeof(h)) != (ssize_t)h.size)
        return err_set(e, "what was handed over is cut short");
    out[h.size] = '\0';
    *format = h.format;
    return true;
}
