/* The servers' versions: what a version string says, how far this program was tried with it, and what is
 * different in which release. The one place for that; what is different is dealt with where the table's rows
 * say, by asking so that every release is answered alike, not by asking which one it is. Pure. */
#ifndef REPLCHECK_MODEL_SERVER_VERSION_H
#define REPLCHECK_MODEL_SERVER_VERSION_H

#include <stdbool.h>
#include <stddef.h>

#define SERVER_VERSION_MAX 64 /* room for "11.8.6-MariaDB-0+deb13u1 from Debian-log" */

/* A release is a series as users name it: 10.11 is 1011, 11.8 is 1108. */
#define SERVER_RELEASE(major, minor) ((major)*100 + (minor))

struct server_version {
    bool mariadb;
    int release, patch;
};

/* Reads @@version, or what a server greets with. False when it begins with no number of three parts. */
bool server_version_parse(const char *text, struct server_version *out);

enum server_standing {
    SERVER_TRIED = 0, /* the laboratory, and the tests of the schema: mysql-replcheckd(8) says how far */
    SERVER_UNTRIED,   /* works as far as anybody knows */
    SERVER_REFUSED    /* cannot work */
};

/* Releases that stand alike: what was tried or not, as the end of a sentence on them; "" for those tried. */
struct server_series {
    int since, until;
    enum server_standing standing;
    const char *what;
};

extern const struct server_series server_series[];
extern const size_t server_series_count;

/* Never NULL. Whatever is not MariaDB is refused. */
const struct server_series *server_series_of(const struct server_version *v);

/* What a release does unlike those before it, as far as it
 * touches this program; and where it is dealt with. */
struct server_difference {
    int since; /* of those tried, the first that does it */
    const char *what, *dealt;
};

extern const struct server_difference server_differences[];
extern const size_t server_difference_count;

enum server_pair {
    SERVER_PAIR_SAME = 0,
    SERVER_PAIR_PATCH,         /* of one release: either replicates from the other */
    SERVER_PAIR_NEWER_REPLICA, /* as in an upgrade: supported */
    SERVER_PAIR_OLDER_REPLICA  /* not supported by MariaDB: may stop at what the older one does not know */
};

enum server_pair server_version_pair(const struct server_version *primary,
                                     const struct server_version *replica);

/* "MariaDB 11.8.6", "MySQL 8.0.36". `out` has SERVER_VERSION_MAX bytes. */
const char *server_version_name(const struct server_version *v, char *out);

const char *server_standing_name(enum server_standing standing); /* "tried" */

#endif
