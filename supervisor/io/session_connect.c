#define _GNU_SOURCE /* dup3 */

#include "io/session_internal.h"

#include <arpa/inet.h>
#include <errmsg.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/session_tls.h"
#include "io/tls_library.h"

/* A severed call ends at its next read or write; more turns than this would be the library's bug. */
#define UNWIND_MAX 16

static void on_io(evutil_socket_t fd, short what, void *arg)
{
    struct session *s = arg;
    (void)fd;
    s->busy++;
    if (s->step == STEP_IDLE)
        session_unasked(s);
    else
        session_drive(s, what & EV_WRITE ? MYSQL_WAIT_WRITE : MYSQL_WAIT_READ);
    session_leave(s);
}

static void unwatch(struct session *s)
{
    if (s->fd >= 0)
        event_del(&s->io);
    s->fd = -1;
    s->watched = 0;
}

/* The library waits for exceptions on other systems only, and for time only if a timeout of its own was
 * set; ours are in session.c. The event stays on for reading from one statement to the next. */
void session_await(struct session *s, int wait)
{
    short what = wait & MYSQL_WAIT_WRITE ? EV_WRITE : EV_READ;
    int fd = mysql_get_socket(s->handle);
    if (fd == s->fd && what == s->watched)
        return;
    unwatch(s);
    event_assign(&s->io, s->base, fd, what | EV_PERSIST, on_io, s);
    event_add(&s->io, NULL);
    s->fd = fd;
    s->watched = what;
}

static bool is_numeric(const char *address)
{
    unsigned char ignored[16];
    return inet_pton(AF_INET, address, ignored) == 1 || inet_pton(AF_INET6, address, ignored) == 1;
}

/* A socket whose other end is closed: reads end at once, writes fail at once. */
static int dead_socket(void)
{
    static int fd = -1;
    int pair[2];
    if (fd < 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0) {
        close(pair[1]);
        fd = pair[0];
    }
    return fd;
}

/* Puts the dead socket in the place of the connection's, which thereby closes: with a reset, so that the
 * kernel does not deliver later what could not be sent now. */
void session_cut(int fd)
{
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int dead = dead_socket();
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    if (dead < 0 || dup3(dead, fd, O_CLOEXEC) < 0)
        shutdown(fd, SHUT_RDWR);
}

static MYSQL *new_handle(const struct session *s, const char **trouble)
{
    /* Accounts by unix_socket ask for none of these; anything else would hand over the password. */
    static const char allowed_auth[] = "mysql_native_password,client_ed25519,parsec";
    static const unsigned infile = 0;
    static const my_bool off = 0;
    static const unsigned long packet_max = SESSION_PACKET_MAX;
    MYSQL *h = mysql_init(NULL);
    if (!h)
        return NULL;
    session_bounds_set_up();
    (void)dead_socket(); /* made here: threads only use it */
    mysql_options(h, MYSQL_OPT_NONBLOCK, 0);
    mysql_options(h, MYSQL_OPT_RECONNECT, &off);
    mysql_options(h, MYSQL_OPT_LOCAL_INFILE, &infile);
    mysql_options(h, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_max);
    mysql_options(h, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(h, MARIADB_OPT_RESTRICTED_AUTH, allowed_auth);
    if (s->bind_address)
        mysql_options(h, MYSQL_OPT_BIND, s->bind_address);
    if (s->has_tls)
        *trouble = tls_options(h, s);
    else
        tls_library_off(h);
    return h;
}

unsigned session_port(const struct session *s)
{
    return s->at_extra ? s->extra_port : s->port;
}

void session_connect(struct session *s)
{
    if (!s->socket && (!is_numeric(s->address) || (s->bind_address && !is_numeric(s->bind_address)))) {
        session_lose(s, CR_UNKNOWN_HOST, "%s is not a numeric address",
                     is_numeric(s->address) ? s->bind_address : s->address);
        return;
    }
    const char *trouble = NULL;
    s->handle = new_handle(s, &trouble);
    if (!s->handle) {
        session_lose(s, CR_OUT_OF_MEMORY, "out of memory");
        return;
    }
    if (trouble) {
        session_lose(s, CR_SSL_CONNECTION_ERROR, "%s", trouble);
        return;
    }
    s->step = STEP_CONNECT;
    if (s->has_tls)
        tls_connect_start(s);
    else
        session_drive(s, 0);
}

void session_connect_failed(struct session *s)
{
    unsigned error_no = mysql_errno(s->handle);
    if (session_bounds_exceeded(s->heard))
        session_lose(s, CR_MALFORMED_PACKET, "the server says too much during the handshake");
    /* libmariadb's text for this one ends in an errno of something else. */
    else if (error_no == CR_SERVER_LOST)
        session_lose(s, error_no, "the server hung up during the handshake");
    else
        session_lose(s, error_no, "%s", mysql_error(s->handle));
}

void session_sever(struct session *s)
{
    unwatch(s);
    if (s->tls)
        tls_connect_abandon(s); /* takes the handle along */
    if (s->handle) {
        int fd = mysql_get_socket(s->handle);
        /* With nothing outstanding the farewell of mysql_close() fits into the empty send buffer, and the
         * server's log is spared an aborted connection. */
        if (fd >= 0 && s->step != STEP_IDLE)
            session_cut(fd);
        for (int i = 0; s->suspended && i < UNWIND_MAX; i++)
            session_resume(s, MYSQL_WAIT_TIMEOUT);
        if (s->result)
            mysql_free_result(s->result);
        mysql_close(s->handle);
    }
    s->handle = NULL;
    s->result = NULL;
    s->suspended = false;
    s->step = STEP_IDLE;
    s->connection_id = 0;
    s->opened_us = 0;
}
