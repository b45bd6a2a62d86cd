/* Answers of a database server, as text: columns and cells parted by tabs, rows by newlines, sets by an empty
 * line, answers by a line "=="; \N is NULL, \t \n \\ are what they are in a client's batch output. Answers
 * are of the own server and of the other in turn.
 *
 * What the probes make of them goes the whole way: observation, decision, report, verdict, JSON and back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"
#include "model/decide.h"
#include "model/explain.h"
#include "model/lag.h"
#include "model/report.h"
#include "model/verdict.h"
#include "wire/audit_sql.h"
#include "wire/observe.h"
#include "wire/report_json.h"

#define SETS_MAX 16
#define MS(ms)   ((int64_t)(ms)*1000)
#define START_US MS(1000000)
#define TICK_US  MS(250)

struct answer {
    struct rows sets[SETS_MAX];
    const char **texts[SETS_MAX]; /* of each set: names, then cells */
    size_t count;
};

/* ---- from text to rows ---- */

static char *unescaped(char *cell)
{
    char *out = cell;
    if (strcmp(cell, "\\N") == 0)
        return NULL;
    for (const char *in = cell; *in; in++) {
        const char *known = *in == '\\' && in[1] ? strchr("tn\\", in[1]) : NULL;
        *out++ = known ? "\t\n\\"[known - "tn\\"] : *in;
        in += known != NULL;
    }
    *out = '\0';
    return cell;
}

static char *next_cell(char **line)
{
    char *at = *line, *tab = at ? strchr(at, '\t') : NULL;
    if (tab)
        *tab = '\0';
    *line = tab ? tab + 1 : NULL;
    return at;
}

/* A row that is too short has NULLs, one that is too long loses what is beyond. */
static void add_row(struct answer *a, char *line)
{
    struct rows *set = &a->sets[a->count - 1];
    const char ***texts = &a->texts[a->count - 1];
    size_t used = set->column_count * (set->row_count + 1);
    *texts = mem_resize(*texts, sizeof(char *) * (used + set->column_count));
    for (size_t i = 0; i < set->column_count; i++) {
        char *cell = next_cell(&line);
        (*texts)[used + i] = cell ? unescaped(cell) : NULL;
    }
    set->row_count++;
}

static void begin_set(struct answer *a, char *line)
{
    struct rows *set = &a->sets[a->count];
    const char **names = mem_zalloc(sizeof(char *) * (strlen(line) + 1));
    *set = (struct rows){0};
    for (char *name; (name = next_cell(&line));)
        names[set->column_count++] = name;
    a->texts[a->count++] = names;
}

/* False where the input has no further answer. */
static bool next_answer(struct answer *a, char **rest)
{
    char *line = fuzz_line(rest);
    bool in_set = false;
    memset(a, 0, sizeof(*a));
    if (!line)
        return false;
    for (; line && strcmp(line, "==") != 0; line = fuzz_line(rest)) {
        if (in_set && *line)
            add_row(a, line);
        else if (*line && a->count < SETS_MAX)
            begin_set(a, line);
        in_set = *line && a->count;
    }
    for (size_t i = 0; i < a->count; i++) {
        a->sets[i].names = a->texts[i];
        a->sets[i].cells = a->texts[i] + a->sets[i].column_count;
    }
    return true;
}

static void forget_answer(struct answer *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->texts[i]);
}

/* ---- the pair that is told of them ---- */

static const struct observe_names names = {.cluster = "mail",
                                           .nodes = {"mx1", "mx2"},
                                           .account = "replcheck",
                                           .master_address = "192.0.2.12",
                                           .master_port = 3306,
                                           .semi_sync = true};
static const struct audit_names audit_names = {
    .cluster = "mail", .nodes = {"mx1", "mx2"}, .users = {"replcheck"}, .fencer = "replcheck-fence"};

