/* The run directory: made and shared by fencer and supervisor, the lock that admits one supervisor per node,
 * and the pid file. */
#ifndef REPLCHECK_DAEMON_RUN_DIR_H
#define REPLCHECK_DAEMON_RUN_DIR_H

#include <sys/types.h>

#include "base/err.h"

/* Makes `dir` if it is missing, and gives it to `uid`, `gid` with `mode`, if it is not so already: only root
 * can. */
MUST_CHECK bool run_dir_make(const char *dir, uid_t uid, gid_t gid, mode_t mode, struct err *e);

/* False: it is on a disk. Fencer and supervisor write there within their loops, so a disk that hangs would
 * hold up a fence. What cannot be told passes. */
bool run_dir_in_memory(const char *dir);

/* Takes DIR/lock for as long as the descriptor returned is open, and writes our pid into it; -1 with the
 * holder's pid in `e` when another has it. As root, the file becomes `owner`'s. */
int run_dir_lock(const char *dir, uid_t owner, struct err *e);

/* Of a lock that was taken by a predecessor: our pid is written into it. */
MUST_CHECK bool run_dir_adopt(int fd, struct err *e);

/* Who holds DIR/lock; 0: nobody, or it cannot be seen. */
pid_t run_dir_holder(const char *dir);

/* Writes DIR/pid, or removes it. */
MUST_CHECK bool run_dir_write_pid(const char *dir, struct err *e);
void run_dir_remove_pid(const char *dir);

#endif
