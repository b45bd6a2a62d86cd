/* A connection to a server for the laboratory's recorders: every call ends by its own deadline.
 *
 * libmariadb's timeouts are whole seconds; these are milliseconds, over its non-blocking calls, and hold
 * against a server that is stopped or cut off. After anything but LABDB_OK of labdb_query with an open
 * connection the caller decides whether to close. Not thread-safe; one struct per thread. */
#ifndef REPLCHECK_LAB_LABDB_H
#define REPLCHECK_LAB_LABDB_H

#include <mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct labdb_target {
    const char *address; /* numeric; NULL with a socket */
    const char *socket;
    const char *user;
    const char *password;
    unsigned port;
};

struct labdb {
    MYSQL handle;
    bool open;
    unsigned error; /* of the last call that was not LABDB_OK */
};

enum labdb_result {
    LABDB_OK = 0,
    LABDB_REFUSED,   /* the server said no, or was never asked: nothing happened there */
    LABDB_UNCERTAIN, /* no answer, or one that leaves open whether it was done */
};

/* CLOCK_BOOTTIME, as the supervisors count. */
int64_t labdb_now_us(void);

/* Never called with an open connection. False: no connection, db->error says why. */
bool labdb_open(struct labdb *db, const struct labdb_target *target, int timeout_ms);

/* One statement; of its rows the first column of the first one goes to `value`, "" without rows. */
enum labdb_result labdb_query(struct labdb *db, const char *sql, int timeout_ms, char *value, size_t size);

void labdb_close(struct labdb *db);

#endif
