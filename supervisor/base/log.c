#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static enum log_level threshold = LOG_LEVEL_INFO;
static char name[64];

static void sink_stderr(enum log_level level, const char *line)
{
    static const char *const names[] = {"panic",   "alert",  "crit", "error",
                                        "warning", "notice", "info", "debug"};
    struct timespec t;
    struct tm tm;
    char when[32] = "";
    clock_gettime(CLOCK_REALTIME, &t);
    if (gmtime_r(&t.tv_sec, &tm))
        strftime(when, sizeof(when), "%H:%M:%S", &tm);
    fprintf(stderr, "%s.%06ld %-7s %s\n", when, t.tv_nsec / 1000, names[level], line);
}

static void (*current)(enum log_level level, const char *line) = sink_stderr;

void log_set_sink(void (*sink)(enum log_level level, const char *line))
{
    current = sink ? sink : sink_stderr;
}

void log_set_level(enum log_level most_verbose)
{
    threshold = most_verbose;
}

void log_set_name(const char *text)
{
    snprintf(name, sizeof(name), "%s", text);
}

void log_at(enum log_level level, const char *format, ...)
{
    char line[1024];
    if (level > threshold)
        return;
    size_t used = name[0] ? (size_t)snprintf(line, sizeof(line), "%s: ", name) : 0;
    va_list args;
    va_start(args, format);
    vsnprintf(line + used, sizeof(line) - used, format, args);
    va_end(args);
    current(level, line);
}