static const struct policy policy = {.tie = POLICY_TIE_WITNESS,
                                     .has_vip = true,
                                     .lossless = true,
                                     .server_id = {1, 2},
                                     .increment = 2,
                                     .offset = {1, 2},
                                     .lease_us = MS(3000),
                                     .renew_us = MS(250),
                                     .silent_us = MS(1000),
                                     .fence_us = MS(1000),
                                     .epsilon_us = MS(50),
                                     .takeover_delay_us = MS(500),
                                     .drift_ppm = 1000,
                                     .max_unseen_us = MS(1000),
                                     .drain_timeout_us = MS(30000),
                                     .switchover_timeout_us = MS(5000),
                                     .vip_settle_us = MS(2000),
                                     .vip_hold_down_us = MS(60000),
                                     .settling_us = MS(60000),
                                     .lag_critical_us = MS(60000),
                                     .breaker_failovers = 1};

struct pair {
    struct observation o;
    struct quorum q;
    struct mind m;
    struct outcome out;
    struct explanation x;
    struct audit audits[OBS_NODES];
    struct report report, back;
    struct lag lag[OBS_NODES];
};

/* Large, so it is made once. */
static struct pair *pair_new(void)
{
    static struct pair *p;
    if (!p)
        p = mem_zalloc(sizeof(*p));
    memset(p, 0, offsetof(struct pair, lag));
    for (int i = 0; i < OBS_NODES; i++)
        p->lag[i].count = 0, p->lag[i].newest_us = 0;
    p->o.now_us = START_US;
    p->o.own.probed_up_us = p->o.peer.probed_up_us = START_US - MS(10000);
    p->o.boot_safe = TRI_YES;
    p->o.fencer = (struct fencer_view){
        .alive = TRI_YES, .write_lock = TRI_NO, .server_alive = TRI_YES, .certifiable = TRI_YES};
    quorum_init(&p->q, 0, false, 3000, policy.drift_ppm);
    for (int i = 0; i < OBS_VOTERS; i++)
        quorum_opened(&p->q, i, 100 + (unsigned long)i, START_US - MS(10000));
    mind_init(&p->m, START_US - MS(10000));
    return p;
}

static bool ends(const char *text, size_t size)
{
    return memchr(text, 0, size) != NULL;
}

static void check_note(const struct note *n, int node)
{
    FUZZ_CHECK(n->kind == NOTE_NONE || n->node == node);
    FUZZ_CHECK(ends(n->file, sizeof(n->file)) && n->gtid.count <= GTID_SET_MAX);
}

static void check_view(struct server_view *v)
{
    for (int node = 0; node < OBS_NODES; node++)
        for (int kind = NOTE_PROMISE; kind <= NOTE_OUT_OF_SYNC; kind++)
            check_note(observe_note(&v->voter, (enum note_kind)kind, node), node);
    FUZZ_CHECK(v->term_node >= -1 && v->term_node < OBS_NODES);
    FUZZ_CHECK(v->unplanned >= 0 && v->semi_sync.clients >= 0 && v->semi_sync.waiting >= 0);
    FUZZ_CHECK(v->holder.idle_ms >= 0);
    FUZZ_CHECK(ends(v->replication.error, sizeof(v->replication.error)));
    FUZZ_CHECK(ends(v->replication.connection, sizeof(v->replication.connection)));
    for (int i = 0; i < OBS_NODES; i++)
        FUZZ_CHECK(v->bulletin[i].state >= 0 && v->bulletin[i].state < NODE_STATES &&
                   ends(v->bulletin[i].config_hash, sizeof(v->bulletin[i].config_hash)));
}

/* A number that the column cannot have is not known, and no other one. */
static void check_number(const struct answer *a, const char *column, int64_t most, uint64_t taken)
{
    for (size_t i = 0; i < a->count; i++) {
        int64_t n;
        if (taken && rows_column(&a->sets[i], "read_only") == 1 && rows_i64(&a->sets[i], 0, column, &n) &&
            (uint64_t)n == taken)
            return;
    }
    FUZZ_CHECK(taken == 0 || (int64_t)taken <= most);
    FUZZ_CHECK(taken == 0 || a->count == 0 || rows_column(&a->sets[0], column) < 0 || taken <= UINT32_MAX);
}

