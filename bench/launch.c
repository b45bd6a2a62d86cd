/* Starts a program again and again, one after the other, and prints a line for each: wall time and processor
 * time in microseconds, peak resident memory in KiB, exit code (128 + signal). It is small, and linked
 * statically, because the kernel counts the starter's memory as the child's until exec. */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM_UP 3

extern char **environ;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static long long us(struct timeval t)
{
    return (long long)t.tv_sec * 1000000 + t.tv_usec;
}

static int once(char **argv, const posix_spawn_file_actions_t *actions, int print)
{
    struct rusage used;
    int status;
    pid_t pid;
    int64_t began = now_us();
    if (posix_spawn(&pid, argv[0], actions, NULL, argv, environ) != 0 || wait4(pid, &status, 0, &used) != pid)
        return 1;
    int64_t took = now_us() - began;
    if (print)
        printf("%lld %lld %ld %d\n", (long long)took, us(used.ru_utime) + us(used.ru_stime), used.ru_maxrss,
               WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}

int main(int argc, char **argv)
{
    posix_spawn_file_actions_t actions;
    if (argc < 3)
        return 2;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    int runs = atoi(argv[1]);
    for (int i = runs > 1 ? -WARM_UP : 0; i < runs; i++)
        if (once(argv + 2, &actions, i >= 0) != 0)
            return 1;
    return 0;
}
