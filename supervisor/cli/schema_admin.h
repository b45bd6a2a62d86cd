/* An administrator's session: blocking, for commands that a person runs. Not for the daemon.
 *
 * The password is passed to the server's handshake alone: never on a command line or in a message. */
#ifndef REPLCHECK_CLI_SCHEMA_ADMIN_H
#define REPLCHECK_CLI_SCHEMA_ADMIN_H

#include "base/err.h"
#include "cli/schema_script.h"

struct schema_admin;

struct schema_admin_options {
    const char *socket; /* path, or NULL with */
    const char *host;   /* and */
    unsigned port;
    const char *user;
    const char *password; /* NULL with unix_socket */
    const char *tls_ca;   /* NULL: no TLS; otherwise the server is verified against it */
};

/* Connects to a MariaDB that is new enough for the schema; NULL with `e` filled otherwise. */
struct schema_admin *schema_admin_open(const struct schema_admin_options *options, struct err *e);
void schema_admin_close(struct schema_admin **admin);

/* Runs the statements in order until one fails, which `e` then names by template and number. */
MUST_CHECK bool schema_admin_run(struct schema_admin *admin, const struct schema_script *script,
                                 struct err *e);

/* Reads the first row of one query: `count` cells, each of its own memory, NULL for SQL NULL. `*found` tells
 * whether there was a row; without one the cells are NULL. */
MUST_CHECK bool schema_admin_row(struct schema_admin *admin, const char *sql, char **cells, size_t count,
                                 bool *found, struct err *e);

/* "mx1.example:3306" or the socket's path, for messages. */
const char *schema_admin_where(const struct schema_admin *admin);

#endif