static struct report_input input_of(const struct pair *p)
{
    return (struct report_input){.policy = &policy,
                                 .observation = &p->o,
                                 .quorum = &p->q,
                                 .mind = &p->m,
                                 .outcome = &p->out,
                                 .voter_up = {TRI_YES, TRI_YES, TRI_YES},
                                 .lag = {&p->lag[0], &p->lag[1]},
                                 .cluster = "mail",
                                 .names = {"mx1", "mx2"},
                                 .addresses = {"192.0.2.11", "2001:db8::12"},
                                 .ports = {3306, 3307},
                                 .troubles = {"", ""},
                                 .config_hash = "0123456789abcdef",
                                 .audits = {&p->audits[0], &p->audits[1], NULL},
                                 .worker_trouble = "",
                                 .daemon_trouble = "",
                                 .weight = -1,
                                 .wall_us = INT64_C(1800000000123456),
                                 .started_us = START_US - MS(10000),
                                 .lag_warning_ms = 10000,
                                 .lag_critical_ms = 60000};
}

/* What operators and programs are shown: lines of text, and JSON that is read back as it was. */
static void check_report(struct pair *p)
{
    struct err e = {""};
    struct report_input in = input_of(p);
    report_fill(&p->report, &in);
    verdict_judge(&p->report);
    json_t *json = report_to_json(&p->report), *again;
    if (!report_from_json(&p->back, json, &e)) {
        fprintf(stderr, "%s\n", e.text);
        FUZZ_CHECK(!"the report is read back");
    }
    again = report_to_json(&p->back);
    FUZZ_CHECK(json_equal(json, again));
    json_decref(json);
    json_decref(again);
    fuzz_check_plugin(&p->report);
}

static void tell(struct pair *p, int node, const struct answer *a)
{
    struct server_view *view = node ? &p->o.peer : &p->o.own;
    p->o.now_us += TICK_US;
    p->o.gap_us = TICK_US;
    observe_server(view, &names, a->sets, a->count, p->o.now_us - MS(2), p->o.now_us);
    for (size_t i = 0; i < a->count && node == 0; i++)
        observe_holder(&view->holder, &names, &a->sets[i], p->o.now_us - MS(2), 100);
    check_view(view);
    check_number(a, "server_id", UINT32_MAX, view->server_id);
    check_number(a, "auto_increment_increment", UINT32_MAX, view->auto_increment_increment);
    audit_read(&p->audits[node], &audit_names, a->sets, a->count, p->o.now_us - MS(2));
    lag_sample(&p->lag[node], &view->binlog_pos, view->seen_us);
    decide_tick(&policy, &p->o, &p->q, &p->m, &p->out);
    explain_fill(&p->x, "mx1", &p->m, 1, &p->out, "");
}

void fuzz_rows(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *rest = text;
    struct pair *p = pair_new();
    struct answer a;
    decide_tick(&policy, &p->o, &p->q, &p->m, &p->out);
    for (int i = 0; i < 6 && next_answer(&a, &rest); i++) {
        tell(p, i % 2, &a);
        forget_answer(&a);
    }
    check_report(p);
    free(text);
}

/* The slow look's answers alone, which are longer. */
void fuzz_audit(const uint8_t *data, size_t size)
{
    static const char *const accepted[] = {"backup@localhost", "root"};
    char *text = fuzz_text(data, size), *rest = text;
    struct pair *p = pair_new();
    struct answer a;
    for (int i = 0; i < OBS_NODES && next_answer(&a, &rest); i++) {
        struct audit *audit = &p->audits[i];
        audit_read(audit, &audit_names, a.sets, a.count, p->o.now_us);
        FUZZ_CHECK(audit->entry_count >= 0 && audit->entry_count <= AUDIT_ENTRIES_MAX &&
                   audit->entry_total >= audit->entry_count && audit->holder_count <= AUDIT_HOLDERS_MAX);
        FUZZ_CHECK(audit->schema_version >= 0 && audit->fencer_sessions >= 0);
        for (int k = 0; k < audit->entry_count; k++)
            (void)audit_standing(&audit->entries[k], accepted, 2);
        forget_answer(&a);
    }
    decide_tick(&policy, &p->o, &p->q, &p->m, &p->out);
    check_report(p);
    free(text);
}
