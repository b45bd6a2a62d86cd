/* labtrap: stops or kills a supervisor at a step of its work, to be loaded into it by LD_PRELOAD.
 *
 * LABTRAP names a file. While it exists with the line "SIGNAL before|after TEXT", the first statement that
 * contains TEXT makes the process send that signal to itself, before the statement is sent or right after,
 * and the file is removed. So a step of a promotion is hit, however short it is. */
#include <dlfcn.h>
#include <mysql.h>
#include <signal.h>
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

int mysql_send_query_start(int *failed, MYSQL *handle, const char *sql, unsigned long length)
{
    static send_query *original;
    const char *path = getenv("LABTRAP");
    struct trap t;
    bool hit =
        path && read_trap(path, &t) && memmem(sql, length, t.text, strlen(t.text)) && unlink(path) == 0;
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
