#include "daemon/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/mem.h"
#include "daemon/control_stream.h"
#include "daemon/control_wish.h"
#include "daemon/node.h"
#include "daemon/saved.h"
#include "io/worker.h"
#include "model/explain.h"
#include "wire/check_line.h"
#include "wire/explain_json.h"
#include "wire/report_json.h"

struct control_server {
    struct node *node;
    struct control_stream *stream;
    struct wish wish;
    struct control_client *asker; /* of the wish; NULL when it has gone */
    struct report report;         /* scratch: too big for the stack of a callback */
};

static void send_error(struct control_client *c, enum control_error kind, const char *message)
{
    control_client_send(c, control_answer_error(kind, message));
}

static void send_message(struct control_client *c, const char *message, int64_t elapsed_ms)
{
    control_client_send(c, control_answer_ok(json_pack("{s:s, s:I}", "message", message, "elapsed_ms",
                                                       (json_int_t)elapsed_ms)));
}

/* ---- commands that read ---- */

static void answer_status(struct control_server *s, struct control_client *c)
{
    control_report(s->node, &s->report);
    control_client_send(c, control_answer_ok(json_pack("{s:o}", "report", report_to_json(&s->report))));
}

static void answer_explain(struct control_server *s, struct control_client *c)
{
    const struct node *n = s->node;
    struct explanation x;
    if (!n->outcome.row) {
        send_error(c, CONTROL_REFUSED, "the supervisor has just started and has not decided anything yet");
        return;
    }
    explain_fill(&x, n->settings.node.node, &n->mind, (clock_now_us() - n->mind.since_us) / 1000, &n->outcome,
                 n->attempt_refusal);
    control_client_send(c, control_answer_ok(json_pack("{s:o}", "explanation", explain_to_json(&x))));
}

static void answer_check(struct control_server *s, struct control_client *c, const struct control_request *q)
{
    char line[CHECK_LINE_MAX], detail[CHECK_DETAIL_MAX];
    struct check_result result;
    json_t *details = json_array();
    control_report(s->node, &s->report);
    check_judge(&result, &s->report, &q->check);
    for (int i = 0; check_more(&s->report, q->verbose, i, detail, sizeof(detail)); i++)
        json_array_append_new(details, json_string(detail));
    json_t *text = json_string(check_line(&s->report, &result, line, sizeof(line)));
    control_client_send(c, control_answer_ok(json_pack(
                               "{s:i, s:o, s:o, s:I, s:I}", "exit", check_exit(&s->report), "line",
                               text ? text : json_string("REPLCHECK UNKNOWN - not printable"), "details",
                               details, "time_us", (json_int_t)s->report.wall_us, "decided_ms",
                               (json_int_t)((clock_now_us() - s->node->last_tick_us) / 1000))));
}

static void answer_maintenance(struct control_server *s, struct control_client *c)
{
    const struct report *r = &s->report;
    char message[192] = "maintenance is off";
    control_report(s->node, &s->report);
    for (int i = 0; i < OBS_NODES; i++)
        if (r->nodes[i].maintenance == TRI_YES)
            snprintf(message, sizeof(message), "maintenance is on at %s: nothing changes role",
                     r->nodes[i].name);
    if (r->nodes[0].maintenance == TRI_YES && r->nodes[1].maintenance == TRI_YES)
        snprintf(message, sizeof(message), "maintenance is on at both nodes: nothing changes role");
    control_client_send(
        c, control_answer_ok(json_pack("{s:s, s:b}", "message", message, "maintenance", r->maintenance)));
}

/* ---- commands that act ---- */

static void journal(const struct control_server *s, const char *what, const char *why)
{
    struct journal_event e = {.kind = JOURNAL_OPERATOR, .epoch = s->node->mind.epoch};
    snprintf(e.node, sizeof(e.node), "%s", s->node->settings.node.node);
    snprintf(e.detail, sizeof(e.detail), "%s", what);
    snprintf(e.reason, sizeof(e.reason), "%s", why);
    worker_event(&e);
    log_notice("operator: %s: %s", e.detail, why);
}

static void describe(const struct control_request *r, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s%s", control_command_name(r->command), r->to[0] ? " --to " : "", r->to,
             r->accept_loss ? " --accept-loss" : "", r->peer_is_off[0] ? " --peer-is-off " : "",
             r->peer_is_off);
}

static void journal_asked(struct control_server *s, const struct control_client *c,
                          const struct control_request *r)
{
    char what[192], who[96];
    snprintf(s->node->operator_who, sizeof(s->node->operator_who), r->user[0] ? "uid %u (%s)" : "uid %u%s",
             (unsigned)control_client_peer(c)->uid, r->user);
    describe(r, what, sizeof(what));
    snprintf(who, sizeof(who), "asked for by %s", s->node->operator_who);
    journal(s, what, who);
}

/* The wish is over: the journal and whoever still waits are told. */
static void conclude(struct control_server *s)
{
    static const char *const words[] = {
        [WISH_DONE] = "done", [WISH_REFUSED] = "refused", [WISH_FAILED] = "failed"};
    struct wish *w = &s->wish;
    int64_t elapsed_ms = (clock_now_us() - w->began_us) / 1000;
    char what[192], line[256], after[DURATION_MAX];
    describe(&w->request, what, sizeof(what));
    snprintf(line, sizeof(line), "%s: %s after %s", what, words[w->state],
             duration_format_ms(elapsed_ms, after));
    journal(s, line, w->message);
    if (s->asker) {
        if (w->state == WISH_DONE)
            send_message(s->asker, w->message, elapsed_ms);
        else
            send_error(s->asker, w->state == WISH_REFUSED ? CONTROL_REFUSED : CONTROL_FAILED, w->message);
    }
    s->asker = NULL;
    w->state = WISH_NONE;
}

