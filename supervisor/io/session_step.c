#include "io/session_internal.h"

#include <errmsg.h>
#include <errno.h>
#include <mysqld_error.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

static int start_step(struct session *s)
{
    switch (s->step) {
    case STEP_CONNECT:
        return mysql_real_connect_start(&s->out.connected, s->handle, s->socket ? NULL : s->address, s->user,
                                        s->password ? s->password : "", NULL, session_port(s), s->socket,
                                        CLIENT_MULTI_STATEMENTS | CLIENT_MULTI_RESULTS);
    case STEP_SEND:
        s->current->sent_us = clock_now_us();
        return mysql_send_query_start(&s->out.failed, s->handle, s->current->sql, s->current->length);
    case STEP_ANSWER:
        return mysql_read_query_result_start(&s->out.unread, s->handle);
    case STEP_ROW:
        return mysql_fetch_row_start(&s->out.row, s->result);
    case STEP_NEXT:
        return mysql_next_result_start(&s->out.failed, s->handle);
    case STEP_IDLE:
        break;
    }
    return 0;
}

static int start_call(struct session *s)
{
    s->heard = 0;
    session_bounds_count(&s->heard);
    int wait = start_step(s);
    session_bounds_count(NULL);
    return wait;
}

int session_resume(struct session *s, int ready)
{
    int wait = 0;
    session_bounds_count(&s->heard);
    switch (s->step) {
    case STEP_CONNECT:
        wait = mysql_real_connect_cont(&s->out.connected, s->handle, ready);
        break;
    case STEP_SEND:
        wait = mysql_send_query_cont(&s->out.failed, s->handle, ready);
        break;
    case STEP_ANSWER:
        wait = mysql_read_query_result_cont(&s->out.unread, s->handle, ready);
        break;
    case STEP_ROW:
        wait = mysql_fetch_row_cont(&s->out.row, s->result, ready);
        break;
    case STEP_NEXT:
        wait = mysql_next_result_cont(&s->out.failed, s->handle, ready);
        break;
    case STEP_IDLE:
        break;
    }
    session_bounds_count(NULL);
    s->suspended = wait != 0;
    return wait;
}

/* After these the server closes the connection, and what became of the statement is not said. */
static bool ends_connection(unsigned error_no)
{
    return error_no == ER_CONNECTION_KILLED || error_no == ER_SERVER_SHUTDOWN;
}

static bool is_server_error(unsigned error_no)
{
    return error_no && !(error_no >= CR_MIN_ERROR && error_no <= CR_MAX_ERROR) &&
           !(error_no >= CER_MIN_ERROR && error_no <= CER_MAX_ERROR);
}

/* An error of the server ends the whole text: it runs none of the statements after it. */
static void call_failed(struct session *s)
{
    unsigned error_no = mysql_errno(s->handle);
    if (session_bounds_exceeded(s->heard)) {
        session_lose(s, CR_MALFORMED_PACKET, "the server says too much in one answer");
        return;
    }
    if (!is_server_error(error_no) || ends_connection(error_no)) {
        session_lose(s, error_no ? error_no : CR_UNKNOWN_ERROR, "%s", mysql_error(s->handle));
        return;
    }
    if (s->result)
        mysql_free_result(s->result);
    s->result = NULL;
    session_answered(s, REPLY_ERROR, error_no, mysql_error(s->handle));
}

static void answer_continues(struct session *s)
{
    struct err e;
    if (!capture_answer(&s->capture, &e))
        session_lose(s, CR_MALFORMED_PACKET, "%s", e.text);
    else if (mysql_more_results(s->handle))
        s->step = STEP_NEXT;
    else
        session_answered(s, REPLY_OK, 0, "");
}

static void open_set(struct session *s)
{
    struct err e;
    if (!mysql_field_count(s->handle)) {
        answer_continues(s);
        return;
    }
    s->result = mysql_use_result(s->handle);
    if (!s->result)
        call_failed(s);
    else if (!capture_open_set(&s->capture, s->result, &e))
        session_lose(s, CR_MALFORMED_PACKET, "%s", e.text);
    else
        s->step = STEP_ROW;
}

static void take_row(struct session *s)
{
    struct err e;
    if (s->out.row) {
        if (!capture_row(&s->capture, s->result, s->out.row, &e))
            session_lose(s, CR_MALFORMED_PACKET, "%s", e.text);
    } else if (mysql_errno(s->handle)) {
        call_failed(s);
    } else {
        mysql_free_result(s->result);
        s->result = NULL;
        answer_continues(s);
    }
}

static void call_ended(struct session *s)
{
    switch (s->step) {
    case STEP_CONNECT:
        if (!s->out.connected)
            session_connect_failed(s);
        else if (!mariadb_connection(s->handle))
            session_lose(s, CR_VERSION_ERROR, "the server is of version %.40s: this is no MariaDB",
                         mysql_get_server_info(s->handle));
        else
            session_connected(s);
        break;
    case STEP_SEND:
        if (s->out.failed)
            call_failed(s);
        else
            s->step = STEP_ANSWER;
        break;
    case STEP_ANSWER:
        if (s->out.unread)
            call_failed(s);
        else
            open_set(s);
        break;
    case STEP_ROW:
        take_row(s);
        break;
    case STEP_NEXT:
        if (s->out.failed > 0)
            call_failed(s);
        else
            open_set(s);
        break;
    case STEP_IDLE:
        break;
    }
}

void session_drive(struct session *s, int ready)
{
    while (s->handle) {
        int wait;
        if (s->step == STEP_IDLE && !session_take_next(s))
            return;
        if (s->suspended) {
            wait = session_resume(s, ready);
        } else if (s->step == STEP_ANSWER && !ready) {
            wait = MYSQL_WAIT_READ; /* nothing can have come yet: spares a read that fails */
        } else {
            wait = start_call(s);
            s->suspended = wait != 0;
        }
        if (wait) {
            session_await(s, wait);
            return;
        }
        ready = 0;
        call_ended(s);
    }
}

void session_unasked(struct session *s)
{
    /* An error packet: 3 bytes of length, a number, 0xff, the error, '#', SQL state, text. */
    unsigned char packet[256];
    ssize_t got = s->has_tls ? 0 : recv(s->fd, packet, sizeof(packet), MSG_PEEK | MSG_DONTWAIT);
    if (got > 13 && packet[4] == 0xff)
        session_lose(s, packet[5] | (unsigned)packet[6] << 8, "the server ended the session: %.*s",
                     (int)got - 13, (const char *)packet + 13);
    else if (got < 0)
        session_lose(s, CR_SERVER_GONE_ERROR, "the connection broke: %s", strerror(errno));
    else
        session_lose(s, CR_SERVER_GONE_ERROR, "the server closed the connection");
}
