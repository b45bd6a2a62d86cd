#include "labdb.h"

#include <errmsg.h>
#include <errno.h>
#include <mysqld_error.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int64_t labdb_now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Waits for what libmariadb waits for. Returns the events for the _cont call, 0 when the deadline passed. A
 * signal does not end the wait: what was begun when the recording ends is recorded with its own result. */
static int await(struct labdb *db, int wanted, int64_t deadline_us)
{
    struct pollfd fd = {.fd = mysql_get_socket(&db->handle)};
    int64_t left_us;
    int events = 0, ready;

    fd.events = (short)((wanted & MYSQL_WAIT_READ ? POLLIN : 0) | (wanted & MYSQL_WAIT_WRITE ? POLLOUT : 0) |
                        (wanted & MYSQL_WAIT_EXCEPT ? POLLPRI : 0));
    do {
        left_us = deadline_us - labdb_now_us();
        ready = left_us > 0 ? poll(&fd, 1, (int)((left_us + 999) / 1000)) : 0;
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return 0;
    if (fd.revents & (POLLIN | POLLERR | POLLHUP))
        events |= MYSQL_WAIT_READ;
    if (fd.revents & (POLLOUT | POLLERR | POLLHUP))
        events |= MYSQL_WAIT_WRITE;
    if (fd.revents & POLLPRI)
        events |= MYSQL_WAIT_EXCEPT;
    return events & wanted ? events & wanted : wanted & ~MYSQL_WAIT_TIMEOUT;
}

void labdb_close(struct labdb *db)
{
    int fd;

    if (!db->open)
        return;
    /* The farewell of mysql_close() must not wait for a server that does not read. */
    fd = mysql_get_socket(&db->handle);
    if (fd >= 0)
        shutdown(fd, SHUT_RDWR);
    mysql_close(&db->handle);
    db->open = false;
}

bool labdb_open(struct labdb *db, const struct labdb_target *target, int timeout_ms)
{
    int64_t deadline_us = labdb_now_us() + (int64_t)timeout_ms * 1000;
    static const my_bool off = 0;
    MYSQL *done = NULL;
    int wait;

    mysql_init(&db->handle);
    mysql_options(&db->handle, MYSQL_OPT_NONBLOCK, NULL);
    mysql_options(&db->handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT,
                  &off); /* libmariadb 3.4 would speak TLS unasked */
    db->open = true;
    wait = mysql_real_connect_start(&done, &db->handle, target->address, target->user, target->password, NULL,
                                    target->port, target->socket, 0);
    while (wait) {
        int events = await(db, wait, deadline_us);
        if (!events) {
            labdb_close(db);
            db->error = CR_CONN_HOST_ERROR;
            return false;
        }
        wait = mysql_real_connect_cont(&done, &db->handle, events);
    }
    if (!done) {
        db->error = mysql_errno(&db->handle);
        labdb_close(db);
        return false;
    }
    return true;
}

/* Errors after which the transaction may have been committed all the same. */
static bool leaves_open(unsigned error)
{
    return error >= CR_MIN_ERROR || error == ER_SERVER_SHUTDOWN || error == ER_CONNECTION_KILLED ||
           error == ER_QUERY_INTERRUPTED || error == ER_ERROR_DURING_COMMIT;
}

static enum labdb_result failure(struct labdb *db)
{
    db->error = mysql_errno(&db->handle);
    return leaves_open(db->error) ? LABDB_UNCERTAIN : LABDB_REFUSED;
}

static enum labdb_result silence(struct labdb *db)
{
    db->error = CR_SERVER_LOST;
    return LABDB_UNCERTAIN;
}

static enum labdb_result read_rows(struct labdb *db, int64_t deadline_us, char *value, size_t size)
{
    MYSQL_RES *rows = NULL;
    MYSQL_ROW row;
    int wait = mysql_store_result_start(&rows, &db->handle);

    while (wait) {
        int events = await(db, wait, deadline_us);
        if (!events)
            return silence(db);
        wait = mysql_store_result_cont(&rows, &db->handle, events);
    }
    /* The rows of INSERT ... RETURNING come before the commit, the error of a failed commit after them. */
    if (mysql_errno(&db->handle)) {
        mysql_free_result(rows);
        return failure(db);
    }
    row = rows ? mysql_fetch_row(rows) : NULL;
    snprintf(value, size, "%s", row && row[0] ? row[0] : "");
    mysql_free_result(rows);
    return LABDB_OK;
}

enum labdb_result labdb_query(struct labdb *db, const char *sql, int timeout_ms, char *value, size_t size)
{
    int64_t deadline_us = labdb_now_us() + (int64_t)timeout_ms * 1000;
    int failed = 0;
    int wait = mysql_real_query_start(&failed, &db->handle, sql, strlen(sql));

    while (wait) {
        int events = await(db, wait, deadline_us);
        if (!events)
            return silence(db);
        wait = mysql_real_query_cont(&failed, &db->handle, events);
    }
    return failed ? failure(db) : read_rows(db, deadline_us, value, size);
}
