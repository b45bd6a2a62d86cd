#include "model/report_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "model/mind.h"
#include "model/rules.h"
#include "model/schema_version.h"
#include "model/state.h"

void report_text_add(char *out, size_t size, const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    vsnprintf(out + used, size - used, format, args);
    va_end(args);
}

/* ---- replication ---- */

static void add_error(const struct report_node *n, char *out, size_t size)
{
    int64_t number = n->sql_errno ? n->sql_errno : n->io_errno;
    if (number && n->error[0])
        report_text_add(out, size, " (error %" PRId64 ": %.140s)", number, n->error);
    else if (number)
        report_text_add(out, size, " (error %" PRId64 ")", number);
}

const char *report_text_replication(const struct report_node *n, char *out, size_t size)
{
    const char *what = "";
    if (n->replica == TRI_NO)
        what = "replication is not configured";
    else if (n->io == IO_NO && n->sql == TRI_NO)
        what = "replication is stopped";
    else if (n->sql == TRI_NO)
        what = "the applier is stopped";
    else if (n->io == IO_NO)
        what = "the receiver is stopped";
    else if (n->io == IO_CONNECTING)
        what = "the receiver is connecting";
    snprintf(out, size, "%s", what);
    if (what[0] && n->replica != TRI_NO)
        add_error(n, out, size);
    return out;
}

/* ---- is the standby ready? ---- */

struct readiness {
    enum tri ready;
    char no[REPORT_SENTENCE_MAX];      /* what is against it, joined */
    char unknown[REPORT_SENTENCE_MAX]; /* what cannot be told */
};

static void need(struct readiness *w, enum tri holds, const char *no, const char *unknown)
{
    char *to = holds == TRI_NO ? w->no : w->unknown;
    if (holds == TRI_YES)
        return;
    report_text_add(to, REPORT_SENTENCE_MAX, "%s%s", to[0] ? ", " : "", holds == TRI_NO ? no : unknown);
}

static enum tri history_allows(const struct report *r, int standby)
{
    bool behind = strcmp(r->history, gtid_relation_name(GTID_REL_BEHIND)) == 0;
    bool ahead = strcmp(r->history, gtid_relation_name(GTID_REL_AHEAD)) == 0;
    if (strcmp(r->history, gtid_relation_name(GTID_REL_UNKNOWN)) == 0)
        return TRI_UNKNOWN;
    if (strcmp(r->history, gtid_relation_name(GTID_REL_DIVERGED)) == 0)
        return TRI_NO;
    return tri_from(standby == r->self ? !ahead : !behind);
}

static enum tri threads_run(const struct report_node *n)
{
    if (n->replica == TRI_NO || n->io == IO_NO || n->io == IO_CONNECTING || n->sql == TRI_NO)
        return TRI_NO;
    return n->io == IO_YES && n->sql == TRI_YES ? TRI_YES : TRI_UNKNOWN;
}

static enum tri is_standby(const struct report_node *n)
{
    if (!n->state[0] || strcmp(n->state, node_state_name(NODE_UNKNOWN)) == 0)
        return TRI_UNKNOWN;
    return tri_from(strcmp(n->state, node_state_name(NODE_STANDBY)) == 0);
}

static void need_of_server(struct readiness *w, const struct report *r, const struct report_node *n)
{
    char state[64], replication[REPORT_SENTENCE_MAX];
    snprintf(state, sizeof(state), "it is %s", n->state);
    need(w, n->supervised, "no supervisor runs there", "whether a supervisor runs there is unknown");
    if (n->supervised == TRI_YES)
        need(w, is_standby(n), state, "its state is unknown");
    if (n->waits == TRI_YES)
        need(w, TRI_NO, "its last attempt to take over failed, and the next one waits", "");
    if (r->lossless)
        need(w, n->out_of_sync == TRI_UNKNOWN ? TRI_UNKNOWN : tri_from(n->out_of_sync == TRI_NO),
             "it is marked as out of sync", "whether it is marked as out of sync is unknown");
    if (r->lossless && n->schema_version >= 0 && n->schema_version < SCHEMA_LOSSLESS)
        need(w, TRI_NO, "its schema replcheck is too old for durability lossless", "");
    need(w, threads_run(n), report_text_replication(n, replication, sizeof(replication)),
         "its replication is unknown");
    if (r->source == REPORT_DAEMON || n->dead_man == TRI_NO)
        need(w, n->dead_man, "its dead-man's switch does not work",
             "its dead-man's switch is not verified yet");
}

