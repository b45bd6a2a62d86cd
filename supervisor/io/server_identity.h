/* Which process is the MariaDB server behind a socket, and may its death be certified?
 *
 * The pid is the socket's peer (SO_PEERCRED). It counts only when the server's own pid file says the same, it
 * is neither 0 nor 1, the process is called mariadbd (or mysqld), it runs as the owner of the socket's file
 * and its tasks can be read. Socket activation, a proxy and hidepid therefore leave no certificate and no
 * kill. */
#ifndef REPLCHECK_IO_SERVER_IDENTITY_H
#define REPLCHECK_IO_SERVER_IDENTITY_H

#include <sys/types.h>

#include "base/err.h"

/* `connected` is a session's unix socket that has answered just now, `socket_path` the file it connected to,
 * `pid_file` an absolute path as the server names it. On success *pid and *pidfd (the caller's to close) are
 * set; otherwise `e` says why a death cannot be certified. */
MUST_CHECK bool server_identity_find(int connected, const char *socket_path, const char *pid_file, pid_t *pid,
                                     int *pidfd, struct err *e);

#endif
