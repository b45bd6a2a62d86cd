#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *e, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    return false;
}

bool err_prefix(struct err *e, const char *format, ...)
{
    char after[sizeof(e->text)];
    va_list args;
    memcpy(after, e->text, sizeof(after));
    va_start(args, format);
    int n = vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n;
    if (used + 2 >= sizeof(e->text))
        return false;
    memcpy(e->text + used, ": ", 2);
    size_t room = sizeof(e->text) - used - 3, length = strnlen(after, sizeof(after));
    length = length < room ? length : room;
    memcpy(e->text + used + 2, after, length);
    e->text[used + 2 + length] = '\0';
    return false;
}
