/* Runs one program without a shell, on the event loop, with a deadline of its own.
 *
 * It runs in a process group of its own, with /dev/null as standard input and output and our standard error;
 * at the deadline the whole group gets SIGKILL. No descriptor of ours that is close-on-exec leaks into it. */
#ifndef REPLCHECK_IO_RUN_COMMAND_H
#define REPLCHECK_IO_RUN_COMMAND_H

#include <stdbool.h>

#include "base/err.h"

struct event_base;
struct run_command;

/* `argv` ends with NULL; argv[0] is an absolute path. `done` is called once, from the loop: `ok` for exit
 * status 0, otherwise `how` says what happened ("exit status 3", "killed at its deadline of 30 s"). */
struct run_command *run_command_start(struct event_base *base, const char *const *argv, int deadline_ms,
                                      void (*done)(void *arg, bool ok, const char *how), void *arg,
                                      struct err *e);

/* Kills its process group if it still runs; `done` is not called any more. */
void run_command_free(struct run_command **command);

#endif
