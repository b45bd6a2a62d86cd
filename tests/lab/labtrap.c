/* labtrap: stops or kills a supervisor at a step of its work, to be loaded into it by LD_PRELOAD.
 *
 * LABTRAP names a file. While it exists with the line "SIGNAL before|after TEXT", the first statement that is
 * sent, or line that is logged to standard error, that contains TEXT makes the process send that signal to
 * itself, before or right after, and the file is removed. So a step of a promotion is hit, however short it
 * is, and so is a row of the decision; the line is written by a thread of its own, so the rest of the process
 * goes on until the signal. */
#include <dlfcn.h>
#include <mysql.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct trap {
    int signal;
    bool after;
    char text[128];
};

typedef int send_query(int *failed, MYSQL *handle, const char *sql, unsigned long length);

static bool read_trap(const char *path, struct trap *t)
{
    char line[256] = "", when[8] = "";
    FILE *file = fopen(path, "r");
    bool read;

    if (!file)
        return false;
    read = fgets(line, sizeof line, file) && sscanf(line, "%d %7s %127[^\n]", &t->signal, when, t->text) == 3;
    fclose(file);
    t->after = strcmp(when, "after") == 0;
    return read;
}

static bool hits(struct trap *t, const char *text, size_t length)
{
    const char *path = getenv("LABTRAP");

    return path && read_trap(path, t) && memmem(text, length, t->text, strlen(t->text)) && unlink(path) == 0;
}

int mysql_send_query_start(int *failed, MYSQL *handle, const char *sql, unsigned long length)
{
    static send_query *original;
    struct trap t;
    bool hit = hits(&t, sql, length);
    int wait;

    if (!original)
        *(void **)&original = dlsym(RTLD_NEXT, "mysql_send_query_start");
    if (hit && !t.after)
        raise(t.signal);
    wait = original(failed, handle, sql, length);
    if (hit && t.after)
        raise(t.signal);
    return wait;
}

static int print(FILE *file, const char *format, va_list args)
{
    char text[2048];
    struct trap t;
    int length = vsnprintf(text, sizeof text, format, args);
    bool hit = file == stderr && hits(&t, text, strlen(text));

    if (hit && !t.after)
        kill(getpid(), t.signal);
    fputs(text, file);
    if (hit && t.after)
        kill(getpid(), t.signal);
    return length;
}

int fprintf(FILE *file, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = print(file, format, args);
    va_end(args);
    return length;
}

int __fprintf_chk(FILE *file, int flag, const char *format, ...);
int __fprintf_chk(FILE *file, int flag, const char *format, ...)
{
    va_list args;
    int length;

    (void)flag;
    va_start(args, format);
    length = print(file, format, args);
    va_end(args);
    return length;
}
