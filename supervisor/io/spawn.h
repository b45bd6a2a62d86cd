/* Starts a program without a shell, in a process group of its own, with /dev/null as standard input, no
 * signal blocked or ignored, and no other descriptor of ours than `output`. */
#ifndef REPLCHECK_IO_SPAWN_H
#define REPLCHECK_IO_SPAWN_H

#include <sys/types.h>

/* `argv` and `environment` end with NULL; argv[0] is an absolute path; an environment of NULL is ours.
 * `output`: both its standard output and error, and remains the caller's; 0: /dev/null, and our standard
 * error. 0, or the errno. */
int spawn_program(pid_t *pid, const char *const *argv, const char *const *environment, int output);

#endif
