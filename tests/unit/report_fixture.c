#include "report_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/schema_version.h"
#include "model/verdict.h"

#define TEXT(field, text) snprintf(field, sizeof(field), "%s", text)

/* A server as Debian makes it: its administrators are there, nobody else. */
static const struct audit *audit_of(const struct scene *s)
{
    static struct audit a;
    a = (struct audit){.accounts_us = s->o.now_us - MS(3000),
                       .locks_us = s->o.now_us - MS(3000),
                       .settings_us = s->o.now_us - MS(3000),
                       .schema_version = SCHEMA_VERSION,
                       .entry_count = 1,
                       .entry_total = 1,
                       .entries = {{.account = "root@localhost", .socket_only = true}}};
    return &a;
}

static struct report_input input_of(const struct scene *s)
{
    return (struct report_input){
        .policy = &s->p,
        .observation = &s->o,
        .voter_up = {TRI_YES, TRI_YES, s->p.tie == POLICY_TIE_WITNESS ? TRI_YES : TRI_UNKNOWN},
        .cluster = "mail",
        .names = {"mx1", "mx2"},
        .addresses = {"192.0.2.11", "2001:db8::12"},
        .ports = {3306, 3307},
        .troubles = {"", ""},
        .config_hash = "0123456789abcdef",
        .audits = {audit_of(s), audit_of(s), NULL},
        .worker_trouble = "",
        .daemon_trouble = "",
        .weight = -1,
        .wall_us = INT64_C(1800000000123456),
        .started_us = SCENE_START - MS(100000),
        .lag_warning_ms = 10000,
        .lag_critical_ms = 60000};
}

static void sample_lag(const struct scene *s, struct lag *lag, struct report_input *in)
{
    bool own = s->o.own.read_only == TRI_NO;
    const struct server_view *primary = own ? &s->o.own : &s->o.peer;
    lag_sample(lag, &primary->binlog_pos, primary->seen_us);
    in->lag[own ? s->p.self : 1 - s->p.self] = lag;
}

void report_of_scene(struct scene *s, struct report *out)
{
    struct lag *lag = calloc(1, sizeof(*lag));
    struct report_input in = input_of(s);
    s->o.fencer.deadline_us = s->o.fencer.acked_deadline_us;
    if (s->m.history == GTID_REL_UNKNOWN && s->o.own.seen_us) {
        s->m.history = GTID_REL_EQUAL;
        s->m.history_us = s->o.now_us;
    }
    scene_decide(s);
    in.quorum = &s->q;
    in.mind = &s->m;
    in.outcome = &s->out;
    sample_lag(s, lag, &in);
    report_fill(out, &in);
    verdict_judge(out);
    free(lag);
}

void report_of_servers(struct scene *s, struct report *out)
{
    struct lag *lag = calloc(1, sizeof(*lag));
    struct report_input in = input_of(s);
    in.source = REPORT_DIRECT;
    in.history = GTID_REL_EQUAL;
    in.started_us = s->o.now_us - MS(2000);
    for (int i = 0; i < OBS_VOTERS; i++)
        in.voter_up[i] = TRI_UNKNOWN;
    memset(&s->o.voter_answer_us, 0, sizeof(s->o.voter_answer_us));
    sample_lag(s, lag, &in);
    report_fill(out, &in);
    verdict_judge(out);
    free(lag);
}

const struct problem *report_problem(const struct report *r, const char *id)
{
    for (int i = 0; i < r->problem_count; i++)
        if (strcmp(r->problems[i].id, id) == 0)
            return &r->problems[i];
    return NULL;
}

void report_of_standby(struct report *out)
{
    struct scene *s = calloc(1, sizeof(*s));
    scene_standby(s, POLICY_TIE_WITNESS);
    report_of_scene(s, out);
    free(s);
}

void report_of_writer(struct report *out)
{
    struct scene *s = calloc(1, sizeof(*s));
    scene_writer(s, POLICY_TIE_WITNESS);
    report_of_scene(s, out);
    free(s);
}

void report_add_account(struct report *r, int node, const char *kind, const char *account, const char *via)
{
    struct report_account *a = &r->nodes[node].accounts[r->nodes[node].account_count++];
    TEXT(a->kind, kind);
    TEXT(a->account, account);
    TEXT(a->via, via);
    TEXT(a->object, strcmp(kind, "account") == 0 ? "" : "mail.purge");
    TEXT(a->standing, "finding");
}

void report_add_lock(struct report *r, const char *lock, const char *place)
{
    struct report_lock *l = &r->locks[r->lock_count++];
    TEXT(l->lock, lock);
    TEXT(l->place, place);
    TEXT(l->account, "app@192.0.2.50:4711");
    l->connection = 42;
}
