/* What is said over the control socket: one JSON object on one line, asked and answered in turn, over a
 * SOCK_STREAM unix socket. A connection may ask any number of times.
 *
 *   {"v":1,"command":"status"}
 *   {"v":1,"command":"switchover","to":"mx2","user":"alice"}
 *   {"v":1,"command":"promote","accept_loss":true,"peer_is_off":"mx2"}
 *   {"v":1,"command":"maintenance","set":"on"}
 *
 * is answered by {"v":1,"ok":true,...} or {"v":1,"ok":false,"error":KIND,"message":"a sentence"}. With ok:
 *   status       "report": wire/report_json.h
 *   explain      "explanation": wire/explain_json.h
 *   rules        "rules": wire/explain_json.h
 *   check        "exit": 0..3, "line": the plugin's line with perfdata, "details": more lines; and how fresh
 * that is: "time_us" of this host's wall clock, "decided_ms" since the last decision. May be asked with
 *                "mode", "warning", "critical" (model/check.h) and "verbose": 0..3
 *   the others   "message", and "elapsed_ms" where the command had to wait
 *
 * Pure. A line is bounded: CONTROL_REQUEST_MAX for requests, CONTROL_ANSWER_MAX for answers. What is not
 * exactly a request (another type, an unknown member, a text too long) is refused, not guessed at. */
#ifndef REPLCHECK_WIRE_CONTROL_PROTO_H
#define REPLCHECK_WIRE_CONTROL_PROTO_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/check.h"

#define CONTROL_VERSION     1
#define CONTROL_SOCKET      "control.sock" /* in run_dir */
#define CONTROL_REQUEST_MAX 4096
#define CONTROL_ANSWER_MAX  (256 * 1024)
#define CONTROL_NAME_MAX    32
#define CONTROL_MESSAGE_MAX 640

enum control_command {
    CONTROL_STATUS = 0,
    CONTROL_EXPLAIN,
    CONTROL_RULES,
    CONTROL_CHECK,
    CONTROL_MAINTENANCE_STATUS,
    CONTROL_FIRST_ACTING, /* all from here on change something */
    CONTROL_SWITCHOVER = CONTROL_FIRST_ACTING,
    CONTROL_PROMOTE,
    CONTROL_MAINTENANCE_ON,
    CONTROL_MAINTENANCE_OFF,
    CONTROL_BREAKER_RESET,
    CONTROL_COMMANDS
};

/* Why a request was not obeyed. */
enum control_error {
    CONTROL_MALFORMED = 0, /* not a request */
    CONTROL_DENIED,        /* who asks may not */
    CONTROL_BUSY,          /* another command that acts is under way, or too many ask */
    CONTROL_REFUSED,       /* nothing was changed */
    CONTROL_FAILED         /* it was tried; the message says what became of it */
};

struct control_request {
    enum control_command command;
    char to[CONTROL_NAME_MAX];          /* switchover; "" = the other node */
    char peer_is_off[CONTROL_NAME_MAX]; /* promote; "" = not said */
    bool accept_loss;                   /* promote */
    char user[CONTROL_NAME_MAX];        /* who says so, by his own word; "" = not said */
    struct check_request check;         /* check */
    int verbose;                        /* check */
};

/* `line` without its newline. False: `e` is a sentence for whoever asked. */
MUST_CHECK bool control_request_parse(struct control_request *out, const char *line, size_t length,
                                      struct err *e);

/* malloc'ed, ends with a newline. */
char *control_request_format(const struct control_request *r);

/* "switchover", "maintenance on": for the journal and messages. */
const char *control_command_name(enum control_command c);
const char *control_error_name(enum control_error k);

/* Answers; malloc'ed, end with a newline. `members` is consumed. */
char *control_answer_ok(json_t *members);
char *control_answer_error(enum control_error kind, const char *message);

struct control_answer {
    bool ok;
    char error[16];
    char message[CONTROL_MESSAGE_MAX]; /* "" where there is none */
    json_t *json;                      /* the whole object; released by control_answer_clear() */
};

MUST_CHECK bool control_answer_parse(struct control_answer *out, const char *line, size_t length,
                                     struct err *e);
void control_answer_clear(struct control_answer *a);

#endif
