/* The rows that show both nodes side by side. */
#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "cli/status_print.h"
#include "model/report_text.h"
#include "model/server_version.h"
#include "model/state.h"
#include "model/verdict.h"

static bool is_self(const struct report *r, int i)
{
    return i == r->self && r->source == REPORT_DAEMON;
}

static enum paint paint_of_state(const char *state)
{
    int s = node_state_parse(state);
    if (s == NODE_WRITER)
        return PAINT_GOOD;
    if (s == NODE_STANDBY)
        return PAINT_PLAIN;
    return s == NODE_FENCED || s == NODE_QUARANTINED ? PAINT_BAD : PAINT_WARN;
}

static void fill_role(const struct report *r, int i, struct cell *c)
{
    const struct report_node *n = &r->nodes[i];
    char since[DURATION_MAX];
    if (!n->state[0]) {
        cell_set(c, PAINT_UNKNOWN, "unknown");
        return;
    }
    cell_set(c, paint_of_state(n->state), "%s", n->state);
    if (is_self(r, i) && r->since_ms >= 0)
        cell_add(c, " for %s", duration_format_ms(r->since_ms, since));
}

static void fill_server(const struct report *r, int i, struct cell *c)
{
    const struct report_node *n = &r->nodes[i];
    char age[DURATION_MAX];
    (void)r;
    if (n->reachable == TRI_YES) {
        cell_set(c, PAINT_PLAIN, "answers, %s", n->address);
        return;
    }
    cell_set(c, n->reachable == TRI_NO ? PAINT_BAD : PAINT_UNKNOWN, "%s, %s",
             n->reachable == TRI_NO ? verdict_silence(n->trouble) : "has not answered yet", n->address);
    if (n->age_ms >= 0)
        cell_add(c, ", last seen %s ago", duration_format_ms(n->age_ms, age));
}

static void fill_version(const struct report *r, int i, struct cell *c)
{
    const struct report_node *n = &r->nodes[i];
    struct server_version v;
    char name[SERVER_VERSION_MAX];
    (void)r;
    if (!server_version_parse(n->server_version, &v)) {
        cell_set(c, PAINT_UNKNOWN, "%s", n->server_version[0] ? n->server_version : "unknown");
        return;
    }
    enum server_standing standing = server_series_of(&v)->standing;
    cell_set(c,
             standing == SERVER_TRIED     ? PAINT_PLAIN
             : standing == SERVER_UNTRIED ? PAINT_WARN
                                          : PAINT_BAD,
             "%s", server_version_name(&v, name));
    if (standing == SERVER_UNTRIED)
        cell_add(c, ", not tried");
}

static void fill_writes(const struct report *r, int i, struct cell *c)
{
    enum tri read_only = r->nodes[i].read_only;
    if (read_only == TRI_UNKNOWN)
        cell_set(c, PAINT_UNKNOWN, "unknown");
    else if (read_only == TRI_YES)
        cell_set(c, PAINT_PLAIN, "refused (read_only)");
    else
        cell_set(c, r->writer == REPORT_WRITER_BOTH && !r->dual ? PAINT_BAD : PAINT_GOOD, "accepted");
}

static void add_lag(struct cell *c, const struct report_lag *lag)
{
    char span[DURATION_MAX];
    if (lag->us < 0) {
        cell_add(c, ", lag unknown");
        c->paint = c->paint == PAINT_PLAIN ? PAINT_UNKNOWN : c->paint;
        return;
    }
    cell_add(c, ", %s%s behind", lag->at_least ? "at least " : "", duration_format_us(lag->us, span));
    if (lag->transactions > 0)
        cell_add(c, " (%" PRId64 " transaction%s)", lag->transactions, lag->transactions == 1 ? "" : "s");
}

/* The error's text is the problem's to tell: it is long. */
static void add_error(struct cell *c, int64_t number)
{
    if (number)
        cell_add(c, ", error %" PRId64, number);
}

static bool no_replica(const struct report_node *n, struct cell *c)
{
    if (n->replica == TRI_NO)
        cell_set(c, PAINT_BAD, "not configured");
    else if (n->reachable != TRI_YES)
        cell_set(c, PAINT_UNKNOWN, "unknown");
    return c->text[0] != '\0';
}

static void fill_receives(const struct report *r, int i, struct cell *c)
{
    static const char *const words[] = {"unknown", "stopped", "connecting", "runs"};
    static const enum paint paints[] = {PAINT_UNKNOWN, PAINT_BAD, PAINT_WARN, PAINT_PLAIN};
    const struct report_node *n = &r->nodes[i];
    if (no_replica(n, c))
        return;
    cell_set(c, paints[n->io], "%s", words[n->io]);
    if (n->lagging == TRI_YES)
        add_lag(c, &n->received);
    if (n->io != IO_YES)
        add_error(c, n->io_errno);
}

static enum paint paint_of_lag(const struct report *r, const struct report_lag *lag)
{
    int64_t ms = lag->us / 1000;
    return lag->us >= 0 && ms >= r->lag_critical_ms  ? PAINT_BAD
           : lag->us >= 0 && ms >= r->lag_warning_ms ? PAINT_WARN
                                                     : PAINT_PLAIN;
}

static void fill_applies(const struct report *r, int i, struct cell *c)
{
    const struct report_node *n = &r->nodes[i];
    if (no_replica(n, c))
        return;
    cell_tri(c, n->sql, "runs", "stopped", PAINT_BAD);
    if (n->sql == TRI_YES && n->lagging == TRI_YES)
        c->paint = paint_of_lag(r, &n->applied);
    if (n->lagging == TRI_YES)
        add_lag(c, &n->applied);
    if (n->sql != TRI_YES)
        add_error(c, n->sql_errno);
}

