/* Runs one program without a shell, on the event loop, with a deadline of its own.
 *
 * It runs in a process group of its own, with /dev/null as standard input; at the deadline the whole group
 * gets SIGKILL. No other descriptor of ours leaks into it. */
#ifndef REPLCHECK_IO_RUN_COMMAND_H
#define REPLCHECK_IO_RUN_COMMAND_H

#include <stdbool.h>

#include "base/err.h"

struct event_base;
struct run_command;

struct run_command_options {
    const char *const *argv;        /* ends with NULL; argv[0] is an absolute path */
    const char *const *environment; /* ends with NULL; NULL itself: ours */
    int output; /* both its standard output and error; 0: /dev/null, and our standard error. Remains the
                   caller's */
    int deadline_ms;
};

/* `done` is called once, from the loop, and may free: with the exit status, -1 where it was killed or ended
 * by a signal; `how` says what happened ("exit status 3", "killed at its deadline of 30s"). NULL and `e`
 * where it cannot be started. */
struct run_command *run_command_start(struct event_base *base, const struct run_command_options *options,
                                      void (*done)(void *arg, int exit_status, const char *how), void *arg,
                                      struct err *e);

/* Kills its process group if it still runs; `done` is not called any more. What the kernel does not let end
 * at once is reaped by the loop later: no zombie stays. */
void run_command_free(struct run_command **command);

#endif
