#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *or_abort(void *p)
{
    static const char text[] = "out of memory\n";
    if (!p) {
        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        abort();
    }
    return p;
}

void *mem_zalloc(size_t size)
{
    return or_abort(calloc(1, size ? size : 1));
}

void *mem_resize(void *old, size_t size)
{
    return or_abort(realloc(old, size ? size : 1));
}

char *mem_strdup(const char *text)
{
    return or_abort(strdup(text));
}

char *mem_printf(const char *format, ...)
{
    char *out = NULL;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&out, format, args);
    va_end(args);
    return or_abort(n < 0 ? NULL : out);
}