static void need_of_self(struct readiness *w, const struct report *r)
{
    need(w, r->boot_safe, "its server would not boot read-only",
         "whether its server boots read-only is unknown");
    need(w, r->stale == TRI_UNKNOWN ? TRI_UNKNOWN : tri_from(r->stale == TRI_NO),
         "it lacks the data of a promised term", "whether it has the data of every term is unknown");
}

void report_text_ready(struct report *r)
{
    struct readiness w = {.ready = TRI_UNKNOWN};
    int standby = report_standby(r);
    r->ready = TRI_UNKNOWN;
    if (standby < 0 || r->dual)
        return;
    const struct report_node *n = &r->nodes[standby];
    need(&w, n->reachable, "its server does not answer", "its server has not answered yet");
    if (n->reachable == TRI_YES) {
        need_of_server(&w, r, n);
        need(&w, history_allows(r, standby), "it has transactions that the writer lacks",
             "the histories are not compared yet");
        need(&w, tri_from(!r->maintenance), "maintenance is on", "");
        if (standby == r->self && r->source == REPORT_DAEMON)
            need_of_self(&w, r);
    }
    r->ready = w.no[0] ? TRI_NO : w.unknown[0] ? TRI_UNKNOWN : TRI_YES;
    snprintf(r->not_ready, sizeof(r->not_ready), "%s", w.no[0] ? w.no : w.unknown);
}

/* ---- the last attempt ---- */

static const struct rule *row_of(int id)
{
    for (size_t i = 0; i < rules_count; i++)
        if (rules_table[i].id == id)
            return &rules_table[i];
    return NULL;
}

const char *report_text_failure(const struct mind *m, const char *refusal, char *out, size_t size)
{
    const struct rule *row = m->failed_row ? row_of(m->failed_row) : NULL;
    bool said = refusal && refusal[0];
    out[0] = '\0';
    if (row)
        snprintf(out, size, "%s (row %d%s%.*s)", row->reason, row->id, said ? "; a server said: " : "",
                 OBS_TEXT_MAX, said ? refusal : "");
    return out;
}

static bool waits_for_failure(const struct rule *row)
{
    for (int i = 0; i < RULE_CONDITIONS_MAX && row->when[i].fact; i++)
        if (row->when[i].fact == FACT_BACKOFF)
            return true;
    return false;
}

const char *report_text_reason(const struct rule *row, const struct mind *m, const char *refusal, char *out,
                               size_t size)
{
    char failure[REPORT_SENTENCE_MAX];
    snprintf(out, size, "%s", row->reason);
    if (waits_for_failure(row) && report_text_failure(m, refusal, failure, sizeof(failure))[0])
        report_text_add(out, size, ". It was: %s", failure);
    return out;
}

/* ---- the headline ---- */

static void add_ready(struct report *r)
{
    const char *name = r->nodes[report_standby(r)].name;
    if (r->ready == TRI_YES)
        report_text_add(r->headline, sizeof(r->headline), "; %s is ready to take over", name);
    else if (r->ready == TRI_NO)
        report_text_add(r->headline, sizeof(r->headline), "; %s cannot take over: %.230s", name,
                        r->not_ready);
    else
        report_text_add(r->headline, sizeof(r->headline), "; whether %s can take over is unknown: %.200s",
                        name, r->not_ready);
}

static void say_one_of_two(struct report *r)
{
    const struct report_node *n = &r->nodes[r->writer_node], *other = &r->nodes[1 - r->writer_node];
    bool here = 1 - r->writer_node == r->self;
    snprintf(r->headline, sizeof(r->headline), "only %s is writable, of the two that are to be; %s ", n->name,
             other->name);
    if (other->reachable == TRI_NO)
        report_text_add(r->headline, sizeof(r->headline), "does not answer");
    else
        report_text_add(r->headline, sizeof(r->headline), "is %s%s%.200s",
                        other->state[0] ? other->state : "read-only", here ? ": " : "",
                        here ? r->reason : "");
}

