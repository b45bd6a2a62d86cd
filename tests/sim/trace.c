/* The story of a run: virtual time, who, what. */
#include <stdarg.h>
#include <stdio.h>

#include "parts.h"

uint64_t rows_fired[ROWS];

void trace(const struct world *w, const char *who, const char *format, ...)
{
    va_list args;
    printf("%12.6f  %-9s ", (double)(w->now - S) / 1e6, who);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

const char *trace_node(int n)
{
    return n == 0 ? "mx1" : "mx2";
}

const char *trace_server(int s)
{
    return s == 0 ? "server 1" : s == 1 ? "server 2" : "witness";
}