/* Who gave up waiting does not expect any more that it is done, least of all later: while this process stood
 * still things may have changed. */
static void pass_over(const struct control_server *s, const struct control_client *c,
                      const struct control_request *r)
{
    char what[192], line[256], why[160];
    describe(r, what, sizeof(what));
    snprintf(line, sizeof(line), "%s: not carried out", what);
    snprintf(why, sizeof(why), "uid %u%s%s%s, who asked for it, had left before it was read",
             (unsigned)control_client_peer(c)->uid, r->user[0] ? " (" : "", r->user, r->user[0] ? ")" : "");
    journal(s, line, why);
}

static void act(struct control_server *s, struct control_client *c, const struct control_request *r)
{
    if (control_client_left(c)) {
        pass_over(s, c, r);
        send_error(c, CONTROL_REFUSED, "nobody waits for the answer");
        return;
    }
    if (s->wish.state == WISH_PENDING) {
        char what[192], message[384];
        describe(&s->wish.request, what, sizeof(what));
        snprintf(message, sizeof(message), "%s, asked for by %s, is under way", what, s->node->operator_who);
        send_error(c, CONTROL_BUSY, message);
        return;
    }
    journal_asked(s, c, r);
    control_report(s->node, &s->report);
    s->asker = c;
    if (wish_begin(&s->wish, s->node, r, &s->report, clock_now_us()) != WISH_PENDING) {
        if (r->command == CONTROL_MAINTENANCE_ON || r->command == CONTROL_MAINTENANCE_OFF)
            worker_save(SAVED_MAINTENANCE, s->node->o.operator_.maintenance ? "on" : "off");
        conclude(s);
        return;
    }
    control_client_wait(c);
}

void control_tick(struct control_server *s)
{
    if (s->wish.state != WISH_PENDING || wish_look(&s->wish, s->node, clock_now_us()) == WISH_PENDING)
        return;
    wish_end(s->node);
    conclude(s);
}

/* ---- requests ---- */

static char *denied(void *arg, const struct access_peer *peer)
{
    const struct control_server *s = arg;
    const struct local_settings *own = &s->node->settings.node;
    char message[256];
    snprintf(message, sizeof(message),
             "uid %u may not ask: that needs root or a member of the group %s or %s", (unsigned)peer->uid,
             own->control.admin_group, own->control.read_group);
    return control_answer_error(CONTROL_DENIED, message);
}

/* Who got in may read. */
static bool admit(const struct control_server *s, struct control_client *c, const struct control_request *r)
{
    char message[256];
    if (r->command < CONTROL_FIRST_ACTING || control_client_peer(c)->level >= ACCESS_ACT)
        return true;
    snprintf(message, sizeof(message), "%s needs root or a member of the group %s (control.admin_group)",
             control_command_name(r->command), s->node->settings.node.control.admin_group);
    send_error(c, CONTROL_DENIED, message);
    return false;
}

static void dispatch(struct control_server *s, struct control_client *c, const struct control_request *r)
{
    switch (r->command) {
    case CONTROL_STATUS:
        answer_status(s, c);
        return;
    case CONTROL_EXPLAIN:
        answer_explain(s, c);
        return;
    case CONTROL_RULES:
        control_client_send(c, control_answer_ok(json_pack("{s:o}", "rules", rules_to_json())));
        return;
    case CONTROL_CHECK:
        answer_check(s, c, r);
        return;
    case CONTROL_MAINTENANCE_STATUS:
        answer_maintenance(s, c);
        return;
    default:
        act(s, c, r);
    }
}

static void on_line(void *arg, struct control_client *c, const char *line, size_t length)
{
    struct control_request r;
    struct err e;
    if (!control_request_parse(&r, line, length, &e))
        send_error(c, CONTROL_MALFORMED, e.text);
    else if (admit(arg, c, &r))
        dispatch(arg, c, &r);
}

/* The command itself goes on, and is journalled. */
static void on_gone(void *arg, struct control_client *c)
{
    struct control_server *s = arg;
    if (s->asker == c)
        s->asker = NULL;
}

struct control_server *control_new(struct node *n, struct err *e)
{
    char path[SETTINGS_PATH_MAX + 16];
    struct control_server *s = mem_zalloc(sizeof(*s));
    struct control_stream_events events = {.line = on_line, .gone = on_gone, .denied = denied, .arg = s};
    struct access_groups groups;
    access_groups_find(&groups, &n->settings.node);
    snprintf(path, sizeof(path), "%s/%s", n->settings.node.run_dir, CONTROL_SOCKET);
    s->node = n;
    s->stream = control_stream_new(n->base, path, &groups, &events, e);
    if (!s->stream) {
        free(s);
        return NULL;
    }
    return s;
}

void control_free(struct control_server **server)
{
    struct control_server *s = *server;
    if (!s)
        return;
    *server = NULL;
    if (s->wish.state == WISH_PENDING) {
        snprintf(s->wish.message, sizeof(s->wish.message), "the supervisor ended before this was done");
        s->wish.state = WISH_FAILED;
        conclude(s);
    }
    control_stream_free(&s->stream);
    free(s);
}
