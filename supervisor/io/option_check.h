/* Does the local server boot read-only? Reads its option files with `my_print_defaults --mysqld` and the
 * arguments of the running process, off the loop's path: at start and after each restart of the server.
 * Without a pid (not known) the option files alone are read. */
#ifndef REPLCHECK_IO_OPTION_CHECK_H
#define REPLCHECK_IO_OPTION_CHECK_H

#include <sys/types.h>

#include "base/tri.h"

struct event_base;
struct option_check;

struct option_check *option_check_new(struct event_base *base, void (*done)(void *arg, enum tri read_only),
                                      void *arg);
void option_check_free(struct option_check **c);

/* Begins a reading, or begins it anew if one is under way. */
void option_check_run(struct option_check *c, pid_t server);

#endif