static void say_writer(struct report *r)
{
    const struct report_node *n = &r->nodes[r->writer_node];
    char since[DURATION_MAX], details[96] = "";
    if (r->dual) {
        say_one_of_two(r);
        return;
    }
    bool told = r->writer_node == r->self && strcmp(r->state, node_state_name(NODE_WRITER)) == 0;
    if (r->epoch > 0)
        report_text_add(details, sizeof(details), "epoch %" PRId64, r->epoch);
    if (told)
        report_text_add(details, sizeof(details), "%sfor %s", details[0] ? ", " : "",
                        duration_format_ms(r->since_ms, since));
    snprintf(r->headline, sizeof(r->headline), "%s is %s%s%s%s", n->name,
             n->state[0] && strcmp(n->state, node_state_name(NODE_WRITER)) != 0 ? "writable" : "the writer",
             details[0] ? " (" : "", details, details[0] ? ")" : "");
    add_ready(r);
}

static void say_self(struct report *r)
{
    const struct report_node *own = &r->nodes[r->self], *other = &r->nodes[1 - r->self];
    const char *lead =
        r->writer == REPORT_WRITER_NONE ? "nobody is the writer" : "who is the writer is unknown";
    bool gone = other->reachable == TRI_NO;
    snprintf(r->headline, sizeof(r->headline), "%s: %s%s", lead, gone ? other->name : "",
             gone ? " does not answer, " : "");
    if (r->state[0])
        report_text_add(r->headline, sizeof(r->headline), "%s is %s (%.200s)", own->name, r->state,
                        r->reason);
    else if (own->reachable != TRI_YES)
        report_text_add(r->headline, sizeof(r->headline), "%s does not answer", own->name);
    else
        report_text_add(r->headline, sizeof(r->headline), "%s is %s", own->name,
                        own->read_only == TRI_YES ? "read-only" : "not readable");
}

static bool is_changing(const struct report *r)
{
    int s = node_state_parse(r->state);
    return s >= 0 && (node_state_is_promoting((enum node_state)s) || s == NODE_DEMOTE_CLOSE ||
                      s == NODE_DEMOTE_HANDOVER);
}

static void say_changing(struct report *r)
{
    int s = node_state_parse(r->state);
    char since[DURATION_MAX];
    const char *own = r->nodes[r->self].name, *other = r->nodes[1 - r->self].name;
    duration_format_ms(r->since_ms, since);
    if (node_state_is_promoting((enum node_state)s))
        snprintf(r->headline, sizeof(r->headline), "%s is becoming the writer (step %d of 5, for %s): %.200s",
                 own, s - NODE_PROMOTE_VOTES + 1, since, r->reason);
    else
        snprintf(r->headline, sizeof(r->headline), "%s is handing over to %s (for %s): %.200s", own, other,
                 since, r->reason);
}

void report_text_headline(struct report *r)
{
    const char *a = r->nodes[0].name, *b = r->nodes[1].name;
    if (r->writer == REPORT_WRITER_BOTH)
        snprintf(r->headline, sizeof(r->headline),
                 r->dual ? "%s and %s are both writable, as configured"
                         : "two servers are writable: %s and %s",
                 a, b);
    else if (is_changing(r))
        say_changing(r);
    else if (r->writer == REPORT_WRITER_ONE)
        say_writer(r);
    else
        say_self(r);
}

const char *report_text_dead_man(enum dead_man_trouble trouble)
{
    static const char *const texts[] = {
        [DEAD_MAN_NO_TROUBLE] = "",
        [DEAD_MAN_MISSING] = "the event replcheck.dead_man is missing",
        [DEAD_MAN_DISABLED] = "the event replcheck.dead_man is disabled",
        [DEAD_MAN_SLAVESIDE] =
            "the event replcheck.dead_man is SLAVESIDE_DISABLED (it came by replication or with a dump)",
        [DEAD_MAN_STALE] = "the event replcheck.dead_man is enabled and does not run",
        [DEAD_MAN_OFF] = "the event scheduler is off",
        [DEAD_MAN_IMPOSSIBLE] = "the server was started with event_scheduler=DISABLED",
    };
    return texts[trouble];
}
