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
    char before[sizeof(e->text)];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(before, sizeof(before), format, args);
    va_end(args);
    size_t used = n < 0 ? 0 : (size_t)n < sizeof(before) ? (size_t)n : sizeof(before) - 1;
    snprintf(before + used, sizeof(before) - used, ": %.*s", (int)sizeof(e->text) - 1, e->text);
    memcpy(e->text, before, sizeof(before));
    return false;
}
