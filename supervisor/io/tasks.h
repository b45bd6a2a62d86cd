/* The tasks of a process, read from /proc/PID/task. Never blocks beyond the kernel's own reading of /proc. */
#ifndef REPLCHECK_IO_TASKS_H
#define REPLCHECK_IO_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum tasks_state {
    TASKS_UNREADABLE = 0, /* /proc/PID/task cannot be read: gone, or hidden from us */
    TASKS_RUNNING,        /* at least one task may run user code, or cannot be judged */
    TASKS_OVER            /* every task is exiting, a zombie or reaped */
};

/* Reads the tasks up to the first that may run. TASKS_OVER is read twice in a row, so that a task started
 * behind the first reading is not missed. */
enum tasks_state tasks_read(pid_t pid);

/* Opens the leader's line for tasks_leader_is_over(); -1 with errno when it cannot be opened. */
int tasks_open_leader(pid_t pid);

/* Is the leader exiting, or gone? One read of the kept descriptor. */
bool tasks_leader_is_over(int leader);

#define TASKS_OLDEST_MAX 16

/* The tids that have run longest, the leader left out (its end is told late); fewer if there are fewer. `max`
 * is at least 1; TASKS_OLDEST_MAX are enough. */
size_t tasks_oldest(pid_t pid, pid_t *tids, size_t max);

#endif