static void fill_position(const struct report *r, int i, struct cell *c)
{
    const struct report_node *n = &r->nodes[i];
    char age[DURATION_MAX];
    bool known = strcmp(n->binlog_pos, "unknown") != 0;
    cell_set(c, known ? PAINT_PLAIN : PAINT_UNKNOWN, "%s", n->binlog_pos[0] ? n->binlog_pos : "empty");
    if (known && n->reachable != TRI_YES && n->age_ms >= 0)
        cell_add(c, " (%s ago)", duration_format_ms(n->age_ms, age));
}

static void fill_counters(const struct report *r, int i, struct cell *c)
{
    const struct report_node *n = &r->nodes[i];
    if (n->increment < 0) {
        cell_set(c, PAINT_UNKNOWN, "unknown");
        return;
    }
    cell_set(c, n->offsets_ok == TRI_NO ? PAINT_WARN : PAINT_PLAIN, "+%" PRId64 " from %" PRId64,
             n->increment, n->offset);
    if (n->offsets_ok == TRI_NO)
        cell_add(c, ", not as configured (from %" PRId64 ")", n->offset_expected);
}

static void fill_dead_man(const struct report *r, int i, struct cell *c)
{
    const struct report_node *n = &r->nodes[i];
    (void)r;
    if (n->event_scheduler == TRI_NO)
        cell_set(c, PAINT_BAD, "off: the event scheduler is off");
    else if (n->dead_man == TRI_NO && n->dead_man_trouble[0])
        cell_set(c, PAINT_BAD, "%s", n->dead_man_trouble);
    else
        cell_tri(c, n->dead_man, "works", "does not run", PAINT_BAD);
}

static void add_account(struct cell *c, const struct report_account *a)
{
    bool object = strcmp(a->kind, "account") != 0;
    cell_add(c, "%s%s%s%s", c->text[0] ? ", " : "", object ? a->kind : "", object ? " " : "",
             object ? a->object : a->account);
}

/* Findings by name; who is there on every server only where there is nothing else to say. */
static void fill_bypass(const struct report *r, int i, struct cell *c)
{
    const struct report_node *n = &r->nodes[i];
    int findings = 0;
    if (n->audited != TRI_YES || r->dual) {
        cell_set(c, r->dual ? PAINT_DIM : PAINT_UNKNOWN, r->dual ? "-" : "unknown");
        return;
    }
    for (int k = 0; k < n->account_count; k++)
        if (strcmp(n->accounts[k].standing, "finding") == 0) {
            add_account(c, &n->accounts[k]);
            findings++;
        }
    c->paint = findings ? PAINT_BAD : PAINT_PLAIN;
    for (int k = 0; !findings && k < n->account_count; k++)
        add_account(c, &n->accounts[k]);
    if (!c->text[0])
        cell_set(c, PAINT_PLAIN, "nobody");
    else if (!findings)
        cell_add(c, " only");
    if (n->accounts_total > n->account_count)
        cell_add(c, " and %" PRId64 " more", n->accounts_total - n->account_count);
}

static void fill_supervisor(const struct report *r, int i, struct cell *c)
{
    char up[DURATION_MAX];
    cell_tri(c, r->nodes[i].supervised, "runs", "does not run", PAINT_BAD);
    if (is_self(r, i) && r->uptime_ms >= 0)
        cell_add(c, ", up %s", duration_format_ms(r->uptime_ms, up));
}

static void fill_vip(const struct report *r, int i, struct cell *c)
{
    char since[DURATION_MAX];
    if (r->has_vip == TRI_NO) {
        cell_set(c, PAINT_DIM, "none configured");
        return;
    }
    if (is_self(r, i) && r->vip_split) {
        cell_set(c, PAINT_BAD, "split: %s", r->vip_trouble);
        return;
    }
    cell_tri(c, r->nodes[i].vip, "here", "-", PAINT_DIM);
    if (r->nodes[i].vip == TRI_YES && r->vip_here == TRI_YES && r->nodes[1 - r->self].vip == TRI_YES)
        c->paint = PAINT_BAD;
    if (is_self(r, i) && r->vip_here == TRI_YES && r->vip_since_ms >= 0)
        cell_add(c, " for %s", duration_format_ms(r->vip_since_ms, since));
}

static void fill_maintenance(const struct report *r, int i, struct cell *c)
{
    enum tri on = r->nodes[i].maintenance;
    if (on == TRI_UNKNOWN)
        cell_set(c, PAINT_UNKNOWN, "unknown");
    else
        cell_set(c, on == TRI_YES ? PAINT_WARN : PAINT_DIM, on == TRI_YES ? "on: nothing changes role" : "-");
}

const struct node_row status_node_rows[] = {
    {"Role", fill_role},
    {"Server", fill_server},
    {"Version", fill_version},
    {"Writes", fill_writes},
    {"Receiver", fill_receives},
    {"Applier", fill_applies},
    {"Position", fill_position},
    {"Auto-inc.", fill_counters},
    {"Dead-man", fill_dead_man},
    {"Bypass", fill_bypass},
    {"Supervisor", fill_supervisor},
    {"VIP", fill_vip},
    {"Maintenance", fill_maintenance},
};
const size_t status_node_row_count = sizeof(status_node_rows) / sizeof(status_node_rows[0]);
