/* Which two servers are asked directly, and as whom: this node's configuration, a cluster.yaml alone, or
 * addresses from the command line. */
#ifndef REPLCHECK_CLI_SERVERS_H
#define REPLCHECK_CLI_SERVERS_H

#include <stdbool.h>

#include "base/err.h"
#include "settings/settings.h"

#define SERVERS_FILES_MAX 4

struct servers {
    /* Of a remote pair: node.peer is the account at both, the rest of node is empty. */
    struct settings settings;
    bool remote;  /* none of the two is this host's own */
    bool unnamed; /* their cluster is not known, nor their offsets: addresses were given */
};

/* How to log in to a remote pair. No password is an argument. */
struct servers_login {
    const char *user;   /* NULL: the files', else replcheck */
    const char *tls_ca; /* NULL: the files' */
    const char *port;   /* of addresses without one; NULL: 3306 */
    /* Option files, read in order: user, password, ssl-ca of [client]. */
    const char *files[SERVERS_FILES_MAX];
    int file_count;
};

/* Reads the configuration with its secrets, and as root becomes the user of run_as for good: the account at
 * the own server is that user's. */
MUST_CHECK bool servers_of_node(struct servers *out, const char *config_dir, struct err *e);

/* `hosts`: [NAME=]ADDRESS[:PORT], numeric, an IPv6 address with a port in brackets. */
MUST_CHECK bool servers_of_hosts(struct servers *out, const char *const hosts[2],
                                 const struct servers_login *login, struct err *e);

MUST_CHECK bool servers_of_cluster(struct servers *out, const char *path, const struct servers_login *login,
                                   struct err *e);

/* Wipes the passwords. */
void servers_clear(struct servers *s);

#endif
